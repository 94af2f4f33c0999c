"""The tables of a project's SQLAlchemy metadata: `dump_tables.py DIRECTORY [application.json]`, as `tables.json`."""

import gc
import sys

from common import named, run


# The dialects describe the catalogues of their servers as tables too.
CATALOGUES = ("information_schema", "pg_catalog", "sys")


def dump(application):
    try:
        import sqlalchemy
    except ImportError:
        return []
    application.load()
    application.import_all()
    classes = mapped_classes()
    found = {}
    for metadata in [thing for thing in gc.get_objects() if issubclass(type(thing), sqlalchemy.MetaData)]:
        for table in metadata.tables.values():
            if (table.schema or "").lower() in CATALOGUES:
                continue
            found[str(table)] = describe(application, table, classes.get(table))
    return [found[name] for name in sorted(found)]


def mapped_classes():
    """The class of each mapped table, the first one mapped where several share it."""
    from sqlalchemy.orm import Mapper, configure_mappers

    try:
        configure_mappers()
    except Exception as error:
        print(f"mappers cannot be configured: {error!r}", file=sys.stderr)
    mappers = [thing for thing in gc.get_objects() if issubclass(type(thing), Mapper)]
    found = {}
    for mapper in sorted(mappers, key=lambda mapper: (len(mapper.class_.__mro__), named(mapper.class_))):
        found.setdefault(mapper.local_table, mapper)
    return found


def describe(application, table, mapper):
    file, line = application.place(mapper.class_) if mapper else (None, None)
    return {
        "table": str(table),
        "root": application.root,
        "class": named(mapper.class_) if mapper else None,
        "file": file,
        "line": line,
        "columns": [column_of(column) for column in table.columns],
        "indexes": sorted(map(index_of, table.indexes), key=lambda index: (index["columns"], str(index["name"]))),
        "constraints": sorted(constraints_of(table), key=str),
        "relationships": sorted(relationships_of(mapper), key=lambda found: found["name"]) if mapper else [],
    }


def column_of(column):
    return {
        "name": column.name,
        "type": type_of(column),
        "nullable": column.nullable,
        "primary_key": column.primary_key,
        "foreign_keys": sorted(key.target_fullname for key in column.foreign_keys),
        "index": bool(column.index),
        "unique": bool(column.unique),
    }


def type_of(column):
    """The name of the type's class with its length or precision, as far as it has some: `String(120)`, `Numeric(10, 2)`."""
    kind = column.type
    sizes = [getattr(kind, name, None) for name in ("length", "precision", "scale")]
    sizes = [str(size) for size in sizes if isinstance(size, int) and not isinstance(size, bool)]
    name = type(kind).__name__
    if name in ("Enum", "Uuid", "UUID"):
        return name
    return f"{name}({', '.join(sizes)})" if sizes else name


def index_of(index):
    columns = [getattr(part, "name", None) or str(part) for part in index.expressions]
    return {"name": str(index.name) if index.name else None, "columns": columns, "unique": bool(index.unique)}


def constraints_of(table):
    """Unique and check constraints, and foreign keys of several columns."""
    for constraint in table.constraints:
        kind = type(constraint).__name__
        columns = [column.name for column in getattr(constraint, "columns", [])]
        if kind == "UniqueConstraint" or (kind == "ForeignKeyConstraint" and len(columns) > 1):
            yield {"kind": kind, "columns": columns}
        elif kind == "CheckConstraint" and not getattr(constraint, "_type_bound", False):
            yield {"kind": kind, "text": str(constraint.sqltext)}


def relationships_of(mapper):
    try:
        return [{"name": found.key, "target": named(found.mapper.class_)} for found in mapper.relationships]
    except Exception as error:
        print(f"{mapper}: {error!r}", file=sys.stderr)
        return []


if __name__ == "__main__":
    sys.setrecursionlimit(10_000)
    run(dump, [])
