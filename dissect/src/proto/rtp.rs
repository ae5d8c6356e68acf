//! The Real-time Transport Protocol (RFC 3550) where signalling set it up, with the header extensions of RFC 8285.

mod coded;

pub(crate) use coded::CODED;

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::proto::sdp::names::PAYLOAD_TYPES;
use crate::proto::{rtcp, sip, udp};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::setup::Setup;
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Rtp, "rtp", "Real-Time Transport Protocol";
    SETUP = field("rtp.setup", "Stream setup", String, None);
    SETUP_FRAME = field("rtp.setup-frame", "Setup frame", FrameNum, None);
    SETUP_METHOD = field("rtp.setup-method", "Setup Method", String, None);
    VERSION = field("rtp.version", "Version", Uint8, Dec).names(Names::Values(VERSIONS)).mask(0xc0);
    PADDING = field("rtp.padding", "Padding", Boolean, None).mask(0x20);
    EXT = field("rtp.ext", "Extension", Boolean, None).mask(0x10);
    CC = field("rtp.cc", "Contributing source identifiers count", Uint8, Dec).mask(0x0f);
    MARKER = field("rtp.marker", "Marker", Boolean, None).mask(0x80);
    P_TYPE = field("rtp.p_type", "Payload type", Uint8, Dec).mask(0x7f);
    SEQ = field("rtp.seq", "Sequence number", Uint16, Dec);
    EXTSEQ = field("rtp.extseq", "Extended sequence number", Uint32, Dec);
    TIMESTAMP = field("rtp.timestamp", "Timestamp", Uint32, Dec);
    SSRC = field("rtp.ssrc", "Synchronization Source identifier", Uint32, HexDec);
    CSRC_ITEMS = field("rtp.csrc.items", "Contributing Source identifiers", None, None);
    CSRC_ITEM = field("rtp.csrc.item", "CSRC item", Uint32, HexDec);
    EXT_PROFILE = field("rtp.ext.profile", "Defined by profile", Uint16, HexDec);
    EXT_LEN = field("rtp.ext.len", "Extension length", Uint16, Dec);
    HDR_EXTS = field("rtp.hdr_exts", "Header extensions", None, None);
    HDR_EXT = field("rtp.hdr_ext", "Header extension", Uint32, HexDec);
    RFC5285_APPBITS = field("rtp.ext.rfc5285.appbits", "Application Bits", Uint8, Dec);
    RFC5285_ID = field("rtp.ext.rfc5285.id", "Identifier", Uint8, Dec);
    RFC5285_LEN = field("rtp.ext.rfc5285.len", "Length", Uint8, Dec);
    RFC5285_DATA = field("rtp.ext.rfc5285.data", "Extension Data", Bytes, None);
    PAYLOAD = field("rtp.payload", "Payload", Bytes, None);
    FOLLOW = field("rtp.follow", "Follow", Boolean, None).mask(0x80);
    TIMESTAMP_OFFSET = field("rtp.timestamp-offset", "Timestamp offset", Uint16, Dec).mask(0xfffc);
    BLOCK_LENGTH = field("rtp.block-length", "Block length", Uint16, Dec).mask(0x03ff);
    PADDING_DATA = field("rtp.padding.data", "Padding data", Bytes, None);
    PADDING_COUNT = field("rtp.padding.count", "Padding count", Uint8, Dec);
    ENC_PAYLOAD = field("srtp.enc_payload", "SRTP Encrypted Payload", Bytes, None);
}

/// Of RTP and RTCP.
pub(crate) const VERSIONS: &[(u64, &str)] =
    &[(2, "RFC 1889 Version"), (0, "Old VAT Version"), (1, "First Draft Version")];

pub(crate) const HEADER_LEN: usize = 12;

/// RFC 8285, 4.2 and 4.3: what the profile of a header extension is where elements lie in it.
const ONE_BYTE: u16 = 0xbede;
const TWO_BYTE: u16 = 0x1000;
const TWO_BYTE_MASK: u16 = 0xfff0;

/// RFC 5761, 4: second octets that are RTCP's where both share a port.
const CONTROL: std::ops::RangeInclusive<u8> = 192..=223;

/// Encodings with a protocol of their own.
const ENCODINGS: &[(&str, ProtoId)] = &[
    ("telephone-event", ProtoId::Rtpevent),
    ("opus", ProtoId::Opus),
    ("H263", ProtoId::Rfc2190),
    ("H264", ProtoId::H264),
    ("x-h264uc", ProtoId::H264),
    ("AMR", ProtoId::Amr),
    ("G723", ProtoId::G723),
];
/// Payload types with a protocol of their own (RFC 3551, 6).
const ASSIGNED: [(u8, ProtoId); 2] = [(4, ProtoId::G723), (34, ProtoId::Rfc2190)];
/// Of what the packets of a stream are more than their header.
const CARRIED: [ProtoId; 4] = [ProtoId::Rfc2190, ProtoId::H264, ProtoId::Amr, ProtoId::G723];
/// What payload types that nobody explained mostly are: telephone events, and those of Cisco.
const USUAL_EVENTS: [u8; 2] = [101, 100];
/// The payload type of redundant data where nobody explained it.
const USUAL_RED: u8 = 99;

/// INVITE and 200 OK with audio at 10.0.0.1:4000 and 10.0.0.2:5000, where payload type 96 is redundant data; then packets
/// with contributing sources, with padding, with header extensions of the three kinds, redundant, and encrypted ones.
const SAMPLE: &[&str] = &[
    "4500015f00010000401100000a0000010a00000213c413c4014b0000494e56495445207369703a624062205349502f322e30 \
     0d0a5669613a205349502f322e302f5544502031302e302e302e313b6272616e63683d7a39684734624b310d0a46726f6d3a \
     203c7369703a6140613e3b7461673d310d0a546f3a203c7369703a6240623e0d0a43616c6c2d49443a2063310d0a43536571 \
     3a203120494e564954450d0a436f6e74656e742d547970653a206170706c69636174696f6e2f7364700d0a436f6e74656e74 \
     2d4c656e6774683a203133350d0a0d0a763d300d0a6f3d2d2031203120494e204950342031302e302e302e310d0a733d2d0d \
     0a633d494e204950342031302e302e302e310d0a743d3020300d0a6d3d617564696f2034303030205254502f415650203020 \
     39360d0a613d7274706d61703a3936207265642f383030300d0a6d3d617564696f2034303032205254502f5341565020300d \
     0a",
    "4500014100010000401100000a0000020a00000113c413c4012d00005349502f322e3020323030204f4b0d0a5669613a2053 \
     49502f322e302f5544502031302e302e302e313b6272616e63683d7a39684734624b310d0a46726f6d3a203c7369703a6140 \
     613e3b7461673d310d0a546f3a203c7369703a6240623e0d0a43616c6c2d49443a2063310d0a435365713a203120494e5649 \
     54450d0a436f6e74656e742d547970653a206170706c69636174696f6e2f7364700d0a436f6e74656e742d4c656e6774683a \
     203131330d0a0d0a763d300d0a6f3d2d2031203120494e204950342031302e302e302e320d0a733d2d0d0a633d494e204950 \
     342031302e302e302e320d0a743d3020300d0a6d3d617564696f2035303030205254502f41565020302039360d0a6d3d6175 \
     64696f2035303032205254502f5341565020300d0a",
    "4500003400010000401100000a0000020a00000113880fa00020000082000007000003e80000123400000001000000026162 \
     6364",
    "4500003800010000401100000a0000020a00000113880fa00024000090000007000003e800001234bede000210ff22010203 \
     000061626364",
    "4500003800010000401100000a0000020a00000113880fa00024000090000007000003e800001234100000020101ff0202aa \
     bb0061626364",
    "4500003400010000401100000a0000020a00000113880fa00020000090000007000003e80000123412340001aabbccdd6162 \
     6364",
    "4500003000010000401100000a0000020a00000113880fa0001c0000a0000007000003e8000012346162636400000004",
    "4500003300010000401100000a0000020a00000113880fa0001f000080600001000000a00000123480028003006162636465 \
     66",
    "4500002c00010000401100000a0000020a000001138a0fa20018000080000007000003e80000123461626364",
];

pub(crate) static PROTOCOL: Protocol = Protocol {
    is_told_later: true,
    calls: &[
        ProtoId::Rtpevent,
        ProtoId::Opus,
        ProtoId::Rfc2190,
        ProtoId::H264,
        ProtoId::Amr,
        ProtoId::G723,
        ProtoId::Rtcp,
        ProtoId::Data,
    ],
    fed_by: &[ProtoId::Sdp],
    accepts: Some(accepts),
    samples: &[Sample { link_type: 101, frames: SAMPLE }],
    ..Protocol::new(ProtoId::Rtp, "RTP", &[Binding::Media], dissect)
};

/// RFC 7983, 7: the first octet of what else is heard at the address of RTP is one that RTP of version 0 would have.
fn accepts<'a>(_: &Dissector<'a>, tvb: Tvb<'a>) -> bool {
    tvb.u8(0).is_ok_and(|first| first >> 6 != 0)
}

/// Shows the version of what is no RTP, for which another protocol is looked for.
pub(crate) fn show_version<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) {
    if !d.wants(VERSION) && !d.wants(PROTO) {
        return;
    }
    d.open(PROTO, tvb, 0, tvb.reported(), Value::Protocol { end: tvb.base.saturating_add(tvb.len() as u32) });
    if let Ok(first) = tvb.u8(0) {
        d.bits(VERSION, tvb, 0, 1, first.into());
    }
    d.close();
}

/// What a payload type is called.
pub(crate) fn payload_name(payload_type: u8, setup: Option<&Setup>) -> String {
    match setup.and_then(|setup| setup.encoding(payload_type)).filter(|_| payload_type >= 96) {
        Some(encoding) => encoding.name.to_string(),
        None if payload_type >= 96 => format!("DynamicRTP-Type-{payload_type}"),
        None => Names::Ranges(PAYLOAD_TYPES).of(payload_type.into()).unwrap_or_default().into_owned(),
    }
}

/// How a payload is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Content {
    Plain,
    Proto(ProtoId),
    /// RFC 2198.
    Redundant,
}

fn content(payload_type: u8, setup: Option<&Setup>) -> Content {
    match setup.and_then(|setup| setup.encoding(payload_type)) {
        Some(encoding) if encoding.name.eq_ignore_ascii_case("red") => Content::Redundant,
        Some(encoding) => {
            let row = ENCODINGS.iter().find(|row| row.0.eq_ignore_ascii_case(&encoding.name));
            row.map_or(Content::Plain, |row| Content::Proto(row.1))
        }
        None if USUAL_EVENTS.contains(&payload_type) => Content::Proto(ProtoId::Rtpevent),
        None if payload_type == USUAL_RED => Content::Redundant,
        None => match ASSIGNED.iter().find(|row| row.0 == payload_type) {
            Some((_, proto)) => Content::Proto(*proto),
            None => Content::Plain,
        },
    }
}

/// Shows what set the stream up, for RTP, RTCP and T.38: the line, the frame and the method.
pub(crate) fn show_setup<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, setup: &Setup, fields: [FieldId; 3]) {
    let item = d.open(fields[0], tvb, 0, 0, Value::String(Box::default()));
    d.mark_generated(item);
    d.text(item, || format!("[Stream setup by {} (frame {})]", setup.method, setup.frame));
    d.generated(fields[1], tvb, 0, 0, Value::Uint(setup.frame));
    d.generated(fields[2], tvb, 0, 0, Value::String(setup.method.into()));
    if fields[0] == SETUP && !setup.call_id.is_empty() {
        d.generated(sip::CALL_ID_GENERATED, tvb, 0, 0, Value::String(setup.call_id.clone()));
    }
    d.close();
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let first = tvb.u8(0)?;
    if first >> 6 != 2 {
        d.set_protocol("RTP");
        d.set_info(|| format!("Unknown RTP version {}", first >> 6));
        show_version(d, tvb);
        d.call(ProtoId::Data, tvb);
        return Ok(());
    }
    // RFC 5761: RTCP may share the port.
    if tvb.u8(1).is_ok_and(|second| CONTROL.contains(&second)) {
        if rtcp::KNOWN.contains(&tvb.u8(1)?) {
            d.layer("rtp");
        }
        d.call(ProtoId::Rtcp, tvb);
        return Ok(());
    }
    if tvb.slice(0, HEADER_LEN).is_err() {
        d.layer("rtp");
    }
    tvb.slice(0, HEADER_LEN)?;
    let media = udp::media(d).filter(|media| media.0.proto == ProtoId::Rtp);
    let setup = media.as_ref().map(|media| &*media.0);
    let is_secure = setup.is_some_and(|setup| setup.is_secure);
    let second = tvb.u8(1)?;
    let payload_type = second & 0x7f;
    let (sequence, timestamp, ssrc) = (tvb.u16(2)?, tvb.u32(4)?, tvb.u32(8)?);
    d.set_protocol(if is_secure { "SRTP" } else { "RTP" });
    d.set_info(|| {
        let name = payload_name(payload_type, setup);
        let mark = if second & 0x80 != 0 { ", Mark" } else { "" };
        format!("PT={name}, SSRC=0x{ssrc:X}, Seq={sequence}, Time={timestamp}{mark}")
    });
    if !d.wants_fields_of(ProtoId::Rtp)
        && !d.wants(sip::CALL_ID_GENERATED)
        && !d.wants_fields_of(ProtoId::Rtpevent)
        && !d.wants_fields_of(ProtoId::Opus)
        && !CARRIED.iter().any(|id| d.wants_proto(*id))
        && !d.wants_tree()
    {
        d.layer("rtp");
        return Ok(());
    }
    d.begin(PROTO, tvb);
    if let Some(setup) = setup {
        show_setup(d, tvb, setup, [SETUP, SETUP_FRAME, SETUP_METHOD]);
    }
    d.bits(VERSION, tvb, 0, 1, first.into());
    d.flag(PADDING, tvb, 0, 1, first.into());
    d.flag(EXT, tvb, 0, 1, first.into());
    d.bits(CC, tvb, 0, 1, first.into());
    d.flag(MARKER, tvb, 1, 1, second.into());
    let item = d.bits(P_TYPE, tvb, 1, 1, second.into());
    d.text(item, || format!("Payload type: {} ({payload_type})", payload_name(payload_type, setup)));
    d.add(SEQ, tvb, 2, 2, Value::Uint(sequence.into()));
    if let Some((_, extended)) = &media {
        d.generated(EXTSEQ, tvb, 2, 2, Value::Uint((*extended).into()));
    }
    d.add(TIMESTAMP, tvb, 4, 4, Value::Uint(timestamp.into()));
    d.add(SSRC, tvb, 8, 4, Value::Uint(ssrc.into()));
    let mut at = HEADER_LEN;
    at = sources(d, tvb, at, usize::from(first & 0x0f))?;
    if first & 0x10 != 0 {
        at = extension(d, tvb, at)?;
    }
    let rest = tvb.from(at);
    if is_secure {
        if !rest.is_empty() {
            d.bytes(ENC_PAYLOAD, rest, 0, rest.reported());
        }
        d.close();
        return Ok(());
    }
    if first & 0x20 != 0 {
        padded(d, rest, payload_type, setup)?;
    } else if !rest.is_empty() {
        payload(d, rest, payload_type, setup)?;
    }
    d.close();
    Ok(())
}

/// RFC 3550, 5.1: the contributing sources; answers where they end.
fn sources<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, count: usize) -> Result<usize, Stop> {
    if count == 0 {
        return Ok(at);
    }
    let item = d.open(CSRC_ITEMS, tvb, at, count * 4, Value::None);
    d.append_text(item, || format!(" ({count} item{})", if count == 1 { "" } else { "s" }));
    for place in 0..count {
        let source = tvb.u32(at + place * 4)?;
        let item = d.add(CSRC_ITEM, tvb, at + place * 4, 4, Value::Uint(source.into()));
        d.text(item, || format!("CSRC item {place}: 0x{source:X}"));
    }
    d.close();
    Ok(at + count * 4)
}

/// RFC 3550, 5.3.1: the header extension; answers where it ends.
fn extension<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Result<usize, Stop> {
    let profile = tvb.u16(at)?;
    let item = d.add(EXT_PROFILE, tvb, at, 2, Value::Uint(profile.into()));
    d.text(item, || format!("Defined by profile: Unknown (0x{profile:04x})"));
    let words = usize::from(tvb.u16(at + 2)?);
    d.add(EXT_LEN, tvb, at + 2, 2, Value::Uint(words as u64));
    let start = at + 4;
    if words == 0 {
        return Ok(start);
    }
    let elements = tvb.sub(start, words * 4);
    d.open(HDR_EXTS, tvb, start, words * 4, Value::None);
    match profile {
        ONE_BYTE => elements_of(d, elements, 1)?,
        _ if profile & TWO_BYTE_MASK == TWO_BYTE => elements_of(d, elements, 2)?,
        _ => {
            for word in 0..words {
                let value = tvb.u32(start + word * 4)?;
                d.add(HDR_EXT, tvb, start + word * 4, 4, Value::Uint(value.into()));
            }
        }
    }
    d.close();
    Ok(start + words * 4)
}

/// RFC 8285, 4.2 and 4.3: the elements of a header extension, each with a header of `header` octets.
fn elements_of<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, header: usize) -> Parsed {
    let mut at = 0;
    while at + header <= tvb.reported() {
        let first = tvb.u8(at)?;
        // 0 is padding; 15 ends the elements of one octet.
        if first == 0 {
            at += 1;
            continue;
        }
        let (id, len) = if header == 1 {
            (first >> 4, usize::from(first & 0x0f) + 1)
        } else {
            (first, usize::from(tvb.u8(at + 1)?))
        };
        if header == 1 && id == 15 || at + header + len > tvb.reported() {
            break;
        }
        let kind = if header == 1 { "One" } else { "Two" };
        d.open_text(tvb, at, header + len, || format!("RFC 5285 Header Extension ({kind}-Byte Header)"));
        if header == 2 {
            d.add(RFC5285_APPBITS, tvb, at, 1, Value::Uint(0));
        }
        d.add(RFC5285_ID, tvb, at, 1, Value::Uint(id.into()));
        d.add(RFC5285_LEN, tvb, at + header - 1, 1, Value::Uint(len as u64));
        if len > 0 {
            d.bytes(RFC5285_DATA, tvb, at + header, len);
        }
        d.close();
        at += header + len;
    }
    Ok(())
}

/// A payload with padding behind it, whose last octet says how much there is of it (RFC 3550, 5.1).
fn padded<'a>(d: &mut Dissector<'a>, rest: Tvb<'a>, payload_type: u8, setup: Option<&Setup>) -> Parsed {
    let last = rest.reported().checked_sub(1).ok_or(Stop::Malformed)?;
    let count = usize::from(rest.u8(last)?);
    let len = (rest.reported()).saturating_sub(count);
    if len > 0 {
        payload(d, rest.sub(0, len), payload_type, setup)?;
    }
    if count == 0 {
        return Err(Stop::Malformed);
    }
    if last > len {
        d.bytes(PADDING_DATA, rest, len, last - len);
    }
    d.add(PADDING_COUNT, rest, last, 1, Value::Uint(count as u64));
    Ok(())
}

/// Shows the payload, and what it is where that is known: then its octets are hidden.
fn payload<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, payload_type: u8, setup: Option<&Setup>) -> Parsed {
    let item = d.bytes(PAYLOAD, tvb, 0, tvb.reported());
    match content(payload_type, setup) {
        Content::Plain => {}
        Content::Proto(proto) => {
            d.hide(item);
            d.call(proto, tvb);
        }
        Content::Redundant => {
            d.hide(item);
            redundant(d, tvb, setup)?;
        }
    }
    Ok(())
}

/// How many blocks of one redundant payload are read; RFC 2198 senders make one to three.
const MAX_BLOCKS: usize = 64;

/// RFC 2198: headers of blocks, the last of which ends the list, and the blocks.
fn redundant<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, setup: Option<&Setup>) -> Parsed {
    d.open_text(tvb, 0, tvb.reported(), || "RFC 2198: Redundant Audio Data".to_owned());
    let mut blocks = smallvec::SmallVec::<[(u8, usize); 4]>::new();
    let mut at = 0;
    while blocks.len() < MAX_BLOCKS {
        let first = tvb.u8(at)?;
        let payload_type = first & 0x7f;
        let follows = first & 0x80 != 0;
        let (offset, len) = if follows {
            let word = tvb.u16(at + 2)?;
            (tvb.u16(at + 1)?, Some(usize::from(word & 0x03ff)))
        } else {
            (0, None)
        };
        let number = blocks.len() + 1;
        let header = if follows { 4 } else { 1 };
        d.open_text(tvb, at, header, || {
            let len = len.map(|len| format!(", len={len}")).unwrap_or_default();
            format!("Header {number}: PT={}{len}", payload_name(payload_type, setup))
        });
        d.flag(FOLLOW, tvb, at, 1, first.into());
        let item = d.bits(P_TYPE, tvb, at, 1, first.into());
        d.text(item, || format!("Payload type: {} ({payload_type})", payload_name(payload_type, setup)));
        if let Some(len) = len {
            d.bits(TIMESTAMP_OFFSET, tvb, at + 1, 2, offset.into());
            d.bits(BLOCK_LENGTH, tvb, at + 2, 2, tvb.u16(at + 2)?.into());
            blocks.push((payload_type, len));
        }
        d.close();
        at += header;
        if !follows {
            let rest = tvb.reported().saturating_sub(at);
            let before: usize = blocks.iter().map(|block| block.1).sum();
            blocks.push((payload_type, rest.saturating_sub(before)));
            break;
        }
    }
    for (payload_type, len) in blocks {
        let block = tvb.exact(at, len)?;
        at += len;
        if len == 0 {
            continue;
        }
        let item = d.bytes(PAYLOAD, block, 0, len);
        if let Content::Proto(proto) = content(payload_type, setup) {
            d.hide(item);
            d.call(proto, block);
        }
    }
    d.close();
    Ok(())
}

#[cfg(test)]
mod tests;
