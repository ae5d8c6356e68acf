//! How Initial packets are protected (RFC 9001, 5), and the tag of a Retry packet (RFC 9001, 5.8).
//!
//! The keys of both follow from what everybody sees: the version and the first connection ID that the client chose. So
//! they hide nothing; they keep devices on the path from changing what they do not understand.

use std::fmt;
use std::sync::OnceLock;

use aws_lc_rs::aead::{self, AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hmac;

use super::Id;

/// How long a packet number is at most (RFC 9000, 17.1), and so where the sample begins that its protection takes.
const MAX_NUMBER_LEN: usize = 4;
const SAMPLE_LEN: usize = 16;
const TAG_LEN: usize = 16;

/// What a version fixes: the salt of its keys, the labels that they are derived with, and the key and nonce of Retry.
struct Version {
    first: u32,
    last: u32,
    salt: [u8; 20],
    labels: [&'static str; 3],
    retry: Option<([u8; 16], [u8; 12])>,
}

const LABELS: [&str; 3] = ["quic key", "quic iv", "quic hp"];
const LABELS_V2: [&str; 3] = ["quicv2 key", "quicv2 iv", "quicv2 hp"];

const SALT_V1: [u8; 20] = [
    0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f,
    0x0a,
];
const SALT_V2: [u8; 20] = [
    0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93, 0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e,
    0xd9,
];
const SALT_29: [u8; 20] = [
    0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97, 0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8,
    0x99,
];
const SALT_23: [u8; 20] = [
    0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7, 0xd2, 0x43, 0x2b, 0xb4, 0x63, 0x65, 0xbe, 0xf9, 0xf5,
    0x02,
];
const SALT_21: [u8; 20] = [
    0x7f, 0xbc, 0xdb, 0x0e, 0x7c, 0x66, 0xbb, 0xe9, 0x19, 0x3a, 0x96, 0xcd, 0x21, 0x51, 0x9e, 0xbd, 0x7a, 0x02, 0x64,
    0x4a,
];
/// Those of Google's versions that speak TLS are in its published source.
const SALT_Q050: [u8; 20] = [
    0x50, 0x45, 0x74, 0xef, 0xd0, 0x66, 0xfe, 0x2f, 0x9d, 0x94, 0x5c, 0xfc, 0xdb, 0xd3, 0xa7, 0xf0, 0xd3, 0xb5, 0x6b,
    0x45,
];
const SALT_T050: [u8; 20] = [
    0x7f, 0xf5, 0x79, 0xe5, 0xac, 0xd0, 0x72, 0x91, 0x55, 0x80, 0x30, 0x4c, 0x43, 0xa2, 0x36, 0x7c, 0x60, 0x48, 0x83,
    0x10,
];
const SALT_T051: [u8; 20] = [
    0x7a, 0x4e, 0xde, 0xf4, 0xe7, 0xcc, 0xee, 0x5f, 0xa4, 0x50, 0x6c, 0x19, 0x12, 0x4f, 0xc8, 0xcc, 0xda, 0x6e, 0x03,
    0x3d,
];

const RETRY_V1: ([u8; 16], [u8; 12]) = (
    [0xbe, 0x0c, 0x69, 0x0b, 0x9f, 0x66, 0x57, 0x5a, 0x1d, 0x76, 0x6b, 0x54, 0xe3, 0x68, 0xc8, 0x4e],
    [0x46, 0x15, 0x99, 0xd3, 0x5d, 0x63, 0x2b, 0xf2, 0x23, 0x98, 0x25, 0xbb],
);
const RETRY_V2: ([u8; 16], [u8; 12]) = (
    [0x8f, 0xb4, 0xb0, 0x1b, 0x56, 0xac, 0x48, 0xe2, 0x60, 0xfb, 0xcb, 0xce, 0xad, 0x7c, 0xcc, 0x92],
    [0xd8, 0x69, 0x69, 0xbc, 0x2d, 0x7c, 0x6d, 0x99, 0x90, 0xef, 0xb0, 0x4a],
);
const RETRY_29: ([u8; 16], [u8; 12]) = (
    [0xcc, 0xce, 0x18, 0x7e, 0xd0, 0x9a, 0x09, 0xd0, 0x57, 0x28, 0x15, 0x5a, 0x6c, 0xb9, 0x6b, 0xe1],
    [0xe5, 0x49, 0x30, 0xf9, 0x7f, 0x21, 0x36, 0xf0, 0x53, 0x0a, 0x8c, 0x1c],
);

const fn version(first: u32, last: u32, salt: [u8; 20], retry: Option<([u8; 16], [u8; 12])>) -> Version {
    Version { first, last, salt, labels: LABELS, retry }
}

/// RFC 9001, 5.2, RFC 9369, 3.3, and the drafts before them.
const VERSIONS: &[Version] = &[
    version(1, 1, SALT_V1, Some(RETRY_V1)),
    Version { labels: LABELS_V2, ..version(0x6b33_43cf, 0x6b33_43cf, SALT_V2, Some(RETRY_V2)) },
    version(0xff00_0021, 0xff00_0022, SALT_V1, Some(RETRY_V1)),
    version(0xff00_001d, 0xff00_0020, SALT_29, Some(RETRY_29)),
    version(0xff00_0017, 0xff00_001c, SALT_23, None),
    version(0xff00_0015, 0xff00_0016, SALT_21, None),
    version(0xface_b001, 0xface_b001, SALT_21, None),
    version(0xface_b002, 0xface_b002, SALT_23, None),
    version(0xface_b00e, 0xface_b00e, SALT_23, None),
    version(0x5130_3530, 0x5130_3530, SALT_Q050, None),
    version(0x5430_3530, 0x5430_3530, SALT_T050, None),
    version(0x5430_3531, 0x5430_3531, SALT_T051, None),
];
/// What a packet that asks for other versions is read with, if it is to be read at all.
const OTHER: Version = version(0, u32::MAX, SALT_29, None);

fn parameters(version: u32) -> &'static Version {
    VERSIONS.iter().find(|row| (row.first..=row.last).contains(&version)).unwrap_or(&OTHER)
}

/// What one side's packets are protected with.
struct Side {
    packet: LessSafeKey,
    iv: [u8; 12],
    header: aead::quic::HeaderProtectionKey,
}

/// The keys of the Initial packets of both sides. They are made when the first packet is opened.
pub struct Keys {
    pub(super) version: u32,
    /// The connection ID from which they follow: the first one, or the one of a Retry packet.
    pub(super) id: Id,
    /// The first one that the client chose, which a Retry packet's tag covers.
    pub(super) original: Id,
    sides: OnceLock<Option<[Side; 2]>>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("version", &self.version).field("id", &self.id).finish_non_exhaustive()
    }
}

/// The header of a packet without its protection.
pub(super) struct Header {
    pub(super) first: u8,
    /// How many octets the packet number has, and its low bits that they are.
    pub(super) width: usize,
    pub(super) number: u64,
}

/// RFC 5869: the first octets of an expansion, as TLS labels it (RFC 8446, 7.1). No key takes more than one block.
fn expand<const N: usize>(secret: &hmac::Key, label: &str) -> Option<[u8; N]> {
    let len = [0, u8::try_from(N).ok()?, u8::try_from(6 + label.len()).ok()?];
    let info = [&len, &b"tls13 "[..], label.as_bytes(), &[0, 1]].concat();
    hmac::sign(secret, &info).as_ref().get(..N)?.try_into().ok()
}

impl Side {
    fn new(initial: &hmac::Key, name: &str, labels: [&str; 3]) -> Option<Self> {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, &expand::<32>(initial, name)?);
        let [key, iv, header] = labels;
        Some(Self {
            packet: LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &expand::<16>(&secret, key)?).ok()?),
            iv: expand(&secret, iv)?,
            header: aead::quic::HeaderProtectionKey::new(&aead::quic::AES_128, &expand::<16>(&secret, header)?).ok()?,
        })
    }
}

impl Keys {
    pub(super) fn new(version: u32, id: Id, original: Id) -> Self {
        Self { version, id, original, sides: OnceLock::new() }
    }

    fn side(&self, side: usize) -> Option<&Side> {
        let both = self.sides.get_or_init(|| {
            let version = parameters(self.version);
            let salt = hmac::Key::new(hmac::HMAC_SHA256, &version.salt);
            let initial = hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&salt, &self.id).as_ref());
            let side = |name| Side::new(&initial, name, version.labels);
            Some([side("client in")?, side("server in")?])
        });
        both.as_ref()?.get(side)
    }

    /// Takes the protection off the header of a packet whose number stands at `at` (RFC 9001, 5.4).
    pub(super) fn header(&self, side: usize, packet: &[u8], at: usize) -> Option<Header> {
        let sample = packet.get(at + MAX_NUMBER_LEN..at + MAX_NUMBER_LEN + SAMPLE_LEN)?;
        let [mask, masks @ ..] = self.side(side)?.header.new_mask(sample).ok()?;
        let first = packet.first()? ^ mask & 0x0f;
        let width = usize::from(first & 3) + 1;
        let octets = packet.get(at..at + width)?.iter().zip(masks);
        let number = octets.fold(0, |number, (octet, mask)| number << 8 | u64::from(octet ^ mask));
        Some(Header { first, width, number })
    }

    /// Takes the protection off what a packet holds behind its number (RFC 9001, 5.3).
    pub(super) fn open(&self, side: usize, packet: &[u8], at: usize, header: &Header, number: u64) -> Option<Vec<u8>> {
        let side = self.side(side)?;
        let start = at + header.width;
        let mut clear = packet.get(..start)?.to_vec();
        *clear.first_mut()? = header.first;
        let short = header.number.to_be_bytes();
        clear.get_mut(at..start)?.copy_from_slice(short.get(short.len() - header.width..)?);
        let mut nonce = side.iv;
        nonce.iter_mut().skip(4).zip(number.to_be_bytes()).for_each(|(octet, of)| *octet ^= of);
        let mut payload = packet.get(start..)?.to_vec();
        let nonce = Nonce::assume_unique_for_key(nonce);
        let len = side.packet.open_in_place(nonce, Aad::from(&clear), &mut payload).ok()?.len();
        payload.truncate(len);
        Some(payload)
    }

    /// Whether the tag at the end of a Retry packet is right; `None` where it is not known how that is told.
    pub(super) fn is_retry(&self, packet: &[u8]) -> Option<bool> {
        let (key, nonce) = parameters(self.version).retry.as_ref()?;
        let (head, tag) = packet.split_at_checked(packet.len().checked_sub(TAG_LEN)?)?;
        let len = u8::try_from(self.original.len()).ok()?;
        let pseudo = [&[len], &self.original[..], head].concat();
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, key).ok()?);
        let nonce = Nonce::assume_unique_for_key(*nonce);
        Some(key.open_in_place(nonce, Aad::from(&pseudo), &mut tag.to_vec()).is_ok())
    }
}

/// The whole number of a packet, of which `width` octets were sent, next to the largest one before (RFC 9000, A.3).
pub(super) fn whole_number(largest: Option<u64>, number: u64, width: usize) -> u64 {
    let Some(largest) = largest else {
        return number;
    };
    let window = 1_u64 << (8 * width.min(MAX_NUMBER_LEN));
    let expected = largest.saturating_add(1);
    let candidate = expected & !(window - 1) | number;
    if candidate.saturating_add(window / 2) <= expected && candidate < (1 << 62) - window {
        candidate + window
    } else if candidate > expected.saturating_add(window / 2) && candidate >= window {
        candidate - window
    } else {
        candidate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn octets(hex: &str) -> Vec<u8> {
        crate::tests::octets(hex)
    }

    fn keys(version: u32) -> Keys {
        let id = Id::from_slice(&octets("8394c8f03e515708"));
        Keys::new(version, id.clone(), id)
    }

    /// RFC 9001, A.1, and RFC 9369, A.1.
    #[test]
    fn keys_are_those_of_the_examples() {
        for (version, client, server) in [
            (1, "fa044b2f42a3fd3b46fb255c", "0ac1493ca1905853b0bba03e"),
            (0x6b33_43cf, "91f73e2351d8fa91660e909f", "dd13c276499c0249d3310652"),
        ] {
            let keys = keys(version);
            assert_eq!(keys.side(0).unwrap().iv[..], octets(client)[..]);
            assert_eq!(keys.side(1).unwrap().iv[..], octets(server)[..]);
        }
    }

    /// RFC 9001, A.3: the server's first packet.
    #[test]
    fn a_packet_of_the_server_is_opened() {
        let packet = octets(
            "cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c69797554780bb38cc5a99f5ede4c \
             f73c3ec2493a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84022f8ef4cdd93795d77d06edbb7a \
             af2f58891850abbdca3d20398c276456cbc42158407dd074ee",
        );
        let header = keys(1).header(1, &packet, 18).unwrap();
        assert_eq!((header.first, header.width, header.number), (0xc1, 2, 1));
        let payload = keys(1).open(1, &packet, 18, &header, 1).unwrap();
        assert!(payload.starts_with(&octets("02000000000600405a020000560303")), "{payload:02x?}");
        let mut changed = packet.clone();
        changed[60] ^= 1;
        assert_eq!(keys(1).open(1, &changed, 18, &header, 1), None);
        assert!(keys(1).header(1, &packet[..30], 18).is_none());
    }

    /// RFC 9001, A.4, and RFC 9369, A.4.
    #[test]
    fn the_tag_of_a_retry_is_checked() {
        for (version, packet) in [
            (1, "ff000000010008f067a5502a4262b5746f6b656e04a265ba2eff4d829058fb3f0f2496ba"),
            (0x6b33_43cf, "cf6b3343cf0008f067a5502a4262b5746f6b656ec8646ce8bfe33952d955543665dcc7b6"),
        ] {
            let mut packet = octets(packet);
            assert_eq!(keys(version).is_retry(&packet), Some(true));
            packet[16] ^= 1;
            assert_eq!(keys(version).is_retry(&packet), Some(false));
            assert_eq!(keys(version).is_retry(&packet[..10]), None);
        }
    }

    /// RFC 9000, A.3.
    #[test]
    fn numbers_are_completed_by_the_largest_before() {
        assert_eq!(whole_number(Some(0xa82f_30ea), 0x9b32, 2), 0xa82f_9b32);
        assert_eq!(whole_number(None, 7, 1), 7);
        assert_eq!(whole_number(Some(255), 1, 1), 257);
        assert_eq!(whole_number(Some(256), 255, 1), 255);
        assert_eq!(whole_number(Some(u64::MAX), 1, 4) & 0xffff_ffff, 1);
    }
}
