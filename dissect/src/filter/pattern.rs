//! Regular expressions of `matches`: Perl's syntax, as Wireshark takes it, compiled without backtracking.
//!
//! Patterns are without regard to case and know octets, not characters, unless they say otherwise. What needs
//! backtracking (references to groups, look-around, atomic groups) is refused: time stays linear in the packet.

use std::fmt::Write;

use regex::bytes::{Regex, RegexBuilder};

use super::{MAX_DEPTH, MAX_REGEX, MAX_REGEX_SIZE};

/// Compiles a pattern; the error is a message without its place.
pub(crate) fn compile(pattern: &[u8]) -> Result<Regex, String> {
    if pattern.len() > MAX_REGEX {
        return Err(format!("the regular expression has {} octets, more than {MAX_REGEX}", pattern.len()));
    }
    let fault = |why: &str| format!("the regular expression does not compile: {why}");
    let text = translate(pattern).map_err(fault)?;
    RegexBuilder::new(&text)
        .case_insensitive(true)
        .unicode(false)
        .size_limit(MAX_REGEX_SIZE)
        .dfa_size_limit(MAX_REGEX_SIZE)
        .nest_limit(MAX_DEPTH as u32)
        .build()
        .map_err(|error| fault(&reason(&error)))
}

/// The last line of what the compiler says, which has the reason without the picture.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default().trim();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

/// What Perl's syntax means by a sequence that the compiler reads otherwise or not at all.
const SEQUENCES: &[(u8, &str)] = &[
    (b'h', "[\\t ]"),
    (b'H', "[^\\t ]"),
    (b'N', "[^\\n]"),
    (b'R', "(?:\\r\\n|[\\n\\x0b\\x0c\\r])"),
    (b'Z', "(?:\\n?\\z)"),
    (b'e', "\\x1b"),
    (b'<', "<"),
    (b'>', ">"),
];

/// The pattern in the syntax of the compiler.
fn translate(pattern: &[u8]) -> Result<String, &'static str> {
    let mut text = String::with_capacity(pattern.len() + 16);
    // With lines of their own (`(?m)`) an end of line is what the compiler takes it for.
    let has_lines = has_flag(pattern, b'm');
    let mut at = 0;
    while let Some(c) = pattern.get(at).copied() {
        let rest = pattern.get(at..).unwrap_or_default();
        at += match c {
            b'\\' => escape(rest, &mut text)?,
            b'[' => class(rest, &mut text)?,
            // The end is also before a line end that ends the text.
            b'$' if !has_lines => push(&mut text, "(?:\\n?\\z)", 1),
            b'{' if !is_repetition(rest) => push(&mut text, "\\{", 1),
            b'(' => match rest {
                [_, b'?', b'=' | b'!', ..] | [_, b'?', b'<', b'=' | b'!', ..] => {
                    return Err("look-around is not supported");
                }
                [_, b'?', b'>', ..] => return Err("atomic groups are not supported"),
                _ => push(&mut text, "(", 1),
            },
            c => octet(c, &mut text),
        };
    }
    Ok(text)
}

fn push(text: &mut String, piece: &str, taken: usize) -> usize {
    text.push_str(piece);
    taken
}

/// An octet that stands for itself; those beyond ASCII each on their own, as patterns know no encoding.
fn octet(c: u8, text: &mut String) -> usize {
    if c.is_ascii() {
        text.push(c as char);
    } else {
        let _ = write!(text, "\\x{c:02x}");
    }
    1
}

/// Whether a group of the pattern sets the flag for what follows, as `(?m)` or `(?im:` do.
fn has_flag(pattern: &[u8], flag: u8) -> bool {
    pattern.windows(2).enumerate().any(|(at, window)| {
        let flags = pattern.get(at + 2..).unwrap_or_default();
        window == b"(?" && flags.iter().take_while(|c| c.is_ascii_lowercase()).any(|c| *c == flag)
    })
}

/// Whether a brace begins a count, as in `{2}`, `{2,}` and `{2,3}`; otherwise it stands for itself.
fn is_repetition(rest: &[u8]) -> bool {
    let Some(end) = rest.iter().position(|c| *c == b'}') else {
        return false;
    };
    let inner = rest.get(1..end).unwrap_or_default();
    let is_number = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
    match inner.iter().position(|c| *c == b',') {
        None => !inner.is_empty() && is_number(inner),
        Some(comma) => {
            let (from, to) = inner.split_at(comma);
            !from.is_empty() && is_number(from) && to.get(1..).is_some_and(is_number)
        }
    }
}

/// A backslash and what belongs to it; how much that is.
fn escape(rest: &[u8], text: &mut String) -> Result<usize, &'static str> {
    let Some(next) = rest.get(1).copied() else {
        return Err("a backslash at the end");
    };
    if let Some((_, piece)) = SEQUENCES.iter().find(|row| row.0 == next) {
        return Ok(push(text, piece, 2));
    }
    match next {
        b'0' => Ok(octal(rest, text)),
        b'1'..=b'9' | b'k' => Err("references to groups are not supported"),
        b'Q' => {
            let literal = rest.get(2..).unwrap_or_default();
            let end = literal.windows(2).position(|window| window == b"\\E");
            let literal = literal.get(..end.unwrap_or(literal.len())).unwrap_or_default();
            for c in literal {
                let _ = write!(text, "\\x{c:02x}");
            }
            Ok(2 + literal.len() + end.map_or(0, |_| 2))
        }
        b'E' => Ok(2),
        next if next.is_ascii() => {
            text.push('\\');
            text.push(next as char);
            Ok(2)
        }
        next => Ok(1 + octet(next, text)),
    }
}

/// `\0` and at most two more octal digits.
fn octal(rest: &[u8], text: &mut String) -> usize {
    let digits = rest.iter().skip(1).take(3).take_while(|c| matches!(c, b'0'..=b'7'));
    let (value, count) =
        digits.fold((0u8, 0), |(value, count), c| (value.wrapping_mul(8).wrapping_add(c - b'0'), count + 1));
    let _ = write!(text, "\\x{value:02x}");
    1 + count
}

/// A class in brackets. Perl's classes do not nest and know no operators on sets.
fn class(rest: &[u8], text: &mut String) -> Result<usize, &'static str> {
    text.push('[');
    let mut at = 1;
    if rest.get(at) == Some(&b'^') {
        at += push(text, "^", 1);
    }
    // A right bracket that comes first is a member.
    if rest.get(at) == Some(&b']') {
        at += push(text, "\\]", 1);
    }
    while let Some(c) = rest.get(at).copied() {
        let after = rest.get(at..).unwrap_or_default();
        at += match c {
            b']' => {
                text.push(']');
                return Ok(at + 1);
            }
            b'[' => match named_class(after) {
                Some(len) => {
                    let name = after.get(..len).unwrap_or_default();
                    name.iter().map(|c| octet(*c, text)).sum()
                }
                None => push(text, "\\[", 1),
            },
            b'&' | b'~' => {
                text.push('\\');
                octet(c, text)
            }
            b'-' if after.get(1) == Some(&b'-') => push(text, "\\-", 1),
            b'\\' => match after.get(1) {
                Some(b'b') => push(text, "\\x08", 2),
                Some(b'h') => push(text, "\\t ", 2),
                Some(b'0'..=b'7') => octal(after, text),
                _ => escape(after, text)?,
            },
            c => octet(c, text),
        };
    }
    Err("the right bracket of a class is missing")
}

/// How long a name as `[:alpha:]` is, if the text begins with one.
fn named_class(rest: &[u8]) -> Option<usize> {
    let inner = rest.strip_prefix(b"[:")?;
    let len = inner.iter().take_while(|c| c.is_ascii_alphabetic() || **c == b'^').count();
    inner.get(len..)?.starts_with(b":]").then_some(len + 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, yes: &[&str], no: &[&str]) {
        let regex = compile(pattern.as_bytes()).unwrap_or_else(|error| panic!("{pattern}: {error}"));
        for text in yes {
            assert!(regex.is_match(text.as_bytes()), "{pattern} should match {text:?}");
        }
        for text in no {
            assert!(!regex.is_match(text.as_bytes()), "{pattern} should not match {text:?}");
        }
    }

    #[test]
    fn perl_syntax() {
        check("^invite$", &["INVITE", "invite\n"], &["invite\n\n", "invites", "invite\r\n"]);
        check("(?-i)^invite", &["invite"], &["INVITE"]);
        check("(?m)^b$", &["a\nb\nc"], &["ab"]);
        check("a.b", &["a\rb"], &["a\nb"]);
        check("(?s)a.b", &["a\nb"], &["ab"]);
        check("[^[]x[]]", &["ax]"], &["[x]"]);
        check("[a&&b]{2}", &["&b"], &["&"]);
        check("[--a]", &["-", ".", "B"], &["~"]);
        check("[[:digit:][:^alpha:]]", &["5", "."], &["a"]);
        check("{\"id\":{1,2}}", &["{\"id\":}", "{\"ID\"::}"], &["{\"id\":::}"]);
        check("a{2}b{1,}c{,3}", &["aabbc{,3}"], &["aabc"]);
        check("\\Qa.b\\E+", &["a.b"], &["aXb"]);
        check("\\012\\0", &["\n\0"], &["\n0"]);
        check("\\h\\H\\N\\R", &["\tab\r\n", " ab\n"], &["aab\n"]);
        check("<\\<\\>\\/\\-\\e", &["<<>/-\x1b"], &[]);
        check("\u{e4}\\w", &["\u{e4}x"], &["\u{e4}\u{e4}"]);
        check("[\\b\\h\\0]x", &["\x08x", " x", "\0x"], &["bx"]);
        check("b\\Z", &["ab", "ab\n"], &["abc"]);
        assert!(compile(b"\xff\\xfe").is_ok_and(|regex| regex.is_match(b"\xff\xfe")));
    }

    #[test]
    fn what_needs_backtracking_is_refused() {
        for pattern in ["(a)\\1", "(?=a)", "(?!a)", "(?<=a)b", "(?<!a)b", "(?>a)", "(?<n>a)\\k<n>"] {
            let error = compile(pattern.as_bytes()).expect_err(pattern);
            assert!(error.contains("not supported"), "{error}");
        }
        for pattern in ["(", "a)", "[a", "*", "a\\", "(?<n", "a{2000000000}"] {
            assert!(compile(pattern.as_bytes()).is_err(), "{pattern}");
        }
    }
}
