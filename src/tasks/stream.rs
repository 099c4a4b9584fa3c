//! Randomness that depends on nothing but three numbers.

use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

/// The generator of one task in one iteration of a run: the same for any number of threads, in any order of work.
///
/// The generator is xoshiro256++ (Blackman and Vigna, 2019). With `mix` the output function of SplitMix64, applied
/// to its argument plus 0x9e3779b97f4a7c15, the four words of its state are
///
/// ```text
/// a = mix(seed)       b = mix(a ^ iteration)      c = mix(b ^ task)
/// state = [mix(s1), s1 = mix(a ^ s2), s2 = mix(b ^ c), c]
/// ```
///
/// All four depend on all three numbers, and since each step can be undone, different numbers never share a state.
///
/// ```
/// use metatape::tasks::stream;
/// use rand::RngExt;
///
/// let first = |task| stream(0, 17, task).random::<f64>();
/// assert_eq!(first(3), first(3));
/// assert_ne!(first(3), first(4));
/// ```
pub fn stream(seed: u64, iteration: u64, task: u64) -> Xoshiro256PlusPlus {
    let a = mix(seed);
    let b = mix(a ^ iteration);
    let c = mix(b ^ task);
    let s2 = mix(b ^ c);
    let s1 = mix(a ^ s2);
    let mut state = [0; 32];
    for (bytes, word) in state.chunks_exact_mut(8).zip([mix(s1), s1, s2, c]) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
    Xoshiro256PlusPlus::from_seed(state)
}

fn mix(word: u64) -> u64 {
    let z = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand::Rng;

    use super::*;

    #[test]
    fn mix_is_splitmix64() {
        // The first output of the reference implementation for the seed 1234567.
        assert_eq!(mix(1234567), 6457827717110365317);
    }

    #[test]
    fn first_outputs_never_change() {
        let first = |seed, iteration, task| {
            let mut rng = stream(seed, iteration, task);
            [rng.next_u64(), rng.next_u64()]
        };
        assert_eq!(first(0, 0, 0), [7122830560792034322, 7153782530471509015]);
        assert_eq!(first(1, 2, 3), [11849858357548876748, 6666570060548268065]);
        assert_eq!(first(u64::MAX, u64::MAX, u64::MAX), [12557812087941247446, 9258575723074525616]);
    }

    #[test]
    fn neighbours_do_not_meet() {
        let mut seen = BTreeSet::new();
        for seed in 0..8 {
            for iteration in 0..64 {
                for task in 0..32 {
                    let mut rng = stream(seed, iteration, task);
                    for _ in 0..4 {
                        assert!(seen.insert(rng.next_u64()), "{seed} {iteration} {task}");
                    }
                }
            }
        }
    }
}
