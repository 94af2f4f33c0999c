//! Environment markers (PEP 508, PEP 751): whether a text is one, and where it goes wrong.

const VARIABLES: [&str; 18] = [
    "python_version",
    "python_full_version",
    "os_name",
    "os.name",
    "sys_platform",
    "sys.platform",
    "platform_release",
    "platform_system",
    "platform_version",
    "platform.version",
    "platform_machine",
    "platform.machine",
    "platform_python_implementation",
    "platform.python_implementation",
    "python_implementation",
    "implementation_name",
    "implementation_version",
    "dependency_groups",
];

const OPERATORS: [&str; 8] = ["===", "==", "~=", "!=", "<=", ">=", "<", ">"];

/// Where a marker goes wrong, and what was expected there.
pub(super) struct Unexpected {
    pub(super) at: usize,
    pub(super) expected: &'static str,
}

/// Reads the marker that a text starts with; its length with the blanks behind it. Parentheses are counted, not recursed
/// into.
pub(super) fn marker_length(text: &str) -> Result<usize, Unexpected> {
    let mut scanner = Scanner { text, at: 0 };
    let mut depth = 0_usize;
    loop {
        scanner.skip_blanks();
        while scanner.eat("(") {
            depth += 1;
            scanner.skip_blanks();
        }
        scanner.comparison()?;
        scanner.skip_blanks();
        while depth > 0 && scanner.eat(")") {
            depth -= 1;
            scanner.skip_blanks();
        }
        if !scanner.eat_word("and") && !scanner.eat_word("or") {
            break;
        }
    }
    if depth > 0 { Err(scanner.unexpected("`)`")) } else { Ok(scanner.at) }
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl Scanner<'_> {
    fn comparison(&mut self) -> Result<(), Unexpected> {
        self.operand()?;
        self.skip_blanks();
        self.operator()?;
        self.skip_blanks();
        self.operand()
    }

    fn operand(&mut self) -> Result<(), Unexpected> {
        let rest = &self.text[self.at..];
        if let Some(quote @ ('\'' | '"')) = rest.chars().next() {
            let length = rest[1..].find(quote).ok_or_else(|| self.unexpected("a closing quote"))?;
            self.at += length + 2;
            return Ok(());
        }
        let known = VARIABLES.into_iter().chain(["extras", "extra"]).any(|name| self.eat_word(name));
        if known { Ok(()) } else { Err(self.unexpected("a marker variable or a quoted string")) }
    }

    fn operator(&mut self) -> Result<(), Unexpected> {
        if self.eat_word("in") || OPERATORS.into_iter().any(|operator| self.eat(operator)) {
            return Ok(());
        }
        if self.eat_word("not") {
            let before = self.at;
            self.skip_blanks();
            return if self.at > before && self.eat_word("in") { Ok(()) } else { Err(self.unexpected("`in`")) };
        }
        Err(self.unexpected("a comparison"))
    }

    fn eat(&mut self, token: &str) -> bool {
        let found = self.text[self.at..].starts_with(token);
        self.at += if found { token.len() } else { 0 };
        found
    }

    /// Takes a word that no letter, digit or underscore continues, on either side.
    fn eat_word(&mut self, word: &str) -> bool {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let (before, rest) = self.text.split_at(self.at);
        let follows = rest.strip_prefix(word);
        let found = follows.is_some_and(|after| !after.starts_with(is_word)) && !before.ends_with(is_word);
        self.at += if found { word.len() } else { 0 };
        found
    }

    fn skip_blanks(&mut self) {
        self.at += super::blanks(&self.text[self.at..]);
    }

    fn unexpected(&self, expected: &'static str) -> Unexpected {
        Unexpected { at: self.at, expected }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_are_checked_to_their_end() {
        for (text, expected) in [
            ("python_version < '3.8' and (os_name=='nt' or extra == \"x\") ", Ok(59)),
            ("'a' not in sys_platform", Ok(23)),
            ("\"3\"in python_version)", Ok(20)),
            ("(os_name == 'nt'", Err(16)),
            ("os_names == 'nt'", Err(0)),
            ("os_name = 'nt'", Err(8)),
            ("os_name == nt", Err(11)),
            ("os_name == 'nt", Err(11)),
            ("os_name notin 'nt'", Err(8)),
            ("", Err(0)),
        ] {
            assert_eq!(marker_length(text).map_err(|problem| problem.at), expected, "{text}");
        }
    }
}
