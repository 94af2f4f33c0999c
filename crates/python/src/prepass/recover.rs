//! What the scanner does where brackets are not closed or nested too deeply.

use super::{Scanner, range};

impl Scanner<'_> {
    /// Whether the physical line that starts here can only be a statement: it starts with a keyword that no expression
    /// contains.
    pub(super) fn starts_statement(&self) -> bool {
        let rest = &self.bytes[self.at..];
        let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\x0c')).count();
        let start = self.at + blanks;
        match self.word(start) {
            "def" | "class" | "return" | "while" | "try" | "with" | "raise" | "del" | "assert" | "pass" | "break"
            | "continue" | "global" | "nonlocal" | "elif" | "except" | "finally" | "import" => true,
            "async" => self.word(start + 6) == "def",
            "from" => {
                let line = self.bytes[start..].split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
                line.windows(8).any(|window| window == b" import ")
            }
            _ => false,
        }
    }

    /// Ends a logical line whose brackets are still open at `at`, where a statement starts or the text ends: at the
    /// first line end after the bracket, from where the text is read again. What is read twice is bounded by the size
    /// of the text. Tells whether there is something to read again.
    pub(super) fn unclosed(&mut self, at: usize) -> bool {
        let Some(open) = self.brackets.first().map(|bracket| bracket.at) else { return false };
        self.problem(range(open, open + 1), format!("`{}` is never closed", char::from(self.bytes[open])));
        let Some(first_break) = self.first_break else {
            self.brackets.clear();
            return false;
        };
        self.waste += at - first_break;
        if self.waste > 4 * self.bytes.len() {
            let newline = self.bytes[..at].iter().rposition(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(at);
            self.end_line(newline);
            return at < self.bytes.len();
        }
        self.too_deep = 0;
        self.too_deep_at = 0;
        self.wrong_from = self.wrong_from.filter(|&from| from < first_break);
        self.token_end = self.token_end.min(first_break);
        self.forget(first_break);
        self.end_line(first_break);
        self.at = first_break + 1;
        true
    }

    /// Forgets what was read after `to`.
    pub(super) fn forget(&mut self, to: usize) {
        let end = self.at.min(self.bytes.len());
        self.out.masked[to..end].copy_from_slice(&self.bytes[to..end]);
        let limit = to as u32;
        while self.out.comments.pop_if(|comment| comment.range.start >= limit).is_some() {}
        while self.out.strings.pop_if(|group| group.range.start >= limit).is_some() {}
        while self.out.errors.pop_if(|error| error.start >= limit).is_some() {}
        while self.out.type_params.pop_if(|(at, _)| *at >= limit).is_some() {}
        while self.out.type_aliases.pop_if(|(at, _)| *at >= limit).is_some() {}
    }

    /// Masks brackets that are nested too deeply, when the outermost of them is closed.
    pub(super) fn leave_depth(&mut self) {
        if self.too_deep_at > 0 {
            let from = std::mem::take(&mut self.too_deep_at);
            self.too_deep = 0;
            self.problem(range(from, from + 1), "brackets are nested too deeply");
            self.mask_error(from, self.token_end.max(from + 1));
        }
    }
}
