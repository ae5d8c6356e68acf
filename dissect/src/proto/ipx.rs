//! Novell's Internetwork Packet Exchange, with the protocols that tell services (SAP), routes (RIP) and names (NetBIOS).

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Ipx, "ipx", "Internetwork Packet eXchange";
    CHECKSUM = field("ipx.checksum", "Checksum", Uint16, Hex);
    SRC = field("ipx.src", "Source Address", String, None);
    DST = field("ipx.dst", "Destination Address", String, None);
    ADDR = field("ipx.addr", "Src/Dst Address", String, None);
    LEN = field("ipx.len", "Length", Uint16, Dec);
    HOPS = field("ipx.hops", "Transport Control (Hops)", Uint8, Dec);
    PACKET_TYPE = field("ipx.packet_type", "Packet Type", Uint8, Hex).names(Names::Values(TYPES));
    DST_NET = field("ipx.dst.net", "Destination Network", Uint32, Hex);
    DST_NODE = field("ipx.dst.node", "Destination Node", Ether, None);
    DST_SOCKET = field("ipx.dst.socket", "Destination Socket", Uint16, Hex).names(Names::Values(SOCKETS));
    SRC_NET = field("ipx.src.net", "Source Network", Uint32, Hex);
    SRC_NODE = field("ipx.src.node", "Source Node", Ether, None);
    SRC_SOCKET = field("ipx.src.socket", "Source Socket", Uint16, Hex).names(Names::Values(SOCKETS));
    NET = field("ipx.net", "Source or Destination Network", Uint32, Hex);
    NODE = field("ipx.node", "Source or Destination Node", Ether, None);
    SOCKET = field("ipx.socket", "Source or Destination Socket", Uint16, Hex).names(Names::Values(SOCKETS));
    SAP_TYPE = field("ipxsap.packet_type", "SAP packet type", Uint16, Dec).names(Names::Values(SAP_TYPES));
    SAP_SERVER_TYPE = field("ipxsap.server.type", "Server Type", Uint16, Hex);
    SAP_SERVER_NAME = field("ipxsap.server.name", "Server Name", String, None);
    SAP_SERVER_NETWORK = field("ipxsap.server.network", "Network", Uint32, Hex);
    SAP_SERVER_NODE = field("ipxsap.server.node", "Node", Ether, None);
    SAP_SERVER_SOCKET = field("ipxsap.server.socket", "Socket", Uint16, Hex).names(Names::Values(SOCKETS));
    SAP_NETWORKS = field("ipxsap.server.intermediate_networks", "Intermediate Networks", Uint16, Dec);
    RIP_TYPE = field("ipxrip.packet_type", "RIP packet type", Uint16, Dec).names(Names::Values(&[(1, "Request"), (2, "Response")]));
    RIP_VECTOR = field("ipxrip.route_vector", "Route Vector", Uint32, Hex);
    RIP_HOPS = field("ipxrip.hops", "Hops", Uint16, Dec);
    RIP_TICKS = field("ipxrip.ticks", "Ticks", Uint16, Dec);
}

const TYPES: &[(u64, &str)] = &[
    (0x00, "IPX"),
    (0x01, "RIP"),
    (0x02, "Echo"),
    (0x03, "Error"),
    (0x04, "PEP"),
    (0x05, "SPX"),
    (0x11, "NCP"),
    (0x14, "NetBIOS Broadcast"),
];
const NETBIOS_BROADCAST: u8 = 0x14;
/// Sockets that are known.
const SOCKETS: &[(u64, &str)] = &[
    (0x0002, "CISCO PING"),
    (0x0451, "NCP"),
    (0x0452, "SAP"),
    (0x0453, "RIP"),
    (0x0455, "NetBIOS"),
    (0x0456, "Diagnostic"),
    (0x0457, "Serialization"),
    (0x0550, "NWLink SMB Server"),
    (0x0551, "NWLink SMB Name Query"),
    (0x0552, "NWLink SMB Redirector"),
    (0x0553, "NWLink SMB Mailslot Datagram"),
    (0x0554, "NWLink SMB Messenger"),
    (0x0555, "NWLink SMB Browse"),
    (0x4001, "IPX Message"),
    (0x4003, "IPX Message"),
    (0x4006, "NetWare Directory Server"),
    (0x400c, "HP LaserJet/QuickSilver"),
    (0x85be, "Cisco EIGRP for IPX"),
    (0x9001, "NetWare Link Services Protocol"),
    (0x9004, "IPX WAN"),
    (0x900f, "SNMP Agent"),
    (0x9010, "SNMP Sink"),
];
const SAP_SOCKET: u16 = 0x0452;
const RIP_SOCKET: u16 = 0x0453;
const NETBIOS_SOCKET: u16 = 0x0455;
const SAP_TYPES: &[(u64, &str)] =
    &[(1, "General Query"), (2, "General Response"), (3, "Nearest Query"), (4, "Nearest Response")];
const NETBIOS_TYPES: &[(u64, &str)] = &[
    (1, "Find name"),
    (2, "Name recognized"),
    (3, "Check name"),
    (4, "Name in use"),
    (5, "Deregister name"),
    (6, "Session data"),
    (7, "Session end"),
    (8, "Session end ACK"),
    (9, "Status query"),
    (10, "Status response"),
    (11, "Directed datagram"),
];
const HEADER_LEN: usize = 30;
const SERVER_LEN: usize = 64;
const ROUTE_LEN: usize = 8;
/// The networks that a broadcast of names passed stand before it.
const PASSED_LEN: usize = 32;
const NAME_LEN: usize = 16;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Data],
    samples: &[Sample {
        link_type: 1,
        frames: &[
            "ffffffffffff 020000000001 8137 ffff 0028 00 01 00000000 ffffffffffff 0453 a8f87967 020000000001 0453 0002 a8f87967 0001 0002",
            "ffffffffffff 020000000001 8137 ffff 0060 00 00 00000000 ffffffffffff 0452 00000000 020000000001 0452 0002 030c
             6100000000000000000000000000000000000000000000000000000000000000 00000000000000000000000000000000 00000000 020000000001 400c 0001",
        ],
    }],
    ..Protocol::new(
        ProtoId::Ipx,
        "IPX",
        &[Binding::EtherType(0x8137), Binding::LlcSap(0xe0), Binding::PppProtocol(0x002b)],
        dissect,
    )
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("IPX");
    d.set_info(String::new);
    let item = d.begin(PROTO, tvb);
    d.set_len(item, HEADER_LEN);
    let end = |at: usize| -> Result<String, Stop> {
        let node = tvb.slice(at + 4, 6)?.iter().map(|octet| format!("{octet:02x}")).collect::<String>();
        Ok(format!("{:08x}.{node}", tvb.u32(at)?))
    };
    let (dst, src) = (end(6)?, end(18)?);
    d.set_names(src.clone(), dst.clone());
    for (field, text, at) in [(SRC, &src, 18), (DST, &dst, 6), (ADDR, &src, 18), (ADDR, &dst, 6)] {
        if d.wants(field) {
            d.hidden(field, tvb, at, 10, Value::String(text.as_str().into()));
        }
    }
    d.uint(CHECKSUM, tvb, 0, 2)?;
    let len = d.uint(LEN, tvb, 2, 2)? as usize;
    d.end_payload(tvb, len.max(HEADER_LEN));
    d.uint(HOPS, tvb, 4, 1)?;
    let kind = d.uint(PACKET_TYPE, tvb, 5, 1)? as u8;
    let dst_socket = address(d, tvb, 6, [DST_NET, DST_NODE, DST_SOCKET])?;
    let src_socket = address(d, tvb, 18, [SRC_NET, SRC_NODE, SRC_SOCKET])?;
    d.set_info(|| {
        let name = Names::Values(SOCKETS).of(dst_socket.into());
        name.map_or_else(|| format!("Unknown (0x{dst_socket:04x})"), |name| format!("{name} (0x{dst_socket:04x})"))
    });
    let body = tvb.sub(HEADER_LEN, len.saturating_sub(HEADER_LEN));
    let is_for = |socket: u16| dst_socket == socket || src_socket == socket;
    if is_for(SAP_SOCKET) {
        sap(d, body)?;
    } else if is_for(RIP_SOCKET) {
        rip(d, body)?;
    } else if is_for(NETBIOS_SOCKET) {
        netbios(d, body, kind)?;
    } else {
        d.close();
        if !body.is_empty() {
            d.call(ProtoId::Data, body);
        }
        return Ok(());
    }
    d.close();
    Ok(())
}

/// Network, node and socket.
fn address<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, fields: [FieldId; 3]) -> Result<u16, Stop> {
    let [net, node, socket] = fields;
    let number = tvb.u32(at)?;
    let octets: [u8; 6] = tvb.array(at + 4)?;
    let port = tvb.u16(at + 10)?;
    d.add(net, tvb, at, 4, Value::Uint(number.into()));
    d.hidden(NET, tvb, at, 4, Value::Uint(number.into()));
    d.add(node, tvb, at + 4, 6, Value::Ether(octets));
    d.hidden(NODE, tvb, at + 4, 6, Value::Ether(octets));
    d.add(socket, tvb, at + 10, 2, Value::Uint(port.into()));
    d.hidden(SOCKET, tvb, at + 10, 2, Value::Uint(port.into()));
    Ok(port)
}

fn sap<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("IPX SAP");
    let kind = tvb.u16(0)?;
    d.set_info(|| Names::Values(SAP_TYPES).of(kind.into()).unwrap_or("Unknown Packet Type".into()).into_owned());
    d.open_text(tvb, 0, tvb.len(), || "Service Advertisement Protocol".to_owned());
    d.uint(SAP_TYPE, tvb, 0, 2)?;
    if kind == 2 || kind == 4 {
        for at in (2..tvb.reported()).step_by(SERVER_LEN) {
            if at + SERVER_LEN > tvb.reported() {
                break;
            }
            d.uint(SAP_SERVER_TYPE, tvb, at, 2)?;
            let name = tvb.slice(at + 2, 48)?;
            let end = name.iter().position(|octet| *octet == 0).unwrap_or(name.len());
            d.string(SAP_SERVER_NAME, tvb, at + 2, end);
            d.uint(SAP_SERVER_NETWORK, tvb, at + 50, 4)?;
            d.add(SAP_SERVER_NODE, tvb, at + 54, 6, Value::Ether(tvb.array(at + 54)?));
            d.uint(SAP_SERVER_SOCKET, tvb, at + 60, 2)?;
            d.uint(SAP_NETWORKS, tvb, at + 62, 2)?;
        }
    } else {
        d.uint(SAP_SERVER_TYPE, tvb, 2, 2)?;
    }
    d.close();
    Ok(())
}

fn rip<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("IPX RIP");
    let kind = tvb.u16(0)?;
    d.set_info(|| {
        match kind {
            1 => "Request",
            2 => "Response",
            _ => "Unknown packet type",
        }
        .to_owned()
    });
    d.open_text(tvb, 0, tvb.len(), || "IPX Routing Information Protocol".to_owned());
    d.uint(RIP_TYPE, tvb, 0, 2)?;
    for at in (2..tvb.reported()).step_by(ROUTE_LEN) {
        if at + ROUTE_LEN > tvb.reported() {
            break;
        }
        d.uint(RIP_VECTOR, tvb, at, 4)?;
        d.uint(RIP_HOPS, tvb, at + 4, 2)?;
        d.uint(RIP_TICKS, tvb, at + 6, 2)?;
    }
    d.close();
    Ok(())
}

/// NetBIOS over IPX: what is done to a name. Of its sessions nothing is shown.
fn netbios<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, kind: u8) -> Parsed {
    d.set_protocol("NBIPX");
    let at = if kind == NETBIOS_BROADCAST { PASSED_LEN } else { 0 };
    let action = tvb.u8(at + 1)?;
    let name = Names::Values(NETBIOS_TYPES).of(action.into());
    let name = name.as_deref().unwrap_or("Unknown");
    d.set_info(|| name.to_owned());
    if action <= 5 {
        let octets = tvb.slice(at + 2, NAME_LEN)?;
        d.append_info(|| format!(" {}", shown(octets)));
    }
    Ok(())
}

/// A name without its padding; what is not printable, and the octet that tells the service, as a number.
fn shown(name: &[u8]) -> String {
    let Some((service, name)) = name.split_last() else { return String::new() };
    let end = name.iter().rposition(|octet| *octet != b' ').map_or(0, |at| at + 1);
    let mut text = String::new();
    for octet in name.iter().take(end) {
        match octet {
            b' '..=b'~' => text.push(char::from(*octet)),
            _ => text += &format!("<{octet:02x}>"),
        }
    }
    text + &format!("<{service:02x}>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn services_and_routes_are_read() {
        let shown = frames(1, PROTOCOL.samples[0].frames);
        assert_eq!(values(&shown[0], "ipx.src"), "a8f87967.020000000001");
        assert_eq!(values(&shown[0], "ipxrip.ticks"), "2");
        assert_eq!(values(&shown[1], "ipxsap.server.name"), "a");
        assert_eq!(values(&shown[1], "ipxsap.server.intermediate_networks"), "1");
        let short = frames(1, &["ffffffffffff 020000000001 8137 ffff 0028 00 01 00000000"]);
        assert!(values(&short[0], "_ws.expert.message").contains("Malformed"));
    }

    #[test]
    fn names_tell_their_service() {
        assert_eq!(shown(b"WORKGROUP      \x1e"), "WORKGROUP<1e>");
        assert_eq!(shown(b"\x01\x02__MSBROWSE__\x02\x01"), "<01><02>__MSBROWSE__<02><01>");
    }
}
