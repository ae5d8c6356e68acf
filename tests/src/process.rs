//! Nodes as processes.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::{binary, packetstream, skipped};

/// How long a node may take for what it does at once on an idle machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A running node; killed when dropped.
pub struct Node {
    child: Child,
    /// Where it listens.
    pub address: String,
    /// The folder of its data, in which its operator's bundle lies if it made the cluster.
    pub data: String,
    arguments: Vec<String>,
    within: Vec<String>,
    /// What it logs.
    pub log: PathBuf,
}

impl Node {
    /// A cluster of one.
    ///
    /// # Panics
    /// When it does not start, as all here.
    pub fn start(data: &Path) -> Self {
        Self::start_with(data, &[], &[])
    }

    /// A node with more arguments, started by the command `within` (`ip netns exec NAME`).
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_with(data: &Path, arguments: &[&str], within: &[&str]) -> Self {
        let owned = |list: &[&str]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
        let (mut arguments, within) = (owned(arguments), owned(within));
        if !arguments.iter().any(|argument| argument == "--listen") {
            arguments.extend(["--listen".to_owned(), "127.0.0.1:0".to_owned()]);
        }
        let data = data.to_str().expect("a temporary path is text").to_owned();
        let log = PathBuf::from(format!("{data}.log"));
        let (child, address) = spawn(&data, &arguments, &within, &log);
        let address = address.unwrap_or_else(|| panic!("{data} does not start: {}", text(&log)));
        Self { child, address, data, arguments, within, log }
    }

    /// Starts it again, where it listened before.
    ///
    /// # Panics
    /// When it does not start.
    pub fn restart(&mut self) {
        let at = self.arguments.iter().position(|argument| argument == "--listen").expect("put there at first") + 1;
        self.arguments[at].clone_from(&self.address);
        let (child, address) = spawn(&self.data, &self.arguments, &self.within, &self.log);
        self.child = child;
        assert_eq!(address.as_deref(), Some(self.address.as_str()), "{}", text(&self.log));
    }

    /// Runs a command that asks this node, as the one who made its cluster.
    pub fn run(&self, args: &[&str]) -> Output {
        self.run_as(&format!("{}/operator.bundle", self.data), args)
    }

    /// Runs a command that asks this node and shows a bundle.
    ///
    /// # Panics
    /// When the wrapper is not there.
    pub fn run_as(&self, bundle: &str, args: &[&str]) -> Output {
        let asking = [args, &["--peer", &self.address, "--bundle", bundle]].concat();
        match self.within.split_first() {
            None => packetstream(&asking),
            Some((program, more)) => Command::new(program)
                .args(more)
                .arg(binary("packetstream"))
                .args(asking)
                .output()
                .expect("the node was started by it, too"),
        }
    }

    /// What a command that must succeed says.
    ///
    /// # Panics
    /// When it does not succeed.
    pub fn text(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }

    /// Its status.
    ///
    /// # Panics
    /// When it does not answer.
    pub fn status(&self) -> serde_json::Value {
        serde_json::from_str(&self.text(&["status", "--json"])).expect("one object")
    }

    /// Packets that it holds itself.
    ///
    /// # Panics
    /// When it does not answer.
    pub fn packets(&self) -> u64 {
        self.status()["packets"].as_u64().expect("a count")
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`. A wrapper such as `ip netns exec` has become the node.
    ///
    /// # Panics
    /// When it does not run.
    pub fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }

    /// Sends a signal by its name.
    ///
    /// # Panics
    /// When it cannot be sent.
    pub fn signal(&self, name: &str) {
        signal(self.pid(), name);
    }

    /// Asks it to end and says how long that took.
    ///
    /// # Panics
    /// When it does not end well.
    pub fn terminate(&mut self) -> Duration {
        let begun = Instant::now();
        self.signal("TERM");
        let status = self.child.wait().expect("it ends");
        assert!(status.success(), "{status}: {}", text(&self.log));
        begun.elapsed()
    }

    /// What it has logged.
    ///
    /// # Panics
    /// Never: what cannot be read is empty.
    pub fn logged(&self) -> String {
        text(&self.log)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

fn spawn(data: &str, arguments: &[String], within: &[String], log: &Path) -> (Child, Option<String>) {
    let binary = binary("packetstream");
    let mut command = match within.split_first() {
        None => Command::new(binary),
        Some((program, more)) => {
            let mut command = Command::new(program);
            command.args(more).arg(binary);
            command
        }
    };
    let log = File::options().create(true).append(true).open(log).expect("the folder is there");
    let mut child = command
        .args(["--log", "info", "node", "--data", data])
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .expect("the binary is there");
    let said = BufReader::new(child.stdout.take().expect("piped"));
    let address = said
        .lines()
        .map_while(Result::ok)
        .find_map(|line| Some(line.strip_prefix("listening on ")?.split(',').next()?.to_owned()));
    (child, address)
}

/// Asks again and again until there is an answer.
///
/// # Panics
/// When there is none in time.
pub fn until<T>(what: &str, patience: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(begun.elapsed() < patience, "not within {patience:?}: {what}");
        std::thread::park_timeout(Duration::from_millis(20));
    }
}

/// Makes a capture of synthetic traffic and says where it is.
///
/// # Panics
/// When `simnet` is not built.
pub fn traffic(scenario: &[&str], path: &Path) -> String {
    let path = path.to_str().expect("a temporary path is text").to_owned();
    let made =
        Command::new(binary("simnet")).arg("traffic").args(scenario).args(["--seed", "1", "--out", &path]).output();
    assert!(made.expect("simnet is built").status.success());
    path
}

fn attempt(line: &str) -> Result<(), String> {
    let mut words = line.split_whitespace();
    let program = words.next().expect("a command");
    let output = Command::new(program).args(words).output().map_err(|error| format!("{line}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(format!("{line}: {}", said.lines().next().unwrap_or_default())) }
}

/// Runs a system command that must succeed.
///
/// # Panics
/// When it does not.
pub fn system(line: &str) {
    attempt(line).unwrap_or_else(|error| panic!("{error}"));
}

/// Runs the system command with which a test makes what it runs in. Says so where that cannot be: its program may be
/// missing, or the right to it (root in a container has not every right of root).
///
/// # Panics
/// In CI, which can.
pub fn can(line: &str) -> bool {
    let done = attempt(line);
    if let Err(error) = &done {
        skipped(error);
    }
    done.is_ok()
}

/// Sends a process a signal by its name; by the shell, which has `kill` on every system.
///
/// # Panics
/// When it cannot be sent.
pub fn signal(pid: u32, name: &str) {
    let status = Command::new("sh").args(["-c", &format!("kill -{name} {pid}")]).status();
    assert!(status.expect("every system has a shell").success(), "kill -{name}");
}

/// What ends with the test: a command line that undoes something.
pub struct Undo(pub String);

impl Drop for Undo {
    fn drop(&mut self) {
        let _ = attempt(&self.0);
    }
}

/// A small file system of its own.
pub struct Disk {
    _undo: Undo,
    folder: tempfile::TempDir,
}

impl Disk {
    /// One of so many MiB; `None`, and said so, where none can be mounted.
    ///
    /// # Panics
    /// In CI, where one can.
    pub fn mount(mib: u32) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let at = folder.path().display().to_string();
        can(&format!("mount -t tmpfs -o size={mib}m tmpfs {at}"))
            .then(|| Self { _undo: Undo(format!("umount -l {at}")), folder })
    }

    /// Its root.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Makes it larger or smaller.
    ///
    /// # Panics
    /// When it cannot be.
    pub fn resize(&self, mib: u32) {
        system(&format!("mount -o remount,size={mib}m {}", self.path().display()));
    }
}

/// Numbers that look like chance and are the same each time (splitmix64).
pub struct Drawn(pub u64);

impl Drawn {
    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end.max(1)
    }
}
