//! `-z sip,stat`: SIP messages by status code and by method, repeated ones, and how long calls took to set up.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{RULE, Selection, Statistic};
use crate::field::{FieldId, Names};
use crate::packet::Packet;
use crate::proto::sip;
use crate::registry;
use crate::tree::Dissection;
use crate::value::Value;
use crate::wanted::Wanted;

/// How many different methods are told apart; what comes after counts as the last.
const MAX_METHODS: usize = 64;

/// The order in which the rows of status codes stand, as tshark has it.
const ORDER: [u64; 74] = [
    485, 439, 416, 428, 405, 301, 486, 440, 429, 406, 487, 302, 499, 603, 199, 430, 407, 488, 500, 604, 200, 408, 489,
    420, 501, 305, 513, 421, 502, 606, 202, 433, 410, 491, 699, 422, 399, 503, 480, 607, 180, 423, 400, 504, 100, 204,
    181, 412, 493, 470, 401, 481, 482, 436, 413, 608, 494, 182, 402, 483, 183, 414, 437, 599, 299, 403, 380, 484, 438,
    415, 505, 600, 300, 404,
];

/// What stands for the codes of a class that have no row of their own.
const OTHERS: [(u64, &str); 6] = [
    (199, "Informational - Others"),
    (299, "Success - Others"),
    (399, "Redirection - Others"),
    (499, "Client Error - Others"),
    (599, "Server Error - Others"),
    (699, "Global Failure - Others"),
];

pub(super) struct Sip {
    selection: Selection,
    messages: u64,
    resent: u64,
    codes: BTreeMap<u64, u64>,
    methods: Vec<(String, u64)>,
    /// Milliseconds: how many there were, their sum, the least and the most.
    setups: (u64, u64, u64, u64),
}

impl Sip {
    pub(super) fn new(selection: Selection) -> Self {
        Self { selection, messages: 0, resent: 0, codes: BTreeMap::new(), methods: Vec::new(), setups: (0, 0, 0, 0) }
    }

    fn method(&mut self, name: &str) {
        let known = self.methods.iter().position(|row| row.0 == name);
        if known.is_none() && self.methods.len() >= MAX_METHODS {
            return;
        }
        let at = known.unwrap_or_else(|| {
            self.methods.push((name.to_owned(), 0));
            self.methods.len() - 1
        });
        if let Some(row) = self.methods.get_mut(at) {
            row.1 += 1;
        }
    }
}

fn number(value: &Value) -> u64 {
    match value {
        Value::Uint(number) => *number,
        _ => 0,
    }
}

impl Statistic for Sip {
    fn want(&self, wanted: &mut Wanted) {
        const FIELDS: [FieldId; 5] = [sip::PROTO, sip::STATUS_CODE, sip::METHOD, sip::RESEND, sip::RESPONSE_TIME];
        FIELDS.into_iter().for_each(|field| wanted.add(field));
        self.selection.want(wanted);
    }

    fn packet(&mut self, _: &Packet<'_>, dissection: &Dissection<'_>) {
        if !self.selection.takes(dissection) {
            return;
        }
        let mut is_ack = false;
        for node in &dissection.nodes {
            if node.field == sip::PROTO && node.depth == 0 {
                self.messages += 1;
                is_ack = false;
            } else if node.field == sip::STATUS_CODE {
                let code = number(&node.value);
                let row = if ORDER.contains(&code) { code } else { code / 100 * 100 + 99 };
                *self.codes.entry(row).or_default() += 1;
            } else if node.field == sip::METHOD {
                let octets = dissection.bytes(node);
                let name = crate::output::value::of(registry::field(node.field), node, octets);
                is_ack = name == "ACK";
                self.method(&name);
            } else if node.field == sip::RESEND {
                self.resent += u64::from(number(&node.value) != 0);
            } else if node.field == sip::RESPONSE_TIME && is_ack && number(&node.value) > 0 {
                let ms = number(&node.value);
                let (count, sum, least, most) = self.setups;
                let least = if count == 0 { ms } else { least.min(ms) };
                self.setups = (count + 1, sum + ms, least, most.max(ms));
            }
        }
    }

    fn print(&mut self, out: &mut String) {
        let _ = writeln!(out, "\n{RULE}");
        if self.selection.text.is_empty() {
            let _ = writeln!(out, "SIP Statistics");
        } else {
            let _ = writeln!(out, "SIP Statistics with filter {}", self.selection.text);
        }
        let _ = writeln!(out, "\nNumber of SIP messages: {}", self.messages);
        let _ = writeln!(out, "Number of resent SIP messages: {}", self.resent);
        let _ = writeln!(out, "\n* SIP Status Codes in reply packets");
        let names = &registry::field(sip::REASON_CAUSE_SIP).names;
        for code in ORDER {
            let Some(count) = self.codes.get(&code) else { continue };
            let other = OTHERS.iter().find(|row| row.0 == code).map(|row| row.1.to_owned());
            let name = other.or_else(|| name(names, code)).unwrap_or_default();
            let _ = writeln!(out, "  SIP {code:3} {name:<15} : {count:5} Packets");
        }
        let _ = writeln!(out, "\n* List of SIP Request methods");
        for (method, count) in &self.methods {
            let _ = writeln!(out, "  {method:<15} : {count:5} Packets");
        }
        let (count, sum, least, most) = self.setups;
        let _ = writeln!(
            out,
            "\n* Average setup time {} ms\n Min {least} ms\n Max {most} ms",
            sum.checked_div(count).unwrap_or(0)
        );
        let _ = writeln!(out, "{RULE}");
    }
}

fn name(names: &Names, code: u64) -> Option<String> {
    names.of(code).map(|name| name.into_owned())
}
