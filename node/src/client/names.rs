//! Names of hosts, for people: machines have identifiers.

use std::collections::BTreeMap;

use packetstream_protocol::HostId;
use packetstream_protocol::wire::{Request, Response};

use super::Session;

/// The hosts that have a name.
#[derive(Default)]
pub(crate) struct Names(BTreeMap<HostId, String>);

impl Names {
    /// Asks the cluster; what does not answer leaves the identifiers.
    pub(crate) fn of(session: &Session) -> Self {
        let Ok(Response::Hosts(rows)) = session.call(&Request::Hosts) else { return Self::default() };
        let named = rows.into_iter().filter(|row| !row.name.is_empty());
        Self(named.map(|row| (row.host, row.name)).collect())
    }

    /// The name, or the identifier where there is none.
    pub(crate) fn show(&self, host: HostId) -> String {
        self.0.get(&host).cloned().unwrap_or_else(|| host.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_no_name_keeps_the_identifier() {
        let (named, other) = (HostId::from_bytes([1; 16]), HostId::from_bytes([2; 16]));
        let names = Names(BTreeMap::from([(named, "pbx".to_owned())]));
        assert_eq!((names.show(named), names.show(other)), ("pbx".to_owned(), other.to_string()));
    }
}
