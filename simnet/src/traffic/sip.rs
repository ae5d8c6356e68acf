//! SIP messages as phones and exchanges write them (RFC 3261), with digest authentication (RFC 2617).
//!
//! A [`Dialog`] keeps what two user agents must agree on (Call-ID, tags, CSeq) and writes the messages of either side. The
//! [`MODELS`] are the habits of real devices: how they name themselves, choose identifiers and order their features.

use super::rng::Rng;

/// A request or a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub start_line: String,
    /// In the order of the wire; `Content-Length` is written last and is not among them.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// What to write instead of the body's true length.
    pub content_length: Option<usize>,
}

impl Message {
    fn new(start_line: String) -> Self {
        Self { start_line, headers: Vec::new(), body: Vec::new(), content_length: None }
    }

    /// Appends a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Sets the body and its type.
    #[must_use]
    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("Content-Type", content_type)
    }

    /// Sets an SDP body.
    #[must_use]
    pub fn sdp(self, body: String) -> Self {
        self.body("application/sdp", body)
    }

    /// The first header of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    fn replace(&mut self, name: &str, value: String) {
        if let Some(header) = self.headers.iter_mut().find(|(n, _)| n == name) {
            header.1 = value;
        }
    }

    /// The method of a request.
    pub fn method(&self) -> Option<&str> {
        if self.start_line.starts_with("SIP/2.0 ") { None } else { self.start_line.split(' ').next() }
    }

    /// The status code of a response.
    pub fn status(&self) -> Option<u16> {
        self.start_line.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
    }

    /// The display filter that finds this kind of message: the method of a request, the status of a response.
    pub fn filter(&self) -> String {
        match (self.method(), self.status()) {
            (Some(method), _) => format!("sip.Method == \"{method}\""),
            (None, status) => format!("sip.Status-Code == {}", status.unwrap_or_default()),
        }
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let mut text = String::with_capacity(1200);
        text.push_str(&self.start_line);
        text.push_str("\r\n");
        for (name, value) in &self.headers {
            text.push_str(name);
            text.push_str(": ");
            text.push_str(value);
            text.push_str("\r\n");
        }
        text.push_str(&format!("Content-Length: {}\r\n\r\n", self.content_length.unwrap_or(self.body.len())));
        let mut bytes = text.into_bytes();
        bytes.extend(&self.body);
        bytes
    }
}

/// What carries the messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    Udp,
    Tcp,
}

impl Transport {
    fn name(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
        }
    }
}

/// The habits of one make of device.
#[derive(Debug)]
pub struct Model {
    /// Value of User-Agent in requests and of User-Agent or Server in responses.
    pub software: &'static str,
    /// The maker's prefix of Ethernet addresses.
    pub oui: [u8; 3],
    /// The header that names the software in responses.
    pub response_header: &'static str,
    pub allow: &'static str,
    pub supported: &'static str,
    /// The lowest RTP port, and how many even ports follow.
    pub rtp_ports: (u16, u16),
    branch: fn(&mut Rng) -> String,
    tag: fn(&mut Rng) -> String,
    call_id: fn(&mut Rng, &str) -> String,
}

impl Model {
    /// An even port for RTP.
    pub fn rtp_port(&self, rng: &mut Rng) -> u16 {
        self.rtp_ports.0 + 2 * rng.range(0, self.rtp_ports.1.into()) as u16
    }
}

/// Desk phones.
pub static MODELS: [Model; 5] = [
    Model {
        software: "Yealink SIP-T46S 66.86.0.15",
        oui: [0x80, 0x5e, 0xc0],
        response_header: "User-Agent",
        allow: "INVITE, INFO, PRACK, ACK, BYE, CANCEL, OPTIONS, NOTIFY, REGISTER, SUBSCRIBE, REFER, PUBLISH, UPDATE, MESSAGE",
        supported: "replaces",
        rtp_ports: (11780, 100),
        branch: |rng| format!("z9hG4bK{}", rng.digits(9)),
        tag: |rng| rng.digits(9),
        call_id: |rng, host| format!("0_{}@{host}", rng.digits(9)),
    },
    Model {
        software: "PolycomVVX-VVX_410-UA/5.9.5.0614",
        oui: [0x64, 0x16, 0x7f],
        response_header: "User-Agent",
        allow: "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, MESSAGE, SUBSCRIBE, NOTIFY, PRACK, UPDATE, REFER",
        supported: "replaces,100rel",
        rtp_ports: (2222, 24),
        branch: |rng| format!("z9hG4bK{}", rng.hex(16).to_uppercase()),
        tag: |rng| format!("{}-{}", rng.hex(8).to_uppercase(), rng.hex(8).to_uppercase()),
        call_id: |rng, _| rng.hex(32),
    },
    Model {
        software: "snomD725/10.1.64.14",
        oui: [0x00, 0x04, 0x13],
        response_header: "User-Agent",
        allow: "INVITE, ACK, CANCEL, BYE, REFER, OPTIONS, NOTIFY, SUBSCRIBE, PRACK, MESSAGE, INFO, UPDATE",
        supported: "timer, replaces, from-change",
        rtp_ports: (49152, 6000),
        branch: |rng| format!("z9hG4bK-{}", rng.letters(12).to_lowercase()),
        tag: |rng| rng.letters(10).to_lowercase(),
        call_id: |rng, _| format!("3136{}-{}", rng.digits(24), rng.letters(12).to_lowercase()),
    },
    Model {
        software: "Grandstream GXP2160 1.0.11.64",
        oui: [0x00, 0x0b, 0x82],
        response_header: "User-Agent",
        allow: "INVITE, ACK, OPTIONS, CANCEL, BYE, SUBSCRIBE, NOTIFY, INFO, REFER, UPDATE, MESSAGE",
        supported: "replaces, path, timer, eventlist",
        rtp_ports: (5004, 20),
        branch: |rng| format!("z9hG4bK{}", rng.digits(10)),
        tag: |rng| rng.digits(10),
        call_id: |rng, host| format!("{}-5060-1@{}", rng.digits(10), grandstream_address(host)),
    },
    Model {
        software: "Cisco/SPA504G-7.6.2f",
        oui: [0x00, 0x0e, 0x08],
        response_header: "Server",
        allow: "ACK, BYE, CANCEL, INFO, INVITE, NOTIFY, OPTIONS, REFER, UPDATE",
        supported: "replaces",
        rtp_ports: (16384, 100),
        branch: |rng| format!("z9hG4bK-{}", rng.hex(8)),
        tag: |rng| format!("{}o0", rng.hex(16)),
        call_id: |rng, host| format!("{}-{}@{host}", rng.hex(8), rng.hex(8)),
    },
];

/// A telephone adapter with a fax machine behind it.
pub static FAX_ADAPTER: Model = Model {
    software: "Cisco/SPA112-1.4.1(SR5)",
    oui: [0x2c, 0x3e, 0xcf],
    response_header: "Server",
    allow: "ACK, BYE, CANCEL, INFO, INVITE, NOTIFY, OPTIONS, REFER",
    supported: "x-sipura, replaces",
    rtp_ports: (16384, 100),
    branch: |rng| format!("z9hG4bK-{}", rng.hex(8)),
    tag: |rng| format!("{}o0", rng.hex(16)),
    call_id: |rng, host| format!("{}-{}@{host}", rng.hex(8), rng.hex(8)),
};

/// The exchange (a back-to-back user agent).
pub static EXCHANGE: Model = Model {
    software: "FPBX-16.0.40.7(18.19.0)",
    oui: [0x00, 0x50, 0x56],
    response_header: "Server",
    allow: "OPTIONS, REGISTER, SUBSCRIBE, NOTIFY, PUBLISH, INVITE, ACK, BYE, CANCEL, UPDATE, PRACK, INFO, MESSAGE, REFER",
    supported: "100rel, timer, replaces, norefersub, histinfo",
    rtp_ports: (10000, 5000),
    branch: |rng| {
        let id = [8, 4, 4, 4, 12].map(|n| rng.hex(n)).join("-");
        format!("z9hG4bKPj{id}")
    },
    tag: |rng| [8, 4, 4, 4, 12].map(|n| rng.hex(n)).join("-"),
    call_id: |rng, _| [8, 4, 4, 4, 12].map(|n| rng.hex(n)).join("-"),
};

/// Grandstream writes its address with letters for digits: 10.1.0.7 becomes `BA.B.A.H`.
fn grandstream_address(host: &str) -> String {
    host.chars().map(|c| c.to_digit(10).map_or(c, |d| char::from(b'A' + d as u8))).collect()
}

/// One end of a dialog.
#[derive(Debug, Clone)]
pub struct UserAgent {
    pub model: &'static Model,
    pub user: String,
    pub display: String,
    /// Host part of the address of record.
    pub domain: String,
    /// Where it listens; IPv6 in brackets.
    pub host: String,
    pub port: u16,
    pub transport: Transport,
}

impl UserAgent {
    fn address_of_record(&self) -> String {
        let uri = format!("<sip:{}@{}>", self.user, self.domain);
        if self.display.is_empty() { uri } else { format!("\"{}\" {uri}", self.display) }
    }

    fn contact_uri(&self) -> String {
        let transport = if self.transport == Transport::Tcp { ";transport=tcp" } else { "" };
        format!("sip:{}@{}:{}{transport}", self.user, self.host, self.port)
    }

    fn via(&self, rng: &mut Rng) -> String {
        let branch = (self.model.branch)(rng);
        format!("SIP/2.0/{} {}:{};branch={branch};rport", self.transport.name(), self.host, self.port)
    }
}

/// Which end of a dialog speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Caller,
    Callee,
}

/// What two user agents share: the writer of all messages of one dialog or registration.
#[derive(Debug, Clone)]
pub struct Dialog {
    pub call_id: String,
    pub caller: UserAgent,
    pub callee: UserAgent,
    caller_tag: String,
    callee_tag: String,
    /// The callee's tag has been seen by the caller (RFC 3261, 12.1.2).
    established: bool,
    cseq: [u32; 2],
    registration: bool,
}

impl Dialog {
    /// A call that has not begun.
    pub fn call(rng: &mut Rng, caller: UserAgent, callee: UserAgent) -> Self {
        Self::start(rng, caller, callee, false)
    }

    /// The registrations of `phone` at `registrar`, which share a Call-ID (RFC 3261, 10.2).
    pub fn registration(rng: &mut Rng, phone: UserAgent, registrar: UserAgent) -> Self {
        Self::start(rng, phone, registrar, true)
    }

    fn start(rng: &mut Rng, caller: UserAgent, callee: UserAgent, registration: bool) -> Self {
        Self {
            call_id: (caller.model.call_id)(rng, caller.host.trim_matches(['[', ']'])),
            caller_tag: (caller.model.tag)(rng),
            callee_tag: (callee.model.tag)(rng),
            established: false,
            cseq: [rng.range(0, 3) as u32, rng.range(100, 32_000) as u32],
            registration,
            caller,
            callee,
        }
    }

    fn agent(&self, side: Side) -> &UserAgent {
        match side {
            Side::Caller => &self.caller,
            Side::Callee => &self.callee,
        }
    }

    /// The Request-URI of the next request of `side`, which digest credentials must repeat.
    pub fn request_uri(&self, side: Side) -> String {
        match side {
            Side::Caller if self.registration => format!("sip:{}", self.callee.domain),
            Side::Caller if !self.established => {
                format!("sip:{}@{}", self.callee.user, self.callee.domain)
            }
            Side::Caller => self.callee.contact_uri(),
            Side::Callee => self.caller.contact_uri(),
        }
    }

    /// A new request, with the next CSeq and a new branch.
    pub fn request(&mut self, rng: &mut Rng, side: Side, method: &str) -> Message {
        let cseq = &mut self.cseq[usize::from(side == Side::Callee)];
        *cseq += 1;
        let cseq = *cseq;
        let via = self.agent(side).via(rng);
        self.write_request(side, method, method, cseq, via)
    }

    fn write_request(&self, side: Side, method: &str, cseq_method: &str, cseq: u32, via: String) -> Message {
        let me = self.agent(side);
        let (from, to) = match side {
            Side::Caller => (&self.caller, &self.callee),
            Side::Callee => (&self.callee, &self.caller),
        };
        let (from_tag, to_tag) = match side {
            Side::Caller => (&self.caller_tag, self.established.then_some(&self.callee_tag)),
            Side::Callee => (&self.callee_tag, Some(&self.caller_tag)),
        };
        let to = if self.registration { from } else { to };
        let to_tag = to_tag.filter(|_| !self.registration).map(|tag| format!(";tag={tag}")).unwrap_or_default();
        let message = Message::new(format!("{method} {} SIP/2.0", self.request_uri(side)))
            .header("Via", via)
            .header("From", format!("{};tag={from_tag}", from.address_of_record()))
            .header("To", format!("<sip:{}@{}>{to_tag}", to.user, to.domain))
            .header("Call-ID", self.call_id.clone())
            .header("CSeq", format!("{cseq} {cseq_method}"))
            .header("Contact", format!("<{}>", me.contact_uri()));
        let message = message.header("Max-Forwards", "70").header("User-Agent", me.model.software);
        match method {
            "INVITE" | "REGISTER" | "OPTIONS" => {
                message.header("Allow", me.model.allow).header("Supported", me.model.supported)
            }
            _ => message,
        }
    }

    /// The ACK of a final response to `invite`: hop by hop with the INVITE's branch after a refusal (RFC 3261, 17.1.1.3),
    /// end to end with a branch of its own after a 2xx (13.2.2.4).
    pub fn ack(&mut self, rng: &mut Rng, side: Side, invite: &Message, answer: &Message) -> Message {
        let cseq = invite.get("CSeq").and_then(|c| c.split(' ').next()).and_then(|c| c.parse().ok()).unwrap_or(1);
        let accepted = answer.status().is_some_and(|status| status < 300);
        if accepted {
            let via = self.agent(side).via(rng);
            return self.write_request(side, "ACK", "ACK", cseq, via);
        }
        let via = invite.get("Via").unwrap_or_default().to_owned();
        let mut ack = self.write_request(side, "ACK", "ACK", cseq, via);
        let uri = invite.start_line.split(' ').nth(1).unwrap_or_default();
        ack.start_line = format!("ACK {uri} SIP/2.0");
        ack.replace("To", answer.get("To").unwrap_or_default().to_owned());
        ack.headers.retain(|(name, _)| name != "Contact");
        ack
    }

    /// A response of the side that did not send `request`.
    pub fn reply(&mut self, request: &Message, status: u16, reason: &str) -> Message {
        let from_caller = request.get("From").is_some_and(|from| from.ends_with(&self.caller_tag));
        let (me, tag) = if from_caller { (&self.callee, &self.callee_tag) } else { (&self.caller, &self.caller_tag) };
        let sender = if from_caller { &self.caller } else { &self.callee };
        let via = request.get("Via").unwrap_or_default();
        // RFC 3581, 4: the answer says where the request came from.
        let via =
            via.replace(";rport", &format!(";rport={};received={}", sender.port, sender.host.trim_matches(['[', ']'])));
        let to = request.get("To").unwrap_or_default();
        let to = if status == 100 || to.contains(";tag=") { to.to_owned() } else { format!("{to};tag={tag}") };
        let cseq = request.get("CSeq").unwrap_or_default();
        let mut message = Message::new(format!("SIP/2.0 {status} {reason}"))
            .header("Via", via)
            .header("From", request.get("From").unwrap_or_default())
            .header("To", to)
            .header("Call-ID", self.call_id.clone())
            .header("CSeq", cseq)
            .header(me.model.response_header, me.model.software);
        let invite = cseq.ends_with("INVITE");
        if invite && (101..300).contains(&status) {
            message = message.header("Contact", format!("<{}>", me.contact_uri())).header("Allow", me.model.allow);
            self.established = true;
        }
        message
    }

    /// The next REGISTER, asking for an hour.
    pub fn register(&mut self, rng: &mut Rng) -> Message {
        self.request(rng, Side::Caller, "REGISTER").header("Expires", "3600")
    }

    /// The binding that a registrar confirms.
    pub fn binding(&self) -> String {
        format!("<{}>;expires=3600", self.caller.contact_uri())
    }
}

/// A digest challenge (RFC 2617, 3.2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    pub realm: String,
    pub nonce: String,
    pub opaque: String,
    pub stale: bool,
}

impl Challenge {
    /// A challenge as PJSIP's exchange makes it: the nonce begins with the second of the day of 1970.
    pub fn new(rng: &mut Rng, realm: &str, time_ns: u64) -> Self {
        Self {
            realm: realm.to_owned(),
            nonce: format!("{}/{}", time_ns / 1_000_000_000, rng.hex(32)),
            opaque: rng.hex(16),
            stale: false,
        }
    }

    /// The value of WWW-Authenticate or Proxy-Authenticate.
    pub fn header(&self) -> String {
        let stale = if self.stale { ",stale=true" } else { "" };
        format!(
            "Digest realm=\"{}\",nonce=\"{}\",opaque=\"{}\"{stale},algorithm=MD5,qop=\"auth\"",
            self.realm, self.nonce, self.opaque
        )
    }

    /// The value of Authorization or Proxy-Authorization that answers it (RFC 2617, 3.2.2).
    pub fn answer(&self, rng: &mut Rng, user: &str, password: &str, method: &str, uri: &str) -> String {
        let md5 = |text: String| format!("{:x}", md5::compute(text));
        let cnonce = rng.hex(32);
        let a1 = md5(format!("{user}:{}:{password}", self.realm));
        let a2 = md5(format!("{method}:{uri}"));
        let response = md5(format!("{a1}:{}:00000001:{cnonce}:auth:{a2}", self.nonce));
        format!(
            "Digest username=\"{user}\", realm=\"{}\", nonce=\"{}\", uri=\"{uri}\", response=\"{response}\", \
             algorithm=MD5, cnonce=\"{cnonce}\", opaque=\"{}\", qop=auth, nc=00000001",
            self.realm, self.nonce, self.opaque
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agent(model: &'static Model, user: &str, host: &str) -> UserAgent {
        UserAgent {
            model,
            user: user.into(),
            display: String::new(),
            domain: "pbx.example.com".into(),
            host: host.into(),
            port: 5060,
            transport: Transport::Udp,
        }
    }

    #[test]
    fn a_dialog_keeps_tags_and_numbers() {
        let mut rng = Rng::new(3);
        let mut dialog =
            Dialog::call(&mut rng, agent(&MODELS[0], "201", "10.0.0.1"), agent(&EXCHANGE, "202", "10.0.0.2"));
        let invite = dialog.request(&mut rng, Side::Caller, "INVITE").sdp("v=0\r\n".into());
        assert!(!invite.get("To").unwrap().contains("tag="));
        let ok = dialog.reply(&invite, 200, "OK");
        assert_eq!(ok.filter(), "sip.Status-Code == 200");
        let ack = dialog.ack(&mut rng, Side::Caller, &invite, &ok);
        assert_eq!(ack.get("To"), ok.get("To"));
        assert_ne!(ack.get("Via"), invite.get("Via"));
        let bye = dialog.request(&mut rng, Side::Callee, "BYE");
        assert_eq!(bye.get("From").map(|f| f.split(";tag=").nth(1)), ok.get("To").map(|t| t.split(";tag=").nth(1)));
        assert!(bye.start_line.starts_with("BYE sip:201@10.0.0.1:5060"));
        let text = String::from_utf8(invite.to_bytes()).unwrap();
        assert!(text.ends_with("Content-Length: 5\r\n\r\nv=0\r\n"));
    }

    #[test]
    fn a_refusal_is_acknowledged_with_the_branch_of_the_invite() {
        let mut rng = Rng::new(4);
        let mut dialog =
            Dialog::call(&mut rng, agent(&MODELS[1], "201", "10.0.0.1"), agent(&EXCHANGE, "202", "10.0.0.2"));
        let invite = dialog.request(&mut rng, Side::Caller, "INVITE");
        let busy = dialog.reply(&invite, 486, "Busy Here");
        let ack = dialog.ack(&mut rng, Side::Caller, &invite, &busy);
        assert_eq!(ack.get("Via"), invite.get("Via"));
        assert_eq!(ack.get("To"), busy.get("To"));
        assert_eq!(ack.get("CSeq").unwrap().split(' ').next(), invite.get("CSeq").unwrap().split(' ').next());
    }

    /// RFC 2617, 3.5: the example with its own nonce count and client nonce.
    #[test]
    fn digest_agrees_with_the_rfc() {
        let md5 = |text: &str| format!("{:x}", md5::compute(text));
        let a1 = md5("Mufasa:testrealm@host.com:Circle Of Life");
        let a2 = md5("GET:/dir/index.html");
        let response = md5(&format!("{a1}:dcd98b7102dd2f0e8b11d0f600bfb0c093:00000001:0a4f113b:auth:{a2}"));
        assert_eq!(response, "6629fae49393a05397450978507c4ef1");
    }
}
