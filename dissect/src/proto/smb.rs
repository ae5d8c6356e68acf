//! The header of Server Message Block, version 1 ([MS-CIFS] 2.2.3.1).

use crate::dissector::Dissector;
use crate::field::fields;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Smb, "smb", "SMB (Server Message Block Protocol)";
    SERVER_COMPONENT = field("smb.server_component", "Server Component", Uint32, Hex);
    CMD = field("smb.cmd", "SMB Command", Uint8, Hex);
    NT_STATUS = field("smb.nt_status", "NT Status", Uint32, Hex);
    FLAGS = field("smb.flags", "Flags", Uint8, Hex);
    MID = field("smb.mid", "Multiplex ID", Uint16, Dec);
}

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample {
        link_type: 101,
        frames: &["4500004c00010000 4006 0000 0a000001 0a000002 1388 008b 00000001 00000001 50180000 00000000 \
                   00000020 ff534d42 72 00000000 18 0128 0000 0000000000000000 0000 0000 0001 0000 0002"],
    }],
    ..Protocol::new(ProtoId::Smb, "SMB", &[], dissect)
};

/// Hands octets to the version of the protocol with whose mark they begin; says whether it is one.
pub(crate) fn call<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> bool {
    let id = match tvb.array(0) {
        Ok([0xff, b'S', b'M', b'B']) => ProtoId::Smb,
        Ok([0xfe, b'S', b'M', b'B']) => ProtoId::Smb2,
        _ => return false,
    };
    d.call(id, tvb);
    true
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("SMB");
    d.begin(PROTO, tvb);
    d.add(SERVER_COMPONENT, tvb, 0, 4, Value::Uint(u32::from_le_bytes(tvb.array(0)?).into()));
    let command = d.uint(CMD, tvb, 4, 1)?;
    d.set_info(|| format!("Command 0x{command:02x}"));
    d.add(NT_STATUS, tvb, 5, 4, Value::Uint(u32::from_le_bytes(tvb.array(5)?).into()));
    d.uint(FLAGS, tvb, 9, 1)?;
    d.add(MID, tvb, 30, 2, Value::Uint(u16::from_le_bytes(tvb.array(30)?).into()));
    d.close();
    Ok(())
}
