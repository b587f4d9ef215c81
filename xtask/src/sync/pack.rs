//! The entries of several patch releases as common entries and differences.

use std::collections::{BTreeMap, BTreeSet};

use cevalry_model::data::{Differs, of_release};

use crate::release::Release;

/// Release to name to entry.
pub type PerRelease<T> = BTreeMap<Release, BTreeMap<String, T>>;

/// Common entries (each as the newest release that has it) and how releases differ from them.
pub fn pack<T: Clone + PartialEq>(all: &PerRelease<T>) -> (BTreeMap<String, T>, Differs<T>) {
    let mut common = BTreeMap::new();
    for entries in all.values() {
        common.extend(
            entries
                .iter()
                .map(|(name, entry)| (name.clone(), entry.clone())),
        );
    }
    let mut differs = Differs::new();
    for (release, entries) in all {
        let changed: BTreeMap<String, T> = entries
            .iter()
            .filter(|(name, entry)| common.get(*name) != Some(entry))
            .map(|(name, entry)| (name.clone(), entry.clone()))
            .collect();
        let absent: BTreeSet<String> = common
            .keys()
            .filter(|name| !entries.contains_key(*name))
            .cloned()
            .collect();
        if !changed.is_empty() || !absent.is_empty() {
            let differences = cevalry_model::data::Differences { changed, absent };
            differs.insert(release.to_string(), differences);
        }
    }
    (common, differs)
}

/// The reverse of [`pack`].
pub fn unpack<T: Clone>(
    common: &BTreeMap<String, T>,
    differs: &Differs<T>,
    releases: impl IntoIterator<Item = Release>,
) -> PerRelease<T> {
    releases
        .into_iter()
        .map(|release| (release, of_release(common, differs, &release.to_string())))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{PerRelease, pack, unpack};

    #[test]
    fn packing_keeps_what_each_release_has() {
        let releases = [
            ("3.13.5", vec![("a", 1), ("b", 2), ("old", 3)]),
            ("3.13.15", vec![("a", 1), ("b", 4), ("new", 5)]),
        ];
        let all: PerRelease<i32> = releases
            .into_iter()
            .map(|(release, entries)| {
                let entries = entries.into_iter().map(|(n, v)| (n.to_owned(), v));
                (release.parse().unwrap(), entries.collect())
            })
            .collect();
        let (common, differs) = pack(&all);
        let expected = [("a", 1), ("b", 4), ("new", 5), ("old", 3)];
        let expected: BTreeMap<String, i32> = expected
            .into_iter()
            .map(|(n, v)| (n.to_owned(), v))
            .collect();
        assert_eq!(common, expected);
        assert_eq!(differs["3.13.5"].changed, [("b".to_owned(), 2)].into());
        assert_eq!(differs["3.13.5"].absent, ["new".to_owned()].into());
        assert!(differs["3.13.15"].changed.is_empty());
        assert_eq!(differs["3.13.15"].absent, ["old".to_owned()].into());
        assert_eq!(unpack(&common, &differs, all.keys().copied()), all);
    }
}
