//! Media Gateway Control Protocol (RFC 3435) with its error codes and PacketCable's parameters. Descriptions of media in it
//! go to SDP; responses find their requests by transaction identifier.

use memchr::memchr;

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{FieldId, FieldType, Names, fields};
use crate::output::value::printable;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::transaction::{self, Again, Rules};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Mgcp, "mgcp", "Media Gateway Control Protocol";
    REQ = field("mgcp.req", "Request", Boolean, None);
    RSP = field("mgcp.rsp", "Response", Boolean, None);
    REQFRAME = field("mgcp.reqframe", "Request Frame", FrameNum, None).told_later();
    RSPFRAME = field("mgcp.rspframe", "Response Frame", FrameNum, None).told_later();
    TIME = field("mgcp.time", "Time from request", RelativeTime, None);
    REQ_VERB = field("mgcp.req.verb", "Verb", String, None);
    REQ_ENDPOINT = field("mgcp.req.endpoint", "Endpoint", String, None);
    TRANSID = field("mgcp.transid", "Transaction ID", String, None);
    VERSION = field("mgcp.version", "Version", String, None);
    RSP_RSPCODE = field("mgcp.rsp.rspcode", "Response Code", Uint32, Dec).names(Names::Values(CODES));
    RSP_RSPSTRING = field("mgcp.rsp.rspstring", "Response String", String, None);
    PARAMS = field("mgcp.params", "Parameters", None, None);
    RSPACK = field("mgcp.param.rspack", "ResponseAck (K)", String, None);
    BEARERINFO = field("mgcp.param.bearerinfo", "BearerInformation (B)", String, None);
    CALLID = field("mgcp.param.callid", "CallId (C)", String, None);
    CONNECTIONID = field("mgcp.param.connectionid", "ConnectionIdentifier (I)", String, None);
    SECONDCONNECTIONID = field("mgcp.param.secondconnectionid", "SecondConnectionID (I2)", String, None);
    NOTIFIEDENTITY = field("mgcp.param.notifiedentity", "NotifiedEntity (N)", String, None);
    REQUESTID = field("mgcp.param.requestid", "RequestIdentifier (X)", String, None);
    LOCALCONNECTIONOPTIONS = field("mgcp.param.localconnectionoptions", "LocalConnectionOptions (L)", String, None);
    L_P = field("mgcp.param.localconnectionoptions.p", "Packetization period (p)", Uint32, Dec);
    L_A = field("mgcp.param.localconnectionoptions.a", "Codecs (a)", String, None);
    L_S = field("mgcp.param.localconnectionoptions.s", "Silence Suppression (s)", String, None);
    L_E = field("mgcp.param.localconnectionoptions.e", "Echo Cancellation (e)", String, None);
    L_SCRTP = field("mgcp.param.localconnectionoptions.scrtp", "RTP ciphersuite (sc-rtp)", String, None);
    L_SCRTCP = field("mgcp.param.localconnectionoptions.scrtcp", "RTCP ciphersuite (sc-rtcp)", String, None);
    L_B = field("mgcp.param.localconnectionoptions.b", "Bandwidth (b)", String, None);
    L_ESCCD = field("mgcp.param.localconnectionoptions.esccd", "Content Destination (es-ccd)", String, None);
    L_ESCCI = field("mgcp.param.localconnectionoptions.escci", "Content Identifier (es-cci)", String, None);
    L_DQGI = field("mgcp.param.localconnectionoptions.dqgi", "D-QoS GateID (dq-gi)", String, None);
    L_DQRD = field("mgcp.param.localconnectionoptions.dqrd", "D-QoS Reserve Destination (dq-rd)", String, None);
    L_DQRI = field("mgcp.param.localconnectionoptions.dqri", "D-QoS Resource ID (dq-ri)", String, None);
    L_DQRR = field("mgcp.param.localconnectionoptions.dqrr", "D-QoS Resource Reservation (dq-rr)", String, None);
    L_K = field("mgcp.param.localconnectionoptions.k", "Encryption Key (k)", String, None);
    L_GC = field("mgcp.param.localconnectionoptions.gc", "Gain Control (gc)", Uint32, Dec);
    L_FMTP = field("mgcp.param.localconnectionoptions.fmtp", "Media Format (fmtp)", String, None);
    L_NT = field("mgcp.param.localconnectionoptions.nt", "Network Type (nt)", String, None);
    L_OFMTP = field("mgcp.param.localconnectionoptions.ofmtp", "Optional Media Format (o-fmtp)", String, None);
    L_R = field("mgcp.param.localconnectionoptions.r", "Resource Reservation (r)", String, None);
    L_T = field("mgcp.param.localconnectionoptions.t", "Type of Service (r)", String, None);
    L_RCNF = field("mgcp.param.localconnectionoptions.rcnf", "Reservation Confirmation (r-cnf)", String, None);
    L_RDIR = field("mgcp.param.localconnectionoptions.rdir", "Reservation Direction (r-dir)", String, None);
    L_RSH = field("mgcp.param.localconnectionoptions.rsh", "Resource Sharing (r-sh)", String, None);
    L_MP = field("mgcp.param.localconnectionoptions.mp", "Multiple Packetization period (mp)", String, None);
    L_FXR = field("mgcp.param.localconnectionoptions.fxr", "FXR (fxr/fx)", String, None);
    LOCALVOICEMETRICS = field("mgcp.param.localvoicemetrics", "LocalVoiceMetrics (XRM/LVM)", String, None);
    REMOTEVOICEMETRICS = field("mgcp.param.remotevoicemetrics", "RemoteVoiceMetrics (XRM/RVM)", String, None);
    CONNECTIONMODE = field("mgcp.param.connectionmode", "ConnectionMode (M)", String, None);
    REQEVENTS = field("mgcp.param.reqevents", "RequestedEvents (R)", String, None);
    SIGNALREQ = field("mgcp.param.signalreq", "SignalRequests (S)", String, None);
    RESTARTMETHOD = field("mgcp.param.restartmethod", "RestartMethod (RM)", String, None);
    RESTARTDELAY = field("mgcp.param.restartdelay", "RestartDelay (RD)", String, None);
    DIGITMAP = field("mgcp.param.digitmap", "DigitMap (D)", String, None);
    OBSERVEDEVENTS = field("mgcp.param.observedevents", "ObservedEvents (O)", String, None);
    CONNECTIONPARAM = field("mgcp.param.connectionparam", "ConnectionParameters (P)", String, None);
    P_PS = field("mgcp.param.connectionparam.ps", "Packets sent (PS)", Uint32, Dec);
    P_OS = field("mgcp.param.connectionparam.os", "Octets sent (OS)", Uint32, Dec);
    P_PR = field("mgcp.param.connectionparam.pr", "Packets received (PR)", Uint32, Dec);
    P_OR = field("mgcp.param.connectionparam.or", "Octets received (OR)", Uint32, Dec);
    P_PL = field("mgcp.param.connectionparam.pl", "Packets lost (PL)", Uint32, Dec);
    P_JI = field("mgcp.param.connectionparam.ji", "Jitter (JI)", Uint32, Dec);
    P_LA = field("mgcp.param.connectionparam.la", "Latency (LA)", Uint32, Dec);
    P_PCRPS = field("mgcp.param.connectionparam.pcrps", "Remote Packets sent (PC/RPS)", Uint32, Dec);
    P_PCROS = field("mgcp.param.connectionparam.pcros", "Remote Octets sent (PC/ROS)", Uint32, Dec);
    P_PCRPL = field("mgcp.param.connectionparam.pcrpl", "Remote Packets lost (PC/RPL)", Uint32, Dec);
    P_PCRJI = field("mgcp.param.connectionparam.pcrji", "Remote Jitter (PC/RJI)", Uint32, Dec);
    P_X = field("mgcp.param.connectionparam.x", "Vendor Extension", String, None);
    REASONCODE = field("mgcp.param.reasoncode", "ReasonCode (E)", String, None);
    EVENTSTATES = field("mgcp.param.eventstates", "EventStates (ES)", String, None);
    SPECIFICENDPOINTID = field("mgcp.param.specificendpointid", "SpecificEndpointID (Z)", String, None);
    SECONDENDPOINTID = field("mgcp.param.secondendpointid", "SecondEndpointID (Z2)", String, None);
    REQINFO = field("mgcp.param.reqinfo", "RequestedInfo (F)", String, None);
    QUARANTINEHANDLING = field("mgcp.param.quarantinehandling", "QuarantineHandling (Q)", String, None);
    DETECTEDEVENTS = field("mgcp.param.detectedevents", "DetectedEvents (T)", String, None);
    CAPABILITIES = field("mgcp.param.capabilities", "Capabilities (A)", String, None);
    MAXMGCPDATAGRAM = field("mgcp.param.maxmgcpdatagram", "MaxMGCPDatagram (MD)", String, None);
    PACKAGELIST = field("mgcp.param.packagelist", "PackageList (PL)", String, None);
    EXTENSION = field("mgcp.param.extension", "Extension Parameter (non-critical)", String, None);
    EXTENSIONCRITICAL = field("mgcp.param.extensioncritical", "Extension Parameter (critical)", String, None);
    RESOURCEID = field("mgcp.param.resourceid", "ResourceIdentifier (DQ-RI)", String, None);
    MESSAGECOUNT = field("mgcp.messagecount", "MGCP Message Count", Uint32, Dec);
    DUP = field("mgcp.dup", "Duplicate Message", Uint32, Dec);
    REQ_DUP = field("mgcp.req.dup", "Duplicate Request", Uint32, Dec);
    REQ_DUP_FRAME = field("mgcp.req.dup.frame", "Original Request Frame", FrameNum, None);
    RSP_DUP = field("mgcp.rsp.dup", "Duplicate Response", Uint32, Dec);
    RSP_DUP_FRAME = field("mgcp.rsp.dup.frame", "Original Response Frame", FrameNum, None);
    INVALID = field("mgcp.param.invalid", "Invalid Parameter", String, None);
}

/// RFC 3435, 2.4, and RFC 3660.
const CODES: &[(u64, &str)] = &[
    (0, "Response Acknowledgement"),
    (100, "The transaction is currently being executed. An actual completion message will follow on later."),
    (101, "The transaction has been queued for execution. An actual completion message will follow later."),
    (200, "The requested transaction was executed normally."),
    (250, "The connection was deleted."),
    (400, "The transaction could not be executed, due to a transient error."),
    (401, "The phone is already off hook"),
    (402, "The phone is already on hook"),
    (
        403,
        "The transaction could not be executed, because the endpoint does not have sufficient resources at this time",
    ),
    (404, "Insufficient bandwidth at this time"),
    (405, "The transaction could not be executed, because the endpoint is \"restarting\"."),
    (
        406,
        "Transaction time-out. The transaction did not complete in a reasonable period of time and has been aborted.",
    ),
    (
        407,
        "Transaction aborted. The transaction was aborted by some external action, e.g., a ModifyConnection command aborted by a DeleteConnection command.",
    ),
    (409, "The transaction could not be executed because of internal overload."),
    (
        410,
        "No endpoint available. A valid \"any of\" wildcard was used, however there was no endpoint available to satisfy the request.",
    ),
    (500, "The transaction could not be executed, because the endpoint is unknown."),
    (501, "The transaction could not be executed, because the endpoint is not ready."),
    (502, "The transaction could not be executed, because the endpoint does not have sufficient resources"),
    (503, "\"All of\" wildcard too complicated."),
    (504, "Unknown or unsupported command."),
    (505, "Unsupported RemoteConnectionDescriptor."),
    (506, "Unable to satisfy both LocalConnectionOptions and RemoteConnectionDescriptor."),
    (507, "Unsupported functionality."),
    (508, "Unknown or unsupported quarantine handling."),
    (509, "Error in RemoteConnectionDescriptor."),
    (510, "The transaction could not be executed, because a protocol error was detected."),
    (511, "The transaction could not be executed, because the command contained an unrecognized extension."),
    (
        512,
        "The transaction could not be executed, because the gateway is not equipped to detect one of the requested events.",
    ),
    (
        513,
        "The transaction could not be executed, because the gateway is not equipped to generate one of the requested signals.",
    ),
    (514, "The transaction could not be executed, because the gateway cannot send the specified announcement."),
    (515, "The transaction refers to an incorrect connection-id (may have been already deleted)"),
    (516, "The transaction refers to an unknown call-id."),
    (517, "Unsupported or invalid mode."),
    (518, "Unsupported or unknown package."),
    (519, "Endpoint does not have a digit map."),
    (520, "The transaction could not be executed, because the endpoint is 'restarting'."),
    (521, "Endpoint redirected to another Call Agent."),
    (522, "No such event or signal."),
    (523, "Unknown action or illegal combination of actions"),
    (524, "Internal inconsistency in LocalConnectionOptions"),
    (525, "Unknown extension in LocalConnectionOptions"),
    (526, "Insufficient bandwidth"),
    (527, "Missing RemoteConnectionDescriptor"),
    (528, "Incompatible protocol version"),
    (529, "Internal hardware failure"),
    (530, "CAS signaling protocol error"),
    (531, "failure of a grouping of trunks (e.g. facility failure)"),
    (532, "Unsupported value(s) in LocalConnectionOptions."),
    (533, "Response too large."),
    (534, "Codec negotiation failure."),
    (535, "Packetization period not supported"),
    (536, "Unknown or unsupported RestartMethod"),
    (537, "Unknown or unsupported digit map extension"),
    (538, "Event/signal parameter error (e.g., missing, erroneous, unsupported, unknown, etc.)"),
    (539, "Invalid or unsupported command parameter."),
    (540, "Per endpoint connection limit exceeded."),
    (541, "Invalid or unsupported LocalConnectionOptions"),
];

/// RFC 3435, 2.3, and RFC 3660 (the message of the last one).
const VERBS: &[(&str, &str)] = &[
    ("EPCF", "EndpointConfiguration"),
    ("CRCX", "CreateConnection"),
    ("MDCX", "ModifyConnection"),
    ("DLCX", "DeleteConnection"),
    ("RQNT", "NotificationRequest"),
    ("NTFY", "Notify"),
    ("AUEP", "AuditEndpoint"),
    ("AUCX", "AuditConnection"),
    ("RSIP", "RestartInProgress"),
    ("MESG", "Message"),
];

/// RFC 3435, 3.2.2: names of parameters, in upper case.
const PARAMETERS: &[(&str, FieldId)] = &[
    ("K", RSPACK),
    ("B", BEARERINFO),
    ("C", CALLID),
    ("I", CONNECTIONID),
    ("I2", SECONDCONNECTIONID),
    ("N", NOTIFIEDENTITY),
    ("X", REQUESTID),
    ("L", LOCALCONNECTIONOPTIONS),
    ("M", CONNECTIONMODE),
    ("R", REQEVENTS),
    ("S", SIGNALREQ),
    ("RM", RESTARTMETHOD),
    ("RD", RESTARTDELAY),
    ("D", DIGITMAP),
    ("O", OBSERVEDEVENTS),
    ("P", CONNECTIONPARAM),
    ("E", REASONCODE),
    ("ES", EVENTSTATES),
    ("Z", SPECIFICENDPOINTID),
    ("Z2", SECONDENDPOINTID),
    ("F", REQINFO),
    ("Q", QUARANTINEHANDLING),
    ("T", DETECTEDEVENTS),
    ("A", CAPABILITIES),
    ("MD", MAXMGCPDATAGRAM),
    ("PL", PACKAGELIST),
    ("DQ-RI", RESOURCEID),
    ("XRM/LVM", LOCALVOICEMETRICS),
    ("XRM/RVM", REMOTEVOICEMETRICS),
];

/// RFC 3435, 3.2.2.10, and PacketCable's.
const OPTIONS: &[(&str, FieldId)] = &[
    ("p", L_P),
    ("a", L_A),
    ("s", L_S),
    ("e", L_E),
    ("sc-rtp", L_SCRTP),
    ("sc-rtcp", L_SCRTCP),
    ("b", L_B),
    ("es-ccd", L_ESCCD),
    ("es-cci", L_ESCCI),
    ("dq-gi", L_DQGI),
    ("dq-rd", L_DQRD),
    ("dq-ri", L_DQRI),
    ("dq-rr", L_DQRR),
    ("k", L_K),
    ("gc", L_GC),
    ("fmtp", L_FMTP),
    ("nt", L_NT),
    ("o-fmtp", L_OFMTP),
    ("r", L_R),
    ("t", L_T),
    ("r-cnf", L_RCNF),
    ("r-dir", L_RDIR),
    ("r-sh", L_RSH),
    ("mp", L_MP),
    ("fxr/fx", L_FXR),
];

/// RFC 3435, 3.2.2.11.
const COUNTS: &[(&str, FieldId)] = &[
    ("PS", P_PS),
    ("OS", P_OS),
    ("PR", P_PR),
    ("OR", P_OR),
    ("PL", P_PL),
    ("JI", P_JI),
    ("LA", P_LA),
    ("PC/RPS", P_PCRPS),
    ("PC/ROS", P_PCROS),
    ("PC/RPL", P_PCRPL),
    ("PC/RJI", P_PCRJI),
];

/// How many messages one datagram may hold (RFC 3435, 3.5.5).
const MAX_MESSAGES: usize = 64;
/// How many lines of parameters one message may have.
const MAX_PARAMETERS: usize = 512;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Sdp],
    accepts: Some(accepts),
    samples: &[Sample { link_type: 101, frames: SAMPLES }],
    ..Protocol::new(
        ProtoId::Mgcp,
        "MGCP",
        &[Binding::UdpPort(2427), Binding::UdpPort(2727), Binding::TcpPort(2427), Binding::TcpPort(2727)],
        dissect,
    )
};

const RULES: Rules = Rules {
    proto: ProtoId::Mgcp,
    renews: false,
    again: Again::Repeats,
    keeps_orphans: false,
    answers_latest: false,
    in_columns: true,
    fields: &[REQFRAME, RSPFRAME, TIME, DUP, REQ_DUP, REQ_DUP_FRAME, RSP_DUP, RSP_DUP_FRAME],
};

enum Kind {
    Request,
    Response,
}

/// What the first line begins with (RFC 3435, 3.2.1 and 3.3).
fn kind(octets: &[u8]) -> Option<Kind> {
    let word = octets.get(..4)?;
    if word.get(..3)?.iter().all(u8::is_ascii_digit) && word.last().is_some_and(|octet| *octet == b' ') {
        return Some(Kind::Response);
    }
    let is_verb = VERBS.iter().any(|row| word.eq_ignore_ascii_case(row.0.as_bytes()));
    let is_experiment = matches!(word, [b'x' | b'X', rest @ ..] if rest.iter().all(u8::is_ascii_alphabetic));
    ((is_verb || is_experiment) && octets.get(4).is_none_or(|octet| *octet == b' ')).then_some(Kind::Request)
}

fn accepts(_: &Dissector<'_>, tvb: Tvb<'_>) -> bool {
    kind(tvb.bytes()).is_some()
}

/// Where the line that begins at `at` ends, and where the next one begins.
fn line(octets: &[u8], at: usize) -> (usize, usize) {
    let rest = octets.get(at..).unwrap_or_default();
    let next = memchr(b'\n', rest).map_or(octets.len(), |end| at + end + 1);
    let text = octets.get(at..next).unwrap_or_default();
    let len = text.len() - text.iter().rev().take_while(|octet| matches!(octet, b'\r' | b'\n')).count();
    (at + len, next)
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let octets = tvb.bytes();
    d.set_protocol("MGCP");
    let (end, _) = line(octets, 0);
    d.set_info(|| printable(octets.get(..end).unwrap_or_default()));
    let mut at = 0;
    for count in 1..=MAX_MESSAGES as u64 {
        // A dot alone stands between messages, an empty line before a description.
        let mut here = at;
        let mut next_message = None;
        let mut description = None;
        while here < octets.len() {
            let (end, next) = line(octets, here);
            match octets.get(here..end) {
                Some(b".") => {
                    next_message = Some(next);
                    break;
                }
                Some(b"") => {
                    description = (next < octets.len()).then_some(next);
                    break;
                }
                _ => here = next,
            }
        }
        let is_last = next_message.is_none();
        message(d, tvb.sub(at, here - at), at == 0, is_last.then_some(count));
        if let Some(start) = description {
            d.call(ProtoId::Sdp, tvb.from(start));
            break;
        }
        match next_message {
            Some(next) if kind(octets.get(next..).unwrap_or_default()).is_some() => at = next,
            _ => break,
        }
    }
    Ok(())
}

fn message<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, is_first: bool, count: Option<u64>) {
    let octets = tvb.bytes();
    let Some(kind) = kind(octets) else { return };
    if is_first {
        d.begin(PROTO, tvb);
    } else {
        d.open(PROTO, tvb, 0, tvb.reported(), Value::Protocol { end: tvb.base + tvb.len() as u32 });
    }
    let (end, next) = line(octets, 0);
    first_line(d, tvb, end, &kind);
    if next < octets.len() {
        d.open(PARAMS, tvb, next, octets.len() - next, Value::None);
        let mut at = next;
        for _ in 0..MAX_PARAMETERS {
            if at >= octets.len() {
                break;
            }
            let (end, next) = line(octets, at);
            parameter(d, tvb, at, end);
            at = next;
        }
        d.close();
    }
    if let Some(count) = count {
        d.hidden(MESSAGECOUNT, tvb, 0, 0, Value::Uint(count));
    }
    d.close();
}

/// The words of a line with where they begin; the last one is all the rest.
fn words(text: &[u8], most: usize) -> Vec<(usize, &[u8])> {
    let mut words = Vec::with_capacity(most);
    let mut at = 0;
    while words.len() < most {
        let rest = text.get(at..).unwrap_or_default();
        at += rest.iter().take_while(|octet| **octet == b' ').count();
        let rest = text.get(at..).unwrap_or_default();
        if rest.is_empty() {
            break;
        }
        let len = if words.len() + 1 == most { rest.len() } else { memchr(b' ', rest).unwrap_or(rest.len()) };
        words.push((at, rest.get(..len).unwrap_or_default()));
        at += len;
    }
    words
}

fn first_line<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, end: usize, kind: &Kind) {
    let text = tvb.bytes().get(..end).unwrap_or_default();
    let words = words(text, if matches!(kind, Kind::Request) { 4 } else { 3 });
    let place = |n: usize| words.get(n).map(|(at, word)| (*at, word.len()));
    let id = words.get(1).map_or(&[][..], |(_, word)| word);
    let number = id.iter().take(16).fold(0u128, |number, octet| number << 8 | u128::from(*octet));
    match kind {
        Kind::Request => {
            if let Some((at, len)) = place(0) {
                let line = d.add(REQ_VERB, tvb, at, len, Value::Text);
                d.text(line, || {
                    let word = words.first().map_or(&[][..], |(_, word)| word);
                    let name = VERBS.iter().find(|row| word.eq_ignore_ascii_case(row.0.as_bytes()));
                    format!("{} ({})", printable(word), name.map_or("*Experimental*", |row| row.1))
                });
            }
            for (n, field) in [(1, TRANSID), (2, REQ_ENDPOINT), (3, VERSION)] {
                if let Some((at, len)) = place(n) {
                    d.string(field, tvb, at, len);
                }
            }
            transaction::request(d, &RULES, number);
            d.hidden(REQ, tvb, 0, 0, Value::Uint(1));
        }
        Kind::Response => {
            if let Some((at, word)) = words.first() {
                let code = String::from_utf8_lossy(word).parse().unwrap_or(0);
                d.add(RSP_RSPCODE, tvb, *at, word.len(), Value::Uint(code));
            }
            for (n, field) in [(1, TRANSID), (2, RSP_RSPSTRING)] {
                if let Some((at, len)) = place(n) {
                    d.string(field, tvb, at, len);
                }
            }
            transaction::response(d, &RULES, number, true);
            d.hidden(RSP, tvb, 0, 0, Value::Uint(1));
        }
    }
    let known = transaction::known(d, ProtoId::Mgcp);
    let repeated = known.repeats.map(|frame| (frame, String::from_utf8_lossy(id).parse().unwrap_or(0)));
    if matches!(kind, Kind::Request) {
        repeats(d, tvb, repeated, [REQ_DUP, REQ_DUP_FRAME], "Request");
    }
    known.show(d, tvb, [RSPFRAME, REQFRAME, TIME]);
    if matches!(kind, Kind::Response) {
        repeats(d, tvb, repeated, [RSP_DUP, RSP_DUP_FRAME], "Response");
    }
}

fn repeats<'a>(
    d: &mut Dissector<'a>,
    tvb: Tvb<'a>,
    repeated: Option<(u64, u64)>,
    [number, frame]: [FieldId; 2],
    name: &str,
) {
    if let Some((of, id)) = repeated {
        d.hidden(DUP, tvb, 0, 0, Value::Uint(id));
        d.generated(number, tvb, 0, 0, Value::Uint(id));
        d.generated(frame, tvb, 0, 0, Value::Uint(of));
        d.append_info(|| format!(", Duplicate {name} {id}"));
    }
}

fn parameter<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, end: usize) {
    let text = tvb.bytes().get(at..end).unwrap_or_default();
    let len = text.len();
    let row = memchr(b':', text).and_then(|colon| {
        let name = text.get(..colon)?.trim_ascii();
        let blanks = text.get(colon + 1..)?.iter().take_while(|octet| octet.is_ascii_whitespace()).count();
        let field = match name {
            [b'x' | b'X', b'+', ..] => EXTENSIONCRITICAL,
            [b'x' | b'X', b'-', ..] => EXTENSION,
            name => PARAMETERS.iter().find(|row| name.eq_ignore_ascii_case(row.0.as_bytes()))?.1,
        };
        Some((field, colon + 1 + blanks))
    });
    let Some((field, value)) = row else {
        d.string(INVALID, tvb, at, len);
        return;
    };
    let list: Option<(&[(&str, FieldId)], u8)> = match field {
        LOCALCONNECTIONOPTIONS => Some((OPTIONS, b':')),
        CONNECTIONPARAM => Some((COUNTS, b'=')),
        _ => None,
    };
    if [LOCALCONNECTIONOPTIONS, CONNECTIONPARAM, EXTENSION, EXTENSIONCRITICAL, LOCALVOICEMETRICS, REMOTEVOICEMETRICS]
        .contains(&field)
    {
        d.open(field, tvb, at, len, Value::Text);
    } else {
        d.open(field, tvb, at + value, len.saturating_sub(value), Value::Text);
    }
    if let Some((rows, mark)) = list {
        members(d, tvb, at + value, text.get(value..).unwrap_or_default(), rows, mark);
    }
    d.close();
}

/// Settings with commas between them.
fn members<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, start: usize, text: &[u8], rows: &[(&str, FieldId)], mark: u8) {
    let mut at = start;
    for member in text.split(|octet| *octet == b',') {
        let blanks = member.iter().take_while(|octet| **octet == b' ').count();
        if let Some(mark) = memchr(mark, member) {
            let name = member.get(blanks..mark).unwrap_or_default();
            let value = member.get(mark + 1..).unwrap_or_default();
            let row = rows.iter().find(|row| name.eq_ignore_ascii_case(row.0.as_bytes())).map(|row| row.1);
            let vendor = (rows.len() == COUNTS.len() && name.starts_with(b"X-")).then_some(P_X);
            if let Some(field) = row.or(vendor) {
                let is_number = crate::registry::field(field).ftype == FieldType::Uint32;
                let number = String::from_utf8_lossy(value).trim().parse().unwrap_or(0);
                let value_at = at + mark + 1;
                d.add(field, tvb, value_at, value.len(), if is_number { Value::Uint(number) } else { Value::Text });
            }
        }
        at += member.len() + 1;
    }
}

const SAMPLES: &[&str] = &[
    "4500015700010000401100000a0000010a000002 0aa7097b01430000 \
     4352435820313230342061616c6e2f31407267772e6e6574204d47435020312e300d0a433a204133433437460d0a4c3a2070 \
     3a31302c20613a50434d553b473732362c20653a6f6e2c20733a6f66662c20623a36342c2067633a352c206b3a636c656172 \
     3a782c20743a30302c206e743a494e2c20723a672c20666d74703a2278222c2073632d7274703a612c206d703a32300d0a4d \
     3a20726563766f6e6c790d0a4e3a20636140780d0a583a203132330d0a523a206875284e290d0a533a2072670d0a443a2028 \
     3054290d0a493a2046440d0a513a206c6f6f700d0a543a2068750d0a0d0a763d300d0a6f3d2d2031203120494e2049503420 \
     31302e302e302e310d0a733d2d0d0a633d494e204950342031302e302e302e310d0a743d3020300d0a6d3d617564696f2035 \
     303030205254502f41565020300d0a",
    "4500006800010000401100000a0000020a000001 097b0aa700540000 \
     3230302031323034204f4b0d0a493a2046444532333443380d0a0d0a763d300d0a633d494e204950342031302e302e302e32 \
     0d0a6d3d617564696f2035303032205254502f41565020300d0a",
    "4500013e00010000401100000a0000010a000002 0aa7097b012a0000 \
     444c435820313230352061616c6e2f31407267772e6e6574204d47435020312e300d0a433a2041330d0a503a2050533d3132 \
     34352c204f533d36323334352c2050523d3738302c204f523d34353132332c20504c3d31302c204a493d32372c204c413d34 \
     382c2050432f5250533d352c20582d666f6f3d330d0a453a2039303020780d0a4b3a20312d350d0a423a20653a6d750d0a49 \
     323a20350d0a5a3a207a0d0a5a323a207a320d0a524d3a20726573746172740d0a52443a20300d0a4f3a2068750d0a45533a \
     20780d0a463a20410d0a413a20613a50434d550d0a504c3a204c0d0a4d443a20343030300d0a582b666f6f3a20310d0a582d \
     6261723a20320d0a44512d52493a20310d0a58524d2f4c564d3a20780d0a464f4f3a206261720d0a",
    "4500003800010000401100000a0000020a000001 097b0aa700240000 \
     3235302031323035204f4b0d0a503a2050533d312c204f533d320d0a",
    "4500003f00010000401100000a0000010a000002 0aa7097b002b0000 \
     444c435820313230352061616c6e2f31407267772e6e6574204d47435020312e300d0a",
    "4500002900010000401100000a0000020a000001 097b0aa700150000 \
     3235302031323035204f4b0d0a",
    "4500015a00010000401100000a0000010a000002 0aa7097b01460000 \
     4352435820323020614062204d47435020312e300d0a4c3a20703a312c20613a312c20733a312c20653a312c2073632d7274 \
     703a312c2073632d727463703a312c20623a312c2065732d6363643a312c2065732d6363693a312c2064712d67693a312c20 \
     64712d72643a312c2064712d72693a312c2064712d72723a312c206b3a312c2067633a312c20666d74703a312c206e743a31 \
     2c206f2d666d74703a312c20723a312c20743a312c20722d636e663a312c20722d6469723a312c20722d73683a312c206d70 \
     3a312c206678722f66783a310d0a503a2050533d312c204f533d312c2050523d312c204f523d312c20504c3d312c204a493d \
     312c204c413d312c2050432f5250533d312c2050432f524f533d312c2050432f52504c3d312c2050432f524a493d312c2058 \
     2d613d310d0a58524d2f52564d3a20780d0a",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, shown_by, values};

    #[test]
    fn transactions_and_repetitions() {
        let shown = frames(101, &SAMPLES[..6]);
        assert_eq!(values(&shown[0], "mgcp.rspframe"), "2");
        assert_eq!(values(&shown[1], "mgcp.reqframe"), "1");
        assert_eq!(values(&shown[4], "mgcp.req.dup.frame"), "3");
        assert_eq!(values(&shown[5], "mgcp.rsp.dup.frame"), "4");
        assert_eq!(values(&shown[0], "mgcp.param.localconnectionoptions.a"), "PCMU;G726");
        assert_eq!(values(&shown[2], "mgcp.param.connectionparam.pl"), "10");
    }

    #[test]
    fn no_more_parameters_than_the_limit_are_shown() {
        let text = [b"NTFY 1 a MGCP 1.0\n".to_vec(), b"O: x\n".repeat(MAX_PARAMETERS + 9)].concat();
        let shown = shown_by(ProtoId::Mgcp, &text);
        let count = shown.iter().filter(|row| row.0 == "mgcp.param.observedevents").count();
        assert_eq!(count, MAX_PARAMETERS);
    }

    #[test]
    fn survives_anything() {
        crate::tests::survives_anything(
            ProtoId::Mgcp,
            b"CRCX 12 a@b MGCP 1.0\r\nL: p:10, a:PCMU\r\nP: PS=1\r\n.\r\nAUEP 2 *@x MGCP 1.0\r\n\r\nv=0\r\n",
        );
    }
}
