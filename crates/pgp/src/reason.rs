//! What went wrong in the library, in one line.
//!
//! Its own texts can have several lines, stack traces and parts of secrets: none of that is passed
//! on, only what is not supported.

use std::io;

use pgp::errors::Error;

const OTHER: &str = "it is malformed, or was changed";

/// An error of the library.
pub(crate) fn of(error: &Error) -> String {
    match error {
        Error::Unsupported { message, .. } | Error::Unimplemented { message, .. } => {
            let line: String = message
                .chars()
                .take_while(|letter| !letter.is_control())
                .collect();
            format!("GnuPG is needed: {line}")
        }
        Error::IO { source, .. } => of_reading(source),
        _ => OTHER.to_owned(),
    }
}

/// An error while reading what the library decodes or decrypts.
pub(crate) fn of_reading(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::FileTooLarge => error.to_string(),
        io::ErrorKind::UnexpectedEof => "it is cut off".to_owned(),
        _ => OTHER.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_the_library_are_not_passed_on() {
        let secret = Error::Message {
            message: "left: 1234\nright: 99".to_owned(),
            backtrace: None,
        };
        assert_eq!(of(&secret), OTHER);
        assert_eq!(of_reading(&io::Error::other(secret)), OTHER);
        let unknown = Error::Unsupported {
            message: "curve X\nbacktrace".to_owned(),
            backtrace: None,
        };
        assert_eq!(of(&unknown), "GnuPG is needed: curve X");
    }
}
