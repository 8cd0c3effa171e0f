//! From Edwards to Montgomery: an ed25519 key as an X25519 key.

use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::montgomery::MontgomeryPoint;
use sha2::{Digest as _, Sha512};
use zeroize::{Zeroize as _, Zeroizing};

use super::SshKeyError;

/// The X25519 public key with the same secret scalar.
pub(super) fn public_to_x25519(ed25519: &[u8; 32]) -> Result<[u8; 32], SshKeyError> {
    let point = CompressedEdwardsY(*ed25519)
        .decompress()
        .ok_or_else(|| SshKeyError::malformed("not a point of the ed25519 curve"))?;
    Ok(point.to_montgomery().to_bytes())
}

/// The first half of SHA-512 of the seed, not clamped, as `ssh-to-age` prints it.
pub(super) fn seed_to_x25519(seed: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    let mut digest = Sha512::digest(seed);
    let mut scalar = Zeroizing::new([0; 32]);
    scalar.copy_from_slice(digest.split_at(32).0);
    digest.as_mut_slice().zeroize();
    scalar
}

/// The ed25519 public key of a seed (RFC 8032, section 5.1.5).
pub(super) fn seed_to_public(seed: &[u8; 32]) -> [u8; 32] {
    let scalar = seed_to_x25519(seed);
    EdwardsPoint::mul_base_clamped(*scalar)
        .compress()
        .to_bytes()
}

/// X25519 (RFC 7748); nothing when the result is the all-zero value.
pub(super) fn x25519(scalar: &[u8; 32], point: &[u8; 32]) -> Option<Zeroizing<[u8; 32]>> {
    let shared = Zeroizing::new(MontgomeryPoint(*point).mul_clamped(*scalar).to_bytes());
    (*shared != [0; 32]).then_some(shared)
}

/// The public key of an X25519 scalar.
pub(super) fn x25519_public(scalar: &[u8; 32]) -> [u8; 32] {
    MontgomeryPoint::mul_base_clamped(*scalar).to_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn low_order_points_give_nothing() {
        assert!(x25519(&[7; 32], &[0; 32]).is_none());
        assert!(x25519(&[7; 32], &x25519_public(&[9; 32])).is_some());
    }

    #[test]
    fn what_is_no_point_is_refused() {
        let mut bytes = [0; 32];
        bytes[0] = 2;
        assert!(public_to_x25519(&bytes).is_err());
    }
}
