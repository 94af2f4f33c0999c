//! What attributes are, and what calls of external things give.

use super::interner::{Atom, PathId};
use super::kinds::{ClassId, Type};
use super::linker::Linker;
use crate::types::product_class;

/// Methods of containers that give an element.
const ELEMENT_METHODS: &[&str] = &["get", "pop", "popleft", "popitem", "setdefault", "__getitem__"];

/// Methods of containers that give a container of the same elements.
const SAME_METHODS: &[&str] = &["copy", "values", "union", "difference", "intersection"];

/// Connections of drivers that are awaited, which the other tables do not tell from those that block.
const AWAITED_CONNECTIONS: &[(&str, &str)] = &[
    ("aiosqlite.connect", "dbapi.AsyncConnection"),
    ("aiomysql.connect", "dbapi.AsyncConnection"),
    ("asyncpg.connect", "dbapi.AsyncConnection"),
    ("asyncpg.Pool.acquire", "dbapi.AsyncConnection"),
    ("psycopg.AsyncConnection.connect", "dbapi.AsyncConnection"),
    ("dbapi.AsyncConnection.cursor", "dbapi.AsyncCursor"),
];

impl Linker<'_> {
    /// What an attribute of something is.
    pub(super) fn attribute(&mut self, object: Type, name: Atom) -> Type {
        match object {
            Type::Module(module) => self.module_member(module, name),
            Type::Namespace(path) => self.namespace_member(path, name),
            Type::Class(class) => self.class_attribute(class, name),
            Type::Instance(class) => match self.member(class, name) {
                Type::Receiver => object,
                // The bases of a library are not read: where descendants have it, they are more likely meant.
                found @ (Type::Unknown | Type::External(_)) => match self.member_of_descendant(class, name) {
                    Type::Unknown => found,
                    descendants => descendants,
                },
                found => found,
            },
            Type::Super(class) => self.inherited_member(class, name),
            Type::External(path) | Type::Object(path) => self.external(Some(path), name),
            Type::Container(id) => {
                let (class, _) = self.types.parts(id);
                self.external(Some(class), name)
            }
            Type::Union(_) => {
                let mut found = Type::Unknown;
                for one in self.types.members(object) {
                    let one = self.attribute(one, name);
                    found = self.types.join(found, one);
                }
                found
            }
            Type::Unset | Type::Unknown | Type::Function(_) | Type::Receiver => Type::Unknown,
        }
    }

    /// An attribute that only the classes have which inherit from a class: what a mixin or a template method asks for.
    fn member_of_descendant(&mut self, class: ClassId, name: Atom) -> Type {
        let found = self.overrides(class, name);
        match found.as_ref() {
            [] => Type::Unknown,
            all => {
                let mut found = Type::Unknown;
                for &method in all {
                    let one =
                        if self.traits(method).is_property { self.returned(method) } else { Type::Function(method) };
                    found = self.types.join(found, one);
                }
                found
            }
        }
    }

    fn class_attribute(&mut self, class: ClassId, name: Atom) -> Type {
        match self.member(class, name) {
            found @ (Type::Function(_) | Type::Unknown | Type::Class(_)) => found,
            Type::Receiver => Type::Instance(class),
            _ if self.is_enumeration(class) => Type::Instance(class),
            found => found,
        }
    }

    /// Whether a class is an enumeration.
    pub(super) fn is_enumeration(&mut self, class: ClassId) -> bool {
        self.inherits_external(class, &["Enum", "IntEnum", "StrEnum", "Flag", "IntFlag"])
    }

    /// What a call of something external gives: what the tables say, an element of a container, or an object of its own.
    pub(super) fn product(&mut self, path: PathId) -> Type {
        if let Some(&known) = self.products.get(&path) {
            return known;
        }
        let text = self.paths.text(path, &self.atoms);
        let awaited = AWAITED_CONNECTIONS.iter().find(|(name, _)| *name == text).map(|&(_, class)| class);
        let class = awaited.or_else(|| product_class(&text));
        let class = class.and_then(|class| self.paths.intern(class, &mut self.atoms));
        let found = Type::Object(class.unwrap_or(path));
        self.products.insert(path, found);
        found
    }

    /// What a call of a method of a container gives.
    pub(super) fn container_method(&mut self, container: u32, name: Atom) -> Type {
        let (class, element) = self.types.parts(container);
        let text = self.atoms.text(name);
        if ELEMENT_METHODS.contains(&text) {
            element
        } else if SAME_METHODS.contains(&text) {
            self.types.container(self.known.list, element)
        } else if text == "items" {
            self.types.container(self.known.items, element)
        } else {
            match self.paths.join(Some(class), name) {
                Some(path) => self.product(path),
                None => Type::Unknown,
            }
        }
    }
}
