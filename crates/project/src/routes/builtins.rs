//! Functions of Python and its library that routes are made with.

use super::expressions::{join_path, shown};
use super::framework;
use super::interpreter::{Frame, Interpreter};
use super::value::{Arguments, Made, ObjectRole, Value};
use pyaudit_python::ExprId;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Functions that read an environment variable and give a default after its name.
const ENVIRONMENT_READERS: &[&str] = &["os.getenv", "os.environ.get", "decouple.config"];

/// Classes whose objects, and whose methods, read an environment variable and give a default after its name.
const ENVIRONMENT_OBJECTS: &[&str] = &["starlette.config.Config", "decouple.Config", "environs.Env", "environ.Env"];

/// Functions that declare a field and name its default.
const FIELDS: &[&str] = &["pydantic.Field", "pydantic.fields.Field", "dataclasses.field", "attrs.field", "attr.ib"];

/// Functions that give back a list of what they are given.
const LISTS: &[&str] = &["list", "tuple", "set", "frozenset", "iter"];

/// Decorators that leave what they decorate as it is.
const TRANSPARENT: &[&str] = &[
    "functools.lru_cache",
    "functools.cache",
    "staticmethod",
    "classmethod",
    "property",
    "contextlib.asynccontextmanager",
];

impl Interpreter<'_> {
    /// A call of a built-in or of something of a library.
    pub(super) fn call_external(
        &mut self,
        frame: &mut Frame,
        call: ExprId,
        dotted: &Rc<str>,
        arguments: &Arguments,
    ) -> Value {
        if let Some(value) = self.make(frame, call, dotted, arguments) {
            return value;
        }
        let first = arguments.positional.first();
        match &**dotted {
            "super" => {
                let Some((this, class)) = frame.method.clone() else { return Value::Unknown };
                Value::Super(Rc::new(this), class)
            }
            "getattr" => self.get_attribute(frame, arguments),
            "hasattr" => self.has_attribute(frame, arguments),
            "setattr" => {
                if let [object, name, value] = &arguments.positional[..]
                    && let Some(name) = name.as_text().map(str::to_owned)
                {
                    self.set_attribute(object, &name, value.clone());
                }
                Value::None
            }
            "isinstance" => self.is_instance(arguments).map_or(Value::Unknown, Value::Bool),
            "len" => match first.map(Value::plain) {
                Some(Value::Text(text)) => Value::count(text.chars().count()),
                Some(value @ (Value::List(_) | Value::Tuple(_) | Value::Dict(_))) => {
                    Value::count(self.elements(value).map_or(0, |values| values.len()))
                }
                _ => Value::Unknown,
            },
            "fastapi.routing.iter_route_contexts" => match first {
                Some(Value::RoutesOf(router)) => {
                    let objects = self.all_route_objects(*router);
                    self.new_list(objects)
                }
                _ => Value::Unknown,
            },
            "str" => first.and_then(shown).map_or(Value::Unknown, |text| Value::text(&text)),
            "sorted" => self.sorted(frame, call, arguments),
            "dict" => {
                let mut pairs = first.and_then(|value| self.pairs(value)).unwrap_or_default();
                pairs.extend(
                    arguments.keywords.iter().map(|(name, value)| (Value::Text(Rc::clone(name)), value.clone())),
                );
                self.new_dict(pairs)
            }
            "enumerate" | "zip" | "reversed" => self.iterate(dotted, arguments),
            "typing.cast" => arguments.positional.get(1).cloned().unwrap_or(Value::Unknown),
            "functools.wraps" | "functools.update_wrapper" => {
                first.map_or(Value::Unknown, |function| Value::Wraps(Rc::new(function.clone())))
            }
            "functools.partial" => Self::partial(arguments),
            "importlib.import_module" | "__import__" => self.import_module(frame, arguments),
            "pkgutil.iter_modules" | "pkgutil.walk_packages" => {
                self.iterate_modules(arguments, &**dotted == "pkgutil.walk_packages")
            }
            "inspect.getmembers" | "vars" | "dir" => self.members_of(dotted, first),
            name if LISTS.contains(&name) => match first {
                None => self.new_list(Vec::new()),
                Some(Value::RoutesOf(router)) => {
                    let objects = self.route_objects(*router);
                    self.new_list(objects)
                }
                Some(value) => match self.elements(value) {
                    Some(values) => self.new_list(values),
                    None => Value::Unknown,
                },
            },
            name if ENVIRONMENT_READERS.contains(&name) => environment_default(arguments),
            name if FIELDS.contains(&name) => self.field_default(frame, call, arguments),
            name if TRANSPARENT.contains(&name) && matches!(first, Some(Value::Function(_))) => {
                first.cloned().unwrap_or(Value::Unknown)
            }
            name if name.starts_with("os.") || name.starts_with("pathlib.") || name.starts_with("glob.") => {
                self.call_file_system(name, arguments)
            }
            _ => self.made(frame, call, dotted, arguments),
        }
    }

    /// What a call of a library gives, of which nothing is known but what it was given.
    pub(super) fn made(&mut self, frame: &mut Frame, call: ExprId, dotted: &str, arguments: &Arguments) -> Value {
        if let registered @ Value::Registrar(_) = self.call_unknown(frame, call, arguments) {
            return registered;
        }
        if let Some(made) = self.made_by_library(frame, call, dotted, arguments) {
            return made;
        }
        let given = arguments.positional.iter().chain(arguments.keywords.iter().map(|(_, value)| value));
        let around = given.filter_map(Value::as_object).find(|&id| self.is_router(id));
        self.brought_by(frame, call, dotted, arguments, around);
        let first = arguments.positional.first().cloned();
        Value::Made(Rc::new(Made { callee: Rc::from(dotted), module: frame.module, call, around, first }))
    }

    /// A call of what a call of a library gave: `config("DEBUG", default=False)`.
    pub(super) fn call_made(&mut self, frame: &mut Frame, call: ExprId, made: &Made, arguments: &Arguments) -> Value {
        if ENVIRONMENT_OBJECTS.contains(&&*made.callee) {
            return environment_default(arguments);
        }
        self.made(frame, call, &format!("{}()", made.callee), arguments)
    }

    /// A method of something that is known here.
    pub(super) fn call_method(
        &mut self,
        frame: &mut Frame,
        call: ExprId,
        receiver: &Value,
        name: &str,
        arguments: &Arguments,
    ) -> Value {
        match receiver.plain() {
            Value::Object(id) => self.call_router_method(frame, call, *id, name, arguments),
            Value::Super(this, _) => match this.plain() {
                Value::Object(id) if name == "__init__" => {
                    self.initialise(*id, arguments);
                    Value::None
                }
                Value::Object(id) => self.call_router_method(frame, call, *id, name, arguments),
                _ => Value::Unknown,
            },
            Value::Text(text) => self.call_text_method(&Rc::clone(text), name, arguments),
            Value::Path(path) => self.call_path_method(&Rc::clone(path), name, arguments),
            Value::List(_) if name == "sort" => {
                let receiver = receiver.plain().clone();
                self.sort(frame, call, &receiver, arguments)
            }
            Value::List(_) | Value::Dict(_) | Value::Tuple(_) => {
                let receiver = receiver.plain().clone();
                self.call_container_method(&receiver, name, arguments)
            }
            Value::RoutesOf(router) => self.call_routes_method(*router, name, arguments),
            Value::DependenciesOf(router) => {
                let router = *router;
                let more = match name {
                    "append" => arguments.positional.clone(),
                    "extend" => arguments.positional.first().and_then(|value| self.elements(value)).unwrap_or_default(),
                    _ => Vec::new(),
                };
                self.add_dependencies(router, &more);
                Value::None
            }
            Value::Made(made) => self.call_method_of_made(frame, call, &Rc::clone(made), name, arguments),
            _ => Value::Unknown,
        }
    }

    fn call_method_of_made(
        &mut self,
        frame: &mut Frame,
        call: ExprId,
        made: &Made,
        name: &str,
        arguments: &Arguments,
    ) -> Value {
        if ENVIRONMENT_OBJECTS.contains(&&*made.callee) && name != "read_env" {
            return environment_default(arguments);
        }
        let value = self.made(frame, call, &format!("{}.{name}", made.callee), arguments);
        match value {
            // `Instrumentator().instrument(app).expose(app)`: what was made around an application stays around it.
            Value::Made(next) if next.around.is_none() && made.around.is_some() => {
                Value::Made(Rc::new(Made { around: made.around, ..(*next).clone() }))
            }
            other => other,
        }
    }

    fn get_attribute(&mut self, frame: &mut Frame, arguments: &Arguments) -> Value {
        let [object, name, default @ ..] = &arguments.positional[..] else { return Value::Unknown };
        let Some(name) = name.as_text().map(str::to_owned) else { return Value::Unknown };
        let found = self.attribute(frame, object, &name);
        match (found, default.first()) {
            (Value::Unknown, Some(default)) if self.is_known_without(object) => default.clone(),
            (found, _) => found,
        }
    }

    fn has_attribute(&mut self, frame: &mut Frame, arguments: &Arguments) -> Value {
        let [object, name] = &arguments.positional[..] else { return Value::Unknown };
        let Some(name) = name.as_text().map(str::to_owned) else { return Value::Unknown };
        match self.attribute(frame, object, &name) {
            Value::Unknown if self.is_known_without(object) => Value::Bool(false),
            Value::Unknown => Value::Unknown,
            _ => Value::Bool(true),
        }
    }

    /// Whether an attribute that is not found is surely not there.
    fn is_known_without(&self, object: &Value) -> bool {
        match object {
            Value::Module(id) => self.is_done(*id),
            Value::Object(id) => {
                let class = self.objects[id.0 as usize].class;
                class.is_some_and(|class| self.external_bases_of(class).is_empty())
            }
            Value::Class(class) => self.external_bases_of(*class).is_empty(),
            _ => false,
        }
    }

    fn is_instance(&self, arguments: &Arguments) -> Option<bool> {
        let [value, class] = &arguments.positional[..] else { return None };
        let Value::External(class) = class.plain() else { return None };
        match value.plain() {
            Value::Object(id) if framework::is_router_class(class) => Some(self.is_router(*id)),
            Value::Function(_)
            | Value::Module(_)
            | Value::Class(_)
            | Value::Text(_)
            | Value::Dict(_)
            | Value::List(_)
                if framework::is_router_class(class) =>
            {
                Some(false)
            }
            Value::Text(_) => Some(&**class == "str"),
            Value::Object(id) => match self.objects[id.0 as usize].role {
                ObjectRole::Entry(entry) => self.entry_is(entry, class),
                _ => None,
            },
            _ => None,
        }
    }

    fn iterate(&mut self, name: &str, arguments: &Arguments) -> Value {
        let lists: Option<Vec<Vec<Value>>> = arguments.positional.iter().map(|value| self.elements(value)).collect();
        let Some(lists) = lists.filter(|lists| !lists.is_empty()) else { return Value::Unknown };
        let length = lists.iter().map(Vec::len).min().unwrap_or(0);
        let values = match name {
            "reversed" => lists[0].iter().rev().cloned().collect(),
            "zip" => (0..length)
                .map(|at| Value::Tuple(lists.iter().map(|list| list[at].clone()).collect::<Vec<_>>().into()))
                .collect(),
            _ => {
                let numbered = lists[0].iter().enumerate();
                numbered.map(|(at, value)| Value::Tuple([Value::count(at), value.clone()].into())).collect()
            }
        };
        self.new_list(values)
    }

    fn field_default(&mut self, frame: &mut Frame, call: ExprId, arguments: &Arguments) -> Value {
        if let Some(factory) = arguments.get("default_factory", None).cloned() {
            return self.call(frame, call, &factory, &Arguments::default());
        }
        match arguments.get("default", Some(0)) {
            Some(Value::External(_)) | None => Value::Unknown,
            Some(value) => value.clone(),
        }
    }

    fn import_module(&mut self, frame: &Frame, arguments: &Arguments) -> Value {
        let Some(name) = arguments.positional.first().and_then(|value| value.as_text().map(str::to_owned)) else {
            return Value::Unknown;
        };
        let importer = self.module(frame.module);
        let package = arguments.get("package", Some(1)).and_then(|value| value.as_text().map(str::to_owned));
        let relative = name.trim_start_matches('.');
        let dotted = match (name.len() - relative.len(), package) {
            (0, _) => relative.to_owned(),
            (1, Some(package)) => format!("{package}.{relative}"),
            _ => return Value::Unknown,
        };
        self.load(importer, 0, &dotted).unwrap_or(Value::Unknown)
    }

    /// `pkgutil.iter_modules(path, prefix)`: the modules of directories in the order of their names.
    fn iterate_modules(&mut self, arguments: &Arguments, deep: bool) -> Value {
        let directories = arguments.get("path", Some(0)).and_then(|value| self.elements(value));
        let prefix =
            arguments.get("prefix", Some(1)).map_or(Some(String::new()), |value| value.as_text().map(str::to_owned));
        let (Some(directories), Some(prefix)) = (directories, prefix) else { return Value::Unknown };
        let mut found = Vec::new();
        for directory in &directories {
            let Some(directory) = shown(directory) else { return Value::Unknown };
            for (name, is_package) in self.project.modules.modules_in(&directory, deep) {
                let name = Value::text(&format!("{prefix}{name}"));
                found.push(Value::Tuple([Value::Unknown, name, Value::Bool(is_package)].into()));
            }
        }
        self.new_list(found)
    }

    /// The names of a module, with their values unless `dir` asks.
    fn members_of(&mut self, function: &str, value: Option<&Value>) -> Value {
        let environments = match value {
            Some(Value::Module(id)) => vec![self.import(*id)],
            Some(Value::Class(class)) => {
                let classes = self.ancestors(*class);
                classes.iter().map(|class| self.classes[class.0 as usize].body).collect()
            }
            _ => return Value::Unknown,
        };
        let mut nearest: BTreeMap<Rc<str>, Value> = BTreeMap::new();
        for environment in environments {
            let values = &self.environments[environment.0 as usize].values;
            let here: BTreeMap<&Rc<str>, &Value> = values.iter().collect();
            for (name, value) in here {
                nearest.entry(Rc::clone(name)).or_insert_with(|| value.clone());
            }
        }
        let mut members: Vec<(Value, Value)> =
            nearest.into_iter().map(|(name, value)| (Value::Text(name), value)).collect();
        members.sort_by_key(|(name, _)| shown(name));
        match function {
            "vars" => self.new_dict(members),
            "dir" => self.new_list(members.into_iter().map(|(name, _)| name).collect()),
            _ => {
                let pairs = members.into_iter().map(|(name, value)| Value::Tuple([name, value].into())).collect();
                self.new_list(pairs)
            }
        }
    }

    /// Functions over paths.
    fn call_file_system(&mut self, name: &str, arguments: &Arguments) -> Value {
        let first = arguments.positional.first();
        let path = || {
            first.and_then(|value| match value.plain() {
                Value::Path(path) => Some(path.to_string()),
                _ => None,
            })
        };
        match name {
            "os.path.dirname" => path().map_or(Value::Unknown, |path| {
                Value::Path(Rc::from(path.rsplit_once('/').map_or("", |(directory, _)| directory)))
            }),
            "os.path.abspath" | "os.path.realpath" | "pathlib.Path" | "os.fspath" => {
                path().map_or(Value::Unknown, |path| Value::Path(Rc::from(path)))
            }
            "os.path.join" => match (path(), arguments.positional.get(1..)) {
                (Some(path), Some(rest)) => {
                    let joined = rest.iter().try_fold(path, |path, part| Some(join_path(&path, part.as_text()?)));
                    joined.map_or(Value::Unknown, |path| Value::Path(Rc::from(path)))
                }
                _ => Value::Unknown,
            },
            "os.path.basename" => {
                let text = first.and_then(shown);
                text.map_or(Value::Unknown, |path| Value::text(path.rsplit('/').next().unwrap_or(&path)))
            }
            "os.listdir" => match path() {
                Some(path) => {
                    let names = self.project.modules.files_in(&path, false);
                    let names = names.iter().map(|file| Value::text(file.rsplit('/').next().unwrap_or(file))).collect();
                    self.new_list(names)
                }
                None => Value::Unknown,
            },
            _ => Value::Unknown,
        }
    }
}

/// The default after the name of an environment variable, which the environment may replace.
fn environment_default(arguments: &Arguments) -> Value {
    let default = arguments.get("default", Some(1)).cloned().unwrap_or(Value::None);
    Value::Default(Rc::new(default))
}
