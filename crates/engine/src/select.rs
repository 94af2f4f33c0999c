//! Which checks a configuration means.

use crate::Config;
use pyaudit_check::{Area, Check};

/// What a name in the configuration or on the command line stands for.
#[derive(Debug, Clone, Copy)]
pub enum Selector {
    /// One check, by its id or a former id.
    Check(&'static Check),
    /// Every check of an area.
    Area(Area),
}

impl Selector {
    /// Whether the check is meant.
    pub fn covers(self, check: &Check) -> bool {
        match self {
            Self::Check(selected) => selected.id == check.id,
            Self::Area(area) => area == check.area,
        }
    }
}

/// A name that stands for nothing, with the known name that is most like it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// The name as written.
    pub name: String,
    /// A known name that it may be a misspelling of.
    pub near_miss: Option<String>,
}

impl std::fmt::Display for Unknown {
    /// ``unknown check `x`; did you mean `y`?``, without the second half where nothing is near.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "unknown check `{}`", self.name)?;
        formatter.write_str(&did_you_mean(self.near_miss.as_deref()))
    }
}

/// The second half of a message about an unknown name: ``; did you mean `y`?`` or nothing.
pub fn did_you_mean(near_miss: Option<&str>) -> String {
    near_miss.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

/// The check with this id or former id.
pub fn find_check(name: &str, checks: &[&'static Check]) -> Result<&'static Check, Unknown> {
    let found = checks.iter().find(|check| check.id == name || check.aliases.contains(&name));
    found.copied().ok_or_else(|| unknown(name, checks.iter().map(|check| check.id)))
}

/// The check or area with this name. An area is known even when none of its checks is.
pub fn find(name: &str, checks: &[&'static Check]) -> Result<Selector, Unknown> {
    if let Some(area) = Area::from_name(name) {
        return Ok(Selector::Area(area));
    }
    let areas = Area::ALL.iter().map(|area| area.name());
    find_check(name, checks)
        .map(Selector::Check)
        .map_err(|_| unknown(name, checks.iter().map(|check| check.id).chain(areas)))
}

fn unknown<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Unknown {
    Unknown { name: name.to_owned(), near_miss: near_miss(name, known).map(str::to_owned) }
}

/// The known name that `name` may be a misspelling of: the nearest by Damerau and Levenshtein's distance, as long as at
/// most a third of it is wrong; the first in the alphabet among equals.
pub fn near_miss<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // The distance takes time in proportion to both lengths, and no name that people write is this long.
    const LONGEST: usize = 100;
    if name.len() > LONGEST {
        return None;
    }
    let folded = name.to_lowercase().replace('_', "-");
    let distances = known.into_iter().map(|candidate| (strsim::damerau_levenshtein(&folded, candidate), candidate));
    let (distance, candidate) = distances.min()?;
    let allowed = (candidate.chars().count() / 3).max(1);
    (distance <= allowed).then_some(candidate)
}

/// The checks that run, in the order of their ids: those that `select` names (all where it is empty) without those that
/// `ignore` names. Names that stand for nothing are passed over; who reads them is asked to refuse them first.
pub fn select(checks: &[&'static Check], config: &Config) -> Vec<&'static Check> {
    let selectors =
        |names: &[String]| -> Vec<Selector> { names.iter().filter_map(|name| find(name, checks).ok()).collect() };
    let (wanted, unwanted) = (selectors(&config.select), selectors(&config.ignore));
    let covered = |selectors: &[Selector], check: &Check| selectors.iter().any(|selector| selector.covers(check));
    let runs = |check: &Check| (config.select.is_empty() || covered(&wanted, check)) && !covered(&unwanted, check);
    let mut selected: Vec<_> = checks.iter().copied().filter(|check| runs(check)).collect();
    selected.sort_by_key(|check| check.id);
    selected
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::WORDS as CHECKS;

    fn ids(select: &[&str], ignore: &[&str]) -> Vec<&'static str> {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let config = Config { select: owned(select), ignore: owned(ignore), ..Config::default() };
        super::select(CHECKS, &config).iter().map(|check| check.id).collect()
    }

    #[test]
    fn selects_by_id_former_id_and_area_in_the_order_of_ids() {
        assert_eq!(ids(&[], &[]), ["alpha-word", "beta-word", "gamma-word"]);
        assert_eq!(ids(&["beta-word", "old-alpha"], &[]), ["alpha-word", "beta-word"]);
        assert_eq!(ids(&["api"], &[]), ["alpha-word", "gamma-word"]);
        assert_eq!(ids(&["api"], &["gamma-word"]), ["alpha-word"]);
        assert_eq!(ids(&[], &["api"]), ["beta-word"]);
        assert!(ids(&["alpha-word"], &["api"]).is_empty());
    }

    #[test]
    fn an_unknown_name_is_told_with_its_near_miss() {
        let message = |name| find(name, CHECKS).unwrap_err().to_string();
        assert_eq!(message("alpa-word"), "unknown check `alpa-word`; did you mean `alpha-word`?");
        assert_eq!(message("beta_word"), "unknown check `beta_word`; did you mean `beta-word`?");
        assert_eq!(message("apii"), "unknown check `apii`; did you mean `api`?");
        assert_eq!(message("something-else"), "unknown check `something-else`");
        assert!(find_check("api", CHECKS).is_err(), "an area is no check");
    }
}
