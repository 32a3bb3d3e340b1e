//! Memory that a plan needs: on a machine that boots, and in buffers anywhere.

use rmap::SpaceId;
use vm::{FRAME_BYTES, ObjectId};
use workload::{COUNTS, Demand, Sample};

use crate::Resolved;

const MIB: u64 = 1 << 20;

/// How long each slice of a [`Scratch`](workload::Scratch) must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScratchSizes {
    /// Raw samples.
    pub samples: usize,
    /// Buckets of all ops.
    pub counts: usize,
    /// Processes.
    pub processes: usize,
    /// Files and segments.
    pub objects: usize,
    /// Frames whose last use is remembered.
    pub last_use: usize,
}

impl ScratchSizes {
    /// Bytes of all slices.
    pub const fn bytes(self) -> u64 {
        let bytes = self.samples * size_of::<Sample>()
            + self.counts * size_of::<u32>()
            + self.processes * size_of::<Option<SpaceId>>()
            + self.objects * size_of::<Option<ObjectId>>()
            + self.last_use * size_of::<u32>();
        bytes as u64
    }
}

/// What a machine needs beside arena, samples and log: firmware, kernel, page tables, and the loss to
/// alignment of the arena.
const OVERHEAD: u64 = 20 * MIB;

/// Part of the free memory that keeps what is to be said, and its bounds in bytes.
const LOG_SHARE: u64 = 16;
const LOG_LEAST: u64 = MIB;
const LOG_MOST: u64 = 256 * MIB;

/// What the log of a booted guest gets of `free_bytes`. It is cut before the plan is known, because
/// the greeting is what makes it known.
#[must_use]
pub const fn log_bytes(free_bytes: u64) -> u64 {
    let share = free_bytes / LOG_SHARE;
    if share < LOG_LEAST {
        LOG_LEAST
    } else if share > LOG_MOST {
        LOG_MOST
    } else {
        share
    }
}

/// Free memory with which the log holds `stream_bytes`.
const fn free_bytes_for_log(stream_bytes: u64) -> u64 {
    if stream_bytes <= LOG_LEAST { LOG_LEAST } else { stream_bytes.saturating_mul(LOG_SHARE) }
}

/// Bytes that a booted machine should have, where the guest needs this much for itself.
#[must_use]
pub const fn machine_bytes(own: u64) -> u64 {
    OVERHEAD.saturating_add(own)
}

impl Resolved<'_> {
    /// Bytes of the arena.
    pub fn arena_bytes(&self) -> u64 {
        self.arena_frames() * FRAME_BYTES as u64
    }

    /// Room that the memory of the hungriest cell takes.
    pub fn scratch(&self) -> ScratchSizes {
        let Demand { processes, objects, .. } = self.demand();
        ScratchSizes {
            samples: self.cells().map(|cell| self.raw_samples(&cell)).max().unwrap_or(0) as usize,
            counts: COUNTS,
            processes: processes as usize,
            objects: objects as usize,
            last_use: self.watched_frames() as usize,
        }
    }

    /// Bytes of memory that a booted machine should have for the plan.
    pub fn machine_bytes(&self) -> u64 {
        let stream = self.stream_bytes();
        let own = self.arena_bytes() + self.scratch().bytes() + stream + self.trace_bytes();
        machine_bytes(own.max(free_bytes_for_log(stream)))
    }
}
