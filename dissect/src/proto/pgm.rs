//! Pragmatic General Multicast (RFC 3208): packets to a group, and what those who miss some ask for.

use crate::bindings::Binding;
use crate::checksum;
use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

const PRESENT: Names = Names::Flag("Present", "Not Present");

fields! { Pgm, "pgm", "Pragmatic General Multicast";
    SPORT = field("pgm.hdr.sport", "Source Port", Uint16, Dec);
    DPORT = field("pgm.hdr.dport", "Destination Port", Uint16, Dec);
    PORT = field("pgm.port", "Port", Uint16, Dec);
    TYPE = field("pgm.hdr.type", "Type", Uint8, Hex).names(Names::Values(TYPES));
    OPTS = field("pgm.hdr.opts", "Options", Uint8, Hex);
    OPTS_OPT = field("pgm.hdr.opts.opt", "Options", Boolean, None).names(PRESENT).mask(0x01);
    OPTS_NETSIG = field("pgm.hdr.opts.netsig", "Network Significant Options", Boolean, None).names(PRESENT).mask(0x02);
    OPTS_VARLEN = field("pgm.hdr.opts.varlen", "Variable length Parity Packet Option", Boolean, None).names(PRESENT).mask(0x40);
    OPTS_PARITY = field("pgm.hdr.opts.parity", "Parity", Boolean, None).names(PRESENT).mask(0x80);
    CKSUM = field("pgm.hdr.cksum", "Checksum", Uint16, Hex);
    CKSUM_STATUS = field("pgm.hdr.cksum.status", "Checksum Status", Uint8, None).names(Names::Values(super::ip::CHECKSUM_STATUSES));
    GSI = field("pgm.hdr.gsi", "Global Source Identifier", Bytes, None);
    TSDULEN = field("pgm.hdr.tsdulen", "Transport Service Data Unit Length", Uint16, Dec);
    SPM_SQN = field("pgm.spm.sqn", "Sequence number", Uint32, Hex);
    SPM_TRAIL = field("pgm.spm.trail", "Trailing Edge Sequence Number", Uint32, Hex);
    SPM_LEAD = field("pgm.spm.lead", "Leading Edge Sequence Number", Uint32, Hex);
    POLL_SQN = field("pgm.poll.sqn", "Sequence Number", Uint32, Hex);
    POLL_ROUND = field("pgm.poll.round", "Round", Uint16, Dec);
    POLL_SUBTYPE = field("pgm.poll.subtype", "Subtype", Uint16, Hex).names(Names::Values(SUBTYPES));
    POLR_SQN = field("pgm.polr.sqn", "Sequence Number", Uint32, Hex);
    POLR_ROUND = field("pgm.polr.round", "Round", Uint16, Dec);
    NAK_SQN = field("pgm.nak.sqn", "Requested Sequence Number", Uint32, Hex);
}

/// Packets (RFC 3208, 8).
const TYPES: &[(u64, &str)] = &[
    (0x00, "SPM"),
    (0x01, "POLL"),
    (0x02, "POLR"),
    (0x04, "ODATA"),
    (0x05, "RDATA"),
    (0x08, "NAK"),
    (0x09, "NNAK"),
    (0x0a, "NCF"),
    (0x0d, "ACK"),
];
const SUBTYPES: &[(u64, &str)] = &[(0, "General"), (1, "DLR")];
const SPM: u8 = 0x00;
const POLL: u8 = 0x01;
const POLR: u8 = 0x02;
const ODATA: u8 = 0x04;
const RDATA: u8 = 0x05;
const HEADER_LEN: usize = 16;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Data],
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "45000030 00010000 01710000 0a000001 efff0010  340815bb 0000 0000 3329041eba74 0000  0001681e 00005472 0000d6a6",
            "45000030 00010000 01710000 0a000001 efff0010  04d2162e 0100 0000 83f2d6491cb3 0000  00000009 0002 0000 00000000",
            "4500002c 00010000 01710000 0a000001 efff0010  162e04d2 0200 0000 83f2d6491cb3 0000  00000009 0002 0000",
            "45000030 00010000 01710000 0a000001 efff0010  340815bb 0400 0000 3329041eba74 0004  0000d6a7 00005472 61626364",
            "45000028 00010000 01710000 0a000001 efff0010  340815bb 0800 1234 3329041eba74 0000  0000d6a7",
        ],
    }],
    ..Protocol::new(ProtoId::Pgm, "PGM", &[Binding::IpProto(113)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("PGM");
    d.set_info(String::new);
    let item = d.begin(PROTO, tvb);
    let (sport, dport) = (d.uint(SPORT, tvb, 0, 2)?, d.uint(DPORT, tvb, 2, 2)?);
    for (at, port) in [(0, sport), (2, dport)] {
        d.hidden(PORT, tvb, at, 2, Value::Uint(port));
    }
    let kind = d.uint(TYPE, tvb, 4, 1)? as u8;
    let name = Names::Values(TYPES).of(kind.into()).unwrap_or("Unknown".into());
    let options = tvb.u8(5)?;
    d.open(OPTS, tvb, 5, 1, Value::Uint(options.into()));
    for field in [OPTS_OPT, OPTS_NETSIG, OPTS_VARLEN, OPTS_PARITY] {
        d.flag(field, tvb, 5, 1, options.into());
    }
    d.close();
    let found = tvb.u16(6)?;
    let status = match (found, tvb.is_whole()) {
        (0, _) => 3,
        (_, false) => 2,
        (_, true) => u64::from(checksum::expected(tvb.bytes(), found) == found),
    };
    if found != 0 {
        d.add(CKSUM, tvb, 6, 2, Value::Uint(found.into()));
    }
    d.generated(CKSUM_STATUS, tvb, 6, 2, Value::Uint(status));
    let source = tvb.slice(8, 6)?;
    let source = source.iter().map(|octet| format!("{octet:02x}")).collect::<String>();
    d.text(item, || {
        format!("Pragmatic General Multicast: Type {name} Src Port {sport}, Dst Port {dport}, GSI {source}")
    });
    d.bytes(GSI, tvb, 8, 6);
    let len = d.uint(TSDULEN, tvb, 14, 2)? as usize;
    let layout: &[(FieldId, usize)] = match kind {
        SPM => &[(SPM_SQN, 4), (SPM_TRAIL, 4), (SPM_LEAD, 4)],
        POLL => &[(POLL_SQN, 4), (POLL_ROUND, 2), (POLL_SUBTYPE, 2)],
        POLR => &[(POLR_SQN, 4), (POLR_ROUND, 2)],
        ODATA | RDATA => &[(SPM_SQN, 4), (SPM_TRAIL, 4)],
        0x08..=0x0a => &[(NAK_SQN, 4)],
        _ => &[],
    };
    if !layout.is_empty() {
        let sequence = tvb.u32(HEADER_LEN)?;
        d.set_info(|| format!("{name:<5} sqn 0x{sequence:x} gsi {source}"));
    }
    let mut at = HEADER_LEN;
    for (field, width) in layout {
        let value = d.uint(*field, tvb, at, *width)?;
        if *field == POLL_SUBTYPE {
            d.append_info(|| format!(" subtype {}", Names::Values(SUBTYPES).of(value).as_deref().unwrap_or("Unknown")));
        }
        at += width;
    }
    if matches!(kind, ODATA | RDATA) {
        d.append_info(|| format!(" tsdulen {len}"));
        d.close();
        // What is sent stands at the end, behind the options.
        let start = tvb.reported().saturating_sub(len).max(at);
        if start < tvb.reported() {
            d.call(ProtoId::Data, tvb.from(start));
        }
        return Ok(());
    }
    d.close();
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::tests::{frames, values};

    #[test]
    fn packets_of_each_kind_are_read() {
        let shown = frames(101, super::PROTOCOL.samples[0].frames);
        assert_eq!(values(&shown[0], "pgm.spm.sqn"), "0x0001681e");
        assert_eq!(values(&shown[1], "pgm.poll.round"), "2");
        assert_eq!(values(&shown[3], "data.data"), "61626364");
        assert_eq!(values(&shown[4], "pgm.nak.sqn"), "0x0000d6a7");
        let short = frames(101, &["4500001e 00010000 01710000 0a000001 efff0010  340815bb 0000 0000 3329"]);
        assert!(values(&short[0], "_ws.expert.message").contains("Malformed"));
    }
}
