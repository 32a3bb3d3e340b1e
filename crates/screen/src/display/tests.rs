use wire::{HostPresence, Value};
use workload::Op;

use super::*;
use crate::summary::figures;

fn plan() -> Vec<u8> {
    let mut room = [0; wire::MAX_PLAN];
    runner::quick(HostPresence::Uncertain).encode(&mut room).expect("MAX_PLAN suffices").to_vec()
}

/// A display and what it shows at each second.
struct Show {
    display: Display<'static>,
    screen: Page,
    now: Duration,
}

impl Show {
    fn new() -> Self {
        Self { display: Display::new(), screen: Page::blank(), now: Duration::ZERO }
    }

    fn hear(&mut self, record: &Record<'_>) {
        self.now += Duration::from_secs(1);
        self.display.hear(record, self.now);
    }

    fn facts(&mut self) {
        for (name, value) in [
            ("build_id", Value::Text("1a2b3c4d5e6f708192a3b4c5d6e7f80910111213")),
            ("boot.route", Value::Text("multiboot2-uefi")),
            ("cpu.brand", Value::Text("AMD EPYC 9654 96-Core Processor")),
            ("execution", Value::Text("virtualized")),
            ("unit", Value::Text("cycles")),
            ("memory.usable_kib", Value::Number(498 << 10)),
        ] {
            self.hear(&Record::Fact { name, value });
        }
    }

    fn cell(&mut self, cell: u32, failure: Option<&str>) {
        let (scheme, workload) = ("pte-next-double", "fork-exit");
        self.hear(&Record::CellStarted { cell, round: 1, scheme, workload });
        let fork = Op::Fork.name();
        self.hear(&Record::Timed { cell, op: fork, count: 1, total: 900, min: 900, max: 900 });
        let mut room = [0; 8];
        let (_, buckets) = wire::samples::encode(&[histogram::bucket(900) as u64], &mut room);
        self.hear(&Record::Histogram { cell, op: fork, first: 0, buckets });
        self.hear(&Record::CellFinished { cell, failure });
    }

    fn seen(&mut self) -> String {
        self.display.draw(self.now, &mut self.screen);
        self.screen.to_string()
    }
}

#[test]
fn a_run_as_its_screen_tells_it() {
    let mut show = Show::new();
    show.display.set_line(Some(format_args!("COM1 at 115200 baud")));
    show.facts();
    show.display.greet();
    let greeting = show.seen();
    show.hear(&Record::RunStarted { cells: 4, plan: &plan() });
    show.display.keep_figures(vec![Figure::NONE; figures(4)].leak());
    show.cell(0, None);
    show.hear(&Record::CellStarted { cell: 2, round: 0, scheme: "scan", workload: "shell" });
    let running = show.seen();
    show.hear(&Record::CellFinished { cell: 2, failure: None });
    show.hear(&Record::RunFinished);
    show.display.end(Ending::Confirmed);
    let ended = show.seen();
    insta::assert_snapshot!([greeting, running, ended].join("----\n"));
}

#[test]
fn without_a_port_the_screen_says_where_the_results_are() {
    let mut show = Show::new();
    show.facts();
    show.hear(&Record::RunStarted { cells: 1, plan: &[] });
    assert!(show.seen().contains("there is no serial port: the results stay in this machine"));
    show.hear(&Record::RunFinished);
    show.display.end(Ending::Unconfirmed);
    assert!(show.seen().contains("Results  below, and nowhere else"));
}

#[test]
fn results_that_nobody_confirmed_wait_to_be_collected() {
    let mut show = Show::new();
    show.display.set_line(Some(format_args!("COM2")));
    show.hear(&Record::RunFinished);
    show.display.end(Ending::Unconfirmed);
    assert!(show.seen().contains("no host has confirmed them; they wait here to be collected"));
}

#[test]
fn a_failed_check_is_named_and_stays() {
    let mut show = Show::new();
    show.hear(&Record::RunStarted { cells: 3, plan: &plan() });
    show.cell(0, Some("frame 7 counts 2 mappings and has 1"));
    show.cell(1, Some("another"));
    show.cell(2, None);
    let expected = "Failed   2 cells; fork-exit under pte-next-double: frame 7 counts 2 mappings";
    assert!(show.seen().contains(expected), "{}", show.screen);
    show.hear(&Record::RunFinished);
    assert!(show.seen().contains(expected), "{}", show.screen);
}

#[test]
fn a_refusal_says_why() {
    let mut show = Show::new();
    show.hear(&Record::Refused(wire::Refusal::Memory { needed_mib: 300, present_mib: 60 }));
    assert!(
        show.seen().contains("the plan cannot run: it needs 300 MiB of memory in a row and there")
    );
}

#[test]
fn pages_turn_when_all_is_done() {
    let mut show = Show::new();
    show.display.keep_figures(vec![Figure::NONE; figures(2)].leak());
    for (workload, pages) in [("fork-exit", 1), ("shell", 2)] {
        show.hear(&Record::CellStarted { cell: 0, round: 0, scheme: "scan", workload });
        show.hear(&Record::Parameter { cell: 0, name: "pages", value: pages });
        let (op, mut room) = (Op::Fork.name(), [0; 8]);
        show.hear(&Record::Timed { cell: 0, op, count: 1, total: 9, min: 9, max: 9 });
        let (_, buckets) = wire::samples::encode(&[9_u64], &mut room);
        show.hear(&Record::Histogram { cell: 0, op, first: 0, buckets });
    }
    show.hear(&Record::RunFinished);
    assert!(show.seen().contains("fork-exit, median"), "{}", show.screen);
    assert!(show.display.turn(Some(Turn::Forward), show.now));
    assert!(
        show.seen().contains("shell, median") && show.screen.to_string().contains("Page 2 of 2")
    );
    let soon = show.now + Duration::from_secs(9);
    assert!(!show.display.turn(None, soon), "there was a key");
    let later = show.now + Duration::from_secs(10);
    assert!(show.display.turn(None, later));
    assert!(show.seen().contains("fork-exit, median"));
    assert!(!show.display.turn(None, later), "the time starts anew");
}

#[test]
fn a_warning_about_the_command_line_stays() {
    let mut show = Show::new();
    let warning = "the command line's bauds=9600 is unknown and passed over";
    show.hear(&Record::Fact { name: "boot.warnings", value: Value::Text(warning) });
    show.hear(&Record::RunStarted { cells: 1, plan: &plan() });
    assert!(show.seen().contains(warning));
}

#[test]
fn cells_without_memory_are_counted() {
    let mut show = Show::new();
    show.hear(&Record::RunStarted { cells: 2, plan: &plan() });
    show.cell(0, None);
    show.hear(&Record::CellStarted { cell: 1, round: 0, scheme: "scan", workload: "shell" });
    show.hear(&Record::CellNotRun { cell: 1, needed_mib: 900, present_mib: 60 });
    show.hear(&Record::RunFinished);
    assert!(show.seen().contains("1 cells passed; 1 need more memory and did not run"));
}
