//! Where inputs come from: numbers that look random, and changes made by them.

/// An input is made no longer than that, in octets.
pub const MAX_LEN: usize = 1 << 16;
/// How many changes one call makes.
const MAX_CHANGES: u64 = 8;
/// What lengths and counters are set to: the ends of their ranges.
const ENDS: [u64; 12] = [0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0x8000_0000, u64::MAX];

/// Numbers that depend on their seed alone (SplitMix64).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The numbers of a run of a target.
    pub fn of(target: &str, run: u64) -> Self {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for octet in target.bytes() {
            hash = (hash ^ u64::from(octet)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        let mut random = Self(hash ^ run.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        random.number();
        random
    }

    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// A number below `end`; 0 where there is none.
    pub fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { (self.number() % end as u64) as usize }
    }

    /// Whether one of `count` equally likely things happened.
    pub fn is_one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    /// One of several.
    ///
    /// # Panics
    /// When there are none.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// Octets of any kind, fewer than `end`.
    pub fn octets(&mut self, end: usize) -> Vec<u8> {
        (0..self.below(end)).map(|_| self.number() as u8).collect()
    }

    /// Changes octets in some places.
    pub fn mutate(&mut self, octets: &mut Vec<u8>) {
        self.mutate_behind(0, octets);
    }

    /// Changes octets in some places from `from` on, so that what leads to a parser stays as it is.
    pub fn mutate_behind(&mut self, from: usize, octets: &mut Vec<u8>) {
        let from = from.min(octets.len());
        for _ in 0..1 + self.number() % MAX_CHANGES {
            self.change(from, octets);
        }
        octets.truncate(MAX_LEN);
    }

    fn change(&mut self, from: usize, octets: &mut Vec<u8>) {
        let (at, end) = (from + self.below(octets.len() - from), octets.len());
        let len = self.below((end - at).min(32) + 1);
        let kind = self.below(10);
        if at == end && kind < 5 {
            return;
        }
        match kind {
            0 => octets[at] ^= 1 << self.below(8),
            1 => octets[at] = self.number() as u8,
            2 => octets[at] = octets[at].wrapping_add(*self.pick(&[1, 2, 0xff, 0xfe])),
            3 | 4 => self.set_number(at, octets),
            5 => octets.truncate(at),
            6 => {
                octets.drain(at..at + len);
            }
            7 => {
                let again = octets[at..at + len].to_vec();
                let times = 1 + self.below(8);
                octets.splice(at..at, again.repeat(times));
            }
            8 => {
                let noise = self.octets(16);
                octets.splice(at..at, noise);
            }
            _ => {
                let to = from + self.below(end - from + 1);
                let moved = octets[at..at + len].to_vec();
                octets.splice(to..to, moved);
            }
        }
    }

    /// Writes the end of a range where a number of 1 to 8 octets may stand.
    fn set_number(&mut self, at: usize, octets: &mut [u8]) {
        let width = 1 << self.below(4);
        let number = self.pick(&ENDS).to_be_bytes();
        let mut written = number[8 - width..].to_vec();
        if self.is_one_in(2) {
            written.reverse();
        }
        for (octet, new) in octets[at..].iter_mut().zip(written) {
            *octet = new;
        }
    }

    /// A text that is nearly `text`: some of its octets changed, some of `words` put into it.
    pub fn text(&mut self, text: &str, words: &[&str]) -> String {
        let mut octets = text.as_bytes().to_vec();
        for _ in 0..self.below(5) {
            let at = self.below(octets.len() + 1);
            let over = self.below((octets.len() - at).min(8) + 1);
            let word: &[u8] = if words.is_empty() { b"" } else { self.pick(words).as_bytes() };
            octets.splice(at..at + over, word.iter().copied());
        }
        if self.is_one_in(2) {
            self.mutate(&mut octets);
        }
        String::from_utf8_lossy(&octets).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_before_stays_and_no_input_grows_without_end() {
        let mut random = Random::of("limits", 0);
        let mut octets = b"head".to_vec();
        for _ in 0..20_000 {
            octets.extend(random.octets(64));
            random.mutate_behind(4, &mut octets);
            assert!(octets.starts_with(b"head") && octets.len() <= MAX_LEN);
        }
    }

    #[test]
    fn texts_come_of_anything() {
        let mut random = Random::of("texts", 0);
        for text in ["", "ü", "ip.addr == 10.0.0.1"] {
            for words in [&[][..], &["", "and"]] {
                for _ in 0..1000 {
                    random.text(text, words);
                }
            }
        }
    }
}
