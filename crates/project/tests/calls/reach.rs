//! What functions reach, by which places, and what is said of a call of something external.

use crate::support::{name, project};
use pyaudit_project::Project;
use pyaudit_project::calls::{Chain, Confidence, EdgeKind, FunctionId, Kind};
use pyaudit_python::ExprKind;

fn function(project: &Project, wanted: &str) -> FunctionId {
    let found = project.calls.functions().map(|(id, _)| id).find(|&id| name(project, id) == wanted);
    found.unwrap_or_else(|| panic!("no function `{wanted}`"))
}

/// `line line symbol`, with `?` for a guess.
fn text(project: &Project, chain: &Chain) -> String {
    let lines: Vec<String> = chain.edges.iter().map(|edge| edge.line(project).to_string()).collect();
    let guess = if chain.confidence == Confidence::Guess { "?" } else { "" };
    format!("{} {}{guess}", lines.join(" "), chain.symbol(&project.calls))
}

/// The chains that hold up the thread of a function of the only file, `m.py`.
fn blocking(source: &str, of: &str) -> Vec<String> {
    let project = project(&[("m.py", source)]);
    let chains = project.calls.blocking_chains(function(&project, &format!("m:{of}")));
    chains.iter().map(|chain| text(&project, chain)).collect()
}

fn reached(source: &str, of: &str, kind: Kind) -> Option<String> {
    let project = project(&[("m.py", source)]);
    let chain = project.calls.reaches(function(&project, &format!("m:{of}")), kind)?;
    Some(text(&project, &chain))
}

#[test]
fn the_shortest_chain_leads_through_other_modules_to_the_place() {
    let project = project(&[
        ("client.py", "import requests as r\ndef fetch(url):\n    return r.get(url)\n"),
        (
            "service.py",
            "from client import fetch\nclass Service:\n    def load(self):\n        self.detour()\n        return fetch('x')\n\
             \x20   def detour(self):\n        self.further()\n    def further(self):\n        fetch('y')\nSERVICE = Service()\n",
        ),
        ("main.py", "from service import SERVICE\nasync def handler():\n    SERVICE.load()\n"),
    ]);
    let calls = &project.calls;
    let chain = calls.blocks(function(&project, "main:handler"), Kind::Network).expect("it blocks");
    assert_eq!(text(&project, &chain), "3 5 3 requests.get");
    let files: Vec<&str> = chain
        .edges
        .iter()
        .map(|edge| project.sources.file(project.modules.get(edge.module).file).path.as_str())
        .collect();
    assert_eq!(files, ["main.py", "service.py", "client.py"]);
    assert_eq!(calls.blocks(function(&project, "main:handler"), Kind::File), None);
    assert_eq!(calls.blocking_chains(function(&project, "main:handler")), [chain]);
}

#[test]
fn each_kind_of_primitive_blocks() {
    for (body, symbol) in [
        ("import time\nasync def f():\n    time.sleep(1)\n", "time.sleep"),
        ("async def f():\n    import requests\n    requests.Session().post('x')\n", "requests.Session.post"),
        ("import httpx\nasync def f():\n    with httpx.Client() as c:\n        c.get('x')\n", "httpx.Client.get"),
        ("from urllib.request import urlopen\nasync def f():\n    urlopen('x')\n", "urllib.request.urlopen"),
        ("import subprocess as s\nasync def f():\n    s.run(['x'])\n", "subprocess.run"),
        (
            "from sqlalchemy.orm import Session\nasync def f(db: Session):\n    db.query(1).filter(2).first()\n",
            "sqlalchemy.orm.Session.query.filter.first",
        ),
        (
            "import sqlite3\nasync def f():\n    c = sqlite3.connect('x').cursor()\n    c.fetchall()\n",
            "sqlite3.connect",
        ),
        ("import redis\nR = redis.Redis()\nasync def f():\n    R.get('x')\n", "redis.Redis.get"),
        ("import smtplib\nasync def f():\n    with smtplib.SMTP('x') as s:\n        pass\n", "smtplib.SMTP"),
        ("import boto3\nS3 = boto3.client('s3')\nasync def f():\n    S3.put_object()\n", "boto3.client.put_object"),
        (
            "from passlib.context import CryptContext\nC = CryptContext()\nasync def f():\n    C.verify('a', 'b')\n",
            "passlib.context.CryptContext.verify",
        ),
        ("async def f():\n    with open('x') as file:\n        pass\n", "open"),
        (
            "from pathlib import Path\nasync def f():\n    (Path('x') / 'y').write_text('z')\n",
            "pathlib.Path.write_text",
        ),
        (
            "from openai import OpenAI\nclass A:\n    def __init__(self):\n        self.c = OpenAI()\n\
             \x20   async def f(self):\n        self.c.chat.completions.create()\n",
            "openai.OpenAI.chat.completions.create",
        ),
    ] {
        let of = if body.contains("class A") { "A.f" } else { "f" };
        let found = blocking(body, of);
        assert!(found.first().is_some_and(|chain| chain.ends_with(symbol)), "{body}{found:?}");
    }
}

#[test]
fn what_runs_in_threads_and_awaited_twins_do_not_block() {
    let head = "import asyncio, functools, time, requests, httpx, anyio\nfrom functools import partial\n\
                from fastapi import BackgroundTasks, Depends\nfrom fastapi.concurrency import run_in_threadpool\n\
                from starlette.responses import StreamingResponse\nfrom asgiref.sync import sync_to_async\n\
                def work():\n    time.sleep(1)\ndef lend():\n    time.sleep(1)\n    yield 1\n\
                def threaded(f):\n    async def inner(*a):\n        return await asyncio.to_thread(f, *a)\n    return inner\n\
                @threaded\ndef wrapped():\n    time.sleep(1)\n@functools.lru_cache\ndef kept():\n    open('x')\n";
    for body in [
        "await run_in_threadpool(work)",
        "await asyncio.to_thread(work)",
        "await asyncio.to_thread(requests.get, 'x')",
        "await anyio.to_thread.run_sync(work)",
        "await asyncio.get_event_loop().run_in_executor(None, work)",
        "await asyncio.get_event_loop().run_in_executor(None, partial(requests.get, 'x'))",
        "await asyncio.get_event_loop().run_in_executor(None, lambda: time.sleep(1))",
        "await sync_to_async(work)()",
        "await wrapped()",
        "tasks.add_task(work)",
        "return StreamingResponse(lend())",
        "await asyncio.sleep(1)",
        "async with httpx.AsyncClient() as c:\n        await c.get('x')",
        "def nested():\n        time.sleep(1)\n    return nested",
        "print(time.sleep)",
        "kept()",
    ] {
        let source =
            format!("{head}async def f(tasks: BackgroundTasks, a=Depends(work), b=Depends(lend)):\n    {body}\n");
        assert_eq!(blocking(&source, "f"), Vec::<String>::new(), "{body}");
    }
}

#[test]
fn connections_of_awaited_drivers_do_not_block() {
    let source = "import aiosqlite, asyncpg\nasync def f():\n    async with aiosqlite.connect('x') as db:\n\
                  \x20       async with db.execute('x') as cursor:\n            await cursor.fetchall()\n\
                  \x20   c = await asyncpg.connect()\n    job = c.fetch('x')\n    await job\n";
    assert_eq!(blocking(source, "f"), Vec::<String>::new());
    assert_eq!(reached(source, "f", Kind::Database).as_deref(), Some("3 aiosqlite.connect"));
}

#[test]
fn an_awaited_function_is_asked_itself() {
    let source = "import time\nasync def inner():\n    time.sleep(1)\nasync def outer():\n    await inner()\n";
    assert_eq!(blocking(source, "outer"), Vec::<String>::new());
    assert_eq!(blocking(source, "inner"), ["3 time.sleep"]);
    assert_eq!(reached(source, "outer", Kind::Wait).as_deref(), Some("5 3 time.sleep"));
}

#[test]
fn a_chain_with_a_guess_is_one_and_a_certain_longer_one_is_preferred() {
    let base =
        "import time\nclass A:\n    def run(self): pass\nclass B(A):\n    def run(self):\n        time.sleep(1)\n";
    assert_eq!(blocking(&format!("{base}async def f(a: A):\n    a.run()\n"), "f"), ["8 6 time.sleep?"]);
    let both = format!(
        "{base}def one():\n    two()\ndef two():\n    time.sleep(2)\ndef all(a: A):\n    a.run()\n    one()\n\
         async def f(a: A):\n    all(a)\n"
    );
    assert_eq!(blocking(&both, "f"), ["15 13 8 10 time.sleep"]);
}

#[test]
fn what_a_decorator_or_parameter_is_given_elsewhere_is_no_way() {
    let source = "import time\ndef timed(f):\n    def inner():\n        return f()\n    return inner\n\
                  @timed\ndef slow():\n    time.sleep(1)\n@timed\ndef quick(): pass\n\
                  def apply(f):\n    f()\nasync def calm():\n    quick()\n    apply(quick)\n\
                  async def held():\n    slow()\n    apply(slow)\n";
    assert_eq!(blocking(source, "calm"), Vec::<String>::new());
    assert_eq!(blocking(source, "held"), ["17 8 time.sleep", "18 8 time.sleep"]);
}

#[test]
fn places_are_told_one_by_one_and_a_file_last() {
    let source = "import time, requests\ndef both():\n    open('x')\n    load()\ndef load():\n    requests.get('x')\n\
                  async def f():\n    both()\n    time.sleep(1)\n    open('y')\n";
    assert_eq!(blocking(source, "f"), ["8 4 6 requests.get", "9 time.sleep", "10 open"]);
}

#[test]
fn external_calls_tell_symbol_kind_and_how_they_are_called() {
    let source = "import httpx, time, asyncio\nimport requests as r\nasync def f():\n    async with httpx.AsyncClient() as c:\n\
                  \x20       await c.get('x')\n    r.post('x')\n    await asyncio.to_thread(r.get, 'x')\n    len('')\n";
    let project = project(&[("m.py", source)]);
    let f = function(&project, "m:f");
    let calls: Vec<_> = project
        .calls
        .external_calls(f)
        .map(|call| (call.symbol, call.kind(), call.is_awaited(), call.edge.off_loop, project.calls.is_blocking(&call)))
        .collect();
    let network = Some(Kind::Network);
    let expected = [
        ("httpx.AsyncClient", None, true, false, false),
        ("httpx.AsyncClient.get", network, true, false, false),
        ("requests.post", network, false, false, true),
        ("requests.get", network, false, true, false),
        ("asyncio.to_thread", None, true, false, false),
        ("len", None, false, false, false),
    ];
    let mut calls = calls;
    calls.sort();
    let mut expected = expected.to_vec();
    expected.sort();
    assert_eq!(calls, expected);
}

#[test]
fn places_and_expressions_are_found_again() {
    let source = "import requests\nclass A:\n    def m(self):\n        return [requests.get(x) for x in (lambda: g())()]\ndef g(): pass\n";
    let project = project(&[("m.py", source)]);
    let module = project.modules.iter().next().expect("there is a module");
    for (id, expr) in module.python.syntax.exprs() {
        let ExprKind::Call { func, .. } = expr.kind else { continue };
        let func = project.sources.slice(module.span_of(func));
        let owner = name(&project, project.calls.function_of(module, id));
        match func {
            "requests.get" => {
                assert_eq!(owner, "m:A.m");
                assert_eq!(project.calls.symbol_at(module, id), Some("requests.get"));
            }
            "g" => {
                assert_eq!(owner, "m:A.m.<locals>.<lambda>");
                let edges: Vec<EdgeKind> = project.calls.edges_at(module, id).map(|edge| edge.kind).collect();
                assert_eq!(edges, [EdgeKind::Call]);
                assert_eq!(project.calls.symbol_at(module, id), None);
            }
            _ => assert_eq!(owner, "m:A.m"),
        }
    }
    let g = function(&project, "m:g");
    let callers: Vec<String> = project.calls.callers(g).into_iter().map(|id| name(&project, id)).collect();
    assert_eq!(callers, ["m:A.m.<locals>.<lambda>"]);
    let m = function(&project, "m:A.m");
    let called: Vec<String> = project.calls.callees(m).map(|(id, _)| name(&project, id)).collect();
    assert_eq!(called, ["m:A.m.<locals>.<lambda>"]);
}

#[test]
fn entry_points_are_what_something_else_calls() {
    let source = "from contextlib import asynccontextmanager\nfrom fastapi import FastAPI, Depends\n\
                  from starlette.middleware.base import BaseHTTPMiddleware\n\
                  @asynccontextmanager\nasync def lifespan(app):\n    yield\n\
                  app = FastAPI(lifespan=lifespan)\n\
                  class M(BaseHTTPMiddleware):\n    async def dispatch(self, request, call_next): pass\n    def other(self): pass\n\
                  app.add_middleware(M)\n@app.on_event('startup')\ndef start(): pass\n\
                  @app.exception_handler(ValueError)\ndef fail(request, error): pass\ndef stop(): pass\n\
                  app.add_event_handler('shutdown', stop)\n\
                  def lend(): pass\n@app.get('/')\ndef handler(x=Depends(lend)): pass\ndef run(): pass\ndef plain(): run()\n\
                  if __name__ == '__main__':\n    run()\n";
    let project = project(&[("m.py", source)]);
    let calls = &project.calls;
    let all = calls.functions().map(|(id, _)| id).filter(|&id| calls.is_entry_point(id));
    let all: Vec<String> = all.map(|id| calls.qualname(&project, id)).collect();
    assert_eq!(all, ["lifespan", "M.dispatch", "start", "fail", "stop", "lend", "handler", "run"]);
    let handlers: Vec<String> = calls.handlers().map(|id| calls.qualname(&project, id)).collect();
    assert_eq!(handlers, ["handler"]);
}

#[test]
fn functions_that_call_each_other_in_circles_end() {
    let mut source = String::from("import time\nasync def f():\n    g0()\n");
    for at in 0..2000 {
        source += &["def g", &at.to_string(), "():\n    g", &((at + 1) % 2000).to_string(), "()\n"].concat();
    }
    source += "def last():\n    g0()\n    time.sleep(1)\n";
    assert_eq!(blocking(&source, "f"), Vec::<String>::new());
}

#[test]
fn a_chain_that_nobody_would_read_is_not_told() {
    let chain_of = |length: usize| {
        let mut source = String::from("import time\n");
        for at in 1..length {
            source += &["def g", &at.to_string(), "():\n    g", &(at + 1).to_string(), "()\n"].concat();
        }
        source + &["def g", &length.to_string(), "():\n    time.sleep(1)\n"].concat()
    };
    let project_of = |length| project(&[("m.py", &chain_of(length))]);
    for (length, is_told) in [(64, true), (65, false)] {
        let project = project_of(length);
        let chain = project.calls.reaches(function(&project, "m:g1"), Kind::Wait);
        assert_eq!(chain.map(|chain| chain.edges.len()), is_told.then_some(length));
    }
}
