//! Address Resolution Protocol (RFC 826), with reverse ARP (RFC 903), inverse ARP (RFC 2390) and the watch for one IP
//! address at two hardware addresses (RFC 5227).

use std::collections::{HashMap, VecDeque};

use crate::bindings::Binding;
use crate::dissector::{Address, Dissector};
use crate::facts::Fact;
use crate::field::{FieldId, Names, fields};
use crate::numbers::{ARP_HARDWARE, ETHERTYPES};
use crate::output::value::hex;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Arp, "arp", "Address Resolution Protocol";
    HW_TYPE = field("arp.hw.type", "Hardware type", Uint16, Dec).names(Names::Values(ARP_HARDWARE));
    PROTO_TYPE = field("arp.proto.type", "Protocol type", Uint16, Hex).names(Names::Values(ETHERTYPES));
    HW_SIZE = field("arp.hw.size", "Hardware size", Uint8, Dec);
    PROTO_SIZE = field("arp.proto.size", "Protocol size", Uint8, Dec);
    OPCODE = field("arp.opcode", "Opcode", Uint16, Dec).names(Names::Values(OPCODES));
    ISGRATUITOUS = field("arp.isgratuitous", "Is gratuitous", Boolean, None);
    ISPROBE = field("arp.isprobe", "Is probe", Boolean, None);
    ISANNOUNCEMENT = field("arp.isannouncement", "Is announcement", Boolean, None);
    SRC_HW = field("arp.src.hw", "Sender hardware address", Bytes, None);
    SRC_HW_MAC = field("arp.src.hw_mac", "Sender MAC address", Ether, None);
    SRC_PROTO = field("arp.src.proto", "Sender protocol address", Bytes, None);
    SRC_PROTO_IPV4 = field("arp.src.proto_ipv4", "Sender IP address", Ipv4, None);
    DST_HW = field("arp.dst.hw", "Target hardware address", Bytes, None);
    DST_HW_MAC = field("arp.dst.hw_mac", "Target MAC address", Ether, None);
    DST_PROTO = field("arp.dst.proto", "Target protocol address", Bytes, None);
    DST_PROTO_IPV4 = field("arp.dst.proto_ipv4", "Target IP address", Ipv4, None);
    DST_DRARP_ERROR_STATUS = field("arp.dst.drarp_error_status", "DRARP error status", Uint16, Dec).names(Names::Values(DRARP_ERRORS));
    DUPLICATE_ADDRESS_FRAME = field("arp.duplicate-address-frame", "Frame showing earlier use of IP address", FrameNum, None);
    SECONDS_SINCE_DUPLICATE_ADDRESS_FRAME = field("arp.seconds-since-duplicate-address-frame", "Seconds since earlier frame seen", Uint32, Dec);
    DUPLICATE_ADDRESS_DETECTED = expert("arp.duplicate-address-detected", "Duplicate IP address configured", Warning, Sequence);
}

/// Operation codes (IANA).
const OPCODES: &[(u64, &str)] = &[
    (0, "reserved"),
    (1, "request"),
    (2, "reply"),
    (3, "reverse request"),
    (4, "reverse reply"),
    (5, "drarp request"),
    (6, "drarp reply"),
    (7, "drarp error"),
    (8, "inverse request"),
    (9, "inverse reply"),
    (10, "arp nak"),
    (11, "mars request"),
    (12, "mars multi"),
    (13, "mars mserv"),
    (14, "mars join"),
    (15, "mars leave"),
    (16, "mars nak"),
    (17, "mars unserv"),
    (18, "mars sjoin"),
    (19, "mars sleave"),
    (20, "mars grouplist request"),
    (21, "mars grouplist reply"),
    (22, "mars redirect map"),
    (23, "mapos unarp"),
    (24, "experimental 1"),
    (25, "experimental 2"),
    (65535, "reserved"),
];

const DRARP_ERRORS: &[(u64, &str)] =
    &[(1, "restricted"), (2, "no address"), (3, "serverdown"), (4, "moved"), (5, "failure")];

const REQUEST: u16 = 1;
const REPLY: u16 = 2;
const DRARP_ERROR: u16 = 7;
const HEADER_LEN: usize = 8;
const ETHERNET: u16 = 1;
const IEEE_802: u16 = 6;
const ETHERTYPE_IPV4: u16 = 0x0800;

/// How many IP addresses are watched. A host scan through a /16 fills it; then the address heard of first is forgotten.
pub const MAX_ADDRESSES: usize = 65_536;

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample {
        link_type: 1,
        frames: &[
            "ffffffffffff 020000000001 0806 0001 0800 06 04 0001 020000000001 0a000001 000000000000 0a000001",
            "ffffffffffff 020000000002 0806 0001 0800 06 04 0001 020000000002 00000000 000000000000 0a000001",
            "020000000001 020000000002 0806 0001 0800 06 04 0002 020000000002 0a000001 020000000001 0a000002",
            "020000000001 020000000002 0806 0005 0801 01 01 0002 02 0a 03 0b",
            "020000000001 020000000002 0806 0001 0800 06 04 0007 020000000002 0a000001 020000000001 0001 0000",
        ],
    }],
    ..Protocol::new(ProtoId::Arp, "ARP/RARP", &[Binding::EtherType(0x0806), Binding::EtherType(0x8035)], dissect)
};

/// Which hardware address an IP address was last seen at.
#[derive(Clone, Copy, Debug)]
struct Seen {
    mac: [u8; 6],
    frame: u64,
    time: i64,
}

/// The IP addresses seen so far.
#[derive(Default)]
pub struct Addresses {
    seen: HashMap<[u8; 4], Seen>,
    /// In the order of their first sight.
    order: VecDeque<[u8; 4]>,
}

/// An IP address that an earlier frame showed at another hardware address.
#[derive(Clone, Debug)]
pub struct Duplicate {
    address: [u8; 4],
    mac: [u8; 6],
    earlier: [u8; 6],
    frame: u64,
    seconds: u64,
    is_sender: bool,
}

impl Addresses {
    /// Takes note of an address; answers who else was seen with it.
    fn see(&mut self, address: [u8; 4], mac: [u8; 6], frame: u64, time: i64) -> Option<Duplicate> {
        if address == [0; 4] || mac == [0; 6] || mac == [0xff; 6] {
            return None;
        }
        let now = Seen { mac, frame, time };
        match self.seen.get_mut(&address) {
            Some(before) if before.mac != mac => Some(Duplicate {
                address,
                mac,
                earlier: before.mac,
                frame: before.frame,
                seconds: second(time).saturating_sub(second(before.time)).max(0) as u64,
                is_sender: false,
            }),
            Some(before) => {
                *before = now;
                None
            }
            None => {
                if self.seen.len() >= MAX_ADDRESSES
                    && let Some(oldest) = self.order.pop_front()
                {
                    self.seen.remove(&oldest);
                }
                self.order.push_back(address);
                self.seen.insert(address, now);
                None
            }
        }
    }
}

/// The second of a time, as clocks show it.
fn second(time: i64) -> i64 {
    time.div_euclid(1_000_000_000)
}

/// A hardware or protocol address with the fields that it may be shown as.
struct Shown<'a> {
    octets: &'a [u8],
    /// Of the form that has a field of its own: a MAC or IPv4 address.
    is_usual: bool,
}

impl Shown<'_> {
    fn text(&self) -> String {
        match (self.octets, self.is_usual) {
            ([], _) => "<No address>".to_owned(),
            (octets, true) if octets.len() == 4 => Address::Ipv4(array(octets)).to_string(),
            (octets, true) => Address::Ether(array(octets)).to_string(),
            (octets, false) => hex(octets),
        }
    }
}

fn array<const N: usize>(octets: &[u8]) -> [u8; N] {
    octets.try_into().unwrap_or([0; N])
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("ARP");
    d.set_info(String::new);
    let item = d.begin(PROTO, tvb);
    let hw_type = d.uint(HW_TYPE, tvb, 0, 2)? as u16;
    let proto_type = d.uint(PROTO_TYPE, tvb, 2, 2)? as u16;
    let hw_size = d.uint(HW_SIZE, tvb, 4, 1)? as usize;
    let proto_size = d.uint(PROTO_SIZE, tvb, 5, 1)? as usize;
    let opcode = d.uint(OPCODE, tvb, 6, 2)? as u16;
    let len = HEADER_LEN + 2 * (hw_size + proto_size);
    d.set_len(item, len);
    tvb.slice(0, len)?;
    d.end_payload(tvb, len);

    let is_mac = (hw_type == ETHERNET || hw_type == IEEE_802) && hw_size == 6;
    let is_ipv4 = proto_type == ETHERTYPE_IPV4 && proto_size == 4;
    let mut at = HEADER_LEN;
    let mut next = |size: usize, is_usual: bool| {
        let octets = tvb.slice(at, size).unwrap_or_default();
        at += size;
        Shown { octets, is_usual }
    };
    let sender_hw = next(hw_size, is_mac);
    let sender = next(proto_size, is_ipv4);
    let target_hw = next(hw_size, is_mac);
    let target = next(proto_size, is_ipv4);

    let is_call = opcode == REQUEST || opcode == REPLY;
    let is_gratuitous = is_call && !sender.octets.is_empty() && sender.octets == target.octets;
    let is_announcement = is_gratuitous && opcode == REQUEST && is_mac && target_hw.octets.iter().all(|o| *o == 0);
    let is_probe = opcode == REQUEST && is_ipv4 && !is_gratuitous && sender.octets == [0; 4];
    d.text(item, || {
        let kind = if is_probe {
            "ARP Probe".to_owned()
        } else if is_announcement {
            "ARP Announcement".to_owned()
        } else {
            match Names::Values(OPCODES).of(opcode.into()) {
                Some(name) if is_gratuitous => format!("{name}/gratuitous ARP"),
                Some(name) => name.into_owned(),
                None => format!("opcode 0x{opcode:04x}"),
            }
        };
        format!("Address Resolution Protocol ({kind})")
    });
    for (field, is_set) in [(ISGRATUITOUS, is_gratuitous), (ISPROBE, is_probe), (ISANNOUNCEMENT, is_announcement)] {
        if is_set {
            d.generated(field, tvb, 0, 0, Value::Uint(1));
        }
    }
    let mut at = HEADER_LEN;
    for (shown, usual, other) in [
        (&sender_hw, SRC_HW_MAC, SRC_HW),
        (&sender, SRC_PROTO_IPV4, SRC_PROTO),
        (&target_hw, DST_HW_MAC, DST_HW),
        (&target, DST_PROTO_IPV4, DST_PROTO),
    ] {
        if usual == DST_PROTO_IPV4 && opcode == DRARP_ERROR && is_ipv4 {
            d.uint(DST_DRARP_ERROR_STATUS, tvb, at, 2)?;
        } else {
            address(d, tvb, at, shown, usual, other);
        }
        at += shown.octets.len();
    }
    d.close();

    let info = || info(opcode, [&sender_hw, &sender, &target_hw, &target], [is_gratuitous, is_probe, is_announcement]);
    if d.wants_columns() {
        let (name, text) = info();
        d.set_protocol(name);
        d.set_info(|| text);
    }
    if is_call && is_mac && is_ipv4 {
        duplicates(d, tvb, opcode, [&sender_hw, &sender, &target_hw, &target]);
    }
    Ok(())
}

fn address<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, shown: &Shown<'_>, usual: FieldId, other: FieldId) {
    match shown.octets {
        [] => {}
        octets if shown.is_usual && octets.len() == 4 => {
            d.add(usual, tvb, at, 4, Value::Ipv4(array(octets)));
        }
        octets if shown.is_usual => {
            d.add(usual, tvb, at, 6, Value::Ether(array(octets)));
        }
        octets => {
            d.bytes(other, tvb, at, octets.len());
        }
    }
}

/// The Protocol and Info columns.
fn info(opcode: u16, addresses: [&Shown<'_>; 4], kinds: [bool; 3]) -> (&'static str, String) {
    let [sender_hw, sender, target_hw, target] = addresses.map(Shown::text);
    let [is_gratuitous, is_probe, is_announcement] = kinds;
    let mars = |name: &str| format!("MARS {name} from {sender_hw} at {sender}");
    match opcode {
        REQUEST if is_announcement => ("ARP", format!("ARP Announcement for {sender}")),
        REQUEST if is_gratuitous => ("ARP", format!("Gratuitous ARP for {sender} (Request)")),
        REQUEST if is_probe => ("ARP", format!("Who has {target}? (ARP Probe)")),
        REQUEST => ("ARP", format!("Who has {target}? Tell {sender}")),
        REPLY if is_gratuitous => ("ARP", format!("Gratuitous ARP for {sender} (Reply)")),
        REPLY => ("ARP", format!("{sender} is at {sender_hw}")),
        3 => ("RARP", format!("Who is {target_hw}? Tell {sender_hw}")),
        4 => ("RARP", format!("{target_hw} is at {target}")),
        5 => ("DRARP", format!("Who is {target_hw}? Tell {sender_hw}")),
        6 => ("DRARP", format!("{target_hw} is at {target}")),
        DRARP_ERROR => ("DRARP", "DRARP Error".to_owned()),
        8 => ("Inverse ARP", format!("Who is {target_hw}? Tell {sender_hw}")),
        9 => ("Inverse ARP", format!("{sender_hw} is at {sender}")),
        10 => ("ARP", "ARP NAK".to_owned()),
        11 => ("MARS", mars("request")),
        12 => ("MARS", mars("MULTI request")),
        13 => ("MARS", mars("MSERV request")),
        14 => ("MARS", mars("JOIN request")),
        15 => ("MARS", mars("LEAVE request")),
        16 => ("MARS", "MARS NAK".to_owned()),
        17 => ("MARS", mars("UNSERV request")),
        18 => ("MARS", mars("SJOIN request")),
        19 => ("MARS", mars("SLEAVE request")),
        20 => ("MARS", mars("grouplist request")),
        21 => ("MARS", mars("grouplist reply")),
        22 => ("MARS", mars("redirect map")),
        23 => ("MAPOS", format!("MAPOS UNARP request from {sender_hw} at {sender}")),
        24 => ("ARP", "Experimental 1 ( opcode 24 )".to_owned()),
        25 => ("ARP", "Experimental 2 ( opcode 25 )".to_owned()),
        0 | 65_535 => ("ARP", format!("Reserved opcode {opcode}")),
        _ => ("ARP", format!("Unknown ARP opcode 0x{opcode:04x}")),
    }
}

/// Finds and shows IP addresses that are also in use elsewhere.
fn duplicates<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, opcode: u16, addresses: [&Shown<'_>; 4]) {
    let [sender_hw, sender, target_hw, target] = addresses.map(|shown| shown.octets);
    let (frame, time) = (d.packet.number, d.packet.time);
    if let Some(flows) = d.flows() {
        let of_sender = flows.addresses.see(array(sender), array(sender_hw), frame, time);
        // What a request asks for is not known to be anywhere.
        let of_target = match opcode {
            REPLY => flows.addresses.see(array(target), array(target_hw), frame, time),
            _ => None,
        };
        for (duplicate, is_sender) in [(of_sender, true), (of_target, false)] {
            if let Some(duplicate) = duplicate {
                d.record(Fact::DuplicateAddress(Box::new(Duplicate { is_sender, ..duplicate })));
            }
        }
    }
    while let Some(duplicate) = d.fact(|fact| match fact {
        Fact::DuplicateAddress(duplicate) => Some(duplicate.clone()),
        _ => None,
    }) {
        let address = Address::Ipv4(duplicate.address);
        d.open_text(tvb, 0, 0, || {
            let (mac, earlier) = (Address::Ether(duplicate.mac), Address::Ether(duplicate.earlier));
            format!(
                "[Duplicate IP address detected for {address} ({mac}) - also in use by {earlier} (frame {})]",
                duplicate.frame
            )
        });
        let line = d.open(DUPLICATE_ADDRESS_FRAME, tvb, 0, 0, Value::Uint(duplicate.frame));
        d.mark_generated(line);
        d.expert_with(DUPLICATE_ADDRESS_DETECTED, tvb, 0, 0, || format!("Duplicate IP address configured ({address})"));
        d.close();
        d.generated(SECONDS_SINCE_DUPLICATE_ADDRESS_FRAME, tvb, 0, 0, Value::Uint(duplicate.seconds));
        d.close();
        if opcode == REQUEST || !duplicate.is_sender {
            d.append_info(|| format!(" (duplicate use of {address} detected!)"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn the_oldest_address_is_forgotten_at_the_limit() {
        let mut addresses = Addresses::default();
        for n in 1..=MAX_ADDRESSES as u32 + 5 {
            addresses.see(n.to_be_bytes(), [2, 0, 0, 0, 0, 1], n.into(), 0);
        }
        assert_eq!(addresses.seen.len(), MAX_ADDRESSES);
        assert_eq!(addresses.order.len(), MAX_ADDRESSES);
        assert!(addresses.see(1u32.to_be_bytes(), [2, 0, 0, 0, 0, 2], 9, 0).is_none());
        let last = (MAX_ADDRESSES as u32 + 5).to_be_bytes();
        let found = addresses.see(last, [2, 0, 0, 0, 0, 2], 9, 3_500_000_000);
        assert_eq!(found.map(|duplicate| duplicate.seconds), Some(3));
    }

    #[test]
    fn one_address_at_two_machines_is_a_duplicate() {
        let packet = |mac: &str, sender: &str| {
            format!("ffffffffffff {mac} 0806 0001 0800 06 04 0001 {mac} {sender} 000000000000 0a000009")
        };
        let rows = [
            packet("020000000001", "0a000001"),
            packet("020000000002", "0a000001"),
            packet("020000000003", "00000000"),
        ];
        let shown = frames(1, &[&rows[0], &rows[1], &rows[2]]);
        assert_eq!(values(&shown[0], "arp.duplicate-address-frame"), "");
        assert_eq!(values(&shown[1], "arp.duplicate-address-frame"), "1");
        assert_eq!(values(&shown[1], "arp.seconds-since-duplicate-address-frame"), "1");
        assert_eq!(values(&shown[1], "_ws.expert.message"), "Duplicate IP address configured (10.0.0.1)");
        assert_eq!(values(&shown[2], "arp.isprobe"), "1");
        assert_eq!(values(&shown[2], "arp.duplicate-address-frame"), "");
    }

    #[test]
    fn an_announcement_asks_for_its_own_address() {
        let shown = frames(
            1,
            &[
                "ffffffffffff 020000000001 0806 0001 0800 06 04 0001 020000000001 0a000001 000000000000 0a000001",
                "ffffffffffff 020000000001 0806 0001 0800 06 04 0001 0200",
            ],
        );
        assert_eq!(values(&shown[0], "arp.isgratuitous"), "1");
        assert_eq!(values(&shown[0], "arp.isannouncement"), "1");
        assert_eq!(values(&shown[1], "arp.opcode"), "1");
        assert_eq!(values(&shown[1], "arp.src.hw_mac"), "");
    }
}
