//! Each finding, where it must appear, and beside it, changed in one thing, where it must not: no code without such a pair.

mod ca;
mod http;
mod reply;
mod request;

use scep::diagnose::{Finding, FindingCode};

use crate::codes;

/// The findings of something in which one thing is wrong, and of the same in which it is not.
type Pair = fn(wrong: bool) -> Vec<Finding>;

fn pair(code: FindingCode) -> Option<Pair> {
    [ca::pair, request::pair, reply::pair, http::pair]
        .iter()
        .find_map(|pairs| pairs(code))
}

/// Why a pair does not show that the one thing, and nothing else, is what the code is about.
fn fault(code: FindingCode, pair: impl Fn(bool) -> Vec<Finding>) -> Option<String> {
    let [wrong, right] = [true, false].map(|wrong| codes(&pair(wrong)));
    if !wrong.contains(&code) {
        return Some(format!("{code} does not appear, only {wrong:?}"));
    }
    if right.contains(&code) {
        return Some(format!("{code} appears where nothing is wrong"));
    }
    let other = wrong
        .iter()
        .find(|one| **one != code && !right.contains(one));
    other.map(|other| format!("{other} appears with {code}"))
}

#[test]
fn each_finding_appears_and_with_one_thing_changed_does_not() {
    let faults: Vec<String> = FindingCode::ALL
        .iter()
        .filter_map(|code| match pair(*code) {
            Some(pair) => fault(*code, pair),
            None => Some(format!("{code} has no pair")),
        })
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_pair_that_shows_nothing_is_found() {
    use FindingCode::NotFound;
    let answers = |wrong: &'static [u16], right: &'static [u16]| {
        move |is_wrong| {
            let statuses = if is_wrong { wrong } else { right };
            let of = |status: &u16| http::answered(*status, &[0x30, 0]);
            statuses.iter().flat_map(of).collect()
        }
    };
    let of = |wrong, right| fault(NotFound, answers(wrong, right));
    assert_eq!(of(&[404], &[]), None);
    assert_eq!(of(&[404, 503], &[503, 403]), None);
    for (wrong, right, fault) in [
        (
            &[403][..],
            &[][..],
            "http-404 does not appear, only [Forbidden]",
        ),
        (&[404], &[404], "http-404 appears where nothing is wrong"),
        (&[404, 503], &[403], "http-503 appears with http-404"),
    ] {
        assert_eq!(of(wrong, right).as_deref(), Some(fault));
    }
}
