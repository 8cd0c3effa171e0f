//! Expressions.

use nixseal_base::span::Span;

use super::lexer::Lexer;
use super::token::{Kind, Token};
use super::tree::{Attr, AttrName, Formal, Node, Parameter, Tree};
use super::words::{EXPRESSION, unexpected};
use super::{Result, SyntaxError};
use crate::eval::expression::Operator;
use crate::eval::symbol::{Symbol, Symbols};

/// More than any written file nests; all recursion along a tree has room for it.
const DEPTH: u32 = 10_000;

/// Parses a whole text.
pub(crate) fn parse(text: &str, symbols: &mut Symbols) -> Result<Tree> {
    Parser::new(text, symbols).whole()
}

/// Parses a whole text; gives the places of its comments too, in order.
pub(crate) fn parse_with_comments(text: &str, symbols: &mut Symbols) -> Result<(Tree, Vec<Span>)> {
    let mut parser = Parser::new(text, symbols);
    parser.lexer.comments = Some(Vec::new());
    let tree = parser.whole()?;
    Ok((tree, parser.lexer.comments.take().unwrap_or_default()))
}

/// How tightly operators bind, loosest first; those of one level do not mix
/// where they have no side.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Implies,
    Or,
    And,
    Equal,
    Compare,
    Update,
    Not,
    Add,
    Multiply,
    Concat,
    Question,
    Negate,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
    Neither,
}

pub(super) struct Parser<'t, 's> {
    pub(super) lexer: Lexer<'t>,
    peeked: Option<Token>,
    /// End of the token read last.
    pub(super) end: usize,
    depth: u32,
    pub(super) symbols: &'s mut Symbols,
}

impl<'t, 's> Parser<'t, 's> {
    fn new(text: &'t str, symbols: &'s mut Symbols) -> Self {
        Self {
            lexer: Lexer::new(text),
            peeked: None,
            end: 0,
            depth: 0,
            symbols,
        }
    }
}

impl Parser<'_, '_> {
    fn whole(&mut self) -> Result<Tree> {
        let tree = self.expression()?;
        match self.peek()? {
            Token {
                kind: Kind::End, ..
            } => Ok(tree),
            token => Err(self.unexpected(token, "end of file")),
        }
    }

    pub(super) fn peek(&mut self) -> Result<Token> {
        if let Some(token) = self.peeked {
            return Ok(token);
        }
        let token = self.lexer.next()?;
        self.peeked = Some(token);
        Ok(token)
    }

    pub(super) fn take(&mut self) -> Result<Token> {
        let token = self.peek()?;
        self.peeked = None;
        self.end = token.span.end;
        Ok(token)
    }

    /// Takes the token where it is of that kind.
    pub(super) fn take_if(&mut self, kind: Kind) -> Result<bool> {
        let found = self.peek()?.kind == kind;
        if found {
            self.take()?;
        }
        Ok(found)
    }

    pub(super) fn expect(&mut self, kind: Kind, shown: &str) -> Result<Token> {
        let token = self.peek()?;
        if token.kind == kind {
            self.take()
        } else {
            Err(self.unexpected(token, shown))
        }
    }

    /// The kind of the token behind the next one.
    fn second(&mut self) -> Result<Kind> {
        let first = self.peek()?;
        self.kind_at(first.span.end).map(|(kind, _)| kind)
    }

    /// The kind of the token at or behind a place, and its end.
    fn kind_at(&mut self, place: usize) -> Result<(Kind, usize)> {
        let position = std::mem::replace(&mut self.lexer.position, place);
        let token = self.lexer.next();
        self.lexer.position = position;
        token.map(|token| (token.kind, token.span.end))
    }

    pub(super) fn unexpected(&self, token: Token, wanted: &str) -> Box<SyntaxError> {
        unexpected(&self.lexer, token, wanted)
    }

    pub(super) fn symbol(&mut self, span: Span) -> Symbol {
        let text = self
            .lexer
            .text
            .get(span.start..span.end)
            .unwrap_or_default();
        self.symbols.intern(text)
    }

    /// Runs `inner` one level deeper.
    pub(super) fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth >= DEPTH {
            return Err(too_deep(self.peek()?.span));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    /// A tree that ends with the token read last.
    pub(super) fn tree(&self, node: Node, start: usize, below: u32) -> Result<Tree> {
        let span = Span::new(start, self.end);
        if below >= DEPTH {
            return Err(too_deep(span));
        }
        Ok(Tree {
            node,
            span,
            height: below + 1,
        })
    }

    /// Anything that may stand in parentheses or behind `=`.
    pub(super) fn expression(&mut self) -> Result<Tree> {
        self.deeper(Self::any_expression)
    }

    fn any_expression(&mut self) -> Result<Tree> {
        let token = self.peek()?;
        let start = token.span.start;
        match token.kind {
            Kind::Assert => {
                self.take()?;
                let condition = Box::new(self.expression()?);
                self.expect(Kind::Semicolon, "`;`")?;
                let body = Box::new(self.expression()?);
                let below = condition.height.max(body.height);
                self.tree(Node::Assert { condition, body }, start, below)
            }
            Kind::With => {
                self.take()?;
                let scope = Box::new(self.expression()?);
                self.expect(Kind::Semicolon, "`;`")?;
                let body = Box::new(self.expression()?);
                let below = scope.height.max(body.height);
                self.tree(Node::With { scope, body }, start, below)
            }
            Kind::Let if self.second()? != Kind::BraceOpen => {
                self.take()?;
                let (entries, below) = self.entries(Kind::In, "`in`")?;
                let body = Box::new(self.expression()?);
                let below = below.max(body.height);
                self.tree(Node::Let { entries, body }, start, below)
            }
            Kind::If => self.condition(start),
            Kind::Name => match self.second()? {
                Kind::Colon | Kind::At => self.lambda(start),
                _ => self.pipes(),
            },
            Kind::BraceOpen if self.is_pattern()? => self.lambda(start),
            _ => self.pipes(),
        }
    }

    fn condition(&mut self, start: usize) -> Result<Tree> {
        self.take()?;
        let condition = Box::new(self.expression()?);
        self.expect(Kind::Then, "`then`")?;
        let yes = Box::new(self.expression()?);
        self.expect(Kind::Else, "`else`")?;
        let no = Box::new(self.expression()?);
        let below = condition.height.max(yes.height).max(no.height);
        self.tree(Node::If { condition, yes, no }, start, below)
    }

    /// Whether a brace opens a pattern and not a set.
    fn is_pattern(&mut self) -> Result<bool> {
        let brace = self.peek()?;
        let (first, end) = self.kind_at(brace.span.end)?;
        Ok(match first {
            Kind::Ellipsis => true,
            Kind::BraceClose => matches!(self.kind_at(end)?.0, Kind::Colon | Kind::At),
            Kind::Name => {
                matches!(
                    self.kind_at(end)?.0,
                    Kind::Comma | Kind::Question | Kind::BraceClose
                )
            }
            _ => false,
        })
    }

    fn lambda(&mut self, start: usize) -> Result<Tree> {
        let (parameter, below) = if self.peek()?.kind == Kind::Name {
            let name = self.take()?.span;
            let symbol = self.symbol(name);
            if self.take_if(Kind::At)? {
                let (formals, open, below) = self.formals()?;
                (
                    Parameter::Pattern {
                        whole: Some((symbol, name)),
                        formals,
                        open,
                    },
                    below,
                )
            } else {
                (Parameter::Name(symbol), 0)
            }
        } else {
            let (formals, open, below) = self.formals()?;
            let whole = if self.take_if(Kind::At)? {
                let name = self.expect(Kind::Name, "a name")?.span;
                Some((self.symbol(name), name))
            } else {
                None
            };
            (
                Parameter::Pattern {
                    whole,
                    formals,
                    open,
                },
                below,
            )
        };
        self.expect(Kind::Colon, "`:`")?;
        let body = Box::new(self.expression()?);
        let below = below.max(body.height);
        self.tree(Node::Lambda { parameter, body }, start, below)
    }

    /// `{ a, b ? 1, ... }`: the names, whether it is open, and their height.
    fn formals(&mut self) -> Result<(Vec<Formal>, bool, u32)> {
        self.expect(Kind::BraceOpen, "`{`")?;
        let (mut formals, mut below) = (Vec::new(), 0);
        loop {
            let token = self.take()?;
            match token.kind {
                Kind::BraceClose => return Ok((formals, false, below)),
                Kind::Ellipsis => {
                    self.expect(Kind::BraceClose, "`}`")?;
                    return Ok((formals, true, below));
                }
                Kind::Name => {
                    let name = self.symbol(token.span);
                    let default = if self.take_if(Kind::Question)? {
                        Some(self.expression()?)
                    } else {
                        None
                    };
                    below = below.max(default.as_ref().map_or(0, |default| default.height));
                    formals.push(Formal {
                        name,
                        default,
                        span: token.span,
                    });
                    if self.peek()?.kind != Kind::BraceClose {
                        self.expect(Kind::Comma, "`,` or `}`")?;
                    }
                }
                _ => return Err(self.unexpected(token, "a name, `...` or `}`")),
            }
        }
    }

    /// `|>` from the left or `<|` from the right, never both.
    fn pipes(&mut self) -> Result<Tree> {
        let start = self.peek()?.span.start;
        let mut left = self.operation(Level::Implies)?;
        match self.peek()?.kind {
            Kind::PipeLeft => {
                self.take()?;
                let right = self.deeper(Self::pipe_left)?;
                self.call(start, left, vec![right])
            }
            _ => {
                while self.take_if(Kind::PipeRight)? {
                    let function = self.operation(Level::Implies)?;
                    let below = left.height.max(function.height);
                    let (function, arguments) = (Box::new(function), vec![left]);
                    left = self.tree(
                        Node::Apply {
                            function,
                            arguments,
                        },
                        start,
                        below,
                    )?;
                }
                Ok(left)
            }
        }
    }

    fn pipe_left(&mut self) -> Result<Tree> {
        let start = self.peek()?.span.start;
        let left = self.operation(Level::Implies)?;
        if !self.take_if(Kind::PipeLeft)? {
            return Ok(left);
        }
        let right = self.deeper(Self::pipe_left)?;
        self.call(start, left, vec![right])
    }

    /// Operators that bind at least as tightly as `level`.
    fn operation(&mut self, level: Level) -> Result<Tree> {
        let start = self.peek()?.span.start;
        let mut left = self.prefixed()?;
        // The level that may not come again, after an operator without a side.
        let mut closed = None;
        loop {
            let token = self.peek()?;
            let Some((own, side)) = binding(token.kind) else {
                return Ok(left);
            };
            if own < level {
                return Ok(left);
            }
            if closed == Some(own) {
                return Err(self.unexpected(token, "parentheses around the comparison before"));
            }
            self.take()?;
            if own == Level::Question {
                let (path, below) = self.attribute_path()?;
                let below = below.max(left.height);
                left = self.tree(
                    Node::HasAttr {
                        base: Box::new(left),
                        path,
                    },
                    start,
                    below,
                )?;
                continue;
            }
            let right = self.deeper(|parser| match side {
                Side::Right => parser.operation(own),
                Side::Left | Side::Neither => parser.operation(tighter(own)),
            })?;
            closed = (side == Side::Neither).then_some(own);
            left = self.binary(start, token.kind, left, right)?;
        }
    }

    fn binary(&self, start: usize, kind: Kind, left: Tree, right: Tree) -> Result<Tree> {
        let below = left.height.max(right.height);
        let (left, right) = (Box::new(left), Box::new(right));
        let node = match kind {
            Kind::Implies => Node::Implies(left, right),
            Kind::Or => Node::Or(left, right),
            Kind::And => Node::And(left, right),
            other => Node::Binary(operator(other), left, right),
        };
        self.tree(node, start, below)
    }

    fn prefixed(&mut self) -> Result<Tree> {
        let token = self.peek()?;
        let start = token.span.start;
        match token.kind {
            Kind::Not => {
                self.take()?;
                let operand = self.deeper(|parser| parser.operation(tighter(Level::Not)))?;
                let below = operand.height;
                self.tree(Node::Not(Box::new(operand)), start, below)
            }
            Kind::Minus => {
                self.take()?;
                let operand = self.deeper(|parser| parser.operation(Level::Negate))?;
                let below = operand.height;
                self.tree(Node::Negate(Box::new(operand)), start, below)
            }
            _ => self.application(),
        }
    }

    fn application(&mut self) -> Result<Tree> {
        let start = self.peek()?.span.start;
        let function = self.selection()?;
        let mut arguments = Vec::new();
        while starts_operand(self.peek()?.kind) {
            arguments.push(self.selection()?);
        }
        if arguments.is_empty() {
            Ok(function)
        } else {
            self.call(start, function, arguments)
        }
    }

    fn call(&self, start: usize, function: Tree, arguments: Vec<Tree>) -> Result<Tree> {
        let below = arguments
            .iter()
            .map(|argument| argument.height)
            .fold(function.height, u32::max);
        self.tree(
            Node::Apply {
                function: Box::new(function),
                arguments,
            },
            start,
            below,
        )
    }

    /// `a.b.c or d`, and the odd `a or`, which calls `a` with a variable `or`.
    pub(super) fn selection(&mut self) -> Result<Tree> {
        let start = self.peek()?.span.start;
        let base = self.simple()?;
        match self.peek()?.kind {
            Kind::OrWord => {
                let span = self.take()?.span;
                let name = self.symbol(span);
                let argument = Tree {
                    node: Node::Name(name),
                    span,
                    height: 1,
                };
                self.call(start, base, vec![argument])
            }
            Kind::Dot => {
                self.take()?;
                let (path, below) = self.attribute_path()?;
                let mut below = below.max(base.height);
                let default = if self.take_if(Kind::OrWord)? {
                    let default = self.deeper(Self::selection)?;
                    below = below.max(default.height);
                    Some(Box::new(default))
                } else {
                    None
                };
                self.tree(
                    Node::Select {
                        base: Box::new(base),
                        path,
                        default,
                    },
                    start,
                    below,
                )
            }
            _ => Ok(base),
        }
    }

    fn simple(&mut self) -> Result<Tree> {
        let token = self.take()?;
        let (start, end) = (token.span.start, token.span.end);
        let text = self.lexer.text.get(start..end).unwrap_or_default();
        let node = match token.kind {
            Kind::Name if text == b"__curPos" => Node::CurrentPosition,
            Kind::Name => Node::Name(self.symbol(token.span)),
            Kind::Int => return self.integer(token),
            Kind::Float => return self.float(token),
            Kind::Uri => Node::Uri(text.into()),
            Kind::SearchPath => Node::SearchPath(text[1..text.len() - 1].into()),
            Kind::Quote => return self.string(token),
            Kind::TwoQuotes => return self.indented_string(token),
            Kind::Path => return self.path(token),
            Kind::ParenOpen => {
                let inner = self.expression()?;
                self.expect(Kind::ParenClose, "`)`")?;
                // Places of what is inside are better than those of parentheses.
                return Ok(inner);
            }
            Kind::Let | Kind::Rec => {
                self.expect(Kind::BraceOpen, "`{`")?;
                let (entries, below) = self.entries(Kind::BraceClose, "`}`")?;
                let node = match token.kind {
                    Kind::Let => Node::LegacyLet(entries),
                    _ => Node::Set {
                        recursive: true,
                        entries,
                    },
                };
                return self.tree(node, start, below);
            }
            Kind::BraceOpen => {
                let (entries, below) = self.entries(Kind::BraceClose, "`}`")?;
                return self.tree(
                    Node::Set {
                        recursive: false,
                        entries,
                    },
                    start,
                    below,
                );
            }
            Kind::BracketOpen => return self.list(start),
            _ => return Err(self.unexpected(token, EXPRESSION)),
        };
        self.tree(node, start, 0)
    }

    fn list(&mut self, start: usize) -> Result<Tree> {
        let (mut items, mut below) = (Vec::new(), 0);
        while self.peek()?.kind != Kind::BracketClose {
            let item = self.deeper(Self::selection)?;
            below = below.max(item.height);
            items.push(item);
        }
        self.take()?;
        self.tree(Node::List(items), start, below)
    }

    fn integer(&self, token: Token) -> Result<Tree> {
        let text = self
            .lexer
            .text
            .get(token.span.start..token.span.end)
            .unwrap_or_default();
        let text = String::from_utf8_lossy(text);
        let message = || format!("the integer '{text}' does not fit into 64 bits");
        let number = text
            .parse()
            .map_err(|_| SyntaxError::new(token.span, message()))?;
        self.tree(Node::Int(number), token.span.start, 0)
    }

    fn float(&self, token: Token) -> Result<Tree> {
        let text = self
            .lexer
            .text
            .get(token.span.start..token.span.end)
            .unwrap_or_default();
        let text = String::from_utf8_lossy(text);
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => self.tree(Node::Float(number), token.span.start, 0),
            _ => Err(SyntaxError::new(
                token.span,
                format!("invalid float '{text}'"),
            )),
        }
    }

    /// Names with dots between them, and their height.
    pub(super) fn attribute_path(&mut self) -> Result<(Vec<Attr>, u32)> {
        let (mut path, mut below) = (Vec::new(), 0);
        loop {
            let attr = self.attribute("a name")?;
            if let AttrName::Dynamic(name) = &attr.name {
                below = below.max(name.height);
            }
            path.push(attr);
            if !self.take_if(Kind::Dot)? {
                return Ok((path, below));
            }
        }
    }
}

fn too_deep(span: Span) -> Box<SyntaxError> {
    let mut error = SyntaxError::new(span, "the text nests too deeply");
    error.deep = true;
    error
}

/// Level and side of an operator between two operands.
fn binding(kind: Kind) -> Option<(Level, Side)> {
    Some(match kind {
        Kind::Implies => (Level::Implies, Side::Right),
        Kind::Or => (Level::Or, Side::Left),
        Kind::And => (Level::And, Side::Left),
        Kind::Equal | Kind::NotEqual => (Level::Equal, Side::Neither),
        Kind::Less | Kind::LessOrEqual | Kind::More | Kind::MoreOrEqual => {
            (Level::Compare, Side::Neither)
        }
        Kind::Update => (Level::Update, Side::Right),
        Kind::Plus | Kind::Minus => (Level::Add, Side::Left),
        Kind::Times | Kind::Divide => (Level::Multiply, Side::Left),
        Kind::Concat => (Level::Concat, Side::Right),
        Kind::Question => (Level::Question, Side::Left),
        _ => return None,
    })
}

fn tighter(level: Level) -> Level {
    match level {
        Level::Implies => Level::Or,
        Level::Or => Level::And,
        Level::And => Level::Equal,
        Level::Equal => Level::Compare,
        Level::Compare => Level::Update,
        Level::Update => Level::Not,
        Level::Not => Level::Add,
        Level::Add => Level::Multiply,
        Level::Multiply => Level::Concat,
        Level::Concat => Level::Question,
        Level::Question | Level::Negate => Level::Negate,
    }
}

fn operator(kind: Kind) -> Operator {
    match kind {
        Kind::Plus => Operator::Add,
        Kind::Minus => Operator::Subtract,
        Kind::Times => Operator::Multiply,
        Kind::Divide => Operator::Divide,
        Kind::NotEqual => Operator::NotEqual,
        Kind::Less => Operator::Less,
        Kind::LessOrEqual => Operator::LessOrEqual,
        Kind::More => Operator::More,
        Kind::MoreOrEqual => Operator::MoreOrEqual,
        Kind::Update => Operator::Update,
        Kind::Concat => Operator::Concat,
        _ => Operator::Equal,
    }
}

fn starts_operand(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Name
            | Kind::Int
            | Kind::Float
            | Kind::Uri
            | Kind::Path
            | Kind::SearchPath
            | Kind::Quote
            | Kind::TwoQuotes
            | Kind::Let
            | Kind::Rec
            | Kind::BraceOpen
            | Kind::BracketOpen
            | Kind::ParenOpen
    )
}
