//! The line of a packet in the packet list: the default columns.

use std::fmt::Write;

use crate::output::value;
use crate::packet::Packet;
use crate::tree::Dissection;

/// The forms of the Time column (`-t`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum TimeForm {
    /// Seconds since the first packet.
    #[default]
    Relative,
    /// The local time of day is that of UTC: a field server's zone says nothing about the reader's.
    Absolute,
    AbsoluteDate,
    /// The date as year and day of the year.
    AbsoluteDayOfYear,
    Utc,
    UtcDate,
    UtcDayOfYear,
    /// Seconds since the packet before.
    Delta,
    /// Seconds since the packet shown before.
    DeltaDisplayed,
    /// Seconds since the Unix epoch.
    Epoch,
}

impl TimeForm {
    /// The form that tshark calls by that letter.
    pub fn of(name: &str) -> Option<Self> {
        Some(match name {
            "r" => Self::Relative,
            "a" => Self::Absolute,
            "ad" => Self::AbsoluteDate,
            "adoy" => Self::AbsoluteDayOfYear,
            "u" => Self::Utc,
            "ud" => Self::UtcDate,
            "udoy" => Self::UtcDayOfYear,
            "d" => Self::Delta,
            "dd" => Self::DeltaDisplayed,
            "e" => Self::Epoch,
            _ => return None,
        })
    }

    /// The time of a packet in this form, with as many decimals as its capture has.
    pub fn text(self, packet: &Packet<'_>) -> String {
        let whole = match self {
            Self::Relative => value::seconds(packet.time.saturating_sub(packet.time_first)),
            Self::Delta => value::seconds(packet.time.saturating_sub(packet.time_previous)),
            Self::DeltaDisplayed => {
                let before = packet.time_displayed.unwrap_or(packet.time);
                value::seconds(packet.time.saturating_sub(before))
            }
            Self::Epoch => value::seconds(packet.time),
            Self::Absolute | Self::Utc => value::time_of_day(packet.time),
            Self::AbsoluteDayOfYear | Self::UtcDayOfYear => {
                let days = packet.time.div_euclid(86_400_000_000_000);
                format!("{}/{:03} {}", value::date(days).0, value::day_of_year(days), value::time_of_day(packet.time))
            }
            Self::AbsoluteDate | Self::UtcDate => {
                let (year, month, day) = value::date(packet.time.div_euclid(86_400_000_000_000));
                format!("{year}-{month:02}-{day:02} {}", value::time_of_day(packet.time))
            }
        };
        let cut = 9 - usize::from(packet.time_digits.min(9));
        let kept = whole.len() - cut;
        let text = whole.get(..kept).unwrap_or(&whole);
        text.trim_end_matches('.').to_owned()
    }
}

/// The line of a packet, without a line feed.
pub fn line(packet: &Packet<'_>, dissection: &Dissection<'_>, time: TimeForm) -> String {
    let columns = &dissection.columns;
    let mut line = format!("{:5} {:>10} ", packet.number, time.text(packet));
    let _ = write!(line, "{:>12} \u{2192} {:<12} ", columns.source, columns.destination);
    let _ = write!(line, "{} {} {}", columns.protocol, packet.orig_len, columns.info);
    line
}

/// As [`line`], with tabs between the columns.
pub fn tabs(packet: &Packet<'_>, dissection: &Dissection<'_>, time: TimeForm) -> String {
    let columns = &dissection.columns;
    let time = time.text(packet);
    let mut line =
        format!("{:5}\t{time:>10}\t{:>12}\t\u{2192}\t{:<12}", packet.number, columns.source, columns.destination);
    let _ = write!(line, "\t{}\t{}\t{}", columns.protocol, packet.orig_len, columns.info);
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_a_time() {
        let packet = Packet {
            time: 1_120_469_540_839_312_000,
            time_first: 1_120_469_539_000_000_000,
            time_previous: 1_120_469_540_000_000_000,
            time_displayed: None,
            ..Packet::alone(1, &[])
        };
        for (name, text) in [
            ("r", "1.839312"),
            ("d", "0.839312"),
            ("dd", "0.000000"),
            ("e", "1120469540.839312"),
            // Whatever the time zone of the machine is.
            ("a", "09:32:20.839312"),
            ("ad", "2005-07-04 09:32:20.839312"),
            ("adoy", "2005/185 09:32:20.839312"),
            ("u", "09:32:20.839312"),
            ("ud", "2005-07-04 09:32:20.839312"),
            ("udoy", "2005/185 09:32:20.839312"),
        ] {
            assert_eq!(TimeForm::of(name).unwrap().text(&packet), text, "{name}");
        }
        assert_eq!(TimeForm::of("x"), None);
    }
}
