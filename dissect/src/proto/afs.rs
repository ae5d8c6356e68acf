//! The Andrew File System: which procedure of which server is called, by the ports of RX. An answer is known by its call.

use crate::conversation;
use crate::dissector::Dissector;
use crate::facts::Fact;
use crate::field::{FieldId, Names, fields};
use crate::recent::Recent;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Afs, "afs", "Andrew File System (AFS)";
    FS_OPCODE = field("afs.fs.opcode", "Operation", Uint32, Dec).names(Names::Values(FS));
    CB_OPCODE = field("afs.cb.opcode", "Operation", Uint32, Dec).names(Names::Values(CB));
    PROT_OPCODE = field("afs.prot.opcode", "Operation", Uint32, Dec).names(Names::Values(PROT));
    VLDB_OPCODE = field("afs.vldb.opcode", "Operation", Uint32, Dec).names(Names::Values(VLDB));
    VOL_OPCODE = field("afs.vol.opcode", "Operation", Uint32, Dec).names(Names::Values(VOL));
    KAUTH_OPCODE = field("afs.kauth.opcode", "Operation", Uint32, Dec).names(Names::Values(KAUTH));
    BOS_OPCODE = field("afs.bos.opcode", "Operation", Uint32, Dec).names(Names::Values(BOS));
}

const FS: &[(u64, &str)] = &[
    (130, "fetch-data"),
    (131, "fetch-acl"),
    (132, "fetch-status"),
    (133, "store-data"),
    (134, "store-acl"),
    (135, "store-status"),
    (136, "remove-file"),
    (137, "create-file"),
    (138, "rename"),
    (139, "symlink"),
    (140, "link"),
    (141, "makedir"),
    (142, "rmdir"),
    (143, "old-set-lock"),
    (144, "old-extend-lock"),
    (145, "old-release-lock"),
    (146, "get-stats"),
    (147, "give-up-callbacks"),
    (148, "get-volume-info"),
    (149, "get-volume-status"),
    (150, "set-volume-status"),
    (151, "get-root-volume"),
    (152, "check-token"),
    (153, "get-time"),
    (154, "nget-volume-info"),
    (155, "bulk-status"),
    (156, "set-lock"),
    (157, "extend-lock"),
    (158, "release-lock"),
    (159, "xstats-version"),
    (160, "get-xstats"),
    (161, "dfs-lookup"),
    (162, "dfs-flushcps"),
    (163, "dfs-symlink"),
    (220, "residency"),
    (65536, "inline-bulk-status"),
    (65537, "fetch-data-64"),
    (65538, "store-data-64"),
    (65539, "give-up-all-callbacks"),
    (65540, "get-capabilities"),
    (65541, "call-back-rxconn-addr"),
    (65542, "get-statistics-64"),
];
const CB: &[(u64, &str)] = &[
    (204, "callback"),
    (205, "init-callback-state"),
    (206, "probe"),
    (207, "get-lock"),
    (208, "get-ce"),
    (209, "xstats-version"),
    (210, "get-xstats"),
    (211, "init-callback-state2"),
    (212, "who-are-you"),
    (213, "init-callback-state3"),
    (214, "probeuuid"),
    (215, "get-server-prefs"),
    (216, "get-cellservdb"),
    (217, "get-local-cell"),
    (218, "get-cache-config"),
    (65536, "get-ce-64"),
    (65537, "get-cell-by-num"),
    (65538, "get-capabilities"),
];
const PROT: &[(u64, &str)] = &[
    (500, "new-user"),
    (501, "where-is-it"),
    (502, "dump-entry"),
    (503, "add-to-group"),
    (504, "name-to-id"),
    (505, "id-to-name"),
    (506, "delete"),
    (507, "remove-from-group"),
    (508, "get-cps"),
    (509, "new-entry"),
    (510, "list-max"),
    (511, "set-max"),
    (512, "list-entry"),
    (513, "change-entry"),
    (514, "list-elements"),
    (515, "is-member-of"),
    (516, "set-fld-sentry"),
    (517, "list-owned"),
    (518, "get-cps2"),
    (519, "get-host-cps"),
    (520, "update-entry"),
    (521, "list-entries"),
    (530, "list-supergroups"),
];
const VLDB: &[(u64, &str)] = &[
    (501, "create-entry"),
    (502, "delete-entry"),
    (503, "get-entry-by-id"),
    (504, "get-entry-by-name"),
    (505, "get-new-volume-id"),
    (506, "replace-entry"),
    (507, "update-entry"),
    (508, "set-lock"),
    (509, "release-lock"),
    (510, "list-entry"),
    (511, "list-attributes"),
    (512, "linked-list"),
    (513, "get-stats"),
    (514, "probe"),
    (515, "get-addrs"),
    (516, "change-addr"),
    (517, "create-entry-n"),
    (518, "get-entry-by-id-n"),
    (519, "get-entry-by-name-n"),
    (520, "replace-entry-n"),
    (521, "list-entry-n"),
    (522, "list-attrib-n"),
    (523, "linked-list-n"),
    (524, "update-entry-by-name"),
    (525, "create-entry-u"),
    (526, "get-entry-by-id-u"),
    (527, "get-entry-by-name-u"),
    (528, "replace-entry-u"),
    (529, "list-entry-u"),
    (530, "list-attrib-u"),
    (531, "linked-list-u"),
    (532, "regaddr"),
    (533, "get-addrs-u"),
    (534, "list-attrib-n2"),
];
const VOL: &[(u64, &str)] = &[
    (100, "create-volume"),
    (101, "delete-volume"),
    (102, "restore"),
    (103, "forward"),
    (104, "end-trans"),
    (105, "clone"),
    (106, "set-flags"),
    (107, "get-flags"),
    (108, "trans-create"),
    (109, "dump"),
    (110, "get-nth-volume"),
    (111, "set-forwarding"),
    (112, "get-name"),
    (113, "get-status"),
    (114, "sig-restore"),
    (115, "list-partitions"),
    (116, "list-volumes"),
    (117, "set-id-types"),
    (118, "monitor"),
    (119, "partition-info"),
    (120, "reclone"),
    (121, "list-one-volume"),
    (122, "nuke"),
    (123, "set-date"),
    (124, "x-list-volumes"),
    (125, "x-list-one-volume"),
    (126, "set-info"),
    (127, "x-list-partitions"),
    (128, "forward-multiple"),
    (65536, "convert-ro"),
    (65537, "getsize"),
    (65538, "dump-v2"),
    (65539, "partition-info-64"),
];
const KAUTH: &[(u64, &str)] = &[
    (1, "auth-old"),
    (2, "change-pw"),
    (3, "get-ticket-old"),
    (4, "set-pw"),
    (5, "set-fields"),
    (6, "create-user"),
    (7, "delete-user"),
    (8, "get-entry"),
    (9, "list-entry"),
    (10, "get-stats"),
    (11, "debug"),
    (12, "get-pw"),
    (13, "get-random-key"),
    (14, "unlock"),
    (15, "lock-status"),
    (21, "authenticate"),
    (22, "authenticate-v2"),
    (23, "get-ticket"),
];
const BOS: &[(u64, &str)] = &[
    (80, "create-bnode"),
    (81, "delete-bnode"),
    (82, "set-status"),
    (83, "get-status"),
    (84, "enumerate-instance"),
    (85, "get-instance-info"),
    (86, "get-instance-parm"),
    (87, "add-superuser"),
    (88, "delete-superuser"),
    (89, "list-superusers"),
    (90, "list-keys"),
    (91, "add-key"),
    (92, "delete-key"),
    (93, "set-cell-name"),
    (94, "get-cell-name"),
    (95, "get-cell-host"),
    (96, "add-cell-host"),
    (97, "delete-cell-host"),
    (98, "set-t-status"),
    (99, "shutdown-all"),
    (100, "restart-all"),
    (101, "startup-all"),
    (102, "set-noauth-flag"),
    (103, "re-bozo"),
    (104, "restart"),
    (105, "install"),
    (106, "uninstall"),
    (107, "get-dates"),
    (108, "exec"),
    (109, "prune"),
    (110, "set-restart-time"),
    (111, "get-restart-time"),
    (112, "get-log"),
    (113, "wait-all"),
    (114, "get-instance-strings"),
    (115, "get-restricted"),
    (116, "set restricted"),
];

/// A server: its port, how the Info column and how the tree calls it, and the field of its procedures.
struct Server(u16, &'static str, &'static str, Option<FieldId>);

const SERVERS: &[Server] = &[
    Server(7000, "FS", "File Server", Some(FS_OPCODE)),
    Server(7001, "CB", "Callback Server", Some(CB_OPCODE)),
    Server(7002, "PROT", "Protection Server", Some(PROT_OPCODE)),
    Server(7003, "VLDB", "Volume Location Database", Some(VLDB_OPCODE)),
    Server(7004, "KAUTH", "Kerberos Authentication Server", Some(KAUTH_OPCODE)),
    Server(7005, "VOL", "Volume Server", Some(VOL_OPCODE)),
    Server(7006, "ERROR", "Error Server", None),
    Server(7007, "BOS", "Basic Overseer Server", Some(BOS_OPCODE)),
    Server(7008, "UPD", "Update Server", None),
    Server(7009, "RMTSYS", "Rmtsys Server", None),
    Server(7021, "BKUP", "Backup Server", None),
];

/// How many calls are remembered.
const MAX_CALLS: usize = 32_768;
/// RX's header, which stands before what is read here.
const HEADER_LEN: usize = 28;
const CLIENT_INITIATED: u8 = 1;

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample { link_type: 101, frames: SAMPLE }],
    ..Protocol::new(ProtoId::Afs, "AFS (RX)", &[], dissect)
};

/// The procedures of the first pass, by conversation, connection and call.
pub(crate) struct Calls(Recent<(conversation::Key, u32, u32), u32>);

impl Default for Calls {
    fn default() -> Self {
        Self(Recent::new(MAX_CALLS))
    }
}

/// Takes a packet with data, RX's header included.
fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let (connection, call, seq, flags) = (tvb.u32(4)?, tvb.u32(8)?, tvb.u32(12)?, tvb.u8(21)?);
    let is_request = flags & CLIENT_INITIATED != 0;
    let port = if is_request { d.endpoints.dst_port } else { d.endpoints.src_port };
    let body = tvb.from(HEADER_LEN);
    let Some(Server(_, short, long, field)) = SERVERS.iter().find(|server| server.0 == port) else { return Ok(()) };
    let key = (conversation::Key(d.endpoints.conversation().0), connection, call);
    if let Some(flows) = d.flows() {
        if is_request
            && seq == 1
            && let Ok(opcode) = body.u32(0)
        {
            flows.afs.0.insert(key, opcode);
        }
        if let Some(opcode) = flows.afs.0.get(&key).copied() {
            d.record(Fact::AfsOpcode(opcode));
        }
    }
    let opcode = d.peek_fact(|fact| match fact {
        Fact::AfsOpcode(opcode) => Some(u64::from(*opcode)),
        _ => None,
    });
    let Some(opcode) = opcode else { return Ok(()) };
    let direction = if is_request { "Request" } else { "Reply" };
    let name = field.and_then(|field| crate::registry::field(field).names.of(opcode));
    d.begin(PROTO, body);
    d.set_protocol("AFS (RX)");
    let is_encrypted = name.is_none() && matches!(port, 7000 | 7001);
    d.set_info(|| match &name {
        Some(name) => format!("{short} {direction}: {name} ({opcode})"),
        None if is_encrypted => format!("Encrypted {short} {direction}"),
        None => format!("{short} {direction}: Unknown({opcode}) ({opcode})"),
    });
    d.open_text(body, 0, body.len(), || format!("Service: {long} {direction}"));
    if let Some(field) = field
        && !is_encrypted
    {
        if is_request && seq == 1 {
            d.uint(*field, body, 0, 4)?;
        } else {
            d.generated(*field, body, 0, 0, Value::Uint(opcode));
        }
    }
    d.close();
    d.close();
    Ok(())
}

/// A call of each server, an answer, and one that is encrypted.
#[rustfmt::skip]
const SAMPLE: &[&str] = &[
    "4500003c00010000401100000a0000010a00000213881b58002800005f5e100000001000000000010000000100000001 \
     010500000000000100000082",
    "4500003c00010000401100000a0000010a00000213881b59002800005f5e100000001000000000020000000100000001 \
     0105000000000001000000cc",
    "4500003c00010000401100000a0000010a00000213881b5a002800005f5e100000001000000000030000000100000001 \
     0105000000000001000001f8",
    "4500003c00010000401100000a0000010a00000213881b5b002800005f5e100000001000000000040000000100000001 \
     01050000000000010000020f",
    "4500003c00010000401100000a0000010a00000213881b5c002800005f5e100000001000000000050000000100000001 \
     010500000000000100000001",
    "4500003c00010000401100000a0000010a00000213881b5d002800005f5e100000001000000000060000000100000001 \
     010500000000000100000064",
    "4500003c00010000401100000a0000010a00000213881b5f002800005f5e100000001000000000070000000100000001 \
     010500000000000100000050",
    "4500003c00010000401100000a0000020a0000011b581388002800005f5e100000001000000000010000000100000001 \
     010400000000000161626364",
    "4500003c00010000401100000a0000010a00000213881b58002800005f5e100000001000000000090000000100000001 \
     0105000000000001deadbeef",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, survives_anything, values};

    #[test]
    fn an_answer_is_of_the_procedure_that_was_called() {
        let all = frames(101, SAMPLE);
        assert_eq!(values(&all[0], "afs.fs.opcode"), "130");
        assert_eq!(values(&all[7], "afs.fs.opcode"), "130");
        assert_eq!(values(&all[8], "afs.fs.opcode"), "");
    }

    #[test]
    fn calls_are_forgotten_when_there_are_too_many() {
        let mut calls = Calls::default();
        for call in 0..MAX_CALLS as u32 + 9 {
            calls.0.insert((conversation::Key(crate::dissector::Endpoints::default()), 1, call), 130);
        }
        assert!(calls.0.len() <= MAX_CALLS);
    }

    #[test]
    fn nothing_breaks_it() {
        let seed = b"\x57\x0f\xb5\x60\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\0\0\x02\x01\x05\0\0\0\0\0\x49\0\0\0\x82abcd";
        survives_anything(ProtoId::Afs, seed);
    }
}
