//! `packetstream rules add|list|remove`: the standing rules of a cluster.

use std::path::PathBuf;

use packetstream_protocol::wire::{Admin, Request, Response};

use super::rules::listed;
use crate::cli::{Peer, RulesAdd, StandingRules};
use crate::client::{Session, failure};
use crate::exit::{Failure, Outcome, complain, say};
use crate::net::RpcError;
use crate::rules;

pub(super) fn run(args: &StandingRules) -> Outcome {
    match args {
        StandingRules::Add(args) => add(args),
        StandingRules::List(peer) => list(peer),
        StandingRules::Remove { name, peer } => {
            admin(&Session::open(peer)?, Admin::RemoveRules { name: name.clone() })?;
            say!("{name}: removed");
            Ok(())
        }
    }
}

fn admin(session: &Session, admin: Admin) -> Outcome {
    match session.call(&Request::Admin(admin))? {
        Response::Done => Ok(()),
        _ => Err(failure(RpcError::Unexpected)),
    }
}

/// Makes files standing rules, and says what becomes of each rule in them.
fn add(args: &RulesAdd) -> Outcome {
    // What cannot be read at all is refused before anything is changed.
    let files = rules::load(&args.files).map_err(Failure::wrong)?;
    let session = Session::open(&args.peer)?;
    for path in &args.files {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let text = rules::text(path).map_err(Failure::wrong)?;
        admin(&session, Admin::AddRules { name, text })?;
    }
    listed(&files, args.peer.json)
}

/// The standing rules as the nodes compile them: all files together, as macros of one serve in others.
fn list(peer: &Peer) -> Outcome {
    let Response::Rules(kept) = Session::open(peer)?.call(&Request::Rules)? else {
        return Err(failure(RpcError::Unexpected));
    };
    let texts: Vec<(PathBuf, String)> =
        kept.into_iter().filter_map(|file| Some((PathBuf::from(file.stamp.name), file.text?))).collect();
    let mut files = Vec::new();
    for file in rules::compile(&texts) {
        match file {
            Ok(file) => files.push(file),
            Err(error) => complain(error),
        }
    }
    listed(&files, peer.json)
}
