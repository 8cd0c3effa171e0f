//! Files of both kinds on their way to the views.

use std::path::{Path, PathBuf};

use nixseal_repository::loose::Ruled;
use nixseal_repository::matrix::Builder;
use nixseal_repository::rekey::Item;
use nixseal_repository::sops::plan::Plan;
use nixseal_repository::{FileState, Repository, Secret};

/// What the rules are for.
#[derive(Default)]
pub(super) struct Collected {
    pub(super) matrix: Builder,
    pub(super) ruled: Vec<Ruled>,
    pub(super) rules: Vec<PathBuf>,
}

impl Collected {
    pub(super) fn age(
        &mut self,
        repository: &Repository,
        items: &[Item<'_>],
        unusable: &[(&Secret, PathBuf)],
    ) {
        self.matrix.age(repository, items);
        self.rules.push(repository.rules.clone());
        for item in items {
            let exists = !matches!(item.state, FileState::Missing);
            self.add(&item.path, exists);
        }
        for (_, path) in unusable {
            self.add(path, path.exists());
        }
    }

    pub(super) fn sops(&mut self, plan: &Plan) {
        self.matrix.sops(&plan.items);
        let items = plan.items.iter().map(|item| &item.path);
        let bad = plan.bad.iter().map(|(path, _)| path);
        for path in items.chain(bad).chain(&plan.clear) {
            self.add(path, true);
        }
    }

    fn add(&mut self, path: &Path, exists: bool) {
        self.ruled.push(Ruled {
            path: path.to_owned(),
            exists,
        });
    }
}
