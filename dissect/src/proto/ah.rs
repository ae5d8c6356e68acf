//! IP authentication header (RFC 4302).

use crate::bindings::{Binding, Table};
use crate::dissector::{Address, Dissector};
use crate::field::{Names, fields};
use crate::numbers::IP_PROTOCOLS;
use crate::proto::ip;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Ah, "ah", "Authentication Header";
    NEXT_HEADER = field("ah.next_header", "Next header", Uint8, Dec).names(Names::Ranges(IP_PROTOCOLS));
    LENGTH = field("ah.length", "Length", Uint8, Dec);
    RESERVED = field("ah.reserved", "Reserved", Bytes, None);
    SPI = field("ah.spi", "AH SPI", Uint32, Hex);
    SEQUENCE = field("ah.sequence", "AH Sequence", Uint32, Dec);
    ICV = field("ah.icv", "AH ICV", Bytes, None);
}

const HEADER_LEN: usize = 12;

pub(crate) static PROTOCOL: Protocol = Protocol {
    spans_payload: true,
    tables: &[Table::IpProto],
    calls: &[ProtoId::Data],
    samples: &[Sample {
        link_type: 228,
        frames: &["45000024 00000000 40330000 0a000001 0a000002 fd02 0000 00000001 00000002 01020304"],
    }],
    ..Protocol::new(ProtoId::Ah, "AH", &[Binding::IpProto(51)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("AH");
    d.set_info(String::new);
    let item = d.begin(PROTO, tvb);
    let next = d.uint(NEXT_HEADER, tvb, 0, 1)? as u8;
    let units = tvb.u8(1)?;
    // RFC 4302, 2.2: in units of four octets, less two.
    let len = (usize::from(units) + 2) * 4;
    d.set_len(item, len);
    let line = d.add(LENGTH, tvb, 1, 1, Value::Uint(units.into()));
    d.text(line, || format!("Length: {units} ({len} bytes)"));
    d.bytes(RESERVED, tvb, 2, 2);
    let spi = d.uint(SPI, tvb, 4, 4)?;
    d.set_info(|| format!("AH (SPI=0x{spi:08x})"));
    d.uint(SEQUENCE, tvb, 8, 4)?;
    tvb.slice(0, len)?;
    if len > HEADER_LEN {
        d.bytes(ICV, tvb, HEADER_LEN, len - HEADER_LEN);
    }
    d.close();
    if matches!(d.endpoints.src, Address::Ipv6(_)) || len <= tvb.reported() {
        ip::dispatch(d, next, tvb.from(len));
    }
    Ok(())
}
