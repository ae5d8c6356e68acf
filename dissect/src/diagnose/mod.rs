//! Says what is wrong: packets go in, in order, and findings come out.
//!
//! [`Diagnosis`] owns the first pass and lets it make the fields that the rules ask for, so that one dissection of each
//! packet yields both what packets say of each other and what the rules look at. It does no I/O and reads no clock: time
//! is that of the packets. Memory is bounded by the `MAX_` limits of the rules and of the first pass, however long the
//! capture is.
//!
//! # How to add a rule
//! A rule is one file in `rule/` and its line in [`rule::RULES`]. The file holds
//! - a [`Code`] a row of the findings catalogue: name, severity, advice;
//! - `pub(crate) static RULE: Kind`: the codes, the protocols whose packets it wants to see ([`Kind::protos`]: it is
//!   called for a packet in which one of them was entered), the fields that it will look at ([`Kind::fields`]: what is
//!   not named there is not made), and `make`;
//! - a struct that implements [`Rule`]: `look` at each packet, `tick` when time has passed, `lost` when the capture
//!   lost something, `finish` at the end. Its maps have named `MAX_` limits and a test that hits them; use
//!   [`Recent`](crate::recent::Recent) or a `BTreeMap`, and let no hash order show;
//! - tests from packets: [`testing`] makes frames and tells which codes come out. Each code needs at least one test
//!   that says it and one of something healthy that looks like it and gives nothing.
//!
//! A finding is said with [`Out::say`] as soon as its cause is settled, once per cause and subject: the rule remembers
//! what it said. [`Evidence`] gathers the frames that show it. What rests on something that was *not* seen (no answer,
//! no media, missing sequence numbers) is marked [`Finding::absent`]: where the capture lost packets meanwhile the
//! finding then comes out with `certain: false`.
//!
//! What is judged by calls (`sip.*`, `media.*`, `fax.*`) looks at no packets: it is a function over a settled
//! [`Call`](crate::call::Call), in [`rule::CALL_RULES`].
//!
//! # In the cluster
//! One machine runs per host, over that host's packets in the order of (time, sequence number): a packet that two hosts
//! saw is not a retransmission. The machine is a function of its input alone: the same packets in the same order give
//! the same findings with the same ids and texts, on any node. [`Diagnosis::advance`] lets time pass while no packet
//! comes and does not change what is said, as long as no packet of an earlier time follows.
//!
//! So a checkpoint needs no state: it is a place in the input. Who takes over reads the host's packets again and publishes no
//! id twice; from the beginning this is exact. Of a host with very much of it a new machine may begin at
//! [`Diagnosis::horizon`], the time of the first packet on which anything still open rests: it says the same of calls,
//! connections and questions that were open. What it does not know are things that had ended before: that a cause was told an
//! hour ago, or that other calls had media (which makes `media.none` certain).
//!
//! Losses ([`Diagnosis::lost`]) are input like packets: hand a gap over before the first packet behind it.

mod evidence;
mod finding;
mod loss;
pub mod rule;
mod seen;
#[cfg(test)]
pub(crate) mod testing;

pub use evidence::{Evidence, MAX_MARKS, Mark};
pub use finding::{Code, Finding, Severity, Subject, finding_id, place};
pub use loss::{Loss, Losses, MAX_LOSSES};
pub use rule::{Kind, Rule};
pub use seen::Seen;

use crate::analysis::Analysis;
use crate::call::{Calls, Place};
use crate::packet::Packet;
use crate::recent::Recent;
use crate::registry::ProtoSet;
use crate::wanted::Wanted;

/// How often rules are told that time has passed. On the grid of absolute time, so that it does not matter when they are.
pub const TICK_NS: i64 = 100_000_000;

/// How many findings about calls are remembered, so that they are not said again.
const MAX_TOLD: usize = 65_536;
/// Where the clock goes back by more, or nothing at all was seen for longer, one capture has ended and another begun: files
/// were put behind each other, or the clock was set.
const SET_BACK_NS: i64 = 60_000_000_000;
const STANDSTILL_NS: i64 = 86_400_000_000_000;
/// How often that is believed of one capture; where the times go to and fro they say nothing.
const MAX_BREAKS: u32 = 64;
/// A cause that shows again sooner than that has lasted.
const REPEAT_NS: i64 = 3_600_000_000_000;

/// What rules say their findings to.
pub struct Out<'a> {
    /// The time of the packets so far: it never goes back.
    pub now: i64,
    /// What the capture lost so far.
    pub losses: &'a Losses,
    /// The calls so far.
    pub calls: &'a Calls,
    findings: &'a mut Vec<Finding>,
}

impl Out<'_> {
    /// Says a finding.
    pub fn say(&mut self, mut finding: Finding) {
        self.losses.weigh(&mut finding);
        self.findings.push(finding);
    }
}

struct Running {
    protos: ProtoSet,
    rule: Box<dyn Rule + Send>,
}

/// The machine: owns the first pass, the calls and the rules.
pub struct Diagnosis {
    analysis: Analysis,
    calls: Calls,
    rules: Vec<Running>,
    losses: Losses,
    due: Vec<Place>,
    /// When a finding about a call was said or would have been said again last, by code and subject.
    told: Recent<(&'static str, String), i64>,
    now: i64,
    /// The last point of the grid at which rules were told the time.
    ticked: i64,
    /// The time of the last packet.
    last: Option<i64>,
    breaks: u32,
}

impl Default for Diagnosis {
    fn default() -> Self {
        Self::new()
    }
}

impl Diagnosis {
    /// A machine with all rules.
    pub fn new() -> Self {
        let mut wanted = Wanted::nothing();
        Calls::fields().for_each(|field| wanted.add(field));
        let mut rules = Vec::new();
        for kind in rule::RULES {
            kind.fields.iter().for_each(|field| wanted.add(*field));
            rules.push(Running { protos: ProtoSet::of(kind.protos), rule: (kind.make)() });
        }
        Self {
            analysis: Analysis::watching(&wanted),
            calls: Calls::default(),
            rules,
            losses: Losses::default(),
            due: Vec::new(),
            told: Recent::new(MAX_TOLD),
            now: i64::MIN,
            ticked: i64::MIN,
            last: None,
            breaks: 0,
        }
    }

    /// The calls that are being followed.
    pub fn calls(&self) -> &Calls {
        &self.calls
    }

    /// What the capture lost so far.
    pub fn losses(&self) -> &Losses {
        &self.losses
    }

    /// Takes the next packet; `id` is its packet id where it has one, 0 in a file. What there is to say is added to `findings`.
    pub fn observe(&mut self, packet: &Packet<'_>, id: u128, findings: &mut Vec<Finding>) {
        if packet.has_time {
            self.heed_break(packet.time, findings);
            self.advance(packet.time, findings);
        }
        let now = self.now.max(0);
        let Self { analysis, calls, rules, losses, due, .. } = self;
        let mark = Mark { number: packet.number, time: packet.time, id };
        analysis.watch(packet, |dissection| {
            let seen = Seen { mark, packet, dissection };
            calls.look(&seen, due);
            let mut out = Out { now, losses, calls, findings };
            for running in rules.iter_mut() {
                if running.protos.meets(&dissection.protos) {
                    running.rule.look(&seen, &mut out);
                }
            }
        });
        self.judge(findings);
    }

    /// Begins anew where the time of the next packet shows that another capture begins.
    fn heed_break(&mut self, time: i64, findings: &mut Vec<Finding>) {
        let Some(last) = self.last.replace(time) else { return };
        let is_break = last.saturating_sub(time) > SET_BACK_NS || time.saturating_sub(last) > STANDSTILL_NS;
        if !is_break || self.breaks >= MAX_BREAKS {
            return;
        }
        self.finish(findings);
        let losses = std::mem::take(&mut self.losses);
        *self = Self { losses, last: Some(time), breaks: self.breaks + 1, ..Self::new() };
    }

    /// Lets time pass up to `now`: no packet of an earlier time will follow.
    pub fn advance(&mut self, now: i64, findings: &mut Vec<Finding>) {
        if now <= self.now {
            return;
        }
        self.now = now;
        let tick = now.div_euclid(TICK_NS).saturating_mul(TICK_NS);
        if tick <= self.ticked {
            return;
        }
        self.ticked = tick;
        loop {
            self.calls.tick(tick, &mut self.due);
            if self.due.is_empty() {
                break;
            }
            self.judge(findings);
        }
        let mut out = Out { now: tick, losses: &self.losses, calls: &self.calls, findings };
        for running in &mut self.rules {
            running.rule.tick(&mut out);
        }
    }

    /// Takes note that the capture lost something.
    pub fn lost(&mut self, loss: Loss, findings: &mut Vec<Finding>) {
        self.losses.add(&loss);
        let mut out = Out { now: self.now.max(0), losses: &self.losses, calls: &self.calls, findings };
        for running in &mut self.rules {
            running.rule.lost(&loss, &mut out);
        }
    }

    /// Ends the capture: what is open is judged by what was seen.
    pub fn finish(&mut self, findings: &mut Vec<Finding>) {
        self.calls.finish(&mut self.due);
        self.judge(findings);
        let mut out = Out { now: self.now.max(0), losses: &self.losses, calls: &self.calls, findings };
        for running in &mut self.rules {
            running.rule.finish(&mut out);
        }
    }

    /// The earliest time of a packet on which something still open rests; the present time where nothing is open.
    pub fn horizon(&self) -> i64 {
        let open = self.rules.iter().filter_map(|running| running.rule.horizon());
        open.chain(self.calls.horizon()).fold(self.now, i64::min)
    }

    /// Judges the calls that are due.
    fn judge(&mut self, findings: &mut Vec<Finding>) {
        for place in std::mem::take(&mut self.due) {
            let Some(call) = self.calls.get(place) else { continue };
            let now = call.now;
            let mut said = Vec::new();
            let mut out = Out { now: call.now, losses: &self.losses, calls: &self.calls, findings: &mut said };
            for rule in rule::CALL_RULES {
                (rule.judge)(call, &mut out);
            }
            // One finding per cause and subject, however often the call is looked at, and while the cause lasts.
            said.retain(|finding| {
                let subject = finding.subject.0.first().map_or(String::new(), |(_, value)| value.clone());
                if !self.calls.is_news(place, finding.code, &subject) {
                    return false;
                }
                let key = (finding.code, subject);
                let is_new = match self.told.get(&key) {
                    Some(last) => now.saturating_sub(std::mem::replace(last, now)) > REPEAT_NS,
                    None => true,
                };
                if is_new {
                    self.told.insert(key, now);
                }
                is_new
            });
            findings.append(&mut said);
            self.calls.judged(place);
        }
    }
}
