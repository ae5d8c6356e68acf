use super::*;
use crate::analysis::{Scratch, dissect};
use crate::field::FieldType;
use crate::packet::Packet;
use crate::registry;
use crate::tree::Node;
use crate::value::Value;
use crate::wanted::Wanted;

/// An Ethernet frame to everyone, of a type that no protocol has: "HELLO world" and the octets 00 ff.
const FRAME: &[u8] = b"\xff\xff\xff\xff\xff\xff\x00\x01\x02\x03\x04\x05\x88\xb6HELLO world\x00\xff";

fn packet(number: u64) -> Packet<'static> {
    Packet {
        number,
        time: 1_000_000_000_500_000_000,
        time_previous: 1_000_000_000_000_000_000,
        time_first: 999_999_998_000_000_000,
        ..Packet::alone(1, FRAME)
    }
}

fn compile(text: &str) -> Filter {
    match Filter::compile(text, &Options::default()) {
        Ok(filter) => filter,
        Err(error) => panic!("{error}"),
    }
}

/// Whether the frame above passes, dissected for what the filter wants alone.
fn passes(text: &str) -> bool {
    passes_with(text, &Options::default())
}

fn passes_with(text: &str, options: &Options) -> bool {
    let filter = match Filter::compile(text, options) {
        Ok(filter) => filter,
        Err(error) => panic!("{error}"),
    };
    let mut wanted = Wanted::nothing();
    filter.fields().for_each(|field| wanted.add(field));
    dissect(&packet(7), [], &wanted, &mut Scratch::default(), |d| filter.matches(d))
}

fn all_pass(texts: &[&str]) {
    for text in texts {
        assert!(passes(text), "{text} should pass");
    }
}

fn none_pass(texts: &[&str]) {
    for text in texts {
        assert!(!passes(text), "{text} should not pass");
    }
}

fn error(text: &str) -> FilterError {
    match Filter::compile(text, &Options::default()) {
        Ok(filter) => panic!("{text} should be refused, but is\n{}", filter.explain()),
        Err(error) => error,
    }
}

/// Checks the message (a part of it) and the underlined text of errors.
fn refused(rows: &[(&str, &str, &str)]) {
    for (text, message, place) in rows {
        let error = error(text);
        assert!(error.message.contains(message), "{text}: {:?} lacks {message:?}", error.message);
        let marked = error.filter.get(error.span.clone());
        assert_eq!(marked, Some(*place), "{text}: {error}");
    }
}

#[test]
fn a_field_that_stands_alone_exists() {
    all_pass(&["", "  ", "frame", "eth", "eth.src", "data.data", "!_ws.malformed", "frame.number"]);
    none_pass(&["_ws.malformed", "frame.comment", "not eth"]);
}

#[test]
fn comparisons_follow_the_type_of_the_field() {
    all_pass(&[
        "frame.len == 27",
        "frame.len == 0x1b",
        "frame.len == 033",
        "frame.len == 0b11011",
        "frame.len != 28",
        "frame.len > 26 && frame.len >= 27 && frame.len < 28 && frame.len <= 27",
        "frame.len eq 27 and frame.len ne 1 and frame.len gt 1 and frame.len ge 1",
        "frame.len lt 100 and frame.len le 100",
        "27 == frame.len",
        "26 < frame.len <= 27",
        "frame.len == frame.cap_len",
        "eth.src == 00:01:02:03:04:05",
        "eth.src == 00-01-02-03-04-05",
        "eth.src == 0001.0203.0405",
        "eth.type == 0x88b6",
        "data.len == 13",
        "data.len > -1",
        "frame.marked == 0",
        "frame.marked == False",
        "frame.marked != true",
        "frame.time_delta == 0.5",
        "frame.time_delta >= 0.499999999",
        "frame.time_relative == 2.5",
        "frame.time > \"2001-09-09 01:46:40\"",
        "frame.time == \"Sep  9, 2001 01:46:40.5\"",
        "frame.time == 2001-09-09T01:46:40.5Z",
        "frame.time == \"2001-09-09 03:46:40.5+02:00\"",
        "frame.time < \"2001-09-10\"",
        "frame.protocols == \"eth:ethertype:data\"",
        "frame.encap_type == Ethernet",
        "frame.encap_type == \"ethernet\"",
        "frame.encap_type == 1",
    ]);
    none_pass(&["frame.len == 28", "frame.time_delta > 0.5", "frame.comment == \"a\"", "frame.comment != \"a\""]);
}

#[test]
fn quantifiers_say_of_which_values_a_relation_holds() {
    // eth.addr has two values here.
    all_pass(&[
        "eth.addr == ff:ff:ff:ff:ff:ff",
        "any eth.addr == ff:ff:ff:ff:ff:ff",
        "eth.addr !== ff:ff:ff:ff:ff:ff",
        "any eth.addr != ff:ff:ff:ff:ff:ff",
        "eth.addr any_ne ff:ff:ff:ff:ff:ff",
        "eth.addr ~= ff:ff:ff:ff:ff:ff",
        "eth.addr != 11:11:11:11:11:11",
        "all eth.addr >= 00:01:02:03:04:05",
        "all eth.addr in {00:00:00:00:00:00 .. ff:ff:ff:ff:ff:ff}",
        "all eth.addr not in {11:11:11:11:11:11}",
        "eth.addr all_ne 11:11:11:11:11:11",
        "eth.addr == eth.src",
        "any eth.addr > eth.src",
    ]);
    none_pass(&[
        "eth.addr != ff:ff:ff:ff:ff:ff",
        "eth.addr === ff:ff:ff:ff:ff:ff",
        "all eth.addr == ff:ff:ff:ff:ff:ff",
        "eth.addr === eth.addr",
        "all eth.addr in {ff:ff:ff:ff:ff:ff}",
        "all eth.addr not in {ff:ff:ff:ff:ff:ff}",
        "frame[90:2] contains \"\"",
        "frame[90:2] matches \"a*\"",
        "frame contains \"\"",
        "_ws.expert.message != \"a\"",
        "all frame.comment == \"a\"",
    ]);
}

#[test]
fn operators_bind_as_the_language_says() {
    all_pass(&[
        "frame or _ws.malformed and _ws.malformed",
        "_ws.malformed and _ws.malformed or frame",
        "not _ws.malformed and frame",
        "!(_ws.malformed and frame)",
        "not not frame",
        "frame xor _ws.malformed",
        "frame ^^ eth ^^ data",
        "frame or eth xor eth",
        "frame.len + 1 * 2 == 29",
        "{frame.len + 1} * 2 == 56",
        "frame.len - 7 - 7 == 13",
        "frame.len == 20 + 7",
        "frame.len & 8 == 8",
        "frame.len & 1 + 2 == 3",
        "frame.len bitwise_and 8",
        "-data.len == -13",
        "data.len - 14 < 0",
        "frame.len - 30 == -3",
        "frame.len % 10 == 7",
        "frame.len / 2 == 13",
        "frame.time_delta * 2 == 1",
        "frame.time_delta + 1 == 1.5",
        "frame.time - \"2001-09-09 01:46:40\" == 0.5",
        "frame.time_delta / 0.5 == 1",
    ]);
    none_pass(&["(frame or _ws.malformed) and _ws.malformed", "frame xor eth", "frame.len - 27", "frame.len & 4"]);
}

#[test]
fn slices_take_octets() {
    all_pass(&[
        "frame[0:6] == ff:ff:ff:ff:ff:ff",
        "frame[12-13] == 88:b6",
        "frame[:2] == ff:ff",
        "frame[14:5] == \"HELLO\"",
        "frame[14] == 'H'",
        "frame[14] == 0x48",
        "frame[14] == 48",
        "frame[-2:] == 00:ff",
        "frame[-2] == 00",
        "frame[-2--1] == 00:ff",
        "frame[-3:2] == 64:00",
        "frame[0,14,-1] == ff:48:ff",
        "frame[12:2][1] == b6",
        "eth.src[0:3] == 00-01-02",
        "eth.src[0:3] == 0-1-2",
        "eth.src[0:3] == 0.001.2 or eth.src[0:3] == 0.1.2",
        "eth.dst[0] & 1",
        "eth.src[5] & 0x05 == 05",
        "data.data[0:5] == frame[14:5]",
        "frame[0:6] == eth.dst",
        "frame.protocols[0:3] == \"eth\"",
        "frame[6:6] contains eth.src",
        "frame[26:]",
        "data.data[0:5] contains \"ELL\"",
        "frame[90:2] != 00:00",
        "frame[90:2] < 00",
        "frame[14,90,14] == 48",
        "frame[0:6] & 01",
        "frame[0:6] & 00:01 == 00:01",
        "frame[0:2] > fe",
        "frame[0:2] > 00:00",
        "frame[0:2] < 00:00:00",
        "data > fe",
    ]);
    none_pass(&[
        "frame[90:200] contains 00",
        "frame[90:2]",
        "frame[26:2]",
        "frame[-100]",
        "frame[27:]",
        "eth.src[0] & 1",
    ]);
}

#[test]
fn searches_look_into_octets_and_text() {
    all_pass(&[
        "frame contains \"HELLO\"",
        "frame contains 48:45:4c",
        "frame contains 48454c",
        "eth contains \"world\"",
        "data contains \"world\"",
        "data.data contains 'w'",
        "frame.protocols contains \"thertyp\"",
        "frame matches \"hello\"",
        "frame matches r\"\\x00\\xff$\"",
        "frame matches \"\\\\x00\\xff\"",
        "frame ~ \"(?-i)HELLO\"",
        "frame.protocols matches \"^ETH:\"",
        "frame.encap_type contains \"ther\"",
        "frame.encap_type matches \"^ether\"",
        "frame contains eth.src[2:3]",
    ]);
    all_pass(&[
        "frame.encap_type contains \"ther\"",
        "frame.encap_type matches \"^ether\"",
        "frame contains eth.src[2:3]",
    ]);
    none_pass(&["frame contains \"hello\"", "frame matches \"(?-i)hello\"", "frame contains 49:49"]);
}

#[test]
fn sets_hold_values_and_ranges() {
    all_pass(&[
        "frame.len in {27}",
        "frame.len in {1, 2, 20..30}",
        "frame.len in {1,2,3, 0x1b}",
        "frame.len not in {1, 2}",
        "not frame.len in {1, 2}",
        "eth.type in {0x0800, 0x88b6}",
        "eth.src in {00:01:02:03:04:05}",
        "frame.time_delta in {0.4 .. 0.6}",
        "frame.protocols in {\"a\", \"eth:ethertype:data\"}",
        "frame.len in {frame.cap_len}",
        "frame.len in {data.len .. 100}",
        "frame.encap_type in {PPP, Ethernet}",
    ]);
    none_pass(&[
        "frame.len in {1, 2, 28..30}",
        "frame.len in {30..20}",
        "frame.comment in {\"a\"}",
        "frame.comment in {\"a\" .. \"z\"}",
    ]);
}

#[test]
fn functions_yield_values() {
    all_pass(&[
        "len(data.data) == 13",
        "len(frame.len) == 4",
        "len(frame.protocols) == 18",
        "len(data.data[0:3]) == 3",
        "count(eth.addr) == 2",
        "count(frame.comment) != 0 or frame",
        "upper(frame.protocols) == \"ETH:ETHERTYPE:DATA\"",
        "lower(frame.protocols) contains \"eth\"",
        "len(upper(frame.protocols)) == 18",
        "string(frame.len) == \"27\"",
        "string(eth.src) matches \"^00:01\"",
        "max(eth.addr) == ff:ff:ff:ff:ff:ff",
        "min(eth.addr) == 00:01:02:03:04:05",
        "max(frame.len, frame.cap_len, 1000) == 1000",
        "abs(data.len - 20) == 7",
        "abs(frame.time_delta - 1) == 0.5",
        "vals(frame.encap_type) == \"Ethernet\"",
        "dec(eth.type) == \"34998\"",
        "hex(frame.len) == \"0x0000001b\"",
        "float(frame.len) / 2 == 13.5",
        "double(frame.time_delta) == 0.5",
        "count(eth.addr)",
        "len(frame)",
    ]);
    none_pass(&[
        "count(frame.comment) == 0",
        "len(frame.comment) == 0",
        "max(frame.comment) == \"a\"",
        "data.len - 13",
    ]);
}

#[test]
fn text_and_characters_have_escapes() {
    all_pass(&[
        "data.data[0:2] == \"\\x48\\105\"",
        "data.data[0] == '\\x48'",
        "data.data[0:1] == \"\\u0048\"",
        "data.data[0:1] == \"\\U00000048\"",
        "data.data[5] == ' '",
        "frame contains r\"HELLO\"",
        "frame.len == '\\x1b'",
    ]);
}

/// The errors of `wireshark.md`, section 1.1, as far as fields of this crate's first protocols can show them.
#[test]
fn errors_say_what_is_wrong_and_where() {
    refused(&[
        ("foo.bar", "\"foo.bar\" is neither a field nor a protocol name", "foo.bar"),
        ("eth.type == \"foo\"", "is not among the possible values", "\"foo\""),
        ("frame.len == \"foo\"", "Unsigned integer (4 bytes) cannot be converted from a string (\"foo\")", "\"foo\""),
        ("frame.len == abc", "\"abc\" is not a valid number", "abc"),
        ("eth.type == 70000", "too big for eth.type, whose maximum is 65535", "70000"),
        ("eth.type == -1", "too small", "-1"),
        ("eth.addr == 00:11", "has 2 octets", "00:11"),
        ("eth.src == \"00:11:22:33:44:55\"", "cannot be converted from a string", "\"00:11:22:33:44:55\""),
        (
            "frame.len matches \"10\"",
            "frame.len (type=Unsigned integer (4 bytes)) cannot take part in matches",
            "frame.len",
        ),
        (
            "frame.len contains \"x\"",
            "frame.len (type=Unsigned integer (4 bytes)) cannot take part in contains",
            "frame.len",
        ),
        ("frame.protocols matches inv", "double quotes", "inv"),
        ("frame.protocols matches 'i'", "double quotes", "'i'"),
        (
            "frame.protocols matches \"(unclosed\"",
            "the regular expression does not compile: unclosed group",
            "\"(unclosed\"",
        ),
        ("1 == 1", "needs a field or function, and 1 is none", "1"),
        ("frame[0:4", "right bracket", "[0:4"),
        ("frame.len ==", "ends too early", ""),
        ("(frame", "ends too early", ""),
        ("frame.len == 80 and", "ends too early", ""),
        ("frame && && eth", "\"&&\" was unexpected", "&&"),
        ("frame eth", "\"eth\" was unexpected", "eth"),
        ("frame)", "\")\" was unexpected", ")"),
        ("$", "must follow \"$\"", "$"),
        ("${frame.len}", "is not bound to a value", "${frame.len}"),
        ("frame.len == ${foo}", "neither a field", "${foo}"),
        ("frame.time > \"garbage\"", "\"garbage\" is not a date and time", "\"garbage\""),
        ("frame.time > 1000000000", "is not a date and time", "1000000000"),
        ("frame.time_delta > \"0.1\"", "Time offset cannot be converted from a string", "\"0.1\""),
        ("frame.protocols == \"unterminated", "final quote", "\"unterminated"),
        ("frame.protocols == \"\\q\"", "\\q is not an escape sequence", "\\q"),
        ("frame.protocols == \"\\400\"", "\\400 is larger than 255", "\\400"),
        ("frame.len == 'ab'", "too long for a character", "'ab'"),
        ("frame.len == ''", "empty", "''"),
        ("nosuch(frame.len) > 1", "function nosuch does not exist", "nosuch"),
        ("len() == 2", "needs at least 1", "len()"),
        ("len(eth.src, eth.dst) == 2", "takes at most 1", "len(eth.src, eth.dst)"),
        ("len(\"abc\") == 3", "not constants alone", "\"abc\""),
        ("max(frame.len, eth.type) > 0", "must have one type", "eth.type"),
        ("upper(eth.src) == \"x\"", "function upper cannot take eth.src", "eth.src"),
        ("string(frame.protocols) == \"x\"", "function string cannot take frame.protocols", "frame.protocols"),
        ("abs(-1) == 1", "not constants alone", "-1"),
        ("frame.len in {}", "\"}\" was unexpected", "}"),
        ("frame.len in 80", "\"80\" was unexpected", "80"),
        ("frame.len in {80", "ends too early", ""),
        ("frame.len in {1 2}", "\"2\" was unexpected", "2"),
        ("1 in {1}", "only a field may be looked for in a set", "1"),
        ("eth.src in {frame[0:6]}", "a slice may not stand in a set", "frame[0:6]"),
        ("eth.type in {1, 70000}", "too big", "70000"),
        ("frame.len[0]", "\"frame.len\" is of type Unsigned integer (4 bytes) and cannot be sliced", "frame.len"),
        ("frame[0:0]", "empty", "0:0"),
        ("frame[2-1]", "end behind", "2-1"),
        ("frame[2-2]", "end behind", "2-2"),
        ("frame[]", "\"]\" was unexpected in a slice", "]"),
        ("frame[1:-2]", "\"-\" was unexpected in a slice", "-"),
        ("eth.src#x", "a digit or \"[\" must follow", "x"),
        ("eth.src == frame.len", "eth.src and frame.len are not of compatible types", "eth.src == frame.len"),
        ("frame.protocols == eth.src", "not of compatible types", "frame.protocols == eth.src"),
        ("frame contains frame.protocols", "not of compatible types", "frame contains frame.protocols"),
        ("frame.marked == frame.len", "not of compatible types", "frame.marked == frame.len"),
        ("frame.marked == yes", "expected True or False", "yes"),
        ("eth & 1", "Protocol, on which & does not work", "eth"),
        ("frame.protocols & 1", "on which & does not work", "frame.protocols"),
        ("frame.marked + 1 == 1", "on which + does not work", "frame.marked"),
        ("frame.len / 0 == 1", "division by zero", "0"),
        ("frame.len == 1 / 0", "division by zero", "1 / 0"),
        ("frame.encap_type > Etherne", "is not among the possible values", "Etherne"),
        ("_ws.malformed.expert == 1", "has no value", "1"),
        ("frame = 1", "\"=\" was unexpected", "="),
        ("any frame", "ends too early", ""),
        ("all (frame)", "\"(\" was unexpected", "("),
        ("frame.len == 1.5", "\"1.5\" is not a valid number", "1.5"),
        ("frame.len == 08", "\"08\" is not a valid number", "08"),
        ("frame.len == 0x", "\"0x\" is not a valid number", "0x"),
        (
            "frame.len == 99999999999999999999999999999999999999999999",
            "too big",
            "99999999999999999999999999999999999999999999",
        ),
        ("data.data == 0x0d0a", "\"0x0d0a\" is not a valid byte string", "0x0d0a"),
        ("data contains GET", "\"GET\" is not a valid byte string", "GET"),
        ("$nosuch(1) == 1", "no macro is called nosuch", "$nosuch"),
        ("frame[-1-5]", "must have one sign", "-1-5"),
        ("len(frame.x) == 2", "neither a field", "frame.x"),
        ("len(frame) in {1}", "only a field may be looked for in a set", "len(frame)"),
        ("frame[0] in {1}", "only a field may be looked for in a set", "frame[0]"),
        ("eth.src == 0:0:0:0:0:0", "is not a valid hostname or Ethernet address", "0:0:0:0:0:0"),
        ("data.data == aa:bb:", "is not a valid byte string", "aa:bb:"),
        ("data.data == aa:bb-cc", "is not a valid byte string", "aa:bb-cc"),
        ("data.data == :", "is not a valid byte string", ":"),
        ("frame.x contains \"a\"", "\"frame.x\" is neither a field", "frame.x"),
        ("frame.x[0] == 1", "\"frame.x\" is neither a field", "frame.x"),
        ("frame.x + 1 == frame.y", "\"frame.x\" is neither a field", "frame.x"),
        ("frame.x == eth.src", "\"frame.x\" is neither a field", "frame.x"),
        ("frame.x in {1}", "\"frame.x\" is neither a field", "frame.x"),
        ("1 contains \"a\"", "the left side of contains must be a field", "1"),
        ("1 + 1", "is neither a field", "1 + 1"),
        ("frame.number not 1", "\"1\" was unexpected", "1"),
    ]);
}

#[test]
fn errors_of_addresses_and_ports() {
    refused(&[
        ("udp.port == \"foo\"", "Unsigned integer (2 bytes) cannot be converted from a string (\"foo\")", "\"foo\""),
        ("udp.port == 70000", "\"70000\" is too big for udp.port, whose maximum is 65535", "70000"),
        ("udp.port in {5060 .. 70000}", "\"70000\" is too big", "70000"),
        ("ip.addr == 300.1.1.1", "\"300.1.1.1\" is not a valid hostname or IPv4 address", "300.1.1.1"),
        ("ip.addr == 10.0.0.0/33", "at most 32 bits, not 33", "10.0.0.0/33"),
        ("ip.addr == 10.1/16", "\"10.1\" is not a valid hostname", "10.1"),
        ("ip.src == \"10.0.0.1\"", "IPv4 address cannot be converted from a string (\"10.0.0.1\")", "\"10.0.0.1\""),
        ("ip.src == ::1", "is not a valid hostname or IPv4 address", "::1"),
        ("ip.src matches \"10\"", "ip.src (type=IPv4 address) cannot take part in matches", "ip.src"),
        ("ip.ttl contains \"x\"", "ip.ttl (type=Unsigned integer (1 byte)) cannot take part in contains", "ip.ttl"),
        ("ip.src in {1..2}", "\"1\" is not a valid hostname or IPv4 address", "1"),
        ("ipv6.addr == fe80::1::2", "is not a valid hostname or IPv6 address", "fe80::1::2"),
        ("ipv6.src == fe80::/200", "at most 128 bits, not 200", "fe80::/200"),
        ("ipv6.src == 1.2.3.4", "is not a valid hostname or IPv6 address", "1.2.3.4"),
        ("ip.proto == udp", "ip.proto and udp are not of compatible types", "ip.proto == udp"),
        ("ip.proto == nosuch", "\"nosuch\" is not among the possible values of ip.proto", "nosuch"),
        ("ip.src + 1 == 2", "IPv4 address, on which + does not work", "ip.src"),
        ("ip && udp ||", "ends too early", ""),
        ("ip|udp", "\"|\" was unexpected", "|"),
        ("ip.src == 10.0.0.0/8/8", "no arithmetic is possible with IPv4 address", "10.0.0.0/8/8"),
    ]);
}

#[test]
fn addresses_ports_and_names() {
    let mut frame = b"\xff\xff\xff\xff\xff\xff\x00\x01\x02\x03\x04\x05\x08\x00".to_vec();
    frame.extend(b"\x45\x00\x00\x22\x00\x07\x40\x00\x40\x11\x00\x00\x0a\x01\x03\x8f\xc8\x39\x07\xcc");
    frame.extend(b"\x13\xc4\x13\xc5\x00\x0e\x00\x00SIP/2. trailer");
    let ok = |text: &str| {
        let filter = compile(text);
        let mut wanted = Wanted::nothing();
        filter.fields().for_each(|field| wanted.add(field));
        dissect(&Packet::alone(1, &frame), [], &wanted, &mut Scratch::default(), |d| filter.matches(d))
    };
    for text in [
        "ip.src == 10.0.0.0/8 and ip.addr == 200.57.7.204",
        "ip.addr == 10.1.3.143/32 and not ip.addr == 10.1.3.142",
        "ip.src in {10.0.0.0/24, 10.1.3.0 .. 10.1.4.0}",
        "ip.src < 11.0.0.0 and ip.src > 10.1.3.142",
        "ip.addr !== 10.0.0.0/8 and not ip.addr === 10.0.0.0/8 and not ip.addr != 10.0.0.0/8",
        "ip.src & 255.0.0.0 == 10.0.0.0",
        "ip.src[0:2] == 0a:01 and ip.src#1 == 10.1.3.143 and not ip.src#2",
        "udp.port == 5060 and udp.port == 5061 and not udp.port == 5062",
        "udp.srcport + 1 == udp.dstport",
        "udp.port in {1..5060} and all udp.port in {5000..6000}",
        "ip.proto == UDP and ip.proto == \"udp\" and ip.proto in {TCP, UDP}",
        "ip.proto contains \"UD\" and ip.proto matches \"^udp$\"",
        "ip.flags.df == \"Set\" and ip.flags.df == True and ip.flags.df",
        "udp contains \"SIP/2\" and not udp contains \"trailer\" and eth contains \"trailer\"",
        "ip matches \"sip/2.$\" and udp matches \"^\\x13\\xc4\"",
        "len(udp) == 8 and udp[7] == 00 and not udp[8]",
        "ip[9] == 11 and ip[9] & 0x10 and ip[-4:] == c8:39:07:cc",
        "string(ip.src) matches \"\\\\.143$\" and string(udp.port) == \"5060\"",
        "ip_rfc1918(ip.src) == 1 and !ip_rfc1918(ip.dst) and ip_special_name(ip.src) == \"Private-Use\"",
        "max(ip.src, ip.dst) == 200.57.7.204 and max(udp.port) == 5061",
        "ip.len - {ip.hdr_len + 8} == 6",
    ] {
        assert!(ok(text), "{text} should pass");
    }
    assert_eq!(
        compile("ip.addr == 10.1.0.0/16 and (udp.port in {5060, 6000..7000} or not eth)").required().to_string(),
        "(ip and address 10.1.0.0/16)"
    );
    assert_eq!(
        compile("ip.src == 10.1.2.3 && udp.port == 5060 || 53 == udp.dstport").required().to_string(),
        "((ip and address 10.1.2.3/32 and udp and port 5060) or (udp and port 53))"
    );
}

#[test]
fn former_names_of_protocols_are_known() {
    none_pass(&["bootp.option.dhcp == 1", "ssl", "ssl.record.content_type == 22"]);
    refused(&[("sslx.record", "neither a field", "sslx.record"), ("ssl.nothing", "neither a field", "ssl.nothing")]);
}

#[test]
fn an_error_is_shown_with_its_place_underlined() {
    assert_eq!(
        error("frame and frame.len == abc").to_string(),
        "\"abc\" is not a valid number\n    frame and frame.len == abc\n                           ^~~"
    );
    assert_eq!(error("frame ==").to_string(), "the filter ends too early\n    frame ==\n            ^");
    assert_eq!(
        error("frame.protocols == \"\u{e4}\" x").to_string(),
        "\"x\" was unexpected in this context\n    frame.protocols == \"\u{e4}\" x\n                           ^"
    );
}

#[test]
fn unknown_names_get_the_nearest_ones() {
    assert_eq!(error("fram.len == 1").suggestions, ["frame.len"]);
    assert_eq!(error("frame.nubmer").suggestions, ["frame.number"]);
    assert_eq!(error("et").suggestions[0], "eth");
    assert_eq!(error("lne(frame) == 1").suggestions, ["len"]);
    assert!(error("completely.different.name").suggestions.is_empty());
    assert!(error(&"x".repeat(500)).suggestions.is_empty());
    assert!(
        error("fram.len == 1")
            .to_string()
            .starts_with("\"fram.len\" is neither a field nor a protocol name; did you mean frame.len?\n")
    );
}

#[test]
fn hostile_filters_meet_limits() {
    let deep = |open: &str, inner: &str, close: &str, n: usize| format!("{}{inner}{}", open.repeat(n), close.repeat(n));
    let checks = [
        ("octets, more than", "x".repeat(MAX_FILTER_LEN + 1)),
        ("nested deeper", deep("(", "frame", ")", MAX_DEPTH + 1)),
        ("nested deeper", format!("{}frame", "!".repeat(MAX_DEPTH + 1))),
        ("nested deeper", deep("{", "frame.len", "}", MAX_DEPTH + 1)),
        ("nested deeper", deep("abs(", "frame.len", ")", MAX_DEPTH + 1)),
        ("nested deeper", format!("{}frame.len", "-".repeat(MAX_DEPTH + 1))),
        ("nested deeper", format!("frame.len{} == 1", "+1".repeat(MAX_DEPTH))),
        ("nested deeper", format!("frame{}", "[0:]".repeat(MAX_DEPTH))),
        ("terms", "eth or ".repeat(MAX_TERMS + 1)),
        ("the set has more", format!("frame.len in {{{}1}}", "1,".repeat(MAX_SET))),
        ("ranges in one slice", format!("frame[{}0]", "0,".repeat(MAX_SLICES))),
        ("takes at most", format!("max({}frame.len) == 1", "1,".repeat(MAX_ARGUMENTS))),
        ("regular expression has", format!("frame matches \"{}\"", "a".repeat(MAX_REGEX + 1))),
        ("does not compile", "frame matches \"((a{1000}){1000}){1000}\"".to_owned()),
        ("does not compile", format!("frame matches \"{}\"", deep("(", "a", ")", 200))),
        ("too large", "frame[99999999999999999999]".to_owned()),
    ];
    for (message, text) in checks {
        let error = error(&text);
        assert!(error.message.contains(message), "{error}");
    }
    // Depth is bounded on the whole way down, not for each kind of bracket.
    let mut text = "frame.len".to_owned();
    for _ in 0..20 {
        text = format!("{{{text}{}}}", "+1".repeat(10));
    }
    assert!(error(&format!("{text} == 1")).message.contains("nested deeper"));
    // Just within the limits.
    assert!(passes(&deep("(", "frame", ")", MAX_DEPTH)));
    assert!(passes(&format!("frame.len{} == 90", "+1".repeat(MAX_DEPTH - 1))));
    assert!(passes(&format!("frame.len in {{{}27}}", "1,".repeat(MAX_SET - 1))));
}

#[test]
fn macros_are_put_in_before_the_filter_is_read() {
    let mut options = Options::default();
    options.macros.define("short", "frame.len < $1");
    options.macros.define("between", "$short($2) and frame.len > $1");
    options.macros.define("plain", "frame");
    options.macros.define("loop", "$loop");
    let ok = |text: &str| passes_with(text, &options);
    assert!(ok("$short(30)"));
    assert!(!ok("$short(3)"));
    assert!(ok("${short:30}"));
    assert!(ok("${short;30} and eth"));
    assert!(ok("$between(1, 30)"));
    assert!(!ok("${between:1;3}"));
    assert!(ok("$plain and ${plain}"));
    assert!(ok("frame.protocols != \"$plain\""));
    let refuse = |text: &str| Filter::compile(text, &options).expect_err("must be refused").message;
    assert!(refuse("$loop").contains("deeper"));
    assert!(refuse("$short()").contains("uses $1"));
    assert!(refuse("${nosuch:1}").contains("no macro is called nosuch"));
    assert!(refuse(&format!("$short({})", "1,".repeat(40))).contains("at most"));
    let mut grow = Options::default();
    grow.macros.define("a", &"$b".repeat(1000));
    grow.macros.define("b", &"frame or ".repeat(1000));
    assert!(Filter::compile("$a", &grow).is_err_and(|e| e.message.contains("longer than")));
}

#[test]
fn macros_are_read_from_wiresharks_files() {
    let mut options = Options::default();
    let lines = "# a comment\n\n\"short\" frame.len < $1\n\"has\",\"frame contains \\x22$1\\x22\"\nnone\n\"none\"\n\"a b\" x\n\"x\",\"y\" z\n\"\" y\n\"\n";
    assert_eq!(options.macros.read(lines), [5, 6, 7, 8, 9, 10]);
    assert!(passes_with("$short(30) and ${has:HELLO}", &options));
    let many: String = (0..macros::MAX_MACROS + 1).map(|n| format!("\"m{n}\" frame\n")).collect();
    assert_eq!(Macros::default().read(&many), [macros::MAX_MACROS + 1]);
}

#[test]
fn references_stand_for_values_of_a_chosen_packet() {
    let text = "frame.len == ${frame.len} and eth.addr == $eth.src and frame.comment == ${frame.comment}";
    let fields = references::referred(text);
    let names: Vec<_> = fields.iter().map(|field| registry::field(*field).name).collect();
    assert_eq!(names, ["frame.len", "eth.src", "frame.comment"]);
    let mut wanted = Wanted::nothing();
    fields.iter().for_each(|field| wanted.add(*field));
    let references = dissect(&packet(1), [], &wanted, &mut Scratch::default(), References::of);
    let options = Options { references: Some(references), ..Options::default() };
    assert!(passes_with("frame.len == ${frame.len}", &options));
    assert!(passes_with("eth.addr == $eth.src", &options));
    assert!(passes_with("frame.len in {1, ${frame.len}}", &options));
    assert!(passes_with("eth.src == ${@eth.src}", &options));
    assert!(!passes_with("frame.len > ${frame.len}", &options));
    assert!(!passes_with("frame.comment == ${frame.comment}", &options));
    assert!(Filter::compile("${frame.len}", &options).is_err());

    let mut bound = References::default();
    for (name, text) in [("frame.len", "26"), ("frame.len", "0x1b"), ("eth.src", "00:01:02:03:04:05")] {
        bound.bind(name, text).expect("a value of the field");
    }
    let refuse = |name: &str, text: &str| bound.clone().bind(name, text).expect_err("must be refused").to_string();
    assert_eq!(refuse("frame.len", "x"), "frame.len: \"x\" is not a valid number");
    assert_eq!(refuse("frame.x", "x"), "\"frame.x\" is neither a field nor a protocol name");
    let mut full = References::default();
    for _ in 0..references::MAX_REFERENCE_VALUES {
        full.bind("frame.len", "1").expect("within the limit");
    }
    assert_eq!(full.bind("frame.len", "1"), Err(ReferenceError::TooMany("frame.len".to_owned())));
    let options = Options { references: Some(bound), ..Options::default() };
    assert!(passes_with("frame.len == ${frame.len} and eth.src == ${eth.src}", &options));
    assert!(!passes_with("frame.len === ${frame.len}", &options));
    assert!(Filter::compile("frame.cap_len == ${frame.cap_len}", &options).is_err());
}

#[test]
fn a_program_can_be_read() {
    let filter = compile("eth and (frame.len in {1, 3..4} or not data contains \"x\") xor frame[0:2] == ff:ff");
    let program = "   0  exists eth
   1  unless true go to 6
   2  any frame.len in {1, 3..4}
   3  if true go to 6
   4  any data contains \"x\"
   5  not
   6  keep
   7  any frame[0:2] == ff:ff
   8  differs from the kept one
   9  done
requires nothing
";
    assert_eq!(filter.explain(), program);
}

/// A dissection made by hand: two IPv4 layers cannot be had from the first protocols.
#[test]
fn layers_and_addresses() {
    let field = |name: &str| registry::by_name(name).expect("a field of the registry");
    let node = |name: &str, value, layer| Node {
        field: field(name),
        value,
        start: 0,
        len: 4,
        source: 0,
        depth: 0,
        layer,
        hidden: false,
        generated: false,
        text: None,
    };
    let dissection = Dissection {
        frame: b"abcd",
        nodes: vec![
            node("frame.len", Value::Uint(1), 1),
            node("frame.len", Value::Uint(2), 2),
            node("frame.len", Value::Uint(3), 3),
        ],
        ..Dissection::default()
    };
    let ok = |text: &str| compile(text).matches(&dissection);
    assert_eq!(registry::field(field("frame.len")).ftype, FieldType::Uint32);
    assert!(ok("frame.len#1 == 1 and frame.len#2 == 2 and frame.len#[3] == 3"));
    assert!(ok("frame.len#[2-3] == 3 and !(frame.len#[2-3] == 1)"));
    assert!(ok("frame.len#[1,3] == 3 and not frame.len#[1,3] == 2"));
    assert!(ok("frame.len#[1:2] == 2 and not frame.len#[1:2] == 3 and frame.len#[2:] == 3"));
    assert!(ok("frame.len#[-1] == 3 and frame.len #[-2] == 2"));
    assert!(ok("count(frame.len) == 3 and max(frame.len) == 3 and count(frame.len#2) == 1"));
    assert!(ok("@frame.len == 61:62:63:64 and @frame.len == \"abcd\""));
    assert!(!ok("frame.len#4 or frame.len#0"));
}

#[test]
fn a_run_has_an_end() {
    let field = registry::by_name("frame.len").expect("a field of the registry");
    let node = |value| Node {
        field,
        value: Value::Uint(value),
        start: 0,
        len: 0,
        source: 0,
        depth: 0,
        layer: 1,
        hidden: false,
        generated: false,
        text: None,
    };
    let dissection = Dissection { nodes: (0..1000).map(node).collect(), ..Dissection::default() };
    let ok = |text: &str| compile(text).matches(&dissection);
    assert!(ok("frame.len == frame.len and frame.len + frame.len == 1998"));
    let sum = format!("frame.len{}", " + frame.len".repeat(40));
    for text in [
        format!("{sum} == 999999"),
        format!("not {sum} == 999999"),
        format!("all {sum} >= 0"),
        format!("max({sum}) > 1"),
    ] {
        assert!(!ok(&text), "{text}");
    }
}

#[test]
fn filters_go_from_thread_to_thread() {
    fn is_shared<T: Send + Sync>() {}
    is_shared::<Filter>();
    is_shared::<FilterError>();
    is_shared::<References>();
}
