//! BitTorrent's peer protocol (BEP 3, BEP 5, BEP 6, BEP 10).

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::proto::tcp;
use crate::registry::{Framing, ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { BitTorrent, "bittorrent", "BitTorrent";
    NAME_LENGTH = field("bittorrent.protocol.name.length", "Protocol Name Length", Uint8, Dec);
    NAME = field("bittorrent.protocol.name", "Protocol Name", String, None);
    RESERVED = field("bittorrent.reserved", "Reserved Extension Bytes", Bytes, None);
    INFO_HASH = field("bittorrent.info_hash", "SHA1 Hash of info dictionary", Bytes, None);
    PEER_ID = field("bittorrent.peer_id", "Peer ID", Bytes, None);
    MSG = field("bittorrent.msg", "Message", None, None);
    MSG_LENGTH = field("bittorrent.msg.length", "Message Length", Uint32, Dec);
    MSG_TYPE = field("bittorrent.msg.type", "Message Type", Uint8, Dec).names(Names::Values(TYPES));
    BITFIELD = field("bittorrent.msg.bitfield", "Bitfield data", Bytes, None);
    PIECE_INDEX = field("bittorrent.piece.index", "Piece index", Uint32, Hex);
    PIECE_BEGIN = field("bittorrent.piece.begin", "Begin offset of piece", Uint32, Hex);
    PIECE_DATA = field("bittorrent.piece.data", "Data in a piece", Bytes, None);
    PIECE_LENGTH = field("bittorrent.piece.length", "Piece Length", Uint32, Hex);
    PORT = field("bittorrent.port", "Port", Uint16, Dec);
    EXTENDED_ID = field("bittorrent.extended.id", "Extended Message ID", Uint8, Dec);
    EXTENDED = field("bittorrent.extended", "Extended Message", Bytes, None);
    CONTINUOUS = field("bittorrent.continuous_data", "Extended Message", Bytes, None);
}

const TYPES: &[(u64, &str)] = &[
    (0, "Choke"),
    (1, "Unchoke"),
    (2, "Interested"),
    (3, "Not Interested"),
    (HAVE, "Have"),
    (BITS, "Bitfield"),
    (REQUEST, "Request"),
    (PIECE, "Piece"),
    (CANCEL, "Cancel"),
    (PORT_MESSAGE, "Port"),
    (SUGGEST, "Suggest Piece"),
    (14, "Have All"),
    (15, "Have None"),
    (REJECT, "Reject Request"),
    (ALLOWED, "Allowed Fast"),
    (EXTENSION, "Extended"),
];
const HAVE: u64 = 4;
const BITS: u64 = 5;
const REQUEST: u64 = 6;
const PIECE: u64 = 7;
const CANCEL: u64 = 8;
const PORT_MESSAGE: u64 = 9;
const SUGGEST: u64 = 13;
const REJECT: u64 = 16;
const ALLOWED: u64 = 17;
const EXTENSION: u64 = 20;
/// What a handshake begins with, and how long one is.
const HANDSHAKE: &[u8] = b"\x13BitTorrent protocol";
const HANDSHAKE_LEN: usize = 68;
/// How long a message may be: blocks have 16 KiB, the bits of the largest torrents some hundred.
const MAX_LENGTH: usize = 1 << 20;

pub(crate) static PROTOCOL: Protocol = Protocol {
    framing: Some(framing),
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "4500006c00000000400600000a0000010a000002c3511ae100000001000000015018ffff0000000013426974546f7272656e742070726f746f636f6c0000000000100005dcfcdccfb9e670ccc3dd40c78c161f2bea2431262d554d313836302d6162636465666768696a6b6c",
            "4500003600000000400600000a0000010a000002c3511ae100000045000000015018ffff000000000000000504000000070000000101",
            "4500004400000000400600000a0000020a0000011ae1c35100000001000000535018ffff000000000000000305ffff0000000d0600000001000000000000400000000000",
            "4500003900000000400600000a0000010a000002c3511ae1000000530000001d5018ffff000000000000000d07000000010000000001020304",
            "4500003700000000400600000a0000010a000002c3511ae1000000640000001d5018ffff0000000000000003091ae10000000414006465",
            "4500003500000000400600000a0000010a000002c3511ae1000000730000001d5018ffff00000000aabbccddeeff00112233445566",
        ],
    }],
    ..Protocol::new(
        ProtoId::BitTorrent,
        "BitTorrent",
        &[
            Binding::TcpPort(6881),
            Binding::TcpPort(6882),
            Binding::TcpPort(6883),
            Binding::TcpPort(6884),
            Binding::TcpPort(6885),
            Binding::TcpPort(6886),
            Binding::TcpPort(6887),
            Binding::TcpPort(6888),
            Binding::TcpPort(6889),
            Binding::TcpHeuristic(looks_like),
        ],
        dissect,
    )
};

fn looks_like(_: &Dissector<'_>, tvb: Tvb<'_>) -> bool {
    tvb.bytes().starts_with(HANDSHAKE)
}

fn is_known(kind: u8) -> bool {
    TYPES.iter().any(|row| row.0 == u64::from(kind))
}

fn framing(stream: &[u8]) -> Framing {
    if stream.starts_with(HANDSHAKE) {
        return Framing::Message(HANDSHAKE_LEN);
    }
    match *stream {
        [0, 0, 0, 0, ..] => Framing::Message(4),
        [a, b, c, d, kind, ..] => match u32::from_be_bytes([a, b, c, d]) as usize {
            len if len <= MAX_LENGTH && is_known(kind) => Framing::Message(4 + len),
            _ => Framing::Message(stream.len()),
        },
        _ => Framing::More(5 - stream.len()),
    }
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("BitTorrent");
    let (_, is_next) = d.begin_next(PROTO, tvb);
    if !is_next {
        d.set_info(String::new);
    }
    if tvb.bytes().starts_with(HANDSHAKE) {
        tcp::claim(d, ProtoId::BitTorrent);
        d.append_info(|| "Handshake  ".to_owned());
        d.uint(NAME_LENGTH, tvb, 0, 1)?;
        d.add(NAME, tvb, 1, 19, Value::Text);
        for (field, at, len) in [(RESERVED, 20, 8), (INFO_HASH, 28, 20), (PEER_ID, 48, 20)] {
            tvb.slice(at, len)?;
            d.bytes(field, tvb, at, len);
        }
        d.close();
        return Ok(());
    }
    let len = tvb.u32(0).unwrap_or(0) as usize;
    if len == 0 && tvb.reported() == 4 {
        d.append_info(|| "BitTorrent   ".to_owned());
        d.close();
        return Ok(());
    }
    let kind = tvb.u8(4).ok().filter(|kind| is_known(*kind) && len + 4 <= tvb.reported());
    match kind {
        Some(kind) => message(d, tvb, len, kind.into())?,
        None => {
            d.append_info(|| "Continuation data  ".to_owned());
            d.bytes(CONTINUOUS, tvb, 0, tvb.reported());
        }
    }
    d.close();
    Ok(())
}

fn message<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, len: usize, kind: u64) -> Parsed {
    let name = Names::Values(TYPES).of(kind).unwrap_or_default();
    let body = tvb.sub(5, len.saturating_sub(1));
    let piece = |at| body.u32(at).unwrap_or(0);
    let text = match kind {
        HAVE | SUGGEST | ALLOWED => format!("{name}, Piece (Idx:0x{:x})", piece(0)),
        BITS => format!("{name}, Len:0x{:x}", len.saturating_sub(1)),
        REQUEST | CANCEL | REJECT => {
            format!("{name}, Piece (Idx:0x{:x},Begin:0x{:x},Len:0x{:x})", piece(0), piece(4), piece(8))
        }
        PIECE => format!("{name}, Idx:0x{:x},Begin:0x{:x},Len:0x{:x}", piece(0), piece(4), len.saturating_sub(9)),
        _ => name.into_owned(),
    };
    d.append_info(|| format!("{text}  "));
    let item = d.open(MSG, tvb, 0, tvb.reported(), Value::None);
    d.text(item, || format!("Message: Len:{len}, {text}"));
    d.uint(MSG_LENGTH, tvb, 0, 4)?;
    d.uint(MSG_TYPE, tvb, 4, 1)?;
    match kind {
        HAVE | SUGGEST | ALLOWED => {
            d.uint(PIECE_INDEX, body, 0, 4)?;
        }
        BITS => {
            d.bytes(BITFIELD, body, 0, body.reported());
        }
        REQUEST | CANCEL | REJECT => {
            d.uint(PIECE_INDEX, body, 0, 4)?;
            d.uint(PIECE_BEGIN, body, 4, 4)?;
            d.uint(PIECE_LENGTH, body, 8, 4)?;
        }
        PIECE => {
            d.uint(PIECE_INDEX, body, 0, 4)?;
            d.uint(PIECE_BEGIN, body, 4, 4)?;
            d.bytes(PIECE_DATA, body, 8, body.reported().saturating_sub(8));
        }
        PORT_MESSAGE => {
            d.uint(PORT, body, 0, 2)?;
        }
        EXTENSION => {
            d.uint(EXTENDED_ID, body, 0, 1)?;
            if body.reported() > 1 {
                d.bytes(EXTENDED, body, 1, body.reported() - 1);
            }
        }
        _ => {}
    }
    d.close();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_message_is_taken_as_it_comes() {
        assert_eq!(framing(&[0, 0, 0, 5, 4, 0]), Framing::Message(9));
        assert_eq!(framing(&[0, 0, 0, 0]), Framing::Message(4));
        assert_eq!(framing(&[0x7f, 0, 0, 0, 4, 9]), Framing::Message(6));
        assert_eq!(framing(HANDSHAKE), Framing::Message(68));
        assert_eq!(framing(&[0, 0]), Framing::More(3));
    }
}
