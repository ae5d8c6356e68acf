//! The PPP Password Authentication Protocol (RFC 1334, 2).

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::output::value::printable;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Pap, "pap", "PPP Password Authentication Protocol";
    CODE = field("pap.code", "Code", Uint8, Dec).names(Names::Values(CODES));
    IDENTIFIER = field("pap.identifier", "Identifier", Uint8, Dec);
    LENGTH = field("pap.length", "Length", Uint16, Dec);
    DATA = field("pap.data", "Data", None, None);
    PEER_ID_LENGTH = field("pap.peer_id.length", "Peer-ID-Length", Uint8, Dec);
    PEER_ID = field("pap.peer_id", "Peer-ID", String, None);
    PASSWORD_LENGTH = field("pap.password.length", "Password-Length", Uint8, Dec);
    PASSWORD = field("pap.password", "Password", String, None);
    MESSAGE_LENGTH = field("pap.message.length", "Message-Length", Uint8, Dec);
    MESSAGE = field("pap.message", "Message", String, None);
}

const CODES: &[(u64, &str)] = &[(1, "Authenticate-Request"), (2, "Authenticate-Ack"), (3, "Authenticate-Nak")];
const HEADER_LEN: usize = 4;

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample {
        link_type: 9,
        frames: &["ff03 c023 0101 000d 03 626f62 04 70617373", "ff03 c023 0201 0007 02 6f6b"],
    }],
    ..Protocol::new(ProtoId::Pap, "PPP PAP", &[Binding::PppProtocol(0xc023)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("PPP PAP");
    d.begin(PROTO, tvb);
    let code = d.uint(CODE, tvb, 0, 1)?;
    d.set_info(|| Names::Values(CODES).of(code).unwrap_or("Unknown".into()).into_owned());
    d.uint(IDENTIFIER, tvb, 1, 1)?;
    let len = d.uint(LENGTH, tvb, 2, 2)? as usize;
    let data = tvb.sub(HEADER_LEN, len.saturating_sub(HEADER_LEN));
    d.open(DATA, data, 0, data.reported(), Value::None);
    if code == 1 {
        let (peer, end) = text(d, data, 0, PEER_ID_LENGTH, PEER_ID)?;
        let (password, _) = text(d, data, end, PASSWORD_LENGTH, PASSWORD)?;
        d.append_info(|| format!(" (Peer-ID='{}', Password='{}')", printable(peer), printable(password)));
    } else if matches!(code, 2 | 3) && data.reported() > 0 {
        let (message, _) = text(d, data, 0, MESSAGE_LENGTH, MESSAGE)?;
        d.append_info(|| format!(" (Message='{}')", printable(message)));
    }
    d.close();
    d.close();
    Ok(())
}

/// Adds a text that has its length before it; answers the text and where it ends.
fn text<'a>(
    d: &mut Dissector<'a>,
    tvb: Tvb<'a>,
    at: usize,
    length: FieldId,
    field: FieldId,
) -> Result<(&'a [u8], usize), Stop> {
    let len = d.uint(length, tvb, at, 1)? as usize;
    let octets = tvb.slice(at + 1, len)?;
    d.string(field, tvb, at + 1, len);
    Ok((octets, at + 1 + len))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{shown_by, survives_anything};

    const REQUEST: &[u8] = b"\x01\x01\0\x0d\x03bob\x04pass";

    #[test]
    fn who_it_is() {
        let shown = shown_by(ProtoId::Pap, REQUEST);
        assert!(shown.contains(&("pap.password", "pass".to_owned())), "{shown:?}");
        assert!(shown_by(ProtoId::Pap, &REQUEST[..7]).iter().any(|row| row.0 == "_ws.malformed"));
        survives_anything(ProtoId::Pap, REQUEST);
    }
}
