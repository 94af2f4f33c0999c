//! A static auditor for whole Python and FastAPI repositories.
