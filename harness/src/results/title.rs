//! A cell as people name it: `pte-next x fork-exit:pages=4096`, with the parameters that differ from
//! their defaults, as they are written on the command line.

use std::collections::BTreeMap;
use std::fmt::Write;

use workload::{Cell, ParameterSpec, WorkloadId};

use super::CellRun;

impl CellRun {
    /// The cell's name.
    #[must_use]
    pub fn title(&self) -> String {
        title(&self.scheme, &self.workload, &self.parameters)
    }

    /// Whether all its parameters have arrived: as many as this tool knows, or something after them.
    #[must_use]
    pub fn is_introduced(&self) -> bool {
        self.parameters.len() >= specs(&self.workload).len()
            || !self.ops.is_empty()
            || self.end.is_some()
    }
}

/// The name of a cell that will run.
#[must_use]
pub fn title_of(cell: &Cell<'_>) -> String {
    let parameters = cell.events.parameters().map(|(name, value)| (name.to_owned(), value));
    title(cell.scheme.name(), cell.events.name(), &parameters.collect())
}

fn specs(workload: &str) -> &'static [ParameterSpec] {
    workload.parse::<WorkloadId>().map_or(&[], WorkloadId::parameters)
}

fn title(scheme: &str, workload: &str, parameters: &BTreeMap<String, u64>) -> String {
    let mut title = format!("{scheme} x {workload}");
    let specs = specs(workload);
    for (name, value) in parameters {
        let is_default = specs.iter().any(|spec| spec.name == name && spec.default == *value);
        if !is_default {
            let _ = write!(title, ":{name}={value}");
        }
    }
    title
}

#[cfg(test)]
mod tests {
    use super::title;

    #[test]
    fn only_what_differs_from_the_defaults_is_named() {
        let parameters = [("pages", 512), ("children", 7)];
        let parameters = parameters.map(|(name, value)| (name.to_owned(), value)).into();
        assert_eq!(title("scan", "fork-exit", &parameters), "scan x fork-exit:children=7");
        let unknown = title("scan", "nonesuch", &parameters);
        assert_eq!(unknown, "scan x nonesuch:children=7:pages=512");
    }
}
