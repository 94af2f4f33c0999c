//! What a name may hold while the making of applications is followed.

use crate::ModuleId;
use pyaudit_python::{ExprId, StmtId};
use std::collections::HashMap;
use std::rc::Rc;

/// The number of a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct EnvironmentId(pub(super) u32);

/// The number of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ListId(pub(super) u32);

/// The number of a dictionary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct DictId(pub(super) u32);

/// The number of a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ClassId(pub(super) u32);

/// The number of an object of a class of the project, or of an application, router or route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ObjectId(pub(super) u32);

/// A value, as far as it matters for routes.
#[derive(Debug, Clone)]
pub(super) enum Value {
    /// Anything.
    Unknown,
    None,
    Bool(bool),
    Int(i64),
    Text(Rc<str>),
    /// A path of the file system, from the root of the repository.
    Path(Rc<str>),
    /// A list, or a set in the order of its elements.
    List(ListId),
    Tuple(Rc<[Value]>),
    Dict(DictId),
    Function(Rc<Function>),
    /// A method of something that is known here: a router's `get`, a text's `format`.
    Method(Rc<(Value, Rc<str>)>),
    Class(ClassId),
    Object(ObjectId),
    Module(ModuleId),
    /// A name of a library or a built-in, by its dotted path.
    External(Rc<str>),
    /// What a call of a library gives.
    Made(Rc<Made>),
    /// What a decorator such as `router.get("/x")` gives: it registers what it is called with.
    Registrar(Rc<Registrar>),
    Partial(Rc<Partial>),
    /// `super()` in a method of this class, called on this object.
    Super(Rc<Value>, ClassId),
    /// `wraps(function)`: gives back the function when it is called.
    Wraps(Rc<Value>),
    /// This, unless the environment says otherwise: the default of a setting.
    Default(Rc<Value>),
    /// One of these, by a condition that is not known.
    OneOf(Rc<[Value]>),
    /// The routes of an application or router, as a list that can be changed.
    RoutesOf(ObjectId),
    /// The dependencies of an application or router, as a list that can be changed.
    DependenciesOf(ObjectId),
}

/// A function with the namespace around it and what it is bound to.
#[derive(Debug, Clone)]
pub(super) struct Function {
    pub(super) module: ModuleId,
    pub(super) code: Code,
    pub(super) around: EnvironmentId,
    /// What `self` or `cls` is.
    pub(super) bound: Option<Value>,
    /// The class whose body defines it.
    pub(super) class: Option<ClassId>,
    /// The values of the defaults, in the order of the parameters that have one, as they were at the definition.
    pub(super) is_property: bool,
    pub(super) is_static: bool,
    pub(super) is_class_method: bool,
}

/// A `def` or a `lambda`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Code {
    Def(StmtId),
    Lambda(ExprId),
}

/// What a call of a library gave.
#[derive(Debug, Clone)]
pub(super) struct Made {
    /// What was called.
    pub(super) callee: Rc<str>,
    pub(super) module: ModuleId,
    pub(super) call: ExprId,
    /// The application or router that it was given.
    pub(super) around: Option<ObjectId>,
    /// The first thing that it was given.
    pub(super) first: Option<Value>,
}

/// What registers a function that it is called with.
#[derive(Debug, Clone)]
pub(super) struct Registrar {
    pub(super) router: ObjectId,
    pub(super) call: super::framework::Call,
    pub(super) kind: super::framework::Registration,
}

/// `functools.partial(function, …)`.
#[derive(Debug, Clone)]
pub(super) struct Partial {
    pub(super) function: Value,
    pub(super) arguments: Vec<Value>,
    pub(super) keywords: Vec<(Rc<str>, Value)>,
}

/// A namespace: of a module, of a class body, or of one call of a function.
#[derive(Debug)]
pub(super) struct Environment {
    pub(super) values: HashMap<Rc<str>, Value>,
    /// The namespace in which a name is looked up that is not here.
    pub(super) around: Option<EnvironmentId>,
    /// Whether functions that are defined here do not see its names.
    pub(super) is_class: bool,
    /// Names declared `global` or `nonlocal`, with their namespace.
    pub(super) elsewhere: HashMap<Rc<str>, EnvironmentId>,
}

/// A class of the project.
#[derive(Debug)]
pub(super) struct Class {
    pub(super) module: ModuleId,
    pub(super) def: StmtId,
    pub(super) body: EnvironmentId,
    pub(super) bases: Vec<Value>,
}

/// An object of a class of the project, or of an application, router or route.
#[derive(Debug, Default)]
pub(super) struct Object {
    pub(super) class: Option<ClassId>,
    pub(super) attributes: HashMap<Rc<str>, Value>,
    pub(super) role: ObjectRole,
}

/// What an object is besides an object.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum ObjectRole {
    #[default]
    Plain,
    /// An application or router.
    Router(super::RouterId),
    /// A route, mount or host that stands in a list.
    Entry(super::framework::EntryId),
}

/// The arguments of a call.
#[derive(Debug, Clone, Default)]
pub(super) struct Arguments {
    pub(super) positional: Vec<Value>,
    pub(super) keywords: Vec<(Rc<str>, Value)>,
    /// Whether there are more that are not known: `*args`, `**options`.
    pub(super) has_more: bool,
}

impl Arguments {
    /// An argument by its name, or by its place where it has one.
    pub(super) fn get(&self, name: &str, place: Option<usize>) -> Option<&Value> {
        let named = self.keywords.iter().find(|(known, _)| &**known == name).map(|(_, value)| value);
        named.or_else(|| place.and_then(|place| self.positional.get(place)))
    }
}

impl Value {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(Rc::from(text))
    }

    /// A number of things.
    pub(super) fn count(count: usize) -> Self {
        i64::try_from(count).map_or(Self::Unknown, Self::Int)
    }

    /// The value without the note that the environment may replace it.
    pub(super) fn plain(&self) -> &Self {
        match self {
            Self::Default(value) => value.plain(),
            other => other,
        }
    }

    /// The text of a string, also of one that the environment may replace.
    pub(super) fn as_text(&self) -> Option<&str> {
        match self.plain() {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The object, where it is one.
    pub(super) fn as_object(&self) -> Option<ObjectId> {
        match self.plain() {
            Self::Object(id) => Some(*id),
            _ => None,
        }
    }

    /// Each value that this may be, without the note that the environment may replace it.
    pub(super) fn choices(&self) -> Vec<Self> {
        match self.plain() {
            Self::OneOf(values) => values.iter().flat_map(Self::choices).collect(),
            other => vec![other.clone()],
        }
    }

    /// One of several values; the value itself where all are the same.
    pub(super) fn one_of(values: Vec<Self>) -> Self {
        let mut different: Vec<Self> = Vec::new();
        for value in values {
            let choices = match value {
                Self::OneOf(values) => values.to_vec(),
                other => vec![other],
            };
            for choice in choices {
                if !different.iter().any(|known| known.is_same(&choice)) {
                    different.push(choice);
                }
            }
        }
        match different.len() {
            0 => Self::Unknown,
            1 => different.swap_remove(0),
            2..=MAX_CHOICES => Self::OneOf(different.into()),
            _ => Self::Unknown,
        }
    }

    /// Whether two values are surely the same.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Unknown, Self::Unknown) | (Self::None, Self::None) => true,
            (Self::Bool(left), Self::Bool(right)) => left == right,
            (Self::Int(left), Self::Int(right)) => left == right,
            (Self::Text(left), Self::Text(right))
            | (Self::Path(left), Self::Path(right))
            | (Self::External(left), Self::External(right)) => left == right,
            (Self::List(left), Self::List(right)) => left == right,
            (Self::Dict(left), Self::Dict(right)) => left == right,
            (Self::Class(left), Self::Class(right)) => left == right,
            (Self::Object(left), Self::Object(right)) => left == right,
            (Self::Module(left), Self::Module(right)) => left == right,
            (Self::Function(left), Self::Function(right)) => {
                Rc::ptr_eq(left, right) || (left.code == right.code && left.module == right.module)
            }
            (Self::Default(left), Self::Default(right)) => left.is_same(right),
            (Self::Made(left), Self::Made(right)) => left.module == right.module && left.call == right.call,
            _ => false,
        }
    }
}

/// How many values one name may have before nothing is known of it.
const MAX_CHOICES: usize = 8;
