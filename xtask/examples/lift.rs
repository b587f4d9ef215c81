use std::path::Path;
use xtask::c::lift::lift_release;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let v = &args[1];
    let p = format!("/root/.cache/cpython-source/Python-{v}");
    let t = std::time::Instant::now();
    let lifted = lift_release(Path::new(&p)).unwrap();
    let mut ok = 0;
    let mut total = 0;
    let mut lines = vec![];
    for op in &lifted.opcodes {
        if op.outside.is_some() {
            continue;
        }
        total += 1;
        match &op.result {
            Ok(t) => {
                ok += 1;
                if args.len() > 2 && (args[2..].contains(&op.name) || args[2] == "all") {
                    println!("{}", cevalry_model::print::template(t));
                } else {
                    let _ = cevalry_model::print::template(t);
                }
                lines.push(cevalry_model::print::template(t).lines().count());
            }
            Err(l) => {
                println!("LEFT {} {}: {}", op.name, l.place, l.reason)
            }
        }
    }
    lines.sort();
    eprintln!(
        "{v}: {ok}/{total} {:.1}% median {} max {} {:?}",
        100.0 * ok as f64 / total as f64,
        lines[lines.len() / 2],
        lines.last().unwrap(),
        t.elapsed()
    );
}
