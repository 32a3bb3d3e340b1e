//! One screenful, composed in memory so that only what changed has to be drawn.

use core::fmt::{self, Write};

use crate::cell::{COLUMNS, Cell, Place, ROWS, Style, TextScreen};

/// What a screen shows, or is to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    cells: [[Cell; COLUMNS]; ROWS],
}

impl Page {
    /// An empty page.
    #[must_use]
    pub const fn blank() -> Self {
        Self { cells: [[Cell::BLANK; COLUMNS]; ROWS] }
    }

    /// Removes everything.
    pub const fn clear(&mut self) {
        *self = Self::blank();
    }

    /// Writes text at `place`; what reaches beyond the line is cut. Returns the column behind the text.
    pub fn write(&mut self, place: Place, style: Style, text: fmt::Arguments<'_>) -> usize {
        let mut line = Line { cells: &mut self.cells[place.row], column: place.column, style };
        // A line takes whatever comes.
        let _ = line.write_fmt(text);
        line.column
    }

    /// Gives a whole line the look of `style`, whatever it says.
    pub fn tint(&mut self, row: usize, style: Style) {
        for cell in &mut self.cells[row] {
            *cell = Cell::new(cell.character().into(), style);
        }
    }

    /// Draws on `screen`, which shows `shown`, what differs, and notes it there.
    pub fn draw(&self, shown: &mut Self, screen: &mut impl TextScreen) {
        for place in Place::all() {
            let (new, old) = (self.at(place), &mut shown.cells[place.row][place.column]);
            if new != *old {
                screen.put(place, new);
                *old = new;
            }
        }
    }

    /// The character at `place`.
    #[must_use]
    pub const fn at(&self, place: Place) -> Cell {
        self.cells[place.row][place.column]
    }
}

/// The characters, line by line, without blanks at their ends.
impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in &self.cells {
            let length =
                row.iter().rposition(|cell| cell.character() != b' ').map_or(0, |at| at + 1);
            for cell in &row[..length] {
                f.write_char(cell.character().into())?;
            }
            f.write_char('\n')?;
        }
        Ok(())
    }
}

impl TextScreen for Page {
    fn put(&mut self, place: Place, cell: Cell) {
        self.cells[place.row][place.column] = cell;
    }
}

/// The rest of a line that is being written.
struct Line<'p> {
    cells: &'p mut [Cell; COLUMNS],
    column: usize,
    style: Style,
}

impl Write for Line<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            let Some(cell) = self.cells.get_mut(self.column) else { break };
            *cell = Cell::new(character, self.style);
            self.column += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Drawn(Vec<Place>);

    impl TextScreen for Drawn {
        fn put(&mut self, place: Place, _: Cell) {
            self.0.push(place);
        }
    }

    #[test]
    fn text_ends_at_the_end_of_its_line() {
        let mut page = Page::blank();
        let place = Place { row: 3, column: COLUMNS - 3 };
        assert_eq!(page.write(place, Style::Plain, format_args!("abcdef")), COLUMNS);
        assert_eq!(page.to_string(), format!("\n\n\n{:77}abc\n{}", "", "\n".repeat(21)));
    }

    #[test]
    fn what_no_font_has_becomes_a_question_mark() {
        let mut page = Page::blank();
        page.write(Place { row: 0, column: 0 }, Style::Plain, format_args!("a\u{e9}\n\u{7f}z"));
        assert!(page.to_string().starts_with("a???z\n"));
    }

    #[test]
    fn only_what_changed_is_drawn() {
        let (mut page, mut shown) = (Page::blank(), Page::blank());
        page.write(Place { row: 1, column: 2 }, Style::Plain, format_args!("7 of 9"));
        page.draw(&mut shown, &mut Drawn::default());
        page.write(Place { row: 1, column: 2 }, Style::Plain, format_args!("8 of 9"));
        let mut drawn = Drawn::default();
        page.draw(&mut shown, &mut drawn);
        assert_eq!(drawn.0, [Place { row: 1, column: 2 }]);
        assert_eq!(shown, page);
    }

    #[test]
    fn a_change_of_look_is_a_change() {
        let (mut page, mut shown) = (Page::blank(), Page::blank());
        page.tint(4, Style::Title);
        let mut drawn = Drawn::default();
        page.draw(&mut shown, &mut drawn);
        assert_eq!(drawn.0.len(), COLUMNS);
    }
}
