//! The record stream put together again from pieces in any order.

use std::collections::BTreeMap;
use std::ops::Range;

use wire::{MAX_STREAM, NotARecord, crc32c, unstuff};

/// The most pieces held behind holes: more are refused and have to come again. A guest that
/// repairs gets nowhere near.
const MAX_PIECES: usize = 1 << 16;

/// The stream, as far as it arrived.
#[derive(Debug, Default)]
pub(super) struct Stream {
    /// Everything before the first hole.
    whole: Vec<u8>,
    /// Where in `whole` the record begins that is not yet handed out.
    next_record: usize,
    /// How far `whole` was searched for the end of that record.
    searched: usize,
    /// Pieces behind the first hole, by where they begin; they do not overlap.
    pieces: BTreeMap<u32, Vec<u8>>,
    /// How long the guest said that the stream is at least.
    announced: u32,
}

/// What became of a piece, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Inserted {
    /// Not here before.
    pub(super) new: u64,
    /// Of those, into a hole.
    pub(super) repaired: u64,
}

/// A stretch of the stream that lies beyond [`MAX_STREAM`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OutOfRange;

impl Stream {
    /// End of the part without holes.
    pub(super) fn whole_end(&self) -> u32 {
        self.whole.len() as u32
    }

    /// End of what arrived or was announced.
    fn known_end(&self) -> u32 {
        let last = self.pieces.last_key_value();
        let arrived = last.map_or(self.whole_end(), |(&start, piece)| end_of(start, piece));
        arrived.max(self.announced)
    }

    /// Whether nothing arrived and nothing was announced yet.
    pub(super) fn is_untouched(&self) -> bool {
        self.known_end() == 0
    }

    /// CRC-32C of the part without holes.
    pub(super) fn crc(&self) -> u32 {
        crc32c(&self.whole)
    }

    /// Takes note that the guest's stream is at least this long.
    pub(super) fn announce(&mut self, length: u32) -> Result<(), OutOfRange> {
        if length > MAX_STREAM {
            return Err(OutOfRange);
        }
        self.announced = self.announced.max(length);
        Ok(())
    }

    /// Puts a piece where it belongs; what is already here stays as it is.
    pub(super) fn insert(&mut self, offset: u32, bytes: &[u8]) -> Result<Inserted, OutOfRange> {
        let length = u32::try_from(bytes.len()).map_err(|_| OutOfRange)?;
        let end = offset.checked_add(length).filter(|&end| end <= MAX_STREAM).ok_or(OutOfRange)?;
        let known_end = self.known_end();
        let holes: Vec<Range<u32>> = self.holes_in(offset..end).collect();
        let mut inserted = Inserted::default();
        for hole in holes {
            let piece = &bytes[(hole.start - offset) as usize..(hole.end - offset) as usize];
            let stored = self.store(hole.start, piece);
            inserted.new += stored;
            if hole.start < known_end {
                inserted.repaired += stored;
            }
        }
        Ok(inserted)
    }

    /// Stores a piece of which nothing is here yet; how many bytes were stored.
    fn store(&mut self, start: u32, piece: &[u8]) -> u64 {
        if start == self.whole_end() {
            self.whole.extend_from_slice(piece);
            self.close_ranks();
        } else if let Some((&before, bytes)) = self.pieces.range_mut(..start).next_back()
            && end_of(before, bytes) == start
        {
            bytes.extend_from_slice(piece);
        } else if self.pieces.len() < MAX_PIECES {
            self.pieces.insert(start, piece.to_vec());
        } else {
            return 0;
        }
        piece.len() as u64
    }

    /// Moves the pieces that the whole part has reached.
    fn close_ranks(&mut self) {
        while let Some(piece) = self.pieces.remove(&self.whole_end()) {
            self.whole.extend_from_slice(&piece);
        }
    }

    /// What is missing before `end`, in order.
    pub(super) fn holes_before(&self, end: u32) -> impl Iterator<Item = Range<u32>> {
        self.holes_in(0..end)
    }

    /// What is missing of all that is known to exist.
    pub(super) fn missing(&self) -> Vec<Range<u32>> {
        self.holes_before(self.known_end()).collect()
    }

    fn holes_in(&self, range: Range<u32>) -> impl Iterator<Item = Range<u32>> {
        let start = range.start.max(self.whole_end());
        let before = self.pieces.range(..=start).next_back();
        let first = before.map_or(start, |(&piece, _)| piece);
        let end = range.end.max(first);
        let pieces =
            self.pieces.range(first..end).map(|(&start, piece)| start..end_of(start, piece));
        pieces
            .chain(std::iter::once(end..end))
            .scan(start, |from, piece| {
                let hole = *from..piece.start;
                *from = piece.end.max(*from);
                Some(hole)
            })
            .filter(|hole| !hole.is_empty())
    }

    /// The next record without anything missing before it.
    pub(super) fn next_record(&mut self) -> Option<Result<Vec<u8>, NotARecord>> {
        let found = self.whole[self.searched..].iter().position(|&byte| byte == 0);
        let Some(distance) = found else {
            self.searched = self.whole.len();
            return None;
        };
        let end = self.searched + distance;
        let record = unstuffed(&self.whole[self.next_record..end]);
        self.searched = end + 1;
        self.next_record = self.searched;
        Some(record)
    }

    /// The records behind the first hole. After each hole the first ones begin only behind the next
    /// zero: what stands before it may be the tail of a record whose head is lost.
    pub(super) fn records_after_holes(&self) -> Vec<Vec<u8>> {
        let mut records = Vec::new();
        let mut stretch: Vec<u8> = Vec::new();
        let mut stretch_end = self.whole_end();
        for (&start, piece) in &self.pieces {
            if start != stretch_end {
                records.extend(records_within(&stretch));
                stretch.clear();
            }
            stretch.extend_from_slice(piece);
            stretch_end = end_of(start, piece);
        }
        records.extend(records_within(&stretch));
        records
    }
}

fn end_of(start: u32, piece: &[u8]) -> u32 {
    start + piece.len() as u32
}

/// The records of which both the zero before and the zero behind are in the stretch.
fn records_within(stretch: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let mut parts = stretch.split(|&byte| byte == 0);
    let _tail_of_a_lost_record = parts.next();
    let _head_of_a_lost_record = parts.next_back();
    parts.filter_map(|stuffed| unstuffed(stuffed).ok())
}

fn unstuffed(stuffed: &[u8]) -> Result<Vec<u8>, NotARecord> {
    let mut record = stuffed.to_vec();
    let length = unstuff(&mut record)?.len();
    record.truncate(length);
    Ok(record)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Inserted, MAX_PIECES, MAX_STREAM, OutOfRange, Stream};

    /// Each byte tells its place, and no record ends.
    fn bytes(from: u32, to: u32) -> Vec<u8> {
        (from..to).map(|place| place as u8 | 1).collect()
    }

    proptest! {
        #[test]
        fn pieces_in_any_order_make_the_stream_and_the_rest_is_missing(
            cuts in prop::collection::vec((0..300_u32, 0..40_u32), 0..40),
        ) {
            let mut stream = Stream::default();
            let mut here = vec![false; 340];
            for (start, length) in cuts {
                let end = start + length;
                let there = here[start as usize..end as usize].iter().filter(|&&x| x).count();
                let inserted = stream.insert(start, &bytes(start, end)).expect("in range");
                prop_assert_eq!(inserted.new, u64::from(length) - there as u64);
                here[start as usize..end as usize].fill(true);
            }
            stream.announce(340).expect("in range");
            let missing: Vec<u32> = stream.missing().into_iter().flatten().collect();
            let expected: Vec<u32> = (0..340).filter(|&place| !here[place as usize]).collect();
            prop_assert_eq!(missing, expected);
            stream.insert(0, &bytes(0, 340)).expect("in range");
            prop_assert_eq!(stream.whole, bytes(0, 340));
            prop_assert!(stream.pieces.is_empty());
        }
    }

    #[test]
    fn what_is_here_is_not_overwritten() {
        let mut stream = Stream::default();
        stream.insert(2, b"cd").expect("in range");
        stream.insert(0, b"abXXe").expect("in range");
        assert_eq!(stream.whole, b"abcde");
    }

    #[test]
    fn scattered_bytes_fill_no_memory_without_end() {
        let mut stream = Stream::default();
        let most = MAX_PIECES as u32;
        let stored: u64 = (1..=most + 10)
            .map(|number| stream.insert(2 * number, b"a").expect("in range").new)
            .sum();
        assert_eq!(stored, u64::from(most));
        assert_eq!(
            stream.insert(0, &vec![b'a'; 2 * MAX_PIECES]),
            Ok(Inserted { new: u64::from(most) + 1, repaired: u64::from(most) + 1 })
        );
        assert!(stream.pieces.is_empty(), "what is repaired is in one piece");
    }

    #[test]
    fn a_stream_has_an_end() {
        let mut stream = Stream::default();
        assert_eq!(stream.insert(MAX_STREAM, b"a"), Err(OutOfRange));
        assert_eq!(stream.insert(u32::MAX, b"a"), Err(OutOfRange));
        assert_eq!(stream.announce(MAX_STREAM + 1), Err(OutOfRange));
        assert!(stream.is_untouched());
    }

    #[test]
    fn behind_a_hole_records_begin_at_the_next_zero() {
        let mut stream = Stream::default();
        stream.insert(0, b"\x02a\0").expect("in range");
        stream.insert(4, b"\x03no\0\x02b\0\x02").expect("in range");
        stream.insert(13, b"\0\x02d\0\x03e").expect("in range");
        assert_eq!(stream.next_record(), Some(Ok(b"a".to_vec())));
        assert_eq!(stream.next_record(), None);
        assert_eq!(stream.records_after_holes(), [b"b", b"d"]);
        assert_eq!(stream.missing(), [3..4, 12..13]);
    }
}
