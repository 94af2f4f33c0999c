//! Checks of the area migrations.
