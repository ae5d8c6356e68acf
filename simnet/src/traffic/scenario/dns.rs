//! Name resolution of a PC: two names that resolve, one that does not exist, and a query that nobody answers, repeated by the
//! stub resolver every two seconds with the same identifier, as glibc does with `options timeout:2`.

use crate::traffic::dns::{Data, Message, NOERROR, NXDOMAIN, PORT, Record, TYPE_A, TYPE_AAAA};
use crate::traffic::frame::Host;
use crate::traffic::{MS, Recorder, SECOND, Setting, Traffic};

/// The stub resolver and the server it asks.
struct Resolver {
    pc: Host,
    server: Host,
    recorder: Recorder,
    now: u64,
    queries: u64,
    responses: u64,
}

impl Resolver {
    fn ask(&mut self, port: u16, query: &Message) {
        let frames = self.pc.udp(&self.server, port, PORT, 0, &query.to_bytes());
        self.recorder.push_all(self.now, frames);
        self.queries += 1;
    }

    fn answer(&mut self, port: u16, response: &Message, delay_ns: u64) {
        self.now += delay_ns;
        let frames = self.server.udp(&self.pc, PORT, port, 0, &response.to_bytes());
        self.recorder.push_all(self.now, frames);
        self.responses += 1;
    }
}

pub(super) fn tell(setting: &mut Setting) -> Traffic {
    let (pc, server) = (setting.lan(60), setting.lan(2));
    let pc = setting.host([0x3c, 0x52, 0x82], pc, true);
    let server = setting.host([0x00, 0x50, 0x56], server, true);
    let mut recorder = setting.recorder();
    recorder.truth.addresses.extend([pc.ip, server.ip]);
    let mut resolver = Resolver { pc, server, recorder, now: setting.start_ns, queries: 0, responses: 0 };
    let tail = setting.rng.letters(5).to_lowercase();
    let rng = &mut setting.rng;
    let mut port = || 32_768 + rng.range(0, 28_000) as u16;
    let ports = [port(), port(), port(), port()];
    let rng = &mut setting.rng;

    // A name with an alias, asked for both families over one socket.
    let (name, target) = ("www.example.com", format!("edge-{tail}.cdn.example.net"));
    let alias = Record { name: name.into(), ttl: 300, data: Data::Cname(target.clone()) };
    let address = Record { name: target.clone(), ttl: 60, data: Data::A([203, 0, 113, 80].into()) };
    let wide = Data::Aaaa("2001:db8:113::80".parse().expect("a literal of RFC 3849"));
    let address6 = Record { name: target, ttl: 60, data: wide };
    let query = Message::query(rng.u16(), name, TYPE_A);
    let query6 = Message::query(rng.u16(), name, TYPE_AAAA);
    resolver.ask(ports[0], &query);
    resolver.now += 40_000;
    resolver.ask(ports[0], &query6);
    let delay = rng.range(8 * MS, 40 * MS);
    resolver.answer(ports[0], &query.answered(NOERROR, vec![alias.clone(), address], vec![]), delay);
    let delay = rng.range(MS / 5, 3 * MS);
    resolver.answer(ports[0], &query6.answered(NOERROR, vec![alias, address6], vec![]), delay);
    resolver.now += rng.range(SECOND, 3 * SECOND);

    // The exchange of the site, from the server's own zone.
    let name = format!("pbx-{tail}.corp.example.org");
    let record = Record { name: name.clone(), ttl: 3600, data: Data::A(exchange_beside(&resolver)) };
    let query = Message::query(rng.u16(), &name, TYPE_A);
    resolver.ask(ports[1], &query);
    let delay = rng.range(MS / 5, MS);
    resolver.answer(ports[1], &query.answered(NOERROR, vec![record], vec![]), delay);
    resolver.now += rng.range(SECOND, 3 * SECOND);

    // A typing error: the zone's SOA says for how long "no" holds (RFC 2308, 3).
    let missing = format!("intarnet-{tail}.corp.example.org");
    let soa = Data::Soa("ns1.corp.example.org".into(), "hostmaster.corp.example.org".into(), 2_026_030_201);
    let soa = Record { name: "corp.example.org".into(), ttl: 300, data: soa };
    let query = Message::query(rng.u16(), &missing, TYPE_A);
    resolver.ask(ports[2], &query);
    let delay = rng.range(MS / 5, MS);
    resolver.answer(ports[2], &query.answered(NXDOMAIN, vec![], vec![soa]), delay);
    resolver.now += rng.range(SECOND, 3 * SECOND);

    // A zone whose servers are away: the resolver says nothing at all.
    let silent = format!("licence-{tail}.vendor.example");
    let query = Message::query(rng.u16(), &silent, TYPE_A);
    let tries = 3;
    for _ in 0..tries {
        resolver.ask(ports[3], &query);
        resolver.now += 2 * SECOND + rng.range(0, MS);
    }

    let Resolver { mut recorder, queries, responses, .. } = resolver;
    recorder.count("dns", queries + responses);
    recorder.count("dns.flags.response == 0", queries);
    recorder.count("dns.flags.response == 1", responses);
    recorder.count("dns.flags.rcode == 3", 1);
    recorder.count("dns.retransmit_request", tries - 1);
    recorder.count(format!("dns.qry.name == \"{silent}\""), tries);
    recorder.count(format!("dns.qry.name == \"{missing}\""), 2);
    recorder.finding("dns.error", missing.clone());
    recorder.finding("dns.unanswered", silent.clone());
    recorder.finish(format!("{missing} does not exist; {silent} was asked for {tries} times without a response"))
}

/// The exchange has host number 10 in each site's network.
fn exchange_beside(resolver: &Resolver) -> std::net::Ipv4Addr {
    let [a, b, c, _] = resolver.pc.ipv4().octets();
    [a, b, c, 10].into()
}
