//! Goes through a tree and asks the rules about every binding, call, text and path.
//!
//! A value is reported once: who looks at a binding knows more than who looks at its text alone,
//! so bindings come first and claim their values.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use nixseal_base::span::Span;
use nixseal_nix::syntax::{AttrName, Entry, Node, Parameter, Part, Symbol, Syntax, Tree};

use crate::files::Surroundings;
use crate::rule::Rule;
use crate::rules;
use crate::tree::{call, name_of};

/// So many findings of one text are told.
pub(crate) const MOST: usize = 1000;
/// Paths of options are not longer.
const DEEPEST_OPTION: usize = 24;

/// A finding before its text is masked.
pub(crate) struct Raw {
    pub(crate) rule: &'static Rule,
    pub(crate) span: Span,
    pub(crate) message: String,
    pub(crate) help: String,
}

/// The encrypted file of a secret, as a configuration names it.
pub(crate) struct RawDeclaration {
    /// The option: `age.secrets.wifi`.
    pub(crate) option: String,
    /// The path as written, without what it starts from.
    pub(crate) path: String,
    /// Whether it starts from the flake's folder; else from that of the text.
    pub(crate) of_flake: bool,
    pub(crate) span: Span,
}

/// One run over one text.
pub(crate) struct Walker<'t> {
    pub(crate) syntax: &'t Syntax,
    pub(crate) text: &'t str,
    /// The folder of the file, where it is known.
    pub(crate) folder: Option<&'t Path>,
    pub(crate) surroundings: &'t dyn Surroundings,
    /// Names of all attributes around, outermost first.
    path: Vec<&'t str>,
    /// What is known of each variable, innermost last.
    variables: HashMap<Symbol, Vec<Option<&'t Tree>>>,
    /// Variables in the order in which they came into scope.
    scope: Vec<Symbol>,
    claimed: HashSet<usize>,
    pub(crate) found: Vec<Raw>,
    pub(crate) secrets: Vec<Span>,
    pub(crate) declared: Vec<RawDeclaration>,
    /// How many examples and texts for people are around, in declarations of options.
    documentation: usize,
    /// Whether strings outside of the store are on purpose (`sops.validateSopsFiles = false`).
    pub(crate) unvalidated: bool,
}

impl<'t> Walker<'t> {
    /// Looks at all of `syntax`, the tree of `text`.
    pub(crate) fn run(
        syntax: &'t Syntax,
        text: &'t str,
        folder: Option<&'t Path>,
        surroundings: &'t dyn Surroundings,
    ) -> Self {
        let mut walker = Self {
            syntax,
            text,
            folder,
            surroundings,
            path: Vec::new(),
            variables: HashMap::new(),
            scope: Vec::new(),
            claimed: HashSet::new(),
            found: Vec::new(),
            secrets: Vec::new(),
            declared: Vec::new(),
            documentation: 0,
            unvalidated: text.contains("validateSopsFiles = false"),
        };
        walker.tree(&syntax.tree);
        walker
    }

    /// Names of the attributes around, the innermost ones: no option has more.
    pub(crate) fn path(&self) -> &[&'t str] {
        &self.path[self.path.len().saturating_sub(DEEPEST_OPTION)..]
    }

    /// Whether this is a text for people, or an example.
    pub(crate) fn is_documentation(&self) -> bool {
        self.documentation > 0 || rules::is_documentation(self.path())
    }

    /// Whether so much was found that nobody reads more.
    pub(crate) fn is_full(&self) -> bool {
        self.found.len() >= MOST
    }

    /// What a variable is bound to, where that is written in the text.
    fn variable(&self, symbol: Symbol) -> Option<&'t Tree> {
        *self.variables.get(&symbol)?.last()?
    }

    fn bind(&mut self, symbol: Symbol, tree: Option<&'t Tree>) {
        self.scope.push(symbol);
        self.variables.entry(symbol).or_default().push(tree);
    }

    /// Leaves all scopes that began since there were `depth` variables.
    fn leave(&mut self, depth: usize) {
        for symbol in self.scope.drain(depth..) {
            if let Some(bound) = self.variables.get_mut(&symbol) {
                bound.pop();
            }
        }
    }

    /// The tree itself, or what its variable is bound to.
    pub(crate) fn resolved(&self, tree: &'t Tree) -> &'t Tree {
        let mut tree = tree;
        // A variable may be bound to itself.
        for _ in 0..8 {
            match &tree.node {
                Node::Name(symbol) => match self.variable(*symbol) {
                    Some(bound) => tree = bound,
                    None => break,
                },
                _ => break,
            }
        }
        tree
    }

    /// Whether somebody reported this value already; from now on it is.
    pub(crate) fn claim(&mut self, span: Span) -> bool {
        self.claimed.insert(span.start)
    }

    pub(crate) fn is_claimed(&self, span: Span) -> bool {
        self.claimed.contains(&span.start)
    }

    /// Reports something of which no value has to be hidden.
    pub(crate) fn report(&mut self, rule: &'static Rule, span: Span, message: String) {
        self.report_with(rule, span, message, rule.instead.to_owned());
    }

    /// The same with another advice.
    pub(crate) fn report_with(
        &mut self,
        rule: &'static Rule,
        span: Span,
        message: String,
        help: String,
    ) {
        if self.is_full() {
            return;
        }
        self.found.push(Raw {
            rule,
            span,
            message,
            help,
        });
    }

    /// Reports the text at `span`, quotes included; what is between them is never shown.
    pub(crate) fn report_secret(
        &mut self,
        rule: &'static Rule,
        span: Span,
        message: String,
        help: String,
    ) {
        self.hide(span);
        self.report_with(rule, span, message, help);
    }

    /// Hides what is between the quotes at `span`.
    pub(crate) fn hide(&mut self, span: Span) {
        let text = self.text.get(span.start..span.end).unwrap_or_default();
        let quotes = match (text.starts_with("''"), text.starts_with('"')) {
            (true, _) => 2,
            (_, true) => 1,
            _ => 0,
        };
        self.secrets.push(Span::new(
            span.start + quotes,
            span.end.saturating_sub(quotes).max(span.start + quotes),
        ));
    }

    fn tree(&mut self, tree: &'t Tree) {
        rules::visit(self, tree);
        match &tree.node {
            Node::Text(parts) | Node::Path(parts) => {
                for part in parts {
                    if let Part::Value(value) = part {
                        self.tree(value);
                    }
                }
            }
            Node::Select {
                base,
                path,
                default,
            } => {
                self.tree(base);
                self.names(path);
                default.iter().for_each(|default| self.tree(default));
            }
            Node::HasAttr { base, path } => {
                self.tree(base);
                self.names(path);
            }
            Node::Lambda { parameter, body } => self.lambda(parameter, body),
            Node::Apply {
                function,
                arguments,
            } => {
                self.tree(function);
                let declares = call(self.syntax, tree).is_some_and(|(name, _)| name == "mkOption");
                for argument in arguments {
                    match &argument.node {
                        Node::Set {
                            recursive: false,
                            entries,
                        } if declares => self.option(entries),
                        _ => self.tree(argument),
                    }
                }
            }
            Node::List(items) => items.iter().for_each(|item| self.tree(item)),
            Node::Set { recursive, entries } => self.entries(entries, *recursive, None),
            Node::LegacyLet(entries) => self.entries(entries, true, None),
            Node::Let { entries, body } => self.entries(entries, true, Some(body)),
            Node::With { scope, body } => {
                self.tree(scope);
                self.tree(body);
            }
            Node::If { condition, yes, no } => [condition, yes, no]
                .into_iter()
                .for_each(|one| self.tree(one)),
            Node::Assert { condition, body } => {
                [condition, body].into_iter().for_each(|one| self.tree(one))
            }
            Node::And(left, right)
            | Node::Or(left, right)
            | Node::Implies(left, right)
            | Node::Binary(_, left, right) => {
                self.tree(left);
                self.tree(right);
            }
            Node::Not(value) | Node::Negate(value) => self.tree(value),
            Node::Int(_)
            | Node::Float(_)
            | Node::Uri(_)
            | Node::SearchPath(_)
            | Node::Name(_)
            | Node::CurrentPosition => {}
        }
    }

    fn names(&mut self, path: &'t [nixseal_nix::syntax::Attr]) {
        for attr in path {
            if let AttrName::Dynamic(name) = &attr.name {
                self.tree(name);
            }
        }
    }

    fn lambda(&mut self, parameter: &'t Parameter, body: &'t Tree) {
        let depth = self.scope.len();
        match parameter {
            Parameter::Name(name) => self.bind(*name, None),
            Parameter::Pattern { whole, formals, .. } => {
                if let Some((name, _)) = whole {
                    self.bind(*name, None);
                }
                for formal in formals {
                    self.bind(formal.name, formal.default.as_ref());
                }
                for formal in formals {
                    if let Some(default) = &formal.default {
                        self.path.push(self.syntax.name(formal.name));
                        rules::binding(self, default);
                        self.tree(default);
                        self.path.pop();
                    }
                }
            }
        }
        self.tree(body);
        self.leave(depth);
    }

    fn entries(&mut self, entries: &'t [Entry], recursive: bool, body: Option<&'t Tree>) {
        let depth = self.scope.len();
        if recursive {
            for entry in entries {
                if let Entry::Binding { path, value } = entry
                    && let [only] = path.as_slice()
                    && let AttrName::Static(name) = only.name
                {
                    self.bind(name, Some(value));
                }
            }
        }
        for entry in entries {
            match entry {
                Entry::Binding { path, value } => self.bound(path, value, body.is_some()),
                Entry::Inherit { source, .. } => source.iter().for_each(|source| self.tree(source)),
            }
        }
        body.iter().for_each(|body| self.tree(body));
        self.leave(depth);
    }

    /// The argument of `mkOption`; all of its example is one, whatever its attributes are called.
    fn option(&mut self, entries: &'t [Entry]) {
        for entry in entries {
            let one = std::slice::from_ref(entry);
            let is_example = match entry {
                Entry::Binding { path, .. } => path.first().is_some_and(|attr| {
                    rules::is_documentation(&[name_of(self.syntax, &attr.name)])
                }),
                Entry::Inherit { .. } => false,
            };
            if let Entry::Binding { path, value } = entry
                && let [only] = path.as_slice()
                && name_of(self.syntax, &only.name) == "default"
            {
                rules::option_default(self, value);
            }
            self.documentation += usize::from(is_example);
            self.entries(one, false, None);
            self.documentation -= usize::from(is_example);
        }
    }

    /// A binding; one of `let` begins a path of its own.
    fn bound(&mut self, path: &'t [nixseal_nix::syntax::Attr], value: &'t Tree, is_let: bool) {
        self.names(path);
        let outer = is_let.then(|| std::mem::take(&mut self.path));
        let depth = self.path.len();
        let names = path.iter().map(|attr| name_of(self.syntax, &attr.name));
        self.path.extend(names);
        rules::binding(self, value);
        self.tree(value);
        self.path.truncate(depth);
        if let Some(outer) = outer {
            self.path = outer;
        }
    }
}
