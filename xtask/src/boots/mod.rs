//! Real boots: the table of what is tried, and its runner.

mod bochs;
mod cases;
mod console_server;
mod counts;
mod guest;
mod relay;
mod screen;
mod tool;

use std::path::Path;
use std::time::Instant;

use tool::Tool;

/// One thing that must hold of a real boot.
type Case = fn(&Tool) -> Result<(), String>;

/// The quick ones first.
const CASES: &[(&str, Case)] = &[
    ("an_unknown_scheme_is_answered_with_what_exists", cases::unknown_scheme),
    ("the_same_seed_gives_the_same_cells", cases::same_cells),
    ("no_byte_leaves_while_something_is_timed", cases::quiet_line),
    ("figures_follow_theory", cases::theory),
    ("a_trace_gives_the_figures_of_the_workload_it_was_written_from", cases::trace),
    ("a_plan_too_large_for_the_machine_is_refused", cases::too_little_memory),
    ("the_machine_keeps_its_contract", cases::machine_contract),
    ("a_crash_is_explained_with_names_and_lines", cases::crash),
    ("random_events_in_the_guest_agree_with_the_oracle", cases::random_events),
    ("a_guest_that_is_killed_leaves_what_arrived", cases::killed),
    ("an_interrupt_leaves_what_arrived", cases::interrupted),
    ("a_guest_without_a_serial_port_says_so_on_screen", cases::no_serial_port),
    ("an_iso_on_bios_gives_the_cells_of_a_direct_boot", cases::iso_on_bios),
    ("an_iso_on_uefi_gives_the_cells_of_a_direct_boot", cases::iso_on_uefi),
    ("bochs_counts_what_icount_counts", counts::bochs_and_icount),
    ("a_console_server_sets_its_line_and_loses_nothing", cases::console_server),
    ("a_line_that_damages_one_byte_in_a_hundred_loses_nothing", cases::lossy_line),
];

/// Runs every case whose name contains `filter`.
pub fn run(root: &Path, filter: &str) -> Result<(), String> {
    let tool = Tool::build(root)?;
    let chosen = CASES.iter().filter(|(name, _)| name.contains(filter));
    let (mut passed, mut failed) = (0, 0);
    for (name, case) in chosen {
        let start = Instant::now();
        let outcome = case(&tool);
        let seconds = start.elapsed().as_secs_f32();
        match outcome {
            Ok(()) => {
                passed += 1;
                println!("test boot::{name} ... ok ({seconds:.1} s)");
            }
            Err(why) => {
                failed += 1;
                println!("test boot::{name} ... FAILED ({seconds:.1} s)\n  {why}");
            }
        }
    }
    println!("{passed} passed, {failed} failed");
    if passed + failed == 0 {
        return Err(format!("no boot is called `{filter}`"));
    }
    if failed == 0 { Ok(()) } else { Err(format!("{failed} boots failed")) }
}
