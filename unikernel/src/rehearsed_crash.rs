//! A crash that the command line asks for, so that the ways of a crash can be tried out:
//! `crash=KIND` at once, `crash=KIND:CELL:STEP` as that step of that cell begins, both counted from 0.

use core::str::FromStr;

/// How to crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An instruction that no CPU knows.
    InvalidOpcode,
    /// A store to where nothing is mapped.
    PageFault,
    /// An assertion that does not hold.
    Assertion,
    /// Recursion without end: a double fault, on a stack of its own.
    StackOverflow,
    /// A loop without end.
    Hang,
}

impl Kind {
    /// All of them, each in the place of its own number.
    pub const ALL: [Self; 5] =
        [Self::InvalidOpcode, Self::PageFault, Self::Assertion, Self::StackOverflow, Self::Hang];
}

/// A step of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The cell.
    pub cell: u32,
    /// The step, of its own count.
    pub step: u64,
}

/// What the command line asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RehearsedCrash {
    /// How.
    pub kind: Kind,
    /// When; before the plan runs, if it does not say.
    pub moment: Option<Moment>,
}

/// The word makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownCrash;

impl FromStr for RehearsedCrash {
    type Err = UnknownCrash;

    fn from_str(text: &str) -> Result<Self, UnknownCrash> {
        let (kind, moment) = match text.split_once(':') {
            Some((kind, moment)) => (kind, Some(moment.parse()?)),
            None => (text, None),
        };
        Ok(Self { kind: kind.parse()?, moment })
    }
}

impl FromStr for Kind {
    type Err = UnknownCrash;

    fn from_str(text: &str) -> Result<Self, UnknownCrash> {
        Ok(match text {
            "ud2" => Self::InvalidOpcode,
            "fault" => Self::PageFault,
            "assert" => Self::Assertion,
            "stack" => Self::StackOverflow,
            "hang" => Self::Hang,
            _ => return Err(UnknownCrash),
        })
    }
}

impl FromStr for Moment {
    type Err = UnknownCrash;

    fn from_str(text: &str) -> Result<Self, UnknownCrash> {
        let (cell, step) = text.split_once(':').ok_or(UnknownCrash)?;
        let cell = cell.parse().map_err(|_| UnknownCrash)?;
        let step = step.parse().map_err(|_| UnknownCrash)?;
        Ok(Self { cell, step })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crash_comes_at_once_or_with_a_step_of_a_cell() {
        let at_once = RehearsedCrash { kind: Kind::InvalidOpcode, moment: None };
        assert_eq!("ud2".parse(), Ok(at_once));
        let later =
            RehearsedCrash { kind: Kind::Hang, moment: Some(Moment { cell: 3, step: 100 }) };
        assert_eq!("hang:3:100".parse(), Ok(later));
    }

    #[test]
    fn every_kind_has_its_place() {
        for (place, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, place);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in
            ["", "boom", "hang:", "hang:3", "hang:3:", "hang:x:1", "hang:1:-1", "hang:1:2:3"]
        {
            assert_eq!(text.parse::<RehearsedCrash>(), Err(UnknownCrash), "{text}");
        }
    }
}
