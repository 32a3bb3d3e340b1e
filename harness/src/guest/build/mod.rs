//! Builds the kernel from this source tree.

mod paths;

pub use paths::SOURCE_ROOT;

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use super::{GuestError, Kernel};
use crate::error::Error;
use crate::interrupt;
use crate::tools::{Shell, TARGET};

const PACKAGE: &str = "unikernel";

/// A line of `cargo build --message-format json`.
#[derive(Deserialize)]
struct Message {
    target: Option<MessageTarget>,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct MessageTarget {
    name: String,
}

/// Builds the kernel in release mode, the same bytes wherever the source lies; the compiler's words go
/// to standard error.
pub fn build_kernel(root: &Path, shell: Shell) -> Result<Kernel, Error> {
    let mut build = cargo(root);
    build
        .args(["build", "--release", "--package", PACKAGE, "--target", TARGET])
        .arg("--message-format=json-render-diagnostics")
        .arg("--config")
        .arg(setting(&paths::remapping_flags(root, shell)?))
        .stderr(Stdio::inherit());
    let output = shell.capture(&mut build)?;
    let executable = String::from_utf8_lossy(&output.stdout).lines().rev().find_map(executable);
    if interrupt::requested() {
        return Err(Error::Interrupted);
    }
    match executable {
        Some(path) if output.status.success() => Ok(Kernel::open(&path)?),
        _ => Err(GuestError::DoesNotBuild.into()),
    }
}

/// Cargo in the project's root.
fn cargo(root: &Path) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(root)
        // Flags meant for host programs would replace those that place the kernel in memory.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS");
    cargo
}

/// Adds `flags` to those of `.cargo/config.toml`; as an environment variable they would replace them.
fn setting(flags: &[String]) -> String {
    // A list of strings in JSON is one in TOML as well.
    let flags = serde_json::to_string(flags).expect("strings are JSON");
    format!("target.{TARGET}.rustflags={flags}")
}

fn executable(line: &str) -> Option<PathBuf> {
    let message: Message = serde_json::from_str(line).ok()?;
    message.target.filter(|target| target.name == PACKAGE).and(message.executable)
}

/// The kernel that was built last, if there is one.
pub fn built_kernel(root: &Path) -> Option<Kernel> {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    Kernel::open(&target.join(TARGET).join("release").join(PACKAGE)).ok()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use toml::de::DeTable;

    use super::{executable, setting};

    #[test]
    fn the_kernel_is_found_among_cargos_messages() {
        let library = r#"{"reason":"compiler-artifact","target":{"name":"vm"},"executable":null}"#;
        let kernel = r#"{"reason":"compiler-artifact","target":{"name":"unikernel"},"executable":"/t/unikernel"}"#;
        let finished = r#"{"reason":"build-finished","success":true}"#;
        assert_eq!(executable(library), None);
        assert_eq!(executable(kernel), Some(PathBuf::from("/t/unikernel")));
        assert_eq!(executable(finished), None);
    }

    #[test]
    fn a_folder_with_any_name_can_be_named_to_cargo() {
        let flags = [r#"--remap-path-prefix=/a "b"\c=/rmapbench"#.to_owned()];
        let setting = setting(&flags);
        let read = DeTable::parse(&setting).expect("it is TOML");
        let target = &read.get_ref()["target"].get_ref()["x86_64-unknown-none"];
        let list = &target.get_ref()["rustflags"];
        assert_eq!(list.get_ref()[0].get_ref().as_str(), Some(&*flags[0]));
    }
}
