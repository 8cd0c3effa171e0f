//! What failures mean for the run.

use crate::content::{Fault, Resolved};
use crate::manifest::{Kind, Policy};
use crate::plan::{Origin, Plan, Planned};
use crate::sops_nix::decrypt_failure;

/// Whether a failure keeps everything from being installed.
pub(super) fn aborts(plan: &Plan<'_>, resolved: &[Resolved]) -> bool {
    plan.items.iter().zip(resolved).any(|(planned, resolved)| {
        let policy = planned.item.on_failure.unwrap_or(plan.manifest.on_failure);
        resolved.fault().is_some() && !planned.item.optional && policy == Policy::Abort
    })
}

/// The first failure, in the words of sops-install-secrets.
pub(super) fn first_failure(plan: &Plan<'_>, resolved: &[Resolved]) -> Result<(), String> {
    for (planned, resolved) in plan.items.iter().zip(resolved) {
        if let Some(fault) = resolved.fault() {
            return Err(exact(planned, fault));
        }
    }
    Ok(())
}

fn exact(planned: &Planned<'_>, fault: &Fault) -> String {
    let name = &planned.item.name;
    match (&planned.origin, &fault.sops) {
        (Origin::Secret(source), Some(error)) => decrypt_failure(source.file(), error),
        (Origin::Secret(source), None) => {
            let file = source.file().display();
            let reason = fault.reason.strip_prefix(&format!("'{file}': "));
            let reason = reason.unwrap_or(&fault.reason);
            format!("secret {name} in {file} is not valid: {reason}")
        }
        (Origin::Template(_), _) => {
            debug_assert!(planned.kind == Kind::Template);
            format!("cannot render template '{name}': {}", fault.reason)
        }
    }
}
