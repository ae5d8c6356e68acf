//! The hexadecimal dump of `-x`.

use std::fmt::Write;

/// Sixteen octets a line: offset, octets, and what is printable of them.
pub fn dump(octets: &[u8], out: &mut String) {
    for (line, run) in octets.chunks(16).enumerate() {
        let _ = write!(out, "{:04x}  ", line * 16);
        for at in 0..16 {
            match run.get(at) {
                Some(octet) => {
                    let _ = write!(out, "{octet:02x} ");
                }
                None => out.push_str("   "),
            }
        }
        out.push_str("  ");
        out.extend(run.iter().map(|octet| match octet {
            0x20..=0x7e => *octet as char,
            _ => '.',
        }));
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_short_line_is_padded() {
        let mut out = String::new();
        super::dump(b"abc\x00", &mut out);
        assert_eq!(out, format!("0000  61 62 63 00 {}  abc.\n", "   ".repeat(12)));
    }
}
