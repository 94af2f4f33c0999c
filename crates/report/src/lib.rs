//! An audit in every output format.
