//! The templates in the repository.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cevalry_model::ast::Template;
use cevalry_model::parse;

use crate::repo::Repo;

/// All templates: derived ones, and those that stand in for derived ones.
#[derive(Clone, Debug, Default)]
pub struct Templates {
    pub derived: Vec<Template>,
    pub overrides: Vec<Template>,
}

impl Templates {
    pub fn load(repo: &Repo) -> Result<Self> {
        Ok(Self {
            derived: read_folder(repo, &repo.templates())?,
            overrides: read_folder(repo, &repo.overrides())?,
        })
    }

    /// Opcode to template for one release; an override comes before what it stands in for.
    pub fn of_release(&self, release: &str) -> BTreeMap<&str, &Template> {
        self.derived
            .iter()
            .chain(&self.overrides)
            .filter(|template| template.releases.iter().any(|r| r == release))
            .map(|template| (template.name.as_str(), template))
            .collect()
    }

    /// The override of an opcode for a release.
    pub fn override_of(&self, opcode: &str, release: &str) -> Option<&Template> {
        self.overrides.iter().find(|template| {
            template.name == opcode && template.releases.iter().any(|r| r == release)
        })
    }
}

/// The name of the file that a template stands in.
pub fn file_name(template: &Template) -> String {
    let family = template.family.as_ref().unwrap_or(&template.name);
    format!("{family}.tmpl")
}

/// The `.tmpl` files of a folder, in order of their names; none where there is no folder.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| folder.display().to_string()),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| folder.display().to_string())?.path();
        if path.extension().is_some_and(|ending| ending == "tmpl") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn read_folder(repo: &Repo, folder: &Path) -> Result<Vec<Template>> {
    let mut templates = Vec::new();
    for path in files(folder)? {
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let name = path.strip_prefix(repo.root()).unwrap_or(&path);
        let parsed = parse::file(&name.display().to_string(), &text)?;
        templates.extend(parsed.file.templates);
    }
    Ok(templates)
}
