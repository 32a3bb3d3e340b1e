//! The ISO image that `rmapbench run` boots: one plan, no menu, no waiting.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::grub::{ISO_OPTIONS, grub_mkrescue, recipe};
use super::source_date::SourceDate;
use super::tree::Tree;
use super::{Image, images_folder};
use crate::error::Error;
use crate::guest::{Kernel, sha256};
use crate::tools::Shell;

/// How many images of earlier runs are kept.
const KEPT: usize = 4;

/// Makes an image that boots `kernel` with `plan`, or finds the one that was made before.
pub fn make_iso(root: &Path, kernel: &Kernel, plan: &[u8], shell: Shell) -> Result<Image, Error> {
    let folder = images_folder(root);
    fs::create_dir_all(&folder).map_err(Error::file("create", &folder))?;
    let date = SourceDate::of(root, shell);
    let mut tree = Tree::default();
    tree.add("boot/grub/grub.cfg", recipe(root, "run.cfg")?);
    tree.add("boot/plan.bin", plan);
    tree.add("boot/rmapbench.elf", kernel.loadable()?);
    let iso = folder.join(format!("run-{}.iso", &contents_hash(&tree, date)[..16]));
    if !iso.exists() {
        grub_mkrescue(&tree, &iso, date, shell)?;
        forget_old(&folder, &iso);
    }
    let bytes = fs::read(&iso).map_err(Error::file("read", &iso))?;
    Ok(Image { sha256: sha256(&bytes), path: iso })
}

fn contents_hash(tree: &Tree, date: SourceDate) -> String {
    let of = [tree.sha256(), date.seconds().to_string(), ISO_OPTIONS.concat()];
    sha256(of.join("\0").as_bytes())
}

/// Removes all but the newest images of runs; one that cannot be removed does no harm.
fn forget_old(folder: &Path, newest: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let is_run = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("run-") && name.ends_with(".iso") && path != newest
    };
    let mut old: Vec<(SystemTime, PathBuf)> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(is_run)
        .filter_map(|path| Some((path.metadata().ok()?.modified().ok()?, path)))
        .collect();
    old.sort();
    for (_, path) in old.iter().rev().skip(KEPT - 1) {
        let _ = fs::remove_file(path);
    }
}
