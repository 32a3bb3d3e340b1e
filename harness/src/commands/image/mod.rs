//! `image`: what other machines boot.

mod plans;
mod tell;

use std::fs;
use std::path::{Path, PathBuf};

use super::{print, root};
use crate::cli::{self, ImageKind};
use crate::error::Error;
use crate::exit::Exit;
use crate::guest::{
    Circumstances, Kernel, Listed, Manifest, Menu, SourceDate, build_kernel, images_folder,
    make_bootable_iso, make_network_folder,
};
use crate::results::{Folder, git, rustc};
use crate::tools::{GRUB, Shell, Tool, XORRISO, ensure, ensure_target};

/// Carries `image` out.
pub fn image(arguments: &cli::Image) -> Result<Exit, Error> {
    let shell = cli::shell(arguments.verbose);
    let plans = plans::plans(&arguments.choice.selection())?;
    let menu = Menu { plans, serial: arguments.serial() };
    if arguments.kind == ImageKind::Pxe {
        Folder::check(arguments.out.as_deref())?;
    }
    let when_missing = cli::when_missing(arguments.no_install);
    ensure(&GRUB.iter().collect::<Vec<&Tool>>(), when_missing, shell)?;
    ensure_target(when_missing, &root(), shell)?;
    let kernel = build_kernel(&root(), shell)?;
    let out = arguments.out.clone().unwrap_or_else(|| default_out(arguments.kind, &menu));
    let manifest = beside(&out);
    let said = match arguments.kind {
        ImageKind::Iso | ImageKind::Usb => {
            let files = Listed::all(&make_bootable_iso(&root(), &kernel, &menu, &out, shell)?);
            let image = fs::read(&out).map_err(Error::file("read", &out))?;
            let image = Listed::new(&file_name(&out), &image);
            let said = tell::of_file(&out, &image, &manifest, arguments.kind);
            write(&manifest, arguments.kind, Some(image), files, &kernel, &menu, shell)?;
            said
        }
        ImageKind::Pxe => {
            if arguments.out.is_none() {
                remove(&out)?;
            }
            let files = Listed::all(&make_network_folder(&root(), &kernel, &menu, &out, shell)?);
            let said = tell::of_folder(&out, &files, &manifest);
            write(&manifest, arguments.kind, None, files, &kernel, &menu, shell)?;
            said
        }
    };
    print(&said)?;
    Ok(Exit::Done)
}

fn write(
    path: &Path,
    kind: ImageKind,
    image: Option<Listed>,
    files: Vec<Listed>,
    kernel: &Kernel,
    menu: &Menu,
    shell: Shell,
) -> Result<(), Error> {
    let circumstances = Circumstances {
        git: git(&root(), shell),
        source_date_epoch: SourceDate::of(&root(), shell).seconds(),
        rustc: rustc(&root(), shell),
        grub: GRUB[0].version(shell).as_deref().map(without_place),
        xorriso: XORRISO.version(shell),
    };
    let manifest = Manifest::new(kind.name(), image, files, kernel, menu, circumstances);
    fs::write(path, manifest.text()).map_err(Error::file("write", path))
}

/// GRUB's programs say where they lie before they say their version.
fn without_place(version: &str) -> String {
    version.rsplit('/').next().unwrap_or(version).to_owned()
}

/// A name of its own for each kind and plan.
fn default_out(kind: ImageKind, menu: &Menu) -> PathBuf {
    let plan = menu.plans.first().map_or("", |plan| &plan.name);
    images_folder(&root()).join(match kind {
        ImageKind::Iso => format!("rmapbench-{plan}.iso"),
        ImageKind::Usb => format!("rmapbench-{plan}.img"),
        ImageKind::Pxe => format!("rmapbench-{plan}-pxe"),
    })
}

/// The manifest of `image`.
fn beside(image: &Path) -> PathBuf {
    image.with_file_name(format!("{}.manifest.json", file_name(image)))
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Removes a folder of ours that was made before.
fn remove(folder: &Path) -> Result<(), Error> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(Error::file("replace", folder))?;
    }
    Ok(())
}
