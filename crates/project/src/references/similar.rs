//! Names that differ by a slip.

/// The first of the names that is nearly this one: the same but for case and underscores, or up to two letters apart.
pub(crate) fn similar<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let plain = plain(name);
    let limit = if name.len() < 5 { 1 } else { 2 };
    let scored = names.filter(|it| it.len().abs_diff(name.len()) <= limit).filter_map(|other| {
        let distance = if self::plain(other) == plain { 0 } else { distance(name, other, limit)? };
        Some((distance, other))
    });
    scored.min().map(|(_, other)| other)
}

fn plain(name: &str) -> String {
    name.chars().filter(|&letter| letter != '_').flat_map(char::to_lowercase).collect()
}

/// How many letters must be put in, left out or changed, as long as that is not more than `limit`.
fn distance(one: &str, other: &str, limit: usize) -> Option<usize> {
    const LONGEST: usize = 64;
    if one.len() > LONGEST || other.len() > LONGEST {
        return None;
    }
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (index, &against) in other.iter().enumerate() {
            let changed = diagonal + usize::from(letter != against);
            diagonal = row[index + 1];
            row[index + 1] = changed.min(row[index] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().filter(|&distance| distance <= limit)
}

#[cfg(test)]
mod tests {
    use super::similar;

    #[test]
    fn slips_are_near_and_other_words_are_not() {
        let names = ["created_at", "database_url", "id", "full_name"];
        assert_eq!(similar("createdAt", names.into_iter()), Some("created_at"));
        assert_eq!(similar("DATABASE_URL", names.into_iter()), Some("database_url"));
        assert_eq!(similar("fullname", names.into_iter()), Some("full_name"));
        assert_eq!(similar("updated_at", names.into_iter()), None);
        assert_eq!(similar("x", names.into_iter()), None);
    }
}
