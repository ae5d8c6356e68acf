//! A bundle: the one file with which a machine or a person joins the cluster.
//!
//! It is TOML under a first line that names the format, its version and a checksum of all that follows:
//!
//! ```text
//! # packetstream-bundle 1 6f1c52a9c4a7c3d2e8b0f4a1d9c3b7e5
//! # Keep it secret: whoever has this file is "alice" (operator) to cluster 1b4e28ba2fa1d3a1883f5c0f9a7d6e21.
//! role = "operator"
//! name = "alice"
//! cluster = "1b4e28ba2fa1d3a1883f5c0f9a7d6e21"
//! seeds = ["10.0.0.7:4720"]
//! certificate = """-----BEGIN CERTIFICATE----- ..."""
//! authority = """-----BEGIN CERTIFICATE----- ..."""
//! key = """-----BEGIN PRIVATE KEY----- ..."""
//! ```
//! The checksum is the first 16 bytes of the BLAKE3 hash, in hexadecimal. It finds a file that was cut or mangled on
//! its way; what keeps others from making one is the authority's signature.

use std::io;
use std::path::{Path, PathBuf};

use packetstream_protocol::credentials::Role;
use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::authority::{self, ClusterId, Identity, MAX_SEEDS, Secret};
use crate::file;

/// The largest bundle that is read, in bytes.
pub const MAX_BUNDLE_BYTES: u64 = 64 * 1024;

const MAGIC: &str = "# packetstream-bundle ";
const VERSION: u32 = 1;

/// A key, its certificate, the authority that issued it, and where to find the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    pub(crate) role: Role,
    pub(crate) name: String,
    pub(crate) seeds: Vec<Address>,
    pub(crate) secret: Secret,
    pub(crate) certificate_der: Vec<u8>,
    pub(crate) authority_der: Vec<u8>,
}

/// Why a text is no bundle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("it does not begin with \"{MAGIC}\"")]
    NoBundle,
    #[error("its version is {0}, this program reads version {VERSION}")]
    Version(String),
    #[error("its checksum is wrong, it was cut or changed; ask for a new one (packetstream cluster invite)")]
    Checksum,
    #[error("{0}")]
    Content(String),
}

/// Why a bundle was not read or written.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    #[error(
        "no bundle in {}: get one from an operator (packetstream cluster invite) and name it with --bundle FILE",
        path.display()
    )]
    Missing { path: PathBuf },
    #[error("bundle {}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{} is no bundle: {reason}", path.display())]
    Malformed { path: PathBuf, reason: Malformed },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    role: String,
    name: String,
    cluster: String,
    seeds: Vec<Address>,
    certificate: String,
    authority: String,
    key: String,
}

impl Bundle {
    pub fn role(&self) -> Role {
        self.role
    }

    /// Of the machine or the person.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where to find the cluster, in the order in which to try.
    pub fn seeds(&self) -> &[Address] {
        &self.seeds
    }

    /// The holder's key.
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// The holder's certificate, in DER.
    pub fn certificate_der(&self) -> &[u8] {
        &self.certificate_der
    }

    /// The authority's certificate, in DER.
    pub fn authority_der(&self) -> &[u8] {
        &self.authority_der
    }

    /// What the certificate says of its holder.
    pub fn identity(&self) -> Identity {
        authority::identity(&self.certificate_der)
            .expect("the certificate was checked when the bundle was made or read")
    }

    /// The cluster that it opens.
    pub fn cluster(&self) -> ClusterId {
        self.identity().cluster
    }

    /// The same bundle with other addresses in it.
    pub fn with_seeds(self, seeds: Vec<Address>) -> Self {
        Self { seeds, ..self }
    }

    /// The bundle as text. The same bundle always gives the same text.
    pub fn to_text(&self) -> String {
        let cluster = self.cluster();
        let content = Content {
            role: self.role.to_string(),
            name: self.name.clone(),
            cluster: cluster.to_string(),
            seeds: self.seeds.clone(),
            certificate: authority::pem_block("CERTIFICATE", self.certificate_der.clone()),
            authority: authority::pem_block("CERTIFICATE", self.authority_der.clone()),
            key: self.secret.to_pem(),
        };
        let toml = toml::to_string(&content).expect("texts and a list of texts can be written as TOML");
        let Self { role, name, .. } = self;
        let body =
            format!("# Keep it secret: whoever has this file is \"{name}\" ({role}) to cluster {cluster}.\n{toml}");
        format!("{MAGIC}{VERSION} {}\n{body}", checksum(&body))
    }

    /// Reads a bundle from its text and checks that its parts belong together: the key is that of the certificate,
    /// which the authority has signed for this role and name.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let (head, body) = text.split_once('\n').ok_or(Malformed::NoBundle)?;
        let (version, sum) =
            head.trim_end().strip_prefix(MAGIC).and_then(|head| head.split_once(' ')).ok_or(Malformed::NoBundle)?;
        if version != VERSION.to_string() {
            return Err(Malformed::Version(version.chars().take(16).collect()));
        }
        if sum != checksum(body) {
            return Err(Malformed::Checksum);
        }
        let content: Content = toml::from_str(body).map_err(|error| Malformed::Content(authority::one_line(&error)))?;
        Self::assemble(content).map_err(Malformed::Content)
    }

    fn assemble(content: Content) -> Result<Self, String> {
        let certificate_der = authority::certificate_from_pem(&content.certificate)?;
        let authority_der = authority::certificate_from_pem(&content.authority)?;
        let secret = Secret::from_pem(&content.key)?;
        let identity = authority::identity(&certificate_der).map_err(|error| format!("its certificate: {error}"))?;
        let cluster = authority::cluster_id(&authority_der).map_err(|error| format!("its authority: {error}"))?;
        if content.seeds.len() > MAX_SEEDS {
            return Err(format!("it has {} seeds, more than {MAX_SEEDS}", content.seeds.len()));
        }
        if secret.key_pair().map_err(|error| error.to_string())?.public_key_raw() != identity.node.0 {
            return Err("its key is not that of its certificate".to_owned());
        }
        if !authority::is_issued_by(&certificate_der, &authority_der) || identity.cluster != cluster {
            return Err("its certificate was not issued by its authority".to_owned());
        }
        let said = (content.role.as_str(), content.name.as_str(), content.cluster.as_str());
        let (role, cluster) = (identity.role.to_string(), cluster.to_string());
        if said != (role.as_str(), identity.name.as_str(), cluster.as_str()) {
            return Err(format!("it says {said:?}, its certificate is for {:?}", (role, identity.name, cluster)));
        }
        let Identity { role, name, .. } = identity;
        Ok(Self { role, name, seeds: content.seeds, secret, certificate_der, authority_der })
    }

    /// Reads the bundle in the file `path`.
    pub fn read(path: &Path) -> Result<Self, BundleError> {
        let text = file::read_text(path, MAX_BUNDLE_BYTES).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => BundleError::Missing { path: path.to_owned() },
            // Bytes that are no text: no bundle either.
            io::ErrorKind::InvalidData => BundleError::Malformed { path: path.to_owned(), reason: Malformed::NoBundle },
            _ => BundleError::Io { path: path.to_owned(), source },
        })?;
        Self::parse(&text).map_err(|reason| BundleError::Malformed { path: path.to_owned(), reason })
    }

    /// Whether others than its owner may read the file `path`, and so take the part of whoever it belongs to.
    pub fn is_exposed(path: &Path) -> bool {
        #[cfg(unix)]
        let is_exposed = std::fs::metadata(path)
            .is_ok_and(|metadata| std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 != 0);
        #[cfg(not(unix))]
        let is_exposed = false;
        is_exposed
    }

    /// Writes the bundle to `path`, readable by its owner alone, whole or not at all. A file that is there already is
    /// kept, and the error says so, unless `replace`.
    pub fn write(&self, path: &Path, replace: bool) -> Result<(), BundleError> {
        file::write_private(path, &self.to_text(), replace)
            .map_err(|source| BundleError::Io { path: path.to_owned(), source })
    }
}

fn checksum(body: &str) -> String {
    let hash = blake3::hash(body.as_bytes()).to_hex();
    hash.as_str()[..32].to_owned()
}

#[cfg(test)]
mod tests;
