//! Where packets stand in their capture.

use crate::packet::Packet;

/// Numbers the packets of a capture, and tells each the times of those before it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Numbering {
    count: u64,
    first: i64,
    previous: i64,
}

impl Numbering {
    /// Of what comes behind `count` packets that nobody looks at, the first and the last of which were captured then.
    #[must_use]
    pub const fn behind(count: u64, first: i64, previous: i64) -> Self {
        Self { count, first, previous }
    }

    /// Makes this the next packet of the capture.
    pub const fn number(&mut self, packet: &mut Packet<'_>) {
        if self.count == 0 {
            self.first = packet.time;
            self.previous = packet.time;
        }
        self.count += 1;
        packet.number = self.count;
        packet.time_first = self.first;
        packet.time_previous = self.previous;
        self.previous = packet.time;
    }

    /// How many packets there were.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_knows_the_first_and_the_one_before_it() {
        let mut numbering = Numbering::default();
        let numbered = [7, 9, 8].map(|time| {
            let mut packet = Packet { time, ..Packet::alone(1, &[]) };
            numbering.number(&mut packet);
            (packet.number, packet.time_first, packet.time_previous)
        });
        assert_eq!(numbered, [(1, 7, 7), (2, 7, 7), (3, 7, 9)]);
        assert_eq!(numbering.count(), 3);
        let mut later = Packet { time: 20, ..Packet::alone(1, &[]) };
        Numbering::behind(3, 7, 8).number(&mut later);
        assert_eq!((later.number, later.time_first, later.time_previous), (4, 7, 8));
    }
}
