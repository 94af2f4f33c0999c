//! What becomes of each finding: severity, silence, filters.

use crate::audit::{Judged, Status, SuppressedBy};
use crate::fingerprint::fingerprints;
use crate::pattern::PathPattern;
use crate::select::{Selector, find, find_check};
use crate::suppress::Comments;
use crate::{Config, Suppression};
use pyaudit_check::{Check, Finding, Maturity, Project, Severity};
use pyaudit_source::{Phase, Problem};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Judges findings and tells what is wrong with suppressions. The findings come back in the order of path, place,
/// check and message.
pub(crate) fn judge(
    project: &Project,
    known: &[&'static Check],
    ran: &[&'static Check],
    config: &Config,
    mut findings: Vec<Finding>,
) -> (Vec<Judged>, Vec<Problem>) {
    override_severities(&mut findings, &config.severity, known);
    // Files are numbered in the order of their paths, so a span's own order is that of path and place.
    findings.sort_by(compare);
    let fingerprints = fingerprints(project, &findings);
    let mut silence = Silence::new(project, known, config);
    let mut judged = Vec::with_capacity(findings.len());
    for (finding, fingerprint) in findings.into_iter().zip(fingerprints) {
        let status = silence.status(&finding);
        let shown = is_shown(project, config, &finding);
        judged.push(Judged { finding, status, fingerprint, shown });
    }
    let problems = silence.problems(ran, config);
    (judged, problems)
}

fn compare(a: &Finding, b: &Finding) -> Ordering {
    let key = |finding: &Finding| (finding.span, finding.check.id);
    key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message)).then_with(|| a.subject.cmp(&b.subject))
}

fn override_severities(findings: &mut [Finding], severities: &BTreeMap<String, Severity>, known: &[&'static Check]) {
    let by_id: BTreeMap<&str, Severity> = severities
        .iter()
        .filter_map(|(name, &severity)| find_check(name, known).ok().map(|check| (check.id, severity)))
        .collect();
    for finding in findings {
        if let Some(&severity) = by_id.get(finding.check.id) {
            finding.severity = severity;
        }
    }
}

fn is_shown(project: &Project, config: &Config, finding: &Finding) -> bool {
    let path = &project.sources.file(finding.span.file).path;
    let is_in = |scope: &String| {
        let rest = path.strip_prefix(scope.as_str());
        scope.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let is_unasked_preview = finding.check.maturity == Maturity::Preview
        && !config.select.iter().any(|selected| selected == finding.check.id);
    let least = if is_unasked_preview { config.min_preview_confidence } else { config.min_confidence };
    finding.severity >= config.min_severity
        && finding.confidence >= least
        && (config.paths.is_empty() || config.paths.iter().any(is_in))
}

/// Everything that can silence a finding.
struct Silence<'a> {
    project: &'a Project,
    pattern_base: &'a str,
    comments: Comments,
    suppressions: Vec<Rule<'a>>,
    path_ignores: Vec<(PathPattern, Vec<Selector>, String)>,
}

/// A suppression of the configuration, ready to be asked.
struct Rule<'a> {
    written: &'a Suppression,
    check: &'static Check,
    path: Option<PathPattern>,
    used: bool,
}

impl<'a> Silence<'a> {
    fn new(project: &'a Project, known: &[&'static Check], config: &'a Config) -> Self {
        let mut silence = Self {
            project,
            pattern_base: &config.pattern_base,
            comments: Comments::default(),
            suppressions: Vec::new(),
            path_ignores: Vec::new(),
        };
        if config.suppress {
            silence.comments = Comments::read(project, known);
            silence.suppressions = config.suppressions.iter().filter_map(|written| Rule::new(written, known)).collect();
            silence.path_ignores = path_ignores(config, known);
        }
        silence
    }

    /// The first of comments, suppressions and path ignores that covers the finding gives the reason.
    fn status(&mut self, finding: &Finding) -> Status {
        let path = format!("{}{}", self.pattern_base, self.project.sources.file(finding.span.file).path);
        let mut status = self.comments.suppress(self.project, finding);
        for rule in &mut self.suppressions {
            if rule.covers(finding, &path) {
                rule.used = true;
                status.get_or_insert_with(|| by_configuration(rule.written.reason.clone()));
            }
        }
        let covered_by = |(pattern, selectors, _): &&(PathPattern, Vec<Selector>, String)| {
            selectors.iter().any(|selector| selector.covers(finding.check)) && pattern.matches(&path)
        };
        let by_path = || self.path_ignores.iter().find(covered_by);
        let by_path = || by_path().map(|(.., why)| by_configuration(Some(why.clone())));
        status.or_else(by_path).unwrap_or(Status::New)
    }

    /// What is wrong with the suppressions, once every finding is judged.
    fn problems(mut self, ran: &[&'static Check], config: &Config) -> Vec<Problem> {
        let mut problems = std::mem::take(&mut self.comments.problems);
        if !config.report_unused {
            return problems;
        }
        problems.extend(self.comments.unused(ran));
        // A configuration from a directory above may speak of what lies outside of the root.
        if self.pattern_base.is_empty() {
            let unused = self.suppressions.iter().filter(|rule| !rule.used);
            let judged = unused.filter(|rule| ran.iter().any(|check| check.id == rule.check.id));
            problems.extend(judged.map(Rule::unused));
        }
        problems
    }
}

const fn by_configuration(reason: Option<String>) -> Status {
    Status::Suppressed { reason, by: SuppressedBy::Configuration }
}

fn path_ignores(config: &Config, known: &[&'static Check]) -> Vec<(PathPattern, Vec<Selector>, String)> {
    let ignores = config.per_path_ignores.iter().filter_map(|ignore| {
        let pattern = PathPattern::new(&ignore.pattern).ok()?;
        let selectors = ignore.checks.iter().filter_map(|name| find(name, known).ok()).collect();
        Some((pattern, selectors, format!("ignored in `{}` by the configuration", ignore.pattern)))
    });
    ignores.collect()
}

impl<'a> Rule<'a> {
    /// `None` for a check or pattern that stands for nothing; who reads the configuration refuses those first.
    fn new(written: &'a Suppression, known: &[&'static Check]) -> Option<Self> {
        let path = written.path.as_deref().map(PathPattern::new).transpose().ok()?;
        Some(Self { written, check: find_check(&written.check, known).ok()?, path, used: false })
    }

    fn covers(&self, finding: &Finding, path: &str) -> bool {
        self.check.id == finding.check.id
            && self.written.subject.as_ref().is_none_or(|subject| Some(subject) == finding.subject.as_ref())
            && self.path.as_ref().is_none_or(|pattern| pattern.matches(path))
    }

    fn unused(&self) -> Problem {
        let about = self.written.subject.as_ref().map_or_else(String::new, |subject| format!(" about `{subject}`"));
        let at = self.written.path.as_ref().map_or_else(String::new, |path| format!(" in `{path}`"));
        let message =
            format!("unused suppression in the configuration: there is no finding of `{}`{about}{at}", self.check.id);
        Problem { span: None, path: None, phase: Phase::Suppress, message }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{DELTA, audit, lines, problems, project};
    use crate::{Audit, Config, PathIgnore, Suppression};
    use pyaudit_check::{Confidence, Severity};

    const FILES: &[(&str, &str)] = &[("app/a.json", "\"alpha\"\n"), ("app/b.py", "beta\n"), ("tests/c.py", "alpha\n")];

    fn shown(audit: &Audit) -> usize {
        audit.findings.iter().filter(|judged| judged.counts()).count()
    }

    fn suppression(check: &str, path: Option<&str>) -> Suppression {
        let owned = |text: &str| text.to_owned();
        Suppression { check: owned(check), subject: None, path: path.map(owned), reason: Some(owned("known")) }
    }

    #[test]
    fn the_configured_severity_replaces_that_of_the_check() {
        let severity = [("old-alpha".to_owned(), Severity::Critical)].into();
        let config = Config { severity, min_severity: Severity::High, ..Config::default() };
        let audit = audit(FILES, &config);
        let severities: Vec<_> = audit.findings.iter().map(|judged| judged.finding.severity).collect();
        assert_eq!(severities, [Severity::Critical, Severity::Medium, Severity::Critical]);
        assert_eq!(shown(&audit), 2, "filters see the new severity");
    }

    #[test]
    fn filters_hide_without_dropping() {
        let all = audit(FILES, &Config { min_confidence: Confidence::High, ..Config::default() });
        assert_eq!((all.findings.len(), shown(&all)), (3, 3));
        let paths = vec!["app".to_owned(), "tests/c".to_owned()];
        let some = audit(FILES, &Config { paths, ..Config::default() });
        assert_eq!((some.findings.len(), shown(&some)), (3, 2), "`tests/c` is no directory of `tests/c.py`");
    }

    #[test]
    fn previews_have_a_limit_of_their_own_unless_they_are_selected() {
        let shown_with = |select: &[&str], least| {
            let select = select.iter().map(|&id| id.to_owned()).collect();
            let config = Config { select, min_preview_confidence: least, ..Config::default() };
            shown(&crate::run(project(&[("a.py", "delta\n")]), &[&DELTA], &config))
        };
        assert_eq!(shown_with(&[], Confidence::Medium), 1);
        assert_eq!(shown_with(&[], Confidence::High), 0);
        assert_eq!(shown_with(&["api"], Confidence::High), 0);
        assert_eq!(shown_with(&["delta-word"], Confidence::High), 1);
    }

    #[test]
    fn paths_and_suppressions_silence_with_their_reasons() {
        let per_path_ignores = vec![PathIgnore { pattern: "tests".to_owned(), checks: vec!["api".to_owned()] }];
        let suppressions = vec![suppression("alpha-word", Some("app/*.json")), suppression("beta-word", Some("x"))];
        let config = Config { per_path_ignores, suppressions, ..Config::default() };
        let silenced = audit(FILES, &config);
        let expected = [
            "app/a.json:1 alpha suppressed (known)",
            "app/b.py:1 beta new",
            "tests/c.py:1 alpha suppressed (ignored in `tests` by the configuration)",
        ];
        assert_eq!(lines(&silenced), expected);
        let unused = "0: unused suppression in the configuration: there is no finding of `beta-word` in `x`";
        assert_eq!(problems(&silenced), [unused]);
        let loud = audit(FILES, &Config { suppress: false, ..config });
        assert_eq!((shown(&loud), problems(&loud).len()), (3, 0));
    }

    #[test]
    fn patterns_count_from_the_directory_of_the_configuration() {
        let suppressions = vec![suppression("beta-word", Some("backend/app/b.py"))];
        let config = Config { suppressions, pattern_base: "backend/".to_owned(), ..Config::default() };
        assert_eq!(lines(&audit(FILES, &config))[1], "app/b.py:1 beta suppressed (known)");
    }

    #[test]
    fn a_subject_must_be_the_same() {
        let rule = Suppression { subject: Some("other".to_owned()), ..suppression("beta-word", None) };
        let audit = audit(FILES, &Config { suppressions: vec![rule], ..Config::default() });
        assert_eq!(lines(&audit)[1], "app/b.py:1 beta new");
    }
}
