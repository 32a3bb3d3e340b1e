//! Uses of translations that should have been flushed: what only the modelled machine sees.

use model::{Model, StaleUse, Staleness};
use runner::verify::Text;

/// Tells of the first use since the last call.
#[derive(Debug)]
pub struct StaleUses<'m> {
    machine: &'m Model,
}

impl<'m> StaleUses<'m> {
    /// Those of `machine` from now on.
    pub fn new(machine: &'m Model) -> Self {
        machine.take_stale_uses();
        Self { machine }
    }

    /// The first one since the last call.
    pub fn take(&mut self) -> Option<Text> {
        self.machine.take_stale_uses().first().map(clause)
    }
}

fn clause(use_of: &StaleUse) -> Text {
    let what = match use_of.staleness {
        Staleness::Unmapped => "is mapped no more",
        Staleness::OtherFrame => "is mapped to another frame by now",
        Staleness::WriteProtected => "is write-protected by now",
        Staleness::SizeChanged => "is mapped by a page of the other size by now",
        Staleness::DirtyLost => "was cleaned, and the write left no mark",
        Staleness::AccessedLost => "was aged, and the access left no mark",
    };
    let page = use_of.page.0;
    Text::of(format_args!(
        "a translation that should have been flushed was used: page {page:#x} {what}"
    ))
}
