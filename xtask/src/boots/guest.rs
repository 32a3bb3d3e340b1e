//! A guest started by hand, with words on its command line that `rmapbench run` never says.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use harness::guest::{Firmware, firmware_arguments};
use tempfile::TempDir;

use super::pc::Medium;

/// QEMU is given this long for what it does at once.
pub const PATIENCE: Duration = Duration::from_secs(30);

const POLL: Duration = Duration::from_millis(10);

/// Where QEMU's complaints go.
const ERRORS: &str = "errors";

/// A listening socket's flags in `/proc/net/unix`: `__SO_ACCEPTCON`.
const ACCEPTS: &str = "00010000";

/// Where the guest writes its exit status.
const EXIT: &str = "isa-debug-exit,iobase=0xf4,iosize=4";

/// What makes a guest's time pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// Its instructions, and while it waits nothing holds time up.
    Instructions,
    /// The host's clock.
    Host,
}

impl Clock {
    const fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Instructions => &["-icount", "shift=7,sleep=off"],
            Self::Host => &[],
        }
    }
}

/// A running QEMU; dropping it ends it.
pub struct Guest {
    child: Child,
    folder: TempDir,
}

impl Guest {
    /// Boots `kernel` with `words`. QEMU waits for somebody to connect to the serial line.
    pub fn with_serial_socket(kernel: &Path, words: &str, clock: Clock) -> Result<Self, String> {
        let folder = folder()?;
        Self::on_line(folder, &direct(kernel, words), clock, &["-serial", "chardev:line"])
    }

    /// The same, counting instructions, where `devices` say what the line's character device `line` is
    /// attached to.
    pub fn with_line(kernel: &Path, words: &str, devices: &[&str]) -> Result<Self, String> {
        Self::on_line(folder()?, &direct(kernel, words), Clock::Instructions, devices)
    }

    /// A PC that boots from `medium`, counting instructions. QEMU waits for somebody to connect to the
    /// serial line.
    pub fn pc(medium: Medium<'_>, firmware: Firmware) -> Result<Self, String> {
        let folder = folder()?;
        let boot = from_medium(folder.path(), medium, firmware)?;
        let devices = ["-vga", "std", "-serial", "chardev:line"];
        Self::on_line(folder, &boot, Clock::Instructions, &devices)
    }

    fn on_line(
        folder: TempDir,
        boot: &[OsString],
        clock: Clock,
        devices: &[&str],
    ) -> Result<Self, String> {
        let socket =
            format!("socket,id=line,path={},server=on", folder.path().join("line").display());
        let line = ["-chardev", &socket, "-device", EXIT];
        Self::run(folder, boot, clock, &[&line, devices].concat())
    }

    /// Boots `kernel` with `words` and a screen but no serial port, and stays there when the guest halts.
    pub fn with_screen(kernel: &Path, words: &str) -> Result<Self, String> {
        Self::show(folder()?, &direct(kernel, words), Clock::Instructions)
    }

    /// A PC with a screen but no serial port that boots from `medium`.
    pub fn pc_with_screen(
        medium: Medium<'_>,
        firmware: Firmware,
        clock: Clock,
    ) -> Result<Self, String> {
        let folder = folder()?;
        let boot = from_medium(folder.path(), medium, firmware)?;
        Self::show(folder, &boot, clock)
    }

    fn show(folder: TempDir, boot: &[OsString], clock: Clock) -> Result<Self, String> {
        let monitor = folder.path().join("monitor").display().to_string();
        let monitor = format!("unix:{monitor},server=on,wait=off");
        Self::run(folder, boot, clock, &["-vga", "std", "-monitor", &monitor])
    }

    fn run(
        folder: TempDir,
        boot: &[OsString],
        clock: Clock,
        more: &[&str],
    ) -> Result<Self, String> {
        let mut command = Command::new("qemu-system-x86_64");
        command
            .args(["-nodefaults", "-display", "none", "-no-reboot", "-m", "512M", "-cpu", "max"])
            .args(["-accel", "tcg"])
            .args(clock.arguments())
            .args(boot)
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

    /// What the guest says until it ends.
    pub fn everything_on_the_line(&self) -> Result<String, String> {
        let read = || {
            let mut line = UnixStream::connect(self.line().map_err(io::Error::other)?)?;
            line.set_read_timeout(Some(PATIENCE))?;
            let mut said = Vec::new();
            line.read_to_end(&mut said)?;
            Ok(String::from_utf8_lossy(&said).into_owned())
        };
        read().map_err(|error: io::Error| format!("the guest does not end: {error}"))
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

fn folder() -> Result<TempDir, String> {
    tempfile::tempdir().map_err(|error| error.to_string())
}

fn direct(kernel: &Path, words: &str) -> Vec<OsString> {
    vec!["-append".into(), words.into(), "-kernel".into(), kernel.into()]
}

fn from_medium(
    folder: &Path,
    medium: Medium<'_>,
    firmware: Firmware,
) -> Result<Vec<OsString>, String> {
    let mut arguments = medium.arguments(firmware);
    if firmware == Firmware::Uefi {
        let flash = firmware_arguments(folder).map_err(|error| error.to_string())?;
        arguments.extend(flash);
    }
    Ok(arguments.into_iter().map(OsString::from).collect())
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.kill();
    }
}
