//! A phone with the wrong password: every INVITE is challenged with 407 and a new nonce, the phone answers each challenge,
//! and never gets through. RFC 3261, 22.2: a client must not repeat credentials that were just refused; this one does.

use crate::traffic::line::Line;
use crate::traffic::sdp::{Codec, Media};
use crate::traffic::sip::{Challenge, MODELS, Side};
use crate::traffic::{Setting, Traffic};

pub(super) fn tell(setting: &mut Setting) -> Traffic {
    let model = setting.rng.pick(&MODELS);
    let mut line = Line::new(setting, model, "Workshop");
    let port = model.rtp_port(&mut line.rng);
    let mut dialog = line.call(true);
    let offer = line.phone_sdp(port, Media::Audio(vec![Codec::Pcma, Codec::Pcmu])).text();
    let user = line.phone_agent.user.clone();
    let wrong_password = line.rng.letters(10);
    let rounds = line.rng.range(5, 9);

    let mut challenge: Option<Challenge> = None;
    for _ in 0..rounds {
        let uri = dialog.request_uri(Side::Caller);
        let mut invite = dialog.request(&mut line.rng, Side::Caller, "INVITE");
        if let Some(challenge) = &challenge {
            let credentials = challenge.answer(&mut line.rng, &user, &wrong_password, "INVITE", &uri);
            invite = invite.header("Proxy-Authorization", credentials);
        }
        let invite = invite.sdp(offer.clone());
        line.phone_says(&invite);
        line.wait(1, 5);
        let next = Challenge::new(&mut line.rng, "asterisk", line.now);
        let refused =
            dialog.reply(&invite, 407, "Proxy Authentication Required").header("Proxy-Authenticate", next.header());
        line.exchange_says(&refused);
        line.wait(6, 25);
        let ack = dialog.ack(&mut line.rng, Side::Caller, &invite, &refused);
        line.phone_says(&ack);
        line.wait(20, 400);
        challenge = Some(next);
    }
    line.recorder.count("sip.Proxy-Authorization", rounds - 1);
    line.recorder.count("rtp", 0);
    line.recorder.finding("sip.auth-loop", dialog.call_id);
    line.recorder
        .finish(format!("INVITE challenged {rounds} times with 407, a new nonce each time, credentials never accepted"))
}
