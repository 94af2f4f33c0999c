//! Programs that run another program, and how to find it among their words.

use crate::{Word, file_name};

/// How a wrapper is written.
struct Wrapper {
    name: &'static str,
    /// The subcommand that makes it a wrapper (`run` of `poetry`); empty when there is none.
    subcommand: &'static [&'static str],
    /// Options whose value is the next word.
    valued: &'static [&'static str],
    /// Words between the options and the program.
    positional: usize,
}

const UV: &[&str] = &[
    "--with",
    "--with-requirements",
    "--with-editable",
    "--extra",
    "--no-extra",
    "--group",
    "--only-group",
    "--no-group",
    "--python",
    "-p",
    "--package",
    "--env-file",
    "--directory",
    "--project",
    "--index",
    "--index-url",
    "-i",
    "--default-index",
    "--extra-index-url",
    "--find-links",
    "-f",
    "--config-file",
    "--cache-dir",
    "--from",
    "--refresh-package",
    "--upgrade-package",
    "-P",
    "--color",
    "--no-binary-package",
    "--exclude-newer",
];

const fn wrapper(name: &'static str, valued: &'static [&'static str]) -> Wrapper {
    Wrapper { name, subcommand: &[], valued, positional: 0 }
}

const fn runner(name: &'static str, subcommand: &'static [&'static str], valued: &'static [&'static str]) -> Wrapper {
    Wrapper { name, subcommand, valued, positional: 0 }
}

/// The wrappers that are known. `python` and `coverage` stand in `start`, because they wrap only with `-m`.
const WRAPPERS: &[Wrapper] = &[
    wrapper("sudo", &["-u", "-g", "-h", "-p", "-C", "-D", "-R", "-T", "-U", "--user", "--group"]),
    wrapper("doas", &["-u", "-C"]),
    wrapper("env", &["-u", "-C", "-S", "--unset", "--chdir"]),
    wrapper("time", &["-f", "-o"]),
    wrapper("nohup", &[]),
    wrapper("exec", &["-a"]),
    wrapper("command", &[]),
    wrapper("builtin", &[]),
    wrapper("setsid", &[]),
    wrapper("tini", &["-p", "-e"]),
    wrapper("dumb-init", &["-r", "--rewrite"]),
    wrapper("nice", &["-n"]),
    wrapper("ionice", &["-c", "-n"]),
    wrapper("stdbuf", &["-i", "-o", "-e"]),
    wrapper("xargs", &["-n", "-I", "-P", "-L", "-d", "-a", "-E", "-s", "--max-args", "--max-procs"]),
    wrapper("xvfb-run", &["-s", "-n", "-e", "--server-args"]),
    wrapper("uvx", UV),
    Wrapper { name: "timeout", subcommand: &[], valued: &["-k", "-s", "--signal", "--kill-after"], positional: 1 },
    Wrapper { name: "gosu", subcommand: &[], valued: &[], positional: 1 },
    Wrapper { name: "su-exec", subcommand: &[], valued: &[], positional: 1 },
    runner("uv", &["run"], UV),
    runner("uv", &["tool", "run"], UV),
    runner("poetry", &["run"], &["-C", "--directory", "-P", "--project"]),
    runner("pipenv", &["run"], &[]),
    runner("pdm", &["run"], &["-p", "--project", "--env-file", "-s", "--site-packages"]),
    runner("hatch", &["run"], &["-e", "--env", "-p", "--project"]),
    runner("rye", &["run"], &["-p", "--pyproject"]),
    runner("pixi", &["run"], &["-e", "--environment", "--manifest-path"]),
    runner("pipx", &["run"], &["--spec", "--python", "--pip-args", "--index-url", "-i"]),
    runner("conda", &["run"], &["-n", "--name", "-p", "--prefix", "--cwd"]),
    runner("doppler", &["run"], &["-p", "-c", "--project", "--config"]),
    runner("dotenv", &["run"], &["-f", "--file"]),
    runner("coverage", &["run"], COVERAGE),
];

const COVERAGE: &[&str] =
    &["--source", "--rcfile", "--omit", "--include", "--data-file", "--concurrency", "--context", "--debug"];

/// The place of the word that names the program that really runs.
pub(crate) fn start(words: &[Word]) -> usize {
    let mut at = 0;
    while let Some(next) = inside(words, at) {
        at = next;
    }
    at
}

/// The place of the program that the program at `at` runs, if it runs one. It is always further on.
fn inside(words: &[Word], at: usize) -> Option<usize> {
    let name = file_name(&words.get(at)?.text);
    if is_python(name) {
        return module(words, at + 1);
    }
    let mut candidates = WRAPPERS.iter().filter(|wrapper| wrapper.name == name);
    candidates.find_map(|wrapper| wrapped(wrapper, words, at + 1))
}

/// `python`, `python3`, `python3.12`, `pypy3`, `py`.
fn is_python(name: &str) -> bool {
    let version = name.strip_prefix("python").or_else(|| name.strip_prefix("pypy"));
    name == "py" || version.is_some_and(|version| version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'))
}

/// The module of `python -m`: `-m` may end a cluster (`-Im`), and only options may stand before it.
fn module(words: &[Word], mut at: usize) -> Option<usize> {
    loop {
        let option = words.get(at)?.text.strip_prefix('-')?;
        match option {
            "W" | "X" => at += 2,
            _ if option.starts_with('-') || option.contains('c') => return None,
            _ if option.ends_with('m') => return (at + 1 < words.len()).then_some(at + 1),
            _ => at += 1,
        }
    }
}

fn wrapped(wrapper: &Wrapper, words: &[Word], mut at: usize) -> Option<usize> {
    for subcommand in wrapper.subcommand {
        at = skip_options(wrapper, words, at)?;
        if words[at].text != *subcommand {
            return None;
        }
        at += 1;
    }
    if let Some(module) = module_option(wrapper, words, at) {
        return Some(module);
    }
    // `command -v python` asks, and runs nothing.
    if wrapper.name == "command" && words.get(at).is_some_and(|word| word.text.eq_ignore_ascii_case("-v")) {
        return None;
    }
    at = skip_options(wrapper, words, at)? + wrapper.positional;
    while words.get(at).is_some_and(|word| is_assignment(&word.text)) {
        at += 1;
    }
    (at < words.len()).then_some(at)
}

/// The module of `coverage run -m`, `uv run -m`.
fn module_option(wrapper: &Wrapper, words: &[Word], mut at: usize) -> Option<usize> {
    if !matches!(wrapper.name, "coverage" | "uv") {
        return None;
    }
    while let Some(option) = words.get(at).filter(|word| word.text.starts_with('-') && word.text != "--") {
        if option.text == "-m" || option.text == "--module" {
            return (at + 1 < words.len()).then_some(at + 1);
        }
        at += 1 + usize::from(wrapper.valued.contains(&option.text.as_str()));
    }
    None
}

/// The place after the options from `at` on; `None` when nothing stands there.
fn skip_options(wrapper: &Wrapper, words: &[Word], mut at: usize) -> Option<usize> {
    while let Some(option) = words.get(at).filter(|word| word.text.starts_with('-')) {
        at += 1 + usize::from(wrapper.valued.contains(&option.text.as_str()));
        if option.text == "--" {
            break;
        }
    }
    (at < words.len()).then_some(at)
}

/// `NAME=value`.
pub(crate) fn is_assignment(text: &str) -> bool {
    text.split_once('=').is_some_and(|(name, _)| {
        let name = name.strip_suffix('+').unwrap_or(name);
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        !name.is_empty() && !name.as_bytes()[0].is_ascii_digit() && name.bytes().all(is_name)
    })
}
