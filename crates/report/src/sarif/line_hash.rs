//! The hash of a line by which GitHub knows an alert again when the lines around it move.
//!
//! GitHub's upload action computes it for results that have none (`src/fingerprints.ts` in
//! <https://github.com/github/codeql-action>), and warns where a result brings another. The hash of a line is a
//! polynomial over the hundred UTF-16 units that follow its start, wherever they stand, without spaces and tabs and with
//! every line end as one line feed. One unit of all ones ends the text, and zeros follow it. Behind a colon stands how
//! many lines had the same hash so far.

use std::collections::{BTreeMap, HashMap};

/// How many units count.
const WINDOW: usize = 100;

/// The base of the polynomial.
const BASE: u64 = 37;

/// Ends a text.
const END: u16 = u16::MAX;

/// The hashes of those lines of a text, from 1, for which `wanted` says so. There is one line more than line ends.
pub(super) fn line_hashes(text: &str, wanted: impl Fn(u32) -> bool) -> BTreeMap<u32, String> {
    let (units, starts) = units(text);
    let drop = (0..WINDOW).fold(1_u64, |power, _| power.wrapping_mul(BASE));
    let unit = |at: usize| u64::from(units.get(at).copied().unwrap_or(0));
    let mut hash = (0..WINDOW).fold(0, |hash: u64, at| hash.wrapping_mul(BASE).wrapping_add(unit(at)));
    let mut at = 0;
    let mut seen: HashMap<u64, u32> = HashMap::new();
    let mut hashes = BTreeMap::new();
    for (line, start) in (1..).zip(starts) {
        while at < start {
            let next = hash.wrapping_mul(BASE).wrapping_add(unit(at + WINDOW));
            hash = next.wrapping_sub(drop.wrapping_mul(unit(at)));
            at += 1;
        }
        let count = seen.entry(hash).or_default();
        *count += 1;
        if wanted(line) {
            hashes.insert(line, format!("{hash:x}:{count}"));
        }
    }
    hashes
}

/// The units that count, and the place of the first one of each line among them.
fn units(text: &str) -> (Vec<u16>, Vec<usize>) {
    const LINE_FEED: u16 = b'\n' as u16;
    const RETURN: u16 = b'\r' as u16;
    let mut units = Vec::with_capacity(text.len() + 1);
    let mut starts = vec![0];
    let mut after_return = false;
    for unit in text.encode_utf16() {
        let is_second = std::mem::replace(&mut after_return, unit == RETURN) && unit == LINE_FEED;
        if is_second || unit == u16::from(b' ') || unit == u16::from(b'\t') {
            continue;
        }
        let ends_line = unit == LINE_FEED || unit == RETURN;
        units.push(if ends_line { LINE_FEED } else { unit });
        if ends_line {
            starts.push(units.len());
        }
    }
    units.push(END);
    (units, starts)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What GitHub's own code gave for these texts, under Node.js, for the first lines and the last two.
    #[test]
    fn the_hashes_are_those_of_github() {
        let cases: &[(&str, &[(u32, &str)])] = &[
            ("", &[(1, "c129715d7a2bc9a3:1")]),
            ("a", &[(1, "53b5d4aabe50d64:1")]),
            ("a\n", &[(1, "243cbaa4685aab12:1"), (2, "c129715d7a2bc9a3:1")]),
            (
                "x = 1\n  y\t= 2\r\nz\rw\r \nx = 1\n",
                &[
                    (1, "5e9cb27476821708:1"),
                    (2, "13fcf1646a2d65c:1"),
                    (5, "e107cf68c905f3b5:1"),
                    (6, "8e00d41f0ebba6bf:1"),
                ],
            ),
            ("\n\n\n", &[(1, "4e5d562094661a0d:1"), (2, "5b5d4caf73a13177:1"), (4, "c129715d7a2bc9a3:1")]),
            ("é🙂 = '日本語'\n\tprint(🙂)\n", &[(1, "f320bc00017712ee:1"), (2, "b99a25299bce26f6:1")]),
            (
                "\u{b}\u{c} \r\r\n\n\u{ffff}\0\n",
                &[(1, "94dfd502add0bead:1"), (3, "3b1e66dea6d28a6:1"), (5, "c129715d7a2bc9a3:1")],
            ),
        ];
        for (text, expected) in cases {
            let hashes = line_hashes(text, |_| true);
            for (line, hash) in *expected {
                assert_eq!(hashes[line], *hash, "line {line} of {text:?}");
            }
        }
    }

    #[test]
    fn equal_lines_are_counted_and_long_ones_roll() {
        let same = line_hashes(&"same\n".repeat(120), |_| true);
        assert_eq!((same[&1].as_str(), same[&2].as_str()), ("6468d5768bad9560:1", "6468d5768bad9560:2"));
        assert_eq!((same[&120].as_str(), same[&121].as_str()), ("930af01a65e2307f:1", "c129715d7a2bc9a3:1"));
        let long = line_hashes(&("a".repeat(250) + "\nb\n"), |line| line < 3);
        let expected = [(1, "871f6af4d0d4dd7c:1".to_owned()), (2, "ade70578248be16f:1".to_owned())];
        assert_eq!(long.into_iter().collect::<Vec<_>>(), expected);
    }
}
