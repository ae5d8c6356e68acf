//! Slow protocols on Ethernet (IEEE 802.3, annex 57A), of which the first octet says which one it is.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;

fields! { Slow, "slow", "Slow Protocols";
    SUBTYPE = field("slow.subtype", "Slow Protocols subtype", Uint8, Hex).names(Names::Values(SUBTYPES));
}

const SUBTYPES: &[(u64, &str)] =
    &[(1, "LACP"), (2, "Marker Protocol"), (3, "OAM"), (10, "Organisation Specific Slow Protocol")];
const LACP: u64 = 1;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Lacp, ProtoId::Data],
    samples: &[Sample { link_type: 1, frames: super::lacp::SAMPLES }],
    ..Protocol::new(ProtoId::Slow, "Slow Protocols", &[Binding::EtherType(0x8809)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("Slow Protocols");
    let item = d.begin(PROTO, tvb);
    d.set_len(item, 1);
    let subtype = d.uint(SUBTYPE, tvb, 0, 1)?;
    d.set_info(|| format!("Subtype = {subtype}"));
    d.close();
    d.call(if subtype == LACP { ProtoId::Lacp } else { ProtoId::Data }, tvb.from(1));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{shown_by, survives_anything};

    #[test]
    fn the_first_octet_says_which() {
        assert!(shown_by(ProtoId::Slow, &[3, 0]).contains(&("slow.subtype", "0x03".to_owned())));
        assert!(shown_by(ProtoId::Slow, &[]).iter().any(|row| row.0 == "_ws.malformed"));
        survives_anything(ProtoId::Slow, &[1, 1, 1, 20]);
    }
}
