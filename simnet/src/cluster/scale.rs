//! Measures what a cluster costs and how fast it is, at sizes that no test bed has.
