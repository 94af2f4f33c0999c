//! Dependencies, libraries, threads, workers, decorators, callbacks, guesses, and look-alikes that are not linked.

use crate::support::{SERVICE, edges, edges_of, name, project};

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

#[test]
fn a_method_that_is_read_as_a_value_may_be_any_that_fits_its_protocol() {
    let source = "from typing import Protocol\nclass Translator(Protocol):\n    def t(self, key): ...\n\
                  class Json:\n    def t(self, key): pass\nclass Controller:\n    translator: Translator\n\
                  \x20   @property\n    def t(self):\n        return self.translator.t\n    def run(self):\n        self.t('x')\n";
    assert_eq!(edges(source, "Controller.run"), ["m:Controller.t property", "m:Translator.t call?", "m:Json.t call?"]);
}

#[test]
fn a_class_that_fulfils_a_protocol_means_its_own_methods() {
    let source = "from typing import Protocol\nclass P(Protocol):\n    def load(self): ...\nclass Base(P):\n    def load(self): pass\n\
                  class Other:\n    def load(self): pass\ndef use(b: Base):\n    b.load()\n";
    assert_eq!(edges(source, "use"), ["m:Base.load call"]);
}

#[test]
fn an_abstract_method_stands_for_those_that_override_it() {
    let source = "from abc import ABC, abstractmethod\nclass A(ABC):\n    @abstractmethod\n    def run(self): ...\nclass B(A):\n    def run(self): pass\n\
                  def use(a: A):\n    a.run()\n";
    assert_eq!(edges(source, "use"), ["m:A.run call?", "m:B.run call?"]);
}

#[test]
fn a_declared_attribute_is_not_run_by_those_who_read_it() {
    let source = "from sqlalchemy.orm import declared_attr, relationship\nclass M:\n    @declared_attr\n    def project(cls):\n        return relationship('P')\n\
                  def use(m: M):\n    m.project\n";
    assert_eq!(edges(source, "use"), Vec::<String>::new());
}

#[test]
fn a_context_variable_gives_what_it_holds() {
    for variable in ["ContextVar('x', default=Service())", "ContextVar('x')"] {
        let source = format!(
            "{SERVICE}from contextvars import ContextVar\nvar: ContextVar[Service] = {variable}\ndef use():\n    var.get().run()\n"
        );
        assert!(edges(&source, "use").contains(&"m:Service.run call".to_owned()), "{variable}");
    }
}

#[test]
fn what_descendants_have_from_other_bases_is_guessed() {
    let source = "from sqlalchemy.orm import DeclarativeBase\nclass Base(DeclarativeBase): pass\nclass Mixin:\n    def patch(self): pass\n\
                  class User(Base, Mixin): pass\ndef use(row: Base):\n    row.patch()\n";
    assert_eq!(edges(source, "use"), ["m:Mixin.patch call?"]);
}

#[test]
fn an_outer_wrapper_calls_the_next_one() {
    let source = "def one(f):\n    def w1(): return f()\n    return w1\ndef two(f):\n    def w2(): return f()\n    return w2\n\
                  @one\n@two\ndef work(): pass\n";
    assert_eq!(edges(source, "one.<locals>.w1"), ["m:two.<locals>.w2 decorator?"]);
    assert_eq!(edges(source, "two.<locals>.w2"), ["m:work decorator?"]);
}

#[test]
fn models_are_made_by_their_class_methods_too() {
    let source = "from pydantic import BaseModel, field_validator\nclass Item(BaseModel):\n    @field_validator('a')\n    def check(cls, v): pass\n\
                  \x20   def run(self): pass\ndef use(row):\n    Item.model_validate(row).run()\n";
    assert_eq!(
        edges(source, "use"),
        ["m:Item.check constructor?", "pydantic.BaseModel.model_validate call", "m:Item.run call"]
    );
}

#[test]
fn what_a_constructor_is_given_tells_what_its_parameter_is() {
    let main = "import boto3\nfrom store import Store, Other\nclient = boto3.client('s3')\n\
        store = Store(client, bucket='b')\nother = Other(store=Store(client, 'c'))\n";
    let store = "class Store:\n    def __init__(self, s3, bucket):\n        self.s3 = s3\n        self.bucket = bucket\n\
        \x20   def keep(self):\n        self.s3.put_object()\n\
        class Other:\n    def __init__(self, store):\n        self.store = store\n\
        \x20   def keep(self):\n        self.store.keep()\n";
    let project = project(&[("main.py", main), ("store.py", store)]);
    assert_eq!(edges_of(&project, "store:Store.keep"), ["boto3.client.put_object call"]);
    assert_eq!(edges_of(&project, "store:Other.keep"), ["store:Store.keep call"]);
    let tests = "import boto3\nfrom store import Store\nStore(boto3.client('s3'), 'b')\n";
    let only_tests = crate::support::project(&[("tests/test_store.py", tests), ("store.py", store)]);
    assert!(edges_of(&only_tests, "store:Store.keep").is_empty(), "what tests give is no evidence");
}
