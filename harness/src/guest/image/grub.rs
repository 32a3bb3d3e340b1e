//! GRUB's programs that make images, run so that the same files give the same bytes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::source_date::SourceDate;
use super::tree::Tree;
use super::{IMAGES, last_line};
use crate::error::Error;
use crate::guest::GuestError;
use crate::tools::{Shell, find_program};

/// What GRUB needs for an ISO image and no more: 4 MB instead of 20.
pub(super) const ISO_OPTIONS: [&str; 5] = [
    "--install-modules=multiboot2 normal boot iso9660 search serial terminal all_video gfxterm \
     part_msdos part_gpt fat configfile echo test gzio mmap",
    "--locales=",
    "--fonts=",
    "--themes=",
    "--compress=xz",
];

/// A file of the recipes.
pub(super) fn recipe(root: &Path, name: &str) -> Result<String, Error> {
    let file = root.join(IMAGES).join(name);
    fs::read_to_string(&file).map_err(Error::file("read", &file))
}

/// Makes the ISO image `iso` of `tree`.
pub(super) fn grub_mkrescue(
    tree: &Tree,
    iso: &Path,
    date: SourceDate,
    shell: Shell,
) -> Result<(), Error> {
    let program = program("grub-mkrescue", "grub2-mkrescue")?;
    let staged = tempfile::tempdir().map_err(GuestError::from)?;
    tree.write(staged.path())?;
    // Under its own name only when whole, so that an interrupted run leaves no half an image.
    let partial = iso.with_extension(format!("partial-{}", std::process::id()));
    let mut command = date.command(&program);
    command.arg("-o").arg(&partial).args(ISO_OPTIONS).arg(staged.path());
    let made = run(&mut command, shell);
    if made.is_err() {
        let _ = fs::remove_file(&partial);
    }
    made?;
    fs::rename(&partial, iso).map_err(Error::file("create", iso))
}

/// What GRUB boots from a network by.
#[derive(Clone, Copy, Debug)]
pub(super) struct NetworkImage {
    /// As GRUB names the platform.
    platform: &'static str,
    /// GRUB's modules for this platform, beside those for both.
    modules: &'static [&'static str],
    /// The name of its file.
    pub file: &'static str,
}

/// For BIOS, and for UEFI of 64 bits.
pub(super) const NETWORK_IMAGES: [NetworkImage; 2] = [
    NetworkImage { platform: "i386-pc-pxe", modules: &["pxe"], file: "rmapbench.pxe" },
    NetworkImage {
        platform: "x86_64-efi",
        modules: &["efinet", "all_video"],
        file: "rmapbench.efi",
    },
];

/// On every platform; all of them are built in, so that few files travel.
const NETWORK_MODULES: [&str; 9] =
    ["tftp", "normal", "configfile", "multiboot2", "serial", "terminal", "echo", "test", "gzio"];

/// Makes `image`, which reads its menu from the folder from which it came itself.
pub(super) fn grub_mkimage(
    root: &Path,
    image: NetworkImage,
    date: SourceDate,
    shell: Shell,
) -> Result<Vec<u8>, Error> {
    let program = program("grub-mkimage", "grub2-mkimage")?;
    let folder = tempfile::tempdir().map_err(GuestError::from)?;
    let made = folder.path().join(image.file);
    let mut command = date.command(&program);
    // Without a prefix, GRUB takes the folder that it was loaded from.
    command.args(["--format", image.platform, "--prefix", "", "--config"]);
    command.arg(root.join(IMAGES).join("network.cfg")).arg("--output").arg(&made);
    run(command.args(NETWORK_MODULES).args(image.modules), shell)?;
    fs::read(&made).map_err(Error::file("read", &made))
}

/// GRUB's program under either name.
fn program(debian: &str, elsewhere: &str) -> Result<PathBuf, GuestError> {
    let found = [debian, elsewhere].into_iter().find_map(find_program);
    found.ok_or_else(|| GuestError::NoImage(format!("{debian} is not installed")))
}

fn run(command: &mut Command, shell: Shell) -> Result<(), Error> {
    let output = shell.capture(command)?;
    if output.status.success() {
        return Ok(());
    }
    Err(GuestError::NoImage(last_line(&output.stderr)).into())
}
