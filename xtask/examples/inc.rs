use std::path::Path;
use xtask::c::{ctype::CType, parse::Unit, preprocess::preprocess, types::Types};
fn walk(t: &Types, ty: &CType, path: String, depth: usize) {
    if t.size_align(ty).is_some() || depth > 12 {
        return;
    }
    match ty {
        CType::Record(id) => {
            let r = &t.records[id.0];
            match &r.fields {
                None => println!("incomplete {path}: {:?}", r.name),
                Some(f) => {
                    for f in f {
                        walk(t, &f.ty, format!("{path}.{:?}", f.name), depth + 1)
                    }
                }
            }
        }
        CType::Array(e, _) => walk(t, e, format!("{path}[]"), depth + 1),
        o => println!("{path}: {o:?}"),
    }
}
fn main() {
    for v in ["3.13.5", "3.14.5", "3.15.0rc1"] {
        let p = format!("/root/.cache/cpython-source/Python-{v}");
        let Ok(text) = preprocess(Path::new(&p)) else {
            continue;
        };
        let unit = Unit::parse(text).unwrap();
        let types = Types::collect(&unit);
        let id = types.record_named("_PyRuntimeState").unwrap();
        walk(&types, &CType::Record(id), v.into(), 0);
    }
}
