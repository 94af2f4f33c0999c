//! Which function calls which: every form in which a callee is known, and look-alikes that are not linked.

use crate::support::{SERVICE, edges, edges_of, name, project};
use pyaudit_project::calls::Colour;

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
