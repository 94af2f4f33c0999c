//! The list of pinned packages.

use anyhow::{Context, Result, bail, ensure};

/// What is downloaded.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pins {
    /// What is read.
    pub(super) corpora: Vec<Corpus>,
    /// What is run beside pyaudit.
    pub(super) tools: Vec<Package>,
}

/// Packages that are read together.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Corpus {
    pub(super) name: String,
    /// The number of Python files in the packages.
    pub(super) files: u32,
    /// The bytes of these files.
    pub(super) bytes: u32,
    pub(super) packages: Vec<Package>,
}

/// One wheel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Package {
    /// As PyPI normalises it.
    pub(super) name: String,
    pub(super) version: String,
    /// In hexadecimal digits.
    pub(super) sha256: String,
}

impl Package {
    /// A line of a requirements file that accepts this wheel alone.
    pub(super) fn requirement(&self) -> String {
        format!("{}=={} --hash=sha256:{}\n", self.name, self.version, self.sha256)
    }

    /// How the name of the file of the wheel starts.
    pub(super) fn file_prefix(&self) -> String {
        format!("{}-{}-", self.name.replace('-', "_"), self.version)
    }
}

impl Pins {
    /// Reads the list; the form is told at its top.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let mut pins = Self { corpora: Vec::new(), tools: Vec::new() };
        for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
            pins.add(line).with_context(|| format!("line {}: `{line}`", at + 1))?;
        }
        Ok(pins)
    }

    fn add(&mut self, line: &str) -> Result<()> {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        match words[..] {
            ["corpus", name, files, bytes] => {
                let (name, packages) = (name.to_owned(), Vec::new());
                self.corpora.push(Corpus { name, files: files.parse()?, bytes: bytes.parse()?, packages });
            }
            ["tool", pin, sha256] => self.tools.push(package(pin, sha256)?),
            [pin, sha256] => {
                let corpus = self.corpora.last_mut().context("no corpus stands above")?;
                corpus.packages.push(package(pin, sha256)?);
            }
            _ => bail!("neither a corpus nor a package"),
        }
        Ok(())
    }

    /// The tool with this name.
    pub(super) fn tool(&self, name: &str) -> Result<&Package> {
        self.tools.iter().find(|tool| tool.name == name).with_context(|| format!("`{name}` is not pinned"))
    }
}

fn package(pin: &str, sha256: &str) -> Result<Package> {
    let (name, version) = pin.split_once("==").context("no exact version")?;
    let is_digest = sha256.len() == 64 && sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
    ensure!(is_digest, "no SHA-256 digest");
    Ok(Package { name: name.to_owned(), version: version.to_owned(), sha256: sha256.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest() -> String {
        "0123456789abcdef".repeat(4)
    }

    #[test]
    fn packages_belong_to_the_corpus_above() {
        let digest = digest();
        let text = format!(
            "# said\n\ncorpus one 2 30\nfirst-package==1.0 {digest}\nb==2 {digest}\n\ncorpus two 4 50\nc==3 {digest}\n\
             tool ruff==0.1 {digest}\n"
        );
        let pins = Pins::parse(&text).unwrap();
        let shape: Vec<_> =
            pins.corpora.iter().map(|one| (&*one.name, one.files, one.bytes, one.packages.len())).collect();
        assert_eq!(shape, [("one", 2, 30, 2), ("two", 4, 50, 1)]);
        assert_eq!(pins.corpora[0].packages[0].file_prefix(), "first_package-1.0-");
        assert_eq!(pins.tool("ruff").unwrap().requirement(), format!("ruff==0.1 --hash=sha256:{digest}\n"));
        assert!(pins.tool("black").is_err());
    }

    #[test]
    fn what_is_not_pinned_exactly_is_refused() {
        let digest = digest();
        let cases = [
            format!("corpus one 2 30\na>=1 {digest}"),
            "corpus one 2 30\na==1 0123".to_owned(),
            format!("corpus one 2 30\na==1 {}", digest.replace('f', "g")),
            format!("a==1 {digest}"),
            "corpus one 2".to_owned(),
            "corpus one two 30".to_owned(),
        ];
        for text in &cases {
            assert!(Pins::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_list_of_the_repository_can_be_read() {
        let pins = Pins::parse(super::super::PACKAGES).unwrap();
        assert_eq!(pins.corpora.iter().map(|corpus| &*corpus.name).collect::<Vec<_>>(), ["large", "small"]);
        assert!(pins.corpora.iter().all(|corpus| !corpus.packages.is_empty() && corpus.files > 0));
        assert!(pins.tool("ruff").is_ok());
    }
}
