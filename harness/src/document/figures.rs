//! Numbers as text: whole, or rounded to a fixed place from whole ones, so that equal results read
//! equal to the last digit.

/// `a / b` with two decimals, half rounded up; `-` where `b` is 0.
pub fn times(a: u64, b: u64) -> String {
    decimal(a, b, 2)
}

/// `part / whole` in percent with one decimal; `-` of nothing.
pub fn percent(part: u64, whole: u64) -> String {
    match whole {
        0 => "-".to_owned(),
        _ => format!("{} %", decimal(part.saturating_mul(100), whole, 1)),
    }
}

/// `a / b` with `places` decimals, half rounded up; `-` where `b` is 0.
pub fn decimal(a: u64, b: u64, places: u32) -> String {
    if b == 0 {
        return "-".to_owned();
    }
    let scale = 10_u128.pow(places);
    let scaled = (u128::from(a) * scale + u128::from(b) / 2) / u128::from(b);
    match places {
        0 => scaled.to_string(),
        _ => format!("{}.{:0width$}", scaled / scale, scaled % scale, width = places as usize),
    }
}

/// `a / b` in thousandths, half rounded up.
pub fn per_mille(a: u64, b: u64) -> Option<u64> {
    let scaled = (u128::from(a) * 1000 + u128::from(b) / 2).checked_div(u128::from(b))?;
    u64::try_from(scaled).ok()
}

/// A figure, or `-` for one that is missing.
pub fn or_dash(figure: Option<impl ToString>) -> String {
    figure.map_or_else(|| "-".to_owned(), |figure| figure.to_string())
}

#[cfg(test)]
mod tests {
    use super::{decimal, per_mille, percent, times};

    #[test]
    fn halves_are_rounded_up() {
        assert_eq!(
            [times(1, 3), times(2, 3), times(1, 200), times(3, 1)],
            ["0.33", "0.67", "0.01", "3.00"]
        );
        assert_eq!(decimal(5, 2, 0), "3");
        assert_eq!(percent(1, 8), "12.5 %");
        assert_eq!(per_mille(1, 3), Some(333));
    }

    #[test]
    fn what_is_divided_by_nothing_is_no_figure() {
        assert_eq!((times(1, 0), percent(0, 0), per_mille(1, 0)), ("-".into(), "-".into(), None));
    }

    #[test]
    fn large_numbers_do_not_overflow() {
        assert_eq!(times(u64::MAX, u64::MAX), "1.00");
    }
}
