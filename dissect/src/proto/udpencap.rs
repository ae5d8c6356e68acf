//! IPsec in UDP (RFC 3948): ESP, key exchange behind a marker of zeros, and what keeps a translation alive.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::fields;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Udpencap, "udpencap", "UDP Encapsulation of IPsec Packets";
    NAT_KEEPALIVE = field("udpencap.nat_keepalive", "NAT-keepalive packet", None, None);
    NON_ESP_MARKER = field("udpencap.non_esp_marker", "Non-ESP Marker", None, None);
}

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Isakmp, ProtoId::Esp],
    samples: &[Sample { link_type: 101, frames: SAMPLE }],
    ..Protocol::new(ProtoId::Udpencap, "UDPENCAP", &[Binding::UdpPort(4500)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("UDPENCAP");
    d.set_info(String::new);
    let item = d.begin(PROTO, tvb);
    if tvb.reported() == 1 && tvb.u8(0)? == 0xff {
        d.set_info(|| "NAT-keepalive".to_owned());
        d.add(NAT_KEEPALIVE, tvb, 0, 1, Value::None);
        d.close();
        return Ok(());
    }
    let is_marked = tvb.u32(0)? == 0;
    if is_marked {
        d.add(NON_ESP_MARKER, tvb, 0, 4, Value::None);
    }
    let len = if is_marked { 4 } else { 0 };
    d.set_len(item, len);
    d.close();
    d.call(if is_marked { ProtoId::Isakmp } else { ProtoId::Esp }, tvb.from(len));
    Ok(())
}

#[rustfmt::skip]
const SAMPLE: &[&str] = &[
    "4500004400010000401100000a0000010a00000211941194003000000000000031323334353637387272727272727272 \
     2e20252800000002000000240000000865656565",
    "4500001d00010000401100000a0000010a0000021194119400090000ff",
    "4500003800010000401100000a0000010a00000211941194002400000000123400000007787878787878787878787878 \
     7878787878787878",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn three_kinds_share_the_port() {
        let shown = frames(101, SAMPLE);
        assert_eq!(values(&shown[0], "isakmp.messageid"), "0x00000002");
        assert_eq!(values(&shown[1], "isakmp.messageid"), "");
        assert!(shown[2].iter().any(|field| field.0 == "esp"));
    }

    #[test]
    fn survives_anything() {
        crate::tests::survives_anything(ProtoId::Udpencap, b"\0\0\0\x01\0\0\0\x07xxxx");
    }
}
