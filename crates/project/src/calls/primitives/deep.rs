//! Callables by a class or module at any distance above them.

use super::{AWAITED, BLOCKS, Kind, Row};

const MONGO: &[&str] = &[
    "find_one",
    "find_one_and_update",
    "find_one_and_delete",
    "find_one_and_replace",
    "insert_one",
    "insert_many",
    "update_one",
    "update_many",
    "replace_one",
    "delete_one",
    "delete_many",
    "count_documents",
    "estimated_document_count",
    "distinct",
    "bulk_write",
    "create_index",
    "create_indexes",
    "list_collection_names",
    "list_database_names",
    "server_info",
    "command",
    "to_list",
];
const SERVICE: &[&str] = &[
    "create",
    "acreate",
    "parse",
    "stream",
    "retrieve",
    "list",
    "modify",
    "update",
    "delete",
    "cancel",
    "content",
    "generate",
    "generate_content",
    "generate_content_stream",
    "edit",
    "complete",
    "chat",
    "embed",
    "rerank",
    "search",
    "upload",
    "poll",
    "wait",
    "send_message",
    "count_tokens",
    "capture",
    "fetch",
];

const SUPABASE: &[&str] = &[
    "execute",
    "sign_up",
    "sign_in_with_password",
    "sign_in_with_otp",
    "sign_out",
    "get_user",
    "create_user",
    "delete_user",
    "update_user_by_id",
    "list_users",
    "upload",
    "download",
    "remove",
    "create_signed_url",
    "invoke",
];

/// Callables at any depth below what they belong to: `openai.OpenAI().chat.completions.create`.
pub(super) const DEEP: &[Row] = &[
    // https://docs.sqlalchemy.org/en/20/orm/queryguide/query.html
    (
        Kind::Database,
        BLOCKS,
        &["sqlalchemy.orm.Session.query", "sqlalchemy.orm.scoped_session.query", "sqlmodel.Session.query"],
        &["all", "first", "one", "one_or_none", "scalar", "scalars", "count", "get", "update", "delete"],
    ),
    // https://pymongo.readthedocs.io/, https://motor.readthedocs.io/
    (Kind::Database, BLOCKS, &["pymongo.MongoClient", "pymongo.mongo_client.MongoClient"], MONGO),
    (Kind::Database, AWAITED, &["motor.motor_asyncio.AsyncIOMotorClient", "pymongo.AsyncMongoClient"], MONGO),
    // https://docs.python.org/3/library/pathlib.html#reading-and-writing-files
    (Kind::File, BLOCKS, &["pathlib.Path"], &["open", "read_text", "read_bytes", "write_text", "write_bytes"]),
    (Kind::File, AWAITED, &["anyio.Path"], &["open", "read_text", "read_bytes", "write_text", "write_bytes"]),
    // https://github.com/openai/openai-python, https://github.com/anthropics/anthropic-sdk-python, https://github.com/groq/groq-python
    (
        Kind::Network,
        BLOCKS,
        &[
            "openai.OpenAI",
            "openai.AzureOpenAI",
            "anthropic.Anthropic",
            "groq.Groq",
            "together.Together",
            "mistralai.Mistral",
        ],
        SERVICE,
    ),
    (
        Kind::Network,
        AWAITED,
        &["openai.AsyncOpenAI", "openai.AsyncAzureOpenAI", "anthropic.AsyncAnthropic", "groq.AsyncGroq"],
        SERVICE,
    ),
    (
        Kind::Network,
        BLOCKS,
        &["openai.ChatCompletion", "openai.Completion", "openai.Embedding", "openai.Image"],
        &["create"],
    ),
    (Kind::Network, AWAITED, &["openai.ChatCompletion", "openai.Completion", "openai.Embedding"], &["acreate"]),
    // https://ai.google.dev/api, https://googleapis.github.io/python-genai/, https://docs.cohere.com/reference
    (Kind::Network, AWAITED, &["google.genai.Client.aio"], SERVICE),
    (
        Kind::Network,
        BLOCKS,
        &[
            "google.generativeai.GenerativeModel",
            "google.genai.Client",
            "cohere.Client",
            "cohere.ClientV2",
            "replicate",
        ],
        SERVICE,
    ),
    // https://supabase.com/docs/reference/python/introduction
    (Kind::Network, BLOCKS, &["supabase.Client"], SUPABASE),
    (Kind::Network, AWAITED, &["supabase.AsyncClient"], SUPABASE),
    // https://cloud.google.com/python/docs/reference/firestore/latest
    (Kind::Database, BLOCKS, &["google.cloud.firestore.Client"], &["stream", "commit"]),
    // https://github.com/replicate/replicate-python
    (Kind::Network, BLOCKS, &["replicate"], &["run"]),
    // https://docs.stripe.com/api?lang=python, https://www.twilio.com/docs/libraries/python
    (
        Kind::Network,
        BLOCKS,
        &["stripe"],
        &["create", "retrieve", "modify", "list", "cancel", "capture", "confirm", "search"],
    ),
    (Kind::Network, BLOCKS, &["twilio.rest.Client", "razorpay.Client"], &["create", "fetch", "list"]),
    // https://boto3.amazonaws.com/v1/documentation/api/latest/guide/resources.html
    (
        Kind::Network,
        BLOCKS,
        &["boto3.resource"],
        &[
            "put_item",
            "get_item",
            "update_item",
            "delete_item",
            "query",
            "scan",
            "put_object",
            "upload_file",
            "upload_fileobj",
            "download_file",
            "download_fileobj",
            "send_message",
            "publish",
            "delete",
            "put",
            "load",
        ],
    ),
    // https://cloud.google.com/python/docs/reference/storage/latest
    (
        Kind::Network,
        BLOCKS,
        &["google.cloud.storage.Client"],
        &[
            "get_bucket",
            "create_bucket",
            "list_blobs",
            "get_blob",
            "upload_from_string",
            "upload_from_file",
            "upload_from_filename",
            "download_as_bytes",
            "download_as_text",
            "download_as_string",
            "download_to_filename",
            "download_to_file",
            "exists",
            "delete",
        ],
    ),
];
