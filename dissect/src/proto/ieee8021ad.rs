//! IEEE 802.1ad provider bridge tags: one service tag, or two in a row.

use crate::bindings::{Binding, Table};
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::numbers::ETHERTYPES;
use crate::proto::eth;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Ieee8021ad, "ieee8021ad", "IEEE 802.1ad";
    PRIORITY = field("ieee8021ad.priority", "Priority", Uint16, Dec).mask(0xe000);
    DEI = field("ieee8021ad.dei", "DEI", Uint16, Dec).mask(0x1000);
    ID = field("ieee8021ad.id", "ID", Uint16, Dec).mask(0x0fff);
    SVID = field("ieee8021ad.svid", "ID", Uint16, Dec).mask(0x0fff);
    CVID = field("ieee8021ad.cvid", "ID", Uint16, Dec).mask(0x0fff);
    ETYPE = field("ieee8021ah.etype", "Type", Uint16, Hex).names(Names::Values(ETHERTYPES));
    TRAILER = field("ieee8021ah.trailer", "Trailer", Bytes, None);
}

const ETHERTYPE: u16 = 0x88a8;
const TAG_LEN: usize = 4;

pub(crate) static PROTOCOL: Protocol = Protocol {
    tables: &[Table::EtherType],
    calls: &[ProtoId::Data],
    samples: &[Sample {
        link_type: 1,
        frames: &[
            "ffffffffffff 020000000001 88a8 a005 88b6 00",
            "ffffffffffff 020000000001 88a8 a005 88a8 0006 88b6 00",
            "ffffffffffff02000000000188a8a0050800450000140001000040fd00000a0000010a000002ffff",
        ],
    }],
    ..Protocol::new(ProtoId::Ieee8021ad, "IEEE 802.1ad", &[Binding::EtherType(ETHERTYPE)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("802.1ad");
    let item = d.begin(PROTO, tvb);
    let mut len = TAG_LEN;
    d.set_len(item, len);
    let outer = tvb.u16(0)?;
    let mut kind = tvb.u16(2)?;
    for field in [PRIORITY, DEI] {
        d.bits(field, tvb, 0, 2, outer.into());
    }
    if kind == ETHERTYPE {
        let inner = tvb.u16(4)?;
        kind = tvb.u16(6)?;
        d.bits(SVID, tvb, 0, 2, outer.into());
        for field in [PRIORITY, DEI, CVID] {
            d.bits(field, tvb, 4, 2, inner.into());
        }
        len = 2 * TAG_LEN;
        d.set_len(item, len);
        let text = || format!("S-VID: {}, C-VID: {}", outer & 0x0fff, inner & 0x0fff);
        d.text(item, || format!("IEEE 802.1ad, {}", text()));
        d.set_info(text);
    } else {
        d.bits(ID, tvb, 0, 2, outer.into());
        d.text(item, || format!("IEEE 802.1ad, ID: {}", outer & 0x0fff));
        d.set_info(|| format!("PRI: {}  DROP: {}  ID: {}", outer >> 13, outer >> 12 & 1, outer & 0x0fff));
    }
    d.add(ETYPE, tvb, len - 2, 2, Value::Uint(kind.into()));
    let place = d.end_of_tree();
    d.close();
    d.layer("ethertype");
    eth::type_payload(d, kind, tvb.from(len));
    eth::trailer(d, tvb, place, TRAILER, false);
    Ok(())
}
