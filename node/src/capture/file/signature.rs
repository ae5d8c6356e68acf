//! What a file is that is no capture, for the one line that says so.

/// Beginnings of files, and what they are.
const SIGNATURES: [(&[u8], &str); 22] = [
    (b"\x28\xb5\x2f\xfd", "zstd-compressed data (unpack it first)"),
    (b"\x04\x22\x4d\x18", "lz4-compressed data (unpack it first)"),
    (b"\xfd7zXZ\0", "xz-compressed data (unpack it first)"),
    (b"BZh", "bzip2-compressed data (unpack it first)"),
    (b"PK\x03\x04", "a zip archive (unpack it first)"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive (unpack it first)"),
    (b"Rar!", "a RAR archive (unpack it first)"),
    (b"\x1f\x9d", "compress'ed data (unpack it first)"),
    (b"snoop\0\0\0", "a snoop capture (convert it with editcap)"),
    (b"GMBU", "a Network Monitor capture (convert it with editcap)"),
    (b"RTSS", "a Network Monitor capture (convert it with editcap)"),
    (b"TRSNIFF data", "a Sniffer capture (convert it with editcap)"),
    (b"XCP\0", "a NetXRay capture (convert it with editcap)"),
    (b"btsnoop\0", "a btsnoop log (convert it with editcap)"),
    (b"\x7fver", "a Peek capture (convert it with editcap)"),
    (b"\x7fELF", "a program"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "an image"),
    (b"\xff\xd8\xff", "an image"),
    (b"SQLite format 3", "an SQLite database"),
    (b"OggS", "a sound file"),
    (b"RIFF", "a sound file"),
];

/// What begins with `start` looks like.
pub(super) fn looks_like(start: &[u8]) -> &'static str {
    if let Some((_, name)) = SIGNATURES.iter().find(|known| start.starts_with(known.0)) {
        return name;
    }
    if start.iter().all(|byte| *byte == 0) {
        return "nothing but zeros";
    }
    let printable = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | 0x20..=0x7e | 0x80..);
    match start.iter().find(|byte| !byte.is_ascii_whitespace()) {
        _ if !start.iter().all(printable) => "data of an unknown kind",
        Some(b'{' | b'[') => "JSON",
        Some(b'<') => "XML or HTML",
        _ => "text",
    }
}
