//! VN-Tag (the proposal that became IEEE 802.1BR): which virtual interface of an adapter a frame comes from or goes to.

use crate::bindings::{Binding, Table};
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::numbers::ETHERTYPES;
use crate::proto::eth;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Vntag, "vntag", "VN-Tag";
    DIR = field("vntag.dir", "Direction", Boolean, None).names(Names::Flag("From Bridge", "To Bridge")).mask(0x8000_0000);
    PTR = field("vntag.ptr", "Pointer", Boolean, None).names(Names::Flag("vif_list_id", "vif_id")).mask(0x4000_0000);
    DST = field("vntag.dst", "Destination", Uint32, Dec).mask(0x3fff_0000);
    LOOPED = field("vntag.looped", "Looped", Boolean, None).names(Names::Flag("Yes", "No")).mask(0x8000);
    R = field("vntag.r", "Reserved", Uint32, Dec).mask(0x4000);
    VERSION = field("vntag.version", "Version", Uint32, Dec).mask(0x3000);
    SRC = field("vntag.src", "Source", Uint32, Dec).mask(0x0fff);
    ETYPE = field("vntag.etype", "Type", Uint16, Hex).names(Names::Values(ETHERTYPES));
    TRAILER = field("vntag.trailer", "Trailer", Bytes, None);
}

const TAG_LEN: usize = 6;

pub(crate) static PROTOCOL: Protocol = Protocol {
    tables: &[Table::EtherType],
    calls: &[ProtoId::Data],
    samples: &[Sample {
        link_type: 1,
        frames: &["020000000002 020000000001 8926 c0050007 0800 45000014 00010000 40fd0000 0a000001 0a000002 ffff"],
    }],
    ..Protocol::new(ProtoId::Vntag, "VNTAG", &[Binding::EtherType(0x8926)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("VNTAG");
    d.set_info(String::new);
    let item = d.begin(PROTO, tvb);
    d.set_len(item, TAG_LEN);
    let tag = u64::from(tvb.u32(0)?);
    d.flag(DIR, tvb, 0, 4, tag);
    d.flag(PTR, tvb, 0, 4, tag);
    d.bits(DST, tvb, 0, 4, tag);
    d.flag(LOOPED, tvb, 0, 4, tag);
    for field in [R, VERSION, SRC] {
        d.bits(field, tvb, 0, 4, tag);
    }
    let kind = tvb.u16(4)?;
    d.add(ETYPE, tvb, 4, 2, Value::Uint(kind.into()));
    let place = d.end_of_tree();
    d.close();
    d.layer("ethertype");
    eth::type_payload(d, kind, tvb.from(TAG_LEN));
    eth::trailer(d, tvb, place, TRAILER, false);
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::tests::{frames, values};

    #[test]
    fn interfaces_and_the_packet_are_read() {
        let shown = frames(1, super::PROTOCOL.samples[0].frames);
        assert_eq!((values(&shown[0], "vntag.dst"), values(&shown[0], "vntag.src")), ("5".into(), "7".into()));
        assert_eq!(values(&shown[0], "ip.src"), "10.0.0.1");
        let short = frames(1, &["020000000002 020000000001 8926 c005"]);
        assert!(values(&short[0], "_ws.expert.message").contains("Malformed"));
    }
}
