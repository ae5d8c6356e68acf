//! The simulator at work.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Plant, Report, SOMETIMES, Step, World, run, scale};

/// With debug assertions a life takes ten times as long.
const SEEDS: u64 = if cfg!(debug_assertions) { 100 } else { 2000 };

/// Lives seeds on two threads, for as long as `go_on` likes what came.
fn live(seeds: std::ops::Range<u64>, plant: Plant, go_on: impl Fn(&Report) -> bool + Sync) -> Vec<Report> {
    let next = AtomicU64::new(seeds.start);
    let work = || {
        let mut reports = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return reports;
            }
            let report = run(seed, plant);
            if !go_on(&report) {
                next.store(seeds.end, Ordering::Relaxed);
            }
            reports.push(report);
        }
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(work);
        let mut reports = work();
        reports.extend(other.join().expect("no life panics"));
        reports
    })
}

#[test]
fn the_same_seed_gives_the_same_run() {
    for seed in 0..20 {
        assert_eq!(run(seed, Plant::None), run(seed, Plant::None));
    }
}

#[test]
fn no_life_breaks_an_invariant_and_every_fault_strikes() {
    let reports = live(0..SEEDS, Plant::None, |_| true);
    let violations: Vec<(u64, String)> =
        reports.iter().filter_map(|report| Some((report.seed, report.violation.clone()?))).collect();
    assert_eq!(violations, []);
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for report in &reports {
        for (what, count) in &report.counts {
            *counts.entry(what).or_default() += count;
        }
    }
    let never: Vec<&&str> = SOMETIMES.iter().filter(|what| !counts.contains_key(**what)).collect();
    assert!(never.is_empty() || cfg!(debug_assertions), "never in {SEEDS} lives: {never:?}");
}

#[test]
fn every_query_is_complete_while_members_join_and_leave() {
    let violations: Vec<(u64, String)> =
        (0..SEEDS / 5).filter_map(|seed| Some((seed, World::calm(seed).run().violation?))).collect();
    assert_eq!(violations, []);
}

/// What proves that the simulator can fail.
fn is_found(plant: Plant) {
    let reports = live(0..1000, plant, |report| report.violation.is_none());
    assert!(reports.iter().any(|report| report.violation.is_some()), "{plant:?} was not found in 1000 lives");
}

#[test]
fn an_ack_before_the_sync_is_found() {
    is_found(Plant::AckBeforeSync);
}

#[test]
fn a_delete_before_the_proof_is_found() {
    is_found(Plant::DeleteBeforeProof);
}

#[test]
fn a_map_that_differs_with_arrival_is_found() {
    is_found(Plant::MapByArrival);
}

/// How long the producer of a script waited at most although nothing was in its way.
fn scripted(stores: usize, steps: &[(u64, Step)]) -> Report {
    let boots = (0..stores as u64).map(|store| (store * 700, Step::Boot(store as usize)));
    World::scripted(1, stores, 2000, &[&boots.collect::<Vec<_>>(), steps].concat()).run()
}

#[test]
fn acknowledgements_flow_in_a_young_cluster_whatever_dies() {
    use Step::{Boot, Kill};
    for at in (4000..12_000).step_by(500) {
        for first in 0..3 {
            let second = (first + 1) % 3;
            let steps = [(at, Kill(first))];
            assert_eq!(scripted(3, &steps).violation, None, "{first} killed after {at} ms");
            for pause in [300, 2000, 6000] {
                for life in [300, 1000, 4000] {
                    let (up, down) = (at + pause, at + pause + life);
                    let steps =
                        [(at, Kill(first)), (up, Boot(first)), (down, Kill(second)), (down + 15_000, Boot(second))];
                    assert_eq!(scripted(3, &steps).violation, None, "{steps:?}");
                }
            }
        }
    }
}

/// Of two owners of the older map one dies while data moves to the third, and the others begin anew.
#[test]
fn acknowledgements_flow_when_the_others_restart_while_data_moves() {
    use Step::{Boot, Kill};
    for (at, gap) in (13_000..20_000).step_by(50).flat_map(|at| [0, 50, 100, 200, 500].map(|gap| (at, gap))) {
        let steps = [
            (0, Boot(0)),
            (700, Boot(1)),
            (12_000, Boot(2)),
            (at, Kill(1)),
            (at + gap, Kill(0)),
            (at + gap, Kill(2)),
            (at + 700, Boot(0)),
            (at + 900, Boot(2)),
            (at + 25_000, Boot(1)),
        ];
        assert_eq!(World::scripted(1, 3, 4000, &steps).run().violation, None, "1 killed after {at} ms, then {gap}");
    }
}

/// Seeds that once found a bug in the machines.
#[test]
fn seeds_that_found_something() {
    let seeds = [
        (69, "a member that drains never was empty, for what was dropped counted as held"),
        (157, "a node alone took itself for the cluster"),
        (277, "a restart counted as proof that the owners of the newest map have everything"),
        (283, "what was dropped for its age was forgotten in a restart and taken for missing"),
        (
            1_214_933,
            "a message that was under way counted as a sign of who had been cut off, and substitutes were released",
        ),
        (1_222_078, "what came late to a member that was drained stayed there, when nothing was wanted of it any more"),
        (1_294_751, "a life did not end, for its last query had ended with the store that was asked"),
        (375, "copies with substitutes were released that nobody on the other side of a cut could know of"),
        (654, "a joiner owned something before it knew the maps that the others still used"),
        (1012, "a member that was activated again was never probed, and taken for dead"),
        (1083, "two that gave each other up never heard of each other again"),
        (1270, "two clusters were founded, one of them by somebody who reached nobody"),
        (1584, "the only holder of released chunks was given up, and answers called themselves complete"),
        (2358, "who had just joined on the other side of a cut was not counted among the silent"),
        (1106, "a member that drained waited for the proof of what had meanwhile been dropped for its age"),
        (1879, "what an operator said died with the store that heard it, and nobody said it again"),
        (3342, "one of two came back alone and did not know that the other had gone on alone"),
        (6276, "the old map was settled while a query was planned that had looked at the own disk before"),
        (878, "a producer stayed with a router that refuses everything"),
        (104_315, "who had stood still owned something before it computed the map of those before it"),
        (106_922, "what had come a moment before the newest map was not proved before the older one was dropped"),
        (109_724, "what was on a machine whose key was revoked is missing at rest"),
        (203_437, "what a joiner said of itself got lost, and it never said it again"),
        (201_888, "an operator made two of three, of which the other had not heard, and one went on alone"),
        (3250, "who had dropped something for its age left, and nobody else knew why it was missing"),
        (208_336, "who had been given up came back while a query was planned that had not asked it"),
        (203_385, "the two that were left of four waited for those whose keys were revoked"),
        (214_260, "two of three founders lost their disks at once and founded the cluster once more"),
        (
            342_139,
            "a joiner without a map took those that were in use for settled, and became active without one of them",
        ),
        (
            487_859,
            "who had lost its disk took a newcomer for one of the founders, and founded the cluster once more with it",
        ),
        (509_527, "a joiner computed a map, and took it for all that were in use when it began anew"),
        (802_340, "two lives of a member told different things under one number, and the others never asked again"),
        (823_689, "what only a member held that came back in the middle of a plan was taken for written since"),
        (
            925_587,
            "of a map that had been in use before the newest a joiner never heard, and answered without its owner",
        ),
        (1068, "a query that was asked before everything came to rest was the last to end, and nobody saw it"),
        (200_231, "two that had given each other up waited for each other to be active"),
    ];
    for (seed, what) in seeds {
        assert_eq!(run(seed, Plant::None).violation, None, "{what}");
    }
}

#[test]
fn ten_members_learn_of_a_death_and_a_join() {
    let row = scale::measure(10);
    assert!((1..15_000).contains(&row.death_ms), "{row:?}");
    assert!((1..15_000).contains(&row.join_ms), "{row:?}");
    assert!(row.moved_bytes * 100 <= row.least_bytes * 115, "{row:?}");
    let rows = [row];
    assert!(scale::table(&rows).lines().count() == 2 && scale::plot(&rows).contains("<rect"));
}
