//! GPRS Tunnelling Protocol, user plane (3GPP TS 29.281): the packets of mobile subscribers. Of other messages only the
//! header is read.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Gtp, "gtp", "GPRS Tunneling Protocol";
    FLAGS = field("gtp.flags", "Flags", Uint8, Hex);
    FLAGS_VERSION = field("gtp.flags.version", "Version", Uint8, Dec).names(Names::Values(VERSIONS)).mask(0xe0);
    FLAGS_PAYLOAD = field("gtp.flags.payload", "Protocol type", Uint8, Dec).names(Names::Values(&[(0, "GTP'"), (1, "GTP")])).mask(0x10);
    FLAGS_RESERVED = field("gtp.flags.reserved", "Reserved", Uint8, Dec).mask(0x08);
    FLAGS_E = field("gtp.flags.e", "Is Next Extension Header present?", Boolean, None).names(YES).mask(0x04);
    FLAGS_S = field("gtp.flags.s", "Is Sequence Number present?", Boolean, None).names(YES).mask(0x02);
    FLAGS_PN = field("gtp.flags.pn", "Is N-PDU number present?", Boolean, None).names(YES).mask(0x01);
    MESSAGE = field("gtp.message", "Message Type", Uint8, Hex).names(Names::Values(MESSAGES));
    LENGTH = field("gtp.length", "Length", Uint16, Dec);
    TEID = field("gtp.teid", "TEID", Uint32, HexDec);
    SEQ_NUMBER = field("gtp.seq_number", "Sequence number", Uint16, HexDec);
    NPDU_NUMBER = field("gtp.npdu_number", "N-PDU Number", Uint8, Hex);
    EXT_HDR_NEXT = field("gtp.ext_hdr.next", "Next extension header type", Uint8, Hex);
}

const YES: Names = Names::Flag("Yes", "No");
const VERSIONS: &[(u64, &str)] = &[(0, "GTP release 97/98 version"), (1, "GTP release 99 version")];

const MESSAGES: &[(u64, &str)] = &[
    (0x01, "Echo request"),
    (0x02, "Echo response"),
    (0x03, "Version not supported"),
    (0x10, "Create PDP context request"),
    (0x11, "Create PDP context response"),
    (0x12, "Update PDP context request"),
    (0x13, "Update PDP context response"),
    (0x14, "Delete PDP context request"),
    (0x15, "Delete PDP context response"),
    (0x1a, "Error indication"),
    (0x1f, "Supported extension headers notification"),
    (0xfe, "End Marker"),
    (0xff, "T-PDU"),
];

const T_PDU: u8 = 0xff;
const HEADER_LEN: usize = 8;
/// How many extension headers a packet may have.
pub const MAX_EXTENSION_HEADERS: usize = 16;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Ip, ProtoId::Ipv6, ProtoId::Data],
    samples: &[Sample {
        link_type: 228,
        frames: &[
            "4500002d 00000000 40110000 0a000001 0a000002 08680868 00190000 36ff 0009 00000001 0005 00 85 01 0001 00 45",
            "4500002800010000401100000a0000010a0000020868086800140000310100040000000700010900",
        ],
    }],
    ..Protocol::new(ProtoId::Gtp, "GTP", &[Binding::UdpPort(2152)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("GTP");
    d.set_info(String::new);
    let item = d.begin(PROTO, tvb);
    let flags = tvb.u8(0)?;
    let message = tvb.u8(1)?;
    d.set_info(|| Names::Values(MESSAGES).of(message.into()).unwrap_or("Unknown".into()).into_owned());
    d.open(FLAGS, tvb, 0, 1, Value::Uint(flags.into()));
    for field in [FLAGS_VERSION, FLAGS_PAYLOAD, FLAGS_RESERVED] {
        d.bits(field, tvb, 0, 1, flags.into());
    }
    for flag in [FLAGS_E, FLAGS_S, FLAGS_PN] {
        d.flag(flag, tvb, 0, 1, flags.into());
    }
    d.close();
    d.add(MESSAGE, tvb, 1, 1, Value::Uint(message.into()));
    let len = d.uint(LENGTH, tvb, 2, 2)? as usize;
    d.uint(TEID, tvb, 4, 4)?;
    let header_len = optional(d, tvb, flags)?;
    d.set_len(item, header_len);
    d.close();
    let payload = tvb.sub(header_len, (HEADER_LEN + len).saturating_sub(header_len));
    if message == T_PDU {
        match payload.u8(0).unwrap_or_default() >> 4 {
            4 => d.call(ProtoId::Ip, payload),
            6 => d.call(ProtoId::Ipv6, payload),
            _ => d.call(ProtoId::Data, payload),
        }
        d.wrap_protocol("GTP");
    }
    Ok(())
}

/// The part that stands there when any of three flags is set (TS 29.281, 5.1); answers the header's length.
fn optional<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, flags: u8) -> Result<usize, Stop> {
    if flags & 0x07 == 0 {
        return Ok(HEADER_LEN);
    }
    if flags & 0x02 != 0 {
        d.uint(SEQ_NUMBER, tvb, HEADER_LEN, 2)?;
    }
    if flags & 0x01 != 0 {
        d.uint(NPDU_NUMBER, tvb, HEADER_LEN + 2, 1)?;
    }
    let mut at = HEADER_LEN + 4;
    let mut next = tvb.u8(HEADER_LEN + 3)?;
    if flags & 0x04 == 0 {
        return Ok(at);
    }
    d.add(EXT_HDR_NEXT, tvb, HEADER_LEN + 3, 1, Value::Uint(next.into()));
    for _ in 0..MAX_EXTENSION_HEADERS {
        if next == 0 {
            return Ok(at);
        }
        // In units of four octets, of which the last one is the next header's type.
        let len = usize::from(tvb.u8(at)?) * 4;
        if len == 0 {
            return Err(Stop::Malformed);
        }
        next = tvb.u8(at + len - 1)?;
        d.add(EXT_HDR_NEXT, tvb, at + len - 1, 1, Value::Uint(next.into()));
        at += len;
    }
    Err(Stop::Malformed)
}
