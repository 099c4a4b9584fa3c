// In place of the Rust peers' own `main`, which has a fixed list: the products that the command line names, one at a time.
fn main() {
    let words: Vec<String> = std::env::args().collect();
    let option = |name: &str| words.iter().position(|word| word == name).map(|at| words[at + 1].as_str());
    let number = |name: &str| option(name).map_or(1, |word| word.parse::<usize>().expect("a number"));
    let (threads, samples) = (number("--threads"), 5 * number("--repeats"));
    for shape in option("--shapes").expect("--shapes").split(',') {
        let one = shape.rsplit(':').next().expect("a last part");
        let lengths: Vec<usize> = one.split('x').map(|word| word.parse().expect("a length")).collect();
        let &[m, k, n] = &lengths[..] else { panic!("{shape}: three lengths") };
        let multiply = if option("--type") == Some("f64") { f64s } else { f32s };
        multiply("", threads, m, k, n, samples);
    }
}
