//! Questions and resource records: what stands in each type's data, and how it is summed up.

use std::borrow::Cow;

use super::*;
use crate::base64;
use crate::dissector::Item;
use crate::output::value::printable;

/// The types that are taken apart by functions of their own.
const OPT: u16 = 41;
const SRV: u16 = 33;

/// Where a type's data stand, and how far they were read.
struct Data<'a> {
    tvb: Tvb<'a>,
    at: usize,
    end: usize,
    /// The line of the record, to which a summary is appended.
    line: Item,
}

impl<'a> Data<'a> {
    fn left(&self) -> usize {
        self.end.saturating_sub(self.at)
    }
}

/// One piece of a type's data, in the order in which they stand.
enum Part {
    Uint(FieldId, usize),
    /// Seconds since the Unix epoch in four octets.
    Time(FieldId),
    Name(FieldId),
    /// A character string (RFC 1035, 3.3): its length, its text.
    Text(FieldId, FieldId),
    /// Character strings up to the end.
    Texts(FieldId, FieldId),
    Ipv4(FieldId),
    Ipv6(FieldId),
    /// Octets of a fixed length.
    Bytes(FieldId, usize),
    Ether(FieldId),
    /// The octets, or the text, up to the end.
    Rest(FieldId),
    RestText(FieldId),
    /// A map of types (RFC 4034, 4.1.2).
    Types,
    /// What needs more than a row.
    Other(for<'a> fn(&mut Dissector<'a>, &mut Data<'a>) -> Parsed),
}

/// How a type's data are taken apart.
struct Layout {
    code: u16,
    /// Each part, and under what name it is put into the summary.
    parts: &'static [(Part, Option<&'static str>)],
    /// Whether the Info column names the record's owner.
    names_owner: bool,
}

const fn layout(code: u16, parts: &'static [(Part, Option<&'static str>)]) -> Layout {
    Layout { code, parts, names_owner: false }
}

const fn owned(code: u16, parts: &'static [(Part, Option<&'static str>)]) -> Layout {
    Layout { code, parts, names_owner: true }
}

use Part::{Bytes, Ether, Ipv4, Ipv6, Other, Rest, RestText, Text, Texts, Time, Types, Uint};

const SIGNATURE: &[(Part, Option<&str>)] = &[
    (Uint(RRSIG_TYPE_COVERED, 2), None),
    (Uint(RRSIG_ALGORITHM, 1), None),
    (Uint(RRSIG_LABELS, 1), None),
    (Uint(RRSIG_ORIGINAL_TTL, 4), None),
    (Time(RRSIG_SIGNATURE_EXPIRATION), None),
    (Time(RRSIG_SIGNATURE_INCEPTION), None),
    (Uint(RRSIG_KEY_TAG, 2), None),
    (Part::Name(RRSIG_SIGNERS_NAME), None),
    (Rest(RRSIG_SIGNATURE), None),
];

const SIGNER: &[(Part, Option<&str>)] = &[
    (Uint(DS_KEY_ID, 2), None),
    (Uint(DS_ALGORITHM, 1), None),
    (Uint(DS_DIGEST_TYPE, 1), None),
    (Rest(DS_DIGEST), None),
];

const NSEC3: &[(Part, Option<&str>)] = &[
    (Uint(NSEC3_ALGO, 1), None),
    (Other(nsec3_flags), None),
    (Uint(NSEC3_ITERATIONS, 2), None),
    (Other(nsec3_salt), None),
    (Other(nsec3_owner), None),
    (Types, None),
];

const SERVICE: &[(Part, Option<&str>)] =
    &[(Uint(SVCB_SVCPRIORITY, 2), None), (Part::Name(SVCB_TARGETNAME), None), (Other(service_parameters), None)];

/// The types, by number.
const LAYOUTS: &[Layout] = &[
    layout(1, &[(Ipv4(A), Some("addr "))]),
    layout(2, &[(Part::Name(NS), Some("ns "))]),
    owned(3, &[(Part::Name(MD), None)]),
    owned(4, &[(Part::Name(MF), None)]),
    layout(5, &[(Part::Name(CNAME), Some("cname "))]),
    layout(
        6,
        &[
            (Part::Name(SOA_MNAME), Some("mname ")),
            (Part::Name(SOA_RNAME), None),
            (Uint(SOA_SERIAL_NUMBER, 4), None),
            (Uint(SOA_REFRESH_INTERVAL, 4), None),
            (Uint(SOA_RETRY_INTERVAL, 4), None),
            (Uint(SOA_EXPIRE_LIMIT, 4), None),
            (Uint(SOA_MINIMUM_TTL, 4), None),
        ],
    ),
    owned(7, &[(Part::Name(MB), None)]),
    owned(8, &[(Part::Name(MG), None)]),
    owned(9, &[(Part::Name(MR), None)]),
    owned(10, &[(Rest(NULL), None)]),
    layout(
        11,
        &[(Ipv4(WKS_ADDRESS), Some("addr ")), (Uint(WKS_PROTOCOL, 1), None), (Other(well_known_services), None)],
    ),
    layout(12, &[(Part::Name(PTR_DOMAIN_NAME), Some(""))]),
    layout(13, &[(Text(HINFO_CPU_LENGTH, HINFO_CPU), Some("CPU ")), (Text(HINFO_OS_LENGTH, HINFO_OS), Some("OS "))]),
    owned(14, &[(Part::Name(MINFO_R), None), (Part::Name(MINFO_E), None)]),
    layout(15, &[(Uint(MX_PREFERENCE, 2), Some("preference ")), (Part::Name(MX_MAIL_EXCHANGE), Some("mx "))]),
    layout(16, &[(Texts(TXT_LENGTH, TXT), None)]),
    owned(17, &[(Part::Name(RP_MAILBOX), None), (Part::Name(RP_TXT_RR), None)]),
    owned(18, &[(Uint(AFSDB_SUBTYPE, 2), None), (Part::Name(AFSDB_HOSTNAME), None)]),
    owned(19, &[(Text(X25_LENGTH, X25_PSDN_ADDRESS), None)]),
    owned(20, &[(Text(IDSN_LENGTH, IDSN_ADDRESS), None), (Other(isdn_subaddress), None)]),
    owned(21, &[(Uint(RT_SUBTYPE, 2), None), (Part::Name(RT_INTERMEDIATE_HOST), None)]),
    owned(22, &[(Rest(NSAP_RDATA), None)]),
    owned(23, &[(Part::Name(NSAP_PTR_OWNER), None)]),
    layout(24, SIGNATURE),
    layout(25, &[(Other(key), None)]),
    owned(26, &[(Uint(PX_PREFERENCE, 2), None), (Part::Name(PX_MAP822), None), (Part::Name(PX_MAP400), None)]),
    owned(
        27,
        &[
            (Text(GPOS_LONGITUDE_LENGTH, GPOS_LONGITUDE), None),
            (Text(GPOS_LATITUDE_LENGTH, GPOS_LATITUDE), None),
            (Text(GPOS_ALTITUDE_LENGTH, GPOS_ALTITUDE), None),
        ],
    ),
    layout(28, &[(Ipv6(AAAA), Some("addr "))]),
    layout(29, &[(Other(location), None)]),
    layout(30, &[(Part::Name(NXT_NEXT_DOMAIN_NAME), Some("next domain name ")), (Other(plain_types), None)]),
    layout(
        SRV,
        &[
            (Uint(SRV_PRIORITY, 2), Some("priority ")),
            (Uint(SRV_WEIGHT, 2), Some("weight ")),
            (Uint(SRV_PORT, 2), Some("port ")),
            (Part::Name(SRV_TARGET), Some("target ")),
        ],
    ),
    layout(
        35,
        &[
            (Uint(NAPTR_ORDER, 2), Some("order ")),
            (Uint(NAPTR_PREFERENCE, 2), Some("preference ")),
            (Text(NAPTR_FLAGS_LENGTH, NAPTR_FLAGS), Some("flags ")),
            (Text(NAPTR_SERVICE_LENGTH, NAPTR_SERVICE), None),
            (Text(NAPTR_REGEX_LENGTH, NAPTR_REGEX), None),
            (Other(replacement), None),
        ],
    ),
    layout(36, &[(Uint(KX_PREFERENCE, 2), Some("preference ")), (Part::Name(KX_KEY_EXCHANGE), Some("kx "))]),
    layout(
        37,
        &[
            (Uint(CERT_TYPE, 2), None),
            (Uint(CERT_KEY_TAG, 2), None),
            (Uint(CERT_ALGORITHM, 1), None),
            (Rest(CERT_CERTIFICATE), None),
        ],
    ),
    layout(38, &[(Other(a6), None)]),
    layout(39, &[(Part::Name(DNAME), Some("dname "))]),
    owned(42, &[(Other(address_prefixes), None)]),
    layout(43, SIGNER),
    layout(
        44,
        &[(Uint(SSHFP_ALGORITHM, 1), None), (Uint(SSHFP_FINGERPRINT_TYPE, 1), None), (Rest(SSHFP_FINGERPRINT), None)],
    ),
    layout(45, &[(Other(ipsec_key), None)]),
    layout(46, SIGNATURE),
    layout(47, &[(Part::Name(NSEC_NEXT_DOMAIN_NAME), Some("next domain name ")), (Types, None)]),
    layout(48, &[(Other(dnskey), None)]),
    owned(49, &[(Rest(DHCID_RDATA), None)]),
    layout(50, NSEC3),
    owned(
        51,
        &[
            (Uint(NSEC3_ALGO, 1), None),
            (Uint(NSEC3_FLAGS, 1), None),
            (Uint(NSEC3_ITERATIONS, 2), None),
            (Other(nsec3_salt), None),
        ],
    ),
    owned(
        52,
        &[
            (Uint(TLSA_CERTIFICATE_USAGE, 1), None),
            (Uint(TLSA_SELECTOR, 1), None),
            (Uint(TLSA_MATCHING_TYPE, 1), None),
            (Rest(TLSA_CERTIFICATE_ASSOCIATION_DATA), None),
        ],
    ),
    owned(55, &[(Other(host_identity), None)]),
    layout(59, SIGNER),
    layout(60, &[(Other(dnskey), None)]),
    layout(61, &[(RestText(OPENPGPKEY), None)]),
    layout(62, &[(Uint(CSYNC_SOA, 4), None), (Other(csync_flags), None), (Types, None)]),
    layout(
        63,
        &[
            (Uint(ZONEMD_SERIAL, 4), None),
            (Uint(ZONEMD_SCHEME, 1), None),
            (Uint(ZONEMD_HASH_ALGO, 1), None),
            (Rest(ZONEMD_DIGEST), None),
        ],
    ),
    layout(64, SERVICE),
    layout(65, SERVICE),
    layout(99, &[(Texts(SPF_LENGTH, SPF), None)]),
    layout(104, &[(Uint(ILNP_NID_PREFERENCE, 2), None), (Bytes(ILNP_NID, 8), None)]),
    layout(105, &[(Uint(ILNP_L32_PREFERENCE, 2), None), (Ipv4(ILNP_L32), None)]),
    layout(106, &[(Uint(ILNP_L64_PREFERENCE, 2), None), (Bytes(ILNP_L64, 8), None)]),
    layout(107, &[(Uint(ILNP_LP_PREFERENCE, 2), None), (Part::Name(ILNP_LP), None)]),
    layout(108, &[(Ether(EUI48), None)]),
    layout(109, &[(Bytes(EUI64, 8), None)]),
    layout(
        249,
        &[
            (Part::Name(TKEY_ALGO_NAME), None),
            (Time(TKEY_SIGNATURE_INCEPTION), None),
            (Time(TKEY_SIGNATURE_EXPIRATION), None),
            (Uint(TKEY_MODE, 2), None),
            (Uint(TKEY_ERROR, 2), None),
            (Other(transaction_key), None),
        ],
    ),
    layout(250, &[(Other(transaction_signature), None)]),
    layout(257, &[(Other(certification_authority), None)]),
    layout(32_769, SIGNER),
    layout(65_281, &[(Other(wins), None)]),
    layout(65_282, &[(Other(wins_reverse), None)]),
    layout(65_422, &[(Other(forwarded), None)]),
];

/// The mnemonic of a type: the first word of its name.
fn mnemonic(code: u16) -> Cow<'static, str> {
    let row = names::TYPES.iter().find(|row| row.0 == u64::from(code));
    match row.map(|row| row.1.split(' ').next().unwrap_or_default()) {
        Some("*") => "ANY".into(),
        Some(word) => word.into(),
        None => format!("Unknown ({code})").into(),
    }
}

fn class_name(class: u16) -> Cow<'static, str> {
    Names::Values(names::CLASSES).of(class.into()).unwrap_or("Unknown".into())
}

/// Seconds in words, as in `2 hours, 46 minutes, 40 seconds`.
fn span(seconds: u64) -> String {
    let units = [
        (seconds / 86_400, "day"),
        (seconds / 3600 % 24, "hour"),
        (seconds / 60 % 60, "minute"),
        (seconds % 60, "second"),
    ];
    let words: Vec<String> = units
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count} {unit}{}", if *count == 1 { "" } else { "s" }))
        .collect();
    if words.is_empty() { "0 seconds".to_owned() } else { words.join(", ") }
}

/// The text of a name as it is shown, or nothing where nobody looks at it.
struct Shown(Option<Vec<u8>>);

impl Shown {
    fn new(is_wanted: bool) -> Self {
        Self(is_wanted.then(Vec::new))
    }

    /// Control characters stand in names as they are shown, also in their values.
    fn text(&self) -> Cow<'_, str> {
        match self.0.as_deref() {
            None => Cow::Borrowed(""),
            Some(octets) if octets.iter().any(u8::is_ascii_control) => printable(octets).into(),
            Some(octets) => String::from_utf8_lossy(octets),
        }
    }

    fn value(&self) -> Value {
        Value::String(self.text().into())
    }
}

fn wants_text(d: &Dissector<'_>) -> bool {
    d.wants_tree() || d.wants_columns()
}

/// A question (RFC 1035, 4.1.2); answers where it ends.
pub(super) fn question<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, flavour: Flavour) -> Result<usize, Stop> {
    let is_shown = [QRY_NAME, QRY_NAME_LEN, COUNT_LABELS].into_iter().any(|field| d.wants(field));
    let mut name = Shown::new(is_shown || wants_text(d));
    let len = name::read(tvb, at, name.0.as_mut())?;
    let kind = tvb.u16(at + len)?;
    let class = tvb.u16(at + len + 2)?;
    let is_mdns = flavour == Flavour::Mdns;
    let (plain, asks_unicast) = (class & 0x7fff, class & 0x8000 != 0);
    // RFC 6762, 5.4.
    let note = match (is_mdns, asks_unicast) {
        (false, _) => "",
        (_, true) => ", \"QU\" question",
        (_, false) => ", \"QM\" question",
    };
    d.append_info(|| format!(" {} {}{note}", mnemonic(kind), name.text()));
    d.open_text(tvb, at, len + 4, || {
        let class = class_name(if is_mdns { plain } else { class });
        let (name, kind) = (name.text(), mnemonic(kind));
        format!("{name}: type {kind}, class {class}{note}")
    });
    if is_shown {
        d.add(QRY_NAME, tvb, at, len, name.value());
        let octets = name.0.as_deref().unwrap_or_default();
        // As Wireshark has it, a name of one letter has no length and no label.
        let is_letter = octets.len() == 1;
        let len_shown = if is_letter { 0 } else { octets.len() };
        let labels = octets.iter().filter(|octet| **octet == b'.').count() + usize::from(!is_letter);
        d.generated(QRY_NAME_LEN, tvb, at, len, Value::Uint(len_shown as u64));
        d.generated(COUNT_LABELS, tvb, at, len, Value::Uint(labels as u64));
    }
    d.add(QRY_TYPE, tvb, at + len, 2, Value::Uint(kind.into()));
    if is_mdns {
        let item = d.add(QRY_CLASS, tvb, at + len + 2, 2, Value::Uint(plain.into()));
        d.text(item, || masked_class(plain));
        let octets = class.into();
        d.flag(QRY_QU, tvb, at + len + 2, 2, octets);
    } else {
        d.add(QRY_CLASS, tvb, at + len + 2, 2, Value::Uint(class.into()));
    }
    d.close();
    Ok(at + len + 4)
}

/// The line of a class whose top bit is something else (RFC 6762, 10.2).
fn masked_class(class: u16) -> String {
    let bits = format!("{class:016b}");
    let groups = format!(".{} {} {} {}", &bits[1..4], &bits[4..8], &bits[8..12], &bits[12..]);
    format!("{groups} = Class: {} (0x{class:04x})", class_name(class))
}

/// A resource record (RFC 1035, 4.1.3); answers where it ends.
pub(super) fn record<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, flavour: Flavour) -> Result<usize, Stop> {
    let is_shown = [RESP_NAME, SRV_SERVICE, SRV_PROTO, SRV_NAME].into_iter().any(|field| d.wants(field));
    let mut name = Shown::new(is_shown || wants_text(d));
    let len = name::read(tvb, at, name.0.as_mut())?;
    let fixed = at + len;
    let (kind, class) = (tvb.u16(fixed)?, tvb.u16(fixed + 2)?);
    let ttl = tvb.u32(fixed + 4)?;
    let data_len = usize::from(tvb.u16(fixed + 8)?);
    let data_at = fixed + 10;
    let end = data_at + data_len;
    let is_opt = kind == OPT;
    let is_mdns = flavour == Flavour::Mdns;
    let note = if is_mdns && !is_opt && class & 0x8000 != 0 { ", cache flush" } else { "" };
    d.append_info(|| format!(" {}{note}", mnemonic(kind)));
    tvb.slice(at, end - at)?;
    let line = d.open_text(tvb, at, end - at, || {
        let (name, kind) = (name.text(), mnemonic(kind));
        if is_opt {
            return format!("{name}: type {kind}");
        }
        let class = class_name(if is_mdns { class & 0x7fff } else { class });
        format!("{name}: type {kind}, class {class}{note}")
    });
    if kind == SRV {
        service_name(d, tvb, at, len, &name);
    } else if d.wants(RESP_NAME) {
        d.add(RESP_NAME, tvb, at, len, name.value());
    }
    d.add(RESP_TYPE, tvb, fixed, 2, Value::Uint(kind.into()));
    if is_opt {
        pseudo_header(d, tvb, fixed + 2, is_mdns)?;
    } else {
        if is_mdns {
            let item = d.add(RESP_CLASS, tvb, fixed + 2, 2, Value::Uint((class & 0x7fff).into()));
            d.text(item, || masked_class(class & 0x7fff));
            d.flag(RESP_CACHE_FLUSH, tvb, fixed + 2, 2, class.into());
        } else {
            d.add(RESP_CLASS, tvb, fixed + 2, 2, Value::Uint(class.into()));
        }
        let item = d.add(RESP_TTL, tvb, fixed + 4, 4, Value::Uint(ttl.into()));
        d.append_text(item, || format!(" ({})", span(ttl.into())));
        if ttl >> 31 != 0 {
            d.within(|d| d.expert(TTL_HIGH_BIT_SET, tvb, fixed + 4, 4));
        }
    }
    d.add(RESP_LEN, tvb, fixed + 8, 2, Value::Uint(data_len as u64));
    if data_len > 0 {
        let mut data = Data { tvb, at: data_at, end, line };
        if is_opt {
            options(d, &mut data)?;
        } else {
            rdata(d, &mut data, kind, &name)?;
        }
    }
    d.close();
    Ok(end)
}

/// RFC 2782: a service's name is `_service._protocol.name`.
fn service_name<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, len: usize, name: &Shown) {
    let text = name.text();
    for (field, part) in [SRV_SERVICE, SRV_PROTO, SRV_NAME].into_iter().zip(text.splitn(3, '.')) {
        if d.wants(field) {
            d.add(field, tvb, at, len, Value::String(part.into()));
        }
    }
}

/// What the class and time to live of an OPT record are (RFC 6891, 6.1.2).
fn pseudo_header<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, is_mdns: bool) -> Parsed {
    let size = tvb.u16(at)?;
    if is_mdns {
        let size = Value::Uint((size & 0x7fff).into());
        d.add(RR_UDP_PAYLOAD_SIZE, tvb, at, 2, size);
        let octets = tvb.u16(at)?;
        d.flag(RESP_CACHE_FLUSH, tvb, at, 2, octets.into());
    } else {
        // In decimal, unlike that of mDNS.
        let item = d.add(RR_UDP_PAYLOAD_SIZE, tvb, at, 2, Value::Int(size.into()));
        d.text(item, || format!("UDP payload size: {size}"));
    }
    d.uint(RESP_EXT_RCODE, tvb, at + 2, 1)?;
    d.uint(RESP_EDNS0_VERSION, tvb, at + 3, 1)?;
    let z = d.uint(RESP_Z, tvb, at + 4, 2)?;
    d.within(|d| {
        d.flag(RESP_Z_DO, tvb, at + 4, 2, z);
        d.bits(RESP_Z_RESERVED, tvb, at + 4, 2, z);
    });
    Ok(())
}

fn rdata<'a>(d: &mut Dissector<'a>, data: &mut Data<'a>, kind: u16, owner: &Shown) -> Parsed {
    let Ok(row) = LAYOUTS.binary_search_by_key(&kind, |row| row.code) else {
        d.expert_with(UNDECODED_TYPE, data.tvb, data.at, data.left(), || {
            format!(
                "Dissector for DNS Type ({kind}) code not implemented, \
                 Contact Wireshark developers if you want this supported"
            )
        });
        d.bytes(DATA, data.tvb, data.at, data.left());
        return Ok(());
    };
    let row = &LAYOUTS[row];
    if row.names_owner {
        d.append_info(|| format!(" {}", owner.text()));
    }
    for (part, label) in row.parts {
        let shown = self::part(d, data, part, label.is_some())?;
        if let Some(label) = label {
            sum_up(d, data, label, &shown);
        }
    }
    Ok(())
}

/// Appends a value to the record's line and to the Info column.
fn sum_up(d: &mut Dissector<'_>, data: &Data<'_>, label: &str, shown: &str) {
    d.append_text(data.line, || format!(", {label}{shown}"));
    d.append_info(|| format!(" {shown}"));
}

/// Takes one part; answers its text if it `is_named` in a summary that somebody looks at.
fn part<'a>(d: &mut Dissector<'a>, data: &mut Data<'a>, part: &Part, is_named: bool) -> Result<String, Stop> {
    let is_named = is_named && wants_text(d);
    let (tvb, at) = (data.tvb, data.at);
    let mut shown = String::new();
    let len = match *part {
        Uint(field, width) => {
            let value = tvb.uint(at, width)?;
            let item = d.add(field, tvb, at, width, Value::Uint(value));
            if is_named {
                shown = value.to_string();
            }
            if matches!(
                field,
                SOA_REFRESH_INTERVAL | SOA_RETRY_INTERVAL | SOA_EXPIRE_LIMIT | SOA_MINIMUM_TTL | RRSIG_ORIGINAL_TTL
            ) {
                d.append_text(item, || format!(" ({})", span(value)));
            }
            width
        }
        Time(field) => {
            let seconds = i64::from(tvb.u32(at)?);
            d.add(field, tvb, at, 4, Value::Time(seconds * 1_000_000_000));
            4
        }
        Part::Name(field) => {
            let mut name = Shown::new(is_named || d.wants(field));
            let len = name::read(tvb, at, name.0.as_mut())?;
            if d.wants(field) {
                d.add(field, tvb, at, len, name.value());
            }
            if is_named {
                shown = name.text().into_owned();
            }
            len
        }
        Text(length, text) => {
            let len = text_part(d, tvb, at, length, text)?;
            if is_named {
                shown = String::from_utf8_lossy(tvb.slice(at + 1, len - 1)?).into_owned();
            }
            len
        }
        Texts(length, text) => {
            let mut here = at;
            while here < data.end {
                here += text_part(d, tvb, here, length, text)?;
            }
            here - at
        }
        Ipv4(field) => {
            let address = tvb.array::<4>(at)?;
            d.add(field, tvb, at, 4, Value::Ipv4(address));
            if is_named {
                shown = std::net::Ipv4Addr::from(address).to_string();
            }
            4
        }
        Ipv6(field) => {
            let address = tvb.array::<16>(at)?;
            d.add(field, tvb, at, 16, Value::Ipv6(address));
            if is_named {
                shown = std::net::Ipv6Addr::from(address).to_string();
            }
            16
        }
        Bytes(field, len) => {
            tvb.slice(at, len)?;
            d.bytes(field, tvb, at, len);
            len
        }
        Ether(field) => {
            d.add(field, tvb, at, 6, Value::Ether(tvb.array(at)?));
            6
        }
        Rest(field) => {
            let len = data.left();
            d.bytes(field, tvb, at, len);
            len
        }
        RestText(field) => {
            let len = data.left();
            d.string(field, tvb, at, len);
            len
        }
        Types => {
            type_windows(d, data)?;
            return Ok(shown);
        }
        Other(take) => {
            take(d, data)?;
            return Ok(shown);
        }
    };
    data.at += len;
    Ok(shown)
}

fn text_part<'a>(
    d: &mut Dissector<'a>,
    tvb: Tvb<'a>,
    at: usize,
    length: FieldId,
    field: FieldId,
) -> Result<usize, Stop> {
    let len = d.uint(length, tvb, at, 1)? as usize;
    let octets = tvb.slice(at + 1, len)?;
    if d.wants(field) && !octets.is_ascii() {
        // RFC 1035, 3.3 gives text no character set: what is no ASCII is not shown.
        let text = octets.split(|octet| *octet == 0).next().unwrap_or_default();
        let shown: String = text.iter().map(|o| if o.is_ascii() { char::from(*o) } else { '\u{fffd}' }).collect();
        d.add(field, tvb, at + 1, len, Value::String(shown.into()));
        d.within(|d| d.note_strays(tvb, at + 1, len));
    } else {
        d.string(field, tvb, at + 1, len);
    }
    Ok(1 + len)
}

fn one_type<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, code: u64) {
    let item = d.add(RESP_TYPE, tvb, at, 1, Value::Uint(code));
    d.text(item, || {
        let name = Names::Values(names::TYPES).of(code);
        let name = name.unwrap_or_else(|| format!("Unknown ({code})").into());
        format!("RR type in bit map: {name}")
    });
}

/// The types that a run of octets stands for, the first bit being type `base`.
fn types_of<'a>(d: &mut Dissector<'a>, data: &mut Data<'a>, base: u64, len: usize) -> Parsed {
    for (place, octet) in data.tvb.slice(data.at, len)?.iter().enumerate() {
        for bit in 0..8 {
            if octet & (0x80 >> bit) != 0 {
                one_type(d, data.tvb, data.at + place, base + place as u64 * 8 + bit);
            }
        }
    }
    data.at += len;
    Ok(())
}

/// RFC 4034, 4.1.2: windows of 256 types, each with its number and its length.
fn type_windows<'a>(d: &mut Dissector<'a>, data: &mut Data<'a>) -> Parsed {
    while data.at < data.end {
        let window = u64::from(data.tvb.u8(data.at)?);
        let len = usize::from(data.tvb.u8(data.at + 1)?);
        data.at += 2;
        types_of(d, data, window * 256, len)?;
    }
    Ok(())
}

/// RFC 2535, 5.2: the types below 128 in one run.
fn plain_types<'a>(d: &mut Dissector<'a>, data: &mut Data<'a>) -> Parsed {
    let len = data.left();
    types_of(d, data, 0, len)
}

/// Takes rows of parts inside a function of its own.
fn parts<'a>(d: &mut Dissector<'a>, data: &mut Data<'a>, row: &[Part]) -> Parsed {
    for one in row {
        part(d, data, one, false)?;
    }
    Ok(())
}

/// RFC 1035, 3.4.2: a bit for each port.
fn well_known_services<'a>(d: &mut Dissector<'a>, data: &mut Data<'a>) -> Parsed {
    while data.at < data.end {
        let octet = data.tvb.u8(data.at)?;
        if octet != 0 {
            d.add(WKS_BITS, data.tvb, data.at, 1, Value::Uint(octet.into()));
        }
        data.at += 1;
    }
    Ok(())
}

fn isdn_subaddress<'a>(d: &mut Dissector<'a>, data: &mut Data<'a>) -> Parsed {
    if data.left() > 0 {
        data.at += text_part(d, data.tvb, data.at, IDSN_SA_LENGTH, IDSN_SA_ADDRESS)?;
    }
    Ok(())
}

/// The replacement of a NAPTR record (RFC 3403, 4.1), with the length of its text.
fn replacement<'a>(d: &mut Dissector<'a>, data: &mut Data<'a>) -> Parsed {
    let mut name = Shown::new(d.wants(NAPTR_REPLACEMENT) || d.wants(NAPTR_REPLACEMENT_LENGTH));
    let len = name::read(data.tvb, data.at, name.0.as_mut())?;
    let letters = name.0.as_ref().map_or(0, Vec::len);
    d.generated(NAPTR_REPLACEMENT_LENGTH, data.tvb, data.at, 0, Value::Uint(letters as u64));
    d.add(NAPTR_REPLACEMENT, data.tvb, data.at, len, name.value());
    data.at += len;
    Ok(())
}

/// RFC 2874, 3.1: as much of the address as the prefix does not give, and whose the prefix is.
fn a6<'a>(d: &mut Dissector<'a>, data: &mut Data<'a>) -> Parsed {
    let prefix = d.uint(A6_PREFIX_LEN, data.tvb, data.at, 1)? as usize;
    let len = (128 - prefix.min(128)).div_ceil(8);
    let mut address = [0; 16];
    let suffix = data.tvb.slice(data.at + 1, len)?;
    if let Some(tail) = address.get_mut(16 - len..) {
        tail.copy_from_slice(suffix);
    }
    d.add(A6_ADDRESS_SUFFIX, data.tvb, data.at + 1, len, Value::Ipv6(address));
    data.at += 1 + len;
    let mut name = Shown::new(wants_text(d) || d.wants(A6_PREFIX_NAME));
    if prefix > 0 {
        let len = name::read(data.tvb, data.at, name.0.as_mut())?;
        d.add(A6_PREFIX_NAME, data.tvb, data.at, len, name.value());
        data.at += len;
    } else {
        name.0 = None;
    }
    let shown = format!("{prefix} {} {}", std::net::Ipv6Addr::from(address), name.text());
    sum_up(d, data, "addr ", &shown);
    Ok(())
}

/// RFC 3123, 4: runs of prefixes.
fn address_prefixes<'a>(d: &mut Dissector<'a>, data: &mut Data<'a>) -> Parsed {
    while data.at < data.end {
        let family = d.uint(APL_ADDRESS_FAMILY, data.tvb, data.at, 2)?;
        d.uint(APL_CODED_PREFIX, data.tvb, data.at + 2, 1)?;
        let octet = data.tvb.u8(data.at + 3)?;
        d.flag(APL_NEGATION, data.tvb, data.at + 3, 1, octet.into());
        d.bits(APL_AFDLENGTH, data.tvb, data.at + 3, 1, octet.into());
        let len = usize::from(octet & 0x7f);
        let at = data.at + 4;
        prefix_of(d, data.tvb, at, len, family, [APL_AFDPART_IPV4, APL_AFDPART_IPV6, APL_AFDPART_DATA])?;
        data.at = at + len;
    }
    Ok(())
}

/// An address of which only the first `len` octets are given.
fn prefix_of<'a>(
    d: &mut Dissector<'a>,
    tvb: Tvb<'a>,
    at: usize,
    len: usize,
    family: u64,
    [ipv4, ipv6, other]: [FieldId; 3],
) -> Parsed {
    let given = tvb.slice(at, len)?;
    let mut whole = [0; 16];
    for (to, from) in whole.iter_mut().zip(given) {
        *to = *from;
    }
    let [a, b, c, e, ..] = whole;
    match family {
        1 => d.add(ipv4, tvb, at, len.min(4), Value::Ipv4([a, b, c, e])),
        2 => d.add(ipv6, tvb, at, len.min(16), Value::Ipv6(whole)),
        _ => d.bytes(other, tvb, at, len),
    };
    Ok(())
}

/// RFC 4034, appendix B: the octets of the record's data added in pairs. The oldest algorithm takes two octets of the key.
fn key_tag(data: &[u8], algorithm: u64) -> u64 {
    if algorithm == 1 {
        return match *data {
            [.., high, low, _] => u64::from(high) << 8 | u64::from(low),
            _ => 0,
        };
    }
    let sum: u64 = data
        .chunks(2)
        .map(|pair| match *pair {
            [high, low] => u64::from(high) << 8 | u64::from(low),
            [high] => u64::from(high) << 8,
            _ => 0,
        })
        .sum();
    (sum + (sum >> 16)) & 0xffff
}

/// The protocol, algorithm, tag and octets that end a key record.
fn key_rest<'a>(d: &mut Dissector<'a>, data: &mut Data<'a>, start: usize, fields: [FieldId; 4]) -> Parsed {
    let [protocol, algorithm, tag, octets] = fields;
    d.uint(protocol, data.tvb, data.at, 1)?;
    let kind = d.uint(algorithm, data.tvb, data.at + 1, 1)?;
    data.at += 2;
    let all = data.tvb.slice(start, data.end.saturating_sub(start))?;
    if all.len() < 4 {
        d.expert(KEY_ID_BUFFER_TOO_SHORT, data.tvb, start, all.len());
    } else if d.wants(tag) {
        d.generated(tag, data.tvb, data.at, 0, Value::Uint(key_tag(all, kind)));
    }
    part(d, data, &Rest(octets), false)?;
    Ok(())
}

/// RFC 2535, 3.1.
fn key<'a>(d: &mut Dissector<'a>, data: &mut Data<'a>) -> Parsed {
    let (tvb, at) = (data.tvb, data.at);
    let octets = d.uint(KEY_FLAGS, tvb, at, 2)?;
    d.within(|d| {
        for field in [
            KEY_FLAGS_AUTHENTICATION,
            KEY_FLAGS_CONFIDENTIALITY,
            KEY_FLAGS_REQUIRED,
            KEY_FLAGS_ASSOCIATED_USER,
            KEY_FLAGS_ASSOCIATED_NAMED_ENTITY,
            KEY_FLAGS_IPSEC,
            KEY_FLAGS_MIME,
        ] {
            d.flag(field, tvb, at, 2, octets);
        }
        d.bits(KEY_FLAGS_SIGNATORY, tvb, at, 2, octets);
    });
    data.at += 2;
    key_rest(d, data, at, [KEY_PROTOCOL, KEY_ALGORITHM, KEY_KEY_ID, KEY_PUBLIC_KEY])
}

/// RFC 4034, 2.1.
fn dnskey<'a>(d: &mut Dissector<'a>, data: &mut Data<'a>) -> Parsed {
    let (tvb, at) = (data.tvb, data.at);
    let octets = d.uint(DNSKEY_FLAGS, tvb, at, 2)?;
    d.within(|d| {
        d.flag(DNSKEY_FLAGS_ZONE_KEY, tvb, at, 2, octets);
        d.flag(DNSKEY_FLAGS_KEY_REVOKED, tvb, at, 2, octets);
        d.flag(DNSKEY_FLAGS_SECURE_ENTRY_POINT, tvb, at, 2, octets);
        let reserved = Value::Uint(octets & 0xfe7e);
        d.add(DNSKEY_FLAGS_RESERVED, tvb, at, 2, reserved);
    });
    data.at += 2;
    let fields = [DNSKEY_PROTOCOL, DNSKEY_ALGORITHM, DNSKEY_KEY_ID, DNSKEY_PUBLIC_KEY];
    key_rest(d, data, at, fields)
}

/// RFC 4025, 2.1.
fn ipsec_key<'a>(d: &mut Dissector<'a>, data: &mut Data<'a>) -> Parsed {
    let kind = data.tvb.u8(data.at + 1)?;
    let start =
        [Uint(IPSECKEY_GATEWAY_PRECEDENCE, 1), Uint(IPSECKEY_GATEWAY_TYPE, 1), Uint(IPSECKEY_GATEWAY_ALGORITHM, 1)];
    parts(d, data, &start)?;
    match kind {
        1 => parts(d, data, &[Ipv4(IPSECKEY_GATEWAY_IPV4)])?,
        2 => parts(d, data, &[Ipv6(IPSECKEY_GATEWAY_IPV6)])?,
        3 => parts(d, data, &[Part::Name(IPSECKEY_GATEWAY_DNS)])?,
        _ => {}
    }
    if data.left() > 0 {
        parts(d, data, &[Rest(IPSECKEY_PUBLIC_KEY)])?;
    }
    Ok(())
}

fn nsec3_flags<'a>(d: &mut Dissector<'a>, data: &mut Data<'a>) -> Parsed {
    let (tvb, at) = (data.tvb, data.at);
    let octets = d.uint(NSEC3_FLAGS, tvb, at, 1)?;
    d.within(|d| d.flag(NSEC3_FLAGS_OPT_OUT, tvb, at, 1, octets));
    data.at += 1;
    Ok(())
}

fn nsec3_salt<'a>(d: &mut Dissector<'a>, data: &mut Data<'a>) -> Parsed {
    let len = d.uint(NSEC3_SALT_LENGTH, data.tvb, data.at, 1)? as usize;
    data.tvb.slice(data.at + 1, len)?;
    d.bytes(NSEC3_SALT_VALUE, data.tvb, data.at + 1, len);
    data.at += 1 + len;
    Ok(())
}

/// The hash of the next owner's name, shown as it stands in names: base32hex (RFC 5155, 3.3).
fn nsec3_owner<'a>(d: &mut Dissector<'a>, data: &mut Data<'a>) -> Parsed {
    let len = d.uint(NSEC3_HASH_LENGTH, data.tvb, data.at, 1)? as usize;
    let hash = data.tvb.slice(data.at + 1, len)?;
    if d.wants(NSEC3_HASH_VALUE) {
        let value = Value::String(base32hex(hash).into());
        d.generated(NSEC3_HASH_VALUE, data.tvb, data.at + 1, len, value);
    }
    data.at += 1 + len;
    Ok(())
}

/// RFC 4648, 7, in lower case and without padding.
fn base32hex(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len().div_ceil(5) * 8);
    let (mut bits, mut held) = (0_u32, 0);
    let mut digit = |five: u32| text.push(char::from_digit(five & 31, 32).unwrap_or_default());
    for octet in octets {
        bits = bits << 8 | u32::from(*octet);
        held += 8;
        while held >= 5 {
            held -= 5;
            digit(bits >> held);
        }
    }
    if held > 0 {
        digit(bits << (5 - held));
    }
    text
}

/// RFC 8005, 5.
fn host_identity<'a>(d: &mut Dissector<'a>, data: &mut Data<'a>) -> Parsed {
    let tag = usize::from(data.tvb.u8(data.at)?);
    let key = usize::from(data.tvb.u16(data.at + 2)?);
    let row = [
        Uint(HIP_HIT_LENGTH, 1),
        Uint(HIP_HIT_PK_ALGO, 1),
        Uint(HIP_PK_LENGTH, 2),
        Bytes(HIP_HIT, tag),
        Bytes(HIP_PK, key),
    ];
    parts(d, data, &row)?;
    while data.at < data.end {
        parts(d, data, &[Part::Name(HIP_RENDEZVOUS_SERVER)])?;
    }
    Ok(())
}

/// RFC 7477, 2.1.1.
fn csync_flags<'a>(d: &mut Dissector<'a>, data: &mut Data<'a>) -> Parsed {
    let (tvb, at) = (data.tvb, data.at);
    let octets = d.uint(CSYNC_FLAGS, tvb, at, 2)?;
    d.within(|d| {
        d.flag(CSYNC_FLAGS_IMMEDIATE, tvb, at, 2, octets);
        d.flag(CSYNC_FLAGS_SOAMINIMUM, tvb, at, 2, octets);
    });
    data.at += 2;
    d.bytes(CSYNC_TYPE_BITMAP, tvb, data.at, data.left());
    Ok(())
}

/// The keys of SVCB parameters that have a form of their own (RFC 9460, 14.3.2).
const MANDATORY: u16 = 0;
const ALPN: u16 = 1;
const PORT: u16 = 3;
const IPV4_HINT: u16 = 4;
const ECH: u16 = 5;
/// draft-pauly-dprive-oblivious-doh.
const ODOH: u16 = 0x8001;
const IPV6_HINT: u16 = 6;

/// RFC 9460, 2.2.
fn service_parameters<'a>(d: &mut Dissector<'a>, data: &mut Data<'a>) -> Parsed {
    while data.at < data.end {
        let tvb = data.tvb;
        let key = tvb.u16(data.at)?;
        let len = usize::from(tvb.u16(data.at + 2)?);
        let item = d.open(SVCB_SVCPARAM, tvb, data.at, 4 + len, Value::None);
        d.text(item, || format!("SvcParam: {}", parameter_key(key)));
        parts(d, data, &[Uint(SVCB_SVCPARAM_KEY, 2), Uint(SVCB_SVCPARAM_VALUE_LENGTH, 2)])?;
        let end = data.at + len;
        let mut shown = Vec::new();
        while data.at < end {
            let at = data.at;
            match key {
                MANDATORY => {
                    parts(d, data, &[Uint(SVCB_SVCPARAM_MANDATORY_KEY, 2)])?;
                    shown.push(parameter_key(tvb.u16(at)?).into_owned());
                }
                ALPN => {
                    data.at += text_part(d, tvb, at, SVCB_SVCPARAM_ALPN_LENGTH, SVCB_SVCPARAM_ALPN)?;
                    let text = tvb.slice(at + 1, data.at - at - 1)?;
                    shown.push(String::from_utf8_lossy(text).into_owned());
                }
                PORT => {
                    parts(d, data, &[Uint(SVCB_SVCPARAM_PORT, 2)])?;
                    shown.push(tvb.u16(at)?.to_string());
                }
                IPV4_HINT => {
                    parts(d, data, &[Ipv4(SVCB_SVCPARAM_IPV4HINT_IP)])?;
                    shown.push(std::net::Ipv4Addr::from(tvb.array::<4>(at)?).to_string());
                }
                IPV6_HINT => {
                    parts(d, data, &[Ipv6(SVCB_SVCPARAM_IPV6HINT_IP)])?;
                    shown.push(std::net::Ipv6Addr::from(tvb.array::<16>(at)?).to_string());
                }
                _ => {
                    let octets = tvb.slice(at, end - at)?;
                    let field = match key {
                        ECH => SVCB_SVCPARAM_ECHCONFIG,
                        ODOH => SVCB_SVCPARAM_ODOHCONFIG,
                        _ => SVCB_SVCPARAM_VALUE,
                    };
                    let item = d.bytes(field, tvb, at, octets.len());
                    if field == SVCB_SVCPARAM_VALUE {
                        shown.push(String::from_utf8_lossy(octets).into_owned());
                    } else {
                        let text = base64::encode(octets);
                        d.text(item, || format!("{}: {text}", crate::registry::field(field).label));
                        shown.push(text);
                    }
                    data.at = end;
                }
            }
        }
        if !shown.is_empty() {
            d.append_text(item, || format!("={}", shown.join(",")));
        }
        d.close();
    }
    Ok(())
}

fn parameter_key(key: u16) -> Cow<'static, str> {
    let name = Names::Values(names::SERVICE_PARAMETERS).of(key.into());
    name.unwrap_or_else(|| format!("key{key}").into())
}

/// RFC 2930, 2, behind the error: the key and what else there is, each with its length.
fn transaction_key<'a>(d: &mut Dissector<'a>, data: &mut Data<'a>) -> Parsed {
    counted(d, data, TKEY_KEY_SIZE, TKEY_KEY_DATA)?;
    counted(d, data, TKEY_OTHER_SIZE, TKEY_OTHER_DATA)
}

/// A length in two octets and as many octets, which are shown if there are any.
fn counted<'a>(d: &mut Dissector<'a>, data: &mut Data<'a>, length: FieldId, octets: FieldId) -> Parsed {
    let len = d.uint(length, data.tvb, data.at, 2)? as usize;
    data.at += 2;
    if len > 0 {
        parts(d, data, &[Bytes(octets, len)])?;
    }
    Ok(())
}

/// RFC 8945, 4.2.
fn transaction_signature<'a>(d: &mut Dissector<'a>, data: &mut Data<'a>) -> Parsed {
    let tvb = data.tvb;
    let mut algorithm = Shown::new(d.wants(TSIG_ALGORITHM_NAME) || d.wants_expert(TSIG_NOALG));
    let len = name::read(tvb, data.at, algorithm.0.as_mut())?;
    if d.wants(TSIG_ALGORITHM_NAME) {
        d.add(TSIG_ALGORITHM_NAME, tvb, data.at, len, algorithm.value());
    }
    data.at += len;
    let signed = i64::try_from(tvb.u48(data.at)?).unwrap_or(i64::MAX);
    let signed = signed.saturating_mul(1_000_000_000);
    d.add(TSIG_TIME_SIGNED, tvb, data.at, 6, Value::Time(signed));
    data.at += 6;
    parts(d, data, &[Uint(TSIG_FUDGE, 2)])?;
    let len = d.uint(TSIG_MAC_SIZE, tvb, data.at, 2)? as usize;
    data.at += 2;
    tvb.slice(data.at, len)?;
    if len > 0 {
        d.add(TSIG_MAC, tvb, data.at, len, Value::None);
        d.within(|d| {
            d.expert_with(TSIG_NOALG, tvb, data.at, len, || format!("No dissector for algorithm:{}", algorithm.text()));
        });
        data.at += len;
    }
    parts(d, data, &[Uint(TSIG_ORIGINAL_ID, 2), Uint(TSIG_ERROR, 2)])?;
    counted(d, data, TSIG_OTHER_LEN, TSIG_OTHER_DATA)
}

/// RFC 8659, 4.1.
fn certification_authority<'a>(d: &mut Dissector<'a>, data: &mut Data<'a>) -> Parsed {
    let (tvb, at) = (data.tvb, data.at);
    let flags = d.uint(CAA_FLAGS, tvb, at, 1)?;
    d.within(|d| d.flag(CAA_FLAGS_ISSUER_CRITICAL, tvb, at, 1, flags));
    let tag_len = usize::from(tvb.u8(at + 1)?);
    let tag = tvb.slice(at + 2, tag_len)?;
    let value_at = at + 2 + tag_len;
    let value_len = data.end.saturating_sub(value_at);
    let field = match tag {
        b"issue" => CAA_ISSUE,
        b"issuewild" => CAA_ISSUEWILD,
        b"iodef" => CAA_IODEF,
        _ => CAA_UNKNOWN,
    };
    if d.wants(field) {
        let value = String::from_utf8_lossy(tvb.slice(value_at, value_len)?);
        let len = data.end.saturating_sub(at + 1);
        d.add(field, tvb, at + 1, len, Value::String(value.into()));
    }
    d.within(|d| {
        d.add(CAA_TAG_LENGTH, tvb, at + 1, 1, Value::Uint(tag_len as u64));
        d.string(CAA_TAG, tvb, at + 2, tag_len);
        d.string(CAA_VALUE, tvb, value_at, value_len);
    });
    Ok(())
}

/// The start of the records by which Microsoft's server asks WINS.
fn wins_start<'a>(d: &mut Dissector<'a>, data: &mut Data<'a>, fields: [FieldId; 3]) -> Parsed {
    let [local, lookup, cache] = fields;
    let flags = data.tvb.u32(data.at)?;
    d.flag(local, data.tvb, data.at, 4, flags.into());
    data.at += 4;
    parts(d, data, &[Uint(lookup, 4), Uint(cache, 4)])
}

fn wins<'a>(d: &mut Dissector<'a>, data: &mut Data<'a>) -> Parsed {
    wins_start(d, data, [WINS_LOCAL_FLAG, WINS_LOOKUP_TIMEOUT, WINS_CACHE_TIMEOUT])?;
    let count = d.uint(WINS_NB_WINS_SERVERS, data.tvb, data.at, 4)?;
    data.at += 4;
    for _ in 0..count {
        if data.at >= data.end {
            break;
        }
        parts(d, data, &[Ipv4(WINS_WINS_SERVER)])?;
    }
    Ok(())
}

fn wins_reverse<'a>(d: &mut Dissector<'a>, data: &mut Data<'a>) -> Parsed {
    wins_start(d, data, [WINSR_LOCAL_FLAG, WINSR_LOOKUP_TIMEOUT, WINSR_CACHE_TIMEOUT])?;
    let shown = part(d, data, &Part::Name(WINSR_NAME_RESULT_DOMAIN), true)?;
    sum_up(d, data, "name result domain ", &shown);
    Ok(())
}

/// RFC 1876, 2: only version 0 is known.
fn location<'a>(d: &mut Dissector<'a>, data: &mut Data<'a>) -> Parsed {
    if data.tvb.u8(data.at)? != 0 {
        d.uint(LOC_VERSION, data.tvb, data.at, 1)?;
        return parts(d, data, &[Rest(LOC_UNKNOWN_DATA)]);
    }
    parts(
        d,
        data,
        &[
            Uint(LOC_VERSION, 1),
            Uint(LOC_SIZE, 1),
            Uint(LOC_HORIZONTAL_PRECISION, 1),
            Uint(LOC_VERTICAL_PRECISION, 1),
            Uint(LOC_LATITUDE, 4),
            Uint(LOC_LONGITUDE, 4),
            Uint(LOC_ALTITUDE, 4),
        ],
    )
}

/// XPF (draft-bellis-dnsop-xpf): for whom a proxy asks.
fn forwarded<'a>(d: &mut Dissector<'a>, data: &mut Data<'a>) -> Parsed {
    let version = data.tvb.u8(data.at)? & 0xf;
    parts(d, data, &[Uint(XPF_IP_VERSION, 1), Uint(XPF_PROTOCOL, 1)])?;
    match version {
        4 => parts(d, data, &[Ipv4(XPF_SOURCE_IPV4), Ipv4(XPF_DESTINATION_IPV4)])?,
        6 => parts(d, data, &[Ipv6(XPF_SOURCE_IPV6), Ipv6(XPF_DESTINATION_IPV6)])?,
        _ => return Ok(()),
    }
    parts(d, data, &[Uint(XPF_SPORT, 2), Uint(XPF_DPORT, 2)])
}

/// The options of EDNS that have a form of their own (IANA "DNS EDNS0 Option Codes").
const OPTION_DAU: u64 = 5;
const OPTION_DHU: u64 = 6;
const OPTION_N3U: u64 = 7;
const OPTION_SUBNET: u64 = 8;
const OPTION_SUBNET_EXPERIMENTAL: u64 = 20_730;
const OPTION_COOKIE: u64 = 10;
const OPTION_KEEPALIVE: u64 = 11;
const OPTION_PADDING: u64 = 12;
const OPTION_CHAIN: u64 = 13;
const OPTION_ERROR: u64 = 15;

/// RFC 6891, 6.1.2.
fn options<'a>(d: &mut Dissector<'a>, data: &mut Data<'a>) -> Parsed {
    while data.at < data.end {
        let tvb = data.tvb;
        let code = tvb.uint(data.at, 2)?;
        let len = tvb.uint(data.at + 2, 2)? as usize;
        let at = data.at + 4;
        tvb.slice(data.at, 4 + len)?;
        let item = d.open(super::OPT, tvb, data.at, 4 + len, Value::None);
        d.text(item, || {
            let name = Names::Values(names::OPTIONS).of(code);
            format!("Option: {}", name.unwrap_or_else(|| format!("Unknown ({code})").into()))
        });
        d.add(OPT_CODE, tvb, data.at, 2, Value::Uint(code));
        d.add(OPT_LEN, tvb, data.at + 2, 2, Value::Uint(len as u64));
        d.bytes(OPT_DATA, tvb, at, len);
        option(d, tvb, at, len, code)?;
        d.close();
        data.at = at + len;
    }
    Ok(())
}

fn option<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, len: usize, code: u64) -> Parsed {
    match code {
        // RFC 6975, 3.
        OPTION_DAU | OPTION_DHU | OPTION_N3U => {
            let field = match code {
                OPTION_DAU => OPT_DAU,
                OPTION_DHU => OPT_DHU,
                _ => OPT_N3U,
            };
            for at in at..at + len {
                d.uint(field, tvb, at, 1)?;
            }
        }
        // RFC 7871, 6.
        OPTION_SUBNET | OPTION_SUBNET_EXPERIMENTAL if len >= 4 => {
            let family = d.uint(OPT_CLIENT_FAMILY, tvb, at, 2)?;
            d.uint(OPT_CLIENT_NETMASK, tvb, at + 2, 1)?;
            d.uint(OPT_CLIENT_SCOPE, tvb, at + 3, 1)?;
            if len - 4 > 16 {
                d.expert(RR_OPT_BAD_LENGTH, tvb, at, len);
            } else {
                let fields = [OPT_CLIENT_ADDR4, OPT_CLIENT_ADDR6, OPT_CLIENT_ADDR];
                prefix_of(d, tvb, at + 4, len - 4, family, fields)?;
            }
        }
        // RFC 7873, 4.
        OPTION_COOKIE => {
            d.bytes(OPT_COOKIE_CLIENT, tvb, at, len.min(8));
            d.bytes(OPT_COOKIE_SERVER, tvb, at + len.min(8), len.saturating_sub(8));
        }
        // RFC 7828, 3.1.
        OPTION_KEEPALIVE if len == 2 => {
            d.uint(OPT_EDNS_TCP_KEEPALIVE_TIMEOUT, tvb, at, 2)?;
        }
        // RFC 7830, 3.
        OPTION_PADDING => {
            d.bytes(OPT_PADDING, tvb, at, len);
        }
        // RFC 7901, 4.
        OPTION_CHAIN => {
            d.string(OPT_CHAIN_FQDN, tvb, at, len);
        }
        // RFC 8914, 2.
        OPTION_ERROR if len >= 2 => {
            d.uint(OPT_EXT_ERROR_INFO_CODE, tvb, at, 2)?;
            if len > 2 {
                d.string(OPT_EXT_ERROR_EXTRA_TEXT, tvb, at + 2, len - 2);
            }
        }
        _ => {}
    }
    Ok(())
}

/// The elements of a stateful message (RFC 8490, 5.4); answers where they end.
pub(super) fn stateful<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Result<usize, Stop> {
    let mut here = at;
    d.open(DSO, tvb, at, tvb.reported().saturating_sub(at), Value::None);
    while here < tvb.reported() {
        let kind = tvb.uint(here, 2)?;
        let len = tvb.uint(here + 2, 2)? as usize;
        tvb.slice(here, 4 + len)?;
        let item = d.open(DSO_TLV, tvb, here, 4 + len, Value::None);
        d.text(item, || {
            let name = Names::Ranges(names::DSO_TLVS).of(kind);
            format!("DSO TLV: {}", name.unwrap_or_default())
        });
        d.add(DSO_TLV_TYPE, tvb, here, 2, Value::Uint(kind));
        d.add(DSO_TLV_LENGTH, tvb, here + 2, 2, Value::Uint(len as u64));
        here += 4;
        match (kind, len) {
            (1, 8) => {
                d.uint(DSO_TLV_KEEPALIVE_INACTIVITY, tvb, here, 4)?;
                d.uint(DSO_TLV_KEEPALIVE_INTERVAL, tvb, here + 4, 4)?;
            }
            (2, 4) => {
                d.uint(DSO_TLV_RETRYDELAY_RETRYDELAY, tvb, here, 4)?;
            }
            (3, _) => {
                d.bytes(DSO_TLV_ENCPAD_PADDING, tvb, here, len);
            }
            _ => {
                d.bytes(DSO_TLV_DATA, tvb, here, len);
            }
        }
        here += len;
        d.close();
    }
    d.close();
    Ok(here)
}
