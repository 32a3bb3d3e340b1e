//! Writes the seeds of every target into its corpus: `cargo run -p fuzz --example seeds`.

use std::path::Path;
use std::{fs, io};

use fuzz::{TARGETS, seeds};

fn main() -> io::Result<()> {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for (target, _) in TARGETS {
        let folder = corpora.join(target);
        fs::create_dir_all(&folder)?;
        for (name, bytes) in seeds::of(target) {
            fs::write(folder.join(format!("seed-{name}")), bytes)?;
        }
    }
    Ok(())
}
