//! Checks of the area deployment.
