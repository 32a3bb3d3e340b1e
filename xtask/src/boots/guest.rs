//! A guest started by hand, with words on its command line that `rmapbench run` never says.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::pc::{self, Firmware, Medium};

/// QEMU is given this long for what it does at once.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Where the guest writes its exit status.
const EXIT: &str = "isa-debug-exit,iobase=0xf4,iosize=4";

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
        Self::start(
            kernel,
            words,
            folder,
            &["-chardev", &socket, "-serial", "chardev:line", "-device", EXIT],
        )
    }

    /// Boots `kernel` with `words` and a screen, and stays there when the guest halts.
    pub fn with_screen(kernel: &Path, words: &str) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let monitor = folder.path().join("monitor").display().to_string();
        let monitor = format!("unix:{monitor},server=on,wait=off");
        Self::start(kernel, words, folder, &["-vga", "std", "-monitor", &monitor])
    }

    /// A PC that boots from `medium`, counting instructions. QEMU waits for somebody to connect to the
    /// serial line.
    pub fn pc(medium: Medium<'_>, firmware: Firmware) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let socket =
            format!("socket,id=line,path={},server=on", folder.path().join("line").display());
        let mut arguments = medium.arguments(firmware);
        if firmware == Firmware::Uefi {
            arguments.extend(pc::uefi(folder.path())?);
        }
        let line = ["-vga", "std", "-chardev", &socket, "-serial", "chardev:line", "-device", EXIT];
        Self::spawn(folder, |qemu| qemu.args(arguments).args(line))
    }

    fn start(kernel: &Path, words: &str, folder: TempDir, more: &[&str]) -> Result<Self, String> {
        Self::spawn(folder, |qemu| qemu.args(["-append", words, "-kernel"]).arg(kernel).args(more))
    }

    fn spawn(
        folder: TempDir,
        add_arguments: impl FnOnce(&mut Command) -> &mut Command,
    ) -> Result<Self, String> {
        let mut qemu = Command::new("qemu-system-x86_64");
        qemu.args(["-nodefaults", "-display", "none", "-no-reboot", "-m", "512M", "-cpu", "max"])
            .args(["-accel", "tcg", "-icount", "shift=7,sleep=off"]);
        let child = add_arguments(&mut qemu)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("cannot run QEMU: {error}"))?;
        Ok(Self { child, folder })
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
        while !path.exists() {
            if Instant::now() > deadline {
                return Err(format!("QEMU made no socket `{name}`"));
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(path)
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.kill();
    }
}
