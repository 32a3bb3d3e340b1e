//! The words of one line.

use super::error::{Expected, TraceError};

/// What is left of a line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tokens<'t> {
    line: &'t str,
    number: usize,
    /// Bytes of the line that have been read.
    read: usize,
}

/// A word and where it starts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'t> {
    pub(super) text: &'t str,
    start: usize,
}

impl<'t> Tokens<'t> {
    /// The words of `line` up to a comment.
    pub(super) fn new(line: &'t str, number: usize) -> Self {
        let end = line.find('#').unwrap_or(line.len());
        Self { line: &line[..end], number, read: 0 }
    }

    /// The next word, empty at the line's end.
    pub(super) fn next(&mut self) -> Token<'t> {
        let rest = &self.line[self.read..];
        let word = rest.trim_start();
        let start = self.line.len() - word.len();
        let length = word.find(char::is_whitespace).unwrap_or(word.len());
        self.read = start + length;
        Token { text: &word[..length], start }
    }

    pub(super) fn error(&self, token: Token<'t>, expected: Expected) -> TraceError<'t> {
        // At the line's end, point right behind the last word.
        let start = if token.text.is_empty() { self.line.trim_end().len() } else { token.start };
        TraceError {
            line: self.number,
            column: self.line[..start].chars().count() + 1,
            found: token.text,
            expected,
        }
    }

    /// The next word, if `read` makes something of it.
    pub(super) fn read<T>(
        &mut self,
        expected: Expected,
        read: impl FnOnce(&'t str) -> Option<T>,
    ) -> Result<T, TraceError<'t>> {
        let token = self.next();
        read(token.text).ok_or_else(|| self.error(token, expected))
    }

    /// The next word, if it is one of these.
    pub(super) fn one_of<T: Copy>(
        &mut self,
        expected: Expected,
        words: &[(&str, T)],
    ) -> Result<T, TraceError<'t>> {
        self.read(expected, |text| {
            words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning)
        })
    }

    /// That there is no further word.
    pub(super) fn end(&mut self, expected: Expected) -> Result<(), TraceError<'t>> {
        self.read(expected, |text| text.is_empty().then_some(()))
    }
}

/// A number, decimal or after `0x` hexadecimal.
pub(super) fn number(text: &str) -> Option<u64> {
    // `from_str_radix` would take a sign.
    if text.starts_with('+') {
        return None;
    }
    match text.strip_prefix("0x") {
        Some(digits) if !digits.starts_with('+') => u64::from_str_radix(digits, 16).ok(),
        Some(_) => None,
        None => text.parse().ok(),
    }
}

/// Two numbers with a plus sign in between.
pub(super) fn sum(text: &str) -> Option<(u64, u64)> {
    let (first, second) = text.split_once('+')?;
    Some((number(first)?, number(second)?))
}
