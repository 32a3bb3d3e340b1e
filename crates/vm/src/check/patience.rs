//! How long the oracle waits for a scheme.

/// Probes that the oracle may still make. A search is never cut short; what it takes too much is paid off
/// by the pages that follow, which the scheme is not asked about.
#[derive(Debug)]
pub(super) struct Patience(i64);

impl Default for Patience {
    /// Enough for every page of a small machine, whatever the scheme.
    fn default() -> Self {
        Self(1 << 26)
    }
}

impl Patience {
    /// What every page adds.
    const PER_PAGE: i64 = 256;

    /// Whether the scheme is asked about the next page.
    pub(super) fn is_left(&mut self) -> bool {
        self.0 += Self::PER_PAGE;
        self.0 > 0
    }

    pub(super) fn spend(&mut self, probes: u64) {
        self.0 -= probes.cast_signed();
    }
}

#[cfg(test)]
mod tests {
    use super::Patience;

    #[test]
    fn cheap_searches_are_all_made_and_dear_ones_spread_evenly() {
        const PAGES: u32 = if cfg!(miri) { 1 << 13 } else { 1 << 20 };
        let asked = |probes: u64| {
            let mut patience = Patience::default();
            let pages = (0..PAGES).filter(|_| {
                let asked = patience.is_left();
                if asked {
                    patience.spend(probes);
                }
                asked
            });
            pages.collect::<Vec<u32>>()
        };
        assert_eq!(asked(256).len(), PAGES as usize);
        // The first 128 and one of each 2048 after them.
        let dear = asked(1 << 19);
        assert!(dear.len().abs_diff(128 + PAGES as usize / 2048) < 4, "{}", dear.len());
        assert!(dear[130..].windows(2).all(|pair| pair[1] - pair[0] == 2048));
    }
}
