//! Suppression comments, from a repository to the judgement of its findings.

use crate::Config;
use crate::testing::{audit, lines, problems};

/// The lines of the findings of a file that are not suppressed.
fn loud(path: &str, text: &str) -> Vec<String> {
    let audit = audit(&[(path, text)], &Config::default());
    assert_eq!(problems(&audit), Vec::<String>::new(), "in {text}");
    let lines = lines(&audit).into_iter().filter(|line| line.ends_with(" new"));
    lines.map(|line| line[path.len() + 1..line.len() - " new".len()].to_owned()).collect()
}

#[test]
fn a_comment_on_the_line_or_the_line_above_silences() {
    let text = "\
alpha()  # pyaudit: ignore[alpha-word] by design
# pyaudit: ignore[old-alpha]
alpha()
# pyaudit: ignore[alpha-word] the next comment is passed over
# and so to the code
alpha()

alpha()
";
    assert_eq!(loud("a.py", text), ["8 alpha"]);
    let reasons = lines(&audit(&[("a.py", text)], &Config::default()));
    assert_eq!(reasons[0], "a.py:1 alpha suppressed (by design)");
}

#[test]
fn only_the_named_checks_are_silent() {
    assert_eq!(loud("a.py", "alpha(beta)  # pyaudit: ignore[beta-word]\n"), ["1 alpha"]);
    assert!(loud("a.py", "alpha(beta)  # pyaudit: ignore[beta-word, alpha-word]\n").is_empty());
}

#[test]
fn a_comment_anywhere_in_a_statement_speaks_for_all_of_it() {
    let text = "\
call(
    alpha,
    # pyaudit: ignore[alpha-word]
    1,
)
call(
    alpha,
)  # pyaudit: ignore[alpha-word]
call(
    alpha,
)
";
    assert_eq!(loud("a.py", text), ["10 alpha"]);
}

#[test]
fn a_comment_in_a_header_does_not_reach_the_body() {
    let text = "\
# pyaudit: ignore[alpha-word]
@decorator
def f(
    alpha,
):
    return alpha


def g(
    beta,  # pyaudit: ignore[beta-word]
    alpha,
):
    # pyaudit: ignore[alpha-word]
    alpha()
    if (
        alpha
        # pyaudit: ignore[alpha-word]
    ):
        alpha()
";
    assert_eq!(loud("a.py", text), ["6 alpha", "11 alpha", "19 alpha"]);
}

#[test]
fn a_file_comment_silences_the_file() {
    let text = "alpha()\nbeta()\n# pyaudit: ignore-file[alpha-word] generated\n";
    assert_eq!(loud("a.py", text), ["2 beta"]);
}

#[test]
fn other_formats_have_comments_too() {
    assert_eq!(loud("ci.toml", "a = 'alpha' # pyaudit: ignore[alpha-word]\nb = 'alpha'\n"), ["2 alpha"]);
    assert!(loud("Makefile", "# pyaudit: ignore[alpha-word]\nalpha:\n").is_empty());
    assert!(loud(".gitignore", "# pyaudit: ignore-file[alpha-word]\nalpha\n").is_empty());
}

#[test]
fn text_in_strings_and_in_other_files_is_no_comment() {
    assert_eq!(loud("a.py", "alpha('# pyaudit: ignore[alpha-word]')\n"), ["1 alpha"]);
    assert_eq!(loud("a.md", "alpha # pyaudit: ignore[alpha-word]\n").len(), 1);
    assert_eq!(loud("a.json", "\"alpha # pyaudit: ignore[alpha-word]\"\n").len(), 1);
}

#[test]
fn mistakes_and_unused_comments_are_told() {
    let text = "\
alpha()  # pyaudit: ignore[alpa-word]
alpha()  # pyaudit: ignore
x = 1  # pyaudit: ignore[beta-word] not needed
";
    let expected = [
        "1: unknown check `alpa-word`; did you mean `alpha-word`?",
        "2: `pyaudit: ignore` names no check; write `ignore[check-id] reason`",
        "3: unused suppression: no finding of `beta-word` is here",
    ];
    let files = [("a.py", text)];
    let told = |config: Config| problems(&audit(&files, &config));
    assert_eq!(told(Config::default()), expected);
    assert_eq!(told(Config { ignore: vec!["ci".to_owned()], ..Config::default() }), expected[..2], "it did not run");
    assert_eq!(told(Config { report_unused: false, ..Config::default() }), expected[..2]);
    assert!(told(Config { suppress: false, ..Config::default() }).is_empty());
}

#[test]
fn long_runs_of_comments_take_no_longer_than_they_are() {
    let text = "# pyaudit: ignore[alpha-word]\n".repeat(20_000) + "alpha()\n";
    assert!(loud("a.toml", &text).is_empty());
}
