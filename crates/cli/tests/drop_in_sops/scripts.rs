//! The command scripts, against ours and against the real tool.

use nixseal_testkit::peers;
use nixseal_testkit::script::Suite;

const FOLDER: &str = "tests/scripts/sops";
const TOOLS: &[&str] = &["basename", "dirname", "readlink", "sed", "setpriv"];

#[test]
fn ours() {
    let binary = env!("CARGO_BIN_EXE_nixseal");
    Suite::ours(FOLDER, binary, &["sops"]).tools(TOOLS).run();
}

#[test]
fn the_peer() {
    Suite::peer(FOLDER, &[("sops", peers::sops())])
        .tools(TOOLS)
        .run();
}
