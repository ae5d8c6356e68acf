//! The simulator at work.

use super::{Plant, run};

#[test]
fn the_same_seed_gives_the_same_run() {
    for seed in 0..4 {
        assert_eq!(run(seed, Plant::None), run(seed, Plant::None));
    }
}
