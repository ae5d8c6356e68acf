//! `-z rtp,streams`: the RTP streams of a capture with their losses and their jitter.

use std::fmt::Write;

use super::{Statistic, pairs};
use crate::dissector::{Endpoints, Transport};
use crate::field::FieldId;
use crate::output::label;
use crate::packet::Packet;
use crate::registry;
use crate::rtp_stream::{self, Key, Kind, Payload, Streams, Summary};
use crate::tree::{Dissection, Node};
use crate::value::Value;
use crate::wanted::Wanted;

/// Of static payload types (RFC 3551, 6): the short name of the list, and the clock rate.
const TYPES: [(u8, &str, u32); 22] = [
    (0, "g711U", 8000),
    (3, "GSM", 8000),
    (4, "g723", 8000),
    (5, "DVI4 8k", 8000),
    (6, "DVI4 16k", 16_000),
    (7, "Exp. from Xerox PARC", 8000),
    (8, "g711A", 8000),
    (9, "g722", 8000),
    (10, "16-bit audio, stereo", 44_100),
    (11, "16-bit audio, monaural", 44_100),
    (12, "Qualcomm", 8000),
    (13, "CN", 8000),
    (14, "MPEG-I/II Audio", 90_000),
    (15, "g728", 8000),
    (18, "g729", 8000),
    (19, "CN(old)", 8000),
    (26, "JPEG", 90_000),
    (31, "h261", 90_000),
    (32, "MPEG-I/II Video", 90_000),
    (33, "MPEG-II streams", 90_000),
    (34, "h263", 90_000),
    (25, "CellB", 90_000),
];

/// Clock rates of encodings that are always announced.
const RATES: [(&str, u32); 12] = [
    ("opus", 48_000),
    ("telephone-event", 8000),
    ("iLBC", 8000),
    ("speex", 8000),
    ("AMR", 8000),
    ("AMR-WB", 16_000),
    ("G726-32", 8000),
    ("H264", 90_000),
    ("VP8", 90_000),
    ("H263-1998", 90_000),
    ("SILK", 16_000),
    ("GSM-EFR", 8000),
];

#[derive(Default)]
pub(super) struct RtpStreams {
    streams: Streams,
    start: i64,
}

/// The fields of an RTP header that are needed, as far as there are such fields.
struct Fields {
    ssrc: Option<FieldId>,
    seq: Option<FieldId>,
    timestamp: Option<FieldId>,
    payload_type: Option<FieldId>,
    marker: Option<FieldId>,
}

impl Fields {
    fn find() -> Self {
        Self {
            ssrc: registry::by_name("rtp.ssrc"),
            seq: registry::by_name("rtp.seq"),
            timestamp: registry::by_name("rtp.timestamp"),
            payload_type: registry::by_name("rtp.p_type"),
            marker: registry::by_name("rtp.marker"),
        }
    }

    fn all(&self) -> impl Iterator<Item = FieldId> {
        [self.ssrc, self.seq, self.timestamp, self.payload_type, self.marker].into_iter().flatten()
    }
}

/// The encoding of a payload type, as the line of the tree names it.
fn encoding(dissection: &Dissection<'_>, node: &Node) -> Option<String> {
    let source = dissection.source(node.source);
    let line = label::of(node, source);
    let name = line.split_once("Payload type: ")?.1.rsplit_once(" (")?.0;
    (!name.starts_with("DynamicRTP-Type")).then(|| name.to_owned())
}

impl Statistic for RtpStreams {
    fn want(&self, wanted: &mut Wanted) {
        pairs::Kind::Udp.want(wanted);
        Fields::find().all().for_each(|field| wanted.add(field));
        wanted.tree = true;
    }

    fn packet(&mut self, packet: &Packet<'_>, dissection: &Dissection<'_>) {
        self.start = packet.time_first;
        let fields = Fields::find();
        let mut pair = None;
        pairs::each(pairs::Kind::Udp, dissection, |last| pair = Some(last));
        let Some(pair) = pair else { return };
        let first = |field: Option<FieldId>| dissection.all(field?).find(|node| node.depth == 1);
        let number = |field| match first(field).map(|node| &node.value) {
            Some(Value::Uint(number)) => Some(*number),
            _ => None,
        };
        let (Some(ssrc), Some(seq), Some(timestamp)) =
            (number(fields.ssrc), number(fields.seq), number(fields.timestamp))
        else {
            return;
        };
        let payload_type = number(fields.payload_type).unwrap_or(0) as u8;
        let encoding = first(fields.payload_type).and_then(|node| encoding(dissection, node));
        let is_static = payload_type < 96;
        let rate = match is_static {
            true => TYPES.iter().find(|row| row.0 == payload_type).map(|row| row.2),
            false => RATES
                .iter()
                .find(|row| encoding.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(row.0)))
                .map(|row| row.1),
        };
        let encoding = encoding.filter(|_| !is_static);
        let kind = match (payload_type, encoding.as_deref()) {
            (13 | 19, _) => Kind::ComfortNoise,
            (_, name) if rtp_stream::is_event(name) => Kind::Event,
            _ => Kind::Media,
        };
        let endpoints = Endpoints {
            src: pair.from.address,
            dst: pair.to.address,
            transport: Transport::Udp,
            src_port: pair.from.port,
            dst_port: pair.to.port,
        };
        let start = first(fields.seq).map_or(0, |node| node.start);
        let header = rtp_stream::Packet {
            frame: packet.number,
            time: packet.time,
            sequence: seq as u16,
            timestamp: timestamp as u32,
            payload_type,
            marker: number(fields.marker) == Some(1),
            kind,
            clock_rate: rate,
            octets: (packet.bytes.len() as u32).saturating_sub(start.saturating_sub(2)),
            encoding: encoding.as_deref(),
        };
        self.streams.feed(Key { endpoints, ssrc: ssrc as u32 }, &header);
    }

    fn print(&mut self, out: &mut String) {
        let _ = writeln!(out, "========================= RTP Streams ========================");
        let _ = writeln!(
            out,
            "{:>13} {:>13} {:>15} {:>5} {:>15} {:>5} {:>10} {:>16} {:>5} {:>12} {:>15} {:>15} {:>15} {:>15} {:>15} {:>15} Problems?",
            "Start time",
            "End time",
            "Src IP addr",
            "Port",
            "Dest IP addr",
            "Port",
            "SSRC",
            "Payload",
            "Pkts",
            "Lost",
            "Min Delta(ms)",
            "Mean Delta(ms)",
            "Max Delta(ms)",
            "Min Jitter(ms)",
            "Mean Jitter(ms)",
            "Max Jitter(ms)"
        );
        // The newest first.
        for summary in self.streams.summaries().iter().rev() {
            self.row(summary, out);
        }
        if self.streams.left_out() > 0 {
            let _ = writeln!(out, "{} packets of further streams were left out", self.streams.left_out());
        }
        let _ = writeln!(out, "==============================================================");
    }
}

impl RtpStreams {
    fn row(&self, summary: &Summary, out: &mut String) {
        let seconds = |time: i64| time.saturating_sub(self.start) as f64 / 1e9;
        let Key { endpoints, ssrc } = summary.key;
        let payloads: Vec<String> = summary.payloads.iter().map(name).collect();
        let lost = format!("{} ({:.1}%)", summary.lost, summary.lost_percent());
        let _ = write!(
            out,
            "{:13.6} {:13.6} {:>15} {:5} {:>15} {:5} 0x{ssrc:08X} {:>16} {:5} {lost:>12}",
            seconds(summary.first_time),
            seconds(summary.last_time),
            endpoints.src.to_string(),
            endpoints.src_port,
            endpoints.dst.to_string(),
            endpoints.dst_port,
            payloads.join(", "),
            summary.packets,
        );
        for range in [summary.delta, summary.jitter] {
            let _ = write!(out, " {:15.3} {:15.3} {:15.3}", range.min, range.mean, range.max);
        }
        out.push_str(if summary.problems.any() { " X\n" } else { " \n" });
    }
}

fn name(payload: &Payload) -> String {
    match (&payload.encoding, TYPES.iter().find(|row| row.0 == payload.number)) {
        (Some(encoding), _) => encoding.to_string(),
        (None, Some(row)) => row.1.to_owned(),
        (None, None) => format!("RTPType-{}", payload.number),
    }
}
