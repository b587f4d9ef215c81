//! Sets the `Py_3_N` configuration flags of the interpreter that this build is for.

fn main() {
    pyo3_build_config::use_pyo3_cfgs();
}
