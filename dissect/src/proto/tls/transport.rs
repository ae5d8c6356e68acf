//! QUIC's transport parameters, which its handshake carries as an extension (RFC 9000, 18).

use super::handshake::CLIENT_HELLO;
use super::vector::Show;
use super::*;
use crate::dissector::Item;
use crate::field::FieldId;
use crate::stop::Stop;
use crate::value::Value;

/// How the value of a parameter is shown.
enum Form {
    /// A variable-length integer.
    Integer,
    Octets,
    /// A version and others that are spoken.
    Versions,
    /// A version in four octets.
    Version,
    Text,
    Flag,
}

/// The parameters with fields of their own.
const FIELDS_OF: &[(u64, FieldId, Form)] = &[
    (0x00, QUIC_PARAMETER_ORIGINAL_DESTINATION_CONNECTION_ID, Form::Octets),
    (0x01, QUIC_PARAMETER_MAX_IDLE_TIMEOUT, Form::Integer),
    (0x02, QUIC_PARAMETER_STATELESS_RESET_TOKEN, Form::Octets),
    (0x03, QUIC_PARAMETER_MAX_UDP_PAYLOAD_SIZE, Form::Integer),
    (0x04, QUIC_PARAMETER_INITIAL_MAX_DATA, Form::Integer),
    (0x05, QUIC_PARAMETER_INITIAL_MAX_STREAM_DATA_BIDI_LOCAL, Form::Integer),
    (0x06, QUIC_PARAMETER_INITIAL_MAX_STREAM_DATA_BIDI_REMOTE, Form::Integer),
    (0x07, QUIC_PARAMETER_INITIAL_MAX_STREAM_DATA_UNI, Form::Integer),
    (0x08, QUIC_PARAMETER_INITIAL_MAX_STREAMS_BIDI, Form::Integer),
    (0x09, QUIC_PARAMETER_INITIAL_MAX_STREAMS_UNI, Form::Integer),
    (0x0a, QUIC_PARAMETER_ACK_DELAY_EXPONENT, Form::Integer),
    (0x0b, QUIC_PARAMETER_MAX_ACK_DELAY, Form::Integer),
    (0x0e, QUIC_PARAMETER_ACTIVE_CONNECTION_ID_LIMIT, Form::Integer),
    (0x0f, QUIC_PARAMETER_INITIAL_SOURCE_CONNECTION_ID, Form::Octets),
    (0x10, QUIC_PARAMETER_RETRY_SOURCE_CONNECTION_ID, Form::Octets),
    (0x11, QUIC_PARAMETER_VI_CHOSEN_VERSION, Form::Versions),
    (0x20, QUIC_PARAMETER_MAX_DATAGRAM_FRAME_SIZE, Form::Integer),
    (0x1057, QUIC_PARAMETER_LOSS_BITS, Form::Integer),
    (0x3127, QUIC_PARAMETER_GOOGLE_INITIAL_RTT, Form::Integer),
    (0x3128, QUIC_PARAMETER_GOOGLE_CONNECTION_OPTIONS, Form::Octets),
    (0x3129, QUIC_PARAMETER_GOOGLE_USER_AGENT, Form::Text),
    (0x312b, QUIC_PARAMETER_GOOGLE_KEY_UPDATE_NOT_YET_SUPPORTED, Form::Flag),
    (0x312a, QUIC_PARAMETER_GOOGLE_SUPPORT_HANDSHAKE_DONE, Form::Flag),
    (0x4751, QUIC_PARAMETER_GOOGLE_QUIC_PARAMS, Form::Octets),
    (0x4752, QUIC_PARAMETER_GOOGLE_QUIC_VERSION, Form::Version),
    (0x7158, QUIC_PARAMETER_ENABLE_TIME_STAMP_V2, Form::Integer),
    (0xff00, QUIC_PARAMETER_FACEBOOK_PARTIAL_RELIABILITY, Form::Integer),
    (0xff04_de1a, QUIC_PARAMETER_MIN_ACK_DELAY, Form::Integer),
];

/// The one of the parameters that is a time in milliseconds.
const MAX_IDLE_TIMEOUT: u64 = 1;
/// The one that stands for a power of two.
const ACK_DELAY_EXPONENT: u64 = 10;

/// A variable-length integer and how many octets it has (RFC 9000, 16).
pub(crate) fn integer(tvb: crate::tvb::Tvb<'_>, at: usize) -> Result<(u64, usize), Stop> {
    let width = 1 << (tvb.u8(at)? >> 6);
    Ok((tvb.uint(at, width)? & (u64::MAX >> (66 - 8 * width)), width))
}

/// Shows the parameters; answers where they end.
pub(super) fn parameters(show: &mut Show<'_, '_>, message: u8, at: usize, end: usize) -> Result<usize, Stop> {
    let mut at = at;
    while at < end {
        let start = at;
        let (kind, width) = integer(show.tvb, at)?;
        let (len, length_width) = integer(show.tvb, at + width)?;
        let value = at + width + length_width;
        let len = usize::try_from(len).map_or(end, |len| len.min(end)).min(end.saturating_sub(value));
        let parameter_item = show.open_text(start, value + len - start, || {
            let name = names::transport_parameter(kind).unwrap_or_else(|| format!("Unknown {kind:#04x}").into());
            format!("Parameter: {name} (len={len})")
        });
        let item = show.add(QUIC_PARAMETER_TYPE, at, width, Value::Uint(kind));
        show.d.text(item, || {
            let name = names::transport_parameter(kind).unwrap_or("Unknown".into());
            format!("Type: {name} ({kind:#04x})")
        });
        show.add(QUIC_PARAMETER_LENGTH, at + width, length_width, Value::Uint(len as u64));
        show.bytes(QUIC_PARAMETER_VALUE, value, len)?;
        parameter(show, message, kind, (value, len), parameter_item)?;
        show.close();
        at = value + len;
    }
    Ok(at)
}

fn parameter(
    show: &mut Show<'_, '_>,
    message: u8,
    kind: u64,
    (at, len): (usize, usize),
    item: Item,
) -> Result<(), Stop> {
    let Some((_, field, form)) = FIELDS_OF.iter().find(|row| row.0 == kind) else {
        return Ok(());
    };
    match form {
        Form::Integer if len > 0 => {
            let (value, width) = integer(show.tvb, at)?;
            show.add(*field, at, width, Value::Uint(value));
            let unit = if kind == MAX_IDLE_TIMEOUT { " ms" } else { "" };
            if kind != ACK_DELAY_EXPONENT {
                show.d.append_text(item, || format!(" {value}{unit}"));
            }
        }
        Form::Octets => {
            show.bytes(*field, at, len)?;
        }
        Form::Version if len >= 4 => {
            show.uint(*field, at, 4)?;
            // Only a server says which others it speaks.
            if message != CLIENT_HELLO {
                google_versions(show, at + 4, at + len)?;
            }
        }
        Form::Versions if len >= 4 => {
            show.uint(*field, at, 4)?;
            for at in (at + 4..at + len).step_by(4).filter(|other| other + 4 <= at + len) {
                show.uint(QUIC_PARAMETER_VI_OTHER_VERSION, at, 4)?;
            }
        }
        Form::Text => {
            show.string(*field, at, len)?;
        }
        Form::Flag => {
            show.add(*field, at, len, Value::None);
        }
        Form::Integer | Form::Version | Form::Versions => {}
    }
    Ok(())
}

/// The versions that a server of Google adds to its own.
fn google_versions(show: &mut Show<'_, '_>, at: usize, end: usize) -> Result<(), Stop> {
    if at >= end {
        return Ok(());
    }
    let (start, stop) = show.vector(QUIC_PARAMETER_GOOGLE_SUPPORTED_VERSIONS_LENGTH, at, end, (0, 0xff))?;
    for at in (start..stop).step_by(4).filter(|at| at + 4 <= stop) {
        show.uint(QUIC_PARAMETER_GOOGLE_SUPPORTED_VERSION, at, 4)?;
    }
    Ok(())
}
