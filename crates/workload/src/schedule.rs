//! In which order cells run: each round is a shuffle of all of them, so that drift (heat, other
//! guests) falls on all schemes alike.

/// The most cells of one round.
pub const MAX_CELLS: usize = 1024;

/// One run of one cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scheduled {
    /// The round, from 0.
    pub round: u16,
    /// Which cell of the plan, from 0.
    pub cell: u16,
}

/// The order of `cells` cells over `rounds` rounds: every cell once in every round.
///
/// # Panics
/// If there are more than 1024 cells.
pub fn schedule(cells: usize, rounds: u16, seed: u64) -> impl Iterator<Item = Scheduled> {
    assert!(cells <= MAX_CELLS, "a plan has more than {MAX_CELLS} cells");
    (0..rounds).flat_map(move |round| {
        let mut order = [0; MAX_CELLS];
        for (number, place) in order.iter_mut().enumerate() {
            *place = number as u16;
        }
        let mut random = fastrand::Rng::with_seed(seed ^ u64::from(round).rotate_left(48));
        random.shuffle(&mut order[..cells]);
        (0..cells).map(move |place| Scheduled { round, cell: order[place] })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_round_holds_every_cell_once_in_an_order_of_its_own() {
        let order: Vec<_> = schedule(9, 3, 7).collect();
        let rounds: Vec<Vec<u16>> =
            order.chunks(9).map(|round| round.iter().map(|s| s.cell).collect()).collect();
        for round in &rounds {
            let mut sorted = round.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, (0..9).collect::<Vec<_>>());
        }
        assert_ne!(rounds[0], rounds[1]);
    }

    #[test]
    fn the_seed_decides_the_order() {
        let order = |seed| schedule(9, 2, seed).collect::<Vec<_>>();
        assert_eq!(order(7), order(7));
        assert_ne!(order(7), order(8));
    }
}
