//! How packets are shown: values as text, the lines of the tree, columns, and the formats of `-T`.

pub mod label;
pub mod value;
