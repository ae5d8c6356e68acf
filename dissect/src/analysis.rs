//! The two passes over packets.

use bumpalo::Bump;

use crate::dissector::{Dissector, Flows};
use crate::facts::{Fact, FactStore};
use crate::filter::Requirement;
use crate::glance::Glancer;
use crate::packet::Packet;
use crate::tree::{Dissection, Node};
use crate::wanted::Wanted;

/// Memory that one dissection after the other uses.
#[derive(Default)]
pub struct Scratch {
    arena: Bump,
    nodes: Vec<Node>,
    facts: Vec<Fact>,
}

impl Scratch {
    /// Dissects a packet of which `known` is known, and shows `look` what it is, what was found and what is to be added
    /// to earlier packets.
    fn run<R>(
        &mut self,
        packet: &Packet<'_>,
        wanted: &Wanted,
        known: impl IntoIterator<Item = Fact>,
        flows: Option<&mut Flows>,
        look: impl FnOnce(&Dissection<'_>, &mut Vec<Fact>, Vec<(u64, Fact)>) -> R,
    ) -> R {
        let Self { arena, nodes, facts } = self;
        arena.reset();
        facts.extend(known);
        let mut dissector = Dissector::new(packet, wanted, arena, std::mem::take(nodes), std::mem::take(facts), flows);
        dissector.run();
        let (done, found, amendments) = dissector.parts();
        let answer = look(done, found, std::mem::take(amendments));
        *nodes = std::mem::take(&mut done.nodes);
        nodes.clear();
        *facts = std::mem::take(found);
        facts.clear();
        answer
    }
}

/// The first pass: sees every packet of one capture in order and keeps what later passes need to know.
pub struct Analysis {
    flows: Flows,
    facts: FactStore,
    wanted: Wanted,
    scratch: Scratch,
}

impl Analysis {
    /// A pass that enters the protocols that `wanted` needs.
    pub fn new(wanted: &Wanted) -> Self {
        Self {
            flows: Flows::default(),
            facts: FactStore::default(),
            wanted: wanted.for_facts(),
            scratch: Scratch::default(),
        }
    }

    /// Looks at the next packet. Its number must be one more than that of the one before.
    pub fn observe(&mut self, packet: &Packet<'_>) {
        let Self { flows, facts, wanted, scratch } = self;
        scratch.run(packet, wanted, [], Some(flows), |_, recorded, amendments| {
            facts.push(recorded.drain(..));
            for (number, fact) in amendments {
                facts.amend(number, fact);
            }
        });
    }

    /// A pass that shows each packet at once, with the fields of `wanted`, and keeps nothing for a second one: see
    /// [`Analysis::watch`].
    pub fn watching(wanted: &Wanted) -> Self {
        Self { wanted: wanted.for_watching(), ..Self::new(wanted) }
    }

    /// Looks at the next packet and shows `look` what it is, together with what is known at this moment. No fact is
    /// kept: what only later packets tell of this one is never shown. Memory is bounded by the limits of `Flows`.
    pub fn watch<R>(&mut self, packet: &Packet<'_>, look: impl FnOnce(&Dissection<'_>) -> R) -> R {
        self.scratch.run(packet, &self.wanted, [], Some(&mut self.flows), |shown, _, _| look(shown))
    }

    /// What is known so far. Facts of packets already seen may still be added to.
    pub fn facts(&self) -> &FactStore {
        &self.facts
    }

    /// Ends the pass.
    pub fn finish(mut self) -> FactStore {
        for (number, fact) in self.flows.udp.finish() {
            self.facts.amend(number, fact);
        }
        self.facts
    }
}

/// Both passes in one, for what no later frame changes ([`Wanted::is_told_later`]): each packet is looked at while its
/// facts are found, and nothing is kept for afterwards.
pub struct InOrder {
    flows: Flows,
    wanted: Wanted,
    scratch: Scratch,
    glancer: Option<Glancer>,
}

impl InOrder {
    /// Makes what `wanted` says and finds the facts for what `shown` says beside it.
    pub fn new(wanted: &Wanted, shown: &Wanted) -> Self {
        Self { flows: Flows::default(), wanted: wanted.in_order(shown), scratch: Scratch::default(), glancer: None }
    }

    /// Lets [`InOrder::leaves_out`] tell packets of which a filter requires more than they have.
    #[must_use]
    pub fn requiring(mut self, required: &Requirement) -> Self {
        self.glancer = Glancer::new(required, &self.wanted);
        self
    }

    /// Whether a look at its headers is enough to know that the filter does not take the packet, and that it makes no
    /// difference to any other: such a packet need not be dissected.
    pub fn leaves_out(&self, packet: &Packet<'_>) -> bool {
        self.glancer.as_ref().is_some_and(|glancer| glancer.leaves_out(packet, &self.wanted))
    }

    /// Shows `look` the next packet and its facts. Its number must be one more than that of the one before, those
    /// left out among them.
    pub fn dissect<R>(&mut self, packet: &Packet<'_>, look: impl FnOnce(&Dissection<'_>, &[Fact]) -> R) -> R {
        self.scratch.run(packet, &self.wanted, [], Some(&mut self.flows), |shown, found, _| look(shown, found))
    }
}

/// The second pass: shows `look` what the packet is, as far as it is wanted. Depends on nothing but its arguments.
pub fn dissect<'f, R>(
    packet: &Packet<'_>,
    facts: impl IntoIterator<Item = &'f Fact>,
    wanted: &Wanted,
    scratch: &mut Scratch,
    look: impl FnOnce(&Dissection<'_>) -> R,
) -> R {
    scratch.run(packet, wanted, facts.into_iter().cloned(), None, |shown, _, _| look(shown))
}
