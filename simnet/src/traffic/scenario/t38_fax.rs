//! A fax of one page over T.38: audio call, tones, re-INVITE to T.38 accepted, the T.30 exchange over UDPTL with one packet of
//! redundancy (CSI and DIS, TSI and DCS, training, CFR, page, EOP, MCF, DCN), BYE.

use crate::traffic::line::{Line, MediaEnd};
use crate::traffic::rtp::Sound;
use crate::traffic::sdp::{Codec, Media, Sdp};
use crate::traffic::sip::{Dialog, FAX_ADAPTER, Side};
use crate::traffic::t38::{self, Field, Indicator, Modulation, Sender, t30};
use crate::traffic::{MS, SECOND, Setting, Traffic};

/// V.21's 300 bit/s: a byte takes this long.
const V21_BYTE_NS: u64 = 26_700_000;
/// Bytes of image data at 9600 bit/s in 40 ms.
const IMAGE_BYTES: usize = 48;

/// UDPTL both ways.
struct Fax<'a> {
    line: &'a mut Line,
    ports: [u16; 2],
    senders: [Sender; 2],
    packets: [u64; 2],
}

/// Who speaks: the fax behind the phone's adapter, or the far one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Party {
    Caller,
    Callee,
}

impl Fax<'_> {
    fn say(&mut self, who: Party, ifp: Vec<u8>) {
        let me = usize::from(who == Party::Callee);
        let packet = self.senders[me].packet(ifp);
        let at = self.line.now + self.line.rng.range(0, MS);
        self.line.datagram(who == Party::Caller, at, self.ports[me], self.ports[1 - me], &packet);
        self.packets[me] += 1;
    }

    /// V.21: preamble of a second, the frames of a command byte by byte, the end of the signal.
    fn command(&mut self, who: Party, frames: &[Vec<u8>]) {
        self.say(who, t38::indicator(Indicator::V21Preamble));
        self.line.now += SECOND;
        for (i, frame) in frames.iter().enumerate() {
            // Gateways send three or so bytes a packet, so that each is under way for no more than 80 ms.
            for bytes in frame.chunks(3) {
                self.say(who, t38::data(Modulation::V21, Field::HdlcData, bytes, None));
                self.line.now += V21_BYTE_NS * bytes.len() as u64;
            }
            let end = if i + 1 == frames.len() { Field::HdlcFcsOkSignalEnd } else { Field::HdlcFcsOk };
            self.say(who, t38::data(Modulation::V21, end, &[], None));
            self.line.now += 2 * V21_BYTE_NS;
        }
        self.say(who, t38::indicator(Indicator::NoSignal));
        self.line.now += 75 * MS;
    }

    /// V.29 at 9600 bit/s: training, the data, the end of the signal.
    fn image(&mut self, who: Party, data: &[u8]) {
        self.say(who, t38::indicator(Indicator::V29Training9600));
        self.line.now += 253 * MS;
        for bytes in data.chunks(IMAGE_BYTES) {
            self.say(who, t38::data(Modulation::V29At9600, Field::T4NonEcmData, bytes, None));
            self.line.now += 40 * MS;
        }
        self.say(who, t38::data(Modulation::V29At9600, Field::T4NonEcmSignalEnd, &[], None));
        self.line.now += 20 * MS;
        self.say(who, t38::indicator(Indicator::NoSignal));
        self.line.now += 75 * MS;
    }

    /// T.30, 5: phases B to E of one page.
    fn page(&mut self, caller_number: &str, callee_number: &str) {
        let csi = t30::frame(false, t30::CSI, &t30::identification(callee_number));
        let dis = t30::frame(true, t30::DIS, &t30::DIS_CAPABILITIES);
        self.command(Party::Callee, &[csi, dis]);
        let tsi = t30::frame(false, t30::TSI, &t30::identification(caller_number));
        let dcs = t30::frame(true, t30::DCS, &t30::DCS_CHOICE);
        self.command(Party::Caller, &[tsi, dcs]);
        // The training check: a second and a half of zeros (T.30, 5.3.6.1.3).
        self.image(Party::Caller, &[0; 1800]);
        self.command(Party::Callee, &[t30::frame(true, t30::CFR, &[])]);
        self.image(Party::Caller, &t38::white_page(1100));
        self.command(Party::Caller, &[t30::frame(true, t30::EOP, &[])]);
        self.command(Party::Callee, &[t30::frame(true, t30::MCF, &[])]);
        self.command(Party::Caller, &[t30::frame(true, t30::DCN, &[])]);
    }
}

pub(super) fn tell(setting: &mut Setting) -> Traffic {
    let mut line = Line::new(setting, &FAX_ADAPTER, "Fax");
    let codec = *line.rng.pick(&[Codec::Pcma, Codec::Pcmu]);
    let (mut fax, mut exchange) = line.media(codec);
    let mut dialog = line.call(true);
    let [mut offer, mut answer] = audio_call(&mut line, &mut dialog, [&mut fax, &mut exchange], codec);

    // The far gateway asks for T.38 and gets it, on a port of its own at either end.
    let ports = [fax.port + 2, 4000 + 2 * line.rng.range(0, 500) as u16];
    answer.version += 1;
    (answer.media, answer.port) = (Media::T38, ports[1]);
    let again = dialog.request(&mut line.rng, Side::Callee, "INVITE").sdp(answer.text());
    line.exchange_says(&again);
    line.wait(15, 30);
    line.phone_says(&dialog.reply(&again, 100, "Trying"));
    line.wait(20, 60);
    offer.version += 1;
    (offer.media, offer.port) = (Media::T38, ports[0]);
    let accepted = dialog.reply(&again, 200, "OK").sdp(offer.text());
    line.phone_says(&accepted);
    line.wait(1, 4);
    let ack = dialog.ack(&mut line.rng, Side::Callee, &again, &accepted);
    line.exchange_says(&ack);
    line.wait(40, 80);

    let (from, to) = (format!("+49{}", line.rng.digits(9)), format!("+49{}", line.rng.digits(9)));
    let mut session = Fax { line: &mut line, ports, senders: [Sender::new(1), Sender::new(1)], packets: [0, 0] };
    session.say(Party::Callee, t38::indicator(Indicator::AnswerTone));
    session.say(Party::Caller, t38::indicator(Indicator::CallingTone));
    session.line.now += 800 * MS;
    session.page(&from, &to);
    let packets = session.packets;
    line.wait(200, 500);
    line.hang_up(&mut dialog, Side::Caller);

    line.recorder.count("t38", packets[0] + packets[1]);
    line.recorder.count(format!("t38 && udp.srcport == {}", ports[0]), packets[0]);
    line.recorder.count(format!("t38 && udp.srcport == {}", ports[1]), packets[1]);
    line.recorder.count("sdp.media.media == \"image\"", 2);
    line.recorder.finish(format!("fax of one page over T.38 from {from} to {to}, confirmed by MCF"))
}

/// The call up to the end of the fax's tones (T.30, 4.1: calling 1100 Hz, answering 2100 Hz for about three seconds); gives the descriptions of both sides, the phone's first.
pub(super) fn audio_call(
    line: &mut Line,
    dialog: &mut Dialog,
    [fax, exchange]: [&mut MediaEnd; 2],
    codec: Codec,
) -> [Sdp; 2] {
    let offer = line.phone_sdp(fax.port, Media::Audio(vec![codec]));
    let invite = dialog.request(&mut line.rng, Side::Caller, "INVITE").sdp(offer.text());
    line.phone_says(&invite);
    line.wait(1, 4);
    line.exchange_says(&dialog.reply(&invite, 100, "Trying"));
    line.wait(1_500, 3_500);
    let answer = line.exchange_sdp(exchange.port, Media::Audio(vec![codec]));
    let ok = dialog.reply(&invite, 200, "OK").sdp(answer.text());
    line.exchange_says(&ok);
    line.wait(10, 30);
    let ack = dialog.ack(&mut line.rng, Side::Caller, &invite, &ok);
    line.phone_says(&ack);
    line.talk(fax, exchange, 3 * SECOND, (Sound::Tone(11), Sound::Tone(21)));
    [offer, answer]
}
