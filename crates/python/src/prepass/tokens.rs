//! Names, numbers, operators and brackets.

use super::strings::is_prefix;
use super::{Bracket, Failed, MASK, MAX_BRACKETS, Previous, Scanner, is_name_byte, range};

impl Scanner<'_> {
    /// Goes over one token that starts with `byte`.
    pub(super) fn token(&mut self, byte: u8) -> Result<(), Failed> {
        match byte {
            b'"' | b'\'' => return self.string(self.at),
            _ if byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80 => return self.name(),
            b'0'..=b'9' => self.number(),
            b'.' if self.peek(1).is_some_and(|next| next.is_ascii_digit()) => self.number(),
            b'(' | b'[' | b'{' => self.open(byte),
            b')' | b']' | b'}' => self.close(byte),
            b'`' => self.backticks(),
            _ => self.operator(byte),
        }
        Ok(())
    }

    /// The name that starts at a place; empty where none does.
    pub(super) fn word(&self, start: usize) -> &str {
        let Some(rest) = self.bytes.get(start..) else { return "" };
        let length = rest.iter().take_while(|&&byte| is_name_byte(byte)).count();
        self.text.get(start..start + length).unwrap_or("")
    }

    /// The first byte at or after a place that is no space.
    pub(super) fn after_spaces(&self, start: usize) -> usize {
        let rest = self.bytes.get(start..).unwrap_or_default();
        start + rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
    }

    fn name(&mut self) -> Result<(), Failed> {
        let start = self.at;
        let word = self.word(start).to_owned();
        let end = start + word.len().max(1);
        if word.len() <= 2 && matches!(self.bytes.get(end), Some(b'"' | b'\'')) && is_prefix(&word) {
            return self.string(end);
        }
        let starts_statement = self.previous == Previous::Start && self.brackets.is_empty();
        let after_definition = self.previous == Previous::Definition;
        self.at = end;
        self.token_ends(keyword(&word));
        match word.as_str() {
            "match" | "case" if starts_statement => self.soft_word(&word, start, end),
            "type" if self.is_type_alias(end) => {
                self.blank(start, end);
                self.type_alias(start);
            }
            "print" | "exec" if starts_statement && self.is_python2_statement(end) => {
                self.looks_like_python2(range(start, end), &format!("the statement `{word}`"));
                self.wrong_from = Some(start);
            }
            // The grammar has a rule of its own for imports from `__future__`, which knows no `*`.
            "match" | "case" | "type" | "print" | "exec" | "__future__" => self.mask_name(start, end),
            "lambda" => self.lambdas.push(self.brackets.len()),
            "return" | "yield" => self.star_depth = Some(self.brackets.len()),
            "in" if self.brackets.is_empty() => self.star_depth = Some(0),
            _ if !word.is_ascii() => self.foreign_name(&word, start, end),
            _ => {}
        }
        if after_definition {
            self.type_params(start);
        }
        Ok(())
    }

    pub(super) fn mask_name(&mut self, start: usize, end: usize) {
        self.out.masked[start..end].fill(MASK);
    }

    /// A name with letters outside of ASCII: the grammar gets one of the same length.
    fn foreign_name(&mut self, word: &str, start: usize, end: usize) {
        let bad = |letter: char| !(letter.is_ascii() || letter.is_alphanumeric() || is_mark(letter));
        if let Some((at, letter)) = word.char_indices().find(|&(_, letter)| bad(letter)) {
            let place = range(start + at, start + at + letter.len_utf8());
            self.problem(place, format!("`{}` cannot stand in a name", letter.escape_debug()));
            self.mask_error(start, end);
        } else {
            self.mask_name(start, end);
        }
    }

    /// `match` and `case` at the start of a line. Whether `match` is a keyword shows on the next line.
    fn soft_word(&mut self, word: &str, start: usize, end: usize) {
        let first = self.line.is_some_and(|line| line.first as usize == start);
        let indent = self.line.map_or(0, |line| line.indent);
        if word == "case" && first && self.matches.last().is_some_and(|&(_, cases)| cases == indent) {
            self.previous = Previous::Keyword;
            return;
        }
        self.mask_name(start, end);
        if word == "match" && first {
            self.match_word = Some(start);
            // Where it is a name, what follows decides for itself; where it is a keyword, an operand follows.
            self.previous = Previous::Keyword;
        }
    }

    /// Decides whether the word `match` before this line was a keyword, now that the line's first word is known.
    pub(super) fn settle_match(&mut self, column: u32) {
        while self.matches.last().is_some_and(|&(indent, _)| column <= indent) {
            self.matches.pop();
        }
        let Some(start) = self.match_word.take() else { return };
        let Some(line) = self.out.lines.last().copied() else { return };
        let colon = self.out.masked.get(line.end as usize - 1) == Some(&b':');
        if line.first as usize == start && colon && column > line.indent && self.word(self.at) == "case" {
            self.out.masked[start..start + 5].copy_from_slice(b"match");
            self.matches.push((line.indent, column));
        }
    }

    /// Whether `print` or `exec`, which ends at `end`, is followed by what only a statement of Python 2 allows.
    fn is_python2_statement(&self, end: usize) -> bool {
        let next = self.after_spaces(end);
        match self.bytes.get(next) {
            Some(b'"' | b'\'' | b'`') => true,
            Some(&byte) if is_name_byte(byte) => {
                let words = ["in", "is", "and", "or", "if", "else", "not", "for", "as", "async"];
                next > end && !words.contains(&self.word(next))
            }
            _ => false,
        }
    }

    fn number(&mut self) {
        let start = self.at;
        while let Some(byte) = self.peek(0) {
            let exponent = matches!(byte, b'e' | b'E') && matches!(self.peek(1), Some(b'+' | b'-'));
            let hexadecimal = self.bytes[start..].starts_with(b"0x") || self.bytes[start..].starts_with(b"0X");
            match byte {
                _ if exponent && !hexadecimal && self.peek(2).is_some_and(|next| next.is_ascii_digit()) => {
                    self.at += 2;
                }
                b'.' => self.at += 1,
                _ if is_name_byte(byte) => self.at += 1,
                _ => break,
            }
        }
        let text = &self.text[start..self.at];
        if is_old_octal(text) || text.ends_with(['l', 'L']) {
            self.looks_like_python2(range(start, self.at), &format!("the number `{text}`"));
            self.mask_error(start, self.at);
        }
        self.token_ends(Previous::Operand);
    }

    fn open(&mut self, byte: u8) {
        let at = self.at;
        self.at += 1;
        if self.brackets.len() >= MAX_BRACKETS {
            if self.too_deep == 0 {
                self.too_deep_at = at;
            }
            self.too_deep += 1;
        } else {
            if self.brackets.is_empty() {
                self.first_break = None;
            }
            let subscript = byte == b'[' && self.previous == Previous::Operand;
            self.brackets.push(Bracket { open: byte, at, subscript });
        }
        self.token_ends(Previous::Operator(byte));
    }

    fn close(&mut self, byte: u8) {
        self.at += 1;
        self.token_ends(Previous::Operand);
        if self.too_deep > 0 {
            self.too_deep -= 1;
            if self.too_deep == 0 {
                self.leave_depth();
            }
            return;
        }
        let open = match byte {
            b')' => b'(',
            b']' => b'[',
            _ => b'{',
        };
        // A field's own brace, 0, is not closed here, so a bracket that does not fit cannot leave the field.
        let found = self.brackets.iter().rposition(|bracket| bracket.open == open || bracket.open == 0);
        if let Some(found) = found.filter(|&found| self.brackets[found].open == open) {
            self.brackets.truncate(found);
        }
    }

    /// A representation in backticks, as in Python 2.
    fn backticks(&mut self) {
        let start = self.at;
        let rest = &self.bytes[start + 1..];
        let close = rest.iter().position(|byte| matches!(byte, b'`' | b'\n' | b'\r'));
        self.at = match close {
            Some(length) if rest[length] == b'`' => start + length + 2,
            _ => start + 1,
        };
        self.looks_like_python2(range(start, self.at), "backticks");
        self.mask_error(start, self.at);
        self.token_ends(Previous::Operand);
    }

    fn operator(&mut self, byte: u8) {
        let (start, before) = (self.at, self.previous);
        self.at += self.operator_length(byte);
        self.token_ends(Previous::Operator(self.bytes[self.at - 1]));
        let single = self.at == start + 1;
        match byte {
            b'<' if self.bytes.get(start + 1) == Some(&b'>') => {
                self.looks_like_python2(range(start, self.at), "the operator `<>`");
                self.out.masked[start] = b'!';
                self.out.masked[start + 1] = b'=';
            }
            // The grammar has `^` bind tighter than `&`: each is masked by the other.
            b'&' if single => self.out.masked[start] = b'^',
            b'^' if single => self.out.masked[start] = b'&',
            b'*' if single && self.is_star(before) => {
                self.out.masked[start] = b'~';
                if self.brackets.is_empty() {
                    self.stars.push(start);
                }
            }
            b'=' if single && self.brackets.is_empty() => self.assignment(),
            b';' if self.brackets.is_empty() => {
                self.token_end = start;
                self.end_statement();
                self.token_end = self.at;
                self.previous = Previous::Start;
            }
            b':' if self.lambdas.last().is_some_and(|&depth| depth >= self.brackets.len()) => {
                self.lambdas.pop();
            }
            b':' if single && self.brackets.is_empty() => {
                self.star_depth = None;
                self.previous = Previous::Start;
            }
            _ => {}
        }
    }

    /// An `=` that may stand between targets and value: what was read since the one before it were targets, too.
    fn assignment(&mut self) {
        self.star_depth = Some(0);
        if self.lambdas.is_empty() {
            for star in self.stars.drain(..) {
                self.out.masked[star] = b'*';
            }
        }
    }

    fn operator_length(&self, byte: u8) -> usize {
        match (byte, self.peek(1), self.peek(2)) {
            (b'*' | b'/' | b'<' | b'>', Some(next), Some(b'=')) if next == byte => 3,
            (b'*' | b'/' | b'<' | b'>', Some(next), _) if next == byte => 2,
            (b'-' | b'<', Some(b'>'), _)
            | (
                b'=' | b'!' | b'<' | b'>' | b':' | b'+' | b'-' | b'*' | b'/' | b'%' | b'&' | b'|' | b'^' | b'@',
                Some(b'='),
                _,
            ) => 2,
            _ => 1,
        }
    }

    /// Whether a `*` after `before` unpacks at a place where the grammar does not know it. The mask is `~`, which the
    /// grammar takes for a unary operator; the lowering sees the star in the source.
    fn is_star(&self, before: Previous) -> bool {
        let depth = self.brackets.len();
        if self.lambdas.last() == Some(&depth) {
            return false;
        }
        let in_subscript = self.brackets.last().is_some_and(|bracket| bracket.subscript);
        match before {
            Previous::StarKeyword | Previous::Operator(b'=') => true,
            Previous::Operator(b':') => depth > 0,
            Previous::Operator(b'[') => in_subscript,
            Previous::Operator(b',') => in_subscript || self.star_depth == Some(depth),
            _ => false,
        }
    }
}

/// What a word is, for the token after it.
fn keyword(word: &str) -> Previous {
    match word {
        "return" | "yield" | "in" => Previous::StarKeyword,
        "def" | "class" => Previous::Definition,
        "and" | "as" | "assert" | "async" | "await" | "del" | "elif" | "else" | "except" | "finally" | "for"
        | "from" | "global" | "if" | "import" | "is" | "lambda" | "nonlocal" | "not" | "or" | "raise" | "try"
        | "while" | "with" => Previous::Keyword,
        _ => Previous::Operand,
    }
}

/// Whether a number is written as octal numbers were in Python 2: `0777`.
fn is_old_octal(text: &str) -> bool {
    text.len() > 1
        && text.starts_with('0')
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && text.bytes().any(|byte| byte != b'0')
}

/// Whether a character is a combining mark or another one that names may contain beside letters and digits.
fn is_mark(letter: char) -> bool {
    let punctuation =
        matches!(letter, '\u{2010}'..='\u{203e}' | '\u{2041}'..='\u{206f}' | '\u{3000}'..='\u{3004}' | '\u{feff}');
    let latin = matches!(letter, '\u{a1}'..='\u{a9}' | '\u{ab}'..='\u{b4}' | '\u{b6}' | '\u{b8}' | '\u{bb}' | '\u{bf}');
    !(letter.is_whitespace() || letter.is_control() || punctuation || latin)
}
