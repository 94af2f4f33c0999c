//! The harness detects every kind of failure, and is silent where check and fixture agree.

use pyaudit_check::source::Span;
use pyaudit_check::{Findings, Project, check};
use pyaudit_testkit::{FailureKind, check_fixture};

check! {
    /// A check over lines of text, for the tests of the harness.
    id: "bad-line",
    summary: "a line says that it is bad",
    area: Testing,
    axis: Tests,
    severity: Low,
    confidence: High,
    maturity: Preview,
    since: "0.1.0",
    references: [],
    run: Project(run),
}

/// `BAD` is a finding, each `OTHER` and `STEP` of its file belongs to it, `EMPTY` is one about the file as a whole, and
/// `CRASH` panics.
fn run(project: &Project, findings: &mut Findings) {
    for (file, source) in project.sources.files() {
        let text = project.sources.text(file).unwrap_or("");
        assert!(!text.contains("CRASH"), "asked to crash");
        let at = |word: &str| -> Vec<Span> {
            let places = text.match_indices(word).map(|(at, _)| at as u32);
            places.map(|at| Span::new(file, pyaudit_check::Range::new(at, at + 1))).collect()
        };
        for place in at("BAD") {
            let finding = findings.report(place, format!("`{}` has a bad line", source.path));
            for place in at("OTHER") {
                finding.related(place, "the other half");
            }
            for place in at("STEP") {
                finding.step(place, "a step");
            }
        }
        if text.contains("EMPTY") {
            findings.report(Span::file(file), "the file is bad");
        }
    }
}

const SILENT: &str = "\n## silent\n`ok.txt`:\n```\nfine\n```\n";

/// The failures of a section with one file of this text, beside a silent section.
fn kinds_of_file(text: &str) -> Vec<FailureKind> {
    kinds(&format!("## fires\n`a.txt`:\n```\n{text}\n```\n{SILENT}"))
}

fn kinds(markdown: &str) -> Vec<FailureKind> {
    check_fixture(&CHECK, markdown).into_iter().map(|failure| failure.kind).collect()
}

#[test]
fn agreement_is_silent() {
    assert_eq!(kinds_of_file("BAD # expect: bad-line \"a.txt\""), []);
    assert_eq!(kinds_of_file("# expect-next: bad-line\nBAD"), []);
    assert_eq!(kinds_of_file("BAD BAD # expect: bad-line; expect: bad-line"), []);
    assert_eq!(
        kinds(&format!("## fires\n`a`:\n```\nEMPTY\n```\n```expect\na bad-line \"the file\"\n```\n{SILENT}")),
        []
    );
}

#[test]
fn a_finding_without_a_mark() {
    assert_eq!(kinds_of_file("BAD\nBAD # expect: bad-line"), [FailureKind::UnmarkedFinding]);
    assert_eq!(kinds_of_file("BAD BAD # expect: bad-line"), [FailureKind::UnmarkedFinding]);
}

#[test]
fn a_mark_without_a_finding() {
    assert_eq!(kinds_of_file("fine # expect: bad-line"), [FailureKind::MissingFinding]);
}

#[test]
fn another_message_is_both() {
    let both = [FailureKind::MissingFinding, FailureKind::UnmarkedFinding];
    assert_eq!(kinds_of_file("BAD # expect: bad-line \"worse\""), both);
}

#[test]
fn a_line_is_no_whole_file() {
    let found = kinds(&format!("## fires\n`a`:\n```\nEMPTY\n```\n```expect\na:1 bad-line\n```\n{SILENT}"));
    assert_eq!(found, [FailureKind::UnmarkedFinding, FailureKind::MissingFinding]);
}

#[test]
fn a_mark_of_another_check() {
    assert_eq!(
        kinds_of_file("BAD # expect: bad-line; related: other"),
        [FailureKind::ForeignMark, FailureKind::MissingRelated]
    );
}

#[test]
fn related_places_are_free_until_one_is_marked() {
    assert_eq!(kinds_of_file("BAD # expect: bad-line\nOTHER\nOTHER\nSTEP"), []);
    assert_eq!(kinds_of_file("BAD # expect: bad-line\nOTHER # related: bad-line \"half\"\nSTEP"), []);
    let one_of_two = "BAD # expect: bad-line\nOTHER # related: bad-line\nOTHER";
    assert_eq!(kinds_of_file(one_of_two), [FailureKind::UnmarkedRelated]);
    assert_eq!(kinds_of_file("BAD # expect: bad-line\nx # related: bad-line"), [FailureKind::MissingRelated]);
    assert_eq!(kinds_of_file("BAD # expect: bad-line\nSTEP # related: bad-line\nSTEP"), [FailureKind::UnmarkedRelated]);
}

#[test]
fn a_crash() {
    let found = kinds(&format!(
        "## fires\n`a.txt`:\n```\nBAD # expect: bad-line\n```\n## crashes\n`b.txt`:\n```\nCRASH\n```\n{SILENT}"
    ));
    assert_eq!(found, [FailureKind::Crash]);
}

#[test]
fn both_kinds_of_sections_are_needed() {
    assert_eq!(kinds(SILENT), [FailureKind::NeverFires]);
    assert_eq!(kinds("## fires\n`a.txt`:\n```\nBAD # expect: bad-line\n```\n"), [FailureKind::NeverSilent]);
    assert_eq!(kinds("# nothing\n"), [FailureKind::NeverFires, FailureKind::NeverSilent]);
}

#[test]
fn an_unreadable_fixture() {
    assert_eq!(
        kinds(&format!("## fires\n```\nBAD\n```\n`a.txt`:\n```\nBAD # expect: bad-line\n```\n{SILENT}")),
        [FailureKind::Malformed]
    );
}

#[test]
fn failures_name_the_line_of_the_fixture() {
    let failures =
        check_fixture(&CHECK, &format!("## fires\n`a.txt`:\n```\nBAD # expect: bad-line\nBAD\n```\n{SILENT}"));
    let told: Vec<String> = failures.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["5: ## fires: found without a mark: a.txt:2: `a.txt` has a bad line"]);
}

/// The problem of a panicking check needs no place, and must not be taken for another problem.
#[test]
fn a_problem_of_the_check_phase_cannot_be_marked() {
    let found = kinds(&format!(
        "## fires\n`a.txt`:\n```\nBAD # expect: bad-line\n```\n## crashes\n`b.txt`:\n```\nCRASH\n```\n```expect\n- problem \"\"\n```\n{SILENT}"
    ));
    assert_eq!(found, [FailureKind::Crash, FailureKind::MissingProblem]);
}
