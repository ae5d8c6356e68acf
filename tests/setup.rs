//! What `setup.sh` asks of the package managers of the systems that it knows.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use packetstream_tests::root;

/// Runs it where there is nothing but these programs: scripts that see their arguments, and write them down with `said`.
fn set_up(folder: &Path, programs: &[(&str, &str)]) -> (Output, String) {
    let said = folder.join("said");
    for (name, script) in programs {
        let path = folder.join(name);
        let script = format!("#!/bin/sh\nsaid() {{ echo \"$*\" >> {}; }}\n{script}\n", said.display());
        std::fs::write(&path, script).expect("a new file");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("it is ours");
    }
    let script = root().join("tests/setup.sh");
    let output = Command::new("/bin/sh").arg(script).env("PATH", folder).env_remove("CI").output();
    (output.expect("every system has a shell"), std::fs::read_to_string(said).unwrap_or_default())
}

const ROOT: (&str, &str) = ("id", "echo 0");
const SOMEBODY: (&str, &str) = ("id", "echo 1000");
const SUDO: (&str, &str) = ("sudo", "said sudo $1; \"$@\"");
const ENV: (&str, &str) = ("env", "shift; \"$@\"");

#[test]
fn debian_and_ubuntu_are_asked_by_apt() {
    let folder = tempfile::tempdir().expect("a folder");
    let (output, said) = set_up(folder.path(), &[ROOT, ENV, ("apt-get", "said apt-get $*")]);
    assert!(output.status.success(), "{output:?}");
    assert!(said.starts_with("apt-get update -q\napt-get install -q -y --no-install-recommends "), "{said}");
    assert!(said.ends_with("findutils libclang-dev g++\n"), "{said}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("will be installed: "), "{output:?}");
}

#[test]
fn who_is_not_root_is_told_of_sudo() {
    let folder = tempfile::tempdir().expect("a folder");
    let (output, said) = set_up(folder.path(), &[SOMEBODY, SUDO, ENV, ("apt-get", "said apt-get $1")]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(said, "sudo apt-get\napt-get update\nsudo env\napt-get install\n");
    assert!(String::from_utf8_lossy(&output.stdout).contains("installed with sudo: "), "{output:?}");
}

#[test]
fn centos_and_fedora_are_asked_by_dnf() {
    for (manager, repository) in [("dnf", "*crb*"), ("microdnf", "*crb*"), ("dnf", "*powertools*"), ("dnf", "none")] {
        let folder = tempfile::tempdir().expect("a folder");
        // A repository that there is not is an error; `none` knows of no other.
        let script = format!(
            "said \"$*\"; case \"$*\" in *--enablerepo='{repository}'*) ;; *--enablerepo*) exit 1 ;; *) [ '{repository}' = none ] ;; esac"
        );
        let (output, said) = set_up(folder.path(), &[ROOT, (manager, &script)]);
        assert!(output.status.success(), "{manager} {repository}: {output:?}");
        let last = said.lines().last().unwrap_or_default();
        assert!(last.starts_with("install -y ") && last.ends_with("findutils clang-devel gcc-c++"), "{said}");
        assert!(repository == "none" || last.contains(repository), "{said}");
    }
}

#[test]
fn without_a_way_it_says_what_to_install() {
    for programs in [&[SOMEBODY, ("apt-get", "said apt-get")][..], &[ROOT]] {
        let folder = tempfile::tempdir().expect("a folder");
        let (output, said) = set_up(folder.path(), programs);
        assert_eq!((output.status.code(), said.as_str()), (Some(1), ""));
        assert!(String::from_utf8_lossy(&output.stderr).contains("install "), "{output:?}");
    }
}
