//! Dropbox's LAN sync discovery: JSON objects that are broadcast to port 17500.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::fields;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;

fields! { DbLspDisc, "db-lsp-disc", "Dropbox LAN sync Discovery Protocol";
    TEXT = field("db-lsp.text", "Text", String, None);
}

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Json],
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "4500 0020 0001 0000 4011 0000 0a000001 ffffffff 445c 445c 000c 0000 7b7d 200a",
            "4500 0020 0001 0000 4011 0000 0a000001 ffffffff 445c 445c 000c 0000 61626364",
        ],
    }],
    ..Protocol::new(ProtoId::DbLspDisc, "DB-LSP-DISC", &[Binding::UdpPort(17_500)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("DB-LSP-DISC");
    d.set_info(|| "Dropbox LAN sync Discovery Protocol".to_owned());
    d.begin(PROTO, tvb);
    let is_json = serde_json::from_slice::<serde_json::Value>(tvb.bytes()).is_ok();
    if is_json {
        d.call_within(ProtoId::Json, tvb);
    } else {
        d.string(TEXT, tvb, 0, tvb.len());
    }
    d.close();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn what_is_no_json_is_text() {
        let all = frames(101, PROTOCOL.samples[0].frames);
        assert_eq!(values(&all[0], "frame.protocols"), "raw:ip:udp:db-lsp-disc:json");
        assert_eq!(values(&all[1], "db-lsp.text"), "abcd");
    }
}
