//! T.38 fax over UDPTL: IFP packets (T.38, annex A, ASN.1 of version 0, aligned PER) with redundancy, and the HDLC frames of
//! T.30 that they carry.

/// The t30-indicators (T.38, 7.3.1) that a fax of a page at 9600 bit/s needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Indicator {
    NoSignal = 0,
    CallingTone = 1,
    AnswerTone = 2,
    V21Preamble = 3,
    V29Training9600 = 7,
}

/// What modulates the data (T.38, 7.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Modulation {
    V21 = 0,
    V29At9600 = 5,
}

/// The kinds of a data field (T.38, 7.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    HdlcData = 0,
    HdlcSignalEnd = 1,
    HdlcFcsOk = 2,
    HdlcFcsOkSignalEnd = 4,
    T4NonEcmData = 6,
    T4NonEcmSignalEnd = 7,
}

/// The IFP packet of an indicator: no data, choice 0, not extended, four bits of value, one of padding.
pub fn indicator(indicator: Indicator) -> Vec<u8> {
    vec![(indicator as u8) << 1]
}

/// The IFP packet of one data field, and of a second one without data (the end of a frame or signal).
pub fn data(modulation: Modulation, kind: Field, bytes: &[u8], end: Option<Field>) -> Vec<u8> {
    // Data present, choice 1, not extended, four bits of modulation, padding; then the number of fields.
    let mut ifp = vec![0xc0 | (modulation as u8) << 1, 1 + u8::from(end.is_some())];
    // Data present or not, three bits of kind; the octets begin on a byte, after their length less one.
    ifp.push(u8::from(!bytes.is_empty()) << 7 | (kind as u8) << 4);
    if let Some(less_one) = bytes.len().checked_sub(1) {
        ifp.extend((less_one as u16).to_be_bytes());
        ifp.extend(bytes);
    }
    if let Some(end) = end {
        ifp.push((end as u8) << 4);
    }
    ifp
}

/// One direction of UDPTL.
#[derive(Debug, Clone)]
pub struct Sender {
    pub sequence: u16,
    /// Earlier IFP packets that are sent along, newest first.
    earlier: Vec<Vec<u8>>,
    redundancy: usize,
}

impl Sender {
    /// Sends each packet again with the next `redundancy` ones.
    pub fn new(redundancy: usize) -> Self {
        Self { sequence: 0, earlier: Vec::new(), redundancy }
    }

    /// The UDPTL packet of the next IFP packet, which is shorter than 128 bytes (T.38, 9.1).
    pub fn packet(&mut self, ifp: Vec<u8>) -> Vec<u8> {
        let mut packet = self.sequence.to_be_bytes().to_vec();
        packet.push(ifp.len() as u8);
        packet.extend(&ifp);
        // Choice 0: secondary IFP packets, which is redundancy.
        packet.extend([0, self.earlier.len() as u8]);
        for earlier in &self.earlier {
            packet.push(earlier.len() as u8);
            packet.extend(earlier);
        }
        self.earlier.insert(0, ifp);
        self.earlier.truncate(self.redundancy);
        self.sequence = self.sequence.wrapping_add(1);
        packet
    }
}

/// The facsimile control fields of T.30, 5.3.6.1. The first bit is set by the station that has received DIS.
pub mod t30 {
    pub const CSI: u8 = 0x02;
    pub const DIS: u8 = 0x01;
    pub const TSI: u8 = 0xc2;
    pub const DCS: u8 = 0xc1;
    pub const CFR: u8 = 0x21;
    pub const EOP: u8 = 0xf4;
    pub const MCF: u8 = 0x31;
    pub const DCN: u8 = 0xdf;

    /// Receiver, V.27ter and V.29, fine resolution, A4, unlimited length, no minimum scan time (T.30, table 2).
    pub const DIS_CAPABILITIES: [u8; 3] = [0x00, 0x72, 0x1e];
    /// Of these: V.29 at 9600 bit/s.
    pub const DCS_CHOICE: [u8; 3] = [0x00, 0x62, 0x1e];

    /// An HDLC frame without flags and check sequence: address, control (`last` of the command or not), field, information.
    pub fn frame(last: bool, field: u8, information: &[u8]) -> Vec<u8> {
        let mut frame = vec![0xff, if last { 0xc8 } else { 0xc0 }, field];
        frame.extend(information);
        frame
    }

    /// A telephone number as identification: 20 characters, the last one first, each with its lowest bit first (5.3.6.2.4).
    pub fn identification(number: &str) -> Vec<u8> {
        let padded = format!("{number:>20}");
        padded.bytes().rev().take(20).map(u8::reverse_bits).collect()
    }
}

/// An empty page in modified Huffman code (T.4, 4.1): lines of 1728 white elements, ended by six EOL.
pub fn white_page(lines: usize) -> Vec<u8> {
    const EOL: &str = "000000000001";
    // Make-up code of 1728 white elements and terminating code of none.
    const WHITE: &str = "01001101100110101";
    let bits: String = (0..lines).map(|_| [EOL, WHITE].concat()).chain((0..6).map(|_| EOL.to_owned())).collect();
    bits.as_bytes()
        .chunks(8)
        .map(|chunk| chunk.iter().enumerate().fold(0, |byte, (i, bit)| byte | (bit - b'0') << (7 - i)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_carry_the_ones_before_them() {
        let mut sender = Sender::new(1);
        assert_eq!(sender.packet(indicator(Indicator::AnswerTone)), [0, 0, 1, 4, 0, 0]);
        assert_eq!(sender.packet(indicator(Indicator::V21Preamble)), [0, 1, 1, 6, 0, 1, 1, 4]);
    }

    /// T.38's encoding of one octet of V.21 data, as gateways send it.
    #[test]
    fn data_fields_are_aligned() {
        assert_eq!(data(Modulation::V21, Field::HdlcData, &[0xff], None), [0xc0, 1, 0x80, 0, 0, 0xff]);
        assert_eq!(data(Modulation::V21, Field::HdlcFcsOk, &[], None), [0xc0, 1, 0x20]);
        let both = data(Modulation::V21, Field::HdlcData, &[1, 2], Some(Field::HdlcFcsOk));
        assert_eq!(both, [0xc0, 2, 0x80, 0, 1, 1, 2, 0x20]);
    }

    #[test]
    fn identifications_are_twenty_reversed_characters() {
        let id = t30::identification("49");
        assert_eq!(id.len(), 20);
        assert_eq!(id[..3], [b'9'.reverse_bits(), b'4'.reverse_bits(), b' '.reverse_bits()]);
    }

    #[test]
    fn a_page_begins_with_eol() {
        assert_eq!(white_page(1)[..4], [0x00, 0x14, 0xd9, 0xa8]);
    }
}
