//! A checked reader over bytes and the varints that the chunk bodies are written with.
//!
//! Varints are LEB128: seven bits a byte, least significant first, the top bit says that another byte follows; at most ten bytes
//! and no padding (the one shortest form of each value, so that equal values have equal bytes).

/// Why bytes could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Short;

/// A position in a slice that only moves forward and never past the end.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// What has not been read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn take(&mut self, len: usize) -> Result<&'a [u8], Short> {
        let (head, tail) = self.rest.split_at_checked(len).ok_or(Short)?;
        self.rest = tail;
        Ok(head)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Short> {
        let (&byte, tail) = self.rest.split_first().ok_or(Short)?;
        self.rest = tail;
        Ok(byte)
    }

    #[inline]
    pub(crate) fn varint(&mut self) -> Result<u64, Short> {
        let (&first, tail) = self.rest.split_first().ok_or(Short)?;
        if first < 0x80 {
            self.rest = tail;
            return Ok(u64::from(first));
        }
        self.varint_long()
    }

    fn varint_long(&mut self) -> Result<u64, Short> {
        let mut value = 0u64;
        for (at, &byte) in self.rest.iter().enumerate().take(10) {
            if at == 9 && byte > 1 {
                return Err(Short);
            }
            value |= u64::from(byte & 0x7f) << (7 * at);
            if byte < 0x80 {
                // A last byte of zero after others would be a second way to write a shorter value.
                if byte == 0 && at > 0 {
                    return Err(Short);
                }
                self.rest = &self.rest[at + 1..];
                return Ok(value);
            }
        }
        Err(Short)
    }

    #[inline]
    pub(crate) fn zigzag(&mut self) -> Result<i64, Short> {
        let raw = self.varint()?;
        Ok((raw >> 1) as i64 ^ -((raw & 1) as i64))
    }

    /// A varint that must fit in 32 bits.
    #[inline]
    pub(crate) fn varint_u32(&mut self) -> Result<u32, Short> {
        u32::try_from(self.varint()?).map_err(|_| Short)
    }

    /// A varint that must fit in 16 bits.
    pub(crate) fn varint_u16(&mut self) -> Result<u16, Short> {
        u16::try_from(self.varint()?).map_err(|_| Short)
    }

    /// A varint length, then as many bytes.
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Short> {
        let len = usize::try_from(self.varint()?).map_err(|_| Short)?;
        self.take(len)
    }

    /// A varint length, then as many bytes of UTF-8.
    pub(crate) fn text(&mut self) -> Result<&'a str, Short> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Short)
    }
}

#[inline]
pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[inline]
pub(crate) fn put_zigzag(out: &mut Vec<u8>, value: i64) {
    put_varint(out, ((value << 1) ^ (value >> 63)) as u64);
}

pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_form_for_each_value() {
        assert_eq!(Cursor::new(&[0x80, 0x00]).varint(), Err(Short));
        assert_eq!(Cursor::new(&[0xff; 10]).varint(), Err(Short));
        assert_eq!(Cursor::new(&[0x80]).varint(), Err(Short));
        assert_eq!(Cursor::new(&[]).varint(), Err(Short));
        let mut most = vec![0xff; 9];
        most.push(1);
        assert_eq!(Cursor::new(&most).varint(), Ok(u64::MAX));
        most[9] = 2;
        assert_eq!(Cursor::new(&most).varint(), Err(Short));
    }

    proptest! {
        #[test]
        fn varints_come_back(value: u64, signed: i64) {
            let mut out = Vec::new();
            put_varint(&mut out, value);
            put_zigzag(&mut out, signed);
            let mut cursor = Cursor::new(&out);
            prop_assert_eq!(cursor.varint(), Ok(value));
            prop_assert_eq!(cursor.zigzag(), Ok(signed));
            prop_assert!(cursor.is_empty());
        }

        #[test]
        fn what_is_read_is_what_would_be_written(bytes in proptest::collection::vec(any::<u8>(), 0..12)) {
            let mut cursor = Cursor::new(&bytes);
            if let Ok(value) = cursor.varint() {
                let mut out = Vec::new();
                put_varint(&mut out, value);
                prop_assert_eq!(&bytes[..bytes.len() - cursor.rest.len()], &out[..]);
            }
        }
    }
}
