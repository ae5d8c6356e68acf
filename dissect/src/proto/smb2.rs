//! The header of Server Message Block, versions 2 and 3 ([MS-SMB2] 2.2.1).

use crate::dissector::Dissector;
use crate::field::fields;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Smb2, "smb2", "SMB2 (Server Message Block Protocol version 2)";
    CMD = field("smb2.cmd", "Command", Uint16, Dec);
    MSG_ID = field("smb2.msg_id", "Message ID", Uint64, Dec);
}

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample {
        link_type: 101,
        frames: &["4500006c00010000 4006 0000 0a000001 0a000002 1388 01bd 00000001 00000001 50180000 00000000 \
                   00000040 fe534d42 4000 0000 00000000 0100 0000 00000000 00000000 0500000000000000 \
                   0000000000000000 0000000000000000 00000000000000000000000000000000"],
    }],
    ..Protocol::new(ProtoId::Smb2, "SMB2", &[], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("SMB2");
    d.begin(PROTO, tvb);
    let command = u16::from_le_bytes(tvb.array(12)?);
    d.set_info(|| format!("Command {command}"));
    d.add(CMD, tvb, 12, 2, Value::Uint(command.into()));
    d.add(MSG_ID, tvb, 24, 8, Value::Uint(u64::from_le_bytes(tvb.array(24)?)));
    d.close();
    Ok(())
}
