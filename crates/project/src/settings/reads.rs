//! Reads of environment variables, by the standard library and by those that wrap it.

use super::Literal;
use crate::{Module, ModuleId, Project, Symbol};
use pyaudit_python::{BoolOperator, CompareOperator, ExprContext, ExprId, ExprKind, Keyword, Parent, StmtId, StmtKind};
use pyaudit_source::Span;

/// What reads the environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reader {
    /// `os.environ`, `os.getenv`.
    Os,
    /// `decouple.config`.
    Decouple,
    /// `starlette.config.Config`.
    Starlette,
    /// `environs.Env`.
    Environs,
    /// `environ.Env` of `django-environ`.
    DjangoEnviron,
}

crate::named!(Reader {
    Os => "os",
    Decouple => "decouple",
    Starlette => "starlette",
    Environs => "environs",
    DjangoEnviron => "django-environ",
});

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

/// The form of a read, before its name is known.
#[derive(Debug, Clone)]
pub(crate) struct ReadForm {
    pub reader: Reader,
    /// The expression of the variable's name.
    pub name: ExprId,
    /// What is put before the name.
    pub prefix: String,
    pub default: Option<ExprId>,
    pub required: bool,
    pub cast: Option<ExprId>,
    pub asks_only: bool,
}

const ENVIRON: &[&str] = &["os.environ", "os.environb"];
const GETTERS: &[&str] = &["os.getenv", "os.getenvb", "os.environ.get", "os.environ.setdefault"];

/// Objects that libraries offer to be called with the name of a variable.
const OBJECTS: &[(&str, Reader)] = &[("decouple.config", Reader::Decouple), ("environs.env", Reader::Environs)];

/// Classes whose objects are called with the name of a variable.
const CLASSES: &[(&str, Reader)] = &[
    ("decouple.AutoConfig", Reader::Decouple),
    ("decouple.Config", Reader::Decouple),
    ("starlette.config.Config", Reader::Starlette),
    ("environs.Env", Reader::Environs),
    ("environ.Env", Reader::DjangoEnviron),
    ("environ.FileAwareEnv", Reader::DjangoEnviron),
];

/// Methods of `environs.Env` and `environ.Env` that read a variable.
const CASTS: &[&str] = &[
    "str", "int", "bool", "float", "list", "tuple", "set", "dict", "json", "decimal", "url", "path", "uuid", "date",
    "datetime", "timedelta", "time", "enum", "log_level", "bytes", "get_value", "db", "db_url", "dj_db_url", "cache",
    "email",
];

impl Project {
    /// The read of the environment that an expression is.
    pub(crate) fn environment_read(&self, module: &Module, expr: ExprId) -> Option<ReadForm> {
        let syntax = &module.python.syntax;
        match &syntax.expr(expr).kind {
            ExprKind::Subscript { value, slice, ctx: ExprContext::Load } => {
                self.is_environ(module, *value).then(|| ReadForm::of_os(*slice, None, true))
            }
            ExprKind::Compare { left, comparisons } => match **comparisons {
                [(CompareOperator::In | CompareOperator::NotIn, right)] if self.is_environ(module, right) => {
                    Some(ReadForm { asks_only: true, ..ReadForm::of_os(*left, None, false) })
                }
                _ => None,
            },
            ExprKind::Call { func, args, keywords } => self.read_call(module, *func, args, keywords),
            _ => None,
        }
    }

    fn is_environ(&self, module: &Module, expr: ExprId) -> bool {
        let is_name =
            matches!(module.python.syntax.expr(expr).kind, ExprKind::Name { .. } | ExprKind::Attribute { .. });
        is_name && self.is_any(module, expr, ENVIRON)
    }

    fn read_call(&self, module: &Module, func: ExprId, args: &[ExprId], keywords: &[Keyword]) -> Option<ReadForm> {
        let syntax = &module.python.syntax;
        let keyword = |name: &str| module.keyword(keywords, name);
        let first = args.first().copied().or_else(|| ["key", "var", "name", "option"].iter().find_map(|it| keyword(it)));
        let name = first?;
        if matches!(syntax.expr(name).kind, ExprKind::Starred { .. }) {
            return None;
        }
        let symbol = match syntax.expr(func).kind {
            ExprKind::Name { .. } | ExprKind::Attribute { .. } => self.symbol(module, func),
            // `Config(".env")("DEBUG")`
            ExprKind::Call { .. } => None,
            _ => return None,
        };
        let second = || args.get(1).copied().or_else(|| keyword("default"));
        if let Some(symbol) = &symbol {
            if symbol.is_any(GETTERS) {
                return Some(ReadForm::of_os(name, second(), false));
            }
            if symbol.is("os.environ.pop") {
                return Some(ReadForm::of_os(name, second(), second().is_none()));
            }
        }
        let (reader, object, method) = self.library_reader(module, func, symbol.as_ref(), name)?;
        let is_call = method.is_none() || matches!(method, Some("get" | "get_value"));
        let (default, cast) = match reader {
            Reader::Starlette => (args.get(2).copied(), args.get(1).copied()),
            Reader::DjangoEnviron if is_call => (args.get(2).copied(), args.get(1).copied()),
            _ => (args.get(1).copied(), args.get(2).copied()),
        };
        let default = keyword("default").or(default);
        let scheme = self.scheme_default(module, object, name).filter(|_| reader == Reader::DjangoEnviron);
        let default = default.or(scheme);
        Some(ReadForm {
            reader,
            name,
            prefix: self.prefix_of(module, object, func),
            default,
            required: default.is_none(),
            cast: keyword("cast").or(cast),
            asks_only: false,
        })
    }

    /// The library that reads for a call, the object that does, and the method where it is no plain call.
    fn library_reader<'m>(
        &self,
        module: &'m Module,
        func: ExprId,
        symbol: Option<&Symbol>,
        name: ExprId,
    ) -> Option<(Reader, ExprId, Option<&'m str>)> {
        let of = |table: &[(&str, Reader)], symbol: &Symbol| {
            table.iter().find(|(path, _)| symbol.is(path)).map(|&(_, reader)| reader)
        };
        if let Some(reader) = symbol.and_then(|symbol| of(OBJECTS, symbol)) {
            return Some((reader, func, None));
        }
        // A call of an external name makes something; only an object of the project can be called as a reader.
        let may_be_object = !matches!(symbol, Some(Symbol::External(_) | Symbol::Builtin(_)));
        let syntax = &module.python.syntax;
        let method = match &syntax.expr(func).kind {
            ExprKind::Attribute { value, attr, .. } => Some((*value, syntax.identifier(*attr))),
            _ => None,
        };
        if let Some((object, method)) = method.filter(|(_, method)| CASTS.contains(method) || *method == "get") {
            let is_variable = syntax.string(name).is_none_or(is_variable_name);
            let reader = self.symbol(module, object).and_then(|symbol| of(OBJECTS, &symbol));
            let reader = reader.or_else(|| is_variable.then(|| of(CLASSES, &self.type_of(module, object)?)).flatten());
            return reader.map(|reader| (reader, object, Some(method)));
        }
        let is_value = match symbol {
            Some(symbol) => matches!(
                self.definition(symbol),
                Some((_, crate::Definition::Value(_) | crate::Definition::Annotated { .. }))
            ),
            None => matches!(syntax.expr(func).kind, ExprKind::Call { .. } | ExprKind::Attribute { .. }),
        };
        let is_text = !matches!(syntax.expr(name).kind, ExprKind::List { .. } | ExprKind::Dict(_) | ExprKind::Int(_));
        if !(may_be_object && is_value && is_text && syntax.string(name).is_none_or(is_variable_name)) {
            return None;
        }
        of(CLASSES, &self.type_of(module, func)?).map(|reader| (reader, func, None))
    }

    /// The call that made the object which reads.
    fn maker<'p>(&'p self, module: &'p Module, object: ExprId) -> Option<(&'p Module, &'p [ExprId], &'p [Keyword])> {
        let (home, value) = self.follow(module, object);
        match &home.python.syntax.expr(value).kind {
            ExprKind::Call { args, keywords, .. } => Some((home, args, keywords)),
            _ => None,
        }
    }

    /// `Config(env_prefix="APP_")`, and `with env.prefixed("APP_"):` around the read.
    fn prefix_of(&self, module: &Module, object: ExprId, func: ExprId) -> String {
        let made = self.maker(module, object).and_then(|(home, _, keywords)| {
            let prefix = ["env_prefix", "prefix"].iter().find_map(|name| home.keyword(keywords, name))?;
            self.constant_string(home, prefix)
        });
        let mut prefix = made.unwrap_or_default();
        let syntax = &module.python.syntax;
        let mut around: Vec<String> = Vec::new();
        for stmt in syntax.enclosing_stmts(Parent::Expr(func)) {
            let StmtKind::With { items, .. } = &syntax.stmt(stmt).kind else { continue };
            for item in items.iter().rev() {
                let ExprKind::Call { func, args, .. } = &syntax.expr(item.context_expr).kind else { continue };
                let is_prefixed = matches!(&syntax.expr(*func).kind,
                    ExprKind::Attribute { attr, .. } if syntax.identifier(*attr) == "prefixed");
                around.extend(args.first().filter(|_| is_prefixed).and_then(|&at| self.constant_string(module, at)));
            }
        }
        around.iter().rev().for_each(|part| prefix.push_str(part));
        prefix
    }

    /// The default of `environ.Env(DEBUG=(bool, False))`.
    fn scheme_default(&self, module: &Module, object: ExprId, name: ExprId) -> Option<ExprId> {
        let (home, _, keywords) = self.maker(module, object).filter(|(home, ..)| home.id == module.id)?;
        let scheme = home.keyword(keywords, module.python.syntax.string(name)?)?;
        match &home.python.syntax.expr(scheme).kind {
            ExprKind::Tuple { elts, .. } => elts.get(1).copied(),
            _ => None,
        }
    }

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
        let named = |name: String| Some(format!("{}{name}", form.prefix));
        names.into_iter().map(|name| EnvironmentRead { variable: named(name), ..read.clone() }).collect()
    }

    /// The names that `for name in ("A", "B"):` or a comprehension gives a variable.
    fn looped_names(&self, module: &Module, name: ExprId) -> Vec<String> {
        let syntax = &module.python.syntax;
        let ExprKind::Name { id, .. } = syntax.expr(name).kind else { return Vec::new() };
        let is_target = |target: ExprId| matches!(syntax.expr(target).kind, ExprKind::Name { id: other, .. } if other == id);
        let iterated = syntax.ancestors(Parent::Expr(name)).find_map(|node| match node {
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
            iterated.and_then(|iter| self.value_when_unset(module, iter))
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

    /// The read that a call of a reading function is.
    pub(super) fn read_through(
        &self,
        module: &Module,
        expr: ExprId,
        functions: &[ReadingFunction],
    ) -> Option<EnvironmentRead> {
        let syntax = &module.python.syntax;
        let ExprKind::Call { func, args, keywords } = &syntax.expr(expr).kind else { return None };
        let (home, id, definition) = self.function(module, *func)?;
        let through = functions.iter().find(|it| (it.module, it.function) == (home.id, id))?;
        let skipped = usize::from(matches!(syntax.expr(*func).kind, ExprKind::Attribute { .. }) && home.class_of_stmt(id).is_some());
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

impl ReadForm {
    const fn of_os(name: ExprId, default: Option<ExprId>, required: bool) -> Self {
        Self { reader: Reader::Os, name, prefix: String::new(), default, required, cast: None, asks_only: false }
    }
}

/// Whether a text can be the name of a variable.
fn is_variable_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
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
