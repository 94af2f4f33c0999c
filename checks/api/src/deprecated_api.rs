use pyaudit_check::project::{Definition, Module, Symbol};
use pyaudit_check::python::{ExprId, ExprKind, Keyword, Parent, StmtId, StmtKind};
use pyaudit_check::{Findings, Project, Role, Span, check};
use std::collections::BTreeMap;

check! {
    /// ## What it does
    /// Finds interfaces that their libraries have given up: `on_event` of FastAPI and Starlette, `datetime.utcnow` and
    /// `utcfromtimestamp`, `regex=` of parameters and fields, and, where the repository uses pydantic 2, pydantic 1's
    /// `dict()`, `json()`, `parse_obj`, `from_orm`, `validator`, `root_validator` and `class Config`. One finding an
    /// interface, with all its places.
    ///
    /// ## Why it matters
    /// Each of these warns today and is gone in a coming version, and some already do something else: `on_event` is
    /// ignored once a lifespan is given, and `utcnow` gives a time without a zone that compares wrongly with one that has it.
    ///
    /// ## How to fix
    /// A `lifespan` function; `datetime.now(timezone.utc)`; `pattern=`; `model_dump`, `model_validate`, `field_validator`,
    /// `model_validator`, `model_config`. `bump-pydantic` rewrites most of pydantic's.
    ///
    /// ## Limits
    /// Methods of pydantic's models count where the class of the object is known. At most twenty places are listed. Which
    /// Python the repository runs on is not asked: `utcnow` is deprecated since 3.12, and a trap in every version.
    id: "deprecated-api",
    summary: "code uses an interface that its library has given up",
    area: Api,
    axis: Modularity,
    severity: Low,
    confidence: High,
    maturity: Stable,
    since: "0.1.0",
    references: [
        "https://fastapi.tiangolo.com/advanced/events/",
        "https://docs.python.org/3/library/datetime.html#datetime.datetime.utcnow",
        "https://docs.pydantic.dev/latest/migration/",
    ],
    run: Project(run),
}

/// How many places a finding lists.
const MAX_PLACES: usize = 20;

/// Methods of `datetime`.
const NAIVE: &[&str] = &["utcnow", "utcfromtimestamp"];

const NAIVE_SYMBOLS: &[&str] = &["datetime.datetime.utcnow", "datetime.datetime.utcfromtimestamp"];

/// What `on_event` is a method of.
const EVENT_CLASSES: &[&str] = &[
    "fastapi.FastAPI",
    "fastapi.APIRouter",
    "fastapi.applications.FastAPI",
    "fastapi.routing.APIRouter",
    "starlette.applications.Starlette",
    "starlette.routing.Router",
];

/// Pydantic 1's methods of models, and those of version 2.
const MODEL_METHODS: &[(&str, &str)] = &[
    ("dict", "model_dump"),
    ("json", "model_dump_json"),
    ("copy", "model_copy"),
    ("parse_obj", "model_validate"),
    ("parse_raw", "model_validate_json"),
    ("from_orm", "model_validate"),
    ("construct", "model_construct"),
    ("schema", "model_json_schema"),
    ("schema_json", "model_json_schema"),
    ("update_forward_refs", "model_rebuild"),
];

const VALIDATORS: &[&str] = &["pydantic.validator", "pydantic.root_validator"];

const MODELS: &[&str] = &["pydantic.BaseModel", "pydantic.main.BaseModel", "pydantic_settings.BaseSettings"];

/// Callables whose `regex=` became `pattern=`.
const PATTERNED: &[&str] = &[
    "fastapi.Query",
    "fastapi.Path",
    "fastapi.Header",
    "fastapi.Cookie",
    "fastapi.Body",
    "fastapi.Form",
    "pydantic.Field",
    "pydantic.constr",
];

/// What replaces something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    OnEvent,
    NaiveTime,
    Regex,
    ModelMethod,
    Validator,
    Config,
}

impl Kind {
    /// The old name, and what to write instead.
    const fn told(self) -> (&'static str, &'static str) {
        match self {
            Self::OnEvent => ("`on_event`", "a `lifespan` function"),
            Self::NaiveTime => {
                ("`datetime.utcnow`, which gives a time without a zone,", "`datetime.now(timezone.utc)`")
            }
            Self::Regex => ("`regex=`", "`pattern=`"),
            Self::ModelMethod => ("pydantic 1's methods of models", "`model_dump`, `model_validate` and their like"),
            Self::Validator => ("pydantic 1's `validator`", "`field_validator` and `model_validator`"),
            Self::Config => ("pydantic 1's `class Config`", "`model_config`"),
        }
    }
}

fn message(kind: Kind, places: usize) -> String {
    let (old, new) = kind.told();
    let count = if places == 1 { "once".to_owned() } else { format!("{places} times") };
    let are = if kind == Kind::ModelMethod { "are" } else { "is" };
    format!("{old} {are} deprecated and used {count}; the way now: {new}")
}

fn run(project: &Project, findings: &mut Findings) {
    let is_pydantic_2 = project.uses_pydantic_2();
    let mut places: BTreeMap<Kind, Vec<(Span, &'static str)>> = BTreeMap::new();
    for module in project.modules.iter().filter(|module| module.role == Role::Application) {
        findings.examined(1);
        look(project, module, is_pydantic_2, &mut |kind, span, instead| {
            places.entry(kind).or_default().push((span, instead));
        });
    }
    for (kind, mut found) in places {
        found.sort();
        let (first, _) = found[0];
        let finding = findings.report(first, message(kind, found.len()));
        finding.subject(kind.told().0.replace('`', ""));
        for &(span, instead) in found.iter().skip(1).take(MAX_PLACES) {
            finding.related(span, if instead.is_empty() { "here too".to_owned() } else { format!("`{instead}` here") });
        }
    }
}

type Note<'a> = dyn FnMut(Kind, Span, &'static str) + 'a;

fn look(project: &Project, module: &Module, is_pydantic_2: bool, note: &mut Note<'_>) {
    let syntax = &module.python.syntax;
    for (id, expr) in syntax.exprs() {
        match &expr.kind {
            ExprKind::Attribute { attr, .. }
                if NAIVE.contains(&syntax.identifier(*attr)) && project.is_any(module, id, NAIVE_SYMBOLS) =>
            {
                note(Kind::NaiveTime, module.span(expr.range), "");
            }
            ExprKind::Call { func, keywords, .. } => {
                called(project, module, *func, keywords, is_pydantic_2, note);
            }
            _ => {}
        }
    }
    if is_pydantic_2 {
        definitions(project, module, note);
    }
}

fn called(
    project: &Project,
    module: &Module,
    func: ExprId,
    keywords: &[Keyword],
    is_pydantic_2: bool,
    note: &mut Note<'_>,
) {
    let syntax = &module.python.syntax;
    let at = module.span_of(func);
    if let Some(keyword) =
        keywords.iter().find(|keyword| keyword.name.is_some_and(|name| syntax.identifier(name) == "regex"))
        && is_pydantic_2
        && project.is_any(module, func, PATTERNED)
    {
        note(Kind::Regex, module.span(keyword.range), "");
    }
    let ExprKind::Attribute { value, attr, .. } = &syntax.expr(func).kind else { return };
    let method = syntax.identifier(*attr);
    if method == "on_event" {
        if project.type_of(module, *value).is_some_and(|class| class.is_any(EVENT_CLASSES)) {
            note(Kind::OnEvent, at, "");
        }
    } else if is_pydantic_2
        && let Some(&(_, instead)) = MODEL_METHODS.iter().find(|(old, _)| *old == method)
        && is_model(project, module, *value, method)
        && !is_fallback(module, func)
    {
        note(Kind::ModelMethod, at, instead);
    }
}

/// Whether a call is the other branch of `x.model_dump() if hasattr(x, "model_dump") else x.dict()`.
fn is_fallback(module: &Module, func: ExprId) -> bool {
    let syntax = &module.python.syntax;
    let asks = |test: ExprId| {
        syntax.walk_exprs_of(test).any(|part| match syntax.expr(part).kind {
            ExprKind::Name { id, .. } => syntax.name(id) == "hasattr",
            _ => false,
        })
    };
    syntax.ancestors(Parent::Expr(func)).any(|outer| match outer {
        Parent::Expr(id) => matches!(syntax.expr(id).kind, ExprKind::IfExp { test, .. } if asks(test)),
        Parent::Stmt(id) => match &syntax.stmt(id).kind {
            StmtKind::If { clauses, .. } => clauses.iter().any(|clause| asks(clause.test)),
            _ => false,
        },
        Parent::Module | Parent::Pattern(_) => false,
    })
}

/// Whether an object, or the class itself, is a model of pydantic 2 that does not define the method itself.
fn is_model(project: &Project, module: &Module, object: ExprId, method: &str) -> bool {
    let class = match project.class(module, object) {
        Some((home, class, _)) => Some((home, class)),
        None => project.type_of(module, object).and_then(|symbol| class_of(project, &symbol)),
    };
    class.is_some_and(|(home, class)| {
        project.inherits_from(home, class, MODELS) && project.member(home, class, method).is_none()
    })
}

fn class_of<'p>(project: &'p Project, symbol: &Symbol) -> Option<(&'p Module, StmtId)> {
    match project.definition(symbol)? {
        (home, Definition::Class(class)) => Some((home, class)),
        _ => None,
    }
}

/// Validators and `class Config` of models.
fn definitions(project: &Project, module: &Module, note: &mut Note<'_>) {
    let syntax = &module.python.syntax;
    for (id, stmt) in syntax.stmts() {
        match &stmt.kind {
            StmtKind::FunctionDef(function) => {
                for &decorator in &function.decorators {
                    let name = match syntax.expr(decorator).kind {
                        ExprKind::Call { func, .. } => func,
                        _ => decorator,
                    };
                    if project.is_any(module, name, VALIDATORS) {
                        note(Kind::Validator, module.span_of(name), "");
                    }
                }
            }
            StmtKind::ClassDef(class) => {
                let inner = class.body.iter().filter_map(|&inner| module.class(inner));
                let config = inner
                    .filter(|inner| syntax.identifier(inner.name) == "Config")
                    .map(|inner| inner.name.range)
                    .next();
                if let Some(range) = config.filter(|_| project.inherits_from(module, id, MODELS)) {
                    note(Kind::Config, module.span(range), "");
                }
            }
            _ => {}
        }
    }
}
