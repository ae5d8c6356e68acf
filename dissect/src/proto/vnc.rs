//! Virtual Network Computing: the RFB protocol (RFC 6143).

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::proto::tcp;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stage;
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Vnc, "vnc", "Virtual Network Computing";
    SERVER_VERSION = field("vnc.server_proto_ver", "Server protocol version", String, None);
    CLIENT_VERSION = field("vnc.client_proto_ver", "Client protocol version", String, None);
    NUM_SECURITY_TYPES = field("vnc.num_security_types", "Number of security types", Uint8, Dec);
    SECURITY_TYPE = field("vnc.security_type", "Security type", Uint8, Dec).names(Names::Values(SECURITY_TYPES));
    SERVER_SECURITY_TYPE = field("vnc.server_security_type", "Security type", Uint32, Dec).names(Names::Values(SECURITY_TYPES));
    CLIENT_SECURITY_TYPE = field("vnc.client_security_type", "Security type selected", Uint8, Dec).names(Names::Values(SECURITY_TYPES));
    AUTH_CHALLENGE = field("vnc.auth_challenge", "Authentication challenge", Bytes, None);
    AUTH_RESPONSE = field("vnc.auth_response", "Authentication response", Bytes, None);
    AUTH_RESULT = field("vnc.auth_result", "Authentication result", Boolean, None).names(Names::Flag("Failed", "OK")).mask(0x1);
    AUTH_ERROR_LEN = field("vnc.auth_error_len", "Length of authentication error", Uint32, Dec);
    AUTH_ERROR = field("vnc.auth_error", "Authentication error", String, None);
    SHARE_DESKTOP = field("vnc.share_desktop_flag", "Share desktop flag", Boolean, None);
    WIDTH = field("vnc.width", "Framebuffer width", Uint16, Dec);
    HEIGHT = field("vnc.height", "Framebuffer height", Uint16, Dec);
    SERVER_BITS = field("vnc.server_bits_per_pixel", "Bits per pixel", Uint8, Dec);
    SERVER_DEPTH = field("vnc.server_depth", "Depth", Uint8, Dec);
    SERVER_BIG_ENDIAN = field("vnc.server_big_endian_flag", "Big endian flag", Boolean, None);
    SERVER_TRUE_COLOR = field("vnc.server_true_color_flag", "True color flag", Boolean, None);
    SERVER_RED_MAX = field("vnc.server_red_max", "Red maximum", Uint16, Dec);
    SERVER_GREEN_MAX = field("vnc.server_green_max", "Green maximum", Uint16, Dec);
    SERVER_BLUE_MAX = field("vnc.server_blue_max", "Blue maximum", Uint16, Dec);
    SERVER_RED_SHIFT = field("vnc.server_red_shift", "Red shift", Uint8, Dec);
    SERVER_GREEN_SHIFT = field("vnc.server_green_shift", "Green shift", Uint8, Dec);
    SERVER_BLUE_SHIFT = field("vnc.server_blue_shift", "Blue shift", Uint8, Dec);
    DESKTOP_NAME_LEN = field("vnc.desktop_name_len", "Desktop name length", Uint32, Dec);
    DESKTOP_NAME = field("vnc.desktop_name", "Desktop name", String, None);
    CLIENT_MESSAGE_TYPE = field("vnc.client_message_type", "Client Message Type", Uint8, Dec).names(Names::Values(CLIENT_MESSAGES));
    CLIENT_BITS = field("vnc.client_bits_per_pixel", "Bits per pixel", Uint8, Dec);
    CLIENT_DEPTH = field("vnc.client_depth", "Depth", Uint8, Dec);
    CLIENT_BIG_ENDIAN = field("vnc.client_big_endian_flag", "Big endian flag", Boolean, None);
    CLIENT_TRUE_COLOR = field("vnc.client_true_color_flag", "True color flag", Boolean, None);
    CLIENT_RED_MAX = field("vnc.client_red_max", "Red maximum", Uint16, Dec);
    CLIENT_GREEN_MAX = field("vnc.client_green_max", "Green maximum", Uint16, Dec);
    CLIENT_BLUE_MAX = field("vnc.client_blue_max", "Blue maximum", Uint16, Dec);
    CLIENT_RED_SHIFT = field("vnc.client_red_shift", "Red shift", Uint8, Dec);
    CLIENT_GREEN_SHIFT = field("vnc.client_green_shift", "Green shift", Uint8, Dec);
    CLIENT_BLUE_SHIFT = field("vnc.client_blue_shift", "Blue shift", Uint8, Dec);
    ENCODINGS_NUM = field("vnc.client_set_encodings_num", "Number of encodings", Uint16, Dec);
    ENCODING_TYPE = field("vnc.client_set_encodings_encoding_type", "Encoding type", Int32, Dec).names(Names::Values(ENCODINGS));
    INCREMENTAL = field("vnc.update_req_incremental", "Incremental update", Boolean, None);
    UPDATE_REQ_X = field("vnc.update_req_x_pos", "X position", Uint16, Dec);
    UPDATE_REQ_Y = field("vnc.update_req_y_pos", "Y position", Uint16, Dec);
    UPDATE_REQ_WIDTH = field("vnc.update_req_width", "Width", Uint16, Dec);
    UPDATE_REQ_HEIGHT = field("vnc.update_req_height", "Height", Uint16, Dec);
    KEY_DOWN = field("vnc.key_down", "Key down", Boolean, None).names(Names::Flag("Yes", "No"));
    KEY = field("vnc.key", "Key", Uint32, Hex);
    BUTTON_1 = field("vnc.button_1_pos", "Mouse button #1 position", Boolean, None).names(Names::Flag("Pressed", "Not pressed")).mask(0x1);
    BUTTON_2 = field("vnc.button_2_pos", "Mouse button #2 position", Boolean, None).names(Names::Flag("Pressed", "Not pressed")).mask(0x2);
    BUTTON_3 = field("vnc.button_3_pos", "Mouse button #3 position", Boolean, None).names(Names::Flag("Pressed", "Not pressed")).mask(0x4);
    POINTER_X = field("vnc.pointer_x_pos", "X position", Uint16, Dec);
    POINTER_Y = field("vnc.pointer_y_pos", "Y position", Uint16, Dec);
    CLIENT_CUT_TEXT_LEN = field("vnc.client_cut_text_len", "Length", Uint32, Dec);
    CLIENT_CUT_TEXT = field("vnc.client_cut_text", "Text", String, None);
    SERVER_MESSAGE_TYPE = field("vnc.server_message_type", "Server Message Type", Uint8, Dec).names(Names::Values(SERVER_MESSAGES));
    NUM_RECTS = field("vnc.fb_update_num_rects", "Number of rectangles", Uint16, Dec);
    RECT_X = field("vnc.fb_update_x_pos", "X position", Uint16, Dec);
    RECT_Y = field("vnc.fb_update_y_pos", "Y position", Uint16, Dec);
    RECT_WIDTH = field("vnc.fb_update_width", "Width", Uint16, Dec);
    RECT_HEIGHT = field("vnc.fb_update_height", "Height", Uint16, Dec);
    RECT_ENCODING = field("vnc.fb_update_encoding_type", "Encoding type", Int32, Dec).names(Names::Values(ENCODINGS));
    FIRST_COLOR = field("vnc.colormap_first_color", "First color", Uint16, Dec);
    COLOR_GROUPS = field("vnc.colormap_groups", "Number of color groups", Uint16, Dec);
    SERVER_CUT_TEXT_LEN = field("vnc.server_cut_text_len", "Length", Uint32, Dec);
    SERVER_CUT_TEXT = field("vnc.server_cut_text", "Text", String, None);
}

/// RFC 6143, 7.2, and what is registered beside it.
const SECURITY_TYPES: &[(u64, &str)] = &[
    (0, "Invalid"),
    (NONE, "None"),
    (VNC, "VNC"),
    (5, "RA2"),
    (6, "RA2ne"),
    (16, "Tight"),
    (17, "Ultra"),
    (18, "TLS"),
    (19, "VeNCrypt"),
    (20, "GTK-VNC SASL"),
    (21, "MD5 hash authentication"),
    (22, "Colin Dean xvp"),
    (30, "Apple Remote Desktop"),
];
const NONE: u64 = 1;
const VNC: u64 = 2;
/// RFC 6143, 7.5.
const CLIENT_MESSAGES: &[(u64, &str)] = &[
    (0, "Set Pixel Format"),
    (2, "Set Encodings"),
    (3, "Framebuffer Update Request"),
    (4, "Key Event"),
    (5, "Pointer Event"),
    (6, "Cut Text"),
];
/// RFC 6143, 7.6.
const SERVER_MESSAGES: &[(u64, &str)] =
    &[(0, "Framebuffer Update"), (1, "Set Colormap Entries"), (2, "Ring Bell"), (3, "Cut Text")];
/// RFC 6143, 7.7, and what is registered beside it; the numbers are signed.
const ENCODINGS: &[(u64, &str)] = &[
    (0, "Raw"),
    (1, "CopyRect"),
    (2, "RRE"),
    (4, "CoRRE"),
    (5, "Hextile"),
    (6, "Zlib"),
    (7, "Tight"),
    (8, "ZlibHex"),
    (9, "Ultra"),
    (16, "ZRLE"),
    (0xffff_ff11, "Cursor (pseudo)"),
    (0xffff_ff21, "DesktopSize (pseudo)"),
];
/// How many entries of a list one message shows.
const MAX_ENTRIES: usize = 64;

/// What comes next in a connection (RFC 6143, 7.1 to 7.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    ServerVersion,
    ClientVersion,
    Security,
    SecurityChosen,
    Challenge,
    Response,
    Result,
    ClientInit,
    ServerInit,
    Normal,
}

impl Stage {
    const ALL: [Self; 10] = [
        Self::ServerVersion,
        Self::ClientVersion,
        Self::Security,
        Self::SecurityChosen,
        Self::Challenge,
        Self::Response,
        Self::Result,
        Self::ClientInit,
        Self::ServerInit,
        Self::Normal,
    ];
}

/// Where a connection stands, and what was agreed upon.
#[derive(Clone, Copy)]
struct Standing {
    stage: Stage,
    /// The minor number of the client's version.
    minor: u16,
    server_port: u16,
}

impl Standing {
    fn unpack(value: u64) -> Self {
        let stage = Stage::ALL.get(value as usize & 0xff).copied().unwrap_or(Stage::Normal);
        Self { stage, minor: (value >> 8) as u16, server_port: (value >> 24) as u16 }
    }

    fn pack(self) -> u64 {
        self.stage as u64 | u64::from(self.minor) << 8 | u64::from(self.server_port) << 24
    }

    /// Where the connection stands behind a message.
    fn next(mut self, message: &[u8], src_port: u16) -> Self {
        let version = version(message);
        self.stage = match self.stage {
            Stage::ServerVersion if version.is_some() => {
                self.server_port = src_port;
                Stage::ClientVersion
            }
            Stage::ClientVersion if version.is_some() => {
                self.minor = version.unwrap_or(8);
                Stage::Security
            }
            Stage::Security if self.minor >= 7 => Stage::SecurityChosen,
            Stage::Security => match *message {
                [0, 0, 0, 1] => Stage::ClientInit,
                [0, 0, 0, 2] => Stage::Challenge,
                _ => Stage::SecurityChosen,
            },
            Stage::SecurityChosen => match message.first().map(|kind| u64::from(*kind)) {
                Some(NONE) if self.minor >= 8 => Stage::Result,
                Some(NONE) => Stage::ClientInit,
                Some(VNC) => Stage::Challenge,
                _ => Stage::SecurityChosen,
            },
            Stage::Challenge => Stage::Response,
            Stage::Response => Stage::Result,
            Stage::Result if matches!(message, [0, 0, 0, 0, ..]) => Stage::ClientInit,
            Stage::ClientInit => Stage::ServerInit,
            Stage::ServerInit => Stage::Normal,
            stage => stage,
        };
        self
    }
}

/// The minor number of a message that says a version.
fn version(message: &[u8]) -> Option<u16> {
    match message {
        [b'R', b'F', b'B', b' ', _, _, _, b'.', minor @ .., b'\n'] if minor.len() == 3 => {
            std::str::from_utf8(minor).ok()?.parse().ok()
        }
        _ => None,
    }
}

pub(crate) static PROTOCOL: Protocol = Protocol {
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "4500003400000000400600000a0000020a000001170cc35000000001000000015018ffff00000000524642203030332e3030380a",
            "4500003400000000400600000a0000010a000002c350170c000000010000000d5018ffff00000000524642203030332e3030380a",
            "4500002b00000000400600000a0000020a000001170cc3500000000d0000000d5018ffff00000000020102",
            "4500002900000000400600000a0000010a000002c350170c0000000d000000105018ffff0000000002",
            "4500003800000000400600000a0000020a000001170cc350000000100000000e5018ffff0000000000112233445566778899aabbccddeeff",
            "4500003800000000400600000a0000010a000002c350170c0000000e000000205018ffff0000000000112233445566778899aabbccddeeff",
            "4500002c00000000400600000a0000020a000001170cc350000000200000001e5018ffff0000000000000000",
            "4500002900000000400600000a0000010a000002c350170c0000001e000000245018ffff0000000001",
            "4500004400000000400600000a0000020a000001170cc350000000240000001f5018ffff00000000040003002018000100ff00ff00ff100800000000000000046465736b",
            "4500003c00000000400600000a0000010a000002c350170c0000001f000000405018ffff00000000000000002018000100ff00ff00ff100800000000",
            "4500003400000000400600000a0000010a000002c350170c00000033000000405018ffff00000000020000020000000000000005",
            "4500003200000000400600000a0000010a000002c350170c0000003f000000405018ffff0000000003010000000004000300",
            "4500003000000000400600000a0000010a000002c350170c00000049000000405018ffff000000000401000000000041",
            "4500002e00000000400600000a0000010a000002c350170c00000051000000405018ffff00000000050000100020",
            "4500003300000000400600000a0000010a000002c350170c00000057000000405018ffff000000000600000000000003637574",
            "4500003c00000000400600000a0000020a000001170cc35000000040000000625018ffff000000000000000100000000000100010000000000112233",
            "4500003400000000400600000a0000020a000001170cc35000000054000000625018ffff00000000010000000001000100020003",
            "4500003300000000400600000a0000020a000001170cc35000000060000000625018ffff000000000300000000000003637574",
            "4500003400000000400600000a0000020a000001170cc35200000001000000015018ffff00000000524642203030332e3030330a",
            "4500003400000000400600000a0000010a000002c352170c000000010000000d5018ffff00000000524642203030332e3030330a",
            "4500002c00000000400600000a0000020a000001170cc3520000000d0000000d5018ffff0000000000000002",
            "4500003800000000400600000a0000020a000001170cc352000000110000000d5018ffff0000000000112233445566778899aabbccddeeff",
            "4500003800000000400600000a0000010a000002c352170c0000000d000000215018ffff0000000000112233445566778899aabbccddeeff",
            "4500003300000000400600000a0000020a000001170cc352000000210000001d5018ffff000000000000000100000003626164",
        ],
    }],
    ..Protocol::new(
        ProtoId::Vnc,
        "VNC",
        &[
            Binding::TcpPort(5500),
            Binding::TcpPort(5501),
            Binding::TcpPort(5900),
            Binding::TcpPort(5901),
            Binding::TcpHeuristic(looks_like),
        ],
        dissect,
    )
};

/// The ports on which it needs not be recognised.
const PORTS: [u16; 4] = [5500, 5501, 5900, 5901];

fn looks_like(_: &Dissector<'_>, tvb: Tvb<'_>) -> bool {
    tvb.is_whole() && version(tvb.bytes()).is_some()
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("VNC");
    d.set_info(String::new);
    d.begin(PROTO, tvb);
    let src_port = d.endpoints.src_port;
    let standing = stage::step(d, ProtoId::Vnc, |value| Standing::unpack(value).next(tvb.bytes(), src_port).pack());
    let standing = Standing::unpack(standing);
    if standing.stage == Stage::ServerVersion && version(tvb.bytes()).is_some() {
        let is_known = PORTS.iter().any(|port| [src_port, d.endpoints.dst_port].contains(port));
        if is_known { tcp::claim(d, ProtoId::Vnc) } else { tcp::claim_anew(d, ProtoId::Vnc) }
    }
    let len = tvb.reported();
    match standing.stage {
        Stage::ServerVersion | Stage::ClientVersion if version(tvb.bytes()).is_some() => {
            let (field, who) = match standing.stage {
                Stage::ServerVersion => (SERVER_VERSION, "Server"),
                _ => (CLIENT_VERSION, "Client"),
            };
            d.add(field, tvb, 4, 7, Value::Text);
            let version = tvb.slice(4, 7)?;
            d.set_info(|| format!("{who} protocol version: {}", String::from_utf8_lossy(version)));
        }
        Stage::ServerVersion | Stage::ClientVersion => {}
        Stage::Security => {
            d.set_info(|| "Security types supported".to_owned());
            if standing.minor >= 7 {
                let count = d.uint(NUM_SECURITY_TYPES, tvb, 0, 1)? as usize;
                for at in 1..=count.min(MAX_ENTRIES) {
                    d.uint(SECURITY_TYPE, tvb, at, 1)?;
                }
            } else {
                d.uint(SERVER_SECURITY_TYPE, tvb, 0, 4)?;
            }
        }
        Stage::SecurityChosen => {
            let kind = d.uint(CLIENT_SECURITY_TYPE, tvb, 0, 1)?;
            d.set_info(|| {
                let name = Names::Values(SECURITY_TYPES).of(kind).unwrap_or("Unknown".into());
                format!("Security type {name} ({kind}) selected by client")
            });
        }
        Stage::Challenge => {
            d.set_info(|| "Authentication challenge from server".to_owned());
            d.bytes(AUTH_CHALLENGE, tvb, 0, 16);
        }
        Stage::Response => {
            d.set_info(|| "Authentication response from client".to_owned());
            d.bytes(AUTH_RESPONSE, tvb, 0, 16);
        }
        Stage::Result => {
            d.set_info(|| "Authentication result".to_owned());
            let failed = tvb.u32(0)? & 1;
            d.flag(AUTH_RESULT, tvb, 0, 4, failed.into());
            if failed != 0 && len > 4 {
                let len = d.uint(AUTH_ERROR_LEN, tvb, 4, 4)? as usize;
                d.string(AUTH_ERROR, tvb, 8, len);
            }
        }
        Stage::ClientInit => {
            d.set_info(|| "Share desktop flag".to_owned());
            d.uint(SHARE_DESKTOP, tvb, 0, 1)?;
        }
        Stage::ServerInit => {
            d.set_info(|| "Server framebuffer parameters".to_owned());
            d.uint(WIDTH, tvb, 0, 2)?;
            d.uint(HEIGHT, tvb, 2, 2)?;
            row(d, tvb.from(4), &SERVER_FORMAT)?;
            let len = d.uint(DESKTOP_NAME_LEN, tvb, 20, 4)? as usize;
            d.string(DESKTOP_NAME, tvb, 24, len);
        }
        Stage::Normal if d.endpoints.dst_port == standing.server_port => client(d, tvb)?,
        Stage::Normal => server(d, tvb)?,
    }
    d.close();
    Ok(())
}

/// The fields of a pixel format, and the width of each.
const SERVER_FORMAT: [(FieldId, usize); 10] = [
    (SERVER_BITS, 1),
    (SERVER_DEPTH, 1),
    (SERVER_BIG_ENDIAN, 1),
    (SERVER_TRUE_COLOR, 1),
    (SERVER_RED_MAX, 2),
    (SERVER_GREEN_MAX, 2),
    (SERVER_BLUE_MAX, 2),
    (SERVER_RED_SHIFT, 1),
    (SERVER_GREEN_SHIFT, 1),
    (SERVER_BLUE_SHIFT, 1),
];
const CLIENT_FORMAT: [(FieldId, usize); 10] = [
    (CLIENT_BITS, 1),
    (CLIENT_DEPTH, 1),
    (CLIENT_BIG_ENDIAN, 1),
    (CLIENT_TRUE_COLOR, 1),
    (CLIENT_RED_MAX, 2),
    (CLIENT_GREEN_MAX, 2),
    (CLIENT_BLUE_MAX, 2),
    (CLIENT_RED_SHIFT, 1),
    (CLIENT_GREEN_SHIFT, 1),
    (CLIENT_BLUE_SHIFT, 1),
];

/// Adds fields that stand side by side.
fn row<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, fields: &[(FieldId, usize)]) -> Parsed {
    let mut at = 0;
    for (field, width) in fields {
        d.uint(*field, tvb, at, *width)?;
        at += width;
    }
    Ok(())
}

fn client<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let kind = d.uint(CLIENT_MESSAGE_TYPE, tvb, 0, 1)?;
    let name = match kind {
        0 => "Client set pixel format",
        2 => "Client set encodings",
        3 => "Client framebuffer update request",
        4 => "Client key event",
        5 => "Client pointer event",
        6 => "Client cut text",
        _ => {
            d.set_info(|| format!("Unknown client message type ({kind})"));
            return Ok(());
        }
    };
    d.set_info(|| name.to_owned());
    d.within(|d| match kind {
        0 => row(d, tvb.from(4), &CLIENT_FORMAT),
        2 => {
            let count = d.uint(ENCODINGS_NUM, tvb, 2, 2)? as usize;
            for number in 0..count.min(MAX_ENTRIES) {
                let at = 4 + 4 * number;
                let encoding = tvb.u32(at)?.cast_signed();
                d.add(ENCODING_TYPE, tvb, at, 4, Value::Int(encoding.into()));
            }
            Ok(())
        }
        3 => row(
            d,
            tvb.from(1),
            &[(INCREMENTAL, 1), (UPDATE_REQ_X, 2), (UPDATE_REQ_Y, 2), (UPDATE_REQ_WIDTH, 2), (UPDATE_REQ_HEIGHT, 2)],
        ),
        4 => {
            d.uint(KEY_DOWN, tvb, 1, 1)?;
            d.uint(KEY, tvb, 4, 4)?;
            Ok(())
        }
        5 => {
            let buttons = tvb.u8(1)?.into();
            for button in [BUTTON_1, BUTTON_2, BUTTON_3] {
                d.flag(button, tvb, 1, 1, buttons);
            }
            row(d, tvb.from(2), &[(POINTER_X, 2), (POINTER_Y, 2)])
        }
        _ => {
            let len = d.uint(CLIENT_CUT_TEXT_LEN, tvb, 4, 4)? as usize;
            d.string(CLIENT_CUT_TEXT, tvb, 8, len);
            Ok(())
        }
    })
}

fn server<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let kind = d.uint(SERVER_MESSAGE_TYPE, tvb, 0, 1)?;
    let name = match kind {
        0 => "Server framebuffer update",
        1 => "Server set colormap entries",
        2 => "Server ring bell on client",
        3 => "Server cut text",
        _ => {
            d.set_info(|| format!("Unknown server message type ({kind})"));
            return Ok(());
        }
    };
    d.set_info(|| name.to_owned());
    d.within(|d| match kind {
        0 => {
            // Only the first rectangle begins at a known place: how long one is depends on how it is coded.
            if d.uint(NUM_RECTS, tvb, 2, 2)? > 0 && tvb.reported() >= 16 {
                row(d, tvb.from(4), &[(RECT_X, 2), (RECT_Y, 2), (RECT_WIDTH, 2), (RECT_HEIGHT, 2)])?;
                let encoding = tvb.u32(12)?.cast_signed();
                d.add(RECT_ENCODING, tvb, 12, 4, Value::Int(encoding.into()));
            }
            Ok(())
        }
        1 => row(d, tvb.from(2), &[(FIRST_COLOR, 2), (COLOR_GROUPS, 2)]),
        3 => {
            let len = d.uint(SERVER_CUT_TEXT_LEN, tvb, 4, 4)? as usize;
            d.string(SERVER_CUT_TEXT, tvb, 8, len);
            Ok(())
        }
        _ => Ok(()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_goes_from_stage_to_stage() {
        let mut standing = Standing::unpack(0);
        let messages: [&[u8]; 8] =
            [b"RFB 003.008\n", b"RFB 003.008\n", &[1, 2], &[2], &[0; 16], &[0; 16], &[0; 4], &[1]];
        for message in messages {
            standing = Standing::unpack(standing.next(message, 5900).pack());
        }
        assert_eq!((standing.stage, standing.minor, standing.server_port), (Stage::ServerInit, 8, 5900));
    }

    #[test]
    fn a_refusal_is_the_last_stage() {
        let standing = Standing { stage: Stage::Result, minor: 8, server_port: 1 };
        assert_eq!(standing.next(&[0, 0, 0, 1], 1).stage, Stage::Result);
    }
}
