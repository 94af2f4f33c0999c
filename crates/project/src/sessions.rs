//! Database objects: sessions, connections, cursors, and which expressions are one.

use crate::types::canonical;
use crate::{Definition, Module, Project, Symbol};
use pyaudit_python::ExprId;

/// What kind of database object an expression is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DatabaseObject {
    /// An engine or a connection pool.
    Engine,
    /// An ORM session, synchronous.
    Session,
    /// An ORM session whose calls are awaited.
    AsyncSession,
    /// A connection of SQLAlchemy or of a driver.
    Connection,
    /// A cursor of a driver.
    Cursor,
}

impl DatabaseObject {
    /// Whether it is an ORM session.
    pub const fn is_session(self) -> bool {
        matches!(self, Self::Session | Self::AsyncSession)
    }
}

/// Classes that are database objects, by their canonical path.
const CLASSES: &[(&str, DatabaseObject)] = &[
    ("sqlalchemy.engine.Engine", DatabaseObject::Engine),
    ("sqlalchemy.ext.asyncio.AsyncEngine", DatabaseObject::Engine),
    ("asyncpg.Pool", DatabaseObject::Engine),
    ("databases.Database", DatabaseObject::Connection),
    ("sqlalchemy.orm.Session", DatabaseObject::Session),
    ("sqlalchemy.orm.scoped_session", DatabaseObject::Session),
    ("sqlmodel.Session", DatabaseObject::Session),
    ("sqlalchemy.ext.asyncio.AsyncSession", DatabaseObject::AsyncSession),
    ("sqlalchemy.ext.asyncio.async_scoped_session", DatabaseObject::AsyncSession),
    ("sqlmodel.ext.asyncio.session.AsyncSession", DatabaseObject::AsyncSession),
    ("sqlalchemy.engine.Connection", DatabaseObject::Connection),
    ("sqlalchemy.ext.asyncio.AsyncConnection", DatabaseObject::Connection),
    ("dbapi.Connection", DatabaseObject::Connection),
    ("sqlite3.Connection", DatabaseObject::Connection),
    ("aiosqlite.Connection", DatabaseObject::Connection),
    ("psycopg.Connection", DatabaseObject::Connection),
    ("psycopg.AsyncConnection", DatabaseObject::Connection),
    ("psycopg2.extensions.connection", DatabaseObject::Connection),
    ("asyncpg.Connection", DatabaseObject::Connection),
    ("dbapi.Cursor", DatabaseObject::Cursor),
    ("sqlite3.Cursor", DatabaseObject::Cursor),
    ("psycopg.Cursor", DatabaseObject::Cursor),
    ("psycopg.AsyncCursor", DatabaseObject::Cursor),
    ("psycopg2.extensions.cursor", DatabaseObject::Cursor),
];

impl Project {
    /// The database object that an expression is, where the source says so, however many modules away.
    pub fn database_object(&self, module: &Module, expr: ExprId) -> Option<DatabaseObject> {
        self.database_class(&self.type_of(module, expr)?)
    }

    /// The database object that instances of a class are: one of a library, or a class of the project made from one.
    pub(crate) fn database_class(&self, class: &Symbol) -> Option<DatabaseObject> {
        if let Symbol::External(name) = class {
            let name = canonical(name);
            return CLASSES.iter().find(|(known, _)| *known == name).map(|&(_, object)| object);
        }
        let (module, Definition::Class(id)) = self.definition(class)? else { return None };
        let bases = self.external_bases(module, id);
        bases.iter().find_map(|base| self.database_class(base))
    }
}
