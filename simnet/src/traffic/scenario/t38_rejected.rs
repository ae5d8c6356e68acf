//! A fax call in which T.38 is refused: audio call, calling and answer tones, re-INVITE to T.38 answered by 488, and the
//! call goes on as G.711 until the fax has ended.
//!
//! The offer of T.38 names the port that carries the audio, as gateways do. Media is bound by the answer (RFC 3264, 6 and
//! 8), so all that follows on that port is still RTP.

use super::t38_fax::audio_call;
use crate::traffic::line::Line;
use crate::traffic::rtp::Sound;
use crate::traffic::sdp::{Codec, Media};
use crate::traffic::sip::{FAX_ADAPTER, Side};
use crate::traffic::{SECOND, Setting, Traffic};

pub(super) fn tell(setting: &mut Setting) -> Traffic {
    let mut line = Line::new(setting, &FAX_ADAPTER, "Fax");
    let codec = *line.rng.pick(&[Codec::Pcma, Codec::Pcmu]);
    let (mut fax, mut exchange) = line.media(codec);
    let mut dialog = line.call(true);

    let [_, mut answer] = audio_call(&mut line, &mut dialog, [&mut fax, &mut exchange], codec);

    // The far gateway has heard the fax and asks for T.38.
    answer.version += 1;
    answer.media = Media::T38;
    let again = dialog.request(&mut line.rng, Side::Callee, "INVITE").sdp(answer.text());
    line.exchange_says(&again);
    line.wait(15, 30);
    line.phone_says(&dialog.reply(&again, 100, "Trying"));
    line.wait(3, 12);
    let warning = format!("305 {} \"Incompatible media format: no common codec\"", line.phone.bracketed());
    let refused = dialog.reply(&again, 488, "Not Acceptable Here").header("Warning", warning);
    line.phone_says(&refused);
    line.wait(1, 4);
    let ack = dialog.ack(&mut line.rng, Side::Callee, &again, &refused);
    line.exchange_says(&ack);

    let duration = line.rng.range(8 * SECOND, 14 * SECOND);
    line.talk(&mut fax, &mut exchange, duration, (Sound::Modem, Sound::Quiet));
    line.hang_up(&mut dialog, Side::Caller);

    line.recorder.count("sdp.media.media == \"image\"", 1);
    line.recorder.count("t38", 0);
    line.recorder.finding("fax.t38-rejected", dialog.call_id);
    line.recorder.finish("the re-INVITE to T.38 was refused with 488 and the fax went on as G.711")
}
