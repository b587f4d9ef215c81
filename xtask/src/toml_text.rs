//! Printing data as TOML that reads well and differs little when the data does.
//!
//! A table without tables in it is printed in one line; everything else gets a header.

use serde::Serialize;
use toml::{Table, Value};

/// The text of a data file. `about` becomes the comment at its top.
pub fn print(about: &str, data: &impl Serialize) -> Result<String, toml::ser::Error> {
    let table = Table::try_from(data)?;
    let mut text = String::new();
    for line in about.lines() {
        text.push_str(&format!("# {line}\n"));
    }
    body(&mut text, &table, &mut Vec::new());
    Ok(text)
}

fn body(text: &mut String, table: &Table, path: &mut Vec<String>) {
    let (lines, headers): (Vec<_>, Vec<_>) = table
        .iter()
        .partition(|(_, value)| !is_section(value, path.len()));
    if !path.is_empty() && (!lines.is_empty() || headers.is_empty()) {
        text.push_str(&format!("\n[{}]\n", path.join(".")));
    }
    for (key, value) in lines {
        text.push_str(&format!("{} = {}\n", shown(key), inline(value)));
    }
    for (key, value) in headers {
        if let Value::Table(inner) = value {
            path.push(shown(key));
            body(text, inner, path);
            path.pop();
        }
    }
}

fn is_section(value: &Value, depth: usize) -> bool {
    match value {
        Value::Table(table) => depth == 0 || table.values().any(Value::is_table),
        _ => false,
    }
}

fn inline(value: &Value) -> String {
    match value {
        Value::Table(table) => {
            let fields: Vec<String> = table
                .iter()
                .map(|(key, value)| format!("{} = {}", shown(key), inline(value)))
                .collect();
            if fields.is_empty() {
                "{}".to_owned()
            } else {
                format!("{{ {} }}", fields.join(", "))
            }
        }
        Value::Array(values) => {
            let values: Vec<String> = values.iter().map(inline).collect();
            format!("[{}]", values.join(", "))
        }
        other => other.to_string(),
    }
}

/// A key, quoted where it must be.
fn shown(key: &str) -> String {
    let bare = !key.is_empty()
        && key
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if bare {
        key.to_owned()
    } else {
        Value::String(key.to_owned()).to_string()
    }
}

#[cfg(test)]
mod tests {
    use toml::Table;

    use super::print;

    #[test]
    fn leaves_stand_in_one_line() {
        let text = "\
# About.

[opcodes]
ADD = { number = 1, text = 'a \"b\"' }

[opcodes.SUB]
left = { \"3.13.5\" = \"why\", x = [1, 2] }
number = 2

[roles]
none = {}
";
        let table: Table = text.parse().unwrap();
        assert_eq!(print("About.", &table).unwrap(), text);
    }
}
