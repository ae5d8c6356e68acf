//! Hands parsers octets that are nearly right: the same ones in every run, with nothing but the stable compiler.
//!
//! A fuzz target is a test of the crate that has the parser, in its `tests/fuzz.rs`: it calls [`run`] with a closure that makes
//! an input and parses it. `cargo test` runs each a fixed number of times; `make fuzz` runs each for [`SECONDS`]. What
//! panics, or takes longer than [`MAX_RUN`], names its run, which [`RUN`] repeats alone.

pub mod random;

use std::time::{Duration, Instant};

pub use random::Random;

/// The variable that says for how many seconds each target runs.
pub const SECONDS: &str = "PACKETSTREAM_FUZZ_SECONDS";
/// The variable that names the one run to repeat.
pub const RUN: &str = "PACKETSTREAM_FUZZ_RUN";
/// No input may take more of a processor: whoever reads it would take the program for dead.
pub const MAX_RUN: Duration = Duration::from_secs(10);

/// Says which run it was when the target panics.
struct Telltale<'a> {
    target: &'a str,
    run: u64,
}

impl Drop for Telltale<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("fuzz target {}: run {}; {RUN}={} repeats it", self.target, self.run, self.run);
        }
    }
}

/// How long this thread has run on a processor: what others do on the machine is not counted.
///
/// # Panics
/// Where the kernel does not say: see proc(5), `/proc/pid/schedstat`.
fn busy() -> Duration {
    let said = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux has it");
    let first = said.split(' ').next().and_then(|number| number.parse().ok());
    Duration::from_nanos(first.expect("nanoseconds come first"))
}

/// Runs a target `least` times, or for as long as [`SECONDS`] says.
///
/// # Panics
/// When the target does, and when a run takes too long.
pub fn run(target: &str, least: u64, mut body: impl FnMut(&mut Random)) {
    let number = |name| std::env::var(name).ok()?.parse::<u64>().ok();
    let mut one = |run| {
        let _telltale = Telltale { target, run };
        let begin = busy();
        body(&mut Random::of(target, run));
        let took = busy().saturating_sub(begin);
        assert!(took < MAX_RUN, "{target}: one input took {took:?}");
        took
    };
    if let Some(run) = number(RUN) {
        one(run);
        return;
    }
    let Some(seconds) = number(SECONDS) else {
        (0..least).for_each(|run| {
            one(run);
        });
        return;
    };
    let until = Instant::now() + Duration::from_secs(seconds);
    let (mut runs, mut longest) = (0, (Duration::ZERO, 0));
    while Instant::now() < until {
        longest = longest.max((one(runs), runs));
        runs += 1;
    }
    eprintln!("fuzz target {target}: {runs} runs, the longest {:?} (run {})", longest.0, longest.1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_sees_the_same_in_every_run() {
        let mut seen = [Vec::new(), Vec::new()];
        for seen in &mut seen {
            run("same", 50, |random| {
                let mut octets = b"a seed of some length".to_vec();
                random.mutate(&mut octets);
                seen.push(octets);
            });
        }
        assert_eq!(seen[0], seen[1]);
        assert!(seen[0].iter().any(|octets| octets != b"a seed of some length"));
    }
}
