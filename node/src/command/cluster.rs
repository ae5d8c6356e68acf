//! `packetstream cluster init` and `cluster invite`.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use packetstream_config::address::DEFAULT_PORT;
use packetstream_config::authority::Invitation;
use packetstream_config::paths::DataDir;
use packetstream_config::{Address, Authority, Bundle, Secret};
use packetstream_protocol::credentials::Role;

use crate::cli::Cluster;
use crate::exit::{Failure, Outcome, say};

pub(super) fn run(args: &Cluster) -> Outcome {
    match args {
        Cluster::Init { data } => init(&data_dir(data.as_deref())?),
        Cluster::Invite { role, name, seed, out, data } => {
            let data = data_dir(data.as_deref())?;
            invite(&data, *role, name, seed, out.as_deref())
        }
    }
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
