//! Lines that a run says as it goes, in the words of the tools that it stands in for.

/// Takes the lines; whoever calls prints them.
pub trait Events {
    /// A line for standard output.
    fn out(&self, line: &str);
    /// A line for standard error.
    fn err(&self, line: &str);
}
