//! What `-z` asks for: statistics over a capture, gathered packet by packet and printed at its end, in tshark's form.
//!
//! Each kind is one file: what it wants of a packet, what it keeps of it (with a named limit), and its table. They see
//! every packet, whatever the display filter selects; many take a filter of their own.

mod conversations;
mod endpoints;
mod expert;
mod follow;
mod hierarchy;
mod intervals;
mod pairs;
mod rtp_streams;
mod sip;

#[cfg(test)]
mod tests;

use thiserror::Error;

use crate::filter::{Filter, FilterError, Options};
use crate::output::summary::TimeForm;
use crate::packet::Packet;
use crate::tree::Dissection;
use crate::wanted::Wanted;

/// Something that is counted over all packets.
pub trait Statistic: Send {
    /// Adds what has to be made of each packet.
    fn want(&self, wanted: &mut Wanted);
    /// Takes the next packet.
    fn packet(&mut self, packet: &Packet<'_>, dissection: &Dissection<'_>);
    /// Writes the table.
    fn print(&mut self, out: &mut String);
}

/// Why a statistic cannot be made.
#[derive(Debug, Error)]
pub enum StatisticError {
    #[error("\"{0}\" is no statistic of -z; there are {KINDS}")]
    Unknown(String),
    #[error("-z {name}: \"{value}\" is no {what}")]
    Argument { name: String, value: String, what: &'static str },
    #[error("-z {name} with {found} filters; {limit} are the most")]
    Many { name: &'static str, limit: usize, found: usize },
    #[error("-z {name}: {error}")]
    Filter { name: String, error: FilterError },
}

const KINDS: &str = "conv,TYPE[,FILTER], endpoints,TYPE[,FILTER], expert[,SEVERITY][,FILTER], follow,PROTOCOL,MODE,STREAM, \
     io,phs[,FILTER], io,stat,INTERVAL[,FILTER]..., rtp,streams and sip,stat[,FILTER]";

/// The statistic that `-z text` asks for. Times in its tables have the form that `-t` asks for.
///
/// # Errors
/// When there is none of that name, or an argument of it makes no sense.
pub fn of(text: &str, time: TimeForm, options: &Options) -> Result<Box<dyn Statistic>, StatisticError> {
    let mut words = text.splitn(3, ',');
    let (kind, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let rest = words.next();
    let select = |filter: Option<&str>| Selection::new(text, filter, options);
    Ok(match (kind, second) {
        ("conv", pair) => {
            let pair = pairs::Kind::of(pair).ok_or_else(|| argument(text, pair, pairs::KINDS))?;
            Box::new(conversations::Conversations::new(pair, select(rest)?, time))
        }
        ("endpoints" | "hosts", pair) => {
            let pair = pairs::Kind::of(pair).ok_or_else(|| argument(text, pair, pairs::KINDS))?;
            Box::new(endpoints::Endpoints::new(pair, select(rest)?))
        }
        ("expert", _) => {
            let rest = text.split_once(',').map_or("", |(_, rest)| rest);
            let (least, filter) = expert::arguments(rest);
            Box::new(expert::Expert::new(least, select(filter)?))
        }
        ("follow", protocol) => Box::new(follow::Follow::new(text, protocol, rest.unwrap_or_default())?),
        ("io", "phs") => Box::new(hierarchy::Hierarchy::new(select(rest)?)),
        ("io", "stat") => Box::new(intervals::Intervals::new(text, rest.unwrap_or("0"), time, options)?),
        ("rtp", "streams") => Box::new(rtp_streams::RtpStreams::default()),
        ("sip", "stat") => Box::new(sip::Sip::new(select(rest)?)),
        _ => return Err(StatisticError::Unknown(text.to_owned())),
    })
}

fn argument(name: &str, value: &str, what: &'static str) -> StatisticError {
    StatisticError::Argument { name: name.to_owned(), value: value.to_owned(), what }
}

/// The packets that a statistic counts.
struct Selection {
    text: String,
    filter: Option<Filter>,
}

impl Selection {
    fn new(name: &str, text: Option<&str>, options: &Options) -> Result<Self, StatisticError> {
        let text = text.unwrap_or_default().trim();
        let wrong = |error| StatisticError::Filter { name: name.to_owned(), error };
        let filter = match text {
            "" => None,
            text => Some(Filter::compile(text, options).map_err(wrong)?),
        };
        Ok(Self { text: text.to_owned(), filter })
    }

    fn want(&self, wanted: &mut Wanted) {
        self.filter.iter().flat_map(Filter::fields).for_each(|field| wanted.add(field));
    }

    fn takes(&self, dissection: &Dissection<'_>) -> bool {
        self.filter.as_ref().is_none_or(|filter| filter.matches(dissection))
    }
}

/// The line around most tables.
const RULE: &str = "===================================================================";
