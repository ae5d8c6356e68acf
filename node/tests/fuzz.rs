//! Fuzz targets: capture files of each form.

use std::io::{Cursor, Write};
use std::path::Path;

use packetstream_fuzz::run;
use packetstream_node::capture::file::{
    Interface, MAX_PACKET, NameRecord, Note, Options, RawPacket, Reader, Resolution, Section, Stamp, Statistics, Writer,
};

/// A classic capture of a few packets.
fn pcap(magic: u32) -> Vec<u8> {
    let mut file = magic.to_le_bytes().to_vec();
    file.extend([2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0]);
    for no in 0..5_u32 {
        let bytes = vec![no as u8; 20 * no as usize];
        for word in [1_700_000_000 + no, no, bytes.len() as u32, bytes.len() as u32 + 7] {
            file.extend(word.to_le_bytes());
        }
        file.extend(bytes);
    }
    file
}

/// A capture with two interfaces, comments, names, secrets and statistics.
fn pcapng() -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), &Section::default()).expect("memory takes all");
    for (link_type, resolution) in [(1, Resolution::NANO), (113, Resolution::MICRO)] {
        writer.interface(&Interface { link_type, resolution, ..Interface::default() }).expect("memory takes all");
    }
    writer.names(&[NameRecord { address: [10, 0, 0, 1].into(), names: vec!["a.example".to_owned()] }]).expect("one");
    writer.secrets(0x544c_534b, b"CLIENT_RANDOM 00 11").expect("short");
    for no in 0..6_u32 {
        let packet = RawPacket {
            time: 1_700_000_000_000_000_000 + u64::from(no) * 1000,
            stamp: Stamp::Exact,
            interface: no % 2,
            orig_len: 60,
            bytes: &[no as u8; 60],
            flags: no,
            options: Options::default(),
        };
        writer.packet(&packet, &["said of it"]).expect("memory takes all");
    }
    writer.statistics(&Statistics::default()).expect("memory takes all");
    writer.finish().expect("memory takes all")
}

fn gzip(octets: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(octets).expect("memory takes all");
    encoder.finish().expect("memory takes all")
}

/// Reads a file to its end, with all that stands beside its packets.
fn read(file: Vec<u8>) {
    let Ok(mut reader) = Reader::new(Cursor::new(file), Path::new("fuzz")) else { return };
    while let Some(packet) = reader.next_packet() {
        assert!(packet.bytes.len() <= MAX_PACKET);
        let _ = packet.drops();
        packet.comments().for_each(|_| ());
    }
    let _ = reader.damage().map(ToString::to_string);
    let of_section = |note: &&Note| matches!(note, Note::Section(_));
    let _ = (reader.interfaces().len(), reader.notes().list().iter().filter(of_section).count());
}

#[test]
fn capture_files() {
    let magics = [0xa1b2_c3d4, 0xa1b2_3c4d, 0xd4c3_b2a1, 0xa1b2_cd34];
    let mut seeds: Vec<Vec<u8>> = magics.map(pcap).into_iter().chain([pcapng()]).collect();
    // The same capture with another one behind it.
    seeds.push([pcapng(), pcapng()].concat());
    run("capture files", 4000, |random| {
        let mut file = random.pick(&seeds).clone();
        let from = *random.pick(&[0, 4, 24, 28]);
        random.mutate_behind(from, &mut file);
        if random.is_one_in(8) {
            file = gzip(&file);
            if random.is_one_in(2) {
                random.mutate(&mut file);
            }
        }
        read(file);
    });
}
