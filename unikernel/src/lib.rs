//! The kernel's parts that need no hardware, so that the host can test them.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

pub mod boot_info;
pub mod calibration;
pub mod control;
pub mod execution;
pub mod memory_map;
pub mod metal;
pub mod page_tables;
pub mod perfmon;
pub mod pvh;
pub mod regions;
