//! Attributes of objects, classes and modules.

use super::interpreter::{Frame, Interpreter};
use super::value::{Arguments, ClassId, Function, Object, ObjectId, ObjectRole, Value};
use crate::ModuleId;
use pyaudit_python::{ExprId, StmtKind};
use std::collections::HashMap;
use std::rc::Rc;

/// How many base classes are gone through for one attribute.
const MAX_BASES: usize = 64;

/// Classes whose instances read their fields from the environment, by the end of the dotted path.
const SETTINGS: &[&str] = &["pydantic_settings.BaseSettings", "pydantic.BaseSettings", "pydantic.v1.BaseSettings"];

/// Base classes of enumerations.
const ENUMERATIONS: &[&str] = &["enum.Enum", "enum.StrEnum", "enum.IntEnum"];

impl Interpreter<'_> {
    /// `object.name`.
    pub(super) fn attribute(&mut self, frame: &mut Frame, object: &Value, name: &str) -> Value {
        if self.enter().is_none() {
            return Value::Unknown;
        }
        let value = self.attribute_of(frame, object, name).unwrap_or(Value::Unknown);
        self.leave();
        value
    }

    fn attribute_of(&mut self, frame: &mut Frame, object: &Value, name: &str) -> Option<Value> {
        match object {
            Value::OneOf(values) => {
                let values = values.iter().filter(|value| !matches!(value, Value::None)).cloned().collect::<Vec<_>>();
                Some(Value::one_of(values.iter().map(|value| self.attribute(frame, value, name)).collect()))
            }
            Value::Default(inner) => self.attribute_of(frame, inner, name),
            Value::Module(id) => self.member(*id, name),
            Value::External(dotted) => Some(self.external_attribute(frame.module, dotted, name)),
            Value::Object(id) => self.object_attribute(frame, *id, name),
            Value::Class(id) => {
                if self.class_is(*id, ENUMERATIONS) {
                    return self.enumeration_member(*id, name);
                }
                let found = self.class_member(*id, name)?;
                Some(bind_to_class(&found, *id))
            }
            Value::Super(this, class) => Some(self.super_attribute(this, *class, name)),
            Value::Function(function) => match name {
                "__name__" => self.name_of(function).map(|name| Value::text(&name)),
                "__wrapped__" => Some(object.clone()),
                _ => None,
            },
            // The parts of a `ModuleInfo` have names.
            Value::Tuple(values) if values.len() == 3 => match name {
                "name" => Some(values[1].clone()),
                "ispkg" => Some(values[2].clone()),
                _ => None,
            },
            Value::Path(path) => path_attribute(path, name).or_else(|| Some(method(object, name))),
            Value::Text(_)
            | Value::List(_)
            | Value::Dict(_)
            | Value::Made(_)
            | Value::RoutesOf(_)
            | Value::DependenciesOf(_)
            | Value::Tuple(_) => Some(method(object, name)),
            _ => None,
        }
    }

    fn external_attribute(&mut self, module: ModuleId, dotted: &str, name: &str) -> Value {
        let joined = format!("{dotted}.{name}");
        let importer = self.module(module);
        // A namespace package is known by its directory alone until one of its modules is named.
        if self.project.modules.is_namespace(importer, &split(dotted))
            && let Some(loaded) = self.load(importer, 0, &joined)
        {
            return loaded;
        }
        Value::External(Rc::from(joined))
    }

    fn object_attribute(&mut self, frame: &mut Frame, id: ObjectId, name: &str) -> Option<Value> {
        if let Some(value) = self.objects[id.0 as usize].attributes.get(name) {
            return Some(value.clone());
        }
        let this = Value::Object(id);
        let class = self.objects[id.0 as usize].class;
        if let Some(found) = class.and_then(|class| self.class_member(class, name)) {
            if let Value::Function(function) = &found {
                if function.is_property {
                    let bound = bind(function, this);
                    return Some(self.call(frame, ExprId(0), &bound, &Arguments::default()));
                }
                return Some(if function.is_static { found } else { bind(function, this) });
            }
            let is_settings = class.is_some_and(|class| self.class_is(class, SETTINGS));
            return Some(if is_settings { Value::Default(Rc::new(found)) } else { found });
        }
        if name == "__class__" {
            return class.map(Value::Class);
        }
        match self.objects[id.0 as usize].role {
            ObjectRole::Router(router) => self.router_attribute(id, router, name),
            ObjectRole::Entry(entry) => self.entry_attribute(id, entry, name),
            ObjectRole::Plain => None,
        }
    }

    fn super_attribute(&self, this: &Rc<Value>, class: ClassId, name: &str) -> Value {
        for base in &self.classes[class.0 as usize].bases {
            if let Value::Class(base) = base
                && let Some(Value::Function(function)) = self.class_member(*base, name)
            {
                return bind(&function, (**this).clone());
            }
        }
        Value::Method(Rc::new((Value::Super(Rc::clone(this), class), Rc::from(name))))
    }

    /// What a class or the classes that it inherits from hold under a name.
    pub(super) fn class_member(&self, class: ClassId, name: &str) -> Option<Value> {
        self.ancestors(class).into_iter().find_map(|class| {
            let body = self.classes[class.0 as usize].body;
            self.environments[body.0 as usize].values.get(name).cloned()
        })
    }

    /// A class and the classes of the project that it inherits from, the nearest first.
    pub(super) fn ancestors(&self, class: ClassId) -> Vec<ClassId> {
        let mut found = Vec::new();
        let mut open = vec![class];
        while let Some(class) = open.pop() {
            if found.contains(&class) || found.len() >= MAX_BASES {
                continue;
            }
            found.push(class);
            let bases = self.classes[class.0 as usize].bases.iter().rev();
            open.extend(bases.filter_map(|base| match base {
                Value::Class(base) => Some(*base),
                _ => None,
            }));
        }
        found
    }

    /// The classes of libraries that a class inherits from.
    pub(super) fn external_bases_of(&self, class: ClassId) -> Vec<Rc<str>> {
        let bases = self.ancestors(class).into_iter().flat_map(|class| &self.classes[class.0 as usize].bases);
        bases
            .filter_map(|base| match base {
                Value::External(name) => Some(Rc::clone(name)),
                _ => None,
            })
            .collect()
    }

    /// Whether a class inherits from one of these classes of libraries.
    pub(super) fn class_is(&self, class: ClassId, dotted: &[&str]) -> bool {
        self.external_bases_of(class).iter().any(|base| dotted.contains(&&**base))
    }

    fn enumeration_member(&mut self, class: ClassId, name: &str) -> Option<Value> {
        let value = self.class_member(class, name)?;
        if matches!(value, Value::Function(_)) {
            return Some(bind_to_class(&value, class));
        }
        // A member is one object, however often it is named.
        if let Some(&known) = self.members.get(&(class, Rc::from(name))) {
            return Some(Value::Object(known));
        }
        let attributes = HashMap::from([(Rc::from("value"), value), (Rc::from("name"), Value::text(name))]);
        let id = self.new_object(Object { class: Some(class), attributes, role: ObjectRole::Plain });
        self.members.insert((class, Rc::from(name)), id);
        Some(Value::Object(id))
    }

    /// The values that a loop over an enumeration meets; these are the bare values, in the order of the source.
    pub(super) fn members_of_enumeration(&self, class: ClassId) -> Option<Vec<Value>> {
        if !self.class_is(class, ENUMERATIONS) {
            return None;
        }
        Some(vec![Value::Unknown])
    }

    /// `object.name = value`.
    pub(super) fn set_attribute(&mut self, object: &Value, name: &str, value: Value) {
        match object.plain() {
            Value::Object(id) => {
                self.set_router_attribute(*id, name, &value);
                self.objects[id.0 as usize].attributes.insert(Rc::from(name), value);
            }
            Value::Class(class) => {
                let body = self.classes[class.0 as usize].body;
                self.assign(body, name, value);
            }
            Value::Module(id) => {
                if let Some(environment) = self.namespace(*id) {
                    self.assign(environment, name, value);
                }
            }
            Value::OneOf(values) => {
                for choice in values.iter() {
                    self.set_attribute(choice, name, value.clone());
                }
            }
            _ => {}
        }
    }

    /// The text behind a value, also of a member of an enumeration of texts.
    pub(super) fn text_of(&self, value: &Value) -> Option<String> {
        match value.plain() {
            Value::Text(text) => Some(text.to_string()),
            Value::Object(id) => {
                let object = &self.objects[id.0 as usize];
                object.attributes.get("value")?.as_text().map(str::to_owned)
            }
            _ => None,
        }
    }

    fn name_of(&self, function: &Function) -> Option<String> {
        let super::value::Code::Def(id) = function.code else { return Some("<lambda>".to_owned()) };
        let syntax = &self.module(function.module).python.syntax;
        match &syntax.stmt(id).kind {
            StmtKind::FunctionDef(def) => Some(syntax.identifier(def.name).to_owned()),
            _ => None,
        }
    }
}

/// A function as a method of an object or class.
pub(super) fn bind(function: &Rc<Function>, this: Value) -> Value {
    Value::Function(Rc::new(Function { bound: Some(this), ..(**function).clone() }))
}

fn bind_to_class(found: &Value, class: ClassId) -> Value {
    match found {
        Value::Function(function) if function.is_class_method => bind(function, Value::Class(class)),
        other => other.clone(),
    }
}

/// A method of something that is known here.
pub(super) fn method(object: &Value, name: &str) -> Value {
    Value::Method(Rc::new((object.clone(), Rc::from(name))))
}

fn split(dotted: &str) -> Vec<String> {
    dotted.split('.').map(str::to_owned).collect()
}

/// The attributes of a `pathlib.Path`.
fn path_attribute(path: &str, name: &str) -> Option<Value> {
    let (directory, last) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = last.rsplit_once('.').map_or(last, |(stem, _)| stem);
    match name {
        "parent" => Some(Value::Path(Rc::from(directory))),
        "name" => Some(Value::text(last)),
        "stem" => Some(Value::text(stem)),
        "suffix" => Some(Value::text(last.strip_prefix(stem).unwrap_or(""))),
        _ => None,
    }
}
