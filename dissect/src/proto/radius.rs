//! Remote Authentication Dial-In User Service (RFC 2865, 2866, 3576, and the attributes of RFC 2867 to 2869, 3162, 4372,
//! 4590, 4675, 4818 and 6911).

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::output::value::{absolute, hex, printable};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::transaction::{self, Again, Rules};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Radius, "radius", "RADIUS Protocol";
    REQ = field("radius.req", "Request", Boolean, None);
    RSP = field("radius.rsp", "Response", Boolean, None);
    REQFRAME = field("radius.reqframe", "Request Frame", FrameNum, None);
    RSPFRAME = field("radius.rspframe", "Response Frame", FrameNum, None).told_later();
    TIME = field("radius.time", "Time from request", RelativeTime, None);
    DUP = field("radius.dup", "Duplicate Message ID", Uint32, Dec);
    REQ_DUP = field("radius.req.dup", "Duplicate Request Frame Number", FrameNum, None);
    RSP_DUP = field("radius.rsp.dup", "Duplicate Response Frame Number", FrameNum, None);
    CODE = field("radius.code", "Code", Uint8, Dec).names(Names::Values(CODES));
    ID = field("radius.id", "Identifier", Uint8, Dec);
    LENGTH = field("radius.length", "Length", Uint16, Dec);
    AUTHENTICATOR = field("radius.authenticator", "Authenticator", Bytes, None);
    AVP = field("radius.avp", "AVP", Bytes, None);
    AVP_TYPE = field("radius.avp.type", "Type", Uint8, Dec);
    AVP_LENGTH = field("radius.avp.length", "Length", Uint8, Dec);
    VENDOR_ID = field("radius.avp.vendor_id", "Vendor ID", Uint32, Dec).names(Names::Computed(vendor));
    VENDOR_TYPE = field("radius.avp.vendor_type", "Type", Uint8, Dec);
    VENDOR_LEN = field("radius.avp.vendor_len", "Length", Uint8, Dec);
    TUNNEL_TAG = field("radius.Tunnel_Type.tag", "Tag", Uint8, Hex);
    UNKNOWN = field("radius.Unknown_Attribute", "Unknown-Attribute", Bytes, None);
    USER_NAME = field("radius.User_Name", "User-Name", String, None);
    USER_PASSWORD = field("radius.User_Password_encrypted", "User-Password (encrypted)", Bytes, None);
    NAS_IP_ADDRESS = field("radius.NAS_IP_Address", "NAS-IP-Address", Ipv4, None);
    NAS_PORT = field("radius.NAS_Port", "NAS-Port", Uint32, Dec);
    SERVICE_TYPE = field("radius.Service_Type", "Service-Type", Uint32, Dec).names(Names::Values(SERVICE_TYPES));
    FRAMED_PROTOCOL = field("radius.Framed_Protocol", "Framed-Protocol", Uint32, Dec).names(Names::Values(FRAMED_PROTOCOLS));
    FRAMED_IP_ADDRESS = field("radius.Framed-IP-Address", "Framed-IP-Address", Ipv4, None);
    FRAMED_IP_NETMASK = field("radius.Framed_IP_Netmask", "Framed-IP-Netmask", Ipv4, None);
    FRAMED_ROUTING = field("radius.Framed_Routing", "Framed-Routing", Uint32, Dec).names(Names::Values(FRAMED_ROUTINGS));
    FILTER_ID = field("radius.Filter_Id", "Filter-Id", String, None);
    FRAMED_MTU = field("radius.Framed_MTU", "Framed-MTU", Uint32, Dec);
    FRAMED_COMPRESSION = field("radius.Framed_Compression", "Framed-Compression", Uint32, Dec).names(Names::Values(FRAMED_COMPRESSIONS));
    LOGIN_IP_HOST = field("radius.Login-IP-Host", "Login-IP-Host", Ipv4, None);
    LOGIN_SERVICE = field("radius.Login_Service", "Login-Service", Uint32, Dec).names(Names::Values(LOGIN_SERVICES));
    LOGIN_TCP_PORT = field("radius.Login_TCP_Port", "Login-TCP-Port", Uint32, Dec).names(Names::Values(LOGIN_TCP_PORTS));
    OLD_PASSWORD = field("radius.Old_Password", "Old-Password", String, None);
    REPLY_MESSAGE = field("radius.Reply_Message", "Reply-Message", String, None);
    CALLBACK_NUMBER = field("radius.Callback_Number", "Callback-Number", String, None);
    CALLBACK_ID = field("radius.Callback_Id", "Callback-Id", String, None);
    FRAMED_ROUTE = field("radius.Framed_Route", "Framed-Route", String, None);
    STATE = field("radius.State", "State", Bytes, None);
    CLASS = field("radius.Class", "Class", Bytes, None);
    SESSION_TIMEOUT = field("radius.Session_Timeout", "Session-Timeout", Uint32, Dec);
    IDLE_TIMEOUT = field("radius.Idle_Timeout", "Idle-Timeout", Uint32, Dec);
    TERMINATION_ACTION = field("radius.Termination_Action", "Termination-Action", Uint32, Dec).names(Names::Values(TERMINATION_ACTIONS));
    CALLED_STATION_ID = field("radius.Called_Station_Id", "Called-Station-Id", String, None);
    CALLING_STATION_ID = field("radius.Calling_Station_Id", "Calling-Station-Id", String, None);
    NAS_IDENTIFIER = field("radius.NAS_Identifier", "NAS-Identifier", String, None);
    PROXY_STATE = field("radius.Proxy_State", "Proxy-State", Bytes, None);
    LOGIN_LAT_SERVICE = field("radius.Login_LAT_Service", "Login-LAT-Service", String, None);
    LOGIN_LAT_NODE = field("radius.Login_LAT_Node", "Login-LAT-Node", String, None);
    LOGIN_LAT_GROUP = field("radius.Login_LAT_Group", "Login-LAT-Group", Bytes, None);
    FRAMED_APPLETALK_LINK = field("radius.Framed_AppleTalk_Link", "Framed-AppleTalk-Link", Uint32, Dec);
    FRAMED_APPLETALK_NETWORK = field("radius.Framed_AppleTalk_Network", "Framed-AppleTalk-Network", Uint32, Dec);
    FRAMED_APPLETALK_ZONE = field("radius.Framed_AppleTalk_Zone", "Framed-AppleTalk-Zone", String, None);
    ACCT_STATUS_TYPE = field("radius.Acct_Status_Type", "Acct-Status-Type", Uint32, Dec).names(Names::Values(ACCT_STATUS_TYPES));
    ACCT_DELAY_TIME = field("radius.Acct_Delay_Time", "Acct-Delay-Time", Uint32, Dec);
    ACCT_INPUT_OCTETS = field("radius.Acct_Input_Octets", "Acct-Input-Octets", Uint32, Dec);
    ACCT_OUTPUT_OCTETS = field("radius.Acct_Output_Octets", "Acct-Output-Octets", Uint32, Dec);
    ACCT_SESSION_ID = field("radius.Acct_Session_Id", "Acct-Session-Id", String, None);
    ACCT_AUTHENTIC = field("radius.Acct_Authentic", "Acct-Authentic", Uint32, Dec).names(Names::Values(ACCT_AUTHENTICS));
    ACCT_SESSION_TIME = field("radius.Acct_Session_Time", "Acct-Session-Time", Uint32, Dec);
    ACCT_INPUT_PACKETS = field("radius.Acct_Input_Packets", "Acct-Input-Packets", Uint32, Dec);
    ACCT_OUTPUT_PACKETS = field("radius.Acct_Output_Packets", "Acct-Output-Packets", Uint32, Dec);
    ACCT_TERMINATE_CAUSE = field("radius.Acct_Terminate_Cause", "Acct-Terminate-Cause", Uint32, Dec).names(Names::Values(ACCT_TERMINATE_CAUSES));
    ACCT_MULTI_SESSION_ID = field("radius.Acct_Multi_Session_Id", "Acct-Multi-Session-Id", String, None);
    ACCT_LINK_COUNT = field("radius.Acct_Link_Count", "Acct-Link-Count", Uint32, Dec);
    ACCT_INPUT_GIGAWORDS = field("radius.Acct_Input_Gigawords", "Acct-Input-Gigawords", Uint32, Dec);
    ACCT_OUTPUT_GIGAWORDS = field("radius.Acct_Output_Gigawords", "Acct-Output-Gigawords", Uint32, Dec);
    EVENT_TIMESTAMP = field("radius.Event_Timestamp", "Event-Timestamp", AbsoluteTime, None);
    INGRESS_FILTERS = field("radius.Ingress_Filters", "Ingress-Filters", Uint32, Dec).names(Names::Values(INGRESS_FILTERSS));
    USER_PRIORITY_TABLE = field("radius.User_Priority_Table", "User-Priority-Table", Bytes, None);
    CHAP_CHALLENGE = field("radius.CHAP_Challenge", "CHAP-Challenge", Bytes, None);
    NAS_PORT_TYPE = field("radius.NAS_Port_Type", "NAS-Port-Type", Uint32, Dec).names(Names::Values(NAS_PORT_TYPES));
    PORT_LIMIT = field("radius.Port_Limit", "Port-Limit", Uint32, Dec);
    LOGIN_LAT_PORT = field("radius.Login_LAT_Port", "Login-LAT-Port", String, None);
    TUNNEL_TYPE = field("radius.Tunnel_Type", "Tunnel-Type", Uint32, Dec).names(Names::Values(TUNNEL_TYPES));
    TUNNEL_MEDIUM_TYPE = field("radius.Tunnel_Medium_Type", "Tunnel-Medium-Type", Uint32, Dec).names(Names::Values(TUNNEL_MEDIUM_TYPES));
    TUNNEL_CLIENT_ENDPOINT = field("radius.Tunnel_Client_Endpoint", "Tunnel-Client-Endpoint", String, None);
    TUNNEL_SERVER_ENDPOINT = field("radius.Tunnel_Server_Endpoint", "Tunnel-Server-Endpoint", String, None);
    ACCT_TUNNEL_CONNECTION = field("radius.Acct_Tunnel_Connection", "Acct-Tunnel-Connection", String, None);
    TUNNEL_PASSWORD = field("radius.Tunnel_Password_encrypted", "Tunnel-Password (encrypted)", Bytes, None);
    ARAP_PASSWORD = field("radius.ARAP_Password", "ARAP-Password", Bytes, None);
    ARAP_FEATURES = field("radius.ARAP_Features", "ARAP-Features", Bytes, None);
    ARAP_ZONE_ACCESS = field("radius.ARAP_Zone_Access", "ARAP-Zone-Access", Uint32, Dec).names(Names::Values(ARAP_ZONE_ACCESSS));
    ARAP_SECURITY = field("radius.ARAP_Security", "ARAP-Security", Uint32, Dec);
    ARAP_SECURITY_DATA = field("radius.ARAP_Security_Data", "ARAP-Security-Data", String, None);
    PASSWORD_RETRY = field("radius.Password_Retry", "Password-Retry", Uint32, Dec);
    PROMPT = field("radius.Prompt", "Prompt", Uint32, Dec).names(Names::Values(PROMPTS));
    CONNECT_INFO = field("radius.Connect_Info", "Connect-Info", String, None);
    CONFIGURATION_TOKEN = field("radius.Configuration_Token", "Configuration-Token", String, None);
    MESSAGE_AUTHENTICATOR = field("radius.Message_Authenticator", "Message-Authenticator", Bytes, None);
    TUNNEL_PRIVATE_GROUP_ID = field("radius.Tunnel_Private_Group_Id", "Tunnel-Private-Group-Id", String, None);
    TUNNEL_ASSIGNMENT_ID = field("radius.Tunnel_Assignment_Id", "Tunnel-Assignment-Id", String, None);
    TUNNEL_PREFERENCE = field("radius.Tunnel_Preference", "Tunnel-Preference", Uint32, Dec);
    ARAP_CHALLENGE_RESPONSE = field("radius.ARAP_Challenge_Response", "ARAP-Challenge-Response", Bytes, None);
    ACCT_INTERIM_INTERVAL = field("radius.Acct_Interim_Interval", "Acct-Interim-Interval", Uint32, Dec);
    ACCT_TUNNEL_PACKETS_LOST = field("radius.Acct_Tunnel_Packets_Lost", "Acct-Tunnel-Packets-Lost", Uint32, Dec);
    NAS_PORT_ID = field("radius.NAS_Port_Id", "NAS-Port-Id", String, None);
    FRAMED_POOL = field("radius.Framed_Pool", "Framed-Pool", String, None);
    CHARGEABLE_USER_IDENTITY = field("radius.Chargeable_User_Identity", "Chargeable-User-Identity", String, None);
    TUNNEL_CLIENT_AUTH_ID = field("radius.Tunnel_Client_Auth_Id", "Tunnel-Client-Auth-Id", String, None);
    TUNNEL_SERVER_AUTH_ID = field("radius.Tunnel_Server_Auth_Id", "Tunnel-Server-Auth-Id", String, None);
    NAS_FILTER_RULE = field("radius.NAS_Filter_Rule", "NAS-Filter-Rule", String, None);
    ORIGINATING_LINE_INFO = field("radius.Originating_Line_Info", "Originating-Line-Info", String, None);
    NAS_IPV6_ADDRESS = field("radius.NAS_IPv6_Address", "NAS-IPv6-Address", Ipv6, None);
    FRAMED_INTERFACE_ID = field("radius.Framed_Interface_Id", "Framed-Interface-Id", Bytes, None);
    FRAMED_IPV6_PREFIX = field("radius.Framed_IPv6_Prefix", "Framed-IPv6-Prefix", Bytes, None);
    LOGIN_IPV6_HOST = field("radius.Login_IPv6_Host", "Login-IPv6-Host", Ipv6, None);
    FRAMED_IPV6_ROUTE = field("radius.Framed_IPv6_Route", "Framed-IPv6-Route", String, None);
    FRAMED_IPV6_POOL = field("radius.Framed_IPv6_Pool", "Framed-IPv6-Pool", String, None);
    ERROR_CAUSE = field("radius.Error_Cause", "Error-Cause", Uint32, Dec).names(Names::Values(ERROR_CAUSES));
    EAP_KEY_NAME = field("radius.EAP_Key_Name", "EAP-Key-Name", String, None);
    DELEGATED_IPV6_PREFIX = field("radius.Delegated_IPv6_Prefix", "Delegated-IPv6-Prefix", Bytes, None);
    MIP6_FEATURE_VECTOR = field("radius.MIP6_Feature_Vector", "MIP6-Feature-Vector", Bytes, None);
    MIP6_HOME_LINK_PREFIX = field("radius.MIP6_Home_Link_Prefix", "MIP6-Home-Link-Prefix", Bytes, None);
    MULTI_LINK_FLAG = field("radius.Multi_Link_Flag", "Multi-Link-Flag", Uint32, Dec);
    LOCATION_INFORMATION = field("radius.Location_Information", "Location-Information", Bytes, None);
    LOCATION_DATA = field("radius.Location_Data", "Location-Data", Bytes, None);
    BASIC_LOCATION_POLICY_RULES = field("radius.Basic_Location_Policy_Rules", "Basic-Location-Policy-Rules", Bytes, None);
    EXTENDED_LOCATION_POLICY_RULES = field("radius.Extended_Location_Policy_Rules", "Extended-Location-Policy-Rules", String, None);
    LOCATION_CAPABLE = field("radius.Location_Capable", "Location-Capable", Uint32, Dec);
    REQUESTED_LOCATION_INFO = field("radius.Requested_Location_Info", "Requested-Location-Info", Uint32, Dec);
    FRAMED_MANAGEMENT = field("radius.Framed_Management", "Framed-Management", Uint32, Dec);
    MANAGEMENT_TRANSPORT_PROTECTION = field("radius.Management_Transport_Protection", "Management-Transport-Protection", Uint32, Dec);
    MANAGEMENT_POLICY_ID = field("radius.Management_Policy_Id", "Management-Policy-Id", String, None);
    MANAGEMENT_PRIVILEGE_LEVEL = field("radius.Management_Privilege_Level", "Management-Privilege-Level", Uint32, Dec);
    PKM_SS_CERT = field("radius.PKM_SS_Cert", "PKM-SS-Cert", Bytes, None);
    PKM_CA_CERT = field("radius.PKM_CA_Cert", "PKM-CA-Cert", Bytes, None);
    PKM_CONFIG_SETTINGS = field("radius.PKM_Config_Settings", "PKM-Config-Settings", Bytes, None);
    PKM_CRYPTOSUITE_LIST = field("radius.PKM_Cryptosuite_List", "PKM-Cryptosuite-List", Bytes, None);
    PKM_SAID = field("radius.PKM_SAID", "PKM-SAID", Uint32, Dec);
    PKM_SA_DESCRIPTOR = field("radius.PKM_SA_Descriptor", "PKM-SA-Descriptor", Bytes, None);
    PKM_AUTH_KEY = field("radius.PKM_Auth_Key", "PKM-Auth-Key", Bytes, None);
    DS_LITE_TUNNEL_NAME = field("radius.DS_Lite_Tunnel_Name", "DS-Lite-Tunnel-Name", String, None);
    MOBILE_NODE_IDENTIFIER = field("radius.Mobile_Node_Identifier", "Mobile-Node-Identifier", Bytes, None);
    SERVICE_SELECTION = field("radius.Service_Selection", "Service-Selection", String, None);
    PMIP6_HOME_LMA_IPV6_ADDRESS = field("radius.PMIP6_Home_LMA_IPv6_Address", "PMIP6-Home-LMA-IPv6-Address", Ipv6, None);
    PMIP6_VISITED_LMA_IPV6_ADDRESS = field("radius.PMIP6_Visited_LMA_IPv6_Address", "PMIP6-Visited-LMA-IPv6-Address", Ipv6, None);
    PMIP6_HOME_LMA_IPV4_ADDRESS = field("radius.PMIP6_Home_LMA_IPv4_Address", "PMIP6-Home-LMA-IPv4-Address", Ipv4, None);
    PMIP6_VISITED_LMA_IPV4_ADDRESS = field("radius.PMIP6_Visited_LMA_IPv4_Address", "PMIP6-Visited-LMA-IPv4-Address", Ipv4, None);
    PMIP6_HOME_HN_PREFIX = field("radius.PMIP6_Home_HN_Prefix", "PMIP6-Home-HN-Prefix", Bytes, None);
    PMIP6_VISITED_HN_PREFIX = field("radius.PMIP6_Visited_HN_Prefix", "PMIP6-Visited-HN-Prefix", Bytes, None);
    PMIP6_HOME_INTERFACE_ID = field("radius.PMIP6_Home_Interface_ID", "PMIP6-Home-Interface-ID", Bytes, None);
    PMIP6_VISITED_INTERFACE_ID = field("radius.PMIP6_Visited_Interface_ID", "PMIP6-Visited-Interface-ID", Bytes, None);
    PMIP6_HOME_IPV4_HOA = field("radius.PMIP6_Home_IPv4_HoA", "PMIP6-Home-IPv4-HoA", Bytes, None);
    PMIP6_VISITED_IPV4_HOA = field("radius.PMIP6_Visited_IPv4_HoA", "PMIP6-Visited-IPv4-HoA", Bytes, None);
    PMIP6_HOME_DHCP4_SERVER_ADDRESS = field("radius.PMIP6_Home_DHCP4_Server_Address", "PMIP6-Home-DHCP4-Server-Address", Ipv4, None);
    PMIP6_VISITED_DHCP4_SERVER_ADDRESS = field("radius.PMIP6_Visited_DHCP4_Server_Address", "PMIP6-Visited-DHCP4-Server-Address", Ipv4, None);
    PMIP6_HOME_DHCP6_SERVER_ADDRESS = field("radius.PMIP6_Home_DHCP6_Server_Address", "PMIP6-Home-DHCP6-Server-Address", Ipv6, None);
    PMIP6_VISITED_DHCP6_SERVER_ADDRESS = field("radius.PMIP6_Visited_DHCP6_Server_Address", "PMIP6-Visited-DHCP6-Server-Address", Ipv6, None);
    PMIP6_HOME_IPV4_GATEWAY = field("radius.PMIP6_Home_IPv4_Gateway", "PMIP6-Home-IPv4-Gateway", Ipv4, None);
    PMIP6_VISITED_IPV4_GATEWAY = field("radius.PMIP6_Visited_IPv4_Gateway", "PMIP6-Visited-IPv4-Gateway", Ipv4, None);
    EAP_LOWER_LAYER = field("radius.EAP_Lower_Layer", "EAP-Lower-Layer", Uint32, Dec);
    GSS_ACCEPTOR_SERVICE_NAME = field("radius.GSS_Acceptor_Service_Name", "GSS-Acceptor-Service-Name", String, None);
    GSS_ACCEPTOR_HOST_NAME = field("radius.GSS_Acceptor_Host_Name", "GSS-Acceptor-Host-Name", String, None);
    GSS_ACCEPTOR_SERVICE_SPECIFICS = field("radius.GSS_Acceptor_Service_Specifics", "GSS-Acceptor-Service-Specifics", String, None);
    GSS_ACCEPTOR_REALM_NAME = field("radius.GSS_Acceptor_Realm_Name", "GSS-Acceptor-Realm-Name", String, None);
    FRAMED_IPV6_ADDRESS = field("radius.Framed_IPv6_Address", "Framed-IPv6-Address", Ipv6, None);
    DNS_SERVER_IPV6_ADDRESS = field("radius.DNS_Server_IPv6_Address", "DNS-Server-IPv6-Address", Ipv6, None);
    ROUTE_IPV6_INFORMATION = field("radius.Route_IPv6_Information", "Route-IPv6-Information", Bytes, None);
    DELEGATED_IPV6_PREFIX_POOL = field("radius.Delegated_IPv6_Prefix_Pool", "Delegated-IPv6-Prefix-Pool", String, None);
    STATEFUL_IPV6_ADDRESS_POOL = field("radius.Stateful_IPv6_Address_Pool", "Stateful-IPv6-Address-Pool", String, None);
    IPV6_6RD_CONFIGURATION = field("radius.IPv6_6rd_Configuration", "IPv6-6rd-Configuration", Bytes, None);
    INVALID_LENGTH = expert("radius.invalid_length", "Invalid length", Error, Malformed);
}

/// The registry of RADIUS packet type codes.
const CODES: &[(u64, &str)] = &[
    (1, "Access-Request"),
    (2, "Access-Accept"),
    (3, "Access-Reject"),
    (4, "Accounting-Request"),
    (5, "Accounting-Response"),
    (6, "Accounting-Status"),
    (7, "Password-Request"),
    (8, "Password-Ack"),
    (9, "Password-Reject"),
    (10, "Accounting-Message"),
    (11, "Access-Challenge"),
    (12, "Status-Server"),
    (13, "Status-Client"),
    (21, "Resource-Free-Request"),
    (22, "Resource-Free-Response"),
    (23, "Resource-Query-Request"),
    (24, "Query_Response"),
    (25, "Alternate-Resource-Reclaim-Request"),
    (26, "NAS-Reboot-Request"),
    (27, "NAS-Reboot-Response"),
    (29, "Next-Passcode"),
    (30, "New-Pin"),
    (31, "Terminate-Session"),
    (32, "Password-Expired"),
    (33, "Event-Request"),
    (34, "Event-Response"),
    (40, "Disconnect-Request"),
    (41, "Disconnect-ACK"),
    (42, "Disconnect-NAK"),
    (43, "CoA-Request"),
    (44, "CoA-ACK"),
    (45, "CoA-NAK"),
    (50, "IP-Address-Allocate"),
    (51, "IP-Address-Release"),
    (129, "ALU-State-Request"),
    (130, "ALU-State-Accept"),
    (131, "ALU-State-Reject"),
    (132, "ALU-State-Error"),
];
const ACCESS_CODES: &[u8] = &[2, 3, 5, 11, 22, 24, 27, 34, 41, 42, 44, 45];

const SERVICE_TYPES: &[(u64, &str)] = &[
    (1, "Login"),
    (2, "Framed"),
    (3, "Callback-Login"),
    (4, "Callback-Framed"),
    (5, "Outbound-User"),
    (6, "Administrative-User"),
    (7, "NAS-Prompt-User"),
    (8, "Authenticate-Only"),
    (9, "Callback-NAS-Prompt"),
    (10, "Call-Check"),
    (11, "Callback-Administrative"),
    (12, "Voice"),
    (13, "Fax"),
    (14, "Modem-Relay"),
    (15, "IAPP-Register"),
    (16, "IAPP-AP-Check"),
    (17, "Authorize-Only"),
    (18, "Framed-Management"),
];
const FRAMED_PROTOCOLS: &[(u64, &str)] = &[
    (1, "PPP"),
    (2, "SLIP"),
    (3, "ARAP"),
    (4, "Gandalf-SLML"),
    (5, "Xylogics-IPX-SLIP"),
    (6, "X.75-Synchronous"),
    (7, "GPRS-PDP-Context"),
    (9, "PPTP"),
];
const FRAMED_ROUTINGS: &[(u64, &str)] = &[(0, "None"), (1, "Broadcast"), (2, "Listen"), (3, "Broadcast-Listen")];
const FRAMED_COMPRESSIONS: &[(u64, &str)] =
    &[(0, "None"), (1, "Van-Jacobsen-TCP-IP"), (2, "IPX-Header-Compression"), (3, "Stac-LZS")];
const LOGIN_SERVICES: &[(u64, &str)] = &[
    (0, "Telnet"),
    (1, "Rlogin"),
    (2, "TCP-Clear"),
    (3, "PortMaster"),
    (4, "LAT"),
    (5, "X25-PAD"),
    (6, "X25-T3POS"),
    (8, "TCP-Clear-Quiet"),
];
const LOGIN_TCP_PORTS: &[(u64, &str)] = &[(23, "Telnet"), (513, "Rlogin"), (514, "Rsh")];
const TERMINATION_ACTIONS: &[(u64, &str)] = &[(0, "Default"), (1, "RADIUS-Request"), (2, "Manage-Resources")];
const ACCT_STATUS_TYPES: &[(u64, &str)] = &[
    (1, "Start"),
    (2, "Stop"),
    (3, "Interim-Update"),
    (7, "Accounting-On"),
    (8, "Accounting-Off"),
    (9, "Tunnel-Start"),
    (10, "Tunnel-Stop"),
    (11, "Tunnel-Reject"),
    (12, "Tunnel-Link-Start"),
    (13, "Tunnel-Link-Stop"),
    (14, "Tunnel-Link-Reject"),
    (15, "Failed"),
];
const ACCT_AUTHENTICS: &[(u64, &str)] = &[(1, "RADIUS"), (2, "Local"), (3, "Remote"), (4, "Diameter")];
const ACCT_TERMINATE_CAUSES: &[(u64, &str)] = &[
    (1, "User-Request"),
    (2, "Lost-Carrier"),
    (3, "Lost-Service"),
    (4, "Idle-Timeout"),
    (5, "Session-Timeout"),
    (6, "Admin-Reset"),
    (7, "Admin-Reboot"),
    (8, "Port-Error"),
    (9, "NAS-Error"),
    (10, "NAS-Request"),
    (11, "NAS-Reboot"),
    (12, "Port-Unneeded"),
    (13, "Port-Preempted"),
    (14, "Port-Suspended"),
    (15, "Service-Unavailable"),
    (16, "Callback"),
    (17, "User-Error"),
    (18, "Host-Request"),
    (19, "Supplicant-Restart"),
    (20, "Reauthentication-Failure"),
    (21, "Port-Reinit"),
    (22, "Port-Disabled"),
];
const INGRESS_FILTERSS: &[(u64, &str)] = &[(1, "Enabled"), (2, "Disabled")];
const NAS_PORT_TYPES: &[(u64, &str)] = &[
    (0, "Async"),
    (1, "Sync"),
    (2, "ISDN"),
    (3, "ISDN-V120"),
    (4, "ISDN-V110"),
    (5, "Virtual"),
    (6, "PIAFS"),
    (7, "HDLC-Clear-Channel"),
    (8, "X.25"),
    (9, "X.75"),
    (10, "G.3-Fax"),
    (11, "SDSL"),
    (12, "ADSL-CAP"),
    (13, "ADSL-DMT"),
    (14, "IDSL"),
    (15, "Ethernet"),
    (16, "xDSL"),
    (17, "Cable"),
    (18, "Wireless-Other"),
    (19, "Wireless-802.11"),
    (20, "Token-Ring"),
    (21, "FDDI"),
    (22, "Wireless-CDMA2000"),
    (23, "Wireless-UMTS"),
    (24, "Wireless-1X-EV"),
    (25, "IAPP"),
    (26, "FTTP"),
    (27, "Wireless-802.16"),
    (28, "Wireless-802.20"),
    (29, "Wireless-802.22"),
    (30, "PPPoA"),
    (31, "PPPoEoA"),
    (32, "PPPoEoE"),
    (33, "PPPoEoVLAN"),
    (34, "PPPoEoQinQ"),
    (35, "xPON"),
    (36, "Wireless-XGP"),
];
const TUNNEL_TYPES: &[(u64, &str)] = &[
    (1, "PPTP"),
    (2, "L2F"),
    (3, "L2TP"),
    (4, "ATMP"),
    (5, "VTP"),
    (6, "AH"),
    (7, "IP"),
    (8, "MIN-IP"),
    (9, "ESP"),
    (10, "GRE"),
    (11, "DVS"),
    (12, "IP-in-IP"),
    (13, "VLAN"),
];
const TUNNEL_MEDIUM_TYPES: &[(u64, &str)] = &[
    (1, "IP"),
    (2, "IPv6"),
    (3, "NSAP"),
    (4, "HDLC"),
    (5, "BBN-1822"),
    (6, "IEEE-802"),
    (7, "E.163"),
    (8, "E.164"),
    (9, "F.69"),
    (10, "X.121"),
    (11, "IPX"),
    (12, "Appletalk"),
    (13, "DecNet-IV"),
    (14, "Banyan-Vines"),
    (15, "E.164-NSAP"),
];
const ARAP_ZONE_ACCESSS: &[(u64, &str)] =
    &[(1, "Default-Zone"), (2, "Zone-Filter-Inclusive"), (4, "Zone-Filter-Exclusive")];
const PROMPTS: &[(u64, &str)] = &[(0, "No-Echo"), (1, "Echo")];
const ERROR_CAUSES: &[(u64, &str)] = &[
    (201, "Residual-Context-Removed"),
    (202, "Invalid-EAP-Packet"),
    (401, "Unsupported-Attribute"),
    (402, "Missing-Attribute"),
    (403, "NAS-Identification-Mismatch"),
    (404, "Invalid-Request"),
    (405, "Unsupported-Service"),
    (406, "Unsupported-Extension"),
    (407, "Invalid-Attribute-Value"),
    (501, "Administratively-Prohibited"),
    (502, "Proxy-Request-Not-Routable"),
    (503, "Session-Context-Not-Found"),
    (504, "Session-Context-Not-Removable"),
    (505, "Proxy-Processing-Error"),
    (506, "Resources-Unavailable"),
    (507, "Request-Initiated"),
    (508, "Multiple-Session-Selection-Unsupported"),
];

/// What an attribute's value is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Octets,
    /// Hidden by the shared secret (RFC 2865, 5.2).
    Encrypted,
    Integer,
    Ipv4,
    Ipv6,
    /// Seconds since 1970.
    Time,
}

struct Attribute {
    code: u8,
    name: &'static str,
    kind: Kind,
    field: FieldId,
    /// It may begin with a tag that says to which tunnel it belongs (RFC 2868, 3.1).
    is_tagged: bool,
}

const fn row(code: u8, name: &'static str, kind: Kind, field: FieldId, is_tagged: bool) -> Attribute {
    Attribute { code, name, kind, field, is_tagged }
}

/// The registry of RADIUS attribute types.
const ATTRIBUTES: &[Attribute] = &[
    row(1, "User-Name", Kind::Text, USER_NAME, false),
    row(2, "User-Password", Kind::Encrypted, USER_PASSWORD, false),
    row(4, "NAS-IP-Address", Kind::Ipv4, NAS_IP_ADDRESS, false),
    row(5, "NAS-Port", Kind::Integer, NAS_PORT, false),
    row(6, "Service-Type", Kind::Integer, SERVICE_TYPE, false),
    row(7, "Framed-Protocol", Kind::Integer, FRAMED_PROTOCOL, false),
    row(8, "Framed-IP-Address", Kind::Ipv4, FRAMED_IP_ADDRESS, false),
    row(9, "Framed-IP-Netmask", Kind::Ipv4, FRAMED_IP_NETMASK, false),
    row(10, "Framed-Routing", Kind::Integer, FRAMED_ROUTING, false),
    row(11, "Filter-Id", Kind::Text, FILTER_ID, false),
    row(12, "Framed-MTU", Kind::Integer, FRAMED_MTU, false),
    row(13, "Framed-Compression", Kind::Integer, FRAMED_COMPRESSION, false),
    row(14, "Login-IP-Host", Kind::Ipv4, LOGIN_IP_HOST, false),
    row(15, "Login-Service", Kind::Integer, LOGIN_SERVICE, false),
    row(16, "Login-TCP-Port", Kind::Integer, LOGIN_TCP_PORT, false),
    row(17, "Old-Password", Kind::Text, OLD_PASSWORD, false),
    row(18, "Reply-Message", Kind::Text, REPLY_MESSAGE, false),
    row(19, "Callback-Number", Kind::Text, CALLBACK_NUMBER, false),
    row(20, "Callback-Id", Kind::Text, CALLBACK_ID, false),
    row(22, "Framed-Route", Kind::Text, FRAMED_ROUTE, false),
    row(24, "State", Kind::Octets, STATE, false),
    row(25, "Class", Kind::Octets, CLASS, false),
    row(27, "Session-Timeout", Kind::Integer, SESSION_TIMEOUT, false),
    row(28, "Idle-Timeout", Kind::Integer, IDLE_TIMEOUT, false),
    row(29, "Termination-Action", Kind::Integer, TERMINATION_ACTION, false),
    row(30, "Called-Station-Id", Kind::Text, CALLED_STATION_ID, false),
    row(31, "Calling-Station-Id", Kind::Text, CALLING_STATION_ID, false),
    row(32, "NAS-Identifier", Kind::Text, NAS_IDENTIFIER, false),
    row(33, "Proxy-State", Kind::Octets, PROXY_STATE, false),
    row(34, "Login-LAT-Service", Kind::Text, LOGIN_LAT_SERVICE, false),
    row(35, "Login-LAT-Node", Kind::Text, LOGIN_LAT_NODE, false),
    row(36, "Login-LAT-Group", Kind::Octets, LOGIN_LAT_GROUP, false),
    row(37, "Framed-AppleTalk-Link", Kind::Integer, FRAMED_APPLETALK_LINK, false),
    row(38, "Framed-AppleTalk-Network", Kind::Integer, FRAMED_APPLETALK_NETWORK, false),
    row(39, "Framed-AppleTalk-Zone", Kind::Text, FRAMED_APPLETALK_ZONE, false),
    row(40, "Acct-Status-Type", Kind::Integer, ACCT_STATUS_TYPE, false),
    row(41, "Acct-Delay-Time", Kind::Integer, ACCT_DELAY_TIME, false),
    row(42, "Acct-Input-Octets", Kind::Integer, ACCT_INPUT_OCTETS, false),
    row(43, "Acct-Output-Octets", Kind::Integer, ACCT_OUTPUT_OCTETS, false),
    row(44, "Acct-Session-Id", Kind::Text, ACCT_SESSION_ID, false),
    row(45, "Acct-Authentic", Kind::Integer, ACCT_AUTHENTIC, false),
    row(46, "Acct-Session-Time", Kind::Integer, ACCT_SESSION_TIME, false),
    row(47, "Acct-Input-Packets", Kind::Integer, ACCT_INPUT_PACKETS, false),
    row(48, "Acct-Output-Packets", Kind::Integer, ACCT_OUTPUT_PACKETS, false),
    row(49, "Acct-Terminate-Cause", Kind::Integer, ACCT_TERMINATE_CAUSE, false),
    row(50, "Acct-Multi-Session-Id", Kind::Text, ACCT_MULTI_SESSION_ID, false),
    row(51, "Acct-Link-Count", Kind::Integer, ACCT_LINK_COUNT, false),
    row(52, "Acct-Input-Gigawords", Kind::Integer, ACCT_INPUT_GIGAWORDS, false),
    row(53, "Acct-Output-Gigawords", Kind::Integer, ACCT_OUTPUT_GIGAWORDS, false),
    row(55, "Event-Timestamp", Kind::Time, EVENT_TIMESTAMP, false),
    row(57, "Ingress-Filters", Kind::Integer, INGRESS_FILTERS, false),
    row(59, "User-Priority-Table", Kind::Octets, USER_PRIORITY_TABLE, false),
    row(60, "CHAP-Challenge", Kind::Octets, CHAP_CHALLENGE, false),
    row(61, "NAS-Port-Type", Kind::Integer, NAS_PORT_TYPE, false),
    row(62, "Port-Limit", Kind::Integer, PORT_LIMIT, false),
    row(63, "Login-LAT-Port", Kind::Text, LOGIN_LAT_PORT, false),
    row(64, "Tunnel-Type", Kind::Integer, TUNNEL_TYPE, true),
    row(65, "Tunnel-Medium-Type", Kind::Integer, TUNNEL_MEDIUM_TYPE, true),
    row(66, "Tunnel-Client-Endpoint", Kind::Text, TUNNEL_CLIENT_ENDPOINT, true),
    row(67, "Tunnel-Server-Endpoint", Kind::Text, TUNNEL_SERVER_ENDPOINT, true),
    row(68, "Acct-Tunnel-Connection", Kind::Text, ACCT_TUNNEL_CONNECTION, false),
    row(69, "Tunnel-Password", Kind::Encrypted, TUNNEL_PASSWORD, true),
    row(70, "ARAP-Password", Kind::Octets, ARAP_PASSWORD, false),
    row(71, "ARAP-Features", Kind::Octets, ARAP_FEATURES, false),
    row(72, "ARAP-Zone-Access", Kind::Integer, ARAP_ZONE_ACCESS, false),
    row(73, "ARAP-Security", Kind::Integer, ARAP_SECURITY, false),
    row(74, "ARAP-Security-Data", Kind::Text, ARAP_SECURITY_DATA, false),
    row(75, "Password-Retry", Kind::Integer, PASSWORD_RETRY, false),
    row(76, "Prompt", Kind::Integer, PROMPT, false),
    row(77, "Connect-Info", Kind::Text, CONNECT_INFO, false),
    row(78, "Configuration-Token", Kind::Text, CONFIGURATION_TOKEN, false),
    row(80, "Message-Authenticator", Kind::Octets, MESSAGE_AUTHENTICATOR, false),
    row(81, "Tunnel-Private-Group-Id", Kind::Text, TUNNEL_PRIVATE_GROUP_ID, true),
    row(82, "Tunnel-Assignment-Id", Kind::Text, TUNNEL_ASSIGNMENT_ID, true),
    row(83, "Tunnel-Preference", Kind::Integer, TUNNEL_PREFERENCE, true),
    row(84, "ARAP-Challenge-Response", Kind::Octets, ARAP_CHALLENGE_RESPONSE, false),
    row(85, "Acct-Interim-Interval", Kind::Integer, ACCT_INTERIM_INTERVAL, false),
    row(86, "Acct-Tunnel-Packets-Lost", Kind::Integer, ACCT_TUNNEL_PACKETS_LOST, false),
    row(87, "NAS-Port-Id", Kind::Text, NAS_PORT_ID, false),
    row(88, "Framed-Pool", Kind::Text, FRAMED_POOL, false),
    row(89, "Chargeable-User-Identity", Kind::Text, CHARGEABLE_USER_IDENTITY, false),
    row(90, "Tunnel-Client-Auth-Id", Kind::Text, TUNNEL_CLIENT_AUTH_ID, true),
    row(91, "Tunnel-Server-Auth-Id", Kind::Text, TUNNEL_SERVER_AUTH_ID, true),
    row(92, "NAS-Filter-Rule", Kind::Text, NAS_FILTER_RULE, false),
    row(94, "Originating-Line-Info", Kind::Text, ORIGINATING_LINE_INFO, false),
    row(95, "NAS-IPv6-Address", Kind::Ipv6, NAS_IPV6_ADDRESS, false),
    row(96, "Framed-Interface-Id", Kind::Octets, FRAMED_INTERFACE_ID, false),
    row(97, "Framed-IPv6-Prefix", Kind::Octets, FRAMED_IPV6_PREFIX, false),
    row(98, "Login-IPv6-Host", Kind::Ipv6, LOGIN_IPV6_HOST, false),
    row(99, "Framed-IPv6-Route", Kind::Text, FRAMED_IPV6_ROUTE, false),
    row(100, "Framed-IPv6-Pool", Kind::Text, FRAMED_IPV6_POOL, false),
    row(101, "Error-Cause", Kind::Integer, ERROR_CAUSE, false),
    row(102, "EAP-Key-Name", Kind::Text, EAP_KEY_NAME, false),
    row(123, "Delegated-IPv6-Prefix", Kind::Octets, DELEGATED_IPV6_PREFIX, false),
    row(124, "MIP6-Feature-Vector", Kind::Octets, MIP6_FEATURE_VECTOR, false),
    row(125, "MIP6-Home-Link-Prefix", Kind::Octets, MIP6_HOME_LINK_PREFIX, false),
    row(126, "Multi-Link-Flag", Kind::Integer, MULTI_LINK_FLAG, false),
    row(127, "Location-Information", Kind::Octets, LOCATION_INFORMATION, false),
    row(128, "Location-Data", Kind::Octets, LOCATION_DATA, false),
    row(129, "Basic-Location-Policy-Rules", Kind::Octets, BASIC_LOCATION_POLICY_RULES, false),
    row(130, "Extended-Location-Policy-Rules", Kind::Text, EXTENDED_LOCATION_POLICY_RULES, false),
    row(131, "Location-Capable", Kind::Integer, LOCATION_CAPABLE, false),
    row(132, "Requested-Location-Info", Kind::Integer, REQUESTED_LOCATION_INFO, false),
    row(133, "Framed-Management", Kind::Integer, FRAMED_MANAGEMENT, false),
    row(134, "Management-Transport-Protection", Kind::Integer, MANAGEMENT_TRANSPORT_PROTECTION, false),
    row(135, "Management-Policy-Id", Kind::Text, MANAGEMENT_POLICY_ID, false),
    row(136, "Management-Privilege-Level", Kind::Integer, MANAGEMENT_PRIVILEGE_LEVEL, false),
    row(137, "PKM-SS-Cert", Kind::Octets, PKM_SS_CERT, false),
    row(138, "PKM-CA-Cert", Kind::Octets, PKM_CA_CERT, false),
    row(139, "PKM-Config-Settings", Kind::Octets, PKM_CONFIG_SETTINGS, false),
    row(140, "PKM-Cryptosuite-List", Kind::Octets, PKM_CRYPTOSUITE_LIST, false),
    row(141, "PKM-SAID", Kind::Integer, PKM_SAID, false),
    row(142, "PKM-SA-Descriptor", Kind::Octets, PKM_SA_DESCRIPTOR, false),
    row(143, "PKM-Auth-Key", Kind::Octets, PKM_AUTH_KEY, false),
    row(144, "DS-Lite-Tunnel-Name", Kind::Text, DS_LITE_TUNNEL_NAME, false),
    row(145, "Mobile-Node-Identifier", Kind::Octets, MOBILE_NODE_IDENTIFIER, false),
    row(146, "Service-Selection", Kind::Text, SERVICE_SELECTION, false),
    row(147, "PMIP6-Home-LMA-IPv6-Address", Kind::Ipv6, PMIP6_HOME_LMA_IPV6_ADDRESS, false),
    row(148, "PMIP6-Visited-LMA-IPv6-Address", Kind::Ipv6, PMIP6_VISITED_LMA_IPV6_ADDRESS, false),
    row(149, "PMIP6-Home-LMA-IPv4-Address", Kind::Ipv4, PMIP6_HOME_LMA_IPV4_ADDRESS, false),
    row(150, "PMIP6-Visited-LMA-IPv4-Address", Kind::Ipv4, PMIP6_VISITED_LMA_IPV4_ADDRESS, false),
    row(151, "PMIP6-Home-HN-Prefix", Kind::Octets, PMIP6_HOME_HN_PREFIX, false),
    row(152, "PMIP6-Visited-HN-Prefix", Kind::Octets, PMIP6_VISITED_HN_PREFIX, false),
    row(153, "PMIP6-Home-Interface-ID", Kind::Octets, PMIP6_HOME_INTERFACE_ID, false),
    row(154, "PMIP6-Visited-Interface-ID", Kind::Octets, PMIP6_VISITED_INTERFACE_ID, false),
    row(155, "PMIP6-Home-IPv4-HoA", Kind::Octets, PMIP6_HOME_IPV4_HOA, false),
    row(156, "PMIP6-Visited-IPv4-HoA", Kind::Octets, PMIP6_VISITED_IPV4_HOA, false),
    row(157, "PMIP6-Home-DHCP4-Server-Address", Kind::Ipv4, PMIP6_HOME_DHCP4_SERVER_ADDRESS, false),
    row(158, "PMIP6-Visited-DHCP4-Server-Address", Kind::Ipv4, PMIP6_VISITED_DHCP4_SERVER_ADDRESS, false),
    row(159, "PMIP6-Home-DHCP6-Server-Address", Kind::Ipv6, PMIP6_HOME_DHCP6_SERVER_ADDRESS, false),
    row(160, "PMIP6-Visited-DHCP6-Server-Address", Kind::Ipv6, PMIP6_VISITED_DHCP6_SERVER_ADDRESS, false),
    row(161, "PMIP6-Home-IPv4-Gateway", Kind::Ipv4, PMIP6_HOME_IPV4_GATEWAY, false),
    row(162, "PMIP6-Visited-IPv4-Gateway", Kind::Ipv4, PMIP6_VISITED_IPV4_GATEWAY, false),
    row(163, "EAP-Lower-Layer", Kind::Integer, EAP_LOWER_LAYER, false),
    row(164, "GSS-Acceptor-Service-Name", Kind::Text, GSS_ACCEPTOR_SERVICE_NAME, false),
    row(165, "GSS-Acceptor-Host-Name", Kind::Text, GSS_ACCEPTOR_HOST_NAME, false),
    row(166, "GSS-Acceptor-Service-Specifics", Kind::Text, GSS_ACCEPTOR_SERVICE_SPECIFICS, false),
    row(167, "GSS-Acceptor-Realm-Name", Kind::Text, GSS_ACCEPTOR_REALM_NAME, false),
    row(168, "Framed-IPv6-Address", Kind::Ipv6, FRAMED_IPV6_ADDRESS, false),
    row(169, "DNS-Server-IPv6-Address", Kind::Ipv6, DNS_SERVER_IPV6_ADDRESS, false),
    row(170, "Route-IPv6-Information", Kind::Octets, ROUTE_IPV6_INFORMATION, false),
    row(171, "Delegated-IPv6-Prefix-Pool", Kind::Text, DELEGATED_IPV6_PREFIX_POOL, false),
    row(172, "Stateful-IPv6-Address-Pool", Kind::Text, STATEFUL_IPV6_ADDRESS_POOL, false),
    row(173, "IPv6-6rd-Configuration", Kind::Octets, IPV6_6RD_CONFIGURATION, false),
];

const VENDOR_SPECIFIC: u8 = 26;
const HEADER_LEN: usize = 20;
/// The greatest tag; what is greater begins the value.
const MAX_TAG: u8 = 0x1f;
/// Which vendors' own attributes are of the recommended form (RFC 2865, 5.26), as far as they are named.
const VENDORS: &[(u64, &str)] = &[
    (5, "ACC"),
    (9, "ciscoSystems"),
    (10, "Cosine"),
    (43, "3Com"),
    (52, "Cabletron Systems, Inc."),
    (81, "Lantronix"),
    (307, "Livingston"),
    (311, "Microsoft"),
    (353, "ATM Forum"),
    (429, "US Robotics"),
    (529, "Ascend"),
    (1584, "Bay Networks"),
    (1991, "Foundry Networks, Inc."),
    (2636, "Juniper Networks/Funk Software"),
    (2352, "Redback Networks"),
    (3076, "Altiga/Cisco"),
    (4874, "Juniper Networks/Unisphere"),
    (5535, "The Third Generation Partnership Project 2 (3GPP2)"),
    (8744, "Colubris"),
    (10415, "3rd Generation Partnership Project (3GPP)"),
    (14122, "Wi-Fi Alliance"),
    (14988, "Mikrotik"),
    (24757, "WiMAX Forum"),
    (25506, "H3C"),
];

fn vendor(number: u64) -> Option<std::borrow::Cow<'static, str>> {
    Names::Values(VENDORS).of(number)
}

pub(crate) static PROTOCOL: Protocol = Protocol {
    accepts: Some(is_one),
    samples: &[Sample { link_type: 101, frames: SAMPLES }],
    ..Protocol::new(
        ProtoId::Radius,
        "RADIUS",
        &[
            Binding::UdpPort(1645),
            Binding::UdpPort(1646),
            Binding::UdpPort(1700),
            Binding::UdpPort(1812),
            Binding::UdpPort(1813),
            Binding::UdpPort(3799),
        ],
        dissect,
    )
};

/// A request that comes again is the same one as long as its authenticator is (RFC 2865, 2.5).
const REPEATS: Rules = Rules {
    proto: ProtoId::Radius,
    renews: false,
    again: Again::Nothing,
    keeps_orphans: false,
    answers_latest: false,
    in_columns: true,
    fields: &[REQFRAME, RSPFRAME, TIME, DUP, REQ_DUP, RSP_DUP],
};
const ANSWERS: Rules = Rules { again: Again::Repeats, ..REPEATS };
const RENEWS: Rules = Rules { renews: true, ..ANSWERS };

/// RFC 2865, 3: a packet has from 20 to 4096 octets, and a code that is known.
const LENGTHS: std::ops::RangeInclusive<u16> = 20..=4096;

/// Whether what came to a port of the protocol is a packet of it.
fn is_one<'a>(_: &Dissector<'a>, tvb: Tvb<'a>) -> bool {
    let code = tvb.u8(0).is_ok_and(|code| CODES.iter().any(|row| row.0 == u64::from(code)));
    code && tvb.u16(2).is_ok_and(|len| LENGTHS.contains(&len))
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("RADIUS");
    let (code, id, len) = (tvb.u8(0)?, tvb.u8(1)?, usize::from(tvb.u16(2)?));
    d.set_info(|| {
        let name = Names::Values(CODES).of(code.into()).unwrap_or("Unknown Packet".into());
        format!("{name} id={id}")
    });
    d.begin(PROTO, tvb);
    let is_response = ACCESS_CODES.contains(&code);
    d.uint(CODE, tvb, 0, 1)?;
    let item = d.add(ID, tvb, 1, 1, Value::Uint(id.into()));
    d.text(item, || format!("Packet identifier: 0x{id:x} ({id})"));
    let item = d.add(LENGTH, tvb, 2, 2, Value::Uint(len as u64));
    d.text(item, || format!("Length: {len}"));
    let authenticator: [u8; 16] = tvb.array(4)?;
    d.bytes(AUTHENTICATOR, tvb, 4, 16);
    if is_response {
        transaction::response(d, &ANSWERS, id.into(), true);
    } else if d.flows().is_some() {
        let whole = u128::from_be_bytes(authenticator);
        let salted = whole ^ (u128::from(id) << 64) ^ (u128::from(code) << 72) | 1 << 127;
        transaction::request(d, &REPEATS, salted);
        let repeats = d.last_fact(|fact| match fact {
            crate::facts::Fact::Transaction { proto: ProtoId::Radius, role: transaction::Role::Repeats, .. } => {
                Some(())
            }
            _ => None,
        });
        transaction::request(d, if repeats.is_some() { &ANSWERS } else { &RENEWS }, id.into());
    }
    let known = transaction::known(d, ProtoId::Radius);
    d.hidden(if is_response { RSP } else { REQ }, tvb, 0, 0, Value::Uint(1));
    known.show(d, tvb, [RSPFRAME, REQFRAME, TIME]);
    if let Some(frame) = known.repeats {
        d.append_info(|| if is_response { ", Duplicate Response" } else { ", Duplicate Request" }.to_owned());
        d.hidden(DUP, tvb, 0, 0, Value::Uint(id.into()));
        d.generated(if is_response { RSP_DUP } else { REQ_DUP }, tvb, 0, 0, Value::Uint(frame));
    }
    let body = tvb.sub(0, len.max(HEADER_LEN));
    if body.reported() > HEADER_LEN {
        attributes(d, body)?;
    }
    d.close();
    Ok(())
}

fn attributes<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    if !d.wants_between(AVP, INVALID_LENGTH) && !d.wants_expert(INVALID_LENGTH) && !d.wants_tree() {
        return Ok(());
    }
    d.open_text(tvb, HEADER_LEN, tvb.reported() - HEADER_LEN, || "Attribute Value Pairs".to_owned());
    let mut at = HEADER_LEN;
    while at < tvb.reported() {
        if at + 2 > tvb.reported() {
            d.expert_with(INVALID_LENGTH, tvb, at, 0, || "Not enough room in packet for AVP header".to_owned());
            break;
        }
        let (code, len) = (tvb.u8(at)?, usize::from(tvb.u8(at + 1)?));
        if len < 2 {
            d.expert_with(INVALID_LENGTH, tvb, at, 0, || format!("AVP too short: length {len} < 2"));
            break;
        }
        if at + len > tvb.reported() {
            d.expert_with(INVALID_LENGTH, tvb, at, 0, || "Not enough room in packet for AVP".to_owned());
            break;
        }
        attribute(d, tvb.sub(at, len), code)?;
        at += len;
    }
    d.close();
    Ok(())
}

fn attribute<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, code: u8) -> Parsed {
    let len = tvb.reported();
    tvb.slice(0, len)?;
    let known = ATTRIBUTES.iter().find(|attribute| attribute.code == code);
    let name = match known {
        Some(attribute) => attribute.name,
        None if code == VENDOR_SPECIFIC => "Vendor-Specific",
        None => "Unknown-Attribute",
    };
    let line = d.open(AVP, tvb, 0, len, Value::Bytes);
    d.text(line, || format!("AVP: t={name}({code}) l={len}"));
    d.uint(AVP_TYPE, tvb, 0, 1)?;
    d.uint(AVP_LENGTH, tvb, 1, 1)?;
    let value = tvb.from(2);
    match known {
        Some(attribute) => {
            let mut value = value;
            if attribute.is_tagged && value.u8(0).is_ok_and(|tag| tag <= MAX_TAG) {
                let tag = value.u8(0)?;
                d.append_text(line, || format!(" Tag=0x{tag:02x}"));
                if attribute.field == TUNNEL_TYPE {
                    d.uint(TUNNEL_TAG, value, 0, 1)?;
                }
                value = value.from(1);
            }
            let text = attribute_value(d, value, attribute)?;
            d.append_text(line, || format!(" val={text}"));
        }
        None if code == VENDOR_SPECIFIC => {
            if let Ok(number) = value.u32(0) {
                let name = || vendor(number.into()).unwrap_or("Unknown".into());
                d.append_text(line, || format!(" vnd={}({number})", name()));
                d.uint(VENDOR_ID, value, 0, 4)?;
                vendors_attributes(d, value.from(4))?;
            }
        }
        None if value.is_empty() => d.append_text(line, || " val=[wrong length]".to_owned()),
        None => {
            d.append_text(line, || format!(" val={}", hex(value.bytes())));
            d.bytes(UNKNOWN, value, 0, value.reported());
        }
    }
    d.close();
    Ok(())
}

/// The attributes of a vendor, in the form that RFC 2865, 5.26 recommends.
fn vendors_attributes<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let mut at = 0;
    while at + 2 <= tvb.reported() {
        let (code, len) = (tvb.u8(at)?, usize::from(tvb.u8(at + 1)?));
        if len < 2 || at + len > tvb.reported() {
            break;
        }
        let text = tvb.slice(at + 2, len - 2)?;
        d.open_text(tvb, at, len, || format!("VSA: t=Unknown-Attribute({code}) l={len} val={}", hex(text)));
        d.uint(VENDOR_TYPE, tvb, at, 1)?;
        d.uint(VENDOR_LEN, tvb, at + 1, 1)?;
        d.close();
        at += len;
    }
    Ok(())
}

/// Adds the value of an attribute and answers how its line shows it.
fn attribute_value<'a>(
    d: &mut Dissector<'a>,
    tvb: Tvb<'a>,
    attribute: &Attribute,
) -> Result<String, crate::stop::Stop> {
    let (field, len) = (attribute.field, tvb.reported());
    let octets = tvb.slice(0, len)?;
    Ok(match attribute.kind {
        Kind::Text => {
            d.string(field, tvb, 0, len);
            printable(octets)
        }
        Kind::Octets => {
            d.bytes(field, tvb, 0, len);
            hex(octets)
        }
        Kind::Encrypted => {
            d.bytes(field, tvb, 0, len);
            "Encrypted".to_owned()
        }
        Kind::Integer if (1..=4).contains(&len) => {
            let number = d.uint(field, tvb, 0, len)?;
            match crate::registry::field(field).names {
                Names::None => number.to_string(),
                names => format!("{}({number})", names.of(number).unwrap_or("Unknown".into())),
            }
        }
        Kind::Integer => format!("[unhandled integer length({len})]"),
        Kind::Ipv4 if len == 4 => {
            let address: [u8; 4] = tvb.array(0)?;
            d.add(field, tvb, 0, 4, Value::Ipv4(address));
            std::net::Ipv4Addr::from(address).to_string()
        }
        Kind::Ipv4 => "[wrong length for IP address]".to_owned(),
        Kind::Ipv6 if len == 16 => {
            let address: [u8; 16] = tvb.array(0)?;
            d.add(field, tvb, 0, 16, Value::Ipv6(address));
            std::net::Ipv6Addr::from(address).to_string()
        }
        Kind::Ipv6 => "[wrong length for IPv6 address]".to_owned(),
        Kind::Time if len == 4 => {
            let nanoseconds = i64::from(tvb.u32(0)?).saturating_mul(1_000_000_000);
            d.add(field, tvb, 0, 4, Value::Time(nanoseconds));
            absolute(nanoseconds)
        }
        Kind::Time => "[wrong length for timestamp]".to_owned(),
    })
}

/// A request with all attributes; it comes twice.
#[rustfmt::skip]
const REQUEST: &str =
    "4500034700010000401100000a0000010a000002c0000714033300000107032b00000000000000000000000000000000 \
     01036102064141414104060a00000105060000000106060000000107060000000108060a00000109060a0000010a0600 \
     0000010b03610c06000000010d06000000010e060a0000010f0600000001100600000001110361120361130361140361 \
     16036118040102190401021b06000000011c06000000011d06000000011e03611f036120036121040102220361230361 \
     240401022506000000012606000000012703612806000000012906000000012a06000000012b06000000012c03612d06 \
     000000012e06000000012f06000000013006000000013106000000013203613306000000013406000000013506000000 \
     013706600000003906000000013b0401023c0401023d06000000013e06000000013f0361400600000001410600000001 \
     42036143036144036145064141414146040102470401024806000000014906000000014a03614b06000000014c060000 \
     00014d03614e036150040102510361520361530600000001540401025506000000015606000000015703615803615903 \
     615a03615b03615c03615e03615f12000000000000000000000000000000016004010261040102621200000000000000 \
     0000000000000000016303616403616506000000016603617b0401027c0401027d0401027e06000000017f0401028004 \
     010281040102820361830600000001840600000001850600000001860600000001870361880600000001890401028a04 \
     01028b0401028c0401028d06000000018e0401028f040102900361910401029203619312000000000000000000000000 \
     0000000194120000000000000000000000000000000195060a00000196060a0000019704010298040102990401029a04 \
     01029b0401029c0401029d060a0000019e060a0000019f1200000000000000000000000000000001a012000000000000 \
     00000000000000000001a1060a000001a2060a000001a30600000001a40361a50361a60361a70361a812000000000000 \
     00000000000000000001a91200000000000000000000000000000001aa040102ab0361ac0361ad040102420501616240 \
     06010000034506014142431a0c00000009010661626364";

#[rustfmt::skip]
const SAMPLES: &[&str] = &[
        REQUEST,
        REQUEST,
        "4500003800010000401100000a0000020a0000010714c000002400000207001c00000000000000000000000000000000 \
         080301c803090000",
        "4500003800010000401100000a0000020a0000010714c000002400000207001c00000000000000000000000000000000 \
         080301c803090000",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn attributes_with_their_names_and_what_repeats() {
        let shown = frames(101, SAMPLES);
        assert_eq!(values(&shown[0], "radius.User_Name"), "a");
        assert_eq!(values(&shown[0], "radius.Service_Type"), "1");
        assert_eq!(values(&shown[1], "radius.req.dup"), "1");
        assert_eq!(values(&shown[2], "radius.code"), "2");
        assert_eq!(values(&shown[2], "radius.Framed-IP-Address"), "");
    }

    #[test]
    fn survives_anything() {
        crate::tests::survives_anything(
            ProtoId::Radius,
            b"\x01\x07\0\x30aaaaaaaaaaaaaaaa\x01\x03a\x1a\x0c\0\0\0\x09\x01\x06abcd\x40\x06\0\0\0\x01",
        );
    }

    #[test]
    fn what_has_no_code_or_length_of_the_protocol_is_not_it() {
        let head = "4500003000000000401100000a0000010a000002 07142027 001c0000";
        let rest = "00000000000000000000000000000000";
        for (octets, name) in [("25250014", "data"), ("01250013", "data"), ("01252000", "data"), ("01250014", "radius")]
        {
            let shown = crate::tests::frames(101, &[&format!("{head}{octets}{rest}")]);
            let layers = crate::tests::values(&shown[0], "frame.protocols");
            assert!(layers.ends_with(name), "{octets}: {layers}");
        }
    }
}
