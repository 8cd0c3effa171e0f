//! From a tree to [`Expr`]: literals become values and every name is resolved, as
//! Nix does before it evaluates anything.

use std::path::Path;
use std::rc::Rc;

use nixseal_base::span::Span;

use super::builtins;
use super::expression::{At, Expr, Formal, Key, Kind, Lambda, Parameter, Part};
use super::fault::{Fault, FaultKind, Result};
use super::parse::{self, AttrName, Node, Tree};
use super::symbol::{Symbol, Symbols};
use super::value::Value;

mod bindings;
mod scope;
mod text;

use bindings::Form;
use scope::{Found, Scope, Scopes};

/// What lowering needs to know about the file.
struct Lowering<'m> {
    symbols: &'m mut Symbols,
    source: u32,
    /// Folder that relative paths start from.
    folder: &'m Path,
    home: Option<&'m Path>,
    scopes: Scopes,
}

/// Lowers a whole file; `extra` are names that `scopedImport` adds to the scope,
/// in the order of their slots.
pub(crate) fn lower(
    tree: &Tree,
    symbols: &mut Symbols,
    source: u32,
    (folder, home): (&Path, Option<&Path>),
    extra: Option<&[Symbol]>,
) -> Result<Rc<Expr>> {
    let scopes = Scopes::default();
    let mut lowering = Lowering {
        symbols,
        source,
        folder,
        home,
        scopes,
    };
    if let Some(names) = extra {
        lowering.scopes.push(Scope::names(names.iter().copied()));
    }
    lowering.expression(tree)
}

impl Lowering<'_> {
    fn at(&self, span: Span) -> At {
        At {
            source: self.source,
            start: span.start as u32,
            end: span.end as u32,
        }
    }

    fn expression(&mut self, tree: &Tree) -> Result<Rc<Expr>> {
        let at = self.at(tree.span);
        let kind = match &tree.node {
            Node::Int(number) => Kind::Constant(Value::Int(*number)),
            Node::Float(number) => Kind::Constant(Value::Float(*number)),
            Node::Uri(text) => Kind::Constant(Value::String(Rc::clone(text))),
            Node::Text(parts) => self.string(parts)?,
            Node::Path(parts) => self.path(parts)?,
            Node::SearchPath(name) => Kind::SearchPath(Rc::clone(name)),
            Node::Name(name) => self.variable(*name, at)?,
            Node::CurrentPosition => Kind::CurrentPosition,
            Node::Select {
                base,
                path,
                default,
            } => self.select(base, path, default.as_deref())?,
            Node::HasAttr { base, path } => Kind::HasAttr {
                base: self.expression(base)?,
                path: self.attribute_path(path)?,
            },
            Node::Lambda { parameter, body } => self.lambda(parameter, body)?,
            Node::Apply {
                function,
                arguments,
            } => Kind::Apply {
                function: self.expression(function)?,
                arguments: self.all(arguments)?,
            },
            Node::List(items) => Kind::List(self.all(items)?),
            Node::Set { recursive, entries } => {
                let form = if *recursive {
                    Form::Recursive
                } else {
                    Form::Plain
                };
                Kind::Attrs(Box::new(self.bindings(entries, form)?))
            }
            Node::LegacyLet(entries) => {
                let bindings = self.bindings(entries, Form::Recursive)?;
                let base = Rc::new(Expr {
                    kind: Kind::Attrs(Box::new(bindings)),
                    at,
                });
                let name = self.symbols.intern(b"body");
                Kind::Select {
                    base,
                    path: Box::new([Key::Static(name, at)]),
                    default: None,
                }
            }
            Node::Let { entries, body } => {
                let bindings = Box::new(self.bindings(entries, Form::Let)?);
                self.scopes
                    .push(Scope::names(bindings.names.iter().map(|(name, _)| *name)));
                let body = self.expression(body)?;
                self.scopes.pop();
                Kind::Let { bindings, body }
            }
            Node::With { scope, body } => {
                let scope = self.expression(scope)?;
                self.scopes.push(Scope::With);
                let body = self.expression(body)?;
                self.scopes.pop();
                Kind::With { scope, body }
            }
            Node::If { condition, yes, no } => Kind::If {
                condition: self.expression(condition)?,
                yes: self.expression(yes)?,
                no: self.expression(no)?,
            },
            Node::Assert { condition, body } => Kind::Assert {
                condition: self.expression(condition)?,
                body: self.expression(body)?,
            },
            Node::And(left, right) => Kind::And(self.expression(left)?, self.expression(right)?),
            Node::Or(left, right) => Kind::Or(self.expression(left)?, self.expression(right)?),
            Node::Implies(left, right) => {
                Kind::Implies(self.expression(left)?, self.expression(right)?)
            }
            Node::Not(operand) => Kind::Not(self.expression(operand)?),
            Node::Negate(operand) => Kind::Negate(self.expression(operand)?),
            Node::Binary(operator, left, right) => {
                Kind::Binary(*operator, self.expression(left)?, self.expression(right)?)
            }
        };
        Ok(Rc::new(Expr { kind, at }))
    }

    fn all(&mut self, trees: &[Tree]) -> Result<Box<[Rc<Expr>]>> {
        trees.iter().map(|tree| self.expression(tree)).collect()
    }

    fn variable(&mut self, name: Symbol, at: At) -> Result<Kind> {
        let ups = match self.scopes.find(name) {
            Found::Local { up, slot } => return Ok(Kind::Local { up, slot }),
            Found::Scoped(ups) => Some(ups),
            Found::Nowhere => None,
        };
        let text = Rc::clone(self.symbols.text(name));
        if &*text == b"builtins" {
            return Ok(Kind::Builtins);
        }
        let global = std::str::from_utf8(&text).ok().and_then(builtins::global);
        match (global, ups) {
            (Some(value), _) => Ok(Kind::Constant(value)),
            (None, Some(ups)) => Ok(Kind::Scoped { name, ups }),
            (None, None) => {
                let name = self.symbols.show(name);
                let fault = Fault::evaluation(format!("undefined variable '{name}'")).or_at(at);
                Err(match self.scopes.similar(&name, self.symbols) {
                    Some(other) => fault.hint(format!("did you mean '{other}'?")),
                    None => fault,
                })
            }
        }
    }

    fn select(
        &mut self,
        base: &Tree,
        path: &[parse::Attr],
        default: Option<&Tree>,
    ) -> Result<Kind> {
        let base = self.expression(base)?;
        let path = self.attribute_path(path)?;
        let default = default
            .map(|default| self.expression(default))
            .transpose()?;
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

    fn attribute_path(&mut self, path: &[parse::Attr]) -> Result<Box<[Key]>> {
        path.iter().map(|attr| self.key(attr)).collect()
    }

    fn key(&mut self, attr: &parse::Attr) -> Result<Key> {
        match &attr.name {
            AttrName::Static(name) => Ok(Key::Static(*name, self.at(attr.span))),
            AttrName::Dynamic(name) => Ok(Key::Dynamic(self.expression(name)?)),
        }
    }

    fn lambda(&mut self, parameter: &parse::Parameter, body: &Tree) -> Result<Kind> {
        let names = self.parameter_names(parameter)?;
        self.scopes.push(Scope::names(names));
        let parameter = match parameter {
            parse::Parameter::Name(_) => Parameter::Name,
            parse::Parameter::Pattern {
                whole,
                formals,
                open,
            } => {
                let formals = formals.iter().map(|formal| {
                    let default = formal
                        .default
                        .as_ref()
                        .map(|default| self.expression(default));
                    let default = default.transpose()?;
                    Ok(Formal {
                        name: formal.name,
                        default,
                        at: self.at(formal.span),
                    })
                });
                let formals = formals.collect::<Result<_>>()?;
                Parameter::Pattern {
                    whole: whole.is_some(),
                    formals,
                    open: *open,
                }
            }
        };
        let body = self.expression(body)?;
        self.scopes.pop();
        Ok(Kind::Lambda(Rc::new(Lambda { parameter, body })))
    }

    /// The names of a parameter in the order of their slots, each once.
    fn parameter_names(&self, parameter: &parse::Parameter) -> Result<Vec<Symbol>> {
        let (whole, formals) = match parameter {
            parse::Parameter::Name(name) => return Ok(vec![*name]),
            parse::Parameter::Pattern { whole, formals, .. } => (whole, formals),
        };
        let formals = formals.iter().map(|formal| (formal.name, formal.span));
        let (mut names, mut seen) = (Vec::new(), std::collections::HashSet::new());
        for (name, span) in whole.iter().copied().chain(formals) {
            if !seen.insert(name) {
                let name = self.symbols.show(name);
                let message = format!("duplicate formal function argument '{name}'");
                return Err(syntax(message, self.at(span)));
            }
            names.push(name);
        }
        Ok(names)
    }
}

/// A syntax error with a place.
fn syntax(message: impl Into<String>, at: At) -> Box<Fault> {
    Fault::new(FaultKind::Syntax, message).or_at(at)
}
