//! Checks as SARIF rules.

use super::text::{clipped, sentence};
use super::types::{Configuration, Message, Rule, RuleProperties};
use pyaudit_check::{Axis, Check, Maturity, Severity};

/// GitHub cuts longer descriptions, in characters.
const LONGEST_DESCRIPTION: usize = 1024;

/// GitHub shows no more tags of a rule.
const MOST_TAGS: usize = 20;

/// The rule of a check, with its page as help.
pub(super) fn rule(check: &Check, page: String) -> Rule {
    let summary = sentence(check.summary);
    Rule {
        id: check.id,
        name: pascal_case(check.id),
        full_description: Message::plain(full_description(check).unwrap_or_else(|| summary.clone())),
        help: Message { text: help_text(check, &summary), markdown: Some(page) },
        short_description: Message::plain(clipped(&summary, LONGEST_DESCRIPTION).into_owned()),
        help_uri: check.references.first().copied(),
        default_configuration: Configuration { level: level(check.severity) },
        properties: RuleProperties {
            tags: tags(check),
            precision: check.confidence.name(),
            problem_severity: problem_severity(check.severity),
            security_severity: is_security(check).then(|| security_severity(check.severity)),
        },
    }
}

/// The level of a severity.
pub(super) const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// Whether GitHub shall show findings as security alerts: those of the security axis, and of checks that name a weakness
/// of the Common Weakness Enumeration.
fn is_security(check: &Check) -> bool {
    check.axis == Axis::ConfigurationSecurity || weaknesses(check).next().is_some()
}

/// The numbers of the weaknesses (<https://cwe.mitre.org>) that a check refers to.
fn weaknesses(check: &Check) -> impl Iterator<Item = u32> {
    let number = |reference: &&str| {
        let page = reference.strip_prefix("https://cwe.mitre.org/data/definitions/")?;
        page.split(['.', '#']).next()?.parse().ok()
    };
    check.references.iter().filter_map(number)
}

fn tags(check: &Check) -> Vec<String> {
    let mut tags = vec![check.area.name().to_owned(), check.axis.name().to_owned()];
    if is_security(check) {
        tags.push("security".to_owned());
    }
    if check.maturity == Maturity::Preview {
        tags.push(check.maturity.name().to_owned());
    }
    tags.extend(weaknesses(check).map(|number| format!("external/cwe/cwe-{number:03}")));
    tags.dedup();
    tags.truncate(MOST_TAGS);
    tags
}

const fn problem_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "recommendation",
    }
}

/// A number within the band that GitHub calls as pyaudit calls the severity: critical above 9.0, high from 7.0, medium
/// from 4.0, low below.
const fn security_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
        Severity::Info => "0.5",
    }
}

fn pascal_case(id: &str) -> String {
    let capitalized = |word: &str| {
        let mut characters = word.chars();
        characters.next().into_iter().flat_map(char::to_uppercase).chain(characters).collect::<String>()
    };
    id.split('-').map(capitalized).collect()
}

/// The sections *What it does* and *Why it matters*, as one paragraph.
fn full_description(check: &Check) -> Option<String> {
    let parts = ["What it does", "Why it matters"].map(|heading| section(check.docs, heading));
    let text: Vec<String> = parts.into_iter().flatten().filter(|text| !text.is_empty()).collect();
    (!text.is_empty()).then(|| clipped(&text.join(" "), LONGEST_DESCRIPTION).into_owned())
}

/// The text below a heading on one line.
fn section(docs: &str, heading: &str) -> Option<String> {
    let lines = docs.lines().map(str::trim).skip_while(|line| line.strip_prefix("## ") != Some(heading)).skip(1);
    let lines: Vec<&str> = lines.take_while(|line| !line.starts_with("## ")).collect();
    let words: Vec<&str> = lines.iter().flat_map(|line| line.split_whitespace()).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// The documentation without the marks of headings, which plain text does not have.
fn help_text(check: &Check, summary: &str) -> String {
    let mut text = format!("{summary}\n\n");
    for line in check.docs.trim_end().lines() {
        let line = line.strip_prefix(' ').unwrap_or(line).trim_end();
        match line.strip_prefix("## ") {
            Some(heading) => text.extend([heading, ":\n"]),
            None => text.extend([line, "\n"]),
        }
    }
    for (at, reference) in check.references.iter().enumerate() {
        text.extend([if at == 0 { "\nReferences:\n" } else { "" }, reference, "\n"]);
    }
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use pyaudit_check::{Area, Confidence, Run};

    const CHECK: Check = Check {
        id: "plain-secret-2",
        summary: "a secret is readable",
        docs: " ## What it does\n Finds\n `secrets`.\n\n ## Why it matters\n Thieves.\n\n ## How to fix\n     x = 1\n",
        area: Area::Settings,
        axis: Axis::Tests,
        severity: Severity::Info,
        confidence: Confidence::Medium,
        maturity: Maturity::Preview,
        since: "0.1.0",
        references: &["https://cwe.mitre.org/data/definitions/79.html", "https://example.org/a"],
        aliases: &[],
        run: Run::Project(|_, _| ()),
    };

    #[test]
    fn a_rule_says_everything_in_text_and_markdown() {
        let rule = rule(&CHECK, "# page".to_owned());
        assert_eq!(rule.name, "PlainSecret2");
        assert_eq!(rule.short_description.text, "A secret is readable.");
        assert_eq!(rule.full_description.text, "Finds `secrets`. Thieves.");
        let text = "A secret is readable.\n\nWhat it does:\nFinds\n`secrets`.\n\nWhy it matters:\nThieves.\n\n\
                    How to fix:\n    x = 1\n\nReferences:\nhttps://cwe.mitre.org/data/definitions/79.html\n\
                    https://example.org/a";
        assert_eq!(rule.help.text, text);
        assert_eq!(rule.help.markdown.as_deref(), Some("# page"));
        assert_eq!(rule.default_configuration.level, "note");
    }

    #[test]
    fn a_weakness_makes_a_security_check_whatever_the_axis() {
        let properties = rule(&CHECK, String::new()).properties;
        assert_eq!(properties.tags, ["settings", "tests", "security", "preview", "external/cwe/cwe-079"]);
        assert_eq!((properties.precision, properties.problem_severity), ("medium", "recommendation"));
        assert_eq!(properties.security_severity, Some("0.5"));
        let other = Check { references: &[], ..CHECK };
        assert_eq!(rule(&other, String::new()).properties.security_severity, None);
        let axis = Check { axis: Axis::ConfigurationSecurity, severity: Severity::Critical, ..other };
        assert_eq!(rule(&axis, String::new()).properties.security_severity, Some("9.5"));
    }

    #[test]
    fn descriptions_and_tags_stay_within_the_limits() {
        let long: &'static str = Box::leak(format!(" ## What it does\n {}\n", "word ".repeat(500)).into_boxed_str());
        let references: Vec<&'static str> = (1..40)
            .map(|number| &*Box::leak(format!("https://cwe.mitre.org/data/definitions/{number}.html").into_boxed_str()))
            .collect();
        let rule = rule(&Check { docs: long, references: references.leak(), ..CHECK }, String::new());
        assert!(rule.full_description.text.chars().count() <= LONGEST_DESCRIPTION);
        assert_eq!(rule.properties.tags.len(), MOST_TAGS);
    }
}
