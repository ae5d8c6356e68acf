//! A healthy call: REGISTER challenged once and accepted, INVITE, 100, 180, 200, ACK, speech both ways, BYE, 200.

use crate::traffic::line::Line;
use crate::traffic::rtp::Sound;
use crate::traffic::sdp::{Codec, Media};
use crate::traffic::sip::{Challenge, MODELS, Side};
use crate::traffic::{SECOND, Setting, Traffic};

pub(super) fn tell(setting: &mut Setting) -> Traffic {
    let model = setting.rng.pick(&MODELS);
    let mut line = Line::new(setting, model, "Reception");
    register(&mut line);
    line.wait(3_000, 9_000);
    let call_id = call(&mut line);
    line.recorder
        .finish(format!("registration answered after one challenge, then call {call_id} with speech both ways"))
}

/// REGISTER, 401, REGISTER with credentials, 200.
pub(super) fn register(line: &mut Line) {
    let mut registration = line.registration();
    let first = registration.register(&mut line.rng);
    line.phone_says(&first);
    line.wait(1, 4);
    let challenge = Challenge::new(&mut line.rng, "asterisk", line.now);
    let refused = registration.reply(&first, 401, "Unauthorized").header("WWW-Authenticate", challenge.header());
    line.exchange_says(&refused);
    line.wait(15, 60);
    let uri = registration.request_uri(Side::Caller);
    let user = line.phone_agent.user.clone();
    let password = line.rng.letters(12);
    let credentials = challenge.answer(&mut line.rng, &user, &password, "REGISTER", &uri);
    let second = registration.register(&mut line.rng).header("Authorization", credentials);
    line.phone_says(&second);
    line.wait(2, 6);
    let ok = registration.reply(&second, 200, "OK").header("Contact", registration.binding()).header("Expires", "3600");
    line.exchange_says(&ok);
}

/// The call itself; gives its Call-ID.
pub(super) fn call(line: &mut Line) -> String {
    let codec = *line.rng.pick(&[Codec::Pcma, Codec::Pcmu]);
    let (mut phone, mut exchange) = line.media(codec);
    let mut dialog = line.call(true);

    let offer = line.phone_sdp(phone.port, Media::Audio(vec![Codec::Pcma, Codec::Pcmu, Codec::G722, Codec::G729]));
    let invite = dialog.request(&mut line.rng, Side::Caller, "INVITE").sdp(offer.text());
    line.phone_says(&invite);
    line.wait(1, 4);
    line.exchange_says(&dialog.reply(&invite, 100, "Trying"));
    line.wait(200, 600);
    line.exchange_says(&dialog.reply(&invite, 180, "Ringing"));
    line.wait(2_000, 6_000);
    let answer = line.exchange_sdp(exchange.port, Media::Audio(vec![codec]));
    let ok = dialog.reply(&invite, 200, "OK").header("Supported", "100rel, timer, replaces").sdp(answer.text());
    line.exchange_says(&ok);
    line.wait(15, 50);
    let ack = dialog.ack(&mut line.rng, Side::Caller, &invite, &ok);
    line.phone_says(&ack);

    let duration = line.rng.range(8 * SECOND, 20 * SECOND);
    line.talk(&mut phone, &mut exchange, duration, (Sound::Speech, Sound::Speech));
    let side = *line.rng.pick(&[Side::Caller, Side::Callee]);
    line.hang_up(&mut dialog, side);
    dialog.call_id
}
