//! The client/server protocol of MySQL and MariaDB: greeting, login, commands, result sets, prepared statements.

mod binary;
mod command;
mod connection;
mod login;
mod names;
mod response;
mod samples;

pub(crate) use connection::Connections;
pub use connection::Standing;
use names::*;

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::registry::{Framing, ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Mysql, "mysql", "MySQL Protocol";
    PACKET_LENGTH = field("mysql.packet_length", "Packet Length", Uint24, Dec);
    PACKET_NUMBER = field("mysql.packet_number", "Packet Number", Uint8, Dec);
    REQUEST = field("mysql.request", "Request Command", None, None);
    COMMAND = field("mysql.command", "Command", Uint8, Dec).names(Names::Values(COMMANDS));
    RESPONSE_CODE = field("mysql.response_code", "Response Code", Uint8, Hex);
    ERROR_CODE = field("mysql.error_code", "Error Code", Uint16, Dec);
    ERROR_MESSAGE = field("mysql.error.message", "Error message", String, None);
    SQLSTATE = field("mysql.sqlstate", "SQL state", String, None);
    MESSAGE = field("mysql.message", "Message", String, None);
    SERVER_GREETING = field("mysql.server_greeting", "Server Greeting", None, None);
    PROTOCOL_VERSION = field("mysql.protocol", "Protocol", Uint8, Dec);
    VERSION = field("mysql.version", "Version", String, None);
    SESSION_TRACK = field("mysql.session_track", "Session Track", None, None);
    SESSION_TRACK_TYPE = field("mysql.session_track.type", "Session tracking type", Uint8, Dec).names(Names::Values(TRACKERS));
    SESSION_TRACK_LENGTH = field("mysql.session_track.length", "Session tracking length", Uint64, Dec);
    SESSION_TRACK_DATA = field("mysql.session_track.data", "Session tracking data", None, None);
    SESSION_TRACK_DATA_LENGTH = field("mysql.session_track.data.length", "Session tracking data length", Uint64, Dec);
    SESSION_TRACK_SYSVAR_LENGTH = field("mysql.session_track.sysvar.length", "System variable change Length", Uint64, Dec);
    SESSION_TRACK_SYSVAR_NAME = field("mysql.session_track.sysvar.name", "System variable change Name", String, None);
    SESSION_TRACK_SYSVAR_VALUE = field("mysql.session_track.sysvar.value", "System variable change Value", String, None);
    SESSION_TRACK_SCHEMA_LENGTH = field("mysql.session_track.schema.length", "Schema change length", Uint64, Dec);
    SESSION_TRACK_SCHEMA = field("mysql.session_track.schema", "Schema change", String, None);
    SESSION_TRACK_STATE_CHANGE = field("mysql.session_track.state_change", "State change", String, None);
    SESSION_TRACK_GTIDS_LENGTH = field("mysql.session_track.gtids.length", "GTIDs length", Uint64, Dec);
    SESSION_TRACK_GTIDS = field("mysql.session_track.gtids", "GTIDs", String, None);
    SESSION_TRACK_TRANSACTION_CHARACTERISTICS_LENGTH = field("mysql.session_track.transaction_characteristics.length", "Transaction characteristics length", Uint64, Dec);
    SESSION_TRACK_TRANSACTION_CHARACTERISTICS = field("mysql.session_track.transaction_characteristics", "Transaction characteristics", String, None);
    SESSION_TRACK_TRANSACTION_STATE_LENGTH = field("mysql.session_track.transaction_state.length", "Transaction state length", Uint64, Dec);
    SESSION_TRACK_TRANSACTION_STATE = field("mysql.session_track.transaction_state", "Transaction state", String, None);
    CAPS_SERVER = field("mysql.caps.server", "Server Capabilities", Uint16, Hex);
    CAPS_CLIENT = field("mysql.caps.client", "Client Capabilities", Uint16, Hex);
    CAPS_LP = field("mysql.caps.lp", "Long Password", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x1);
    CAPS_FR = field("mysql.caps.fr", "Found Rows", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x2);
    CAPS_LF = field("mysql.caps.lf", "Long Column Flags", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x4);
    CAPS_CD = field("mysql.caps.cd", "Connect With Database", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x8);
    CAPS_NS = field("mysql.caps.ns", "Don't Allow database.table.column", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x10);
    CAPS_CP = field("mysql.caps.cp", "Can use compression protocol", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x20);
    CAPS_OB = field("mysql.caps.ob", "ODBC Client", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x40);
    CAPS_LI = field("mysql.caps.li", "Can Use LOAD DATA LOCAL", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x80);
    CAPS_IS = field("mysql.caps.is", "Ignore Spaces before '('", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x100);
    CAPS_CU = field("mysql.caps.cu", "Speaks 4.1 protocol (new flag)", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x200);
    CAPS_IA = field("mysql.caps.ia", "Interactive Client", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x400);
    CAPS_SL = field("mysql.caps.sl", "Switch to SSL after handshake", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x800);
    CAPS_II = field("mysql.caps.ii", "Ignore sigpipes", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x1000);
    CAPS_TA = field("mysql.caps.ta", "Knows about transactions", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x2000);
    CAPS_RS = field("mysql.caps.rs", "Speaks 4.1 protocol (old flag)", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x4000);
    CAPS_SC = field("mysql.caps.sc", "Can do 4.1 authentication", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x8000);
    EXTCAPS_SERVER = field("mysql.extcaps.server", "Extended Server Capabilities", Uint16, Hex);
    EXTCAPS_CLIENT = field("mysql.extcaps.client", "Extended Client Capabilities", Uint16, Hex);
    CAPS_MS = field("mysql.caps.ms", "Multiple statements", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x1);
    CAPS_MR = field("mysql.caps.mr", "Multiple results", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x2);
    CAPS_PM = field("mysql.caps.pm", "PS Multiple results", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x4);
    CAPS_PA = field("mysql.caps.pa", "Plugin Auth", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x8);
    CAPS_CA = field("mysql.caps.ca", "Connect attrs", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x10);
    CAPS_EP = field("mysql.caps.ep", "Client can handle expired passwords", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x40);
    CAPS_SESSION_TRACK = field("mysql.caps.session_track", "Session variable tracking", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x80);
    CAPS_DEPRECATE_EOF = field("mysql.caps.deprecate_eof", "Deprecate EOF", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x100);
    CAPS_OPTIONAL_METADATA = field("mysql.caps.optional_metadata", "Client can hanle optional resultset metadata", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x200);
    CAPS_COMPRESS_ZSD = field("mysql.caps.compress_zsd", "ZSTD Compression Algorithm", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x400);
    CAPS_QUERY_ATTRS = field("mysql.caps.query_attrs", "Query Attributes", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x800);
    CAPS_MF_AUTH = field("mysql.caps.mf_auth", "Multifactor Authentication", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x1000);
    CAPS_CAP_EXT = field("mysql.caps.cap_ext", "Capability Extension", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x2000);
    CAPS_UNUSED = field("mysql.caps.unused", "Unused", Uint16, Hex).mask(0xc000);
    LOGIN_REQUEST = field("mysql.login_request", "Login Request", None, None);
    MAX_PACKET = field("mysql.max_packet", "MAX Packet", Uint32, Dec);
    CHARSET = field("mysql.charset", "Charset", Uint8, Dec);
    TABLE_NAME = field("mysql.table_name", "Table Name", String, None);
    USER = field("mysql.user", "Username", String, None);
    SCHEMA = field("mysql.schema", "Schema", String, None);
    CLIENT_AUTH_PLUGIN = field("mysql.client_auth_plugin", "Client Auth Plugin", String, None);
    CONNATTRS = field("mysql.connattrs", "Connection Attributes", None, None);
    CONNATTRS_LENGTH = field("mysql.connattrs.length", "Connection Attributes length", Uint64, Dec);
    CONNATTRS_ATTR = field("mysql.connattrs.attr", "Connection Attribute", None, None);
    CONNATTRS_NAME_LENGTH = field("mysql.connattrs.name.length", "Connection Attribute Name Length", Uint64, Dec);
    CONNATTRS_NAME = field("mysql.connattrs.name", "Connection Attribute Name", String, None);
    CONNATTRS_VALUE_LENGTH = field("mysql.connattrs.value.length", "Connection Attribute Value Length", Uint64, Dec);
    CONNATTRS_VALUE = field("mysql.connattrs.value", "Connection Attribute Value", String, None);
    SALT = field("mysql.salt", "Salt", String, None);
    SALT2 = field("mysql.salt2", "Salt", String, None);
    AUTH_PLUGIN_LENGTH = field("mysql.auth_plugin.length", "Authentication Plugin Length", Uint8, Dec);
    AUTH_PLUGIN = field("mysql.auth_plugin", "Authentication Plugin", String, None);
    THREAD_ID = field("mysql.thread_id", "Thread ID", Uint32, Dec);
    SERVER_LANGUAGE = field("mysql.server_language", "Server Language", Uint8, Dec);
    SERVER_STATUS = field("mysql.server_status", "Server Status", Uint16, Hex);
    STAT_IT = field("mysql.stat.it", "In transaction", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x1);
    STAT_AC = field("mysql.stat.ac", "AUTO_COMMIT", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x2);
    STAT_MR = field("mysql.stat.mr", "More results", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x8);
    STAT_MU = field("mysql.stat.mu", "Multi query / Unused", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x4);
    STAT_BI = field("mysql.stat.bi", "Bad index used", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x10);
    STAT_NI = field("mysql.stat.ni", "No index used", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x20);
    STAT_CR = field("mysql.stat.cr", "Cursor exists", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x40);
    STAT_LR = field("mysql.stat.lr", "Last row sent", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x80);
    STAT_DR = field("mysql.stat.dr", "Database dropped", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x100);
    STAT_BS = field("mysql.stat.bs", "No backslash escapes", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x200);
    STAT_MC = field("mysql.stat.mc", "Metadata changed", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x400);
    STAT_SESSION_STATE_CHANGED = field("mysql.stat.session_state_changed", "Session state changed", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x4000);
    STAT_QUERY_WAS_SLOW = field("mysql.stat.query_was_slow", "Query was slow", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x800);
    STAT_PS_OUT_PARAMS = field("mysql.stat.ps_out_params", "PS Out Params", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x1000);
    STAT_TRANS_READONLY = field("mysql.stat.trans_readonly", "In Trans Readonly", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x2000);
    REFRESH = field("mysql.refresh", "Refresh Option", Uint8, Hex);
    RFSH_GRANTS = field("mysql.rfsh.grants", "reload permissions", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x1);
    RFSH_LOG = field("mysql.rfsh.log", "flush logfiles", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x2);
    RFSH_TABLES = field("mysql.rfsh.tables", "flush tables", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x4);
    RFSH_HOSTS = field("mysql.rfsh.hosts", "flush hosts", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x8);
    RFSH_STATUS = field("mysql.rfsh.status", "reset statistics", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x10);
    RFSH_THREADS = field("mysql.rfsh.threads", "empty thread cache", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x20);
    RFSH_SLAVE = field("mysql.rfsh.slave", "flush slave status", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x40);
    RFSH_MASTER = field("mysql.rfsh.master", "flush master status", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x80);
    UNUSED = field("mysql.unused", "Unused", Bytes, None);
    PASSWD = field("mysql.passwd", "Password", Bytes, None);
    PAYLOAD = field("mysql.payload", "Payload", Bytes, None);
    AFFECTED_ROWS = field("mysql.affected_rows", "Affected Rows", Uint64, Dec);
    INSERT_ID = field("mysql.insert_id", "Last INSERT ID", Uint64, Dec);
    WARNINGS = field("mysql.warnings", "Warnings", Uint16, Dec);
    STMT_ID = field("mysql.stmt_id", "Statement ID", Uint32, Dec);
    QUERY_ATTRS = field("mysql.query_attrs", "Query Attributes", None, None);
    QUERY_ATTRS_COUNT = field("mysql.query_attrs_count", "Count", Uint8, Dec);
    QUERY_ATTRS_SEND_TYPES_TO_SERVER = field("mysql.query_attrs_send_types_to_server", "Send types to server", Boolean, None);
    QUERY_ATTR_NAME_TYPE = field("mysql.query_attr_name_type", "Attribute Name Type", Uint16, Hex);
    QUERY_ATTR_NAME = field("mysql.query_attr_name", "Attribute Name", String, None);
    QUERY_ATTR_VALUE = field("mysql.query_attr_value", "Attribute Value", String, None);
    QUERY = field("mysql.query", "Statement", String, None);
    SHUTDOWN = field("mysql.shutdown", "Shutdown Level", Uint8, Dec).names(Names::Values(SHUTDOWNS));
    OPTION = field("mysql.option", "Option", Uint16, Dec).names(Names::Values(OPTIONS));
    PARAM = field("mysql.param", "Parameter", Uint16, Dec);
    NUM_PARAMS = field("mysql.num_params", "Number of parameter", Uint16, Dec);
    NUM_ROWS = field("mysql.num_rows", "Rows to fetch", Uint32, Dec);
    EXEC_FLAGS = field("mysql.exec_flags", "Flags (unused)", Uint8, Dec).names(Names::Values(CURSORS));
    NEW_PARAMETER_BOUND_FLAG = field("mysql.new_parameter_bound_flag", "New parameter bound flag", Uint8, Dec);
    EXEC_ITER = field("mysql.exec_iter", "Iterations (unused)", Uint32, Dec);
    BINLOG_POSITION = field("mysql.binlog.position", "Binlog Position", Uint32, Dec);
    BINLOG_FLAGS = field("mysql.binlog.flags", "Binlog Flags", Uint16, Hex);
    BINLOG_SERVER_ID = field("mysql.binlog.server_id", "Binlog server id", Uint32, Hex);
    BINLOG_SLAVE_HOSTNAME_LENGTH = field("mysql.binlog.slave_hostname_length", "Slave hostname length", Uint8, Dec);
    BINLOG_SLAVE_HOSTNAME = field("mysql.binlog.slave_hostname", "Slave hostname", String, None);
    BINLOG_SLAVE_USER_LENGTH = field("mysql.binlog.slave_user_length", "Slave user length", Uint8, Dec);
    BINLOG_SLAVE_USER = field("mysql.binlog.slave_user", "Slave user", String, None);
    BINLOG_SLAVE_PASSWORD_LENGTH = field("mysql.binlog.slave_password_length", "Slave password length", Uint8, Dec);
    BINLOG_SLAVE_PASSWORD = field("mysql.binlog.slave_password", "Slave password", String, None);
    BINLOG_SLAVE_MYSQL_PORT = field("mysql.binlog.slave_mysql_port", "Slave MySQL port", Uint16, Dec);
    BINLOG_REPLICATION_RANK = field("mysql.binlog.replication_rank", "Replication rank", Uint32, Dec);
    BINLOG_MASTER_ID = field("mysql.binlog.master_id", "Master id", Uint32, Hex);
    BINLOG_FILE_NAME = field("mysql.binlog.file_name", "Binlog file name", String, None);
    EOF = field("mysql.eof", "EOF marker", Uint8, Dec);
    NUM_FIELDS = field("mysql.num_fields", "Number of fields", Uint64, Dec);
    FIELD_CATALOG = field("mysql.field.catalog", "Catalog", String, None);
    FIELD_DB = field("mysql.field.db", "Database", String, None);
    FIELD_TABLE = field("mysql.field.table", "Table", String, None);
    FIELD_ORG_TABLE = field("mysql.field.org_table", "Original table", String, None);
    FIELD_NAME = field("mysql.field.name", "Name", String, None);
    FIELD_ORG_NAME = field("mysql.field.org_name", "Original name", String, None);
    FIELD_CHARSETNR = field("mysql.field.charsetnr", "Charset number", Uint16, Dec);
    FIELD_LENGTH = field("mysql.field.length", "Length", Uint32, Dec);
    FIELD_TYPE = field("mysql.field.type", "Type", Uint8, Dec).names(Names::Values(TYPES));
    FIELD_FLAGS = field("mysql.field.flags", "Flags", Uint16, Hex);
    FIELD_FLAGS_NOT_NULL = field("mysql.field.flags.not_null", "Not null", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x1);
    FIELD_FLAGS_PRIMARY_KEY = field("mysql.field.flags.primary_key", "Primary key", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x2);
    FIELD_FLAGS_UNIQUE_KEY = field("mysql.field.flags.unique_key", "Unique key", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x4);
    FIELD_FLAGS_MULTIPLE_KEY = field("mysql.field.flags.multiple_key", "Multiple key", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x8);
    FIELD_FLAGS_BLOB = field("mysql.field.flags.blob", "Blob", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x10);
    FIELD_FLAGS_UNSIGNED = field("mysql.field.flags.unsigned", "Unsigned", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x20);
    FIELD_FLAGS_ZERO_FILL = field("mysql.field.flags.zero_fill", "Zero fill", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x40);
    ROW_NULLBUFFER = field("mysql.row.nullbuffer", "Row null buffer", Bytes, None);
    FIELD_FLAGS_ENUM = field("mysql.field.flags.enum", "Enum", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x100);
    FIELD_FLAGS_AUTO_INCREMENT = field("mysql.field.flags.auto_increment", "Auto increment", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x200);
    FIELD_FLAGS_TIMESTAMP = field("mysql.field.flags.timestamp", "Timestamp", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x400);
    FIELD_FLAGS_SET = field("mysql.field.flags.set", "Set", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x800);
    FIELD_DECIMALS = field("mysql.field.decimals", "Decimals", Uint8, Dec);
    FIELD_DEFAULT = field("mysql.field.default", "Default", String, None);
    ROW_TEXT = field("mysql.row.text", "text", String, None);
    EXEC_PARAM = field("mysql.exec_param", "Parameter", None, None);
    EXEC_UNSIGNED = field("mysql.exec.unsigned", "Unsigned", Uint8, Dec);
    EXEC_FIELD_LONGLONG = field("mysql.exec.field.longlong", "Value (INT64)", Int64, Dec);
    EXEC_FIELD_UNSIGNED_LONGLONG = field("mysql.exec.field.unsigned_longlong", "Value (UINT64)", Uint64, Dec);
    EXEC_FIELD_STRING = field("mysql.exec.field.string", "Value (String)", String, None);
    EXEC_FIELD_DOUBLE = field("mysql.exec.field.double", "Value (Double)", Double, None);
    EXEC_FIELD_DATETIME_LENGTH = field("mysql.exec.field.datetime.length", "Length", Int8, Dec);
    EXEC_FIELD_YEAR = field("mysql.exec.field.year", "Year", Int16, Dec);
    EXEC_FIELD_MONTH = field("mysql.exec.field.month", "Month", Int8, Dec);
    EXEC_FIELD_DAY = field("mysql.exec.field.day", "Day", Int8, Dec);
    EXEC_FIELD_HOUR = field("mysql.exec.field.hour", "Hour", Int8, Dec);
    EXEC_FIELD_MINUTE = field("mysql.exec.field.minute", "Minute", Int8, Dec);
    EXEC_FIELD_SECOND = field("mysql.exec.field.second", "Second", Int8, Dec);
    EXEC_FIELD_LONG = field("mysql.exec.field.long", "Value (INT32)", Int32, Dec);
    EXEC_FIELD_UNSIGNED_LONG = field("mysql.exec.field.unsigned_long", "Value (UINT32)", Uint32, Dec);
    EXEC_FIELD_TINY = field("mysql.exec.field.tiny", "Value (INT8)", Int8, Dec);
    EXEC_FIELD_UNSIGNED_TINY = field("mysql.exec.field.unsigned_tiny", "Value (UINT8)", Uint8, Dec);
    EXEC_FIELD_SHORT = field("mysql.exec.field.short", "Value (INT16)", Int16, Dec);
    EXEC_FIELD_UNSIGNED_SHORT = field("mysql.exec.field.unsigned_short", "Value (UINT16)", Uint16, Dec);
    EXEC_FIELD_FLOAT = field("mysql.exec.field.float", "Value (Float)", Float, None);
    EXEC_FIELD_NULL = field("mysql.exec.field.null", "Value: -NULL-", None, None);
    EXEC_FIELD_TIME_LENGTH = field("mysql.exec.field.time.length", "Length", Int8, Dec);
    EXEC_FIELD_TIME_SIGN = field("mysql.exec.field.time.sign", "Flags", Uint8, Dec);
    EXEC_FIELD_TIME_DAYS = field("mysql.exec.field.time.days", "Days", Int32, Dec);
    AUTH_SWITCH_REQUEST_NAME = field("mysql.auth_switch_request.name", "Auth Method Name", String, None);
    AUTH_SWITCH_REQUEST_DATA = field("mysql.auth_switch_request.data", "Auth Method Data", Bytes, None);
    AUTH_SWITCH_RESPONSE_DATA = field("mysql.auth_switch_response.data", "Auth Method Data", Bytes, None);
    UNKNOWN_RESPONSE = expert("mysql.unknown_response", "unknown/invalid response", Warning, Undecoded);
}

const PORT: u16 = 3306;
const HEADER_LEN: usize = 4;
/// How many connections are followed.
pub(crate) const MAX_CONNECTIONS: usize = 4096;
/// How many prepared statements of a connection are known.
pub(crate) const MAX_STATEMENTS: usize = 64;
/// How many columns or parameters of one message are shown.
pub(crate) const MAX_COLUMNS: usize = 256;
/// How many attributes of a connection or of a query are shown.
pub(crate) const MAX_ATTRIBUTES: usize = 64;

const WITH_DATABASE: u16 = 0x0008;
const WITH_TLS: u16 = 0x0800;
const SECURE_AUTHENTICATION: u16 = 0x8000;
const PLUGINS: u16 = 0x0008;
const ATTRIBUTES: u16 = 0x0010;
const SESSION_TRACKING: u16 = 0x0080;
const NO_EOF: u16 = 0x0100;
const QUERY_ATTRIBUTES: u16 = 0x0800;
const SESSION_CHANGED: u16 = 0x4000;
const MORE_RESULTS: u16 = 0x0008;
/// A length that stands for no value.
const NULL: u8 = 0xfb;

pub(crate) static PROTOCOL: Protocol = Protocol {
    framing: Some(framing),
    is_counted: true,
    samples: &[Sample { link_type: 101, frames: samples::SAMPLES }],
    ..Protocol::new(ProtoId::Mysql, "MySQL", &[Binding::TcpPort(PORT)], dissect)
};

fn framing(stream: &[u8]) -> Framing {
    match *stream {
        [a, b, c, _, ..] => Framing::Message(HEADER_LEN + u32::from_le_bytes([a, b, c, 0]) as usize),
        _ => Framing::More(HEADER_LEN - stream.len()),
    }
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("MySQL");
    d.begin_next(PROTO, tvb);
    let is_request = d.endpoints.dst_port == PORT;
    d.add(PACKET_LENGTH, tvb, 0, 3, Value::Uint(tvb.u24_le(0)?.into()));
    let number = d.uint(PACKET_NUMBER, tvb, 3, 1)? as u8;
    let body = tvb.from(HEADER_LEN);
    let place = connection::place(d, body, is_request, number);
    if is_request {
        d.set_info(|| "Request".to_owned());
        command::request(d, body, &place, number)?;
    } else {
        d.set_info(|| "Response ".to_owned());
        response::response(d, body, &place, number)?;
    }
    d.close();
    Ok(())
}

/// A number of one to nine octets; nothing for NULL.
fn number(tvb: Tvb<'_>, at: usize) -> Result<(Option<u64>, usize), Stop> {
    Ok(match tvb.u8(at)? {
        NULL => (None, 1),
        0xfc => (Some(tvb.u16_le(at + 1)?.into()), 3),
        0xfd => (Some(tvb.u24_le(at + 1)?.into()), 4),
        0xfe => (Some(tvb.u64_le(at + 1)?), 9),
        short => (Some(short.into()), 1),
    })
}

/// Adds a text that has its length before it; answers where it ends.
fn text<'a>(d: &mut Dissector<'a>, field: FieldId, tvb: Tvb<'a>, at: usize) -> Result<usize, Stop> {
    let (len, width) = number(tvb, at)?;
    let Some(len) = len else {
        d.add(field, tvb, at, 1, Value::String("NULL".into()));
        return Ok(at + 1);
    };
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    let start = at + width;
    tvb.exact(start, len)?;
    d.add(field, tvb, start, len, Value::Text);
    Ok(start + len)
}

/// As [`text`], with the length as a field of its own.
fn measured<'a>(
    d: &mut Dissector<'a>,
    length: FieldId,
    field: FieldId,
    tvb: Tvb<'a>,
    at: usize,
) -> Result<usize, Stop> {
    let (len, width) = number(tvb, at)?;
    d.add(length, tvb, at, width, Value::Uint(len.unwrap_or_default()));
    text(d, field, tvb, at)
}

/// A list that has its length in octets before it: its item, of the field `of`, is open then.
fn list<'a>(d: &mut Dissector<'a>, length: FieldId, of: FieldId, tvb: Tvb<'a>, at: usize) -> Result<Tvb<'a>, Stop> {
    let (len, width) = number(tvb, at)?;
    let len = usize::try_from(len.unwrap_or_default()).unwrap_or(usize::MAX);
    let list = tvb.sub(at + width, len);
    d.open(of, list, 0, list.reported(), Value::None);
    d.add(length, tvb, at, width, Value::Uint(len as u64));
    Ok(list)
}

/// A text that a zero octet ends; answers where the next begins.
fn terminated<'a>(d: &mut Dissector<'a>, field: FieldId, tvb: Tvb<'a>, at: usize) -> usize {
    let rest = tvb.bytes().get(at..).unwrap_or_default();
    let len = memchr::memchr(0, rest).unwrap_or(rest.len());
    d.add(field, tvb, at, len + 1, Value::Text);
    at + len + 1
}

fn rest<'a>(d: &mut Dissector<'a>, field: FieldId, tvb: Tvb<'a>, at: usize) {
    d.add(field, tvb, at, tvb.reported().saturating_sub(at), Value::Text);
}

fn le16<'a>(d: &mut Dissector<'a>, field: FieldId, tvb: Tvb<'a>, at: usize) -> Result<u16, Stop> {
    let value = tvb.u16_le(at)?;
    d.add(field, tvb, at, 2, Value::Uint(value.into()));
    Ok(value)
}

fn le32<'a>(d: &mut Dissector<'a>, field: FieldId, tvb: Tvb<'a>, at: usize) -> Result<u32, Stop> {
    let value = tvb.u32_le(at)?;
    d.add(field, tvb, at, 4, Value::Uint(value.into()));
    Ok(value)
}

/// A word of flags, lowest octet first.
fn flags<'a>(d: &mut Dissector<'a>, field: FieldId, all: &[FieldId], tvb: Tvb<'a>, at: usize) -> Result<u16, Stop> {
    let value = tvb.u16_le(at)?;
    d.open(field, tvb, at, 2, Value::Uint(value.into()));
    for flag in all {
        d.flag(*flag, tvb, at, 2, value.into());
    }
    d.close();
    Ok(value)
}

fn extended<'a>(d: &mut Dissector<'a>, field: FieldId, tvb: Tvb<'a>, at: usize) -> Result<u16, Stop> {
    const LENGTHS: u16 = 0x20;
    let value = tvb.u16_le(at)?;
    d.open(field, tvb, at, 2, Value::Uint(value.into()));
    for flag in EXTENDED {
        d.flag(*flag, tvb, at, 2, value.into());
        if *flag == CAPS_CA {
            // Wireshark has two flags of one name.
            d.add(CAPS_PM, tvb, at, 2, Value::Uint((value & LENGTHS != 0).into()));
        }
    }
    d.bits(CAPS_UNUSED, tvb, at, 2, value.into());
    d.close();
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::connection::{Connection, Phase};
    use super::*;
    use crate::conversation;
    use crate::tests::{frames, values};

    #[test]
    fn what_a_message_is_follows_from_those_before() {
        let shown = frames(101, samples::SAMPLES);
        assert_eq!(values(&shown[1], "mysql.user"), "root");
        assert_eq!(values(&shown[6], "mysql.field.name"), "id,name");
        assert_eq!(values(&shown[6], "mysql.row.text"), "1,NULL,2,two");
    }

    #[test]
    fn statements_end_at_the_limit() {
        let mut connection = Connection::default();
        for id in 0..2 * MAX_STATEMENTS as u8 {
            connection.place.phase = Phase::Statement;
            connection.response(&[0, id, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 1);
        }
        assert_eq!(connection.statements.len(), MAX_STATEMENTS);
    }

    #[test]
    fn columns_end_at_the_limit() {
        let mut connection = Connection::default();
        connection.place.phase = Phase::Columns;
        connection.place.columns = usize::MAX;
        for _ in 0..2 * MAX_COLUMNS {
            connection.response(&[0; 20], 1);
        }
        assert_eq!(connection.types.len(), MAX_COLUMNS);
        let octets = [[0, 0, 0, 0].as_slice(), &[1, b'x'].repeat(MAX_COLUMNS + 9)].concat();
        let place = Standing { phase: Phase::Rows, ..Standing::default() };
        assert_eq!(place.columns, 0);
        assert_eq!(framing(&octets), Framing::Message(4));
    }

    #[test]
    fn no_more_connections_than_the_limit_are_followed() {
        let mut flows = Connections::default();
        for port in 0..2 * MAX_CONNECTIONS {
            let endpoints = crate::dissector::Endpoints { src_port: port as u16, ..Default::default() };
            flows.open.insert(conversation::Key(endpoints), Connection::default());
        }
        assert!(flows.open.len() <= MAX_CONNECTIONS);
    }

    #[test]
    fn survives_anything() {
        crate::tests::survives_anything(
            ProtoId::Mysql,
            b"\x0c\0\0\0\x0a8.0\0\x01\0\0\0ab\0\xff\xf7\x21\x02\0\xff\xff\x15",
        );
        crate::tests::survives_anything(ProtoId::Mysql, b"\x09\0\0\0\x17\x01\0\0\0\0\x01\0\0\0\0\x01\x03\0\x2a\0\0\0");
    }
}
