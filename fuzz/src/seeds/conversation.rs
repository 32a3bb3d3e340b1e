//! A whole conversation of a guest with its host, seen from either end.

use std::collections::VecDeque;

use harness::link::{Answer, Notice, PlanBytes, Receiver};
use wire::guest::{Delivery, Greeting, GuestLink, LineStuck, PlanAtHand, SerialPort};
use wire::{
    Crash, Decoded, FrameDecoder, Group, HostPresence, MAX_PLAN, Memory, Plan, Record, Refusal,
    Value, samples,
};

use super::{Seed, seed};
use crate::framing::joined;
use crate::guest_answers::SESSION;

/// What the host hears: off the line in large and in small chunks, as frames, as records.
pub(super) fn guest_seeds() -> Vec<Seed> {
    let line = converse(Answer::Start).said;
    let chunked = |size: u8| [&[size - 1], &b"GRUB loading.\r\n"[..], &line].concat();
    let crash = encoded(&[Record::Crash(crash())]);
    let refusal = Refusal::Memory { needed_mib: 900, present_mib: 500 };
    vec![
        seed("line", 0, &chunked(200)),
        seed("line-in-small-chunks", 0, &chunked(3)),
        seed("frames", 1, &joined(&payloads(&line))),
        seed("records", 2, &joined(&encoded(&records(&plan())))),
        seed("records-crash", 2, &joined(&crash)),
        seed("records-refusal", 2, &joined(&encoded(&[Record::Refused(refusal)]))),
    ]
}

/// What the guest hears: contents of frames, and bytes of the line.
pub(super) fn host_seeds() -> Vec<Seed> {
    let answers = [("start", Answer::Start), ("plan", Answer::Plan(PlanBytes::from(&quick())))];
    let seeds = answers.into_iter().flat_map(|(name, answer)| {
        let replies = converse(answer).heard;
        let contents: Vec<Vec<u8>> = replies.iter().flat_map(|reply| payloads(reply)).collect();
        [
            seed(&format!("{name}-frames"), 0, &joined(&contents)),
            seed(&format!("{name}-line"), 1, &joined(&replies)),
        ]
    });
    seeds.collect()
}

fn quick() -> Plan {
    runner::quick(HostPresence::Uncertain)
}

fn plan() -> Vec<u8> {
    quick().encode(&mut [0; MAX_PLAN]).expect("MAX_PLAN suffices").to_vec()
}

fn converse(answer: Answer) -> Cable {
    let (mut log, mut room) = (vec![0; 1 << 16], vec![0; MAX_PLAN]);
    let mut link = GuestLink::new(Cable::to(answer), &mut log, SESSION, [1; 8]);
    let greeting = link.greet(HostPresence::Uncertain, PlanAtHand::DefaultOnly, &mut room);
    assert_ne!(greeting, Greeting::Alone);
    for record in records(&plan()) {
        link.record(&record).expect("the log is large");
        link.flush();
    }
    assert_eq!(link.finish(), Delivery::Acknowledged);
    link.into_port()
}

/// A line without loss to the host's end of the link.
struct Cable {
    host: Receiver,
    said: Vec<u8>,
    heard: Vec<Vec<u8>>,
    inbox: VecDeque<u8>,
}

impl Cable {
    fn to(answer: Answer) -> Self {
        let host = Receiver::new(answer);
        Self { host, said: Vec::new(), heard: Vec::new(), inbox: VecDeque::new() }
    }
}

impl SerialPort for Cable {
    const POLLS_PER_TURN: u32 = 2048;

    fn send(&mut self, bytes: &[u8]) -> Result<(), LineStuck> {
        self.said.extend(bytes);
        for notice in self.host.push(bytes) {
            if let Notice::Reply(reply) = notice {
                self.inbox.extend(&reply);
                self.heard.push(reply);
            }
        }
        Ok(())
    }

    fn poll(&mut self) -> Option<u8> {
        self.inbox.pop_front()
    }
}

/// The contents of the frames on a line.
fn payloads(line: &[u8]) -> Vec<Vec<u8>> {
    let mut decoder = FrameDecoder::default();
    let mut payloads = Vec::new();
    for &byte in line {
        if let Some(Decoded::Frame(payload)) = decoder.push(byte) {
            payloads.push(payload.to_vec());
        }
    }
    payloads
}

fn encoded(records: &[Record<'_>]) -> Vec<Vec<u8>> {
    records
        .iter()
        .map(|record| postcard::to_stdvec(record).expect("memory is all it takes"))
        .collect()
}

/// One of each kind that an orderly run says, two rounds of one cell.
fn records(plan: &[u8]) -> Vec<Record<'_>> {
    let mut records = vec![
        Record::Fact { name: "execution", value: Value::Text("exact") },
        Record::Fact { name: "tsc_hz", value: Value::Number(1_000_000_000) },
        Record::Fact { name: "cr0.firmware", value: Value::Hex(0x8000_0011) },
        Record::Fact { name: "feature.pcid", value: Value::Flag(false) },
        Record::RunStarted { cells: 2, plan },
    ];
    for round in 0..2 {
        records.extend(cell(round));
    }
    records.push(Record::RunFinished);
    records
}

fn cell(round: u16) -> Vec<Record<'static>> {
    let cell = u32::from(round);
    let memory =
        Memory { metadata_bytes: 4096, page_table_bytes: 8192, slab_bytes: 4096, mappings: 150 };
    let count = |group, name| Record::Count { cell, group, name, value: 7 };
    let ticks: &[u8] = {
        let mut room = [0; 64];
        let (_, values) = samples::encode(&[100_u64; 8], &mut room);
        values.to_vec().leak()
    };
    vec![
        Record::CellStarted { cell, round, scheme: "pte-next", workload: "fork-exit" },
        Record::Parameter { cell, name: "pages", value: 50 },
        Record::Timed { cell, op: "fork", count: 8, total: 800, min: 100, max: 100 },
        Record::Histogram { cell, op: "fork", first: 0, buckets: ticks },
        Record::Samples { cell, op: "fork", first: 0, values: ticks },
        Record::Phase { cell, name: "work", operations: 8, total: 800, memory },
        Record::Work { cell, op: "fork", unit: "pte", count: 400 },
        count(Group::Counters, "pte_writes"),
        count(Group::Outcomes, "find_exact"),
        count(Group::Footprint, "mappings_peak"),
        Record::Survey { cell, number: 0, exact: 3, partial: 0, unknown: 4 },
        Record::Verified { cell, events: 9, checks: 2 },
        Record::Mismatch { cell, seed: 1, event: 2, what: "frame 3 is lost" },
        Record::CellFinished { cell, failure: None },
    ]
}

fn crash() -> Crash<'static> {
    Crash {
        what: "page fault",
        vector: Some(14),
        error_code: 2,
        fault_address: 0xdead_beef,
        cpu: 0,
        cell: Some(0),
        doing: "event 7 in phase work: fork 0 -> 1",
        registers: [1; 18],
        backtrace: [0xffff_ffff_8010_0000; 2].into_iter().collect(),
    }
}
