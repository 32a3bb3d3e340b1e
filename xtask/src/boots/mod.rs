//! Real boots: the table of what is tried, and its runner.

pub mod bochs;
mod cases;
mod command_line;
mod console_server;
mod counts;
pub mod disk;
mod failures;
pub mod guest;
mod images;
mod keyboard;
mod line;
mod on_screen;
mod pc;
mod pipe;
mod relay;
pub mod screen;
mod serial_ports;
pub mod tool;

pub use images::files_below;

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
    ("a_crash_of_any_kind_names_its_event", failures::every_kind),
    ("a_hang_is_explained", failures::hang),
    ("a_pair_that_crashed_is_skipped_on_the_next_run", failures::skipped),
    ("a_cell_that_is_too_hungry_leaves_the_others", failures::too_hungry),
    ("random_events_in_the_guest_agree_with_the_oracle", cases::random_events),
    ("a_guest_that_is_killed_leaves_what_arrived", cases::killed),
    ("an_interrupt_leaves_what_arrived", cases::interrupted),
    ("the_line_is_where_the_command_line_says", serial_ports::by_command_line),
    ("a_port_at_com2_alone_is_found", serial_ports::by_probing),
    ("the_line_runs_at_every_standard_rate", serial_ports::at_every_rate),
    ("the_firmwares_console_is_preferred", serial_ports::by_firmware),
    ("a_word_that_cannot_be_used_is_answered", command_line::refused),
    ("a_slip_on_the_command_line_is_named", command_line::slip),
    ("the_command_line_picks_a_plan_of_the_image", command_line::plan),
    ("a_guest_without_a_serial_port_says_so_on_screen", on_screen::direct_boot),
    ("a_bios_machine_without_a_serial_port_shows_its_figures", on_screen::bios),
    ("a_uefi_machine_without_a_serial_port_shows_its_figures", on_screen::uefi),
    ("a_crash_is_explained_on_a_framebuffer", on_screen::crash),
    ("an_iso_on_bios_gives_the_cells_of_a_direct_boot", cases::iso_on_bios),
    ("an_iso_on_uefi_gives_the_cells_of_a_direct_boot", cases::iso_on_uefi),
    ("equal_sources_make_equal_images", images::equal_images),
    ("an_image_boots_from_cd_and_stick_on_bios", images::on_bios),
    ("an_image_boots_from_cd_and_stick_on_uefi", images::on_uefi),
    ("an_image_boots_from_the_network_on_bios", images::network_on_bios),
    ("an_image_boots_from_the_network_on_uefi", images::network_on_uefi),
    ("a_key_on_the_serial_line_chooses_from_the_menu", images::chosen_by_key),
    ("bochs_counts_what_icount_counts", counts::bochs_and_icount),
    ("a_console_server_sets_its_line_and_loses_nothing", cases::console_server),
    ("a_line_that_dies_leaves_what_arrived_and_says_what_is_missing", line::a_dead_line),
    ("a_slow_line_is_kept_busy", line::a_slow_line),
    ("whatever_happens_to_line_and_tool_nothing_is_lost", line::nothing_is_lost),
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
