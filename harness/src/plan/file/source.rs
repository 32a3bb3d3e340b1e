//! The text of a plan, and where in it something is wrong.

use std::ops::Range;

use toml::de::DeTable;

use crate::plan::PlanError;

/// A file that is being read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'t> {
    /// What messages call it.
    pub(super) file: &'t str,
    /// What is in it.
    pub(super) content: &'t str,
}

impl<'t> Source<'t> {
    /// The whole as TOML.
    pub(super) fn parse(self) -> Result<DeTable<'t>, PlanError> {
        let parsed = DeTable::parse(self.content).map_err(|error| {
            let what = error.message().lines().collect::<Vec<_>>().join(", ");
            self.wrong(error.span().unwrap_or(0..0), format!("this is no TOML: {what}"))
        })?;
        Ok(parsed.into_inner())
    }

    /// `what` is wrong at `span`.
    pub(super) fn wrong(self, span: Range<usize>, what: impl Into<String>) -> PlanError {
        let (line, column) = self.position(span.start);
        PlanError::InFile { file: self.file.to_owned(), line, column, what: what.into() }
    }

    /// A key that nobody knows.
    pub(super) fn unknown_key(
        self,
        span: Range<usize>,
        whose: &str,
        key: &str,
        known: &[&str],
    ) -> PlanError {
        self.wrong(span, format!("{whose} has no `{key}`; it can have: {}", known.join(", ")))
    }

    /// Line and column of a byte, both from 1.
    fn position(self, byte: usize) -> (usize, usize) {
        let before = self.content.get(..byte).unwrap_or(self.content);
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
        (line, column)
    }
}
