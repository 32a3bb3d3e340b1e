//! `samples.csv`: every sample that arrived, one a line.

use std::io::{self, Write};

use super::{CellRun, Run};

/// Writes all samples. Names hold neither commas nor quotes ([`Run::take`]), so nothing is quoted.
pub fn write_samples(run: &Run, mut out: impl Write) -> io::Result<()> {
    writeln!(out, "cell,scheme,workload,params,round,op,index,value")?;
    for (number, cell) in &run.cells {
        write_cell(*number, cell, &mut out)?;
    }
    out.flush()
}

fn write_cell(number: u32, cell: &CellRun, out: &mut impl Write) -> io::Result<()> {
    let CellRun { scheme, workload, round, .. } = cell;
    let parameters: Vec<String> =
        cell.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let parameters = parameters.join(";");
    for (op, run) in &cell.ops {
        for (index, value) in run.samples() {
            writeln!(
                out,
                "{number},{scheme},{workload},{parameters},{round},{op},{index},{value}"
            )?;
        }
    }
    Ok(())
}
