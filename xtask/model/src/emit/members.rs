//! Which template serves which patch releases, and where a member may run.

use crate::ast::{Expr, Stmt, Template};
use crate::release::Release;
use crate::version::Version;

/// A template that takes part, and where it stands for errors.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    pub template: &'a Template,
    /// Index of the template in the caller's list.
    pub origin: usize,
}

/// One run of patch releases that share a template, or have none.
pub(super) struct Variant<'a> {
    pub since: u8,
    pub member: Option<Member<'a>>,
}

/// The variants of an opcode within this minor release, newest first.
pub(super) fn variants<'a>(
    release: &Release,
    templates: &[Member<'a>],
    name: &str,
) -> Vec<Variant<'a>> {
    let mut found: Vec<Variant<'a>> = Vec::new();
    for version in &release.synced {
        let member = templates.iter().rev().find(|member| {
            let template = member.template;
            let holds = |text: &String| Version::parse(text).as_ref() == Some(version);
            template.name == name && template.releases.iter().any(holds)
        });
        let origin = member.map(|member| member.origin);
        match found.last() {
            Some(last) if last.member.map(|member| member.origin) == origin => {}
            _ => found.push(Variant {
                // The oldest one serves older patch releases too.
                since: if found.is_empty() { 0 } else { version.patch },
                member: member.copied(),
            }),
        }
    }
    if found.iter().all(|variant| variant.member.is_none()) {
        return Vec::new();
    }
    found.reverse();
    found
}

/// Whether the guards of a specialised member alone say where it may run: it reads no inline
/// cache, and neither it nor the generic member looks at the argument except to jump.
pub(super) fn anywhere(release: &Release, templates: &[Member<'_>], template: &Template) -> bool {
    let Some(family) = &template.family else {
        return false;
    };
    let shared = |text: &String| {
        template.releases.contains(text)
            && Version::parse(text).is_some_and(|version| version.minor == release.minor)
    };
    let generic = templates
        .iter()
        .map(|member| member.template)
        .find(|found| found.name == *family && found.releases.iter().any(shared));
    let argument = |expr: &Expr| matches!(expr, Expr::Oparg | Expr::UnitOparg(_));
    let cache = |expr: &Expr| matches!(expr, Expr::Cache { .. });
    !mentions(&template.body, &|expr| argument(expr) || cache(expr))
        && generic.is_some_and(|found| !mentions(&found.body, &argument))
}

/// Whether such an expression stands anywhere but in a jump.
fn mentions(body: &[Stmt], such: &dyn Fn(&Expr) -> bool) -> bool {
    body.iter().any(|stmt| {
        if matches!(stmt, Stmt::Jump { .. } | Stmt::CheckEvalBreaker { .. }) {
            return false;
        }
        let mut found = false;
        stmt.each_expr(&mut |expr| found |= contains(expr, such));
        stmt.each_inner(&mut |inner| found |= mentions(std::slice::from_ref(inner), such));
        found
    })
}

fn contains(expr: &Expr, such: &dyn Fn(&Expr) -> bool) -> bool {
    let mut found = such(expr);
    expr.each_child(&mut |child| found |= contains(child, such));
    found
}
