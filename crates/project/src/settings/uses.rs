//! Objects of settings classes, and every place that reads or writes an attribute of one.

use super::classes::decorated_by;
use super::{Access, ClassKind, Instance, InstanceKind, Member, SettingUse, Settings};
use crate::database::reading::returned;
use crate::{Definition, Module, ModuleId, Project, Symbol};
use pyaudit_python::{BindingKind, ExprContext, ExprId, ExprKind, NameId, Parent, ScopeId, StmtId, StmtKind};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Decorators under which a function gives the same object each time.
const CACHES: &[&str] = &["functools.lru_cache", "functools.cache", "async_lru.alru_cache", "cachetools.cached"];

/// The longest text in bytes of an object that is looked at: `request.app.state.settings`.
const MAX_CHAIN: usize = 200;

/// Functions that read an attribute by its name.
const DYNAMIC: &[(&str, Access)] = &[
    ("getattr", Access::Dynamic),
    ("hasattr", Access::Probe),
    ("setattr", Access::Write),
    ("delattr", Access::Delete),
];

/// What decides quickly whether an expression is worth a look.
struct Vocabulary<'s> {
    /// The attributes that some settings class has.
    members: BTreeSet<&'s str>,
    /// The names that hold or give an object of a settings class, and those of the classes.
    objects: BTreeSet<String>,
}

/// What is known of the names of one module.
#[derive(Default)]
struct Known {
    bindings: HashMap<(ScopeId, NameId), Option<usize>>,
    chains: HashMap<(Option<StmtId>, ScopeId, String), Option<usize>>,
}

impl Project {
    /// Finds the objects of settings classes.
    pub(super) fn settings_instances(&self, settings: &mut Settings) {
        let names: BTreeSet<String> = settings.classes.iter().filter_map(|class| class.path.last().cloned()).collect();
        if names.is_empty() {
            return;
        }
        let known: &Settings = settings;
        let found: Vec<(usize, Instance)> = self.modules.gather(|module| {
            let mut found = Vec::new();
            self.constructions(module, known, &names, &mut found);
            self.singletons(module, known, &mut found);
            self.getters(module, known, &names, &mut found);
            found
        });
        for (class, instance) in found {
            settings.classes[class].instances.push(instance);
        }
        for class in &mut settings.classes {
            class.instances.sort_by_key(|instance| (instance.span, instance.kind));
        }
    }

    /// Calls of settings classes.
    fn constructions(
        &self,
        module: &Module,
        settings: &Settings,
        names: &BTreeSet<String>,
        into: &mut Vec<(usize, Instance)>,
    ) {
        let syntax = &module.python.syntax;
        let renamed = module.names_for(names);
        for (id, expr) in syntax.exprs() {
            let ExprKind::Call { func, keywords, .. } = &expr.kind else { continue };
            let Some(name) = module.last_name(*func) else { continue };
            if !names.contains(name) && !renamed.contains(name) {
                continue;
            }
            let Some((home, class, _)) = self.class(module, *func) else { continue };
            let Some(class) = settings.number(home.id, class) else { continue };
            let files = module.keyword(keywords, "_env_file");
            into.push((
                class,
                Instance {
                    kind: InstanceKind::Construction,
                    module: module.id,
                    span: module.span_of(id),
                    name: None,
                    function: syntax.enclosing_functions(Parent::Expr(id)).next(),
                    is_cached: false,
                    environment_files: files.map(|files| self.file_names(module, files)).unwrap_or_default(),
                    keywords: keywords
                        .iter()
                        .map(|keyword| keyword.name.map_or("**", |name| syntax.identifier(name)).to_owned())
                        .collect(),
                },
            ));
        }
    }

    /// Names of a module that hold an object.
    fn singletons(&self, module: &Module, settings: &Settings, into: &mut Vec<(usize, Instance)>) {
        let syntax = &module.python.syntax;
        let Some(scope) = module.python.names.scopes.first() else { return };
        for binding in &scope.bindings {
            for site in &binding.sites {
                let (BindingKind::Assigned(value) | BindingKind::Annotated { value: Some(value), .. }) = site.kind
                else {
                    continue;
                };
                let Some(class) = self.settings_class_of(module, value, settings) else { continue };
                into.push((
                    class,
                    Instance {
                        kind: InstanceKind::Singleton,
                        module: module.id,
                        span: module.span(site.range),
                        name: Some(syntax.name(binding.name).to_owned()),
                        function: None,
                        is_cached: true,
                        environment_files: Vec::new(),
                        keywords: Vec::new(),
                    },
                ));
            }
        }
    }

    /// Functions that give an object.
    fn getters(
        &self,
        module: &Module,
        settings: &Settings,
        names: &BTreeSet<String>,
        into: &mut Vec<(usize, Instance)>,
    ) {
        let renamed = module.names_for(names);
        for (id, stmt) in module.python.syntax.stmts() {
            let StmtKind::FunctionDef(function) = &stmt.kind else { continue };
            let annotated = function.returns.and_then(|returns| {
                let name = module.last_name(returns)?;
                (names.contains(name) || renamed.contains(name)).then(|| self.class(module, returns))?
            });
            let class = annotated.and_then(|(home, class, _)| settings.number(home.id, class));
            let class = class.or_else(|| {
                let mut values = returned(module, id).into_iter();
                values.find_map(|value| {
                    let is_call = matches!(module.python.syntax.expr(value).kind, ExprKind::Call { func, .. }
                        if module.last_name(func).is_some_and(|name| names.contains(name) || renamed.contains(name)));
                    is_call.then(|| self.settings_class_of(module, value, settings))?
                })
            });
            let Some(class) = class else { continue };
            let mut decorators = function.decorators.iter().map(|&decorator| decorated_by(module, decorator));
            let is_cached = decorators.any(|decorator| self.is_any(module, decorator, CACHES));
            into.push((
                class,
                Instance {
                    kind: InstanceKind::Getter,
                    module: module.id,
                    span: module.span(function.name.range),
                    name: Some(module.python.syntax.identifier(function.name).to_owned()),
                    function: Some(id),
                    is_cached,
                    environment_files: Vec::new(),
                    keywords: Vec::new(),
                },
            ));
        }
    }

    /// The number of the settings class that an expression is an object of, or is.
    pub(super) fn class_of_object(&self, module: &Module, object: ExprId, settings: &Settings) -> Option<usize> {
        let symbol = self.symbol(module, object);
        let class = symbol.as_ref().and_then(|symbol| settings.number_of(self, symbol));
        class.or_else(|| self.settings_class_of(module, object, settings)).or_else(|| {
            // A name with several values, as in `config = A() if debug else B()`.
            let (home, value) = self.follow(module, object);
            ((home.id, value) != (module.id, object)).then(|| self.settings_class_of(home, value, settings))?
        })
    }

    /// The settings class of the object that an expression gives.
    fn settings_class_of(&self, module: &Module, expr: ExprId, settings: &Settings) -> Option<usize> {
        match &module.python.syntax.expr(expr).kind {
            ExprKind::IfExp { body, orelse, .. } => self
                .settings_class_of(module, *body, settings)
                .or_else(|| self.settings_class_of(module, *orelse, settings)),
            ExprKind::Call { .. } | ExprKind::Name { .. } | ExprKind::Attribute { .. } | ExprKind::Await(_) => {
                settings.number_of(self, &self.type_of(module, expr)?)
            }
            _ => None,
        }
    }

    /// Every place that reads or writes an attribute of a settings object.
    pub(super) fn setting_uses(&self, settings: &Settings) -> Vec<SettingUse> {
        let vocabulary = Vocabulary::of(settings);
        if settings.classes.is_empty() {
            return Vec::new();
        }
        let mut uses = self.modules.gather(|module| self.setting_uses_in(module, settings, &vocabulary));
        uses.sort_by_key(|used| (used.span, used.expr));
        uses
    }

    fn setting_uses_in(&self, module: &Module, settings: &Settings, vocabulary: &Vocabulary<'_>) -> Vec<SettingUse> {
        let mut uses = Vec::new();
        let mut known = Known::default();
        let renamed = module.names_for(&vocabulary.objects);
        for (id, expr) in module.python.syntax.exprs() {
            let found = match &expr.kind {
                ExprKind::Attribute { value, attr, ctx } => {
                    let name = module.python.syntax.identifier(*attr);
                    let access = match ctx {
                        ExprContext::Load => Access::Read,
                        ExprContext::Store => Access::Write,
                        ExprContext::Del => Access::Delete,
                    };
                    Some((*value, name, access))
                }
                ExprKind::Call { func, args, .. } => dynamic_access(module, *func, args),
                _ => None,
            };
            let Some((object, name, access)) = found else { continue };
            if !vocabulary.is_promising(module, &renamed, object, name) {
                continue;
            }
            let Some(class) = self.object_class(module, object, settings, &mut known) else { continue };
            let function = module.python.syntax.enclosing_functions(Parent::Expr(id)).next();
            uses.push(SettingUse {
                class,
                name: name.to_owned(),
                member: settings.classes[class].member(name),
                access,
                module: module.id,
                expr: id,
                span: module.span_of(id),
                function,
            });
        }
        uses
    }

    /// The settings class of an object, or the class itself, asked once for each name of a module.
    fn object_class(&self, module: &Module, object: ExprId, settings: &Settings, known: &mut Known) -> Option<usize> {
        if let Some(class) = module.own_class(object) {
            return settings.number(module.id, class);
        }
        let ask = || self.class_of_object(module, object, settings);
        if let ExprKind::Name { id, .. } = module.python.syntax.expr(object).kind {
            let scope = module.python.lookup(object).map_or(ScopeId(u32::MAX), |(scope, _)| scope);
            return *known.bindings.entry((scope, id)).or_insert_with(ask);
        }
        let text = self.sources.slice(module.span_of(object));
        if text.len() > MAX_CHAIN {
            return None;
        }
        let key = (module.python.enclosing_class(object), module.python.scope_of_expr(object), text.to_owned());
        *known.chains.entry(key).or_insert_with(ask)
    }
}

impl<'s> Vocabulary<'s> {
    fn of(settings: &'s Settings) -> Self {
        let classes = settings.classes.iter().filter_map(|class| class.path.last().cloned());
        let members = settings.classes.iter().flat_map(|class| class.members.iter().map(String::as_str)).collect();
        let instances = settings.classes.iter().flat_map(|class| &class.instances);
        let objects = classes.chain(instances.filter_map(|instance| instance.name.clone())).collect();
        Self { members, objects }
    }

    /// Whether an attribute of an object may be one of a settings object, by its name or that of the object.
    fn is_promising(&self, module: &Module, renamed: &BTreeSet<&str>, object: ExprId, attribute: &str) -> bool {
        let object = match module.python.syntax.expr(object).kind {
            ExprKind::Call { func, .. } => func,
            ExprKind::Name { .. } | ExprKind::Attribute { .. } => object,
            _ => return false,
        };
        let Some(name) = module.last_name(object) else { return false };
        self.members.contains(attribute)
            || self.objects.contains(name)
            || renamed.contains(name)
            || matches!(name, "self" | "cls" | "settings" | "config" | "conf" | "cfg")
    }
}

impl Settings {
    /// The number of the class at a statement.
    pub(super) fn number(&self, module: ModuleId, class: StmtId) -> Option<usize> {
        self.by_class.get(&(module, class)).copied()
    }

    fn number_of(&self, project: &Project, symbol: &Symbol) -> Option<usize> {
        match project.definition(symbol)? {
            (home, Definition::Class(class)) => self.number(home.id, class),
            _ => None,
        }
    }

    /// The uses of each field, as numbers of uses by class and name.
    pub(super) fn index_uses(&mut self) {
        let mut by_field: BTreeMap<(usize, String), Vec<usize>> = BTreeMap::new();
        for (at, used) in self.uses.iter().enumerate() {
            by_field.entry((used.class, used.name.clone())).or_default().push(at);
        }
        self.uses_by_field = by_field;
    }
}

impl super::SettingsClass {
    /// What an attribute of an object of the class is.
    pub fn member(&self, name: &str) -> Member {
        if let Some(&at) = self.by_name.get(name) {
            return Member::Field(at);
        }
        if self.members.contains(name) {
            return Member::Other;
        }
        let is_dunder = name.starts_with("__") && name.ends_with("__");
        let is_of_model = matches!(self.kind, ClassKind::Pydantic1 | ClassKind::Pydantic2 | ClassKind::Model)
            && (MODEL_ATTRIBUTES.contains(&name) || name.starts_with("model_") || name.starts_with("__"));
        if is_dunder || is_of_model {
            return Member::Inherited;
        }
        if self.is_open { Member::Unknown } else { Member::Missing }
    }
}

/// What every model of pydantic has.
const MODEL_ATTRIBUTES: &[&str] = &[
    "dict",
    "json",
    "copy",
    "parse_obj",
    "parse_raw",
    "parse_file",
    "from_orm",
    "construct",
    "schema",
    "schema_json",
    "validate",
    "update_forward_refs",
    "fields",
    "Config",
    "settings_customise_sources",
    "_abc_impl",
];

impl Module {
    /// The names under which a module imports one of these.
    fn names_for(&self, names: &BTreeSet<String>) -> BTreeSet<&str> {
        let imports = self.python.names.imports.iter().filter(|import| import.renamed);
        let wanted = imports.filter(|import| import.name.as_ref().is_some_and(|name| names.contains(name)));
        wanted.filter_map(|import| import.bound.map(|bound| self.python.syntax.name(bound))).collect()
    }
}

/// `getattr(settings, "NAME")`.
fn dynamic_access<'m>(module: &'m Module, func: ExprId, args: &[ExprId]) -> Option<(ExprId, &'m str, Access)> {
    let [object, name, ..] = args else { return None };
    let syntax = &module.python.syntax;
    let ExprKind::Name { id, .. } = syntax.expr(func).kind else { return None };
    let &(_, access) = DYNAMIC.iter().find(|(known, _)| *known == syntax.name(id))?;
    Some((*object, syntax.string(*name)?, access))
}
