//! Undefined behaviour is looked for by Miri, the one chore that needs a nightly toolchain.

use std::collections::VecDeque;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use harness::tools::shown;

/// The arena is seen as words of 4 and of 8 bytes, which Miri's emulation of weak memory cannot follow.
const FLAGS: &str = "-Zmiri-disable-isolation -Zmiri-disable-weak-memory-emulation";

/// Few cases of each property: an interpreter takes a thousand times as long.
const CASES: &str = "1";

/// Suites that run at the same time: an interpreter uses one CPU.
const AT_ONCE: usize = 2;

/// Runs the tests, or says why not.
pub fn run(root: &Path) -> Result<(), String> {
    if !is_there() {
        println!(
            "skipped: no nightly toolchain with Miri; `rustup toolchain install nightly -c miri -c rust-src` \
             brings it"
        );
        return Ok(());
    }
    let mut compile =
        cargo(root, &["--package", "rmap", "--package", "vm", "--lib", "--tests", "--no-run"]);
    println!("$ {}", shown(&compile));
    let built = compile.status().map_err(|error| format!("cannot run cargo: {error}"))?;
    if !built.success() {
        return Err(format!("`{}` failed", shown(&compile)));
    }
    let suites = Mutex::new(suites(root)?);
    let failed = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(suite) = next(&suites) {
                    failed.fetch_or(!passes(root, &suite), Relaxed);
                }
            });
        }
    });
    if failed.into_inner() { Err("Miri found something".to_owned()) } else { Ok(()) }
}

/// Part of a test binary, as cargo's arguments.
type Suite = Vec<String>;

/// The unit tests of each crate, and the modules of `vm`'s other tests; each is interpreted on one CPU.
fn suites(root: &Path) -> Result<VecDeque<Suite>, String> {
    let suite = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Suite>();
    let folder = root.join("crates/vm/tests/behaviour");
    let entries = std::fs::read_dir(&folder)
        .map_err(|error| format!("cannot list {}: {error}", folder.display()))?;
    let names =
        entries.filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_str()?.to_owned()));
    let modules = names.filter(|name| !["main", "support"].contains(&name.as_str()));
    let mut suites: Vec<Suite> = modules
        .map(|name| suite(&["--package", "vm", "--test", "behaviour", "--", &format!("{name}::")]))
        .collect();
    suites.sort();
    suites.push(suite(&["--package", "vm", "--lib"]));
    suites.push(suite(&["--package", "rmap", "--lib", "--tests"]));
    Ok(suites.into())
}

fn next(suites: &Mutex<VecDeque<Suite>>) -> Option<Suite> {
    suites.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
}

/// Interprets one suite and says how it went, in full if it failed.
fn passes(root: &Path, suite: &Suite) -> bool {
    let name = suite.join(" ");
    println!("{name}: begins");
    let start = Instant::now();
    let arguments: Vec<&str> = suite.iter().map(String::as_str).collect();
    let output = match cargo(root, &arguments).stdin(Stdio::null()).output() {
        Ok(output) => output,
        Err(error) => {
            println!("{name}: cannot run cargo: {error}");
            return false;
        }
    };
    let seconds = start.elapsed().as_secs();
    if output.status.success() {
        println!("{name}: passed in {seconds} s");
    } else {
        let said = [output.stdout, output.stderr].concat();
        println!("{name}: failed after {seconds} s\n{}", String::from_utf8_lossy(&said));
    }
    output.status.success()
}

fn cargo(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command
        .args(["+nightly", "miri", "test", "--target-dir", "target/miri"])
        .args(arguments)
        .env("MIRIFLAGS", FLAGS)
        .env("PROPTEST_CASES", CASES)
        .current_dir(root);
    command
}

fn is_there() -> bool {
    let mut command = Command::new("cargo");
    command.args(["+nightly", "miri", "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
