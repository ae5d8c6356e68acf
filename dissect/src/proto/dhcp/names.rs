//! What the values of DHCP's fields are called (IANA "Dynamic Host Configuration Protocol (DHCP) and Bootstrap Protocol
//! (BOOTP) Parameters").

pub(super) const TYPE_NAMES: &[(u64, &str)] = &[(1, "Boot Request"), (2, "Boot Reply")];

pub(super) const OPTION_DHCP_NAMES: &[(u64, &str)] = &[
    (1, "Discover"),
    (2, "Offer"),
    (3, "Request"),
    (4, "Decline"),
    (5, "ACK"),
    (6, "NAK"),
    (7, "Release"),
    (8, "Inform"),
    (9, "Force Renew"),
    (10, "Lease query"),
    (11, "Lease Unassigned"),
    (12, "Lease Unknown"),
    (13, "Lease Active"),
    (14, "Bulk Lease Query"),
    (15, "Lease Query Done"),
    (16, "Active LeaseQuery"),
    (17, "Lease Query Status"),
    (18, "TLS"),
];

pub(super) const CLIENT_ID_DUID_TYPE_NAMES: &[(u64, &str)] = &[
    (1, "link-layer address plus time"),
    (2, "assigned by vendor based on Enterprise number"),
    (3, "link-layer address"),
];

pub(super) const OPTION_OVERLOAD_NAMES: &[(u64, &str)] = &[
    (1, "Boot file name holds options"),
    (2, "Server host name holds options"),
    (3, "Boot file and server host names hold options"),
];

pub(super) const NETBIOS_OVER_TCPIP_NODE_TYPE_NAMES: &[(u64, &str)] =
    &[(1, "B-node"), (2, "P-node"), (4, "M-node"), (8, "H-node")];

pub(super) const AGENT_SUBOPTION_NAMES: &[(u64, &str)] = &[
    (0, "Padding"),
    (1, "Agent Circuit ID"),
    (2, "Agent Remote ID"),
    (3, "Reserved"),
    (4, "DOCSIS Device Class"),
    (5, "Link selection"),
    (6, "Subscriber ID"),
    (7, "RADIUS Attributes"),
    (8, "Authentication"),
    (9, "Vendor-Specific Information"),
    (10, "Flags"),
    (11, "Server ID Override"),
    (12, "Relay Agent Identifier"),
    (13, "Access Technology Type"),
    (14, "Access Network Name"),
    (15, "Access Point Name"),
    (16, "Access Point BSSID"),
    (17, "Access Network Operator ID"),
    (18, "Access Network Operator Realm"),
    (19, "Source Port"),
    (150, "Link selection (Cisco proprietary)"),
    (151, "VRF name/VPN ID"),
    (152, "Server ID Override (Cisco proprietary)"),
];

pub(super) const PXECLIENT_SUBOPTION_NAMES: &[(u64, &str)] = &[
    (0, "Padding"),
    (1, "PXE mtftp IP"),
    (2, "PXE mtftp client port"),
    (3, "PXE mtftp server port"),
    (4, "PXE mtftp timeout"),
    (5, "PXE mtftp delay"),
    (6, "PXE discovery control"),
    (7, "PXE multicast address"),
    (8, "PXE boot servers"),
    (9, "PXE boot menu"),
    (10, "PXE menu prompt"),
    (11, "PXE multicast address alloc"),
    (12, "PXE credential types"),
    (71, "PXE boot item"),
    (255, "PXE End"),
];

pub(super) const PXECLIENT_BOOT_SERVERS_TYPE_NAMES: &[(u64, &str)] = &[
    (0, "PXE bootstrap server"),
    (1, "Microsoft Windows NT Boot Server"),
    (2, "Intel LCM Boot Server"),
    (3, "DOS/UNDI Boot Server"),
    (4, "NEC ESMPRO Boot Server"),
    (5, "IBM WSoD Boot Server"),
    (6, "IBM LCCM Boot Server"),
    (7, "CA Unicenter TNG Boot Server"),
    (8, "HP OpenView Boot Server"),
    (65535, "PXE API Test server"),
];

pub(super) const PXECLIENT_BOOT_MENU_TYPE_NAMES: &[(u64, &str)] = &[(0, "Local boot")];

pub(super) const SLP_DIRECTORY_AGENT_VALUE_NAMES: &[(u64, &str)] =
    &[(0, "Dynamic Discovery"), (1, "Static Discovery"), (128, "Backwards compatibility")];

pub(super) const SLP_SERVICE_SCOPE_VALUE_NAMES: &[(u64, &str)] = &[(0, "Preferred Scope"), (1, "Mandatory Scope")];

pub(super) const DHCP_AUTHENTICATION_PROTOCOL_NAMES: &[(u64, &str)] =
    &[(0, "configuration token"), (1, "delayed authentication")];

pub(super) const DHCP_AUTHENTICATION_ALG_DELAY_NAMES: &[(u64, &str)] = &[(1, "HMAC_MD5")];

pub(super) const DHCP_AUTHENTICATION_RDM_NAMES: &[(u64, &str)] = &[(0, "Monotonically-increasing counter")];

/// RFC 4578, 2.1, and IANA's "Processor Architecture Types".
pub(super) const CLIENT_SYSTEM_ARCHITECTURE_NAMES: &[(u64, &str)] = &[
    (0, "IA x86 PC"),
    (1, "NEC/PC98"),
    (2, "IA64 PC"),
    (3, "DEC Alpha"),
    (4, "ArcX86"),
    (5, "Intel Lean Client"),
    (6, "EFI IA32"),
    (7, "EFI x64"),
    (8, "EFI Xscale"),
    (9, "EFI BC"),
    (10, "ARM 32-bit UEFI"),
    (11, "ARM 64-bit UEFI"),
    (12, "PowerPC Open Firmware"),
    (13, "PowerPC ePAPR"),
    (14, "POWER OPAL v3"),
    (15, "x86 UEFI HTTP"),
    (16, "x64 UEFI HTTP"),
    (17, "EBC UEFI HTTP"),
    (18, "ARM 32-bit UEFI HTTP"),
    (19, "ARM 64-bit UEFI HTTP"),
    (20, "PC/AT HTTP"),
    (21, "ARM 32-bit uboot"),
    (22, "ARM 64-bit uboot"),
    (23, "ARM 32-bit uboot HTTP"),
    (24, "ARM 64-bit uboot HTTP"),
    (25, "RISC-V 32-bit UEFI"),
    (26, "RISC-V 32-bit UEFI HTTP"),
    (27, "RISC-V 64-bit UEFI"),
    (28, "RISC-V 64-bit UEFI HTTP"),
    (29, "RISC-V 128-bit UEFI"),
    (30, "RISC-V 128-bit UEFI HTTP"),
    (31, "s390 Basic"),
    (32, "s390 Extended"),
];

pub(super) const CIVIC_LOCATION_WHAT_NAMES: &[(u64, &str)] = &[
    (0, "Location of the DHCP server"),
    (1, "Location of the network element believed to be closest to the client"),
    (2, "Location of the client"),
];

/// RFC 4776, 3.4.
pub(super) const CIVIC_LOCATION_CA_TYPE_NAMES: &[(u64, &str)] = &[
    (0, "Language"),
    (1, "A1"),
    (2, "A2"),
    (3, "A3"),
    (4, "A4"),
    (5, "A5"),
    (6, "A6"),
    (16, "PRD (Leading street direction)"),
    (17, "POD (Trailing street suffix)"),
    (18, "STS (Street suffix)"),
    (19, "HNO (House number)"),
    (20, "HNS (House number suffix)"),
    (21, "LMK (Landmark or vanity address)"),
    (22, "LOC (Additional location information)"),
    (23, "NAM"),
    (24, "PC (Postal/ZIP code)"),
    (25, "BLD (Building)"),
    (26, "UNIT"),
    (27, "FLR (Floor)"),
    (28, "ROOM"),
    (29, "PLC (Place-type)"),
    (128, "Script"),
];

pub(super) const DHCP_AUTO_CONFIGURATION_NAMES: &[(u64, &str)] = &[(0, "DoNotAutoConfigure"), (1, "AutoConfigure")];

pub(super) const SIP_SERVER_ENCODING_NAMES: &[(u64, &str)] = &[(0, "Fully Qualified Domain Name"), (1, "IPv4 Address")];

/// Broadband Forum TR-111.
pub(super) const VI_TR111_SUBOPTION_NAMES: &[(u64, &str)] = &[
    (1, "DeviceManufacturerOUI"),
    (2, "DeviceSerialNumber"),
    (3, "DeviceProductClass"),
    (4, "GatewayManufacturerOUI"),
    (5, "GatewaySerialNumber"),
    (6, "GatewayProductClass"),
];

pub(super) const FORCERENEW_NONCE_ALGORITHM_NAMES: &[(u64, &str)] = &[(1, "HMAC-MD5")];

/// RFC 2937, 2.
pub(super) const NAME_SERVICES: &[(u64, &str)] = &[
    (0, "Name Service Search"),
    (6, "Domain Name Server Option"),
    (41, "Network Information Servers Option"),
    (44, "NetBIOS over TCP/IP Name Server Option"),
    (65, "Network Information Service+ Servers Option"),
];
