//! Type parameters (PEP 695, PEP 696) and type aliases: the grammar knows no defaults, so both are taken out.

use super::{Failed, Previous, RawTypeParam, Scanner, range};

impl Scanner<'_> {
    /// Whether the word `type`, which ends at `end`, starts a type alias: a name follows, and `=` or `[` after it.
    pub(super) fn is_type_alias(&self, end: usize) -> bool {
        let name = self.after_spaces(end);
        let word = self.word(name);
        let reserved = ["in", "is", "and", "or", "if", "else", "not", "for", "as", "from", "import", "async", "lambda"];
        if name == end || word.is_empty() || word.as_bytes()[0].is_ascii_digit() || reserved.contains(&word) {
            return false;
        }
        let next = self.after_spaces(name + word.len());
        match self.bytes.get(next) {
            Some(b'=') => self.bytes.get(next + 1) != Some(&b'='),
            Some(b'[') => true,
            _ => false,
        }
    }

    /// Notes a type alias whose word `type` starts at `start` and has just been passed.
    pub(super) fn type_alias(&mut self, start: usize) {
        let name = self.after_spaces(self.at);
        self.out.type_aliases.push((name as u32, start as u32));
        self.move_indentation(start, name);
        self.previous = Previous::Definition;
    }

    /// Puts the indentation of a line whose first word has been taken out right before the next word.
    fn move_indentation(&mut self, first: usize, next: usize) {
        let Some(start) = self.line.filter(|line| line.first as usize == first).map(|line| line.start as usize) else {
            return;
        };
        let newline = start > 0 && self.out.masked[start - 1] == b'\n';
        let indentation = self.out.masked[start..first].to_vec();
        self.blank(start.saturating_sub(usize::from(newline)), next);
        let at = next - indentation.len();
        self.out.masked[at..next].copy_from_slice(&indentation);
        if newline {
            self.out.masked[at - 1] = b'\n';
        }
    }

    /// Takes the type parameters out that may follow the name at `name`, which has just been passed.
    pub(super) fn type_params(&mut self, name: usize) {
        self.skip_blanks();
        if self.peek(0) != Some(b'[') || !self.brackets.is_empty() {
            return;
        }
        let open = self.at;
        // What fails here stands in the mask as it is, and the grammar says so.
        if let Ok(params) = self.type_param_list() {
            self.blank(open, self.at);
            self.out.type_params.push((name as u32, params.into()));
        }
        self.token_ends(Previous::Operand);
    }

    fn type_param_list(&mut self) -> Result<Vec<RawTypeParam>, Failed> {
        let mut params = Vec::new();
        self.token(b'[')?;
        loop {
            self.skip_blanks_and_breaks();
            match self.peek(0).ok_or(Failed)? {
                b']' => {
                    self.token(b']')?;
                    return Ok(params);
                }
                b',' => self.at += 1,
                _ => params.push(self.type_param()?),
            }
        }
    }

    fn type_param(&mut self) -> Result<RawTypeParam, Failed> {
        let start = self.at;
        let star_count = self.bytes[start..].iter().take(2).take_while(|&&byte| byte == b'*').count();
        self.at += star_count;
        self.skip_blanks_and_breaks();
        let name = range(self.at, self.at + self.word(self.at).len());
        if name.is_empty() {
            return Err(Failed);
        }
        self.at = name.end as usize;
        self.token_ends(Previous::Operand);
        let bound = self.type_param_part(b':')?;
        let default = self.type_param_part(b'=')?;
        self.skip_blanks_and_breaks();
        if !matches!(self.peek(0), Some(b',' | b']')) {
            return Err(Failed);
        }
        Ok(RawTypeParam { range: range(start, self.token_end), name, stars: star_count as u8, bound, default })
    }

    fn type_param_part(&mut self, mark: u8) -> Result<Option<u32>, Failed> {
        let end = self.token_end;
        self.skip_blanks_and_breaks();
        if self.peek(0) != Some(mark) {
            self.token_end = end;
            return Ok(None);
        }
        self.at += 1;
        let source = self.expression_until(|_, byte| matches!(byte, b',' | b'=' | b']'))?;
        Ok(self.snippet(source))
    }
}
