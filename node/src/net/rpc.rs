//! One conversation: frames of `packetstream_protocol::codec` over one substream.
//!
//! A frame's length is held to the limit of what is expected before any of its body is read, and memory for the body grows
//! with what has come, never with what was promised.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use packetstream_protocol::codec::{self, CodecError, FRAME_HEADER_BYTES, Frame, FrameHeader, Message};
use packetstream_protocol::limits::MAX_CHUNK_BYTES;
use packetstream_protocol::wire::CHUNK_FRAME;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio_util::compat::{Compat, FuturesAsyncReadCompatExt};

use super::RpcError;

/// How much is asked of the substream at once: one frame of yamux.
const READ_BYTES: usize = 16 * 1024;

type Substream = Compat<libp2p::Stream>;

/// Both directions of a conversation. Dropping it without [`RpcStream::finish`] breaks the conversation off: what was sent
/// last may not arrive, and the peer sees an end. It cannot tell this end from another, so every conversation of
/// `packetstream_protocol::wire` has a last message, and an answer that ends without it is none.
pub struct RpcStream {
    sender: RpcSender,
    receiver: RpcReceiver,
}

/// The sending half of a conversation.
pub struct RpcSender {
    io: WriteHalf<Substream>,
    /// Of the protocol, as both sides speak it.
    version: u16,
}

/// The receiving half of a conversation.
pub struct RpcReceiver {
    io: ReadHalf<Substream>,
    /// What has come and is not yet taken; at most one frame and [`READ_BYTES`]; memory is taken for four times as much as has come.
    buffer: BytesMut,
}

impl RpcStream {
    pub(super) fn new(substream: libp2p::Stream, version: u16) -> Self {
        let (read, write) = tokio::io::split(substream.compat());
        Self { sender: RpcSender { io: write, version }, receiver: RpcReceiver { io: read, buffer: BytesMut::new() } }
    }

    /// The version of the protocol that both sides speak: messages that were born later cannot be sent.
    #[must_use]
    pub fn version(&self) -> u16 {
        self.sender.version
    }

    /// Sends one message; waits while the peer does not read.
    ///
    /// # Errors
    /// When it is larger than its type allows, or younger than what the peer speaks (nothing was sent), or the peer is gone.
    pub async fn send<M: Message>(&mut self, message: &M) -> Result<(), RpcError> {
        self.sender.send(message).await
    }

    /// Sends one chunk as it is; waits while the peer does not read.
    ///
    /// # Errors
    /// As for [`RpcStream::send`].
    pub async fn send_chunk(&mut self, chunk: &[u8]) -> Result<(), RpcError> {
        self.sender.send_chunk(chunk).await
    }

    /// Says that nothing more will be sent. The peer may go on.
    ///
    /// # Errors
    /// When the peer is gone.
    pub async fn finish(&mut self) -> Result<(), RpcError> {
        self.sender.finish().await
    }

    /// The peer's next message, or `None` at its end: it has finished, or broke off between two frames. May be cancelled: nothing is lost.
    ///
    /// # Errors
    /// When the peer is gone or broke off, or what it sent is no such message. After [`CodecError::Unknown`] the next can be read.
    pub async fn recv<M: Message>(&mut self) -> Result<Option<M>, RpcError> {
        self.receiver.recv().await
    }

    /// The peer's next chunk, not yet looked into, or `None` at its end: it has finished, or broke off between two frames. May be cancelled: nothing is lost.
    ///
    /// # Errors
    /// As for [`RpcStream::recv`].
    pub async fn recv_chunk(&mut self) -> Result<Option<Bytes>, RpcError> {
        self.receiver.recv_chunk().await
    }

    /// Sends bytes that need be no frame.
    #[cfg(test)]
    pub(super) async fn send_raw(&mut self, bytes: &[u8]) -> Result<(), RpcError> {
        self.sender.io.write_all(bytes).await?;
        Ok(self.sender.io.flush().await?)
    }

    /// As if the peer were older.
    #[cfg(test)]
    pub(super) fn set_version(&mut self, version: u16) {
        self.sender.version = version;
    }

    /// The two directions, to be used from two tasks.
    #[must_use]
    pub fn split(self) -> (RpcSender, RpcReceiver) {
        (self.sender, self.receiver)
    }
}

impl RpcSender {
    /// As [`RpcStream::send`].
    ///
    /// # Errors
    /// As there.
    pub async fn send<M: Message>(&mut self, message: &M) -> Result<(), RpcError> {
        let frame = codec::frame_for(message, self.version)?;
        self.io.write_all(&frame).await?;
        Ok(self.io.flush().await?)
    }

    /// As [`RpcStream::send_chunk`].
    ///
    /// # Errors
    /// As there.
    pub async fn send_chunk(&mut self, chunk: &[u8]) -> Result<(), RpcError> {
        let header = codec::frame_header(CHUNK_FRAME, chunk)?;
        self.io.write_all(&header).await?;
        self.io.write_all(chunk).await?;
        Ok(self.io.flush().await?)
    }

    /// As [`RpcStream::finish`].
    ///
    /// # Errors
    /// As there.
    pub async fn finish(&mut self) -> Result<(), RpcError> {
        Ok(self.io.shutdown().await?)
    }
}

impl RpcReceiver {
    /// As [`RpcStream::recv`].
    ///
    /// # Errors
    /// As there.
    pub async fn recv<M: Message>(&mut self) -> Result<Option<M>, RpcError> {
        match self.frame(M::TYPE, M::SIZE.bytes()).await? {
            Some(frame) => Ok(Some(frame.message()?)),
            None => Ok(None),
        }
    }

    /// As [`RpcStream::recv_chunk`].
    ///
    /// # Errors
    /// As there.
    pub async fn recv_chunk(&mut self) -> Result<Option<Bytes>, RpcError> {
        Ok(self.frame(CHUNK_FRAME, MAX_CHUNK_BYTES).await?.map(|frame| frame.body))
    }

    async fn frame(&mut self, expected: u16, bytes_max: usize) -> Result<Option<Frame>, RpcError> {
        if !self.fill(FRAME_HEADER_BYTES).await? {
            return Ok(None);
        }
        let header = self.buffer.first_chunk::<FRAME_HEADER_BYTES>().ok_or(RpcError::Closed)?;
        let header = FrameHeader::parse(*header)?;
        if header.kind != expected {
            return Err(CodecError::Type { expected, found: header.kind }.into());
        }
        if header.body_len > bytes_max {
            let (kind, found) = (header.kind, header.body_len);
            return Err(CodecError::TooLarge { kind, found, limit: bytes_max }.into());
        }
        self.fill(FRAME_HEADER_BYTES + header.body_len).await?;
        self.buffer.advance(FRAME_HEADER_BYTES);
        let body = self.buffer.split_to(header.body_len).freeze();
        Ok(Some(header.finish(body)?))
    }

    /// Reads until `len` bytes are in the buffer; `false` if the peer has finished and nothing is there.
    async fn fill(&mut self, len: usize) -> Result<bool, RpcError> {
        while self.buffer.len() < len {
            let more = (len - self.buffer.len()).min(3 * self.buffer.len()).max(READ_BYTES);
            self.buffer.reserve(more);
            // What is read into is zeroed first: no more than may well come.
            if self.io.read_buf(&mut (&mut self.buffer).limit(READ_BYTES)).await? == 0 {
                // An end within a frame is no end.
                return if self.buffer.is_empty() { Ok(false) } else { Err(RpcError::Closed) };
            }
        }
        Ok(true)
    }
}
