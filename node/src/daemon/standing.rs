//! Standing rules: rule files that every node keeps and that the analysis runners hold packets to.
//!
//! Each file has a version; the greatest counts, and one that was removed is remembered as such. A change is told to all
//! members that can be reached, and each node asks one other for what is newer, in turn: who was away hears of it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use arc_swap::ArcSwap;
use packetstream_protocol::codec;
use packetstream_protocol::ids::NodeId;
use packetstream_protocol::limits::{MAX_RULE_FILE_BYTES, MAX_RULE_FILES};
use packetstream_protocol::wire::{PeerRequest, Refusal, RefusalCode, Request, Response, RuleFile, RuleStamp};
use packetstream_storage::{ChunkStore, StoreError};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::hub::{Hub, refusal};
use crate::rules::{self, Notice, Notifier, RuleSet};

/// Names under which the store keeps the files.
const KEY: &str = "rules/";
/// Bytes of all files together: one message carries them.
const MAX_BYTES: usize = 16 << 20;
/// Files in one message to another member.
const FILES_A_MESSAGE: usize = 4;
/// One other member is asked so often for what is newer.
const ASK_INTERVAL: Duration = Duration::from_secs(1);
/// How long another member may take.
const PEER_TIMEOUT: Duration = Duration::from_secs(2);

/// The rules that run.
pub(crate) struct Active {
    /// Rises with each change on this node.
    pub(crate) version: u64,
    pub(crate) set: RuleSet,
}

/// See the module.
pub(crate) struct Standing {
    store: Arc<dyn ChunkStore>,
    files: Mutex<BTreeMap<String, RuleFile>>,
    active: ArcSwap<Active>,
    /// Something was changed through this node.
    changed: Notify,
    /// Started when somebody is to be told for the first time.
    notifier: OnceLock<Option<Notifier>>,
}

impl Standing {
    /// The rules that the store keeps.
    pub(crate) fn load(store: Arc<dyn ChunkStore>) -> Self {
        let kept = store.metas(KEY).unwrap_or_default();
        let read = |(key, value): (&String, &Vec<u8>)| match codec::decode::<RuleFile>(value) {
            Ok(file) => Some((file.stamp.name.clone(), file)),
            Err(error) => {
                tracing::error!(%key, %error, "a rule file in the store cannot be read and is left out");
                None
            }
        };
        let files: BTreeMap<String, RuleFile> = kept.iter().filter_map(read).collect();
        let active = ArcSwap::from_pointee(Active { version: 0, set: compiled(&files) });
        Self { store, files: Mutex::new(files), active, changed: Notify::new(), notifier: OnceLock::new() }
    }

    /// The rules that run now.
    pub(crate) fn active(&self) -> Arc<Active> {
        self.active.load_full()
    }

    /// Tells whom a notice names. Without a thread nobody is told; what is found is still kept.
    pub(crate) fn tell(&self, notice: Notice) {
        if let Some(notifier) = self.notifier.get_or_init(|| Notifier::start().ok()) {
            notifier.notify(notice);
        }
    }

    /// All files, those included that were removed.
    pub(crate) fn all(&self) -> Vec<RuleFile> {
        self.files.lock().values().cloned().collect()
    }

    /// What of them is newer than these.
    pub(crate) fn newer_than(&self, stamps: &[RuleStamp]) -> Vec<RuleFile> {
        let theirs: BTreeMap<&str, &RuleStamp> = stamps.iter().map(|stamp| (stamp.name.as_str(), stamp)).collect();
        let newer = |file: &&RuleFile| theirs.get(file.stamp.name.as_str()).is_none_or(|known| **known < file.stamp);
        self.files.lock().values().filter(newer).cloned().collect()
    }

    fn stamps(&self) -> Vec<RuleStamp> {
        self.files.lock().values().map(|file| file.stamp.clone()).collect()
    }

    /// Takes files of another member where they are newer.
    pub(crate) fn take(&self, news: Vec<RuleFile>) -> Result<(), StoreError> {
        let mut files = self.files.lock();
        let mut is_changed = false;
        for file in news {
            let known = files.get(&file.stamp.name);
            if known.is_some_and(|known| known.stamp >= file.stamp)
                || file.check().is_err()
                || !is_name(&file.stamp.name)
            {
                continue;
            }
            if known.is_none() && !make_room(&*self.store, &mut files)? {
                tracing::error!(name = %file.stamp.name, "{MAX_RULE_FILES} rule files are the limit; one more is left out");
                continue;
            }
            keep(&*self.store, &file)?;
            files.insert(file.stamp.name.clone(), file);
            is_changed = true;
        }
        if is_changed {
            self.reload(&files);
        }
        Ok(())
    }

    /// An operator's change: the text of a file, or its removal.
    pub(crate) fn change(&self, me: NodeId, name: &str, text: Option<String>) -> Result<(), Refusal> {
        if !is_name(name) {
            let why = "a rule file's name is one of a file without its folder";
            return Err(RefusalCode::BadRequest.because(why));
        }
        if let Some(text) = &text {
            let alone = rules::compile(&[(PathBuf::from(name), text.clone())]);
            if let Some(Err(error)) = alone.into_iter().next() {
                return Err(RefusalCode::BadRequest.because(error));
            }
        }
        let mut files = self.files.lock();
        let known = files.get(name);
        if text.is_none() && known.is_none_or(|known| known.text.is_none()) {
            let why = format!("no rule file {name}; `packetstream rules list` lists those that there are");
            return Err(RefusalCode::NotFound.because(why));
        }
        let version = known.map_or(1, |known| known.stamp.version + 1);
        let bytes: usize = files
            .values()
            .filter(|file| file.stamp.name != name)
            .filter_map(|file| file.text.as_ref())
            .chain(text.as_ref())
            .map(String::len)
            .sum();
        if bytes > MAX_BYTES {
            return Err(
                RefusalCode::BadRequest.because(format!("{bytes} bytes of rule files, the limit is {MAX_BYTES}"))
            );
        }
        if known.is_none() && !make_room(&*self.store, &mut files).map_err(|error| refusal(&error))? {
            return Err(RefusalCode::BadRequest.because(format!("{MAX_RULE_FILES} rule files, the limit")));
        }
        let file = RuleFile { stamp: RuleStamp { name: name.to_owned(), version, by: me }, text };
        keep(&*self.store, &file).map_err(|error| refusal(&error))?;
        files.insert(name.to_owned(), file);
        self.reload(&files);
        self.changed.notify_one();
        Ok(())
    }

    fn reload(&self, files: &BTreeMap<String, RuleFile>) {
        let version = self.active.load().version + 1;
        let set = compiled(files);
        set.disabled.iter().for_each(|line| tracing::warn!("{line}"));
        self.active.store(Arc::new(Active { version, set }));
    }
}

/// Makes room for one more: of those that were removed the oldest is forgotten.
fn make_room(store: &dyn ChunkStore, files: &mut BTreeMap<String, RuleFile>) -> Result<bool, StoreError> {
    if files.len() < MAX_RULE_FILES {
        return Ok(true);
    }
    let removed = files.values().filter(|file| file.text.is_none()).min_by_key(|file| file.stamp.version);
    let Some(name) = removed.map(|file| file.stamp.name.clone()) else { return Ok(false) };
    store.put_meta(&format!("{KEY}{name}"), None)?;
    files.remove(&name);
    Ok(true)
}

fn keep(store: &dyn ChunkStore, file: &RuleFile) -> Result<(), StoreError> {
    let found = file.text.as_ref().map_or(0, String::len);
    let value = codec::encode(file).map_err(|_| StoreError::TooLarge {
        what: "rule file",
        found,
        limit: MAX_RULE_FILE_BYTES,
    })?;
    store.put_meta(&format!("{KEY}{}", file.stamp.name), Some(&value))
}

/// What can name a file: the store's key has room for it, and it shows on one line.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 200 && !name.contains('/') && !name.chars().any(char::is_control)
}

/// What of the files can run. One that holds no rules is left out; it was refused where it was added.
fn compiled(files: &BTreeMap<String, RuleFile>) -> RuleSet {
    let texts: Vec<(PathBuf, String)> =
        files.values().filter_map(|file| Some((PathBuf::from(&file.stamp.name), file.text.clone()?))).collect();
    RuleSet::of(&rules::compile(&texts).into_iter().filter_map(Result::ok).collect::<Vec<_>>())
}

/// Tells the other members what was changed here, and asks one after the other for what is newer.
pub(super) async fn spread(hub: Weak<Hub>) {
    let mut turn = 0usize;
    loop {
        let Some(hub) = hub.upgrade() else { return };
        let connected: Vec<NodeId> = hub.peers.connected().into_iter().collect();
        if let Some(node) = connected.get(turn % connected.len().max(1)).copied() {
            turn = turn.wrapping_add(1);
            let asked = hub.standing.stamps();
            if let Some(Response::Rules(files)) = ask(&hub, node, PeerRequest::Rules(asked)).await {
                take(&hub, files).await;
            }
        }
        let changed = timeout(ASK_INTERVAL, hub.standing.changed.notified()).await.is_ok();
        if changed {
            let files = hub.standing.all();
            let told = hub.peers.connected().into_iter().flat_map(|node| {
                let (hub, parts) = (&hub, files.chunks(FILES_A_MESSAGE));
                parts.map(move |part| ask(hub, node, PeerRequest::TakeRules(part.to_vec())))
            });
            futures::future::join_all(told).await;
        }
    }
}

/// Takes files, on a thread that may block.
pub(super) async fn take(hub: &Arc<Hub>, files: Vec<RuleFile>) {
    if files.is_empty() {
        return;
    }
    let hub = hub.clone();
    let taken = tokio::task::spawn_blocking(move || hub.standing.take(files)).await;
    if let Ok(Err(error)) = taken {
        tracing::error!(%error, "rule files are not kept");
    }
}

async fn ask(hub: &Arc<Hub>, node: NodeId, request: PeerRequest) -> Option<Response> {
    let peer = hub.peers.peer(node).await?;
    timeout(PEER_TIMEOUT, peer.call(&Request::Peer(request))).await.ok()?.ok()
}

#[cfg(test)]
mod tests {
    use packetstream_storage::MemoryStore;

    use super::*;

    const RULE: &str = "[[rule]]\nname = 'a'\nfilter = 'sip'\n";
    const ME: NodeId = NodeId([1; 32]);
    const OTHER: NodeId = NodeId([2; 32]);

    fn standing() -> (Arc<MemoryStore>, Standing) {
        let store = Arc::new(MemoryStore::default());
        (store.clone(), Standing::load(store))
    }

    fn names(standing: &Standing) -> Vec<String> {
        standing.all().into_iter().filter(|file| file.text.is_some()).map(|file| file.stamp.name).collect()
    }

    #[test]
    fn the_greatest_version_counts_wherever_it_comes_from() {
        let (_, here) = standing();
        let (_, there) = standing();
        here.change(ME, "a.toml", Some(RULE.to_owned())).expect("a rule");
        assert!(!here.active().set.is_empty());
        there.take(here.newer_than(&there.stamps())).expect("memory takes it");
        assert_eq!(names(&there), ["a.toml"]);
        assert!(here.newer_than(&there.stamps()).is_empty());
        there.change(OTHER, "a.toml", None).expect("it is there");
        here.take(there.newer_than(&here.stamps())).expect("memory takes it");
        assert!(names(&here).is_empty() && here.active().set.is_empty());
        // What is older comes too late.
        let old = RuleFile {
            stamp: RuleStamp { name: "a.toml".to_owned(), version: 1, by: OTHER },
            text: Some(RULE.to_owned()),
        };
        here.take(vec![old]).expect("memory takes it");
        assert!(names(&here).is_empty());
        assert!(here.change(ME, "a.toml", None).is_err(), "it is there no more");
    }

    #[test]
    fn rules_are_there_after_a_restart_and_a_faulty_one_disables_itself_alone() {
        let (store, standing) = standing();
        let text = format!("{RULE}\n[[rule]]\nname = 'b'\nfilter = 'no.such.field'\n");
        standing.change(ME, "a.toml", Some(text)).expect("a rule");
        let again = Standing::load(store);
        assert_eq!(names(&again), ["a.toml"]);
        let active = again.active();
        assert!(!active.set.is_empty());
        assert_eq!(active.set.disabled.len(), 1);
        assert!(active.set.disabled[0].contains("no.such.field"), "{:?}", active.set.disabled);
    }

    #[test]
    fn names_and_texts_are_held_to_their_limits() {
        let (_, standing) = standing();
        for name in ["", "a/b.toml", "a\nb", &"x".repeat(201)] {
            assert!(standing.change(ME, name, Some(RULE.to_owned())).is_err(), "{name:?}");
        }
        assert!(standing.change(ME, "a.toml", Some("[[rule".to_owned())).is_err(), "no rules at all");
        for number in 0..MAX_RULE_FILES {
            standing.change(ME, &format!("{number}.toml"), Some(RULE.to_owned())).expect("there is room");
        }
        assert!(standing.change(ME, "more.toml", Some(RULE.to_owned())).is_err(), "the limit");
        // One that was removed makes room.
        standing.change(ME, "7.toml", None).expect("it is there");
        standing.change(ME, "more.toml", Some(RULE.to_owned())).expect("there is room");
        assert_eq!(standing.all().len(), MAX_RULE_FILES);
        let large = format!("#{}\n{RULE}", "x".repeat(MAX_RULE_FILE_BYTES - RULE.len() - 2));
        let added = (0..=MAX_BYTES / MAX_RULE_FILE_BYTES)
            .map(|number| standing.change(ME, &format!("{number}.toml"), Some(large.clone())))
            .filter(Result::is_ok)
            .count();
        assert_eq!(added, MAX_BYTES / MAX_RULE_FILE_BYTES - 1, "bytes of all together");
    }
}
