//! Logical lines, indentation, comments and continuation lines.

use super::{Line, MAX_INDENTS, Previous, Scanner, Word, range};
use crate::module::Comment;

impl Scanner<'_> {
    /// Goes over blank lines, comment lines and indentation up to the first token of a logical line, and opens it.
    pub(super) fn begin_line(&mut self) {
        let mut start = self.at;
        let (mut column, mut continued) = (0, None);
        while let Some(byte) = self.peek(0) {
            match byte {
                b' ' => column += 1,
                b'\t' => column = (column / 8 + 1) * 8,
                b'\x0c' => column = 0,
                b'\\' if self.continuation() => {
                    continued = continued.or(Some(column));
                    continue;
                }
                b'#' => {
                    self.comment(true);
                    continue;
                }
                b'{' if self.template_tag() => {
                    start = self.at;
                    (column, continued) = (0, None);
                    continue;
                }
                b'\n' | b'\r' => {
                    (column, continued) = (0, None);
                    start = self.at + 1;
                }
                0 => self.null(),
                _ if self.at == start && self.conflict_marker() => {
                    start = self.at;
                    continue;
                }
                _ => return self.open_line(start, column, continued),
            }
            self.at += 1;
        }
    }

    fn open_line(&mut self, start: usize, column: u32, continued: Option<u32>) {
        let first = self.at;
        // The grammar's scanner counts the spaces that stand for continuation lines as indentation.
        let start = continued.map_or(start, |indent| start.max(first.saturating_sub(indent as usize)));
        let column = continued.unwrap_or(column);
        let word = self.line_word();
        self.enter_indent(column);
        self.settle_match(column);
        if !self.line_too_deep {
            self.place_newline(start);
        }
        self.previous = Previous::Start;
        self.string = None;
        self.star_depth = None;
        self.lambdas.clear();
        self.line = Some(Line { start: start as u32, first: first as u32, end: first as u32, indent: column, word });
    }

    /// Moves the line end before a logical line right before it, so that blank lines between are no lines.
    fn place_newline(&mut self, start: usize) {
        let from = self.newline.unwrap_or(0);
        for byte in &mut self.out.masked[from..start] {
            *byte = b' ';
        }
        if self.newline.take().is_some() && start > 0 {
            self.out.masked[start - 1] = b'\n';
        }
    }

    /// Keeps the stack of indentations, and notes whether it became too deep.
    fn enter_indent(&mut self, column: u32) {
        while self.indents.last().is_some_and(|&top| top > column) {
            self.indents.pop();
        }
        if self.indents.last().is_none_or(|&top| top < column) {
            self.indents.push(column);
        }
        let too_deep = self.indents.len() > MAX_INDENTS;
        if too_deep && !self.line_too_deep {
            self.problem(range(self.at, self.at), "blocks are nested too deeply");
        }
        self.line_too_deep = too_deep;
    }

    /// Ends the logical line at a line end.
    pub(super) fn end_line(&mut self, newline: usize) {
        self.end_statement();
        let Some(mut line) = self.line.take() else { return };
        line.end = self.token_end.max(line.first as usize) as u32;
        self.brackets.clear();
        self.leave_depth();
        self.first_break = None;
        if self.line_too_deep {
            self.blank(line.first as usize, newline);
            self.newline = self.newline.or(Some(newline));
            return;
        }
        self.newline = Some(newline);
        self.out.lines.push(line);
    }

    /// Ends a simple statement.
    pub(super) fn end_statement(&mut self) {
        self.star_depth = None;
        self.stars.clear();
        if let Some(from) = self.wrong_from.take() {
            self.mask_error(from, self.token_end.max(from + 1));
        }
    }

    /// A line end: it ends the logical line, or is a space inside brackets.
    pub(super) fn line_break(&mut self) {
        if self.brackets.is_empty() && self.too_deep == 0 {
            self.end_line(self.at);
            self.at += 1;
            return;
        }
        self.inner_break();
        if self.fields == 0 && self.starts_statement() {
            let at = self.at;
            self.unclosed(at);
        }
    }

    fn inner_break(&mut self) {
        self.first_break = self.first_break.or(Some(self.at));
        self.out.masked[self.at] = b' ';
        self.at += 1;
        while self.conflict_marker() || self.template_tag() {}
    }

    /// Goes over spaces, comments and continuation lines inside a logical line.
    pub(super) fn skip_blanks(&mut self) {
        while let Some(byte) = self.peek(0) {
            match byte {
                b' ' | b'\t' | b'\x0c' => self.at += 1,
                b'#' => self.comment(false),
                0 => {
                    self.null();
                    self.at += 1;
                }
                b'\\' if self.continuation() => {}
                _ => return,
            }
        }
    }

    /// As [`Self::skip_blanks`], and line ends too: for text inside brackets.
    pub(super) fn skip_blanks_and_breaks(&mut self) {
        self.skip_blanks();
        while matches!(self.peek(0), Some(b'\n' | b'\r')) {
            self.inner_break();
            self.skip_blanks();
        }
    }

    /// A backslash with a line end.
    fn continuation(&mut self) -> bool {
        let length = match (self.peek(1), self.peek(2)) {
            (Some(b'\r'), Some(b'\n')) => 3,
            (Some(b'\n' | b'\r'), _) => 2,
            _ => return false,
        };
        self.blank(self.at, self.at + length);
        self.at += length;
        true
    }

    fn comment(&mut self, own_line: bool) {
        let start = self.at;
        let rest = &self.bytes[start..];
        let length = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len());
        self.at += length;
        self.blank(start, self.at);
        let own_line = own_line || self.stands_first(start);
        self.out.comments.push(Comment { range: range(start, self.at), own_line });
    }

    /// Whether only white space stands before a place on its line.
    fn stands_first(&self, at: usize) -> bool {
        let before = self.bytes[..at].iter().rev();
        before
            .copied()
            .find(|byte| !matches!(byte, b' ' | b'\t' | b'\x0c'))
            .is_none_or(|byte| matches!(byte, b'\n' | b'\r'))
    }

    fn null(&mut self) {
        if self.out.masked[self.at] == 0 {
            self.problem(range(self.at, self.at + 1), "the text contains a null byte");
            for byte in &mut self.out.masked {
                if *byte == 0 {
                    *byte = b' ';
                }
            }
        }
    }

    /// Goes over a line that a merge left behind.
    fn conflict_marker(&mut self) -> bool {
        let rest = &self.bytes[self.at..];
        let marked = [b'<', b'=', b'>', b'|'].into_iter().any(|mark| {
            let run = rest.iter().take(8).take_while(|&&byte| byte == mark).count();
            run == 7 && matches!(rest.get(7), None | Some(b' ' | b'\n' | b'\r'))
        });
        if marked {
            self.leave_out_line(self.at + line_length(rest), "a conflict marker of a merge is left");
        }
        marked
    }

    /// Goes over a line that holds nothing but a tag of a Jinja template, `{% … %}`, which no Python starts with.
    fn template_tag(&mut self) -> bool {
        let start = self.after_spaces(self.at);
        let rest = &self.bytes[start..];
        let line = rest.get(..2).filter(|&open| open == b"{%").map(|_| &rest[..line_length(rest)]);
        let tag = line.is_some_and(|line| line.trim_ascii_end().ends_with(b"%}"));
        if tag {
            self.leave_out_line(start + line_length(rest), "a tag of a template stands here");
        }
        tag
    }

    /// Goes over the line that ends at `end` as if it were not there.
    fn leave_out_line(&mut self, end: usize, message: &str) {
        self.blank(self.at, end);
        self.problem(range(self.after_spaces(self.at), end), message);
        self.at = end;
        if matches!(self.peek(0), Some(b'\n' | b'\r')) {
            self.out.masked[self.at] = b' ';
            self.at += 1;
        }
    }

    fn line_word(&self) -> Word {
        if self.peek(0) == Some(b'@') {
            return Word::Decorator;
        }
        match self.word(self.at) {
            "def" | "class" | "async" => Word::Definition,
            "if" | "for" | "while" | "with" | "try" | "match" => Word::Compound,
            "elif" | "else" | "except" | "finally" => Word::Clause,
            _ => Word::Other,
        }
    }

    /// Blanks what stands after the last logical line, but for one line end.
    pub(super) fn blank_tail(&mut self) {
        let from = self.newline.unwrap_or(0).min(self.bytes.len());
        let tail = &mut self.out.masked[from..];
        tail.fill(b' ');
        if let Some(first) = tail.first_mut() {
            *first = b'\n';
        }
    }
}

/// The length of the first line, without its end.
fn line_length(text: &[u8]) -> usize {
    text.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(text.len())
}
