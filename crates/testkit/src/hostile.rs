//! Repositories made to break a reader: the set that a scan must survive, whatever it finds.
//!
//! Each case is a small repository with one bad file beside a good one. The good one holds a finding, so that a test
//! sees that the rest of the run went on.

use std::fs;
use std::io;
use std::path::Path;

/// The file of every case that must still be audited.
pub const GOOD_PATH: &str = "app/main.py";

/// Its text: an application that prints.
pub const GOOD_TEXT: &str = "from fastapi import FastAPI\n\napp = FastAPI()\n\n\n@app.get(\"/\")\ndef index():\n    \
     print(\"called\")\n";

/// The check that fires on the good file.
pub const GOOD_CHECK: &str = "print-logging";

/// One bad file.
pub struct Case {
    /// Names the case.
    pub name: &'static str,
    /// The path of the bad file, from the root of its repository.
    pub path: &'static str,
    /// Makes its bytes.
    pub bytes: fn() -> Vec<u8>,
}

/// Every case that is one file with bad bytes.
pub const CASES: &[Case] = &[
    Case { name: "1 MB of opening brackets", path: "app/bad.py", bytes: || repeat("[", 1_000_000) },
    Case { name: "100,000 nested parentheses", path: "app/bad.py", bytes: || nested("x = ", "(", "1", ")", 100_000) },
    Case { name: "100,000 attributes", path: "app/bad.py", bytes: || join("x = a", &repeat(".a", 100_000)) },
    Case { name: "100,000 calls", path: "app/bad.py", bytes: || join("x = f", &repeat("()", 100_000)) },
    Case { name: "100,000 times not", path: "app/bad.py", bytes: || nested("x = ", "not ", "1", "", 100_000) },
    Case { name: "100,000 subscripts", path: "app/bad.py", bytes: || join("x = a", &repeat("[0]", 100_000)) },
    Case { name: "100,000 lambdas", path: "app/bad.py", bytes: || nested("x = ", "lambda: ", "1", "", 100_000) },
    Case {
        name: "100,000 conditional expressions",
        path: "app/bad.py",
        bytes: || nested("x = ", "1 if 1 else ", "1", "", 100_000),
    },
    Case { name: "500,000 terms of a sum", path: "app/bad.py", bytes: || nested("x = ", "1+", "1", "", 500_000) },
    Case { name: "2,000 nested if", path: "app/bad.py", bytes: nested_ifs },
    Case {
        name: "20,000 elif",
        path: "app/bad.py",
        bytes: || join("if a:\n    pass\n", &repeat("elif b:\n    pass\n", 20_000)),
    },
    Case {
        name: "10,000 comment lines",
        path: "app/bad.py",
        bytes: || repeat(&format!("# {}\n", "c".repeat(77)), 10_000),
    },
    Case {
        name: "500,000 backslash lines",
        path: "app/bad.py",
        bytes: || join("x = 1 + ", &join_bytes(repeat("\\\n", 500_000), b"1\n")),
    },
    Case {
        name: "100,000 nested f-strings",
        path: "app/bad.py",
        bytes: || nested("x = ", "f\"{", "1", "}\"", 100_000),
    },
    Case { name: "100,000 names bound in circles", path: "app/bad.py", bytes: circles },
    Case { name: "a line of 50 MB", path: "app/bad.py", bytes: || join("x = '", &repeat("a", 50_000_000)) },
    Case { name: "NUL bytes", path: "app/bad.py", bytes: || repeat("x = 1\0\n", 1_000) },
    Case {
        name: "invalid UTF-8",
        path: "app/bad.py",
        bytes: || join_bytes(b"x = '".to_vec(), &[0xFF, 0xFE, 0xC0, 0x80, b'\'', b'\n']),
    },
    Case {
        name: "100,000 nested list items in YAML",
        path: ".github/workflows/bad.yml",
        bytes: || repeat("- ", 100_000),
    },
    Case { name: "100,000 nested keys in YAML", path: ".github/workflows/bad.yml", bytes: || repeat("? ", 100_000) },
    Case { name: "deep flow YAML", path: ".github/workflows/bad.yml", bytes: || repeat("[", 100_000) },
    Case { name: "deep flow mappings in YAML", path: "render.yaml", bytes: || repeat("{a: ", 100_000) },
    Case { name: "an alias bomb", path: "docker-compose.yml", bytes: alias_bomb },
    Case { name: "deep JSON", path: "Pipfile.lock", bytes: || repeat("[", 100_000) },
    Case { name: "deep JSON objects", path: "Pipfile.lock", bytes: || repeat("{\"a\":", 100_000) },
    Case { name: "deep TOML arrays", path: "pyproject.toml", bytes: || join("a = ", &repeat("[", 100_000)) },
    Case { name: "deep TOML keys", path: "pyproject.toml", bytes: || join(&"a.".repeat(100_000), b"a = 1\n") },
    Case { name: "deep shell in a step", path: ".github/workflows/bad.yml", bytes: deep_shell },
    Case {
        name: "100,000 requirement options",
        path: "requirements.txt",
        bytes: || repeat("--hash=sha256:00 \\\n", 100_000),
    },
    Case {
        name: "requirements that include themselves",
        path: "requirements.txt",
        bytes: || b"-r requirements.txt\n-r ./requirements.txt\n".to_vec(),
    },
    Case {
        name: "100,000 lines of a Dockerfile",
        path: "Dockerfile",
        bytes: || join("FROM a\n", &repeat("RUN a \\\n", 100_000)),
    },
];

fn repeat(text: &str, count: usize) -> Vec<u8> {
    text.repeat(count).into_bytes()
}

fn join(before: &str, after: &[u8]) -> Vec<u8> {
    join_bytes(before.as_bytes().to_vec(), after)
}

fn join_bytes(mut before: Vec<u8>, after: &[u8]) -> Vec<u8> {
    before.extend_from_slice(after);
    before
}

fn nested(before: &str, open: &str, inside: &str, close: &str, depth: usize) -> Vec<u8> {
    format!("{before}{}{inside}{}\n", open.repeat(depth), close.repeat(depth)).into_bytes()
}

fn nested_ifs() -> Vec<u8> {
    let mut text = String::new();
    for depth in 0..2_000 {
        text.push_str(&" ".repeat(depth));
        text.push_str("if a:\n");
    }
    text.push_str(&" ".repeat(2_000));
    text.push_str("b\n");
    text.into_bytes()
}

/// `a0 = a1 or a2`, …: each name refers to two others, round and round.
fn circles() -> Vec<u8> {
    let lines = (0..50_000).map(|at| format!("a{at} = a{} or a{}\n", (at + 1) % 50_000, (at + 7) % 50_000));
    let uses = "app.add_middleware(CORSMiddleware, allow_origins=a0)\n".repeat(200);
    format!(
        "from fastapi import FastAPI\nfrom fastapi.middleware.cors import CORSMiddleware\napp = FastAPI()\n{}{uses}",
        lines.collect::<String>()
    )
    .into_bytes()
}

/// Twenty levels of ten aliases each.
fn alias_bomb() -> Vec<u8> {
    let levels = (1..20).map(|level| {
        let below = vec![format!("*l{}", level - 1); 10].join(", ");
        format!("l{level}: &l{level} [{below}]\n")
    });
    join("l0: &l0 [x, x]\n", levels.collect::<String>().as_bytes())
}

fn deep_shell() -> Vec<u8> {
    let shell = "(".repeat(100_000) + &"$(".repeat(100_000);
    format!("on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: \"{shell}\"\n").into_bytes()
}

impl Case {
    /// Writes the repository of this case below `root`, which must be empty.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn write(&self, root: &Path) -> io::Result<()> {
        write(root, GOOD_PATH, GOOD_TEXT.as_bytes())?;
        write(root, self.path, &(self.bytes)())
    }
}

/// Writes one file below `root`, with the directories above it.
///
/// # Errors
/// When the file system refuses.
pub fn write(root: &Path, path: &str, bytes: &[u8]) -> io::Result<()> {
    let path = root.join(path);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::write(path, bytes)
}
