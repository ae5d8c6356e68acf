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

/// What goes by another name than the listing's, or has none there, as Wireshark shows it: addresses of zeros alone, those
/// that DECnet gives to hosts by their number, adapters of virtual machines, and what was sold in great numbers.
const KNOWN_OTHERWISE: &[([u8; 3], &str)] = &[
    ([0x00, 0x00, 0x00], "Officially Xerox, but 0:0:0:0:0:0 is more common"),
    ([0x00, 0x04, 0xac], "IBM"),
    ([0x00, 0x05, 0x02], "Apple (PCI bus Macs)"),
    ([0x00, 0x80, 0xc7], "Xircom, Inc."),
    ([0x00, 0x90, 0x2b], "Cisco"),
    ([0x00, 0xa0, 0xc9], "Intel (PRO100B and PRO100+)"),
    ([0x00, 0xe0, 0x18], "Asustek"),
    ([0x00, 0xe0, 0x29], "SMC EtherPower II 10/100"),
    ([0x00, 0xe0, 0xa3], "Cisco Systems"),
    ([0x08, 0x00, 0x27], "PCS Computer Systems GmbH"),
    ([0x44, 0x45, 0x53], "Microsoft"),
    ([0x52, 0x54, 0x00], "Realtek (UpTech? also reported)"),
    ([0xaa, 0x00, 0x00], "DEC"),
    ([0xaa, 0x00, 0x01], "DEC"),
    ([0xaa, 0x00, 0x02], "DEC"),
    ([0xaa, 0x00, 0x03], "DEC"),
    ([0xaa, 0x00, 0x04], "DEC"),
];

/// The organisation that the first three octets of an address are assigned to.
pub(crate) fn name(oui: [u8; 3]) -> Option<&'static str> {
    if let Some(row) = KNOWN_OTHERWISE.iter().find(|row| row.0 == oui) {
        return Some(row.1);
    }
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
        assert_eq!(name([0xaa, 0x00, 0x04]), Some("DEC"));
        assert!(name([0, 0, 0]).is_some_and(|name| name.starts_with("Officially Xerox")));
        for [a, b, c, ..] in PARTS.entries {
            assert!(name([*a, *b, *c]).is_some_and(|name| !name.is_empty()));
        }
        assert!(PARTS.entries.len() > 30_000 && PARTS.entries.is_sorted());
    }
}
