//! Extended reports (RFC 3611).

use super::*;

/// `rtcp.xr.bt`.
pub(super) const BLOCKS: &[(u64, &str)] = &[
    (1, "Loss Run Length Encoding Report Block"),
    (2, "Duplicate Run Length Encoding Report Block"),
    (3, "Packet Receipt Times Report Block"),
    (4, "Receiver Reference Time Report Block"),
    (5, "DLRR Report Block"),
    (6, "Statistics Summary Report Block"),
    (7, "VoIP Metrics Report Block"),
    (8, "BT XNQ RTCP XR (RFC5093) Report Block"),
    (9, "Texas Instruments Extended VoIP Quality Block"),
    (10, "Post-repair Loss RLE Report Block"),
    (11, "Multicast Acquisition Report Block"),
    (12, "Inter-destination Media Synchronization Block"),
];

/// `rtcp.xr.stats.ttl`.
pub(super) const HOP_LIMITS: &[(u64, &str)] = &[(0, "No TTL Values"), (1, "IPv4"), (2, "IPv6"), (3, "Undefined")];
/// `rtcp.xr.voipmetrics.plc`.
pub(super) const CONCEALMENTS: &[(u64, &str)] =
    &[(0, "Unspecified"), (1, "Disabled"), (2, "Enhanced"), (3, "Standard")];
/// `rtcp.xr.voipmetrics.jba`.
pub(super) const BUFFERS: &[(u64, &str)] = &[(0, "Unknown"), (1, "Reserved"), (2, "Non-Adaptive"), (3, "Adaptive")];

/// RFC 3611, 4.7: what stands for a value that is not known.
const UNAVAILABLE: u8 = 127;

/// The report; answers the octets of the packet.
pub(super) fn report<'a>(d: &mut Dissector<'a>, body: Tvb<'a>) -> Result<usize, Stop> {
    d.uint(SENDERSSRC, body, 0, 4)?;
    let mut at = 4;
    let mut number = 1;
    while at < body.reported() {
        let kind = body.u8(at)?;
        let words = body.u16(at + 2)?;
        let len = usize::from(words) * 4;
        d.open_text(body, at, 4 + len, || format!("Block {number}"));
        d.uint(XR_BT, body, at, 1)?;
        let specific = u64::from(body.u8(at + 1)?);
        match kind {
            1..=3 => drop(d.bits(XR_TF, body, at + 1, 1, specific)),
            6 => {
                for field in [XR_STATS_LRFLAG, XR_STATS_DUPFLAG, XR_STATS_JITTERFLAG] {
                    d.flag(field, body, at + 1, 1, specific);
                }
                d.bits(XR_STATS_TTL, body, at + 1, 1, specific);
            }
            _ => drop(d.uint(XR_BS, body, at + 1, 1)?),
        }
        let item = d.add(XR_BL, body, at + 2, 2, Value::Uint(words.into()));
        d.append_text(item, || format!(" ({len} bytes)"));
        let content = body.exact(at + 4, len)?;
        d.open_text(content, 0, len, || "Contents".to_owned());
        match kind {
            1 | 2 => runs(d, content)?,
            3 => times(d, content)?,
            4 => {
                let time = ntp_time(content.u32(0)?, content.u32(4)?);
                d.add(XR_TIMESTAMP, content, 0, 8, Value::Time(time));
            }
            5 => delays(d, content)?,
            6 => statistics(d, content)?,
            7 => metrics(d, content)?,
            _ => {}
        }
        d.close();
        d.close();
        at += 4 + len;
        number += 1;
    }
    Ok(4 + body.reported())
}

fn range<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Result<u16, Stop> {
    d.uint(SSRC_IDENTIFIER, tvb, 0, 4)?;
    d.uint(XR_BEGINSEQ, tvb, 4, 2)?;
    d.uint(XR_ENDSEQ, tvb, 6, 2)?;
    tvb.u16(4)
}

/// RFC 3611, 4.1: runs and bit vectors.
fn runs<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    range(d, tvb)?;
    d.open_text(tvb, 8, tvb.reported().saturating_sub(8), || "Report Chunks".to_owned());
    for (number, at) in (8..tvb.reported()).step_by(2).enumerate() {
        let chunk = tvb.u16(at)?;
        let number = number + 1;
        if chunk == 0 {
            let item = d.add(XR_CHUNK_NULL_TERMINATOR, tvb, at, 2, Value::None);
            d.text(item, || format!("Chunk: {number} -- Null Terminator "));
        } else if chunk & 0x8000 == 0 {
            let kind = if chunk & 0x4000 != 0 { "1's" } else { "0's" };
            let len = chunk & 0x3fff;
            let item = d.add(XR_CHUNK_LENGTH, tvb, at, 2, Value::Uint(chunk.into()));
            d.text(item, || format!("Chunk: {number} -- Length Run {kind}, length: {len}"));
        } else {
            let bits = chunk & 0x7fff;
            let item = d.add(XR_CHUNK_BIT_VECTOR, tvb, at, 2, Value::Uint(bits.into()));
            d.text(item, || format!("Chunk: {number} -- Bit Vector 0x{bits:x}"));
        }
    }
    d.close();
    Ok(())
}

/// RFC 3611, 4.3.
fn times<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let begin = range(d, tvb)?;
    for (place, at) in (8..tvb.reported()).step_by(4).enumerate() {
        let time = tvb.u32(at)?;
        let item = d.add(XR_RECEIPT_TIME_SEQ, tvb, at, 4, Value::Uint(time.into()));
        d.text(item, || format!("Seq: {}, Receipt Time: {time}", begin.wrapping_add(place as u16)));
    }
    Ok(())
}

/// RFC 3611, 4.5.
fn delays<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    for (place, at) in (0..tvb.reported()).step_by(12).enumerate() {
        d.open_text(tvb, at, 12, || format!("Source {}", place + 1));
        d.uint(SSRC_IDENTIFIER, tvb, at, 4)?;
        d.uint(XR_LRR, tvb, at + 4, 4)?;
        d.uint(XR_DLRR, tvb, at + 8, 4)?;
        d.close();
    }
    Ok(())
}

/// RFC 3611, 4.6.
fn statistics<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    range(d, tvb)?;
    let words =
        [XR_STATS_LOST, XR_STATS_DUPS, XR_STATS_MINJITTER, XR_STATS_MAXJITTER, XR_STATS_MEANJITTER, XR_STATS_DEVJITTER];
    for (place, field) in words.into_iter().enumerate() {
        d.uint(field, tvb, 8 + place * 4, 4)?;
    }
    let octets = [XR_STATS_MINTTL, XR_STATS_MAXTTL, XR_STATS_MEANTTL, XR_STATS_DEVTTL];
    for (place, field) in octets.into_iter().enumerate() {
        d.uint(field, tvb, 32 + place, 1)?;
    }
    Ok(())
}

/// RFC 3611, 4.7.
fn metrics<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.uint(SSRC_IDENTIFIER, tvb, 0, 4)?;
    fraction(d, SSRC_FRACTION, tvb, 4)?;
    fraction(d, SSRC_DISCARDED, tvb, 5)?;
    d.uint(VM_BURSTDENSITY, tvb, 6, 1)?;
    d.uint(VM_GAPDENSITY, tvb, 7, 1)?;
    let durations = [VM_BURSTDURATION, VM_GAPDURATION, VM_RTDELAY, VM_ESDELAY];
    for (place, field) in durations.into_iter().enumerate() {
        d.uint(field, tvb, 8 + place * 2, 2)?;
    }
    for (at, field) in [(16, VM_SIGNALLEVEL), (17, VM_NOISELEVEL)] {
        let level = tvb.u8(at)?;
        let item = d.add(field, tvb, at, 1, Value::Int((level as i8).into()));
        unavailable(d, item, field, level);
    }
    measure(d, VM_RERL, tvb, 18)?;
    d.uint(VM_GMIN, tvb, 19, 1)?;
    measure(d, VM_RFACTOR, tvb, 20)?;
    measure(d, VM_EXTRFACTOR, tvb, 21)?;
    for (at, field) in [(22, VM_MOSLQ), (23, VM_MOSCQ)] {
        let tenths = tvb.u8(at)?;
        let item = d.add(field, tvb, at, 1, Value::Float(f64::from(f32::from(tenths) / 10.0)));
        unavailable(d, item, field, tenths);
    }
    let configuration = u64::from(tvb.u8(24)?);
    for field in [VM_PLC, VM_JBA, VM_JBRATE] {
        d.bits(field, tvb, 24, 1, configuration);
    }
    for (at, field) in [(26, VM_JBNOMINAL), (28, VM_JBMAX), (30, VM_JBABSMAX)] {
        d.uint(field, tvb, at, 2)?;
    }
    Ok(())
}

fn measure<'a>(d: &mut Dissector<'a>, field: FieldId, tvb: Tvb<'a>, at: usize) -> Parsed {
    let value = tvb.u8(at)?;
    let item = d.add(field, tvb, at, 1, Value::Uint(value.into()));
    unavailable(d, item, field, value);
    Ok(())
}

fn unavailable(d: &mut Dissector<'_>, item: crate::dissector::Item, field: FieldId, value: u8) {
    if value == UNAVAILABLE {
        d.text(item, || format!("{}: Unavailable", crate::registry::field(field).label));
    }
}
