//! What the executor counts beside what the VM counts, as results name it.

/// An outcome that only the one who asked can see. A cell tells those that its events counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Outcome {
    /// Blocks of the order asked for that were free before anything was moved.
    BlocksFree,
    /// Blocks that were made by moving pages.
    BlocksAssembled,
    /// Blocks that could not be made because a page in them could not be moved: not all its users were
    /// known.
    BlocksRefused,
    /// Blocks that nobody could have made: none holds movable pages and nothing else, or there was no
    /// frame to move a page to.
    BlocksImpossible,
    /// Pages that memory pressure evicted.
    AgingPicks,
    /// Sum of their ranks by last use among all pages, in per mille: 0 the least recently used, 1000
    /// the most recently used.
    AgingRankSum,
    /// Sum of the ranks of as many pages picked in true order of last use.
    AgingRankSumLru,
    /// Users of broken frames that were found and told.
    PoisonTold,
    /// Users of broken frames that were not found and go on.
    PoisonLost,
    /// Events of a trace that made no sense where they stood, and were passed over.
    EventsRefused,
}

impl Outcome {
    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::BlocksFree,
        Self::BlocksAssembled,
        Self::BlocksRefused,
        Self::BlocksImpossible,
        Self::AgingPicks,
        Self::AgingRankSum,
        Self::AgingRankSumLru,
        Self::PoisonTold,
        Self::PoisonLost,
        Self::EventsRefused,
    ];

    /// The name in results, which is a contract.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::BlocksFree => "blocks_free",
            Self::BlocksAssembled => "blocks_assembled",
            Self::BlocksRefused => "blocks_refused",
            Self::BlocksImpossible => "blocks_impossible",
            Self::AgingPicks => "aging_picks",
            Self::AgingRankSum => "aging_rank_sum",
            Self::AgingRankSumLru => "aging_rank_sum_lru",
            Self::PoisonTold => "poison_told",
            Self::PoisonLost => "poison_lost",
            Self::EventsRefused => "events_refused",
        }
    }
}
