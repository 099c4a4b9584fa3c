//! What each op computes, written once more as plain loops over indices, with NumPy's broadcasting.

use metatape::ops::{Conv, Matmul, MatmulAdd, Op, Placement};
use metatape::tape::Extent;
use metatape::tensor::Shape;

use crate::case::{Case, Operand};
use crate::reference_images as images;
use crate::reference_lstm as lstm;

/// The op's result. The match names every op: one that is new in the list does not compile before it is written here.
pub fn reference(case: &Case<Op>) -> (Extent, Vec<f64>) {
    let x = &case.operands[..];
    match case.op {
        Op::Exp(_) => elementwise(x, |x| x[0].exp()),
        Op::Ln(_) => elementwise(x, |x| x[0].ln()),
        Op::Expm1(_) => elementwise(x, |x| x[0].exp_m1()),
        Op::Ln1p(_) => elementwise(x, |x| x[0].ln_1p()),
        Op::Sqrt(_) => elementwise(x, |x| x[0].sqrt()),
        Op::Recip(_) => elementwise(x, |x| 1.0 / x[0]),
        Op::Square(_) => elementwise(x, |x| x[0] * x[0]),
        Op::Tanh(_) => elementwise(x, |x| x[0].tanh()),
        Op::Sigmoid(_) => elementwise(x, |x| 1.0 / (1.0 + (-x[0]).exp())),
        Op::Softplus(_) => elementwise(x, |x| (1.0 + x[0].exp()).ln()),
        Op::Sin(_) => elementwise(x, |x| x[0].sin()),
        Op::Cos(_) => elementwise(x, |x| x[0].cos()),
        Op::Neg(_) => elementwise(x, |x| -x[0]),
        Op::Scale(op) => elementwise(x, |x| op.factor * x[0]),
        Op::Affine(op) => elementwise(x, |x| op.scale * x[0] + op.offset),
        Op::Add(_) => elementwise(x, |x| x[0] + x[1]),
        Op::Sub(_) => elementwise(x, |x| x[0] - x[1]),
        Op::AddScaled(op) => elementwise(x, |x| x[0] + op.factor * x[1]),
        Op::Mul(op) => elementwise(x, |x| op.factor * x[0] * x[1]),
        Op::AddProduct(op) => elementwise(x, |x| x[0] + op.factor * x[1] * x[2]),
        Op::Div(_) => elementwise(x, |x| x[0] / x[1]),
        Op::Gate(_) => elementwise(x, |x| if x[0] > 0.0 { x[1] } else { 0.0 }),
        Op::Signed(_) => elementwise(x, |x| if x[0] > 0.0 { x[1] } else { -x[1] }),
        Op::Detach(_) => elementwise(x, |x| x[0]),
        Op::SumTo(op) => sum(&x[0], op.to, op.over_episodes),
        Op::Dot(op) => {
            let (extent, values) = elementwise(x, |x| op.factor * x[0] * x[1]);
            sum(&Operand { extent, values, moves: false }, op.to, op.over_episodes)
        }
        Op::SumSquares(op) => {
            let (extent, values) = elementwise(x, |x| op.factor * x[0] * x[0]);
            sum(&Operand { extent, values, moves: false }, Shape::SCALAR, false)
        }
        Op::BroadcastTo(op) => {
            let episodes = op.to.episodes.max(x[0].extent.episodes);
            build(episodes, op.to.shape, |episode, index| get(&x[0], episode, index))
        }
        Op::Reshape(op) => (Extent { shape: op.to, ..x[0].extent }, x[0].values.clone()),
        Op::Permute(op) => {
            let order: Vec<usize> = op.order().collect();
            let dims: Vec<usize> = order.iter().map(|&axis| x[0].extent.shape.dim(axis)).collect();
            build(x[0].extent.episodes, Shape::new(&dims), |episode, index| {
                let mut own = vec![0; order.len()];
                order.iter().zip(index).for_each(|(&axis, &i)| own[axis] = i);
                get(&x[0], episode, &own)
            })
        }
        Op::Slice(op) => {
            let axis = op.axis as usize;
            build(x[0].extent.episodes, with_dim(x[0].extent.shape, axis, op.len as usize), |e, index| {
                get(&x[0], e, &shifted(index, axis, op.start as isize))
            })
        }
        Op::Pad(op) => {
            let (axis, start) = (op.axis as usize, op.start as usize);
            let filled = start..start + x[0].extent.shape.dim(axis);
            build(x[0].extent.episodes, with_dim(x[0].extent.shape, axis, op.len as usize), |e, index| {
                match filled.contains(&index[axis]) {
                    true => get(&x[0], e, &shifted(index, axis, -(start as isize))),
                    false => 0.0,
                }
            })
        }
        Op::Concat(op) => {
            let axis = op.axis as usize;
            let [left, right] = [0, 1].map(|slot: usize| x[slot].extent.shape.dim(axis));
            build(joined(x), with_dim(x[0].extent.shape, axis, left + right), |e, index| {
                match index[axis] < left {
                    true => get(&x[0], e, index),
                    false => get(&x[1], e, &shifted(index, axis, -(left as isize))),
                }
            })
        }
        Op::Matmul(op) => matmul(op, x),
        Op::Conv(Conv { placement }) => {
            let (image, kernel) = (x[0].extent.shape, x[1].extent.shape);
            let output = |axis: usize| {
                let room =
                    image.dim(axis) + 2 * usize::from(placement.padding[axis - 1]) - kernel.dim(axis - 1);
                room / usize::from(placement.stride[axis - 1]) + 1
            };
            let shape = [image.dim(0), output(1), output(2), kernel.dim(3)].into();
            conv(placement, joined(x), [image, kernel, shape], 2, |e, at| {
                get(&x[0], e, &at[0]) * get(&x[1], e, &at[1])
            })
        }
        Op::ConvInput(op) => {
            let (y, kernel) = (x[0].extent.shape, x[1].extent.shape);
            let image = [y.dim(0), op.size[0] as usize, op.size[1] as usize, kernel.dim(2)].into();
            let shapes = [image, kernel, y];
            conv(op.placement, joined(x), shapes, 0, |e, at| get(&x[0], e, &at[2]) * get(&x[1], e, &at[1]))
        }
        Op::ConvWeight(op) => {
            let (image, y) = (x[0].extent.shape, x[1].extent.shape);
            let [a, b] = op.kernel.map(usize::from);
            let shapes = [image, [a, b, image.dim(3), y.dim(3)].into(), y];
            let (extent, values) = conv(op.placement, joined(x), shapes, 1, |e, at| {
                get(&x[0], e, &at[0]) * get(&x[1], e, &at[2])
            });
            sum(&Operand { extent, values, moves: false }, extent.shape, op.fold)
        }
        Op::MatmulAdd(op) => {
            let MatmulAdd { left_transposed, right_transposed, relu } = op;
            let (extent, values) = matmul(Matmul { left_transposed, right_transposed, fold: false }, &x[..2]);
            let product = Operand { extent, values, moves: false };
            elementwise(&[product, x[2].clone()], |x| if relu { (x[0] + x[1]).max(0.0) } else { x[0] + x[1] })
        }
        Op::MaxPick(_) => build(joined(x), without_last(x[0].extent.shape), |e, row| {
            get(&x[1], e, &[row, &[place_of_largest(&x[0], e, row)]].concat())
        }),
        Op::MaxPlace(_) => build(joined(x), x[0].extent.shape, |e, index| {
            let (column, row) = index.split_last().expect("a last axis");
            if *column == place_of_largest(&x[0], e, row) { get(&x[1], e, row) } else { 0.0 }
        }),
        Op::Gather(_) => {
            let shape = with_dim(x[1].extent.shape, 0, x[0].extent.shape.len());
            build(joined(x), shape, |e, index| {
                let row = get(&x[0], e, &index[..1]) as usize;
                get(&x[1], e, &[&[row], &index[1..]].concat())
            })
        }
        Op::Scatter(op) => build(joined(x), with_dim(x[1].extent.shape, 0, op.rows as usize), |e, index| {
            (0..x[0].extent.shape.len())
                .filter(|&i| get(&x[0], e, &[i]) as usize == index[0])
                .map(|i| get(&x[1], e, &[&[i], &index[1..]].concat()))
                .sum()
        }),
        Op::OneHot(op) => {
            let shape = [x[0].extent.shape.len(), op.classes as usize].into();
            build(x[0].extent.episodes, shape, |e, index| {
                f64::from(u8::from(get(&x[0], e, &index[..1]) as usize == index[1]))
            })
        }
        Op::Softmax(_) => build(x[0].extent.episodes, x[0].extent.shape, |e, index| {
            let (_, row) = index.split_last().expect("a last axis");
            get(&x[0], e, index).exp() / row_of(&x[0], e, row).iter().map(|x| x.exp()).sum::<f64>()
        }),
        Op::LogSumExp(_) => build(x[0].extent.episodes, without_last(x[0].extent.shape), |e, row| {
            row_of(&x[0], e, row).iter().map(|x| x.exp()).sum::<f64>().ln()
        }),
        Op::CrossEntropy(_) => build(joined(x), x[1].extent.shape, |e, index| {
            let row = row_of(&x[0], e, index);
            row.iter().map(|x| x.exp()).sum::<f64>().ln() - row[get(&x[1], e, index) as usize]
        }),
        Op::PoolSum(op) => images::sum(op.window, &x[0]),
        Op::PoolSpread(op) => images::spread(op.window, op.image, &x[0]),
        Op::PoolPick(op) => images::pick(op.window, x, &x[1], images::plain(x)),
        Op::PoolPlace(op) => images::place(op.window, x, &x[1], images::plain(x)),
        Op::ScaledPick(op) => images::pick(op.window, x, &x[2], images::scaled(x)),
        Op::ScaledPlace(op) => images::place(op.window, x, &x[2], images::scaled(x)),
        Op::PlacedShift(op) => images::placed_shift(op.window, x),
        Op::Moments(_) => images::moments(&x[0]),
        Op::ScaleShift(op) => build(joined(x), x[0].extent.shape, |e, index| {
            let channel = *index.last().expect("a last axis");
            let [a, b] = [0, 1].map(|row| get(&x[1], e, &[row, channel]));
            let sum = a * get(&x[0], e, index) + b + x.get(2).map_or(0.0, |y| get(y, e, index));
            if op.relu { sum.max(0.0) } else { sum }
        }),
        Op::LstmCell(_) => lstm::cell(x),
        Op::LstmOutput(_) => lstm::output(x),
        Op::LstmGatesPull(_) => lstm::gates_pull(x),
        Op::LstmCellPull(_) => lstm::cell_pull(x),
        Op::LstmOutputPull(_) => lstm::output_pull(x),
    }
}

fn sum(x: &Operand, to: Shape, over_episodes: bool) -> (Extent, Vec<f64>) {
    let episodes = if over_episodes { 1 } else { x.extent.episodes };
    let extent = Extent { episodes, shape: to };
    let mut sum = Operand { extent, values: vec![0.0; extent.len()], moves: false };
    each_index(x.extent, |episode, index| {
        let at = place(sum.extent, episode, index);
        sum.values[at] += get(x, episode, index);
    });
    (sum.extent, sum.values)
}

/// The sum of `term` over all that meet in a convolution of images, weights and results of these `shapes`, into the one
/// of the three that is `kept`. A term gets the index in each.
fn conv(
    placement: Placement,
    episodes: u32,
    shapes: [Shape; 3],
    kept: usize,
    term: impl Fn(u32, &[[usize; 4]; 3]) -> f64,
) -> (Extent, Vec<f64>) {
    let [image, kernel, output] = shapes;
    let extent = Extent { episodes, shape: shapes[kept] };
    let mut values = vec![0.0; extent.len()];
    each_index(Extent { episodes, shape: output }, |e, y| {
        each_index(Extent::shared(kernel), |_, w| {
            // The output has the filters of the weights.
            let place = |axis: usize| {
                let padded = y[axis] * usize::from(placement.stride[axis - 1]) + w[axis - 1];
                padded.checked_sub(placement.padding[axis - 1].into()).filter(|&at| at < image.dim(axis))
            };
            if let (true, Some(row), Some(column)) = (y[3] == w[3], place(1), place(2)) {
                let at = [[y[0], row, column, w[2]], [w[0], w[1], w[2], w[3]], [y[0], y[1], y[2], y[3]]];
                values[self::place(extent, e, &at[kept])] += term(e, &at);
            }
        });
    });
    (extent, values)
}

fn matmul(op: Matmul, x: &[Operand]) -> (Extent, Vec<f64>) {
    let at =
        |slot: usize, transposed: bool, e, i, j| get(&x[slot], e, &if transposed { [j, i] } else { [i, j] });
    let dims = |slot: usize, transposed: bool| {
        let shape = x[slot].extent.shape;
        if transposed { [shape.dim(1), shape.dim(0)] } else { [shape.dim(0), shape.dim(1)] }
    };
    let [rows, inner] = dims(0, op.left_transposed);
    let [_, columns] = dims(1, op.right_transposed);
    let product = |e, index: &[usize]| -> f64 {
        let [i, j] = [index[0], index[1]];
        (0..inner).map(|k| at(0, op.left_transposed, e, i, k) * at(1, op.right_transposed, e, k, j)).sum()
    };
    match op.fold {
        true => build(1, [rows, columns].into(), |_, index| {
            (0..joined(x)).map(|episode| product(episode, index)).sum()
        }),
        false => build(joined(x), [rows, columns].into(), product),
    }
}

/// The place of an index in the list of values, aligned to the right; axes of length 1 and shared episodes are repeated.
fn place(extent: Extent, episode: u32, index: &[usize]) -> usize {
    let rank = extent.shape.rank();
    let mut at = if extent.episodes == 1 { 0 } else { episode as usize };
    for (axis, &i) in index[index.len() - rank..].iter().enumerate() {
        let dim = extent.shape.dim(axis);
        at = at * dim + if dim == 1 { 0 } else { i };
    }
    at
}

pub fn get(operand: &Operand, episode: u32, index: &[usize]) -> f64 {
    operand.values[place(operand.extent, episode, index)]
}

pub fn each_index(extent: Extent, mut body: impl FnMut(u32, &[usize])) {
    let dims: Vec<usize> = (0..extent.shape.rank()).map(|axis| extent.shape.dim(axis)).collect();
    for episode in 0..extent.episodes {
        for flat in 0..extent.shape.len() {
            let mut rest = flat;
            let mut index = vec![0; dims.len()];
            for axis in (0..dims.len()).rev() {
                index[axis] = rest % dims[axis];
                rest /= dims[axis];
            }
            body(episode, &index);
        }
    }
}

pub fn build(episodes: u32, shape: Shape, value: impl Fn(u32, &[usize]) -> f64) -> (Extent, Vec<f64>) {
    let extent = Extent { episodes, shape };
    let mut values = Vec::new();
    each_index(extent, |episode, index| values.push(value(episode, index)));
    (extent, values)
}

fn elementwise(operands: &[Operand], f: impl Fn(&[f64]) -> f64) -> (Extent, Vec<f64>) {
    let rank = operands.iter().map(|x| x.extent.shape.rank()).max().expect("an operand");
    let dims: Vec<usize> = (0..rank)
        .map(|axis| {
            let dim = |x: &Operand| {
                let shape = x.extent.shape;
                (axis + shape.rank()).checked_sub(rank).map_or(1, |own| shape.dim(own))
            };
            operands.iter().map(dim).max().expect("an operand")
        })
        .collect();
    build(joined(operands), Shape::new(&dims), |episode, index| {
        f(&operands.iter().map(|x| get(x, episode, index)).collect::<Vec<_>>())
    })
}

pub fn joined(operands: &[Operand]) -> u32 {
    operands.iter().map(|x| x.extent.episodes).max().expect("an operand")
}

fn with_dim(shape: Shape, axis: usize, dim: usize) -> Shape {
    let dims = (0..shape.rank()).map(|other| if other == axis { dim } else { shape.dim(other) });
    Shape::new(&dims.collect::<Vec<_>>())
}

fn without_last(shape: Shape) -> Shape {
    Shape::new(&(0..shape.rank() - 1).map(|axis| shape.dim(axis)).collect::<Vec<_>>())
}

fn shifted(index: &[usize], axis: usize, by: isize) -> Vec<usize> {
    let mut index = index.to_vec();
    index[axis] = index[axis].strict_add_signed(by);
    index
}

fn row_of(x: &Operand, episode: u32, row: &[usize]) -> Vec<f64> {
    let columns = x.extent.shape.dim(x.extent.shape.rank() - 1);
    (0..columns).map(|column| get(x, episode, &[row, &[column]].concat())).collect()
}

fn place_of_largest(x: &Operand, episode: u32, row: &[usize]) -> usize {
    let row = row_of(x, episode, row);
    (0..row.len()).rev().max_by(|&i, &j| row[i].total_cmp(&row[j])).expect("a column")
}
