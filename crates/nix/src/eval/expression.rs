//! The lowered form of a file: names are resolved to slots, literals are
//! values, and every node knows its place in the source.

use std::rc::Rc;

use super::symbol::Symbol;
use super::value::{Text, Value};

/// A range of bytes of one source, by the machine's numbering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct At {
    pub(crate) source: u32,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl At {
    /// No place: what builtins make.
    pub(crate) const NOWHERE: Self = Self {
        source: u32::MAX,
        start: 0,
        end: 0,
    };

    pub(crate) fn is_nowhere(self) -> bool {
        self.source == u32::MAX
    }
}

/// An expression and its place.
pub(crate) struct Expr {
    pub(crate) kind: Kind,
    pub(crate) at: At,
}

/// Operators that take two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    More,
    /// `>=`
    MoreOrEqual,
    /// `//`
    Update,
    /// `++`
    Concat,
}

/// What an expression is.
pub(crate) enum Kind {
    Constant(Value),
    /// A string with interpolations.
    Interpolated(Box<[Part]>),
    /// A path with interpolations.
    PathJoin(Box<[Part]>),
    SearchPath(Text),
    /// A variable: so many environments up, then that slot.
    Local {
        up: u32,
        slot: u32,
    },
    /// A variable that only the `with` scopes so many environments up can have.
    Scoped {
        name: Symbol,
        ups: Box<[u32]>,
    },
    /// The set `builtins` as a whole.
    Builtins,
    CurrentPosition,
    Select {
        base: Rc<Expr>,
        path: Box<[Key]>,
        default: Option<Rc<Expr>>,
    },
    HasAttr {
        base: Rc<Expr>,
        path: Box<[Key]>,
    },
    Lambda(Rc<Lambda>),
    Apply {
        function: Rc<Expr>,
        arguments: Box<[Rc<Expr>]>,
    },
    List(Box<[Rc<Expr>]>),
    Attrs(Box<Bindings>),
    Let {
        bindings: Box<Bindings>,
        body: Rc<Expr>,
    },
    With {
        scope: Rc<Expr>,
        body: Rc<Expr>,
    },
    If {
        condition: Rc<Expr>,
        yes: Rc<Expr>,
        no: Rc<Expr>,
    },
    Assert {
        condition: Rc<Expr>,
        body: Rc<Expr>,
    },
    And(Rc<Expr>, Rc<Expr>),
    Or(Rc<Expr>, Rc<Expr>),
    Implies(Rc<Expr>, Rc<Expr>),
    Not(Rc<Expr>),
    Negate(Rc<Expr>),
    Binary(Operator, Rc<Expr>, Rc<Expr>),
    /// What cannot be done here, found while lowering; an error only when used.
    Unsupported(String),
}

/// A piece of an interpolated string or path.
pub(crate) enum Part {
    Text(Text),
    Value(Rc<Expr>),
}

/// One step of an attribute path.
pub(crate) enum Key {
    Static(Symbol, At),
    Dynamic(Rc<Expr>),
}

/// The bindings of a set, a `rec` set or a `let`.
///
/// A recursive group has an environment: one slot for each of `names`, then one
/// for each of `sources`.
pub(crate) struct Bindings {
    pub(crate) recursive: bool,
    pub(crate) names: Names,
    /// As long as `names`.
    pub(crate) values: Box<[Binding]>,
    /// The sets in parentheses of `inherit (set) …`.
    pub(crate) sources: Box<[Rc<Expr>]>,
    pub(crate) dynamic: Box<[(Rc<Expr>, Rc<Expr>)]>,
}

/// Names in the order of their slots, with their places.
pub(crate) type Names = Rc<[(Symbol, At)]>;

/// What a name is bound to.
pub(crate) enum Binding {
    /// In the environment of the group where it is recursive.
    Plain(Rc<Expr>),
    /// `inherit name`: in the environment around a recursive group.
    Outer(Rc<Expr>),
    /// `inherit (source) name`, by the number of the source.
    From(u32),
}

/// A function.
pub(crate) struct Lambda {
    pub(crate) parameter: Parameter,
    pub(crate) body: Rc<Expr>,
}

/// How a function takes its argument. The environment of a call has the whole
/// argument first where it is named, then the formals in order.
pub(crate) enum Parameter {
    Name,
    Pattern {
        whole: bool,
        formals: Box<[Formal]>,
        open: bool,
    },
}

/// One name of a pattern.
pub(crate) struct Formal {
    pub(crate) name: Symbol,
    pub(crate) default: Option<Rc<Expr>>,
    pub(crate) at: At,
}
