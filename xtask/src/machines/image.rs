//! Images whose menu does what a row asks of GRUB.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::row::Row;
use crate::boots::disk::Disk;

/// Images by what GRUB does first and the kernel's words, each made once.
#[derive(Debug)]
pub struct Images {
    root: PathBuf,
    kernel: PathBuf,
    made: Mutex<BTreeMap<(Vec<String>, String), Disk>>,
}

impl Images {
    /// None yet; they will boot `kernel` by the recipe below `root`.
    pub fn new(root: &Path, kernel: &Path) -> Self {
        Self { root: root.to_owned(), kernel: kernel.to_owned(), made: Mutex::default() }
    }

    /// The image for `row`. The host sends another plan than it brings.
    pub fn of(&self, row: &Row) -> Result<PathBuf, String> {
        let mut made = self.made.lock().map_err(|_| "an image was not made")?;
        let key = (row.menu.clone(), row.words.clone());
        if let Some(disk) = made.get(&key) {
            return Ok(disk.path().to_owned());
        }
        let disk = Disk::new(&self.root, &self.kernel, &row.menu, &row.words)?;
        let path = disk.path().to_owned();
        made.insert(key, disk);
        Ok(path)
    }
}
