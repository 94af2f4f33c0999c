//! Which routes the schema of an application shows to those who write clients.

use crate::{Module, Project, Route};
use pyaudit_python::{ExprId, ExprKind, StmtId};
use pyaudit_source::Span;

/// Names of responses that are pages for people, and of functions that render one.
const PAGES: &[&str] = &["TemplateResponse", "HTMLResponse", "_TemplateResponse", "render_template", "HtmlResponse"];

/// Responses that send a browser elsewhere, as the handlers of forms do.
const DETOURS: &[&str] = &["RedirectResponse", "FileResponse"];

/// Endings of the names of templates.
const TEMPLATES: &[&str] = &[".html", ".htm", ".jinja", ".jinja2", ".j2"];

impl Project {
    /// Whether FastAPI shows a route in its schema: not where the route, its router or an include of it says
    /// `include_in_schema=False`, or its application has no schema (`openapi_url=None`).
    /// <https://fastapi.tiangolo.com/advanced/path-operation-advanced-configuration/#exclude-from-openapi>
    pub fn is_published(&self, route: &Route) -> bool {
        let is_false = |value: (&Module, ExprId)| value.0.python.syntax.expr(value.1).kind == ExprKind::Bool(false);
        let made_with = |id: crate::RouterId, name: &str| {
            let router = self.routes.router(id);
            let module = self.modules.get(router.module);
            module.argument(router.call, name).map(|value| (module, value))
        };
        let hidden_by_router = || route.router.and_then(|id| made_with(id, "include_in_schema")).is_some_and(is_false);
        let hidden_by_include =
            || route.via.iter().any(|&via| self.argument_at(via, "include_in_schema").is_some_and(is_false));
        let application = route.mounted_in.last().copied().or(route.application);
        let has_no_schema = || {
            let url = application.and_then(|id| made_with(id, "openapi_url"));
            url.is_some_and(|(module, value)| module.python.syntax.expr(value).kind == ExprKind::None)
        };
        !self.route_argument(route, "include_in_schema").is_some_and(is_false)
            && !hidden_by_router()
            && !hidden_by_include()
            && !has_no_schema()
    }

    /// An argument of the call at a place.
    fn argument_at(&self, place: Span, name: &str) -> Option<(&Module, ExprId)> {
        let module = self.modules.in_file(place.file)?;
        let syntax = &module.python.syntax;
        let is_call = |&(_, expr): &(ExprId, &pyaudit_python::Expr)| {
            place.range == Some(expr.range) && matches!(expr.kind, ExprKind::Call { .. })
        };
        let (call, _) = syntax.exprs().find(is_call)?;
        module.argument(call, name).map(|value| (module, value))
    }

    /// Whether a route answers with a page for people: `response_class=HTMLResponse`, a rendered template, or the detour
    /// after a form.
    pub fn answers_page(&self, route: &Route) -> bool {
        let is_page = |(module, value): (&Module, ExprId)| is_among(module, value, &[PAGES, DETOURS]);
        let of_router = route.router.and_then(|id| {
            let router = self.routes.router(id);
            let module = self.modules.get(router.module);
            module.argument(router.call, "default_response_class").map(|value| (module, value))
        });
        match self.route_argument(route, "response_class").or(of_router) {
            Some(class) => is_page(class),
            None => {
                route.handler.is_some_and(|(module, function)| self.returns_page(self.modules.get(module), function))
            }
        }
    }

    fn returns_page(&self, module: &Module, function: StmtId) -> bool {
        let annotation = module.function(function).and_then(|definition| definition.returns);
        if annotation.is_some_and(|annotation| is_among(module, annotation, &[PAGES])) {
            return true;
        }
        let values = self.returned_by(module, function);
        !values.is_empty() && values.into_iter().all(|value| self.is_page(module, value))
    }

    /// Whether a value is a page or a detour, also where a function of the project renders it.
    fn is_page(&self, module: &Module, value: ExprId) -> bool {
        let syntax = &module.python.syntax;
        let value = self.local_value(module, value).unwrap_or(value);
        match &syntax.expr(value).kind {
            ExprKind::Await(inner) => self.is_page(module, *inner),
            ExprKind::Call { func, args, keywords } => {
                let mut given = args.iter().copied().chain(keywords.iter().map(|keyword| keyword.value));
                is_among(module, *func, &[PAGES, DETOURS])
                    || given.any(|given| {
                        syntax.string(given).is_some_and(|text| TEMPLATES.iter().any(|end| text.ends_with(end)))
                    })
            }
            _ => false,
        }
    }
}

impl Module {
    /// A keyword argument of a call.
    fn argument(&self, call: ExprId, name: &str) -> Option<ExprId> {
        match &self.python.syntax.expr(call).kind {
            ExprKind::Call { keywords, .. } => self.keyword(keywords, name),
            _ => None,
        }
    }
}

fn is_among(module: &Module, expr: ExprId, lists: &[&[&str]]) -> bool {
    module.last_name(expr).is_some_and(|name| lists.iter().any(|list| list.contains(&name)))
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    /// For each route whether it is published, and whether it answers with a page.
    fn told(text: &str) -> Vec<(bool, bool)> {
        let text = format!(
            "from fastapi import FastAPI, APIRouter\nfrom fastapi.responses import HTMLResponse, RedirectResponse\n\
             templates = object()\n{text}"
        );
        let project = project(&[("app/main.py", &text)]);
        let routes = project.routes.routes.iter();
        routes.map(|route| (project.is_published(route), project.answers_page(route))).collect()
    }

    #[test]
    fn routers_includes_and_applications_hide_routes() {
        let of = |router: &str, include: &str, application: &str| {
            told(&format!(
                "app = FastAPI({application})\nrouter = APIRouter({router})\n@router.get('/a')\ndef a(): return []\n\
                 app.include_router(router{include})\n"
            ))
        };
        assert_eq!(of("", "", ""), [(true, false)]);
        for hidden in [
            of("include_in_schema=False", "", ""),
            of("", ", include_in_schema=False", ""),
            of("", "", "openapi_url=None"),
        ] {
            assert_eq!(hidden, [(false, false)]);
        }
    }

    #[test]
    fn pages_are_known_by_their_class_or_template() {
        for handler in [
            "@app.get('/a', response_class=HTMLResponse)\ndef a(): return '<p>'\n",
            "@app.get('/a')\ndef a(request): return templates.TemplateResponse(request, 'a.html')\n",
            "@app.post('/a')\ndef a(request):\n    if request:\n        return render(request, 'a.html')\n    \
             return RedirectResponse('/b')\n",
            "@app.get('/a')\ndef a() -> HTMLResponse: ...\n",
        ] {
            assert_eq!(told(&format!("app = FastAPI()\n{handler}")), [(true, true)], "{handler}");
        }
        assert_eq!(told("app = FastAPI()\n@app.get('/a')\ndef a(): return {}\n"), [(true, false)]);
    }
}
