//! What well-known actions bring to a job.

/// What an action does to the Python environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing that matters here.
    Nothing,
    /// It installs these distributions.
    Brings(&'static [&'static str]),
    /// It may install anything.
    Unknown,
}

/// Owners whose actions never install a Python tool.
const HARMLESS_OWNERS: &[&str] = &[
    "actions",
    "docker",
    "github",
    "codecov",
    "aws-actions",
    "google-github-actions",
    "azure",
    "hashicorp",
    "softprops",
    "peter-evans",
    "dorny",
    "mikepenz",
    "pnpm",
    "oven-sh",
    "browser-actions",
    "webfactory",
    "appleboy",
    "slackapi",
    "dependabot",
    "marocchino",
    "egorgam",
    "sigstore",
    "aquasecurity",
    "trufflesecurity",
    "gitleaks",
    "supabase",
    "treosh",
    "coverallsapp",
    "sonarsource",
    "postgresql",
    "harmon758",
    "ikalnytskyi",
    "jlumbroso",
    "orgoro",
    "py-cov-action",
    "release-drafter",
    "amannn",
    "rhysd",
    "tiangolo",
];

/// Actions that bring Python tools, without the version.
const KNOWN: &[(&str, Effect)] = &[
    ("snok/install-poetry", Effect::Brings(&["poetry"])),
    ("abatilo/actions-poetry", Effect::Brings(&["poetry"])),
    ("gr1n/setup-poetry", Effect::Brings(&["poetry"])),
    ("pdm-project/setup-pdm", Effect::Brings(&["pdm"])),
    ("pypa/hatch", Effect::Brings(&["hatch"])),
    ("astral-sh/setup-uv", Effect::Brings(&["uv"])),
    ("yezz123/setup-uv", Effect::Brings(&["uv"])),
    ("hynek/setup-cached-uv", Effect::Brings(&["uv"])),
    ("astral-sh/ruff-action", Effect::Brings(&["ruff"])),
    ("chartboost/ruff-action", Effect::Brings(&["ruff"])),
    ("psf/black", Effect::Brings(&["black"])),
    ("isort/isort-action", Effect::Brings(&["isort"])),
    ("jakebailey/pyright-action", Effect::Brings(&["pyright"])),
    ("pre-commit/action", Effect::Brings(&["pre-commit"])),
    ("pypa/gh-action-pip-audit", Effect::Brings(&["pip-audit"])),
    ("wntrblm/nox", Effect::Brings(&["nox"])),
    ("pypa/gh-action-pypi-publish", Effect::Nothing),
    ("pypa/cibuildwheel", Effect::Nothing),
    ("arduino/setup-task", Effect::Nothing),
    ("extractions/setup-just", Effect::Nothing),
    ("super-linter/super-linter", Effect::Nothing),
];

/// What an action does to the Python environment.
pub(super) fn effect(name: &str) -> Effect {
    let lower = name.to_ascii_lowercase();
    if let Some((_, effect)) = KNOWN.iter().find(|(known, _)| *known == lower) {
        return *effect;
    }
    let owner = lower.split('/').next().unwrap_or("");
    if HARMLESS_OWNERS.contains(&owner) { Effect::Nothing } else { Effect::Unknown }
}
