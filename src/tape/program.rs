//! The program, its values, and the one function that makes both grow.

use std::cell::{Cell, RefCell};
use std::panic::Location;

use super::anomaly::{Line, Watch};
use super::{Anomaly, Extent, Language, MAX_INPUTS, Value, Var, Vars};
use crate::simd::{Float, Slab};
use crate::tensor::Tensor;

/// One line of the program: plain data.
#[derive(Clone, Copy, Debug)]
pub struct Node<O> {
    /// What was done; `None` for a value that came from outside.
    pub op: Option<O>,
    /// Whose values were read; only the first `arity` count.
    pub inputs: [u32; MAX_INPUTS],
    /// How many inputs the op has.
    pub arity: u8,
    /// How large the result is.
    pub extent: Extent,
    at: usize,
    len: usize,
}

/// Working memory for walks along the tape, kept with the tape so that walks allocate nothing.
#[derive(Debug, Default)]
pub struct Scratch {
    /// One mark a node.
    pub marks: Vec<u8>,
    /// One link a node, for instance to its cotangent.
    pub links: Vec<u32>,
    /// A list of nodes.
    pub list: Vec<u32>,
}

/// A growing straight-line program in the op language `O`, with its values.
///
/// Everything takes `&self`: variables are handed out as copies that borrow the tape, and [`Tape::clear`], which takes
/// `&mut self`, cannot be called while one is alive.
pub struct Tape<T: Float, O> {
    program: RefCell<Program<T, O>>,
    scratch: Cell<Scratch>,
    was_read: Cell<bool>,
    /// The line whose derivative is being written.
    differentiated: Cell<Option<u32>>,
}

struct Program<T: Float, O> {
    nodes: Vec<Node<O>>,
    slab: Slab<T>,
    used: usize,
    peak: usize,
    lists: Vec<u32>,
    watch: Option<Box<Watch>>,
}

impl<T: Float, O: Language> Tape<T, O> {
    /// An empty tape.
    pub fn new() -> Self {
        Tape::with_watch(None)
    }

    /// An empty tape that looks at every value as it is computed, and keeps the first [`Anomaly`]: which op of the program
    /// gave an infinity or a NaN, where that op was recorded, whether in its value or in a derivative of which order, and
    /// what went in. Looking costs a pass over each value; a tape that is not watched does not look.
    ///
    /// ```
    /// use metatape::prelude::*;
    ///
    /// let tape = Tape::<f64>::watched();
    /// let x = tape.scalar(0.0);
    /// let norm = x.square().sqrt(); // 0, and no derivative there
    /// assert_eq!(tape.anomaly(), None);
    ///
    /// grad(norm, &x);
    /// let anomaly = tape.anomaly().unwrap();
    /// assert_eq!((anomaly.op, anomaly.order), (Some("sqrt"), 1));
    /// assert!(anomaly.to_string().starts_with("the first derivative of sqrt at "));
    /// ```
    pub fn watched() -> Self {
        Tape::with_watch(Some(Box::default()))
    }

    fn with_watch(watch: Option<Box<Watch>>) -> Self {
        let (nodes, lists) = (Vec::new(), Vec::new());
        let program = Program { nodes, slab: Slab::new(), used: 0, peak: 0, lists, watch };
        Tape {
            program: RefCell::new(program),
            scratch: Cell::default(),
            was_read: Cell::new(false),
            differentiated: Cell::new(None),
        }
    }

    /// The first value that was not finite since a [watched](Tape::watched) tape was made; of one that is not watched,
    /// nothing.
    pub fn anomaly(&self) -> Option<Anomaly> {
        self.program.borrow().watch.as_ref().and_then(|watch| watch.first.clone())
    }

    /// Whether values are looked at as they are recorded.
    pub(crate) fn is_watched(&self) -> bool {
        self.program.borrow().watch.is_some()
    }

    /// Says that what is recorded from now on is a part of the derivative of line `id`, or, by `None`, the program's own.
    #[inline]
    pub(crate) fn differentiate(&self, id: Option<u32>) {
        self.differentiated.set(id);
    }

    /// Forgets the program and its values, and keeps the memory for the next one.
    pub fn clear(&mut self) {
        let program = self.program.get_mut();
        program.peak = program.peak.max(program.used);
        program.nodes.clear();
        program.lists.clear();
        if let Some(watch) = &mut program.watch {
            watch.origins.clear();
        }
        self.was_read.set(false);
        program.used = 0;
    }

    /// Runs `work`, then forgets all that it recorded: what was recorded before stays, to be used again without being put
    /// on the tape anew.
    ///
    /// Variables made by `work` end with it; that its result is `'static` keeps them from getting out.
    ///
    /// ```
    /// use metatape::prelude::*;
    ///
    /// let tape = Tape::<f64>::new();
    /// let x = tape.scalar(3.0);
    /// for (direction, product) in [(1.0, 18.0), (2.0, 36.0)] {
    ///     let hv = tape.forgetting(|| hvp(x * x * x, &x, &tape.scalar(direction)).item());
    ///     assert_eq!(hv, product);
    /// }
    /// assert_eq!(tape.len(), 1);
    /// ```
    pub fn forgetting<R: 'static>(&self, work: impl FnOnce() -> R) -> R {
        let mark = |program: &Program<T, O>| (program.nodes.len(), program.lists.len(), program.used);
        let (nodes, lists, used) = mark(&self.program.borrow());
        let result = work();
        let mut program = self.program.borrow_mut();
        program.peak = program.peak.max(program.used);
        program.nodes.truncate(nodes);
        program.lists.truncate(lists);
        if let Some(watch) = &mut program.watch {
            watch.origins.truncate(nodes);
        }
        program.used = used;
        result
    }

    /// How many nodes the program has.
    pub fn len(&self) -> usize {
        self.program.borrow().nodes.len()
    }

    /// Whether nothing has been recorded.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The most bytes that values have taken since the tape was made or [`Tape::reset_peak`] was called.
    pub fn peak_bytes(&self) -> usize {
        let program = self.program.borrow();
        program.peak.max(program.used) * size_of::<T>()
    }

    /// Starts the measurement of [`Tape::peak_bytes`] anew.
    pub fn reset_peak(&self) {
        let mut program = self.program.borrow_mut();
        program.peak = 0;
    }

    /// A value from outside, written by `fill` in place: all of `extent`, episode after episode.
    #[track_caller]
    pub fn leaf(&self, extent: Extent, fill: impl FnOnce(&mut [T])) -> Var<'_, T, O> {
        let program = &mut *self.program.borrow_mut();
        let (at, len) = (program.used, extent.len());
        program.used = at + Slab::<T>::whole_lines(len);
        program.slab.reserve(program.used);
        fill(&mut program.slab.values_mut()[at..at + len]);
        let id = program.push(Node { op: None, inputs: [0; MAX_INPUTS], arity: 0, extent, at, len });
        if program.watch.is_some() {
            program.look(self.differentiated.get(), Location::caller());
        }
        Var::new(self, id)
    }

    /// A tensor, shared by all episodes.
    #[track_caller]
    pub fn tensor(&self, tensor: &Tensor<T>) -> Var<'_, T, O> {
        self.leaf(Extent::shared(tensor.shape()), |out| out.copy_from_slice(tensor.values()))
    }

    /// A number, shared by all episodes.
    #[track_caller]
    pub fn scalar(&self, x: T) -> Var<'_, T, O> {
        self.fill(Extent::shared([]), x)
    }

    /// The same number everywhere in `extent`.
    #[track_caller]
    pub fn fill(&self, extent: Extent, x: T) -> Var<'_, T, O> {
        self.leaf(extent, |out| out.fill(x))
    }

    /// Computes `op` of `inputs` and appends it to the program.
    ///
    /// # Panics
    /// The operands do not fit: the message names the op and all shapes, at the caller's line.
    #[track_caller]
    #[inline]
    pub fn record(&self, op: O, inputs: &[Var<'_, T, O>]) -> Var<'_, T, O> {
        match *inputs {
            [x] => self.append(op, [x]),
            [x, y] => self.append(op, [x, y]),
            [x, y, z] => self.append(op, [x, y, z]),
            _ => panic!("{}: {} operands, no op has as many", op.name(), inputs.len()),
        }
    }

    // A number of operands that the compiler knows makes a third of a node's cost.
    #[track_caller]
    fn append<const N: usize>(&self, op: O, inputs: [Var<'_, T, O>; N]) -> Var<'_, T, O> {
        debug_assert!(
            inputs.iter().all(|x| std::ptr::eq(x.tape(), self)),
            "{}: operands of two tapes",
            op.name()
        );
        let program = &mut *self.program.borrow_mut();
        let ids = inputs.map(Var::id);
        let operands = ids.map(|id| &program.nodes[id as usize]);
        let extents = operands.map(|node| &node.extent);
        let extent = match op.extent(&extents) {
            Ok(extent) => extent,
            Err(mismatch) => refuse(op.name(), mismatch.0, &extents),
        };
        let len = extent.len();
        let at = if op.is_view() {
            operands[0].at
        } else {
            let at = program.used;
            program.used = at + Slab::<T>::whole_lines(len);
            program.slab.reserve(program.used);
            let (below, above) = program.slab.values_mut().split_at_mut(at);
            let values = operands
                .map(|node| Value { values: &below[node.at..node.at + node.len], extent: &node.extent });
            op.evaluate(&values, &extent, &mut above[..len]);
            at
        };
        let mut inputs = [0; MAX_INPUTS];
        inputs[..N].copy_from_slice(&ids);
        let id = program.push(Node { op: Some(op), inputs, arity: N as u8, extent, at, len });
        if program.watch.is_some() {
            program.look(self.differentiated.get(), Location::caller());
        }
        Var::new(self, id)
    }

    /// The line of the program that computed variable `id`.
    #[inline]
    pub fn node(&self, id: u32) -> Node<O> {
        self.program.borrow().nodes[id as usize]
    }

    /// Whether a number has been read since the tape was cleared: what was recorded after that may depend on it.
    pub(crate) fn was_read(&self) -> bool {
        self.was_read.get()
    }

    /// Writes `values` from position `start` over a value from outside. What was computed from it stays as it is until
    /// [`Tape::replay`]. Says whether there is such a value, of that extent.
    pub(crate) fn refill(&mut self, id: u32, extent: Extent, start: usize, values: &[T]) -> bool {
        let Program { nodes, slab, .. } = self.program.get_mut();
        let node = &nodes[id as usize];
        let fits = node.op.is_none() && node.extent == extent;
        if fits {
            slab.values_mut()[node.at + start..][..values.len()].copy_from_slice(values);
        }
        fits
    }

    /// Computes the whole program anew.
    pub(crate) fn replay(&mut self) {
        let Program { nodes, slab, .. } = self.program.get_mut();
        for node in nodes.iter() {
            let Some(op) = node.op else { continue };
            if op.is_view() {
                continue;
            }
            let (below, above) = slab.values_mut().split_at_mut(node.at);
            let mut values = [Value { values: &[], extent: Extent::SCALAR }; MAX_INPUTS];
            let operands = &node.inputs[..usize::from(node.arity)];
            for (value, &id) in values.iter_mut().zip(operands) {
                let operand = &nodes[id as usize];
                let floats = &below[operand.at..operand.at + operand.len];
                *value = Value { values: floats, extent: &operand.extent };
            }
            op.evaluate(&values[..operands.len()], &node.extent, &mut above[..node.len]);
        }
    }

    /// Reads the whole program. Nothing can be recorded meanwhile.
    pub fn read_program<R>(&self, look: impl FnOnce(&[Node<O>]) -> R) -> R {
        look(&self.program.borrow().nodes)
    }

    /// Reads the floats of variable `id`.
    pub(super) fn read<R>(&self, id: u32, look: impl FnOnce(&[T]) -> R) -> R {
        self.was_read.set(true);
        self.inspect(id, look)
    }

    /// As [`Tape::read`], for a check on whose outcome no further program depends.
    pub(crate) fn inspect<R>(&self, id: u32, look: impl FnOnce(&[T]) -> R) -> R {
        let program = self.program.borrow();
        let node = &program.nodes[id as usize];
        look(&program.slab.values()[node.at..node.at + node.len])
    }

    #[inline]
    pub(super) fn extent(&self, id: u32) -> Extent {
        self.program.borrow().nodes[id as usize].extent
    }

    /// Room for a list of `len` variables, to be filled by [`Tape::set_in_list`].
    pub(super) fn new_list(&self, len: usize) -> Vars<'_, T, O> {
        let lists = &mut self.program.borrow_mut().lists;
        let start = lists.len();
        lists.resize(start + len, u32::MAX);
        Vars::new(self, start as u32, len as u32)
    }

    pub(super) fn set_in_list(&self, at: usize, id: u32) {
        self.program.borrow_mut().lists[at] = id;
    }

    pub(super) fn in_list(&self, at: usize) -> u32 {
        self.program.borrow().lists[at]
    }

    /// Lends the working memory to a walk, which gives it back by [`Tape::return_scratch`]. A walk inside a walk gets
    /// fresh memory.
    pub fn take_scratch(&self) -> Scratch {
        self.scratch.take()
    }

    /// Takes the working memory back for the next walk.
    pub fn return_scratch(&self, scratch: Scratch) {
        self.scratch.set(scratch);
    }
}

impl<T: Float, O: Language> Default for Tape<T, O> {
    fn default() -> Self {
        Tape::new()
    }
}

impl<T: Float, O: Language> std::fmt::Debug for Tape<T, O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tape of {} nodes, {} bytes at most", self.len(), self.peak_bytes())
    }
}

impl<T: Float, O> Program<T, O> {
    #[inline]
    fn push(&mut self, node: Node<O>) -> u32 {
        let id = self.nodes.len();
        assert!(id < u32::MAX as usize, "a tape holds at most {} nodes", u32::MAX);
        self.nodes.push(node);
        id as u32
    }
}

impl<T: Float, O: Language> Program<T, O> {
    /// Shows the last line to the watch.
    #[cold]
    #[inline(never)]
    fn look(&mut self, differentiated: Option<u32>, place: &'static Location<'static>) {
        let Program { nodes, slab, watch: Some(watch), .. } = self else { return };
        let Some(node) = nodes.last() else { return };
        let values_of = |node: &Node<O>| &slab.values()[node.at..node.at + node.len];
        let op = node.op.map(|op| op.name());
        let reads = &node.inputs[..usize::from(node.arity)];
        let line = Line { op, place, differentiated, reads, extent: node.extent, values: values_of(node) };
        let inputs = reads.iter().map(|&id| &nodes[id as usize]);
        watch.look(&line, inputs.map(|input| (values_of(input), input.extent)));
    }
}

#[cold]
#[track_caller]
fn refuse(op: &str, why: &str, extents: &[&Extent]) -> ! {
    let shapes = extents.iter().map(|extent| extent.to_string()).collect::<Vec<_>>().join(" and ");
    panic!("{op} of {shapes}: {why}")
}
