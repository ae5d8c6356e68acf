//! Echo (RFC 862): what comes to port 7 is sent back.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::fields;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Echo, "echo", "Echo";
    DATA = field("echo.data", "Echo data", Bytes, None);
    REQUEST = field("echo.request", "Echo request", Boolean, None);
    RESPONSE = field("echo.response", "Echo response", Boolean, None);
}

const PORT: u16 = 7;

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "4500001e 00010000 40110000 0a000001 0a000002  c0000007 000a0000  6869",
            "4500001e 00010000 40110000 0a000002 0a000001  0007c000 000a0000  6869",
        ],
    }],
    ..Protocol::new(ProtoId::Echo, "ECHO", &[Binding::UdpPort(PORT), Binding::TcpPort(PORT)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let is_request = d.endpoints.dst_port == PORT;
    d.set_protocol("ECHO");
    d.set_info(|| if is_request { "Request" } else { "Response" }.to_owned());
    d.begin(PROTO, tvb);
    d.hidden(if is_request { REQUEST } else { RESPONSE }, tvb, 0, 0, Value::Uint(1));
    d.bytes(DATA, tvb, 0, tvb.len());
    d.close();
    Ok(())
}
