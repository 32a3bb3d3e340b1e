//! `docs/the-1998-mail.md`: each guess of the mail beside what was measured, and one line of answer that
//! follows from the figures by a rule.

mod aging;
mod blocks;
mod hints;
mod lost;
mod missing;
mod one_user;
mod reverse_table;
mod rows;
mod section;
mod tuple;

use std::fmt::Write;

use self::section::Section;
use super::evidence::{Evidence, Measured};
use crate::plan::Work;
use crate::results::Execution;

/// The plan that makes the evidence.
pub const PLAN: &str = "mail-1998";

const HEAD: &str = "\
# The mail of 1998, measured

<!-- Made by `cargo rmapbench report RUN… --document mail-1998 -o docs/the-1998-mail.md`; do not edit. -->

On 3 January 1998 Linus Torvalds answered a question about moving pages with a mail to linux-kernel
(subject *Re: 2.1.76, nfs client, and memory fragmentation*) that weighs the ways to find the users of a
physical page, and guesses what each would cost. Below, each guess stands beside figures. Every answer
is derived from the figures by a rule in `harness/src/document/mail_1998/`; the plan is
`harness/src/plan/named/mail-1998.toml`. `anon-vma-chain`, where it appears, is what Linux does today.

The text of this file follows from the result folders alone: the same plan and seed on a machine of class
*exact* give the same file to the last digit.
";

/// The whole document; cells of `planned` that no result has are said to be missing.
pub fn text(evidence: &Evidence, planned: &[Work]) -> String {
    let mut text = HEAD.to_owned();
    text.push_str("\n## What was measured\n\n");
    for measured in &evidence.results {
        let _ = writeln!(text, "{}", source(measured));
    }
    let sections: [fn(&Evidence) -> Section; 7] = [
        reverse_table::section,
        hints::section,
        one_user::section,
        tuple::section,
        aging::section,
        blocks::section,
        lost::section,
    ];
    for (number, section) in (1..).zip(sections) {
        let _ = write!(text, "\n{}", section(evidence).markdown(number, planned, evidence));
    }
    text
}

/// Where figures come from and what they may claim.
fn source(measured: &Measured) -> String {
    let Measured { class, unit, machine, plan, seed, rounds, command, cells, complete } = measured;
    let claim = Execution::named(class).map_or("", Execution::claim);
    let state = if *complete { "complete" } else { "incomplete" };
    let cells = cells.len();
    format!(
        "* Class *{class}* ({machine}): {cells} cells, plan {plan}, seed {seed}, rounds {rounds}, \
         {state}; times in {unit}. {claim}\n  `{command}`"
    )
}
