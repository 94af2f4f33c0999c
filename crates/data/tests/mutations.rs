//! Bytes of real-looking files, changed at random: no reader panics, and every place it gives fits the text.

mod common;

use common::{READERS, assert_places};
use proptest::prelude::*;

const SAMPLES: [&str; 7] = [
    "%YAML 1.2\n---\non: [push, {é: 'it''s'}] # c\nbase: &b !t\n  run: |-\n    pip install \\\n      x\n\n  fold: >+\n    a\n    b\n\n     c\nkey: {<<: *b, q: \"\\u00e9\\L\\\n  z\"}\n? [k]\n: - 1\n  -\n  - multi\n    line é\n...\n--- 2\n",
    "# c\ntitle = \"a\\u00e9\\n\"\n[tool.x]\nd.e = 1979-05-27\nlist = [1, 2.5, 'é', {a = true}]\n[[bin]]\ntext = \"\"\"\nx \\\n  y\"\"\"\nraw = '''\r\nz'''\r\n",
    "{\"é\": [1, -2.5e3, true, null, \"\\ud83d\\ude00\\n\"], \"a\": {\"b\": {}}}\n",
    "[alembic]\nscript_location = %(here)s/é\n# c\nurl : postgres://x\n  y\n\n  z\n[a]\nlonely\n\n",
    "export A='é b' # c\nB=\"x\n\\ny\"\nC=${A} # d\nD\n'k e'= v\r\n",
    "# escape=`\nARG V=1\nFROM --platform=x a:${V} AS b\nRUN --mount=type=cache <<EOF cat <<-'É'\nx é\nEOF\n\ty\n\tÉ\nCMD [\"a\", `\n # c\n  \"b\"]\n",
    "-r base.txt\n-e git+https://x/y.git#egg=z[a] ; os_name == 'nt'\nFlask[async] (>=2.0, !=2.1.*) ; python_version < '3.9' # é\na==1 \\\n  --hash=sha256:00\n./é/b-1-py3-none-any.whl\nc @ https://x\n--index-url \"https://${T}@h\" --pre\n",
];

/// A change at a place of a text: some bytes taken out, some put in.
type Change = (prop::sample::Index, usize, String);

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let inserted = prop_oneof![
        4 => "[\\[\\]{}:,#&*!|>'\"%@`=\\\\;()<~.$ \t\r\n-]{0,3}",
        1 => "[ -~é😀\u{85}\u{2028}\u{feff}\0\u{a0}\n]{0,4}",
    ];
    prop::collection::vec((any::<prop::sample::Index>(), 0_usize..4, inserted), 1..8)
}

fn apply(sample: &str, changes: &[Change]) -> String {
    let mut characters: Vec<char> = sample.chars().collect();
    for (place, removed, inserted) in changes {
        let start = place.index(characters.len() + 1);
        let end = (start + removed).min(characters.len());
        characters.splice(start..end, inserted.chars());
    }
    characters.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn changed_files_give_values_or_problems(sample in prop::sample::select(&SAMPLES[..]), changes in changes()) {
        let text = apply(sample, &changes);
        for (name, read) in READERS {
            assert_places(name, &text, &read(&text));
        }
    }
}

#[test]
fn samples_have_places_for_all_their_text() {
    for ((name, read), sample) in READERS.into_iter().zip(SAMPLES) {
        let outcome = read(sample);
        assert_places(name, sample, &outcome);
        assert!(outcome.texts.iter().all(|text| !text.segments.is_empty()), "{name}: {:?}", outcome.texts);
        assert!(outcome.ranges.len() > 5, "{name}");
    }
}

/// A byte order mark inside a block of YAML is left out by the parser, which once cut the text inside a character.
#[test]
fn one_strange_character_anywhere_is_survived() {
    for sample in SAMPLES {
        for (at, _) in sample.char_indices() {
            for strange in ["\u{feff}", "\u{2028}", "\0", "😀"] {
                let text = [&sample[..at], strange, &sample[at..]].concat();
                for (name, read) in READERS {
                    assert_places(name, &text, &read(&text));
                }
            }
        }
    }
}
