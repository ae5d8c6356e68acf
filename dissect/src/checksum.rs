//! The Internet checksum (RFC 1071).

use crate::dissector::Address;

/// The one's complement sum of 16-bit words, not yet folded; an odd last octet counts as if a zero followed.
fn sum(octets: &[u8]) -> u64 {
    let (words, rest) = octets.as_chunks::<2>();
    let last = rest.first().map_or(0, |octet| u64::from(*octet) << 8);
    words.iter().fold(last, |sum, word| sum + u64::from(u16::from_be_bytes(*word)))
}

fn fold(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

/// What the checksum within `octets`, whose value there is `found`, should be.
pub(crate) fn expected(octets: &[u8], found: u16) -> u16 {
    expected_after(0, octets, found)
}

/// As [`expected`], with the pseudo-header of IPv6 (RFC 8200, 8.1) in front.
pub(crate) fn expected_ipv6(src: Address, dst: Address, protocol: u8, octets: &[u8], found: u16) -> u16 {
    let address = |address| match address {
        Address::Ipv6(octets) => sum(&octets),
        _ => 0,
    };
    let header = address(src) + address(dst) + octets.len() as u64 + u64::from(protocol);
    expected_after(header, octets, found)
}

/// The checksum of a request whose reply has the checksum `reply` and a type that is smaller by `difference` (as a 16-bit
/// word with the code): all else that they hold is the same.
pub(crate) fn of_request(reply: u16, difference: u16) -> u16 {
    fold(u64::from(reply) + u64::from(!difference))
}

fn expected_after(before: u64, octets: &[u8], found: u16) -> u16 {
    // Without what was found: in one's complement its negative is its complement.
    let others = fold(before + sum(octets) + u64::from(!found));
    !others
}

/// The remainders of all octets for [`crc32`].
const CRC32: [u32; 256] = {
    let mut table = [0; 256];
    let mut octet = 0;
    while octet < 256 {
        let mut rest = octet as u32;
        let mut bit = 0;
        while bit < 8 {
            rest = if rest & 1 != 0 { rest >> 1 ^ 0xedb8_8320 } else { rest >> 1 };
            bit += 1;
        }
        table[octet] = rest;
        octet += 1;
    }
    table
};

/// The cyclic redundancy check of ISO/IEC 13239 (V.42), as Ethernet and STUN have it.
pub(crate) fn crc32<'a>(octets: impl IntoIterator<Item = &'a u8>) -> u32 {
    let step = |rest: u32, octet: &u8| rest >> 8 ^ CRC32[usize::from(rest as u8 ^ octet)];
    !octets.into_iter().fold(u32::MAX, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_of_an_ipv4_datagram_sums_up() {
        let header = [0x45, 0, 0, 0x3a, 0, 1, 0, 0, 0x40, 0x11, 0x66, 0xb0, 10, 0, 0, 1, 10, 0, 0, 2];
        assert_eq!(expected(&header, 0x66b0), 0x66b0);
        let mut wrong = header;
        wrong[10..12].copy_from_slice(&[0x12, 0x34]);
        assert_eq!(expected(&wrong, 0x1234), 0x66b0);
        assert_eq!(expected(&[0xff, 0xff, 0x12], 0), !0x1200);
    }

    #[test]
    fn the_check_of_the_standard_is_met() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }
}
