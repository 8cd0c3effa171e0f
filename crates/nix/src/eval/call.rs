//! Applying functions.

use std::rc::Rc;

use super::expression::{Expr, Lambda, Parameter};
use super::fault::{Fault, Result};
use super::machine::{Machine, Thunk};
use super::value::{Attrs, EnvId, Partial, ThunkId, Value};

impl Machine<'_> {
    pub(crate) fn apply(
        &mut self,
        function: &Expr,
        arguments: &[Rc<Expr>],
        env: EnvId,
    ) -> Result<Value> {
        let mut function = self.evaluate(function, env)?;
        let mut rest = arguments;
        while let Some((first, others)) = rest.split_first() {
            if let Value::Builtin(builtin) = function
                && rest.len() >= builtin.arity
            {
                let (now, others) = rest.split_at(builtin.arity);
                let ids: Vec<_> = now
                    .iter()
                    .map(|argument| self.delay(argument, env))
                    .collect();
                function = (builtin.run)(self, &ids)?;
                rest = others;
                continue;
            }
            let argument = self.delay(first, env);
            function = self.call(&function, argument)?;
            rest = others;
        }
        Ok(function)
    }

    /// A function applied to two arguments.
    pub(crate) fn call_two(
        &mut self,
        function: &Value,
        first: ThunkId,
        second: ThunkId,
    ) -> Result<Value> {
        let function = self.call(function, first)?;
        self.call(&function, second)
    }

    /// A function applied to one argument.
    pub(crate) fn call(&mut self, function: &Value, argument: ThunkId) -> Result<Value> {
        self.spend(1)?;
        match function {
            Value::Lambda(lambda, env) => {
                let inner = self.bind(lambda, *env, argument)?;
                self.evaluate(&lambda.body, inner)
            }
            Value::Builtin(builtin) => self.supply(builtin, &[], argument),
            Value::Partial(partial) => self.supply(partial.builtin, &partial.arguments, argument),
            Value::Attrs(attrs) => self.call_functor(attrs, function, argument),
            other => {
                let kind = other.kind();
                Err(Fault::evaluation(format!(
                    "attempt to call {kind}, which is not a function"
                )))
            }
        }
    }

    fn supply(
        &mut self,
        builtin: &'static super::builtins::Builtin,
        given: &[ThunkId],
        argument: ThunkId,
    ) -> Result<Value> {
        let mut arguments = given.to_vec();
        arguments.push(argument);
        if arguments.len() < builtin.arity {
            return Ok(Value::Partial(Rc::new(Partial { builtin, arguments })));
        }
        self.deeper(|machine| (builtin.run)(machine, &arguments))
    }

    /// `{ __functor = self: argument: …; }`
    fn call_functor(&mut self, attrs: &Attrs, whole: &Value, argument: ThunkId) -> Result<Value> {
        let name = self.symbols.intern(b"__functor");
        let Some(functor) = attrs.get(name).map(|attr| attr.value) else {
            return Err(Fault::evaluation(
                "attempt to call a set, which is not a function",
            ));
        };
        let functor = self.force(functor)?;
        let whole = self.ready(whole.clone());
        self.deeper(|machine| machine.call_two(&functor, whole, argument))
    }

    fn bind(&mut self, lambda: &Lambda, env: EnvId, argument: ThunkId) -> Result<EnvId> {
        let Parameter::Pattern {
            whole,
            formals,
            open,
        } = &lambda.parameter
        else {
            let inner = self.open_env(env, 1);
            self.set_slot(inner, 0, argument);
            return Ok(inner);
        };
        let attrs = self.force_attrs(argument)?;
        let first = usize::from(*whole);
        let inner = self.open_env(env, first + formals.len());
        if *whole {
            self.set_slot(inner, 0, argument);
        }
        let mut used = 0;
        for (index, formal) in formals.iter().enumerate() {
            let thunk = match (self.lookup(&attrs, formal.name)?, &formal.default) {
                (Some(thunk), _) => {
                    used += 1;
                    thunk
                }
                (None, Some(default)) => self.allocate(Thunk::Delayed {
                    expression: Rc::clone(default),
                    env: inner,
                }),
                (None, None) => {
                    let name = self.symbols.show(formal.name);
                    let message = format!("function called without required argument '{name}'");
                    return Err(Fault::evaluation(message));
                }
            };
            self.set_slot(inner, first + index, thunk);
        }
        if !open && used != attrs.entries().len() {
            let known = |name| formals.iter().any(|formal| formal.name == name);
            let extra = attrs.entries().iter().find(|attr| !known(attr.name));
            let name = extra
                .map(|attr| self.symbols.show(attr.name))
                .unwrap_or_default();
            let message = format!("function called with unexpected argument '{name}'");
            return Err(Fault::evaluation(message));
        }
        Ok(inner)
    }
}
