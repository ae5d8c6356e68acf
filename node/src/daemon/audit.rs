//! Who read which packets and who changed the cluster: one JSON object a line, in a file that only grows.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use packetstream_protocol::Timestamp;
use packetstream_protocol::wire::{Admin, HostRef, Request};
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::net::Caller;

/// See the module. Without a file it keeps nothing.
#[derive(Default)]
pub(crate) struct Audit(Option<Mutex<File>>);

impl Audit {
    /// Opens the file, making it if there is none, for its owner alone.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(crate) fn open(path: &Path) -> std::io::Result<Self> {
        use std::os::unix::fs::OpenOptionsExt;
        let file = File::options().create(true).append(true).mode(0o600).open(path)?;
        Ok(Self(Some(Mutex::new(file))))
    }

    /// Notes a request that is to be carried out.
    pub(crate) fn note(&self, caller: &Caller, request: &Request) {
        let what = match request {
            Request::Query(query) => json!({
                "query": query.filter, "hosts": query.hosts.iter().map(host).collect::<Vec<_>>(),
                "since": query.since.map(|time| time.to_string()), "until": query.until.map(|time| time.to_string()),
                "limit": query.limit,
            }),
            Request::Get(get) => json!({ "packet": get.packet.to_string(), "hosts": [host(&get.host)] }),
            Request::Admin(admin) => json!({ "admin": shown(admin) }),
            _ => return,
        };
        let Some(file) = &self.0 else { return };
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let time = Timestamp(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)).to_string();
        let address = caller.address.map(|address| address.to_string());
        let mut line = json!({
            "time": time, "name": caller.name, "role": caller.role.name(), "node": caller.node.to_string(), "from": address,
        });
        if let (Value::Object(line), Value::Object(what)) = (&mut line, what) {
            line.extend(what);
        }
        // One write a line: two never mix.
        if let Err(error) = file.lock().write_all(format!("{line}\n").as_bytes()) {
            tracing::error!(%error, "audit log");
        }
    }
}

/// What an operator wants, without the text of files.
pub(super) fn shown(admin: &Admin) -> String {
    match admin {
        Admin::AddRules { name, text } => format!("AddRules {{ name: {name:?}, {} bytes }}", text.len()),
        admin => format!("{admin:?}"),
    }
}

fn host(host: &HostRef) -> String {
    match host {
        HostRef::Id(id) => id.to_string(),
        HostRef::Name(name) => name.clone(),
    }
}
