//! The host tool `rmapbench`: boots the unikernel, collects what it measured, shows it.
#![forbid(unsafe_code)]

pub mod link;
