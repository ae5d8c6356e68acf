//! The Precision Time Protocol, version 2 (IEEE 1588-2008 and -2019), over Ethernet and UDP.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Ptp, "ptp", "Precision Time Protocol (IEEE1588)";
    MAJORSDOID = field("ptp.v2.majorsdoid", "majorSdoId", Uint8, Hex).names(Names::Values(&[(1, "gPTP Domain"), (2, "CMLDS")])).mask(0xf0);
    MESSAGETYPE = field("ptp.v2.messagetype", "messageType", Uint8, Hex).names(Names::Values(TYPES)).mask(0x0f);
    MINORVERSIONPTP = field("ptp.v2.minorversionptp", "minorVersionPTP", Uint8, Dec).mask(0xf0);
    VERSIONPTP = field("ptp.v2.versionptp", "versionPTP", Uint8, Dec).mask(0x0f);
    MESSAGELENGTH = field("ptp.v2.messagelength", "messageLength", Uint16, Dec);
    DOMAINNUMBER = field("ptp.v2.domainnumber", "domainNumber", Uint8, Dec);
    MINORSDOID = field("ptp.v2.minorsdoid", "minorSdoId", Uint8, Dec);
    FLAGS = field("ptp.v2.flags", "flags", Uint16, Hex);
    SECURITY = field("ptp.v2.flags.security", "PTP_SECURITY", Boolean, None).mask(0x8000);
    SPECIFIC2 = field("ptp.v2.flags.specific2", "PTP profile Specific 2", Boolean, None).mask(0x4000);
    SPECIFIC1 = field("ptp.v2.flags.specific1", "PTP profile Specific 1", Boolean, None).mask(0x2000);
    UNICAST = field("ptp.v2.flags.unicast", "PTP_UNICAST", Boolean, None).mask(0x0400);
    TWOSTEP = field("ptp.v2.flags.twostep", "PTP_TWO_STEP", Boolean, None).mask(0x0200);
    ALTERNATEMASTER = field("ptp.v2.flags.alternatemaster", "PTP_ALTERNATE_MASTER", Boolean, None).mask(0x0100);
    UNCERTAIN = field("ptp.v2.flags.synchronizationUncertain", "SYNCHRONIZATION_UNCERTAIN", Boolean, None).mask(0x0040);
    FREQUENCYTRACEABLE = field("ptp.v2.flags.frequencytraceable", "FREQUENCY_TRACEABLE", Boolean, None).mask(0x0020);
    TIMETRACEABLE = field("ptp.v2.flags.timetraceable", "TIME_TRACEABLE", Boolean, None).mask(0x0010);
    TIMESCALE = field("ptp.v2.flags.timescale", "PTP_TIMESCALE", Boolean, None).mask(0x0008);
    UTCREASONABLE = field("ptp.v2.flags.utcreasonable", "PTP_UTC_REASONABLE", Boolean, None).mask(0x0004);
    LI59 = field("ptp.v2.flags.li59", "PTP_LI_59", Boolean, None).mask(0x0002);
    LI61 = field("ptp.v2.flags.li61", "PTP_LI_61", Boolean, None).mask(0x0001);
    CORRECTION_NS = field("ptp.v2.correction.ns", "correction", Uint64, Dec);
    CORRECTION_SUBNS = field("ptp.v2.correction.subns", "correctionSubNs", Double, None);
    MESSAGETYPESPECIFIC = field("ptp.v2.messagetypespecific", "messageTypeSpecific", Uint32, Dec);
    CLOCKIDENTITY = field("ptp.v2.clockidentity", "ClockIdentity", Uint64, Hex);
    SOURCEPORTID = field("ptp.v2.sourceportid", "SourcePortID", Uint16, Dec);
    SEQUENCEID = field("ptp.v2.sequenceid", "sequenceId", Uint16, Dec);
    CONTROLFIELD = field("ptp.v2.controlfield", "controlField", Uint8, Dec).names(Names::Values(CONTROLS));
    LOGMESSAGEPERIOD = field("ptp.v2.logmessageperiod", "logMessagePeriod", Int8, Dec);
    AN_SECONDS = field("ptp.v2.an.origintimestamp.seconds", "originTimestamp (seconds)", Uint64, Dec);
    AN_NANOSECONDS = field("ptp.v2.an.origintimestamp.nanoseconds", "originTimestamp (nanoseconds)", Int32, Dec);
    AN_UTCOFFSET = field("ptp.v2.an.origincurrentutcoffset", "originCurrentUTCOffset", Int16, Dec);
    AN_PRIORITY1 = field("ptp.v2.an.priority1", "priority1", Uint8, Dec);
    AN_CLOCKCLASS = field("ptp.v2.an.grandmasterclockclass", "grandmasterClockClass", Uint8, Dec);
    AN_CLOCKACCURACY = field("ptp.v2.an.grandmasterclockaccuracy", "grandmasterClockAccuracy", Uint8, Hex).names(Names::Values(ACCURACIES));
    AN_CLOCKVARIANCE = field("ptp.v2.an.grandmasterclockvariance", "grandmasterClockVariance", Uint16, Dec);
    AN_PRIORITY2 = field("ptp.v2.an.priority2", "priority2", Uint8, Dec);
    AN_GRANDMASTER = field("ptp.v2.an.grandmasterclockidentity", "grandmasterClockIdentity", Uint64, Hex);
    AN_STEPSREMOVED = field("ptp.v2.an.localstepsremoved", "localStepsRemoved", Uint16, Dec);
    TIMESOURCE = field("ptp.v2.timesource", "TimeSource", Uint8, Hex).names(Names::Values(SOURCES));
    AN_TLV_TYPE = field("ptp.v2.an.tlvType", "tlvType", Uint16, Dec);
    AN_TLV_LENGTH = field("ptp.v2.an.lengthField", "lengthField", Uint16, Dec);
    AN_TLV_DATA = field("ptp.v2.an.tlv.data", "data", Bytes, None);
    SDR_SECONDS = field("ptp.v2.sdr.origintimestamp.seconds", "originTimestamp (seconds)", Uint64, Dec);
    SDR_NANOSECONDS = field("ptp.v2.sdr.origintimestamp.nanoseconds", "originTimestamp (nanoseconds)", Int32, Dec);
    FU_SECONDS = field("ptp.v2.fu.preciseorigintimestamp.seconds", "preciseOriginTimestamp (seconds)", Uint64, Dec);
    FU_NANOSECONDS = field("ptp.v2.fu.preciseorigintimestamp.nanoseconds", "preciseOriginTimestamp (nanoseconds)", Uint32, Dec);
    DR_SECONDS = field("ptp.v2.dr.receivetimestamp.seconds", "receiveTimestamp (seconds)", Uint64, Dec);
    DR_NANOSECONDS = field("ptp.v2.dr.receivetimestamp.nanoseconds", "receiveTimestamp (nanoseconds)", Int32, Dec);
    DR_IDENTITY = field("ptp.v2.dr.requestingsourceportidentity", "requestingSourcePortIdentity", Uint64, Hex);
    DR_PORT = field("ptp.v2.dr.requestingsourceportid", "requestingSourcePortId", Uint16, Dec);
    PDRQ_SECONDS = field("ptp.v2.pdrq.origintimestamp.seconds", "originTimestamp (seconds)", Uint64, Dec);
    PDRQ_NANOSECONDS = field("ptp.v2.pdrq.origintimestamp.nanoseconds", "originTimestamp (nanoseconds)", Int32, Dec);
    PDRS_SECONDS = field("ptp.v2.pdrs.requestreceipttimestamp.seconds", "requestreceiptTimestamp (seconds)", Uint64, Dec);
    PDRS_NANOSECONDS = field("ptp.v2.pdrs.requestreceipttimestamp.nanoseconds", "requestreceiptTimestamp (nanoseconds)", Int32, Dec);
    PDRS_IDENTITY = field("ptp.v2.pdrs.requestingportidentity", "requestingSourcePortIdentity", Uint64, Hex);
    PDRS_PORT = field("ptp.v2.pdrs.requestingsourceportid", "requestingSourcePortId", Uint16, Dec);
    PDFU_SECONDS = field("ptp.v2.pdfu.responseorigintimestamp.seconds", "responseOriginTimestamp (seconds)", Uint64, Dec);
    PDFU_NANOSECONDS = field("ptp.v2.pdfu.responseorigintimestamp.nanoseconds", "responseOriginTimestamp (nanoseconds)", Int32, Dec);
    PDFU_IDENTITY = field("ptp.v2.pdfu.requestingportidentity", "requestingSourcePortIdentity", Uint64, Hex);
    PDFU_PORT = field("ptp.v2.pdfu.requestingsourceportid", "requestingSourcePortId", Uint16, Dec);
}

/// Message types (IEEE 1588-2008, table 19).
const TYPES: &[(u64, &str)] = &[
    (0, "Sync Message"),
    (1, "Delay_Req Message"),
    (2, "Peer_Delay_Req Message"),
    (3, "Peer_Delay_Resp Message"),
    (8, "Follow_Up Message"),
    (9, "Delay_Resp Message"),
    (10, "Peer_Delay_Resp_Follow_Up Message"),
    (11, "Announce Message"),
    (12, "Signalling Message"),
    (13, "Management Message"),
];
/// The control field, for the sake of version 1 (table 23).
const CONTROLS: &[(u64, &str)] = &[
    (0, "Sync Message"),
    (1, "Delay_Req Message"),
    (2, "Follow_Up Message"),
    (3, "Delay_Resp Message"),
    (4, "Management Message"),
    (5, "Other Message"),
];
/// How good a clock is (table 6).
const ACCURACIES: &[(u64, &str)] = &[
    (0x20, "The time is accurate to within 25 ns"),
    (0x21, "The time is accurate to within 100 ns"),
    (0x22, "The time is accurate to within 250 ns"),
    (0x23, "The time is accurate to within 1 us"),
    (0x24, "The time is accurate to within 2,5 us"),
    (0x25, "The time is accurate to within 10 us"),
    (0x26, "The time is accurate to within 25 us"),
    (0x27, "The time is accurate to within 100 us"),
    (0x28, "The time is accurate to within 250 us"),
    (0x29, "The time is accurate to within 1 ms"),
    (0x2a, "The time is accurate to within 2,5 ms"),
    (0x2b, "The time is accurate to within 10 ms"),
    (0x2c, "The time is accurate to within 25 ms"),
    (0x2d, "The time is accurate to within 100 ms"),
    (0x2e, "The time is accurate to within 250 ms"),
    (0x2f, "The time is accurate to within 1 s"),
    (0x30, "The time is accurate to within 10 s"),
    (0x31, "The time is accurate to >10 s"),
    (0x32, "reserved"),
    (0x80, "For use by alternate PTP profiles"),
    (0xfe, "Accuracy Unknown"),
    (0xff, "reserved"),
];
/// Where a clock has its time from (table 7).
const SOURCES: &[(u64, &str)] = &[
    (0x10, "ATOMIC_CLOCK"),
    (0x20, "GPS"),
    (0x30, "TERRESTRIAL_RADIO"),
    (0x40, "PTP"),
    (0x50, "NTP"),
    (0x60, "HAND_SET"),
    (0x90, "OTHER"),
    (0xa0, "INTERNAL_OSCILLATOR"),
    (0xff, "reserved"),
];

const EVENT_PORT: u16 = 319;
const GENERAL_PORT: u16 = 320;
const HEADER_LEN: usize = 34;
/// Where the suffixes of an announcement begin.
const ANNOUNCE_LEN: usize = 64;
/// How many suffixes of a message are read.
const MAX_SUFFIXES: usize = 64;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Data],
    samples: &[Sample { link_type: 1, frames: SAMPLE }],
    ..Protocol::new(
        ProtoId::Ptp,
        "PTPv2",
        &[Binding::EtherType(0x88f7), Binding::UdpPort(EVENT_PORT), Binding::UdpPort(GENERAL_PORT)],
        dissect,
    )
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let (kind, version) = (tvb.u8(0)?, tvb.u8(1)?);
    if version & 0xf != 2 {
        d.call(ProtoId::Data, tvb);
        return Ok(());
    }
    d.set_protocol("PTPv2");
    d.set_info(|| {
        let name = Names::Values(TYPES).of((kind & 0xf).into());
        name.map_or_else(|| format!("Unknown PTP Message ({})", kind & 0xf), |name| name.into_owned())
    });
    d.begin(PROTO, tvb);
    d.bits(MAJORSDOID, tvb, 0, 1, kind.into());
    d.bits(MESSAGETYPE, tvb, 0, 1, kind.into());
    d.bits(MINORVERSIONPTP, tvb, 1, 1, version.into());
    d.bits(VERSIONPTP, tvb, 1, 1, version.into());
    let len = d.uint(MESSAGELENGTH, tvb, 2, 2)? as usize;
    if !d.is_inside(ProtoId::Udp) {
        d.end_payload(tvb, len);
    }
    d.uint(DOMAINNUMBER, tvb, 4, 1)?;
    d.uint(MINORSDOID, tvb, 5, 1)?;
    let flags = tvb.u16(6)?;
    d.open(FLAGS, tvb, 6, 2, Value::Uint(flags.into()));
    for field in [
        SECURITY,
        SPECIFIC2,
        SPECIFIC1,
        UNICAST,
        TWOSTEP,
        ALTERNATEMASTER,
        UNCERTAIN,
        FREQUENCYTRACEABLE,
        TIMETRACEABLE,
        TIMESCALE,
        UTCREASONABLE,
        LI59,
        LI61,
    ] {
        d.flag(field, tvb, 6, 2, flags.into());
    }
    d.close();
    // A signed number of nanoseconds, times 2^16.
    let correction = i64::from_be_bytes(tvb.array(8)?);
    let (whole, part) = (correction >> 16, (correction & 0xffff) as f64 / 65_536.0);
    d.open_text(tvb, 8, 8, || format!("correctionField: {:.6} nanoseconds", whole as f64 + part));
    let line = d.add(CORRECTION_NS, tvb, 8, 6, Value::Uint(whole as u64));
    d.text(line, || format!("correction: Ns: {whole} nanoseconds"));
    d.add(CORRECTION_SUBNS, tvb, 14, 2, Value::Float(part));
    d.close();
    d.uint(MESSAGETYPESPECIFIC, tvb, 16, 4)?;
    d.uint(CLOCKIDENTITY, tvb, 20, 8)?;
    d.uint(SOURCEPORTID, tvb, 28, 2)?;
    d.uint(SEQUENCEID, tvb, 30, 2)?;
    d.uint(CONTROLFIELD, tvb, 32, 1)?;
    let period = tvb.u8(33)? as i8;
    d.add(LOGMESSAGEPERIOD, tvb, 33, 1, Value::Int(period.into()));
    match kind & 0xf {
        0 | 1 => time(d, tvb, SDR_SECONDS, SDR_NANOSECONDS, true)?,
        2 => time(d, tvb, PDRQ_SECONDS, PDRQ_NANOSECONDS, true)?,
        3 => {
            time(d, tvb, PDRS_SECONDS, PDRS_NANOSECONDS, true)?;
            requester(d, tvb, PDRS_IDENTITY, PDRS_PORT)?;
        }
        8 => time(d, tvb, FU_SECONDS, FU_NANOSECONDS, false)?,
        9 => {
            time(d, tvb, DR_SECONDS, DR_NANOSECONDS, true)?;
            requester(d, tvb, DR_IDENTITY, DR_PORT)?;
        }
        10 => {
            time(d, tvb, PDFU_SECONDS, PDFU_NANOSECONDS, true)?;
            requester(d, tvb, PDFU_IDENTITY, PDFU_PORT)?;
        }
        11 => announce(d, tvb, len)?,
        _ => {}
    }
    d.close();
    Ok(())
}

/// Six octets of seconds and four of nanoseconds (IEEE 1588-2008, 5.3.3), behind the header.
fn time<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, seconds: FieldId, nanoseconds: FieldId, signed: bool) -> Parsed {
    d.uint(seconds, tvb, HEADER_LEN, 6)?;
    let fraction = tvb.u32(HEADER_LEN + 6)?;
    let value = if signed { Value::Int((fraction as i32).into()) } else { Value::Uint(fraction.into()) };
    d.add(nanoseconds, tvb, HEADER_LEN + 6, 4, value);
    Ok(())
}

/// Who had asked, behind the time.
fn requester<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, identity: FieldId, port: FieldId) -> Result<(), Stop> {
    d.uint(identity, tvb, HEADER_LEN + 10, 8)?;
    d.uint(port, tvb, HEADER_LEN + 18, 2)?;
    Ok(())
}

/// IEEE 1588-2008, 13.5 and 14.1.
fn announce<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, len: usize) -> Parsed {
    time(d, tvb, AN_SECONDS, AN_NANOSECONDS, true)?;
    let offset = tvb.u16(44)? as i16;
    d.add(AN_UTCOFFSET, tvb, 44, 2, Value::Int(offset.into()));
    d.uint(AN_PRIORITY1, tvb, 47, 1)?;
    d.uint(AN_CLOCKCLASS, tvb, 48, 1)?;
    d.uint(AN_CLOCKACCURACY, tvb, 49, 1)?;
    d.uint(AN_CLOCKVARIANCE, tvb, 50, 2)?;
    d.uint(AN_PRIORITY2, tvb, 52, 1)?;
    d.uint(AN_GRANDMASTER, tvb, 53, 8)?;
    d.uint(AN_STEPSREMOVED, tvb, 61, 2)?;
    d.uint(TIMESOURCE, tvb, 63, 1)?;
    let mut at = ANNOUNCE_LEN;
    for _ in 0..MAX_SUFFIXES {
        if at + 4 > len {
            break;
        }
        let (kind, inner) = (tvb.u16(at)?, usize::from(tvb.u16(at + 2)?));
        d.open_text(tvb, at, inner + 4, || format!("TLV ({kind})"));
        d.uint(AN_TLV_TYPE, tvb, at, 2)?;
        d.uint(AN_TLV_LENGTH, tvb, at + 2, 2)?;
        let data = tvb.exact(at + 4, inner)?;
        d.bytes(AN_TLV_DATA, data, 0, inner);
        d.close();
        at += 4 + inner;
    }
    Ok(())
}

/// A head of each kind, and what follows it.
const SAMPLE: &[&str] = &[
    "011b19000000 020000000001 88f7 00 02 002c 00 00 0200 0000000000018000 00000000 0200000000000001 0001 0000 00 00 00005e4ff40a 33ae0b1f",
    "011b19000000 020000000001 88f7 02 02 0036 00 00 0000 0000000000000000 00000000 0200000000000001 0001 0000 05 7f 00005e4ff40a 33ae0b1f 00000000000000000000",
    "011b19000000 020000000001 88f7 03 02 0036 00 00 0000 0000000000000000 00000000 0200000000000001 0001 0000 05 7f 00005e4ff40a 33ae0b1f 0200000000000002 0001",
    "011b19000000 020000000001 88f7 08 02 002c 00 00 0000 0000000000000000 00000000 0200000000000001 0001 0000 02 00 00005e4ff40a 33ae0b1f",
    "011b19000000 020000000001 88f7 09 02 0036 00 00 0000 0000000000000000 00000000 0200000000000001 0001 0000 03 02 00005e4ff40a 33ae0b1f 0200000000000002 0001",
    "011b19000000 020000000001 88f7 0a 02 0036 00 00 0000 0000000000000000 00000000 0200000000000001 0001 0000 05 7f 00005e4ff40a 33ae0b1f 0200000000000002 0001",
    "011b19000000 020000000001 88f7 0b 02 004c 00 00 003c 0000000000000000 00000000 0200000000000001 0001 0000 05 01 000000000000 00000000 0025 00 80 f8fe ffff 80 0200000000000001 0000 50 0008 0008 0200000000000001",
];

#[cfg(test)]
mod tests {
    use crate::tests::{frames, values};

    #[test]
    fn messages_are_read_up_to_their_end() {
        let shown = frames(1, super::SAMPLE);
        assert_eq!(values(&shown[0], "ptp.v2.correction.ns"), "1");
        assert_eq!(values(&shown[0], "ptp.v2.correction.subns"), "0.5");
        assert_eq!(values(&shown[3], "ptp.v2.fu.preciseorigintimestamp.seconds"), "1582298122");
        assert_eq!(values(&shown[4], "ptp.v2.dr.requestingsourceportid"), "1");
        assert_eq!(values(&shown[6], "ptp.v2.an.grandmasterclockidentity"), "0x0200000000000001");
        assert_eq!(values(&shown[6], "ptp.v2.an.tlv.data"), "0200000000000001");
    }

    #[test]
    fn a_suffix_that_is_too_long_is_damage() {
        let shown = frames(1, &[&super::SAMPLE[6].replace("0008 0008", "0008 0108")]);
        assert!(values(&shown[0], "_ws.expert.message").contains("Malformed"));
    }
}
