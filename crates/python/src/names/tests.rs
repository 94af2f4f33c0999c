//! What the rules of scopes, imports and qualified names give for small modules.

use super::{Base, BindingKind, ScopeId, ScopeKind};
use crate::module::{Module, Parent};
use crate::parse;
use crate::syntax::{ExprContext, ExprId, ExprKind, StmtId, StmtKind};

/// The expression whose source is `text`, the last one of these.
fn find(module: &Module, source: &str, text: &str) -> ExprId {
    let exprs = module.syntax.exprs().filter(|(_, expr)| expr.range.slice(source) == text);
    exprs.max_by_key(|(_, expr)| expr.range).unwrap_or_else(|| panic!("no expression `{text}`")).0
}

/// How the last expression with this text is bound: `kind:line` of the scope and each site's kind.
fn qualified(source: &str, text: &str) -> Option<String> {
    let module = parse(source);
    module.qualified_name(find(&module, source, text)).map(|name| show(&name))
}

fn all_qualified(source: &str, text: &str) -> Vec<String> {
    let module = parse(source);
    module.qualified_names(find(&module, source, text)).iter().map(show).collect()
}

fn show(name: &super::Qualified) -> String {
    match name.base {
        Base::Import { level } => format!("{}{}", ".".repeat(level as usize), name.dotted()),
        Base::Local => format!("local {}", name.dotted()),
        Base::Builtin => format!("builtin {}", name.dotted()),
    }
}

/// The kind of the scope that the last load of a name finds it in.
fn owner(source: &str, name: &str) -> Option<&'static str> {
    let module = parse(source);
    let loads = module.syntax.exprs().filter(|(_, expr)| {
        matches!(expr.kind, ExprKind::Name { id, ctx: ExprContext::Load } if module.syntax.name(id) == name)
    });
    let last = loads.max_by_key(|(_, expr)| expr.range).expect("the name is read").0;
    module.lookup(last).map(|(scope, _)| match module.names.scope(scope).kind {
        ScopeKind::Module => "module",
        ScopeKind::Class(_) => "class",
        ScopeKind::Function(_) => "function",
        ScopeKind::Lambda(_) => "lambda",
        ScopeKind::Comprehension(_) => "comprehension",
        ScopeKind::TypeParameters(_) => "type parameters",
    })
}

fn last_stmt(module: &Module, wanted: fn(&StmtKind) -> bool) -> StmtId {
    let stmts = module.syntax.stmts().filter(|(_, stmt)| wanted(&stmt.kind));
    stmts.max_by_key(|(_, stmt)| stmt.range.start).expect("there is such a statement").0
}

#[test]
fn a_function_does_not_see_the_class_around_it() {
    assert_eq!(owner("class C:\n    x = 1\n    def f(self):\n        return x\n", "x"), None);
    assert_eq!(owner("x = 0\nclass C:\n    x = 1\n    y = x\n", "x"), Some("class"));
    assert_eq!(owner("x = 0\nclass C:\n    x = 1\n    f = lambda: x\n", "x"), Some("module"));
    assert_eq!(owner("class C:\n    x = 1\n    y = [z for z in [1] if x]\n", "x"), None);
}

#[test]
fn the_first_iterable_and_what_stands_in_a_signature_are_evaluated_outside() {
    assert_eq!(owner("class C:\n    x = 1\n    y = [z for z in x]\n", "x"), Some("class"));
    assert_eq!(owner("x = 1\ndef f(x=x): pass\n", "x"), Some("module"));
    assert_eq!(owner("x = 1\n@x\ndef f(x): pass\n", "x"), Some("module"));
    assert_eq!(owner("class C:\n    x = 1\n    def f(self, y: x): pass\n", "x"), Some("class"));
    assert_eq!(owner("x = 1\nf = lambda x=x: 0\n", "x"), Some("module"));
}

#[test]
fn comprehensions_bind_their_own_names_and_walruses_bind_around_them() {
    assert_eq!(owner("[x for x in y]", "x"), Some("comprehension"));
    assert_eq!(owner("def f(y):\n    [x for x in y]\n    return x\n", "x"), None);
    assert_eq!(owner("def f(y):\n    [[(x := z) for z in w] for w in y]\n    return x\n", "x"), Some("function"));
    assert_eq!(owner("f = lambda y: [(x := z) for z in y] and x\n", "x"), Some("lambda"));
}

#[test]
fn global_and_nonlocal_bind_elsewhere() {
    let source = "x = 1\ndef f():\n    global x\n    x = 2\n    return x\n";
    assert_eq!(owner(source, "x"), Some("module"));
    let module = parse(source);
    assert_eq!(module.binding(ScopeId(0), "x").expect("it is bound").sites.len(), 2);
    let source = "def f():\n    x = 1\n    def g():\n        nonlocal x\n        x = 2\n    return x\n";
    let module = parse(source);
    let outer = module.scope_of_body(last_stmt(&module, |kind| matches!(kind, StmtKind::Return(_))));
    assert_eq!(module.binding(outer, "x").expect("it is bound").sites.len(), 2);
    // A function in a function that declares a name global means the module's too.
    let source = "def f():\n    x = 1\n    def g():\n        global x\n        def h():\n            return x\n";
    assert_eq!(owner(source, "x"), None);
}

#[test]
fn type_parameters_are_seen_by_what_they_belong_to() {
    assert_eq!(owner("def f[T](x: T): pass\n", "T"), Some("type parameters"));
    assert_eq!(owner("class C[T](B[T]): pass\n", "T"), Some("type parameters"));
    assert_eq!(owner("type A[T] = list[T]\n", "T"), Some("type parameters"));
    assert_eq!(owner("class C:\n    x = 1\n    def f[T](self, y: x): pass\n", "x"), Some("class"));
    assert_eq!(owner("def f[T](x=T): pass\n", "T"), None);
}

#[test]
fn every_way_to_bind_a_name_is_seen() {
    let source = "
for a, *b in []: pass
with x as c, y as (d, e): pass
try: pass
except OSError as f: pass
match x:
    case [g, *h] | {'k': i, **j} | K(l=k) as m: pass
def n(): pass
class o: pass
import p.q, r as s
from t import u as v, w
aa = bb = 1
cc: int
dd += 1
del ee
type ff = int
(gg := 1)
";
    let module = parse(source);
    let mut bound: Vec<&str> =
        module.names.scopes[0].bindings.iter().map(|binding| module.syntax.name(binding.name)).collect();
    bound.sort_unstable();
    let expected = "a aa b bb c cc d dd e ee f ff g gg h i j k m n o p s v w";
    assert_eq!(bound.join(" "), expected);
    assert_eq!(parse("(cc): int\n").names.scopes[0].bindings.len(), 0);
}

#[test]
fn the_kind_of_a_binding_tells_its_value() {
    let source = "a = 1\nwith b() as c: pass\nd: int = 2\ndef e(f: int = 3): pass\n";
    let module = parse(source);
    let kind = |scope, name| module.binding(scope, name).expect("it is bound").sites[0].kind;
    let text = |expr: ExprId| module.syntax.expr(expr).range.slice(source);
    let top = ScopeId(0);
    assert!(matches!(kind(top, "a"), BindingKind::Assigned(value) if text(value) == "1"));
    assert!(matches!(kind(top, "c"), BindingKind::With(value) if text(value) == "b()"));
    assert!(matches!(kind(top, "d"), BindingKind::Annotated { annotation, value: Some(value) }
        if text(annotation) == "int" && text(value) == "2"));
    let BindingKind::Function(def) = kind(top, "e") else { panic!("a function") };
    assert!(matches!(kind(module.scope_of_body(def), "f"), BindingKind::Parameter { default: Some(value), .. }
        if text(value) == "3"));
}

#[test]
fn imports_of_every_form() {
    let source = "import a.b\nimport a.b as c\nfrom d import e as f\nfrom . import g\nfrom ..h.i import *\ndef j():\n    import k\n";
    let module = parse(source);
    let imports: Vec<String> = module
        .names
        .imports
        .iter()
        .map(|import| {
            let bound = import.bound.map_or("*", |name| module.syntax.name(name));
            let name = import.name.as_deref().unwrap_or("-");
            format!("{bound} {} {} {name} {}", import.level, import.module, import.scope.0)
        })
        .collect();
    assert_eq!(imports, ["a 0 a.b - 0", "c 0 a.b - 0", "f 0 d e 0", "g 1  g 0", "* 2 h.i - 0", "k 0 k - 1"]);
    assert_eq!(module.names.imports[0].range.slice(source), "a.b");
}

#[test]
fn an_import_knows_what_guards_it() {
    let source = "
if TYPE_CHECKING and x: import a
if typing.TYPE_CHECKING:
    if y: import b
else: import c
if not TYPE_CHECKING: import d
else: import e
try: import f
except ImportError: import g
try: import h
except (KeyError, ModuleNotFoundError): pass
try: import i
except: pass
try: import j
except KeyError: pass
with contextlib.suppress(ImportError): import k
";
    let module = parse(source);
    let names = |wanted: fn(&super::Import) -> bool| {
        let imports = module.names.imports.iter().filter(|import| wanted(import));
        imports.map(|import| import.module.as_str()).collect::<String>()
    };
    assert_eq!(names(|import| import.type_checking), "abe");
    assert_eq!(names(|import| import.optional), "fhik");
}

#[test]
fn the_main_guard_is_known_in_any_spelling() {
    for guard in ["__name__ == '__main__'", "'__main__' == __name__", "x and __name__ == \"__main__\""] {
        let source = format!("if {guard}:\n    for x in y:\n        print(x)\nelse:\n    stop()\n");
        let module = parse(&source);
        assert!(module.is_in_main_guard(Parent::Expr(find(&module, &source, "print"))), "{guard}");
        assert!(!module.is_in_main_guard(Parent::Expr(find(&module, &source, "stop"))), "{guard}");
    }
    let source = "if __name__ != '__main__' or y == '__main__':\n    run()\n";
    let module = parse(source);
    assert!(!module.is_in_main_guard(Parent::Expr(find(&module, source, "run"))));
}

#[test]
fn imported_names_are_qualified() {
    assert_eq!(qualified("from sqlalchemy import text as t\nt('x')\n", "t").as_deref(), Some("sqlalchemy.text"));
    assert_eq!(qualified("import a.b\na.c.d()\n", "a.c.d").as_deref(), Some("a.c.d"));
    assert_eq!(qualified("import a.b as c\nc.d()\n", "c.d").as_deref(), Some("a.b.d"));
    assert_eq!(qualified("import a.b as a\na.d()\n", "a.d").as_deref(), Some("a.b.d"));
    assert_eq!(qualified("from ..x import y\ny.z\n", "y.z").as_deref(), Some("..x.y.z"));
    assert_eq!(qualified("def f():\n    import os\n    os.path\n", "os.path").as_deref(), Some("os.path"));
}

#[test]
fn built_ins_and_what_hides_them() {
    assert_eq!(qualified("print(1)\n", "print").as_deref(), Some("builtin print"));
    assert_eq!(qualified("from x import *\nprint(1)\n", "print").as_deref(), Some("builtin print"));
    assert_eq!(qualified("from rich import print\nprint(1)\n", "print").as_deref(), Some("rich.print"));
    assert_eq!(qualified("def print(x): pass\nprint(1)\n", "print").as_deref(), Some("local print"));
    assert_eq!(qualified("unknown(1)\n", "unknown"), None);
}

#[test]
fn unknown_names_may_come_from_star_imports() {
    let source = "from a import *\nfrom .b import *\nunknown.c\n";
    assert_eq!(all_qualified(source, "unknown.c"), ["a.unknown.c", ".b.unknown.c"]);
    assert_eq!(qualified(source, "unknown.c"), None);
    assert_eq!(qualified("from a import *\nunknown\n", "unknown").as_deref(), Some("a.unknown"));
}

#[test]
fn aliases_are_followed() {
    assert_eq!(qualified("import db\nexecute = db.execute\nexecute('x')\n", "execute").as_deref(), Some("db.execute"));
    assert_eq!(qualified("from a import B\nC = B\nD: type = C\nD.e\n", "D.e").as_deref(), Some("a.B.e"));
    assert_eq!(
        qualified("from fastapi import FastAPI\napp = FastAPI()\napp.get\n", "app.get").as_deref(),
        Some("local app.get")
    );
    assert_eq!(qualified("a = b\nb = a\na\n", "a").as_deref(), Some("local b"));
}

#[test]
fn a_name_that_is_bound_again_has_several_candidates() {
    let source = "try:\n    import ujson as json\nexcept ImportError:\n    import json\njson.loads\n";
    assert_eq!(all_qualified(source, "json.loads"), ["ujson.loads", "json.loads"]);
    assert_eq!(qualified(source, "json.loads"), None);
    let source = "try:\n    import redis\nexcept ImportError:\n    redis = None\nredis.get\n";
    assert_eq!(qualified(source, "redis.get").as_deref(), Some("redis.get"));
    let source = "if x:\n    from a import b\nelse:\n    from a import b\nb\n";
    assert_eq!(qualified(source, "b").as_deref(), Some("a.b"));
}

#[test]
fn parameters_and_loop_variables_are_nothing() {
    assert_eq!(qualified("def f(db):\n    db.execute\n", "db.execute"), None);
    assert_eq!(qualified("for db in x:\n    db.execute\n", "db.execute"), None);
    assert_eq!(qualified("import db\ndef f(db=db):\n    db = db or 1\n    db.execute\n", "db.execute"), None);
    assert_eq!(qualified("f().execute\n", "f().execute"), None);
}

#[test]
fn local_definitions_have_their_qualname() {
    let source = "class Service:\n    def run(self):\n        def inner(): pass\n        class Local:\n            def method(self): pass\n";
    let module = parse(source);
    let mut names: Vec<String> = module.syntax.stmts().filter_map(|(id, _)| module.qualname(id)).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "Service",
            "Service.run",
            "Service.run.<locals>.Local",
            "Service.run.<locals>.Local.method",
            "Service.run.<locals>.inner",
        ]
    );
    assert_eq!(qualified("def f():\n    global g\n    def g(): pass\n    g\n", "g").as_deref(), Some("local g"));
    assert_eq!(qualified("class A:\n    def b(self): pass\nA.b\n", "A.b").as_deref(), Some("local A.b"));
}

#[test]
fn the_class_around_an_expression_is_found_through_functions() {
    let source = "class A:\n    def b(self):\n        return lambda: self.c\n    def d(self, e=outer): pass\ndef f(self):\n    self.g\n";
    let module = parse(source);
    let class = |text| module.enclosing_class(find(&module, source, text));
    let expected = last_stmt(&module, |kind| matches!(kind, StmtKind::ClassDef(_)));
    assert_eq!(class("self.c"), Some(expected));
    assert_eq!(class("outer"), Some(expected));
    assert_eq!(class("self.g"), None);
}

#[test]
fn exported_names_are_read_where_they_can_be() {
    let exported = |source: &str| parse(source).names.exported.map(|names| names.join(" "));
    assert_eq!(exported("__all__ = ['a', 'b']\n__all__ += ('c',)\n").as_deref(), Some("a b c"));
    assert_eq!(exported("__all__ = ['a'] + ['b'] + ['c']\n").as_deref(), Some("a b c"));
    assert_eq!(
        exported("__all__ = []\nif x:\n    __all__.append('d')\n__all__.extend(['e'])\n").as_deref(),
        Some("d e")
    );
    assert_eq!(exported("__all__: list[str] = ['a', 'b']\n__all__.remove('a')\n").as_deref(), Some("b"));
    assert_eq!(exported("__all__ = ['a'] + other.__all__\n"), None);
    assert_eq!(exported("def f():\n    __all__ = ['a']\n"), None);
    assert_eq!(exported("x = 1\n"), None);
}

#[test]
fn many_names_and_deep_scopes_take_no_recursion() {
    let source = format!("{}x", "lambda: ".repeat(50_000));
    parse(&source);
    let source = "import a.b\n".repeat(20_000) + &"x = 1\n".repeat(20_000);
    let module = parse(&source);
    assert_eq!(module.names.imports.len(), 20_000);
    assert_eq!(module.qualified_names(find(&module, &source, "x")).len(), 1);
}
