//! Images that boot the kernel: what `rmapbench run` boots, and what `rmapbench image` makes for other
//! machines.

mod grub;
mod iso;
mod manifest;
mod menu;
mod network;
mod run;
mod serial;
mod source_date;
mod tree;

pub use iso::make_bootable_iso;
pub use manifest::{Circumstances, Listed, Manifest};
pub use menu::{BootPlan, Menu};
pub use network::make_network_folder;
pub use run::make_iso;
pub use serial::{ComPort, SerialChoice};
pub use source_date::SourceDate;
pub use tree::Tree;

use std::path::{Path, PathBuf};

/// Where recipes lie, below the root.
pub const IMAGES: &str = "images";

/// A bootable image.
#[derive(Clone, Debug)]
pub struct Image {
    /// The file.
    pub path: PathBuf,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

/// Where images go unless somebody says otherwise.
pub fn images_folder(root: &Path) -> PathBuf {
    root.join(IMAGES).join("out")
}

/// The last thing a program said.
pub(super) fn last_line(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing").to_owned()
}
