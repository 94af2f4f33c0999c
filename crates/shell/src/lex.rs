//! Words and operators.

use crate::scan::{self, Pending};

/// Something between blanks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    Word(LexedWord),
    /// `&&`, `||`, `;`, `;;`, `&`, `|`, `(`, `)` or a line end.
    Operator(&'static str, usize),
    /// The body of a here-document that the command with this number (counted by `here_documents`) opened.
    Body {
        document: usize,
        start: usize,
        end: usize,
    },
    /// A here-document is opened here, by the command that is being read.
    Opens(usize),
}

/// A word with quotes removed, and where each of its bytes stood.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct LexedWord {
    pub(crate) text: Vec<u8>,
    pub(crate) offsets: Vec<usize>,
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Substitutions in it: the bytes inside, and whether backticks stand around.
    pub(crate) inner: Vec<(usize, usize, bool)>,
    /// It holds a quote or a backslash, so it is no keyword.
    pub(crate) is_quoted: bool,
}

/// Reads one text from its start to its end.
pub(crate) struct Lexer<'a> {
    text: &'a [u8],
    at: usize,
    pending: Vec<(Pending, usize)>,
    /// Bodies that were read and not handed out yet, last first.
    bodies: Vec<Token>,
    here_documents: usize,
    /// Places of quotes and substitutions without an end.
    pub(crate) unclosed: Vec<(usize, &'static str)>,
}

impl<'a> Lexer<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0, pending: Vec::new(), bodies: Vec::new(), here_documents: 0, unclosed: Vec::new() }
    }

    pub(crate) fn next(&mut self) -> Option<Token> {
        if let Some(body) = self.bodies.pop() {
            return Some(body);
        }
        self.skip_blanks();
        let &byte = self.text.get(self.at)?;
        let start = self.at;
        if let Some(operator) = self.operator() {
            self.at += operator.len();
            if byte == b'\n' {
                self.read_bodies();
            }
            return Some(Token::Operator(operator, start));
        }
        if matches!(byte, b'<' | b'>') || self.text[self.at..].starts_with(b"&>") {
            return Some(self.redirection());
        }
        let word = self.word();
        // The number of a redirection: `2>&1`.
        let is_number = !word.is_quoted && word.text.iter().all(u8::is_ascii_digit);
        if is_number && matches!(self.text.get(self.at), Some(b'<' | b'>')) {
            return Some(self.redirection());
        }
        Some(Token::Word(word))
    }

    fn skip_blanks(&mut self) {
        while let Some(&byte) = self.text.get(self.at) {
            match byte {
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'\\' if self.continues_line() > 0 => self.at += self.continues_line(),
                b'#' if scan::starts_word(self.text, self.at) => self.at = scan::line_end(self.text, self.at),
                _ => return,
            }
        }
    }

    /// The length of a backslash and a line end, or 0.
    fn continues_line(&self) -> usize {
        let rest = &self.text[self.at..];
        if rest.starts_with(b"\\\n") {
            2
        } else if rest.starts_with(b"\\\r\n") {
            3
        } else {
            0
        }
    }

    fn operator(&self) -> Option<&'static str> {
        // `&>` redirects.
        let rest = &self.text[self.at..];
        if rest.starts_with(b"&>") {
            return None;
        }
        let operators = ["&&", "||", ";;&", ";;", ";&", "|&", ";", "&", "|", "(", ")", "\n"];
        operators.into_iter().find(|operator| rest.starts_with(operator.as_bytes()))
    }

    /// Drops a redirection with its target; a process substitution stays, as a word.
    fn redirection(&mut self) -> Token {
        let rest = &self.text[self.at..];
        if rest.starts_with(b"<<") && !rest.starts_with(b"<<<") {
            let (pending, after) = scan::here_document(self.text, self.at);
            self.at = after;
            let Some(pending) = pending else { return self.nothing() };
            self.here_documents += 1;
            self.pending.push((pending, self.here_documents));
            return Token::Opens(self.here_documents);
        }
        if rest.starts_with(b"<(") || rest.starts_with(b">(") {
            return Token::Word(self.word());
        }
        while matches!(self.text.get(self.at), Some(b'<' | b'>' | b'&' | b'|')) {
            self.at += 1;
        }
        while matches!(self.text.get(self.at), Some(b' ' | b'\t')) {
            self.at += 1;
        }
        let rest = &self.text[self.at..];
        if rest.starts_with(b"<(") || rest.starts_with(b">(") || self.starts_a_word() {
            let target = self.word();
            if !target.inner.is_empty() {
                // What a target substitutes is run as well: hand out a word that has no text.
                let inner = target.inner;
                let (start, end) = (target.start, target.end);
                return Token::Word(LexedWord { start, end, inner, ..LexedWord::default() });
            }
        }
        self.nothing()
    }

    /// A word without text: a redirection leaves nothing, and is handed out so that many in a row cost no call stack.
    fn nothing(&self) -> Token {
        Token::Word(LexedWord { start: self.at, end: self.at, ..LexedWord::default() })
    }

    fn starts_a_word(&self) -> bool {
        self.text.get(self.at).is_some_and(|byte| !is_meta(*byte) && !matches!(byte, b' ' | b'\t' | b'\r'))
    }

    fn read_bodies(&mut self) {
        for (document, number) in std::mem::take(&mut self.pending) {
            let (end, next) = scan::body(self.text, self.at, &document);
            self.bodies.push(Token::Body { document: number, start: self.at, end });
            self.at = next;
        }
        self.bodies.reverse();
    }

    fn word(&mut self) -> LexedWord {
        let mut word = LexedWord { start: self.at, ..LexedWord::default() };
        while let Some(&byte) = self.text.get(self.at) {
            let is_process = matches!(byte, b'<' | b'>') && self.at == word.start;
            match byte {
                b' ' | b'\t' | b'\r' => break,
                _ if is_meta(byte) && !is_process => break,
                b'\\' if self.continues_line() > 0 => self.at += self.continues_line(),
                b'\\' => {
                    word.is_quoted = true;
                    self.at += 1;
                    self.take(&mut word, 1);
                }
                b'\'' => self.single_quoted(&mut word),
                b'"' => self.double_quoted(&mut word),
                b'$' if self.text[self.at..].starts_with(b"$'") => self.ansi_quoted(&mut word),
                b'$' if self.text[self.at..].starts_with(b"$\"") => {
                    self.at += 1;
                    self.double_quoted(&mut word);
                }
                b'$' | b'`' => self.expansion(&mut word),
                b'<' | b'>' => self.substitution(&mut word),
                _ => self.take(&mut word, 1),
            }
        }
        word.end = self.at;
        word
    }

    /// Takes bytes as they stand.
    fn take(&mut self, word: &mut LexedWord, length: usize) {
        let end = (self.at + length).min(self.text.len());
        word.text.extend_from_slice(&self.text[self.at..end]);
        word.offsets.extend(self.at..end);
        self.at = end;
    }

    /// Something opened that never ends: the rest of its line is taken as it stands. The second time the text is given
    /// up, because each attempt looks at all of it.
    fn give_up(&mut self, word: &mut LexedWord, what: &'static str) {
        self.unclosed.push((self.at, what));
        let end = scan::line_end(self.text, self.at);
        self.take(word, end - self.at);
        if self.unclosed.len() > 1 {
            self.at = self.text.len();
        }
    }

    fn single_quoted(&mut self, word: &mut LexedWord) {
        word.is_quoted = true;
        let Some(end) = scan::single_quotes_end(self.text, self.at + 1) else {
            return self.give_up(word, "a single quote has no end");
        };
        self.at += 1;
        self.take(word, end - self.at);
        self.at += 1;
    }

    /// `$'…'`, where a backslash escapes as in C.
    fn ansi_quoted(&mut self, word: &mut LexedWord) {
        word.is_quoted = true;
        let mut end = self.at + 2;
        while self.text.get(end).is_some_and(|&byte| byte != b'\'') {
            end += if self.text[end] == b'\\' { 2 } else { 1 };
        }
        if end >= self.text.len() {
            return self.give_up(word, "a single quote has no end");
        }
        self.at += 2;
        while self.at < end {
            if self.text[self.at] == b'\\' {
                let meant = match self.text[self.at + 1] {
                    b'n' => b'\n',
                    b't' => b'\t',
                    b'r' => b'\r',
                    other => other,
                };
                word.text.push(meant);
                word.offsets.push(self.at);
                self.at += 2;
            } else {
                self.take(word, 1);
            }
        }
        self.at = end + 1;
    }

    fn double_quoted(&mut self, word: &mut LexedWord) {
        word.is_quoted = true;
        let open = (self.at, word.text.len(), word.inner.len());
        self.at += 1;
        while let Some(&byte) = self.text.get(self.at) {
            match byte {
                b'"' => {
                    self.at += 1;
                    return;
                }
                b'\\' if self.continues_line() > 0 => self.at += self.continues_line(),
                b'\\' => {
                    let escapes = matches!(self.text.get(self.at + 1), Some(b'$' | b'`' | b'"' | b'\\'));
                    self.at += usize::from(escapes);
                    self.take(word, 1);
                }
                b'$' | b'`' => self.expansion(word),
                _ => self.take(word, 1),
            }
        }
        self.at = open.0;
        word.text.truncate(open.1);
        word.offsets.truncate(open.1);
        word.inner.truncate(open.2);
        self.give_up(word, "a double quote has no end");
    }

    /// `${{ … }}`, `$(…)`, `$((…))`, `${…}`, `` `…` ``, or a plain `$`.
    fn expansion(&mut self, word: &mut LexedWord) {
        if let Some(end) = scan::expression_end(self.text, self.at) {
            return self.take(word, end - self.at);
        }
        let rest = &self.text[self.at..];
        if rest.starts_with(b"$(") {
            self.substitution(word);
        } else if rest.starts_with(b"${") {
            let Some(end) = scan::braces_end(self.text, self.at + 2) else {
                return self.give_up(word, "a brace has no end");
            };
            self.inner_of_braces(word, end);
            self.take(word, end + 1 - self.at);
        } else if rest.starts_with(b"`") {
            let Some(end) = scan::backticks_end(self.text, self.at + 1) else {
                return self.give_up(word, "a backtick has no end");
            };
            word.inner.push((self.at + 1, end, true));
            self.take(word, end + 1 - self.at);
        } else {
            self.take(word, 1);
        }
    }

    /// `$(…)`, `<(…)` or `>(…)`; arithmetic holds no commands.
    fn substitution(&mut self, word: &mut LexedWord) {
        if self.text.get(self.at + 1) != Some(&b'(') {
            return self.take(word, 1);
        }
        let Some(end) = scan::parentheses_end(self.text, self.at + 2) else {
            return self.give_up(word, "a substitution has no end");
        };
        let is_arithmetic = self.text[self.at..end].starts_with(b"$((") && self.text[end - 1] == b')';
        if !is_arithmetic {
            word.inner.push((self.at + 2, end, false));
        }
        self.take(word, end + 1 - self.at);
    }

    /// `${A:-$(command)}` runs a command too.
    fn inner_of_braces(&self, word: &mut LexedWord, end: usize) {
        let mut at = self.at + 2;
        while at + 1 < end {
            if self.text[at] == b'$' && self.text[at + 1] == b'(' {
                let Some(close) = scan::parentheses_end(&self.text[..end], at + 2) else { return };
                word.inner.push((at + 2, close, false));
                at = close;
            }
            at += 1;
        }
    }
}

/// Whether a byte ends a word where no quote holds it.
fn is_meta(byte: u8) -> bool {
    matches!(byte, b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')')
}
