//! Images that `rmapbench image` makes boot in every way they are meant to.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use harness::guest::Firmware;
use serde_json::Value;
use tempfile::TempDir;

use super::guest::Guest;
use super::keyboard::press_in_menu;
use super::pc::Medium;
use super::tool::{Called, Tool};

/// What an image may take on a medium or a TFTP server.
const MOST_BYTES: u64 = 6_000_000;

/// A plan of seconds.
const SMALL: [&str; 6] = ["--schemes", "scan", "--workloads", "fork-exit", "--rounds", "1"];

/// An image in a folder of its own.
struct Made {
    path: PathBuf,
    _folder: TempDir,
}

impl Made {
    fn image(tool: &Tool, kind: &str) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let path = folder.path().join("image");
        let words = ["image", "--no-install", "--kind", kind, "-o", &path.display().to_string()];
        tool.call_without_folder(&[&words[..], &SMALL].concat())?.expect(0)?;
        Ok(Self { path, _folder: folder })
    }

    /// What to press for an entry: its place in the menu, from 1.
    fn key_of(&self, plan: &str) -> Result<u8, String> {
        let manifest: Value =
            serde_json::from_slice(&self.manifest()?).map_err(|error| error.to_string())?;
        let entries = manifest["entries"].as_array().map_or(&[][..], Vec::as_slice);
        let places = entries.iter().map(|entry| &entry["plan"]).zip(b'1'..=b'9');
        let found = places.into_iter().find(|(name, _)| *name == plan);
        found.map(|(_, key)| key).ok_or_else(|| format!("no entry of the menu runs `{plan}`"))
    }

    fn manifest(&self) -> Result<Vec<u8>, String> {
        read(&self.path.with_file_name("image.manifest.json"))
    }
}

pub fn on_bios(tool: &Tool) -> Result<(), String> {
    cd_and_stick(tool, Firmware::Bios)
}

pub fn on_uefi(tool: &Tool) -> Result<(), String> {
    cd_and_stick(tool, Firmware::Uefi)
}

fn cd_and_stick(tool: &Tool, firmware: Firmware) -> Result<(), String> {
    let image = Made::image(tool, "iso")?;
    expect_small(fs::metadata(&image.path).map_err(|error| error.to_string())?.len())?;
    boots_by_itself(tool, Medium::Cd(&image.path), firmware)?;
    boots_by_itself(tool, Medium::Stick(&image.path), firmware)
}

pub fn network_on_bios(tool: &Tool) -> Result<(), String> {
    network(tool, Firmware::Bios)
}

pub fn network_on_uefi(tool: &Tool) -> Result<(), String> {
    network(tool, Firmware::Uefi)
}

fn network(tool: &Tool, firmware: Firmware) -> Result<(), String> {
    let image = Made::image(tool, "pxe")?;
    let files = files_below(&image.path)?;
    expect_small(files.iter().map(|(_, bytes)| bytes.len() as u64).sum())?;
    boots_by_itself(tool, Medium::Network(&image.path), firmware)
}

fn expect_small(bytes: u64) -> Result<(), String> {
    if bytes <= MOST_BYTES { Ok(()) } else { Err(format!("the image takes {bytes} bytes")) }
}

/// The menu's default measures without anybody at the machine.
fn boots_by_itself(tool: &Tool, medium: Medium<'_>, firmware: Firmware) -> Result<(), String> {
    let guest = Guest::pc(medium, firmware)?;
    let port = format!("unix:{}", guest.line()?.display());
    let called = tool.call(&["collect", "--port", &port])?.expect(0)?;
    expect_plan(&called, "quick")?;
    match called.cells()?.as_array().map(Vec::len) {
        Some(2) => Ok(()),
        count => Err(format!("{count:?} cells instead of calibration and fork-exit")),
    }
}

/// Under GRUB, the plan that the entry named.
fn expect_plan(called: &Called, name: &str) -> Result<(), String> {
    let run = called.run_json()?;
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    if !word(&run["machine"]["boot.loader"]).starts_with("GRUB") {
        return Err(format!("booted by `{}`", word(&run["machine"]["boot.loader"])));
    }
    let words = word(&run["machine"]["boot.command_line"]);
    if words.split(' ').any(|word| word == format!("plan={name}")) && run["plan"]["name"] == name {
        return Ok(());
    }
    Err(format!("ran plan {} with `{words}`", run["plan"]["name"]))
}

pub fn chosen_by_key(tool: &Tool) -> Result<(), String> {
    let image = Made::image(tool, "iso")?;
    let guest = Guest::pc(Medium::Cd(&image.path), Firmware::Bios)?;
    let chosen = guest.scratch("chosen");
    press_in_menu(&guest.line()?, image.key_of("verify")?, &chosen)?;
    let port = format!("unix:{}", chosen.display());
    let called = tool.call(&["collect", "--port", &port])?.expect(0)?;
    expect_plan(&called, "verify")
}

pub fn equal_images(tool: &Tool) -> Result<(), String> {
    for kind in ["iso", "pxe"] {
        let first = Made::image(tool, kind)?;
        // FAT keeps time in steps of two seconds.
        thread::sleep(Duration::from_secs(3));
        let second = Made::image(tool, kind)?;
        if files_below(&first.path)? != files_below(&second.path)? {
            return Err(format!("two images of kind {kind} differ"));
        }
        if first.manifest()? != second.manifest()? {
            return Err(format!("the manifests of two images of kind {kind} differ"));
        }
    }
    Ok(())
}

/// All files of a folder with their paths, or the one file that `path` is.
pub fn files_below(path: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>, String> {
    if path.is_file() {
        return Ok(vec![(PathBuf::new(), read(path)?)]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(|error| error.to_string())? {
        let name = PathBuf::from(entry.map_err(|error| error.to_string())?.file_name());
        let inner = path.join(&name);
        if inner.is_dir() {
            let below = files_below(&inner)?;
            files.extend(below.into_iter().map(|(rest, bytes)| (name.join(rest), bytes)));
        } else {
            let bytes = read(&inner)?;
            files.push((name, bytes));
        }
    }
    files.sort();
    Ok(files)
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}
