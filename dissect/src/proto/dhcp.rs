//! Dynamic Host Configuration Protocol and the BOOTP that it extends (RFC 951, 1542, 2131, 2132).

mod client;
mod names;
mod option;
mod relay;
mod samples;
mod vendor;

use names::*;
pub(crate) use option::span;

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{Names, fields};
use crate::numbers::ARP_HARDWARE;
use crate::output::value::{colons, hex};
use crate::registry::{ProtoId, Protocol};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Dhcp, "dhcp", "Dynamic Host Configuration Protocol";
    BOOTP = field("dhcp.bootp", "Frame is BOOTP", Boolean, None);
    TYPE = field("dhcp.type", "Message type", Uint8, Dec).names(Names::Values(TYPE_NAMES));
    HW_TYPE = field("dhcp.hw.type", "Hardware type", Uint8, Hex).names(Names::Values(ARP_HARDWARE));
    HW_LEN = field("dhcp.hw.len", "Hardware address length", Uint8, Dec);
    HOPS = field("dhcp.hops", "Hops", Uint8, Dec);
    ID = field("dhcp.id", "Transaction ID", Uint32, Hex);
    SECS = field("dhcp.secs", "Seconds elapsed", Uint16, Dec);
    FLAGS = field("dhcp.flags", "Bootp flags", Uint16, Hex);
    FLAGS_BC = field("dhcp.flags.bc", "Broadcast flag", Boolean, None).names(Names::Flag("Broadcast", "Unicast")).mask(0x8000);
    FLAGS_RESERVED = field("dhcp.flags.reserved", "Reserved flags", Uint16, Hex).mask(0x7fff);
    IP_CLIENT = field("dhcp.ip.client", "Client IP address", Ipv4, None);
    IP_YOUR = field("dhcp.ip.your", "Your (client) IP address", Ipv4, None);
    IP_SERVER = field("dhcp.ip.server", "Next server IP address", Ipv4, None);
    IP_RELAY = field("dhcp.ip.relay", "Relay agent IP address", Ipv4, None);
    HW_ADDR = field("dhcp.hw.addr", "Client hardware address", Bytes, None);
    HW_ADDR_PADDING = field("dhcp.hw.addr_padding", "Client hardware address padding", Bytes, None);
    HW_MAC_ADDR = field("dhcp.hw.mac_addr", "Client MAC address", Ether, None);
    SERVER = field("dhcp.server", "Server host name", String, None);
    FILE = field("dhcp.file", "Boot file name", String, None);
    COOKIE = field("dhcp.cookie", "Magic cookie", Ipv4, None);
    VENDOR_SPECIFIC_OPTIONS = field("dhcp.vendor_specific_options", "Bootp vendor specific options", Bytes, None);
    FQDN_FLAGS = field("dhcp.fqdn.flags", "Flags", Uint8, Hex);
    FQDN_MBZ = field("dhcp.fqdn.mbz", "Reserved flags", Uint8, Hex).mask(0xf0);
    FQDN_N = field("dhcp.fqdn.n", "Server DDNS", Boolean, None).names(Names::Flag("No server updates", "Some server updates")).mask(0x8);
    FQDN_E = field("dhcp.fqdn.e", "Encoding", Boolean, None).names(Names::Flag("Binary encoding", "ASCII encoding")).mask(0x4);
    FQDN_O = field("dhcp.fqdn.o", "Server overrides", Boolean, None).names(Names::Flag("Override", "No override")).mask(0x2);
    FQDN_S = field("dhcp.fqdn.s", "Server", Boolean, None).names(Names::Flag("Server", "Client")).mask(0x1);
    FQDN_RCODE1 = field("dhcp.fqdn.rcode1", "A-RR result", Uint8, Dec);
    FQDN_RCODE2 = field("dhcp.fqdn.rcode2", "PTR-RR result", Uint8, Dec);
    FQDN_NAME = field("dhcp.fqdn.name", "Client name", String, None);
    CLIENT_ID_UUID = field("dhcp.client_id.uuid", "Client Identifier (UUID)", Guid, None);
    CLIENT_ID_IAID = field("dhcp.client_id.iaid", "IAID", String, None);
    CLIENT_ID_DUID_TYPE = field("dhcp.client_id.duid_type", "DUID Type", Uint16, Dec).names(Names::Values(CLIENT_ID_DUID_TYPE_NAMES));
    CLIENT_ID_DUID_LLT_HW_TYPE = field("dhcp.client_id.duid_llt_hw_type", "Hardware type", Uint16, Dec).names(Names::Values(ARP_HARDWARE));
    CLIENT_ID_DUID_LL_HW_TYPE = field("dhcp.client_id.duid_ll_hw_type", "Hardware type", Uint16, Dec).names(Names::Values(ARP_HARDWARE));
    CLIENT_ID_TIME = field("dhcp.client_id.time", "Time", Uint32, Dec);
    CLIENT_ID_LINK_LAYER_ADDRESS = field("dhcp.client_id.link_layer_address", "Link layer address", String, None);
    CLIENT_ID_ENTERPRISE_NUM = field("dhcp.client_id.enterprise_num", "Enterprise-number", Uint32, Dec);
    CLIENT_ID = field("dhcp.client_id", "Identifier", Bytes, None);
    CLIENT_ID_TYPE = field("dhcp.client_id.type", "Type", Uint8, Dec);
    CLIENT_ID_UNDEF = field("dhcp.client_id.undef", "Client Identifier", String, None);
    OPTION_TYPE = field("dhcp.option.type", "Option", Uint8, Dec);
    OPTION_LENGTH = field("dhcp.option.length", "Length", Uint8, Dec);
    SUBOPTION_LENGTH = field("dhcp.option.suboption_length", "Length", Uint8, Dec);
    OPTION_VALUE = field("dhcp.option.value", "Value", Bytes, None);
    OPTION_PADDING = field("dhcp.option.padding", "Padding", Bytes, None);
    SUBNET_MASK = field("dhcp.option.subnet_mask", "Subnet Mask", Ipv4, None);
    TIME_OFFSET = field("dhcp.option.time_offset", "Time Offset", Int32, Dec);
    ROUTER = field("dhcp.option.router", "Router", Ipv4, None);
    TIME_SERVER = field("dhcp.option.time_server", "Time Server", Ipv4, None);
    NAME_SERVER = field("dhcp.option.name_server", "Name Server", Ipv4, None);
    DOMAIN_NAME_SERVER = field("dhcp.option.domain_name_server", "Domain Name Server", Ipv4, None);
    LOG_SERVER = field("dhcp.option.log_server", "Log Server", Ipv4, None);
    QUOTES_SERVER = field("dhcp.option.quotes_server", "Quotes Server", Ipv4, None);
    LPR_SERVER = field("dhcp.option.lpr_server", "LPR Server", Ipv4, None);
    IMPRESS_SERVER = field("dhcp.option.impress_server", "Impress Server", Ipv4, None);
    RESOURCE_LOCATION_SERVER = field("dhcp.option.resource_location_server", "Resource Location Server", Ipv4, None);
    HOSTNAME = field("dhcp.option.hostname", "Host Name", String, None);
    BOOT_FILE_SIZE = field("dhcp.option.boot_file_size", "Boot File Size", Uint16, Dec);
    MERIT_DUMP_FILE = field("dhcp.option.merit_dump_file", "Merit Dump File", String, None);
    DOMAIN_NAME = field("dhcp.option.domain_name", "Domain Name", String, None);
    SWAP_SERVER = field("dhcp.option.swap_server", "Swap Server", Ipv4, None);
    ROOT_PATH = field("dhcp.option.root_path", "Root Path", String, None);
    EXTENSION_PATH = field("dhcp.option.extension_path", "Extensions Path", String, None);
    IP_FORWARDING = field("dhcp.option.ip_forwarding", "IP Forwarding", Boolean, None).names(Names::Flag("Enabled", "Disabled"));
    POLICY_FILTER_IP = field("dhcp.option.policy_filter.ip", "IP Address", Ipv4, None);
    POLICY_FILTER_SUBNET_MASK = field("dhcp.option.policy_filter.subnet_mask", "Subnet Mask", Ipv4, None);
    NON_LOCAL_SOURCE_ROUTING = field("dhcp.option.non_local_source_routing", "Non-Local Source Routing", Boolean, None).names(Names::Flag("Enabled", "Disabled"));
    MAX_DATAGRAM_REASSEMBLY_SIZE = field("dhcp.option.max_datagram_reassembly_size", "Maximum Datagram Reassembly Size", Uint16, Dec);
    DEFAULT_IP_TTL = field("dhcp.option.default_ip_ttl", "Default IP Time-to-Live", Uint8, Dec);
    PATH_MTU_AGING_TIMEOUT = field("dhcp.option.path_mtu_aging_timeout", "Path MTU Aging Timeout", Uint32, Dec);
    PATH_MTU_PLATEAU_TABLE_ITEM = field("dhcp.option.path_mtu_plateau_table_item", "Path MTU Plateau Table Item", Uint16, Dec);
    INTERFACE_MTU = field("dhcp.option.interface_mtu", "Interface MTU", Uint16, Dec);
    ALL_SUBNETS_ARE_LOCAL = field("dhcp.option.all_subnets_are_local", "All Subnets are Local", Boolean, None).names(Names::Flag("Yes", "No"));
    BROADCAST_ADDRESS = field("dhcp.option.broadcast_address", "Broadcast Address", Ipv4, None);
    PERFORM_MASK_DISCOVERY = field("dhcp.option.perform_mask_discovery", "Perform Mask Discovery", Boolean, None).names(Names::Flag("Enabled", "Disabled"));
    MASK_SUPPLIER = field("dhcp.option.mask_supplier", "Mask Supplier", Boolean, None).names(Names::Flag("Yes", "No"));
    PERFORM_ROUTER_DISCOVER = field("dhcp.option.perform_router_discover", "Perform Router Discover", Boolean, None).names(Names::Flag("Enabled", "Disabled"));
    ROUTER_SOLICITATION_ADDRESS = field("dhcp.option.router_solicitation_address", "Router Solicitation Address", Ipv4, None);
    STATIC_ROUTE_IP = field("dhcp.option.static_route.ip", "Destination IP Address", Ipv4, None);
    STATIC_ROUTE_ROUTER = field("dhcp.option.static_route.router", "Destination Router", Ipv4, None);
    TRAILER_ENCAPSULATION = field("dhcp.option.trailer_encapsulation", "Trailer Encapsulation", Boolean, None).names(Names::Flag("Enabled", "Disabled"));
    ARP_CACHE_TIMEOUT = field("dhcp.option.arp_cache_timeout", "ARP Cache Timeout", Uint32, Dec);
    ETHERNET_ENCAPSULATION = field("dhcp.option.ethernet_encapsulation", "Ethernet Encapsulation", Boolean, None).names(Names::Flag("Enabled", "Disabled"));
    TCP_DEFAULT_TTL = field("dhcp.option.tcp_default_ttl", "TCP Default TTL", Uint8, Dec);
    TCP_KEEPALIVE_INTERVAL = field("dhcp.option.tcp_keepalive_interval", "TCP Keepalive Interval", Uint32, Dec);
    TCP_KEEPALIVE_GARBAGE = field("dhcp.option.tcp_keepalive_garbage", "TCP Keepalive Garbage", Boolean, None).names(Names::Flag("Enabled", "Disabled"));
    NIS_DOMAIN = field("dhcp.option.nis_domain", "Network Information Service Domain", String, None);
    NIS_SERVER = field("dhcp.option.nis_server", "Network Information Service Server", Ipv4, None);
    NTP_SERVER = field("dhcp.option.ntp_server", "Network Time Protocol Server", Ipv4, None);
    VENDOR_CLASS_ID = field("dhcp.option.vendor_class_id", "Vendor class identifier", String, None);
    VENDOR_VALUE = field("dhcp.option.vendor.value", "Value", Bytes, None);
    PXECLIENT_SUBOPTION = field("dhcp.option.vendor.pxeclient.suboption", "Option 43 Suboption", Uint8, Dec).names(Names::Values(PXECLIENT_SUBOPTION_NAMES));
    PXECLIENT_PADDING = field("dhcp.option.vendor.pxeclient.padding", "Padding", Uint8, Dec);
    PXECLIENT_MTFTP_IP = field("dhcp.option.vendor.pxeclient.mtftp_ip", "mtftp IP", Ipv4, None);
    PXECLIENT_MTFTP_CLIENT_PORT = field("dhcp.option.vendor.pxeclient.mtftp_client_port", "mtftp client port", Uint16, Dec);
    PXECLIENT_MTFTP_SERVER_PORT = field("dhcp.option.vendor.pxeclient.mtftp_server_port", "mtftp server port", Uint16, Dec);
    PXECLIENT_MTFTP_TIMEOUT = field("dhcp.option.vendor.pxeclient.mtftp_timeout", "mtftp timeout", Uint8, Dec);
    PXECLIENT_MTFTP_DELAY = field("dhcp.option.vendor.pxeclient.mtftp_delay", "mtftp delay", Uint8, Dec);
    PXECLIENT_DISCOVERY_CONTROL = field("dhcp.option.vendor.pxeclient.discovery_control", "discovery control", Uint8, Hex);
    PXECLIENT_DISCOVERY_CONTROL_BROADCAST = field("dhcp.option.vendor.pxeclient.discovery_control.broadcast", "Disable Broadcast", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x1);
    PXECLIENT_DISCOVERY_CONTROL_MULTICAST = field("dhcp.option.vendor.pxeclient.discovery_control.multicast", "Disable Multicast", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x2);
    PXECLIENT_DISCOVERY_CONTROL_SERVERLIST = field("dhcp.option.vendor.pxeclient.discovery_control.serverlist", "Serverlist only", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x4);
    PXECLIENT_DISCOVERY_CONTROL_BSTRAP = field("dhcp.option.vendor.pxeclient.discovery_control.bstrap", "Bootstrap override", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x8);
    PXECLIENT_MULTICAST_ADDRESS = field("dhcp.option.vendor.pxeclient.multicast_address", "multicast address", Ipv4, None);
    PXECLIENT_BOOT_SERVERS = field("dhcp.option.vendor.pxeclient.boot_servers", "boot servers", Bytes, None);
    PXECLIENT_BOOT_SERVERS_TYPE = field("dhcp.option.vendor.pxeclient.boot_servers.type", "Type", Uint16, Dec).names(Names::Values(PXECLIENT_BOOT_SERVERS_TYPE_NAMES));
    PXECLIENT_BOOT_SERVERS_COUNT = field("dhcp.option.vendor.pxeclient.boot_servers.count", "IP count", Uint8, Dec);
    PXECLIENT_BOOT_SERVERS_IP = field("dhcp.option.vendor.pxeclient.boot_servers.ip", "IP", Ipv4, None);
    PXECLIENT_BOOT_MENU = field("dhcp.option.vendor.pxeclient.boot_menu", "boot menu", Bytes, None);
    PXECLIENT_BOOT_MENU_TYPE = field("dhcp.option.vendor.pxeclient.boot_menu.type", "Type", Uint16, Dec).names(Names::Values(PXECLIENT_BOOT_MENU_TYPE_NAMES));
    PXECLIENT_BOOT_MENU_LENGTH = field("dhcp.option.vendor.pxeclient.boot_menu.length", "Length", Uint8, Dec);
    PXECLIENT_BOOT_MENU_DESC = field("dhcp.option.vendor.pxeclient.boot_menu.desc", "Description", String, None);
    PXECLIENT_MENU_PROMPT = field("dhcp.option.vendor.pxeclient.menu_prompt", "menu prompt", Bytes, None);
    PXECLIENT_MENU_PROMPT_TIMEOUT = field("dhcp.option.vendor.pxeclient.menu_prompt.timeout", "Timeout", Uint8, Dec);
    PXECLIENT_MENU_PROMPT_PROMPT = field("dhcp.option.vendor.pxeclient.menu_prompt.prompt", "Prompt", String, None);
    PXECLIENT_MULTICAST_ADDRESS_ALLOC = field("dhcp.option.vendor.pxeclient.multicast_address_alloc", "multicast address alloc", Bytes, None);
    PXECLIENT_CREDENTIAL_TYPES = field("dhcp.option.vendor.pxeclient.credential_types", "credential types", Bytes, None);
    PXECLIENT_BOOT_ITEM = field("dhcp.option.vendor.pxeclient.boot_item", "boot item", Bytes, None);
    PXECLIENT_BOOT_ITEM_TYPE = field("dhcp.option.vendor.pxeclient.boot_item.type", "Type", Uint16, Dec);
    PXECLIENT_BOOT_ITEM_LAYER = field("dhcp.option.vendor.pxeclient.boot_item.layer", "Layer", Bytes, None);
    PXECLIENT_END = field("dhcp.option.vendor.pxeclient.end", "PXE Client End", Uint8, Dec);
    NETBIOS_OVER_TCPIP_NAME_SERVER = field("dhcp.option.netbios_over_tcpip_name_server", "NetBIOS over TCP/IP Name Server", Ipv4, None);
    NETBIOS_OVER_TCPIP_DD_NAME_SERVER = field("dhcp.option.netbios_over_tcpip_dd_name_server", "NetBIOS over TCP/IP Datagram Distribution Name Server", Ipv4, None);
    NETBIOS_OVER_TCPIP_NODE_TYPE = field("dhcp.option.netbios_over_tcpip_node_type", "NetBIOS over TCP/IP Node Type", Uint8, Dec).names(Names::Values(NETBIOS_OVER_TCPIP_NODE_TYPE_NAMES));
    NETBIOS_OVER_TCPIP_SCOPE = field("dhcp.option.netbios_over_tcpip_scope", "NetBIOS over TCP/IP Scope", String, None);
    XWINDOWS_SYSTEM_FONT_SERVER = field("dhcp.option.xwindows_system_font_server", "X Window System Font Server", Ipv4, None);
    XWINDOWS_SYSTEM_DISPLAY_MANAGER = field("dhcp.option.xwindows_system_display_manager", "X Window System Display Manager", Ipv4, None);
    REQUESTED_IP_ADDRESS = field("dhcp.option.requested_ip_address", "Requested IP Address", Ipv4, None);
    IP_ADDRESS_LEASE_TIME = field("dhcp.option.ip_address_lease_time", "IP Address Lease Time", Uint32, Dec);
    OPTION_OVERLOAD = field("dhcp.option.option_overload", "Option Overload", Uint8, Dec).names(Names::Values(OPTION_OVERLOAD_NAMES));
    OPTION_DHCP = field("dhcp.option.dhcp", "DHCP", Uint8, Dec).names(Names::Values(OPTION_DHCP_NAMES));
    DHCP_SERVER_ID = field("dhcp.option.dhcp_server_id", "DHCP Server Identifier", Ipv4, None);
    REQUEST_LIST_ITEM = field("dhcp.option.request_list_item", "Parameter Request List Item", Uint8, Dec);
    MESSAGE = field("dhcp.option.message", "Message", String, None);
    DHCP_MAX_MESSAGE_SIZE = field("dhcp.option.dhcp_max_message_size", "Maximum DHCP Message Size", Uint16, Dec);
    RENEWAL_TIME_VALUE = field("dhcp.option.renewal_time_value", "Renewal Time Value", Uint32, Dec);
    REBINDING_TIME_VALUE = field("dhcp.option.rebinding_time_value", "Rebinding Time Value", Uint32, Dec);
    NIS_PLUS_DOMAIN = field("dhcp.option.nis_plus_domain", "Network Information Service+ Domain", String, None);
    NIS_PLUS_SERVER = field("dhcp.option.nis_plus_server", "Network Information Service+ Server", Ipv4, None);
    TFTP_SERVER_NAME = field("dhcp.option.tftp_server_name", "TFTP Server Name", String, None);
    BOOTFILE_NAME = field("dhcp.option.bootfile_name", "Bootfile name", String, None);
    MOBILE_IP_HOME_AGENT = field("dhcp.option.mobile_ip_home_agent", "Mobile IP Home Agent", Ipv4, None);
    SMTP_SERVER = field("dhcp.option.smtp_server", "SMTP Server", Ipv4, None);
    POP3_SERVER = field("dhcp.option.pop3_server", "POP3 Server", Ipv4, None);
    NNTP_SERVER = field("dhcp.option.nntp_server", "NNTP Server", Ipv4, None);
    DEFAULT_WWW_SERVER = field("dhcp.option.default_www_server", "Default WWW Server", Ipv4, None);
    DEFAULT_FINGER_SERVER = field("dhcp.option.default_finger_server", "Default Finger Server", Ipv4, None);
    DEFAULT_IRC_SERVER = field("dhcp.option.default_irc_server", "Default IRC Server", Ipv4, None);
    STREETTALK_SERVER = field("dhcp.option.streettalk_server", "StreetTalk Server", Ipv4, None);
    STREETTALK_DA_SERVER = field("dhcp.option.streettalk_da_server", "StreetTalk Directory Assistance Server", Ipv4, None);
    USER_CLASS = field("dhcp.option.user_class", "Instance of User Class", Uint8, Dec);
    USER_CLASS_LENGTH = field("dhcp.option.user_class.length", "User Class Length", Uint8, Dec);
    USER_CLASS_DATA = field("dhcp.option.user_class.data", "User Class Data", Bytes, None);
    USER_CLASS_TEXT = field("dhcp.option.user_class.text", "User Class Data (Text)", String, None);
    SLP_DIRECTORY_AGENT_VALUE = field("dhcp.option.slp_directory_agent.value", "Value", Uint8, Dec).names(Names::Values(SLP_DIRECTORY_AGENT_VALUE_NAMES));
    SLP_DIRECTORY_AGENT_SLPDA_ADDRESS = field("dhcp.option.slp_directory_agent.slpda_address", "IP Address", Ipv4, None);
    SLP_SERVICE_SCOPE_VALUE = field("dhcp.option.slp_service_scope.value", "Value", Uint8, Dec).names(Names::Values(SLP_SERVICE_SCOPE_VALUE_NAMES));
    SLP_SERVICE_SCOPE_STRING = field("dhcp.option.slp_service_scope.string", "SLP Service Scope", String, None);
    AGENT_SUBOPTION = field("dhcp.option.agent_information_option.suboption", "Option 82 Suboption", Uint8, Dec).names(Names::Values(AGENT_SUBOPTION_NAMES));
    AGENT_VALUE = field("dhcp.option.agent_information_option.value", "Value", Bytes, None);
    AGENT_CIRCUIT_ID = field("dhcp.option.agent_information_option.agent_circuit_id", "Agent Circuit ID", Bytes, None);
    AGENT_REMOTE_ID = field("dhcp.option.agent_information_option.agent_remote_id", "Agent Remote ID", Bytes, None);
    AGENT_RESERVED = field("dhcp.option.agent_information_option.reserved", "Reserved", Bytes, None);
    AGENT_LINK_SELECTION = field("dhcp.option.agent_information_option.link_selection", "Link selection", Ipv4, None);
    AGENT_SUBSCRIBER_ID = field("dhcp.option.agent_information_option.subscriber_id", "Subscriber ID", String, None);
    AGENT_RADIUS_ATTRIBUTES = field("dhcp.option.agent_information_option.radius_attributes", "RADIUS Attributes", Bytes, None);
    AGENT_AUTHENTICATION = field("dhcp.option.agent_information_option.authentication", "Authentication", Bytes, None);
    AGENT_VI_ENTERPRISE = field("dhcp.option.agent_information_option.vi.enterprise", "Enterprise", Uint32, Dec);
    AGENT_VI_DATA_LENGTH = field("dhcp.option.agent_information_option.vi.data_length", "Data Length", Uint8, Dec);
    AGENT_FLAGS = field("dhcp.option.agent_information_option.flags", "Flags", Uint8, Hex);
    AGENT_SERVER_ID_OVERRIDE = field("dhcp.option.agent_information_option.server_id_override", "Server ID Override", Ipv4, None);
    AGENT_RELAY_AGENT_ID = field("dhcp.option.agent_information_option.relay_agent_id", "Relay Agent Identifier", Bytes, None);
    AGENT_LINK_SELECTION_CISCO = field("dhcp.option.agent_information_option.link_selection_cisco", "Link selection (Cisco proprietary)", Ipv4, None);
    AGENT_VRF_NAME = field("dhcp.option.agent_information_option.vrf_name", "VRF name", String, None);
    AGENT_SERVER_ID_OVERRIDE_CISCO = field("dhcp.option.agent_information_option.server_id_override_cisco", "Server ID Override (Cisco proprietary)", Ipv4, None);
    NOVELL_DSS_IP = field("dhcp.option.novell_dss.ip", "IP Address", Ipv4, None);
    NOVELL_DS_TREE_NAME = field("dhcp.option.novell_ds_tree_name", "Novell Directory Services Tree Name", String, None);
    NOVELL_DS_CONTEXT = field("dhcp.option.novell_ds_context", "Novell Directory Services Context", String, None);
    DHCP_AUTHENTICATION_PROTOCOL = field("dhcp.option.dhcp_authentication.protocol", "Protocol", Uint8, Dec).names(Names::Values(DHCP_AUTHENTICATION_PROTOCOL_NAMES));
    DHCP_AUTHENTICATION_ALG_DELAY = field("dhcp.option.dhcp_authentication.alg_delay", "Delay Algorithm", Uint8, Dec).names(Names::Values(DHCP_AUTHENTICATION_ALG_DELAY_NAMES));
    DHCP_AUTHENTICATION_ALGORITHM = field("dhcp.option.dhcp_authentication.algorithm", "Algorithm", Uint8, Dec);
    DHCP_AUTHENTICATION_RDM = field("dhcp.option.dhcp_authentication.rdm", "Replay Detection Method", Uint8, Dec).names(Names::Values(DHCP_AUTHENTICATION_RDM_NAMES));
    DHCP_AUTHENTICATION_RDM_REPLAY_DETECTION = field("dhcp.option.dhcp_authentication.rdm_replay_detection", "RDM Replay Detection Value", Uint64, Hex);
    DHCP_AUTHENTICATION_SECRET_ID = field("dhcp.option.dhcp_authentication.secret_id", "Secret ID", Uint32, Hex);
    DHCP_AUTHENTICATION_HMAC_MD5_HASH = field("dhcp.option.dhcp_authentication.hmac_md5_hash", "HMAC MD5 Hash", Bytes, None);
    CLIENT_LAST_TRANSACTION_TIME = field("dhcp.option.client_last_transaction_time", "Client last transaction time", Uint32, Dec);
    ASSOCIATED_IP_OPTION = field("dhcp.option.associated_ip_option", "Associated IP option", Ipv4, None);
    CLIENT_SYSTEM_ARCHITECTURE = field("dhcp.option.client_system_architecture", "Client System Architecture", Uint16, Dec).names(Names::Values(CLIENT_SYSTEM_ARCHITECTURE_NAMES));
    CLIENT_NETWORK_ID_MAJOR = field("dhcp.client_network_id_major", "Major Version", Uint8, Dec);
    CLIENT_NETWORK_ID_MINOR = field("dhcp.client_network_id_minor", "Minor Version", Uint8, Dec);
    CIVIC_LOCATION_WHAT = field("dhcp.option.civic_location.what", "What", Uint8, Dec).names(Names::Values(CIVIC_LOCATION_WHAT_NAMES));
    CIVIC_LOCATION_COUNTRY = field("dhcp.option.civic_location.country", "Country", String, None);
    CIVIC_LOCATION_CA_TYPE = field("dhcp.option.civic_location.ca_type", "CA Type", Uint8, Dec).names(Names::Values(CIVIC_LOCATION_CA_TYPE_NAMES));
    CIVIC_LOCATION_CA_LENGTH = field("dhcp.option.civic_location.ca_length", "CA Length", Uint8, Dec);
    CIVIC_LOCATION_CA_VALUE = field("dhcp.option.civic_location.ca_value", "CA Value", String, None);
    TZ_PCODE = field("dhcp.option.tz_pcode", "TZ PCode", String, None);
    TZ_TCODE = field("dhcp.option.tz_tcode", "TZ TCode", String, None);
    NETINFO_PARENT_SERVER_ADDRESS = field("dhcp.option.netinfo_parent_server_address", "NetInfo Parent Server Address", Ipv4, None);
    NETINFO_PARENT_SERVER_TAG = field("dhcp.option.netinfo_parent_server_tag", "NetInfo Parent Server Tag", String, None);
    DHCP_AUTO_CONFIGURATION = field("dhcp.option.dhcp_auto_configuration", "DHCP Auto-Configuration", Uint8, Dec).names(Names::Values(DHCP_AUTO_CONFIGURATION_NAMES));
    DHCP_NAME_SERVICE_SEARCH_OPTION = field("dhcp.option.dhcp_name_service_search_option", "Name Service", String, None);
    DHCP_DNS_DOMAIN_SEARCH_LIST_FQDN = field("dhcp.option.dhcp_dns_domain_search_list_fqdn", "FQDN", String, None);
    SIP_SERVER_ENCODING = field("dhcp.option.sip_server.encoding", "SIP Server Encoding", Uint8, Dec).names(Names::Values(SIP_SERVER_ENCODING_NAMES));
    SIP_SERVER_NAME = field("dhcp.option.sip_server.name", "SIP Server Name", String, None);
    SIP_SERVER_ADDRESS = field("dhcp.option.sip_server.address", "SIP Server Address", Ipv4, None);
    CLASSLESS_STATIC_ROUTE = field("dhcp.option.classless_static_route", "Subnet/MaskWidth-Router", Bytes, None);
    VI_CLASS_ENTERPRISE = field("dhcp.option.vi_class.enterprise", "Enterprise", Uint32, Dec);
    VI_CLASS_LENGTH = field("dhcp.option.vi_class.length", "CableLab Address Mode", Uint8, Dec);
    VI_CLASS_DATA = field("dhcp.option.vi_class.data", "NetInfo Parent Server Tag", String, None);
    VI_ENTERPRISE = field("dhcp.option.vi.enterprise", "Enterprise", Uint32, Dec);
    VI_LENGTH = field("dhcp.option.vi.length", "Length", Uint8, Dec);
    VI_VALUE = field("dhcp.option.vi.value", "Value", Bytes, None);
    VI_TR111_SUBOPTION = field("dhcp.option.vi.tr111.suboption", "Option 125 Suboption", Uint8, Dec).names(Names::Values(VI_TR111_SUBOPTION_NAMES));
    VI_TR111_DEVICE_MANUFACTURER_OUI = field("dhcp.option.vi.tr111.device_manufacturer_oui", "DeviceManufacturerOUI", Uint24, Dec);
    VI_TR111_DEVICE_SERIAL_NUMBER = field("dhcp.option.vi.tr111.device_serial_number", "DeviceSerialNumber", String, None);
    VI_TR111_DEVICE_PRODUCT_CLASS = field("dhcp.option.vi.tr111.device_product_class", "DeviceProductClass", String, None);
    VI_TR111_GATEWAY_MANUFACTURER_OUI = field("dhcp.option.vi.tr111.gateway_manufacturer_oui", "GatewayManufacturerOUI", String, None);
    VI_TR111_GATEWAY_SERIAL_NUMBER = field("dhcp.option.vi.tr111.gateway_serial_number", "GatewaySerialNumber", String, None);
    VI_TR111_GATEWAY_PRODUCT_CLASS = field("dhcp.option.vi.tr111.gateway_product_class", "GatewayProductClass", String, None);
    SUBNET_SELECTION_OPTION = field("dhcp.option.subnet_selection_option", "Subnet Selection Option", Ipv4, None);
    PANA_AGENT = field("dhcp.option.pana_agent", "PAA IPv4 Address", Ipv4, None);
    LOST_SERVER_DOMAIN_NAME = field("dhcp.option.lost_server_domain_name", "LoST Server Domain Name", String, None);
    CAPWAP_ACCESS_CONTROLLER = field("dhcp.option.capwap_access_controller", "CAPWAP Access Controllers", Ipv4, None);
    ANDSF_SERVER = field("dhcp.option.andsf_server", "ANDSF Server", Ipv4, None);
    FORCERENEW_NONCE_ALGORITHM = field("dhcp.option.forcerenew_nonce.algorithm", "Algorithm", Uint8, Dec).names(Names::Values(FORCERENEW_NONCE_ALGORITHM_NAMES));
    TFTP_SERVER_ADDRESS = field("dhcp.option.tftp_server_address", "TFTP Server Address", Ipv4, None);
    MUDURL = field("dhcp.option.mudurl", "MUDURL", String, None);
    PXE_CONFIG_FILE = field("dhcp.option.pxe_config_file", "PXELINUX configuration file", String, None);
    PXE_PATH_PREFIX = field("dhcp.option.pxe_path_prefix", "PXELINUX path prefix", String, None);
    CAPTIVE_PORTAL = field("dhcp.option.captive_portal", "Captive Portal", String, None);
    SIXRD_IPV4_MASK_LEN = field("dhcp.option.6RD.ipv4_mask_len", "6RD IPv4 Mask Length", Uint8, Dec);
    SIXRD_PREFIX_LEN = field("dhcp.option.6RD.prefix_len", "6RD Prefix Length", Uint8, Dec);
    SIXRD_PREFIX = field("dhcp.option.6RD.prefix", "6RD Prefix", Ipv6, None);
    SIXRD_BORDER_RELAY_IP = field("dhcp.option.6RD.border_relay_ip", "Border Relay IP", Ipv4, None);
    PRIVATE_PROXY_AUTODISCOVERY = field("dhcp.option.private_proxy_autodiscovery", "Private/Proxy autodiscovery", String, None);
    OPTION_END = field("dhcp.option.end", "Option End", Uint8, Dec);
    VENDOR_SUBOPTION = field("dhcp.vendor.suboption", "Option 125 Suboption", Uint8, Dec);
    VENDOR_DATA = field("dhcp.vendor.data", "Data", Bytes, None);
    AVAYA = field("dhcp.option.vendor.avaya", "Private/Avaya IP Telephone", String, None);
    AVAYA_TLSSRVR = field("dhcp.option.vendor.avaya.tlssrvr", "TLSSRVR", String, None);
    AVAYA_HTTPSRVR = field("dhcp.option.vendor.avaya.httpsrvr", "HTTPSRVR", String, None);
    AVAYA_HTTPDIR = field("dhcp.option.vendor.avaya.httpdir", "HTTPDIR", String, None);
    AVAYA_STATIC = field("dhcp.option.vendor.avaya.static", "STATIC", String, None);
    AVAYA_MCIPADD = field("dhcp.option.vendor.avaya.mcipadd", "MCIPADD", String, None);
    AVAYA_DOT1X = field("dhcp.option.vendor.avaya.dot1x", "DOT1X", String, None);
    AVAYA_ICMPDU = field("dhcp.option.vendor.avaya.icmpdu", "ICMPDU", String, None);
    AVAYA_ICMPRED = field("dhcp.option.vendor.avaya.icmpred", "ICMPRED", String, None);
    AVAYA_L2Q = field("dhcp.option.vendor.avaya.l2q", "L2Q", String, None);
    AVAYA_L2QVLAN = field("dhcp.option.vendor.avaya.l2qvlan", "L2QVLAN", Int32, Dec);
    AVAYA_LOGLOCAL = field("dhcp.option.vendor.avaya.loglocal", "LOGLOCAL", String, None);
    AVAYA_PHY1STAT = field("dhcp.option.vendor.avaya.phy1stat", "PHY1STAT", String, None);
    AVAYA_PHY2STAT = field("dhcp.option.vendor.avaya.phy2stat", "PHY2STAT", String, None);
    AVAYA_PROCPSWD = field("dhcp.option.vendor.avaya.procpswd", "PROCPSWD", String, None);
    AVAYA_PROCSTAT = field("dhcp.option.vendor.avaya.procstat", "PROCSTAT", String, None);
    AVAYA_SNMPADD = field("dhcp.option.vendor.avaya.snmpadd", "SNMPADD", String, None);
    AVAYA_SNMPSTRING = field("dhcp.option.vendor.avaya.snmpstring", "SNMPSTRING", String, None);
    AVAYA_VLANTEST = field("dhcp.option.vendor.avaya.vlantest", "VLANTEST", Int32, Dec);
    BAD_LENGTH = expert("dhcp.bad_length", "length isn't 0", Error, Protocol);
    MISSING_SUBOPT_LENGTH = expert("dhcp.missing_subopt_length", "no room left in option for suboption length", Error, Protocol);
    MISSING_SUBOPT_VALUE = expert("dhcp.missing_subopt_value", "no room left in option for suboption value", Error, Protocol);
    UNKNOWN_SUBOPT = expert("dhcp.subopt.unknown_type", "ERROR, please report: Unknown subopt type handler", Error, Protocol);
    MALFORMED_DUID = expert("dhcp.malformed.duid", "DUID: malformed option", Error, Protocol);
    FILE_END_MISSING = expert("dhcp.option.option_overload.file_end_missing", "file overload end option missing", Error, Protocol);
    SNAME_END_MISSING = expert("dhcp.option.option_overload.sname_end_missing", "sname overload end option missing", Error, Protocol);
    NAME_SERVICE_INVALID = expert("dhcp.option.dhcp_name_service.invalid", "Invalid Name Service", Error, Protocol);
    SIP_ENCODING = expert("dhcp.option.sip_server_address.encoding", "RFC 3361 defines only 0 and 1 for Encoding byte", Error, Protocol);
    MASK_WIDTH = expert("dhcp.option.classless_static.route", "Mask width > 32", Error, Protocol);
    ENTERPRISE_MALFORMED = expert("dhcp.option.enterprise.malformed", "no room left in option for enterprise data", Error, Protocol);
    SIXRD_MALFORMED = expert("dhcp.option.6RD.malformed", "6RD: malformed option", Error, Protocol);
    NONSTANDARD = expert("dhcp.option.nonstd_data", "Non standard compliant option data", Note, Protocol);
    SECS_LE = expert("dhcp.secs_le", "Seconds elapsed appears to be encoded as little-endian", Note, Protocol);
    END_MISSING = expert("dhcp.end_option_missing", "End option missing", Error, Protocol);
    NO_CLIENT_ADDRESS = expert("dhcp.client_address_not_given", "Client address not given", Note, Protocol);
    SERVER_OVERLOADED = expert("dhcp.server_name_overloaded_by_dhcp", "Server name option overloaded by DHCP", Note, Protocol);
    FILE_OVERLOADED = expert("dhcp.boot_filename_overloaded_by_dhcp", "Boot file name option overloaded by DHCP", Note, Protocol);
}

/// How many options one message may show; a longer datagram cannot hold more that mean anything.
const MAX_OPTIONS: usize = 4_096;

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: samples::SAMPLES,
    ..Protocol::new(ProtoId::Dhcp, "DHCP/BOOTP", &[Binding::UdpPort(67), Binding::UdpPort(68)], dissect)
};

const BOOT_REQUEST: u8 = 1;
const BOOT_REPLY: u8 = 2;
const SERVER_NAME: (usize, usize) = (44, 64);
const BOOT_FILE: (usize, usize) = (108, 128);
const VENDOR_AREA: usize = 236;
/// RFC 2131, 3: the first four octets of the options field.
const MAGIC_COOKIE: u32 = 0x6382_5363;
const HARDWARE_ETHERNET: u8 = 1;
const HARDWARE_IEEE_802: u8 = 6;
const CHADDR_LEN: usize = 16;

/// What is found by going over all options before any is shown.
#[derive(Clone, Copy, Default)]
struct Overview<'a> {
    message_type: Option<u8>,
    /// Which of the fixed fields hold options, too (RFC 2132, 9.3).
    overload: u8,
    vendor_class: &'a [u8],
}

impl<'a> Overview<'a> {
    fn of(options: Tvb<'a>) -> Self {
        let mut overview = Self::default();
        for (code, body) in Options::new(options.bytes()) {
            match code {
                option::MESSAGE_TYPE => overview.message_type = body.first().copied(),
                option::OVERLOAD => overview.overload = body.first().copied().unwrap_or(0),
                option::VENDOR_CLASS => overview.vendor_class = body,
                _ => {}
            }
        }
        overview
    }
}

/// Codes and bodies of options up to the end option or the first that is cut short.
struct Options<'a> {
    rest: &'a [u8],
}

impl<'a> Options<'a> {
    fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.rest {
                [option::PAD, rest @ ..] => self.rest = rest,
                [option::END, ..] | [] | [_] => return None,
                [code, len, rest @ ..] => {
                    let (body, rest) = rest.split_at_checked(usize::from(*len))?;
                    self.rest = rest;
                    return Some((*code, body));
                }
            }
        }
    }
}

/// What a message type is called in the title and in the Info column.
fn message_name(code: u8) -> String {
    Names::Values(OPTION_DHCP_NAMES)
        .of(code.into())
        .map_or_else(|| format!("Unknown Message Type (0x{code:02x})"), |name| name.into_owned())
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let item = d.begin(PROTO, tvb);
    d.set_protocol("BOOTP");
    d.set_info(String::new);
    let op = tvb.u8(0)?;
    let (hardware, hlen) = (tvb.u8(1)?, tvb.u8(2)?);
    head_info(d, tvb, op, hardware, hlen);
    let is_dhcp = tvb.u32(VENDOR_AREA) == Ok(MAGIC_COOKIE);
    let overview = if is_dhcp { Overview::of(tvb.from(VENDOR_AREA + 4)) } else { Overview::default() };
    if let Some(code) = overview.message_type {
        d.set_protocol("DHCP");
        let id = tvb.u32(4).unwrap_or(0);
        d.set_info(|| format!("DHCP {:<8} - Transaction ID 0x{id:x}", message_name(code)));
        d.append_text(item, || format!(" ({})", message_name(code)));
    }
    fixed(d, tvb, op, hardware, hlen, overview.overload)?;
    if overview.message_type.is_none() {
        d.hidden(BOOTP, tvb, 0, 0, Value::Uint(1));
    }
    let cookie = tvb.u32(VENDOR_AREA)?;
    if cookie != MAGIC_COOKIE {
        d.bytes(VENDOR_SPECIFIC_OPTIONS, tvb, VENDOR_AREA, 64.min(tvb.reported() - VENDOR_AREA));
        d.close();
        return Ok(());
    }
    let line = d.add(COOKIE, tvb, VENDOR_AREA, 4, Value::Ipv4(cookie.to_be_bytes()));
    d.text(line, || "Magic cookie: DHCP".to_owned());
    let message = option::Message { op, whole: tvb, vendor_class: overview.vendor_class };
    let end = option::list(d, &message, tvb.from(VENDOR_AREA + 4), true)?;
    if let Some(end) = end {
        let at = VENDOR_AREA + 4 + end;
        let rest = tvb.reported().saturating_sub(at);
        if rest > 0 {
            d.bytes(OPTION_PADDING, tvb, at, rest);
        }
    } else if overview.message_type.is_some() {
        d.expert(END_MISSING, tvb, VENDOR_AREA + 4, 0);
    }
    d.close();
    Ok(())
}

fn head_info<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, op: u8, hardware: u8, hlen: u8) {
    if !d.wants_columns() {
        return;
    }
    let text = match op {
        BOOT_REQUEST => {
            let address = tvb.sub(28, hlen.into()).bytes();
            let is_mac = [HARDWARE_ETHERNET, HARDWARE_IEEE_802].contains(&hardware) && hlen == 6;
            let name = match address {
                [] => "<No address>".to_owned(),
                mac if is_mac => format!("{0} ({0})", colons(mac)),
                other => hex(other),
            };
            format!("Boot Request from {name}")
        }
        BOOT_REPLY => "Boot Reply".to_owned(),
        other => format!("Unknown BOOTP message type ({other})"),
    };
    d.set_info(|| text);
}

/// The fields of fixed length (RFC 2131, 2).
fn fixed<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, op: u8, hardware: u8, hlen: u8, overload: u8) -> Parsed {
    d.add(TYPE, tvb, 0, 1, Value::Uint(op.into()));
    d.add(HW_TYPE, tvb, 1, 1, Value::Uint(hardware.into()));
    d.add(HW_LEN, tvb, 2, 1, Value::Uint(hlen.into()));
    d.uint(HOPS, tvb, 3, 1)?;
    d.uint(ID, tvb, 4, 4)?;
    let secs = tvb.u16(8)?;
    // Some clients count in the other byte order: a small number stands in the high octet alone.
    if secs > 255 && secs & 0xff == 0 {
        d.open(SECS, tvb, 8, 2, Value::Uint(secs.swap_bytes().into()));
        d.expert(SECS_LE, tvb, 8, 2);
        d.close();
    } else {
        d.add(SECS, tvb, 8, 2, Value::Uint(secs.into()));
    }
    let flags = tvb.u16(10)?;
    let line = d.open(FLAGS, tvb, 10, 2, Value::Uint(flags.into()));
    d.text(line, || {
        let sort = if flags & 0x8000 != 0 { ", Broadcast flag (Broadcast)" } else { " (Unicast)" };
        format!("Bootp flags: 0x{flags:04x}{sort}")
    });
    d.flag(FLAGS_BC, tvb, 10, 2, flags.into());
    d.bits(FLAGS_RESERVED, tvb, 10, 2, flags.into());
    d.close();
    for (field, at) in [(IP_CLIENT, 12), (IP_YOUR, 16), (IP_SERVER, 20), (IP_RELAY, 24)] {
        d.add(field, tvb, at, 4, Value::Ipv4(tvb.array(at)?));
    }
    hardware_address(d, tvb, hardware, hlen)?;
    name(d, tvb, SERVER_NAME, SERVER, overload & 2 != 0, ("Server host name", SERVER_OVERLOADED))?;
    name(d, tvb, BOOT_FILE, FILE, overload & 1 != 0, ("Boot file name", FILE_OVERLOADED))
}

fn hardware_address<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, hardware: u8, hlen: u8) -> Parsed {
    let hlen = usize::from(hlen);
    if hlen == 0 || hlen > CHADDR_LEN {
        d.open_text(tvb, 28, CHADDR_LEN, || "Client address not given".to_owned());
        d.expert(NO_CLIENT_ADDRESS, tvb, 28, CHADDR_LEN);
        d.close();
        return Ok(());
    }
    if [HARDWARE_ETHERNET, HARDWARE_IEEE_802].contains(&hardware) && hlen == 6 {
        d.add(HW_MAC_ADDR, tvb, 28, 6, Value::Ether(tvb.array(28)?));
    } else {
        tvb.slice(28, hlen)?;
        d.bytes(HW_ADDR, tvb, 28, hlen);
    }
    if hlen < CHADDR_LEN {
        tvb.slice(28 + hlen, CHADDR_LEN - hlen)?;
        d.bytes(HW_ADDR_PADDING, tvb, 28 + hlen, CHADDR_LEN - hlen);
    }
    Ok(())
}

/// One of the two names, unless options stand in its place.
fn name<'a>(
    d: &mut Dissector<'a>,
    tvb: Tvb<'a>,
    (at, len): (usize, usize),
    field: crate::field::FieldId,
    is_overloaded: bool,
    (label, note): (&'static str, crate::field::FieldId),
) -> Parsed {
    if is_overloaded {
        d.open_text(tvb, at, len, || crate::registry::field(note).label.to_owned());
        d.expert(note, tvb, at, len);
        d.close();
    } else if tvb.u8(at)? == 0 {
        let line = d.add(field, tvb, at, len, Value::Text);
        d.text(line, || format!("{label} not given"));
    } else {
        tvb.slice(at, len)?;
        d.string(field, tvb, at, len);
    }
    Ok(())
}
