//! Queries over the in-memory store.

use std::sync::Arc;
use std::time::Instant;

use packetstream_config::authority::Invitation;
use packetstream_config::{Address, Authority, Secret};
use packetstream_protocol::chunk::{ChunkBuilder, Class};
use packetstream_protocol::credentials::Role;
use packetstream_protocol::ids::{Epoch, HostId, NodeId, Seq};
use packetstream_protocol::wire::{
    Closing, Extract, OutputFormat, OutputSpec, Payload, PeerRequest, PutOpen, Query, RefusalCode, Request, Response,
};
use packetstream_protocol::{Chunk, ChunkNo, Interface, PacketId, PacketRef, StreamId, Timestamp};
use packetstream_storage::{ChunkStore, MemoryStore};

use super::Service;
use super::conversation::Conversations;
use super::hub::Hub;
use super::keeper::{Fault, Plant};
use crate::net::{Client, Endpoint, Limits};

fn interface() -> Interface {
    Interface { link_type: 1, snaplen: 0, resolution: 9, name: "eth0".into(), description: String::new() }
}

/// Packets of one stream: time, class. Numbered in their order.
fn stream(host: u8, packets: &[(u64, Class)]) -> Vec<Chunk> {
    let stream = StreamId { host: HostId::from_bytes([host; 16]), epoch: Epoch(1) };
    let mut chunks = Vec::new();
    for class in [Class::Signalling, Class::Media] {
        let mut builder = ChunkBuilder::new(stream, class, Default::default());
        builder.declare(0, &interface());
        for (counter, (time, _)) in packets.iter().enumerate().filter(|(_, packet)| packet.1 == class) {
            let mut bytes = vec![0xff; 12];
            bytes.extend_from_slice(&[0x88, 0xb6, host, counter as u8]);
            let packet = PacketRef {
                id: PacketId { time: Timestamp(*time), seq: Seq::new(stream.epoch, counter as u64) },
                interface: 0,
                orig_len: bytes.len() as u32,
                flags: 0,
                bytes: &bytes,
                comment: None,
            };
            builder.push(&packet).expect("it fits");
        }
        chunks.extend(builder.seal(ChunkNo(chunks.len() as u64)));
    }
    chunks
}

fn service(streams: &[Vec<Chunk>]) -> Service {
    let store = MemoryStore::default();
    for chunks in streams {
        store.append(chunks.clone()).expect("memory takes them");
    }
    #[allow(clippy::disallowed_methods)]
    Service::new(Arc::new(store), NodeId([0; 32]), "test".into(), Vec::new(), Instant::now())
}

fn ask(service: &Service, change: impl FnOnce(&mut Query)) -> (Vec<String>, Closing) {
    let mut query = Query {
        hosts: Vec::new(),
        since: None,
        until: None,
        filter: String::new(),
        references: Vec::new(),
        limit: None,
        output: OutputSpec {
            fields: vec!["frame.number".into(), "data.data".into()],
            ..OutputSpec::new(OutputFormat::Fields)
        },
        follow: false,
    };
    change(&mut query);
    let mut lines = Vec::new();
    let closing = service.rows(&Request::Query(query), &mut |rows| {
        for row in rows.rows {
            if let Payload::Rendered(text) = row.payload {
                lines.extend(String::from_utf8_lossy(&text).lines().map(str::to_owned));
            }
        }
        Ok(())
    });
    (lines, closing.expect("the query makes sense"))
}

use Class::{Media, Signalling};

#[test]
fn classes_of_a_stream_are_merged_in_the_order_of_capture() {
    let service = service(&[stream(1, &[(10, Signalling), (20, Media), (15, Signalling), (30, Media)])]);
    let (lines, closing) = ask(&service, |_| {});
    assert_eq!(lines, ["1\t0100", "2\t0101", "3\t0102", "4\t0103"]);
    assert!(closing.complete && closing.matched == 4 && closing.scanned == 4);
}

#[test]
fn streams_are_merged_by_time() {
    let service = service(&[stream(1, &[(10, Media), (30, Media)]), stream(2, &[(20, Media), (40, Media)])]);
    let (lines, _) = ask(&service, |_| {});
    assert_eq!(lines, ["1\t0100", "1\t0200", "2\t0101", "2\t0201"]);
}

#[test]
fn times_and_limits_bound_the_answer_and_frame_numbers_stay() {
    let service = service(&[stream(1, &[(10, Media), (20, Media), (30, Media)])]);
    let (lines, _) = ask(&service, |query| query.since = Some(Timestamp(20)));
    assert_eq!(lines, ["2\t0101", "3\t0102"]);
    let (lines, closing) = ask(&service, |query| query.limit = Some(1));
    assert_eq!((lines, closing.limited), (vec!["1\t0100".to_owned()], true));
}

#[test]
fn a_header_comes_once_and_before_the_first_row() {
    let service = service(&[stream(1, &[(10, Media), (20, Media)])]);
    let (lines, _) = ask(&service, |query| query.output.options.push(("E".into(), "header=y".into())));
    assert_eq!(lines, ["frame.number\tdata.data", "1\t0100", "2\t0101"]);
}

/// A node without others, and one who asks it in a role.
async fn node(role: Role, plant: Plant) -> (Arc<Service>, Endpoint, Client) {
    let now = std::time::SystemTime::now();
    let authority = Authority::create(Secret::generate(), now).expect("a key");
    let invite = |role, name: &str| {
        let invitation = Invitation { role, name: name.to_owned(), seeds: Vec::new() };
        authority.invite(invitation, Secret::generate(), now).expect("a certificate")
    };
    let (service, me) = (Arc::new(service(&[])), NodeId([0; 32]));
    let hub = Hub::new(service.store().clone(), me, Default::default(), plant).expect("threads");
    super::act(&hub, packetstream_core::Config::new(me), Default::default(), &service).expect("a thread");
    hub.driven().await;
    let conversations = Conversations { service: service.clone(), hub, audit: Default::default() };
    let endpoint = Endpoint::start(&invite(Role::Node, "n"), Limits::default(), conversations).expect("a start");
    let any = Address::new(std::net::Ipv4Addr::LOCALHOST.into(), 0);
    let listening = endpoint.listen(&any).await.expect("a free port");
    let address = Address::new(listening.ip(), listening.port());
    let client = Client::connect(&invite(role, "o"), &[address]).await.expect("it listens");
    (service, endpoint, client)
}

#[tokio::test]
async fn chunks_of_another_host_than_the_one_named_are_refused_and_not_stored() {
    let (service, _endpoint, client) = node(Role::Operator, Plant::default()).await;
    let chunk = &stream(1, &[(10, Media)])[0];
    for (host, is_taken) in [(HostId::from_bytes([2; 16]), false), (chunk.id().stream.host, true)] {
        let mut put = client.open(&Request::Put(PutOpen { host })).await.expect("connected");
        assert!(matches!(put.recv().await, Ok(Some(Response::Ready(_)))));
        put.send_chunk(chunk.bytes()).await.expect("connected");
        put.finish().await.expect("connected");
        match put.recv().await.expect("an answer") {
            Some(Response::Acks(acks)) => assert!(is_taken && acks.durable.len() == 1),
            Some(Response::Refused(refusal)) => assert!(!is_taken && refusal.code == RefusalCode::BadRequest),
            other => panic!("{other:?}"),
        }
        assert_eq!(service.store().usage().chunks, u64::from(is_taken));
    }
}

#[tokio::test]
async fn of_a_move_that_breaks_off_what_came_before_is_kept_and_the_rest_refused() {
    let (service, _endpoint, client) = node(Role::Node, Plant::default()).await;
    let chunks = stream(1, &[(10, Media), (20, Signalling)]);
    let broken = [&chunks[1].bytes()[..40], &[0xff; 40]].concat();
    let mut moving = client.open(&Request::Peer(PeerRequest::Move)).await.expect("connected");
    assert!(matches!(moving.recv().await, Ok(Some(Response::Ready(_)))));
    for bytes in [&chunks[0].bytes()[..], &broken] {
        moving.send(&Extract::default()).await.expect("connected");
        moving.send_chunk(bytes).await.expect("connected");
    }
    let mut stored = 0;
    let refusal = loop {
        match moving.recv().await.expect("an answer") {
            Some(Response::Writes(writes)) => stored += writes.durable.len(),
            Some(Response::Refused(refusal)) => break refusal,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((stored, refusal.code), (1, RefusalCode::BadRequest), "{refusal}");
    assert_eq!(service.store().usage().chunks, 1);
}

#[tokio::test]
async fn a_machine_that_was_held_up_leaves_everything_to_the_one_made_in_its_place() {
    let (release, held) = std::sync::mpsc::channel();
    let plant = Plant::new([("member".to_owned(), Fault::Stall(held))]);
    let (service, _endpoint, client) = node(Role::Operator, plant).await;
    let restarts = || service.board.lock().get("member").map_or(0, |(restarts, _)| *restarts);
    while restarts() == 0 {
        tokio::task::yield_now().await;
    }
    drop(release);
    // Two machines that share what is said to them would both wait for what the other one heard.
    for host in 1..=100 {
        let chunk = &stream(host, &[(10, Media)])[0];
        let mut put = client.open(&Request::Put(PutOpen { host: chunk.id().stream.host })).await.expect("connected");
        assert!(matches!(put.recv().await, Ok(Some(Response::Ready(_)))));
        put.send_chunk(chunk.bytes()).await.expect("connected");
        put.finish().await.expect("connected");
        assert!(matches!(put.recv().await, Ok(Some(Response::Acks(acks))) if acks.durable.len() == 1));
    }
    assert_eq!(restarts(), 1);
}

/// Filters and captures that Wireshark is compared on, where they lie beside the checkout.
fn shared() -> Option<(Vec<String>, Vec<std::path::PathBuf>)> {
    fn walk(folder: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
        for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            if path.is_dir() { walk(&path, found) } else { found.push(path) }
        }
    }
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let Ok(filters) = std::fs::read_to_string(folder.join("tools/filters.txt")) else {
        packetstream_tests::skipped("no filters at ../shared/tools/filters.txt");
        return None;
    };
    let is_filter = |line: &&str| !line.is_empty() && !line.starts_with('#');
    let mut captures = Vec::new();
    walk(&folder.join("captures"), &mut captures);
    captures.sort();
    Some((filters.lines().filter(is_filter).map(str::to_owned).collect(), captures))
}

/// The frames of a capture that a filter selects, by the file itself.
fn of_file(path: &std::path::Path, filter: &str) -> Option<Vec<u64>> {
    use crate::capture::file;
    use crate::command::read::each;
    let mut question = crate::engine::Question::new(filter, &[], None).ok()?;
    let mut analysis = question.analysis();
    let _ = each(&mut file::open(path).ok()?, u64::MAX, |packet, _, _| {
        analysis.observe(&packet);
        Ok(())
    });
    let (facts, mut found, mut nothing) = (analysis.finish(), Vec::new(), String::new());
    let _ = each(&mut file::open(path).ok()?, u64::MAX, |packet, _, _| {
        let number = packet.number;
        if question.ask(packet, &facts, &mut nothing) {
            found.push(number);
        }
        Ok(())
    });
    Some(found)
}

#[test]
fn a_filter_selects_from_the_store_what_it_selects_from_the_file() {
    use crate::capture::ImportPlan;
    use packetstream_protocol::chunk::{Compression, Sealer};

    let Some((filters, captures)) = shared() else { return };
    let mut asked = 0;
    for path in &captures {
        let Ok(mut plan) = ImportPlan::of(path, None) else { continue };
        let mut sealer = Sealer::new(Compression::Fast);
        let chunks: Vec<_> = plan.chunks().expect("read a moment ago").map(|chunk| sealer.seal(chunk)).collect();
        let service = service(&[chunks]);
        for filter in &filters {
            let Some(expected) = of_file(path, filter) else { continue };
            let (lines, closing) = ask(&service, |query| {
                query.filter.clone_from(filter);
                query.output.fields = vec!["frame.number".into()];
            });
            let found: Vec<u64> = lines.iter().map(|line| line.parse().expect("a number")).collect();
            assert_eq!(found, expected, "{}: {filter}", path.display());
            assert!(closing.complete);
            asked += 1;
        }
    }
    assert!(asked > 10_000, "only {asked} questions made sense");
}
