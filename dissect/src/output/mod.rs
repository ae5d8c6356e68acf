//! How packets are shown: values as text, the lines of the tree, columns, and the formats of `-T`.

pub mod hex;
pub mod json;
pub mod label;
pub mod printer;
pub mod summary;
pub mod value;
pub mod xml;

pub use printer::{Format, Printer, Spec};
