//! What of the command line cannot be done, said as soon as there is somebody to hear it.

use core::fmt::{self, Write};

use heapless::String;
use unikernel::acpi::Acpi;
use unikernel::options::{Complaints, Options, Severity};
use wire::Value;

use super::console::{Unmet, first_words};
use super::crash;
use super::facts::Facts;

/// CPUs that take part today.
const CPUS: u16 = 1;

/// Sentences about words that the run goes on without.
#[derive(Debug, Default)]
pub struct Warnings(String<1024>);

impl Warnings {
    fn add(&mut self, warning: fmt::Arguments<'_>) {
        first_words(warning);
        let gap = if self.0.is_empty() { "" } else { " " };
        // Past its length a fact is cut off; the line has shown all.
        let _ = write!(self.0, "{gap}{warning}.");
    }

    /// Adds them, if there are any.
    pub fn report(&self, facts: &mut Facts<'_>) {
        if !self.0.is_empty() {
            facts.add("boot.warnings", Value::Text(&self.0));
        }
    }
}

/// Ends the run if it would not be the one that was asked for.
pub fn judge(
    options: &Options<'_>,
    complaints: &Complaints<'_>,
    unmet: Option<Unmet>,
    acpi: Option<Acpi>,
) -> Warnings {
    let mut warnings = Warnings::default();
    let is = |severity| complaints.iter().filter(move |one| one.severity() == severity);
    for warning in is(Severity::Warning) {
        warnings.add(format_args!("{warning}"));
    }
    if let Some(refusal) = is(Severity::Refusal).next() {
        crash::refuse(format_args!("{refusal}."));
    }
    match unmet {
        Some(Unmet::Baud(why)) => crash::refuse(format_args!("{why}.")),
        Some(Unmet::Port(port)) => {
            warnings.add(format_args!("there is no serial port that works at {port}"));
        }
        None => {}
    }
    if let Some(cpus) = options.cpus.filter(|cpus| cpus.get() > CPUS) {
        refuse_cpus(cpus.get(), acpi);
    }
    warnings
}

fn refuse_cpus(wanted: u16, acpi: Option<Acpi>) -> ! {
    let there = acpi.and_then(|acpi| acpi.processors).map(|processors| processors.enabled);
    let mut present = String::<32>::new();
    if let Some(there) = there {
        // The longest number fits.
        let _ = write!(present, " of this machine's {there}");
    }
    crash::refuse(format_args!(
        "cpus={wanted} asks for more than takes part today, which is {CPUS}{present}: leave the word out."
    ))
}
