//! The `pyaudit` program.

use pyaudit::{Streams, registry};
use std::io::{self, IsTerminal};
use std::process::ExitCode;

fn main() -> ExitCode {
    quiet_crashes_of_checks();
    let is_terminal = io::stdout().is_terminal();
    let (mut out, mut errors) = (io::stdout().lock(), io::stderr().lock());
    let streams = Streams { out: &mut out, errors: &mut errors, is_terminal };
    pyaudit::main(std::env::args_os(), &registry::checks(), streams).into()
}

/// The engine catches a panic of a check and tells it as a problem, so it need not stand on the terminal as well.
fn quiet_crashes_of_checks() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !pyaudit_engine::runs_a_check() {
            hook(panic);
        }
    }));
}
