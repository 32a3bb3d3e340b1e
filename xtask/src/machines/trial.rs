//! One row, booted and judged.

use std::fs::{self, OpenOptions};
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use harness::tools::shown;
use serde_json::Value;

use super::image::Images;
use super::judge::judge;
use super::qemu::{self, Files};
use super::row::Row;
use crate::boots::bochs::{Bochs, Machine};
use crate::boots::guest::Guest;
use crate::boots::screen::{Reading, Screen};
use crate::boots::tool::{Called, Tool};

/// A small plan, the same for every machine.
const PLAN: [&str; 8] = [
    "--schemes",
    "scan,pte-next,anon-vma-chain",
    "--workloads",
    "fork-exit",
    "--rounds",
    "1",
    "--seed",
    "7",
];

/// From the last byte on the line to QEMU's end.
const FAREWELL: Duration = Duration::from_secs(20);

/// How often QEMU's memory is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// What all rows share.
#[derive(Debug)]
pub struct Bench {
    tool: Tool,
    images: Images,
    reference: OnceLock<Result<Value, String>>,
}

/// How a row ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Ok,
    Failed(String),
    /// Not tried, and why.
    Skipped(String),
}

/// An outcome, and the machine as one would type it.
#[derive(Debug)]
pub struct Trial {
    pub outcome: Outcome,
    pub command: String,
}

impl Bench {
    /// Builds what is to be booted.
    pub fn build(root: &Path) -> Result<Self, String> {
        let tool = Tool::build(root)?;
        let images = Images::new(root, &tool.kernel);
        Ok(Self { tool, images, reference: OnceLock::new() })
    }

    /// Boots the machine of `row`, unless something is missing.
    pub fn try_out(&self, row: &Row) -> Trial {
        if let Some(why) = reason_to_skip(row) {
            return Trial { outcome: Outcome::Skipped(why), command: String::new() };
        }
        let mut command = String::new();
        let outcome = self.boot(row, &mut command);
        let outcome = outcome.map_or_else(Outcome::Failed, |()| Outcome::Ok);
        Trial { outcome, command }
    }

    fn boot(&self, row: &Row, shown_command: &mut String) -> Result<(), String> {
        if let Some(model) = &row.bochs {
            *shown_command = format!("bochs with model={model}, count={}", row.cpus);
            return self.on_bochs(row, model);
        }
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let image = if row.needs_image() { Some(self.images.of(row)?) } else { None };
        let files = Files { kernel: &self.tool.kernel, image: image.as_deref() };
        let line = qemu::line(folder.path());
        let command = qemu::command(row, files, folder.path())?;
        *shown_command = shown(&command);
        let guest = Guest::start(command, folder)?;
        match &row.screen {
            Some(text) => shows(row, &guest, text),
            None => self.collect_from_qemu(row, guest, &line),
        }
    }

    fn collect_from_qemu(&self, row: &Row, mut guest: Guest, line: &Path) -> Result<(), String> {
        guest.line()?;
        let most = AtomicU64::new(0);
        let process = guest.process();
        let (called, ended) = thread::scope(|scope| {
            scope.spawn(|| watch_memory(process, &most));
            let called = self.collect(row, &format!("unix:{}", line.display()));
            let called = called.map_err(|why| in_context(&why, &guest));
            let ends = called.is_ok() && row.stays.is_none();
            let ended = ends.then(|| guest.wait(FAREWELL)).transpose();
            guest.kill();
            (called, ended)
        });
        judge(row, &called?, || self.reference())?;
        match ended? {
            Some(CLEAN) | None => touched_little(row, most.into_inner()),
            Some(status) => Err(format!("QEMU ended with status {status}")),
        }
    }

    fn on_bochs(&self, row: &Row, model: &str) -> Result<(), String> {
        let machine =
            Machine { model: model.to_owned(), cpus: row.cpus.clone(), memory_mib: row.memory };
        let mut bochs = Bochs::start(&self.images.of(row)?, &machine)?;
        let port = bochs.port()?;
        let called = self.collect(row, &port)?;
        judge(row, &called, || self.reference())?;
        if row.stays.is_some() { Ok(()) } else { bochs.expect_end() }
    }

    /// Plays the host until the guest is done.
    fn collect(&self, row: &Row, port: &str) -> Result<Called, String> {
        let words = [&["collect", "--port", port], &PLAN[..]].concat();
        let (child, folder) = self.tool.start(&words)?;
        Called::wait_at_most(row.patience(), child, folder)?.expect(0)
    }

    /// The cells of an ordinary machine.
    fn reference(&self) -> Result<Value, String> {
        let words = [&["run", "--machine", "icount", "--boot", "direct"], &PLAN[..]].concat();
        let measured = || self.tool.call(&words)?.expect(0)?.cells();
        self.reference.get_or_init(measured).clone()
    }
}

/// QEMU's exit status when the guest says that all is well.
const CLEAN: i32 = 33;

fn reason_to_skip(row: &Row) -> Option<String> {
    let needed = row.needs.as_ref()?;
    let usable = OpenOptions::new().read(true).write(true).open(needed).is_ok();
    (!usable).then(|| format!("{} cannot be used", needed.display()))
}

fn touched_little(row: &Row, mib: u64) -> Result<(), String> {
    match row.resident_below {
        Some(limit) if mib >= limit => {
            Err(format!("QEMU has touched {mib} MiB, which is not below {limit}"))
        }
        _ => Ok(()),
    }
}

/// Waits until the text screen shows `text`, which may run on from line to line.
fn shows(row: &Row, guest: &Guest, text: &str) -> Result<(), String> {
    let mut screen = Screen::of(guest, Reading::TextMode)?.waiting(row.patience());
    let seen = screen.wait_until(|seen| seen.replace('\n', "").contains(text));
    seen.map(drop).map_err(|last| format!("the screen does not say `{text}` but\n{last}"))
}

/// What may explain why a guest gave no result.
fn in_context(why: &str, guest: &Guest) -> String {
    let read = || Screen::of(guest, Reading::TextMode)?.look();
    let screen = read().unwrap_or_else(|_| "gone with QEMU".to_owned());
    let (complaints, screen) = (guest.complaints(), screen.trim().to_owned());
    format!("{why}\n  QEMU's complaints: {complaints}\n  the screen: {screen}")
}

/// Keeps the most memory that `process` has held, in MiB, until it is gone.
fn watch_memory(process: u32, most: &AtomicU64) {
    let status = format!("/proc/{process}/status");
    while let Some(mib) = fs::read_to_string(&status).ok().as_deref().and_then(peak) {
        most.fetch_max(mib, Ordering::Relaxed);
        thread::sleep(LOOK);
    }
}

/// A process that has ended, and is not yet forgotten, has no such line.
fn peak(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib / 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_in_mib() {
        assert_eq!(peak("Name:\tqemu\nVmHWM:\t  716800 kB\nVmRSS:\t 1 kB\n"), Some(700));
        assert_eq!(peak("Name:\tqemu\nState:\tZ (zombie)\n"), None);
    }
}
