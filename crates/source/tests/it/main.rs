//! Loads directories that the tests build: git repositories, links, odd names, odd bytes. No git program is needed.

mod git;
mod history;
mod memory;
mod names;
mod repository;
