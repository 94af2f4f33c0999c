//! String literals, and the replacement fields of f-strings and t-strings (PEP 701, PEP 750).

use super::table::Prefix;
use super::{Failed, Literal, MAX_FIELDS, Previous, RawField, RawPart, Scanner, StringGroup, range};
use pyaudit_source::Range;

/// The quotes of the literal that is read.
#[derive(Clone, Copy)]
struct Quotes {
    byte: u8,
    triple: bool,
}

impl Quotes {
    fn length(self) -> usize {
        if self.triple { 3 } else { 1 }
    }
}

/// What ended a run of literal text.
enum TextEnd {
    Quotes,
    Open,
    Close,
}

/// Whether a word right before a quote is a prefix. `ur` is taken for one, and for a sign of Python 2.
pub(super) fn is_prefix(word: &str) -> bool {
    matches!(
        word.to_ascii_lowercase().as_str(),
        "r" | "b" | "u" | "f" | "t" | "br" | "rb" | "fr" | "rf" | "tr" | "rt" | "ur"
    )
}

impl Scanner<'_> {
    /// Goes over a literal whose first quote is at `quote`; the prefix starts at the current place.
    pub(super) fn string(&mut self, quote: usize) -> Result<(), Failed> {
        let start = self.at;
        let prefix = self.prefix(start, quote);
        let byte = self.bytes[quote];
        let triple = self.bytes[quote..].starts_with(&[byte; 3]);
        let quotes = Quotes { byte, triple };
        let saved = (self.previous, self.string);
        self.at = quote + quotes.length();
        let mut parts = Vec::new();
        let mut valid = true;
        if prefix.has_fields() {
            let (brackets, too_deep) = (self.brackets.len(), self.too_deep);
            valid = self.parts(quotes, prefix.raw, false, &mut parts).is_ok();
            if !valid {
                if self.fields > 0 {
                    return Err(Failed);
                }
                self.waste += self.at - start;
                self.forget(start);
                self.brackets.truncate(brackets);
                self.too_deep = too_deep;
                parts.clear();
                self.at = quote + quotes.length();
            }
        }
        if !valid || !prefix.has_fields() {
            valid &= self.plain(quotes, start)?;
        }
        (self.previous, self.string) = saved;
        let body = range(quote + quotes.length(), self.at.saturating_sub(quotes.length()).max(quote + quotes.length()));
        let literal = Literal { range: range(start, self.at), prefix, body, parts };
        valid &= !self.is_python2_prefix(start, quote);
        self.add_literal(literal, valid);
        Ok(())
    }

    fn prefix(&self, start: usize, quote: usize) -> Prefix {
        let has = |letter: u8| self.bytes[start..quote].iter().any(|byte| byte.to_ascii_lowercase() == letter);
        // A wrong f-string may hide thousands of others: then they are read as plain, so that nothing is read often.
        let fields = self.waste <= 4 * self.bytes.len();
        Prefix {
            raw: has(b'r'),
            bytes: has(b'b'),
            unicode: self.bytes[start] == b'u',
            format: fields && has(b'f'),
            template: fields && has(b't'),
        }
    }

    fn is_python2_prefix(&mut self, start: usize, quote: usize) -> bool {
        let old = self.text[start..quote].eq_ignore_ascii_case("ur");
        if old {
            self.looks_like_python2(range(start, quote), "the prefix `ur` of a string");
        }
        old
    }

    /// Puts a literal beside its neighbours, and one name in place of them all.
    fn add_literal(&mut self, literal: Literal, valid: bool) {
        let place = literal.range;
        let index = self.string.unwrap_or(self.out.strings.len());
        let mut before = None;
        if let Some(group) = self.out.strings.get_mut(index) {
            before = Some((group.mask as usize, group.range.end as usize));
            group.range.end = place.end;
            group.broken |= !valid;
            group.literals.push(literal);
        } else {
            self.out.strings.push(StringGroup { mask: 0, range: place, literals: vec![literal], broken: !valid });
        }
        let whole = self.out.strings[index].range;
        let mask = match before {
            Some((mask, end)) if self.out.masked[mask] == super::MASK_START => {
                self.extend_mask(mask, end, whole.end as usize);
                mask
            }
            _ => self.mask_operand(whole.start as usize, whole.end as usize),
        };
        self.out.strings[index].mask = mask as u32;
        self.token_ends(Previous::Operand);
        self.string = Some(index);
    }

    /// Goes over a literal without fields; tells whether it ends properly.
    fn plain(&mut self, quotes: Quotes, start: usize) -> Result<bool, Failed> {
        while let Some(byte) = self.peek(0) {
            match byte {
                b'\\' => self.skip_escaped(),
                b'\n' | b'\r' if !quotes.triple => break,
                b'\n' if self.cautious && self.fields == 0 && self.hides_definition(self.at + 1) => break,
                _ if self.at_quotes(quotes) => {
                    self.at += quotes.length();
                    return Ok(true);
                }
                _ => self.at += 1,
            }
        }
        self.at = self.at.min(self.bytes.len());
        if self.fields > 0 {
            return Err(Failed);
        }
        self.open_triple |= quotes.triple;
        let first = range(start, start + 1);
        self.problem(first, "a string is never closed");
        if self.cautious && quotes.triple {
            self.end_at_first_line(start);
        }
        Ok(false)
    }

    fn end_at_first_line(&mut self, start: usize) {
        let rest = &self.bytes[start..self.at];
        let length = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len());
        self.waste += rest.len();
        self.at = start + length;
        if self.waste > 4 * self.bytes.len() {
            self.cautious = false;
        }
    }

    /// Whether the line that starts at a place looks like a definition.
    fn hides_definition(&self, start: usize) -> bool {
        let first = self.after_spaces(start);
        let word = self.word(first);
        if !matches!(word, "def" | "class" | "async") {
            return false;
        }
        let line = self.bytes[first..].split(|&byte| byte == b'\n').next().unwrap_or_default();
        let end = line.trim_ascii_end();
        line.get(word.len()) == Some(&b' ') && (end.ends_with(b":") || word == "def" && line.contains(&b'('))
    }

    fn at_quotes(&self, quotes: Quotes) -> bool {
        let rest = &self.bytes[self.at..];
        if quotes.triple { rest.starts_with(&[quotes.byte; 3]) } else { rest.first() == Some(&quotes.byte) }
    }

    /// Goes over a backslash and what it escapes; a line end of two bytes counts as one.
    fn skip_escaped(&mut self) {
        self.at += if self.peek(1) == Some(b'\r') && self.peek(2) == Some(b'\n') { 3 } else { 2 };
    }

    /// Reads the parts of an f-string up to its closing quotes, or those of a format specification up to its brace.
    fn parts(&mut self, quotes: Quotes, raw: bool, spec: bool, parts: &mut Vec<RawPart>) -> Result<(), Failed> {
        loop {
            let start = self.at;
            let end = self.text_run(quotes, raw, spec)?;
            if self.at > start {
                parts.push(RawPart::Text(range(start, self.at)));
            }
            match end {
                TextEnd::Quotes => {
                    self.at += quotes.length();
                    return Ok(());
                }
                TextEnd::Close => return Ok(()),
                TextEnd::Open => parts.push(RawPart::Field(Box::new(self.field(quotes, raw)?))),
            }
        }
    }

    /// Goes over literal text, doubled braces included.
    fn text_run(&mut self, quotes: Quotes, raw: bool, spec: bool) -> Result<TextEnd, Failed> {
        loop {
            let byte = self.peek(0).ok_or(Failed)?;
            match byte {
                b'\\' => self.skip_escape_in_field_text(raw)?,
                b'\n' | b'\r' if !quotes.triple => return Err(Failed),
                b'{' if !spec && self.peek(1) == Some(b'{') => self.at += 2,
                b'{' => return Ok(TextEnd::Open),
                b'}' if spec => return Ok(TextEnd::Close),
                b'}' if self.peek(1) == Some(b'}') => self.at += 2,
                b'}' => return Err(Failed),
                _ if self.at_quotes(quotes) => return if spec { Err(Failed) } else { Ok(TextEnd::Quotes) },
                _ => self.at += 1,
            }
        }
    }

    /// A backslash in an f-string: it does not hide a brace, but a named character may contain a pair of them.
    fn skip_escape_in_field_text(&mut self, raw: bool) -> Result<(), Failed> {
        match self.peek(1) {
            Some(b'{' | b'}') => self.at += 1,
            Some(b'N') if !raw && self.peek(2) == Some(b'{') => {
                let rest = &self.bytes[self.at..];
                let length = rest.iter().take(128).position(|&byte| byte == b'}').ok_or(Failed)?;
                self.at += length + 1;
            }
            _ => self.skip_escaped(),
        }
        Ok(())
    }

    fn field(&mut self, quotes: Quotes, raw: bool) -> Result<RawField, Failed> {
        if self.fields >= MAX_FIELDS {
            return Err(Failed);
        }
        let open = self.at;
        self.fields += 1;
        // The brace stands for itself among the brackets, so that line ends inside are spaces.
        self.brackets.push(super::Bracket { open: 0, at: open, subscript: false });
        self.at += 1;
        let field = self.field_inside(open, quotes, raw);
        self.fields -= 1;
        self.brackets.pop();
        field
    }

    fn field_inside(&mut self, open: usize, quotes: Quotes, raw: bool) -> Result<RawField, Failed> {
        let source = self.expression_until(Self::ends_field)?;
        let snippet = self.snippet(source);
        let debug = self.debug_end(open + 1);
        let conversion = self.conversion()?;
        let spec = self.spec(quotes, raw)?;
        if self.peek(0) != Some(b'}') {
            return Err(Failed);
        }
        self.at += 1;
        Ok(RawField { range: range(open, self.at), source, snippet, debug, conversion, spec })
    }

    /// Whether the expression of a field ends before `byte`. An `=` ends it only where nothing of the expression can
    /// follow.
    fn ends_field(&self, byte: u8) -> bool {
        match byte {
            b'}' | b':' => true,
            b'!' | b'=' => self.peek(1) != Some(b'='),
            _ => false,
        }
    }

    fn debug_end(&mut self, start: usize) -> Option<Range> {
        if self.peek(0) != Some(b'=') {
            return None;
        }
        self.at += 1;
        self.skip_blanks_and_breaks();
        Some(range(start, self.at))
    }

    fn conversion(&mut self) -> Result<Option<char>, Failed> {
        if self.peek(0) != Some(b'!') {
            return Ok(None);
        }
        let letter = self.peek(1).filter(|byte| matches!(byte, b's' | b'r' | b'a')).ok_or(Failed)?;
        self.at += 2;
        self.skip_blanks_and_breaks();
        Ok(Some(char::from(letter)))
    }

    fn spec(&mut self, quotes: Quotes, raw: bool) -> Result<Option<(Range, Vec<RawPart>)>, Failed> {
        if self.peek(0) != Some(b':') {
            return Ok(None);
        }
        let start = self.at;
        self.at += 1;
        let mut parts = Vec::new();
        self.parts(quotes, raw, true, &mut parts)?;
        Ok(Some((range(start, self.at), parts)))
    }
}
