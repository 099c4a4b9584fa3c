//! One run of an example, from its options to its results.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, Instant};

use metatape::simd::level;
use metatape::tensor::{Checkpoint, Tensors, load, save};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::directory::RunDirectory;
use super::identity::Identity;
use super::log::Log;
use super::{Common, Failure, Interrupted, Result, crew, start_threads};

const RESULTS: &str = "results.json";
const LOG: &str = "log.jsonl";
const CHECKPOINT: &str = "checkpoint.safetensors";
const LOG_LINES: &str = "log_lines";

/// A run under way: its folder, its log, its clock. Of several ranks all read, and the first alone writes.
pub struct Session {
    identity: Identity,
    threads: usize,
    path: PathBuf,
    files: Option<Files>,
    restored: Option<Checkpoint>,
    started: Instant,
    /// Of the runs that this one goes on from.
    earlier_seconds: f64,
    saved: Instant,
    between_checkpoints: Duration,
}

/// What the rank that writes has open.
struct Files {
    directory: RunDirectory,
    log: Log,
}

#[derive(Serialize)]
struct Results<'a, R> {
    example: &'a str,
    version: &'a str,
    seed: u64,
    threads: usize,
    ranks: usize,
    simd: &'a str,
    config: &'a Value,
    seconds: f64,
    rows: &'a [R],
}

impl Session {
    /// Opens the folder, reads the checkpoint if there is one to go on from, and starts the threads.
    ///
    /// `config` is what `results.json` tells of the options, and what a resumed run must agree in: a checkpoint from before
    /// an option existed is read with what serde takes for it.
    pub fn start<C>(example: &'static str, common: &Common, config: &C) -> Result<Self>
    where
        C: Serialize + DeserializeOwned,
    {
        let session = Session::open(example, common, config)?;
        start_threads(session.threads)?;
        Ok(session)
    }

    /// As [`Session::start`], but starts no threads.
    pub fn open<C>(example: &'static str, common: &Common, config: &C) -> Result<Self>
    where
        C: Serialize + DeserializeOwned,
    {
        let identity = Identity::new(example, common.seed, config)?;
        let session = crew::agree(Session::open_alone(identity, common))?;
        if let Some(restored) = &session.restored {
            session.same_everywhere(&restored.groups().collect::<Vec<_>>())?;
        }
        Ok(session)
    }

    /// Refuses ranks that hold other numbers.
    fn same_everywhere(&self, groups: &[(&str, &Tensors)]) -> Result {
        if crew::crew().size() == 1 {
            return Ok(());
        }
        crew::same("what they have learned", format_args!("{:08x}", hash(groups)))
    }

    fn open_alone(identity: Identity, common: &Common) -> Result<Self> {
        let path = common.out.clone().unwrap_or_else(|| PathBuf::from("runs").join(identity.example));
        let checkpoint = path.join(CHECKPOINT);
        if common.resume && !checkpoint.exists() {
            return Err(Failure::NothingToResume { path }.into());
        }
        let directory = if crew::leads() { Some(RunDirectory::open(&path)?) } else { None };
        let mut restored = None;
        if common.resume {
            let found = load(&checkpoint)?;
            identity.agree(&found, &checkpoint)?;
            restored = Some(found);
        }
        let (mut files, mut earlier_seconds) = (None, 0.0);
        if let Some(directory) = directory {
            let log = match &restored {
                Some(found) => {
                    let lines = number(found, &checkpoint, LOG_LINES)?;
                    let (log, seconds) = Log::reopen(&directory.file(LOG), lines)?;
                    earlier_seconds = seconds;
                    log
                }
                None => {
                    directory.remove(RESULTS)?;
                    directory.remove(CHECKPOINT)?;
                    Log::create(&directory.file(LOG))?
                }
            };
            files = Some(Files { directory, log });
        }
        let (threads, now) = (common.threads(), Instant::now());
        Ok(Session {
            identity,
            threads,
            path,
            files,
            restored,
            started: now,
            earlier_seconds,
            saved: now,
            between_checkpoints: Duration::from_secs_f64(common.checkpoint_every),
        })
    }

    /// What to go on from: a checkpoint of a run with the same options, or nothing.
    pub fn restored(&self) -> Option<&Checkpoint> {
        self.restored.as_ref()
    }

    /// A number that [`Session::save`] noted in the checkpoint that this run goes on from, or `fresh`.
    pub fn restored_number<N: FromStr>(&self, key: &str, fresh: N) -> Result<N> {
        match &self.restored {
            Some(checkpoint) => number(checkpoint, &self.file(CHECKPOINT), key),
            None => Ok(fresh),
        }
    }

    /// The path of a file in the run's folder, for plots and the like.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Seconds since the run began; after an interruption it goes on from the last line that the log keeps.
    pub fn seconds(&self) -> f64 {
        self.earlier_seconds + self.started.elapsed().as_secs_f64()
    }

    /// Appends an object and the time to `log.jsonl`.
    pub fn log(&mut self, entry: &impl Serialize) -> Result {
        let seconds = self.seconds();
        match &mut self.files {
            Some(files) => files.log.write(entry, seconds),
            None => Ok(()),
        }
    }

    /// Whether the last checkpoint is so old that losing the work since would hurt.
    pub fn checkpoint_due(&self) -> bool {
        crew::as_leader(u64::from(self.saved.elapsed() > self.between_checkpoints)) == 1
    }

    /// Writes the checkpoint: groups of tensors, and numbers to find again by [`Session::restored_number`].
    ///
    /// Nothing in it depends on time, so equal runs leave equal checkpoints.
    ///
    /// # Errors
    /// It cannot be written, or ranks no longer hold the same numbers.
    pub fn save(&mut self, groups: &[(&str, &Tensors)], numbers: &[(&str, &dyn Display)]) -> Result {
        self.same_everywhere(groups)?;
        let written = self.save_alone(groups, numbers);
        crew::agree(written)
    }

    fn save_alone(&mut self, groups: &[(&str, &Tensors)], numbers: &[(&str, &dyn Display)]) -> Result {
        if let Some(Files { directory, log }) = &mut self.files {
            directory.check()?;
            let log_lines = log.sync()?;
            let mut metadata = self.identity.notes();
            metadata.insert(LOG_LINES.to_owned(), log_lines.to_string());
            metadata.insert("version".to_owned(), env!("CARGO_PKG_VERSION").to_owned());
            metadata.extend(numbers.iter().map(|(key, number)| ((*key).to_owned(), number.to_string())));
            save(directory.file(CHECKPOINT), groups, &metadata)?;
        }
        self.saved = Instant::now();
        Ok(())
    }

    /// The error to return when [`super::interrupted`] says so and what is worth keeping has been saved. A run that only
    /// scores has no checkpoint.
    pub fn interrupted(&self) -> Interrupted {
        let checkpoint = self.file(CHECKPOINT);
        match checkpoint.exists() {
            true => Interrupted::with_checkpoint(&checkpoint),
            false => Interrupted::without_checkpoint(),
        }
    }

    /// Writes `results.json`; what is not a number (NaN, infinity) becomes `null` there.
    pub fn finish<R: Serialize>(&self, rows: &[R]) -> Result {
        let Some(Files { directory, .. }) = &self.files else { return Ok(()) };
        let results = Results {
            example: self.identity.example,
            version: env!("CARGO_PKG_VERSION"),
            seed: self.identity.seed,
            threads: self.threads,
            ranks: crew::crew().size(),
            simd: level().name(),
            config: &self.identity.config,
            seconds: self.seconds(),
            rows,
        };
        let mut text = serde_json::to_string_pretty(&results)?;
        text.push('\n');
        directory.write(RESULTS, text.as_bytes())
    }
}

/// The same for the same bits.
fn hash(groups: &[(&str, &Tensors)]) -> u32 {
    let mut hash = crc32fast::Hasher::new();
    let tensors = groups.iter().flat_map(|(_, tensors)| tensors.iter());
    tensors.flat_map(|(_, tensor)| tensor.values()).for_each(|x| hash.update(&x.to_le_bytes()));
    hash.finalize()
}

fn number<N: FromStr>(checkpoint: &Checkpoint, path: &Path, key: &str) -> Result<N> {
    let text = checkpoint.metadata(key)?;
    let no_number =
        |_| Failure::NotANumber { path: path.to_owned(), what: key.to_owned(), text: text.to_owned() };
    Ok(text.parse().map_err(no_number)?)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use metatape::tensor::Tensor;
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    fn common(out: &Path, resume: bool) -> Common {
        Common {
            seed: 3,
            threads: Some(1),
            out: Some(out.to_owned()),
            quick: false,
            checkpoint_every: 5.0,
            resume,
        }
    }

    fn open(out: &Path, resume: bool, iterations: usize) -> Result<Session> {
        Session::open("demo", &common(out, resume), &json!({"iterations": iterations, "rate": 0.5}))
    }

    #[test]
    fn a_resumed_run_goes_on_where_the_checkpoint_was() {
        let folder = tempfile::tempdir().unwrap();
        let mut theta = Tensors::new();
        theta.push("w", Tensor::full([2], 1.5));
        let mut session = open(folder.path(), false, 10).unwrap();
        assert!(session.restored().is_none());
        assert_eq!(session.restored_number("iteration", 0).unwrap(), 0);
        session.log(&json!({"step": 0})).unwrap();
        session.save(&[("theta", &theta)], &[("iteration", &4)]).unwrap();
        session.log(&json!({"step": 1})).unwrap();
        drop(session);

        let mut session = open(folder.path(), true, 10).unwrap();
        assert_eq!(session.restored_number("iteration", 0).unwrap(), 4);
        let mut restored = theta.zeros_like();
        session.restored().unwrap().restore("theta", &mut restored).unwrap();
        assert_eq!(restored, theta);
        session.log(&json!({"step": 1})).unwrap();
        session.finish(&[json!({"mse": 0.25, "ci95": f64::NAN})]).unwrap();
        let log = fs::read_to_string(folder.path().join(LOG)).unwrap();
        assert_eq!(log.matches("\"step\":1").count(), 1, "{log}");

        let results: Value = serde_json::from_slice(&fs::read(folder.path().join(RESULTS)).unwrap()).unwrap();
        assert_eq!(results["rows"], json!([{"mse": 0.25, "ci95": null}]));
        assert_eq!((&results["example"], &results["seed"]), (&json!("demo"), &json!(3)));
        assert_eq!(results["simd"], level().name());
    }

    #[test]
    fn an_interrupted_run_tells_of_a_checkpoint_that_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let mut session = open(folder.path(), false, 10).unwrap();
        assert_eq!(session.interrupted().to_string(), "interrupted");
        session.save(&[], &[]).unwrap();
        let line = session.interrupted().to_string();
        assert!(line.contains(CHECKPOINT) && line.contains("--resume"), "{line}");
    }

    #[test]
    fn equal_runs_leave_equal_checkpoints() {
        let bytes = || {
            let folder = tempfile::tempdir().unwrap();
            let mut session = open(folder.path(), false, 10).unwrap();
            session.log(&json!({"step": 0})).unwrap();
            session.save(&[], &[("iteration", &1)]).unwrap();
            fs::read(folder.path().join(CHECKPOINT)).unwrap()
        };
        assert_eq!(bytes(), bytes());
    }

    #[test]
    fn what_cannot_be_resumed_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let refusal = |path: &Path, iterations| open(path, true, iterations).err().unwrap().to_string();
        let missing = path.join("none");
        assert!(refusal(&missing, 10).contains("none: no checkpoint to resume from"));
        assert!(!missing.exists());

        open(path, false, 10).unwrap().save(&[], &[("iteration", &1)]).unwrap();
        assert!(refusal(path, 20).contains("the checkpoint was made with iterations 10, not 20"));
        let checkpoint = path.join(CHECKPOINT);
        let mut bytes = fs::read(&checkpoint).unwrap();
        bytes.pop();
        fs::write(&checkpoint, bytes).unwrap();
        assert!(refusal(path, 10).contains("truncated"));
    }

    #[test]
    fn a_resumed_run_may_know_more_options_than_its_checkpoint_but_not_fewer() {
        #[derive(Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Earlier {
            iterations: usize,
        }
        #[derive(Serialize, Deserialize)]
        struct Later {
            iterations: usize,
            #[serde(default)]
            augment: bool,
        }
        let folder = tempfile::tempdir().unwrap();
        let (fresh, resumed) = (common(folder.path(), false), common(folder.path(), true));
        let later = |augment| Later { iterations: 10, augment };
        let refusal = |session: Result<Session>| session.err().unwrap().to_string();

        Session::open("demo", &fresh, &Earlier { iterations: 10 }).unwrap().save(&[], &[]).unwrap();
        Session::open("demo", &resumed, &later(false)).unwrap();
        let line = refusal(Session::open("demo", &resumed, &later(true)));
        assert!(line.contains("made with augment false, not true"), "{line}");

        Session::open("demo", &fresh, &later(true)).unwrap().save(&[], &[]).unwrap();
        let line = refusal(Session::open("demo", &resumed, &Earlier { iterations: 10 }));
        assert!(line.contains("made with augment true, not null"), "{line}");
    }

    #[test]
    fn a_fresh_run_replaces_an_earlier_one() {
        let folder = tempfile::tempdir().unwrap();
        let mut session = open(folder.path(), false, 10).unwrap();
        session.log(&json!({"step": 0})).unwrap();
        session.save(&[], &[]).unwrap();
        session.finish::<Value>(&[]).unwrap();
        drop(session);
        let _session = open(folder.path(), false, 20).unwrap();
        assert!(!folder.path().join(RESULTS).exists() && !folder.path().join(CHECKPOINT).exists());
        assert_eq!(fs::read(folder.path().join(LOG)).unwrap(), b"");
    }
}
