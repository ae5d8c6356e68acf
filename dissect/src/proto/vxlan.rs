//! Virtual eXtensible Local Area Network (RFC 7348) with the group policy option, and its generic protocol extension.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::proto::nsh;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Vxlan, "vxlan", "Virtual eXtensible Local Area Network";
    FLAGS = field("vxlan.flags", "Flags", Uint16, Hex);
    FLAG_G = field("vxlan.flag_g", "GBP Extension", Boolean, None).names(Names::Flag("Defined", "Not defined")).mask(0x8000);
    FLAG_I = field("vxlan.flag_i", "VXLAN Network ID (VNI)", Boolean, None).mask(0x0800);
    FLAG_D = field("vxlan.flag_d", "Don't Learn", Boolean, None).mask(0x0040);
    FLAG_A = field("vxlan.flag_a", "Policy Applied", Boolean, None).mask(0x0008);
    FLAGS_RESERVED = field("vxlan.flags_reserved", "Reserved(R)", Uint16, Hex).mask(0x77b7);
    VER = field("vxlan.ver", "Version", Uint8, Dec).mask(0x30);
    I_BIT = field("vxlan.i_bit", "Instance", Uint8, Dec).mask(0x08);
    P_BIT = field("vxlan.p_bit", "Next Protocol Bit", Uint8, Dec).mask(0x04);
    O_BIT = field("vxlan.o_bit", "OAM bit", Uint8, Dec).mask(0x01);
    GBP = field("vxlan.gbp", "Group Policy ID", Uint16, Dec);
    VNI = field("vxlan.vni", "VXLAN Network Identifier (VNI)", Uint24, Dec);
    RESERVED8 = field("vxlan.reserved8", "Reserved", Uint8, Dec);
    RESERVED_16 = field("vxlan.reserved_16", "Reserved", Uint16, Dec);
    NEXT_PROTO = field("vxlan.next_proto", "Next Protocol", Uint8, Dec).names(Names::Values(NEXT_PROTOCOLS));
}

const NEXT_PROTOCOLS: &[(u64, &str)] =
    &[(1, "IPv4"), (2, "IPv6"), (3, "Ethernet"), (4, "Network Service Header"), (5, "MPLS")];

const PORT: u16 = 4789;
const PORT_GPE: u16 = 4790;
const HEADER_LEN: usize = 8;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Eth, ProtoId::Ip, ProtoId::Ipv6, ProtoId::Mpls, ProtoId::Data],
    samples: &[Sample {
        link_type: 228,
        frames: &[
            "45000024 00000000 40110000 0a000001 0a000002 12b512b5 00100000 08000000 00000100",
            "45000024 00000000 40110000 0a000001 0a000002 12b612b6 00100000 0c000001 00000100",
        ],
    }],
    ..Protocol::new(ProtoId::Vxlan, "VXLAN", &[Binding::UdpPort(PORT), Binding::UdpPort(PORT_GPE)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("VXLAN");
    d.set_info(String::new);
    let item = d.begin(PROTO, tvb);
    d.set_len(item, HEADER_LEN);
    let is_gpe = d.endpoints.dst_port == PORT_GPE || d.endpoints.src_port == PORT_GPE;
    let next = if is_gpe {
        let flags = tvb.u8(0)?;
        let line = d.open(FLAGS, tvb, 0, 1, Value::Uint(flags.into()));
        d.text(line, || format!("Flags: 0x{flags:02x}"));
        for field in [VER, I_BIT, P_BIT, O_BIT] {
            d.bits(field, tvb, 0, 1, flags.into());
        }
        let reserved = (flags & 0xc0) >> 6 << 1 | flags >> 1 & 1;
        let line = d.add(FLAGS_RESERVED, tvb, 0, 1, Value::Uint(reserved.into()));
        d.text(line, || format!("Reserved(R): {reserved}"));
        d.close();
        d.uint(RESERVED_16, tvb, 1, 2)?;
        d.uint(NEXT_PROTO, tvb, 3, 1)?
    } else {
        let flags = tvb.u16(0)?;
        let line = d.open(FLAGS, tvb, 0, 2, Value::Uint(flags.into()));
        d.append_text(line, || {
            let names = [
                (0x8000, "GBP Extension"),
                (0x0800, "VXLAN Network ID (VNI)"),
                (0x0040, "Don't Learn"),
                (0x0008, "Policy Applied"),
            ];
            names.iter().filter(|row| flags & row.0 != 0).map(|row| format!(", {}", row.1)).collect()
        });
        for field in [FLAG_G, FLAG_I, FLAG_D, FLAG_A] {
            d.flag(field, tvb, 0, 2, flags.into());
        }
        if d.wants(FLAGS_RESERVED) {
            d.add(FLAGS_RESERVED, tvb, 0, 2, Value::Uint((flags & 0x77b7).into()));
        }
        d.close();
        d.uint(GBP, tvb, 2, 2)?;
        3
    };
    d.uint(VNI, tvb, 4, 3)?;
    d.uint(RESERVED8, tvb, 7, 1)?;
    d.close();
    nsh::call_next(d, next, tvb.from(HEADER_LEN));
    Ok(())
}
