//! Programs, run to their end or beside the test, never longer than it.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How long a program may take for anything: an RSA key of 4096 bits in an unoptimised build on a busy machine is slowest.
const PATIENCE: Duration = Duration::from_secs(180);

/// A program that was started. Dropping it kills it.
pub(crate) struct Program {
    child: Child,
    said: String,
    stdout: PathBuf,
    stderr: PathBuf,
}

/// What a program came to.
pub(crate) struct Finished {
    status: ExitStatus,
    said: String,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

impl Program {
    /// Starts a program in a directory, with arguments that have no blanks in them. A program that is not there fails the test.
    pub(crate) fn start(directory: &Path, program: impl AsRef<Path>, arguments: &str) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let program = program.as_ref();
        let name = program.file_name().unwrap().to_string_lossy();
        let said = format!("{name} {arguments}");
        // Files, unlike pipes, never fill up, and nobody has to stand by and read them.
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let stdout = directory.join(format!("{name}-{count}.stdout"));
        let stderr = directory.join(format!("{name}-{count}.stderr"));
        let child = Command::new(program)
            .args(arguments.split_whitespace())
            .current_dir(directory)
            .stdin(Stdio::null())
            .stdout(File::create(&stdout).unwrap())
            .stderr(File::create(&stderr).unwrap())
            .spawn()
            .unwrap_or_else(|error| match error.kind() {
                ErrorKind::NotFound => panic!("{name} is not installed; .ci/run says how"),
                _ => panic!("{said}: {error}"),
            });
        Self {
            child,
            said,
            stdout,
            stderr,
        }
    }

    /// Runs a program to its end.
    pub(crate) fn run(directory: &Path, program: impl AsRef<Path>, arguments: &str) -> Finished {
        Self::start(directory, program, arguments).finish()
    }

    /// Waits for a line on standard output that starts so, and gives the rest of it.
    pub(crate) fn wait_for_line(&mut self, start: &str) -> String {
        self.wait_until(start, |stdout, _| {
            // A last line without its end may still grow.
            let mut complete = stdout
                .split_inclusive('\n')
                .filter(|line| line.ends_with('\n'));
            let rest = complete.find_map(|line| line.strip_prefix(start))?;
            Some(rest.trim_end().to_owned())
        })
    }

    /// Waits until it has said this, on standard output or standard error.
    pub(crate) fn wait_for(&mut self, part: &str) {
        self.wait_until(part, |stdout, stderr| {
            (stdout.contains(part) || stderr.contains(part)).then_some(())
        });
    }

    fn wait_until<T>(&mut self, what: &str, found: impl Fn(&str, &str) -> Option<T>) -> T {
        let started = Instant::now();
        loop {
            let ended = self.has_ended();
            let [stdout, stderr] = [&self.stdout, &self.stderr].map(|file| text_of(file));
            if let Some(found) = found(&stdout, &stderr) {
                return found;
            }
            if ended || started.elapsed() > PATIENCE {
                panic!("{}: never said {what:?}\n{stdout}\n{stderr}", self.said);
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// What it has written to standard error so far.
    pub(crate) fn errors(&self) -> String {
        text_of(&self.stderr)
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits until it ends by itself.
    pub(crate) fn finish(mut self) -> Finished {
        let started = Instant::now();
        while !self.has_ended() {
            if started.elapsed() > PATIENCE {
                panic!("{}: still runs\n{}", self.said, text_of(&self.stdout));
            }
            thread::sleep(Duration::from_millis(5));
        }
        self.result()
    }

    /// Asks it to end (SIGTERM), and waits until it has.
    pub(crate) fn terminate(self) -> Finished {
        // The shell's own `kill` is everywhere, the program is not.
        let kill = format!("kill -TERM {}", self.child.id());
        let sent = Command::new("sh").args(["-c", &kill]).status().unwrap();
        assert!(sent.success(), "{kill}");
        self.finish()
    }

    /// Ends it (SIGKILL): it gets no chance to do anything about it.
    pub(crate) fn kill(mut self) -> Finished {
        self.child.kill().unwrap();
        self.result()
    }

    fn result(&mut self) -> Finished {
        Finished {
            status: self.child.wait().unwrap(),
            said: self.said.clone(),
            stdout: fs::read(&self.stdout).unwrap(),
            stderr: fs::read(&self.stderr).unwrap(),
        }
    }
}

fn text_of(file: &Path) -> String {
    String::from_utf8_lossy(&fs::read(file).unwrap()).into_owned()
}

impl Drop for Program {
    fn drop(&mut self) {
        // Both fail if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Finished {
    /// The exit code, which must be this one.
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.status.code(), Some(code), "{}", self.text());
        self
    }

    /// All that it printed must have this in it.
    pub(crate) fn says(self, part: &str) -> Self {
        let text = self.text();
        assert!(text.contains(part), "no {part:?} in: {text}");
        self
    }

    /// The command line, and all that it printed.
    pub(crate) fn text(&self) -> String {
        let stdout = String::from_utf8_lossy(&self.stdout);
        let stderr = String::from_utf8_lossy(&self.stderr);
        let status = self.status;
        format!("{}\n{status}\n{stdout}\n{stderr}", self.said)
    }
}
