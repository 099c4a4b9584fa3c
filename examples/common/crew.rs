//! One program on many machines: started by `mpirun`, an example shares its meta-batches with the other ranks.
//!
//! Every rank goes the same way through the program. Rank 0 alone writes and tells; whatever one rank alone knows (the time,
//! Ctrl-C, that a file cannot be read) is told to all before anything follows from it.

use std::fmt::Display;
use std::sync::{Arc, RwLock};

use metatape::meta::{Alone, Crew, Workers};
#[cfg(feature = "mpi")]
use metatape::simd::Level;
use rayon::prelude::*;

#[cfg(feature = "mpi")]
use super::Error;
use super::Result;

static CREW: RwLock<Option<Arc<dyn Crew>>> = RwLock::new(None);

/// An error that all ranks know of; one of them tells it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Agreed(String);

/// The ranks that were started together.
pub fn crew() -> Arc<dyn Crew> {
    let joined = CREW.read().expect("nobody panicked").clone();
    joined.unwrap_or_else(|| Arc::new(Alone))
}

/// Whether this rank speaks for all.
pub fn leads() -> bool {
    crew().leads()
}

/// Workers that share their meta-batches with all ranks.
pub fn workers(chunk: usize) -> Workers<f32> {
    Workers::new(chunk).among(crew())
}

/// Finds the other ranks; `words` is the command line.
///
/// # Errors
/// MPI cannot be started, or a rank is another program or has other options, so that ranks would not do the same.
#[cfg(feature = "mpi")]
pub fn join(words: &[std::ffi::OsString]) -> Result {
    let joined: Arc<dyn Crew> = Arc::new(metatape::meta::Mpi::start()?);
    *CREW.write().expect("nobody panicked") = Some(joined);
    if crew().size() == 1 {
        return Ok(());
    }
    let program = std::env::current_exe().and_then(std::fs::read);
    let program = agree(program.map(|bytes| crc32fast::hash(&bytes)).map_err(Error::from))?;
    same("the program", format!("{} {program:08x}", env!("CARGO_PKG_VERSION")))?;
    same("SIMD level", Level::chosen().map_or("none", Level::name))?;
    let options: Vec<_> = words.iter().skip(1).map(|word| word.to_string_lossy()).collect();
    same("options", format!("`{}`", options.join(" ")))
}

/// Takes leave of the other ranks, once they have come as far.
pub fn leave() {
    CREW.write().expect("nobody panicked").take();
}

/// Refuses to go on where ranks differ in something that has to be the same.
///
/// # Errors
/// They do.
pub fn same(what: &str, mine: impl Display) -> Result {
    let all = crew().gather_all(mine.to_string().as_bytes());
    let text = |rank: usize| String::from_utf8_lossy(&all[rank]);
    match (1..all.len()).find(|rank| all[*rank] != all[0]) {
        None => Ok(()),
        Some(rank) => {
            let message =
                format!("ranks differ in {what}: rank 0 has {}, rank {rank} {}", text(0), text(rank));
            Err(Agreed(message).into())
        }
    }
}

/// What each rank did alone, where all did it: everybody's own value, or for all the error of one of them. Of several errors,
/// that which tells most.
///
/// # Errors
/// One rank had an error.
pub fn agree<T>(mine: Result<T>) -> Result<T> {
    let crew = crew();
    if crew.size() == 1 {
        return mine;
    }
    let said = mine.as_ref().err().map(ToString::to_string);
    let all = crew.gather_all(said.unwrap_or_default().as_bytes());
    let longest = all.iter().max_by_key(|text| text.len()).expect("at least one rank");
    if longest.is_empty() {
        return mine;
    }
    let text = String::from_utf8_lossy(longest).into_owned();
    let whose = match all.iter().position(|other| other == longest) {
        Some(rank) if all.iter().any(Vec::is_empty) => format!("rank {rank}: "),
        _ => String::new(),
    };
    Err(Agreed(whose + &text).into())
}

/// Whether it is so on any rank.
pub fn any(mine: bool) -> bool {
    crew().gather_all(&[u8::from(mine)]).contains(&vec![1])
}

/// What rank 0 says.
pub fn as_leader(mine: u64) -> u64 {
    let all = crew().gather_all(&mine.to_le_bytes());
    u64::from_le_bytes(all[0].as_slice().try_into().expect("eight bytes of each"))
}

/// Tells something on stderr, once.
pub fn tell(line: impl Display) {
    if leads() {
        eprintln!("{line}");
    }
}

/// Does `work` with all `runs`: at once in one process; among several ranks, which have to meet in the same order, one after
/// the other. An error of it has to befall all ranks.
///
/// # Errors
/// The first error.
pub fn side_by_side<R: Send>(runs: &mut [R], work: impl Fn(&mut R) -> Result + Send + Sync) -> Result {
    if crew().size() == 1 {
        return runs.par_iter_mut().try_for_each(work);
    }
    runs.iter_mut().try_for_each(work).or_else(|error| agree(Err(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_agrees_with_itself() {
        assert!(leads() && !any(false) && any(true));
        assert_eq!(as_leader(7), 7);
        assert!(same("options", "x").is_ok());
        assert_eq!(agree(Ok(3)).unwrap(), 3);
        let refusal = agree::<()>(Err("broken".into())).unwrap_err();
        assert!(!refusal.is::<Agreed>() && refusal.to_string() == "broken");
    }
}
