//! Finds where quotes and substitutions end, without reading what is in them.

/// What a position stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Parentheses,
    Braces,
    DoubleQuotes,
    Backticks,
}

/// A here-document whose body has not come yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pending {
    pub(crate) delimiter: Vec<u8>,
    /// Tabs before the delimiter do not count (`<<-`).
    pub(crate) strips_tabs: bool,
}

/// The place of the `)` that ends what starts at `from`, just after its `(`.
pub(crate) fn parentheses_end(text: &[u8], from: usize) -> Option<usize> {
    end(text, from, Within::Parentheses)
}

/// The place of the `}` that ends what starts at `from`, just after its `${`.
pub(crate) fn braces_end(text: &[u8], from: usize) -> Option<usize> {
    end(text, from, Within::Braces)
}

/// The place of the backtick that ends what starts at `from`.
pub(crate) fn backticks_end(text: &[u8], from: usize) -> Option<usize> {
    end(text, from, Within::Backticks)
}

/// The byte after a GitHub expression `${{ … }}` that starts at `at`, if one does. It ends on its line, and before another
/// one starts, so that a row of openings is not searched again and again.
pub(crate) fn expression_end(text: &[u8], at: usize) -> Option<usize> {
    let start = at + 3;
    if !text.get(at..)?.starts_with(b"${{") {
        return None;
    }
    for place in start..text.len() {
        match text[place] {
            b'\n' => return None,
            b'$' if text[place..].starts_with(b"${{") => return None,
            b'}' if text.get(place + 1) == Some(&b'}') => return Some(place + 2),
            _ => {}
        }
    }
    None
}

/// The place of the quote that ends a single-quoted text, from just after the first.
pub(crate) fn single_quotes_end(text: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(&byte) = text.get(at) {
        if byte == b'\'' {
            return Some(at);
        }
        at = expression_end(text, at).unwrap_or(at + 1);
    }
    None
}

/// One pass with a stack of its own, so that nesting costs neither the call stack nor time.
fn end(text: &[u8], from: usize, outer: Within) -> Option<usize> {
    let mut stack = vec![outer];
    let mut pending = Vec::new();
    let mut at = from;
    while let Some(&byte) = text.get(at) {
        let within = *stack.last()?;
        let closes = match within {
            Within::Parentheses => b')',
            Within::Braces => b'}',
            Within::DoubleQuotes => b'"',
            Within::Backticks => b'`',
        };
        if byte == closes {
            stack.pop();
            if stack.is_empty() {
                return Some(at);
            }
            at += 1;
        } else if byte == b'\\' {
            at += 2;
        } else if within == Within::Backticks {
            at += 1;
        } else if let Some(after) = expression_end(text, at) {
            at = after;
        } else if within == Within::Parentheses && byte == b'\n' && !pending.is_empty() {
            at = bodies_end(text, at + 1, &std::mem::take(&mut pending));
        } else if within == Within::Parentheses && text[at..].starts_with(b"<<") {
            let (found, after) = here_document(text, at);
            pending.extend(found);
            at = after;
        } else {
            at = step(text, at, within, &mut stack)?;
        }
    }
    None
}

/// Goes past one byte that closes nothing, and opens what it opens.
fn step(text: &[u8], at: usize, within: Within, stack: &mut Vec<Within>) -> Option<usize> {
    // In double quotes, and in braces within them, an apostrophe quotes nothing.
    let is_quoted =
        within == Within::DoubleQuotes || matches!(stack.as_slice(), [.., Within::DoubleQuotes, Within::Braces]);
    let opened = match (text[at], text.get(at + 1)) {
        (b'$', Some(b'(')) => Some((Within::Parentheses, 2)),
        (b'$', Some(b'{')) => Some((Within::Braces, 2)),
        (b'`', _) => Some((Within::Backticks, 1)),
        (b'"', _) => Some((Within::DoubleQuotes, 1)),
        (b'(', _) if within == Within::Parentheses => Some((Within::Parentheses, 1)),
        (b'\'', _) if !is_quoted => return single_quotes_end(text, at + 1).map(|end| end + 1),
        (b'#', _) if within == Within::Parentheses && starts_word(text, at) => {
            return Some(line_end(text, at));
        }
        _ => None,
    };
    Some(match opened {
        Some((inner, length)) => {
            stack.push(inner);
            at + length
        }
        None => at + 1,
    })
}

/// Whether a word may start at `at`, so that a `#` there starts a comment.
pub(crate) fn starts_word(text: &[u8], at: usize) -> bool {
    at == 0 || matches!(text[at - 1], b' ' | b'\t' | b'\n' | b'\r' | b';' | b'&' | b'|' | b'(' | b')')
}

/// The place of the next line feed, or the end of the text.
pub(crate) fn line_end(text: &[u8], at: usize) -> usize {
    text[at..].iter().position(|&byte| byte == b'\n').map_or(text.len(), |length| at + length)
}

/// Reads the operator of a here-document at `at` and its delimiter, and says where they end. `<<<` and `<<` before nothing
/// are no here-document.
pub(crate) fn here_document(text: &[u8], at: usize) -> (Option<Pending>, usize) {
    if text[at..].starts_with(b"<<<") {
        return (None, at + 3);
    }
    let strips_tabs = text.get(at + 2) == Some(&b'-');
    let mut place = at + 2 + usize::from(strips_tabs);
    while matches!(text.get(place), Some(b' ' | b'\t')) {
        place += 1;
    }
    let mut delimiter = Vec::new();
    let mut quote = None;
    while let Some(&byte) = text.get(place) {
        match (quote, byte) {
            (_, b'\n') | (None, b' ' | b'\t' | b'\r' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')') => break,
            (None, b'\'' | b'"') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            (None, b'\\') => {}
            _ => delimiter.push(byte),
        }
        place += 1;
    }
    let pending = (!delimiter.is_empty()).then_some(Pending { delimiter, strips_tabs });
    (pending, place)
}

/// Where the bodies of here-documents end that start at `at`, one after the other.
fn bodies_end(text: &[u8], mut at: usize, pending: &[Pending]) -> usize {
    for document in pending {
        at = body(text, at, document).1;
    }
    at
}

/// The end of a body that starts at `from`, and the start of the line after its delimiter.
pub(crate) fn body(text: &[u8], from: usize, document: &Pending) -> (usize, usize) {
    let mut at = from;
    while at < text.len() {
        let end = line_end(text, at);
        let line = &text[at..end];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let tabs = line.iter().take_while(|&&byte| document.strips_tabs && byte == b'\t').count();
        let next = (end + 1).min(text.len());
        if line[tabs..] == document.delimiter {
            return (at, next);
        }
        at = next.max(at + 1);
    }
    (text.len(), text.len())
}
