//! What the guest has to say, in order and without loss. Names travel as text, so a new scheme,
//! operation or counter needs no change here.

use core::fmt;

use postcard_schema::Schema;
use serde::{Deserialize, Serialize};

/// One record of the stream.
#[expect(clippy::large_enum_variant, reason = "one lives at a time, and a crash must not allocate")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub enum Record<'a> {
    /// Something found out about the machine; the names are listed in `docs/results-format.md`.
    Fact {
        /// Such as `cpu.brand` or `cr0.firmware`.
        name: &'a str,
        /// What it is.
        value: Value<'a>,
    },
    /// The machine cannot run the plan.
    Refused(Refusal<'a>),
    /// The plan's cells follow.
    RunStarted {
        /// How many cells, over all rounds, those that warm up included.
        cells: u32,
        /// The plan that runs, in postcard, so that every capture explains itself.
        plan: &'a [u8],
    },
    /// A cell is about to run.
    CellStarted {
        /// Counts cells from 0.
        cell: u32,
        /// The round, from 0; the plan's first ones warm up.
        round: u16,
        /// The scheme's id.
        scheme: &'a str,
        /// The workload's id.
        workload: &'a str,
    },
    /// A parameter of the cell, defaults included.
    Parameter {
        /// The cell.
        cell: u32,
        /// The parameter's name.
        name: &'a str,
        /// Its value.
        value: u64,
    },
    /// All timed operations of one kind together; it comes before their histogram and samples.
    Timed {
        /// The cell.
        cell: u32,
        /// An op name of the results contract.
        op: &'a str,
        /// How many.
        count: u64,
        /// Their sum, in the run's unit as the next two.
        total: u64,
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// The buckets of timed operations of one kind, ascending.
    Histogram {
        /// The cell.
        cell: u32,
        /// An op name.
        op: &'a str,
        /// How many values came before in this cell.
        first: u64,
        /// Numbers of log-linear buckets, as often as there are values in each, in the code of
        /// [`crate::samples`].
        buckets: &'a [u8],
    },
    /// The first timed operations of one kind, in the order in which they were made: as many as the plan
    /// keeps.
    Samples {
        /// The cell.
        cell: u32,
        /// An op name.
        op: &'a str,
        /// How many came before in this cell.
        first: u32,
        /// In the run's unit, in the code of [`crate::samples`].
        values: &'a [u8],
    },
    /// How much work an operation did, for its cost per unit.
    Work {
        /// The cell.
        cell: u32,
        /// An op name.
        op: &'a str,
        /// `pte`, `vma`, `probe` or `page`.
        unit: &'a str,
        /// The sum over all samples of the op.
        count: u64,
    },
    /// A part of the cell: what was timed in it, and the memory in use as it ended.
    Phase {
        /// The cell.
        cell: u32,
        /// Its name.
        name: &'a str,
        /// How many operations were timed.
        operations: u64,
        /// Their sum, in the run's unit.
        total: u64,
        /// Memory at its end.
        memory: Memory,
    },
    /// A counter, outcome or footprint figure of the cell.
    Count {
        /// The cell.
        cell: u32,
        /// Where it belongs.
        group: Group,
        /// Its name.
        name: &'a str,
        /// Its value.
        value: u64,
    },
    /// How much the scheme knew at one moment of a cell: anonymous pages that were mapped, by how many
    /// of their users it could name.
    Survey {
        /// The cell.
        cell: u32,
        /// How many came before in this cell.
        number: u32,
        /// Pages of which it knew every user.
        exact: u32,
        /// Pages of which it knew some.
        partial: u32,
        /// Pages of which it knew none.
        unknown: u32,
    },
    /// How far random events have come in a cell; the last one counts.
    Verified {
        /// The cell.
        cell: u32,
        /// Events that did what they should.
        events: u64,
        /// Times that everything was checked against the oracle.
        checks: u64,
    },
    /// A random event did not do what it should; the cell ends.
    Mismatch {
        /// The cell.
        cell: u32,
        /// The seed of the world in which it happened.
        seed: u64,
        /// Which event of that world, from 1; the last one if it shows only as all is taken apart.
        event: u64,
        /// What is wrong, as a clause.
        what: &'a str,
    },
    /// The cell did not run: the machine has too little memory for it. Others may have run.
    CellNotRun {
        /// The cell.
        cell: u32,
        /// What it needs in one piece, in MiB.
        needed_mib: u32,
        /// As much there is in one piece, in MiB.
        present_mib: u32,
    },
    /// The cell is over.
    CellFinished {
        /// The cell.
        cell: u32,
        /// What the check after the cell said, `None` if all was well.
        failure: Option<&'a str>,
    },
    /// The guest ran into a wall; nothing follows but `Done`.
    Crash(Crash<'a>),
    /// All cells are done.
    RunFinished,
}

/// Memory in use at one moment of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Memory {
    /// The scheme's metadata frames, in bytes.
    pub metadata_bytes: u64,
    /// Page tables, in bytes.
    pub page_table_bytes: u64,
    /// Address spaces and VMAs, the scheme's words in them included, in bytes.
    pub slab_bytes: u64,
    /// Pages that are mapped, each as often as it is.
    pub mappings: u64,
}

/// Bytes that are no record of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotARecord;

impl fmt::Display for NotARecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the bytes are no record of this version")
    }
}

impl core::error::Error for NotARecord {}

/// Takes COBS off one record of the stream, in place; `stuffed` is what stands between two zeros.
///
/// # Errors
/// The bytes are no COBS.
pub fn unstuff(stuffed: &mut [u8]) -> Result<&[u8], NotARecord> {
    let length = cobs::decode_in_place(stuffed).map_err(|_| NotARecord)?;
    Ok(&stuffed[..length])
}

impl<'a> Record<'a> {
    /// Reads a record from its bytes, COBS taken off ([`unstuff`]).
    ///
    /// # Errors
    /// The bytes are no record of this version.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, NotARecord> {
        postcard::from_bytes(bytes).map_err(|_| NotARecord)
    }
}

/// The value of a fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub enum Value<'a> {
    /// A number, shown in decimal.
    Number(u64),
    /// A register or address, shown in hexadecimal.
    Hex(u64),
    /// Text.
    Text(&'a str),
    /// Yes or no.
    Flag(bool),
}

/// Why a plan was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub enum Refusal<'a> {
    /// Memory is too small.
    Memory {
        /// What the plan needs in the whole machine, in MiB.
        needed_mib: u32,
        /// What the machine has, in MiB.
        present_mib: u32,
    },
    /// The plan has more cells than a guest can put in order.
    Cells {
        /// Cells of one round.
        planned: u32,
        /// As many can be.
        most: u32,
    },
    /// A scheme cannot serve as much memory as the plan needs.
    Reach {
        /// The scheme.
        scheme: &'a str,
        /// What the plan needs for processes and page tables, in MiB.
        needed_mib: u32,
        /// As much the scheme can serve, in MiB.
        most_mib: u32,
    },
    /// The guest does not know a name in the plan.
    Unknown {
        /// `scheme`, `workload` or `parameter`.
        what: &'a str,
        /// The name.
        name: &'a str,
    },
}

/// Which object of a cell in `summary.json` a count belongs to.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Schema,
)]
pub enum Group {
    /// `counters`
    Counters,
    /// `outcomes`
    Outcomes,
    /// `footprint`
    Footprint,
}

/// A CPU exception or panic in the guest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Crash<'a> {
    /// Such as `page fault` or `panic`, and where it is known the message.
    pub what: &'a str,
    /// Interrupt vector, `None` for a panic.
    pub vector: Option<u8>,
    /// The CPU's error code, 0 where it pushes none.
    pub error_code: u64,
    /// CR2.
    pub fault_address: u64,
    /// The CPU on which it happened, by its local APIC's number.
    pub cpu: u32,
    /// The cell that was running, if any.
    pub cell: Option<u32>,
    /// What was being done, in words; empty if that is unknown.
    pub doing: &'a str,
    /// rax rbx rcx rdx rsi rdi rbp rsp r8..r15 rip rflags, 0 where unknown.
    pub registers: [u64; 18],
    /// Return addresses, innermost first.
    pub backtrace: heapless::Vec<u64, 16>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Crash, Group, Record, Value, unstuff};

    fn survives(record: &Record<'_>) {
        let mut room = [0; 4096];
        let stuffed = postcard::to_slice_cobs(record, &mut room).expect("a short record");
        let (zero, stuffed) = stuffed.split_last_mut().expect("at least the zero");
        assert_eq!(*zero, 0);
        assert!(!stuffed.contains(&0));
        let bytes = unstuff(stuffed).expect("what we wrote");
        assert_eq!(Record::decode(bytes).as_ref(), Ok(record));
    }

    #[test]
    fn a_crash_at_its_longest_survives() {
        survives(&Record::Crash(Crash {
            what: "page fault",
            vector: Some(14),
            error_code: u64::MAX,
            fault_address: u64::MAX,
            cpu: 3,
            cell: Some(u32::MAX),
            doing: "event 7",
            registers: [u64::MAX; 18],
            backtrace: core::iter::repeat_n(u64::MAX, 16).collect(),
        }));
    }

    proptest! {
        #[test]
        fn records_survive(
            name in ".{0,40}", cell: u32, value: u64, values in prop::collection::vec(any::<u8>(), 0..2000),
        ) {
            let name = name.as_str();
            survives(&Record::Fact { name, value: Value::Text(name) });
            survives(&Record::Fact { name, value: Value::Hex(value) });
            survives(&Record::Count { cell, group: Group::Outcomes, name, value });
            survives(&Record::CellNotRun { cell, needed_mib: u32::MAX, present_mib: 9 });
            survives(&Record::CellFinished { cell, failure: Some(name) });
            survives(&Record::Survey { cell, number: 63, exact: cell, partial: 0, unknown: u32::MAX });
            survives(&Record::Verified { cell, events: value, checks: value });
            survives(&Record::Mismatch { cell, seed: value, event: value, what: name });
            survives(&Record::Timed { cell, op: name, count: value, total: value, min: 0, max: value });
            survives(&Record::Histogram { cell, op: name, first: value, buckets: &values });
            survives(&Record::Samples { cell, op: name, first: cell, values: &values });
        }

        #[test]
        fn hostile_bytes_do_not_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let _ = Record::decode(&bytes);
            let _ = unstuff(&mut bytes);
        }
    }
}
