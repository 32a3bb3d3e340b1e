//! Text as it comes, from the top of an empty screen, for whoever has nothing else to say any more.

use core::fmt::{self, Write};

use crate::cell::{COLUMNS, Cell, Place, ROWS, Style, TextScreen};

/// Writes to a screen from its top. Long lines go on in the next; what does not fit is lost, because what
/// comes first says most.
#[derive(Debug)]
pub struct Terminal<'s, S> {
    screen: &'s mut S,
    style: Style,
    row: usize,
    column: usize,
}

impl<'s, S: TextScreen> Terminal<'s, S> {
    /// Takes `screen` over and empties it.
    pub fn new(screen: &'s mut S, style: Style) -> Self {
        for place in Place::all() {
            screen.put(place, Cell::BLANK);
        }
        Self { screen, style, row: 0, column: 0 }
    }

    fn put(&mut self, character: char) {
        if character == '\n' {
            (self.row, self.column) = (self.row + 1, 0);
            return;
        }
        if self.column == COLUMNS {
            (self.row, self.column) = (self.row + 1, 0);
        }
        if self.row < ROWS {
            let place = Place { row: self.row, column: self.column };
            self.screen.put(place, Cell::new(character, self.style));
            self.column += 1;
        }
    }
}

impl<S: TextScreen> Write for Terminal<'_, S> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().for_each(|character| self.put(character));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Page;

    fn shown(text: &str) -> String {
        let mut page = Page::blank();
        page.tint(7, Style::Title);
        let _ = Terminal::new(&mut page, Style::Bad).write_str(text);
        page.to_string().trim_end().to_owned()
    }

    #[test]
    fn a_long_line_goes_on_in_the_next() {
        let long = "x".repeat(COLUMNS + 2);
        assert_eq!(shown(&format!("{long}\nend")), format!("{}\nxx\nend", "x".repeat(COLUMNS)));
    }

    #[test]
    fn a_full_line_leaves_no_empty_one_behind() {
        let full = "x".repeat(COLUMNS);
        assert_eq!(shown(&format!("{full}\nend")), format!("{full}\nend"));
    }

    #[test]
    fn the_first_lines_stay_where_there_are_too_many() {
        let lines: Vec<String> = (0..ROWS + 9).map(|line| line.to_string()).collect();
        assert_eq!(shown(&lines.join("\n")), lines[..ROWS].join("\n"));
    }
}
