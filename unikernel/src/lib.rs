//! The kernel's parts that need no hardware, so that the host can test them.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

pub mod acpi;
pub mod boot_info;
pub mod calibration;
pub mod control;
pub mod execution;
pub mod memory_map;
pub mod metal;
pub mod multiboot2;
pub mod options;
pub mod page_tables;
pub mod perfmon;
pub mod physical;
pub mod plan_source;
pub mod pvh;
pub mod regions;
pub mod rehearsed_crash;
pub mod uart;
pub mod video;
