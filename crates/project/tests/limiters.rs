//! What limits how often a route can be asked.

mod common;

/// Whether the first route of an application with this text is limited, with a proxy's configuration beside it.
fn is_limited(text: &str, proxy: &str) -> bool {
    let text = format!("from fastapi import Depends, FastAPI\napp = FastAPI()\n{text}");
    let project = common::project(&[("app/main.py", &text), ("nginx.conf", proxy)]);
    project.limits_every_route() || project.is_rate_limited(&project.routes.routes[0])
}

#[test]
fn decorators_dependencies_layers_calls_and_proxies_limit() {
    let route = "@app.post('/login')\n";
    assert!(!is_limited(&format!("{route}def login(limit: int = 3):\n    return limit\n"), ""));
    assert!(is_limited(&format!("{route}@limiter.limit('5/minute')\ndef login():\n    pass\n"), ""));
    assert!(is_limited(&format!("{route}def login(a=Depends(RateLimiter(times=3))):\n    pass\n"), ""));
    assert!(is_limited(&format!("{route}def login():\n    inner()\ndef inner():\n    raise HTTPException(429)\n"), ""));
    assert!(is_limited(&format!("{route}def login():\n    pass\n"), "limit_req zone=a;\n"));
    let layer = "class RateLimitMiddleware:\n    pass\napp.add_middleware(RateLimitMiddleware)\n";
    assert!(is_limited(&format!("{layer}{route}def login():\n    pass\n"), ""));
}
