use super::*;

/// 2026-01-01T00:00:00Z.
const NOW: Duration = Duration::from_secs(1_767_225_600);

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + NOW
}

fn authority(seed: u8) -> Authority {
    Authority::create(Secret::from_bytes([seed; 32]), now()).unwrap()
}

fn invitation(role: Role, name: &str) -> Invitation {
    Invitation { role, name: name.to_owned(), seeds: vec!["10.0.0.7:4720".parse().unwrap()] }
}

#[test]
fn an_invited_member_is_who_the_invitation_says() {
    let authority = authority(1);
    for role in [Role::Node, Role::Edge, Role::Operator, Role::Reader] {
        let bundle =
            authority.invite(invitation(role, "alice@example.net"), Secret::from_bytes([2; 32]), now()).unwrap();
        let identity = identity(bundle.certificate_der()).unwrap();
        assert_eq!((identity.role, identity.name.as_str()), (role, "alice@example.net"));
        assert_eq!(identity.cluster, authority.id());
        assert_eq!(identity.node, bundle.identity().node);
        assert!(is_issued_by(bundle.certificate_der(), authority.certificate_der()));
    }
}

#[test]
fn only_a_node_may_be_a_server() {
    let authority = authority(1);
    let name = rustls::pki_types::ServerName::try_from(SERVER_NAME).unwrap();
    for role in [Role::Node, Role::Edge, Role::Operator, Role::Reader] {
        let bundle = authority.invite(invitation(role, "x"), Secret::from_bytes([2; 32]), now()).unwrap();
        let (leaf, root) =
            (CertificateDer::from(bundle.certificate_der()), CertificateDer::from(authority.certificate_der()));
        let leaf = webpki::EndEntityCert::try_from(&leaf).unwrap();
        let anchors = [webpki::anchor_from_trusted_cert(&root).unwrap()];
        let time = UnixTime::since_unix_epoch(NOW);
        let algorithms = [webpki::aws_lc_rs::ED25519];
        let server = webpki::KeyUsage::server_auth();
        let served = leaf.verify_for_usage(&algorithms, &anchors, &[], time, server, None, None).is_ok();
        let named = leaf.verify_is_valid_for_subject_name(&name).is_ok();
        assert_eq!((served, named), (role == Role::Node, role == Role::Node), "{role}");
    }
}

#[test]
fn issuing_twice_gives_the_same_and_another_key_gives_another_serial() {
    let (one, two) = (authority(1), authority(1));
    assert_eq!(one, two);
    let issue = |seed| one.invite(invitation(Role::Node, "n1"), Secret::from_bytes([seed; 32]), now()).unwrap();
    assert_eq!(issue(2), issue(2));
    let serial = |seed| {
        let bundle = issue(seed);
        let (_, certificate) = x509_parser::parse_x509_certificate(bundle.certificate_der()).unwrap();
        certificate.raw_serial().to_vec()
    };
    assert_ne!(serial(2), serial(3));
    // A positive number (RFC 5280, 4.1.2.2) that needs no leading zero.
    assert_eq!(serial(2).len(), 16);
}

#[test]
fn the_authority_is_named_by_its_key_alone() {
    let later = Authority::create(Secret::from_bytes([1; 32]), now() + Duration::from_secs(1)).unwrap();
    assert_eq!(authority(1).id(), later.id());
    assert_ne!(authority(1).id(), authority(2).id());
    assert_eq!(authority(1).id().to_string().parse(), Ok(authority(1).id()));
    assert_eq!(cluster_id(authority(1).certificate_der()), Ok(authority(1).id()));
}

#[test]
fn another_authority_with_the_same_name_does_not_count() {
    // It can copy the issuer's name into its certificates, but it cannot sign for it.
    let (ours, theirs) = (authority(1), authority(2));
    let bundle = theirs.invite(invitation(Role::Node, "n1"), Secret::from_bytes([3; 32]), now()).unwrap();
    assert!(!is_issued_by(bundle.certificate_der(), ours.certificate_der()));
    assert!(!is_issued_by(b"", ours.certificate_der()));
    assert!(!is_issued_by(bundle.certificate_der(), b""));
}

#[test]
fn names_seeds_and_times_have_bounds() {
    let authority = authority(1);
    let member = || Secret::from_bytes([2; 32]);
    let long = "n".repeat(MAX_NAME_LEN);
    assert!(authority.invite(invitation(Role::Node, &long), member(), now()).is_ok());
    for name in ["", "a b", "a\nb", "ü", "a,OU=operator", &format!("{long}n")] {
        let refused = authority.invite(invitation(Role::Node, name), member(), now());
        assert!(matches!(refused, Err(AuthorityError::BadName { .. })), "{name}");
    }
    let mut many = invitation(Role::Node, "n1");
    many.seeds = vec![many.seeds[0].clone(); MAX_SEEDS + 1];
    let refused = authority.invite(many, member(), now());
    assert!(matches!(refused, Err(AuthorityError::TooManySeeds { count: 65 })));
    for time in [SystemTime::UNIX_EPOCH, SystemTime::UNIX_EPOCH + Duration::from_secs(u32::MAX as u64 * 100)] {
        let refused = authority.invite(invitation(Role::Node, "n1"), member(), time);
        assert!(matches!(refused, Err(AuthorityError::BadTime { .. })), "{refused:?}");
    }
}

#[test]
fn an_authority_is_written_once_privately_and_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/authority.toml");
    let authority = authority(1);
    authority.write(&path).unwrap();
    assert_eq!(Authority::read(&path).unwrap(), authority);
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    assert!(matches!(authority.write(&path), Err(AuthorityError::Exists { .. })));
    let names: Vec<_> = std::fs::read_dir(path.parent().unwrap()).unwrap().collect();
    assert_eq!(names.len(), 1, "nothing half-written is left behind");
}

#[test]
fn what_is_no_authority_is_named_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("authority.toml");
    let authority = authority(1);
    authority.write(&path).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let other = folder.path().join("other.toml");
    self::authority(2).write(&other).unwrap();
    let other = std::fs::read_to_string(&other).unwrap();
    let (_, their_key) = other.split_once("key = ").unwrap();
    let (ours, _) = text.split_once("key = ").unwrap();
    let cases = [
        ("nonsense".to_owned(), "key with no value, expected `=`"),
        (text.replace("version = 1", "version = 2"), "its version is 2, this program reads 1"),
        (text.replace("BEGIN CERTIFICATE", "BEGIN NOTHING"), "a certificate in it is no PEM certificate"),
        (text.replace("BEGIN PRIVATE", "BEGIN PUBLIC"), "the key is no PEM private key"),
        (format!("{ours}key = {their_key}"), "the key is not that of the certificate"),
    ];
    for (text, reason) in cases {
        std::fs::write(&path, text).unwrap();
        let found = Authority::read(&path).unwrap_err().to_string();
        assert_eq!(found, format!("{} is no cluster authority: {reason}", path.display()));
    }
    std::fs::write(&path, vec![b'#'; MAX_AUTHORITY_BYTES as usize + 1]).unwrap();
    assert!(matches!(Authority::read(&path), Err(AuthorityError::Io { .. })));
}

#[test]
fn a_secret_does_not_show_itself() {
    assert_eq!(format!("{:?}", Secret::from_bytes([7; 32])), "Secret(..)");
    let secret = Secret::from_bytes([7; 32]);
    assert_eq!(Secret::from_pem(&secret.to_pem()).unwrap(), secret);
    assert_ne!(Secret::generate(), Secret::generate());
}

#[test]
fn no_bytes_panic_the_certificate_reader() {
    let bundle = authority(1).invite(invitation(Role::Node, "n1"), Secret::from_bytes([2; 32]), now()).unwrap();
    let good = bundle.certificate_der();
    for len in 0..good.len() {
        assert!(identity(&good[..len]).is_err());
    }
    for at in 0..good.len() {
        for bit in 0..8 {
            let mut bad = good.to_vec();
            bad[at] ^= 1 << bit;
            // Either unreadable, or readable and no longer signed by the authority.
            let _ = identity(&bad);
            assert!(!is_issued_by(&bad, bundle.authority_der()), "bit {bit} of byte {at}");
        }
    }
}
