use super::packet::{Edition, MAX_ITEMS, MAX_SECONDARY};
use super::*;
use crate::tests::{check_shown, frames, shown_by, survives_anything};

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn read(octets: &[u8]) -> (Packet, Edition) {
    packet::read(Tvb::new(octets, octets.len(), 0))
}

fn check(octets: &[u8], expected: &[(&str, &str)]) {
    check_shown(ProtoId::T38, octets, expected);
}

#[test]
fn an_indicator_with_a_secondary_packet() {
    let octets = hex("0002 01 00 00 01 01 04");
    check(&octets, &[("t38.seq_number", "2"), ("t38.t30_indicator", "0"), ("t38.t30_indicator", "2")]);
    check(&octets, &[("t38.error_recovery", "0"), ("t38.secondary_ifp_packets", "1")]);
    // v8-ansam stands behind the root of the enumeration.
    check(&hex("0001 02 2000 00 00"), &[("t38.t30_indicator", "16")]);
}

#[test]
fn data_with_a_field() {
    // v21, one field: hdlc-data of one octet.
    let octets = hex("0004 06 c0 01 80 0000 ff 00 00");
    check(
        &octets,
        &[("t38.t30_data", "0"), ("t38.data_field", "1"), ("t38.field_type", "0"), ("t38.field_data", "ff")],
    );
}

#[test]
fn parities_are_shown() {
    let octets = hex("0016 01 00 80 01 03 02 02 0102 01 aa");
    check(&octets, &[("t38.fec_npackets", "3"), ("t38.fec_data", "2"), ("t38.fec_data_item", "0102")]);
    let stream = stream_packet(&octets, 7, 9).unwrap();
    assert_eq!(stream.recovery, udptl_stream::Recovery::Fec { packets: 3, entries: 2 });
    let stream = stream_packet(&hex("0002 01 00 00 01 01 04"), 7, 9).unwrap();
    assert_eq!(stream.recovery, udptl_stream::Recovery::Redundancy { packets: 1 });
    assert_eq!(stream_packet(&[0], 7, 9), None);
}

/// The same field in both editions: fcs-OK behind three octets of data.
#[test]
fn the_edition_that_fits_is_taken() {
    let first = hex("0018 09 c0 02 80 0002 ffc821 20 00 00");
    assert_eq!(read(&first).1, Edition::First);
    let corrected = hex("0018 09 c0 02 80 0002 ffc821 10 00 00");
    let (packet, edition) = read(&corrected);
    assert_eq!(edition, Edition::First, "hdlc-sig-end in the first edition");
    assert_eq!(packet.primary.unwrap().items[1].kind, 1);
    // A message of V.8 exists in the corrected edition alone.
    let message = hex("0019 07 e0 01 c0 80 0000 01 00 00");
    let _ = message;
    let message = hex("0019 08 e000 01 c000 0000 01 00 00");
    let (packet, edition) = read(&message);
    assert_eq!((edition, packet.primary.unwrap().items[0].kind), (Edition::Corrected, 8));
}

#[test]
fn truncated_and_overlong_packets_are_noted() {
    let octets = hex("0004 06 c0 01 80 0000 ff 00 00");
    for len in 1..octets.len() {
        let shown = shown_by(ProtoId::T38, &octets[..len]);
        assert!(shown.iter().any(|row| row.0 == "_ws.malformed"), "{len}");
    }
    let mut octets = octets;
    octets.push(0);
    assert!(shown_by(ProtoId::T38, &octets).iter().any(|row| row.0 == "t38.malformed"));
}

#[test]
fn no_more_than_the_limits_is_read() {
    let mut octets = hex("0000 01 00 00 a000");
    octets.extend([1, 0].repeat(0x2000));
    let (packet, _) = read(&octets);
    let Some(Recovery::Secondary { packets, .. }) = packet.recovery else { panic!("{packet:?}") };
    assert_eq!(packets.len(), MAX_SECONDARY);
    let mut octets = hex("0000 8202 c0 81ff");
    octets.extend([0; 0x1ff]);
    octets.extend([0, 0]);
    assert_eq!(read(&octets).0.primary.unwrap().items.len(), MAX_ITEMS);
}

#[test]
fn frames_are_put_together_and_what_was_lost_is_taken_from_later_packets() {
    let mut faxes = Faxes::default();
    let key = Key(crate::dissector::Endpoints::default());
    assert_eq!(faxes.next(key, 65_535), Some(0));
    assert_eq!(faxes.take(key, 65_535, 1, field::HDLC_DATA, &[1, 2]), None);
    assert_eq!((faxes.next(key, 1), faxes.next(key, 1), faxes.next(key, 0)), (Some(1), None, None));
    faxes.take(key, 0, 2, field::HDLC_DATA, &[3]);
    let whole = faxes.take(key, 1, 2, field::FCS_OK, &[]).unwrap();
    assert_eq!((&*whole.octets, whole.pieces.as_slice()), (&[1, 2, 3][..], &[(1, 2), (2, 1), (2, 0)][..]));
    assert_eq!(faxes.take(key, 2, 3, field::FCS_OK, &[]), None);
    // A page of which a piece is missing.
    faxes.take(key, 10, 4, field::T4_DATA, &[0; 20]);
    faxes.take(key, 13, 5, field::T4_DATA, &[0; 20]);
    let page = faxes.take(key, 14, 6, field::T4_SIG_END, &[]).unwrap();
    assert_eq!((page.lost, page.lost_in_row, page.len(), page.is_page), (2, 2, 40, true));
}

#[test]
fn no_more_pieces_than_the_limits_are_kept() {
    let mut faxes = Faxes::default();
    let key = Key(crate::dissector::Endpoints::default());
    faxes.next(key, 0);
    for _ in 0..MAX_PIECES_PLUS {
        faxes.take(key, 0, 1, field::T4_DATA, &[0]);
        faxes.take(key, 0, 1, field::HDLC_DATA, &[0]);
    }
    let frame = faxes.take(key, 0, 1, field::FCS_OK, &[]).unwrap();
    assert_eq!(frame.octets.len(), pages::MAX_FRAME);
    let page = faxes.take(key, 0, 1, field::T4_SIG_END, &[]).unwrap();
    assert_eq!(page.pieces.len(), pages::MAX_PIECES + 1);
}

const MAX_PIECES_PLUS: usize = pages::MAX_PIECES + 100;

#[test]
fn the_sample_shows_every_field() {
    let shown: Vec<_> = frames(101, SAMPLE).into_iter().flatten().collect();
    for field in FIELDS {
        assert!(shown.iter().any(|row| row.0 == field.name), "{} is not shown", field.name);
    }
}

#[test]
fn no_octets_make_it_panic() {
    survives_anything(ProtoId::T38, &[0, 4, 6, 0xc0, 1, 0x80, 0, 0, 0xff, 0, 1, 6, 0xc0, 1, 0x80, 0, 0, 0xff]);
}
