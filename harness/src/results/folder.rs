//! A result folder.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Run, RunJson, Summary, write_samples};
use crate::error::Error;
use crate::report;
use crate::session::Recording;

/// One folder per run.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Makes the folder: `out`, or one of its own name below `bench-results`.
    pub fn create(out: Option<&Path>, default: &Path) -> Result<Self, Error> {
        Self::check(out)?;
        let path = out.map_or_else(|| vacant(default), Path::to_owned);
        fs::create_dir_all(&path).map_err(Error::file("create", &path))?;
        Ok(Self { path })
    }

    /// Whether `out`, if there is a wish, can become a result folder: it is empty or not there yet.
    pub fn check(out: Option<&Path>) -> Result<(), Error> {
        let Some(path) = out.filter(|path| path.exists()) else { return Ok(()) };
        let mut entries = fs::read_dir(path).map_err(Error::file("read", path))?;
        if entries.next().is_some() { Err(Error::FolderInUse(path.to_owned())) } else { Ok(()) }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Starts `raw.bin` anew.
    pub fn recording(&self) -> Result<Recording, Error> {
        Recording::create(&self.path.join("raw.bin"))
    }

    /// Writes everything but `raw.bin`.
    pub fn write(&self, run: &Run, summary: &Summary, json: &RunJson<'_>) -> Result<(), Error> {
        self.write_json("run.json", json)?;
        self.write_json("summary.json", summary)?;
        let samples = self.path.join("samples.csv");
        let file = File::create(&samples).map_err(Error::file("create", &samples))?;
        write_samples(run, BufWriter::new(file)).map_err(Error::file("write", &samples))?;
        let html = self.path.join("report.html");
        fs::write(&html, report::html(run, summary)).map_err(Error::file("write", &html))
    }

    fn write_json(&self, name: &str, content: &impl Serialize) -> Result<(), Error> {
        let path = self.path.join(name);
        let mut text = serde_json::to_vec_pretty(content).expect("keys are text, numbers finite");
        text.push(b'\n');
        fs::write(&path, text).map_err(Error::file("write", &path))
    }
}

/// `default`, or what follows it if runs started in the same second.
fn vacant(default: &Path) -> PathBuf {
    let name = default.display();
    let others = (2..).map(|number| PathBuf::from(format!("{name}-{number}")));
    std::iter::once(default.to_owned())
        .chain(others)
        .find(|path| !path.exists())
        .expect("some number is free")
}
