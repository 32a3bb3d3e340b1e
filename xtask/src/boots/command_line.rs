//! Words on the kernel command line do what they say, or are answered with a sentence.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::guest::Firmware;
use harness::plan::{Selection, encode};

use super::guest::{Clock, Guest};
use super::pc::Medium;
use super::tool::{Tool, collect};

/// Words that cannot be used, and what the guest answers.
const REFUSED: [(&str, &str); 4] = [
    ("baud=fast", "the command line's baud=fast cannot be used: write a rate that terminals know"),
    ("baud=921600", "921600 baud cannot be had of a UART clock of 1843200 Hz"),
    ("plan=nonesuch", "plan=nonesuch names no plan of this image: there are quick."),
    ("cpus=2", "cpus=2 asks for more than takes part today, which is 1 of this machine's 1"),
];

pub fn refused(tool: &Tool) -> Result<(), String> {
    for (words, answer) in REFUSED {
        let said = Guest::with_serial_socket(&tool.kernel, words, Clock::Instructions)?
            .everything_on_the_line()?;
        if !said.contains(answer) {
            return Err(format!("{words} is answered with `{}`", said.trim()));
        }
    }
    Ok(())
}

pub fn slip(tool: &Tool) -> Result<(), String> {
    let guest = Guest::with_serial_socket(
        &tool.kernel,
        "BOOT_IMAGE=x bauds=9600 mem=128M",
        Clock::Instructions,
    )?;
    let plan = ["--schemes", "scan", "--workloads", "fork-exit", "--rounds", "1"];
    let called = collect(tool, &guest.line()?, &plan)?.expect(0)?;
    let run = called.run_json()?;
    let machine = &run["machine"];
    let warnings = machine["boot.warnings"].as_str().unwrap_or_default();
    if !warnings.contains("bauds=9600") || warnings.contains("BOOT_IMAGE") {
        return Err(format!("the warnings are `{warnings}`"));
    }
    match machine["memory.usable_kib"].as_u64() {
        Some(..=131_072) => Ok(()),
        other => Err(format!("mem=128M leaves {other:?} KiB usable")),
    }
}

pub fn plan(tool: &Tool) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let iso = two_plans(&tool.kernel, folder.path(), "plan=second seed=5")?;
    let guest = Guest::pc(Medium::Cd(&iso), Firmware::Bios)?;
    let run = collect(tool, &guest.line()?, &[])?.expect(0)?.run_json()?;
    if run["plan"]["rounds"] == 2 && run["seed"] == 5 {
        return Ok(());
    }
    Err(format!("{} rounds ran, with seed {}", run["plan"]["rounds"], run["seed"]))
}

/// An image that boots `kernel` with `words`, and carries a plan of one round and one of two.
fn two_plans(kernel: &Path, folder: &Path, words: &str) -> Result<PathBuf, String> {
    let boot = folder.join("tree/boot");
    let menu = format!(
        "set timeout=0\nmultiboot2 /boot/kernel {words}\nmodule2 /boot/1 first\n\
         module2 /boot/2 second\nboot\n"
    );
    let write = |name: &str, bytes: &[u8]| fs::write(boot.join(name), bytes);
    fs::create_dir_all(boot.join("grub"))
        .and_then(|()| write("grub/grub.cfg", menu.as_bytes()))
        .and_then(|()| write("1", &small_plan(1)))
        .and_then(|()| write("2", &small_plan(2)))
        .and_then(|()| fs::copy(kernel, boot.join("kernel")).map(drop))
        .map_err(|error| format!("cannot write the image's files: {error}"))?;
    let iso = folder.join("image.iso");
    let made = Command::new("grub-mkrescue")
        .args(["--install-modules=multiboot2 normal boot iso9660 search", "--fonts=", "--locales="])
        .arg("-o")
        .args([&iso, &folder.join("tree")])
        .output()
        .map_err(|error| format!("cannot run grub-mkrescue: {error}"))?;
    if made.status.success() {
        return Ok(iso);
    }
    Err(String::from_utf8_lossy(&made.stderr).into_owned())
}

fn small_plan(rounds: u16) -> Vec<u8> {
    let selection = Selection {
        schemes: Some(vec!["scan".to_owned()]),
        workloads: Some(vec!["fork-exit".to_owned()]),
        rounds: Some(rounds),
        ..Selection::default()
    };
    let plan = selection.draft().and_then(|draft| draft.plan()).expect("a plan of known names");
    encode(&plan, "")
}
