//! What the VM promises to whoever uses it, one module for each kind of promise.

#[macro_use]
mod support;

mod allocation_failures;
mod areas;
mod compaction;
mod counts;
mod entries;
mod faults;
mod forgotten_flush;
mod frames;
mod given_frame;
mod invariants;
mod moves;
mod objects;
mod pressure;
mod ranges;
mod schemes;
mod stacks;
mod survey;
