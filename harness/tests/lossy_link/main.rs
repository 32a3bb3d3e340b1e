//! Guest and host over lines that lose, change, double and invent bytes.

mod cable;
mod latecomers;
mod noise;
mod turns;

use std::time::Duration;

use cable::Cable;
use harness::link::{Answer, Ending, Notice, PlanBytes, Receiver};
use noise::Noise;
use proptest::prelude::*;
use wire::guest::{Delivery, Greeting, GuestLink, PlanAtHand};
use wire::{
    Activity, Crash, HostPresence, MAX_PLAN, Name, Plan, Record, Session, Value, WhenIncomplete,
    Workloads,
};

const BUILD: [u8; 8] = *b"build id";
const SESSION: Session = Session::draw(0x1_2345);

/// The records of a run with this many cells.
fn records(cells: u32) -> Vec<Record<'static>> {
    const VALUES: &[u8] = &[0, 1, 2, 0x7E, 0, 0xFF, 10, 13, 0, 65, 66, 67];
    let mut records = vec![Record::Fact { name: "cpu.brand", value: Value::Text("a CPU") }];
    for cell in 0..cells {
        records.push(Record::CellStarted { cell, round: 0, scheme: "scan", workload: "fork-exit" });
        for first in 0..10 {
            let length = ((cell + first) as usize) % VALUES.len();
            let values = &VALUES[..length];
            records.push(Record::Samples { cell, op: "fault_cow", first, values });
        }
        records.push(Record::CellFinished { cell, failure: None });
    }
    records.push(Record::RunFinished);
    records
}

fn encoded(records: &[Record<'_>]) -> Vec<Vec<u8>> {
    let bytes = |record| postcard::to_slice(record, &mut [0; 600]).expect("short").to_vec();
    records.iter().map(bytes).collect()
}

fn crash() -> Record<'static> {
    Record::Crash(Crash {
        what: "page fault",
        vector: Some(14),
        error_code: 2,
        fault_address: 0xDEAD_BEEF,
        cpu: 0,
        cell: None,
        doing: "event 7",
        registers: [7; 18],
        backtrace: [1, 2, 3].into_iter().collect(),
    })
}

fn plan() -> Plan {
    let name = |text: &str| Name::try_from(text).expect("a short name");
    let schemes = ["scan", "pte-next", "hint-exclusive", "lineage", "pv-hash", "pte-chain-block"];
    Plan {
        name: name("long"),
        activity: Activity::Measure,
        schemes: schemes.iter().cycle().take(24).map(|id| name(id)).collect(),
        workloads: Workloads::default(),
        trace: None,
        rounds: 3,
        warm_up: 0,
        seed: 7,
        cpus: 1,
        when_incomplete: WhenIncomplete::Scan,
        raw_samples: wire::RAW_SAMPLES,
        host: HostPresence::Certain,
    }
}

/// Says all records, flushing after every few, and ends the run.
fn say(link: &mut GuestLink<'_, Cable>, records: &[Record<'_>]) -> Delivery {
    for some in records.chunks(16) {
        for record in some {
            link.record(record).expect("the log is large");
        }
        link.flush();
    }
    link.finish()
}

/// A whole run with a host that is certain to be there.
fn run(cable: Cable, records: &[Record<'_>]) -> (Cable, Delivery) {
    let mut log = vec![0; 1 << 20];
    let mut link = GuestLink::new(cable, &mut log, SESSION, BUILD);
    let greeting = link.greet(HostPresence::Certain, PlanAtHand::Brought, &mut []);
    assert_eq!(greeting, Greeting::Start);
    let delivery = say(&mut link, records);
    (link.into_port(), delivery)
}

/// Ends the input.
fn end(cable: &mut Cable) -> Ending {
    cable.host.as_mut().expect("a host").finish()
}

/// What a recording holds: its records up to the first hole, and how it ended.
fn replay(raw: &[u8]) -> (Vec<Vec<u8>>, Ending) {
    let mut host = Receiver::new(Answer::Silent);
    let mut records = Vec::new();
    for notice in raw.chunks(100).flat_map(|bytes| host.push(bytes)) {
        match notice {
            Notice::Record(record) => records.push(record),
            Notice::Reply(_) => panic!("a recording was answered"),
            _ => {}
        }
    }
    (records, host.finish())
}

#[test]
fn a_good_line_takes_every_record_once() {
    let said = records(20);
    let (mut cable, delivery) = run(Cable::new(Some(Answer::Start), Noise::NONE, 0), &said);
    let ending = end(&mut cable);
    assert_eq!(delivery, Delivery::Acknowledged);
    assert_eq!(cable.heard.records, encoded(&said));
    assert!(ending.complete && ending.missing.is_empty());
    let counters = ending.counters;
    assert_eq!((counters.naks, counters.duplicate_bytes, counters.damaged_stretches), (0, 0, 0));
    let versions = wire::Versions::OURS;
    let greeted = Notice::Greeted {
        protocol: versions.protocol,
        schema_key: versions.schema_key,
        build_id: BUILD,
        has_plan: true,
    };
    assert_eq!(cable.heard.notices, [greeted, Notice::Complete]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_bad_line_takes_every_record_all_the_same(seed: u64, cells in 0..30_u32) {
        let said = records(cells);
        let (mut cable, delivery) = run(Cable::new(Some(Answer::Start), Noise::BAD, seed), &said);
        prop_assert_eq!(delivery, Delivery::Acknowledged);
        prop_assert_eq!(&cable.heard.records, &encoded(&said));
        let ending = end(&mut cable);
        prop_assert!(ending.complete && ending.missing.is_empty());
        prop_assert_eq!(ending.counters.restarts + ending.counters.bad_records, 0);
        let (replayed, ending) = replay(&cable.heard.raw);
        prop_assert_eq!(replayed, encoded(&said));
        prop_assert!(ending.complete);
    }

    #[test]
    fn answers_that_come_late_or_never_fit_the_fifo_only_cost_time(
        seed: u64,
        latency in (0..300_u64).prop_map(Duration::from_millis),
        noise in prop_oneof![Just(Noise::NONE), Just(Noise::BAD)],
    ) {
        let said = records(8);
        let mut cable = Cable::new(Some(Answer::Start), noise, seed);
        cable.latency = latency;
        let (mut cable, delivery) = run(cable, &said);
        prop_assert_eq!(delivery, Delivery::Acknowledged);
        prop_assert_eq!(&cable.heard.records, &encoded(&said));
        prop_assert!(end(&mut cable).complete);
    }

    #[test]
    fn a_plan_crosses_a_bad_line_in_chunks(seed: u64) {
        let cable = Cable::new(Some(Answer::Plan(PlanBytes::from(&plan()))), Noise::BAD, seed);
        let (mut log, mut buffer) = (vec![0; 1 << 16], vec![0; MAX_PLAN]);
        let mut link = GuestLink::new(cable, &mut log, SESSION, BUILD);
        let greeting = link.greet(HostPresence::Certain, PlanAtHand::DefaultOnly, &mut buffer);
        let Greeting::Plan(bytes) = greeting else { panic!("{greeting:?}") };
        prop_assert_eq!(Plan::decode(bytes), Ok(plan()));
        prop_assert_eq!(say(&mut link, &records(1)), Delivery::Acknowledged);
    }

    #[test]
    fn without_repair_a_recording_says_what_is_missing(seed: u64) {
        let said = encoded(&records(40));
        let mut log = vec![0; 1 << 20];
        let cable = Cable::new(Some(Answer::Silent), Noise::BAD, seed);
        let mut link = GuestLink::new(cable, &mut log, SESSION, BUILD);
        prop_assert_eq!(say(&mut link, &records(40)), Delivery::Unconfirmed);
        let mut cable = link.into_port();
        let ending = end(&mut cable);
        prop_assert!(!ending.complete && !ending.missing.is_empty());
        prop_assert!(said.starts_with(&cable.heard.records));
        let mut rest = said[cable.heard.records.len()..].iter();
        for record in &ending.records_after_holes {
            prop_assert!(rest.any(|said| said == record), "records in order, none invented");
        }
    }
}

#[test]
fn a_long_stream_crosses_a_bad_line_in_short_frames() {
    let said = records(400);
    let (mut cable, delivery) = run(Cable::new(Some(Answer::Start), Noise::BAD, 1998), &said);
    let ending = end(&mut cable);
    assert_eq!(delivery, Delivery::Acknowledged);
    assert_eq!(cable.heard.records, encoded(&said));
    assert!(ending.complete && ending.counters.naks > 100, "{:?}", ending.counters);
}

#[test]
fn a_guest_that_boots_again_begins_a_new_stream_even_if_it_drew_the_same_session() {
    let (cable, _) = run(Cable::new(Some(Answer::Start), Noise::NONE, 0), &records(100));
    let before = cable.heard.records.len();
    let (mut cable, delivery) = run(cable, &records(3));
    assert_eq!(delivery, Delivery::Acknowledged);
    assert_eq!(cable.heard.records[before..], encoded(&records(3)));
    assert!(cable.heard.notices.contains(&Notice::GuestRestarted));
    assert!(end(&mut cable).complete);
}

#[test]
fn a_crash_before_the_greeting_reaches_the_host() {
    let mut log = [0; 4096];
    let cable = Cable::new(Some(Answer::Start), Noise::BAD, 5);
    let mut link = GuestLink::new(cable, &mut log, SESSION, BUILD);
    link.record(&crash()).expect("room for a crash");
    assert_eq!(link.finish(), Delivery::Acknowledged);
    assert_eq!(link.into_port().heard.records, encoded(&[crash()]));
}
