//! Which function calls which, and what calls reach.

mod edges;
mod forms;
mod reach;
mod support;
