//! How an image is looked at: turned, mirrored, moved.

use rand::{Rng, RngExt};

/// Changes of single images that leave the class what it is, so that few classes make more tasks, and few images more shots.
/// What is random is drawn anew for every image of every task, for training; scores are for images as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Augmentation {
    /// Whether one image in two is mirrored, left to right.
    pub mirror: bool,
    /// By how many pixels an image is moved at most, down or up and right or left; its border is repeated.
    pub shift: usize,
    /// Whether each support image stands in a task twice, once as it is and once mirrored (shot augmentation, Ni et al. 2021,
    /// arXiv:2010.07092). Nothing random: in scoring as well as in training.
    pub both_sides: bool,
    /// By how many pixels each support image is moved into each of the four corners, to stand in a task from there as well, its
    /// border repeated; 0 for not at all. With both sides it then stands there ten times (Krizhevsky et al. 2012, section
    /// 4.1). Nothing random either.
    pub corners: usize,
    /// Whether query images stand in a task from both sides and from each corner as well, so that a score can go by the mean of what
    /// is said of an image's views, as there.
    pub query_views: bool,
}

impl Augmentation {
    /// Images as they are.
    pub const NONE: Augmentation =
        Augmentation { mirror: false, shift: 0, both_sides: false, corners: 0, query_views: false };

    /// A view of an image, turned by so many quarters.
    pub(super) fn view<R: Rng + ?Sized>(self, turns: usize, rng: &mut R) -> View {
        let mirrored = self.mirror && rng.random();
        let mut shift = || if self.shift == 0 { 0 } else { rng.random_range(0..=2 * self.shift) };
        View { turns, mirrored, shift: [shift(), shift()], most: self.shift }
    }

    /// How often a support image stands in a task.
    pub(super) fn copies(self) -> usize {
        self.sides() * if self.corners == 0 { 1 } else { 5 }
    }

    /// How often a query image does.
    pub(super) fn query_copies(self) -> usize {
        if self.query_views { self.copies() } else { 1 }
    }

    /// How the copy of this number of an image is seen: its sides first, then its sides from each corner.
    pub(super) fn copy(self, view: View, number: usize) -> View {
        let mirrored = if self.both_sides { number % 2 == 1 } else { view.mirrored };
        let view = View { mirrored, ..view };
        match number / self.sides() {
            0 => view,
            corner => {
                let moved = |far: usize| 2 * self.corners * far;
                let shift =
                    [view.shift[0] + moved((corner - 1) / 2), view.shift[1] + moved((corner - 1) % 2)];
                View { shift, most: view.most + self.corners, ..view }
            }
        }
    }

    fn sides(self) -> usize {
        if self.both_sides { 2 } else { 1 }
    }
}

/// An image turned, then mirrored, then moved.
pub(super) struct View {
    /// Quarters, counterclockwise.
    turns: usize,
    mirrored: bool,
    /// How far down and right, beginning at `most` up and left.
    shift: [usize; 2],
    most: usize,
}

impl View {
    /// The row and column that are seen at a row and column of an image of this size.
    pub(super) fn source(&self, at: [usize; 2], size: [usize; 2]) -> [usize; 2] {
        let moved = |axis: usize| (at[axis] + self.most).saturating_sub(self.shift[axis]).min(size[axis] - 1);
        let (row, mut column) = (moved(0), moved(1));
        let last = size[1] - 1;
        if self.mirrored {
            column = last - column;
        }
        match self.turns {
            0 => [row, column],
            1 => [column, last - row],
            2 => [last - row, last - column],
            _ => [last - column, row],
        }
    }
}
