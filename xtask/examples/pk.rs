fn main() {
    let t = std::fs::read_to_string("/tmp/lift/pk.c").unwrap();
    let p = lang_c::driver::parse_preprocessed(&lang_c::driver::Config::with_gcc(), t).unwrap();
    println!("{:#?}", p.unit.0[0]);
    println!("{:#?}", p.unit.0[2]);
}
