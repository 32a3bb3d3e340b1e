//! Hunts for bytes that make a reader of bytes panic, hang or hoard memory (`docs/fuzzing.md`).

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;

use harness::tools::{CXX, Shell, Verbosity, WhenMissing, ensure, shown};

/// libFuzzer's own part of the memory, with counters and corpus; what the fuzzed code may hold beside it
/// is limited by the package itself.
const RSS_LIMIT_MIB: u32 = 256;

/// Seconds that one input may take.
const TIMEOUT: u32 = 10;

/// Runs every target, or the one that is named, for so many `seconds`.
pub fn run(root: &Path, seconds: u32, chosen: Option<&str>) -> Result<(), String> {
    let targets = targets(root)?;
    let chosen: Vec<&String> =
        targets.iter().filter(|name| chosen.is_none_or(|chosen| chosen == **name)).collect();
    if chosen.is_empty() {
        return Err(format!("no such target; there are: {}", targets.join(", ")));
    }
    install()?;
    chosen.iter().try_for_each(|target| fuzz(root, seconds, target))
}

/// The targets' names, which are those of their files.
fn targets(root: &Path) -> Result<Vec<String>, String> {
    let folder = root.join("fuzz/fuzz_targets");
    let entries =
        fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let names = entries.filter_map(|entry| {
        let path = entry.ok()?.path();
        let is_source = path.extension() == Some(OsStr::new("rs"));
        is_source.then(|| path.file_stem()?.to_str().map(str::to_owned))?
    });
    let mut names: Vec<String> = names.collect();
    names.sort_unstable();
    Ok(names)
}

fn install() -> Result<(), String> {
    let shell = Shell { verbosity: Verbosity::Verbose };
    ensure(&[&CXX], WhenMissing::Install, shell).map_err(|error| error.to_string())?;
    let is_there = Command::new("cargo").args(["fuzz", "--version"]).output();
    if is_there.is_ok_and(|output| output.status.success()) {
        return Ok(());
    }
    spoken(Command::new("cargo").args(["install", "--locked", "cargo-fuzz"]))
}

fn fuzz(root: &Path, seconds: u32, target: &str) -> Result<(), String> {
    // What libFuzzer adds goes to the first folder, so that the corpus stays as it was chosen.
    let found = root.join("fuzz/found").join(target);
    fs::create_dir_all(&found).map_err(|error| format!("{}: {error}", found.display()))?;
    let mut command = Command::new("cargo");
    command
        .args(["fuzz", "run", "--sanitizer", "none", "--features", "libfuzzer"])
        .args(["--codegen-units", "16", target])
        .arg(found)
        .arg(root.join("fuzz/corpus").join(target))
        .arg("--")
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-timeout={TIMEOUT}"))
        .arg(format!("-rss_limit_mb={RSS_LIMIT_MIB}"))
        .arg("-print_final_stats=1")
        // Linked anew for every target, so not at length.
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .current_dir(root);
    spoken(&mut command)
}

fn spoken(command: &mut Command) -> Result<(), String> {
    println!("$ {}", shown(command));
    let status = command.status().map_err(|error| format!("cannot run cargo: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("`{}` failed", shown(command))) }
}
