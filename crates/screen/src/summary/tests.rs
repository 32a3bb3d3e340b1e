use wire::samples::encode;

use super::*;
use crate::page::Page;

/// What the runner tells of an op in a cell.
fn tell(summary: &mut Summary<'_>, op: &str, mut times: Vec<u64>) {
    times.sort_unstable();
    let (min, max) = (times[0], times[times.len() - 1]);
    let (count, total) = (times.len() as u64, times.iter().sum());
    summary.hear(&Record::Timed { cell: 0, op, count, total, min, max });
    let buckets: Vec<u64> = times.iter().map(|&time| histogram::bucket(time) as u64).collect();
    let mut first = 0;
    for piece in buckets.chunks(3) {
        let mut room = [0; 64];
        let (_, bytes) = encode(piece, &mut room);
        summary.hear(&Record::Histogram { cell: 0, op, first, buckets: bytes });
        first += piece.len() as u64;
    }
}

fn tell_cell(
    summary: &mut Summary<'_>,
    (round, scheme, workload, pages): (u16, &str, &str, u64),
    ops: &[(&str, &[u64])],
) {
    summary.hear(&Record::CellStarted { cell: 0, round, scheme, workload });
    summary.hear(&Record::Parameter { cell: 0, name: "pages", value: pages });
    for (op, times) in ops {
        tell(summary, op, times.to_vec());
    }
    summary.hear(&Record::CellFinished { cell: 0, failure: None });
}

fn plan(warm_up: u16) -> Vec<u8> {
    let plan = Plan { warm_up, ..runner::quick(wire::HostPresence::Uncertain) };
    let mut room = [0; wire::MAX_PLAN];
    plan.encode(&mut room).expect("MAX_PLAN suffices").to_vec()
}

fn shown(summary: &mut Summary<'_>) -> Vec<String> {
    let tables = summary.arrange();
    let drawn = |table| {
        let mut page = Page::blank();
        summary.draw(table, "cycles", &mut page, 0);
        page.to_string().trim_end().to_owned()
    };
    (0..tables).map(drawn).collect()
}

#[test]
fn a_table_shows_the_median_of_the_rounds_medians() {
    let mut memory = [Figure::NONE; 100];
    let mut summary = Summary::new();
    summary.keep_in(&mut memory);
    for (round, base) in [(0, 100), (1, 10), (2, 40)] {
        let fork = [base, base + 1, base + 2];
        tell_cell(
            &mut summary,
            (round, "scan", "fork-exit", 4),
            &[("fork", &fork), ("exit", &[7])],
        );
        tell_cell(&mut summary, (round, "pte-next", "fork-exit", 4), &[("fork", &[base, 5000])]);
    }
    insta::assert_snapshot!(shown(&mut summary).join("\n\n"));
}

#[test]
fn rounds_that_warm_up_do_not_count() {
    let mut memory = [Figure::NONE; 100];
    let mut summary = Summary::new();
    summary.keep_in(&mut memory);
    summary.hear(&Record::RunStarted { cells: 2, plan: &plan(1) });
    for (round, time) in [(0, 1), (1, 50)] {
        tell_cell(&mut summary, (round, "scan", "fork-exit", 4), &[("fork", &[time])]);
    }
    let tables = shown(&mut summary);
    assert!(tables[0].contains("50") && !tables[0].contains(" 1\n"), "{tables:?}");
    assert_eq!(summary.used, 1);
}

#[test]
fn tables_come_in_the_plans_order_and_not_in_that_of_the_cells() {
    let mut memory = [Figure::NONE; 100];
    let mut summary = Summary::new();
    summary.keep_in(&mut memory);
    summary.hear(&Record::RunStarted { cells: 2, plan: &plan(0) });
    for workload in ["snapshot", "trace", "shell", "fork-exit"] {
        for scheme in ["pte-next", "scan"] {
            tell_cell(&mut summary, (0, scheme, workload, 4), &[("exit", &[3]), ("fork", &[3])]);
        }
    }
    let tables = shown(&mut summary);
    let titles: Vec<&str> =
        tables.iter().filter_map(|table| table.trim().split(',').next()).collect();
    assert_eq!(titles, ["fork-exit", "shell", "snapshot", "trace"]);
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let rows: Vec<_> = tables[0].lines().skip(1).map(words).collect();
    assert_eq!(rows, [vec!["fork", "exit"], vec!["scan", "3", "3"], vec!["pte-next", "3", "3"]]);
}

#[test]
fn one_workload_with_other_parameters_has_a_table_of_its_own() {
    let mut memory = [Figure::NONE; 100];
    let mut summary = Summary::new();
    summary.keep_in(&mut memory);
    for pages in [4, 64, 4] {
        tell_cell(&mut summary, (0, "scan", "fork-exit", pages), &[("fork", &[pages])]);
    }
    let tables = shown(&mut summary);
    assert_eq!(tables.len(), 2);
    assert!(tables[0].contains("pages=4\n") && tables[1].contains("pages=64\n"), "{tables:?}");
}

#[test]
fn what_does_not_fit_a_page_goes_to_the_next() {
    let mut memory = vec![Figure::NONE; 2000];
    let mut summary = Summary::new();
    summary.keep_in(&mut memory);
    let ops: Vec<(&str, &[u64])> =
        Op::ALL[..20].iter().map(|op| (op.name(), &[1_u64 << 40][..])).collect();
    let schemes: Vec<String> = (0..25).map(|number| format!("scheme-{number}")).collect();
    for scheme in &schemes {
        tell_cell(&mut summary, (0, scheme, "fork-exit", 4), &ops);
    }
    let tables = shown(&mut summary);
    for name in schemes.iter().map(String::as_str).chain(Op::ALL[..20].iter().map(|op| op.name())) {
        assert!(tables.iter().any(|table| table.contains(name)), "{name} is on no page");
    }
    assert!(tables.iter().all(|table| table.lines().count() <= TABLE_ROWS));
    let figures: usize = tables.iter().map(|table| table.matches("1099511627776").count()).sum();
    // The middle of a bucket that wide is its only value, since least and most say so.
    assert_eq!(figures, 25 * 20);
}

#[test]
fn without_memory_there_are_no_tables() {
    let mut summary = Summary::new();
    tell_cell(&mut summary, (0, "scan", "fork-exit", 4), &[("fork", &[1])]);
    assert!(shown(&mut summary).is_empty());
}

mod median {
    use proptest::prelude::*;

    use super::super::Median;

    fn streamed(values: &[u64], piece: usize) -> Option<u64> {
        let mut median = Median::new(values.len() as u64, values[0]..=values[values.len() - 1]);
        let mut found = Vec::new();
        for values in values.chunks(piece) {
            let buckets: Vec<u64> =
                values.iter().map(|&value| histogram::bucket(value) as u64).collect();
            let mut room = [0; 2000];
            let (_, bytes) = wire::samples::encode(&buckets, &mut room);
            found.extend(median.take(bytes));
        }
        assert!(found.len() <= 1, "found twice");
        found.pop()
    }

    proptest! {
        #[test]
        fn it_is_the_value_of_the_middle_rank(
            mut values in prop::collection::vec(0..1_u64 << 50, 1..100), piece in 1..20_usize,
        ) {
            values.sort_unstable();
            let exact = values[(values.len() - 1) / 2];
            let found = streamed(&values, piece).expect("there are values");
            prop_assert!(found.abs_diff(exact) * 100 <= exact, "{found} instead of {exact}");
        }

        #[test]
        fn hostile_buckets_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..200), count: u64, least: u64, most: u64) {
            let mut median = Median::new(count, least..=most);
            let _ = median.take(&bytes);
        }
    }
}
