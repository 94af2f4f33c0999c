//! Calls of a module by the last name of what is called: the first, cheap question of many checks.

use crate::{Module, Project, Symbol};
use pyaudit_python::{ExprId, ExprKind, Keyword, Parent, StmtId};
use pyaudit_source::Span;

/// A call whose callee ends in a name that was asked for.
#[derive(Debug, Clone, Copy)]
pub struct NamedCall<'p> {
    /// The module.
    pub module: &'p Module,
    /// The call.
    pub id: ExprId,
    /// What is called.
    pub func: ExprId,
    /// The object whose method is called; `None` for a plain name.
    pub object: Option<ExprId>,
    /// The name that was asked for.
    pub name: &'p str,
    /// The positional arguments.
    pub args: &'p [ExprId],
    /// The keyword arguments.
    pub keywords: &'p [Keyword],
}

impl Module {
    /// The calls whose callee ends in one of these names, also where an import gives the name another one, in the order of
    /// the source. What the name means is not asked.
    pub fn calls_named<'p>(&'p self, names: &[&'p str]) -> Vec<NamedCall<'p>> {
        let syntax = &self.python.syntax;
        // No call can end in a name that the module does not hold.
        let imports = &self.python.names.imports;
        let renamed: Vec<(&str, &'p str)> = imports
            .iter()
            .filter(|import| import.renamed)
            .filter_map(|import| {
                let wanted = names.iter().copied().find(|name| import.name.as_deref() == Some(name))?;
                Some((syntax.name(import.bound?), wanted))
            })
            .collect();
        if renamed.is_empty() && names.iter().all(|name| self.python.name_id(name).is_none()) {
            return Vec::new();
        }
        let mut calls: Vec<NamedCall<'_>> =
            syntax.exprs().filter_map(|(id, _)| self.named_call(id, names, &renamed)).collect();
        calls.sort_by_key(|call| syntax.expr(call.func).range);
        calls
    }

    fn named_call<'p>(&'p self, id: ExprId, names: &[&'p str], renamed: &[(&str, &'p str)]) -> Option<NamedCall<'p>> {
        let syntax = &self.python.syntax;
        let ExprKind::Call { func, args, keywords } = &syntax.expr(id).kind else { return None };
        let among = |text: &str| names.iter().copied().find(|name| *name == text);
        let (object, name) = match &syntax.expr(*func).kind {
            ExprKind::Name { id, .. } => {
                let text = syntax.name(*id);
                let other = || renamed.iter().find(|(bound, _)| *bound == text).map(|&(_, name)| name);
                (None, among(text).or_else(other)?)
            }
            ExprKind::Attribute { value, attr, .. } => (Some(*value), among(syntax.identifier(*attr))?),
            _ => return None,
        };
        Some(NamedCall { module: self, id, func: *func, object, name, args, keywords })
    }
}

impl NamedCall<'_> {
    /// The place of what is called.
    pub fn span(&self) -> Span {
        self.module.span_of(self.func)
    }

    /// A keyword argument, given by name or through `**options` with a dict that can be seen.
    pub fn option(&self, project: &Project, name: &str) -> Option<ExprId> {
        project.option(self.module, self.keywords, name)
    }

    /// An argument by its name or its place among the positional ones.
    pub fn argument(&self, project: &Project, name: &str, place: usize) -> Option<ExprId> {
        self.option(project, name).or_else(|| {
            let given = self.args.get(..=place)?;
            let is_starred =
                |&arg: &ExprId| matches!(self.module.python.syntax.expr(arg).kind, ExprKind::Starred { .. });
            (!given.iter().any(is_starred)).then(|| given[place])
        })
    }

    /// Whether arguments come from a `*list` or a `**mapping` that cannot be seen.
    pub fn has_unseen_arguments(&self, project: &Project) -> bool {
        let syntax = &self.module.python.syntax;
        let starred = self.args.iter().any(|&arg| matches!(syntax.expr(arg).kind, ExprKind::Starred { .. }));
        let unpacked = self.keywords.iter().filter(|keyword| keyword.name.is_none());
        let is_seen = |keyword: &Keyword| {
            let value = project.local_value(self.module, keyword.value).unwrap_or(keyword.value);
            matches!(syntax.expr(value).kind, ExprKind::Dict(_))
        };
        starred || !unpacked.into_iter().all(is_seen)
    }

    /// What is called, where it is one known thing.
    pub fn symbol(&self, project: &Project) -> Option<Symbol> {
        project.symbol(self.module, self.func)
    }

    /// Whether every meaning of what is called is one of these external names.
    pub fn is_any(&self, project: &Project, dotted: &[&str]) -> bool {
        project.is_any(self.module, self.func, dotted)
    }

    /// The innermost function around the call.
    pub fn function(&self) -> Option<StmtId> {
        self.module.python.syntax.enclosing_functions(Parent::Expr(self.id)).next()
    }
}
