//! Tells programs and web servers what rules found.
//!
//! A thread of its own does it, one notice after the other, so that a slow program or server keeps nobody waiting: when
//! too many wait, new ones are dropped and counted.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Sender, TrySendError, bounded};
use packetstream_config::rules::Notify;

/// How many notices may wait.
pub(crate) const MAX_WAITING: usize = 1024;
/// How long a server may take to connect, to read and to answer, each.
const WEB_TIMEOUT: Duration = Duration::from_secs(5);
/// How many programs may run at once.
pub(crate) const MAX_RUNNING: usize = 16;
/// How much of a server's answer is read.
const MAX_ANSWER_LEN: u64 = 4096;

/// One finding for one receiver.
#[derive(Debug, Clone)]
pub struct Notice {
    pub to: Notify,
    /// The finding as one line of JSON.
    pub json: String,
}

/// Sends notices until it is dropped; dropping it waits for those that are on their way.
pub struct Notifier {
    waiting: Option<Sender<Notice>>,
    dropped: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Notifier {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start() -> io::Result<Self> {
        let (waiting, notices) = bounded::<Notice>(MAX_WAITING);
        let work = move || {
            let mut running: Vec<Child> = Vec::new();
            for notice in notices {
                tell(&notice, &mut running);
            }
            for mut child in running {
                let _ = child.wait();
            }
        };
        let thread = std::thread::Builder::new().name("notify".to_owned()).spawn(work)?;
        Ok(Self { waiting: Some(waiting), dropped: Arc::default(), thread: Some(thread) })
    }

    /// Hands a notice on; drops it when too many wait.
    pub fn notify(&self, notice: Notice) {
        if let Some(waiting) = &self.waiting
            && let Err(TrySendError::Full(_)) = waiting.try_send(notice)
        {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many notices were dropped.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

impl Drop for Notifier {
    fn drop(&mut self) {
        self.waiting = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn tell(notice: &Notice, running: &mut Vec<Child>) {
    if let Some(command) = &notice.to.command
        && let Err(error) = run(command, &notice.json, running)
    {
        tracing::warn!(command = command.first().map_or("", String::as_str), %error, "cannot notify");
    }
    if let Some(webhook) = &notice.to.webhook
        && let Err(error) = post(webhook, &notice.json)
    {
        tracing::warn!(webhook, %error, "cannot notify");
    }
}

fn run(command: &[String], json: &str, running: &mut Vec<Child>) -> io::Result<()> {
    running.retain_mut(|child| matches!(child.try_wait(), Ok(None)));
    if running.len() >= MAX_RUNNING {
        return Err(io::Error::other("too many earlier programs are still running"));
    }
    let Some((program, arguments)) = command.split_first() else {
        return Ok(());
    };
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    // A finding fits into a pipe's buffer; a program that reads nothing does not hold the thread up.
    if let Some(mut stdin) = child.stdin.take() {
        let _ = stdin.write_all(json.as_bytes()).and_then(|()| stdin.write_all(b"\n"));
    }
    running.push(child);
    Ok(())
}

/// RFC 9110, 9.3.3: POST; RFC 9112, 9.6: the server closes the connection behind its answer.
fn post(webhook: &str, json: &str) -> io::Result<()> {
    let rest = webhook.strip_prefix("http://").unwrap_or_default();
    let (authority, path) = match rest.find(['/', '?']) {
        Some(at) => rest.split_at(at),
        None => (rest, "/"),
    };
    let slash = if path.starts_with('/') { "" } else { "/" };
    let with_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let place = if with_port { authority.to_owned() } else { format!("{authority}:80") };
    let address = place.to_socket_addrs()?.next().ok_or_else(|| io::Error::other("no address"))?;
    let mut stream = TcpStream::connect_timeout(&address, WEB_TIMEOUT)?;
    stream.set_read_timeout(Some(WEB_TIMEOUT))?;
    stream.set_write_timeout(Some(WEB_TIMEOUT))?;
    let request = format!(
        "POST {slash}{path} HTTP/1.1\r\nHost: {authority}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{json}",
        json.len()
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    // The status line is all that matters.
    let mut limited = stream.take(MAX_ANSWER_LEN);
    let mut buffer = [0; 512];
    while !answer.contains(&b'\n') {
        match limited.read(&mut buffer)? {
            0 => break,
            len => answer.extend_from_slice(buffer.get(..len).unwrap_or_default()),
        }
    }
    let line = String::from_utf8_lossy(&answer);
    let line = line.lines().next().unwrap_or_default().to_owned();
    match line.split(' ').nth(1) {
        Some(status) if status.starts_with('2') => Ok(()),
        _ => Err(io::Error::other(format!("the server answered {line:?}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn a_program_gets_the_finding_on_its_standard_input() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("said");
        let script = format!("cat > '{}'", path.display());
        let command = Some(vec!["sh".to_owned(), "-c".to_owned(), script]);
        let notifier = Notifier::start().expect("a thread");
        notifier.notify(Notice { to: Notify { command, webhook: None }, json: "{\"code\":\"rule.a\"}".to_owned() });
        drop(notifier);
        assert_eq!(std::fs::read_to_string(&path).expect("it was written"), "{\"code\":\"rule.a\"}\n");
    }

    #[test]
    fn a_webhook_gets_the_finding_by_post() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("it is bound");
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a caller");
            let mut text = Vec::new();
            let mut buffer = [0; 1024];
            while !text.ends_with(b"{}") {
                let len = stream.read(&mut buffer).expect("a request");
                text.extend_from_slice(&buffer[..len]);
            }
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").expect("the caller waits");
            String::from_utf8(text).expect("text")
        });
        post(&format!("http://{address}/alerts?x=1"), "{}").expect("it is taken");
        let request = server.join().expect("it ended");
        assert!(request.starts_with("POST /alerts?x=1 HTTP/1.1\r\n"), "{request}");
        assert!(request.contains("Content-Length: 2\r\n"), "{request}");
    }

    #[test]
    fn notices_beyond_the_limit_are_dropped_and_counted() {
        let (waiting, _notices) = bounded(1);
        let notifier = Notifier { waiting: Some(waiting), dropped: Arc::default(), thread: None };
        let notice = Notice { to: Notify { command: None, webhook: None }, json: String::new() };
        notifier.notify(notice.clone());
        notifier.notify(notice);
        assert_eq!(notifier.dropped(), 1);
    }
}
