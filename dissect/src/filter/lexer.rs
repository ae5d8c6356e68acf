//! Text to tokens, one at a time: the parser knows where slices begin, whose text has rules of its own.

use super::ast::Part;
use super::error::{Fault, Span};

#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Token {
    End,
    /// A run of letters, digits and `_ . : -`: a name, a number, an address, octets.
    Word(String),
    Text(Vec<u8>),
    Char(u8),
    /// One of [`SYMBOLS`].
    Symbol(&'static str),
}

/// Operators and brackets; of those with a common beginning the longest stands first.
const SYMBOLS: &[&str] = &[
    "===", "!==", "..", "==", "!=", "~=", ">=", "<=", "&&", "||", "^^", "(", ")", "[", "]", "{", "}", ",", ";", "#",
    "@", "$", ">", "<", "~", "!", "&", "+", "-", "*", "/", "%",
];

pub(crate) struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

fn is_word(c: u8) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, b'_' | b'.' | b':' | b'-') || c >= 0x80
}

/// Whether a word may be followed by a prefix length: an address of version 4 or 6.
fn may_have_prefix(word: &str) -> bool {
    let octets = word.bytes().filter(|c| *c == b'.').count();
    let dotted = octets == 3 && word.bytes().all(|c| c.is_ascii_digit() || c == b'.');
    let colons = word.bytes().filter(|c| *c == b':').count();
    dotted || (colons >= 2 && word.bytes().all(|c| c.is_ascii_hexdigit() || matches!(c, b':' | b'.')))
}

impl<'t> Lexer<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    fn rest(&self) -> &'t [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn peek(&self, ahead: usize) -> u8 {
        self.rest().get(ahead).copied().unwrap_or(0)
    }

    fn skip_blanks(&mut self) {
        while self.peek(0).is_ascii_whitespace() {
            self.at += 1;
        }
    }

    /// The next token and its place.
    pub(crate) fn next(&mut self) -> Result<(Token, Span), Fault> {
        self.skip_blanks();
        let start = self.at;
        let Some(first) = self.rest().first().copied() else {
            return Ok((Token::End, start..start));
        };
        let token = match first {
            b'"' => Token::Text(self.quoted(b'"', false)?),
            b'r' | b'R' if self.peek(1) == b'"' => {
                self.at += 1;
                Token::Text(self.quoted(b'"', true)?)
            }
            b'\'' => Token::Char(self.character()?),
            c if is_word(c) && c != b'-' && !self.rest().starts_with(b"..") => self.word(),
            _ => {
                let symbol = SYMBOLS.iter().find(|symbol| self.rest().starts_with(symbol.as_bytes()));
                let Some(symbol) = symbol else {
                    let span = start..start + 1;
                    let shown = first as char;
                    return Err(Fault::new(span, format!("\"{shown}\" was unexpected in this context")));
                };
                self.at += symbol.len();
                Token::Symbol(symbol)
            }
        };
        Ok((token, start..self.at))
    }

    fn word(&mut self) -> Token {
        let start = self.at;
        while is_word(self.peek(0)) && !self.rest().starts_with(b"..") {
            self.at += 1;
        }
        // A sign belongs to a number in exponent form, and a prefix length to an address.
        let word = self.text.get(start..self.at).unwrap_or_default();
        let mantissa = word.strip_suffix(['e', 'E']);
        let is_exponent = mantissa.is_some_and(|m| m.parse::<f64>().is_ok());
        let is_signed = is_exponent && self.peek(0) == b'+' && self.peek(1).is_ascii_digit();
        let is_prefix = self.peek(0) == b'/' && self.peek(1).is_ascii_digit() && may_have_prefix(word);
        if is_signed || is_prefix {
            self.at += 1;
            while self.peek(0).is_ascii_digit() {
                self.at += 1;
            }
        }
        Token::Word(self.text.get(start..self.at).unwrap_or_default().to_owned())
    }

    /// The octets between quotes; the opening one is at hand.
    fn quoted(&mut self, quote: u8, raw: bool) -> Result<Vec<u8>, Fault> {
        let start = self.at;
        self.at += 1;
        let mut octets = Vec::new();
        loop {
            match self.rest().first().copied() {
                None => {
                    return Err(Fault::new(start..self.at, "the final quote of a string is missing"));
                }
                Some(c) if c == quote => {
                    self.at += 1;
                    return Ok(octets);
                }
                // A raw string keeps its backslashes, and one still protects a quote.
                Some(b'\\') if raw => {
                    octets.push(b'\\');
                    self.at += 1;
                    if self.peek(0) == quote {
                        octets.push(quote);
                        self.at += 1;
                    }
                }
                Some(b'\\') => self.escape(&mut octets)?,
                Some(c) => {
                    octets.push(c);
                    self.at += 1;
                }
            }
        }
    }

    fn escape(&mut self, octets: &mut Vec<u8>) -> Result<(), Fault> {
        let start = self.at;
        let kind = self.peek(1);
        self.at += 2;
        let plain = match kind {
            b'"' | b'\'' | b'\\' => Some(kind),
            b'a' => Some(0x07),
            b'b' => Some(0x08),
            b'f' => Some(0x0c),
            b'n' => Some(b'\n'),
            b'r' => Some(b'\r'),
            b't' => Some(b'\t'),
            b'v' => Some(0x0b),
            _ => None,
        };
        if let Some(plain) = plain {
            octets.push(plain);
            return Ok(());
        }
        let (radix, digits, exact) = match kind {
            b'0'..=b'7' => {
                self.at -= 1;
                (8, 3, false)
            }
            b'x' => (16, 2, false),
            b'u' => (16, 4, true),
            b'U' => (16, 8, true),
            _ => {
                let end = self.text.ceil_char_boundary(self.at);
                self.at = end;
                let shown = self.text.get(start..end).unwrap_or_default();
                return Err(Fault::new(start..end, format!("{shown} is not an escape sequence")));
            }
        };
        let mut value = 0u32;
        let mut seen = 0;
        while seen < digits
            && let Some(digit) = (self.peek(0) as char).to_digit(radix)
        {
            value = value.saturating_mul(radix).saturating_add(digit);
            self.at += 1;
            seen += 1;
        }
        let shown = self.text.get(start..self.at).unwrap_or_default();
        let fault = |why: &str| Fault::new(start..self.at, format!("{shown} {why}"));
        if seen == 0 || (exact && seen < digits) {
            return Err(fault("lacks hexadecimal digits"));
        }
        if exact {
            let c = char::from_u32(value).ok_or_else(|| fault("is not a character of Unicode"))?;
            octets.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        } else {
            let octet = u8::try_from(value).map_err(|_| fault("is larger than 255"))?;
            octets.push(octet);
        }
        Ok(())
    }

    fn character(&mut self) -> Result<u8, Fault> {
        let start = self.at;
        let octets = self
            .quoted(b'\'', false)
            .map_err(|fault| Fault { message: fault.message.replace("a string", "a character"), ..fault })?;
        match octets[..] {
            [octet] => Ok(octet),
            [] => Err(Fault::new(start..self.at, "a character constant is empty")),
            _ => {
                let shown = self.text.get(start..self.at).unwrap_or_default();
                Err(Fault::new(start..self.at, format!("{shown} is too long for a character constant")))
            }
        }
    }

    /// Goes to a place that a token began or ended at.
    pub(crate) fn seek(&mut self, at: usize) {
        self.at = at;
    }

    /// Where the next token will be looked for.
    pub(crate) fn place(&self) -> usize {
        self.at
    }

    /// What follows `#`: a number, or numbers and ranges in brackets. The `#` has just been taken.
    pub(crate) fn layers(&mut self) -> Result<Vec<Part>, Fault> {
        let start = self.at;
        if self.peek(0) == b'[' {
            self.at += 1;
            return self.parts(start);
        }
        if !self.peek(0).is_ascii_digit() {
            let c = self.text.get(self.at..).unwrap_or_default().chars().next();
            let shown = c.map_or(String::from("the end"), |c| format!("\"{c}\""));
            let end = self.at + c.map_or(0, char::len_utf8);
            return Err(Fault::new(start..end, format!("a digit or \"[\" must follow \"#\", not {shown}")));
        }
        Ok(vec![Part::At(self.number()?)])
    }

    /// The runs of a slice or of layers up to its right bracket; the left one, at `open`, has just been taken.
    pub(crate) fn parts(&mut self, open: usize) -> Result<Vec<Part>, Fault> {
        let mut parts = Vec::new();
        loop {
            self.skip_blanks();
            let start = self.at;
            let part = self.part()?;
            self.skip_blanks();
            let why = match part {
                Part::Length(_, 0) => Some("a range must not be empty"),
                Part::Range(from, to) if (from < 0) != (to < 0) => Some("both ends of a range must have one sign"),
                Part::Range(from, to) if from >= to => Some("a range must end behind its beginning"),
                _ => None,
            };
            if let Some(why) = why {
                return Err(Fault::new(start..self.at, why));
            }
            parts.push(part);
            if parts.len() > super::MAX_SLICES {
                let message = format!("more than {} ranges in one slice", super::MAX_SLICES);
                return Err(Fault::new(open..self.at, message));
            }
            match self.peek(0) {
                b',' => self.at += 1,
                b']' => {
                    self.at += 1;
                    return Ok(parts);
                }
                _ => {
                    return Err(self.unexpected_in_slice(open));
                }
            }
        }
    }

    fn unexpected_in_slice(&self, open: usize) -> Fault {
        match self.text.get(self.at..).unwrap_or_default().chars().next() {
            None => Fault::new(open..self.at, "the right bracket of a slice is missing"),
            Some(c) => Fault::new(self.at..self.at + c.len_utf8(), format!("\"{c}\" was unexpected in a slice")),
        }
    }

    fn part(&mut self) -> Result<Part, Fault> {
        if self.peek(0) == b':' {
            self.at += 1;
            self.skip_blanks();
            return match self.peek(0) {
                b'0'..=b'9' => {
                    let len = self.number()?;
                    Ok(Part::Length(0, len.unsigned_abs()))
                }
                _ => Ok(Part::From(0)),
            };
        }
        let from = self.number()?;
        self.skip_blanks();
        match self.peek(0) {
            b':' => {
                self.at += 1;
                self.skip_blanks();
                if !self.peek(0).is_ascii_digit() {
                    return Ok(Part::From(from));
                }
                Ok(Part::Length(from, self.number()?.unsigned_abs()))
            }
            b'-' => {
                self.at += 1;
                self.skip_blanks();
                Ok(Part::Range(from, self.number()?))
            }
            _ => Ok(Part::At(from)),
        }
    }

    /// A number that fits into 32 bits: no packet is longer.
    fn number(&mut self) -> Result<i64, Fault> {
        let start = self.at;
        let is_negative = self.peek(0) == b'-';
        if is_negative {
            self.at += 1;
        }
        let digits = self.at;
        let radix = match (self.peek(0), self.peek(1)) {
            (b'0', b'x' | b'X') => 16,
            _ => 10,
        };
        if radix == 16 {
            self.at += 2;
        }
        let first = self.at;
        let mut value = 0i64;
        while let Some(digit) = (self.peek(0) as char).to_digit(radix) {
            value = value.saturating_mul(radix.into()).saturating_add(digit.into());
            self.at += 1;
        }
        if self.at == first {
            self.at = digits;
            return Err(self.unexpected_in_slice(start));
        }
        if value > i64::from(u32::MAX) {
            let shown = self.text.get(start..self.at).unwrap_or_default();
            return Err(Fault::new(start..self.at, format!("{shown} is too large for a slice")));
        }
        Ok(if is_negative { -value } else { value })
    }

    /// The name of a reference, after `$`: in braces or bare.
    pub(crate) fn reference(&mut self, start: usize) -> Result<String, Fault> {
        let braced = self.peek(0) == b'{';
        if braced {
            self.at += 1;
            self.skip_blanks();
        }
        let from = self.at;
        while (is_word(self.peek(0)) && self.peek(0) != b':') || self.peek(0) == b'@' {
            self.at += 1;
        }
        let name = self.text.get(from..self.at).unwrap_or_default();
        if braced {
            self.skip_blanks();
            if matches!(self.peek(0), b':' | b';') {
                let message = format!("no macro is called {name}");
                return Err(Fault::new(start..self.at, message));
            }
            if self.peek(0) != b'}' {
                return Err(Fault::new(start..self.at, "the right brace of a reference is missing"));
            }
            self.at += 1;
        }
        if name.is_empty() {
            return Err(Fault::new(start..self.at, "the name of a field or macro must follow \"$\""));
        }
        Ok(name.to_owned())
    }
}
