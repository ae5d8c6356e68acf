//! Ethernet II and IEEE 802.3 frames (IEEE 802.3-2018, 3.2), with padding, trailer and frame check sequence.

use crate::bindings::{Binding, Table};
use crate::dissector::{Address, Dissector, Item};
use crate::field::{FieldId, Names, fields};
use crate::numbers::ETHERTYPES;
use crate::proto::ip::CHECKSUM_STATUSES;
use crate::proto::{vlan, ws};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;
use crate::vendors;

fields! { Eth, "eth", "Ethernet";
    DST = field("eth.dst", "Destination", Ether, None);
    DST_RESOLVED = field("eth.dst_resolved", "Destination (resolved)", String, None);
    DST_OUI = field("eth.dst.oui", "Destination OUI", Uint24, Dec);
    DST_OUI_RESOLVED = field("eth.dst.oui_resolved", "Destination OUI (resolved)", String, None);
    DST_LG = field("eth.dst.lg", "LG bit", Boolean, None).names(LG).mask(0x02_0000);
    DST_IG = field("eth.dst.ig", "IG bit", Boolean, None).names(IG).mask(0x01_0000);
    SRC = field("eth.src", "Source", Ether, None);
    SRC_RESOLVED = field("eth.src_resolved", "Source (resolved)", String, None);
    SRC_OUI = field("eth.src.oui", "Source OUI", Uint24, Dec);
    SRC_OUI_RESOLVED = field("eth.src.oui_resolved", "Source OUI (resolved)", String, None);
    SRC_LG = field("eth.src.lg", "LG bit", Boolean, None).names(LG).mask(0x02_0000);
    SRC_IG = field("eth.src.ig", "IG bit", Boolean, None).names(IG).mask(0x01_0000);
    ADDR = field("eth.addr", "Address", Ether, None);
    ADDR_RESOLVED = field("eth.addr_resolved", "Address (resolved)", String, None);
    ADDR_OUI = field("eth.addr.oui", "Address OUI", Uint24, Dec);
    ADDR_OUI_RESOLVED = field("eth.addr.oui_resolved", "Address OUI (resolved)", String, None);
    LG_BIT = field("eth.lg", "LG bit", Boolean, None).names(LG).mask(0x02_0000);
    IG_BIT = field("eth.ig", "IG bit", Boolean, None).names(IG).mask(0x01_0000);
    TYPE = field("eth.type", "Type", Uint16, Hex).names(Names::Values(ETHERTYPES));
    LEN = field("eth.len", "Length", Uint16, Dec);
    INVALID_LENTYPE = field("eth.invalid_lentype", "Invalid length/type", Uint16, HexDec);
    PADDING = field("eth.padding", "Padding", Bytes, None);
    TRAILER = field("eth.trailer", "Trailer", Bytes, None);
    FCS = field("eth.fcs", "Frame check sequence", Uint32, Hex);
    FCS_STATUS = field("eth.fcs.status", "FCS Status", Uint8, None).names(Names::Values(CHECKSUM_STATUSES));
    INVALID_LENTYPE_EXPERT = expert("eth.invalid_lentype.expert", "Invalid length/type", Warning, Protocol);
    SRC_NOT_GROUP = expert("eth.src_not_group", "Source MAC must not be a group address: IEEE 802.3-2002, Section 3.2.3(b)", Warning, Protocol);
    LEN_PAST_END = expert("eth.len.past_end", "Length field value goes past the end of the payload", Error, Malformed);
    PADDING_BAD = expert("eth.padding_bad", "Didn't find padding of zeros, and an undecoded trailer exists. There may be padding of non-zeros.", Note, Protocol);
}

const LG: Names = Names::Flag(
    "Locally administered address (this is NOT the factory default)",
    "Globally unique address (factory default)",
);
const IG: Names = Names::Flag("Group address (multicast/broadcast)", "Individual address (unicast)");

/// IEEE 802.3-2018, 3.2.6: up to here the field is a length, from [`MIN_TYPE`] on a type, between them neither.
pub(crate) const MAX_LENGTH: u16 = 1500;
const MIN_TYPE: u16 = 1536;
const HEADER_LEN: usize = 14;
/// What a frame is padded to, without its check sequence.
const MIN_FRAME: usize = 60;
const FCS_LEN: usize = 4;

pub(crate) static PROTOCOL: Protocol = Protocol {
    tables: &[Table::EtherType],
    calls: &[ProtoId::Llc, ProtoId::Data],
    samples: &[Sample {
        link_type: 1,
        frames: &[
            "001143000001 00908f000001 88b6 00",
            "ffffffffffff 000102030405 0004 42420300 0000",
            "ffffffffffff 010102030405 88b6 00",
            "ffffffffffff 000102030405 05dd 00",
            // Padding, padding and checksum, a length that is too long, padding with something in it.
            "02000000000202000000000108004500001800000000406300000a0000010a0000026162636400000000000000000000000000000000000000000000",
            "02000000000202000000000108004500001800000000406300000a0000010a000002616263640000000000000000000000000000000000000000000001020304",
            "0200000000020200000000010100aaaa0300000008004500001800000000406300000a0000010a00000261626364",
            "02000000000202000000000108004500001800000000406300000a0000010a0000026162636461626300000000000000000000000000000000000000",
        ],
    }],
    ..Protocol::new(ProtoId::Eth, "Ethernet", &[Binding::LinkType(1)], dissect)
};

/// Whether a field can be told only when the layers above have said where they end.
pub(crate) fn needs_payload(field: FieldId) -> bool {
    [PADDING, TRAILER, FCS, FCS_STATUS, PADDING_BAD, vlan::TRAILER].contains(&field)
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("Ethernet");
    let Ok((dst, src, kind)) = header(d, tvb) else {
        d.layer("eth");
        return header(d, tvb).map(drop);
    };
    let is_length = (1..=MAX_LENGTH).contains(&kind);
    let is_invalid = kind > MAX_LENGTH && kind < MIN_TYPE;
    let item = d.begin(PROTO, tvb);
    d.set_len(item, HEADER_LEN);
    d.text(item, || {
        let (src, dst) = (Address::Ether(src), Address::Ether(dst));
        if is_length {
            "IEEE 802.3 Ethernet ".to_owned()
        } else if is_invalid {
            format!("Ethernet Unknown, Src: {src}, Dst: {dst}")
        } else {
            format!("Ethernet II, Src: {src}, Dst: {dst}")
        }
    });
    if d.wants_own() {
        let is_type = !is_length && !is_invalid;
        address(d, tvb, 0, dst, false, [DST, DST_RESOLVED, DST_OUI, DST_OUI_RESOLVED, DST_LG, DST_IG]);
        address(
            d,
            tvb,
            6,
            src,
            is_type && src[0] & 1 != 0,
            [SRC, SRC_RESOLVED, SRC_OUI, SRC_OUI_RESOLVED, SRC_LG, SRC_IG],
        );
    }

    let outer = (d.take_payload_end(), d.begin_link(tvb));
    if is_invalid {
        let line = d.open(INVALID_LENTYPE, tvb, 12, 2, Value::Uint(kind.into()));
        d.text(line, || format!("Invalid length/type: 0x{kind:04x} ({kind})"));
        let message = || format!("Invalid length/type: 0x{kind:04x} ({kind})");
        d.expert_with(INVALID_LENTYPE_EXPERT, tvb, 12, 2, message);
        d.close();
        d.close();
        d.set_info(|| format!("Ethernet Unknown: Invalid length/type: 0x{kind:04x} ({kind})"));
        d.call(ProtoId::Data, tvb.from(HEADER_LEN));
    } else if is_length {
        d.set_info(|| "IEEE 802.3 Ethernet".to_owned());
        let item = d.open(LEN, tvb, 12, 2, Value::Uint(kind.into()));
        if usize::from(kind) > tvb.reported() - HEADER_LEN && item != Item::NONE {
            d.expert(LEN_PAST_END, tvb, 12, 2);
        }
        d.close();
        let place = d.end_of_tree();
        d.close();
        length_payload(d, tvb, HEADER_LEN, kind.into());
        d.take_payload_end();
        d.end_payload(tvb, HEADER_LEN + usize::from(kind));
        trailer(d, tvb, place, TRAILER, true);
    } else {
        d.set_info(|| "Ethernet II".to_owned());
        d.layer("ethertype");
        d.add(TYPE, tvb, 12, 2, Value::Uint(kind.into()));
        let place = d.end_of_tree();
        d.close();
        type_payload(d, kind, tvb.from(HEADER_LEN));
        trailer(d, tvb, place, TRAILER, true);
    }
    d.end_link(outer.1);
    d.set_payload_end(outer.0);
    Ok(())
}

fn header<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Result<([u8; 6], [u8; 6], u16), Stop> {
    let (dst, src) = (tvb.array::<6>(0)?, tvb.array::<6>(6)?);
    d.set_addresses(Address::Ether(src), Address::Ether(dst));
    Ok((dst, src, tvb.u16(12)?))
}

/// Adds an address with what is said of its first octets, and whether it is a sender that cannot be one. `fields` are the address, its name, vendor and flags.
fn address<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, mac: [u8; 6], is_bad: bool, fields: [FieldId; 6]) {
    let [field, resolved, oui, oui_resolved, lg, ig] = fields;
    let vendor = u64::from(mac[0]) << 16 | u64::from(mac[1]) << 8 | u64::from(mac[2]);
    d.open(field, tvb, at, 6, Value::Ether(mac));
    if d.wants(resolved) {
        let name = Address::Ether(mac).to_string();
        d.hidden(resolved, tvb, at, 6, Value::String(name.into()));
    }
    let item = d.hidden(oui, tvb, at, 3, Value::Uint(vendor));
    let maker =
        if d.wants_any(&[oui_resolved, ADDR_OUI_RESOLVED]) { vendors::name([mac[0], mac[1], mac[2]]) } else { None };
    let octets = || {
        let maker = maker.map_or_else(String::new, |maker| format!(" ({maker})"));
        format!("OUI: {:02x}:{:02x}:{:02x}{maker}", mac[0], mac[1], mac[2])
    };
    d.text(item, || format!("{} {}", if at == 0 { "Destination" } else { "Source" }, octets()));
    if let Some(maker) = maker {
        d.hidden(oui_resolved, tvb, at, 6, Value::String(maker.into()));
    }
    d.add(ADDR, tvb, at, 6, Value::Ether(mac));
    if d.wants(ADDR_RESOLVED) {
        let name = Address::Ether(mac).to_string();
        d.hidden(ADDR_RESOLVED, tvb, at, 6, Value::String(name.into()));
    }
    let item = d.hidden(ADDR_OUI, tvb, at, 3, Value::Uint(vendor));
    d.text(item, || format!("Address {}", octets()));
    if let Some(maker) = maker {
        d.hidden(ADDR_OUI_RESOLVED, tvb, at, 6, Value::String(maker.into()));
    }
    for (own, any) in [(lg, LG_BIT), (ig, IG_BIT)] {
        d.flag(own, tvb, at, 3, vendor);
        let item = d.flag(any, tvb, at, 3, vendor);
        d.hide(item);
    }
    if is_bad {
        d.expert(SRC_NOT_GROUP, tvb, at, 6);
    }
    d.close();
}

/// Hands on what an EtherType says.
pub(crate) fn type_payload<'a>(d: &mut Dissector<'a>, ethertype: u16, payload: Tvb<'a>) {
    if !d.call_by_number(Table::EtherType, ethertype, payload) {
        if d.wants_columns() {
            d.set_protocol(&format!("0x{ethertype:04x}"));
            if let Some(name) = Names::Values(ETHERTYPES).of(ethertype.into()) {
                d.set_info(|| name.into_owned());
            }
        }
        d.call(ProtoId::Data, payload);
    }
}

/// Hands on the LLC frame of a length field at the end of a header.
pub(crate) fn length_payload<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, len: usize) {
    let payload = tvb.sub(at, len);
    // Novell's frames have no LLC header: what begins like this is IPX.
    match payload.u16(0) {
        Ok(0xffff) => d.call(ProtoId::Data, payload),
        _ => d.call(ProtoId::Llc, payload),
    }
}

/// Shows what follows the payload: padding up to the shortest frame if it is zeros, then a trailer, and if `has_fcs` and
/// the frame is long enough for it, a frame check sequence. `place` is the end of the parent's items in the tree.
pub(crate) fn trailer<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, place: usize, field: FieldId, has_fcs: bool) {
    let Some(end) = d.take_payload_end() else {
        return;
    };
    if tvb.source != 0
        || !(d.wants(field)
            || d.wants_columns()
            || d.wants_any(&[PADDING, FCS, FCS_STATUS, ws::SHORT])
            || d.wants_expert(PADDING_BAD))
    {
        return;
    }
    let start = end.saturating_sub(tvb.base as usize);
    let mut rest = tvb.reported().saturating_sub(start);
    if rest == 0 {
        return;
    }
    let before = d.end_of_tree();
    let has_fcs = has_fcs && rest >= FCS_LEN && tvb.reported() >= MIN_FRAME + FCS_LEN;
    if has_fcs {
        rest -= FCS_LEN;
    }
    let missing = MIN_FRAME.saturating_sub(end.saturating_sub(d.link_start()));
    let is_all_there = d.within(|d| {
        let mut at = start;
        let mut is_bad = false;
        if missing > 0 && rest >= missing {
            let padding = tvb.sub(at, missing).bytes();
            if padding.iter().any(|octet| *octet != 0) {
                is_bad = true;
            } else if padding.len() < missing {
                return false;
            } else {
                d.bytes(PADDING, tvb, at, missing);
                at += missing;
                rest -= missing;
            }
        }
        let captured = tvb.sub(at, rest).len();
        if captured > 0 {
            d.open(field, tvb, at, captured, Value::Bytes);
            if is_bad {
                d.expert(PADDING_BAD, tvb, at, captured);
            }
            d.close();
        }
        if !has_fcs {
            return true;
        }
        let Ok(fcs) = tvb.u32(at + rest) else {
            return false;
        };
        let line = d.add(FCS, tvb, at + rest, FCS_LEN, Value::Uint(fcs.into()));
        d.text(line, || format!("Frame check sequence: 0x{fcs:08x} [unverified]"));
        d.generated(FCS_STATUS, tvb, at + rest, 0, Value::Uint(2));
        true
    });
    d.move_to(place, before);
    if !is_all_there && tvb.len() > start {
        ws::note_short(d, tvb, "Ethertype");
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::{frames, values};

    #[test]
    fn the_maker_of_an_adapter_is_named() {
        let shown = frames(1, &["001143000001 02908f000001 88b6 00"]);
        assert_eq!(values(&shown[0], "eth.dst.oui_resolved"), "Dell Inc.");
        assert_eq!(values(&shown[0], "eth.src.oui_resolved"), "");
        assert_eq!(values(&shown[0], "eth.addr.oui_resolved"), "Dell Inc.");
    }

    #[test]
    fn what_follows_the_datagram_is_padding_trailer_and_check_sequence() {
        let datagram = "ffffffffffff 020000000001 0800 45000014 00000000 40fd0000 0a000001 0a000002";
        let zeros = "00".repeat(26);
        let shown = frames(
            1,
            &[
                &format!("{datagram} {zeros}"),
                &format!("{datagram} {zeros} 01020304"),
                &format!("{datagram} {} ", "55".repeat(26)),
                &format!("{datagram} 0102"),
            ],
        );
        assert_eq!(values(&shown[0], "eth.padding"), zeros);
        assert_eq!(values(&shown[1], "eth.padding"), zeros);
        assert_eq!(values(&shown[1], "eth.fcs"), "0x01020304");
        assert_eq!(values(&shown[2], "eth.padding"), "");
        assert_eq!(values(&shown[2], "eth.padding_bad").len(), 0, "it has no value");
        assert_eq!(values(&shown[2], "_ws.expert.severity"), "4194304");
        assert_eq!(values(&shown[3], "eth.trailer"), "0102");
    }

    #[test]
    fn a_number_is_a_length_a_type_or_neither() {
        let head = "ffffffffffff 020000000001";
        let shown = frames(
            1,
            &[
                &format!("{head} 0003 424203"),
                &format!("{head} 0004 424203"),
                &format!("{head} 05dd 00"),
                &format!("{head} 0600 00"),
                "ffffffffffff 0200",
            ],
        );
        assert_eq!(values(&shown[0], "eth.len"), "3");
        assert_eq!(values(&shown[1], "_ws.expert.message"), "Length field value goes past the end of the payload");
        assert_eq!(values(&shown[2], "eth.invalid_lentype"), "0x05dd");
        assert_eq!(values(&shown[3], "eth.type"), "0x0600");
        assert_eq!(values(&shown[4], "frame.protocols"), "eth");
    }
}
