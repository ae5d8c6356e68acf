//! The mobility header of IPv6 (RFC 6275, 6.1): how a host tells where it is, with the messages of later extensions by name.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;

fields! { Mipv6, "mipv6", "Mobile IPv6";
    PAYLOAD = field("mip6.proto", "Payload protocol", Uint8, Dec).names(Names::Ranges(crate::numbers::IP_PROTOCOLS));
    HLEN = field("mip6.hlen", "Header length", Uint8, Dec);
    MHTYPE = field("mip6.mhtype", "Mobility Header Type", Uint8, Dec).names(Names::Values(TYPES));
    RESERVED = field("mip6.reserved", "Reserved", Uint8, Hex);
    CSUM = field("mip6.csum", "Checksum", Uint16, Hex);
    BU_SEQNR = field("mip6.bu.seqnr", "Sequence number", Uint16, Dec);
    BU_A_FLAG = field("mip6.bu.a_flag", "Acknowledge (A) flag", Boolean, None).names(Names::Flag("Binding Acknowledgement requested", "Binding Acknowledgement not requested")).mask(0x8000);
    BU_H_FLAG = field("mip6.bu.h_flag", "Home Registration (H) flag", Boolean, None).names(Names::Flag("Home Registration", "No Home Registration")).mask(0x4000);
    BU_L_FLAG = field("mip6.bu.l_flag", "Link-Local Compatibility (L) flag", Boolean, None).names(Names::Flag("Link-Local Address Compatibility", "No Link-Local Address Compatibility")).mask(0x2000);
    BU_K_FLAG = field("mip6.bu.k_flag", "Key Management Compatibility (K) flag", Boolean, None).names(Names::Flag("Key Management Mobility Compatibility", "No Key Management Mobility Compatibility")).mask(0x1000);
    BU_LIFETIME = field("mip6.bu.lifetime", "Lifetime", Uint16, Dec);
    BA_STATUS = field("mip6.ba.status", "Status", Uint8, Dec);
    BA_SEQNR = field("mip6.ba.seqnr", "Sequence number", Uint16, Dec);
    BA_LIFETIME = field("mip6.ba.lifetime", "Lifetime", Uint16, Dec);
}

/// Messages (IANA, mobility header types).
const TYPES: &[(u64, &str)] = &[
    (0, "Binding Refresh Request"),
    (1, "Home Test Init"),
    (2, "Care-of Test Init"),
    (3, "Home Test"),
    (4, "Care-of Test"),
    (5, "Binding Update"),
    (6, "Binding Acknowledgement"),
    (7, "Binding Error"),
    (8, "Fast Binding Update"),
    (9, "Fast Binding Acknowledgment"),
    (10, "Fast Neighbor Advertisement"),
    (11, "Experimental Mobility Header"),
    (12, "Home Agent Switch"),
    (13, "Heartbeat"),
    (14, "Handover Initiate"),
    (15, "Handover Acknowledge"),
    (16, "Binding Revocation"),
    (17, "Localized Routing Initiation"),
    (18, "Localized Routing Acknowledgment"),
];
const UPDATE: u64 = 5;
const ACKNOWLEDGEMENT: u64 = 6;
const IPV4: u64 = 4;
const IPV6: u64 = 41;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Ip, ProtoId::Ipv6],
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "60000000 0010 87 40 20010db8000000000000000000000001 20010db8000000000000000000000002  3b 01 05 00 0000 0074 8000 0f80 0102 0000",
            "60000000 0010 87 40 20010db8000000000000000000000001 20010db8000000000000000000000002  3b 01 06 00 0000 00 00 0074 0f80 0102 0000",
        ],
    }],
    ..Protocol::new(ProtoId::Mipv6, "MIPv6", &[Binding::IpProto(135), Binding::IpProto(62)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("MIPv6");
    d.set_info(String::new);
    let item = d.begin(PROTO, tvb);
    let payload = d.uint(PAYLOAD, tvb, 0, 1)?;
    // In units of eight octets, the first not counted.
    let len = (usize::from(tvb.u8(1)?) + 1) * 8;
    d.uint(HLEN, tvb, 1, 1)?;
    let kind = d.uint(MHTYPE, tvb, 2, 1)?;
    d.set_info(|| {
        let name = Names::Values(TYPES).of(kind);
        name.map_or_else(|| format!("Unknown Mobility Header ({kind})"), |name| name.into_owned())
    });
    d.uint(RESERVED, tvb, 3, 1)?;
    d.uint(CSUM, tvb, 4, 2)?;
    match kind {
        UPDATE => {
            d.uint(BU_SEQNR, tvb, 6, 2)?;
            let flags = tvb.u16(8)?;
            for field in [BU_A_FLAG, BU_H_FLAG, BU_L_FLAG, BU_K_FLAG] {
                d.flag(field, tvb, 8, 2, flags.into());
            }
            d.uint(BU_LIFETIME, tvb, 10, 2)?;
        }
        ACKNOWLEDGEMENT => {
            d.uint(BA_STATUS, tvb, 6, 1)?;
            d.uint(BA_SEQNR, tvb, 8, 2)?;
            d.uint(BA_LIFETIME, tvb, 10, 2)?;
        }
        _ => {}
    }
    tvb.slice(0, len)?;
    d.set_len(item, len);
    d.close();
    // RFC 6275 has nothing follow; proxies put packets there.
    let rest = tvb.from(len);
    match payload {
        IPV4 if !rest.is_empty() => d.call(ProtoId::Ip, rest),
        IPV6 if !rest.is_empty() => d.call(ProtoId::Ipv6, rest),
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::tests::{frames, values};

    #[test]
    fn updates_and_their_answers_are_read() {
        let shown = frames(101, super::PROTOCOL.samples[0].frames);
        assert_eq!(values(&shown[0], "mip6.bu.seqnr"), "116");
        assert_eq!(values(&shown[0], "mip6.bu.lifetime"), "3968");
        assert_eq!(values(&shown[1], "mip6.ba.seqnr"), "116");
        let bad = super::PROTOCOL.samples[0].frames[0].replace("3b 01 05", "3b 09 05");
        assert!(values(&frames(101, &[&bad])[0], "_ws.expert.message").contains("Malformed"));
    }
}
