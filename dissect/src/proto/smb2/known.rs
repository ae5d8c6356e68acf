//! What earlier messages say of the one at hand: what was asked for, on which share, for which file.

use std::sync::Arc;

use aws_lc_rs::digest;

use super::*;
use crate::conversation::Key;
use crate::facts::Fact;
use crate::recent::Recent;

/// A share that a tree stands for.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    pub(super) name: Arc<str>,
    pub(super) share: u8,
    pub(super) frame: u64,
}

/// What a request wanted, for its response.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    pub(super) class: u8,
    pub(super) level: u8,
    pub(super) name: Option<Arc<str>>,
}

/// What is known of a message from those before it.
#[derive(Clone, Debug, Default)]
pub struct Told {
    pub(super) tree: Option<Tree>,
    pub(super) authenticated: Option<u64>,
    pub(super) asked: Asked,
    pub(super) file: Option<Arc<str>>,
    pub(super) hash: Option<Arc<[u8]>>,
}

/// What the first pass remembers.
pub(crate) struct Known {
    pub(super) asked: Recent<(Key, u64), Asked>,
    pub(super) trees: Recent<(Key, u64, u32), Tree>,
    pub(super) sessions: Recent<(Key, u64), u64>,
    pub(super) files: Recent<(Key, [u8; 16]), Arc<str>>,
    pub(super) hashes: Recent<Key, [u8; 64]>,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            asked: Recent::new(MAX_KNOWN),
            trees: Recent::new(MAX_KNOWN),
            sessions: Recent::new(MAX_KNOWN),
            files: Recent::new(MAX_KNOWN),
            hashes: Recent::new(MAX_KNOWN),
        }
    }
}

/// What is known of a message; the first pass learns from it.
pub(super) fn told(d: &mut Dissector<'_>, tvb: Tvb<'_>, header: &Header) -> Told {
    let wants = d.wants_facts_of(ProtoId::Smb2);
    let wants_hash = d.wants_fact(PREAUTH_HASH);
    let key = Key(d.endpoints.conversation().0);
    let frame = d.packet.number;
    if wants && let Some(flows) = d.flows() {
        let known = &mut flows.smb2;
        let mut told = known.tell(key, tvb, header, frame);
        if wants_hash && header.command <= 1 {
            told.hash = known.hash(key, tvb, header);
        }
        d.record(Fact::Smb2(Box::new(told)));
    }
    let found = d.fact(|fact| match fact {
        Fact::Smb2(told) => Some((**told).clone()),
        _ => None,
    });
    found.unwrap_or_default()
}

impl Known {
    pub(super) fn tell(&mut self, key: Key, tvb: Tvb<'_>, header: &Header, frame: u64) -> Told {
        let mut told = Told {
            tree: self.trees.get(&(key, header.session, header.tree)).cloned(),
            authenticated: self.sessions.get(&(key, header.session)).copied(),
            ..Told::default()
        };
        let octet = |at: usize| tvb.u8(at).unwrap_or_default();
        if header.is_response {
            told.asked = self.asked.get(&(key, header.id)).cloned().unwrap_or_default();
            let name = told.asked.name.clone();
            match (header.command, name) {
                (1, _) if header.status == 0 => {
                    told.authenticated = Some(frame);
                    self.sessions.insert((key, header.session), frame);
                }
                (3, Some(name)) if header.status == 0 => {
                    let tree = Tree { name, share: octet(HEADER_LEN + 2), frame };
                    told.tree = Some(tree.clone());
                    self.trees.insert((key, header.session, header.tree), tree);
                }
                (5, Some(name)) if header.status == 0 => {
                    if let Ok(fid) = tvb.array(HEADER_LEN + 64) {
                        self.files.insert((key, fid), name.clone());
                    }
                    told.file = Some(name);
                }
                _ => {}
            }
        } else {
            let (class, level) = match header.command {
                14 => (0, octet(HEADER_LEN + 2)),
                16 | 17 => (octet(HEADER_LEN + 2), octet(HEADER_LEN + 3)),
                _ => (0, 0),
            };
            let asked = Asked { class, level, name: name(tvb, header.command) };
            told.asked = asked.clone();
            self.asked.insert((key, header.id), asked);
        }
        if let Some(at) = fid_place(header)
            && let Ok(fid) = tvb.array::<16>(HEADER_LEN + at)
        {
            told.file = self.files.get(&(key, fid)).cloned();
        }
        told
    }

    /// [MS-SMB2] 3.1.4.2 and 3.2.5.2: what both have said before they know each other.
    pub(super) fn hash(&mut self, key: Key, tvb: Tvb<'_>, header: &Header) -> Option<Arc<[u8]>> {
        let before = match self.hashes.get(&key) {
            Some(hash) if header.command == 1 || header.is_response => *hash,
            None if header.command == 1 => return None,
            _ => [0; 64],
        };
        // The response that ends it all is not counted.
        let counts = !(header.command == 1 && header.is_response && header.status != MORE_PROCESSING);
        let hash = if counts { sha512(&before, tvb.bytes()) } else { before };
        self.hashes.insert(key, hash);
        Some(hash.as_slice().into())
    }
}

/// SHA-512 of octets that follow each other.
fn sha512(before: &[u8], after: &[u8]) -> [u8; 64] {
    let mut context = digest::Context::new(&digest::SHA512);
    context.update(before);
    context.update(after);
    // It has no other length.
    context.finish().as_ref().try_into().unwrap_or([0; 64])
}

/// Where in the body of a message the identifier of an open file stands.
fn fid_place(header: &Header) -> Option<usize> {
    if header.is_error() {
        return None;
    }
    match (header.command, header.is_response) {
        (6 | 7 | 10 | 11 | 14 | 15 | 18, false) | (11 | 18, true) => Some(8),
        (8 | 9 | 17, false) => Some(16),
        (16, false) => Some(24),
        _ => None,
    }
}

/// The name that a request to open a file or to connect to a share has.
fn name(tvb: Tvb<'_>, command: u64) -> Option<Arc<str>> {
    let at = match command {
        3 => HEADER_LEN + 4,
        5 => HEADER_LEN + 44,
        _ => return None,
    };
    let (offset, len) = (tvb.u16_le(at).ok()?, tvb.u16_le(at + 2).ok()?);
    Some(utf16(tvb.slice(offset.into(), len.into()).ok()?).into())
}
