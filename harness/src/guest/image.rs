//! The ISO image: kernel and plan behind GRUB, for BIOS and UEFI alike.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use super::elf::sha256;
use super::{GuestError, Kernel};
use crate::error::Error;
use crate::tools::{Shell, find_program};

/// Where recipes lie, below the root.
pub const IMAGES: &str = "images";

/// How many images of earlier runs are kept.
const KEPT: usize = 4;

/// What GRUB needs for this image and no more: 4 MB instead of 20.
const OPTIONS: [&str; 5] = [
    "--install-modules=multiboot2 normal boot iso9660 search serial terminal all_video gfxterm \
     part_msdos part_gpt fat configfile echo test mmap",
    "--locales=",
    "--fonts=",
    "--themes=",
    "--compress=xz",
];

/// A bootable image.
#[derive(Clone, Debug)]
pub struct Image {
    /// The file.
    pub path: PathBuf,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

/// Makes an image that boots `kernel` with `plan`, or finds the one that was made before.
pub fn make_iso(root: &Path, kernel: &Kernel, plan: &[u8], shell: Shell) -> Result<Image, Error> {
    let recipe = root.join(IMAGES).join("run.cfg");
    let menu = fs::read(&recipe).map_err(Error::file("read", &recipe))?;
    let folder = root.join(IMAGES).join("out");
    fs::create_dir_all(&folder).map_err(Error::file("create", &folder))?;
    let iso = folder.join(format!("run-{}.iso", &contents_hash(kernel, plan, &menu)[..16]));
    if !iso.exists() {
        let tree = stage(kernel, plan, &menu).map_err(GuestError::from)?;
        grub_mkrescue(tree.path(), &iso, shell)?;
        forget_old(&folder, &iso);
    }
    let bytes = fs::read(&iso).map_err(Error::file("read", &iso))?;
    Ok(Image { sha256: sha256(&bytes), path: iso })
}

fn contents_hash(kernel: &Kernel, plan: &[u8], menu: &[u8]) -> String {
    let options = OPTIONS.concat();
    sha256(&[kernel.sha256.as_bytes(), plan, menu, options.as_bytes()].join(&b"\0"[..]))
}

fn stage(kernel: &Kernel, plan: &[u8], menu: &[u8]) -> std::io::Result<tempfile::TempDir> {
    let tree = tempfile::tempdir()?;
    let boot = tree.path().join("boot");
    fs::create_dir_all(boot.join("grub"))?;
    fs::write(boot.join("grub/grub.cfg"), menu)?;
    fs::write(boot.join("plan.bin"), plan)?;
    fs::copy(&kernel.path, boot.join("rmapbench.elf"))?;
    Ok(tree)
}

fn grub_mkrescue(tree: &Path, iso: &Path, shell: Shell) -> Result<(), Error> {
    let program = ["grub-mkrescue", "grub2-mkrescue"].into_iter().find_map(find_program);
    let program = program.ok_or_else(|| GuestError::NoImage("it is not installed".to_owned()))?;
    // Under its own name only when whole, so that an interrupted run leaves no half an image.
    let partial = iso.with_extension(format!("partial-{}", std::process::id()));
    let mut command = Command::new(program);
    command.arg("-o").arg(&partial).args(OPTIONS).arg(tree);
    let output = shell.capture(&mut command)?;
    if !output.status.success() {
        let _ = fs::remove_file(&partial);
        return Err(GuestError::NoImage(last_line(&output.stderr)).into());
    }
    fs::rename(&partial, iso).map_err(Error::file("create", iso))
}

/// The last thing a program said.
pub(super) fn last_line(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing").to_owned()
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
