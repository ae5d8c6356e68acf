//! Where a peer listens: `HOST:PORT`, as people write it.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The TCP port of a node unless another is named.
pub const DEFAULT_PORT: u16 = 4720;

/// A host name longer than this cannot be in the DNS (RFC 1035, 2.3.4).
pub const MAX_HOST_LEN: usize = 253;

/// A text that names no peer's address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is no address: {reason}; write HOST:PORT, for example 10.0.0.7:4720, [fd00::7]:4720 or n1.example.net:4720"
)]
pub struct AddressError {
    text: String,
    reason: &'static str,
}

/// A host, by name or by number, and a TCP port. Port 0 stands for any free port and is good only for listening.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address {
    host: Host,
    port: u16,
}

/// How the host of an [`Address`] is named.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host {
    Ip(IpAddr),
    /// Letters, digits, `-`, `_` and dots.
    Name(String),
}

impl Address {
    pub fn new(ip: IpAddr, port: u16) -> Self {
        Self { host: Host::Ip(ip), port }
    }

    pub fn host(&self) -> &Host {
        &self.host
    }

    pub fn port(&self) -> u16 {
        self.port
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let refuse = |reason| AddressError { text: text.to_owned(), reason };
        if let Ok(ip) = text.parse::<IpAddr>() {
            return Ok(Self::new(ip, DEFAULT_PORT));
        }
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (ip, after) = rest.split_once(']').ok_or_else(|| refuse("the bracket is not closed"))?;
                let ip: Ipv6Addr = ip.parse().map_err(|_| refuse("no IPv6 address in the brackets"))?;
                let port = match after {
                    "" => None,
                    _ => Some(after.strip_prefix(':').ok_or_else(|| refuse("something other than a port follows"))?),
                };
                (Host::Ip(ip.into()), port)
            }
            None => {
                let (host, port) = match text.split_once(':') {
                    Some((host, port)) => (host, Some(port)),
                    None => (text, None),
                };
                (parse_host(host).map_err(refuse)?, port)
            }
        };
        let port = match port {
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().map_err(|_| refuse("the port is not from 0 to 65535"))?
            }
            Some(_) => return Err(refuse("the port is no number")),
            None => DEFAULT_PORT,
        };
        Ok(Self { host, port })
    }
}

fn parse_host(host: &str) -> Result<Host, &'static str> {
    if host.is_empty() {
        return Err("the host is missing");
    }
    if host.len() > MAX_HOST_LEN {
        return Err("the host is longer than 253 characters");
    }
    if let Ok(ip) = host.parse() {
        return Ok(Host::Ip(ip));
    }
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if !host.bytes().all(legal) || host.starts_with(['.', '-']) || host.contains("..") {
        return Err("the host is no name");
    }
    Ok(Host::Name(host.to_owned()))
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Ip(IpAddr::V6(ip)) => write!(f, "[{ip}]:{}", self.port),
            Host::Ip(IpAddr::V4(ip)) => write!(f, "{ip}:{}", self.port),
            Host::Name(name) => write!(f, "{name}:{}", self.port),
        }
    }
}

impl TryFrom<String> for Address {
    type Error = AddressError;

    fn try_from(text: String) -> Result<Self, AddressError> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> String {
        address.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_with_and_without_a_port() {
        for (text, written) in [
            ("10.0.0.7:1", "10.0.0.7:1"),
            ("10.0.0.7", "10.0.0.7:4720"),
            ("[fd00::7]:9", "[fd00::7]:9"),
            ("[fd00::7]", "[fd00::7]:4720"),
            ("fd00::7", "[fd00::7]:4720"),
            ("n1.example.net", "n1.example.net:4720"),
            ("localhost:0", "localhost:0"),
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), written);
            assert_eq!(written.parse(), Ok(address));
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_the_reason() {
        let long = "a".repeat(MAX_HOST_LEN + 1);
        for (text, reason) in [
            ("", "the host is missing"),
            (":80", "the host is missing"),
            ("a:b", "the port is no number"),
            ("a:", "the port is not from 0 to 65535"),
            ("a:65536", "the port is not from 0 to 65535"),
            ("a:+1", "the port is no number"),
            ("[fd00::7", "the bracket is not closed"),
            ("[10.0.0.7]:1", "no IPv6 address in the brackets"),
            ("[fd00::7]1", "something other than a port follows"),
            ("a b:1", "the host is no name"),
            ("/ip4/10.0.0.7/tcp/1", "the host is no name"),
            ("a..b", "the host is no name"),
            (long.as_str(), "the host is longer than 253 characters"),
        ] {
            assert_eq!(text.parse::<Address>().unwrap_err().reason, reason, "{text}");
        }
    }
}
