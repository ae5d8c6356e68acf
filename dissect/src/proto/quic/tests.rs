use super::*;
use crate::tests::{frames, survives_anything, values};

/// What the frames of the sample show of a field.
fn of_sample(name: &str) -> Vec<String> {
    frames(101, SAMPLE).iter().map(|frame| values(frame, name)).collect()
}

#[test]
fn packets_are_opened_and_their_hellos_read() {
    assert_eq!(of_sample("quic.packet_number")[..8], ["0", "0", "1", "2", "3", "130", "259", ""]);
    assert_eq!(of_sample("tls.handshake.type")[..3], ["1", "2", ""]);
    assert_eq!(of_sample("tls.handshake.extensions_server_name")[0], "a.example");
    assert_eq!(of_sample("quic.ack.largest_acknowledged")[1], "9");
    assert_eq!(of_sample("quic.cc.error_code.tls_alert")[2], "40");
}

#[test]
fn a_connection_is_found_by_its_ids() {
    let numbers = of_sample("quic.connection.number");
    assert_eq!(numbers, ["0", "0", "0", "0", "0", "0", "0", "0", "", "0", "0", "1"]);
    assert_eq!(of_sample("quic.dcid")[7], "53535353");
}

#[test]
fn pieces_that_come_late_are_put_together() {
    assert_eq!(of_sample("quic.reassembled_in")[3], "5");
    assert_eq!(of_sample("quic.crypto.fragment")[4], "5,4");
    assert_eq!(of_sample("tls.handshake.type")[4], "20");
}

#[test]
fn a_client_that_has_to_try_again_takes_other_keys() {
    // A client that a server told to try again (RFC 9000, 8.1.2): its second packet is protected with the keys of the
    // server's ID.
    let retried = [
        "4500004600010000401100000a0000010a000002138801bb00320000cc00000001088394c8f03e515708044343434300 \
         4014e741b4115fab7ccff5c6ac766ba6b5049fa46c20",
        "4500004000010000401100000a0000020a00000101bb1388002c0000f00000000104434343430452525252746f6b656e \
         15bca42d9a00be6ec2c800bd751e8a0f",
        "4500004700010000401100000a0000010a000002138801bb00330000cd000000010452525252044343434305746f6b65 \
         6e4014fd31d59d454f015b4f44d5f5e8e51b38523f9a29",
    ];
    let shown: Vec<_> = frames(101, &retried).iter().map(|frame| values(frame, "quic.packet_number")).collect();
    assert_eq!(shown, ["0", "", "1"]);
}

#[test]
fn a_client_of_whom_another_version_is_asked_takes_other_keys() {
    let negotiated = [
        "4500004600010000401100000a0000010a000002138801bb00320000c7ff00001d088394c8f03e515708044343434300 \
         40140fbdcc60f3881febbce43423a931254a9e320645",
        "4500003300010000401100000a0000020a00000101bb1388001f000080000000000443434343088394c8f03e51570800 \
         000001",
        "4500004600010000401100000a0000010a000002138801bb00320000c600000001088394c8f03e515708044343434300 \
         4014cd6b3aabc8d92c358bb6b096b4355def442e304d",
    ];
    let shown: Vec<_> = frames(101, &negotiated).iter().map(|frame| values(frame, "quic.packet_number")).collect();
    assert_eq!(shown, ["0", "", "1"]);
}

#[test]
fn nothing_breaks_it() {
    survives_anything(
        ProtoId::Quic,
        b"\xc3\x00\x00\x00\x01\x08\x83\x94\xc8\xf0\x3e\x51\x57\x08\x00\x00\x44\x9e\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\
          \x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x40\x41\x42\x43",
    );
}
