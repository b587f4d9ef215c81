//! Printing and parsing are inverse to each other.

use cevalry_model::{alpha, parse, print};

const EVERY_FORM: &str = r##"#[family(CALL)] #[size(4)] #[releases("3.13.5", "3.13.15")]
opcode CALL_EVERYTHING {
    let callable: object = stack[-2 - oparg];
    var type: i64 = (callable.PyVarObject.ob_size as i64) - -1;
    cell out: object = NULL;
    cell array: [ptr; 3];
    guard callable.PyObject.ob_type == &PyFloat_Type else deopt;
    guard !(type & 0x10000) else interpret("too \"large\"");
    guard &tstate._ts.datastack != &_PyRuntime.gc.generations[2].count else unbound(oparg);
    check_eval_breaker(0, 2);
    let p: *object = callable.PyListObject.ob_item;
    let q: **u8 = &p[3];
    let x: object = (callable.PyListObject.ob_item)[type];
    let y: object = callable.PyTupleObject.ob_item[type + 1];
    let z: u32 = (callable.PyObject.ob_type).PyTypeObject.tp_version_tag;
    let w: f64 = -(1.5) + -1.5;
    let bits: u64 = bitnot(5u64) << 3;
    let r: object = indirect::<fn(object, *object, ...) -> object>(p[0], x, addr(out));
    indirect::<fn()>(q);
    array[1] = select(type < 3, p, instr_ptr(2));
    callable.PyListObject.ob_item[type] = cache_obj(1);
    p[type] = local[oparg];
    *q;
}
"##;

#[test]
fn printing_a_parsed_file_gives_its_text() {
    let text = EVERY_FORM.replace("    *q;\n", REST);
    let parsed = parse::file("every.tmpl", &text).unwrap_or_else(|error| panic!("{error}"));
    let printed = print::file(&parsed.file);
    assert_eq!(printed, text);
    let again = parse::file("every.tmpl", &printed).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(again, parsed);
}

const REST: &str = r#"    type = (type as i32) as i64;
    Py_DECREF(callable);
    if out == NULL {
        error(-2 - oparg);
    } else if cache_u16(1) != unit_opcode(2) {
        while type > 0 {
            if unit_oparg(1) {
                break;
            }
            type = type - 1;
            continue;
        }
        loop {
            reraise(0);
        }
    } else {
        PyErr_SetString(tstate, c"tab\t\"quoted\"");
        yield_(-1, x);
    }
    stack[-1] = r;
    local[0] = cache_u32(1) + cache_u64(2);
    enter_frame(-1, frame, 4);
    return_(r);
    jump(0, 4 - oparg);
    deopt;
    next(-1);
"#;

#[test]
fn a_written_out_expression_prints_in_canonical_form() {
    let text =
        "#[size(1)] #[releases(\"3.13.5\")] opcode X { let a: i32 = oparg * 2 + 1; next(((0))); }";
    let parsed = parse::file("x.tmpl", text).unwrap_or_else(|error| panic!("{error}"));
    let expected = "let a: i32 = (oparg * 2) + 1;\nnext(0);\n";
    assert_eq!(print::statements(&parsed.file.templates[0].body), expected);
}

#[test]
fn types_and_signatures_print_as_they_parse() {
    for text in [
        "u8",
        "object",
        "**PyObject",
        "struct _ts",
        "[[ptr; 3]; 256]",
    ] {
        assert_eq!(parse::field_type(text).unwrap().to_string(), text);
    }
    for text in [
        "fn()",
        "fn(...)",
        "fn(object, i64, ...) -> object",
        "fn(ref, *u8) -> i32",
    ] {
        assert_eq!(parse::signature(text).unwrap().to_string(), text);
    }
}

#[test]
fn names_do_not_matter_for_equality_and_everything_else_does() {
    let body = |text: &str| {
        let text = format!("#[size(1)] #[releases(\"3.13.5\")] opcode X {{ {text} }}");
        let mut parsed = parse::file("x.tmpl", &text).unwrap_or_else(|error| panic!("{error}"));
        parsed.file.templates.remove(0).body
    };
    let a = body("let a: i32 = 1; if a { let b: i32 = a; f(b); } else { let c: i32 = a; f(c); }");
    let b = body("let x: i32 = 1; if x { let c: i32 = x; f(c); } else { let c: i32 = x; f(c); }");
    let c = body("let x: i32 = 1; if x { let c: i32 = x; f(x); } else { let c: i32 = x; f(c); }");
    assert!(alpha::equal(&a, &b));
    assert!(!alpha::equal(&a, &c));
}

#[test]
fn errors_carry_the_place_and_the_line() {
    let text = "#[size(1)] #[releases(\"3.13.5\")]\nopcode X {\n    let a: i31 = 1;\n}\n";
    let error = parse::file("x.tmpl", text).unwrap_err().to_string();
    assert_eq!(
        error,
        "x.tmpl:3:12: unknown type `i31`: expected i8 to i64, u8 to u64, f32, f64, object, ref, \
         ptr or *TYPE\n    let a: i31 = 1;"
    );
}
