//! The length-prefixed encoding of SSH (RFC 4251, section 5).

use super::SshKeyError;

/// Reads fields one after the other; nothing is copied.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// What has not been read yet.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], SshKeyError> {
        let Some((taken, rest)) = self.0.split_at_checked(count) else {
            return Err(SshKeyError::malformed("the key data ends too early"));
        };
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn number(&mut self) -> Result<u32, SshKeyError> {
        let mut bytes = [0; 4];
        bytes.copy_from_slice(self.take(4)?);
        Ok(u32::from_be_bytes(bytes))
    }

    /// A `string`: four bytes of length, then as many bytes.
    pub(super) fn string(&mut self) -> Result<&'a [u8], SshKeyError> {
        let length = self.number()?;
        self.take(length as usize)
    }

    /// A `string` that has to be text.
    pub(super) fn text(&mut self) -> Result<&'a str, SshKeyError> {
        std::str::from_utf8(self.string()?)
            .map_err(|_| SshKeyError::malformed("a name in the key data is not text"))
    }

    /// A positive `mpint`, big endian without leading zeros.
    pub(super) fn positive(&mut self) -> Result<&'a [u8], SshKeyError> {
        let bytes = self.string()?;
        if bytes.first().is_some_and(|first| first & 0x80 != 0) {
            return Err(SshKeyError::malformed("a negative number in the key data"));
        }
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        Ok(bytes.split_at(zeros).1)
    }
}

/// Appends a `string`.
pub(super) fn put_string(output: &mut Vec<u8>, bytes: &[u8]) {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    output.extend_from_slice(&length.to_be_bytes());
    output.extend_from_slice(bytes);
}

/// Appends a positive `mpint` from big-endian bytes.
pub(super) fn put_positive(output: &mut Vec<u8>, bytes: &[u8]) {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let bytes = bytes.split_at(zeros).1;
    if bytes.first().is_some_and(|first| first & 0x80 != 0) {
        let mut padded = Vec::with_capacity(bytes.len() + 1);
        padded.push(0);
        padded.extend_from_slice(bytes);
        put_string(output, &padded);
    } else {
        put_string(output, bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_sign_bit_clear() {
        let mut output = Vec::new();
        put_positive(&mut output, &[0, 0, 0x80, 1]);
        assert_eq!(output, [0, 0, 0, 3, 0, 0x80, 1]);
        assert_eq!(Reader::new(&output).positive().unwrap(), [0x80, 1]);
        assert!(Reader::new(&[0, 0, 0, 1, 0x80]).positive().is_err());
    }

    #[test]
    fn short_input_is_an_error() {
        for input in [&[][..], &[0, 0, 0], &[0, 0, 0, 5, 1], &[255; 8]] {
            assert!(Reader::new(input).string().is_err());
        }
    }
}
