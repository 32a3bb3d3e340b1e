//! The IDT. No interrupt but the watchdog's is ever let in, so whatever else arrives is an exception: a
//! page fault of a workload goes to its handler, a refused MSR to whoever asked for it, everything else
//! ends the run with a report.

use core::arch::global_asm;

use x86_64::VirtAddr;
use x86_64::instructions::segmentation::{CS, Segment};
use x86_64::instructions::tables::lidt;
use x86_64::structures::DescriptorTablePointer;

use super::segments::StackSwitch;
use crate::kernel::apic::TIMER_VECTOR;
use crate::kernel::machine::faults;
use crate::kernel::once::TakeOnce;
use crate::kernel::{crash, watchdog};

const VECTORS: usize = 256;
const STUB_BYTES: usize = 16;
const GENERAL_PROTECTION: usize = 13;
const PAGE_FAULT: usize = 14;

/// Vectors for which the CPU pushes an error code (Intel SDM vol. 3A, table 7-1; AMD APM vol. 2, 8.2).
const WITH_ERROR_CODE: u32 = 1 << 8
    | 1 << 10
    | 1 << 11
    | 1 << 12
    | 1 << 13
    | 1 << 14
    | 1 << 17
    | 1 << 21
    | 1 << 29
    | 1 << 30;

global_asm!(
    include_str!("traps.S"),
    STUB_BYTES = const STUB_BYTES,
    VECTORS = const VECTORS,
    WITH_ERROR_CODE = const WITH_ERROR_CODE,
    GENERAL_PROTECTION = const GENERAL_PROTECTION,
    PAGE_FAULT = const PAGE_FAULT,
    TIMER = const TIMER_VECTOR,
    NOT_OURS = const faults::NOT_OURS,
    exception = sym exception,
    page_fault = sym faults::page_fault,
    watchdog = sym watchdog::look,
    options(att_syntax)
);

unsafe extern "C" {
    static trap_stubs: u8;
    static general_protection_entry: u8;
    static page_fault_entry: u8;
    static watchdog_entry: u8;
}

/// What `trap` in `traps.S` and the CPU leave on the stack.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct TrapFrame {
    pub rax: u64,
    pub rbx: u64,
    pub rcx: u64,
    pub rdx: u64,
    pub rsi: u64,
    pub rdi: u64,
    pub rbp: u64,
    /// R8 to R15.
    pub numbered: [u64; 8],
    pub vector: u64,
    pub error_code: u64,
    pub rip: u64,
    pub cs: u64,
    pub rflags: u64,
    pub rsp: u64,
    pub ss: u64,
}

/// An entry of the IDT (Intel SDM vol. 3A, 7.14.1).
#[derive(Clone, Copy, Debug)]
#[repr(C)]
struct Gate {
    offset_low: u16,
    selector: u16,
    stack: u8,
    kind: u8,
    offset_middle: u16,
    offset_high: u32,
    reserved: u32,
}

impl Gate {
    const EMPTY: Self = Self {
        offset_low: 0,
        selector: 0,
        stack: 0,
        kind: 0,
        offset_middle: 0,
        offset_high: 0,
        reserved: 0,
    };

    /// Present, privilege level 0, 64-bit interrupt gate: interrupts are off in the handler.
    const INTERRUPT: u8 = 0x8e;

    /// Present, privilege level 0, 64-bit trap gate: interrupts stay as they are.
    const TRAP: u8 = 0x8f;

    fn to(address: usize, stack: StackSwitch) -> Self {
        Self {
            offset_low: address as u16,
            selector: CS::get_reg().0,
            stack: stack as u8,
            kind: Self::INTERRUPT,
            offset_middle: (address >> 16) as u16,
            offset_high: (address >> 32) as u32,
            reserved: 0,
        }
    }
}

#[repr(C, align(16))]
struct Idt([Gate; VECTORS]);

static IDT: TakeOnce<Idt> = TakeOnce::new(Idt([Gate::EMPTY; VECTORS]));

/// Fills and loads the IDT.
pub fn load() {
    let idt = IDT.take();
    let stubs = (&raw const trap_stubs).addr();
    for (vector, gate) in idt.0.iter_mut().enumerate() {
        *gate = Gate::to(stubs + vector * STUB_BYTES, stack_of(vector));
    }
    let refusals = (&raw const general_protection_entry).addr();
    idt.0[GENERAL_PROTECTION] = Gate::to(refusals, StackSwitch::None);
    let page_faults = Gate::to((&raw const page_fault_entry).addr(), StackSwitch::None);
    // The VM resolves faults, and the watchdog must see it hang there too.
    idt.0[PAGE_FAULT] = Gate { kind: Gate::TRAP, ..page_faults };
    let looks = (&raw const watchdog_entry).addr();
    idt.0[TIMER_VECTOR] = Gate::to(looks, StackSwitch::NonMaskable);
    let pointer = DescriptorTablePointer {
        limit: (size_of::<Idt>() - 1) as u16,
        base: VirtAddr::from_ptr(idt),
    };
    // SAFETY: every gate leads to a stub in `traps.S`, and the table lives for ever.
    unsafe { lidt(&pointer) };
}

const fn stack_of(vector: usize) -> StackSwitch {
    match vector {
        2 => StackSwitch::NonMaskable,
        8 => StackSwitch::DoubleFault,
        18 => StackSwitch::MachineCheck,
        _ => StackSwitch::None,
    }
}

extern "sysv64" fn exception(frame: &TrapFrame) -> ! {
    crash::exception(frame)
}

/// The field's name for a vector.
pub const fn vector_name(vector: u64) -> &'static str {
    match vector {
        0 => "divide error",
        1 => "debug exception",
        2 => "non-maskable interrupt",
        3 => "breakpoint",
        4 => "overflow",
        5 => "bound range exceeded",
        6 => "invalid opcode",
        7 => "device not available",
        8 => "double fault",
        10 => "invalid TSS",
        11 => "segment not present",
        12 => "stack-segment fault",
        13 => "general protection fault",
        14 => "page fault",
        16 => "x87 floating-point error",
        17 => "alignment check",
        18 => "machine check",
        19 => "SIMD floating-point error",
        20 => "virtualization exception",
        21 => "control protection exception",
        28 => "hypervisor injection exception",
        29 => "VMM communication exception",
        30 => "security exception",
        _ => "unexpected interrupt",
    }
}
