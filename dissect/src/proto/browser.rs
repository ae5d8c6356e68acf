//! The browser protocol of Windows networks ([MS-BRWS]): who is there, and who keeps the list.

use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::output::value::printable;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Browser, "browser", "Microsoft Windows Browser Protocol";
    COMMAND = field("browser.command", "Command", Uint8, Hex).names(Names::Values(COMMANDS));
    UPDATE_COUNT = field("browser.update_count", "Update Count", Uint8, Dec);
    PERIOD = field("browser.period", "Update Periodicity", Uint32, Dec);
    SERVER = field("browser.server", "Server Name", String, None);
    OS_MAJOR = field("browser.os_major", "OS Major Version", Uint8, Dec);
    OS_MINOR = field("browser.os_minor", "OS Minor Version", Uint8, Dec);
    SERVER_TYPE = field("browser.server_type", "Server Type", Uint32, Hex);
    TYPE_WORKSTATION = field("browser.server_type.workstation", "Workstation", Boolean, None).mask(0x1);
    TYPE_SERVER = field("browser.server_type.server", "Server", Boolean, None).mask(0x2);
    TYPE_SQL = field("browser.server_type.sql", "SQL", Boolean, None).mask(0x4);
    TYPE_DOMAIN_CONTROLLER = field("browser.server_type.domain_controller", "Domain Controller", Boolean, None).mask(0x8);
    TYPE_BACKUP_CONTROLLER = field("browser.server_type.backup_controller", "Backup Controller", Boolean, None).mask(0x10);
    TYPE_TIME = field("browser.server_type.time", "Time Source", Boolean, None).mask(0x20);
    TYPE_APPLE = field("browser.server_type.apple", "Apple", Boolean, None).mask(0x40);
    TYPE_NOVELL = field("browser.server_type.novell", "Novell", Boolean, None).mask(0x80);
    TYPE_MEMBER = field("browser.server_type.member", "Member", Boolean, None).mask(0x100);
    TYPE_PRINT = field("browser.server_type.print", "Print", Boolean, None).mask(0x200);
    TYPE_DIALIN = field("browser.server_type.dialin", "Dialin", Boolean, None).mask(0x400);
    TYPE_XENIX = field("browser.server_type.xenix", "Xenix", Boolean, None).mask(0x800);
    TYPE_NTW = field("browser.server_type.ntw", "NT Workstation", Boolean, None).mask(0x1000);
    TYPE_WFW = field("browser.server_type.wfw", "WfW", Boolean, None).mask(0x2000);
    TYPE_NTS = field("browser.server_type.nts", "NT Server", Boolean, None).mask(0x8000);
    TYPE_BROWSER_POTENTIAL = field("browser.server_type.browser.potential", "Potential Browser", Boolean, None).mask(0x10000);
    TYPE_BROWSER_BACKUP = field("browser.server_type.browser.backup", "Backup Browser", Boolean, None).mask(0x20000);
    TYPE_BROWSER_MASTER = field("browser.server_type.browser.master", "Master Browser", Boolean, None).mask(0x40000);
    TYPE_BROWSER_DOMAIN_MASTER = field("browser.server_type.browser.domain_master", "Domain Master Browser", Boolean, None).mask(0x80000);
    TYPE_OSF = field("browser.server_type.osf", "OSF", Boolean, None).mask(0x100000);
    TYPE_VMS = field("browser.server_type.vms", "VMS", Boolean, None).mask(0x200000);
    TYPE_W95 = field("browser.server_type.w95", "Windows 95+", Boolean, None).mask(0x400000);
    TYPE_DFS = field("browser.server_type.dfs", "DFS", Boolean, None).mask(0x800000);
    TYPE_LOCAL = field("browser.server_type.local", "Local", Boolean, None).mask(0x40000000);
    TYPE_DOMAINENUM = field("browser.server_type.domainenum", "Domain Enum", Boolean, None).mask(0x80000000);
    PROTO_MAJOR = field("browser.proto_major", "Browser Protocol Major Version", Uint8, Dec);
    PROTO_MINOR = field("browser.proto_minor", "Browser Protocol Minor Version", Uint8, Dec);
    SIG = field("browser.sig", "Signature", Uint16, Hex);
    COMMENT = field("browser.comment", "Host Comment", String, None);
    MB_SERVER = field("browser.mb_server", "Master Browser Server Name", String, None);
    UNUSED = field("browser.unused", "Unused flags", Uint8, Hex);
    RESPONSE_COMPUTER_NAME = field("browser.response_computer_name", "Response Computer Name", String, None);
    ELECTION_VERSION = field("browser.election.version", "Election Version", Uint8, Dec);
    ELECTION_CRITERIA = field("browser.election.criteria", "Election Criteria", Uint32, Hex);
    ELECTION_DESIRE = field("browser.election.desire", "Election Desire", Uint8, Hex);
    ELECTION_OS = field("browser.election.os", "Election OS", Uint8, Hex);
    UPTIME = field("browser.uptime", "Uptime", Uint32, Dec);
    BACKUP_COUNT = field("browser.backup.count", "Backup List Requested Count", Uint8, Dec);
    BACKUP_TOKEN = field("browser.backup.token", "Backup Request Token", Uint32, Dec);
    BACKUP_SERVER = field("browser.backup.server", "Backup Server", String, None);
    BROWSER_TO_PROMOTE = field("browser.browser_to_promote", "Browser to Promote", String, None);
}

/// [MS-BRWS] 2.2.
const COMMANDS: &[(u64, &str)] = &[
    (0x01, "Host Announcement"),
    (0x02, "Request Announcement"),
    (0x08, "Browser Election Request"),
    (0x09, "Get Backup List Request"),
    (0x0a, "Get Backup List Response"),
    (0x0b, "Become Backup Browser"),
    (0x0c, "Domain/Workgroup Announcement"),
    (0x0d, "Master Announcement"),
    (0x0e, "Reset Browser State Announcement"),
    (0x0f, "Local Master Announcement"),
];
const DOMAIN: u8 = 0x0c;

/// The bits of a server's type ([MS-BRWS] 2.2.6 with [MS-SRVS] 2.2.2.7), their fields and names.
const TYPES: &[(u32, FieldId, &str)] = &[
    (0, TYPE_WORKSTATION, "Workstation"),
    (1, TYPE_SERVER, "Server"),
    (2, TYPE_SQL, "SQL Server"),
    (3, TYPE_DOMAIN_CONTROLLER, "Domain Controller"),
    (4, TYPE_BACKUP_CONTROLLER, "Backup Controller"),
    (5, TYPE_TIME, "Time Source"),
    (6, TYPE_APPLE, "Apple Server"),
    (7, TYPE_NOVELL, "Novell Server"),
    (8, TYPE_MEMBER, "Domain Member Server"),
    (9, TYPE_PRINT, "Print Queue Server"),
    (10, TYPE_DIALIN, "Dialin Server"),
    (11, TYPE_XENIX, "Xenix Server"),
    (12, TYPE_NTW, "NT Workstation"),
    (13, TYPE_WFW, "Windows for Workgroups"),
    (15, TYPE_NTS, "NT Server"),
    (16, TYPE_BROWSER_POTENTIAL, "Potential Browser"),
    (17, TYPE_BROWSER_BACKUP, "Backup Browser"),
    (18, TYPE_BROWSER_MASTER, "Master Browser"),
    (19, TYPE_BROWSER_DOMAIN_MASTER, "Domain Master Browser"),
    (20, TYPE_OSF, "OSF"),
    (21, TYPE_VMS, "VMS"),
    (22, TYPE_W95, "Windows 95 or above"),
    (23, TYPE_DFS, "DFS server"),
    (30, TYPE_LOCAL, "Local List Only"),
    (31, TYPE_DOMAINENUM, "Domain Enum"),
];
const NAME_LEN: usize = 16;

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample { link_type: 101, frames: SAMPLE }],
    ..Protocol::new(ProtoId::Browser, "BROWSER", &[], dissect)
};

/// The text at `at` up to its zero octet or its end, and where the next thing begins.
fn text<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, field: FieldId, at: usize) -> Result<usize, Stop> {
    let rest = tvb.slice(at, tvb.reported().saturating_sub(at))?;
    let len = memchr::memchr(0, rest).unwrap_or(rest.len());
    d.add(field, tvb, at, len, Value::Text);
    Ok(at + len + 1)
}

fn number<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, field: FieldId, at: usize) -> Result<u32, Stop> {
    let value = tvb.u32_le(at)?;
    d.add(field, tvb, at, 4, Value::Uint(value.into()));
    Ok(value)
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("BROWSER");
    d.set_info(String::new);
    let command = tvb.u8(0)?;
    d.set_info(|| match Names::Values(COMMANDS).of(command.into()) {
        Some(name) => name.into_owned(),
        None => format!("Unknown command:0x{command:02x}"),
    });
    d.begin(PROTO, tvb);
    d.uint(COMMAND, tvb, 0, 1)?;
    match command {
        0x01 | DOMAIN | 0x0f => announcement(d, tvb, command)?,
        0x02 => {
            d.uint(UNUSED, tvb, 1, 1)?;
            let name = tvb.bytes().get(2..).unwrap_or_default();
            let len = memchr::memchr(0, name).unwrap_or(name.len());
            d.append_info(|| format!(" {}", printable(name.get(..len).unwrap_or_default())));
            text(d, tvb, RESPONSE_COMPUTER_NAME, 2)?;
        }
        0x08 => {
            d.uint(ELECTION_VERSION, tvb, 1, 1)?;
            d.open(ELECTION_CRITERIA, tvb, 2, 4, Value::Uint(tvb.u32_le(2)?.into()));
            for (field, at) in [(ELECTION_DESIRE, 2), (PROTO_MAJOR, 3), (PROTO_MINOR, 4), (ELECTION_OS, 5)] {
                d.uint(field, tvb, at, 1)?;
            }
            d.close();
            number(d, tvb, UPTIME, 6)?;
            // Four octets that must be zero.
            text(d, tvb, SERVER, 14)?;
        }
        0x09 => {
            d.uint(BACKUP_COUNT, tvb, 1, 1)?;
            number(d, tvb, BACKUP_TOKEN, 2)?;
        }
        0x0a => {
            let count = d.uint(BACKUP_COUNT, tvb, 1, 1)?;
            number(d, tvb, BACKUP_TOKEN, 2)?;
            let mut at = 6;
            for _ in 0..count {
                at = text(d, tvb, BACKUP_SERVER, at)?;
            }
        }
        0x0b => drop(text(d, tvb, BROWSER_TO_PROMOTE, 1)?),
        0x0d => drop(text(d, tvb, MB_SERVER, 1)?),
        _ => {}
    }
    d.close();
    Ok(())
}

/// [MS-BRWS] 2.2.1, 2.2.6 and 2.2.10.
fn announcement<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, command: u8) -> Parsed {
    d.uint(UPDATE_COUNT, tvb, 1, 1)?;
    number(d, tvb, PERIOD, 2)?;
    let name = tvb.slice(6, NAME_LEN)?;
    let len = memchr::memchr(0, name).unwrap_or(NAME_LEN);
    d.append_info(|| format!(" {}", printable(name.get(..len).unwrap_or_default())));
    d.string(SERVER, tvb, 6, NAME_LEN);
    d.uint(OS_MAJOR, tvb, 22, 1)?;
    d.uint(OS_MINOR, tvb, 23, 1)?;
    let kind = tvb.u32_le(24)?;
    d.append_info(|| types(kind));
    let line = d.open(SERVER_TYPE, tvb, 24, 4, Value::Uint(kind.into()));
    d.append_text(line, || types(kind));
    for (_, field, _) in TYPES {
        d.flag(*field, tvb, 24, 4, kind.into());
    }
    d.close();
    if command == DOMAIN {
        d.uint(PROTO_MAJOR, tvb, 28, 1)?;
        d.uint(PROTO_MINOR, tvb, 29, 1)?;
        d.add(SIG, tvb, 30, 2, Value::Uint(tvb.u16_le(30)?.into()));
        text(d, tvb, MB_SERVER, 32)?;
        return Ok(());
    }
    d.uint(PROTO_MAJOR, tvb, 28, 1)?;
    d.uint(PROTO_MINOR, tvb, 29, 1)?;
    d.add(SIG, tvb, 30, 2, Value::Uint(tvb.u16_le(30)?.into()));
    text(d, tvb, COMMENT, 32)?;
    Ok(())
}

/// What a server is, one name a bit.
fn types(kind: u32) -> String {
    let mut shown = String::new();
    for bit in (0..32).filter(|bit| kind >> bit & 1 != 0) {
        match TYPES.iter().find(|row| row.0 == bit) {
            Some((_, _, name)) => shown += &format!(", {name}"),
            None => shown += &format!(", Unknown server type:{bit}"),
        }
    }
    shown
}

#[rustfmt::skip]
const SAMPLE: &[&str] = &[
    "450000e600010000401100000a0000010a000002008a008a00d20000110200070a000001008a00bc0000204644464345 \
     444341434143414341434143414341434143414341434143414141002045454644464543414341434143414341434143 \
     4143414341434143414341424e00ff534d42250000000000000000000000000000000000000001000200030004001100 \
     0022000000000000000000e803000000000000000022005600030001000000020033005c4d41494c534c4f545c42524f \
     57534500010380fc0a00484f53540000000000000000000000000501ffffffff0f0155aa6300",
    "450000eb00010000401100000a0000010a000002008a008a00d70000110200070a000001008a00c10000204644464345 \
     444341434143414341434143414341434143414341434143414141002045454644464543414341434143414341434143 \
     4143414341434143414341424e00ff534d42250000000000000000000000000000000000000001000200030004001100 \
     0027000000000000000000e803000000000000000027005600030001000000020038005c4d41494c534c4f545c42524f \
     575345000c0380fc0a00484f53540000000000000000000000000501001000800f0155aa4d415354455200",
    "450000cb00010000401100000a0000010a000002008a008a00b70000110200070a000001008a00a10000204644464345 \
     444341434143414341434143414341434143414341434143414141002045454644464543414341434143414341434143 \
     4143414341434143414341424e00ff534d42250000000000000000000000000000000000000001000200030004001100 \
     0007000000000000000000e803000000000000000007005600030001000000020018005c4d41494c534c4f545c42524f \
     5753450002004e414d4500",
    "450000d600010000401100000a0000010a000002008a008a00c20000110200070a000001008a00ac0000204644464345 \
     444341434143414341434143414341434143414341434143414141002045454644464543414341434143414341434143 \
     4143414341434143414341424e00ff534d42250000000000000000000000000000000000000001000200030004001100 \
     0012000000000000000000e803000000000000000012005600030001000000020023005c4d41494c534c4f545c42524f \
     575345000801a30f0120881300000000000053525600",
    "450000ca00010000401100000a0000010a000002008a008a00b60000110200070a000001008a00a00000204644464345 \
     444341434143414341434143414341434143414341434143414141002045454644464543414341434143414341434143 \
     4143414341434143414341424e00ff534d42250000000000000000000000000000000000000001000200030004001100 \
     0006000000000000000000e803000000000000000006005600030001000000020017005c4d41494c534c4f545c42524f \
     57534500090401000000",
    "450000cf00010000401100000a0000010a000002008a008a00bb0000110200070a000001008a00a50000204644464345 \
     444341434143414341434143414341434143414341434143414141002045454644464543414341434143414341434143 \
     4143414341434143414341424e00ff534d42250000000000000000000000000000000000000001000200030004001100 \
     000b000000000000000000e80300000000000000000b00560003000100000002001c005c4d41494c534c4f545c42524f \
     575345000a01010000005352563100",
    "450000cb00010000401100000a0000010a000002008a008a00b70000110200070a000001008a00a10000204644464345 \
     444341434143414341434143414341434143414341434143414141002045454644464543414341434143414341434143 \
     4143414341434143414341424e00ff534d42250000000000000000000000000000000000000001000200030004001100 \
     0007000000000000000000e803000000000000000007005600030001000000020018005c4d41494c534c4f545c42524f \
     575345000b50524f4d4f00",
    "450000c800010000401100000a0000010a000002008a008a00b40000110200070a000001008a009e0000204644464345 \
     444341434143414341434143414341434143414341434143414141002045454644464543414341434143414341434143 \
     4143414341434143414341424e00ff534d42250000000000000000000000000000000000000001000200030004001100 \
     0004000000000000000000e803000000000000000004005600030001000000020015005c4d41494c534c4f545c42524f \
     575345000d4d4200",
    "450000c500010000401100000a0000010a000002008a008a00b10000110200070a000001008a009b0000204644464345 \
     444341434143414341434143414341434143414341434143414141002045454644464543414341434143414341434143 \
     4143414341434143414341424e00ff534d42250000000000000000000000000000000000000001000200030004001100 \
     0001000000000000000000e803000000000000000001005600030001000000020012005c4d41494c534c4f545c42524f \
     5753450003",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn announcements_and_elections() {
        let shown = frames(101, SAMPLE);
        assert_eq!(values(&shown[0], "browser.server"), "HOST");
        assert_eq!(values(&shown[1], "browser.mb_server"), "MASTER");
        assert_eq!(values(&shown[3], "browser.election.desire"), "0xa3");
        assert_eq!(types(0x4003), ", Workstation, Server, Unknown server type:14");
    }

    #[test]
    fn survives_anything() {
        crate::tests::survives_anything(
            ProtoId::Browser,
            b"\x01\x03\0\0\0\0HOST\0aaaaaaaaaaa\x05\x01\x03\x10\0\0\x0f\x01\x55\xaac\0",
        );
    }
}
