//! How far a run has come: a bar on a terminal, plain lines elsewhere.

use std::fmt::Write;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use metatape::meta::Traffic;

use super::crew::{crew, leads};

const BAR_INTERVAL: Duration = Duration::from_millis(100);
const LINE_INTERVAL: Duration = Duration::from_secs(3);

/// Tells on stderr how far a run has come, how fast it goes, and how long it will still take.
pub struct Progress {
    label: String,
    total: u64,
    done: u64,
    done_at_start: u64,
    started: Instant,
    due: Instant,
    bar: Option<ProgressBar>,
    /// What communication had cost before, where this is the rank that tells.
    before: Option<Traffic>,
}

impl Progress {
    /// `done` steps of `total` lie behind already, in a run that was resumed.
    pub fn start(label: impl Into<String>, total: usize, done: usize) -> Self {
        let (label, total, done) = (label.into(), total as u64, done as u64);
        let before = leads().then(|| crew().traffic());
        let dumb = std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
        let bar =
            (before.is_some() && std::io::stderr().is_terminal() && !dumb).then(|| bar(&label, total, done));
        let now = Instant::now();
        Progress { label, total, done, done_at_start: done, started: now, due: now, bar, before }
    }

    /// One more step is done; `note` is asked for only when something is about to be shown.
    pub fn step(&mut self, note: impl FnOnce() -> String) {
        self.advance(1, note);
    }

    /// Some more steps are done.
    pub fn advance(&mut self, steps: usize, note: impl FnOnce() -> String) {
        self.done += steps as u64;
        let now = Instant::now();
        if now < self.due || self.before.is_none() {
            return;
        }
        match &self.bar {
            Some(bar) => {
                bar.set_position(self.done);
                bar.set_message(note());
                self.due = now + BAR_INTERVAL;
            }
            None => {
                eprintln!("{}", self.line(now - self.started, &note()));
                self.due = now + LINE_INTERVAL;
            }
        }
    }

    /// All is done, or as much as there will be; the bar goes, a line stays.
    pub fn finish(self) {
        let Some(before) = self.before else { return };
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let elapsed = self.started.elapsed();
        let steps = self.done - self.done_at_start;
        let rate = rate(steps as f64 / elapsed.as_secs_f64());
        let ranks = if crew().size() > 1 { shared(before, crew().traffic(), elapsed) } else { String::new() };
        eprintln!("{}: {} of {} in {} ({rate}){ranks}", self.label, self.done, self.total, duration(elapsed));
    }

    fn line(&self, elapsed: Duration, note: &str) -> String {
        let Progress { label, total, done, .. } = self;
        // The first step alone tells nothing of the pace.
        let paced = if elapsed < Duration::from_millis(1) { 0 } else { done - self.done_at_start };
        let per_second = paced as f64 / elapsed.as_secs_f64();
        let left = Duration::try_from_secs_f64((total.saturating_sub(*done)) as f64 / per_second);
        let left = left.map_or_else(|_| "unknown time".to_owned(), duration);
        let percent = 100 * done / (*total).max(1);
        let gap = if note.is_empty() { "" } else { ", " };
        format!("{label}: {done}/{total} ({percent} %), {}, {left} left{gap}{note}", rate(per_second))
    }
}

/// What communication between ranks has cost.
fn shared(before: Traffic, now: Traffic, elapsed: Duration) -> String {
    let share = 100.0 * (now.time - before.time).as_secs_f64() / elapsed.as_secs_f64();
    let sent = (now.sent - before.sent) as f64 / 1e6;
    format!("; {} ranks, {share:.1} % of the time in communication, {sent:.1} MB sent by one", crew().size())
}

fn bar(label: &str, total: u64, done: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix} [{bar:30}] {pos}/{len}  {rate}  {left} left  {msg}")
        .expect("the template is well formed")
        .progress_chars("=> ")
        .with_key("rate", |state: &ProgressState, text: &mut dyn Write| {
            let _ = text.write_str(&rate(state.per_sec()));
        })
        .with_key("left", |state: &ProgressState, text: &mut dyn Write| {
            let _ = text.write_str(&duration(state.eta()));
        });
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(10));
    bar.set_style(style);
    bar.set_prefix(label.to_owned());
    bar.with_position(done)
}

fn rate(per_second: f64) -> String {
    match per_second {
        fast if fast >= 100.0 => format!("{fast:.0}/s"),
        slow if slow >= 1.0 => format!("{slow:.1}/s"),
        crawl if crawl > 0.0 => format!("{:.1} s each", 1.0 / crawl),
        _ => "-/s".to_owned(),
    }
}

fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", time.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(done: u64, done_at_start: u64, total: u64) -> Progress {
        let now = Instant::now();
        Progress {
            label: "maml".to_owned(),
            total,
            done,
            done_at_start,
            started: now,
            due: now,
            bar: None,
            before: None,
        }
    }

    #[test]
    fn lines_tell_rate_and_time_left_of_this_run_only() {
        let line = at(3000, 1000, 9000).line(Duration::from_secs(4), "loss 0.53");
        assert_eq!(line, "maml: 3000/9000 (33 %), 500/s, 12 s left, loss 0.53");
        let line = at(1, 0, 3601).line(Duration::from_secs(2), "");
        assert_eq!(line, "maml: 1/3601 (0 %), 2.0 s each, 2 h 00 min left");
    }

    #[test]
    fn nothing_done_and_nothing_to_do_are_no_division_by_zero() {
        let line = at(0, 0, 0).line(Duration::ZERO, "");
        assert_eq!(line, "maml: 0/0 (0 %), -/s, unknown time left");
        assert_eq!(duration(Duration::from_millis(61_900)), "1 min 01 s");
    }
}
