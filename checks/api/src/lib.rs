//! Checks of the area api.
