//! `sip.auth-loop` and `sip.auth-failed`: who asks cannot show that he is who he says.

use super::{CallKind, Out};
use crate::call::{Call, Purpose, Transaction};
use crate::diagnose::Evidence;
use crate::diagnose::finding::{Code, Finding, Severity, Subject};

static LOOP: Code = Code {
    name: "sip.auth-loop",
    severity: Severity::Error,
    advice: "compare user name, password and realm on both sides; a client that goes on after two refusals should be stopped",
};

static FAILED: Code = Code {
    name: "sip.auth-failed",
    severity: Severity::Error,
    advice: "compare user name, password and realm of the client with those of the server",
};

pub(crate) static RULE: CallKind = CallKind { codes: &[&LOOP, &FAILED], judge };

/// So many challenges of one request in a row are a loop.
const LOOP_LEN: usize = 3;

/// The requests of one method and for one address, in order, each CSeq number once: a challenge that a proxy hands on is
/// no second one. What was sent after the answer is another attempt, though some clients do not count on.
fn attempts<'c>(call: &'c Call, method: &str, to: &str) -> Vec<&'c Transaction> {
    let mut attempts: Vec<&Transaction> = Vec::new();
    let is_meant = |transaction: &&Transaction| transaction.method == method && transaction.to == to;
    for transaction in call.transactions.iter().filter(is_meant) {
        let nonce = |transaction: &Transaction| {
            transaction.last.as_ref().and_then(|last| last.challenge.as_ref()).map(|challenge| challenge.nonce)
        };
        let is_same = |other: &&mut &Transaction| {
            let is_later = other.last.as_ref().is_some_and(|last| last.mark < transaction.start());
            other.sequence == transaction.sequence
                && other.from_tag == transaction.from_tag
                && !is_later
                && (nonce(other) == nonce(transaction) || nonce(other).is_none() || nonce(transaction).is_none())
        };
        match attempts.iter_mut().find(is_same) {
            // The hop on which more is known of its end tells.
            Some(other) if better(transaction, other) => *other = transaction,
            Some(_) => {}
            None => attempts.push(transaction),
        }
    }
    attempts
}

fn better(transaction: &Transaction, than: &Transaction) -> bool {
    let rank = |transaction: &Transaction| match transaction.status() {
        Some(200..=299) => 3,
        Some(401 | 407) => 2,
        Some(_) => 1,
        None => 0,
    };
    rank(transaction) > rank(than)
}

fn judge(call: &Call, out: &mut Out<'_>) {
    let mut requests: Vec<(&str, &str)> = Vec::new();
    let is_about_it = |transaction: &&Transaction| {
        transaction.is_challenged() || transaction.user.is_some() && matches!(transaction.status(), Some(403 | 404))
    };
    for transaction in call.transactions.iter().filter(is_about_it) {
        let request = (transaction.method.as_str(), transaction.to.as_str());
        if !requests.contains(&request) {
            requests.push(request);
        }
    }
    for (method, to) in requests {
        judge_request(call, method, to, out);
    }
}

/// Whether a final response refuses the credentials of its request.
fn refuses(transaction: &Transaction, method: &str) -> bool {
    // RFC 3261, 22.4 and RFC 7616, 3.3: credentials that came too late are right, the nonce is to be a new one.
    let is_stale = transaction.last.as_ref().and_then(|last| last.challenge.as_ref()).is_some_and(|of| of.is_stale);
    transaction.user.is_some()
        && match transaction.status() {
            Some(401 | 407) => !is_stale,
            Some(403) => matches!(method, "REGISTER" | "INVITE"),
            Some(404) => method == "REGISTER",
            _ => false,
        }
}

/// Whether a final response says that whoever asks was taken for who he is.
fn is_past_authentication(status: u16, method: &str) -> bool {
    match status {
        400 | 403 | 408 => false,
        404 => method != "REGISTER",
        status => (300..500).contains(&status) || status >= 600,
    }
}

/// For which realm a request was challenged.
fn realm_of(transaction: &Transaction) -> &str {
    let challenge = transaction.last.as_ref().and_then(|last| last.challenge.as_ref());
    challenge.map_or("", |challenge| &challenge.realm)
}

/// Of the challenges of a run those for the realm that has most of them.
fn of_one_realm<'c>(run: &[&'c Transaction]) -> Vec<&'c Transaction> {
    let of = |realm: &str| run.iter().filter(|attempt| realm_of(attempt) == realm).count();
    let realm = run.iter().map(|attempt| realm_of(attempt)).max_by_key(|realm| of(realm)).unwrap_or_default();
    run.iter().copied().filter(|attempt| realm_of(attempt) == realm).collect()
}

fn judge_request(call: &Call, method: &str, to: &str, out: &mut Out<'_>) {
    let attempts = attempts(call, method, to);
    if !call.is_over && !call.stage.is_looping {
        return;
    }
    // Only what came behind the last success counts.
    let since = attempts.iter().rposition(|attempt| attempt.is_accepted()).map_or(0, |at| at + 1);
    let attempts = attempts.get(since..).unwrap_or_default();
    if method == "INVITE" && call.is_answered() && attempts.iter().all(|attempt| attempt.is_initial) {
        return;
    }
    let mut runs: Vec<Vec<&Transaction>> = vec![Vec::new()];
    for attempt in attempts {
        match attempt.status() {
            Some(401 | 407) => runs.last_mut().into_iter().for_each(|run| run.push(attempt)),
            // Whoever is told that the phone is busy was believed.
            Some(status) if is_past_authentication(status, method) => runs = vec![Vec::new()],
            Some(_) => runs.push(Vec::new()),
            None => {}
        }
    }
    // Each proxy on the way may ask once, for its own realm.
    let runs: Vec<Vec<&Transaction>> = runs.iter().map(|run| of_one_realm(run)).collect();
    let longest = runs.iter().max_by_key(|run| run.len()).map_or(&[][..], Vec::as_slice);
    if longest.len() >= LOOP_LEN {
        let mut evidence = Evidence::default();
        longest.iter().for_each(|attempt| {
            evidence.join(&attempt.requests);
            evidence.join(&attempt.responses);
        });
        let challenges = longest.iter().filter_map(|attempt| attempt.last.as_ref()?.challenge.as_ref());
        let mut nonces: Vec<u64> = challenges.clone().map(|challenge| challenge.nonce).collect();
        nonces.sort_unstable();
        nonces.dedup();
        let realm = challenges.clone().next().map_or("", |challenge| &challenge.realm);
        let nonce = if nonces.len() == longest.len() { "a new nonce each time" } else { "nonces repeated" };
        let sent = longest.iter().filter(|attempt| attempt.user.is_some()).count();
        let with = match sent {
            0 => "credentials never sent".to_owned(),
            _ => format!("credentials sent {sent} times and never accepted"),
        };
        let what = what(call, method, to);
        let count = longest.len();
        let summary = format!("{what} challenged {count} times; realm \"{realm}\", {nonce}, {with}");
        let user = longest.iter().find_map(|attempt| attempt.user.as_deref());
        let mut finding = Finding::new(&LOOP, subject(call, to), evidence, summary);
        if let Some(user) = user {
            finding = finding.advice(format!(
                "the password or the realm of user {user} does not match the registrar's or proxy's; stop the client, which goes on asking"
            ));
        } else {
            finding = finding.advice("the client does not answer challenges: give it a user name and a password for the realm, or let the server ask for none");
        }
        out.say(finding);
        return;
    }
    if !call.is_over {
        return;
    }
    let of_another_realm = |at: usize| {
        let before = || attempts.iter().take(at).filter(|other| other.is_challenged());
        attempts.get(at).is_some_and(|attempt| {
            attempt.is_challenged()
                && before().next().is_some()
                && before().all(|other| realm_of(other) != realm_of(attempt))
        })
    };
    // The next proxy on the way asks for its own realm: the credentials for the one before were good.
    let is_refused = |(at, attempt): &(usize, &&Transaction)| refuses(attempt, method) && !of_another_realm(*at);
    let Some((_, refused)) = attempts.iter().enumerate().rfind(is_refused) else { return };
    // Whatever came of it later counts, unless it is no answer to who one is.
    let last = attempts.iter().rev().find(|attempt| attempt.last.is_some());
    if !last.is_some_and(|last| refuses(last, method) || last.is_challenged()) {
        return;
    }
    let Some(answer) = &refused.last else { return };
    let mut evidence = Evidence::default();
    for attempt in attempts.iter().filter(|attempt| attempt.is_challenged() || refuses(attempt, method)) {
        evidence.join(&attempt.requests);
        evidence.join(&attempt.responses);
    }
    let user = refused.user.as_deref().unwrap_or_default();
    let what = what(call, method, to);
    let summary =
        format!("{what}: the credentials of user \"{user}\" were refused with {} {}", answer.status, answer.phrase);
    let advice = match answer.status {
        404 => format!("user {user} is not known to the server: check its name there"),
        403 => format!("the password of user {user} is wrong, or the server does not let this user or address in"),
        _ => format!("compare name, password and realm of user {user} with those of the server"),
    };
    out.say(Finding::new(&FAILED, subject(call, to), evidence, summary).advice(advice));
}

/// A registration is named by the address that it is for: its next attempt may have another Call-ID.
fn subject(call: &Call, to: &str) -> Subject {
    match call.purpose {
        Purpose::Registration => Subject::new("registration", to).and("call_id", &*call.call_id),
        Purpose::Call | Purpose::Other => call.subject(),
    }
}

/// The request for people: `REGISTER for sip:613@example.net`.
fn what(call: &Call, method: &str, to: &str) -> String {
    match call.purpose {
        Purpose::Registration => format!("{method} for {to}"),
        _ => format!("{method} from {} to {to}", call.from),
    }
}
