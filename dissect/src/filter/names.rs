//! Which names may have been meant by one that is unknown.

use crate::registry;

/// How many names are suggested.
const MAX_SUGGESTIONS: usize = 3;
/// Longer names are not compared: no field has one.
const MAX_NAME: usize = 96;

/// The names of fields and protocols nearest to `name`.
pub(crate) fn nearest_fields(name: &str) -> Vec<String> {
    nearest(name, registry::fields().map(|(_, field)| field.name))
}

/// The names nearest to `name`, best first, those of equal distance by the alphabet; none when all are far.
pub(crate) fn nearest(name: &str, names: impl Iterator<Item = &'static str>) -> Vec<String> {
    if name.is_empty() || name.len() > MAX_NAME {
        return Vec::new();
    }
    let wanted = name.to_ascii_lowercase();
    // One slip in four letters; a short name has too many neighbours for more.
    let limit = (wanted.len() / 4).clamp(1, 3);
    let mut found: Vec<(usize, &str)> = names
        .filter(|known| known.len().abs_diff(wanted.len()) <= limit)
        .map(|known| (distance(&wanted, &known.to_ascii_lowercase()), known))
        .filter(|(distance, _)| *distance <= limit)
        .collect();
    found.sort_unstable();
    found.truncate(MAX_SUGGESTIONS);
    found.into_iter().map(|(_, known)| known.to_owned()).collect()
}

/// How many letters have to be put in, left out, changed or swapped with their neighbour (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut before: Vec<usize> = vec![0; b.len() + 1];
    let mut above: Vec<usize> = (0..=b.len()).collect();
    let mut last_a = None;
    for (i, ca) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        let mut last_b = None;
        for (j, cb) in b.iter().enumerate() {
            let mut best = (above[j + 1] + 1).min(row[j] + 1).min(above[j] + usize::from(ca != cb));
            if last_a == Some(cb) && last_b == Some(ca) {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
            last_b = Some(cb);
        }
        before = std::mem::replace(&mut above, row);
        last_a = Some(ca);
    }
    above[b.len()]
}
