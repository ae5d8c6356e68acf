//! The radiotap header in front of IEEE 802.11 frames (radiotap.org): its length, and whether a check sequence follows.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::fields;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Radiotap, "radiotap", "IEEE 802.11 Radiotap Capture header";
    VERSION = field("radiotap.version", "Header revision", Uint8, Dec);
    PAD = field("radiotap.pad", "Header pad", Uint8, Dec);
    LENGTH = field("radiotap.length", "Header length", Uint16, Dec);
    PRESENT_WORD = field("radiotap.present.word", "Present flags word", Uint32, Hex);
    FLAGS = field("radiotap.flags", "Flags", Uint8, Hex);
    FLAGS_FCS = field("radiotap.flags.fcs", "FCS at end", Boolean, None).mask(0x10);
}

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Wlan],
    samples: &[Sample { link_type: 127, frames: &["0000 0900 02000000 10 d400 0000 020000000001 01020304"] }],
    ..Protocol::new(ProtoId::Radiotap, "802.11 Radio", &[Binding::LinkType(127)], dissect)
};

/// More words of the map of fields are not looked at.
pub(crate) const MAX_WORDS: usize = 32;
/// The bits of that map: a time of eight octets, flags of one, and that another word follows.
const TSFT: u32 = 1;
const HAS_FLAGS: u32 = 1 << 1;
const MORE: u32 = 1 << 31;
const HAS_FCS: u8 = 0x10;

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("802.11 Radio");
    let item = d.begin(PROTO, tvb);
    d.uint(VERSION, tvb, 0, 1)?;
    d.uint(PAD, tvb, 1, 1)?;
    let len = u16::from_le_bytes(tvb.array(2)?);
    d.add(LENGTH, tvb, 2, 2, Value::Uint(len.into()));
    d.set_len(item, usize::from(len));
    let mut at = 4;
    let mut first = None;
    for _ in 0..MAX_WORDS {
        let word = u32::from_le_bytes(tvb.array(at)?);
        d.add(PRESENT_WORD, tvb, at, 4, Value::Uint(word.into()));
        at += 4;
        first.get_or_insert(word);
        if word & MORE == 0 {
            break;
        }
    }
    if let Some((at, flags)) = flags(tvb, at, first.unwrap_or_default()) {
        d.add(FLAGS, tvb, at, 1, Value::Uint(flags.into()));
        d.flag(FLAGS_FCS, tvb, at, 1, flags.into());
    }
    d.close();
    // What the radio was like is a layer of its own, of which nothing is shown.
    d.layer("wlan_radio");
    d.call(ProtoId::Wlan, tvb.from(usize::from(len)));
    Ok(())
}

/// Where the flags stand and what they are, behind a map whose first word is `map`.
fn flags(tvb: Tvb<'_>, at: usize, map: u32) -> Option<(usize, u8)> {
    let at = if map & TSFT != 0 { at.next_multiple_of(8) + 8 } else { at };
    (map & HAS_FLAGS != 0).then(|| Some((at, tvb.u8(at).ok()?)))?
}

/// Whether the frame that is being taken apart has a radiotap header which says that a check sequence stands at its end.
pub(crate) fn has_fcs(d: &Dissector<'_>) -> bool {
    let tvb = Tvb::new(d.packet.bytes, d.packet.orig_len as usize, 0);
    if d.parent() != Some(ProtoId::Radiotap) || d.packet.link_type != 127 {
        return false;
    }
    let mut at = 4;
    let mut first = None;
    for _ in 0..MAX_WORDS {
        let Ok(word) = tvb.array(at).map(u32::from_le_bytes) else {
            return false;
        };
        at += 4;
        first.get_or_insert(word);
        if word & MORE == 0 {
            break;
        }
    }
    flags(tvb, at, first.unwrap_or_default()).is_some_and(|(_, flags)| flags & HAS_FCS != 0)
}
