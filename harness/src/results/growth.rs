//! How costs grow along a plan's sweeps: one parameter varies, the others rest.

use std::collections::BTreeMap;

use serde::Serialize;

use super::CellSummary;
use crate::statistics::growth;

/// How the median of an op grows with a parameter.
#[derive(Clone, Debug, Serialize)]
pub struct GrowthSummary {
    /// The scheme's id.
    pub scheme: String,
    /// The workload's id.
    pub workload: String,
    /// The parameter that varies.
    pub parameter: String,
    /// All others.
    pub params: BTreeMap<String, u64>,
    /// The op.
    pub op: String,
    /// `constant`, `log`, `linear` or `quadratic`.
    pub law: &'static str,
    /// a, b and c of a + b x + c x², or of a + b log₂ x.
    pub coefficients: [f64; 3],
    /// The relative error of a prediction.
    pub error: f64,
    /// The law in words.
    pub text: String,
}

/// The growth of every op along every sweep of `cells` that is long enough to tell laws apart.
pub fn growths(cells: &[CellSummary]) -> Vec<GrowthSummary> {
    sweeps(cells).iter().flat_map(Sweep::growths).collect()
}

struct Sweep<'c> {
    parameter: &'c str,
    others: BTreeMap<String, u64>,
    /// Each value with its cell.
    cells: Vec<(u64, &'c CellSummary)>,
}

fn sweeps(cells: &[CellSummary]) -> Vec<Sweep<'_>> {
    let mut sweeps: Vec<Sweep<'_>> = Vec::new();
    for cell in cells {
        for (parameter, &value) in &cell.params {
            let mut others = cell.params.clone();
            others.remove(parameter);
            let known = sweeps.iter_mut().find(|sweep| {
                let (_, first) = sweep.cells[0];
                let alike = (&first.scheme, &first.workload) == (&cell.scheme, &cell.workload);
                alike && sweep.parameter == parameter && sweep.others == others
            });
            match known {
                Some(sweep) => sweep.cells.push((value, cell)),
                None => sweeps.push(Sweep { parameter, others, cells: vec![(value, cell)] }),
            }
        }
    }
    sweeps.retain(|sweep| sweep.cells.len() > 1);
    sweeps
}

impl Sweep<'_> {
    fn growths(&self) -> Vec<GrowthSummary> {
        let (_, first) = self.cells[0];
        let ops = first.ops.iter().map(|op| op.op.as_str());
        ops.filter_map(|op| self.growth(first, op)).collect()
    }

    fn growth(&self, first: &CellSummary, op: &str) -> Option<GrowthSummary> {
        let of = |cell: &CellSummary| cell.ops.iter().find(|found| found.op == op).map(|op| op.p50);
        let points = self.cells.iter().filter_map(|&(value, cell)| Some((value, of(cell)?)));
        let found = growth(&points.collect::<Vec<_>>())?;
        Some(GrowthSummary {
            scheme: first.scheme.clone(),
            workload: first.workload.clone(),
            parameter: self.parameter.to_owned(),
            params: self.others.clone(),
            op: op.to_owned(),
            law: found.law.name(),
            coefficients: found.coefficients,
            error: found.error,
            text: found.line(op, self.parameter.trim_end_matches('s')),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::growths;
    use crate::results::{CellEnd, CellRun, OpRun, Run, Summary};

    /// A cell whose forks take so many units.
    fn cell(pages: u64, fork: u64) -> CellRun {
        CellRun {
            scheme: "scan".to_owned(),
            workload: "fork-exit".to_owned(),
            parameters: [("pages".to_owned(), pages), ("children".to_owned(), 1)].into(),
            ops: [("fork".to_owned(), OpRun::of(&[fork; 3]))].into(),
            end: Some(CellEnd::Passed),
            ..CellRun::default()
        }
    }

    fn summary(cells: impl IntoIterator<Item = CellRun>) -> Summary {
        let mut run = Run::default();
        run.cells.extend((0..).zip(cells));
        Summary::of(&run, true, None)
    }

    #[test]
    fn a_sweep_of_one_parameter_tells_how_a_cost_grows_with_it() {
        let summary = summary([16, 64, 256, 1024].map(|pages| cell(pages, 1000 + 62 * pages)));
        let found = growths(&summary.cells);
        assert_eq!(found.len(), 1, "children do not vary");
        assert_eq!((found[0].law, found[0].parameter.as_str()), ("linear", "pages"));
        assert!((found[0].coefficients[1] - 62.0).abs() < 0.1, "{:?}", found[0]);
        assert!(found[0].text.contains("per page (linear"), "{}", found[0].text);
    }

    #[test]
    fn a_short_sweep_tells_nothing() {
        assert!(growths(&summary([cell(16, 100), cell(64, 400)]).cells).is_empty());
    }
}
