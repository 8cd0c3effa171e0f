//! Base64 as headers carry it: standard alphabet, no padding, canonical.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Columns of a full line, in stanza bodies and in armor.
pub(crate) const COLUMNS: usize = 64;

/// Bytes that a full line of [`COLUMNS`] characters carries.
pub(crate) const LINE_BYTES: usize = COLUMNS / 4 * 3;

const UNPADDED: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(false),
);

/// Encodes without padding.
pub(crate) fn encode(bytes: &[u8]) -> String {
    UNPADDED.encode(bytes)
}

/// Decodes strictly: no padding, no white space, no stray bits.
///
/// # Errors
/// Says which of these rules is broken, without repeating the text.
pub(crate) fn decode(text: impl AsRef<[u8]>) -> Result<Vec<u8>, String> {
    UNPADDED.decode(text).map_err(|error| describe(&error))
}

/// Decodes exactly `N` bytes.
///
/// # Errors
/// Those of [`decode`], and another length.
pub(crate) fn decode_array<const N: usize>(text: &str) -> Result<[u8; N], String> {
    let bytes = decode(text)?;
    bytes
        .try_into()
        .map_err(|bytes: Vec<u8>| format!("{} bytes instead of {N}", bytes.len()))
}

/// Words for a decoding error.
pub(crate) fn describe(error: &base64::DecodeError) -> String {
    match error {
        base64::DecodeError::InvalidByte(position, byte) => format!(
            "character '{}' at column {} is not base64",
            byte.escape_ascii(),
            position + 1
        ),
        base64::DecodeError::InvalidLastSymbol { .. } => {
            "base64 is not canonical, its last character has stray bits".to_owned()
        }
        base64::DecodeError::InvalidLength(_) => "base64 has an impossible length".to_owned(),
        base64::DecodeError::InvalidPadding => "wrong base64 padding".to_owned(),
    }
}
