//! How much to say in one frame.

/// Halves when a question is asked again, as the answer did not arrive; doubles when it is not.
#[derive(Debug)]
pub(super) struct Portion {
    least: usize,
    most: usize,
    size: usize,
    /// The question asked last.
    asked: Option<u32>,
}

impl Portion {
    pub(super) fn new(least: usize, most: usize) -> Self {
        Self { least, most, size: most, asked: None }
    }

    /// How much to answer to `question`.
    pub(super) fn for_question(&mut self, question: u32) -> usize {
        self.size = if self.asked.replace(question) == Some(question) {
            (self.size / 2).max(self.least)
        } else {
            (self.size * 2).min(self.most)
        };
        self.size
    }
}
