//! A named plan with what the command line changes about it.

use wire::{HostPresence, Name, Parameter, Plan, WorkloadSpec};
use workload::{ParameterError, Parameters, WorkloadId};

use super::named::{NamedPlan, PLANS};
use super::{Kind, PlanError, entries};

/// What the command line says about the plan; `None` leaves the plan's own.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// The named plan.
    pub plan: Option<String>,
    /// Scheme ids.
    pub schemes: Option<Vec<String>>,
    /// Workload ids, each with any number of `:parameter=value` behind it.
    pub workloads: Option<Vec<String>>,
    /// How often each cell runs.
    pub rounds: Option<u16>,
    /// The seed.
    pub seed: Option<u64>,
}

impl Selection {
    /// The plan that comes of it.
    pub fn resolve(&self) -> Result<Plan, PlanError> {
        let mut plan = (self.named()?.make)(HostPresence::Certain);
        if let Some(wanted) = &self.schemes {
            plan.schemes = chosen(Kind::Scheme, wanted)?.into_iter().map(name).collect();
        }
        if let Some(wanted) = &self.workloads {
            plan.workloads = workloads(&plan, wanted)?.into_iter().collect();
        }
        plan.rounds = self.rounds.unwrap_or(plan.rounds);
        plan.seed = self.seed.unwrap_or(plan.seed);
        Ok(plan)
    }

    fn named(&self) -> Result<&'static NamedPlan, PlanError> {
        let wanted = self.plan.as_deref().unwrap_or(super::DEFAULT);
        PLANS.iter().find(|plan| plan.name == wanted).ok_or_else(|| unknown(Kind::Plan, wanted))
    }
}

/// The ids that were asked for, in the registry's order, so that the order of words on the command
/// line cannot change a result.
pub(super) fn chosen(kind: Kind, wanted: &[String]) -> Result<Vec<&'static str>, PlanError> {
    let known = entries(kind);
    for (index, name) in wanted.iter().enumerate() {
        if !known.iter().any(|entry| entry.name == name) {
            return Err(unknown(kind, name));
        }
        if wanted[..index].contains(name) {
            return Err(PlanError::Twice { kind, name: name.clone() });
        }
    }
    let is_wanted = |name: &&str| wanted.iter().any(|wanted| wanted == name);
    Ok(known.iter().map(|entry| entry.name).filter(is_wanted).collect())
}

fn unknown(kind: Kind, name: &str) -> PlanError {
    let known = entries(kind).iter().map(|entry| entry.name).collect();
    PlanError::Unknown { kind, name: name.to_owned(), known }
}

/// The workloads that were asked for with their parameters, in the registry's order.
fn workloads(plan: &Plan, wanted: &[String]) -> Result<Vec<WorkloadSpec>, PlanError> {
    let split = |text: &String| {
        let (name, settings) = text.split_once(':').unwrap_or((text, ""));
        (name.to_owned(), settings.to_owned())
    };
    let (names, settings): (Vec<_>, Vec<_>) = wanted.iter().map(split).unzip();
    let in_order = chosen(Kind::Workload, &names)?;
    in_order
        .into_iter()
        .map(|workload| {
            let place = names.iter().position(|name| name == workload).expect("it was chosen");
            set(spec(plan, workload), workload, &settings[place])
        })
        .collect()
}

/// `spec` with `parameter=value:parameter=value` on top.
fn set(mut spec: WorkloadSpec, workload: &str, settings: &str) -> Result<WorkloadSpec, PlanError> {
    let id: WorkloadId = workload.parse().expect("an id of the registry");
    for setting in settings.split(':').filter(|setting| !setting.is_empty()) {
        let refused =
            |why| PlanError::Setting { workload: id.name(), setting: setting.to_owned(), why };
        let (parameter, value) = setting
            .split_once('=')
            .and_then(|(parameter, value)| Some((parameter, value.parse().ok()?)))
            .ok_or_else(|| refused("write it as parameter=number".to_owned()))?;
        Parameters::defaults(id.parameters()).set(parameter, value).map_err(|error| {
            refused(match error {
                ParameterError::Unknown => format!("there are: {}", known_parameters(id)),
                ParameterError::OutOfRange { min, max } => format!("it goes from {min} to {max}"),
            })
        })?;
        spec.parameters.retain(|known| known.name != parameter);
        let parameter = Parameter { name: name(parameter), value };
        spec.parameters.push(parameter).expect("no workload has more parameters than a spec");
    }
    Ok(spec)
}

fn known_parameters(workload: WorkloadId) -> String {
    let names: Vec<_> = workload.parameters().iter().map(|parameter| parameter.name).collect();
    names.join(", ")
}

/// The plan's own parameters for a workload that it lists, the defaults for any other.
fn spec(plan: &Plan, workload: &'static str) -> WorkloadSpec {
    let listed = plan.workloads.iter().find(|spec| spec.name == workload);
    let fresh = || WorkloadSpec { name: name(workload), parameters: heapless::Vec::new() };
    listed.cloned().unwrap_or_else(fresh)
}

pub(super) fn name(text: &str) -> Name {
    text.try_into().expect("the ids of the registries fit a wire name")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::encode;

    fn schemes(names: &[&str]) -> Selection {
        let names = names.iter().map(|&name| name.to_owned()).collect();
        Selection { schemes: Some(names), ..Selection::default() }
    }

    #[test]
    fn every_named_plan_resolves_and_fits_the_wire() {
        for plan in &PLANS {
            let selection = Selection { plan: Some(plan.name.to_owned()), ..Selection::default() };
            let resolved = selection.resolve().expect("a plan of ours");
            assert!(encode(&resolved).len() <= wire::MAX_PLAN);
            assert!(!resolved.schemes.is_empty() && !resolved.workloads.is_empty());
        }
    }

    #[test]
    fn without_a_wish_the_default_plan_takes_every_scheme() {
        let plan = Selection::default().resolve().expect("the default");
        assert_eq!(plan.name, super::super::DEFAULT);
        assert_eq!(plan.schemes.len(), entries(Kind::Scheme).len());
    }

    #[test]
    fn an_unknown_name_is_answered_with_what_exists() {
        let error = schemes(&["scan", "nonesuch"]).resolve().expect_err("no such scheme");
        assert!(error.to_string().starts_with("unknown scheme `nonesuch`; there are: scan, "));
    }

    #[test]
    fn a_name_listed_twice_is_refused() {
        assert!(matches!(schemes(&["scan", "scan"]).resolve(), Err(PlanError::Twice { .. })));
    }

    fn workloads(names: &[&str]) -> Result<Plan, PlanError> {
        let names = names.iter().map(|&name| name.to_owned()).collect();
        Selection { workloads: Some(names), ..Selection::default() }.resolve()
    }

    #[test]
    fn a_parameter_of_a_workload_is_set_behind_its_name() {
        let plan =
            workloads(&["fork-touch", "fork-exit:pages=7:children=2:pages=8"]).expect("both exist");
        let [exit, touch] = &plan.workloads[..] else { panic!("two workloads") };
        let parameters = |spec: &WorkloadSpec| {
            let pair = |parameter: &Parameter| (parameter.name.to_string(), parameter.value);
            spec.parameters.iter().map(pair).collect::<Vec<_>>()
        };
        assert_eq!(parameters(exit), [("children".to_owned(), 2), ("pages".to_owned(), 8)]);
        assert_eq!(parameters(touch), []);
    }

    #[test]
    fn a_parameter_that_cannot_be_is_answered_with_what_can() {
        let message = |text| workloads(&[text]).expect_err("not a setting").to_string();
        assert!(message("fork-exit:pags=7").contains("there are: pages, children, iterations"));
        assert!(message("fork-exit:pages=0").contains("it goes from 1 to 1048576"));
        for text in ["fork-exit:pages", "fork-exit:pages=", "fork-exit:pages=-1", "fork-exit:=1="] {
            assert!(message(text).contains("write it as parameter=number"), "{text}");
        }
    }

    #[test]
    fn the_order_of_words_changes_nothing() {
        assert_eq!(
            schemes(&["scan", "pte-next"]).resolve(),
            schemes(&["pte-next", "scan"]).resolve()
        );
    }
}
