//! Every scheme by its id, and the one place where an id becomes a type.

use core::fmt;
use core::str::FromStr;

use crate::Scheme;
use crate::schemes::{
    AnonVmaChain, HintAny, HintExclusive, PteNext, PteNextDouble, PteNextDoubleLink4, PteNextLink4,
    Scan, ShmAttach, VmaOffset,
};

/// A scheme's id on the command line and in results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SchemeId {
    /// [`Scan`]
    Scan,
    /// [`ShmAttach`]
    ShmAttach,
    /// [`PteNext`]
    PteNext,
    /// [`PteNextLink4`]
    PteNextLink4,
    /// [`PteNextDouble`]
    PteNextDouble,
    /// [`PteNextDoubleLink4`]
    PteNextDoubleLink4,
    /// [`HintExclusive`]
    HintExclusive,
    /// [`HintAny`]
    HintAny,
    /// [`VmaOffset`]
    VmaOffset,
    /// [`AnonVmaChain`]
    AnonVmaChain,
}

/// Something to do with a scheme that is only known by its id.
pub trait SchemeVisitor {
    /// What comes of it.
    type Output;

    /// Does it.
    fn visit<S: Scheme>(self) -> Self::Output;
}

impl SchemeId {
    /// Every scheme: those of the mail of 1998, then what came later.
    pub const ALL: [Self; 10] = [
        Self::Scan,
        Self::ShmAttach,
        Self::PteNext,
        Self::PteNextLink4,
        Self::PteNextDouble,
        Self::PteNextDoubleLink4,
        Self::HintExclusive,
        Self::HintAny,
        Self::VmaOffset,
        Self::AnonVmaChain,
    ];

    /// The id as text.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scan => "scan",
            Self::ShmAttach => "shm-attach",
            Self::PteNext => "pte-next",
            Self::PteNextLink4 => "pte-next:link=4",
            Self::PteNextDouble => "pte-next-double",
            Self::PteNextDoubleLink4 => "pte-next-double:link=4",
            Self::HintExclusive => "hint-exclusive",
            Self::HintAny => "hint-any",
            Self::VmaOffset => "vma-offset",
            Self::AnonVmaChain => "anon-vma-chain",
        }
    }

    /// One line for `list schemes`.
    #[must_use]
    pub const fn summary(self) -> &'static str {
        match self {
            Self::Scan => "no reverse map: walk every page table (Linux 2.1.76)",
            Self::ShmAttach => {
                "a list of attaches per object, nothing of private pages (System V shm, Linux to 2.3)"
            }
            Self::PteNext => {
                "a reverse table the size of the forward one: a next link per PTE (mail of 1998)"
            }
            Self::PteNextLink4 => "pte-next with links of 4 bytes, for at most 32 GiB of memory",
            Self::PteNextDouble => "pte-next with previous links as well: unmap is O(1) (2003)",
            Self::PteNextDoubleLink4 => {
                "pte-next-double with links of 4 bytes, for at most 32 GiB of memory"
            }
            Self::HintExclusive => {
                "a hint for unshared private pages only, lost at fork (mail of 1998)"
            }
            Self::HintAny => "a pointer to one of a page's users, perhaps stale (mail of 1998)",
            Self::VmaOffset => {
                "the (vma, offset) tuple in the frame, for unshared private pages (mail of 1998)"
            }
            Self::AnonVmaChain => {
                "VMAs linked to the anon_vmas of all their ancestors (Linux 2.6.34 to today)"
            }
        }
    }

    /// The most frames of a machine that the scheme can serve; see [`Scheme::MOST_FRAMES`].
    #[must_use]
    pub fn most_frames(self) -> u32 {
        self.visit(MostFrames)
    }

    /// Runs `visitor` with the scheme's type.
    pub fn visit<V: SchemeVisitor>(self, visitor: V) -> V::Output {
        match self {
            Self::Scan => visitor.visit::<Scan>(),
            Self::ShmAttach => visitor.visit::<ShmAttach>(),
            Self::PteNext => visitor.visit::<PteNext>(),
            Self::PteNextLink4 => visitor.visit::<PteNextLink4>(),
            Self::PteNextDouble => visitor.visit::<PteNextDouble>(),
            Self::PteNextDoubleLink4 => visitor.visit::<PteNextDoubleLink4>(),
            Self::HintExclusive => visitor.visit::<HintExclusive>(),
            Self::HintAny => visitor.visit::<HintAny>(),
            Self::VmaOffset => visitor.visit::<VmaOffset>(),
            Self::AnonVmaChain => visitor.visit::<AnonVmaChain>(),
        }
    }
}

struct MostFrames;

impl SchemeVisitor for MostFrames {
    type Output = u32;

    fn visit<S: Scheme>(self) -> u32 {
        S::MOST_FRAMES
    }
}

/// No scheme has this id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownScheme;

impl FromStr for SchemeId {
    type Err = UnknownScheme;

    fn from_str(name: &str) -> Result<Self, UnknownScheme> {
        Self::ALL.into_iter().find(|id| id.name() == name).ok_or(UnknownScheme)
    }
}

impl fmt::Display for SchemeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct IdOf;

    impl SchemeVisitor for IdOf {
        type Output = SchemeId;

        fn visit<S: Scheme>(self) -> SchemeId {
            S::ID
        }
    }

    #[test]
    fn an_id_leads_to_its_own_type_and_name() {
        for id in SchemeId::ALL {
            assert_eq!(id.visit(IdOf), id);
            assert_eq!(id.name().parse(), Ok(id));
        }
        assert_eq!("pte_next".parse::<SchemeId>(), Err(UnknownScheme));
    }
}
