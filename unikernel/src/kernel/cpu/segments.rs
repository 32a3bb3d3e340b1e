//! GDT and TSS: one code segment, and the stacks of the exceptions that have one of their own.

use x86_64::VirtAddr;
use x86_64::instructions::segmentation::{CS, Segment};
use x86_64::instructions::tables::load_tss;
use x86_64::structures::gdt::{Descriptor, GlobalDescriptorTable};
use x86_64::structures::tss::TaskStateSegment;

use super::stacks::Stack;
use crate::kernel::once::TakeOnce;

/// Number of a stack in the TSS's interrupt stack table, as a gate names it (SDM vol. 3A, 8.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StackSwitch {
    /// Stay on the current stack.
    None = 0,
    /// [`Stack::DoubleFault`].
    DoubleFault = 1,
    /// [`Stack::NonMaskable`].
    NonMaskable = 2,
    /// [`Stack::MachineCheck`].
    MachineCheck = 3,
}

static TSS: TakeOnce<TaskStateSegment> = TakeOnce::new(TaskStateSegment::new());
static GDT: TakeOnce<GlobalDescriptorTable> = TakeOnce::new(GlobalDescriptorTable::new());

/// Replaces the boot GDT.
pub fn load() {
    let tss = TSS.take();
    for (switch, stack) in [
        (StackSwitch::DoubleFault, Stack::DoubleFault),
        (StackSwitch::NonMaskable, Stack::NonMaskable),
        (StackSwitch::MachineCheck, Stack::MachineCheck),
    ] {
        tss.interrupt_stack_table[switch as usize - 1] = VirtAddr::new(stack.range().end);
    }
    let gdt = GDT.take();
    let code = gdt.append(Descriptor::kernel_code_segment());
    let task = gdt.append(Descriptor::tss_segment(tss));
    gdt.load();
    // SAFETY: `code` selects a 64-bit code segment of the table just loaded.
    unsafe { CS::set_reg(code) };
    // SAFETY: `task` selects the descriptor of a TSS that lives for ever.
    unsafe { load_tss(task) };
}
