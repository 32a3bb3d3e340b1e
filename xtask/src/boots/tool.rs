//! `rmapbench` as a user calls it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use harness::guest::build_kernel;
use harness::tools::{Shell, Verbosity};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

/// No call takes longer; slow ones take seconds.
const PATIENCE: Duration = Duration::from_mins(3);

/// The built tool and the built kernel.
#[derive(Debug)]
pub struct Tool {
    binary: PathBuf,
    /// The kernel's ELF file.
    pub kernel: PathBuf,
    /// The project's folder.
    pub root: PathBuf,
}

/// How a call ended.
pub struct Called {
    /// The exit status.
    pub status: i32,
    /// What went to standard error.
    pub stderr: String,
    folder: TempDir,
}

impl Tool {
    /// Builds both.
    pub fn build(root: &Path) -> Result<Self, String> {
        let build = ["build", "--profile", "tool", "--package", "harness"];
        let status = Command::new("cargo").args(build).current_dir(root).status();
        if !status.is_ok_and(|status| status.success()) {
            return Err(format!("`cargo {}` failed", build.join(" ")));
        }
        let shell = Shell { verbosity: Verbosity::Normal };
        let kernel = build_kernel(root, shell).map_err(|error| error.to_string())?;
        let target =
            std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        Ok(Self {
            binary: target.join("tool/rmapbench"),
            kernel: kernel.path,
            root: root.to_owned(),
        })
    }

    /// Calls the tool with `arguments` and a result folder of its own.
    pub fn call(&self, arguments: &[&str]) -> Result<Called, String> {
        let (child, folder) = self.start(arguments)?;
        Called::wait(child, folder)
    }

    /// Calls the tool with `arguments` that leave no results.
    pub fn call_without_folder(&self, arguments: &[&str]) -> Result<Called, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        Called::wait(self.spawn(Command::new(&self.binary).args(arguments))?, folder)
    }

    /// Starts the tool and does not wait.
    pub fn start(&self, arguments: &[&str]) -> Result<(Child, TempDir), String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let out = folder.path().join("result");
        let child = self.spawn(Command::new(&self.binary).args(arguments).arg("--out").arg(out))?;
        Ok((child, folder))
    }

    fn spawn(&self, command: &mut Command) -> Result<Child, String> {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("cannot run {}: {error}", self.binary.display()))
    }
}

impl Called {
    /// Waits for a started tool; one that hangs is ended, so that the case fails instead of the run.
    pub fn wait(child: Child, folder: TempDir) -> Result<Self, String> {
        Self::wait_at_most(PATIENCE, child, folder)
    }

    /// The same, with a patience of the caller's.
    pub fn wait_at_most(patience: Duration, child: Child, folder: TempDir) -> Result<Self, String> {
        let tool = Pid::from_raw(child.id().cast_signed());
        let (ended, end) = mpsc::channel::<()>();
        let guard = thread::spawn(move || {
            if end.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
                // Twice: the first asks, the second does not wait for QEMU.
                for _ in 0..2 {
                    let _ = kill(tool, Signal::SIGTERM);
                    thread::sleep(Duration::from_secs(5));
                }
            }
        });
        let output = child.wait_with_output().map_err(|error| error.to_string());
        drop(ended);
        guard.join().map_err(|_| "the guard panicked")?;
        let Output { status, stderr, .. } = output?;
        let stderr = String::from_utf8_lossy(&stderr).into_owned();
        Ok(Self { status: status.code().unwrap_or(-1), stderr, folder })
    }

    /// Fails unless the tool ended with `status`.
    pub fn expect(self, status: i32) -> Result<Self, String> {
        if self.status == status {
            return Ok(self);
        }
        Err(format!("exit status {} instead of {status}:\n{}", self.status, self.stderr))
    }

    /// Fails unless standard error contains `text`.
    pub fn expect_stderr(self, text: &str) -> Result<Self, String> {
        if self.stderr.contains(text) {
            return Ok(self);
        }
        Err(format!("standard error does not say `{text}`:\n{}", self.stderr))
    }

    /// `summary.json`
    pub fn summary(&self) -> Result<Value, String> {
        self.json("summary.json")
    }

    /// `run.json`
    pub fn run_json(&self) -> Result<Value, String> {
        self.json("run.json")
    }

    fn json(&self, name: &str) -> Result<Value, String> {
        serde_json::from_slice(&self.file(name)?).map_err(|error| error.to_string())
    }

    /// A file of the result folder.
    pub fn file(&self, name: &str) -> Result<Vec<u8>, String> {
        let path = self.folder.path().join("result").join(name);
        fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// The cells of a complete result.
    pub fn cells(&self) -> Result<Value, String> {
        let summary = self.summary()?;
        if summary["complete"] != true {
            return Err(format!("the result is incomplete:\n{}", self.stderr));
        }
        Ok(summary["cells"].clone())
    }
}

/// Collects from a guest's line.
pub fn collect(tool: &Tool, line: &Path, more: &[&str]) -> Result<Called, String> {
    tool.call(&[&["collect", "--port", &port(line)], more].concat())
}

/// A line as `--port` names it.
pub fn port(line: &Path) -> String {
    format!("unix:{}", line.display())
}
