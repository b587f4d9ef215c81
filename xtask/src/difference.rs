//! Differences of normal forms, as lines.

use cevalry_model::ast::Template;
use cevalry_model::print;
use similar::{ChangeTag, TextDiff};

/// Unchanged lines around a change.
const CONTEXT: usize = 2;

/// Removed and added lines with some context; empty where the texts are equal.
pub fn lines(old: &str, new: &str) -> String {
    let diff = TextDiff::from_lines(old, new);
    let mut out = String::new();
    for (index, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if index > 0 {
            out.push_str("  ...\n");
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let sign = match change.tag() {
                ChangeTag::Delete => "- ",
                ChangeTag::Insert => "+ ",
                ChangeTag::Equal => "  ",
            };
            out.push_str(sign);
            out.push_str(change.value().trim_end_matches('\n'));
            out.push('\n');
        }
    }
    out
}

/// The difference of two templates, releases aside.
pub fn templates(old: &Template, new: &Template) -> String {
    lines(&text(old), &text(new))
}

fn text(template: &Template) -> String {
    let mut text = format!("size {}\n", template.size);
    if let Some(family) = &template.family {
        text = format!("family {family}\n{text}");
    }
    text + &print::statements(&template.body)
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn changes_stand_in_their_context() {
        let old = "a\nb\nc\nd\ne\nf\ng\nh\n";
        let new = "a\nb\nc\nD\ne\nf\ng\nh\ni\n";
        let expected = "  b\n  c\n- d\n+ D\n  e\n  f\n  g\n  h\n+ i\n";
        assert_eq!(lines(old, new), expected);
        assert_eq!(lines(old, old), "");
    }
}
