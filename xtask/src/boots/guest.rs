//! A guest started by hand, with words on its command line that `rmapbench run` never says.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// QEMU is given this long for what it does at once.
pub const PATIENCE: Duration = Duration::from_secs(30);

const POLL: Duration = Duration::from_millis(10);

/// Where QEMU's complaints go.
const ERRORS: &str = "errors";

/// A listening socket's flags in `/proc/net/unix`: `__SO_ACCEPTCON`.
const ACCEPTS: &str = "00010000";

/// A running QEMU; dropping it ends it.
pub struct Guest {
    child: Child,
    folder: TempDir,
}

impl Guest {
    /// Boots `kernel` with `words`, counting instructions. QEMU waits for somebody to connect to the
    /// serial line.
    pub fn with_serial_socket(kernel: &Path, words: &str) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let socket =
            format!("socket,id=line,path={},server=on", folder.path().join("line").display());
        let exit = "isa-debug-exit,iobase=0xf4,iosize=4";
        Self::boot(
            kernel,
            words,
            folder,
            &["-chardev", &socket, "-serial", "chardev:line", "-device", exit],
        )
    }

    /// Boots `kernel` with `words` and a screen, and stays there when the guest halts.
    pub fn with_screen(kernel: &Path, words: &str) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let monitor = folder.path().join("monitor").display().to_string();
        let monitor = format!("unix:{monitor},server=on,wait=off");
        Self::boot(kernel, words, folder, &["-vga", "std", "-monitor", &monitor])
    }

    fn boot(kernel: &Path, words: &str, folder: TempDir, more: &[&str]) -> Result<Self, String> {
        let mut command = Command::new("qemu-system-x86_64");
        command
            .args(["-nodefaults", "-display", "none", "-no-reboot", "-m", "512M", "-cpu", "max"])
            .args(["-accel", "tcg", "-icount", "shift=7,sleep=off", "-append", words, "-kernel"])
            .arg(kernel)
            .args(more);
        Self::start(command, folder)
    }

    /// Starts a QEMU that keeps its files in `folder`.
    pub fn start(mut command: Command, folder: TempDir) -> Result<Self, String> {
        let errors = File::create(folder.path().join(ERRORS)).map_err(|error| error.to_string())?;
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(errors)
            .spawn()
            .map_err(|error| format!("cannot run QEMU: {error}"))?;
        Ok(Self { child, folder })
    }

    /// Its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it ends by itself, at most `patience`; its exit status.
    pub fn wait(&mut self, patience: Duration) -> Result<i32, String> {
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().map_err(|error| error.to_string())? {
                return status.code().ok_or_else(|| format!("QEMU died of {status}"));
            }
            thread::sleep(POLL);
        }
        Err("the guest does not end QEMU".to_owned())
    }

    /// What QEMU complained of.
    pub fn complaints(&self) -> String {
        fs::read_to_string(self.scratch(ERRORS)).unwrap_or_default().trim().to_owned()
    }

    /// The socket of the serial line, once it is there.
    pub fn line(&self) -> Result<PathBuf, String> {
        self.appeared("line")
    }

    /// The socket of QEMU's monitor, once it is there.
    pub fn monitor(&self) -> Result<PathBuf, String> {
        self.appeared("monitor")
    }

    /// A place for a file that lives as long as the guest.
    pub fn scratch(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Ends the guest as a power cut would.
    pub fn kill(&mut self) {
        // Both fail only if it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn appeared(&self, name: &str) -> Result<PathBuf, String> {
        let path = self.scratch(name);
        let deadline = Instant::now() + PATIENCE;
        while !listens(&path) {
            if Instant::now() > deadline {
                return Err(format!("QEMU made no socket `{name}`: {}", self.complaints()));
            }
            thread::sleep(POLL);
        }
        Ok(path)
    }
}

/// Whether somebody accepts connections at the socket `path`, which exists some time before that.
fn listens(path: &Path) -> bool {
    let sockets = fs::read_to_string("/proc/net/unix").unwrap_or_default();
    let path = path.display().to_string();
    let mut lines = sockets.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    lines.any(|words| words.get(3) == Some(&ACCEPTS) && words.last() == Some(&path.as_str()))
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.kill();
    }
}
