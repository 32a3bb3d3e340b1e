//! Small linear least squares.

/// Unknowns at most.
pub const MOST: usize = 3;

/// What is left of a column of length 1 that depends on the others, but for rounding.
const SINGULAR: f64 = 1e-13;

/// The coefficients that make the sum of squares of `row * coefficients - 1` over all rows least, where
/// the first `unknowns` entries of a row count. `None` where the rows do not determine them.
///
/// A row that was divided by its measured value makes this the square of the relative error.
pub fn fit(rows: &[[f64; MOST]], unknowns: usize) -> Option<[f64; MOST]> {
    // Columns of length 1, so that none is lost beside another.
    let mut lengths = [1.0; MOST];
    for (column, length) in lengths.iter_mut().enumerate().take(unknowns) {
        *length = rows.iter().map(|row| row[column] * row[column]).sum::<f64>().sqrt();
    }
    // Normal equations, right-hand side last.
    let mut system = [[0.0; MOST + 1]; MOST];
    for row in rows {
        for i in 0..unknowns {
            let entry = row[i] / lengths[i];
            for j in 0..unknowns {
                system[i][j] += entry * row[j] / lengths[j];
            }
            system[i][MOST] += entry;
        }
    }
    let mut solution = solve(system, unknowns)?;
    for (coefficient, length) in solution.iter_mut().zip(lengths) {
        *coefficient /= length;
    }
    solution.iter().all(|coefficient| coefficient.is_finite()).then_some(solution)
}

/// Gauss's elimination with the largest pivot of each column.
fn solve(mut system: [[f64; MOST + 1]; MOST], unknowns: usize) -> Option<[f64; MOST]> {
    for column in 0..unknowns {
        let size = |row: &usize| system[*row][column].abs();
        let pivot = (column..unknowns).max_by(|a, b| size(a).total_cmp(&size(b)))?;
        if size(&pivot) <= SINGULAR || size(&pivot).is_nan() {
            return None;
        }
        system.swap(column, pivot);
        let from = system[column];
        for row in (0..unknowns).filter(|&row| row != column) {
            let factor = system[row][column] / from[column];
            for (entry, subtrahend) in system[row].iter_mut().zip(from) {
                *entry -= factor * subtrahend;
            }
        }
    }
    let mut solution = [0.0; MOST];
    for unknown in 0..unknowns {
        solution[unknown] = system[unknown][MOST] / system[unknown][unknown];
    }
    Some(solution)
}

#[cfg(test)]
mod tests {
    use super::fit;

    #[test]
    fn what_can_be_met_is_met() {
        // 2 + 3x at 1, 2 and 4, divided by its value.
        let rows = [1.0, 2.0, 4.0].map(|x| [1.0, x, 0.0].map(|entry| entry / (2.0 + 3.0 * x)));
        let [a, b, _] = fit(&rows, 2).expect("a line");
        assert!((a - 2.0).abs() < 1e-9 && (b - 3.0).abs() < 1e-9, "{a} {b}");
    }

    #[test]
    fn equal_rows_determine_no_line() {
        assert_eq!(fit(&[[1.0, 2.0, 0.0]; 5], 2), None);
        assert_eq!(fit(&[], 1), None);
    }
}
