//! Evaluating expressions.

use std::rc::Rc;

use super::coerce::Coercion;
use super::expression::{At, Binding, Bindings, Expr, Key, Kind, Part};
use super::fault::{Fault, FaultKind, Result};
use super::machine::{Machine, Thunk, as_bool, expected};
use super::paths;
use super::symbol::Symbol;
use super::value::{Attr, Attrs, EnvId, ThunkId, Value};

impl Machine<'_> {
    /// Evaluates to weak head normal form; errors get the place of the innermost
    /// expression that has one.
    pub(crate) fn evaluate(&mut self, expr: &Expr, env: EnvId) -> Result<Value> {
        match &expr.kind {
            Kind::Constant(value) => return Ok(value.clone()),
            Kind::Local { up, slot } => {
                let id = self.slot(env, *up, *slot);
                if let Some(value) = self.peek(id) {
                    return Ok(value.clone());
                }
            }
            _ => {}
        }
        self.spend(1)?;
        let result = self.deeper(|machine| machine.dispatch(expr, env));
        result.map_err(|fault| self.locate(fault, expr.at))
    }

    /// Adds the place of an error that passes through.
    #[cold]
    fn locate(&self, fault: Box<Fault>, at: At) -> Box<Fault> {
        let mut fault = fault.or_at(at);
        let users = |at: At| self.is_users(at);
        let in_library = fault.at.is_some_and(|place| !users(place));
        if fault.related.is_none() && in_library && users(at) {
            fault.related = Some(("called from", at));
        }
        fault
    }

    fn dispatch(&mut self, expr: &Expr, env: EnvId) -> Result<Value> {
        match &expr.kind {
            Kind::Constant(value) => Ok(value.clone()),
            Kind::Interpolated(parts) => self.interpolate(parts, env, Coercion::INTERPOLATE),
            Kind::PathJoin(parts) => self.path_join(parts, env),
            Kind::SearchPath(name) => self.search_path(name),
            Kind::Local { up, slot } => self.force(self.slot(env, *up, *slot)),
            Kind::Scoped { name, ups } => self.scoped(*name, ups, env),
            Kind::Builtins => Ok(self.builtins_set()),
            Kind::CurrentPosition => Ok(self.position_set(expr.at)),
            Kind::Select {
                base,
                path,
                default,
            } => self.select(base, path, default.as_deref(), env),
            Kind::HasAttr { base, path } => self.has_attribute(base, path, env),
            Kind::Lambda(lambda) => Ok(Value::Lambda(Rc::clone(lambda), env)),
            Kind::Apply {
                function,
                arguments,
            } => self.apply(function, arguments, env),
            Kind::List(items) => Ok(self.list(items, env)),
            Kind::Attrs(bindings) => self.set(bindings, env),
            Kind::Let { bindings, body } => {
                let inner = self.recursive_env(bindings, env);
                self.note_names(inner, bindings);
                self.evaluate(body, inner)
            }
            Kind::With { scope, body } => {
                let inner = self.open_env(env, 1);
                let scope = self.delay(scope, env);
                self.set_slot(inner, 0, scope);
                self.evaluate(body, inner)
            }
            Kind::If { condition, yes, no } => {
                let branch = if self.condition(condition, env)? {
                    yes
                } else {
                    no
                };
                self.evaluate(branch, env)
            }
            Kind::Assert { condition, body } => {
                if !self.condition(condition, env)? {
                    return Err(self.assertion(condition, expr.at));
                }
                self.evaluate(body, env)
            }
            Kind::And(left, right) => {
                let both = self.condition(left, env)? && self.condition(right, env)?;
                Ok(Value::Bool(both))
            }
            Kind::Or(left, right) => {
                let either = self.condition(left, env)? || self.condition(right, env)?;
                Ok(Value::Bool(either))
            }
            Kind::Implies(left, right) => {
                let holds = !self.condition(left, env)? || self.condition(right, env)?;
                Ok(Value::Bool(holds))
            }
            Kind::Not(operand) => Ok(Value::Bool(!self.condition(operand, env)?)),
            Kind::Negate(operand) => self.negate(operand, env),
            Kind::Binary(operator, left, right) => self.binary(*operator, left, right, env),
            Kind::Unsupported(what) => Err(Fault::unsupported(what.as_str())),
        }
    }

    /// A thunk for an expression; what is at hand already needs no new one.
    pub(crate) fn delay(&mut self, expression: &Rc<Expr>, env: EnvId) -> ThunkId {
        match &expression.kind {
            Kind::Local { up, slot } => self.slot(env, *up, *slot),
            _ => self.delay_own(expression, env),
        }
    }

    /// As [`Self::delay`], always a thunk of its own: slots of an environment
    /// that is being filled cannot be read yet.
    fn delay_own(&mut self, expression: &Rc<Expr>, env: EnvId) -> ThunkId {
        match &expression.kind {
            Kind::Constant(value) => self.ready(value.clone()),
            Kind::Lambda(lambda) => self.ready(Value::Lambda(Rc::clone(lambda), env)),
            _ => self.allocate(Thunk::Delayed {
                expression: Rc::clone(expression),
                env,
            }),
        }
    }

    fn condition(&mut self, expression: &Expr, env: EnvId) -> Result<bool> {
        let value = self.evaluate(expression, env)?;
        as_bool(&value).map_err(|fault| fault.or_at(expression.at))
    }

    fn assertion(&self, condition: &Expr, at: At) -> Box<Fault> {
        let (start, end) = (condition.at.start as usize, condition.at.end as usize);
        let place = self.place(condition.at);
        let text = place
            .as_ref()
            .and_then(|(source, _)| source.text.get(start..end));
        let text = text
            .unwrap_or_default()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        Fault::new(FaultKind::Catchable, format!("assertion '{text}' failed")).or_at(at)
    }

    fn list(&mut self, items: &[Rc<Expr>], env: EnvId) -> Value {
        Value::List(items.iter().map(|item| self.delay(item, env)).collect())
    }

    fn scoped(&mut self, name: Symbol, ups: &[u32], env: EnvId) -> Result<Value> {
        for up in ups {
            let attrs = self.force_attrs(self.slot(env, *up, 0))?;
            if let Some(id) = self.lookup(&attrs, name)? {
                return self.force(id);
            }
        }
        let name = self.symbols.show(name);
        Err(Fault::evaluation(format!("undefined variable '{name}'")))
    }

    /// Puts text and coerced values together.
    fn interpolate(&mut self, parts: &[Part], env: EnvId, how: Coercion) -> Result<Value> {
        let text = self.join_parts(parts, env, how)?;
        Ok(Value::String(text.into()))
    }

    fn join_parts(&mut self, parts: &[Part], env: EnvId, how: Coercion) -> Result<Vec<u8>> {
        let mut text = Vec::new();
        for part in parts {
            match part {
                Part::Text(more) => text.extend_from_slice(more),
                Part::Value(expression) => {
                    let value = self.evaluate(expression, env)?;
                    let more = self.coerce(&value, how);
                    let more = more.map_err(|fault| fault.or_at(expression.at))?;
                    text.extend_from_slice(&more);
                }
            }
        }
        self.spend(text.len() / 4)?;
        Ok(text)
    }

    fn path_join(&mut self, parts: &[Part], env: EnvId) -> Result<Value> {
        let text = self.join_parts(parts, env, Coercion::PATH)?;
        Ok(Value::Path(paths::canonical(&text).into()))
    }

    fn key(&mut self, key: &Key, env: EnvId) -> Result<(Symbol, At)> {
        match key {
            Key::Static(name, at) => Ok((*name, *at)),
            Key::Dynamic(expression) => match self.evaluate(expression, env)? {
                Value::String(text) => Ok((self.symbols.intern(&text), expression.at)),
                other => Err(expected("a string", &other).or_at(expression.at)),
            },
        }
    }

    fn select(
        &mut self,
        base: &Expr,
        path: &[Key],
        default: Option<&Expr>,
        env: EnvId,
    ) -> Result<Value> {
        let mut value = self.evaluate(base, env)?;
        for key in path {
            let (name, at) = self.key(key, env)?;
            let found = match &value {
                Value::Attrs(attrs) => self.lookup(attrs, name).map_err(|fault| fault.or_at(at))?,
                _ => None,
            };
            value = match (found, default, &value) {
                (Some(id), ..) => self.force(id)?,
                (None, Some(default), _) => return self.evaluate(default, env),
                (None, None, Value::Attrs(attrs)) => {
                    return Err(self.missing(attrs, name).or_at(at));
                }
                (None, None, other) => return Err(expected("a set", other).or_at(at)),
            };
        }
        Ok(value)
    }

    fn has_attribute(&mut self, base: &Expr, path: &[Key], env: EnvId) -> Result<Value> {
        let mut value = self.evaluate(base, env)?;
        for (index, key) in path.iter().enumerate() {
            let (name, at) = self.key(key, env)?;
            let Value::Attrs(attrs) = &value else {
                return Ok(Value::Bool(false));
            };
            let found = self.lookup(attrs, name).map_err(|fault| fault.or_at(at))?;
            let Some(id) = found else {
                return Ok(Value::Bool(false));
            };
            if index + 1 < path.len() {
                value = self.force(id)?;
            }
        }
        Ok(Value::Bool(true))
    }

    /// The environment of `let` and `rec`.
    fn recursive_env(&mut self, bindings: &Bindings, outer: EnvId) -> EnvId {
        let inner = self.open_env(outer, bindings.names.len() + bindings.sources.len());
        let first = bindings.names.len();
        for (index, source) in bindings.sources.iter().enumerate() {
            let thunk = self.delay_own(source, inner);
            self.set_slot(inner, first + index, thunk);
        }
        for (index, (binding, (name, at))) in bindings
            .values
            .iter()
            .zip(bindings.names.iter())
            .enumerate()
        {
            let thunk = match binding {
                Binding::Plain(expression) => self.delay_own(expression, inner),
                Binding::Outer(expression) => self.delay(expression, outer),
                Binding::From(source) => {
                    let base = self.slot(inner, 0, first as u32 + source);
                    self.allocate(Thunk::Select {
                        base,
                        name: *name,
                        at: *at,
                    })
                }
            };
            self.set_slot(inner, index, thunk);
        }
        inner
    }

    fn set(&mut self, bindings: &Bindings, env: EnvId) -> Result<Value> {
        let mut entries = Vec::with_capacity(bindings.names.len() + bindings.dynamic.len());
        let mut inner = env;
        if bindings.recursive {
            inner = self.recursive_env(bindings, env);
            for (slot, (name, at)) in (0..).zip(bindings.names.iter()) {
                entries.push(Attr {
                    name: *name,
                    value: self.slot(inner, 0, slot),
                    at: *at,
                });
            }
        } else {
            let sources: Vec<_> = bindings
                .sources
                .iter()
                .map(|source| self.delay(source, env))
                .collect();
            for (binding, (name, at)) in bindings.values.iter().zip(bindings.names.iter()) {
                let value = match binding {
                    Binding::Plain(expression) | Binding::Outer(expression) => {
                        self.delay(expression, env)
                    }
                    Binding::From(source) => {
                        let base = sources[*source as usize];
                        self.allocate(Thunk::Select {
                            base,
                            name: *name,
                            at: *at,
                        })
                    }
                };
                entries.push(Attr {
                    name: *name,
                    value,
                    at: *at,
                });
            }
        }
        self.dynamic(bindings, inner, &mut entries)?;
        Ok(Value::Attrs(Rc::new(Attrs::new(entries))))
    }

    /// Attributes whose names are evaluated; a name that is `null` leaves them out.
    fn dynamic(&mut self, bindings: &Bindings, env: EnvId, into: &mut Vec<Attr>) -> Result<()> {
        if bindings.dynamic.is_empty() {
            return Ok(());
        }
        let mut seen: std::collections::HashSet<_> = into.iter().map(|attr| attr.name).collect();
        for (name, value) in &bindings.dynamic {
            let at = name.at;
            let name = match self.evaluate(name, env)? {
                Value::Null => continue,
                Value::String(text) => self.symbols.intern(&text),
                other => return Err(expected("a string", &other).or_at(at)),
            };
            if !seen.insert(name) {
                let name = self.symbols.show(name);
                let message = format!("dynamic attribute '{name}' is already defined");
                return Err(Fault::evaluation(message).or_at(at));
            }
            let value = self.delay(value, env);
            into.push(Attr { name, value, at });
        }
        Ok(())
    }
}
