//! The comparison of modules with CPython's `ast` and `symtable`.

use super::exceptions::Exceptions;
use super::reference::{Record, Reference, Version, pyodide_directory};
use super::report::{Difference, Report};
use super::{PythonOptions, compare, files, tables, tree};
use anyhow::{Result, anyhow};
use std::fmt::Write;
use std::thread;
use std::time::{Duration, Instant};

/// Runs every comparison that the options ask for; tells whether all agreed.
pub(super) fn run(options: &PythonOptions) -> Result<bool> {
    let mut agreed = true;
    let mut references = vec![Reference::Machine(options.python.clone())];
    if options.pyodide {
        references.push(Reference::Pyodide(pyodide_directory(files::workspace())));
    }
    let mut asked = Vec::new();
    for reference in references {
        match reference.installed() {
            Ok(()) => asked.push(reference),
            Err(error) if options.allow_missing => println!("left out: {error}"),
            Err(error) => return Err(error),
        }
    }
    for report in side_by_side(&asked, options)? {
        let (text, equal) = report?;
        print!("{text}");
        agreed &= equal;
    }
    Ok(agreed)
}

/// Asks every reference at the same time. Each report is a text, and whether all was equal.
fn side_by_side(references: &[Reference], options: &PythonOptions) -> Result<Vec<Result<(String, bool)>>> {
    thread::scope(|scope| {
        let threads: Vec<_> =
            references.iter().map(|reference| scope.spawn(|| compare_with(reference, options))).collect();
        let finished = threads.into_iter().map(|thread| thread.join().map_err(|_| anyhow!("a comparison panicked")));
        finished.collect()
    })
}

/// What is asked about: files of this machine, and the library inside pyodide.
fn entries(reference: &Reference, options: &PythonOptions) -> Result<Vec<String>> {
    let library = match &options.stdlib {
        Some(directory) => directory.canonicalize()?,
        None => files::standard_library(&options.python)?,
    };
    let mut paths = files::python_files(&files::workspace().join("testdata/python"))?;
    paths.extend(files::python_files(&library)?);
    let mut entries: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    if matches!(reference, Reference::Pyodide(_)) {
        entries.push(String::from("zip:stdlib"));
    }
    Ok(entries)
}

/// One comparison.
struct Comparison {
    trees: Report,
    tables: Report,
    exceptions: Option<Exceptions>,
    parsing: Duration,
    examples: usize,
}

impl Comparison {
    fn record(&mut self, version: Version, record: &Record) {
        let expected = match &record.tree {
            Ok(lines) => lines,
            Err(reason) => return self.trees.refuse(reason),
        };
        let start = Instant::now();
        let module = pyaudit_python::parse(&record.text);
        self.parsing += start.elapsed();
        let exceptions = self.exceptions.get_or_insert_with(|| Exceptions::new(version));
        let found = tree::lines(&module, &record.text);
        let mut differences = compare::trees(expected, &found, exceptions);
        self.trees.bytes += record.text.len();
        differences.extend(module.problems.iter().map(|problem| Difference::of_problem(problem, &record.text)));
        self.trees.add(&record.path, expected.lines().count(), differences, self.examples);
        match &record.tables {
            Ok(expected) => {
                let differences = tables::compare(expected, &module, &record.text, exceptions);
                self.tables.add(&record.path, expected.lines().count(), differences, self.examples);
            }
            Err(reason) => self.tables.refuse(reason),
        }
    }
}

fn compare_with(reference: &Reference, options: &PythonOptions) -> Result<(String, bool)> {
    let mut comparison = Comparison {
        trees: Report::default(),
        tables: Report::default(),
        exceptions: None,
        parsing: Duration::ZERO,
        examples: options.examples,
    };
    let entries = entries(reference, options)?;
    let (major, minor) = reference.ask(&entries, |version, record| comparison.record(version, record))?;
    let mut text = format!("# CPython {major}.{minor}\n\n");
    writeln!(text, "ast: {}\n", comparison.trees.render("nodes"))?;
    writeln!(text, "symtable: {}\n", comparison.tables.render("tables and symbols"))?;
    if let Some(exceptions) = &comparison.exceptions {
        writeln!(text, "exceptions, each with how often it was needed:")?;
        writeln!(text, "{}\n", exceptions.report().join("\n"))?;
    }
    let (bytes, time) = (comparison.trees.bytes, comparison.parsing);
    writeln!(text, "parsed {bytes} bytes in {:.1} s\n", time.as_secs_f64())?;
    Ok((text, comparison.trees.agreed() && comparison.tables.agreed()))
}
