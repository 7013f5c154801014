//! What is aimed at.

use std::fmt;

/// A figure that is to be at most `bound` times a sum of others; in microseconds, if there are no others.
pub(crate) struct Target {
    pub(crate) figure: &'static str,
    pub(crate) bound: f64,
    pub(crate) of: &'static [(f64, &'static str)],
}

/// What became of a target, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    Pass,
    Miss,
    Missing,
}

impl Target {
    /// The ratio of what the figures are by their ids, in microseconds. `None` if one is missing.
    pub(crate) fn ratio(&self, figures: impl Fn(&str) -> Option<f64>) -> Option<f64> {
        let figure = figures(self.figure)?;
        let sum = self
            .of
            .iter()
            .map(|(times, id)| Some(times * figures(id)?))
            .sum::<Option<f64>>()?;
        Some(if self.of.is_empty() {
            figure
        } else {
            figure / sum
        })
    }

    pub(crate) fn verdict(&self, ratio: Option<f64>) -> Verdict {
        match ratio {
            Some(ratio) if ratio <= self.bound => Verdict::Pass,
            Some(_) => Verdict::Miss,
            None => Verdict::Missing,
        }
    }

    /// What the figure is divided by, in words.
    pub(crate) fn divisor(&self) -> String {
        if self.of.is_empty() {
            return "1 µs".to_owned();
        }
        let of: Vec<_> = self
            .of
            .iter()
            .map(|(times, id)| format!("{times} × `{id}`"))
            .collect();
        of.join(" + ")
    }

    /// The figures that it is made of.
    #[cfg(test)]
    pub(crate) fn ids(&self) -> impl Iterator<Item = &'static str> {
        core::iter::once(self.figure).chain(self.of.iter().map(|(_, id)| *id))
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pass => "pass",
            Self::Miss => "miss",
            Self::Missing => "missing",
        })
    }
}

pub(crate) const TARGETS: &[Target] = &[
    at_most(1.0, "decode/pkcsreq_der", &[]),
    at_most(
        1.0 / 15.0,
        "decode/pkcsreq_der",
        &[(1.0, "decode/peer_cms")],
    ),
    at_most(4.0, "decode/pkcsreq_ber", &[(1.0, "decode/pkcsreq_der")]),
    at_most(1.10, "server_receive/aws_lc_rs", AWS_LC_RS_WITH_TWO),
    at_most(1.10, "client_build/aws_lc_rs", AWS_LC_RS_WITH_ONE),
    at_most(1.10, "server_reply/aws_lc_rs", AWS_LC_RS_WITH_ONE),
    at_most(1.10, "client_receive/aws_lc_rs", AWS_LC_RS_WITH_ONE),
    at_most(1.05, "server_receive/rustcrypto", RUSTCRYPTO_WITH_TWO),
    at_most(1.05, "client_build/rustcrypto", RUSTCRYPTO_WITH_ONE),
    at_most(1.05, "server_reply/rustcrypto", RUSTCRYPTO_WITH_ONE),
    at_most(1.05, "client_receive/rustcrypto", RUSTCRYPTO_WITH_ONE),
    // The transaction layer beside the sum of its parts: no cost that could be told from chance.
    at_most(
        1.02,
        "server_turn/aws_lc_rs",
        &[
            (1.0, "server_receive/aws_lc_rs"),
            (1.0, "server_reply/aws_lc_rs"),
        ],
    ),
    at_most(
        1.02,
        "server_turn/rustcrypto",
        &[
            (1.0, "server_receive/rustcrypto"),
            (1.0, "server_reply/rustcrypto"),
        ],
    ),
    // On curves, PBKDF2 apart.
    at_most(
        1.0 / 3.0,
        "server_turn/aws_lc_rs/ec_p256_pwri",
        &[(1.0, "server_turn/aws_lc_rs")],
    ),
    at_most(
        1.0 / 3.0,
        "server_turn/aws_lc_rs/ec_p256_kari",
        &[(1.0, "server_turn/aws_lc_rs")],
    ),
    at_most(
        0.67,
        "peers/server_receive/scep_aws_lc_rs",
        &[(1.0, "peers/server_receive/openssl")],
    ),
    at_most(
        1.0,
        "peers/client_build/scep_aws_lc_rs",
        &[(1.0, "peers/client_build/openssl")],
    ),
    at_most(
        1.0,
        "peers/server_reply/scep_aws_lc_rs",
        &[(1.0, "peers/server_reply/openssl")],
    ),
    at_most(
        0.67,
        "peers/client_receive/scep_aws_lc_rs",
        &[(1.0, "peers/client_receive/openssl")],
    ),
];

const AWS_LC_RS_WITH_ONE: &[(f64, &str)] = &[
    (1.0, "bare/aws_lc_rs/rsa2048_private"),
    (1.0, "bare/aws_lc_rs/rsa2048_public"),
];
const AWS_LC_RS_WITH_TWO: &[(f64, &str)] = &[
    (1.0, "bare/aws_lc_rs/rsa2048_private"),
    (2.0, "bare/aws_lc_rs/rsa2048_public"),
];
const RUSTCRYPTO_WITH_ONE: &[(f64, &str)] = &[
    (1.0, "bare/rustcrypto/rsa2048_private"),
    (1.0, "bare/rustcrypto/rsa2048_public"),
];
const RUSTCRYPTO_WITH_TWO: &[(f64, &str)] = &[
    (1.0, "bare/rustcrypto/rsa2048_private"),
    (2.0, "bare/rustcrypto/rsa2048_public"),
];

const fn at_most(bound: f64, figure: &'static str, of: &'static [(f64, &'static str)]) -> Target {
    Target { figure, bound, of }
}
