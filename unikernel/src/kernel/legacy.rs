//! The PC's old interrupt sources, silenced: no interrupt may fall into a measurement.

use x86_64::instructions::port::PortWriteOnly;

const FIRST_PIC_MASK: u16 = 0x21;
const SECOND_PIC_MASK: u16 = 0xa1;
const PIT_COMMAND: u16 = 0x43;

/// Channel 0, both bytes, mode 0: without a count, which never comes, the channel stands still.
const STOP_CHANNEL_0: u8 = 0x30;

/// Masks both interrupt controllers and stops the periodic timer.
pub fn quiet() {
    write(FIRST_PIC_MASK, 0xff);
    write(SECOND_PIC_MASK, 0xff);
    write(PIT_COMMAND, STOP_CHANNEL_0);
}

fn write(port: u16, value: u8) {
    // SAFETY: these ports belong to the interrupt controllers and the timer on every PC, and to
    // nothing where those are absent. No memory is affected.
    unsafe { PortWriteOnly::new(port).write(value) };
}
