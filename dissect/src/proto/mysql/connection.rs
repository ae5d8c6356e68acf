//! Where a connection is: what a message means follows from those before it.

use std::sync::Arc;

use super::*;
use crate::conversation;
use crate::facts::Fact;
use crate::recent::Recent;

/// What is expected next in a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Phase {
    #[default]
    Unknown,
    Login,
    Authentication,
    AuthenticationData,
    Command,
    Ok,
    Text,
    Table,
    Columns,
    Rows,
    Statement,
    Parameters,
    StatementColumns,
    /// TLS follows.
    Secured,
}

/// Where a connection is when a message comes.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    pub(super) phase: Phase,
    pub(super) capabilities: u16,
    pub(super) extended: u16,
    /// Columns that are still to be described.
    pub(super) columns: usize,
    pub(super) parameters: usize,
    pub(super) is_binary: bool,
    /// The types of the columns of a binary result.
    pub(super) types: Arc<[u8]>,
}

#[derive(Default)]
pub(super) struct Connection {
    pub(super) place: Standing,
    pub(super) types: Vec<u8>,
    /// Statements and how many parameters they have.
    pub(super) statements: Vec<(u32, usize)>,
}

/// The connections of the first pass.
pub(crate) struct Connections {
    pub(super) open: Recent<conversation::Key, Connection>,
}

impl Default for Connections {
    fn default() -> Self {
        Self { open: Recent::new(MAX_CONNECTIONS) }
    }
}

impl Connection {
    /// What a message makes of the state; it answers the place at which the message was.
    pub(super) fn advance(&mut self, octets: &[u8], is_request: bool, number: u8) -> Standing {
        if is_request { self.request(octets, number) } else { self.response(octets, number) }
    }

    fn request(&mut self, octets: &[u8], number: u8) -> Standing {
        let before = self.place.clone();
        let place = &mut self.place;
        match place.phase {
            Phase::Login => {
                let at = |at: usize| octets.get(at..at + 2).map_or(0, |two| u16::from_le_bytes([two[0], two[1]]));
                (place.capabilities, place.extended) = (at(0), at(2));
                let is_short = octets.len() <= 32;
                place.phase =
                    if place.capabilities & WITH_TLS != 0 && is_short { Phase::Secured } else { Phase::Authentication };
            }
            Phase::AuthenticationData => place.phase = Phase::Authentication,
            Phase::Secured => {}
            _ if number == 0 => {
                let command = octets.first().copied().unwrap_or_default();
                place.is_binary = matches!(command, 23 | 28);
                place.phase = match command {
                    3 | 10 | 23 => Phase::Table,
                    4 => Phase::Columns,
                    9 => Phase::Text,
                    22 => Phase::Statement,
                    28 => Phase::Rows,
                    // These have no answer.
                    1 | 24 | 25 => Phase::Command,
                    _ => Phase::Ok,
                };
                if command == 4 {
                    place.columns = usize::MAX;
                }
                if command == 23 {
                    let id = octets.get(1..5).map_or(0, |id| u32::from_le_bytes([id[0], id[1], id[2], id[3]]));
                    let known = self.statements.iter().find(|known| known.0 == id);
                    return Standing { parameters: known.map_or(0, |known| known.1), ..before };
                }
                if command == 17 {
                    self.place.phase = Phase::Authentication;
                }
            }
            _ => {}
        }
        before
    }

    pub(super) fn response(&mut self, octets: &[u8], number: u8) -> Standing {
        let before = self.place.clone();
        let first = octets.first().copied().unwrap_or_default();
        let is_end = first == 0xfe && octets.len() < 9;
        if first == 0xff && before.phase != Phase::Unknown {
            self.place.phase = Phase::Command;
            return before;
        }
        self.place.phase = match before.phase {
            Phase::Unknown if number == 0 => Phase::Login,
            Phase::Authentication if first == 0xfe => Phase::AuthenticationData,
            Phase::Authentication | Phase::Ok if first == 0 => Phase::Command,
            Phase::Ok if is_end => Phase::Command,
            Phase::Text => Phase::Command,
            Phase::Table if first == 0 => Self::after_result(octets),
            Phase::Table => {
                self.types.clear();
                self.place.columns = usize::from(first);
                Phase::Columns
            }
            Phase::Columns if is_end => match self.place.columns {
                usize::MAX => Phase::Command,
                _ => Phase::Rows,
            },
            Phase::Columns => {
                if self.types.len() < MAX_COLUMNS {
                    self.types.push(column_type(octets).unwrap_or_default());
                }
                if self.place.columns != usize::MAX {
                    self.place.columns = self.place.columns.saturating_sub(1);
                }
                let is_last = self.place.columns == 0;
                if is_last && self.place.is_binary {
                    self.place.types = self.types.as_slice().into();
                }
                if is_last && self.place.extended & NO_EOF != 0 { Phase::Rows } else { Phase::Columns }
            }
            Phase::Rows if is_end => Self::after_result(octets),
            Phase::Statement if first == 0 => {
                let number = |at: usize| octets.get(at..at + 2).map_or(0, |n| u16::from_le_bytes([n[0], n[1]]));
                let id = octets.get(1..5).map_or(0, |id| u32::from_le_bytes([id[0], id[1], id[2], id[3]]));
                let (columns, parameters) = (number(5), number(7));
                self.statements.retain(|known| known.0 != id);
                if self.statements.len() == MAX_STATEMENTS {
                    self.statements.remove(0);
                }
                self.statements.push((id, usize::from(parameters)));
                self.place.parameters = usize::from(parameters);
                self.place.columns = usize::from(columns);
                match (parameters, columns) {
                    (0, 0) => Phase::Command,
                    (0, _) => Phase::StatementColumns,
                    _ => Phase::Parameters,
                }
            }
            Phase::Parameters | Phase::StatementColumns => {
                let is_parameter = before.phase == Phase::Parameters;
                let left = if is_parameter { &mut self.place.parameters } else { &mut self.place.columns };
                if !is_end {
                    *left = left.saturating_sub(1);
                }
                let is_over = is_end || *left == 0 && self.place.extended & NO_EOF != 0;
                match (is_over, is_parameter) {
                    (false, _) => before.phase,
                    (true, true) if self.place.columns > 0 => Phase::StatementColumns,
                    _ => Phase::Command,
                }
            }
            phase => phase,
        };
        before
    }

    /// The status at the end of a result says whether another one follows.
    fn after_result(octets: &[u8]) -> Phase {
        // After two short numbers, or after the count of warnings.
        let status = octets.get(3..5).map_or(0, |two| u16::from_le_bytes([two[0], two[1]]));
        if status & MORE_RESULTS != 0 { Phase::Table } else { Phase::Command }
    }
}

/// The type in the description of a column.
fn column_type(octets: &[u8]) -> Option<u8> {
    let mut at = 0;
    for _ in 0..6 {
        at += 1 + usize::from(*octets.get(at)?);
    }
    octets.get(at + 7).copied()
}

/// Where the connection is; the first pass finds it out.
pub(super) fn place(d: &mut Dissector<'_>, body: Tvb<'_>, is_request: bool, number: u8) -> Standing {
    let key = conversation::Key(d.endpoints.conversation().0);
    if let Some(flows) = d.flows() {
        let open = &mut flows.mysql.open;
        if open.get(&key).is_none() {
            open.insert(key, Connection::default());
        }
        if let Some(connection) = open.get(&key) {
            let place = connection.advance(body.bytes(), is_request, number);
            if d.wants_facts_of(ProtoId::Mysql) {
                d.record(Fact::Mysql(Box::new(place)));
            }
        }
    }
    let found = d.fact(|fact| match fact {
        Fact::Mysql(place) => Some((**place).clone()),
        _ => None,
    });
    found.unwrap_or_default()
}
