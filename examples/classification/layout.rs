//! Where things lie in the picture of a task.

/// The picture of a task in pixels: a row for each class, its support images to the left, its query images to the right.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Layout {
    /// How many classes, support images and query images of each are shown.
    pub rows: usize,
    pub support: usize,
    pub query: usize,
}

/// The side of an image.
pub const SIDE: usize = 72;
/// Between images.
const GAP: usize = 14;
/// Below an image, for what the model says of it.
pub const CAPTION: usize = 26;
/// Around everything.
pub const MARGIN: usize = 30;
/// For the title and the heads of the two halves.
pub const HEAD: usize = 110;
/// Before the first image, for the number of the class.
const NUMBER: usize = 50;
/// Between the halves.
const MIDDLE: usize = 50;
/// The narrowest picture that has room for its title.
const NARROWEST: usize = 1000;

const MOST_ROWS: usize = 20;
const MOST_SUPPORT: usize = 5;
const MOST_QUERY: usize = 10;

impl Layout {
    /// As much of a task of this size as there is room for.
    pub fn new(ways: usize, shots: usize, query: usize) -> Self {
        Layout { rows: ways.min(MOST_ROWS), support: shots.min(MOST_SUPPORT), query: query.min(MOST_QUERY) }
    }

    /// Width and height.
    pub fn size(self) -> (usize, usize) {
        let (right, _) = self.query(0, self.query - 1);
        let (_, bottom) = self.query(self.rows - 1, 0);
        ((right + SIDE + MARGIN).max(NARROWEST), bottom + SIDE + CAPTION + MARGIN)
    }

    /// The upper left corner of a support image.
    pub fn support(self, row: usize, image: usize) -> (usize, usize) {
        (MARGIN + NUMBER + image * (SIDE + GAP), MARGIN + HEAD + row * (SIDE + CAPTION + GAP))
    }

    /// The upper left corner of a query image.
    pub fn query(self, row: usize, image: usize) -> (usize, usize) {
        let (left, top) = self.support(row, self.support);
        (left + MIDDLE + image * (SIDE + GAP), top)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_and_captions_lie_apart_and_inside() {
        for (ways, shots, query) in [(2, 1, 1), (5, 1, 5), (5, 5, 15), (20, 5, 15), (100, 30, 30)] {
            let layout = Layout::new(ways, shots, query);
            let (width, height) = layout.size();
            let rows = 0..layout.rows;
            let support =
                rows.clone().flat_map(|row| (0..layout.support).map(move |i| layout.support(row, i)));
            let judged = rows.flat_map(|row| (0..layout.query).map(move |i| layout.query(row, i)));
            let corners: Vec<_> = support.chain(judged).collect();
            assert_eq!(corners.len(), layout.rows * (layout.support + layout.query));
            for (place, &(x, y)) in corners.iter().enumerate() {
                assert!(x + SIDE <= width && y + SIDE + CAPTION <= height, "{layout:?}: {x}, {y}");
                let overlaps = |&(other_x, other_y): &(usize, usize)| {
                    x.abs_diff(other_x) < SIDE && y.abs_diff(other_y) < SIDE + CAPTION
                };
                assert!(!corners[..place].iter().any(overlaps), "{layout:?}: {x}, {y}");
            }
        }
    }

    #[test]
    fn small_tasks_are_shown_whole() {
        assert_eq!(Layout::new(5, 1, 5), Layout { rows: 5, support: 1, query: 5 });
        assert_eq!(Layout::new(50, 20, 15), Layout { rows: 20, support: 5, query: 10 });
    }
}
