//! A failing list as a test that can be pasted.

use std::fmt::Write;
use std::string::String;

use crate::Event;
use crate::trace::Line;

/// A list that failed, and how.
#[derive(Clone, Copy, Debug)]
pub struct Failure<'a> {
    /// The events, a minimal list of them.
    pub events: &'a [Event],
    /// The type of the scheme, as the test names it.
    pub scheme: &'a str,
    /// The seed of the world.
    pub seed: u64,
    /// What was wrong, as a clause.
    pub what: &'a str,
}

/// A test named `name` that replays the list; it calls `replay::<Scheme>(seed, trace)`.
#[must_use]
pub fn regression_test(failure: &Failure<'_>, name: &str) -> String {
    let Failure { events, scheme, seed, what } = failure;
    let mut text = String::new();
    append(&mut text, format_args!("/// {what}\n#[test]\nfn {name}() {{\n"));
    append(&mut text, format_args!("    replay::<{scheme}>(\n        {seed},\n        r\"\n"));
    for event in *events {
        append(&mut text, format_args!("        {}\n", Line(event)));
    }
    text + "        \",\n    );\n}\n"
}

/// Writing to a string cannot fail.
fn append(text: &mut String, words: std::fmt::Arguments<'_>) {
    let _ = text.write_fmt(words);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::events;

    #[test]
    fn the_test_can_be_pasted() {
        let events: Vec<_> = events("spawn 0\nfork 0 -> 1").map(Result::unwrap).collect();
        let what = "the child's page 0x10 is lost";
        let failure = Failure { events: &events, scheme: "PteNext", seed: 5, what };
        let expected = "\
/// the child's page 0x10 is lost
#[test]
fn a_fork_forgets() {
    replay::<PteNext>(
        5,
        r\"
        spawn 0
        fork 0 -> 1
        \",
    );
}
";
        assert_eq!(regression_test(&failure, "a_fork_forgets"), expected);
    }
}
