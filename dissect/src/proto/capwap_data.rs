//! The data channel of CAPWAP (RFC 5415, 4.4): frames of stations, native or as Ethernet has them, and keep-alives.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::fields;
use crate::proto::capwap;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;

fields! { CapwapData, "capwap.data", "Control And Provisioning of Wireless Access Points - Data"; }

/// The binding for IEEE 802.11 (RFC 5415, 4.3).
const WLAN: u32 = 1;

pub(crate) static PROTOCOL: Protocol = Protocol {
    accepts: Some(capwap::is_one),
    calls: &[ProtoId::Capwap, ProtoId::Dtls, ProtoId::Wlan, ProtoId::Eth, ProtoId::Data],
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "4500003a 00010000 40110000 0a000001 0a000002 1388147f 00260000 00100208 00000000 0016 00230010 00000000000000000000000000000000",
            "45000036 00010000 40110000 0a000001 0a000002 1388147f 00220000 00100300 00000000 00d4 0000 020000000001 02000000000102030405",
        ],
    }],
    ..Protocol::new(ProtoId::CapwapData, "CAPWAP-DATA", &[Binding::UdpPort(5247)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.begin(PROTO, tvb);
    d.set_protocol("CAPWAP-Data");
    d.set_info(|| "CAPWAP-Data".to_owned());
    if capwap::preamble(d, tvb)? {
        d.close();
        d.call(ProtoId::Dtls, tvb.from(4));
        return Ok(());
    }
    let header = capwap::header(d, tvb)?;
    if header.is_keep_alive {
        d.append_info(|| " Keep-Alive".to_owned());
        let end = header.end + usize::from(tvb.u16(header.end)?);
        let mut at = header.end + 2;
        while at < end.min(tvb.reported()) {
            at += capwap::element(d, tvb, at)?;
        }
        d.close();
        return Ok(());
    }
    if header.is_fragment {
        let (id, offset) = header.fragment;
        d.append_info(|| format!(" (Fragment ID: {id}, Fragment Offset: {offset})"));
    }
    d.close();
    let rest = tvb.from(header.end);
    if header.is_fragment || rest.is_empty() {
        d.call(ProtoId::Data, rest);
    } else if !header.is_native {
        d.call(ProtoId::Eth, rest);
    } else if header.binding == WLAN {
        // Controllers swap the two octets of the frame control.
        let mut octets = rest.bytes().to_vec();
        if let Some(control) = octets.get_mut(..2) {
            control.reverse();
        }
        let frame = d.add_source(&octets, "IEEE 802.11 frame");
        d.call(ProtoId::Wlan, frame);
    } else {
        d.call(ProtoId::Data, rest);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, survives_anything, values};

    #[test]
    fn stations_frames_are_handed_on() {
        let all = frames(101, PROTOCOL.samples[0].frames);
        assert_eq!(values(&all[0], "capwap.message_element.type"), "35");
        assert_eq!(values(&all[1], "wlan.fc.type"), "1");
    }

    #[test]
    fn nothing_breaks_it() {
        survives_anything(ProtoId::CapwapData, b"\0\x10\x02\x08\0\0\0\0\0\x0a\0\x23\0\x04abcd");
        survives_anything(ProtoId::CapwapData, b"\0\x10\x03\0\0\0\0\0\0\x08\0\0\x02\0\0\0\0\x01\x02\0\0\0\0\x02");
    }
}
