//! What a hello tells of the software that sent it: JA3 and JA3S, the numbers of its version, cipher suites, extensions,
//! groups and point formats without those that are there at random (RFC 8701), and their MD5.

use std::fmt::Write;

use super::handshake::CLIENT_HELLO;
use super::vector::Show;
use super::*;
use crate::value::Value;

/// Whether a number is one that means nothing (RFC 8701, 2).
fn is_grease(value: u16) -> bool {
    value & 0x0f0f == 0x0a0a && value >> 8 == value & 0xff
}

fn number(octets: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes([*octets.get(at)?, *octets.get(at + 1)?]))
}

/// The numbers in decimal with dashes between them, without those that mean nothing.
fn list(into: &mut String, numbers: impl Iterator<Item = u16>) {
    for (at, number) in numbers.filter(|number| !is_grease(*number)).enumerate() {
        let dash = if at == 0 { "" } else { "-" };
        let _ = write!(into, "{dash}{number}");
    }
}

fn pairs(octets: &[u8]) -> impl Iterator<Item = u16> + '_ {
    octets.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
}

/// The types and contents of extensions.
fn extensions(octets: &[u8]) -> Vec<(u16, &[u8])> {
    let mut all = Vec::new();
    let mut at = 0;
    while let (Some(kind), Some(len)) = (number(octets, at), number(octets, at + 2)) {
        let rest = octets.get(at + 4..).unwrap_or_default();
        all.push((kind, rest.get(..usize::from(len)).unwrap_or(rest)));
        at += 4 + usize::from(len);
    }
    all
}

/// The text of JA3 or JA3S of a hello: its octets from its version on, from its cipher suites on, and from its extensions
/// on.
fn text(message: u8, hello: &[u8], suites: &[u8], extended: &[u8]) -> Option<String> {
    let mut text = number(hello, 0)?.to_string();
    let all = extensions(extended.get(2..).unwrap_or_default());
    text.push(',');
    if message == CLIENT_HELLO {
        let len = usize::from(number(suites, 0)?);
        let suites = suites.get(2..).unwrap_or_default();
        list(&mut text, pairs(suites.get(..len).unwrap_or(suites)));
    } else {
        let _ = write!(text, "{}", number(suites, 0)?);
    }
    text.push(',');
    list(&mut text, all.iter().map(|(kind, _)| *kind));
    if message == CLIENT_HELLO {
        let content = |kind| all.iter().find(|row| row.0 == kind).map_or(&[][..], |row| row.1);
        text.push(',');
        list(&mut text, pairs(content(10).get(2..).unwrap_or_default()));
        text.push(',');
        list(&mut text, content(11).iter().skip(1).map(|format| u16::from(*format)));
    }
    Some(text)
}

/// Shows the fingerprint of a hello of which the version, the cipher suites and the extensions begin at these places.
pub(super) fn show(show: &mut Show<'_, '_>, message: u8, [at, suites, extended]: [usize; 3]) {
    let (full, hash) = if message == CLIENT_HELLO { (JA3_FULL, JA3) } else { (JA3S_FULL, JA3S) };
    if !show.wants(full) && !show.wants(hash) {
        return;
    }
    let octets = show.tvb.bytes();
    let from = |at: usize| octets.get(at..).unwrap_or_default();
    if let Some(text) = text(message, from(at), from(suites), from(extended)) {
        let digest = md5::compute(text.as_bytes());
        show.generated(full, extended, 0, Value::String(text.into()));
        show.generated(hash, extended, 0, Value::String(format!("{digest:x}").into()));
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn numbers_at_random_are_left_out() {
        let mut text = String::new();
        list(&mut text, [0x0a0a, 1, 0xfafa, 2, 0x0a1a].into_iter());
        assert_eq!(text, "1-2-2586");
    }

    #[test]
    fn a_servers_hello_without_extensions_has_a_fingerprint() {
        let mut hello = vec![3, 3];
        hello.extend([0; 32]);
        hello.extend([0, 0xc0, 0x2f, 0]);
        assert_eq!(text(2, &hello, &hello[35..], &[]).as_deref(), Some("771,49199,"));
    }
}
