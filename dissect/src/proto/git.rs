//! Git's smart protocol: packet lines (gitprotocol-common).

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::registry::{Framing, ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Git, "git", "Git Smart Protocol";
    VERSION = field("git.version", "Git Protocol Version", Uint8, None).names(Names::Values(VERSIONS));
    PACKET_TYPE = field("git.packet_type", "Git Packet Type", Uint8, None).names(Names::Values(TYPES));
    LENGTH = field("git.length", "Packet length", Uint16, Hex);
    SIDEBAND = field("git.sideband_control_code", "Sideband control code", Uint8, Hex).names(Names::Values(BANDS));
    DATA = field("git.data", "Packet data", Bytes, None);
}

const PORT: u16 = 9418;
const VERSIONS: &[(u64, &str)] = &[(1, "Git protocol version 1"), (2, "Git protocol version 2")];
const TYPES: &[(u64, &str)] = &[(0, "Flush"), (1, "Delimiter"), (2, "Response end")];
const BANDS: &[(u64, &str)] = &[(1, "Git packfile data"), (2, "Git progress data"), (3, "Git error data")];
/// How long the digits of a length are.
const LENGTH_LEN: usize = 4;

pub(crate) static PROTOCOL: Protocol = Protocol {
    framing: Some(framing),
    is_counted: true,
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "4500003a00000000400600000a0000020a00000124cac35200000001000000015018ffff000000003030306576657273696f6e20320a30303030",
            "4500004300000000400600000a0000020a00000124cac35200000013000000015018ffff00000000303030384e414b0a30303039015041434b30303036026130303030",
        ],
    }],
    ..Protocol::new(ProtoId::Git, "Git", &[Binding::TcpPort(PORT)], dissect)
};

fn length(digits: &[u8]) -> Option<usize> {
    usize::from_str_radix(std::str::from_utf8(digits.get(..LENGTH_LEN)?).ok()?, 16).ok()
}

fn framing(stream: &[u8]) -> Framing {
    if stream.len() < LENGTH_LEN {
        return Framing::More(LENGTH_LEN - stream.len());
    }
    match length(stream) {
        Some(len) => Framing::Message(len.max(LENGTH_LEN)),
        None => Framing::Foreign,
    }
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("Git");
    d.set_info(|| "Git Smart Protocol".to_owned());
    d.begin_next(PROTO, tvb);
    let len = length(tvb.slice(0, LENGTH_LEN)?).ok_or(Stop::Malformed)?;
    if len < LENGTH_LEN {
        d.add(PACKET_TYPE, tvb, 0, LENGTH_LEN, Value::Uint(len as u64));
        d.close();
        return Ok(());
    }
    d.add(LENGTH, tvb, 0, LENGTH_LEN, Value::Uint(len as u64));
    let mut data = tvb.from(LENGTH_LEN);
    match *data.bytes() {
        [b'v', b'e', b'r', b's', b'i', b'o', b'n', b' ', digit @ b'1'..=b'2', ..] => {
            d.add(VERSION, data, 0, 9, Value::Uint((digit - b'0').into()));
        }
        [band @ 1..=3, ..] => {
            d.add(SIDEBAND, data, 0, 1, Value::Uint(band.into()));
            data = data.from(1);
        }
        _ => {}
    }
    if data.reported() > 0 {
        d.bytes(DATA, data, 0, data.reported());
    }
    d.close();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_say_their_length_in_digits() {
        assert_eq!(framing(b"0032git"), Framing::Message(0x32));
        assert_eq!(framing(b"0000"), Framing::Message(4));
        assert_eq!(framing(b"00"), Framing::More(2));
        assert_eq!(framing(b"GET "), Framing::Foreign);
    }
}
