//! A crash report for people: registers, and the backtrace with functions and lines from the
//! kernel's DWARF.

use std::fmt::Write;
use std::path::Path;

use addr2line::Loader;

use crate::guest::SOURCE_ROOT;
use crate::results::CrashReport;

const REGISTER_NAMES: [&str; 18] = [
    "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13",
    "r14", "r15", "rip", "rflags",
];

/// The place of RIP among the registers.
const RIP: usize = 16;

/// The report; addresses stay bare where there is no `kernel` to ask.
#[must_use]
pub fn crash_text(crash: &CrashReport, kernel: Option<&Path>) -> String {
    let mut text = format!("the guest crashed: {}", crash.what);
    if let Some(vector) = crash.vector {
        let _ = write!(text, " (vector {vector}, error code {:#x})", crash.error_code);
    }
    if crash.fault_address != 0 {
        let _ = write!(text, ", CR2 {:#x}", crash.fault_address);
    }
    let _ = write!(text, ", on CPU {}", crash.cpu);
    if let Some(cell) = crash.cell {
        let _ = write!(text, ", in cell {cell}");
    }
    text.push('\n');
    if !crash.doing.is_empty() {
        let _ = writeln!(text, "  at {}", crash.doing);
    }
    // A panic leaves no registers.
    if crash.registers != [0; 18] {
        list_registers(crash, &mut text);
    }
    let loader = kernel.and_then(|path| Loader::new(path).ok());
    let rip = Some(crash.registers[RIP]).filter(|rip| *rip != 0);
    for address in rip.into_iter().chain(crash.backtrace.iter().copied()) {
        let _ = writeln!(text, "  {address:#018x}  {}", place(loader.as_ref(), address));
    }
    text
}

fn list_registers(crash: &CrashReport, text: &mut String) {
    for (names, values) in REGISTER_NAMES.chunks(3).zip(crash.registers.chunks(3)) {
        for (name, value) in names.iter().zip(values) {
            let _ = write!(text, "  {name:>6} {value:#018x}");
        }
        text.push('\n');
    }
}

/// Every function that was inlined at `address`, innermost first, and its line.
fn place(loader: Option<&Loader>, address: u64) -> String {
    let Some(mut frames) = loader.and_then(|loader| loader.find_frames(address).ok()) else {
        return "?".to_owned();
    };
    let mut places = Vec::new();
    while let Ok(Some(frame)) = frames.next() {
        let name = frame.function.as_ref().and_then(|function| function.demangle().ok());
        let name = name.map_or_else(|| "?".to_owned(), std::borrow::Cow::into_owned);
        let line = frame.location.and_then(|location| Some((location.file?, location.line?)));
        places.push(match line {
            Some((file, line)) => {
                let file = Path::new(file);
                format!(
                    "{name} at {}:{line}",
                    file.strip_prefix(SOURCE_ROOT).unwrap_or(file).display()
                )
            }
            None => name,
        });
    }
    if places.is_empty() { "?".to_owned() } else { places.join("; in ") }
}
