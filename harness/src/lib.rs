//! The host tool `rmapbench`: boots the unikernel, collects what it measured, shows it.
#![forbid(unsafe_code)]
#![allow(clippy::missing_errors_doc, reason = "every error type says when it occurs")]

pub mod cli;
pub mod commands;
pub mod document;
pub mod error;
pub mod exit;
pub mod expectation;
pub mod guest;
pub mod interrupt;
pub mod link;
pub mod modelled;
pub mod plan;
pub mod port;
pub mod progress;
pub mod report;
pub mod results;
pub mod session;
pub mod statistics;
pub mod symbolise;
pub mod table;
pub mod tools;
pub mod trace;
pub mod verdict;
pub mod verify;
