//! Strings and paths.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::rc::Rc;

use super::{Lowering, Part, parse};
use crate::eval::expression::Kind;
use crate::eval::fault::Result;
use crate::eval::paths;
use crate::eval::value::{Text, Value};

impl Lowering<'_> {
    /// A string; a value where nothing is interpolated.
    pub(super) fn string(&mut self, parts: &[parse::Part]) -> Result<Kind> {
        match parts {
            [] => Ok(Kind::Constant(Value::String(Text::default()))),
            [parse::Part::Text(text)] => Ok(Kind::Constant(Value::String(text.as_slice().into()))),
            parts => Ok(Kind::Interpolated(
                parts
                    .iter()
                    .map(|part| self.part(part))
                    .collect::<Result<_>>()?,
            )),
        }
    }

    fn part(&mut self, part: &parse::Part) -> Result<Part> {
        match part {
            parse::Part::Text(text) => Ok(Part::Text(text.as_slice().into())),
            parse::Part::Value(value) => Ok(Part::Value(self.expression(value)?)),
        }
    }

    /// A path of any form but `<…>`, made absolute.
    pub(super) fn path(&mut self, parts: &[parse::Part]) -> Result<Kind> {
        let (start, rest) = match parts {
            [parse::Part::Text(start), rest @ ..] => (start.as_slice(), rest),
            rest => (&b"."[..], rest),
        };
        let Some(start) = self.absolute(start) else {
            return Ok(Kind::Unsupported(
                "paths below ~ where HOME is not set".to_owned(),
            ));
        };
        let start: Text = start.into();
        let mut joined = vec![Part::Text(Rc::clone(&start))];
        let mut plain = start.to_vec();
        for part in rest {
            if let parse::Part::Text(text) = part {
                plain.extend_from_slice(text);
            }
            joined.push(self.part(part)?);
        }
        if joined.iter().all(|part| matches!(part, Part::Text(_))) {
            return Ok(Kind::Constant(Value::Path(paths::canonical(&plain).into())));
        }
        Ok(Kind::PathJoin(joined.into()))
    }

    /// The start of a path made absolute; a slash at its end stays for what is
    /// interpolated behind it.
    fn absolute(&self, text: &[u8]) -> Option<Vec<u8>> {
        let full = match text.strip_prefix(b"~/") {
            Some(rest) => self.home?.join(OsStr::from_bytes(rest)),
            None => self.folder.join(OsStr::from_bytes(text)),
        };
        let mut path = paths::canonical(full.as_os_str().as_bytes());
        if text.ends_with(b"/") && !path.ends_with(b"/") {
            path.push(b'/');
        }
        Some(path)
    }
}
