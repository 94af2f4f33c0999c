//! Attributes that an object certainly does not have.

use super::objects::{Object, Objects};
use super::shapes::{ClassId, Has};
use super::similar::similar;
use crate::{Module, ModuleId, Project};
use pyaudit_python::{ExprContext, ExprId, ExprKind, Parent, StmtId, StmtKind};
use pyaudit_source::{Role, Span};
use std::collections::{BTreeMap, BTreeSet};

/// What kind of class the object is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OwnerKind {
    /// A class of settings.
    Settings,
    /// A class that is mapped to a table.
    Model,
    /// Any other class of the project.
    Other,
}

/// What is done with the attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MemberUse {
    /// It is read.
    Read,
    /// It is called.
    Call,
    /// It is assigned.
    Store,
    /// A keyword of the constructor.
    Keyword,
    /// A keyword of `filter_by`.
    Filter,
    /// The other side of a relationship: `back_populates`.
    Mirror,
}

/// One use of an attribute that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingMember {
    /// The module.
    pub module: ModuleId,
    /// The attribute's own name, or the keyword.
    pub span: Span,
    /// The class of the object.
    pub class: (ModuleId, StmtId),
    /// The name of the class.
    pub class_name: String,
    /// What kind of class it is.
    pub owner: OwnerKind,
    /// The attribute.
    pub name: String,
    /// What is done with it.
    pub access: MemberUse,
    /// Whether the class itself is asked, and no object of it.
    pub on_class: bool,
    /// Whether the object is `self` or `cls`.
    pub on_self: bool,
    /// Whether an annotation alone says of which class the object is.
    pub by_annotation: bool,
    /// A name that the class has and that is nearly the same.
    pub similar: Option<String>,
}

/// What was found in a project.
#[derive(Debug, Default)]
pub struct Members {
    missing: Vec<MissingMember>,
    examined: BTreeMap<(OwnerKind, bool), usize>,
}

impl Members {
    /// Every use of an attribute that is not there, in the order of the modules and the source.
    pub fn missing(&self) -> &[MissingMember] {
        &self.missing
    }

    /// How many uses of attributes of certain objects there are: calls where `calls`, or everything else.
    pub fn examined(&self, owner: OwnerKind, calls: bool) -> usize {
        self.examined.get(&(owner, calls)).copied().unwrap_or(0)
    }
}

/// One place that uses an attribute.
struct Use {
    object: ExprId,
    span: pyaudit_source::Range,
    name: String,
    access: MemberUse,
}

impl Project {
    pub(super) fn find_missing_members(&self) -> Members {
        let examined = self.modules.iter().filter(|module| module.role == Role::Application && self.is_parsed(module));
        let mut all = Members::default();
        for one in examined.map(|module| self.members_in(module)) {
            all.missing.extend(one.missing);
            for (key, count) in one.examined {
                *all.examined.entry(key).or_default() += count;
            }
        }
        all.missing.extend(self.missing_mirrors());
        all.missing.sort_by_key(|one| one.span);
        all
    }

    fn members_in(&self, module: &Module) -> Members {
        let objects = (Objects::new(self), Objects::strict(self));
        let mut found = Members::default();
        for (id, expr) in module.python.syntax.exprs() {
            match &expr.kind {
                ExprKind::Attribute { .. } => {
                    let Some(used) = attribute_use(module, id) else { continue };
                    self.look_at_member(module, &objects, id, &used, &mut found);
                }
                ExprKind::Call { func, args, keywords } if !keywords.is_empty() => {
                    self.look_at_keywords(module, &objects.0, (id, *func, args), keywords, &mut found);
                }
                _ => {}
            }
        }
        found
    }

    fn look_at_member(
        &self,
        module: &Module,
        (objects, strict): &(Objects<'_>, Objects<'_>),
        expr: ExprId,
        used: &Use,
        into: &mut Members,
    ) {
        // The answers of a project are borrowed for as long as the project is.
        let module = self.modules.get(module.id);
        let (class, on_class) = match objects.of(module, used.object) {
            Some(Object::Instance(class)) => (class, false),
            Some(Object::Class(class)) => (class, true),
            _ => return,
        };
        let is_call = used.access == MemberUse::Call;
        let owner = self.owner_kind(class, is_call);
        if owner == OwnerKind::Other && !is_call {
            return;
        }
        *into.examined.entry((owner, is_call)).or_default() += 1;
        if !self.lacks(class, owner, &used.name) || is_guarded(module, expr) {
            return;
        }
        let is_dead_store = used.access == MemberUse::Store
            && (self.attribute_index().is_asked_for(&used.name)
                || !self.stores_nothing(module, class, owner, expr, &used.name));
        let is_stored_elsewhere = used.access != MemberUse::Store && self.attribute_index().is_stored(&used.name);
        if is_dead_store || is_stored_elsewhere {
            return;
        }
        let on_self = super::shapes::receiver_of(module, used.object).is_some();
        if on_self && self.may_be_mixed_in(class) {
            return;
        }
        let by_annotation = strict.of(module, used.object).is_none();
        if by_annotation && self.shapes().is_other(class, &names_asked(module, used.object)) {
            return;
        }
        let found = self.missing_member(module, class, used, on_class);
        into.missing.push(MissingMember { owner, on_self, by_annotation, ..found });
    }

    fn missing_member(&self, module: &Module, class: ClassId, used: &Use, on_class: bool) -> MissingMember {
        let home = self.modules.get(class.0);
        let class_name = home.class(class.1).map(|it| home.python.syntax.identifier(it.name).to_owned());
        let names = self.shapes().names(class);
        MissingMember {
            module: module.id,
            span: module.span(used.span),
            class,
            class_name: class_name.unwrap_or_default(),
            owner: self.owner_kind(class, false),
            name: used.name.clone(),
            access: used.access,
            on_class,
            on_self: false,
            by_annotation: false,
            similar: similar(&used.name, names.into_iter()).map(str::to_owned),
        }
    }

    /// `Model(name=…)` and `session.query(Model).filter_by(name=…)`.
    fn look_at_keywords(
        &self,
        module: &Module,
        objects: &Objects<'_>,
        (call, func, _): (ExprId, ExprId, &[ExprId]),
        keywords: &[pyaudit_python::Keyword],
        into: &mut Members,
    ) {
        let module = self.modules.get(module.id);
        let syntax = &module.python.syntax;
        let (class, access) = if module.last_name(func) == Some("filter_by") {
            let ExprKind::Attribute { value, .. } = syntax.expr(func).kind else { return };
            match objects.of(module, value) {
                // After a join, `filter_by` is about what was joined last.
                Some(Object::Query(class) | Object::Statement(class)) if !joins(module, value) => {
                    (class, MemberUse::Filter)
                }
                _ => return,
            }
        } else {
            match objects.of(module, func) {
                Some(Object::Class(class)) => (class, MemberUse::Keyword),
                _ => return,
            }
        };
        let owner = self.owner_kind(class, false);
        let has_own = access == MemberUse::Keyword
            && ["__init__", "__new__"].iter().any(|name| self.shapes().has_itself(class, name));
        if owner != OwnerKind::Model || has_own || is_guarded(module, call) {
            return;
        }
        for keyword in keywords {
            let Some(name) = keyword.name else { continue };
            *into.examined.entry((owner, false)).or_default() += 1;
            let used = Use { object: func, span: name.range, name: syntax.identifier(name).to_owned(), access };
            if self.lacks(class, owner, &used.name) && !self.is_accepted_by_sqlmodel(class, &used.name) {
                into.missing.push(self.missing_member(module, class, &used, true));
            }
        }
    }

    /// Whether a field of an SQLModel is given by an alias.
    fn is_accepted_by_sqlmodel(&self, class: ClassId, name: &str) -> bool {
        self.shapes().ancestors(class).into_iter().any(|(module, class)| {
            let home = self.modules.get(module);
            let range = home.python.syntax.stmt(class).range;
            let text = self.sources.slice(home.span(range));
            text.contains("alias") && text.contains(name)
        })
    }

    /// `back_populates` of relationships whose other side has no such attribute.
    fn missing_mirrors(&self) -> Vec<MissingMember> {
        let mut found = Vec::new();
        for table in self.database.tables() {
            let module = self.modules.get(table.module);
            for one in table.relationships.iter().filter(|one| !one.is_backref) {
                let (Some(class), Some(name)) = (one.class, &one.back_populates) else { continue };
                let is_other_side = one.span.file == module.file && module.role == Role::Application;
                if !is_other_side || !self.lacks(class, OwnerKind::Model, name) {
                    continue;
                }
                let Some(range) = one.span.range else { continue };
                let used = Use { object: ExprId(0), span: range, name: name.clone(), access: MemberUse::Mirror };
                found.push(self.missing_member(module, class, &used, true));
            }
        }
        found
    }

    /// Whether the fields of a class of SQLModel are its columns.
    pub fn is_sqlmodel(&self, (module, class): (ModuleId, StmtId)) -> bool {
        self.inherits_from(self.modules.get(module), class, &["sqlmodel.SQLModel", "sqlmodel.main.SQLModel"])
    }

    /// What kind of class a class is. A service that reads a variable is no class of settings, but for its name, and
    /// neither are the calls of one.
    fn owner_kind(&self, class: ClassId, is_call: bool) -> OwnerKind {
        if let Some(settings) = self.settings.class(class.0, class.1) {
            let name = settings.path.last().map_or(String::new(), |name| name.to_lowercase());
            let is_named = ["setting", "config", "env", "option"].iter().any(|word| name.contains(word));
            let is_settings = settings.kind.is_settings() || (is_named && !is_call);
            return if is_settings { OwnerKind::Settings } else { OwnerKind::Other };
        }
        let is_model = self.database.table_of_class(class.0, class.1).is_some();
        if is_model { OwnerKind::Model } else { OwnerKind::Other }
    }

    /// Whether an object of a class, or of any class below it, certainly has no such attribute by its class.
    pub(crate) fn lacks(&self, class: ClassId, owner: OwnerKind, name: &str) -> bool {
        if self.shapes().has(class, name) != Has::No || self.attribute_index().is_asked_for(name) {
            return false;
        }
        match owner {
            OwnerKind::Settings => !self.settings.class(class.0, class.1).is_none_or(|class| class.is_open),
            OwnerKind::Model => !self.attribute_index().may_be_mirror(name) && !self.is_mapped_attribute(class, name),
            OwnerKind::Other => true,
        }
    }

    /// Whether the mapping gives a class an attribute that its body does not bind.
    fn is_mapped_attribute(&self, class: ClassId, name: &str) -> bool {
        let tables = self.shapes().ancestors(class);
        let mut tables = tables.iter().filter_map(|class| self.database.table_of_class(class.0, class.1));
        tables.any(|table| {
            // What is read from the database, or made by code, may have any column.
            !table.is_complete
                || table.column_of(name).is_some()
                || table.relationships.iter().any(|one| one.attribute == name)
                || self.sources.slice(self.class_span(table)).contains("autoload")
                || self.sources.slice(self.class_span(table)).contains("properties")
        })
    }

    fn class_span(&self, table: &crate::database::Table) -> Span {
        let module = self.modules.get(table.module);
        table.class.map_or(table.span, |class| module.span(module.python.syntax.stmt(class).range))
    }

    /// Whether the classes that a class is mixed into may be somewhere else.
    fn may_be_mixed_in(&self, class: ClassId) -> bool {
        let home = self.modules.get(class.0);
        let Some(definition) = home.class(class.1) else { return true };
        let name = home.python.syntax.identifier(definition.name);
        let is_protocol = definition.bases.iter().any(|&base| {
            let base = home.without_subscript(base);
            self.is_any(home, base, &["typing.Protocol", "typing_extensions.Protocol", "abc.ABC"])
        });
        let is_abstract = definition
            .keywords
            .iter()
            .any(|keyword| keyword.name.is_some_and(|it| home.python.syntax.identifier(it) == "metaclass"));
        // A base that nothing inherits from is for others.
        let is_base = self.shapes().descendants(class).len() == 1;
        is_base
            && (is_protocol
                || is_abstract
                || ["Mixin", "MixIn", "Base", "Abstract"].iter().any(|part| name.contains(part)))
    }

    /// Whether an assignment is lost: of pydantic's settings an error, of a row where it is meant to be written to the
    /// database, or where nothing reads it.
    fn stores_nothing(&self, module: &Module, class: ClassId, owner: OwnerKind, expr: ExprId, name: &str) -> bool {
        match owner {
            OwnerKind::Settings => self.settings.class(class.0, class.1).is_some_and(|class| class.kind.is_pydantic()),
            OwnerKind::Model => {
                !self.attribute_index().is_read(name) && !self.is_named(name) && is_written(module, expr)
            }
            OwnerKind::Other => false,
        }
    }

    /// Whether a class, a parameter or a text anywhere has this name: a field of a response, a key.
    fn is_named(&self, name: &str) -> bool {
        self.modules.iter().filter(|module| module.role == Role::Application).any(|module| {
            let scopes = module.python.names.scopes.iter();
            let mut bound = scopes.filter(|scope| matches!(scope.kind, pyaudit_python::ScopeKind::Class(_)));
            let is_field = module.python.name_id(name).is_some_and(|id| bound.any(|scope| scope.binding(id).is_some()));
            is_field || module.python.syntax.exprs().any(|(id, _)| module.python.syntax.string(id) == Some(name))
        })
    }
}

/// The attributes that a module asks an object for, which is named in the same way in the same place.
fn names_asked(module: &Module, object: ExprId) -> BTreeSet<&str> {
    let syntax = &module.python.syntax;
    let is_same = |other: ExprId| match (&syntax.expr(object).kind, &syntax.expr(other).kind) {
        (ExprKind::Name { id, .. }, ExprKind::Name { id: other_id, .. }) if id == other_id => {
            let scope = |expr| module.python.lookup(expr).map(|(scope, _)| scope);
            scope(object) == scope(other)
        }
        (ExprKind::Attribute { attr, .. }, ExprKind::Attribute { attr: other_attr, .. }) => {
            attr.name == other_attr.name
                && module.python.enclosing_class(object) == module.python.enclosing_class(other)
        }
        _ => object == other,
    };
    let asked = syntax.exprs().filter_map(|(_, expr)| match expr.kind {
        ExprKind::Attribute { value, attr, .. } if is_same(value) => Some(syntax.identifier(attr)),
        _ => None,
    });
    asked.collect()
}

/// The use of an attribute that an expression is.
fn attribute_use(module: &Module, expr: ExprId) -> Option<Use> {
    let syntax = &module.python.syntax;
    let ExprKind::Attribute { value, attr, ctx } = syntax.expr(expr).kind else { return None };
    let access = match ctx {
        ExprContext::Store => MemberUse::Store,
        ExprContext::Del => return None,
        ExprContext::Load => match syntax.expr_parent(expr) {
            Parent::Expr(parent) if matches!(syntax.expr(parent).kind, ExprKind::Call { func, .. } if func == expr) => {
                MemberUse::Call
            }
            _ => MemberUse::Read,
        },
    };
    Some(Use { object: value, span: attr.range, name: syntax.identifier(attr).to_owned(), access })
}

/// Whether a missing attribute is caught, or only a type checker reads the line.
fn is_guarded(module: &Module, expr: ExprId) -> bool {
    let syntax = &module.python.syntax;
    if module.python.is_in_type_checking(Parent::Expr(expr)) {
        return true;
    }
    let range = syntax.expr(expr).range;
    syntax.enclosing_stmts(Parent::Expr(expr)).any(|stmt| match &syntax.stmt(stmt).kind {
        StmtKind::Try { body, handlers, .. } => {
            let is_in_body = body.iter().any(|&inner| syntax.stmt(inner).range.contains(range));
            is_in_body
                && handlers.iter().any(|handler| {
                    let caught =
                        handler.exception.into_iter().flat_map(|it| syntax.walk_exprs_of(it).collect::<Vec<_>>());
                    caught.into_iter().any(|it| matches!(module.last_name(it), Some("AttributeError" | "TypeError")))
                })
        }
        _ => false,
    })
}

/// Whether a row is written after an attribute of it was assigned, in the same function.
fn is_written(module: &Module, expr: ExprId) -> bool {
    let syntax = &module.python.syntax;
    let start = syntax.expr(expr).range.start;
    let Some(function) = syntax.enclosing_functions(Parent::Expr(expr)).next() else { return false };
    let body = module.function(function).map_or(&[][..], |function| &function.body);
    body.iter().flat_map(|&stmt| syntax.walk_exprs_in(stmt, false)).any(|it| {
        let expr = syntax.expr(it);
        expr.range.start > start
            && matches!(&expr.kind, ExprKind::Call { func, .. }
                if matches!(module.last_name(*func), Some("commit" | "flush" | "add" | "merge" | "save")))
    })
}

/// Whether a query joins something.
fn joins(module: &Module, query: ExprId) -> bool {
    let syntax = &module.python.syntax;
    let mut at = query;
    loop {
        match syntax.expr(at).kind {
            ExprKind::Call { func, .. } => {
                if matches!(module.last_name(func), Some("join" | "outerjoin" | "select_from" | "join_from")) {
                    return true;
                }
                at = func;
            }
            ExprKind::Attribute { value, .. } => at = value,
            // What a name was given before is not looked at again.
            ExprKind::Name { .. } => {
                return !matches!(module.last_name(at), Some("db" | "session" | "self" | "select"));
            }
            _ => return false,
        }
    }
}
