//! The Secure Shell transport (RFC 4253, RFC 5656): banners, the exchange of keys, and who takes part in it (HASSH).
//! What is behind the new keys is encrypted.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

use crate::bindings::Binding;
use crate::conversation;
use crate::dialogue;
use crate::dissector::Dissector;
use crate::facts::Fact;
use crate::field::{FieldId, Names, fields};
use crate::output::value::printable;
use crate::proto::tcp;
use crate::recent::Recent;
use crate::registry::{Framing, ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Ssh, "ssh", "SSH Protocol";
    PROTOCOL_FIELD = field("ssh.protocol", "Protocol", String, None);
    PACKET_LENGTH = field("ssh.packet_length", "Packet Length", Uint32, Dec);
    PACKET_LENGTH_ENCRYPTED = field("ssh.packet_length_encrypted", "Packet Length (encrypted)", Bytes, None);
    PADDING_LENGTH = field("ssh.padding_length", "Padding Length", Uint8, Dec);
    PAYLOAD = field("ssh.payload", "Payload", Bytes, None);
    ENCRYPTED_PACKET = field("ssh.encrypted_packet", "Encrypted Packet", Bytes, None);
    PADDING_STRING = field("ssh.padding_string", "Padding String", Bytes, None);
    SEQ_NUM = field("ssh.seq_num", "Sequence number", Uint32, Dec);
    DIRECTION = field("ssh.direction", "Direction", Boolean, None).names(Names::Flag("server-to-client", "client-to-server"));
    MESSAGE_CODE = field("ssh.message_code", "Message Code", Uint8, Dec).names(Names::Values(MESSAGES));
    COOKIE = field("ssh.cookie", "Cookie", Bytes, None);
    KEX_ALGORITHMS = field("ssh.kex_algorithms", "kex_algorithms string", String, None);
    SERVER_HOST_KEY_ALGORITHMS = field("ssh.server_host_key_algorithms", "server_host_key_algorithms string", String, None);
    ENCRYPTION_C2S = field("ssh.encryption_algorithms_client_to_server", "encryption_algorithms_client_to_server string", String, None);
    ENCRYPTION_S2C = field("ssh.encryption_algorithms_server_to_client", "encryption_algorithms_server_to_client string", String, None);
    MAC_C2S = field("ssh.mac_algorithms_client_to_server", "mac_algorithms_client_to_server string", String, None);
    MAC_S2C = field("ssh.mac_algorithms_server_to_client", "mac_algorithms_server_to_client string", String, None);
    COMPRESSION_C2S = field("ssh.compression_algorithms_client_to_server", "compression_algorithms_client_to_server string", String, None);
    COMPRESSION_S2C = field("ssh.compression_algorithms_server_to_client", "compression_algorithms_server_to_client string", String, None);
    LANGUAGES_C2S = field("ssh.languages_client_to_server", "languages_client_to_server string", String, None);
    LANGUAGES_S2C = field("ssh.languages_server_to_client", "languages_server_to_client string", String, None);
    KEX_ALGORITHMS_LENGTH = field("ssh.kex_algorithms_length", "kex_algorithms length", Uint32, Dec);
    SERVER_HOST_KEY_ALGORITHMS_LENGTH = field("ssh.server_host_key_algorithms_length", "server_host_key_algorithms length", Uint32, Dec);
    ENCRYPTION_C2S_LENGTH = field("ssh.encryption_algorithms_client_to_server_length", "encryption_algorithms_client_to_server length", Uint32, Dec);
    ENCRYPTION_S2C_LENGTH = field("ssh.encryption_algorithms_server_to_client_length", "encryption_algorithms_server_to_client length", Uint32, Dec);
    MAC_C2S_LENGTH = field("ssh.mac_algorithms_client_to_server_length", "mac_algorithms_client_to_server length", Uint32, Dec);
    MAC_S2C_LENGTH = field("ssh.mac_algorithms_server_to_client_length", "mac_algorithms_server_to_client length", Uint32, Dec);
    COMPRESSION_C2S_LENGTH = field("ssh.compression_algorithms_client_to_server_length", "compression_algorithms_client_to_server length", Uint32, Dec);
    COMPRESSION_S2C_LENGTH = field("ssh.compression_algorithms_server_to_client_length", "compression_algorithms_server_to_client length", Uint32, Dec);
    LANGUAGES_C2S_LENGTH = field("ssh.languages_client_to_server_length", "languages_client_to_server length", Uint32, Dec);
    LANGUAGES_S2C_LENGTH = field("ssh.languages_server_to_client_length", "languages_server_to_client length", Uint32, Dec);
    FIRST_KEX_PACKET_FOLLOWS = field("ssh.first_kex_packet_follows", "First KEX Packet Follows", Uint8, Dec);
    KEX_RESERVED = field("ssh.kex.reserved", "Reserved", Bytes, None);
    HASSH_ALGORITHMS = field("ssh.kex.hassh_algorithms", "hasshAlgorithms", String, None);
    HASSH = field("ssh.kex.hassh", "hassh", String, None);
    HASSHSERVER_ALGORITHMS = field("ssh.kex.hasshserver_algorithms", "hasshServerAlgorithms", String, None);
    HASSHSERVER = field("ssh.kex.hasshserver", "hasshServer", String, None);
    HOST_KEY_LENGTH = field("ssh.host_key.length", "Host key length", Uint32, Dec);
    HOST_KEY_TYPE_LENGTH = field("ssh.host_key.type_length", "Host key type length", Uint32, Dec);
    HOST_KEY_TYPE = field("ssh.host_key.type", "Host key type", String, None);
    HOST_KEY_DATA = field("ssh.host_key.data", "Host key data", Bytes, None);
    HOST_KEY_RSA_N = field("ssh.host_key.rsa.n", "RSA modulus (N)", Bytes, None);
    HOST_KEY_RSA_E = field("ssh.host_key.rsa.e", "RSA public exponent (e)", Bytes, None);
    HOST_KEY_ECDSA_ID = field("ssh.host_key.ecdsa.id", "ECDSA elliptic curve identifier", String, None);
    HOST_KEY_ECDSA_ID_LENGTH = field("ssh.host_key.ecdsa.id_length", "ECDSA elliptic curve identifier length", Uint32, Dec);
    HOST_KEY_ECDSA_Q = field("ssh.host_key.ecdsa.q", "ECDSA public key (Q)", Bytes, None);
    HOST_KEY_ECDSA_Q_LENGTH = field("ssh.host_key.ecdsa.q_length", "ECDSA public key length", Uint32, Dec);
    HOST_KEY_EDDSA_KEY = field("ssh.host_key.eddsa.key", "EdDSA public key", Bytes, None);
    HOST_KEY_EDDSA_KEY_LENGTH = field("ssh.host_key.eddsa.key_length", "EdDSA public key length", Uint32, Dec);
    HOST_SIG_LENGTH = field("ssh.host_sig.length", "Host signature length", Uint32, Dec);
    HOST_SIG_TYPE_LENGTH = field("ssh.host_sig.type_length", "Host signature type length", Uint32, Dec);
    HOST_SIG_TYPE = field("ssh.host_sig.type", "Host signature type", String, None);
    HOST_SIG_DATA = field("ssh.host_sig.data", "Host signature data", Bytes, None);
    HOST_SIG_RSA = field("ssh.host_sig.rsa", "RSA signature", Bytes, None);
    HOST_SIG_DSA = field("ssh.host_sig.dsa", "DSA signature", Bytes, None);
    MPINT_LENGTH = field("ssh.mpint_length", "Multi Precision Integer Length", Uint32, Dec);
    PACKET_DECODE_ERROR = expert("ssh.packet_decode.error", "Packet decoded length not equal to packet length", Warning, Protocol);
    ECDH_Q_C = field("ssh.ecdh.q_c", "ECDH client's ephemeral public key (Q_C)", Bytes, None);
    ECDH_Q_C_LENGTH = field("ssh.ecdh.q_c_length", "ECDH client's ephemeral public key length", Uint32, Dec);
    ECDH_Q_S = field("ssh.ecdh.q_s", "ECDH server's ephemeral public key (Q_S)", Bytes, None);
    ECDH_Q_S_LENGTH = field("ssh.ecdh.q_s_length", "ECDH server's ephemeral public key length", Uint32, Dec);
}

/// RFC 4250, 4.1.2, without those that a method of exchange gives another meaning.
const MESSAGES: &[(u64, &str)] = &[
    (1, "Disconnect"),
    (2, "Ignore"),
    (3, "Unimplemented"),
    (4, "Debug"),
    (5, "Service Request"),
    (6, "Service Accept"),
    (20, "Key Exchange Init"),
    (21, "New Keys"),
];

/// What 30 to 34 mean by the method of exchange (RFC 4253, 8; RFC 4419, 5; RFC 5656, 7.1).
const OF_GROUPS: &[(u64, &str)] =
    &[(30, "Diffie-Hellman Key Exchange Init"), (31, "Diffie-Hellman Key Exchange Reply")];
const OF_GROUP_EXCHANGE: &[(u64, &str)] = &[
    (30, "Diffie-Hellman Group Exchange Request (Old)"),
    (31, "Diffie-Hellman Group Exchange Group"),
    (32, "Diffie-Hellman Group Exchange Init"),
    (33, "Diffie-Hellman Group Exchange Reply"),
    (34, "Diffie-Hellman Group Exchange Request"),
];
const OF_CURVES: &[(u64, &str)] = &[
    (30, "Elliptic Curve Diffie-Hellman Key Exchange Init"),
    (31, "Elliptic Curve Diffie-Hellman Key Exchange Reply"),
];

/// The lists of a key exchange's first message, in their order (RFC 4253, 7.1).
const LISTS: [(FieldId, FieldId); 10] = [
    (KEX_ALGORITHMS_LENGTH, KEX_ALGORITHMS),
    (SERVER_HOST_KEY_ALGORITHMS_LENGTH, SERVER_HOST_KEY_ALGORITHMS),
    (ENCRYPTION_C2S_LENGTH, ENCRYPTION_C2S),
    (ENCRYPTION_S2C_LENGTH, ENCRYPTION_S2C),
    (MAC_C2S_LENGTH, MAC_C2S),
    (MAC_S2C_LENGTH, MAC_S2C),
    (COMPRESSION_C2S_LENGTH, COMPRESSION_C2S),
    (COMPRESSION_S2C_LENGTH, COMPRESSION_S2C),
    (LANGUAGES_C2S_LENGTH, LANGUAGES_C2S),
    (LANGUAGES_S2C_LENGTH, LANGUAGES_S2C),
];

const KEY_EXCHANGE_INIT: u8 = 20;
const NEW_KEYS: u8 = 21;
/// The longest packet that is believed (RFC 4253, 6.1 asks for 35,000 octets at least).
const MAX_PACKET: u32 = 262_144;
/// How many connections are remembered.
const MAX_CONNECTIONS: usize = 65_536;
/// How much of a peer's list of methods is remembered.
const MAX_LIST: usize = 4096;

/// What holds for a whole connection: filled in by the first pass, read by the second.
#[derive(Default, Debug)]
pub struct Session {
    /// Which sides sent a banner of version 2, one bit each.
    banners: AtomicU8,
    /// The methods of exchange that each side knows.
    methods: [OnceLock<Box<str>>; 2],
    /// The ciphers of each side's first list, for what it sends.
    ciphers: [OnceLock<Box<str>>; 2],
    /// The frame of each side's new keys.
    changed: [AtomicU64; 2],
}

impl Session {
    /// The first of the client's entries that the server has, too (RFC 4253, 7.1).
    fn agreed(lists: &[OnceLock<Box<str>>; 2]) -> Option<&str> {
        let (client, server) = (lists[0].get()?, lists[1].get()?);
        client.split(',').find(|name| server.split(',').any(|other| other == *name))
    }

    fn is_changed_before(&self, side: usize, frame: u64) -> bool {
        let changed = self.changed[side].load(Relaxed);
        changed != 0 && changed < frame
    }

    fn message(&self, code: u8) -> String {
        let method = Self::agreed(&self.methods).or(self.methods[0].get().map(|list| &**list)).unwrap_or_default();
        let names = match method {
            _ if code < 30 => MESSAGES,
            method if method.starts_with("diffie-hellman-group-exchange") => OF_GROUP_EXCHANGE,
            method if method.starts_with("diffie-hellman") => OF_GROUPS,
            "" => &[],
            _ => OF_CURVES,
        };
        Names::Values(names).of(code.into()).map_or_else(|| format!("Unknown ({code})"), |name| name.into_owned())
    }
}

struct Connection {
    stream: u32,
    session: Arc<Session>,
    /// The number of each side's next packet.
    next: [u32; 2],
}

/// The connections of the first pass.
pub(crate) struct Connections {
    all: Recent<conversation::Key, Connection>,
}

impl Default for Connections {
    fn default() -> Self {
        Self { all: Recent::new(MAX_CONNECTIONS) }
    }
}

pub(crate) static PROTOCOL: Protocol = Protocol {
    framing: Some(framing),
    samples: &[Sample { link_type: 101, frames: SAMPLE }],
    ..Protocol::new(
        ProtoId::Ssh,
        "SSH",
        &[Binding::TcpPort(22), Binding::TcpPort(29418), Binding::TcpHeuristic(is_one)],
        dissect,
    )
};

/// An exchange of keys, and what is encrypted behind it.
#[rustfmt::skip]
const SAMPLE: &[&str] = &[
    "4500002800010000400600000a0000010a000002c000001600000064000000005002fff000000000",
    "4500002800010000400600000a0000020a0000010016c000000003e8000000655012fff000000000",
    "4500002800010000400600000a0000010a000002c000001600000065000003e95010fff000000000",
    "4500003300010000400600000a0000010a000002c000001600000065000003e95018fff0000000005353482d322e302d \
     630d0a",
    "4500003300010000400600000a0000020a0000010016c000000003e9000000705018fff0000000005353482d322e302d \
     730d0a",
    "450000a500010000400600000a0000010a000002c000001600000070000003f45018fff0000000000000007904144343 \
     434343434343434343434343434300000011637572766532353531392d736861323536000000077373682d7273610000 \
     000a6165733132382d6374720000000a6165733132382d637472000000016d000000016d000000046e6f6e6500000004 \
     6e6f6e650000000000000000000000000000000000",
    "450000a500010000400600000a0000020a0000010016c000000003f4000000ed5018fff0000000000000007904144343 \
     434343434343434343434343434300000011637572766532353531392d736861323536000000077373682d7273610000 \
     000a6165733132382d6374720000000a6165733132382d637472000000016d000000016d000000046e6f6e6500000004 \
     6e6f6e650000000000000000000000000000000000",
    "4500003700010000400600000a0000010a000002c0000016000000ed000004715018fff0000000000000000b041e0000 \
     00017100000000",
    "4500008100010000400600000a0000020a0000010016c00000000471000000fc5018fff0000000000000004b041f0000 \
     00280000001365636473612d736861322d6e69737470323536000000086e697374703235360000000171000000017100 \
     000010000000077373682d72736100000001730000000000000006041500000000",
    "4500003d00010000400600000a0000010a000002c0000016000000fc000004ca5018fff0000000000000000704027800 \
     00000000000006041500000000",
    "4500003100010000400600000a0000010a000002c000001600000111000004ca5018fff000000000656e637279707465 \
     64",
    "4500002800010000400600000a0000010a000002c001001600000064000000005002fff000000000",
    "4500002800010000400600000a0000020a0000010016c001000003e8000000655012fff000000000",
    "4500002800010000400600000a0000010a000002c001001600000065000003e95010fff000000000",
    "4500003300010000400600000a0000010a000002c001001600000065000003e95018fff0000000005353482d322e302d \
     630d0a",
    "4500003300010000400600000a0000020a0000010016c001000003e9000000705018fff0000000005353482d322e302d \
     730d0a",
    "450000a500010000400600000a0000010a000002c001001600000070000003f45018fff0000000000000007904144343 \
     434343434343434343434343434300000011637572766532353531392d736861323536000000077373682d7273610000 \
     000a6165733132382d6374720000000a6165733132382d637472000000016d000000016d000000046e6f6e6500000004 \
     6e6f6e650000000000000000000000000000000000",
    "450000a500010000400600000a0000020a0000010016c001000003f4000000ed5018fff0000000000000007904144343 \
     434343434343434343434343434300000011637572766532353531392d736861323536000000077373682d7273610000 \
     000a6165733132382d6374720000000a6165733132382d637472000000016d000000016d000000046e6f6e6500000004 \
     6e6f6e650000000000000000000000000000000000",
    "4500003700010000400600000a0000010a000002c0010016000000ed000004715018fff0000000000000000b041e0000 \
     00017100000000",
    "4500006e00010000400600000a0000020a0000010016c00100000471000000fc5018fff00000000000000038041f0000 \
     0015000000077373682d7273610000000165000000016e000000017100000010000000077373682d6473730000000173 \
     0000000000000006041500000000",
    "4500003d00010000400600000a0000010a000002c0010016000000fc000004c15018fff0000000000000000704027800 \
     00000000000006041500000000",
    "4500003100010000400600000a0000010a000002c001001600000111000004c15018fff000000000656e637279707465 \
     64",
    "4500002800010000400600000a0000010a000002c002001600000064000000005002fff000000000",
    "4500002800010000400600000a0000020a0000010016c002000003e8000000655012fff000000000",
    "4500002800010000400600000a0000010a000002c002001600000065000003e95010fff000000000",
    "4500003300010000400600000a0000010a000002c002001600000065000003e95018fff0000000005353482d322e302d \
     630d0a",
    "4500003300010000400600000a0000020a0000010016c002000003e9000000705018fff0000000005353482d322e302d \
     730d0a",
    "450000a500010000400600000a0000010a000002c002001600000070000003f45018fff0000000000000007904144343 \
     434343434343434343434343434300000011637572766532353531392d736861323536000000077373682d7273610000 \
     000a6165733132382d6374720000000a6165733132382d637472000000016d000000016d000000046e6f6e6500000004 \
     6e6f6e650000000000000000000000000000000000",
    "450000a500010000400600000a0000020a0000010016c002000003f4000000ed5018fff0000000000000007904144343 \
     434343434343434343434343434300000011637572766532353531392d736861323536000000077373682d7273610000 \
     000a6165733132382d6374720000000a6165733132382d637472000000016d000000016d000000046e6f6e6500000004 \
     6e6f6e650000000000000000000000000000000000",
    "4500003700010000400600000a0000010a000002c0020016000000ed000004715018fff0000000000000000b041e0000 \
     00017100000000",
    "4500007100010000400600000a0000020a0000010016c00200000471000000fc5018fff0000000000000003b041f0000 \
     00140000000b7373682d65643235353139000000016b0000000171000000140000000b7373682d656432353531390000 \
     0001730000000000000006041500000000",
    "4500003d00010000400600000a0000010a000002c0020016000000fc000004ce5018fff0000000000000000704027800 \
     00000000000006041500000000",
    "4500003100010000400600000a0000010a000002c002001600000111000004ce5018fff000000000656e637279707465 \
     64",
    "4500002800010000400600000a0000010a000002c003001600000064000000005002fff000000000",
    "4500002800010000400600000a0000020a0000010016c003000003e8000000655012fff000000000",
    "4500002800010000400600000a0000010a000002c003001600000065000003e95010fff000000000",
    "4500003300010000400600000a0000010a000002c003001600000065000003e95018fff0000000005353482d322e302d \
     630d0a",
    "4500003300010000400600000a0000020a0000010016c003000003e9000000705018fff0000000005353482d322e302d \
     730d0a",
    "450000a500010000400600000a0000010a000002c003001600000070000003f45018fff0000000000000007904144343 \
     434343434343434343434343434300000011637572766532353531392d736861323536000000077373682d7273610000 \
     000a6165733132382d6374720000000a6165733132382d637472000000016d000000016d000000046e6f6e6500000004 \
     6e6f6e650000000000000000000000000000000000",
    "450000a500010000400600000a0000020a0000010016c003000003f4000000ed5018fff0000000000000007904144343 \
     434343434343434343434343434300000011637572766532353531392d736861323536000000077373682d7273610000 \
     000a6165733132382d6374720000000a6165733132382d637472000000016d000000016d000000046e6f6e6500000004 \
     6e6f6e650000000000000000000000000000000000",
    "4500003700010000400600000a0000010a000002c0030016000000ed000004715018fff0000000000000000b041e0000 \
     00017100000000",
    "4500005800010000400600000a0000020a0000010016c00300000471000000fc5018fff00000000000000022041f0000 \
     00090000000178646174610000000171000000060000000174730000000000000006041500000000",
    "4500003d00010000400600000a0000010a000002c0030016000000fc000004c35018fff0000000000000000704027800 \
     00000000000006041500000000",
    "4500003100010000400600000a0000010a000002c003001600000111000004c35018fff000000000656e637279707465 \
     64",
];

/// Whether octets on any port begin a connection.
fn is_one<'a>(_: &Dissector<'a>, tvb: Tvb<'a>) -> bool {
    tvb.bytes().starts_with(b"SSH-2.0-") || tvb.bytes().starts_with(b"SSH-1.99-")
}

/// How long the packet in the clear is that begins octets.
fn packet_len(octets: &[u8]) -> Option<usize> {
    let [a, b, c, d, padding, code, ..] = *octets else {
        return None;
    };
    let len = u32::from_be_bytes([a, b, c, d]);
    let is_code = matches!(code, 1..=6 | 20..=21 | 30..=49);
    (is_code && len <= MAX_PACKET && len > u32::from(padding) + 1).then_some(4 + len as usize)
}

/// Whole packets are taken together, as is what is encrypted.
fn framing(stream: &[u8]) -> Framing {
    if stream.starts_with(b"SSH-") {
        return match memchr::memchr(b'\n', stream) {
            Some(end) => Framing::Message(end + 1),
            None => Framing::More(1),
        };
    }
    let mut at = 0;
    while let Some(len) = packet_len(stream.get(at..).unwrap_or_default()) {
        if at + len > stream.len() {
            return Framing::Message(if at > 0 { at } else { len });
        }
        at += len;
    }
    Framing::Message(stream.len().max(1))
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let (src, dst) = (d.endpoints.src_port, d.endpoints.dst_port);
    let is_port = |port: u16| matches!(port, 22 | 29_418);
    // Without a port to tell, the server's is the lower one.
    let is_server = if is_port(src) != is_port(dst) { is_port(src) } else { src < dst };
    let side = usize::from(is_server);
    let octets = tvb.bytes();
    let (_, is_next) = d.begin_next(PROTO, tvb);
    let (session, seq) = learn(d, octets, side);
    let is_known = session.as_ref().is_some_and(|session| session.banners.load(Relaxed) == 3);
    d.set_protocol(if is_known { "SSHv2" } else { "SSH" });
    let who = if is_server { "Server: " } else { "Client: " };
    if !is_next {
        d.set_info(|| who.to_owned());
    }
    let mut is_first = !is_next;
    let mut say = |d: &mut Dissector<'a>, text: String| {
        d.append_info(|| if is_first { text } else { format!(", {text}") });
        is_first = false;
    };
    if octets.starts_with(b"SSH-") {
        let line = dialogue::line(octets, 0);
        d.string(PROTOCOL_FIELD, tvb, 0, line.end);
        say(d, format!("Protocol ({})", printable(octets.get(..line.end).unwrap_or_default())));
    } else {
        let frame = d.packet.number;
        let session = session.unwrap_or_default();
        let mut is_encrypted = session.is_changed_before(side, frame);
        let mut at = 0;
        let mut seq = seq;
        while at < tvb.reported() {
            let rest = tvb.from(at);
            let len = packet_len(rest.bytes()).filter(|len| !is_encrypted && *len <= rest.reported());
            let Some(len) = len else {
                if Session::agreed(&session.ciphers) != Some("chacha20-poly1305@openssh.com") {
                    say(d, format!("Encrypted packet (len={})", rest.reported()));
                    d.bytes(PACKET_LENGTH_ENCRYPTED, rest, 0, 4);
                    d.bytes(ENCRYPTED_PACKET, rest, 4, rest.reported().saturating_sub(4));
                }
                break;
            };
            let code = rest.u8(5)?;
            say(d, session.message(code));
            packet(d, rest.sub(0, len), &session, is_server, seq)?;
            is_encrypted |= code == NEW_KEYS;
            seq = seq.wrapping_add(1);
            at += len;
        }
    }
    d.generated(DIRECTION, tvb, 0, 0, Value::Uint(is_server.into()));
    d.close();
    Ok(())
}

/// The text of a list of the key exchange's first message, its place given.
fn list(payload: &[u8], number: usize) -> Option<&[u8]> {
    let mut at = 17;
    for _ in 0..number {
        let len = payload.get(at..at + 4)?;
        at += 4 + u32::from_be_bytes(len.try_into().ok()?) as usize;
    }
    let len = u32::from_be_bytes(payload.get(at..at + 4)?.try_into().ok()?) as usize;
    payload.get(at + 4..(at + 4).checked_add(len)?)
}

/// In the first pass: follows the connection. Answers what is known of it and the number of the first packet.
fn learn(d: &mut Dissector<'_>, octets: &[u8], side: usize) -> (Option<Arc<Session>>, u32) {
    let stream = tcp::stream_index(d);
    let key = conversation::Key(d.endpoints.conversation().0);
    let frame = d.packet.number;
    let mut learned = None;
    if let Some(flows) = d.flows() {
        let all = &mut flows.ssh.all;
        if all.get(&key).is_none_or(|known| known.stream != stream) {
            all.insert(key, Connection { stream, session: Arc::default(), next: [0, 0] });
        }
        if let Some(connection) = all.get(&key) {
            let session = connection.session.clone();
            let seq = connection.next[side];
            if octets.starts_with(b"SSH-2.0") || octets.starts_with(b"SSH-1.99") {
                session.banners.fetch_or(1 << side, Relaxed);
            } else if !session.is_changed_before(side, frame) {
                let mut at = 0;
                while let Some(len) = packet_len(octets.get(at..).unwrap_or_default()) {
                    connection.next[side] = connection.next[side].wrapping_add(1);
                    take(&session, octets.get(at + 5..).unwrap_or_default(), side, frame);
                    at += len;
                }
            }
            learned = Some((session, seq));
        }
    }
    if let Some((session, seq)) = learned {
        d.record(Fact::Ssh { session, seq });
    }
    let known = d.fact(|fact| match fact {
        Fact::Ssh { session, seq } => Some((session.clone(), *seq)),
        _ => None,
    });
    known.map_or((None, 0), |(session, seq)| (Some(session), seq))
}

/// Takes what a packet's payload tells of the connection.
fn take(session: &Session, payload: &[u8], side: usize, frame: u64) {
    match payload.first() {
        Some(&KEY_EXCHANGE_INIT) => {
            for (into, number) in [(&session.methods[side], 0), (&session.ciphers[side], 2 + side)] {
                if let Some(text) = list(payload, number).filter(|text| text.len() <= MAX_LIST) {
                    let _ = into.set(String::from_utf8_lossy(text).into());
                }
            }
        }
        Some(&NEW_KEYS) => {
            let _ = session.changed[side].compare_exchange(0, frame, Relaxed, Relaxed);
        }
        _ => {}
    }
}

/// Shows a packet in the clear (RFC 4253, 6).
fn packet<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, session: &Session, is_server: bool, seq: u32) -> Parsed {
    d.open_text(tvb, 0, tvb.reported(), || "SSH Version 2".to_owned());
    d.uint(PACKET_LENGTH, tvb, 0, 4)?;
    let padding = d.uint(PADDING_LENGTH, tvb, 4, 1)? as usize;
    let end = tvb.reported().saturating_sub(padding);
    let payload = tvb.sub(0, end).from(5);
    d.open_text(payload, 0, payload.reported(), || {
        let method = Session::agreed(&session.methods).unwrap_or_default();
        format!("Key Exchange (method:{method})")
    });
    let code = payload.u8(0)?;
    let item = d.add(MESSAGE_CODE, payload, 0, 1, Value::Uint(code.into()));
    d.text(item, || format!("Message Code: {} ({code})", session.message(code)));
    let name = session.message(code);
    match code {
        KEY_EXCHANGE_INIT => algorithms(d, payload, is_server)?,
        30 if name.starts_with("Elliptic") => {
            opaque(d, payload, 1, ECDH_Q_C_LENGTH, ECDH_Q_C)?;
        }
        31 if name.starts_with("Elliptic") => {
            let at = host_key(d, payload, 1)?;
            let at = opaque(d, payload, at, ECDH_Q_S_LENGTH, ECDH_Q_S)?;
            signature(d, payload, at)?;
        }
        _ if payload.reported() > 1 => {
            d.bytes(PAYLOAD, payload, 1, payload.reported() - 1);
        }
        _ => {}
    }
    d.close();
    if padding > 0 {
        d.bytes(PADDING_STRING, tvb, end, padding);
    }
    d.generated(SEQ_NUM, tvb, tvb.reported(), 0, Value::Uint(seq.into()));
    d.close();
    Ok(())
}

/// A string with its length before it; answers where it ends.
fn opaque<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, length: FieldId, field: FieldId) -> Result<usize, Stop> {
    let len = d.uint(length, tvb, at, 4)? as usize;
    tvb.slice(at + 4, len)?;
    if crate::registry::field(field).ftype == crate::field::FieldType::String {
        d.string(field, tvb, at + 4, len);
    } else {
        d.bytes(field, tvb, at + 4, len);
    }
    Ok(at + 4 + len)
}

fn algorithms<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, is_server: bool) -> Parsed {
    d.open_text(tvb, 1, tvb.reported().saturating_sub(1), || "Algorithms".to_owned());
    tvb.slice(1, 16)?;
    d.bytes(COOKIE, tvb, 1, 16);
    let mut at = 17;
    for (length, field) in LISTS {
        at = opaque(d, tvb, at, length, field)?;
    }
    d.uint(FIRST_KEX_PACKET_FOLLOWS, tvb, at, 1)?;
    tvb.slice(at + 1, 4)?;
    d.bytes(KEX_RESERVED, tvb, at + 1, 4);
    let fields = if is_server { (HASSHSERVER_ALGORITHMS, HASSHSERVER) } else { (HASSH_ALGORITHMS, HASSH) };
    if d.wants(fields.0) || d.wants(fields.1) {
        let text = |number| list(tvb.bytes(), number).map(String::from_utf8_lossy).unwrap_or_default();
        let side = usize::from(is_server);
        let all = format!("{};{};{};{}", text(0), text(2 + side), text(4 + side), text(6 + side));
        let digest = md5::compute(all.as_bytes());
        d.generated(fields.0, tvb, at + 5, 0, Value::String(all.into()));
        d.generated(fields.1, tvb, at + 5, 0, Value::String(format!("{digest:x}").into()));
    }
    d.close();
    Ok(())
}

/// The server's key (RFC 4253, 6.6; RFC 5656, 3.1; RFC 8709, 4).
fn host_key<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Result<usize, Stop> {
    let len = tvb.u32(at)? as usize;
    let end = at + 4 + tvb.slice(at + 4, len)?.len();
    d.open_text(tvb, at, 4 + len, || "KEX host key".to_owned());
    d.uint(HOST_KEY_LENGTH, tvb, at, 4)?;
    let key = tvb.sub(0, end);
    let name_at = at + 8;
    let next = opaque(d, key, at + 4, HOST_KEY_TYPE_LENGTH, HOST_KEY_TYPE)?;
    let name = tvb.bytes().get(name_at..next).unwrap_or_default();
    if name == b"ssh-rsa" {
        let mut at = next;
        for field in [HOST_KEY_RSA_E, HOST_KEY_RSA_N] {
            let len = key.u32(at)? as usize;
            key.slice(at + 4, len)?;
            d.bytes(field, key, at + 4, len);
            at += 4 + len;
        }
    } else if name.starts_with(b"ecdsa-") {
        let at = opaque(d, key, next, HOST_KEY_ECDSA_ID_LENGTH, HOST_KEY_ECDSA_ID)?;
        opaque(d, key, at, HOST_KEY_ECDSA_Q_LENGTH, HOST_KEY_ECDSA_Q)?;
    } else if name == b"ssh-ed25519" || name == b"ssh-ed448" {
        opaque(d, key, next, HOST_KEY_EDDSA_KEY_LENGTH, HOST_KEY_EDDSA_KEY)?;
    } else if end > next {
        d.bytes(HOST_KEY_DATA, key, next, end - next);
    }
    d.close();
    Ok(end)
}

fn signature<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Parsed {
    let len = tvb.u32(at)? as usize;
    let end = at + 4 + tvb.slice(at + 4, len)?.len();
    let blob = tvb.sub(0, end);
    let type_len = tvb.u32(at + 4)? as usize;
    let kind = blob.slice(at + 8, type_len)?;
    let item = d.open_text(tvb, at, 4 + len, || "KEX host signature".to_owned());
    d.append_text(item, || format!(" (type: {})", String::from_utf8_lossy(kind)));
    d.open(HOST_SIG_LENGTH, tvb, at, 4, Value::Uint(len as u64));
    // What curves sign is not taken apart, and Wireshark says so.
    let is_of_curve = kind.starts_with(b"ecdsa-") || matches!(kind, b"ssh-ed25519" | b"ssh-ed448");
    if is_of_curve && len != 8 + type_len {
        d.expert_with(PACKET_DECODE_ERROR, tvb, at, 4, || {
            format!("Decoded {} bytes, but packet legnth is {len} bytes", 8 + type_len)
        });
    }
    d.close();
    let next = opaque(d, blob, at + 4, HOST_SIG_TYPE_LENGTH, HOST_SIG_TYPE)?;
    match kind {
        b"ssh-rsa" => {
            opaque(d, blob, next, MPINT_LENGTH, HOST_SIG_RSA)?;
        }
        b"ssh-dss" => {
            opaque(d, blob, next, MPINT_LENGTH, HOST_SIG_DSA)?;
        }
        _ if end > next && !is_of_curve => {
            d.bytes(HOST_SIG_DATA, tvb, next, end - next);
        }
        _ => {}
    }
    d.close();
    Ok(())
}
