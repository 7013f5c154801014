//! Every row of docs/interop.md, of the attacks in docs/security.md and of the failures in docs/troubleshooting.md names tests
//! that exist. The limits in docs/security.md are those of the code, and each finding belongs to a failure.

use std::collections::BTreeSet;

use scep::crypto::{DigestAlgorithm, Policy};
use scep::{Limit, Limits};

/// A page with tables of tests: those whose last column has the head `test`.
struct Catalogue {
    page: &'static str,
    /// Fewer rows than these would mean that the page was not read.
    least_rows: usize,
}

const CATALOGUES: [Catalogue; 3] = [
    Catalogue {
        page: "docs/interop.md",
        least_rows: 190,
    },
    Catalogue {
        page: "docs/security.md",
        least_rows: 50,
    },
    Catalogue {
        page: TROUBLESHOOTING,
        least_rows: 21,
    },
];

const TROUBLESHOOTING: &str = "docs/troubleshooting.md";

/// A file below the root of the package.
fn read(path: &str) -> Option<String> {
    std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).ok()
}

/// The cells of each row in the tables of tests of a page, without heads and rules, and how many the head has.
fn rows(page: &str) -> Vec<(Vec<&str>, usize)> {
    rows_of(page, |head| head.last() == Some(&"test"))
}

/// The same of the tables whose head is such a one.
fn rows_of(page: &str, is_wanted: impl Fn(&[&str]) -> bool) -> Vec<(Vec<&str>, usize)> {
    let mut rows = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(head) = cells(line) else { continue };
        let table = lines.by_ref().map_while(cells);
        let below = table.filter(|cells| !cells[0].starts_with("---"));
        let below = below.map(|cells| (cells, head.len())).collect::<Vec<_>>();
        if is_wanted(&head) {
            rows.extend(below);
        }
    }
    rows
}

/// The cells of a line of a table.
fn cells(line: &str) -> Option<Vec<&str>> {
    let line = line.strip_prefix('|')?.strip_suffix('|')?;
    Some(line.split('|').map(str::trim).collect())
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
fn fault(cells: &[&str], columns: usize, read: impl Fn(&str) -> Option<String>) -> Option<String> {
    if cells.len() != columns {
        return Some(format!("{} cells", cells.len()));
    }
    if cells.iter().any(|cell| cell.is_empty()) {
        return Some("an empty cell".into());
    }
    cells.last()?.split(", ").find_map(|test| {
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
    for Catalogue { page, least_rows } in CATALOGUES {
        let text = read(page).unwrap();
        let rows = rows(&text);
        let faults: Vec<String> = rows
            .iter()
            .filter_map(|(cells, columns)| {
                let fault = fault(cells, *columns, read)?;
                Some(format!("{page}: {}: {fault}", cells[0]))
            })
            .collect();
        assert!(faults.is_empty(), "{}", faults.join("\n"));
        assert!(rows.len() >= least_rows, "{page}: {} rows", rows.len());
    }
}

#[test]
fn no_row_stands_twice() {
    for Catalogue { page, .. } in CATALOGUES {
        let text = read(page).unwrap();
        let mut seen = BTreeSet::new();
        for (cells, _) in rows(&text) {
            assert!(seen.insert((cells[0], cells[1])), "{page}: {}", cells[0]);
        }
    }
}

#[test]
fn the_limits_are_those_of_the_code() {
    let page = read("docs/security.md").unwrap();
    for limit in [
        Limit::InputLen,
        Limit::Depth,
        Limit::Certificates,
        Limit::Crls,
        Limit::Recipients,
        Limit::Attributes,
        Limit::AttributeLen,
        Limit::Segments,
    ] {
        let [request, reply] = [Limits::REQUEST, Limits::REPLY].map(|limits| limits.bound(limit));
        let row = format!("| {limit} | {request} | {reply} |");
        assert!(page.lines().any(|line| line == row), "{row}");
    }
}

#[test]
fn what_a_password_costs_is_what_every_named_policy_says() {
    let page = read("docs/security.md").unwrap();
    let rows = rows_of(&page, |head| head[1] == "every named policy");
    let number = |bound: &str| {
        let mut found = rows.iter().filter(|(cells, _)| cells[0].starts_with(bound));
        let (Some((cells, _)), None) = (found.next(), found.next()) else {
            panic!("{bound}: no row, or several");
        };
        // The time that it takes stands behind a colon.
        let number = cells[1].split(':').next().unwrap();
        number.parse::<u32>().unwrap()
    };
    // The passwords and the bytes in a salt are held by a test of the crate's own, for they are in no policy.
    assert_eq!(rows.len(), 4);
    let written = number("iterations of PBKDF2 that are written");
    let read = number("iterations of PBKDF2 that are read");
    for policy in [
        Policy::default(),
        Policy::default_policy(),
        Policy::strict(),
        Policy::compatible(),
        #[cfg(feature = "legacy")]
        Policy::legacy(),
    ] {
        assert_eq!(policy.password_iterations(), written);
        assert_eq!(policy.max_password_iterations(), read);
        assert!(policy.password_prfs().contains(DigestAlgorithm::Sha256));
    }
}

#[test]
fn each_finding_belongs_to_a_failure() {
    let page = read(TROUBLESHOOTING).unwrap();
    // A test of the crate's own holds this table against the code.
    let findings = rows_of(&page, |head| head[0] == "finding");
    let findings: BTreeSet<&str> = findings.iter().map(|(cells, _)| cells[0]).collect();
    assert!(findings.len() > 90, "{}", findings.len());
    let failures = rows_of(&page, |head| head[0] == "failure");
    let named: BTreeSet<&str> = failures
        .iter()
        .flat_map(|(cells, _)| cells[1].split(", "))
        .collect();
    let lost: Vec<_> = findings.difference(&named).collect();
    assert!(lost.is_empty(), "of no failure: {lost:?}");
    let unknown: Vec<_> = named.difference(&findings).collect();
    assert!(unknown.is_empty(), "no findings: {unknown:?}");
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

| another | test |
| --- | --- |
| a | `t.rs::goo` |
| a | b | `t.rs::good` |

| no table of tests | at all |
| --- | --- |
| a | b |
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
    let faults: Vec<_> = rows(page)
        .iter()
        .map(|(cells, columns)| fault(cells, *columns, read))
        .collect();
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
        Some("there is no test goo in t.rs"),
        Some("3 cells"),
    ];
    assert_eq!(faults, expected.map(|fault| fault.map(str::to_owned)));
}
