//! Everything that needs no guest.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use harness::tools::{
    BOCHS, CONSOLE_SERVER, GRUB, NETWORK_BOOT, OVMF, QEMU, Shell, TARGET, Tool, Verbosity,
    WhenMissing, ensure, ensure_target, shown,
};

/// Installs what the boots need, as `rmapbench` itself does.
pub fn install(root: &Path) -> Result<(), String> {
    let shell = Shell { verbosity: Verbosity::Verbose };
    let mut tools: Vec<&Tool> = vec![&QEMU, &OVMF, &NETWORK_BOOT];
    tools.extend(&GRUB);
    tools.extend(&BOCHS);
    tools.extend(&CONSOLE_SERVER);
    ensure(&tools, WhenMissing::Install, shell).map_err(|error| error.to_string())?;
    ensure_target(WhenMissing::Install, root, shell).map_err(|error| error.to_string())
}

/// Formatting, lints, documentation and host tests, the quick ones first.
pub fn check(root: &Path) -> Result<(), String> {
    let guest_lints = ["clippy", "--package", "unikernel", "--target", TARGET, "--", "-Dwarnings"];
    let steps: [&[&str]; 5] = [
        &["fmt", "--all", "--check"],
        &["clippy", "--workspace", "--all-targets", "--", "-Dwarnings"],
        &guest_lints,
        &["doc", "--workspace", "--no-deps", "--document-private-items"],
        &["test", "--workspace"],
    ];
    steps.iter().try_for_each(|arguments| cargo(root, arguments))
}

fn cargo(root: &Path, arguments: &[&str]) -> Result<(), String> {
    let mut command = Command::new("cargo");
    command.args(arguments).current_dir(root).env("RUSTDOCFLAGS", "-Dwarnings");
    println!("$ {}", shown(&command));
    let start = Instant::now();
    let status = command.status().map_err(|error| format!("cannot run cargo: {error}"))?;
    if !status.success() {
        return Err(format!("`{}` failed", shown(&command)));
    }
    println!("  done in {:.1} s", start.elapsed().as_secs_f32());
    Ok(())
}
