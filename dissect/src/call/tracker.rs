//! Follows calls alone, without looking for what is wrong with them.

use super::{Call, Calls, Place};
use crate::analysis::Analysis;
use crate::diagnose::{Mark, Seen};
use crate::packet::Packet;
use crate::wanted::Wanted;

/// Packets go in, in order; calls come out when they are over.
pub struct Tracker {
    analysis: Analysis,
    calls: Calls,
    due: Vec<Place>,
    now: i64,
}

impl Default for Tracker {
    fn default() -> Self {
        let mut wanted = Wanted::nothing();
        Calls::fields().for_each(|field| wanted.add(field));
        Self { analysis: Analysis::watching(&wanted), calls: Calls::default(), due: Vec::new(), now: i64::MIN }
    }
}

impl Tracker {
    /// Takes the next packet; `id` is its packet id where it has one, 0 in a file. Calls that are over are added to `over`.
    pub fn observe(&mut self, packet: &Packet<'_>, id: u128, over: &mut Vec<Call>) {
        if packet.time > self.now {
            self.now = packet.time;
            self.calls.tick(packet.time, &mut self.due);
            self.hand_over(over);
        }
        let Self { analysis, calls, due, .. } = self;
        let mark = Mark { number: packet.number, time: packet.time, id };
        analysis.watch(packet, |dissection| calls.look(&Seen { mark, packet, dissection }, due));
        self.hand_over(over);
    }

    /// Ends the capture.
    pub fn finish(&mut self, over: &mut Vec<Call>) {
        self.calls.finish(&mut self.due);
        self.hand_over(over);
    }

    /// The calls that are being followed.
    pub fn calls(&self) -> &Calls {
        &self.calls
    }

    fn hand_over(&mut self, over: &mut Vec<Call>) {
        for place in std::mem::take(&mut self.due) {
            over.extend(self.calls.judged(place));
        }
    }
}
