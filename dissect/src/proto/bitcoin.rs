//! Bitcoin's peer protocol.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::proto::tcp;
use crate::registry::{Framing, ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Bitcoin, "bitcoin", "Bitcoin protocol";
    MAGIC = field("bitcoin.magic", "Packet magic", Uint32, Hex);
    COMMAND = field("bitcoin.command", "Command name", String, None);
    LENGTH = field("bitcoin.length", "Payload Length", Uint32, Dec);
    CHECKSUM = field("bitcoin.checksum", "Payload checksum", Uint32, Hex);
    VERSION = field("bitcoin.version", "Version message", None, None);
    VERSION_VERSION = field("bitcoin.version.version", "Protocol version", Uint32, Dec);
    VERSION_SERVICES = field("bitcoin.version.services", "Node services", Uint64, Hex);
    SERVICES_NETWORK = field("bitcoin.services.network", "Network node", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x1);
    VERSION_TIMESTAMP = field("bitcoin.version.timestamp", "Node timestamp", AbsoluteTime, None);
    VERSION_ADDR_YOU = field("bitcoin.version.addr_you", "Address as receiving node", None, None);
    VERSION_ADDR_ME = field("bitcoin.version.addr_me", "Address of emmitting node", None, None);
    ADDRESS_SERVICES = field("bitcoin.address.services", "Node services", Uint64, Hex);
    ADDRESS_ADDRESS = field("bitcoin.address.address", "Node address", Ipv6, None);
    ADDRESS_PORT = field("bitcoin.address.port", "Node port", Uint16, Dec);
    VERSION_NONCE = field("bitcoin.version.nonce", "Random nonce", Uint64, Hex);
    VERSION_USER_AGENT = field("bitcoin.version.user_agent", "User agent", None, None);
    STRING_COUNT = field("bitcoin.string.count", "Count", Uint8, Dec);
    STRING_VALUE = field("bitcoin.string.value", "String value", String, None);
    VERSION_START_HEIGHT = field("bitcoin.version.start_height", "Block start height", Uint32, Dec);
    VERSION_RELAY = field("bitcoin.version.relay", "Relay flag", Uint8, Dec);
    ADDR = field("bitcoin.addr", "Address message", None, None);
    ADDR_COUNT = field("bitcoin.addr.count", "Count", Uint8, Dec);
    ADDR_ADDRESS = field("bitcoin.addr.address", "Address", Bytes, None);
    ADDR_TIMESTAMP = field("bitcoin.addr.timestamp", "Address timestamp", AbsoluteTime, None);
    INV = field("bitcoin.inv", "Inventory message", None, None);
    INV_COUNT = field("bitcoin.inv.count", "Count", Uint8, Dec);
    INV_TYPE = field("bitcoin.inv.type", "Type", Uint32, Dec).names(Names::Values(KINDS));
    INV_HASH = field("bitcoin.inv.hash", "Data hash", Bytes, None);
    GETDATA = field("bitcoin.getdata", "Getdata message", None, None);
    GETDATA_COUNT = field("bitcoin.getdata.count", "Count", Uint8, Dec);
    GETDATA_TYPE = field("bitcoin.getdata.type", "Type", Uint32, Dec).names(Names::Values(KINDS));
    GETDATA_HASH = field("bitcoin.getdata.hash", "Data hash", Bytes, None);
    NOTFOUND = field("bitcoin.notfound", "Getdata message", None, None);
    NOTFOUND_COUNT = field("bitcoin.notfound.count", "Count", Uint8, Dec);
    NOTFOUND_TYPE = field("bitcoin.notfound.type", "Type", Uint32, Dec).names(Names::Values(KINDS));
    NOTFOUND_HASH = field("bitcoin.notfound.hash", "Data hash", Bytes, None);
    PING = field("bitcoin.ping", "Ping message", None, None);
    PING_NONCE = field("bitcoin.ping.nonce", "Random nonce", Uint64, Hex);
    PONG = field("bitcoin.pong", "Pong message", None, None);
    PONG_NONCE = field("bitcoin.pong.nonce", "Random nonce", Uint64, Hex);
    UNKNOWN = expert("bitcoin.command.unknown", "Unknown command", Warning, Protocol);
}

const KINDS: &[(u64, &str)] = &[(0, "ERROR"), (1, "MSG_TX"), (2, "MSG_BLOCK")];
/// What a message begins with: the main net, two test nets, and Namecoin.
const MAGICS: &[[u8; 4]] =
    &[[0xf9, 0xbe, 0xb4, 0xd9], [0xfa, 0xbf, 0xb5, 0xda], [0x0b, 0x11, 0x09, 0x07], [0xf9, 0xbe, 0xb4, 0xfe]];
const HEADER_LEN: usize = 24;
/// How long a message may be that is put together, as Bitcoin itself has it.
const MAX_LENGTH: usize = 32 << 20;
/// How many entries of a list are shown.
const MAX_ENTRIES: usize = 1000;
/// Commands, and whether there is something behind the header of one that Wireshark takes apart.
const COMMANDS: &[(&[u8], bool)] = &[
    (b"version", true),
    (b"addr", true),
    (b"inv", true),
    (b"getdata", true),
    (b"notfound", true),
    (b"getblocks", true),
    (b"getheaders", true),
    (b"tx", true),
    (b"block", true),
    (b"headers", true),
    (b"ping", true),
    (b"pong", true),
    (b"reject", true),
    (b"filterload", true),
    (b"filteradd", true),
    (b"merkleblock", true),
    (b"verack", false),
    (b"getaddr", false),
    (b"mempool", false),
    (b"filterclear", false),
    (b"checkorder", false),
    (b"submitorder", false),
    (b"reply", false),
    (b"alert", false),
];

pub(crate) static PROTOCOL: Protocol = Protocol {
    framing: Some(framing),
    is_counted: true,
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "4500009a00000000400600000a0000010a000002c351208d00000001000000015018ffff00000000f9beb4d976657273696f6e00000000005a000000000000007f11010009000000000000000000000000000000090000000000000000000000000000000000ffff0a000001208d090000000000000000000000000000000000ffff0a000002208d0102030405060708042f61622f0100000001",
            "4500008500000000400600000a0000020a000001208dc35100000001000000735018ffff00000000f9beb4d970696e67000000000000000008000000000000000102030405060708f9beb4d9696e76000000000000000000250000000000000001010000000000000000000000000000000000000000000000000000000000000000000001",
            "450000a200000000400600000a0000020a000001208dc3510000005e000000735018ffff00000000f9beb4d9676574646174610000000000250000000000000001010000000000000000000000000000000000000000000000000000000000000000000001f9beb4d96e6f74666f756e6400000000250000000000000001010000000000000000000000000000000000000000000000000000000000000000000001",
            "4500005f00000000400600000a0000020a000001208dc351000000d8000000735018ffff00000000f9beb4d96164647200000000000000001f000000000000000100000001090000000000000000000000000000000000ffff0a000002208d",
            "4500006100000000400600000a0000020a000001208dc3510000010f000000735018ffff00000000f9beb4d9666f6f000000000000000000010000000000000001f9beb4d9706f6e67000000000000000008000000000000000102030405060708",
        ],
    }],
    ..Protocol::new(ProtoId::Bitcoin, "Bitcoin", &[Binding::TcpHeuristic(looks_like)], dissect)
};

fn looks_like(_: &Dissector<'_>, tvb: Tvb<'_>) -> bool {
    tvb.array::<4>(0).is_ok_and(|magic| MAGICS.contains(&magic))
}

fn framing(stream: &[u8]) -> Framing {
    let Some(len) = stream.get(16..20) else { return Framing::More(20_usize.saturating_sub(stream.len()).max(1)) };
    let len = len.iter().rev().fold(0usize, |len, octet| len << 8 | usize::from(*octet));
    if len > MAX_LENGTH { Framing::Message(stream.len()) } else { Framing::Message(HEADER_LEN + len) }
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("Bitcoin");
    tcp::claim(d, ProtoId::Bitcoin);
    let (_, is_next) = d.begin_next(PROTO, tvb);
    if !is_next {
        d.set_info(String::new);
    }
    d.uint(MAGIC, tvb, 0, 4)?;
    d.string(COMMAND, tvb, 4, 12);
    d.uint_le(LENGTH, tvb, 16, 4)?;
    d.uint(CHECKSUM, tvb, 20, 4)?;
    let command = tvb.slice(4, 12)?;
    let command = command.split(|octet| *octet == 0).next().unwrap_or_default();
    let body = tvb.from(HEADER_LEN);
    match COMMANDS.iter().find(|row| row.0 == command) {
        Some((_, has_body)) => {
            d.append_info_with(", ", || String::from_utf8_lossy(command).into_owned());
            if *has_body {
                d.layer("bitcoin");
                content(d, body, command)?;
            }
        }
        None => {
            d.append_info_with(", ", || "[unknown command]".to_owned());
            d.expert(UNKNOWN, tvb, 4, 12);
        }
    }
    d.close();
    Ok(())
}

/// A number of one to nine octets: the value, and how many octets it took.
fn number(tvb: Tvb<'_>, at: usize) -> Result<(u64, usize), Stop> {
    Ok(match tvb.u8(at)? {
        0xfd => (tvb.u16_le(at + 1)?.into(), 3),
        0xfe => (tvb.u32_le(at + 1)?.into(), 5),
        0xff => (tvb.u64_le(at + 1)?, 9),
        short => (short.into(), 1),
    })
}

fn content<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, command: &[u8]) -> Parsed {
    let len = tvb.reported();
    match command {
        b"version" => {
            d.open(VERSION, tvb, 0, len, Value::None);
            version(d, tvb)?;
        }
        b"ping" | b"pong" if len >= 8 => {
            let (field, nonce) = if command == b"ping" { (PING, PING_NONCE) } else { (PONG, PONG_NONCE) };
            d.open(field, tvb, 0, len, Value::None);
            d.uint_le(nonce, tvb, 0, 8)?;
        }
        b"inv" => entries(d, tvb, INV, [INV_COUNT, INV_TYPE, INV_HASH])?,
        b"getdata" => entries(d, tvb, GETDATA, [GETDATA_COUNT, GETDATA_TYPE, GETDATA_HASH])?,
        b"notfound" => entries(d, tvb, NOTFOUND, [NOTFOUND_COUNT, NOTFOUND_TYPE, NOTFOUND_HASH])?,
        b"addr" => {
            d.open(ADDR, tvb, 0, len, Value::None);
            let (count, width) = number(tvb, 0)?;
            if width == 1 {
                d.add(ADDR_COUNT, tvb, 0, 1, Value::Uint(count));
            }
            for entry in 0..count.min(MAX_ENTRIES as u64) as usize {
                let at = width + 30 * entry;
                tvb.exact(at, 30)?;
                d.bytes(ADDR_ADDRESS, tvb, at, 30);
                d.within(|d| -> Parsed {
                    address(d, tvb, at + 4)?;
                    let time = i64::from(tvb.u32_le(at)?) * 1_000_000_000;
                    d.add(ADDR_TIMESTAMP, tvb, at, 4, Value::Time(time));
                    Ok(())
                })?;
            }
        }
        _ => return Ok(()),
    }
    d.close();
    Ok(())
}

fn services<'a>(d: &mut Dissector<'a>, field: FieldId, tvb: Tvb<'a>, at: usize) -> Parsed {
    let services = d.uint_le(field, tvb, at, 8)?;
    d.within(|d| d.add(SERVICES_NETWORK, tvb, at, 4, Value::Uint(services & 1)));
    Ok(())
}

fn address<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Parsed {
    services(d, ADDRESS_SERVICES, tvb, at)?;
    let address = tvb.array(at + 8)?;
    d.add(ADDRESS_ADDRESS, tvb, at + 8, 16, Value::Ipv6(address));
    d.uint(ADDRESS_PORT, tvb, at + 24, 2)?;
    Ok(())
}

fn version<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let version = d.uint_le(VERSION_VERSION, tvb, 0, 4)?;
    services(d, VERSION_SERVICES, tvb, 4)?;
    let seconds = tvb.u64_le(12)?.cast_signed();
    d.add(VERSION_TIMESTAMP, tvb, 12, 8, Value::Time(seconds.saturating_mul(1_000_000_000)));
    d.open(VERSION_ADDR_YOU, tvb, 20, 26, Value::None);
    address(d, tvb, 20)?;
    d.close();
    if version < 106 {
        return Ok(());
    }
    d.open(VERSION_ADDR_ME, tvb, 46, 26, Value::None);
    address(d, tvb, 46)?;
    d.close();
    d.uint_le(VERSION_NONCE, tvb, 72, 8)?;
    let (len, width) = number(tvb, 80)?;
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    tvb.exact(80 + width, len)?;
    d.open(VERSION_USER_AGENT, tvb, 80, width + len, Value::None);
    d.add(STRING_COUNT, tvb, 80, width, Value::Uint(len as u64));
    d.add(STRING_VALUE, tvb, 80 + width, len, Value::Text);
    d.close();
    let at = 80 + width + len;
    d.uint_le(VERSION_START_HEIGHT, tvb, at, 4)?;
    if version >= 70001 && tvb.reported() > at + 4 {
        d.uint(VERSION_RELAY, tvb, at + 4, 1)?;
    }
    Ok(())
}

/// A list of what there is, what is asked for, or what is not there. Leaves the message's item open.
fn entries<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, message: FieldId, fields: [FieldId; 3]) -> Parsed {
    let [counted, kind, hash] = fields;
    d.open(message, tvb, 0, tvb.reported(), Value::None);
    let (count, width) = number(tvb, 0)?;
    if width == 1 {
        d.add(counted, tvb, 0, 1, Value::Uint(count));
    }
    for entry in 0..count.min(MAX_ENTRIES as u64) as usize {
        let at = width + 36 * entry;
        tvb.exact(at, 36)?;
        d.open_text(tvb, at, 36, || "Inventory vector".to_owned());
        d.uint_le(kind, tvb, at, 4)?;
        d.bytes(hash, tvb, at + 4, 32);
        d.close();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_bounded() {
        let mut header = [0; HEADER_LEN];
        header[16] = 5;
        assert_eq!(framing(&header), Framing::Message(HEADER_LEN + 5));
        header[19] = 0xff;
        assert_eq!(framing(&header), Framing::Message(HEADER_LEN));
        assert_eq!(framing(&[0; 3]), Framing::More(17));
    }
}
