//! The beginning of a Remote Desktop connection (MS-RDPBCGR, 2.2.1.1 and 2.2.1.2): where it is routed to and how it is secured.

use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Rdp, "rdp", "Remote Desktop Protocol";
    RT_COOKIE = field("rdp.rt_cookie", "Routing Token/Cookie", String, None);
    NEG_TYPE = field("rdp.neg_type", "Type", Uint8, Hex).names(Names::Values(TYPES));
    REQ_FLAGS = field("rdp.negReq.flags", "Flags", Uint8, Hex);
    RESTRICTED_ADMIN_REQUIRED = field("rdp.negReq.flags.restricted_admin_mode_req", "Restricted admin mode required", Boolean, None).mask(0x1);
    CORRELATION_INFO_PRESENT = field("rdp.negReq.flags.correlation_info_present", "Correlation info present", Boolean, None).mask(0x8);
    NEG_LENGTH = field("rdp.neg_length", "Length", Uint16, Dec);
    REQUESTED = field("rdp.negReq.requestedProtocols", "requestedProtocols", Uint32, Hex);
    REQUESTED_SSL = field("rdp.negReq.requestedProtocols.ssl", "TLS security supported", Boolean, None).mask(0x1);
    REQUESTED_HYBRID = field("rdp.negReq.requestedProtocols.hybrid", "CredSSP supported", Boolean, None).mask(0x2);
    REQUESTED_RDSTLS = field("rdp.negReq.requestedProtocols.rdstls", "RDSTLS supported", Boolean, None).mask(0x4);
    REQUESTED_HYBRID_EX = field("rdp.negReq.requestedProtocols.hybrid_ex", "CredSSP with Early User Authorization Result PDU supported", Boolean, None).mask(0x8);
    CORRELATION_FLAGS = field("rdp.correlationInfo.flags", "Flags", Uint8, Hex);
    CORRELATION_ID = field("rdp.correlationInfo.correlationId", "correlationId", Bytes, None);
    CORRELATION_RESERVED = field("rdp.correlationInfo.reserved", "Reserved", Bytes, None);
    RSP_FLAGS = field("rdp.negRsp.flags", "Flags", Uint8, Hex);
    EXTENDED_DATA = field("rdp.negRsp.flags.extended_client_data_supported", "Extended Client Data Blocks supported", Boolean, None).mask(0x1);
    GRAPHICS = field("rdp.negRsp.flags.dynvc_gfx_protocol_supported", "Graphics Pipeline Extension Protocol supported", Boolean, None).mask(0x2);
    RESTRICTED_ADMIN = field("rdp.negRsp.flags.restricted_admin_mode_supported", "Restricted admin mode supported", Boolean, None).mask(0x8);
    RESTRICTED_AUTH = field("rdp.negRsp.flags.restricted_authentication_mode_supported", "Restricted authentication mode supported", Boolean, None).mask(0x10);
    SELECTED = field("rdp.negReq.selectedProtocol", "selectedProtocol", Uint32, Hex).names(Names::Values(PROTOCOLS));
    FAILURE = field("rdp.negFailure.failureCode", "failureCode", Uint32, Hex).names(Names::Values(FAILURES));
}

const TYPES: &[(u64, &str)] = &[
    (REQUEST, "RDP Negotiation Request"),
    (RESPONSE, "RDP Negotiation Response"),
    (FAILED, "RDP Negotiation Failure"),
    (CORRELATION, "RDP Correlation Info"),
];
const REQUEST: u64 = 1;
const RESPONSE: u64 = 2;
const FAILED: u64 = 3;
const CORRELATION: u64 = 6;
const PROTOCOLS: &[(u64, &str)] = &[
    (0, "Standard RDP Security"),
    (1, "TLS 1.0, 1.1 or 1.2"),
    (2, "CredSSP"),
    (4, "RDSTLS protocol"),
    (8, "CredSSP with Early User Authorization Result PDU"),
];
const FAILURES: &[(u64, &str)] = &[
    (1, "TLS required by server"),
    (2, "TLS not allowed by server"),
    (3, "TLS certificate not on server"),
    (4, "Inconsistent flags"),
    (5, "Server requires Enhanced RDP Security with CredSSP"),
    (6, "Server requires Enhanced RDP Security with TLS and certificate-based client authentication"),
];
const COOKIE: &[u8] = b"Cookie: ";
const NEGOTIATION_LEN: u16 = 8;

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "4500007300000000400600000a0000010a000002c3500d3d00000001000000015018ffff000000000300004b46e00000000000436f6f6b69653a206d737473686173683d610d0a010808000b0000000600240000112233445566778899aabbccddeeff00000000000000000000000000000000",
            "4500003b00000000400600000a0000020a0000010d3dc350000000010000004c5018ffff00000000030000130ed00000123400021f080008000000",
            "4500003b00000000400600000a0000010a000002c3510d3d00000001000000015018ffff00000000030000130ee000000000000100080003000000",
            "4500003b00000000400600000a0000020a0000010d3dc35100000001000000145018ffff00000000030000130ed000001234000300080005000000",
        ],
    }],
    ..Protocol::new(ProtoId::Rdp, "RDP", &[], dissect)
};

/// Whether the variable part of a connection request or confirm is Remote Desktop's.
pub(crate) fn begins(tvb: Tvb<'_>) -> bool {
    let octets = tvb.bytes();
    let is_negotiation = || tvb.u8(0).is_ok_and(|kind| (1..=3).contains(&kind)) && tvb.u16_le(2) == Ok(NEGOTIATION_LEN);
    octets.starts_with(COOKIE) || octets.starts_with(b"msts=") || is_negotiation()
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("RDP");
    d.begin(PROTO, tvb);
    let mut at = 0;
    let mut parts = Vec::new();
    if tvb.u8(0)? >= b' ' {
        let end = memchr::memmem::find(tvb.bytes(), b"\r\n").unwrap_or(tvb.len());
        d.add(RT_COOKIE, tvb, 0, end, Value::Text);
        parts.push(String::from_utf8_lossy(tvb.slice(0, end)?).into_owned());
        at = end + 2;
    }
    // One part may follow another; each has its length in two octets.
    while at + 8 <= tvb.reported() && parts.len() < 4 {
        let kind = d.uint(NEG_TYPE, tvb, at, 1)?;
        let len = usize::from(tvb.u16_le(at + 2)?);
        let part = tvb.sub(at, len.max(8));
        match kind {
            REQUEST => {
                parts.push("Negotiate Request".to_owned());
                request(d, part)?;
            }
            RESPONSE => {
                parts.push("Negotiate Response".to_owned());
                let flags = [EXTENDED_DATA, GRAPHICS, RESTRICTED_ADMIN, RESTRICTED_AUTH];
                set(d, RSP_FLAGS, &flags, part, 1, 1)?;
                d.uint_le(NEG_LENGTH, part, 2, 2)?;
                d.uint_le(SELECTED, part, 4, 4)?;
            }
            FAILED => {
                d.uint_le(NEG_LENGTH, part, 2, 2)?;
                let code = d.uint_le(FAILURE, part, 4, 4)?;
                let code = Names::Values(FAILURES).of(code).unwrap_or("Unknown".into());
                parts.push(format!("Negotiate Failure, failureCode {code}"));
            }
            CORRELATION => {
                d.uint(CORRELATION_FLAGS, part, 1, 1)?;
                d.uint_le(NEG_LENGTH, part, 2, 2)?;
                d.bytes(CORRELATION_ID, part, 4, 16);
                d.bytes(CORRELATION_RESERVED, part, 20, 16);
            }
            _ => break,
        }
        at += part.reported();
    }
    d.set_info(|| parts.join(", "));
    d.close();
    Ok(())
}

fn request<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    set(d, REQ_FLAGS, &[RESTRICTED_ADMIN_REQUIRED, CORRELATION_INFO_PRESENT], tvb, 1, 1)?;
    d.uint_le(NEG_LENGTH, tvb, 2, 2)?;
    let requested = [REQUESTED_SSL, REQUESTED_HYBRID, REQUESTED_RDSTLS, REQUESTED_HYBRID_EX];
    set(d, REQUESTED, &requested, tvb, 4, 4)
}

/// A set of flags, lowest octet first.
fn set<'a>(d: &mut Dissector<'a>, field: FieldId, flags: &[FieldId], tvb: Tvb<'a>, at: usize, width: usize) -> Parsed {
    let value = d.uint_le(field, tvb, at, width)?;
    d.within(|d| {
        for flag in flags {
            d.flag(*flag, tvb, at, width, value);
        }
    });
    Ok(())
}
