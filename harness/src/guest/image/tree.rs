//! The files of an image before they are packed.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use super::super::elf::hex;
use crate::error::Error;

/// As GRUB unpacks it while it loads; equal for equal `bytes`.
pub(super) fn compressed(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    let written = packer.write_all(bytes).and_then(|()| packer.finish());
    written.expect("memory takes all that is written")
}

/// Files by their paths below the image's root.
#[derive(Clone, Debug, Default)]
pub struct Tree(BTreeMap<String, Vec<u8>>);

impl Tree {
    /// Adds a file.
    pub fn add(&mut self, path: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.0.insert(path.into(), bytes.into());
    }

    /// Paths and contents, in the order of the paths.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(path, bytes)| (&**path, &**bytes))
    }

    /// Writes all of them below `folder`.
    pub fn write(&self, folder: &Path) -> Result<(), Error> {
        for (path, bytes) in self.files() {
            let file = folder.join(path);
            let parent = file.parent().unwrap_or(folder);
            fs::create_dir_all(parent).map_err(Error::file("create", parent))?;
            fs::write(&file, bytes).map_err(Error::file("write", &file))?;
        }
        Ok(())
    }

    /// SHA-256 of paths and contents together, in hexadecimal.
    pub fn sha256(&self) -> String {
        let mut all = Sha256::new();
        for (path, bytes) in self.files() {
            all.update(Sha256::digest(path));
            all.update(Sha256::digest(bytes));
        }
        hex(&all.finalize())
    }
}
