//! `-z io,phs`: how many frames and octets each protocol has, in which protocol it lies.

use std::fmt::Write;

use super::{RULE, Selection, Statistic};
use crate::field::FieldId;
use crate::packet::Packet;
use crate::proto::{frame, tcp, ws};
use crate::registry;
use crate::tree::Dissection;
use crate::wanted::Wanted;

/// How many places of the hierarchy are told apart. Tunnels in tunnels could make more of them than there are frames.
const MAX_PLACES: usize = 65_536;

/// How deep protocols may lie in each other; further ones of a frame are left out. A stream's segment can end many messages.
const MAX_DEPTH: usize = 64;

struct Place {
    field: FieldId,
    parent: Option<usize>,
    frames: u64,
    octets: u64,
    children: Vec<usize>,
}

pub(super) struct Hierarchy {
    selection: Selection,
    places: Vec<Place>,
    roots: Vec<usize>,
}

impl Hierarchy {
    pub(super) fn new(selection: Selection) -> Self {
        Self { selection, places: Vec::new(), roots: Vec::new() }
    }

    /// The place of a protocol within another one.
    fn place(&mut self, parent: Option<usize>, field: FieldId) -> Option<usize> {
        let siblings = match parent {
            Some(parent) => &self.places.get(parent)?.children,
            None => &self.roots,
        };
        let known = siblings.iter().copied().find(|at| self.places.get(*at).is_some_and(|place| place.field == field));
        if known.is_some() {
            return known;
        }
        if self.places.len() >= MAX_PLACES {
            return None;
        }
        let at = self.places.len();
        self.places.push(Place { field, parent, frames: 0, octets: 0, children: Vec::new() });
        match parent {
            Some(parent) => self.places.get_mut(parent)?.children.push(at),
            None => self.roots.push(at),
        }
        Some(at)
    }

    fn show(&self, at: usize, depth: usize, out: &mut String) {
        let Some(place) = self.places.get(at) else { return };
        let width = 40usize.saturating_sub(depth * 2);
        let name = registry::field(place.field).name;
        let _ = writeln!(
            out,
            "{:indent$}{name:<width$} frames:{} bytes:{}",
            "",
            place.frames,
            place.octets,
            indent = depth * 2
        );
        for child in &place.children {
            self.show(*child, depth + 1, out);
        }
    }
}

impl Statistic for Hierarchy {
    fn want(&self, wanted: &mut Wanted) {
        for protocol in registry::protocols() {
            if let Some(field) = registry::by_name(protocol.name()) {
                wanted.add(field);
            }
        }
        [ws::MALFORMED, ws::SHORT, ws::UNREASSEMBLED].into_iter().for_each(|field| wanted.add(field));
        wanted.add(tcp::SEGMENTS);
        self.selection.want(wanted);
    }

    fn packet(&mut self, packet: &Packet<'_>, dissection: &Dissection<'_>) {
        if !self.selection.takes(dissection) {
            return;
        }
        let layers =
            dissection.nodes.iter().filter(|node| node.depth == 0 && !node.hidden && node.field != frame::PROTO);
        // What was put together is told last.
        let (pieces, layers): (Vec<_>, Vec<_>) =
            layers.map(|node| node.field).partition(|field| *field == tcp::SEGMENTS);
        let mut parent = None;
        for field in layers.into_iter().chain(pieces).filter(|field| *field != ws::TEXT).take(MAX_DEPTH) {
            let Some(at) = self.place(parent, field) else { return };
            if let Some(place) = self.places.get_mut(at) {
                debug_assert_eq!(place.parent, parent);
                place.frames += 1;
                place.octets += u64::from(packet.orig_len);
            }
            parent = Some(at);
        }
    }

    fn print(&mut self, out: &mut String) {
        let _ = writeln!(out, "\n{RULE}\nProtocol Hierarchy Statistics\nFilter: {}\n", self.selection.text);
        for root in &self.roots {
            self.show(*root, 0, out);
        }
        let _ = writeln!(out, "{RULE}");
    }
}
