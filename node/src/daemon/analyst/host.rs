//! The analysis of one host: its packets in the order of time, through the same machine as `diagnose`.
//!
//! What it says is a function of the packets. It reads them as they come, and again from the beginning when one comes late that
//! belongs before what was judged; what it has said is known by its ids and is not said again. When all imports of a host are
//! whole, their end is judged as the end of a file is; what comes later makes it read again.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use packetstream_dissect::diagnose::{Diagnosis, Finding};
use packetstream_dissect::ruleset::Match;
use packetstream_dissect::{Numbering, Packet};
use packetstream_protocol::PacketId;
use packetstream_protocol::chunk::{Chunk, ChunkKind, Gap};
use packetstream_protocol::ids::{HostId, StreamId};
use packetstream_protocol::interval::RangeSet;
use packetstream_protocol::time::Timestamp;
use packetstream_storage::{ChunkStore, StoreError};

use super::feed::{Feed, Head};
use super::record::Records;
use crate::command::loss;
use crate::daemon::answer::Source;
use crate::daemon::standing::Active;
use crate::daemon::stream;
use crate::rules::{self, HostWatch};

/// While a live host is silent its time goes on, but for so much: packets that are still on their way belong before it.
const LATE: Duration = Duration::from_secs(2);
/// Imports that are whole have ended when nothing more came for so long.
const QUIET: Duration = Duration::from_millis(300);
/// An import that is not whole has ended, too, when nothing more came for so long; more of it makes the host be read again.
const END_WAIT: Duration = Duration::from_secs(30);
/// A host with more bytes than that is not read again from its beginning but from where something was still open.
const MAX_REPLAY_BYTES: u64 = 512 << 20;
/// A host is read again so long after something came late, and after four times as long as it took the last time.
const REPLAY_AFTER: Duration = Duration::from_secs(1);
/// Findings that a loss which becomes known later may make uncertain.
const MAX_DOUBTFUL: usize = 65_536;
/// Packets between two looks at the clock.
const PACKETS_A_LOOK: u32 = 64;

/// What an earlier runner had done.
#[derive(Clone, Debug, Default)]
pub(super) struct Past {
    /// Chunks that it had looked at.
    pub(super) seen: BTreeMap<StreamId, RangeSet>,
    /// Whether it had judged the end.
    pub(super) is_finished: bool,
    /// Packets before that time are not needed to go on.
    pub(super) horizon: Option<Timestamp>,
}

/// What a host needs to go on.
pub(super) struct Scene<'a> {
    pub(super) store: &'a dyn ChunkStore,
    pub(super) rules: &'a Active,
    pub(super) now: Instant,
    /// When it must have ended.
    pub(super) until: Instant,
}

/// What `status` shows of a host.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown {
    pub(super) state: &'static str,
    /// Chunks that were looked at, those that were not, and for how long there have been such.
    pub(super) chunks: u64,
    pub(super) behind_chunks: u64,
    pub(super) behind_ms: u64,
    pub(super) findings: u64,
}

/// The standing rules over one host.
#[derive(Default)]
struct Rules {
    watch: Option<HostWatch>,
    /// Of the rules that `watch` holds packets to.
    version: u64,
    /// They met a defect and rest until there are others.
    is_broken: bool,
}

impl Rules {
    fn observe(&mut self, rules: &Active, host: &str, packet: &Packet<'_>, found: &mut Vec<Match>) {
        if self.version != rules.version {
            (self.version, self.is_broken) = (rules.version, false);
            match &mut self.watch {
                Some(watch) if !rules.set.is_empty() => watch.reload(&rules.set),
                watch => *watch = None,
            }
        }
        if rules.set.is_empty() || self.is_broken {
            return;
        }
        let watch = self.watch.get_or_insert_with(|| HostWatch::new(&rules.set));
        // The diagnosis goes on whatever a rule does.
        if catch_unwind(AssertUnwindSafe(|| watch.observe(host, packet, found))).is_err() {
            tracing::error!(%host, "the standing rules meet a defect and rest for this host until they are changed");
            (self.watch, self.is_broken) = (None, true);
        }
    }
}

/// See the module.
pub(super) struct HostRun {
    host: HostId,
    label: String,
    most_bytes: u64,
    past: Past,
    feeds: BTreeMap<StreamId, Feed>,
    machine: Option<Diagnosis>,
    rules: Rules,
    pub(super) records: Records,
    /// Of the packets of this reading.
    numbering: Numbering,
    /// The earliest time of one.
    floor: i64,
    /// The last packet and when it was looked at.
    last: Option<(i64, StreamId, Instant)>,
    /// Gaps that are due when a packet of their time comes.
    gaps: VecDeque<Gap>,
    has_late_gap: bool,
    said: BTreeSet<u64>,
    doubtful: Vec<Finding>,
    is_finished: bool,
    /// Whether this reading began at the first packet that is held.
    is_from_start: bool,
    /// Time that this reading has taken, and the one before.
    took: Duration,
    took_before: Duration,
    replay_at: Option<Instant>,
    /// Something was stored since it was looked at last.
    pub(super) is_dirty: bool,
    /// Something has changed since the last checkpoint.
    pub(super) has_news: bool,
    pub(super) since: Instant,
    behind_since: Option<Instant>,
    /// What was said last; it holds while there is nothing to do.
    shown: Option<Shown>,
}

impl HostRun {
    /// The analysis of a host from where an earlier runner was.
    pub(super) fn new(store: &dyn ChunkStore, host: HostId, past: Past, now: Instant) -> Result<Self, StoreError> {
        Self::with_most(store, host, past, now, MAX_REPLAY_BYTES)
    }

    /// The same, with another limit for what is read from the beginning.
    pub(super) fn with_most(
        store: &dyn ChunkStore,
        host: HostId,
        past: Past,
        now: Instant,
        most_bytes: u64,
    ) -> Result<Self, StoreError> {
        let mut run = Self {
            most_bytes,
            host,
            label: host.to_string(),
            past,
            feeds: BTreeMap::new(),
            machine: None,
            rules: Rules::default(),
            records: Records::load(store, host)?,
            numbering: Numbering::default(),
            floor: i64::MAX,
            last: None,
            gaps: VecDeque::new(),
            has_late_gap: false,
            said: BTreeSet::new(),
            doubtful: Vec::new(),
            is_finished: false,
            is_from_start: true,
            took: Duration::ZERO,
            took_before: Duration::ZERO,
            replay_at: None,
            is_dirty: true,
            has_news: false,
            since: now,
            behind_since: None,
            shown: None,
        };
        if run.past.is_finished {
            for usage in store.streams(Some(host)) {
                let done = run.past.seen.get(&usage.stream).cloned().unwrap_or_default();
                run.feeds.insert(usage.stream, Feed::new(usage.stream, done));
            }
            run.is_finished = true;
        } else {
            let horizon = run.past.horizon;
            run.begin(store, horizon)?;
        }
        Ok(run)
    }

    /// Begins to read: at the first packet, or of a host with very much of it where something was still open.
    fn begin(&mut self, store: &dyn ChunkStore, horizon: Option<Timestamp>) -> Result<(), StoreError> {
        for (stream, feed) in std::mem::take(&mut self.feeds) {
            self.past.seen.entry(stream).or_default().union(&feed.seen);
        }
        let usages = store.streams(Some(self.host));
        let bytes: u64 = usages.iter().map(|usage| usage.bytes).sum();
        let horizon = horizon.filter(|_| bytes > self.most_bytes);
        self.machine = None;
        self.rules = Rules::default();
        (self.numbering, self.floor, self.last) = (Numbering::default(), i64::MAX, None);
        self.gaps.clear();
        self.said.clear();
        self.doubtful.clear();
        self.is_finished = false;
        self.has_late_gap = false;
        self.is_from_start = horizon.is_none();
        self.took_before = std::mem::take(&mut self.took);
        self.replay_at = None;
        self.is_dirty = true;
        let mut gaps = Vec::new();
        for usage in usages {
            let entries = stream::entries(store, usage.stream)?;
            let mut done = RangeSet::new();
            let first = entries.iter().filter(|entry| horizon.is_none_or(|horizon| entry.time_max >= horizon));
            let first = first.map(|entry| entry.id.no.0).min();
            // What was looked at or is gone for its age does not come any more.
            let had =
                self.past.seen.get(&usage.stream).map_or(0, |seen| seen.missing_below(u64::MAX).first().unwrap_or(0));
            let from = match horizon {
                Some(_) => first.unwrap_or(had),
                None => first.filter(|first| *first <= had).unwrap_or(0),
            };
            if from > 0 {
                done.insert_range(0..=from - 1);
            }
            let mut feed = Feed::new(usage.stream, done);
            // Of an import that is here the gaps are known before its packets, as of a file that was read before.
            if usage.manifest.is_some() {
                feed.knows_gaps = true;
                for entry in entries.iter().filter(|entry| entry.kind == ChunkKind::Gaps) {
                    let read = store.get(entry.id).ok().flatten().map(|chunk: Chunk| chunk.gaps());
                    gaps.extend(read.and_then(Result::ok).unwrap_or_default());
                }
            }
            self.feeds.insert(usage.stream, feed);
        }
        gaps.sort_by_key(|gap| gap.until);
        self.gaps = gaps.into();
        Ok(())
    }

    /// Goes on until nothing more can be done or the time is up; whether there is more to be done at once.
    pub(super) fn step(&mut self, scene: &Scene<'_>) -> Result<bool, StoreError> {
        let now = scene.now;
        self.shown = None;
        if self.replay_at.is_some_and(|at| now >= at) {
            let horizon = self.horizon();
            self.begin(scene.store, horizon)?;
        }
        if std::mem::take(&mut self.is_dirty) {
            self.refresh(scene.store);
        }
        let source = Source::of(scene.store);
        let mut packets = 0;
        let more = loop {
            if packets % PACKETS_A_LOOK == 0 && packets > 0 && Instant::now() >= scene.until {
                break true;
            }
            packets += 1;
            let Some((stream, id, is_ready)) = self.next_head(&source, now) else {
                self.at_rest(scene);
                break false;
            };
            if self.replay_at.is_some() {
                break false;
            }
            if self.is_finished {
                self.replay(now);
                break false;
            }
            if !is_ready {
                break false;
            }
            let time = i64::try_from(id.time.0).unwrap_or(i64::MAX);
            let is_live = self.feeds.get(&stream).is_some_and(|feed| feed.is_live);
            if !is_live && self.last.is_some_and(|(last, of, _)| of != stream && time < last) {
                self.replay(now);
                break false;
            }
            self.show(&source, scene, stream, id);
        };
        self.took += now.elapsed();
        let is_behind = self.feeds.values().any(|feed| feed.behind() > 0);
        if !is_behind {
            self.behind_since = None;
        } else {
            self.behind_since.get_or_insert(now);
        }
        Ok(more)
    }

    fn refresh(&mut self, store: &dyn ChunkStore) {
        for usage in store.streams(Some(self.host)) {
            let stream = usage.stream;
            // Where the end was judged before, what arrives of that was looked at: a new owner gets it after the work.
            let done = || self.past.seen.get(&stream).filter(|_| self.is_finished).cloned().unwrap_or_default();
            self.feeds.entry(stream).or_insert_with(|| Feed::new(stream, done())).refresh(usage);
        }
        self.has_news = true;
    }

    /// The host is to be read again from its beginning.
    fn replay(&mut self, now: Instant) {
        self.replay_at.get_or_insert(now + REPLAY_AFTER.max(4 * self.took.max(self.took_before)));
    }

    /// The earliest of the next packets of all streams, and whether it may be looked at.
    fn next_head(&mut self, source: &Source<'_>, now: Instant) -> Option<(StreamId, PacketId, bool)> {
        let mut best: Option<(StreamId, PacketId, bool)> = None;
        let (mut is_late, mut gaps) = (false, Vec::new());
        for (stream, feed) in &mut self.feeds {
            let head = feed.head(source, now);
            is_late |= std::mem::take(&mut feed.is_late) && feed.has_packets;
            gaps.extend(feed.take_gaps());
            let (id, is_ready) = match head {
                Head::Nothing => continue,
                Head::Ready(id) => (id, true),
                Head::Waits(id) => (id, false),
            };
            if best.is_none_or(|(_, before, _)| id.time < before.time) {
                best = Some((*stream, id, is_ready));
            }
        }
        for (gap, is_of_end) in gaps {
            self.take_gap(gap, is_of_end);
        }
        if is_late {
            self.replay(now);
        }
        best
    }

    /// A gap that became known while its stream is read.
    fn take_gap(&mut self, gap: Gap, is_of_end: bool) {
        let until = i64::try_from(gap.until.0).unwrap_or(i64::MAX);
        if self.last.is_none_or(|(last, ..)| until > last) {
            let at = self.gaps.partition_point(|known| known.until <= gap.until);
            self.gaps.insert(at, gap);
            return;
        }
        // A file tells at its end what it lost: then it is read again, as if that had been known.
        self.has_late_gap |= is_of_end;
        let mut found = Vec::new();
        self.machine.get_or_insert_default().lost(loss(&gap), &mut found);
        self.say(found);
    }

    fn show(&mut self, source: &Source<'_>, scene: &Scene<'_>, stream: StreamId, id: PacketId) {
        let mut found = Vec::new();
        while let Some(gap) = self.gaps.front().filter(|gap| gap.until <= id.time).cloned() {
            self.gaps.pop_front();
            self.machine.get_or_insert_default().lost(loss(&gap), &mut found);
        }
        let Some(feed) = self.feeds.get_mut(&stream) else { return };
        let Some((stored, chunk)) = feed.next(source, id) else { return };
        let mut packet = stored.packet;
        self.numbering.number(&mut packet);
        self.floor = self.floor.min(packet.time);
        let time = self.last.map_or(packet.time, |(last, ..)| last.max(packet.time));
        self.last = Some((time, stream, scene.now));
        let machine = self.machine.get_or_insert_default();
        machine.observe(&packet, u128::from_be_bytes(id.to_bytes()), &mut found);
        let mut matches = Vec::new();
        self.rules.observe(scene.rules, &self.label, &packet, &mut matches);
        self.has_news = true;
        self.say(found);
        // What was looked at before was held to the rules of then; it is shown again only for what they count.
        let seen = self.past.seen.get(&stream);
        if !chunk.is_some_and(|no| seen.is_some_and(|seen| seen.contains(no))) {
            self.say_matches(scene, matches);
        }
    }

    fn say(&mut self, found: Vec<Finding>) {
        for finding in found {
            self.said.insert(finding.id());
            self.note(&finding);
            if finding.is_absence && finding.is_certain && self.doubtful.len() < MAX_DOUBTFUL {
                self.doubtful.push(finding);
            }
        }
    }

    fn note(&mut self, finding: &Finding) {
        let times = (finding.evidence.first().time, finding.evidence.last().time);
        let text = finding.json(&self.label, packet_id).to_string();
        self.records.say(finding.id(), times, text, None);
    }

    fn say_matches(&mut self, scene: &Scene<'_>, matches: Vec<Match>) {
        for found in matches {
            let id = rules::id(&found);
            if !self.records.knows(id) {
                let notice = scene.rules.set.notice(&self.label, &found);
                let text = rules::object(&self.label, &found).to_string();
                self.records.say(id, (found.first_seen, found.last_seen), text, notice);
            }
        }
    }

    /// Everything that is here was looked at.
    fn at_rest(&mut self, scene: &Scene<'_>) {
        let Some((last, _, when)) = self.last else { return };
        let silent = scene.now.duration_since(when);
        if self.is_finished || self.replay_at.is_some() {
            return;
        }
        let mut with_packets = self.feeds.values().filter(|feed| feed.has_packets);
        if self.feeds.values().any(|feed| feed.is_live && feed.has_packets) {
            if silent > LATE
                && let Some(machine) = &mut self.machine
            {
                let mut found = Vec::new();
                let passed = i64::try_from((silent - LATE).as_nanos()).unwrap_or(i64::MAX);
                machine.advance(last.saturating_add(passed), &mut found);
                self.say(found);
            }
            return;
        }
        let is_whole = with_packets.all(Feed::is_whole) && !self.lacks();
        if silent < QUIET || silent < END_WAIT && !is_whole {
            return;
        }
        if self.has_late_gap {
            self.replay_at = Some(scene.now);
            return;
        }
        self.finish();
    }

    /// Whether an earlier runner had what is not here yet.
    fn lacks(&self) -> bool {
        let is_here = |(stream, seen): (&StreamId, &RangeSet)| {
            seen.is_empty() || self.feeds.get(stream).is_some_and(|feed| feed.has(seen))
        };
        !self.past.seen.iter().all(is_here)
    }

    /// Judges the end, as that of a file.
    fn finish(&mut self) {
        let Some(mut machine) = self.machine.take() else { return };
        let mut found = Vec::new();
        for gap in std::mem::take(&mut self.gaps) {
            machine.lost(loss(&gap), &mut found);
        }
        machine.finish(&mut found);
        self.say(found);
        for mut finding in std::mem::take(&mut self.doubtful) {
            machine.losses().weigh(&mut finding);
            if !finding.is_certain {
                self.note(&finding);
            }
        }
        if self.is_from_start {
            let said = std::mem::take(&mut self.said);
            self.records.withdraw(self.floor, |id| said.contains(&id));
        }
        self.rules = Rules::default();
        self.is_finished = true;
        self.has_news = true;
    }

    /// The time of the first packet on which something still open rests.
    fn horizon(&self) -> Option<Timestamp> {
        let machine = self.machine.as_ref()?;
        u64::try_from(machine.horizon()).ok().map(Timestamp)
    }

    /// How far it is, for whoever takes over.
    pub(super) fn past(&self) -> Past {
        let mut seen = self.past.seen.clone();
        for (stream, feed) in &self.feeds {
            seen.entry(*stream).or_default().union(&feed.seen);
        }
        Past { seen, is_finished: self.is_finished, horizon: self.horizon() }
    }

    /// Whether there is nothing to be done before something comes.
    pub(super) fn is_idle(&self) -> bool {
        let is_over = self.is_finished || self.last.is_none() && self.feeds.values().all(|feed| feed.behind() == 0);
        !self.is_dirty && is_over && self.replay_at.is_none() && self.records.is_settled()
    }

    /// Packets of this reading.
    #[cfg(test)]
    pub(super) const fn packets(&self) -> u64 {
        self.numbering.count()
    }

    /// Whether it holds a machine, which takes memory.
    pub(super) const fn is_reading(&self) -> bool {
        self.machine.is_some()
    }

    /// For `status`.
    pub(super) fn state(&mut self, now: Instant) -> Shown {
        if let Some(shown) = self.shown.filter(|_| self.is_idle()) {
            return shown;
        }
        let behind: u64 = self.feeds.values().map(Feed::behind).sum();
        let seen: u64 = self.feeds.values().map(|feed| feed.seen.count()).sum();
        let waits = self.behind_since.map_or(0, |since| now.duration_since(since).as_millis());
        let state = match (self.is_finished, self.replay_at.is_some(), behind) {
            (_, true, _) => "reading again",
            (true, _, _) => "done",
            (_, _, 0) if self.last.is_none() => "no packets",
            (_, _, 0) => "following",
            _ => "reading",
        };
        let behind_ms = u64::try_from(waits).unwrap_or(u64::MAX);
        let findings = self.records.count();
        let shown = Shown { state, chunks: seen, behind_chunks: behind, behind_ms, findings };
        self.shown = Some(shown);
        shown
    }
}

fn packet_id(id: u128) -> String {
    PacketId::from_bytes(id.to_be_bytes()).map_or_else(|_| format!("{id:032x}"), |id| id.to_string())
}
