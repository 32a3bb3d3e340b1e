//! A plan that verifies, on the modelled machine.

use model::Model;
use runner::verify::{Engine, Orders};
use runner::{Resolved, Sink};
use wire::Record;
use wire::guest::LogFull;

use super::speech::Speech;
use super::stale::StaleUses;

pub(super) fn verify<E: Engine>(
    resolved: &Resolved<'_>,
    plan: &[u8],
    orders: Orders,
    mut engine: E,
) -> Result<(), LogFull> {
    let machine = Model::new(E::ARENA_FRAMES);
    let mut stale = StaleUses::new(&machine);
    Speech.record(&Record::RunStarted { cells: resolved.schemes().len() as u32, plan })?;
    let mut anomaly = || stale.take();
    runner::verify::verify(resolved, orders, &mut engine, &machine, &mut anomaly, &mut Speech)
}
