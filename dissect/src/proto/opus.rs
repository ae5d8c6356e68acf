//! The Opus codec in RTP (RFC 7587): what the first octet of a packet says (RFC 6716, 3.1).

use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;

fields! { Opus, "opus", "Opus Interactive Audio Codec";
    TOC_CONFIG = field("opus.TOC.config", "TOC.config", Uint8, Dec).names(Names::Values(CONFIGURATIONS)).mask(0xf8);
    TOC_S = field("opus.TOC.s", "TOC.S bit", Boolean, None).names(Names::Flag("stereo", "mono")).mask(0x04);
    TOC_C = field("opus.TOC.c", "TOC.C bits", Uint8, Dec).names(Names::Values(COUNTS)).mask(0x03);
    FRAME_DATA = field("opus.frame_data", "Frame Data", Bytes, None);
}

/// RFC 6716, table 2: bandwidth, mode and milliseconds.
const CONFIGURATIONS: &[(u64, &str)] = &[
    (0, "NB, SILK-only ptime=10"),
    (1, "NB, SILK-only ptime=20"),
    (2, "NB, SILK-only ptime=40"),
    (3, "NB, SILK-only ptime=60"),
    (4, "MB, SILK-only ptime=10"),
    (5, "MB, SILK-only ptime=20"),
    (6, "MB, SILK-only ptime=40"),
    (7, "MB, SILK-only ptime=60"),
    (8, "WB, SILK-only ptime=10"),
    (9, "WB, SILK-only ptime=20"),
    (10, "WB, SILK-only ptime=40"),
    (11, "WB, SILK-only ptime=60"),
    (12, "SWB, Hybrid ptime=10"),
    (13, "SWB, Hybrid ptime=20"),
    (14, "FB, Hybrid ptime=10"),
    (15, "FB, Hybrid ptime=20"),
    (16, "NB, CELT-only ptime=2.5"),
    (17, "NB, CELT-only ptime=5"),
    (18, "NB, CELT-only ptime=10"),
    (19, "NB, CELT-only ptime=20"),
    (20, "WB, CELT-only ptime=2.5"),
    (21, "WB, CELT-only ptime=5"),
    (22, "WB, CELT-only ptime=10"),
    (23, "WB, CELT-only ptime=20"),
    (24, "SWB, CELT-only ptime=2.5"),
    (25, "SWB, CELT-only ptime=5"),
    (26, "SWB, CELT-only ptime=10"),
    (27, "SWB, CELT-only ptime=20"),
    (28, "FB, CELT-only ptime=2.5"),
    (29, "FB, CELT-only ptime=5"),
    (30, "FB, CELT-only ptime=10"),
    (31, "FB, CELT-only ptime=20"),
];

/// RFC 6716, 3.1.
const COUNTS: &[(u64, &str)] = &[
    (0, "1 frame in the packet"),
    (1, "2 frames in the packet, each with equal compressed size"),
    (2, "2 frames in the packet, with different compressed sizes"),
    (3, "an arbitrary number of frames in the packet"),
];

pub(crate) static PROTOCOL: Protocol = Protocol {
    is_told_later: true,
    samples: &[Sample {
        link_type: 101,
        frames: &[
            // INVITE, 200 OK and a packet.
            "4500014800010000401100000a0000010a00000213c413c401340000494e56495445207369703a624062205349 \
             502f322e300d0a5669613a205349502f322e302f5544502031302e302e302e313b6272616e63683d7a39684734 \
             624b310d0a46726f6d3a203c7369703a6140613e3b7461673d310d0a546f3a203c7369703a6240623e0d0a4361 \
             6c6c2d49443a2063310d0a435365713a203120494e564954450d0a436f6e74656e742d547970653a206170706c \
             69636174696f6e2f7364700d0a436f6e74656e742d4c656e6774683a203131320d0a0d0a763d300d0a6f3d2d20 \
             31203120494e204950342031302e302e302e310d0a733d2d0d0a633d494e204950342031302e302e302e310d0a \
             743d3020300d0a6d3d617564696f2034303030205254502f4156502039370d0a613d7274706d61703a3937206f \
             7075732f34383030302f320d0a",
            "4500014000010000401100000a0000020a00000113c413c4012c00005349502f322e3020323030204f4b0d0a56 \
             69613a205349502f322e302f5544502031302e302e302e313b6272616e63683d7a39684734624b310d0a46726f \
             6d3a203c7369703a6140613e3b7461673d310d0a546f3a203c7369703a6240623e0d0a43616c6c2d49443a2063 \
             310d0a435365713a203120494e564954450d0a436f6e74656e742d547970653a206170706c69636174696f6e2f \
             7364700d0a436f6e74656e742d4c656e6774683a203131320d0a0d0a763d300d0a6f3d2d2031203120494e2049 \
             50342031302e302e302e320d0a733d2d0d0a633d494e204950342031302e302e302e320d0a743d3020300d0a6d \
             3d617564696f2035303030205254502f4156502039370d0a613d7274706d61703a3937206f7075732f34383030 \
             302f320d0a",
            "4500002c00010000401100000a0000020a00000113880fa00018000080610001000000a00000123478616263",
        ],
    }],
    ..Protocol::new(ProtoId::Opus, "OPUS", &[], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("OPUS");
    d.begin(PROTO, tvb);
    let first = u64::from(tvb.u8(0)?);
    d.bits(TOC_CONFIG, tvb, 0, 1, first);
    d.flag(TOC_S, tvb, 0, 1, first);
    d.bits(TOC_C, tvb, 0, 1, first);
    let rest = tvb.reported() - 1;
    match first & 3 {
        0 if rest > 0 => drop(d.bytes(FRAME_DATA, tvb, 1, rest)),
        1 if rest > 0 && rest.is_multiple_of(2) => {
            d.bytes(FRAME_DATA, tvb, 1, rest / 2);
            d.bytes(FRAME_DATA, tvb, 1 + rest / 2, rest / 2);
        }
        // Frames that say their lengths themselves are not taken apart.
        _ => {}
    }
    d.close();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{shown_by, survives_anything};

    #[test]
    fn the_first_octet_is_read() {
        let shown = shown_by(ProtoId::Opus, &[0x7d, 1, 2]);
        for row in [("opus.TOC.config", "15"), ("opus.TOC.s", "1"), ("opus.TOC.c", "1")] {
            assert!(shown.contains(&(row.0, row.1.to_owned())), "{shown:?}");
        }
        assert!(shown_by(ProtoId::Opus, &[]).iter().any(|row| row.0 == "_ws.malformed"));
    }

    #[test]
    fn no_octets_make_it_panic() {
        survives_anything(ProtoId::Opus, &[0x7d, 1, 2]);
    }
}
