//! What must be seen on screens: machines without a serial port are of use.

use harness::guest::Firmware;
use serde_json::Value;

use super::disk::{CELLS, Disk};
use super::guest::{Clock, Guest};
use super::pc::Medium;
use super::screen::{Reading, Screen};
use super::tool::Tool;

pub fn direct_boot(tool: &Tool) -> Result<(), String> {
    let guest = Guest::with_screen(&tool.kernel, "com=none")?;
    Screen::of(&guest, Reading::TextMode)?.wait_for("there is no serial port").map(drop)
}

pub fn bios(tool: &Tool) -> Result<(), String> {
    let disk = Disk::new(&tool.root, &tool.kernel, &[], "")?;
    let guest = Guest::pc_with_screen(Medium::Cd(disk.path()), Firmware::Bios, Clock::Host)?;
    let mut screen = Screen::of(&guest, Reading::TextMode)?;
    run_to_the_end(&mut screen)?;
    // Back from the first page to the last, which pages that turn by themselves reach a minute later.
    screen.press_until("pgup", |seen| seen.lines().last().is_some_and(is_last_page))
}

/// Whether a page's last line says that it is the last one of many.
fn is_last_page(footer: &str) -> bool {
    let words: Vec<&str> = footer.split([' ', ';']).collect();
    let number = words.windows(4).find(|words| words[0] == "Page" && words[2] == "of");
    number.is_some_and(|words| words[1] == words[3] && words[1] != "1")
}

pub fn uefi(tool: &Tool) -> Result<(), String> {
    let expected = expected_figures(tool)?;
    let disk = Disk::new(&tool.root, &tool.kernel, &[], "")?;
    let guest =
        Guest::pc_with_screen(Medium::Cd(disk.path()), Firmware::Uefi, Clock::Instructions)?;
    let mut screen = Screen::of(&guest, Reading::Pixels)?;
    run_to_the_end(&mut screen)?;
    // With such a clock a page lasts a moment, and no key is needed to see the next.
    expected.iter().try_for_each(|(op, figure)| {
        let shown = |page: &str| page.lines().any(|line| says(line, op, *figure));
        let seen = screen.wait_until(shown).map(drop);
        seen.map_err(|last| format!("no page says that {op} takes {figure}; the last one:\n{last}"))
    })
}

pub fn crash(tool: &Tool) -> Result<(), String> {
    let disk = Disk::new(&tool.root, &tool.kernel, &[], "crash=ud2")?;
    let guest =
        Guest::pc_with_screen(Medium::Cd(disk.path()), Firmware::Uefi, Clock::Instructions)?;
    let mut screen = Screen::of(&guest, Reading::Pixels)?;
    // The report is written line by line, and may be looked at meanwhile.
    let report = [
        "rmapbench crashed on CPU 0: invalid opcode",
        "vector 6, error code 0x0",
        "rip ffffffff80",
        "backtrace, innermost first:",
    ];
    let seen = screen.wait_until(|seen| report.iter().all(|text| seen.contains(text)));
    seen.map(drop).map_err(|last| format!("the screen does not say all of {report:?} but\n{last}"))
}

fn run_to_the_end(screen: &mut Screen) -> Result<(), String> {
    screen.wait_for("there is no serial port")?;
    let seen = screen.wait_for("Results  below, and nowhere else")?;
    if seen.contains(&format!("all {CELLS} cells passed")) {
        return Ok(());
    }
    Err(format!("not every cell passed its check:\n{seen}"))
}

/// What a host says of the same cell.
fn expected_figures(tool: &Tool) -> Result<Vec<(String, u64)>, String> {
    let words = ["--machine", "icount", "--boot", "direct", "--rounds", "1"];
    let words = [&["run"], &words[..], &["--workloads", "calibration", "--seed", "1"]].concat();
    let cells = tool.call(&words)?.expect(0)?.cells()?;
    let ops = cells[0]["ops"].as_array().ok_or("the cell has no ops")?;
    let figure = |op: &Value| Some((op["op"].as_str()?.to_owned(), op["p50"].as_u64()?));
    let figures: Option<Vec<_>> = ops.iter().map(figure).collect();
    figures.filter(|figures| !figures.is_empty()).ok_or("an op lacks its median".to_owned())
}

/// Whether a line of a table says that `op` takes `figure`, which may be 1 % off.
fn says(line: &str, op: &str, figure: u64) -> bool {
    let mut words = line.split_whitespace();
    let of_op = words.next() == Some(op);
    let shown = words.next().and_then(|word| word.parse::<u64>().ok());
    of_op && shown.is_some_and(|shown| shown.abs_diff(figure) * 100 <= figure)
}
