//! Packed structs: lang-c knows no attribute between `struct` and its tag.

use std::collections::BTreeSet;

const ATTRIBUTE: &str = "__attribute__((packed))";

/// Blanks the attribute out, so that every offset stays, and gives the tags that had it.
pub(super) fn take(mut text: String) -> (String, BTreeSet<String>) {
    let mut tags = BTreeSet::new();
    let mut from = 0;
    while let Some(at) = text[from..].find(ATTRIBUTE) {
        let start = from + at;
        let end = start + ATTRIBUTE.len();
        from = end;
        let tag = code(&text[end..]);
        let tag = &tag[..tag
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(tag.len())];
        let before = text[..start].trim_end();
        // Line markers stand where a header tests for the compiler.
        let before = before
            .lines()
            .rev()
            .find(|line| !line.starts_with('#') && !line.trim().is_empty())
            .unwrap_or("");
        if !tag.is_empty() && before.trim_end().ends_with("struct") {
            tags.insert(tag.to_owned());
            text.replace_range(start..end, &" ".repeat(ATTRIBUTE.len()));
        }
    }
    (text, tags)
}

/// The text from its first line that is not a line marker.
fn code(text: &str) -> &str {
    let mut rest = text.trim_start();
    while rest.starts_with('#') {
        rest = rest
            .split_once('\n')
            .map_or("", |(_, rest)| rest)
            .trim_start();
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::take;

    #[test]
    fn the_attribute_goes_and_the_tag_is_known() {
        let text = "struct\n# 44 \"a.h\"\n__attribute__((packed))\n\ntag {\n int x;\n};\n";
        let (taken, tags) = take(text.to_owned());
        assert_eq!(tags, ["tag".to_owned()].into());
        assert_eq!(taken.len(), text.len());
        assert!(!taken.contains("attribute"));
    }

    #[test]
    fn other_places_stay() {
        let text = "struct tag { int x; } __attribute__((packed)) y;\n";
        assert_eq!(take(text.to_owned()).0, text);
    }
}
