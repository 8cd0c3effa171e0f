//! What expressions evaluate to. Values refer to unevaluated parts by number
//! ([`ThunkId`]), so that cycles cost no leak and dropping never recurses.

use std::rc::Rc;

use super::builtins::Builtin;
use super::expression::{At, Lambda};
use super::symbol::Symbol;

/// Number of a thunk in its machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ThunkId(pub(crate) u32);

/// Number of an environment in its machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EnvId(pub(crate) u32);

/// A string as Nix has it: bytes, by custom UTF-8.
pub(crate) type Text = Rc<[u8]>;

/// A value in weak head normal form.
#[derive(Clone)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    String(Text),
    /// Absolute, without `.`, `..` and doubled slashes.
    Path(Text),
    List(Rc<[ThunkId]>),
    Attrs(Rc<Attrs>),
    Lambda(Rc<Lambda>, EnvId),
    Builtin(&'static Builtin),
    /// A builtin that waits for more arguments.
    Partial(Rc<Partial>),
}

/// A builtin with some of its arguments.
pub(crate) struct Partial {
    pub(crate) builtin: &'static Builtin,
    pub(crate) arguments: Vec<ThunkId>,
}

/// One attribute of a set.
#[derive(Clone, Copy)]
pub(crate) struct Attr {
    pub(crate) name: Symbol,
    pub(crate) value: ThunkId,
    /// Where it was defined, for messages and `unsafeGetAttrPos`.
    pub(crate) at: At,
}

/// An attribute set, sorted by symbol number.
#[derive(Default)]
pub(crate) struct Attrs {
    entries: Vec<Attr>,
    /// Says what is unsupported when an attribute that is not here is asked
    /// for: the stand-in for a whole package set.
    pub(crate) open: Option<&'static str>,
}

impl Attrs {
    /// A set of attributes in any order, each name at most once.
    pub(crate) fn new(mut entries: Vec<Attr>) -> Self {
        entries.sort_unstable_by_key(|attr| attr.name);
        Self {
            entries,
            open: None,
        }
    }

    /// A set that stands for a bigger one of which only `entries` are known.
    pub(crate) fn stand_in(entries: Vec<Attr>, what: &'static str) -> Self {
        Self {
            open: Some(what),
            ..Self::new(entries)
        }
    }

    /// The attributes in the order of their symbols.
    pub(crate) fn entries(&self) -> &[Attr] {
        &self.entries
    }

    /// The attribute of that name, where it is here.
    pub(crate) fn get(&self, name: Symbol) -> Option<&Attr> {
        let index = self
            .entries
            .binary_search_by_key(&name, |attr| attr.name)
            .ok()?;
        self.entries.get(index)
    }

    /// Everything of both; where both have a name, that of `right`.
    pub(crate) fn update(&self, right: &Self) -> Self {
        let mut entries = Vec::with_capacity(self.entries.len() + right.entries.len());
        let mut rights = right.entries.iter().peekable();
        for attr in &self.entries {
            while let Some(other) = rights.next_if(|other| other.name < attr.name) {
                entries.push(*other);
            }
            let other = rights.next_if(|other| other.name == attr.name);
            entries.push(*other.unwrap_or(attr));
        }
        entries.extend(rights);
        Self {
            entries,
            open: self.open.or(right.open),
        }
    }
}

impl Value {
    /// Text of a Rust string.
    pub(crate) fn text(text: &str) -> Self {
        Self::String(text.as_bytes().into())
    }

    /// The type with its article, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a Boolean",
            Self::Int(_) => "an integer",
            Self::Float(_) => "a float",
            Self::String(_) => "a string",
            Self::Path(_) => "a path",
            Self::List(_) => "a list",
            Self::Attrs(_) => "a set",
            Self::Lambda(..) => "a function",
            Self::Builtin(_) | Self::Partial(_) => "a built-in function",
        }
    }
}
