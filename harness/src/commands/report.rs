//! `report`: a document from result folders.

use std::fs;

use super::print;
use crate::cli;
use crate::document;
use crate::error::Error;
use crate::exit::Exit;

/// Carries `report` out.
pub fn report(arguments: &cli::Report) -> Result<Exit, Error> {
    let text = document::make(arguments.document, &arguments.runs)?;
    match &arguments.out {
        Some(path) => fs::write(path, text).map_err(Error::file("write", path))?,
        None => print(&text)?,
    }
    Ok(Exit::Done)
}
