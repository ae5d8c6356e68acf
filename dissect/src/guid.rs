//! Globally unique identifiers as text (RFC 9562, 4).

/// Sixteen octets of which the first three parts lie with their low octet first, as Windows has them.
pub(crate) fn text_le(octets: [u8; 16]) -> String {
    let [a, b, c, d, e, f, g, h, rest @ ..] = octets;
    text([d, c, b, a, f, e, h, g].into_iter().chain(rest))
}

/// Sixteen octets in the order of their digits.
pub(crate) fn text_be(octets: [u8; 16]) -> String {
    text(octets.into_iter())
}

fn text(octets: impl Iterator<Item = u8>) -> String {
    let mut text = String::with_capacity(36);
    for (place, octet) in octets.enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{octet:02x}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_orders() {
        let octets = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
        assert_eq!(text_be(octets), "00010203-0405-0607-0809-0a0b0c0d0e0f");
        assert_eq!(text_le(octets), "03020100-0504-0706-0809-0a0b0c0d0e0f");
    }
}
