//! What criterion left behind.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Each side's part of an enrolment, and a server's two in one.
pub(crate) const OPERATIONS: [&str; 5] = [
    "server_receive",
    "client_build",
    "server_reply",
    "client_receive",
    "server_turn",
];

const PROVIDERS: [&str; 2] = ["aws_lc_rs", "rustcrypto"];

const LIBRARIES: [&str; 3] = ["scep_aws_lc_rs", "scep_rustcrypto", "openssl"];

/// The figures of one run, by the ids of their benchmarks.
pub(crate) struct Figures(BTreeMap<String, Figure>);

/// The time of one iteration in microseconds.
#[derive(Clone, Copy)]
pub(crate) struct Figure {
    pub(crate) median: f64,
    /// The lower end of the interval around the median.
    pub(crate) lower: f64,
    /// Its upper end.
    pub(crate) upper: f64,
    /// The length of the input, where the benchmark told it.
    pub(crate) bytes: Option<f64>,
}

/// The ids that a whole run has at least.
pub(crate) fn expected() -> impl Iterator<Item = String> {
    let decode = ["pkcsreq_der", "pkcsreq_ber", "certrep_der", "peer_cms"];
    let bare = ["rsa2048_private", "rsa2048_public"];
    let on_curves = ["pwri", "kari"];
    let longer = ["server_turn_3072", "server_turn_4096"];
    let by_provider = PROVIDERS.into_iter().flat_map(move |provider| {
        let operations = OPERATIONS.into_iter().chain(longer);
        operations
            .map(move |operation| format!("{operation}/{provider}"))
            .chain(bare.map(|operation| format!("bare/{provider}/{operation}")))
            .chain(on_curves.map(|kind| format!("server_turn/{provider}/ec_p256_{kind}")))
    });
    let by_library = OPERATIONS
        .into_iter()
        .flat_map(|operation| LIBRARIES.map(|library| format!("peers/{operation}/{library}")));
    decode
        .map(|message| format!("decode/{message}"))
        .into_iter()
        .chain(by_provider)
        .chain(by_library)
}

impl Figures {
    /// Reads all that stands below the directories of a run; one that is not there has nothing.
    pub(crate) fn read(run: &[PathBuf]) -> io::Result<Self> {
        let mut figures = Self(BTreeMap::new());
        for directory in run.iter().filter(|directory| directory.is_dir()) {
            figures.walk(directory)?;
        }
        Ok(figures)
    }

    /// The median of one iteration in microseconds.
    pub(crate) fn median(&self, id: &str) -> Option<f64> {
        self.0.get(id).map(|figure| figure.median)
    }

    pub(crate) fn get(&self, id: &str) -> Option<Figure> {
        self.0.get(id).copied()
    }

    /// All of them, by their ids.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, Figure)> {
        self.0.iter().map(|(id, figure)| (id.as_str(), *figure))
    }

    /// Takes medians from a test.
    #[cfg(test)]
    pub(crate) fn of(medians: &[(&str, f64)]) -> Self {
        let medians = medians.iter();
        let figures = medians.map(|(id, median)| ((*id).to_owned(), Figure::exact(*median, None)));
        Self(figures.collect())
    }

    /// Takes medians and lengths from a test.
    #[cfg(test)]
    pub(crate) fn of_lengths(figures: &[(&str, f64, f64)]) -> Self {
        let figures = figures.iter();
        let figures = figures
            .map(|(id, median, bytes)| ((*id).to_owned(), Figure::exact(*median, Some(*bytes))));
        Self(figures.collect())
    }

    /// criterion writes a directory `new` for the last run of each benchmark.
    fn walk(&mut self, directory: &Path) -> io::Result<()> {
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            if !path.is_dir() {
                continue;
            }
            if !path.ends_with("new") {
                self.walk(&path)?;
                continue;
            }
            let benchmark = json(&path.join("benchmark.json"))?;
            let bytes = benchmark["throughput"]["Bytes"].as_f64();
            let median = Figure::read(&json(&path.join("estimates.json"))?["median"], bytes);
            let (Some(id), Some(median)) = (benchmark["full_id"].as_str(), median) else {
                return Err(io::Error::other(format!(
                    "{}: not as expected",
                    path.display()
                )));
            };
            self.0.insert(id.to_owned(), median);
        }
        Ok(())
    }
}

impl Figure {
    /// Reads one of criterion's estimates, which are in nanoseconds.
    fn read(estimate: &Value, bytes: Option<f64>) -> Option<Self> {
        let microseconds = |value: &Value| Some(value.as_f64()? / 1000.0);
        let interval = &estimate["confidence_interval"];
        Some(Self {
            median: microseconds(&estimate["point_estimate"])?,
            lower: microseconds(&interval["lower_bound"])?,
            upper: microseconds(&interval["upper_bound"])?,
            bytes,
        })
    }

    #[cfg(test)]
    const fn exact(median: f64, bytes: Option<f64>) -> Self {
        Self {
            median,
            lower: median,
            upper: median,
            bytes,
        }
    }
}

fn json(path: &Path) -> io::Result<Value> {
    Ok(serde_json::from_slice(&fs::read(path)?)?)
}
