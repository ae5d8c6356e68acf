//! An answer of the cluster that is put together here: statistics, and the forms that nodes do not make. The packets come as
//! they are, of each host in order, and are asked as those of a file.

use std::collections::BTreeMap;
use std::io::{self, Write};

use packetstream_dissect::Analysis;
use packetstream_protocol::HostId;
use packetstream_protocol::wire::{Closing, OutputFormat, OutputSpec, Query, Request};

use crate::client::Session;
use crate::client::records::{self, Record};
use crate::engine::{Knowledge, Question};
use crate::exit::Failure;

/// How much text is gathered before it is written.
const OUT_BYTES: usize = 64 << 10;

/// Asks `question` of all packets that `query` is about, and shows not more than `limit`.
pub(super) fn run(session: &Session, query: &Query, question: &mut Question, limit: u64) -> Result<Closing, Failure> {
    let mut known = match query.follow || question.in_order().is_some() {
        true => BTreeMap::new(),
        false => facts(session, query, question)?,
    };
    let mut displayed: BTreeMap<HostId, i64> = BTreeMap::new();
    let (mut matched, mut scanned) = (0, 0);
    let mut text = String::new();
    question.begin(&mut text);
    let read = records::read(session, query.clone(), |record| {
        match record {
            Record::Packet(host, packet, _) => {
                scanned += 1;
                question.displayed = displayed.get(&host).copied();
                let known = known.entry(host).or_insert_with(|| Knowledge::InOrder(Box::new(question.live())));
                if question.ask_knowing(packet, known, &mut text) {
                    matched += 1;
                    displayed.extend(question.displayed.map(|time| (host, time)));
                }
            }
            Record::Pause if query.follow => put(&mut text)?,
            Record::Gap(..) | Record::Pause => {}
        }
        if text.len() >= OUT_BYTES {
            put(&mut text)?;
        }
        // Nobody waits for the rest.
        if matched >= limit { Err(Failure::ClosedPipe) } else { Ok(()) }
    });
    let is_limited = matched >= limit;
    let closing = match read {
        Err(Failure::ClosedPipe) if is_limited => statement(session, query)?,
        read => read?,
    };
    question.end(&mut text);
    put(&mut text)?;
    Ok(Closing { matched, scanned, limited: is_limited, ..closing })
}

/// What a whole answer would say of itself, where the rest of one is not waited for.
fn statement(session: &Session, query: &Query) -> Result<Closing, Failure> {
    let output = OutputSpec::new(OutputFormat::Packets);
    let query = Query { limit: Some(1), follow: false, output, ..query.clone() };
    session.rows(&Request::Query(query), |_| Ok(()))
}

/// What the packets say of each other, where those that come later have a say.
fn facts(session: &Session, query: &Query, question: &Question) -> Result<BTreeMap<HostId, Knowledge>, Failure> {
    let mut analyses: BTreeMap<HostId, Analysis> = BTreeMap::new();
    records::read(session, query.clone(), |record| {
        if let Record::Packet(host, packet, _) = record {
            analyses.entry(host).or_insert_with(|| question.analysis()).observe(&packet);
        }
        Ok(())
    })?;
    Ok(analyses.into_iter().map(|(host, analysis)| (host, Knowledge::Facts(analysis.finish()))).collect())
}

fn put(text: &mut String) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    text.clear();
    written.map_err(|error| Failure::output(&error))
}
