//! Fuzz targets: what people write and what they are handed: settings, rules, bundles, certificates, addresses, sizes.

use std::time::{Duration, SystemTime};

use packetstream_config::authority::{self, Invitation, Secret};
use packetstream_config::units::{Age, Size};
use packetstream_config::{Address, Authority, Bundle, ClusterId, Settings, rules};
use packetstream_fuzz::run;
use packetstream_protocol::credentials::Role;

const SETTINGS: &str = r#"
roles = ["capture", "store", "analyze"]
listen = "0.0.0.0:4720"
seeds = ["10.0.0.7:4720", "[::1]:1"]
advertise = ["field7.example:4720"]
zone = "rack 3"
weight = 4
grace = "5m"
[retention]
age = "30d"
size = "500GB"
[spool]
size = "4GB"
when_full = "drop-oldest"
[[capture]]
interface = "eth0"
filter = "port 5060 or udp portrange 10000-20000"
snaplen = 262144
buffer = "64MiB"
"#;
const WORDS: &[&str] = &[
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    "=",
    "\"",
    "\"\"\"",
    "'",
    ",",
    ".",
    "\n",
    "#",
    "-1",
    "0",
    "1e999",
    "nan",
    "true",
    "1979-05-27",
    "18446744073709551616",
    "65536",
    "size",
    "5m",
    "\\u0000",
    "ü",
    "weight = 65\n",
    "name",
];

#[test]
fn settings() {
    run("settings", 3000, |random| {
        let text = random.text(SETTINGS, WORDS);
        if let Ok(settings) = toml::from_str::<Settings>(&text) {
            for role in [Role::Node, Role::Edge] {
                let _ = settings.validate(role);
            }
        }
    });
}

const RULES: &str = r#"
[[rule]]
name = "many 503"
filter = "sip.Status-Code == 503"
group = "call"
count = 5
within = "10s"
severity = "error"
message = "{rule}: {value} of {sip.Call-ID}"
notify = { command = ["logger", "-t", "x"] }
[[rule]]
like = "Bad TCP"
name = "mean"
mean = "tcp.len"
at_least = 1.5
enabled = false
notify = { webhook = "http://127.0.0.1:1/x" }
"#;

#[test]
fn rule_files() {
    run("own rules", 3000, |random| {
        if let Ok(rows) = rules::read(&random.text(RULES, WORDS)) {
            assert!(rows.len() <= rules::MAX_RULES);
            assert!(rows.iter().all(|row| row.line >= 1));
        }
    });
}

/// A bundle, always the same.
fn bundle() -> Bundle {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let authority = Authority::create(Secret::from_bytes([1; 32]), now).expect("a key and a time");
    let seeds = vec!["10.0.0.7:4720".parse().expect("an address")];
    let invitation = Invitation { role: Role::Node, name: "n1".to_owned(), seeds };
    authority.invite(invitation, Secret::from_bytes([2; 32]), now).expect("a name and an address")
}

#[test]
fn bundles() {
    let text = bundle().to_text();
    let body = text.split_once('\n').map_or("", |(_, body)| body);
    run("bundles", 1000, |random| {
        let body = random.text(body, WORDS);
        // The checksum is right more often than not, so that what it guards is read.
        let sum = blake3::hash(body.as_bytes()).to_hex();
        let text = match random.is_one_in(8) {
            true => random.text(&text, WORDS),
            false => format!("# packetstream-bundle 1 {}\n{body}", &sum.as_str()[..32]),
        };
        if let Ok(bundle) = Bundle::parse(&text) {
            assert_eq!(Bundle::parse(&bundle.to_text()), Ok(bundle));
        }
    });
}

#[test]
fn certificates() {
    let bundle = bundle();
    let seeds = [bundle.certificate_der(), bundle.authority_der()];
    run("certificates", 2000, |random| {
        let mut der = random.pick(&seeds).to_vec();
        random.mutate(&mut der);
        let _ = (authority::identity(&der), authority::cluster_id(&der));
        let is_changed = der != bundle.certificate_der();
        assert!(!is_changed || !authority::is_issued_by(&der, bundle.authority_der()), "a forged certificate passed");
        let _ = authority::is_issued_by(bundle.certificate_der(), &der);
    });
}

#[test]
fn addresses_and_units() {
    let seeds = ["10.0.0.7:4720", "[fe80::1%eth0]:1", "field7.example", "500GB", "64MiB", "1d", "5m", "00ff"];
    run("units", 4000, |random| {
        let seed = *random.pick(&seeds);
        let text = random.text(seed, WORDS);
        if let Ok(address) = text.parse::<Address>() {
            assert_eq!(address.to_string().parse(), Ok(address));
        }
        if let Ok(size) = text.parse::<Size>() {
            assert_eq!(size.to_string().parse(), Ok(size));
        }
        if let Ok(age) = text.parse::<Age>() {
            assert_eq!(age.to_string().parse(), Ok(age));
        }
        let _ = text.parse::<ClusterId>();
    });
}
