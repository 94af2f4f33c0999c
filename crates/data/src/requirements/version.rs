//! The shape of versions in specifiers (PEP 440), as PyPI's `packaging` accepts them.

/// The operators, the longer before those they start with.
const OPERATORS: [&str; 8] = ["===", "==", "~=", "!=", "<=", ">=", "<", ">"];

/// The operator that a text starts with.
pub(super) fn operator(text: &str) -> Option<&'static str> {
    OPERATORS.into_iter().find(|operator| text.starts_with(operator))
}

/// The length of the version that a text starts with, if this operator takes such a version.
pub(super) fn version_length(operator: &str, text: &str) -> Option<usize> {
    if operator == "===" {
        let ends = |c: char| c.is_whitespace() || c == ';' || c == ')';
        return Some(text.find(ends).unwrap_or(text.len()));
    }
    let is_equality = matches!(operator, "==" | "!=");
    let mut version = Version { bytes: text.as_bytes(), at: 0 };
    let segments = version.release()?;
    if operator == "~=" && segments < 2 {
        return None;
    }
    if is_equality && version.bytes[version.at..].starts_with(b".*") {
        return Some(version.at + 2);
    }
    version.labelled(&["alpha", "beta", "preview", "pre", "a", "b", "c", "rc"]);
    if !version.implicit_post() {
        version.labelled(&["post", "rev", "r"]);
    }
    version.labelled(&["dev"]);
    if is_equality {
        version.local();
    }
    Some(version.at)
}

struct Version<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Version<'_> {
    /// An optional `v`, an optional epoch, and the release; how many segments the release has.
    fn release(&mut self) -> Option<usize> {
        self.at += usize::from(matches!(self.bytes.first(), Some(b'v' | b'V')));
        let first = self.digits(self.at);
        if first == 0 {
            return None;
        }
        self.at += first;
        if self.bytes.get(self.at) == Some(&b'!') {
            let after_epoch = self.digits(self.at + 1);
            if after_epoch == 0 {
                return None;
            }
            self.at += 1 + after_epoch;
        }
        let mut segments = 1;
        while self.bytes.get(self.at) == Some(&b'.') && self.digits(self.at + 1) > 0 {
            self.at += 1 + self.digits(self.at + 1);
            segments += 1;
        }
        Some(segments)
    }

    /// `.rc-1` and the like: a label with an optional separator before it, and another and a number after it.
    fn labelled(&mut self, labels: &[&str]) {
        let start = self.at + self.separator(self.at);
        let found = labels.iter().find(|label| {
            let part = self.bytes.get(start..start + label.len());
            part.is_some_and(|part| part.eq_ignore_ascii_case(label.as_bytes()))
        });
        if let Some(label) = found {
            let end = start + label.len();
            let end = end + self.separator(end);
            self.at = end + self.digits(end);
        }
    }

    /// `-1`, which stands for `.post1`.
    fn implicit_post(&mut self) -> bool {
        let digits = self.digits(self.at + 1);
        let found = self.bytes.get(self.at) == Some(&b'-') && digits > 0;
        if found {
            self.at += 1 + digits;
        }
        found
    }

    /// `+ubuntu.1`.
    fn local(&mut self) {
        if self.bytes.get(self.at) != Some(&b'+') {
            return;
        }
        let mut end = self.at;
        loop {
            let part = self.bytes[end + 1..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
            if part == 0 {
                return;
            }
            end += 1 + part;
            self.at = end;
            if self.separator(end) == 0 {
                return;
            }
        }
    }

    fn digits(&self, at: usize) -> usize {
        self.bytes.iter().skip(at).take_while(|byte| byte.is_ascii_digit()).count()
    }

    fn separator(&self, at: usize) -> usize {
        usize::from(matches!(self.bytes.get(at), Some(b'-' | b'_' | b'.')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_end_where_packaging_ends_them() {
        for (specifier, length) in [
            ("==1.*", Some(3)),
            ("==1.0rc1.post2.dev3+a.b-c", Some(23)),
            ("==1.0-1", Some(5)),
            ("==v2!1.0", Some(6)),
            ("==1.0a.*", Some(5)),
            (">=1.*", Some(1)),
            (">=1.0+local", Some(3)),
            ("~=1", None),
            ("~=1.0", Some(3)),
            ("===whatever-1!;", Some(11)),
            ("==dev", None),
            ("==1!", None),
            ("==1.0+", Some(3)),
            ("==1.0.Post3", Some(9)),
        ] {
            let operator = operator(specifier).unwrap();
            assert_eq!(version_length(operator, &specifier[operator.len()..]), length, "{specifier}");
        }
    }
}
