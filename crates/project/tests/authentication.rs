//! What a route asks of a client, by what its guards do and not by what they are called.

mod common;

use common::project;
use pyaudit_project::Demand;

/// A project of Python files given as pairs of a path and a text.
/// Each route with its demand and the names of its guards: `GET /me required get_user`.
fn demands(files: &[(&str, &str)]) -> Vec<String> {
    let project = project(files);
    let routes = project.routes.routes.iter().enumerate();
    let lines = routes.map(|(at, route)| {
        let found = project.authentications.of(at);
        let names: Vec<&str> = found.guards.iter().map(|guard| guard.name.as_str()).collect();
        format!("{} {} {}", route.subject(), found.demand.name(), names.join(" ")).trim_end().to_owned()
    });
    lines.collect()
}

/// The demands of one module that begins with the usual imports and an application.
fn of(text: &str) -> Vec<String> {
    let head = "from typing import Annotated\nfrom fastapi import Cookie, Depends, FastAPI, Header, HTTPException, Request, Security, status\n\
                from fastapi.security import HTTPBearer, OAuth2PasswordBearer\nimport jwt\napp = FastAPI()\n";
    demands(&[("main.py", &format!("{head}{text}"))])
}

const USER: &str = "scheme = OAuth2PasswordBearer(tokenUrl='t')\n\
def get_user(token: str = Depends(scheme)):\n    try:\n        return jwt.decode(token, 'k')\n    except jwt.PyJWTError:\n        raise HTTPException(401)\n";

#[test]
fn a_scheme_alone_only_asks_for_a_header() {
    let text = "scheme = OAuth2PasswordBearer(tokenUrl='t')\n@app.get('/a')\ndef a(token: str = Depends(scheme)): ...\n\
                soft = HTTPBearer(auto_error=False)\n@app.get('/b')\ndef b(token=Security(soft)): ...\n\
                @app.get('/c')\ndef c(): ...\n";
    assert_eq!(of(text), ["GET /a header-only OAuth2PasswordBearer", "GET /b optional HTTPBearer", "GET /c none"]);
}

#[test]
fn a_dependency_that_answers_401_requires_a_credential() {
    let text = format!(
        "{USER}CurrentUser = Annotated[dict, Depends(get_user)]\n\
         def active(user: CurrentUser):\n    if not user['active']:\n        raise HTTPException(status_code=status.HTTP_403_FORBIDDEN)\n    return user\n\
         @app.get('/a')\ndef a(user=Depends(get_user)): ...\n\
         @app.get('/b')\ndef b(user: CurrentUser): ...\n\
         @app.get('/c')\ndef c(user: Annotated[dict, Security(active, scopes=['x'])]): ...\n"
    );
    assert_eq!(of(&text), ["GET /a required get_user", "GET /b required get_user", "GET /c required get_user active"]);
}

#[test]
fn verifying_without_a_rejection_of_ones_own_requires_too() {
    let text = "scheme = HTTPBearer()\ndef claims(token=Depends(scheme)):\n    return jwt.decode(token.credentials, 'k')\n\
                @app.get('/a')\ndef a(c=Depends(claims)): ...\n";
    assert_eq!(of(text), ["GET /a required claims"]);
}

#[test]
fn who_lets_a_request_without_credential_pass_is_optional() {
    let text = "scheme = OAuth2PasswordBearer(tokenUrl='t', auto_error=False)\n\
                def maybe(token: str = Depends(scheme)):\n    if not token:\n        return None\n    if token != 'x':\n        raise HTTPException(401)\n    return token\n\
                def guarded(token: str = Depends(scheme)):\n    if token:\n        if token != 'x':\n            raise HTTPException(401)\n    return token\n\
                def strict(token: str = Depends(scheme)):\n    if token is None:\n        raise HTTPException(401)\n    return token\n\
                def lenient(request: Request):\n    try:\n        return strict(request.headers.get('Authorization'))\n    except HTTPException:\n        return None\n\
                @app.get('/a')\ndef a(u=Depends(maybe)): ...\n@app.get('/b')\ndef b(u=Depends(guarded)): ...\n\
                @app.get('/c')\ndef c(u=Depends(strict)): ...\n@app.get('/d')\ndef d(u=Depends(lenient)): ...\n";
    let expected =
        ["GET /a optional HTTPBearer", "GET /b optional", "GET /c required strict", "GET /d optional lenient"];
    let found = of(text);
    let demand = |line: &str| line.split(' ').nth(2).map(str::to_owned);
    assert_eq!(
        found.iter().map(|it| demand(it)).collect::<Vec<_>>(),
        expected.iter().map(|it| demand(it)).collect::<Vec<_>>(),
        "{found:?}"
    );
}

#[test]
fn classes_factories_and_methods_are_followed() {
    let text = format!(
        "{USER}class Bearer(HTTPBearer):\n    async def __call__(self, request: Request):\n        credentials = await super().__call__(request)\n        if not credentials:\n            raise HTTPException(status_code=403, detail='no')\n        if not self.verify(credentials):\n            raise HTTPException(status_code=401)\n        return credentials\n    def verify(self, it): ...\n\
         class Roles:\n    def __init__(self, role): ...\n    def __call__(self, user=Depends(get_user)): ...\n\
         def need(role):\n    def check(user=Depends(get_user)):\n        return user\n    return check\n\
         def need_depends(role):\n    return Depends(need(role))\n\
         class Service:\n    def user(self, request: Request):\n        if 'authorization' not in request.headers: ...\n        if not request.headers.get('authorization'):\n            raise HTTPException(401)\n\
         service = Service()\n\
         @app.get('/a')\ndef a(c=Depends(Bearer())): ...\n@app.get('/b')\ndef b(c=Depends(Roles('x'))): ...\n\
         @app.get('/c')\ndef c(c=Depends(need('x'))): ...\n@app.get('/d')\ndef d(c=Depends(service.user)): ...\n\
         class Plain(HTTPBearer): ...\n@app.get('/e')\ndef e(c=Depends(Plain(auto_error=False))): ...\n"
    );
    assert_eq!(
        of(&text),
        [
            "GET /a required Bearer.__call__",
            "GET /b required get_user",
            "GET /c required get_user",
            "GET /d required Service.user",
            "GET /e optional Plain",
        ]
    );
}

#[test]
fn a_login_and_a_feature_switch_are_no_guards() {
    let text = "from fastapi.security import OAuth2PasswordRequestForm\n\
                def enabled():\n    if not settings.on:\n        raise HTTPException(403)\n\
                def find(name, password):\n    raise HTTPException(401, 'wrong password')\n\
                @app.post('/login')\ndef login(form: OAuth2PasswordRequestForm = Depends()):\n    user = find(form.username, form.password)\n    if not user:\n        raise HTTPException(401)\n\
                @app.get('/beta', dependencies=[Depends(enabled)])\ndef beta(x=Depends(enabled)): ...\n";
    assert_eq!(of(text), ["POST /login none", "GET /beta none"]);
}

#[test]
fn a_handler_may_check_for_itself() {
    let text = "def require(request: Request):\n    token = request.headers.get('X-Api-Key')\n    if token != KEY:\n        raise HTTPException(401)\n\
                @app.post('/a')\ndef a(request: Request):\n    require(request)\n\
                @app.post('/b')\ndef b(x_api_key: str = Header(None)):\n    if x_api_key != KEY:\n        raise HTTPException(status_code=403)\n\
                @app.post('/c')\ndef c(user_agent: str = Header(None)):\n    raise HTTPException(403)\n";
    assert_eq!(of(text), ["POST /a required require", "POST /b required b", "POST /c none"]);
}

#[test]
fn a_handler_that_asks_a_function_out_of_sight_is_not_known() {
    let text = "def one(names):\n    globals().update(names)\n    router = app\n    @app.get('/a')\n    def a(request: Request):\n        \
                admin = get_current_admin(request)\n        if admin is None:\n            return RedirectResponse('/login')\n\
                one(load())\n@app.get('/b')\ndef b(request: Request):\n    if load(request) is None:\n        raise HTTPException(401)\n";
    assert_eq!(of(text), ["GET /a unknown one.a", "GET /b none"]);
}

#[test]
fn a_factory_chooses_by_its_parameter() {
    let text = format!(
        "{USER}def nobody(): ...\ndef authorizer(*, required: bool = True):\n    return get_user if required else nobody\n\
         @app.get('/a')\ndef a(user=Depends(authorizer())): ...\n\
         @app.get('/b')\ndef b(user=Depends(authorizer(required=False))): ...\n\
         @app.get('/c')\ndef c(user=Depends(authorizer(required=load()))): ...\n"
    );
    assert_eq!(of(&text), ["GET /a required get_user", "GET /b none", "GET /c unknown get_user"]);
}

#[test]
fn a_factory_gives_one_dependency_of_several_ways() {
    let text = format!(
        "{USER}def key(request: Request):\n    return request.headers.get('x-api-key')\n\
         async def shared(*, user=None, key=None, by_user, by_key=False):\n    found = None\n    if user and by_user:\n        found = user\n    \
         elif key and by_key:\n        found = load(key)\n    else:\n        raise HTTPException(status_code=403)\n    \
         if found is None:\n        raise HTTPException(status_code=401)\n    return found\n\
         OptionalKey = Annotated[str | None, Depends(key)]\n\
         def ACL(*, by_user=True, by_key=False, kind='yes'):\n    if kind == 'yes':\n        if by_key:\n            \
         async def dep(key: OptionalKey = None):\n                return await shared(key=key, by_user=by_user, by_key=by_key)\n            return Depends(dep)\n        \
         async def dep(request: Request):\n            return await shared(user=request.session['user'], by_user=by_user)\n        return Depends(dep)\n    \
         if kind == 'no':\n        async def dep(key: OptionalKey = None):\n            return key\n        return Depends(dep)\n    raise ValueError(kind)\n\
         Actor = Annotated[dict, ACL(by_key=True)]\nAnyone = Annotated[dict, ACL(kind='no')]\n\
         @app.post('/a')\ndef a(role: Actor): ...\n@app.post('/b')\ndef b(role=ACL()): ...\n\
         @app.post('/c')\ndef c(role: Anyone): ...\n@app.post('/d')\ndef d(role=ACL(kind=KIND)): ...\n"
    );
    assert_eq!(
        of(&text),
        ["POST /a required ACL.dep", "POST /b required ACL.dep", "POST /c optional key", "POST /d optional key"]
    );
}

#[test]
fn a_dependency_by_other_ways_demands_what_it_calls() {
    let text = format!(
        "{USER}import dataclasses\nfrom typing import TypeAlias\n\
         SIGNED_IN = Depends(get_user)\n@app.post('/a')\ndef a(user: dict = SIGNED_IN): ...\n\
         Me: TypeAlias = Annotated[dict, SIGNED_IN]\n@app.post('/b')\ndef b(user: Me): ...\n\
         @dataclasses.dataclass\nclass Context:\n    user: Me\n@app.post('/c')\ndef c(context: Annotated[Context, Depends()]): ...\n\
         @app.post('/d')\ndef d(x=Depends(lambda token=None: get_user(token))): ...\n\
         class Guards:\n    def role(self, name):\n        def inner(user=Depends(get_user)): ...\n        return Security(inner)\n\
         guards = Guards()\n@app.post('/e')\ndef e(user=guards.role('x')): ...\n\
         @app.post('/f', dependencies=[guards.role('y')])\ndef f(): ...\n\
         MORE = [Depends(load_flags)] if DEMO else None\nALL = (MORE or []) + [SIGNED_IN]\n\
         @app.post('/g', dependencies=ALL)\ndef g(): ...\n@app.post('/h', dependencies=MORE)\ndef h(x=Depends(lambda: guards.role('x'))): ...\n"
    );
    let expected = ["a", "b", "c", "d", "e", "f", "g"].map(|name| format!("POST /{name} required get_user"));
    let (open, guarded) = of(&text).split_last().map(|(last, rest)| (last.clone(), rest.to_vec())).unwrap_or_default();
    assert_eq!(guarded, expected);
    assert_eq!(open, "POST /h none", "a list that demands nothing on either way");
}

#[test]
fn what_cannot_be_followed_is_not_known() {
    let text = "from company import guards, require_user, params\nfrom fastapi.params import Depends as Base\n\
                class SignedIn(Base):\n    def __init__(self):\n        super().__init__(dependency=guards.check)\n\
                @app.post('/a')\ndef a(user=Depends(GUARDS['a'])): ...\n\
                @app.post('/b', dependencies=guards.common())\ndef b(): ...\n\
                @app.post('/c')\ndef c(user: Annotated[dict, SignedIn()]): ...\n\
                @app.post('/d')\ndef d(request: Request):\n    guards.require_user(request)\n\
                def mark(*roles):\n    def outer(f):\n        f.roles = roles\n        return f\n    return outer\nrequire_role = mark\n\
                @app.post('/e')\n@require_role('x')\ndef e(): ...\n\
                @app.post('/f', dependencies=None)\ndef f(size: Annotated[int, params.Limit(3)] = 1): ...\n\
                def routes(guard):\n    @app.post('/g', dependencies=[Depends(guard)])\n    def g(): ...\nroutes(load())\n\
                @app.post('/h')\ndef h(request: Request):\n    params.store(request)\n";
    let demands: Vec<String> =
        of(text).into_iter().map(|line| line.split(' ').skip(1).take(2).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        demands,
        ["/a unknown", "/b unknown", "/c unknown", "/d unknown", "/e unknown", "/f none", "/g unknown", "/h none"]
    );
}

#[test]
fn an_exception_counts_by_the_handler_that_answers_it() {
    let text = "import functools\nfrom fastapi.responses import JSONResponse\nclass Denial(Exception): ...\nclass Scopes(Denial): ...\nclass Late(Exception): ...\n\
                def refused(request, error):\n    return JSONResponse({'detail': 'no'}, status_code=403)\n\
                def late(request, error):\n    return JSONResponse({'detail': 'late'}, status_code=503)\n\
                app.add_exception_handler(Denial, refused)\napp.add_exception_handler(Late, late)\n\
                def check(role, scopes):\n    if role is None:\n        raise Scopes(scopes)\n\
                def needs(*scopes):\n    def outer(f):\n        @functools.wraps(f)\n        async def inner(*args, **kwargs):\n            check(kwargs.get('role'), scopes)\n            return await f(*args, **kwargs)\n        return inner\n    return outer\n\
                def soon(f):\n    def inner(*args):\n        if LATE:\n            raise Late()\n        return f(*args)\n    return inner\n\
                @app.post('/a')\n@needs('x:y')\nasync def a(): ...\n@app.post('/b')\n@soon\ndef b(): ...\n";
    assert_eq!(of(text), ["POST /a required needs.outer.inner", "POST /b none"]);
}

#[test]
fn the_state_of_the_request_holds_who_is_there() {
    let text = "def user_id(request: Request):\n    found = getattr(request.state, 'user_id', None)\n    if found is None:\n        \
                raise HTTPException(401)\n    return found\n@app.get('/a')\ndef a(request: Request):\n    user_id(request)\n";
    assert_eq!(of(text), ["GET /a required user_id"]);
}

#[test]
fn a_view_asks_what_the_attributes_of_its_classes_ask() {
    let text = format!(
        "{USER}class Base:\n    user: dict = Depends(get_user)\nclass View(Base):\n    @app.get('/a')\n    def a(self): ...\n\
         class Other:\n    def __init__(self, user=Depends(get_user)): ...\n    @app.get('/b')\n    def b(self): ...\n\
         class Open:\n    page: int = 1\n    @app.get('/c')\n    def c(self): ...\n"
    );
    assert_eq!(of(&text), ["GET /a required get_user", "GET /b required get_user", "GET /c none"]);
}

#[test]
fn decorators_guard_by_what_they_wrap() {
    let text = "import functools\nfrom starlette.authentication import requires\nfrom some_library import login_required, timed\n\
                def signed(f):\n    @functools.wraps(f)\n    async def wrapper(request, *a, **k):\n        if not request.headers.get('authorization'):\n            raise HTTPException(401)\n        return await f(request, *a, **k)\n    return wrapper\n\
                def role(name):\n    def outer(f):\n        def inner(request):\n            if request.state.user is None:\n                raise HTTPException(403)\n            return f(request)\n        return inner\n    return outer\n\
                @app.get('/a')\n@signed\ndef a(request: Request): ...\n@app.get('/b')\n@role('x')\ndef b(request: Request): ...\n\
                @app.get('/c')\n@requires('authenticated')\ndef c(request: Request): ...\n\
                @app.get('/d')\n@login_required\ndef d(): ...\n@app.get('/e')\n@timed\ndef e(): ...\n";
    assert_eq!(
        of(text),
        [
            "GET /a required signed.wrapper",
            "GET /b required role.outer.inner",
            "GET /c required requires",
            "GET /d unknown login_required",
            "GET /e none",
        ]
    );
}

#[test]
fn exceptions_of_the_project_are_known_by_their_status_or_name() {
    let errors = "from fastapi import HTTPException\nclass Unauthorized(HTTPException):\n    def __init__(self):\n        super().__init__(status_code=401)\n\
                  class NotAuthenticatedError(Exception): ...\nclass Missing(HTTPException):\n    def __init__(self):\n        super().__init__(status_code=404)\n";
    let main = "from fastapi import Depends, FastAPI, Request\nfrom errors import Missing, NotAuthenticatedError as Nobody, Unauthorized\napp = FastAPI()\n\
                def one(request: Request):\n    raise Unauthorized()\ndef two(request: Request):\n    raise Nobody\ndef three(request: Request):\n    raise Missing()\n\
                @app.get('/1')\ndef a(x=Depends(one)): ...\n@app.get('/2')\ndef b(x=Depends(two)): ...\n@app.get('/3')\ndef c(x=Depends(three)): ...\n";
    assert_eq!(
        demands(&[("errors.py", errors), ("main.py", main)]),
        ["GET /1 required one", "GET /2 required two", "GET /3 none"]
    );
}

#[test]
fn circles_and_deep_chains_end() {
    let text = "def a(x=Depends(lambda: 1), y=None):\n    b()\ndef b():\n    a()\n    raise HTTPException(401)\n@app.get('/a')\ndef route(x=Depends(a)): ...\n";
    assert_eq!(of(text), ["GET /a required a"]);
    let functions: Vec<String> = (0..500).map(|at| format!("def f{at}(x=None):\n    f{}()\n", at + 1)).collect();
    let mut deep = functions.concat();
    deep.push_str("def f500():\n    raise HTTPException(401)\n@app.get('/a')\ndef route(x=Depends(f0)): ...\n");
    assert_eq!(of(&deep), ["GET /a none"], "no more than a few calls are followed");
}

#[test]
fn demands_are_ordered_by_strength() {
    let strongest = [Demand::Nothing, Demand::Optional, Demand::HeaderOnly, Demand::Unknown, Demand::Required];
    assert!(strongest.is_sorted());
}

#[test]
fn a_factory_is_known_by_the_class_that_it_says_it_returns() {
    let text = "import importlib\nscheme = HTTPBearer()\nclass Verifier:\n    def __call__(self, token=Security(scheme)): ...\n\
                def verifier(scopes) -> Verifier:\n    return importlib.import_module('x').Verifier(scopes)\n\
                @app.post('/a')\ndef a(entity=Depends(verifier(['write']))): ...\n";
    assert_eq!(of(text), ["POST /a header-only HTTPBearer"]);
}

#[test]
fn a_web_socket_that_is_closed_for_want_of_a_token_is_guarded() {
    let text = "from fastapi import WebSocket\nREFUSED = 4401\n@app.websocket('/a')\nasync def a(websocket: WebSocket):\n\
                \x20   token = websocket.headers.get('sec-websocket-protocol')\n\
                \x20   if not token:\n        await websocket.close(code=REFUSED)\n        return\n    await websocket.accept()\n";
    assert_eq!(of(text), ["WEBSOCKET /a required a"]);
}

#[test]
fn a_module_that_takes_its_guards_from_elsewhere_is_not_known() {
    let main = "from fastapi import FastAPI, WebSocket\nimport app.auth as auth\napplication = FastAPI()\n\
                @application.websocket('/a')\nasync def a(websocket: WebSocket):\n    user = await auth.current_user_ws(websocket)\n";
    let auth = "import importlib\nloaded = importlib.import_module('app.auth_' + NAME)\ncurrent_user_ws = loaded.current_user_ws\n";
    assert_eq!(demands(&[("app/main.py", main), ("app/auth.py", auth)]), ["WEBSOCKET /a unknown a"]);
}
