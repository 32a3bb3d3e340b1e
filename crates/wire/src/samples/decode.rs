//! From bytes to samples.

use super::bits::{self, MAX_WIDTH};
use super::{MAX_RUN, NotSamples, PACK, leb128};

/// The samples of a record, in order. A hostile record may hold far more than it has bytes: take
/// as many as there is room for.
pub fn decode(bytes: &[u8]) -> Samples<'_> {
    Samples { rest: bytes, group: Group::Run { value: 0 }, told: 0, count: 0 }
}

/// Iterator over the samples of a record; ends after the first error.
#[derive(Clone, Debug)]
pub struct Samples<'a> {
    /// What follows the group; before it, what its escapes exceed.
    rest: &'a [u8],
    group: Group<'a>,
    /// Samples of the group that were told.
    told: usize,
    /// Samples that it has.
    count: usize,
}

#[derive(Clone, Debug)]
enum Group<'a> {
    Run { value: u64 },
    Pack { base: u64, width: u32, codes: &'a [u8] },
}

impl<'a> Samples<'a> {
    fn open_group(&mut self) -> Result<(), NotSamples> {
        let header = leb128::take(&mut self.rest)?;
        let is_pack = header & 1 == 1;
        let most = if is_pack { PACK } else { MAX_RUN };
        let count = usize::try_from(header >> 1).map_err(|_| NotSamples)?;
        if !(1..=most).contains(&count) {
            return Err(NotSamples);
        }
        let value = leb128::take(&mut self.rest)?;
        self.group = if is_pack { self.pack(value, count)? } else { Group::Run { value } };
        (self.told, self.count) = (0, count);
        Ok(())
    }

    fn pack(&mut self, base: u64, count: usize) -> Result<Group<'a>, NotSamples> {
        let (&width, rest) = self.rest.split_first().ok_or(NotSamples)?;
        let width = u32::from(width);
        if width > MAX_WIDTH {
            return Err(NotSamples);
        }
        let (codes, rest) = rest.split_at_checked(bits::bytes(count, width)).ok_or(NotSamples)?;
        self.rest = rest;
        Ok(Group::Pack { base, width, codes })
    }

    fn next_in_group(&mut self) -> Result<u64, NotSamples> {
        let place = self.told;
        self.told += 1;
        match self.group {
            Group::Run { value } => Ok(value),
            Group::Pack { base, width, codes } => {
                let code = bits::get(codes, place, width);
                let is_escape = code == bits::escape(width);
                let excess = if is_escape { leb128::take(&mut self.rest)? } else { 0 };
                let above = code.checked_add(excess);
                above.and_then(|above| base.checked_add(above)).ok_or(NotSamples)
            }
        }
    }
}

impl Iterator for Samples<'_> {
    type Item = Result<u64, NotSamples>;

    fn next(&mut self) -> Option<Self::Item> {
        let is_told = self.told == self.count;
        if is_told && self.rest.is_empty() {
            return None;
        }
        let opened = if is_told { self.open_group() } else { Ok(()) };
        let sample = opened.and_then(|()| self.next_in_group());
        if sample.is_err() {
            *self = decode(&[]);
        }
        Some(sample)
    }
}
