//! Sets and `let`: attribute paths that share a beginning become one nested set,
//! as Nix's parser does it, before any name is resolved.

use std::collections::HashMap;
use std::rc::Rc;

use super::scope::Scope;
use super::{Lowering, syntax};
use crate::eval::expression::{At, Binding, Bindings, Expr, Kind, Names};
use crate::eval::fault::{Fault, Result};
use crate::eval::parse::{Attr, AttrName, Entry, Node, Tree};
use crate::eval::symbol::Symbol;

/// What kind of group the bindings are in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Plain,
    Recursive,
    /// Recursive, and without dynamic names.
    Let,
}

/// Bindings as written, with paths merged.
#[derive(Default)]
struct Group<'t> {
    recursive: bool,
    members: Vec<Member<'t>>,
    /// Where names are in `members`, once there are many.
    index: HashMap<Symbol, usize>,
    dynamic: Vec<(&'t Tree, Definition<'t>, At)>,
}

struct Member<'t> {
    name: Symbol,
    at: At,
    definition: Definition<'t>,
}

enum Definition<'t> {
    Expression(&'t Tree),
    Group(Group<'t>),
    /// `inherit`, with the source in parentheses where there is one.
    Inherit(Option<&'t Tree>),
}

/// Up to this many members are searched one by one.
const FEW: usize = 12;

impl<'t> Group<'t> {
    fn find(&self, name: Symbol) -> Option<usize> {
        if self.members.len() > FEW {
            return self.index.get(&name).copied();
        }
        self.members.iter().position(|member| member.name == name)
    }

    fn push(&mut self, member: Member<'t>) -> usize {
        let index = self.members.len();
        if index == FEW {
            self.index = self
                .members
                .iter()
                .map(|member| member.name)
                .zip(0..)
                .collect();
        }
        if index >= FEW {
            self.index.insert(member.name, index);
        }
        self.members.push(member);
        index
    }
}

impl Lowering<'_> {
    /// Lowers the bindings of one set or `let`.
    pub(super) fn bindings(&mut self, entries: &[Entry], form: Form) -> Result<Bindings> {
        let group = self.collect(entries, form)?;
        self.lower_group(&group)
    }

    fn collect<'t>(&self, entries: &'t [Entry], form: Form) -> Result<Group<'t>> {
        let mut group = Group {
            recursive: form != Form::Plain,
            ..Group::default()
        };
        for entry in entries {
            match entry {
                Entry::Inherit { source, attrs } => {
                    self.collect_inherit(&mut group, source.as_ref(), attrs)?;
                }
                Entry::Binding { path, value } => {
                    self.collect_binding(&mut group, path, value)?;
                    if let (Form::Let, Some((_, _, at))) = (form, group.dynamic.first()) {
                        return Err(syntax("dynamic attributes are not allowed in let", *at));
                    }
                }
            }
        }
        Ok(group)
    }

    fn collect_inherit<'t>(
        &self,
        group: &mut Group<'t>,
        source: Option<&'t Tree>,
        attrs: &'t [Attr],
    ) -> Result<()> {
        for attr in attrs {
            let at = self.at(attr.span);
            let AttrName::Static(name) = attr.name else {
                return Err(syntax("dynamic attributes are not allowed in inherit", at));
            };
            let definition = Definition::Inherit(source);
            self.define(
                group,
                Member {
                    name,
                    at,
                    definition,
                },
                &[],
            )?;
        }
        Ok(())
    }

    fn collect_binding<'t>(
        &self,
        group: &mut Group<'t>,
        path: &'t [Attr],
        value: &'t Tree,
    ) -> Result<()> {
        let Some((last, parents)) = path.split_last() else {
            return Ok(());
        };
        let mut group = group;
        for attr in parents {
            let at = self.at(attr.span);
            group = match &attr.name {
                AttrName::Static(name) => self.descend(group, *name, at, path)?,
                AttrName::Dynamic(name) => {
                    group
                        .dynamic
                        .push((name, Definition::Group(Group::default()), at));
                    match group.dynamic.last_mut() {
                        Some((_, Definition::Group(inner), _)) => inner,
                        _ => return Ok(()),
                    }
                }
            };
        }
        let definition = self.definition(value)?;
        let at = self.at(last.span);
        match &last.name {
            AttrName::Static(name) => self.define(
                group,
                Member {
                    name: *name,
                    at,
                    definition,
                },
                path,
            ),
            AttrName::Dynamic(name) => {
                group.dynamic.push((name, definition, at));
                Ok(())
            }
        }
    }

    /// A set written out is kept open, since later paths may add to it.
    fn definition<'t>(&self, value: &'t Tree) -> Result<Definition<'t>> {
        let Node::Set { recursive, entries } = &value.node else {
            return Ok(Definition::Expression(value));
        };
        let form = if *recursive {
            Form::Recursive
        } else {
            Form::Plain
        };
        Ok(Definition::Group(self.collect(entries, form)?))
    }

    fn descend<'g, 't>(
        &self,
        group: &'g mut Group<'t>,
        name: Symbol,
        at: At,
        path: &[Attr],
    ) -> Result<&'g mut Group<'t>> {
        let index = group.find(name).unwrap_or_else(|| {
            let definition = Definition::Group(Group::default());
            group.push(Member {
                name,
                at,
                definition,
            })
        });
        match group.members.get_mut(index) {
            Some(Member {
                definition: Definition::Group(inner),
                ..
            }) => Ok(inner),
            present => Err(self.duplicate(path, name, at, present.map(|member| member.at))),
        }
    }

    fn define<'t>(&self, group: &mut Group<'t>, member: Member<'t>, path: &[Attr]) -> Result<()> {
        let Some(index) = group.find(member.name) else {
            group.push(member);
            return Ok(());
        };
        let Some(present) = group.members.get_mut(index) else {
            return Ok(());
        };
        match (&mut present.definition, member.definition) {
            (Definition::Group(present), Definition::Group(added)) => {
                for inner in added.members {
                    if let Some(index) = present.find(inner.name) {
                        let first = present.members.get(index).map(|member| member.at);
                        return Err(self.duplicate(&[], inner.name, inner.at, first));
                    }
                    present.push(inner);
                }
                present.dynamic.extend(added.dynamic);
                Ok(())
            }
            _ => Err(self.duplicate(path, member.name, member.at, Some(present.at))),
        }
    }

    /// Says the whole path where it is known.
    fn duplicate(&self, path: &[Attr], name: Symbol, at: At, first: Option<At>) -> Box<Fault> {
        let names = path.iter().map(|attr| match attr.name {
            AttrName::Static(name) => self.symbols.show(name),
            AttrName::Dynamic(_) => "${…}".to_owned(),
        });
        let shown = match path {
            [] => self.symbols.show(name),
            _ => names.collect::<Vec<_>>().join("."),
        };
        let mut fault = syntax(format!("attribute '{shown}' is already defined"), at);
        fault.related = first.map(|first| ("first defined at", first));
        fault
    }

    fn lower_group(&mut self, group: &Group<'_>) -> Result<Bindings> {
        let names: Names = group
            .members
            .iter()
            .map(|member| (member.name, member.at))
            .collect();
        // `inherit name` looks around the group, everything else into it.
        let mut outer = Vec::with_capacity(names.len());
        for member in &group.members {
            outer.push(match &member.definition {
                Definition::Inherit(None) => {
                    let kind = self.variable(member.name, member.at)?;
                    Some(Binding::Outer(Rc::new(Expr {
                        kind,
                        at: member.at,
                    })))
                }
                _ => None,
            });
        }
        if group.recursive {
            self.scopes
                .push(Scope::names(names.iter().map(|(name, _)| *name)));
        }
        let mut sources = Sources::default();
        let mut values = Vec::with_capacity(names.len());
        for (member, outer) in group.members.iter().zip(outer) {
            values.push(match (&member.definition, outer) {
                (_, Some(outer)) => outer,
                (Definition::Inherit(Some(source)), None) => {
                    Binding::From(sources.number(self, source)?)
                }
                (definition, None) => Binding::Plain(self.lower_definition(definition, member.at)?),
            });
        }
        let mut dynamic = Vec::with_capacity(group.dynamic.len());
        for (name, definition, at) in &group.dynamic {
            dynamic.push((
                self.expression(name)?,
                self.lower_definition(definition, *at)?,
            ));
        }
        if group.recursive {
            self.scopes.pop();
        }
        let (values, dynamic) = (values.into(), dynamic.into());
        let sources = sources.expressions.into();
        Ok(Bindings {
            recursive: group.recursive,
            names,
            values,
            sources,
            dynamic,
        })
    }

    fn lower_definition(&mut self, definition: &Definition<'_>, at: At) -> Result<Rc<Expr>> {
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

/// The sets of `inherit (set) …`, each lowered once.
#[derive(Default)]
struct Sources<'t> {
    expressions: Vec<Rc<Expr>>,
    last: Option<&'t Tree>,
}

impl<'t> Sources<'t> {
    fn number(&mut self, lowering: &mut Lowering<'_>, source: &'t Tree) -> Result<u32> {
        if !self.last.is_some_and(|last| std::ptr::eq(last, source)) {
            self.expressions.push(lowering.expression(source)?);
            self.last = Some(source);
        }
        Ok(self.expressions.len() as u32 - 1)
    }
}
