//! A screen as a grid of characters.

/// Characters in a line.
pub const COLUMNS: usize = 80;

/// Lines of a screen.
pub const ROWS: usize = 25;

/// How a character looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// Text.
    #[default]
    Plain,
    /// A heading.
    Title,
    /// What names something else.
    Label,
    /// Good news.
    Good,
    /// Bad news.
    Bad,
}

/// A character and its look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Printable ASCII.
    character: u8,
    style: Style,
}

impl Cell {
    /// Nothing to see.
    pub const BLANK: Self = Self { character: b' ', style: Style::Plain };

    /// `character`, or `?` if that is not printable ASCII.
    #[must_use]
    pub const fn new(character: char, style: Style) -> Self {
        let character = match character {
            ' '..='~' => character as u8,
            _ => b'?',
        };
        Self { character, style }
    }

    /// The character, printable ASCII.
    #[must_use]
    pub const fn character(self) -> u8 {
        self.character
    }

    /// Its look.
    #[must_use]
    pub const fn style(self) -> Style {
        self.style
    }
}

/// A place on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// From the top, below [`ROWS`].
    pub row: usize,
    /// From the left, below [`COLUMNS`].
    pub column: usize,
}

impl Place {
    /// Every place, line by line.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..ROWS).flat_map(|row| (0..COLUMNS).map(move |column| Self { row, column }))
    }
}

/// What can show characters.
pub trait TextScreen {
    /// Shows `cell` at `place`.
    fn put(&mut self, place: Place, cell: Cell);
}
