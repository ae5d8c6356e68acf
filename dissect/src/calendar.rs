//! Dates of the Gregorian calendar as days.

/// Days from 1970-01-01 to a date, which may lie before it.
pub(crate) fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years are counted from March, so that leap days end them.
    let shifted = if month > 2 { year } else { year - 1 };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_dates() {
        assert_eq!(days(1970, 1, 1), 0);
        assert_eq!(days(2000, 2, 29), 11_016);
        assert_eq!(days(1969, 12, 31), -1);
        assert_eq!(days(2024, 1, 1), 19_723);
    }
}
