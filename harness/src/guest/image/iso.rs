//! The ISO image of `rmapbench image`: a CD, and written to a stick as it is, for BIOS and UEFI alike.

use std::fs;
use std::path::Path;

use super::grub::{grub_mkrescue, recipe};
use super::menu::{KERNEL, Menu};
use super::source_date::SourceDate;
use super::tree::{Tree, compressed};
use crate::error::Error;
use crate::guest::Kernel;
use crate::tools::Shell;

/// Where kernel and plans lie on the medium.
const FOLDER: &str = "/boot";

/// Makes the image `out`; the files that are in it.
pub fn make_bootable_iso(
    root: &Path,
    kernel: &Kernel,
    menu: &Menu,
    out: &Path,
    shell: Shell,
) -> Result<Tree, Error> {
    let mut tree = Tree::default();
    tree.add("boot/grub/grub.cfg", menu.text(&recipe(root, "menu.cfg")?, FOLDER));
    tree.add(format!("boot/{KERNEL}"), compressed(&kernel.loadable()?));
    menu.add_plans(&mut tree, "boot/");
    if let Some(folder) = out.parent() {
        fs::create_dir_all(folder).map_err(Error::file("create", folder))?;
    }
    grub_mkrescue(&tree, out, SourceDate::of(root, shell), shell)?;
    Ok(tree)
}
