//! Which databases the application talks to, by the addresses of its engines or the drivers that it declares.

use crate::Project;
use crate::dependencies::Purpose;
use pyaudit_source::{Role, Span};
use std::collections::BTreeSet;

/// Distributions that talk to a database server, and which.
const DRIVERS: &[(&str, &str)] = &[
    ("asyncpg", "postgresql"),
    ("psycopg", "postgresql"),
    ("psycopg-binary", "postgresql"),
    ("psycopg2", "postgresql"),
    ("psycopg2-binary", "postgresql"),
    ("pg8000", "postgresql"),
    ("pymysql", "mysql"),
    ("mysqlclient", "mysql"),
    ("aiomysql", "mysql"),
    ("asyncmy", "mysql"),
    ("mysql-connector-python", "mysql"),
    ("mariadb", "mysql"),
    ("pyodbc", "mssql"),
    ("aioodbc", "mssql"),
    ("pymssql", "mssql"),
    ("oracledb", "oracle"),
    ("cx-oracle", "oracle"),
];

/// A declared dependency that talks to a database server.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Driver {
    /// Where it is declared.
    pub span: Span,
    /// Its normalised name: `psycopg2-binary`.
    pub distribution: String,
    /// The database: `postgresql`.
    pub dialect: &'static str,
}

impl Project {
    /// The drivers of database servers that what runs declares, in the order of their places.
    pub fn database_drivers(&self) -> Vec<Driver> {
        let declared = self.dependencies.shipped(&self.sources).flat_map(|manifest| &manifest.declared);
        let runtime = declared.filter(|declared| declared.purpose == Purpose::Runtime);
        let mut drivers: Vec<Driver> = runtime
            .filter_map(|declared| {
                let (_, dialect) = DRIVERS.iter().find(|(name, _)| *name == declared.distribution)?;
                Some(Driver { span: declared.name, distribution: declared.distribution.clone(), dialect })
            })
            .collect();
        drivers.sort();
        drivers
    }

    /// The kinds of database that the application talks to: those of its engines, or of its drivers where no address
    /// tells. `mariadb` counts as `mysql`.
    pub fn dialects(&self) -> BTreeSet<String> {
        let is_application = |module| self.modules.get(module).role == Role::Application;
        let engines = self.database.engines().iter().filter(|engine| is_application(engine.module));
        let known: BTreeSet<String> = engines
            .filter_map(|engine| engine.dialect.as_deref())
            .map(|dialect| if dialect == "mariadb" { "mysql" } else { dialect }.to_owned())
            .collect();
        let has_server = known.iter().any(|dialect| dialect != "sqlite");
        let drivers = self.database_drivers().into_iter().filter(|_| !has_server).map(|it| it.dialect.to_owned());
        let drivers: BTreeSet<String> = drivers.collect();
        known.union(&drivers).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::facts::testing::project;

    const ENGINE: &str = "from sqlalchemy import create_engine\nengine = create_engine";

    fn dialects(address: &str, requirements: &str) -> Vec<String> {
        let text = format!("{ENGINE}({address})\n");
        let files = [("app/db.py", text.as_str()), ("requirements.txt", requirements)];
        project(&files).dialects().into_iter().collect()
    }

    #[test]
    fn the_address_tells_before_the_drivers_do() {
        assert_eq!(dialects("'mariadb+pymysql://db/shop'", "psycopg2-binary\n"), ["mysql"]);
        assert_eq!(dialects("read_url()", "psycopg2-binary\nPyMySQL\n"), ["mysql", "postgresql"]);
        assert_eq!(dialects("'sqlite:///shop.db'", "asyncpg\n"), ["postgresql", "sqlite"]);
        assert!(dialects("read_url()", "requests\n").is_empty());
    }

    #[test]
    fn drivers_of_tests_do_not_count() {
        let drivers = project(&[("requirements-test.txt", "asyncpg\n"), ("requirements.txt", "aiosqlite\n")]);
        assert!(drivers.database_drivers().is_empty());
    }
}
