//! What criterion left behind.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Medians by the ids of their benchmarks.
pub(crate) struct Results(BTreeMap<String, f64>);

impl Results {
    /// Reads all that stands below the directories; one that is not there has nothing.
    pub(crate) fn read(directories: &[PathBuf]) -> io::Result<Self> {
        let mut results = Self(BTreeMap::new());
        for directory in directories.iter().filter(|directory| directory.is_dir()) {
            results.walk(directory)?;
        }
        Ok(results)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The median of one iteration.
    pub(crate) fn microseconds(&self, id: &str) -> Option<f64> {
        self.0.get(id).map(|nanoseconds| nanoseconds / 1000.0)
    }

    /// criterion writes a directory `new` for the last run of each benchmark.
    fn walk(&mut self, directory: &Path) -> io::Result<()> {
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            if !path.is_dir() {
                continue;
            }
            if path.ends_with("new") {
                let id = json(&path.join("benchmark.json"))?["full_id"].clone();
                let median =
                    json(&path.join("estimates.json"))?["median"]["point_estimate"].clone();
                if let (Some(id), Some(median)) = (id.as_str(), median.as_f64()) {
                    self.0.insert(id.to_owned(), median);
                }
            } else {
                self.walk(&path)?;
            }
        }
        Ok(())
    }
}

fn json(path: &Path) -> io::Result<Value> {
    Ok(serde_json::from_slice(&fs::read(path)?)?)
}
