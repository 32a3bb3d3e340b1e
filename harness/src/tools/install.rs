//! Gets what is missing: the command is printed first, then run where that needs no password.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{Shell, TARGET, Tool, ToolError, find_program, shown};

/// What to do about a missing tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenMissing {
    /// Install it if that needs no password.
    Install,
    /// Name the command and stop.
    Report,
}

/// Makes sure that all of `tools` are here.
pub fn ensure(tools: &[&Tool], when_missing: WhenMissing, shell: Shell) -> Result<(), ToolError> {
    let missing = missing(tools);
    if missing.is_empty() {
        return Ok(());
    }
    let command = install_command(&missing);
    let error = || not_here(tools, &command);
    if when_missing == WhenMissing::Report {
        return Err(error());
    }
    let privilege = privilege().ok_or_else(error)?;
    if find_program("apt-get").is_none() {
        return Err(error());
    }
    eprintln!("installing: {command}");
    // A fresh container has no package lists; an outdated one is only a reason to try.
    let _ = shell.run(&mut apt_get(privilege, &["update", "-qq"]))?;
    let mut install = apt_get(privilege, &["install", "-y", "-qq", "--no-install-recommends"]);
    install.args(missing.iter().map(|tool| tool.package));
    let status = shell.run(&mut install)?;
    if !status.success() {
        return Err(ToolError::InstallFailed { command: shown(&install), status });
    }
    if self::missing(tools).is_empty() { Ok(()) } else { Err(error()) }
}

fn missing<'t>(tools: &[&'t Tool]) -> Vec<&'t Tool> {
    tools.iter().copied().filter(|tool| tool.find().is_none()).collect()
}

fn not_here(tools: &[&Tool], command: &str) -> ToolError {
    let names: Vec<_> = missing(tools).iter().map(|tool| tool.name).collect();
    ToolError::Missing { missing: names.join(", "), command: command.to_owned() }
}

/// The one command that installs `missing`, as this user would type it.
pub fn install_command(missing: &[&Tool]) -> String {
    let sudo = if is_root() { "" } else { "sudo " };
    let mut packages: Vec<_> = missing.iter().map(|tool| tool.package).collect();
    // Some packages hold more than one tool.
    packages.dedup();
    format!("{sudo}apt-get install -y --no-install-recommends {}", packages.join(" "))
}

#[derive(Clone, Copy)]
enum Privilege {
    Root,
    Sudo,
}

fn privilege() -> Option<Privilege> {
    if is_root() {
        return Some(Privilege::Root);
    }
    find_program("sudo")?;
    let mut probe = Command::new("sudo");
    probe.args(["-n", "true"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    probe.status().is_ok_and(|status| status.success()).then_some(Privilege::Sudo)
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

fn apt_get(privilege: Privilege, arguments: &[&str]) -> Command {
    let mut command = match privilege {
        Privilege::Root => Command::new("env"),
        Privilege::Sudo => Command::new("sudo"),
    };
    if matches!(privilege, Privilege::Sudo) {
        command.args(["-n", "env"]);
    }
    // Without this, a package's question waits for a terminal that may not be there.
    command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]).args(arguments);
    command
}

/// Makes sure that the guest's target is installed.
pub fn ensure_target(
    when_missing: WhenMissing,
    root: &Path,
    shell: Shell,
) -> Result<(), ToolError> {
    if target_installed(root, shell)? {
        return Ok(());
    }
    let mut add = Command::new("rustup");
    add.args(["target", "add", TARGET]).current_dir(root);
    let command = shown(&add);
    let missing = || ToolError::Missing {
        missing: format!("the Rust target {TARGET}"),
        command: command.clone(),
    };
    if when_missing == WhenMissing::Report || find_program("rustup").is_none() {
        return Err(missing());
    }
    eprintln!("installing: {command}");
    let status = shell.run(&mut add)?;
    if status.success() { Ok(()) } else { Err(ToolError::InstallFailed { command, status }) }
}

/// Whether the compiler of the project has a library for the guest's target.
pub fn target_installed(root: &Path, shell: Shell) -> Result<bool, ToolError> {
    let mut rustc = Command::new("rustc");
    rustc.args(["--print", "target-libdir", "--target", TARGET]).current_dir(root);
    let output = shell.capture(&mut rustc)?;
    let folder = String::from_utf8_lossy(&output.stdout);
    Ok(output.status.success() && Path::new(folder.trim_end()).is_dir())
}
