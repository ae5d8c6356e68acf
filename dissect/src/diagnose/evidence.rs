//! The packets that show something.

/// How many packets of one finding are listed; the first and the last ones count most, so later ones give way.
pub const MAX_MARKS: usize = 64;

/// Which packet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Mark {
    /// Nanoseconds since the Unix epoch.
    pub time: i64,
    /// The frame number in its capture.
    pub number: u64,
    /// The packet id in the cluster; 0 in a file.
    pub id: u128,
}

/// The packets that show one finding: the first ones up to [`MAX_MARKS`], and how many there were.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Evidence {
    marks: Vec<Mark>,
    first: Mark,
    last: Mark,
    count: u64,
}

impl Evidence {
    /// Of one packet.
    pub fn of(mark: Mark) -> Self {
        let mut evidence = Self::default();
        evidence.add(mark);
        evidence
    }

    /// Adds a packet; the same one twice in a row counts once.
    pub fn add(&mut self, mark: Mark) {
        if self.count > 0 && (self.last == mark || self.marks.contains(&mark)) {
            return;
        }
        if self.count == 0 {
            self.first = mark;
            self.last = mark;
        }
        self.first = self.first.min(mark);
        self.last = self.last.max(mark);
        self.count += 1;
        if self.marks.len() < MAX_MARKS {
            self.marks.push(mark);
        }
    }

    /// Adds all of another one.
    pub fn join(&mut self, other: &Self) {
        other.marks.iter().for_each(|mark| self.add(*mark));
        if other.count > 0 {
            self.add(other.last);
        }
    }

    /// How many packets there were.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub fn first(&self) -> Mark {
        self.first
    }

    pub fn last(&self) -> Mark {
        self.last
    }

    /// The packets that are listed, in order.
    pub fn marks(&self) -> impl Iterator<Item = Mark> {
        let mut marks = self.marks.clone();
        marks.sort();
        marks.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_the_limit_is_kept_and_all_are_counted() {
        let mut evidence = Evidence::default();
        for number in 1..=1000 {
            evidence.add(Mark { number, time: number as i64, id: 0 });
            evidence.add(Mark { number, time: number as i64, id: 0 });
        }
        assert_eq!(evidence.marks().count(), MAX_MARKS);
        assert_eq!((evidence.first().number, evidence.last().number), (1, 1000));
    }
}
