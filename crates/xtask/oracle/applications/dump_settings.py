"""The settings that a project reads from its environment: `dump_settings.py DIRECTORY [application.json]`, as `settings.json`.

`BaseSettings` classes tell their fields; everything else is seen when it reads `os.environ` while the application is
imported, and laid to the assignment that the reading line stands in.
"""

import ast
import inspect
import linecache
import os
import re
import sys

from common import named, run

READS = []


def dump(application):
    watch(application)
    application.load()
    application.import_all()
    classes = [describe(application, found) for found in settings_classes(application)]
    return sorted(classes, key=lambda found: (found["file"], found["line"])) + plain_classes(application)


# --- classes of pydantic ---------------------------------------------------------------------------------------------


def settings_classes(application):
    """Every subclass of BaseSettings that a file of the project defines."""
    bases = []
    try:
        from pydantic_settings import BaseSettings

        bases.append(BaseSettings)
    except ImportError:
        pass
    try:
        from pydantic.v1 import BaseSettings as OldSettings

        bases.append(OldSettings)
    except Exception:
        pass
    try:
        import pydantic

        if pydantic.VERSION.startswith("1."):
            bases.append(pydantic.BaseSettings)
    except ImportError:
        pass
    seen = {}
    for base in bases:
        for found in below(base):
            if application.place(found)[0] and "[" not in found.__qualname__:
                seen[named(found)] = found
    return list(seen.values())


def below(base):
    for found in base.__subclasses__():
        yield found
        yield from below(found)


def describe(application, found):
    file, line = application.place(found)
    fields = new_fields(found) if hasattr(found, "model_fields") else old_fields(found)
    return {"class": named(found), "root": application.root, "file": file, "line": line, "fields": fields}


def new_fields(found):
    from pydantic_settings import EnvSettingsSource

    source = EnvSettingsSource(found)
    return [field for name, info in found.model_fields.items() for field in field_of(source, name, info)]


def field_of(source, name, info, nested_in=""):
    config = source.config
    variables = []
    for _, variable, _ in source._extract_field_info(info, name):
        if variable not in variables:
            variables.append(variable)
    variables = [variable if source.case_sensitive else variable.upper() for variable in variables]
    yield {
        "name": nested_in + name,
        "variables": unique(variables),
        "required": info.is_required(),
        "default": None if info.is_required() else shown(info.get_default(call_default_factory=True)),
    }
    delimiter = config.get("env_nested_delimiter")
    model = model_in(info.annotation)
    if delimiter and model:
        for below_name, below_info in model.model_fields.items():
            yield {
                "name": f"{nested_in}{name}.{below_name}",
                "variables": [
                    cased(source, f"{variable}{delimiter}{below_info.alias or below_name}") for variable in variables
                ],
                "required": below_info.is_required(),
                "default": None if below_info.is_required() else shown(below_info.get_default(call_default_factory=True)),
            }


def cased(source, variable):
    return variable if source.case_sensitive else variable.upper()


def model_in(annotation):
    """The model that a field holds, also below `| None`."""
    from pydantic import BaseModel

    for kind in [annotation, *getattr(annotation, "__args__", ())]:
        if inspect.isclass(kind) and issubclass(kind, BaseModel):
            return kind
    return None


def old_fields(found):
    fields = []
    for name, field in found.__fields__.items():
        names = list(field.field_info.extra.get("env_names", [name]))
        sensitive = getattr(found.__config__, "case_sensitive", False)
        fields.append(
            {
                "name": name,
                "variables": unique(sorted(each if sensitive else each.upper() for each in names)),
                "required": bool(field.required),
                "default": None if field.required else shown(field.get_default()),
            }
        )
    return fields


def unique(names):
    return list(dict.fromkeys(names))


def shown(value):
    """`repr`, but nothing for a required value; secrets show what they hold, as the source does."""
    secret = getattr(value, "get_secret_value", None)
    return repr(secret() if secret else value)


# --- everything else that reads the environment ----------------------------------------------------------------------


def watch(application):
    """Notes every read of `os.environ` by a line of the project, and what it is given when the variable is missing."""
    kind = type(os.environ)
    plain_item = kind.__getitem__

    def item(self, key):
        note(application, key, True, None)
        return plain_item(self, key)

    def get(self, key, default=None):
        note(application, key, False, default)
        return plain_item(self, key) if key in self else default

    def pop(self, key, *default):
        note(application, key, not default, *(default or (None,)))
        return plain_pop(self, key, *default)

    plain_pop = kind.pop
    kind.__getitem__, kind.get, kind.pop = item, get, pop
    watch_starlette(application)
    watch_decouple(application)


def watch_starlette(application):
    try:
        from starlette.config import Config, undefined
    except ImportError:
        return
    plain = Config.get

    def get(self, key, cast=None, default=undefined):
        note(application, self.env_prefix + key, default is undefined, None if default is undefined else default)
        return plain(self, key, cast, default)

    Config.get = get


def watch_decouple(application):
    try:
        from decouple import AutoConfig, undefined
    except ImportError:
        return
    plain = AutoConfig.__call__

    def call(self, key, *args, **options):
        default = options.get("default", undefined)
        note(application, key, default is undefined, None if default is undefined else default)
        return plain(self, key, *args, **options)

    AutoConfig.__call__ = call


def note(application, key, required, default):
    """The first line below us on the stack that the project wrote, unless a library reads for itself."""
    frame = sys._getframe(2)
    ours = ("/os.py", "starlette/config.py", "decouple.py", "_collections_abc.py", "<frozen os>", "<frozen _collections_abc>")
    while frame is not None and frame.f_code.co_filename.endswith(ours):
        if frame.f_code.co_name == "__iter__":
            return  # somebody goes through the whole environment
        frame = frame.f_back
    if frame is None or not application.relative(frame.f_code.co_filename):
        return
    if re.search(r"\*\*os\.environ|dict\((os\.)?environ|environ\.copy\(", line_of(frame)):
        return  # and here too, by a copy
    module = frame.f_globals.get("__name__", "")
    READS.append((frame.f_code.co_filename, frame.f_lineno, module, key, required, default))


def line_of(frame):
    return linecache.getline(frame.f_code.co_filename, frame.f_lineno)


def plain_classes(application):
    """One entry a class, and one named `module:` for what stands outside of classes; a field may be read at several lines."""
    found = {}
    for path, line, module, key, required, default in READS:
        owner, field, class_line = assignment_at(application.tree(path), line)
        entry = found.setdefault(
            (application.relative(path), class_line, f"{module}:{owner}"),
            {"class": f"{module}:{owner}", "root": application.root, "file": application.relative(path), "line": class_line},
        )
        fields = entry.setdefault("fields", [])
        shown_default = None if required or default is None else repr(default)
        described = {"name": field, "variables": [key], "required": required, "default": shown_default, "read_at": line}
        if described not in fields:
            fields.append(described)
    return [found[key] for key in sorted(found)]


def assignment_at(tree, line):
    """The qualified class and the name that the statement at this line assigns; the name is None for a read that is none."""
    owner, field, class_line = [], None, 1
    body = tree.body
    while body is not None:
        statement = next((each for each in body if covers(each, line)), None)
        body = None
        if isinstance(statement, ast.ClassDef):
            owner, class_line = [*owner, statement.name], statement.lineno
            body = statement.body
        elif isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if not owner:
                return statement.name, name_in(statement.body, line), statement.lineno
            field = name_in(statement.body, line)
        elif statement is not None:
            field = name_in([statement], line)
    return ".".join(owner), field, class_line


def covers(statement, line):
    first = min([statement.lineno, *(each.lineno for each in getattr(statement, "decorator_list", ()))])
    return first <= line <= statement.end_lineno


def name_in(body, line):
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)) and covers(node, line):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for target in targets:
                    if isinstance(target, ast.Name):
                        return target.id
                    if isinstance(target, ast.Attribute):
                        return target.attr
    return None


if __name__ == "__main__":
    sys.setrecursionlimit(10_000)
    run(dump, [])
