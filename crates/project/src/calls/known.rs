//! Paths that the linker asks for by name.

use super::interner::{Atom, Atoms, PathId, Paths};
use super::number_map::{NumberMap, NumberSet};
use crate::types::DEPENDS;

/// What a call of something external gives, where it is not an object of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Special {
    /// `super()`.
    Super,
    /// The type of its first argument: `copy.copy(x)`, `asyncio.create_task(f())`.
    First,
    /// What a call of its first argument gives: `asyncio.to_thread(f)`.
    CallFirst,
    /// The element of its first argument: `next(xs)`.
    Element,
    /// A container of the elements of its first argument: `list(xs)`.
    Elements,
    /// The function that is its first argument: `functools.partial(f)`.
    Partial,
    /// The class of its first argument: `type(x)`.
    ClassOf,
    /// The type that its first argument names: `typing.cast(X, y)`.
    Cast,
    /// The decorator keeps the function as it is: `functools.wraps(f)`.
    Identity,
}

/// External callables by what their call gives.
const SPECIALS: &[(Special, &[&str])] = &[
    (Special::Super, &["super"]),
    (
        Special::First,
        &[
            "copy.copy",
            "copy.deepcopy",
            "dataclasses.replace",
            "asyncio.create_task",
            "asyncio.ensure_future",
            "asyncio.wait_for",
            "asyncio.shield",
            "asyncio.run",
            "anyio.run",
            "contextlib.closing",
            "contextlib.aclosing",
            "asgiref.sync.async_to_sync",
        ],
    ),
    (
        Special::CallFirst,
        &[
            "asyncio.to_thread",
            "anyio.to_thread.run_sync",
            "starlette.concurrency.run_in_threadpool",
            "fastapi.concurrency.run_in_threadpool",
        ],
    ),
    (Special::Element, &["next", "anext", "min", "max", "random.choice"]),
    (Special::Elements, &["list", "tuple", "set", "frozenset", "sorted", "reversed", "iter", "aiter", "enumerate"]),
    (
        Special::Partial,
        &["functools.partial", "functools.partialmethod", "asgiref.sync.sync_to_async", "functools.cache"],
    ),
    (Special::ClassOf, &["type"]),
    (Special::Cast, &["typing.cast", "typing_extensions.cast"]),
    (Special::Identity, &["functools.wraps"]),
];

/// How a callable runs a function that it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passing {
    /// In a thread, process or worker.
    OffLoop,
    /// In a thread if it is synchronous, on the event loop if not: tasks and jobs of frameworks.
    OffLoopIfSync,
    /// Where the callable itself runs.
    Here,
    /// Its argument is a coroutine or awaitable, which it awaits.
    Awaits,
    /// Its argument is a coroutine, which it starts and does not wait for.
    Starts,
}

/// External callables that run a function they are given.
const WRAPPERS: &[(Passing, &[&str])] = &[
    (
        Passing::OffLoop,
        &[
            "asyncio.to_thread",
            "anyio.to_thread.run_sync",
            "starlette.concurrency.run_in_threadpool",
            "fastapi.concurrency.run_in_threadpool",
            "asgiref.sync.sync_to_async",
            "threading.Thread",
            "threading.Timer",
            "multiprocessing.Process",
            "concurrent.futures.ThreadPoolExecutor.submit",
            "concurrent.futures.ThreadPoolExecutor.map",
            "concurrent.futures.ProcessPoolExecutor.submit",
            "concurrent.futures.ProcessPoolExecutor.map",
            "rq.Queue.enqueue",
            "rq.Queue.enqueue_call",
            "rq.Queue.enqueue_at",
            "rq.Queue.enqueue_in",
            "rq_scheduler.Scheduler.enqueue_at",
            "rq_scheduler.Scheduler.enqueue_in",
            "rq_scheduler.Scheduler.schedule",
            "rq_scheduler.Scheduler.cron",
        ],
    ),
    (Passing::OffLoopIfSync, &["starlette.background.BackgroundTask", "fastapi.BackgroundTasks.add_task"]),
    (
        Passing::Here,
        &[
            "map",
            "filter",
            "sorted",
            "min",
            "max",
            "functools.reduce",
            "itertools.groupby",
            "itertools.takewhile",
            "itertools.dropwhile",
            "itertools.starmap",
            "list.sort",
            "re.sub",
        ],
    ),
    (
        Passing::Awaits,
        &[
            "asyncio.gather",
            "asyncio.wait_for",
            "asyncio.wait",
            "asyncio.shield",
            "asyncio.run",
            "asyncio.as_completed",
        ],
    ),
    (Passing::Starts, &["asyncio.create_task", "asyncio.ensure_future", "asyncio.run_coroutine_threadsafe"]),
];

/// Methods that run a function they are given, whatever object has them: their names are of nothing else.
const METHODS: &[(&str, Passing)] = &[
    ("run_in_executor", Passing::OffLoop),
    ("add_task", Passing::OffLoopIfSync),
    ("add_job", Passing::OffLoopIfSync),
    // SQLAlchemy runs it in a greenlet, whose queries do not hold up the event loop.
    ("run_sync", Passing::OffLoop),
    ("call_soon", Passing::Here),
    ("call_later", Passing::Here),
    ("call_soon_threadsafe", Passing::Here),
    ("start_soon", Passing::Starts),
    ("create_task", Passing::Starts),
    ("run_until_complete", Passing::Awaits),
];

/// Paths and names that have a meaning of their own.
#[derive(Debug)]
pub(super) struct Known {
    pub tuple: PathId,
    pub list: PathId,
    pub set: PathId,
    pub dict: PathId,
    pub items: PathId,
    pub enumerate: PathId,
    pub generator: PathId,
    /// What a function decorated as a context manager gives.
    pub manager: PathId,
    pub text: PathId,
    pub bytes: PathId,
    pub int: PathId,
    pub float: PathId,
    pub boolean: PathId,
    pub object: PathId,
    pub sessionmaker: PathId,
    pub async_sessionmaker: PathId,
    pub context_variable: PathId,
    pub init: Atom,
    pub post_init: Atom,
    pub new: Atom,
    pub call: Atom,
    pub getitem: Atom,
    pub setitem: Atom,
    pub delitem: Atom,
    pub iter: Atom,
    pub aiter: Atom,
    pub next: Atom,
    pub anext: Atom,
    pub enter: Atom,
    pub aenter: Atom,
    pub exit: Atom,
    pub aexit: Atom,
    pub depends: NumberSet<PathId>,
    pub methods: NumberMap<Atom, Passing>,
    specials: NumberMap<PathId, Special>,
    wrappers: NumberMap<PathId, Passing>,
}

impl Known {
    pub(super) fn new(atoms: &mut Atoms<'_>, paths: &mut Paths) -> Self {
        let mut specials = NumberMap::default();
        for (special, names) in SPECIALS {
            for name in *names {
                specials.extend(paths.intern(name, atoms).map(|path| (path, *special)));
            }
        }
        let depends = DEPENDS.iter().filter_map(|name| paths.intern(name, atoms)).collect();
        let wrappers = WRAPPERS.iter().flat_map(|(passing, names)| names.iter().map(move |name| (*name, *passing)));
        let wrappers: Vec<(&str, Passing)> = wrappers.collect();
        let wrappers = wrappers.into_iter().filter_map(|(name, passing)| Some((paths.intern(name, atoms)?, passing)));
        let wrappers = wrappers.collect();
        let methods = METHODS.iter().map(|(name, passing)| (atoms.intern(name), *passing)).collect();
        let mut path = |name: &'static str| {
            let short = "the names of this table are short";
            paths.intern(name, atoms).expect(short)
        };
        Self {
            tuple: path("tuple"),
            list: path("list"),
            set: path("set"),
            dict: path("dict"),
            items: path("dict.items"),
            enumerate: path("enumerate"),
            generator: path("typing.Generator"),
            manager: path("contextlib.contextmanager"),
            text: path("str"),
            bytes: path("bytes"),
            int: path("int"),
            float: path("float"),
            boolean: path("bool"),
            object: path("object"),
            sessionmaker: path("sqlalchemy.orm.sessionmaker"),
            async_sessionmaker: path("sqlalchemy.ext.asyncio.async_sessionmaker"),
            context_variable: path("contextvars.ContextVar"),
            init: atoms.intern("__init__"),
            post_init: atoms.intern("__post_init__"),
            new: atoms.intern("__new__"),
            call: atoms.intern("__call__"),
            setitem: atoms.intern("__setitem__"),
            delitem: atoms.intern("__delitem__"),
            getitem: atoms.intern("__getitem__"),
            iter: atoms.intern("__iter__"),
            aiter: atoms.intern("__aiter__"),
            next: atoms.intern("__next__"),
            anext: atoms.intern("__anext__"),
            enter: atoms.intern("__enter__"),
            aenter: atoms.intern("__aenter__"),
            exit: atoms.intern("__exit__"),
            aexit: atoms.intern("__aexit__"),
            depends,
            methods,
            specials,
            wrappers,
        }
    }

    /// How an external callable runs a function that it is given.
    pub(super) fn passing(&self, path: PathId) -> Option<Passing> {
        self.wrappers.get(&path).copied()
    }

    /// What a call of this callable gives, where that is special.
    pub(super) fn special(&self, path: PathId) -> Option<Special> {
        self.specials.get(&path).copied()
    }
}
