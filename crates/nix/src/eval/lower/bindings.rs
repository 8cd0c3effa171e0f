//! Sets and `let`: attribute paths that share a beginning become one nested set,
//! as Nix's parser does it, before any name is resolved.

use std::collections::HashMap;
use std::rc::Rc;

use rnix::SyntaxKind;
use rnix::ast::{self, HasEntry as _};
use rowan::ast::AstNode as _;

use super::scope::Scope;
use super::{Lowering, syntax};
use crate::eval::expression::{At, Binding, Bindings, Expr, Key, Kind};
use crate::eval::fault::{Fault, Result};
use crate::eval::symbol::Symbol;

/// What kind of group the bindings are in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Plain,
    Recursive,
    /// Recursive, and without dynamic names.
    Let,
}

/// What a set written as `{ … }` or `rec { … }` is.
pub(super) fn form_of(set: &ast::AttrSet) -> Form {
    let first = set.syntax().first_token().map(|token| token.kind());
    if first == Some(SyntaxKind::TOKEN_REC) {
        Form::Recursive
    } else {
        Form::Plain
    }
}

/// Bindings as written, with paths merged.
#[derive(Default)]
struct Group {
    recursive: bool,
    entries: Vec<Entry>,
    /// Where names are in `entries`, once there are many.
    index: HashMap<Symbol, usize>,
    dynamic: Vec<(ast::Attr, Definition, At)>,
}

struct Entry {
    name: Symbol,
    at: At,
    definition: Definition,
}

/// Up to this many entries are searched one by one.
const FEW: usize = 12;

impl Group {
    fn find(&self, name: Symbol) -> Option<usize> {
        if self.entries.len() > FEW {
            return self.index.get(&name).copied();
        }
        self.entries.iter().position(|entry| entry.name == name)
    }

    fn push(&mut self, entry: Entry) -> usize {
        let index = self.entries.len();
        if index == FEW {
            self.index = self
                .entries
                .iter()
                .map(|entry| entry.name)
                .zip(0..)
                .collect();
        }
        if index >= FEW {
            self.index.insert(entry.name, index);
        }
        self.entries.push(entry);
        index
    }
}

enum Definition {
    Expression(ast::Expr),
    Group(Group),
    /// `inherit`, with the source in parentheses where there is one.
    Inherit(Option<ast::Expr>),
}

impl Lowering<'_> {
    /// Lowers the bindings of one set or `let`.
    pub(super) fn bindings(
        &mut self,
        entries: impl Iterator<Item = ast::Entry>,
        form: Form,
    ) -> Result<Bindings> {
        let group = self.collect(entries, form)?;
        self.lower_group(&group)
    }

    fn collect(&mut self, entries: impl Iterator<Item = ast::Entry>, form: Form) -> Result<Group> {
        let mut group = Group {
            recursive: form != Form::Plain,
            ..Group::default()
        };
        for entry in entries {
            match entry {
                ast::Entry::Inherit(inherit) => self.collect_inherit(&mut group, &inherit)?,
                ast::Entry::AttrpathValue(binding) => {
                    self.collect_path(&mut group, &binding)?;
                    if let (Form::Let, Some((_, _, at))) = (form, group.dynamic.first()) {
                        return Err(syntax("dynamic attributes are not allowed in let", *at));
                    }
                }
            }
        }
        Ok(group)
    }

    fn collect_inherit(&mut self, group: &mut Group, inherit: &ast::Inherit) -> Result<()> {
        let at = self.at(inherit.syntax());
        let source = match inherit.from() {
            None => None,
            Some(from) => Some(
                from.expr()
                    .ok_or_else(|| syntax("an expression is missing here", at))?,
            ),
        };
        for attr in inherit.attrs() {
            let at = self.at(attr.syntax());
            let Key::Static(name, at) = self.key(&attr)? else {
                return Err(syntax("dynamic attributes are not allowed in inherit", at));
            };
            let definition = Definition::Inherit(source.clone());
            self.define(
                group,
                Entry {
                    name,
                    at,
                    definition,
                },
            )?;
        }
        Ok(())
    }

    fn collect_path(&mut self, group: &mut Group, binding: &ast::AttrpathValue) -> Result<()> {
        let Some(path) = binding
            .attrpath()
            .filter(|path| path.attrs().nth(1).is_some())
        else {
            return self.collect_binding(group, binding);
        };
        let names = self.at(path.syntax());
        self.collect_binding(group, binding).map_err(|mut fault| {
            // The whole path says more than the part of it that is there twice.
            if fault
                .at
                .is_some_and(|at| names.start <= at.start && at.end <= names.end)
                && fault.related.is_some()
            {
                fault.message = already_defined(&path.to_string());
            }
            fault
        })
    }

    fn collect_binding(&mut self, group: &mut Group, binding: &ast::AttrpathValue) -> Result<()> {
        let whole = self.at(binding.syntax());
        let path = binding
            .attrpath()
            .map(|path| path.attrs().collect::<Vec<_>>());
        let path = path.unwrap_or_default();
        let Some((last, parents)) = path.split_last() else {
            return Err(syntax("an attribute name is missing here", whole));
        };
        let value = binding
            .value()
            .ok_or_else(|| syntax("a value is missing here", whole))?;
        let mut group = group;
        for attr in parents {
            group = match self.name(attr)? {
                Some((name, at)) => self.descend(group, name, at)?,
                None => {
                    let at = self.at(attr.syntax());
                    let inner = Definition::Group(Group::default());
                    group.dynamic.push((attr.clone(), inner, at));
                    match group.dynamic.last_mut() {
                        Some((_, Definition::Group(inner), _)) => inner,
                        _ => return Err(syntax("an attribute name is missing here", whole)),
                    }
                }
            };
        }
        let definition = self.definition(value)?;
        match self.name(last)? {
            Some((name, at)) => self.define(
                group,
                Entry {
                    name,
                    at,
                    definition,
                },
            ),
            None => {
                group
                    .dynamic
                    .push((last.clone(), definition, self.at(last.syntax())));
                Ok(())
            }
        }
    }

    /// The name, where it does not have to be evaluated.
    fn name(&mut self, attr: &ast::Attr) -> Result<Option<(Symbol, At)>> {
        if let ast::Attr::Dynamic(dynamic) = attr {
            // Names inside are in scopes that are not entered yet: only plain
            // strings are looked at here.
            let mut inner = dynamic.expr();
            while let Some(ast::Expr::Paren(parens)) = inner {
                inner = parens.expr();
            }
            let Some(ast::Expr::Str(string)) = inner else {
                return Ok(None);
            };
            return self
                .name(&ast::Attr::Str(string))
                .map(|found| found.map(|(name, _)| (name, self.at(attr.syntax()))));
        }
        if let ast::Attr::Str(string) = attr
            && string.syntax().children().next().is_some()
        {
            return Ok(None);
        }
        match self.key(attr)? {
            Key::Static(name, at) => Ok(Some((name, at))),
            Key::Dynamic(_) => Ok(None),
        }
    }

    /// A set written out is kept open, since later paths may add to it.
    fn definition(&mut self, value: ast::Expr) -> Result<Definition> {
        let mut inner = Some(value.clone());
        while let Some(ast::Expr::Paren(parens)) = inner {
            inner = parens.expr();
        }
        let Some(ast::Expr::AttrSet(set)) = inner else {
            return Ok(Definition::Expression(value));
        };
        let form = form_of(&set);
        Ok(Definition::Group(self.collect(set.entries(), form)?))
    }

    fn descend<'g>(&self, group: &'g mut Group, name: Symbol, at: At) -> Result<&'g mut Group> {
        let index = group.find(name).unwrap_or_else(|| {
            let definition = Definition::Group(Group::default());
            group.push(Entry {
                name,
                at,
                definition,
            })
        });
        match group.entries.get_mut(index) {
            Some(Entry {
                definition: Definition::Group(inner),
                ..
            }) => Ok(inner),
            present => Err(self.duplicate(name, at, present.map(|entry| entry.at))),
        }
    }

    fn define(&self, group: &mut Group, entry: Entry) -> Result<()> {
        let Some(index) = group.find(entry.name) else {
            group.push(entry);
            return Ok(());
        };
        let Some(present) = group.entries.get_mut(index) else {
            return Ok(());
        };
        match (&mut present.definition, entry.definition) {
            (Definition::Group(present), Definition::Group(added)) => {
                for inner in added.entries {
                    if let Some(index) = present.find(inner.name) {
                        let first = present.entries.get(index).map(|entry| entry.at);
                        return Err(self.duplicate(inner.name, inner.at, first));
                    }
                    present.push(inner);
                }
                present.dynamic.extend(added.dynamic);
                Ok(())
            }
            _ => Err(self.duplicate(entry.name, entry.at, Some(present.at))),
        }
    }

    fn duplicate(&self, name: Symbol, at: At, first: Option<At>) -> Box<Fault> {
        let mut fault = syntax(already_defined(&self.symbols.show(name)), at);
        fault.related = first.map(|first| ("first defined at", first));
        fault
    }

    fn lower_group(&mut self, group: &Group) -> Result<Bindings> {
        let names: Rc<[_]> = group
            .entries
            .iter()
            .map(|entry| (entry.name, entry.at))
            .collect();
        let mut values = Vec::with_capacity(names.len());
        // `inherit name` looks around the group, everything else into it.
        for entry in &group.entries {
            values.push(match &entry.definition {
                Definition::Inherit(None) => {
                    let kind = self.variable(&self.symbols.show(entry.name), entry.at)?;
                    Some(Binding::Outer(Rc::new(Expr { kind, at: entry.at })))
                }
                _ => None,
            });
        }
        if group.recursive {
            self.scopes
                .push(Scope::names(names.iter().map(|(name, _)| *name)));
        }
        let mut sources = Sources::default();
        let mut bindings = Vec::with_capacity(names.len());
        for (entry, outer) in group.entries.iter().zip(values) {
            bindings.push(match (&entry.definition, outer) {
                (_, Some(outer)) => outer,
                (Definition::Inherit(Some(source)), None) => {
                    Binding::From(sources.number(self, source)?)
                }
                (definition, None) => Binding::Plain(self.lower_definition(definition, entry.at)?),
            });
        }
        let mut dynamic = Vec::with_capacity(group.dynamic.len());
        for (attr, definition, at) in &group.dynamic {
            let name = match self.key(attr)? {
                Key::Dynamic(name) => name,
                Key::Static(name, at) => {
                    let text = self.symbols.text(name).clone();
                    let kind = Kind::Constant(crate::eval::value::Value::String(text));
                    Rc::new(Expr { kind, at })
                }
            };
            dynamic.push((name, self.lower_definition(definition, *at)?));
        }
        if group.recursive {
            self.scopes.pop();
        }
        let (values, dynamic) = (bindings.into(), dynamic.into());
        let sources = sources.expressions.into();
        Ok(Bindings {
            recursive: group.recursive,
            names,
            values,
            sources,
            dynamic,
        })
    }

    fn lower_definition(&mut self, definition: &Definition, at: At) -> Result<Rc<Expr>> {
        match definition {
            Definition::Expression(value) => self.expression(value),
            Definition::Group(group) => {
                let bindings = self.lower_group(group)?;
                Ok(Rc::new(Expr {
                    kind: Kind::Attrs(Box::new(bindings)),
                    at,
                }))
            }
            Definition::Inherit(_) => Err(syntax("an expression is missing here", at)),
        }
    }
}

fn already_defined(name: &str) -> String {
    format!("attribute '{name}' is already defined")
}

/// The sets of `inherit (set) …`, each lowered once.
#[derive(Default)]
struct Sources {
    expressions: Vec<Rc<Expr>>,
    last: Option<ast::Expr>,
}

impl Sources {
    fn number(&mut self, lowering: &mut Lowering<'_>, source: &ast::Expr) -> Result<u32> {
        if self.last.as_ref() != Some(source) {
            self.expressions.push(lowering.expression(source)?);
            self.last = Some(source.clone());
        }
        Ok(u32::try_from(self.expressions.len()).unwrap_or(u32::MAX) - 1)
    }
}
