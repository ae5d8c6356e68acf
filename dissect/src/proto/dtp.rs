//! Cisco's Dynamic Trunk Protocol: what a port does, and what it would like to do, about VLAN trunks.

use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Dtp, "dtp", "Dynamic Trunk Protocol";
    VERSION = field("dtp.version", "Version", Uint8, Dec);
    TLV_TYPE = field("dtp.tlv_type", "Type", Uint16, Hex).names(Names::Values(TYPES));
    TLV_LEN = field("dtp.tlv_len", "Length", Uint16, Dec);
    DOMAIN = field("dtp.domain", "Domain", String, None);
    TOS = field("dtp.tos", "Trunk Operating Status", Uint8, Hex).names(Names::Values(&[(0, "Access"), (1, "Trunk")])).mask(0x80);
    TAS = field("dtp.tas", "Trunk Administrative Status", Uint8, Hex).names(Names::Values(STATUSES)).mask(0x07);
    TOT = field("dtp.tot", "Trunk Operating Type", Uint8, Hex).names(Names::Values(OPERATING)).mask(0xe0);
    TAT = field("dtp.tat", "Trunk Administrative Type", Uint8, Hex).names(Names::Values(ADMINISTRATIVE)).mask(0x07);
    SENDERID = field("dtp.senderid", "Sender ID", Ether, None);
    TOO_SHORT = expert("dtp.tlv_len.too_short", "Indicated length is less than the minimum length", Error, Malformed);
    INVALID = expert("dtp.tlv_len.invalid", "Indicated length does not correspond to this record type", Error, Malformed);
    TRUNCATED = expert("dtp.truncated", "DTP message is truncated prematurely", Error, Malformed);
}

const TYPES: &[(u64, &str)] = &[(1, "Domain"), (2, "Trunk Status"), (3, "Trunk Type"), (4, "Sender ID")];
const STATUSES: &[(u64, &str)] = &[(1, "On"), (2, "Off"), (3, "Desirable"), (4, "Auto")];
const OPERATING: &[(u64, &str)] = &[(1, "Native"), (2, "ISL"), (5, "802.1Q")];
const ADMINISTRATIVE: &[(u64, &str)] = &[(0, "Negotiated"), (1, "Native"), (2, "ISL"), (5, "802.1Q")];
const HEADER_LEN: usize = 4;
/// How many records of a message are read.
const MAX_RECORDS: usize = 64;

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample {
        link_type: 1,
        frames: &[
            "01000ccccccc 020000000001 0025 aaaa0300000c2004 01 0001 0008 4c616200 0002 0005 04 0003 0005 40 0004 000a 001906eab885",
            "01000ccccccc 020000000001 0011 aaaa0300000c2004 01 0002 0006 0404 0002",
            "01000ccccccc 020000000001 000d aaaa0300000c2004 01 0002 0003",
        ],
    }],
    ..Protocol::new(ProtoId::Dtp, "DTP", &[], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("DTP");
    d.set_info(|| "Dynamic Trunk Protocol".to_owned());
    d.begin(PROTO, tvb);
    d.uint(VERSION, tvb, 0, 1)?;
    let mut at = 1;
    for _ in 0..MAX_RECORDS {
        if at >= tvb.reported() {
            break;
        }
        if at + HEADER_LEN > tvb.reported() {
            d.expert(TRUNCATED, tvb, at, tvb.reported() - at);
            break;
        }
        let (kind, len) = (tvb.u16(at)?, usize::from(tvb.u16(at + 2)?));
        let goes_on = record(d, tvb, at, kind, len);
        d.close();
        if !goes_on? {
            break;
        }
        at += len;
    }
    d.close();
    Ok(())
}

/// A record; its length includes the four octets that say so. Answers whether another may follow.
fn record<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, kind: u16, len: usize) -> Result<bool, Stop> {
    d.open_text(tvb, at, len, || {
        let name = Names::Values(TYPES).of(kind.into());
        name.map_or_else(|| format!("Unknown TLV type: 0x{kind:02x}"), |name| name.into_owned())
    });
    d.uint(TLV_TYPE, tvb, at, 2)?;
    d.uint(TLV_LEN, tvb, at + 2, 2)?;
    let Some(len) = len.checked_sub(HEADER_LEN) else {
        d.expert(TOO_SHORT, tvb, at + 2, 2);
        return Ok(false);
    };
    let value = tvb.exact(at + HEADER_LEN, len)?;
    match (kind, len) {
        (1, _) => {
            d.string(DOMAIN, value, 0, len);
        }
        (2 | 3, 1) => {
            let octet = value.u8(0)?;
            let fields = if kind == 2 { [TOS, TAS] } else { [TOT, TAT] };
            for field in fields {
                d.bits(field, value, 0, 1, octet.into());
            }
        }
        (4, 6) => {
            d.add(SENDERID, value, 0, 6, Value::Ether(value.array(0)?));
        }
        (2..=4, _) => d.expert(INVALID, tvb, at + 2, 2),
        _ => {}
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use crate::tests::{frames, values};

    #[test]
    fn records_are_read_and_odd_lengths_told() {
        let shown = frames(1, super::PROTOCOL.samples[0].frames);
        assert_eq!(values(&shown[0], "dtp.senderid"), "00:19:06:ea:b8:85");
        assert_eq!(values(&shown[0], "dtp.tas"), "0x04");
        assert_eq!(values(&shown[0], "dtp.tot"), "0x02");
        assert!(values(&shown[1], "_ws.expert.message").contains("does not correspond"));
        assert!(values(&shown[2], "_ws.expert.message").contains("less than the minimum"));
    }
}
