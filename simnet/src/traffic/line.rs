//! A telephone line: a phone and its exchange on one network, their signalling over UDP and their media.
//!
//! The capture point is the mirror port of the phone's switch: what the phone sends arrives with hardly any jitter, what
//! the exchange sends has crossed a network.

use super::frame::{Host, TOS_SIGNALLING, TOS_VOICE};
use super::rng::Rng;
use super::rtp::{PTIME_NS, Sound, Stream};
use super::sdp::{Codec, Media, Sdp};
use super::sip::{Dialog, EXCHANGE, Message, Model, Side, Transport, UserAgent};
use super::{MS, Recorder, Setting};

/// RTP and RTCP of one end.
#[derive(Debug, Clone)]
pub struct MediaEnd {
    /// RTP; RTCP is on the next one.
    pub port: u16,
    pub stream: Stream,
}

/// Phone, exchange, the time and the record.
#[derive(Debug)]
pub struct Line {
    pub rng: Rng,
    pub recorder: Recorder,
    pub phone: Host,
    pub exchange: Host,
    pub phone_agent: UserAgent,
    /// The exchange in the role of the registrar and of whoever is called.
    pub exchange_agent: UserAgent,
    /// Time of the last message, in nanoseconds since 1970.
    pub now: u64,
}

impl Line {
    /// A line of a phone of this make, with `user` as its extension.
    pub fn new(setting: &mut Setting, model: &'static Model, display: &str) -> Self {
        // Phones get addresses of the dynamic range.
        let number = 101 + setting.rng.range(0, 100) as u8;
        let (phone_ip, exchange_ip) = (setting.lan(number), setting.lan(10));
        let phone = setting.host(model.oui, phone_ip, false);
        let exchange = setting.host(EXCHANGE.oui, exchange_ip, true);
        Self::between(setting, model, display, phone, exchange)
    }

    /// A line between two given hosts.
    pub fn between(setting: &mut Setting, model: &'static Model, display: &str, phone: Host, exchange: Host) -> Self {
        let mut rng = Rng::new(setting.rng.u64());
        let agent = |model, user: String, display: &str, host: &Host| UserAgent {
            model,
            user,
            display: display.to_owned(),
            domain: exchange.bracketed(),
            host: host.bracketed(),
            port: 5060,
            transport: Transport::Udp,
        };
        let user = format!("2{:02}", rng.range(0, 100));
        let phone_agent = agent(model, user, display, &phone);
        let exchange_agent = agent(&EXCHANGE, format!("0{}", rng.digits(9)), "", &exchange);
        let mut recorder = setting.recorder();
        recorder.truth.addresses.extend([phone.ip, exchange.ip]);
        Self { rng, recorder, phone, exchange, phone_agent, exchange_agent, now: setting.start_ns }
    }

    /// A call, with its Call-ID noted.
    pub fn call(&mut self, from_phone: bool) -> Dialog {
        let (phone, exchange) = (self.phone_agent.clone(), self.exchange_agent.clone());
        let (caller, callee) = if from_phone { (phone, exchange) } else { (exchange, phone) };
        let dialog = Dialog::call(&mut self.rng, caller, callee);
        self.recorder.truth.call_ids.push(dialog.call_id.clone());
        dialog
    }

    /// A registration, with its Call-ID noted.
    pub fn registration(&mut self) -> Dialog {
        let dialog = Dialog::registration(&mut self.rng, self.phone_agent.clone(), self.exchange_agent.clone());
        self.recorder.truth.call_ids.push(dialog.call_id.clone());
        dialog
    }

    /// Lets between `low_ms` and `high_ms` milliseconds pass.
    pub fn wait(&mut self, low_ms: u64, high_ms: u64) {
        self.now += self.rng.range(low_ms * MS, high_ms * MS);
    }

    /// The phone sends a message now.
    pub fn phone_says(&mut self, message: &Message) {
        self.recorder.count("sip", 1);
        self.recorder.count(message.filter(), 1);
        let frames = self.phone.udp(&self.exchange, 5060, 5060, TOS_SIGNALLING, &message.to_bytes());
        self.recorder.push_all(self.now, frames);
    }

    /// The exchange sends a message now.
    pub fn exchange_says(&mut self, message: &Message) {
        self.recorder.count("sip", 1);
        self.recorder.count(message.filter(), 1);
        let frames = self.exchange.udp(&self.phone, 5060, 5060, TOS_SIGNALLING, &message.to_bytes());
        self.recorder.push_all(self.now, frames);
    }

    /// The phone's description of itself.
    pub fn phone_sdp(&mut self, port: u16, media: Media) -> Sdp {
        let id = self.rng.range(20_000, 30_000);
        Sdp { user: "-".into(), session: "SDP data", id, version: id, address: self.phone.ip, port, media }
    }

    /// The exchange's description of itself.
    pub fn exchange_sdp(&mut self, port: u16, media: Media) -> Sdp {
        let id = u64::from(self.rng.u32() >> 1);
        Sdp { user: "-".into(), session: "Asterisk", id, version: id + 2, address: self.exchange.ip, port, media }
    }

    /// Both ends of the media of a call: the phone's first.
    pub fn media(&mut self, codec: Codec) -> (MediaEnd, MediaEnd) {
        let port = self.phone_agent.model.rtp_port(&mut self.rng);
        let phone = MediaEnd { port, stream: Stream::new(&mut self.rng, codec) };
        let port = EXCHANGE.rtp_port(&mut self.rng);
        (phone, MediaEnd { port, stream: Stream::new(&mut self.rng, codec) })
    }

    /// RTP both ways from now on for `duration_ns`, with a sender report of each side every five seconds or so
    /// (RFC 3550, 6.2). Time moves to the end.
    pub fn talk(&mut self, phone: &mut MediaEnd, exchange: &mut MediaEnd, duration_ns: u64, sounds: (Sound, Sound)) {
        let (start, end) = (self.now, self.now + duration_ns);
        let offsets = [self.rng.range(2 * MS, 12 * MS), self.rng.range(4 * MS, 19 * MS)];
        let mut reports = [0, 0].map(|_: u64| start + self.rng.range(2500 * MS, 7500 * MS));
        let mut beat = start;
        while beat + PTIME_NS <= end {
            // The phone is on the same switch; the exchange's packets have gone through queues, mostly short ones.
            let at = beat + offsets[0] + self.rng.range(0, MS / 4);
            self.rtp(true, at, phone, exchange, sounds.0);
            let queue = if self.rng.range(0, 20) == 0 { self.rng.range(0, 6 * MS) } else { self.rng.range(0, MS) };
            self.rtp(false, beat + offsets[1] + queue, exchange, phone, sounds.1);
            for (side, due) in reports.iter_mut().enumerate() {
                if *due < beat {
                    *due += self.rng.range(2500 * MS, 7500 * MS);
                    let at = beat + self.rng.range(0, 15 * MS);
                    self.rtcp(side == 0, at, phone, exchange);
                }
            }
            beat += PTIME_NS;
        }
        self.now = end.max(beat + 20 * MS);
    }

    fn rtp(&mut self, from_phone: bool, at: u64, from: &mut MediaEnd, to: &MediaEnd, sound: Sound) {
        let payload = from.stream.packet(sound);
        self.recorder.count("rtp", 1);
        self.recorder.count(format!("rtp.ssrc == 0x{:08x}", from.stream.ssrc), 1);
        self.datagram(from_phone, at, from.port, to.port, &payload);
    }

    fn rtcp(&mut self, from_phone: bool, at: u64, phone: &MediaEnd, exchange: &MediaEnd) {
        let (from, to) = if from_phone { (phone, exchange) } else { (exchange, phone) };
        let host = if from_phone { &self.phone } else { &self.exchange };
        let cname = format!("{}@{}", if from_phone { "phone" } else { "pbx" }, host.ip);
        // In units of the timestamp, 1/8 ms: what the jitter of `talk` amounts to.
        let jitter = self.rng.range(1, 9) as u32;
        let report = from.stream.sender_report(at, &cname, &to.stream, jitter);
        self.recorder.count("rtcp", 1);
        self.datagram(from_phone, at, from.port + 1, to.port + 1, &report);
    }

    /// One media datagram.
    pub fn datagram(&mut self, from_phone: bool, at: u64, from: u16, to: u16, payload: &[u8]) {
        let frames = if from_phone {
            self.phone.udp(&self.exchange, from, to, TOS_VOICE, payload)
        } else {
            self.exchange.udp(&self.phone, from, to, TOS_VOICE, payload)
        };
        self.recorder.push_all(at, frames);
    }

    /// One side hangs up and the other confirms.
    pub fn hang_up(&mut self, dialog: &mut Dialog, side: Side) {
        let bye = dialog.request(&mut self.rng, side, "BYE");
        let from_phone = (side == Side::Caller) == (dialog.caller.host == self.phone_agent.host);
        let ok = dialog.reply(&bye, 200, "OK");
        if from_phone {
            self.phone_says(&bye);
            self.wait(1, 4);
            self.exchange_says(&ok);
        } else {
            self.exchange_says(&bye);
            self.wait(8, 30);
            self.phone_says(&ok);
        }
    }
}
