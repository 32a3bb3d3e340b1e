//! From samples to bytes: what becomes a run, and how wide a code should be.

use super::bits::{self, MAX_WIDTH};
use super::{MAX_RUN, PACK, leb128};

/// Equal samples in a row that are better told as a run than in a pack, which they cut in two.
const SHORTEST_RUN: usize = 16;

/// Encodes samples from the front for as long as they fit `buffer`. Returns how many it took and
/// their bytes; what is left goes into a next record. A buffer of 11 bytes takes at least one sample.
pub fn encode<'b, S: Copy + Into<u64>>(samples: &[S], buffer: &'b mut [u8]) -> (usize, &'b [u8]) {
    let size = buffer.len();
    let (mut taken, mut room) = (0, &mut buffer[..]);
    while let Some(group) = Group::at_the_start_of(&samples[taken..], room.len()) {
        taken += group.count();
        room = group.put(room);
    }
    let left = room.len();
    (taken, &buffer[..size - left])
}

/// What is written together.
#[expect(clippy::large_enum_variant, reason = "one lives at a time, and there is no heap")]
enum Group {
    Run { value: u64, count: usize },
    Pack(Pack),
}

impl Group {
    /// The first samples as a run or a pack of at most `room` bytes.
    fn at_the_start_of<S: Copy + Into<u64>>(samples: &[S], room: usize) -> Option<Self> {
        let value = (*samples.first()?).into();
        let equal = run_length(samples, MAX_RUN);
        if equal >= SHORTEST_RUN || equal == samples.len() {
            return Self::run(value, equal, room);
        }
        let mut most = pack_length(samples);
        while most > 1 {
            let pack = Pack::of(&samples[..most]);
            if pack.bytes <= room {
                return Some(Self::Pack(pack));
            }
            most /= 2;
        }
        Self::run(value, 1, room)
    }

    fn run(value: u64, count: usize, room: usize) -> Option<Self> {
        let bytes = leb128::length(run_header(count)) + leb128::length(value);
        (bytes <= room).then_some(Self::Run { value, count })
    }

    const fn count(&self) -> usize {
        match self {
            Self::Run { count, .. } => *count,
            Self::Pack(pack) => pack.count,
        }
    }

    /// Writes the group to the start of `room` and returns the rest.
    fn put(self, room: &mut [u8]) -> &mut [u8] {
        match self {
            Self::Run { value, count } => leb128::put(value, leb128::put(run_header(count), room)),
            Self::Pack(pack) => pack.put(room),
        }
    }
}

const fn run_header(count: usize) -> u64 {
    (count as u64) << 1
}

/// How many samples at the start are equal, at least 1 and at most `most`.
fn run_length<S: Copy + Into<u64>>(samples: &[S], most: usize) -> usize {
    let first: Option<u64> = samples.first().map(|&sample| sample.into());
    samples.iter().take(most).take_while(|&&sample| Some(sample.into()) == first).count()
}

/// How many samples at the start belong into a pack: up to the next run.
fn pack_length<S: Copy + Into<u64>>(samples: &[S]) -> usize {
    let most = samples.len().min(PACK);
    let mut end = 0;
    while end < most {
        let equal = run_length(&samples[end..], SHORTEST_RUN);
        if equal == SHORTEST_RUN {
            break;
        }
        end += equal;
    }
    end.min(most)
}

/// Samples by how far they lie above the least of them.
struct Pack {
    base: u64,
    width: u32,
    above: [u64; PACK],
    count: usize,
    /// On the line.
    bytes: usize,
}

impl Pack {
    fn of<S: Copy + Into<u64>>(samples: &[S]) -> Self {
        let base = samples.iter().map(|&sample| sample.into()).min().unwrap_or(0);
        let mut above = [0; PACK];
        for (above, &sample) in above.iter_mut().zip(samples) {
            *above = sample.into() - base;
        }
        let (width, codes) = cheapest_width(&above[..samples.len()]);
        let bytes = leb128::length(pack_header(samples.len())) + leb128::length(base) + 1 + codes;
        Self { base, width, above, count: samples.len(), bytes }
    }

    fn put(self, room: &mut [u8]) -> &mut [u8] {
        let room = leb128::put(self.base, leb128::put(pack_header(self.count), room));
        let (width, room) = room.split_at_mut(1);
        width[0] = self.width as u8;
        let (codes, mut room) = room.split_at_mut(bits::bytes(self.count, self.width));
        codes.fill(0);
        let escape = bits::escape(self.width);
        for (place, &above) in self.above[..self.count].iter().enumerate() {
            bits::put(codes, place, self.width, above.min(escape));
            if let Some(excess) = above.checked_sub(escape) {
                room = leb128::put(excess, room);
            }
        }
        room
    }
}

const fn pack_header(count: usize) -> u64 {
    (count as u64) << 1 | 1
}

/// The width at which codes and escapes together are shortest, and their bytes.
fn cheapest_width(above: &[u64]) -> (u32, usize) {
    let costs = (0..=MAX_WIDTH).map(|width| (width, cost(above, width)));
    costs.min_by_key(|&(_, cost)| cost).unwrap_or_default()
}

fn cost(above: &[u64], width: u32) -> usize {
    let escape = bits::escape(width);
    let excesses = above.iter().filter_map(|above| above.checked_sub(escape));
    bits::bytes(above.len(), width) + excesses.map(leb128::length).sum::<usize>()
}
