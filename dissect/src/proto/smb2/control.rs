//! Controls of files and volumes, and calls over a pipe ([MS-SMB2] 2.2.31 and 2.2.32).

use super::file::payload;
use super::*;

/// [MS-FSCC] 2.3.
const PIPE_TRANSCEIVE: u64 = 0x0011_c017;

fn function<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Result<u64, Stop> {
    let code = int(tvb, at, 4)?;
    d.open(IOCTL_FUNCTION, tvb, at, 4, Value::Uint(code));
    for field in [IOCTL_FUNCTION_DEVICE, IOCTL_FUNCTION_ACCESS, IOCTL_FUNCTION_FUNCTION, IOCTL_FUNCTION_METHOD] {
        d.bits(field, tvb, at, 4, code);
    }
    d.close();
    d.append_info(|| {
        let name = Names::Values(FUNCTIONS).of(code);
        format!(" {}", name.unwrap_or_else(|| format!("Unknown (0x{code:08x})").into()))
    });
    Ok(code)
}

pub(super) fn ioctl<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, told: &Told) -> Parsed {
    let at = HEADER_LEN;
    d.bytes(RESERVED, tvb, at + 2, 2);
    let code = function(d, tvb, at + 4)?;
    show_fid(d, tvb, at + 8, told)?;
    le(d, MAX_IOCTL_IN_SIZE, tvb, at + 32, 4)?;
    le(d, MAX_IOCTL_OUT_SIZE, tvb, at + 44, 4)?;
    flags(d, IOCTL_FLAGS, &[IOCTL_IS_FSCTL], tvb, at + 48, 4)?;
    d.bytes(RESERVED, tvb, at + 52, 4);
    transfer(d, tvb, (at + 24, IOCTL_IN), code)?;
    transfer(d, tvb, (at + 36, IOCTL_OUT), code)
}

pub(super) fn ioctl_done<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, told: &Told) -> Parsed {
    let at = HEADER_LEN;
    d.bytes(RESERVED, tvb, at + 2, 2);
    let code = function(d, tvb, at + 4)?;
    show_fid(d, tvb, at + 8, told)?;
    le(d, FLAGS, tvb, at + 40, 4)?;
    d.bytes(RESERVED, tvb, at + 44, 4);
    transfer(d, tvb, (at + 24, IOCTL_IN), code)?;
    transfer(d, tvb, (at + 32, IOCTL_OUT), code)
}

/// What goes in or out.
fn transfer<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, (at, field): (usize, FieldId), code: u64) -> Parsed {
    let (offset, len) = buffer(d, tvb, at, (4, 4))?;
    let data = tvb.sub(offset, len);
    d.add(field, data, 0, data.reported(), Value::None);
    if code == PIPE_TRANSCEIVE && data.reported() > 0 {
        payload(d, data);
    }
    Ok(())
}
