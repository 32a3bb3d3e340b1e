//! The command `rmapbench`.

fn main() {}
