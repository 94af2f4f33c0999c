//! One linked model of a whole repository.
//!
//! [`analyse`] turns each file into plain data by itself, in parallel; [`Project::build`] links them. Neither can fail,
//! and after `build` nothing does IO. Each concern of the model stands in a file of its own.

mod aliases;
mod answering;
mod answers;
mod auth_stacks;
mod authentication;
mod beat;
mod blocking_ways;
mod budget;
pub mod calls;
mod celery_tasks;
mod command_lines;
mod conditions;
mod copies;
mod cors;
mod credential_hashes;
pub mod database;
mod dead_code;
mod demands;
pub mod dependencies;
mod depends;
mod elections;
pub mod environment;
mod error_handlers;
mod error_shapes;
mod event_loop;
mod exception_texts;
mod exceptions;
mod facts;
mod fallback_paths;
mod files;
pub mod front_end;
mod hand_mappings;
mod handler_shapes;
pub mod hardcoded_urls;
mod held_secrets;
mod http_raises;
mod idle_functions;
mod import_cycles;
mod imported_names;
mod imports;
mod kept_state;
mod layers;
mod library_versions;
mod limiters;
pub mod linting;
mod log_setup;
mod logs;
mod looked_at;
mod main_application;
mod makefiles;
pub mod manifests;
pub mod migrations;
mod modules;
mod named;
mod named_calls;
mod one_shots;
mod outbound;
mod page_limits;
mod past_secrets;
pub mod paths;
mod plugins;
mod process_objects;
mod proxies;
mod published;
mod queries;
mod reached;
mod reaching;
mod rebound_globals;
mod references;
mod remote_functions;
mod repeats;
mod request_values;
mod resolution;
mod response_models;
mod returned_values;
mod route_overlaps;
mod route_parameters;
mod route_purposes;
mod routed_functions;
mod routes;
mod running_maxima;
mod runtime_files;
pub mod scripts;
mod secret_fields;
mod service;
mod sessions;
pub mod settings;
mod standard_library;
mod state_files;
mod switches;
mod symbols;
mod temporary_files;
mod time_limits;
mod told_failures;
mod types;
mod values;
pub mod variables;
pub mod workflows;
mod written_data;

pub use answers::{Answer, AnswerKind, HTTP_EXCEPTIONS};
pub use auth_stacks::AuthStack;
pub use authentication::{Authentication, Authentications, Demand, Guard};
pub use beat::BeatEntry;
pub use blocking_ways::BlockingWay;
pub use calls::Calls;
pub use celery_tasks::CeleryTask;
pub use conditions::Condition;
pub use copies::{CommittedCopy, CopyReason};
pub use cors::CorsPolicy;
pub use credential_hashes::{PasswordHash, password_hashes};
pub use database::Database;
pub use dead_code::{DeadClass, DeadModule, Liveness};
pub use dependencies::Dependencies;
pub use environment::EnvironmentFiles;
pub use error_handlers::ErrorHandler;
pub use error_shapes::{ErrorContract, ErrorShape, ErrorSite, Rewriting};
pub use event_loop::{EventLoop, LoopUse};
pub use exception_texts::Shown;
pub use exceptions::{Breadth, Catch};
pub use facts::{Axis, Fact};
pub use fallback_paths::Fallback;
pub use files::{Data, Files, analyse, is_wanted};
pub use hand_mappings::HandMapping;
pub use handler_shapes::HandlerShape;
pub use held_secrets::names_secret;
pub use http_raises::HttpRaise;
pub use import_cycles::{CycleOutcome, ImportCycle, LoadingImport};
pub use imports::Imports;
pub use kept_state::is_about_process;
pub use layers::{Layers, ModuleLayer};
pub use linting::Linting;
pub use log_setup::LogSetup;
pub use looked_at::{LookedAt, is_optional};
pub use makefiles::{Makefile, Target};
pub use manifests::Manifests;
pub use migrations::Migrations;
pub use modules::{Module, ModuleId, Modules};
pub use named_calls::NamedCall;
pub use outbound::{Client, OutboundCall, Wait};
pub use page_limits::PageLimit;
pub use past_secrets::{HeldSecret, PastSecret, is_wanted_of_the_past};
pub use queries::{Call, Query, QueryKind, Transaction};
pub use rebound_globals::ReboundGlobal;
pub use references::{
    BrokenImport, IncompleteRow, MemberUse, Members, MissingImport, MissingMember, OwnerKind, UnfilledField, Unloadable,
};
pub use repeats::Hammering;
pub use request_values::{RequestReach, RequestValue};
pub use resolution::Resolution;
pub use response_models::ModelField;
pub use route_overlaps::Overlap;
pub use route_parameters::RouteParameters;
pub use route_purposes::Purpose;
pub use routes::{
    Element, Endpoint, ExceptionHandler, Layer, Middleware, Route, RouteStatus, Router, RouterId, RouterKind, Routes,
};
pub use running_maxima::RaisedCounter;
pub use runtime_files::MissingFile;
pub use scripts::Scripts;
pub use secret_fields::{SecretField, secret_field};
pub use service::Signs;
pub use sessions::DatabaseObject;
pub use settings::Settings;
pub use standard_library::is_standard_library;
pub use state_files::StateFile;
pub use switches::Switch;
pub use symbols::{Definition, Symbol};
pub use temporary_files::Leftover;
pub use values::{Possible, PossibleValue};
pub use variables::Variables;
pub use workflows::Workflows;
pub use written_data::WrittenData;

use pyaudit_source::{Problem, Sources};

/// A repository as one model. Checks are functions over it.
#[derive(Debug, Default)]
pub struct Project {
    /// The files: paths, roles, texts, git state.
    pub sources: Sources,
    /// The plain data of each file.
    pub files: Files,
    /// The Python modules, in the order of their paths.
    pub modules: Modules,
    /// The applications, routers and routes.
    pub routes: Routes,
    /// What each route asks of a client before it answers.
    pub authentications: Authentications,
    /// Which module imports which.
    pub imports: Imports,
    /// Tables, engines, session factories, and functions that lend sessions.
    pub database: Database,
    /// Settings classes, and every read of an environment variable.
    pub settings: Settings,
    /// Which function calls which.
    pub calls: Calls,
    /// What the manifests declare and the locks pin.
    pub dependencies: Dependencies,
    /// Alembic environments and revisions.
    pub migrations: Migrations,
    /// Files of environment variables.
    pub environment_files: EnvironmentFiles,
    /// Shell scripts and makefiles.
    pub scripts: Scripts,
    /// Continuous integration.
    pub workflows: Workflows,
    /// Linters: their runs and configurations.
    pub linting: Linting,
    /// What deployment platforms are told.
    pub manifests: Manifests,
    /// Who reads each environment variable, and who gives it a value.
    pub variables: Variables,
    /// What is already right, in the order of axis, id and place.
    pub facts: Vec<Fact>,
    /// What is worked out when it is first asked for.
    references: references::References,
    liveness: std::sync::OnceLock<Liveness>,
    reached: std::sync::OnceLock<dead_code::Reached>,
    /// The classes of settings that nothing uses.
    unspoken_settings: std::sync::OnceLock<std::collections::BTreeSet<(ModuleId, pyaudit_python::StmtId)>>,
    /// What could not be read, decoded, parsed or linked, in the order of their places.
    pub problems: Vec<Problem>,
}

impl Project {
    /// Links the files. What cannot be known is absent from the model, never guessed.
    pub fn build(sources: Sources, files: Files) -> Self {
        Self::build_observed(sources, files, |_| {})
    }

    /// Links the files, and tells the name of each concern when it is done, so that its time can be taken.
    pub fn build_observed(sources: Sources, files: Files, mut built: impl FnMut(&'static str)) -> Self {
        let modules = Modules::build(&sources, &files);
        let mut project = Self { sources, files, modules, ..Self::default() };
        built("modules");
        project.settings = Settings::build(&project);
        built("settings");
        project.routes = Routes::build(&project);
        built("routes");
        project.authentications = Authentications::build(&project);
        built("authentication");
        project.imports = Imports::build(&project, &project.routes);
        built("imports");
        project.database = Database::build(&project);
        built("database");
        project.calls = Calls::build(&project);
        built("calls");
        project.link_repository();
        built("repository");
        project.variables = Variables::build(&project);
        built("variables");
        project.facts = facts::collect(&project);
        built("facts");
        project
    }

    /// What the files beside the code say: manifests, migrations, workflows, and the problems met in them.
    fn link_repository(&mut self) {
        self.dependencies = Dependencies::build(&self.sources, &self.files);
        self.migrations = Migrations::build(&self.sources, &self.files);
        self.environment_files = EnvironmentFiles::build(&self.sources, &self.files);
        self.scripts = Scripts::build(&self.sources);
        self.workflows = Workflows::build(&self.sources, &self.files);
        self.linting = Linting::build(&self.workflow_context());
        self.manifests = Manifests::build(&self.sources, &self.files);
        let problems = self.sources.problems().iter().chain(&self.files.problems);
        self.problems = problems.chain(&self.dependencies.problems).cloned().collect();
        self.problems.sort();
    }

    /// What the joins over workflows look at.
    pub fn workflow_context(&self) -> workflows::Context<'_> {
        workflows::Context {
            sources: &self.sources,
            files: &self.files,
            dependencies: &self.dependencies,
            scripts: &self.scripts,
            workflows: &self.workflows,
        }
    }
}
