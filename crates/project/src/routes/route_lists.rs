//! The routes of an application or router as a list that code reads and changes, and routes as objects.

use super::RouterId;
use super::framework::{EntryId, EntryKind};
use super::interpreter::Interpreter;
use super::value::{Arguments, ObjectId, ObjectRole, Value};

/// How many routes one loop over the routes of a router meets.
const MAX_ROUTE_OBJECTS: usize = 2_000;

impl Interpreter<'_> {
    /// Puts back what a router held, where the list that replaces it begins with all of that.
    pub(super) fn keep_own_routes(&mut self, id: ObjectId, list: &Value, before: Vec<EntryId>) {
        let has_own = self
            .elements(list)
            .is_some_and(|values| values.iter().any(|value| matches!(value, Value::RoutesOf(other) if *other == id)));
        if let Some(router) = self.router_of(id).filter(|_| has_own) {
            self.state_mut(router).entries = before;
        }
    }

    /// The routes of a router as objects.
    pub(super) fn route_objects(&self, router: ObjectId) -> Vec<Value> {
        let Some(router) = self.router_of(router) else { return Vec::new() };
        self.state(router).entries.iter().map(|id| Value::Object(self.entries[id.0 as usize].object)).collect()
    }

    /// The routes of a router and of those that it includes, as objects.
    pub(super) fn all_route_objects(&self, router: ObjectId) -> Vec<Value> {
        let mut open: Vec<RouterId> = self.router_of(router).into_iter().collect();
        let mut seen = Vec::new();
        let mut found = Vec::new();
        while let Some(router) = open.pop() {
            if seen.contains(&router) || found.len() > MAX_ROUTE_OBJECTS {
                continue;
            }
            seen.push(router);
            for id in &self.state(router).entries {
                let entry = &self.entries[id.0 as usize];
                match entry.kind {
                    EntryKind::Include { inner, .. } => open.push(inner),
                    _ => found.push(Value::Object(entry.object)),
                }
            }
        }
        found
    }

    /// An attribute of a route that stands in a list.
    pub(super) fn entry_attribute(&self, id: ObjectId, entry: EntryId, name: &str) -> Option<Value> {
        match (&self.entries[entry.0 as usize].kind, name) {
            (_, "original_route") => Some(Value::Object(id)),
            (EntryKind::Route(route), "path") => route.path.as_deref().map(Value::text),
            (EntryKind::Route(route), "endpoint") => Some(route.endpoint.clone()),
            (EntryKind::Mount { inner: _, path, .. } | EntryKind::Foreign { path, .. }, "path") => {
                path.as_deref().map(Value::text)
            }
            _ => None,
        }
    }

    /// What setting an attribute of a route changes.
    pub(super) fn set_entry_attribute(&mut self, entry: EntryId, name: &str, value: &Value) {
        let text = self.text_of(value);
        match (&mut self.entries[entry.0 as usize].kind, name) {
            (EntryKind::Route(route), "path") => route.path = text,
            (EntryKind::Route(route), "endpoint") => route.endpoint = value.clone(),
            (EntryKind::Mount { path, .. } | EntryKind::Foreign { path, .. }, "path") => *path = text,
            _ => {}
        }
    }

    /// Adds each element of a list of routes to a router.
    pub(super) fn add_routes(&mut self, router: RouterId, listed: &Value) {
        if let Value::RoutesOf(_) | Value::Object(_) = listed.plain() {
            return self.add_route_object(router, listed, None);
        }
        match self.elements(listed) {
            Some(values) => {
                for value in values {
                    self.add_route_object(router, &value, None);
                }
            }
            None if matches!(listed, Value::None) => {}
            None => {
                self.unknown_includes.insert(router);
            }
        }
    }

    /// Adds a route, mount or host, or all routes of another router.
    fn add_route_object(&mut self, router: RouterId, route: &Value, at: Option<usize>) {
        let entry = match route.plain() {
            Value::Object(id) => match self.objects[id.0 as usize].role {
                ObjectRole::Entry(entry) => {
                    self.attached.insert(entry);
                    entry
                }
                _ => return,
            },
            Value::RoutesOf(other) => {
                let Some(inner) = self.router_of(*other).filter(|inner| *inner != router) else { return };
                self.state_mut(inner).is_held = true;
                // The routes bring the prefix and dependencies of their router, and nothing is put before these.
                let kind = EntryKind::Include { inner, prefix: Some(String::new()), dependencies: Vec::new() };
                let call = self.state(router).call;
                self.push_entry(router, kind, call);
                return;
            }
            Value::Unknown | Value::OneOf(_) => {
                self.unknown_includes.insert(router);
                return;
            }
            _ => return,
        };
        let entries = &mut self.state_mut(router).entries;
        let at = at.unwrap_or(entries.len()).min(entries.len());
        entries.insert(at, entry);
    }

    /// A method of the list of a router's routes.
    pub(super) fn call_routes_method(&mut self, router: ObjectId, name: &str, arguments: &Arguments) -> Value {
        let Some(router) = self.router_of(router) else { return Value::Unknown };
        match (name, &arguments.positional[..]) {
            ("append", [route]) => self.add_route_object(router, route, None),
            ("extend", [more]) => self.add_routes(router, more),
            ("insert", [Value::Int(at), route]) => {
                self.add_route_object(router, route, Some(usize::try_from(*at).unwrap_or(0)));
            }
            ("clear", _) => self.state_mut(router).entries.clear(),
            ("remove", [Value::Object(route)]) => {
                if let ObjectRole::Entry(entry) = self.objects[route.0 as usize].role {
                    self.state_mut(router).entries.retain(|&known| known != entry);
                }
            }
            _ => return Value::Unknown,
        }
        Value::None
    }
}
