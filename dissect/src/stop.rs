//! Why a dissection ended before its protocol was done.

/// The ends that a parse function may come to; `?` carries them to the layer's caller, which notes them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stop {
    /// The octets were on the wire but the capture does not have them (snap length).
    Short,
    /// The packet ends before the protocol does.
    Malformed,
    /// A part says that it is longer than what holds it.
    Overrun,
}

/// What a parse function answers.
pub type Parsed = Result<(), Stop>;
