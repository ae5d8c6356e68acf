//! Tokens to a tree: recursive descent for what is true or false, by binding power for what has values.

use super::ast::{ArithOp, Element, Expr, Kind, Part, Quantifier, RelOp, Relation, Test};
use super::error::{Fault, Span};
use super::lexer::{Lexer, Token};
use super::{MAX_DEPTH, MAX_SET, MAX_TERMS};

pub(crate) struct Parser<'t> {
    lexer: Lexer<'t>,
    token: Token,
    span: Span,
    /// Where the token before ended.
    end_before: usize,
    depth: usize,
    terms: usize,
}

/// Words that are operators and never names.
const KEYWORDS: &[&str] = &[
    "and",
    "or",
    "xor",
    "not",
    "in",
    "any",
    "all",
    "eq",
    "any_eq",
    "all_eq",
    "ne",
    "any_ne",
    "all_ne",
    "gt",
    "ge",
    "lt",
    "le",
    "contains",
    "matches",
    "bitand",
    "bitwise_and",
];

/// The tree of a filter; `None` for one without anything in it, which every packet passes.
pub(crate) fn parse(text: &str) -> Result<Option<Test>, Fault> {
    let mut parser =
        Parser { lexer: Lexer::new(text), token: Token::End, span: 0..0, end_before: 0, depth: 0, terms: 0 };
    parser.advance()?;
    if parser.token == Token::End {
        return Ok(None);
    }
    let test = parser.or()?;
    match parser.token {
        Token::End => Ok(Some(test)),
        _ => Err(parser.unexpected()),
    }
}

impl Parser<'_> {
    fn advance(&mut self) -> Result<(), Fault> {
        self.end_before = self.span.end;
        (self.token, self.span) = self.lexer.next()?;
        Ok(())
    }

    fn unexpected(&self) -> Fault {
        let shown = match &self.token {
            Token::End => {
                return Fault::new(self.span.clone(), "the filter ends too early");
            }
            Token::Word(word) => word.clone(),
            Token::Text(text) => String::from_utf8_lossy(text).into_owned(),
            Token::Char(c) => (*c as char).to_string(),
            Token::Symbol(symbol) => (*symbol).to_owned(),
        };
        Fault::new(self.span.clone(), format!("\"{shown}\" was unexpected in this context"))
    }

    /// Whether the next token is one of the words or signs; takes it if so.
    fn take(&mut self, names: &[&str]) -> Result<bool, Fault> {
        if self.is_next(names) {
            self.advance()?;
            return Ok(true);
        }
        Ok(false)
    }

    fn is_next(&self, names: &[&str]) -> bool {
        match &self.token {
            Token::Word(word) => names.contains(&word.as_str()),
            Token::Symbol(symbol) => names.contains(symbol),
            _ => false,
        }
    }

    fn expect(&mut self, symbol: &str) -> Result<(), Fault> {
        if self.take(&[symbol])? {
            return Ok(());
        }
        Err(self.unexpected())
    }

    /// Goes one level deeper, which [`Parser::leave`] takes back.
    fn enter(&mut self) -> Result<(), Fault> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let message = format!("the filter is nested deeper than {MAX_DEPTH} levels");
            return Err(Fault::new(self.span.clone(), message));
        }
        Ok(())
    }

    fn leave(&mut self) {
        self.depth -= 1;
    }

    fn count_term(&mut self, span: &Span) -> Result<(), Fault> {
        self.terms += 1;
        if self.terms > MAX_TERMS {
            let message = format!("the filter has more than {MAX_TERMS} terms");
            return Err(Fault::new(span.clone(), message));
        }
        Ok(())
    }

    fn or(&mut self) -> Result<Test, Fault> {
        let first = self.xor()?;
        let mut all = vec![first];
        while self.take(&["or", "||"])? {
            all.push(self.xor()?);
        }
        Ok(single(all, Test::Or))
    }

    fn xor(&mut self) -> Result<Test, Fault> {
        let first = self.and()?;
        let mut all = vec![first];
        while self.take(&["xor", "^^"])? {
            all.push(self.and()?);
        }
        Ok(single(all, Test::Xor))
    }

    fn and(&mut self) -> Result<Test, Fault> {
        let first = self.not()?;
        let mut all = vec![first];
        while self.take(&["and", "&&"])? {
            all.push(self.not()?);
        }
        Ok(single(all, Test::And))
    }

    fn not(&mut self) -> Result<Test, Fault> {
        if self.take(&["not", "!"])? {
            self.enter()?;
            let test = self.not()?;
            self.leave();
            return Ok(Test::Not(Box::new(test)));
        }
        if self.take(&["("])? {
            self.enter()?;
            let test = self.or()?;
            self.expect(")")?;
            self.leave();
            return Ok(test);
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Test, Fault> {
        let quantifier = if self.take(&["any"])? {
            Some(Quantifier::Any)
        } else if self.take(&["all"])? {
            Some(Quantifier::All)
        } else {
            None
        };
        let left = self.operand(0)?;
        let negated = self.take(&["not"])?;
        if self.take(&["in"])? {
            let elements = self.set()?;
            // No value is in the set, whatever the quantifier: `all x not in` is not the opposite of `all x in`.
            let all = quantifier == Some(Quantifier::All) && !negated;
            let test = Test::In { left, all, elements };
            return Ok(match negated {
                true => Test::Not(Box::new(test)),
                false => test,
            });
        }
        if negated {
            return Err(self.unexpected());
        }
        let mut relations = Vec::new();
        while let Some(operator) = self.relation() {
            let relation = Relation { operator, quantifier };
            self.advance()?;
            relations.push((relation, self.operand(0)?));
        }
        match (relations.is_empty(), quantifier) {
            (false, _) => Ok(Test::Compare(left, relations)),
            (true, None) => Ok(Test::Operand(left)),
            (true, Some(_)) => Err(self.unexpected()),
        }
    }

    fn relation(&self) -> Option<RelOp> {
        let name = match &self.token {
            Token::Word(word) => word.as_str(),
            Token::Symbol(symbol) => symbol,
            _ => return None,
        };
        Some(match name {
            "==" | "eq" | "any_eq" => RelOp::Eq,
            "===" | "all_eq" => RelOp::AllEq,
            "!=" | "ne" | "all_ne" => RelOp::Ne,
            "!==" | "~=" | "any_ne" => RelOp::AnyNe,
            ">" | "gt" => RelOp::Gt,
            ">=" | "ge" => RelOp::Ge,
            "<" | "lt" => RelOp::Lt,
            "<=" | "le" => RelOp::Le,
            "contains" => RelOp::Contains,
            "matches" | "~" => RelOp::Matches,
            _ => return None,
        })
    }

    fn set(&mut self) -> Result<Vec<Element>, Fault> {
        let start = self.span.start;
        self.expect("{")?;
        let mut elements = Vec::new();
        loop {
            let first = self.operand(0)?;
            let element = match self.take(&[".."])? {
                true => Element::Range(first, self.operand(0)?),
                false => Element::One(first),
            };
            elements.push(element);
            if elements.len() > MAX_SET {
                let message = format!("the set has more than {MAX_SET} elements");
                return Err(Fault::new(start..self.end_before, message));
            }
            if !self.take(&[","])? {
                self.expect("}")?;
                return Ok(elements);
            }
        }
    }

    /// The operator that stands next and how tightly it binds.
    fn arithmetic(&self) -> Option<(ArithOp, u8)> {
        let name = match &self.token {
            Token::Word(word) => word.as_str(),
            Token::Symbol(symbol) => symbol,
            _ => return None,
        };
        Some(match name {
            "&" | "bitand" | "bitwise_and" => (ArithOp::And, 1),
            "+" => (ArithOp::Add, 2),
            "-" => (ArithOp::Sub, 2),
            "*" => (ArithOp::Mul, 3),
            "/" => (ArithOp::Div, 3),
            "%" => (ArithOp::Rem, 3),
            _ => return None,
        })
    }

    /// An operand whose operators bind tighter than `power`.
    fn operand(&mut self, power: u8) -> Result<Expr, Fault> {
        let mut left = self.unary()?;
        while let Some((operator, binding)) = self.arithmetic()
            && binding > power
        {
            self.advance()?;
            let right = self.operand(binding)?;
            let span = left.span.start..right.span.end;
            let height = left.height.max(right.height);
            let kind = Kind::Arith(operator, Box::new(left), Box::new(right));
            left = above(height, kind, span)?;
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Expr, Fault> {
        let start = self.span.start;
        if self.take(&["+"])? {
            self.enter()?;
            let operand = self.unary()?;
            self.leave();
            return Ok(operand);
        }
        if self.take(&["-"])? {
            self.enter()?;
            let operand = self.unary()?;
            self.leave();
            let span = start..operand.span.end;
            // A number with its sign is one literal: -128 is an octet, 128 is none.
            return match &operand.kind {
                Kind::Word(word) if word.starts_with(|c: char| c.is_ascii_digit()) => {
                    Ok(leaf(Kind::Word(format!("-{word}")), span))
                }
                _ => above(operand.height, Kind::Negate(Box::new(operand)), span),
            };
        }
        let mut operand = self.primary()?;
        while self.token == Token::Symbol("[") {
            let open = self.span.start;
            self.lexer.seek(self.span.end);
            let parts = self.lexer.parts(open)?;
            let end = self.lexer.place();
            self.span.end = end;
            self.advance()?;
            let span = operand.span.start..end;
            operand = above(operand.height, Kind::Slice(Box::new(operand), parts), span)?;
        }
        Ok(operand)
    }

    fn primary(&mut self) -> Result<Expr, Fault> {
        let span = self.span.clone();
        self.count_term(&span)?;
        if self.take(&["{"])? {
            self.enter()?;
            let inner = self.operand(0)?;
            self.expect("}")?;
            self.leave();
            return Ok(Expr { span: span.start..self.end_before, ..inner });
        }
        let raw = self.take(&["@"])?;
        if self.token == Token::Symbol("$") {
            return self.reference(span.start, raw);
        }
        let kind = match &self.token {
            Token::Text(text) if !raw => Kind::Text(text.clone()),
            Token::Char(c) if !raw => Kind::Char(*c),
            Token::Word(word) if !KEYWORDS.contains(&word.as_str()) => Kind::Word(word.clone()),
            _ => return Err(self.unexpected()),
        };
        self.advance()?;
        let Kind::Word(name) = kind else {
            return Ok(leaf(kind, span));
        };
        if !raw && self.token == Token::Symbol("(") {
            return self.call(name, span.start);
        }
        self.field(name, span.start, raw)
    }

    fn field(&mut self, name: String, start: usize, raw: bool) -> Result<Expr, Fault> {
        let mut layers: Option<Vec<Part>> = None;
        if self.token == Token::Symbol("#") {
            self.lexer.seek(self.span.end);
            layers = Some(self.lexer.layers()?);
            self.span.end = self.lexer.place();
            self.advance()?;
        }
        let kind = match (raw, &layers) {
            (false, None) => Kind::Word(name),
            _ => Kind::Field { name, layers, raw },
        };
        Ok(leaf(kind, start..self.end_before))
    }

    fn reference(&mut self, start: usize, raw: bool) -> Result<Expr, Fault> {
        self.lexer.seek(self.span.end);
        let mut name = self.lexer.reference(start)?;
        self.span.end = self.lexer.place();
        self.advance()?;
        if self.token == Token::Symbol("(") {
            let message = format!("no macro is called {name}");
            return Err(Fault::new(start..self.end_before, message));
        }
        let mut raw = raw;
        if let Some(inner) = name.strip_prefix('@') {
            name = inner.to_owned();
            raw = true;
        }
        Ok(leaf(Kind::Reference { name, raw }, start..self.end_before))
    }

    fn call(&mut self, name: String, start: usize) -> Result<Expr, Fault> {
        self.enter()?;
        self.expect("(")?;
        let mut arguments = Vec::new();
        if !self.take(&[")"])? {
            loop {
                arguments.push(self.operand(0)?);
                if !self.take(&[","])? {
                    self.expect(")")?;
                    break;
                }
            }
        }
        self.leave();
        let height = arguments.iter().map(|argument| argument.height).max();
        let span = start..self.end_before;
        above(height.unwrap_or(0), Kind::Call(name, arguments), span)
    }
}

fn leaf(kind: Kind, span: Span) -> Expr {
    Expr { kind, span, height: 1 }
}

/// An operand over others of at most `height` levels: whoever walks the tree later needs a bound on its depth too.
fn above(height: usize, kind: Kind, span: Span) -> Result<Expr, Fault> {
    let height = height + 1;
    if height > MAX_DEPTH {
        let message = format!("the filter is nested deeper than {MAX_DEPTH} levels");
        return Err(Fault::new(span, message));
    }
    Ok(Expr { kind, span, height })
}

fn single(mut tests: Vec<Test>, many: fn(Vec<Test>) -> Test) -> Test {
    match tests.len() {
        1 => tests.remove(0),
        _ => many(tests),
    }
}
