use std::path::Path;
use xtask::c::{parse::Unit, preprocess::preprocess, types::Types};
fn main() {
    for v in [
        "3.9.2",
        "3.11.2",
        "3.13.5",
        "3.13.15",
        "3.14.5",
        "3.15.0rc1",
    ] {
        let p = format!("/root/.cache/cpython-source/Python-{v}");
        let t = std::time::Instant::now();
        let text = preprocess(Path::new(&p)).unwrap();
        let t1 = t.elapsed();
        let unit = Unit::parse(text).unwrap();
        let t2 = t.elapsed();
        let types = Types::collect(&unit);
        println!(
            "{v} {t1:?} {t2:?} {:?} f{} v{}",
            t.elapsed(),
            types.functions.len(),
            types.variables.len()
        );
        for n in [
            "PyThreadState",
            "PyInterpreterState",
            "_PyInterpreterFrame",
            "PyCodeObject",
            "PyTypeObject",
            "PyLongObject",
            "PyFunctionObject",
            "_PyRuntimeState",
            "PyASCIIObject",
            "PyGenObject",
        ] {
            println!(
                "  {n} {:?}",
                types.layout(n).map(|l| (l.size, l.align, l.fields.len()))
            );
        }
        if v == "3.13.5" {
            println!("{:#?}", types.layout("_PyInterpreterFrame"));
            println!("{:?}", types.variables.get("PyExc_TypeError"));
            println!(
                "{:?}",
                types.functions.get("PyObject_GetItem").map(|f| f.linkage)
            );
            println!(
                "{:?}",
                types.functions.get("_PyDict_LoadGlobal").map(|f| f.linkage)
            );
        }
    }
}
