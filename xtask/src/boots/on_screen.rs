//! What must be seen on screens: machines without a serial port are of use.

use harness::guest::Firmware;
use serde_json::Value;

use super::disk::Disk;
use super::guest::Guest;
use super::screen::{Reading, Screen};
use super::tool::Tool;

pub fn direct_boot(tool: &Tool) -> Result<(), String> {
    let guest = Guest::with_screen(&tool.kernel, "serial=none")?;
    Screen::of(&guest, Reading::TextMode)?.wait_for("there is no serial port").map(drop)
}

pub fn bios(tool: &Tool) -> Result<(), String> {
    run_to_the_summary(tool, Firmware::Bios, Reading::TextMode)
}

pub fn uefi(tool: &Tool) -> Result<(), String> {
    run_to_the_summary(tool, Firmware::Uefi, Reading::Pixels)
}

pub fn crash(tool: &Tool) -> Result<(), String> {
    let disk = Disk::new(&tool.root, &tool.kernel, "crash=ud2")?;
    let guest = Guest::with_screen_from(&disk, Firmware::Uefi)?;
    let mut screen = Screen::of(&guest, Reading::Pixels)?;
    let seen = screen.wait_for("rmapbench crashed: invalid opcode")?;
    for text in ["vector 6, error code 0x0", "rip ffffffff80", "backtrace, innermost first:"] {
        if !seen.contains(text) {
            return Err(format!("the report does not say `{text}` but\n{seen}"));
        }
    }
    Ok(())
}

fn run_to_the_summary(tool: &Tool, firmware: Firmware, reading: Reading) -> Result<(), String> {
    let disk = Disk::new(&tool.root, &tool.kernel, "")?;
    let guest = Guest::with_screen_from(&disk, firmware)?;
    let mut screen = Screen::of(&guest, reading)?;
    screen.wait_for("there is no serial port")?;
    let seen = screen.wait_for("Results  below, and nowhere else")?;
    if !seen.contains("all 11 cells passed") {
        return Err(format!("not every cell passed its check:\n{seen}"));
    }
    screen.leaf_to("fork-exit, median instructions")?;
    let calibration = screen.leaf_to("calibration, median instructions")?;
    same_figures(&calibration, &expected_figures(tool)?)
}

/// What a host says of the same cell.
fn expected_figures(tool: &Tool) -> Result<Vec<(String, u64)>, String> {
    let words = ["--machine", "icount", "--boot", "direct", "--rounds", "1"];
    let words = [&["run"], &words[..], &["--workloads", "calibration", "--seed", "1"]].concat();
    let cells = tool.call(&words)?.expect(0)?.cells()?;
    let ops = cells[0]["ops"].as_array().ok_or("the cell has no ops")?;
    let figure = |op: &Value| Some((op["op"].as_str()?.to_owned(), op["p50"].as_u64()?));
    ops.iter().map(figure).collect::<Option<_>>().ok_or("an op lacks its median".to_owned())
}

/// Each op has its line, and the figure on it is less than 1 % off.
fn same_figures(page: &str, expected: &[(String, u64)]) -> Result<(), String> {
    for (op, expected) in expected {
        let mut lines = page.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let line = lines.find(|words| words.first() == Some(&op.as_str()));
        let line = line.ok_or(format!("no line is about {op}:\n{page}"))?;
        let shown: Option<u64> = line.get(1).and_then(|word| word.parse().ok());
        if !shown.is_some_and(|shown| shown.abs_diff(*expected) * 100 <= *expected) {
            return Err(format!("{op} takes {expected} and the screen says {line:?}"));
        }
    }
    if expected.is_empty() { Err("there are no figures to compare".to_owned()) } else { Ok(()) }
}
