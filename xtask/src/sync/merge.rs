//! Merging one release's templates into those of all releases.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use cevalry_model::alpha;
use cevalry_model::ast::{File, Template};
use cevalry_model::print;

use crate::release::Release;
use crate::templates::file_name;

/// The templates with those of `release` replaced by `new`.
///
/// Releases that have the same normal form share a template, in the spelling of the one that was
/// synced first: a text that is still right stays as it is.
pub fn merge(
    existing: Vec<Template>,
    release: Release,
    new: Vec<Template>,
) -> Result<Vec<Template>> {
    let name = release.to_string();
    let mut merged = existing;
    for template in &mut merged {
        template.releases.retain(|r| *r != name);
    }
    for mut template in new {
        match merged.iter_mut().find(|other| same(other, &template)) {
            Some(other) => {
                other.releases.push(name.clone());
                sort_releases(other)?;
            }
            None => {
                template.releases = vec![name.clone()];
                merged.push(template);
            }
        }
    }
    merged.retain(|template| !template.releases.is_empty());
    Ok(merged)
}

/// File name to text.
pub fn files(templates: &[Template]) -> Result<BTreeMap<String, String>> {
    let mut files: BTreeMap<String, Vec<(bool, &str, Release, &Template)>> = BTreeMap::new();
    for template in templates {
        let key = (
            // The generic member stands first.
            template.family.is_some(),
            template.name.as_str(),
            oldest(template)?,
            template,
        );
        files.entry(file_name(template)).or_default().push(key);
    }
    let texts = files.into_iter().map(|(name, mut templates)| {
        templates.sort_by_key(|(member, name, oldest, _)| (*member, *name, *oldest));
        let file = File {
            templates: templates.into_iter().map(|(.., t)| t.clone()).collect(),
        };
        (name, print::file(&file))
    });
    Ok(texts.collect())
}

/// The same opcode in the same normal form.
pub fn same(a: &Template, b: &Template) -> bool {
    a.name == b.name && a.family == b.family && a.size == b.size && alpha::equal(&a.body, &b.body)
}

fn oldest(template: &Template) -> Result<Release> {
    let release = template
        .releases
        .first()
        .with_context(|| format!("{}: a template without releases", template.name))?;
    Ok(release.parse()?)
}

fn sort_releases(template: &mut Template) -> Result<()> {
    let mut releases = template
        .releases
        .iter()
        .map(|release| release.parse::<Release>())
        .collect::<Result<Vec<_>, _>>()?;
    releases.sort();
    template.releases = releases.iter().map(Release::to_string).collect();
    Ok(())
}

#[cfg(test)]
mod tests {
    use cevalry_model::ast::Template;
    use cevalry_model::parse;

    use super::{files, merge};

    fn templates(text: &str) -> Vec<Template> {
        let mut templates = parse::file("test", text).unwrap().file.templates;
        for template in &mut templates {
            template.releases.clear();
        }
        templates
    }

    /// One release's only template, a member of a family.
    fn member(body: &str) -> Vec<Template> {
        templates(&format!(
            "#[family(ADD)] #[size(1)] #[releases(\"0.0.0\")] opcode ADD_INT {{ {body} }}"
        ))
    }

    fn text(syncs: &[(&str, &str)]) -> String {
        let mut all = Vec::new();
        for (release, body) in syncs {
            all = merge(all, release.parse().unwrap(), member(body)).unwrap();
        }
        let files = files(&all).unwrap();
        assert_eq!(files.keys().collect::<Vec<_>>(), ["ADD.tmpl"]);
        files["ADD.tmpl"].clone()
    }

    const OLD: (&str, &str) = (
        "3.11.2",
        "let a: object = stack[-1]; stack[-1] = a; next(0);",
    );
    const NEW: (&str, &str) = (
        "3.13.5",
        "let b: object = stack[-1]; stack[-1] = b; next(0);",
    );
    const OTHER: (&str, &str) = ("3.13.15", "next(0);");

    const EXPECTED: &str = "\
#[family(ADD)] #[size(1)] #[releases(\"3.11.2\", \"3.13.5\")]
opcode ADD_INT {
    let a: object = stack[-1];
    stack[-1] = a;
    next(0);
}

#[family(ADD)] #[size(1)] #[releases(\"3.13.15\")]
opcode ADD_INT {
    next(0);
}
";

    #[test]
    fn releases_with_one_normal_form_share_the_first_spelling() {
        assert_eq!(text(&[OLD, NEW, OTHER]), EXPECTED);
    }

    #[test]
    fn a_text_that_is_still_right_stays() {
        let respelled = ("3.11.2", NEW.1);
        assert_eq!(text(&[OLD, NEW, OTHER, respelled]), EXPECTED);
        assert_eq!(text(&[OLD, respelled, OTHER, NEW]), EXPECTED);
    }

    #[test]
    fn a_release_moves_between_variants() {
        assert_eq!(text(&[OLD, ("3.13.5", "next(0);"), OTHER, NEW]), EXPECTED);
    }
}
