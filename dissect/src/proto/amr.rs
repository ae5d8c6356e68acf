//! Adaptive Multi-Rate in RTP (RFC 4867, 4.4): the mode that is asked for and the table of contents.
//!
//! What is not aligned to octets is noted; it is not taken apart.

use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Amr, "amr", "Adaptive Multi-Rate";
    PAYLOAD_DECODED_AS = field("amr.payload_decoded_as", "Payload decoded as", Uint32, Dec).names(Names::Values(FORMS));
    NB_CMR = field("amr.nb.cmr", "CMR", Uint8, Dec).names(Names::Values(MODES));
    RESERVED = field("amr.reserved", "Reserved", Uint8, Dec).mask(0x0f);
    TOC_F = field("amr.toc.f", "F bit", Boolean, None).names(Names::Flag("Followed by another speech frame", "Last frame in this payload"));
    NB_TOC_FT = field("amr.nb.toc.ft", "FT bits", Uint8, Dec).names(Names::Values(TYPES));
    TOC_Q = field("amr.toc.q", "Q bit", Boolean, None).names(Names::Flag("Ok", "Severely damaged frame"));
    RESERVED_NOT_ZERO = expert("amr.reserved.not_zero", "Reserved != 0, wrongly encoded or not octet aligned. Decoding as bandwidth-efficient mode", Warning, Protocol);
}

const FORMS: &[(u64, &str)] =
    &[(0, "RFC 3267"), (1, "RFC 3267 bandwidth-efficient mode"), (2, "AMR IF 1"), (3, "AMR IF 2")];
/// 3GPP TS 26.101, table 1a.
const MODES: &[(u64, &str)] = &[
    (0, "AMR 4.75 kbit/s"),
    (1, "AMR 5.15 kbit/s"),
    (2, "AMR 5.90 kbit/s"),
    (3, "AMR 6.70 kbit/s (PDC-EFR)"),
    (4, "AMR 7.40 kbit/s (TDMA-EFR)"),
    (5, "AMR 7.95 kbit/s"),
    (6, "AMR 10.2 kbit/s"),
    (7, "AMR 12.2 kbit/s (GSM-EFR)"),
    (15, "No mode request"),
];
const TYPES: &[(u64, &str)] = &[
    (0, "AMR 4.75 kbit/s"),
    (1, "AMR 5.15 kbit/s"),
    (2, "AMR 5.90 kbit/s"),
    (3, "AMR 6.70 kbit/s (PDC-EFR)"),
    (4, "AMR 7.40 kbit/s (TDMA-EFR)"),
    (5, "AMR 7.95 kbit/s"),
    (6, "AMR 10.2 kbit/s"),
    (7, "AMR 12.2 kbit/s (GSM-EFR)"),
    (8, "AMR SID"),
    (9, "GSM-EFR SID"),
    (10, "TDMA-EFR SID"),
    (11, "PDC-EFR SID"),
    (15, "No Data"),
];
/// How many frames of one packet are listed.
pub const MAX_FRAMES: usize = 64;

pub(crate) static PROTOCOL: Protocol = Protocol {
    is_told_later: true,
    samples: &[Sample { link_type: 101, frames: super::rtp::CODED }],
    ..Protocol::new(ProtoId::Amr, "AMR", &[], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("AMR");
    d.begin(PROTO, tvb);
    d.generated(PAYLOAD_DECODED_AS, tvb, 0, 0, Value::Uint(0));
    let first = u64::from(tvb.u8(0)?);
    d.add(NB_CMR, tvb, 0, 1, Value::Uint(first >> 4));
    let item = d.bits(RESERVED, tvb, 0, 1, first);
    if first & 0x0f != 0 {
        d.mark_generated(item);
        d.within(|d| d.expert(RESERVED_NOT_ZERO, tvb, 0, 1));
        d.close();
        return Ok(());
    }
    d.open_text(tvb, 1, 1, || "Payload Table of Contents".to_owned());
    for place in 0..MAX_FRAMES {
        let entry = tvb.u8(1 + place)?;
        d.add(TOC_F, tvb, 1 + place, 1, Value::Uint((entry >> 7).into()));
        d.add(NB_TOC_FT, tvb, 1 + place, 1, Value::Uint((entry >> 3 & 0x0f).into()));
        d.add(TOC_Q, tvb, 1 + place, 1, Value::Uint((entry >> 2 & 1).into()));
        if entry & 0x80 == 0 {
            break;
        }
    }
    d.close();
    d.close();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{shown_by, survives_anything};

    #[test]
    fn contents_are_listed_up_to_the_limit() {
        let shown = shown_by(ProtoId::Amr, &[0xf0, 0xbc, 0x3c, 0, 0]);
        let kinds: Vec<_> = shown.iter().filter(|row| row.0 == "amr.nb.toc.ft").map(|row| row.1.as_str()).collect();
        assert_eq!(kinds, ["7", "7"]);
        const LONG: [u8; 2 * MAX_FRAMES] = {
            let mut octets = [0x84; 2 * MAX_FRAMES];
            octets[0] = 0xf0;
            octets
        };
        let shown = shown_by(ProtoId::Amr, &LONG);
        assert_eq!(shown.iter().filter(|row| row.0 == "amr.toc.f").count(), MAX_FRAMES);
    }

    #[test]
    fn no_octets_make_it_panic() {
        survives_anything(ProtoId::Amr, &[0xf0, 0xbc, 0x3c, 0, 0]);
        survives_anything(ProtoId::Amr, &[0xf3, 0xbc, 0x3c]);
    }
}
