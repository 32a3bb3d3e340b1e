//! A against A: whether verdicts can be trusted on the machine at hand. The same scheme is measured in
//! pairs of rounds; lots decide which round of a pair is called A and which B. A difference that is
//! claimed between them is wrong, and one of 5 % that is put into B should be found.

mod measure;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use harness::statistics::{Ratio, Verdict, paired};
use harness::tools::shown;

use measure::{Figure, measure};

/// How much slower B is made, in percent.
const INJECTED: u64 = 5;

/// Of 100 seeds, so many must be judged rightly.
const REQUIRED: usize = 95;

/// What came of one figure over all seeds.
#[derive(Debug, Default)]
struct Tally {
    /// Seeds in which it was compared.
    compared: usize,
    /// Seeds without a claim where there is nothing to claim.
    unresolved: usize,
    /// Seeds in which the slowdown was found.
    found: usize,
    /// Widths of intervals.
    widths: Vec<f64>,
}

/// Runs the comparison for so many seeds.
pub fn run(root: &Path, seeds: u16, rounds: u16) -> Result<(), String> {
    if cfg!(debug_assertions) {
        return optimised(root, seeds, rounds);
    }
    let start = Instant::now();
    let mut tallies: BTreeMap<Figure, Tally> = BTreeMap::new();
    let mut quiet = 0;
    for seed in 1..=seeds {
        let figures = measure(seed.into(), rounds)?;
        let mut random = fastrand::Rng::with_seed(seed.into());
        let lots: Vec<bool> = (0..rounds / 2).map(|_| random.bool()).collect();
        let mut all_unresolved = true;
        for (figure, costs) in figures {
            let tally = tallies.entry(figure).or_default();
            let Some(same) = compare(&costs, &lots, 0) else { continue };
            let unresolved = same.verdict == Some(Verdict::NoDifference);
            all_unresolved &= unresolved;
            tally.compared += 1;
            tally.unresolved += usize::from(unresolved);
            let slowed = compare(&costs, &lots, INJECTED).and_then(|ratio| ratio.verdict);
            tally.found += usize::from(slowed == Some(Verdict::Slower));
            tally.widths.extend(same.interval.map(|[low, high]| high - low));
        }
        quiet += usize::from(all_unresolved);
        eprint!("\rseed {seed} of {seeds}");
    }
    eprintln!();
    let seconds = start.elapsed().as_secs_f64() / f64::from(seeds);
    print!("{}", table(&tallies));
    println!("{seeds} seeds of {} pairs, {seconds:.2} s each", rounds / 2);
    println!("A against A: no difference resolved in any figure with {quiet} of {seeds} seeds");
    let forks = tallies.iter().filter(|(figure, _)| figure.is_fork());
    let found = forks.map(|(_, tally)| tally.found).min().unwrap_or(0);
    println!(
        "B made {INJECTED} % slower: every `fork` is slower with {found} of {seeds} seeds or more"
    );
    let enough = |count: usize| count * 100 >= REQUIRED * usize::from(seeds);
    if enough(quiet) && enough(found) {
        Ok(())
    } else {
        Err(format!(
            "fewer than {REQUIRED} % of seeds were judged rightly; close other programs, or compare more \
             pairs with --rounds"
        ))
    }
}

/// The same chore, optimised as the tool that people measure with.
fn optimised(root: &Path, seeds: u16, rounds: u16) -> Result<(), String> {
    let mut command = Command::new("cargo");
    command
        .args(["run", "--quiet", "--profile", "tool", "--package", "xtask", "--", "aa"])
        .args(["--seeds", &seeds.to_string(), "--rounds", &rounds.to_string()])
        .current_dir(root);
    let status = command.status().map_err(|error| format!("cannot run cargo: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("`{}` failed", shown(&command))) }
}

/// B by A, where B's samples take `percent` longer than they did. `lots` says of each pair whether its
/// second round is A.
fn compare(rounds: &[measure::Costs], lots: &[bool], percent: u64) -> Option<Ratio> {
    let pairs = rounds.chunks_exact(2).zip(lots).map(|(pair, second_is_a)| {
        let (a, b) = if *second_is_a { (&pair[1], &pair[0]) } else { (&pair[0], &pair[1]) };
        Some((b.slowed(percent)?, a.slowed(0)?))
    });
    paired(&pairs.collect::<Option<Vec<_>>>()?)
}

fn table(tallies: &BTreeMap<Figure, Tally>) -> String {
    let [figure, width] = ["figure", "interval's width"];
    let heading =
        format!("{figure:<34} {:>9} {:>9} {:>6} {width:>18}\n", "compared", "no claim", "found");
    let rows = tallies.iter().map(|(figure, tally)| {
        let Tally { compared, unresolved, found, widths } = tally;
        let mut widths = widths.clone();
        widths.sort_unstable_by(f64::total_cmp);
        let typical = widths.get(widths.len() / 2).copied().unwrap_or_default() * 100.0;
        let figure = figure.to_string();
        format!("{figure:<34} {compared:>9} {unresolved:>9} {found:>6} {typical:>16.1} %\n")
    });
    heading + &rows.collect::<String>()
}
