//! `run.json`: where the numbers come from.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde::Serialize;
use wire::{Activity, HostPresence, Plan, SchemeSet, WhenIncomplete};

use super::{CellEnd, CrashReport, Fact, Run};
use crate::link::{Ending, LinkCounters};
use crate::tools::Shell;

/// The whole file.
#[derive(Debug, Serialize)]
pub struct RunJson<'r> {
    schema_version: u32,
    complete: bool,
    /// One sentence on how it ended.
    verdict: &'r str,
    #[serde(flatten)]
    provenance: &'r Provenance,
    /// Every fact that the guest told.
    machine: &'r BTreeMap<String, Fact>,
    plan: Option<PlanJson<'r>>,
    seed: Option<u64>,
    link: LinkCounters,
    rejected_records: u64,
    /// What is missing of the record stream, from and to in bytes.
    missing: Vec<[u32; 2]>,
    /// How long that stream is; null if its end did not come, so that more may be missing there.
    stream_bytes: Option<u32>,
    failures: Vec<Failure<'r>>,
    crash: Option<&'r CrashReport>,
}

/// What the host knows about a run.
#[derive(Debug, Serialize)]
pub struct Provenance {
    /// `rmapbench run` and its like.
    pub command: &'static str,
    /// What a user types to measure the same again, where that is known.
    pub repeat: Option<String>,
    /// SHA-256 of the trace that was replayed, in hexadecimal.
    pub trace_sha256: Option<String>,
    /// Start and end in UTC.
    pub time: Timestamps,
    /// This tool's version.
    pub tool_version: &'static str,
    /// The source tree.
    pub git: Option<Git>,
    /// The compiler.
    pub rustc: Option<String>,
    /// How the guest was reached.
    pub route: Route,
}

/// Start and end of a run.
#[derive(Debug, Serialize)]
pub struct Timestamps {
    /// RFC 3339.
    pub started: String,
    /// RFC 3339.
    pub ended: String,
}

/// A state of the source tree.
#[derive(Debug, Serialize)]
pub struct Git {
    commit: String,
    dirty: bool,
}

/// How the guest was reached; what does not apply is null.
#[derive(Debug, Default, Serialize)]
pub struct Route {
    /// `kvm`, `tcg`, `icount`, `model`, or how a line was opened.
    pub machine: String,
    /// `iso` or `direct`.
    pub boot: Option<&'static str>,
    /// `bios` or `uefi`.
    pub firmware: Option<&'static str>,
    /// Memory of the machine.
    pub memory_mib: Option<u32>,
    /// The whole QEMU command.
    pub qemu_command: Option<String>,
    /// What QEMU says of itself.
    pub qemu_version: Option<String>,
    /// GNU build id of the kernel.
    pub elf_build_id: Option<String>,
    /// SHA-256 of the kernel's ELF file.
    pub elf_sha256: Option<String>,
    /// SHA-256 of the ISO image.
    pub image_sha256: Option<String>,
}

#[derive(Debug, Serialize)]
struct PlanJson<'r> {
    name: &'r str,
    activity: ActivityJson,
    schemes: Vec<&'r str>,
    workloads: Vec<WorkloadJson<'r>>,
    trace: Option<TraceJson<'r>>,
    rounds: u16,
    seed: u64,
    cpus: u16,
    when_incomplete: &'static str,
    host: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
enum ActivityJson {
    Measure,
    Verify { events: u64, check_every: u32 },
}

#[derive(Debug, Serialize)]
struct WorkloadJson<'r> {
    name: &'r str,
    schemes: Vec<&'r str>,
    parameters: BTreeMap<&'r str, u64>,
}

#[derive(Debug, Serialize)]
struct TraceJson<'r> {
    schemes: Vec<&'r str>,
    events: u64,
    bytes: u32,
}

#[derive(Debug, Serialize)]
struct Failure<'r> {
    cell: u32,
    round: u16,
    scheme: &'r str,
    workload: &'r str,
    params: &'r BTreeMap<String, u64>,
    what: Cow<'r, str>,
}

impl<'r> RunJson<'r> {
    /// Puts the file together.
    pub fn new(
        run: &'r Run,
        provenance: &'r Provenance,
        complete: bool,
        verdict: &'r str,
        ending: &Ending,
    ) -> Self {
        Self {
            schema_version: 1,
            complete,
            verdict,
            provenance,
            machine: &run.facts,
            plan: run.plan.as_ref().map(plan_json),
            seed: run.plan.as_ref().map(|plan| plan.seed),
            link: ending.counters,
            rejected_records: run.rejected_records,
            missing: ending.missing.iter().map(|range| [range.start, range.end]).collect(),
            stream_bytes: ending.length,
            failures: failures(run),
            crash: run.crash.as_ref(),
        }
    }
}

fn plan_json(plan: &Plan) -> PlanJson<'_> {
    PlanJson {
        name: &plan.name,
        activity: match plan.activity {
            Activity::Measure => ActivityJson::Measure,
            Activity::Verify { events, check_every } => {
                ActivityJson::Verify { events, check_every }
            }
        },
        schemes: plan.schemes.iter().map(heapless::String::as_str).collect(),
        workloads: plan.workloads.iter().map(|each| workload_json(plan, each)).collect(),
        trace: plan.trace.map(|trace| TraceJson {
            schemes: names(plan, trace.schemes),
            events: trace.events,
            bytes: trace.bytes,
        }),
        rounds: plan.rounds,
        seed: plan.seed,
        cpus: plan.cpus,
        when_incomplete: match plan.when_incomplete {
            WhenIncomplete::Refuse => "refuse",
            WhenIncomplete::Scan => "scan",
        },
        host: match plan.host {
            HostPresence::Certain => "certain",
            HostPresence::Uncertain => "uncertain",
        },
    }
}

fn workload_json<'r>(plan: &'r Plan, workload: wire::Workload<'r>) -> WorkloadJson<'r> {
    WorkloadJson {
        name: workload.name,
        schemes: names(plan, workload.schemes),
        parameters: workload.parameters().map(|(name, value)| (name.as_str(), value)).collect(),
    }
}

fn names(plan: &Plan, schemes: SchemeSet) -> Vec<&str> {
    let places = plan.schemes.iter().enumerate();
    let some = places.filter(|&(place, _)| schemes.contains(place));
    some.map(|(_, name)| name.as_str()).collect()
}

fn failures(run: &Run) -> Vec<Failure<'_>> {
    run.cells
        .iter()
        .filter_map(|(&number, cell)| {
            Some(Failure {
                cell: number,
                round: cell.round,
                scheme: &cell.scheme,
                workload: &cell.workload,
                params: &cell.parameters,
                what: what_is_wrong(cell.end.as_ref()?)?,
            })
        })
        .collect()
}

fn what_is_wrong(end: &CellEnd) -> Option<Cow<'_, str>> {
    match end {
        CellEnd::Passed => None,
        CellEnd::Failed(what) => Some(Cow::Borrowed(what)),
        CellEnd::NotRun { needed_mib, present_mib } => Some(Cow::Owned(format!(
            "it did not run: it needs {needed_mib} MiB in one piece, and there are {present_mib}"
        ))),
    }
}

/// The state of the source tree at `root`, if it is one that git knows.
pub fn git(root: &Path, shell: Shell) -> Option<Git> {
    let said = |arguments: &[&str]| {
        let output = shell.capture(Command::new("git").args(arguments).current_dir(root)).ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let commit = said(&["rev-parse", "HEAD"])?;
    let dirty = !said(&["status", "--porcelain"])?.is_empty();
    Some(Git { commit, dirty })
}

/// The compiler's version.
pub fn rustc(root: &Path, shell: Shell) -> Option<String> {
    let output = shell.capture(Command::new("rustc").arg("--version").current_dir(root)).ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
