//! Shamir's secret sharing as SOPS uses it (the format of HashiCorp Vault): one polynomial over
//! GF(2^8) for each byte; a share is the value of each polynomial at one point, followed by the
//! point.
//!
//! The arithmetic has no branch and no table that depends on secrets, so its time tells nothing.

use nixseal_base::secret::SecretBytes;
use zeroize::Zeroizing;

/// Why shares cannot be made or put together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShamirError {
    /// Numbers that make no sense.
    #[error(
        "a threshold of {threshold} of {groups} key groups is not possible: \
         it has to be at least 2 and at most the number of groups, which is at most 255"
    )]
    Threshold {
        /// Shares needed.
        threshold: usize,
        /// Shares made.
        groups: usize,
    },
    /// Shares that do not belong together, or no shares at all.
    #[error("the shares of the data key do not fit together: {0}")]
    Mismatch(&'static str),
    /// The system gives no randomness.
    #[error("no randomness from the system: {0}")]
    Randomness(String),
}

/// Makes `groups` shares of which any `threshold` give the secret, and fewer nothing.
///
/// # Errors
/// Unless 2 ≤ threshold ≤ groups ≤ 255, or without randomness.
pub(crate) fn split(
    secret: &[u8],
    groups: usize,
    threshold: usize,
) -> Result<Vec<SecretBytes>, ShamirError> {
    let wrong = ShamirError::Threshold { threshold, groups };
    let points = u8::try_from(groups).map_err(|_| wrong.clone())?;
    if threshold < 2 || threshold > groups {
        return Err(wrong);
    }
    // The coefficients of each byte's polynomial, the highest first, without the byte itself.
    let mut coefficients = Zeroizing::new(vec![0; secret.len() * (threshold - 1)]);
    getrandom::fill(&mut coefficients)
        .map_err(|error| ShamirError::Randomness(error.to_string()))?;
    let share = |point: u8| {
        let polynomials = coefficients.chunks_exact(threshold - 1);
        let values = secret.iter().zip(polynomials).map(|(byte, polynomial)| {
            let high = polynomial
                .iter()
                .fold(0, |value, next| multiply(value, point) ^ next);
            multiply(high, point) ^ byte
        });
        let mut share = Vec::with_capacity(secret.len() + 1);
        share.extend(values);
        share.push(point);
        SecretBytes::new(share)
    };
    Ok((1..=points).map(share).collect())
}

/// The secret behind shares, all of which are used. Too few give a wrong secret, not an error.
///
/// # Errors
/// When there are fewer than two, or lengths or points that cannot be.
pub(crate) fn combine(shares: &[SecretBytes]) -> Result<SecretBytes, ShamirError> {
    let mut points = Vec::with_capacity(shares.len());
    let mut values = Vec::with_capacity(shares.len());
    for share in shares {
        let Some((point, value)) = share.expose().split_last() else {
            return Err(ShamirError::Mismatch("one is empty"));
        };
        points.push(*point);
        values.push(value);
    }
    let length = values.first().map_or(0, |value| value.len());
    if shares.len() < 2 || length == 0 {
        return Err(ShamirError::Mismatch("at least two are needed"));
    }
    if values.iter().any(|value| value.len() != length) {
        return Err(ShamirError::Mismatch("they have different lengths"));
    }
    let doubled =
        |(index, point): (usize, &u8)| points.iter().skip(index + 1).any(|two| two == point);
    if points.contains(&0) || points.iter().enumerate().any(doubled) {
        return Err(ShamirError::Mismatch("two of them are the same one"));
    }
    // Lagrange's interpolation at 0, where subtraction is the same as addition.
    let mut secret = vec![0; length];
    for (index, (point, value)) in points.iter().zip(&values).enumerate() {
        let others = points
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != index);
        let weight = others.fold(1, |weight, (_, other)| {
            multiply(weight, multiply(*other, invert(other ^ point)))
        });
        for (byte, share) in secret.iter_mut().zip(*value) {
            *byte ^= multiply(*share, weight);
        }
    }
    Ok(SecretBytes::new(secret))
}

/// The product in GF(2^8) modulo x^8+x^4+x^3+x+1.
fn multiply(one: u8, two: u8) -> u8 {
    let (mut product, mut one) = (0, one);
    for bit in 0..8 {
        let chosen = ((two >> bit) & 1).wrapping_neg();
        product ^= one & chosen;
        let carry = (one >> 7).wrapping_neg();
        one = (one << 1) ^ (carry & 0x1b);
    }
    product
}

/// The inverse, 0 for 0: the 254th power.
fn invert(value: u8) -> u8 {
    let (mut power, mut result) = (value, 1);
    for _ in 1..8 {
        power = multiply(power, power);
        result = multiply(result, power);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_is_the_one_of_sops() {
        assert_eq!(multiply(0x53, 0xca), 1);
        assert_eq!(multiply(7, 3), 9);
        assert_eq!(multiply(0xff, 0xff), 0x13);
        assert!((1..=255).all(|value| multiply(value, invert(value)) == 1));
        assert_eq!(invert(0), 0);
    }

    #[test]
    fn any_threshold_of_shares_is_enough() {
        let secret: Vec<u8> = (0..32).map(|byte| byte * 7).collect();
        let shares = split(&secret, 5, 3).unwrap();
        assert!(shares.iter().enumerate().all(|(index, share)| {
            share.len() == 33 && usize::from(share.expose()[32]) == index + 1
        }));
        let pick = |chosen: &[usize]| {
            let shares: Vec<_> = chosen
                .iter()
                .map(|index| shares[*index].duplicate())
                .collect();
            combine(&shares).unwrap().expose().to_vec()
        };
        for first in 0..5 {
            for second in first + 1..5 {
                for third in second + 1..5 {
                    assert_eq!(pick(&[third, first, second]), secret);
                }
                assert_ne!(pick(&[first, second]), secret);
            }
        }
        assert_eq!(pick(&[0, 1, 2, 3, 4]), secret);
    }

    #[test]
    fn impossible_numbers_and_shares_are_refused() {
        for (groups, threshold) in [(1, 1), (2, 1), (2, 3), (256, 2), (0, 0)] {
            assert!(
                split(&[1; 32], groups, threshold).is_err(),
                "{groups} {threshold}"
            );
        }
        let shares = |bytes: &[&[u8]]| {
            combine(
                &bytes
                    .iter()
                    .map(|share| SecretBytes::copy_of(share))
                    .collect::<Vec<_>>(),
            )
        };
        let one: &[u8] = &[1, 1];
        let wrong: [Vec<&[u8]>; 7] = [
            vec![],
            vec![one],
            vec![one, &[2, 1]],
            vec![one, &[2, 0]],
            vec![one, &[2, 2, 2]],
            vec![one, &[]],
            vec![&[1], &[2]],
        ];
        for wrong in wrong {
            assert!(shares(&wrong).is_err(), "{wrong:?}");
        }
    }
}
