//! Calls, registrations and other dialogs of SIP, followed from their first message to their last.

use std::collections::BTreeMap;

use crate::diagnose::{Evidence, Seen};
use crate::field::FieldId;
use crate::proto::sip;
use crate::registry::ProtoId;

/// How many dialogs are followed at once; the one that was idle longest gives way.
pub const MAX_CALLS: usize = 65_536;

/// All messages of one Call-ID.
#[derive(Clone, Debug)]
pub struct Call {
    pub call_id: String,
    pub messages: Evidence,
}

/// The dialogs of a capture.
#[derive(Default)]
pub struct Calls {
    open: BTreeMap<String, Call>,
}

impl Calls {
    /// What is looked at.
    pub const FIELDS: &'static [FieldId] = &[sip::PROTO, sip::CALL_ID];

    pub(crate) fn look(&mut self, seen: &Seen<'_>, settled: &mut Vec<Call>) {
        if !seen.has_proto(ProtoId::Sip) {
            return;
        }
        let Some(call_id) = seen.text(sip::CALL_ID) else { return };
        if self.open.len() >= MAX_CALLS && !self.open.contains_key(&*call_id) {
            let oldest = self.open.values().min_by_key(|call| call.messages.last()).map(|call| call.call_id.clone());
            settled.extend(oldest.and_then(|oldest| self.open.remove(&oldest)));
        }
        let call = self.open.entry(call_id.clone().into_owned());
        let call = call.or_insert_with(|| Call { call_id: call_id.into_owned(), messages: Evidence::default() });
        call.messages.add(seen.mark);
    }

    pub(crate) fn tick(&mut self, _: i64, _: &mut Vec<Call>) {}

    pub(crate) fn finish(&mut self, settled: &mut Vec<Call>) {
        settled.extend(std::mem::take(&mut self.open).into_values());
    }

    pub(crate) fn horizon(&self) -> Option<i64> {
        self.open.values().map(|call| call.messages.first().time).min()
    }
}
