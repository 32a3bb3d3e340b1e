//! Where facts about the machine go.

use wire::{Record, Value};

use super::run::Link;
use super::screen;

/// Passes facts on as records.
#[derive(Debug)]
pub struct Facts<'l> {
    link: &'l mut Link,
}

impl<'l> Facts<'l> {
    /// Facts that go to `link`.
    pub fn new(link: &'l mut Link) -> Self {
        Self { link }
    }

    /// Adds one.
    pub fn add(&mut self, name: &str, value: Value<'_>) {
        let fact = Record::Fact { name, value };
        screen::hear(&fact);
        let recorded = self.link.record(&fact);
        // Facts are the first to come, and the log has a MiB at least.
        debug_assert!(recorded.is_ok(), "the log is full of facts");
    }
}
