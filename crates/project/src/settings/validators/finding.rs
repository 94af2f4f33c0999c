//! Finds the validators of a class, and reads what each does.

use super::super::classes::decorated_by;
use super::super::{Access, Field, Member, Settings, SettingsClass};
use super::reading::{Reading, STEPS};
use super::tests::tests_before;
use super::{Action, MAX_OUTCOMES, Outcome, Test, Validator, ValidatorKind};
use crate::{Condition, Definition, Module, ModuleId, Project};
use pyaudit_python::{ExprId, ExprKind, StmtId, StmtKind};
use pyaudit_source::{Role, Span};
use std::collections::BTreeSet;

const FIELD_VALIDATORS: &[&str] = &[
    "pydantic.field_validator",
    "pydantic.functional_validators.field_validator",
    "pydantic.validator",
    "pydantic.class_validators.validator",
    "pydantic.v1.validator",
];

const MODEL_VALIDATORS: &[&str] = &[
    "pydantic.model_validator",
    "pydantic.functional_validators.model_validator",
    "pydantic.root_validator",
    "pydantic.class_validators.root_validator",
    "pydantic.v1.root_validator",
];

const ANNOTATION_VALIDATORS: &[&str] =
    &["pydantic.BeforeValidator", "pydantic.AfterValidator", "pydantic.PlainValidator", "pydantic.WrapValidator"];

const CONSTRUCTORS: &[&str] = &["__init__", "__post_init__", "model_post_init", "__init_subclass__"];

/// Words of the names of functions that are called to look at settings.
const LOOKING: &[&str] = &["validate", "validation", "check", "ensure", "verify", "assert", "enforce", "require"];

/// How many functions in a row a validator hands values to.
const MAX_CALLS: usize = 2;

impl Project {
    /// Finds the validators of all classes.
    pub(in crate::settings) fn add_validators(&self, settings: &mut Settings) {
        for at in 0..settings.classes.len() {
            settings.classes[at].validators = self.validators(&settings.classes[at], settings);
        }
        for (class, validator) in self.outer_validators(settings) {
            settings.classes[class].validators.push(validator);
        }
    }

    /// Every validator of a class, the bases' after its own, in order of the source.
    fn validators(&self, class: &SettingsClass, settings: &Settings) -> Vec<Validator> {
        let mut found = Vec::new();
        let mut seen = BTreeSet::new();
        let lineage = std::iter::once((class.module, class.class)).chain(class.bases.iter().copied());
        for (module, id) in lineage {
            let module = self.modules.get(module);
            let Some(definition) = module.class(id) else { continue };
            for &stmt in &definition.body {
                let StmtKind::FunctionDef(function) = &module.python.syntax.stmt(stmt).kind else { continue };
                // What a class defines again takes the place of its base's.
                if seen.insert(module.python.syntax.identifier(function.name)) {
                    found.extend(self.validator(class, module, stmt, settings));
                }
            }
        }
        for field in &class.fields {
            found.extend(self.annotated_validators(class, field, settings));
        }
        found
    }

    fn validator(
        &self,
        class: &SettingsClass,
        module: &Module,
        function: StmtId,
        settings: &Settings,
    ) -> Option<Validator> {
        let definition = module.function(function)?;
        let name = module.python.syntax.identifier(definition.name);
        let decorator = |known: &[&str]| {
            definition
                .decorators
                .iter()
                .copied()
                .find(|&decorator| self.is_any(module, decorated_by(module, decorator), known))
        };
        let mut reading = Reading::of(self, settings, class, module, Some(function));
        let validates = class.kind.is_settings() && class.configuration.validates_defaults;
        if let Some(decorator) = decorator(FIELD_VALIDATORS) {
            let fields = self.decorated_fields(class, module, decorator);
            // The first parameter is the class, the second the value.
            let value = definition.parameters.iter().nth(1);
            let subject = value.map(|value| module.python.syntax.identifier(value.name).to_owned());
            reading.subjects.extend(subject.map(|subject| (subject, fields.clone())));
            reading.returns_value = true;
            let mut validator = self.read_validator(&reading, ValidatorKind::Field)?;
            validator.is_before = self.is_before(module, decorator);
            let always = self.decorator_option(module, decorator, "always").is_some_and(|value| value == "True");
            validator.sees_defaults = always || validates;
            validator.fields.extend(fields);
            return Some(validator);
        }
        let model = decorator(MODEL_VALIDATORS);
        let kind = match model {
            Some(_) => ValidatorKind::Model,
            None if CONSTRUCTORS.contains(&name) => ValidatorKind::Constructor,
            None => return None,
        };
        let mut validator = self.read_validator(&reading, kind)?;
        validator.is_before = model.is_some_and(|decorator| self.is_before(module, decorator));
        validator.sees_defaults = !validator.is_before;
        Some(validator)
    }

    /// The text of a keyword argument of a decorator.
    fn decorator_option(&self, module: &Module, decorator: ExprId, name: &str) -> Option<String> {
        let ExprKind::Call { keywords, .. } = &module.python.syntax.expr(decorator).kind else { return None };
        module.keyword(keywords, name).map(|value| self.text_at(module, value))
    }

    fn is_before(&self, module: &Module, decorator: ExprId) -> bool {
        let mode = self.decorator_option(module, decorator, "mode");
        mode.is_some_and(|mode| mode.contains("before") || mode.contains("plain"))
            || self.decorator_option(module, decorator, "pre").is_some_and(|pre| pre == "True")
    }

    fn decorated_fields(&self, class: &SettingsClass, module: &Module, decorator: ExprId) -> Vec<String> {
        let ExprKind::Call { args, .. } = &module.python.syntax.expr(decorator).kind else { return Vec::new() };
        let names: Vec<String> = args.iter().filter_map(|&name| self.constant_string(module, name)).collect();
        if names.iter().any(|name| name == "*") {
            return class.fields.iter().map(|field| field.name.clone()).collect();
        }
        names
    }

    /// `Annotated[list[str], BeforeValidator(parse)]`.
    fn annotated_validators(&self, class: &SettingsClass, field: &Field, settings: &Settings) -> Vec<Validator> {
        let home = self.modules.get(field.module);
        let annotation = field.annotation.map(|annotation| self.annotation(home, annotation));
        let extras = annotation.into_iter().flat_map(|annotation| annotation.extras);
        let validators = extras.filter_map(|(module, extra)| {
            let ExprKind::Call { func, args, .. } = &module.python.syntax.expr(extra).kind else { return None };
            if !self.is_any(module, *func, ANNOTATION_VALIDATORS) {
                return None;
            }
            let (module, function, definition) = self.function(module, *args.first()?)?;
            let value = definition.parameters.iter().next()?;
            let mut reading = Reading::of(self, settings, class, module, Some(function));
            let subject = module.python.syntax.identifier(value.name).to_owned();
            reading.subjects.insert(subject, vec![field.name.clone()]);
            reading.returns_value = true;
            let mut validator = self.read_validator(&reading, ValidatorKind::Field)?;
            validator.is_before = !self.text_at(module, *func).contains("After");
            validator.sees_defaults = class.kind.is_settings() && class.configuration.validates_defaults;
            validator.fields.insert(field.name.clone());
            Some(validator)
        });
        validators.collect()
    }

    /// Code outside of a class that looks at its fields and refuses some: statements of modules, and functions that are
    /// named so and used somewhere.
    fn outer_validators(&self, settings: &Settings) -> Vec<(usize, Validator)> {
        let mut places: BTreeSet<(usize, ModuleId, Option<StmtId>)> = BTreeSet::new();
        for used in settings.uses() {
            let module = self.modules.get(used.module);
            if module.role != Role::Application || used.access == Access::Write {
                continue;
            }
            match used.member {
                Member::Field(_) => {
                    // A method of the class counts where something uses it.
                    let is_own = used.function.is_some_and(|function| module.class_of_stmt(function).is_some());
                    if !is_own && used.function.is_none_or(|function| is_looking(module, function)) {
                        places.insert((used.class, used.module, used.function));
                    }
                }
                Member::Other => places.extend(self.called_method(settings, used.class, &used.name)),
                _ => {}
            }
        }
        let known = |class: usize, module: ModuleId, function: Option<StmtId>| {
            let mut validators = settings.classes()[class].validators.iter();
            validators.any(|validator| (validator.module, validator.function) == (module, function))
        };
        let places = places.into_iter().filter(|&(class, module, function)| {
            let module = self.modules.get(module);
            let is_called = |function| module.class_of_stmt(function).is_some() || self.is_called(module, function);
            !known(class, module.id, function) && function.is_none_or(is_called)
        });
        let found = places.filter_map(|(class, module, function)| {
            let reading = Reading::of(self, settings, &settings.classes()[class], self.modules.get(module), function);
            let kind = if function.is_some() { ValidatorKind::Method } else { ValidatorKind::Import };
            let mut validator = self.read_validator(&reading, kind)?;
            validator.outcomes.retain(|outcome| outcome.action == Action::Refuse && !outcome.tested.is_empty());
            validator.sees_defaults = true;
            validator.fields = validator.outcomes.iter().flat_map(|outcome| outcome.tested.clone()).collect();
            (!validator.outcomes.is_empty()).then_some((class, validator))
        });
        found.collect()
    }

    /// Whether some code of the application calls a function.
    fn is_called(&self, home: &Module, function: StmtId) -> bool {
        let Some(definition) = home.function(function) else { return false };
        let name = home.python.syntax.identifier(definition.name);
        self.modules.iter().filter(|module| module.role == Role::Application).any(|module| {
            let syntax = &module.python.syntax;
            syntax.exprs().any(|(_, expr)| match expr.kind {
                ExprKind::Call { func, .. } => {
                    let called = (module.last_name(func) == Some(name)).then(|| self.function(module, func)).flatten();
                    called.is_some_and(|(module, id, _)| (module.id, id) == (home.id, function))
                }
                _ => false,
            })
        })
    }

    /// A method that is named for looking at settings, when something uses it.
    fn called_method(
        &self,
        settings: &Settings,
        class: usize,
        name: &str,
    ) -> Option<(usize, ModuleId, Option<StmtId>)> {
        let found = &settings.classes()[class];
        let (home, definition) = self.member(self.modules.get(found.module), found.class, name)?;
        let Definition::Function(function) = definition else { return None };
        is_looking(home, function).then_some((class, home.id, Some(function)))
    }

    fn read_validator(&self, reading: &Reading<'_>, kind: ValidatorKind) -> Option<Validator> {
        let Reading { module, function, .. } = *reading;
        let (name, range) = match function {
            Some(function) => {
                let name = module.function(function)?.name;
                (module.python.syntax.identifier(name).to_owned(), Some(name.range))
            }
            None => (String::new(), None),
        };
        let mut validator = Validator {
            kind,
            module: module.id,
            function,
            name,
            span: range.map_or(Span::file(module.file), |range| module.span(range)),
            is_before: false,
            sees_defaults: false,
            fields: BTreeSet::new(),
            outcomes: Vec::new(),
        };
        self.read_body(reading, MAX_CALLS, &mut validator);
        if let Some(first) = validator.outcomes.first().filter(|_| function.is_none()) {
            validator.span = first.span;
        }
        Some(validator)
    }

    /// Reads the statements of a function and of the methods that it hands fields to.
    fn read_body(&self, reading: &Reading<'_>, calls: usize, into: &mut Validator) {
        let (module, syntax) = (reading.module, &reading.module.python.syntax);
        let body = match reading.function {
            Some(function) => module.function(function).map_or(&[][..], |function| &function.body),
            None => &module.python.syntax.body,
        };
        for stmt in syntax.walk_stmts_in(body, false) {
            if into.outcomes.len() >= MAX_OUTCOMES {
                return;
            }
            for action in reading.actions(stmt) {
                let outcome = self.outcome(reading, stmt, action);
                into.fields.extend(outcome.tested.iter().cloned());
                if let Action::Replace { fields, .. } = &outcome.action {
                    into.fields.extend(fields.iter().cloned());
                }
                into.outcomes.push(outcome);
            }
        }
        let Some(calls) = calls.checked_sub(1).filter(|_| reading.function.is_some()) else { return };
        for &stmt in body {
            for expr in syntax.walk_exprs_in(stmt, false) {
                into.fields.extend(reading.fields_of(expr, 1));
                if let Some(called) = self.handed(reading, expr) {
                    self.read_body(&called, calls, into);
                }
            }
        }
    }

    /// The method of the class that a call hands values of fields to.
    fn handed<'a>(&'a self, reading: &Reading<'a>, call: ExprId) -> Option<Reading<'a>> {
        let module = reading.module;
        let syntax = &module.python.syntax;
        let ExprKind::Call { func, args, keywords } = &syntax.expr(call).kind else { return None };
        let ExprKind::Attribute { value, attr, .. } = &syntax.expr(*func).kind else { return None };
        module.own_class(*value)?;
        let own = self.modules.get(reading.class.module);
        let (home, definition) = self.member(own, reading.class.class, syntax.identifier(*attr))?;
        let Definition::Function(function) = definition else { return None };
        let definition = home.function(function)?;
        let is_static = definition.decorators.iter().any(|&decorator| self.is_any(home, decorator, &["staticmethod"]));
        let parameters = definition.parameters.iter().skip(usize::from(!is_static));
        let mut called = Reading::of(self, reading.settings, reading.class, home, Some(function));
        for (at, parameter) in parameters.enumerate() {
            let name = home.python.syntax.identifier(parameter.name);
            let argument = args.get(at).copied().or_else(|| module.keyword(keywords, name));
            let fields = argument.map(|argument| reading.fields_of(argument, STEPS)).unwrap_or_default();
            if !fields.is_empty() {
                called.subjects.insert(name.to_owned(), fields);
            }
        }
        called.outer = reading.tests(syntax.enclosing_stmt(call)?);
        ((home.id, Some(function)) != (module.id, reading.function)).then_some(called)
    }

    fn outcome(&self, reading: &Reading<'_>, stmt: StmtId, action: Action) -> Outcome {
        let module = reading.module;
        let tests = reading.tests(stmt);
        let conditions = tests.iter().rev().filter_map(|test| {
            let condition = self.condition_of(self.modules.get(test.module), test.expr)?;
            Some(if test.holds { condition } else { condition.negated() })
        });
        let condition: Option<Condition> = conditions.into_iter().next();
        let mut tested = BTreeSet::new();
        for test in &tests {
            reading.around(self.modules.get(test.module), test).mentioned(test.expr, STEPS, &mut tested);
        }
        let span = module.span(module.python.syntax.stmt(stmt).range);
        Outcome { module: module.id, stmt, span, action, tests, condition, tested }
    }
}

impl<'a> Reading<'a> {
    /// What must hold for a statement to run.
    fn tests(&self, stmt: StmtId) -> Vec<Test> {
        let own = tests_before(self.module, stmt, self.function).into_iter().map(|(expr, holds)| Test {
            module: self.module.id,
            expr,
            holds,
            function: self.function,
            subjects: self.subjects.clone(),
        });
        self.outer.iter().cloned().chain(own).collect()
    }

    /// The function around a test.
    pub(super) fn around(&self, module: &'a Module, test: &Test) -> Self {
        let subjects = test.subjects.clone();
        Self { subjects, ..Self::of(self.project, self.settings, self.class, module, test.function) }
    }
}

/// Whether the name of a function says that it looks at something and complains.
fn is_looking(module: &Module, function: StmtId) -> bool {
    let Some(definition) = module.function(function) else { return false };
    let name = module.python.syntax.identifier(definition.name).to_ascii_lowercase();
    name.split('_').any(|word| LOOKING.contains(&word))
}
