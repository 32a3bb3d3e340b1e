//! Two clones of the last commit, in folders of different names and with different homes of cargo, make
//! the same kernel and the same images.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::guest::sha256;
use harness::tools::shown;

use crate::boots::files_below;

/// What is made in each clone.
const KINDS: [&str; 2] = ["iso", "pxe"];

/// A clone and what cargo is told there.
struct Clone {
    source: PathBuf,
    target: PathBuf,
    home: PathBuf,
}

/// Fails if any file of any image differs.
pub fn run(root: &Path) -> Result<(), String> {
    let scratch = tempfile::tempdir().map_err(|error| error.to_string())?;
    let home = cargo_home()?;
    let first = scratch.path().join("first");
    let second = scratch.path().join("a folder with a longer name").join("second");
    let other_home = scratch.path().join("cargo");
    fs::create_dir_all(&other_home).map_err(|error| error.to_string())?;
    // Copied, so that nothing is downloaded; the compiler would see through a link.
    let mut copy = Command::new("cp");
    call(copy.args(["--archive", "--reflink=auto"]).arg(home.join("registry")).arg(&other_home))?;
    let clones = [
        Clone { target: first.join("target"), source: first, home },
        Clone { target: scratch.path().join("built"), source: second, home: other_home },
    ];
    let [one, other] = clones.map(|clone| clone.images(root));
    let (one, other) = (one?, other?);
    for (name, bytes) in &one {
        println!("{}  {}", sha256(bytes), name.display());
    }
    let names = |files: &[(PathBuf, Vec<u8>)]| {
        files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>()
    };
    if names(&one) != names(&other) {
        return Err("the clones made different files".to_owned());
    }
    let differs = one.iter().zip(&other).find(|(one, other)| one != other);
    match differs {
        None => Ok(()),
        Some(((name, _), _)) => Err(format!("the clones made different {}", name.display())),
    }
}

impl Clone {
    /// The files of all images that are made here.
    fn images(&self, root: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>, String> {
        let mut git = Command::new("git");
        call(git.args(["clone", "--quiet"]).arg(root).arg(&self.source))?;
        let out = self.source.join("images/out");
        for kind in KINDS {
            let mut cargo = Command::new("cargo");
            cargo
                .args(["rmapbench", "image", "--no-install", "--kind", kind])
                .arg("--out")
                .arg(out.join(kind))
                .current_dir(&self.source)
                .env("CARGO_TARGET_DIR", &self.target)
                .env("CARGO_HOME", &self.home);
            call(&mut cargo)?;
        }
        files_below(&out)
    }
}

fn cargo_home() -> Result<PathBuf, String> {
    let named = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = named.or_else(|| Some(env::home_dir()?.join(".cargo")));
    home.ok_or_else(|| "cargo has no home: set CARGO_HOME".to_owned())
}

fn call(command: &mut Command) -> Result<(), String> {
    println!("$ {}", shown(command));
    let status = command.status().map_err(|error| format!("cannot run it: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("`{}` failed", shown(command))) }
}
