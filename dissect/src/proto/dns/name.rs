//! Domain names as they lie in messages (RFC 1035, 4.1.4): read with their pointers, shown with dots.

use crate::stop::Stop;
use crate::tvb::Tvb;

/// The longest name that is shown, in octets of text (RFC 1035, 2.3.4: 255 octets with the first length and the root).
pub(super) const MAX_NAME: usize = 253;

/// Follows the name at `at` of a message and, where `text` is given, writes it there with dots.
///
/// Answers how many octets the name takes where it stands. Every pointer is counted against the length of the message,
/// so that pointers in a circle end the walk.
pub(crate) fn read(tvb: Tvb<'_>, at: usize, mut text: Option<&mut Vec<u8>>) -> Result<usize, Stop> {
    let mut here = at;
    let mut taken = None;
    let mut passed = 0;
    let mut length = 0;
    if let Some(text) = text.as_deref_mut() {
        text.clear();
    }
    let mut instead = None;
    loop {
        let octet = tvb.u8(here)?;
        here += 1;
        match octet >> 6 {
            0 if octet == 0 => break,
            0 => {
                let label = tvb.slice(here, octet.into())?;
                here += label.len();
                passed += label.len() + 1;
                length += label.len() + usize::from(length > 0);
                if length <= MAX_NAME
                    && let Some(text) = text.as_deref_mut()
                {
                    if !text.is_empty() {
                        text.push(b'.');
                    }
                    text.extend_from_slice(label);
                }
            }
            3 => {
                let low = tvb.u8(here)?;
                here += 1;
                taken.get_or_insert_with(|| here - at);
                passed += 2;
                if passed > tvb.reported() {
                    instead = Some("<Name contains a pointer that loops>");
                    break;
                }
                here = usize::from(octet & 0x3f) << 8 | usize::from(low);
            }
            // RFC 6891, 5: extended labels never came into use; where they end cannot be told.
            1 => {
                let end = here.checked_sub(at).filter(|taken| *taken > 1);
                taken = Some(end.ok_or(Stop::Malformed)?);
                instead = Some("<Unknown extended label>");
                break;
            }
            _ => return Err(Stop::Malformed),
        }
    }
    if instead.is_none() && length > MAX_NAME {
        instead = Some("<Name too long>");
    } else if instead.is_none() && length == 0 {
        instead = Some("<Root>");
    }
    if let (Some(text), Some(instead)) = (text, instead) {
        text.clear();
        text.extend_from_slice(instead.as_bytes());
    }
    Ok(taken.unwrap_or_else(|| here - at))
}
