//! The properties that a score must have, and the worked example of the documentation.

use super::*;
use crate::{Judged, SuppressedBy};
use proptest::prelude::*;
use pyaudit_check::{Area, Confidence, Findings, Project, Run, Span};
use pyaudit_source::FileId;

const fn check(id: &'static str, axis: Axis, maturity: Maturity) -> Check {
    Check {
        id,
        summary: "a check for tests",
        docs: "",
        area: Area::Api,
        axis,
        severity: Severity::Medium,
        confidence: Confidence::High,
        maturity,
        since: "0.1.0",
        references: &[],
        aliases: &[],
        run: Run::Project(|_, _| {}),
    }
}

static CHECKS: [Check; 5] = [
    check("alpha", Axis::Robustness, Maturity::Stable),
    check("beta", Axis::Robustness, Maturity::Stable),
    check("gamma", Axis::Robustness, Maturity::Stable),
    check("delta", Axis::Observability, Maturity::Stable),
    check("epsilon", Axis::Tests, Maturity::Preview),
];

const SUPPRESSED: Status = Status::Suppressed { by: SuppressedBy::Comment, reason: None };

/// A finding: the place of its check, its severity and its confidence.
type Made = (usize, Severity, Confidence);

fn judged((check, severity, confidence): Made, status: Status) -> Judged {
    let mut findings = Findings::new(&CHECKS[check]);
    findings.report(Span::file(FileId(0)), "found").severity(severity).confidence(confidence);
    let finding = findings.finish().0.remove(0);
    Judged { finding, status, fingerprint: String::new(), shown: true }
}

fn audit(found: &[Made], examined: usize) -> Audit {
    Audit {
        project: Project::default(),
        checks: CHECKS.iter().collect(),
        findings: found.iter().map(|&made| judged(made, Status::New)).collect(),
        examined: CHECKS.iter().map(|check| (check.id, examined)).collect(),
        facts: Vec::new(),
        problems: Vec::new(),
    }
}

fn points(score: &Score, axis: Axis) -> Option<u32> {
    let of_axis = score.axes.iter().find(|it| it.axis == axis).expect("every axis has an entry");
    match &of_axis.outcome {
        Outcome::Assessed { points, .. } => Some(points.0),
        Outcome::NotAssessed(_) => None,
    }
}

/// Every figure of a score: the axes in order, then the total.
fn figures(score: &Score) -> Vec<Option<u32>> {
    let axes = Axis::ALL.iter().map(|&axis| points(score, axis));
    axes.chain([score.total.map(|total| total.0)]).collect()
}

fn made() -> impl Strategy<Value = Made> {
    (0..CHECKS.len(), prop::sample::select(Severity::ALL), prop::sample::select(Confidence::ALL))
}

proptest! {
    #[test]
    fn more_findings_never_raise_a_score(found in prop::collection::vec(made(), 0..30), more in made(), examined in 1..200usize) {
        let before = figures(&score(&audit(&found, examined)));
        let mut found = found;
        found.push(more);
        let after = figures(&score(&audit(&found, examined)));
        for (before, after) in before.iter().zip(&after) {
            prop_assert!(after <= before, "{before:?} became {after:?}");
        }
    }

    #[test]
    fn a_worse_or_surer_finding_never_raises_a_score(found in prop::collection::vec(made(), 1..30), at in 0..30usize, examined in 1..200usize) {
        let at = at % found.len();
        let before = figures(&score(&audit(&found, examined)));
        for worse in Severity::ALL.iter().filter(|&&severity| severity >= found[at].1) {
            for surer in Confidence::ALL.iter().filter(|&&confidence| confidence >= found[at].2) {
                let mut changed = found.clone();
                changed[at] = (found[at].0, *worse, *surer);
                let after = figures(&score(&audit(&changed, examined)));
                for (before, after) in before.iter().zip(&after) {
                    prop_assert!(after <= before, "{before:?} became {after:?}");
                }
            }
        }
    }

    #[test]
    fn deductions_add_up_and_the_plan_keeps_its_word(found in prop::collection::vec(made(), 0..40), examined in 1..200usize) {
        let whole = score(&audit(&found, examined));
        for axis in &whole.axes {
            let Outcome::Assessed { points, deductions, .. } = &axis.outcome else { continue };
            prop_assert_eq!(points.0 + deductions.iter().map(|it| it.points.0).sum::<u32>(), 100);
        }
        for gain in &whole.plan {
            let rest: Vec<Made> = found.iter().copied().filter(|made| CHECKS[made.0].id != gain.check).collect();
            let mended = score(&audit(&rest, examined));
            let axis = gain.axis;
            prop_assert_eq!(points(&mended, axis).unwrap() - points(&whole, axis).unwrap(), gain.points.0);
        }
        prop_assert!(whole.plan.is_sorted_by(|a, b| a.points >= b.points));
    }

    #[test]
    fn the_order_of_findings_changes_nothing(found in prop::collection::vec(made(), 0..30).prop_shuffle(), examined in 1..50usize) {
        let mut sorted = found.clone();
        sorted.sort_unstable();
        prop_assert_eq!(score(&audit(&found, examined)), score(&audit(&sorted, examined)));
    }
}

#[test]
fn what_is_silent_preview_or_information_costs_nothing() {
    let high = (0, Severity::High, Confidence::High);
    let mut silent = audit(&[], 10);
    silent.findings.push(judged(high, SUPPRESSED));
    assert_eq!(points(&score(&silent), Axis::Robustness), Some(100));
    let harmless = [(0, Severity::Info, Confidence::High), (4, Severity::Critical, Confidence::High)];
    assert_eq!(points(&score(&audit(&harmless, 10)), Axis::Robustness), Some(100));
    assert!(score(&audit(&harmless, 10)).plan.is_empty());

    let mut known = audit(&[], 10);
    known.findings.push(judged(high, Status::Known));
    assert!(points(&score(&known), Axis::Robustness) < Some(100), "what a baseline knows is still there");
    let mut hidden = audit(&[high], 10);
    hidden.findings[0].shown = false;
    assert_eq!(score(&hidden), score(&audit(&[high], 10)), "looking away changes nothing");
}

#[test]
fn an_axis_that_nothing_could_have_lowered_is_not_assessed() {
    let outcome = |audit: &Audit, axis: Axis| {
        let axes = score(audit).axes;
        axes.into_iter().find(|it| it.axis == axis).expect("every axis has an entry").outcome
    };
    let audit = audit(&[], 0);
    assert_eq!(outcome(&audit, Axis::Robustness), Outcome::NotAssessed(Why::NothingToExamine));
    assert_eq!(outcome(&audit, Axis::Tests), Outcome::NotAssessed(Why::OnlyPreviews));
    assert_eq!(outcome(&audit, Axis::Modularity), Outcome::NotAssessed(Why::NoCheckRan));
    assert_eq!(score(&audit).total, None);
}

#[test]
fn the_total_is_the_mean_of_the_assessed_axes() {
    let all_clean = score(&audit(&[], 3));
    assert_eq!((points(&all_clean, Axis::Robustness), all_clean.total), (Some(100), Some(Points(100))));
    let found = [(3, Severity::Critical, Confidence::High)];
    let one = score(&audit(&found, 1));
    assert_eq!((points(&one, Axis::Observability), one.total), (Some(50), Some(Points(75))));
}

#[test]
fn no_pile_of_findings_brings_an_axis_below_nothing() {
    let found = vec![(0, Severity::Critical, Confidence::High); 500];
    assert_eq!(points(&score(&audit(&found, 1)), Axis::Robustness), Some(50), "one check costs five points at most");
    let found: Vec<Made> = (0..3).flat_map(|at| vec![(at, Severity::Critical, Confidence::High); 500]).collect();
    assert_eq!(points(&score(&audit(&found, 1)), Axis::Robustness), Some(12));
}

#[test]
fn the_worked_example_of_the_documentation_is_true() {
    // Three of twelve handlers with raw SQL, and one module of forty that prints, on one axis.
    let found = [
        (0, Severity::High, Confidence::High),
        (0, Severity::High, Confidence::High),
        (0, Severity::High, Confidence::High),
        (1, Severity::Medium, Confidence::High),
    ];
    let mut example = audit(&found, 12);
    example.examined.insert("beta", 40);
    let score = score(&example);
    let robustness = score.axes.into_iter().find(|it| it.axis == Axis::Robustness).expect("every axis has an entry");
    let Outcome::Assessed { points, deductions, .. } = robustness.outcome else { panic!("it is assessed") };
    let shown: Vec<String> = deductions.iter().map(|it| format!("{} {}", it.check, it.points)).collect();
    assert_eq!((points.to_string().as_str(), shown), ("7.3", vec!["alpha 2.1".to_owned(), "beta 0.6".to_owned()]));
}
