//! What stands in front of an application as far as the repository says: configurations of reverse proxies, ingresses and
//! platforms. They are read as text, for what is asked of them is whether a phrase stands in them.

use crate::Project;
use crate::manifests::Platform;
use pyaudit_source::{FileId, Role};

/// Names of files that configure what stands in front of an application.
const NAMES: &[&str] = &[
    "Caddyfile",
    "vercel.json",
    "netlify.toml",
    "_headers",
    "fly.toml",
    "haproxy.cfg",
    "httpd.conf",
    ".htaccess",
    "app.yaml",
    "firebase.json",
    "staticwebapp.config.json",
];

/// Words in the name of a file or directory that say the same.
const WORDS: &[&str] = &["nginx", "caddy", "traefik", "apache", "ingress", "haproxy", "envoy", "kong"];

/// Ends of names of text files that are looked at.
const SUFFIXES: &[&str] =
    &[".conf", ".cfg", ".yml", ".yaml", ".toml", ".json", ".template", ".tmpl", ".tpl", ".j2", ".inc", ".sh", ".tf"];

/// Whether the file at this path configures a proxy, an ingress or a platform.
pub(crate) fn is_front(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    if NAMES.contains(&name) {
        return true;
    }
    let lower = path.to_ascii_lowercase();
    let has_word = WORDS.iter().any(|word| lower.contains(word));
    has_word && SUFFIXES.iter().any(|suffix| lower.ends_with(suffix))
}

fn is_compose(name: &str) -> bool {
    let is_yaml = name.ends_with(".yml") || name.ends_with(".yaml");
    is_yaml && (name.starts_with("docker-compose") || name.starts_with("compose"))
}

impl Project {
    /// The configurations of proxies, ingresses and platforms, and compose files, whose labels configure some, with their
    /// texts in the order of their paths.
    pub fn fronts(&self) -> impl Iterator<Item = (FileId, &str)> {
        let shipped = self.sources.files().filter(|(_, file)| !matches!(file.role, Role::Vendored | Role::Example));
        let wanted = shipped.filter(|(_, file)| is_front(&file.path) || is_compose(file.name()));
        wanted.filter_map(|(id, _)| Some((id, self.sources.text(id)?)))
    }

    /// The first of these files that has a line with one of these phrases, whatever its case, outside comments. The phrases
    /// are in lower case.
    pub fn front_with(&self, phrases: &[&str]) -> Option<FileId> {
        let says = |text: &str| {
            let lines = text
                .lines()
                .map(str::trim_start)
                .filter(|line| !line.starts_with(['#', ';']) && !line.starts_with("//"));
            lines.map(str::to_ascii_lowercase).any(|line| phrases.iter().any(|phrase| line.contains(phrase)))
        };
        self.fronts().find(|(_, text)| says(text)).map(|(id, _)| id)
    }

    /// Whether a platform that the repository describes answers plain HTTP with a redirect by itself.
    /// <https://render.com/docs/web-services>, <https://vercel.com/docs/encryption>,
    /// <https://caddyserver.com/docs/automatic-https>
    pub fn platform_redirects(&self) -> bool {
        let render = self.manifests.services.iter().any(|service| service.platform == Platform::Render);
        let by_name = |name: &str| matches!(name, "vercel.json" | "netlify.toml" | "Caddyfile" | "firebase.json");
        render || self.sources.files().any(|(_, file)| by_name(file.name()) && file.role != Role::Vendored)
    }
}

#[cfg(test)]
mod tests {
    use super::is_front;

    #[test]
    fn proxies_are_known_by_name_and_place() {
        for path in ["nginx.conf", "docker/nginx/templates/default.conf.template", "Caddyfile", "k8s/ingress.yaml"] {
            assert!(is_front(path), "{path}");
        }
        for path in ["app/main.py", "logging.conf", "nginx/README.md", "package.json"] {
            assert!(!is_front(path), "{path}");
        }
    }
}
