//! One guess: what the mail says, what was measured, what follows.

use std::fmt::Write;

use super::missing;
use crate::document::evidence::Evidence;
use crate::plan::Work;

/// One guess of the mail and its evidence.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) heading: &'static str,
    /// Sentences of the mail, word for word.
    pub(super) quotes: &'static [&'static str],
    /// What they claim, in our words.
    pub(super) claim: &'static str,
    /// The workloads that are evidence.
    pub(super) workloads: &'static [&'static str],
    /// Tables with their captions.
    pub(super) tables: Vec<String>,
    /// What follows from them, by rules.
    pub(super) answers: Vec<String>,
    /// What else has to be said.
    pub(super) notes: Vec<String>,
}

impl Section {
    /// A guess without any evidence yet.
    pub(super) const fn new(
        heading: &'static str,
        quotes: &'static [&'static str],
        claim: &'static str,
        workloads: &'static [&'static str],
    ) -> Self {
        Self {
            heading,
            quotes,
            claim,
            workloads,
            tables: Vec::new(),
            answers: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// As it stands in the document.
    pub(super) fn markdown(&self, number: usize, planned: &[Work], evidence: &Evidence) -> String {
        let mut text = format!("## {number}. {}\n\n", self.heading);
        for quote in self.quotes {
            let _ = writeln!(text, "> {quote}\n");
        }
        let _ = writeln!(text, "{}\n", self.claim);
        for table in &self.tables {
            let _ = writeln!(text, "{table}");
        }
        if self.answers.is_empty() {
            text.push_str("**Answer:** none: there are no figures.\n");
        }
        for answer in &self.answers {
            let _ = writeln!(text, "**Answer:** {answer}\n");
        }
        for note in self.notes.iter().chain(&missing::lines(self.workloads, planned, evidence)) {
            let _ = writeln!(text, "* {note}");
        }
        format!("{}\n", text.trim_end())
    }
}
