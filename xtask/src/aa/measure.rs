//! One plan on the modelled machine, as figures by round.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::ControlFlow;
use std::time::Duration;

use harness::link::Answer;
use harness::modelled;
use harness::plan::Selection;
use harness::results::{CellRun, Run};
use harness::session::{Observer, Patience, Recording, Stop, listen};
use harness::statistics::{Sorted, ratio};
use harness::verify::EventEngine;

/// The scheme that is compared with itself.
const SCHEME: &str = "anon-vma-chain";

/// Small, so that a seed takes about a second; enough samples for a median.
const WORKLOADS: [&str; 2] =
    ["fork-exit:pages=128:iterations=12", "fork-touch:pages=128:iterations=12"];

/// What is compared: an op of a workload, by its median or by what a unit of work costs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Figure {
    workload: String,
    op: String,
    unit: Option<String>,
}

/// One op in one round.
#[derive(Clone, Debug)]
pub enum Costs {
    /// Of which the median counts.
    Samples(Vec<u64>),
    /// All samples, and the work they did.
    Work(Vec<u64>, u64),
}

/// Each figure with its costs, round by round.
pub type Figures = BTreeMap<Figure, Vec<Costs>>;

/// Measures; the seed decides the order of cells.
pub fn measure(seed: u64, rounds: u16) -> Result<Figures, String> {
    let owned = |names: &[&str]| Some(names.iter().map(|&name| name.to_owned()).collect());
    let selection = Selection {
        schemes: owned(&[SCHEME]),
        workloads: owned(&WORKLOADS),
        rounds: Some(rounds),
        seed: Some(seed),
        ..Selection::default()
    };
    let plan = selection.draft().and_then(|draft| draft.plan()).map_err(|why| why.to_string())?;
    let memory = modelled::available_mib();
    let mut port = modelled::start(plan, String::new(), EventEngine::default(), memory)
        .map_err(|error| format!("cannot start the modelled machine: {error}"))?;
    let files = tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
    let mut recording =
        Recording::create(&files.path().join("raw.bin")).map_err(|error| error.to_string())?;
    let patience = Patience { greeting: None, silence: Some(Duration::from_mins(1)) };
    let heard = listen(&mut port, Answer::Start, &mut recording, patience, &mut Nobody)
        .map_err(|error| error.to_string())?;
    match heard.stop {
        Stop::Complete => Ok(figures(&heard.run)),
        stop => Err(format!("the modelled machine did not measure to the end: {stop:?}")),
    }
}

struct Nobody;

impl Observer for Nobody {
    fn console(&mut self, _text: &str) {}

    fn remark(&mut self, _remark: &str) {}

    fn progressed(&mut self, _run: &Run) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

fn figures(run: &Run) -> Figures {
    // Every run calibrates, which is nobody's against anybody's.
    let is_asked_for =
        |cell: &&CellRun| WORKLOADS.iter().any(|name| name.starts_with(&cell.workload));
    let mut cells: Vec<_> = run.cells.values().filter(is_asked_for).collect();
    cells.sort_by_key(|cell| cell.round);
    let mut figures = Figures::new();
    for cell in cells {
        for (op, run) in &cell.ops {
            let mut note = |unit: Option<&String>, costs| {
                let (workload, op, unit) = (cell.workload.clone(), op.clone(), unit.cloned());
                figures.entry(Figure { workload, op, unit }).or_default().push(costs);
            };
            note(None, Costs::Samples(run.values()));
            if let Some((unit, count)) = run.work.as_ref().filter(|(_, count)| *count > 0) {
                note(Some(unit), Costs::Work(run.values(), *count));
            }
        }
    }
    figures
}

impl Costs {
    /// The figure, had every sample taken `percent` longer.
    pub fn slowed(&self, percent: u64) -> Option<f64> {
        let slower = |samples: &[u64]| {
            samples.iter().map(|sample| (sample * (100 + percent) + 50) / 100).collect::<Vec<_>>()
        };
        match self {
            Self::Samples(samples) => Some(ratio(Sorted::new(slower(samples))?.median().into(), 1)),
            Self::Work(samples, count) => {
                Some(ratio(slower(samples).into_iter().map(u128::from).sum(), *count))
            }
        }
    }
}

impl Figure {
    /// Whether it is what the whole operation of fork costs.
    pub fn is_fork(&self) -> bool {
        self.op == "fork" && self.unit.is_none()
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.workload, self.op)?;
        self.unit.as_ref().map_or(Ok(()), |unit| write!(f, " per {unit}"))
    }
}
