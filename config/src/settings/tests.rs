use super::*;

fn parse(text: &str) -> Result<Settings, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("node.toml");
    std::fs::write(&path, text).unwrap();
    Settings::read(&path).map_err(|error| error.to_string().replace(&path.display().to_string(), "FILE"))
}

fn invalid(text: &str, bundle: Role) -> String {
    parse(text).unwrap().validate(bundle).unwrap_err().to_string()
}

#[test]
fn an_empty_file_gives_the_defaults_and_they_are_valid() {
    let settings = parse("").unwrap();
    assert_eq!(settings, Settings::default());
    assert_eq!(settings.validate(Role::Node), Ok(()));
    assert_eq!(settings.listen.to_string(), "0.0.0.0:4720");
}

#[test]
fn everything_can_be_set_and_written_back() {
    let text = r#"
roles = ["capture", "store"]
listen = "[::1]:9"
seeds = ["10.0.0.7:4720", "n2.example.net"]
data = "/srv/packets"
[retention]
age = "30d"
size = "500GB"
[[capture]]
interface = "eth0"
filter = "port 5060"
snaplen = 128
buffer = "1MiB"
[[capture]]
interface = "eth1"
"#;
    let settings = parse(text).unwrap();
    assert_eq!(settings.validate(Role::Node), Ok(()));
    assert_eq!(settings.roles, BTreeSet::from([NodeRole::Capture, NodeRole::Store]));
    assert_eq!(settings.retention.age, Some(Age::from_secs(30 * 86_400)));
    assert_eq!(settings.retention.size, Some(Size::from_bytes(500_000_000_000)));
    assert_eq!(settings.capture[0].snaplen, 128);
    assert_eq!(settings.capture[1], Capture::everything("eth1"));
    assert_eq!(parse(&toml::to_string(&settings).unwrap()), Ok(settings));
}

#[test]
fn a_mistake_is_named_with_its_place() {
    assert_eq!(
        parse("roles = [\"store\"]\n  listn = \"1\"\n").unwrap_err(),
        "configuration FILE: line 2, column 3: unknown field `listn`, expected one of \
         `roles`, `listen`, `seeds`, `data`, `advertise`, `zone`, `weight`, `grace`, `move_rate`, `decode_as`, `retention`, \
         `spool`, `capture`"
    );
    assert_eq!(
        parse("[retention]\nage = \"soon\"").unwrap_err(),
        "configuration FILE: line 2, column 7: \"soon\" is no length of time; write a whole number and one of s, m, h, d, w"
    );
    assert!(parse("listen = \"a b\"").unwrap_err().contains("\"a b\" is no address: the host is no name"));
    for text in
        ["roles = [\"cook\"]", "[[capture]]\nfilter = \"x\"", "roles", "[capture]", "[[capture]]\ninterface = 1"]
    {
        let error = parse(text).unwrap_err();
        assert!(!error.contains('\n'), "{error}");
    }
}

#[test]
fn what_cannot_work_is_refused_in_one_line() {
    let capture = |line: &str| format!("[[capture]]\ninterface = \"eth0\"\n{line}");
    for (text, bundle, reason) in [
        ("roles = []".into(), Role::Node, "roles: a node needs at least one of capture, store, analyze"),
        (
            "".into(),
            Role::Edge,
            "roles: a bundle for edge does not allow store; ask an operator for one made with --role node",
        ),
        (
            "".into(),
            Role::Reader,
            "roles: a bundle for reader is for the command line; run the node with one made with --role node or edge",
        ),
        ("roles = [\"analyze\"]".into(), Role::Node, "roles: analyze works on stored packets; add store"),
        (
            format!("roles = [\"store\"]\n{}", capture("")),
            Role::Node,
            "capture: interface eth0 is to be captured, but roles lacks capture",
        ),
        (capture("snaplen = 73"), Role::Node, "capture: snaplen 73 for eth0 is not from 74 to 262144"),
        (capture("snaplen = 262145"), Role::Node, "capture: snaplen 262145 for eth0 is not from 74 to 262144"),
        (capture("buffer = \"1kB\""), Role::Node, "capture: buffer 1kB for eth0 is not from 64KiB to 2147483647B"),
        (capture("buffer = \"2GiB\""), Role::Node, "capture: buffer 2GiB for eth0 is not from 64KiB to 2147483647B"),
        (
            capture("filter = \"a\\u0000b\""),
            Role::Node,
            "capture: the filter for eth0 is longer than 16384 bytes or contains a null byte",
        ),
        (
            capture(&format!("filter = \"{}\"", "x".repeat(MAX_CAPTURE_FILTER_LEN + 1))),
            Role::Node,
            "capture: the filter for eth0 is longer than 16384 bytes or contains a null byte",
        ),
        (capture("[[capture]]\ninterface = \"eth0\""), Role::Node, "capture: interface eth0 is named twice"),
        ("[[capture]]\ninterface = \"\"".into(), Role::Node, "capture: \"\" is no name of an interface"),
        ("[retention]\nage = \"59s\"".into(), Role::Node, "retention: age 59s is less than 1m"),
        ("[retention]\nsize = \"1MiB\"".into(), Role::Node, "retention: size 1MiB is less than 64MiB"),
        ("seeds = [\"a:0\"]".into(), Role::Node, "seeds: a:0 has no port; 0 is good only for listening"),
    ] {
        assert_eq!(invalid(&text, bundle), reason);
    }
    let settings = Settings { seeds: vec!["a:1".parse().unwrap(); MAX_SEEDS + 1], ..Settings::default() };
    assert_eq!(settings.validate(Role::Node), Err(Invalid::TooManySeeds { count: MAX_SEEDS + 1 }));
    let capture = (0..=MAX_CAPTURES).map(|n| Capture::everything(format!("eth{n}"))).collect();
    let settings = Settings { capture, ..Settings::default() };
    assert_eq!(settings.validate(Role::Node), Err(Invalid::TooManyCaptures { count: MAX_CAPTURES + 1 }));
    let edge = parse("roles = [\"capture\"]").unwrap();
    assert_eq!(edge.validate(Role::Edge), Ok(()));
}
