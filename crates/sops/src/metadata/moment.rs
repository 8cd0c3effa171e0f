//! Times in metadata: RFC 3339 to the second.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use nixseal_document::Timestamp;

/// A time as SOPS writes it, `2026-11-23T06:46:17Z`; the MAC is encrypted under this very text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment(String);

impl Moment {
    /// Reads RFC 3339; fractions of the second are dropped and a zero offset becomes `Z`, as in
    /// `sops`.
    pub fn parse(text: &str) -> Option<Self> {
        Timestamp::parse_rfc3339(text)
            .as_ref()
            .map(Self::of_timestamp)
    }

    pub(crate) fn of_timestamp(time: &Timestamp) -> Self {
        let text = time.to_string();
        // The fraction, where there is one, stands after the 19 characters of date and time.
        let (date, rest) = text.split_at_checked(19).unwrap_or((&text, ""));
        let zone = match rest.strip_prefix('.') {
            None => rest,
            Some(fraction) => fraction.trim_start_matches(|digit: char| digit.is_ascii_digit()),
        };
        Self(format!("{date}{zone}"))
    }

    /// That time, in UTC. Times before 1970 count as 1970.
    pub fn of(time: SystemTime) -> Self {
        let seconds = time
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        let (year, month, day) = civil(seconds / 86_400);
        let second = seconds % 86_400;
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        Self(format!(
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"
        ))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Year, month and day of a number of days since 1970-01-01, by years of 400-year cycles that
/// begin in March.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (cycle, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (cycle * 400 + year + next, month, day)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn read_as_sops_reads() {
        for (text, shown) in [
            ("2026-11-23T06:46:17Z", Some("2026-11-23T06:46:17Z")),
            ("2026-11-23T06:46:17+00:00", Some("2026-11-23T06:46:17Z")),
            (
                "2026-11-23T06:46:17.25+02:00",
                Some("2026-11-23T06:46:17+02:00"),
            ),
            ("2026-11-23T06:46:17.5Z", Some("2026-11-23T06:46:17Z")),
            ("2026-11-23", None),
            ("", None),
        ] {
            assert_eq!(Moment::parse(text).as_ref().map(Moment::as_str), shown);
        }
    }

    #[test]
    fn made_from_a_clock() {
        for (seconds, shown) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_164_799, "2024-02-28T23:59:59Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            let time = UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(Moment::of(time).as_str(), shown);
        }
    }
}
