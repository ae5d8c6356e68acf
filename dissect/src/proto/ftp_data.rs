//! The data connections of FTP (RFC 959, 3.2) that a control connection agreed on, and those of the server's own port.

use std::sync::Arc;

use super::ftp::{SAMPLE_TRANSFERS, Transfer};
use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::facts::Fact;
use crate::field::fields;
use crate::proto::udp::octets;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { FtpData, "ftp-data", "FTP Data";
    SETUP_FRAME = field("ftp-data.setup-frame", "Setup frame", FrameNum, None);
    SETUP_METHOD = field("ftp-data.setup-method", "Setup method", String, None);
    COMMAND = field("ftp-data.command", "Command", String, None).told_later();
    COMMAND_FRAME = field("ftp-data.command-frame", "Command frame", FrameNum, None).told_later();
    CURRENT_WORKING_DIRECTORY = field("ftp-data.current-working-directory", "Current working directory", String, None).told_later();
}

pub(crate) static PROTOCOL: Protocol = Protocol {
    fed_by: &[ProtoId::Ftp],
    calls: &[ProtoId::Lines],
    samples: &[Sample { link_type: 101, frames: SAMPLE_TRANSFERS }],
    ..Protocol::new(ProtoId::FtpData, "FTP-DATA", &[Binding::TcpPort(20), Binding::TcpHeuristic(is_awaited)], dissect)
};

fn is_awaited<'a>(d: &Dissector<'a>, _: Tvb<'a>) -> bool {
    match d.peek_flows() {
        Some(flows) => flows.ftp.awaited(d.endpoints).is_some(),
        None => d.peek_fact(|fact| matches!(fact, Fact::FtpData(_)).then_some(())).is_some(),
    }
}

/// Whether octets can be shown as lines.
fn is_text(octets: &[u8]) -> bool {
    let is_shown = |octet: &u8| !octet.is_ascii_control() || octet.is_ascii_whitespace() || *octet == 0x0b;
    octets.iter().all(is_shown) && std::str::from_utf8(octets).is_ok()
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("FTP-DATA");
    d.begin(PROTO, tvb);
    let (frame, time, ends) = (d.packet.number, d.packet.time, d.endpoints);
    let found: Option<Arc<Transfer>> = d.flows().and_then(|flows| flows.ftp.awaited(ends).cloned());
    if let Some(transfer) = found {
        transfer.count(frame, time, tvb.reported());
        d.record(Fact::FtpData(transfer));
    }
    d.set_info(|| format!("FTP Data: {}", octets(tvb.reported())));
    let transfer = d.fact(|fact| match fact {
        Fact::FtpData(transfer) => Some(transfer.clone()),
        _ => None,
    });
    if let Some(transfer) = transfer {
        d.generated(SETUP_FRAME, tvb, 0, 0, Value::Uint(transfer.setup));
        d.generated(SETUP_METHOD, tvb, 0, 0, Value::String(transfer.method.into()));
        d.append_info(|| format!(" ({})", transfer.method));
        if let Some((frame, command, directory)) = transfer.command.get() {
            d.append_info(|| format!(" ({command})"));
            d.generated(COMMAND, tvb, 0, 0, Value::String(command.clone()));
            d.generated(COMMAND_FRAME, tvb, 0, 0, Value::Uint(*frame));
            d.generated(CURRENT_WORKING_DIRECTORY, tvb, 0, 0, Value::String(directory.as_ref().into()));
        }
    }
    d.close();
    if is_text(tvb.bytes()) {
        d.with_info_kept(|d| d.call(ProtoId::Lines, tvb));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn data_know_their_command() {
        let shown = frames(101, SAMPLE_TRANSFERS);
        assert!(shown.iter().any(|frame| values(frame, "ftp-data.command") == "RETR file.txt"));
    }

    #[test]
    fn what_is_no_text_has_no_lines() {
        assert!(is_text("a\tü\r\n".as_bytes()));
        assert!(!is_text(b"a\0") && !is_text(b"a\xff"));
    }

    #[test]
    fn survives_anything() {
        crate::tests::survives_anything(ProtoId::FtpData, b"data");
    }
}
