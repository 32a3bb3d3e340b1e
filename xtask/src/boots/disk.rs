//! A boot image with words for the kernel and a plan that waits for nobody.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::tools::find_program;
use tempfile::TempDir;
use wire::{HostPresence, MAX_PLAN};

/// An ISO image; dropping it removes it.
pub struct Disk {
    folder: TempDir,
}

/// Cells of the plan.
pub const CELLS: u32 = 13;

/// How GRUB is made small, and quickly.
const OPTIONS: [&str; 4] = ["--locales=", "--fonts=", "--themes=", "--compress=no"];

impl Disk {
    /// An image that starts `kernel` with `words` as `rmapbench run` would, and brings a plan of
    /// [`CELLS`] cells.
    pub fn new(root: &Path, kernel: &Path, words: &str) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("cannot make an image: {error}");
        let folder = tempfile::tempdir().map_err(failed)?;
        let boot = folder.path().join("tree/boot");
        fs::create_dir_all(boot.join("grub")).map_err(failed)?;
        let menu = fs::read_to_string(root.join("images/run.cfg")).map_err(failed)?;
        let menu = menu.replace("/boot/rmapbench.elf", &format!("/boot/rmapbench.elf {words}"));
        fs::write(boot.join("grub/grub.cfg"), menu).map_err(failed)?;
        fs::write(boot.join("plan.bin"), plan()).map_err(failed)?;
        fs::copy(kernel, boot.join("rmapbench.elf")).map_err(failed)?;
        let disk = Self { folder };
        disk.make()?;
        Ok(disk)
    }

    /// The file.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("disk.iso")
    }

    fn make(&self) -> Result<(), String> {
        let program = find_program("grub-mkrescue").ok_or("grub-mkrescue is not installed")?;
        let output = Command::new(program)
            .arg("-o")
            .arg(self.path())
            .args(OPTIONS)
            .arg(self.folder.path().join("tree"))
            .output()
            .map_err(|error| error.to_string())?;
        let said = String::from_utf8_lossy(&output.stderr);
        if output.status.success() { Ok(()) } else { Err(format!("grub-mkrescue failed: {said}")) }
    }
}

/// Calibration, and six workloads under two schemes, once.
fn plan() -> Vec<u8> {
    let mut plan = runner::quick(HostPresence::Uncertain);
    plan.schemes.truncate(2);
    plan.rounds = 1;
    let mut room = [0; MAX_PLAN];
    plan.encode(&mut room).expect("MAX_PLAN suffices").to_vec()
}
