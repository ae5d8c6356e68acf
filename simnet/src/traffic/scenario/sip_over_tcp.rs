//! A call whose signalling goes over TCP (RFC 3261, 18.3): messages are cut in the middle of a header and of a body, and two
//! share a segment, so that only Content-Length tells where one ends.

use std::collections::BTreeSet;

use crate::traffic::frame::TOS_SIGNALLING;
use crate::traffic::line::Line;
use crate::traffic::rtp::Sound;
use crate::traffic::sdp::{Codec, Media};
use crate::traffic::sip::{Challenge, MODELS, Message, Side, Transport};
use crate::traffic::tcp::{Connection, End};
use crate::traffic::{MS, SECOND, Setting, Traffic};

/// The line and the connection that carries its signalling.
struct Signalling {
    line: Line,
    tcp: Connection,
}

impl Signalling {
    /// Lets `low_ms` to `high_ms` milliseconds pass.
    fn wait(&mut self, low_ms: u64, high_ms: u64) {
        self.tcp.now += self.line.rng.range(low_ms * MS, high_ms * MS);
    }

    /// Sends messages one after the other, cut into segments at these offsets, and acknowledges them.
    fn say(&mut self, from: End, messages: &[&Message], cuts: &[usize]) {
        let mut bytes = Vec::new();
        let mut ends = Vec::new();
        for message in messages {
            bytes.extend(message.to_bytes());
            ends.push((bytes.len(), message.filter()));
        }
        let cuts: BTreeSet<usize> = cuts.iter().copied().chain([bytes.len()]).filter(|c| *c <= bytes.len()).collect();
        let mut start = 0;
        for cut in cuts {
            let recorder = &mut self.line.recorder;
            self.tcp.send_segment(recorder, from, &bytes[start..cut], true, true);
            // A message is found in the frame that ends it.
            let found: BTreeSet<&String> =
                ends.iter().filter(|(end, _)| (start + 1..=cut).contains(end)).map(|(_, filter)| filter).collect();
            recorder.count("sip", u64::from(!found.is_empty()));
            for filter in found {
                recorder.count(filter, 1);
            }
            self.tcp.now += MS / 5;
            start = cut;
        }
        let to = if from == End::Client { End::Server } else { End::Client };
        self.tcp.acknowledge(&mut self.line.recorder, to);
    }
}

pub(super) fn tell(setting: &mut Setting) -> Traffic {
    let model = setting.rng.pick(&MODELS);
    let mut line = Line::new(setting, model, "Helpdesk");
    line.phone_agent.transport = Transport::Tcp;
    line.exchange_agent.transport = Transport::Tcp;
    let client = (line.phone.renumbered(line.rng.u16()), 49_152 + line.rng.range(0, 10_000) as u16);
    let server = (line.exchange.renumbered(line.rng.u16()), 5060);
    let start = line.now;
    let mut tcp = Connection::new(&mut line.rng, client, server, start, MS);
    tcp.tos = TOS_SIGNALLING;
    tcp.open(&mut line.recorder);
    let mut signalling = Signalling { line, tcp };
    register(&mut signalling);
    signalling.wait(2_000, 4_000);
    let call_id = call(&mut signalling);
    let Signalling { mut line, mut tcp } = signalling;
    tcp.now += 5 * SECOND;
    tcp.close(&mut line.recorder, End::Client);
    line.recorder.count("sip && udp", 0);
    line.recorder.count("tcp.flags.fin == 1", 2);
    line.recorder.finish(format!("registration and call {call_id} over TCP, messages cut and joined by segments"))
}

fn register(signalling: &mut Signalling) {
    let mut registration = signalling.line.registration();
    let first = registration.register(&mut signalling.line.rng);
    signalling.wait(1, 5);
    signalling.say(End::Client, &[&first], &[]);
    signalling.wait(1, 4);
    let challenge = Challenge::new(&mut signalling.line.rng, "asterisk", signalling.tcp.now);
    let refused = registration.reply(&first, 401, "Unauthorized").header("WWW-Authenticate", challenge.header());
    signalling.say(End::Server, &[&refused], &[]);
    signalling.wait(15, 60);
    let uri = registration.request_uri(Side::Caller);
    let user = signalling.line.phone_agent.user.clone();
    let password = signalling.line.rng.letters(12);
    let credentials = challenge.answer(&mut signalling.line.rng, &user, &password, "REGISTER", &uri);
    let second = registration.register(&mut signalling.line.rng).header("Authorization", credentials);
    // In the middle of a header.
    signalling.say(End::Client, &[&second], &[333]);
    signalling.wait(2, 6);
    let ok = registration.reply(&second, 200, "OK").header("Contact", registration.binding()).header("Expires", "3600");
    signalling.say(End::Server, &[&ok], &[]);
}

fn call(signalling: &mut Signalling) -> String {
    let codec = Codec::Pcma;
    let (mut phone, mut exchange) = signalling.line.media(codec);
    let mut dialog = signalling.line.call(true);
    let offer = signalling.line.phone_sdp(phone.port, Media::Audio(vec![Codec::Pcma, Codec::Pcmu, Codec::G722]));
    let invite = dialog.request(&mut signalling.line.rng, Side::Caller, "INVITE").sdp(offer.text());
    // In the middle of the body.
    let length = invite.to_bytes().len();
    signalling.say(End::Client, &[&invite], &[length - 100]);
    signalling.wait(1, 4);
    let trying = dialog.reply(&invite, 100, "Trying");
    let ringing = dialog.reply(&invite, 180, "Ringing");
    signalling.say(End::Server, &[&trying, &ringing], &[]);
    signalling.wait(1_500, 4_000);
    let answer = signalling.line.exchange_sdp(exchange.port, Media::Audio(vec![codec]));
    let ok = dialog.reply(&invite, 200, "OK").sdp(answer.text());
    // Right after the empty line that ends the header, and in the middle of a line of the body.
    let header_bytes = ok.to_bytes().len() - ok.body.len();
    signalling.say(End::Server, &[&ok], &[header_bytes, header_bytes + 50]);
    signalling.wait(10, 40);
    let ack = dialog.ack(&mut signalling.line.rng, Side::Caller, &invite, &ok);
    signalling.say(End::Client, &[&ack], &[]);

    signalling.line.now = signalling.tcp.now;
    let duration = signalling.line.rng.range(6 * SECOND, 12 * SECOND);
    signalling.line.talk(&mut phone, &mut exchange, duration, (Sound::Speech, Sound::Speech));
    signalling.tcp.now = signalling.line.now;

    let bye = dialog.request(&mut signalling.line.rng, Side::Caller, "BYE");
    let ok = dialog.reply(&bye, 200, "OK");
    signalling.say(End::Client, &[&bye], &[]);
    signalling.wait(1, 4);
    signalling.say(End::Server, &[&ok], &[]);
    dialog.call_id
}
