//! Callables by the class or module right above them.

use super::{AWAITED, BLOCKS, Kind, Row};

const HTTP: &[&str] = &["get", "post", "put", "patch", "delete", "head", "options", "request"];
const HTTP_CLIENT: &[&str] = &["get", "post", "put", "patch", "delete", "head", "options", "request", "send", "stream"];
const SESSION: &[&str] = &[
    "execute",
    "exec",
    "scalar",
    "scalars",
    "stream",
    "stream_scalars",
    "get",
    "get_one",
    "merge",
    "refresh",
    "flush",
    "commit",
    "rollback",
    "bulk_save_objects",
    "bulk_insert_mappings",
    "bulk_update_mappings",
];
const CONNECTION: &[&str] = &["execute", "exec_driver_sql", "scalar", "scalars", "stream", "commit", "rollback"];
const DBAPI: &[&str] = &[
    "execute",
    "executemany",
    "executescript",
    "fetch",
    "fetchone",
    "fetchall",
    "fetchmany",
    "fetchrow",
    "fetchval",
    "callproc",
    "commit",
    "rollback",
    "copy_from",
    "copy_to",
];
const NOT_OF_REDIS: &[&str] = &[
    "*",
    "pipeline",
    "pubsub",
    "lock",
    "register_script",
    "close",
    "aclose",
    "from_url",
    "connection_pool",
    "ft",
    "json",
    "client",
];
/// Callables directly below what they belong to.
pub(super) const DIRECT: &[Row] = &[
    // https://docs.python.org/3/library/time.html, threading.html, queue.html, concurrent.futures.html, asyncio-task.html
    (Kind::Wait, BLOCKS, &["time"], &["sleep"]),
    (Kind::Wait, BLOCKS, &[""], &["input"]),
    (Kind::Wait, BLOCKS, &["threading.Event", "threading.Condition", "threading.Barrier"], &["wait"]),
    (Kind::Wait, BLOCKS, &["threading.Thread", "multiprocessing.Process", "queue.Queue"], &["join"]),
    (Kind::Wait, BLOCKS, &["concurrent.futures"], &["wait", "as_completed"]),
    (
        Kind::Wait,
        BLOCKS,
        &["concurrent.futures.ThreadPoolExecutor.submit", "concurrent.futures.ProcessPoolExecutor.submit"],
        &["result", "exception"],
    ),
    (Kind::Wait, AWAITED, &["asyncio", "anyio", "trio"], &["sleep", "sleep_until", "sleep_forever"]),
    // https://requests.readthedocs.io/en/latest/api/
    (Kind::Network, BLOCKS, &["requests", "requests.api"], HTTP),
    (Kind::Network, BLOCKS, &["requests.Session", "requests.sessions.Session"], HTTP_CLIENT),
    // https://www.python-httpx.org/api/
    (Kind::Network, BLOCKS, &["httpx", "httpx.Client"], HTTP_CLIENT),
    (Kind::Network, AWAITED, &["httpx.AsyncClient"], HTTP_CLIENT),
    // https://docs.aiohttp.org/en/stable/client_reference.html
    (Kind::Network, AWAITED, &["aiohttp", "aiohttp.ClientSession"], HTTP),
    (Kind::Network, AWAITED, &["aiohttp.ClientSession"], &["ws_connect"]),
    // https://urllib3.readthedocs.io/en/stable/reference/
    (Kind::Network, BLOCKS, &["urllib3", "urllib3.PoolManager", "urllib3.HTTPConnectionPool"], &["request", "urlopen"]),
    // https://docs.python.org/3/library/urllib.request.html, http.client.html, socket.html, ftplib.html, smtplib.html
    (Kind::Network, BLOCKS, &["urllib.request"], &["urlopen", "urlretrieve"]),
    (Kind::Network, BLOCKS, &["urllib.request.build_opener"], &["open"]),
    (
        Kind::Network,
        BLOCKS,
        &["http.client.HTTPConnection", "http.client.HTTPSConnection"],
        &["request", "getresponse", "connect"],
    ),
    (
        Kind::Network,
        BLOCKS,
        &["socket"],
        &["create_connection", "getaddrinfo", "gethostbyname", "gethostbyaddr", "getfqdn"],
    ),
    (
        Kind::Network,
        BLOCKS,
        &["socket.socket"],
        &["connect", "connect_ex", "accept", "recv", "recvfrom", "send", "sendall"],
    ),
    (Kind::Network, BLOCKS, &["smtplib"], &["SMTP", "SMTP_SSL"]),
    (
        Kind::Network,
        BLOCKS,
        &["smtplib.SMTP", "smtplib.SMTP_SSL"],
        &["connect", "starttls", "login", "sendmail", "send_message", "ehlo", "helo", "noop", "quit"],
    ),
    (
        Kind::Network,
        BLOCKS,
        &["ftplib", "imaplib", "poplib"],
        &["FTP", "FTP_TLS", "IMAP4", "IMAP4_SSL", "POP3", "POP3_SSL"],
    ),
    (Kind::Network, BLOCKS, &["ftplib.FTP", "imaplib.IMAP4", "imaplib.IMAP4_SSL", "poplib.POP3_SSL"], &["*"]),
    // https://aiosmtplib.readthedocs.io/, https://docs.paramiko.org/en/stable/api/client.html
    (Kind::Network, AWAITED, &["aiosmtplib"], &["send"]),
    (Kind::Network, AWAITED, &["aiosmtplib.SMTP"], &["connect", "login", "sendmail", "send_message", "starttls"]),
    (Kind::Network, AWAITED, &["fastapi_mail.FastMail"], &["send_message"]),
    (Kind::Network, BLOCKS, &["paramiko.SSHClient"], &["connect", "exec_command", "open_sftp"]),
    // https://boto3.amazonaws.com/v1/documentation/api/latest/guide/clients.html
    (
        Kind::Network,
        BLOCKS,
        &["boto3.client", "boto3.Session.client", "boto3.session.Session.client"],
        &[
            "*",
            "generate_presigned_url",
            "generate_presigned_post",
            "get_paginator",
            "get_waiter",
            "can_paginate",
            "close",
            "meta",
            "exceptions",
        ],
    ),
    // https://docker-py.readthedocs.io/en/stable/
    (Kind::Network, BLOCKS, &["docker.DockerClient"], &["ping", "info", "version", "df", "login", "events"]),
    (
        Kind::Network,
        BLOCKS,
        &[
            "docker.DockerClient.containers",
            "docker.DockerClient.images",
            "docker.DockerClient.volumes",
            "docker.DockerClient.networks",
        ],
        &["list", "get", "run", "create", "prune", "pull", "push", "build", "load", "remove", "search"],
    ),
    (
        Kind::Network,
        BLOCKS,
        &[
            "docker.DockerClient.containers.get",
            "docker.DockerClient.containers.run",
            "docker.DockerClient.containers.create",
            "docker.models.containers.Container",
        ],
        &[
            "start",
            "stop",
            "restart",
            "kill",
            "remove",
            "wait",
            "reload",
            "logs",
            "exec_run",
            "stats",
            "put_archive",
            "get_archive",
            "commit",
            "pause",
            "unpause",
        ],
    ),
    // https://googleapis.dev/python/google-auth/latest/, https://www.twilio.com/docs, https://github.com/sendgrid/sendgrid-python
    (Kind::Network, BLOCKS, &["google.oauth2.id_token"], &["verify_oauth2_token", "verify_token", "fetch_id_token"]),
    (Kind::Network, BLOCKS, &["sendgrid.SendGridAPIClient"], &["send"]),
    // https://www.elastic.co/guide/en/elasticsearch/client/python-api/current/
    (
        Kind::Network,
        BLOCKS,
        &["elasticsearch.Elasticsearch", "opensearchpy.OpenSearch"],
        &["search", "index", "get", "delete", "update", "count", "bulk", "msearch", "exists", "ping", "info"],
    ),
    (
        Kind::Network,
        AWAITED,
        &["elasticsearch.AsyncElasticsearch", "opensearchpy.AsyncOpenSearch"],
        &["search", "index", "get", "delete", "update", "count", "bulk", "msearch", "exists", "ping", "info"],
    ),
    (Kind::Network, BLOCKS, &["celery.result.AsyncResult", "celery.AsyncResult"], &["get", "wait"]),
    (Kind::Database, BLOCKS, &["sqlalchemy.MetaData"], &["create_all", "drop_all", "reflect"]),
    // https://cloud.google.com/python/docs/reference/firestore/latest
    (
        Kind::Database,
        BLOCKS,
        &[
            "google.cloud.firestore.Client.collection.document",
            "google.cloud.firestore.Client.collection.document.collection.document",
        ],
        &["get", "set", "update", "delete", "create"],
    ),
    (
        Kind::Database,
        BLOCKS,
        &[
            "google.cloud.firestore.Client.collection",
            "google.cloud.firestore.Client.collection.where",
            "google.cloud.firestore.Client.collection.document.collection",
        ],
        &["add", "get"],
    ),
    // https://docs.sqlalchemy.org/en/20/orm/session_api.html, core/connections.html, orm/extensions/asyncio.html
    (Kind::Database, BLOCKS, &["sqlalchemy.orm.Session", "sqlalchemy.orm.scoped_session", "sqlmodel.Session"], SESSION),
    (Kind::Database, BLOCKS, &["sqlalchemy.engine.Connection"], CONNECTION),
    (Kind::Database, BLOCKS, &["sqlalchemy.engine.Engine"], &["connect", "begin", "execute", "raw_connection"]),
    (
        Kind::Database,
        AWAITED,
        &["sqlalchemy.ext.asyncio.AsyncSession", "sqlmodel.ext.asyncio.session.AsyncSession", "sqlmodel.AsyncSession"],
        SESSION,
    ),
    (Kind::Database, AWAITED, &["sqlalchemy.ext.asyncio.AsyncConnection"], CONNECTION),
    (Kind::Database, AWAITED, &["sqlalchemy.ext.asyncio.AsyncEngine"], &["connect", "begin"]),
    // https://peps.python.org/pep-0249/
    (
        Kind::Database,
        BLOCKS,
        &["sqlite3", "psycopg2", "psycopg", "psycopg.Connection", "pymysql", "MySQLdb", "mysql.connector", "pyodbc"],
        &["connect"],
    ),
    (Kind::Database, BLOCKS, &["cx_Oracle", "oracledb", "snowflake.connector", "duckdb"], &["connect"]),
    (Kind::Database, BLOCKS, &["dbapi.Connection", "dbapi.Cursor"], DBAPI),
    (
        Kind::Database,
        BLOCKS,
        &["psycopg_pool.ConnectionPool", "psycopg2.pool.ThreadedConnectionPool"],
        &["connection", "getconn"],
    ),
    (Kind::Database, BLOCKS, &["pandas"], &["read_sql", "read_sql_query", "read_sql_table"]),
    // https://magicstack.github.io/asyncpg/, https://aiosqlite.omnilib.dev/, https://www.psycopg.org/psycopg3/docs/
    (
        Kind::Database,
        AWAITED,
        &["aiosqlite", "asyncpg", "aiomysql", "psycopg.AsyncConnection"],
        &["connect", "create_pool"],
    ),
    (Kind::Database, AWAITED, &["dbapi.AsyncConnection", "dbapi.AsyncCursor", "asyncpg.Pool"], DBAPI),
    (Kind::Database, AWAITED, &["asyncpg.Pool"], &["acquire"]),
    (
        Kind::Database,
        AWAITED,
        &["databases.Database"],
        &["connect", "execute", "execute_many", "fetch_all", "fetch_one", "fetch_val", "iterate"],
    ),
    // https://tortoise.github.io/models.html
    (
        Kind::Database,
        AWAITED,
        &["tortoise.models.Model", "tortoise.Model"],
        &[
            "create",
            "get",
            "get_or_none",
            "get_or_create",
            "filter",
            "all",
            "bulk_create",
            "save",
            "delete",
            "first",
            "exists",
        ],
    ),
    // https://redis.readthedocs.io/en/stable/, https://pymemcache.readthedocs.io/
    (Kind::Cache, BLOCKS, &["redis.Redis", "redis.RedisCluster", "redis.cluster.RedisCluster"], NOT_OF_REDIS),
    (Kind::Cache, BLOCKS, &["redis.client.Pipeline"], &["execute"]),
    (
        Kind::Cache,
        AWAITED,
        &["redis.asyncio.Redis", "redis.asyncio.RedisCluster", "aioredis.from_url", "aioredis.Redis"],
        NOT_OF_REDIS,
    ),
    (Kind::Cache, AWAITED, &["redis.asyncio.client.Pipeline"], &["execute"]),
    (Kind::Cache, BLOCKS, &["pymemcache.client.base.Client", "memcache.Client"], &["get", "set", "delete", "incr"]),
    // https://docs.python.org/3/library/subprocess.html, os.html, asyncio-subprocess.html
    (
        Kind::Subprocess,
        BLOCKS,
        &["subprocess"],
        &["run", "call", "check_call", "check_output", "getoutput", "getstatusoutput"],
    ),
    (Kind::Subprocess, BLOCKS, &["subprocess.Popen"], &["wait", "communicate"]),
    (Kind::Subprocess, AWAITED, &["subprocess"], &["Popen"]),
    (Kind::Subprocess, BLOCKS, &["os"], &["system", "popen", "spawnl", "spawnv", "waitpid", "wait"]),
    (Kind::Subprocess, AWAITED, &["asyncio"], &["create_subprocess_exec", "create_subprocess_shell"]),
    (Kind::Subprocess, AWAITED, &["anyio"], &["run_process", "open_process"]),
    // https://github.com/pyca/bcrypt, https://passlib.readthedocs.io/, https://argon2-cffi.readthedocs.io/, https://frankie567.github.io/pwdlib/
    (Kind::Hashing, BLOCKS, &["bcrypt"], &["hashpw", "checkpw", "kdf"]),
    (Kind::Hashing, BLOCKS, &["passlib.context.CryptContext"], &["hash", "verify", "encrypt", "verify_and_update"]),
    (
        Kind::Hashing,
        BLOCKS,
        &["passlib.hash.bcrypt", "passlib.hash.argon2", "passlib.hash.pbkdf2_sha256", "passlib.hash.sha256_crypt"],
        &["hash", "verify", "encrypt"],
    ),
    (Kind::Hashing, BLOCKS, &["argon2.PasswordHasher"], &["hash", "verify"]),
    (
        Kind::Hashing,
        BLOCKS,
        &["pwdlib.PasswordHash", "pwdlib.PasswordHash.recommended"],
        &["hash", "verify", "verify_and_update"],
    ),
    (Kind::Hashing, BLOCKS, &["hashlib"], &["pbkdf2_hmac", "scrypt"]),
    (Kind::Hashing, BLOCKS, &["werkzeug.security"], &["generate_password_hash", "check_password_hash"]),
    // https://docs.python.org/3/library/functions.html#open, shutil.html; archives may be in memory
    (Kind::File, BLOCKS, &["", "io", "codecs", "gzip", "bz2", "lzma"], &["open"]),
    (
        Kind::File,
        BLOCKS,
        &["shutil"],
        &["copy", "copy2", "copyfile", "copyfileobj", "copytree", "move", "rmtree", "make_archive", "unpack_archive"],
    ),
    // https://fastapi.tiangolo.com/tutorial/request-files/: its own methods run in threads, those of the file do not
    (Kind::File, BLOCKS, &["fastapi.UploadFile.file"], &["read", "readline", "readlines", "write"]),
    (Kind::File, BLOCKS, &["pandas"], &["read_csv", "read_excel", "read_parquet", "read_pickle"]),
    // https://github.com/Tinche/aiofiles, https://anyio.readthedocs.io/en/stable/fileio.html
    (Kind::File, AWAITED, &["aiofiles", "aiofiles.threadpool"], &["open"]),
    (Kind::File, AWAITED, &["anyio"], &["open_file"]),
];
