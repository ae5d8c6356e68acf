//! IP encapsulating security payload (RFC 4303), which without keys is its header.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::fields;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Esp, "esp", "Encapsulating Security Payload";
    SPI = field("esp.spi", "ESP SPI", Uint32, HexDec);
    SEQUENCE = field("esp.sequence", "ESP Sequence", Uint32, Dec);
}

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample {
        link_type: 228,
        frames: &["45000020 00000000 40320000 0a000001 0a000002 00000001 00000002 01020304"],
    }],
    ..Protocol::new(ProtoId::Esp, "ESP", &[Binding::IpProto(50)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("ESP");
    d.set_info(String::new);
    d.begin(PROTO, tvb);
    let spi = tvb.u32(0)?;
    d.add(SPI, tvb, 0, 4, Value::Uint(spi.into()));
    d.set_info(|| format!("ESP (SPI=0x{spi:08x})"));
    d.uint(SEQUENCE, tvb, 4, 4)?;
    d.close();
    Ok(())
}
