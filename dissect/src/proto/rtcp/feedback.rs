//! Feedback of transport (RTPFB) and of the payload (PSFB): RFC 4585 and 5104, and drafts that browsers speak.

use super::*;
use crate::dissector::Item;

/// `rtcp.rtpfb.fmt`.
pub(super) const TRANSPORT: &[(u64, &str)] = &[
    (1, "Generic negative acknowledgement (NACK)"),
    (3, "Temporary Maximum Media Stream Bit Rate Request (TMMBR)"),
    (4, "Temporary Maximum Media Stream Bit Rate Notification (TMMBN)"),
    (15, "Transport-wide Congestion Control (Transport-cc)"),
    (31, "Reserved for future extensions"),
];

/// `rtcp.psfb.fmt`.
pub(super) const PAYLOAD: &[(u64, &str)] = &[
    (1, "Picture Loss Indication"),
    (2, "Slice Loss Indication"),
    (3, "Reference Picture Selection Indication"),
    (4, "Full Intra Request (FIR) Command"),
    (5, "Temporal-Spatial Trade-off Request (TSTR)"),
    (6, "Temporal-Spatial Trade-off Notification (TSTN)"),
    (7, "Video Back Channel Message (VBCM)"),
    (15, "Application Layer Feedback"),
    (31, "Reserved for future extensions"),
];

fn sources<'a>(d: &mut Dissector<'a>, body: Tvb<'a>) -> Parsed {
    d.uint(SENDERSSRC, body, 0, 4)?;
    d.uint(MEDIASSRC, body, 4, 4)?;
    Ok(())
}

/// Octets without a meaning known.
fn control<'a>(d: &mut Dissector<'a>, body: Tvb<'a>) {
    if body.reported() > 8 {
        d.bytes(FCI, body, 8, body.reported() - 8);
    }
}

/// RTPFB; answers the octets of the packet.
pub(super) fn transport<'a>(d: &mut Dissector<'a>, body: Tvb<'a>, format: u8, top: Item) -> Result<usize, Stop> {
    sources(d, body)?;
    match format {
        1 => {
            let mut lost = 0;
            let mut at = 8;
            while at < body.reported() {
                lost += 1 + negative(d, body, at)?;
                at += 4;
            }
            d.append_text(top, || format!(": NACK: {lost} frames lost"));
        }
        3 | 4 => {
            let mut at = 8;
            while at < body.reported() {
                bit_rate(d, body, at, format, top)?;
                at += 8;
            }
        }
        15 => congestion(d, body)?,
        _ => control(d, body),
    }
    Ok(4 + body.reported())
}

/// RFC 4585, 6.2.1: a lost packet, and which of the 16 behind it are lost, too; answers how many these are.
fn negative<'a>(d: &mut Dissector<'a>, body: Tvb<'a>, at: usize) -> Result<u32, Stop> {
    let first = body.u16(at)?;
    d.add(RTPFB_NACK_PID, body, at, 2, Value::Uint(first.into()));
    let mask = body.u16(at + 2)?;
    let item = d.open(RTPFB_NACK_BLP, body, at + 2, 2, Value::Uint(mask.into()));
    let lost = (0..16).filter(|bit| mask >> bit & 1 != 0).map(|bit| u32::from(first) + bit + 1);
    if mask == 0 {
        d.append_text(item, || " (No additional frames lost)".to_owned());
    } else {
        d.append_text(item, || {
            let numbers: Vec<_> = lost.clone().map(|number| number.to_string()).collect();
            format!(" (Frames {} lost)", numbers.join(" "))
        });
        for number in lost {
            let item = d.add(RTPFB_NACK_PID, body, at + 2, 2, Value::Uint(u64::from(number) & 0xffff));
            d.text(item, || format!("Frame {number} also lost"));
        }
    }
    d.close();
    Ok(mask.count_ones())
}

/// RFC 5104, 4.2.1.1.
fn bit_rate<'a>(d: &mut Dissector<'a>, body: Tvb<'a>, at: usize, format: u8, top: Item) -> Parsed {
    let name = if format == 3 { "TMMBR" } else { "TMMBN" };
    let number = (at - 8) / 8 + 1;
    d.open_text(body, at, 8, || format!("{name} {number}"));
    d.uint(TMMBR_SSRC, body, at, 4)?;
    let word = body.u32(at + 4)?;
    let (exponent, mantissa) = (word >> 26, word >> 9 & 0x1_ffff);
    d.bits(TMMBR_EXP, body, at + 4, 1, u64::from(word >> 24));
    d.bits(TMMBR_MANTISSA, body, at + 4, 3, u64::from(word >> 8));
    let text = format!("{mantissa}*2^{exponent}");
    // Its value is empty, as in Wireshark: the line alone tells it.
    let item = d.add(TMMBR_BITRATE, body, at + 4, 3, Value::String(Box::default()));
    d.text(item, || format!("Maximum total media bit rate: {text}"));
    d.append_text(top, || format!(": {name}: {text}"));
    d.bits(TMMBR_OVERHEAD, body, at + 6, 2, u64::from(word & 0xffff));
    d.close();
    Ok(())
}

/// The head of a transport-wide congestion control message (draft-holmer-rmcat-transport-wide-cc-extensions).
fn congestion<'a>(d: &mut Dissector<'a>, body: Tvb<'a>) -> Parsed {
    d.open_text(body, 8, body.reported().saturating_sub(8), || "Transport-cc".to_owned());
    d.uint(TCC_BASESEQ, body, 8, 2)?;
    d.uint(TCC_STATUSCOUNT, body, 10, 2)?;
    let time = (body.u24(12)? << 8) as i32 >> 8;
    d.add(TCC_REFTIME, body, 12, 3, Value::Int(time.into()));
    d.uint(TCC_PKTCOUNT, body, 15, 1)?;
    d.close();
    Ok(())
}

/// PSFB; answers the octets of the packet.
pub(super) fn payload<'a>(d: &mut Dissector<'a>, body: Tvb<'a>, format: u8, top: Item) -> Result<usize, Stop> {
    sources(d, body)?;
    let short = match format {
        1 => "PLI",
        2 => "SLI",
        3 => "RPSI",
        4 => "FIR",
        5 => "TSTR",
        6 => "TSTN",
        7 => "VBCM",
        15 => "ALFB",
        _ => "Unknown",
    };
    d.append_info(|| format!("{short}  "));
    let mut at = 8;
    match format {
        1 => {}
        2 => {
            while at < body.reported() {
                let number = (at - 8) / 4 + 1;
                d.open_text(body, at, 4, || format!("SLI {number}"));
                let word = body.u32(at)?.into();
                for field in [SLI_FIRST, SLI_NUMBER, SLI_PICTURE_ID] {
                    d.bits(field, body, at, 4, word);
                }
                d.close();
                at += 4;
            }
        }
        4 => {
            while at < body.reported() {
                let number = (at - 8) / 8 + 1;
                d.open_text(body, at, 8, || format!("FIR {number}"));
                d.uint(FIR_SSRC, body, at, 4)?;
                d.uint(FIR_CSN, body, at + 4, 1)?;
                d.uint(FIR_RESERVED, body, at + 5, 3)?;
                d.close();
                at += 8;
            }
        }
        15 if body.slice(8, 4).is_ok_and(|name| name == b"REMB") => estimate(d, body, top)?,
        _ => control(d, body),
    }
    Ok(4 + body.reported())
}

/// The receiver's estimate of the bit rate (draft-alvestrand-rmcat-remb).
fn estimate<'a>(d: &mut Dissector<'a>, body: Tvb<'a>, top: Item) -> Parsed {
    d.open_text(body, 8, body.reported().saturating_sub(8), || "REMB 0".to_owned());
    d.string(REMB_IDENTIFIER, body, 8, 4);
    let count = body.u8(12)?;
    d.bits(REMB_NUMBER_SSRCS, body, 12, 1, count.into());
    let word = body.u24(13)?;
    d.bits(REMB_BR_EXP, body, 13, 1, u64::from(word >> 16));
    d.bits(REMB_BR_MANTISSA, body, 13, 3, word.into());
    let rate = u128::from(word & 0x3_ffff) << (word >> 18);
    let item = d.add(REMB_BITRATE, body, 13, 3, Value::String(Box::default()));
    d.text(item, || format!("Maximum bit rate: {rate}"));
    d.append_text(top, || format!(": REMB: max bitrate={rate}"));
    for place in 0..usize::from(count) {
        d.uint(REMB_SSRC, body, 16 + place * 4, 4)?;
    }
    d.close();
    Ok(())
}
