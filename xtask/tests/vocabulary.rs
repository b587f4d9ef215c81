//! The hand-written tables fit the prototypes that were read from the sources.

use cevalry_model::ast::Type;
use cevalry_model::release::Release;
use xtask::repo::Repo;

#[test]
fn ownership_is_declared_of_objects() {
    let repo = Repo::here().unwrap();
    let mut wrong = Vec::new();
    for minor in xtask::minor::synced(&repo).unwrap() {
        let number = minor.strip_prefix("3.").unwrap().parse().unwrap();
        for release in Release::load(repo.root(), number).unwrap() {
            for (name, effect) in &release.vocabulary.functions {
                let Some(function) = release.functions.get(name) else {
                    continue;
                };
                let signature = &function.signature;
                let object = |ty: &Type| matches!(ty, Type::Object | Type::Ref);
                for index in &effect.steals {
                    if !signature.params.get(*index).is_some_and(object) {
                        wrong.push(format!(
                            "{minor}: {name} takes over argument {index}: {signature}"
                        ));
                    }
                }
                if effect.borrowed && !object(&signature.result) {
                    wrong.push(format!(
                        "{minor}: {name} gives something borrowed: {signature}"
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
