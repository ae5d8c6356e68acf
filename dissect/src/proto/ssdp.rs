//! The Simple Service Discovery Protocol (UPnP Device Architecture, 1): HTTP messages in datagrams.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::fields;
use crate::proto::http;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;

fields! { Ssdp, "ssdp", "Simple Service Discovery Protocol"; }

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Http],
    samples: &[Sample {
        link_type: 101,
        frames: &["4500 0055 0001 0000 0111 0000 0a000001 effffffa 1388 076c 0041 0000 \
            4d2d534541524348202a20485454502f312e310d0a484f53543a203233392e3235352e3235352e3235303a313930300d0a4d583a20310d0a0d0a"],
    }],
    ..Protocol::new(ProtoId::Ssdp, "SSDP", &[Binding::UdpPort(1900)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    http::messages(d, tvb, PROTO, "SSDP")
}

#[cfg(test)]
mod tests {
    use crate::tests::{frames, values};

    #[test]
    fn an_octet_behind_a_message_is_no_message() {
        let search = super::PROTOCOL.samples[0].frames[0].to_owned() + "00";
        let search = search.replace("4500 0055", "4500 0056").replace("0041 0000", "0042 0000");
        let all = frames(101, &[&search]);
        assert_eq!(values(&all[0], "http.request.method"), "M-SEARCH");
        assert_eq!(values(&all[0], "http.file_data"), "");
    }
}
