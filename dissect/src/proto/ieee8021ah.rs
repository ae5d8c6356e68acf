//! IEEE 802.1ah provider backbone bridges: a service instance, and a customer's frame within the backbone's.

use crate::bindings::{Binding, Table};
use crate::dissector::{Address, Dissector};
use crate::field::fields;
use crate::proto::{eth, ieee8021ad};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

// The EtherType and the trailer go by the same names as behind the tags of IEEE 802.1ad, and stand in that table.
fields! { Ieee8021ah, "ieee8021ah", "IEEE 802.1ah";
    PRIORITY = field("ieee8021ah.priority", "Priority", Uint32, Dec).mask(0xe000_0000);
    DROP = field("ieee8021ah.drop", "DROP", Uint32, Dec).mask(0x1000_0000);
    NCA = field("ieee8021ah.nca", "NCA", Uint32, Dec).mask(0x0800_0000);
    RES1 = field("ieee8021ah.res1", "RES1", Uint32, Dec).mask(0x0400_0000);
    RES2 = field("ieee8021ah.res2", "RES2", Uint32, Dec).mask(0x0300_0000);
    ISID = field("ieee8021ah.isid", "I-SID", Uint32, Dec).mask(0x00ff_ffff);
    CDST = field("ieee8021ah.cdst", "C-Destination", Ether, None);
    CSRC = field("ieee8021ah.csrc", "C-Source", Ether, None);
}

const TAG_LEN: usize = 18;

pub(crate) static PROTOCOL: Protocol = Protocol {
    tables: &[Table::EtherType],
    calls: &[ProtoId::Ieee8021ad, ProtoId::Data],
    samples: &[Sample {
        link_type: 1,
        frames: &[
            "020000000002 020000000001 88e7 60123456 020000000004 020000000003 0800 45000014 00010000 40fd0000 0a000001 0a000002",
        ],
    }],
    ..Protocol::new(ProtoId::Ieee8021ah, "IEEE 802.1ah", &[Binding::EtherType(0x88e7)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("802.1ah");
    let item = d.begin(PROTO, tvb);
    d.set_len(item, TAG_LEN);
    let tag = u64::from(tvb.u32(0)?);
    let instance = tag & 0x00ff_ffff;
    d.set_info(|| format!("I-SID: {instance}"));
    d.open_text(tvb, 0, 4, || format!("I-Tag, I-SID: {instance}"));
    for field in [PRIORITY, DROP, NCA, RES1, RES2, ISID] {
        d.bits(field, tvb, 0, 4, tag);
    }
    d.close();
    let (dst, src): ([u8; 6], [u8; 6]) = (tvb.array(4)?, tvb.array(10)?);
    d.text(item, || {
        format!("IEEE 802.1ah, I-SID: {instance}, C-Src: {}, C-Dst: {}", Address::Ether(src), Address::Ether(dst))
    });
    d.add(CDST, tvb, 4, 6, Value::Ether(dst));
    d.add(CSRC, tvb, 10, 6, Value::Ether(src));
    let kind = tvb.u16(16)?;
    d.add(ieee8021ad::ETYPE, tvb, 16, 2, Value::Uint(kind.into()));
    d.close();
    d.layer("ethertype");
    eth::type_payload(d, kind, tvb.from(TAG_LEN));
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::tests::{frames, values};

    #[test]
    fn the_instance_and_the_frame_within_are_read() {
        let shown = frames(1, super::PROTOCOL.samples[0].frames);
        assert_eq!(values(&shown[0], "ieee8021ah.isid"), "1193046");
        assert_eq!(values(&shown[0], "ieee8021ah.csrc"), "02:00:00:00:00:03");
        assert_eq!(values(&shown[0], "ip.dst"), "10.0.0.2");
        let short = frames(1, &["020000000002 020000000001 88e7 60123456 0200"]);
        assert!(values(&short[0], "_ws.expert.message").contains("Malformed"));
    }
}
