//! Brings chunks into the cluster through whichever node takes them, until each is acknowledged.
//!
//! A chunk that was sent is kept until it is acknowledged; when the node that was spoken to dies, refuses for want of room
//! or says nothing for too long, all that is kept is sent again through another one. Chunks are the same octets each time,
//! so that nothing is stored twice.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::{Stream, StreamExt};
use packetstream_protocol::ids::ChunkId;
use packetstream_protocol::wire::{PutOpen, RefusalCode, Request, Response, StreamAck};
use packetstream_protocol::{Chunk, ChunkNo, HostId};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

use crate::net::{Client, RpcError, RpcReceiver, RpcSender};

/// Octets under way that no node's word can make more of: the memory of a delivery is bounded by it.
const MAX_CREDIT_BYTES: u64 = 64 << 20;

/// How long a node may take to open a conversation.
const OPEN_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a node may acknowledge nothing of what it was sent before another one is asked.
const STALL_TIMEOUT: Duration = Duration::from_secs(5);

/// Between two attempts when no node takes anything.
const RETRY_MIN: Duration = Duration::from_millis(50);
const RETRY_MAX: Duration = Duration::from_secs(1);

/// Why a delivery ended before its end. What was acknowledged until then is in the cluster.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeliveryError {
    /// The same will be refused by every node.
    #[error(transparent)]
    Refused(RpcError),
    #[error("the cluster holds other packets under the names of these: another version made them")]
    Conflict,
    /// No node acknowledged anything for so long.
    #[error("no node stored anything for {} s: {last}", patience.as_secs())]
    Stalled { patience: Duration, last: RpcError },
}

/// Where acknowledgements are told.
pub(crate) type Told<'a> = dyn FnMut(&StreamAck) + Send + 'a;

/// What is under way.
#[derive(Default)]
struct Flight {
    unacknowledged: BTreeMap<ChunkId, Chunk>,
    /// Nothing more will come.
    ended: bool,
    /// Octets that may be sent in the present conversation, and that were sent.
    credit: u64,
    sent: u64,
    /// The credit that it began with; a larger chunk counts as no more.
    window: u64,
}

/// Delivers all chunks of `source`, which are all of one host.
///
/// # Errors
/// When they are refused for what they are, or no node stored anything for as long as `patience`.
pub(crate) async fn deliver(
    client: &Client,
    host: HostId,
    source: &mut (impl Stream<Item = Chunk> + Unpin),
    patience: Duration,
    told: &mut Told<'_>,
) -> Result<(), DeliveryError> {
    let flight = Mutex::new(Flight::default());
    let mut retry = RETRY_MIN;
    let mut progress = Instant::now();
    loop {
        let mut told = |ack: &StreamAck| {
            (progress, retry) = (Instant::now(), RETRY_MIN);
            told(ack);
        };
        let last = match converse(client, host, source, &flight, &mut told).await {
            Ok(()) => return Ok(()),
            Err(End::Fatal(error)) => return Err(error),
            Err(End::Retry(error)) => error,
        };
        if progress.elapsed() >= patience {
            return Err(DeliveryError::Stalled { patience, last });
        }
        tracing::debug!(%last, "the delivery goes on through another node");
        client.move_on().await;
        tokio::time::sleep(retry).await;
        retry = (retry * 2).min(RETRY_MAX);
    }
}

/// How a conversation ended.
enum End {
    Fatal(DeliveryError),
    Retry(RpcError),
}

impl From<RpcError> for End {
    fn from(error: RpcError) -> Self {
        match &error {
            RpcError::Refused(refusal)
                if matches!(refusal.code, RefusalCode::BadRequest | RefusalCode::Unauthorised) =>
            {
                Self::Fatal(DeliveryError::Refused(error))
            }
            _ => Self::Retry(error),
        }
    }
}

/// One conversation with one node: first what is kept from the last one, then what is new.
async fn converse(
    client: &Client,
    host: HostId,
    source: &mut (impl Stream<Item = Chunk> + Unpin),
    flight: &Mutex<Flight>,
    told: &mut Told<'_>,
) -> Result<(), End> {
    let open = async {
        let mut put = client.open(&Request::Put(PutOpen { host })).await?;
        match put.recv::<Response>().await? {
            Some(Response::Ready(ready)) => Ok((put, ready.credit)),
            Some(Response::Refused(refusal)) => Err(RpcError::Refused(refusal)),
            Some(_) => Err(RpcError::Unexpected),
            None => Err(RpcError::Closed),
        }
    };
    let (put, credit) = timeout(OPEN_TIMEOUT, open).await.map_err(|_| RpcError::Timeout)??;
    let kept: Vec<Chunk> = {
        let mut flight = flight.lock();
        let window = credit.min(MAX_CREDIT_BYTES);
        (flight.window, flight.credit, flight.sent) = (window, window, 0);
        flight.unacknowledged.values().cloned().collect()
    };
    let (mut sender, mut receiver) = put.split();
    let more = Notify::new();
    let sending = async {
        for chunk in kept {
            send(&mut sender, &chunk, flight, &more).await?;
        }
        while let Some(chunk) = source.next().await {
            flight.lock().unacknowledged.insert(chunk.id(), chunk.clone());
            send(&mut sender, &chunk, flight, &more).await?;
        }
        flight.lock().ended = true;
        sender.finish().await
    };
    let receiving = acknowledged(&mut receiver, flight, &more, told);
    tokio::pin!(sending, receiving);
    let mut is_sending = true;
    loop {
        tokio::select! {
            // What went wrong when sending, the node may still say.
            _ = &mut sending, if is_sending => is_sending = false,
            ended = &mut receiving => return ended,
        }
    }
}

async fn send(sender: &mut RpcSender, chunk: &Chunk, flight: &Mutex<Flight>, more: &Notify) -> Result<(), RpcError> {
    loop {
        {
            let mut flight = flight.lock();
            let bytes = (chunk.bytes().len() as u64).min(flight.window);
            if flight.sent + bytes <= flight.credit {
                flight.sent += bytes;
                break;
            }
        }
        more.notified().await;
    }
    sender.send_chunk(chunk.bytes()).await
}

/// Takes acknowledgements until all that was sent has one and nothing more will come.
async fn acknowledged(
    receiver: &mut RpcReceiver,
    flight: &Mutex<Flight>,
    more: &Notify,
    told: &mut Told<'_>,
) -> Result<(), End> {
    loop {
        let response = match timeout(STALL_TIMEOUT, receiver.recv::<Response>()).await {
            Ok(response) => response?.ok_or(RpcError::Closed)?,
            Err(_) if flight.lock().unacknowledged.is_empty() => continue,
            Err(_) => return Err(RpcError::Timeout.into()),
        };
        match response {
            Response::Acks(acks) => {
                if !acks.conflicts.is_empty() {
                    return Err(End::Fatal(DeliveryError::Conflict));
                }
                {
                    let mut flight = flight.lock();
                    for ack in &acks.durable {
                        for (first, last) in ack.chunks.ranges() {
                            let name = |no| ChunkId { stream: ack.stream, no: ChunkNo(no) };
                            let named: Vec<ChunkId> =
                                flight.unacknowledged.range(name(*first)..=name(*last)).map(|(id, _)| *id).collect();
                            named.iter().for_each(|id| drop(flight.unacknowledged.remove(id)));
                        }
                    }
                    // No more at once than a node may promise at first.
                    let most = flight.sent.saturating_add(MAX_CREDIT_BYTES);
                    flight.credit = flight.credit.max(acks.credit.min(most));
                }
                acks.durable.iter().for_each(&mut *told);
                more.notify_one();
            }
            Response::Done => {
                let flight = flight.lock();
                let is_whole = flight.ended && flight.unacknowledged.is_empty();
                return if is_whole { Ok(()) } else { Err(RpcError::Closed.into()) };
            }
            Response::Refused(refusal) => return Err(RpcError::Refused(refusal).into()),
            _ => return Err(RpcError::Unexpected.into()),
        }
    }
}
