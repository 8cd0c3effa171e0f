//! Points in time as YAML writes them and SOPS stores them: a civil date and time with an offset.

use std::fmt;

use zeroize::Zeroize;

/// A civil date and time with an offset from UTC, as precise as a nanosecond.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Timestamp {
    year: u16,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
    nanosecond: u32,
    /// Minutes east of UTC.
    offset: i16,
}

impl Timestamp {
    /// Reads what go-yaml v3 takes for a timestamp: a date, or a date and a time with `T` and a
    /// zone, or with blanks and no zone; months, days, hours, minutes and seconds may have one
    /// digit, the fraction may begin with a comma.
    pub fn parse_yaml(text: &str) -> Option<Self> {
        let mut reader = Reader {
            rest: text.as_bytes(),
        };
        let mut time = reader.date(1)?;
        match reader.rest.first() {
            None => return Some(time),
            Some(b'T' | b't') => {
                reader.rest = reader.rest.get(1..)?;
                reader.time(&mut time, 1)?;
                reader.zone(&mut time)?;
            }
            Some(b' ') => {
                while let [b' ', rest @ ..] = reader.rest {
                    reader.rest = rest;
                }
                reader.time(&mut time, 1)?;
            }
            Some(_) => return None,
        }
        reader.rest.is_empty().then_some(time)
    }

    /// Reads RFC 3339, as SOPS stores times.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let mut reader = Reader {
            rest: text.as_bytes(),
        };
        let mut time = reader.date(2)?;
        reader.skip(b'T')?;
        reader.time(&mut time, 2)?;
        reader.zone(&mut time)?;
        reader.rest.is_empty().then_some(time)
    }

    pub(crate) fn wipe(&mut self) {
        self.year.zeroize();
        self.month.zeroize();
        self.day.zeroize();
        self.hour.zeroize();
        self.minute.zeroize();
        self.second.zeroize();
        self.nanosecond.zeroize();
        self.offset.zeroize();
    }
}

/// RFC 3339 with as many digits of the second as needed: how SOPS stores, hashes and writes times.
impl fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            year,
            month,
            day,
            hour,
            minute,
            second,
            nanosecond,
            offset,
        } = self;
        write!(
            formatter,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
        )?;
        if *nanosecond > 0 {
            let digits = format!("{nanosecond:09}");
            write!(formatter, ".{}", digits.trim_end_matches('0'))?;
        }
        if *offset == 0 {
            return formatter.write_str("Z");
        }
        let sign = if *offset < 0 { '-' } else { '+' };
        let minutes = offset.unsigned_abs();
        write!(formatter, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

/// Shows nothing: a time may be a secret.
impl fmt::Debug for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Timestamp(..)")
    }
}

/// Consumes a text from the left.
struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    /// Takes one or two digits, at least `least`.
    fn number(&mut self, least: usize) -> Option<u8> {
        let digits = self
            .rest
            .iter()
            .take(2)
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        if digits < least {
            return None;
        }
        let (number, rest) = self.rest.split_at_checked(digits)?;
        self.rest = rest;
        Some(
            number
                .iter()
                .fold(0, |sum, digit| sum * 10 + (digit - b'0')),
        )
    }

    fn skip(&mut self, byte: u8) -> Option<()> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        (*first == byte).then_some(())
    }

    fn date(&mut self, least: usize) -> Option<Timestamp> {
        let year = u16::from(self.number(2)?) * 100 + u16::from(self.number(2)?);
        self.skip(b'-')?;
        let month = self.number(least)?;
        self.skip(b'-')?;
        let day = self.number(least)?;
        if !(1..=12).contains(&month) || day < 1 || day > days_in(month, year) {
            return None;
        }
        let (hour, minute, second, nanosecond, offset) = (0, 0, 0, 0, 0);
        Some(Timestamp {
            year,
            month,
            day,
            hour,
            minute,
            second,
            nanosecond,
            offset,
        })
    }

    fn time(&mut self, time: &mut Timestamp, least: usize) -> Option<()> {
        time.hour = self.number(least)?;
        self.skip(b':')?;
        time.minute = self.number(least)?;
        self.skip(b':')?;
        time.second = self.number(least)?;
        if let [b'.' | b',', digit, ..] = self.rest
            && digit.is_ascii_digit()
        {
            let fraction = self.rest.get(1..)?;
            let length = fraction
                .iter()
                .take_while(|byte| byte.is_ascii_digit())
                .count();
            let digits = fraction
                .iter()
                .take(length)
                .chain(std::iter::repeat(&b'0'))
                .take(9);
            time.nanosecond = digits.fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
            self.rest = fraction.get(length..)?;
        }
        (time.hour < 24 && time.minute < 60 && time.second < 60).then_some(())
    }

    fn zone(&mut self, time: &mut Timestamp) -> Option<()> {
        let (sign, rest) = self.rest.split_first()?;
        self.rest = rest;
        let sign = match sign {
            b'Z' => return Some(()),
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        let hours = i16::from(self.number(2)?);
        self.skip(b':')?;
        let minutes = i16::from(self.number(2)?);
        time.offset = sign * (hours * 60 + minutes);
        // Go allows 24 hours and 60 minutes.
        (hours <= 24 && minutes <= 60).then_some(())
    }
}

fn days_in(month: u8, year: u16) -> u8 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_forms_are_written_as_sops_does() {
        for (text, shown) in [
            ("2024-01-01", Some("2024-01-01T00:00:00Z")),
            ("2024-1-2", Some("2024-01-02T00:00:00Z")),
            (
                "2001-12-14t21:59:43.10-05:00",
                Some("2001-12-14T21:59:43.1-05:00"),
            ),
            ("2001-12-15T2:59:43,1Z", Some("2001-12-15T02:59:43.1Z")),
            (
                "2001-12-14   21:59:43.1234567891",
                Some("2001-12-14T21:59:43.123456789Z"),
            ),
            ("2001-12-14T21:59:43+00:00", Some("2001-12-14T21:59:43Z")),
            (
                "2006-01-02T15:04:05+07:06",
                Some("2006-01-02T15:04:05+07:06"),
            ),
            ("2001-12-14 21:59:43.10 -5", None),
            ("2001-12-14T21:59:43", None),
            ("2023-02-29", None),
            ("2000-02-29", Some("2000-02-29T00:00:00Z")),
            ("1900-02-29", None),
            ("2024-13-01", None),
            ("2024-01-01T24:00:00Z", None),
            ("24-01-01", None),
            ("20240-01-01", None),
            ("2024-01-01x", None),
            ("", None),
        ] {
            let read = Timestamp::parse_yaml(text).map(|time| time.to_string());
            assert_eq!(read.as_deref(), shown, "{text}");
        }
    }

    #[test]
    fn stored_form_is_strict() {
        let time = "2001-12-14T21:59:43.1-05:00";
        assert_eq!(
            Timestamp::parse_rfc3339(time)
                .map(|time| time.to_string())
                .as_deref(),
            Some(time)
        );
        assert!(Timestamp::parse_rfc3339("2001-1-14T21:59:43Z").is_none());
        assert!(Timestamp::parse_rfc3339("2001-12-14").is_none());
    }
}
