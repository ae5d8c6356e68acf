use super::*;

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("the folder is there");
    path
}

fn states(file: &RuleFile) -> Vec<(&str, &'static str)> {
    let state = |entry: &Entry| match entry.state {
        State::Compiled(_) => "compiled",
        State::CaptureFilter => "capture filter",
        State::Macro => "macro",
        State::Off => "off",
        State::Disabled(_) => "disabled",
    };
    file.entries.iter().map(|entry| (entry.name.as_str(), state(entry))).collect()
}

#[test]
fn files_of_all_forms_are_loaded_and_a_faulty_rule_is_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let colors = "@UDP@udp@[0,0,0][1,1,1]\n!@Off@tcp@[0,0,0][1,1,1]\n@Bad@no.such@[0,0,0][1,1,1]\n@x@\n";
    let own = "[[rule]]\nname = 'own'\nlike = 'UDP'\ncount = 3\nwithin = '1s'\n[[rule]]\nname = 'none'\nlike = 'NONE'\n\
               [[rule]]\nname = 'off'\nfilter = 'tcp'\nenabled = false\n";
    let paths = [
        write(folder.path(), "colorfilters", colors),
        write(folder.path(), "dfilters", "\"private\" ${private:ip.src}\n"),
        write(folder.path(), "dfilter_macros", "\"private\",\"$1 == 10.0.0.0/8\"\nwrong\n"),
        write(folder.path(), "cfilters", "\"host\" host 192.0.2.1\n\"bad\" host host host\n"),
        write(folder.path(), "dfilter_buttons", "\"TRUE\",\"b\",\"udp\",\"\"\n"),
        write(folder.path(), "own.toml", own),
    ];
    let files = load(&paths).expect("all can be read");
    assert_eq!(states(&files[0]), [("UDP", "compiled"), ("Off", "off"), ("Bad", "disabled"), ("", "disabled")]);
    assert_eq!(states(&files[1]), [("private", "compiled")]);
    assert_eq!(states(&files[2]), [("private", "macro"), ("", "disabled")]);
    assert_eq!(states(&files[3]), [("host", "capture filter"), ("bad", "disabled")]);
    assert_eq!(states(&files[4]), [("b", "compiled")]);
    assert_eq!(states(&files[5]), [("own", "compiled"), ("none", "disabled"), ("off", "off")]);
    let (_, rule) = files[5].compiled().next().expect("the first one");
    assert_eq!(
        (rule.spec().filter.as_str(), rule.spec().at_least, rule.spec().within),
        ("udp", 3.0, Some(1_000_000_000))
    );
    let (_, fault) = files[0].disabled().next().expect("the third one");
    assert_eq!(fault.unknown_fields, ["no.such"]);
}

#[test]
fn files_that_cannot_be_read_are_errors() {
    let folder = tempfile::tempdir().expect("a folder");
    let large = write(folder.path(), "colorfilters", &"#".repeat(MAX_FILE_LEN + 1));
    assert!(matches!(load(&[large]), Err(RulesError::TooLarge { .. })));
    assert!(matches!(load(&[folder.path().join("nothing")]), Err(RulesError::Io { .. })));
    let broken = write(folder.path(), "a.toml", "[[rule\n");
    assert!(matches!(load(&[broken]), Err(RulesError::Own { .. })));
    let path = folder.path().join("dfilters");
    std::fs::write(&path, [0xff, 0xfe]).expect("the folder is there");
    assert!(matches!(load(&[path]), Err(RulesError::NoText { .. })));
}
