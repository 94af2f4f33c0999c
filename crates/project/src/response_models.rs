//! What routes answer by their declarations: the classes of the response model, and the fields that these send.

use crate::{Definition, Module, ModuleId, Project, Route, Symbol};
use pyaudit_python::{ExprId, ExprKind, Identifier, StmtId, StmtKind};
use std::collections::BTreeSet;

/// Classes whose annotated attributes are the fields of an answer.
/// <https://fastapi.tiangolo.com/tutorial/response-model/>
const MODELS: &[&str] = &[
    "pydantic.BaseModel",
    "pydantic.main.BaseModel",
    "pydantic.v1.BaseModel",
    "pydantic.generics.GenericModel",
    "pydantic.RootModel",
    "sqlmodel.SQLModel",
    "sqlmodel.main.SQLModel",
];

/// How many classes one answer may be made of; more than any real one is.
const MAX_CLASSES: usize = 200;

/// How many aliases of an annotation are followed in a row.
const MAX_ALIASES: u32 = 8;

/// Decorators of pydantic whose method gives a field another value when it is sent.
const SERIALIZERS: &[&str] = &["field_serializer", "serializer"];

/// Decorators of pydantic whose method may give a field another value when it is read.
const VALIDATORS: &[&str] = &["field_validator", "validator"];

/// Words in the name of a function that hides what it is given.
const HIDING: &[&str] = &["mask", "masked", "hide", "hidden", "redact", "redacted", "obfuscate", "conceal", "censor"];

/// A field of a class that is sent to a client, or taken from one.
#[derive(Debug, Clone, Copy)]
pub struct ModelField<'p> {
    /// The module of the class that declares it.
    pub module: &'p Module,
    /// The class that declares it.
    pub class: StmtId,
    /// Its name.
    pub name: Identifier,
    /// Its annotation.
    pub annotation: ExprId,
    /// What it is given in the class: a default, `Field(…)`.
    pub value: Option<ExprId>,
}

impl<'p> ModelField<'p> {
    /// Its name as text.
    pub fn text(&self) -> &'p str {
        self.module.python.syntax.identifier(self.name)
    }
}

impl Project {
    /// The annotation that says what a route answers: `response_model=`, or else what its handler is annotated to return.
    /// `None` where there is neither, or `response_model=None` switches the filter off.
    pub fn answer_annotation<'p>(&'p self, route: &Route) -> Option<(&'p Module, ExprId)> {
        if let Some((module, argument)) = self.route_argument(route, "response_model") {
            let module = self.modules.get(module.id);
            return (module.python.syntax.expr(argument).kind != ExprKind::None).then_some((module, argument));
        }
        let (home, handler) = route.handler?;
        let module = self.modules.get(home);
        Some((module, module.function(handler)?.returns?))
    }

    /// The models of the project that an annotation names, and those that their fields name, through lists, unions and
    /// generic classes: each once, the outermost first.
    pub fn models_in<'p>(&'p self, module: &'p Module, annotation: ExprId) -> Vec<(&'p Module, StmtId)> {
        let mut found: Vec<(&Module, StmtId)> = Vec::new();
        self.models_named(module, annotation, MAX_ALIASES, &mut found);
        let mut next = 0;
        while let Some(&(home, class)) = found.get(next).filter(|_| found.len() < MAX_CLASSES) {
            next += 1;
            for field in self.model_fields(home, class) {
                if !self.is_left_out(field) {
                    self.models_named(field.module, field.annotation, MAX_ALIASES, &mut found);
                }
            }
        }
        found
    }

    fn models_named<'p>(
        &'p self,
        module: &'p Module,
        annotation: ExprId,
        hops: u32,
        found: &mut Vec<(&'p Module, StmtId)>,
    ) {
        let Some(hops) = hops.checked_sub(1) else { return };
        let syntax = &module.python.syntax;
        for part in syntax.walk_exprs_of(annotation) {
            if !matches!(syntax.expr(part).kind, ExprKind::Name { .. } | ExprKind::Attribute { .. }) {
                continue;
            }
            match self.symbol(module, part).and_then(|symbol| self.definition(&symbol)) {
                Some((home, Definition::Class(class)))
                    if self.is_model(home, class)
                        && !found.iter().any(|(known, id)| (known.id, *id) == (home.id, class)) =>
                {
                    found.push((home, class));
                }
                Some((home, Definition::Value(value))) => self.models_named(home, value, hops, found),
                _ => {}
            }
        }
    }

    /// Whether a class is a model of pydantic or SQLModel.
    pub fn is_model(&self, module: &Module, class: StmtId) -> bool {
        self.inherits_from(module, class, MODELS)
    }

    /// The fields of a model, its own and those it inherits, each name once: the declaration that wins.
    pub fn model_fields<'p>(&'p self, module: &'p Module, class: StmtId) -> Vec<ModelField<'p>> {
        let mut names = BTreeSet::new();
        let mut fields = Vec::new();
        for (home, class) in self.lineage(module, class) {
            let syntax = &home.python.syntax;
            for &stmt in home.class(class).map_or(&[][..], |class| &class.body) {
                let StmtKind::AnnAssign { target, annotation, value, .. } = syntax.stmt(stmt).kind else { continue };
                let ExprKind::Name { id, .. } = syntax.expr(target).kind else { continue };
                let text = syntax.name(id);
                if text.starts_with('_') || !names.insert(text.to_owned()) || is_class_variable(self, home, annotation)
                {
                    continue;
                }
                let name = Identifier { name: id, range: syntax.expr(target).range };
                fields.push(ModelField { module: home, class, name, annotation, value });
            }
        }
        fields
    }

    /// Whether a model leaves a field out of what it sends, or sends something else in its place: `exclude=True`,
    /// `SecretStr`, a serializer of its own, a validator that masks it.
    pub fn is_left_out(&self, field: ModelField<'_>) -> bool {
        let module = field.module;
        let syntax = &module.python.syntax;
        let declared = [Some(field.annotation), field.value].into_iter().flatten();
        let is_marked = declared.into_iter().flat_map(|expr| syntax.walk_exprs_of(expr)).any(|part| {
            match &syntax.expr(part).kind {
                ExprKind::Call { keywords, .. } => module
                    .keyword(keywords, "exclude")
                    .is_some_and(|value| matches!(syntax.expr(value).kind, ExprKind::Bool(true) | ExprKind::Ellipsis)),
                ExprKind::Name { .. } | ExprKind::Attribute { .. } => {
                    let secret = &["pydantic.SecretStr", "pydantic.SecretBytes", "pydantic.types.SecretStr"];
                    self.is_any(module, part, secret)
                }
                _ => false,
            }
        });
        is_marked || is_rewritten(field)
    }

    /// The names that `response_model_exclude=` leaves out of an answer. `None` where they cannot be read, or where
    /// `response_model_include=` names what is sent.
    pub fn excluded_from_answer(&self, route: &Route) -> Option<BTreeSet<String>> {
        if self.route_argument(route, "response_model_include").is_some() {
            return None;
        }
        let Some((module, argument)) = self.route_argument(route, "response_model_exclude") else {
            return Some(BTreeSet::new());
        };
        let (home, value) = self.follow(module, argument);
        let syntax = &home.python.syntax;
        let is_seen = matches!(syntax.expr(value).kind, ExprKind::Set(_) | ExprKind::Dict(_) | ExprKind::List { .. });
        let names = syntax.walk_exprs_of(value).filter_map(|part| syntax.string(part).map(str::to_owned));
        is_seen.then(|| names.collect())
    }

    /// Whether the project makes objects of a class with a field that says nothing of the real value: a constant, or what a
    /// function gives that hides its argument.
    pub fn is_filled_with_a_mask(&self, module: ModuleId, class: StmtId, field: &str) -> bool {
        let home = self.modules.get(module);
        let Some(definition) = home.class(class) else { return false };
        let name = home.python.syntax.identifier(definition.name);
        self.modules.iter().any(|module| {
            module.calls_named(&[name]).iter().any(|call| {
                let is_meant =
                    || self.class(module, call.func).is_some_and(|(at, id, _)| (at.id, id) == (home.id, class));
                call.option(self, field).is_some_and(|value| is_mask(module, value)) && is_meant()
            })
        })
    }

    /// Whether an annotation is of text: `str`, `Optional[str]`, a constrained string.
    pub fn is_text_annotation(&self, module: &Module, annotation: ExprId) -> bool {
        let is_text = |symbol: &Symbol| symbol.is_any(&["str", "bytes", "pydantic.constr", "pydantic.StrictStr"]);
        let called = match module.python.syntax.expr(annotation).kind {
            ExprKind::Call { func, .. } => self.symbol(module, func),
            _ => None,
        };
        called.or_else(|| self.annotated_class(module, annotation)).as_ref().is_some_and(is_text)
    }
}

/// Whether a method of the model, or its nested `Config`, changes what is sent of a field.
fn is_rewritten(field: ModelField<'_>) -> bool {
    let module = field.module;
    let syntax = &module.python.syntax;
    let body = module.class(field.class).map_or(&[][..], |class| &class.body);
    body.iter().any(|&stmt| match &syntax.stmt(stmt).kind {
        StmtKind::FunctionDef(function) => function.decorators.iter().any(|&decorator| {
            let ExprKind::Call { func, args, .. } = &syntax.expr(decorator).kind else {
                return module.last_name(decorator) == Some("model_serializer");
            };
            let Some(name) = module.last_name(*func) else { return false };
            if name == "model_serializer" {
                return true;
            }
            let is_meant =
                args.iter().any(|&arg| matches!(syntax.string(arg), Some(text) if text == field.text() || text == "*"));
            let hides = VALIDATORS.contains(&name) && is_hiding(syntax.identifier(function.name));
            is_meant && (SERIALIZERS.contains(&name) || hides)
        }),
        StmtKind::ClassDef(inner) if syntax.identifier(inner.name) == "Config" => {
            let mut exprs = inner.body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, false));
            exprs.any(|expr| syntax.string(expr) == Some(field.text()))
        }
        _ => false,
    })
}

/// Whether a value is a constant, or made by a function that hides what it is given.
fn is_mask(module: &Module, value: ExprId) -> bool {
    let syntax = &module.python.syntax;
    match &syntax.expr(value).kind {
        ExprKind::None | ExprKind::Str { .. } | ExprKind::Bool(_) => true,
        ExprKind::Call { func, .. } => module.last_name(*func).is_some_and(is_hiding),
        ExprKind::IfExp { body, orelse, .. } => is_mask(module, *body) && is_mask(module, *orelse),
        _ => false,
    }
}

fn is_hiding(name: &str) -> bool {
    crate::paths::words(&name.replace('_', " ")).any(|word| HIDING.contains(&word.as_str()))
}

fn is_class_variable(project: &Project, module: &Module, annotation: ExprId) -> bool {
    project.is_any(module, module.without_subscript(annotation), &["typing.ClassVar", "typing_extensions.ClassVar"])
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    #[test]
    fn models_are_found_through_lists_unions_generics_and_fields() {
        let project = project(&[(
            "app/main.py",
            "from typing import Generic, List, Optional, TypeVar\nfrom fastapi import FastAPI\nfrom pydantic import BaseModel, Field, SecretStr\n\
             T = TypeVar('T')\nclass Key(BaseModel):\n    secret: str\nclass Base(BaseModel):\n    id: int\n    _own: int = 1\n\
             class User(Base):\n    keys: List[Key]\n    pin: SecretStr\n    salt: str = Field('', exclude=True)\n\
             class Page(BaseModel, Generic[T]):\n    items: list[T]\nclass Other: ...\nMaybe = Optional[User]\n\
             app = FastAPI()\n@app.get('/a', response_model=Page[Maybe], response_model_exclude={'id'})\ndef a(): ...\n\
             @app.get('/b')\ndef b() -> Other | None: ...\n@app.get('/c', response_model=None)\ndef c() -> User: ...\n",
        )]);
        let answers: Vec<Vec<&str>> = project
            .routes
            .routes
            .iter()
            .map(|route| {
                let Some((module, annotation)) = project.answer_annotation(route) else { return vec!["none"] };
                let models = project.models_in(module, annotation);
                let names = models.into_iter().filter_map(|(module, class)| Some((module, module.class(class)?)));
                names.map(|(module, class)| module.python.syntax.identifier(class.name)).collect()
            })
            .collect();
        assert_eq!(answers, [vec!["Page", "User", "Key"], vec![], vec!["none"]]);
        let route = &project.routes.routes[0];
        assert!(project.excluded_from_answer(route).is_some_and(|names| names.contains("id")));
        let (module, annotation) = project.answer_annotation(route).expect("it has one");
        let (home, user) = project.models_in(module, annotation)[1];
        let fields: Vec<(&str, bool)> =
            project.model_fields(home, user).into_iter().map(|it| (it.text(), project.is_left_out(it))).collect();
        assert_eq!(fields.len(), 4);
        assert!(fields.contains(&("id", false)) && fields.contains(&("keys", false)));
        assert!(fields.contains(&("pin", true)) && fields.contains(&("salt", true)));
    }

    #[test]
    fn fields_that_are_rewritten_or_masked_are_left_out() {
        let project = project(&[(
            "app/main.py",
            "from pydantic import BaseModel, field_serializer, field_validator\nclass A(BaseModel):\n    key: str\n    token: str\n    name: str\n\
             \n    @field_serializer('key')\n    def send(self, value): ...\n\n    @field_validator('token')\n    def mask_token(cls, value): ...\n\
             \n    @field_validator('name')\n    def strip(cls, value): ...\ndef f(x):\n    return A(key=x, token=x, name=mask_text(x))\n",
        )]);
        let module = project.modules.iter().next().expect("it was parsed");
        let (class, _) = module.python.syntax.stmts().find(|&(id, _)| module.class(id).is_some()).expect("a class");
        let left: Vec<&str> = project
            .model_fields(module, class)
            .into_iter()
            .filter(|&it| project.is_left_out(it))
            .map(|it| module.python.syntax.identifier(it.name))
            .collect();
        assert_eq!(left, ["key", "token"]);
        assert!(project.is_filled_with_a_mask(module.id, class, "name"));
        assert!(!project.is_filled_with_a_mask(module.id, class, "key"));
    }
}
