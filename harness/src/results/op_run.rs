//! The samples of one op in one run of a cell.

use super::run::Rejected;

/// The samples of one op.
#[derive(Debug, Default)]
pub struct OpRun {
    /// In the order in which they were made; more than one piece only if samples were lost.
    pub pieces: Vec<Piece>,
    /// The unit of work and how much of it all samples did together.
    pub work: Option<(String, u64)>,
}

/// Samples without a hole among them.
#[derive(Debug, Default)]
pub struct Piece {
    /// How many samples of this op came before in the cell.
    pub first: u32,
    /// The samples.
    pub samples: Vec<u64>,
}

impl OpRun {
    /// Where samples belong of which `first` came before; what is here already is not taken again.
    pub(super) fn piece_at(&mut self, first: u32) -> Result<&mut Piece, Rejected> {
        let next = self.pieces.last().map_or(0, Piece::end);
        if u64::from(first) < next {
            return Err(Rejected);
        }
        if u64::from(first) > next || self.pieces.is_empty() {
            self.pieces.push(Piece { first, samples: Vec::new() });
        }
        self.pieces.last_mut().ok_or(Rejected)
    }

    /// Every sample with its number in the cell.
    pub fn samples(&self) -> impl Iterator<Item = (u64, u64)> {
        self.pieces
            .iter()
            .flat_map(|piece| (u64::from(piece.first)..).zip(piece.samples.iter().copied()))
    }
}

impl Piece {
    fn end(&self) -> u64 {
        u64::from(self.first) + self.samples.len() as u64
    }
}
