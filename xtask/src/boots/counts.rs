//! Two emulators that share no code count the same instructions.

use std::path::PathBuf;

use serde_json::Value;

use super::bochs::{Bochs, Machine};
use super::tool::Tool;

const ISO_UNDER_ICOUNT: [&str; 9] =
    ["run", "--machine", "icount", "--boot", "iso", "--seed", "7", "--rounds", "1"];

/// What may lie between the two once the known differences are taken off, as a share of icount's
/// figure. Not nothing: other operations zero frames too, now and then (`fork` half a dozen).
const TOLERANCE: f64 = 0.002;

/// By how much Bochs's count of one operation is known to differ: it counts each page fault as an
/// instruction of its own, and a REP instruction without the last look at its counter, so one less.
fn known_difference(op: &str) -> f64 {
    let faults = if op.starts_with("fault_") { 1.0 } else { 0.0 };
    let zeroes_or_copies_a_frame = ["page_zero", "page_copy", "fault_zero", "fault_cow"];
    let repeats = if zeroes_or_copies_a_frame.contains(&op) { 1.0 } else { 0.0 };
    faults - repeats
}

pub fn bochs_and_icount(tool: &Tool) -> Result<(), String> {
    let icount = tool.call(&ISO_UNDER_ICOUNT)?.expect(0)?;
    let mut bochs = Bochs::start(&image(&icount.run_json()?)?, &Machine::default())?;
    let port = bochs.port()?;
    // The image holds plan and seed.
    let counted = tool.call(&["collect", "--port", &port])?.expect(0)?;
    bochs.expect_end()?;
    let class = &counted.summary()?["execution"];
    if class != "exact" {
        return Err(format!("Bochs is of class {class}"));
    }
    let (there, here) = (icount.cells()?, counted.cells()?);
    tagged_flushes(&there, &here)?;
    compare(&there, &here)
}

/// Bochs's CPU has PCIDs and INVPCID and QEMU's translator has neither.
fn tagged_flushes(icount: &Value, bochs: &Value) -> Result<(), String> {
    let timed = |cells: &Value, op: &str| {
        let ops = list(cells).iter().flat_map(|cell| list(&cell["ops"]));
        ops.filter(|timed| timed["op"] == op).count()
    };
    for op in ["cr3_reload_pcid", "cr3_reload_pcid_flush", "invpcid_one", "invpcid_all"] {
        if (timed(icount, op), timed(bochs, op)) != (0, 1) {
            return Err(format!("`{op}` is timed where it is not, or not where it is"));
        }
    }
    Ok(())
}

/// The image that QEMU booted.
fn image(run_json: &Value) -> Result<PathBuf, String> {
    let command = run_json["route"]["qemu_command"].as_str().unwrap_or_default();
    let image = command.split_once("-cdrom ").map(|(_, image)| PathBuf::from(image));
    image.ok_or_else(|| format!("no image in `{command}`"))
}

/// Prints the largest difference; any that is too large fails.
fn compare(icount: &Value, bochs: &Value) -> Result<(), String> {
    let mut largest = Difference::default();
    let (icount, bochs) = (list(icount), list(bochs));
    if icount.len() != bochs.len() {
        return Err(format!("{} cells and {}", icount.len(), bochs.len()));
    }
    for (there, here) in icount.iter().zip(bochs) {
        let word = |key: &str| there[key].as_str().unwrap_or_default();
        let cell = format!("{} under {}", word("workload"), word("scheme"));
        for key in ["scheme", "workload", "params", "outcomes", "footprint"] {
            if there[key] != here[key] {
                return Err(format!("{cell}: the {key} differ"));
            }
        }
        // Bochs's CPU may count what QEMU's does not have.
        for (name, counted) in there["counters"].as_object().into_iter().flatten() {
            if here["counters"][name] != *counted {
                return Err(format!("{cell}: `{name}` differs"));
            }
        }
        for op in list(&there["ops"]) {
            for difference in differences(&cell, op, list(&here["ops"]))? {
                if difference.share.abs() > largest.share.abs() {
                    largest = difference;
                }
            }
        }
    }
    println!("  largest unexplained difference: {}", largest.text());
    if largest.share.abs() > TOLERANCE { Err("the counts differ".to_owned()) } else { Ok(()) }
}

/// Of the median and of the sum of all samples.
fn differences(cell: &str, op: &Value, others: &[Value]) -> Result<[Difference; 2], String> {
    let name = op["op"].as_str().unwrap_or_default();
    let same = others.iter().find(|other| other["op"] == name && other["n"] == op["n"]);
    let other = same.ok_or_else(|| format!("{cell}: Bochs did not time `{name}` as often"))?;
    let number = |op: &Value, key: &str| op[key].as_f64().unwrap_or(f64::NAN);
    let count = number(op, "n");
    let [median, total] = [("p50", 1.0), ("mean", count)].map(|(key, times)| {
        let (icount, bochs) = (number(op, key) * times, number(other, key) * times);
        let rest = bochs - icount - known_difference(name) * times;
        let what = if key == "p50" { "median" } else { "total" };
        let of = format!("{what} of {name} in {cell}");
        Difference { of, icount, bochs, share: rest / icount }
    });
    // A figure that is missing is no number, which no comparison would notice.
    if median.share.is_nan() || total.share.is_nan() {
        return Err(format!("{cell}: `{name}` has no median or no mean"));
    }
    Ok([median, total])
}

/// Counts of the same thing on both machines.
#[derive(Default)]
struct Difference {
    of: String,
    icount: f64,
    bochs: f64,
    /// What is unexplained, of icount's figure.
    share: f64,
}

impl Difference {
    fn text(&self) -> String {
        let Self { of, icount, bochs, share } = self;
        format!("{of}, {icount:.0} under icount and {bochs:.0} on Bochs: {:.3} %", share * 100.0)
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
