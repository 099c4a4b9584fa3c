//! Mistakes are refused at the line of whoever made them, with the op and both shapes.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::process::Command;
use std::sync::Once;

use metatape::nn::{Gaussian, Lstm};
use metatape::prelude::*;
use metatape::simd::{Level, LevelError, level};

thread_local! {
    /// Where this thread panicked last, and what it said.
    static PANIC: RefCell<Option<(String, u32, String)>> = const { RefCell::new(None) };
}

/// Asserts that `mistake` panics with `message`, at a line of the statement that calls this.
#[track_caller]
fn refused<R>(message: &str, mistake: impl FnOnce() -> R) {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let (place, text) =
                (panic.location().expect("a place"), panic.payload_as_str().unwrap_or_default());
            let seen = (place.file().to_owned(), place.line(), text.to_owned());
            PANIC.with(|last| *last.borrow_mut() = Some(seen));
            usual(panic);
        }));
    });
    let here = Location::caller();
    assert!(catch_unwind(AssertUnwindSafe(mistake)).is_err(), "nothing was refused: {message}");
    let (file, line, text) = PANIC.with(|last| last.take()).expect("the hook saw the panic");
    assert_eq!(text, message);
    // A statement that is broken over lines begins at `here`.
    assert!(
        file == here.file() && (here.line()..here.line() + 4).contains(&line),
        "`{text}` is blamed on {file}:{line}, the mistake is at {here}"
    );
}

fn zeros(tape: &Tape<f64>, shape: impl Into<Shape>) -> Var<'_, f64> {
    tape.fill(Extent::shared(shape), 0.0)
}

fn list(shapes: &[&[usize]]) -> Tensors<f64> {
    let mut list = Tensors::new();
    for (i, shape) in shapes.iter().enumerate() {
        list.push(format!("{i}"), Tensor::zeros(Shape::new(shape)));
    }
    list
}

#[test]
fn arithmetic_names_the_op_and_both_shapes() {
    let tape = Tape::new();
    let (x, y) = (zeros(&tape, [2, 3]), zeros(&tape, [4]));
    refused("add of [2, 3] and [4]: the shapes do not broadcast", || x + y);
    refused("sub of [2, 3] and [4]: the shapes do not broadcast", || x - y);
    refused("mul of [2, 3] and [4]: the shapes do not broadcast", || x * y);
    refused("div of [2, 3] and [4]: the shapes do not broadcast", || x / y);
    refused("dot of [2, 3] and [4]: the shapes do not broadcast", || x.dot(y));
    refused("matmul of [2, 3] and [2, 3]: the inner lengths differ", || x.matmul(x));
    refused("matmul of [2, 3] and [4]: wants two matrices", || x.matmul(y));
    let three = tape.fill(Extent::new(3, [4]), 0.0);
    let two = tape.fill(Extent::new(2, [4]), 0.0);
    refused("add of [4] x 3 episodes and [4] x 2 episodes: the numbers of episodes differ", || three + two);
}

#[test]
fn shaping_names_the_op_and_the_shape() {
    let tape = Tape::new();
    let (x, y) = (zeros(&tape, [2, 3]), zeros(&tape, [4, 3]));
    refused("reshape of [2, 3]: the new shape has another length", || x.reshape([7]));
    refused("concat of [2, 3] and [4, 3]: the other axes differ in length", || concat(x, y, 1));
    refused("concat of [2, 3] and [4, 3]: both operands need the axis, and the same number of axes", || {
        concat(x, y, 2)
    });
    refused("slice of [2, 3]: the part ends behind the axis", || x.slice(1, 2..4));
    refused("slice of [2, 3]: there is no such axis", || x.slice(2, 0..1));
    refused("permute of [2, 3]: the order has another number of axes", || x.permute(&[0]));
    refused("permute: [0, 0] does not hold each axis once", || x.permute(&[0, 0]));
    refused("broadcast_to of [2, 3]: the operand does not broadcast to the shape", || x.broadcast_to([2, 4]));
    refused("shape [2, 3] has no axis 2", || x.sum_axis(2));
    refused("shape [2, 3] has no axis 5", || x.mean_axis(5));
    refused("max_axis: shape [2, 3] has no axis 2", || x.max_axis(2));
    refused("item of [2, 3]: it has 6 floats, not one", || x.item());
    let scalar = tape.scalar(1.0);
    refused("softmax of []: wants a last axis that is not empty", || scalar.softmax());
    refused("log_sum_exp of []: wants a last axis that is not empty", || scalar.log_softmax());
}

#[test]
fn images_name_the_op_and_both_shapes() {
    let tape = Tape::new();
    let (images, w) = (zeros(&tape, [2, 5, 4, 3]), zeros(&tape, [3, 3, 3, 7]));
    let (one, other) = ([1, 1], zeros(&tape, [3, 3, 2, 7]));
    refused("conv of [2, 5, 4, 3] and [3, 3, 2, 7]: the images have other channels than the weights", || {
        images.conv(other, one, one)
    });
    refused("conv of [3, 3, 3, 7] and [3, 3]: wants operands of rank 4", || {
        w.conv(zeros(&tape, [3, 3]), one, one)
    });
    refused(
        "conv of [2, 5, 4, 3] and [7, 3, 3, 2]: the window does not fit into the image, or is empty",
        || images.conv(zeros(&tape, [7, 3, 3, 2]), one, [0, 0]),
    );
    refused(
        "conv of [2, 5, 4, 3] and [3, 3, 3, 7]: the window does not fit into the image, or is empty",
        || images.conv(w, [0, 1], one),
    );
    refused("conv: a stride of [65536, 1] or a padding of [1, 1] is above 65535", || {
        images.conv(w, [65536, 1], one)
    });
    refused("pool_pick of [2, 5, 4, 3] and [2, 5, 4, 3]: the window is larger than the images", || {
        images.max_pool([2, 5], [2, 2])
    });
    refused("pool_sum of [2, 3]: wants images [n, height, width, channels]", || {
        zeros(&tape, [2, 3]).mean_pool([2, 2], [2, 2])
    });
    refused("scale_shift of [2, 5, 4, 3] and [2, 4]: wants [2, channels] beside [.., channels]", || {
        images.scale_shift(zeros(&tape, [2, 4]))
    });
    refused("relu_pool of [2, 5, 4, 3] and [2, 4]: wants [2, channels] beside [.., channels]", || {
        images.relu_pool(zeros(&tape, [2, 4]), [2, 2], [2, 2])
    });
    refused("moments of []: wants a last axis and numbers along it", || zeros(&tape, []).moments());
}

#[test]
fn rows_and_classes_by_number_are_checked() {
    let tape = Tape::new();
    let (x, flat) = (zeros(&tape, [2, 3]), zeros(&tape, [2]));
    let numbers = tape.tensor(&Tensor::from_vec([2], vec![1.0, 3.0]));
    refused("gather of [2, 3] and [2, 3]: wants a list of row numbers, and rows", || x.gather(x));
    refused("gather: 3 is not a whole number below 2", || x.gather(numbers));
    refused("cross_entropy: 3 is not a whole number below 3", || x.cross_entropy(numbers));
    refused("cross_entropy: 3 is not a whole number below 3", || cross_entropy(x, numbers));
    refused("cross_entropy of [2] and [2]: wants logits [n, classes] and class numbers [n]", || {
        flat.cross_entropy(flat)
    });
    refused("one_hot: 3 is not a whole number below 2", || numbers.one_hot(2));
    refused("one_hot of [2, 3]: wants a list of class numbers", || x.one_hot(2));
    let half = tape.tensor(&Tensor::from_vec([2], vec![0.5, 0.0]));
    refused("gather: 0.5 is not a whole number below 2", || x.gather(half));
}

#[test]
fn layers_and_losses_blame_the_model() {
    let tape = Tape::new();
    let (x, y) = (zeros(&tape, [5, 3]), zeros(&tape, [4, 2]));
    let (w, b) = (zeros(&tape, [3, 2]), zeros(&tape, [3]));
    refused("sub of [5, 3] and [4, 2]: the shapes do not broadcast", || mse(x, y));
    let [identity, relu] = [Activation::Identity, Activation::Relu];
    refused("matmul_add of [5, 3] and [4, 2] and [3]: the inner lengths differ", || dense(x, y, b, identity));
    let misfit =
        "matmul_add of [5, 3] and [3, 2] and [3]: the last is neither like the product nor a row of it";
    refused(misfit, || dense(x, w, b, relu));
    let theta = list(&[&[2, 4], &[4]]).put(&tape);
    refused("matmul_add of [5, 3] and [2, 4] and [4]: the inner lengths differ", || mlp(theta, x, relu));
    let odd = list(&[&[3, 4], &[4], &[4, 1]]).put(&tape);
    refused("mlp: 3 tensors are no pairs of weights and biases", || mlp(odd, x, relu));
    refused("sub of [5, 3] and [4, 2]: the shapes do not broadcast", || {
        Gaussian { mean: y, log_deviation: b }.log_density(x)
    });
}

#[test]
fn parameter_arithmetic_blames_the_learner() {
    let tape = Tape::new();
    let (x, y) = (list(&[&[2, 3], &[4]]).put(&tape), list(&[&[2, 3], &[5]]).put(&tape));
    let short = list(&[&[2, 3]]).put(&tape);
    refused("add of [4] and [5]: the shapes do not broadcast", || x + y);
    refused("sub of [4] and [5]: the shapes do not broadcast", || x - y);
    refused("mul of [4] and [5]: the shapes do not broadcast", || x * y);
    refused("dot of [4] and [5]: the shapes do not broadcast", || x.dot(y));
    refused("sub of lists of 2 and 1 variables", || x - short);
    refused("dot of lists of 2 and 1 variables", || x.dot(short));
    let wide = zeros(&tape, [7]);
    refused("mul of [2, 3] and [7]: the shapes do not broadcast", || x * wide);
    refused("3 variables asked of a list of 2", || x.all::<3>());
    refused("variable 2 of a list of 2", || x.get(2));
    refused("variables 1..3 of a list of 2", || x.part(1, 2));
}

#[test]
fn derivatives_blame_the_caller() {
    let tape = Tape::new();
    let (x, other) = (zeros(&tape, [2, 3]), zeros(&tape, [4]));
    let y = x.square();
    refused("grad of [2, 3]: a loss is a scalar", || grad(y, &x));
    refused("jvp: a tangent of shape [4] for an input of shape [2, 3]", || jvp(&y, &x, &other));
    refused("vjp: a cotangent of shape [4] for an output of shape [2, 3]", || vjp(&y, &x, &other));
    let loss = y.sum();
    refused("jvp: a tangent of shape [4] for an input of shape [2, 3]", || hvp(loss, &x, &other));
    refused("vjp: a cotangent of shape [4] for an output of shape [2, 3]", || hvp_reverse(loss, &x, &other));
    refused("jvp: one variable is named twice among the inputs", || jvp(&y, &(x, x), &(x, x)));
    let (two, one) = (list(&[&[2], &[3]]).put(&tape), list(&[&[2]]).put(&tape));
    refused("jvp: 1 tangents for 2 inputs", || jvp(&loss, &two, &one));
    refused("vjp: 1 cotangents for 2 outputs", || vjp(&two, &x, &one));
    let episodes = tape.fill(Extent::new(2, []), 0.0);
    refused("hessian of a loss with 2 episodes", || hessian(episodes, episodes));
    refused("a matrix of derivatives of [] x 2 episodes by [2, 3]: episodes have one each", || {
        jacobian(episodes, x)
    });
    // A refused walk leaves the tape usable.
    assert_eq!(grad(loss, &x).to_tensor().values(), [0.0; 6]);
}

#[test]
fn values_at_rest_blame_the_caller() {
    let tape = Tape::new();
    let mut theta = list(&[&[2], &[3]]);
    let (longer, shorter) = (list(&[&[2], &[4]]).put(&tape), list(&[&[2]]).put(&tape));
    refused("copy_from_tape: [4] into a tensor of shape [3]", || theta.copy_from_tape(&longer));
    refused("copy_from_tape: 1 variables into 2 tensors", || theta.copy_from_tape(&shorter));
    let many = tape.fill(Extent::new(2, [3]), 0.0);
    refused("copy_from_tape: [3] x 2 episodes into a tensor of shape [3]", || {
        Tensor::zeros([3]).copy_from_tape(&many)
    });
    let mut theta = list(&[&[2], &[3]]);
    let slope = list(&[&[3], &[2]]);
    refused("step: gradients of shapes [[3], [2]] for parameters of shapes [[2], [3]]", || {
        Sgd::new().step(&mut theta, &slope, 0.1)
    });
    refused("a gradient of 4 floats for 5 parameters", || Adam::new().descend(&mut theta, &[0.0; 4], 0.1));
    refused("a gradient of 6 floats for 5 parameters", || Sgd::new().descend(&mut theta, &[0.0; 6], 0.1));
    let mut adam = Adam::new();
    adam.descend(&mut Tensor::<f64>::zeros([7]), &[0.0; 7], 0.1);
    refused("an optimiser's state of 7 floats for 5 parameters", || adam.descend(&mut theta, &[0.0; 5], 0.1));
    refused("a chunk of no episodes", || Workers::<f64>::new(0));
    let none: [Tensor<f64>; 0] = [];
    refused("the mean over no episodes", || mean_grad(&theta, &none, |_, theta, _| theta.squared_norm()));
}

/// Does nothing but use the engine: the tests below run it in a process of its own.
#[test]
fn uses_the_engine() {
    let tape = Tape::<f32>::new();
    assert_eq!(tape.scalar(2.0).square().item(), 4.0);
    assert_eq!(Level::chosen(), Ok(level()));
}

/// What a process says that asks for the level `word`, and whether it succeeds.
fn with_level(word: &std::ffi::OsStr) -> (bool, String) {
    let program = std::env::current_exe().expect("this test's program");
    let arguments = ["--exact", "uses_the_engine", "--test-threads", "1"];
    let output =
        Command::new(program).args(arguments).env("METATAPE_SIMD", word).output().expect("a process");
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    (output.status.success(), said.concat())
}

#[test]
fn a_level_that_cannot_be_had_is_refused_by_name() {
    for word in ["avx1024", "AVX2", ""] {
        let (success, said) = with_level(word.as_ref());
        let message = format!("METATAPE_SIMD={word}: unknown level (portable, avx2 or avx512)");
        assert!(!success && said.contains(&message), "{word}: {said}");
    }
    for asked in Level::ALL {
        let (success, said) = with_level(asked.name().as_ref());
        let missing = LevelError::Missing { asked, best: Level::best() }.to_string();
        assert_eq!(success, asked <= Level::best(), "{asked}: {said}");
        assert!(success || said.contains(&missing), "{asked}: {said}");
    }
    assert_eq!(
        LevelError::Missing { asked: Level::Avx512, best: Level::Avx2 }.to_string(),
        "METATAPE_SIMD=avx512: this machine has no avx512, its best level is avx2"
    );
}

#[cfg(unix)]
#[test]
fn a_level_that_is_no_text_is_refused_too() {
    use std::os::unix::ffi::OsStrExt;
    let (success, said) = with_level(std::ffi::OsStr::from_bytes(b"avx\xff"));
    assert!(!success && said.contains("unknown level"), "{said}");
}

#[test]
fn an_lstm_names_what_does_not_fit() {
    let tape = Tape::new();
    let net = Lstm { inputs: 3, hidden: 2, layers: 1 };
    let theta = list(&[&[3, 8], &[2, 8], &[8]]).put(&tape);
    let (state, x) = (net.start(&tape, 5), zeros(&tape, [5, 3]));
    refused("step: 1 parameters and a state of 2 parts are not those of 1 layers", || {
        net.step(theta.part(0, 1), state, x)
    });
    refused("output: a state of 3 parts is not that of 1 layers", || net.output(theta));
    refused("matmul_add of [5, 4] and [3, 8] and [8]: the inner lengths differ", || {
        net.step(theta, state, zeros(&tape, [5, 4]))
    });
    refused("lstm_cell of [5, 8] and [5, 2]: the operands differ in rows or in hidden numbers", || {
        zeros(&tape, [5, 8]).lstm_cell(zeros(&tape, [5, 2]))
    });
    refused(
        "lstm_cell of [7] and [4]: wants 4 hidden numbers a row for gates and 2 hidden for a cell",
        || zeros(&tape, [7]).lstm_cell(zeros(&tape, [4])),
    );
    refused("lstm_output of []: wants a last axis that is not empty", || tape.scalar(0.0).lstm_output());
}
