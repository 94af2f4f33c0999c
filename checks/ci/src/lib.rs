//! Checks of the area ci.
