//! What a line may do, and the result is the same to the byte.

use std::ops::Range;
use std::process::Child;
use std::slice::Iter;
use std::sync::{Mutex, PoisonError};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;
use tempfile::TempDir;

use super::guest::{Clock, Guest};
use super::relay::{Disturbance, Relay};
use super::tool::{Called, Tool};

/// What every plan is of.
const COMMON: [&str; 4] = ["--seed", "7", "--schemes", "scan,pte-next,anon-vma-chain"];

/// A plan of a second that says some ten kilobytes.
const PLAN: [&str; 6] =
    ["--rounds", "1", "--workloads", "fork-exit,fork-touch", "--samples", "512"];

/// A plan that says more than a line at 115200 baud carries meanwhile: times of a real clock, all of them.
const TALKATIVE: [&str; 6] = ["--rounds", "2", "--workloads", "fork-touch", "--samples", "65535"];

/// Two disturbances at a time: the machine has two cores.
const AT_A_TIME: usize = 2;

/// What happens during a run.
#[derive(Clone, Copy)]
enum Trouble {
    /// Of the line.
    Line(Disturbance),
    /// The host tool is killed twice, after so many bytes, and started anew at once.
    Kills([u64; 2]),
    /// The host tool is killed, and started anew when the run is over.
    Late { killed_after: u64 },
    /// The host tool does not run for ten seconds.
    Sleep { after: u64 },
}

/// The slow ones first.
static TROUBLES: [Trouble; 10] = [
    Trouble::Line(Disturbance::Cut),
    Trouble::Sleep { after: 3000 },
    Trouble::Late { killed_after: 3000 },
    Trouble::Line(Disturbance::Stalls),
    Trouble::Line(Disturbance::Pace),
    Trouble::Kills([2000, 6000]),
    Trouble::Line(Disturbance::Bytes),
    Trouble::Line(Disturbance::Bursts),
    Trouble::Line(Disturbance::Strays),
    Trouble::Line(Disturbance::Repeats),
];

/// A run under every trouble gives what an undisturbed one gives.
pub fn nothing_is_lost(tool: &Tool) -> Result<(), String> {
    let undisturbed = files(&Line::open(tool, Disturbance::None)?.collect(tool)?)?;
    let waiting = Mutex::new(TROUBLES.iter());
    let work = || {
        let mut failures = Vec::new();
        while let Some(trouble) = next(&waiting) {
            let started = Instant::now();
            let outcome = trouble.run(tool).and_then(|called| same(&called, &undisturbed));
            println!("  {}: {:.1} s", trouble.name(), started.elapsed().as_secs_f32());
            failures.extend(outcome.err().map(|why| format!("{}: {why}", trouble.name())));
        }
        failures
    };
    let failures: Vec<String> = thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_A_TIME).map(|_| scope.spawn(work)).collect();
        let ends = workers.into_iter().map(ScopedJoinHandle::join);
        ends.flat_map(|end| end.unwrap_or_else(|_| vec!["a worker panicked".to_owned()])).collect()
    });
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n  ")) }
}

fn next(waiting: &Mutex<Iter<'static, Trouble>>) -> Option<&'static Trouble> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner).next()
}

/// A line that loses some frames for good, and then dies, leaves what arrived and says what is missing.
pub fn a_dead_line(tool: &Tool) -> Result<(), String> {
    let line = Line::open(tool, Disturbance::Death)?;
    let (child, folder) = line.start(tool, &PLAN)?;
    line.relay.wait_for_death()?;
    // What the relay has handed on, the tool reads meanwhile.
    thread::sleep(Duration::from_secs(1));
    signal(&child, Signal::SIGINT)?;
    let called = Called::wait(child, folder)?.expect(4)?;
    let (run, taken_out) = (called.run_json()?, line.relay.taken_out());
    let expected: Vec<[u32; 2]> = merged(&taken_out);
    if expected.is_empty() || run["missing"] != json!(expected) {
        return Err(format!("{expected:?} was taken out, and {} is missing", run["missing"]));
    }
    if run["complete"] != false || !run["stream_bytes"].is_null() {
        return Err("the result claims to know where the stream ends".to_owned());
    }
    Ok(())
}

/// Whoever has raw samples enough to fill a slow cable fills it, from the guest's first byte to its last.
pub fn a_slow_line(tool: &Tool) -> Result<(), String> {
    let line = Line::open_at(tool, Disturbance::Pace, Clock::Host)?;
    let (child, folder) = line.start(tool, &TALKATIVE)?;
    Called::wait(child, folder)?.expect(0)?;
    let busy = line.relay.busy().ok_or("nothing passed")?;
    println!("  the line was busy for {:.1} % of the run", busy * 100.0);
    Ok(())
}

/// Adjacent stretches as one.
fn merged(stretches: &[Range<u32>]) -> Vec<[u32; 2]> {
    let mut merged: Vec<[u32; 2]> = Vec::new();
    for stretch in stretches {
        match merged.last_mut() {
            Some([_, end]) if *end == stretch.start => *end = stretch.end,
            _ => merged.push([stretch.start, stretch.end]),
        }
    }
    merged
}

impl Trouble {
    fn name(self) -> String {
        match self {
            Self::Line(disturbance) => disturbance.name().to_owned(),
            Self::Kills(after) => format!("the tool is killed after {after:?} bytes"),
            Self::Late { .. } => "the tool is killed, and started again after the end".to_owned(),
            Self::Sleep { .. } => "the tool sleeps for ten seconds".to_owned(),
        }
    }

    fn run(self, tool: &Tool) -> Result<Called, String> {
        match self {
            Self::Line(disturbance) => Line::open(tool, disturbance)?.collect(tool),
            Self::Kills(after) => {
                let line = Line::open(tool, Disturbance::None)?;
                for bytes in after {
                    line.kill_after(tool, bytes)?;
                }
                line.collect(tool)
            }
            Self::Late { killed_after } => {
                let line = Line::open(tool, Disturbance::None)?;
                line.kill_after(tool, killed_after)?;
                line.relay.wait_for_done()?;
                line.collect(tool)
            }
            Self::Sleep { after } => {
                let line = Line::open(tool, Disturbance::None)?;
                let (child, folder) = line.start(tool, &PLAN)?;
                line.relay.wait_for(after)?;
                signal(&child, Signal::SIGSTOP)?;
                thread::sleep(Duration::from_secs(10));
                signal(&child, Signal::SIGCONT)?;
                Called::wait(child, folder)?.expect(0)
            }
        }
    }
}

/// A booted guest and the line to it.
struct Line {
    relay: Relay,
    port: String,
    _guest: Guest,
}

impl Line {
    fn open(tool: &Tool, disturbance: Disturbance) -> Result<Self, String> {
        Self::open_at(tool, disturbance, Clock::Instructions)
    }

    fn open_at(tool: &Tool, disturbance: Disturbance, clock: Clock) -> Result<Self, String> {
        let guest = Guest::with_serial_socket(&tool.kernel, "", clock)?;
        let socket = guest.scratch("relay");
        let relay = Relay::start(&guest.line()?, &socket, disturbance, 7)?;
        Ok(Self { relay, port: format!("unix:{}", socket.display()), _guest: guest })
    }

    fn start(&self, tool: &Tool, plan: &[&str]) -> Result<(Child, TempDir), String> {
        tool.start(&[&["collect", "--port", &self.port], &COMMON[..], plan].concat())
    }

    fn collect(&self, tool: &Tool) -> Result<Called, String> {
        let (child, folder) = self.start(tool, &PLAN)?;
        Called::wait(child, folder)?.expect(0)
    }

    /// Starts the tool and kills it after the guest has sent so many bytes in all.
    fn kill_after(&self, tool: &Tool, bytes: u64) -> Result<(), String> {
        let (mut child, _folder) = self.start(tool, &PLAN)?;
        self.relay.wait_for(bytes)?;
        child.kill().and_then(|()| child.wait()).map(drop).map_err(|error| error.to_string())
    }
}

fn signal(child: &Child, signal: Signal) -> Result<(), String> {
    kill(Pid::from_raw(child.id().cast_signed()), signal).map_err(|error| error.to_string())
}

/// What must be equal.
const FILES: [&str; 2] = ["summary.json", "samples.csv"];

fn files(called: &Called) -> Result<[Vec<u8>; 2], String> {
    let [summary, samples] = FILES.map(|name| called.file(name));
    Ok([summary?, samples?])
}

fn same(called: &Called, undisturbed: &[Vec<u8>; 2]) -> Result<(), String> {
    let found = files(called)?;
    let differs =
        FILES.iter().zip(found.iter().zip(undisturbed)).find(|(_, (one, other))| one != other);
    differs.map_or(Ok(()), |(name, _)| Err(format!("{name} differs from the undisturbed run's")))
}
