//! What annotations stand for.

use super::interner::PathId;
use super::kinds::Type;
use super::linker::{Linker, Question};
use crate::Module;
use pyaudit_python::{BindingKind, ExprId, ExprKind, Operator, ScopeId};

/// How many elements of a union are looked at.
const MAX_ELEMENTS: usize = 8;

/// The longest annotation in quotes that is read, in bytes.
const MAX_QUOTED: usize = 160;

/// What a generic of the standard library says of its arguments, by its last name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Generic {
    /// It stands for its first argument: `Annotated`, `Optional`, `Awaitable`, `Mapped`.
    First,
    /// It stands for its last argument: `Coroutine`.
    Last,
    /// One of its arguments: `Union`.
    Any,
    /// It holds its first argument: `list`, `Iterator`.
    Holds,
    /// It holds its second argument: `dict`.
    HoldsSecond,
    /// It is the class itself: `type`.
    Class,
    /// It tells nothing of an object: `Literal`, `Callable`.
    Nothing,
}

/// Generics by their last name; those of other libraries than the standard one are rare enough under these names.
const GENERICS: &[(Generic, &[&str])] = &[
    (
        Generic::First,
        &[
            "Annotated",
            "Optional",
            "Final",
            "ClassVar",
            "Awaitable",
            "Mapped",
            "Required",
            "NotRequired",
            "ReadOnly",
            "InitVar",
        ],
    ),
    (Generic::Last, &["Coroutine"]),
    (Generic::Any, &["Union"]),
    (
        Generic::Holds,
        &[
            "list",
            "List",
            "set",
            "Set",
            "frozenset",
            "FrozenSet",
            "tuple",
            "Tuple",
            "deque",
            "Deque",
            "Sequence",
            "MutableSequence",
            "Collection",
            "Iterable",
            "Iterator",
            "Generator",
            "AsyncIterable",
            "AsyncIterator",
            "AsyncGenerator",
            "ContextManager",
            "AsyncContextManager",
            "AbstractContextManager",
            "AbstractAsyncContextManager",
            "AbstractSet",
            "MutableSet",
            "ContextVar",
        ],
    ),
    (Generic::HoldsSecond, &["dict", "Dict", "Mapping", "MutableMapping", "defaultdict", "DefaultDict", "OrderedDict"]),
    (Generic::Class, &["type", "Type"]),
    (
        Generic::Nothing,
        &["Literal", "Callable", "Any", "TypeVar", "Concatenate", "TypeGuard", "TypeIs", "Never", "NoReturn"],
    ),
];

/// Modules that define the generics above.
const GENERIC_MODULES: &[&str] = &[
    "typing",
    "typing_extensions",
    "collections",
    "contextlib",
    "contextvars",
    "sqlalchemy",
    "sqlmodel",
    "builtins",
    "dataclasses",
];

impl<'p> Linker<'p> {
    /// What an object with this annotation is.
    pub(super) fn annotation(&mut self, module: &'p Module, annotation: ExprId) -> Type {
        let syntax = &module.python.syntax;
        match &syntax.expr(annotation).kind {
            ExprKind::Name { .. }
            | ExprKind::Attribute { .. }
            | ExprKind::Subscript { .. }
            | ExprKind::BinOp { .. } => self.answer(Question::Annotation(module.id, annotation), |linker| {
                linker.find_annotation(module, annotation)
            }),
            ExprKind::Str { value, .. } => {
                let scope = module.python.scope_of_expr(annotation);
                self.quoted(module, scope, value)
            }
            _ => Type::Unknown,
        }
    }

    fn find_annotation(&mut self, module: &'p Module, annotation: ExprId) -> Type {
        let syntax = &module.python.syntax;
        match &syntax.expr(annotation).kind {
            ExprKind::Subscript { value, slice, .. } => self.subscripted(module, *value, *slice),
            ExprKind::BinOp { left, op: Operator::BitOr, right } => {
                let (left, right) = (self.annotation(module, *left), self.annotation(module, *right));
                self.types.join(left, right)
            }
            _ => self.named(module, annotation),
        }
    }

    /// The type that a name or dotted name stands for; aliases are followed.
    fn named(&mut self, module: &'p Module, annotation: ExprId) -> Type {
        if let Some((home, value)) = self.alias(module, annotation) {
            return self.aliased(home, value);
        }
        let named = self.type_of(module, annotation);
        self.instance_of_named(named)
    }

    fn instance_of_named(&mut self, named: Type) -> Type {
        match named {
            Type::Class(class) => Type::Instance(class),
            Type::External(path) => match self.atoms.text(self.paths.last(path)) {
                "Self" => Type::Receiver,
                _ => match self.generic(path) {
                    Some(Generic::Holds | Generic::HoldsSecond) => self.types.container(path, Type::Unknown),
                    Some(_) => Type::Unknown,
                    None => Type::Object(path),
                },
            },
            Type::Union(_) => {
                let mut found = Type::Unknown;
                for one in self.types.members(named) {
                    let one = self.instance_of_named(one);
                    found = self.types.join(found, one);
                }
                found
            }
            _ => Type::Unknown,
        }
    }

    /// The value that a name is given which stands for an annotation: `SessionDep = Annotated[…]`, with its module.
    pub(super) fn alias(&mut self, module: &'p Module, name: ExprId) -> Option<(&'p Module, ExprId)> {
        let syntax = &module.python.syntax;
        let (mut home, mut binding) = match syntax.expr(name).kind {
            ExprKind::Name { .. } => (module, module.python.lookup(name)?.1),
            ExprKind::Attribute { value, attr, .. } => {
                let Type::Module(found) = self.type_of(module, value) else { return None };
                let found = self.module(found);
                (found, found.python.binding(ScopeId(0), syntax.identifier(attr))?)
            }
            _ => return None,
        };
        for _ in 0..8 {
            let [site, ..] = binding.sites.as_slice() else { return None };
            match site.kind {
                BindingKind::Assigned(value) if binding.sites.len() == 1 => return Some((home, value)),
                BindingKind::Annotated { value: Some(value), .. } if binding.sites.len() == 1 => {
                    return Some((home, value));
                }
                BindingKind::Import(at) => {
                    let import = home.python.names.imports.get(at as usize)?;
                    let path: Vec<String> =
                        import.module.split('.').filter(|part| !part.is_empty()).map(str::to_owned).collect();
                    let (found, taken) = self.project.modules.find(home, import.level, &path)?;
                    if taken != path.len() {
                        return None;
                    }
                    home = self.module(found);
                    binding = home.python.binding(ScopeId(0), import.name.as_deref()?)?;
                }
                _ => return None,
            }
        }
        None
    }

    /// The type that the value of an alias stands for.
    fn aliased(&mut self, home: &'p Module, value: ExprId) -> Type {
        let ExprKind::Call { func, args, keywords } = &home.python.syntax.expr(value).kind else {
            return self.annotation(home, value);
        };
        let Type::External(path) = self.type_of(home, *func) else { return Type::Unknown };
        match self.atoms.text(self.paths.last(path)) {
            "NewType" => args.get(1).map_or(Type::Unknown, |&of| self.annotation(home, of)),
            "TypeVar" => home.keyword(keywords, "bound").map_or(Type::Unknown, |bound| self.annotation(home, bound)),
            _ => Type::Unknown,
        }
    }

    fn generic(&self, path: PathId) -> Option<Generic> {
        let name = self.atoms.text(self.paths.last(path));
        let (generic, _) = GENERICS.iter().find(|(_, names)| names.contains(&name))?;
        let top = std::iter::successors(self.paths.parent(path), |&at| self.paths.parent(at)).last();
        let is_ours = top.is_none_or(|top| GENERIC_MODULES.contains(&self.atoms.text(self.paths.last(top))));
        is_ours.then_some(*generic)
    }

    fn subscripted(&mut self, module: &'p Module, value: ExprId, slice: ExprId) -> Type {
        let arguments: Vec<ExprId> = match &module.python.syntax.expr(slice).kind {
            ExprKind::Tuple { elts, .. } => elts.iter().take(MAX_ELEMENTS).copied().collect(),
            _ => vec![slice],
        };
        let outer = self.type_of(module, value);
        let (Type::External(path), Some(&first)) = (outer, arguments.first()) else {
            return self.named(module, value);
        };
        match self.generic(path) {
            None => Type::Object(path),
            Some(Generic::Nothing) => Type::Unknown,
            Some(Generic::First) => self.annotation(module, first),
            Some(Generic::Last) => arguments.last().map_or(Type::Unknown, |&last| self.annotation(module, last)),
            Some(Generic::Any) => {
                let mut found = Type::Unknown;
                for argument in arguments {
                    let one = self.annotation(module, argument);
                    found = self.types.join(found, one);
                }
                found
            }
            Some(Generic::Holds) => {
                let element = self.annotation(module, first);
                self.types.container(path, element)
            }
            Some(Generic::HoldsSecond) => {
                let element = arguments.get(1).map_or(Type::Unknown, |&second| self.annotation(module, second));
                self.types.container(self.known.dict, element)
            }
            Some(Generic::Class) => match self.annotation(module, first) {
                Type::Instance(class) => Type::Class(class),
                Type::Object(path) => Type::External(path),
                _ => Type::Unknown,
            },
        }
    }

    /// An annotation in quotes: dotted names, optional or not.
    fn quoted(&mut self, module: &'p Module, scope: ScopeId, text: &'p str) -> Type {
        let mut found = Type::Unknown;
        if text.len() > MAX_QUOTED {
            return found;
        }
        for part in text.split('|').take(MAX_ELEMENTS) {
            let one = self.quoted_name(module, scope, part.trim().trim_matches(['"', '\'']));
            found = self.types.join(found, one);
        }
        found
    }

    fn quoted_name(&mut self, module: &'p Module, scope: ScopeId, text: &'p str) -> Type {
        if let Some((outer, inner)) = text.strip_suffix(']').and_then(|text| text.split_once('[')) {
            let first = inner.split(',').next().unwrap_or(inner);
            return match outer.rsplit('.').next() {
                Some("Optional" | "Annotated") => self.quoted(module, scope, first.trim()),
                Some("list" | "List" | "Sequence" | "Iterable" | "set" | "Set") if !inner.contains('[') => {
                    let element = self.quoted_name(module, scope, first.trim());
                    self.types.container(self.known.list, element)
                }
                _ if !outer.contains('[') => self.quoted_name(module, scope, outer.trim()),
                _ => Type::Unknown,
            };
        }
        let mut names = text.split('.');
        let first = names.next().and_then(|first| module.python.name_id(first));
        let Some((scope, binding)) = first.and_then(|first| module.python.lookup_in(scope, first)) else {
            return Type::Unknown;
        };
        let mut found = self.binding(module, scope, binding.name);
        for name in names {
            let name = self.atoms.intern(name);
            found = self.attribute(found, name);
        }
        self.instance_of_named(found)
    }
}
