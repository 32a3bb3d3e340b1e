//! The reverse table's size and price.

use super::rows::{Rows, range};
use super::section::Section;
use crate::document::evidence::{Cell, Evidence};
use crate::document::figures::{or_dash, per_mille, times};

/// The schemes that keep a link for every PTE.
const TABLES: [&str; 3] = ["pte-next", "pte-next-double", "pte-next:link=4"];

/// What the price is paid in.
const OPS: [&str; 4] = ["fork", "fault_zero", "fault_reuse", "exit"];

pub(super) fn section(evidence: &Evidence) -> Section {
    let mut section = Section::new(
        "A reverse table the size of the forward one",
        &[
            "The reverse page table can actually be made to be the same size as the forward page \
             table fairly easily.",
            "And I generally don't worry all that much about the size of the page tables. However, \
             doubling them still makes me nervous.",
        ],
        "A link for each PTE takes as many bytes as the PTE, so page tables double; what that costs \
         in time is left open.",
        &["fork-exit"],
    );
    for measured in evidence.shown() {
        let rows = Rows::new(measured, measured.of("fork-exit", |cell| cell.surveys.is_empty()));
        if rows.is_empty() {
            continue;
        }
        let columns = [
            "page tables, bytes",
            "reverse map, bytes",
            "times the page tables",
            "bytes per frame",
        ];
        section.tables.push(rows.table("Bytes at the peak", &columns, |cell| {
            let (tables, own) =
                (cell.footprint("page_table_bytes"), cell.footprint("metadata_peak_bytes"));
            let quotient = bytes(cell).map(|(own, tables)| times(own, tables));
            vec![
                or_dash(tables),
                or_dash(own),
                or_dash(quotient),
                or_dash(cell.footprint("bytes_per_frame")),
            ]
        }));
        let columns = OPS.iter().flat_map(|op| [*op, "× scan"]).collect::<Vec<_>>();
        section.tables.push(rows.table("Median cost of one operation", &columns, |cell| {
            OPS.iter().flat_map(|op| rows.cost(cell, op)).collect()
        }));
        for scheme in TABLES {
            let size = size(rows.under(scheme).filter_map(bytes).collect());
            section.answers.extend(size.map(|size| {
                format!("`{scheme}` (class {}): {size} {}", measured.class, price(&rows, scheme))
            }));
        }
    }
    section
}

/// The scheme's metadata and the page tables, in bytes.
fn bytes(cell: &Cell) -> Option<(u64, u64)> {
    Some((cell.footprint("metadata_peak_bytes")?, cell.footprint("page_table_bytes")?))
}

/// What the sizes say: within a tenth counts as the same.
fn size(sizes: Vec<(u64, u64)>) -> Option<String> {
    let shares: Vec<u64> =
        sizes.iter().filter_map(|&(own, tables)| per_mille(own, tables)).collect();
    let (least, most) = (*shares.iter().min()?, *shares.iter().max()?);
    let range = range(sizes.into_iter())?;
    let verdict = match (least, most) {
        (900.., ..=1100) => "the same size, so page tables are doubled",
        (_, ..900) => "smaller at every setting, so page tables are less than doubled",
        (1101.., _) => "larger at every setting, so page tables are more than doubled",
        (_, 900..=1100) => {
            "the same size at worst and smaller elsewhere, so doubled is the worst case"
        }
        _ => "larger at some settings, so doubled is not the worst case",
    };
    Some(format!("the reverse map takes {range} times the bytes of all page tables: {verdict}."))
}

/// What it costs in time.
fn price(rows: &Rows<'_>, scheme: &str) -> String {
    let each = OPS.iter().filter_map(|op| Some(format!("{op} {}", rows.cost_range(scheme, op)?)));
    let each: Vec<String> = each.collect();
    match each.len() {
        0 => "What that costs in time is not measured, as there is no `scan` to compare it with."
            .to_owned(),
        _ => format!("Against no reverse map: {}.", each.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn a_table_of_the_same_size_doubles_and_a_smaller_one_does_not() {
        let said = |sizes: &[(u64, u64)]| size(sizes.to_vec()).expect("there are figures");
        assert!(said(&[(95, 100), (100, 100)]).contains("0.95 to 1.00 times"));
        assert!(said(&[(95, 100), (100, 100)]).contains("so page tables are doubled"));
        assert!(said(&[(25, 100), (50, 100)]).contains("less than doubled"));
        assert!(said(&[(25, 100), (99, 100)]).contains("doubled is the worst case"));
        assert!(said(&[(25, 100), (199, 100)]).contains("doubled is not the worst case"));
        assert!(said(&[(150, 100), (199, 100)]).contains("more than doubled"));
        assert_eq!(size(vec![]), None);
    }
}
