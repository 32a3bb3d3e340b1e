//! A plan with what the command line changes about it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use rmap::SchemeId;
use workload::{ParameterError, Parameters, WorkloadId};

use super::draft::{Draft, Work};
use super::file::read;
use super::named::{DEFAULT, PLANS};
use super::{Kind, PlanError, entries};

/// What the command line says about the plan; `None` leaves the plan's own.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// A named plan, or a file that ends with `.toml`.
    pub plan: Option<String>,
    /// Scheme ids.
    pub schemes: Option<Vec<String>>,
    /// Workload ids, each with any number of `:parameter=value` behind it.
    pub workloads: Option<Vec<String>>,
    /// Pairs `scheme/workload` that are left out.
    pub skip: Option<Vec<String>>,
    /// How often each cell runs and counts.
    pub rounds: Option<u16>,
    /// Rounds before those, which do not count.
    pub warm_up: Option<u16>,
    /// The seed.
    pub seed: Option<u64>,
    /// Raw samples of a cell that are kept.
    pub raw_samples: Option<u32>,
}

impl Selection {
    /// The plan that comes of it.
    pub fn draft(&self) -> Result<Draft, PlanError> {
        let mut draft = self.whole()?;
        if let Some(wanted) = &self.schemes {
            let works = only_under(&draft, &chosen_schemes(wanted)?)?;
            draft.replace(works);
        }
        if let Some(wanted) = &self.workloads {
            let works = workloads(&draft, wanted)?;
            draft.replace(works);
        }
        for pair in self.skip.iter().flatten() {
            let works = without(&draft, pair)?;
            draft.replace(works);
        }
        draft.rounds = self.rounds.unwrap_or(draft.rounds);
        draft.warm_up = self.warm_up.unwrap_or(draft.warm_up);
        draft.seed = self.seed.unwrap_or(draft.seed);
        draft.raw_samples = self.raw_samples.unwrap_or(draft.raw_samples);
        draft.calibrate();
        Ok(draft)
    }

    /// The plan as it was written.
    fn whole(&self) -> Result<Draft, PlanError> {
        let wanted = self.plan.as_deref().unwrap_or(DEFAULT);
        if Path::new(wanted).extension().is_some_and(|end| end == "toml") {
            let content = fs::read_to_string(wanted).map_err(|why| PlanError::Unreadable {
                file: wanted.to_owned(),
                why: why.to_string(),
            })?;
            return read(wanted, &content);
        }
        let named = PLANS.iter().find(|plan| plan.name == wanted);
        named.map(super::NamedPlan::draft).ok_or_else(|| unknown(Kind::Plan, wanted))
    }
}

/// The schemes that were asked for.
pub(super) fn chosen_schemes(wanted: &[String]) -> Result<BTreeSet<SchemeId>, PlanError> {
    let mut chosen = BTreeSet::new();
    for name in wanted {
        let id = name.parse().map_err(|_| unknown(Kind::Scheme, name))?;
        if !chosen.insert(id) {
            return Err(PlanError::Twice { kind: Kind::Scheme, name: name.clone() });
        }
    }
    Ok(chosen)
}

/// The plan's cells under these schemes; calibration is under none and stays.
fn only_under(draft: &Draft, schemes: &BTreeSet<SchemeId>) -> Result<Vec<Work>, PlanError> {
    let own = draft.schemes();
    if let Some(stranger) = schemes.iter().find(|id| !own.contains(id)) {
        return Err(PlanError::NotInPlan {
            plan: draft.name.clone(),
            name: stranger.name(),
            listed: own.into_iter().map(SchemeId::name).collect(),
        });
    }
    let restrict = |work: &Work| match work.workload {
        WorkloadId::Calibration => work.clone(),
        _ => Work { schemes: &work.schemes & schemes, ..work.clone() },
    };
    Ok(draft.works().iter().map(restrict).collect())
}

/// The plan's cells without a workload under a scheme, which must be among them.
fn without(draft: &Draft, pair: &str) -> Result<Vec<Work>, PlanError> {
    let malformed = || PlanError::NoPair { text: pair.to_owned() };
    let (scheme, workload) = pair.split_once('/').ok_or_else(malformed)?;
    let scheme: SchemeId = scheme.parse().map_err(|_| unknown(Kind::Scheme, scheme))?;
    let workload: WorkloadId = workload.parse().map_err(|_| unknown(Kind::Workload, workload))?;
    let mut works = draft.works().to_vec();
    let mut removed = false;
    for work in works.iter_mut().filter(|work| work.workload == workload) {
        removed |= work.schemes.remove(&scheme);
    }
    if removed { Ok(works) } else { Err(malformed()) }
}

pub(super) fn unknown(kind: Kind, name: &str) -> PlanError {
    let known = entries(kind).iter().map(|entry| entry.name).collect();
    PlanError::Unknown { kind, name: name.to_owned(), known }
}

/// The workloads that were asked for with what was set about them, in the plan's order; those that the
/// plan does not list follow in the registry's order, so that the order of words on the command line
/// cannot change a result.
fn workloads(draft: &Draft, wanted: &[String]) -> Result<Vec<Work>, PlanError> {
    let mut asked: Vec<(WorkloadId, &str)> = Vec::new();
    for text in wanted {
        let (name, settings) = text.split_once(':').unwrap_or((text, ""));
        let id = name.parse().map_err(|_| unknown(Kind::Workload, name))?;
        if asked.iter().any(|(known, _)| *known == id) {
            return Err(PlanError::Twice { kind: Kind::Workload, name: name.to_owned() });
        }
        asked.push((id, settings));
    }
    asked.sort_by_key(|(id, _)| *id);
    let is_listed = |id| draft.works().iter().any(|work| work.workload == id);
    let listed = draft.works().iter().cloned();
    let strangers = asked.iter().filter(|(id, _)| !is_listed(*id)).map(|&(workload, _)| Work {
        workload,
        parameters: Parameters::defaults(workload.parameters()),
        schemes: draft.schemes().into_iter().collect(),
    });
    let mut works = Vec::new();
    for mut work in listed.chain(strangers) {
        if let Some((_, settings)) = asked.iter().find(|(id, _)| *id == work.workload) {
            set(&mut work, settings)?;
            works.push(work);
        }
    }
    Ok(works)
}

/// One workload with what is set about it: `fork-exit:pages=7`.
pub fn chosen_workload(text: &str) -> Result<(WorkloadId, Parameters), PlanError> {
    let (name, settings) = text.split_once(':').unwrap_or((text, ""));
    let workload: WorkloadId = name.parse().map_err(|_| unknown(Kind::Workload, name))?;
    let parameters = Parameters::defaults(workload.parameters());
    let mut work = Work { workload, parameters, schemes: BTreeSet::new() };
    set(&mut work, settings)?;
    Ok((work.workload, work.parameters))
}

/// `parameter=value:parameter=value` on top of what the plan says.
fn set(work: &mut Work, settings: &str) -> Result<(), PlanError> {
    let id = work.workload;
    for setting in settings.split(':').filter(|setting| !setting.is_empty()) {
        let refused =
            |why| PlanError::Setting { workload: id.name(), setting: setting.to_owned(), why };
        let (parameter, value) = setting
            .split_once('=')
            .and_then(|(parameter, value)| Some((parameter, value.parse().ok()?)))
            .ok_or_else(|| refused("write it as parameter=number".to_owned()))?;
        work.parameters.set(parameter, value).map_err(|error| {
            refused(match error {
                ParameterError::Unknown => format!("there are: {}", known_parameters(id)),
                ParameterError::OutOfRange { min, max } => format!("it goes from {min} to {max}"),
            })
        })?;
    }
    Ok(())
}

pub(super) fn known_parameters(workload: WorkloadId) -> String {
    let names: Vec<_> = workload.parameters().iter().map(|parameter| parameter.name).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn schemes(names: &[&str]) -> Result<Draft, PlanError> {
        Selection { schemes: Some(owned(names)), ..Selection::default() }.draft()
    }

    fn workloads(names: &[&str]) -> Result<Draft, PlanError> {
        Selection { workloads: Some(owned(names)), ..Selection::default() }.draft()
    }

    #[test]
    fn without_a_wish_the_default_plan_takes_every_scheme() {
        let draft = Selection::default().draft().expect("the default");
        assert_eq!(draft.name, DEFAULT);
        assert_eq!(draft.schemes(), SchemeId::ALL);
    }

    #[test]
    fn an_unknown_name_is_answered_with_what_exists() {
        let error = schemes(&["scan", "nonesuch"]).expect_err("no such scheme");
        assert!(error.to_string().starts_with("unknown scheme `nonesuch`; there are: scan, "));
    }

    #[test]
    fn a_name_listed_twice_is_refused() {
        assert!(matches!(schemes(&["scan", "scan"]), Err(PlanError::Twice { .. })));
        assert!(matches!(
            workloads(&["fork-exit", "fork-exit:pages=7"]),
            Err(PlanError::Twice { .. })
        ));
    }

    #[test]
    fn calibration_runs_whatever_schemes_are_chosen() {
        let draft = schemes(&["pte-next"]).expect("it exists");
        let cells: Vec<_> =
            draft.works().iter().map(|work| (work.workload.name(), work.schemes.len())).collect();
        assert!(cells.contains(&("calibration", 1)), "{cells:?}");
        assert!(cells.iter().all(|(_, schemes)| *schemes == 1), "{cells:?}");
        assert_eq!(draft.schemes(), [SchemeId::Scan, SchemeId::PteNext]);
    }

    #[test]
    fn a_parameter_of_a_workload_is_set_behind_its_name() {
        let draft =
            workloads(&["fork-touch", "fork-exit:pages=7:children=2:pages=8"]).expect("both exist");
        let [exit, touch, calibration] = draft.works() else {
            panic!("two workloads, and one more")
        };
        assert_eq!(calibration.workload, WorkloadId::Calibration, "it is part of every run");
        let of = |work: &Work, wanted: &str| {
            work.parameters.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value)
        };
        assert_eq!((of(exit, "children"), of(exit, "pages")), (Some(2), Some(8)));
        assert_eq!(touch.parameters, Parameters::defaults(WorkloadId::ForkTouch.parameters()));
    }

    #[test]
    fn a_parameter_that_cannot_be_is_answered_with_what_can() {
        let message = |text| workloads(&[text]).expect_err("not a setting").to_string();
        assert!(message("fork-exit:pags=7").contains("there are: pages, "));
        assert!(message("fork-exit:pages=0").contains("it goes from 1 to 1048576"));
        for text in ["fork-exit:pages", "fork-exit:pages=", "fork-exit:pages=-1", "fork-exit:=1="] {
            assert!(message(text).contains("write it as parameter=number"), "{text}");
        }
    }

    #[test]
    fn a_pair_that_is_skipped_leaves_the_rest() {
        let skip =
            |pairs: &[&str]| Selection { skip: Some(owned(pairs)), ..Selection::default() }.draft();
        let all = Selection::default().draft().expect("the default");
        let rest = skip(&["pte-next/fork-exit", "scan/fork-touch"]).expect("both are in it");
        assert_eq!(rest.cell_count(), all.cell_count() - 2);
        let under = |workload| {
            let of_it = rest.works().iter().find(|work: &&Work| work.workload == workload);
            of_it.expect("it is listed").schemes.clone()
        };
        assert!(!under(WorkloadId::ForkExit).contains(&SchemeId::PteNext));
        assert!(under(WorkloadId::ForkExit).contains(&SchemeId::Scan));
        assert!(!under(WorkloadId::ForkTouch).contains(&SchemeId::Scan));
    }

    #[test]
    fn a_pair_that_is_not_in_the_plan_cannot_be_skipped() {
        let skip = |pair| Selection { skip: Some(owned(&[pair])), ..Selection::default() }.draft();
        for pair in ["scan", "", "/", "nonesuch/fork-exit", "scan/nonesuch", "pte-next/calibration"]
        {
            assert!(skip(pair).is_err(), "{pair}");
        }
    }

    #[test]
    fn the_order_of_words_changes_nothing() {
        let plan = |names: &[&str]| schemes(names).expect("both exist").plan();
        assert_eq!(plan(&["scan", "pte-next"]), plan(&["pte-next", "scan"]));
    }

    #[test]
    fn a_scheme_that_the_plan_does_not_run_is_refused_with_those_that_it_runs() {
        let files = tempfile::tempdir().expect("a folder");
        let file = files.path().join("own.toml");
        let content = "name = \"own\"\n[[group]]\nschemes = [\"scan\"]\nworkload = \"fork-exit\"\n";
        fs::write(&file, content).expect("room");
        let plan = file.to_str().map(str::to_owned);
        let error = Selection { plan, schemes: Some(owned(&["pte-next"])), ..Selection::default() }
            .draft()
            .expect_err("pte-next is not in it");
        let expected = "plan `own` does not run under `pte-next`; it runs under: scan";
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}
