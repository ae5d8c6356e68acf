//! Where a node keeps its data and where the command line looks for the bundle that it shows.
//!
//! Nothing here touches a file; the environment is passed in, so that the rules can be tested.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The environment variable that names the bundle the command line shows.
pub const BUNDLE_VARIABLE: &str = "PACKETSTREAM_BUNDLE";

/// No place for data can be derived.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    #[error("neither XDG_DATA_HOME nor HOME is set; say where the data goes with --data DIR")]
    NoHome,
}

/// The folder of one node's data, and the names of what lies in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataDir {
    root: PathBuf,
}

impl DataDir {
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// `explicit` (`--data`) if there is one, otherwise `$XDG_DATA_HOME/packetstream`, otherwise
    /// `$HOME/.local/share/packetstream`, for root like for everyone else. As the XDG Base Directory Specification
    /// wants it, an `XDG_DATA_HOME` that is empty or relative counts as not set.
    pub fn locate(explicit: Option<&Path>, variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, PathError> {
        if let Some(root) = explicit {
            return Ok(Self::new(root));
        }
        let absolute = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let base = absolute("XDG_DATA_HOME").or_else(|| absolute("HOME").map(|home| home.join(".local/share")));
        base.map(|base| Self::new(base.join("packetstream"))).ok_or(PathError::NoHome)
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The authority's key and certificate; only where `cluster init` ran.
    pub fn authority(&self) -> PathBuf {
        self.root.join("authority.toml")
    }

    /// The bundle that the node of this folder runs with.
    pub fn node_bundle(&self) -> PathBuf {
        self.root.join("node.bundle")
    }

    /// The bundle of the person who made the cluster; the command line shows it unless told otherwise.
    pub fn operator_bundle(&self) -> PathBuf {
        self.root.join("operator.bundle")
    }

    /// The node's configuration, if there is one.
    pub fn settings(&self) -> PathBuf {
        self.root.join("node.toml")
    }

    /// Chunks that are not yet stored by enough nodes.
    pub fn spool(&self) -> PathBuf {
        self.root.join("spool")
    }

    /// The database.
    pub fn store(&self) -> PathBuf {
        self.root.join("store")
    }

    /// Who read which packets.
    pub fn audit_log(&self) -> PathBuf {
        self.root.join("audit.log")
    }
}

/// The bundle that the command line shows: `explicit` (`--bundle`), otherwise the one that `PACKETSTREAM_BUNDLE`
/// names, otherwise the operator's bundle of the data folder.
pub fn client_bundle(
    explicit: Option<&Path>,
    data: Option<&Path>,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<PathBuf, PathError> {
    if let Some(path) = explicit {
        return Ok(path.to_owned());
    }
    if let Some(path) = variable(BUNDLE_VARIABLE).filter(|path| !path.is_empty()) {
        return Ok(path.into());
    }
    Ok(DataDir::locate(data, variable)?.operator_bundle())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &'static [(&str, &str)]) -> impl Fn(&str) -> Option<OsString> {
        move |name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into())
    }

    #[test]
    fn data_goes_where_it_is_told_then_xdg_then_home() {
        let both = environment(&[("XDG_DATA_HOME", "/xdg"), ("HOME", "/users/ann")]);
        let explicit = DataDir::locate(Some(Path::new("here")), &both).unwrap();
        assert_eq!(explicit.root(), Path::new("here"));
        assert_eq!(DataDir::locate(None, &both).unwrap().root(), Path::new("/xdg/packetstream"));
        let relative = environment(&[("XDG_DATA_HOME", "xdg"), ("HOME", "/users/ann")]);
        let home = DataDir::locate(None, relative).unwrap();
        assert_eq!(home.root(), Path::new("/users/ann/.local/share/packetstream"));
        assert_eq!(home.operator_bundle(), Path::new("/users/ann/.local/share/packetstream/operator.bundle"));
        assert_eq!(DataDir::locate(None, environment(&[])), Err(PathError::NoHome));
    }

    #[test]
    fn the_bundle_is_the_flag_then_the_variable_then_the_operators() {
        let set = environment(&[("PACKETSTREAM_BUNDLE", "/tmp/b"), ("HOME", "/h")]);
        assert_eq!(client_bundle(Some(Path::new("/a")), None, &set).unwrap(), Path::new("/a"));
        assert_eq!(client_bundle(None, Some(Path::new("/d")), &set).unwrap(), Path::new("/tmp/b"));
        let unset = environment(&[("PACKETSTREAM_BUNDLE", ""), ("HOME", "/h")]);
        let theirs = client_bundle(None, None, &unset).unwrap();
        assert_eq!(theirs, Path::new("/h/.local/share/packetstream/operator.bundle"));
        assert_eq!(client_bundle(None, Some(Path::new("/d")), unset).unwrap(), Path::new("/d/operator.bundle"));
    }
}
