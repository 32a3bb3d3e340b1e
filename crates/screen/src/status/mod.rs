//! What the records say about the machine and the run, as far as a screen shows it.

mod draw;
mod refusal;

pub use draw::STATUS_ROWS;

use core::fmt::{self, Write};
use core::time::Duration;

use heapless::String;
use wire::{Activity, Name, Plan, Record, Value};

/// Whether the results have left the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The host has all of them.
    Confirmed,
    /// No host said so.
    Unconfirmed,
}

/// All that a screen says, but for the figures.
#[derive(Debug)]
pub struct Status {
    machine: Machine,
    /// Which serial line there is.
    line: Option<String<48>>,
    plan: Option<Planned>,
    stage: Stage,
    checks: Checks,
    /// What was wrong with the kernel's command line, if anything was.
    warning: String<68>,
    /// Since when the plan runs.
    started: Duration,
}

/// What facts told about the machine.
#[derive(Debug)]
struct Machine {
    build_id: String<12>,
    brand: String<48>,
    memory_kib: u64,
    execution: String<16>,
    unit: String<16>,
    route: String<16>,
}

/// The plan in short.
#[derive(Debug)]
struct Planned {
    name: Name,
    activity: Activity,
    schemes: usize,
    workloads: usize,
    rounds: u16,
    warm_up: u16,
    cells: u32,
}

#[derive(Debug)]
enum Stage {
    /// Looking around.
    Booting,
    /// A host may answer and bring a plan.
    Greeting,
    Running(Option<Running>),
    Refused(String<160>),
    /// Every cell is done.
    Finished {
        after: Duration,
        ending: Option<Ending>,
    },
}

/// The cell that runs.
#[derive(Debug)]
struct Running {
    cell: u32,
    round: u16,
    scheme: Name,
    workload: Name,
    /// Random events so far.
    events: u64,
}

/// How the checks after cells ended.
#[derive(Debug, Default)]
struct Checks {
    passed: u32,
    failed: u32,
    /// Cells for which there is too little memory.
    not_run: u32,
    /// Where the first check failed, and why.
    first: String<160>,
}

impl Status {
    /// Nothing known yet.
    pub const fn new() -> Self {
        Self {
            machine: Machine {
                build_id: String::new(),
                brand: String::new(),
                memory_kib: 0,
                execution: String::new(),
                unit: String::new(),
                route: String::new(),
            },
            line: None,
            plan: None,
            stage: Stage::Booting,
            checks: Checks { passed: 0, failed: 0, not_run: 0, first: String::new() },
            warning: String::new(),
            started: Duration::ZERO,
        }
    }

    /// Notes which serial line there is.
    pub fn set_line(&mut self, line: Option<fmt::Arguments<'_>>) {
        self.line = line.map(cut);
    }

    /// Notes that the host is being greeted.
    pub fn greet(&mut self) {
        self.stage = Stage::Greeting;
    }

    /// Notes what became of the results, and says whether that is news.
    pub fn end(&mut self, how: Ending) -> bool {
        match &mut self.stage {
            Stage::Finished { ending, .. } => ending.replace(how) != Some(how),
            _ => false,
        }
    }

    /// Whether the cells are done.
    pub const fn is_finished(&self) -> bool {
        matches!(self.stage, Stage::Finished { .. })
    }

    /// What figures are counted in.
    pub fn unit(&self) -> &str {
        &self.machine.unit
    }

    /// Takes from a record what a screen shows of it.
    pub fn hear(&mut self, record: &Record<'_>, now: Duration) {
        match *record {
            Record::Fact { name: "boot.warnings", value: Value::Text(text) } => {
                self.warning = cut(format_args!("{text}"));
            }
            Record::Fact { name, ref value } => self.machine.learn(name, value),
            Record::Refused(ref refusal) => {
                self.stage = Stage::Refused(cut(format_args!("{}", refusal::Text(refusal))));
            }
            Record::RunStarted { cells, plan } => {
                self.plan = Planned::read(cells, plan);
                self.stage = Stage::Running(None);
                self.started = now;
            }
            Record::CellStarted { cell, round, scheme, workload } => {
                let (scheme, workload) = (cut_name(scheme), cut_name(workload));
                self.stage =
                    Stage::Running(Some(Running { cell, round, scheme, workload, events: 0 }));
            }
            Record::Verified { events, .. } => {
                if let Stage::Running(Some(running)) = &mut self.stage {
                    running.events = events;
                }
            }
            Record::Mismatch { what, .. } => self.note_first(what),
            Record::CellFinished { failure: None, .. } => self.checks.passed += 1,
            Record::CellFinished { failure: Some(why), .. } => {
                self.checks.failed += 1;
                self.note_first(why);
            }
            Record::CellNotRun { .. } => self.checks.not_run += 1,
            Record::RunFinished => {
                let after = now.saturating_sub(self.started);
                self.stage = Stage::Finished { after, ending: None };
            }
            _ => {}
        }
    }

    fn note_first(&mut self, why: &str) {
        if let (true, Stage::Running(Some(running))) = (self.checks.first.is_empty(), &self.stage) {
            let Running { scheme, workload, .. } = running;
            self.checks.first = cut(format_args!("{workload} under {scheme}: {why}"));
        }
    }
}

impl Machine {
    fn learn(&mut self, name: &str, value: &Value<'_>) {
        match (name, value) {
            ("build_id", Value::Text(text)) => self.build_id = cut(format_args!("{text}")),
            ("cpu.brand", Value::Text(text)) => self.brand = cut(format_args!("{text}")),
            ("memory.usable_kib", Value::Number(kib)) => self.memory_kib = *kib,
            ("execution", Value::Text(text)) => self.execution = cut(format_args!("{text}")),
            ("unit", Value::Text(text)) => self.unit = cut(format_args!("{text}")),
            ("boot.route", Value::Text(text)) => self.route = cut(format_args!("{text}")),
            _ => {}
        }
    }
}

impl Planned {
    fn read(cells: u32, plan: &[u8]) -> Option<Self> {
        let plan = Plan::decode(plan).ok()?;
        let workloads = plan.workloads.iter().count() + usize::from(plan.trace.is_some());
        let Plan { name, activity, schemes, rounds, warm_up, .. } = plan;
        let schemes = schemes.len();
        Some(Self { name, activity, schemes, workloads, rounds, warm_up, cells })
    }
}

/// As much of a text as fits.
pub(crate) fn cut<const N: usize>(text: fmt::Arguments<'_>) -> String<N> {
    struct Cut<const N: usize>(String<N>);

    impl<const N: usize> Write for Cut<N> {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            text.chars().try_for_each(|character| self.0.push(character)).map_err(|_| fmt::Error)
        }
    }

    let mut room = Cut(String::new());
    // The one error is a text that does not fit.
    let _ = room.write_fmt(text);
    room.0
}

/// As much of a name as fits, which is all of any that a plan can hold.
pub(crate) fn cut_name(name: &str) -> Name {
    cut(format_args!("{name}"))
}
