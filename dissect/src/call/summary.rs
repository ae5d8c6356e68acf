//! A call in a row of a list: who, when, how it went, and what its media were like.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};

use super::offer::Kind;
use super::{Call, MEDIA_ENDS_NS, Purpose, Transaction};
use crate::diagnose::place;
use crate::dissector::{Address, Endpoints};
use crate::output::value;
use crate::rtp_stream;

/// How a call stands, in Wireshark's words; those behind `Unknown` it does not have.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum State {
    CallSetup,
    Ringing,
    InCall,
    Cancelled,
    Completed,
    Rejected,
    Unknown,
    /// Asked who he is, the caller did not go on.
    Challenged,
    Redirected,
    /// Nothing at all came back.
    NoResponse,
    /// Answered, and the answer was not acknowledged.
    NoAck,
}

impl State {
    pub fn name(self) -> &'static str {
        match self {
            Self::CallSetup => "CALL SETUP",
            Self::Ringing => "RINGING",
            Self::InCall => "IN CALL",
            Self::Cancelled => "CANCELLED",
            Self::Completed => "COMPLETED",
            Self::Rejected => "REJECTED",
            Self::Unknown => "UNKNOWN",
            Self::Challenged => "CHALLENGED",
            Self::Redirected => "REDIRECTED",
            Self::NoResponse => "NO RESPONSE",
            Self::NoAck => "NO ACK",
        }
    }
}

/// An offer of T.38 that was refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefusedFax {
    /// When, in nanoseconds since the Unix epoch.
    pub time: i64,
    pub by: String,
    /// The status and its phrase.
    pub answer: String,
}

impl Call {
    /// How the call stands. A challenge is no rejection, and a re-INVITE ends nothing.
    pub fn state(&self) -> State {
        if self.ended.is_some() {
            return State::Completed;
        }
        if self.is_answered() {
            let accepted = || self.attempts().flat_map(|attempt| &attempt.accepted);
            let is_open = accepted().all(|accepted| accepted.acknowledged.is_none());
            let is_repeated = accepted().any(|accepted| accepted.repeats > 0);
            return if is_open && is_repeated { State::NoAck } else { State::InCall };
        }
        if self.is_partial {
            return State::Unknown;
        }
        if self.cancelled.is_some() {
            return State::Cancelled;
        }
        let last = self.attempts().filter(|attempt| attempt.last.is_some()).max_by_key(|attempt| attempt.sequence);
        let is_tried_again = |last: &Transaction| self.attempts().any(|attempt| attempt.sequence > last.sequence);
        match last.filter(|last| !is_tried_again(last)).and_then(Transaction::status) {
            Some(401 | 407) => State::Challenged,
            Some(300..=399) => State::Redirected,
            Some(487) => State::Cancelled,
            Some(400..) => State::Rejected,
            _ if self.attempts().any(|attempt| attempt.ringing.is_some()) => State::Ringing,
            _ if self.attempts().any(|attempt| attempt.is_unanswered(self.now)) => State::NoResponse,
            _ => State::CallSetup,
        }
    }

    /// The final codes of the attempts to set it up, in order, each CSeq number's once.
    pub fn codes(&self) -> Vec<u16> {
        let mut codes: Vec<(u32, u16)> = Vec::new();
        for attempt in self.attempts() {
            let Some(status) = attempt.status() else { continue };
            match codes.iter_mut().find(|(sequence, _)| *sequence == attempt.sequence) {
                // Of several branches the one that was taken tells.
                Some((_, code)) if status < 300 => *code = status,
                Some(_) => {}
                None => codes.push((attempt.sequence, status)),
            }
        }
        codes.into_iter().map(|(_, code)| code).collect()
    }

    /// What Wireshark has in its column of comments: `INVITE 407 200`.
    pub fn comment(&self) -> String {
        let codes = self.codes().into_iter().map(|code| format!(" {code}"));
        std::iter::once("INVITE".to_owned()).chain(codes).collect()
    }

    /// How it stands in a few words: a call's state; of a registration and the like what was answered last.
    pub fn outcome(&self) -> String {
        if self.is_call() {
            return self.state().name().to_owned();
        }
        let answered = self.transactions.iter().filter_map(|one| Some((one, one.last.as_ref()?)));
        match answered.max_by_key(|(_, last)| last.mark) {
            Some((one, last)) => format!("{} {} {}", one.method, last.status, last.phrase),
            None => "no final answer".to_owned(),
        }
    }

    /// Offers of T.38 that got a final error which is about the offer, in order.
    pub fn refused_faxes(&self) -> Vec<RefusedFax> {
        let refused = |one: &Transaction| {
            // A challenge, a taken-back offer, a collision or a timer asks for another try.
            let last = one.last.as_ref().filter(|last| last.status >= 400)?;
            let is_final = !matches!(last.status, 401 | 407 | 422 | 487 | 491);
            let is_fax = one.offer.as_ref().is_some_and(|offer| offer.has(Kind::Fax));
            let by = one.endpoints.src.to_string();
            let answer = format!("{} {}", last.status, last.phrase);
            (is_fax && is_final).then(|| RefusedFax { time: last.mark.time, by, answer: answer.trim_end().to_owned() })
        };
        self.transactions.iter().filter_map(refused).collect()
    }

    /// A display filter that selects its packets: the messages, and the media with their reports where they were heard.
    pub fn filter(&self) -> String {
        let rtp = self.streams().into_iter().map(|(_, stream)| stream.key.endpoints);
        let faxes = self.sessions.iter().filter_map(|session| session.fax.as_ref());
        let fax = faxes.flat_map(|fax| fax.streams().into_iter().map(|stream| stream.endpoints).collect::<Vec<_>>());
        let ways: BTreeSet<Endpoints> = rtp.chain(fax).map(|ends| ends.conversation().0).collect();
        let mut filter = format!("sip.Call-ID == {}", quoted(&self.call_id));
        if !ways.is_empty() {
            let ways: Vec<String> = ways.iter().map(between).collect();
            let (first, last) = (self.first.time, self.last.time.saturating_add(MEDIA_ENDS_NS));
            filter.push_str(&format!(
                " || (frame.time_epoch >= {} && frame.time_epoch <= {} && ({}))",
                value::seconds(first),
                value::seconds(last),
                ways.join(" || ")
            ));
        }
        filter
    }

    /// Whether it is a call, and not a registration or a subscription.
    pub fn is_call(&self) -> bool {
        self.purpose == Purpose::Call
    }

    /// The codecs that were agreed on; without an agreement nothing.
    pub fn codecs(&self) -> Vec<&str> {
        let mut codecs: Vec<&str> = Vec::new();
        for codec in self.sessions.iter().flat_map(|session| &session.codecs) {
            if !codecs.contains(&codec.as_str()) {
                codecs.push(codec);
            }
        }
        codecs
    }

    /// The RTP streams with the direction of each: whether it goes from the caller to the called side.
    pub fn streams(&self) -> Vec<(bool, rtp_stream::Summary)> {
        let of = |session: &super::Session| {
            let streams = session.streams().into_iter();
            let streams: Vec<_> =
                streams.map(|stream| (session.is_from_caller(&stream.key.endpoints), stream)).collect();
            streams
        };
        self.sessions.iter().flat_map(of).collect()
    }

    /// Nanoseconds from the INVITE that was answered to the answer.
    pub fn setup_ns(&self) -> Option<i64> {
        let answered = self.answered?;
        let first = self.attempts().find(|attempt| attempt.is_accepted() && !attempt.requests.is_empty())?;
        Some(answered.time.saturating_sub(first.requests.first().time))
    }

    /// The row as one JSON object.
    pub fn json(&self) -> Json {
        let mut row = Map::new();
        row.insert("call_id".into(), self.call_id.clone().into());
        row.insert("start".into(), value::rfc3339(self.first.time).into());
        row.insert("stop".into(), value::rfc3339(self.last.time).into());
        row.insert("initial_speaker".into(), self.speaker.to_string().into());
        row.insert("from".into(), self.from.clone().into());
        row.insert("to".into(), self.to.clone().into());
        row.insert("protocol".into(), "SIP".into());
        row.insert("duration".into(), seconds(self.last.time.saturating_sub(self.first.time)).into());
        row.insert("packets".into(), self.messages.into());
        row.insert("state".into(), self.state().name().into());
        row.insert("comment".into(), self.comment().into());
        row.insert("codes".into(), self.codes().into());
        row.insert("setup".into(), self.setup_ns().map(seconds).into());
        row.insert("talk".into(), seconds(self.talk_ns()).into());
        row.insert("codecs".into(), self.codecs().into());
        row.insert("streams".into(), self.streams().iter().map(stream_json).collect::<Vec<_>>().into());
        let faxes = self.sessions.iter().filter_map(|session| session.fax.as_ref());
        row.insert("filter".into(), self.filter().into());
        let refused = self.refused_faxes().into_iter().map(|refused| {
            json!({ "time": value::rfc3339(refused.time), "offered_by": refused.by, "answer": refused.answer })
        });
        row.insert("fax_refused".into(), refused.collect::<Vec<_>>().into());
        row.insert("fax".into(), faxes.map(|fax| fax_json(fax)).collect::<Vec<_>>().into());
        row.into()
    }
}

/// A filter's text.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// What goes between two ends, in both directions, and to the ports above, where reports go (RFC 3550, 11).
fn between(ends: &Endpoints) -> String {
    let address = if matches!(ends.src, Address::Ipv6(_)) { "ipv6.addr" } else { "ip.addr" };
    let ports = |port: u16| format!("udp.port in {{{port}, {}}}", port.saturating_add(1));
    format!(
        "({address} == {} && {address} == {} && {} && {})",
        ends.src,
        ends.dst,
        ports(ends.src_port),
        ports(ends.dst_port)
    )
}

fn seconds(ns: i64) -> f64 {
    (ns / 1000) as f64 / 1e6
}

/// Three decimals: what lies behind them is noise of the arithmetic.
fn rounded(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

/// What a stream carries, for people.
pub fn payload(stream: &rtp_stream::Summary) -> String {
    match stream.main_payload() {
        Some(rtp_stream::Payload { encoding: Some(name), .. }) => name.to_string(),
        Some(payload) => format!("PT {}", payload.number),
        None => "events".to_owned(),
    }
}

fn stream_json((from_caller, stream): &(bool, rtp_stream::Summary)) -> Json {
    let ends = &stream.key.endpoints;
    json!({
        "direction": if *from_caller { "caller" } else { "callee" },
        "src": place(ends.src, ends.src_port),
        "dst": place(ends.dst, ends.dst_port),
        "ssrc": format!("0x{:08x}", stream.key.ssrc),
        "codec": payload(stream),
        "packets": stream.packets,
        "expected": stream.expected,
        "lost": stream.lost,
        "lost_percent": rounded(stream.lost_percent()),
        "delta_max_ms": rounded(stream.delta.max),
        "jitter_mean_ms": rounded(stream.jitter.mean),
        "jitter_max_ms": rounded(stream.jitter.max),
        "skew_max_ms": rounded(stream.skew_max),
        "mos_estimate": stream.estimated_mos().map(|mos| (mos * 100.0).round() / 100.0),
    })
}

fn fax_json(fax: &super::fax::Fax) -> Json {
    let streams = fax.streams();
    let streams: Vec<Json> = streams
        .iter()
        .map(|stream| {
            json!({
                "src": place(stream.endpoints.src, stream.endpoints.src_port),
                "dst": place(stream.endpoints.dst, stream.endpoints.dst_port),
                "packets": stream.packets,
                "lost": stream.lost,
                "recovered_by_redundancy": stream.recovered_by_redundancy,
                "recovered_by_fec": stream.recovered_by_fec,
                "not_recovered": stream.not_recovered(),
            })
        })
        .collect();
    let steps: Vec<Json> =
        fax.steps.iter().map(|step| json!([if step.from_caller { "caller" } else { "callee" }, step.name])).collect();
    json!({ "streams": streams, "steps": steps, "confirmed_pages": fax.counts.confirmed_pages })
}
