//! Traces, as people write them.

use workload::trace::{Line, event, events};

/// The input is the text of a trace.
pub fn trace(input: &[u8]) -> usize {
    let text = String::from_utf8_lossy(input);
    let read = events(&text).filter(|event| match event {
        Ok(event) => {
            let line = Line(event).to_string();
            assert_eq!(self::event(&line, 1), Ok(Some(*event)), "`{line}` is read back");
            true
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            false
        }
    });
    read.count()
}
