//! Classes: what they inherit, their attributes, and the methods that override others.

use super::FunctionId;
use super::interner::{Atom, PathId};
use super::kinds::{ClassId, Type};
use super::linker::{Assignment, Linker, Question};
use crate::Module;
use pyaudit_python::{BindingKind, BindingSite, ExprId, ExprKind};
use std::collections::HashSet;
use std::rc::Rc;

/// How many classes one class inherits from at most; real code stays below twenty.
const MAX_LINEAGE: usize = 64;

/// How many classes are looked at for overrides of one method, and how many overrides are kept.
const MAX_DESCENDANTS: usize = 256;
const MAX_OVERRIDES: usize = 48;

/// Methods of pydantic's models that make an instance: <https://docs.pydantic.dev/latest/concepts/models>.
const CONSTRUCTORS: &[&str] =
    &["model_validate", "model_validate_json", "model_validate_strings", "parse_obj", "parse_raw", "from_orm"];

/// What a class inherits from.
#[derive(Debug, Default)]
pub(super) struct Lineage {
    /// The classes of the project, itself first, in the order in which attributes are looked for.
    pub classes: Vec<ClassId>,
    /// The classes of libraries that they name as bases.
    pub external: Vec<PathId>,
    /// Whether a base cannot be known.
    pub is_open: bool,
}

impl<'p> Linker<'p> {
    /// The bases that a class names.
    pub(super) fn direct_bases(&mut self, class: ClassId) -> Vec<Type> {
        let (module, stmt) = (self.classes[class.0 as usize].module, self.classes[class.0 as usize].stmt);
        let module = self.module(module);
        let Some(definition) = module.class(stmt) else { return Vec::new() };
        let bases = definition.bases.iter().take(MAX_LINEAGE);
        bases.map(|&base| self.type_of(module, module.without_subscript(base))).collect()
    }

    /// What a class inherits from: Python's order (C3) as far as it can be had by putting off a class until the last of
    /// its mentions.
    pub(super) fn lineage(&mut self, class: ClassId) -> Rc<Lineage> {
        if let Some(known) = &self.classes[class.0 as usize].lineage {
            return Rc::clone(known);
        }
        let mut lineage = Lineage::default();
        let mut order = Vec::new();
        let mut open = vec![class];
        while let Some(at) = open.pop() {
            if order.len() >= 2 * MAX_LINEAGE {
                break;
            }
            order.push(at);
            for base in self.direct_bases(at).into_iter().rev() {
                match base {
                    Type::Class(base) if base != class => open.push(base),
                    Type::External(path) if !lineage.external.contains(&path) => lineage.external.push(path),
                    Type::Unknown => lineage.is_open = true,
                    _ => {}
                }
            }
        }
        // A class that is met twice stands where it is met last, behind all that inherit from it.
        let mut seen = HashSet::new();
        lineage.classes = order.into_iter().rev().filter(|class| seen.insert(*class)).collect();
        lineage.classes.reverse();
        lineage.classes.truncate(MAX_LINEAGE);
        let lineage = Rc::new(lineage);
        if !self.is_waiting() {
            self.classes[class.0 as usize].lineage = Some(Rc::clone(&lineage));
        }
        lineage
    }

    /// Whether a class inherits from a library's class with one of these last names.
    pub(super) fn inherits_external(&mut self, class: ClassId, last: &[&str]) -> bool {
        let lineage = self.lineage(class);
        lineage.external.iter().any(|&path| last.contains(&self.atoms.text(self.paths.last(path))))
    }

    /// What an attribute of an instance of a class is; a property is what it gives.
    pub(super) fn member(&mut self, class: ClassId, name: Atom) -> Type {
        self.answer(Question::Member(class, name), |linker| linker.find_member(class, name))
    }

    fn find_member(&mut self, class: ClassId, name: Atom) -> Type {
        let lineage = self.lineage(class);
        for &at in &lineage.classes {
            let mut found = self.own_member(at, name);
            let assigned = self.assigned_member(at, name);
            if found == Some(Type::Unknown) || found.is_none() {
                found = assigned.or(found);
            }
            if let Some(found) = found {
                return found;
            }
        }
        self.external_member(&lineage, name)
    }

    /// An attribute that only a library's class can have.
    pub(super) fn external_member(&mut self, lineage: &Lineage, name: Atom) -> Type {
        match lineage.external.as_slice() {
            [first, ..] if !lineage.is_open => self.external(Some(*first), name),
            _ => Type::Unknown,
        }
    }

    /// What the body of a class itself says of a name.
    fn own_member(&mut self, class: ClassId, name: Atom) -> Option<Type> {
        let (module, sites) = self.sites_in_class(class, name)?;
        if let Some(getter) = self.getter(module, sites) {
            return Some(if self.traits(getter).is_property { self.returned(getter) } else { Type::Function(getter) });
        }
        let scope = self.classes[class.0 as usize].scope;
        Some(self.sites_type(module, scope, sites))
    }

    /// The places in the body of a class that bind a name.
    fn sites_in_class(&self, class: ClassId, name: Atom) -> Option<(&'p Module, &'p [BindingSite])> {
        let class = &self.classes[class.0 as usize];
        let module = self.module(class.module);
        let binding = module.python.binding(class.scope, self.atoms.text(name))?;
        Some((module, &binding.sites))
    }

    /// The function that a name bound by `def` alone means: the getter of a property, else the last.
    pub(super) fn getter(&self, module: &Module, sites: &[BindingSite]) -> Option<FunctionId> {
        let defined = |site: &BindingSite| match site.kind {
            BindingKind::Function(stmt) => self.function_at(module.id, stmt),
            _ => None,
        };
        if !sites.iter().all(|site| matches!(site.kind, BindingKind::Function(_))) {
            return None;
        }
        let first = sites.first().and_then(defined)?;
        let last = sites.last().and_then(defined)?;
        let is_accessor = sites.len() > 1
            && self.definition(last).is_some_and(|(module, _, function)| {
                function.decorators.iter().any(|&decorator| is_accessor(module, decorator))
            });
        Some(if is_accessor { first } else { last })
    }

    /// The method of exactly this name that a class finds, and the class that defines it.
    pub(super) fn method(&mut self, class: ClassId, name: Atom) -> Option<FunctionId> {
        if let Some(&known) = self.methods.get(&(class, name)) {
            return known;
        }
        let lineage = self.lineage(class);
        let found = lineage.classes.iter().find_map(|&at| self.own_method(at, name));
        if !self.is_waiting() {
            self.methods.insert((class, name), found);
        }
        found
    }

    /// The method of this name that the body of a class defines.
    pub(super) fn own_method(&self, class: ClassId, name: Atom) -> Option<FunctionId> {
        let (module, sites) = self.sites_in_class(class, name)?;
        self.getter(module, sites)
    }

    /// What the methods of a class assign to an attribute.
    fn assigned_member(&mut self, class: ClassId, name: Atom) -> Option<Type> {
        let assignments = self.assignments.get(&(class, name))?.clone();
        let module = self.module(self.classes[class.0 as usize].module);
        let mut found = Type::Unknown;
        for Assignment { annotation, value, is_entered } in assignments {
            let annotated = annotation.map_or(Type::Unknown, |annotation| self.annotation(module, annotation));
            let one = match (annotated, value) {
                (Type::Unknown, Some(value)) if is_entered => {
                    let manager = self.type_of(module, value);
                    self.entered(manager)
                }
                (Type::Unknown, Some(value)) => self.type_of(module, value),
                (annotated, _) => annotated,
            };
            found = self.types.join(found, one);
        }
        Some(found)
    }

    /// What `super().name` is in a method of a class.
    pub(super) fn inherited_member(&mut self, class: ClassId, name: Atom) -> Type {
        let lineage = self.lineage(class);
        for &at in lineage.classes.iter().skip(1) {
            if let Some(found) = self.own_member(at, name) {
                return found;
            }
        }
        self.external_member(&lineage, name)
    }

    /// Whether a class itself is a protocol: its methods stand for those of other classes.
    pub(super) fn is_protocol(&mut self, class: ClassId) -> bool {
        self.direct_bases(class)
            .into_iter()
            .any(|base| matches!(base, Type::External(path) if self.atoms.text(self.paths.last(path)) == "Protocol"))
    }

    /// Whether a method only stands for others: it is abstract, or its class is a protocol.
    pub(super) fn is_placeholder(&mut self, method: FunctionId) -> bool {
        let function = &self.functions[method.0 as usize];
        let Some(class) = function.class.and_then(|class| self.class_at.get(&(function.module, class)).copied()) else {
            return false;
        };
        self.traits(method).is_abstract || self.is_protocol(class)
    }

    /// The methods of this name of classes that a protocol may mean, where they are few.
    pub(super) fn methods_named(&mut self, name: Atom) -> Rc<[FunctionId]> {
        let named = self.methods_by_name.get(&name).cloned().unwrap_or_default();
        let of_application = named.into_iter().filter(|&method| {
            let module = self.functions[method.0 as usize].module;
            self.module(module).role != pyaudit_source::Role::Test
                && !self.traits(method).is_property
                && !self.is_placeholder(method)
        });
        of_application.collect()
    }

    /// The class of the project whose instance a class method of pydantic makes: `User.model_validate(row)`.
    pub(super) fn validated_class(&mut self, module: &'p Module, func: ExprId, callee: Type) -> Option<ClassId> {
        let Type::External(path) = callee else { return None };
        let ExprKind::Attribute { value, .. } = module.python.syntax.expr(func).kind else { return None };
        let is_constructor = CONSTRUCTORS.contains(&self.atoms.text(self.paths.last(path)));
        match self.type_of(module, value) {
            Type::Class(class) if is_constructor => Some(class),
            _ => None,
        }
    }

    /// The validators that making an instance of a class runs.
    pub(super) fn validators(&mut self, class: ClassId) -> Rc<[FunctionId]> {
        if let Some(known) = self.validators.get(&class) {
            return Rc::clone(known);
        }
        let lineage = self.lineage(class);
        let mut found = Vec::new();
        for &at in &lineage.classes {
            let (module, stmt) = (self.classes[at.0 as usize].module, self.classes[at.0 as usize].stmt);
            let module = self.module(module);
            for &stmt in module.class(stmt).map_or(&[][..], |class| &class.body) {
                if let Some(method) = self.function_at(module.id, stmt)
                    && self.traits(method).is_validator
                    && found.len() < MAX_OVERRIDES
                {
                    found.push(method);
                }
            }
        }
        let found: Rc<[FunctionId]> = found.into();
        self.validators.insert(class, Rc::clone(&found));
        found
    }

    /// The methods that override one of a class in the classes that inherit from it, in the order of their places.
    pub(super) fn overrides(&mut self, class: ClassId, name: Atom) -> Rc<[FunctionId]> {
        if let Some(known) = self.overrides.get(&(class, name)) {
            return Rc::clone(known);
        }
        // What a class asks for and does not have, its descendants may have from other bases.
        let is_missing = self.method(class, name).is_none();
        let mut open = self.classes[class.0 as usize].subclasses.clone();
        let (mut seen, mut found) = (HashSet::new(), Vec::new());
        while let Some(at) = open.pop() {
            if seen.len() >= MAX_DESCENDANTS || found.len() >= MAX_OVERRIDES {
                break;
            }
            if seen.insert(at) {
                let method = if is_missing { self.method(at, name) } else { self.own_method(at, name) };
                found.extend(method);
                open.extend(&self.classes[at.0 as usize].subclasses);
            }
        }
        found.sort_unstable();
        found.dedup();
        let found: Rc<[FunctionId]> = found.into();
        self.overrides.insert((class, name), Rc::clone(&found));
        found
    }
}

/// Whether a decorator makes an accessor of a property beside its getter: `@name.setter`.
fn is_accessor(module: &Module, decorator: ExprId) -> bool {
    let syntax = &module.python.syntax;
    match syntax.expr(decorator).kind {
        ExprKind::Attribute { attr, .. } => {
            matches!(syntax.identifier(attr), "setter" | "deleter" | "expression" | "comparator" | "inplace")
        }
        _ => false,
    }
}
