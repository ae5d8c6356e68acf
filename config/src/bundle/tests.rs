use std::time::{Duration, SystemTime};

use super::*;
use crate::authority::{Authority, Invitation};

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600)
}

fn bundle() -> Bundle {
    issue(1, Role::Operator, "alice", 2)
}

fn issue(authority: u8, role: Role, name: &str, member: u8) -> Bundle {
    let seeds = vec!["10.0.0.7:4720".parse().unwrap(), "n2.example.net".parse().unwrap()];
    let authority = Authority::create(Secret::from_bytes([authority; 32]), now()).unwrap();
    let invitation = Invitation { role, name: name.to_owned(), seeds };
    authority.invite(invitation, Secret::from_bytes([member; 32]), now()).unwrap()
}

/// The text with a checksum that is right for whatever was done to its body.
fn with_checksum(text: &str) -> String {
    let (_, body) = text.split_once('\n').unwrap();
    format!("{MAGIC}{VERSION} {}\n{body}", checksum(body))
}

fn refusal(text: &str) -> String {
    Bundle::parse(text).unwrap_err().to_string()
}

#[test]
fn a_bundle_is_read_back_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alice.bundle");
    bundle().write(&path, false).unwrap();
    assert_eq!(Bundle::read(&path).unwrap(), bundle());
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    assert!(!Bundle::is_exposed(&path));
    for mode in [0o640, 0o604] {
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
        assert!(Bundle::is_exposed(&path));
    }
    assert!(!Bundle::is_exposed(&folder.path().join("none")));
    assert!(matches!(bundle().write(&path, false), Err(BundleError::Io { .. })), "never replaced unasked");
    let moved = bundle().with_seeds(vec!["10.0.0.8:1".parse().unwrap()]);
    moved.write(&path, true).unwrap();
    assert_eq!(Bundle::read(&path).unwrap(), moved);
}

#[test]
fn the_text_of_a_bundle_stays_what_it_is() {
    // Bundles outlive programs: this text must be readable, and written, for ever.
    let text = bundle().to_text();
    assert_eq!(text, include_str!("operator-1.bundle"));
    assert!(text.lines().any(|line| line == "-----BEGIN CERTIFICATE-----"), "openssl x509 -in finds it");
}

#[test]
fn a_cut_or_changed_bundle_is_refused() {
    let text = bundle().to_text();
    let head = text.find('\n').unwrap();
    for len in 0..text.len() {
        let reason = Bundle::parse(&text[..len]).unwrap_err();
        let expected = if len <= head { Malformed::NoBundle } else { Malformed::Checksum };
        assert_eq!(reason, expected, "cut at {len}");
    }
    assert_eq!(Bundle::parse(&text.replace("operator", "reader")), Err(Malformed::Checksum));
    assert_eq!(refusal(&text.replacen("bundle 1", "bundle 2", 1)), "its version is 2, this program reads version 1");
    assert_eq!(refusal("-----BEGIN CERTIFICATE-----\n"), "it does not begin with \"# packetstream-bundle \"");
}

#[test]
fn parts_that_do_not_belong_together_are_refused() {
    let text = bundle().to_text();
    let part = |text: &str, from: &str, to: &str| {
        let start = text.find(from).unwrap();
        let end = text[start..].find(to).map_or(text.len(), |end| start + end);
        text[start..end].to_owned()
    };
    let swap = |other: &Bundle, from: &str, to: &str| {
        let theirs = part(&other.to_text(), from, to);
        refusal(&with_checksum(&text.replace(&part(&text, from, to), &theirs)))
    };
    let another_member = issue(1, Role::Operator, "alice", 3);
    let another_cluster = issue(4, Role::Operator, "alice", 2);
    assert_eq!(swap(&another_member, "key = ", "\0"), "its key is not that of its certificate");
    assert_eq!(swap(&another_cluster, "authority = ", "key = "), "its certificate was not issued by its authority");
    let promoted = refusal(&with_checksum(&text.replace("name = \"alice\"", "name = \"bob\"")));
    assert!(promoted.starts_with("it says (\"operator\", \"bob\""), "{promoted}");
    let unknown = refusal(&with_checksum(&text.replace("name = ", "nick = ")));
    assert!(unknown.starts_with("unknown field `nick`"), "{unknown}");
    assert!(!unknown.contains('\n'));
}

#[test]
fn too_many_seeds_and_too_many_bytes_are_refused() {
    let seed: Address = "10.0.0.7:4720".parse().unwrap();
    let full = bundle().with_seeds(vec![seed.clone(); MAX_SEEDS]);
    assert_eq!(Bundle::parse(&full.to_text()), Ok(full));
    let over = bundle().with_seeds(vec![seed; MAX_SEEDS + 1]);
    assert_eq!(refusal(&over.to_text()), "it has 65 seeds, more than 64");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("big");
    std::fs::write(&path, vec![b'#'; MAX_BUNDLE_BYTES as usize + 1]).unwrap();
    assert!(Bundle::read(&path).unwrap_err().to_string().ends_with("larger than 65536 bytes"));
}

#[test]
fn errors_name_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none");
    let missing = Bundle::read(&path).unwrap_err().to_string();
    assert!(missing.starts_with(&format!("no bundle in {}", path.display())), "{missing}");
    std::fs::write(&path, [0xff, 0xfe, 0x00]).unwrap();
    let binary = Bundle::read(&path).unwrap_err().to_string();
    assert_eq!(binary, format!("{} is no bundle: it does not begin with \"# packetstream-bundle \"", path.display()));
}
