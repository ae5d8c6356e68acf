//! Which connection a packet is of: connection IDs lead to it, wherever the packet comes from (RFC 9000, 5.2).

use std::sync::Arc;

use super::crypto::{Stream, WaitingRoom};
use super::initial::Keys;
use super::{Id, MAX_ID};
use crate::conversation;
use crate::dissector::{Address, Endpoints};
use crate::recent::Recent;

/// How many connections are remembered, and how many IDs of all of them together.
pub(super) const MAX_CONNECTIONS: usize = 65_536;
const MAX_IDS: usize = 4 * MAX_CONNECTIONS;
/// How many IDs of each side of one connection are remembered.
pub(super) const MAX_IDS_OF_SIDE: u8 = 8;

/// The shortest ID by which a packet is known that comes from elsewhere.
const MIN_SURE_ID: usize = 4;

pub(super) const CLIENT: usize = 0;
pub(super) const SERVER: usize = 1;

pub(super) struct Connection {
    pub(super) number: u32,
    client: (Address, u16),
    /// What Initial packets are protected with from now on.
    pub(super) keys: Arc<Keys>,
    /// A packet told the client to try again, which only one may (RFC 9000, 17.2.5.2).
    pub(super) is_retried: bool,
    /// A packet was seen of which the keys are secret.
    pub(super) is_secret: bool,
    /// The sides that are addressed without an ID.
    is_nameless: [bool; 2],
    ids: [u8; 2],
    /// The largest number of each side's Initial packets.
    pub(super) largest: [Option<u64>; 2],
    /// What both sides say in CRYPTO frames of Initial packets.
    pub(super) streams: [Stream; 2],
}

/// Who is addressed by an ID.
#[derive(Clone, Copy)]
struct Owner {
    number: u32,
    side: u8,
}

/// A connection that a packet belongs to, and how.
#[derive(Clone, Copy)]
pub(super) struct Found {
    pub(super) number: u32,
    /// The side that sent the packet.
    pub(super) side: usize,
    /// How many octets the receiver's ID has in a short header.
    pub(super) dcil: usize,
}

/// The connections of the first pass.
pub(crate) struct Connections {
    all: Recent<u32, Connection>,
    owners: Recent<Id, Owner>,
    /// The connection last opened between two endpoints.
    between: Recent<conversation::Key, u32>,
    /// Bit n says that some ID has n octets.
    lengths: u32,
    opened: u32,
    room: WaitingRoom,
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            all: Recent::new(MAX_CONNECTIONS),
            owners: Recent::new(MAX_IDS),
            between: Recent::new(MAX_CONNECTIONS),
            lengths: 0,
            opened: 0,
            room: WaitingRoom::default(),
        }
    }
}

impl Connections {
    /// A connection, and where what comes before its turn waits.
    pub(super) fn get(&mut self, number: u32) -> Option<(&mut Connection, &mut WaitingRoom)> {
        let room = &mut self.room;
        self.all.get(&number).map(|connection| (connection, room))
    }

    fn between(&mut self, endpoints: Endpoints) -> Option<&mut Connection> {
        let number = *self.between.get(&conversation::Key(endpoints.conversation().0))?;
        self.all.get(&number)
    }

    fn by_id(&mut self, id: &[u8]) -> Option<Found> {
        if id.is_empty() || id.len() > MAX_ID {
            return None;
        }
        let owner = *self.owners.get(&Id::from_slice(id))?;
        self.all.get(&owner.number)?;
        Some(Found { number: owner.number, side: 1 - usize::from(owner.side & 1), dcil: id.len() })
    }

    /// The connection of a packet with a long header that is sent to `dcid`.
    pub(super) fn of_long(&mut self, endpoints: Endpoints, dcid: &[u8]) -> Option<Found> {
        if !dcid.is_empty() {
            return self.by_id(dcid);
        }
        let connection = self.between(endpoints)?;
        let side = usize::from((endpoints.src, endpoints.src_port) != connection.client);
        Some(Found { number: connection.number, side, dcil: 0 })
    }

    /// The connection of a packet with a short header, the octets behind whose first one are given.
    pub(super) fn of_short(&mut self, endpoints: Endpoints, octets: &[u8]) -> Option<Found> {
        if let Some(connection) = self.between(endpoints) {
            let side = usize::from((endpoints.src, endpoints.src_port) != connection.client);
            if connection.is_nameless[1 - side] {
                return Some(Found { number: connection.number, side, dcil: 0 });
            }
        }
        let lengths = self.lengths;
        let lengths = (1..=MAX_ID).rev().filter(|len| lengths >> len & 1 != 0);
        lengths.filter_map(|len| octets.get(..len)).find_map(|id| self.by_id(id))
    }

    /// Whether octets begin with an ID that is too long to be met by chance.
    pub(super) fn is_moved(&self, octets: &[u8]) -> bool {
        let lengths = (MIN_SURE_ID..=MAX_ID).filter(|len| self.lengths >> len & 1 != 0);
        lengths.filter_map(|len| octets.get(..len)).any(|id| self.owners.peek(&Id::from_slice(id)).is_some())
    }

    /// Opens the connection of a client's first packet.
    pub(super) fn open(&mut self, endpoints: Endpoints, version: u32, dcid: &[u8]) -> Found {
        let number = self.opened;
        self.opened = number.saturating_add(1);
        let id = Id::from_slice(dcid);
        let connection = Connection {
            number,
            client: (endpoints.src, endpoints.src_port),
            keys: Arc::new(Keys::new(version, id.clone(), id)),
            is_retried: false,
            is_secret: false,
            is_nameless: [false; 2],
            ids: [0; 2],
            largest: [None; 2],
            streams: Default::default(),
        };
        self.all.insert(number, connection);
        self.between.insert(conversation::Key(endpoints.conversation().0), number);
        self.name(number, SERVER, dcid);
        Found { number, side: CLIENT, dcil: dcid.len() }
    }

    /// Takes an ID that a side says it is addressed by.
    pub(super) fn name(&mut self, number: u32, side: usize, id: &[u8]) {
        let Some(connection) = self.all.get(&number) else {
            return;
        };
        if id.is_empty() {
            connection.is_nameless[side & 1] = true;
            return;
        }
        let owned = self.owners.peek(&Id::from_slice(id));
        let count = &mut connection.ids[side & 1];
        if id.len() > MAX_ID || *count >= MAX_IDS_OF_SIDE || owned.is_some_and(|owner| owner.number == number) {
            return;
        }
        *count += 1;
        self.lengths |= 1 << id.len();
        self.owners.insert(Id::from_slice(id), Owner { number, side: side as u8 & 1 });
    }
}
