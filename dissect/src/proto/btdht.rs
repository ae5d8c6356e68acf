//! BitTorrent's distributed hash table (BEP 5): bencoded dictionaries in datagrams.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::fields;
use crate::output::value::{hex, printable};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { BtDht, "bt-dht", "BitTorrent DHT Protocol";
    STRING = field("bt-dht.bencoded.string", "String", String, None);
    INT = field("bt-dht.bencoded.int", "Int", String, None);
    LIST = field("bt-dht.bencoded.list", "List", None, None);
    DICT = field("bt-dht.bencoded.dict", "Dictionary", None, None);
}

/// How deep dictionaries and lists may lie in each other, and how many values a message may have.
const MAX_DEPTH: usize = 16;
const MAX_VALUES: usize = 2048;

pub(crate) static PROTOCOL: Protocol = Protocol {
    may_begin: Some(begins),
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "4500005400010000401100000a0000010a000002138817700040000064313a6164323a696432303a616263646566676869693031323334353637383965313a656c693165353a612062206365313a74323a616165",
        ],
    }],
    ..Protocol::new(ProtoId::BtDht, "BT-DHT", &[Binding::UdpHeuristic(is_one)], dissect)
};

fn is_one<'a>(_: &Dissector<'a>, tvb: Tvb<'a>) -> bool {
    begins(tvb.bytes())
}

/// The keys that a query, a response, an error or a response that tells its address begins with.
fn begins(octets: &[u8]) -> bool {
    const BEGINNINGS: [&[u8]; 4] = [b"d1:ad", b"d1:rd", b"d1:el", b"d2:ip6:"];
    BEGINNINGS.iter().any(|beginning| octets.starts_with(beginning))
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.begin(PROTO, tvb);
    d.set_protocol("BT-DHT");
    d.set_info(|| "BitTorrent DHT Protocol".to_owned());
    let mut walk = Walk { left: MAX_VALUES, key: Vec::new() };
    let result = walk.value(d, tvb, 0, 0);
    d.close();
    result.map(drop)
}

/// What is left to be shown, and the key of the value at hand.
struct Walk {
    left: usize,
    key: Vec<u8>,
}

impl Walk {
    /// Shows a value; answers where it ends.
    fn value<'a>(&mut self, d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, depth: usize) -> Result<usize, Stop> {
        self.left = self.left.checked_sub(1).ok_or(Stop::Malformed)?;
        match tvb.u8(at)? {
            b'd' | b'l' if depth >= MAX_DEPTH => Err(Stop::Malformed),
            kind @ (b'd' | b'l') => {
                let is_error = kind == b'l' && self.key == b"e";
                let field = if kind == b'd' { DICT } else { LIST };
                let len = tvb.reported() - at;
                let item = match depth {
                    0 => d.open_text(tvb, at, len, || "Dictionary".to_owned()),
                    _ => d.open(field, tvb, at, len, Value::None),
                };
                let mut here = at + 1;
                let mut place = 0;
                while tvb.u8(here)? != b'e' {
                    if kind == b'd' {
                        let (key, next) = string(tvb, here)?;
                        self.key = key.to_vec();
                        show(d, tvb, next - key.len(), key);
                        here = next;
                    }
                    let start = here;
                    here = self.value(d, tvb, here, depth + 1)?;
                    if is_error {
                        error(d, tvb, place, start, here);
                    }
                    place += 1;
                }
                d.set_len(item, here + 1 - at);
                d.close();
                Ok(here + 1)
            }
            b'i' => {
                let end = memchr::memchr(b'e', tvb.from(at).bytes()).ok_or(Stop::Malformed)?;
                d.string(INT, tvb, at + 1, end - 1);
                Ok(at + end + 1)
            }
            _ => {
                let (text, next) = string(tvb, at)?;
                show(d, tvb, next - text.len(), text);
                Ok(next)
            }
        }
    }
}

/// A string as it stands or, where it is no text, its octets.
fn show<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, octets: &[u8]) {
    if octets.iter().all(|octet| octet.is_ascii_graphic() || *octet == b' ') {
        d.string(STRING, tvb, at, octets.len());
    } else if d.wants(STRING) {
        d.add(STRING, tvb, at, octets.len(), Value::String(hex(octets).into()));
    }
}

/// The number and the words of an error stand in the Info column.
fn error<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, place: usize, start: usize, end: usize) {
    let octets = tvb.bytes().get(start..end).unwrap_or_default();
    match place {
        0 => {
            let number = octets.get(1..octets.len().saturating_sub(1)).unwrap_or_default();
            d.append_info(|| format!("error_no={} ", printable(number)));
        }
        1 => {
            if let Ok((text, _)) = string(tvb, start) {
                d.append_info(|| format!("error_msg={} ", printable(text)));
            }
        }
        _ => {}
    }
}

/// A string behind its length; answers where it ends, too.
fn string(tvb: Tvb<'_>, at: usize) -> Result<(&[u8], usize), Stop> {
    let mut len = 0usize;
    let mut here = at;
    loop {
        match tvb.u8(here)? {
            b':' if here > at => break,
            digit @ b'0'..=b'9' if here < at + 6 => len = len * 10 + usize::from(digit - b'0'),
            _ => return Err(Stop::Malformed),
        }
        here += 1;
    }
    Ok((tvb.slice(here + 1, len)?, here + 1 + len))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{shown_by, survives_anything};

    fn shown(octets: &[u8], name: &str) -> Vec<String> {
        shown_by(ProtoId::BtDht, octets).into_iter().filter(|row| row.0 == name).map(|row| row.1).collect()
    }

    #[test]
    fn a_query_is_shown() {
        let query = b"d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe";
        assert!(begins(query));
        let strings = ["a", "id", "abcdefghij0123456789", "q", "ping", "t", "aa", "y", "q"];
        assert_eq!(shown(query, "bt-dht.bencoded.string"), strings);
        assert_eq!(shown(b"d1:ad2:id2:\xff\x01ee", "bt-dht.bencoded.string"), ["a", "id", "ff01"]);
        assert!(shown(query, "_ws.malformed").is_empty());
    }

    #[test]
    fn what_has_too_much_in_it_is_malformed() {
        let deep = [b"d1:ad".repeat(MAX_DEPTH + 1), b"e".repeat(MAX_DEPTH + 1)].concat();
        assert!(!shown(&deep, "_ws.malformed").is_empty());
        let wide = [&b"d1:el"[..], &b"1:a".repeat(MAX_VALUES), b"ee"].concat();
        assert!(!shown(&wide, "_ws.malformed").is_empty());
    }

    #[test]
    fn nothing_breaks_it() {
        survives_anything(ProtoId::BtDht, b"d1:eli201e5:words1:t2:aa1:ad2:id20:abcdefghij0123456789ee");
    }
}
