//! Stories of calls, told as packets, and what the diagnosis and the list of calls say of them.

use super::summary::State;
use super::transaction::MAX_ACCEPTED;
use super::{Call, MAX_CALLS, MAX_SESSIONS, MAX_STEPS, MAX_TRANSACTIONS, Purpose, Tracker};
use crate::analysis::{Analysis, Scratch, dissect};
use crate::diagnose::testing::{Capture, host};
use crate::filter::{Filter, Options};
use crate::wanted::Wanted;

/// A story: a line a message, `MS FROM>TO WHAT CSEQ [option]...`. WHAT is a method, or a status and the method that it
/// answers (`200/INVITE`). Options: `in` (within the dialog), `back` (asked by the called side), `sdp=FORMATS[@LAST]` (audio
/// to 10.0.0.LAST), `fax`, `nofax` (port 0), `hold`, `nosdp`, `auth`, `nonce=N`, `realm=R`, `stale`, `b=BRANCH`, `tag=T`,
/// `id=CALL-ID`, `to=USER`, `tcp`.
fn told(story: &str) -> Capture {
    let mut capture = Capture::default();
    let mut sent = [1_u32; 10];
    for line in story.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [ms, ends, what, sequence, options @ ..] = words.as_slice() else { panic!("{line}") };
        let ms: i64 = ms.parse().unwrap();
        let (from, to) = ends.split_once('>').unwrap();
        let (from, to): (u8, u8) = (from.parse().unwrap(), to.parse().unwrap());
        if *what == "RTP" || *what == "UDPTL" {
            media(&mut capture, ms, from, to, what, sequence.parse().unwrap(), options);
            continue;
        }
        let octets = message(what, sequence, options, from);
        if options.contains(&"tcp") {
            let next = sent[usize::from(from)];
            capture.tcp(ms, host(from, 5060), host(to, 5060), 0x18, next, sent[usize::from(to)], 9000, &octets);
            sent[usize::from(from)] += octets.len() as u32;
        } else {
            capture.udp(ms, host(from, 5060), host(to, 5060), &octets);
        }
    }
    capture
}

fn option<'a>(options: &[&'a str], name: &str) -> Option<&'a str> {
    options.iter().find_map(|option| option.strip_prefix(name)?.strip_prefix('='))
}

fn message(what: &str, sequence: &str, options: &[&str], from: u8) -> Vec<u8> {
    let (first, method) = match what.split_once('/') {
        Some((status, method)) => (format!("SIP/2.0 {status} Reason"), method),
        None => (format!("{what} sip:bob@example.net SIP/2.0"), what),
    };
    let status: u32 = what.split_once('/').and_then(|(status, _)| status.parse().ok()).unwrap_or(0);
    let tag = option(options, "tag").unwrap_or("t");
    let is_in = options.contains(&"in") || status > 100 && !matches!(status, 401 | 407);
    let user = option(options, "to").unwrap_or("bob");
    let caller = "<sip:alice@example.net>;tag=f".to_owned();
    let callee = format!("<sip:{user}@example.net>{}", if is_in { format!(";tag={tag}") } else { String::new() });
    let (from_line, to_line) = if options.contains(&"back") { (callee, caller) } else { (caller, callee) };
    let branch_of = if method == "ACK" && !options.contains(&"in") || method == "CANCEL" { "INVITE" } else { method };
    let branch = option(options, "b").unwrap_or("1");
    let mut text = format!(
        "{first}\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK{branch_of}{sequence}{branch}\r\nFrom: {from_line}\r\nTo: {to_line}\r\n\
         Call-ID: {}\r\nCSeq: {sequence} {method}\r\n",
        option(options, "id").unwrap_or("c1")
    );
    if options.contains(&"auth") {
        text.push_str(
            "Authorization: Digest username=\"alice\", realm=\"pbx\", nonce=\"1\", uri=\"sip:x\", response=\"0\"\r\n",
        );
    }
    if let Some(nonce) = option(options, "nonce") {
        let realm = option(options, "realm").unwrap_or("pbx");
        let stale = if options.contains(&"stale") { ", stale=true" } else { "" };
        text.push_str(&format!("WWW-Authenticate: Digest realm=\"{realm}\", nonce=\"{nonce}\"{stale}\r\n"));
    }
    let mut body = String::new();
    if let Some(formats) = option(options, "sdp") {
        let (formats, last) = formats.split_once('@').map_or((formats, from.to_string()), |(f, l)| (f, l.to_owned()));
        let address = if last.contains('.') { last } else { format!("10.0.0.{last}") };
        let formats = formats.replace(',', " ");
        body = format!(
            "v=0\r\no=- 1 1 IN IP4 h\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\nm=audio 4000 RTP/AVP {formats}\r\n"
        );
        if options.contains(&"hold") {
            body.push_str("a=sendonly\r\n");
        }
    }
    if let Some(port) = [("fax", 4000), ("nofax", 0)].iter().find(|row| options.contains(&row.0)).map(|row| row.1) {
        body = format!(
            "v=0\r\no=- 1 2 IN IP4 h\r\ns=-\r\nc=IN IP4 10.0.0.{from}\r\nt=0 0\r\nm=image {port} udptl t38\r\n"
        );
    }
    if !body.is_empty() {
        text.push_str("Content-Type: application/sdp\r\n");
    }
    text.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    text.into_bytes()
}

/// `count` packets, 20 ms apart; `lose=N` leaves out every Nth, `late=MS` delays every tenth.
fn media(capture: &mut Capture, ms: i64, from: u8, to: u8, what: &str, count: u16, options: &[&str]) {
    let lose: u16 = option(options, "lose").map_or(u16::MAX, |lose| lose.parse().unwrap());
    let late: i64 = option(options, "late").map_or(0, |late| late.parse().unwrap());
    for n in 0..count {
        if n % lose == lose - 1 {
            continue;
        }
        let delay = if n % 10 == 9 { late } else { 0 };
        let mut payload;
        if what == "RTP" {
            payload = vec![0x80, 0];
            payload.extend(n.to_be_bytes());
            payload.extend((u32::from(n) * 160).to_be_bytes());
            payload.extend(u32::from(from).to_be_bytes());
            payload.extend([0xd5; 160]);
        } else {
            payload = n.to_be_bytes().to_vec();
            // An indicator, and with `twice` the one before it once more.
            payload.extend([1, 0x06]);
            payload.extend(if options.contains(&"twice") && n > 0 { &[0, 1, 1, 0x06][..] } else { &[0, 0] });
        }
        capture.udp(ms + i64::from(n) * 20 + delay, host(from, 4000), host(to, 4000), &payload);
    }
    capture.sort();
}

/// The same story, so much later.
fn shifted(story: &str, by_ms: i64) -> String {
    let shift = |line: &str| {
        let (ms, rest) = line.trim().split_once(' ')?;
        Some(format!("\n{} {rest}", ms.parse::<i64>().unwrap() + by_ms))
    };
    story.lines().filter_map(shift).collect()
}

#[track_caller]
fn check(story: &str, codes: &[&str]) {
    let capture = told(story);
    let findings = capture.findings();
    let mut said: Vec<_> = findings.iter().map(|finding| finding.code).filter(|code| is_ours(code)).collect();
    said.sort_unstable();
    assert_eq!(said, codes, "{findings:#?}");
    for finding in &findings {
        assert!(!finding.evidence.is_empty() && !finding.advice.is_empty());
    }
}

fn is_ours(code: &str) -> bool {
    ["sip.", "media.", "fax."].iter().any(|start| code.starts_with(start))
}

fn calls(story: &str) -> Vec<Call> {
    let (mut tracker, mut calls) = (Tracker::default(), Vec::new());
    told(story).for_each(|packet| tracker.observe(packet, 0, &mut calls));
    tracker.finish(&mut calls);
    calls
}

/// A call that is set up, without its end; and its end.
const SET_UP: &str = "
    0 1>2 INVITE 1 sdp=0,8
    10 2>1 180/INVITE 1
    500 2>1 200/INVITE 1 sdp=0
    510 1>2 ACK 1 in";
const SOUND: &str = "
    520 1>2 RTP 300
    530 2>1 RTP 300";
const BYE: &str = "
    8000 1>2 BYE 9 in
    8010 2>1 200/BYE 9";

#[test]
fn a_healthy_call_gives_nothing() {
    check(&[SET_UP, SOUND, BYE].concat(), &[]);
}

#[test]
fn a_challenge_that_is_answered_gives_nothing() {
    let story = "
        0 1>2 INVITE 1 sdp=0
        5 2>1 407/INVITE 1 nonce=a
        6 1>2 ACK 1
        10 1>2 INVITE 2 sdp=0 auth
        20 2>1 407/INVITE 2 nonce=b
        21 1>2 ACK 2
        25 1>2 INVITE 3 sdp=0 auth
        500 2>1 200/INVITE 3 sdp=0
        510 1>2 ACK 3 in";
    check(&[story, SOUND, BYE].concat(), &[]);
    assert_eq!(calls(&[story, SOUND, BYE].concat())[0].codes(), [407, 407, 200]);
    check("0 1>2 REGISTER 1\n5 2>1 401/REGISTER 1 nonce=a\n9 1>2 REGISTER 2 auth\n15 2>1 200/REGISTER 2", &[]);
    // Asked once, and left.
    check("0 1>2 REGISTER 1\n5 2>1 401/REGISTER 1 nonce=a", &[]);
}

#[test]
fn challenges_without_end_are_a_loop() {
    let attempt = |n: u32, auth: &str| {
        format!("\n{}  1>2 REGISTER {n} {auth}\n{} 2>1 401/REGISTER {n} nonce=n{n}", n * 100, n * 100 + 5)
    };
    let story = [attempt(1, ""), attempt(2, "auth"), attempt(3, "auth")].concat();
    check(&story, &["sip.auth-loop"]);
    check(&[attempt(1, ""), attempt(2, ""), attempt(3, "")].concat(), &["sip.auth-loop"]);
    check(&[attempt(1, ""), attempt(2, "auth")].concat(), &["sip.auth-failed"]);
    check(&(story.clone() + "\n400 1>2 REGISTER 4 auth\n405 2>1 200/REGISTER 4"), &[]);
    // A phone that tries again once a minute.
    let slow = |n: u32| {
        let (at, first, next) = (n * 60_000, n * 2 + 1, n * 2 + 2);
        format!(
            "\n{at} 1>2 REGISTER {first}\n{} 2>1 401/REGISTER {first} nonce=a{n}\n{} 1>2 REGISTER {next} auth\n{} 2>1 401/REGISTER {next} nonce=b{n}",
            at + 5,
            at + 9,
            at + 15
        )
    };
    check(&slow(0), &["sip.auth-failed"]);
    check(&(slow(0) + &slow(1) + &slow(2)), &["sip.auth-loop"]);
    let other = story.replace("REGISTER", "INVITE");
    check(&other, &["sip.auth-loop"]);
    // Three proxies ask once each.
    let realms = "
        0 1>2 INVITE 1 sdp=0\n 5 2>1 407/INVITE 1 nonce=a realm=x\n 6 1>2 ACK 1
        10 1>2 INVITE 2 sdp=0 auth\n 15 2>1 407/INVITE 2 nonce=b realm=y\n 16 1>2 ACK 2
        20 1>2 INVITE 3 sdp=0 auth\n 25 2>1 401/INVITE 3 nonce=c realm=z\n 26 1>2 ACK 3
        30 1>2 INVITE 4 sdp=0 auth\n 35 2>1 486/INVITE 4\n 36 1>2 ACK 4";
    check(realms, &["sip.call-rejected"]);
    // Who is busy has taken the credentials; a nonce that was too old is no refusal.
    check(&realms.replace("realm=y", "realm=x").replace("realm=z", "realm=x"), &["sip.call-rejected"]);
    let stale = "0 1>2 REGISTER 1 auth\n5 2>1 401/REGISTER 1 nonce=a";
    check(stale, &["sip.auth-failed"]);
    check(&format!("{stale} stale"), &[]);
    // The challenge that a proxy hands on is no second one.
    let handed_on = "
        0 1>2 INVITE 1 b=1\n 1 2>3 INVITE 1 b=2\n 5 3>2 407/INVITE 1 b=2 nonce=a\n 6 2>1 407/INVITE 1 b=1 nonce=a
        10 1>2 INVITE 2 auth b=1\n 11 2>3 INVITE 2 auth b=2\n 15 3>2 407/INVITE 2 b=2 nonce=b\n 16 2>1 407/INVITE 2 b=1 nonce=b";
    check(handed_on, &["sip.auth-failed"]);
}

#[test]
fn refused_credentials_are_told() {
    let register = |status: u32| {
        format!("0 1>2 REGISTER 1\n5 2>1 401/REGISTER 1 nonce=a\n9 1>2 REGISTER 2 auth\n15 2>1 {status}/REGISTER 2")
    };
    check(&register(403), &["sip.auth-failed"]);
    check(&register(404), &["sip.auth-failed"]);
    check(&register(503), &[]);
    check("0 1>2 REGISTER 1\n5 2>1 403/REGISTER 1", &[]);
    let invite = "0 1>2 INVITE 1 sdp=0\n5 2>1 407/INVITE 1 nonce=a\n6 1>2 ACK 1\n9 1>2 INVITE 2 sdp=0 auth\n";
    check(&format!("{invite}15 2>1 403/INVITE 2"), &["sip.auth-failed"]);
    check(&format!("{invite}15 2>1 404/INVITE 2"), &["sip.call-rejected"]);
    check(&format!("{invite}15 2>1 503/INVITE 2"), &["sip.call-rejected"]);
    // Some clients do not count on when they answer, and some servers have one nonce.
    let uncounted =
        "0 1>2 REGISTER 1\n5 2>1 401/REGISTER 1 nonce=a\n9 1>2 REGISTER 1 b=2 auth\n15 2>1 STATUS/REGISTER 1 b=2";
    check(&uncounted.replace("STATUS", "403"), &["sip.auth-failed"]);
    check(&uncounted.replace("STATUS", "200"), &[]);
    let more = "\n20 1>2 REGISTER 1 b=3 auth\n25 2>1 401/REGISTER 1 b=3 nonce=a";
    check(&(uncounted.replace("STATUS/REGISTER 1", "401/REGISTER 1 nonce=a") + more), &["sip.auth-loop"]);
    // The next proxy asks for its own realm; the same one once more is a refusal.
    let next = "\n9 1>2 INVITE 2 sdp=0 auth\n15 2>1 407/INVITE 2 nonce=b realm=next";
    let first = "0 1>2 INVITE 1 sdp=0\n5 2>1 407/INVITE 1 nonce=a\n6 1>2 ACK 1";
    check(&[first, next].concat(), &[]);
    check(&[first, next, "\n20 1>2 INVITE 3 sdp=0 auth\n25 2>1 407/INVITE 3 nonce=c"].concat(), &["sip.auth-failed"]);
    // The same again and again is one finding.
    let again: String = (0..5)
        .map(|n| {
            let at = n * 60_000;
            format!("\n{} 1>2 REGISTER {} auth\n{} 2>1 403/REGISTER {}", at, n + 1, at + 9, n + 1)
        })
        .collect();
    check(&again, &["sip.auth-failed"]);
}

#[test]
fn requests_without_any_response_are_told() {
    let sent = |times: &[i64]| -> String { times.iter().map(|ms| format!("\n{ms} 1>2 INVITE 1 sdp=0")).collect() };
    check(&sent(&[0, 500, 1500, 3500]), &["sip.no-response"]);
    check(&(sent(&[0, 500, 1500, 3500]) + "\n3600 2>1 100/INVITE 1"), &[]);
    check(&sent(&[0]), &[]);
    check(&sent(&[0, 500]), &[]);
    check(&(sent(&[0]) + "\n40000 1>3 OPTIONS 7 id=c2\n40001 3>1 200/OPTIONS 7 id=c2"), &["sip.no-response"]);
    // Nothing at all was captured for a year.
    check(&(sent(&[0]) + "\n40000000 1>3 OPTIONS 7 id=c2\n40000001 3>1 200/OPTIONS 7 id=c2"), &[]);
    // One direction was captured.
    check(
        &(sent(&[0, 500])
            + "\n900 1>2 ACK 1 in\n5000 1>2 BYE 2 in\n40000 1>3 OPTIONS 7 id=c2\n40001 3>1 200/OPTIONS 7 id=c2"),
        &["sip.no-response"],
    );
    check(&(sent(&[0, 500]) + "\n900 1>2 ACK 1 in\n40000 1>3 OPTIONS 7 id=c2\n40001 3>1 200/OPTIONS 7 id=c2"), &[]);
    // Nobody need be there who hears what is sent to a group.
    let mut capture = told(&sent(&[0, 500, 1500, 3500]).replace("INVITE", "SUBSCRIBE"));
    capture.readdress([10, 0, 0, 2], [224, 0, 1, 75]);
    assert_eq!(capture.codes(), [""; 0]);
    // Another branch answered.
    let fork = "0 1>2 INVITE 1 sdp=0\n1 2>3 INVITE 1 b=2 sdp=0\n501 2>3 INVITE 1 b=2 sdp=0\n1501 2>3 INVITE 1 b=2 sdp=0
        2 2>4 INVITE 1 b=3 sdp=0\n480 4>2 200/INVITE 1 b=3 sdp=0\n 500 2>1 200/INVITE 1 sdp=0@4\n510 1>4 ACK 1 in";
    check(&[fork, "\n520 1>4 RTP 300\n530 4>1 RTP 300", BYE].concat(), &[]);
    // What ends the INVITE answers its CANCEL, too.
    let cancel = "0 1>2 INVITE 1\n9 2>1 180/INVITE 1\n500 1>2 CANCEL 1\n1000 1>2 CANCEL 1\n2000 1>2 CANCEL 1";
    check(&[cancel, "\n4000 2>1 486/INVITE 1\n4001 1>2 ACK 1"].concat(), &[]);
    check(&[cancel, "\n4000 2>1 408/INVITE 1\n6000 1>2 CANCEL 1"].concat(), &["sip.no-response"]);
    check(cancel, &["sip.no-response"]);
}

#[test]
fn an_icmp_error_is_an_answer() {
    let mut capture = told("0 1>2 INVITE 1 sdp=0\n500 1>2 INVITE 1 sdp=0\n1500 1>2 INVITE 1 sdp=0");
    capture.port_unreachable(1501, 2);
    assert!(!capture.codes().contains(&"sip.no-response"));
}

#[test]
fn media_may_meet_a_closed_port_when_their_call_has_just_ended() {
    let after = |ms: i64| {
        let mut capture = told(&[SET_UP, SOUND, BYE, &format!("\n{ms} 1>2 RTP 1")].concat());
        capture.port_unreachable(ms + 1, 2);
        capture.codes()
    };
    assert_eq!(after(8100), [""; 0]);
    assert_eq!(after(14_000), ["icmp.unreachable"]);
    // The port is closed a moment before the BYE.
    let before = |ms: i64| {
        let mut capture = told(&[SET_UP, SOUND, &format!("\n{ms} 1>2 RTP 1")].concat());
        capture.port_unreachable(ms + 1, 2);
        capture.udp(8000, host(1, 5060), host(2, 5060), &message("BYE", "9", &["in"], 1));
        capture.udp(8010, host(2, 5060), host(1, 5060), &message("200/BYE", "9", &[], 2));
        capture.codes()
    };
    assert_eq!(before(7900), [""; 0]);
    assert_eq!(before(7000), ["icmp.unreachable"]);
    // Early media end with a call that nobody answers.
    let early = "0 1>2 INVITE 1 sdp=0\n10 2>1 183/INVITE 1 sdp=0\n20 2>1 RTP 30\n";
    for end in ["700 2>1 486/INVITE 1", "700 1>2 CANCEL 1\n710 2>1 200/CANCEL 1\n720 2>1 487/INVITE 1"] {
        let mut capture = told(&[early, end, "\n800 2>1 RTP 1"].concat());
        capture.port_unreachable(801, 1);
        assert!(!capture.codes().contains(&"icmp.unreachable"), "{end}");
    }
    // RTCP comes to the port behind that of RTP.
    let mut capture = told(&[SET_UP, SOUND, BYE].concat());
    capture.udp(8100, host(1, 4001), host(2, 4001), &[0x80, 200, 0, 6, 0, 0, 0, 1]);
    capture.port_unreachable(8101, 2);
    assert_eq!(capture.codes(), [""; 0]);
}

#[test]
fn refused_calls_are_told_by_how_they_ended() {
    let invite = "0 1>2 INVITE 1 sdp=0\n10 2>1 100/INVITE 1\n";
    check(&format!("{invite}20 2>1 486/INVITE 1\n21 1>2 ACK 1"), &["sip.call-rejected"]);
    check(&format!("{invite}20 2>1 302/INVITE 1\n21 1>2 ACK 1"), &[]);
    check(&format!("{invite}900 1>2 CANCEL 1\n901 2>1 200/CANCEL 1\n902 2>1 487/INVITE 1\n903 1>2 ACK 1"), &[]);
    // Another try was taken.
    let again =
        "20 2>1 422/INVITE 1\n21 1>2 ACK 1\n30 1>2 INVITE 2 sdp=0\n500 2>1 200/INVITE 2 sdp=0\n510 1>2 ACK 2 in";
    check(&[invite, again, SOUND, BYE].concat(), &[]);
    // The capture ends while the next one, or another branch, goes on.
    let tried = [invite, "20 2>1 422/INVITE 1\n21 1>2 ACK 1"].concat();
    check(&tried, &["sip.call-rejected"]);
    check(&[&tried, "\n30 1>2 INVITE 2 sdp=0\n40 2>1 100/INVITE 2"].concat(), &[]);
    let branches =
        "0 1>2 INVITE 1\n1 2>3 INVITE 1 b=2\n2 2>4 INVITE 1 b=3\n9 3>2 180/INVITE 1 b=2 tag=x\n20 4>2 603/INVITE 1 b=3";
    check(branches, &[]);
    check(&[branches, "\n30 3>2 486/INVITE 1 b=2 tag=x"].concat(), &["sip.call-rejected"]);
    // A later request within the call says nothing of the call.
    check(
        &[SET_UP, SOUND, "\n4000 1>2 INVITE 2 in sdp=0\n4010 2>1 503/INVITE 2\n4011 1>2 ACK 2 in", BYE].concat(),
        &[],
    );
    // One branch is busy, the other answers.
    let fork = "0 1>2 INVITE 1 sdp=0\n1 2>3 INVITE 1 b=2 sdp=0\n2 2>4 INVITE 1 b=3 sdp=0\n20 3>2 486/INVITE 1 b=2 tag=x
        21 2>3 ACK 1 b=2 tag=x\n500 4>2 200/INVITE 1 b=3 sdp=0\n502 2>1 200/INVITE 1 sdp=0@4\n510 1>4 ACK 1 in";
    check(&[fork, "\n520 1>4 RTP 300\n530 4>1 RTP 300", BYE].concat(), &[]);
}

#[test]
fn codecs_that_do_not_meet_are_told() {
    let refused = |status: u32, offer: &str| format!("0 1>2 INVITE 1 {offer}\n20 2>1 {status}/INVITE 1\n21 1>2 ACK 1");
    for status in [415, 488, 606] {
        check(&refused(status, "sdp=0"), &["media.codec-mismatch"]);
        check(&refused(status, ""), &["sip.call-rejected"]);
    }
    let answered = |formats: &str| SET_UP.replace("sdp=0\n", &format!("sdp={formats}\n"));
    let short = "\n1500 1>2 BYE 9 in\n1510 2>1 200/BYE 9";
    check(&(answered("9") + short), &["media.codec-mismatch"]);
    check(&(answered("8") + short), &[]);
    let change = "\n4000 1>2 INVITE 2 in sdp=18\n4010 2>1 488/INVITE 2\n4011 1>2 ACK 2 in";
    check(&[SET_UP, SOUND, change, BYE].concat(), &["media.codec-mismatch"]);
    // What was refused is not the codec, which is in use.
    check(&[SET_UP, SOUND, &change.replace("sdp=18", "sdp=18,0 hold"), BYE].concat(), &[]);
    let mended = "\n4100 1>2 INVITE 3 in sdp=0\n4110 2>1 200/INVITE 3 sdp=0\n4111 1>2 ACK 3 in";
    check(&[SET_UP, SOUND, change, mended, BYE].concat(), &[]);
}

#[test]
fn an_answer_that_nobody_acknowledges_is_told() {
    let answered = "
        0 1>2 INVITE 1 sdp=0,8
        500 2>1 200/INVITE 1 sdp=0
        1000 2>1 200/INVITE 1 sdp=0
        2000 2>1 200/INVITE 1 sdp=0";
    check(&[answered, SOUND, BYE].concat(), &["sip.missing-ack"]);
    check(&[answered, "\n2100 1>2 ACK 1 in", SOUND, BYE].concat(), &[]);
    // Captured twice is not sent twice.
    let twice = SET_UP.replace("510 1>2 ACK 1 in", "501 2>1 200/INVITE 1 sdp=0");
    check(&[&twice, SOUND, BYE].concat(), &[]);
    assert_eq!(calls(answered)[0].state(), State::NoAck);
}

#[test]
fn silence_is_told_by_who_is_silent() {
    check(&[SET_UP, BYE].concat(), &["media.none"]);
    check(&[SET_UP, "\n520 1>2 RTP 300", BYE].concat(), &["media.one-way"]);
    check(&[SET_UP, "\n520 2>1 RTP 300", BYE].concat(), &["media.one-way"]);
    check(&[SET_UP, "\n520 1>2 RTP 20", BYE].concat(), &[]);
    // Early media are none of the call, unless it was too short for more.
    let early = SET_UP.replace("180/INVITE 1", "183/INVITE 1 sdp=0") + "\n20 2>1 RTP 20";
    check(&[&early, "\n520 1>2 RTP 300", BYE].concat(), &["media.one-way"]);
    check(&[&early, BYE].concat(), &["media.none"]);
    check(&[&early, "\n520 1>2 RTP 300", &BYE.replace("80", "40")].concat(), &[]);
    // Too short to say anything.
    check(&[SET_UP, "\n2000 1>2 BYE 9 in\n2010 2>1 200/BYE 9"].concat(), &[]);
    // On hold from the beginning.
    let held = SET_UP.replace("sdp=0,8", "sdp=0,8 hold");
    check(&[&held, "\n520 1>2 RTP 300", BYE].concat(), &[]);
    // Certain only where media would have been captured.
    let other = SET_UP.replace("INVITE 1", "INVITE 1 id=c2").replace("ACK 1", "ACK 1 id=c2");
    let certain = |story: &str| {
        let findings = told(story).findings();
        findings.iter().find(|finding| finding.code == "media.none").map(|finding| finding.is_certain)
    };
    assert_eq!(certain(&[SET_UP, BYE].concat()), Some(false));
    let elsewhere = other.replace("1>2", "5>6").replace("2>1", "6>5");
    let media = "\n520 5>6 RTP 60\n530 6>5 RTP 60";
    assert_eq!(certain(&[SET_UP, &elsewhere, media, BYE].concat()), Some(false));
    let before = other.replace("1>2", "5>1").replace("2>1", "1>5");
    let media = "\n520 5>1 RTP 60\n530 1>5 RTP 60\n5000 5>1 BYE 9 in id=c2\n5010 1>5 200/BYE 9 id=c2";
    let later = shifted(&[SET_UP, BYE].concat(), 20_000);
    assert_eq!(certain(&[&before, media, &later].concat()), Some(true));
    // Where two calls name one place nobody knows of which one the media are that come there.
    let end = BYE.replace(" 9", " 9 id=c2");
    for ends in [[BYE, ""], [BYE, &end], [&end, BYE]] {
        let findings = told(&[SET_UP, &other, "\n520 2>1 RTP 300", ends[0], ends[1]].concat()).findings();
        let of_media: Vec<_> = findings.iter().filter(|finding| finding.code.starts_with("media.")).collect();
        assert_eq!(of_media.len(), 2);
        assert!(of_media.iter().all(|finding| !finding.is_certain && finding.summary.contains("another call named")));
    }
}

#[test]
fn silence_after_a_new_agreement_is_told() {
    let hold = "\n6600 1>2 INVITE 2 in sdp=0 hold\n6610 2>1 200/INVITE 2 sdp=0\n6611 1>2 ACK 2 in\n6620 1>2 RTP 200";
    let resume = "\n12000 1>2 INVITE 3 in sdp=0\n12010 2>1 200/INVITE 3 sdp=0\n12011 1>2 ACK 3 in";
    let end = shifted(BYE, 12_000);
    let after = |media: &str| [SET_UP, SOUND, hold, resume, media, &end].concat();
    check(&after("\n12020 1>2 RTP 300\n12030 2>1 RTP 300"), &[]);
    check(&after("\n12020 1>2 RTP 300"), &["media.one-way"]);
    check(&after("\n12020 2>1 RTP 300"), &["media.one-way"]);
    // On hold to the end, too short after it, or with media that go another way from then on.
    check(&[SET_UP, SOUND, hold, &end].concat(), &[]);
    check(&[SET_UP, SOUND, hold, resume, "\n12020 1>2 RTP 200", &shifted(BYE, 8500)].concat(), &[]);
    check(&after(""), &[]);
    // Who leaves silence out may have said nothing.
    let vad = |story: &str| story.replace("sdp=0,8\n", "sdp=0,13\n").replace("sdp=0\n", "sdp=0,13\n");
    check(&vad(&after("\n12020 1>2 RTP 300")), &[]);
    // Media to another address from the beginning of the second part.
    let moved = "\n6600 1>2 INVITE 2 in sdp=8\n6610 2>1 200/INVITE 2 sdp=8\n6611 1>2 ACK 2 in\n6620 2>1 RTP 500";
    check(&[SET_UP, SOUND, moved, &end].concat(), &["media.one-way"]);
}

#[test]
fn sparse_packets_of_one_side_are_enough_when_they_last() {
    let mut story = SET_UP.to_owned();
    (0..20).for_each(|n| story.push_str(&format!("\n{} 1>2 RTP 1", 520 + n * 300)));
    check(&[&story, BYE].concat(), &["media.one-way"]);
}

/// A report about 300 packets of the other side, of which `lost` are missing.
fn report(capture: &mut Capture, ms: i64, from: u8, to: u8, port: u16, lost: u32) {
    let mut packet = vec![0x81, 201, 0, 7];
    for word in [u32::from(from), u32::from(to), lost, 299, 0, 0, 0] {
        packet.extend(word.to_be_bytes());
    }
    capture.udp(ms, host(from, port), host(to, port), &packet);
    capture.sort();
}

#[test]
fn loss_behind_the_capture_is_told_by_reports() {
    let codes = |port: u16, lost: u32| {
        let mut capture = told(&[SET_UP, SOUND, BYE].concat());
        report(&mut capture, 3000, 2, 1, port, lost / 2);
        report(&mut capture, 6600, 2, 1, port, lost);
        capture.codes()
    };
    assert_eq!([codes(4001, 20), codes(4000, 20)], [["media.loss"], ["media.loss"]]);
    assert_eq!([codes(4001, 0), codes(4001, 3), codes(4001, 0x00ff_fff0), codes(4001, 500)], [[""; 0]; 4]);
    // What the capture shows itself is told once.
    let mut capture = told(&[SET_UP, "\n520 1>2 RTP 300 lose=30\n530 2>1 RTP 300", BYE].concat());
    report(&mut capture, 6600, 2, 1, 4001, 10);
    assert_eq!(capture.codes(), ["media.loss"]);
}

#[test]
fn media_in_a_tunnel_are_those_of_the_call() {
    let mut capture = Capture::default();
    told(&[SET_UP, SOUND, BYE].concat()).for_each(|packet| {
        // VXLAN (RFC 7348) around Ethernet.
        let mut octets = vec![8, 0, 0, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0];
        octets.extend(packet.bytes);
        let ms = (packet.time - packet.time_first) / 1_000_000;
        capture.udp(ms, host(8, 50_000), host(9, 4789), &octets);
    });
    assert_eq!(capture.codes(), [""; 0]);
}

#[test]
fn media_between_two_legs_of_a_gateway_are_those_of_both() {
    let leg = |id: &str| {
        let name = |story: &str| {
            story.replace("INVITE 1", &format!("INVITE 1 id={id}")).replace("ACK 1", &format!("ACK 1 id={id}"))
        };
        [name(SET_UP), BYE.replace(" 9", &format!(" 9 id={id}"))]
    };
    let ([first, end], [second, other_end]) = (leg("c1"), leg("c2"));
    // Signalling goes by 3, media do not.
    let second = second.replace("1>2", "3>2").replace("2>1", "2>3").replace("sdp=0,8", "sdp=0,8@1");
    let first = first.replace("1>2", "1>3").replace("2>1", "3>1").replace("sdp=0\n", "sdp=0@2\n");
    check(&[&first, &second, SOUND, &end, &other_end].concat(), &[]);
}

#[test]
fn addresses_that_cannot_be_reached_are_told() {
    let story = [SET_UP, SOUND, BYE].concat();
    let mut capture = told(&story);
    capture.readdress([10, 0, 0, 2], [203, 0, 113, 2]);
    // Only the description of 10.0.0.1 goes to a public address; the one of 10.0.0.2 stays within.
    let ours: Vec<_> = capture.codes().into_iter().filter(|code| *code == "media.private-address").collect();
    assert_eq!(ours, ["media.private-address"]);
    check(&story, &[]);
}

#[test]
fn streams_with_loss_or_jitter_are_told() {
    check(&[SET_UP, "\n520 1>2 RTP 300 lose=30\n530 2>1 RTP 300", BYE].concat(), &["media.loss"]);
    check(&[SET_UP, "\n520 1>2 RTP 300 lose=200\n530 2>1 RTP 300", BYE].concat(), &[]);
    check(&[SET_UP, "\n520 1>2 RTP 40 lose=10\n530 2>1 RTP 40", BYE].concat(), &[]);
    check(&[SET_UP, "\n520 1>2 RTP 300\n530 2>1 RTP 300 late=200", BYE].concat(), &["media.jitter"]);
    check(&[SET_UP, "\n520 1>2 RTP 300\n530 2>1 RTP 300 late=15", BYE].concat(), &[]);
}

#[test]
fn faxes_are_told_by_what_became_of_their_offer() {
    let offer = "\n4000 2>1 INVITE 5 in back fax";
    let refused = "\n4010 1>2 488/INVITE 5 back\n4011 2>1 ACK 5 in back";
    check(&[SET_UP, SOUND, offer, refused, BYE].concat(), &["fax.t38-rejected"]);
    check(
        &[SET_UP, SOUND, offer, &refused.replace("488/INVITE 5 back", "200/INVITE 5 back nofax"), BYE].concat(),
        &["fax.t38-rejected"],
    );
    let accepted = "\n4010 1>2 200/INVITE 5 back fax\n4011 2>1 ACK 5 in back";
    let both = "\n4100 1>2 UDPTL 60\n4110 2>1 UDPTL 60";
    check(&[SET_UP, SOUND, offer, accepted, both, BYE].concat(), &[]);
    check(&[SET_UP, SOUND, offer, accepted, "\n4100 1>2 UDPTL 60", BYE].concat(), &["fax.t38-no-media"]);
    check(&[SET_UP, SOUND, offer, accepted, BYE].concat(), &["fax.t38-no-media"]);
    let lossy = "\n4100 1>2 UDPTL 60 lose=20\n4110 2>1 UDPTL 60";
    check(&[SET_UP, SOUND, offer, accepted, lossy, BYE].concat(), &["fax.udptl-loss"]);
    // What redundancy brings back is a note.
    let story = [SET_UP, SOUND, offer, accepted, &lossy.replace("lose=20", "lose=20 twice"), BYE].concat();
    let finding = told(&story).findings().remove(0);
    assert_eq!((finding.code, finding.severity.name()), ("fax.udptl-loss", "note"));
    assert!(finding.summary.contains("2 came back by redundancy"), "{}", finding.summary);
    // Refused once, taken the next time.
    let again = "\n4100 2>1 INVITE 6 in back fax\n4110 1>2 200/INVITE 6 back fax\n4111 2>1 ACK 6 in back";
    check(&[SET_UP, SOUND, offer, &refused.replace("488", "491"), again, &both.replace("41", "42"), BYE].concat(), &[]);
}

#[test]
fn what_ran_before_the_capture_began_is_not_blamed() {
    check(&["\n520 1>2 RTP 100", BYE].concat(), &[]);
    check("0 2>1 200/INVITE 1 sdp=0\n10 1>2 ACK 1 in\n9000 1>2 BYE 9 in\n9010 2>1 200/BYE 9", &[]);
    // Nothing came where the second part says; what came before went elsewhere.
    let moved = "0 1>2 INVITE 2 in sdp=8\n10 2>1 200/INVITE 2 sdp=8\n11 1>2 ACK 2 in";
    check(&[moved, &BYE.replace("80", "90")].concat(), &[]);
}

#[test]
fn calls_are_listed_with_their_states() {
    let state = |story: &str| calls(story)[0].state().name();
    assert_eq!(state("0 1>2 INVITE 1 sdp=0\n5 2>1 407/INVITE 1 nonce=a\n6 1>2 ACK 1"), "CHALLENGED");
    assert_eq!(state("0 1>2 INVITE 1 sdp=0\n5 2>1 486/INVITE 1\n6 1>2 ACK 1"), "REJECTED");
    assert_eq!(state("0 1>2 INVITE 1 sdp=0\n5 2>1 180/INVITE 1"), "RINGING");
    assert_eq!(state("0 1>2 INVITE 1 sdp=0\n5 2>1 100/INVITE 1"), "CALL SETUP");
    assert_eq!(state(SET_UP), "IN CALL");
    assert_eq!(state(&[SET_UP, BYE].concat()), "COMPLETED");
    assert_eq!(state(&[SET_UP, "\n4000 1>2 INVITE 2 in sdp=0\n4010 2>1 503/INVITE 2"].concat()), "IN CALL");
    let cancelled = "0 1>2 INVITE 1\n10 1>2 CANCEL 1\n11 2>1 200/CANCEL 1\n12 2>1 487/INVITE 1";
    assert_eq!(state(cancelled), "CANCELLED");
    let call = &calls(&[SET_UP, SOUND, BYE].concat())[0];
    assert_eq!((call.purpose, call.messages, call.comment().as_str()), (Purpose::Call, 6, "INVITE 200"));
    assert_eq!(call.codecs(), ["PCMU"]);
    assert_eq!(call.setup_ns(), Some(500_000_000));
    let streams: Vec<_> = call.streams().iter().map(|(from_caller, stream)| (*from_caller, stream.packets)).collect();
    assert_eq!(streams, [(true, 300), (false, 300)]);
    let row = call.json();
    assert_eq!((&row["state"], &row["streams"][1]["direction"]), (&"COMPLETED".into(), &"callee".into()));
    let fork =
        "0 1>2 INVITE 1 sdp=0\n5 2>1 180/INVITE 1 tag=a\n6 2>1 180/INVITE 1 tag=b\n9 2>1 200/INVITE 1 tag=b sdp=0";
    assert_eq!(calls(fork)[0].sessions.len(), 1);
}

#[test]
fn a_refused_fax_stands_in_the_row_of_its_call() {
    let offer = "\n4000 2>1 INVITE 5 in back fax\n4010 1>2 491/INVITE 5 back\n4020 2>1 INVITE 6 in back fax";
    let call = &calls(&[SET_UP, SOUND, offer, "\n4030 1>2 488/INVITE 6 back", BYE].concat())[0];
    let refused: Vec<_> = call.refused_faxes().into_iter().map(|refused| (refused.by, refused.answer)).collect();
    assert_eq!(refused, [("10.0.0.2".to_owned(), "488 Reason".to_owned())]);
    assert_eq!(call.json()["fax_refused"][0]["answer"], "488 Reason");
}

/// The numbers of the packets that a filter selects.
fn selected(capture: &Capture, filter: &str) -> Vec<u64> {
    let filter = Filter::compile(filter, &Options::default()).unwrap();
    let mut wanted = Wanted::nothing();
    filter.fields().for_each(|field| wanted.add(field));
    let mut first = Analysis::new(&wanted);
    capture.for_each(|packet| first.observe(packet));
    let (facts, mut scratch, mut numbers) = (first.finish(), Scratch::default(), Vec::new());
    capture.for_each(|packet| {
        if dissect(packet, facts.of(packet.number), &wanted, &mut scratch, |shown| filter.matches(shown)) {
            numbers.push(packet.number);
        }
    });
    numbers
}

#[test]
fn the_filter_of_a_call_selects_its_packets_and_no_others() {
    let mine = [SET_UP, SOUND, BYE].concat();
    let filter = calls(&mine)[0].filter();
    let mut all = Vec::new();
    told(&mine).for_each(|packet| all.push(packet.number));
    assert_eq!(selected(&told(&mine), &filter), all);
    let other = "\n700 3>4 INVITE 1 id=c2\n701 3>4 RTP 5\n702 1>3 RTP 5";
    assert_eq!(selected(&told(other), &filter), [] as [u64; 0]);
    let odd = calls("0 1>2 INVITE 1 id=a\"b\\c")[0].filter();
    assert_eq!(selected(&told("0 1>2 INVITE 1 id=a\"b\\c"), &odd), [1]);
}

#[test]
fn what_is_no_call_has_no_state_of_a_call() {
    let registration =
        &calls("0 1>2 REGISTER 1\n5 2>1 401/REGISTER 1 nonce=a\n9 1>2 REGISTER 2 auth\n12 2>1 403/REGISTER 2")[0];
    assert_eq!(registration.outcome(), "REGISTER 403 Reason");
    assert_eq!(calls("0 1>2 OPTIONS 1")[0].outcome(), "no final answer");
    assert_eq!(calls(SET_UP)[0].outcome(), "IN CALL");
}

#[test]
fn a_bye_to_one_branch_of_a_fork_does_not_end_the_other() {
    let story = "
        0 1>2 INVITE 1 sdp=0
        500 2>1 200/INVITE 1 tag=a sdp=0@3
        501 2>1 200/INVITE 1 tag=b sdp=0@4
        510 1>2 ACK 1 in tag=a
        511 1>2 ACK 1 in tag=b
        520 1>2 BYE 2 in tag=b
        530 2>1 200/BYE 2 tag=b";
    assert_eq!(calls(story)[0].state(), State::InCall);
    assert_eq!(calls(&(story.to_owned() + "\n9000 1>2 BYE 3 in tag=a"))[0].state(), State::Completed);
}

#[test]
fn calls_over_tcp_are_followed() {
    let story: String = [SET_UP, BYE]
        .concat()
        .lines()
        .map(|line| if line.trim().is_empty() { String::new() } else { format!("{line} tcp\n") })
        .collect();
    assert_eq!(calls(&story)[0].state(), State::Completed);
}

#[test]
fn findings_come_out_while_the_capture_goes_on() {
    let mut story = "0 1>2 INVITE 1 sdp=0\n5 2>1 407/INVITE 1 nonce=a\n6 1>2 ACK 1\n9 1>2 INVITE 2 sdp=0 auth\n15 2>1 403/INVITE 2\n16 1>2 ACK 2".to_owned();
    for n in 0..100 {
        story.push_str(&format!(
            "\n{} 5>6 OPTIONS {n} id=x\n{} 6>5 200/OPTIONS {n} id=x",
            1000 + n * 50,
            1001 + n * 50
        ));
    }
    let capture = told(&story);
    let at = capture.first_said_at("sip.auth-failed").unwrap();
    assert!((2000..=2200).contains(&at), "{at}");
}

/// Pings between others, once a second, from one time to another.
fn meanwhile(from_s: u32, to_s: u32) -> String {
    let ping = |s: u32| format!("\n{}000 5>6 OPTIONS {s} id=x{s}\n{}005 6>5 200/OPTIONS {s} id=x{s}", s, s);
    (from_s..to_s).map(ping).collect()
}

#[test]
fn a_loop_is_told_while_it_goes_on() {
    let attempt =
        |n: u32| format!("\n{} 1>2 REGISTER {n} auth\n{} 2>1 401/REGISTER {n} nonce=n{n}", n * 5000, n * 5000 + 5);
    let story: String = (1..40).map(attempt).collect();
    let at = told(&story).first_said_at("sip.auth-loop").unwrap();
    assert!((23_000..=30_100).contains(&at), "{at}");
    check(&story, &["sip.auth-loop"]);
}

#[test]
fn what_is_wrong_with_a_call_that_goes_on_is_told_once() {
    for (media, code) in [("", "media.none"), ("\n520 1>2 RTP 4000", "media.one-way")] {
        let story = [SET_UP, media, &meanwhile(1, 90)].concat();
        let at = told(&story).first_said_at(code).unwrap();
        assert!((60_500..=61_100).contains(&at), "{at}");
        // Hours later it ends.
        let end = shifted(BYE, 10_000_000);
        check(&[&*story, &meanwhile(9990, 10_000), &end].concat(), &[code]);
    }
    // It is on hold for the most of it.
    let held = SET_UP.replace("sdp=0,8", "sdp=0,8 hold");
    check(&[&*held, "\n520 1>2 RTP 3000", &meanwhile(1, 90)].concat(), &[]);
    // Nobody says BYE.
    let lossy = [SET_UP, "\n520 1>2 RTP 300 lose=30\n530 2>1 RTP 300", &meanwhile(1, 200)].concat();
    let at = told(&lossy).first_said_at("media.loss").unwrap();
    assert!((126_000..=128_000).contains(&at), "{at}");
    check(&lossy, &["media.loss"]);
}

#[test]
fn what_was_due_is_judged_by_its_own_time() {
    let story = "0 1>2 INVITE 1 sdp=0\n500 1>2 INVITE 1 sdp=0\n1500 1>2 INVITE 1 sdp=0";
    let summary = |story: &str| told(story).findings().remove(0).summary;
    let late = summary(&format!("{story}\n250000 5>6 OPTIONS 1 id=x\n250005 6>5 200/OPTIONS 1 id=x"));
    assert_eq!(late, summary(&[story, &meanwhile(2, 250)].concat()));
    assert!(late.contains("in 32 s"), "{late}");
}

#[test]
fn no_more_calls_than_the_limit_are_followed() {
    let mut tracker = Tracker::default();
    let mut over = Vec::new();
    let mut capture = Capture::default();
    for n in 0..MAX_CALLS + 10 {
        let id = format!("id=c{n}");
        let octets = message("INVITE", "1", &[&id], 1);
        capture.udp(0, host(1, 5060), host(2, 5060), &octets);
    }
    capture.for_each(|packet| tracker.observe(packet, 0, &mut over));
    assert_eq!(over.len(), 10);
}

#[test]
fn a_call_keeps_no_more_than_the_limits() {
    let forks: String = (0..40).map(|n| format!("\n{} 2>1 200/INVITE 1 sdp=0 tag=t{n}", 500 + n)).collect();
    let asked: String = (0..MAX_STEPS).map(|n| format!("\n{} 1>2 OPTIONS {} in", 1000 + n, n + 2)).collect();
    let calls = calls(&format!("0 1>2 INVITE 1 sdp=0{forks}{asked}"));
    let call = &calls[0];
    assert_eq!(call.steps.len(), MAX_STEPS);
    assert_eq!(call.transactions.len(), MAX_TRANSACTIONS);
    assert_eq!(call.sessions.len(), MAX_SESSIONS);
    assert_eq!(call.transactions[0].accepted.len(), MAX_ACCEPTED);
}
