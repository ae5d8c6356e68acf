//! Packets of chunks and of answers, as they are dissected.

use packetstream_dissect::Packet;
use packetstream_protocol::chunk::{Interface, NO_TIME, PacketRef};
use packetstream_protocol::wire::{InterfaceRow, PacketRow};
use packetstream_protocol::{PacketId, Timestamp};

/// A packet of a chunk, without its place in the capture.
pub(crate) fn of_chunk<'a>(raw: PacketRef<'a>, interface: &'a Interface) -> Packet<'a> {
    Packet {
        time_digits: if interface.resolution & 0x80 == 0 { interface.resolution.min(9) } else { 9 },
        number: 0,
        time: nanoseconds(raw.id.time),
        time_previous: 0,
        time_displayed: None,
        time_first: 0,
        link_type: interface.link_type,
        interface: raw.interface.into(),
        interface_name: (!interface.name.is_empty()).then_some(interface.name.as_str()),
        interface_description: None,
        has_time: raw.flags & NO_TIME == 0,
        orig_len: raw.orig_len,
        bytes: raw.bytes,
        comment: raw.comment,
        names: None,
        pseudo_header: &[],
    }
    .split()
}

/// A packet of an answer, without its place in the capture.
pub(crate) fn of_answer<'a>(id: PacketId, row: &'a PacketRow, interface: &'a InterfaceRow) -> Packet<'a> {
    let raw = PacketRef {
        id,
        interface: interface.number,
        orig_len: row.orig_len,
        flags: row.flags,
        bytes: &row.bytes,
        comment: row.comment.as_deref(),
    };
    of_chunk(raw, &interface.interface)
}

/// Since the Unix epoch; times behind the year 2262 are its end.
pub(crate) fn nanoseconds(time: Timestamp) -> i64 {
    i64::try_from(time.0).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use packetstream_protocol::{Epoch, HostId, Seq};

    use super::*;

    #[test]
    fn an_answer_shows_a_packet_as_its_chunk_does() {
        let interface = Interface {
            link_type: 101,
            snaplen: 0,
            resolution: 6,
            name: "eth1".into(),
            description: "not shown".into(),
        };
        let id = PacketId { time: Timestamp(5_000_000_000), seq: Seq::new(Epoch(1), 3) };
        let bytes = vec![0x45, 0];
        let raw = PacketRef { id, interface: 2, orig_len: 60, flags: NO_TIME, bytes: &bytes, comment: Some("said") };
        let packet = of_chunk(raw, &interface);
        assert_eq!((packet.time_digits, packet.time, packet.orig_len, packet.link_type), (6, 5_000_000_000, 60, 101));
        assert_eq!((packet.interface, packet.interface_name, packet.interface_description), (2, Some("eth1"), None));
        assert_eq!((packet.has_time, packet.comment, packet.bytes), (false, Some("said"), &[0x45, 0][..]));

        let row = PacketRow {
            interface: 0,
            orig_len: 60,
            flags: NO_TIME,
            comment: Some("said".into()),
            bytes: bytes.clone(),
        };
        let interface = InterfaceRow {
            host: HostId::from_bytes([1; 16]),
            epoch: Epoch(1),
            number: 2,
            interface: interface.clone(),
        };
        assert_eq!(format!("{:?}", of_answer(id, &row, &interface)), format!("{packet:?}"));
    }

    #[test]
    fn a_resolution_of_binary_fractions_is_shown_to_the_nanosecond() {
        for (resolution, digits) in [(0, 0), (3, 3), (9, 9), (12, 9), (0x80 | 20, 9)] {
            let interface =
                Interface { link_type: 1, snaplen: 0, resolution, name: String::new(), description: String::new() };
            let id = PacketId { time: Timestamp(u64::MAX), seq: Seq::default() };
            let raw = PacketRef { id, interface: 0, orig_len: 0, flags: 0, bytes: &[], comment: None };
            let packet = of_chunk(raw, &interface);
            assert_eq!((packet.time_digits, packet.time, packet.interface_name), (digits, i64::MAX, None));
        }
    }
}
