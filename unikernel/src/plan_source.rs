//! Which of the plans at hand runs.

use core::fmt;

use crate::boot_info::BootModule;

/// The plan that is always there, because the kernel has it built in.
const BUILT_IN: &str = "quick";

/// Where a plan comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanSource {
    /// The boot module of this number.
    Module(usize),
    /// The kernel itself.
    BuiltIn,
}

/// No plan at hand has the name that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoSuchPlan<'a> {
    wanted: &'a str,
    modules: &'a [BootModule],
}

impl fmt::Display for NoSuchPlan<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "plan={} names no plan of this image: there are {BUILT_IN}", self.wanted)?;
        let names = self.modules.iter().map(BootModule::name);
        for name in names.filter(|name| !name.is_empty() && *name != BUILT_IN) {
            write!(f, ", {name}")?;
        }
        Ok(())
    }
}

/// Chooses among the boot modules: the one called `wanted`, the first if nobody asks, else the built-in
/// plan if that is meant or there is no module.
///
/// # Errors
/// [`NoSuchPlan`].
pub fn plan_source<'a>(
    wanted: Option<&'a str>,
    modules: &'a [BootModule],
) -> Result<PlanSource, NoSuchPlan<'a>> {
    let Some(wanted) = wanted else {
        return Ok(if modules.is_empty() { PlanSource::BuiltIn } else { PlanSource::Module(0) });
    };
    match modules.iter().position(|module| module.name() == wanted) {
        Some(number) => Ok(PlanSource::Module(number)),
        None if wanted == BUILT_IN => Ok(PlanSource::BuiltIn),
        None => Err(NoSuchPlan { wanted, modules }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::boot_info::BootInfo;
    use crate::memory_map::Range;
    use std::string::ToString;

    fn with_modules(names: &[&str]) -> BootInfo {
        let mut info = BootInfo::new();
        for name in names {
            info.add_module(name.as_bytes(), Range::new(0, 1)).expect("room");
        }
        info
    }

    #[test]
    fn nobody_asks() {
        assert_eq!(plan_source(None, &[]), Ok(PlanSource::BuiltIn));
        let info = with_modules(&["full", "quick"]);
        assert_eq!(plan_source(None, info.modules()), Ok(PlanSource::Module(0)));
    }

    #[test]
    fn a_module_is_chosen_by_its_name() {
        let info = with_modules(&["full", "quick"]);
        assert_eq!(plan_source(Some("quick"), info.modules()), Ok(PlanSource::Module(1)));
        let info = with_modules(&["full"]);
        assert_eq!(plan_source(Some("quick"), info.modules()), Ok(PlanSource::BuiltIn));
    }

    #[test]
    fn a_name_that_is_not_there_is_answered_with_what_is() {
        let info = with_modules(&["quick", "full", "", "history"]);
        let why = plan_source(Some("ful"), info.modules()).expect_err("no such plan");
        assert_eq!(
            why.to_string(),
            "plan=ful names no plan of this image: there are quick, full, history"
        );
    }
}
