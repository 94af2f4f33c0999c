//! `CREATE INDEX` in SQL text.

/// What stands in a text for a part that is computed.
pub(super) const HOLE: &str = "\u{fffd}";

/// Whether a text may make an index: a quick look, before it is taken apart.
pub(super) fn makes_index(text: &str) -> bool {
    let has = |word: &str| text.as_bytes().windows(word.len()).any(|at| at.eq_ignore_ascii_case(word.as_bytes()));
    text.len() > 20 && has("create") && has(" index")
}

/// The indexes that a text makes: name, table without its schema, first column; each `None` where it is computed.
pub(super) fn indexes(text: &str) -> Vec<(Option<String>, Option<String>, Option<String>)> {
    if !makes_index(text) {
        return Vec::new();
    }
    let spaced = text.replace('(', " ( ").replace(',', " , ").replace(')', " ) ").replace(';', " ; ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    (0..words.len()).filter_map(|at| index_at(&words[at..])).collect()
}

/// Reads `CREATE [UNIQUE] INDEX [CONCURRENTLY] [IF NOT EXISTS] [name] ON [ONLY] table [USING method] (column …`.
fn index_at(words: &[&str]) -> Option<(Option<String>, Option<String>, Option<String>)> {
    let is = |at: usize, word: &str| words.get(at).is_some_and(|known| known.eq_ignore_ascii_case(word));
    if !is(0, "create") {
        return None;
    }
    let kinds = ["unique", "fulltext", "spatial", "clustered", "nonclustered"];
    let mut at = if kinds.iter().any(|kind| is(1, kind)) { 3 } else { 2 };
    if !is(at - 1, "index") {
        return None;
    }
    at += usize::from(is(at, "concurrently"));
    at += if is(at, "if") { 3 } else { 0 };
    let name = if is(at, "on") { None } else { words.get(at).and_then(|name| identifier(name)) };
    at += usize::from(!is(at, "on"));
    if !is(at, "on") {
        return None;
    }
    at += 1;
    at += usize::from(is(at, "only"));
    let table = identifier(words.get(at)?);
    let open = words.iter().skip(at).take(4).position(|word| *word == "(")? + at;
    let column = words.get(open + 1).and_then(|column| identifier(column));
    Some((name, table, column))
}

/// A name without its schema and quotes; `None` for one that is computed.
fn identifier(written: &str) -> Option<String> {
    let last = written.rsplit('.').next().unwrap_or(written);
    let bare = last.trim_matches(|letter| matches!(letter, '"' | '`' | '[' | ']' | '\''));
    (!written.contains(HOLE) && !bare.is_empty() && !bare.contains(['{', '%'])).then(|| bare.to_owned())
}

/// The column of an element of an index: `name` of `name DESC`; an expression over it stays what it is.
pub(super) fn column_of(element: &str) -> String {
    let first = element.split_whitespace().next().unwrap_or("");
    first.trim_matches(|letter| matches!(letter, '"' | '`')).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_statement_are_found_in_every_spelling() {
        let read = |text: &str| {
            let part = |part: Option<String>| part.unwrap_or_else(|| "?".to_owned());
            let all = indexes(text).into_iter();
            all.map(|(name, table, column)| [part(name), part(table), part(column)].join(" ")).collect::<Vec<_>>()
        };
        assert_eq!(read("CREATE INDEX ix ON orders (user_id)"), ["ix orders user_id"]);
        assert_eq!(
            read(
                "create unique index concurrently if not exists \"ix\" on only public.\"orders\" using gin(user_id, day)"
            ),
            ["ix orders user_id"]
        );
        assert_eq!(
            read("CREATE INDEX ON orders(user_id); CREATE INDEX b ON items(id)"),
            ["? orders user_id", "b items id"]
        );
        assert_eq!(read(&format!("CREATE INDEX ix_{HOLE} ON {HOLE} (user_id)")), ["? ? user_id"]);
        assert!(read("create an index of all pages on (the) first day").is_empty());
        assert!(read("CREATE INDEX ix ON orders").is_empty());
    }

    #[test]
    fn an_element_of_an_index_is_its_column() {
        assert_eq!(column_of("created_at DESC"), "created_at");
        assert_eq!(column_of("lower(name)"), "lower(name)");
    }
}
