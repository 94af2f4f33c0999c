//! Whether one process of several is chosen for a piece of work, and whether the work leaves its own process at all.

use crate::calls::{Callee, FunctionId, FunctionNode};
use crate::{Module, Project, paths};
use pyaudit_python::{ExprId, ExprKind, StmtId};

/// How many functions lie between a start and the one that takes the lock at most.
const MAX_CALLERS: usize = 3;

/// How many calls of a function are followed.
const MAX_DEPTH: usize = 3;

/// How many callers are looked at.
const MAX_FUNCTIONS: usize = 60;

/// Parts of SQL that take a lock of the whole database.
const SQL_LOCKS: &[&str] = &["advisory_lock", "advisory_xact_lock", "get_lock("];

/// Functions, methods and classes that take a lock of several processes.
const LOCKS: &[&str] =
    &["setnx", "flock", "lockf", "FileLock", "SoftFileLock", "InterProcessLock", "Redlock", "RedisLock"];

/// Words in names of functions that choose a process, each with one of [`TAKES`].
const PRIZES: &[&str] = &["lock", "locked", "leader", "leadership", "lease", "election", "singleton", "master"];
const TAKES: &[&str] =
    &["acquire", "acquired", "try", "elect", "become", "is", "claim", "take", "obtain", "renew", "hold", "holds"];

/// Words in names of functions that take each piece of work once.
const CLAIMS: &[&str] = &["claim", "claims", "claimed", "lease", "leases", "leased"];

/// Libraries that stay in the process and what it writes about itself.
const INWARD: &[&str] = &[
    "dict",
    "list",
    "set",
    "tuple",
    "str",
    "bytes",
    "int",
    "float",
    "asyncio",
    "anyio",
    "time",
    "datetime",
    "logging",
    "structlog",
    "loguru",
    "collections",
    "itertools",
    "functools",
    "contextlib",
    "random",
    "math",
    "gc",
    "psutil",
    "os.getpid",
    "os.path",
    "threading",
    "json",
    "re",
    "uuid",
    "typing",
    "dataclasses",
    "enum",
    "traceback",
    "sys",
    "weakref",
    "prometheus_client",
    "resource",
    "tracemalloc",
];

/// Methods of containers, texts, times and loggers.
const INWARD_METHODS: &[&str] = &[
    "get",
    "items",
    "keys",
    "values",
    "pop",
    "popitem",
    "popleft",
    "append",
    "appendleft",
    "add",
    "discard",
    "remove",
    "clear",
    "update",
    "setdefault",
    "extend",
    "copy",
    "sort",
    "debug",
    "info",
    "warning",
    "warn",
    "error",
    "exception",
    "critical",
    "log",
    "is_set",
    "total_seconds",
    "isoformat",
    "timestamp",
    "format",
    "join",
    "strip",
    "split",
    "lower",
    "startswith",
    "endswith",
    "count",
    "index",
    "done",
    "cancelled",
    "cancel",
];

impl Project {
    /// Whether what stands at a place runs in one process of several: before it, in its function or in one that leads
    /// there, a lock is taken that all processes see (an advisory lock of the database, a key of Redis, a file).
    pub fn is_elected(&self, module: &Module, place: ExprId) -> bool {
        let function = self.calls.function_of(module, place);
        let mut level = vec![(function, module.python.syntax.expr(place).range.start)];
        let mut looked = 0;
        for _ in 0..=MAX_CALLERS {
            let mut next = Vec::new();
            for (function, before) in level {
                looked += 1;
                if looked > MAX_FUNCTIONS {
                    return false;
                }
                if self.takes_process_lock(function).is_some_and(|lock| lock < before) {
                    return true;
                }
                let callers = self.calls.edges_to(function).filter(|edge| !edge.is_given);
                next.extend(callers.map(|edge| {
                    let syntax = &self.modules.get(edge.module).python.syntax;
                    (edge.caller, syntax.expr(edge.place).range.start)
                }));
            }
            level = next;
        }
        false
    }

    /// Whether a function, or what it calls, takes a lock that all processes see.
    pub fn elects(&self, module: &Module, function: StmtId) -> bool {
        let behind = self.functions_behind(module.id, function, MAX_DEPTH);
        behind.iter().any(|(module, function)| {
            self.calls.of(module.id, *function).is_some_and(|id| self.takes_process_lock(id).is_some())
        })
    }

    /// Where a function first takes a lock that all processes see, in bytes of its file.
    fn takes_process_lock(&self, function: FunctionId) -> Option<u32> {
        let known = self.calls.function(function);
        let FunctionNode::Definition(stmt) = known.node else { return None };
        let module = self.modules.get(known.module);
        let in_sql = module.strings_in(stmt).into_iter().filter(|(_, text)| {
            let lower = text.to_ascii_lowercase();
            SQL_LOCKS.iter().any(|lock| lower.contains(lock)) && !lower.contains("unlock")
        });
        let calls =
            self.calls_in(module, stmt).into_iter().filter(|call| self.is_process_lock(module, call.id, call.func));
        let places = in_sql.map(|(text, _)| text).chain(calls.map(|call| call.id));
        places.map(|place| module.python.syntax.expr(place).range.start).min()
    }

    fn is_process_lock(&self, module: &Module, call: ExprId, func: ExprId) -> bool {
        let syntax = &module.python.syntax;
        let Some(name) = module.last_name(func) else { return false };
        let is_of_process = |object: ExprId| {
            let class = self.type_of(module, object);
            class.as_ref().and_then(|class| class.external()).is_some_and(|class| {
                class.starts_with("asyncio") || class.starts_with("threading") || class.starts_with("anyio")
            })
        };
        match (&syntax.expr(func).kind, &syntax.expr(call).kind) {
            (_, ExprKind::Call { keywords, .. }) if name == "set" => module.keyword(keywords, "nx").is_some(),
            (ExprKind::Attribute { value, .. }, _) if matches!(name, "acquire" | "lock") => !is_of_process(*value),
            _ => {
                let words: Vec<String> = paths::words(name).collect();
                let has = |among: &[&str]| words.iter().any(|word| among.contains(&word.as_str()));
                LOCKS.contains(&name) || has(PRIZES) && has(TAKES)
            }
        }
    }

    /// Whether a function and what it calls take each piece of work for themselves before they do it: rows that are locked
    /// and skipped by others (`SKIP LOCKED`), a claim, a lease.
    pub fn claims_work(&self, module: &Module, function: StmtId) -> bool {
        let behind = self.functions_behind(module.id, function, MAX_DEPTH);
        let says_so = |name: &String| paths::words(name).any(|word| CLAIMS.contains(&word.as_str()));
        self.names_called(&behind).iter().any(says_so)
            || behind.iter().any(|(module, function)| {
                let mut strings = module.strings_in(*function).into_iter();
                let skips = module.calls_named_in(*function, &["with_for_update"]);
                let mut keywords = skips.iter().map(|call| module.keyword(call.keywords, "skip_locked"));
                keywords.any(|keyword| keyword.is_some())
                    || strings.any(|(_, text)| text.to_ascii_lowercase().contains("skip locked"))
            })
    }

    /// Whether a function and all that it calls surely touch nothing but the memory of their process and its log.
    pub fn stays_in_memory(&self, module: &Module, function: StmtId) -> bool {
        let behind = self.functions_behind(module.id, function, MAX_DEPTH);
        behind.iter().all(|(module, function)| {
            self.calls_in(module, *function).iter().all(|call| self.is_inward(module, call.id, call.func))
        })
    }

    /// Whether a call is followed or known to leave the process alone.
    fn is_inward(&self, module: &Module, call: ExprId, func: ExprId) -> bool {
        let mut edges = self.calls.edges_at(module, call).peekable();
        if edges.peek().is_none() {
            return module.last_name(func).is_some_and(|name| INWARD_METHODS.contains(&name));
        }
        edges.all(|edge| match edge.callee {
            Callee::Function(_) => true,
            Callee::External(path) => {
                let path = self.calls.path(path);
                let is_below = |library: &str| {
                    path.strip_prefix(library).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
                };
                (!path.contains('.') && !matches!(path, "open" | "exec" | "eval" | "__import__"))
                    || INWARD.iter().any(|library| is_below(library))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::Project;
    use crate::facts::testing::project;
    use pyaudit_python::{StmtId, StmtKind};

    /// The function `f` of a module with this text.
    fn asked<T>(text: &str, question: impl Fn(&Project, &crate::Module, StmtId) -> T) -> T {
        let project = project(&[("app/jobs.py", text)]);
        let module = project.modules.iter().next().expect("it was parsed");
        let syntax = &module.python.syntax;
        let function = syntax.stmts().find_map(|(id, stmt)| match &stmt.kind {
            StmtKind::FunctionDef(function) if syntax.identifier(function.name) == "f" => Some(id),
            _ => None,
        });
        question(&project, module, function.expect("it is defined"))
    }

    #[test]
    fn locks_of_all_processes_elect_and_those_of_one_do_not() {
        for text in [
            "def f(db):\n    db.execute('SELECT pg_try_advisory_lock(1)')\n",
            "def f(redis):\n    if redis.set('leader', '1', nx=True): ...\n",
            "def f(): return held()\ndef held():\n    with FileLock('x'): ...\n",
            "async def f(): await try_acquire_leader_lock()\n",
        ] {
            assert!(asked(text, Project::elects), "{text}");
        }
        for text in [
            "import asyncio\nlock = asyncio.Lock()\nasync def f():\n    await lock.acquire()\n",
            "def f(redis):\n    redis.set('a', '1')\n",
            "def f(db):\n    db.execute('SELECT pg_advisory_unlock(1)')\n",
        ] {
            assert!(!asked(text, Project::elects), "{text}");
        }
    }

    #[test]
    fn work_is_claimed_by_locked_rows_and_leases() {
        for text in [
            "def f(db):\n    db.query(Job).with_for_update(skip_locked=True).first()\n",
            "def f(db):\n    db.execute('SELECT 1 FOR UPDATE SKIP LOCKED')\n",
            "def f(store):\n    store.claim_next_job()\n",
        ] {
            assert!(asked(text, Project::claims_work), "{text}");
        }
        assert!(!asked("def f(db):\n    db.query(Job).with_for_update().first()\n", Project::claims_work));
    }

    #[test]
    fn memory_and_the_log_are_no_work_for_others() {
        let sweep = "import asyncio, logging\nlog = logging.getLogger()\nseen = {}\nasync def f():\n    while True:\n        \
            for key in list(seen):\n            forget(key)\n        log.info('swept')\n        await asyncio.sleep(1)\n\
            def forget(key):\n    seen.pop(key, None)\n";
        assert!(asked(sweep, Project::stays_in_memory));
        for text in [
            "import httpx\ndef f():\n    httpx.get('https://a.b')\n",
            "def f(session):\n    session.commit()\n",
            "def f(): return g()\ndef g():\n    open('x')\n",
        ] {
            assert!(!asked(text, Project::stays_in_memory), "{text}");
        }
    }
}
