//! RESP, the serialization protocol of Redis.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::fields;
use crate::registry::{Framing, ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Resp, "resp", "REdis Serialization Protocol";
    STRING = field("resp.string", "String", String, None);
    ERROR = field("resp.error", "Error", String, None);
    INTEGER = field("resp.integer", "Integer", Int64, Dec);
    BULK_STRING = field("resp.bulk_string", "Bulk String", None, None);
    BULK_LENGTH = field("resp.bulk_string.length", "Length", Int32, Dec);
    BULK_VALUE = field("resp.bulk_string.value", "Value", Bytes, None);
    ARRAY = field("resp.array", "Array", None, None);
    ARRAY_LENGTH = field("resp.array.length", "Length", Int64, Dec);
    FRAGMENT = field("resp.fragment", "Fragment", None, None);
}

const PORT: u16 = 6379;
/// How deep arrays may lie in each other, and how many elements one message may have; what has more is not taken apart.
const MAX_DEPTH: usize = 16;
const MAX_ELEMENTS: usize = 4096;

pub(crate) static PROTOCOL: Protocol = Protocol {
    framing: Some(framing),
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "4500004400000000400600000a0000010a000002c35218eb00000001000000015018ffff000000002a330d0a24330d0a5345540d0a24310d0a6b0d0a24320d0a76760d0a",
            "4500002d00000000400600000a0000020a00000118ebc352000000010000001d5018ffff000000002b4f4b0d0a",
            "4500002c00000000400600000a0000020a00000118ebc352000000060000001d5018ffff000000003a330d0a",
            "4500003000000000400600000a0000020a00000118ebc3520000000a0000001d5018ffff000000002d45525220780d0a",
            "4500002d00000000400600000a0000020a00000118ebc352000000120000001d5018ffff00000000242d310d0a",
            "4500002e00000000400600000a0000010a000002c35218eb0000001d000000175018ffff0000000050494e470d0a",
        ],
    }],
    ..Protocol::new(ProtoId::Resp, "RESP", &[Binding::TcpPort(PORT)], dissect)
};

/// The line that begins at `at`: the text without its end, and where the next begins.
fn line(octets: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let rest = octets.get(at..)?;
    let len = memchr::memmem::find(rest, b"\r\n")?;
    Some((rest.get(..len)?, at + len + 2))
}

fn length(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text.get(1..)?).ok()?.parse().ok()
}

/// Where the element ends that begins at `at`. Nothing where that is not to be told yet.
fn end(octets: &[u8], at: usize, depth: usize, budget: &mut usize) -> Result<Option<usize>, Stop> {
    if depth > MAX_DEPTH || *budget == 0 {
        return Err(Stop::Malformed);
    }
    *budget -= 1;
    let Some((text, next)) = line(octets, at) else { return Ok(None) };
    match text.first() {
        Some(b'+' | b'-' | b':') => Ok(Some(next)),
        Some(b'$') => match length(text) {
            Some(len) if len >= 0 => {
                let end = usize::try_from(len).ok().and_then(|len| next.checked_add(len)?.checked_add(2));
                Ok(Some(end.ok_or(Stop::Malformed)?))
            }
            Some(_) => Ok(Some(next)),
            None => Err(Stop::Malformed),
        },
        Some(b'*') => {
            let mut at = next;
            for _ in 0..length(text).ok_or(Stop::Malformed)?.max(0) {
                match end(octets, at, depth + 1, budget)? {
                    Some(next) => at = next,
                    None => return Ok(None),
                }
            }
            Ok(Some(at))
        }
        _ => Err(Stop::Malformed),
    }
}

fn framing(stream: &[u8]) -> Framing {
    if !stream.first().is_some_and(|kind| b"+-:$*".contains(kind)) {
        // A command as a person would type it is a line.
        return Framing::Message(line(stream, 0).map_or(stream.len(), |line| line.1));
    }
    let mut budget = MAX_ELEMENTS;
    match end(stream, 0, 0, &mut budget) {
        Ok(Some(end)) => Framing::Message(end),
        Ok(None) => Framing::More(1),
        Err(_) => Framing::Message(stream.len()),
    }
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("RESP");
    let (_, is_next) = d.begin_next(PROTO, tvb);
    let is_request = d.endpoints.dst_port == PORT;
    if !is_next {
        d.set_info(|| if is_request { "Request:" } else { "Response:" }.to_owned());
    }
    if tvb.bytes().first().is_some_and(|kind| b"+-:$*".contains(kind)) {
        element(d, tvb, 0, 0, is_request)?;
    } else {
        d.append_info(|| " [fragment]".to_owned());
        d.add(FRAGMENT, tvb, 0, tvb.reported(), Value::None);
    }
    d.close();
    Ok(())
}

/// Shows the element at `at`; answers where the next begins.
fn element<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, depth: usize, is_request: bool) -> Result<usize, Stop> {
    if depth > MAX_DEPTH {
        return Ok(tvb.reported());
    }
    let (text, next) = line(tvb.bytes(), at).ok_or(Stop::Malformed)?;
    let value = String::from_utf8_lossy(text.get(1..).unwrap_or_default());
    // Of a response's array its length is told, of a request's the elements are.
    let is_told = depth == 0 || is_request;
    match text.first() {
        Some(b'+') => {
            d.add(STRING, tvb, at + 1, text.len() - 1, Value::Text);
            if is_told {
                d.append_info(|| format!(" {value}"));
            }
        }
        Some(b'-') => {
            d.add(ERROR, tvb, at + 1, text.len() - 1, Value::Text);
            if is_told {
                d.append_info(|| format!(" Error: {value}"));
            }
        }
        Some(b':') => {
            let number = value.parse::<i64>();
            if let Ok(number) = number {
                d.add(INTEGER, tvb, at + 1, text.len() - 1, Value::Int(number));
                if is_told {
                    d.append_info(|| format!(" {number}"));
                }
            }
        }
        Some(b'$') => {
            let len = length(text).unwrap_or(0);
            let octets = usize::try_from(len).unwrap_or(0);
            let end = if len < 0 { next } else { next.saturating_add(octets).saturating_add(2) };
            let content = tvb.sub(next, octets);
            let item = d.open(BULK_STRING, tvb, at, end - at, Value::None);
            let is_printable =
                len > 0 && content.bytes().iter().all(|octet| octet.is_ascii_graphic() || *octet == b' ');
            let shown = String::from_utf8_lossy(content.bytes());
            d.text(item, || if len < 0 { "Bulk String: [NULL]".to_owned() } else { format!("Bulk String: {shown}") });
            d.add(BULK_LENGTH, tvb, at + 1, text.len() - 1, Value::Int(len));
            if len >= 0 {
                d.bytes(BULK_VALUE, content, 0, octets);
                if is_told {
                    d.append_info(|| if is_printable { format!(" {shown}") } else { format!(" BulkString({len})") });
                }
            }
            d.close();
            return Ok(end);
        }
        Some(b'*') => {
            let len = length(text).ok_or(Stop::Malformed)?;
            let item = d.open(ARRAY, tvb, at, tvb.reported().saturating_sub(at), Value::None);
            d.text(item, || if len < 0 { "Array: NULL".to_owned() } else { format!("Array: Length {len}") });
            d.add(ARRAY_LENGTH, tvb, at + 1, text.len() - 1, Value::Int(len));
            if is_told && !is_request && len >= 0 {
                d.append_info(|| format!(" Array({len})"));
            }
            let mut at = next;
            for _ in 0..len.clamp(0, MAX_ELEMENTS as i64) {
                at = element(d, tvb, at, depth + 1, is_request)?;
            }
            d.close();
            return Ok(at);
        }
        _ => return Err(Stop::Malformed),
    }
    Ok(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_ends_where_its_last_element_does() {
        assert_eq!(framing(b"*2\r\n$1\r\na\r\n:5\r\n+OK\r\n"), Framing::Message(15));
        assert_eq!(framing(b"*2\r\n$1\r\na\r\n"), Framing::More(1));
        assert_eq!(framing(b"$5\r\nab"), Framing::Message(11));
        assert_eq!(framing(b"PING\r\n"), Framing::Message(6));
    }

    #[test]
    fn arrays_end_at_the_limits() {
        let deep = b"*1\r\n".repeat(2 * MAX_DEPTH);
        assert_eq!(framing(&deep), Framing::Message(deep.len()));
        let many = [b"*9999\r\n".as_slice(), &b":1\r\n".repeat(9999)].concat();
        assert_eq!(framing(&many), Framing::Message(many.len()));
    }
}
