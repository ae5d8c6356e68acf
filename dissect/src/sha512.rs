//! SHA-512 (FIPS 180-4), for what is hashed before a session is secured. Its constants are the fractional parts of roots
//! of primes and are worked out once.

use std::sync::OnceLock;

const ROUNDS: usize = 80;
const BLOCK_LEN: usize = 128;

pub(crate) struct Sha512;

struct Constants {
    start: [u64; 8],
    rounds: [u64; ROUNDS],
}

/// The first 64 bits of the fraction of the `degree`th root of `prime`, by bisection over 128-bit integers: the greatest
/// `x` with `(x / 2^64)^degree <= prime`.
fn fraction(prime: u64, degree: u32) -> u64 {
    // The root of a prime below 512 is below 32: five bits before the point.
    let (mut low, mut high) = (0u128, 32u128 << 64);
    while high - low > 1 {
        let middle = (low + high) / 2;
        if is_below(middle, prime, degree) { low = middle } else { high = middle }
    }
    low as u64
}

/// Whether `(x / 2^64)^degree <= prime`, in limbs of 32 bits.
fn is_below(x: u128, prime: u64, degree: u32) -> bool {
    let limbs = |x: u128| -> Vec<u64> { (0..4).map(|place| (x >> (32 * place)) as u32 as u64).collect() };
    let mut power = limbs(x);
    for _ in 1..degree {
        let mut product = vec![0u64; power.len() + 5];
        for (i, a) in power.iter().enumerate() {
            let mut carry = 0;
            for (j, b) in limbs(x).iter().enumerate() {
                let sum = product[i + j] + a * b + carry;
                product[i + j] = sum & 0xffff_ffff;
                carry = sum >> 32;
            }
            product[i + 4] += carry;
        }
        power = product;
    }
    // The point stands behind `2 * degree` limbs.
    let whole = power.iter().skip(2 * degree as usize).rev().fold(0u128, |n, limb| n << 32 | u128::from(*limb));
    whole < u128::from(prime)
}

fn constants() -> &'static Constants {
    static CONSTANTS: OnceLock<Constants> = OnceLock::new();
    CONSTANTS.get_or_init(|| {
        let is_prime =
            |n: &u64| (2..*n).take_while(|factor| factor * factor <= *n).all(|factor| !n.is_multiple_of(factor));
        let primes: Vec<u64> = (2..).filter(is_prime).take(ROUNDS).collect();
        let mut found = Constants { start: [0; 8], rounds: [0; ROUNDS] };
        for (place, prime) in found.start.iter_mut().zip(&primes) {
            *place = fraction(*prime, 2);
        }
        for (place, prime) in found.rounds.iter_mut().zip(&primes) {
            *place = fraction(*prime, 3);
        }
        found
    })
}

impl Sha512 {
    /// The digest of octets that follow each other.
    pub(crate) fn of(parts: &[&[u8]]) -> [u8; 64] {
        let mut octets = parts.concat();
        let bits = octets.len() as u128 * 8;
        octets.push(0x80);
        while octets.len() % BLOCK_LEN != BLOCK_LEN - 16 {
            octets.push(0);
        }
        octets.extend(bits.to_be_bytes());
        let mut state = constants().start;
        octets.chunks_exact(BLOCK_LEN).for_each(|block| compress(&mut state, block));
        let mut digest = [0; 64];
        for (place, word) in digest.chunks_exact_mut(8).zip(state) {
            place.copy_from_slice(&word.to_be_bytes());
        }
        digest
    }
}

fn compress(state: &mut [u64; 8], block: &[u8]) {
    let mut words = [0u64; ROUNDS];
    for (word, octets) in words.iter_mut().zip(block.chunks_exact(8)) {
        *word = octets.iter().fold(0, |word, octet| word << 8 | u64::from(*octet));
    }
    for t in 16..ROUNDS {
        let (a, b) = (words[t - 15], words[t - 2]);
        let small = a.rotate_right(1) ^ a.rotate_right(8) ^ a >> 7;
        let large = b.rotate_right(19) ^ b.rotate_right(61) ^ b >> 6;
        words[t] = words[t - 16].wrapping_add(small).wrapping_add(words[t - 7]).wrapping_add(large);
    }
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
    for (word, constant) in words.iter().zip(constants().rounds) {
        let sum = e.rotate_right(14) ^ e.rotate_right(18) ^ e.rotate_right(41);
        let choice = e & f ^ !e & g;
        let first = h.wrapping_add(sum).wrapping_add(choice).wrapping_add(constant).wrapping_add(*word);
        let sum = a.rotate_right(28) ^ a.rotate_right(34) ^ a.rotate_right(39);
        let second = sum.wrapping_add(a & b ^ a & c ^ b & c);
        (h, g, f, e, d, c, b, a) = (g, f, e, d.wrapping_add(first), c, b, a, first.wrapping_add(second));
    }
    for (place, word) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        *place = place.wrapping_add(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(octets: &[u8]) -> String {
        octets.iter().map(|octet| format!("{octet:02x}")).collect()
    }

    #[test]
    fn digests_of_the_standard() {
        let abc = hex(&Sha512::of(&[b"a", b"bc"]));
        assert!(abc.starts_with("ddaf35a193617abacc417349ae204131"), "{abc}");
        assert!(hex(&Sha512::of(&[])).starts_with("cf83e1357eefb8bdf1542850d66d8007"));
        assert!(hex(&Sha512::of(&[&[b'a'; 200]])).len() == 128);
    }
}
