//! A plan from a file in TOML: `docs/plans.md`. Whatever is wrong with it is said with line and column,
//! before anything boots.

mod group;
mod keys;
mod source;
#[cfg(test)]
mod tests;

use std::ops::Range;

use toml::de::DeValue;
use wire::WhenIncomplete;

use self::group::add_group;
use self::keys::{text, whole_number};
use self::source::Source;
use super::PlanError;
use super::draft::Draft;

/// What a plan may say beside its groups.
const KEYS: [&str; 9] = [
    "name",
    "summary",
    "rounds",
    "warm_up",
    "seed",
    "when_incomplete",
    "samples",
    "memory",
    "group",
];

/// The longest name of a plan, which is part of its result folder's name.
const MAX_NAME: usize = 32;

/// Reads the plan in `content`; `file` is what messages call it.
pub fn read(file: &str, content: &str) -> Result<Draft, PlanError> {
    let source = Source { file, content };
    let table = source.parse()?;
    let mut draft = Draft::new(String::new());
    let mut groups = None;
    for (key, value) in &table {
        let span = value.span();
        match key.get_ref().as_ref() {
            "name" => draft.name = plan_name(source, text(source, value)?, span)?,
            "summary" => text(source, value)?.clone_into(&mut draft.summary),
            "rounds" => draft.rounds = rounds(source, whole_number(source, value)?, span)?,
            "warm_up" => draft.warm_up = warm_up(source, whole_number(source, value)?, span)?,
            "seed" => draft.seed = whole_number(source, value)?,
            "when_incomplete" => {
                draft.when_incomplete = when_incomplete(source, text(source, value)?, span)?;
            }
            "samples" => draft.raw_samples = samples(source, whole_number(source, value)?, span)?,
            "memory" => draft.memory_mib = Some(memory(source, text(source, value)?, span)?),
            "group" => groups = Some(value),
            unknown => {
                return Err(source.unknown_key(key.span(), "a plan", unknown, &KEYS));
            }
        }
    }
    if draft.name.is_empty() {
        return Err(source.wrong(0..0, "the plan has no `name = \"…\"`; give it one"));
    }
    let Some(groups) = groups else {
        return Err(source.wrong(0..0, "the plan has no `[[group]]`, so there is nothing to run"));
    };
    let Some(list) = groups.get_ref().as_array().filter(|list| !list.is_empty()) else {
        return Err(source.wrong(groups.span(), "write each group as `[[group]]`"));
    };
    for group in list {
        match group.get_ref() {
            DeValue::Table(table) => add_group(source, table, group.span(), &mut draft)?,
            _ => return Err(source.wrong(group.span(), "write each group as `[[group]]`")),
        }
    }
    // What is too much for the wire is known here, too.
    draft.plan()?;
    Ok(draft)
}

fn plan_name(source: Source<'_>, name: &str, span: Range<usize>) -> Result<String, PlanError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    if starts_well && name.len() <= MAX_NAME && name.chars().all(plain) {
        return Ok(name.to_owned());
    }
    let what = format!("a plan's name has at most {MAX_NAME} letters, digits, `-`, `_` and `.`");
    Err(source.wrong(span, what))
}

fn rounds(source: Source<'_>, number: u64, span: Range<usize>) -> Result<u16, PlanError> {
    let fitting = u16::try_from(number).ok().filter(|&rounds| rounds > 0);
    fitting.ok_or_else(|| source.wrong(span, format!("`rounds` goes from 1 to {}", u16::MAX)))
}

fn warm_up(source: Source<'_>, number: u64, span: Range<usize>) -> Result<u16, PlanError> {
    let what = || source.wrong(span, format!("`warm_up` goes from 0 to {}", u16::MAX));
    u16::try_from(number).map_err(|_| what())
}

fn samples(source: Source<'_>, number: u64, span: Range<usize>) -> Result<u32, PlanError> {
    let what = || source.wrong(span, format!("`samples` goes from 0 to {}", u32::MAX));
    u32::try_from(number).map_err(|_| what())
}

fn when_incomplete(
    source: Source<'_>,
    word: &str,
    span: Range<usize>,
) -> Result<WhenIncomplete, PlanError> {
    match word {
        "refuse" => Ok(WhenIncomplete::Refuse),
        "scan" => Ok(WhenIncomplete::Scan),
        _ => Err(source.wrong(span, "`when_incomplete` is \"refuse\" or \"scan\"")),
    }
}

fn memory(source: Source<'_>, size: &str, span: Range<usize>) -> Result<u32, PlanError> {
    crate::cli::memory_mib(size).map_err(|why| source.wrong(span, why))
}
