//! Telnet (RFC 854, RFC 855): lines of text with commands and options between them.

use memchr::memchr;

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Telnet, "telnet", "Telnet";
    CMD = field("telnet.cmd", "Command", Uint8, Dec).names(Names::Values(COMMANDS));
    SUBCMD = field("telnet.subcmd", "Subcommand", Uint8, Dec).names(Names::Values(OPTIONS));
    DATA = field("telnet.data", "Data", String, None);
    OPTION_DATA = field("telnet.option_data", "Option data", Bytes, None);
}

/// The octet before a command.
const IAC: u8 = 255;
/// Commands that begin and end an option's parameters.
const SUBOPTION: u8 = 250;
const SUBOPTION_END: u8 = 240;
/// How many pieces of one segment are looked at.
const MAX_PIECES: usize = 4096;

const COMMANDS: &[(u64, &str)] = &[
    (236, "End of File"),
    (237, "Suspend Current Process"),
    (238, "Abort Process"),
    (239, "End of Record"),
    (240, "Suboption End"),
    (241, "No-Operation"),
    (242, "Data Mark"),
    (243, "Break"),
    (244, "Interrupt Process"),
    (245, "Abort Output"),
    (246, "Are You There?"),
    (247, "Escape Character"),
    (248, "Erase Line"),
    (249, "Go Ahead"),
    (250, "Suboption"),
    (251, "Will"),
    (252, "Won't"),
    (253, "Do"),
    (254, "Don't"),
    (255, "Data Byte 255"),
];

/// IANA, "Telnet Options".
const OPTIONS: &[(u64, &str)] = &[
    (0, "Binary Transmission"),
    (1, "Echo"),
    (2, "Reconnection"),
    (3, "Suppress Go Ahead"),
    (4, "Approx Message Size Negotiation"),
    (5, "Status"),
    (6, "Timing Mark"),
    (18, "Logout"),
    (23, "Send Location"),
    (24, "Terminal Type"),
    (25, "End of Record"),
    (31, "Negotiate About Window Size"),
    (32, "Terminal Speed"),
    (33, "Remote Flow Control"),
    (34, "Linemode"),
    (35, "X Display Location"),
    (36, "Environment Option"),
    (37, "Authentication Option"),
    (38, "Encryption Option"),
    (39, "New Environment Option"),
    (40, "TN3270E"),
    (42, "Charset"),
    (44, "Com Port Control"),
    (46, "Start TLS"),
];

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample {
        link_type: 101,
        frames: &["4500 0039 0001 0000 4006 0000 0a000001 0a000002 c000 0017 00000064 00000065 5018 fff0 0000 0000 \
            6869 0d0a fffd18 fffa18 0078 fff0 fff1"],
    }],
    ..Protocol::new(ProtoId::Telnet, "TELNET", &[Binding::TcpPort(23)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("TELNET");
    d.set_info(|| "Telnet Data ...".to_owned());
    d.begin(PROTO, tvb);
    let octets = tvb.bytes();
    let mut at = 0;
    for _ in 0..MAX_PIECES {
        let Some(rest) = octets.get(at..).filter(|rest| !rest.is_empty()) else {
            break;
        };
        at += match rest {
            [IAC, command, ..] if *command != IAC => self::command(d, tvb.from(at), *command),
            _ => data(d, tvb.from(at)),
        };
    }
    d.close();
    Ok(())
}

/// Text up to its line end or the next command; answers how many octets that are.
fn data<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> usize {
    let octets = tvb.bytes();
    let end = octets.iter().skip(1).position(|octet| *octet == IAC).map_or(octets.len(), |end| end + 1);
    let text = octets.get(..end).unwrap_or_default();
    let len = match text.iter().position(|octet| matches!(octet, b'\r' | b'\n')) {
        Some(at) if text.get(at..at + 2) == Some(b"\r\n") => at + 2,
        Some(at) => at + 1,
        None => text.len(),
    };
    d.string(DATA, tvb, 0, len);
    len
}

/// A command with its option; answers how many octets it has.
fn command<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, command: u8) -> usize {
    let octets = tvb.bytes();
    let name = |names, value: u8| Names::Values(names).of(value.into()).unwrap_or("Unknown".into());
    let option = octets.get(2).copied().filter(|_| command >= SUBOPTION);
    let len = match option {
        None => 2,
        Some(_) if command == SUBOPTION => {
            let mut from = 3;
            loop {
                let rest = octets.get(from..).unwrap_or_default();
                match memchr(IAC, rest) {
                    Some(end) if rest.get(end + 1) == Some(&SUBOPTION_END) => break from + end,
                    Some(end) => from += end + 2,
                    None => break octets.len(),
                }
            }
        }
        Some(_) => 3,
    };
    d.open_text(tvb, 0, len, || match option {
        Some(option) => format!("{} {}", name(COMMANDS, command), name(OPTIONS, option)),
        None => name(COMMANDS, command).into_owned(),
    });
    d.add(CMD, tvb, 1, 1, Value::Uint(command.into()));
    if let Some(option) = option {
        d.add(SUBCMD, tvb, 2, 1, Value::Uint(option.into()));
        if len > 3 {
            d.bytes(OPTION_DATA, tvb, 3, len - 3);
        }
    }
    d.close();
    len
}
