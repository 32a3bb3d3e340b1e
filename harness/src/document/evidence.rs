//! Result folders as evidence: what a document may cite of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::DocumentError;

/// The results that a document is made of, in the order in which they were named.
#[derive(Debug)]
pub struct Evidence {
    /// At least one.
    pub results: Vec<Measured>,
}

/// What one result folder says.
#[derive(Debug)]
pub struct Measured {
    /// The execution class.
    pub class: String,
    /// The unit of its times.
    pub unit: String,
    /// Whether everything arrived.
    pub complete: bool,
    /// Where it was measured, in words.
    pub machine: String,
    /// The plan's name.
    pub plan: String,
    /// The plan's seed.
    pub seed: u64,
    /// How often each cell ran.
    pub rounds: u64,
    /// What measures the same again.
    pub command: String,
    /// Every cell.
    pub cells: Vec<Cell>,
}

/// One cell of `summary.json`.
#[derive(Clone, Debug, Deserialize)]
pub struct Cell {
    /// The scheme's id.
    pub scheme: String,
    /// The workload's id.
    pub workload: String,
    /// Every parameter.
    pub params: BTreeMap<String, u64>,
    ops: Vec<Op>,
    outcomes: BTreeMap<String, Option<u64>>,
    footprint: BTreeMap<String, Value>,
    /// How much the scheme knew, from one survey to the next.
    #[serde(default)]
    pub surveys: Vec<Survey>,
}

/// What was timed.
#[derive(Clone, Debug, Deserialize)]
pub struct Op {
    #[serde(rename = "op")]
    name: String,
    /// How many samples.
    pub n: u64,
    /// Their median.
    pub p50: u64,
    mean: f64,
    per: Option<Per>,
}

#[derive(Clone, Debug, Deserialize)]
struct Per {
    count: u64,
}

/// Anonymous pages at one moment, by what the scheme knew of their users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Survey {
    /// All of them.
    pub exact: u64,
    /// Some of them.
    pub partial: u64,
    /// None of them.
    pub unknown: u64,
}

#[derive(Deserialize)]
struct SummaryFile {
    schema_version: u32,
    complete: bool,
    unit: Option<String>,
    execution: Option<String>,
    cells: Vec<Cell>,
}

#[derive(Deserialize)]
struct RunFile {
    plan: Option<PlanPart>,
    route: RoutePart,
    repeat: Option<String>,
}

#[derive(Deserialize)]
struct PlanPart {
    name: String,
    seed: u64,
    rounds: u64,
}

#[derive(Deserialize)]
struct RoutePart {
    machine: String,
    qemu_version: Option<String>,
}

impl Evidence {
    /// Reads result folders.
    pub fn read(folders: &[impl AsRef<Path>]) -> Result<Self, DocumentError> {
        let results = folders.iter().map(|folder| Measured::read(folder.as_ref()));
        Ok(Self { results: results.collect::<Result<_, _>>()? })
    }

    /// Those whose times and counts are shown: where a machine was measured, the model, which times no
    /// flush, only stands in for it where it is asked for.
    pub fn shown(&self) -> impl Iterator<Item = &Measured> {
        let has_machine = self.results.iter().any(|measured| !measured.is_model());
        self.results.iter().filter(move |measured| !has_machine || !measured.is_model())
    }
}

impl Measured {
    fn is_model(&self) -> bool {
        self.class == "model"
    }

    fn read(folder: &Path) -> Result<Self, DocumentError> {
        let summary: SummaryFile = read_json(&folder.join("summary.json"))?;
        let run: RunFile = read_json(&folder.join("run.json"))?;
        let lacks = |what| DocumentError::NotAResult { path: folder.to_owned(), why: what };
        if summary.schema_version != 1 {
            return Err(lacks(format!("its schema is {}, not 1", summary.schema_version)));
        }
        let class =
            summary.execution.ok_or_else(|| lacks("it has no execution class".to_owned()))?;
        if class == "emulated" {
            return Err(DocumentError::Emulated { path: folder.to_owned() });
        }
        let unit = summary.unit.ok_or_else(|| lacks("it has no unit".to_owned()))?;
        let plan = run.plan.ok_or_else(|| lacks("it names no plan".to_owned()))?;
        let RoutePart { machine, qemu_version } = run.route;
        let machine = qemu_version.map_or(machine.clone(), |qemu| format!("{machine}, {qemu}"));
        let PlanPart { name, seed, rounds } = plan;
        // Whoever collected from a line does not know how the machine was started.
        let usual = || format!("cargo rmapbench run --plan {name} --seed {seed}");
        let command = run.repeat.unwrap_or_else(usual);
        let (complete, cells) = (summary.complete, summary.cells);
        Ok(Self { class, unit, complete, machine, plan: name, seed, rounds, command, cells })
    }

    /// The cells of a workload that `wanted` takes.
    pub fn of<'m>(
        &'m self,
        workload: &'m str,
        wanted: impl Fn(&Cell) -> bool + 'm,
    ) -> impl Iterator<Item = &'m Cell> {
        self.cells.iter().filter(move |cell| cell.workload == workload && wanted(cell))
    }

    /// The same cell in this result.
    pub fn same(&self, cell: &Cell) -> Option<&Cell> {
        self.under(&cell.scheme, cell)
    }

    /// The cell that differs from `cell` in its scheme alone.
    pub fn under(&self, scheme: &str, cell: &Cell) -> Option<&Cell> {
        self.cells.iter().find(|other| {
            other.scheme == scheme
                && (&other.workload, &other.params) == (&cell.workload, &cell.params)
        })
    }
}

impl Cell {
    /// What was timed under this name.
    pub fn op(&self, name: &str) -> Option<&Op> {
        self.ops.iter().find(|op| op.name == name)
    }

    /// The median of an operation.
    pub fn median(&self, op: &str) -> Option<u64> {
        self.op(op).map(|op| op.p50)
    }

    /// An outcome, over all rounds.
    pub fn outcome(&self, name: &str) -> Option<u64> {
        *self.outcomes.get(name)?
    }

    /// A footprint figure that is a whole number.
    pub fn footprint(&self, name: &str) -> Option<u64> {
        self.footprint.get(name)?.as_u64()
    }

    /// A parameter.
    pub fn param(&self, name: &str) -> Option<u64> {
        self.params.get(name).copied()
    }
}

impl Op {
    /// The time of all samples together.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "a sum of times that is exact below 2^53, and not negative"
    )]
    pub fn total(&self) -> u64 {
        (self.mean * self.n as f64).round() as u64
    }

    /// Units of work over all samples.
    pub fn work(&self) -> Option<u64> {
        self.per.as_ref().map(|per| per.count)
    }
}

impl Survey {
    /// Pages that were asked about.
    pub const fn pages(self) -> u64 {
        self.exact + self.partial + self.unknown
    }
}

fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, DocumentError> {
    let text = fs::read(path)
        .map_err(|why| DocumentError::Unreadable { path: path.to_owned(), why: why.to_string() })?;
    serde_json::from_slice(&text)
        .map_err(|why| DocumentError::NotAResult { path: path.to_owned(), why: why.to_string() })
}
