//! The forms in which code reads an environment variable, by the standard library and by those that wrap it.

use crate::{Definition, Module, Project, Symbol};
use pyaudit_python::{CompareOperator, ExprContext, ExprId, ExprKind, Keyword, Parent, StmtKind};

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

/// The libraries that read the environment, as they are imported.
const LIBRARIES: &[&str] = &["decouple", "environs", "environ", "starlette.config"];

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
    "str",
    "int",
    "bool",
    "float",
    "list",
    "tuple",
    "set",
    "dict",
    "json",
    "decimal",
    "url",
    "path",
    "uuid",
    "date",
    "datetime",
    "timedelta",
    "time",
    "enum",
    "log_level",
    "bytes",
    "get_value",
    "db",
    "db_url",
    "dj_db_url",
    "cache",
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

    /// A quick look that leaves most calls out: those that are no getter of `os`, in a project without a library that
    /// reads the environment.
    fn may_read_environment(&self, module: &Module, func: ExprId) -> bool {
        let is_getter = self.may_mean(module, func, GETTERS) || self.may_mean(module, func, &["pop"]);
        let is_of_environ = || match module.python.syntax.expr(func).kind {
            ExprKind::Attribute { value, .. } => {
                self.may_mean(module, value, ENVIRON) || self.may_mean(module, func, &["getenv", "getenvb"])
            }
            _ => true,
        };
        (is_getter && is_of_environ()) || self.imports_any(LIBRARIES)
    }

    /// Whether an expression is `os.environ`.
    pub(crate) fn is_environ(&self, module: &Module, expr: ExprId) -> bool {
        let is_name =
            matches!(module.python.syntax.expr(expr).kind, ExprKind::Name { .. } | ExprKind::Attribute { .. });
        is_name && self.is_any(module, expr, ENVIRON)
    }

    fn read_call(&self, module: &Module, func: ExprId, args: &[ExprId], keywords: &[Keyword]) -> Option<ReadForm> {
        let syntax = &module.python.syntax;
        let keyword = |name: &str| module.keyword(keywords, name);
        let first =
            args.first().copied().or_else(|| ["key", "var", "name", "option"].iter().find_map(|it| keyword(it)));
        let name = first?;
        if matches!(syntax.expr(name).kind, ExprKind::Starred { .. }) {
            return None;
        }
        if !self.may_read_environment(module, func) {
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
            Some(symbol) => {
                matches!(self.definition(symbol), Some((_, Definition::Value(_) | Definition::Annotated { .. })))
            }
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
