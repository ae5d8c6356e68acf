//! The cluster's authority: the key that says who is in the cluster.
//!
//! ```text
//! authority   self-signed, CA:TRUE pathlen 0, O=PacketStream, CN=cluster <cluster id>
//!  +- leaf    O=PacketStream, OU=<role>, CN=<name>; SAN <role>.packetstream.internal
//! ```
//! All keys are Ed25519 (RFC 8410). A leaf's key is also its holder's libp2p identity, so that the TLS handshake proves
//! the peer id. The role stands in the subject's organizational unit (OU), the name in its common name (CN): any tool
//! that prints certificates shows them, and only the authority can change them. A leaf's serial number is drawn from its
//! key and is as unique as the key.
//!
//! Only a member that others dial (role `node`) may act as a TLS server; the extended key usage and the DNS name
//! [`SERVER_NAME`] say so, and a client checks both.
//!
//! The id of the cluster is the fingerprint of the authority's public key. Issuing is a pure function of the keys and
//! of the time that are passed in: Ed25519 signatures are deterministic (RFC 8032, 5.1.6).

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use packetstream_protocol::NodeId;
use packetstream_protocol::credentials::Role;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ED25519, SanType, SerialNumber,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, UnixTime};
use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::bundle::Bundle;
use crate::file;

/// The DNS name in the certificate of every node, and the one that a client asks for.
pub const SERVER_NAME: &str = "node.packetstream.internal";

/// The longest name of a machine or a person; longer ones do not fit into a common name (RFC 5280, ub-common-name).
pub const MAX_NAME_LEN: usize = 64;

/// How many addresses a bundle may carry.
pub const MAX_SEEDS: usize = 64;

/// The largest authority file that is read, in bytes.
pub const MAX_AUTHORITY_BYTES: u64 = 16 * 1024;

/// An authority and what it issues are valid from a day before they are made, so that a machine whose clock is a little
/// slow can join at once.
const BACKDATED: Duration = Duration::from_secs(86_400);

/// Thirty years: an expired authority would end a cluster that works. Who must leave is revoked.
const VALIDITY: Duration = Duration::from_secs(30 * 365 * 86_400 + 7 * 86_400);

/// An Ed25519 private key (RFC 8032, 5.1.5). Its `Debug` output does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; 32]);

/// The fingerprint of an authority's public key: the first 16 bytes of its BLAKE3 hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClusterId([u8; 16]);

/// The key and the certificate of a cluster's authority.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    secret: Secret,
    certificate_der: Vec<u8>,
}

/// What the authority is asked to certify.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    pub role: Role,
    /// Of the machine or the person: 1 to 64 of the characters `A-Z a-z 0-9 . _ @ -`.
    pub name: String,
    /// Where the holder finds the cluster, in the order in which to try.
    pub seeds: Vec<Address>,
}

/// What a certificate says of its holder. Worth something only if the authority's signature was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub role: Role,
    pub name: String,
    /// Of the authority that the certificate names as its issuer.
    pub cluster: ClusterId,
    /// The holder's Ed25519 public key.
    pub node: NodeId,
}

/// Why nothing was issued, or an authority was not read or written.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    #[error("{name:?} is no name for a member; use 1 to 64 of the characters A-Z a-z 0-9 . _ @ -")]
    BadName { name: String },
    #[error("{count} addresses are more than the {MAX_SEEDS} that a bundle can carry")]
    TooManySeeds { count: usize },
    #[error("a certificate cannot begin at {now:?}: set the machine's clock")]
    BadTime { now: SystemTime },
    #[error("the certificate was not made: {0}")]
    Issue(#[from] rcgen::Error),
    #[error("the authority in {}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    /// Nothing was changed.
    #[error("{} is the authority of a cluster already; it was left as it is", path.display())]
    Exists { path: PathBuf },
    #[error("{} is no cluster authority: {reason}", path.display())]
    Malformed { path: PathBuf, reason: String },
}

/// Why a certificate is none of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    #[error("it is no X.509 certificate")]
    NotX509,
    #[error("its key is not Ed25519")]
    NotEd25519,
    #[error("its subject lacks {0}")]
    Missing(&'static str),
    #[error("{0:?} is no role")]
    UnknownRole(String),
    #[error("it was issued by no PacketStream authority")]
    UnknownIssuer,
}

impl Secret {
    /// Draws a key from the operating system's random numbers.
    ///
    /// # Panics
    /// If the operating system has none to give: no key made after that could be trusted.
    pub fn generate() -> Self {
        let mut seed = [0; 32];
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        provider.secure_random.fill(&mut seed).expect("the operating system gives random numbers");
        Self(seed)
    }

    /// A key from its 32-byte seed.
    pub const fn from_bytes(seed: [u8; 32]) -> Self {
        Self(seed)
    }

    /// The 32-byte seed.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key as a PKCS #8 `OneAsymmetricKey` of version 1 (RFC 8410, 7).
    pub fn to_pkcs8_der(&self) -> Vec<u8> {
        [PKCS8_ED25519.as_slice(), self.0.as_slice()].concat()
    }

    pub(crate) fn to_pem(&self) -> String {
        pem_block("PRIVATE KEY", self.to_pkcs8_der())
    }

    pub(crate) fn from_pem(text: &str) -> Result<Self, String> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(text.as_bytes()).map_err(|_| "the key is no PEM private key")?;
        let seed = der.secret_pkcs8_der().strip_prefix(PKCS8_ED25519.as_slice());
        let seed = seed.and_then(|seed| seed.try_into().ok()).ok_or("the key is not Ed25519")?;
        Ok(Self(seed))
    }

    pub(crate) fn key_pair(&self) -> Result<KeyPair, rcgen::Error> {
        KeyPair::from_pkcs8_der_and_sign_algo(&PrivatePkcs8KeyDer::from(self.to_pkcs8_der()), &PKCS_ED25519)
    }
}

/// `SEQUENCE { INTEGER 0, SEQUENCE { OID 1.3.101.112 }, OCTET STRING { OCTET STRING (32 bytes) } }` up to the seed.
const PKCS8_ED25519: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl ClusterId {
    /// The fingerprint of an authority's Ed25519 public key.
    pub fn of_key(public_key: &[u8]) -> Self {
        let mut id = [0; 16];
        id.copy_from_slice(&blake3::hash(public_key).as_bytes()[..16]);
        Self(id)
    }

    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClusterId({self})")
    }
}

impl FromStr for ClusterId {
    type Err = CertificateError;

    fn from_str(text: &str) -> Result<Self, CertificateError> {
        let number = Some(text).filter(|text| text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let number = number.and_then(|text| u128::from_str_radix(text, 16).ok());
        Ok(Self(number.ok_or(CertificateError::UnknownIssuer)?.to_be_bytes()))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AuthorityFile {
    version: u32,
    certificate: String,
    key: String,
}

const AUTHORITY_FILE_VERSION: u32 = 1;
const AUTHORITY_FILE_HEAD: &str = "\
# The authority of a PacketStream cluster. Whoever has this file can let anybody in: keep it secret, and keep a copy.
";

impl Authority {
    /// A new authority with this key, made at `now`.
    pub fn create(secret: Secret, now: SystemTime) -> Result<Self, AuthorityError> {
        let key = secret.key_pair()?;
        let mut params = authority_params(ClusterId::of_key(key.public_key_raw()));
        set_validity(&mut params, now)?;
        params.serial_number = Some(serial(key.public_key_raw()));
        let certificate_der = params.self_signed(&key)?.der().to_vec();
        debug_assert!(cluster_id(&certificate_der).is_ok());
        Ok(Self { secret, certificate_der })
    }

    /// The cluster's id.
    pub fn id(&self) -> ClusterId {
        cluster_id(&self.certificate_der).expect("the certificate was checked when the authority was made or read")
    }

    /// The authority's certificate, in DER.
    pub fn certificate_der(&self) -> &[u8] {
        &self.certificate_der
    }

    /// Certifies `member`, the key of a new machine or person, and packs all that it needs to join into one bundle.
    pub fn invite(&self, invitation: Invitation, member: Secret, now: SystemTime) -> Result<Bundle, AuthorityError> {
        let Invitation { role, name, seeds } = invitation;
        if !is_member_name(&name) {
            return Err(AuthorityError::BadName { name });
        }
        if seeds.len() > MAX_SEEDS {
            return Err(AuthorityError::TooManySeeds { count: seeds.len() });
        }
        let key = member.key_pair()?;
        let mut params = CertificateParams::default();
        set_validity(&mut params, now)?;
        params.serial_number = Some(serial(key.public_key_raw()));
        params.distinguished_name = subject(&[
            (DnType::OrganizationName, ORGANIZATION),
            (DnType::OrganizationalUnitName, &role.to_string()),
            (DnType::CommonName, &name),
        ]);
        params.subject_alt_names = vec![SanType::DnsName(format!("{role}.packetstream.internal").try_into()?)];
        params.is_ca = IsCa::ExplicitNoCa;
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        if role == Role::Node {
            params.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
        }
        let issuer = Issuer::new(authority_params(self.id()), self.secret.key_pair()?);
        let certificate = params.signed_by(&key, &issuer)?;
        Ok(Bundle {
            role,
            name,
            seeds,
            secret: member,
            certificate_der: certificate.der().to_vec(),
            authority_der: self.certificate_der.clone(),
        })
    }

    /// Reads an authority that [`Authority::write`] wrote.
    pub fn read(path: &Path) -> Result<Self, AuthorityError> {
        let text = file::read_text(path, MAX_AUTHORITY_BYTES)
            .map_err(|source| AuthorityError::Io { path: path.to_owned(), source })?;
        Self::parse(&text).map_err(|reason| AuthorityError::Malformed { path: path.to_owned(), reason })
    }

    /// Writes the authority to a new file that only its owner may read. An existing one is never replaced: losing an
    /// authority means inviting everybody again.
    pub fn write(&self, path: &Path) -> Result<(), AuthorityError> {
        let file = AuthorityFile {
            version: AUTHORITY_FILE_VERSION,
            certificate: pem_block("CERTIFICATE", self.certificate_der.clone()),
            key: self.secret.to_pem(),
        };
        let body = toml::to_string(&file).expect("three texts and numbers can be written as TOML");
        file::write_private(path, &format!("{AUTHORITY_FILE_HEAD}{body}"), false).map_err(|source| {
            match source.kind() {
                io::ErrorKind::AlreadyExists => AuthorityError::Exists { path: path.to_owned() },
                _ => AuthorityError::Io { path: path.to_owned(), source },
            }
        })
    }

    fn parse(text: &str) -> Result<Self, String> {
        let file: AuthorityFile = toml::from_str(text).map_err(|error| one_line(&error))?;
        if file.version != AUTHORITY_FILE_VERSION {
            return Err(format!("its version is {}, this program reads {AUTHORITY_FILE_VERSION}", file.version));
        }
        let certificate_der = certificate_from_pem(&file.certificate)?;
        let secret = Secret::from_pem(&file.key)?;
        let found = parse_x509(&certificate_der).map_err(|error| error.to_string())?;
        let key = secret.key_pair().map_err(|error| error.to_string())?;
        if found.public_key.as_slice() != key.public_key_raw() {
            return Err("the key is not that of the certificate".to_owned());
        }
        Ok(Self { secret, certificate_der })
    }
}

/// What the leaf certificate `der` says of its holder. Does not check the signature: TLS does, or
/// [`is_issued_by`].
pub fn identity(der: &[u8]) -> Result<Identity, CertificateError> {
    let found = parse_x509(der)?;
    let unit = found.unit.ok_or(CertificateError::Missing("a role (OU)"))?;
    let role = unit.parse().map_err(|_| CertificateError::UnknownRole(unit))?;
    let name = found.name.ok_or(CertificateError::Missing("a name (CN)"))?;
    if !is_member_name(&name) {
        return Err(CertificateError::Missing("a name (CN)"));
    }
    let cluster = found.issuer.as_deref().and_then(|issuer| issuer.strip_prefix(AUTHORITY_NAME));
    let cluster = cluster.ok_or(CertificateError::UnknownIssuer)?.parse()?;
    Ok(Identity { role, name, cluster, node: NodeId(found.public_key) })
}

/// The id of the cluster whose authority's certificate is `der`.
pub fn cluster_id(der: &[u8]) -> Result<ClusterId, CertificateError> {
    Ok(ClusterId::of_key(&parse_x509(der)?.public_key))
}

/// Whether the authority with the certificate `authority_der` has signed the leaf `der`, whatever the time is now.
pub fn is_issued_by(der: &[u8], authority_der: &[u8]) -> bool {
    let leaf = CertificateDer::from(der);
    let authority = CertificateDer::from(authority_der);
    let verify = || -> Option<()> {
        let (_, parsed) = x509_parser::parse_x509_certificate(der).ok()?;
        let begins = u64::try_from(parsed.validity().not_before.timestamp()).ok()?;
        let anchor = webpki::anchor_from_trusted_cert(&authority).ok()?;
        webpki::EndEntityCert::try_from(&leaf)
            .ok()?
            .verify_for_usage(
                &[webpki::aws_lc_rs::ED25519],
                &[anchor],
                &[],
                // Any moment at which it was valid will do: whether it is now is asked when it is shown.
                UnixTime::since_unix_epoch(Duration::from_secs(begins)),
                webpki::KeyUsage::client_auth(),
                None,
                None,
            )
            .ok()
            .map(|_| ())
    };
    verify().is_some()
}

const ORGANIZATION: &str = "PacketStream";
const AUTHORITY_NAME: &str = "cluster ";

fn authority_params(id: ClusterId) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name =
        subject(&[(DnType::OrganizationName, ORGANIZATION), (DnType::CommonName, &format!("{AUTHORITY_NAME}{id}"))]);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn subject(parts: &[(DnType, &str)]) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    for (kind, value) in parts {
        name.push(kind.clone(), *value);
    }
    name
}

fn set_validity(params: &mut CertificateParams, now: SystemTime) -> Result<(), AuthorityError> {
    // Certificates count their seconds; a fraction would be cut off anyway.
    let bad = || AuthorityError::BadTime { now };
    let since_epoch = now.duration_since(SystemTime::UNIX_EPOCH).map_err(|_| bad())?;
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let begin = Duration::from_secs(since_epoch.as_secs()).checked_sub(BACKDATED).ok_or_else(bad)?;
    // X.509 ends with the year 9999 (RFC 5280, 4.1.2.5).
    if begin.as_secs() > MAX_BEGIN_SECONDS {
        return Err(bad());
    }
    params.not_before = epoch + begin;
    params.not_after = epoch + begin + VALIDITY;
    Ok(())
}

/// The year 9000, in seconds since 1970.
const MAX_BEGIN_SECONDS: u64 = 221_845_392_000;

/// A positive number of 127 bits (RFC 5280, 4.1.2.2) out of the key that is certified.
fn serial(public_key: &[u8]) -> SerialNumber {
    let mut bytes: [u8; 16] = [0; 16];
    bytes.copy_from_slice(&blake3::derive_key("packetstream certificate serial 1", public_key)[..16]);
    bytes[0] = bytes[0] & 0x7f | 0x40;
    SerialNumber::from_slice(&bytes)
}

fn is_member_name(name: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'@' | b'-');
    (1..=MAX_NAME_LEN).contains(&name.len()) && name.bytes().all(legal)
}

struct Parsed {
    unit: Option<String>,
    name: Option<String>,
    issuer: Option<String>,
    public_key: [u8; 32],
}

fn parse_x509(der: &[u8]) -> Result<Parsed, CertificateError> {
    let (rest, certificate) = x509_parser::parse_x509_certificate(der).map_err(|_| CertificateError::NotX509)?;
    if !rest.is_empty() {
        return Err(CertificateError::NotX509);
    }
    let key = certificate.public_key();
    if key.algorithm.algorithm != x509_parser::oid_registry::OID_SIG_ED25519 {
        return Err(CertificateError::NotEd25519);
    }
    let bits = key.subject_public_key.data.as_ref();
    let public_key = bits.try_into().map_err(|_| CertificateError::NotEd25519)?;
    // More than one role or name would leave open which one counts: such a subject has none.
    fn only<'a>(mut parts: impl Iterator<Item = &'a x509_parser::x509::AttributeTypeAndValue<'a>>) -> Option<String> {
        let first = parts.next()?.as_str().ok()?.to_owned();
        parts.next().is_none().then_some(first)
    }
    let subject = certificate.subject();
    Ok(Parsed {
        unit: only(subject.iter_organizational_unit()),
        name: only(subject.iter_common_name()),
        issuer: only(certificate.issuer().iter_common_name()),
        public_key,
    })
}

pub(crate) fn pem_block(label: &str, der: Vec<u8>) -> String {
    pem::encode_config(&pem::Pem::new(label, der), pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF))
}

pub(crate) fn certificate_from_pem(text: &str) -> Result<Vec<u8>, String> {
    match CertificateDer::from_pem_slice(text.as_bytes()) {
        Ok(der) => Ok(der.to_vec()),
        Err(_) => Err("a certificate in it is no PEM certificate".to_owned()),
    }
}

/// What is wrong with a TOML file, and where, in one line.
pub(crate) fn one_line(error: &toml::de::Error) -> String {
    error.message().trim().replace('\n', ", ")
}

#[cfg(test)]
mod tests;
