//! Values of the binary protocol: parameters of a statement and rows of its result.

use super::*;

/// A value of the binary protocol; answers where it ends.
pub(super) fn value<'a>(
    d: &mut Dissector<'a>,
    tvb: Tvb<'a>,
    at: usize,
    kind: u8,
    is_unsigned: bool,
) -> Result<usize, Stop> {
    let (width, signed, unsigned) = match kind {
        1 => (1, EXEC_FIELD_TINY, EXEC_FIELD_UNSIGNED_TINY),
        2 | 13 => (2, EXEC_FIELD_SHORT, EXEC_FIELD_UNSIGNED_SHORT),
        3 | 9 => (4, EXEC_FIELD_LONG, EXEC_FIELD_UNSIGNED_LONG),
        8 => (8, EXEC_FIELD_LONGLONG, EXEC_FIELD_UNSIGNED_LONGLONG),
        4 => {
            let float = f32::from_le_bytes(tvb.array(at)?);
            d.add(EXEC_FIELD_FLOAT, tvb, at, 4, Value::Float(float.into()));
            return Ok(at + 4);
        }
        5 => {
            let float = f64::from_le_bytes(tvb.array(at)?);
            d.add(EXEC_FIELD_DOUBLE, tvb, at, 8, Value::Float(float));
            return Ok(at + 8);
        }
        6 => {
            d.add(EXEC_FIELD_NULL, tvb, at, 0, Value::None);
            return Ok(at);
        }
        7 | 10 | 12 => return moment(d, tvb, at),
        11 => return span(d, tvb, at),
        _ => return text(d, EXEC_FIELD_STRING, tvb, at),
    };
    let octets = tvb.slice(at, width)?;
    let number = octets.iter().rev().fold(0u64, |number, octet| number << 8 | u64::from(*octet));
    if is_unsigned {
        d.add(unsigned, tvb, at, width, Value::Uint(number));
    } else {
        let shift = 64 - 8 * width as u32;
        d.add(signed, tvb, at, width, Value::Int((number << shift) as i64 >> shift));
    }
    Ok(at + width)
}

fn moment<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Result<usize, Stop> {
    let len = tvb.u8(at)?;
    d.add(EXEC_FIELD_DATETIME_LENGTH, tvb, at, 1, Value::Int(len.into()));
    if len >= 4 {
        d.add(EXEC_FIELD_YEAR, tvb, at + 1, 2, Value::Int(tvb.u16_le(at + 1)?.into()));
        d.add(EXEC_FIELD_MONTH, tvb, at + 3, 1, Value::Int(tvb.u8(at + 3)?.into()));
        d.add(EXEC_FIELD_DAY, tvb, at + 4, 1, Value::Int(tvb.u8(at + 4)?.into()));
    }
    if len >= 7 {
        clock(d, tvb, at + 5)?;
    }
    Ok(at + 1 + usize::from(len))
}

fn span<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Result<usize, Stop> {
    let len = tvb.u8(at)?;
    d.add(EXEC_FIELD_TIME_LENGTH, tvb, at, 1, Value::Int(len.into()));
    if len >= 8 {
        d.uint(EXEC_FIELD_TIME_SIGN, tvb, at + 1, 1)?;
        d.add(EXEC_FIELD_TIME_DAYS, tvb, at + 2, 4, Value::Int((tvb.u32_le(at + 2)? as i32).into()));
        clock(d, tvb, at + 6)?;
    }
    Ok(at + 1 + usize::from(len))
}

fn clock<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Parsed {
    for (place, field) in [EXEC_FIELD_HOUR, EXEC_FIELD_MINUTE, EXEC_FIELD_SECOND].into_iter().enumerate() {
        d.add(field, tvb, at + place, 1, Value::Int(tvb.u8(at + place)?.into()));
    }
    Ok(())
}

pub(super) fn binary_row<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, place: &Standing) -> Parsed {
    d.uint(RESPONSE_CODE, tvb, 0, 1)?;
    let count = place.types.len();
    // Two bits stand before those of the columns.
    let nulls = tvb.sub(1, (count + 9) / 8);
    d.bytes(ROW_NULLBUFFER, nulls, 0, nulls.reported());
    let mut at = 1 + nulls.reported();
    for (number, kind) in place.types.iter().enumerate() {
        let bit = number + 2;
        if nulls.u8(bit / 8)? >> (bit % 8) & 1 != 0 {
            d.add(EXEC_FIELD_NULL, tvb, at, 0, Value::None);
        } else {
            at = value(d, tvb, at, *kind, false)?;
        }
    }
    Ok(())
}
