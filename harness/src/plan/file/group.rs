//! One `[[group]]`: every combination of its workloads, parameters and schemes.

use std::collections::BTreeSet;
use std::ops::Range;

use rmap::SchemeId;
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use workload::{MAX_CELLS, ParameterError, Parameters, WorkloadId};

use super::keys::{one_or_more, text, whole_number};
use super::source::Source;
use crate::plan::draft::{Draft, Work};
use crate::plan::selection::{known_parameters, unknown};
use crate::plan::{Kind, PlanError};

type Value<'t> = Spanned<DeValue<'t>>;

/// What makes a plan name every scheme, or every workload, there is.
const ALL: &str = "all";

/// A parameter's values, each with its place in the file.
struct Axis<'t> {
    name: &'t str,
    place: Range<usize>,
    values: Vec<(u64, Range<usize>)>,
}

/// Adds the cells of a group to `draft`.
pub(super) fn add_group(
    source: Source<'_>,
    table: &DeTable<'_>,
    place: Range<usize>,
    draft: &mut Draft,
) -> Result<(), PlanError> {
    let (mut schemes, mut workloads, mut axes) = (None, None, Vec::new());
    for (key, value) in table {
        match key.get_ref().as_ref() {
            "schemes" => schemes = Some(listed_schemes(source, value)?),
            "workload" => workloads = Some((value.span(), listed_workloads(source, value)?)),
            name => axes.push(axis(source, name, key.span(), value)?),
        }
    }
    let Some(schemes) = schemes else {
        return Err(source.wrong(place, "the group has no `schemes`; list some, or write \"all\""));
    };
    let Some((named_at, workloads)) = workloads else {
        return Err(source.wrong(place, "the group has no `workload`"));
    };
    let factors = axes.iter().map(|axis| axis.values.len()).chain([workloads.len(), schemes.len()]);
    let added = factors.fold(1, usize::saturating_mul);
    if draft.cell_count().saturating_add(added) > MAX_CELLS {
        let what =
            format!("with this group the plan has over {MAX_CELLS} cells; sweep fewer values");
        return Err(source.wrong(named_at, what));
    }
    for workload in workloads {
        for parameters in combinations(source, workload, &axes)? {
            draft.add(Work { workload, parameters, schemes: schemes.clone() });
        }
    }
    Ok(())
}

fn listed_schemes(source: Source<'_>, value: &Value<'_>) -> Result<BTreeSet<SchemeId>, PlanError> {
    if value.get_ref().as_str() == Some(ALL) {
        return Ok(SchemeId::ALL.into());
    }
    let ids = listed(source, value, "schemes", |name| {
        name.parse().map_err(|_| unknown(Kind::Scheme, name).to_string())
    })?;
    Ok(ids.into_iter().collect())
}

fn listed_workloads(source: Source<'_>, value: &Value<'_>) -> Result<Vec<WorkloadId>, PlanError> {
    if value.get_ref().as_str() == Some(ALL) {
        return Ok(WorkloadId::ALL.into());
    }
    listed(source, value, "workload", |name| {
        name.parse().map_err(|_| unknown(Kind::Workload, name).to_string())
    })
}

/// The names in `value`, at least one and none twice.
fn listed<T: PartialEq>(
    source: Source<'_>,
    value: &Value<'_>,
    key: &str,
    look_up: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, PlanError> {
    let mut ids = Vec::new();
    for each in one_or_more(value) {
        let name = text(source, each)?;
        let id = look_up(name).map_err(|what| source.wrong(each.span(), what))?;
        if ids.contains(&id) {
            return Err(source.wrong(each.span(), format!("`{name}` is listed twice")));
        }
        ids.push(id);
    }
    if ids.is_empty() {
        return Err(source.wrong(value.span(), format!("`{key}` lists nothing")));
    }
    Ok(ids)
}

fn axis<'n>(
    source: Source<'_>,
    name: &'n str,
    place: Range<usize>,
    value: &Value<'_>,
) -> Result<Axis<'n>, PlanError> {
    let mut values: Vec<(u64, Range<usize>)> = Vec::new();
    for each in one_or_more(value) {
        let number = whole_number(source, each)?;
        if values.iter().any(|(known, _)| *known == number) {
            return Err(source.wrong(each.span(), format!("{number} is listed twice")));
        }
        values.push((number, each.span()));
    }
    if values.is_empty() {
        return Err(source.wrong(value.span(), format!("the sweep of `{name}` is empty")));
    }
    Ok(Axis { name, place, values })
}

/// Every combination of the axes' values; the last axis turns fastest.
fn combinations(
    source: Source<'_>,
    workload: WorkloadId,
    axes: &[Axis<'_>],
) -> Result<Vec<Parameters>, PlanError> {
    let mut so_far = vec![Parameters::defaults(workload.parameters())];
    for axis in axes {
        let mut longer = Vec::new();
        for parameters in so_far {
            for (value, place) in &axis.values {
                let mut parameters = parameters;
                parameters.set(axis.name, *value).map_err(|error| match error {
                    ParameterError::Unknown => {
                        let whose = format!("workload `{workload}`");
                        let known = format!("schemes, workload, {}", known_parameters(workload));
                        source.unknown_key(axis.place.clone(), &whose, axis.name, &[&known])
                    }
                    ParameterError::OutOfRange { min, max } => source
                        .wrong(place.clone(), format!("`{}` goes from {min} to {max}", axis.name)),
                })?;
                longer.push(parameters);
            }
        }
        so_far = longer;
    }
    Ok(so_far)
}
