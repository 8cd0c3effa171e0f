//! The tree of a text: as written, with names not yet resolved.

use nixseal_base::span::Span;

use crate::eval::expression::Operator;
use crate::eval::symbol::Symbol;
use crate::eval::value::Text;

/// An expression with its place.
pub(crate) struct Tree {
    pub(crate) node: Node,
    pub(crate) span: Span,
    /// How many levels are below, counting this one.
    pub(crate) height: u32,
}

/// What an expression is.
pub(crate) enum Node {
    Int(i64),
    Float(f64),
    Uri(Text),
    Text(Vec<Part>),
    /// The first part is the beginning of the path as written.
    Path(Vec<Part>),
    /// Without its brackets.
    SearchPath(Text),
    Name(Symbol),
    CurrentPosition,
    Select {
        base: Box<Tree>,
        path: Vec<Attr>,
        default: Option<Box<Tree>>,
    },
    HasAttr {
        base: Box<Tree>,
        path: Vec<Attr>,
    },
    Lambda {
        parameter: Parameter,
        body: Box<Tree>,
    },
    Apply {
        function: Box<Tree>,
        arguments: Vec<Tree>,
    },
    List(Vec<Tree>),
    Set {
        recursive: bool,
        entries: Vec<Entry>,
    },
    LegacyLet(Vec<Entry>),
    Let {
        entries: Vec<Entry>,
        body: Box<Tree>,
    },
    With {
        scope: Box<Tree>,
        body: Box<Tree>,
    },
    If {
        condition: Box<Tree>,
        yes: Box<Tree>,
        no: Box<Tree>,
    },
    Assert {
        condition: Box<Tree>,
        body: Box<Tree>,
    },
    And(Box<Tree>, Box<Tree>),
    Or(Box<Tree>, Box<Tree>),
    Implies(Box<Tree>, Box<Tree>),
    Not(Box<Tree>),
    Negate(Box<Tree>),
    Binary(Operator, Box<Tree>, Box<Tree>),
}

/// A piece of a string or path.
pub(crate) enum Part {
    Text(Vec<u8>),
    Value(Tree),
}

/// One step of an attribute path.
pub(crate) struct Attr {
    pub(crate) name: AttrName,
    pub(crate) span: Span,
}

/// A name that is written down, or an expression that gives one.
pub(crate) enum AttrName {
    Static(Symbol),
    Dynamic(Box<Tree>),
}

/// One binding of a set or `let`.
pub(crate) enum Entry {
    Binding {
        path: Vec<Attr>,
        value: Tree,
    },
    Inherit {
        source: Option<Tree>,
        attrs: Vec<Attr>,
    },
}

/// What a function takes.
pub(crate) enum Parameter {
    Name(Symbol),
    Pattern {
        whole: Option<(Symbol, Span)>,
        formals: Vec<Formal>,
        open: bool,
    },
}

/// One name of a pattern.
pub(crate) struct Formal {
    pub(crate) name: Symbol,
    pub(crate) default: Option<Tree>,
    pub(crate) span: Span,
}
