//! Octets that no protocol explains.

use crate::dissector::Dissector;
use crate::field::fields;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Data, "data", "Data";
    DATA = field("data.data", "Data", Bytes, None);
    LEN = field("data.len", "Length", Int32, Dec);
}

pub(crate) static PROTOCOL: Protocol = Protocol {
    is_told_later: true,
    samples: &[Sample { link_type: 1, frames: &["ffffffffffff 000102030405 88b6 de ad be ef"] }],
    ..Protocol::new(ProtoId::Data, "Data", &[], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    // What the capture left out is nobody's.
    let len = tvb.len();
    if len == 0 {
        return Ok(());
    }
    let item = d.begin(PROTO, tvb.sub(0, len));
    d.text(item, || format!("Data ({len} byte{})", if len == 1 { "" } else { "s" }));
    d.bytes(DATA, tvb, 0, len);
    d.generated(LEN, tvb, 0, 0, Value::Int(len as i64));
    d.close();
    Ok(())
}
