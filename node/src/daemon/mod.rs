//! The daemon: actors for what lives and dies, and the conversations with peers.

mod analyst;
mod answer;
mod audit;
mod capturing;
mod conversation;
pub mod edge;
mod follow;
mod hub;
mod keeper;
mod member;
mod peers;
mod scatter;
pub mod service;
mod standing;
mod stream;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use packetstream_config::authority::ClusterId;
use packetstream_config::{Address, Bundle};
use packetstream_core::Config;
use packetstream_storage::{ChunkStore, Retention, RocksOptions, RocksStore, SpoolOptions, StoreError};
use thiserror::Error;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::capture::LiveConfig;
use crate::net::{ConnectError, Endpoint, Limits, ListenError};
use analyst::Analyst;
pub use capturing::CaptureError;
use capturing::{Captures, Capturing};
use conversation::Conversations;
use hub::Hub;
use keeper::{Fault, Keeper, Plant, Ward};
use member::Member;
use peers::Peers;
pub use service::Service;

#[cfg(test)]
mod tests;

/// How long the machine may take to start with what the store holds.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// How long the others have to hear that this node leaves.
const LEAVE_WAIT: Duration = Duration::from_millis(300);

/// How long the end of the process may take, all in all.
const END_TIMEOUT: Duration = Duration::from_secs(9);

/// All that a daemon has to know.
pub struct Plan {
    pub bundle: Bundle,
    /// Where the bundle is read again when the process is sent SIGHUP.
    pub bundle_path: PathBuf,
    pub listen: Address,
    /// Where others reach this node; what it listens on, if nothing is said.
    pub advertise: Vec<Address>,
    pub seeds: Vec<Address>,
    pub zone: String,
    pub weight: u8,
    pub rejoin: bool,
    pub store: PathBuf,
    /// Where it is noted who read what.
    pub audit: PathBuf,
    pub retention: Retention,
    pub roles: Vec<String>,
    /// Whether the packets of hosts are analysed here.
    pub analyzes: bool,
    pub spool: PathBuf,
    pub spool_options: SpoolOptions,
    pub captures: Vec<LiveConfig>,
    /// How long a member is dead before it is removed.
    pub grace: Option<Duration>,
    /// Bytes a second that are given away to bring data where it belongs.
    pub move_rate: Option<u64>,
    /// Actors that are to panic once, for a test.
    pub plant: Vec<String>,
}

/// Why a daemon did not start.
#[derive(Debug, Error)]
pub enum StartError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error(transparent)]
    Capture(#[from] CaptureError),
    #[error(
        "{} holds packets of cluster {held}, the bundle is of cluster {ours}: name another folder with --data",
        store.display()
    )]
    OtherCluster { store: PathBuf, held: String, ours: ClusterId },
    #[error("a file or a thread cannot be had: {0}")]
    System(#[from] std::io::Error),
}

/// Where a store keeps of which cluster it is.
const KEY_CLUSTER: &str = "cluster-id";

/// Holds a store to the cluster that it was made in: members and maps of two would be taken for those of one.
fn check_cluster(store: &dyn ChunkStore, path: &Path, ours: ClusterId) -> Result<(), StartError> {
    match store.meta(KEY_CLUSTER)? {
        Some(held) if held == ours.to_string().as_bytes() => Ok(()),
        Some(held) => {
            let held = String::from_utf8_lossy(&held).into_owned();
            Err(StartError::OtherCluster { store: path.to_owned(), held, ours })
        }
        None => Ok(store.put_meta(KEY_CLUSTER, Some(ours.to_string().as_bytes()))?),
    }
}

/// Runs a daemon until it is told to end; `ready` is told where it listens.
///
/// # Errors
/// When it cannot start.
pub async fn run(plan: Plan, ready: impl FnOnce(SocketAddr)) -> Result<(), StartError> {
    let store: Arc<dyn ChunkStore> = Arc::new(RocksStore::open(&plan.store, RocksOptions::default())?);
    check_cluster(&*store, &plan.store, plan.bundle.cluster())?;
    let node = plan.bundle.identity().node;
    let name = plan.bundle.name().to_owned();
    let hub = Hub::new(
        store.clone(),
        node,
        Peers::default(),
        Plant::new(plan.plant.into_iter().map(|actor| (actor, Fault::Panic))),
    )?;
    let service = Arc::new(Service::new(store.clone(), node, name.clone(), plan.roles, Instant::now()));
    let conversations =
        Conversations { service: service.clone(), hub: hub.clone(), audit: audit::Audit::open(&plan.audit)? };
    let endpoint = Endpoint::start(&plan.bundle, Limits::default(), conversations)?;
    let address = endpoint.listen(&plan.listen).await?;
    tokio::spawn(renew(endpoint.clone(), plan.bundle_path, signal(SignalKind::hangup())?));
    hub.peers.start(endpoint);

    let advertised = match plan.advertise.is_empty() {
        true => vec![Address::new(reachable(address.ip(), &plan.seeds), address.port())],
        false => plan.advertise,
    };
    // All nodes may be given the same list.
    let seeds: Vec<Address> = plan.seeds.into_iter().filter(|seed| !advertised.contains(seed)).collect();
    let mut config = Config::new(node);
    config.name = name;
    config.zone = plan.zone;
    config.weight = plan.weight;
    config.addresses = advertised.iter().map(ToString::to_string).collect();
    config.seeds = seeds.len();
    config.analyses = plan.analyzes.then_some(analyst::DIAGNOSIS).into_iter().collect();
    config.rejoin = plan.rejoin;
    config.seed = u64::from(std::process::id()) << 32 | u64::from(Instant::now().elapsed().subsec_nanos());
    config.grace = plan.grace.unwrap_or(config.grace);
    config.move_rate_bytes_s = plan.move_rate.unwrap_or(config.move_rate_bytes_s);
    act(&hub, config, plan.retention, &service)?;
    // Who is told that the node is ready need not ask twice.
    if tokio::time::timeout(START_TIMEOUT, hub.driven()).await.is_err() {
        tracing::error!("the cluster's machine does not start");
    }
    tokio::spawn(standing::spread(Arc::downgrade(&hub)));
    if !seeds.is_empty() {
        tokio::spawn(peers::seek(Arc::downgrade(&hub), seeds));
    }

    let captures = Captures {
        lives: plan.captures,
        spool: plan.spool,
        options: plan.spool_options,
        followers: hub.followers.clone(),
    };
    let capturing = match captures.lives.is_empty() && !captures.spool.exists() {
        true => None,
        false => {
            let (outlet, fates) = capturing::through(&hub);
            let host = capturing::host(&*store)?;
            store.name_host(host, plan.bundle.name())?;
            let epoch = || capturing::next_epoch(&*store);
            Some(Capturing::start(&captures, host, epoch, outlet, fates, service.captures.clone())?)
        }
    };
    let ending = Ending::listen()?;
    ready(address);
    ending.asked().await;
    tracing::info!("ending");
    let ending = async {
        if let Some(capturing) = capturing {
            // What was captured until now is stored before the process ends.
            let stopped = tokio::task::spawn_blocking(move || capturing.stop()).await;
            if let Ok(Err(error)) = stopped {
                tracing::error!(%error, "capture");
            }
        }
        member::leave(&hub);
        tokio::time::sleep(LEAVE_WAIT).await;
    };
    if tokio::time::timeout(END_TIMEOUT, ending).await.is_err() {
        tracing::error!("the end took too long and was cut short; what was captured is in the spool");
    }
    Ok(())
}

/// Starts the actors, each on a thread of its own, and the watchdog over them.
fn act(hub: &Arc<Hub>, config: Config, retention: Retention, service: &Arc<Service>) -> std::io::Result<()> {
    let (hub, board, runtime) = (hub.clone(), service.board.clone(), tokio::runtime::Handle::current());
    // A slow actor never holds up the network, nor another actor.
    let watchdog = move || {
        use actix::{Actor, Arbiter};
        let system = actix::System::new();
        system.block_on(async move {
            let of_member = hub.clone();
            let member = move |tenure| {
                let (hub, config, runtime) = (of_member.clone(), config.clone(), runtime.clone());
                let member = move |_: &mut _| Member { hub, config, runtime, tenure };
                Member::start_in_arbiter(&Arbiter::new().handle(), member).recipient()
            };
            let of_analyst = hub.clone();
            let analyst = move |tenure| {
                let hub = of_analyst.clone();
                Analyst::start_in_arbiter(&Arbiter::new().handle(), move |_| Analyst::new(hub, tenure)).recipient()
            };
            let keeper = move |tenure| {
                let hub = hub.clone();
                let keeper = move |_: &mut _| Keeper { hub, retention, tenure };
                Keeper::start_in_arbiter(&Arbiter::new().handle(), keeper).recipient()
            };
            let wards = vec![
                Ward { name: "member", factory: Box::new(member) },
                Ward { name: "analyst", factory: Box::new(analyst) },
                Ward { name: "keeper", factory: Box::new(keeper) },
            ];
            keeper::watch(wards, board).await;
        });
    };
    std::thread::Builder::new().name("actors".to_owned()).spawn(watchdog)?;
    Ok(())
}

/// An address of this machine that others can dial: the one that it listens on, or the one that faces its seeds.
fn reachable(listen: IpAddr, seeds: &[Address]) -> IpAddr {
    if !listen.is_unspecified() {
        return listen;
    }
    let faces = |to: SocketAddr| {
        // Nothing is sent: the system only chooses the way.
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
        socket.connect(to).ok()?;
        socket.local_addr().ok().map(|at| at.ip())
    };
    let seeds = seeds.iter().filter_map(|seed| match seed.host() {
        packetstream_config::address::Host::Ip(ip) => Some(SocketAddr::new(*ip, seed.port())),
        packetstream_config::address::Host::Name(_) => None,
    });
    let elsewhere = SocketAddr::new(Ipv4Addr::new(192, 0, 2, 1).into(), 9);
    seeds.chain([elsewhere]).find_map(faces).unwrap_or(Ipv4Addr::LOCALHOST.into())
}

/// Takes a renewed certificate whenever the process is told that there is one.
async fn renew(endpoint: Endpoint, path: PathBuf, mut told: Signal) {
    while told.recv().await.is_some() {
        let renewed = match Bundle::read(&path) {
            Ok(bundle) => endpoint.renew(&bundle).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        match renewed {
            Ok(()) => tracing::info!(path = %path.display(), "certificate renewed"),
            Err(error) => tracing::error!(path = %path.display(), %error, "certificate not renewed"),
        }
    }
}

/// That the process is asked to end: noticed from when this is made, which is before anybody is told that it runs.
struct Ending {
    terminate: Signal,
    interrupt: Signal,
}

impl Ending {
    fn listen() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn asked(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
