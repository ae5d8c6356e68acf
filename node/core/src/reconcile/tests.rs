use std::collections::BTreeMap;

use packetstream_protocol::cluster::{MapRecord, MapSlot};
use packetstream_protocol::ids::{ChunkNo, Epoch, HostId};

use super::*;
use crate::placement::place_of;

const CHUNK_BYTES: u64 = 1000;

fn node(number: u8) -> NodeId {
    NodeId([number; 32])
}

fn record(sum: u64, nodes: &[u8]) -> MapRecord {
    let slot =
        |&number: &u8| MapSlot { node: node(number), place: place_of(node(number)), weight: 1, zone: String::new() };
    MapRecord { id: MapId { sum, hash: sum }, slots: nodes.iter().map(slot).collect() }
}

fn stream() -> StreamId {
    StreamId { host: HostId::from_bytes([1; 16]), epoch: Epoch(1) }
}

fn partition() -> Partition {
    stream().host.partition()
}

fn set(ranges: &[(u64, u64)]) -> RangeSet {
    RangeSet::from_ranges(ranges.to_vec()).expect("in order")
}

/// From whom, to whom, what.
type Said = Vec<(NodeId, NodeId, Body)>;
type Run<'a> = Box<dyn FnOnce(&mut Reconciler, &mut Scene<'_>) + 'a>;

struct Node {
    history: History,
    holdings: Holdings,
    reconciler: Reconciler,
}

/// Nodes that talk to each other and move chunks without delay.
struct Field {
    now: Moment,
    nodes: BTreeMap<NodeId, Node>,
    dead: BTreeSet<NodeId>,
    /// Chunks that went from one to another.
    moved: Vec<(NodeId, NodeId, u64)>,
    /// Who deleted which.
    deleted: Vec<(NodeId, RangeSet)>,
}

impl Field {
    /// Nodes that hold these chunks, under a map of some of them.
    fn new(map: &[u8], holding: &[(u8, &[(u64, u64)])]) -> Self {
        let mut field = Self {
            now: Moment(0),
            nodes: BTreeMap::new(),
            dead: BTreeSet::new(),
            moved: Vec::new(),
            deleted: Vec::new(),
        };
        for &(number, ranges) in holding {
            let mut holdings = Holdings::default();
            let have = set(ranges);
            if !have.is_empty() {
                holdings.load(stream(), have.clone(), have.count() * CHUNK_BYTES);
            }
            let reconciler = Reconciler::new(1 << 30, u64::from(number) << 32, Moment(0));
            field.nodes.insert(node(number), Node { history: History::default(), holdings, reconciler });
        }
        let all: Vec<u8> = holding.iter().map(|&(number, _)| number).collect();
        field.adopt(&all, 1, map);
        field
    }

    /// Some of them have a new map.
    fn adopt(&mut self, who: &[u8], sum: u64, map: &[u8]) {
        for &number in who {
            self.nodes.get_mut(&node(number)).expect("it is there").history.adopt(record(sum, map));
            let begun = self.with(node(number), Reconciler::handle_map);
            self.settle(begun);
            self.ack(number);
        }
    }

    /// It has heard that everybody routes by its newest map.
    fn ack(&mut self, number: u8) {
        self.with(node(number), |reconciler, _| reconciler.handle_acked());
    }

    fn store(&mut self, number: u8, no: u64) {
        let chunk = ChunkId { stream: stream(), no: ChunkNo(no) };
        self.nodes.get_mut(&node(number)).expect("it is there").holdings.stored(chunk, CHUNK_BYTES as u32);
        let said = self.with(node(number), |reconciler, scene| reconciler.handle_stored(scene, chunk));
        self.settle(said);
    }

    fn with(&mut self, me: NodeId, run: impl FnOnce(&mut Reconciler, &mut Scene<'_>)) -> Said {
        self.run(me, Box::new(run))
    }

    /// Runs something of a node's reconciler and does what it wants done; what is to be said to others.
    fn run(&mut self, me: NodeId, run: Run<'_>) -> Said {
        let (mut sends, mut out) = (Vec::new(), Vec::new());
        let dead = &self.dead;
        let Some(Node { history, holdings, reconciler }) = self.nodes.get_mut(&me) else { return Vec::new() };
        let mut scene = Scene {
            now: self.now,
            me,
            history,
            holdings,
            alive: &|node| !dead.contains(&node),
            sends: &mut sends,
            out: &mut out,
            delete_before_proof: false,
        };
        run(reconciler, &mut scene);
        let mut said: Said = sends.into_iter().map(|(to, body)| (me, to, body)).collect();
        for output in out {
            match output {
                Output::Push { push, to, stream, chunks } => {
                    for no in chunks.iter() {
                        self.moved.push((me, to, no));
                        if let Some(there) = self.nodes.get_mut(&to) {
                            let chunk = ChunkId { stream, no: ChunkNo(no) };
                            there.holdings.stored(chunk, CHUNK_BYTES as u32);
                            said.extend(self.with(to, |reconciler, scene| reconciler.handle_stored(scene, chunk)));
                        }
                    }
                    said.extend(self.with(me, |reconciler, scene| reconciler.handle_push_ended(scene, push)));
                }
                Output::Delete { stream, chunks } => {
                    self.nodes.get_mut(&me).expect("it is there").holdings.deleted(stream, &chunks);
                    self.deleted.push((me, chunks));
                }
                _ => {}
            }
        }
        said
    }

    fn deliver(&mut self, from: NodeId, to: NodeId, body: Body) -> Said {
        if self.dead.contains(&from) || self.dead.contains(&to) {
            return Vec::new();
        }
        self.with(to, |reconciler, scene| match body {
            Body::Root { map, root } => reconciler.handle_root(scene, from, map, root),
            Body::RootSame { map, root } => reconciler.handle_root_same(scene, from, map, root),
            Body::RootDiffers { map } => reconciler.handle_root_differs(scene, from, map),
            Body::Shares { map, shares } => reconciler.handle_shares(scene, from, map, &shares),
            Body::SharesSame { map, first, last, shares } => {
                reconciler.handle_shares_same(scene, from, map, (first, last), &shares);
            }
            Body::HaveAsk { nonce, partition, after } => {
                let (streams, next) = scene.holdings.page(partition, after);
                let page = HavePage { nonce, map: scene.history.id(), partition, streams, next };
                scene.sends.push((from, Body::Have(page)));
            }
            Body::Have(page) => reconciler.handle_have(scene, from, page),
            Body::Want { stream, chunks } => reconciler.handle_want(scene, from, stream, &chunks),
            Body::Lack { stream, chunks } => reconciler.handle_lack(scene, from, stream, &chunks),
            other => panic!("{other:?} is none of the reconciler's"),
        })
    }

    fn settle(&mut self, said: Said) {
        let mut said = VecDeque::from(said);
        while let Some((from, to, body)) = said.pop_front() {
            said.extend(self.deliver(from, to, body));
        }
    }

    /// Lets so many seconds pass.
    fn pass(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.now = self.now + Duration::from_secs(1);
            for me in self.nodes.keys().copied().collect::<Vec<_>>() {
                if self.dead.contains(&me) {
                    continue;
                }
                if self.now.0.is_multiple_of(2000) {
                    self.nodes.get_mut(&me).expect("it is there").holdings.turn();
                }
                let said = self.with(me, Reconciler::handle_wake);
                self.settle(said);
            }
        }
    }

    fn has(&self, number: u8) -> Vec<(u64, u64)> {
        let stream = self.nodes[&node(number)].holdings.stream(stream());
        stream.map(|state| state.have.ranges().to_vec()).unwrap_or_default()
    }

    fn in_sync(&self, number: u8) -> bool {
        self.nodes[&node(number)].reconciler.in_sync()
    }
}

#[test]
fn owners_give_each_other_what_they_lack_and_each_chunk_once() {
    let mut field = Field::new(&[1, 2, 3], &[(1, &[(0, 199)]), (2, &[(100, 399)]), (3, &[])]);
    assert!(!field.in_sync(1) && !field.in_sync(2) && field.in_sync(3), "who holds nothing has nothing to prove");
    field.pass(20);
    for number in 1..=3 {
        assert_eq!(field.has(number), [(0, 399)]);
        assert!(field.in_sync(number));
    }
    assert_eq!(field.moved.len(), 200 + 100 + 400, "nothing was sent twice");
    assert_eq!(field.deleted, []);
}

#[test]
fn a_misplaced_copy_goes_only_when_every_owner_has_proved_its_own() {
    let mut field = Field::new(&[1, 2, 3], &[(1, &[(0, 9)]), (2, &[(0, 9)]), (3, &[]), (4, &[(0, 19)])]);
    field.dead.insert(node(3));
    field.pass(60);
    assert_eq!((field.has(1), field.has(4)), (vec![(0, 19)], vec![(0, 19)]), "the third owner has proved nothing");
    assert!(!field.in_sync(4));
    field.dead.clear();
    field.pass(20);
    assert_eq!((field.has(3), field.has(4)), (vec![(0, 19)], vec![]));
    let deleted: u64 = field.deleted.iter().map(|(_, chunks)| chunks.count()).sum();
    assert!(deleted == 20 && field.deleted.iter().all(|(who, _)| *who == node(4)));
    assert!(field.in_sync(4));
}

#[test]
fn what_an_older_map_still_gives_to_a_node_is_not_deleted() {
    let mut field = Field::new(&[1, 2, 4], &[(1, &[(0, 9)]), (2, &[(0, 9)]), (3, &[]), (4, &[(0, 9)])]);
    field.adopt(&[1, 2, 3, 4], 2, &[1, 2, 3]);
    field.pass(30);
    assert_eq!((field.has(3), field.has(4)), (vec![(0, 9)], vec![(0, 9)]), "readers may still ask the fourth");
    assert!((1..=4).all(|number| field.in_sync(number)));
}

#[test]
fn an_answer_under_another_map_proves_nothing() {
    let mut field = Field::new(&[1, 2], &[(1, &[(0, 9)]), (2, &[(0, 9)])]);
    field.pass(10);
    assert!(field.in_sync(1));
    field.adopt(&[1], 2, &[1, 2]);
    field.pass(30);
    assert!(!field.in_sync(1), "the second still answers under the older map");
    field.adopt(&[2], 2, &[1, 2]);
    field.pass(10);
    assert!(field.in_sync(1) && field.in_sync(2));
}

/// Lets time pass until the first says that all it holds is where it belongs, and looks whether it is with the second.
fn is_true_when_it_says_so(field: &mut Field, all: &[(u64, u64)]) {
    for _ in 0..20 {
        assert!(!field.in_sync(1) || field.has(2) == all, "the second has {:?}", field.has(2));
        field.pass(1);
    }
    assert!(field.in_sync(1));
}

#[test]
fn what_came_a_moment_before_the_newest_map_is_to_be_proved() {
    let mut field = Field::new(&[1, 2], &[(1, &[(0, 9)]), (2, &[(0, 9)])]);
    field.pass(10);
    field.store(1, 10);
    field.adopt(&[1, 2], 2, &[1, 2]);
    is_true_when_it_says_so(&mut field, &[(0, 10)]);
}

#[test]
fn what_comes_before_everybody_routes_by_the_newest_map_is_to_be_proved() {
    let mut field = Field::new(&[1, 2], &[(1, &[(0, 9)]), (2, &[(0, 9)])]);
    field.adopt(&[2], 2, &[1, 2]);
    field.nodes.get_mut(&node(1)).expect("it is there").history.adopt(record(2, &[1, 2]));
    let begun = field.with(node(1), Reconciler::handle_map);
    field.settle(begun);
    field.pass(20);
    assert!(!field.in_sync(1), "somebody may release something by an older map");
    field.store(1, 10);
    field.ack(1);
    is_true_when_it_says_so(&mut field, &[(0, 10)]);

    field.store(1, 11);
    assert!(field.in_sync(1), "that was released by the newest map");
}

#[test]
fn what_came_a_moment_ago_is_neither_compared_nor_wanted() {
    let mut field = Field::new(&[1, 2], &[(1, &[(0, 9)]), (2, &[(0, 9)])]);
    field.pass(10);
    let chunk = ChunkId { stream: stream(), no: ChunkNo(10) };
    let first = &mut field.nodes.get_mut(&node(1)).expect("it is there").holdings;
    let before = first.hash(partition());
    first.stored(chunk, CHUNK_BYTES as u32);
    assert_eq!(first.hash(partition()), before, "others are probably being given it just now");
    field.pass(2);
    assert_eq!(field.has(2), [(0, 9)]);
    field.pass(20);
    assert_eq!(field.has(2), [(0, 10)]);
}

#[test]
fn what_does_not_come_is_wanted_of_another() {
    let mut field = Field::new(&[1, 2, 3], &[(1, &[]), (2, &[(0, 9)]), (3, &[(0, 9)])]);
    let page = |nonce| {
        let held = Held { have: set(&[(0, 9)]), ..Held::nothing(stream()) };
        HavePage { nonce, map: MapId { sum: 1, hash: 1 }, partition: partition(), streams: vec![held], next: None }
    };
    let ask = |field: &mut Field, of: u8| {
        let said = field.with(node(1), |reconciler, scene| {
            reconciler.ask_later(node(of), partition());
            reconciler.ask(scene);
        });
        let Some((.., Body::HaveAsk { nonce, .. })) = said.into_iter().next_back() else { panic!("it asks") };
        field.with(node(1), |reconciler, scene| reconciler.handle_have(scene, node(of), page(nonce)))
    };
    let wants = |said: &[(NodeId, NodeId, Body)]| -> Vec<NodeId> {
        said.iter().filter(|(.., body)| matches!(body, Body::Want { .. })).map(|&(_, to, _)| to).collect()
    };
    assert_eq!(wants(&ask(&mut field, 2)), [node(2)]);
    assert_eq!(wants(&ask(&mut field, 3)), [], "it is under way already");
    field.now = field.now + WANT_TIMEOUT;
    field.with(node(1), Reconciler::handle_wake);
    assert_eq!(wants(&ask(&mut field, 3)), [node(3)]);
    let said =
        field.with(node(1), |reconciler, scene| reconciler.handle_lack(scene, node(3), stream(), &set(&[(0, 9)])));
    assert_eq!(wants(&said), []);
    assert_eq!(wants(&ask(&mut field, 2)), [node(2)], "the third said that it lacks them");
}

#[test]
fn so_much_is_under_way_from_one_holder_and_no_more() {
    let mut field = Field::new(&[1, 2], &[(1, &[]), (2, &[(0, 9999)])]);
    let said = field.with(node(1), |reconciler, scene| {
        let held = Held { have: set(&[(0, 9999)]), ..Held::nothing(stream()) };
        reconciler.want_of(scene, node(2), &held);
        reconciler.want(scene);
    });
    let wanted = said.iter().map(|(.., body)| match body {
        Body::Want { chunks, .. } => chunks.count(),
        other => panic!("{other:?}"),
    });
    assert_eq!(wanted.collect::<Vec<_>>(), [WANT_BATCH; (MAX_UNDER_WAY / WANT_BATCH) as usize]);
    let after = |field: &mut Field, arrived| {
        let chunk = |no| ChunkId { stream: stream(), no: ChunkNo(no) };
        (0..arrived)
            .flat_map(|no| field.with(node(1), |reconciler, scene| reconciler.handle_stored(scene, chunk(no))))
            .count()
    };
    assert_eq!(after(&mut field, WANT_BATCH / 2 - 1), 0);
    assert_eq!(after(&mut field, WANT_BATCH / 2), 1, "the next ones when there is room for them");
}

#[test]
fn what_is_all_dropped_needs_no_proof() {
    let mut field = Field::new(&[1, 2], &[(1, &[(0, 9)]), (2, &[])]);
    field.dead.insert(node(2));
    field.pass(10);
    assert!(!field.in_sync(1));
    let held = &mut field.nodes.get_mut(&node(1)).expect("it is there").holdings;
    held.expired(stream(), &set(&[(0, 9)]));
    field.pass(1);
    assert!(field.in_sync(1), "nothing is left to be brought anywhere");
}

#[test]
fn what_is_pushed_is_held_to_the_rate() {
    let mut field = Field::new(&[1, 2], &[(1, &[(0, 9999)]), (2, &[])]);
    field.nodes.get_mut(&node(1)).expect("it is there").reconciler.rate_bytes_s = 100 * CHUNK_BYTES;
    field.pass(30);
    let moved = field.moved.len() as u64;
    assert!((1000..=3000 + WANT_BATCH * 30).contains(&moved), "{moved} in 30 s at 100 a second");
    field.pass(30);
    let more = field.moved.len() as u64 - moved;
    assert!((1000..=30 * (100 + WANT_BATCH)).contains(&more), "{more} in 30 s at 100 a second");
}

#[test]
fn questions_and_wants_have_limits() {
    let mut field = Field::new(&[1, 2], &[(1, &[(0, 9)]), (2, &[])]);
    let all = || (0..Partition::COUNT).filter_map(Partition::new);
    let said = field.with(node(1), |reconciler, scene| {
        (0..8).for_each(|number| all().for_each(|partition| reconciler.ask_later(node(100 + number), partition)));
        assert_eq!(reconciler.asks_waiting.len(), MAX_ASKS_WAITING);
        reconciler.ask(scene);
        assert_eq!(reconciler.asks.len(), MAX_ASKS);
    });
    assert_eq!(said.len(), MAX_ASKS);

    // One who wants more than may wait is told to ask again.
    field.dead.insert(node(2));
    let said = field.with(node(1), |reconciler, scene| {
        reconciler.pushes_waiting =
            (0..MAX_PUSHES_WAITING).map(|_| Push { to: node(3), stream: stream(), chunks: set(&[(0, 0)]) }).collect();
        (reconciler.rate_bytes_s, reconciler.tokens) = (0, 0);
        reconciler.handle_want(scene, node(2), stream(), &set(&[(0, 4)]));
        assert_eq!(reconciler.pushes_waiting.len(), MAX_PUSHES_WAITING);
    });
    assert!(matches!(&said[..], [(_, to, Body::Lack { chunks, .. })] if *to == node(2) && chunks.count() == 5));
    let said = field.with(node(1), |reconciler, scene| {
        reconciler.pushes_waiting.clear();
        reconciler.handle_want(scene, node(2), stream(), &set(&[(8, 500)]));
        let waiting: Vec<u64> = reconciler.pushes_waiting.iter().map(|push| push.chunks.count()).collect();
        assert_eq!(waiting, [2], "only what is here");
    });
    assert!(matches!(&said[..], [(.., Body::Lack { chunks, .. })] if chunks.ranges() == [(10, 500)]));
}
