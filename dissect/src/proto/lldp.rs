//! Link Layer Discovery Protocol (IEEE 802.1AB-2016), with what IEEE 802.1 and 802.3 and the TIA's LLDP-MED (ANSI/TIA-1057)
//! add: which switch port a telephone hangs at, in which VLAN, with how much power.

use crate::ber;
use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::output::value::{colons, hex, printable};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;
use crate::vendors;

fields! { Lldp, "lldp", "Link Layer Discovery Protocol";
    TLV_TYPE = field("lldp.tlv.type", "TLV Type", Uint16, Dec).names(Names::Values(TYPES)).mask(0xfe00);
    TLV_LEN = field("lldp.tlv.len", "TLV Length", Uint16, Dec).mask(0x1ff);
    CHASSIS_SUBTYPE = field("lldp.chassis.subtype", "Chassis Id Subtype", Uint8, Dec).names(Names::Values(CHASSIS));
    CHASSIS_ID = field("lldp.chassis.id", "Chassis Id", Bytes, None);
    CHASSIS_ID_MAC = field("lldp.chassis.id.mac", "Chassis Id", Ether, None);
    CHASSIS_ID_IP4 = field("lldp.chassis.id.ip4", "Chassis Id", Ipv4, None);
    CHASSIS_ID_IP6 = field("lldp.chassis.id.ip6", "Chassis Id", Ipv6, None);
    NETWORK_ADDRESS_SUBTYPE = field("lldp.network_address.subtype", "Network Address family", Uint8, Dec).names(Names::Values(FAMILIES));
    PORT_SUBTYPE = field("lldp.port.subtype", "Port Id Subtype", Uint8, Dec).names(Names::Values(PORTS));
    PORT_ID = field("lldp.port.id", "Port Id", String, None);
    PORT_ID_MAC = field("lldp.port.id.mac", "Port Id", Ether, None);
    PORT_ID_IP4 = field("lldp.port.id.ip4", "Port Id", Ipv4, None);
    PORT_ID_IP6 = field("lldp.port.id.ip6", "Port Id", Ipv6, None);
    TIME_TO_LIVE = field("lldp.time_to_live", "Seconds", Uint16, Dec);
    PORT_DESC = field("lldp.port.desc", "Port Description", String, None);
    TLV_SYSTEM_NAME = field("lldp.tlv.system.name", "System Name", String, None);
    TLV_SYSTEM_DESC = field("lldp.tlv.system.desc", "System Description", String, None);
    TLV_SYSTEM_CAP = field("lldp.tlv.system_cap", "Capabilities", Uint16, Hex);
    TLV_SYSTEM_CAP_OTHER = field("lldp.tlv.system_cap.other", "Other", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x1);
    TLV_SYSTEM_CAP_REPEATER = field("lldp.tlv.system_cap.repeater", "Repeater", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x2);
    TLV_SYSTEM_CAP_BRIDGE = field("lldp.tlv.system_cap.bridge", "Bridge", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x4);
    TLV_SYSTEM_CAP_WLAN_ACCESS_PT = field("lldp.tlv.system_cap.wlan_access_pt", "WLAN access point", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x8);
    TLV_SYSTEM_CAP_ROUTER = field("lldp.tlv.system_cap.router", "Router", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x10);
    TLV_SYSTEM_CAP_TELEPHONE = field("lldp.tlv.system_cap.telephone", "Telephone", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x20);
    TLV_SYSTEM_CAP_DOCSIS_CABLE_DEVICE = field("lldp.tlv.system_cap.docsis_cable_device", "DOCSIS cable device", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x40);
    TLV_SYSTEM_CAP_STATION_ONLY = field("lldp.tlv.system_cap.station_only", "Station only", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x80);
    TLV_ENABLE_SYSTEM_CAP = field("lldp.tlv.enable_system_cap", "Enabled Capabilities", Uint16, Hex);
    TLV_ENABLE_SYSTEM_CAP_OTHER = field("lldp.tlv.enable_system_cap.other", "Other", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x1);
    TLV_ENABLE_SYSTEM_CAP_REPEATER = field("lldp.tlv.enable_system_cap.repeater", "Repeater", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x2);
    TLV_ENABLE_SYSTEM_CAP_BRIDGE = field("lldp.tlv.enable_system_cap.bridge", "Bridge", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x4);
    TLV_ENABLE_SYSTEM_CAP_WLAN_ACCESS_PT = field("lldp.tlv.enable_system_cap.wlan_access_pt", "WLAN access point", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x8);
    TLV_ENABLE_SYSTEM_CAP_ROUTER = field("lldp.tlv.enable_system_cap.router", "Router", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x10);
    TLV_ENABLE_SYSTEM_CAP_TELEPHONE = field("lldp.tlv.enable_system_cap.telephone", "Telephone", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x20);
    TLV_ENABLE_SYSTEM_CAP_DOCSIS_CABLE_DEVICE = field("lldp.tlv.enable_system_cap.docsis_cable_device", "DOCSIS cable device", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x40);
    TLV_ENABLE_SYSTEM_CAP_STATION_ONLY = field("lldp.tlv.enable_system_cap.station_only", "Station only", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x80);
    MGN_ADDRESS_LEN = field("lldp.mgn.address.len", "Address String Length", Uint8, Dec);
    MGN_ADDRESS_SUBTYPE = field("lldp.mgn.address.subtype", "Address Subtype", Uint8, Dec).names(Names::Values(FAMILIES));
    MGN_ADDR_IP4 = field("lldp.mgn.addr.ip4", "Management Address", Ipv4, None);
    MGN_ADDR_IP6 = field("lldp.mgn.addr.ip6", "Management Address", Ipv6, None);
    MGN_ADDR_HEX = field("lldp.mgn.addr.hex", "Management Address", Bytes, None);
    MGN_INTERFACE_SUBTYPE = field("lldp.mgn.interface.subtype", "Interface Subtype", Uint8, Dec).names(Names::Values(INTERFACES));
    MGN_INTERFACE_NUMBER = field("lldp.mgn.interface.number", "Interface Number", Uint32, Dec);
    MGN_OBJ_LEN = field("lldp.mgn.obj.len", "OID String Length", Uint8, Dec);
    MGN_OBJ_ID = field("lldp.mgn.obj.id", "Object Identifier", Oid, None);
    ORGTLV_OUI = field("lldp.orgtlv.oui", "Organization Unique Code", Uint24, Dec);
    DOT1_SUBTYPE = field("lldp.ieee.802_1.subtype", "IEEE 802.1 Subtype", Uint8, Hex).names(Names::Values(DOT1_SUBTYPES));
    DOT1_PORT_VLAN_ID = field("lldp.ieee.802_1.port_vlan.id", "Port VLAN Identifier", Uint16, DecHex);
    DOT1_PORT_AND_VLAN_ID_FLAG = field("lldp.ieee.802_1.port_and_vlan_id_flag", "Flags", Uint8, Hex);
    DOT1_PORT_AND_VLAN_ID_FLAG_SUPPORTED = field("lldp.ieee.802_1.port_and_vlan_id_flag.supported", "Port and Protocol VLAN", Boolean, None).names(Names::Flag("Supported", "Not supported")).mask(0x2);
    DOT1_PORT_AND_VLAN_ID_FLAG_ENABLED = field("lldp.ieee.802_1.port_and_vlan_id_flag.enabled", "Port and Protocol VLAN", Boolean, None).names(Names::Flag("Enabled", "Disabled")).mask(0x4);
    DOT1_PORT_PROTO_VLAN_ID = field("lldp.ieee.802_1.port_proto_vlan.id", "Port and Protocol VLAN Identifier", Uint16, DecHex);
    DOT1_VLAN_ID = field("lldp.ieee.802_1.vlan.id", "VLAN Identifier", Uint16, DecHex);
    DOT1_VLAN_NAME_LEN = field("lldp.ieee.802_1.vlan.name_len", "VLAN Name Length", Uint8, Dec);
    DOT1_VLAN_NAME = field("lldp.ieee.802_1.vlan.name", "VLAN Name", String, None);
    DOT3_SUBTYPE = field("lldp.ieee.802_3.subtype", "IEEE 802.3 Subtype", Uint8, Hex).names(Names::Values(DOT3_SUBTYPES));
    DOT3_MAC_PHY_AUTO_NEG_STATUS = field("lldp.ieee.802_3.mac_phy_auto_neg_status", "Auto-Negotiation Support/Status", Uint8, Hex);
    DOT3_MAC_PHY_AUTO_NEG_STATUS_SUPPORTED = field("lldp.ieee.802_3.mac_phy_auto_neg_status.supported", "Auto-Negotiation", Boolean, None).names(Names::Flag("Supported", "Not supported")).mask(0x1);
    DOT3_MAC_PHY_AUTO_NEG_STATUS_ENABLED = field("lldp.ieee.802_3.mac_phy_auto_neg_status.enabled", "Auto-Negotiation", Boolean, None).names(Names::Flag("Enabled", "Disabled")).mask(0x2);
    DOT3_CAPS = field("lldp.ieee.802_3.pmd_auto_neg_advertised_caps", "PMD Auto-Negotiation Advertised Capability", Uint16, Hex);
    DOT3_CAPS_1000BASE_TFD = field("lldp.ieee.802_3.pmd_auto_neg_advertised_caps.1000base_tfd", "1000BASE-T (full duplex mode)", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x1);
    DOT3_CAPS_1000BASE_T = field("lldp.ieee.802_3.pmd_auto_neg_advertised_caps.1000base_t", "1000BASE-T (half duplex mode)", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x2);
    DOT3_CAPS_1000BASE_XFD = field("lldp.ieee.802_3.pmd_auto_neg_advertised_caps.1000base_xfd", "1000BASE-X (-LX, -SX, -CX full duplex mode)", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x4);
    DOT3_CAPS_1000BASE_X = field("lldp.ieee.802_3.pmd_auto_neg_advertised_caps.1000base_x", "1000BASE-X (-LX, -SX, -CX half duplex mode)", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x8);
    DOT3_CAPS_FDX_BPAUSE = field("lldp.ieee.802_3.pmd_auto_neg_advertised_caps.fdx_bpause", "Asymmetric and Symmetric PAUSE (for full-duplex links)", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x10);
    DOT3_CAPS_FDX_SPAUSE = field("lldp.ieee.802_3.pmd_auto_neg_advertised_caps.fdx_spause", "Symmetric PAUSE (for full-duplex links)", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x20);
    DOT3_CAPS_FDX_APAUSE = field("lldp.ieee.802_3.pmd_auto_neg_advertised_caps.fdx_apause", "Asymmetric PAUSE (for full-duplex links)", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x40);
    DOT3_CAPS_FDX_PAUSE = field("lldp.ieee.802_3.pmd_auto_neg_advertised_caps.fdx_pause", "PAUSE (for full-duplex links)", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x80);
    DOT3_CAPS_100BASE_T2FD = field("lldp.ieee.802_3.pmd_auto_neg_advertised_caps.100base_t2fd", "100BASE-T2 (full duplex mode)", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x100);
    DOT3_CAPS_100BASE_T2 = field("lldp.ieee.802_3.pmd_auto_neg_advertised_caps.100base_t2", "100BASE-T2 (half duplex mode)", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x200);
    DOT3_CAPS_100BASE_TXFD = field("lldp.ieee.802_3.pmd_auto_neg_advertised_caps.100base_txfd", "100BASE-TX (full duplex mode)", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x400);
    DOT3_CAPS_100BASE_TX = field("lldp.ieee.802_3.pmd_auto_neg_advertised_caps.100base_tx", "100BASE-TX (half duplex mode)", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x800);
    DOT3_CAPS_100BASE_T4 = field("lldp.ieee.802_3.pmd_auto_neg_advertised_caps.100base_t4", "100BASE-T4", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x1000);
    DOT3_CAPS_10BASE_TFD = field("lldp.ieee.802_3.pmd_auto_neg_advertised_caps.10base_tfd", "10BASE-T (full duplex mode)", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x2000);
    DOT3_CAPS_10BASE_T = field("lldp.ieee.802_3.pmd_auto_neg_advertised_caps.10base_t", "10BASE-T (half duplex mode)", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x4000);
    DOT3_CAPS_OTHER = field("lldp.ieee.802_3.pmd_auto_neg_advertised_caps.other", "Other or unknown", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x8000);
    DOT3_INV_1000BASE_TFD = field("lldp.ieee.802_3.pmd_auto_neg_advertised_caps_inv.1000base_tfd", "1000BASE-T (full duplex mode)", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x8000);
    DOT3_INV_1000BASE_T = field("lldp.ieee.802_3.pmd_auto_neg_advertised_caps_inv.1000base_t", "1000BASE-T (half duplex mode)", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x4000);
    DOT3_INV_1000BASE_XFD = field("lldp.ieee.802_3.pmd_auto_neg_advertised_caps_inv.1000base_xfd", "1000BASE-X (-LX, -SX, -CX full duplex mode)", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x2000);
    DOT3_INV_1000BASE_X = field("lldp.ieee.802_3.pmd_auto_neg_advertised_caps_inv.1000base_x", "1000BASE-X (-LX, -SX, -CX half duplex mode)", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x1000);
    DOT3_INV_FDX_BPAUSE = field("lldp.ieee.802_3.pmd_auto_neg_advertised_caps_inv.fdx_bpause", "Asymmetric and Symmetric PAUSE (for full-duplex links)", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x800);
    DOT3_INV_FDX_SPAUSE = field("lldp.ieee.802_3.pmd_auto_neg_advertised_caps_inv.fdx_spause", "Symmetric PAUSE (for full-duplex links)", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x400);
    DOT3_INV_FDX_APAUSE = field("lldp.ieee.802_3.pmd_auto_neg_advertised_caps_inv.fdx_apause", "Asymmetric PAUSE (for full-duplex links)", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x200);
    DOT3_INV_FDX_PAUSE = field("lldp.ieee.802_3.pmd_auto_neg_advertised_caps_inv.fdx_pause", "PAUSE (for full-duplex links)", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x100);
    DOT3_INV_100BASE_T2FD = field("lldp.ieee.802_3.pmd_auto_neg_advertised_caps_inv.100base_t2fd", "100BASE-T2 (full duplex mode)", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x80);
    DOT3_INV_100BASE_T2 = field("lldp.ieee.802_3.pmd_auto_neg_advertised_caps_inv.100base_t2", "100BASE-T2 (half duplex mode)", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x40);
    DOT3_INV_100BASE_TXFD = field("lldp.ieee.802_3.pmd_auto_neg_advertised_caps_inv.100base_txfd", "100BASE-TX (full duplex mode)", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x20);
    DOT3_INV_100BASE_TX = field("lldp.ieee.802_3.pmd_auto_neg_advertised_caps_inv.100base_tx", "100BASE-TX (half duplex mode)", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x10);
    DOT3_INV_100BASE_T4 = field("lldp.ieee.802_3.pmd_auto_neg_advertised_caps_inv.100base_t4", "100BASE-T4", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x8);
    DOT3_INV_10BASE_TFD = field("lldp.ieee.802_3.pmd_auto_neg_advertised_caps_inv.10base_tfd", "10BASE-T (full duplex mode)", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x4);
    DOT3_INV_10BASE_T = field("lldp.ieee.802_3.pmd_auto_neg_advertised_caps_inv.10base_t", "10BASE-T (half duplex mode)", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x2);
    DOT3_INV_OTHER = field("lldp.ieee.802_3.pmd_auto_neg_advertised_caps_inv.other", "Other or unknown", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x1);
    DOT3_PMD_MAU_TYPE = field("lldp.ieee.802_3.pmd_mau_type", "Operational MAU Type", Uint16, Hex).names(Names::Values(MAU_TYPES));
    DOT3_MDI_POWER_SUPPORT = field("lldp.ieee.802_3.mdi_power_support", "MDI Power Support", Uint8, Hex);
    DOT3_MDI_POWER_SUPPORT_PORT_CLASS = field("lldp.ieee.802_3.mdi_power_support.port_class", "Port Class", Boolean, None).names(Names::Flag("PSE", "PD")).mask(0x1);
    DOT3_MDI_POWER_SUPPORT_SUPPORTED = field("lldp.ieee.802_3.mdi_power_support.supported", "PSE MDI Power", Boolean, None).names(Names::Flag("Supported", "Not supported")).mask(0x2);
    DOT3_MDI_POWER_SUPPORT_ENABLED = field("lldp.ieee.802_3.mdi_power_support.enabled", "PSE MDI Power", Boolean, None).names(Names::Flag("Enabled", "Disabled")).mask(0x4);
    DOT3_MDI_POWER_SUPPORT_PSE_PAIRS = field("lldp.ieee.802_3.mdi_power_support.pse_pairs", "PSE Pairs Control Ability", Boolean, None).names(Names::Flag("Yes", "No")).mask(0x8);
    DOT3_MDI_PSE_PAIR = field("lldp.ieee.802_3.mdi_pse_pair", "PSE Power Pair", Uint8, Dec);
    DOT3_MDI_POWER_CLASS = field("lldp.ieee.802_3.mdi_power_class", "Power Class", Uint8, Dec).names(Names::Values(POWER_CLASSES));
    DOT3_MDI_POWER_TYPE = field("lldp.ieee.802_3.mdi_power_type", "Power Type", Uint8, Dec).names(Names::Values(POWER_TYPES)).mask(0xc0);
    DOT3_MDI_POWER_SOURCE = field("lldp.ieee.802_3.mdi_power_source", "Power Source", Uint8, Dec).mask(0x30);
    DOT3_MDI_POWER_PRIORITY = field("lldp.ieee.802_3.mdi_power_priority", "Power Priority", Uint8, Dec).names(Names::Values(PRIORITIES)).mask(0xf);
    DOT3_MDI_PDE_REQUESTED = field("lldp.ieee.802_3.mdi_pde_requested", "PD Requested Power Value", Uint16, Dec);
    DOT3_MDI_PSE_ALLOCATED = field("lldp.ieee.802_3.mdi_pse_allocated", "PSE Allocated Power Value", Uint16, Dec);
    DOT3_AGGREGATION_STATUS = field("lldp.ieee.802_3.aggregation_status", "Aggregation Status", Uint8, Hex);
    DOT3_AGGREGATION_STATUS_CAP = field("lldp.ieee.802_3.aggregation_status.cap", "Aggregation Capability", Boolean, None).names(Names::Flag("Yes", "No")).mask(0x1);
    DOT3_AGGREGATION_STATUS_ENABLED = field("lldp.ieee.802_3.aggregation_status.enabled", "Aggregation Status", Boolean, None).names(Names::Flag("Enabled", "Disabled")).mask(0x2);
    DOT3_AGGREGATED_PORT_ID = field("lldp.ieee.802_3.aggregated_port_id", "Aggregated Port Id", Uint32, Dec);
    DOT3_MAX_FRAME_SIZE = field("lldp.ieee.802_3.max_frame_size", "Maximum Frame Size", Uint16, Dec);
    MEDIA_SUBTYPE = field("lldp.media.subtype", "Media Subtype", Uint8, Hex).names(Names::Values(MEDIA_SUBTYPES));
    MEDIA_SUBTYPE_CAPS = field("lldp.media.subtype.caps", "Capabilities", Uint16, Hex);
    MEDIA_SUBTYPE_CAPS_LLPD = field("lldp.media.subtype.caps.llpd", "LLDP-MED Capabilities", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x1);
    MEDIA_SUBTYPE_CAPS_NETWORK_POLICY = field("lldp.media.subtype.caps.network_policy", "Network Policy", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x2);
    MEDIA_SUBTYPE_CAPS_LOCATION_ID = field("lldp.media.subtype.caps.location_id", "Location Identification", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x4);
    MEDIA_SUBTYPE_CAPS_MDI_PSE = field("lldp.media.subtype.caps.mdi_pse", "Extended Power via MDI-PSE", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x8);
    MEDIA_SUBTYPE_CAPS_MID_PD = field("lldp.media.subtype.caps.mid_pd", "Extended Power via MDI-PD", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x10);
    MEDIA_SUBTYPE_CAPS_INVENTORY = field("lldp.media.subtype.caps.inventory", "Inventory", Boolean, None).names(Names::Flag("Capable", "Not capable")).mask(0x20);
    MEDIA_SUBTYPE_CLASS = field("lldp.media.subtype.class", "Class Type", Uint8, Dec).names(Names::Values(MEDIA_CLASSES));
    MEDIA_APP_TYPE = field("lldp.media.app_type", "Application Type", Uint8, Dec).names(Names::Values(APPLICATIONS));
    MEDIA_POLICY_FLAG = field("lldp.media.policy_flag", "Policy", Boolean, None).names(Names::Flag("Unknown", "Defined")).mask(0x800000);
    MEDIA_TAG_FLAG = field("lldp.media.tag_flag", "Tagged", Boolean, None).names(Names::Flag("Yes", "No")).mask(0x400000);
    MEDIA_VLAN_ID = field("lldp.media.vlan_id", "VLAN Id", Uint24, Dec).mask(0x1ffe00);
    MEDIA_L2_PRIO = field("lldp.media.l2_prio", "L2 Priority", Uint24, Dec).mask(0x1c0);
    MEDIA_DSCP = field("lldp.media.dscp", "DSCP Priority", Uint24, Dec).mask(0x3f);
    MEDIA_LOC_DATA_FORMAT = field("lldp.media.loc.data_format", "Location Data Format", Uint8, Dec).names(Names::Values(FORMATS));
    MEDIA_ECS = field("lldp.media.ecs", "ELIN", String, None);
    MEDIA_POWER_TYPE = field("lldp.media.power.type", "Power Type", Uint8, Dec).names(Names::Values(MEDIA_POWER_TYPES)).mask(0xc0);
    MEDIA_POWER_SOURCE = field("lldp.media.power.source", "Power Source", Uint8, Dec).mask(0x30);
    MEDIA_POWER_PRIO = field("lldp.media.power.prio", "Power Priority", Uint8, Dec).names(Names::Values(PRIORITIES)).mask(0xf);
    MEDIA_POWER_VALUE = field("lldp.media.power.value", "Power Value", Uint16, Dec);
    MEDIA_HARDWARE = field("lldp.media.hardware", "Hardware Revision", String, None);
    MEDIA_FIRMWARE = field("lldp.media.firmware", "Firmware Revision", String, None);
    MEDIA_SOFTWARE = field("lldp.media.software", "Software Revision", String, None);
    MEDIA_SN = field("lldp.media.sn", "Serial Number", String, None);
    MEDIA_MANUFACTURER = field("lldp.media.manufacturer", "Manufacturer Name", String, None);
    MEDIA_MODEL = field("lldp.media.model", "Model Name", String, None);
    MEDIA_ASSET = field("lldp.media.asset", "Asset ID", String, None);
    UNKNOWN_SUBTYPE = field("lldp.unknown_subtype", "Unknown Subtype", Uint8, Dec);
    UNKNOWN_SUBTYPE_CONTENT = field("lldp.unknown_subtype.content", "Unknown Subtype Content", Bytes, None);
    DEPRECATED = expert("lldp.tlv_deprecated", "TLV has been deprecated", Warning, Protocol);
    BAD_TYPE = expert("lldp.bad_type", "Incorrect type", Error, Malformed);
    INCORRECT_LENGTH = expert("lldp.incorrect_length", "Invalid length, too short", Warning, Malformed);
}

const TYPES: &[(u64, &str)] = &[
    (0, "End of LLDPDU"),
    (1, "Chassis Id"),
    (2, "Port Id"),
    (3, "Time to Live"),
    (4, "Port Description"),
    (5, "System Name"),
    (6, "System Description"),
    (7, "System Capabilities"),
    (8, "Management Address"),
    (127, "Organization Specific"),
];
/// IEEE 802.1AB, tables 8-2 and 8-3.
const CHASSIS: &[(u64, &str)] = &[
    (0, "Reserved"),
    (1, "Chassis component"),
    (2, "Interface alias"),
    (3, "Port component"),
    (4, "MAC address"),
    (5, "Network address"),
    (6, "Interface name"),
    (7, "Locally assigned"),
];
const PORTS: &[(u64, &str)] = &[
    (0, "Reserved"),
    (1, "Interface alias"),
    (2, "Port component"),
    (3, "MAC address"),
    (4, "Network address"),
    (5, "Interface name"),
    (6, "Agent circuit Id"),
    (7, "Locally assigned"),
];
/// IANA "Address Family Numbers", the first ones.
const FAMILIES: &[(u64, &str)] = &[
    (0, "Reserved"),
    (1, "IPv4"),
    (2, "IPv6"),
    (3, "NSAP"),
    (4, "HDLC (8-bit multidrop)"),
    (5, "BBN 1822"),
    (6, "802 (includes all 802 media plus Ethernet)"),
    (7, "E.163"),
    (8, "E.164 (SMDS, Frame Relay, ATM)"),
];
const INTERFACES: &[(u64, &str)] = &[(1, "Unknown"), (2, "ifIndex"), (3, "System port number")];
const DOT1_SUBTYPES: &[(u64, &str)] = &[
    (1, "Port VLAN ID"),
    (2, "Port and Protocol VLAN ID"),
    (3, "VLAN Name"),
    (4, "Protocol Identity"),
    (5, "VID Usage Digest"),
    (6, "Management VID"),
    (7, "Link Aggregation"),
    (8, "Congestion Notification"),
    (9, "ETS Configuration"),
    (10, "ETS Recommendation"),
    (11, "Priority Flow Control Configuration"),
    (12, "Application Protocol"),
    (13, "EVB"),
    (14, "CDCP"),
    (15, "Port extension"),
    (16, "Application VLAN"),
];
const DOT3_SUBTYPES: &[(u64, &str)] = &[
    (1, "MAC/PHY Configuration/Status"),
    (2, "Power Via MDI"),
    (3, "Link Aggregation"),
    (4, "Maximum Frame Size"),
    (5, "EEE (Energy-Efficient Ethernet)"),
    (7, "IEEE 802.3br Additional Ethernet capabilities"),
];
/// RFC 4836: the types that are met today.
const MAU_TYPES: &[(u64, &str)] = &[
    (0, "other or unknown"),
    (5, "10BaseT - UTP MAU"),
    (10, "10BaseTHD - UTP MAU, half duplex mode"),
    (11, "10BaseTFD - UTP MAU, full duplex mode"),
    (15, "100BaseTXHD - 2 pair category 5 UTP, half duplex mode"),
    (16, "100BaseTXFD - 2 pair category 5 UTP, full duplex mode"),
    (17, "100BaseFXHD - X fiber over PMT, half duplex mode"),
    (18, "100BaseFXFD - X fiber over PMT, full duplex mode"),
    (21, "1000BaseXHD - PCS/PMA, unknown PMD, half duplex mode"),
    (22, "1000BaseXFD - PCS/PMA, unknown PMD, full duplex mode"),
    (29, "1000BaseTHD - Four-pair Category 5 UTP, half duplex mode"),
    (30, "1000BaseTFD - Four-pair Category 5 UTP, full duplex mode"),
    (35, "10GigBaseLR - R fiber over 1310 nm optics"),
    (36, "10GigBaseSR - R fiber over 850 nm optics"),
];
const POWER_CLASSES: &[(u64, &str)] = &[(1, "0"), (2, "1"), (3, "2"), (4, "3"), (5, "4")];
const POWER_TYPES: &[(u64, &str)] =
    &[(0, "Type 2 PSE Device"), (1, "Type 2 PD Device"), (2, "Type 1 PSE Device"), (3, "Type 1 PD Device")];
const PRIORITIES: &[(u64, &str)] = &[(0, "Unknown"), (1, "Critical"), (2, "High"), (3, "Low")];
/// ANSI/TIA-1057, 10.
const MEDIA_SUBTYPES: &[(u64, &str)] = &[
    (1, "Media Capabilities"),
    (2, "Network Policy"),
    (3, "Location Identification"),
    (4, "Extended Power-via-MDI"),
    (5, "Inventory - Hardware Revision"),
    (6, "Inventory - Firmware Revision"),
    (7, "Inventory - Software Revision"),
    (8, "Inventory - Serial Number"),
    (9, "Inventory - Manufacturer Name"),
    (10, "Inventory - Model Name"),
    (11, "Inventory - Asset ID"),
];
const MEDIA_CLASSES: &[(u64, &str)] = &[
    (0, "Type Not Defined"),
    (1, "Endpoint Class I"),
    (2, "Endpoint Class II"),
    (3, "Endpoint Class III"),
    (4, "Network Connectivity"),
];
const APPLICATIONS: &[(u64, &str)] = &[
    (0, "Reserved"),
    (1, "Voice"),
    (2, "Voice Signaling"),
    (3, "Guest Voice"),
    (4, "Guest Voice Signaling"),
    (5, "Softphone Voice"),
    (6, "Video Conferencing"),
    (7, "Streaming Video"),
    (8, "Video Signaling"),
];
const FORMATS: &[(u64, &str)] =
    &[(0, "Invalid "), (1, "Coordinate-based LCI"), (2, "Civic Address LCI"), (3, "ECS ELIN")];
const MEDIA_POWER_TYPES: &[(u64, &str)] = &[(0, "PSE Device"), (1, "PD Device"), (2, "PSE Device"), (3, "PD Device")];

const OUI_802_1: u32 = 0x00_80c2;
const OUI_802_3: u32 = 0x00_120f;
const OUI_MEDIA: u32 = 0x00_12bb;

/// What Wireshark takes for the trailer of a frame begins so many octets before its elements end.
const UNCOUNTED: usize = 3;
/// How many elements one frame may show.
pub(crate) const MAX_ELEMENTS: usize = 512;

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample { link_type: 1, frames: SAMPLES }],
    ..Protocol::new(ProtoId::Lldp, "LLDP", &[Binding::EtherType(0x88cc)], dissect)
};

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.begin(PROTO, tvb);
    d.set_protocol("LLDP");
    d.set_info(String::new);
    let mut at = 0;
    let mut has_ended = false;
    for n in 0..MAX_ELEMENTS {
        if at >= tvb.reported() {
            break;
        }
        let head = tvb.u16(at)?;
        let (kind, len) = (head >> 9, usize::from(head & 0x1ff));
        // IEEE 802.1AB, 8.2: chassis, port and time to live come first.
        if n < 3 && usize::from(kind) != n + 1 {
            let name = ["Chassis ID", "Port ID", "Time to Live"].get(n).copied().unwrap_or_default();
            let text = || format!("Invalid {name} (0x{kind:02X}), expected (0x{:02X})", n + 1);
            d.open_text(tvb, at, 2, text);
            d.expert_with(BAD_TYPE, tvb, at, 2, text);
            d.close();
            d.set_info(|| format!("Invalid {name} TLV"));
            break;
        }
        let whole = tvb.exact(at, 2 + len)?;
        element(d, whole, kind)?;
        at += 2 + len;
        if kind == 0 {
            has_ended = true;
            break;
        }
    }
    d.close();
    d.end_payload(tvb, if has_ended { at.saturating_sub(UNCOUNTED) } else { at });
    Ok(())
}

fn head<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let head = tvb.u16(0)?;
    d.bits(TLV_TYPE, tvb, 0, 2, head.into());
    d.bits(TLV_LEN, tvb, 0, 2, head.into());
    Ok(())
}

fn element<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, kind: u16) -> Parsed {
    let len = tvb.reported();
    let value = tvb.from(2);
    let line = d.open_text(tvb, 0, len, || Names::Values(TYPES).of(kind.into()).unwrap_or("Unknown TLV".into()).into());
    if kind != 127 {
        head(d, tvb)?;
    }
    let text = || printable(value.bytes());
    match kind {
        1 => identifier(d, value, line, true)?,
        2 => identifier(d, value, line, false)?,
        3 => {
            let seconds = d.uint(TIME_TO_LIVE, value, 0, 2)?;
            d.text(line, || format!("Time To Live = {seconds} sec"));
            d.append_info(|| format!("{seconds} "));
        }
        4..=6 => {
            let (field, name, info) = match kind {
                4 => (PORT_DESC, "Port Description", None),
                5 => (TLV_SYSTEM_NAME, "System Name", Some("SysN=")),
                _ => (TLV_SYSTEM_DESC, "System Description", Some("SysD=")),
            };
            d.text(line, || format!("{name} = {}", text()));
            d.string(field, value, 0, value.reported());
            if let Some(info) = info {
                d.append_info(|| format!("{info}{} ", text()));
            }
        }
        7 => {
            d.text(line, || "Capabilities".to_owned());
            capabilities(d, value)?;
        }
        8 => management(d, value)?,
        127 => organization(d, tvb, line)?,
        _ => {}
    }
    d.close();
    Ok(())
}

/// Chassis or port (IEEE 802.1AB, 8.5.2 and 8.5.3).
fn identifier<'a>(d: &mut Dissector<'a>, value: Tvb<'a>, line: crate::dissector::Item, is_chassis: bool) -> Parsed {
    let kind = value.u8(0)?;
    let len = value.reported() - 1;
    let (subtype, names, label) =
        if is_chassis { (CHASSIS_SUBTYPE, CHASSIS, "Chassis") } else { (PORT_SUBTYPE, PORTS, "Port") };
    let [id, mac, ip4, ip6] = if is_chassis {
        [CHASSIS_ID, CHASSIS_ID_MAC, CHASSIS_ID_IP4, CHASSIS_ID_IP6]
    } else {
        [PORT_ID, PORT_ID_MAC, PORT_ID_IP4, PORT_ID_IP6]
    };
    let name = Names::Values(names).of(kind.into()).unwrap_or("Unknown".into());
    d.add(subtype, value, 0, 1, Value::Uint(kind.into()));
    let (is_mac, is_network) = if is_chassis { (kind == 4, kind == 5) } else { (kind == 3, kind == 4) };
    let octets = value.bytes().get(1..).unwrap_or_default();
    let shown = if is_mac {
        if len < 6 {
            let text = format!("Invalid {label} ID Length ({len}) for Type ({name}), expected (7)");
            d.text(line, || format!("{label} Subtype = {name}"));
            d.expert_with(INCORRECT_LENGTH, value, 0, 1, || text);
            d.set_info(|| format!("Invalid {label} ID TLV"));
            return Ok(());
        }
        let address: [u8; 6] = value.array(1)?;
        d.add(mac, value, 1, 6, Value::Ether(address));
        colons(&address)
    } else if is_network && len > 0 {
        match d.uint(NETWORK_ADDRESS_SUBTYPE, value, 1, 1)? {
            1 if len >= 5 => {
                let address = value.array(2)?;
                d.add(ip4, value, 2, 4, Value::Ipv4(address));
                std::net::Ipv4Addr::from(address).to_string()
            }
            2 if len >= 17 => {
                let address = value.array(2)?;
                d.add(ip6, value, 2, 16, Value::Ipv6(address));
                crate::dissector::Address::Ipv6(address).to_string()
            }
            _ => {
                d.add(id, value, 2, len - 1, if is_chassis { Value::Bytes } else { Value::Text });
                hex(octets.get(1..).unwrap_or_default())
            }
        }
    } else {
        d.add(id, value, 1, len, if is_chassis { Value::Bytes } else { Value::Text });
        if !is_chassis && kind == 2 { hex(octets) } else { printable(octets) }
    };
    d.text(line, || format!("{label} Subtype = {name}, Id: {shown}"));
    d.append_info(|| {
        let letters: &[&str] = if is_chassis {
            &["", "CC", "IA", "PC", "MA", "NA", "IN", "LA"]
        } else {
            &["", "IA", "PC", "MA", "NA", "IN", "AC", "LA"]
        };
        format!("{}/{shown} ", letters.get(usize::from(kind)).copied().unwrap_or_default())
    });
    Ok(())
}

const CAPABILITIES: [[FieldId; 9]; 2] = [
    [
        TLV_SYSTEM_CAP,
        TLV_SYSTEM_CAP_OTHER,
        TLV_SYSTEM_CAP_REPEATER,
        TLV_SYSTEM_CAP_BRIDGE,
        TLV_SYSTEM_CAP_WLAN_ACCESS_PT,
        TLV_SYSTEM_CAP_ROUTER,
        TLV_SYSTEM_CAP_TELEPHONE,
        TLV_SYSTEM_CAP_DOCSIS_CABLE_DEVICE,
        TLV_SYSTEM_CAP_STATION_ONLY,
    ],
    [
        TLV_ENABLE_SYSTEM_CAP,
        TLV_ENABLE_SYSTEM_CAP_OTHER,
        TLV_ENABLE_SYSTEM_CAP_REPEATER,
        TLV_ENABLE_SYSTEM_CAP_BRIDGE,
        TLV_ENABLE_SYSTEM_CAP_WLAN_ACCESS_PT,
        TLV_ENABLE_SYSTEM_CAP_ROUTER,
        TLV_ENABLE_SYSTEM_CAP_TELEPHONE,
        TLV_ENABLE_SYSTEM_CAP_DOCSIS_CABLE_DEVICE,
        TLV_ENABLE_SYSTEM_CAP_STATION_ONLY,
    ],
];

fn capabilities<'a>(d: &mut Dissector<'a>, value: Tvb<'a>) -> Parsed {
    for (n, [whole, bits @ ..]) in CAPABILITIES.into_iter().enumerate() {
        let flags = value.u16(n * 2)?;
        d.open(whole, value, n * 2, 2, Value::Uint(flags.into()));
        for field in bits {
            d.flag(field, value, n * 2, 2, flags.into());
        }
        d.close();
    }
    Ok(())
}

/// IEEE 802.1AB, 8.5.9.
fn management<'a>(d: &mut Dissector<'a>, value: Tvb<'a>) -> Parsed {
    let len = d.uint(MGN_ADDRESS_LEN, value, 0, 1)? as usize;
    let family = d.uint(MGN_ADDRESS_SUBTYPE, value, 1, 1)?;
    let address = value.exact(2, len.checked_sub(1).ok_or(Stop::Malformed)?)?;
    match (family, address.reported()) {
        (1, 4) => drop(d.add(MGN_ADDR_IP4, address, 0, 4, Value::Ipv4(address.array(0)?))),
        (2, 16) => drop(d.add(MGN_ADDR_IP6, address, 0, 16, Value::Ipv6(address.array(0)?))),
        (_, len) => drop(d.bytes(MGN_ADDR_HEX, address, 0, len)),
    }
    let at = 1 + len;
    d.uint(MGN_INTERFACE_SUBTYPE, value, at, 1)?;
    d.uint(MGN_INTERFACE_NUMBER, value, at + 1, 4)?;
    let len = d.uint(MGN_OBJ_LEN, value, at + 5, 1)? as usize;
    if len > 0 {
        let object = value.exact(at + 6, len)?;
        let line = d.bytes(MGN_OBJ_ID, object, 0, len);
        d.text(line, || format!("Object Identifier: {}", ber::oid_with_root(object.bytes())));
    }
    Ok(())
}

fn organization<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, line: crate::dissector::Item) -> Parsed {
    let (oui, subtype) = (tvb.u24(2)?, tvb.u8(5)?);
    let [_, a, b, c] = oui.to_be_bytes();
    let known = match oui {
        OUI_802_1 => Some(("IEEE", DOT1_SUBTYPES, DOT1_SUBTYPE)),
        OUI_802_3 => Some(("Ieee 802.3", DOT3_SUBTYPES, DOT3_SUBTYPE)),
        OUI_MEDIA => Some(("Telecommunications Industry Association TR-41 Committee", MEDIA_SUBTYPES, MEDIA_SUBTYPE)),
        _ => None,
    };
    d.text(line, || match known {
        Some((owner, names, _)) => match Names::Values(names).of(subtype.into()) {
            Some(name) => format!("{owner} - {name}"),
            None => format!("{owner} - Unknown subtype 0x{subtype:x}"),
        },
        None => format!("{} - Unknown ({subtype})", vendors::name([a, b, c]).unwrap_or("Unknown")),
    });
    head(d, tvb)?;
    let oui_line = d.add(ORGTLV_OUI, tvb, 2, 3, Value::Uint(oui.into()));
    d.text(oui_line, || {
        let name = known.map(|row| row.0).or_else(|| vendors::name([a, b, c]));
        let name = name.map_or_else(String::new, |name| format!(" ({name})"));
        format!("Organization Unique Code: {a:02x}:{b:02x}:{c:02x}{name}")
    });
    let value = tvb.from(6);
    let Some((.., field)) = known else {
        d.add(UNKNOWN_SUBTYPE, tvb, 5, 1, Value::Uint(subtype.into()));
        if !value.is_empty() {
            d.bytes(UNKNOWN_SUBTYPE_CONTENT, value, 0, value.reported());
        }
        return Ok(());
    };
    d.open(field, tvb, 5, 1, Value::Uint(subtype.into()));
    if oui == OUI_802_3 && subtype == 3 {
        d.expert(DEPRECATED, tvb, 5, 1);
    }
    d.close();
    match oui {
        OUI_802_1 => dot1(d, subtype, value),
        OUI_802_3 => dot3(d, subtype, value),
        _ => media(d, subtype, value),
    }
}

/// A VLAN's number in both bases.
fn vlan<'a>(d: &mut Dissector<'a>, field: FieldId, value: Tvb<'a>, at: usize) -> Parsed {
    let id = value.u16(at)?;
    let line = d.add(field, value, at, 2, Value::Uint(id.into()));
    d.text(line, || format!("{}: {id} (0x{id:04x})", crate::registry::field(field).label));
    Ok(())
}

/// IEEE 802.1Q-2018, annex D.
fn dot1<'a>(d: &mut Dissector<'a>, subtype: u8, value: Tvb<'a>) -> Parsed {
    match subtype {
        1 => vlan(d, DOT1_PORT_VLAN_ID, value, 0)?,
        2 => {
            let flags = value.u8(0)?;
            d.open(DOT1_PORT_AND_VLAN_ID_FLAG, value, 0, 1, Value::Uint(flags.into()));
            d.flag(DOT1_PORT_AND_VLAN_ID_FLAG_SUPPORTED, value, 0, 1, flags.into());
            d.flag(DOT1_PORT_AND_VLAN_ID_FLAG_ENABLED, value, 0, 1, flags.into());
            d.close();
            vlan(d, DOT1_PORT_PROTO_VLAN_ID, value, 1)?;
        }
        3 => {
            vlan(d, DOT1_VLAN_ID, value, 0)?;
            let len = d.uint(DOT1_VLAN_NAME_LEN, value, 2, 1)? as usize;
            value.slice(3, len)?;
            d.string(DOT1_VLAN_NAME, value, 3, len);
        }
        _ => {}
    }
    Ok(())
}

const ADVERTISED: [FieldId; 16] = [
    DOT3_CAPS_1000BASE_TFD,
    DOT3_CAPS_1000BASE_T,
    DOT3_CAPS_1000BASE_XFD,
    DOT3_CAPS_1000BASE_X,
    DOT3_CAPS_FDX_BPAUSE,
    DOT3_CAPS_FDX_SPAUSE,
    DOT3_CAPS_FDX_APAUSE,
    DOT3_CAPS_FDX_PAUSE,
    DOT3_CAPS_100BASE_T2FD,
    DOT3_CAPS_100BASE_T2,
    DOT3_CAPS_100BASE_TXFD,
    DOT3_CAPS_100BASE_TX,
    DOT3_CAPS_100BASE_T4,
    DOT3_CAPS_10BASE_TFD,
    DOT3_CAPS_10BASE_T,
    DOT3_CAPS_OTHER,
];
/// The same for who sends the bits in the other order.
const INVERSE: [FieldId; 16] = [
    DOT3_INV_1000BASE_TFD,
    DOT3_INV_1000BASE_T,
    DOT3_INV_1000BASE_XFD,
    DOT3_INV_1000BASE_X,
    DOT3_INV_FDX_BPAUSE,
    DOT3_INV_FDX_SPAUSE,
    DOT3_INV_FDX_APAUSE,
    DOT3_INV_FDX_PAUSE,
    DOT3_INV_100BASE_T2FD,
    DOT3_INV_100BASE_T2,
    DOT3_INV_100BASE_TXFD,
    DOT3_INV_100BASE_TX,
    DOT3_INV_100BASE_T4,
    DOT3_INV_10BASE_TFD,
    DOT3_INV_10BASE_T,
    DOT3_INV_OTHER,
];

/// IEEE 802.3-2018, 79.3.
fn dot3<'a>(d: &mut Dissector<'a>, subtype: u8, value: Tvb<'a>) -> Parsed {
    match subtype {
        1 => {
            let status = value.u8(0)?;
            d.open(DOT3_MAC_PHY_AUTO_NEG_STATUS, value, 0, 1, Value::Uint(status.into()));
            d.flag(DOT3_MAC_PHY_AUTO_NEG_STATUS_SUPPORTED, value, 0, 1, status.into());
            d.flag(DOT3_MAC_PHY_AUTO_NEG_STATUS_ENABLED, value, 0, 1, status.into());
            d.close();
            let caps = value.u16(1)?;
            d.open(DOT3_CAPS, value, 1, 2, Value::Uint(caps.into()));
            for field in ADVERTISED {
                d.flag(field, value, 1, 2, caps.into());
            }
            d.close();
            d.open_text(value, 1, 2, || "Same in inverse (wrong) bitorder".to_owned());
            for field in INVERSE {
                d.flag(field, value, 1, 2, caps.into());
            }
            d.close();
            d.uint(DOT3_PMD_MAU_TYPE, value, 3, 2)?;
        }
        2 => power(d, value)?,
        3 => {
            let status = value.u8(0)?;
            d.open(DOT3_AGGREGATION_STATUS, value, 0, 1, Value::Uint(status.into()));
            d.flag(DOT3_AGGREGATION_STATUS_CAP, value, 0, 1, status.into());
            d.flag(DOT3_AGGREGATION_STATUS_ENABLED, value, 0, 1, status.into());
            d.close();
            d.uint(DOT3_AGGREGATED_PORT_ID, value, 1, 4)?;
        }
        4 => drop(d.uint(DOT3_MAX_FRAME_SIZE, value, 0, 2)?),
        _ => {}
    }
    Ok(())
}

/// Tenths of a watt.
fn watts<'a>(d: &mut Dissector<'a>, field: FieldId, value: Tvb<'a>, at: usize) -> Parsed {
    let tenths = value.u16(at)?;
    let line = d.add(field, value, at, 2, Value::Uint(tenths.into()));
    d.text(line, || format!("{}: {}.{}. Watt", crate::registry::field(field).label, tenths / 10, tenths % 10));
    Ok(())
}

/// IEEE 802.3-2018, 79.3.2.
fn power<'a>(d: &mut Dissector<'a>, value: Tvb<'a>) -> Parsed {
    let support = value.u8(0)?;
    d.open(DOT3_MDI_POWER_SUPPORT, value, 0, 1, Value::Uint(support.into()));
    for field in [
        DOT3_MDI_POWER_SUPPORT_PORT_CLASS,
        DOT3_MDI_POWER_SUPPORT_SUPPORTED,
        DOT3_MDI_POWER_SUPPORT_ENABLED,
        DOT3_MDI_POWER_SUPPORT_PSE_PAIRS,
    ] {
        d.flag(field, value, 0, 1, support.into());
    }
    d.close();
    d.uint(DOT3_MDI_PSE_PAIR, value, 1, 1)?;
    d.uint(DOT3_MDI_POWER_CLASS, value, 2, 1)?;
    if value.reported() >= 8 {
        let kind = u64::from(value.u8(3)?);
        d.bits(DOT3_MDI_POWER_TYPE, value, 3, 1, kind);
        let line = d.bits(DOT3_MDI_POWER_SOURCE, value, 3, 1, kind);
        let is_supply = kind >> 6 & 1 == 0;
        source_text(d, line, kind, is_supply);
        d.bits(DOT3_MDI_POWER_PRIORITY, value, 3, 1, kind);
        watts(d, DOT3_MDI_PDE_REQUESTED, value, 4)?;
        watts(d, DOT3_MDI_PSE_ALLOCATED, value, 6)?;
    }
    Ok(())
}

/// Where the power comes from: what the bits mean depends on who says so.
fn source_text(d: &mut Dissector<'_>, line: crate::dissector::Item, octet: u64, is_supply: bool) {
    let source = octet >> 4 & 3;
    let name = match (is_supply, source) {
        (_, 0) => "Unknown",
        (true, 1) => "Primary Power Source",
        (true, 2) => "Backup Power Source",
        (false, 1) => "PSE",
        (false, 2) => "Local",
        (false, 3) => "PSE and Local",
        _ => "Reserved",
    };
    d.text(line, || format!("..{source:02b} .... = Power Source: {source} {name}"));
}

/// ANSI/TIA-1057, 10.2.
fn media<'a>(d: &mut Dissector<'a>, subtype: u8, value: Tvb<'a>) -> Parsed {
    let len = value.reported();
    match subtype {
        1 => {
            let caps = value.u16(0)?;
            d.open(MEDIA_SUBTYPE_CAPS, value, 0, 2, Value::Uint(caps.into()));
            for field in [
                MEDIA_SUBTYPE_CAPS_LLPD,
                MEDIA_SUBTYPE_CAPS_NETWORK_POLICY,
                MEDIA_SUBTYPE_CAPS_LOCATION_ID,
                MEDIA_SUBTYPE_CAPS_MDI_PSE,
                MEDIA_SUBTYPE_CAPS_MID_PD,
                MEDIA_SUBTYPE_CAPS_INVENTORY,
            ] {
                d.flag(field, value, 0, 2, caps.into());
            }
            d.close();
            d.uint(MEDIA_SUBTYPE_CLASS, value, 2, 1)?;
        }
        2 => {
            d.uint(MEDIA_APP_TYPE, value, 0, 1)?;
            let bits = u64::from(value.u24(1)?);
            d.flag(MEDIA_POLICY_FLAG, value, 1, 3, bits);
            d.flag(MEDIA_TAG_FLAG, value, 1, 3, bits);
            for field in [MEDIA_VLAN_ID, MEDIA_L2_PRIO, MEDIA_DSCP] {
                d.bits(field, value, 1, 3, bits);
            }
        }
        3 => {
            const EMERGENCY_NUMBER: u64 = 3;
            if d.uint(MEDIA_LOC_DATA_FORMAT, value, 0, 1)? == EMERGENCY_NUMBER {
                d.string(MEDIA_ECS, value, 1, len - 1);
            }
        }
        4 => {
            let kind = u64::from(value.u8(0)?);
            d.bits(MEDIA_POWER_TYPE, value, 0, 1, kind);
            let line = d.bits(MEDIA_POWER_SOURCE, value, 0, 1, kind);
            source_text(d, line, kind, kind >> 6 & 1 == 0);
            d.bits(MEDIA_POWER_PRIO, value, 0, 1, kind);
            let tenths = value.u16(1)?;
            let line = d.add(MEDIA_POWER_VALUE, value, 1, 2, Value::Uint(tenths.into()));
            d.text(line, || format!("Power Value: {} mW", u32::from(tenths) * 100));
        }
        5..=11 => {
            let fields = [
                MEDIA_HARDWARE,
                MEDIA_FIRMWARE,
                MEDIA_SOFTWARE,
                MEDIA_SN,
                MEDIA_MANUFACTURER,
                MEDIA_MODEL,
                MEDIA_ASSET,
            ];
            if let Some(field) = fields.get(usize::from(subtype) - 5) {
                d.string(*field, value, 0, len);
            }
        }
        _ => {}
    }
    Ok(())
}

const SAMPLES: &[&str] = &[
    "0180c200000e02000000000188cc02070402000000000104050565746830060200780000",
    "0180c200000e02000000000188cc0206076c6f63616c040703020000000001060200000000",
    "0180c200000e02000000000188cc020605010a000001040604010a000001060200010000",
    "0180c200000e02000000000188cc020501636f6d70040601616c696173060200010000",
    "0180c200000e02000000000188cc02040669666e0404076c6f63060200010000",
    "0180c200000e02000000000188cc02070269616c6961730403027063060200010000",
    "0180c200000e02000000000188cc021205020000000000000000000000000000000004120402000000000000000000000000 \
     00000000060200010000",
    "0180c200000e02000000000188cc02070402000000000104050565746830060200780809706f727420646573630a07737973 \
     6e616d650c0873797320646573630e0400240020100e05010a00000102000000010201021018110200000000000000000000 \
     000000000000010000000100100e07060200000000010300000001000000",
    "0180c200000e02000000000188cc0207040200000000010405056574683006020078fe060080c2010005fe070080c2020700 \
     06fe0b0080c203000504766f6970fe080080c20403616263fe090080c2070300000001fe060080c26361620000",
    "0180c200000e02000000000188cc0207040200000000010405056574683006020078fe0900120f01036c01001efe0700120f \
     02070104fe0900120f030300000001fe0600120f0405eefe0c00120f020701045100820082fe0500120f63780000",
    "0180c200000e02000000000188cc0207040200000000010405056574683006020078fe070012bb01003303fe080012bb0201 \
     400aaefe080012bb0202800000fe150012bb030100000000000000000000000000000000fe0d0012bb03020b025553010243 \
     41fe080012bb0303393131fe070012bb04530041fe060012bb056877fe060012bb066677fe060012bb077377fe070012bb08 \
     736572fe070012bb096d616efe070012bb0a6d6f64fe070012bb0b6173730000",
    "0180c200000e02000000000188cc0207040200000000010405056574683006020078fe08000ecf0200000000fe0712345601 \
     616263280261620000",
    "0180c200000e02000000000188cc0207040200000000010405056574683006020078",
    "0180c200000e02000000000188cc0203040200",
    "0180c200000e02000000000188cc0405056574683002070402000000000104050565746830060200780000",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn neighbours_say_who_and_where_they_are() {
        let shown = frames(1, SAMPLES);
        assert_eq!(values(&shown[0], "lldp.chassis.id.mac"), "02:00:00:00:00:01");
        assert_eq!(values(&shown[0], "lldp.port.id"), "eth0");
        assert_eq!(values(&shown[7], "lldp.mgn.obj.id"), "0.1.2");
        assert_eq!(values(&shown[8], "lldp.ieee.802_1.vlan.name"), "voip");
        assert_eq!(values(&shown[10], "lldp.media.vlan_id"), "5,0");
        assert_eq!(values(&shown[10], "lldp.media.dscp"), "46,0");
    }

    #[test]
    fn survives_anything() {
        crate::tests::survives_anything(
            ProtoId::Lldp,
            b"\x02\x07\x04\x02\0\0\0\0\x01\x04\x05\x05eth0\x06\x02\0\x78\x10\x0e\x05\x01\x0a\0\0\x01\x02\0\0\0\x01\x02\x01\x02\0\0",
        );
    }
}
