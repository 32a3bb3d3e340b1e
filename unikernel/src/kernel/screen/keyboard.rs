//! A PS/2 keyboard, or what the firmware makes look like one, asked now and then.

use x86_64::instructions::port::PortReadOnly;

const DATA: u16 = 0x60;
const STATUS: u16 = 0x64;

/// Status: a byte waits in the data port, and it is the mouse's.
const OUTPUT_FULL: u8 = 1 << 0;
const FROM_MOUSE: u8 = 1 << 5;

/// What the status port says where there is no controller.
const ABSENT: u8 = 0xff;

/// The next scan code, if a key was pressed or released.
pub fn poll() -> Option<u8> {
    let status = read(STATUS);
    if status == ABSENT || status & OUTPUT_FULL == 0 {
        return None;
    }
    let byte = read(DATA);
    (status & FROM_MOUSE == 0).then_some(byte)
}

fn read(port: u16) -> u8 {
    // SAFETY: these ports belong to the keyboard controller, or to nothing. No memory is affected.
    unsafe { PortReadOnly::new(port).read() }
}
