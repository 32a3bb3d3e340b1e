//! A clause of bounded length, for there is no heap to put it in.

use core::fmt::{self, Write};

/// The most bytes: with everything else in its record it still fits one frame.
const MOST: usize = 200;

/// What is wrong, as a clause; one that is too long is cut.
#[derive(Clone, PartialEq, Eq)]
pub struct Text(heapless::String<MOST>);

impl Text {
    /// Writes it down.
    pub fn of(what: impl fmt::Display) -> Self {
        let mut text = Self(heapless::String::new());
        // The error is that the text is cut, which is meant to be.
        let _ = write!(text, "{what}");
        text
    }

    /// The clause.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Write for Text {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        for letter in more.chars() {
            self.0.push(letter).map_err(|_| fmt::Error)?;
        }
        Ok(())
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST, Text};

    #[test]
    fn a_long_text_is_cut_between_letters() {
        assert_eq!(Text::of("frame 3 is lost").as_str(), "frame 3 is lost");
        let cut = Text::of("ä".repeat(MOST));
        assert_eq!(cut.as_str(), "ä".repeat(MOST / 2));
        assert_eq!(
            Text::of(format_args!("{}{}", "x".repeat(MOST - 1), "ä")).as_str().len(),
            MOST - 1
        );
    }
}
