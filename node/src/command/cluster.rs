//! `packetstream cluster init` and `cluster invite`.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use packetstream_config::address::DEFAULT_PORT;
use packetstream_config::authority::Invitation;
use packetstream_config::paths::DataDir;
use packetstream_config::{Address, Authority, Bundle, Secret};
use packetstream_protocol::credentials::Role;
use packetstream_protocol::wire::{Admin, Request, Response};

use crate::cli::{Cluster, Peer};
use crate::client::{Session, failure};
use crate::exit::{Failure, Outcome, say};
use crate::net::RpcError;

pub(super) fn run(args: &Cluster) -> Outcome {
    match args {
        Cluster::Init { data } => init(&data_dir(data.as_deref())?),
        Cluster::Invite { role, name, seed, out, data } => {
            let data = data_dir(data.as_deref())?;
            invite(&data, *role, name, seed, out.as_deref())
        }
        Cluster::Drain { member, peer } => admin(peer, Admin::Drain { member: member.clone() }),
        Cluster::Activate { member, peer } => admin(peer, Admin::Activate { member: member.clone() }),
        Cluster::Remove { member, peer } => admin(peer, Admin::Remove { member: member.clone() }),
        Cluster::Replace { old, new, peer } => replace(peer, old, new),
        Cluster::Revoke { member, peer } => {
            // A bundle that was lost can be named by a copy of it.
            let member = match Bundle::read(Path::new(member)) {
                Ok(bundle) => bundle.identity().node.to_string(),
                Err(_) => member.clone(),
            };
            admin(peer, Admin::Revoke { member })
        }
        Cluster::Renew { file, data } => renew(&data_dir(data.as_deref())?, file),
    }
}

fn admin(peer: &Peer, admin: Admin) -> Outcome {
    change(&Session::open(peer)?, admin)?;
    say!("done; packetstream status shows what becomes of it");
    Ok(())
}

fn change(session: &Session, admin: Admin) -> Outcome {
    match session.call(&Request::Admin(admin))? {
        Response::Done => Ok(()),
        _ => Err(failure(RpcError::Unexpected)),
    }
}

fn replace(peer: &Peer, old: &str, new: &str) -> Outcome {
    let session = Session::open(peer)?;
    let Response::Cluster(before) = session.call(&Request::Cluster)? else { return Err(failure(RpcError::Unexpected)) };
    change(&session, Admin::Replace { old: old.to_owned(), new: new.to_owned() })?;
    let share = before.members.iter().find(|row| row.name == new || row.node.to_string() == new);
    match share.filter(|row| old != new && row.partitions > 0) {
        Some(row) => say!(
            "done; {new} takes the place of {old}, and its own {} partitions go back to the others; packetstream status shows how far it is",
            row.partitions
        ),
        None => say!("done; packetstream status shows what becomes of it"),
    }
    Ok(())
}

fn renew(data: &DataDir, file: &Path) -> Outcome {
    let path = data.authority();
    if !path.exists() {
        let why = format!("no cluster authority in {}: renew where the bundle was made", data.root().display());
        return Err(Failure::Wrong(why));
    }
    let authority = Authority::read(&path).map_err(Failure::wrong)?;
    let old = Bundle::read(file).map_err(Failure::wrong)?;
    let invitation = Invitation { role: old.role(), name: old.name().to_owned(), seeds: old.seeds().to_vec() };
    let secret = Secret::from_bytes(*old.secret().as_bytes());
    let new = authority.invite(invitation, secret, SystemTime::now()).map_err(Failure::wrong)?;
    new.write(file, true).map_err(Failure::wrong)?;
    say!("{}: renewed; a node that runs with it takes it when it is sent SIGHUP", file.display());
    Ok(())
}

/// The data folder that the arguments and the environment name.
pub(crate) fn data_dir(explicit: Option<&Path>) -> Result<DataDir, Failure> {
    DataDir::locate(explicit, |name| std::env::var_os(name)).map_err(Failure::wrong)
}

/// Makes an authority and the bundle of its first operator in a data folder.
pub(crate) fn found(data: &DataDir, seeds: Vec<Address>) -> Result<Authority, Failure> {
    std::fs::create_dir_all(data.root())
        .map_err(|error| Failure::wrong(format!("{}: {error}", data.root().display())))?;
    let now = SystemTime::now();
    let authority = Authority::create(Secret::generate(), now).map_err(Failure::wrong)?;
    authority.write(&data.authority()).map_err(Failure::wrong)?;
    let operator = Invitation { role: Role::Operator, name: "operator".to_owned(), seeds };
    issue(&authority, operator, &data.operator_bundle())?;
    Ok(authority)
}

/// Issues a bundle and writes it.
pub(crate) fn issue(authority: &Authority, invitation: Invitation, path: &Path) -> Result<Bundle, Failure> {
    let bundle = authority.invite(invitation, Secret::generate(), SystemTime::now()).map_err(Failure::wrong)?;
    bundle.write(path, false).map_err(Failure::wrong)?;
    Ok(bundle)
}

fn init(data: &DataDir) -> Outcome {
    let seed = Address::new(std::net::Ipv4Addr::LOCALHOST.into(), DEFAULT_PORT);
    let authority = found(data, vec![seed])?;
    say!("cluster {} made in {}", authority.id(), data.root().display());
    say!("operator's bundle: {}", data.operator_bundle().display());
    say!("next: packetstream cluster invite --role node --name NAME --seed HOST:PORT");
    Ok(())
}

fn invite(data: &DataDir, role: Role, name: &str, seeds: &[Address], out: Option<&Path>) -> Outcome {
    let path = data.authority();
    if !path.exists() {
        let why =
            format!("no cluster authority in {}: run packetstream cluster init there first", data.root().display());
        return Err(Failure::Wrong(why));
    }
    let authority = Authority::read(&path).map_err(Failure::wrong)?;
    let out = out.map_or_else(|| PathBuf::from(format!("{name}.bundle")), Path::to_owned);
    issue(&authority, Invitation { role, name: name.to_owned(), seeds: seeds.to_vec() }, &out)?;
    say!("{}", out.display());
    Ok(())
}
