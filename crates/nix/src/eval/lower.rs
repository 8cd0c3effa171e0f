//! From the parser's tree to [`Expr`]: checks what the parser lets pass, turns
//! literals into values and resolves every name, as Nix does before it
//! evaluates anything.

use std::path::Path;
use std::rc::Rc;

use rnix::ast::{self, BinOpKind, HasEntry as _, UnaryOpKind};
use rnix::{SyntaxKind, SyntaxNode, TextRange};
use rowan::ast::AstNode as _;

use super::builtins;
use super::expression::{At, Expr, Formal, Key, Kind, Lambda, Operator, Parameter};
use super::fault::{Fault, FaultKind, Result};
use super::symbol::{Symbol, Symbols};
use super::value::Value;

mod bindings;
mod scope;
mod syntax_error;
mod text;

use scope::{Found, Scope, Scopes};
pub(crate) use syntax_error::first_error;

/// What lowering needs to know about the file.
pub(crate) struct Lowering<'m> {
    pub(crate) symbols: &'m mut Symbols,
    pub(crate) source: u32,
    /// Folder that relative paths start from.
    pub(crate) folder: &'m Path,
    pub(crate) home: Option<&'m Path>,
    scopes: Scopes,
}

/// Lowers a whole file; `extra` are names that `scopedImport` adds to the scope,
/// in the order of their slots.
pub(crate) fn lower(
    root: &ast::Root,
    symbols: &mut Symbols,
    source: u32,
    (folder, home): (&Path, Option<&Path>),
    extra: Option<&[Symbol]>,
) -> Result<Rc<Expr>> {
    let mut lowering = Lowering {
        symbols,
        source,
        folder,
        home,
        scopes: Scopes::default(),
    };
    if let Some(names) = extra {
        lowering.scopes.push(Scope::names(names.iter().copied()));
    }
    let whole = lowering.at(root.syntax());
    lowering.required(root.expr(), whole)
}

impl Lowering<'_> {
    fn at(&self, node: &SyntaxNode) -> At {
        self.at_range(node.text_range())
    }

    fn at_range(&self, range: TextRange) -> At {
        At {
            source: self.source,
            start: range.start().into(),
            end: range.end().into(),
        }
    }

    fn identifier(&mut self, name: &ast::Ident) -> Symbol {
        let token = name.syntax().first_token();
        self.symbols
            .intern(token.as_ref().map_or("", |token| token.text()).as_bytes())
    }

    fn required(&mut self, expression: Option<ast::Expr>, at: At) -> Result<Rc<Expr>> {
        match expression {
            Some(expression) => self.expression(&expression),
            None => Err(syntax("an expression is missing here", at)),
        }
    }

    /// An expression where a function needs parentheses around it.
    fn operand(&mut self, expression: Option<ast::Expr>, at: At) -> Result<Rc<Expr>> {
        if let Some(ast::Expr::Lambda(lambda)) = &expression {
            let at = self.at(lambda.syntax());
            return Err(syntax("a function needs parentheses around it here", at));
        }
        self.required(expression, at)
    }

    fn expression(&mut self, expression: &ast::Expr) -> Result<Rc<Expr>> {
        let at = self.at(expression.syntax());
        let kind = match expression {
            ast::Expr::Apply(apply) => return self.apply(apply, at),
            ast::Expr::Assert(assert) => Kind::Assert {
                condition: self.required(assert.condition(), at)?,
                body: self.required(assert.body(), at)?,
            },
            ast::Expr::Error(_) => return Err(syntax("this is not an expression", at)),
            ast::Expr::IfElse(choice) => Kind::If {
                condition: self.required(choice.condition(), at)?,
                yes: self.required(choice.body(), at)?,
                no: self.required(choice.else_body(), at)?,
            },
            ast::Expr::Select(select) => self.select(select, at)?,
            ast::Expr::Str(string) => self.string(string)?,
            ast::Expr::PathAbs(_) | ast::Expr::PathRel(_) | ast::Expr::PathHome(_) => {
                self.path(expression.syntax())?
            }
            ast::Expr::PathSearch(search) => text::search_path(search.syntax()),
            ast::Expr::Literal(literal) => text::literal(literal.syntax(), at)?,
            ast::Expr::Lambda(lambda) => self.lambda(lambda, at)?,
            ast::Expr::LegacyLet(legacy) => {
                let bindings = self.bindings(legacy.entries(), bindings::Form::Recursive)?;
                let name = self.symbols.intern(b"body");
                let base = Rc::new(Expr {
                    kind: Kind::Attrs(Box::new(bindings)),
                    at,
                });
                Kind::Select {
                    base,
                    path: Box::new([Key::Static(name, at)]),
                    default: None,
                }
            }
            ast::Expr::LetIn(binding) => self.let_in(binding, at)?,
            ast::Expr::List(list) => self.list(list, at)?,
            ast::Expr::BinOp(operation) => self.binary(operation, at)?,
            ast::Expr::Paren(parens) => {
                closed_by(parens.syntax(), SyntaxKind::TOKEN_R_PAREN, "`)`", at)?;
                return self.required(parens.expr(), at);
            }
            ast::Expr::Root(root) => return self.required(root.expr(), at),
            ast::Expr::AttrSet(set) => {
                let form = bindings::form_of(set);
                Kind::Attrs(Box::new(self.bindings(set.entries(), form)?))
            }
            ast::Expr::UnaryOp(operation) => self.unary(operation, at)?,
            ast::Expr::Ident(name) => match name.syntax().first_token() {
                Some(token) => self.variable(token.text(), at)?,
                None => return Err(syntax("a name is missing here", at)),
            },
            ast::Expr::With(with) => self.with(with, at)?,
            ast::Expr::HasAttr(has) => {
                let base = self.operand(has.expr(), at)?;
                Kind::HasAttr {
                    base,
                    path: self.attribute_path(has.attrpath(), at)?,
                }
            }
            ast::Expr::CurPos(_) => Kind::CurrentPosition,
        };
        Ok(Rc::new(Expr { kind, at }))
    }

    fn variable(&mut self, name: &str, at: At) -> Result<Kind> {
        if name == "__curPos" {
            return Ok(Kind::CurrentPosition);
        }
        let symbol = self.symbols.intern(name.as_bytes());
        match self.scopes.find(symbol) {
            Found::Local { up, slot } => return Ok(Kind::Local { up, slot }),
            Found::Scoped(_) | Found::Nowhere if name == "builtins" => return Ok(Kind::Builtins),
            Found::Scoped(ups) => {
                return Ok(builtins::global(name)
                    .map_or(Kind::Scoped { name: symbol, ups }, Kind::Constant));
            }
            Found::Nowhere => {}
        }
        builtins::global(name).map(Kind::Constant).ok_or_else(|| {
            let fault = Fault::evaluation(format!("undefined variable '{name}'")).or_at(at);
            match self.scopes.similar(name, self.symbols) {
                Some(other) => fault.hint(format!("did you mean '{other}'?")),
                None => fault,
            }
        })
    }

    fn apply(&mut self, apply: &ast::Apply, at: At) -> Result<Rc<Expr>> {
        let argument = self.operand(apply.argument(), at)?;
        let mut arguments = vec![argument];
        let mut function = apply.lambda();
        while let Some(ast::Expr::Apply(inner)) = &function {
            let inner_at = self.at(inner.syntax());
            arguments.push(self.operand(inner.argument(), inner_at)?);
            function = inner.lambda();
        }
        arguments.reverse();
        let function = self.operand(function, at)?;
        Ok(Rc::new(Expr {
            kind: Kind::Apply {
                function,
                arguments: arguments.into(),
            },
            at,
        }))
    }

    fn select(&mut self, select: &ast::Select, at: At) -> Result<Kind> {
        let base = self.operand(select.expr(), at)?;
        let path = self.attribute_path(select.attrpath(), at)?;
        let default = match select.default_expr() {
            Some(default) => Some(self.operand(Some(default), at)?),
            None if select.or_token().is_some() => {
                return Err(syntax("a value is missing after `or`", at));
            }
            None => None,
        };
        if let (Kind::Builtins, [Key::Static(name, _)], None) = (&base.kind, &*path, &default) {
            // The usual case, which then needs no set of all builtins.
            if let Some(value) = builtins::member(&self.symbols.show(*name)) {
                return Ok(Kind::Constant(value));
            }
        }
        Ok(Kind::Select {
            base,
            path,
            default,
        })
    }

    fn attribute_path(&mut self, path: Option<ast::Attrpath>, at: At) -> Result<Box<[Key]>> {
        let keys = path.iter().flat_map(ast::Attrpath::attrs);
        let keys: Vec<_> = keys.map(|attr| self.key(&attr)).collect::<Result<_>>()?;
        if keys.is_empty() {
            return Err(syntax("an attribute name is missing here", at));
        }
        Ok(keys.into())
    }

    /// A name, or an expression that gives one; `${"text"}` is a name.
    fn key(&mut self, attr: &ast::Attr) -> Result<Key> {
        let at = self.at(attr.syntax());
        let expression = match attr {
            ast::Attr::Ident(name) => {
                return Ok(Key::Static(self.identifier(name), at));
            }
            ast::Attr::Str(string) => {
                let kind = self.string(string)?;
                Rc::new(Expr { kind, at })
            }
            ast::Attr::Dynamic(dynamic) => self.required(dynamic.expr(), at)?,
        };
        Ok(match &expression.kind {
            Kind::Constant(Value::String(text)) => Key::Static(self.symbols.intern(text), at),
            _ => Key::Dynamic(expression),
        })
    }

    fn lambda(&mut self, lambda: &ast::Lambda, at: At) -> Result<Kind> {
        let mut names = Vec::new();
        let formals = match lambda.param() {
            Some(ast::Param::IdentParam(parameter)) => {
                names.extend(parameter.ident());
                None
            }
            Some(ast::Param::Pattern(pattern)) => {
                names.extend(pattern.pat_bind().and_then(|bind| bind.ident()));
                let entries: Vec<_> = pattern.pat_entries().collect();
                Some((
                    names.len() == 1,
                    entries,
                    pattern.ellipsis_token().is_some(),
                ))
            }
            None => return Err(syntax("a function without a parameter", at)),
        };
        let entries = formals.iter().flat_map(|(_, entries, _)| entries);
        names.extend(entries.filter_map(ast::PatEntry::ident));
        let mut slots: Vec<Symbol> = Vec::with_capacity(names.len());
        for name in &names {
            let symbol = self.identifier(name);
            // Patterns are short: no table needed until they are long.
            if slots.contains(&symbol) {
                let message = format!("duplicate formal function argument '{name}'");
                return Err(syntax(message, self.at(name.syntax())));
            }
            slots.push(symbol);
        }
        self.scopes.push(Scope::names(slots));
        let parameter = match formals {
            None => Parameter::Name,
            Some((whole, entries, open)) => {
                let formals = entries.iter().map(|entry| self.formal(entry));
                Parameter::Pattern {
                    whole,
                    formals: formals.collect::<Result<_>>()?,
                    open,
                }
            }
        };
        let body = self.required(lambda.body(), at)?;
        self.scopes.pop();
        Ok(Kind::Lambda(Rc::new(Lambda { parameter, body })))
    }

    fn formal(&mut self, entry: &ast::PatEntry) -> Result<Formal> {
        let at = self.at(entry.syntax());
        let name = entry.ident().map(|name| self.identifier(&name));
        let name = name.ok_or_else(|| syntax("a parameter without a name", at))?;
        let default = match entry.default() {
            Some(default) => Some(self.expression(&default)?),
            None if entry.question_token().is_some() => {
                return Err(syntax("a default is missing after `?`", at));
            }
            None => None,
        };
        Ok(Formal { name, default, at })
    }

    fn let_in(&mut self, binding: &ast::LetIn, at: At) -> Result<Kind> {
        let bindings = self.bindings(binding.entries(), bindings::Form::Let)?;
        self.scopes
            .push(Scope::names(bindings.names.iter().map(|(name, _)| *name)));
        let body = self.required(binding.body(), at)?;
        self.scopes.pop();
        Ok(Kind::Let {
            bindings: Box::new(bindings),
            body,
        })
    }

    fn list(&mut self, list: &ast::List, at: At) -> Result<Kind> {
        closed_by(list.syntax(), SyntaxKind::TOKEN_R_BRACK, "`]`", at)?;
        let items = list.items().map(|item| self.operand(Some(item), at));
        Ok(Kind::List(items.collect::<Result<_>>()?))
    }

    fn with(&mut self, with: &ast::With, at: At) -> Result<Kind> {
        let scope = self.required(with.namespace(), at)?;
        self.scopes.push(Scope::With);
        let body = self.required(with.body(), at)?;
        self.scopes.pop();
        Ok(Kind::With { scope, body })
    }

    fn unary(&mut self, operation: &ast::UnaryOp, at: At) -> Result<Kind> {
        let operand = self.operand(operation.expr(), at)?;
        match operation.operator() {
            Some(UnaryOpKind::Invert) => Ok(Kind::Not(operand)),
            Some(UnaryOpKind::Negate) => Ok(Kind::Negate(operand)),
            None => Err(syntax("an operator is missing here", at)),
        }
    }

    fn binary(&mut self, operation: &ast::BinOp, at: At) -> Result<Kind> {
        let left = self.operand(operation.lhs(), at)?;
        let right = self.operand(operation.rhs(), at)?;
        let operator = match operation.operator() {
            Some(BinOpKind::And) => return Ok(Kind::And(left, right)),
            Some(BinOpKind::Or) => return Ok(Kind::Or(left, right)),
            Some(BinOpKind::Implication) => return Ok(Kind::Implies(left, right)),
            Some(BinOpKind::PipeRight) => {
                return Ok(Kind::Apply {
                    function: right,
                    arguments: Box::new([left]),
                });
            }
            Some(BinOpKind::PipeLeft) => {
                return Ok(Kind::Apply {
                    function: left,
                    arguments: Box::new([right]),
                });
            }
            Some(BinOpKind::Concat) => Operator::Concat,
            Some(BinOpKind::Update) => Operator::Update,
            Some(BinOpKind::Add) => Operator::Add,
            Some(BinOpKind::Sub) => Operator::Subtract,
            Some(BinOpKind::Mul) => Operator::Multiply,
            Some(BinOpKind::Div) => Operator::Divide,
            Some(BinOpKind::Equal) => Operator::Equal,
            Some(BinOpKind::NotEqual) => Operator::NotEqual,
            Some(BinOpKind::Less) => Operator::Less,
            Some(BinOpKind::LessOrEq) => Operator::LessOrEqual,
            Some(BinOpKind::More) => Operator::More,
            Some(BinOpKind::MoreOrEq) => Operator::MoreOrEqual,
            None => return Err(syntax("an operator is missing here", at)),
        };
        Ok(Kind::Binary(operator, left, right))
    }
}

/// A syntax error with a place.
fn syntax(message: impl Into<String>, at: At) -> Box<Fault> {
    Fault::new(FaultKind::Syntax, message).or_at(at)
}

/// The parser takes any token for a closing one.
fn closed_by(node: &SyntaxNode, kind: SyntaxKind, shown: &str, at: At) -> Result<()> {
    match node.last_child_or_token() {
        Some(last) if last.kind() == kind => Ok(()),
        Some(last) => {
            let range = last.text_range();
            let at = At {
                start: range.start().into(),
                end: range.end().into(),
                ..at
            };
            Err(syntax(format!("expected {shown} here"), at))
        }
        None => Err(syntax(format!("expected {shown} here"), at)),
    }
}
