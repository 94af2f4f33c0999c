//! Checks of the area settings.
