//! The accuracies of the papers, in per cent.

use crate::dataset::Dataset;
use crate::learner::Learner;

/// A published number and, where it is told, half of its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Published {
    pub accuracy: f64,
    pub ci95: Option<f64>,
}

/// The ways and shots of the columns of the tables below.
const COLUMNS: [(usize, usize); 4] = [(5, 1), (5, 5), (20, 1), (20, 5)];

/// A row: the dataset, the learner, its order, and what is published for each column, with 0 where nothing is.
type Row = (Dataset, Learner, u32, [(f64, f64); 4]);

/// Meta-SGD and MAML: Li et al. 2017. First-order MAML on Omniglot: Nichol et al. 2018; on miniImagenet: Finn et al. 2017.
/// Meta-LSTM: Ravi and Larochelle 2017, and in 20 ways Li et al. 2017. ANIL: Raghu et al. 2020, as later tables cite it. MAML on CIFAR-FS: Bertinetto et al. 2019.
const TABLE: [Row; 9] = [
    (Dataset::Omniglot, Learner::MetaSgd, 2, [(99.53, 0.26), (99.93, 0.09), (95.93, 0.38), (98.97, 0.19)]),
    (Dataset::Omniglot, Learner::Maml, 2, [(98.7, 0.4), (99.9, 0.1), (95.8, 0.3), (98.9, 0.2)]),
    (Dataset::Omniglot, Learner::Fomaml, 1, [(98.3, 0.0), (99.2, 0.0), (89.4, 0.0), (97.9, 0.0)]),
    (
        Dataset::MiniImagenet,
        Learner::MetaSgd,
        2,
        [(50.47, 1.87), (64.03, 0.94), (17.56, 0.64), (28.92, 0.35)],
    ),
    (Dataset::MiniImagenet, Learner::Maml, 2, [(48.70, 1.84), (63.11, 0.92), (16.49, 0.0), (19.29, 0.0)]),
    (Dataset::MiniImagenet, Learner::Fomaml, 1, [(48.07, 0.0), (63.15, 0.0), (0.0, 0.0), (0.0, 0.0)]),
    (Dataset::MiniImagenet, Learner::Anil, 2, [(46.70, 0.0), (61.50, 0.0), (0.0, 0.0), (0.0, 0.0)]),
    (Dataset::MiniImagenet, Learner::MetaLstm, 1, [(43.44, 0.77), (60.60, 0.71), (16.70, 0.0), (26.06, 0.0)]),
    (Dataset::CifarFs, Learner::Maml, 2, [(58.9, 1.9), (71.5, 1.0), (0.0, 0.0), (0.0, 0.0)]),
];

/// What is published for this learner on tasks of this size.
pub fn of(
    dataset: Dataset,
    (learner, order): (Learner, u32),
    (ways, shots): (usize, usize),
) -> Option<Published> {
    let (.., row) = TABLE.iter().find(|row| (row.0, row.1, row.2) == (dataset, learner, order))?;
    let column = COLUMNS.iter().position(|&column| column == (ways, shots))?;
    let above_zero = |number: f64| (number > 0.0).then_some(number);
    let (accuracy, ci95) = row[column];
    Some(Published { accuracy: above_zero(accuracy)?, ci95: above_zero(ci95) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_read_by_dataset_learner_and_size() {
        let published = |accuracy, ci95| Some(Published { accuracy, ci95 });
        let (omniglot, imagenet) = (Dataset::Omniglot, Dataset::MiniImagenet);
        assert_eq!(of(omniglot, (Learner::MetaSgd, 2), (5, 1)), published(99.53, Some(0.26)));
        assert_eq!(of(omniglot, (Learner::Fomaml, 1), (20, 1)), published(89.4, None));
        assert_eq!(of(imagenet, (Learner::Maml, 2), (5, 5)), published(63.11, Some(0.92)));
        assert_eq!(of(Dataset::CifarFs, (Learner::Maml, 2), (5, 1)), published(58.9, Some(1.9)));
    }

    #[test]
    fn what_nobody_published_has_no_number() {
        assert_eq!(of(Dataset::Glyphs, (Learner::MetaSgd, 2), (5, 1)), None);
        assert_eq!(of(Dataset::Omniglot, (Learner::MetaSgd, 1), (5, 1)), None);
        assert_eq!(of(Dataset::Omniglot, (Learner::MetaSgd, 2), (5, 2)), None);
        assert_eq!(of(Dataset::MiniImagenet, (Learner::Anil, 2), (20, 1)), None);
    }
}
