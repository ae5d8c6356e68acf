//! Names of addresses, from what lies at hand: name resolution blocks of the capture and hosts files. Nobody is asked.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::dissector::Address;

/// How many addresses may have names; further ones keep their numbers.
pub const MAX_NAMES: usize = 1 << 20;
/// How long a name may be (RFC 1035, 2.3.4); longer ones are no host names.
pub const MAX_NAME: usize = 255;

/// The names that are known.
#[derive(Clone, Debug, Default)]
pub struct HostNames {
    names: HashMap<IpAddr, Box<str>>,
}

impl HostNames {
    /// Notes the name of an address; the first one that was noted stays.
    pub fn insert(&mut self, address: IpAddr, name: &str) {
        if self.names.len() < MAX_NAMES && !name.is_empty() && name.len() <= MAX_NAME {
            self.names.entry(address).or_insert_with(|| name.into());
        }
    }

    /// Takes a hosts file: an address and its names a line, `#` begins a remark.
    pub fn read_hosts(&mut self, text: &str) {
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or_default();
            let mut words = line.split_whitespace();
            let address = words.next().and_then(|word| word.parse().ok());
            if let (Some(address), Some(name)) = (address, words.next()) {
                self.insert(address, name);
            }
        }
    }

    fn of(&self, address: Address) -> Option<&str> {
        let address = match address {
            Address::Ipv4(octets) => IpAddr::from(octets),
            Address::Ipv6(octets) => IpAddr::from(octets),
            Address::None | Address::Ether(_) => return None,
        };
        self.names.get(&address).map(AsRef::as_ref)
    }
}

/// The name of an address, or else the address.
pub(crate) fn name(names: Option<&HostNames>, address: Address) -> String {
    match names.and_then(|names| names.of(address)) {
        Some(name) => name.to_owned(),
        None => address.to_string(),
    }
}

/// The address as the tree shows it: behind its name, if it has one.
pub(crate) fn label(names: Option<&HostNames>, address: Address) -> String {
    match names.and_then(|names| names.of(address)) {
        Some(name) => format!("{name} ({address})"),
        None => address.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_files_are_read_and_the_first_name_stays() {
        let mut names = HostNames::default();
        names.read_hosts("# hosts\n10.0.0.1 pbx pbx.example # ours\n2001:db8::1\tsix\nnonsense line\n10.0.0.1 other\n");
        let [four, six] =
            [Address::Ipv4([10, 0, 0, 1]), Address::Ipv6([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])];
        assert_eq!(name(Some(&names), four), "pbx");
        assert_eq!(label(Some(&names), six), "six (2001:db8::1)");
        assert_eq!(label(Some(&names), Address::Ipv4([10, 0, 0, 2])), "10.0.0.2");
        assert_eq!(name(None, four), "10.0.0.1");
    }

    #[test]
    fn what_is_too_long_is_no_name() {
        let mut names = HostNames::default();
        names.insert([10, 0, 0, 1].into(), &"n".repeat(MAX_NAME + 1));
        assert_eq!(name(Some(&names), Address::Ipv4([10, 0, 0, 1])), "10.0.0.1");
    }
}
