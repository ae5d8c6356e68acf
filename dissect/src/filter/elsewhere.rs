//! Protocols that Wireshark knows and that are not in the registry, so that their fields are told from slips.
//!
//! A choice of those that network engineers filter for, not a list of all. What enters the registry may stay here: it is
//! looked for there first.

use crate::registry;

const PROTOCOLS: &[&str] = &[
    "6lowpan", "aarp", "afp", "ajp13", "amqp", "ancp", "aoe", "aodv", "ansi_map", "ansi_tcap", "at", "atalk", "atm",
    "babel", "bacapp", "bacnet", "batadv", "bfd", "bgp", "bittorrent", "bitcoin", "bootp", "browser", "bssap", "bssgp",
    "bssmap", "bt-dht", "btatt", "bthci_acl", "bthci_cmd", "bthci_evt", "btl2cap", "btle", "btsmp", "bvlc", "camel",
    "can", "canopen", "capwap", "carp", "cdp", "cflow", "chdlc", "cigi", "cip", "cipm", "cipsafety", "cldap", "clnp",
    "cmip", "coap", "collectd", "componentstatus", "cops", "corosync_totemnet", "cotp", "couchbase", "cpfi", "cql",
    "dcc", "dccp", "dcerpc", "dcp-etsi", "dec_dna", "dhcpfo", "diameter", "dis", "dlm3", "dlsw", "dnp3", "docsis",
    "doip", "drda", "drsuapi", "dtls", "dtp", "dvmrp", "e212", "eap", "eapol", "ecat", "ecpri", "edp", "egp", "eigrp",
    "elasticsearch", "enip", "epl", "etherip", "ethertype_ecp", "ff", "fc", "fcip", "fcoe", "fcp", "finger", "fip",
    "fix", "fp", "fr", "ftp", "ftp-data", "g711", "gadu-gadu", "gearman", "giop", "glbp", "gnutella", "goose",
    "gprs-llc", "gquic", "grpc", "gsm_a", "gsm_map", "gsm_sms", "gsmtap", "gssapi", "gtpv2", "h1", "h221", "h223",
    "h225", "h235", "h245", "h248", "h261", "h263", "h264", "h265", "h450", "h501", "hazelcast", "hci_h4", "homeplug",
    "hpfeeds", "hsrp", "http2", "http3", "hyperscsi", "iax2", "icep", "icp", "ieee1722", "ieee1905", "ifcp", "igap",
    "igrp", "imap", "imf", "ipa", "ipcp", "ipmi", "ipp", "ipsec", "ipvs", "ipx", "irc", "isakmp", "iscsi", "isdn",
    "isis", "isl", "ismp", "isns", "isup", "iuup", "jxta", "kafka", "kerberos", "kink", "knet", "knxip", "l2tp",
    "lacp", "ldap", "ldp", "lisp", "lldp", "lmi", "lmp", "loop", "lpd", "lsarpc", "lte-rrc", "lwapp", "m2pa", "m2ua",
    "m3ua", "mac-lte", "manolito", "mausb", "mbtcp", "modbus", "megaco", "memcache", "mgcp", "mih", "mikey", "mip",
    "mip6", "mmse", "mndp", "mongo", "mount", "mp2t", "mpeg", "mq", "mqtt", "msnms", "msrp", "mtp2", "mtp3", "mysql",
    "nas-5gs", "nas-eps", "nat-pmp", "nbdgm", "nbipx", "nbns", "nbss", "ncp", "ndmp", "ndps", "netbios", "netflow",
    "netlink", "netlogon", "nfs", "ngap", "nhrp", "nlm", "nntp", "ntlmssp", "ofdm", "olsr", "opcua", "openflow",
    "openflow_v4", "openvpn", "opensafety", "optommp", "opus", "osi", "ospf", "pana", "papi", "pcap", "pcep", "pcp",
    "pfcp", "pgm", "pgsql", "pim", "pkix1explicit", "pn_dcp", "pn_io", "pn_rt", "pop", "portmap", "postgresql",
    "pptp", "profinet", "ptp", "q931", "q932", "qsig", "quic", "radiotap", "radius", "ranap", "rdp", "redback", "resp",
    "rfc2190", "rip", "ripng", "rlogin", "rmi", "rpc", "rpcap", "rrc", "rsh", "rsip", "rsvp", "rsync", "rtcdc", "rtmpt",
    "rtps", "rtsp", "rudp", "s1ap", "s7comm", "samr", "sap", "sasp", "sccp", "sccpmg", "sctp", "sdlc", "sflow", "sgsap",
    "shim6", "skinny", "slimp3", "smb", "smb2", "smpp", "smrse", "smtp", "smux", "sna", "snaeth", "snmp", "socks",
    "someip", "spnego", "spoolss", "srvloc", "srvsvc", "ssh", "ssl", "stp", "stun", "sua", "sv", "syncphasor", "sysex",
    "syslog", "t30", "t38", "tacacs", "tacplus", "tcap", "tds", "telnet", "tetra", "tftp", "thrift", "tipc", "tivoconnect",
    "tls", "tns", "tpcp", "tpkt", "tpncp", "tr", "tte", "turnchannel", "tzsp", "ua", "uaudp", "ucp", "udld", "udplite",
    "ulp", "umts_fp", "unistim", "usb", "usbhid", "usbms", "uma", "userlog", "vines", "vmlab", "vnc", "vp8", "vrrp",
    "vtp", "wap", "wccp", "websocket", "wg", "whois", "winsrepl", "wkssvc", "wlan", "wlan_radio", "wol", "wsp", "wtls",
    "wtp", "x11", "x25", "x2ap", "xmcp", "xmpp", "xot", "ymsg", "zabbix", "zbee_nwk", "zep", "zigbee", "ziop", "zrtp",
];

/// The protocol of Wireshark's that a name is a field of, if that is one that is not known here.
pub(crate) fn protocol_of(name: &str) -> Option<&'static str> {
    let owner = name.split('.').next()?;
    PROTOCOLS.iter().copied().find(|known| *known == owner && registry::by_name(known).is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_not_in_the_registry_is_elsewhere() {
        assert_eq!(protocol_of("wlan.sa"), Some("wlan"));
        assert_eq!(protocol_of("wlan"), Some("wlan"));
        assert_eq!(protocol_of("tcp.nothing"), None);
        assert_eq!(protocol_of("nothing.at.all"), None);
    }
}
