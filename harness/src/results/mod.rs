//! From records to results: cells with their statistics, and the files of a result folder.

mod cells;
mod comparison;
mod execution;
mod folder;
mod growth;
mod op_run;
mod repeat;
mod run;
mod run_json;
mod samples_csv;
mod summary;
mod title;
mod warnings;

pub use crate::statistics::ratio;
pub use comparison::Comparison;
pub use execution::{Execution, Unit};
pub use folder::Folder;
pub use growth::GrowthSummary;
pub use op_run::{OpRun, Piece, Totals};
pub use repeat::difference;
pub use run::{
    CellEnd, CellRun, CrashReport, Fact, Mismatch, Phase, Refused, Run, SurveyPoint, Verified,
    shown,
};
pub use run_json::{Git, Provenance, Route, RunJson, Timestamps, git, rustc};
pub use samples_csv::write_samples;
pub use summary::{CellSummary, OpSummary, Per, Summary};
pub use title::title_of;
