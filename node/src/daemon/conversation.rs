//! The conversations of the RPC, held over substreams: what [`Service`] answers, on threads that may block.

use std::sync::Arc;

use packetstream_protocol::wire::{Ready, Refusal, RefusalCode, Request, Response, Rows};
use packetstream_protocol::{Chunk, HostId};
use tokio::sync::{Semaphore, mpsc};

use super::service::{CREDIT_BYTES, Service};
use crate::net::{Caller, Handler, RpcError, RpcReceiver, RpcSender, RpcStream};

/// Batches of rows that wait for a slow reader; then the query waits too.
const MAX_BATCHES_WAITING: usize = 4;
/// Chunks that may be on their way to the disk.
const MAX_WRITES_WAITING: usize = 64;
/// Chunks of one conversation that are checked at the same time.
const MAX_CHECKS: usize = 4;

/// Answers peers.
pub(super) struct Conversations(pub(super) Arc<Service>);

impl Handler for Conversations {
    async fn owns(&self, _caller: &Caller, _host: HostId) -> bool {
        // A cluster of one has no edge nodes whose hosts it could know.
        false
    }

    async fn handle(&self, caller: Caller, request: Request, mut stream: RpcStream) {
        tracing::debug!(caller = %caller.name, request = ?request.kind(), "request");
        let ended = match &request {
            Request::Query(_) | Request::Get(_) => {
                tracing::info!(target: "audit", caller = %caller.name, node = %caller.node, ?request, "packets read");
                self.rows(request, &mut stream).await
            }
            Request::Put(put) => self.put(put.host, stream).await,
            _ => self.single(request, &mut stream).await,
        };
        if let Err(error) = ended {
            tracing::debug!(caller = %caller.name, %error, "conversation broken off");
        }
    }
}

impl Conversations {
    async fn single(&self, request: Request, stream: &mut RpcStream) -> Result<(), RpcError> {
        let service = self.0.clone();
        let answered = tokio::task::spawn_blocking(move || service.answer(&request)).await;
        let response = answered.unwrap_or_else(|_| Response::Refused(defect()));
        stream.send(&response).await?;
        stream.finish().await
    }

    async fn rows(&self, request: Request, stream: &mut RpcStream) -> Result<(), RpcError> {
        let service = self.0.clone();
        let (batches, mut found) = mpsc::channel::<Rows>(MAX_BATCHES_WAITING);
        let search = tokio::task::spawn_blocking(move || {
            service.rows(&request, &mut |rows| {
                let gone = |_| RefusalCode::Internal.because("nobody waits for the answer any more");
                batches.blocking_send(rows).map_err(gone)
            })
        });
        while let Some(rows) = found.recv().await {
            stream.send(&Response::Rows(rows)).await?;
        }
        let last = match search.await {
            Ok(Ok(closing)) => Response::Closing(closing),
            Ok(Err(refusal)) => Response::Refused(refusal),
            Err(_) => Response::Refused(defect()),
        };
        stream.send(&last).await?;
        stream.finish().await
    }

    /// Takes chunks and acknowledges each once it is durable. The disk and the network work at the same time.
    async fn put(&self, host: HostId, mut stream: RpcStream) -> Result<(), RpcError> {
        stream.send(&Response::Ready(Ready { credit: CREDIT_BYTES })).await?;
        let (sender, receiver) = stream.split();
        let (done, outcomes) = mpsc::channel(MAX_WRITES_WAITING);
        let taking = tokio::spawn(take(self.0.clone(), host, receiver, done));
        let told = acknowledge(sender, outcomes).await;
        if told.is_err() {
            taking.abort();
        }
        told
    }
}

type Outcome = Result<packetstream_protocol::wire::Acks, Refusal>;

async fn take(service: Arc<Service>, host: HostId, mut receiver: RpcReceiver, done: mpsc::Sender<Outcome>) {
    let checks = Arc::new(Semaphore::new(MAX_CHECKS));
    loop {
        let bytes = match receiver.recv_chunk().await {
            Ok(Some(bytes)) => bytes,
            Ok(None) | Err(_) => return,
        };
        // A place for the outcome is held before the chunk is written, so that telling never blocks the writer.
        let Ok(place) = done.clone().reserve_owned().await else { return };
        let chunk = match Chunk::parse(bytes) {
            Ok(chunk) if chunk.id().stream.host == host => chunk,
            Ok(chunk) => {
                // The caller's right was checked for the host that it named.
                let why = format!("chunk {} is not of host {host}", chunk.id());
                place.send(Err(RefusalCode::BadRequest.because(why)));
                return;
            }
            Err(error) => {
                place.send(Err(RefusalCode::BadRequest.because(error)));
                return;
            }
        };
        let service = service.clone();
        let Ok(check) = checks.clone().acquire_owned().await else { return };
        // A defect in there drops the place: the producer then misses an acknowledgement and sends again.
        tokio::task::spawn_blocking(move || {
            let _check = check;
            service.put(vec![chunk], move |outcome| {
                place.send(outcome);
            });
        });
    }
}

async fn acknowledge(mut sender: RpcSender, mut outcomes: mpsc::Receiver<Outcome>) -> Result<(), RpcError> {
    let mut credit = CREDIT_BYTES;
    while let Some(outcome) = outcomes.recv().await {
        match outcome {
            Ok(mut acks) => {
                // What was stored makes room for as much; the message says the total.
                credit = credit.saturating_add(acks.credit);
                acks.credit = credit;
                sender.send(&Response::Acks(acks)).await?;
            }
            Err(refusal) => {
                sender.send(&Response::Refused(refusal)).await?;
                return sender.finish().await;
            }
        }
    }
    sender.send(&Response::Done).await?;
    sender.finish().await
}

fn defect() -> Refusal {
    RefusalCode::Internal.because("the node met a defect of its own; its log says more")
}
