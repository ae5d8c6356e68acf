//! Bidirectional Forwarding Detection (RFC 5880): control packets, over one hop or several (RFC 5881, RFC 5883).

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Bfd, "bfd", "BFD Control message";
    VERSION = field("bfd.version", "Protocol Version", Uint8, Dec).mask(0xe0);
    DIAG = field("bfd.diag", "Diagnostic Code", Uint8, Hex).names(Names::Values(DIAGNOSTICS)).mask(0x1f);
    STA = field("bfd.sta", "Session State", Uint8, Hex).names(Names::Values(STATES)).mask(0xc0);
    FLAGS = field("bfd.flags", "Message Flags", Uint8, Hex);
    FLAGS_P = field("bfd.flags.p", "Poll", Boolean, None).names(SET).mask(0x20);
    FLAGS_F = field("bfd.flags.f", "Final", Boolean, None).names(SET).mask(0x10);
    FLAGS_C = field("bfd.flags.c", "Control Plane Independent", Boolean, None).names(SET).mask(0x08);
    FLAGS_A = field("bfd.flags.a", "Authentication Present", Boolean, None).names(SET).mask(0x04);
    FLAGS_D = field("bfd.flags.d", "Demand", Boolean, None).names(SET).mask(0x02);
    FLAGS_M = field("bfd.flags.m", "Multipoint", Boolean, None).names(SET).mask(0x01);
    DETECT_TIME_MULTIPLIER = field("bfd.detect_time_multiplier", "Detect Time Multiplier", Uint8, Dec);
    MESSAGE_LENGTH = field("bfd.message_length", "Message Length", Uint8, Dec).names(Names::Unit(" bytes"));
    MY_DISCRIMINATOR = field("bfd.my_discriminator", "My Discriminator", Uint32, Hex);
    YOUR_DISCRIMINATOR = field("bfd.your_discriminator", "Your Discriminator", Uint32, Hex);
    DESIRED_MIN_TX_INTERVAL = field("bfd.desired_min_tx_interval", "Desired Min TX Interval", Uint32, Dec);
    REQUIRED_MIN_RX_INTERVAL = field("bfd.required_min_rx_interval", "Required Min RX Interval", Uint32, Dec);
    REQUIRED_MIN_ECHO_INTERVAL = field("bfd.required_min_echo_interval", "Required Min Echo Interval", Uint32, Dec);
    AUTH_TYPE = field("bfd.auth.type", "Authentication Type", Uint8, Dec).names(Names::Values(AUTHENTICATIONS));
    AUTH_LEN = field("bfd.auth.len", "Authentication Length", Uint8, Dec).names(Names::Unit(" bytes"));
    AUTH_KEY = field("bfd.auth.key", "Authentication Key ID", Uint8, Dec);
    AUTH_PASSWORD = field("bfd.auth.password", "Password", String, None);
}

const SET: Names = Names::Flag("Set", "Not set");
/// RFC 5880, 4.1.
const DIAGNOSTICS: &[(u64, &str)] = &[
    (0, "No Diagnostic"),
    (1, "Control Detection Time Expired"),
    (2, "Echo Function Failed"),
    (3, "Neighbor Signaled Session Down"),
    (4, "Forwarding Plane Reset"),
    (5, "Path Down"),
    (6, "Concatenated Path Down"),
    (7, "Administratively Down"),
    (8, "Reverse Concatenated Path Down"),
    (9, "Mis-Connectivity Defect"),
];
const STATES: &[(u64, &str)] = &[(0, "AdminDown"), (1, "Down"), (2, "Init"), (3, "Up")];
const AUTHENTICATIONS: &[(u64, &str)] = &[
    (0, "Reserved"),
    (1, "Simple Password"),
    (2, "Keyed MD5"),
    (3, "Meticulous Keyed MD5"),
    (4, "Keyed SHA1"),
    (5, "Meticulous Keyed SHA1"),
];
const FLAG_LIST: [(FieldId, &str); 6] = [
    (FLAGS_P, "Poll"),
    (FLAGS_F, "Final"),
    (FLAGS_C, "Control Plane Independent"),
    (FLAGS_A, "Authentication Present"),
    (FLAGS_D, "Demand"),
    (FLAGS_M, "Multipoint"),
];
const INTERVALS: [(FieldId, &str); 3] = [
    (DESIRED_MIN_TX_INTERVAL, "Desired Min TX Interval"),
    (REQUIRED_MIN_RX_INTERVAL, "Required Min RX Interval"),
    (REQUIRED_MIN_ECHO_INTERVAL, "Required Min Echo Interval"),
];
const HEADER_LEN: usize = 24;
const HAS_AUTHENTICATION: u8 = 0x04;

/// A hop (RFC 5881), several (RFC 5883), the members of a link aggregation (RFC 7130), many over one tunnel (RFC 7881).
const PORTS: &[Binding] =
    &[Binding::UdpPort(3784), Binding::UdpPort(4784), Binding::UdpPort(6784), Binding::UdpPort(7784)];

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "45000034 00010000 ff110000 0a000001 0a000002 c0000ec8 00200000 20c00318 00000001 00000002 000f4240 000f4240 00000000",
            "4500003d 00010000 ff110000 0a000001 0a000002 c0000ec8 00290000 28440321 00000001 00000002 0000c350 0000c350 0000c350 \
             01090173 6563726574",
        ],
    }],
    ..Protocol::new(ProtoId::Bfd, "BFD Control", PORTS, dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("BFD Control");
    d.set_info(String::new);
    d.begin(PROTO, tvb);
    let (first, second) = (tvb.u8(0)?, tvb.u8(1)?);
    tvb.slice(0, HEADER_LEN)?;
    d.set_info(|| {
        let diagnostic = Names::Values(DIAGNOSTICS).of(u64::from(first & 0x1f)).unwrap_or("Unknown".into());
        let state = Names::Values(STATES).of(u64::from(second >> 6)).unwrap_or_default();
        format!("Diag: {diagnostic}, State: {state}, Flags: 0x{:02x}", second & 0x3f)
    });
    d.bits(VERSION, tvb, 0, 1, first.into());
    d.bits(DIAG, tvb, 0, 1, first.into());
    d.bits(STA, tvb, 1, 1, second.into());
    let item = d.open(FLAGS, tvb, 1, 1, Value::Uint(second.into()));
    for (place, (flag, name)) in FLAG_LIST.into_iter().enumerate() {
        d.flag(flag, tvb, 1, 1, second.into());
        if second << place & 0x20 != 0 {
            d.append_text(item, || format!(", {name}: Set"));
        }
    }
    d.close();
    let multiplier = tvb.u8(2)?;
    let item = d.add(DETECT_TIME_MULTIPLIER, tvb, 2, 1, Value::Uint(multiplier.into()));
    let interval = tvb.u32(12)?;
    d.append_text(item, || format!(" (= {} ms Detection time)", u64::from(multiplier) * u64::from(interval / 1000)));
    d.uint(MESSAGE_LENGTH, tvb, 3, 1)?;
    d.uint(MY_DISCRIMINATOR, tvb, 4, 4)?;
    d.uint(YOUR_DISCRIMINATOR, tvb, 8, 4)?;
    for (place, (field, title)) in INTERVALS.into_iter().enumerate() {
        let at = 12 + 4 * place;
        let interval = tvb.u32(at)?;
        let item = d.add(field, tvb, at, 4, Value::Uint(interval.into()));
        d.text(item, || format!("{title}: {:4} ms ({interval} us)", interval / 1000));
    }
    if second & HAS_AUTHENTICATION != 0 && tvb.reported() > HEADER_LEN {
        authentication(d, tvb)?;
    }
    d.close();
    Ok(())
}

/// RFC 5880, 4.2 to 4.4.
fn authentication<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let (kind, len) = (u64::from(tvb.u8(HEADER_LEN)?), usize::from(tvb.u8(HEADER_LEN + 1)?));
    d.open_text(tvb, HEADER_LEN, len, || {
        format!("Authentication: {}", Names::Values(AUTHENTICATIONS).of(kind).unwrap_or("Unknown".into()))
    });
    d.uint(AUTH_TYPE, tvb, HEADER_LEN, 1)?;
    d.uint(AUTH_LEN, tvb, HEADER_LEN + 1, 1)?;
    d.uint(AUTH_KEY, tvb, HEADER_LEN + 2, 1)?;
    if kind == 1 && len > 3 {
        tvb.slice(HEADER_LEN + 3, len - 3)?;
        d.string(AUTH_PASSWORD, tvb, HEADER_LEN + 3, len - 3);
    }
    d.close();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{shown_by, survives_anything};

    const UP: &[u8] = b"\x20\xc4\x03\x21\0\0\0\x01\0\0\0\x02\0\x0f\x42\x40\0\x0f\x42\x40\0\0\0\0\x01\x09\x01secret";

    #[test]
    fn states_and_passwords() {
        let shown = shown_by(ProtoId::Bfd, UP);
        for row in [("bfd.sta", "0x03"), ("bfd.auth.password", "secret"), ("bfd.flags.a", "1")] {
            assert!(shown.contains(&(row.0, row.1.to_owned())), "{shown:?}");
        }
        assert!(shown_by(ProtoId::Bfd, &UP[..9]).iter().any(|row| row.0 == "_ws.malformed"));
    }

    #[test]
    fn no_octets_make_it_panic() {
        survives_anything(ProtoId::Bfd, UP);
    }
}
