//! The first gradient, and the gradient of a gradient: `cargo run --release --example 01_gradient`.

use metatape::prelude::*;

fn main() {
    let tape = Tape::<f64>::new();
    let (x, y) = (tape.scalar(2.0), tape.scalar(3.0));

    // An expression is computed as it is written, and remembered on the tape.
    let f = x.square() * y + x.sin();
    println!("f(x, y) = x^2 y + sin x  at x = 2, y = 3:  {:.6}", f.item());

    let (df_dx, df_dy) = grad(f, &(x, y));
    println!("df/dx   = 2 x y + cos x  = {:.6}, by hand {:.6}", df_dx.item(), 12.0 + 2.0_f64.cos());
    println!("df/dy   = x^2            = {:.6}, by hand {:.6}", df_dy.item(), 4.0);

    // A derivative is again an expression on the tape, so it has derivatives of its own.
    let d2f_dx2 = grad(df_dx, &x);
    println!("d2f/dx2 = 2 y - sin x    = {:.6}, by hand {:.6}", d2f_dx2.item(), 6.0 - 2.0_f64.sin());
}
