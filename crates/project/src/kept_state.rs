//! What a container that lives as long as the process is used for: references to tasks, signals, a memo, a fallback.

use crate::{Module, Project, paths};
use pyaudit_python::{BindingKind, ExprId, ExprKind, Parent, StmtId, StmtKind};
use std::collections::BTreeSet;

/// How deep values and calls are looked into.
const MAX_DEPTH: u32 = 6;

/// Modules whose objects belong to the process or the event loop that made them.
const OF_PROCESS: &[&str] = &["asyncio", "threading", "concurrent.futures", "multiprocessing", "subprocess", "anyio"];

/// Methods of loops and pools that give such an object.
const GIVE_OF_PROCESS: &[&str] =
    &["create_task", "ensure_future", "create_future", "run_coroutine_threadsafe", "submit", "call_later", "Popen"];

/// Callables that give something else each time, so that what they give is no function of the arguments.
const NEW_EACH_TIME: &[&str] = &[
    "uuid1",
    "uuid4",
    "token_hex",
    "token_urlsafe",
    "token_bytes",
    "randint",
    "random",
    "choice",
    "choices",
    "randrange",
    "randbelow",
    "urandom",
    "now",
    "utcnow",
    "time",
    "monotonic",
    "perf_counter",
    "today",
];

/// Callables that only put values together.
const PLAIN: &[&str] =
    &["dict", "list", "set", "tuple", "deque", "defaultdict", "OrderedDict", "Counter", "str", "int"];

/// Names of stores that all processes share.
const STORES: &[&str] = &["redis", "valkey", "memcache", "memcached", "upstash", "dragonfly"];

impl Project {
    /// Whether a container is asked to forget something when a task is done: `task.add_done_callback(tasks.discard)`.
    pub fn is_forgotten_when_done(&self, module: &Module, container: ExprId) -> bool {
        let syntax = &module.python.syntax;
        syntax.ancestors(Parent::Expr(container)).any(|node| match node {
            Parent::Expr(call) => match &syntax.expr(call).kind {
                ExprKind::Call { func, args, .. } => {
                    let is_argument =
                        args.iter().any(|&argument| syntax.expr(argument).range.contains(syntax.expr(container).range));
                    is_argument && module.last_name(*func) == Some("add_done_callback")
                }
                _ => false,
            },
            _ => false,
        })
    }

    /// Whether a value belongs to the process that made it: a task, an event, a lock, a queue, a handle of a program.
    pub fn is_of_process(&self, module: &Module, value: ExprId) -> bool {
        let is_known = self.type_of(module, value).is_some_and(|class| {
            class.external().is_some_and(|name| OF_PROCESS.iter().any(|library| is_below(name, library)))
        });
        let is_given = |value: ExprId| match module.python.syntax.expr(value).kind {
            ExprKind::Call { func, .. } => module.last_name(func).is_some_and(|name| GIVE_OF_PROCESS.contains(&name)),
            _ => false,
        };
        is_known || is_given(value) || self.local_value(module, value).is_some_and(is_given)
    }

    /// Whether a container is annotated, or made, to hold objects of the process: `dict[str, asyncio.Event]`,
    /// `defaultdict(asyncio.Lock)`.
    pub fn is_made_for_process(&self, module: &Module, made: ExprId) -> bool {
        let syntax = &module.python.syntax;
        let inner: Option<ExprId> = match &syntax.expr(made).kind {
            ExprKind::Call { func, args, .. } if module.last_name(*func) == Some("defaultdict") => {
                args.first().copied()
            }
            ExprKind::Subscript { slice, .. } => match &syntax.expr(*slice).kind {
                ExprKind::Tuple { elts, .. } => elts.last().copied(),
                _ => Some(*slice),
            },
            _ => None,
        };
        let Some(inner) = inner.map(|inner| module.without_subscript(inner)) else { return false };
        self.symbols(module, inner).iter().any(|symbol| {
            symbol.external().is_some_and(|name| OF_PROCESS.iter().any(|library| is_below(name, library)))
        })
    }

    /// Whether a function keeps in a container what it works out from its own arguments, and gives it back: what
    /// `functools.lru_cache` does. `uses` are the places of the container in the function, `kept` the keys and values that
    /// it puts in.
    pub fn is_memo(&self, module: &Module, function: StmtId, uses: &[ExprId], kept: &[(ExprId, ExprId)]) -> bool {
        let Some(definition) = module.function(function) else { return false };
        let memo = Memo { project: self, module, function, inputs: module.made_from_parameters(function) };
        let syntax = &module.python.syntax;
        let parts = kept.iter().flat_map(|&(_, value)| syntax.walk_exprs_of(value));
        let names: BTreeSet<&str> = parts
            .filter_map(|part| match syntax.expr(part).kind {
                ExprKind::Name { id, .. } => Some(syntax.name(id)),
                _ => None,
            })
            .collect();
        let gives_back = |value: ExprId| {
            syntax
                .walk_exprs_of(value)
                .any(|part| uses.contains(&part) || module.last_name(part).is_some_and(|name| names.contains(name)))
        };
        let mut returned =
            syntax.walk_stmts_in(&definition.body, false).filter_map(|stmt| match syntax.stmt(stmt).kind {
                StmtKind::Return(value) => value,
                _ => None,
            });
        !kept.is_empty()
            && kept.iter().all(|&(key, value)| {
                let is_constant = matches!(syntax.expr(key).kind, ExprKind::Str { .. } | ExprKind::Int(_));
                (is_constant || memo.is_made_from_inputs(key)) && memo.is_worked_out(value, is_constant, MAX_DEPTH)
            })
            && returned.any(gives_back)
    }

    /// Whether a place is reached only where a store that all processes share is missing or fails: in the handler of an
    /// exception, or after `if redis: …; return`.
    pub fn is_fallback_of_store(&self, module: &Module, place: ExprId) -> bool {
        let syntax = &module.python.syntax;
        let names_store = |text: &str| {
            let lower = text.to_ascii_lowercase();
            STORES.iter().any(|store| lower.contains(store))
        };
        let range = syntax.expr(place).range;
        syntax.enclosing_stmts(Parent::Expr(place)).any(|stmt| match &syntax.stmt(stmt).kind {
            StmtKind::Try { body, handlers, .. } => {
                let mut clauses = handlers.iter().flat_map(|handler| handler.body.iter());
                clauses.any(|&inner| syntax.stmt(inner).range.contains(range))
                    && body.iter().any(|&inner| names_store(self.sources.slice(module.span(syntax.stmt(inner).range))))
            }
            StmtKind::FunctionDef(definition) => definition.body.iter().any(|&before| {
                let StmtKind::If { clauses, .. } = &syntax.stmt(before).kind else { return false };
                syntax.stmt(before).range.end <= range.start
                    && clauses.iter().any(|clause| {
                        names_store(self.sources.slice(module.span_of(clause.test)))
                            && clause.body.last().is_some_and(|&last| {
                                matches!(syntax.stmt(last).kind, StmtKind::Return(_) | StmtKind::Raise { .. })
                            })
                    })
            }),
            StmtKind::If { clauses, .. } => clauses.iter().any(|clause| {
                let is_inside = clause.body.iter().any(|&inner| syntax.stmt(inner).range.contains(range));
                let test = self.sources.slice(module.span_of(clause.test));
                let is_missing = test.contains("not ") || test.contains("is None");
                names_store(test) && (is_inside == is_missing)
            }),
            _ => false,
        })
    }

    /// Whether a statement only logs what it looks at.
    pub fn is_only_logged(&self, module: &Module, expr: ExprId) -> bool {
        let syntax = &module.python.syntax;
        syntax.enclosing_stmt(expr).is_some_and(|stmt| match syntax.stmt(stmt).kind {
            StmtKind::Expr(value) => self.is_log_call(module, value),
            _ => false,
        })
    }
}

/// One function that may be a memo.
struct Memo<'p> {
    project: &'p Project,
    module: &'p Module,
    function: StmtId,
    /// Its parameters, and what it makes from them.
    inputs: BTreeSet<&'p str>,
}

impl Memo<'_> {
    fn is_made_from_inputs(&self, expr: ExprId) -> bool {
        let syntax = &self.module.python.syntax;
        let mut parts = syntax.walk_exprs_of(expr);
        parts.any(|part| match syntax.expr(part).kind {
            ExprKind::Name { id, .. } => self.inputs.contains(syntax.name(id)),
            _ => false,
        })
    }

    /// Whether a value is the result of a call that depends on nothing but the inputs; of a key that is a constant, on
    /// nothing of the function.
    fn is_worked_out(&self, value: ExprId, is_constant: bool, depth: u32) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        let syntax = &self.module.python.syntax;
        let inside = |value: ExprId| self.is_worked_out(value, is_constant, depth);
        match &syntax.expr(value).kind {
            ExprKind::Await(value) | ExprKind::Subscript { value, .. } | ExprKind::Attribute { value, .. } => {
                inside(*value)
            }
            ExprKind::Tuple { elts, .. } | ExprKind::List { elts, .. } => elts.iter().any(|&element| inside(element)),
            ExprKind::Dict(items) => items.iter().any(|item| inside(item.value)),
            ExprKind::IfExp { body, orelse, .. } => inside(*body) || inside(*orelse),
            ExprKind::Call { func, args, keywords } => {
                let name = self.module.last_name(*func).unwrap_or("");
                if NEW_EACH_TIME.contains(&name) {
                    return false;
                }
                if PLAIN.contains(&name) || self.project.class(self.module, *func).is_some() {
                    let mut given = args.iter().copied().chain(keywords.iter().map(|keyword| keyword.value));
                    return given.any(inside);
                }
                is_constant || self.is_made_from_inputs(value)
            }
            ExprKind::Name { .. } => self.assigned(value).into_iter().any(inside),
            _ => false,
        }
    }

    /// What the function gives a name, unless it is a parameter.
    fn assigned(&self, name: ExprId) -> Vec<ExprId> {
        let Some((_, binding)) = self.module.python.lookup(name) else { return Vec::new() };
        let sites = binding.sites.iter().filter_map(|site| match site.kind {
            BindingKind::Assigned(value) | BindingKind::Annotated { value: Some(value), .. } => Some(value),
            _ => None,
        });
        let is_inside = |value: &ExprId| {
            let mut around = self.module.python.syntax.enclosing_functions(Parent::Expr(*value));
            around.any(|function| function == self.function)
        };
        sites.filter(is_inside).collect()
    }
}

impl Module {
    /// The parameters of a function without `self`, and the names that it gives values made from them.
    fn made_from_parameters(&self, function: StmtId) -> BTreeSet<&str> {
        let syntax = &self.python.syntax;
        let Some(definition) = self.function(function) else { return BTreeSet::new() };
        let parameters = definition.parameters.iter().map(|parameter| syntax.identifier(parameter.name));
        let mut made: BTreeSet<&str> = parameters.filter(|name| !matches!(*name, "self" | "cls")).collect();
        // What is made from something made further down needs another turn.
        for _ in 0..2 {
            for stmt in syntax.walk_stmts_in(&definition.body, false) {
                let (targets, value) = match &syntax.stmt(stmt).kind {
                    StmtKind::Assign { targets, value } => (targets.to_vec(), *value),
                    StmtKind::AnnAssign { target, value: Some(value), .. } => (vec![*target], *value),
                    StmtKind::For { target, iter, .. } => (vec![*target], *iter),
                    StmtKind::With { items, .. } => {
                        match items.iter().find_map(|item| Some((item.optional_vars?, item))) {
                            Some((target, item)) => (vec![target], item.context_expr),
                            None => continue,
                        }
                    }
                    _ => continue,
                };
                let is_made = syntax.walk_exprs_of(value).any(|part| match syntax.expr(part).kind {
                    ExprKind::Name { id, .. } => made.contains(syntax.name(id)),
                    _ => false,
                });
                let parts = targets.iter().flat_map(|&target| syntax.walk_exprs_of(target));
                let names = parts.filter(|_| is_made).filter_map(|part| match syntax.expr(part).kind {
                    ExprKind::Name { id, .. } => Some(syntax.name(id)),
                    _ => None,
                });
                let names: Vec<&str> = names.collect();
                made.extend(names);
            }
        }
        made
    }
}

fn is_below(name: &str, library: &str) -> bool {
    name.strip_prefix(library).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Whether a name says that it tells of the process itself: whether it is ready, how far behind it is.
pub fn is_about_process(name: &str) -> bool {
    const WORDS: &[&str] = &[
        "readiness",
        "liveness",
        "ready",
        "degraded",
        "degradation",
        "lag",
        "inflight",
        "uptime",
        "startup",
        "shutdown",
        "warmup",
        "draining",
    ];
    paths::words(&name.replace('_', " ")).any(|word| WORDS.contains(&word.as_str()))
}
