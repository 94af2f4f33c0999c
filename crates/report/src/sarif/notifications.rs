//! Problems, and what was left out, as SARIF notifications.

use super::limits::{Kept, MOST_NOTIFICATIONS, MOST_RESULTS};
use super::places::Places;
use super::text::{clipped, message, sentence};
use super::types::{Invocation, Message, Notification, NotificationProperties};
use pyaudit_source::{Phase, Problem};

/// Longer problems are cut, in characters.
const LONGEST_PROBLEM: usize = 1_000;

/// How the run went. A check that crashed did not succeed; a file that cannot be read is no failure of the run.
pub(super) fn invocation(problems: &[Problem], kept: &Kept<'_>, places: &Places<'_>) -> Invocation {
    let (configuration, execution): (Vec<_>, Vec<_>) =
        problems.iter().take(MOST_NOTIFICATIONS).partition(|problem| problem.phase == Phase::Suppress);
    let told = |problems: Vec<&Problem>| problems.into_iter().map(|found| notification(found, places)).collect();
    let mut tool_execution_notifications: Vec<Notification> = told(execution);
    tool_execution_notifications.extend(left_out(problems.len(), kept).into_iter().map(said));
    Invocation {
        execution_successful: problems.iter().all(|problem| problem.phase != Phase::Check),
        tool_execution_notifications,
        tool_configuration_notifications: told(configuration),
    }
}

fn notification(problem: &Problem, places: &Places<'_>) -> Notification {
    let location = match (problem.span, &problem.path) {
        (Some(span), _) => Some(places.location(span, None, false)),
        (None, path) => path.as_deref().map(|path| places.path(path)),
    };
    let text = message(&sentence(&clipped(&problem.message, LONGEST_PROBLEM)), &[]);
    Notification {
        locations: location.into_iter().collect(),
        message: Message::plain(text),
        level: if problem.phase == Phase::Check { "error" } else { "warning" },
        properties: NotificationProperties { phase: problem.phase.name() },
    }
}

/// What the file does not hold because of the limits.
fn left_out(problems: usize, kept: &Kept<'_>) -> Vec<String> {
    let mut said = Vec::new();
    if kept.left_out > 0 {
        let all = kept.left_out + kept.results.len();
        said.push(format!(
            "{} of {all} findings are left out, the least severe first: GitHub takes {MOST_RESULTS} results and 10 MB.",
            kept.left_out
        ));
    }
    if kept.without_code {
        said.push("The code of the findings is left out: GitHub takes 10 MB.".to_owned());
    }
    if kept.places_left_out > 0 {
        said.push(format!(
            "{} related places and steps are left out: GitHub takes 1000 locations a result.",
            kept.places_left_out
        ));
    }
    if problems > MOST_NOTIFICATIONS {
        said.push(format!("{} of {problems} problems are left out.", problems - MOST_NOTIFICATIONS));
    }
    said
}

fn said(text: String) -> Notification {
    let properties = NotificationProperties { phase: "output" };
    Notification { locations: Vec::new(), message: Message::plain(text), level: "warning", properties }
}
