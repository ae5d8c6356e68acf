//! How fields are added that stand in vectors within vectors (RFC 8446, 3.4), and what is said when one does not fit.

use super::*;
use crate::dissector::{Dissector, Item};
use crate::field::FieldId;
use crate::stop::Stop;
use crate::tvb::Tvb;
use crate::value::Value;

/// The tree and the octets of a message that is being shown.
pub(crate) struct Show<'d, 'a> {
    pub(crate) d: &'d mut Dissector<'a>,
    pub(crate) tvb: Tvb<'a>,
    /// How far the fields of the protocol are from TLS's own.
    shift: u16,
}

fn bytes(count: usize) -> &'static str {
    if count == 1 { "byte" } else { "bytes" }
}

impl<'d, 'a> Show<'d, 'a> {
    /// Shows octets with the fields of the protocol whose own field is `proto`.
    pub(crate) fn new(d: &'d mut Dissector<'a>, tvb: Tvb<'a>, proto: FieldId) -> Self {
        Self { d, tvb, shift: proto.0.wrapping_sub(PROTO.0) }
    }

    /// The field of the protocol at hand that stands where TLS's stands.
    pub(crate) fn own(&self, field: FieldId) -> FieldId {
        FieldId(field.0.wrapping_add(self.shift))
    }

    pub(super) fn wants(&self, field: FieldId) -> bool {
        self.d.wants(self.own(field))
    }

    pub(super) fn add(&mut self, field: FieldId, at: usize, len: usize, value: Value) -> Item {
        self.d.add(self.own(field), self.tvb, at, len, value)
    }

    pub(super) fn generated(&mut self, field: FieldId, at: usize, len: usize, value: Value) -> Item {
        self.d.generated(self.own(field), self.tvb, at, len, value)
    }

    pub(super) fn open(&mut self, field: FieldId, at: usize, len: usize) -> Item {
        self.d.open(self.own(field), self.tvb, at, len, Value::None)
    }

    pub(super) fn open_text(&mut self, at: usize, len: usize, text: impl FnOnce() -> String) -> Item {
        self.d.open_text(self.tvb, at, len, text)
    }

    pub(super) fn close(&mut self) {
        self.d.close();
    }

    /// Reads an integer and adds it.
    pub(super) fn uint(&mut self, field: FieldId, at: usize, width: usize) -> Result<u64, Stop> {
        self.d.uint(self.own(field), self.tvb, at, width)
    }

    /// Adds octets, all of which have to be there.
    pub(super) fn bytes(&mut self, field: FieldId, at: usize, len: usize) -> Result<Item, Stop> {
        self.tvb.slice(at, len)?;
        Ok(self.d.bytes(self.own(field), self.tvb, at, len))
    }

    /// Adds text, all of which has to be there.
    pub(super) fn string(&mut self, field: FieldId, at: usize, len: usize) -> Result<Item, Stop> {
        self.tvb.slice(at, len)?;
        Ok(self.d.string(self.own(field), self.tvb, at, len))
    }

    /// Reads the length of a vector that may have `max` octets and has to end at `end`; answers where the vector begins
    /// and where it ends. Says so where it does not fit, and cuts it.
    pub(super) fn vector(
        &mut self,
        field: FieldId,
        at: usize,
        end: usize,
        (min, max): (usize, usize),
    ) -> Result<(usize, usize), Stop> {
        let width = [0xff, 0xffff].iter().filter(|most| max > **most).count() + 1;
        if end.saturating_sub(at) < width {
            self.complain(MALFORMED_BUFFER_TOO_SMALL, at, 0, || format!("No more room for vector of length {width}"));
            return Ok((at, end.max(at)));
        }
        let mut len = self.uint(field, at, width)? as usize;
        let start = at + width;
        if len < min || len > max {
            self.complain(MALFORMED_VECTOR_LENGTH, at, width, || {
                let bound = if len < min {
                    format!("smaller than minimum {min}")
                } else {
                    format!("larger than maximum {max}")
                };
                format!("Vector length {len} is {bound}")
            });
        }
        if len > end.saturating_sub(start) {
            let there = end.saturating_sub(start);
            self.complain(MALFORMED_BUFFER_TOO_SMALL, start, 0, || {
                format!("Vector length {len} is too large, truncating it to {there}")
            });
            len = there;
        }
        Ok((start, start + len))
    }

    /// Says what is left of a vector that ends at `end`, or how far it was read beyond.
    pub(super) fn end_vector(&mut self, at: usize, end: usize) {
        if at < end {
            let rest = end - at;
            self.complain(MALFORMED_TRAILING_DATA, at, rest, || {
                let was = if rest == 1 { "was" } else { "were" };
                format!("{rest} trailing {} {was} unprocessed", bytes(rest))
            });
        } else if at > end {
            let more = at - end;
            self.complain(MALFORMED_BUFFER_TOO_SMALL, end, more, || {
                format!("Dissector processed too much data ({more} {})", bytes(more))
            });
        }
    }

    fn complain(&mut self, field: FieldId, at: usize, len: usize, message: impl Fn() -> String) {
        self.open_text(at, len, &message);
        let field = self.own(field);
        self.d.expert_with(field, self.tvb, at, len, &message);
        self.close();
    }
}
