//! Every row of docs/interop.md names tests that exist.

use std::collections::BTreeSet;

/// Fewer rows than these would mean that the page was not read.
const LEAST_ROWS: usize = 190;

/// A file below the root of the package.
fn read(path: &str) -> Option<String> {
    std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).ok()
}

/// The cells of each row in the tables of a page, without heads and rules.
fn rows(page: &str) -> impl Iterator<Item = Vec<&str>> {
    page.lines()
        .filter_map(|line| line.strip_prefix('|')?.strip_suffix('|'))
        .map(|line| line.split('|').map(str::trim).collect::<Vec<_>>())
        .filter(|cells| cells[0] != "what is sent" && !cells[0].starts_with("---"))
}

/// Whether a source file has a test of this name, `proptest!` or not.
fn has_test(source: &str, name: &str) -> bool {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let declares = |line: &&str| {
        let rest = line
            .strip_prefix("fn ")
            .and_then(|line| line.strip_prefix(name));
        rest.is_some_and(|rest| rest.starts_with('('))
    };
    let ends_what_is_before = |line: &&&str| !line.is_empty() && !line.ends_with(['{', '}', ';']);
    lines.iter().enumerate().any(|(at, line)| {
        let attributes = lines[..at].iter().rev().take_while(ends_what_is_before);
        declares(line) && attributes.into_iter().any(|line| *line == "#[test]")
    })
}

/// What is wrong with a row.
fn fault(cells: &[&str], read: impl Fn(&str) -> Option<String>) -> Option<String> {
    let [sent, peers, what, tests] = cells else {
        return Some(format!("{} cells", cells.len()));
    };
    if [sent, peers, what, tests]
        .iter()
        .any(|cell| cell.is_empty())
    {
        return Some("an empty cell".into());
    }
    tests.split(", ").find_map(|test| {
        let name = test
            .strip_prefix('`')
            .and_then(|test| test.strip_suffix('`'));
        let Some((file, name)) = name.and_then(|name| name.split_once("::")) else {
            return Some(format!("{test} names no test"));
        };
        match read(file) {
            None => Some(format!("there is no file {file}")),
            Some(source) if !has_test(&source, name) => {
                Some(format!("there is no test {name} in {file}"))
            }
            Some(_) => None,
        }
    })
}

#[test]
fn every_row_names_tests_that_exist() {
    let page = read("docs/interop.md").unwrap();
    let faults: Vec<String> = rows(&page)
        .filter_map(|cells| Some(format!("{}: {}", cells[0], fault(&cells, read)?)))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let count = rows(&page).count();
    assert!(count >= LEAST_ROWS, "{count} rows");
}

#[test]
fn no_row_stands_twice() {
    let page = read("docs/interop.md").unwrap();
    let mut seen = BTreeSet::new();
    for cells in rows(&page) {
        assert!(seen.insert((cells[0], cells[1])), "{}", cells[0]);
    }
}

#[test]
fn a_row_that_is_wrong_is_found() {
    let page = "\
# A page

| what is sent | by whom | what we do | test |
| --- | --- | --- | --- |
| a | b | c | `t.rs::good` |
| a | b | c | `t.rs::good`, `t.rs::in_a_macro` |
| a | b | c | `t.rs::goo` |
| a | b | c | `t.rs::goods` |
| a | b | c | `t.rs::helper` |
| a | b | c | `t.rs::commented_out` |
| a | b | c | `u.rs::good` |
| a | b | c | `t.rs::good`, `t.rs::wrong` |
| a | b | c | t.rs::good |
| a | b | c | to be written |
| a | b |  | `t.rs::good` |
| a | b | `t.rs::good` |
";
    let source = "\
#[test]
fn good() {
}
fn helper() {}

// #[test]
// fn commented_out() {}

proptest! {
    /// What holds.
    #[test]
    #[ignore]
    fn in_a_macro(
        x in 0..3,
    ) {}
}
";
    let read = |path: &str| (path == "t.rs").then(|| source.to_owned());
    let faults: Vec<_> = rows(page).map(|cells| fault(&cells, read)).collect();
    let expected = [
        None,
        None,
        Some("there is no test goo in t.rs"),
        Some("there is no test goods in t.rs"),
        Some("there is no test helper in t.rs"),
        Some("there is no test commented_out in t.rs"),
        Some("there is no file u.rs"),
        Some("there is no test wrong in t.rs"),
        Some("t.rs::good names no test"),
        Some("to be written names no test"),
        Some("an empty cell"),
        Some("3 cells"),
    ];
    assert_eq!(faults, expected.map(|fault| fault.map(str::to_owned)));
}
