//! Values of the types that a plan's keys have.

use toml::Spanned;
use toml::de::{DeInteger, DeValue};

use super::source::Source;
use crate::plan::PlanError;

type Value<'t> = Spanned<DeValue<'t>>;

/// A value, or each of a list of them.
pub(super) fn one_or_more<'v, 't>(value: &'v Value<'t>) -> &'v [Value<'t>] {
    match value.get_ref() {
        DeValue::Array(list) => list,
        _ => std::slice::from_ref(value),
    }
}

/// A text.
pub(super) fn text<'v>(source: Source<'_>, value: &'v Value<'_>) -> Result<&'v str, PlanError> {
    let found = value.get_ref();
    found.as_str().ok_or_else(|| expected(source, value, "a text in quotes"))
}

/// A number from 0.
pub(super) fn whole_number(source: Source<'_>, value: &Value<'_>) -> Result<u64, PlanError> {
    let read = |number: &DeInteger<'_>| u64::from_str_radix(number.as_str(), number.radix()).ok();
    let number = value.get_ref().as_integer().and_then(read);
    number.ok_or_else(|| expected(source, value, "a whole number from 0"))
}

fn expected(source: Source<'_>, value: &Value<'_>, what: &str) -> PlanError {
    let found = match value.get_ref() {
        DeValue::Integer(number) => number.to_string(),
        other => format!("a value of type {}", other.type_str()),
    };
    source.wrong(value.span(), format!("here belongs {what}, and not {found}"))
}
