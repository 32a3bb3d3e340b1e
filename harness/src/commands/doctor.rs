//! `doctor`: what this host can run, what is missing, how to get it.

use std::fmt::Write;
use std::fs::OpenOptions;

use super::{print, root};
use crate::cli;
use crate::error::Error;
use crate::exit::Exit;
use crate::tools::{
    BOCHS, GRUB, NETWORK_BOOT, OVMF, QEMU, TARGET, Tool, install_command, target_installed,
};

/// Carries `doctor` out.
pub fn doctor() -> Result<Exit, Error> {
    let shell = cli::shell(false);
    let tools: Vec<&Tool> = [&QEMU].into_iter().chain(&GRUB).chain([&OVMF]).collect();
    let mut text = String::new();
    for tool in tools.iter().copied().chain([&NETWORK_BOOT]).chain(&BOCHS) {
        let state = match tool.find() {
            Some(path) => tool.version(shell).unwrap_or_else(|| path.display().to_string()),
            None => "missing".to_owned(),
        };
        let _ = writeln!(text, "{:<20} {:<32} {state}", tool.name, tool.purpose);
    }
    let kvm = OpenOptions::new().read(true).write(true).open("/dev/kvm").is_ok();
    let state =
        if kvm { "usable; whether it is native is measured by `run`" } else { "not usable" };
    let _ = writeln!(text, "{:<20} {:<32} {state}", "/dev/kvm", "runs the guest on the CPU");
    let _ = writeln!(
        text,
        "{:<20} {:<32} always; `run` and `verify` need nothing else for it",
        "--machine model", "the same code in a process"
    );
    let target = target_installed(&root(), shell)?;
    let state = if target { "installed" } else { "missing" };
    let _ = writeln!(text, "{TARGET:<20} {:<32} {state}", "the guest's Rust target");
    // Runs need no tool of the tests, so those are not missed.
    let missing: Vec<&Tool> = tools.into_iter().filter(|tool| tool.find().is_none()).collect();
    if !missing.is_empty() {
        let _ = writeln!(text, "\nto install what is missing: {}", install_command(&missing));
    }
    if !target {
        let _ = writeln!(text, "\nto install the target: rustup target add {TARGET}");
    }
    print(&text)?;
    Ok(if missing.is_empty() && target { Exit::Done } else { Exit::Missing })
}
