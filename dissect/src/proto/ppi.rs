//! Per-Packet Information (LINKTYPE_PPI): what a radio says of a frame, before the frame.

use crate::bindings::{Binding, Table};
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Ppi, "ppi", "PPI Packet Header";
    VERSION = field("ppi.version", "Version", Uint8, Dec);
    FLAGS = field("ppi.flags", "Flags", Uint8, Hex);
    FLAGS_ALIGNMENT = field("ppi.flags.alignment", "Alignment", Boolean, None).names(Names::Flag("32-bit aligned", "Not aligned")).mask(0x01);
    FLAGS_RESERVED = field("ppi.flags.reserved", "Reserved", Uint8, Hex).mask(0xfe);
    LENGTH = field("ppi.length", "Header length", Uint16, Dec);
    DLT = field("ppi.dlt", "DLT", Uint32, Dec);
    FIELD_TYPE = field("ppi.field_type", "Field type", Uint16, Dec).names(Names::Values(KINDS));
    FIELD_LEN = field("ppi.field_len", "Field length", Uint16, Dec);
    TSFT = field("ppi.80211-common.tsft", "TSFT", Uint64, Dec);
    COMMON_FLAGS = field("ppi.80211-common.flags", "Flags", Uint16, Hex);
    FLAGS_FCS = field("ppi.80211-common.flags.fcs", "FCS present flag", Boolean, None).names(Names::Flag("Present", "Absent")).mask(0x0001);
    RATE = field("ppi.80211-common.rate", "Data rate", Uint16, Dec);
    CHAN_FREQ = field("ppi.80211-common.chan.freq", "Channel frequency", Uint16, Dec);
    CHAN_FLAGS = field("ppi.80211-common.chan.flags", "Channel flags", Uint16, Hex);
    ANTSIGNAL = field("ppi.80211-common.dbm.antsignal", "dBm antenna signal", Int8, Dec);
    ANTNOISE = field("ppi.80211-common.dbm.antnoise", "dBm antenna noise", Int8, Dec);
}

const KINDS: &[(u64, &str)] = &[
    (2, "802.11-Common"),
    (3, "802.11n MAC Extensions"),
    (4, "802.11n MAC+PHY Extensions"),
    (5, "Spectrum-Map"),
    (6, "Process-Info"),
    (7, "Capture-Info"),
    (8, "Aggregation Extension"),
    (9, "802.3 Extension"),
];
const COMMON: u16 = 2;
const COMMON_LEN: usize = 20;
const WLAN: u32 = 105;
const HEADER_LEN: usize = 8;
/// How many fields of a header are read.
const MAX_FIELDS: usize = 128;

pub(crate) static PROTOCOL: Protocol = Protocol {
    tables: &[Table::LinkType],
    calls: &[ProtoId::Wlan, ProtoId::Data],
    samples: &[Sample {
        link_type: 192,
        frames: &[
            "00 00 2000 69000000 0200 1400 0000000000000000 0100 1600 6c09 a000 0000 c4 a1 d400 0000 020000000001 01020304",
        ],
    }],
    ..Protocol::new(ProtoId::Ppi, "PPI", &[Binding::LinkType(192)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("PPI");
    let item = d.begin(PROTO, tvb);
    let (version, len) = (tvb.u8(0)?, usize::from(tvb.u16_le(2)?));
    d.text(item, || format!("PPI version {version}, {len} bytes"));
    d.set_info(|| format!("PPI version {version}, {len} bytes"));
    d.uint(VERSION, tvb, 0, 1)?;
    let flags = tvb.u8(1)?;
    d.open(FLAGS, tvb, 1, 1, Value::Uint(flags.into()));
    d.flag(FLAGS_ALIGNMENT, tvb, 1, 1, flags.into());
    d.bits(FLAGS_RESERVED, tvb, 1, 1, flags.into());
    d.close();
    d.add(LENGTH, tvb, 2, 2, Value::Uint(len as u64));
    let link = tvb.u32_le(4)?;
    d.add(DLT, tvb, 4, 4, Value::Uint(link.into()));
    d.set_len(item, len);
    if len < HEADER_LEN {
        return Err(Stop::Malformed);
    }
    let fields = tvb.exact(0, len)?;
    let mut at = HEADER_LEN;
    for _ in 0..MAX_FIELDS {
        if at + 4 > len {
            break;
        }
        at = part(d, fields, at)?;
    }
    d.close();
    let payload = tvb.from(len);
    match (link, u16::try_from(link)) {
        (WLAN, _) => {
            d.layer("wlan_radio");
            d.call(ProtoId::Wlan, payload);
        }
        (_, Ok(number)) => {
            d.layer("pcap_pktdata");
            if !d.call_by_number(Table::LinkType, number, payload) {
                d.call(ProtoId::Data, payload);
            }
        }
        _ => d.call(ProtoId::Data, payload),
    }
    Ok(())
}

/// A field: type, length, value, all of it little-endian. Answers where the next one begins.
fn part<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Result<usize, Stop> {
    let (kind, len) = (tvb.u16_le(at)?, usize::from(tvb.u16_le(at + 2)?));
    d.open_text(tvb, at, len + 4, || Names::Values(KINDS).of(kind.into()).unwrap_or("Unknown".into()).into_owned());
    d.add(FIELD_TYPE, tvb, at, 2, Value::Uint(kind.into()));
    d.add(FIELD_LEN, tvb, at + 2, 2, Value::Uint(len as u64));
    let value = tvb.exact(at + 4, len)?;
    if kind == COMMON && len == COMMON_LEN {
        d.add(TSFT, value, 0, 8, Value::Uint(u64::from_le_bytes(value.array(0)?)));
        let flags = value.u16_le(8)?;
        d.open(COMMON_FLAGS, value, 8, 2, Value::Uint(flags.into()));
        d.flag(FLAGS_FCS, value, 8, 2, flags.into());
        d.close();
        d.add(RATE, value, 10, 2, Value::Uint(value.u16_le(10)?.into()));
        d.add(CHAN_FREQ, value, 12, 2, Value::Uint(value.u16_le(12)?.into()));
        d.add(CHAN_FLAGS, value, 14, 2, Value::Uint(value.u16_le(14)?.into()));
        d.add(ANTSIGNAL, value, 18, 1, Value::Int((value.u8(18)? as i8).into()));
        d.add(ANTNOISE, value, 19, 1, Value::Int((value.u8(19)? as i8).into()));
    }
    d.close();
    Ok(at + 4 + len)
}

/// Whether the header of the packet at hand says that a check sequence ends the frame behind it.
pub(crate) fn has_fcs(d: &Dissector<'_>) -> bool {
    if d.packet.link_type != 192 {
        return false;
    }
    let tvb = Tvb::new(d.packet.bytes, d.packet.orig_len as usize, 0);
    let is_common = tvb.u16_le(HEADER_LEN).is_ok_and(|kind| kind == COMMON);
    let has_fields = tvb.u16_le(2).is_ok_and(|len| usize::from(len) > HEADER_LEN);
    is_common && has_fields && tvb.u16_le(HEADER_LEN + 12).is_ok_and(|flags| flags & 1 != 0)
}

#[cfg(test)]
mod tests {
    use crate::tests::{frames, values};

    #[test]
    fn the_frame_behind_the_header_is_found() {
        let shown = frames(192, super::PROTOCOL.samples[0].frames);
        assert_eq!(values(&shown[0], "frame.protocols"), "ppi:wlan_radio:wlan");
        assert_eq!(values(&shown[0], "wlan.fcs"), "0x04030201");
        assert_eq!(values(&shown[0], "ppi.80211-common.dbm.antsignal"), "-60");
        let eth = frames(192, &["00 00 0800 01000000 ffffffffffff 020000000001 88b6 0102"]);
        assert_eq!(values(&eth[0], "frame.protocols"), "ppi:pcap_pktdata:eth:ethertype:data");
        let bad = frames(192, &["00 00 0400 01000000 ffff"]);
        assert!(values(&bad[0], "_ws.expert.message").contains("Malformed"));
    }
}
