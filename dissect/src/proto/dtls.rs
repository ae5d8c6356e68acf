//! Datagram Transport Layer Security (RFC 6347): records in datagrams, handshakes as TLS has them, cookies and SRTP's
//! profiles (RFC 5764). A handshake message in several fragments is shown whole where the last of them comes.

use std::sync::Arc;

use crate::bindings::Binding;
use crate::conversation;
use crate::dissector::Dissector;
use crate::facts::Fact;
use crate::field::Names;
use crate::pieces::{self, Pieces, Whole};
use crate::proto::tls::handshake::{self, Context};
use crate::proto::tls::session::{self, Session};
use crate::proto::tls::{self, Show, ciphers, names, rows};
use crate::recent::Recent;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

rows::secured! { Dtls, "dtls", "Datagram Transport Layer Security";
    RECORD_EPOCH = field("dtls.record.epoch", "Epoch", Uint16, Dec);
    RECORD_SEQUENCE_NUMBER = field("dtls.record.sequence_number", "Sequence Number", Uint64, Dec);
    MESSAGE_SEQ = field("dtls.handshake.message_seq", "Message Sequence", Uint16, Dec);
    FRAGMENT_OFFSET = field("dtls.handshake.fragment_offset", "Fragment Offset", Uint24, Dec);
    FRAGMENT_LENGTH = field("dtls.handshake.fragment_length", "Fragment Length", Uint24, Dec);
    FRAGMENTS = field("dtls.fragments", "Message fragments", None, None);
    FRAGMENT = field("dtls.fragment", "Message fragment", FrameNum, None);
    FRAGMENT_COUNT = field("dtls.fragment.count", "Message fragment count", Uint32, Dec);
    REASSEMBLED_LENGTH = field("dtls.reassembled.length", "Reassembled DTLS length", Uint32, Dec);
    COOKIE_LENGTH = field("dtls.handshake.cookie_length", "Cookie Length", Uint8, Dec);
    COOKIE = field("dtls.handshake.cookie", "Cookie", Bytes, None);
    USE_SRTP_PROTECTION_PROFILES_LENGTH = field("dtls.use_srtp.protection_profiles_length", "SRTP Protection Profiles Length", Uint16, Dec);
    USE_SRTP_PROTECTION_PROFILE = field("dtls.use_srtp.protection_profile", "SRTP Protection Profile", Uint16, Hex).names(Names::Values(PROFILES));
    USE_SRTP_MKI_LENGTH = field("dtls.use_srtp.mki_length", "MKI Length", Uint8, Dec);
    USE_SRTP_MKI = field("dtls.use_srtp.mki", "MKI", Bytes, None);
}

/// RFC 5764, 4.1.2, and RFC 7714, 14.2.
const PROFILES: &[(u64, &str)] = &[
    (1, "SRTP_AES128_CM_HMAC_SHA1_80"),
    (2, "SRTP_AES128_CM_HMAC_SHA1_32"),
    (5, "SRTP_NULL_HMAC_SHA1_80"),
    (6, "SRTP_NULL_HMAC_SHA1_32"),
    (7, "SRTP_AEAD_AES_128_GCM"),
    (8, "SRTP_AEAD_AES_256_GCM"),
];

pub(crate) static PROTOCOL: Protocol = Protocol {
    accepts: Some(is_one),
    may_begin: Some(|octets| begins(octets, octets.len())),
    samples: &[Sample { link_type: 101, frames: SAMPLE }],
    ..Protocol::new(
        ProtoId::Dtls,
        "DTLS",
        &[
            Binding::UdpPort(853),
            Binding::UdpPort(2221),
            Binding::UdpPort(5684),
            Binding::UdpPort(5868),
            Binding::UdpHeuristic(is_one),
        ],
        dissect,
    )
};

/// A handshake with a cookie and SRTP's profiles, an alert and what is encrypted.
#[rustfmt::skip]
const SAMPLE: &[&str] = &[
    "450001f600010000401100000a0000010a0000021388163401e2000016fefd000000000000000001cd010001c1000000 \
     00000001c1fefd525252525252525252525252525252525252525252525252525252525252525200000002c02f010001 \
     9500000011000f00000c686f73742e6578616d706c6500630003616263ff010002017200050006010000000178002900 \
     30000b00056964656e740000000500212042424242424242424242424242424242424242424242424242424242424242 \
     42002c00080006636f6f6b6965001c00024001000100010200130003020002000c000504757365720035000403636964 \
     0022000400020403000a00040002001d000b00020100000d000400020401000e000600020001016d000f000101001000 \
     05000302683200110009000702000400000000001500020000001b0003020001002b0003020304002d00020101003300 \
     070005001d00016b446900050003026832003000070005016f0001760039007b01010503010504010505010506010507 \
     01050801050901050a01050b01050e010520010550570105712701058000715801058000ff000105c0000000ff04de1a \
     010500016f02016f0f016f10016f7128016f800047510071290175712b00712a00800047520900000001040000000111 \
     0800000001000000021b00000a000100001000020000",
    "4500019b00010000401100000a0000020a000001163413880187000016fefd000000000000000000a002000094000000 \
     0000000094fefd535353535353535353535353535353535353535353535353535353535353535303736964c02f000069 \
     3374000706737064792f330012003700350033004c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c4c \
     4c4c4c4c0000015f00000000000165040300037369670029000200010022000f00010000040300000170040300017300 \
     0e000500020001000016fefd000000000000000000260b00001a000000000000001a0000170000146363636363636363 \
     63636363636363636363636316fefd000000000000000000160c00000a000000000000000a03001d016b040100017316 \
     fefd000000000000000000170d00000b000000000000000b010100020401000300016e16fefd00000000000000000011 \
     160000050000000000000005010000016f16fefd00000000000000000014160000080000000000000008020000040000 \
     016f16fefd0000000000000000000c0e0000000000000000000000",
    "4500007a00010000401100000a0000010a000002138816340066000016fefd0000000000000000000e10000002000000 \
     0000000002016b16fefd000000000000000000110f0000050000000000000005040100017316fefd0000000000000000 \
     00181400000c000000000000000c666666666666666666666666",
    "4500007800010000401100000a0000020a000001163413880064000016fefd0000000000000000001304000007000000 \
     00000000070000000100017416fefd0000000000000000000d1800000100000000000000010116fefd00000000000000 \
     000015190000090000000000000009000100000000000163",
    "4500003e00010000401100000a0000020a00000116341388002a000016fefd0000000000000000001503000009000000 \
     0000000009fefd06636f6f6b6965",
    "4500006500010000401100000a0000010a000002138816340051000016fefd0000000000000000003c01000030000000 \
     0000000030fefd52525252525252525252525252525252525252525252525252525252525252520006636f6f6b696500 \
     02c02f0100",
    "4500009b00010000401100000a0000010a000002138816340087000014fefd000000000000000000010116fefd000100 \
     00000000000014787878787878787878787878787878787878787815fefd00000000000000000002022815fefd000100 \
     0000000000000679797979797917fefd000100000000000000046461746116fefd000000000000000000100b00010000 \
     0200000000000461626364",
    "4500005f00010000401100000a0000010a00000213891634004b000016fefd000000000000000000360100002a000000 \
     000000002afeff525252525252525252525252525252525252525252525252525252525252525200000002c02f0100",
    "4500008000010000401100000a0000020a00000116341389006c000016fefd0000000000000000003202000026000000 \
     0000000026feff53535353535353535353535353535353535353535353535353535353535353530000330016fefd0000 \
     00000000000000180c00000c000000000000000c000170000167000179000173",
    "4500003800010000401100000a0000010a000002138916340024000016fefd0000000000000000000f10000003000000 \
     0000000003000179",
    "4500005f00010000401100000a0000010a000002138a1634004b000016fefd000000000000000000360100002a000000 \
     000000002afeff525252525252525252525252525252525252525252525252525252525252525200000002c02f0100",
    "4500007d00010000401100000a0000020a0000011634138a0069000016fefd0000000000000000003202000026000000 \
     0000000026feff53535353535353535353535353535353535353535353535353535353535353530000030016fefd0000 \
     00000000000000150c000009000000000000000900016d000165000173",
    "4500003800010000401100000a0000010a000002138a16340024000016fefd0000000000000000000f10000003000000 \
     0000000003000179",
    "4500005f00010000401100000a0000010a000002138b1634004b000016fefd000000000000000000360100002a000000 \
     000000002afeff525252525252525252525252525252525252525252525252525252525252525200000002c02f0100",
    "4500007a00010000401100000a0000020a0000011634138b0066000016fefd0000000000000000003202000026000000 \
     0000000026feff535353535353535353535353535353535353535353535353535353535353535300008c0016fefd0000 \
     00000000000000120c0000060000000000000006000468696e74",
    "4500003900010000401100000a0000010a000002138b16340025000016fefd0000000000000000001010000004000000 \
     000000000400026964",
    "4500006800010000401100000a0000010a000002138c16340054000016fefd0000000000000000003f01000033000000 \
     0000000033fefd525252525252525252525252525252525252525252525252525252525252525200000002c02f010000 \
     07002b000302fefc",
    "4500006900010000401100000a0000020a0000011634138c0055000016fefd0000000000000000004002000034000000 \
     0000000034fefdcf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c00130100000c002b00 \
     02fefc00330002001d",
    "450000c300010000401100000a0000020a0000011634138c00af000016fefd0000000000000000004302000037000000 \
     0000000037fefd535353535353535353535353535353535353535353535353535353535353535300130100000f002b00 \
     02fefc00330005001d00016b16fefd0000000000000000001a0d00000e000000000000000e036374780008000d000400 \
     02040116fefd000000000000000000230400001700000000000000170000000100000002016e0001740008002a000400 \
     000001",
    "4500003900010000401100000a0000010a000002140016340025000016fefd000000000000000000101000000a000100 \
     0000000004096b6b6b",
    "4500005e00010000401100000a0000010a00000214001634004a000016fefd000000000000000000121000000a000100 \
     00040000066b6b6b6b6b6b18fefd00000000000000000005010001687018fefd0000000000000000000401ff0068",
    "4500004900010000401100000a0000020a000001163414000035000016fefd0000000000000000002008000014000000 \
     000000001400120039000e8000475209000000010400000001",
];

/// How long a handshake message may be that lies in fragments, in how many, and how many such messages wait at one time.
/// Together they take 32 MiB.
const MAX_MESSAGE: usize = 64 << 10;
const MAX_FRAGMENTS: usize = 1024;
const MAX_MESSAGES: usize = 512;

/// A message of which fragments came.
struct Message {
    kind: u8,
    len: usize,
    fragments: Pieces,
}

/// The messages in fragments of the first pass, by conversation, side and number.
pub(crate) struct Messages(Recent<(conversation::Key, bool, u16), Message>);

impl Default for Messages {
    fn default() -> Self {
        Self(Recent::new(MAX_MESSAGES))
    }
}

impl Messages {
    /// Takes a fragment; answers the message if it is whole by it.
    fn take(
        &mut self,
        key: (conversation::Key, bool, u16),
        frame: u64,
        (kind, len): (u8, usize),
        offset: usize,
        octets: &[u8],
    ) -> Option<Arc<Whole>> {
        if len > MAX_MESSAGE || offset + octets.len() > len {
            return None;
        }
        if self.0.get(&key).is_none_or(|message| (message.kind, message.len) != (kind, len)) {
            self.0.insert(key, Message { kind, len, fragments: Pieces::new(0, len as u64) });
        }
        let message = self.0.get(&key)?;
        if message.fragments.count() < MAX_FRAGMENTS {
            message.fragments.put(frame, offset as u64, octets);
        }
        let whole = message.fragments.whole()?;
        // What comes again begins anew.
        message.fragments = Pieces::new(0, len as u64);
        Some(Arc::new(whole))
    }
}

const HEADER_LEN: usize = 13;
/// A handshake message's header (RFC 6347, 4.2.2).
const MESSAGE_HEADER_LEN: usize = 12;

/// Whether octets begin with a record that ends within them. The versions are those of the RFCs and the one that OpenSSL
/// had before 0.9.8f, which some VPNs speak.
pub(crate) fn is_one<'a>(_: &Dissector<'a>, tvb: Tvb<'a>) -> bool {
    begins(tvb.bytes(), tvb.reported())
}

fn begins(octets: &[u8], reported: usize) -> bool {
    match *octets {
        [20..=25, 0xfe, 0xfd..=0xff, _, _, _, _, _, _, _, _, high, low, _, ..]
        | [20..=25, 0x01, 0x00, _, _, _, _, _, _, _, _, high, low, _, ..] => {
            HEADER_LEN + usize::from(high) * 256 + usize::from(low) <= reported
        }
        _ => false,
    }
}

/// The name of a version in the Protocol column.
fn version_name(version: Option<u16>) -> &'static str {
    match version {
        Some(0xfeff) => "DTLSv1.0",
        Some(0xfefd) => "DTLSv1.2",
        Some(0xfefc) => "DTLSv1.3",
        Some(0x0100) => "DTLS 1.0 (OpenSSL pre 0.9.8f)",
        _ => "DTLS",
    }
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let learns = d.flows().is_some() && d.wants_facts_of(ProtoId::Dtls);
    d.begin(PROTO, tvb);
    d.set_protocol("DTLS");
    d.set_info(String::new);
    if !learns && !d.wants_fields_of(ProtoId::Dtls) {
        d.close();
        return Ok(());
    }
    let (session, _) = session::of(d);
    let mut at = 0;
    while at < tvb.reported() {
        at += record(d, tvb.from(at), session.as_ref())?;
    }
    d.close();
    Ok(())
}

/// Shows one record; answers how many octets it has.
fn record<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, session: Option<&Arc<Session>>) -> Result<usize, Stop> {
    let (kind, epoch, len) = (tvb.u8(0)?, tvb.u16(3)?, usize::from(tvb.u16(11)?));
    let content = tvb.from(HEADER_LEN).sub(0, len);
    let item = d.open(RECORD, tvb, 0, HEADER_LEN + len, Value::None);
    d.uint(RECORD_CONTENT_TYPE, tvb, 0, 1)?;
    d.uint(RECORD_VERSION, tvb, 1, 2)?;
    d.uint(RECORD_EPOCH, tvb, 3, 2)?;
    d.uint(RECORD_SEQUENCE_NUMBER, tvb, 5, 6)?;
    d.uint(RECORD_LENGTH, tvb, 11, 2)?;
    let title = match kind {
        20 => {
            d.add(CHANGE_CIPHER_SPEC, content, 0, len, Value::None);
            tls::append(d, || "Change Cipher Spec".to_owned());
            "Change Cipher Spec Protocol: Change Cipher Spec".to_owned()
        }
        21 => alert(d, content, epoch)?,
        22 => messages(d, content, epoch, session)?,
        23 => {
            d.bytes(APP_DATA, content, 0, len);
            tls::append(d, || "Application Data".to_owned());
            "Application Data Protocol: Application Data".to_owned()
        }
        24 => tls::heartbeat(&mut Show::new(d, content, PROTO))?,
        _ => String::new(),
    };
    let name = version_name(session.and_then(|session| session.version()));
    d.set_protocol(name);
    d.text(item, || format!("{name} Record Layer: {title}"));
    d.close();
    Ok(HEADER_LEN + len)
}

/// Behind the first epoch everything is encrypted (RFC 6347, 4.1).
fn alert<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, epoch: u16) -> Result<String, Stop> {
    let item = d.open(ALERT, tvb, 0, tvb.reported(), Value::None);
    let title = if epoch == 0 && tvb.reported() == 2 {
        let level = d.uint(ALERT_LEVEL, tvb, 0, 1)?;
        let what = d.uint(ALERT_DESC, tvb, 1, 1)?;
        let name = |names, value| Names::Values(names).of(value).unwrap_or("Unknown".into());
        format!("Alert (Level: {}, Description: {})", name(names::ALERT_LEVELS, level), name(names::ALERTS, what))
    } else {
        d.text(item, || "Alert Message: Encrypted Alert".to_owned());
        "Encrypted Alert".to_owned()
    };
    d.close();
    tls::append(d, || title.clone());
    Ok(title)
}

/// Shows the handshake messages of a record; answers its title.
fn messages<'a>(
    d: &mut Dissector<'a>,
    tvb: Tvb<'a>,
    epoch: u16,
    session: Option<&Arc<Session>>,
) -> Result<String, Stop> {
    let mut count = 0;
    let mut last = "Encrypted Handshake Message";
    let mut at = 0;
    while at < tvb.reported() {
        let rest = tvb.from(at);
        let name = rest.bytes().get(..1).and_then(handshake::name).filter(|_| epoch == 0);
        let Some(name) = name.filter(|_| rest.reported() >= MESSAGE_HEADER_LEN) else {
            let item = d.add(HANDSHAKE, tvb, at, rest.reported(), Value::None);
            d.text(item, || "Handshake Protocol: Encrypted Handshake Message".to_owned());
            tls::append(d, || "Encrypted Handshake Message".to_owned());
            last = "Encrypted Handshake Message";
            count += 1;
            break;
        };
        let len = MESSAGE_HEADER_LEN + rest.u24(9)? as usize;
        message(d, rest.sub(0, len), name, session)?;
        (last, count) = (name, count + 1);
        at += len;
    }
    Ok(match count {
        1 => format!("Handshake Protocol: {last}"),
        _ => "Handshake Protocol: Multiple Handshake Messages".to_owned(),
    })
}

/// The message that the fragment at hand completes. The first pass puts it together.
fn whole<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Result<Option<Arc<Whole>>, Stop> {
    let kind = tvb.u8(0)?;
    let (len, number, offset) = (tvb.u24(1)? as usize, tvb.u16(4)?, tvb.u24(6)? as usize);
    let (endpoints, is_second) = d.endpoints.conversation();
    let (frame, place) = (d.packet.number, tvb.place());
    let octets = tvb.bytes().get(MESSAGE_HEADER_LEN..).unwrap_or_default();
    let whole = d.flows().and_then(|flows| {
        let key = (conversation::Key(endpoints), is_second, number);
        flows.dtls.take(key, frame, (kind, len), offset, octets)
    });
    if let Some(whole) = whole {
        d.record(Fact::DtlsWhole { at: place, whole });
    }
    Ok(d.peek_fact(|fact| match fact {
        Fact::DtlsWhole { at, whole } if *at == place => Some(whole.clone()),
        _ => None,
    }))
}

/// In the first pass: takes what a server's hello tells of its connection.
fn learn(d: &mut Dissector<'_>, session: Option<&Arc<Session>>, body: &[u8]) {
    // As TLS has it, a message's header has four octets.
    let hello = [&[0; 4], body].concat();
    if d.is_first_pass()
        && let Some(session) = session
        && let Some((version, suite, application)) = handshake::choice(&hello)
    {
        session.chose(version, suite, application);
    }
}

fn message<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, name: &'static str, session: Option<&Arc<Session>>) -> Parsed {
    let kind = tvb.u8(0)?;
    let (len, offset, fragment) = (tvb.u24(1)?, tvb.u24(6)?, tvb.u24(9)?);
    let is_whole = offset == 0 && fragment == len;
    let whole = if is_whole { None } else { whole(d, tvb)? };
    let mark = match whole {
        Some(_) => " (Reassembled)",
        None if is_whole => "",
        None => " (Fragment)",
    };
    tls::append(d, || format!("{name}{mark}"));
    if kind == handshake::SERVER_HELLO {
        let body = whole.as_ref().map(|whole| &*whole.octets);
        if let Some(body) = body.or_else(|| tvb.bytes().get(MESSAGE_HEADER_LEN..).filter(|_| is_whole)) {
            learn(d, session, body);
        }
    }
    let item = d.open(HANDSHAKE, tvb, 0, tvb.reported(), Value::None);
    d.text(item, || format!("Handshake Protocol: {name}{mark}"));
    d.uint(HANDSHAKE_TYPE, tvb, 0, 1)?;
    d.uint(LENGTH, tvb, 1, 3)?;
    d.uint(MESSAGE_SEQ, tvb, 4, 2)?;
    d.uint(FRAGMENT_OFFSET, tvb, 6, 3)?;
    d.uint(FRAGMENT_LENGTH, tvb, 9, 3)?;
    if let Some(whole) = whole {
        let tvb = d.add_source(&whole.octets, "Reassembled DTLS");
        FRAGMENT_FIELDS.show(d, tvb, &whole.pieces);
        body(d, tvb, 0, kind, session)?;
    } else if is_whole {
        body(d, tvb, MESSAGE_HEADER_LEN, kind, session)?;
    }
    d.close();
    Ok(())
}

const FRAGMENT_FIELDS: pieces::Fields = pieces::Fields {
    title: "Message fragments",
    list: FRAGMENTS,
    piece: FRAGMENT,
    count: FRAGMENT_COUNT,
    length: Some(REASSEMBLED_LENGTH),
};

/// Shows what stands behind a message's header.
fn body<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, kind: u8, session: Option<&Arc<Session>>) -> Parsed {
    const HELLO_VERIFY_REQUEST: u8 = 3;
    if kind == HELLO_VERIFY_REQUEST {
        d.uint(VERSION, tvb, at, 2)?;
        let len = d.uint(COOKIE_LENGTH, tvb, at + 2, 1)? as usize;
        tvb.slice(at + 3, len)?;
        d.bytes(COOKIE, tvb, at + 3, len);
        return Ok(());
    }
    let context = Context {
        version: session.and_then(|session| session.version()).unwrap_or(0),
        suite: session.and_then(|session| session.suite()),
        cookie: Some((COOKIE_LENGTH, COOKIE)),
    };
    handshake::body(&mut Show::new(d, tvb, PROTO), kind, at, &context)
}

/// The profiles of SRTP that are offered or chosen (RFC 5764, 4.1.1); answers where they end.
pub(crate) fn use_srtp<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, end: usize) -> Result<usize, Stop> {
    if at == end {
        return Ok(at);
    }
    let len = d.uint(USE_SRTP_PROTECTION_PROFILES_LENGTH, tvb, at, 2)? as usize;
    let stop = (at + 2 + len).min(end);
    for at in (at + 2..stop).step_by(2).filter(|at| at + 2 <= stop) {
        d.uint(USE_SRTP_PROTECTION_PROFILE, tvb, at, 2)?;
    }
    let len = d.uint(USE_SRTP_MKI_LENGTH, tvb, stop, 1)? as usize;
    if len > 0 {
        tvb.slice(stop + 1, len)?;
        d.bytes(USE_SRTP_MKI, tvb, stop + 1, len);
    }
    Ok(stop + 1 + len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dissector::Endpoints;
    use crate::tests::{frames, survives_anything, values};

    #[test]
    fn a_message_in_fragments_is_shown_with_the_last_of_them() {
        let all = frames(101, SAMPLE);
        let whole = all.iter().position(|frame| values(frame, "dtls.fragment.count") == "2").unwrap();
        assert_eq!(values(&all[whole], "dtls.fragment"), format!("{},{}", whole, whole + 1));
        assert_eq!(values(&all[whole], "dtls.reassembled.length"), "10");
        assert_eq!(values(&all[whole - 1], "dtls.fragment"), "");
    }

    #[test]
    fn the_version_before_the_standard_is_known_too() {
        assert!(begins(b"\x16\x01\0\0\0\0\0\0\0\0\0\0\x02ab", 15));
        assert!(!begins(b"\x16\x01\x01\0\0\0\0\0\0\0\0\0\x02ab", 15));
        assert_eq!(version_name(Some(0x0100)), "DTLS 1.0 (OpenSSL pre 0.9.8f)");
    }

    #[test]
    fn the_fingerprint_looks_behind_the_cookie() {
        let all = frames(101, SAMPLE);
        assert!(values(&all[0], "dtls.handshake.ja3_full").starts_with("65277,49199,"));
        let again = all.iter().find(|frame| {
            let [kind, len] = ["dtls.handshake.type", "dtls.handshake.cookie_length"].map(|name| values(frame, name));
            (kind.as_str(), len.as_str()) == ("1", "6")
        });
        assert!(values(again.unwrap(), "dtls.handshake.ja3_full").starts_with("65277,49199,"));
    }

    #[test]
    fn no_more_fragments_are_kept_than_may_be() {
        let mut messages = Messages::default();
        let key = |number| (conversation::Key(Endpoints::default()), false, number);
        assert!(messages.take(key(0), 1, (11, MAX_MESSAGE + 1), 0, b"x").is_none());
        assert!(messages.take(key(0), 1, (11, 4), 3, b"xx").is_none());
        assert_eq!(messages.0.len(), 0);
        for at in 0..2 * MAX_FRAGMENTS {
            assert!(messages.take(key(1), 1, (11, MAX_MESSAGE), 2 * at, b"x").is_none());
        }
        assert_eq!(messages.0.get(&key(1)).unwrap().fragments.count(), MAX_FRAGMENTS);
        for number in 0..4 * MAX_MESSAGES as u16 {
            messages.take(key(number), 1, (11, 4), 0, b"x");
        }
        assert!(messages.0.len() <= MAX_MESSAGES);
        assert!(messages.take(key(9999), 1, (11, 4), 2, b"cd").is_none());
        let whole = messages.take(key(9999), 2, (11, 4), 0, b"abc").unwrap();
        assert_eq!(&*whole.octets, b"abcd");
    }

    #[test]
    fn nothing_breaks_it() {
        survives_anything(
            ProtoId::Dtls,
            b"\x16\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x00\x00\x12\x10\x00\x00\x0a\x00\x01\x00\x00\x00\x00\x00\x06abcdef\
              \x18\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x00\x00\x05\x01\x00\x01hp",
        );
    }
}
