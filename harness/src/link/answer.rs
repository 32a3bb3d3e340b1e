//! What the guest is told to run.

use wire::{MAX_PLAN, Plan};

/// What a guest that says `Hello` is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Run the plan at hand.
    Start,
    /// Run this plan.
    Plan(PlanBytes),
    /// Nothing, then or ever: these bytes are a recording.
    Silent,
}

/// A plan as it goes over the wire, at most [`MAX_PLAN`] bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanBytes(pub(super) Vec<u8>);

impl PlanBytes {
    pub(super) fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

impl From<&Plan> for PlanBytes {
    fn from(plan: &Plan) -> Self {
        let mut room = vec![0; MAX_PLAN];
        Self(plan.encode(&mut room).expect("MAX_PLAN holds every plan").to_vec())
    }
}
