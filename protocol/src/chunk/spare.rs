//! Buffers for bodies that were decompressed: whoever goes through many chunks, one after the other, has them all in the same memory.
//!
//! Zeroing 256 KiB for each chunk, and giving it back to the system, cost a tenth of what it takes to check one.

use std::cell::RefCell;

use crate::limits::CHUNK_BODY_TARGET;

/// Buffers that a thread keeps.
const MAX_SPARE: usize = 2;
/// A larger one is for a single large packet, and not kept.
const MAX_SPARE_BYTES: usize = 2 * CHUNK_BODY_TARGET;

thread_local! {
    static SPARE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// Bytes that are kept for the next one once nobody needs them any more.
pub(super) struct Buffer {
    /// Longer than `len` where it was taken over from another.
    bytes: Vec<u8>,
    len: usize,
}

impl Buffer {
    /// So many bytes, of any content.
    pub(super) fn new(len: usize) -> Self {
        let spare = SPARE.with_borrow_mut(|spare| {
            // A little in a large one would keep all of it from others.
            let at = spare.iter().position(|bytes| bytes.len() / 2 <= len)?;
            Some(spare.swap_remove(at))
        });
        let mut bytes = spare.unwrap_or_default();
        if bytes.len() < len {
            bytes.resize(len, 0);
        }
        Self { bytes, len }
    }

    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        self.bytes.get_mut(..self.len).unwrap_or_default()
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        // A thread that is ending has none to keep.
        let _ = SPARE.try_with(|spare| {
            // Not while one is being taken: it drops none.
            if let Ok(mut spare) = spare.try_borrow_mut()
                && spare.len() < MAX_SPARE
                && bytes.len() <= MAX_SPARE_BYTES
            {
                spare.push(bytes);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_used_again_for_what_is_about_as_long() {
        SPARE.with_borrow_mut(Vec::clear);
        let kept = |buffer: &Buffer| buffer.bytes.as_ptr();
        let mut first = Buffer::new(1000);
        first.bytes_mut().fill(1);
        let at = kept(&first);
        drop(first);
        let little = Buffer::new(400);
        assert_ne!(kept(&little), at, "most of it would lie idle");
        let again = Buffer::new(600);
        assert_eq!((kept(&again), again.as_ref().len()), (at, 600));
        assert_eq!(Buffer::new(5000).as_ref().len(), 5000);
    }

    #[test]
    fn a_thread_keeps_few() {
        SPARE.with_borrow_mut(Vec::clear);
        drop(Buffer::new(MAX_SPARE_BYTES + 1));
        assert_eq!(SPARE.with_borrow(Vec::len), 0);
        drop((0..9).map(|_| Buffer::new(100)).collect::<Vec<_>>());
        assert_eq!(SPARE.with_borrow(Vec::len), MAX_SPARE);
    }
}
