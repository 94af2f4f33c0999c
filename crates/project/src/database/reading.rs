//! Reading the calls that declare tables: names of the libraries, arguments, texts.

use crate::{Definition, Module, Project, Symbol};
use pyaudit_python::{ExprId, ExprKind, FoldedPart, Integer, Keyword, StmtId, StmtKind};

/// How many names are followed in a row from one to the next.
const MAX_HOPS: usize = 8;

/// How many classes one class is followed through; real ones have a handful.
const MAX_LINEAGE: usize = 64;

/// Distributions whose names declare tables, engines and sessions.
const LIBRARIES: &[&str] =
    &["sqlalchemy", "sqlmodel", "sqlalchemy_utils", "pydantic", "tortoise", "databases", "asyncpg", "psycopg_pool"];

/// A call with its parts.
#[derive(Clone, Copy)]
pub(crate) struct CallAt<'p> {
    pub module: &'p Module,
    pub func: ExprId,
    pub args: &'p [ExprId],
    pub keywords: &'p [Keyword],
}

impl<'p> CallAt<'p> {
    /// The call that an expression is.
    pub(crate) fn of(module: &'p Module, expr: ExprId) -> Option<Self> {
        match &module.python.syntax.expr(expr).kind {
            ExprKind::Call { func, args, keywords } => Some(Self { module, func: *func, args, keywords }),
            _ => None,
        }
    }

    pub(crate) fn keyword(&self, name: &str) -> Option<ExprId> {
        self.module.keyword(self.keywords, name)
    }

    /// A keyword that is `True` or `False`.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        match self.module.python.syntax.expr(self.keyword(name)?).kind {
            ExprKind::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// Whether a keyword is given something else than `None`.
    pub(crate) fn gives(&self, name: &str) -> bool {
        let value = self.keyword(name).map(|value| &self.module.python.syntax.expr(value).kind);
        value.is_some_and(|kind| !matches!(kind, ExprKind::None))
    }
}

impl Project {
    /// The last part of a name of one of the libraries that declare tables: `Column` of `sa.Column`.
    pub(crate) fn library_name(&self, module: &Module, expr: ExprId) -> Option<String> {
        let symbols = self.symbols(module, expr);
        symbols.iter().filter_map(Symbol::external).find_map(|name| {
            let (top, last) = (name.split('.').next()?, name.rsplit('.').next()?);
            LIBRARIES.contains(&top).then(|| last.to_owned())
        })
    }

    /// The expression behind a name or dotted name, through as many names as it takes; itself for anything else.
    pub(crate) fn follow<'p>(&'p self, module: &'p Module, expr: ExprId) -> (&'p Module, ExprId) {
        let mut at = (module, expr);
        for _ in 0..MAX_HOPS {
            if !matches!(at.0.python.syntax.expr(at.1).kind, ExprKind::Name { .. } | ExprKind::Attribute { .. }) {
                break;
            }
            let named = self.symbol(at.0, at.1).and_then(|symbol| self.definition(&symbol));
            let next = match named {
                Some((home, Definition::Value(value) | Definition::Annotated { value: Some(value), .. })) => {
                    Some((home, value))
                }
                Some(_) => None,
                None => self.local_value(at.0, at.1).map(|value| (at.0, value)),
            };
            match next {
                Some(next) => at = next,
                None => break,
            }
        }
        at
    }

    /// The integer that an expression is.
    pub(crate) fn integer(&self, module: &Module, expr: ExprId) -> Option<u64> {
        let (home, value) = self.follow(module, expr);
        match home.python.syntax.expr(value).kind {
            ExprKind::Int(Integer::Small(value)) => Some(value),
            _ => None,
        }
    }

    /// The source text of an expression.
    pub(crate) fn text_at(&self, module: &Module, expr: ExprId) -> String {
        self.sources.slice(module.span_of(expr)).to_owned()
    }

    /// The classes of the project that a class is made of, itself first, in the order in which attributes are looked up.
    pub(crate) fn lineage<'p>(&'p self, module: &'p Module, class: StmtId) -> Vec<(&'p Module, StmtId)> {
        let mut found: Vec<(&Module, StmtId)> = Vec::new();
        let mut open = vec![(module, class)];
        while let Some((module, class)) = open.pop() {
            if found.len() == MAX_LINEAGE {
                break;
            }
            if found.iter().any(|(known, id)| (known.id, *id) == (module.id, class)) {
                continue;
            }
            found.push((module, class));
            for &base in module.class(class).into_iter().flat_map(|class| class.bases.iter().rev()) {
                let base = self.class(module, module.without_subscript(base));
                open.extend(base.map(|(module, class, _)| (module, class)));
            }
        }
        found
    }

    /// The text that an expression in a class, or in a method that the class calls, gives: `cls.__name__.lower() + "s"`.
    pub(crate) fn class_text(&self, module: &Module, expr: ExprId, class: &str, hops: usize) -> Option<String> {
        let hops = hops.checked_sub(1)?;
        let mut text = String::new();
        for part in module.python.fold_string(expr).parts {
            match part {
                FoldedPart::Text(known) => text.push_str(&known),
                FoldedPart::Hole(hole) => text.push_str(&self.class_text_behind(module, hole, class, hops)?),
            }
        }
        Some(text)
    }

    fn class_text_behind(&self, module: &Module, expr: ExprId, class: &str, hops: usize) -> Option<String> {
        let syntax = &module.python.syntax;
        match &syntax.expr(expr).kind {
            ExprKind::Attribute { value, attr, .. } if syntax.identifier(*attr) == "__name__" => {
                matches!(syntax.expr(*value).kind, ExprKind::Name { .. }).then(|| class.to_owned())
            }
            ExprKind::Call { func, args, .. } => match &syntax.expr(*func).kind {
                ExprKind::Attribute { value, attr, .. } if args.is_empty() => {
                    let text = self.class_text(module, *value, class, hops)?;
                    match syntax.identifier(*attr) {
                        "lower" => Some(text.to_lowercase()),
                        "upper" => Some(text.to_uppercase()),
                        _ => None,
                    }
                }
                _ => self.snake_case_call(module, *func, args, class, hops),
            },
            _ => self.constant_string(module, expr),
        }
    }

    /// `re.sub("(?<!^)(?=[A-Z])", "_", cls.__name__)`: the one substitution of which the outcome is certain.
    fn snake_case_call(
        &self,
        module: &Module,
        func: ExprId,
        args: &[ExprId],
        class: &str,
        hops: usize,
    ) -> Option<String> {
        let [pattern, replacement, name] = args else { return None };
        let is_known = self.is_any(module, func, &["re.sub"])
            && matches!(self.constant_string(module, *pattern)?.as_str(), "(?<!^)(?=[A-Z])" | r"\B(?=[A-Z])");
        let separator = self.constant_string(module, *replacement).filter(|_| is_known)?;
        let name = self.class_text(module, *name, class, hops)?;
        let mut text = String::new();
        for (at, letter) in name.char_indices() {
            if at > 0 && letter.is_ascii_uppercase() {
                text.push_str(&separator);
            }
            text.push(letter);
        }
        Some(text)
    }
}

/// What the `return` statements of a method give, in order of the source.
pub(crate) fn returned(module: &Module, function: StmtId) -> Vec<ExprId> {
    let syntax = &module.python.syntax;
    let Some(definition) = module.function(function) else { return Vec::new() };
    let all = syntax.walk_stmts_in(&definition.body, false);
    all.filter_map(|id| match syntax.stmt(id).kind {
        StmtKind::Return(value) => value,
        _ => None,
    })
    .collect()
}

impl Module {
    /// The value that the body of a class gives a name.
    pub(crate) fn class_value(&self, class: StmtId, name: &str) -> Option<ExprId> {
        let scope = self.scope_opened_by(Definition::Class(class))?;
        match self.definition_in(scope, name)? {
            Definition::Value(value) | Definition::Annotated { value: Some(value), .. } => Some(value),
            _ => None,
        }
    }
}
