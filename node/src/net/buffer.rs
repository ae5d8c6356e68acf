//! The two buffers around TLS.
//!
//! rustls asks the socket for 4 KiB at a time and yamux writes a frame in two pieces, each of which would be a TLS record, a system
//! call and the waking of whoever waits at the other end. With these a busy connection reads and writes up to [`MAX_BYTES`] at once
//! and a quiet one keeps [`MIN_BYTES`]; it is flushed as soon as nothing more is there to be sent.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures::{AsyncRead, AsyncWrite};

/// What each direction of a connection holds at most: what comes or goes while the other side is being woken.
pub(super) const MAX_BYTES: usize = 256 * 1024;

/// What a connection that is not busy holds.
const MIN_BYTES: usize = 16 * 1024;

/// A buffer is made small again after so many times in which little came.
const QUIET_READS: u8 = 16;

/// Below TLS: reads much at once where much comes.
#[derive(Debug)]
pub(super) struct Ahead<S> {
    inner: S,
    buffer: Vec<u8>,
    /// The part of the buffer that was read and is not yet taken.
    from: usize,
    to: usize,
    /// How many times in a row little came.
    quiet: u8,
}

impl<S> Ahead<S> {
    pub(super) fn new(inner: S) -> Self {
        Self { inner, buffer: vec![0; MIN_BYTES], from: 0, to: 0, quiet: 0 }
    }

    /// Chooses the length of the emptied buffer by what came the last times.
    fn resize(&mut self) {
        let (len, came) = (self.buffer.len(), self.to);
        if came == len && len < MAX_BYTES {
            self.buffer = vec![0; 2 * len];
        }
        self.quiet = if came > len / 8 { 0 } else { self.quiet.saturating_add(1) };
        if self.quiet >= QUIET_READS && len > MIN_BYTES {
            self.buffer = vec![0; MIN_BYTES];
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Ahead<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.from == this.to {
            if this.to > 0 {
                this.resize();
            }
            (this.from, this.to) = (0, 0);
            this.to = ready!(Pin::new(&mut this.inner).poll_read(cx, &mut this.buffer))?;
        }
        let read = this.buffer.get(this.from..this.to).unwrap_or_default();
        let taken = read.len().min(into.len());
        into[..taken].copy_from_slice(&read[..taken]);
        this.from += taken;
        Poll::Ready(Ok(taken))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Ahead<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, pieces)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_close(cx)
    }
}

/// Above TLS: gathers what is written, until there is much of it or nothing more comes.
#[derive(Debug)]
pub(super) struct Gathered<S> {
    inner: S,
    buffer: Vec<u8>,
    /// How much of the buffer has been handed on.
    written: usize,
    /// Nothing was written since a flush was asked for.
    is_quiet: bool,
}

impl<S: AsyncWrite + Unpin> Gathered<S> {
    pub(super) fn new(inner: S) -> Self {
        Self { inner, buffer: Vec::new(), written: 0, is_quiet: false }
    }

    /// Hands on all that was gathered.
    fn poll_hand_on(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(left) = self.buffer.get(self.written..).filter(|left| !left.is_empty()) {
            match ready!(Pin::new(&mut self.inner).poll_write(cx, left))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => self.written += count,
            }
        }
        if self.buffer.len() < MIN_BYTES && self.buffer.capacity() > MIN_BYTES {
            self.buffer = Vec::new();
        }
        self.written = 0;
        self.buffer.clear();
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Gathered<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Gathered<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.buffer.len() >= MAX_BYTES {
            ready!(self.poll_hand_on(cx))?;
        }
        self.is_quiet = false;
        let taken = bytes.len().min(MAX_BYTES - self.buffer.len());
        self.buffer.extend_from_slice(&bytes[..taken]);
        Poll::Ready(Ok(taken))
    }

    /// Yamux asks for it after each frame, also when it has the next one already. So it is put off once: whoever has more to write
    /// does so first, and who has not is woken to ask again.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.is_quiet && !self.buffer.is_empty() {
            self.is_quiet = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        ready!(self.poll_hand_on(cx))?;
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_hand_on(cx))?;
        Pin::new(&mut self.inner).poll_close(cx)
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;
    use futures::{AsyncReadExt, AsyncWriteExt, poll};

    use super::*;

    /// Takes so many octets, then no more; notes how much came in each write.
    #[derive(Default)]
    struct Sink {
        room: usize,
        writes: Vec<usize>,
        bytes: Vec<u8>,
    }

    impl AsyncWrite for Sink {
        fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            let taken = bytes.len().min(self.room);
            if taken == 0 {
                return Poll::Pending;
            }
            self.room -= taken;
            self.writes.push(taken);
            self.bytes.extend_from_slice(&bytes[..taken]);
            Poll::Ready(Ok(taken))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[test]
    fn pieces_are_written_together_and_in_order() {
        block_on(async {
            let mut gathered = Gathered::new(Sink { room: usize::MAX, ..Sink::default() });
            for piece in [&[1; 12][..], &[2; 100], &[3; 12]] {
                gathered.write_all(piece).await.expect("taken");
                assert!(poll!(gathered.flush()).is_pending(), "there may be more");
            }
            assert_eq!(gathered.inner.writes, [0; 0]);
            gathered.flush().await.expect("flushed");
            assert_eq!(gathered.inner.writes, [124]);
            assert_eq!(gathered.inner.bytes, [&[1; 12][..], &[2; 100], &[3; 12]].concat());
        });
    }

    #[test]
    fn it_holds_no_more_than_its_limit_and_waits_for_whoever_does_not_read() {
        block_on(async {
            let mut gathered = Gathered::new(Sink { room: MAX_BYTES / 2, ..Sink::default() });
            let much: Vec<u8> = (0..3 * MAX_BYTES).map(|at| at as u8).collect();
            assert!(poll!(gathered.write_all(&much)).is_pending());
            assert_eq!((gathered.buffer.len(), gathered.inner.bytes.len()), (MAX_BYTES, MAX_BYTES / 2));
            gathered.inner.room = usize::MAX;
            gathered.write_all(&much[MAX_BYTES..]).await.expect("taken");
            gathered.close().await.expect("closed");
            assert_eq!(gathered.inner.bytes, much);
        });
    }

    #[test]
    fn it_keeps_little_once_little_is_written() {
        block_on(async {
            let mut gathered = Gathered::new(Sink { room: usize::MAX, ..Sink::default() });
            gathered.write_all(&[0; MAX_BYTES]).await.expect("taken");
            gathered.flush().await.expect("flushed");
            assert!(gathered.buffer.capacity() >= MAX_BYTES);
            gathered.write_all(b"x").await.expect("taken");
            gathered.flush().await.expect("flushed");
            assert!(gathered.buffer.capacity() <= MIN_BYTES);
        });
    }

    #[test]
    fn it_reads_ahead_where_much_comes_and_keeps_little_where_little_does() {
        /// Gives as much as is asked for, or one octet at a time.
        struct Source {
            much: bool,
            next: u8,
        }
        impl AsyncRead for Source {
            fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
                let count = if self.much { into.len() } else { 1 };
                for place in &mut into[..count] {
                    *place = self.next;
                    self.next = self.next.wrapping_add(1);
                }
                Poll::Ready(Ok(count))
            }
        }
        let mut ahead = Ahead::new(Source { much: true, next: 0 });
        let mut seen = 0u8;
        let mut read = |ahead: &mut Ahead<Source>, count: usize| {
            let mut into = vec![0; count];
            block_on(ahead.read_exact(&mut into)).expect("read");
            for octet in into {
                assert_eq!(octet, seen);
                seen = seen.wrapping_add(1);
            }
        };
        (0..1000).for_each(|_| read(&mut ahead, 4001));
        assert_eq!(ahead.buffer.len(), MAX_BYTES);
        ahead.inner.much = false;
        read(&mut ahead, MAX_BYTES + 100);
        assert_eq!(ahead.buffer.len(), MIN_BYTES);
    }

    #[test]
    fn an_end_is_an_end() {
        block_on(async {
            let mut stream = Gathered::new(Ahead::new(futures::io::Cursor::new(vec![7; 9])));
            let mut read = Vec::new();
            stream.read_to_end(&mut read).await.expect("read");
            assert_eq!(read, [7; 9]);
        });
    }
}
