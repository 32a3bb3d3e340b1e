//! The folder that a TFTP server serves to boot over a network.

use std::fs;
use std::path::Path;

use super::grub::{NETWORK_IMAGES, grub_mkimage, recipe};
use super::menu::{KERNEL, Menu};
use super::source_date::SourceDate;
use super::tree::{Tree, compressed};
use crate::error::Error;
use crate::guest::Kernel;
use crate::tools::Shell;

/// The folder from which GRUB was loaded, wherever the server has it.
const FOLDER: &str = "$prefix";

/// Makes the folder `out`, which must not hold anything yet; the files that are in it.
pub fn make_network_folder(
    root: &Path,
    kernel: &Kernel,
    menu: &Menu,
    out: &Path,
    shell: Shell,
) -> Result<Tree, Error> {
    let date = SourceDate::of(root, shell);
    let mut tree = Tree::default();
    for image in NETWORK_IMAGES {
        tree.add(image.file, grub_mkimage(root, image, date, shell)?);
    }
    tree.add("menu.cfg", menu.text(&recipe(root, "menu.cfg")?, FOLDER));
    tree.add("README.txt", recipe(root, "network-readme.txt")?);
    tree.add(KERNEL, compressed(&kernel.loadable()?));
    menu.add_plans(&mut tree, "");
    fs::create_dir_all(out).map_err(Error::file("create", out))?;
    tree.write(out)?;
    Ok(tree)
}
