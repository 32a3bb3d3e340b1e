//! The end of every conversation: files, table, verdict.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rmap::SchemeId;

use super::{print, root};
use crate::error::Error;
use crate::exit::Exit;
use crate::guest::{GuestExit, built_kernel};
use crate::results::{
    CellEnd, Folder, Provenance, Route, Run, RunJson, Summary, Timestamps, git, rustc,
};
use crate::session::Heard;
use crate::symbolise::crash_text;
use crate::table;
use crate::tools::Shell;
use crate::verdict::{Verdict, is_complete};

/// What is known beside the conversation itself.
pub struct Circumstances<'a> {
    /// `run`, `collect` or `replay`.
    pub command: &'static str,
    /// What a user types to measure the same again, where that is known.
    pub repeat: Option<String>,
    /// SHA-256 of the trace that was replayed, in hexadecimal.
    pub trace_sha256: Option<String>,
    /// When it began.
    pub started: Timestamp,
    /// How the guest was reached.
    pub route: Route,
    /// How QEMU ended, if it was ours.
    pub qemu: Option<&'a GuestExit>,
    /// The scheme with which others are compared, if somebody chose it.
    pub reference: Option<&'a str>,
    /// For git and rustc.
    pub shell: Shell,
}

impl Circumstances<'_> {
    /// Of a guest that is not ours and of which nothing more is known.
    pub fn new(
        command: &'static str,
        started: Timestamp,
        route: Route,
        reference: Option<SchemeId>,
        shell: Shell,
    ) -> Self {
        Self {
            command,
            repeat: None,
            trace_sha256: None,
            started,
            route,
            qemu: None,
            reference: reference.map(SchemeId::name),
            shell,
        }
    }
}

/// Writes the files, prints the table, says how it ended.
pub fn conclude(
    heard: &Heard,
    folder: &Folder,
    circumstances: Circumstances<'_>,
) -> Result<Exit, Error> {
    let Circumstances { command, repeat, trace_sha256, started, route, qemu, reference, shell } =
        circumstances;
    let verdict = Verdict::on(heard, qemu).saved();
    let complete = is_complete(heard);
    let provenance = Provenance {
        command,
        repeat,
        trace_sha256,
        time: Timestamps { started: started.to_string(), ended: Timestamp::now().to_string() },
        tool_version: env!("CARGO_PKG_VERSION"),
        git: git(&root(), shell),
        rustc: rustc(&root(), shell),
        route,
    };
    let summary = Summary::of(&heard.run, complete, reference);
    let json = RunJson::new(&heard.run, &provenance, complete, &verdict.sentence, &heard.ending);
    folder.write(&heard.run, &summary, &json)?;
    if let Some(crash) = &heard.run.crash {
        let kernel = kernel_of(heard);
        eprint!("{}", crash_text(crash, kernel.as_deref()));
    }
    if !summary.cells.is_empty() {
        print(&table::text(&summary))?;
    }
    let (passed, failed) = checks(&heard.run);
    if passed + failed > 0 {
        let all = if failed == 0 { "PASS" } else { "FAIL" };
        eprintln!("checks after cells: {all} ({passed} passed, {failed} failed)");
    }
    eprintln!("rmapbench: {}", verdict.sentence);
    eprintln!("results: {}", folder.path().display());
    Ok(verdict.exit)
}

/// How many cells passed the check after them, and how many did not.
fn checks(run: &Run) -> (usize, usize) {
    let ends = || run.cells.values().filter_map(|cell| cell.end.as_ref());
    let passed = ends().filter(|end| matches!(end, CellEnd::Passed)).count();
    let failed = ends().filter(|end| matches!(end, CellEnd::Failed(_))).count();
    (passed, failed)
}

/// The built kernel, if it is the one that the guest runs.
fn kernel_of(heard: &Heard) -> Option<PathBuf> {
    let kernel = built_kernel(&root())?;
    heard.build_id.is_none_or(|id| kernel.is_the_one(id)).then_some(kernel.path)
}

/// A folder of its own below `bench-results`, named after when and what.
pub fn default_folder(started: Timestamp, name: &str) -> PathBuf {
    let stamp = started.strftime("%Y%m%dT%H%M%SZ");
    root().join("bench-results").join(format!("{stamp}-{name}"))
}

/// Opens the result folder.
pub fn folder(out: Option<&Path>, started: Timestamp, name: &str) -> Result<Folder, Error> {
    Folder::create(out, &default_folder(started, name))
}
