//! `report.html`: the table in a page that fetches nothing.

use crate::results::{Fact, Run, Summary};
use crate::table;

const STYLE: &str = "body{font:15px/1.4 sans-serif;margin:2em;max-width:80em}\
pre{font:13px/1.3 monospace;overflow-x:auto}\
td{padding:0 1em 0 0;vertical-align:top;font-family:monospace}";

/// The page.
#[must_use]
pub fn html(run: &Run, summary: &Summary) -> String {
    let facts: String = run.facts.iter().map(|(name, fact)| fact_row(name, fact)).collect();
    let state = if summary.complete { "complete" } else { "incomplete" };
    format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>rmapbench</title>\
         <style>{STYLE}</style>\n<h1>rmapbench</h1>\n<p>This result is {state}.</p>\n\
         <pre>{}</pre>\n<h2>Machine</h2>\n<table>\n{facts}</table>\n</html>\n",
        escaped(&table::text(summary))
    )
}

fn fact_row(name: &str, fact: &Fact) -> String {
    let value = match fact {
        Fact::Number(number) => number.to_string(),
        Fact::Text(text) => text.clone(),
        Fact::Flag(flag) => flag.to_string(),
    };
    format!("<tr><td>{}</td><td>{}</td></tr>\n", escaped(name), escaped(&value))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
