//! A guest in a thread: the real guest's half of the line behind a unix socket.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use wire::guest::{Greeting, GuestLink, LineStuck, PlanAtHand, SerialPort};
use wire::{
    Activity, Group, HostPresence, MAX_PLAN, Memory, Name, Plan, Record, SchemeSet, Session, Value,
    WhenIncomplete, Workloads, samples,
};

/// The first bytes of no kernel's build id.
const BUILD: [u8; 8] = *b"nokernel";

/// A socket as a serial port.
#[derive(Debug)]
pub struct Line(UnixStream);

impl SerialPort for Line {
    /// A poll waits for a millisecond.
    const POLLS_PER_TURN: u32 = 100;

    fn send(&mut self, bytes: &[u8]) -> Result<(), LineStuck> {
        self.0.write_all(bytes).map_err(|_| LineStuck)
    }

    fn poll(&mut self) -> Option<u8> {
        let mut byte = [0];
        self.0.read_exact(&mut byte).ok().map(|()| byte[0])
    }
}

/// The link that a scenario speaks by.
pub type Link = GuestLink<'static, Line>;

/// Starts a guest that greets, takes the plan that it is sent or `brought`, and goes on as
/// `scenario` says. Whether it waits for a host without limit is what `brought` says.
pub fn start(
    socket: &Path,
    brought: Plan,
    scenario: impl FnOnce(&mut Link, &Plan) + Send + 'static,
) -> JoinHandle<()> {
    with_line(socket, |line| {
        line.set_read_timeout(Some(Duration::from_millis(1))).expect("a timeout is allowed");
        let (log, buffer) = (vec![0; 1 << 20].leak(), vec![0; MAX_PLAN].leak());
        let mut link = GuestLink::new(Line(line), log, Session(77), BUILD);
        let plan = match link.greet(brought.host, PlanAtHand::Brought, buffer) {
            Greeting::Plan(bytes) => Plan::decode(bytes).expect("the host sends plans"),
            Greeting::Start | Greeting::Alone => brought,
        };
        scenario(&mut link, &plan);
    })
}

/// Starts something that speaks for itself as soon as somebody listens.
pub fn with_line(socket: &Path, speak: impl FnOnce(UnixStream) + Send + 'static) -> JoinHandle<()> {
    let listener = UnixListener::bind(socket).expect("a new path");
    thread::spawn(move || speak(listener.accept().expect("somebody listens").0))
}

/// A plan of these workloads under two schemes, for a host that is there.
pub fn plan(workloads: &[&str], rounds: u16) -> Plan {
    let name = |text: &str| Name::try_from(text).expect("it is short");
    let mut listed = Workloads::default();
    for workload in workloads {
        listed.add(workload, SchemeSet::first(2), []).expect("room");
    }
    Plan {
        name: name("own"),
        activity: Activity::Measure,
        schemes: ["scan", "pte-next"].map(name).into_iter().collect(),
        workloads: listed,
        trace: None,
        rounds,
        warm_up: 0,
        seed: 5,
        cpus: 1,
        when_incomplete: WhenIncomplete::Refuse,
        raw_samples: wire::RAW_SAMPLES,
        host: HostPresence::Certain,
    }
}

/// A guest that measures all of its plan.
pub fn whole_run(link: &mut Link, plan: &Plan) {
    introduce(link, plan, "exact");
    measure(link, plan, None);
    link.finish();
}

/// Says all of `records`.
pub fn say(link: &mut Link, records: &[Record<'_>]) {
    for record in records {
        link.record(record).expect("the log is large");
    }
}

/// What a guest says of a machine that counts instructions.
pub fn introduce(link: &mut Link, plan: &Plan, execution: &str) {
    let mut room = [0; MAX_PLAN];
    let encoded = plan.encode(&mut room).expect("it fits");
    let cells = plan.schemes.len() * plan.workloads.len() * usize::from(plan.rounds);
    say(
        link,
        &[
            Record::Fact { name: "execution", value: Value::Text(execution) },
            Record::Fact { name: "tsc_hz", value: Value::Number(1_000_000_000) },
            Record::RunStarted { cells: cells as u32, plan: encoded },
        ],
    );
}

/// Runs every cell of the plan, from the last to the first: each has 100 forks of 50 PTEs, dearer from
/// scheme to scheme, and ends with what `failure` says. Every round is the same.
pub fn measure(link: &mut Link, plan: &Plan, failure: Option<&str>) {
    measure_with_drift(link, plan, 0, failure);
}

/// As [`measure`], but each fork takes `drift` more from round to round.
pub fn measure_with_drift(link: &mut Link, plan: &Plan, drift: u64, failure: Option<&str>) {
    let mut cell = 0;
    for round in 0..plan.rounds {
        for workload in plan.workloads.iter().collect::<Vec<_>>().into_iter().rev() {
            let schemes = plan.schemes.iter().enumerate().rev();
            for (number, scheme) in schemes.filter(|(place, _)| workload.schemes.contains(*place)) {
                let ticks = 100 * (number as u64 + 1) + drift * u64::from(round);
                say(
                    link,
                    &[
                        Record::CellStarted { cell, round, scheme, workload: workload.name },
                        Record::Parameter { cell, name: "pages", value: 50 },
                    ],
                );
                forks(link, cell, ticks);
                surveys(link, cell, 0);
                say(link, &[Record::CellFinished { cell, failure }]);
                link.flush();
                cell += 1;
            }
        }
    }
    say(link, &[Record::RunFinished]);
}

/// Two surveys, of 40 pages each.
fn surveys(link: &mut Link, cell: u32, exact: u32) {
    for number in 0..2 {
        let survey = Record::Survey { cell, number, exact, partial: number, unknown: 40 - number };
        say(link, &[survey]);
    }
}

fn forks(link: &mut Link, cell: u32, ticks: u64) {
    let (mut room, mut more_room) = ([0; 64], [0; 64]);
    let (taken, values) = samples::encode(&[ticks; 100], &mut room);
    assert_eq!(taken, 100);
    let bucket = histogram::bucket(ticks) as u64;
    let (_, buckets) = samples::encode(&[bucket; 100], &mut more_room);
    let memory =
        Memory { metadata_bytes: 4096, page_table_bytes: 8192, slab_bytes: 4096, mappings: 150 };
    let count = |group, name, value| Record::Count { cell, group, name, value };
    say(
        link,
        &[
            Record::Timed {
                cell,
                op: "fork",
                count: 100,
                total: 100 * ticks,
                min: ticks,
                max: ticks,
            },
            Record::Histogram { cell, op: "fork", first: 0, buckets },
            Record::Samples { cell, op: "fork", first: 0, values },
            Record::Phase { cell, name: "work", operations: 100, total: 100 * ticks, memory },
            Record::Work { cell, op: "fork", unit: "pte", count: 5000 },
            count(Group::Counters, "pte_writes", 7),
            count(Group::Outcomes, "find_exact", 3),
            count(Group::Footprint, "mappings_peak", 200),
            count(Group::Footprint, "metadata_peak_bytes", 4096),
        ],
    );
}
