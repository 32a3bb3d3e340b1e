//! Images whose menu does what a row asks of GRUB.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use harness::guest::{IMAGES, Kernel, make_iso};
use harness::tools::{Shell, Verbosity};
use tempfile::TempDir;

use super::row::Row;

const SHELL: Shell = Shell { verbosity: Verbosity::Normal };

/// Images by menu, each made once.
#[derive(Debug)]
pub struct Images {
    kernel: Kernel,
    folder: TempDir,
    made: Mutex<BTreeMap<String, PathBuf>>,
}

impl Images {
    /// None yet; they will boot `kernel`.
    pub fn new(kernel: &Path) -> Result<Self, String> {
        let kernel = Kernel::open(kernel).map_err(|error| error.to_string())?;
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        Ok(Self { kernel, folder, made: Mutex::default() })
    }

    /// The image for `row`.
    pub fn of(&self, row: &Row) -> Result<PathBuf, String> {
        let menu = menu(row);
        let mut made = self.made.lock().map_err(|_| "an image was not made")?;
        if let Some(image) = made.get(&menu) {
            return Ok(image.clone());
        }
        // The tool forgets old images of a source tree, so each menu has one for itself.
        let root = self.folder.path().join(made.len().to_string());
        let image = self.make(&root, &menu)?;
        made.insert(menu, image.clone());
        Ok(image)
    }

    fn make(&self, root: &Path, menu: &str) -> Result<PathBuf, String> {
        let folder = root.join(IMAGES);
        fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        fs::write(folder.join("run.cfg"), menu).map_err(|error| error.to_string())?;
        // The plan comes over the line.
        let image = make_iso(root, &self.kernel, &[], SHELL).map_err(|error| error.to_string())?;
        Ok(image.path)
    }
}

fn menu(row: &Row) -> String {
    let kernel = format!("multiboot2 /boot/rmapbench.elf {}", row.words);
    let fixed =
        ["set timeout=0", "serial --unit=0 --speed=115200", "terminal_output serial console"];
    let own = row.menu.iter().map(String::as_str);
    // After `multiboot2`, which asks for pixels: rows read the text of a BIOS's screen.
    let text = "if [ \"$grub_platform\" = pc ]; then set gfxpayload=text; fi";
    let lines: Vec<&str> =
        fixed.into_iter().chain(own).chain([kernel.trim(), text, "boot", ""]).collect();
    lines.join("\n")
}
