//! Calls that leave the machine by a known client of HTTP or mail, and how long each may wait.

use crate::{Module, NamedCall, Project};
use pyaudit_python::{ExprId, ExprKind, Parent, StmtKind};
use pyaudit_source::Role;

/// How long a call may wait for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Without end.
    Forever,
    /// As long as the library says where nothing is given, in seconds.
    Default(u32),
    /// As long as this expression says.
    Given(ExprId),
    /// It cannot be seen: options from elsewhere, or something around the call that may end it.
    Unseen,
}

/// What makes a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Client {
    /// `requests.get` and its like, each with a connection of its own.
    Requests,
    /// A method of a `requests.Session`.
    RequestsSession,
    /// `httpx.get` and its like, each with a connection of its own.
    Httpx,
    /// A method of a client of `httpx`.
    HttpxClient,
    /// The making of a client of `httpx`.
    HttpxMaking,
    /// A method of an `aiohttp.ClientSession`.
    AiohttpSession,
    /// The making of an `aiohttp.ClientSession`.
    AiohttpMaking,
    /// The standard library: `urlopen`, connections of HTTP, mail and files.
    Standard,
    /// The making of a client of a service, by the service's own library.
    ServiceMaking,
}

impl Client {
    /// Whether the call asks something, and does not only make a client.
    pub const fn is_request(self) -> bool {
        !matches!(self, Self::HttpxMaking | Self::AiohttpMaking | Self::ServiceMaking)
    }
}

/// A call that leaves the machine, or makes the client for such calls.
#[derive(Debug, Clone)]
pub struct OutboundCall<'p> {
    /// The call.
    pub call: NamedCall<'p>,
    /// The dotted path of what is called: `requests.get`, `httpx.AsyncClient`.
    pub symbol: &'p str,
    /// What makes it.
    pub client: Client,
    /// How long it may wait.
    pub wait: Wait,
}

/// The last names of everything below.
const NAMES: &[&str] = &[
    "get",
    "post",
    "put",
    "patch",
    "delete",
    "head",
    "options",
    "request",
    "send",
    "stream",
    "Client",
    "AsyncClient",
    "ClientSession",
    "urlopen",
    "HTTPConnection",
    "HTTPSConnection",
    "SMTP",
    "SMTP_SSL",
    "FTP",
    "FTP_TLS",
    "IMAP4",
    "IMAP4_SSL",
    "POP3",
    "POP3_SSL",
    "create_connection",
    "OpenAI",
    "AsyncOpenAI",
    "AzureOpenAI",
    "AsyncAzureOpenAI",
    "Anthropic",
    "AsyncAnthropic",
    "ChatOpenAI",
    "SendGridAPIClient",
];

/// Callables of the standard library that wait for ever, with the place of `timeout` among their positional arguments.
/// <https://docs.python.org/3/library/urllib.request.html#urllib.request.urlopen>, smtplib.html, http.client.html
const STANDARD: &[(&str, usize)] = &[
    ("urllib.request.urlopen", 2),
    ("http.client.HTTPConnection", 2),
    ("http.client.HTTPSConnection", 2),
    ("smtplib.SMTP", 3),
    ("smtplib.SMTP_SSL", 5),
    ("ftplib.FTP", 4),
    ("ftplib.FTP_TLS", 5),
    ("imaplib.IMAP4", 2),
    ("imaplib.IMAP4_SSL", 3),
    ("poplib.POP3", 2),
    ("poplib.POP3_SSL", 4),
    ("socket.create_connection", 1),
];

/// Makers of clients, with the seconds that they wait where nothing is said; 0 for without end.
/// <https://github.com/openai/openai-python#timeouts>, <https://github.com/anthropics/anthropic-sdk-python#timeouts>,
/// <https://github.com/twilio/twilio-python>, <https://github.com/sendgrid/python-http-client>
const SERVICES: &[(&str, u32)] = &[
    ("openai.OpenAI", 600),
    ("openai.AsyncOpenAI", 600),
    ("openai.AzureOpenAI", 600),
    ("openai.AsyncAzureOpenAI", 600),
    ("langchain_openai.ChatOpenAI", 600),
    ("anthropic.Anthropic", 600),
    ("anthropic.AsyncAnthropic", 600),
    ("twilio.rest.Client", 0),
    ("sendgrid.SendGridAPIClient", 0),
];

/// The total time of a request of `aiohttp`, in seconds. <https://docs.aiohttp.org/en/stable/client_quickstart.html#timeouts>
const AIOHTTP_DEFAULT: u32 = 300;

/// The time that `httpx` waits for each step, in seconds. <https://www.python-httpx.org/advanced/timeouts/>
const HTTPX_DEFAULT: u32 = 5;

/// Calls that end what runs inside them after some time.
const ENDING: &[&str] = &["wait_for", "timeout", "timeout_at", "fail_after", "move_on_after", "wait"];

impl Project {
    /// The calls of a module that leave the machine by a known client, in the order of the source.
    pub fn outbound_calls<'p>(&'p self, module: &'p Module) -> Vec<OutboundCall<'p>> {
        let calls = module.calls_named(NAMES).into_iter();
        calls.filter_map(|call| self.outbound_call(call)).collect()
    }

    fn outbound_call<'p>(&'p self, call: NamedCall<'p>) -> Option<OutboundCall<'p>> {
        let symbol = self.calls.symbol_at(call.module, call.id)?;
        let client = client_of(symbol)?;
        let wait = self.wait_of(&call, symbol, client);
        Some(OutboundCall { call, symbol, client, wait })
    }

    fn wait_of(&self, call: &NamedCall<'_>, symbol: &str, client: Client) -> Wait {
        let place = STANDARD.iter().find(|(name, _)| *name == symbol).map_or(usize::MAX, |&(_, place)| place);
        let names: &[&str] =
            if client == Client::ServiceMaking { &["timeout", "request_timeout"] } else { &["timeout"] };
        let given = names.iter().find_map(|name| call.option(self, name));
        let given = given.or_else(|| if place < usize::MAX { call.argument(self, "timeout", place) } else { None });
        if let Some(given) = given {
            return match self.is_no_timeout(call.module, given) {
                // It waits for the next event, whenever that comes, and the loop begins anew when it breaks.
                true if is_subscription(call) => Wait::Given(given),
                true => Wait::Forever,
                false => Wait::Given(given),
            };
        }
        if call.has_unseen_arguments(self) {
            return Wait::Unseen;
        }
        match client {
            Client::RequestsSession if self.gives_sessions_a_timeout(call.module) => Wait::Unseen,
            Client::Standard if self.sets_socket_timeout() => Wait::Unseen,
            Client::Requests | Client::RequestsSession | Client::Standard => Wait::Forever,
            Client::Httpx | Client::HttpxMaking => Wait::Default(HTTPX_DEFAULT),
            // What the client was made with holds.
            Client::HttpxClient | Client::AiohttpSession => Wait::Unseen,
            _ if ends_elsewhere(call) => Wait::Unseen,
            // Whoever is handed the session may give each request a timeout.
            Client::AiohttpMaking if self.application_names(&["ClientTimeout"]) => Wait::Unseen,
            Client::AiohttpMaking => Wait::Default(AIOHTTP_DEFAULT),
            Client::ServiceMaking if call.option(self, "http_client").is_some() => Wait::Unseen,
            Client::ServiceMaking => match SERVICES.iter().find(|(name, _)| *name == symbol) {
                Some(&(_, 0)) => Wait::Forever,
                Some(&(_, seconds)) => Wait::Default(seconds),
                None => Wait::Unseen,
            },
        }
    }

    /// Whether a value for `timeout` means that there is none: `None`, `httpx.Timeout(None)`,
    /// `aiohttp.ClientTimeout(total=None)`.
    fn is_no_timeout(&self, module: &Module, value: ExprId) -> bool {
        let syntax = &module.python.syntax;
        let is_none = |expr: ExprId| matches!(syntax.expr(expr).kind, ExprKind::None);
        let value = self.local_value(module, value).unwrap_or(value);
        let ExprKind::Call { func, args, keywords } = &syntax.expr(value).kind else { return is_none(value) };
        if self.is_any(module, *func, &["httpx.Timeout"]) {
            let default = args.first().copied().or_else(|| module.keyword(keywords, "timeout"));
            return default.is_some_and(is_none) && module.keyword(keywords, "read").is_none_or(is_none);
        }
        if self.is_any(module, *func, &["aiohttp.ClientTimeout"]) {
            let given = |name: &str| module.keyword(keywords, name).is_some_and(|value| !is_none(value));
            return args.is_empty()
                && keywords.iter().all(|keyword| keyword.name.is_some())
                && !given("total")
                && !given("sock_read");
        }
        false
    }

    /// Whether sessions of `requests` may get a timeout from somewhere: a class for it, or a method that is replaced.
    fn gives_sessions_a_timeout(&self, module: &Module) -> bool {
        const BASES: &[&str] = &["requests.adapters.HTTPAdapter", "requests.Session", "requests.sessions.Session"];
        let names = |module: &Module, name: &str| module.python.name_id(name).is_some();
        // Most modules name none of these, which is found out without a look at their classes.
        let shipped = self
            .modules
            .iter()
            .filter(|module| names(module, "timeout") && (names(module, "HTTPAdapter") || names(module, "Session")));
        let mut classes = shipped.flat_map(|module| {
            let stmts = module.python.syntax.stmts();
            stmts.filter(|(_, stmt)| matches!(stmt.kind, StmtKind::ClassDef(_))).map(move |(id, _)| (module, id))
        });
        replaces_request(module) || classes.any(|(home, class)| self.inherits_from(home, class, BASES))
    }

    /// Whether the application gives every socket a timeout.
    fn sets_socket_timeout(&self) -> bool {
        self.application_names(&["setdefaulttimeout"])
    }

    /// Whether a module that the repository ships names one of these identifiers.
    fn application_names(&self, names: &[&str]) -> bool {
        let mut shipped = self.modules.iter().filter(|module| module.role == Role::Application);
        shipped.any(|module| names.iter().any(|name| module.python.name_id(name).is_some()))
    }
}

/// What makes a call with this dotted path.
fn client_of(symbol: &str) -> Option<Client> {
    const METHODS: &[&str] = &["get", "post", "put", "patch", "delete", "head", "options", "request", "send", "stream"];
    if STANDARD.iter().any(|(name, _)| *name == symbol) {
        return Some(Client::Standard);
    }
    if SERVICES.iter().any(|(name, _)| *name == symbol) {
        return Some(Client::ServiceMaking);
    }
    match symbol {
        "httpx.Client" | "httpx.AsyncClient" => return Some(Client::HttpxMaking),
        "aiohttp.ClientSession" => return Some(Client::AiohttpMaking),
        _ => {}
    }
    let (owner, method) = symbol.rsplit_once('.')?;
    if !METHODS.contains(&method) {
        return None;
    }
    match owner {
        "requests" | "requests.api" => Some(Client::Requests),
        "requests.Session" | "requests.sessions.Session" => Some(Client::RequestsSession),
        "httpx" => Some(Client::Httpx),
        "httpx.Client" | "httpx.AsyncClient" => Some(Client::HttpxClient),
        "aiohttp.ClientSession" => Some(Client::AiohttpSession),
        _ => None,
    }
}

/// Whether a call holds a stream open on purpose: `client.stream(…)` in a `while` loop of its function, which opens it
/// again.
fn is_subscription(call: &NamedCall<'_>) -> bool {
    let syntax = &call.module.python.syntax;
    let around = call.function();
    let within = syntax.ancestors(Parent::Expr(call.id)).map_while(|node| match node {
        Parent::Stmt(stmt) if Some(stmt) != around => Some(Some(stmt)),
        Parent::Stmt(_) | Parent::Module => None,
        _ => Some(None),
    });
    let mut statements = within.flatten();
    call.name == "stream" && statements.any(|stmt| matches!(syntax.stmt(stmt).kind, StmtKind::While { .. }))
}

/// Whether something in the same class or function may end the call: a timeout of each request, or one around them.
fn ends_elsewhere(call: &NamedCall<'_>) -> bool {
    let module = call.module;
    let syntax = &module.python.syntax;
    let around = module.python.enclosing_class(call.id).or_else(|| call.function());
    // An object of the module may be used anywhere in it.
    let Some(around) = around else { return module.python.name_id("timeout").is_some() };
    syntax.walk_exprs_in(around, true).any(|expr| match &syntax.expr(expr).kind {
        ExprKind::Call { func, keywords, .. } if expr != call.id => {
            let ends = module.last_name(*func).is_some_and(|name| ENDING.contains(&name));
            ends || module.keyword(keywords, "timeout").is_some()
        }
        ExprKind::Attribute { attr, ctx: pyaudit_python::ExprContext::Store, .. } => {
            syntax.identifier(*attr) == "timeout"
        }
        _ => false,
    })
}

/// Whether a module puts something in place of a session's method: `session.request = functools.partial(…)`.
fn replaces_request(module: &Module) -> bool {
    let syntax = &module.python.syntax;
    module.python.name_id("partial").is_some()
        && syntax.exprs().any(|(id, expr)| match &expr.kind {
            ExprKind::Attribute { attr, ctx: pyaudit_python::ExprContext::Store, .. } => {
                let holds = matches!(syntax.expr_parent(id), Parent::Stmt(_));
                holds && matches!(syntax.identifier(*attr), "request" | "send")
            }
            _ => false,
        })
}

#[cfg(test)]
mod tests {
    use super::Wait;
    use crate::facts::testing::project;

    fn waits(text: &str) -> Vec<String> {
        let project = project(&[("app/main.py", text)]);
        let module = project.modules.iter().next().expect("one module");
        let calls = project.outbound_calls(module);
        let told = calls.iter().map(|found| {
            let wait = match found.wait {
                Wait::Forever => "forever".to_owned(),
                Wait::Default(seconds) => seconds.to_string(),
                Wait::Given(_) => "given".to_owned(),
                Wait::Unseen => "unseen".to_owned(),
            };
            format!("{} {wait}", found.symbol)
        });
        told.collect()
    }

    #[test]
    fn what_says_nothing_waits_as_its_library_does() {
        assert_eq!(waits("import requests as r\nr.get('u')\n"), ["requests.get forever"]);
        assert_eq!(waits("import requests\ns = requests.Session()\ns.post('u')\n"), ["requests.Session.post forever"]);
        assert_eq!(waits("import httpx\nhttpx.get('u')\n"), ["httpx.get 5"]);
        assert_eq!(waits("import aiohttp\ns = aiohttp.ClientSession()\n"), ["aiohttp.ClientSession 300"]);
        assert_eq!(waits("import smtplib\nsmtplib.SMTP('h', 25)\n"), ["smtplib.SMTP forever"]);
        assert_eq!(waits("from openai import OpenAI\nc = OpenAI(api_key='k')\n"), ["openai.OpenAI 600"]);
    }

    #[test]
    fn timeouts_are_given_in_many_ways() {
        assert_eq!(waits("import requests\nrequests.get('u', timeout=3)\n"), ["requests.get given"]);
        assert_eq!(waits("import requests\nrequests.get('u', timeout=None)\n"), ["requests.get forever"]);
        assert_eq!(waits("import requests\ndef f(**o):\n    requests.get('u', **o)\n"), ["requests.get unseen"]);
        assert_eq!(waits("import smtplib\nsmtplib.SMTP('h', 25, None, 10)\n"), ["smtplib.SMTP given"]);
        let text = "import httpx\nhttpx.Client(timeout=httpx.Timeout(None))\nhttpx.Client(timeout=httpx.Timeout(None, read=9))\n";
        assert_eq!(waits(text), ["httpx.Client forever", "httpx.Client given"]);
        let text = "import aiohttp\naiohttp.ClientSession(timeout=aiohttp.ClientTimeout(connect=3))\n";
        assert_eq!(waits(text), ["aiohttp.ClientSession forever"]);
        let text = "import aiohttp\nasync def f():\n    async with aiohttp.ClientSession() as s:\n        await s.get('u', timeout=3)\n";
        assert_eq!(waits(text)[0], "aiohttp.ClientSession unseen");
    }

    #[test]
    fn a_stream_that_a_loop_opens_again_waits_on_purpose() {
        let text = |before: &str| {
            format!(
                "import httpx\nclient = httpx.AsyncClient()\nasync def events():\n    {before}\n        \
                 async with client.stream('GET', '/events', timeout=None) as lines:\n            yield lines\n"
            )
        };
        assert_eq!(waits(&text("while True:"))[1], "httpx.AsyncClient.stream given");
        assert_eq!(waits(&text("if True:"))[1], "httpx.AsyncClient.stream forever");
    }

    #[test]
    fn a_session_that_is_handed_on_may_get_timeouts_later() {
        let text =
            "import aiohttp\ndef make():\n    return aiohttp.ClientSession()\nLIMIT = aiohttp.ClientTimeout(total=9)\n";
        assert_eq!(waits(text), ["aiohttp.ClientSession unseen"]);
    }

    #[test]
    fn sessions_may_have_a_timeout_of_their_own() {
        let text = "import functools, requests\ns = requests.Session()\ns.request = functools.partial(s.request, timeout=3)\ns.get('u')\n";
        assert_eq!(waits(text), ["requests.Session.get unseen"]);
    }
}
