//! The files of DIR: written in one step each, so that the program can be killed at any moment.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::Outcome;

/// A directory that no other process of this kind uses.
pub struct Dir {
    path: PathBuf,
    _lock: File,
}

/// Who may read a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    Everybody,
    Owner,
}

impl Dir {
    /// Opens the directory with these folders in it, and makes what is missing.
    pub fn open(path: &Path, folders: &[&str]) -> Outcome<Self> {
        let made = |error| format!("cannot make the directory {}: {error}", path.display());
        fs::create_dir_all(path).map_err(made)?;
        let lock = File::create(path.join("lock"))
            .map_err(|error| format!("cannot write to {}: {error}", path.display()))?;
        // The system lets go of it however the process ends.
        lock.try_lock()
            .map_err(|_| format!("another process uses {}", path.display()))?;
        let dir = Self {
            path: path.to_owned(),
            _lock: lock,
        };
        for folder in folders {
            fs::create_dir_all(dir.path.join(folder)).map_err(made)?;
        }
        for folder in folders.iter().copied().chain([""]) {
            dir.remove_unfinished(folder)?;
        }
        Ok(dir)
    }

    /// The file's contents, if there is such a file.
    pub fn read(&self, name: &str) -> Outcome<Option<Vec<u8>>> {
        match fs::read(self.path.join(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.problem("read", name, &error)),
        }
    }

    /// Whether there is such a file.
    pub fn contains(&self, name: &str) -> Outcome<bool> {
        let found = self.path.join(name).try_exists();
        found.map_err(|error| self.problem("read", name, &error))
    }

    /// Writes a file or replaces it. After a crash there is the old file or the new one, and never a part; when this
    /// returns, it is the new one.
    pub fn write(&self, name: &str, bytes: &[u8], readers: Readers) -> Outcome<()> {
        let (unfinished, finished) = (
            self.path.join(format!("{name}{UNFINISHED}")),
            self.path.join(name),
        );
        let write = || {
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(true);
            #[cfg(unix)]
            if readers == Readers::Owner {
                std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            }
            let mut file = options.open(&unfinished)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&unfinished, &finished)?;
            // The name is the directory's, which only some systems let be synchronised.
            #[cfg(unix)]
            if let Some(folder) = finished.parent() {
                File::open(folder)?.sync_all()?;
            }
            Ok(())
        };
        write().map_err(|error| self.problem("write", name, &error))
    }

    /// The names of the files in a folder, and when each was written.
    pub fn list(&self, folder: &str) -> Outcome<Vec<(String, SystemTime)>> {
        let list = || -> std::io::Result<Vec<_>> {
            fs::read_dir(self.path.join(folder))?
                .map(|entry| {
                    let entry = entry?;
                    let name = entry.file_name().to_string_lossy().into_owned();
                    Ok((name, entry.metadata()?.modified()?))
                })
                .collect()
        };
        list().map_err(|error| self.problem("read", folder, &error))
    }

    /// Where a file is, for people.
    pub fn path(&self, name: &str) -> String {
        self.path.join(name).display().to_string()
    }

    /// Removes what was being written when the program was killed.
    fn remove_unfinished(&self, folder: &str) -> Outcome<()> {
        for (name, _) in self.list(folder)? {
            if name.ends_with(UNFINISHED) {
                let path = self.path.join(folder).join(&name);
                fs::remove_file(path).map_err(|error| self.problem("remove", &name, &error))?;
            }
        }
        Ok(())
    }

    fn problem(&self, verb: &str, name: &str, error: &std::io::Error) -> crate::Problem {
        format!("cannot {verb} {}: {error}", self.path(name)).into()
    }
}

const UNFINISHED: &str = ".unfinished";
