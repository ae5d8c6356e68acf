//! OCSP (RFC 6960) over HTTP: whether a certificate was revoked. Requests by name alone, responses with their status.

use crate::ber;
use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Ocsp, "ocsp", "Online Certificate Status Protocol";
    RESPONSE_STATUS = field("ocsp.responseStatus", "responseStatus", Uint32, Dec).names(Names::Values(STATUSES));
    RESPONSE_BYTES = field("ocsp.responseBytes_element", "responseBytes", None, None);
}

/// RFC 6960, 4.2.1.
const STATUSES: &[(u64, &str)] = &[
    (0, "successful"),
    (1, "malformedRequest"),
    (2, "internalError"),
    (3, "tryLater"),
    (5, "sigRequired"),
    (6, "unauthorized"),
];

const RESPONSE: &str = "application/ocsp-response";

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample { link_type: 101, frames: SAMPLE }],
    ..Protocol::new(
        ProtoId::Ocsp,
        "OCSP",
        &[Binding::MediaType("application/ocsp-request"), Binding::MediaType(RESPONSE)],
        dissect,
    )
};

/// A response that says what it found, without the rest of it.
#[rustfmt::skip]
const SAMPLE: &[&str] = &[
    "4500002800010000400600000a0000010a000002c000005000000064000000005002fff000000000",
    "4500002800010000400600000a0000020a0000010050c000000003e8000000655012fff000000000",
    "4500002800010000400600000a0000010a000002c000005000000065000003e95010fff000000000",
    "4500008000010000400600000a0000020a0000010050c000000003e9000000655018fff000000000485454502f312e31 \
     20323030204f4b0d0a436f6e74656e742d547970653a206170706c69636174696f6e2f6f6373702d726573706f6e7365 \
     0d0a436f6e74656e742d4c656e6774683a20390d0a0d0a30070a0100a0023000",
];

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let is_response = crate::bindings::media_type_name(d.media_type) == RESPONSE;
    d.set_protocol("OCSP");
    d.set_info(|| if is_response { "Response" } else { "Request" }.to_owned());
    d.begin(PROTO, tvb);
    if is_response {
        response(d, tvb)?;
    }
    d.close();
    Ok(())
}

fn response<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    const ENUMERATED: u8 = 0x0a;
    const BYTES: u8 = 0xa0;
    let body = ber::Element::expect(tvb, 0, ber::SEQUENCE)?.body;
    let status = ber::Element::expect(body, 0, ENUMERATED)?;
    d.add(RESPONSE_STATUS, status.body, 0, status.body.reported(), Value::Uint(status.uint()?));
    if status.end < body.reported() {
        let bytes = ber::Element::expect(body, status.end, BYTES)?;
        d.add(RESPONSE_BYTES, bytes.body, 0, bytes.body.reported(), Value::None);
        // What is in them is named by an object identifier, and is a layer of its own.
        d.layer("ocsp");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn a_response_has_a_status() {
        let shown = frames(101, SAMPLE);
        assert_eq!(values(&shown[3], "ocsp.responseStatus"), "0");
        assert!(values(&shown[3], "frame.protocols").ends_with(":http:ocsp:ocsp"));
    }

    #[test]
    fn survives_anything() {
        crate::tests::survives_anything(ProtoId::Ocsp, b"\x30\x07\x0a\x01\x00\xa0\x02\x30\x00");
    }
}
