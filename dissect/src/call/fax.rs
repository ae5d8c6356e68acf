//! A fax over T.38: the UDPTL packets of both sides (T.38, 9), the IFP packets in them (7), and the T.30 steps that these
//! carry.
//!
//! IFP packets are taken in the order of their sequence numbers; what redundancy brings back is taken too.

use smallvec::SmallVec;

use crate::diagnose::{Evidence, Mark};
use crate::dissector::Endpoints;
use crate::udptl_stream::{self, Recovery, Streams};

use super::session::Heard;

/// How many T.30 steps of one fax are kept.
pub const MAX_FAX_STEPS: usize = 512;
/// How long an HDLC frame may be (T.30, A.3: 256 octets of data and some of header).
const MAX_FRAME: usize = 400;
/// How many earlier IFP packets of one UDPTL packet are looked at.
const MAX_SECONDARY: usize = 16;
/// A sequence number so far ahead begins the stream anew.
const MAX_AHEAD: u16 = 1000;

/// The facsimile control fields of T.30, 5.3.6.1, without the bit that says who sends.
const NAMES: &[(u8, &str)] = &[
    (0x01, "DIS"),
    (0x02, "CSI"),
    (0x04, "NSF"),
    (0x41, "DCS"),
    (0x42, "TSI"),
    (0x44, "NSS"),
    (0x43, "SUB"),
    (0x45, "PWD"),
    (0x21, "CFR"),
    (0x22, "FTT"),
    (0x23, "CTR"),
    (0x48, "CTC"),
    (0x71, "EOM"),
    (0x72, "MPS"),
    (0x74, "EOP"),
    (0x79, "PRI-EOM"),
    (0x7a, "PRI-MPS"),
    (0x7c, "PRI-EOP"),
    (0x7d, "PPS"),
    (0x73, "EOR"),
    (0x76, "RR"),
    (0x31, "MCF"),
    (0x32, "RTN"),
    (0x33, "RTP"),
    (0x34, "PIN"),
    (0x35, "PIP"),
    (0x37, "RNR"),
    (0x38, "ERR"),
    (0x3d, "PPR"),
    (0x5f, "DCN"),
    (0x58, "CRP"),
    (0x53, "FDM"),
];

/// The name of a control field.
fn name(field: u8) -> &'static str {
    match field {
        // DTC, CIG and NSC are DIS, CSI and NSF with the bit that the caller sets (T.30, 5.3.6.1.2).
        0x81 => "DTC",
        0x82 => "CIG",
        0x84 => "NSC",
        _ => NAMES.iter().find(|row| row.0 == field & 0x7f).map_or("unknown", |row| row.1),
    }
}

/// The t30-indicators (T.38, 7.3.1) that are steps of a fax.
const INDICATORS: &[&str] = &[
    "no signal",
    "CNG",
    "CED",
    "V.21 preamble",
    "V.27ter 2400 training",
    "V.27ter 4800 training",
    "V.29 7200 training",
    "V.29 9600 training",
    "V.17 7200 short training",
    "V.17 7200 long training",
    "V.17 9600 short training",
    "V.17 9600 long training",
    "V.17 12000 short training",
    "V.17 12000 long training",
    "V.17 14400 short training",
    "V.17 14400 long training",
    "V.8 ANSam",
    "V.8 signal",
    "V.34 control channel 1200",
    "V.34 primary channel",
    "V.34 CC retrain",
    "V.33 12000 training",
    "V.33 14400 training",
];

/// One step of the fax.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FaxStep {
    pub mark: Mark,
    pub endpoints: Endpoints,
    pub from_caller: bool,
    pub name: &'static str,
}

/// What one side sent.
#[derive(Clone, Debug, Default)]
struct Side {
    next: Option<u16>,
    /// The octets of the HDLC frame that is coming.
    frame: Vec<u8>,
    indicator: Option<u8>,
    is_in_page: bool,
}

/// What a T.30 exchange came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    pub identified: u32,
    pub commands: u32,
    pub confirmed_training: u32,
    pub failed_training: u32,
    pub page_ends: u32,
    pub confirmed_pages: u32,
    pub refused_pages: u32,
    pub disconnects: u32,
}

/// A fax over T.38 in a call.
pub struct Fax {
    /// When T.38 was agreed on, and when it was left again.
    pub agreed: Mark,
    pub left: Option<i64>,
    /// UDPTL from the caller, and from the callee.
    pub heard: [Heard; 2],
    streams: Streams,
    sides: [Side; 2],
    pub steps: Vec<FaxStep>,
    pub counts: Counts,
    /// The frames of what decides: FTT, RTN, DCN, MCF.
    pub decisive: Evidence,
    /// Nobody has answered the last DCS.
    waits_for_training: bool,
    /// The last word about a page was that it is refused.
    is_last_page_refused: bool,
    ends_unanswered: u32,
}

impl Fax {
    pub(super) fn new(agreed: Mark) -> Self {
        Self {
            agreed,
            left: None,
            heard: [Heard::default(); 2],
            streams: Streams::default(),
            sides: Default::default(),
            steps: Vec::new(),
            counts: Counts::default(),
            decisive: Evidence::default(),
            waits_for_training: false,
            is_last_page_refused: false,
            ends_unanswered: 0,
        }
    }

    pub(super) fn resume(&mut self) {
        self.left = None;
    }

    pub(super) fn pause(&mut self, time: i64) {
        self.left.get_or_insert(time);
    }

    /// What became of the UDPTL streams.
    pub fn streams(&self) -> Vec<udptl_stream::Summary> {
        self.streams.summaries()
    }

    /// A datagram; says whether it is UDPTL.
    pub(super) fn hear(&mut self, from_caller: bool, mark: Mark, endpoints: &Endpoints, payload: &[u8]) -> bool {
        let at = usize::from(!from_caller);
        let Some(packet) = Udptl::read(payload) else { return false };
        // RTP may still come to the port; its version says so, unless the sequence number has come that far.
        let looks_like_rtp = payload.first().is_some_and(|first| first >> 6 == 2);
        let follows = self.sides[at].next.is_some_and(|next| packet.sequence.wrapping_sub(next) < MAX_AHEAD);
        if looks_like_rtp && !follows {
            return false;
        }
        self.heard[at].add(mark, true);
        let of_stream = udptl_stream::Packet {
            frame: mark.number,
            time: mark.time,
            sequence: packet.sequence,
            recovery: packet.recovery,
            octets: payload.len() as u32,
        };
        self.streams.feed(*endpoints, &of_stream);
        self.deliver(from_caller, mark, endpoints, &packet);
        true
    }

    /// Takes the IFP packets that are new, in their order.
    fn deliver(&mut self, from_caller: bool, mark: Mark, endpoints: &Endpoints, packet: &Udptl<'_>) {
        let at = usize::from(!from_caller);
        let next = self.sides[at].next.unwrap_or(packet.sequence);
        let ahead = packet.sequence.wrapping_sub(next);
        if ahead > u16::MAX - MAX_AHEAD {
            return;
        }
        if ahead < MAX_AHEAD {
            for back in (1..=ahead.min(packet.secondary.len() as u16)).rev() {
                if let Some(ifp) = packet.secondary.get(usize::from(back) - 1) {
                    self.ifp(from_caller, mark, endpoints, ifp);
                }
            }
        }
        self.sides[at].next = Some(packet.sequence.wrapping_add(1));
        self.ifp(from_caller, mark, endpoints, packet.primary);
    }

    fn step(&mut self, from_caller: bool, mark: Mark, endpoints: &Endpoints, name: &'static str) {
        if self.steps.len() < MAX_FAX_STEPS {
            self.steps.push(FaxStep { mark, endpoints: *endpoints, from_caller, name });
        }
    }

    fn ifp(&mut self, from_caller: bool, mark: Mark, endpoints: &Endpoints, octets: &[u8]) {
        let at = usize::from(!from_caller);
        match Ifp::read(octets) {
            Some(Ifp::Indicator(indicator)) => {
                if self.sides[at].indicator.replace(indicator) != Some(indicator)
                    && indicator != 0
                    && let Some(name) = INDICATORS.get(usize::from(indicator))
                {
                    self.step(from_caller, mark, endpoints, name);
                }
            }
            Some(Ifp::Data { modulation, fields }) => {
                self.sides[at].indicator = None;
                for (kind, octets) in fields {
                    self.field(from_caller, mark, endpoints, modulation, (kind, octets));
                }
            }
            None => {}
        }
    }

    /// One data field (T.38, 7.4).
    fn field(&mut self, from_caller: bool, mark: Mark, endpoints: &Endpoints, modulation: u8, field: (u8, &[u8])) {
        let side = &mut self.sides[usize::from(!from_caller)];
        let (kind, octets) = field;
        // T.30 commands come at 300 bit/s (V.21); frames of other modulations are data of a page with error correction.
        let is_command = modulation == 0;
        match kind {
            HDLC_DATA if is_command => {
                let room = MAX_FRAME.saturating_sub(side.frame.len());
                side.frame.extend_from_slice(octets.get(..room).unwrap_or(octets));
            }
            HDLC_FCS_OK | HDLC_FCS_OK_SIG_END if is_command => {
                side.frame.extend_from_slice(octets.get(..MAX_FRAME).unwrap_or(octets));
                let frame = std::mem::take(&mut side.frame);
                if let Some(control) = control_field(&frame) {
                    self.command(from_caller, mark, endpoints, control);
                }
            }
            HDLC_SIG_END | HDLC_FCS_BAD | HDLC_FCS_BAD_SIG_END if is_command => side.frame.clear(),
            T4_DATA if !std::mem::replace(&mut side.is_in_page, true) => {
                self.step(from_caller, mark, endpoints, "page or training data");
            }
            T4_SIG_END => side.is_in_page = false,
            _ => {}
        }
    }

    /// A T.30 command or response.
    fn command(&mut self, from_caller: bool, mark: Mark, endpoints: &Endpoints, control: u8) {
        let name = name(control);
        self.step(from_caller, mark, endpoints, name);
        let counts = &mut self.counts;
        match name {
            "DIS" | "DTC" => counts.identified += 1,
            "DCS" => {
                counts.commands += 1;
                self.waits_for_training = true;
                self.decisive.add(mark);
            }
            "CFR" => {
                counts.confirmed_training += 1;
                self.waits_for_training = false;
            }
            "FTT" => {
                counts.failed_training += 1;
                self.waits_for_training = false;
                self.decisive.add(mark);
            }
            "EOM" | "MPS" | "EOP" | "PPS" | "EOR" | "PRI-EOM" | "PRI-MPS" | "PRI-EOP" => {
                counts.page_ends += 1;
                self.ends_unanswered += 1;
            }
            // Retrain positive: the page is taken, the next one needs training.
            "MCF" | "RTP" | "PIP" => {
                counts.confirmed_pages += 1;
                self.ends_unanswered = 0;
                self.is_last_page_refused = false;
            }
            "RTN" | "PIN" => {
                counts.refused_pages += 1;
                self.ends_unanswered = 0;
                self.is_last_page_refused = true;
                self.decisive.add(mark);
            }
            "DCN" => {
                counts.disconnects += 1;
                self.decisive.add(mark);
            }
            _ => {}
        }
    }

    /// Why the fax failed, if it did. `is_ended`: the call or T.38 was ended, not only the capture.
    pub fn failure(&self, is_ended: bool) -> Option<String> {
        let counts = &self.counts;
        let has_ended = is_ended || counts.disconnects > 0;
        let was_confirmed = counts.confirmed_pages > 0 && !self.is_last_page_refused;
        if !has_ended || was_confirmed || counts.identified == 0 && counts.commands == 0 {
            return None;
        }
        let how = if counts.disconnects > 0 { "then DCN" } else { "then the call was cleared" };
        if self.is_last_page_refused {
            return Some(format!("the page was refused (RTN, {} times), {how}", counts.refused_pages));
        }
        if counts.failed_training >= 2 && counts.confirmed_training == 0 {
            return Some(format!(
                "training failed {} times (FTT) after {} DCS, {how}",
                counts.failed_training, counts.commands
            ));
        }
        if counts.commands > 0 && self.waits_for_training && counts.confirmed_training == 0 {
            return Some(format!("DCS was sent {} times and not answered by CFR or FTT, {how}", counts.commands));
        }
        if self.ends_unanswered > 0 {
            return Some(format!(
                "the end of the page was sent {} times and never confirmed (MCF), {how}",
                self.ends_unanswered
            ));
        }
        if counts.commands > 0 || counts.disconnects > 0 {
            return Some(format!("the exchange ended before a page was confirmed (MCF), {how}"));
        }
        None
    }
}

const HDLC_DATA: u8 = 0;
const HDLC_SIG_END: u8 = 1;
const HDLC_FCS_OK: u8 = 2;
const HDLC_FCS_BAD: u8 = 3;
const HDLC_FCS_OK_SIG_END: u8 = 4;
const HDLC_FCS_BAD_SIG_END: u8 = 5;
const T4_DATA: u8 = 6;
const T4_SIG_END: u8 = 7;

/// The control field of an HDLC frame: address, control, field (T.30, 5.3.3 to 5.3.6), in whichever order of bits.
fn control_field(frame: &[u8]) -> Option<u8> {
    match *frame {
        [0xff, 0xc0 | 0xc8, field, ..] => Some(field),
        [0xff, 0x03 | 0x13, field, ..] => Some(field.reverse_bits()),
        _ => None,
    }
}

/// Reads aligned PER (X.691).
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn u8(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn u16(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes([self.u8()?, self.u8()?]))
    }

    /// A length determinant (X.691, 10.9), without fragmentation.
    fn length(&mut self) -> Option<usize> {
        let first = self.u8()?;
        match first {
            0..=0x7f => Some(first.into()),
            0x80..=0xbf => Some(usize::from(first & 0x3f) << 8 | usize::from(self.u8()?)),
            _ => None,
        }
    }

    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn counted(&mut self) -> Option<&'a [u8]> {
        let len = self.length()?;
        self.take(len)
    }
}

/// A UDPTL packet (T.38, 9.1).
struct Udptl<'a> {
    sequence: u16,
    primary: &'a [u8],
    /// Earlier IFP packets, newest first.
    secondary: SmallVec<[&'a [u8]; 4]>,
    recovery: Recovery,
}

impl<'a> Udptl<'a> {
    fn read(payload: &'a [u8]) -> Option<Self> {
        let mut reader = Reader(payload);
        let sequence = reader.u16()?;
        let primary = reader.counted()?;
        let mut packet = Self { sequence, primary, secondary: SmallVec::new(), recovery: Recovery::None };
        // What is missing behind the primary packet takes nothing from it.
        let _ = packet.read_recovery(&mut reader);
        Some(packet)
    }

    fn read_recovery(&mut self, reader: &mut Reader<'a>) -> Option<()> {
        if reader.u8()? & 0x80 == 0 {
            let count = reader.length()?;
            for _ in 0..count.min(MAX_SECONDARY) {
                let earlier = reader.counted()?;
                self.secondary.push(earlier);
                self.recovery = Recovery::Redundancy { packets: self.secondary.len() as u16 };
            }
        } else {
            let packets = reader.counted()?.iter().fold(0_u16, |value, octet| value << 8 | u16::from(*octet));
            let entries = reader.length()? as u16;
            self.recovery = Recovery::Fec { packets, entries };
        }
        Some(())
    }
}

/// An IFP packet (T.38, 7.1 to 7.4, ASN.1 of version 0).
enum Ifp<'a> {
    Indicator(u8),
    Data { modulation: u8, fields: SmallVec<[(u8, &'a [u8]); 4]> },
}

/// How many fields of one IFP packet are looked at.
const MAX_FIELDS: usize = 32;

impl<'a> Ifp<'a> {
    fn read(octets: &'a [u8]) -> Option<Self> {
        let mut reader = Reader(octets);
        let first = reader.u8()?;
        let (has_data, is_data, is_extended) = (first & 0x80 != 0, first & 0x40 != 0, first & 0x20 != 0);
        let value = if is_extended {
            // A normally small number behind the extension bit: six bits, of which five are here at most.
            let base = if is_data { 9 } else { 16 };
            (u16::from_be_bytes([first, *reader.0.first().unwrap_or(&0)]) >> 6 & 0x3f) as u8 + base
        } else {
            first >> 1 & 0x0f
        };
        if !is_data {
            return Some(Self::Indicator(value));
        }
        let mut fields = SmallVec::new();
        if is_extended {
            reader.u8()?;
        }
        if has_data {
            let count = reader.length()?;
            for _ in 0..count.min(MAX_FIELDS) {
                let Some(head) = reader.u8() else { break };
                let octets = if head & 0x80 != 0 {
                    let Some(len) = reader.u16() else { break };
                    let Some(octets) = reader.take(usize::from(len) + 1) else { break };
                    octets
                } else {
                    &[]
                };
                fields.push((head >> 4 & 0x07, octets));
            }
        }
        Some(Self::Data { modulation: value, fields })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A fax of commands: from the caller where the name begins with `>`.
    fn fax(commands: &[(bool, u8)]) -> Fax {
        let mut fax = Fax::new(Mark::default());
        let mut sequences = [0_u16; 2];
        for (number, (from_caller, field)) in (1..).zip(commands) {
            let sequence = &mut sequences[usize::from(!from_caller)];
            // Data of V.21 with two fields: hdlc-data of three octets, fcs-OK-sig-end.
            let ifp = [0xc0, 2, 0x80, 0, 2, 0xff, 0xc8, *field, 0x40];
            let mut packet = sequence.to_be_bytes().to_vec();
            packet.push(ifp.len() as u8);
            packet.extend(ifp);
            packet.extend([0, 0]);
            *sequence += 1;
            assert!(fax.hear(
                *from_caller,
                Mark { number, time: number as i64, id: 0 },
                &Endpoints::default(),
                &packet
            ));
        }
        fax
    }

    #[test]
    fn a_fax_that_goes_through_has_not_failed() {
        let fax = fax(&[(false, 0x01), (true, 0xc1), (false, 0x21), (true, 0xf4), (false, 0x31), (true, 0xdf)]);
        let names: Vec<_> = fax.steps.iter().map(|step| step.name).collect();
        assert_eq!(names, ["DIS", "DCS", "CFR", "EOP", "MCF", "DCN"]);
        assert_eq!(fax.failure(true), None);
    }

    #[test]
    fn what_ends_without_a_confirmed_page_has_failed() {
        let check = |commands: &[(bool, u8)], is_ended, expected: Option<&str>| {
            let failure = fax(commands).failure(is_ended);
            match expected {
                None => assert_eq!(failure, None),
                Some(expected) => assert!(failure.as_ref().is_some_and(|why| why.contains(expected)), "{failure:?}"),
            }
        };
        let (dis, dcs, cfr, ftt) = ((false, 0x01), (true, 0xc1), (false, 0x21), (false, 0x22));
        let (eop, mcf, rtn, dcn) = ((true, 0xf4), (false, 0x31), (false, 0x32), (true, 0xdf));
        check(&[dis, dcs, ftt, dcs, ftt, dcn], false, Some("training failed 2 times"));
        check(&[dis, dcs, dcs, dcs, dcn], false, Some("not answered"));
        check(&[dis, dcs, cfr, eop, rtn, dcn], false, Some("refused"));
        check(&[dis, dcs, cfr, dcn], false, Some("before a page was confirmed"));
        check(&[dis, dcs, cfr, eop, eop, eop], true, Some("sent 3 times and never confirmed"));
        // The capture ends, the fax goes on.
        check(&[dis, dcs, cfr, eop], false, None);
        check(&[dis], true, None);
        check(&[dis, dcs, ftt, dcs, cfr, eop, mcf, dcn], true, None);
    }

    #[test]
    fn redundancy_brings_back_commands() {
        let mut fax = Fax::new(Mark::default());
        let ifp = |field: u8| vec![0xc0, 2, 0x80, 0, 2, 0xff, 0x13, field, 0x40];
        let packet = |sequence: u16, fields: &[u8]| {
            let mut packet = sequence.to_be_bytes().to_vec();
            packet.push(9);
            packet.extend(ifp(fields[0]));
            packet.extend([0, fields.len() as u8 - 1]);
            for field in &fields[1..] {
                packet.push(9);
                packet.extend(ifp(*field));
            }
            packet
        };
        // Bits in the order of the line: 0x80 is DIS, 0x8c is MCF.
        for (number, octets) in [(1, packet(0, &[0x80])), (2, packet(3, &[0x8c, 0x84])), (3, packet(1, &[0x80]))] {
            fax.hear(true, Mark { number, time: 0, id: 0 }, &Endpoints::default(), &octets);
        }
        let names: Vec<_> = fax.steps.iter().map(|step| step.name).collect();
        assert_eq!(names, ["DIS", "CFR", "MCF"]);
        let stream = &fax.streams()[0];
        assert_eq!((stream.recovered_by_redundancy, stream.late, stream.not_recovered()), (1, 1, 0));
    }

    #[test]
    fn no_octets_panic() {
        for seed in 0..2000_u32 {
            let mut state = seed;
            let octets: Vec<u8> = (0..seed % 40)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (state >> 24) as u8
                })
                .collect();
            let mut fax = Fax::new(Mark::default());
            fax.hear(true, Mark::default(), &Endpoints::default(), &octets);
        }
        let fax = fax(&vec![(true, 0xc1); MAX_FAX_STEPS + 10]);
        assert_eq!(fax.steps.len(), MAX_FAX_STEPS);
    }
}
