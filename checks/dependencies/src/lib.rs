//! Checks of the area dependencies.
