//! A refusal in words.

use core::fmt;

use wire::Refusal;

/// Writes a refusal as a clause.
pub(super) struct Text<'r>(pub(super) &'r Refusal<'r>);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Refusal::Memory { needed_mib, present_mib } => write!(
                f,
                "it needs {needed_mib} MiB of memory in a row and there are {present_mib}: add memory"
            ),
            Refusal::Cells { planned, most } => {
                write!(f, "a round has {planned} cells and can have {most}: plan fewer")
            }
            Refusal::Reach { scheme, needed_mib, most_mib } => write!(
                f,
                "it needs {needed_mib} MiB and {scheme} can serve {most_mib}: leave {scheme} out"
            ),
            Refusal::Unknown { what, name } => {
                write!(f, "the {what} `{name}` is unknown: build the image anew")
            }
        }
    }
}
