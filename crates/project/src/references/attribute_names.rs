//! The names of attributes that code anywhere assigns or asks for by a text.

use crate::{Module, Project};
use pyaudit_python::{ExprContext, ExprId, ExprKind};
use pyaudit_source::Role;
use std::collections::HashSet;

/// Functions that take the name of an attribute as a text.
const DYNAMIC: &[&str] = &["getattr", "hasattr", "setattr", "delattr", "attrgetter", "patch", "object", "__setattr__"];

/// Which names are used as attributes, and how. They are asked for one by one and never gone through.
#[derive(Debug, Default)]
pub(crate) struct AttributeNames {
    /// Assigned on something that is not `self` or `cls`.
    stored: HashSet<String>,
    /// Given as a text to `getattr` and its kin.
    texts: HashSet<String>,
    /// Read.
    read: HashSet<String>,
    /// Given to the other class of a relationship by `backref`.
    mirrored: HashSet<String>,
    /// Whether some `backref` is no plain text.
    has_unknown_mirror: bool,
}

impl AttributeNames {
    pub(super) fn build(project: &Project) -> Self {
        let mut names = Self::default();
        for module in project.modules.iter().filter(|module| module.role != Role::Vendored) {
            names.add(module);
        }
        names
    }

    fn add(&mut self, module: &Module) {
        let syntax = &module.python.syntax;
        for (_, expr) in syntax.exprs() {
            self.add_mirror(module, &expr.kind);
            match &expr.kind {
                ExprKind::Attribute { value, attr, ctx } => {
                    let name = syntax.identifier(*attr);
                    match ctx {
                        ExprContext::Load => {
                            self.read.insert(name.to_owned());
                        }
                        _ if is_receiver(module, *value) => {}
                        _ => {
                            self.stored.insert(name.to_owned());
                        }
                    }
                }
                ExprKind::Call { func, args, .. }
                    if module.last_name(*func).is_some_and(|it| DYNAMIC.contains(&it)) =>
                {
                    self.texts.extend(args.iter().filter_map(|&argument| syntax.string(argument)).map(str::to_owned));
                }
                _ => {}
            }
        }
    }

    /// `relationship(backref="name")` and `backref("name")`.
    fn add_mirror(&mut self, module: &Module, kind: &ExprKind) {
        let ExprKind::Call { func, args, keywords } = kind else { return };
        let syntax = &module.python.syntax;
        let given = module.keyword(keywords, "backref");
        let named = args.first().copied().filter(|_| module.last_name(*func) == Some("backref"));
        for value in given.into_iter().chain(named) {
            match syntax.string(value) {
                Some(name) => {
                    self.mirrored.insert(name.to_owned());
                }
                // `backref("name")` is a call of its own.
                None => {
                    self.has_unknown_mirror |=
                        !matches!(syntax.expr(value).kind, ExprKind::Call { .. } | ExprKind::None);
                }
            }
        }
    }

    /// Whether a relationship may give a class an attribute of this name.
    pub(crate) fn may_be_mirror(&self, name: &str) -> bool {
        self.has_unknown_mirror || self.mirrored.contains(name)
    }

    /// Whether some code assigns an attribute of this name to an object that is not its own.
    pub(crate) fn is_stored(&self, name: &str) -> bool {
        self.stored.contains(name)
    }

    /// Whether some code asks for an attribute of this name by a text, as `hasattr(x, "name")`.
    pub(crate) fn is_asked_for(&self, name: &str) -> bool {
        self.texts.contains(name)
    }

    /// Whether some code reads an attribute of this name.
    pub(crate) fn is_read(&self, name: &str) -> bool {
        self.read.contains(name)
    }
}

fn is_receiver(module: &Module, value: ExprId) -> bool {
    let syntax = &module.python.syntax;
    matches!(syntax.expr(value).kind, ExprKind::Name { id, .. } if matches!(syntax.name(id), "self" | "cls"))
}
