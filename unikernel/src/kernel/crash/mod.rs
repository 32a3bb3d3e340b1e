//! The last words: what went wrong, where, and how the kernel got there.

pub mod rehearsed;

use core::fmt::{self, Write};
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicBool, Ordering};

use heapless::String;
use wire::Crash;
use x86_64::registers::control::Cr2;

use super::console::last_words;
use super::cpu::backtrace::{self, Backtrace, frame_pointer};
use super::cpu::features::own_apic_id;
use super::cpu::interrupts::{TrapFrame, vector_name};
use super::cpu::stacks;
use super::machine::steps;
use super::power::{self, ExitCode};
use super::run;

const REGISTER_NAMES: [&str; 18] = [
    "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13",
    "r14", "r15", "rip", "rflags",
];

/// Set by the first crash; a crash while reporting one ends at once.
static CRASHING: AtomicBool = AtomicBool::new(false);

/// Ends the run because of an exception that nobody expects.
pub fn exception(frame: &TrapFrame) -> ! {
    let overflow = frame.vector == 8 && stacks::is_guard(Cr2::read_raw());
    interrupted(if overflow { "stack overflow" } else { vector_name(frame.vector) }, frame)
}

/// Ends the run because the watchdog saw no step begin for too long.
pub fn hang(frame: &TrapFrame) -> ! {
    interrupted("hang: no step has begun since the watchdog looked last", frame)
}

fn interrupted(what: &str, frame: &TrapFrame) -> ! {
    let mut backtrace = Backtrace::new();
    // An empty vector has room.
    let _ = backtrace.push(frame.rip);
    backtrace::follow(frame.rbp, &mut backtrace);
    end(&Crash {
        what,
        vector: Some(frame.vector as u8),
        error_code: frame.error_code,
        fault_address: Cr2::read_raw(),
        cpu: 0,
        cell: None,
        doing: "",
        registers: registers(frame),
        backtrace,
    })
}

/// Ends the run in an orderly way because it cannot take place. `why` is a sentence for people.
pub fn refuse(why: fmt::Arguments<'_>) -> ! {
    last_words(format_args!("rmapbench: {why}\n"));
    power::off(ExitCode::Refused)
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    let mut what = String::<256>::new();
    // A longer message is cut short.
    let _ = write!(what, "{info}");
    let mut backtrace = Backtrace::new();
    backtrace::follow(frame_pointer(), &mut backtrace);
    end(&Crash {
        what: &what,
        vector: None,
        error_code: 0,
        fault_address: 0,
        cpu: 0,
        cell: None,
        doing: "",
        registers: [0; 18],
        backtrace,
    })
}

fn end(crash: &Crash<'_>) -> ! {
    if CRASHING.swap(true, Ordering::Relaxed) {
        power::off(ExitCode::Crashed);
    }
    let mut doing = String::<256>::new();
    // SAFETY: whoever crashed is never resumed. A description that is too long is cut short.
    let _ = unsafe { steps::describe(&mut doing) };
    let (cpu, cell) = (own_apic_id(), run::current_cell());
    let crash = Crash { cpu, cell, doing: &doing, ..crash.clone() };
    last_words(format_args!("\n{}", Report(&crash)));
    run::send_crash(&crash);
    power::off(ExitCode::Crashed)
}

fn registers(frame: &TrapFrame) -> [u64; 18] {
    let mut registers = [0; 18];
    let named =
        [frame.rax, frame.rbx, frame.rcx, frame.rdx, frame.rsi, frame.rdi, frame.rbp, frame.rsp];
    registers[..8].copy_from_slice(&named);
    registers[8..16].copy_from_slice(&frame.numbered);
    registers[16] = frame.rip;
    registers[17] = frame.rflags;
    registers
}

/// A crash in plain text.
struct Report<'c>(&'c Crash<'c>);

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let crash = self.0;
        writeln!(f, "rmapbench crashed on CPU {}: {}", crash.cpu, crash.what)?;
        if let Some(cell) = crash.cell {
            writeln!(f, "while running cell {cell}")?;
        }
        if !crash.doing.is_empty() {
            writeln!(f, "at {}", crash.doing)?;
        }
        if let Some(vector) = crash.vector {
            writeln!(
                f,
                "vector {vector}, error code {:#x}, CR2 {:#x}",
                crash.error_code, crash.fault_address
            )?;
            for (index, (name, value)) in REGISTER_NAMES.iter().zip(crash.registers).enumerate() {
                let end = if index % 3 == 2 { '\n' } else { ' ' };
                write!(f, "{name:>6} {value:016x}{end}")?;
            }
        }
        writeln!(f, "backtrace, innermost first:")?;
        // Few lines, so that all of it fits a screen.
        for addresses in crash.backtrace.chunks(4) {
            for address in addresses {
                write!(f, " {address:#x}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
