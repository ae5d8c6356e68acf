//! The Domain Name System over UDP and TCP (RFC 1035, 6891, 7766) and the message that mDNS and LLMNR share with it.

pub(crate) mod name;
mod names;
mod record;
mod samples;
mod transaction;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use crate::bindings::Binding;
use crate::dissector::{Dissector, Endpoints, Transport};
use crate::field::{FieldId, Names, fields};
use crate::numbers::IP_PROTOCOLS;
use crate::registry::{Framing, ProtoId, Protocol};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

use transaction::Known;
pub use transaction::Role;
pub(crate) use transaction::Transactions;

// The fields of the header stand first: asking whether any of the others is wanted is then one look at a range.
fields! { Dns, "dns", "Domain Name System";
    LENGTH = field("dns.length", "Length", Uint16, Dec);
    FLAGS = field("dns.flags", "Flags", Uint16, Hex);
    FLAGS_RESPONSE = field("dns.flags.response", "Response", Boolean, None).mask(0x8000).names(Names::Flag("Message is a response", "Message is a query"));
    FLAGS_OPCODE = field("dns.flags.opcode", "Opcode", Uint16, Dec).mask(0x7800).names(Names::Values(names::OPCODES));
    FLAGS_AUTHORITATIVE = field("dns.flags.authoritative", "Authoritative", Boolean, None).mask(0x400).names(Names::Flag("Server is an authority for domain", "Server is not an authority for domain"));
    FLAGS_CONFLICT = field("dns.flags.conflict", "Conflict", Boolean, None).mask(0x400).names(Names::Flag("The sender received multiple responses", "None"));
    FLAGS_TRUNCATED = field("dns.flags.truncated", "Truncated", Boolean, None).mask(0x200).names(Names::Flag("Message is truncated", "Message is not truncated"));
    FLAGS_RECDESIRED = field("dns.flags.recdesired", "Recursion desired", Boolean, None).mask(0x100).names(Names::Flag("Do query recursively", "Don't do query recursively"));
    FLAGS_TENTATIVE = field("dns.flags.tentative", "Tentative", Boolean, None).mask(0x100).names(Names::Flag("Tentative", "Not tentative"));
    FLAGS_RECAVAIL = field("dns.flags.recavail", "Recursion available", Boolean, None).mask(0x80).names(Names::Flag("Server can do recursive queries", "Server can't do recursive queries"));
    FLAGS_Z = field("dns.flags.z", "Z", Boolean, None).mask(0x40).names(Names::Flag("reserved - incorrect!", "reserved (0)"));
    FLAGS_AUTHENTICATED = field("dns.flags.authenticated", "Answer authenticated", Boolean, None).mask(0x20).names(Names::Flag("Answer/authority portion was authenticated by the server", "Answer/authority portion was not authenticated by the server"));
    FLAGS_CHECKDISABLE = field("dns.flags.checkdisable", "Non-authenticated data", Boolean, None).mask(0x10).names(Names::Flag("Acceptable", "Unacceptable"));
    FLAGS_RCODE = field("dns.flags.rcode", "Reply code", Uint16, Dec).mask(0xf).names(Names::Values(names::RCODES));
    ID = field("dns.id", "Transaction ID", Uint16, Hex);
    COUNT_QUERIES = field("dns.count.queries", "Questions", Uint16, Dec);
    COUNT_ZONES = field("dns.count.zones", "Zones", Uint16, Dec);
    COUNT_ANSWERS = field("dns.count.answers", "Answer RRs", Uint16, Dec);
    COUNT_PREREQUISITES = field("dns.count.prerequisites", "Prerequisites", Uint16, Dec);
    COUNT_AUTH_RR = field("dns.count.auth_rr", "Authority RRs", Uint16, Dec);
    COUNT_UPDATES = field("dns.count.updates", "Updates", Uint16, Dec);
    COUNT_ADD_RR = field("dns.count.add_rr", "Additional RRs", Uint16, Dec);
    QRY_TYPE = field("dns.qry.type", "Type", Uint16, Dec).names(Names::Values(names::TYPES));
    QRY_CLASS = field("dns.qry.class", "Class", Uint16, Hex).names(Names::Values(names::CLASSES));
    QRY_QU = field("dns.qry.qu", "\"QU\" question", Boolean, None).mask(0x8000);
    QRY_NAME = field("dns.qry.name", "Name", String, None);
    QRY_NAME_LEN = field("dns.qry.name.len", "Name Length", Uint16, Dec);
    COUNT_LABELS = field("dns.count.labels", "Label Count", Uint16, Dec);
    RESP_TYPE = field("dns.resp.type", "Type", Uint16, Dec).names(Names::Values(names::TYPES));
    RESP_CLASS = field("dns.resp.class", "Class", Uint16, Hex).names(Names::Values(names::CLASSES));
    RESP_CACHE_FLUSH = field("dns.resp.cache_flush", "Cache flush", Boolean, None).mask(0x8000);
    RESP_EXT_RCODE = field("dns.resp.ext_rcode", "Higher bits in extended RCODE", Uint8, Hex);
    RESP_EDNS0_VERSION = field("dns.resp.edns0_version", "EDNS0 version", Uint8, Dec);
    RESP_Z = field("dns.resp.z", "Z", Uint16, Hex);
    RESP_Z_DO = field("dns.resp.z.do", "DO bit", Boolean, None).mask(0x8000).names(Names::Flag("Accepts DNSSEC security RRs", "Cannot handle DNSSEC security RRs"));
    RESP_Z_RESERVED = field("dns.resp.z.reserved", "Reserved", Uint16, Hex).mask(0x7fff);
    SRV_SERVICE = field("dns.srv.service", "Service", String, None);
    SRV_PROTO = field("dns.srv.proto", "Protocol", String, None);
    SRV_NAME = field("dns.srv.name", "Name", String, None);
    SRV_PRIORITY = field("dns.srv.priority", "Priority", Uint16, Dec);
    SRV_WEIGHT = field("dns.srv.weight", "Weight", Uint16, Dec);
    SRV_PORT = field("dns.srv.port", "Port", Uint16, Dec);
    SRV_TARGET = field("dns.srv.target", "Target", String, None);
    NAPTR_ORDER = field("dns.naptr.order", "Order", Uint16, Dec);
    NAPTR_PREFERENCE = field("dns.naptr.preference", "Preference", Uint16, Dec);
    NAPTR_FLAGS_LENGTH = field("dns.naptr.flags_length", "Flags Length", Uint8, Dec);
    NAPTR_FLAGS = field("dns.naptr.flags", "Flags", String, None);
    NAPTR_SERVICE_LENGTH = field("dns.naptr.service_length", "Service Length", Uint8, Dec);
    NAPTR_SERVICE = field("dns.naptr.service", "Service", String, None);
    NAPTR_REGEX_LENGTH = field("dns.naptr.regex_length", "Regex Length", Uint8, Dec);
    NAPTR_REGEX = field("dns.naptr.regex", "Regex", String, None);
    NAPTR_REPLACEMENT_LENGTH = field("dns.naptr.replacement_length", "Replacement Length", Uint8, Dec);
    NAPTR_REPLACEMENT = field("dns.naptr.replacement", "Replacement", String, None);
    RESP_NAME = field("dns.resp.name", "Name", String, None);
    RESP_TTL = field("dns.resp.ttl", "Time to live", Uint32, Dec);
    RESP_LEN = field("dns.resp.len", "Data length", Uint16, Dec);
    A = field("dns.a", "Address", Ipv4, None);
    MD = field("dns.md", "Mail Destination", String, None);
    MF = field("dns.mf", "Mail Forwarder", String, None);
    MB = field("dns.mb", "MailBox Domaine", String, None);
    MG = field("dns.mg", "Mail Group member", String, None);
    MR = field("dns.mr", "Mail Rename domaine", String, None);
    NULL = field("dns.null", "Null (data)", Bytes, None);
    AAAA = field("dns.aaaa", "AAAA Address", Ipv6, None);
    CNAME = field("dns.cname", "CNAME", String, None);
    RR_UDP_PAYLOAD_SIZE = field("dns.rr.udp_payload_size", "UDP payload size", Uint16, Hex).mask(0x7fff);
    SOA_MNAME = field("dns.soa.mname", "Primary name server", String, None);
    SOA_RNAME = field("dns.soa.rname", "Responsible authority's mailbox", String, None);
    SOA_SERIAL_NUMBER = field("dns.soa.serial_number", "Serial Number", Uint32, Dec);
    SOA_REFRESH_INTERVAL = field("dns.soa.refresh_interval", "Refresh Interval", Uint32, Dec);
    SOA_RETRY_INTERVAL = field("dns.soa.retry_interval", "Retry Interval", Uint32, Dec);
    SOA_EXPIRE_LIMIT = field("dns.soa.expire_limit", "Expire limit", Uint32, Dec);
    SOA_MINIMUM_TTL = field("dns.soa.minimum_ttl", "Minimum TTL", Uint32, Dec);
    PTR_DOMAIN_NAME = field("dns.ptr.domain_name", "Domain Name", String, None);
    WKS_ADDRESS = field("dns.wks.address", "Address", Ipv4, None);
    WKS_PROTOCOL = field("dns.wks.protocol", "Protocol", Uint8, Dec).names(Names::Ranges(IP_PROTOCOLS));
    WKS_BITS = field("dns.wks.bits", "Bits", Uint8, Hex);
    HINFO_CPU_LENGTH = field("dns.hinfo.cpu_length", "CPU Length", Uint8, Dec);
    HINFO_CPU = field("dns.hinfo.cpu", "CPU", String, None);
    HINFO_OS_LENGTH = field("dns.hinfo.os_length", "OS Length", Uint8, Dec);
    HINFO_OS = field("dns.hinfo.os", "OS", String, None);
    MINFO_R = field("dns.minfo.r", "Responsible Mailbox", String, None);
    MINFO_E = field("dns.minfo.e", "Error Mailbox", String, None);
    MX_PREFERENCE = field("dns.mx.preference", "Preference", Uint16, Dec);
    MX_MAIL_EXCHANGE = field("dns.mx.mail_exchange", "Mail Exchange", String, None);
    TXT_LENGTH = field("dns.txt.length", "TXT Length", Uint8, Dec);
    TXT = field("dns.txt", "TXT", String, None);
    OPENPGPKEY = field("dns.openpgpkey", "OpenPGP Key", String, None);
    CSYNC_SOA = field("dns.csync.soa", "SOA", Uint32, Dec);
    CSYNC_FLAGS = field("dns.csync.flags", "Flags", Uint16, Hex);
    CSYNC_FLAGS_IMMEDIATE = field("dns.csync.flags.immediate", "immediate", Boolean, None).mask(0x1);
    CSYNC_FLAGS_SOAMINIMUM = field("dns.csync.flags.soaminimum", "soaminimum", Boolean, None).mask(0x2);
    CSYNC_TYPE_BITMAP = field("dns.csync.type_bitmap", "Type Bitmap", Bytes, None);
    ZONEMD_SERIAL = field("dns.zonemd.serial", "Serial", Uint32, Dec);
    ZONEMD_SCHEME = field("dns.zonemd.scheme", "Scheme", Uint8, Dec).names(Names::Ranges(names::ZONEMD_SCHEMES));
    ZONEMD_HASH_ALGO = field("dns.zonemd.hash_algo", "Hash Algorithm", Uint8, Dec).names(Names::Ranges(names::ZONEMD_HASHES));
    ZONEMD_DIGEST = field("dns.zonemd.digest", "Digest", Bytes, None);
    SVCB_SVCPRIORITY = field("dns.svcb.svcpriority", "SvcPriority", Uint16, Dec);
    SVCB_TARGETNAME = field("dns.svcb.targetname", "TargetName", String, None);
    SVCB_SVCPARAM_KEY = field("dns.svcb.svcparam.key", "SvcParamKey", Uint16, Dec).names(Names::Values(names::SERVICE_PARAMETERS));
    SVCB_SVCPARAM_VALUE_LENGTH = field("dns.svcb.svcparam.value.length", "SvcParamValue length", Uint16, Dec);
    SVCB_SVCPARAM_VALUE = field("dns.svcb.svcparam.value", "SvcParamValue", Bytes, None);
    SVCB_SVCPARAM = field("dns.svcb.svcparam", "SvcParam", None, None);
    SVCB_SVCPARAM_MANDATORY_KEY = field("dns.svcb.svcparam.mandatory.key", "Mandatory key", Uint16, Dec).names(Names::Values(names::SERVICE_PARAMETERS));
    SVCB_SVCPARAM_ALPN_LENGTH = field("dns.svcb.svcparam.alpn.length", "ALPN length", Uint8, Dec);
    SVCB_SVCPARAM_ALPN = field("dns.svcb.svcparam.alpn", "ALPN", String, None);
    SVCB_SVCPARAM_PORT = field("dns.svcb.svcparam.port", "Port", Uint16, Dec);
    SVCB_SVCPARAM_IPV4HINT_IP = field("dns.svcb.svcparam.ipv4hint.ip", "IP", Ipv4, None);
    SVCB_SVCPARAM_ECHCONFIG = field("dns.svcb.svcparam.echconfig", "ECHConfig", Bytes, None);
    SVCB_SVCPARAM_IPV6HINT_IP = field("dns.svcb.svcparam.ipv6hint.ip", "IP", Ipv6, None);
    SVCB_SVCPARAM_ODOHCONFIG = field("dns.svcb.svcparam.odohconfig", "ODoHConfig", Bytes, None);
    SPF_LENGTH = field("dns.spf.length", "SPF Length", Uint8, Dec);
    SPF = field("dns.spf", "SPF", String, None);
    ILNP_NID_PREFERENCE = field("dns.ilnp.nid.preference", "Preference", Uint16, Dec);
    ILNP_NID = field("dns.ilnp.nid", "NodeID", Bytes, None);
    ILNP_L32_PREFERENCE = field("dns.ilnp.l32.preference", "Preference", Uint16, Dec);
    ILNP_L32 = field("dns.ilnp.l32", "Locator32", Ipv4, None);
    ILNP_L64_PREFERENCE = field("dns.ilnp.l64.preference", "Preference", Uint16, Dec);
    ILNP_L64 = field("dns.ilnp.l64", "Locator64", Bytes, None);
    ILNP_LP_PREFERENCE = field("dns.ilnp.lp.preference", "Preference", Uint16, Dec);
    ILNP_LP = field("dns.ilnp.lp", "Locator FQDN", String, None);
    EUI48 = field("dns.eui48", "EUI48 Address", Ether, None);
    EUI64 = field("dns.eui64", "EUI64 Address", Eui64, None);
    RRSIG_TYPE_COVERED = field("dns.rrsig.type_covered", "Type Covered", Uint16, Dec).names(Names::Values(names::TYPES));
    RRSIG_ALGORITHM = field("dns.rrsig.algorithm", "Algorithm", Uint8, Dec).names(Names::Values(names::ALGORITHMS));
    RRSIG_LABELS = field("dns.rrsig.labels", "Labels", Uint8, Dec);
    RRSIG_ORIGINAL_TTL = field("dns.rrsig.original_ttl", "Original TTL", Uint32, Dec);
    RRSIG_SIGNATURE_EXPIRATION = field("dns.rrsig.signature_expiration", "Signature Expiration", AbsoluteTime, None);
    RRSIG_SIGNATURE_INCEPTION = field("dns.rrsig.signature_inception", "Signature Inception", AbsoluteTime, None);
    RRSIG_KEY_TAG = field("dns.rrsig.key_tag", "Key Tag", Uint16, Dec);
    RRSIG_SIGNERS_NAME = field("dns.rrsig.signers_name", "Signer's name", String, None);
    RRSIG_SIGNATURE = field("dns.rrsig.signature", "Signature", Bytes, None);
    DNSKEY_FLAGS = field("dns.dnskey.flags", "Flags", Uint16, Hex);
    DNSKEY_FLAGS_ZONE_KEY = field("dns.dnskey.flags.zone_key", "Zone Key", Boolean, None).mask(0x100).names(Names::Flag("This is the zone key for specified zone", "This it not a zone key"));
    DNSKEY_FLAGS_KEY_REVOKED = field("dns.dnskey.flags.key_revoked", "Key Revoked", Boolean, None).mask(0x80).names(Names::Flag("Yes", "No"));
    DNSKEY_FLAGS_SECURE_ENTRY_POINT = field("dns.dnskey.flags.secure_entry_point", "Key Signing Key", Boolean, None).mask(0x1).names(Names::Flag("Yes", "No"));
    DNSKEY_FLAGS_RESERVED = field("dns.dnskey.flags.reserved", "Key Signing Key", Uint16, Hex).mask(0xfe7e);
    DNSKEY_PROTOCOL = field("dns.dnskey.protocol", "Protocol", Uint8, Dec);
    DNSKEY_ALGORITHM = field("dns.dnskey.algorithm", "Algorithm", Uint8, Dec).names(Names::Values(names::ALGORITHMS));
    DNSKEY_KEY_ID = field("dns.dnskey.key_id", "Key id", Uint16, Dec);
    DNSKEY_PUBLIC_KEY = field("dns.dnskey.public_key", "Public Key", Bytes, None);
    KEY_FLAGS = field("dns.key.flags", "Flags", Uint16, Hex);
    KEY_FLAGS_AUTHENTICATION = field("dns.key.flags.authentication", "Key allowed for authentication", Boolean, None).mask(0x8000).names(Names::Flag("Not Allowed", "Allowed"));
    KEY_FLAGS_CONFIDENTIALITY = field("dns.key.flags.confidentiality", "Key allowed for confidentiality", Boolean, None).mask(0x4000).names(Names::Flag("Not Allowed", "Allowed"));
    KEY_FLAGS_REQUIRED = field("dns.key.flags.required", "Key required", Boolean, None).mask(0x2000).names(Names::Flag("Experimental or optional", "Required"));
    KEY_FLAGS_ASSOCIATED_USER = field("dns.key.flags.associated_user", "Key is associated with a user", Boolean, None).mask(0x400).names(Names::Flag("Yes", "No"));
    KEY_FLAGS_ASSOCIATED_NAMED_ENTITY = field("dns.key.flags.associated_named_entity", "Key is associated with the named entity", Boolean, None).mask(0x200).names(Names::Flag("Yes", "No"));
    KEY_FLAGS_IPSEC = field("dns.key.flags.ipsec", "Key use with IPSEC", Boolean, None).mask(0x80).names(Names::Flag("Valid", "Invalid"));
    KEY_FLAGS_MIME = field("dns.key.flags.mime", "Key use with MIME security multiparts", Boolean, None).mask(0x40).names(Names::Flag("Valid", "Invalid"));
    KEY_FLAGS_SIGNATORY = field("dns.key.flags.signatory", "Signatory", Uint16, Dec).mask(0xf);
    KEY_PROTOCOL = field("dns.key.protocol", "Protocol", Uint8, Dec);
    KEY_ALGORITHM = field("dns.key.algorithm", "Algorithm", Uint8, Dec).names(Names::Values(names::ALGORITHMS));
    KEY_KEY_ID = field("dns.key.key_id", "Key ID", Uint16, Dec);
    KEY_PUBLIC_KEY = field("dns.key.public_key", "Public Key", Bytes, None);
    PX_PREFERENCE = field("dns.px.preference", "Preference", Uint16, Dec);
    PX_MAP822 = field("dns.px.map822", "MAP822", String, None);
    PX_MAP400 = field("dns.px.map400", "MAPX400", String, None);
    TKEY_ALGO_NAME = field("dns.tkey.algo_name", "Algorithm name", String, None);
    TKEY_SIGNATURE_EXPIRATION = field("dns.tkey.signature_expiration", "Signature Expiration", AbsoluteTime, None);
    TKEY_SIGNATURE_INCEPTION = field("dns.tkey.signature_inception", "Signature Inception", AbsoluteTime, None);
    TKEY_MODE = field("dns.tkey.mode", "Mode", Uint16, Dec).names(Names::Values(names::TKEY_MODES));
    TKEY_ERROR = field("dns.tkey.error", "Error", Uint16, Dec).names(Names::Values(names::RCODES));
    TKEY_KEY_SIZE = field("dns.tkey.key_size", "Key Size", Uint16, Dec);
    TKEY_KEY_DATA = field("dns.tkey.key_data", "Key Data", Bytes, None);
    TKEY_OTHER_SIZE = field("dns.tkey.other_size", "Other Size", Uint16, Dec);
    TKEY_OTHER_DATA = field("dns.tkey.other_data", "Other Data", Bytes, None);
    IPSECKEY_GATEWAY_PRECEDENCE = field("dns.ipseckey.gateway_precedence", "Gateway Precedence", Uint8, Dec);
    IPSECKEY_GATEWAY_ALGORITHM = field("dns.ipseckey.gateway_algorithm", "Gateway Algorithm", Uint8, Dec).names(Names::Values(names::IPSECKEY_ALGORITHMS));
    IPSECKEY_GATEWAY_TYPE = field("dns.ipseckey.gateway_type", "Gateway Type", Uint8, Dec).names(Names::Values(names::IPSECKEY_GATEWAYS));
    IPSECKEY_GATEWAY_IPV4 = field("dns.ipseckey.gateway_ipv4", "IPv4 Gateway", Ipv4, None);
    IPSECKEY_GATEWAY_IPV6 = field("dns.ipseckey.gateway_ipv6", "IPv6 Gateway", Ipv6, None);
    IPSECKEY_GATEWAY_DNS = field("dns.ipseckey.gateway_dns", "DNS Gateway", String, None);
    IPSECKEY_PUBLIC_KEY = field("dns.ipseckey.public_key", "Public Key", Bytes, None);
    XPF_IP_VERSION = field("dns.xpf.ip_version", "IP Version", Uint16, Dec).names(Names::Values(names::IP_VERSIONS));
    XPF_PROTOCOL = field("dns.xpf.protocol", "Protocol", Uint8, Dec).names(Names::Ranges(IP_PROTOCOLS));
    XPF_SOURCE_IPV4 = field("dns.xpf.source_ipv4", "IPv4 Source", Ipv4, None);
    XPF_DESTINATION_IPV4 = field("dns.xpf.destination_ipv4", "IPv4 Destination", Ipv4, None);
    XPF_SOURCE_IPV6 = field("dns.xpf.source_ipv6", "IPv6 Source", Ipv6, None);
    XPF_DESTINATION_IPV6 = field("dns.xpf.destination_ipv6", "IPv6 Destination", Ipv6, None);
    XPF_SPORT = field("dns.xpf.sport", "Source port", Uint16, Dec);
    XPF_DPORT = field("dns.xpf.dport", "Destination port", Uint16, Dec);
    A6_PREFIX_LEN = field("dns.a6.prefix_len", "Prefix len", Uint8, Dec);
    A6_ADDRESS_SUFFIX = field("dns.a6.address_suffix", "Address Suffix", Ipv6, None);
    A6_PREFIX_NAME = field("dns.a6.prefix_name", "Prefix name", String, None);
    DNAME = field("dns.dname", "Dname", String, None);
    LOC_VERSION = field("dns.loc.version", "Version", Uint8, Dec);
    LOC_SIZE = field("dns.loc.size", "Size", Uint8, Dec);
    LOC_HORIZONTAL_PRECISION = field("dns.loc.horizontal_precision", "Horizontal Precision", Uint8, Dec);
    LOC_VERTICAL_PRECISION = field("dns.loc.vertical_precision", "Vertical Precision", Uint8, Dec);
    LOC_LATITUDE = field("dns.loc.latitude", "Latitude", Uint32, Dec);
    LOC_LONGITUDE = field("dns.loc.longitude", "Longitude", Uint32, Dec);
    LOC_ALTITUDE = field("dns.loc.altitude", "Altitude", Uint32, Dec);
    LOC_UNKNOWN_DATA = field("dns.loc.unknown_data", "Unknown data", Bytes, None);
    NXT_NEXT_DOMAIN_NAME = field("dns.nxt.next_domain_name", "Next Domain Name", String, None);
    KX_PREFERENCE = field("dns.kx.preference", "Preference", Uint16, Dec);
    KX_KEY_EXCHANGE = field("dns.kx.key_exchange", "Key Exchange", String, None);
    CERT_TYPE = field("dns.cert.type", "Type", Uint16, Dec).names(Names::Values(names::CERTIFICATES));
    CERT_KEY_TAG = field("dns.cert.key_tag", "Key Tag", Uint16, Hex);
    CERT_ALGORITHM = field("dns.cert.algorithm", "Algorithm", Uint8, Dec).names(Names::Values(names::ALGORITHMS));
    CERT_CERTIFICATE = field("dns.cert.certificate", "Certificate (or CRL)", Bytes, None);
    NSEC_NEXT_DOMAIN_NAME = field("dns.nsec.next_domain_name", "Next Domain Name", String, None);
    NS = field("dns.ns", "Name Server", String, None);
    OPT = field("dns.opt", "Option", None, None);
    OPT_CODE = field("dns.opt.code", "Option Code", Uint16, Dec).names(Names::Values(names::OPTIONS));
    OPT_LEN = field("dns.opt.len", "Option Length", Uint16, Dec);
    OPT_DATA = field("dns.opt.data", "Option Data", Bytes, None);
    OPT_DAU = field("dns.opt.dau", "DAU", Uint8, Dec).names(Names::Values(names::ALGORITHMS));
    OPT_DHU = field("dns.opt.dhu", "DHU", Uint8, Dec).names(Names::Values(names::DIGESTS));
    OPT_N3U = field("dns.opt.n3u", "N3U", Uint8, Dec).names(Names::Values(names::NSEC3_HASHES));
    OPT_CLIENT_FAMILY = field("dns.opt.client.family", "Family", Uint16, Dec).names(Names::Values(names::FAMILIES));
    OPT_CLIENT_NETMASK = field("dns.opt.client.netmask", "Source Netmask", Uint8, Dec);
    OPT_CLIENT_SCOPE = field("dns.opt.client.scope", "Scope Netmask", Uint8, Dec);
    OPT_CLIENT_ADDR = field("dns.opt.client.addr", "Client Subnet", Bytes, None);
    OPT_CLIENT_ADDR4 = field("dns.opt.client.addr4", "Client Subnet", Ipv4, None);
    OPT_CLIENT_ADDR6 = field("dns.opt.client.addr6", "Client Subnet", Ipv6, None);
    OPT_COOKIE_CLIENT = field("dns.opt.cookie.client", "Client Cookie", Bytes, None);
    OPT_COOKIE_SERVER = field("dns.opt.cookie.server", "Server Cookie", Bytes, None);
    OPT_EDNS_TCP_KEEPALIVE_TIMEOUT = field("dns.opt.edns_tcp_keepalive.timeout", "Timeout", Uint16, Dec);
    OPT_PADDING = field("dns.opt.padding", "Padding", Bytes, None);
    OPT_CHAIN_FQDN = field("dns.opt.chain.fqdn", "Closest Trust Point", String, None);
    OPT_EXT_ERROR_INFO_CODE = field("dns.opt.ext_error.info_code", "Info Code", Uint16, Dec).names(Names::Ranges(names::EXTENDED_ERRORS));
    OPT_EXT_ERROR_EXTRA_TEXT = field("dns.opt.ext_error.extra_text", "Extra Text", String, None);
    NSEC3_ALGO = field("dns.nsec3.algo", "Hash algorithm", Uint8, Dec).names(Names::Values(names::NSEC3_HASHES));
    NSEC3_FLAGS = field("dns.nsec3.flags", "NSEC3 flags", Uint8, Dec);
    NSEC3_FLAGS_OPT_OUT = field("dns.nsec3.flags.opt_out", "NSEC3 Opt-out flag", Boolean, None).mask(0x1).names(Names::Flag("Additional insecure delegations allowed", "Additional insecure delegations forbidden"));
    NSEC3_ITERATIONS = field("dns.nsec3.iterations", "NSEC3 iterations", Uint16, Dec);
    NSEC3_SALT_LENGTH = field("dns.nsec3.salt_length", "Salt length", Uint8, Dec);
    NSEC3_SALT_VALUE = field("dns.nsec3.salt_value", "Salt value", Bytes, None);
    NSEC3_HASH_LENGTH = field("dns.nsec3.hash_length", "Hash length", Uint8, Dec);
    NSEC3_HASH_VALUE = field("dns.nsec3.hash_value", "Next hashed owner", String, None);
    TLSA_CERTIFICATE_USAGE = field("dns.tlsa.certificate_usage", "Certificate Usage", Uint8, Dec).names(Names::Values(names::TLSA_USAGES));
    TLSA_SELECTOR = field("dns.tlsa.selector", "Selector", Uint8, Dec).names(Names::Values(names::TLSA_SELECTORS));
    TLSA_MATCHING_TYPE = field("dns.tlsa.matching_type", "Matching Type", Uint8, Dec).names(Names::Values(names::TLSA_MATCHES));
    TLSA_CERTIFICATE_ASSOCIATION_DATA = field("dns.tlsa.certificate_association_data", "Certificate Association Data", Bytes, None);
    TSIG_ALGORITHM_NAME = field("dns.tsig.algorithm_name", "Algorithm Name", String, None);
    TSIG_TIME_SIGNED = field("dns.tsig.time_signed", "Time Signed", AbsoluteTime, None);
    TSIG_ORIGINAL_ID = field("dns.tsig.original_id", "Original Id", Uint16, Dec);
    TSIG_ERROR = field("dns.tsig.error", "Error", Uint16, Dec).names(Names::Values(names::RCODES));
    TSIG_FUDGE = field("dns.tsig.fudge", "Fudge", Uint16, Dec);
    TSIG_MAC_SIZE = field("dns.tsig.mac_size", "MAC Size", Uint16, Dec);
    TSIG_OTHER_LEN = field("dns.tsig.other_len", "Other Len", Uint16, Dec);
    TSIG_MAC = field("dns.tsig.mac", "MAC", None, None);
    TSIG_OTHER_DATA = field("dns.tsig.other_data", "Other Data", Bytes, None);
    RESPONSE_IN = field("dns.response_in", "Response In", FrameNum, None).told_later();
    RESPONSE_TO = field("dns.response_to", "Request In", FrameNum, None).told_later();
    RETRANSMISSION = field("dns.retransmission", "Retransmission", Boolean, None).told_later();
    RETRANSMIT_REQUEST_IN = field("dns.retransmit_request_in", "Retransmitted request. Original request in", FrameNum, None).told_later();
    RETRANSMIT_RESPONSE_IN = field("dns.retransmit_response_in", "Retransmitted response. Original response in", FrameNum, None).told_later();
    TIME = field("dns.time", "Time", RelativeTime, None).told_later();
    UNSOLICITED = field("dns.unsolicited", "Unsolicited", Boolean, None).told_later();
    SSHFP_ALGORITHM = field("dns.sshfp.algorithm", "Algorithm", Uint8, Dec).names(Names::Values(names::SSHFP_ALGORITHMS));
    SSHFP_FINGERPRINT_TYPE = field("dns.sshfp.fingerprint.type", "Fingerprint type", Uint8, Dec).names(Names::Values(names::SSHFP_FINGERPRINTS));
    SSHFP_FINGERPRINT = field("dns.sshfp.fingerprint", "Fingerprint", Bytes, None);
    HIP_HIT_LENGTH = field("dns.hip.hit.length", "HIT length", Uint8, Dec);
    HIP_HIT_PK_ALGO = field("dns.hip.hit.pk.algo", "HIT length", Uint8, Dec).names(Names::Values(names::HIP_ALGORITHMS));
    HIP_PK_LENGTH = field("dns.hip.pk.length", "PK length", Uint16, Dec);
    HIP_HIT = field("dns.hip.hit", "Host Identity Tag", Bytes, None);
    HIP_PK = field("dns.hip.pk", "HIP Public Key", Bytes, None);
    HIP_RENDEZVOUS_SERVER = field("dns.hip.rendezvous_server", "Rendezvous Server", String, None);
    DHCID_RDATA = field("dns.dhcid.rdata", "DHCID Data", Bytes, None);
    DS_KEY_ID = field("dns.ds.key_id", "Key id", Uint16, Hex);
    DS_ALGORITHM = field("dns.ds.algorithm", "Algorithm", Uint8, Dec).names(Names::Values(names::ALGORITHMS));
    DS_DIGEST_TYPE = field("dns.ds.digest_type", "Digest Type", Uint8, Dec).names(Names::Values(names::DIGESTS));
    DS_DIGEST = field("dns.ds.digest", "Digest", Bytes, None);
    APL_ADDRESS_FAMILY = field("dns.apl.address_family", "Address Family", Uint16, Dec).names(Names::Values(names::FAMILIES));
    APL_CODED_PREFIX = field("dns.apl.coded_prefix", "Prefix Length", Uint8, Dec);
    APL_NEGATION = field("dns.apl.negation", "Negation Flag", Boolean, None).mask(0x80).names(Names::Flag("Yes (!)", "No (0)"));
    APL_AFDLENGTH = field("dns.apl.afdlength", "Address Length", Uint8, Dec).mask(0x7f);
    APL_AFDPART_IPV4 = field("dns.apl.afdpart.ipv4", "Address", Ipv4, None);
    APL_AFDPART_IPV6 = field("dns.apl.afdpart.ipv6", "Address", Ipv6, None);
    APL_AFDPART_DATA = field("dns.apl.afdpart.data", "Address", Bytes, None);
    GPOS_LONGITUDE_LENGTH = field("dns.gpos.longitude_length", "Longitude length", Uint8, Dec);
    GPOS_LONGITUDE = field("dns.gpos.longitude", "Longitude", String, None);
    GPOS_LATITUDE_LENGTH = field("dns.gpos.latitude_length", "Latitude length", Uint8, Dec);
    GPOS_LATITUDE = field("dns.gpos.latitude", "Latitude", String, None);
    GPOS_ALTITUDE_LENGTH = field("dns.gpos.altitude_length", "Altitude length", Uint8, Dec);
    GPOS_ALTITUDE = field("dns.gpos.altitude", "Altitude", String, None);
    RP_MAILBOX = field("dns.rp.mailbox", "Mailbox", String, None);
    RP_TXT_RR = field("dns.rp.txt_rr", "TXT RR", String, None);
    AFSDB_SUBTYPE = field("dns.afsdb.subtype", "Subtype", Uint16, Dec);
    AFSDB_HOSTNAME = field("dns.afsdb.hostname", "Hostname", String, None);
    X25_LENGTH = field("dns.x25.length", "Length", Uint8, Dec);
    X25_PSDN_ADDRESS = field("dns.x25.psdn_address", "PSDN-Address", String, None);
    IDSN_LENGTH = field("dns.idsn.length", "Length", Uint8, Dec);
    IDSN_ADDRESS = field("dns.idsn.address", "ISDN Address", String, None);
    IDSN_SA_LENGTH = field("dns.idsn.sa.length", "Length", Uint8, Dec);
    IDSN_SA_ADDRESS = field("dns.idsn.sa.address", "Sub Address", String, None);
    RT_SUBTYPE = field("dns.rt.subtype", "Preference", Uint16, Dec);
    RT_INTERMEDIATE_HOST = field("dns.rt.intermediate_host", "Intermediate Hostname", String, None);
    NSAP_RDATA = field("dns.nsap.rdata", "NSAP Data", Bytes, None);
    NSAP_PTR_OWNER = field("dns.nsap_ptr.owner", "Owner", String, None);
    CAA_FLAGS = field("dns.caa.flags", "CAA Flags", Uint8, Hex);
    CAA_FLAGS_ISSUER_CRITICAL = field("dns.caa.flags.issuer_critical", "Issuer Critical", Boolean, None).mask(0x80).names(Names::Flag("Critical", "Not critical"));
    CAA_ISSUE = field("dns.caa.issue", "Issue", String, None);
    CAA_ISSUEWILD = field("dns.caa.issuewild", "Issue Wildcard", String, None);
    CAA_IODEF = field("dns.caa.iodef", "Report URL", String, None);
    CAA_UNKNOWN = field("dns.caa.unknown", "Unknown tag", String, None);
    CAA_TAG_LENGTH = field("dns.caa.tag_length", "Tag length", Uint8, Dec);
    CAA_TAG = field("dns.caa.tag", "Tag", String, None);
    CAA_VALUE = field("dns.caa.value", "Value", String, None);
    EXTRANEOUS_DATA = field("dns.extraneous.data", "Extraneous Data Bytes", Bytes, None);
    EXTRANEOUS_LENGTH = field("dns.extraneous.length", "Extraneous Data Length", Int32, Dec);
    WINS_LOCAL_FLAG = field("dns.wins.local_flag", "Local Flag", Boolean, None).mask(0x1).names(Names::Flag("True", "False"));
    WINS_LOOKUP_TIMEOUT = field("dns.wins.lookup_timeout", "Lookup timeout", Uint32, Dec);
    WINS_CACHE_TIMEOUT = field("dns.wins.cache_timeout", "Cache timeout", Uint32, Dec);
    WINS_NB_WINS_SERVERS = field("dns.wins.nb_wins_servers", "Number of WINS servers", Uint32, Dec);
    WINS_WINS_SERVER = field("dns.wins.wins_server", "WINS Server Address", Ipv4, None);
    WINSR_LOCAL_FLAG = field("dns.winsr.local_flag", "Local Flag", Boolean, None).mask(0x1).names(Names::Flag("True", "False"));
    WINSR_LOOKUP_TIMEOUT = field("dns.winsr.lookup_timeout", "Lookup timeout", Uint32, Dec);
    WINSR_CACHE_TIMEOUT = field("dns.winsr.cache_timeout", "Cache timeout", Uint32, Dec);
    WINSR_NAME_RESULT_DOMAIN = field("dns.winsr.name_result_domain", "Name Result Domain", String, None);
    DATA = field("dns.data", "Data", Bytes, None);
    DSO = field("dns.dso", "DNS Stateful Operation", None, None);
    DSO_TLV = field("dns.dso.tlv", "DSO TLV", None, None);
    DSO_TLV_TYPE = field("dns.dso.tlv.type", "Type", Uint16, Dec).names(Names::Ranges(names::DSO_TLVS));
    DSO_TLV_LENGTH = field("dns.dso.tlv.length", "Length", Uint16, Dec);
    DSO_TLV_DATA = field("dns.dso.tlv.data", "Data", Bytes, None);
    DSO_TLV_KEEPALIVE_INACTIVITY = field("dns.dso.tlv.keepalive.inactivity", "Inactivity Timeout", Uint32, Dec);
    DSO_TLV_KEEPALIVE_INTERVAL = field("dns.dso.tlv.keepalive.interval", "Keepalive Interval", Uint32, Dec);
    DSO_TLV_RETRYDELAY_RETRYDELAY = field("dns.dso.tlv.retrydelay.retrydelay", "Retry Delay", Uint32, Dec);
    DSO_TLV_ENCPAD_PADDING = field("dns.dso.tlv.encpad.padding", "Padding", Bytes, None);
    RR_OPT_BAD_LENGTH = expert("dns.rr.opt.bad_length", "Length too long for any type of IP address.", Error, Malformed);
    UNDECODED_TYPE = expert("dns.undecoded.type", "Undecoded option", Note, Undecoded);
    DEPR_OPC = expert("dns.depr.opc", "Deprecated opcode", Warning, Deprecated);
    TTL_HIGH_BIT_SET = expert("dns.ttl.high_bit_set", "The uppermost bit of the TTL is set (RFC 2181, section 8)", Warning, Protocol);
    TSIG_NOALG = expert("dns.tsig.noalg", "No dissector for algorithm", Warning, Undecoded);
    KEY_ID_BUFFER_TOO_SHORT = expert("dns.key_id_buffer_too_short", "Buffer too short to compute a key id", Warning, Protocol);
    RETRANSMIT_REQUEST = expert("dns.retransmit_request", "DNS query retransmission", Warning, Protocol).told_later();
    RETRANSMIT_RESPONSE = expert("dns.retransmit_response", "DNS response retransmission", Warning, Protocol).told_later();
    EXTRANEOUS = expert("dns.extraneous", "Extraneous data", Note, Undecoded);
}

/// What a record type is called.
pub(crate) fn type_name(number: u64) -> Option<&'static str> {
    names::TYPES.iter().find(|row| row.0 == number).map(|row| row.1)
}

pub(crate) static PROTOCOL: Protocol = Protocol {
    may_begin: Some(|octets| is_header(Tvb::new(octets, octets.len(), 0))),
    framing: Some(framing),
    is_counted: true,
    samples: samples::SAMPLES,
    ..Protocol::new(
        ProtoId::Dns,
        "DNS",
        &[
            Binding::UdpPort(53),
            Binding::TcpPort(53),
            Binding::TcpPort(5353),
            Binding::SctpPort(53),
            Binding::UdpHeuristic(looks_like_dns),
        ],
        dissect,
    )
};

/// RFC 7766, 8: each message over TCP is preceded by its length in two octets.
fn framing(stream: &[u8]) -> Framing {
    match *stream {
        [high, low, ..] => Framing::Message(2 + usize::from(u16::from_be_bytes([high, low]))),
        _ => Framing::More(2 - stream.len()),
    }
}

/// Whether a datagram on other ports looks like DNS: a standard query or response with counts as they are usual.
fn looks_like_dns<'a>(d: &Dissector<'a>, tvb: Tvb<'a>) -> bool {
    let Endpoints { src_port, dst_port, .. } = d.endpoints;
    if src_port == NETBIOS_NAME_SERVICE || dst_port == NETBIOS_NAME_SERVICE {
        return false;
    }
    is_header(tvb)
}

fn is_header(tvb: Tvb<'_>) -> bool {
    let counts = |at| tvb.u16(at).unwrap_or(u16::MAX);
    let Ok(flags) = tvb.u16(2) else { return false };
    let (questions, answers, authorities, additions) = (counts(4), counts(6), counts(8), counts(10));
    if tvb.reported() <= HEADER_LEN || flags & 0x7800 != 0 || authorities > 10 || additions > 10 {
        return false;
    }
    if flags & IS_RESPONSE != 0 {
        questions <= 1 && answers <= 100
    } else {
        questions == 1 && answers == 0 && authorities == 0
    }
}

const HEADER_LEN: usize = 12;
/// RFC 1002, 4.2: messages of the same form with other meanings.
const NETBIOS_NAME_SERVICE: u16 = 137;
const IS_RESPONSE: u16 = 0x8000;
const IS_AUTHENTICATED: u16 = 0x0020;
/// RFC 8490, 5.4.
const OPCODE_UPDATE: u16 = 5;
const OPCODE_STATEFUL: u16 = 6;

/// The relatives of DNS that have their own ports and titles.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavour {
    Dns,
    /// RFC 6762: the top bit of a class is a flag.
    Mdns,
    /// RFC 4795: two flags of the header mean other things.
    Llmnr,
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let prefix = if d.endpoints.transport == Transport::Tcp { 2 } else { 0 };
    let message = tvb.from(prefix);
    // What is cut before its flags is not called DNS.
    let flags = message.u16(2)?;
    let (item, _) = d.begin_next(PROTO, tvb);
    d.set_protocol("DNS");
    if prefix > 0 {
        d.uint(LENGTH, tvb, 0, prefix)?;
    }
    d.text(item, || title("Domain Name System", flags));
    self::message(d, message, Flavour::Dns)
}

/// `Domain Name System (query)`.
pub(crate) fn title(name: &str, flags: u16) -> String {
    let kind = if flags & IS_RESPONSE != 0 { "response" } else { "query" };
    format!("{name} ({kind})")
}

/// The fields that only other frames can tell.
const FROM_FACTS: &[FieldId] = &[
    RESPONSE_IN,
    RESPONSE_TO,
    TIME,
    UNSOLICITED,
    RETRANSMISSION,
    RETRANSMIT_REQUEST_IN,
    RETRANSMIT_RESPONSE_IN,
    RETRANSMIT_REQUEST,
    RETRANSMIT_RESPONSE,
];

/// A message, from its identification to its end. The protocol's own item is open.
pub(crate) fn message<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, flavour: Flavour) -> Parsed {
    let id = tvb.u16(0)?;
    let flags = tvb.u16(2)?;
    let is_response = flags & IS_RESPONSE != 0;
    let learned = transaction::learn(d, id, is_response, FROM_FACTS);
    let result = if d.wants_fields_of(ProtoId::Dns) || learned.needs_sound_message() {
        sections(d, tvb, flavour, id, flags, learned.needs_sound_message())
    } else {
        Ok(())
    };
    transaction::record(d, learned, result.is_ok());
    result
}

fn sections<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, flavour: Flavour, id: u16, flags: u16, learns: bool) -> Parsed {
    let is_response = flags & IS_RESPONSE != 0;
    let opcode = flags >> 11 & 0xf;
    let known = transaction::known(d, id, is_response);
    d.add(ID, tvb, 0, 2, Value::Uint(id.into()));
    d.within(|d| match known.map(|known| (known.role, known.frame)) {
        Some((Role::RepeatsQuery, frame)) => d.expert_with(RETRANSMIT_REQUEST, tvb, 0, 2, || {
            format!("DNS query retransmission. Original request in frame {frame}")
        }),
        Some((Role::RepeatsResponse, frame)) => d.expert_with(RETRANSMIT_RESPONSE, tvb, 0, 2, || {
            format!("DNS response retransmission. Original response in frame {frame}")
        }),
        _ => {}
    });
    self::flags(d, tvb, flavour, flags);
    d.set_info(|| {
        let mut info = operation(opcode).into_owned();
        if is_response {
            info += " response";
        }
        info += &format!(" 0x{id:04x}");
        if is_response && flags & 0xf != 0 {
            info += &format!(" {}", response_code(flags & 0xf));
        }
        info
    });

    let is_update = opcode == OPCODE_UPDATE;
    let names = if is_update {
        [COUNT_ZONES, COUNT_PREREQUISITES, COUNT_UPDATES, COUNT_ADD_RR]
    } else {
        [COUNT_QUERIES, COUNT_ANSWERS, COUNT_AUTH_RR, COUNT_ADD_RR]
    };
    let mut counts = [0; 4];
    for (at, (count, field)) in counts.iter_mut().zip(names).enumerate() {
        *count = d.uint(field, tvb, 4 + at * 2, 2)?;
    }
    if !d.wants_fields_of(ProtoId::Ws) && !d.wants_between(QRY_TYPE, EXTRANEOUS) && !learns {
        d.close();
        return Ok(());
    }
    let mut at = HEADER_LEN;
    if opcode == OPCODE_STATEFUL && counts == [0; 4] {
        at = record::stateful(d, tvb, at)?;
    }
    let titles = if is_update {
        ["Zone", "Prerequisites", "Updates", "Additional records"]
    } else {
        ["Queries", "Answers", "Authoritative nameservers", "Additional records"]
    };
    for (section, (count, title)) in counts.into_iter().zip(titles).enumerate() {
        if count == 0 {
            continue;
        }
        let start = at;
        tvb.slice(at, 1)?;
        let item = d.open_text(tvb, at, tvb.reported().saturating_sub(at), || title.to_owned());
        for _ in 0..count {
            at = if section == 0 {
                record::question(d, tvb, at, flavour)?
            } else {
                record::record(d, tvb, at, flavour)?
            };
        }
        d.set_len(item, at - start);
        d.close();
    }
    from_facts(d, tvb, known);
    let rest = tvb.reported().saturating_sub(at);
    if rest > 0 {
        d.open_text(tvb, at, rest, || format!("Extraneous Data ({rest} byte{})", if rest == 1 { "" } else { "s" }));
        d.bytes(EXTRANEOUS_DATA, tvb, at, rest);
        d.generated(EXTRANEOUS_LENGTH, tvb, at, 0, Value::Int(rest as i64));
        d.expert(EXTRANEOUS, tvb, at, rest);
        d.close();
    }
    d.close();
    Ok(())
}

fn flags<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, flavour: Flavour, flags: u16) {
    let is_response = flags & IS_RESPONSE != 0;
    let octets = u64::from(flags);
    let item = d.open(FLAGS, tvb, 2, 2, Value::Uint(octets));
    d.text(item, || {
        let operation = operation(flags >> 11 & 0xf);
        if is_response {
            format!("Flags: 0x{flags:04x} {operation} response, {}", response_code(flags & 0xf))
        } else {
            format!("Flags: 0x{flags:04x} {operation}")
        }
    });
    let is_llmnr = flavour == Flavour::Llmnr;
    d.flag(FLAGS_RESPONSE, tvb, 2, 2, octets);
    d.bits(FLAGS_OPCODE, tvb, 2, 2, octets);
    if is_llmnr {
        let item = d.flag(FLAGS_CONFLICT, tvb, 2, 2, octets);
        if is_response {
            let (bit, is) = if flags & 0x0400 != 0 { (1, "not considered") } else { (0, "considered") };
            d.text(item, || format!(".... .{bit}.. .... .... = Conflict: The name is {is} unique"));
        }
    } else if is_response {
        d.flag(FLAGS_AUTHORITATIVE, tvb, 2, 2, octets);
    }
    d.flag(FLAGS_TRUNCATED, tvb, 2, 2, octets);
    if is_llmnr {
        d.flag(FLAGS_TENTATIVE, tvb, 2, 2, octets);
    } else {
        d.flag(FLAGS_RECDESIRED, tvb, 2, 2, octets);
        if is_response {
            d.flag(FLAGS_RECAVAIL, tvb, 2, 2, octets);
        }
        d.flag(FLAGS_Z, tvb, 2, 2, octets);
        // RFC 6840, 5.7: a query may ask for it.
        if is_response || flags & IS_AUTHENTICATED != 0 {
            let item = d.flag(FLAGS_AUTHENTICATED, tvb, 2, 2, octets);
            if !is_response {
                d.text(item, || ".... .... ..1. .... = AD bit: Set".to_owned());
            }
        }
        d.flag(FLAGS_CHECKDISABLE, tvb, 2, 2, octets);
    }
    if is_response {
        d.bits(FLAGS_RCODE, tvb, 2, 2, octets);
    }
    d.close();
}

/// What other frames said of this message.
fn from_facts<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, known: Option<Known>) {
    let Some(Known { role, frame, after }) = known else {
        return;
    };
    let frame = Value::Uint(frame);
    match role {
        Role::ResponseIn => {
            d.generated(RESPONSE_IN, tvb, 0, 0, frame);
        }
        Role::ResponseTo => {
            d.generated(RESPONSE_TO, tvb, 0, 0, frame);
            d.generated(TIME, tvb, 0, 0, Value::Time(after));
        }
        Role::RepeatsQuery => {
            d.generated(RETRANSMIT_REQUEST_IN, tvb, 0, 0, frame);
            d.generated(RETRANSMISSION, tvb, 0, 0, Value::Uint(1));
        }
        Role::RepeatsResponse => {
            d.generated(RETRANSMIT_RESPONSE_IN, tvb, 0, 0, frame);
            d.generated(RETRANSMISSION, tvb, 0, 0, Value::Uint(1));
        }
        Role::Unsolicited => {
            d.generated(UNSOLICITED, tvb, 0, 0, Value::Uint(1));
        }
    }
}

fn operation(opcode: u16) -> Cow<'static, str> {
    Names::Values(names::OPCODES).of(opcode.into()).unwrap_or_else(|| format!("Unknown operation ({opcode})").into())
}

fn response_code(code: u16) -> Cow<'static, str> {
    Names::Values(names::RCODES).of(code.into()).unwrap_or_else(|| format!("Unknown error ({code})").into())
}
