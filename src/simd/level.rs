//! Which instructions the kernels use: read once, from the machine and from `METATAPE_SIMD`.

use std::fmt;
use std::sync::OnceLock;

/// A set of vector instructions, from the one that every machine has to the widest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// What `wide` compiles to on the target's baseline: SSE2, NEON, wasm SIMD or plain scalars.
    Portable,
    /// AVX2 with fused multiply-add, 256 bits.
    Avx2,
    /// AVX-512 F, BW, DQ and VL, 512 bits.
    Avx512,
}

impl Level {
    /// All levels, narrowest first.
    pub const ALL: [Level; 3] = [Level::Portable, Level::Avx2, Level::Avx512];

    /// The word for this level in `METATAPE_SIMD` and in results: `portable`, `avx2` or `avx512`.
    pub fn name(self) -> &'static str {
        match self {
            Level::Portable => "portable",
            Level::Avx2 => "avx2",
            Level::Avx512 => "avx512",
        }
    }

    /// The widest level that this machine has, whatever the environment says.
    pub fn best() -> Level {
        #[cfg(target_arch = "x86_64")]
        {
            let fma = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            let wide = is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl");
            if fma && wide {
                return Level::Avx512;
            }
            if fma {
                return Level::Avx2;
            }
        }
        Level::Portable
    }

    /// The level that kernels will use: the one named by `METATAPE_SIMD`, or else [`Level::best`].
    ///
    /// # Errors
    /// The variable holds an unknown word, or names a level that this machine lacks.
    pub fn chosen() -> Result<Level, LevelError> {
        static CHOSEN: OnceLock<Result<Level, LevelError>> = OnceLock::new();
        CHOSEN
            .get_or_init(|| {
                from_word(
                    std::env::var_os("METATAPE_SIMD")
                        .map(|word| word.to_string_lossy().into_owned())
                        .as_deref(),
                )
            })
            .clone()
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why `METATAPE_SIMD` cannot be honoured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LevelError {
    /// The word is none of `portable`, `avx2`, `avx512`.
    Unknown(String),
    /// The level exists, but this machine only goes up to `best`.
    Missing {
        /// The level asked for.
        asked: Level,
        /// The widest level that the machine has.
        best: Level,
    },
}

impl fmt::Display for LevelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LevelError::Unknown(word) => {
                write!(f, "METATAPE_SIMD={word}: unknown level (portable, avx2 or avx512)")
            }
            LevelError::Missing { asked, best } => {
                write!(f, "METATAPE_SIMD={asked}: this machine has no {asked}, its best level is {best}")
            }
        }
    }
}

impl std::error::Error for LevelError {}

/// The level in use.
///
/// # Panics
/// Where [`Level::chosen`] is an error; programs that want one clear line ask that first.
#[inline]
pub fn level() -> Level {
    static LEVEL: OnceLock<Level> = OnceLock::new();
    *LEVEL.get_or_init(|| Level::chosen().unwrap_or_else(|error| panic!("{error}")))
}

fn from_word(word: Option<&str>) -> Result<Level, LevelError> {
    let best = Level::best();
    match word {
        None => Ok(best),
        Some(word) => match Level::ALL.into_iter().find(|level| level.name() == word) {
            None => Err(LevelError::Unknown(word.to_owned())),
            Some(asked) if asked > best => Err(LevelError::Missing { asked, best }),
            Some(asked) => Ok(asked),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_is_no_level_is_named() {
        let error = from_word(Some("avx1024")).unwrap_err();
        assert_eq!(error.to_string(), "METATAPE_SIMD=avx1024: unknown level (portable, avx2 or avx512)");
    }

    #[test]
    fn every_level_up_to_the_best_can_be_asked_for_and_no_other() {
        for asked in Level::ALL {
            let expected = if asked <= Level::best() {
                Ok(asked)
            } else {
                Err(LevelError::Missing { asked, best: Level::best() })
            };
            assert_eq!(from_word(Some(asked.name())), expected);
        }
        assert_eq!(from_word(None), Ok(Level::best()));
    }
}
