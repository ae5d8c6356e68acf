//! The Babel routing protocol (RFC 8966), with its authentication (RFC 8967) and what older versions had.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Babel, "babel", "Babel Routing Protocol";
    MAGIC = field("babel.magic", "Magic", Uint8, Dec);
    VERSION = field("babel.version", "Version", Uint8, Dec);
    BODYLEN = field("babel.bodylen", "Body Length", Uint16, Dec);
    MESSAGE = field("babel.message", "Message", Uint8, Dec).names(Names::Values(TYPES));
    MESSAGE_TYPE = field("babel.message.type", "Message Type", Uint8, Dec).names(Names::Values(TYPES));
    MESSAGE_LENGTH = field("babel.message.length", "Message Length", Uint8, Dec);
    NONCE = field("babel.message.nonce", "Nonce", Uint16, Hex);
    INTERVAL = field("babel.message.interval", "Interval", Uint16, Dec);
    SEQNO = field("babel.message.seqno", "Seqno", Uint16, Hex);
    AE = field("babel.message.ae", "Address Encoding", Uint8, Dec).names(Names::Values(ENCODINGS));
    RXCOST = field("babel.message.rxcost", "Rxcost", Uint16, Hex);
    ROUTERID = field("babel.message.routerid", "Router ID", Bytes, None);
    FLAGS = field("babel.message.flags", "Flags", Uint8, Hex);
    PLEN = field("babel.message.plen", "Prefix Length", Uint8, Dec);
    OMITTED = field("babel.message.omitted", "Omitted Bytes", Uint8, Dec);
    METRIC = field("babel.message.metric", "Metric", Uint16, Dec);
    HOPCOUNT = field("babel.message.hopcount", "Hop Count", Uint8, Dec);
    INDEX = field("babel.message.index", "Index", Uint32, Dec);
}

/// Messages (IANA, Babel TLV types), with the names that Wireshark shows.
const TYPES: &[(u64, &str)] = &[
    (0, "pad1"),
    (1, "padn"),
    (2, "ack-req"),
    (3, "ack"),
    (4, "hello"),
    (5, "ihu"),
    (6, "router-id"),
    (7, "nh"),
    (8, "update"),
    (9, "request"),
    (10, "mh-request"),
    (11, "ts/pc (obsolete)"),
    (12, "hmac"),
    (13, "source-specific-update"),
    (14, "source-specific-req"),
    (15, "source-specific-seqno"),
    (16, "hmac"),
    (17, "pc"),
    (18, "challenge-request"),
    (19, "challenge-reply"),
];
const ENCODINGS: &[(u64, &str)] = &[(0, "Wildcard"), (1, "IPv4"), (2, "IPv6"), (3, "Link-Local IPv6")];

const PORT: u16 = 6696;
const MAGIC_OCTET: u64 = 42;
const SUPPORTED: u64 = 2;
const HEADER_LEN: usize = 4;
/// How many messages of a packet are read: one of 1500 octets can be all padding of one octet.
const MAX_MESSAGES: usize = 2048;

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample {
        link_type: 101,
        frames: &["45000082 00000000 01110000 0a000001 e000006f  1a281a28 006e0000  2a02 005c
             00 0206 0000 1234 0064 0302 1234 0406 0000 de0b 0190 050e 0300 0060 04b0 8d84d538a212c6dd
             060a 0000 0102030405060708 0706 0100 0a000001 080d 0100 2000 0640 0001 0060 0a0001
             0903 0108 0a 0a07 0108 0001 4000 0a
             1104 00000003
             1004 01020304"],
    }],
    ..Protocol::new(ProtoId::Babel, "Babel", &[Binding::UdpPort(PORT)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("Babel");
    d.set_info(|| "Babel".to_owned());
    d.begin(PROTO, tvb);
    let magic = d.uint(MAGIC, tvb, 0, 1)?;
    let version = d.uint(VERSION, tvb, 1, 1)?;
    if magic != MAGIC_OCTET || version != SUPPORTED {
        d.close();
        return Ok(());
    }
    let len = d.uint(BODYLEN, tvb, 2, 2)? as usize;
    messages(d, tvb.exact(HEADER_LEN, len)?)?;
    // RFC 8967, 4: what proves where the packet comes from stands behind its body.
    let trailer = tvb.from(HEADER_LEN + len);
    if trailer.reported() > 0 {
        d.open_text(trailer, 0, trailer.len(), || format!("Packet Trailer ({})", trailer.reported()));
        messages(d, trailer)?;
        d.close();
    }
    d.close();
    Ok(())
}

fn messages<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let mut at = 0;
    for _ in 0..MAX_MESSAGES {
        if at >= tvb.reported() {
            break;
        }
        let kind = tvb.u8(at)?;
        let len = if kind == 0 { 0 } else { usize::from(tvb.u8(at + 1)?) };
        let whole = if kind == 0 { 1 } else { len + 2 };
        let name = Names::Values(TYPES).of(kind.into());
        d.append_info(|| format!(" {}", name.as_deref().unwrap_or("unknown")));
        d.open(MESSAGE, tvb, at, whole, Value::Uint(kind.into()));
        d.uint(MESSAGE_TYPE, tvb, at, 1)?;
        if kind != 0 {
            d.uint(MESSAGE_LENGTH, tvb, at + 1, 1)?;
            message(d, tvb.exact(at + 2, len)?, kind)?;
        }
        d.close();
        at += whole;
    }
    Ok(())
}

/// RFC 8966, 4.6.
fn message<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, kind: u8) -> Result<(), Stop> {
    match kind {
        2 => {
            d.uint(NONCE, tvb, 2, 2)?;
            d.uint(INTERVAL, tvb, 4, 2)?;
        }
        3 => {
            d.uint(NONCE, tvb, 0, 2)?;
        }
        4 => {
            d.uint(SEQNO, tvb, 2, 2)?;
            d.uint(INTERVAL, tvb, 4, 2)?;
        }
        5 => {
            d.uint(RXCOST, tvb, 2, 2)?;
            d.uint(INTERVAL, tvb, 4, 2)?;
            d.uint(AE, tvb, 0, 1)?;
        }
        6 => {
            tvb.slice(2, 8)?;
            d.bytes(ROUTERID, tvb, 2, 8);
        }
        7 => {
            d.uint(AE, tvb, 0, 1)?;
        }
        8 => {
            d.uint(FLAGS, tvb, 1, 1)?;
            d.uint(INTERVAL, tvb, 4, 2)?;
            d.uint(SEQNO, tvb, 6, 2)?;
            d.uint(METRIC, tvb, 8, 2)?;
            d.uint(AE, tvb, 0, 1)?;
            d.uint(PLEN, tvb, 2, 1)?;
            d.uint(OMITTED, tvb, 3, 1)?;
        }
        9 => {
            d.uint(AE, tvb, 0, 1)?;
            d.uint(PLEN, tvb, 1, 1)?;
        }
        10 => {
            d.uint(SEQNO, tvb, 2, 2)?;
            d.uint(HOPCOUNT, tvb, 4, 1)?;
            d.uint(AE, tvb, 0, 1)?;
            d.uint(PLEN, tvb, 1, 1)?;
        }
        17 => {
            d.uint(INDEX, tvb, 0, 4)?;
        }
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::tests::{frames, values};

    #[test]
    fn messages_and_their_ends() {
        let shown = frames(101, super::PROTOCOL.samples[0].frames);
        assert_eq!(values(&shown[0], "babel.message.rxcost"), "0x0060");
        assert!(values(&shown[0], "babel.message.type").starts_with("0,2,3,4,5"));
        let bad = "45000024 00000000 01110000 0a000001 e000006f  1a281a28 00100000  2a02 0004 0406 0000";
        assert!(values(&frames(101, &[bad])[0], "_ws.expert.message").contains("Malformed"));
    }
}
