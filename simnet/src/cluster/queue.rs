//! What will happen, in the order of its time; of one time in the order in which it was planned.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Events in the order of virtual time, in microseconds.
#[derive(Debug)]
pub(super) struct Queue<E> {
    heap: BinaryHeap<Reverse<(u64, u64, usize)>>,
    events: Vec<Option<E>>,
    free: Vec<usize>,
    planned: u64,
}

impl<E> Default for Queue<E> {
    fn default() -> Self {
        Self { heap: BinaryHeap::new(), events: Vec::new(), free: Vec::new(), planned: 0 }
    }
}

impl<E> Queue<E> {
    /// Plans an event.
    pub(super) fn push(&mut self, at_us: u64, event: E) {
        let slot = match self.free.pop() {
            Some(slot) => {
                self.events[slot] = Some(event);
                slot
            }
            None => {
                self.events.push(Some(event));
                self.events.len() - 1
            }
        };
        self.planned += 1;
        self.heap.push(Reverse((at_us, self.planned, slot)));
    }

    /// The next event and its time.
    pub(super) fn pop(&mut self) -> Option<(u64, E)> {
        let Reverse((at_us, _, slot)) = self.heap.pop()?;
        self.free.push(slot);
        self.events[slot].take().map(|event| (at_us, event))
    }
}
