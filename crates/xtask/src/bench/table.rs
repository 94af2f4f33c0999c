//! The tables of the benchmark, in Markdown.

use super::figures::{rate, seconds, whole};
use super::pins::Corpus;
use super::turns::{Costs, Row};
use std::fmt::Write as _;

/// What was measured over a corpus.
pub(super) struct Results<'p> {
    pub(super) corpus: &'p Corpus,
    pub(super) costs: Costs,
}

/// The machine in general words.
pub(super) struct Machine {
    cores: usize,
    memory_gb: f64,
    system: String,
    load: Option<String>,
}

impl Machine {
    /// This machine, as it is now.
    pub(super) fn this() -> Self {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let memory = read("/proc/meminfo").split_ascii_whitespace().nth(1).and_then(|kib| kib.parse::<f64>().ok());
        Self {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_gb: memory.unwrap_or(0.0) * 1024.0 / 1e9,
            system: format!("{} on {}", std::env::consts::OS, std::env::consts::ARCH),
            load: read("/proc/loadavg").split_ascii_whitespace().next().map(str::to_owned),
        }
    }

    fn sentence(&self) -> String {
        let load = self.load.as_ref().map_or_else(String::new, |load| format!("; the load before was {load}"));
        format!("{} cores, {:.0} GB of memory, {}{load}", self.cores, self.memory_gb, self.system)
    }
}

/// Everything that is told of a run.
pub(super) fn page(results: &[Results<'_>], machine: &Machine, ruff: &str, turns: u16) -> String {
    let version = env!("CARGO_PKG_VERSION");
    let mut page = format!("pyaudit {version} and ruff {ruff}, medians of {turns} turns. {}.\n", machine.sentence());
    for result in results {
        corpus(&mut page, result);
    }
    page
}

// Writing to a `String` cannot fail.
fn corpus(page: &mut String, result: &Results<'_>) {
    let (files, bytes) = (f64::from(result.corpus.files), f64::from(result.corpus.bytes) / 1e6);
    let _ = writeln!(page, "\n### `{}`: {} files, {bytes:.1} MB of Python", result.corpus.name, whole(files));
    page.push_str("\n| step | seconds | files/s | MB/s | peak MB so far |\n|---|--:|--:|--:|--:|\n");
    for row in &result.costs.steps {
        let _ = writeln!(page, "| {} |", cells(row, files, bytes));
    }
    page.push_str(
        "\n| program | seconds | files/s | MB/s | peak MB | times ruff (least to most) |\n|---|--:|--:|--:|--:|--:|\n",
    );
    for row in &result.costs.programs {
        let ratio = row
            .ratio
            .map_or_else(|| "1".to_owned(), |[median, least, most]| format!("{median:.1} ({least:.1} to {most:.1})"));
        let _ = writeln!(page, "| {} | {ratio} |", cells(row, files, bytes));
    }
}

fn cells(row: &Row, files: f64, megabytes: f64) -> String {
    let (files, bytes) = (rate(files, row.seconds), rate(megabytes, row.seconds));
    format!("{} | {} | {files} | {bytes} | {}", row.name, seconds(row.seconds), whole(row.peak_mb))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_told_in_two_tables_a_corpus() {
        let corpus = Corpus { name: "tiny".to_owned(), files: 1_200, bytes: 30_000_000, packages: Vec::new() };
        let row = |name: &str, seconds, ratio| Row { name: name.to_owned(), seconds, peak_mb: 1_234.4, ratio };
        let costs = Costs {
            steps: vec![row("walk", 0.0, None), row("parse", 2.0, None)],
            programs: vec![row("pyaudit", 3.0, Some([3.0, 2.5, 3.55])), row("ruff", 1.0, None)],
        };
        let result = Results { corpus: &corpus, costs };
        let machine = Machine { cores: 2, memory_gb: 24.6, system: "linux on x86_64".to_owned(), load: None };
        let expected = "\
, medians of 3 turns. 2 cores, 25 GB of memory, linux on x86_64.

### `tiny`: 1,200 files, 30.0 MB of Python

| step | seconds | files/s | MB/s | peak MB so far |
|---|--:|--:|--:|--:|
| walk | 0.000 | – | – | 1,234 |
| parse | 2.000 | 600 | 15.0 | 1,234 |

| program | seconds | files/s | MB/s | peak MB | times ruff (least to most) |
|---|--:|--:|--:|--:|--:|
| pyaudit | 3.000 | 400 | 10.0 | 1,234 | 3.0 (2.5 to 3.5) |
| ruff | 1.000 | 1,200 | 30.0 | 1,234 | 1 |
";
        let page = page(&[result], &machine, "0.1.0", 3);
        assert!(page.ends_with(expected), "{page}");
    }
}
