//! Server Message Block, version 1 ([MS-CIFS]): the header of all commands, transactions up to what they carry, and the
//! dialects that a client offers.

mod commands;

use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Smb, "smb", "SMB (Server Message Block Protocol)";
    SERVER_COMPONENT = field("smb.server_component", "Server Component", Uint32, Hex);
    CMD = field("smb.cmd", "SMB Command", Uint8, Hex).names(Names::Values(COMMANDS));
    NT_STATUS = field("smb.nt_status", "NT Status", Uint32, Hex).names(Names::Values(STATUSES));
    ERROR_CLASS = field("smb.error_class", "Error Class", Uint8, Hex).names(Names::Values(ERROR_CLASSES));
    ERROR_CODE = field("smb.error_code", "Error Code", Uint16, Hex);
    FLAGS = field("smb.flags", "Flags", Uint8, Hex);
    FLAGS_RESPONSE = field("smb.flags.response", "Request/Response", Boolean, None).names(Names::Flag("Message is a response to the client/redirector", "Message is a request to the server")).mask(0x80);
    FLAGS_NOTIFY = field("smb.flags.notify", "Notify", Boolean, None).names(Names::Flag("Notify client on all modifications", "Notify client only on open")).mask(0x40);
    FLAGS_OPLOCK = field("smb.flags.oplock", "Oplocks", Boolean, None).names(Names::Flag("OpLock requested/granted", "OpLock not requested/granted")).mask(0x20);
    FLAGS_CANON = field("smb.flags.canon", "Canonicalized Pathnames", Boolean, None).names(Names::Flag("Pathnames are canonicalized", "Pathnames are not canonicalized")).mask(0x10);
    FLAGS_CASELESS = field("smb.flags.caseless", "Case Sensitivity", Boolean, None).names(Names::Flag("Path names are caseless", "Path names are case sensitive")).mask(0x8);
    FLAGS_RECEIVE_BUFFER = field("smb.flags.receive_buffer", "Receive Buffer Posted", Boolean, None).names(Names::Flag("Receive buffer has been posted", "Receive buffer has not been posted")).mask(0x2);
    FLAGS_LOCK = field("smb.flags.lock", "Lock and Read", Boolean, None).names(Names::Flag("Lock&Read, Write&Unlock are supported", "Lock&Read, Write&Unlock are not supported")).mask(0x1);
    FLAGS2 = field("smb.flags2", "Flags2", Uint16, Hex);
    FLAGS2_STRING = field("smb.flags2.string", "Unicode Strings", Boolean, None).names(Names::Flag("Strings are Unicode", "Strings are ASCII")).mask(0x8000);
    FLAGS2_NT_ERROR = field("smb.flags2.nt_error", "Error Code Type", Boolean, None).names(Names::Flag("Error codes are NT error codes", "Error codes are DOS error codes")).mask(0x4000);
    FLAGS2_ROE = field("smb.flags2.roe", "Execute-only Reads", Boolean, None).names(Names::Flag("Permit reads if execute-only", "Don't permit reads if execute-only")).mask(0x2000);
    FLAGS2_DFS = field("smb.flags2.dfs", "Dfs", Boolean, None).names(Names::Flag("Resolve pathnames with Dfs", "Don't resolve pathnames with Dfs")).mask(0x1000);
    FLAGS2_ESN = field("smb.flags2.esn", "Extended Security Negotiation", Boolean, None).names(Names::Flag("Extended security negotiation is supported", "Extended security negotiation is not supported")).mask(0x800);
    FLAGS2_REPARSE_PATH = field("smb.flags2.reparse_path", "Reparse Path", Boolean, None).names(Names::Flag("The request uses a @GMT reparse path", "The request does not use a @GMT reparse path")).mask(0x400);
    FLAGS2_LONG_NAMES_USED = field("smb.flags2.long_names_used", "Long Names Used", Boolean, None).names(Names::Flag("Path names in request are long file names", "Path names in request are not long file names")).mask(0x40);
    FLAGS2_SEC_SIG_REQUIRED = field("smb.flags2.sec_sig_required", "Security Signatures Required", Boolean, None).names(Names::Flag("Security signatures are required", "Security signatures are not required")).mask(0x10);
    FLAGS2_COMPRESSED = field("smb.flags2.compressed", "Compressed", Boolean, None).names(Names::Flag("Compression is requested", "Compression is not requested")).mask(0x8);
    FLAGS2_SEC_SIG = field("smb.flags2.sec_sig", "Security Signatures", Boolean, None).names(Names::Flag("Security signatures are supported", "Security signatures are not supported")).mask(0x4);
    FLAGS2_EA = field("smb.flags2.ea", "Extended Attributes", Boolean, None).names(Names::Flag("Extended attributes are supported", "Extended attributes are not supported")).mask(0x2);
    FLAGS2_LONG_NAMES_ALLOWED = field("smb.flags2.long_names_allowed", "Long Names Allowed", Boolean, None).names(Names::Flag("Long file names are allowed in the response", "Long file names are not allowed in the response")).mask(0x1);
    PID_HIGH = field("smb.pid.high", "Process ID High", Uint16, Dec);
    SIGNATURE = field("smb.signature", "Signature", Bytes, None);
    RESERVED = field("smb.reserved", "Reserved", Bytes, None);
    TID = field("smb.tid", "Tree ID", Uint16, Dec);
    PID = field("smb.pid", "Process ID", Uint16, Dec);
    UID = field("smb.uid", "User ID", Uint16, Dec);
    MID = field("smb.mid", "Multiplex ID", Uint16, Dec);
    WCT = field("smb.wct", "Word Count (WCT)", Uint8, Dec);
    TPC = field("smb.tpc", "Total Parameter Count", Uint32, Dec);
    TDC = field("smb.tdc", "Total Data Count", Uint32, Dec);
    MPC = field("smb.mpc", "Max Parameter Count", Uint32, Dec);
    MDC = field("smb.mdc", "Max Data Count", Uint32, Dec);
    MSC = field("smb.msc", "Max Setup Count", Uint8, Dec);
    TRANSACTION_FLAGS = field("smb.transaction.flags", "Flags", Uint16, Hex);
    TRANSACTION_OWT = field("smb.transaction.flags.owt", "One Way Transaction", Boolean, None).names(ONE_WAY).mask(0x2);
    TRANSACTION_DTID = field("smb.transaction.flags.dtid", "Disconnect TID", Boolean, None).names(DISCONNECTS).mask(0x1);
    TIMEOUT = field("smb.timeout", "Timeout", Uint32, Dec);
    PC = field("smb.pc", "Parameter Count", Uint16, Dec);
    PO = field("smb.po", "Parameter Offset", Uint16, Dec);
    DC = field("smb.dc", "Data Count", Uint16, Dec);
    DATA_OFFSET = field("smb.data_offset", "Data Offset", Uint16, Dec);
    SC = field("smb.sc", "Setup Count", Uint8, Dec);
    BCC = field("smb.bcc", "Byte Count (BCC)", Uint16, Dec);
    TRANS_NAME = field("smb.trans_name", "Transaction Name", String, None);
    BUFFER_FORMAT = field("smb.buffer_format", "Buffer Format", Uint8, Dec).names(Names::Values(BUFFER_FORMATS));
    DIALECT = field("smb.dialect", "Dialect", String, None);
    DIALECT_NAME = field("smb.dialect.name", "Name", String, None);
    DIALECT_INDEX = field("smb.dialect.index", "Selected Index", Uint16, Dec);
    SM = field("smb.sm", "Security Mode", Uint8, Hex);
    SM_MODE = field("smb.sm.mode", "Mode", Boolean, None).names(Names::Flag("USER security mode", "SHARE security mode")).mask(0x1);
    SM_PASSWORD = field("smb.sm.password", "Password", Boolean, None).names(Names::Flag("ENCRYPTED password. Use challenge/response", "PLAINTEXT password")).mask(0x2);
    SM_SIGNATURES = field("smb.sm.signatures", "Signatures", Boolean, None).names(Names::Flag("Security signatures ENABLED", "Security signatures NOT enabled")).mask(0x4);
    SM_SIG_REQUIRED = field("smb.sm.sig_required", "Sig Req", Boolean, None).names(Names::Flag("Security signatures REQUIRED", "Security signatures NOT required")).mask(0x8);
    MAX_MPX_COUNT = field("smb.max_mpx_count", "Max Mpx Count", Uint16, Dec);
    MAX_VCS = field("smb.max_vcs", "Max VCs", Uint16, Dec);
    MAX_BUFSIZE = field("smb.max_bufsize", "Max Buffer Size", Uint32, Dec);
    MAX_RAW = field("smb.max_raw", "Max Raw Buffer", Uint32, Dec);
    SESSION_KEY = field("smb.session_key", "Session Key", Uint32, Hex);
    SERVER_CAP = field("smb.server_cap", "Capabilities", Uint32, Hex);
    SYSTEM_TIME = field("smb.system.time", "System Time", AbsoluteTime, None);
    SERVER_TIMEZONE = field("smb.server_timezone", "Server Time Zone", Int16, Dec);
    CHALLENGE_LENGTH = field("smb.challenge_length", "Challenge Length", Uint16, Dec);
    CHALLENGE = field("smb.challenge", "Challenge", Bytes, None);
    SERVER_GUID = field("smb.server_guid", "Server GUID", Guid, None);
    SECURITY_BLOB = field("smb.security_blob", "Security Blob", Bytes, None);
    SECURITY_BLOB_LEN = field("smb.security_blob_len", "Security Blob Length", Uint16, Dec);
    PRIMARY_DOMAIN = field("smb.primary_domain", "Primary Domain", String, None);
    SERVER = field("smb.server", "Server", String, None);
    ANDXOFFSET = field("smb.andxoffset", "AndXOffset", Uint16, Dec);
    MAX_BUF = field("smb.max_buf", "Max Buffer", Uint16, Dec);
    VC = field("smb.vc", "VC Number", Uint16, Dec);
    SETUP_ACTION = field("smb.setup.action", "Action", Uint16, Hex);
    SETUP_ACTION_GUEST = field("smb.setup.action.guest", "Guest", Boolean, None).names(Names::Flag("Logged in as GUEST", "Not logged in as GUEST")).mask(0x1);
    ANSI_PWLEN = field("smb.ansi_pwlen", "ANSI Password Length", Uint16, Dec);
    UNICODE_PWLEN = field("smb.unicode_pwlen", "Unicode Password Length", Uint16, Dec);
    ANSI_PASSWORD = field("smb.ansi_password", "ANSI Password", Bytes, None);
    UNICODE_PASSWORD = field("smb.unicode_password", "Unicode Password", Bytes, None);
    ACCOUNT = field("smb.account", "Account", String, None);
    NATIVE_OS = field("smb.native_os", "Native OS", String, None);
    NATIVE_LANMAN = field("smb.native_lanman", "Native LAN Manager", String, None);
    CONNECT_FLAGS = field("smb.connect.flags", "Flags", Uint16, Hex);
    CONNECT_FLAGS_DTID = field("smb.connect.flags.dtid", "Disconnect TID", Boolean, None).names(Names::Flag("DISCONNECT TID", "Do NOT disconnect TID")).mask(0x1);
    CONNECT_FLAGS_EXTENDEDSIG = field("smb.connect.flags.extendedsig", "Extended Signature", Boolean, None).names(Names::Flag("Extended Signature", "NOT Extended Signature")).mask(0x4);
    CONNECT_FLAGS_EXTENDEDRESP = field("smb.connect.flags.extendedresp", "Extended Response", Boolean, None).names(Names::Flag("Extended Response", "NOT Extended Response")).mask(0x8);
    PWLEN = field("smb.pwlen", "Password Length", Uint16, Dec);
    PASSWORD = field("smb.password", "Password", Bytes, None);
    PATH = field("smb.path", "Path", String, None);
    SERVICE = field("smb.service", "Service", String, None);
    CONNECT_SUPPORT = field("smb.connect.support", "Optional Support", Uint16, Hex);
    CONNECT_SUPPORT_SEARCH = field("smb.connect.support.search", "Search Bits", Boolean, None).names(Names::Flag("Exclusive search bits supported", "Exclusive search bits not supported")).mask(0x1);
    CONNECT_SUPPORT_DFS = field("smb.connect.support.dfs", "In Dfs", Boolean, None).names(Names::Flag("Share is in Dfs", "Share isn't in Dfs")).mask(0x2);
    CONNECT_SUPPORT_CSCMASK = field("smb.connect.support.cscmask", "CSC Mask", Uint16, Dec).mask(0xc);
    CONNECT_SUPPORT_UNIQFILENAME = field("smb.connect.support.uniqfilename", "Unique File Name", Boolean, None).names(Names::Flag("Client allowed to cache share namespaces", "Client NOT allowed to cache share namespaces")).mask(0x10);
    CONNECT_SUPPORT_EXTENDEDSIG = field("smb.connect.support.extendedsig", "Extended Signatures", Boolean, None).names(Names::Flag("Extended signature", "NOT extended signature")).mask(0x20);
    NATIVE_FS = field("smb.native_fs", "Native File System", String, None);
    FID = field("smb.fid", "FID", Uint16, Hex);
    FILE_NAME_LEN = field("smb.file_name_len", "File Name Len", Uint32, Dec);
    CREATE_FLAGS = field("smb.create_flags", "Create Flags", Uint32, Hex);
    NT_CREATE_OPLOCK = field("smb.nt.create.oplock", "Exclusive Oplock", Boolean, None).names(Names::Flag("Requesting OPLOCK", "Does NOT request oplock")).mask(0x2);
    NT_CREATE_BATCH_OPLOCK = field("smb.nt.create.batch_oplock", "Batch Oplock", Boolean, None).names(Names::Flag("Requesting BATCH OPLOCK", "Does NOT request batch oplock")).mask(0x4);
    NT_CREATE_DIR = field("smb.nt.create.dir", "Create Directory", Boolean, None).names(Names::Flag("Target of open MUST be a DIRECTORY", "Target of open can be a file")).mask(0x8);
    NT_CREATE_EXT = field("smb.nt.create.ext", "Extended Response", Boolean, None).names(Names::Flag("Extended responses required", "Extended responses NOT required")).mask(0x10);
    RFID = field("smb.rfid", "Root FID", Uint32, Hex);
    FILE_ATTRIBUTE = field("smb.file_attribute", "File Attributes", Uint16, Hex);
    CREATE_DISPOSITION = field("smb.create.disposition", "Disposition", Uint32, Dec);
    IMPERSONATION_LEVEL = field("smb.impersonation.level", "Impersonation", Uint32, Dec);
    SECURITY_FLAGS = field("smb.security.flags", "Security Flags", Uint8, Hex);
    SECURITY_FLAGS_CONTEXT_TRACKING = field("smb.security.flags.context_tracking", "Context Tracking", Boolean, None).names(Names::Flag("Security tracking mode is DYNAMIC", "Security tracking mode is STATIC")).mask(0x1);
    SECURITY_FLAGS_EFFECTIVE_ONLY = field("smb.security.flags.effective_only", "Effective Only", Boolean, None).names(Names::Flag("ONLY ENABLED aspects of the client's security context are available", "ALL aspects of the client's security context are available")).mask(0x2);
    FILE = field("smb.file", "File Name", String, None);
    OPLOCK_LEVEL = field("smb.oplock.level", "Oplock level", Uint8, Dec);
    CREATE_ACTION = field("smb.create.action", "Create action", Uint32, Dec);
    CREATE_TIME = field("smb.create.time", "Created", AbsoluteTime, None);
    ACCESS_TIME = field("smb.access.time", "Last Access", AbsoluteTime, None);
    LAST_WRITE_TIME = field("smb.last_write.time", "Last Write", AbsoluteTime, None);
    CHANGE_TIME = field("smb.change.time", "Change", AbsoluteTime, None);
    FILE_TYPE = field("smb.file_type", "File Type", Uint16, Dec);
    IPC_STATE = field("smb.ipc_state", "IPC State", Uint16, Hex);
    IPC_STATE_NONBLOCKING = field("smb.ipc_state.nonblocking", "Nonblocking", Boolean, None).names(Names::Flag("Reads/writes return immediately if no data available", "Reads/writes block if no data available")).mask(0x8000);
    IPC_STATE_ENDPOINT = field("smb.ipc_state.endpoint", "Endpoint", Uint16, Dec).mask(0x4000);
    IPC_STATE_PIPE_TYPE = field("smb.ipc_state.pipe_type", "Pipe Type", Uint16, Dec).mask(0xc00);
    IPC_STATE_READ_MODE = field("smb.ipc_state.read_mode", "Read Mode", Uint16, Dec).mask(0x300);
    OFFSET = field("smb.offset", "Offset", Uint32, Dec);
    MAXCOUNT_LOW = field("smb.maxcount_low", "Max Count Low", Uint16, Dec);
    MINCOUNT = field("smb.mincount", "Min Count", Uint16, Dec);
    REMAINING = field("smb.remaining", "Remaining", Uint32, Dec);
    OFFSET_HIGH = field("smb.offset_high", "High Offset", Uint32, Dec);
    FILE_RW_OFFSET = field("smb.file.rw.offset", "File Offset", Uint64, Dec);
    FILE_RW_LENGTH = field("smb.file.rw.length", "File RW Length", Uint32, Dec);
    DCM = field("smb.dcm", "Data Compaction Mode", Uint16, Dec);
    DATA_LEN_LOW = field("smb.data_len_low", "Data Length Low", Uint16, Dec);
    DATA_LEN_HIGH = field("smb.data_len_high", "Data Length High (multiply with 64K)", Uint16, Dec);
    WRITE_MODE = field("smb.write.mode", "Write Mode", Uint16, Hex);
    WRITE_MODE_MESSAGE_START = field("smb.write.mode.message_start", "Message Start", Boolean, None).names(Names::Flag("This is the START of a MESSAGE (pipe)", "This is NOT the start of a message (pipe)")).mask(0x8);
    WRITE_MODE_RAW = field("smb.write.mode.raw", "Write Raw", Boolean, None).names(Names::Flag("Use WriteRawNamedPipe (pipe)", "DON'T use WriteRawNamedPipe (pipe)")).mask(0x4);
    WRITE_MODE_RETURN_REMAINING = field("smb.write.mode.return_remaining", "Return Remaining", Boolean, None).names(Names::Flag("RETURN REMAINING (pipe/dev) requested", "DON'T return remaining (pipe/dev)")).mask(0x2);
    WRITE_MODE_WRITE_THROUGH = field("smb.write.mode.write_through", "Write Through", Boolean, None).names(Names::Flag("WRITE THROUGH requested", "Write through not requested")).mask(0x1);
    COUNT_LOW = field("smb.count_low", "Count Low", Uint16, Dec);
    COUNT_HIGH = field("smb.count_high", "Count High (multiply with 64K)", Uint16, Dec);
    PADDING = field("smb.padding", "Padding", Bytes, None);
    SEARCH_ATTRIBUTE = field("smb.search.attribute", "Search Attributes", Uint16, Hex);
    SEARCH_ATTRIBUTE_READ_ONLY = field("smb.search.attribute.read_only", "Read Only", Boolean, None).names(Names::Flag("Include READ ONLY files in search results", "Do NOT include read only files in search results")).mask(0x1);
    SEARCH_ATTRIBUTE_HIDDEN = field("smb.search.attribute.hidden", "Hidden", Boolean, None).names(Names::Flag("Include HIDDEN files in search results", "Do NOT include hidden files in search results")).mask(0x2);
    SEARCH_ATTRIBUTE_SYSTEM = field("smb.search.attribute.system", "System", Boolean, None).names(Names::Flag("Include SYSTEM files in search results", "Do NOT include system files in search results")).mask(0x4);
    SEARCH_ATTRIBUTE_VOLUME = field("smb.search.attribute.volume", "Volume ID", Boolean, None).names(Names::Flag("Include VOLUME IDs in search results", "Do NOT include volume IDs in search results")).mask(0x8);
    SEARCH_ATTRIBUTE_DIRECTORY = field("smb.search.attribute.directory", "Directory", Boolean, None).names(Names::Flag("Include DIRECTORIES in search results", "Do NOT include directories in search results")).mask(0x10);
    SEARCH_ATTRIBUTE_ARCHIVE = field("smb.search.attribute.archive", "Archive", Boolean, None).names(Names::Flag("Include ARCHIVE files in search results", "Do NOT include archive files in search results")).mask(0x20);
    ECHO_COUNT = field("smb.echo.count", "Echo Count", Uint16, Dec);
    ECHO_SEQ_NUM = field("smb.echo.seq_num", "Echo Seq Num", Uint16, Dec);
    ECHO_DATA = field("smb.echo.data", "Echo Data", Bytes, None);
    DIR_NAME = field("smb.dir_name", "Directory", String, None);
    OLD_FILE = field("smb.old_file", "Old File Name", String, None);
    TRANS2_CMD = field("smb.trans2.cmd", "Subcommand", Uint16, Hex).names(Names::Values(TRANSACTIONS2));
    QPI_LOI = field("smb.qpi_loi", "Level of Interest", Uint16, Dec);
    TRANS_DATA = field("smb.trans_data", "Data", Bytes, None);
    TRANS_DATA_SETUP_WORD = field("smb.trans_data.setup_word", "Setup Word", Uint16, Hex);
    SERVER_CAP_RAW_MODE = field("smb.server_cap.raw_mode", "Raw Mode", Boolean, None).names(Names::Flag("Read Raw and Write Raw are supported", "Read Raw and Write Raw are not supported")).mask(0x1);
    SERVER_CAP_MPX_MODE = field("smb.server_cap.mpx_mode", "MPX Mode", Boolean, None).names(Names::Flag("Read Mpx and Write Mpx are supported", "Read Mpx and Write Mpx are not supported")).mask(0x2);
    SERVER_CAP_UNICODE = field("smb.server_cap.unicode", "Unicode", Boolean, None).names(Names::Flag("Unicode strings are supported", "Unicode strings are not supported")).mask(0x4);
    SERVER_CAP_LARGE_FILES = field("smb.server_cap.large_files", "Large Files", Boolean, None).names(Names::Flag("Large files are supported", "Large files are not supported")).mask(0x8);
    SERVER_CAP_NT_SMBS = field("smb.server_cap.nt_smbs", "NT SMBs", Boolean, None).names(Names::Flag("NT SMBs are supported", "NT SMBs are not supported")).mask(0x10);
    SERVER_CAP_RPC_REMOTE_APIS = field("smb.server_cap.rpc_remote_apis", "RPC Remote APIs", Boolean, None).names(Names::Flag("RPC remote APIs are supported", "RPC remote APIs are not supported")).mask(0x20);
    SERVER_CAP_NT_STATUS = field("smb.server_cap.nt_status", "NT Status Codes", Boolean, None).names(Names::Flag("NT status codes are supported", "NT status codes are not supported")).mask(0x40);
    SERVER_CAP_LEVEL_2_OPLOCKS = field("smb.server_cap.level_2_oplocks", "Level 2 Oplocks", Boolean, None).names(Names::Flag("Level 2 oplocks are supported", "Level 2 oplocks are not supported")).mask(0x80);
    SERVER_CAP_LOCK_AND_READ = field("smb.server_cap.lock_and_read", "Lock and Read", Boolean, None).names(Names::Flag("Lock and Read is supported", "Lock and Read is not supported")).mask(0x100);
    SERVER_CAP_NT_FIND = field("smb.server_cap.nt_find", "NT Find", Boolean, None).names(Names::Flag("NT Find is supported", "NT Find is not supported")).mask(0x200);
    SERVER_CAP_DFS = field("smb.server_cap.dfs", "Dfs", Boolean, None).names(Names::Flag("Dfs is supported", "Dfs is not supported")).mask(0x1000);
    SERVER_CAP_INFOLEVEL_PASSTHRU = field("smb.server_cap.infolevel_passthru", "Infolevel Passthru", Boolean, None).names(Names::Flag("NT information level request passthrough is supported", "NT information level request passthrough is not supported")).mask(0x2000);
    SERVER_CAP_LARGE_READX = field("smb.server_cap.large_readx", "Large ReadX", Boolean, None).names(Names::Flag("Large Read andX is supported", "Large Read andX is not supported")).mask(0x4000);
    SERVER_CAP_LARGE_WRITEX = field("smb.server_cap.large_writex", "Large WriteX", Boolean, None).names(Names::Flag("Large Write andX is supported", "Large Write andX is not supported")).mask(0x8000);
    SERVER_CAP_LWIO = field("smb.server_cap.lwio", "LWIO", Boolean, None).names(Names::Flag("LWIO ioctl/fsctl is supported", "LWIO ioctl/fsctl is not supported")).mask(0x10000);
    SERVER_CAP_UNIX = field("smb.server_cap.unix", "UNIX", Boolean, None).names(Names::Flag("UNIX extensions are supported", "UNIX extensions are not supported")).mask(0x800000);
    SERVER_CAP_COMPRESSED_DATA = field("smb.server_cap.compressed_data", "Compressed Data", Boolean, None).names(Names::Flag("Compressed data transfer is supported", "Compressed data transfer is not supported")).mask(0x2000000);
    SERVER_CAP_DYNAMIC_REAUTH = field("smb.server_cap.dynamic_reauth", "Dynamic Reauth", Boolean, None).names(Names::Flag("Dynamic Reauth is supported", "Dynamic Reauth is not supported")).mask(0x20000000);
    SERVER_CAP_EXTENDED_SECURITY = field("smb.server_cap.extended_security", "Extended Security", Boolean, None).names(Names::Flag("Extended security exchanges are supported", "Extended security exchanges are not supported")).mask(0x80000000);
    FILE_ATTRIBUTE_READ_ONLY = field("smb.file_attribute.read_only", "Read Only", Boolean, None).names(Names::Flag("READ ONLY", "NOT read only")).mask(0x1);
    FILE_ATTRIBUTE_HIDDEN = field("smb.file_attribute.hidden", "Hidden", Boolean, None).names(Names::Flag("HIDDEN", "NOT hidden")).mask(0x2);
    FILE_ATTRIBUTE_SYSTEM = field("smb.file_attribute.system", "System", Boolean, None).names(Names::Flag("SYSTEM file/dir", "NOT a system file/dir")).mask(0x4);
    FILE_ATTRIBUTE_VOLUME = field("smb.file_attribute.volume", "Volume ID", Boolean, None).names(Names::Flag("VOLUME ID", "NOT a volume ID")).mask(0x8);
    FILE_ATTRIBUTE_DIRECTORY = field("smb.file_attribute.directory", "Directory", Boolean, None).names(Names::Flag("DIRECTORY", "NOT a directory")).mask(0x10);
    FILE_ATTRIBUTE_ARCHIVE = field("smb.file_attribute.archive", "Archive", Boolean, None).names(Names::Flag("Modified since last ARCHIVE", "Has NOT been modified since last archive")).mask(0x20);
    FILE_ATTRIBUTE_DEVICE = field("smb.file_attribute.device", "Device", Boolean, None).names(Names::Flag("A DEVICE", "NOT a device")).mask(0x40);
    FILE_ATTRIBUTE_NORMAL = field("smb.file_attribute.normal", "Normal", Boolean, None).names(Names::Flag("An ordinary file/dir", "Has some attribute set")).mask(0x80);
    FILE_ATTRIBUTE_TEMPORARY = field("smb.file_attribute.temporary", "Temporary", Boolean, None).names(Names::Flag("A TEMPORARY file", "NOT a temporary file")).mask(0x100);
    FILE_ATTRIBUTE_SPARSE = field("smb.file_attribute.sparse", "Sparse", Boolean, None).names(Names::Flag("A SPARSE file", "NOT a sparse file")).mask(0x200);
    FILE_ATTRIBUTE_REPARSE = field("smb.file_attribute.reparse", "Reparse Point", Boolean, None).names(Names::Flag("Has an associated REPARSE POINT", "Does NOT have an associated reparse point")).mask(0x400);
    FILE_ATTRIBUTE_COMPRESSED = field("smb.file_attribute.compressed", "Compressed", Boolean, None).names(Names::Flag("COMPRESSED", "Uncompressed")).mask(0x800);
    FILE_ATTRIBUTE_OFFLINE = field("smb.file_attribute.offline", "Offline", Boolean, None).names(Names::Flag("OFFLINE", "Online")).mask(0x1000);
    FILE_ATTRIBUTE_NOT_CONTENT_INDEXED = field("smb.file_attribute.not_content_indexed", "Content Indexed", Boolean, None).names(Names::Flag("CONTENT INDEXED", "NOT content indexed")).mask(0x2000);
    FILE_ATTRIBUTE_ENCRYPTED = field("smb.file_attribute.encrypted", "Encrypted", Boolean, None).names(Names::Flag("This is an ENCRYPTED file", "This is NOT an encrypted file")).mask(0x4000);
    ACCESS_MASK = field("smb.access_mask", "Access Mask", Uint32, Hex);
    ACCESS_READ = field("smb.access.read", "Read", Boolean, None).names(Names::Flag("READ access", "NO read access")).mask(0x1);
    ACCESS_WRITE = field("smb.access.write", "Write", Boolean, None).names(Names::Flag("WRITE access", "NO write access")).mask(0x2);
    ACCESS_APPEND = field("smb.access.append", "Append", Boolean, None).names(Names::Flag("APPEND access", "NO append access")).mask(0x4);
    ACCESS_READ_EA = field("smb.access.read_ea", "Read EA", Boolean, None).names(Names::Flag("READ EXTENDED ATTRIBUTES access", "NO read extended attributes access")).mask(0x8);
    ACCESS_WRITE_EA = field("smb.access.write_ea", "Write EA", Boolean, None).names(Names::Flag("WRITE EXTENDED ATTRIBUTES access", "NO write extended attributes access")).mask(0x10);
    ACCESS_EXECUTE = field("smb.access.execute", "Execute", Boolean, None).names(Names::Flag("EXECUTE access", "NO execute access")).mask(0x20);
    ACCESS_DELETE_CHILD = field("smb.access.delete_child", "Delete Child", Boolean, None).names(Names::Flag("DELETE CHILD access", "NO delete child access")).mask(0x40);
    ACCESS_READ_ATTRIBUTES = field("smb.access.read_attributes", "Read Attributes", Boolean, None).names(Names::Flag("READ ATTRIBUTES access", "NO read attributes access")).mask(0x80);
    ACCESS_WRITE_ATTRIBUTES = field("smb.access.write_attributes", "Write Attributes", Boolean, None).names(Names::Flag("WRITE ATTRIBUTES access", "NO write attributes access")).mask(0x100);
    ACCESS_DELETE = field("smb.access.delete", "Delete", Boolean, None).names(Names::Flag("DELETE access", "NO delete access")).mask(0x10000);
    ACCESS_READ_CONTROL = field("smb.access.read_control", "Read Control", Boolean, None).names(Names::Flag("READ ACCESS to owner, group and ACL of the SID", "Read access is NOT granted to owner, group and ACL of the SID")).mask(0x20000);
    ACCESS_WRITE_DAC = field("smb.access.write_dac", "Write DAC", Boolean, None).names(Names::Flag("OWNER may WRITE the DAC", "Owner may NOT write to the DAC")).mask(0x40000);
    ACCESS_WRITE_OWNER = field("smb.access.write_owner", "Write Owner", Boolean, None).names(Names::Flag("Can WRITE OWNER (take ownership)", "Can NOT write owner (take ownership)")).mask(0x80000);
    ACCESS_SYNCHRONIZE = field("smb.access.synchronize", "Synchronize", Boolean, None).names(Names::Flag("Can wait on handle to SYNCHRONIZE on completion of I/O", "Can NOT wait on handle to synchronize on completion of I/O")).mask(0x100000);
    ACCESS_SYSTEM_SECURITY = field("smb.access.system_security", "System Security", Boolean, None).names(Names::Flag("SYSTEM SECURITY is set", "System security is NOT set")).mask(0x1000000);
    ACCESS_MAXIMUM_ALLOWED = field("smb.access.maximum_allowed", "Maximum Allowed", Boolean, None).names(Names::Flag("MAXIMUM ALLOWED is set", "Maximum allowed is NOT set")).mask(0x2000000);
    ACCESS_GENERIC_ALL = field("smb.access.generic_all", "Generic All", Boolean, None).names(Names::Flag("GENERIC ALL is set", "Generic all is NOT set")).mask(0x10000000);
    ACCESS_GENERIC_EXECUTE = field("smb.access.generic_execute", "Generic Execute", Boolean, None).names(Names::Flag("GENERIC EXECUTE is set", "Generic execute is NOT set")).mask(0x20000000);
    ACCESS_GENERIC_WRITE = field("smb.access.generic_write", "Generic Write", Boolean, None).names(Names::Flag("GENERIC WRITE is set", "Generic write is NOT set")).mask(0x40000000);
    ACCESS_GENERIC_READ = field("smb.access.generic_read", "Generic Read", Boolean, None).names(Names::Flag("GENERIC READ is set", "Generic read is NOT set")).mask(0x80000000);
    SHARE_ACCESS = field("smb.share_access", "Share Access", Uint32, Hex);
    SHARE_ACCESS_READ = field("smb.share.access.read", "Read", Boolean, None).names(Names::Flag("Object can be shared for READ", "Object can NOT be shared for read")).mask(0x1);
    SHARE_ACCESS_WRITE = field("smb.share.access.write", "Write", Boolean, None).names(Names::Flag("Object can be shared for WRITE", "Object can NOT be shared for write")).mask(0x2);
    SHARE_ACCESS_DELETE = field("smb.share.access.delete", "Delete", Boolean, None).names(Names::Flag("Object can be shared for DELETE", "Object can NOT be shared for delete")).mask(0x4);
    CREATE_OPTIONS = field("smb.create_options", "Create Options", Uint32, Hex);
    NT_CREATE_OPTIONS_DIRECTORY = field("smb.nt.create_options.directory", "Directory", Boolean, None).names(Names::Flag("File being created/opened must be a directory", "File being created/opened must not be a directory")).mask(0x1);
    NT_CREATE_OPTIONS_WRITE_THROUGH = field("smb.nt.create_options.write_through", "Write Through", Boolean, None).names(Names::Flag("Writes should flush buffered data before completing", "Writes need not flush buffered data before completing")).mask(0x2);
    NT_CREATE_OPTIONS_SEQUENTIAL_ONLY = field("smb.nt.create_options.sequential_only", "Sequential Only", Boolean, None).names(Names::Flag("The file will only be accessed sequentially", "The file might not only be accessed sequentially")).mask(0x4);
    NT_CREATE_OPTIONS_INTERMEDIATE_BUFFERING = field("smb.nt.create_options.intermediate_buffering", "Intermediate Buffering", Boolean, None).names(Names::Flag("NO intermediate buffering is allowed", "Intermediate buffering is allowed")).mask(0x8);
    NT_CREATE_OPTIONS_SYNC_IO_ALERT = field("smb.nt.create_options.sync_io_alert", "Sync I/O Alert", Boolean, None).names(Names::Flag("All operations SYNCHRONOUS, waits subject to termination from alert", "Operations NOT necessarily synchronous")).mask(0x10);
    NT_CREATE_OPTIONS_SYNC_IO_NONALERT = field("smb.nt.create_options.sync_io_nonalert", "Sync I/O Nonalert", Boolean, None).names(Names::Flag("All operations SYNCHRONOUS, waits not subject to alert", "Operations NOT necessarily synchronous")).mask(0x20);
    NT_CREATE_OPTIONS_NON_DIRECTORY = field("smb.nt.create_options.non_directory", "Non-Directory", Boolean, None).names(Names::Flag("File being created/opened must not be a directory", "File being created/opened must be a directory")).mask(0x40);
    NT_CREATE_OPTIONS_CREATE_TREE_CONNECTION = field("smb.nt.create_options.create_tree_connection", "Create Tree Connection", Boolean, None).names(Names::Flag("Create Tree Connections is SET", "Create Tree Connections is NOT set")).mask(0x80);
    NT_CREATE_OPTIONS_COMPLETE_IF_OPLOCKED = field("smb.nt.create_options.complete_if_oplocked", "Complete If Oplocked", Boolean, None).names(Names::Flag("Complete if oplocked is SET", "Complete if oplocked is NOT set")).mask(0x100);
    NT_CREATE_OPTIONS_NO_EA_KNOWLEDGE = field("smb.nt.create_options.no_ea_knowledge", "No EA Knowledge", Boolean, None).names(Names::Flag("The client does not understand extended attributes", "The client understands extended attributes")).mask(0x200);
    NT_CREATE_OPTIONS_EIGHT_DOT_THREE_ONLY = field("smb.nt.create_options.eight_dot_three_only", "8.3 Only", Boolean, None).names(Names::Flag("The client understands only 8.3 file names", "The client understands long file names")).mask(0x400);
    NT_CREATE_OPTIONS_RANDOM_ACCESS = field("smb.nt.create_options.random_access", "Random Access", Boolean, None).names(Names::Flag("The file will be accessed randomly", "The file will not be accessed randomly")).mask(0x800);
    NT_CREATE_OPTIONS_DELETE_ON_CLOSE = field("smb.nt.create_options.delete_on_close", "Delete On Close", Boolean, None).names(Names::Flag("The file should be deleted when it is closed", "The file should not be deleted when it is closed")).mask(0x1000);
    NT_CREATE_OPTIONS_OPEN_BY_FILEID = field("smb.nt.create_options.open_by_fileid", "Open By FileID", Boolean, None).names(Names::Flag("OpenByFileID bit is SET", "OpenByFileID is NOT set")).mask(0x2000);
    NT_CREATE_OPTIONS_BACKUP_INTENT = field("smb.nt.create_options.backup_intent", "Backup Intent", Boolean, None).names(Names::Flag("This is a create with BACKUP INTENT", "This is a normal create")).mask(0x4000);
    NT_CREATE_OPTIONS_NO_COMPRESSION = field("smb.nt.create_options.no_compression", "No Compression", Boolean, None).names(Names::Flag("Open/Create with NO Compression", "Compression is allowed for Open/Create")).mask(0x8000);
    NT_CREATE_OPTIONS_RESERVE_OPFILTER = field("smb.nt.create_options.reserve_opfilter", "Reserve Opfilter", Boolean, None).names(Names::Flag("Reserve Opfilter is SET", "Reserve Opfilter is NOT set")).mask(0x100000);
    NT_CREATE_OPTIONS_OPEN_REPARSE_POINT = field("smb.nt.create_options.open_reparse_point", "Open Reparse Point", Boolean, None).names(Names::Flag("Open a Reparse Point", "Normal open")).mask(0x200000);
    NT_CREATE_OPTIONS_OPEN_NO_RECALL = field("smb.nt.create_options.open_no_recall", "Open No Recall", Boolean, None).names(Names::Flag("Open No Recall is SET", "Open no recall is NOT set")).mask(0x400000);
    NT_CREATE_OPTIONS_OPEN_FOR_FREE_SPACE_QUERY = field("smb.nt.create_options.open_for_free_space_query", "Open For Free Space query", Boolean, None).names(Names::Flag("This is an OPEN FOR FREE SPACE QUERY", "This is NOT an open for free space query")).mask(0x800000);
    ALLOC_SIZE64 = field("smb.alloc_size64", "Allocation Size", Uint64, Dec);
    END_OF_FILE = field("smb.end_of_file", "End Of File", Uint64, Dec);
    LINK_COUNT = field("smb.link_count", "Link Count", Uint32, Dec);
    DELETE_PENDING = field("smb.delete_pending", "Delete Pending", Uint16, Dec);
    IS_DIRECTORY = field("smb.is_directory", "Is Directory", Uint8, Dec);
    FS_ATTR = field("smb.fs_attr", "FS Attributes", Uint32, Hex);
    FS_MAX_NAME_LEN = field("smb.fs_max_name_len", "Max name length", Uint32, Dec);
    FS_NAME_LEN = field("smb.fs_name.len", "Label Length", Uint32, Dec);
    FS_NAME = field("smb.fs_name", "FS Name", String, None);
    FS_ATTR_CSS = field("smb.fs_attr.css", "Case Sensitive Search", Boolean, None).names(Names::Flag("This FS supports CASE SENSITIVE SEARCHes", "This FS does NOT support case sensitive searches")).mask(0x1);
    FS_ATTR_CPN = field("smb.fs_attr.cpn", "Case Preserving", Boolean, None).names(Names::Flag("This FS supports CASE PRESERVED NAMES", "This FS does NOT support case preserved names")).mask(0x2);
    FS_ATTR_UOD = field("smb.fs_attr.uod", "Unicode On Disk", Boolean, None).names(Names::Flag("This FS supports UNICODE NAMES", "This FS does NOT support unicode names")).mask(0x4);
    FS_ATTR_PACLS = field("smb.fs_attr.pacls", "Persistent ACLs", Boolean, None).names(Names::Flag("This FS supports PERSISTENT ACLs", "This FS does NOT support persistent acls")).mask(0x8);
    FS_ATTR_FC = field("smb.fs_attr.fc", "Compression", Boolean, None).names(Names::Flag("This FS supports COMPRESSED FILES", "This FS does NOT support compressed files")).mask(0x10);
    FS_ATTR_VQ = field("smb.fs_attr.vq", "Volume Quotas", Boolean, None).names(Names::Flag("This FS supports VOLUME QUOTAS", "This FS does NOT support volume quotas")).mask(0x20);
    FS_ATTR_SSF = field("smb.fs_attr.ssf", "Sparse Files", Boolean, None).names(Names::Flag("This FS supports SPARSE FILES", "This FS does NOT support sparse files")).mask(0x40);
    FS_ATTR_SRP = field("smb.fs_attr.srp", "Reparse Points", Boolean, None).names(Names::Flag("This FS supports REPARSE POINTS", "This FS does NOT support reparse points")).mask(0x80);
    FS_ATTR_SRS = field("smb.fs_attr.srs", "Remote Storage", Boolean, None).names(Names::Flag("This FS supports REMOTE STORAGE", "This FS does NOT support remote storage")).mask(0x100);
    FS_ATTR_SLA = field("smb.fs_attr.sla", "LFN APIs", Boolean, None).names(Names::Flag("This FS supports LFN APIs", "This FS does NOT support lfn apis")).mask(0x4000);
    FS_ATTR_VIS = field("smb.fs_attr.vis", "Volume Is Compressed", Boolean, None).names(Names::Flag("This FS VOLUME IS COMPRESSED", "This FS volume is NOT compressed")).mask(0x8000);
    FS_ATTR_SOIDS = field("smb.fs_attr.soids", "Supports OIDs", Boolean, None).names(Names::Flag("This FS supports OIDs", "This FS does NOT support OIDs")).mask(0x10000);
    FS_ATTR_SE = field("smb.fs_attr.se", "Supports Encryption", Boolean, None).names(Names::Flag("This FS supports ENCRYPTION", "This FS does NOT support encryption")).mask(0x20000);
    FS_ATTR_NS = field("smb.fs_attr.ns", "Named Streams", Boolean, None).names(Names::Flag("This FS supports NAMED STREAMS", "This FS does NOT support named streams")).mask(0x40000);
    FS_ATTR_ROV = field("smb.fs_attr.rov", "Read Only Volume", Boolean, None).names(Names::Flag("This is a READ ONLY VOLUME", "This is a read/write volume")).mask(0x80000);
    FS_ATTR_SWO = field("smb.fs_attr.swo", "Sequential Write Once", Boolean, None).names(Names::Flag("This is a SEQUENTIAL WRITE ONCE VOLUME", "This is NOT a sequential write once volume")).mask(0x100000);
    FS_ATTR_ST = field("smb.fs_attr.st", "Transactions", Boolean, None).names(Names::Flag("This filesystem supports TRANSACTIONS", "This filesystem does NOT support transactions")).mask(0x200000);
    FS_ATTR_SHL = field("smb.fs_attr.shl", "Hard Links", Boolean, None).names(Names::Flag("This filesystem supports HARD LINKS", "This filesystem does NOT support hard links")).mask(0x400000);
    FS_ATTR_SIS = field("smb.fs_attr.sis", "Integrity Streams", Boolean, None).names(Names::Flag("This filesystem supports INTEGRITY STREAMS", "This filesystem does NOT support integrity streams")).mask(0x4000000);
    FS_ATTR_SBR = field("smb.fs_attr.sbr", "Block Refcounting", Boolean, None).names(Names::Flag("This filesystem supports BLOCK REFCOUNTING", "This filesystem does NOT support block refcounting")).mask(0x8000000);
    FS_ATTR_SSV = field("smb.fs_attr.ssv", "Sparse VDL", Boolean, None).names(Names::Flag("This filesystem supports SPARSE VDL", "This filesystem does NOT support sparse vdl")).mask(0x10000000);
    NT_NOTIFY_COMPLETION_FILTER = field("smb.nt.notify.completion_filter", "Completion Filter", Uint32, Hex);
    NT_NOTIFY_FILE_NAME = field("smb.nt.notify.file_name", "File Name Change", Boolean, None).names(Names::Flag("Notify on changes to FILE NAME", "Do NOT notify on changes to file name")).mask(0x1);
    NT_NOTIFY_DIR_NAME = field("smb.nt.notify.dir_name", "Directory Name Change", Boolean, None).names(Names::Flag("Notify on changes to DIR NAME", "Do NOT notify on changes to dir name")).mask(0x2);
    NT_NOTIFY_ATTRIBUTES = field("smb.nt.notify.attributes", "Attribute Change", Boolean, None).names(Names::Flag("Notify on changes to ATTRIBUTES", "Do NOT notify on changes to attributes")).mask(0x4);
    NT_NOTIFY_SIZE = field("smb.nt.notify.size", "Size Change", Boolean, None).names(Names::Flag("Notify on changes to SIZE", "Do NOT notify on changes to size")).mask(0x8);
    NT_NOTIFY_LAST_WRITE = field("smb.nt.notify.last_write", "Last Write Change", Boolean, None).names(Names::Flag("Notify on changes to LAST WRITE TIME", "Do NOT notify on changes to last write time")).mask(0x10);
    NT_NOTIFY_LAST_ACCESS = field("smb.nt.notify.last_access", "Last Access Change", Boolean, None).names(Names::Flag("Notify on changes to LAST ACCESS TIME", "Do NOT notify on changes to last access time")).mask(0x20);
    NT_NOTIFY_CREATION = field("smb.nt.notify.creation", "Created Change", Boolean, None).names(Names::Flag("Notify on changes to CREATION TIME", "Do NOT notify on changes to creation time")).mask(0x40);
    NT_NOTIFY_EA = field("smb.nt.notify.ea", "EA Change", Boolean, None).names(Names::Flag("Notify on changes to EA", "Do NOT notify on changes to EA")).mask(0x80);
    NT_NOTIFY_SECURITY = field("smb.nt.notify.security", "Security Change", Boolean, None).names(Names::Flag("Notify on changes to SECURITY", "Do NOT notify on changes to security")).mask(0x100);
    NT_NOTIFY_STREAM_NAME = field("smb.nt.notify.stream_name", "Stream Name Change", Boolean, None).names(Names::Flag("Notify on changes to STREAM NAME", "Do NOT notify on changes to stream name")).mask(0x200);
    NT_NOTIFY_STREAM_SIZE = field("smb.nt.notify.stream_size", "Stream Size Change", Boolean, None).names(Names::Flag("Notify on changes to STREAM SIZE", "Do NOT notify on changes to stream size")).mask(0x400);
    NT_NOTIFY_STREAM_WRITE = field("smb.nt.notify.stream_write", "Stream Write", Boolean, None).names(Names::Flag("Notify on changes to STREAM WRITE", "Do NOT notify on changes to stream write")).mask(0x800);
}

/// [MS-CIFS] 2.2.2.1.
const COMMANDS: &[(u64, &str)] = &[
    (0x00, "Create Directory"),
    (0x01, "Delete Directory"),
    (0x02, "Open"),
    (0x03, "Create"),
    (0x04, "Close"),
    (0x05, "Flush"),
    (0x06, "Delete"),
    (0x07, "Rename"),
    (0x08, "Query Information"),
    (0x09, "Set Information"),
    (0x0a, "Read"),
    (0x0b, "Write"),
    (0x0c, "Lock Byte Range"),
    (0x0d, "Unlock Byte Range"),
    (0x0e, "Create Temp"),
    (0x0f, "Create New"),
    (0x10, "Check Directory"),
    (0x11, "Process Exit"),
    (0x12, "Seek"),
    (0x13, "Lock And Read"),
    (0x14, "Write And Unlock"),
    (0x1a, "Read Raw"),
    (0x1b, "Read MPX"),
    (0x1c, "Read MPX Secondary"),
    (0x1d, "Write Raw"),
    (0x1e, "Write MPX"),
    (0x1f, "Write MPX Secondary"),
    (0x20, "Write Complete"),
    (0x21, "Query Server (reserved)"),
    (0x22, "Set Information2"),
    (0x23, "Query Information2"),
    (0x24, "Locking AndX"),
    (0x25, "Trans"),
    (0x26, "Trans Secondary"),
    (0x27, "IOCTL"),
    (0x28, "IOCTL Secondary"),
    (0x29, "Copy"),
    (0x2a, "Move"),
    (0x2b, "Echo"),
    (0x2c, "Write And Close"),
    (0x2d, "Open AndX"),
    (0x2e, "Read AndX"),
    (0x2f, "Write AndX"),
    (0x30, "New File Size (reserved)"),
    (0x31, "Close And Tree Disconnect"),
    (0x32, "Trans2"),
    (0x33, "Trans2 Secondary"),
    (0x34, "Find Close2"),
    (0x35, "Find Notify Close"),
    (0x70, "Tree Connect"),
    (0x71, "Tree Disconnect"),
    (0x72, "Negotiate Protocol"),
    (0x73, "Session Setup AndX"),
    (0x74, "Logoff AndX"),
    (0x75, "Tree Connect AndX"),
    (0x80, "Query Information Disk"),
    (0x81, "Search"),
    (0x82, "Find"),
    (0x83, "Find Unique"),
    (0x84, "Find Close"),
    (0xa0, "NT Trans"),
    (0xa1, "NT Trans Secondary"),
    (0xa2, "NT Create AndX"),
    (0xa4, "NT Cancel"),
    (0xa5, "NT Rename"),
    (0xc0, "Open Print File"),
    (0xc1, "Write Print File"),
    (0xc2, "Close Print File"),
    (0xc3, "Get Print Queue"),
    (0xd0, "Send Single Block Message"),
    (0xd1, "Send Broadcast Message"),
    (0xd2, "Forward User Name"),
    (0xd3, "Cancel Forward"),
    (0xd4, "Get Machine Name"),
    (0xd5, "Send Start of Multi-block Message"),
    (0xd6, "Send End of Multi-block Message"),
    (0xd7, "Send Text of Multi-block Message"),
    (0xd8, "SMBreadbulk"),
    (0xd9, "SMBwritebulk"),
    (0xda, "SMBwritebulkdata"),
    (0xfe, "SMBinvalid"),
];
const NEGOTIATE: u8 = 0x72;
const TRANSACTION: u8 = 0x25;
const ERROR_CLASSES: &[(u64, &str)] = &[
    (0, "Success"),
    (1, "DOS Error"),
    (2, "Server Error"),
    (3, "Hardware Error"),
    (4, "Command Error - Not an SMB format command"),
];
/// [MS-ERREF] 2.3, those that file servers answer with most.
pub(crate) const STATUSES: &[(u64, &str)] = &[
    (0, "STATUS_SUCCESS"),
    (0x103, "STATUS_PENDING"),
    (0x8000_0005, "STATUS_BUFFER_OVERFLOW"),
    (0x8000_0006, "STATUS_NO_MORE_FILES"),
    (0xc000_0002, "STATUS_NOT_IMPLEMENTED"),
    (0xc000_000d, "STATUS_INVALID_PARAMETER"),
    (0xc000_0016, "STATUS_MORE_PROCESSING_REQUIRED"),
    (0xc000_0022, "STATUS_ACCESS_DENIED"),
    (0xc000_0034, "STATUS_OBJECT_NAME_NOT_FOUND"),
    (0xc000_0035, "STATUS_OBJECT_NAME_COLLISION"),
    (0xc000_006d, "STATUS_LOGON_FAILURE"),
    (0xc000_00bb, "STATUS_NOT_SUPPORTED"),
    (0xc000_00c9, "STATUS_NETWORK_NAME_DELETED"),
    (0xc000_00cc, "STATUS_BAD_NETWORK_NAME"),
    (0xc000_0203, "STATUS_USER_SESSION_DELETED"),
];
const ONE_WAY: Names = Names::Flag("One way transaction (no response)", "Two way transaction");
const DISCONNECTS: Names = Names::Flag("DISCONNECT TID", "Do NOT disconnect TID");
const BUFFER_FORMATS: &[(u64, &str)] =
    &[(1, "Data Block"), (2, "Dialect"), (3, "Pathname"), (4, "ASCII"), (5, "Variable Block")];

const OF_FLAGS: &[FieldId] =
    &[FLAGS_RESPONSE, FLAGS_NOTIFY, FLAGS_OPLOCK, FLAGS_CANON, FLAGS_CASELESS, FLAGS_RECEIVE_BUFFER, FLAGS_LOCK];
const OF_FLAGS2: &[FieldId] = &[
    FLAGS2_STRING,
    FLAGS2_NT_ERROR,
    FLAGS2_ROE,
    FLAGS2_DFS,
    FLAGS2_ESN,
    FLAGS2_REPARSE_PATH,
    FLAGS2_LONG_NAMES_USED,
    FLAGS2_SEC_SIG_REQUIRED,
    FLAGS2_COMPRESSED,
    FLAGS2_SEC_SIG,
    FLAGS2_EA,
    FLAGS2_LONG_NAMES_ALLOWED,
];

const SERVER_CAPABILITIES: &[FieldId] = &[
    SERVER_CAP_RAW_MODE,
    SERVER_CAP_MPX_MODE,
    SERVER_CAP_UNICODE,
    SERVER_CAP_LARGE_FILES,
    SERVER_CAP_NT_SMBS,
    SERVER_CAP_RPC_REMOTE_APIS,
    SERVER_CAP_NT_STATUS,
    SERVER_CAP_LEVEL_2_OPLOCKS,
    SERVER_CAP_LOCK_AND_READ,
    SERVER_CAP_NT_FIND,
    SERVER_CAP_DFS,
    SERVER_CAP_INFOLEVEL_PASSTHRU,
    SERVER_CAP_LARGE_READX,
    SERVER_CAP_LARGE_WRITEX,
    SERVER_CAP_LWIO,
    SERVER_CAP_UNIX,
    SERVER_CAP_COMPRESSED_DATA,
    SERVER_CAP_DYNAMIC_REAUTH,
    SERVER_CAP_EXTENDED_SECURITY,
];
const FILE_ATTRIBUTES: &[FieldId] = &[
    FILE_ATTRIBUTE_READ_ONLY,
    FILE_ATTRIBUTE_HIDDEN,
    FILE_ATTRIBUTE_SYSTEM,
    FILE_ATTRIBUTE_VOLUME,
    FILE_ATTRIBUTE_DIRECTORY,
    FILE_ATTRIBUTE_ARCHIVE,
    FILE_ATTRIBUTE_DEVICE,
    FILE_ATTRIBUTE_NORMAL,
    FILE_ATTRIBUTE_TEMPORARY,
    FILE_ATTRIBUTE_SPARSE,
    FILE_ATTRIBUTE_REPARSE,
    FILE_ATTRIBUTE_COMPRESSED,
    FILE_ATTRIBUTE_OFFLINE,
    FILE_ATTRIBUTE_NOT_CONTENT_INDEXED,
    FILE_ATTRIBUTE_ENCRYPTED,
];
const SEARCH_ATTRIBUTES: &[FieldId] = &[
    SEARCH_ATTRIBUTE_READ_ONLY,
    SEARCH_ATTRIBUTE_HIDDEN,
    SEARCH_ATTRIBUTE_SYSTEM,
    SEARCH_ATTRIBUTE_VOLUME,
    SEARCH_ATTRIBUTE_DIRECTORY,
    SEARCH_ATTRIBUTE_ARCHIVE,
];
const CREATE_FLAG_LIST: &[FieldId] = &[NT_CREATE_OPLOCK, NT_CREATE_BATCH_OPLOCK, NT_CREATE_DIR, NT_CREATE_EXT];

const TRANSACTIONS2: &[(u64, &str)] = &[
    (0, "OPEN2"),
    (1, "FIND_FIRST2"),
    (2, "FIND_NEXT2"),
    (3, "QUERY_FS_INFO"),
    (4, "SET_FS_INFO"),
    (5, "QUERY_PATH_INFO"),
    (6, "SET_PATH_INFO"),
    (7, "QUERY_FILE_INFO"),
    (8, "SET_FILE_INFO"),
    (9, "FSCTL"),
    (10, "IOCTL2"),
    (11, "FIND_NOTIFY_FIRST"),
    (12, "FIND_NOTIFY_NEXT"),
    (13, "CREATE_DIRECTORY"),
    (14, "SESSION_SETUP"),
    (15, "Unknown (0x0f)"),
    (16, "GET_DFS_REFERRAL"),
    (17, "REPORT_DFS_INCONSISTENCY"),
];

const HEADER_LEN: usize = 32;
const RESPONSE: u8 = 0x80;
const NT_ERRORS: u16 = 0x4000;
const UNICODE: u16 = 0x8000;
/// How many dialects of one request are read.
pub(crate) const MAX_DIALECTS: usize = 64;
/// A transaction has so many words before its setup words.
const TRANSACTION_WORDS: usize = 14;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Mailslot, ProtoId::Gss, ProtoId::Spnego, ProtoId::Dcerpc],
    samples: &[Sample { link_type: 101, frames: SAMPLE }, Sample { link_type: 101, frames: SAMPLES }],
    ..Protocol::new(ProtoId::Smb, "SMB", &[], dissect)
};

/// Hands octets to the version of the protocol with whose mark they begin; says whether it is one.
pub(crate) fn call<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> bool {
    let id = match tvb.array(0) {
        Ok([0xff, b'S', b'M', b'B']) => ProtoId::Smb,
        Ok([0xfd | 0xfe, b'S', b'M', b'B']) => ProtoId::Smb2,
        _ => return false,
    };
    d.call(id, tvb);
    true
}

fn small<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, field: FieldId, at: usize) -> Result<u16, crate::stop::Stop> {
    let value = tvb.u16_le(at)?;
    d.add(field, tvb, at, 2, Value::Uint(value.into()));
    Ok(value)
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("SMB");
    d.set_info(String::new);
    d.begin(PROTO, tvb);
    d.open_text(tvb, 0, HEADER_LEN, || "SMB Header".to_owned());
    d.add(SERVER_COMPONENT, tvb, 0, 4, Value::Uint(tvb.u32_le(0)?.into()));
    let command = d.uint(CMD, tvb, 4, 1)? as u8;
    let (flags, flags2) = (tvb.u8(9)?, tvb.u16_le(10)?);
    let is_response = flags & RESPONSE != 0;
    let name = Names::Values(COMMANDS).of(command.into());
    d.set_info(|| match &name {
        Some(name) => format!("{name} {}", if is_response { "Response" } else { "Request" }),
        None => String::new(),
    });
    if flags2 & NT_ERRORS != 0 {
        let status = tvb.u32_le(5)?;
        d.add(NT_STATUS, tvb, 5, 4, Value::Uint(status.into()));
        if is_response && status != 0 {
            let name = Names::Values(STATUSES).of(status.into());
            d.append_info(|| {
                format!(", Error: {}", name.map_or_else(|| format!("Unknown (0x{status:08X})"), Into::into))
            });
        }
    } else {
        d.uint(ERROR_CLASS, tvb, 5, 1)?;
        d.bytes(RESERVED, tvb, 6, 1);
        small(d, tvb, ERROR_CODE, 7)?;
    }
    d.open(FLAGS, tvb, 9, 1, Value::Uint(flags.into()));
    for field in OF_FLAGS {
        d.flag(*field, tvb, 9, 1, flags.into());
    }
    d.close();
    d.open(FLAGS2, tvb, 10, 2, Value::Uint(flags2.into()));
    for field in OF_FLAGS2 {
        d.flag(*field, tvb, 10, 2, flags2.into());
    }
    d.close();
    small(d, tvb, PID_HIGH, 12)?;
    tvb.slice(14, 10)?;
    d.bytes(SIGNATURE, tvb, 14, 8);
    d.bytes(RESERVED, tvb, 22, 2);
    for (field, at) in [(TID, 24), (PID, 26), (UID, 28), (MID, 30)] {
        small(d, tvb, field, at)?;
    }
    d.close();
    let words = usize::from(tvb.u8(HEADER_LEN)?);
    let kind = if is_response { "Response" } else { "Request" };
    let line = name.as_deref().unwrap_or("unknown").to_owned();
    d.open_text(tvb, HEADER_LEN, tvb.reported() - HEADER_LEN, || format!("{line} {kind} (0x{command:02x})"));
    d.uint(WCT, tvb, HEADER_LEN, 1)?;
    let at = HEADER_LEN + 1;
    let mut carried = None;
    match (command, is_response) {
        (TRANSACTION, false) if words >= TRANSACTION_WORDS => {
            carried = transaction(d, tvb, at, words - TRANSACTION_WORDS, flags2)?;
        }
        (NEGOTIATE, false) => dialects(d, tvb, at + 2 * words)?,
        _ if commands::show(d, tvb, command, is_response, words, flags2)? => {}
        _ => {
            small(d, tvb, BCC, at + 2 * words)?;
        }
    }
    d.close();
    d.close();
    if let Some(message) = carried {
        d.call(ProtoId::Mailslot, message);
    }
    Ok(())
}

/// The words that transactions of both kinds begin with.
fn parameters<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Parsed {
    for (field, place) in [(TPC, at), (TDC, at + 2), (MPC, at + 4), (MDC, at + 6)] {
        small(d, tvb, field, place)?;
    }
    d.uint(MSC, tvb, at + 8, 1)?;
    d.bytes(RESERVED, tvb, at + 9, 1);
    let flags = u64::from(tvb.u16_le(at + 10)?);
    d.open(TRANSACTION_FLAGS, tvb, at + 10, 2, Value::Uint(flags));
    d.flag(TRANSACTION_OWT, tvb, at + 10, 2, flags);
    d.flag(TRANSACTION_DTID, tvb, at + 10, 2, flags);
    d.close();
    let timeout = tvb.u32_le(at + 12)?;
    d.add(TIMEOUT, tvb, at + 12, 4, Value::Uint(timeout.into()));
    d.bytes(RESERVED, tvb, at + 16, 2);
    for (field, place) in [(PC, at + 18), (PO, at + 20), (DC, at + 22), (DATA_OFFSET, at + 24)] {
        small(d, tvb, field, place)?;
    }
    d.uint(SC, tvb, at + 26, 1)?;
    d.bytes(RESERVED, tvb, at + 27, 1);
    Ok(())
}

/// [MS-CIFS] 2.2.4.33.1. Answers the setup words with all behind them, where they write to a mailslot.
fn transaction<'a>(
    d: &mut Dissector<'a>,
    tvb: Tvb<'a>,
    at: usize,
    setup: usize,
    flags2: u16,
) -> Result<Option<Tvb<'a>>, crate::stop::Stop> {
    parameters(d, tvb, at)?;
    let words = at + 28;
    let behind = words + 2 * setup;
    small(d, tvb, BCC, behind)?;
    let name = behind + 2;
    let rest = tvb.from(name).bytes();
    let is_unicode = flags2 & UNICODE != 0;
    let len = match is_unicode {
        true => rest.as_chunks::<2>().0.iter().position(|unit| *unit == [0, 0]).map(|units| 2 * units),
        false => memchr::memchr(0, rest),
    };
    let len = len.unwrap_or(rest.len());
    let text: String = match is_unicode {
        true => {
            let units = rest.get(..len).unwrap_or_default().as_chunks().0.iter().map(|unit| u16::from_le_bytes(*unit));
            char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        false => String::from_utf8_lossy(rest.get(..len).unwrap_or_default()).into_owned(),
    };
    d.add(TRANS_NAME, tvb, name, len, Value::String(text.as_str().into()));
    let is_mailslot = text.starts_with("\\MAILSLOT\\");
    if !is_mailslot && !text.starts_with("\\PIPE\\") {
        // Nobody knows what it means.
        for word in 0..setup {
            small(d, tvb, TRANS_DATA_SETUP_WORD, words + 2 * word)?;
        }
        let (len, start) = (usize::from(tvb.u16_le(at + 22)?), usize::from(tvb.u16_le(at + 24)?));
        if len > 0 && start > behind && start + len <= tvb.reported() {
            d.bytes(TRANS_DATA, tvb, start, len);
        }
    }
    Ok((setup == 3 && is_mailslot).then(|| tvb.from(words)))
}

/// [MS-CIFS] 2.2.4.52.1.
fn dialects<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Parsed {
    let len = usize::from(small(d, tvb, BCC, at)?);
    let (mut at, end) = (at + 2, at + 2 + len);
    for _ in 0..MAX_DIALECTS {
        if at >= end {
            break;
        }
        tvb.u8(at)?;
        let rest = tvb.from(at + 1).bytes();
        let name = memchr::memchr(0, rest).ok_or(crate::stop::Stop::Malformed)?;
        d.open(
            DIALECT,
            tvb,
            at,
            name + 2,
            Value::String(String::from_utf8_lossy(rest.get(..name).unwrap_or_default()).into()),
        );
        d.uint(BUFFER_FORMAT, tvb, at, 1)?;
        d.add(DIALECT_NAME, tvb, at + 1, name, Value::Text);
        d.close();
        at += name + 2;
    }
    Ok(())
}

/// A transaction that carries a host's announcement to a mailslot.
#[rustfmt::skip]
pub(crate) const ANNOUNCEMENT: &str =
    "450000e600010000401100000a0000010a000002008a008a00d20000110200070a000001008a00bc0000204644464345 \
     444341434143414341434143414341434143414341434143414141002045454644464543414341434143414341434143 \
     4143414341434143414341424e00ff534d42250000000000000000000000000000000000000001000200030004001100 \
     0022000000000000000000e803000000000000000022005600030001000000020033005c4d41494c534c4f545c42524f \
     57534500010380fc0a00484f53540000000000000000000000000501031000000f0155aa6300";

#[rustfmt::skip]
const SAMPLE: &[&str] = &[
    ANNOUNCEMENT,
    "450000a900010000401100000a0000010a000002008a008a00950000110200070a000001008a007f0000204644464345 \
     444341434143414341434143414341434143414341434143414141002045454644464543414341434143414341434143 \
     4143414341434143414341424e00ff534d4272000000000000000000000000000000000000000100020003000400001a \
     00024e54204c4d20302e31320002534d4220322e3030320002",
    "4500009100010000401100000a0000010a000002008a008a007d0000110200070a000001008a00670000204644464345 \
     444341434143414341434143414341434143414341434143414141002045454644464543414341434143414341434143 \
     4143414341434143414341424e00ff534d4272220000c08007c800000000000000000000000001000200030004000000 \
     00",
    "450000c100010000401100000a0000010a000002008a008a00ad0000110200070a000001008a00970000204644464345 \
     444341434143414341434143414341434143414341434143414141002045454644464543414341434143414341434143 \
     4143414341434143414341424e00ff534d42250000000000000000000000000000000000000001000200030004001000 \
     0003000000000000000000e80300000000000000000300500002002600010010005c504950455c4c414e4d414e006162 \
     63",
];

const ACCESS_LIST: &[FieldId] = &[
    ACCESS_READ,
    ACCESS_WRITE,
    ACCESS_APPEND,
    ACCESS_READ_EA,
    ACCESS_WRITE_EA,
    ACCESS_EXECUTE,
    ACCESS_DELETE_CHILD,
    ACCESS_READ_ATTRIBUTES,
    ACCESS_WRITE_ATTRIBUTES,
    ACCESS_DELETE,
    ACCESS_READ_CONTROL,
    ACCESS_WRITE_DAC,
    ACCESS_WRITE_OWNER,
    ACCESS_SYNCHRONIZE,
    ACCESS_SYSTEM_SECURITY,
    ACCESS_MAXIMUM_ALLOWED,
    ACCESS_GENERIC_ALL,
    ACCESS_GENERIC_EXECUTE,
    ACCESS_GENERIC_WRITE,
    ACCESS_GENERIC_READ,
];
const SHARE_LIST: &[FieldId] = &[SHARE_ACCESS_READ, SHARE_ACCESS_WRITE, SHARE_ACCESS_DELETE];
const OPTION_LIST: &[FieldId] = &[
    NT_CREATE_OPTIONS_DIRECTORY,
    NT_CREATE_OPTIONS_WRITE_THROUGH,
    NT_CREATE_OPTIONS_SEQUENTIAL_ONLY,
    NT_CREATE_OPTIONS_INTERMEDIATE_BUFFERING,
    NT_CREATE_OPTIONS_SYNC_IO_ALERT,
    NT_CREATE_OPTIONS_SYNC_IO_NONALERT,
    NT_CREATE_OPTIONS_NON_DIRECTORY,
    NT_CREATE_OPTIONS_CREATE_TREE_CONNECTION,
    NT_CREATE_OPTIONS_COMPLETE_IF_OPLOCKED,
    NT_CREATE_OPTIONS_NO_EA_KNOWLEDGE,
    NT_CREATE_OPTIONS_EIGHT_DOT_THREE_ONLY,
    NT_CREATE_OPTIONS_RANDOM_ACCESS,
    NT_CREATE_OPTIONS_DELETE_ON_CLOSE,
    NT_CREATE_OPTIONS_OPEN_BY_FILEID,
    NT_CREATE_OPTIONS_BACKUP_INTENT,
    NT_CREATE_OPTIONS_NO_COMPRESSION,
    NT_CREATE_OPTIONS_RESERVE_OPFILTER,
    NT_CREATE_OPTIONS_OPEN_REPARSE_POINT,
    NT_CREATE_OPTIONS_OPEN_NO_RECALL,
    NT_CREATE_OPTIONS_OPEN_FOR_FREE_SPACE_QUERY,
];
const NOTIFY_LIST: &[FieldId] = &[
    NT_NOTIFY_FILE_NAME,
    NT_NOTIFY_DIR_NAME,
    NT_NOTIFY_ATTRIBUTES,
    NT_NOTIFY_SIZE,
    NT_NOTIFY_LAST_WRITE,
    NT_NOTIFY_LAST_ACCESS,
    NT_NOTIFY_CREATION,
    NT_NOTIFY_EA,
    NT_NOTIFY_SECURITY,
    NT_NOTIFY_STREAM_NAME,
    NT_NOTIFY_STREAM_SIZE,
    NT_NOTIFY_STREAM_WRITE,
];
const VOLUME_LIST: &[FieldId] = &[
    FS_ATTR_CSS,
    FS_ATTR_CPN,
    FS_ATTR_UOD,
    FS_ATTR_PACLS,
    FS_ATTR_FC,
    FS_ATTR_VQ,
    FS_ATTR_SSF,
    FS_ATTR_SRP,
    FS_ATTR_SRS,
    FS_ATTR_SLA,
    FS_ATTR_VIS,
    FS_ATTR_SOIDS,
    FS_ATTR_SE,
    FS_ATTR_NS,
    FS_ATTR_ROV,
    FS_ATTR_SWO,
    FS_ATTR_ST,
    FS_ATTR_SHL,
    FS_ATTR_SIS,
    FS_ATTR_SBR,
    FS_ATTR_SSV,
];

/// A word of flags.
fn word<'a>(d: &mut Dissector<'a>, field: FieldId, all: &[FieldId], tvb: Tvb<'a>, at: usize) -> Parsed {
    let value = tvb.u32_le(at)?.into();
    d.open(field, tvb, at, 4, Value::Uint(value));
    for flag in all {
        d.flag(*flag, tvb, at, 4, value);
    }
    d.close();
    Ok(())
}

/// What one may do with a file ([MS-DTYP] 2.4.3).
pub(super) fn access_mask<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Parsed {
    word(d, ACCESS_MASK, ACCESS_LIST, tvb, at)
}

/// What others may do meanwhile.
pub(super) fn share_access<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Parsed {
    word(d, SHARE_ACCESS, SHARE_LIST, tvb, at)
}

/// How a file is to be opened.
pub(super) fn create_options<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Parsed {
    word(d, CREATE_OPTIONS, OPTION_LIST, tvb, at)
}

/// Which changes one wants to hear of.
pub(super) fn completion_filter<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Parsed {
    word(d, NT_NOTIFY_COMPLETION_FILTER, NOTIFY_LIST, tvb, at)
}

/// [MS-FSCC] 2.4.41.
pub(super) fn standard_information<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.add(ALLOC_SIZE64, tvb, 0, 8, Value::Uint(tvb.u64_le(0)?));
    d.add(END_OF_FILE, tvb, 8, 8, Value::Uint(tvb.u64_le(8)?));
    d.add(LINK_COUNT, tvb, 16, 4, Value::Uint(tvb.u32_le(16)?.into()));
    d.uint(DELETE_PENDING, tvb, 20, 1)?;
    d.uint(IS_DIRECTORY, tvb, 21, 1)?;
    Ok(())
}

/// [MS-FSCC] 2.5.1.
pub(super) fn volume_attributes<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    word(d, FS_ATTR, VOLUME_LIST, tvb, 0)?;
    d.add(FS_MAX_NAME_LEN, tvb, 4, 4, Value::Uint(tvb.u32_le(4)?.into()));
    let len = tvb.u32_le(8)? as usize;
    d.add(FS_NAME_LEN, tvb, 8, 4, Value::Uint(len as u64));
    let name = tvb.slice(12, len)?;
    if d.wants(FS_NAME) {
        let units: Vec<u16> = name.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        d.add(FS_NAME, tvb, 12, len, Value::String(String::from_utf16_lossy(&units).into()));
    }
    Ok(())
}

const SAMPLES: &[&str] = &[
    "4500006600010000400600000a0000010a0000029c5e01bd00000001000000015018ffff000000000000003aff534d42720000000018 \
     03c80000000000000000000000000100fffe64000100001700024e54204c4d20302e31320002534d4220322e30303200",
    "450000d000010000400600000a0000020a00000101bd9c5e000000010000003f5018ffff00000000000000a4ff534d42720000000098 \
     03c80000000000000000000000000100fffe640001001100000332000100044100000000010000000000fdf30180000000000000d901 \
     c4ff005f00000102030405060708090a0b0c0d0e0f604d06062b0601050502a0433041a00d300b06092a864886f712010202a330302e \
     a0261b246e6f745f646566696e65645f696e5f5246433431373840706c656173655f69676e6f7265a10404026164",
    "4500005b00010000400600000a0000010a0000029c5e01bd0000003f000000a95018ffff000000000000002fff534d42720000000018 \
     03c80000000000000000000000000100fffe64000200000c00024e54204c4d20302e313200",
    "4500008900010000400600000a0000020a00000101bd9c5e000000a9000000725018ffff000000000000005dff534d42720000000098 \
     03c80000000000000000000000000100fffe640002001100000332000100044100000000010000000000fdf30000000000000000d901 \
     c4ff0818006368616c6368616c44004f004d0000005300520056000000",
    "4500013400010000400600000a0000010a0000029c5e01bd000000720000010a5018ffff0000000000000108ff534d42730000000018 \
     03c80000000000000000000000000100fffe640003000cff00000004413200000000000000b7000000000054000080cd006081b40606 \
     2b0601050502a081a93081a6a018301606092a864882f71201020206092a864886f712010202a10403020140a27d047b607906092a86 \
     4886f71201020201006e6a3068a003020105a10302010ea20703050020000000a34461423040a003020105a1081b0645582e434f4da2 \
     1b3019a003020102a11230101b066b72627467741b0645582e434f4da3123010a003020112a103020103a2040402aabba40d300ba003 \
     020112a2040402aabba30504036d69634c0069006e0075007800000073006d00620063000000",
    "450000ca00010000400600000a0000020a00000101bd9c5e0000010a0000017e5018ffff000000000000009eff534d42730000000098 \
     03c80000000000000000000000000100fffe6400030004ff00000001004d007300a14b3049a0030a0100a10b06092a864882f7120102 \
     02a22e042c602a06092a864886f71201020202006f1b3019a003020105a10302010fa20d300ba003020112a2040402aabba30504036d \
     6963570069006e0064006f007700730000004c0061006e004d0061006e00000044004f004d000000",
    "450000c200010000400600000a0000010a0000029c5e01bd0000017e000001ac5018ffff0000000000000096ff534d42730000000018 \
     03c80000000000000000000000000100fffe640004000dff000000044132000000000000001800180000000000540000005900000000 \
     000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000007500730065007200 \
     000044004f004d0000004c0069006e0075007800000073006d00620063000000",
    "4500007c00010000400600000a0000020a00000101bd9c5e000001ac000002185018ffff0000000000000050ff534d42730000000098 \
     03c80000000000000000000000000100fffe6400040003ff0000000000270000570069006e0064006f007700730000004c0061006e00 \
     4d0061006e00000044004f004d000000",
    "4500007600010000400600000a0000010a0000029c5e01bd00000218000002005018ffff000000000000004aff534d42750000000018 \
     03c80000000000000000000000000100fffe6400050004ff000000080001001f00005c005c007300720076005c007300680061007200 \
     650000003f3f3f3f3f00",
    "4500006b00010000400600000a0000020a00000101bd9c5e00000200000002665018ffff000000000000003fff534d42750000000098 \
     03c80000000000000000000000000100fffe6400050007ff0000000100ff010000ff0100000e00413a00004e005400460053000000",
    "4500009200010000400600000a0000010a0000029c5e01bd00000266000002435018ffff0000000000000066ff534d42a20000000018 \
     03c80000000000000000000000000100fffe6400060018ff000000001200160000000000000089000200000000000000000080000000 \
     07000000010000004000000002000000031300006400690072005c0066002e00740078007400",
    "4500009300010000400600000a0000020a00000101bd9c5e00000243000002d05018ffff0000000000000067ff534d42a20000000098 \
     03c80000000000000000000000000100fffe6400060022ff00000000014001000000000000000000d901000000000000d90100000000 \
     0000d901000000000000d901200000000010000000000000d20400000000000000000700000000",
    "4500006700010000400600000a0000010a0000029c5e01bd000002d0000002ae5018ffff000000000000003bff534d422e0000000018 \
     03c80000000000000000000000000100fffe640007000cff00000001400000000000040004ffffffff0000000000000000",
    "4500007000010000400600000a0000020a00000101bd9c5e000002ae0000030f5018ffff0000000000000044ff534d422e0000000098 \
     03c80000000000000000000000000100fffe640007000cff00000000000000000008003c000000000000000000000009000064617461 \
     64617461",
    "4500007000010000400600000a0000010a0000029c5e01bd0000030f000002f65018ffff0000000000000044ff534d422f0000000018 \
     03c80000000000000000000000000100fffe640008000eff000000014010000000ffffffff0800040000000400400000000000050000 \
     626c6168",
    "4500005b00010000400600000a0000020a00000101bd9c5e000002f6000003575018ffff000000000000002fff534d422f0000000098 \
     03c80000000000000000000000000100fffe6400080006ff00000004000000000000000000",
    "4500005500010000400600000a0000010a0000029c5e01bd00000357000003295018ffff0000000000000029ff534d42040000000018 \
     03c80000000000000000000000000100fffe64000900030140ffffffff0000",
    "4500004f00010000400600000a0000020a00000101bd9c5e00000329000003845018ffff0000000000000023ff534d42040000000098 \
     03c80000000000000000000000000100fffe64000900000000",
    "4500006600010000400600000a0000010a0000029c5e01bd00000384000003505018ffff000000000000003aff534d42060000000018 \
     03c80000000000000000000000000100fffe64000a000116001500046400690072005c0078002e007400780074000000",
    "4500004f00010000400600000a0000020a00000101bd9c5e00000350000003c25018ffff0000000000000023ff534d4206340000c098 \
     03c80000000000000000000000000100fffe64000a00000000",
    "4500005500010000400600000a0000010a0000029c5e01bd000003c2000003775018ffff0000000000000029ff534d422b0000000018 \
     03c80000000000000000000000000100fffe64000b00010100040070696e67",
    "4500005500010000400600000a0000020a00000101bd9c5e00000377000003ef5018ffff0000000000000029ff534d422b0000000098 \
     03c80000000000000000000000000100fffe64000b00010100040070696e67",
    "4500005800010000400600000a0000010a0000029c5e01bd000003ef000003a45018ffff000000000000002cff534d42100000000018 \
     03c80000000000000000000000000100fffe64000c00000900046400690072000000",
    "4500004f00010000400600000a0000020a00000101bd9c5e000003a40000041f5018ffff0000000000000023ff534d42100000000098 \
     03c80000000000000000000000000100fffe64000c00000000",
    "4500005c00010000400600000a0000010a0000029c5e01bd0000041f000003cb5018ffff0000000000000030ff534d42070000000018 \
     03c80000000000000000000000000100fffe64000d000106000b000461000000040062000000",
    "4500004f00010000400600000a0000020a00000101bd9c5e000003cb000004535018ffff0000000000000023ff534d42070000000098 \
     03c80000000000000000000000000100fffe64000d00000000",
    "4500005a00010000400600000a0000010a0000029c5e01bd00000453000003f25018ffff000000000000002eff534d42000000000018 \
     03c80000000000000000000000000100fffe64000e00000b00046e006500770064000000",
    "4500004f00010000400600000a0000020a00000101bd9c5e000003f2000004855018ffff0000000000000023ff534d42000000000098 \
     03c80000000000000000000000000100fffe64000e00000000",
    "4500008a00010000400600000a0000010a0000029c5e01bd00000485000004195018ffff000000000000005eff534d42320000000018 \
     03c80000000000000000000000000100fffe64000f000f1a0000000a000411000000000000000000001a00440000005e00010005001d \
     000000000501000000006400690072005c0066002e007400780074000000",
    "4500009000010000400600000a0000020a00000101bd9c5e00000419000004e75018ffff0000000000000064ff534d42320000000098 \
     03c80000000000000000000000000100fffe64000f000a02002800000002003800000028003c00000000002d00000000000000000000 \
     0000d901000000000000d901000000000000d901000000000000d9012000000000000000",
    "4500004f00010000400600000a0000010a0000029c5e01bd000004e7000004815018ffff0000000000000023ff534d42710000000018 \
     03c80000000000000000000000000100fffe64001000000000",
    "4500004f00010000400600000a0000020a00000101bd9c5e000004810000050e5018ffff0000000000000023ff534d42710000000098 \
     03c80000000000000000000000000100fffe64001000000000",
    "4500005300010000400600000a0000010a0000029c5e01bd0000050e000004a85018ffff0000000000000027ff534d42740000000018 \
     03c80000000000000000000000000100fffe6400110002ff0000000000",
    "4500005300010000400600000a0000020a00000101bd9c5e000004a8000005395018ffff0000000000000027ff534d42740000000098 \
     03c80000000000000000000000000100fffe6400110002ff0000000000",
    "4500008700010000400600000a0000010a0000029c5e01bd00000539000004d35018ffff000000000000005bff534d42250000000018 \
     03480000000000000000000000000100fffe6400120011000006000000000000000000e8030000000000000000060055000300010001 \
     00420016005c4f544845525c42524f575345000000646174616461",
    "4500006400010000400600000a0000010a0000029c5e01bd00000598000004d35018ffff0000000000000038fd534d42000102030405 \
     060708090a0b0c0d0e0f000000000000000000000000000000000400000000000100070000000000000061626364",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn transactions_and_dialects() {
        let shown = frames(101, SAMPLE);
        assert_eq!(values(&shown[0], "smb.trans_name"), "\\MAILSLOT\\BROWSE");
        assert_eq!(values(&shown[0], "browser.server"), "HOST");
        assert_eq!(values(&shown[1], "smb.dialect.name"), "NT LM 0.12,SMB 2.002");
        assert_eq!(values(&shown[2], "smb.nt_status"), "0xc0000022");
    }

    #[test]
    fn commands_and_names() {
        let shown = frames(101, SAMPLES);
        assert_eq!(values(&shown[6], "smb.account"), "user");
        assert_eq!(values(&shown[8], "smb.path"), "\\\\srv\\share");
        assert_eq!(values(&shown[11], "smb.end_of_file"), "1234");
    }

    #[test]
    fn survives_anything() {
        let seed = b"\xffSMB\x25\0\0\0\0\0\0\x80\0\0aaaaaaaaaa\0\0\0\0\0\0\0\0\x11\0\0\0\0\0\0\0\0";
        crate::tests::survives_anything(ProtoId::Smb, seed);
    }
}
