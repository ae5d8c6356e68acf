//! The cluster as state machines without I/O: membership, placement, replication, queries, respawn. Nothing stands here yet:
//! a node alone needs none of it.
