use super::objects::{Object, Objects};
use super::shapes::Has;
use super::{MemberUse, MissingImport, OwnerKind};
use crate::facts::testing::project;
use crate::{Module, Project};
use pyaudit_python::{ExprId, ExprKind, StmtKind};

const MODELS: &str = "from sqlalchemy import select\nfrom sqlalchemy.ext.asyncio import AsyncSession\n\
    from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship\n\
    class Base(DeclarativeBase): pass\n\
    class User(Base):\n    __tablename__ = 'users'\n    id: Mapped[int] = mapped_column(primary_key=True)\n    name: Mapped[str]\n    \
    items: Mapped[list['Item']] = relationship('Item', back_populates='user')\n\
    class Item(Base):\n    __tablename__ = 'items'\n    id: Mapped[int] = mapped_column(primary_key=True)\n    \
    user: Mapped['User'] = relationship('User', back_populates='items')\n";

fn with_models(body: &str) -> Project {
    project(&[("app.py", &format!("{MODELS}{body}"))])
}

fn only(project: &Project) -> &Module {
    project.modules.iter().next().expect("it was parsed")
}

/// The argument of the last call of `show`.
fn shown(project: &Project) -> ExprId {
    let module = only(project);
    let shown = module.python.syntax.exprs().filter_map(|(_, expr)| match &expr.kind {
        ExprKind::Call { func, args, .. } if module.last_name(*func) == Some("show") => args.first().copied(),
        _ => None,
    });
    shown.last().expect("it is shown")
}

/// What the argument of `show` is: `instance User`.
fn object(body: &str) -> String {
    let project = with_models(body);
    let module = only(&project);
    let name = |(home, class): super::shapes::ClassId| {
        let home = project.modules.get(home);
        home.class(class).map(|it| home.python.syntax.identifier(it.name).to_owned()).unwrap_or_default()
    };
    match Objects::new(&project).of(module, shown(&project)) {
        Some(Object::Instance(class)) => format!("instance {}", name(class)),
        Some(Object::Class(class)) => format!("class {}", name(class)),
        Some(Object::Many(class)) => format!("many {}", name(class)),
        Some(other) => format!("{other:?}").chars().take_while(|letter| letter.is_alphabetic()).collect(),
        None => String::new(),
    }
}

#[test]
fn objects_are_known_where_every_place_agrees() {
    for (body, expected) in [
        ("show(User())\n", "instance User"),
        ("show(User)\n", "class User"),
        ("def f(u: User | None):\n    show(u)\n", "instance User"),
        ("def f(u: 'User'):\n    show(u)\n", "instance User"),
        ("def f(db: Session):\n    show(db.get(User, 1))\n", "instance User"),
        (
            "async def f(db: AsyncSession):\n    r = await db.execute(select(User))\n    show(r.scalar_one_or_none())\n",
            "instance User",
        ),
        ("async def f(db: AsyncSession):\n    r = await db.execute(select(User))\n    show(r.first())\n", ""),
        (
            "def f(db: Session):\n    q = db.query(User)\n    q = q.filter(User.id == 1)\n    show(q.all())\n",
            "many User",
        ),
        ("def f(db: Session):\n    for u in db.query(User):\n        show(u)\n", "instance User"),
        ("def f(db: Session):\n    show([u for u in db.scalars(select(User))])\n", "many User"),
        ("def f(u: User):\n    show(u.items)\n", "many Item"),
        ("def f(i: Item):\n    show(i.user)\n", "instance User"),
        ("def f(db: Session):\n    show(db.query(User.id, User).first())\n", ""),
        ("def f(u: User | Item):\n    show(u)\n", ""),
        ("def f(u):\n    u = User()\n    show(u)\n", ""),
        ("def f(x):\n    u = User()\n    u = x\n    show(u)\n", ""),
        ("def f(u: Base):\n    if isinstance(u, User):\n        show(u)\n", ""),
        ("def get() -> User: ...\nshow(get())\n", "instance User"),
        ("async def get() -> User: ...\nshow(get())\n", ""),
        ("def get():\n    yield User()\nshow(get())\n", ""),
        ("from x import wrap\n@wrap\ndef get() -> User: ...\nshow(get())\n", ""),
    ] {
        assert_eq!(object(body), expected, "{body}");
    }
}

/// What the first class of a module is said to have.
fn has(text: &str, name: &str) -> Has {
    let project = project(&[("app.py", text)]);
    let module = only(&project);
    let mut classes: Vec<_> =
        module.python.syntax.stmts().filter(|(_, it)| matches!(it.kind, StmtKind::ClassDef(_))).collect();
    classes.sort_by_key(|(_, stmt)| stmt.range);
    project.shapes().has((module.id, classes[0].0), name)
}

#[test]
fn a_class_has_what_its_lineage_gives_it() {
    assert_eq!(has("class A:\n    x = 1\n", "x"), Has::Yes);
    assert_eq!(has("class A(B): pass\nclass B:\n    def m(self): self.y, self.z = 1, 2\n", "z"), Has::Yes);
    assert_eq!(has("class A:\n    if X:\n        x = 1\n", "x"), Has::Yes);
    assert_eq!(has("from pydantic import BaseModel\nclass A(BaseModel): pass\n", "model_dump"), Has::Yes);
    assert_eq!(has("class A: pass\n", "__dict__"), Has::Yes);
    assert_eq!(has("class A:\n    x = 1\n", "y"), Has::No);
}

#[test]
fn what_cannot_be_read_may_have_anything() {
    for text in [
        "from lib import B\nclass A(B): pass\n",
        "from lib import d\n@d\nclass A: pass\n",
        "class A(metaclass=M): pass\n",
        "class A:\n    def __getattr__(self, name): return 1\n",
        "class A:\n    def __init__(self, **kw):\n        self.__dict__.update(kw)\n",
        "class A:\n    def __init__(self, **kw):\n        for k in kw: setattr(self, k, 1)\n",
        "class A: pass\nfor name in names:\n    setattr(A, name, 1)\n",
        "class A: pass\nclass B(A):\n    y = 1\n",
        "from lib import M\nclass A: pass\nclass B(A, M): pass\n",
    ] {
        assert_eq!(has(text, "y"), Has::Unknown, "{text}");
    }
}

/// The missing members as `Class.name access`.
fn missing(body: &str) -> Vec<String> {
    let project = with_models(body);
    let all = project.missing_members();
    all.missing().iter().map(|it| format!("{}.{} {:?}", it.class_name, it.name, it.access)).collect()
}

#[test]
fn missing_attributes_are_told_with_their_use() {
    assert_eq!(missing("def f(u: User):\n    return u.nam\n"), ["User.nam Read"]);
    assert_eq!(missing("User(nam=1)\n"), ["User.nam Keyword"]);
    assert_eq!(missing("def f(db: Session):\n    db.query(User).filter_by(nam=1)\n"), ["User.nam Filter"]);
    assert_eq!(missing("def f(db: Session, u: User):\n    u.nam = 1\n    db.commit()\n"), ["User.nam Store"]);
    assert_eq!(missing("def f(u: User):\n    u.nam = 1\n    return u\n"), [""; 0], "nothing is written");
    assert_eq!(missing("def f(db: Session, u: User):\n    u.nam = 1\n    db.commit()\n    return u.nam\n"), [""; 0]);
    assert_eq!(missing("def f(u: User):\n    return getattr(u, 'nam') or u.nam\n"), [""; 0]);
}

#[test]
fn uses_of_certain_objects_are_counted() {
    let project = with_models("def f(u: User):\n    return u.name, u.id\n");
    assert_eq!(project.missing_members().examined(OwnerKind::Model, false), 2);
    assert_eq!(project.missing_members().examined(OwnerKind::Other, true), 0);
    assert!(project.missing_members().missing().iter().all(|it| it.access == MemberUse::Read));
}

/// The broken imports of a package `app` with these modules, each as the name or path that is missing.
fn broken(files: &[(&str, &str)]) -> Vec<String> {
    let known = "from app import base\nfrom app.base import X\nfrom app.base import Y\n";
    let all: Vec<(&str, &str)> = [("app/__init__.py", ""), ("app/base.py", "X = Y = 1\n"), ("app/known.py", known)]
        .into_iter()
        .chain(files.iter().copied())
        .collect();
    let project = project(&all);
    let (broken, _) = project.broken_imports();
    let told = broken.into_iter().map(|it| match it.missing {
        MissingImport::Module { path, .. } => path,
        MissingImport::Name { path, name, .. } => format!("{path}:{name}"),
    });
    told.collect()
}

#[test]
fn missing_names_and_modules_are_told_apart() {
    assert_eq!(broken(&[("app/a.py", "from app.base import Z\n")]), ["app/base.py:Z"]);
    assert_eq!(broken(&[("app/a.py", "from .other import Z\n")]), ["app/other"]);
    assert_eq!(broken(&[("app/a.py", "import app.other.deep\n")]), ["app/other"]);
    assert_eq!(broken(&[("app/a.py", "from . import other\n")]), ["app/__init__.py:other"]);
}

#[test]
fn what_may_be_there_is_not_missing() {
    for (path, text, import) in [
        ("app/b.py", "from lib import *\n", "from app.b import Z\n"),
        ("app/b.py", "from .base import *\n", "from app.b import X\n"),
        ("app/b.py", "def __getattr__(name): ...\n", "from app.b import Z\n"),
        ("app/b.py", "try:\n    import z as Z\nexcept ImportError:\n    Z = None\n", "from app.b import Z\n"),
        ("app/b.py", "def (broken\n", "from app.b import Z\n"),
        ("app/b.pyx", "", "from app.b import Z\n"),
        ("app/deep/c.py", "Z = 1\n", "from app.deep import c\n"),
        ("tools/app/b.py", "Z = 1\n", "from app.b import Z\n"),
        ("Makefile", "gen:\n\ttool > app/b.py\n", "from app.b import Z\n"),
        ("requirements.txt", "app\n", "from app.b import Z\n"),
    ] {
        assert_eq!(broken(&[(path, text), ("app/a.py", import)]), [""; 0], "{path} {text}");
    }
}

#[test]
fn a_first_name_that_is_never_found_may_be_of_somebody_else() {
    let project =
        project(&[("utils/__init__.py", ""), ("main.py", "from utils.text import clean\nimport utils.more\n")]);
    assert!(project.broken_imports().0.is_empty());
}
