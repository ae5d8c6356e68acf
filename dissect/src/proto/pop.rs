//! The Post Office Protocol, version 3 (RFC 1939).

use crate::bindings::Binding;
use crate::dialogue::{self, Line};
use crate::dissector::Dissector;
use crate::field::fields;
use crate::output::value::printable;
use crate::proto::tls;
use crate::proto::udp::octets as octets_text;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Pop, "pop", "Post Office Protocol";
    RESPONSE = field("pop.response", "Response", String, None);
    RESPONSE_INDICATOR = field("pop.response.indicator", "Response indicator", String, None);
    RESPONSE_DESCRIPTION = field("pop.response.description", "Response description", String, None);
    RESPONSE_DATA = field("pop.response.data", "Data", String, None);
    REQUEST = field("pop.request", "Request", String, None);
    REQUEST_COMMAND = field("pop.request.command", "Request command", String, None);
    REQUEST_PARAMETER = field("pop.request.parameter", "Request parameter", String, None);
    REQUEST_DATA = field("pop.request.data", "Data", String, None);
}

pub(crate) static PROTOCOL: Protocol = Protocol {
    accepts: Some(tls::has_not_begun),
    samples: &[Sample { link_type: 101, frames: SAMPLE }],
    ..Protocol::new(ProtoId::Pop, "POP", &[Binding::TcpPort(110)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let is_request = dialogue::is_request(d, &[110]);
    d.set_protocol("POP");
    d.begin(PROTO, tvb);
    let octets = tvb.bytes();
    let first = dialogue::line(octets, 0);
    let text = |line: Line| octets.get(line.start..line.end).unwrap_or_default();
    // What begins without an indicator goes on with an answer of several lines.
    if !is_request && !octets.starts_with(b"+OK") && !octets.starts_with(b"-ERR") {
        d.set_info(|| format!("S: DATA fragment, {}", octets_text(tvb.reported())));
        d.close();
        return Ok(());
    }
    d.set_info(|| format!("{} {}", if is_request { "C:" } else { "S:" }, printable(text(first))));
    let whole = if is_request { REQUEST } else { RESPONSE };
    let line = d.open(whole, tvb, 0, first.next, Value::String("".into()));
    d.text(line, || printable(octets.get(..first.next).unwrap_or_default()));
    let (word, rest) = dialogue::word(octets, first);
    let (command, parameter) = match is_request {
        true => (REQUEST_COMMAND, REQUEST_PARAMETER),
        false => (RESPONSE_INDICATOR, RESPONSE_DESCRIPTION),
    };
    if !word.is_empty() {
        d.string(command, tvb, word.start, word.len());
    }
    if rest < first.end {
        d.string(parameter, tvb, rest, first.end - rest);
    }
    d.close();
    let field = if is_request { REQUEST_DATA } else { RESPONSE_DATA };
    for line in dialogue::lines(octets).skip(1) {
        let item = d.add(field, tvb, line.start, line.next - line.start, Value::String("".into()));
        d.text(item, || printable(octets.get(line.start..line.next).unwrap_or_default()));
    }
    d.close();
    Ok(())
}

#[rustfmt::skip]
const SAMPLE: &[&str] = &[
    "4500002800010000400600000a0000010a000002c000006e00000064000000005002ffff00000000",
    "4500002800010000400600000a0000020a000001006ec000000003e8000000655012ffff00000000",
    "4500002800010000400600000a0000010a000002c000006e00000065000003e95010ffff00000000",
    "4500003300010000400600000a0000020a000001006ec000000003e9000000655018ffff000000002b4f4b2072656164 \
     790d0a",
    "4500003600010000400600000a0000010a000002c000006e00000065000003f45018ffff000000005245545220310d0a \
     535441540d0a",
    "4500003900010000400600000a0000020a000001006ec000000003f4000000735018ffff000000002b4f4b0d0a537562 \
     6a6563743a20780d0a",
    "4500002e00010000400600000a0000020a000001006ec00000000405000000735018ffff000000006d6f72650d0a",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn commands_and_answers() {
        let shown = frames(101, SAMPLE);
        assert_eq!(values(&shown[3], "pop.response.description"), "ready");
        assert_eq!(values(&shown[4], "pop.request.command"), "RETR");
        assert_eq!(values(&shown[6], "pop.response.indicator"), "");
    }

    #[test]
    fn survives_anything() {
        crate::tests::survives_anything(ProtoId::Pop, b"+OK 1 2\r\na\r\n.\r\n");
    }
}
