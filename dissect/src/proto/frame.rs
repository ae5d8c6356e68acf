//! The frame: what the capture itself says of a packet, and the way into its link layer.

use crate::bindings::Table;
use crate::dissector::{Dissector, Item};
use crate::field::{FieldId, Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Frame, "frame", "Frame";
    SECTION_NUMBER = field("frame.section_number", "Section number", Uint32, Dec);
    INTERFACE_ID = field("frame.interface_id", "Interface id", Uint32, Dec);
    INTERFACE_NAME = field("frame.interface_name", "Interface name", String, None);
    INTERFACE_DESCRIPTION = field("frame.interface_description", "Interface description", String, None);
    ENCAP_TYPE = field("frame.encap_type", "Encapsulation type", Int16, Dec).names(Names::Values(ENCAPSULATIONS));
    TIME = field("frame.time", "Arrival Time", AbsoluteTime, None);
    OFFSET_SHIFT = field("frame.offset_shift", "Time shift for this packet", RelativeTime, None);
    TIME_EPOCH = field("frame.time_epoch", "Epoch Time", RelativeTime, None);
    TIME_DELTA = field("frame.time_delta", "Time delta from previous captured frame", RelativeTime, None);
    TIME_DELTA_DISPLAYED = field("frame.time_delta_displayed", "Time delta from previous displayed frame", RelativeTime, None);
    TIME_RELATIVE = field("frame.time_relative", "Time since reference or first frame", RelativeTime, None);
    NUMBER = field("frame.number", "Frame Number", Uint32, Dec);
    LEN = field("frame.len", "Frame Length", Uint32, Dec);
    CAP_LEN = field("frame.cap_len", "Capture Length", Uint32, Dec);
    MARKED = field("frame.marked", "Frame is marked", Boolean, None);
    IGNORED = field("frame.ignored", "Frame is ignored", Boolean, None);
    PROTOCOLS = field("frame.protocols", "Protocols in frame", String, None).told_later();
    COMMENT = field("frame.comment", "Comment", String, None);
    LEN_LT_CAPLEN = expert("frame.len_lt_caplen", "Frame length is less than captured length", Error, Malformed);
}

/// Wireshark's encapsulation numbers (`frame.encap_type`) of link types.
const ENCAPSULATIONS: &[(u64, &str)] = &[
    (0, "Unknown"),
    (1, "Ethernet"),
    (2, "Token Ring"),
    (3, "SLIP"),
    (4, "PPP"),
    (6, "FDDI with bit-swapped MAC addresses"),
    (7, "Raw IP"),
    (8, "ARCNET"),
    (9, "Linux ARCNET"),
    (10, "RFC 1483 ATM"),
    (11, "Linux ATM CLIP"),
    (13, "ATM PDUs"),
    (15, "NULL/Loopback"),
    (18, "RFC 2625 IP-over-Fibre Channel"),
    (19, "PPP with Directional Info"),
    (20, "IEEE 802.11 Wireless LAN"),
    (21, "IEEE 802.11 plus Prism II monitor mode radio header"),
    (23, "IEEE 802.11 plus radiotap radio header"),
    (24, "IEEE 802.11 plus AVS radio header"),
    (25, "Linux cooked-mode capture v1"),
    (26, "Frame Relay"),
    (28, "Cisco HDLC"),
    (29, "Cisco IOS internal"),
    (30, "Localtalk"),
    (32, "HiPath HDLC"),
    (33, "Data Over Cable Service Interface Specification"),
    (36, "SDLC"),
    (37, "Tazmen sniffer protocol"),
    (38, "OpenBSD enc(4) encapsulating interface"),
    (39, "OpenBSD PF Firewall logs"),
    (41, "Bluetooth H4"),
    (42, "SS7 MTP2"),
    (43, "SS7 MTP3"),
    (44, "Linux IrDA"),
    (45, "USER 0"),
    (46, "USER 1"),
    (47, "USER 2"),
    (48, "USER 3"),
    (49, "USER 4"),
    (50, "USER 5"),
    (51, "USER 6"),
    (52, "USER 7"),
    (53, "USER 8"),
    (54, "USER 9"),
    (55, "USER 10"),
    (56, "USER 11"),
    (57, "USER 12"),
    (58, "USER 13"),
    (59, "USER 14"),
    (60, "USER 15"),
    (61, "Symantec Enterprise Firewall"),
    (62, "Apple IP-over-IEEE 1394"),
    (63, "BACnet MS/TP"),
    (66, "GPRS LLC"),
    (67, "Juniper ATM1"),
    (68, "Juniper ATM2"),
    (69, "Redback SmartEdge"),
    (75, "MTP2 with pseudoheader"),
    (76, "Juniper PPPoE"),
    (77, "GCOM TIE1"),
    (78, "GCOM Serial"),
    (81, "Juniper MLPPP"),
    (82, "Juniper MLFR"),
    (83, "Juniper Ethernet"),
    (84, "Juniper PPP"),
    (85, "Juniper Frame-Relay"),
    (86, "Juniper C-HDLC"),
    (87, "Juniper GGSN"),
    (91, "Juniper Voice PIC"),
    (92, "USB packets with FreeBSD header"),
    (93, "IEEE 802.16 MAC Common Part Sublayer"),
    (95, "USB packets with Linux header"),
    (97, "Per-Packet Information header"),
    (98, "Extensible Record Format"),
    (99, "Bluetooth H4 with linux header"),
    (100, "SITA WAN packets"),
    (101, "SS7 SCCP"),
    (103, "Intelligent Platform Management Bus with Kontron pseudo-header"),
    (104, "IEEE 802.15.4 Wireless PAN"),
    (105, "X2E Xoraya"),
    (106, "FlexRay"),
    (107, "Local Interconnect Network"),
    (108, "Media Oriented Systems Transport"),
    (109, "Controller Area Network 2.0B"),
    (111, "X2E serial line capture"),
    (112, "I2C with Linux-specific pseudo-header"),
    (113, "IEEE 802.15.4 Wireless PAN non-ASK PHY"),
    (115, "USB packets with Linux header and padding"),
    (121, "Fibre Channel FC-2"),
    (122, "Fibre Channel FC-2 With Frame Delimiter"),
    (124, "Solaris IPNET"),
    (125, "SocketCAN"),
    (127, "IEEE 802.15.4 Wireless PAN with FCS not present"),
    (129, "Raw IPv4"),
    (130, "Raw IPv6"),
    (131, "LAPD"),
    (132, "DVB-CI (Common Interface)"),
    (133, "MUX27010"),
    (135, "Hilscher netANALYZER"),
    (136, "Hilscher netANALYZER-Transparent"),
    (138, "ISO/IEC 13818-1 MPEG2-TS"),
    (139, "PPP-over-Ethernet session"),
    (140, "NFC LLCP"),
    (141, "NFLOG"),
    (146, "D-Bus"),
    (147, "AX.25 with KISS header"),
    (148, "Amateur Radio AX.25"),
    (149, "SCTP"),
    (151, "Juniper Services"),
    (152, "USB packets with USBPcap header"),
    (153, "RTAC serial-line"),
    (154, "Bluetooth Low Energy Link Layer"),
    (155, "Wireshark Upper PDU export"),
    (157, "STANAG 5066 Data Transfer Sublayer PDUs(D_PDU)"),
    (158, "Linux Netlink"),
    (159, "Bluetooth Linux Monitor"),
    (160, "Bluetooth BR/EDR Baseband RF"),
    (161, "Bluetooth Low Energy Link Layer RF"),
    (171, "Apple PKTAP"),
    (172, "Ethernet Passive Optical Network"),
    (173, "IPMI Trace Data Collection"),
    (174, "OpenBSD loopback"),
    (177, "ISO 14443 contactless smartcard standards"),
    (178, "ITU-T G.7041/Y.1303 Generic Framing Procedure Transparent mode"),
    (179, "ITU-T G.7041/Y.1303 Generic Framing Procedure Frame-mapped mode"),
    (180, "IP over IB"),
    (181, "Juniper VN"),
    (182, "USB packets with Darwin (macOS, etc.) headers"),
    (183, "LoRaTap"),
    (184, "Xerox 3MB Ethernet"),
    (185, "Linux vsock"),
    (186, "nRF Sniffer for Bluetooth LE"),
    (197, "Juniper Secure Tunnel Information"),
    (198, "IEEE 802.3br mPackets"),
    (199, "DOCSIS with Excentis XRA pseudo-header"),
    (200, "DisplayPort AUX channel with Unigraf pseudo-header"),
    (204, "Elektrobit High Speed Capture and Replay"),
    (205, "Vector Packet Processing graph dispatch trace"),
    (206, "IEEE 802.15.4 Wireless with TAP pseudo-header"),
    (208, "USB 2.0/1.1/1.0 packets"),
    (210, "Linux cooked-mode capture v2"),
    (211, "Z-Wave Serial API packets"),
    (212, "Event Tracing for Windows messages"),
    (214, "ZBOSS NCP"),
    (215, "Low-Speed USB 2.0/1.1/1.0 packets"),
    (216, "Full-Speed USB 2.0/1.1/1.0 packets"),
    (217, "High-Speed USB 2.0 packets"),
];

/// From LINKTYPE_ values to those numbers.
const ENCAPSULATION_OF: &[(u16, i64)] = &[
    (0, 15),
    (1, 1),
    (2, 184),
    (3, 148),
    (6, 2),
    (7, 8),
    (8, 3),
    (9, 4),
    (10, 6),
    (11, 10),
    (12, 7),
    (13, 38),
    (14, 7),
    (16, 11),
    (18, 11),
    (19, 11),
    (32, 69),
    (50, 4),
    (51, 139),
    (99, 61),
    (100, 10),
    (101, 7),
    (104, 28),
    (105, 20),
    (106, 11),
    (107, 26),
    (108, 174),
    (109, 38),
    (112, 28),
    (113, 25),
    (114, 30),
    (117, 39),
    (118, 29),
    (119, 21),
    (121, 32),
    (122, 18),
    (123, 13),
    (127, 23),
    (128, 37),
    (129, 9),
    (130, 81),
    (131, 82),
    (133, 87),
    (135, 68),
    (136, 151),
    (137, 67),
    (138, 62),
    (139, 75),
    (140, 42),
    (141, 43),
    (142, 101),
    (143, 33),
    (144, 44),
    (147, 45),
    (148, 46),
    (149, 47),
    (150, 48),
    (151, 49),
    (152, 50),
    (153, 51),
    (154, 52),
    (155, 53),
    (156, 54),
    (157, 55),
    (158, 56),
    (159, 57),
    (160, 58),
    (161, 59),
    (162, 60),
    (163, 24),
    (165, 63),
    (167, 76),
    (169, 66),
    (170, 178),
    (171, 179),
    (172, 77),
    (173, 78),
    (177, 131),
    (178, 83),
    (179, 84),
    (180, 85),
    (181, 86),
    (183, 91),
    (184, 181),
    (186, 92),
    (187, 41),
    (188, 93),
    (189, 95),
    (190, 109),
    (192, 97),
    (195, 104),
    (196, 100),
    (197, 98),
    (199, 103),
    (200, 197),
    (201, 99),
    (202, 147),
    (203, 131),
    (204, 19),
    (209, 112),
    (210, 106),
    (211, 108),
    (212, 107),
    (213, 111),
    (214, 105),
    (215, 113),
    (220, 115),
    (224, 121),
    (225, 122),
    (226, 124),
    (227, 125),
    (228, 129),
    (229, 130),
    (230, 127),
    (231, 146),
    (235, 132),
    (236, 133),
    (237, 157),
    (239, 141),
    (240, 135),
    (241, 136),
    (242, 180),
    (243, 138),
    (245, 140),
    (248, 149),
    (249, 152),
    (250, 153),
    (251, 154),
    (252, 155),
    (253, 158),
    (254, 159),
    (255, 160),
    (256, 161),
    (258, 171),
    (259, 172),
    (260, 173),
    (264, 177),
    (266, 182),
    (268, 36),
    (270, 183),
    (271, 185),
    (272, 186),
    (273, 199),
    (274, 198),
    (275, 200),
    (276, 210),
    (279, 204),
    (280, 205),
    (283, 206),
    (287, 211),
    (288, 208),
    (290, 212),
    (292, 214),
    (293, 215),
    (294, 216),
    (295, 217),
];

pub(crate) static PROTOCOL: Protocol = Protocol {
    tables: &[Table::LinkType],
    calls: &[ProtoId::Data],
    samples: &[Sample { link_type: 1, frames: &["ffffffffffff 000102030405 88b6 00"] }],
    ..Protocol::new(ProtoId::Frame, "Frame", &[], dissect)
};

/// Whether a field of the frame can be told only when all layers have been seen.
pub(crate) fn needs_all_layers(field: FieldId) -> bool {
    field == PROTOCOLS
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    if d.wants_own() {
        show(d, tvb);
    }
    if !d.call_by_number(Table::LinkType, d.packet.link_type, tvb) {
        d.call(ProtoId::Data, tvb);
    }
    Ok(())
}

fn show<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) {
    let packet = d.packet;
    let cap_len = packet.bytes.len() as u64;
    let bits = |octets: u64| format!("{octets} bytes ({} bits)", octets * 8);
    let item = d.open(PROTO, tvb, 0, tvb.len(), Value::Bytes);
    d.text(item, || {
        let on = match packet.interface_name {
            Some(name) => format!(" on interface {name}, id {}", packet.interface),
            None => String::new(),
        };
        format!(
            "Frame {}: {} bytes on wire ({} bits), {cap_len} bytes captured ({} bits){on}",
            packet.number,
            packet.orig_len,
            u64::from(packet.orig_len) * 8,
            cap_len * 8
        )
    });
    if let Some(name) = packet.interface_name {
        d.add(SECTION_NUMBER, tvb, 0, 0, Value::Uint(1));
        let line = d.open(INTERFACE_ID, tvb, 0, 0, Value::Uint(packet.interface.into()));
        d.append_text(line, || format!(" ({name})"));
        if d.wants(INTERFACE_NAME) {
            d.add(INTERFACE_NAME, tvb, 0, 0, Value::String(name.into()));
        }
        if let Some(description) = packet.interface_description
            && d.wants(INTERFACE_DESCRIPTION)
        {
            d.add(INTERFACE_DESCRIPTION, tvb, 0, 0, Value::String(description.into()));
        }
        d.close();
    }
    if d.wants(ENCAP_TYPE) {
        let known = ENCAPSULATION_OF.iter().find(|row| row.0 == packet.link_type);
        d.add(ENCAP_TYPE, tvb, 0, 0, Value::Int(known.map_or(0, |row| row.1)));
    }
    if packet.has_time {
        times(d, tvb);
    }
    d.add(NUMBER, tvb, 0, 0, Value::Uint(packet.number));
    let line = d.open(LEN, tvb, 0, 0, Value::Uint(packet.orig_len.into()));
    d.text(line, || format!("Frame Length: {}", bits(packet.orig_len.into())));
    if u64::from(packet.orig_len) < cap_len && line != Item::NONE {
        d.expert(LEN_LT_CAPLEN, tvb, 0, 0);
    }
    d.close();
    let line = d.add(CAP_LEN, tvb, 0, 0, Value::Uint(cap_len));
    d.text(line, || format!("Capture Length: {}", bits(cap_len)));
    d.generated(MARKED, tvb, 0, 0, Value::Uint(0));
    d.generated(IGNORED, tvb, 0, 0, Value::Uint(0));
    // Its place in the tree is here; its value is known when all layers have been seen.
    d.generated(PROTOCOLS, tvb, 0, 0, Value::None);
    if let Some(comment) = packet.comment
        && d.wants(COMMENT)
    {
        d.add(COMMENT, tvb, 0, 0, Value::String(comment.into()));
    }
    d.close();
}

fn times<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) {
    let packet = d.packet;
    d.add(TIME, tvb, 0, 0, Value::Time(packet.time));
    d.generated(OFFSET_SHIFT, tvb, 0, 0, Value::Time(0));
    d.add(TIME_EPOCH, tvb, 0, 0, Value::Time(packet.time));
    let displayed = packet.time_displayed.unwrap_or(packet.time);
    for (field, since) in
        [(TIME_DELTA, packet.time_previous), (TIME_DELTA_DISPLAYED, displayed), (TIME_RELATIVE, packet.time_first)]
    {
        d.generated(field, tvb, 0, 0, Value::Time(packet.time.saturating_sub(since)));
    }
}

/// Fills in what only the whole frame tells.
pub(crate) fn close(d: &mut Dissector<'_>) {
    if d.wants(PROTOCOLS) {
        let names = d.layer_names().join(":");
        d.fill(PROTOCOLS, Value::String(names.into()));
    }
}
