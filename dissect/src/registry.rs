//! The list of all protocols, and what follows from it: field numbers, names, and which protocol may lie in which.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use crate::bindings::{Binding, Table};
use crate::decode_as;
use crate::dissector::Dissector;
use crate::field::{FieldDef, FieldId, FieldType};
use crate::proto;
use crate::stop::Parsed;
use crate::tvb::Tvb;

/// A protocol: its table of fields, where it may lie, and how it is taken apart.
pub struct Protocol {
    pub id: ProtoId,
    /// The name in the Protocol column, and in `packetstream fields --protocols`.
    pub short: &'static str,
    /// Where the protocol announces itself: the values of its parents' tables that lead to it.
    pub bindings: &'static [Binding],
    /// The tables by which it finds what lies in it.
    pub tables: &'static [Table],
    /// Protocols that it hands octets to by name.
    pub calls: &'static [ProtoId],
    /// Protocols that must be read so that this one is recognised (SDP announces RTP).
    pub fed_by: &'static [ProtoId],
    /// Set for what later frames tell to be there: an answer says what came before it.
    pub is_told_later: bool,
    /// Set where later frames may tell that octets are its, though they change none of its fields but those marked: a
    /// connection's first message says what the segments before it were.
    pub is_found_later: bool,
    /// Set for what any layer may add (`_ws.expert`, `_ws.malformed`): asking for it enters every protocol.
    pub is_everywhere: bool,
    /// Set for a protocol whose own octets, as slices and `len` take them, go on to the end of what it holds, as Wireshark
    /// has it for some: `tcp[32:]` is the segment's data, `udp[8:]` is nothing.
    pub spans_payload: bool,
    pub dissect: for<'a> fn(&mut Dissector<'a>, Tvb<'a>) -> Parsed,
    /// Says of octets that a port led to the protocol whether they can be its; `None` where it takes whatever comes.
    pub accepts: Option<for<'a> fn(&Dissector<'a>, Tvb<'a>) -> bool>,
    /// Says of the octets of a datagram, without regard to anything else, whether its heuristic may take them; `None` where
    /// they alone do not tell. What a filter cannot take is passed over by it: see `glance.rs`.
    pub may_begin: Option<fn(&[u8]) -> bool>,
    /// How the messages of the protocol are found in a TCP stream; `None` for what does not run over TCP.
    pub framing: Option<fn(&[u8]) -> Framing>,
    /// How a message is found that has no body, whatever its headers say, as the one before it in the other direction
    /// made certain: the answer to HTTP's HEAD. Or how messages are found once more is known of the connection: its TLS's version.
    pub framing_bodiless: Option<fn(&[u8]) -> Framing>,
    /// Once a message of it was recognised in a TCP connection, all octets of the connection on its ports are its.
    pub keeps_streams: bool,
    /// Its messages say their length at their beginning, which a stream shows (`tcp.pdu.size`).
    pub is_counted: bool,
    /// Packets that together show every field of the table.
    pub samples: &'static [Sample],
}

impl Protocol {
    /// A protocol that announces itself at `bindings`; the rest is put in with struct update syntax.
    pub const fn new(
        id: ProtoId,
        short: &'static str,
        bindings: &'static [Binding],
        dissect: for<'a> fn(&mut Dissector<'a>, Tvb<'a>) -> Parsed,
    ) -> Self {
        Self {
            id,
            short,
            bindings,
            tables: &[],
            calls: &[],
            fed_by: &[],
            is_told_later: false,
            is_found_later: false,
            is_everywhere: false,
            spans_payload: false,
            dissect,
            accepts: None,
            may_begin: None,
            framing: None,
            framing_bodiless: None,
            keeps_streams: false,
            is_counted: false,
            samples: &[],
        }
    }

    /// The filter name, as in `udp`.
    pub fn name(&self) -> &'static str {
        FIELDS_OF[self.id as usize][0].name
    }

    /// The full name, as in `User Datagram Protocol`.
    pub fn title(&self) -> &'static str {
        FIELDS_OF[self.id as usize][0].label
    }

    /// The protocol's rows, itself first.
    pub fn fields(&self) -> &'static [FieldDef] {
        FIELDS_OF[self.id as usize]
    }
}

/// What the beginning of a TCP stream says of the message that begins there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Framing {
    /// A message of that many octets (at least 1).
    Message(usize),
    /// Not to be told yet; so many octets more are needed at least.
    More(usize),
    /// A message that lasts until the stream ends.
    UntilEnd,
    /// Not this protocol.
    Foreign,
}

/// What the beginning of a TCP stream of a protocol says; a protocol without framing takes all that is there.
pub(crate) fn frame(id: ProtoId, octets: &[u8], is_bodiless: bool) -> Framing {
    let protocol = protocol(id);
    let framing = protocol.framing_bodiless.filter(|_| is_bodiless).or(protocol.framing);
    framing.map_or(Framing::Message(octets.len()), |framing| framing(octets))
}

/// Octets of a capture and the link type that they begin with; several frames of one capture for what needs a history.
pub struct Sample {
    pub link_type: u16,
    /// Hexadecimal; blanks count for nothing.
    pub frames: &'static [&'static str],
}

macro_rules! protocols {
    ($($id:ident => $module:ident,)*) => {
        /// The protocols, in the order of the registry.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u8)]
        pub enum ProtoId { $($id),* }

        /// How many protocols there are.
        pub const PROTO_COUNT: usize = [$(ProtoId::$id),*].len();
        const FIELDS_OF: [&[FieldDef]; PROTO_COUNT] = [$(proto::$module::FIELDS),*];
        const IDS: [ProtoId; PROTO_COUNT] = [$(ProtoId::$id),*];
        static PROTOCOLS: [&Protocol; PROTO_COUNT] = [$(&proto::$module::PROTOCOL),*];
    };
}

// One line a protocol: the name of its variant and of its file in `proto/`. The order is that of `packetstream fields`.
protocols! {
    Frame => frame,
    Ws => ws,
    Eth => eth,
    Vlan => vlan,
    Ieee8021ad => ieee8021ad,
    Llc => llc,
    Sll => sll,
    Null => null,
    Raw => raw,
    Radiotap => radiotap,
    Wlan => wlan,
    Erf => erf,
    Ppp => ppp,
    Pppoed => pppoed,
    Pppoes => pppoes,
    Mpls => mpls,
    Cmd => cmd,
    Nsh => nsh,
    Arp => arp,
    Ip => ip,
    Ipv6 => ipv6,
    Ah => ah,
    Esp => esp,
    Gre => gre,
    Icmp => icmp,
    Icmpv6 => icmpv6,
    Igmp => igmp,
    Erspan => erspan,
    Vxlan => vxlan,
    Geneve => geneve,
    Teredo => teredo,
    Gtp => gtp,
    Udp => udp,
    Tcp => tcp,
    Sctp => sctp,
    Data => data,
    Echo => echo,
    Dns => dns,
    Mdns => mdns,
    Llmnr => llmnr,
    Dhcp => dhcp,
    Dhcpv6 => dhcpv6,
    Ntp => ntp,
    Stun => stun,
    ClassicStun => classicstun,
    Snmp => snmp,
    Diameter => diameter,
    Megaco => megaco,
    Mgcp => mgcp,
    Nbns => nbns,
    Nbdgm => nbdgm,
    Cdp => cdp,
    Stp => stp,
    Lldp => lldp,
    Vrrp => vrrp,
    Syslog => syslog,
    Tftp => tftp,
    Sip => sip,
    Sdp => sdp,
    Rtp => rtp,
    Rtpevent => rtpevent,
    Opus => opus,
    Rtcp => rtcp,
    T38 => t38,
    T30 => t30,
    Sipfrag => sipfrag,
    MimeMultipart => multipart,
    Media => media,
    Lines => lines,
    Xml => xml,
    Json => json,
    Png => png,
    ImageGif => gif,
    ImageJfif => jfif,
    UrlencodedForm => urlencoded,
    Http => http,
    Tls => tls,
    Dtls => dtls,
    Quic => quic,
    Gquic => gquic,
    Wireguard => wireguard,
    Capwap => capwap,
    CapwapData => capwap_data,
    DbLspDisc => dblspdisc,
    NatPmp => natpmp,
    PortControl => portcontrol,
    Ripng => ripng,
    Coap => coap,
    Rx => rx,
    Afs => afs,
    Cflow => cflow,
    BtDht => btdht,
    Gtpv2 => gtpv2,
    WebSocket => websocket,
    Ssh => ssh,
    Ftp => ftp,
    Smtp => smtp,
    Imap => imap,
    Telnet => telnet,
    Rtsp => rtsp,
    Ssdp => ssdp,
    Bgp => bgp,
    Nbss => nbss,
    Smb => smb,
    Smb2 => smb2,
    Dcerpc => dcerpc,
    Radius => radius,
    Skinny => skinny,
    Irc => irc,
    Pop => pop,
    Pim => pim,
    Asap => asap,
    Ospf => ospf,
    H225 => h225,
    Rfc2190 => rfc2190,
    H263 => h263,
    H264 => h264,
    Amr => amr,
    G723 => g723,
    Mailslot => mailslot,
    Browser => browser,
    Ldap => ldap,
    Loop => loopback,
    Hsrp => hsrp,
    Pap => pap,
    Chap => chap,
    Rip => rip,
    Bfd => bfd,
    L2tp => l2tp,
    Slow => slow,
    Lacp => lacp,
    Eigrp => eigrp,
    Isakmp => isakmp,
    Udpencap => udpencap,
    Iax2 => iax2,
    Smpp => smpp,
    Tpkt => tpkt,
    Cotp => cotp,
    Rdp => rdp,
    S7comm => s7comm,
    Vnc => vnc,
    Mbtcp => mbtcp,
    Modbus => modbus,
    Mqtt => mqtt,
    Eapol => eapol,
    Eap => eap,
    Resp => resp,
    Git => git,
    Pgsql => pgsql,
    Fix => fix,
    Cql => cql,
    Bitcoin => bitcoin,
    BitTorrent => bittorrent,
    Amqp => amqp,
    Iec104 => iec60870_104,
    Iec60870Asdu => iec60870_asdu,
    Dnp3 => dnp3,
    Enip => enip,
    Cip => cip,
    Tds => tds,
    Memcache => memcache,
    Q931 => q931,
    H245 => h245,
    Kerberos => kerberos,
    Gss => gss,
    Spnego => spnego,
    SpnegoKrb5 => spnego_krb5,
    Mysql => mysql,
    Rpc => rpc,
    FtpData => ftp_data,
    Chdlc => chdlc,
    Slarp => slarp,
    Fr => fr,
    Isis => isis,
    Udld => udld,
    Dtp => dtp,
    Ptp => ptp,
    Aoe => aoe,
    Babel => babel,
    Macsec => macsec,
    Openflow => openflow,
    Ldp => ldp,
    Sflow => sflow,
    Pptp => pptp,
    Nflog => nflog,
    Ppi => ppi,
    Vntag => vntag,
    Ieee8021ah => ieee8021ah,
    Ipx => ipx,
    Rsvp => rsvp,
    Mipv6 => mipv6,
    Pgm => pgm,
    Ocsp => ocsp,
}

/// A set of protocols.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct ProtoSet([u64; PROTO_COUNT.div_ceil(64)]);

impl ProtoSet {
    /// The set of those in a list.
    pub fn of(protos: &[ProtoId]) -> Self {
        let mut set = Self::default();
        protos.iter().for_each(|id| set.insert(*id));
        set
    }

    #[inline]
    pub fn insert(&mut self, id: ProtoId) {
        self.0[id as usize / 64] |= 1 << (id as usize % 64);
    }

    /// Whether a protocol is in it.
    #[inline]
    pub fn has(&self, id: ProtoId) -> bool {
        self.0[id as usize / 64] >> (id as usize % 64) & 1 != 0
    }

    /// Whether any protocol is in both.
    #[inline]
    pub fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).any(|(mine, theirs)| mine & theirs != 0)
    }
}

const BASES: [u16; PROTO_COUNT + 1] = {
    let mut bases = [0; PROTO_COUNT + 1];
    let mut at = 0;
    while at < PROTO_COUNT {
        bases[at + 1] = bases[at] + FIELDS_OF[at].len() as u16;
        at += 1;
    }
    bases
};

/// How many fields there are in all.
pub const FIELD_COUNT: usize = BASES[PROTO_COUNT] as usize;

/// The number of a protocol's first field.
pub const fn base(proto: ProtoId) -> u16 {
    BASES[proto as usize]
}

/// All protocols, in the order of the registry.
pub fn protocols() -> impl Iterator<Item = &'static Protocol> {
    PROTOCOLS.into_iter()
}

/// A protocol's entry.
pub fn protocol(id: ProtoId) -> &'static Protocol {
    PROTOCOLS[id as usize]
}

/// The protocol at a place of the registry.
pub(crate) fn by_place(place: u8) -> Option<ProtoId> {
    IDS.get(usize::from(place)).copied()
}

/// Where each field's owner stands in the registry: asked for with every field of every packet.
static OWNERS: [u16; FIELD_COUNT] = {
    let mut owners = [0; FIELD_COUNT];
    let (mut place, mut at) = (0, 0);
    while at < FIELD_COUNT {
        while BASES[place + 1] as usize <= at {
            place += 1;
        }
        owners[at] = place as u16;
        at += 1;
    }
    owners
};

/// The row of a field.
pub fn field(id: FieldId) -> &'static FieldDef {
    let place = usize::from(OWNERS[usize::from(id.0)]);
    &FIELDS_OF[place][usize::from(id.0 - BASES[place])]
}

/// Whether frames that come later can change a field or tell that it is there.
pub fn is_told_later(id: FieldId) -> bool {
    let owner = protocol(owner(id));
    field(id).is_told_later || owner.is_told_later || owner.is_found_later && field(id).ftype == FieldType::Protocol
}

/// The protocol whose table a field stands in.
pub fn owner(id: FieldId) -> ProtoId {
    IDS[usize::from(OWNERS[usize::from(id.0)])]
}

/// Whether a field stands in a protocol's table.
pub(crate) fn is_owner(id: ProtoId, field: FieldId) -> bool {
    (BASES[id as usize]..BASES[id as usize + 1]).contains(&field.0)
}

/// All fields, in the order of the registry.
pub fn fields() -> impl Iterator<Item = (FieldId, &'static FieldDef)> {
    FIELDS_OF.into_iter().flatten().enumerate().map(|(at, field)| (FieldId(at as u16), field))
}

static BY_NAME: LazyLock<BTreeMap<&'static str, FieldId>> =
    LazyLock::new(|| fields().map(|(id, field)| (field.name, id)).collect());

/// What protocols were called before, and are now.
const FORMER_NAMES: &[(&str, &str)] = &[("bootp", "dhcp"), ("ssl", "tls")];

/// The field of a name, protocols included.
pub fn by_name(name: &str) -> Option<FieldId> {
    BY_NAME.get(name).copied().or_else(|| {
        let (former, rest) = name.split_at(name.find('.').unwrap_or(name.len()));
        let (_, now) = FORMER_NAMES.iter().find(|row| row.0 == former)?;
        BY_NAME.get(format!("{now}{rest}").as_str()).copied()
    })
}

/// Whether the field is a protocol's own.
pub fn is_protocol(field: FieldId) -> bool {
    matches!(self::field(field).ftype, FieldType::Protocol)
}

/// The protocol that each one's octets may be handed to, from tables, calls and what the user assigns.
static CHILDREN: LazyLock<Vec<BTreeSet<ProtoId>>> = LazyLock::new(|| {
    protocols()
        .map(|parent| {
            let bound = protocols()
                .filter(|child| child.bindings.iter().any(|binding| parent.tables.contains(&binding.table())));
            let assigned = decode_as::assigned().iter().filter(|assigned| parent.tables.contains(&assigned.table));
            let called = parent.calls.iter().copied();
            bound.map(|child| child.id).chain(called).chain(assigned.map(|assigned| assigned.proto)).collect()
        })
        .collect()
});

/// The same as bits.
static CHILD_BITS: LazyLock<Vec<[u64; PROTO_COUNT.div_ceil(64)]>> = LazyLock::new(|| {
    let bits = |children: &BTreeSet<ProtoId>| {
        let mut bits = [0; PROTO_COUNT.div_ceil(64)];
        for child in children {
            bits[*child as usize / 64] |= 1 << (*child as usize % 64);
        }
        bits
    };
    CHILDREN.iter().map(bits).collect()
});

/// The protocols that a protocol's octets may be handed to, one bit each.
pub(crate) fn children(proto: ProtoId) -> &'static [u64; PROTO_COUNT.div_ceil(64)] {
    &CHILD_BITS[proto as usize]
}

/// For each protocol those that have to be entered to come to it: itself, all that may hold it, and what feeds them.
static WAYS: LazyLock<Vec<Vec<ProtoId>>> = LazyLock::new(|| {
    protocols()
        .map(|target| {
            let mut ways = BTreeSet::from([target.id]);
            loop {
                let before = ways.len();
                for parent in protocols() {
                    if !CHILDREN[parent.id as usize].is_disjoint(&ways) {
                        ways.insert(parent.id);
                    }
                }
                let feeding = ways.iter().flat_map(|way| protocol(*way).fed_by).copied();
                let feeding: Vec<_> = feeding.collect();
                ways.extend(feeding);
                if ways.len() == before {
                    return ways.into_iter().collect();
                }
            }
        })
        .collect()
});

/// The protocols that have to be entered so that `proto` is found wherever it lies.
pub fn ways_to(proto: ProtoId) -> &'static [ProtoId] {
    &WAYS[proto as usize]
}
