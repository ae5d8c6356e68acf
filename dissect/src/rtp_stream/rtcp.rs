//! What receivers report of RTP streams (RFC 3550, 6.4).

/// How many reports of one datagram are read: RFC 3550 has at most 31 in one packet.
pub const MAX_BLOCKS: usize = 64;

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
/// The octets of a report block, and those before the first one in both kinds of packets.
const BLOCK_LEN: usize = 24;
const SENDER_LEN: usize = 28;
const RECEIVER_LEN: usize = 8;

/// What a receiver says of one source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Block {
    pub ssrc: u32,
    /// How many packets are missing since the beginning; repetitions make it negative.
    pub lost: i32,
    /// The highest sequence number, with how often they began anew in its upper half.
    pub highest: u32,
}

impl Block {
    fn read(octets: &[u8]) -> Option<Self> {
        let word = |at: usize| Some(u32::from_be_bytes(octets.get(at..at + 4)?.try_into().ok()?));
        // The lower 24 bits, signed.
        let lost = (word(4)? << 8) as i32 >> 8;
        Some(Self { ssrc: word(0)?, lost, highest: word(8)? })
    }
}

/// The report blocks of a datagram, which holds one or more packets of RTCP.
pub fn blocks(datagram: &[u8]) -> impl Iterator<Item = Block> + '_ {
    let mut rest = datagram;
    let packets = std::iter::from_fn(move || {
        let [first, kind, a, b, ..] = *rest else { return None };
        if first >> 6 != 2 {
            return None;
        }
        let len = (usize::from(u16::from_be_bytes([a, b])) + 1) * 4;
        let packet = rest.get(..len)?;
        rest = rest.get(len..).unwrap_or_default();
        Some((kind, usize::from(first & 0x1f), packet))
    });
    let of_packet = |(kind, count, packet): (u8, usize, &'_ [u8])| {
        let from = match kind {
            SENDER_REPORT => SENDER_LEN,
            RECEIVER_REPORT => RECEIVER_LEN,
            _ => packet.len(),
        };
        let blocks = packet.get(from..).unwrap_or_default().chunks_exact(BLOCK_LEN);
        blocks.take(count).filter_map(Block::read).collect::<Vec<_>>()
    };
    packets.flat_map(of_packet).take(MAX_BLOCKS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(kind: u8, blocks: &[(u32, i32, u32)]) -> Vec<u8> {
        let mut packet = vec![0x80 | blocks.len() as u8, kind, 0, 0, 0, 0, 0, 9];
        packet.resize(if kind == SENDER_REPORT { SENDER_LEN } else { RECEIVER_LEN }, 0);
        for (ssrc, lost, highest) in blocks {
            packet.extend(ssrc.to_be_bytes());
            packet.extend((*lost as u32 & 0x00ff_ffff | 0x4000_0000).to_be_bytes());
            packet.extend(highest.to_be_bytes());
            packet.extend([0; 12]);
        }
        let words = (packet.len() / 4 - 1) as u16;
        packet[2..4].copy_from_slice(&words.to_be_bytes());
        packet
    }

    #[test]
    fn reports_of_both_kinds_are_read() {
        let mut datagram = packet(SENDER_REPORT, &[(7, 5, 1000), (8, -2, 0x0001_0005)]);
        datagram.extend(packet(202, &[]));
        datagram.extend(packet(RECEIVER_REPORT, &[(9, 1, 2)]));
        let read: Vec<_> = blocks(&datagram).map(|block| (block.ssrc, block.lost, block.highest)).collect();
        assert_eq!(read, [(7, 5, 1000), (8, -2, 0x0001_0005), (9, 1, 2)]);
    }

    #[test]
    fn what_is_cut_or_too_much_is_left_out() {
        let datagram = packet(RECEIVER_REPORT, &[(9, 1, 2); 31]);
        assert_eq!(blocks(&datagram.repeat(10)).count(), MAX_BLOCKS);
        for len in 0..datagram.len() {
            assert_eq!(blocks(&datagram[..len]).count(), 0);
        }
        assert_eq!(blocks(&[0; 40]).count(), 0);
    }
}
