//! How a measurement is taken and told, as the peers do it.

use std::time::{Duration, Instant};

use metatape::simd;
use rayon::ThreadPoolBuilder;
use serde::{Serialize, Serializer};

use super::common::crew::{as_leader, crew, leads};
use super::process;

/// What holds for all measurements of this process.
pub struct Bench {
    /// How many threads the engine may use.
    pub threads: usize,
    /// How often each measurement is repeated.
    pub repeats: usize,
    /// Whether this is only to see that everything runs.
    pub quick: bool,
    /// When the process began.
    pub started: Instant,
    /// The memory that the process held before it did anything, in MiB.
    pub memory_at_start: Option<f64>,
}

/// Items a second.
#[derive(Clone, Copy, Serialize)]
pub struct Rates {
    /// The median over the repeats, by the clock on the wall.
    #[serde(serialize_with = "digits")]
    pub value: f64,
    #[serde(serialize_with = "digits")]
    min: f64,
    #[serde(serialize_with = "digits")]
    max: f64,
    repeats: usize,
    /// The median by processor time of all threads: steady where a neighbour takes the core now and then.
    #[serde(serialize_with = "digits_if_any")]
    value_cpu: Option<f64>,
    /// Processor time by time on the wall: how many cores were really used.
    #[serde(serialize_with = "digits_if_any")]
    cpu_util: Option<f64>,
    /// Of several ranks, the share of the time that this one has talked with the others, and waited for them.
    #[serde(serialize_with = "digits_if_any", skip_serializing_if = "Option::is_none")]
    communication: Option<f64>,
}

#[derive(Serialize)]
struct Line<'a, What, Check> {
    peer: &'a str,
    version: &'a str,
    threads: usize,
    ranks: usize,
    simd: &'a str,
    workload: &'a str,
    #[serde(flatten)]
    what: What,
    unit: &'a str,
    #[serde(flatten)]
    rates: Rates,
    #[serde(serialize_with = "digits")]
    first_call_s: f64,
    #[serde(flatten)]
    check: Check,
    #[serde(serialize_with = "digits_if_any")]
    rss_mb: Option<f64>,
    #[serde(serialize_with = "digits_if_any")]
    rss_import_mb: Option<f64>,
}

impl Bench {
    /// Runs `work`, which is worth `items`, so often that a repeat takes at least `least` seconds.
    pub fn measure(&self, items: f64, least: f64, mut work: impl FnMut()) -> Rates {
        const LONGEST: Duration = Duration::from_secs(20);
        let (repeats, least) = if self.quick { (1, 0.0) } else { (self.repeats, least) };
        let begin = Instant::now();
        work();
        // All ranks have to do the same, so one of them looks at the clock.
        let times = as_leader((least / begin.elapsed().as_secs_f64()).max(1.0) as u64);
        let (mut rates, mut cpu_rates) = (Vec::new(), Vec::new());
        let (first, first_cpu, traffic) = (Instant::now(), process::cpu_time(), crew().traffic());
        while rates.len() < repeats
            && (rates.len() < 3 || as_leader(u64::from(first.elapsed() < LONGEST)) == 1)
        {
            let (begin, begin_cpu) = (Instant::now(), process::cpu_time());
            (0..times).for_each(|_| work());
            rates.push(items * times as f64 / begin.elapsed().as_secs_f64());
            cpu_rates.extend(seconds_since(begin_cpu).map(|seconds| items * times as f64 / seconds));
        }
        Rates {
            value: median(&mut rates),
            min: rates[0],
            max: rates[rates.len() - 1],
            repeats: rates.len(),
            value_cpu: (!cpu_rates.is_empty()).then(|| median(&mut cpu_rates)),
            cpu_util: seconds_since(first_cpu).map(|seconds| seconds / first.elapsed().as_secs_f64()),
            communication: (crew().size() > 1).then(|| {
                (crew().traffic().time - traffic.time).as_secs_f64() / first.elapsed().as_secs_f64()
            }),
        }
    }

    /// How many times as fast all threads do `work` as one of them: the median over so many turns, in each of which both do it
    /// once. What slows the machine for a while slows both. `None` without turns, and where there is one thread.
    pub fn over_one(&self, turns: usize, mut work: impl FnMut() + Send) -> Option<f64> {
        if turns == 0 || self.threads == 1 {
            return None;
        }
        let one = ThreadPoolBuilder::new().num_threads(1).build().expect("one more thread");
        let turns = if self.quick { 1 } else { turns };
        let ratios = (0..turns).map(|_| one.install(|| timed(&mut work)).1 / timed(&mut work).1);
        Some(median(&mut ratios.collect::<Vec<f64>>()))
    }

    /// Prints a measurement as one JSON object: `what` was measured, how often it ran in a `unit`, how long its first call
    /// took, and numbers to `check` that it computed the right thing.
    pub fn tell(
        &self,
        (workload, unit): (&str, &str),
        what: impl Serialize,
        rates: Rates,
        first_call_s: f64,
        check: impl Serialize,
    ) {
        if !leads() {
            return;
        }
        let line = Line {
            peer: "metatape",
            version: env!("CARGO_PKG_VERSION"),
            threads: self.threads,
            ranks: crew().size(),
            simd: simd::level().name(),
            workload,
            what,
            unit,
            rates,
            first_call_s,
            check,
            rss_mb: process::memory("VmHWM"),
            rss_import_mb: self.memory_at_start,
        };
        println!("{}", serde_json::to_string(&line).expect("plain numbers and words"));
    }
}

/// Runs `work` once, and gives its result and how many seconds it took.
pub fn timed<R>(work: impl FnOnce() -> R) -> (R, f64) {
    let begin = Instant::now();
    let result = work();
    (result, begin.elapsed().as_secs_f64())
}

fn seconds_since(begin: Option<Duration>) -> Option<f64> {
    Some((process::cpu_time()? - begin?).as_secs_f64())
}

/// The middle one, or the mean of the two in the middle; sorts.
fn median(numbers: &mut [f64]) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    if numbers.len() % 2 == 1 { numbers[middle] } else { 0.5 * (numbers[middle - 1] + numbers[middle]) }
}

/// Five digits are more than a clock is worth.
pub fn digits<S: Serializer>(number: &f64, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64(format!("{number:.4e}").parse().unwrap_or(*number))
}

pub fn digits_if_any<S: Serializer>(number: &Option<f64>, to: S) -> Result<S::Ok, S::Error> {
    match number {
        Some(number) => digits(number, to),
        None => to.serialize_none(),
    }
}
