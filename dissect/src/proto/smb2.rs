//! Server Message Block, versions 2 and 3 ([MS-SMB2] 2.2): headers and bodies of all commands, and what goes together.

mod control;
mod directory;
mod file;
mod information;
mod known;
mod names;
mod samples;
mod session;

pub(crate) use known::Known;
pub use known::Told;
use names::*;

use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::guid;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::transaction::{self, Again, Rules};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Smb2, "smb2", "SMB2 (Server Message Block Protocol version 2)";
    CMD = field("smb2.cmd", "Command", Uint16, Dec).names(Names::Values(COMMANDS));
    RESPONSE_TO = field("smb2.response_to", "Response to", FrameNum, None);
    RESPONSE_IN = field("smb2.response_in", "Response in", FrameNum, None).told_later();
    TIME = field("smb2.time", "Time from request", RelativeTime, None);
    PREAUTH_HASH = field("smb2.preauth_hash", "Preauth Hash", Bytes, None);
    HEADER_LEN_FIELD = field("smb2.header_len", "Header Length", Uint16, Dec);
    NT_STATUS = field("smb2.nt_status", "NT Status", Uint32, Hex).names(Names::Values(STATUSES));
    MSG_ID = field("smb2.msg_id", "Message ID", Uint64, Dec);
    TID = field("smb2.tid", "Tree Id", Uint32, Hex);
    AID = field("smb2.aid", "Async Id", Uint64, Hex);
    SESID = field("smb2.sesid", "Session Id", Uint64, Hex);
    PREVIOUS_SESID = field("smb2.previous_sesid", "Previous Session Id", Uint64, Hex);
    CHAIN_OFFSET = field("smb2.chain_offset", "Chain Offset", Uint32, Hex);
    EOF = field("smb2.eof", "End Of File", Uint64, Dec);
    FILE_ID = field("smb2.file_id", "File Id", Uint64, Hex);
    ALLOCATION_SIZE = field("smb2.allocation_size", "Allocation Size", Uint64, Dec);
    MAX_RESPONSE_SIZE = field("smb2.max_response_size", "Max Response Size", Uint32, Dec);
    GETINFO_INPUT_SIZE = field("smb2.getinfo_input_size", "Getinfo Input Size", Uint32, Dec);
    GETINFO_INPUT_OFFSET = field("smb2.getinfo_input_offset", "Getinfo Input Offset", Uint16, Hex);
    GETSETINFO_ADDITIONAL = field("smb2.getsetinfo_additional", "Additional Info", Uint32, Hex);
    GETSETINFO_ADDITIONALS = field("smb2.getsetinfo_additionals", "Additional Info", Uint32, Hex);
    GETSETINFO_ADDITIONAL_SECINFO_OWNER = field("smb2.getsetinfo_additional_secinfo.owner", "Owner", Boolean, None).names(Names::Flag("Requesting OWNER security information", "NOT requesting owner security information")).mask(0x1);
    GETSETINFO_ADDITIONAL_SECINFO_GROUP = field("smb2.getsetinfo_additional_secinfo.group", "Group", Boolean, None).names(Names::Flag("Requesting GROUP security information", "NOT requesting group security information")).mask(0x2);
    GETSETINFO_ADDITIONAL_SECINFO_DACL = field("smb2.getsetinfo_additional_secinfo.dacl", "DACL", Boolean, None).names(Names::Flag("Requesting DACL security information", "NOT requesting DACL security information")).mask(0x4);
    GETSETINFO_ADDITIONAL_SECINFO_SACL = field("smb2.getsetinfo_additional_secinfo.sacl", "SACL", Boolean, None).names(Names::Flag("Requesting SACL security information", "NOT requesting SACL security information")).mask(0x8);
    GETSETINFO_ADDITIONAL_SECINFO_LABEL = field("smb2.getsetinfo_additional_secinfo.label", "Integrity label", Boolean, None).names(Names::Flag("Requesting integrity label security information", "NOT requesting integrity label security information")).mask(0x10);
    GETSETINFO_ADDITIONAL_SECINFO_ATTRIBUTE = field("smb2.getsetinfo_additional_secinfo.attribute", "Resource attribute", Boolean, None).names(Names::Flag("Requesting resource attribute security information", "NOT requesting resource attribute security information")).mask(0x20);
    GETSETINFO_ADDITIONAL_SECINFO_SCOPE = field("smb2.getsetinfo_additional_secinfo.scope", "Central access policy", Boolean, None).names(Names::Flag("Requesting central access policy security information", "NOT requesting central access policy security information")).mask(0x40);
    GETSETINFO_ADDITIONAL_SECINFO_BACKUP = field("smb2.getsetinfo_additional_secinfo.backup", "Backup operation", Boolean, None).names(Names::Flag("Requesting backup operation security information", "NOT requesting backup operation security information")).mask(0x10000);
    GETINFO_FLAGS = field("smb2.getinfo_flags", "Flags", Uint32, Hex);
    SETINFO_SIZE = field("smb2.setinfo_size", "Setinfo Size", Uint32, Dec);
    SETINFO_OFFSET = field("smb2.setinfo_offset", "Setinfo Offset", Uint16, Hex);
    SETINFO_RESERVED = field("smb2.setinfo_reserved", "Reserved", Uint16, Dec);
    MAX_IOCTL_OUT_SIZE = field("smb2.max_ioctl_out_size", "Max Ioctl Out Size", Uint32, Dec);
    MAX_IOCTL_IN_SIZE = field("smb2.max_ioctl_in_size", "Max Ioctl In Size", Uint32, Dec);
    PID = field("smb2.pid", "Process Id", Uint32, Hex);
    FLAGS = field("smb2.flags", "Flags", Uint32, Hex);
    FLAGS_RESPONSE = field("smb2.flags.response", "Response", Boolean, None).names(Names::Flag("This is a RESPONSE", "This is a REQUEST")).mask(0x1);
    FLAGS_ASYNC = field("smb2.flags.async", "Async command", Boolean, None).names(Names::Flag("This is an ASYNC command", "This is a SYNC command")).mask(0x2);
    FLAGS_DFS = field("smb2.flags.dfs", "DFS operation", Boolean, None).names(Names::Flag("This is a DFS OPERATION", "This is a normal operation")).mask(0x10000000);
    FLAGS_CHAINED = field("smb2.flags.chained", "Chained", Boolean, None).names(Names::Flag("This pdu is a CHAINED command", "This pdu is NOT a chained command")).mask(0x4);
    FLAGS_SIGNATURE = field("smb2.flags.signature", "Signing", Boolean, None).names(Names::Flag("This pdu is SIGNED", "This pdu is NOT signed")).mask(0x8);
    FLAGS_REPLAY = field("smb2.flags.replay", "Replay operation", Boolean, None).names(Names::Flag("This is a REPLAY OPERATION", "This is NOT a replay operation")).mask(0x20000000);
    FLAGS_PRIORITY_MASK = field("smb2.flags.priority_mask", "Priority", Boolean, None).names(Names::Flag("This pdu contains a PRIORITY", "This pdu does NOT contain a PRIORITY")).mask(0x70);
    TREE = field("smb2.tree", "Tree", String, None);
    FILENAME = field("smb2.filename", "Filename", String, None);
    FILENAME_LEN = field("smb2.filename.len", "Filename Length", Uint32, Dec);
    DATA_OFFSET = field("smb2.data_offset", "Data Offset", Uint16, Hex);
    NEXT_OFFSET = field("smb2.next_offset", "Next Offset", Uint32, Dec);
    FIND_INFOLEVEL = field("smb2.find.infolevel", "Info Level", Uint32, Dec).names(Names::Values(FIND_LEVELS));
    FIND_FLAGS = field("smb2.find.flags", "Find Flags", Uint8, Hex);
    FIND_PATTERN = field("smb2.find.pattern", "Search Pattern", String, None);
    FIND_INFO_BLOB = field("smb2.find.info_blob", "Info", Bytes, None);
    EA_SIZE = field("smb2.ea_size", "EA Size", Uint32, Dec);
    CLASS = field("smb2.class", "Class", Uint8, Hex).names(Names::Values(CLASSES));
    FILE_INFO_INFOLEVEL = field("smb2.file_info.infolevel", "InfoLevel", Uint8, Hex).names(Names::Values(FILE_LEVELS));
    FS_INFO_INFOLEVEL = field("smb2.fs_info.infolevel", "InfoLevel", Uint8, Hex).names(Names::Values(VOLUME_LEVELS));
    SEC_INFO_INFOLEVEL = field("smb2.sec_info.infolevel", "InfoLevel", Uint8, Hex);
    WRITE_LENGTH = field("smb2.write_length", "Write Length", Uint32, Dec);
    READ_BLOB = field("smb2.read.blob", "Info", Bytes, None);
    READ_LENGTH = field("smb2.read_length", "Read Length", Uint32, Dec);
    READ_REMAINING = field("smb2.read_remaining", "Read Remaining", Uint32, Dec);
    READ_PADDING = field("smb2.read_padding", "Padding", Uint8, Hex);
    READ_FLAGS = field("smb2.read_flags", "Flags", Uint8, Hex);
    READ_FLAGS_UNBUFFERED = field("smb2.read_flags.unbuffered", "Unbuffered", Boolean, None).names(Names::Flag("Client is asking for UNBUFFERED read", "Client is NOT asking for UNBUFFERED read")).mask(0x1);
    READ_FLAGS_COMPRESSED = field("smb2.read_flags.compressed", "Compressed", Boolean, None).names(Names::Flag("Client is asking for COMPRESSED data", "Client is NOT asking for COMPRESSED data")).mask(0x2);
    CREATE_FLAGS = field("smb2.create_flags", "Create Flags", Uint64, Hex);
    FILE_OFFSET = field("smb2.file_offset", "File Offset", Uint64, Dec);
    SECURITY_BLOB = field("smb2.security_blob", "Security Blob", Bytes, None);
    IOCTL_OUT = field("smb2.ioctl.out", "Out Data", None, None);
    IOCTL_IN = field("smb2.ioctl.in", "In Data", None, None);
    SERVER_GUID = field("smb2.server_guid", "Server Guid", Guid, None);
    CLIENT_GUID = field("smb2.client_guid", "Client Guid", Guid, None);
    CREATE_TIME = field("smb2.create.time", "Create", AbsoluteTime, None);
    FID = field("smb2.fid", "File Id", Guid, None);
    WRITE_FLAGS = field("smb2.write.flags", "Write Flags", Uint32, Hex);
    WRITE_FLAGS_WRITE_THROUGH = field("smb2.write.flags.write_through", "Write through", Boolean, None).names(Names::Flag("Client is asking for WRITE_THROUGH", "Client is NOT asking for WRITE_THROUGH")).mask(0x1);
    WRITE_FLAGS_UNBUFFERED = field("smb2.write.flags.unbuffered", "Unbuffered", Boolean, None).names(Names::Flag("Client is asking for UNBUFFERED write", "Client is NOT asking for UNBUFFERED write")).mask(0x2);
    WRITE_COUNT = field("smb2.write.count", "Write Count", Uint32, Dec);
    WRITE_REMAINING = field("smb2.write.remaining", "Write Remaining", Uint32, Dec);
    LAST_ACCESS_TIME = field("smb2.last_access.time", "Last Access", AbsoluteTime, None);
    LAST_WRITE_TIME = field("smb2.last_write.time", "Last Write", AbsoluteTime, None);
    LAST_CHANGE_TIME = field("smb2.last_change.time", "Last Change", AbsoluteTime, None);
    FILE_BASIC_INFO = field("smb2.file_basic_info", "SMB2_FILE_BASIC_INFO", None, None);
    FILE_STANDARD_INFO = field("smb2.file_standard_info", "SMB2_FILE_STANDARD_INFO", None, None);
    FILE_DISPOSITION_INFO = field("smb2.file_disposition_info", "SMB2_FILE_DISPOSITION_INFO", None, None);
    FS_ATTRIBUTE_INFO = field("smb2.fs_attribute_info", "FileFsAttributeInformation", None, None);
    DISPOSITION_DELETE_ON_CLOSE = field("smb2.disposition.delete_on_close", "Delete on close", Boolean, None).names(Names::Flag("DELETE this file when closed", "Normal access, do not delete on close")).mask(0x1);
    CREATE_DISPOSITION = field("smb2.create.disposition", "Disposition", Uint32, Dec).names(Names::Values(DISPOSITIONS));
    CREATE_ACTION = field("smb2.create.action", "Create Action", Uint32, Dec).names(Names::Values(ACTIONS));
    CREATE_REP_FLAGS = field("smb2.create.rep_flags", "Response Flags", Uint8, Hex);
    CREATE_REP_FLAGS_REPARSE_POINT = field("smb2.create.rep_flags.reparse_point", "ReparsePoint", Boolean, None).mask(0x1);
    CREATE_EXTRAINFO = field("smb2.create.extrainfo", "ExtraInfo", None, None);
    CREATE_CHAIN_OFFSET = field("smb2.create.chain_offset", "Chain Offset", Uint32, Hex);
    CREATE_CHAIN_DATA = field("smb2.create.chain_data", "Data", None, None);
    NEGOTIATE_CONTEXT_TYPE = field("smb2.negotiate_context.type", "Type", Uint16, Hex).names(Names::Values(CONTEXTS));
    NEGOTIATE_CONTEXT_DATA_LENGTH = field("smb2.negotiate_context.data_length", "DataLength", Uint16, Dec);
    NEGOTIATE_CONTEXT_OFFSET = field("smb2.negotiate_context.offset", "NegotiateContextOffset", Uint32, Hex);
    NEGOTIATE_CONTEXT_COUNT = field("smb2.negotiate_context.count", "NegotiateContextCount", Uint16, Dec);
    NEGOTIATE_CONTEXT_HASH_ALG_COUNT = field("smb2.negotiate_context.hash_alg_count", "HashAlgorithmCount", Uint16, Dec);
    NEGOTIATE_CONTEXT_HASH_ALGORITHM = field("smb2.negotiate_context.hash_algorithm", "HashAlgorithm", Uint16, Hex);
    NEGOTIATE_CONTEXT_SALT_LENGTH = field("smb2.negotiate_context.salt_length", "SaltLength", Uint16, Dec);
    NEGOTIATE_CONTEXT_SALT = field("smb2.negotiate_context.salt", "Salt", Bytes, None);
    NEGOTIATE_CONTEXT_SIGNING_ALG_COUNT = field("smb2.negotiate_context.signing_alg_count", "SigningAlgorithmCount", Uint16, Dec);
    NEGOTIATE_CONTEXT_SIGNING_ID = field("smb2.negotiate_context.signing_id", "SigningAlgorithmId", Uint16, Hex).names(Names::Values(SIGNINGS));
    NEGOTIATE_CONTEXT_CIPHER_COUNT = field("smb2.negotiate_context.cipher_count", "CipherCount", Uint16, Dec);
    NEGOTIATE_CONTEXT_CIPHER_ID = field("smb2.negotiate_context.cipher_id", "CipherId", Uint16, Hex).names(Names::Values(CIPHERS));
    NEGOTIATE_CONTEXT_COMP_ALG_COUNT = field("smb2.negotiate_context.comp_alg_count", "CompressionAlgorithmCount", Uint16, Dec);
    NEGOTIATE_CONTEXT_COMP_ALG_ID = field("smb2.negotiate_context.comp_alg_id", "CompressionAlgorithmId", Uint16, Hex);
    NEGOTIATE_CONTEXT_COMP_ALG_FLAGS = field("smb2.negotiate_context.comp_alg_flags", "Flags", Uint32, Hex);
    NEGOTIATE_CONTEXT_COMP_ALG_FLAGS_CHAINED = field("smb2.negotiate_context.comp_alg_flags.chained", "Chained", Boolean, None).mask(0x1);
    NEGOTIATE_CONTEXT_COMP_ALG_FLAGS_RESERVED = field("smb2.negotiate_context.comp_alg_flags.reserved", "Reserved", Uint32, Hex).mask(0xfffffffe);
    NEGOTIATE_CONTEXT_NETNAME = field("smb2.negotiate_context.netname", "Netname", String, None);
    NEGOTIATE_CONTEXT_TRANSPORT_FLAGS = field("smb2.negotiate_context.transport_flags", "Flags", Uint32, Hex);
    NEGOTIATE_CONTEXT_RDMA_TRANSFORM_COUNT = field("smb2.negotiate_context.rdma_transform_count", "TransformCount", Uint16, Dec);
    NEGOTIATE_CONTEXT_RDMA_TRANSFORM_RESERVED1 = field("smb2.negotiate_context.rdma_transform_reserved1", "Reserved1", Uint16, Hex);
    NEGOTIATE_CONTEXT_RDMA_TRANSFORM_RESERVED2 = field("smb2.negotiate_context.rdma_transform_reserved2", "Reserved2", Uint32, Hex);
    NEGOTIATE_CONTEXT_RDMA_TRANSFORM_ID = field("smb2.negotiate_context.rdma_transform_id", "RDMATransformId", Uint16, Hex);
    CURRENT_TIME = field("smb2.current_time", "Current Time", AbsoluteTime, None);
    BOOT_TIME = field("smb2.boot_time", "Boot Time", AbsoluteTime, None);
    CREATE_OPLOCK = field("smb2.create.oplock", "Oplock", Uint8, Hex).names(Names::Values(OPLOCKS));
    CLOSE_FLAGS = field("smb2.close.flags", "Close Flags", Uint16, Hex);
    NOTIFY_FLAGS = field("smb2.notify.flags", "Notify Flags", Uint16, Hex);
    BUFFER_CODE = field("smb2.buffer_code", "StructureSize", Uint16, Hex);
    BUFFER_CODE_LENGTH = field("smb2.buffer_code.length", "Fixed Part Length", Uint16, Dec).mask(0xfffe);
    OLB_LENGTH = field("smb2.olb.length", "Blob Length", Uint32, Dec);
    OLB_OFFSET = field("smb2.olb.offset", "Blob Offset", Uint32, Hex);
    BUFFER_CODE_DYNAMIC = field("smb2.buffer_code.dynamic", "Dynamic Part", Boolean, None).mask(0x1);
    IMPERSONATION_LEVEL = field("smb2.impersonation.level", "Impersonation level", Uint32, Dec).names(Names::Values(IMPERSONATIONS));
    IOCTL_FUNCTION = field("smb2.ioctl.function", "Function", Uint32, Hex).names(Names::Values(FUNCTIONS));
    IOCTL_FUNCTION_DEVICE = field("smb2.ioctl.function.device", "Device", Uint32, Hex).mask(0xffff0000);
    IOCTL_FUNCTION_ACCESS = field("smb2.ioctl.function.access", "Access", Uint32, Hex).mask(0xc000);
    IOCTL_FUNCTION_FUNCTION = field("smb2.ioctl.function.function", "Function", Uint32, Hex).mask(0x3ffc);
    IOCTL_FUNCTION_METHOD = field("smb2.ioctl.function.method", "Method", Uint32, Hex).mask(0x3);
    TC_FLAGS = field("smb2.tc.flags", "Flags", Uint16, Hex);
    TC_CLUSTER_RECONNECT = field("smb2.tc.cluster_reconnect", "Cluster Reconnect", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x1);
    TC_REDIRECT_TO_OWNER = field("smb2.tc.redirect_to_owner", "Redirect To Owner", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x2);
    TC_EXTENSION_PRESENT = field("smb2.tc.extension_present", "Extension Present", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x4);
    TC_RESERVED = field("smb2.tc.reserved", "Reserved", Uint16, Hex).mask(0xfff8);
    SHARE_TYPE = field("smb2.share_type", "Share Type", Uint8, Hex).names(Names::Values(SHARE_TYPES));
    CREDIT_CHARGE = field("smb2.credit.charge", "Credit Charge", Uint16, Dec);
    CREDITS_REQUESTED = field("smb2.credits.requested", "Credits requested", Uint16, Dec);
    CREDITS_GRANTED = field("smb2.credits.granted", "Credits granted", Uint16, Dec);
    CHANNEL_SEQUENCE = field("smb2.channel_sequence", "Channel Sequence", Uint16, Dec);
    DIALECT_COUNT = field("smb2.dialect_count", "Dialect count", Uint16, Dec);
    DIALECT = field("smb2.dialect", "Dialect", Uint16, Hex).names(Names::Values(DIALECTS));
    SEC_MODE = field("smb2.sec_mode", "Security mode", Uint8, Hex);
    SESSION_FLAGS = field("smb2.session_flags", "Session Flags", Uint16, Hex);
    LOCK_COUNT = field("smb2.lock_count", "Lock Count", Uint16, Dec);
    CAPABILITIES = field("smb2.capabilities", "Capabilities", Uint32, Hex);
    AUTH_FRAME = field("smb2.auth_frame", "Authenticated in Frame", Uint32, Dec);
    TCON_FRAME = field("smb2.tcon_frame", "Connected in Frame", Uint32, Dec);
    TAG = field("smb2.tag", "Tag", String, None);
    SIGNATURE = field("smb2.signature", "Signature", Bytes, None);
    UNKNOWN = field("smb2.unknown", "Unknown", Bytes, None);
    SES_FLAGS_GUEST = field("smb2.ses_flags.guest", "Guest", Boolean, None).mask(0x1);
    SES_FLAGS_NULL = field("smb2.ses_flags.null", "Null", Boolean, None).mask(0x2);
    SES_FLAGS_ENCRYPT = field("smb2.ses_flags.encrypt", "Encrypt", Boolean, None).mask(0x4);
    SEC_MODE_SIGN_REQUIRED = field("smb2.sec_mode.sign_required", "Signing required", Boolean, None).mask(0x2);
    SEC_MODE_SIGN_ENABLED = field("smb2.sec_mode.sign_enabled", "Signing enabled", Boolean, None).mask(0x1);
    SES_REQ_FLAGS = field("smb2.ses_req_flags", "Flags", Uint8, Dec);
    SES_REQ_FLAGS_SESSION_BINDING = field("smb2.ses_req_flags.session_binding", "Session Binding Request", Boolean, None).mask(0x1);
    CAPABILITIES_DFS = field("smb2.capabilities.dfs", "DFS", Boolean, None).names(Names::Flag("This host supports DFS", "This host does NOT support DFS")).mask(0x1);
    CAPABILITIES_LEASING = field("smb2.capabilities.leasing", "LEASING", Boolean, None).names(Names::Flag("This host supports LEASING", "This host does NOT support LEASING")).mask(0x2);
    CAPABILITIES_LARGE_MTU = field("smb2.capabilities.large_mtu", "LARGE MTU", Boolean, None).names(Names::Flag("This host supports LARGE_MTU", "This host does NOT support LARGE_MTU")).mask(0x4);
    CAPABILITIES_MULTI_CHANNEL = field("smb2.capabilities.multi_channel", "MULTI CHANNEL", Boolean, None).names(Names::Flag("This host supports MULTI CHANNEL", "This host does NOT support MULTI CHANNEL")).mask(0x8);
    CAPABILITIES_PERSISTENT_HANDLES = field("smb2.capabilities.persistent_handles", "PERSISTENT HANDLES", Boolean, None).names(Names::Flag("This host supports PERSISTENT HANDLES", "This host does NOT support PERSISTENT HANDLES")).mask(0x10);
    CAPABILITIES_DIRECTORY_LEASING = field("smb2.capabilities.directory_leasing", "DIRECTORY LEASING", Boolean, None).names(Names::Flag("This host supports DIRECTORY LEASING", "This host does NOT support DIRECTORY LEASING")).mask(0x20);
    CAPABILITIES_ENCRYPTION = field("smb2.capabilities.encryption", "ENCRYPTION", Boolean, None).names(Names::Flag("This host supports ENCRYPTION", "This host does NOT support ENCRYPTION")).mask(0x40);
    MAX_TRANS_SIZE = field("smb2.max_trans_size", "Max Transaction Size", Uint32, Dec);
    MAX_READ_SIZE = field("smb2.max_read_size", "Max Read Size", Uint32, Dec);
    MAX_WRITE_SIZE = field("smb2.max_write_size", "Max Write Size", Uint32, Dec);
    CHANNEL = field("smb2.channel", "Channel", Uint32, Hex);
    SHARE_FLAGS = field("smb2.share_flags", "Share flags", Uint32, Hex);
    SHARE_FLAGS_DFS = field("smb2.share_flags.dfs", "DFS", Boolean, None).mask(0x1);
    SHARE_FLAGS_DFS_ROOT = field("smb2.share_flags.dfs_root", "DFS root", Boolean, None).mask(0x2);
    SHARE_FLAGS_RESTRICT_EXCLUSIVE_OPENS = field("smb2.share_flags.restrict_exclusive_opens", "Restrict exclusive opens", Boolean, None).mask(0x100);
    SHARE_FLAGS_FORCE_SHARED_DELETE = field("smb2.share_flags.force_shared_delete", "Force shared delete", Boolean, None).mask(0x200);
    SHARE_FLAGS_ALLOW_NAMESPACE_CACHING = field("smb2.share_flags.allow_namespace_caching", "Allow namespace caching", Boolean, None).mask(0x400);
    SHARE_FLAGS_ACCESS_BASED_DIR_ENUM = field("smb2.share_flags.access_based_dir_enum", "Access based directory enum", Boolean, None).mask(0x800);
    SHARE_FLAGS_FORCE_LEVELII_OPLOCK = field("smb2.share_flags.force_levelii_oplock", "Force level II oplock", Boolean, None).mask(0x1000);
    SHARE_FLAGS_ENABLE_HASH_V1 = field("smb2.share_flags.enable_hash_v1", "Enable hash V1", Boolean, None).mask(0x2000);
    SHARE_FLAGS_ENABLE_HASH_V2 = field("smb2.share_flags.enable_hash_v2", "Enable hash V2", Boolean, None).mask(0x4000);
    SHARE_FLAGS_ENCRYPT_DATA = field("smb2.share_flags.encrypt_data", "Encrypted data required", Boolean, None).mask(0x8000);
    SHARE_FLAGS_IDENTITY_REMOTING = field("smb2.share_flags.identity_remoting", "Identity Remoting", Boolean, None).mask(0x40000);
    SHARE_FLAGS_COMPRESS_DATA = field("smb2.share_flags.compress_data", "Compressed IO", Boolean, None).mask(0x100000);
    SHARE_CACHING = field("smb2.share.caching", "Caching policy", Uint32, Hex);
    SHARE_CAPS = field("smb2.share_caps", "Share Capabilities", Uint32, Hex);
    SHARE_CAPS_DFS = field("smb2.share_caps.dfs", "DFS", Boolean, None).mask(0x8);
    SHARE_CAPS_CONTINUOUS_AVAILABILITY = field("smb2.share_caps.continuous_availability", "CONTINUOUS AVAILABILITY", Boolean, None).mask(0x10);
    SHARE_CAPS_SCALEOUT = field("smb2.share_caps.scaleout", "SCALEOUT", Boolean, None).mask(0x20);
    SHARE_CAPS_CLUSTER = field("smb2.share_caps.cluster", "CLUSTER", Boolean, None).mask(0x40);
    SHARE_CAPS_ASSYMETRIC = field("smb2.share_caps.assymetric", "ASSYMETRIC", Boolean, None).mask(0x80);
    SHARE_CAPS_REDIRECT_TO_OWNER = field("smb2.share_caps.redirect_to_owner", "REDIRECT_TO_OWNER", Boolean, None).mask(0x100);
    IOCTL_FLAGS = field("smb2.ioctl.flags", "Flags", Uint32, Hex);
    MIN_COUNT = field("smb2.min_count", "Min Count", Uint32, Dec);
    REMAINING_BYTES = field("smb2.remaining_bytes", "Remaining Bytes", Uint32, Dec);
    CHANNEL_INFO_OFFSET = field("smb2.channel_info_offset", "Channel Info Offset", Uint16, Dec);
    CHANNEL_INFO_LENGTH = field("smb2.channel_info_length", "Channel Info Length", Uint16, Dec);
    CHANNEL_INFO_BLOB = field("smb2.channel_info_blob", "Channel Info Blob", None, None);
    IOCTL_IS_FSCTL = field("smb2.ioctl.is_fsctl", "Is FSCTL", Boolean, None).mask(0x1);
    OUTPUT_BUFFER_LEN = field("smb2.output_buffer_len", "Output Buffer Length", Uint32, Dec);
    CLOSE_PQ_ATTRIB = field("smb2.close.pq_attrib", "PostQuery Attrib", Boolean, None).mask(0x1);
    NOTIFY_WATCH_TREE = field("smb2.notify.watch_tree", "Watch Tree", Boolean, None).mask(0x1);
    FIND_RESTART_SCANS = field("smb2.find.restart_scans", "Restart Scans", Boolean, None).mask(0x1);
    FIND_SINGLE_ENTRY = field("smb2.find.single_entry", "Single Entry", Boolean, None).mask(0x2);
    FIND_INDEX_SPECIFIED = field("smb2.find.index_specified", "Index Specified", Boolean, None).mask(0x4);
    FIND_REOPEN = field("smb2.find.reopen", "Reopen", Boolean, None).mask(0x10);
    FILE_INDEX = field("smb2.file_index", "File Index", Uint32, Hex);
    FIND_FILE_DIRECTORY_INFO = field("smb2.find.file_directory_info", "FileDirectoryInfo", None, None);
    FIND_FULL_DIRECTORY_INFO = field("smb2.find.full_directory_info", "FullDirectoryInfo", None, None);
    FIND_BOTH_DIRECTORY_INFO = field("smb2.find.both_directory_info", "FileBothDirectoryInfo", None, None);
    FIND_ID_BOTH_DIRECTORY_INFO = field("smb2.find.id_both_directory_info", "FileIdBothDirectoryInfo", None, None);
    SHORT_NAME_LEN = field("smb2.short_name_len", "Short Name Length", Uint8, Dec);
    SHORTNAME = field("smb2.shortname", "Short Name", String, None);
    LOCK_INFO = field("smb2.lock_info", "Lock Info", None, None);
    LOCK_LENGTH = field("smb2.lock_length", "Length", Uint64, Dec);
    LOCK_FLAGS = field("smb2.lock_flags", "Flags", Uint32, Hex);
    LOCK_FLAGS_SHARED = field("smb2.lock_flags.shared", "Shared", Boolean, None).mask(0x1);
    LOCK_FLAGS_EXCLUSIVE = field("smb2.lock_flags.exclusive", "Exclusive", Boolean, None).mask(0x2);
    LOCK_FLAGS_UNLOCK = field("smb2.lock_flags.unlock", "Unlock", Boolean, None).mask(0x4);
    LOCK_FLAGS_FAIL_IMMEDIATELY = field("smb2.lock_flags.fail_immediately", "Fail Immediately", Boolean, None).mask(0x10);
    ERROR_CONTEXT_COUNT = field("smb2.error.context_count", "Error Context Count", Uint8, Dec);
    ERROR_RESERVED = field("smb2.error.reserved", "Reserved", Uint8, Hex);
    ERROR_BYTE_COUNT = field("smb2.error.byte_count", "Byte Count", Uint32, Dec);
    ERROR_DATA = field("smb2.error.data", "Error Data", Bytes, None);
    RESERVED = field("smb2.reserved", "Reserved", Bytes, None);
    HEADER_TRANSFORM_SIGNATURE = field("smb2.header.transform.signature", "Signature", Bytes, None);
    HEADER_TRANSFORM_NONCE = field("smb2.header.transform.nonce", "Nonce", Bytes, None);
    HEADER_TRANSFORM_MSG_SIZE = field("smb2.header.transform.msg_size", "Message size", Uint32, Dec);
    HEADER_TRANSFORM_RESERVED = field("smb2.header.transform.reserved", "Reserved", Bytes, None);
    HEADER_TRANSFORM_FLAGS = field("smb2.header.transform.flags", "Flags", Uint16, Hex);
    HEADER_TRANSFORM_FLAGS_ENCRYPTED = field("smb2.header.transform.flags.encrypted", "Encrypted", Boolean, None).mask(0x1);
    HEADER_TRANSFORM_ENC_DATA = field("smb2.header.transform.enc_data", "Data", Bytes, None);
    PROTOCOL_ID = field("smb2.protocol_id", "ProtocolId", Uint32, Hex);
    FILE_ATTRIBUTE = field("smb2.file_attribute", "File Attributes", Uint32, Hex);
    FILE_ATTRIBUTE_READ_ONLY = field("smb2.file_attribute.read_only", "Read Only", Boolean, None).names(Names::Flag("Yes", "No")).mask(0x1);
    FILE_ATTRIBUTE_HIDDEN = field("smb2.file_attribute.hidden", "Hidden", Boolean, None).names(Names::Flag("Yes", "No")).mask(0x2);
    FILE_ATTRIBUTE_SYSTEM = field("smb2.file_attribute.system", "System", Boolean, None).names(Names::Flag("Yes", "No")).mask(0x4);
    FILE_ATTRIBUTE_DIRECTORY = field("smb2.file_attribute.directory", "Directory", Boolean, None).names(Names::Flag("Yes", "No")).mask(0x10);
    FILE_ATTRIBUTE_ARCHIVE = field("smb2.file_attribute.archive", "Requires archived", Boolean, None).names(Names::Flag("Yes", "No")).mask(0x20);
    FILE_ATTRIBUTE_NORMAL = field("smb2.file_attribute.normal", "Normal", Boolean, None).names(Names::Flag("Yes", "No")).mask(0x80);
    FILE_ATTRIBUTE_TEMPORARY = field("smb2.file_attribute.temporary", "Temporary", Boolean, None).names(Names::Flag("Yes", "No")).mask(0x100);
    FILE_ATTRIBUTE_SPARSE = field("smb2.file_attribute.sparse", "Sparse", Boolean, None).names(Names::Flag("Yes", "No")).mask(0x200);
    FILE_ATTRIBUTE_REPARSE = field("smb2.file_attribute.reparse", "Reparse Point", Boolean, None).names(Names::Flag("Has an associated REPARSE POINT", "Does NOT have an associated reparse point")).mask(0x400);
    FILE_ATTRIBUTE_COMPRESSED = field("smb2.file_attribute.compressed", "Compressed", Boolean, None).names(Names::Flag("COMPRESSED", "Uncompressed")).mask(0x800);
    FILE_ATTRIBUTE_OFFLINE = field("smb2.file_attribute.offline", "Offline", Boolean, None).names(Names::Flag("OFFLINE", "Online")).mask(0x1000);
    FILE_ATTRIBUTE_NOT_CONTENT_INDEXED = field("smb2.file_attribute.not_content_indexed", "Not Content Indexed", Boolean, None).names(Names::Flag("Is not indexed by the content indexing service", "Is indexed by the content indexing service")).mask(0x2000);
    FILE_ATTRIBUTE_ENCRYPTED = field("smb2.file_attribute.encrypted", "Encrypted", Boolean, None).names(Names::Flag("Yes", "No")).mask(0x4000);
    FILE_ATTRIBUTE_INTEGRITY_STREAM = field("smb2.file_attribute.integrity_stream", "Integrity Stream", Boolean, None).names(Names::Flag("Has Integrity Support", "Does NOT have Integrity Support")).mask(0x8000);
    FILE_ATTRIBUTE_NO_SCRUB_DATA = field("smb2.file_attribute.no_scrub_data", "No Scrub Data", Boolean, None).names(Names::Flag("Is excluded from the data integrity scan", "Is not excluded from the data integrity scan")).mask(0x20000);
}

const HEADER_LEN: usize = 64;
const RESPONSE: u64 = 1;
const ASYNC: u64 = 2;
const PENDING: u64 = 0x103;
const MORE_PROCESSING: u64 = 0xc000_0016;
const BUFFER_OVERFLOW: u64 = 0x8000_0005;
/// How many messages may lie in a compound.
pub const MAX_MESSAGES: usize = 64;
/// How many entries, contexts or dialects of one message are shown.
pub const MAX_ENTRIES: usize = 1024;
/// How many requests, trees, sessions and open files are known, of each.
pub(crate) const MAX_KNOWN: usize = 16_384;

const RULES: Rules = Rules {
    proto: ProtoId::Smb2,
    renews: true,
    again: Again::Nothing,
    keeps_orphans: false,
    answers_latest: false,
    in_columns: false,
    fields: &[RESPONSE_IN, RESPONSE_TO, TIME],
};

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Gss, ProtoId::Spnego, ProtoId::Smb, ProtoId::Dcerpc, ProtoId::Data],
    samples: &[Sample { link_type: 101, frames: samples::SAMPLES }],
    ..Protocol::new(ProtoId::Smb2, "SMB2", &[], dissect)
};

/// The header of a message, as far as others need it.
#[derive(Clone, Copy)]
struct Header {
    command: u64,
    is_response: bool,
    status: u64,
    id: u64,
    tree: u32,
    session: u64,
}

impl Header {
    fn read(tvb: Tvb<'_>) -> Result<Self, Stop> {
        let flags = u64::from(tvb.u32_le(16)?);
        let is_response = flags & RESPONSE != 0;
        Ok(Self {
            command: tvb.u16_le(12)?.into(),
            is_response,
            status: if is_response { tvb.u32_le(8)?.into() } else { 0 },
            id: tvb.u64_le(24)?,
            tree: if flags & ASYNC == 0 { tvb.u32_le(36)? } else { 0 },
            session: tvb.u64_le(40)?,
        })
    }

    /// Whether a response has the error's body instead of the command's own.
    fn is_error(&self) -> bool {
        self.is_response
            && self.status != 0
            && !(self.command == 1 && self.status == MORE_PROCESSING)
            && !(matches!(self.command, 8 | 11 | 16) && self.status == BUFFER_OVERFLOW)
    }
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("SMB2");
    let mut at = 0;
    for number in 0..MAX_MESSAGES {
        let message = tvb.from(at);
        let (item, _) = d.begin_next(PROTO, message);
        if number == 0 {
            d.set_info(String::new);
        } else {
            d.append_info(|| ";".to_owned());
        }
        if message.u8(0)? == 0xfd {
            encrypted(d, message)?;
            d.close();
            break;
        }
        let next = message.u32_le(20)? as usize;
        let whole = if next >= HEADER_LEN { message.sub(0, next) } else { message };
        d.set_len(item, whole.reported());
        self::message(d, whole)?;
        d.close();
        if next < HEADER_LEN || at + next >= tvb.reported() {
            break;
        }
        at += next;
    }
    Ok(())
}

fn le<'a>(d: &mut Dissector<'a>, field: FieldId, tvb: Tvb<'a>, at: usize, width: usize) -> Result<u64, Stop> {
    let value = int(tvb, at, width)?;
    d.add(field, tvb, at, width, Value::Uint(value));
    Ok(value)
}

fn int(tvb: Tvb<'_>, at: usize, width: usize) -> Result<u64, Stop> {
    Ok(tvb.slice(at, width)?.iter().rev().fold(0, |value, octet| value << 8 | u64::from(*octet)))
}

fn flags<'a>(
    d: &mut Dissector<'a>,
    field: FieldId,
    all: &[FieldId],
    tvb: Tvb<'a>,
    at: usize,
    width: usize,
) -> Result<u64, Stop> {
    let value = int(tvb, at, width)?;
    d.open(field, tvb, at, width, Value::Uint(value));
    for flag in all {
        d.flag(*flag, tvb, at, width, value);
    }
    d.close();
    Ok(value)
}

/// 100 ns since 1601 ([MS-DTYP] 2.3.3).
fn time<'a>(d: &mut Dissector<'a>, field: FieldId, tvb: Tvb<'a>, at: usize) -> Parsed {
    const UNIX_EPOCH: i128 = 116_444_736_000_000_000;
    let ticks = tvb.u64_le(at)?;
    let time = if ticks == 0 { 0 } else { (i128::from(ticks) - UNIX_EPOCH) * 100 };
    d.add(field, tvb, at, 8, Value::Time(i64::try_from(time).unwrap_or_default()));
    Ok(())
}

fn times<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Parsed {
    for (place, field) in [CREATE_TIME, LAST_ACCESS_TIME, LAST_WRITE_TIME, LAST_CHANGE_TIME].into_iter().enumerate() {
        time(d, field, tvb, at + 8 * place)?;
    }
    Ok(())
}

fn utf16(octets: &[u8]) -> String {
    char::decode_utf16(octets.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])))
        .map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER))
        .take_while(|letter| *letter != '\0')
        .collect()
}

/// Adds a text; answers it.
fn text<'a>(d: &mut Dissector<'a>, field: FieldId, tvb: Tvb<'a>, at: usize, len: usize) -> Result<String, Stop> {
    let text = utf16(tvb.slice(at, len)?);
    d.add(field, tvb, at, len, Value::String(text.as_str().into()));
    Ok(text)
}

fn attributes<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Parsed {
    flags(d, FILE_ATTRIBUTE, ATTRIBUTE_LIST, tvb, at, 4)?;
    Ok(())
}

fn guid<'a>(d: &mut Dissector<'a>, field: FieldId, tvb: Tvb<'a>, at: usize) -> Parsed {
    let octets = tvb.array(at)?;
    if d.wants(field) {
        d.add(field, tvb, at, 16, Value::String(guid::text_le(octets).into()));
    }
    Ok(())
}

/// Where a buffer lies and how long it is: it shows both.
fn buffer<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, widths: (usize, usize)) -> Result<(usize, usize), Stop> {
    let offset = le(d, OLB_OFFSET, tvb, at, widths.0)?;
    let len = le(d, OLB_LENGTH, tvb, at + widths.0, widths.1)?;
    Ok((offset as usize, len as usize))
}

/// [MS-SMB2] 2.2.41: what follows is encrypted.
fn encrypted<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.append_info(|| "Encrypted SMB3".to_owned());
    d.uint(PROTOCOL_ID, tvb, 0, 4)?;
    d.bytes(HEADER_TRANSFORM_SIGNATURE, tvb, 4, 16);
    d.bytes(HEADER_TRANSFORM_NONCE, tvb, 20, 16);
    let len = le(d, HEADER_TRANSFORM_MSG_SIZE, tvb, 36, 4)? as usize;
    d.bytes(HEADER_TRANSFORM_RESERVED, tvb, 40, 2);
    flags(d, HEADER_TRANSFORM_FLAGS, &[HEADER_TRANSFORM_FLAGS_ENCRYPTED], tvb, 42, 2)?;
    le(d, SESID, tvb, 44, 8)?;
    d.bytes(HEADER_TRANSFORM_ENC_DATA, tvb, 52, len.min(tvb.reported().saturating_sub(52)));
    Ok(())
}

/// [MS-SMB2] 2.2.1.
fn message<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let header = Header::read(tvb)?;
    let told = known::told(d, tvb, &header);
    d.open_text(tvb, 0, HEADER_LEN, || "SMB2 Header".to_owned());
    d.uint(PROTOCOL_ID, tvb, 0, 4)?;
    le(d, HEADER_LEN_FIELD, tvb, 4, 2)?;
    le(d, CREDIT_CHARGE, tvb, 6, 2)?;
    if header.is_response {
        le(d, NT_STATUS, tvb, 8, 4)?;
    } else {
        le(d, CHANNEL_SEQUENCE, tvb, 8, 2)?;
        d.bytes(RESERVED, tvb, 10, 2);
    }
    le(d, CMD, tvb, 12, 2)?;
    le(d, if header.is_response { CREDITS_GRANTED } else { CREDITS_REQUESTED }, tvb, 14, 2)?;
    let bits = flags(d, FLAGS, FLAG_LIST, tvb, 16, 4)?;
    le(d, CHAIN_OFFSET, tvb, 20, 4)?;
    le(d, MSG_ID, tvb, 24, 8)?;
    if bits & ASYNC != 0 {
        le(d, AID, tvb, 32, 8)?;
    } else {
        le(d, PID, tvb, 32, 4)?;
        d.open(TID, tvb, 36, 4, Value::Uint(header.tree.into()));
        if let Some(tree) = &told.tree {
            d.generated(TREE, tvb, 36, 4, Value::String(tree.name.as_ref().into()));
            d.generated(SHARE_TYPE, tvb, 36, 0, Value::Uint(tree.share.into()));
            d.generated(TCON_FRAME, tvb, 36, 0, Value::Uint(tree.frame));
        }
        d.close();
    }
    d.open(SESID, tvb, 40, 8, Value::Uint(header.session));
    if let Some(frame) = told.authenticated {
        d.generated(AUTH_FRAME, tvb, 40, 0, Value::Uint(frame));
    }
    d.close();
    d.bytes(SIGNATURE, tvb, 48, 16);
    if header.command != 12 && header.id != u64::MAX {
        if !header.is_response {
            transaction::request(d, &RULES, header.id.into());
        } else if header.status != PENDING {
            transaction::response(d, &RULES, header.id.into(), true);
        }
        let known = transaction::known(d, ProtoId::Smb2);
        if let Some(frame) = known.response_in {
            d.generated(RESPONSE_IN, tvb, 0, 0, Value::Uint(frame));
        }
        if let Some((frame, after)) = known.response_to {
            d.generated(RESPONSE_TO, tvb, 0, 0, Value::Uint(frame));
            d.generated(TIME, tvb, 0, 0, Value::Time(after));
        }
    }
    d.close();
    let name = Names::Values(COMMANDS).of(header.command).unwrap_or("unknown".into());
    let kind = if header.is_response { "Response" } else { "Request" };
    match header.command {
        18 => {
            let what = if header.is_response { "Response" } else { "Acknowledgment" };
            d.append_info(|| format!("Oplock Break {what}"));
        }
        _ => d.append_info(|| format!("{name} {kind}")),
    }
    if header.is_response && header.status != 0 {
        d.append_info(|| {
            let name = Names::Values(STATUSES).of(header.status);
            format!(", Error: {}", name.unwrap_or_else(|| format!("Unknown (0x{:08x})", header.status).into()))
        });
    }
    d.open_text(tvb, HEADER_LEN, tvb.reported().saturating_sub(HEADER_LEN), || {
        format!("{name} {kind} (0x{:02x})", header.command)
    });
    if let Some(hash) = &told.hash {
        d.generated(PREAUTH_HASH, tvb, 0, 0, Value::Octets(hash.as_ref().into()));
    }
    body(d, tvb, &header, &told)?;
    d.close();
    Ok(())
}

fn show_fid<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, told: &Told) -> Parsed {
    guid(d, FID, tvb, at)?;
    show_file(d, told);
    Ok(())
}

fn show_file(d: &mut Dissector<'_>, told: &Told) {
    if let Some(file) = &told.file {
        d.append_info(|| format!(" File: {file}"));
    }
}

fn body<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, header: &Header, told: &Told) -> Parsed {
    let at = HEADER_LEN;
    if header.is_response && matches!(header.command, 16 | 17) {
        information::show_class(d, tvb, at, told.asked.class, told.asked.level, true);
    }
    if header.is_response && header.command == 14 {
        d.generated(FIND_INFOLEVEL, tvb, at, 0, Value::Uint(told.asked.level.into()));
    }
    let size = int(tvb, at, 2)?;
    d.open(BUFFER_CODE, tvb, at, 2, Value::Uint(size));
    d.add(BUFFER_CODE_LENGTH, tvb, at, 2, Value::Uint(size >> 1));
    d.flag(BUFFER_CODE_DYNAMIC, tvb, at, 2, size);
    d.close();
    if header.is_error() {
        return error(d, tvb);
    }
    match (header.command, header.is_response) {
        (0, false) => session::negotiate(d, tvb),
        (0, true) => session::negotiated(d, tvb),
        (1, false) => session::setup(d, tvb),
        (1, true) => session::set_up(d, tvb),
        (3, false) => session::connect(d, tvb),
        (3, true) => session::connected(d, tvb),
        (5, false) => file::create(d, tvb),
        (5, true) => file::created(d, tvb, told),
        (6, false) => {
            flags(d, CLOSE_FLAGS, &[CLOSE_PQ_ATTRIB], tvb, at + 2, 2)?;
            show_fid(d, tvb, at + 8, told)
        }
        (6, true) => file::closed(d, tvb),
        (7, false) => {
            d.bytes(UNKNOWN, tvb, at + 2, 6);
            show_fid(d, tvb, at + 8, told)
        }
        (8, false) => file::read(d, tvb, told),
        (8, true) => file::did_read(d, tvb),
        (9, false) => file::write(d, tvb, told),
        (9, true) => file::written(d, tvb),
        (10, false) => file::lock(d, tvb, told),
        (11, false) => control::ioctl(d, tvb, told),
        (11, true) => control::ioctl_done(d, tvb, told),
        (14, false) => directory::find(d, tvb, told),
        (14, true) => directory::found(d, tvb, told),
        (15, false) => directory::notify(d, tvb, told),
        (15, true) => {
            buffer(d, tvb, at + 2, (2, 4))?;
            Ok(())
        }
        (16, false) => information::query(d, tvb, told),
        (16, true) => {
            let (offset, len) = buffer(d, tvb, at + 2, (2, 4))?;
            information::information(d, tvb.sub(offset, len), told.asked.class, told.asked.level)
        }
        (17, false) => information::set(d, tvb, told),
        (18, _) => {
            le(d, CREATE_OPLOCK, tvb, at + 2, 1)?;
            d.bytes(RESERVED, tvb, at + 3, 1);
            d.bytes(RESERVED, tvb, at + 4, 4);
            show_fid(d, tvb, at + 8, told)
        }
        (2 | 4 | 7 | 10 | 12 | 13, _) if tvb.reported() >= at + 4 && !matches!(header.command, 2 | 4) => {
            d.bytes(UNKNOWN, tvb, at + 2, 2);
            Ok(())
        }
        (4, _) if tvb.reported() >= at + 4 => {
            d.bytes(RESERVED, tvb, at + 2, 2);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// [MS-SMB2] 2.2.2.
fn error<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let at = HEADER_LEN;
    le(d, ERROR_CONTEXT_COUNT, tvb, at + 2, 1)?;
    le(d, ERROR_RESERVED, tvb, at + 3, 1)?;
    let len = le(d, ERROR_BYTE_COUNT, tvb, at + 4, 4)? as usize;
    let left = tvb.reported().saturating_sub(at + 8);
    let len = if len == 0 { left.min(1) } else { len.min(left) };
    if len > 0 {
        d.bytes(ERROR_DATA, tvb, at + 8, len);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::known::Asked;
    use super::*;
    use crate::conversation::Key;
    use crate::tests::{frames, values};

    #[test]
    fn responses_know_what_was_asked() {
        let shown = frames(101, samples::SAMPLES);
        assert_eq!(values(&shown[7], "smb2.response_to"), "7");
        assert_eq!(values(&shown[13], "smb2.file_info.infolevel"), "0x04");
        assert_eq!(values(&shown[8], "smb2.tree"), "\\\\srv\\share");
        assert!(values(&shown[0], "smb2.preauth_hash").starts_with("2e5cde1f5a"));
    }

    #[test]
    fn no_more_than_the_limits_are_known() {
        let mut known = Known::default();
        let key = Key(crate::dissector::Endpoints::default());
        for id in 0..2 * MAX_KNOWN as u64 {
            known.asked.insert((key, id), Asked::default());
            known.sessions.insert((key, id), 1);
        }
        assert!(known.asked.len() <= MAX_KNOWN);
        assert!(known.sessions.len() <= MAX_KNOWN);
    }

    #[test]
    fn compounds_and_lists_end_at_the_limits() {
        let mut octets = Vec::new();
        for _ in 0..2 * MAX_MESSAGES {
            let mut message = vec![0; 72];
            message[..4].copy_from_slice(b"\xfeSMB");
            message[12] = 13;
            message[20] = 72;
            octets.extend(message);
        }
        let shown = crate::tests::shown_by(ProtoId::Smb2, &octets);
        assert_eq!(shown.iter().filter(|row| row.0 == "smb2.cmd").count(), MAX_MESSAGES);
        let mut negotiate = vec![0; 64 + 36 + 4 * MAX_ENTRIES];
        negotiate[..4].copy_from_slice(b"\xfeSMB");
        negotiate[66..68].copy_from_slice(&(2 * MAX_ENTRIES as u16).to_le_bytes());
        let shown = crate::tests::shown_by(ProtoId::Smb2, &negotiate);
        assert_eq!(shown.iter().filter(|row| row.0 == "smb2.dialect").count(), MAX_ENTRIES);
    }

    #[test]
    fn survives_anything() {
        let seeds: &[&'static [u8]] = &[
            b"\xfeSMB\x40\0\x01\0\0\0\0\0\x05\0\x01\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0abcdefghijklmnopqrstuvwxyzabcdef\x39\0\0\xffabcdefghijklmnopqrstuvwxyzabcdefghijklmnop\x78\0\x02\0\x7c\0\0\0\x10\0\0\0a\0",
            b"\xfeSMB\x40\0\x01\0\0\0\0\0\x0e\0\x01\0\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0abcdefghijklmnopqrstuvwxyzabcdef\x09\0\x48\0\x10\0\0\0abcdefghijklmnop",
        ];
        for seed in seeds {
            crate::tests::survives_anything(ProtoId::Smb2, seed);
        }
    }
}
