//! Reads of environment variables: what each reads, what it falls back to, and where what it gives goes.

use super::Literal;
use super::forms::{ReadForm, Reader};
use crate::{Module, ModuleId, Project};
use pyaudit_python::{BoolOperator, ExprId, ExprKind, Parent, StmtId, StmtKind};
use pyaudit_source::Span;

/// One read of an environment variable.
#[derive(Debug, Clone, PartialEq)]
pub struct EnvironmentRead {
    /// What reads.
    pub reader: Reader,
    /// The module.
    pub module: ModuleId,
    /// The call, subscript or comparison.
    pub expr: ExprId,
    /// Its place.
    pub span: Span,
    /// The variable; `None` where its name is made when the program runs.
    pub variable: Option<String>,
    /// The default that the read is given, in its module.
    pub default: Option<ExprId>,
    /// The default's value, where it can be known.
    pub default_value: Option<Literal>,
    /// What stands after `or`, for a variable that is missing or empty.
    pub fallback: Option<ExprId>,
    /// Whether the read fails when the variable is missing.
    pub required: bool,
    /// Whether it only asks if the variable is there: `"X" in os.environ`.
    pub asks_only: bool,
    /// What the text is turned into: the name of a built-in, a cast or a method, `==` for a comparison.
    pub conversion: Option<String>,
    /// The innermost function around it; `None` for a read when the module is imported.
    pub function: Option<StmtId>,
    /// The innermost class around it.
    pub class: Option<StmtId>,
    /// The statement it stands in.
    pub stmt: Option<StmtId>,
    /// The name or attribute that its statement assigns.
    pub target: Option<String>,
    /// The function of the project that reads for this call, where it is no read of its own: `get_env("X")`.
    pub through: Option<(ModuleId, StmtId)>,
}

impl Project {
    /// Every read of a module, in the order of the source.
    pub(super) fn environment_reads(&self, module: &Module) -> Vec<EnvironmentRead> {
        let syntax = &module.python.syntax;
        let mut reads = Vec::new();
        for (id, expr) in syntax.exprs() {
            if !matches!(expr.kind, ExprKind::Call { .. } | ExprKind::Subscript { .. } | ExprKind::Compare { .. }) {
                continue;
            }
            if let Some(form) = self.environment_read(module, id) {
                reads.extend(self.reads_of(module, id, &form));
            }
        }
        reads.sort_by_key(|read| (read.span, read.expr));
        reads
    }

    fn reads_of(&self, module: &Module, expr: ExprId, form: &ReadForm) -> Vec<EnvironmentRead> {
        let read = self.read_at(module, expr, form);
        let names = match self.constant_string(module, form.name) {
            Some(name) => vec![name],
            None => self.looped_names(module, form.name),
        };
        if names.is_empty() {
            return vec![read];
        }
        let prefixed = |name: String| Some(format!("{}{name}", form.prefix));
        names.into_iter().map(|name| EnvironmentRead { variable: prefixed(name), ..read.clone() }).collect()
    }

    /// The names that `for name in ("A", "B"):` or a comprehension gives a variable.
    pub(super) fn looped_names(&self, module: &Module, name: ExprId) -> Vec<String> {
        let syntax = &module.python.syntax;
        let ExprKind::Name { id, .. } = syntax.expr(name).kind else { return Vec::new() };
        let is_target =
            |target: ExprId| matches!(syntax.expr(target).kind, ExprKind::Name { id: other, .. } if other == id);
        let collection = syntax.ancestors(Parent::Expr(name)).find_map(|node| match node {
            Parent::Stmt(stmt) => match &syntax.stmt(stmt).kind {
                StmtKind::For { target, iter, .. } if is_target(*target) => Some(*iter),
                _ => None,
            },
            Parent::Expr(expr) => match &syntax.expr(expr).kind {
                ExprKind::ListComp { generators, .. }
                | ExprKind::SetComp { generators, .. }
                | ExprKind::DictComp { generators, .. }
                | ExprKind::Generator { generators, .. } => {
                    generators.iter().find(|generator| is_target(generator.target)).map(|generator| generator.iter)
                }
                _ => None,
            },
            _ => None,
        });
        let Some(Literal::List(items) | Literal::Tuple(items) | Literal::Set(items)) =
            collection.and_then(|iter| self.value_when_unset(module, iter))
        else {
            return Vec::new();
        };
        items.iter().filter_map(Literal::as_str).map(str::to_owned).collect()
    }

    fn read_at(&self, module: &Module, expr: ExprId, form: &ReadForm) -> EnvironmentRead {
        let syntax = &module.python.syntax;
        let stmt = syntax.enclosing_stmt(expr);
        EnvironmentRead {
            reader: form.reader,
            module: module.id,
            expr,
            span: module.span_of(expr),
            variable: None,
            default: form.default,
            default_value: form.default.and_then(|default| self.value_when_unset(module, default)),
            fallback: fallback(module, expr),
            required: form.required,
            asks_only: form.asks_only,
            conversion: form.cast.map(|cast| self.text_at(module, cast)).or_else(|| conversion(module, expr)),
            function: syntax.enclosing_functions(Parent::Expr(expr)).next(),
            class: module.python.enclosing_class(expr),
            stmt,
            target: stmt.and_then(|stmt| target_of(module, stmt)),
            through: None,
        }
    }

    /// The functions that read a variable whose name is their own parameter, with the number of that parameter, that of
    /// the default, and whether the read fails when the variable is missing.
    pub(super) fn reading_functions(&self, reads: &[EnvironmentRead]) -> Vec<ReadingFunction> {
        let mut found: Vec<ReadingFunction> = Vec::new();
        for read in reads.iter().filter(|read| read.variable.is_none()) {
            let module = self.modules.get(read.module);
            let (Some(id), Some(form)) = (read.function, self.environment_read(module, read.expr)) else { continue };
            let Some(function) = module.function(id) else { continue };
            let parameter = |expr: ExprId| {
                let ExprKind::Name { id, .. } = module.python.syntax.expr(expr).kind else { return None };
                let named = module.python.syntax.name(id);
                function.parameters.iter().position(|it| module.python.syntax.identifier(it.name) == named)
            };
            let Some(name) = parameter(form.name) else { continue };
            let known = found.iter().any(|it| (it.module, it.function) == (module.id, id));
            if !known {
                found.push(ReadingFunction {
                    module: module.id,
                    function: id,
                    reader: form.reader,
                    prefix: form.prefix,
                    name,
                    default: form.default.and_then(parameter),
                    required: form.required,
                });
            }
        }
        found
    }

    /// The read that a call of a reading function is; `names` are those of the functions.
    pub(super) fn read_through(
        &self,
        module: &Module,
        expr: ExprId,
        functions: &[ReadingFunction],
        names: &[&str],
    ) -> Option<EnvironmentRead> {
        let syntax = &module.python.syntax;
        let ExprKind::Call { func, args, keywords } = &syntax.expr(expr).kind else { return None };
        if !self.may_mean(module, *func, names) {
            return None;
        }
        let (home, id, definition) = self.function(module, *func)?;
        let through = functions.iter().find(|it| (it.module, it.function) == (home.id, id))?;
        let skipped = usize::from(
            matches!(syntax.expr(*func).kind, ExprKind::Attribute { .. }) && home.class_of_stmt(id).is_some(),
        );
        let argument = |number: usize| {
            let parameter = definition.parameters.iter().nth(number)?;
            let name = home.python.syntax.identifier(parameter.name);
            module.keyword(keywords, name).or_else(|| args.get(number.checked_sub(skipped)?).copied())
        };
        let name = argument(through.name)?;
        let variable = format!("{}{}", through.prefix, self.constant_string(module, name)?);
        let default = through.default.and_then(argument);
        let has_own = through.default.is_some_and(|at| {
            definition.parameters.iter().nth(at).is_some_and(|parameter| parameter.default.is_some())
        });
        let form = ReadForm {
            reader: through.reader,
            name,
            prefix: String::new(),
            default,
            required: through.required || (through.default.is_some() && default.is_none() && !has_own),
            cast: None,
            asks_only: false,
        };
        let read = self.read_at(module, expr, &form);
        Some(EnvironmentRead { variable: Some(variable), through: Some((home.id, id)), ..read })
    }
}

/// A function that reads the variable it is given the name of. The numbers count its parameters from 0.
#[derive(Debug, Clone)]
pub(super) struct ReadingFunction {
    pub module: ModuleId,
    pub function: StmtId,
    reader: Reader,
    prefix: String,
    name: usize,
    default: Option<usize>,
    required: bool,
}

impl ReadingFunction {
    /// The name that it is called by.
    pub(super) fn called<'p>(&self, project: &'p Project) -> Option<&'p str> {
        let module = project.modules.get(self.module);
        module.function(self.function).map(|function| module.python.syntax.identifier(function.name))
    }
}

/// What stands after the `or` behind a read.
fn fallback(module: &Module, expr: ExprId) -> Option<ExprId> {
    let syntax = &module.python.syntax;
    let Parent::Expr(parent) = syntax.expr_parent(expr) else { return None };
    match &syntax.expr(parent).kind {
        ExprKind::BoolOp { op: BoolOperator::Or, values } => {
            let at = values.iter().position(|&value| value == expr)?;
            values.get(at + 1).copied()
        }
        _ => None,
    }
}

/// What the text of a read becomes at once: `int(…)`, `….split(",")`, `… == "true"`.
fn conversion(module: &Module, expr: ExprId) -> Option<String> {
    let syntax = &module.python.syntax;
    let mut at = expr;
    let mut found = None;
    for _ in 0..6 {
        let Parent::Expr(parent) = syntax.expr_parent(at) else { break };
        match &syntax.expr(parent).kind {
            ExprKind::Attribute { attr, .. } => match syntax.identifier(*attr) {
                "lower" | "upper" | "strip" => {}
                method => found = Some(method.to_owned()),
            },
            ExprKind::Call { func, .. } if *func == at => {}
            ExprKind::Call { func, .. } => {
                return match &syntax.expr(*func).kind {
                    ExprKind::Name { id, .. } => Some(syntax.name(*id).to_owned()),
                    _ => found,
                };
            }
            ExprKind::Compare { left, .. } if *left == at => return Some("==".to_owned()),
            ExprKind::BoolOp { .. } => {}
            _ => break,
        }
        at = parent;
    }
    found
}

/// The first name or attribute that a statement assigns.
fn target_of(module: &Module, stmt: StmtId) -> Option<String> {
    let syntax = &module.python.syntax;
    let targets = match &syntax.stmt(stmt).kind {
        StmtKind::Assign { targets, .. } => targets.to_vec(),
        StmtKind::AnnAssign { target, .. } | StmtKind::AugAssign { target, .. } => vec![*target],
        _ => return None,
    };
    targets.into_iter().find_map(|target| match &syntax.expr(target).kind {
        ExprKind::Name { id, .. } => Some(syntax.name(*id).to_owned()),
        ExprKind::Attribute { attr, .. } => Some(syntax.identifier(*attr).to_owned()),
        _ => None,
    })
}

impl Module {
    /// The class in whose body a statement stands.
    pub(super) fn class_of_stmt(&self, stmt: StmtId) -> Option<StmtId> {
        let syntax = &self.python.syntax;
        match syntax.enclosing_stmts(Parent::Stmt(stmt)).next() {
            Some(outer) if matches!(syntax.stmt(outer).kind, StmtKind::ClassDef(_)) => Some(outer),
            _ => None,
        }
    }
}
