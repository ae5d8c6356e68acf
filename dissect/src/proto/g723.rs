//! G.723.1 in RTP (RFC 3551, 4.5.3): what the first octet of each frame says.

use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;

fields! { G723, "g723", "G.723";
    FRAME_SIZE_AND_CODEC = field("g723.frame_size_and_codec", "Frame size and codec type", Uint8, Hex).names(Names::Values(CODECS)).mask(0x03);
    LPC_B5B0 = field("g723.lpc.b5b0", "LPC_B5...LPC_B0", Uint8, Hex).mask(0xfc);
}

const CODECS: &[(u64, &str)] =
    &[(0, "High-rate speech (6.3 kb/s)"), (1, "Low-rate speech  (5.3 kb/s)"), (2, "SID frame"), (3, "Reserved")];

pub(crate) static PROTOCOL: Protocol = Protocol {
    is_told_later: true,
    samples: &[Sample { link_type: 101, frames: super::rtp::CODED }],
    ..Protocol::new(ProtoId::G723, "G.723.1", &[], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("G.723.1");
    d.begin(PROTO, tvb);
    let first = u64::from(tvb.u8(0)?);
    d.bits(FRAME_SIZE_AND_CODEC, tvb, 0, 1, first);
    d.bits(LPC_B5B0, tvb, 0, 1, first);
    d.close();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{shown_by, survives_anything};

    #[test]
    fn the_first_octet_is_read() {
        let shown = shown_by(ProtoId::G723, &[0x0a, 1, 2, 3]);
        assert!(shown.contains(&("g723.frame_size_and_codec", "0x02".to_owned())), "{shown:?}");
        assert!(shown_by(ProtoId::G723, &[]).iter().any(|row| row.0 == "_ws.malformed"));
        survives_anything(ProtoId::G723, &[0x0a, 1, 2, 3]);
    }
}
