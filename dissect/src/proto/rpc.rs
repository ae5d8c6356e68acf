//! ONC remote procedure calls (RFC 5531): calls and replies in datagrams and in records, and who asks. What is called is
//! named, its arguments are not taken apart.

use crate::bindings::Binding;
use crate::conversation::Key;
use crate::dissector::{Dissector, Transport};
use crate::facts::Fact;
use crate::field::{Names, fields};
use crate::recent::Recent;
use crate::registry::{Framing, ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::transaction::{self, Again, Rules};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Rpc, "rpc", "Remote Procedure Call";
    LASTFRAG = field("rpc.lastfrag", "Last Fragment", Boolean, None).names(Names::Flag("Yes", "No")).mask(0x8000_0000);
    FRAGLEN = field("rpc.fraglen", "Fragment Length", Uint32, Dec).mask(0x7fff_ffff);
    FRAGMENT_DATA = field("rpc.fragment_data", "Fragment Data", Bytes, None);
    XID = field("rpc.xid", "XID", Uint32, HexDec);
    MSGTYP = field("rpc.msgtyp", "Message Type", Uint32, Dec).names(Names::Values(&[(0, "Call"), (1, "Reply")]));
    VERSION = field("rpc.version", "RPC Version", Uint32, Dec);
    VERSION_MIN = field("rpc.version.min", "RPC Version (Minimum)", Uint32, Dec);
    VERSION_MAX = field("rpc.version.max", "RPC Version (Maximum)", Uint32, Dec);
    PROGRAM = field("rpc.program", "Program", Uint32, Dec);
    PROGRAMVERSION = field("rpc.programversion", "Program Version", Uint32, Dec);
    PROGRAMVERSION_MIN = field("rpc.programversion.min", "Program Version (Minimum)", Uint32, Dec);
    PROGRAMVERSION_MAX = field("rpc.programversion.max", "Program Version (Maximum)", Uint32, Dec);
    PROCEDURE = field("rpc.procedure", "Procedure", Uint32, Dec);
    REQFRAME = field("rpc.reqframe", "Reply Frame", FrameNum, None).told_later();
    REPFRAME = field("rpc.repframe", "Call Frame", FrameNum, None);
    TIME = field("rpc.time", "Time from request", RelativeTime, None);
    DUP = field("rpc.dup", "Duplicate Call/Reply", None, None);
    CALL_DUP = field("rpc.call.dup", "Duplicate to the call in", FrameNum, None);
    REPLY_DUP = field("rpc.reply.dup", "Duplicate to the reply in", FrameNum, None);
    REPLYSTAT = field("rpc.replystat", "Reply State", Uint32, Dec).names(Names::Values(&[(0, "accepted"), (1, "denied")]));
    STATE_ACCEPT = field("rpc.state_accept", "Accept State", Uint32, Dec).names(Names::Values(ACCEPTS));
    STATE_REJECT = field("rpc.state_reject", "Reject State", Uint32, Dec).names(Names::Values(&[(0, "RPC_MISMATCH"), (1, "AUTH_ERROR")]));
    STATE_AUTH = field("rpc.state_auth", "Auth State", Uint32, Dec).names(Names::Values(AUTHENTICATION_ERRORS));
    AUTH_FLAVOR = field("rpc.auth.flavor", "Flavor", Uint32, Dec).names(Names::Values(FLAVORS));
    AUTH_LENGTH = field("rpc.auth.length", "Length", Uint32, Dec);
    AUTH_STAMP = field("rpc.auth.stamp", "Stamp", Uint32, Hex);
    OPAQUE_LENGTH = field("rpc.opaque_length", "length", Uint32, Dec);
    AUTH_MACHINENAME = field("rpc.auth.machinename", "Machine Name", String, None);
    AUTH_UID = field("rpc.auth.uid", "UID", Uint32, Dec);
    AUTH_GID = field("rpc.auth.gid", "GID", Uint32, Dec);
    CONTINUATION_DATA = field("rpc.continuation_data", "Continuation data", Bytes, None);
}

const ACCEPTS: &[(u64, &str)] = &[
    (0, "RPC executed successfully"),
    (1, "remote hasn't exported program"),
    (2, "remote can't support version #"),
    (3, "program can't support procedure"),
    (4, "procedure can't decode params"),
    (5, "errors like memory allocation failure"),
];
const AUTHENTICATION_ERRORS: &[(u64, &str)] = &[
    (1, "bad credential (seal broken)"),
    (2, "client must begin new session"),
    (3, "bad verifier (seal broken)"),
    (4, "verifier expired or replayed"),
    (5, "rejected for security reasons"),
    (13, "GSS credential problem"),
    (14, "GSS context problem"),
];
const FLAVORS: &[(u64, &str)] =
    &[(0, "AUTH_NULL"), (1, "AUTH_UNIX"), (2, "AUTH_SHORT"), (3, "AUTH_DES"), (5, "AUTH_KERB"), (6, "RPCSEC_GSS")];
const UNIX: u64 = 1;

/// The programs of IANA's registry that are called most, by the names that they have in the Protocol column.
const PROGRAMS: &[(u32, &str)] = &[
    (100_000, "Portmap"),
    (100_001, "RSTAT"),
    (100_003, "NFS"),
    (100_004, "YPSERV"),
    (100_005, "MOUNT"),
    (100_007, "YPBIND"),
    (100_008, "WALL"),
    (100_009, "YPPASSWD"),
    (100_011, "RQUOTA"),
    (100_012, "SPRAY"),
    (100_021, "NLM"),
    (100_024, "STAT"),
    (100_026, "BOOTPARAMS"),
    (100_227, "NFSACL"),
    (150_001, "PCNFSD"),
];
/// The names of procedures from the first one on, by program and version.
const PROCEDURES: &[(u32, u32, &[&str])] = &[
    (100_000, 2, &["NULL", "SET", "UNSET", "GETPORT", "DUMP", "CALLIT"]),
    (100_000, 3, &["NULL", "SET", "UNSET", "GETADDR", "DUMP", "CALLIT", "GETTIME", "UADDR2TADDR", "TADDR2UADDR"]),
    (
        100_000,
        4,
        &[
            "NULL",
            "SET",
            "UNSET",
            "GETADDR",
            "DUMP",
            "BCAST",
            "GETTIME",
            "UADDR2TADDR",
            "TADDR2UADDR",
            "GETVERSADDR",
            "INDIRECT",
            "GETADDRLIST",
            "GETSTAT",
        ],
    ),
    (
        100_003,
        2,
        &[
            "NULL",
            "GETATTR",
            "SETATTR",
            "ROOT",
            "LOOKUP",
            "READLINK",
            "READ",
            "WRITECACHE",
            "WRITE",
            "CREATE",
            "REMOVE",
            "RENAME",
            "LINK",
            "SYMLINK",
            "MKDIR",
            "RMDIR",
            "READDIR",
            "STATFS",
        ],
    ),
    (
        100_003,
        3,
        &[
            "NULL",
            "GETATTR",
            "SETATTR",
            "LOOKUP",
            "ACCESS",
            "READLINK",
            "READ",
            "WRITE",
            "CREATE",
            "MKDIR",
            "SYMLINK",
            "MKNOD",
            "REMOVE",
            "RMDIR",
            "RENAME",
            "LINK",
            "READDIR",
            "READDIRPLUS",
            "FSSTAT",
            "FSINFO",
            "PATHCONF",
            "COMMIT",
        ],
    ),
    (100_003, 4, &["NULL", "COMPOUND"]),
    (100_005, 1, &["NULL", "MNT", "DUMP", "UMNT", "UMNTALL", "EXPORT", "EXPORTALL"]),
    (100_005, 3, &["NULL", "MNT", "DUMP", "UMNT", "UMNTALL", "EXPORT"]),
];

const PORT: u16 = 111;
const RECORD_MARK_LEN: usize = 4;
/// A longer record is none.
const MAX_RECORD: usize = 1 << 22;
/// How many calls wait for their reply.
pub(crate) const MAX_CALLS: usize = 16_384;
/// How many groups a caller may be in (RFC 5531, appendix A).
pub const MAX_GROUPS: u64 = 16;
/// A call is at least so long: both kinds of authentication are none.
const CALL_LEN: usize = 40;

const RULES: Rules = Rules {
    proto: ProtoId::Rpc,
    renews: false,
    again: Again::Repeats,
    keeps_orphans: false,
    answers_latest: false,
    in_columns: true,
    fields: &[REQFRAME, REPFRAME, TIME, DUP, CALL_DUP, REPLY_DUP],
};

pub(crate) static PROTOCOL: Protocol = Protocol {
    framing: Some(framing),
    is_counted: true,
    keeps_streams: true,
    samples: &[Sample { link_type: 101, frames: SAMPLES }],
    ..Protocol::new(
        ProtoId::Rpc,
        "RPC",
        &[
            Binding::UdpPort(PORT),
            Binding::TcpPort(PORT),
            Binding::UdpHeuristic(is_datagram),
            Binding::TcpHeuristic(is_record),
        ],
        dissect,
    )
};

/// What is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Called {
    program: u32,
    version: u32,
    procedure: u32,
}

/// The calls of the first pass.
pub(crate) struct Calls {
    open: Recent<(Key, u32), Called>,
}

impl Default for Calls {
    fn default() -> Self {
        Self { open: Recent::new(MAX_CALLS) }
    }
}

/// Whether a call begins there, of a program that is known.
fn is_call(tvb: Tvb<'_>) -> bool {
    tvb.reported() >= CALL_LEN
        && tvb.u32(4) == Ok(0)
        && tvb.u32(8) == Ok(2)
        && tvb.u32(12).is_ok_and(|program| PROGRAMS.iter().any(|known| known.0 == program))
}

/// Whether it replies to a call that was seen.
fn is_reply(d: &Dissector<'_>, tvb: Tvb<'_>) -> bool {
    if tvb.u32(4) != Ok(1) || !matches!(tvb.u32(8), Ok(0 | 1)) {
        return false;
    }
    let key = Key(d.endpoints.conversation().0);
    match (d.peek_flows(), tvb.u32(0)) {
        (Some(flows), Ok(xid)) => flows.rpc.open.peek(&(key, xid)).is_some(),
        _ => d.peek_fact(|fact| matches!(fact, Fact::Rpc(_)).then_some(())).is_some(),
    }
}

fn is_datagram<'a>(d: &Dissector<'a>, tvb: Tvb<'a>) -> bool {
    is_call(tvb) || is_reply(d, tvb)
}

fn is_record<'a>(d: &Dissector<'a>, tvb: Tvb<'a>) -> bool {
    let body = tvb.from(RECORD_MARK_LEN);
    tvb.u8(0).is_ok_and(|mark| mark == 0x80) && (is_call(body) || is_reply(d, body))
}

/// RFC 5531, 11.
fn framing(stream: &[u8]) -> Framing {
    match *stream {
        [a, b, c, e, ..] => match u32::from_be_bytes([a & 0x7f, b, c, e]) as usize {
            len @ 1..=MAX_RECORD => Framing::Message(RECORD_MARK_LEN + len),
            _ => Framing::Foreign,
        },
        _ => Framing::More(RECORD_MARK_LEN - stream.len()),
    }
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("RPC");
    let (_, is_next) = d.begin_next(PROTO, tvb);
    if !is_next {
        d.set_info(String::new);
    }
    let mut body = tvb;
    if d.endpoints.transport != Transport::Udp {
        let mark = tvb.u32(0)?;
        let (len, is_last) = (mark & 0x7fff_ffff, mark >> 31 != 0);
        let line = d.open_text(tvb, 0, RECORD_MARK_LEN, String::new);
        d.text(line, || format!("Fragment header: {}{len} bytes", if is_last { "Last fragment, " } else { "" }));
        d.flag(LASTFRAG, tvb, 0, 4, mark.into());
        d.bits(FRAGLEN, tvb, 0, 4, mark.into());
        d.close();
        body = tvb.from(RECORD_MARK_LEN);
        if !is_last {
            d.bytes(FRAGMENT_DATA, body, 0, body.reported());
            d.append_info_with(" ; ", || "Fragment ".to_owned());
            d.close();
            return Ok(());
        }
    }
    if is_next {
        d.append_info_with(" ; ", String::new);
    }
    let key = Key(d.endpoints.conversation().0);
    if is_call(body) {
        call(d, body, key)?;
    } else if is_reply(d, body) {
        reply(d, body, key)?;
    } else {
        d.append_info(|| "Continuation".to_owned());
        d.bytes(CONTINUATION_DATA, body, 0, body.reported());
    }
    d.close();
    Ok(())
}

fn show_called(d: &mut Dissector<'_>, called: Called, repeats: Option<u64>, what: &str) {
    if let Some((_, name)) = PROGRAMS.iter().find(|known| known.0 == called.program) {
        d.set_protocol(name);
    }
    if let Some(frame) = repeats {
        d.append_info(|| format!("[RPC retransmission of #{frame}]"));
    }
    d.append_info(|| {
        let known = PROCEDURES.iter().find(|known| (known.0, known.1) == (called.program, called.version));
        let name = known.and_then(|known| known.2.get(called.procedure as usize));
        let name = name.map_or_else(|| format!("proc-{}", called.procedure), |name| (*name).to_owned());
        format!("V{} {name} {what}", called.version)
    });
}

fn call<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, key: Key) -> Parsed {
    let xid = d.uint(XID, tvb, 0, 4)? as u32;
    d.uint(MSGTYP, tvb, 4, 4)?;
    d.uint(VERSION, tvb, 8, 4)?;
    let program = d.uint(PROGRAM, tvb, 12, 4)? as u32;
    let version = d.uint(PROGRAMVERSION, tvb, 16, 4)? as u32;
    let procedure = d.uint(PROCEDURE, tvb, 20, 4)? as u32;
    let called = Called { program, version, procedure };
    if let Some(flows) = d.flows() {
        flows.rpc.open.insert((key, xid), called);
        d.record(Fact::Rpc(called));
    }
    transaction::request(d, &RULES, xid.into());
    let known = transaction::known(d, ProtoId::Rpc);
    show_called(d, called, known.repeats, "Call");
    if let Some(frame) = known.repeats {
        d.generated(DUP, tvb, 0, 0, Value::None);
        d.generated(CALL_DUP, tvb, 0, 0, Value::Uint(frame));
    }
    if let Some(frame) = known.response_in {
        d.generated(REQFRAME, tvb, 0, 0, Value::Uint(frame));
        d.append_info(|| format!(" (Reply In {frame})"));
    }
    let at = authentication(d, tvb, 24, "Credentials")?;
    authentication(d, tvb, at, "Verifier")?;
    Ok(())
}

fn reply<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, key: Key) -> Parsed {
    let xid = d.uint(XID, tvb, 0, 4)? as u32;
    d.uint(MSGTYP, tvb, 4, 4)?;
    if let Some(called) = d.flows().and_then(|flows| flows.rpc.open.get(&(key, xid)).copied()) {
        d.record(Fact::Rpc(called));
    }
    let called = d.fact(|fact| match fact {
        Fact::Rpc(called) => Some(*called),
        _ => None,
    });
    transaction::response(d, &RULES, xid.into(), true);
    let known = transaction::known(d, ProtoId::Rpc);
    if let Some(called) = called {
        d.generated(PROGRAM, tvb, 0, 0, Value::Uint(called.program.into()));
        d.generated(PROGRAMVERSION, tvb, 0, 0, Value::Uint(called.version.into()));
        d.generated(PROCEDURE, tvb, 0, 0, Value::Uint(called.procedure.into()));
        show_called(d, called, known.repeats, "Reply");
    }
    let state = d.uint(REPLYSTAT, tvb, 8, 4)?;
    if let Some(frame) = known.repeats {
        d.generated(DUP, tvb, 0, 0, Value::None);
        d.generated(REPLY_DUP, tvb, 0, 0, Value::Uint(frame));
    }
    if let Some((frame, after)) = known.response_to {
        d.generated(REPFRAME, tvb, 0, 0, Value::Uint(frame));
        d.generated(TIME, tvb, 0, 0, Value::Time(after));
        d.append_info(|| format!(" (Call In {frame})"));
    }
    if state == 0 {
        let at = authentication(d, tvb, 12, "Verifier")?;
        if d.uint(STATE_ACCEPT, tvb, at, 4)? == 2 {
            d.uint(PROGRAMVERSION_MIN, tvb, at + 4, 4)?;
            d.uint(PROGRAMVERSION_MAX, tvb, at + 8, 4)?;
        }
    } else if d.uint(STATE_REJECT, tvb, 12, 4)? == 0 {
        d.uint(VERSION_MIN, tvb, 16, 4)?;
        d.uint(VERSION_MAX, tvb, 20, 4)?;
    } else {
        d.uint(STATE_AUTH, tvb, 16, 4)?;
    }
    Ok(())
}

/// RFC 5531, 8.2 and appendix A. Answers where it ends.
fn authentication<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, name: &'static str) -> Result<usize, Stop> {
    let flavor = u64::from(tvb.u32(at)?);
    let len = tvb.u32(at + 4)? as usize;
    let body = tvb.exact(at + 8, len)?;
    d.open_text(tvb, at, 8 + len, || name.to_owned());
    d.uint(AUTH_FLAVOR, tvb, at, 4)?;
    d.uint(AUTH_LENGTH, tvb, at + 4, 4)?;
    if flavor == UNIX && len > 0 {
        d.uint(AUTH_STAMP, body, 0, 4)?;
        let machine = d.uint(OPAQUE_LENGTH, body, 4, 4)? as usize;
        body.slice(8, machine)?;
        d.add(AUTH_MACHINENAME, body, 8, machine, Value::Text);
        let next = (8 + machine).next_multiple_of(4);
        d.uint(AUTH_UID, body, next, 4)?;
        d.uint(AUTH_GID, body, next + 4, 4)?;
        let groups = u64::from(body.u32(next + 8)?).min(MAX_GROUPS);
        for number in 0..groups as usize {
            d.uint(AUTH_GID, body, next + 12 + 4 * number, 4)?;
        }
    }
    d.close();
    Ok((at + 8).saturating_add(len).next_multiple_of(4))
}

const SAMPLES: &[&str] = &[
    "4500005400010000401100000a0000010a00000202bc006f00400000000000010000000000000002000186a000000002000000030000 \
     0000000000000000000000000000000186a3000000030000001100000000",
    "4500003800010000401100000a0000020a000001006f02bc002400000000000100000001000000000000000000000000000000000000 \
     0801",
    "4500006400010000401100000a0000010a00000202bd080100500000000000020000000000000002000186a300000003000000000000 \
     0001000000200000123400000004686f7374000003e8000000640000000200000004000000050000000000000000",
    "4500003400010000401100000a0000020a000001080102bd00200000000000020000000100000000000000000000000000000000",
    "4500004400010000401100000a0000010a00000202bd080100300000000000030000000000000002000186a300000009000000000000 \
     0000000000000000000000000000",
    "4500003c00010000401100000a0000020a000001080102bd002800000000000300000001000000000000000000000000000000020000 \
     000200000004",
    "4500004400010000401100000a0000010a00000202bd080100300000000000040000000000000002000186a300000003000000000000 \
     0000000000000000000000000000",
    "4500003400010000401100000a0000020a000001080102bd00200000000000040000000100000001000000000000000200000003",
    "4500004400010000401100000a0000010a00000202bd080100300000000000050000000000000002000186a300000003000000000000 \
     0000000000000000000000000000",
    "4500003000010000401100000a0000020a000001080102bd001c00000000000500000001000000010000000100000005",
    "4500004400010000401100000a0000010a00000202bd080100300000000000050000000000000002000186a300000003000000000000 \
     0000000000000000000000000000",
    "4500002c00010000401100000a0000010a0000021388006f0018000000000000000000020000000000000000",
    "4500004800010000401100000a0000010a00000202bd006f0034000000000006000000000000000200030d4000000001000000070000 \
     000000000000000000000000000001020304",
    "4500003800010000401100000a0000020a000001006f02bd002400000000000600000001000000000000000000000000000000000506 \
     0708",
    "4500007400010000400600000a0000010a00000202be080100000001000000015018ffff000000008000004800000007000000000000 \
     0002000186a3000000030000000000000001000000200000123400000004686f7374000003e800000064000000020000000400000005 \
     0000000000000000",
    "4500004400010000400600000a0000020a000001080102be000000010000004d5018ffff000000008000001800000007000000010000 \
     0000000000000000000000000000",
    "4500005800010000400600000a0000010a00000202bf006f00000001000000015018ffff000000000000001400000008000000000000 \
     0002000186a300000003800000140000000000000000000000000000000000000000",
    "4500005400010000400600000a0000010a00000202be08010000004d0000001d5018ffff000000008000002800000009000000000000 \
     0002000186a3000000030000000000000000000000000000000000000000",
    "4500004400010000400600000a0000020a000001080102be0000001d000000795018ffff000000008000001800000009000000010000 \
     0000000000000000000000000000",
    "4500003800010000401100000a0000020a000001006f02bc002400000000000100000001000000000000000000000000000000000000 \
     0801",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn replies_know_what_was_called() {
        let shown = frames(101, SAMPLES);
        assert_eq!(values(&shown[1], "rpc.procedure"), "3");
        assert_eq!(values(&shown[1], "rpc.repframe"), "1");
        assert_eq!(values(&shown[2], "rpc.auth.gid"), "100,4,5");
    }

    #[test]
    fn no_more_than_the_limits_are_read() {
        let mut calls = Calls::default();
        let called = Called { program: 0, version: 0, procedure: 0 };
        for xid in 0..2 * MAX_CALLS as u32 {
            calls.open.insert((Key(crate::dissector::Endpoints::default()), xid), called);
        }
        assert!(calls.open.len() <= MAX_CALLS);
        let mut octets = vec![0; 24];
        octets[11] = 2;
        octets[12..16].copy_from_slice(&100_003u32.to_be_bytes());
        octets.extend([0, 0, 0, 1, 0, 0, 1, 20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 64]);
        octets.extend([0; 256]);
        octets.extend([0; 8]);
        let shown = crate::tests::shown_by(ProtoId::Rpc, &octets);
        assert_eq!(shown.iter().filter(|row| row.0 == "rpc.auth.gid").count() as u64, MAX_GROUPS + 1);
        assert_eq!(framing(&[0x80, 0, 0, 4]), Framing::Message(8));
        assert_eq!(framing(&[0x80, 0x80, 0, 4]), Framing::Foreign);
    }

    #[test]
    fn survives_anything() {
        crate::tests::survives_anything(ProtoId::Rpc, b"\0\0\0\x01\0\0\0\0\0\0\0\x02\0\x01\x86\xa3\0\0\0\x03\0\0\0\0\0\0\0\x01\0\0\0\x18\0\0\0\0\0\0\0\x04host\0\0\0\x01\0\0\0\x02\0\0\0\0\0\0\0\0\0\0\0\0");
    }
}
