//! Bytes become a random program, in single and in double precision, at the best level and, in other processes, at those
//! below it; all may differ by rounding only.

#![no_main]

use std::env;
use std::io::{self, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{LazyLock, Mutex};

use libfuzzer_sys::fuzz_target;
use metatape::check::RandomProgram;
use metatape::simd::{Level, level};

#[path = "../../tests/support/rounding.rs"]
mod rounding;

use rounding::Outcome;

/// A process has one level, so this program runs once more for each other one: there it answers bytes with outcomes.
const ANSWERS: &str = "METATAPE_FUZZ_ANSWERS";

static OTHERS: LazyLock<Mutex<Vec<Other>>> = LazyLock::new(|| {
    Mutex::new(Level::ALL.into_iter().filter(|other| *other < level()).map(Other::start).collect())
});

fuzz_target!(
    init: if env::var_os(ANSWERS).is_some() {
        answer().expect("the fuzzer listens");
    },
    |bytes: &[u8]| {
        let mut others = OTHERS.lock().expect("nobody panicked");
        others.iter_mut().for_each(|other| other.ask(bytes));
        let program = RandomProgram::from_bytes(bytes);
        let double = Outcome::of::<f64>(&program);
        let single = Outcome::of::<f32>(&program);
        let compare = |name: &str, [single, double_there]: [&Outcome; 2]| {
            let told = |what: &str, agreement: Result<(), String>| {
                agreement.unwrap_or_else(|failure| panic!("{what} at {name}: {failure}\n{program:#?}"));
            };
            told("double precision", double_there.agrees(&double, f64::EPSILON));
            told("single precision", single.agrees(&double, f32::EPSILON.into()));
        };
        compare(level().name(), [&single, &double]);
        for other in others.iter_mut() {
            let [single, double] = other.listen();
            compare(other.level.name(), [&single, &double]);
        }
    }
);

/// This program at another level.
struct Other {
    level: Level,
    /// Where an answer is missing it has died, and said why.
    _process: Child,
    questions: ChildStdin,
    answers: ChildStdout,
}

impl Other {
    fn start(level: Level) -> Other {
        let program = env::current_exe().expect("a path to this program");
        let mut process = Command::new(program)
            .envs([("METATAPE_SIMD", level.name()), (ANSWERS, "")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a second process");
        let (questions, answers) = (process.stdin.take(), process.stdout.take());
        let (questions, answers) = (questions.expect("a pipe"), answers.expect("a pipe"));
        Other { level, _process: process, questions, answers }
    }

    fn ask(&mut self, bytes: &[u8]) {
        let length = (bytes.len() as u64).to_le_bytes();
        let asked = self.questions.write_all(&[&length, bytes].concat());
        asked.unwrap_or_else(|error| panic!("{} takes no question: {error}", self.level));
    }

    fn listen(&mut self) -> [Outcome; 2] {
        let outcomes = (read_outcome(&mut self.answers), read_outcome(&mut self.answers));
        let (Ok(single), Ok(double)) = outcomes else { panic!("{} gives no answer", self.level) };
        [single, double]
    }
}

/// Answers until nothing more is asked.
fn answer() -> io::Result<()> {
    let (mut questions, mut answers) = (io::stdin().lock(), io::stdout().lock());
    while let Ok(length) = read_count(&mut questions) {
        let mut bytes = vec![0; length];
        questions.read_exact(&mut bytes)?;
        let program = RandomProgram::from_bytes(&bytes);
        let mut answer = Vec::new();
        write_outcome(&Outcome::of::<f32>(&program), &mut answer);
        write_outcome(&Outcome::of::<f64>(&program), &mut answer);
        answers.write_all(&answer)?;
        answers.flush()?;
    }
    std::process::exit(0)
}

fn write_outcome(outcome: &Outcome, to: &mut Vec<u8>) {
    for part in &outcome.numbers {
        to.extend((part.len() as u64).to_le_bytes());
        to.extend(part.iter().flat_map(|x| x.to_le_bytes()));
    }
    to.extend(outcome.largest.to_le_bytes());
}

fn read_outcome(from: &mut impl Read) -> io::Result<Outcome> {
    let mut numbers = [const { Vec::new() }; 4];
    for part in &mut numbers {
        let count = read_count(from)?;
        *part = (0..count).map(|_| Ok(f64::from_le_bytes(read_eight(from)?))).collect::<io::Result<_>>()?;
    }
    Ok(Outcome { numbers, largest: f64::from_le_bytes(read_eight(from)?) })
}

fn read_count(from: &mut impl Read) -> io::Result<usize> {
    Ok(u64::from_le_bytes(read_eight(from)?) as usize)
}

fn read_eight(from: &mut impl Read) -> io::Result<[u8; 8]> {
    let mut bytes = [0; 8];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}
