//! HTTP/1 (RFC 9110, RFC 9112): requests, responses, their headers and bodies, and which belong together.
//!
//! Lazy: where nobody looks at HTTP or at what bodies hold, a message is not read behind its first line; a body is decoded
//! only for who wants it. The first pass follows each connection: which response answers which request, whether what comes
//! next has a body at all, and whether the connection goes on as something else (a proxy's tunnel, WebSocket).
//!
//! What is no message is a continuation where the connection has messages at all, else nothing: as in Wireshark
//! HTTP's ports are its alone. What comes before the first message is a continuation only when a capture is read twice.

mod body;
mod exchange;
mod headers;
mod message;
mod names;
mod start;

#[cfg(test)]
mod tests;

use crate::bindings::{Binding, Table};
use crate::field::{FieldId, Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};

pub(crate) use exchange::Exchanges;
pub use exchange::{Chain, Proxy};
pub(crate) use message::messages;

// What the first line shows stands first: asking whether anything else is wanted is then one look at a range.
fields! { Http, "http", "Hypertext Transfer Protocol";
    REQUEST_METHOD = field("http.request.method", "Request Method", String, None);
    REQUEST_URI = field("http.request.uri", "Request URI", String, None);
    REQUEST_URI_PATH = field("http.request.uri.path", "Request URI Path", String, None);
    REQUEST_URI_QUERY = field("http.request.uri.query", "Request URI Query", String, None);
    REQUEST_URI_QUERY_PARAMETER = field("http.request.uri.query.parameter", "Request URI Query Parameter", String, None);
    REQUEST_VERSION = field("http.request.version", "Request Version", String, None);
    RESPONSE_VERSION = field("http.response.version", "Response Version", String, None);
    RESPONSE_CODE = field("http.response.code", "Status Code", Uint16, Dec);
    RESPONSE_CODE_DESC = field("http.response.code.desc", "Status Code Description", String, None);
    RESPONSE_PHRASE = field("http.response.phrase", "Response Phrase", String, None);
    CHAT = expert("http.chat", "Formatted text", Chat, Sequence);
    NOTIFICATION = field("http.notification", "Notification", Boolean, None);
    RESPONSE = field("http.response", "Response", Boolean, None);
    REQUEST = field("http.request", "Request", Boolean, None);
    RESPONSE_NUMBER = field("http.response_number", "Response number", Uint32, Dec);
    REQUEST_NUMBER = field("http.request_number", "Request number", Uint32, Dec);
    AUTHBASIC = field("http.authbasic", "Credentials", String, None);
    RESPONSE_LINE = field("http.response.line", "Response line", String, None);
    REQUEST_LINE = field("http.request.line", "Request line", String, None);
    REQUEST_FULL_URI = field("http.request.full_uri", "Full request URI", String, None);
    RESPONSE_FOR_URI = field("http.response_for.uri", "Request URI", String, None).told_later();
    AUTHORIZATION = field("http.authorization", "Authorization", String, None);
    PROXY_AUTHENTICATE = field("http.proxy_authenticate", "Proxy-Authenticate", String, None);
    PROXY_AUTHORIZATION = field("http.proxy_authorization", "Proxy-Authorization", String, None);
    PROXY_CONNECT_HOST = field("http.proxy_connect_host", "Proxy-Connect-Hostname", String, None);
    PROXY_CONNECT_PORT = field("http.proxy_connect_port", "Proxy-Connect-Port", Uint16, Dec);
    WWW_AUTHENTICATE = field("http.www_authenticate", "WWW-Authenticate", String, None);
    CONTENT_TYPE = field("http.content_type", "Content-Type", String, None);
    CONTENT_LENGTH_HEADER = field("http.content_length_header", "Content-Length", String, None);
    CONTENT_LENGTH = field("http.content_length", "Content length", Uint64, Dec);
    CONTENT_ENCODING = field("http.content_encoding", "Content-Encoding", String, None);
    TRANSFER_ENCODING = field("http.transfer_encoding", "Transfer-Encoding", String, None);
    UPGRADE = field("http.upgrade", "Upgrade", String, None);
    USER_AGENT = field("http.user_agent", "User-Agent", String, None);
    HOST = field("http.host", "Host", String, None);
    CONNECTION = field("http.connection", "Connection", String, None);
    COOKIE = field("http.cookie", "Cookie", String, None);
    COOKIE_PAIR = field("http.cookie_pair", "Cookie pair", String, None);
    ACCEPT = field("http.accept", "Accept", String, None);
    REFERER = field("http.referer", "Referer", String, None);
    ACCEPT_LANGUAGE = field("http.accept_language", "Accept-Language", String, None);
    ACCEPT_ENCODING = field("http.accept_encoding", "Accept Encoding", String, None);
    DATE = field("http.date", "Date", String, None);
    CACHE_CONTROL = field("http.cache_control", "Cache-Control", String, None);
    SERVER = field("http.server", "Server", String, None);
    LOCATION = field("http.location", "Location", String, None);
    SEC_WEBSOCKET_ACCEPT = field("http.sec_websocket_accept", "Sec-WebSocket-Accept", String, None);
    SEC_WEBSOCKET_EXTENSIONS = field("http.sec_websocket_extensions", "Sec-WebSocket-Extensions", String, None);
    SEC_WEBSOCKET_KEY = field("http.sec_websocket_key", "Sec-WebSocket-Key", String, None);
    SEC_WEBSOCKET_PROTOCOL = field("http.sec_websocket_protocol", "Sec-WebSocket-Protocol", String, None);
    SEC_WEBSOCKET_VERSION = field("http.sec_websocket_version", "Sec-WebSocket-Version", String, None);
    SET_COOKIE = field("http.set_cookie", "Set-Cookie", String, None);
    LAST_MODIFIED = field("http.last_modified", "Last-Modified", String, None);
    X_FORWARDED_FOR = field("http.x_forwarded_for", "X-Forwarded-For", String, None);
    HTTP2_SETTINGS = field("http.http2_settings", "HTTP2-Settings", String, None);
    REQUEST_IN = field("http.request_in", "Request in frame", FrameNum, None);
    RESPONSE_IN = field("http.response_in", "Response in frame", FrameNum, None).told_later();
    NEXT_REQUEST_IN = field("http.next_request_in", "Next request in frame", FrameNum, None).told_later();
    NEXT_RESPONSE_IN = field("http.next_response_in", "Next response in frame", FrameNum, None).told_later();
    PREV_REQUEST_IN = field("http.prev_request_in", "Prev request in frame", FrameNum, None);
    PREV_RESPONSE_IN = field("http.prev_response_in", "Prev response in frame", FrameNum, None);
    TIME = field("http.time", "Time since request", RelativeTime, None);
    CHUNKED_TRAILER_PART = field("http.chunked_trailer_part", "trailer-part", String, None);
    CHUNK_BOUNDARY = field("http.chunk_boundary", "Chunk boundary", Bytes, None);
    CHUNK_SIZE = field("http.chunk_size", "Chunk size", Uint32, Dec).names(Names::Unit(" octets"));
    CHUNK_DATA = field("http.chunk_data", "Chunk data", Bytes, None);
    FILE_DATA = field("http.file_data", "File Data", String, None).told_later();
    UNKNOWN_HEADER = field("http.unknown_header", "Unknown header", String, None);
    TE_AND_LENGTH = expert("http.te_and_length", "The Content-Length and Transfer-Encoding header must not be set together", Warning, Malformed);
    TE_UNKNOWN = expert("http.te_unknown", "Unknown transfer coding name in Transfer-Encoding header", Warning, Undecoded);
    SUBDISSECTOR_FAILED = expert("http.subdissector_failed", "HTTP body subdissector failed, trying heuristic subdissector", Note, Malformed);
    LEADING_CRLF = expert("http.leading_crlf", "Leading CRLF previous message in the stream may have extra CRLF", Error, Malformed);
    BAD_HEADER_NAME = expert("http.bad_header_name", "Illegal characters found in header name", Warning, Protocol);
    DECOMPRESSION_FAILED = expert("http.decompression_failed", "Decompression failed", Warning, Undecoded);
}

pub(crate) static PROTOCOL: Protocol = Protocol {
    tables: &[Table::MediaType],
    calls: CALLS,
    framing: Some(message::framing),
    framing_bodiless: Some(message::framing_bodiless),
    keeps_streams: true,
    is_found_later: true,
    samples: &[Sample { link_type: 101, frames: SAMPLE }],
    ..Protocol::new(
        ProtoId::Http,
        "HTTP",
        &[
            Binding::TcpPort(80),
            Binding::TcpPort(631),
            Binding::TcpPort(1900),
            Binding::TcpPort(2710),
            Binding::TcpPort(2869),
            Binding::TcpPort(3128),
            Binding::TcpPort(3132),
            Binding::TcpPort(3689),
            Binding::TcpPort(5985),
            Binding::TcpPort(8080),
            Binding::TcpPort(8088),
            Binding::TcpPort(11371),
            Binding::SctpPort(80),
            Binding::TcpHeuristic(message::is_one),
        ],
        message::dissect,
    )
};

/// The protocols that a body or a connection is handed to by name.
const CALLS: &[ProtoId] = &[ProtoId::Data, ProtoId::Media, ProtoId::WebSocket, ProtoId::Tls];

/// What only other frames can tell.
const FROM_FACTS: [FieldId; 10] = [
    REQUEST_NUMBER,
    RESPONSE_NUMBER,
    REQUEST_IN,
    RESPONSE_IN,
    NEXT_REQUEST_IN,
    NEXT_RESPONSE_IN,
    PREV_REQUEST_IN,
    PREV_RESPONSE_IN,
    TIME,
    RESPONSE_FOR_URI,
];

/// A connection with every header, chunks, codings, what is no message, and a tunnel.
#[rustfmt::skip]
const SAMPLE: &[&str] = &[
    "4500002800010000400600000a0000010a000002c000005000000064000000005002fff000000000",
    "4500002800010000400600000a0000020a0000010050c000000003e8000000655012fff000000000",
    "4500002800010000400600000a0000010a000002c000005000000065000003e95010fff000000000",
    "4500019000010000400600000a0000010a000002c000005000000065000003e95018fff000000000474554202f613f62 \
     3d6320485454502f312e310d0a486f73743a20680d0a557365722d4167656e743a20750d0a4163636570743a202a2f2a \
     0d0a4163636570742d456e636f64696e673a20677a69700d0a4163636570742d4c616e67756167653a20656e0d0a436f \
     6e6e656374696f6e3a20636c6f73650d0a436f6f6b69653a20613d620d0a526566657265723a20720d0a417574686f72 \
     697a6174696f6e3a20426173696320595470690d0a50726f78792d417574686f72697a6174696f6e3a20780d0a582d46 \
     6f727761726465642d466f723a20780d0a557067726164653a20780d0a48545450322d53657474696e67733a20780d0a \
     5365632d576562536f636b65742d4b65793a20780d0a5365632d576562536f636b65742d50726f746f636f6c3a20780d \
     0a5365632d576562536f636b65742d56657273696f6e3a20310d0a5365632d576562536f636b65742d457874656e7369 \
     6f6e733a20780d0ae93a20780d0a0d0a",
    "4500010100010000400600000a0000020a0000010050c000000003e9000001cd5018fff000000000485454502f312e31 \
     20323030204f4b0d0a446174653a20780d0a5365727665723a20730d0a43616368652d436f6e74726f6c3a20780d0a53 \
     65742d436f6f6b69653a20780d0a4c6f636174696f6e3a20780d0a4c6173742d4d6f6469666965643a20780d0a575757 \
     2d41757468656e7469636174653a20780d0a50726f78792d41757468656e7469636174653a20780d0a5365632d576562 \
     536f636b65742d4163636570743a20780d0a5472616e736665722d456e636f64696e673a206368756e6b65640d0a0d0a \
     310d0a610d0a300d0a583a20790d0a0d0a",
    "4500004500010000400600000a0000010a000002c0000050000001cd000004c25018fff0000000000d0a474554202f20 \
     485454502f312e310d0a486f73743a20680d0a0d0a",
    "4500009600010000400600000a0000020a0000010050c000000004c2000001ea5018fff000000000485454502f312e31 \
     20323030204f4b0d0a5472616e736665722d456e636f64696e673a20780d0a436f6e74656e742d4c656e6774683a2032 \
     0d0a436f6e74656e742d456e636f64696e673a2062720d0a436f6e74656e742d547970653a20746578742f706c61696e \
     0d0a0d0a6162",
    "4500009d00010000400600000a0000020a0000010050c00000000530000001ea5018fff000000000485454502f312e31 \
     20343034204e6f7420466f756e640d0a436f6e74656e742d4c656e6774683a2032320d0a436f6e74656e742d456e636f \
     64696e673a20677a69700d0a436f6e74656e742d547970653a20696d6167652f6769660d0a0d0a1f8b08000000000002 \
     034b4c02006d48839e02000000",
    "4500004400010000400600000a0000010a000002c0000050000001ea000005a55018fff0000000004e4f54494659202a \
     20485454502f312e310d0a4e543a20780d0a0d0a",
    "4500004100010000400600000a0000010a000002c000005000000206000005a55018fff000000000434f4e4e45435420 \
     683a393920485454502f312e310d0a0d0a",
    "4500003b00010000400600000a0000020a0000010050c000000005a50000021f5018fff000000000485454502f312e31 \
     20323030204f4b0d0a0d0a",
    "4500002a00010000400600000a0000010a000002c00000500000021f000005b85018fff0000000006162",
];
