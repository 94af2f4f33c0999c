//! Markdown fixtures for checks.
