//! IEEE 802.1Q virtual LAN tags, also in pairs and under the old EtherType of provider bridges.

use crate::bindings::{Binding, Table};
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::numbers::ETHERTYPES;
use crate::proto::eth;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Vlan, "vlan", "802.1Q Virtual LAN";
    PRIORITY = field("vlan.priority", "Priority", Uint16, Dec).names(Names::Values(PRIORITIES)).mask(0xe000);
    DEI = field("vlan.dei", "DEI", Boolean, None).names(Names::Flag("Eligible", "Ineligible")).mask(0x1000);
    ID = field("vlan.id", "ID", Uint16, Dec).mask(0x0fff);
    ETYPE = field("vlan.etype", "Type", Uint16, Hex).names(Names::Values(ETHERTYPES));
    LEN = field("vlan.len", "Length", Uint16, Dec);
    TRAILER = field("vlan.trailer", "Trailer", Bytes, None);
    LEN_PAST_END = expert("vlan.len.past_end", "Length field value goes past the end of the payload", Error, Malformed);
    TOO_MANY_TAGS = expert("vlan.too_many_tags", "Too many nested VLAN tags", Warning, Undecoded);
}

/// What the priorities are meant for (IEEE 802.1Q, I.4).
const PRIORITIES: &[(u64, &str)] = &[
    (0, "Best Effort (default)"),
    (1, "Background"),
    (2, "Excellent Effort"),
    (3, "Critical Applications"),
    (4, "Video, < 100ms latency and jitter"),
    (5, "Voice, < 10ms latency and jitter"),
    (6, "Internetwork Control"),
    (7, "Network Control"),
];

const TAG_LEN: usize = 4;
/// How many tags are taken apart.
pub const MAX_TAGS: u8 = 20;

pub(crate) static PROTOCOL: Protocol = Protocol {
    tables: &[Table::EtherType],
    calls: &[ProtoId::Llc, ProtoId::Data],
    samples: &[Sample {
        link_type: 1,
        frames: &[
            "ffffffffffff 020000000001 8100 a005 88b6 00",
            "ffffffffffff 020000000001 8100 a005 0040 424203",
            "ffffffffffff 020000000001 8100 a005 0003 424203 0000",
            "ffffffffffff020000000001810000018100000181000001810000018100000181000001810000018100000181000001 \
             810000018100000181000001810000018100000181000001810000018100000181000001810000018100000181000001 \
             88b600",
        ],
    }],
    ..Protocol::new(ProtoId::Vlan, "VLAN", &[Binding::EtherType(0x8100), Binding::EtherType(0x9100)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("VLAN");
    let item = d.begin(PROTO, tvb);
    if d.occurrence(ProtoId::Vlan) > MAX_TAGS {
        d.expert(TOO_MANY_TAGS, tvb, 0, 0);
        return Ok(());
    }
    d.set_len(item, TAG_LEN);
    let tag = tvb.u16(0)?;
    let kind = tvb.u16(2)?;
    let (priority, dei, id) = (tag >> 13, tag >> 12 & 1, tag & 0x0fff);
    d.set_info(|| format!("PRI: {priority}  DEI: {dei}  ID: {id}"));
    d.text(item, || format!("802.1Q Virtual LAN, PRI: {priority}, DEI: {dei}, ID: {id}"));
    d.bits(PRIORITY, tvb, 0, 2, tag.into());
    d.flag(DEI, tvb, 0, 2, tag.into());
    d.bits(ID, tvb, 0, 2, tag.into());
    if kind <= eth::MAX_LENGTH {
        d.open(LEN, tvb, 2, 2, Value::Uint(kind.into()));
        if usize::from(kind) > tvb.reported() - TAG_LEN {
            d.expert(LEN_PAST_END, tvb, 2, 2);
        }
        d.close();
        let place = d.end_of_tree();
        d.close();
        eth::length_payload(d, tvb, TAG_LEN, kind.into());
        d.take_payload_end();
        d.end_payload(tvb, TAG_LEN + usize::from(kind));
        eth::trailer(d, tvb, place, TRAILER, false);
    } else {
        d.add(ETYPE, tvb, 2, 2, Value::Uint(kind.into()));
        let place = d.end_of_tree();
        d.close();
        d.layer("ethertype");
        eth::type_payload(d, kind, tvb.from(TAG_LEN));
        eth::trailer(d, tvb, place, TRAILER, false);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::tests::{frames, values};

    #[test]
    fn tags_nest_up_to_a_limit() {
        let head = "ffffffffffff 020000000001 8100";
        let shown = frames(
            1,
            &[
                &format!("{head} b005 8100 0006 88b6 00"),
                &format!("{head} {} 0005 88b6", "00058100".repeat(30)),
                &format!("{head} 00"),
            ],
        );
        assert_eq!(values(&shown[0], "vlan.id"), "5,6");
        assert_eq!(values(&shown[0], "vlan.priority"), "5,0");
        assert_eq!(values(&shown[1], "_ws.expert.message"), "Too many nested VLAN tags");
        assert!(values(&shown[2], "_ws.expert.message").contains("Malformed"));
    }
}
