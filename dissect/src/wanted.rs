//! Which fields, protocols and columns somebody will look at: all others are not made.

use crate::field::FieldId;
use crate::proto::{eth, frame};
use crate::registry::{self, FIELD_COUNT, PROTO_COUNT, ProtoId};

/// The fields and columns to make, and the protocols that have to be entered for them.
///
/// Held packed: a look-up costs one load and one test, and there is one for each field of each packet.
#[derive(Clone, Debug)]
pub struct Wanted {
    fields: Box<[u64]>,
    protos: [u64; PROTO_COUNT.div_ceil(64)],
    /// The protocols of which a field is wanted.
    own: [u64; PROTO_COUNT.div_ceil(64)],
    /// In the first pass: the fields that the second one will make. A fact that none of them shows need not be found.
    fact_fields: Box<[u64]>,
    /// In the first pass: the protocols of which the second one will make a field, or all when it writes columns.
    fact_protos: [u64; PROTO_COUNT.div_ceil(64)],
    /// Everything, with depths and texts, in the order of the tree.
    pub tree: bool,
    /// The Protocol and Info columns.
    pub columns: bool,
    /// Something of it can be changed by later frames: it takes two passes.
    pub is_told_later: bool,
}

impl Wanted {
    /// Nothing: what the first pass takes when nobody asks for anything.
    pub fn nothing() -> Self {
        Self {
            fields: vec![0; FIELD_COUNT.div_ceil(64)].into(),
            protos: [0; PROTO_COUNT.div_ceil(64)],
            own: [0; PROTO_COUNT.div_ceil(64)],
            fact_fields: vec![0; FIELD_COUNT.div_ceil(64)].into(),
            fact_protos: [0; PROTO_COUNT.div_ceil(64)],
            tree: false,
            columns: false,
            is_told_later: false,
        }
    }

    /// Every field of every protocol, with the tree and the columns.
    pub fn everything() -> Self {
        Self {
            fields: vec![u64::MAX; FIELD_COUNT.div_ceil(64)].into(),
            protos: [u64::MAX; PROTO_COUNT.div_ceil(64)],
            own: [u64::MAX; PROTO_COUNT.div_ceil(64)],
            fact_fields: vec![u64::MAX; FIELD_COUNT.div_ceil(64)].into(),
            fact_protos: [u64::MAX; PROTO_COUNT.div_ceil(64)],
            tree: true,
            columns: true,
            is_told_later: true,
        }
    }

    /// Adds a field and the protocols on every way to it.
    pub fn add(&mut self, field: FieldId) {
        self.fields[usize::from(field.0) / 64] |= 1 << (field.0 % 64);
        let owner = registry::owner(field);
        self.is_told_later |= registry::is_told_later(field);
        if registry::protocol(owner).is_everywhere {
            self.own = [u64::MAX; PROTO_COUNT.div_ceil(64)];
        }
        self.own[owner as usize / 64] |= 1 << (owner as usize % 64);
        for feeder in registry::field(field).fed_by {
            self.enter(*feeder);
        }
        if frame::needs_all_layers(field) || eth::needs_payload(field) || registry::protocol(owner).is_everywhere {
            self.enter_all();
        } else {
            self.enter(owner);
        }
    }

    /// Adds the Protocol and Info columns, which every layer may write.
    pub fn add_columns(&mut self) {
        self.columns = true;
        self.is_told_later = true;
        self.enter_all();
    }

    /// Adds all that another one wants.
    pub fn join(&mut self, other: &Self) {
        self.fields.iter_mut().zip(&other.fields).for_each(|(mine, theirs)| *mine |= theirs);
        self.protos.iter_mut().zip(&other.protos).for_each(|(mine, theirs)| *mine |= theirs);
        self.own.iter_mut().zip(&other.own).for_each(|(mine, theirs)| *mine |= theirs);
        self.tree |= other.tree;
        self.columns |= other.columns;
        self.is_told_later |= other.is_told_later;
    }

    /// What one pass over all frames takes that makes the fields of this one while it finds the facts for all of
    /// `shown`, which includes this one: see [`InOrder`](crate::analysis::InOrder).
    pub fn in_order(&self, shown: &Self) -> Self {
        let mut both = self.clone();
        both.join(shown);
        let facts = both.for_facts();
        both.fields.clone_from(&self.fields);
        both.own = self.own;
        both.tree = self.tree;
        both.columns = self.columns;
        both.fact_fields = facts.fact_fields;
        both.fact_protos = facts.fact_protos;
        both
    }

    fn enter_all(&mut self) {
        self.is_told_later = true;
        self.protos = [u64::MAX; PROTO_COUNT.div_ceil(64)];
    }

    fn enter(&mut self, proto: ProtoId) {
        for way in registry::ways_to(proto) {
            self.protos[*way as usize / 64] |= 1 << (*way as usize % 64);
        }
    }

    /// What the first pass has to enter so that the second one finds its facts: the same protocols, no fields.
    ///
    /// The fields are remembered apart: see [`Wanted::fact_field`].
    pub fn for_facts(&self) -> Self {
        let mut facts = Self::nothing();
        facts.protos = self.protos;
        facts.fact_fields.clone_from(&self.fields);
        facts.fact_protos = if self.columns { [u64::MAX; PROTO_COUNT.div_ceil(64)] } else { self.own };
        facts
    }

    /// The same for a pass that finds facts and makes the fields at once.
    pub fn for_watching(&self) -> Self {
        let facts = self.for_facts();
        Self { fact_fields: facts.fact_fields, fact_protos: facts.fact_protos, ..self.clone() }
    }

    /// Whether the field is to be made.
    #[inline]
    pub fn field(&self, field: FieldId) -> bool {
        self.fields[usize::from(field.0) / 64] >> (field.0 % 64) & 1 != 0
    }

    /// Whether any field of the protocol, or an expert info of any, is to be made.
    #[inline]
    pub fn own_fields(&self, proto: ProtoId) -> bool {
        self.own[proto as usize / 64] >> (proto as usize % 64) & 1 != 0
    }

    /// Whether the second pass will make the field; asked in the first one, which makes none.
    #[inline]
    pub fn fact_field(&self, field: FieldId) -> bool {
        self.fact_fields[usize::from(field.0) / 64] >> (field.0 % 64) & 1 != 0
    }

    /// Whether the second pass will make a field of the protocol or write columns; asked in the first one.
    pub fn facts_of(&self, proto: ProtoId) -> bool {
        self.fact_protos[proto as usize / 64] >> (proto as usize % 64) & 1 != 0
    }

    /// Whether any field from `first` to `last` is to be made.
    pub fn any_field(&self, first: FieldId, last: FieldId) -> bool {
        let (first, last) = (usize::from(first.0), usize::from(last.0));
        (first / 64..=last / 64).any(|word| {
            let low = if word == first / 64 { u64::MAX << (first % 64) } else { u64::MAX };
            let high = if word == last / 64 { u64::MAX >> (63 - last % 64) } else { u64::MAX };
            self.fields[word] & low & high != 0
        })
    }

    /// Whether a protocol that may lie in this one is to be looked at.
    pub(crate) fn child_of(&self, proto: ProtoId) -> bool {
        registry::children(proto).iter().zip(&self.protos).any(|(children, wanted)| children & wanted != 0)
    }

    /// Whether the protocol, or one that may lie in it, is to be looked at.
    #[inline]
    pub fn proto(&self, proto: ProtoId) -> bool {
        self.protos[proto as usize / 64] >> (proto as usize % 64) & 1 != 0
    }
}
