//! Modes of files: octal numbers, and what `chmod` takes.

/// Why a mode cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("mode '{mode}' is neither octal, such as 0440, nor what chmod takes, such as u=r,g=r")]
pub struct ModeError {
    mode: String,
}

/// Symbolic modes, as `chmod` reads them.
pub struct SymbolicMode;

/// What a file has before its mode is set: agenix decrypts under the umask 0377.
const START: u32 = 0o400;

/// What letters without `u`, `g`, `o` or `a` leave alone, as under the usual umask.
const MASKED: u32 = 0o022;

impl SymbolicMode {
    /// The mode that `text` gives to a new secret.
    ///
    /// # Errors
    /// [`ModeError`].
    pub fn parse(text: &str) -> Result<u32, ModeError> {
        let failed = || ModeError {
            mode: text.to_owned(),
        };
        if text.starts_with(|first: char| first.is_ascii_digit()) {
            let mode = u32::from_str_radix(text, 8).map_err(|_| failed())?;
            return Some(mode).filter(|mode| *mode <= 0o7777).ok_or_else(failed);
        }
        let mut mode = START;
        for clause in text.split(',') {
            mode = apply(mode, clause).ok_or_else(failed)?;
        }
        Ok(mode)
    }
}

/// One clause: `u=rw`, `go-rwx`, `+r`, `g=u`, `u=r+w`.
fn apply(mut mode: u32, clause: &str) -> Option<u32> {
    let end = clause.find(['+', '-', '='])?;
    let (who, mut actions) = clause.split_at(end);
    let mut mask = 0;
    for letter in who.chars() {
        mask |= match letter {
            'u' => 0o4700,
            'g' => 0o2070,
            'o' => 0o1007,
            'a' => 0o7777,
            _ => return None,
        };
    }
    let everybody = who.is_empty();
    if everybody {
        mask = 0o7777;
    }
    while let Some(action) = actions.chars().next() {
        let rest = actions.get(1..)?;
        let end = rest.find(['+', '-', '=']).unwrap_or(rest.len());
        let (letters, after) = rest.split_at(end);
        let mut bits = permissions(letters, mode)? & mask;
        if everybody {
            bits &= !MASKED;
        }
        mode = match action {
            '+' => mode | bits,
            '-' => mode & !bits,
            _ => (mode & !mask) | bits,
        };
        actions = after;
    }
    Some(mode)
}

fn permissions(letters: &str, mode: u32) -> Option<u32> {
    // One letter of `ugo` copies what that one has.
    let copied = match letters {
        "u" => Some(mode >> 6),
        "g" => Some(mode >> 3),
        "o" => Some(mode),
        _ => None,
    };
    if let Some(bits) = copied {
        return Some((bits & 0o7) * 0o111);
    }
    let mut bits = 0;
    for letter in letters.chars() {
        bits |= match letter {
            'r' => 0o444,
            'w' => 0o222,
            'x' => 0o111,
            'X' if mode & 0o111 != 0 => 0o111,
            'X' => 0,
            's' => 0o6000,
            't' => 0o1000,
            _ => return None,
        };
    }
    Some(bits)
}

/// The mode of a sops-nix manifest: octal, 16 bits, of which nine are set.
pub(crate) fn of_sops_nix(text: &str) -> Result<u32, String> {
    let failed = |reason: &str| {
        let quoted = format!("{text:?}");
        format!("invalid number in mode: {text}: strconv.ParseUint: parsing {quoted}: {reason}")
    };
    if text.is_empty() || !text.bytes().all(|byte| matches!(byte, b'0'..=b'7')) {
        return Err(failed("invalid syntax"));
    }
    match u32::from_str_radix(text, 8) {
        Ok(mode) if mode <= 0xffff => Ok(mode & 0o777),
        _ => Err(failed("value out of range")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_as_chmod_reads_them() {
        for (text, mode) in [
            ("0400", 0o400),
            ("440", 0o440),
            ("4755", 0o4755),
            ("u=rw", 0o600),
            ("u=rw,g=r", 0o640),
            ("g+r", 0o440),
            ("a=r", 0o444),
            ("=r", 0o444),
            ("+w", 0o600),
            ("+r", 0o444),
            ("u=rwx,go=rX", 0o755),
            ("g=u", 0o440),
            ("u-r", 0),
            ("u=r+w", 0o600),
            ("u+s", 0o4400),
            ("u=", 0),
        ] {
            assert_eq!(SymbolicMode::parse(text), Ok(mode), "{text}");
        }
        for wrong in [
            "", "9", "08", "10000", "rw", "u=q", "z=r", "0o400", "u", "-1x",
        ] {
            assert!(SymbolicMode::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn modes_of_sops_nix() {
        assert_eq!(of_sops_nix("0440"), Ok(0o440));
        assert_eq!(of_sops_nix("177777"), Ok(0o777));
        let wrong =
            "invalid number in mode: 0o4: strconv.ParseUint: parsing \"0o4\": invalid syntax";
        assert_eq!(of_sops_nix("0o4"), Err(wrong.to_owned()));
        assert!(
            of_sops_nix("200000")
                .unwrap_err()
                .ends_with("value out of range")
        );
        assert!(of_sops_nix("").is_err());
    }
}
