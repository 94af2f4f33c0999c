//! Variables that are given a value and never read.

use super::{Definition, Given, Scope, Site, SiteKind};
use crate::Project;
use crate::settings::Extra;
use pyaudit_source::Role;
use std::collections::{BTreeMap, BTreeSet};

/// Beginnings of names that something else than the code of the repository reads: tools, servers, images, front ends.
const FOR_TOOLS: &[&str] = &[
    "ALEMBIC_",
    "AWS_",
    "BUILDKIT_",
    "CELERY_",
    "COMPOSE_",
    "DD_",
    "DEBIAN_",
    "DOCKER_",
    "EXPO_",
    "FLASK_",
    "FORWARDED_",
    "GIT_",
    "GITHUB_",
    "GOOGLE_",
    "GUNICORN_",
    "HF_",
    "LANGCHAIN_",
    "LANGSMITH_",
    "LC_",
    "MARIADB_",
    "MINIO_",
    "MONGO_",
    "MYSQL_",
    "NEW_RELIC_",
    "NEXT_PUBLIC_",
    "NEXTAUTH_",
    "NODE_",
    "NUXT_",
    "OTEL_",
    "PG",
    "PIP_",
    "POETRY_",
    "POSTGRES_",
    "PUBLIC_",
    "PYTEST_",
    "PYTHON",
    "RABBITMQ_",
    "REACT_APP_",
    "REDIS_",
    "RENDER_",
    "SENTRY_",
    "TF_",
    "TRAEFIK_",
    "TRANSFORMERS_",
    "UV_",
    "UVICORN_",
    "VERCEL_",
    "VITE_",
    "WANDB_",
    "WEB_",
];

/// Names that something else reads.
const NAMED_FOR_TOOLS: &[&str] = &[
    "CI",
    "COLORTERM",
    "CUDA_VISIBLE_DEVICES",
    "EDITOR",
    "GID",
    "HOME",
    "HOST",
    "HOSTNAME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "LANG",
    "LANGUAGE",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "MALLOC_ARENA_MAX",
    "NO_PROXY",
    "OMP_NUM_THREADS",
    "OPENAI_API_KEY",
    "ANTHROPIC_API_KEY",
    "PATH",
    "PGID",
    "PORT",
    "PUID",
    "SHELL",
    "SSL_CERT_FILE",
    "TAG",
    "TERM",
    "TMPDIR",
    "TZ",
    "UID",
    "UMASK",
    "USER",
    "VIRTUAL_ENV",
    "WORKERS",
];

/// Whether a name is one that tools, servers, images or libraries read by themselves.
pub fn is_for_tools(name: &str) -> bool {
    let upper = name.to_uppercase();
    NAMED_FOR_TOOLS.contains(&upper.as_str()) || FOR_TOOLS.iter().any(|start| upper.starts_with(start))
}

impl Project {
    /// Definitions of environment files, compose files and manifests that nothing in the repository reads, in the order of
    /// the sites. Left out is what tools read by themselves, what stands for tests, what a service of somebody else gets,
    /// and every name that any text of the repository has anywhere else: it is only told where all is silent.
    ///
    /// JavaScript is not read. Where the repository has some, a variable of a file beside it may be read there.
    pub fn unread_variables(&self) -> Vec<(&Site, &Definition)> {
        let mut candidates: Vec<(&Site, &Definition)> = Vec::new();
        for site in self.variables.sites().iter().filter(|site| tells_for_code(site)) {
            let unread = site.definitions.iter().filter(|definition| {
                !is_for_tools(&definition.name) && self.variables.readers_of(definition).next().is_none()
            });
            candidates.extend(unread.map(|definition| (site, definition)));
        }
        if candidates.is_empty() || self.takes_everything() {
            return Vec::new();
        }
        let mentioned = self.mentioned(&candidates);
        candidates.retain(|(_, definition)| !mentioned.contains(definition.name.as_str()));
        candidates
    }

    /// Whether some code takes every variable, or names that cannot be known.
    fn takes_everything(&self) -> bool {
        let classes = self.settings.classes().iter().filter(|class| class.kind.is_settings());
        let mut classes = classes.filter(|class| self.modules.get(class.module).role == Role::Application);
        classes.any(|class| class.configuration.is_partial || class.configuration.extra == Extra::Allow)
    }

    /// The names, or a beginning of them such as `SHOP_`, that stand somewhere as a word and not as a definition.
    fn mentioned<'n>(&self, candidates: &[(&Site, &'n Definition)]) -> BTreeSet<&'n str> {
        let mut words: BTreeMap<&'n str, Vec<&'n str>> = BTreeMap::new();
        for (_, definition) in candidates {
            let name = definition.name.as_str();
            words.entry(name).or_default().push(name);
            for (at, _) in name.match_indices('_').filter(|(at, _)| *at > 0) {
                words.entry(&name[..=at]).or_default().push(name);
            }
        }
        let places: BTreeSet<_> = self
            .variables
            .sites()
            .iter()
            .flat_map(|site| &site.definitions)
            .filter_map(|definition| Some((definition.span.file, definition.span.range?.start)))
            .collect();
        let mut found = BTreeSet::new();
        for (file, source) in self.sources.files().filter(|(_, source)| source.role != Role::Vendored) {
            let Some(text) = self.sources.text(file) else { continue };
            let is_environment = crate::environment::EnvironmentFileKind::of_name(source.name()).is_some();
            for (start, word) in words_of(text) {
                // In an environment file only `${NAME}` reads.
                let is_reference = || text[..start].ends_with('$') || text[..start].ends_with("${");
                let is_definition =
                    || if is_environment { !is_reference() } else { places.contains(&(file, start as u32)) };
                if let Some(names) = words.get(word).filter(|_| !is_definition()) {
                    found.extend(names);
                }
            }
        }
        found
    }
}

/// Whether the variables of a site are meant for the code of the repository.
fn tells_for_code(site: &Site) -> bool {
    let kind = match site.kind {
        SiteKind::EnvironmentFile | SiteKind::Render | SiteKind::Fly | SiteKind::AppJson => true,
        SiteKind::Compose => site.is_own,
        SiteKind::Dockerfile | SiteKind::Workflow | SiteKind::Code => false,
    };
    kind && site.is_own && !matches!(site.scope, Scope::Test | Scope::Example)
}

/// The words of a text that can be names, with where they start in bytes.
fn words_of(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while bytes.get(at).is_some_and(|&byte| !is_word(byte)) {
            at += 1;
        }
        let start = at;
        while bytes.get(at).is_some_and(|&byte| is_word(byte)) {
            at += 1;
        }
        (start < at).then(|| (start, &text[start..at]))
    })
}

impl Definition {
    /// Whether the value stands in the repository as it is.
    pub fn is_literal(&self) -> bool {
        matches!(self.value, Given::Literal(_))
    }
}
