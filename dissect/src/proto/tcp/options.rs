//! TCP options (RFC 9293, 3.1, and the RFCs named below).

use std::fmt::Write;

use super::analysis::{ACK, SYN, before};
use super::fields::*;
use crate::dissector::{Dissector, Item};
use crate::field::{FieldId, Names};
use crate::registry;
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

/// What the first pass needs of a segment's options.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(super) struct Scan {
    pub(super) scale: Option<u8>,
    /// How many octets the SACK blocks cover.
    pub(super) sacked: u32,
    pub(super) has_cookie: bool,
    /// The snap length cut them off: what is not there may have been.
    pub(super) is_cut: bool,
}

const KIND_EOL: u8 = 0;
const KIND_NOP: u8 = 1;
const KIND_MSS: u8 = 2;
const KIND_WSCALE: u8 = 3;
const KIND_SACK_PERM: u8 = 4;
const KIND_SACK: u8 = 5;
const KIND_ECHO: u8 = 6;
const KIND_ECHOREPLY: u8 = 7;
const KIND_TIMESTAMP: u8 = 8;
const KIND_CC: u8 = 11;
const KIND_CCNEW: u8 = 12;
const KIND_CCECHO: u8 = 13;
const KIND_MD5: u8 = 19;
const KIND_QS: u8 = 27;
const KIND_USER_TO: u8 = 28;
const KIND_AO: u8 = 29;
const KIND_MPTCP: u8 = 30;
const KIND_TFO: u8 = 34;
const KIND_ACC_ECN_0: u8 = 172;
const KIND_ACC_ECN_1: u8 = 174;
const KIND_EXPERIMENT_1: u8 = 253;
const KIND_EXPERIMENT_2: u8 = 254;

/// The experiment of RFC 7413, which became kind 34.
const EXPERIMENT_TFO: u16 = 0xf989;
/// RFC 7323, 2.3: a shift beyond this counts as this.
const MAX_SHIFT: u8 = 14;

/// How long an option is, kind and length included.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Length {
    Exactly(usize),
    AtLeast(usize),
}
use Length::{AtLeast, Exactly};

struct Row {
    kind: u8,
    field: FieldId,
    /// The name in the list of options; the tree puts `TCP Option - ` before it.
    name: &'static str,
    length: Length,
}

const ROWS: &[Row] = &[
    Row { kind: KIND_MSS, field: OPT_MSS, name: "Maximum segment size", length: Exactly(4) },
    Row { kind: KIND_WSCALE, field: OPT_WSCALE, name: "Window scale", length: Exactly(3) },
    Row { kind: KIND_SACK_PERM, field: OPT_SACK_PERM, name: "SACK permitted", length: Exactly(2) },
    Row { kind: KIND_SACK, field: OPT_SACK, name: "SACK", length: AtLeast(2) },
    Row { kind: KIND_ECHO, field: OPT_ECHO, name: "Echo", length: Exactly(6) },
    Row { kind: KIND_ECHOREPLY, field: OPT_ECHOREPLY, name: "Echo reply", length: Exactly(6) },
    Row { kind: KIND_TIMESTAMP, field: OPT_TIMESTAMP, name: "Timestamps", length: Exactly(10) },
    Row { kind: KIND_CC, field: OPT_CC, name: "CC", length: Exactly(6) },
    Row { kind: KIND_CCNEW, field: OPT_CCNEW, name: "CC.NEW", length: Exactly(6) },
    Row { kind: KIND_CCECHO, field: OPT_CCECHO, name: "CC.ECHO", length: Exactly(6) },
    Row { kind: KIND_MD5, field: OPT_MD5, name: "TCP MD5 signature", length: Exactly(18) },
    Row { kind: KIND_QS, field: OPT_QS, name: "Quick-Start", length: Exactly(8) },
    Row { kind: KIND_USER_TO, field: OPT_USER_TO, name: "User Timeout", length: Exactly(4) },
    Row { kind: KIND_AO, field: OPT_AO, name: "TCP AO", length: AtLeast(4) },
    Row { kind: KIND_MPTCP, field: PROTO, name: "MPTCP", length: AtLeast(2) },
    Row { kind: KIND_TFO, field: OPT_TFO, name: "TCP Fast Open", length: AtLeast(2) },
    Row { kind: KIND_ACC_ECN_0, field: OPT_ACC_ECN, name: "Accurate ECN", length: AtLeast(2) },
    Row { kind: KIND_ACC_ECN_1, field: OPT_ACC_ECN, name: "Accurate ECN", length: AtLeast(2) },
    Row { kind: KIND_EXPERIMENT_1, field: OPT_EXPERIMENTAL, name: "Experimental", length: AtLeast(2) },
    Row { kind: KIND_EXPERIMENT_2, field: OPT_EXPERIMENTAL, name: "Experimental", length: AtLeast(2) },
];

fn row(kind: u8) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.kind == kind)
}

/// How many blocks count as octets that are not under way any more: with timestamps no more fit (RFC 2018, 3).
const MAX_SACKED: usize = 3;

/// Reads what the first pass needs, without showing anything.
pub(super) fn scan(options: &[u8]) -> Scan {
    let mut scan = Scan::default();
    let mut at = 0;
    while let Some(&kind) = options.get(at) {
        if kind == KIND_EOL {
            break;
        }
        if kind == KIND_NOP {
            at += 1;
            continue;
        }
        let Some(&len) = options.get(at + 1) else {
            break;
        };
        let Some(body) = options.get(at + 2..at + usize::from(len)) else {
            break;
        };
        match (kind, body) {
            (KIND_WSCALE, [shift]) => scan.scale = Some((*shift).min(MAX_SHIFT)),
            (KIND_SACK, blocks) => {
                for block in blocks.chunks_exact(8).take(MAX_SACKED) {
                    let edge = |at: usize| {
                        block.get(at..at + 4).map_or(0, |octets| octets.iter().fold(0, |n, o| n << 8 | u32::from(*o)))
                    };
                    scan.sacked = scan.sacked.saturating_add(edge(4).wrapping_sub(edge(0)));
                }
            }
            (KIND_TFO, [_, ..]) | (KIND_EXPERIMENT_1 | KIND_EXPERIMENT_2, [0xf9, 0x89, _, ..]) => {
                scan.has_cookie = true;
            }
            _ => {}
        }
        at += usize::from(len);
    }
    scan
}

/// What the options of a segment are shown with.
pub(super) struct Context {
    pub(super) flags: u16,
    pub(super) ack: u32,
    /// The first sequence number of the other direction.
    pub(super) base: u32,
}

/// Shows the options that lie in `tvb` from `start` to `end`. The Info column's part is written to `info`.
pub(super) fn dissect<'a>(
    d: &mut Dissector<'a>,
    tvb: Tvb<'a>,
    start: usize,
    end: usize,
    context: &Context,
    info: &mut String,
) -> Parsed {
    let whole = end - start;
    let list = d.open(OPTIONS, tvb, start, whole, Value::Bytes);
    d.text(list, || format!("Options: ({whole} bytes)"));
    let mut names = String::new();
    let (mut at, mut nops) = (start, 0);
    let (mut has_mss, mut is_broken) = (false, false);
    while at < end {
        let kind = tvb.u8(at)?;
        if kind == KIND_EOL || kind == KIND_NOP {
            if kind == KIND_NOP {
                // Padding fills a word; a word of nothing else stands where an option was.
                nops = if (at - start).is_multiple_of(4) && nops != 0 { 0 } else { nops + 1 };
                if nops == 4 {
                    d.expert(NOP_RUN, tvb, at, 1);
                }
            }
            let (field, name) = match kind {
                KIND_EOL => (OPT_EOL, "End of Option List (EOL)"),
                _ => (OPT_NOP, "No-Operation (NOP)"),
            };
            open(d, field, tvb.sub(at, 1));
            d.uint(OPTION_KIND, tvb, at, 1)?;
            d.close();
            let _ = write!(names, ", {name}");
            at += 1;
            if kind == KIND_EOL {
                is_broken = !padding(d, tvb, at, end, &mut names);
                break;
            }
            continue;
        }
        let row = row(kind);
        let name = row.map_or_else(|| format!("Unknown (0x{kind:02x})"), |row| row.name.to_owned());
        let wrong = if at + 1 >= end {
            Some(format!("{name} (length byte past end of options)"))
        } else {
            match usize::from(tvb.u8(at + 1)?) {
                len @ 0..2 => {
                    Some(format!("{name} (with too-short option length = {})", super::super::udp::octets(len)))
                }
                len if at + len > end => {
                    Some(format!("{name} (option length = {len} bytes says option goes past end of options)"))
                }
                _ => None,
            }
        };
        if let Some(wrong) = wrong {
            d.open_text(tvb, at, end - at, || wrong.clone());
            d.expert_with(OPTION_LEN_INVALID, tvb, at, end - at, || wrong);
            d.close();
            is_broken = true;
            break;
        }
        let len = usize::from(tvb.u8(at + 1)?);
        has_mss |= kind == KIND_MSS;
        let option = tvb.sub(at, len);
        if let Err(stop) = one(d, option, kind, row, context, info) {
            d.text(list, || format!("Options: ({whole} bytes){names}"));
            return Err(stop);
        }
        let _ = write!(names, ", {name}");
        at += len;
    }
    if context.flags & SYN != 0 && !has_mss && !is_broken {
        d.expert(OPT_MSS_ABSENT, tvb, start, whole);
    }
    d.close();
    d.text(list, || format!("Options: ({whole} bytes){names}"));
    Ok(())
}

/// Shows what follows the end of the options; says whether that is nothing but ends.
fn padding<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, end: usize, names: &mut String) -> bool {
    let rest = tvb.sub(at, end - at);
    if rest.bytes().iter().all(|octet| *octet == KIND_EOL) {
        // Each of them is an end of its own.
        for place in at..end {
            open(d, OPT_EOL, tvb.sub(place, 1));
            d.add(OPTION_KIND, tvb, place, 1, Value::Uint(KIND_EOL.into()));
            d.close();
            names.push_str(", End of Option List (EOL)");
        }
        return true;
    }
    d.open_text(rest, 0, rest.reported(), || "Non-zero header padding".to_owned());
    d.expert_with(NON_ZERO_BYTES_AFTER_EOL, rest, 0, rest.reported(), || "Non-zero header padding".to_owned());
    d.close();
    false
}

/// Opens the item of an option, which is called what it is and does not say its octets.
fn open<'a>(d: &mut Dissector<'a>, field: FieldId, tvb: Tvb<'a>) -> Item {
    let item = d.open(field, tvb, 0, tvb.reported(), Value::Bytes);
    d.text(item, || registry::field(field).label.to_owned());
    item
}

/// Shows one option.
fn one<'a>(
    d: &mut Dissector<'a>,
    tvb: Tvb<'a>,
    kind: u8,
    row: Option<&Row>,
    context: &Context,
    info: &mut String,
) -> Parsed {
    let len = tvb.reported();
    let Some(row) = row else {
        d.open(OPT_UNKNOWN, tvb, 0, len, Value::Bytes);
        head(d, tvb)?;
        if len > 2 {
            d.bytes(OPT_UNKNOWN_PAYLOAD, tvb, 2, len - 2);
        }
        d.close();
        return Ok(());
    };
    if kind == KIND_MPTCP {
        return multipath(d, tvb);
    }
    let item = open(d, row.field, tvb);
    let expected = match row.length {
        Exactly(expected) if expected != len => Some(format!("option length should be {expected}")),
        AtLeast(least) if len < least => Some(format!("option length should be >= {least}")),
        _ => None,
    };
    if let Some(expected) = expected {
        head(d, tvb)?;
        d.within(|d| d.expert_with(OPTION_LEN_INVALID, tvb, 1, 1, || expected));
        d.close();
        return Ok(());
    }
    if kind == KIND_MSS && context.flags & SYN == 0 {
        d.expert(OPT_MSS_PRESENT, tvb, 0, len);
    }
    head(d, tvb)?;
    body(d, tvb, kind, item, context, info)?;
    d.close();
    Ok(())
}

fn head<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.uint(OPTION_KIND, tvb, 0, 1)?;
    d.uint(OPTION_LEN, tvb, 1, 1)?;
    Ok(())
}

fn body<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, kind: u8, item: Item, context: &Context, info: &mut String) -> Parsed {
    let len = tvb.reported();
    match kind {
        // RFC 9293, 3.7.1.
        KIND_MSS => {
            let mss = d.uint(OPT_MSS_VAL, tvb, 2, 2)?;
            d.append_text(item, || format!(": {mss} bytes"));
            let _ = write!(info, " MSS={mss}");
        }
        // RFC 7323, 2.2.
        KIND_WSCALE => {
            let shift = d.uint(OPT_WSCALE_SHIFT, tvb, 2, 1)?;
            if shift > MAX_SHIFT.into() {
                d.within(|d| d.expert(OPT_WSCALE_SHIFT_INVALID, tvb, 2, 1));
            }
            let factor = 1u64 << shift.min(MAX_SHIFT.into());
            d.generated(OPT_WSCALE_MULTIPLIER, tvb, 2, 1, Value::Uint(factor));
            d.append_text(item, || format!(": {shift} (multiply by {factor})"));
            let _ = write!(info, " WS={factor}");
        }
        KIND_SACK_PERM => info.push_str(" SACK_PERM"),
        KIND_SACK => sack(d, tvb, item, context, info)?,
        // RFC 1072, 3.
        KIND_ECHO | KIND_ECHOREPLY => {
            let value = d.uint(OPT_ECHO_VALUE, tvb, 2, 4)?;
            d.append_text(item, || format!(": {value}"));
            let _ = write!(info, " {}={value}", if kind == KIND_ECHO { "ECHO" } else { "ECHOREPLY" });
        }
        // RFC 7323, 3.2.
        KIND_TIMESTAMP => {
            let value = d.uint(OPT_TIMESTAMP_TSVAL, tvb, 2, 4)?;
            let reply = d.uint(OPT_TIMESTAMP_TSECR, tvb, 6, 4)?;
            d.append_text(item, || format!(": TSval {value}, TSecr {reply}"));
            let _ = write!(info, " TSval={value} TSecr={reply}");
        }
        // RFC 1644, 3.1.
        KIND_CC | KIND_CCNEW | KIND_CCECHO => {
            let value = d.uint(OPT_CC_VALUE, tvb, 2, 4)?;
            let name = [(KIND_CC, "CC"), (KIND_CCNEW, "CCNEW")].iter().find(|row| row.0 == kind);
            let _ = write!(info, " {}={value}", name.map_or("CCECHO", |row| row.1));
        }
        // RFC 2385, 3.
        KIND_MD5 => {
            d.bytes(OPT_MD5_DIGEST, tvb, 2, len - 2);
            info.push_str(" MD5");
        }
        // RFC 5925, 2.2.
        KIND_AO => {
            d.uint(OPT_AO_KEYID, tvb, 2, 1)?;
            d.uint(OPT_AO_RNEXTKEYID, tvb, 3, 1)?;
            if len > 4 {
                d.bytes(OPT_AO_MAC, tvb, 4, len - 4);
            }
            info.push_str("TCP AO");
        }
        // RFC 4782, 3.1.
        KIND_QS => {
            let rate = tvb.u8(2)?;
            d.bits(OPT_QS_RATE, tvb, 2, 1, rate.into());
            d.uint(OPT_QS_TTL_DIFF, tvb, 3, 1)?;
            let name = crate::registry::field(OPT_QS_RATE).names.of(u64::from(rate & 0x0f));
            let _ = write!(info, " QSresp={}", name.unwrap_or_default());
        }
        // RFC 5482, 3.
        KIND_USER_TO => {
            let whole = tvb.u16(2)?;
            d.flag(OPT_USER_TO_GRANULARITY, tvb, 2, 2, whole.into());
            d.bits(OPT_USER_TO_VAL, tvb, 2, 2, whole.into());
            let _ = write!(info, " USER_TO={}", whole & 0x7fff);
        }
        KIND_TFO => cookie(d, tvb, 2, context, info),
        KIND_ACC_ECN_0 | KIND_ACC_ECN_1 => accurate_ecn(d, tvb, kind, item, info)?,
        // RFC 6994, 3.1.
        _ if len < 4 => {
            if len > 2 {
                d.bytes(OPT_EXPERIMENTAL_DATA, tvb, 2, len - 2);
            }
        }
        _ => {
            let experiment = d.uint(OPT_EXPERIMENTAL_EXID, tvb, 2, 2)?;
            d.append_text(item, || {
                let name = Names::Values(EXPERIMENTS).of(experiment);
                format!(": {}", name.as_deref().unwrap_or("Unknown"))
            });
            if experiment == u64::from(EXPERIMENT_TFO) {
                cookie(d, tvb, 4, context, info);
            } else {
                if len > 4 {
                    d.bytes(OPT_EXPERIMENTAL_DATA, tvb, 4, len - 4);
                }
                let _ = write!(info, " ExID={experiment:x}");
            }
        }
    }
    Ok(())
}

/// RFC 2018, 3: blocks that were received; RFC 2883, 4: the first may be one that was received twice.
fn sack<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, item: Item, context: &Context, info: &mut String) -> Parsed {
    let (mut at, mut blocks) = (2, Vec::new());
    let edge = |d: &mut Dissector<'a>, at: usize, field, side| -> Result<Option<u32>, Stop> {
        if at + 4 > tvb.reported() {
            d.open_text(tvb, at, tvb.reported() - at, || "suboption would go past end of option".to_owned());
            d.expert(SUBOPTION_MALFORMED, tvb, at, tvb.reported() - at);
            d.close();
            return Ok(None);
        }
        let edge = tvb.u32(at)?.wrapping_sub(context.base);
        let item = d.add(field, tvb, at, 4, Value::Uint(edge.into()));
        d.text(item, || format!("{side} edge = {edge} (relative)"));
        Ok(Some(edge))
    };
    if tvb.reported() == 2 {
        d.generated(OPT_SACK_COUNT, tvb, 2, 0, Value::Uint(0));
        return Err(Stop::Malformed);
    }
    while at < tvb.reported() {
        let Some(left) = edge(d, at, OPT_SACK_LE, "left")? else {
            break;
        };
        let Some(right) = edge(d, at + 4, OPT_SACK_RE, "right")? else {
            break;
        };
        d.append_text(item, || format!(" {left}-{right}"));
        let _ = write!(info, " SLE={left} SRE={right}");
        blocks.push((left, right));
        at += 8;
    }
    d.generated(OPT_SACK_COUNT, tvb, 2, 0, Value::Uint(blocks.len() as u64));
    let ack = context.ack.wrapping_sub(context.base);
    if let Some(&(left, right)) = blocks.first() {
        let within = |outer: &(u32, u32)| !before(left, outer.0) && !before(outer.1, right);
        // RFC 2883, 4: what was acknowledged before, or lies within the next block.
        if !before(ack, right) || blocks.get(1).is_some_and(within) {
            let item = d.generated(OPT_SACK_DSACK_LE, tvb, 2, 4, Value::Uint(left.into()));
            d.text(item, || format!("[D-SACK Left Edge = {left} (relative)]"));
            let item = d.generated(OPT_SACK_DSACK_RE, tvb, 6, 4, Value::Uint(right.into()));
            d.text(item, || format!("[D-SACK Right Edge = {right} (relative)]"));
            d.open_text(tvb, 2, 8, || "D-SACK Sequence".to_owned());
            d.expert(OPT_SACK_DSACK, tvb, 2, 8);
            d.close();
        }
    }
    Ok(())
}

/// RFC 7413, 4.1.1.
fn cookie<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, context: &Context, info: &mut String) {
    let len = tvb.reported();
    if len <= at {
        d.add(OPT_TFO_REQUEST, tvb, at, 0, Value::None);
        info.push_str(" TFO=R");
        return;
    }
    d.bytes(OPT_TFO_COOKIE, tvb, at, len - at);
    info.push_str(" TFO=C");
    if context.flags & (SYN | ACK) == SYN {
        d.within(|d| d.expert(TFO_SYN, tvb, at, len - at));
    }
}

/// draft-ietf-tcpm-accurate-ecn, 3.2.3: up to three counters, in one of two orders.
fn accurate_ecn<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, kind: u8, item: Item, info: &mut String) -> Parsed {
    let mut counters = [(OPT_ACC_ECN_EE0B, "EE0B"), (OPT_ACC_ECN_ECEB, "ECEB"), (OPT_ACC_ECN_EE1B, "EE1B")];
    let order = u8::from(kind == KIND_ACC_ECN_1);
    if order == 1 {
        counters.reverse();
    }
    let mut text = format!(" (Order {order}):");
    for (place, (field, name)) in counters.into_iter().enumerate() {
        let at = 2 + place * 3;
        if at + 3 > tvb.reported() {
            break;
        }
        let value = d.uint(field, tvb, at, 3)?;
        let _ = write!(text, "{}{name} {value}", if place == 0 { " " } else { ", " });
        let _ = write!(info, " {name}={value}");
    }
    d.append_text(item, || text);
    Ok(())
}

/// RFC 8684, 3: what tells the subtypes apart is mostly their length.
fn multipath<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let len = tvb.reported();
    d.set_protocol("MPTCP");
    d.layer("mptcp");
    let first = tvb.u8(2)?;
    let subtype = first >> 4;
    d.open_text(tvb, 0, len, || {
        let name = Names::Values(MPTCP_SUBTYPES).of(subtype.into());
        let name = name.map_or_else(|| format!("Unknown ({subtype})"), |name| name.into_owned());
        format!("Multipath Transmission Control Protocol: {name}")
    });
    head(d, tvb)?;
    d.bits(MPTCP_SUBTYPE, tvb, 2, 1, first.into());
    multipath_body(d, tvb, subtype)?;
    d.close();
    Ok(())
}

fn multipath_body<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, subtype: u8) -> Parsed {
    let len = tvb.reported();
    let flags = |d: &mut Dissector<'a>, at: usize, fields: &[FieldId]| -> Result<u64, Stop> {
        let flags = d.uint(MPTCP_FLAGS, tvb, at, 1)?;
        d.within(|d| {
            for field in fields {
                d.bits(*field, tvb, at, 1, flags);
            }
        });
        Ok(flags)
    };
    match subtype {
        0 => {
            let version = tvb.u8(2)? & 0x0f;
            d.bits(MPTCP_VERSION, tvb, 2, 1, version.into());
            let hash = if version == 0 { MPTCP_SHA1_FLAG } else { MPTCP_SHA256_FLAG };
            let mut shown = vec![MPTCP_CHECKSUMREQ_FLAGS, MPTCP_EXTENSIBILITY_FLAG];
            if version > 0 {
                shown.push(MPTCP_NOMORESUBFLOWS_FLAG);
            }
            shown.extend([hash, MPTCP_RESERVED_FLAG]);
            flags(d, 3, &shown)?;
            if len >= 12 {
                d.uint(MPTCP_SENDKEY, tvb, 4, 8)?;
            }
            if len >= 20 {
                d.uint(MPTCP_RECVKEY, tvb, 12, 8)?;
            }
            if len >= 22 {
                d.uint(MPTCP_DATALVLLEN, tvb, 20, 2)?;
            }
            if len >= 24 {
                d.uint(MPTCP_CHECKSUM, tvb, 22, 2)?;
            }
        }
        1 if len == 12 || len == 16 => {
            flags(d, 2, &[MPTCP_BACKUP_FLAG])?;
            d.uint(MPTCP_ADDRID, tvb, 3, 1)?;
            if len == 12 {
                d.uint(MPTCP_RECVTOK, tvb, 4, 4)?;
            } else {
                d.uint(MPTCP_SENDTRUNCHMAC, tvb, 4, 8)?;
            }
            d.uint(MPTCP_SENDRAND, tvb, len - 4, 4)?;
        }
        1 => {
            d.bits(MPTCP_RESERVED, tvb, 2, 2, tvb.u16(2)?.into());
            if len == 24 {
                d.bytes(MPTCP_SENDHMAC, tvb, 4, 20);
            }
        }
        2 => data_sequence(d, tvb)?,
        3 => {
            let version = tvb.u8(2)? & 0x0f;
            d.bits(MPTCP_IPVER, tvb, 2, 1, version.into());
            d.uint(MPTCP_ADDRID, tvb, 3, 1)?;
            let at = if len >= 20 {
                d.add(MPTCP_IPV6, tvb, 4, 16, Value::Ipv6(tvb.array(4)?));
                20
            } else {
                d.add(MPTCP_IPV4, tvb, 4, 4, Value::Ipv4(tvb.array(4)?));
                8
            };
            if (len - at) & 7 == 2 {
                d.uint(MPTCP_PORT, tvb, at, 2)?;
            }
            if len - at >= 8 {
                d.uint(MPTCP_ADDADDRTRUNCHMAC, tvb, len - 8, 8)?;
            }
        }
        4 => {
            for at in 3..len {
                d.uint(MPTCP_ADDRID, tvb, at, 1)?;
            }
        }
        5 => {
            flags(d, 2, &[MPTCP_BACKUP_FLAG])?;
            if len == 4 {
                d.uint(MPTCP_ADDRID, tvb, 3, 1)?;
            }
        }
        6 | 7 => {
            d.bits(MPTCP_RESERVED, tvb, 2, 2, tvb.u16(2)?.into());
            let field = if subtype == 6 { MPTCP_RAWDATASEQNO } else { MPTCP_RECVKEY };
            d.uint(field, tvb, 4, 8)?;
        }
        8 => {
            flags(d, 2, &[MPTCP_FLAG_U, MPTCP_FLAG_V, MPTCP_FLAG_W, MPTCP_FLAG_T])?;
            d.uint(MPTCP_RST_REASON, tvb, 3, 1)?;
        }
        _ => {}
    }
    Ok(())
}

/// RFC 8684, 3.3.
fn data_sequence<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let flags = d.uint(MPTCP_FLAGS, tvb, 3, 1)?;
    d.within(|d| {
        let shown = [
            MPTCP_DATAFIN_FLAG,
            MPTCP_DSEQN8_FLAG,
            MPTCP_DSEQNPRESENT_FLAG,
            MPTCP_DATAACK8_FLAG,
            MPTCP_DATAACKPRESENT_FLAG,
        ];
        for field in shown {
            d.bits(field, tvb, 3, 1, flags);
        }
    });
    let width = |is_long: bool| if is_long { 8 } else { 4 };
    let mut at = 4;
    if flags & 0x01 != 0 {
        d.uint(MPTCP_RAWDATAACK, tvb, at, width(flags & 0x02 != 0))?;
        at += width(flags & 0x02 != 0);
    }
    if flags & 0x04 != 0 {
        d.uint(MPTCP_RAWDATASEQNO, tvb, at, width(flags & 0x08 != 0))?;
        at += width(flags & 0x08 != 0);
        d.uint(MPTCP_SUBFLOWSEQNO, tvb, at, 4)?;
        d.uint(MPTCP_DATALVLLEN, tvb, at + 4, 2)?;
        if tvb.reported() >= at + 8 {
            d.uint(MPTCP_CHECKSUM, tvb, at + 6, 2)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn no_more_blocks_than_the_limit_count() {
        let block = [0, 0, 0, 10, 0, 0, 0, 20];
        let options = [&[KIND_SACK, 34][..], &block, &block, &block, &block].concat();
        assert_eq!(scan(&options).sacked, 30);
    }
}
