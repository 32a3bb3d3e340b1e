//! Documents that are made of result folders by rules, and never by hand.

mod evidence;
mod figures;
mod grid;
mod mail_1998;

pub use evidence::Evidence;

use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::plan::{Draft, PLANS};

/// What can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Document {
    /// The guesses of the mail of 1998 beside what plan mail-1998 measured.
    #[value(name = "mail-1998")]
    Mail1998,
}

impl Document {
    /// The plan that makes its evidence.
    #[must_use]
    pub fn plan(self) -> Draft {
        let Self::Mail1998 = self;
        let named = PLANS.iter().find(|plan| plan.name == mail_1998::PLAN);
        named.expect("the plan has a name").draft()
    }

    /// Its text in Markdown; cells of `plan` that no result has are said to be missing.
    #[must_use]
    pub fn text(self, evidence: &Evidence, plan: &Draft) -> String {
        match self {
            Self::Mail1998 => mail_1998::text(evidence, plan.works()),
        }
    }
}

/// Why a result folder is no evidence.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// A file of it cannot be read.
    #[error("cannot read {}: {why}; name folders that `rmapbench run` wrote", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// It is none, or one of another version.
    #[error("{} is no result of this version: {why}; measure again", path.display())]
    NotAResult {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Its numbers claim nothing.
    #[error("{} is of class emulated, good for function and never for a figure; leave it out", path.display())]
    Emulated {
        /// The folder.
        path: PathBuf,
    },
}

/// Reads `folders` and makes `document` of them.
pub fn make(document: Document, folders: &[impl AsRef<Path>]) -> Result<String, DocumentError> {
    Ok(document.text(&Evidence::read(folders)?, &document.plan()))
}
