//! Names as small numbers: attribute names and variables are compared and
//! looked up millions of times, and written out rarely.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::rc::Rc;

use foldhash::fast::RandomState;

/// A name known to one [`Symbols`] table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol(u32);

/// All names of one evaluation.
#[derive(Default)]
pub(crate) struct Symbols {
    texts: Vec<Rc<[u8]>>,
    numbers: HashMap<Rc<[u8]>, Symbol, RandomState>,
}

impl Symbols {
    /// The number of `text`, a new one where it is new.
    pub(crate) fn intern(&mut self, text: &[u8]) -> Symbol {
        if let Some(symbol) = self.numbers.get(text) {
            return *symbol;
        }
        let symbol = Symbol(u32::try_from(self.texts.len()).unwrap_or(u32::MAX));
        let text: Rc<[u8]> = text.into();
        self.texts.push(Rc::clone(&text));
        self.numbers.insert(text, symbol);
        symbol
    }

    /// The name itself, shared.
    pub(crate) fn text(&self, symbol: Symbol) -> &Rc<[u8]> {
        &self.texts[symbol.0 as usize]
    }

    /// The name for a message.
    pub(crate) fn show(&self, symbol: Symbol) -> String {
        String::from_utf8_lossy(self.text(symbol)).into_owned()
    }

    /// The order in which Nix lists attribute names: by bytes.
    pub(crate) fn order(&self, left: Symbol, right: Symbol) -> Ordering {
        self.text(left).cmp(self.text(right))
    }
}
