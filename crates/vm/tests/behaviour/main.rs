//! What the VM promises to whoever uses it, one module for each kind of promise.

#[path = "../support/mod.rs"]
mod support;

mod areas;
mod compaction;
mod counts;
mod entries;
mod frames;
mod moves;
mod objects;
mod pressure;
mod ranges;
mod stacks;
