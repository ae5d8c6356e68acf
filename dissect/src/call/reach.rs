//! From where an address can be reached.

use crate::dissector::Address;

/// What kind of address it is, as far as whoever is elsewhere can reach it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    Public,
    /// RFC 1918, RFC 6598 and RFC 4193: within one network.
    Private,
    /// Of the host or the link alone.
    Local,
    /// None, or many: nothing is said by it.
    Special,
}

/// The reach of an address. Documentation addresses (RFC 5737, RFC 3849) count as public.
pub fn reach(address: Address) -> Reach {
    match address {
        Address::Ipv4([0, ..] | [224..=255, ..]) | Address::None | Address::Ether(_) => Reach::Special,
        Address::Ipv4([127, ..] | [169, 254, ..]) => Reach::Local,
        Address::Ipv4([10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..]) => Reach::Private,
        Address::Ipv4(_) => Reach::Public,
        Address::Ipv6(octets) => match octets {
            [0xff, ..] => Reach::Special,
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d] => reach(Address::Ipv4([a, b, c, d])),
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] => Reach::Special,
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1] | [0xfe, 0x80..=0xbf, ..] => Reach::Local,
            // Site-local addresses (deprecated by RFC 3879) lie within fe80::/9 above.
            [0xfc | 0xfd, ..] => Reach::Private,
            _ => Reach::Public,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_by_their_reach() {
        let v4 = |a, b, c, d| reach(Address::Ipv4([a, b, c, d]));
        assert_eq!([v4(10, 1, 1, 1), v4(172, 31, 0, 1), v4(192, 168, 3, 4), v4(100, 100, 0, 1)], [Reach::Private; 4]);
        assert_eq!([v4(172, 32, 0, 1), v4(192, 0, 2, 1), v4(203, 0, 113, 9), v4(100, 128, 0, 1)], [Reach::Public; 4]);
        assert_eq!([v4(127, 0, 0, 1), v4(169, 254, 1, 1)], [Reach::Local; 2]);
        assert_eq!([v4(0, 0, 0, 0), v4(239, 1, 1, 1)], [Reach::Special; 2]);
        let v6 = |text: &str| reach(Address::Ipv6(text.parse::<std::net::Ipv6Addr>().unwrap().octets()));
        assert_eq!([v6("2001:db8::1"), v6("2a00::1"), v6("::ffff:8.8.8.8")], [Reach::Public; 3]);
        assert_eq!([v6("fd00::1"), v6("::ffff:10.0.0.1")], [Reach::Private; 2]);
        assert_eq!([v6("fe80::1"), v6("::1")], [Reach::Local; 2]);
        assert_eq!([v6("::"), v6("ff02::1")], [Reach::Special; 2]);
    }
}
