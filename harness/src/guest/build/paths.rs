//! What the kernel's debug information calls the folders of the machine that built it, so that the
//! same source gives the same bytes wherever it lies.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use super::cargo;
use crate::error::Error;
use crate::guest::GuestError;
use crate::tools::{Shell, TARGET};

/// What the kernel's debug information calls the project's root.
pub const SOURCE_ROOT: &str = "/rmapbench";

/// What it calls the folders of other people's crates.
const REGISTRY: &str = "/registry";

/// What it calls the folder of what builds leave, where build scripts put generated source.
const BUILD_FOLDER: &str = "/target";

/// Of what `cargo metadata` says.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    build_directory: PathBuf,
    workspace_root: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    manifest_path: PathBuf,
    /// None for the project's own.
    source: Option<String>,
}

impl Metadata {
    /// Folders and their new names; where one lies within another, the inner one comes last and counts.
    fn names(&self) -> Vec<(&Path, String)> {
        let foreign = self.packages.iter().filter(|package| package.source.is_some());
        // `registry/src/INDEX/NAME-VERSION/Cargo.toml`, and INDEX differs from mirror to mirror.
        let sources = foreign.filter_map(|package| package.manifest_path.parent()?.parent());
        let sources: BTreeSet<&Path> = sources.collect();
        let mut names = vec![(&*self.workspace_root, SOURCE_ROOT.to_owned())];
        names.extend(sources.into_iter().map(|folder| (folder, REGISTRY.to_owned())));
        names.push((&self.build_directory, BUILD_FOLDER.to_owned()));
        names.sort_by_key(|(folder, _)| folder.components().count());
        names
    }
}

/// The flags that make the compiler use the new names.
pub(super) fn remapping_flags(root: &Path, shell: Shell) -> Result<Vec<String>, Error> {
    let mut command = cargo(root);
    command.args(["metadata", "--format-version", "1", "--filter-platform", TARGET]);
    let said = said(&mut command, shell)?;
    let metadata: Metadata = serde_json::from_str(&said).map_err(|_| GuestError::DoesNotBuild)?;
    let library = standard_library(root, shell)?;
    let flag = |(folder, name): (&Path, String)| {
        format!("--remap-path-prefix={}={name}", folder.display())
    };
    Ok(metadata.names().into_iter().chain([(&*library.0, library.1)]).map(flag).collect())
}

/// The standard library's source and its name. The compiler uses that name by itself unless the
/// component `rust-src` is installed.
fn standard_library(root: &Path, shell: Shell) -> Result<(PathBuf, String), Error> {
    let rustc = |argument| said(Command::new("rustc").arg(argument).current_dir(root), shell);
    let (sysroot, version) = (rustc("--print=sysroot")?, rustc("-vV")?);
    let commit = version.lines().find_map(|line| line.strip_prefix("commit-hash: "));
    let source = Path::new(sysroot.trim_end()).join("lib/rustlib/src/rust");
    Ok((source, format!("/rustc/{}", commit.unwrap_or("unknown"))))
}

/// What a program prints; its complaints go to standard error.
fn said(command: &mut Command, shell: Shell) -> Result<String, Error> {
    let output = shell.capture(command.stderr(Stdio::inherit()))?;
    if !output.status.success() {
        return Err(GuestError::DoesNotBuild.into());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Metadata;

    #[test]
    fn every_folder_of_the_building_machine_has_another_name() {
        let metadata: Metadata = serde_json::from_str(
            r#"{
                "packages": [
                    {"manifest_path": "/home/a/b/vm/Cargo.toml", "source": null},
                    {"manifest_path": "/home/a/reg/src/mirror-1/crc-3.4.0/Cargo.toml", "source": "r"},
                    {"manifest_path": "/home/a/reg/src/mirror-1/cobs-0.3.0/Cargo.toml", "source": "r"}
                ],
                "build_directory": "/home/a/b/target",
                "workspace_root": "/home/a/b"
            }"#,
        )
        .expect("it is of this form");
        let names = metadata.names();
        let names: Vec<_> = names.iter().map(|(folder, name)| (*folder, &**name)).collect();
        let expected = [
            (Path::new("/home/a/b"), "/rmapbench"),
            (Path::new("/home/a/b/target"), "/target"),
            (Path::new("/home/a/reg/src/mirror-1"), "/registry"),
        ];
        assert_eq!(names, expected);
    }
}
