//! The pages of the checks.

use pyaudit_check::{Check, Findings, Project, check};
use pyaudit_report::{Examples, check_index, check_page};

mod first {
    use super::*;
    check! {
        /// ## What it does
        /// Finds a|b.
        ///
        ///     indented
        id: "first-check",
        summary: "a|b is wrong",
        area: Settings,
        axis: Tests,
        severity: Low,
        confidence: High,
        maturity: Preview,
        since: "0.1.0",
        references: ["https://peps.python.org/pep-0008/"],
        aliases: ["old-name"],
        run: Project(nothing),
    }
}

mod second {
    use super::*;
    check! {
        /// ## What it does
        /// Nothing.
        id: "another-check",
        summary: "nothing is wrong",
        area: Api,
        axis: Tests,
        severity: High,
        confidence: High,
        maturity: Stable,
        since: "0.1.0",
        references: [],
        run: Project(nothing),
    }
}

fn nothing(_: &Project, _: &mut Findings) {}

#[test]
fn a_page_holds_everything_that_is_known_of_a_check() {
    let examples =
        Examples { firing: Some(("flags it", "`a.py`:\n```python\nx\n```")), silent: Some(("not here", "prose")) };
    let expected = "# first-check

A|b is wrong.

| | |
|---|---|
| area | settings |
| axis | tests |
| severity | low |
| confidence | high |
| maturity | preview |
| since | 0.1.0 |
| former ids | old-name |

## What it does
Finds a|b.

    indented

## Found: flags it

`a.py`:
```python
x
```

## Not found: not here

prose

## References

* <https://peps.python.org/pep-0008/>
";
    assert_eq!(check_page(&first::CHECK, &examples), expected);
}

#[test]
fn a_page_without_examples_and_references_has_no_empty_headings() {
    let page = check_page(&second::CHECK, &Examples::default());
    assert!(page.ends_with("## What it does\nNothing.\n"), "{page}");
}

#[test]
fn the_index_lists_every_check_by_area() {
    let checks: [&'static Check; 2] = [&first::CHECK, &second::CHECK];
    let index = check_index(&checks);
    let api = index.find("## Api").expect("the area is there");
    let settings = index.find("## Settings").expect("the area is there");
    assert!(api < settings, "{index}");
    assert!(index.contains("| [first-check](first-check.md) | low | a\\|b is wrong |"), "{index}");
}
