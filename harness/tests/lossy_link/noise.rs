//! What a cable does to the bytes it carries.

/// How bad it is.
#[derive(Clone, Copy, Debug)]
pub struct Noise {
    /// How many bytes in a million are dropped, flipped or doubled.
    pub per_million: u64,
    /// How many transmissions in a thousand are led by stray zeros or text, or repeat what the
    /// cable carried last.
    pub strays_per_mille: u64,
}

impl Noise {
    pub const NONE: Self = Self { per_million: 0, strays_per_mille: 0 };
    /// One frame of 512 bytes in ten is lost.
    pub const LOSSY: Self = Self { per_million: 200, strays_per_mille: 0 };
    pub const BAD: Self = Self { per_million: 10_000, strays_per_mille: 20 };
}

/// One direction of a cable.
#[derive(Debug)]
pub struct Wire {
    noise: Noise,
    /// Of a `SplitMix64`.
    state: u64,
    carried: Vec<u8>,
}

impl Wire {
    pub fn new(noise: Noise, seed: u64) -> Self {
        Self { noise, state: seed, carried: Vec::new() }
    }

    fn random(&mut self, below: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % below
    }

    /// What arrives of a transmission, with what strays in before it.
    pub fn carry(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut arrived = self.stray();
        arrived.extend(bytes.iter().flat_map(|&byte| self.carry_byte(byte)));
        arrived
    }

    /// What arrives of a byte.
    pub fn carry_byte(&mut self, byte: u8) -> Vec<u8> {
        let arrived = self.harm(byte);
        self.carried.extend(&arrived);
        arrived
    }

    fn harm(&mut self, byte: u8) -> Vec<u8> {
        if self.random(1_000_000) >= self.noise.per_million {
            return vec![byte];
        }
        match self.random(3) {
            0 => Vec::new(),
            1 => vec![byte ^ (1 << self.random(8))],
            _ => vec![byte, byte],
        }
    }

    /// What arrives although nobody sent it.
    pub fn stray(&mut self) -> Vec<u8> {
        if self.random(1000) >= self.noise.strays_per_mille {
            return Vec::new();
        }
        let back = self.random(700) as usize;
        match self.random(4) {
            0 => vec![0; 3],
            1 => b"firmware: a line of text\r\n".to_vec(),
            2 => b"and half a line".to_vec(),
            _ => self.carried[self.carried.len().saturating_sub(back)..].to_vec(),
        }
    }
}
