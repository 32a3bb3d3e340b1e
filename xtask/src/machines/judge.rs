//! Whether a run's results are what a row expects.

use serde_json::Value;

use super::row::{Clock, Row};
use crate::boots::tool::Called;

/// Calibration, and the plan's workload under each of its schemes.
const CELLS: usize = 4;

/// Fails unless the result is whole, every check passed, and facts and cells are as `row` says.
/// `reference` gives the cells of the reference machine.
pub fn judge(
    row: &Row,
    called: &Called,
    reference: impl FnOnce() -> Result<Value, String>,
) -> Result<(), String> {
    let cells = called.cells()?;
    let count = cells.as_array().map_or(0, Vec::len);
    if count != CELLS {
        return Err(format!("{count} cells instead of {CELLS}"));
    }
    let run = called.run_json()?;
    if run["failures"].as_array().is_none_or(|failures| !failures.is_empty()) {
        return Err(format!("a check failed: {}", run["failures"]));
    }
    for (name, expected) in &row.facts {
        let found = &run["machine"][name];
        if !agrees(found, expected) {
            return Err(format!("{name} is {found} instead of {expected}"));
        }
    }
    let exact = row.clock == Clock::Icount && row.bochs.is_none();
    if exact && row.cells_differ.is_none() {
        return same(&cells, &reference()?);
    }
    Ok(())
}

/// A text that begins with `<` or `>` compares numbers; anything else is to be found as it is.
fn agrees(found: &Value, expected: &Value) -> bool {
    let bound = expected.as_str().and_then(|text| text.split_at_checked(1));
    match bound {
        Some(("<", limit)) => number(found).zip(parsed(limit)).is_some_and(|(a, b)| a < b),
        Some((">", limit)) => number(found).zip(parsed(limit)).is_some_and(|(a, b)| a > b),
        _ => found == expected,
    }
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| parsed(value.as_str()?))
}

fn parsed(text: &str) -> Option<u64> {
    let text = text.trim();
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

fn same(cells: &Value, reference: &Value) -> Result<(), String> {
    let pairs =
        cells.as_array().into_iter().flatten().zip(reference.as_array().into_iter().flatten());
    for (cell, other) in pairs {
        let Some(part) = different_part(cell, other) else { continue };
        return Err(format!(
            "`{part}` of {} under {} differs from the reference machine's: {} instead of {}",
            cell["workload"], cell["scheme"], cell[&part], other[&part]
        ));
    }
    Ok(())
}

fn different_part(cell: &Value, other: &Value) -> Option<String> {
    let parts = cell.as_object()?.iter();
    parts
        .filter(|(part, value)| other[part.as_str()] != **value)
        .map(|(part, _)| part.clone())
        .next()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn bounds_compare_numbers_however_they_are_written() {
        assert!(agrees(&json!("0x7000"), &json!("< 0x100000")));
        assert!(!agrees(&json!("0x100000"), &json!("< 0x100000")));
        assert!(agrees(&json!(4096), &json!("> 4095")));
        assert!(!agrees(&json!("none"), &json!("> 1")));
        assert!(!agrees(&json!(null), &json!("< 1")));
    }

    #[test]
    fn all_else_is_to_be_found_as_it_is() {
        assert!(agrees(&json!(true), &json!(true)));
        assert!(!agrees(&json!("xapic"), &json!("x2apic")));
        assert!(!agrees(&json!(null), &json!(false)));
    }

    #[test]
    fn the_first_part_that_differs_is_named() {
        let cell = |n: u64| json!([{"workload": "fork-exit", "scheme": "scan", "ops": n}]);
        assert!(same(&cell(1), &cell(1)).is_ok());
        let error = same(&cell(1), &cell(2)).expect_err("they differ");
        assert!(error.contains("`ops`") && error.contains("1 instead of 2"), "{error}");
    }
}
