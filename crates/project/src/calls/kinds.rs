//! What an expression is, as far as calls need to know.

use super::FunctionId;
use super::interner::PathId;
use super::number_map::NumberMap;
use crate::ModuleId;
use std::collections::HashMap;

/// The number of a class of the project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ClassId(pub u32);

/// What an expression is. Coroutines count as what they give, because `await` is seldom far away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Type {
    /// Not asked yet; only in tables.
    Unset,
    /// Nothing that is known.
    Unknown,
    /// A module of the project.
    Module(ModuleId),
    /// A package of the project without a file of its own, by its dotted path.
    Namespace(PathId),
    /// A class of the project itself.
    Class(ClassId),
    /// An instance of a class of the project.
    Instance(ClassId),
    /// A function or method of the project.
    Function(FunctionId),
    /// What `super()` gives in a method of a class.
    Super(ClassId),
    /// Something that a library or Python defines: a module, class, function, method.
    External(PathId),
    /// An instance of a library's class, or whatever its callable gives.
    Object(PathId),
    /// Something that holds things of one type; the number of its row in [`Types`].
    Container(u32),
    /// One of several; the number of its row in [`Types`].
    Union(u32),
    /// The instance that a method is called on.
    Receiver,
}

/// How many types a union may have; one of more is unknown.
const MAX_UNION: usize = 6;

/// Containers and unions, each once.
#[derive(Debug, Default)]
pub(super) struct Types {
    containers: Vec<(PathId, Type)>,
    unions: Vec<Vec<Type>>,
    container_ids: NumberMap<(PathId, Type), u32>,
    union_ids: HashMap<Vec<Type>, u32>,
}

impl Types {
    /// A container of a library's class.
    pub(super) fn container(&mut self, class: PathId, element: Type) -> Type {
        // What holds things that hold things is not followed further, so that types stay few.
        let element = if matches!(element, Type::Unset) { Type::Unknown } else { self.shallow(element) };
        let next = self.containers.len() as u32;
        let id = *self.container_ids.entry((class, element)).or_insert(next);
        if id == next {
            self.containers.push((class, element));
        }
        Type::Container(id)
    }

    /// The type, or nothing known where it nests containers more than once.
    fn shallow(&self, element: Type) -> Type {
        match element {
            Type::Container(id) if matches!(self.containers[id as usize].1, Type::Container(_)) => Type::Unknown,
            other => other,
        }
    }

    /// The class of a container and what it holds.
    pub(super) fn parts(&self, container: u32) -> (PathId, Type) {
        self.containers[container as usize]
    }

    /// The types of a union, or the type itself; nothing for one that is unknown.
    pub(super) fn members(&self, of: Type) -> Vec<Type> {
        match of {
            Type::Union(id) => self.unions[id as usize].clone(),
            Type::Unknown | Type::Unset => Vec::new(),
            other => vec![other],
        }
    }

    /// One of two types; what is unknown adds nothing.
    pub(super) fn join(&mut self, one: Type, other: Type) -> Type {
        match (one, other) {
            (Type::Unknown | Type::Unset, known) | (known, Type::Unknown | Type::Unset) => known,
            (one, other) if one == other => one,
            (one, other) => {
                let mut members = self.members(one);
                members.extend(self.members(other));
                members.sort_unstable();
                members.dedup();
                self.union(members)
            }
        }
    }

    fn union(&mut self, members: Vec<Type>) -> Type {
        match members.as_slice() {
            [] => Type::Unknown,
            [only] => *only,
            more if more.len() > MAX_UNION => Type::Unknown,
            _ => {
                let next = self.unions.len() as u32;
                let id = *self.union_ids.entry(members.clone()).or_insert(next);
                if id == next {
                    self.unions.push(members);
                }
                Type::Union(id)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_union_is_the_same_in_any_order_and_has_no_unknown_part() {
        let mut types = Types::default();
        let (a, b) = (Type::Instance(ClassId(1)), Type::Instance(ClassId(2)));
        let union = types.join(a, b);
        assert_eq!(types.join(b, a), union);
        assert_eq!(types.join(union, a), union);
        assert_eq!(types.join(Type::Unknown, a), a);
        assert_eq!(types.members(union), [a, b]);
    }
}
