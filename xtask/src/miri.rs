//! Undefined behaviour is looked for by Miri, the one chore that needs a nightly toolchain.

use std::path::Path;
use std::process::{Command, Stdio};

use harness::tools::shown;

/// The arena is seen as words of 4 and of 8 bytes, which Miri's emulation of weak memory cannot follow.
const FLAGS: &str = "-Zmiri-disable-isolation -Zmiri-disable-weak-memory-emulation";

/// Few cases of each property: an interpreter takes a thousand times as long.
const CASES: &str = "1";

/// Runs the tests, or says why not.
pub fn run(root: &Path) -> Result<(), String> {
    if !is_there() {
        println!(
            "skipped: no nightly toolchain with Miri; `rustup toolchain install nightly -c miri -c rust-src` \
             brings it"
        );
        return Ok(());
    }
    let mut command = Command::new("cargo");
    command
        .args(["+nightly", "miri", "test", "-p", "rmap", "-p", "vm", "--lib", "--tests"])
        .args(["--target-dir", "target/miri"])
        .env("MIRIFLAGS", FLAGS)
        .env("PROPTEST_CASES", CASES)
        .current_dir(root);
    println!("$ {}", shown(&command));
    let status = command.status().map_err(|error| format!("cannot run cargo: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("`{}` failed", shown(&command))) }
}

fn is_there() -> bool {
    let mut command = Command::new("cargo");
    command.args(["+nightly", "miri", "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
