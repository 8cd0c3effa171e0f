//! Times in metadata: RFC 3339 to the second.

use std::fmt;
use std::time::SystemTime;

use nixseal_base::clock::rfc3339;
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
        Self(rfc3339(time))
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

#[cfg(test)]
mod tests {
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
}
