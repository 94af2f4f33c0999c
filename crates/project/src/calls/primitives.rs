//! What callables of Python and of libraries do: wait, and talk to networks, databases, processes and files.
//!
//! Each row is read off the documentation of its library, whose address stands above its group. What a callable is, is
//! known by its dotted path, as [`super::Calls::path`] gives it, in the one spelling that the tables of types use.

mod deep;
mod direct;

use crate::types::canonical;
use deep::DEEP;
use direct::DIRECT;
use std::collections::HashMap;

/// What a callable does that takes long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Sleeps, or waits for a thread, a queue or a person.
    Wait,
    /// Talks to another machine: HTTP, mail, sockets, services by their own libraries.
    Network,
    /// Asks a database.
    Database,
    /// Asks a store of keys and values: Redis, Memcached.
    Cache,
    /// Runs a process, or waits for one.
    Subprocess,
    /// Computes a password hash, which is slow on purpose.
    Hashing,
    /// Reads or writes a file.
    File,
}

crate::named!(Kind {
    Wait => "wait",
    Network => "network",
    Database => "database",
    Cache => "cache",
    Subprocess => "subprocess",
    Hashing => "hashing",
    File => "file",
});

/// What an external callable does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Primitive {
    /// What it does.
    pub kind: Kind,
    /// Whether its thread stands still until that is done. Not where the call gives something to be awaited.
    pub blocks: bool,
}

/// Whether the callables of a row block.
const BLOCKS: bool = true;
const AWAITED: bool = false;

/// Callables: kind, whether they block, what they belong to, their names. A first name `*` stands for every name but
/// the others of its row.
type Row = (Kind, bool, &'static [&'static str], &'static [&'static str]);

/// The tables, by what their callables belong to.
pub(super) struct Primitives {
    direct: HashMap<&'static str, Vec<&'static Row>>,
    deep: HashMap<&'static str, Vec<&'static Row>>,
}

impl Primitives {
    pub(super) fn new() -> Self {
        Self { direct: by_owner(DIRECT), deep: by_owner(DEEP) }
    }

    /// What the callable with this dotted path does.
    pub(super) fn of(&self, path: &str) -> Option<Primitive> {
        let path = canonical(path);
        let (owner, name) = path.rsplit_once('.').unwrap_or(("", &path));
        let direct = self.direct.get(owner).into_iter().flatten().find(|row| has(row.3, name));
        // The nearest owner decides: what stands below `client.aio` is awaited, what stands below `client` is not.
        let found = direct.or_else(|| {
            let mut owners = std::iter::successors(Some(owner), |at| at.rsplit_once('.').map(|(outer, _)| outer));
            owners.find_map(|owner| self.deep.get(owner)?.iter().find(|row| has(row.3, name)))
        });
        found.map(|&&(kind, blocks, ..)| Primitive { kind, blocks })
    }
}

fn by_owner(rows: &'static [Row]) -> HashMap<&'static str, Vec<&'static Row>> {
    let mut table: HashMap<&str, Vec<&Row>> = HashMap::new();
    for row in rows {
        for owner in row.2 {
            table.entry(owner).or_default().push(row);
        }
    }
    table
}

/// Whether a name is one of a row's.
fn has(names: &[&str], name: &str) -> bool {
    match names.split_first() {
        Some((&"*", others)) => !name.starts_with('_') && !others.contains(&name),
        _ => names.contains(&name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(path: &str) -> Option<(Kind, bool)> {
        Primitives::new().of(path).map(|found| (found.kind, found.blocks))
    }

    #[test]
    fn callables_are_known_by_their_paths() {
        for (path, kind, blocks) in [
            ("time.sleep", Kind::Wait, true),
            ("asyncio.sleep", Kind::Wait, false),
            ("requests.post", Kind::Network, true),
            ("httpx.AsyncClient.get", Kind::Network, false),
            ("httpx.get", Kind::Network, true),
            ("boto3.client.put_object", Kind::Network, true),
            ("openai.OpenAI.chat.completions.create", Kind::Network, true),
            ("google.genai.Client.aio.models.generate_content", Kind::Network, false),
            ("google.genai.Client.models.generate_content", Kind::Network, true),
            ("sqlalchemy.orm.session.Session.commit", Kind::Database, true),
            ("sqlalchemy.orm.Session.query.filter.order_by.first", Kind::Database, true),
            ("sqlalchemy.ext.asyncio.AsyncSession.execute", Kind::Database, false),
            ("pymongo.MongoClient.shop.users.find_one", Kind::Database, true),
            ("redis.Redis.hset", Kind::Cache, true),
            ("subprocess.run", Kind::Subprocess, true),
            ("bcrypt.checkpw", Kind::Hashing, true),
            ("open", Kind::File, true),
            ("pathlib.Path.parent.read_text", Kind::File, true),
            ("docker.from_env.containers.list", Kind::Network, true),
            ("docker.DockerClient.containers.get.stop", Kind::Network, true),
            ("starlette.datastructures.UploadFile.file.read", Kind::File, true),
            ("supabase.create_client.table.select.eq.execute", Kind::Network, true),
            ("supabase.acreate_client.table.select.execute", Kind::Network, false),
            ("firebase_admin.firestore.client.collection.document.get", Kind::Database, true),
            ("aiofiles.open", Kind::File, false),
        ] {
            assert_eq!(of(path), Some((kind, blocks)), "{path}");
        }
    }

    #[test]
    fn what_only_makes_an_object_or_reads_an_answer_is_none() {
        for path in [
            "requests.Session",
            "requests.post.json",
            "requests.exceptions.HTTPError",
            "boto3.client",
            "boto3.client.generate_presigned_url",
            "boto3.client.get_object.get",
            "redis.Redis.pipeline",
            "redis.Redis.get.decode",
            "sqlalchemy.orm.Session.add",
            "sqlalchemy.orm.Session.query.filter",
            "sqlalchemy.orm.Session.execute.scalars.all",
            "os.open_in_future",
            "openai.OpenAI",
            "docker.from_env",
            "supabase.Client.table",
            "firebase_admin.firestore.client.collection.document.get.to_dict.get",
            "docker.from_env.containers.get.attrs.get",
            "fastapi.UploadFile.read",
            "print",
        ] {
            assert_eq!(of(path), None, "{path}");
        }
    }

    #[test]
    fn no_two_rows_claim_one_callable() {
        for rows in [DIRECT, DEEP] {
            let mut seen = std::collections::BTreeSet::new();
            for (_, _, owners, names) in rows {
                for owner in *owners {
                    for name in names.iter().filter(|_| names.first() != Some(&"*")) {
                        assert!(seen.insert((owner, name)), "`{owner}.{name}` stands in two rows");
                    }
                }
            }
        }
    }
}
