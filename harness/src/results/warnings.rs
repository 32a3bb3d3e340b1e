//! What is wrong with a result although all arrived: one sentence each, with the mend.

use super::cells::Cell;
use super::repeat::difference_in;
use super::{CellRun, Execution};
use crate::statistics::{LEAST_ROUNDS, Noise, Verdict, ratio};

/// More scatter or disagreement than this share of a median is worth a word.
const NOISY: f64 = 0.05;

/// So many figures may drift by chance: one of so many.
const CHANCE: usize = 10;

/// Ticks in a second where the guest did not say.
const TICKS_PER_SECOND: u64 = 1_000_000_000;

/// One op of one cell.
struct Figure {
    name: String,
    noise: Noise,
}

/// The warnings about `cells`. An emulator's ticks are good for no figure and are not judged.
pub(super) fn warnings(
    cells: &[Cell<'_>],
    execution: Option<Execution>,
    ticks_per_second: Option<u64>,
) -> Vec<String> {
    let ticks_per_second = ticks_per_second.filter(|&ticks| ticks > 0).unwrap_or(TICKS_PER_SECOND);
    let figures: Vec<Figure> =
        cells.iter().flat_map(|cell| figures(cell, ticks_per_second)).collect();
    let said = match execution {
        None | Some(Execution::Emulated) => vec![],
        Some(Execution::Exact) => vec![difference_in(cells)],
        Some(_) => vec![
            few_rounds(cells),
            scatter(&figures),
            disagreement(&figures),
            drift(&figures),
            clock_steps(&figures),
            frequency(cells),
            disturbed(
                cells,
                "smi",
                "system management interrupts took the CPU away",
                "turn off in the firmware's setup what raises them, such as legacy USB support",
            ),
            disturbed(
                cells,
                "thermal_events",
                "the CPU was too hot and slowed down",
                "let it cool, and cool it better",
            ),
        ],
    };
    said.into_iter().flatten().collect()
}

fn figures(cell: &Cell<'_>, ticks_per_second: u64) -> Vec<Figure> {
    let mut ops: Vec<&str> =
        cell.rounds.iter().flat_map(|round| round.ops.keys()).map(String::as_str).collect();
    ops.sort_unstable();
    ops.dedup();
    let figure = |op: &str| {
        let runs = cell.rounds.iter().filter_map(|round| round.ops.get(op));
        let rounds: Vec<Vec<u64>> =
            runs.map(|run| run.samples().map(|(_, sample)| sample).collect()).collect();
        Figure {
            name: format!("`{op}` of {} in {}", cell.scheme, cell.workload),
            noise: Noise::of(&rounds, ticks_per_second),
        }
    };
    ops.into_iter().map(figure).collect()
}

/// Cells during which the hardware counted something that disturbs them.
fn disturbed(cells: &[Cell<'_>], counter: &str, what: &str, mend: &str) -> Option<String> {
    let is_hit = |cell: &&Cell<'_>| {
        cell.rounds.iter().any(|round| round.counters.get(counter).is_some_and(|&count| count > 0))
    };
    let first = cells.iter().find(is_hit)?;
    let found = cells.iter().filter(is_hit).count();
    Some(format!(
        "{what} in {found} of {} cells (`{counter}`), such as {} in {}: {mend}, and measure again",
        cells.len(),
        first.scheme,
        first.workload
    ))
}

/// Cells that ran at different speeds of the core clock, which the TSC does not follow (Intel SDM vol. 3B,
/// 15.2: APERF counts at the core's actual frequency, MPERF at that of the TSC).
fn frequency(cells: &[Cell<'_>]) -> Option<String> {
    let speed = |round: &&CellRun| {
        let [actual, nominal] = ["aperf", "mperf"].map(|name| round.counters.get(name).copied());
        nominal
            .filter(|&nominal| nominal > 0)
            .map(|nominal| Some(ratio(actual?.into(), nominal)))?
    };
    let speeds = cells.iter().flat_map(|cell| cell.rounds.iter().filter_map(speed));
    let (slowest, fastest) = speeds
        .fold((f64::INFINITY, 0.0_f64), |(low, high), speed| (low.min(speed), high.max(speed)));
    (fastest > slowest * (1.0 + NOISY)).then(|| {
        format!(
            "the core clock went from {slowest:.2} to {fastest:.2} of the TSC's frequency: disable turbo and \
             frequency scaling, and measure again"
        )
    })
}

fn few_rounds(cells: &[Cell<'_>]) -> Option<String> {
    let rounds = cells.iter().map(|cell| cell.rounds.len()).min()?;
    let compared = cells.iter().any(|cell| cell.scheme != cells[0].scheme);
    (compared && rounds < LEAST_ROUNDS).then(|| {
        format!("{rounds} of a cell's rounds count, too few for a verdict: use --rounds {LEAST_ROUNDS} or more")
    })
}

fn scatter(figures: &[Figure]) -> Option<String> {
    let found = worst(figures, |figure| figure.noise.scatter)?;
    Some(format!(
        "samples scatter by {found}: close other programs, pin the machine to a CPU of its own, and disable \
         turbo and frequency scaling"
    ))
}

fn disagreement(figures: &[Figure]) -> Option<String> {
    let found = worst(figures, |figure| figure.noise.disagreement)?;
    Some(format!(
        "rounds disagree by {found}: close what runs from time to time, and measure more rounds"
    ))
}

/// The worst figure, and how many are noisy.
fn worst(figures: &[Figure], of: impl Fn(&Figure) -> Option<f64>) -> Option<String> {
    let noisy = figures.iter().filter_map(|figure| Some((of(figure)?, &figure.name)));
    let noisy: Vec<_> = noisy.filter(|&(noise, _)| noise > NOISY).collect();
    let (most, name) = noisy.iter().max_by(|(a, _), (b, _)| a.total_cmp(b))?;
    Some(format!(
        "up to {:.0} % of the median ({name}; more than {:.0} % in {} of {} figures)",
        most * 100.0,
        NOISY * 100.0,
        noisy.len(),
        figures.len()
    ))
}

fn drift(figures: &[Figure]) -> Option<String> {
    let ratios = figures.iter().filter_map(|figure| Some((figure.noise.drift?, &figure.name)));
    let moved = |verdict| matches!(verdict, Some(Verdict::Slower | Verdict::Faster));
    let drifting: Vec<_> = ratios.filter(|(ratio, _)| moved(ratio.verdict)).collect();
    if drifting.len() * CHANCE <= figures.len() {
        return None;
    }
    let distance = |value: f64| (value - 1.0).abs();
    let (most, name) =
        drifting.iter().max_by(|(a, _), (b, _)| distance(a.value).total_cmp(&distance(b.value)))?;
    Some(format!(
        "{} of {} figures drifted between the first half of the rounds and the second ({name}: {:+.0} %): let \
         the machine warm up, disable turbo, and measure again",
        drifting.len(),
        figures.len(),
        (most.value - 1.0) * 100.0
    ))
}

fn clock_steps(figures: &[Figure]) -> Option<String> {
    let steps: u64 = figures.iter().map(|figure| figure.noise.clock_steps).sum();
    let first = figures.iter().find(|figure| figure.noise.clock_steps > 0)?;
    Some(format!(
        "the clock stepped in {steps} samples ({} is the first figure): measure again without suspending or \
         migrating the machine, and distrust its TSC if that does not help",
        first.name
    ))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::warnings;
    use crate::results::cells::Cell;
    use crate::results::{CellRun, Execution, OpRun};

    fn round(number: u16, samples: &[u64]) -> CellRun {
        let ops = BTreeMap::from([("fork".to_owned(), OpRun::of(samples))]);
        CellRun { round: number, ops, ..CellRun::default() }
    }

    fn said(execution: Execution, rounds: u16, samples: impl Fn(u64) -> Vec<u64>) -> Vec<String> {
        let rounds: Vec<_> =
            (0..rounds).map(|number| round(number, &samples(number.into()))).collect();
        let parameters = BTreeMap::new();
        let cell = |scheme| Cell {
            scheme,
            workload: "fork-exit",
            parameters: &parameters,
            rounds: rounds.iter().collect(),
        };
        warnings(&[cell("scan"), cell("pte-next")], Some(execution), None)
    }

    #[test]
    fn a_quiet_machine_is_not_warned_of() {
        let samples = |round| (0..100).map(|sample| 1000 + sample + round % 3).collect();
        assert_eq!(said(Execution::BareMetal, 16, samples), [""; 0]);
    }

    #[test]
    fn a_cell_that_the_hardware_disturbed_is_named() {
        let cell_run = |number| {
            let mut run = round(number, &[100; 9]);
            run.counters = [("smi".to_owned(), u64::from(number == 4))].into();
            run
        };
        let rounds: Vec<_> = (0..9).map(cell_run).collect();
        let parameters = BTreeMap::new();
        let rounds = rounds.iter().collect();
        let cell = Cell { scheme: "scan", workload: "fork-exit", parameters: &parameters, rounds };
        let said = warnings(&[cell], Some(Execution::BareMetal), None);
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].contains("in 1 of 1 cells (`smi`), such as scan in fork-exit"), "{said:?}");
    }

    #[test]
    fn a_core_clock_that_changes_is_worth_a_sentence() {
        let said = |fast: u64| {
            let cell_run = |number| {
                let mut run = round(number, &[100; 9]);
                let aperf = if number == 4 { fast } else { 1000 };
                run.counters = [("aperf".to_owned(), aperf), ("mperf".to_owned(), 1000)].into();
                run
            };
            let rounds: Vec<_> = (0..9).map(cell_run).collect();
            let parameters = BTreeMap::new();
            let rounds = rounds.iter().collect();
            let cell =
                Cell { scheme: "scan", workload: "fork-exit", parameters: &parameters, rounds };
            warnings(&[cell], Some(Execution::BareMetal), None)
        };
        assert_eq!(said(1040), [""; 0]);
        assert_eq!(said(1200).len(), 1);
        assert!(said(1200)[0].contains("from 1.00 to 1.20 of the TSC's frequency"));
    }

    #[test]
    fn three_rounds_are_too_few_for_a_verdict() {
        let said = said(Execution::Model, 3, |_| vec![100; 9]);
        assert_eq!(
            said,
            ["3 of a cell's rounds count, too few for a verdict: use --rounds 8 or more"]
        );
    }

    #[test]
    fn rounds_that_disagree_are_worth_a_sentence_with_the_mend() {
        let said = said(Execution::BareMetal, 9, |round| vec![1000 + round * 531 % 900; 50]);
        assert!(said.iter().any(|said| said.starts_with("rounds disagree by up to ")), "{said:?}");
        assert!(said.iter().any(|said| said.contains("measure more rounds")), "{said:?}");
    }

    #[test]
    fn a_machine_that_grows_slower_drifts() {
        let said = said(Execution::Virtualized, 20, |round| vec![10_000 + 40 * round; 50]);
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].starts_with("2 of 2 figures drifted"), "{said:?}");
    }

    #[test]
    fn exact_rounds_that_differ_are_an_error_of_the_machine() {
        let said = said(Execution::Exact, 3, |round| vec![100, 100 + round]);
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(
            said[0].contains("did not repeat: `fork` differs between rounds 1 and 2"),
            "{said:?}"
        );
    }

    #[test]
    fn an_emulator_s_ticks_are_not_judged() {
        assert_eq!(said(Execution::Emulated, 3, |round| vec![100 + 90 * round]), [""; 0]);
    }
}
