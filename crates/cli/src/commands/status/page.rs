//! placeholder
use serde_json::Value;
use super::overview::Overview;
use crate::commands::Session;
pub(super) struct Input<'a> {
    pub(super) overview: &'a Overview,
    pub(super) session: &'a Session<'a>,
    pub(super) files: &'a [Value],
}
pub(super) fn page(_input: &Input<'_>) -> String { String::new() }
