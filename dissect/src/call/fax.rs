//! A fax over T.38: the UDPTL packets of both sides (T.38, 9), the IFP packets in them (7), and the T.30 steps that these
//! carry.
//!
//! IFP packets are taken in the order of their sequence numbers; what redundancy brings back is taken too.

use crate::diagnose::{Evidence, Mark};
use crate::dissector::Endpoints;
use crate::proto::t38::packet::{self, Ifp, Kind, Packet, Recovery};
use crate::proto::{t30, t38};
use crate::tvb::Tvb;
use crate::udptl_stream::{self, Streams};

use super::session::Heard;

/// How many T.30 steps of one fax are kept.
pub const MAX_FAX_STEPS: usize = 512;
/// How long an HDLC frame may be (T.30, A.3: 256 octets of data and some of header).
const MAX_FRAME: usize = 400;
/// A sequence number so far ahead begins the stream anew, and one that lies back by more than so many does.
const MAX_AHEAD: u16 = 1000;
const MAX_LATE: u16 = 64;

/// T.30, 5.4.3.1: the called side says who it is every 3 s for 35 s; whoever understands it answers at once.
const MIN_IDENTIFIED: u32 = 3;

/// The name of a facsimile control field (T.30, 5.3.6.1), its first bit included.
fn name(field: u8) -> &'static str {
    match field {
        // DTC, CIG and NSC are DIS, CSI and NSF with the bit that the caller sets.
        0x81 => "DTC",
        0x82 => "CIG",
        0x84 => "NSC",
        _ => t30::name(field).map_or("unknown", |names| names.0),
    }
}

/// One step of the fax.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FaxStep {
    pub mark: Mark,
    pub endpoints: Endpoints,
    pub from_caller: bool,
    pub name: &'static str,
}

/// Which packet, and who sent it.
#[derive(Clone, Copy)]
struct Told {
    from_caller: bool,
    mark: Mark,
    endpoints: Endpoints,
}

/// What one side sent.
#[derive(Clone, Debug, Default)]
struct Side {
    next: Option<u16>,
    /// The octets of the HDLC frame that is coming.
    frame: Vec<u8>,
    indicator: Option<u32>,
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
    /// The last command behind a page announced a further one, or a part of one.
    goes_on: bool,
    /// A page or a part of it was to be sent again in parts (PPR) and has not been taken since.
    is_in_part: bool,
    /// The capture holds only the beginnings of some packets.
    is_cut: bool,
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
            goes_on: false,
            is_in_part: false,
            is_cut: false,
        }
    }

    pub(super) fn resume(&mut self) {
        if self.left.take().is_some() {
            // Another fax, or another try.
            self.sides.iter_mut().for_each(|side| side.next = None);
        }
    }

    pub(super) fn pause(&mut self, time: i64) {
        self.left.get_or_insert(time);
    }

    /// What became of the UDPTL streams; nothing where the capture cut their packets.
    pub fn streams(&self) -> Vec<udptl_stream::Summary> {
        if self.is_cut { Vec::new() } else { self.streams.summaries() }
    }

    /// A datagram; says whether it is UDPTL.
    pub(super) fn hear(
        &mut self,
        from_caller: bool,
        mark: Mark,
        endpoints: &Endpoints,
        payload: &[u8],
        is_cut: bool,
    ) -> bool {
        let at = usize::from(!from_caller);
        let (packet, _) = packet::read(Tvb::new(payload, payload.len(), 0));
        let (Some(sequence), Some(primary)) = (packet.sequence, &packet.primary) else { return false };
        if primary.kind.is_none() && !is_cut {
            return false;
        }
        // RTP may still come to the port; its version says so, unless the sequence number has come that far.
        let looks_like_rtp = payload.first().is_some_and(|first| first >> 6 == 2);
        let follows = self.sides[at].next.is_some_and(|next| sequence.wrapping_sub(next) < MAX_AHEAD);
        if looks_like_rtp && !follows {
            return false;
        }
        self.heard[at].add(mark, true);
        if is_cut && packet.stop.is_some() {
            // It was sent; what it says and what it brings back is not known.
            self.is_cut = true;
            return true;
        }
        let of_stream = udptl_stream::Packet {
            frame: mark.number,
            time: mark.time,
            sequence,
            recovery: recovery(&packet),
            octets: payload.len() as u32,
        };
        self.streams.feed(*endpoints, &of_stream);
        self.deliver(Told { from_caller, mark, endpoints: *endpoints }, payload, sequence, &packet);
        true
    }

    /// Takes the IFP packets that are new, in their order.
    fn deliver(&mut self, told: Told, payload: &[u8], sequence: u16, packet: &Packet) {
        let side = &mut self.sides[usize::from(!told.from_caller)];
        let ahead = sequence.wrapping_sub(side.next.unwrap_or(sequence));
        if ahead > u16::MAX - MAX_LATE {
            return;
        }
        side.next = Some(sequence.wrapping_add(1));
        if ahead < MAX_AHEAD
            && let Some(Recovery::Secondary { packets, .. }) = &packet.recovery
        {
            packets.iter().take(ahead.into()).rev().for_each(|ifp| self.ifp(told, payload, ifp));
        }
        packet.primary.iter().for_each(|ifp| self.ifp(told, payload, ifp));
    }

    fn step(&mut self, told: Told, name: &'static str) {
        if self.steps.len() < MAX_FAX_STEPS {
            let Told { from_caller, mark, endpoints } = told;
            self.steps.push(FaxStep { mark, endpoints, from_caller, name });
        }
    }

    fn ifp(&mut self, told: Told, payload: &[u8], ifp: &Ifp) {
        let side = &mut self.sides[usize::from(!told.from_caller)];
        match ifp.kind {
            Some(Kind::Indicator(indicator)) => {
                let is_new = side.indicator.replace(indicator) != Some(indicator) && indicator != 0;
                let row = t38::INDICATORS.iter().find(|row| row.0 == u64::from(indicator));
                if let Some((_, name)) = row.filter(|_| is_new) {
                    self.step(told, name);
                }
            }
            Some(Kind::Data(modulation)) => {
                side.indicator = None;
                for item in &ifp.items {
                    let octets = item.data.clone().and_then(|data| payload.get(data)).unwrap_or_default();
                    self.field(told, modulation, item.kind, octets);
                }
            }
            None => {}
        }
    }

    /// One data field (T.38, 7.4).
    fn field(&mut self, told: Told, modulation: u32, kind: u32, octets: &[u8]) {
        let side = &mut self.sides[usize::from(!told.from_caller)];
        // T.30 commands come at 300 bit/s (V.21), or in the control channel of V.34 (T.30, annex F); frames of other
        // modulations are data of a page with error correction.
        let is_command = matches!(modulation, V21 | V34_CONTROL);
        let room = MAX_FRAME.saturating_sub(side.frame.len());
        match kind {
            HDLC_DATA if is_command => side.frame.extend_from_slice(octets.get(..room).unwrap_or(octets)),
            HDLC_FCS_OK | HDLC_FCS_OK_SIG_END if is_command => {
                side.frame.extend_from_slice(octets.get(..room).unwrap_or(octets));
                let frame = std::mem::take(&mut side.frame);
                if let Some((control, next)) = control_fields(&frame) {
                    self.command(told, control, next);
                }
            }
            HDLC_SIG_END | HDLC_FCS_BAD | HDLC_FCS_BAD_SIG_END if is_command => side.frame.clear(),
            T4_DATA if !std::mem::replace(&mut side.is_in_page, true) => self.step(told, "page or training data"),
            T4_SIG_END => side.is_in_page = false,
            _ => {}
        }
    }

    /// A T.30 command or response; `next` is the octet behind its name.
    fn command(&mut self, told: Told, control: u8, next: Option<u8>) {
        let name = name(control);
        self.step(told, name);
        let mark = told.mark;
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
            "EOM" | "MPS" | "EOP" | "EOP2" | "PPS" | "EOR" | "PRI_EOM" | "PRI_MPS" => {
                counts.page_ends += 1;
                self.ends_unanswered += 1;
                // T.30, A.4.3: the second name in PPS and EOR says what follows; 0 is a part of the same page.
                let what =
                    if matches!(name, "PPS" | "EOR") { next.map(|next| next & 0x7f) } else { Some(control & 0x7f) };
                self.goes_on = matches!(what, Some(0 | MPS | PRI_MPS));
                self.decisive.add(mark);
            }
            // Retrain positive: the page is taken, the next one needs training.
            "MCF" | "RTP" | "PIP" => {
                counts.confirmed_pages += 1;
                self.ends_unanswered = 0;
                self.is_last_page_refused = false;
                self.is_in_part = false;
            }
            // T.30, A.4.4: some frames of the page are asked for again.
            "PPR" => {
                self.ends_unanswered = 0;
                self.is_in_part = true;
                self.decisive.add(mark);
            }
            "RNR" | "CTR" | "ERR" => self.ends_unanswered = 0,
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
        // One end of a page without an answer may be an answer that was not seen; who got none sends it again (T.30, 5.4.2).
        let is_last_page_lost = self.is_in_part || self.goes_on || self.ends_unanswered > 1;
        let was_confirmed = counts.confirmed_pages > 0 && !self.is_last_page_refused && !is_last_page_lost;
        if !has_ended || self.is_cut || was_confirmed || counts.identified == 0 && counts.commands == 0 {
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
        if self.is_in_part {
            return Some(format!("parts of the page were asked for again (PPR) and never complete, {how}"));
        }
        if self.ends_unanswered > 0 {
            return Some(format!(
                "the end of the page was sent {} times and never confirmed (MCF), {how}",
                self.ends_unanswered
            ));
        }
        if counts.confirmed_pages > 0 {
            return Some(format!(
                "{} pages or parts were confirmed (MCF), the one announced next never, {how}",
                counts.confirmed_pages
            ));
        }
        let is_heard = self.heard.iter().all(|heard| heard.packets > 0);
        if counts.commands == 0 && counts.identified >= MIN_IDENTIFIED && is_heard {
            return Some(format!("DIS was sent {} times and never answered by DCS, {how}", counts.identified));
        }
        if counts.commands > 0 || counts.disconnects > 0 {
            return Some(format!("the exchange ended before a page was confirmed (MCF), {how}"));
        }
        None
    }
}

/// Types of data (T.38, 7.3.2) that carry commands.
const V21: u32 = 0;
const V34_CONTROL: u32 = 11;
/// Commands behind a page after which another one comes (T.30, 5.3.6.1.6), without their first bit.
const MPS: u8 = 0x72;
const PRI_MPS: u8 = 0x7a;

const HDLC_DATA: u32 = 0;
const HDLC_SIG_END: u32 = 1;
const HDLC_FCS_OK: u32 = 2;
const HDLC_FCS_BAD: u32 = 3;
const HDLC_FCS_OK_SIG_END: u32 = 4;
const HDLC_FCS_BAD_SIG_END: u32 = 5;
const T4_DATA: u32 = 6;
const T4_SIG_END: u32 = 7;

/// The facsimile control field of an HDLC frame and the octet behind it: address, control, field (T.30, 5.3.3 to 5.3.6),
/// in whichever order of bits.
fn control_fields(frame: &[u8]) -> Option<(u8, Option<u8>)> {
    match *frame {
        [0xff, 0xc0 | 0xc8, field, ..] => Some((field, frame.get(3).copied())),
        [0xff, 0x03 | 0x13, field, ..] => Some((field.reverse_bits(), frame.get(3).map(|next| next.reverse_bits()))),
        _ => None,
    }
}

/// How a packet helps against the loss of earlier ones.
fn recovery(packet: &Packet) -> udptl_stream::Recovery {
    match &packet.recovery {
        Some(Recovery::Secondary { packets, .. }) if !packets.is_empty() => {
            udptl_stream::Recovery::Redundancy { packets: packets.len() as u16 }
        }
        Some(Recovery::Parity { packets: Some((span, _)), parities, .. }) => {
            udptl_stream::Recovery::Fec { packets: u16::try_from(*span).unwrap_or(0), entries: parities.len() as u16 }
        }
        _ => udptl_stream::Recovery::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A fax of commands, by who sends them.
    fn fax(commands: &[(bool, u8)]) -> Fax {
        fax_of(commands.iter().map(|(from_caller, field)| (*from_caller, *field, 0)))
    }

    /// The same with the octet behind each command.
    fn fax_of(commands: impl IntoIterator<Item = (bool, u8, u8)>) -> Fax {
        let mut fax = Fax::new(Mark::default());
        let mut sequences = [0_u16; 2];
        for (number, (from_caller, field, next)) in (1..).zip(commands) {
            let sequence = &mut sequences[usize::from(!from_caller)];
            // Data of V.21 with two fields: hdlc-data of four octets, fcs-OK-sig-end.
            let ifp = [0xc0, 2, 0x80, 0, 3, 0xff, 0xc8, field, next, 0x40];
            let mut packet = sequence.to_be_bytes().to_vec();
            packet.push(ifp.len() as u8);
            packet.extend(ifp);
            packet.extend([0, 0]);
            *sequence += 1;
            assert!(fax.hear(
                from_caller,
                Mark { number, time: number as i64, id: 0 },
                &Endpoints::default(),
                &packet,
                false
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
        check(&[dis, dis, dis], true, None);
        check(&[(true, 0x84), dis, dis, dis], true, Some("never answered by DCS"));
        check(&[dis, dcs, ftt, dcs, cfr, eop, mcf, dcn], true, None);
        // The first page came, the second one did not.
        let mps = (true, 0xf2);
        check(&[dis, dcs, cfr, mps, mcf, eop, eop, eop, dcn], true, Some("sent 3 times and never confirmed"));
        check(&[dis, dcs, cfr, mps, mcf], true, Some("the one announced next never"));
        check(&[dis, dcs, cfr, mps, mcf, eop, rtn, dcn], true, Some("refused"));
        check(&[dis, dcs, cfr, mps, mcf, eop, mcf], true, None);
        // One answer was not seen.
        check(&[dis, dcs, cfr, mps, mcf, eop, dcn], true, None);
    }

    #[test]
    fn commands_in_the_control_channel_of_v34_are_read() {
        let mut fax = Fax::new(Mark::default());
        for (sequence, field) in (0_u16..).zip([0x01, 0xc1, 0xdf]) {
            let ifp = [0xe0, 0x80, 2, 0x80, 0, 2, 0xff, 0xc8, field, 0x40];
            let mut packet = sequence.to_be_bytes().to_vec();
            packet.push(ifp.len() as u8);
            packet.extend(ifp);
            packet.extend([0, 0]);
            assert!(fax.hear(true, Mark::default(), &Endpoints::default(), &packet, false));
        }
        let names: Vec<_> = fax.steps.iter().map(|step| step.name).collect();
        assert_eq!(names, ["DIS", "DCS", "DCN"]);
    }

    #[test]
    fn pages_with_error_correction_are_complete_in_the_end_or_not() {
        let (start, end) = ([(false, 0x01, 0), (true, 0xc1, 0), (false, 0x21, 0)], (true, 0xdf, 0));
        let (pps_null, pps_mps, pps_eop) = ((true, 0xfd, 0), (true, 0xfd, 0xf2), (true, 0xfd, 0xf4));
        let (eor_eop, err) = ((true, 0xf3, 0xf4), (false, 0x38, 0));
        let (ppr, mcf) = ((false, 0x3d, 0xff), (false, 0x31, 0));
        let check = |commands: &[(bool, u8, u8)], expected: Option<&str>| {
            let failure = fax_of(start.iter().chain(commands).chain([&end]).copied()).failure(true);
            match expected {
                None => assert_eq!(failure, None),
                Some(expected) => assert!(failure.as_ref().is_some_and(|why| why.contains(expected)), "{failure:?}"),
            }
        };
        check(&[pps_null, mcf, pps_mps, ppr, pps_mps, mcf, pps_eop, ppr, pps_eop, mcf], None);
        check(&[pps_mps, mcf, pps_eop, ppr, pps_eop, ppr], Some("asked for again"));
        check(&[pps_eop, ppr, eor_eop, err], Some("asked for again"));
        check(&[pps_null, mcf], Some("the one announced next never"));
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
            fax.hear(true, Mark { number, time: 0, id: 0 }, &Endpoints::default(), &octets, false);
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
            fax.hear(true, Mark::default(), &Endpoints::default(), &octets, false);
        }
        let fax = fax(&vec![(true, 0xc1); MAX_FAX_STEPS + 10]);
        assert_eq!(fax.steps.len(), MAX_FAX_STEPS);
    }
}
