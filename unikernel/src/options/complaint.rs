//! What is wrong with a word.

use core::cmp::Ordering;
use core::fmt;

/// Whether the run can go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// It does, without the word.
    Warning,
    /// It would not be the run that was asked for.
    Refusal,
}

/// What is wrong with a word of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Complaint<'c> {
    word: &'c str,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// It means nothing, but this key is near.
    Slip { meant: &'static str },
    /// Its value cannot be used; this says how to write it.
    Unusable { how: &'static str },
}

impl<'c> Complaint<'c> {
    pub(super) const fn slip(word: &'c str, meant: &'static str) -> Self {
        Self { word, kind: Kind::Slip { meant } }
    }

    pub(super) const fn unusable(word: &'c str, how: &'static str) -> Self {
        Self { word, kind: Kind::Unusable { how } }
    }

    /// Whether the run can go on.
    pub const fn severity(&self) -> Severity {
        match self.kind {
            Kind::Slip { .. } => Severity::Warning,
            Kind::Unusable { .. } => Severity::Refusal,
        }
    }
}

impl fmt::Display for Complaint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.word;
        match self.kind {
            Kind::Slip { meant } => write!(
                f,
                "the command line's {word} is unknown and passed over: write {meant}= if you meant that"
            ),
            Kind::Unusable { how } => {
                write!(f, "the command line's {word} cannot be used: {how}")
            }
        }
    }
}

/// The key that is within one slip of `key`: another case, or one letter too many, too few, or wrong.
pub(super) fn meant(key: &str, keys: &[&'static str]) -> Option<&'static str> {
    keys.iter().copied().find(|ours| is_within_one_slip(key.as_bytes(), ours.as_bytes()))
}

fn is_within_one_slip(one: &[u8], other: &[u8]) -> bool {
    let same = one.iter().zip(other).take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count();
    let (one, other) = (&one[same..], &other[same..]);
    match one.len().cmp(&other.len()) {
        Ordering::Less => one.eq_ignore_ascii_case(&other[1..]),
        Ordering::Greater => one[1..].eq_ignore_ascii_case(other),
        Ordering::Equal => one.is_empty() || one[1..].eq_ignore_ascii_case(&other[1..]),
    }
}
