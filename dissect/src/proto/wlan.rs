//! The frame control of IEEE 802.11 frames (IEEE 802.11-2020, 9.2.4.1), and whether their check sequence is right.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Wlan, "wlan", "IEEE 802.11 wireless LAN";
    FC_TYPE_SUBTYPE = field("wlan.fc.type_subtype", "Type/Subtype", Uint16, Hex);
    FC = field("wlan.fc", "Frame Control Field", Uint16, Hex);
    FC_VERSION = field("wlan.fc.version", "Version", Uint8, Dec).mask(0x03);
    FC_TYPE = field("wlan.fc.type", "Type", Uint8, Dec).names(Names::Values(TYPES)).mask(0x0c);
    FC_SUBTYPE = field("wlan.fc.subtype", "Subtype", Uint8, Dec).mask(0xf0);
    FCS = field("wlan.fcs", "Frame check sequence", Uint32, Hex);
    FCS_STATUS = field("wlan.fcs.status", "FCS Status", Uint8, None).names(Names::Values(super::udp::CHECKSUM_STATUSES));
}

const TYPES: &[(u64, &str)] =
    &[(0, "Management frame"), (1, "Control frame"), (2, "Data frame"), (3, "Extension frame")];

/// What `wlan.fcs.status` says of a check sequence that was not computed.
const UNVERIFIED: u64 = 2;
const FCS_LEN: usize = 4;

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample { link_type: 127, frames: &["0000 0900 02000000 10 d400 0000 020000000001 01020304"] }],
    ..Protocol::new(ProtoId::Wlan, "802.11", &[Binding::LinkType(105)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("802.11");
    d.begin(PROTO, tvb);
    let control = u16::from_le_bytes(tvb.array(0)?);
    let first = u64::from(control & 0xff);
    let kind = (first & 0xc) << 2 | first >> 4;
    d.add(FC_TYPE_SUBTYPE, tvb, 0, 1, Value::Uint(kind));
    d.open(FC, tvb, 0, 2, Value::Uint(u16::from_be_bytes(tvb.array(0)?).into()));
    d.bits(FC_VERSION, tvb, 0, 1, first);
    d.bits(FC_TYPE, tvb, 0, 1, first);
    d.bits(FC_SUBTYPE, tvb, 0, 1, first);
    d.close();
    d.set_info(|| format!("Type/Subtype 0x{kind:02x}"));
    if super::radiotap::has_fcs(d)
        && tvb.is_whole()
        && let Some(at) = tvb.reported().checked_sub(FCS_LEN).filter(|at| *at >= 2)
    {
        d.add(FCS, tvb, at, FCS_LEN, Value::Uint(u32::from_le_bytes(tvb.array(at)?).into()));
        d.generated(FCS_STATUS, tvb, at, FCS_LEN, Value::Uint(UNVERIFIED));
    }
    d.close();
    Ok(())
}
