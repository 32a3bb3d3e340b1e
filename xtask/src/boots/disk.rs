//! A boot image with words for the kernel and a plan that waits for nobody.

use std::fs;
use std::path::{Path, PathBuf};

use harness::guest::{IMAGES, Kernel, make_iso};
use harness::tools::{Shell, Verbosity};
use tempfile::TempDir;
use wire::{HostPresence, MAX_PLAN};

/// An ISO image; dropping it removes it.
#[derive(Debug)]
pub struct Disk {
    path: PathBuf,
    _folder: TempDir,
}

/// Cells of the plan.
pub const CELLS: u32 = 13;

/// The recipe of `rmapbench run`, below a root, and its line that loads the kernel.
const RECIPE: &str = "run.cfg";
const LOADS: &str = "multiboot2 /boot/rmapbench.elf";

const SHELL: Shell = Shell { verbosity: Verbosity::Normal };

impl Disk {
    /// An image that starts `kernel` with `words` as `rmapbench run` would, after GRUB has done what `before`
    /// says, and brings a plan of [`CELLS`] cells.
    pub fn new(root: &Path, kernel: &Path, before: &[String], words: &str) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("cannot make an image: {error}");
        // The tool forgets old images of a source tree, so each has a root of its own.
        let own = tempfile::tempdir().map_err(failed)?;
        let recipe = fs::read_to_string(root.join(IMAGES).join(RECIPE)).map_err(failed)?;
        let loads = format!("{}\n{LOADS} {words}", before.join("\n"));
        fs::create_dir(own.path().join(IMAGES)).map_err(failed)?;
        fs::write(own.path().join(IMAGES).join(RECIPE), recipe.replace(LOADS, &loads))
            .map_err(failed)?;
        let kernel = Kernel::open(kernel).map_err(|error| error.to_string())?;
        let image = make_iso(own.path(), &kernel, &plan(), SHELL);
        Ok(Self { path: image.map_err(|error| error.to_string())?.path, _folder: own })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
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
