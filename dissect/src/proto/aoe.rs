//! ATA over Ethernet (the AoE specification, revision 11): disk commands and their answers in frames.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Aoe, "aoe", "ATAoverEthernet";
    VERSION = field("aoe.version", "Version", Uint8, Dec);
    RESPONSE = field("aoe.response", "Response flag", Boolean, None).names(Names::Flag("Response", "Request")).mask(0x08);
    FLAGS_ERROR = field("aoe.flags_error", "Error flag", Boolean, None).names(Names::Flag("Error", "No error")).mask(0x04);
    ERROR = field("aoe.error", "Error", Uint8, Dec).names(Names::Values(ERRORS));
    MAJOR = field("aoe.major", "Major", Uint16, Hex);
    MINOR = field("aoe.minor", "Minor", Uint8, Hex);
    CMD = field("aoe.cmd", "Command", Uint8, Dec).names(Names::Values(COMMANDS));
    TAG = field("aoe.tag", "Tag", Uint32, Hex);
    AFLAGS_E = field("aoe.aflags.e", "E", Boolean, None).names(Names::Flag("LBA48 extended command", "Normal command")).mask(0x40);
    AFLAGS_W = field("aoe.aflags.w", "W", Boolean, None).names(Names::Flag("Write to the device", "No write to device")).mask(0x01);
    ERR_FEATURE = field("aoe.err_feature", "Err/Feature", Uint8, Hex);
    SECTOR_COUNT = field("aoe.sector_count", "Sector Count", Uint8, Dec);
    ATA_CMD = field("aoe.ata.cmd", "ATA Cmd", Uint8, Hex).names(Names::Values(ATA_COMMANDS));
    ATA_STATUS = field("aoe.ata.status", "ATA Status", Uint8, Hex);
    LBA = field("aoe.lba", "Lba", Uint64, Hex);
}

const ERRORS: &[(u64, &str)] = &[
    (1, "Unrecognized command code"),
    (2, "Bad argument parameter"),
    (3, "Device unavailable"),
    (4, "Config string present"),
    (5, "Unsupported version"),
];
const COMMANDS: &[(u64, &str)] = &[(0, "Issue ATA Command"), (1, "Query Config Information")];
const ATA: u64 = 0;
/// The commands of ATA that disks are asked by.
const ATA_COMMANDS: &[(u64, &str)] = &[
    (0x00, "NOP"),
    (0x08, "Atapi soft reset"),
    (0x20, "Read sectors (with retry)"),
    (0x24, "Read ext"),
    (0x30, "Write sectors (with retry)"),
    (0x34, "Write ext"),
    (0x40, "Read verify sectors (with retry)"),
    (0x90, "Execute device diagnostics"),
    (0xa0, "Atapi packet"),
    (0xa1, "Atapi identify device"),
    (0xb0, "Smart"),
    (0xc4, "Read multiple"),
    (0xc5, "Write multiple"),
    (0xc8, "Read dma (with retry)"),
    (0xca, "Write dma (with retry)"),
    (0xe5, "Check power mode"),
    (0xec, "Identify Device"),
    (0xef, "Set features"),
];

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample {
        link_type: 1,
        frames: &[
            "ffffffffffff 020000000001 88a2 10 00 0014 00 00 0001cd4a 41 00 01 ec 000000a00000 0000",
            "020000000001 020000000002 88a2 1c 01 0014 00 00 0001cd4a 00 00 00 40 000000a00000 0000",
            "020000000001 020000000002 88a2 10 00 0014 00 01 00000000 0000",
        ],
    }],
    ..Protocol::new(ProtoId::Aoe, "AoE", &[Binding::EtherType(0x88a2)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("AoE");
    d.set_info(String::new);
    d.begin(PROTO, tvb);
    let first = tvb.u8(0)?;
    let line = d.add(VERSION, tvb, 0, 1, Value::Uint((first >> 4).into()));
    d.text(line, || format!("Version: {}", first >> 4));
    if first >> 4 == 1 {
        body(d, tvb, first)?;
    }
    d.close();
    Ok(())
}

fn body<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, first: u8) -> Parsed {
    let is_response = first & 0x08 != 0;
    let kind = if is_response { "Response" } else { "Request" };
    d.open_text(tvb, 0, 1, || format!("Flags: {kind}{}", if first & 0x04 != 0 { " Error" } else { "" }));
    d.flag(RESPONSE, tvb, 0, 1, first.into());
    d.flag(FLAGS_ERROR, tvb, 0, 1, first.into());
    d.close();
    if first & 0x04 != 0 {
        d.uint(ERROR, tvb, 1, 1)?;
    }
    d.uint(MAJOR, tvb, 2, 2)?;
    d.uint(MINOR, tvb, 4, 1)?;
    let command = d.uint(CMD, tvb, 5, 1)?;
    d.set_info(|| {
        let name = Names::Values(COMMANDS).of(command);
        format!("{} {kind}", name.as_deref().unwrap_or("Unknown command"))
    });
    d.uint(TAG, tvb, 6, 4)?;
    if command != ATA {
        return Ok(());
    }
    let flags = tvb.u8(10)?;
    d.flag(AFLAGS_E, tvb, 10, 1, flags.into());
    d.flag(AFLAGS_W, tvb, 10, 1, flags.into());
    d.uint(ERR_FEATURE, tvb, 11, 1)?;
    d.uint(SECTOR_COUNT, tvb, 12, 1)?;
    let code = tvb.u8(13)?;
    let asked = if is_response {
        d.uint(ATA_STATUS, tvb, 13, 1)?;
        None
    } else {
        d.uint(ATA_CMD, tvb, 13, 1)?;
        Some(code)
    };
    if let Some(asked) = asked {
        d.append_info(|| {
            let name = Names::Values(ATA_COMMANDS).of(asked.into());
            name.map_or_else(|| format!(" ATA:Unknown (0x{asked:02x})"), |name| format!(" ATA:{name}"))
        });
    }
    let mut lba = [0; 8];
    lba.iter_mut().zip(tvb.slice(14, 6)?).for_each(|(to, from)| *to = *from);
    d.add(LBA, tvb, 14, 6, Value::Uint(u64::from_le_bytes(lba)));
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::tests::{frames, values};

    #[test]
    fn a_command_and_its_answer() {
        let shown = frames(1, super::PROTOCOL.samples[0].frames);
        assert_eq!(values(&shown[0], "aoe.ata.cmd"), "0xec");
        assert_eq!(values(&shown[0], "aoe.lba"), "0x00000000a0000000");
        assert_eq!(values(&shown[1], "aoe.ata.status"), "0x40");
        assert_eq!(values(&shown[1], "aoe.error"), "1");
    }
}
