//! A repository as a service that somebody runs: which application that is, and with what it is watched.

use crate::calls::{Entry, FunctionId};
use crate::dependencies::Purpose;
use crate::{Module, Project, Route, RouterId};
use pyaudit_source::{FileId, Role};
use std::collections::BTreeSet;

/// Programs that run an application, by the names of their distributions and commands.
const SERVERS: &[&str] = &["uvicorn", "gunicorn", "hypercorn", "granian", "daphne", "fastapi-cli", "mangum"];

/// An application with fewer routes of its own is a page or a demonstration.
const FEW_ROUTES: usize = 3;

/// Words of a path or handler that say that a route tells whether the service is up.
const HEALTH_WORDS: &[&str] = &[
    "health",
    "healthz",
    "healthcheck",
    "healthy",
    "live",
    "livez",
    "liveness",
    "alive",
    "ready",
    "readyz",
    "readiness",
    "ping",
    "heartbeat",
    "status",
    "uptime",
    "monitor",
    "monitoring",
    "probe",
    "up",
];

/// What in a repository shows that something is in place, by any of these.
#[derive(Debug, Clone, Copy, Default)]
pub struct Signs<'a> {
    /// Libraries that an application imports, by their top-level names.
    pub libraries: &'a [&'a str],
    /// Words in a file that starts or deploys something; see [`Project::runs_any`].
    pub commands: &'a [&'a str],
    /// Identifiers in a module that an application loads; see [`Project::served_code_names`].
    pub names: &'a [&'a str],
    /// Words in the name of a middleware; see [`Project::has_layer_named`].
    pub layers: &'a [&'a str],
    /// Texts in the code of the application; see [`Project::application_says`].
    pub texts: &'a [&'a str],
}

impl Project {
    /// Whether any of the signs is there. The cheap ones are looked for first.
    pub fn shows(&self, signs: &Signs<'_>) -> bool {
        self.application_imports(signs.libraries)
            || self.has_layer_named(signs.layers)
            || self.served_code_names(signs.names)
            || self.application_says(signs.texts)
            || self.runs_any(signs.commands)
    }

    /// The main application, where the repository shows that a server runs it: it installs one, imports one, or starts one.
    pub fn served_application(&self) -> Option<RouterId> {
        let main = self.main_application()?;
        let own = self.routes.routes.iter().filter(|route| route.application == Some(main)).count();
        let is_run = || self.installs_any(SERVERS) || self.application_imports(SERVERS) || self.runs_any(SERVERS);
        (own >= FEW_ROUTES && is_run()).then_some(main)
    }

    /// Whether something that the repository ships is declared to need one of these distributions to run. Names are in
    /// their normalised form (PEP 503).
    pub fn installs_any(&self, distributions: &[&str]) -> bool {
        let manifests = self.dependencies.shipped(&self.sources);
        let mut declared = manifests.flat_map(|manifest| &manifest.declared);
        declared.any(|declared| {
            let is_wanted = distributions.contains(&declared.distribution.as_str());
            is_wanted && matches!(declared.purpose, Purpose::Runtime)
        })
    }

    /// Whether a file that starts or deploys something has one of these words on a line, outside comments.
    pub fn runs_any(&self, words: &[&str]) -> bool {
        self.starting_files().any(|(_, text)| {
            let lines = text.lines().map(str::trim_start).filter(|line| !line.starts_with('#'));
            lines.into_iter().any(|line| words.iter().any(|word| line.contains(word)))
        })
    }

    /// Dockerfiles, compose files, Procfiles, manifests of platforms, units of process managers, shell scripts and
    /// makefiles, with their texts in the order of their paths.
    fn starting_files(&self) -> impl Iterator<Item = (FileId, &str)> {
        let shipped = self.sources.files().filter(|(_, file)| !matches!(file.role, Role::Vendored | Role::Example));
        let wanted = shipped.filter(|(_, file)| starts_something(file.name()));
        wanted.filter_map(|(id, _)| Some((id, self.sources.text(id)?)))
    }

    /// Whether a module that an application loads, itself or through others, names one of these identifiers.
    pub fn served_code_names(&self, names: &[&str]) -> bool {
        self.served_modules().any(|module| names.iter().any(|name| module.python.name_id(name).is_some()))
    }

    /// The modules of the application that an application, its routes or a worker load and that are no command lines.
    pub fn served_modules(&self) -> impl Iterator<Item = &Module> {
        let shipped = self.modules.iter().filter(|module| module.role == Role::Application);
        shipped.filter(|module| self.imports.is_served(module.id) && !self.is_command_line(module))
    }

    /// The functions that answer routes, run as tasks, or are called by such functions, through any number of others. What
    /// runs when an application starts or stops is not among them, unless they call it too.
    pub fn functions_behind_requests(&self) -> BTreeSet<FunctionId> {
        let is_start = |entry: Entry| entry.route || entry.dependency || entry.task;
        let functions = self.calls.functions();
        let mut open: Vec<FunctionId> =
            functions.filter(|(_, function)| is_start(function.entry)).map(|(id, _)| id).collect();
        let mut seen = BTreeSet::new();
        while let Some(function) = open.pop() {
            if seen.insert(function) {
                open.extend(self.calls.callees(function).map(|(callee, _)| callee));
            }
        }
        seen
    }

    /// Whether a route may tell that the service is up, by the words of its path and of its handler. Any that may is one.
    pub fn may_tell_health(&self, route: &Route) -> bool {
        let asks = route.methods.iter().any(|method| matches!(method.as_str(), "GET" | "HEAD" | "*"));
        let handler = route.handler.and_then(|(module, function)| {
            let module = self.modules.get(module);
            module.function(function).map(|function| module.python.syntax.identifier(function.name))
        });
        let path = route.path.split('/').filter(|segment| !segment.contains('{'));
        asks && path.chain(handler).any(|text| {
            let mut words = text.split(|mark: char| !mark.is_alphanumeric());
            words.any(|word| HEALTH_WORDS.contains(&word.to_ascii_lowercase().as_str()))
        })
    }
}

fn starts_something(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let by_start =
        ["dockerfile", "docker-compose", "compose", "procfile", "makefile", "justfile", "start", "entrypoint"];
    let by_end =
        [".dockerfile", ".sh", ".service", "render.yaml", "render.yml", "fly.toml", "railway.json", "railway.toml"];
    let others = ["supervisord.conf", "app.yaml", "nixpacks.toml", "package.json", "deployment.yaml", "deployment.yml"];
    by_start.iter().any(|start| lower.starts_with(start))
        || by_end.iter().any(|end| lower.ends_with(end))
        || others.contains(&lower.as_str())
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    const APPLICATION: &str = "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/a')\ndef a(): ...\n\
        @app.get('/b')\ndef b(): ...\n@app.get('/api/health')\ndef c(): ...\n";

    #[test]
    fn an_application_is_served_where_a_server_is_installed_or_started() {
        let with = |path: &str, text: &str| project(&[("app/main.py", APPLICATION), (path, text)]);
        assert!(with("README.md", "").served_application().is_none());
        assert!(with("requirements.txt", "fastapi\nuvicorn==0.30\n").served_application().is_some());
        assert!(with("Dockerfile", "FROM python\nCMD uvicorn app.main:app\n").served_application().is_some());
        assert!(with("Dockerfile", "FROM python\n# uvicorn app.main:app\n").served_application().is_none());
        assert!(with("run.py", "import uvicorn\nuvicorn.run('app.main:app')\n").served_application().is_some());
    }

    #[test]
    fn functions_behind_requests_are_those_that_handlers_call() {
        let text = format!(
            "{APPLICATION}@app.get('/d')\ndef d():\n    return work()\ndef work(): ...\ndef other(): ...\nother()\n"
        );
        let project = project(&[("app/main.py", &text)]);
        let behind = project.functions_behind_requests();
        let names: Vec<String> = behind.iter().map(|&id| project.calls.qualname(&project, id)).collect();
        assert_eq!(names, ["a", "b", "c", "d", "work"]);
    }

    #[test]
    fn words_of_path_and_handler_tell_health() {
        let project = project(&[("app/main.py", APPLICATION)]);
        let told: Vec<bool> = project.routes.routes.iter().map(|route| project.may_tell_health(route)).collect();
        assert_eq!(told, [false, false, true]);
    }
}
