//! rmapbench's kernel: boots, is the machine that the VM runs on, runs the plan, streams the results.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
mod kernel;

#[cfg(not(target_os = "none"))]
fn main() {
    println!("This kernel runs on bare x86-64: `cargo rmapbench run` builds and boots it.");
}
