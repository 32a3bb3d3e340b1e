//! The serial port is the user's, the firmware's, or whichever works.

use std::fs;

use unikernel::uart::Baud;

use super::guest::Guest;
use super::tool::{Tool, collect};

/// A port at COM1 that leads nowhere.
const NOWHERE: [&str; 2] = ["-serial", "null"];

/// No port at COM1.
const ABSENT: [&str; 2] = ["-serial", "none"];

/// The line at the next port.
const NEXT: [&str; 2] = ["-serial", "chardev:line"];

/// A UART with a fast clock.
const FAST: &str = "isa-serial.baudbase=921600";

pub fn by_command_line(tool: &Tool) -> Result<(), String> {
    let guest = Guest::with_line(&tool.kernel, "com=2", &[NOWHERE, NEXT].concat())?;
    is_at(tool, &guest, "0x2f8", "command-line")
}

pub fn by_probing(tool: &Tool) -> Result<(), String> {
    let guest = Guest::with_line(&tool.kernel, "", &[ABSENT, NEXT].concat())?;
    is_at(tool, &guest, "0x2f8", "probed")
}

pub fn by_firmware(tool: &Tool) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let table = folder.path().join("spcr");
    fs::write(&table, console_at(0x3e8)).map_err(|error| error.to_string())?;
    let file = format!("file={}", table.display());
    let third = "isa-serial,index=2,chardev=line";
    let devices = [&NOWHERE[..], &["-device", third, "-acpitable", &file]].concat();
    is_at(tool, &Guest::with_line(&tool.kernel, "", &devices)?, "0x3e8", "spcr")
}

/// QEMU tells how a UART with a fast clock is set before the guest refuses its last word.
pub fn at_every_rate(tool: &Tool) -> Result<(), String> {
    let devices =
        ["-global", FAST, "-serial", "chardev:line", "-trace", "serial_update_parameters"];
    for rate in Baud::STANDARD {
        let words = format!("baud={rate} clock=14745600 plan=nonesuch");
        let guest = Guest::with_line(&tool.kernel, &words, &devices)?;
        guest.everything_on_the_line()?;
        let traced = guest.complaints();
        let last = traced.lines().rfind(|line| line.contains("baudrate=")).unwrap_or_default();
        if !last.ends_with(&format!("baudrate={rate} parity='N' data=8 stop=1")) {
            return Err(format!("the UART was told to run at {rate} baud and was set by `{last}`"));
        }
    }
    Ok(())
}

/// The guest says so, at that port.
fn is_at(tool: &Tool, guest: &Guest, port: &str, found_by: &str) -> Result<(), String> {
    let plan = ["--schemes", "scan", "--workloads", "fork-exit", "--rounds", "1"];
    let run = collect(tool, &guest.line()?, &plan)?.expect(0)?.run_json()?;
    let machine = &run["machine"];
    if machine["line.port"] == port && machine["line.found_by"] == found_by {
        return Ok(());
    }
    Err(format!("the line is at {}, {}", machine["line.port"], machine["line.found_by"]))
}

/// A Serial Port Console Redirection table, revision 2: a 16550 at an I/O port, 9600 baud. QEMU puts the
/// checksum in.
fn console_at(port: u16) -> [u8; 80] {
    let mut table = [0; 80];
    table[..4].copy_from_slice(b"SPCR");
    table[4] = 80;
    table[8] = 2;
    // I/O space, 8 bits wide, byte access.
    table[40..44].copy_from_slice(&[1, 8, 0, 1]);
    table[44..46].copy_from_slice(&port.to_le_bytes());
    table[58] = 3;
    table
}
