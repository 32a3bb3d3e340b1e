//! How a run ended: one sentence and an exit status.

use workload::WorkloadId;

use crate::exit::Exit;
use crate::guest::{self, GuestExit};
use crate::results::{CellEnd, CellRun, CrashReport, Execution, Refused, Run, difference};
use crate::session::{Heard, Stop};

/// What to say at the end.
#[derive(Debug)]
pub struct Verdict {
    /// One sentence.
    pub sentence: String,
    /// The exit status.
    pub exit: Exit,
}

impl Verdict {
    /// The verdict on a conversation; `qemu` is how the machine ended, if it was ours.
    #[must_use]
    pub fn on(heard: &Heard, qemu: Option<&GuestExit>) -> Self {
        if let Some(failed) = failed(heard) {
            return failed;
        }
        if is_complete(heard) {
            if let Some(GuestExit::Other { status, message }) = qemu {
                let sentence = format!(
                    "all is measured, but the machine did not end as it should ({status}; QEMU said: \
                     {message}); see its console with -v"
                );
                return Self { sentence, exit: Exit::Failed };
            }
            return Self { sentence: "complete".to_owned(), exit: Exit::Done };
        }
        let sentence = format!("incomplete: {}", incomplete(heard, qemu));
        Self { sentence, exit: Exit::Incomplete }
    }

    /// The verdict where what arrived is kept.
    #[must_use]
    pub fn saved(mut self) -> Self {
        if self.exit == Exit::Incomplete {
            self.sentence.push_str("; what arrived is saved");
        }
        self
    }
}

/// What QEMU says where its host refuses to map the machine's memory.
const NO_MEMORY: &str = "cannot set up guest memory";

/// Whether all was measured and all arrived.
#[must_use]
pub fn is_complete(heard: &Heard) -> bool {
    heard.ending.complete
        && heard.run.finished
        && heard.run.rejected_records == 0
        && without_memory(&heard.run).next().is_none()
}

/// The cells that did not run for want of memory, with what each needs and what there is, in MiB.
fn without_memory(run: &Run) -> impl Iterator<Item = (&CellRun, u32, u32)> {
    run.cells.values().filter_map(|cell| match cell.end {
        Some(CellEnd::NotRun { needed_mib, present_mib }) => Some((cell, needed_mib, present_mib)),
        _ => None,
    })
}

fn failed(heard: &Heard) -> Option<Verdict> {
    if let Stop::Incompatible { guest, host } = &heard.stop {
        let sentence = format!(
            "the guest speaks protocol {} with schema {}, this tool {} with {}; build both from the \
             same commit",
            guest.protocol,
            guest::hex(&guest.schema_key),
            host.protocol,
            guest::hex(&host.schema_key)
        );
        return Some(Verdict { sentence, exit: Exit::BadInput });
    }
    if let Some(refusal) = &heard.run.refusal {
        return Some(Verdict { sentence: refused(refusal, &heard.run), exit: Exit::BadInput });
    }
    if let Some(crash) = &heard.run.crash {
        return Some(Verdict { sentence: crashed(crash, &heard.run), exit: Exit::Failed });
    }
    first_failure(&heard.run).or_else(|| not_repeated(&heard.run))
}

fn crashed(crash: &CrashReport, run: &Run) -> String {
    let what = &crash.what;
    let Some(cell) = crash.cell.and_then(|cell| run.cells.get(&cell)) else {
        return format!("the guest crashed: {what}");
    };
    let (title, CellRun { scheme, workload, .. }) = (cell.title(), cell);
    if workload == WorkloadId::Calibration.name() {
        // It is part of every run.
        return format!("the guest crashed in {title}: {what}");
    }
    format!(
        "the guest crashed in {title}: {what}; to run the plan without that pair, add --skip {scheme}/{workload}"
    )
}

fn refused(refusal: &Refused, run: &Run) -> String {
    match refusal {
        Refused::Memory { needed_mib, present_mib }
            if Execution::of(run) == Some(Execution::Model) =>
        {
            format!(
                "the plan needs {needed_mib} MiB and the modelled machine can have {present_mib} MiB; \
                 free memory, raise --memory if you gave it, or plan fewer rounds or workloads"
            )
        }
        Refused::Memory { needed_mib, present_mib } => format!(
            "the plan needs {needed_mib} MiB in one piece and this machine has {present_mib} MiB to \
             use; run with --memory {}M, or plan fewer rounds or workloads",
            guest::memory_with_one_piece_of(*needed_mib)
        ),
        Refused::Cells { planned, most } => format!(
            "the plan has {planned} cells and a guest can put {most} in order; sweep fewer values"
        ),
        Refused::Reach { scheme, needed_mib, most_mib } => format!(
            "`{scheme}` can serve {most_mib} MiB and the plan needs {needed_mib} MiB; plan smaller \
             workloads, or leave it out"
        ),
        Refused::Unknown { what, name } => {
            format!("the guest knows no {what} `{name}`; build guest and tool from the same commit")
        }
    }
}

fn first_failure(run: &Run) -> Option<Verdict> {
    run.cells.values().find_map(|cell| match &cell.end {
        Some(CellEnd::Failed(what)) => Some(Verdict {
            sentence: format!("{} failed: {what}", cell.title()),
            exit: Exit::Failed,
        }),
        _ => None,
    })
}

fn not_repeated(run: &Run) -> Option<Verdict> {
    difference(run).map(|sentence| Verdict { sentence, exit: Exit::Failed })
}

fn incomplete(heard: &Heard, qemu: Option<&GuestExit>) -> String {
    match &heard.stop {
        Stop::Interrupted => "interrupted".to_owned(),
        Stop::NoGreeting(limit) => {
            format!("no guest greeted within {} s; is its serial port COM1?", limit.as_secs())
        }
        Stop::Silence(limit) => format!("the guest fell silent for {} s", limit.as_secs()),
        Stop::Broken(why) => format!("the line broke ({why})"),
        Stop::Complete | Stop::Closed | Stop::Dismissed | Stop::Incompatible { .. } => match qemu {
            Some(GuestExit::Other { message, .. }) if message.contains(NO_MEMORY) => format!(
                "this host cannot give the machine its memory ({message}); plan fewer rounds or workloads, \
                 keep fewer --samples, or choose --memory"
            ),
            Some(GuestExit::Other { status, message }) => {
                format!("the machine ended in mid-run ({status}; QEMU said: {message})")
            }
            _ if !heard.ending.missing.is_empty() => {
                format!("{} stretches of the stream are missing", heard.ending.missing.len())
            }
            _ if heard.ending.complete => unmeasured(&heard.run),
            _ => "the line was closed before the end".to_owned(),
        },
    }
}

/// Why a stream that arrived whole is not a whole result.
fn unmeasured(run: &Run) -> String {
    let count = without_memory(run).count();
    match without_memory(run).max_by_key(|(_, needed_mib, _)| *needed_mib) {
        Some((cell, needed_mib, present_mib)) => format!(
            "{count} cells did not run for want of memory, the hungriest being {}, which needs {needed_mib} MiB \
             in one piece where there are {present_mib}; run them on a machine with more, such as with --memory \
             {}M",
            cell.title(),
            guest::memory_with_one_piece_of(needed_mib + needed_mib / 8 + 64)
        ),
        None if run.rejected_records > 0 => {
            format!("{} records make no sense", run.rejected_records)
        }
        None => "the guest ended before the plan did".to_owned(),
    }
}
