//! Which function calls which: every form in which a callee is known, and look-alikes that are not linked.

use pyaudit_project::calls::{Callee, Colour, Confidence, Edge, EdgeKind, FunctionId};
use pyaudit_project::{Project, analyse};
use pyaudit_source::{MemoryFile, MemoryGit, Sources};

/// A project of Python files given as pairs of a path and a text.
fn project(files: &[(&str, &str)]) -> Project {
    let files = files.iter().map(|(path, text)| MemoryFile::new(*path, *text));
    let sources = Sources::from_memory(files, MemoryGit::None);
    let data = analyse(&sources);
    Project::build(sources, data)
}

fn name(project: &Project, function: FunctionId) -> String {
    let module = project.modules.get(project.calls.function(function).module);
    format!("{}:{}", module.name, project.calls.qualname(project, function))
}

/// `caller -> callee kind`, with `?` for a guess and `off` for another thread.
fn text(project: &Project, edge: &Edge) -> String {
    let callee = match edge.callee {
        Callee::Function(function) => name(project, function),
        Callee::External(path) => project.calls.path(path).to_owned(),
    };
    let kind = match edge.kind {
        EdgeKind::Call => "call",
        EdgeKind::Await => "await",
        EdgeKind::Depends => "depends",
        EdgeKind::Decorator => "decorator",
        EdgeKind::Constructor => "constructor",
        EdgeKind::Super => "super",
        EdgeKind::Callback => "callback",
        EdgeKind::Property => "property",
        EdgeKind::Protocol => "protocol",
    };
    let guess = if edge.confidence == Confidence::Guess { "?" } else { "" };
    let thread = if edge.off_loop { " off" } else { "" };
    format!("{} -> {callee} {kind}{guess}{thread}", name(project, edge.caller))
}

/// The edges of one function, in the order of the source.
fn edges_of(project: &Project, caller: &str) -> Vec<String> {
    let all = project.calls.edges().iter().filter(|edge| name(project, edge.caller) == caller);
    let prefix = format!("{caller} -> ");
    all.map(|edge| text(project, edge).trim_start_matches(&prefix).to_owned()).collect()
}

/// The edges of one function of the only file, `m.py`.
fn edges(source: &str, caller: &str) -> Vec<String> {
    edges_of(&project(&[("m.py", source)]), &format!("m:{caller}"))
}

const SERVICE: &str =
    "class Service:\n    def __init__(self, db=None):\n        self.db = db\n    def run(self):\n        return 1\n";

#[test]
fn functions_and_modules_are_numbered_in_order_of_their_places() {
    let project = project(&[("m.py", "def a():\n    def b(): yield\n    return lambda: b\nasync def c(): yield\n")]);
    let all: Vec<_> = project.calls.functions().map(|(id, row)| (name(&project, id), row.colour)).collect();
    let expected = [
        ("m:", Colour::Sync),
        ("m:a", Colour::Sync),
        ("m:a.<locals>.b", Colour::Generator),
        ("m:a.<locals>.<lambda>", Colour::Sync),
        ("m:c", Colour::AsyncGenerator),
    ];
    assert_eq!(all, expected.map(|(name, colour)| (name.to_owned(), colour)));
}

#[test]
fn functions_of_other_modules_are_called_through_aliases_and_re_exports() {
    let project = project(&[
        ("app/__init__.py", "from .work import do as work\n"),
        ("app/work.py", "def do(): pass\ndef other(): pass\n"),
        ("app/stars.py", "from app.work import *\n"),
        ("plain/tools.py", "def tool(): pass\n"),
        (
            "main.py",
            "import app.work as w\nfrom app import work\nfrom app.stars import other\nimport plain.tools\n\
             def run():\n    w.do()\n    work()\n    other()\n    plain.tools.tool()\n",
        ),
    ]);
    let expected = ["app.work:do call", "app.work:do call", "app.work:other call", "plain.tools:tool call"];
    assert_eq!(edges_of(&project, "main:run"), expected);
}

#[test]
fn what_a_star_import_brings_hides_the_submodule_of_its_name() {
    let project = project(&[
        ("base/__init__.py", "from .controller import *\n"),
        ("base/controller.py", "def controller(): pass\n"),
        ("main.py", "from base import controller\ndef run():\n    controller()\n"),
    ]);
    assert_eq!(edges_of(&project, "main:run"), ["base.controller:controller call"]);
}

#[test]
fn methods_are_found_through_self_bases_and_super() {
    let source = "class Base:\n    def hook(self): pass\n    def shared(self): pass\n    def run(self):\n        self.hook()\n\
                  class Child(Base):\n    def hook(self):\n        super().hook()\n        self.shared()\n\
                  def use(child: Child):\n    child.run()\n    Child().hook()\n";
    assert_eq!(edges(source, "Base.run"), ["m:Base.hook call", "m:Child.hook call?"]);
    assert_eq!(edges(source, "Child.hook"), ["super call", "m:Base.hook super", "m:Base.shared call"]);
    assert_eq!(edges(source, "use"), ["m:Base.run call", "m:Child.hook call"]);
}

#[test]
fn the_nearest_base_in_pythons_order_is_meant() {
    let source = "class Root:\n    def run(self): pass\nclass Left(Root): pass\nclass Right(Root):\n    def run(self): pass\n\
                  class Both(Left, Right): pass\ndef use():\n    Both().run()\n";
    assert_eq!(edges(source, "use"), ["m:Right.run call"]);
}

#[test]
fn constructors_callables_and_dataclasses_run_their_methods() {
    let source = "from dataclasses import dataclass\nclass A:\n    def __init__(self): pass\n    def __call__(self): pass\n\
                  class B(A): pass\n@dataclass\nclass C:\n    a: A\n    def __post_init__(self): self.a()\n\
                  def use():\n    b = B()\n    b()\n    C(b)\n";
    assert_eq!(
        edges(source, "use"),
        ["m:A.__init__ constructor", "m:A.__call__ call", "m:C.__post_init__ constructor"]
    );
    assert_eq!(edges(source, "C.__post_init__"), ["m:A.__call__ call"]);
}

#[test]
fn singletons_are_known_in_other_modules() {
    let project = project(&[
        ("services.py", &format!("{SERVICE}SERVICE = Service()\n")),
        (
            "main.py",
            "from services import SERVICE\nimport services\ndef use():\n    SERVICE.run()\n    services.SERVICE.run()\n",
        ),
    ]);
    assert_eq!(edges_of(&project, "main:use"), ["services:Service.run call", "services:Service.run call"]);
    assert_eq!(edges_of(&project, "services:"), ["services:Service.__init__ constructor"]);
}

#[test]
fn attributes_of_self_are_known_by_assignment_annotation_and_parameter() {
    let head = format!("{SERVICE}class Other:\n    def go(self): pass\n");
    for holder in [
        "    def __init__(self):\n        self.service = Service()\n",
        "    def __init__(self, service: Service):\n        self.service = service\n",
        "    def __init__(self, service: 'Service | None' = None):\n        self.service = service or Service()\n",
        "    def __init__(self, service):\n        self.service: Service = service\n",
        "    service: Service\n",
        "    service = Service()\n",
        "    @property\n    def service(self) -> Service: ...\n",
        "    def __init__(self):\n        with Service() as self.service: pass\n",
    ] {
        let source = format!("{head}class Holder:\n{holder}    def use(self):\n        self.service.run()\n");
        let found = edges(&source, "Holder.use");
        assert_eq!(found.last().map(String::as_str), Some("m:Service.run call"), "{holder}");
    }
}

#[test]
fn properties_run_when_they_are_read() {
    let source = format!(
        "{SERVICE}from functools import cached_property\nclass H:\n    @property\n    def a(self): return Service()\n\
         \x20   @a.setter\n    def a(self, value): pass\n    @cached_property\n    def b(self): return Service()\n\
         \x20   def plain(self): pass\ndef use(h: H):\n    h.a.run()\n    h.b.run()\n    h.plain\n"
    );
    let expected = ["m:H.a property", "m:Service.run call", "m:H.b property", "m:Service.run call"];
    assert_eq!(edges(&source, "use"), expected);
}

#[test]
fn local_types_come_from_annotations_constructors_returns_and_managers() {
    for body in [
        "def use(s: Service):\n    s.run()\n",
        "from typing import Optional\ndef use(s: Optional[Service] = None):\n    s.run()\n",
        "def use(s: 'Service'):\n    s.run()\n",
        "def make() -> Service: ...\ndef use():\n    s = make()\n    s.run()\n",
        "def make():\n    return Service()\ndef use():\n    make().run()\n",
        "async def make():\n    return Service()\nasync def use():\n    s = await make()\n    s.run()\n",
        "from contextlib import contextmanager\n@contextmanager\ndef lend():\n    yield Service()\n\
         def use():\n    with lend() as s:\n        s.run()\n",
        "def use(s):\n    if isinstance(s, Service):\n        s.run()\n",
        "def use(s):\n    if not isinstance(s, Service):\n        return\n    s.run()\n",
        "def use(s):\n    assert isinstance(s, Service)\n    s.run()\n",
        "def use():\n    if (s := Service()):\n        s.run()\n",
        "def use(all: list[Service]):\n    for s in all:\n        s.run()\n",
        "def use(all: dict[str, Service]):\n    for key, s in all.items():\n        s.run()\n",
        "def use(all: dict[str, Service]):\n    all['a'].run()\n",
        "def use():\n    return [s.run() for s in [Service(), Service()]]\n",
        "from typing import cast\ndef use(s):\n    cast(Service, s).run()\n",
        "def use():\n    s = print()\n    s = Service()\n    s.run()\n",
        "Alias = Service\ndef use(s: Alias):\n    s.run()\n",
        "from typing import TypeVar\nT = TypeVar('T', bound=Service)\ndef use(s: T):\n    s.run()\n",
    ] {
        let found = edges(&format!("{SERVICE}{body}"), "use");
        assert!(found.contains(&"m:Service.run call".to_owned()), "{body}{found:?}");
    }
}

#[test]
fn methods_that_return_their_object_can_be_chained() {
    let source = "from typing import Self\nclass Q:\n    def where(self): return self\n    def limit(self) -> Self: ...\n\
                  class Sub(Q):\n    def only(self): pass\ndef use():\n    Sub().where().limit().only()\n";
    assert_eq!(edges(source, "use"), ["m:Q.where call", "m:Q.limit call", "m:Sub.only call"]);
}

#[test]
fn dependencies_are_calls_before_the_handler_and_plain_ones_run_in_threads() {
    let source = format!(
        "{SERVICE}from typing import Annotated\nfrom fastapi import APIRouter, Depends\nrouter = APIRouter()\n\
         async def current(): return Service()\ndef lend():\n    yield Service()\nasync def guard(): pass\n\
         Current = Annotated[Service, Depends(current)]\n\
         @router.get('/', dependencies=[Depends(guard)])\n\
         async def handler(a: Current, b: Annotated[Service, Depends()], c=Depends(lend), d: Service = Depends()):\n\
         \x20   a.run()\n    c.run()\n    d.run()\n"
    );
    let mut found = edges(&source, "handler");
    found.sort();
    let expected = [
        "m:Service.__init__ depends off",
        "m:Service.__init__ depends off",
        "m:Service.run call",
        "m:Service.run call",
        "m:Service.run call",
        "m:current depends",
        "m:guard depends",
        "m:lend depends off",
    ];
    assert_eq!(found, expected);
    let project = project(&[("m.py", &source)]);
    let entry = |wanted: &str| {
        let mut all = project.calls.functions();
        all.find(|&(id, _)| name(&project, id) == wanted).map(|(_, function)| function.entry)
    };
    assert!(entry("m:handler").is_some_and(|entry| entry.route && !entry.dependency));
    assert!(entry("m:lend").is_some_and(|entry| entry.dependency && !entry.route));
}

#[test]
fn the_receiver_of_a_library_keeps_its_dotted_type() {
    let source = "import httpx, requests, redis\nfrom sqlalchemy.orm import Session, sessionmaker\n\
                  Local = sessionmaker()\nasync def use(db: Session):\n\
                  \x20   async with httpx.AsyncClient() as client:\n        await client.get('/')\n\
                  \x20   requests.Session().post('/')\n    db.execute('x')\n    redis.Redis.from_url('x').get('a')\n\
                  \x20   with Local() as local:\n        local.query(1).first()\n";
    let expected = [
        "httpx.AsyncClient await",
        "httpx.AsyncClient.get await",
        "requests.Session call",
        "requests.Session.post call",
        "sqlalchemy.orm.Session.execute call",
        "redis.Redis.from_url call",
        "redis.Redis.get call",
        "sqlalchemy.orm.sessionmaker.__call__ call",
        "sqlalchemy.orm.Session.query call",
        "sqlalchemy.orm.Session.query.first call",
    ];
    assert_eq!(edges(source, "use"), expected);
}

#[test]
fn functions_passed_to_threads_run_off_the_loop() {
    let source = "import asyncio, threading\nfrom functools import partial\nfrom fastapi import BackgroundTasks\n\
                  from fastapi.concurrency import run_in_threadpool\ndef work(): pass\nasync def later(): pass\n\
                  async def use(tasks: BackgroundTasks):\n    await run_in_threadpool(work)\n    await asyncio.to_thread(work)\n\
                  \x20   loop = asyncio.get_running_loop()\n    await loop.run_in_executor(None, work)\n\
                  \x20   await loop.run_in_executor(None, partial(work))\n    threading.Thread(target=work).start()\n\
                  \x20   tasks.add_task(work)\n    tasks.add_task(later)\n    asyncio.create_task(later())\n\
                  \x20   await asyncio.gather(*[later() for _ in range(2)])\n";
    let own: Vec<String> = edges(source, "use").into_iter().filter(|edge| edge.starts_with("m:")).collect();
    let expected = [
        "m:work callback off",
        "m:work callback off",
        "m:work callback off",
        "m:work callback off",
        "m:work callback off",
        "m:work callback off",
        "m:later callback",
        "m:later callback",
        "m:later await",
    ];
    assert_eq!(own, expected);
}

#[test]
fn a_task_of_a_worker_runs_elsewhere() {
    let source =
        "from celery import Celery\napp = Celery()\n@app.task\ndef send(): pass\ndef use():\n    send.delay()\n";
    assert_eq!(edges(source, "use"), ["m:send callback off"]);
    let project = project(&[("m.py", source)]);
    assert!(project.calls.functions().any(|(id, row)| name(&project, id) == "m:send" && row.entry.task));
}

#[test]
fn a_decorated_function_is_called_with_its_wrapper() {
    let source = "def timed(f):\n    def wrapper(*a):\n        return f(*a)\n    return wrapper\n\
                  def retry(times):\n    def decorator(f):\n        async def again(): return await f()\n        return again\n    return decorator\n\
                  @timed\ndef one(): pass\n@retry(3)\nasync def two(): pass\nasync def use():\n    one()\n    await two()\n";
    let expected = [
        "m:timed.<locals>.wrapper call",
        "m:one call",
        "m:retry.<locals>.decorator.<locals>.again await",
        "m:two await",
    ];
    assert_eq!(edges(source, "use"), expected);
    assert_eq!(edges(source, "timed.<locals>.wrapper"), ["m:one decorator?"]);
    assert_eq!(edges(source, ""), ["m:timed decorator", "m:retry call", "m:retry.<locals>.decorator decorator"]);
}

#[test]
fn partials_nested_functions_and_lambdas_are_functions() {
    let source = "from functools import partial\ndef f(a): pass\ndef use():\n    g = partial(f, 1)\n    g()\n\
                  \x20   def inner(): f(1)\n    inner()\n    sorted([], key=lambda x: f(x))\n    sorted([], key=f)\n";
    let own: Vec<String> = edges(source, "use").into_iter().filter(|edge| edge.starts_with("m:")).collect();
    assert_eq!(own, ["m:f call", "m:use.<locals>.inner call", "m:use.<locals>.<lambda> callback", "m:f callback"]);
    assert_eq!(edges(source, "use.<locals>.<lambda>"), ["m:f call"]);
}

#[test]
fn a_function_that_calls_its_parameter_may_call_what_it_is_given() {
    let source = "def apply(f, x):\n    return f(x)\ndef keep(f):\n    return [f]\ndef work(x): pass\n\
                  def use():\n    apply(work, 1)\n    keep(work)\n";
    assert_eq!(edges(source, "apply"), ["m:work callback?"]);
    assert_eq!(edges(source, "keep"), Vec::<String>::new());
}

#[test]
fn context_managers_and_subscripts_run_methods() {
    let source = "class A:\n    def __enter__(self): return self\n    def __exit__(self, *a): pass\n    def __getitem__(self, i): pass\n\
                  \x20   def run(self): pass\ndef use():\n    with A() as a:\n        a.run()\n        a[0]\n";
    let expected = ["m:A.__enter__ protocol", "m:A.__exit__ protocol", "m:A.run call", "m:A.__getitem__ protocol"];
    assert_eq!(edges(source, "use"), expected);
}

#[test]
fn several_values_of_a_name_are_guesses() {
    let source = format!(
        "{SERVICE}class Other:\n    def run(self): pass\ndef use(flag):\n    if flag:\n        s = Service()\n    else:\n        s = Other()\n    s.run()\n"
    );
    let found = edges(&source, "use");
    assert_eq!(found, ["m:Service.__init__ constructor", "m:Service.run call?", "m:Other.run call?"]);
}

#[test]
fn a_method_of_an_unknown_object_is_guessed_by_a_name_that_only_one_class_has() {
    let source = "class A:\n    def settle_invoice(self, x): pass\n    def get(self, x): pass\n\
                  def use(a):\n    a.settle_invoice(1)\n    a.get(1)\n    a.settle_invoice(1, 2, 3)\n";
    assert_eq!(edges(source, "use"), ["m:A.settle_invoice call?"]);
}

#[test]
fn look_alikes_are_not_linked() {
    let source = format!(
        "{SERVICE}class Twin:\n    def run(self): pass\ndef helper(): pass\n\
         def parameter(helper):\n    helper()\n\
         def shadowed():\n    helper = print\n    helper()\n\
         def unknown(x):\n    x.run()\n\
         def text():\n    'Service().run()'\n    # helper()\n\
         def attribute(x):\n    x.helper()\n\
         def reference():\n    return helper\n\
         def of_library():\n    import other\n    other.helper()\n\
         def narrowed(s):\n    if isinstance(s, Service):\n        pass\n    s.run()\n"
    );
    for caller in ["parameter", "unknown", "text", "attribute", "reference"] {
        assert_eq!(edges(&source, caller), Vec::<String>::new(), "{caller}");
    }
    assert_eq!(edges(&source, "shadowed"), ["print call"]);
    assert_eq!(edges(&source, "of_library"), ["other.helper call"]);
    assert_eq!(edges(&source, "narrowed"), ["isinstance call"]);
}

#[test]
fn two_functions_of_one_name_are_told_apart_by_their_modules() {
    let project = project(&[
        ("a/util.py", "def clean(): pass\n"),
        ("b/util.py", "def clean(): pass\n"),
        ("main.py", "from a import util\nfrom b.util import clean\ndef use():\n    util.clean()\n    clean()\n"),
    ]);
    assert_eq!(edges_of(&project, "main:use"), ["a.util:clean call", "b.util:clean call"]);
}

#[test]
fn code_that_refers_to_itself_in_circles_ends() {
    let lines: Vec<String> = (0..400).map(|at| format!("a{at} = a{}.x(a{})", at + 1, at + 2)).collect();
    let many = lines.join("\n");
    let chain = format!("x{}\n", ".f()".repeat(5000));
    let project = project(&[
        (
            "a.py",
            "from b import *\nfrom b import y\nx = y\nclass A(A): pass\nclass B(C): pass\nclass C(B):\n    def f(self): self.g()\n",
        ),
        ("b.py", "from a import *\nfrom a import x\ny = x\ny()\ndef f(): return f()\nf().z()\n"),
        ("c.py", &many),
        ("d.py", &chain),
    ]);
    assert!(project.calls.edges().len() < 20_000);
}

#[test]
fn callers_can_be_asked_for() {
    let project = project(&[("m.py", "def f(): pass\ndef a():\n    f()\ndef b():\n    f()\n    f()\n")]);
    let mut all = project.calls.functions();
    let f = all.find(|&(id, _)| name(&project, id) == "m:f").map(|(id, _)| id).expect("the function is there");
    let callers: Vec<(String, u32)> =
        project.calls.edges_to(f).map(|edge| (name(&project, edge.caller), edge.line(&project))).collect();
    assert_eq!(callers, [("m:a".to_owned(), 3), ("m:b".to_owned(), 5), ("m:b".to_owned(), 6)]);
    assert_eq!(project.calls.edges_from(f).len(), 0);
}
