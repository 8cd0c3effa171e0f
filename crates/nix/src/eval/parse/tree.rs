//! The tree of a text: as written, with names not yet resolved.

use nixseal_base::span::Span;

use crate::eval::expression::Operator;
use crate::eval::symbol::Symbol;
use crate::eval::value::Text;

/// An expression with its place.
pub struct Tree {
    /// What it is.
    pub node: Node,
    /// Where it stands, without parentheses around it.
    pub span: Span,
    /// How many levels are below, counting this one.
    pub height: u32,
}

/// What an expression is.
pub enum Node {
    /// An integer.
    Int(i64),
    /// A number with a point.
    Float(f64),
    /// A URI without quotes.
    Uri(Text),
    /// A string of either kind.
    Text(Vec<Part>),
    /// The first part is the beginning of the path as written.
    Path(Vec<Part>),
    /// Without its brackets.
    SearchPath(Text),
    /// A variable.
    Name(Symbol),
    /// `__curPos`.
    CurrentPosition,
    /// `base.path or default`.
    Select {
        /// What is selected from.
        base: Box<Tree>,
        /// The names.
        path: Vec<Attr>,
        /// Behind `or`.
        default: Option<Box<Tree>>,
    },
    /// `base ? path`.
    HasAttr {
        /// What is looked into.
        base: Box<Tree>,
        /// The names.
        path: Vec<Attr>,
    },
    /// A function.
    Lambda {
        /// What it takes.
        parameter: Parameter,
        /// What it gives.
        body: Box<Tree>,
    },
    /// A call.
    Apply {
        /// What is called.
        function: Box<Tree>,
        /// With what, one at least.
        arguments: Vec<Tree>,
    },
    /// A list.
    List(Vec<Tree>),
    /// An attribute set.
    Set {
        /// Whether it says `rec`.
        recursive: bool,
        /// What is in it.
        entries: Vec<Entry>,
    },
    /// `let { … }`.
    LegacyLet(Vec<Entry>),
    /// `let … in`.
    Let {
        /// The bindings.
        entries: Vec<Entry>,
        /// Behind `in`.
        body: Box<Tree>,
    },
    /// `with scope; body`.
    With {
        /// Where names come from.
        scope: Box<Tree>,
        /// What uses them.
        body: Box<Tree>,
    },
    /// `if condition then yes else no`.
    If {
        /// What decides.
        condition: Box<Tree>,
        /// Behind `then`.
        yes: Box<Tree>,
        /// Behind `else`.
        no: Box<Tree>,
    },
    /// `assert condition; body`.
    Assert {
        /// What must hold.
        condition: Box<Tree>,
        /// The value.
        body: Box<Tree>,
    },
    /// `&&`
    And(Box<Tree>, Box<Tree>),
    /// `||`
    Or(Box<Tree>, Box<Tree>),
    /// `->`
    Implies(Box<Tree>, Box<Tree>),
    /// `!`
    Not(Box<Tree>),
    /// `-` before a value.
    Negate(Box<Tree>),
    /// Any other operator.
    Binary(Operator, Box<Tree>, Box<Tree>),
}

/// A piece of a string or path.
pub enum Part {
    /// Text, its escapes resolved.
    Text(Vec<u8>),
    /// An interpolation.
    Value(Tree),
}

/// One step of an attribute path.
pub struct Attr {
    /// What it is called.
    pub name: AttrName,
    /// Where it stands.
    pub span: Span,
}

/// A name that is written down, or an expression that gives one.
pub enum AttrName {
    /// Written down, with quotes or without.
    Static(Symbol),
    /// An expression.
    Dynamic(Box<Tree>),
}

/// One binding of a set or `let`.
pub enum Entry {
    /// `path = value;`
    Binding {
        /// The names, one at least.
        path: Vec<Attr>,
        /// The value.
        value: Tree,
    },
    /// `inherit (source) attrs;`
    Inherit {
        /// Where from, if not from the scope.
        source: Option<Tree>,
        /// The names.
        attrs: Vec<Attr>,
    },
}

/// What a function takes.
pub enum Parameter {
    /// Anything, by that name.
    Name(Symbol),
    /// A set of which names are known.
    Pattern {
        /// The name of the whole, with `@`.
        whole: Option<(Symbol, Span)>,
        /// The names.
        formals: Vec<Formal>,
        /// Whether more are allowed.
        open: bool,
    },
}

/// One name of a pattern.
pub struct Formal {
    /// What it is called.
    pub name: Symbol,
    /// Behind `?`.
    pub default: Option<Tree>,
    /// Where it stands.
    pub span: Span,
}
