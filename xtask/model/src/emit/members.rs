//! Which template serves which patch releases, and where a member may run.

use super::Functions;
use crate::ast::{Expr, Stmt, Template};
use crate::release::Release;

/// A template that takes part, and where it stands for errors.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    pub template: &'a Template,
    /// Index of the template in the caller's list.
    pub origin: usize,
}

/// One run of patch releases that share an emitter, or have none.
pub(super) struct Variant<'r> {
    /// First patch release; 0 for the oldest run, which serves older releases too.
    pub since: u8,
    pub functions: Option<Functions<'r>>,
    /// See [`anywhere`].
    pub anywhere: bool,
}

/// The variants of an opcode, newest first; none when no release has a template.
pub(super) fn variants<'r>(
    releases: &[Release],
    newest: &'r Release,
    templates: &[Member<'_>],
    name: &str,
) -> Result<Vec<Variant<'r>>, (usize, String)> {
    let mut found: Vec<Variant<'r>> = Vec::new();
    for release in releases {
        let member = template_of(release, templates, name);
        let functions = match member {
            Some(member) => {
                let functions = Functions::of(release, newest, member.template);
                Some(functions.map_err(|error| (member.origin, error))?)
            }
            None => None,
        };
        let variant = Variant {
            since: if found.is_empty() {
                0
            } else {
                release.version.patch
            },
            functions,
            anywhere: member.is_some_and(|member| anywhere(release, templates, member.template)),
        };
        if found.last().is_none_or(|last| !last.same(&variant)) {
            found.push(variant);
        }
    }
    if found.iter().all(|variant| variant.functions.is_none()) {
        found.clear();
    }
    found.reverse();
    Ok(found)
}

impl Variant<'_> {
    /// Whether both give the same code.
    fn same(&self, other: &Variant<'_>) -> bool {
        let text = |variant: &Variant<'_>| {
            variant
                .functions
                .as_ref()
                .map(|f| f.named("it").to_string())
        };
        self.anywhere == other.anywhere && text(self) == text(other)
    }
}

/// The template of an opcode in a release. Of two the later one counts: overrides come last.
pub(super) fn template_of<'a>(
    release: &Release,
    templates: &[Member<'a>],
    name: &str,
) -> Option<Member<'a>> {
    let mut templates = templates.iter().rev();
    templates
        .find(|member| member.template.name == name && release.has(member.template))
        .copied()
}

/// Whether the guards of a specialised member alone say where it may run: it reads no inline
/// cache, and neither it nor the generic member looks at the argument except to jump.
pub(super) fn anywhere(release: &Release, templates: &[Member<'_>], template: &Template) -> bool {
    let Some(family) = &template.family else {
        return false;
    };
    let generic = template_of(release, templates, family).map(|member| member.template);
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
