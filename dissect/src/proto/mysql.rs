//! The client/server protocol of MySQL and MariaDB: greeting, login, commands, result sets, prepared statements.

use std::sync::Arc;

use crate::bindings::Binding;
use crate::conversation;
use crate::dissector::Dissector;
use crate::facts::Fact;
use crate::field::{FieldId, Names, fields};
use crate::recent::Recent;
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

const COMMANDS: &[(u64, &str)] = &[
    (0, "SLEEP"),
    (1, "Quit"),
    (2, "Use Database"),
    (3, "Query"),
    (4, "Show Fields"),
    (5, "Create Database"),
    (6, "Drop Database"),
    (7, "Refresh"),
    (8, "Shutdown"),
    (9, "Statistics"),
    (10, "Process List"),
    (11, "Connect"),
    (12, "Kill Server Thread"),
    (13, "Dump Debuginfo"),
    (14, "Ping"),
    (15, "Time"),
    (16, "Insert Delayed"),
    (17, "Change User"),
    (18, "Send Binlog"),
    (19, "Send Table"),
    (20, "Slave Connect"),
    (21, "Register Slave"),
    (22, "Prepare Statement"),
    (23, "Execute Statement"),
    (24, "Send BLOB"),
    (25, "Close Statement"),
    (26, "Reset Statement"),
    (27, "Set Option"),
    (28, "Fetch Data"),
    (29, "Daemon"),
    (30, "Send Binlog GTID"),
    (31, "Reset Connection"),
    (250, "Execute Bulk Statement"),
];
const TYPES: &[(u64, &str)] = &[
    (0, "FIELD_TYPE_DECIMAL"),
    (1, "FIELD_TYPE_TINY"),
    (2, "FIELD_TYPE_SHORT"),
    (3, "FIELD_TYPE_LONG"),
    (4, "FIELD_TYPE_FLOAT"),
    (5, "FIELD_TYPE_DOUBLE"),
    (6, "FIELD_TYPE_NULL"),
    (7, "FIELD_TYPE_TIMESTAMP"),
    (8, "FIELD_TYPE_LONGLONG"),
    (9, "FIELD_TYPE_INT24"),
    (10, "FIELD_TYPE_DATE"),
    (11, "FIELD_TYPE_TIME"),
    (12, "FIELD_TYPE_DATETIME"),
    (13, "FIELD_TYPE_YEAR"),
    (14, "FIELD_TYPE_NEWDATE"),
    (15, "FIELD_TYPE_VARCHAR"),
    (16, "FIELD_TYPE_BIT"),
    (246, "FIELD_TYPE_NEWDECIMAL"),
    (247, "FIELD_TYPE_ENUM"),
    (248, "FIELD_TYPE_SET"),
    (249, "FIELD_TYPE_TINY_BLOB"),
    (250, "FIELD_TYPE_MEDIUM_BLOB"),
    (251, "FIELD_TYPE_LONG_BLOB"),
    (252, "FIELD_TYPE_BLOB"),
    (253, "FIELD_TYPE_VAR_STRING"),
    (254, "FIELD_TYPE_STRING"),
    (255, "FIELD_TYPE_GEOMETRY"),
];
const SHUTDOWNS: &[(u64, &str)] = &[
    (0, "default"),
    (1, "wait for connections to finish"),
    (2, "wait for transactions to finish"),
    (8, "wait for updates to finish"),
    (16, "wait flush all buffers"),
    (17, "wait flush critical buffers"),
    (254, "kill running queries"),
    (255, "kill connections"),
];
const OPTIONS: &[(u64, &str)] = &[(0, "multi statements on"), (1, "multi statements off")];
const CURSORS: &[(u64, &str)] =
    &[(0, "Defaults"), (1, "Read-only cursor"), (2, "Cursor for update"), (4, "Scrollable cursor")];
const TRACKERS: &[(u64, &str)] = &[
    (0, "SESSION_SYSVARS_TRACKER"),
    (1, "CURRENT_SCHEMA_TRACKER"),
    (2, "SESSION_STATE_CHANGE_TRACKER"),
    (3, "SESSION_TRACK_GTIDS"),
    (4, "SESSION_TRACK_TRANSACTION_CHARACTERISTICS"),
    (5, "SESSION_TRACK_TRANSACTION_STATE"),
];
const REFRESHES: &[FieldId] =
    &[RFSH_GRANTS, RFSH_LOG, RFSH_TABLES, RFSH_HOSTS, RFSH_STATUS, RFSH_THREADS, RFSH_SLAVE, RFSH_MASTER];
const STATES: &[FieldId] = &[
    STAT_IT,
    STAT_AC,
    STAT_MR,
    STAT_MU,
    STAT_BI,
    STAT_NI,
    STAT_CR,
    STAT_LR,
    STAT_DR,
    STAT_BS,
    STAT_MC,
    STAT_SESSION_STATE_CHANGED,
    STAT_QUERY_WAS_SLOW,
    STAT_PS_OUT_PARAMS,
    STAT_TRANS_READONLY,
];
const FIELD_FLAG_LIST: &[FieldId] = &[
    FIELD_FLAGS_NOT_NULL,
    FIELD_FLAGS_PRIMARY_KEY,
    FIELD_FLAGS_UNIQUE_KEY,
    FIELD_FLAGS_MULTIPLE_KEY,
    FIELD_FLAGS_BLOB,
    FIELD_FLAGS_UNSIGNED,
    FIELD_FLAGS_ZERO_FILL,
    FIELD_FLAGS_ENUM,
    FIELD_FLAGS_AUTO_INCREMENT,
    FIELD_FLAGS_TIMESTAMP,
    FIELD_FLAGS_SET,
];
const CAPABILITIES: &[FieldId] = &[
    CAPS_LP, CAPS_FR, CAPS_LF, CAPS_CD, CAPS_NS, CAPS_CP, CAPS_OB, CAPS_LI, CAPS_IS, CAPS_CU, CAPS_IA, CAPS_SL,
    CAPS_II, CAPS_TA, CAPS_RS, CAPS_SC,
];
const EXTENDED: &[FieldId] = &[
    CAPS_MS,
    CAPS_MR,
    CAPS_PM,
    CAPS_PA,
    CAPS_CA,
    CAPS_EP,
    CAPS_SESSION_TRACK,
    CAPS_DEPRECATE_EOF,
    CAPS_OPTIONAL_METADATA,
    CAPS_COMPRESS_ZSD,
    CAPS_QUERY_ATTRS,
    CAPS_MF_AUTH,
    CAPS_CAP_EXT,
];
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
    samples: &[Sample { link_type: 101, frames: SAMPLES }],
    ..Protocol::new(ProtoId::Mysql, "MySQL", &[Binding::TcpPort(PORT)], dissect)
};

/// What is expected next in a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Phase {
    #[default]
    Unknown,
    Login,
    Authentication,
    AuthenticationData,
    Command,
    Ok,
    Text,
    Table,
    Columns,
    Rows,
    Statement,
    Parameters,
    StatementColumns,
    /// TLS follows.
    Secured,
}

/// Where a connection is when a message comes.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    phase: Phase,
    capabilities: u16,
    extended: u16,
    /// Columns that are still to be described.
    columns: usize,
    parameters: usize,
    is_binary: bool,
    /// The types of the columns of a binary result.
    types: Arc<[u8]>,
}

#[derive(Default)]
struct Connection {
    place: Standing,
    types: Vec<u8>,
    /// Statements and how many parameters they have.
    statements: Vec<(u32, usize)>,
}

/// The connections of the first pass.
pub(crate) struct Connections {
    open: Recent<conversation::Key, Connection>,
}

impl Default for Connections {
    fn default() -> Self {
        Self { open: Recent::new(MAX_CONNECTIONS) }
    }
}

impl Connection {
    /// What a message makes of the state; it answers the place at which the message was.
    fn advance(&mut self, octets: &[u8], is_request: bool, number: u8) -> Standing {
        if is_request { self.request(octets, number) } else { self.response(octets, number) }
    }

    fn request(&mut self, octets: &[u8], number: u8) -> Standing {
        let before = self.place.clone();
        let place = &mut self.place;
        match place.phase {
            Phase::Login => {
                let at = |at: usize| octets.get(at..at + 2).map_or(0, |two| u16::from_le_bytes([two[0], two[1]]));
                (place.capabilities, place.extended) = (at(0), at(2));
                let is_short = octets.len() <= 32;
                place.phase =
                    if place.capabilities & WITH_TLS != 0 && is_short { Phase::Secured } else { Phase::Authentication };
            }
            Phase::AuthenticationData => place.phase = Phase::Authentication,
            Phase::Secured => {}
            _ if number == 0 => {
                let command = octets.first().copied().unwrap_or_default();
                place.is_binary = matches!(command, 23 | 28);
                place.phase = match command {
                    3 | 10 | 23 => Phase::Table,
                    4 => Phase::Columns,
                    9 => Phase::Text,
                    22 => Phase::Statement,
                    28 => Phase::Rows,
                    // These have no answer.
                    1 | 24 | 25 => Phase::Command,
                    _ => Phase::Ok,
                };
                if command == 4 {
                    place.columns = usize::MAX;
                }
                if command == 23 {
                    let id = octets.get(1..5).map_or(0, |id| u32::from_le_bytes([id[0], id[1], id[2], id[3]]));
                    let known = self.statements.iter().find(|known| known.0 == id);
                    return Standing { parameters: known.map_or(0, |known| known.1), ..before };
                }
                if command == 17 {
                    self.place.phase = Phase::Authentication;
                }
            }
            _ => {}
        }
        before
    }

    fn response(&mut self, octets: &[u8], number: u8) -> Standing {
        let before = self.place.clone();
        let first = octets.first().copied().unwrap_or_default();
        let is_end = first == 0xfe && octets.len() < 9;
        if first == 0xff && before.phase != Phase::Unknown {
            self.place.phase = Phase::Command;
            return before;
        }
        self.place.phase = match before.phase {
            Phase::Unknown if number == 0 => Phase::Login,
            Phase::Authentication if first == 0xfe => Phase::AuthenticationData,
            Phase::Authentication | Phase::Ok if first == 0 => Phase::Command,
            Phase::Ok if is_end => Phase::Command,
            Phase::Text => Phase::Command,
            Phase::Table if first == 0 => Self::after_result(octets),
            Phase::Table => {
                self.types.clear();
                self.place.columns = usize::from(first);
                Phase::Columns
            }
            Phase::Columns if is_end => match self.place.columns {
                usize::MAX => Phase::Command,
                _ => Phase::Rows,
            },
            Phase::Columns => {
                if self.types.len() < MAX_COLUMNS {
                    self.types.push(column_type(octets).unwrap_or_default());
                }
                if self.place.columns != usize::MAX {
                    self.place.columns = self.place.columns.saturating_sub(1);
                }
                let is_last = self.place.columns == 0;
                if is_last && self.place.is_binary {
                    self.place.types = self.types.as_slice().into();
                }
                if is_last && self.place.extended & NO_EOF != 0 { Phase::Rows } else { Phase::Columns }
            }
            Phase::Rows if is_end => Self::after_result(octets),
            Phase::Statement if first == 0 => {
                let number = |at: usize| octets.get(at..at + 2).map_or(0, |n| u16::from_le_bytes([n[0], n[1]]));
                let id = octets.get(1..5).map_or(0, |id| u32::from_le_bytes([id[0], id[1], id[2], id[3]]));
                let (columns, parameters) = (number(5), number(7));
                self.statements.retain(|known| known.0 != id);
                if self.statements.len() == MAX_STATEMENTS {
                    self.statements.remove(0);
                }
                self.statements.push((id, usize::from(parameters)));
                self.place.parameters = usize::from(parameters);
                self.place.columns = usize::from(columns);
                match (parameters, columns) {
                    (0, 0) => Phase::Command,
                    (0, _) => Phase::StatementColumns,
                    _ => Phase::Parameters,
                }
            }
            Phase::Parameters | Phase::StatementColumns => {
                let is_parameter = before.phase == Phase::Parameters;
                let left = if is_parameter { &mut self.place.parameters } else { &mut self.place.columns };
                if !is_end {
                    *left = left.saturating_sub(1);
                }
                let is_over = is_end || *left == 0 && self.place.extended & NO_EOF != 0;
                match (is_over, is_parameter) {
                    (false, _) => before.phase,
                    (true, true) if self.place.columns > 0 => Phase::StatementColumns,
                    _ => Phase::Command,
                }
            }
            phase => phase,
        };
        before
    }

    /// The status at the end of a result says whether another one follows.
    fn after_result(octets: &[u8]) -> Phase {
        // After two short numbers, or after the count of warnings.
        let status = octets.get(3..5).map_or(0, |two| u16::from_le_bytes([two[0], two[1]]));
        if status & MORE_RESULTS != 0 { Phase::Table } else { Phase::Command }
    }
}

/// The type in the description of a column.
fn column_type(octets: &[u8]) -> Option<u8> {
    let mut at = 0;
    for _ in 0..6 {
        at += 1 + usize::from(*octets.get(at)?);
    }
    octets.get(at + 7).copied()
}

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
    let place = place(d, body, is_request, number);
    if is_request {
        d.set_info(|| "Request".to_owned());
        request(d, body, &place, number)?;
    } else {
        d.set_info(|| "Response ".to_owned());
        response(d, body, &place, number)?;
    }
    d.close();
    Ok(())
}

/// Where the connection is; the first pass finds it out.
fn place(d: &mut Dissector<'_>, body: Tvb<'_>, is_request: bool, number: u8) -> Standing {
    let key = conversation::Key(d.endpoints.conversation().0);
    if let Some(flows) = d.flows() {
        let open = &mut flows.mysql.open;
        if open.get(&key).is_none() {
            open.insert(key, Connection::default());
        }
        if let Some(connection) = open.get(&key) {
            let place = connection.advance(body.bytes(), is_request, number);
            if d.wants_facts_of(ProtoId::Mysql) {
                d.record(Fact::Mysql(Box::new(place)));
            }
        }
    }
    let found = d.fact(|fact| match fact {
        Fact::Mysql(place) => Some((**place).clone()),
        _ => None,
    });
    found.unwrap_or_default()
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

fn greeting<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_info(|| "Server Greeting ".to_owned());
    d.open(SERVER_GREETING, tvb, 0, tvb.reported(), Value::None);
    let protocol = d.uint(PROTOCOL_VERSION, tvb, 0, 1)?;
    d.append_info(|| format!(" proto={protocol}"));
    let end = terminated(d, VERSION, tvb, 1);
    d.append_info(|| {
        let version = tvb.bytes().get(1..end - 1).unwrap_or_default();
        format!(" version={} ", String::from_utf8_lossy(version))
    });
    le32(d, THREAD_ID, tvb, end)?;
    let mut at = terminated(d, SALT, tvb, end + 4);
    if at >= tvb.reported() {
        d.close();
        return Ok(());
    }
    flags(d, CAPS_SERVER, CAPABILITIES, tvb, at)?;
    d.uint(SERVER_LANGUAGE, tvb, at + 2, 1)?;
    flags(d, SERVER_STATUS, STATES, tvb, at + 3)?;
    extended(d, EXTCAPS_SERVER, tvb, at + 5)?;
    d.uint(AUTH_PLUGIN_LENGTH, tvb, at + 7, 1)?;
    d.bytes(UNUSED, tvb, at + 8, 10);
    at = terminated(d, SALT2, tvb, at + 18);
    if at < tvb.reported() {
        terminated(d, AUTH_PLUGIN, tvb, at);
    }
    d.close();
    Ok(())
}

fn login<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_info(|| "Login Request".to_owned());
    d.open(LOGIN_REQUEST, tvb, 0, tvb.reported(), Value::None);
    let capabilities = flags(d, CAPS_CLIENT, CAPABILITIES, tvb, 0)?;
    let more = extended(d, EXTCAPS_CLIENT, tvb, 2)?;
    le32(d, MAX_PACKET, tvb, 4)?;
    d.uint(CHARSET, tvb, 8, 1)?;
    tvb.slice(9, 23)?;
    d.bytes(UNUSED, tvb, 9, 23);
    if tvb.reported() > 32 {
        let mut at = terminated(d, USER, tvb, 32);
        let word = |range: std::ops::Range<usize>| {
            String::from_utf8_lossy(tvb.bytes().get(range).unwrap_or_default()).into_owned()
        };
        d.append_info(|| format!(" user={} ", word(32..at - 1)));
        let len = usize::from(tvb.u8(at)?);
        if capabilities & SECURE_AUTHENTICATION != 0 {
            tvb.exact(at + 1, len)?;
            if len > 0 {
                d.bytes(PASSWD, tvb, at + 1, len);
            }
            at += 1 + len;
        } else {
            at += memchr::memchr(0, tvb.bytes().get(at..).unwrap_or_default()).map_or(0, |len| len + 1);
        }
        if capabilities & WITH_DATABASE != 0 && at < tvb.reported() {
            let start = at;
            at = terminated(d, SCHEMA, tvb, at);
            d.append_info(|| format!("db={} ", word(start..at - 1)));
        }
        if more & PLUGINS != 0 && at < tvb.reported() {
            at = terminated(d, CLIENT_AUTH_PLUGIN, tvb, at);
        }
        if more & ATTRIBUTES != 0 && at < tvb.reported() {
            attributes(d, tvb, at)?;
        }
    }
    d.close();
    Ok(())
}

fn attributes<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Parsed {
    let (len, width) = number(tvb, at)?;
    let len = usize::try_from(len.unwrap_or_default()).unwrap_or(usize::MAX);
    let list = tvb.sub(at + width, len);
    d.open(CONNATTRS, list, 0, list.reported(), Value::None);
    d.add(CONNATTRS_LENGTH, tvb, at, width, Value::Uint(len as u64));
    let mut at = 0;
    for _ in 0..MAX_ATTRIBUTES {
        if at >= list.reported() {
            break;
        }
        d.open(CONNATTRS_ATTR, list, at, 1, Value::None);
        at = measured(d, CONNATTRS_NAME_LENGTH, CONNATTRS_NAME, list, at)?;
        at = measured(d, CONNATTRS_VALUE_LENGTH, CONNATTRS_VALUE, list, at)?;
        d.close();
    }
    d.close();
    Ok(())
}

fn request<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, place: &Standing, packet: u8) -> Parsed {
    match place.phase {
        Phase::Login => return login(d, tvb),
        Phase::AuthenticationData => {
            d.set_info(|| "Auth Switch Response ".to_owned());
            d.bytes(AUTH_SWITCH_RESPONSE_DATA, tvb, 0, tvb.reported());
            return Ok(());
        }
        Phase::Secured => return Ok(()),
        _ if packet != 0 => {
            d.bytes(PAYLOAD, tvb, 0, tvb.reported());
            return Ok(());
        }
        _ => {}
    }
    d.open(REQUEST, tvb, 0, tvb.reported(), Value::None);
    let command = d.uint(COMMAND, tvb, 0, 1)? as u8;
    let name = || Names::Values(COMMANDS).of(command.into()).unwrap_or_else(|| format!("Unknown ({command})").into());
    d.append_info(|| format!(" {}", name()));
    match command {
        2 | 5 | 6 => rest(d, SCHEMA, tvb, 1),
        3 => {
            let at = if place.extended & QUERY_ATTRIBUTES != 0 { query_attributes(d, tvb)? } else { 1 };
            rest(d, QUERY, tvb, at);
        }
        4 => {
            let at = terminated(d, TABLE_NAME, tvb, 1);
            if at < tvb.reported() {
                d.bytes(PAYLOAD, tvb, at, tvb.reported() - at);
            }
        }
        7 => {
            let what = d.uint(REFRESH, tvb, 1, 1)?;
            for flag in REFRESHES {
                d.flag(*flag, tvb, 1, 1, what);
            }
        }
        8 if tvb.reported() > 1 => {
            d.uint(SHUTDOWN, tvb, 1, 1)?;
        }
        12 => {
            le32(d, THREAD_ID, tvb, 1)?;
        }
        17 => change_user(d, tvb)?,
        18 => {
            le32(d, BINLOG_POSITION, tvb, 1)?;
            le16(d, BINLOG_FLAGS, tvb, 5)?;
            le32(d, BINLOG_SERVER_ID, tvb, 7)?;
            rest(d, BINLOG_FILE_NAME, tvb, 11);
        }
        21 => register(d, tvb)?,
        22 => rest(d, QUERY, tvb, 1),
        23 => execute(d, tvb, place)?,
        24 => {
            le32(d, STMT_ID, tvb, 1)?;
            le16(d, PARAM, tvb, 5)?;
            d.bytes(PAYLOAD, tvb, 7, tvb.reported().saturating_sub(7));
        }
        25 | 26 => {
            le32(d, STMT_ID, tvb, 1)?;
        }
        27 => {
            le16(d, OPTION, tvb, 1)?;
        }
        28 => {
            le32(d, STMT_ID, tvb, 1)?;
            le32(d, NUM_ROWS, tvb, 5)?;
        }
        _ if tvb.reported() > 1 => {
            d.bytes(PAYLOAD, tvb, 1, tvb.reported() - 1);
        }
        _ => {}
    }
    d.close();
    Ok(())
}

fn query_attributes<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Result<usize, Stop> {
    d.open(QUERY_ATTRS, tvb, 1, 1, Value::None);
    let (count, width) = number(tvb, 1)?;
    let count = usize::try_from(count.unwrap_or_default()).unwrap_or(usize::MAX).min(MAX_ATTRIBUTES);
    d.add(QUERY_ATTRS_COUNT, tvb, 1, width, Value::Uint(count as u64));
    // How many sets of parameters there are: always one.
    let mut at = 1 + width + 1;
    if count > 0 {
        let nulls = count.div_ceil(8);
        d.bytes(UNUSED, tvb, at, nulls);
        at += nulls;
        d.add(QUERY_ATTRS_SEND_TYPES_TO_SERVER, tvb, at, 1, Value::Uint((tvb.u8(at)? != 0).into()));
        at += 1;
        for _ in 0..count {
            d.uint(QUERY_ATTR_NAME_TYPE, tvb, at, 2)?;
            at = text(d, QUERY_ATTR_NAME, tvb, at + 2)?;
        }
        for _ in 0..count {
            at = text(d, QUERY_ATTR_VALUE, tvb, at)?;
        }
    }
    d.close();
    Ok(at)
}

fn change_user<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let at = terminated(d, USER, tvb, 1);
    let len = usize::from(tvb.u8(at)?);
    tvb.exact(at + 1, len)?;
    d.bytes(PASSWD, tvb, at + 1, len);
    let at = terminated(d, SCHEMA, tvb, at + 1 + len);
    if at < tvb.reported() {
        d.uint(CHARSET, tvb, at, 1)?;
        if at + 2 < tvb.reported() {
            terminated(d, CLIENT_AUTH_PLUGIN, tvb, at + 2);
        }
    }
    Ok(())
}

fn register<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    le32(d, BINLOG_SERVER_ID, tvb, 1)?;
    let mut at = 5;
    for (length, field) in [
        (BINLOG_SLAVE_HOSTNAME_LENGTH, BINLOG_SLAVE_HOSTNAME),
        (BINLOG_SLAVE_USER_LENGTH, BINLOG_SLAVE_USER),
        (BINLOG_SLAVE_PASSWORD_LENGTH, BINLOG_SLAVE_PASSWORD),
    ] {
        let len = d.uint(length, tvb, at, 1)? as usize;
        tvb.exact(at + 1, len)?;
        d.add(field, tvb, at + 1, len, Value::Text);
        at += 1 + len;
    }
    le16(d, BINLOG_SLAVE_MYSQL_PORT, tvb, at)?;
    le32(d, BINLOG_REPLICATION_RANK, tvb, at + 2)?;
    le32(d, BINLOG_MASTER_ID, tvb, at + 6)?;
    Ok(())
}

fn execute<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, place: &Standing) -> Parsed {
    le32(d, STMT_ID, tvb, 1)?;
    d.uint(EXEC_FLAGS, tvb, 5, 1)?;
    le32(d, EXEC_ITER, tvb, 6)?;
    let count = place.parameters.min(MAX_COLUMNS);
    if count == 0 {
        return Ok(());
    }
    let nulls = tvb.sub(10, count.div_ceil(8));
    let mut at = 10 + nulls.reported();
    let is_new = d.uint(NEW_PARAMETER_BOUND_FLAG, tvb, at, 1)?;
    at += 1;
    if is_new != 1 {
        return Ok(());
    }
    let types = tvb.exact(at, count * 2)?;
    at += count * 2;
    for number in 0..count {
        let (kind, sign) = (types.u8(number * 2)?, types.u8(number * 2 + 1)?);
        d.open(EXEC_PARAM, types, number * 2, 2, Value::None);
        d.add(FIELD_TYPE, types, number * 2, 1, Value::Uint(kind.into()));
        d.add(EXEC_UNSIGNED, types, number * 2 + 1, 1, Value::Uint(sign.into()));
        let is_null = nulls.u8(number / 8)? >> (number % 8) & 1 != 0;
        if !is_null {
            at = value(d, tvb, at, kind, sign & 0x80 != 0)?;
        }
        d.close();
    }
    Ok(())
}

/// A value of the binary protocol; answers where it ends.
fn value<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, kind: u8, is_unsigned: bool) -> Result<usize, Stop> {
    let (width, signed, unsigned) = match kind {
        1 => (1, EXEC_FIELD_TINY, EXEC_FIELD_UNSIGNED_TINY),
        2 | 13 => (2, EXEC_FIELD_SHORT, EXEC_FIELD_UNSIGNED_SHORT),
        3 | 9 => (4, EXEC_FIELD_LONG, EXEC_FIELD_UNSIGNED_LONG),
        8 => (8, EXEC_FIELD_LONGLONG, EXEC_FIELD_UNSIGNED_LONGLONG),
        4 => {
            let float = f32::from_le_bytes(tvb.array(at)?);
            d.add(EXEC_FIELD_FLOAT, tvb, at, 4, Value::Float(float.into()));
            return Ok(at + 4);
        }
        5 => {
            let float = f64::from_le_bytes(tvb.array(at)?);
            d.add(EXEC_FIELD_DOUBLE, tvb, at, 8, Value::Float(float));
            return Ok(at + 8);
        }
        6 => {
            d.add(EXEC_FIELD_NULL, tvb, at, 0, Value::None);
            return Ok(at);
        }
        7 | 10 | 12 => return moment(d, tvb, at),
        11 => return span(d, tvb, at),
        _ => return text(d, EXEC_FIELD_STRING, tvb, at),
    };
    let octets = tvb.slice(at, width)?;
    let number = octets.iter().rev().fold(0u64, |number, octet| number << 8 | u64::from(*octet));
    if is_unsigned {
        d.add(unsigned, tvb, at, width, Value::Uint(number));
    } else {
        let shift = 64 - 8 * width as u32;
        d.add(signed, tvb, at, width, Value::Int((number << shift) as i64 >> shift));
    }
    Ok(at + width)
}

fn moment<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Result<usize, Stop> {
    let len = tvb.u8(at)?;
    d.add(EXEC_FIELD_DATETIME_LENGTH, tvb, at, 1, Value::Int(len.into()));
    if len >= 4 {
        d.add(EXEC_FIELD_YEAR, tvb, at + 1, 2, Value::Int(tvb.u16_le(at + 1)?.into()));
        d.add(EXEC_FIELD_MONTH, tvb, at + 3, 1, Value::Int(tvb.u8(at + 3)?.into()));
        d.add(EXEC_FIELD_DAY, tvb, at + 4, 1, Value::Int(tvb.u8(at + 4)?.into()));
    }
    if len >= 7 {
        clock(d, tvb, at + 5)?;
    }
    Ok(at + 1 + usize::from(len))
}

fn span<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Result<usize, Stop> {
    let len = tvb.u8(at)?;
    d.add(EXEC_FIELD_TIME_LENGTH, tvb, at, 1, Value::Int(len.into()));
    if len >= 8 {
        d.uint(EXEC_FIELD_TIME_SIGN, tvb, at + 1, 1)?;
        d.add(EXEC_FIELD_TIME_DAYS, tvb, at + 2, 4, Value::Int((tvb.u32_le(at + 2)? as i32).into()));
        clock(d, tvb, at + 6)?;
    }
    Ok(at + 1 + usize::from(len))
}

fn clock<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Parsed {
    for (place, field) in [EXEC_FIELD_HOUR, EXEC_FIELD_MINUTE, EXEC_FIELD_SECOND].into_iter().enumerate() {
        d.add(field, tvb, at + place, 1, Value::Int(tvb.u8(at + place)?.into()));
    }
    Ok(())
}

fn response<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, place: &Standing, packet: u8) -> Parsed {
    let first = tvb.u8(0)?;
    if place.phase == Phase::Unknown && packet == 0 && first != 0xff {
        return greeting(d, tvb);
    }
    match first {
        0xff => return error(d, tvb),
        0xfe if tvb.reported() < 9 || place.phase == Phase::Authentication => return end(d, tvb, place),
        0 if place.phase == Phase::Statement => return statement(d, tvb),
        0 if matches!(place.phase, Phase::Rows) && place.is_binary => return binary_row(d, tvb, place),
        0 if place.phase != Phase::Rows => {
            d.uint(RESPONSE_CODE, tvb, 0, 1)?;
            return ok(d, tvb, place);
        }
        _ => {}
    }
    match place.phase {
        Phase::Text => {
            d.add(MESSAGE, tvb, 0, tvb.reported(), Value::Text);
        }
        Phase::Table => {
            let (count, width) = number(tvb, 0)?;
            d.append_info(|| "TABULAR ".to_owned());
            d.fence_info();
            d.add(NUM_FIELDS, tvb, 0, width, Value::Uint(count.unwrap_or_default()));
        }
        Phase::Columns | Phase::Parameters | Phase::StatementColumns => column(d, tvb)?,
        Phase::Rows => {
            let mut at = 0;
            for _ in 0..MAX_COLUMNS {
                if at >= tvb.reported() {
                    break;
                }
                at = text(d, ROW_TEXT, tvb, at)?;
            }
        }
        Phase::Secured => {}
        _ => {
            d.bytes(PAYLOAD, tvb, 0, tvb.reported());
            d.expert(UNKNOWN_RESPONSE, tvb, 0, tvb.reported());
        }
    }
    Ok(())
}

fn error<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.uint(RESPONSE_CODE, tvb, 0, 1)?;
    let code = le16(d, ERROR_CODE, tvb, 1)?;
    d.append_info(|| format!(" Error {code} "));
    d.fence_info();
    let mut at = 3;
    if tvb.u8(at) == Ok(b'#') {
        d.add(SQLSTATE, tvb, at + 1, 5, Value::Text);
        at += 6;
    }
    rest(d, ERROR_MESSAGE, tvb, at);
    Ok(())
}

fn end<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, place: &Standing) -> Parsed {
    d.uint(RESPONSE_CODE, tvb, 0, 1)?;
    d.add(EOF, tvb, 0, 1, Value::Uint(0xfe));
    if place.phase == Phase::Authentication {
        d.set_info(|| "Auth Switch Request ".to_owned());
        if tvb.reported() > 1 {
            let at = terminated(d, AUTH_SWITCH_REQUEST_NAME, tvb, 1);
            d.bytes(AUTH_SWITCH_REQUEST_DATA, tvb, at, tvb.reported().saturating_sub(at));
        }
        return Ok(());
    }
    if place.extended & NO_EOF != 0 {
        return ok(d, tvb, place);
    }
    if tvb.reported() >= 5 {
        le16(d, WARNINGS, tvb, 1)?;
        flags(d, SERVER_STATUS, STATES, tvb, 3)?;
    }
    Ok(())
}

/// What follows the first octet of a response that all went well.
fn ok<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, place: &Standing) -> Parsed {
    d.append_info(|| " OK ".to_owned());
    d.fence_info();
    let (rows, width) = number(tvb, 1)?;
    d.add(AFFECTED_ROWS, tvb, 1, width, Value::Uint(rows.unwrap_or_default()));
    let mut at = 1 + width;
    let (id, width) = number(tvb, at)?;
    if let Some(id @ 1..) = id {
        d.add(INSERT_ID, tvb, at, width, Value::Uint(id));
    }
    at += width;
    if at >= tvb.reported() {
        return Ok(());
    }
    let status = flags(d, SERVER_STATUS, STATES, tvb, at)?;
    at += 2;
    if at < tvb.reported() {
        le16(d, WARNINGS, tvb, at)?;
        at += 2;
    }
    if at >= tvb.reported() {
        return Ok(());
    }
    if place.extended & SESSION_TRACKING == 0 {
        d.add(MESSAGE, tvb, at, tvb.reported() - at, Value::Text);
        return Ok(());
    }
    let (len, width) = number(tvb, at)?;
    at = match len {
        Some(1..) => text(d, MESSAGE, tvb, at)?,
        _ => at + width,
    };
    if status & SESSION_CHANGED != 0 && at < tvb.reported() {
        session(d, tvb, at)?;
    }
    Ok(())
}

/// What changed in the session.
fn session<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Parsed {
    let (len, width) = number(tvb, at)?;
    let len = usize::try_from(len.unwrap_or_default()).unwrap_or(usize::MAX);
    let list = tvb.sub(at + width, len);
    d.open(SESSION_TRACK_DATA, list, 0, list.reported(), Value::None);
    d.add(SESSION_TRACK_DATA_LENGTH, tvb, at, width, Value::Uint(len as u64));
    let mut at = 0;
    for _ in 0..MAX_ATTRIBUTES {
        if at >= list.reported() {
            break;
        }
        d.open(SESSION_TRACK, list, at, 1, Value::None);
        let kind = d.uint(SESSION_TRACK_TYPE, list, at, 1)?;
        let (len, width) = number(list, at + 1)?;
        let len = usize::try_from(len.unwrap_or_default()).unwrap_or(usize::MAX);
        d.add(SESSION_TRACK_LENGTH, list, at + 1, width, Value::Uint(len as u64));
        let entry = list.exact(at + 1 + width, len)?;
        match kind {
            0 => {
                let end = measured(d, SESSION_TRACK_SYSVAR_LENGTH, SESSION_TRACK_SYSVAR_NAME, entry, 0)?;
                measured(d, SESSION_TRACK_SYSVAR_LENGTH, SESSION_TRACK_SYSVAR_VALUE, entry, end)?;
            }
            1 => drop(measured(d, SESSION_TRACK_SCHEMA_LENGTH, SESSION_TRACK_SCHEMA, entry, 0)?),
            2 => drop(text(d, SESSION_TRACK_STATE_CHANGE, entry, 0)?),
            3 => drop(measured(d, SESSION_TRACK_GTIDS_LENGTH, SESSION_TRACK_GTIDS, entry, 1)?),
            4 => drop(measured(
                d,
                SESSION_TRACK_TRANSACTION_CHARACTERISTICS_LENGTH,
                SESSION_TRACK_TRANSACTION_CHARACTERISTICS,
                entry,
                0,
            )?),
            5 => drop(measured(d, SESSION_TRACK_TRANSACTION_STATE_LENGTH, SESSION_TRACK_TRANSACTION_STATE, entry, 0)?),
            _ => {}
        }
        d.close();
        at += 1 + width + len;
    }
    d.close();
    Ok(())
}

fn statement<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.uint(RESPONSE_CODE, tvb, 0, 1)?;
    le32(d, STMT_ID, tvb, 1)?;
    le16(d, NUM_FIELDS, tvb, 5)?;
    le16(d, NUM_PARAMS, tvb, 7)?;
    if tvb.reported() >= 12 {
        le16(d, WARNINGS, tvb, 10)?;
    }
    Ok(())
}

/// The description of a column.
fn column<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let mut at = 0;
    for field in [FIELD_CATALOG, FIELD_DB, FIELD_TABLE, FIELD_ORG_TABLE, FIELD_NAME, FIELD_ORG_NAME] {
        at = text(d, field, tvb, at)?;
    }
    le16(d, FIELD_CHARSETNR, tvb, at + 1)?;
    le32(d, FIELD_LENGTH, tvb, at + 3)?;
    d.uint(FIELD_TYPE, tvb, at + 7, 1)?;
    flags(d, FIELD_FLAGS, FIELD_FLAG_LIST, tvb, at + 8)?;
    d.uint(FIELD_DECIMALS, tvb, at + 10, 1)?;
    if at + 13 < tvb.reported() {
        text(d, FIELD_DEFAULT, tvb, at + 13)?;
    }
    Ok(())
}

fn binary_row<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, place: &Standing) -> Parsed {
    d.uint(RESPONSE_CODE, tvb, 0, 1)?;
    let count = place.types.len();
    // Two bits stand before those of the columns.
    let nulls = tvb.sub(1, (count + 9) / 8);
    d.bytes(ROW_NULLBUFFER, nulls, 0, nulls.reported());
    let mut at = 1 + nulls.reported();
    for (number, kind) in place.types.iter().enumerate() {
        let bit = number + 2;
        if nulls.u8(bit / 8)? >> (bit % 8) & 1 != 0 {
            d.add(EXEC_FIELD_NULL, tvb, at, 0, Value::None);
        } else {
            at = value(d, tvb, at, *kind, false)?;
        }
    }
    Ok(())
}

const SAMPLES: &[&str] = &[
    "4500007600010000400600000a0000020a0000010cea138800000001000000015018ffff000000004a0000000a382e302e3332000700 \
     0000616263646566676800fff7210200ff6f1500000000000000000000696a6b6c6d6e6f70717273740063616368696e675f73686132 \
     5f70617373776f726400",
    "4500009200010000400600000a0000010a00000213880cea000000010000004f5018ffff00000000660000018da61f00000000012100 \
     00000000000000000000000000000000000000000000726f6f74001401010101010101010101010101010101010101016462006d7973 \
     716c5f6e61746976655f70617373776f72640012035f6f73056c696e7578045f706964023132",
    "4500005800010000400600000a0000020a0000010cea13880000004f0000006b5018ffff000000002c000002fe6d7973716c5f6e6174 \
     6976655f70617373776f72640073616c7473616c7473616c7473616c7473616c7400",
    "4500004000010000400600000a0000010a00000213880cea0000006b0000007f5018ffff000000001400000302020202020202020202 \
     02020202020202020202",
    "4500003300010000400600000a0000020a0000010cea13880000007f000000835018ffff000000000700000400010502000000",
    "4500003500010000400600000a0000010a00000213880cea000000830000008a5018ffff00000000090000000373656c6563742031",
    "4500009800010000400600000a0000020a0000010cea13880000008a000000905018ffff0000000001000001021e0000020364656602 \
     6462017401740269640269640c21000b000000030342000000220000030364656602646201740174046e616d65046e616d650c21000b \
     000000fd034200000005000004fe00000200030000050131fb0600000601320374776f05000007fe00000200",
    "4500003000010000400600000a0000010a00000213880cea00000090000000fa5018ffff000000000400000003626164",
    "4500004200010000400600000a0000020a0000010cea1388000000fa000000985018ffff0000000016000001ff150423323830303041 \
     63636573732064656e696564",
    "4500003200010000400600000a0000010a00000213880cea00000098000001145018ffff0000000006000000026e65776462",
    "4500003300010000400600000a0000020a0000010cea138800000114000000a25018ffff000000000700000100010502000000",
    "4500003300010000400600000a0000010a00000213880cea000000a20000011f5018ffff000000000700000004740077696c64",
    "4500005500010000400600000a0000020a0000010cea13880000011f000000ad5018ffff000000002000000103646566026462017401 \
     740269640269640c21000b000000030342000000013705000002fe00000200",
    "4500003000010000400600000a0000010a00000213880cea000000ad0000014c5018ffff000000000400000005636462",
    "4500003300010000400600000a0000020a0000010cea13880000014c000000b55018ffff000000000700000100010502000000",
    "4500003000010000400600000a0000010a00000213880cea000000b5000001575018ffff000000000400000006636462",
    "4500003300010000400600000a0000020a0000010cea138800000157000000bd5018ffff000000000700000100010502000000",
    "4500002e00010000400600000a0000010a00000213880cea000000bd000001625018ffff00000000020000000705",
    "4500003300010000400600000a0000020a0000010cea138800000162000000c35018ffff000000000700000100010502000000",
    "4500002d00010000400600000a0000010a00000213880cea000000c30000016d5018ffff000000000100000009",
    "4500003500010000400600000a0000020a0000010cea13880000016d000000c85018ffff0000000009000001557074696d653a2031",
    "4500002d00010000400600000a0000010a00000213880cea000000c80000017a5018ffff00000000010000000a",
    "4500006700010000400600000a0000020a0000010cea13880000017a000000cd5018ffff0000000001000001011e0000020364656602 \
     6462017401740269640269640c21000b00000003034200000005000003fe0000020002000004013105000005fe00000200",
    "4500003100010000400600000a0000010a00000213880cea000000cd000001b95018ffff00000000050000000c09000000",
    "4500003300010000400600000a0000020a0000010cea1388000001b9000000d65018ffff000000000700000100010502000000",
    "4500002d00010000400600000a0000010a00000213880cea000000d6000001c45018ffff00000000010000000e",
    "4500003300010000400600000a0000020a0000010cea1388000001c4000000db5018ffff000000000700000100010502000000",
    "4500003500010000400600000a0000010a00000213880cea000000db000001cf5018ffff00000000090000001673656c656374203f",
    "4500022a00010000400600000a0000020a0000010cea1388000001cf000000e85018ffff000000000c000001000100000001000e0000 \
     00001c0000020364656602646201740174013f013f0c21000b0000000303420000001c0000030364656602646201740174013f013f0c \
     21000b0000000303420000001c0000040364656602646201740174013f013f0c21000b0000000303420000001c000005036465660264 \
     6201740174013f013f0c21000b0000000303420000001c0000060364656602646201740174013f013f0c21000b000000030342000000 \
     1c0000070364656602646201740174013f013f0c21000b0000000303420000001c0000080364656602646201740174013f013f0c2100 \
     0b0000000303420000001c0000090364656602646201740174013f013f0c21000b0000000303420000001c00000a0364656602646201 \
     740174013f013f0c21000b0000000303420000001c00000b0364656602646201740174013f013f0c21000b0000000303420000001c00 \
     000c0364656602646201740174013f013f0c21000b0000000303420000001c00000d0364656602646201740174013f013f0c21000b00 \
     00000303420000001c00000e0364656602646201740174013f013f0c21000b0000000303420000001c00000f03646566026462017401 \
     74013f013f0c21000b00000003034200000005000010fe000002001c0000040364656602646201740174016301630c21000b00000003 \
     034200000005000005fe00000200",
    "4500009400010000400600000a0000010a00000213880cea000000e8000003d15018ffff000000006800000017010000000001000000 \
     00200103000380010001800200028008000880040005000c000b00fd0006002a0000002b000000ffc8feff60eafdffffffffffffff00 \
     000000000000800000c03f000000000000044007e807050607080908000100000002030403737472",
    "4500006f00010000400600000a0000020a0000010cea1388000003d1000001545018ffff0000000001000001011c0000020364656602 \
     646201740174016301630c21000b00000003034200000005000003fe000002000600000400002a00000002000005000405000006fe00 \
     000200",
    "4500003700010000400600000a0000010a00000213880cea00000154000004185018ffff000000000b00000018010000000000626c6f \
     62",
    "4500003500010000400600000a0000010a00000213880cea00000163000004185018ffff00000000090000001c010000000a000000",
    "4500003b00010000400600000a0000020a0000010cea138800000418000001705018ffff000000000600000100002a00000005000002 \
     fe00000200",
    "4500003100010000400600000a0000010a00000213880cea000001700000042b5018ffff00000000050000001a01000000",
    "4500003300010000400600000a0000020a0000010cea13880000042b000001795018ffff000000000700000100010502000000",
    "4500002f00010000400600000a0000010a00000213880cea00000179000004365018ffff00000000030000001b0000",
    "4500003100010000400600000a0000020a0000010cea138800000436000001805018ffff0000000005000001fe00000200",
    "4500003100010000400600000a0000010a00000213880cea000001800000043f5018ffff00000000050000001901000000",
    "4500006100010000400600000a0000010a00000213880cea000001890000043f5018ffff000000003500000011753200140303030303 \
     0303030303030303030303030303036462320021006d7973716c5f6e61746976655f70617373776f726400",
    "4500003300010000400600000a0000020a0000010cea13880000043f000001c25018ffff000000000700000100010502000000",
    "4500003d00010000400600000a0000010a00000213880cea000001c20000044a5018ffff000000001100000012040000000000020000 \
     0062696e2e3031",
    "4500003100010000400600000a0000020a0000010cea13880000044a000001d75018ffff0000000005000001fe00000200",
    "4500004400010000400600000a0000010a00000213880cea000001d7000004535018ffff0000000018000000150200000004686f7374 \
     01750170ea0c0000000001000000",
    "4500003300010000400600000a0000020a0000010cea138800000453000001f35018ffff000000000700000100010502000000",
    "4500002d00010000400600000a0000010a00000213880cea000001f30000045e5018ffff00000000010000001f",
    "4500003300010000400600000a0000020a0000010cea13880000045e000001f85018ffff000000000700000100010502000000",
    "4500002e00010000400600000a0000010a00000213880cea000001f8000004695018ffff00000000020000000800",
    "4500003100010000400600000a0000020a0000010cea138800000469000001fe5018ffff0000000005000001fe00000200",
    "4500002d00010000400600000a0000010a00000213880cea000001fe000004725018ffff000000000100000001",
    "4500007600010000400600000a0000020a0000010cea138900000001000000015018ffff000000004a0000000a382e302e3332000700 \
     0000616263646566676800fff7210200ff6f1500000000000000000000696a6b6c6d6e6f70717273740063616368696e675f73686132 \
     5f70617373776f726400",
    "4500009200010000400600000a0000010a00000213890cea000000010000004f5018ffff00000000660000018da61f01000000012100 \
     00000000000000000000000000000000000000000000726f6f74001401010101010101010101010101010101010101016462006d7973 \
     716c5f6e61746976655f70617373776f72640012035f6f73056c696e7578045f706964023132",
    "4500005800010000400600000a0000020a0000010cea13890000004f0000006b5018ffff000000002c000002fe6d7973716c5f6e6174 \
     6976655f70617373776f72640073616c7473616c7473616c7473616c7473616c7400",
    "4500004000010000400600000a0000010a00000213890cea0000006b0000007f5018ffff000000001400000302020202020202020202 \
     02020202020202020202",
    "4500003300010000400600000a0000020a0000010cea13890000007f000000835018ffff000000000700000400010502000000",
    "4500003500010000400600000a0000010a00000213890cea000000830000008a5018ffff00000000090000000373656c6563742031",
    "4500009100010000400600000a0000020a0000010cea13890000008a000000905018ffff0000000001000001021e0000020364656602 \
     6462017401740269640269640c21000b000000030342000000220000030364656602646201740174046e616d65046e616d650c21000b \
     000000fd0342000000030000050131fb0600000601320374776f07000007fe000002000000",
    "4500003000010000400600000a0000010a00000213890cea00000090000000f35018ffff000000000400000003626164",
    "4500004200010000400600000a0000020a0000010cea1389000000f3000000985018ffff0000000016000001ff150423323830303041 \
     63636573732064656e696564",
    "4500003200010000400600000a0000010a00000213890cea000000980000010d5018ffff0000000006000000026e65776462",
    "4500003300010000400600000a0000020a0000010cea13890000010d000000a25018ffff000000000700000100010502000000",
    "4500007600010000400600000a0000020a0000010cea138b00000001000000015018ffff000000004a0000000a382e302e3332000700 \
     0000616263646566676800fff7210200ff6f1500000000000000000000696a6b6c6d6e6f70717273740063616368696e675f73686132 \
     5f70617373776f726400",
    "4500009200010000400600000a0000010a000002138b0cea000000010000004f5018ffff00000000660000018da61f09000000012100 \
     00000000000000000000000000000000000000000000726f6f74001401010101010101010101010101010101010101016462006d7973 \
     716c5f6e61746976655f70617373776f72640012035f6f73056c696e7578045f706964023132",
    "4500005800010000400600000a0000020a0000010cea138b0000004f0000006b5018ffff000000002c000002fe6d7973716c5f6e6174 \
     6976655f70617373776f72640073616c7473616c7473616c7473616c7473616c7400",
    "4500004000010000400600000a0000010a000002138b0cea0000006b0000007f5018ffff000000001400000302020202020202020202 \
     02020202020202020202",
    "4500003300010000400600000a0000020a0000010cea138b0000007f000000835018ffff000000000700000400010502000000",
    "4500003f00010000400600000a0000010a000002138b0cea000000830000008a5018ffff00000000130000000301010001fd00016101 \
     7673656c6563742031",
    "4500009100010000400600000a0000020a0000010cea138b0000008a0000009a5018ffff0000000001000001021e0000020364656602 \
     6462017401740269640269640c21000b000000030342000000220000030364656602646201740174046e616d65046e616d650c21000b \
     000000fd0342000000030000050131fb0600000601320374776f07000007fe000002000000",
    "4500007600010000400600000a0000020a0000010cea138c00000001000000015018ffff000000004a0000000a382e302e3332000700 \
     0000616263646566676800fff7210200ff6f1500000000000000000000696a6b6c6d6e6f70717273740063616368696e675f73686132 \
     5f70617373776f726400",
    "4500009200010000400600000a0000010a000002138c0cea000000010000004f5018ffff00000000660000018da69f00000000012100 \
     00000000000000000000000000000000000000000000726f6f74001401010101010101010101010101010101010101016462006d7973 \
     716c5f6e61746976655f70617373776f72640012035f6f73056c696e7578045f706964023132",
    "4500005800010000400600000a0000020a0000010cea138c0000004f0000006b5018ffff000000002c000002fe6d7973716c5f6e6174 \
     6976655f70617373776f72640073616c7473616c7473616c7473616c7473616c7400",
    "4500004000010000400600000a0000010a000002138c0cea0000006b0000007f5018ffff000000001400000302020202020202020202 \
     02020202020202020202",
    "4500006900010000400600000a0000020a0000010cea138c0000007f000000835018ffff000000003d00000400010502400000003400 \
     0f0a6175746f636f6d6d6974034f46460106056e6577646202020131030400026774040403534554050908545f5f5f5f5f5f5f",
    "4500003500010000400600000a0000010a000002138c0cea00000083000000c05018ffff00000000090000000373656c6563742031",
    "4500009800010000400600000a0000020a0000010cea138c000000c0000000905018ffff0000000001000001021e0000020364656602 \
     6462017401740269640269640c21000b000000030342000000220000030364656602646201740174046e616d65046e616d650c21000b \
     000000fd034200000005000004fe00000200030000050131fb0600000601320374776f05000007fe00000200",
    "4500003000010000400600000a0000010a000002138c0cea00000090000001305018ffff000000000400000003626164",
    "4500004200010000400600000a0000020a0000010cea138c00000130000000985018ffff0000000016000001ff150423323830303041 \
     63636573732064656e696564",
    "4500003200010000400600000a0000010a000002138c0cea000000980000014a5018ffff0000000006000000026e65776462",
    "4500003300010000400600000a0000020a0000010cea138c0000014a000000a25018ffff000000000700000100010502000000",
    "4500004600010000400600000a0000020a0000010cea177000000001000000015018ffff000000001a00000a352e372e333000000000 \
     00000000000000000000000000000000",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn what_a_message_is_follows_from_those_before() {
        let shown = frames(101, SAMPLES);
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
