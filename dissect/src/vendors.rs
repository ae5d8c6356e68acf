//! Who makes network adapters with which addresses: the IEEE's public listing of MA-L assignments (the first 24 bits of an
//! address), compiled into `vendors/oui.bin` by the script beside it, which has the layout.

const TABLE: &[u8] = include_bytes!("vendors/oui.bin");

/// An assignment and the number of its name.
const ENTRY_LEN: usize = 5;
const OFFSET_LEN: usize = 3;

struct Table {
    entries: &'static [[u8; ENTRY_LEN]],
    offsets: &'static [[u8; OFFSET_LEN]],
    text: &'static str,
}

/// The parts of the file; empty if it is not sound, which a test would show.
fn parts() -> Table {
    const EMPTY: Table = Table { entries: &[], offsets: &[], text: "" };
    let Some((header, rest)) = TABLE.split_at_checked(8) else { return EMPTY };
    let [a, b, c, d, e, f, g, h] = *header else { return EMPTY };
    let count = u32::from_be_bytes([a, b, c, d]) as usize;
    let names = u32::from_be_bytes([e, f, g, h]) as usize;
    let Some((entries, rest)) = rest.split_at_checked(count * ENTRY_LEN) else { return EMPTY };
    let Some((offsets, text)) = rest.split_at_checked((names + 1) * OFFSET_LEN) else { return EMPTY };
    match std::str::from_utf8(text) {
        Ok(text) => Table { entries: entries.as_chunks().0, offsets: offsets.as_chunks().0, text },
        Err(_) => EMPTY,
    }
}

static PARTS: std::sync::LazyLock<Table> = std::sync::LazyLock::new(parts);

/// The organisation that the first three octets of an address are assigned to.
pub(crate) fn name(oui: [u8; 3]) -> Option<&'static str> {
    let table = &*PARTS;
    let at = table.entries.binary_search_by(|[a, b, c, ..]| [*a, *b, *c].cmp(&oui)).ok()?;
    let [.., high, low] = *table.entries.get(at)?;
    let number = usize::from(u16::from_be_bytes([high, low]));
    let offset =
        |number: usize| table.offsets.get(number).map(|[a, b, c]| u32::from_be_bytes([0, *a, *b, *c]) as usize);
    table.text.get(offset(number)?..offset(number + 1)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments_are_found_from_end_to_end() {
        assert_eq!(name([0x00, 0x11, 0x43]), Some("Dell Inc."));
        assert_eq!(name([0x00, 0x90, 0x8f]), Some("Audio Codes Ltd."));
        assert_eq!(name([0x02, 0xaa, 0x00]), None);
        for [a, b, c, ..] in PARTS.entries {
            assert!(name([*a, *b, *c]).is_some_and(|name| !name.is_empty()));
        }
        assert!(PARTS.entries.len() > 30_000 && PARTS.entries.is_sorted());
    }
}
