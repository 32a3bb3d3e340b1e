//! `verify`: random events under every scheme, compared with what they should do.

mod conclude;
mod explore;
mod replay;

use std::fs;

use runner::verify::Script;
use wire::Plan;

use super::print;
use crate::cli::{self, Machine};
use crate::error::Error;
use crate::exit::Exit;
use crate::plan::Verification;
use crate::verify::{EventEngine, Finding, minimal, mismatched};

/// Carries `verify` out.
pub fn verify(arguments: &cli::Verify) -> Result<Exit, Error> {
    let plan = plan(arguments)?;
    if let Some(file) = &arguments.trace {
        return replay::replay_file(file, &plan, arguments);
    }
    let explored = match arguments.machine {
        Machine::Model => explore::on_the_model(arguments, &plan)?,
        _ => explore::in_a_guest(arguments, &plan)?,
    };
    conclude::conclude(arguments, &explored)
}

fn plan(arguments: &cli::Verify) -> Result<Plan, Error> {
    let verification = Verification {
        schemes: arguments.schemes.clone(),
        events: arguments.events,
        seed: arguments.seed,
        check_every: arguments.check_every,
    };
    Ok(verification.resolve()?)
}

/// Looks for the fewest events of `script` that show a finding, and says all about it. `again` is a
/// command that shows it again. The file of `--out` gets the events of the first finding.
fn tell(
    finding: &Finding,
    again: &str,
    script: Script<'_>,
    arguments: &cli::Verify,
) -> Result<(), Error> {
    eprintln!("rmapbench: looking for the fewest events that go wrong under {}", finding.scheme);
    let minimal = minimal::<EventEngine>(finding, script, arguments.check_every);
    if let (Some(out), Some(minimal)) = (&arguments.out, &minimal)
        && !out.exists()
    {
        fs::write(out, &minimal.trace).map_err(Error::file("write", out))?;
    }
    print(&mismatched(finding, minimal.as_ref(), again))
}
