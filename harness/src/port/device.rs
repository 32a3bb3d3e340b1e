//! A serial device: a UART of this host or a USB adapter.

use std::io;
use std::time::Duration;

use serialport::{DataBits, FlowControl, Parity, StopBits};

use super::{Baud, Port};

/// How long a read waits before it tries again, and how long a write waits for room.
const TIMEOUT: Duration = Duration::from_millis(100);

/// Opens the device for this program alone: 8N1, and no flow control, which the cable need not have.
pub(super) fn open(path: &str, baud: Baud) -> io::Result<Port> {
    let device = serialport::new(path, baud.per_second())
        .data_bits(DataBits::Eight)
        .parity(Parity::None)
        .stop_bits(StopBits::One)
        .flow_control(FlowControl::None)
        .exclusive(true)
        .timeout(TIMEOUT)
        .open()?;
    Ok(Port::two_way(device.try_clone()?, device))
}
