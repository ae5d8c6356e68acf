//! What the rules see of an ICMP error (RFC 792, 4443): what it says, who says it, and of which packet.

use crate::diagnose::Seen;
use crate::dissector::{Address, Endpoints};
use crate::field::FieldId;
use crate::proto::{icmp, icmpv6, ip, ipv6};
use crate::registry::ProtoId;

/// What an error says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Says {
    /// Destination unreachable, by its code.
    Unreachable { code: u8, is_v6: bool },
    /// Fragmentation needed, or packet too big: what fits.
    TooBig { mtu: u32 },
    /// The time to live was used up on the way.
    TimeExceeded,
    /// Fragments that did not come.
    ReassemblyTimeExceeded,
}

/// The fields that [`IcmpError::of`] needs, for the list of a rule.
pub(super) const FIELDS: [FieldId; 14] = [
    icmp::TYPE,
    icmp::CODE,
    icmp::MTU,
    icmpv6::TYPE,
    icmpv6::CODE,
    icmpv6::MTU,
    ip::PROTO,
    ip::TTL,
    ip::ID,
    ip::LEN,
    ip::PROTOCOL_NUMBER,
    ipv6::PROTO,
    ipv6::HLIM,
    ipv6::PLEN,
];

/// [`FIELDS`] and those that a rule needs besides.
pub(super) const fn fields_and<const N: usize>(more: &[FieldId]) -> [FieldId; N] {
    assert!(N == FIELDS.len() + more.len());
    let mut fields = [FIELDS[0]; N];
    let mut at = 0;
    while at < N {
        fields[at] = if at < FIELDS.len() { FIELDS[at] } else { more[at - FIELDS.len()] };
        at += 1;
    }
    fields
}

pub(super) struct IcmpError {
    pub(super) says: Says,
    /// Who says it.
    pub(super) from: Address,
    /// Who sent the packet that it is about, and to whom.
    pub(super) quoted: Endpoints,
    /// Of that packet: what was left of its time to live, its identification, length and protocol.
    pub(super) ttl: u64,
    pub(super) identification: u64,
    pub(super) len: u64,
    pub(super) protocol: u64,
}

impl IcmpError {
    pub(super) fn of(seen: &Seen<'_>) -> Option<Self> {
        let quoted = seen.quoted()?;
        let says = says(seen)?;
        if quoted.src == Address::None {
            return None;
        }
        let is_v4 = matches!(quoted.src, Address::Ipv4(_));
        let inner = |field, proto| inner(seen, field, proto).unwrap_or_default();
        Some(Self {
            says,
            from: seen.endpoints().src,
            quoted,
            ttl: if is_v4 { inner(ip::TTL, ip::PROTO) } else { inner(ipv6::HLIM, ipv6::PROTO) },
            identification: if is_v4 { inner(ip::ID, ip::PROTO) } else { 0 },
            len: if is_v4 { inner(ip::LEN, ip::PROTO) } else { inner(ipv6::PLEN, ipv6::PROTO) + 40 },
            protocol: if is_v4 { inner(ip::PROTOCOL_NUMBER, ip::PROTO) } else { 0 },
        })
    }
}

fn says(seen: &Seen<'_>) -> Option<Says> {
    if seen.has_proto(ProtoId::Icmp) {
        let code = seen.uint(icmp::CODE)? as u8;
        return Some(match (seen.uint(icmp::TYPE)?, code) {
            (3, 4) => Says::TooBig { mtu: seen.uint(icmp::MTU).unwrap_or_default() as u32 },
            (3, code) => Says::Unreachable { code, is_v6: false },
            (11, 0) => Says::TimeExceeded,
            (11, 1) => Says::ReassemblyTimeExceeded,
            _ => return None,
        });
    }
    if !seen.has_proto(ProtoId::Icmpv6) {
        return None;
    }
    let code = seen.uint(icmpv6::CODE)? as u8;
    Some(match (seen.uint(icmpv6::TYPE)?, code) {
        (1, code) => Says::Unreachable { code, is_v6: true },
        (2, _) => Says::TooBig { mtu: seen.uint(icmpv6::MTU).unwrap_or_default() as u32 },
        (3, 0) => Says::TimeExceeded,
        (3, 1) => Says::ReassemblyTimeExceeded,
        _ => return None,
    })
}

/// A field of the quoted packet: the first one behind those of the datagrams around it.
fn inner(seen: &Seen<'_>, field: FieldId, proto: FieldId) -> Option<u64> {
    let around = seen.all(proto).filter(|node| node.depth == 0).count();
    seen.all(field).nth(around).and_then(Seen::number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::Kind;
    use crate::diagnose::testing::{Capture, host, icmp_error};

    #[test]
    fn an_error_is_taken_apart() {
        static KIND: Kind = Kind { codes: &[], protos: &[], fields: &FIELDS, make: || unreachable!() };
        let mut capture = Capture::default();
        capture.udp(0, host(1, 5000), host(2, 5001), b"hello");
        icmp_error(&mut capture, 1, [10, 0, 0, 9], 3, 4, 1280);
        icmp_error(&mut capture, 2, [10, 0, 0, 9], 11, 0, 0);
        let mut errors = Vec::new();
        capture.each(&KIND, |seen, _| errors.extend(IcmpError::of(seen)));
        assert_eq!(errors.len(), 2);
        let error = &errors[0];
        assert_eq!((error.says, error.from), (Says::TooBig { mtu: 1280 }, Address::Ipv4([10, 0, 0, 9])));
        assert_eq!((error.quoted.src_port, error.quoted.dst_port), (5000, 5001));
        assert_eq!((error.ttl, error.identification, error.len, error.protocol), (64, 1, 33, 17));
        assert_eq!(errors[1].says, Says::TimeExceeded);
    }
}
