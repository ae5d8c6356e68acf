//! A call in a voice VLAN (802.1Q, priority 5), and a customer's frames that a provider carries in a second tag (802.1ad).

use super::healthy_call;
use crate::traffic::frame::{Arp, ETHERTYPE_QINQ, ETHERTYPE_VLAN, Mac, Vlan};
use crate::traffic::line::Line;
use crate::traffic::sip::MODELS;
use crate::traffic::{MS, Setting, Traffic};

pub(super) fn tell(setting: &mut Setting) -> Traffic {
    let (a, b) = (setting.lan(30), setting.lan(31));
    let mut asking = setting.host([0x00, 0x1b, 0x21], a, true);
    let mut asked = setting.host([0x00, 0x1b, 0x21], b, true);
    let model = setting.rng.pick(&MODELS);
    let mut line = Line::new(setting, model, "Warehouse");
    let voice = Vlan { tpid: ETHERTYPE_VLAN, priority: 5, id: line.rng.range(100, 200) as u16 };
    line.phone.vlans = vec![voice];
    line.exchange.vlans = vec![voice];
    line.recorder.truth.addresses.extend([asking.ip, asked.ip]);

    let customer = Vlan { tpid: ETHERTYPE_VLAN, priority: 0, id: 20 };
    let provider = Vlan { tpid: ETHERTYPE_QINQ, priority: 1, id: line.rng.range(2000, 3000) as u16 };
    for host in [&mut asking, &mut asked] {
        host.vlans = vec![provider, customer];
    }
    let request = Arp {
        operation: 1,
        sender_mac: asking.mac,
        sender: asking.ipv4(),
        target_mac: Mac::ZERO,
        target: asked.ipv4(),
    };
    line.recorder.push(line.now, asking.arp(Mac::BROADCAST, request));
    let reply = Arp {
        operation: 2,
        sender_mac: asked.mac,
        sender: asked.ipv4(),
        target_mac: asking.mac,
        target: asking.ipv4(),
    };
    line.recorder.push(line.now + MS, asked.arp(asking.mac, reply));
    line.now += 20 * MS;

    healthy_call::register(&mut line);
    line.wait(500, 1500);
    let call_id = healthy_call::call(&mut line);
    let voice_frames =
        ["sip", "rtp", "rtcp"].map(|f| line.recorder.truth.frames.get(f).copied().unwrap_or(0)).iter().sum();
    line.recorder.count(format!("vlan.id == {}", voice.id), voice_frames);
    line.recorder.count("vlan.priority == 5", voice_frames);
    line.recorder.count("ieee8021ad", 2);
    line.recorder.count("arp", 2);
    line.recorder.count("arp.opcode == 1", 1);
    line.recorder.count("arp.opcode == 2", 1);
    line.recorder.finish(format!("call {call_id} in VLAN {}, ARP in VLAN {} of a provider", voice.id, provider.id))
}
