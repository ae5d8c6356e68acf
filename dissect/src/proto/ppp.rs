//! Point-to-Point Protocol (RFC 1661), in HDLC-like framing (RFC 1662) or bare, and the head of its control packets.

use crate::bindings::{Binding, Table};
use crate::dissector::{Address, Dissector};
use crate::field::{Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Ppp, "ppp", "Point-to-Point Protocol";
    DIRECTION = field("ppp.direction", "Direction", Uint8, Dec).names(Names::Values(&[(0, "DTE->DCE"), (1, "DCE->DTE")]));
    ADDRESS = field("ppp.address", "Address", Uint8, Hex);
    CONTROL = field("ppp.control", "Control", Uint8, Hex);
    PROTOCOL_NUMBER = field("ppp.protocol", "Protocol", Uint16, Hex).names(Names::Values(PPP_PROTOCOLS));
    CODE = field("ppp.code", "Code", Uint8, Dec).names(Names::Values(CODES));
    IDENTIFIER = field("ppp.identifier", "Identifier", Uint8, DecHex);
    LENGTH = field("ppp.length", "Length", Uint16, Dec);
    DATA = field("ppp.data", "Data", Bytes, None);
}

/// PPP protocol numbers (IANA), with the names that Wireshark shows.
const PPP_PROTOCOLS: &[(u64, &str)] = &[
    (0x0001, "Padding Protocol"),
    (0x0003, "ROHC small-CID"),
    (0x0005, "ROHC large-CID"),
    (0x0021, "Internet Protocol version 4"),
    (0x0023, "OSI Network Layer"),
    (0x0025, "Xerox NS IDP"),
    (0x0027, "DECnet Phase IV"),
    (0x0029, "Appletalk"),
    (0x002b, "Novell IPX"),
    (0x002d, "Van Jacobson Compressed TCP/IP"),
    (0x002f, "Van Jacobson Uncompressed TCP/IP"),
    (0x0031, "Bridging PDU"),
    (0x0033, "Stream Protocol (ST-II)"),
    (0x0035, "Banyan Vines"),
    (0x0039, "AppleTalk EDDP"),
    (0x003b, "AppleTalk SmartBuffered"),
    (0x003d, "Multi-Link"),
    (0x003f, "NETBIOS Framing"),
    (0x0041, "Cisco Systems"),
    (0x0043, "Ascom Timeplex"),
    (0x0045, "Fujitsu Link Backup and Load Balancing (LBLB)"),
    (0x0047, "DCA Remote Lan"),
    (0x0049, "Serial Data Transport Protocol (PPP-SDTP)"),
    (0x004b, "SNA over 802.2"),
    (0x004d, "SNA"),
    (0x004f, "IPv6 Header Compression "),
    (0x0051, "KNX Bridging Data"),
    (0x0053, "Encryption"),
    (0x0055, "Individual Link Encryption"),
    (0x0057, "Internet Protocol version 6"),
    (0x0059, "PPP Muxing"),
    (0x005b, "Vendor-Specific Network Protocol (VSNP)"),
    (0x005d, "TRILL Network Protocol (TNP)"),
    (0x0061, "RTP IPHC Full Header"),
    (0x0063, "RTP IPHC Compressed TCP"),
    (0x0065, "RTP IPHC Compressed Non TCP"),
    (0x0067, "RTP IPHC Compressed UDP 8"),
    (0x0069, "RTP IPHC Compressed RTP 8"),
    (0x006f, "Stampede Bridging"),
    (0x0073, "MP+ Protocol"),
    (0x00c1, "NTCITS IPI"),
    (0x00fb, "Single link compression in multilink"),
    (0x00fd, "Compressed datagram"),
    (0x0201, "802.1d Hello Packets"),
    (0x0203, "IBM Source Routing BPDU"),
    (0x0205, "DEC LANBridge100 Spanning Tree"),
    (0x0207, "Cisco Discovery Protocol"),
    (0x0209, "Netcs Twin Routing"),
    (0x020b, "STP - Scheduled Transfer Protocol"),
    (0x020d, "EDP - Extreme Discovery Protocol"),
    (0x0211, "Optical Supervisory Channel Protocol (OSCP)"),
    (0x0213, "Optical Supervisory Channel Protocol (OSCP)"),
    (0x0231, "Luxcom"),
    (0x0233, "Sigma Network Systems"),
    (0x0235, "Apple Client Server Protocol"),
    (0x0281, "MPLS Unicast"),
    (0x0283, "MPLS Multicast"),
    (0x0285, "IEEE p1284.4 standard - data packets"),
    (0x0287, "ETSI TETRA Network Protocol Type 1"),
    (0x0289, "Multichannel Flow Treatment Protocol"),
    (0x2063, "RTP IPHC Compressed TCP No Delta"),
    (0x2065, "RTP IPHC Context State"),
    (0x2067, "RTP IPHC Compressed UDP 16"),
    (0x2069, "RTP IPHC Compressed RTP 16"),
    (0x4001, "Cray Communications Control Protocol"),
    (0x4003, "CDPD Mobile Network Registration Protocol"),
    (0x4005, "Expand accelerator protocol"),
    (0x4007, "ODSICP NCP"),
    (0x4009, "DOCSIS DLL"),
    (0x400b, "Cetacean Network Detection Protocol"),
    (0x4021, "Stacker LZS"),
    (0x4023, "RefTek Protocol"),
    (0x4025, "Fibre Channel"),
    (0x4027, "EMIT Protocols"),
    (0x405b, "Vendor-Specific Protocol (VSP)"),
    (0x405d, "TRILL Link State Protocol (TLSP)"),
    (0x8021, "Internet Protocol Control Protocol"),
    (0x8023, "OSI Network Layer Control Protocol"),
    (0x8025, "Xerox NS IDP Control Protocol"),
    (0x8027, "DECnet Phase IV Control Protocol"),
    (0x8029, "AppleTalk Control Protocol"),
    (0x802b, "Novell IPX Control Protocol"),
    (0x8031, "Bridging NCP"),
    (0x8033, "Stream Protocol Control Protocol"),
    (0x8035, "Banyan Vines Control Protocol"),
    (0x803d, "Multi-Link Control Protocol"),
    (0x803f, "NETBIOS Framing Control Protocol"),
    (0x8041, "Cisco Systems Control Protocol"),
    (0x8043, "Ascom Timeplex"),
    (0x8045, "Fujitsu LBLB Control Protocol"),
    (0x8047, "DCA Remote Lan Network Control Protocol (RLNCP)"),
    (0x8049, "Serial Data Control Protocol (PPP-SDCP)"),
    (0x804b, "SNA over 802.2 Control Protocol"),
    (0x804d, "SNA Control Protocol"),
    (0x804f, "IP6 Header Compression Control Protocol"),
    (0x8051, "KNX Bridging Control Protocol"),
    (0x8053, "Encryption Control Protocol"),
    (0x8055, "Individual Link Encryption Control Protocol"),
    (0x8057, "IPv6 Control Protocol"),
    (0x8059, "PPP Muxing Control Protocol"),
    (0x805b, "Vendor-Specific Network Control Protocol (VSNCP)"),
    (0x805d, "TRILL Network Control Protocol"),
    (0x806f, "Stampede Bridging Control Protocol"),
    (0x8073, "MP+ Control Protocol"),
    (0x80c1, "NTCITS IPI Control Protocol"),
    (0x80fb, "Single link compression in multilink control"),
    (0x80fd, "Compression Control Protocol"),
    (0x8207, "Cisco Discovery Protocol Control Protocol"),
    (0x8209, "Netcs Twin Routing"),
    (0x820b, "STP - Control Protocol"),
    (0x820d, "EDPCP - Extreme Discovery Protocol Control Protocol"),
    (0x8235, "Apple Client Server Protocol Control"),
    (0x8281, "MPLS Control Protocol"),
    (0x8285, "IEEE p1284.4 standard - Protocol Control"),
    (0x8287, "ETSI TETRA TNP1 Control Protocol"),
    (0x8289, "Multichannel Flow Treatment Protocol"),
    (0xc021, "Link Control Protocol"),
    (0xc023, "Password Authentication Protocol"),
    (0xc025, "Link Quality Report"),
    (0xc027, "Shiva Password Authentication Protocol"),
    (0xc029, "Callback Control Protocol (CBCP)"),
    (0xc02b, "BACP Bandwidth Allocation Control Protocol"),
    (0xc02d, "BAP Bandwidth Allocation Protocol"),
    (0xc05b, "Vendor-Specific Authentication Protocol (VSAP)"),
    (0xc081, "Container Control Protocol"),
    (0xc223, "Challenge Handshake Authentication Protocol"),
    (0xc225, "RSA Authentication Protocol"),
    (0xc227, "Extensible Authentication Protocol"),
    (0xc229, "Mitsubishi Security Information Exchange Protocol (SIEP)"),
    (0xc26f, "Stampede Bridging Authorization Protocol"),
    (0xc281, "Proprietary Authentication Protocol"),
    (0xc283, "Proprietary Authentication Protocol"),
    (0xc481, "Proprietary Node ID Authentication Protocol"),
];

/// Codes of control packets (RFC 1661, 5; RFC 1570, 1).
const CODES: &[(u64, &str)] = &[
    (0, "Vendor Specific"),
    (1, "Configuration Request"),
    (2, "Configuration Ack"),
    (3, "Configuration Nak"),
    (4, "Configuration Reject"),
    (5, "Termination Request"),
    (6, "Termination Ack"),
    (7, "Code Reject"),
    (8, "Protocol Reject"),
    (9, "Echo Request"),
    (10, "Echo Reply"),
    (11, "Discard Request"),
    (12, "Identification"),
    (13, "Time Remaining"),
    (14, "Reset Request"),
    (15, "Reset Ack"),
];

/// The protocols that all speak LCP's language: their number, name as a layer, and name as a column.
const CONTROL_PROTOCOLS: &[(u16, &str, &str, &str)] = &[
    (0x8021, "ipcp", "PPP IPCP", "PPP IP Control Protocol"),
    (0x8057, "ipv6cp", "PPP IPV6CP", "PPP IPv6 Control Protocol"),
    (0x80fd, "ccp", "PPP CCP", "PPP Compression Control Protocol"),
    (0x8281, "mplscp", "PPP MPLSCP", "PPP MPLS Control Protocol"),
    (0x8053, "ecp", "PPP ECP", "PPP Encryption Control Protocol"),
    (0xc021, "lcp", "PPP LCP", "PPP Link Control Protocol"),
];

const HDLC_ADDRESS: u8 = 0xff;
const HDLC_CONTROL: u8 = 0x03;
const CISCO_UNICAST: u8 = 0x0f;
const CISCO_MULTICAST: u8 = 0x8f;

pub(crate) static PROTOCOL: Protocol = Protocol {
    spans_payload: true,
    tables: &[Table::PppProtocol],
    calls: &[ProtoId::Chdlc, ProtoId::Data],
    samples: &[Sample {
        link_type: 9,
        frames: &["ff03 0021 45", "ff03 c021 01 01 0006 0304", "ff03 c021 05 01 0008 61626364", "21 45"],
    }],
    ..Protocol::new(ProtoId::Ppp, "PPP", &[Binding::LinkType(9), Binding::LinkType(50)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("PPP");
    if d.endpoints.src == Address::None {
        d.no_addresses();
    }
    let item = d.begin(PROTO, tvb);
    let mut at = 0;
    if matches!(tvb.u8(0)?, CISCO_UNICAST | CISCO_MULTICAST) {
        d.set_len(item, 0);
        d.close();
        d.call(ProtoId::Chdlc, tvb);
        return Ok(());
    }
    if tvb.u8(0)? == HDLC_ADDRESS {
        d.uint(ADDRESS, tvb, 0, 1)?;
        at = 1;
    }
    if tvb.u8(at)? == HDLC_CONTROL {
        d.uint(CONTROL, tvb, at, 1)?;
        at += 1;
    }
    // RFC 1661, 2 and 6.5: an odd first octet is a whole, compressed number.
    let width = if tvb.u8(at)? & 1 != 0 { 1 } else { 2 };
    let number = d.uint(PROTOCOL_NUMBER, tvb, at, width)? as u16;
    at += width;
    d.set_len(item, at);
    d.close();
    payload(d, number, tvb.from(at));
    Ok(())
}

/// Hands on what a PPP protocol number says.
pub(crate) fn payload<'a>(d: &mut Dissector<'a>, number: u16, payload: Tvb<'a>) {
    if let Some(row) = CONTROL_PROTOCOLS.iter().find(|row| row.0 == number) {
        let _ = control(d, payload, row.1, row.2, row.3);
        return;
    }
    if d.call_by_number(Table::PppProtocol, number, payload) {
        return;
    }
    if d.wants_columns() {
        d.set_protocol(&format!("0x{number:04x}"));
        let name = Names::Values(PPP_PROTOCOLS).of(number.into());
        d.set_info(|| format!("PPP {} (0x{number:04x})", name.as_deref().unwrap_or("Unknown")));
    }
    d.call(ProtoId::Data, payload);
}

/// A control packet up to its options.
fn control<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, layer: &'static str, column: &str, title: &str) -> Parsed {
    d.layer(layer);
    d.set_protocol(column);
    let code = tvb.u8(0)?;
    d.set_info(|| match Names::Values(CODES).of(code.into()) {
        Some(name) => name.into_owned(),
        None => "Unknown".to_owned(),
    });
    d.open_text(tvb, 0, tvb.reported(), || title.to_owned());
    d.uint(CODE, tvb, 0, 1)?;
    d.uint(IDENTIFIER, tvb, 1, 1)?;
    let len = d.uint(LENGTH, tvb, 2, 2)? as usize;
    let data = tvb.sub(4, len.saturating_sub(4));
    if matches!(code, 5..=7) && !data.is_empty() {
        d.add(DATA, data, 0, data.len(), Value::Bytes);
    }
    d.close();
    Ok(())
}
