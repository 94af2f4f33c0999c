//! Checks of the area observability.
