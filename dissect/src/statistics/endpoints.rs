//! `-z endpoints,TYPE`: who sent and received how much.

use std::collections::HashMap;
use std::fmt::Write;

use super::pairs::{self, End, Kind};
use super::{Selection, Statistic};
use crate::packet::Packet;
use crate::tree::Dissection;
use crate::wanted::Wanted;

/// How many endpoints are counted; further ones are left out, and a line says how many.
const MAX_ENDPOINTS: usize = 1 << 20;
const RULE: &str = "================================================================================";

#[derive(Clone, Copy, Default)]
struct Counts {
    sent: u64,
    sent_octets: u64,
    received: u64,
    received_octets: u64,
}

pub(super) struct Endpoints {
    kind: Kind,
    selection: Selection,
    places: HashMap<End, usize>,
    /// In the order in which they were met.
    all: Vec<(End, Counts)>,
    left_out: u64,
}

impl Endpoints {
    pub(super) fn new(kind: Kind, selection: Selection) -> Self {
        Self { kind, selection, places: HashMap::new(), all: Vec::new(), left_out: 0 }
    }

    fn counts(&mut self, end: End) -> Option<&mut Counts> {
        let at = match self.places.get(&end) {
            Some(at) => *at,
            None if self.all.len() >= MAX_ENDPOINTS => {
                self.left_out += 1;
                return None;
            }
            None => {
                self.places.insert(end, self.all.len());
                self.all.push((end, Counts::default()));
                self.all.len() - 1
            }
        };
        self.all.get_mut(at).map(|row| &mut row.1)
    }
}

impl Statistic for Endpoints {
    fn want(&self, wanted: &mut Wanted) {
        self.kind.want(wanted);
        self.selection.want(wanted);
    }

    fn packet(&mut self, packet: &Packet<'_>, dissection: &Dissection<'_>) {
        if !self.selection.takes(dissection) {
            return;
        }
        let octets = u64::from(packet.orig_len);
        pairs::each(self.kind, dissection, |pair| {
            if let Some(counts) = self.counts(pair.from) {
                counts.sent += 1;
                counts.sent_octets += octets;
            }
            if let Some(counts) = self.counts(pair.to) {
                counts.received += 1;
                counts.received_octets += octets;
            }
        });
    }

    fn print(&mut self, out: &mut String) {
        let filter = if self.selection.text.is_empty() { "<No Filter>" } else { &self.selection.text };
        let port = if self.kind.has_ports() { "|  Port  |" } else { "" };
        let _ = writeln!(out, "{RULE}\n{} Endpoints\nFilter:{filter}", self.kind.title());
        let _ = writeln!(
            out,
            "{:23}{port}|  Packets  | |  Bytes  | | Tx Packets | | Tx Bytes | | Rx Packets | | Rx Bytes |",
            ""
        );
        let mut order: Vec<&(End, Counts)> = self.all.iter().collect();
        order.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.sent + counts.received));
        for (end, counts) in order {
            let Counts { sent, sent_octets, received, received_octets } = counts;
            let _ = write!(out, "{:<20}", end.address.to_string());
            let gap = if self.kind.has_ports() { "     " } else { "      " };
            if self.kind.has_ports() {
                let _ = write!(out, "      {:5}", end.port);
            }
            let _ = writeln!(
                out,
                "{gap}{:6}     {:9}     {sent:6}       {sent_octets:9}      {received:6}       {received_octets:9}   ",
                sent + received,
                sent_octets + received_octets
            );
        }
        if self.left_out > 0 {
            let _ = writeln!(out, "further endpoints were left out {} times", self.left_out);
        }
        let _ = writeln!(out, "{RULE}");
    }
}
