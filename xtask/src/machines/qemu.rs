//! From a row to QEMU's command line.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::guest::firmware_arguments;

use super::madt;
use super::row::{Boot, Clock, Firmware, Row, Serial};

/// Where QEMU keeps what lives as long as the machine.
const LINE: &str = "line";
const MONITOR: &str = "monitor";

/// The files that a row may boot.
#[derive(Clone, Copy, Debug)]
pub struct Files<'a> {
    /// The kernel's ELF file.
    pub kernel: &'a Path,
    /// The image, where the row needs one.
    pub image: Option<&'a Path>,
}

/// The command that starts the machine of `row`, with its files in `folder`.
pub fn command(row: &Row, files: Files<'_>, folder: &Path) -> Result<Command, String> {
    let mut qemu = Command::new("qemu-system-x86_64");
    qemu.args(["-nodefaults", "-no-user-config", "-display", "none", "-vga", "std", "-no-reboot"]);
    qemu.args(["-machine", &row.machine, "-cpu", &row.cpu, "-smp", &row.cpus]);
    qemu.args(["-m", &format!("{}M", row.memory)]);
    qemu.args(match row.clock {
        Clock::Icount => &["-accel", "tcg", "-icount", "shift=7,sleep=off"][..],
        Clock::Tcg => &["-accel", "tcg"],
        Clock::Kvm => &["-accel", "kvm"],
    });
    if row.firmware == Firmware::Uefi {
        qemu.args(firmware_arguments(folder).map_err(|error| error.to_string())?);
    }
    let monitor = folder.join(MONITOR);
    qemu.arg("-monitor").arg(format!("unix:{},server=on,wait=off", monitor.display()));
    qemu.args(serial(row, folder));
    if row.screen.is_none() {
        // A guest that ends here would take its screen along.
        qemu.args(["-device", "isa-debug-exit,iobase=0xf4,iosize=4"]);
    }
    if let Some(entries) = row.x2apic_entries {
        let table = folder.join("madt.bin");
        fs::write(&table, madt::with_x2apics(entries)).map_err(|error| error.to_string())?;
        qemu.arg("-acpitable").arg(format!("sig=APIC,rev=5,data={}", table.display()));
    }
    boot(row, files, &mut qemu)?;
    Ok(qemu)
}

fn boot(row: &Row, files: Files<'_>, qemu: &mut Command) -> Result<(), String> {
    let image = files.image.map(|image| image.display().to_string());
    let own = row.qemu.split_whitespace();
    match (row.boot, image) {
        (Boot::Direct, _) => {
            qemu.args(own).arg("-kernel").arg(files.kernel);
            if !row.words.is_empty() {
                qemu.args(["-append", &row.words]);
            }
        }
        (Boot::Cd, Some(image)) => {
            qemu.args(own).args(["-boot", "d", "-cdrom", &image]);
        }
        (Boot::Drive, Some(image)) => {
            qemu.args(own.map(|word| word.replace("{image}", &image)));
        }
        (Boot::Cd | Boot::Drive, None) => return Err("there is no image".to_owned()),
    }
    Ok(())
}

/// QEMU waits for somebody to listen before it runs the guest, unless all that counts is the screen.
fn serial(row: &Row, folder: &Path) -> Vec<String> {
    let wait = if row.screen.is_some() { "off" } else { "on" };
    let line = line(folder).display().to_string();
    let socket = format!("socket,id=line,path={line},server=on,wait={wait}");
    let words: &[&str] = match row.serial {
        Serial::Com1 => &["-chardev", &socket, "-serial", "chardev:line"],
        Serial::Com2 => {
            &["-chardev", &socket, "-device", "isa-serial,iobase=0x2f8,irq=3,chardev=line"]
        }
        Serial::Com1OfTwo => &["-chardev", &socket, "-serial", "chardev:line", "-serial", "null"],
        Serial::Absent => &[],
    };
    words.iter().map(|&word| word.to_owned()).collect()
}

/// The socket of the serial line.
pub fn line(folder: &Path) -> PathBuf {
    folder.join(LINE)
}
