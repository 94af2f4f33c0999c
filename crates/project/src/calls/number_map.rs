//! Maps whose keys are the linker's own numbers.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// A map from numbers that the linker gave out, or tuples of them.
pub(super) type NumberMap<K, V> = HashMap<K, V, BuildHasherDefault<NumberHasher>>;

/// A set of numbers that the linker gave out, or tuples of them.
pub(super) type NumberSet<K> = HashSet<K, BuildHasherDefault<NumberHasher>>;

/// Mixes numbers by a multiplication each. Nothing that a file says decides these numbers freely (they are counted up,
/// or are places in a file), so there is no need for a hash that an attacker cannot foresee.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct NumberHasher(u64);

/// The golden ratio as a fraction of 2^64, an odd number whose bits are well mixed (Knuth, volume 3, 6.4).
const RATIO: u64 = 0x9E37_79B9_7F4A_7C15;

impl NumberHasher {
    const fn mix(&mut self, number: u64) {
        self.0 = (self.0.rotate_left(26) ^ number).wrapping_mul(RATIO);
    }
}

impl Hasher for NumberHasher {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.mix(u64::from(byte));
        }
    }

    fn write_u8(&mut self, number: u8) {
        self.mix(u64::from(number));
    }

    fn write_u32(&mut self, number: u32) {
        self.mix(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        self.mix(number);
    }

    fn write_usize(&mut self, number: usize) {
        self.mix(number as u64);
    }

    fn write_isize(&mut self, number: isize) {
        self.mix(number.cast_unsigned() as u64);
    }

    fn finish(&self) -> u64 {
        // Tables take the low bits for the place and the high ones for the tag; a product has its best bits high up.
        self.0.rotate_left(26)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_of_small_numbers_spread_over_the_low_bits() {
        let mut places = HashSet::new();
        for one in 0_u32..64 {
            for other in 0_u32..64 {
                let mut hasher = NumberHasher::default();
                hasher.write_u32(one);
                hasher.write_u32(other);
                places.insert(hasher.finish() & 0xFFFF);
            }
        }
        // Of 4,096 pairs that fall into 65,536 places at random, about 3,970 have one of their own.
        assert!(places.len() > 3_500, "{}", places.len());
    }
}
