//! Floating point numbers in the spellings that SOPS uses, all with the fewest digits that read
//! back as the same number.

/// As YAML output spells it (Go's `%g`): exponent below 1e-4 and from 1e6 on.
pub fn yaml(value: f64) -> String {
    match special(value) {
        Some(Special::Infinite) => ".inf".to_owned(),
        Some(Special::NegativeInfinite) => "-.inf".to_owned(),
        Some(Special::NotANumber) => ".nan".to_owned(),
        None => Digits::of(value).general('e'),
    }
}

/// As SOPS encrypts and hashes it: never an exponent; `+Inf`, `-Inf`, `NaN`.
pub fn plain(value: f64) -> String {
    match special(value) {
        Some(Special::Infinite) => "+Inf".to_owned(),
        Some(Special::NegativeInfinite) => "-Inf".to_owned(),
        Some(Special::NotANumber) => "NaN".to_owned(),
        None => Digits::of(value).fixed(),
    }
}

/// With a point where nothing else tells a whole number from an integer: `sops` drops it, and the
/// type with it.
pub(crate) fn kept(text: String) -> String {
    let whole = text.bytes().all(|byte| matches!(byte, b'-' | b'0'..=b'9'));
    if whole { text + ".0" } else { text }
}

/// As JSON output spells it: exponent below 1e-6 and from 1e21 on; none for what is not finite.
pub fn json(value: f64) -> Option<String> {
    if !value.is_finite() {
        return None;
    }
    let magnitude = value.abs();
    if value != 0.0 && !(1e-6..1e21).contains(&magnitude) {
        let digits = Digits::of(value);
        let exponent = digits.exponent;
        let sign = if exponent < 0 { '-' } else { '+' };
        return Some(format!(
            "{}e{sign}{}",
            digits.mantissa(),
            exponent.unsigned_abs()
        ));
    }
    Some(Digits::of(value).fixed())
}

/// As flat formats and environment variables spell it (Go's `%G`, one decimal at least when there
/// is no exponent).
pub fn flat(value: f64) -> String {
    match special(value) {
        Some(Special::Infinite) => "+Inf".to_owned(),
        Some(Special::NegativeInfinite) => "-Inf".to_owned(),
        Some(Special::NotANumber) => "NaN".to_owned(),
        None => {
            let text = Digits::of(value).general('E');
            if text.contains(['E', '.']) {
                text
            } else {
                format!("{text}.0")
            }
        }
    }
}

enum Special {
    Infinite,
    NegativeInfinite,
    NotANumber,
}

fn special(value: f64) -> Option<Special> {
    if value.is_nan() {
        Some(Special::NotANumber)
    } else if value == f64::INFINITY {
        Some(Special::Infinite)
    } else if value == f64::NEG_INFINITY {
        Some(Special::NegativeInfinite)
    } else {
        None
    }
}

/// The shortest decimal digits of a finite number: `d.ddd` times ten to the `exponent`.
struct Digits {
    negative: bool,
    digits: String,
    exponent: i32,
}

impl Digits {
    fn of(value: f64) -> Self {
        let shortest = format!("{:e}", value.abs());
        // Of two shortest spellings equally near, Go takes the even one.
        let precision = shortest
            .bytes()
            .take_while(|byte| *byte != b'e')
            .count()
            .saturating_sub(2);
        let even = format!("{:.precision$e}", value.abs());
        let scientific = if even.parse() == Ok(value.abs()) {
            even
        } else {
            shortest
        };
        let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
        Self {
            negative: value.is_sign_negative(),
            digits: mantissa
                .chars()
                .filter(|character| *character != '.')
                .collect(),
            exponent: exponent.parse().unwrap_or(0),
        }
    }

    fn sign(&self) -> &'static str {
        if self.negative { "-" } else { "" }
    }

    fn mantissa(&self) -> String {
        let (first, rest) = self.digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        format!("{}{first}{point}{rest}", self.sign())
    }

    fn fixed(&self) -> String {
        let count = i32::try_from(self.digits.len()).unwrap_or(i32::MAX);
        if self.exponent < 0 {
            let zeros = "0".repeat((-1 - self.exponent).unsigned_abs() as usize);
            return format!("{}0.{zeros}{}", self.sign(), self.digits);
        }
        if self.exponent + 1 >= count {
            let zeros = "0".repeat((self.exponent + 1 - count).unsigned_abs() as usize);
            return format!("{}{}{zeros}", self.sign(), self.digits);
        }
        let (whole, fraction) = self
            .digits
            .split_at((self.exponent + 1).unsigned_abs() as usize);
        format!("{}{whole}.{fraction}", self.sign())
    }

    /// Go's shortest `%g`: an exponent, of two digits at least, when it is below -4 or above 5.
    fn general(&self, letter: char) -> String {
        if (-4..6).contains(&self.exponent) {
            return self.fixed();
        }
        let sign = if self.exponent < 0 { '-' } else { '+' };
        format!(
            "{}{letter}{sign}{:02}",
            self.mantissa(),
            self.exponent.unsigned_abs()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling() {
        for (value, in_yaml, in_json, in_plain, in_flat) in [
            (1.0, "1", "1", "1", "1.0"),
            (1.5, "1.5", "1.5", "1.5", "1.5"),
            (-0.0, "-0", "-0", "-0", "-0.0"),
            (100_000.0, "100000", "100000", "100000", "100000.0"),
            (1e6, "1e+06", "1000000", "1000000", "1E+06"),
            (
                1_234_567.5,
                "1.2345675e+06",
                "1234567.5",
                "1234567.5",
                "1.2345675E+06",
            ),
            (0.0001, "0.0001", "0.0001", "0.0001", "0.0001"),
            (0.000_01, "1e-05", "0.00001", "0.00001", "1E-05"),
            (1e-7, "1e-07", "1e-7", "0.0000001", "1E-07"),
            (1e21, "1e+21", "1e+21", "1000000000000000000000", "1E+21"),
            (
                123_456_123_456_789.12,
                "1.2345612345678912e+14",
                "123456123456789.12",
                "123456123456789.12",
                "1.2345612345678912E+14",
            ),
            (-12.25, "-12.25", "-12.25", "-12.25", "-12.25"),
        ] {
            assert_eq!(yaml(value), in_yaml);
            assert_eq!(json(value).as_deref(), Some(in_json));
            assert_eq!(plain(value), in_plain);
            assert_eq!(flat(value), in_flat);
        }
        assert_eq!(yaml(f64::NEG_INFINITY), "-.inf");
        assert_eq!(plain(f64::NAN), "NaN");
        assert_eq!(json(f64::INFINITY), None);
    }
}
