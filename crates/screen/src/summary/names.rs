//! Names of schemes and workloads, as small numbers in the plan's order.

use core::fmt::Write;

use heapless::{String, Vec};
use wire::{MAX_SCHEMES, MAX_WORKLOADS, Name, Plan};

use crate::status::cut_name;

/// A plan can have a trace beside its workloads.
const MOST_WORKLOADS: usize = MAX_WORKLOADS + 1;

/// Room for parameters as `name=value`: all that any workload has.
type Parameters = String<128>;

/// Who has figures.
#[derive(Debug)]
pub(super) struct Names {
    schemes: Vec<Name, MAX_SCHEMES>,
    workloads: Vec<Workload, MOST_WORKLOADS>,
    /// Of the cell that is being told.
    current: Workload,
}

/// A workload with certain parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Workload {
    pub(super) name: Name,
    pub(super) parameters: Parameters,
}

impl Workload {
    const fn new() -> Self {
        Self { name: Name::new(), parameters: Parameters::new() }
    }
}

impl Names {
    pub(super) const fn new() -> Self {
        Self { schemes: Vec::new(), workloads: Vec::new(), current: Workload::new() }
    }

    /// Cells come in any order; the names of `plan` decide the order of tables.
    pub(super) fn plan(&mut self, plan: &Plan) {
        self.schemes = plan.schemes.clone();
        self.workloads.clear();
        for workload in plan.workloads.iter() {
            let unseen = Workload { name: cut_name(workload.name), parameters: Parameters::new() };
            // There is room for as many as a plan has.
            let _ = self.workloads.push(unseen);
        }
    }

    /// The number of a scheme; `None` if there are more than a plan can have.
    pub(super) fn scheme(&mut self, name: &str) -> Option<u8> {
        if let Some(place) = self.schemes.iter().position(|known| known == name) {
            return Some(place as u8);
        }
        self.schemes.push(cut_name(name)).ok()?;
        Some(self.schemes.len() as u8 - 1)
    }

    pub(super) fn begin_workload(&mut self, name: &str) {
        self.current = Workload { name: cut_name(name), parameters: Parameters::new() };
    }

    pub(super) fn add_parameter(&mut self, name: &str, value: u64) {
        let parameters = &mut self.current.parameters;
        let space = if parameters.is_empty() { "" } else { " " };
        // What does not fit is not shown.
        let _ = write!(parameters, "{space}{name}={value}");
    }

    /// The number of the cell's workload: one seen before, one of the plan whose parameters nobody has seen,
    /// or a new one.
    pub(super) fn workload(&mut self) -> Option<u8> {
        let current = &self.current;
        let unseen = |known: &Workload| known.name == current.name && known.parameters.is_empty();
        let place = self.workloads.iter().position(|known| known == current);
        let place = place.or_else(|| self.workloads.iter().position(unseen));
        let place = place.unwrap_or(self.workloads.len());
        if place == self.workloads.len() {
            self.workloads.push(Workload::new()).ok()?;
        }
        self.workloads[place].clone_from(current);
        Some(place as u8)
    }

    pub(super) fn scheme_name(&self, number: u8) -> &str {
        self.schemes.get(usize::from(number)).map_or("?", Name::as_str)
    }

    pub(super) fn workload_name(&self, number: u8) -> Option<&Workload> {
        self.workloads.get(usize::from(number))
    }
}
