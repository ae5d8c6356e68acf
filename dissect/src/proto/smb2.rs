//! Server Message Block, versions 2 and 3 ([MS-SMB2] 2.2): headers and bodies of all commands, and what goes together.

use std::sync::Arc;

use super::smb;
use crate::conversation::Key;
use crate::dissector::Dissector;
use crate::facts::Fact;
use crate::field::{FieldId, Names, fields};
use crate::guid;
use crate::recent::Recent;
use crate::registry::{ProtoId, Protocol, Sample};
use crate::sha512::Sha512;
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

const CLASSES: &[(u64, &str)] = &[(1, "FILE_INFO"), (2, "FS_INFO"), (3, "SEC_INFO"), (4, "QUOTA_INFO")];
const FILE_LEVELS: &[(u64, &str)] = &[
    (4, "SMB2_FILE_BASIC_INFO"),
    (5, "SMB2_FILE_STANDARD_INFO"),
    (6, "SMB2_FILE_INTERNAL_INFO"),
    (7, "SMB2_FILE_EA_INFO"),
    (8, "SMB2_FILE_ACCESS_INFO"),
    (10, "SMB2_FILE_RENAME_INFO"),
    (13, "SMB2_FILE_DISPOSITION_INFO"),
    (14, "SMB2_FILE_POSITION_INFO"),
    (15, "SMB2_FILE_FULL_EA_INFO"),
    (16, "SMB2_FILE_MODE_INFO"),
    (17, "SMB2_FILE_ALIGNMENT_INFO"),
    (18, "SMB2_FILE_ALL_INFO"),
    (19, "SMB2_FILE_ALLOCATION_INFO"),
    (20, "SMB2_FILE_ENDOFFILE_INFO"),
    (21, "SMB2_FILE_ALTERNATE_NAME_INFO"),
    (22, "SMB2_FILE_STREAM_INFO"),
    (23, "SMB2_FILE_PIPE_INFO"),
    (28, "SMB2_FILE_COMPRESSION_INFO"),
    (34, "SMB2_FILE_NETWORK_OPEN_INFO"),
    (35, "SMB2_FILE_ATTRIBUTE_TAG_INFO"),
    (48, "SMB2_FILE_NORMALIZED_NAME_INFO"),
    (100, "SMB2_FILE_POSIX_INFO"),
];
const VOLUME_LEVELS: &[(u64, &str)] = &[
    (1, "FileFsVolumeInformation"),
    (2, "FileFsLabelInformation"),
    (3, "FileFsSizeInformation"),
    (4, "FileFsDeviceInformation"),
    (5, "FileFsAttributeInformation"),
    (6, "FileFsControlInformation"),
    (7, "FileFsFullSizeInformation"),
    (8, "FileFsObjectIdInformation"),
    (9, "FileFsDriverPathInformation"),
    (10, "FileFsVolumeFlagsInformation"),
    (11, "FileFsSectorSizeInformation"),
];
const FIND_LEVELS: &[(u64, &str)] = &[
    (1, "SMB2_FIND_DIRECTORY_INFO"),
    (2, "SMB2_FIND_FULL_DIRECTORY_INFO"),
    (3, "SMB2_FIND_BOTH_DIRECTORY_INFO"),
    (4, "SMB2_FIND_INDEX_SPECIFIED"),
    (12, "SMB2_FIND_NAME_INFO"),
    (37, "SMB2_FIND_ID_BOTH_DIRECTORY_INFO"),
    (38, "SMB2_FIND_ID_FULL_DIRECTORY_INFO"),
    (100, "SMB2_FIND_POSIX_INFO"),
];
const DISPOSITIONS: &[(u64, &str)] = &[
    (0, "Supersede (supersede existing file (if it exists))"),
    (1, "Open (if file exists open it, else fail)"),
    (2, "Create (if file exists fail, else create it)"),
    (3, "Open If (if file exists open it, else create it)"),
    (4, "Overwrite (if file exists overwrite, else fail)"),
    (5, "Overwrite If (if file exists overwrite, else create it)"),
];
const ACTIONS: &[(u64, &str)] = &[
    (0, "No action taken?"),
    (1, "The file existed and was opened"),
    (2, "The file did not exist but was created"),
    (3, "The file existed and was truncated"),
    (32769, "The file existed and was opened, and an OpLock was granted"),
    (32770, "The file did not exist but was created, and an OpLock was granted"),
    (32771, "The file existed and was truncated, and an OpLock was granted"),
];
const OPLOCKS: &[(u64, &str)] =
    &[(0, "No oplock"), (1, "Level2 oplock"), (8, "Exclusive oplock"), (9, "Batch oplock"), (255, "Lease")];
const IMPERSONATIONS: &[(u64, &str)] =
    &[(0, "Anonymous"), (1, "Identification"), (2, "Impersonation"), (3, "Delegation")];
const SHARE_TYPES: &[(u64, &str)] = &[(1, "Physical disk"), (2, "Named pipe"), (3, "Printer")];
const DIALECTS: &[(u64, &str)] = &[
    (514, "SMB 2.0.2"),
    (528, "SMB 2.1"),
    (767, "SMB2 wildcard"),
    (546, "SMB 2.2.2 (deprecated; should be 3.0)"),
    (548, "SMB 2.2.4 (deprecated; should be 3.0)"),
    (768, "SMB 3.0"),
    (770, "SMB 3.0.2"),
    (784, "SMB 3.1.0 (deprecated; should be 3.1.1)"),
    (785, "SMB 3.1.1"),
];
const CONTEXTS: &[(u64, &str)] = &[
    (1, "SMB2_PREAUTH_INTEGRITY_CAPABILITIES"),
    (2, "SMB2_ENCRYPTION_CAPABILITIES"),
    (3, "SMB2_COMPRESSION_CAPABILITIES"),
    (5, "SMB2_NETNAME_NEGOTIATE_CONTEXT_ID"),
    (6, "SMB2_TRANSPORT_CAPABILITIES"),
    (7, "SMB2_RDMA_TRANSFORM_CAPABILITIES"),
    (8, "SMB2_SIGNING_CAPABILITIES"),
    (256, "SMB2_POSIX_EXTENSIONS_CAPABILITIES"),
];
const CIPHERS: &[(u64, &str)] = &[(1, "AES-128-CCM"), (2, "AES-128-GCM"), (3, "AES-256-CCM"), (4, "AES-256-GCM")];
const SIGNINGS: &[(u64, &str)] = &[(0, "HMAC-SHA256"), (1, "AES-CMAC"), (2, "AES-GMAC")];
const FUNCTIONS: &[(u64, &str)] = &[
    (393620, "FSCTL_DFS_GET_REFERRALS"),
    (393648, "FSCTL_DFS_GET_REFERRALS_EX"),
    (589824, "FSCTL_REQUEST_OPLOCK_LEVEL_1"),
    (589828, "FSCTL_REQUEST_OPLOCK_LEVEL_2"),
    (589832, "FSCTL_REQUEST_BATCH_OPLOCK"),
    (589836, "FSCTL_OPLOCK_BREAK_ACKNOWLEDGE"),
    (589840, "FSCTL_OPBATCH_ACK_CLOSE_PENDING"),
    (589844, "FSCTL_OPLOCK_BREAK_NOTIFY"),
    (589848, "FSCTL_LOCK_VOLUME"),
    (589852, "FSCTL_UNLOCK_VOLUME"),
    (589856, "FSCTL_DISMOUNT_VOLUME"),
    (589864, "FSCTL_IS_VOLUME_MOUNTED"),
    (589868, "FSCTL_IS_PATHNAME_VALID"),
    (589872, "FSCTL_MARK_VOLUME_DIRTY"),
    (589883, "FSCTL_QUERY_RETRIEVAL_POINTERS"),
    (589884, "FSCTL_GET_COMPRESSION"),
    (589903, "FSCTL_MARK_AS_SYSTEM_HIVE"),
    (589904, "FSCTL_OPLOCK_BREAK_ACK_NO_2"),
    (589908, "FSCTL_INVALIDATE_VOLUMES"),
    (589912, "FSCTL_QUERY_FAT_BPB"),
    (589916, "FSCTL_REQUEST_FILTER_OPLOCK"),
    (589920, "FSCTL_FILESYSTEM_GET_STATISTICS"),
    (589924, "FSCTL_GET_NTFS_VOLUME_DATA"),
    (589928, "FSCTL_GET_NTFS_FILE_RECORD"),
    (589935, "FSCTL_GET_VOLUME_BITMAP"),
    (589939, "FSCTL_GET_RETRIEVAL_POINTERS"),
    (589940, "FSCTL_MOVE_FILE"),
    (589944, "FSCTL_IS_VOLUME_DIRTY"),
    (589948, "FSCTL_GET_HFS_INFORMATION"),
    (589955, "FSCTL_ALLOW_EXTENDED_DASD_IO"),
    (589959, "FSCTL_READ_PROPERTY_DATA"),
    (589963, "FSCTL_WRITE_PROPERTY_DATA"),
    (589967, "FSCTL_FIND_FILES_BY_SID"),
    (589975, "FSCTL_DUMP_PROPERTY_DATA"),
    (589980, "FSCTL_GET_OBJECT_ID"),
    (589988, "FSCTL_SET_REPARSE_POINT"),
    (589992, "FSCTL_GET_REPARSE_POINT"),
    (590016, "FSCTL_CREATE_OR_GET_OBJECT_ID"),
    (590020, "FSCTL_SET_SPARSE"),
    (590036, "FSCTL_SET_ENCRYPTION"),
    (590043, "FSCTL_ENCRYPTION_FSCTL_IO"),
    (590047, "FSCTL_WRITE_RAW_ENCRYPTED"),
    (590051, "FSCTL_READ_RAW_ENCRYPTED"),
    (590064, "FSCTL_EXTEND_VOLUME"),
    (590404, "FSCTL_CSV_TUNNEL_REQUEST"),
    (590460, "FSCTL_GET_INTEGRITY_INFORMATION"),
    (590468, "FSCTL_QUERY_FILE_REGIONS"),
    (590536, "FSCTL_CSV_SYNC_TUNNEL_REQUEST"),
    (590592, "FSCTL_QUERY_SHARED_VIRTUAL_DISK_SUPPORT"),
    (590596, "FSCTL_SVHDX_SYNC_TUNNEL_REQUEST"),
    (590600, "FSCTL_SVHDX_SET_INITIATOR_INFORMATION"),
    (590604, "FSCTL_SET_EXTERNAL_BACKING"),
    (590608, "FSCTL_GET_EXTERNAL_BACKING"),
    (590612, "FSCTL_DELETE_EXTERNAL_BACKING"),
    (590616, "FSCTL_ENUM_EXTERNAL_BACKING"),
    (590623, "FSCTL_ENUM_OVERLAY"),
    (590672, "FSCTL_STORAGE_QOS_CONTROL"),
    (590692, "FSCTL_SVHDX_ASYNC_TUNNEL_REQUEST"),
    (606387, "FSCTL_ENUM_USN_DATA"),
    (606391, "FSCTL_SECURITY_ID_CHECK"),
    (606395, "FSCTL_READ_USN_JOURNAL"),
    (606415, "FSCTL_QUERY_ALLOCATED_RANGES"),
    (606439, "FSCTL_CREATE_USN_JOURNAL"),
    (606443, "FSCTL_READ_FILE_USN_DATA"),
    (606447, "FSCTL_WRITE_USN_CLOSE_RECORD"),
    (606820, "FSCTL_OFFLOAD_READ"),
    (622744, "FSCTL_SET_OBJECT_ID"),
    (622752, "FSCTL_DELETE_OBJECT_ID"),
    (622756, "FSCTL_SET_REPARSE_POINT"),
    (622764, "FSCTL_DELETE_REPARSE_POINT"),
    (622780, "FSCTL_SET_OBJECT_ID_EXTENDED"),
    (622792, "FSCTL_SET_ZERO_DATA"),
    (622800, "FSCTL_ENABLE_UPGRADE"),
    (623112, "FSCTL_FILE_LEVEL_TRIM"),
    (623208, "FSCTL_OFFLOAD_WRITE"),
    (639040, "FSCTL_SET_COMPRESSION"),
    (639616, "FSCTL_SET_INTEGRITY_INFORMATION"),
    (1114136, "FSCTL_PIPE_WAIT"),
    (1130508, "FSCTL_PIPE_PEEK"),
    (1163287, "FSCTL_PIPE_TRANSCEIVE"),
    (1310840, "FSCTL_SRV_REQUEST_RESUME_KEY"),
    (1311188, "FSCTL_LMR_REQUEST_RESILIENCY"),
    (1311228, "FSCTL_QUERY_NETWORK_INTERFACE_INFO"),
    (1311232, "FSCTL_VALIDATE_NEGOTIATE_INFO_224"),
    (1311236, "FSCTL_VALIDATE_NEGOTIATE_INFO"),
    (1327204, "FSCTL_SRV_ENUMERATE_SNAPSHOTS"),
    (1327346, "FSCTL_SRV_COPYCHUNK"),
    (1327547, "FSCTL_SRV_READ_HASH"),
    (1343730, "FSCTL_SRV_COPYCHUNK_WRITE"),
];
const FLAG_LIST: &[FieldId] =
    &[FLAGS_RESPONSE, FLAGS_ASYNC, FLAGS_CHAINED, FLAGS_SIGNATURE, FLAGS_PRIORITY_MASK, FLAGS_DFS, FLAGS_REPLAY];
const CAPABILITY_LIST: &[FieldId] = &[
    CAPABILITIES_DFS,
    CAPABILITIES_LEASING,
    CAPABILITIES_LARGE_MTU,
    CAPABILITIES_MULTI_CHANNEL,
    CAPABILITIES_PERSISTENT_HANDLES,
    CAPABILITIES_DIRECTORY_LEASING,
    CAPABILITIES_ENCRYPTION,
];
const ATTRIBUTE_LIST: &[FieldId] = &[
    FILE_ATTRIBUTE_READ_ONLY,
    FILE_ATTRIBUTE_HIDDEN,
    FILE_ATTRIBUTE_SYSTEM,
    FILE_ATTRIBUTE_DIRECTORY,
    FILE_ATTRIBUTE_ARCHIVE,
    FILE_ATTRIBUTE_NORMAL,
    FILE_ATTRIBUTE_TEMPORARY,
    FILE_ATTRIBUTE_SPARSE,
    FILE_ATTRIBUTE_REPARSE,
    FILE_ATTRIBUTE_COMPRESSED,
    FILE_ATTRIBUTE_OFFLINE,
    FILE_ATTRIBUTE_NOT_CONTENT_INDEXED,
    FILE_ATTRIBUTE_ENCRYPTED,
    FILE_ATTRIBUTE_INTEGRITY_STREAM,
    FILE_ATTRIBUTE_NO_SCRUB_DATA,
];
const SHARE_FLAG_LIST: &[FieldId] = &[
    SHARE_FLAGS_DFS,
    SHARE_FLAGS_DFS_ROOT,
    SHARE_FLAGS_RESTRICT_EXCLUSIVE_OPENS,
    SHARE_FLAGS_FORCE_SHARED_DELETE,
    SHARE_FLAGS_ALLOW_NAMESPACE_CACHING,
    SHARE_FLAGS_ACCESS_BASED_DIR_ENUM,
    SHARE_FLAGS_FORCE_LEVELII_OPLOCK,
    SHARE_FLAGS_ENABLE_HASH_V1,
    SHARE_FLAGS_ENABLE_HASH_V2,
    SHARE_FLAGS_ENCRYPT_DATA,
    SHARE_FLAGS_IDENTITY_REMOTING,
    SHARE_FLAGS_COMPRESS_DATA,
];
const SHARE_CAP_LIST: &[FieldId] = &[
    SHARE_CAPS_DFS,
    SHARE_CAPS_CONTINUOUS_AVAILABILITY,
    SHARE_CAPS_SCALEOUT,
    SHARE_CAPS_CLUSTER,
    SHARE_CAPS_ASSYMETRIC,
    SHARE_CAPS_REDIRECT_TO_OWNER,
];
const SESSION_FLAG_LIST: &[FieldId] = &[SES_FLAGS_GUEST, SES_FLAGS_NULL, SES_FLAGS_ENCRYPT];
const SECURITY_LIST: &[FieldId] = &[
    GETSETINFO_ADDITIONAL_SECINFO_OWNER,
    GETSETINFO_ADDITIONAL_SECINFO_GROUP,
    GETSETINFO_ADDITIONAL_SECINFO_DACL,
    GETSETINFO_ADDITIONAL_SECINFO_SACL,
    GETSETINFO_ADDITIONAL_SECINFO_LABEL,
    GETSETINFO_ADDITIONAL_SECINFO_ATTRIBUTE,
    GETSETINFO_ADDITIONAL_SECINFO_SCOPE,
    GETSETINFO_ADDITIONAL_SECINFO_BACKUP,
];
const LOCK_FLAG_LIST: &[FieldId] =
    &[LOCK_FLAGS_SHARED, LOCK_FLAGS_EXCLUSIVE, LOCK_FLAGS_UNLOCK, LOCK_FLAGS_FAIL_IMMEDIATELY];
const FIND_FLAG_LIST: &[FieldId] = &[FIND_RESTART_SCANS, FIND_SINGLE_ENTRY, FIND_INDEX_SPECIFIED, FIND_REOPEN];
const WRITE_FLAG_LIST: &[FieldId] = &[WRITE_FLAGS_WRITE_THROUGH, WRITE_FLAGS_UNBUFFERED];
const SECURITY_MODE_LIST: &[FieldId] = &[SEC_MODE_SIGN_ENABLED, SEC_MODE_SIGN_REQUIRED];
const COMMANDS: &[(u64, &str)] = &[
    (0, "Negotiate Protocol"),
    (1, "Session Setup"),
    (2, "Session Logoff"),
    (3, "Tree Connect"),
    (4, "Tree Disconnect"),
    (5, "Create"),
    (6, "Close"),
    (7, "Flush"),
    (8, "Read"),
    (9, "Write"),
    (10, "Lock"),
    (11, "Ioctl"),
    (12, "Cancel"),
    (13, "KeepAlive"),
    (14, "Find"),
    (15, "Notify"),
    (16, "GetInfo"),
    (17, "SetInfo"),
    (18, "Break"),
];
/// [MS-ERREF] 2.3, as far as servers of files say them.
pub(crate) const STATUSES: &[(u64, &str)] = &[
    (0, "STATUS_SUCCESS"),
    (0x0000_0103, "STATUS_PENDING"),
    (0x0000_010b, "STATUS_NOTIFY_CLEANUP"),
    (0x0000_010c, "STATUS_NOTIFY_ENUM_DIR"),
    (0x8000_0005, "STATUS_BUFFER_OVERFLOW"),
    (0x8000_0006, "STATUS_NO_MORE_FILES"),
    (0x8000_001a, "STATUS_NO_MORE_ENTRIES"),
    (0x8000_002d, "STATUS_STOPPED_ON_SYMLINK"),
    (0xc000_0001, "STATUS_UNSUCCESSFUL"),
    (0xc000_0002, "STATUS_NOT_IMPLEMENTED"),
    (0xc000_0003, "STATUS_INVALID_INFO_CLASS"),
    (0xc000_0004, "STATUS_INFO_LENGTH_MISMATCH"),
    (0xc000_0008, "STATUS_INVALID_HANDLE"),
    (0xc000_000d, "STATUS_INVALID_PARAMETER"),
    (0xc000_000e, "STATUS_NO_SUCH_DEVICE"),
    (0xc000_000f, "STATUS_NO_SUCH_FILE"),
    (0xc000_0010, "STATUS_INVALID_DEVICE_REQUEST"),
    (0xc000_0011, "STATUS_END_OF_FILE"),
    (0xc000_0016, "STATUS_MORE_PROCESSING_REQUIRED"),
    (0xc000_0017, "STATUS_NO_MEMORY"),
    (0xc000_0022, "STATUS_ACCESS_DENIED"),
    (0xc000_0023, "STATUS_BUFFER_TOO_SMALL"),
    (0xc000_0033, "STATUS_OBJECT_NAME_INVALID"),
    (0xc000_0034, "STATUS_OBJECT_NAME_NOT_FOUND"),
    (0xc000_0035, "STATUS_OBJECT_NAME_COLLISION"),
    (0xc000_003a, "STATUS_OBJECT_PATH_NOT_FOUND"),
    (0xc000_0043, "STATUS_SHARING_VIOLATION"),
    (0xc000_0054, "STATUS_FILE_LOCK_CONFLICT"),
    (0xc000_0055, "STATUS_LOCK_NOT_GRANTED"),
    (0xc000_0056, "STATUS_DELETE_PENDING"),
    (0xc000_005e, "STATUS_NO_LOGON_SERVERS"),
    (0xc000_0061, "STATUS_PRIVILEGE_NOT_HELD"),
    (0xc000_0064, "STATUS_NO_SUCH_USER"),
    (0xc000_006a, "STATUS_WRONG_PASSWORD"),
    (0xc000_006d, "STATUS_LOGON_FAILURE"),
    (0xc000_006e, "STATUS_ACCOUNT_RESTRICTION"),
    (0xc000_0071, "STATUS_PASSWORD_EXPIRED"),
    (0xc000_0072, "STATUS_ACCOUNT_DISABLED"),
    (0xc000_007e, "STATUS_RANGE_NOT_LOCKED"),
    (0xc000_007f, "STATUS_DISK_FULL"),
    (0xc000_009a, "STATUS_INSUFFICIENT_RESOURCES"),
    (0xc000_00ac, "STATUS_PIPE_NOT_AVAILABLE"),
    (0xc000_00ae, "STATUS_PIPE_BUSY"),
    (0xc000_00b0, "STATUS_PIPE_DISCONNECTED"),
    (0xc000_00ba, "STATUS_FILE_IS_A_DIRECTORY"),
    (0xc000_00bb, "STATUS_NOT_SUPPORTED"),
    (0xc000_00c9, "STATUS_NETWORK_NAME_DELETED"),
    (0xc000_00cc, "STATUS_BAD_NETWORK_NAME"),
    (0xc000_00d0, "STATUS_REQUEST_NOT_ACCEPTED"),
    (0xc000_0101, "STATUS_DIRECTORY_NOT_EMPTY"),
    (0xc000_0103, "STATUS_NOT_A_DIRECTORY"),
    (0xc000_0120, "STATUS_CANCELLED"),
    (0xc000_0121, "STATUS_CANNOT_DELETE"),
    (0xc000_0128, "STATUS_FILE_CLOSED"),
    (0xc000_014b, "STATUS_PIPE_BROKEN"),
    (0xc000_0203, "STATUS_USER_SESSION_DELETED"),
    (0xc000_0225, "STATUS_NOT_FOUND"),
    (0xc000_0234, "STATUS_ACCOUNT_LOCKED_OUT"),
    (0xc000_0257, "STATUS_PATH_NOT_COVERED"),
    (0xc000_035c, "STATUS_NETWORK_SESSION_EXPIRED"),
];

const HEADER_LEN: usize = 64;
const RESPONSE: u64 = 1;
const ASYNC: u64 = 2;
const PENDING: u64 = 0x103;
const MORE_PROCESSING: u64 = 0xc000_0016;
const BUFFER_OVERFLOW: u64 = 0x8000_0005;
/// [MS-FSCC] 2.3.
const PIPE_TRANSCEIVE: u64 = 0x0011_c017;
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
    samples: &[Sample { link_type: 101, frames: SAMPLES }],
    ..Protocol::new(ProtoId::Smb2, "SMB2", &[], dissect)
};

/// A share that a tree stands for.
#[derive(Clone, Debug)]
struct Tree {
    name: Arc<str>,
    share: u8,
    frame: u64,
}

/// What a request wanted, for its response.
#[derive(Clone, Debug, Default)]
struct Asked {
    class: u8,
    level: u8,
    name: Option<Arc<str>>,
}

/// What is known of a message from those before it.
#[derive(Clone, Debug, Default)]
pub struct Told {
    tree: Option<Tree>,
    authenticated: Option<u64>,
    asked: Asked,
    file: Option<Arc<str>>,
    hash: Option<Arc<[u8]>>,
}

/// What the first pass remembers.
pub(crate) struct Known {
    asked: Recent<(Key, u64), Asked>,
    trees: Recent<(Key, u64, u32), Tree>,
    sessions: Recent<(Key, u64), u64>,
    files: Recent<(Key, [u8; 16]), Arc<str>>,
    hashes: Recent<Key, [u8; 64]>,
}

impl Default for Known {
    fn default() -> Self {
        Self {
            asked: Recent::new(MAX_KNOWN),
            trees: Recent::new(MAX_KNOWN),
            sessions: Recent::new(MAX_KNOWN),
            files: Recent::new(MAX_KNOWN),
            hashes: Recent::new(MAX_KNOWN),
        }
    }
}

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
    let told = told(d, tvb, &header);
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

/// What is known of a message; the first pass learns from it.
fn told(d: &mut Dissector<'_>, tvb: Tvb<'_>, header: &Header) -> Told {
    let wants = d.wants_facts_of(ProtoId::Smb2);
    let wants_hash = d.wants_fact(PREAUTH_HASH);
    let key = Key(d.endpoints.conversation().0);
    let frame = d.packet.number;
    if wants && let Some(flows) = d.flows() {
        let known = &mut flows.smb2;
        let mut told = known.tell(key, tvb, header, frame);
        if wants_hash && header.command <= 1 {
            told.hash = known.hash(key, tvb, header);
        }
        d.record(Fact::Smb2(Box::new(told)));
    }
    let found = d.fact(|fact| match fact {
        Fact::Smb2(told) => Some((**told).clone()),
        _ => None,
    });
    found.unwrap_or_default()
}

impl Known {
    fn tell(&mut self, key: Key, tvb: Tvb<'_>, header: &Header, frame: u64) -> Told {
        let mut told = Told {
            tree: self.trees.get(&(key, header.session, header.tree)).cloned(),
            authenticated: self.sessions.get(&(key, header.session)).copied(),
            ..Told::default()
        };
        let octet = |at: usize| tvb.u8(at).unwrap_or_default();
        if header.is_response {
            told.asked = self.asked.get(&(key, header.id)).cloned().unwrap_or_default();
            let name = told.asked.name.clone();
            match (header.command, name) {
                (1, _) if header.status == 0 => {
                    told.authenticated = Some(frame);
                    self.sessions.insert((key, header.session), frame);
                }
                (3, Some(name)) if header.status == 0 => {
                    let tree = Tree { name, share: octet(HEADER_LEN + 2), frame };
                    told.tree = Some(tree.clone());
                    self.trees.insert((key, header.session, header.tree), tree);
                }
                (5, Some(name)) if header.status == 0 => {
                    if let Ok(fid) = tvb.array(HEADER_LEN + 64) {
                        self.files.insert((key, fid), name.clone());
                    }
                    told.file = Some(name);
                }
                _ => {}
            }
        } else {
            let (class, level) = match header.command {
                14 => (0, octet(HEADER_LEN + 2)),
                16 | 17 => (octet(HEADER_LEN + 2), octet(HEADER_LEN + 3)),
                _ => (0, 0),
            };
            let asked = Asked { class, level, name: name(tvb, header.command) };
            told.asked = asked.clone();
            self.asked.insert((key, header.id), asked);
        }
        if let Some(at) = fid_place(header)
            && let Ok(fid) = tvb.array::<16>(HEADER_LEN + at)
        {
            told.file = self.files.get(&(key, fid)).cloned();
        }
        told
    }

    /// [MS-SMB2] 3.1.4.2 and 3.2.5.2: what both have said before they know each other.
    fn hash(&mut self, key: Key, tvb: Tvb<'_>, header: &Header) -> Option<Arc<[u8]>> {
        let before = match self.hashes.get(&key) {
            Some(hash) if header.command == 1 || header.is_response => *hash,
            None if header.command == 1 => return None,
            _ => [0; 64],
        };
        // The response that ends it all is not counted.
        let counts = !(header.command == 1 && header.is_response && header.status != MORE_PROCESSING);
        let hash = if counts { Sha512::of(&[&before, tvb.bytes()]) } else { before };
        self.hashes.insert(key, hash);
        Some(hash.as_slice().into())
    }
}

/// Where in the body of a message the identifier of an open file stands.
fn fid_place(header: &Header) -> Option<usize> {
    if header.is_error() {
        return None;
    }
    match (header.command, header.is_response) {
        (6 | 7 | 10 | 11 | 14 | 15 | 18, false) | (11 | 18, true) => Some(8),
        (8 | 9 | 17, false) => Some(16),
        (16, false) => Some(24),
        _ => None,
    }
}

/// The name that a request to open a file or to connect to a share has.
fn name(tvb: Tvb<'_>, command: u64) -> Option<Arc<str>> {
    let at = match command {
        3 => HEADER_LEN + 4,
        5 => HEADER_LEN + 44,
        _ => return None,
    };
    let (offset, len) = (tvb.u16_le(at).ok()?, tvb.u16_le(at + 2).ok()?);
    Some(utf16(tvb.slice(offset.into(), len.into()).ok()?).into())
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
        show_class(d, tvb, at, told.asked.class, told.asked.level, true);
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
        (0, false) => negotiate(d, tvb),
        (0, true) => negotiated(d, tvb),
        (1, false) => setup(d, tvb),
        (1, true) => set_up(d, tvb),
        (3, false) => connect(d, tvb),
        (3, true) => connected(d, tvb),
        (5, false) => create(d, tvb),
        (5, true) => created(d, tvb, told),
        (6, false) => {
            flags(d, CLOSE_FLAGS, &[CLOSE_PQ_ATTRIB], tvb, at + 2, 2)?;
            show_fid(d, tvb, at + 8, told)
        }
        (6, true) => closed(d, tvb),
        (7, false) => {
            d.bytes(UNKNOWN, tvb, at + 2, 6);
            show_fid(d, tvb, at + 8, told)
        }
        (8, false) => read(d, tvb, told),
        (8, true) => did_read(d, tvb),
        (9, false) => write(d, tvb, told),
        (9, true) => written(d, tvb),
        (10, false) => lock(d, tvb, told),
        (11, false) => ioctl(d, tvb, told),
        (11, true) => ioctl_done(d, tvb, told),
        (14, false) => find(d, tvb, told),
        (14, true) => found(d, tvb, told),
        (15, false) => notify(d, tvb, told),
        (15, true) => {
            buffer(d, tvb, at + 2, (2, 4))?;
            Ok(())
        }
        (16, false) => query(d, tvb, told),
        (16, true) => {
            let (offset, len) = buffer(d, tvb, at + 2, (2, 4))?;
            information(d, tvb.sub(offset, len), told.asked.class, told.asked.level)
        }
        (17, false) => set(d, tvb, told),
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

fn security_mode<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Parsed {
    flags(d, SEC_MODE, SECURITY_MODE_LIST, tvb, at, 1)?;
    Ok(())
}

fn negotiate<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    const WITH_CONTEXTS: u64 = 0x311;
    let at = HEADER_LEN;
    let count = le(d, DIALECT_COUNT, tvb, at + 2, 2)? as usize;
    security_mode(d, tvb, at + 4)?;
    d.bytes(RESERVED, tvb, at + 6, 2);
    flags(d, CAPABILITIES, CAPABILITY_LIST, tvb, at + 8, 4)?;
    guid(d, CLIENT_GUID, tvb, at + 12)?;
    let offset = le(d, NEGOTIATE_CONTEXT_OFFSET, tvb, at + 28, 4)? as usize;
    let contexts = le(d, NEGOTIATE_CONTEXT_COUNT, tvb, at + 32, 2)? as usize;
    d.bytes(RESERVED, tvb, at + 34, 2);
    let mut has_contexts = false;
    for number in 0..count.min(MAX_ENTRIES) {
        has_contexts |= le(d, DIALECT, tvb, at + 36 + 2 * number, 2)? == WITH_CONTEXTS;
    }
    if has_contexts { self::contexts(d, tvb, offset, contexts) } else { Ok(()) }
}

fn negotiated<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let at = HEADER_LEN;
    security_mode(d, tvb, at + 2)?;
    let dialect = le(d, DIALECT, tvb, at + 4, 2)?;
    let contexts = if dialect == 0x311 {
        le(d, NEGOTIATE_CONTEXT_COUNT, tvb, at + 6, 2)? as usize
    } else {
        d.bytes(RESERVED, tvb, at + 6, 2);
        0
    };
    guid(d, SERVER_GUID, tvb, at + 8)?;
    flags(d, CAPABILITIES, CAPABILITY_LIST, tvb, at + 24, 4)?;
    for (place, field) in [MAX_TRANS_SIZE, MAX_READ_SIZE, MAX_WRITE_SIZE].into_iter().enumerate() {
        le(d, field, tvb, at + 28 + 4 * place, 4)?;
    }
    time(d, CURRENT_TIME, tvb, at + 40)?;
    time(d, BOOT_TIME, tvb, at + 48)?;
    let (offset, len) = buffer(d, tvb, at + 56, (2, 2))?;
    blob(d, tvb, offset, len);
    if dialect == 0x311 {
        let offset = le(d, NEGOTIATE_CONTEXT_OFFSET, tvb, at + 60, 4)? as usize;
        self::contexts(d, tvb, offset, contexts)?;
    }
    Ok(())
}

/// What the security mechanism says.
fn blob<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, offset: usize, len: usize) {
    let token = tvb.sub(offset, len);
    if token.reported() > 0 {
        d.open(SECURITY_BLOB, token, 0, token.reported(), Value::Bytes);
        d.with_info_kept(|d| super::gss::call(d, token));
        d.close();
    }
}

/// [MS-SMB2] 2.2.3.1.
fn contexts<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, offset: usize, count: usize) -> Parsed {
    if offset < HEADER_LEN {
        return Ok(());
    }
    let mut at = offset;
    for _ in 0..count.min(MAX_ENTRIES) {
        let kind = int(tvb, at, 2)?;
        let len = int(tvb, at + 2, 2)? as usize;
        d.open_text(tvb, at, 8 + len, || {
            let name = Names::Values(CONTEXTS).of(kind).unwrap_or("Unknown".into());
            format!("Negotiate Context: {name} ")
        });
        le(d, NEGOTIATE_CONTEXT_TYPE, tvb, at, 2)?;
        le(d, NEGOTIATE_CONTEXT_DATA_LENGTH, tvb, at + 2, 2)?;
        d.bytes(RESERVED, tvb, at + 4, 4);
        context(d, tvb.exact(at + 8, len)?, kind)?;
        d.close();
        at = (at + 8 + len).next_multiple_of(8);
    }
    Ok(())
}

fn context<'a>(d: &mut Dissector<'a>, data: Tvb<'a>, kind: u64) -> Parsed {
    let list = |d: &mut Dissector<'a>, field: FieldId, at: usize, count: u64| {
        for number in 0..(count as usize).min(MAX_ENTRIES) {
            le(d, field, data, at + 2 * number, 2)?;
        }
        Ok(())
    };
    match kind {
        1 => {
            let count = le(d, NEGOTIATE_CONTEXT_HASH_ALG_COUNT, data, 0, 2)?;
            let salt = le(d, NEGOTIATE_CONTEXT_SALT_LENGTH, data, 2, 2)? as usize;
            list(d, NEGOTIATE_CONTEXT_HASH_ALGORITHM, 4, count)?;
            if salt > 0 {
                d.bytes(NEGOTIATE_CONTEXT_SALT, data, 4 + 2 * count as usize, salt);
            }
            Ok(())
        }
        2 => {
            let count = le(d, NEGOTIATE_CONTEXT_CIPHER_COUNT, data, 0, 2)?;
            list(d, NEGOTIATE_CONTEXT_CIPHER_ID, 2, count)
        }
        3 => {
            let count = le(d, NEGOTIATE_CONTEXT_COMP_ALG_COUNT, data, 0, 2)?;
            let bits = int(data, 4, 4)?;
            d.open(NEGOTIATE_CONTEXT_COMP_ALG_FLAGS, data, 4, 4, Value::Uint(bits));
            d.flag(NEGOTIATE_CONTEXT_COMP_ALG_FLAGS_CHAINED, data, 4, 4, bits);
            d.bits(NEGOTIATE_CONTEXT_COMP_ALG_FLAGS_RESERVED, data, 4, 4, bits);
            d.close();
            list(d, NEGOTIATE_CONTEXT_COMP_ALG_ID, 8, count)
        }
        5 => {
            text(d, NEGOTIATE_CONTEXT_NETNAME, data, 0, data.reported())?;
            Ok(())
        }
        6 => {
            le(d, NEGOTIATE_CONTEXT_TRANSPORT_FLAGS, data, 0, 4)?;
            Ok(())
        }
        7 => {
            let count = le(d, NEGOTIATE_CONTEXT_RDMA_TRANSFORM_COUNT, data, 0, 2)?;
            le(d, NEGOTIATE_CONTEXT_RDMA_TRANSFORM_RESERVED1, data, 2, 2)?;
            le(d, NEGOTIATE_CONTEXT_RDMA_TRANSFORM_RESERVED2, data, 4, 4)?;
            list(d, NEGOTIATE_CONTEXT_RDMA_TRANSFORM_ID, 8, count)
        }
        8 => {
            let count = le(d, NEGOTIATE_CONTEXT_SIGNING_ALG_COUNT, data, 0, 2)?;
            list(d, NEGOTIATE_CONTEXT_SIGNING_ID, 2, count)
        }
        _ => Ok(()),
    }
}

fn setup<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let at = HEADER_LEN;
    flags(d, SES_REQ_FLAGS, &[SES_REQ_FLAGS_SESSION_BINDING], tvb, at + 2, 1)?;
    security_mode(d, tvb, at + 3)?;
    flags(d, CAPABILITIES, CAPABILITY_LIST, tvb, at + 4, 4)?;
    le(d, CHANNEL, tvb, at + 8, 4)?;
    le(d, PREVIOUS_SESID, tvb, at + 16, 8)?;
    let (offset, len) = buffer(d, tvb, at + 12, (2, 2))?;
    blob(d, tvb, offset, len);
    Ok(())
}

fn set_up<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    flags(d, SESSION_FLAGS, SESSION_FLAG_LIST, tvb, HEADER_LEN + 2, 2)?;
    let (offset, len) = buffer(d, tvb, HEADER_LEN + 4, (2, 2))?;
    blob(d, tvb, offset, len);
    Ok(())
}

fn connect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let at = HEADER_LEN;
    let bits = int(tvb, at + 2, 2)?;
    d.open(TC_FLAGS, tvb, at + 2, 2, Value::Uint(bits));
    for flag in [TC_CLUSTER_RECONNECT, TC_REDIRECT_TO_OWNER, TC_EXTENSION_PRESENT] {
        d.flag(flag, tvb, at + 2, 2, bits);
    }
    d.bits(TC_RESERVED, tvb, at + 2, 2, bits);
    d.close();
    let (offset, len) = (int(tvb, at + 4, 2)? as usize, int(tvb, at + 6, 2)? as usize);
    let share = text(d, TREE, tvb, offset, len)?;
    buffer(d, tvb, at + 4, (2, 2))?;
    d.append_info(|| format!(" Tree: {share}"));
    Ok(())
}

fn connected<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let at = HEADER_LEN;
    le(d, SHARE_TYPE, tvb, at + 2, 1)?;
    d.bytes(RESERVED, tvb, at + 3, 1);
    let bits = flags(d, SHARE_FLAGS, SHARE_FLAG_LIST, tvb, at + 4, 4)?;
    d.add(SHARE_CACHING, tvb, at + 4, 4, Value::Uint(bits & 0x30));
    flags(d, SHARE_CAPS, SHARE_CAP_LIST, tvb, at + 8, 4)?;
    smb::access_mask(d, tvb, at + 12)
}

fn create<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let at = HEADER_LEN;
    le(d, CREATE_OPLOCK, tvb, at + 3, 1)?;
    le(d, IMPERSONATION_LEVEL, tvb, at + 4, 4)?;
    le(d, CREATE_FLAGS, tvb, at + 8, 8)?;
    d.bytes(RESERVED, tvb, at + 16, 8);
    smb::access_mask(d, tvb, at + 24)?;
    attributes(d, tvb, at + 28)?;
    smb::share_access(d, tvb, at + 32)?;
    le(d, CREATE_DISPOSITION, tvb, at + 36, 4)?;
    smb::create_options(d, tvb, at + 40)?;
    let (offset, len) = (int(tvb, at + 44, 2)? as usize, int(tvb, at + 46, 2)? as usize);
    let file = text(d, FILENAME, tvb, offset, len)?;
    buffer(d, tvb, at + 44, (2, 2))?;
    d.append_info(|| format!(" File: {file}"));
    let (offset, len) = buffer(d, tvb, at + 48, (4, 4))?;
    create_contexts(d, tvb, offset, len)
}

/// [MS-SMB2] 2.2.13.2.
fn create_contexts<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, offset: usize, len: usize) -> Parsed {
    let list = tvb.sub(offset, len);
    d.open(CREATE_EXTRAINFO, list, 0, list.reported(), Value::None);
    if offset == 0 || len == 0 {
        d.close();
        return Ok(());
    }
    let mut at = 0;
    for _ in 0..MAX_ENTRIES {
        let next = int(list, at, 4)? as usize;
        let entry = if next == 0 { list.from(at) } else { list.sub(at, next) };
        d.open_text(entry, 0, entry.reported(), || "Chain Element:".to_owned());
        le(d, CREATE_CHAIN_OFFSET, entry, 0, 4)?;
        let (name, name_len) = (int(entry, 4, 2)? as usize, int(entry, 6, 2)? as usize);
        entry.slice(name, name_len)?;
        d.add(TAG, entry, name, name_len, Value::Text);
        buffer(d, entry, 4, (2, 2))?;
        // Two reserved octets stand between.
        let (data, data_len) = buffer(d, entry, 10, (2, 4))?;
        d.add(CREATE_CHAIN_DATA, entry, data, data_len, Value::None);
        d.close();
        if next == 0 || at + next >= list.reported() {
            break;
        }
        at += next;
    }
    d.close();
    Ok(())
}

fn created<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, told: &Told) -> Parsed {
    let at = HEADER_LEN;
    le(d, CREATE_OPLOCK, tvb, at + 2, 1)?;
    flags(d, CREATE_REP_FLAGS, &[CREATE_REP_FLAGS_REPARSE_POINT], tvb, at + 3, 1)?;
    le(d, CREATE_ACTION, tvb, at + 4, 4)?;
    times(d, tvb, at + 8)?;
    le(d, ALLOCATION_SIZE, tvb, at + 40, 8)?;
    le(d, EOF, tvb, at + 48, 8)?;
    attributes(d, tvb, at + 56)?;
    d.bytes(RESERVED, tvb, at + 60, 4);
    show_fid(d, tvb, at + 64, told)?;
    let (offset, len) = buffer(d, tvb, at + 80, (4, 4))?;
    create_contexts(d, tvb, offset, len)
}

fn closed<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let at = HEADER_LEN;
    flags(d, CLOSE_FLAGS, &[CLOSE_PQ_ATTRIB], tvb, at + 2, 2)?;
    d.bytes(RESERVED, tvb, at + 4, 4);
    times(d, tvb, at + 8)?;
    le(d, ALLOCATION_SIZE, tvb, at + 40, 8)?;
    le(d, EOF, tvb, at + 48, 8)?;
    attributes(d, tvb, at + 56)
}

fn read<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, told: &Told) -> Parsed {
    let at = HEADER_LEN;
    le(d, READ_PADDING, tvb, at + 2, 1)?;
    flags(d, READ_FLAGS, &[READ_FLAGS_UNBUFFERED, READ_FLAGS_COMPRESSED], tvb, at + 3, 1)?;
    let len = le(d, READ_LENGTH, tvb, at + 4, 4)?;
    let offset = le(d, FILE_OFFSET, tvb, at + 8, 8)?;
    d.append_info(|| format!(" Len:{len} Off:{offset}"));
    show_fid(d, tvb, at + 16, told)?;
    le(d, MIN_COUNT, tvb, at + 32, 4)?;
    le(d, CHANNEL, tvb, at + 36, 4)?;
    le(d, REMAINING_BYTES, tvb, at + 40, 4)?;
    channel_information(d, tvb, at + 44)
}

fn channel_information<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Parsed {
    let (offset, len) = buffer(d, tvb, at, (2, 2))?;
    d.add(CHANNEL_INFO_BLOB, tvb, offset, len, Value::None);
    Ok(())
}

fn did_read<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let at = HEADER_LEN;
    le(d, READ_REMAINING, tvb, at + 8, 4)?;
    d.bytes(RESERVED, tvb, at + 12, 4);
    let offset = le(d, OLB_OFFSET, tvb, at + 2, 1)? as usize;
    d.bytes(RESERVED, tvb, at + 3, 1);
    let len = le(d, OLB_LENGTH, tvb, at + 4, 4)? as usize;
    let data = tvb.sub(offset, len);
    if data.reported() > 0 {
        d.bytes(READ_BLOB, data, 0, data.reported());
        payload(d, data);
    }
    Ok(())
}

/// What a file or a pipe holds: calls of DCE/RPC, or something else.
fn payload<'a>(d: &mut Dissector<'a>, data: Tvb<'a>) {
    if super::dcerpc::is_connection(d, data) {
        d.call(ProtoId::Dcerpc, data);
    } else {
        d.call(ProtoId::Data, data);
    }
}

fn write<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, told: &Told) -> Parsed {
    let at = HEADER_LEN;
    let start = le(d, DATA_OFFSET, tvb, at + 2, 2)? as usize;
    let len = le(d, WRITE_LENGTH, tvb, at + 4, 4)?;
    let offset = le(d, FILE_OFFSET, tvb, at + 8, 8)?;
    d.append_info(|| format!(" Len:{len} Off:{offset}"));
    show_fid(d, tvb, at + 16, told)?;
    le(d, CHANNEL, tvb, at + 32, 4)?;
    le(d, REMAINING_BYTES, tvb, at + 36, 4)?;
    flags(d, WRITE_FLAGS, WRITE_FLAG_LIST, tvb, at + 44, 4)?;
    channel_information(d, tvb, at + 40)?;
    let data = tvb.sub(start, len as usize);
    if data.reported() > 0 {
        payload(d, data);
    }
    Ok(())
}

fn written<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let at = HEADER_LEN;
    d.bytes(RESERVED, tvb, at + 2, 2);
    le(d, WRITE_COUNT, tvb, at + 4, 4)?;
    le(d, WRITE_REMAINING, tvb, at + 8, 4)?;
    le(d, CHANNEL_INFO_OFFSET, tvb, at + 12, 2)?;
    le(d, CHANNEL_INFO_LENGTH, tvb, at + 14, 2)?;
    Ok(())
}

fn lock<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, told: &Told) -> Parsed {
    let at = HEADER_LEN;
    let count = le(d, LOCK_COUNT, tvb, at + 2, 2)? as usize;
    d.bytes(RESERVED, tvb, at + 4, 4);
    show_fid(d, tvb, at + 8, told)?;
    for number in 0..count.min(MAX_ENTRIES) {
        let at = at + 24 + 24 * number;
        tvb.slice(at, 24)?;
        d.open(LOCK_INFO, tvb, at, 24, Value::None);
        le(d, FILE_OFFSET, tvb, at, 8)?;
        le(d, LOCK_LENGTH, tvb, at + 8, 8)?;
        flags(d, LOCK_FLAGS, LOCK_FLAG_LIST, tvb, at + 16, 4)?;
        d.bytes(RESERVED, tvb, at + 20, 4);
        d.close();
    }
    Ok(())
}

fn function<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize) -> Result<u64, Stop> {
    let code = int(tvb, at, 4)?;
    d.open(IOCTL_FUNCTION, tvb, at, 4, Value::Uint(code));
    for field in [IOCTL_FUNCTION_DEVICE, IOCTL_FUNCTION_ACCESS, IOCTL_FUNCTION_FUNCTION, IOCTL_FUNCTION_METHOD] {
        d.bits(field, tvb, at, 4, code);
    }
    d.close();
    d.append_info(|| {
        let name = Names::Values(FUNCTIONS).of(code);
        format!(" {}", name.unwrap_or_else(|| format!("Unknown (0x{code:08x})").into()))
    });
    Ok(code)
}

fn ioctl<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, told: &Told) -> Parsed {
    let at = HEADER_LEN;
    d.bytes(RESERVED, tvb, at + 2, 2);
    let code = function(d, tvb, at + 4)?;
    show_fid(d, tvb, at + 8, told)?;
    le(d, MAX_IOCTL_IN_SIZE, tvb, at + 32, 4)?;
    le(d, MAX_IOCTL_OUT_SIZE, tvb, at + 44, 4)?;
    flags(d, IOCTL_FLAGS, &[IOCTL_IS_FSCTL], tvb, at + 48, 4)?;
    d.bytes(RESERVED, tvb, at + 52, 4);
    transfer(d, tvb, (at + 24, IOCTL_IN), code)?;
    transfer(d, tvb, (at + 36, IOCTL_OUT), code)
}

fn ioctl_done<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, told: &Told) -> Parsed {
    let at = HEADER_LEN;
    d.bytes(RESERVED, tvb, at + 2, 2);
    let code = function(d, tvb, at + 4)?;
    show_fid(d, tvb, at + 8, told)?;
    le(d, FLAGS, tvb, at + 40, 4)?;
    d.bytes(RESERVED, tvb, at + 44, 4);
    transfer(d, tvb, (at + 24, IOCTL_IN), code)?;
    transfer(d, tvb, (at + 32, IOCTL_OUT), code)
}

/// What goes in or out.
fn transfer<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, (at, field): (usize, FieldId), code: u64) -> Parsed {
    let (offset, len) = buffer(d, tvb, at, (4, 4))?;
    let data = tvb.sub(offset, len);
    d.add(field, data, 0, data.reported(), Value::None);
    if code == PIPE_TRANSCEIVE && data.reported() > 0 {
        payload(d, data);
    }
    Ok(())
}

fn find<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, told: &Told) -> Parsed {
    let at = HEADER_LEN;
    let level = le(d, FIND_INFOLEVEL, tvb, at + 2, 1)?;
    flags(d, FIND_FLAGS, FIND_FLAG_LIST, tvb, at + 3, 1)?;
    le(d, FILE_INDEX, tvb, at + 4, 4)?;
    show_fid(d, tvb, at + 8, told)?;
    le(d, OUTPUT_BUFFER_LEN, tvb, at + 28, 4)?;
    let (offset, len) = (int(tvb, at + 24, 2)? as usize, int(tvb, at + 26, 2)? as usize);
    let pattern = text(d, FIND_PATTERN, tvb, offset, len)?;
    buffer(d, tvb, at + 24, (2, 2))?;
    d.append_info(|| {
        let name = Names::Values(FIND_LEVELS).of(level).unwrap_or("Unknown".into());
        format!(" {name} Pattern: {pattern}")
    });
    Ok(())
}

fn found<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, told: &Told) -> Parsed {
    let (offset, len) = buffer(d, tvb, HEADER_LEN + 2, (2, 4))?;
    let list = tvb.sub(offset, len);
    d.bytes(FIND_INFO_BLOB, list, 0, list.reported());
    // Where the name's length, the size of attributes and the name itself stand ([MS-FSCC] 2.4).
    let (line, name_at) = match told.asked.level {
        1 => (FIND_FILE_DIRECTORY_INFO, 64),
        2 => (FIND_FULL_DIRECTORY_INFO, 68),
        3 => (FIND_BOTH_DIRECTORY_INFO, 94),
        37 => (FIND_ID_BOTH_DIRECTORY_INFO, 104),
        _ => return Ok(()),
    };
    let mut at = 0;
    for _ in 0..MAX_ENTRIES {
        if at >= list.reported() {
            break;
        }
        let next = int(list, at, 4)? as usize;
        let entry = if next == 0 { list.from(at) } else { list.sub(at, next) };
        d.open(line, entry, 0, entry.reported(), Value::None);
        le(d, NEXT_OFFSET, entry, 0, 4)?;
        le(d, FILE_INDEX, entry, 4, 4)?;
        times(d, entry, 8)?;
        le(d, EOF, entry, 40, 8)?;
        le(d, ALLOCATION_SIZE, entry, 48, 8)?;
        attributes(d, entry, 56)?;
        let name_len = le(d, FILENAME_LEN, entry, 60, 4)? as usize;
        if name_at >= 68 {
            le(d, EA_SIZE, entry, 64, 4)?;
        }
        if name_at >= 94 {
            let short = le(d, SHORT_NAME_LEN, entry, 68, 1)? as usize;
            d.bytes(RESERVED, entry, 69, 1);
            if short > 0 {
                text(d, SHORTNAME, entry, 70, short.min(24))?;
            }
        }
        if name_at == 104 {
            d.bytes(RESERVED, entry, 94, 2);
            le(d, FILE_ID, entry, 96, 8)?;
        }
        text(d, FILENAME, entry, name_at, name_len)?;
        d.close();
        if next == 0 {
            break;
        }
        at += next;
    }
    Ok(())
}

fn notify<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, told: &Told) -> Parsed {
    let at = HEADER_LEN;
    flags(d, NOTIFY_FLAGS, &[NOTIFY_WATCH_TREE], tvb, at + 2, 2)?;
    le(d, OUTPUT_BUFFER_LEN, tvb, at + 4, 4)?;
    show_fid(d, tvb, at + 8, told)?;
    smb::completion_filter(d, tvb, at + 24)?;
    d.bytes(RESERVED, tvb, at + 28, 4);
    Ok(())
}

/// Shows the class of information and the level within it.
fn show_class<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, class: u8, level: u8, is_generated: bool) {
    let field = match class {
        1 => FILE_INFO_INFOLEVEL,
        2 => FS_INFO_INFOLEVEL,
        3 => SEC_INFO_INFOLEVEL,
        _ => return,
    };
    let items = [
        d.add(CLASS, tvb, at, usize::from(!is_generated), Value::Uint(class.into())),
        d.add(field, tvb, at + 1, usize::from(!is_generated), Value::Uint(level.into())),
    ];
    if is_generated {
        items.into_iter().for_each(|item| d.mark_generated(item));
        return;
    }
    d.append_info(|| {
        let names = Names::Values(match class {
            1 => FILE_LEVELS,
            2 => VOLUME_LEVELS,
            _ => &[(0, "SMB2_SEC_INFO_00")],
        });
        let name = names.of(level.into()).unwrap_or("Unknown".into());
        format!(" {}/{name}", Names::Values(CLASSES).of(class.into()).unwrap_or("Unknown".into()))
    });
}

fn additional<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, class: u8) -> Parsed {
    if class == 3 {
        flags(d, GETSETINFO_ADDITIONALS, SECURITY_LIST, tvb, at, 4)?;
    } else {
        le(d, GETSETINFO_ADDITIONAL, tvb, at, 4)?;
    }
    Ok(())
}

fn query<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, told: &Told) -> Parsed {
    let at = HEADER_LEN;
    let kind = tvb.u8(at + 2)?;
    show_class(d, tvb, at + 2, kind, tvb.u8(at + 3)?, false);
    le(d, MAX_RESPONSE_SIZE, tvb, at + 4, 4)?;
    le(d, GETINFO_INPUT_OFFSET, tvb, at + 8, 2)?;
    d.bytes(RESERVED, tvb, at + 10, 2);
    le(d, GETINFO_INPUT_SIZE, tvb, at + 12, 4)?;
    additional(d, tvb, at + 16, kind)?;
    le(d, GETINFO_FLAGS, tvb, at + 20, 4)?;
    show_fid(d, tvb, at + 24, told)
}

fn set<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, told: &Told) -> Parsed {
    let at = HEADER_LEN;
    let (kind, level) = (tvb.u8(at + 2)?, tvb.u8(at + 3)?);
    show_class(d, tvb, at + 2, kind, level, false);
    let len = le(d, SETINFO_SIZE, tvb, at + 4, 4)? as usize;
    let offset = le(d, SETINFO_OFFSET, tvb, at + 8, 2)? as usize;
    le(d, SETINFO_RESERVED, tvb, at + 10, 2)?;
    additional(d, tvb, at + 12, kind)?;
    show_fid(d, tvb, at + 16, told)?;
    information(d, tvb.sub(offset, len), kind, level)
}

/// [MS-FSCC] 2.4 and 2.5.
fn information<'a>(d: &mut Dissector<'a>, data: Tvb<'a>, class: u8, level: u8) -> Parsed {
    let whole = data.reported();
    match (class, level) {
        (1, 4) => {
            d.open(FILE_BASIC_INFO, data, 0, whole, Value::None);
            times(d, data, 0)?;
            attributes(d, data, 32)?;
            if whole >= 40 {
                d.bytes(UNKNOWN, data, 36, 4);
            }
            d.close();
        }
        (1, 5) => {
            d.open(FILE_STANDARD_INFO, data, 0, whole, Value::None);
            smb::standard_information(d, data)?;
            d.close();
        }
        (1, 13) => {
            d.open(FILE_DISPOSITION_INFO, data, 0, whole, Value::None);
            d.flag(DISPOSITION_DELETE_ON_CLOSE, data, 0, 1, data.u8(0)?.into());
            d.close();
        }
        (2, 5) => {
            d.open(FS_ATTRIBUTE_INFO, data, 0, whole, Value::None);
            smb::volume_attributes(d, data)?;
            d.close();
        }
        _ => {}
    }
    Ok(())
}

const SAMPLES: &[&str] = &[
    "4500011e00010000400600000a0000010a0000029c4a01bd00000001000000015018ffff00000000000000f2fe534d42400001000000 \
     00000000010000000000000000000000000000000000fffe000000000000000000000000000000000000000000000000000000000000 \
     24000500010000007f000000000102030405060708090a0b0c0d0e0f700000000700000002021002000302031103000001000a000000 \
     000001000400010073616c740000000000000200060000000000020002000100000003000a0000000000010000000100000001000000 \
     000000000500060000000000730072007600000008000400000000000100010000000000060004000000000001000000000000000700 \
     0a000000000001000000000000000100",
    "450000fb00010000400600000a0000020a00000101bd9c4a00000001000000f75018ffff00000000000000cffe534d42400001000000 \
     00000000010001000000000000000000000000000000fffe000000000000000000000000000000000000000000000000000000000000 \
     4100010011030100000102030405060708090a0b0c0d0e0f7f000000000010000000100000001000000000000000d901000000000000 \
     d90180004f0000000000604d06062b0601050502a0433041a00d300b06092a864886f712010202a330302ea0261b246e6f745f646566 \
     696e65645f696e5f5246433431373840706c656173655f69676e6f7265a10404026164",
    "4500013b00010000400600000a0000010a0000029c4a01bd000000f7000000d45018ffff000000000000010ffe534d42400001000000 \
     00000100010000000000000000000100000000000000fffe000000000000000000000000000000000000000000000000000000000000 \
     1900000101000000000000005800b70000000000000000006081b406062b0601050502a081a93081a6a018301606092a864882f71201 \
     020206092a864886f712010202a10403020140a27d047b607906092a864886f71201020201006e6a3068a003020105a10302010ea207 \
     03050020000000a34461423040a003020105a1081b0645582e434f4da21b3019a003020102a11230101b066b72627467741b0645582e \
     434f4da3123010a003020112a103020103a2040402aabba40d300ba003020112a2040402aabba30504036d6963",
    "450000c100010000400600000a0000020a00000101bd9c4a000000d40000020a5018ffff0000000000000095fe534d42400001000000 \
     00000100010001000000000000000100000000000000fffe000000000000550000000000000000000000000000000000000000000000 \
     0900010048004d00a14b3049a0030a0100a10b06092a864882f712010202a22e042c602a06092a864886f71201020202006f1b3019a0 \
     03020105a10302010fa20d300ba003020112a2040402aabba30504036d6963",
    "4500008a00010000400600000a0000010a0000029c4a01bd0000020a0000016d5018ffff000000000000005efe534d42400001000000 \
     00000300010000000000000000000200000000000000fffe000000000000550000000000000000000000000000000000000000000000 \
     09000000480016005c005c007300720076005c0073006800610072006500",
    "4500007c00010000400600000a0000020a00000101bd9c4a0000016d0000026c5018ffff0000000000000050fe534d42400001000000 \
     00000300010001000000000000000200000000000000fffe000001000000550000000000000000000000000000000000000000000000 \
     100001003000000000000000ff011f00",
    "450000fc00010000400600000a0000010a0000029c4a01bd0000026c000001c15018ffff00000000000000d0fe534d42400001000000 \
     00000500010000000000000000000300000000000000fffe000001000000550000000000000000000000000000000000000000000000 \
     390000ff0200000000000000000000000000000000000000890012008000000007000000010000004000000078001800900000004000 \
     00006400690072005c00660069006c0065002e007400780074002800000010000400000018001000000044486e510000000000000000 \
     000000000000000000000000000000001000040000001800000000004d78416300000000",
    "4500010400010000400600000a0000020a00000101bd9c4a000001c1000003405018ffff00000000000000d8fe534d42400001000000 \
     00000500010001000000000000000300000000000000fffe000001000000550000000000000000000000000000000000000000000000 \
     5900090001000000000000000000d901000000000000d901000000000000d901000000000000d9010010000000000000d20400000000 \
     000020000000000000001100000000000000220000000000000098000000400000002800000010000400000018001000000044486e51 \
     0000000000000000000000000000000000000000000000001000040000001800000000004d78416300000000",
    "4500009d00010000400600000a0000010a0000029c4a01bd000003400000029d5018ffff0000000000000071fe534d42400001000000 \
     00000800010000000000000000000400000000000000fffe000001000000550000000000000000000000000000000000000000000000 \
     31005000000400000000000000000000110000000000000022000000000000000000000000000000000000000000000000",
    "4500008400010000400600000a0000020a00000101bd9c4a0000029d000003b55018ffff0000000000000058fe534d42400001000000 \
     00000800010001000000000000000400000000000000fffe000001000000550000000000000000000000000000000000000000000000 \
     110050000800000000000000000000006461746164617461",
    "450000a000010000400600000a0000010a0000029c4a01bd000003b5000002f95018ffff0000000000000074fe534d42400001000000 \
     00000900010000000000000000000500000000000000fffe000001000000550000000000000000000000000000000000000000000000 \
     310070000400000010000000000000001100000000000000220000000000000000000000000000000000000001000000626c6168",
    "4500007c00010000400600000a0000020a00000101bd9c4a000002f90000042d5018ffff0000000000000050fe534d42400001000000 \
     00000900010001000000000000000500000000000000fffe000001000000550000000000000000000000000000000000000000000000 \
     11000000040000000000000000000000",
    "4500009400010000400600000a0000010a0000029c4a01bd0000042d0000034d5018ffff0000000000000068fe534d42400001000000 \
     00001000010000000000000000000600000000000000fffe000001000000550000000000000000000000000000000000000000000000 \
     29000104001000000000000000000000000000000000000011000000000000002200000000000000",
    "4500009c00010000400600000a0000020a00000101bd9c4a0000034d000004995018ffff0000000000000070fe534d42400001000000 \
     00001000010001000000000000000600000000000000fffe000001000000550000000000000000000000000000000000000000000000 \
     0900480028000000000000000000d901000000000000d901000000000000d901000000000000d9012000000000000000",
    "4500009400010000400600000a0000010a0000029c4a01bd00000499000003c15018ffff0000000000000068fe534d42400001000000 \
     00001000010000000000000000000700000000000000fffe000001000000550000000000000000000000000000000000000000000000 \
     29000105001000000000000000000000000000000000000011000000000000002200000000000000",
    "4500008c00010000400600000a0000020a00000101bd9c4a000003c1000005055018ffff0000000000000060fe534d42400001000000 \
     00001000010001000000000000000700000000000000fffe000001000000550000000000000000000000000000000000000000000000 \
     09004800180000000010000000000000d2040000000000000100000000000000",
    "4500009400010000400600000a0000010a0000029c4a01bd00000505000004255018ffff0000000000000068fe534d42400001000000 \
     00001000010000000000000000000800000000000000fffe000001000000550000000000000000000000000000000000000000000000 \
     29000205001000000000000000000000000000000000000011000000000000002200000000000000",
    "4500008800010000400600000a0000020a00000101bd9c4a00000425000005715018ffff000000000000005cfe534d42400001000000 \
     00001000010001000000000000000800000000000000fffe000001000000550000000000000000000000000000000000000000000000 \
     09004800140000002f000000ff000000080000004e00540046005300",
    "4500009400010000400600000a0000010a0000029c4a01bd00000571000004855018ffff0000000000000068fe534d42400001000000 \
     00001000010000000000000000000900000000000000fffe000001000000550000000000000000000000000000000000000000000000 \
     29000300001000000000000000000000070000000000000011000000000000002200000000000000",
    "4500007500010000400600000a0000020a00000101bd9c4a00000485000005dd5018ffff0000000000000049fe534d42400001002200 \
     00c01000010001000000000000000900000000000000fffe000001000000550000000000000000000000000000000000000000000000 \
     090000000000000000",
    "450000b400010000400600000a0000010a0000029c4a01bd000005dd000004d25018ffff0000000000000088fe534d42400001000000 \
     00001100010000000000000000000a00000000000000fffe000001000000550000000000000000000000000000000000000000000000 \
     2100010428000000600000000000000011000000000000002200000000000000000000000000d901000000000000d901000000000000 \
     d901000000000000d9012000000000000000",
    "4500006e00010000400600000a0000020a00000101bd9c4a000004d2000006695018ffff0000000000000042fe534d42400001000000 \
     00001100010001000000000000000a00000000000000fffe000001000000550000000000000000000000000000000000000000000000 \
     0200",
    "4500008d00010000400600000a0000010a0000029c4a01bd00000669000005185018ffff0000000000000061fe534d42400001000000 \
     00001100010000000000000000000b00000000000000fffe000001000000550000000000000000000000000000000000000000000000 \
     2100010d0100000060000000000000001100000000000000220000000000000001",
    "4500006e00010000400600000a0000020a00000101bd9c4a00000518000006ce5018ffff0000000000000042fe534d42400001000000 \
     00001100010001000000000000000b00000000000000fffe000001000000550000000000000000000000000000000000000000000000 \
     0200",
    "4500008e00010000400600000a0000010a0000029c4a01bd000006ce0000055e5018ffff0000000000000062fe534d42400001000000 \
     00000e00010000000000000000000c00000000000000fffe000001000000550000000000000000000000000000000000000000000000 \
     21002501000000001100000000000000220000000000000060000200000001002a00",
    "450000e600010000400600000a0000020a00000101bd9c4a0000055e000007345018ffff00000000000000bafe534d42400001000000 \
     00000e00010001000000000000000c00000000000000fffe000001000000550000000000000000000000000000000000000000000000 \
     09004800720000000000000000000000000000000000d901000000000000d901000000000000d901000000000000d9010a0000000000 \
     00000010000000000000200000000a00000000000000000000000000000000000000000000000000000000000000000000004d000000 \
     0000000061002e00740078007400",
    "4500008e00010000400600000a0000010a0000029c4a01bd000007340000061c5018ffff0000000000000062fe534d42400001000000 \
     00000e00010000000000000000000d00000000000000fffe000001000000550000000000000000000000000000000000000000000000 \
     21000101000000001100000000000000220000000000000060000200000001002a00",
    "450000be00010000400600000a0000020a00000101bd9c4a0000061c0000079a5018ffff0000000000000092fe534d42400001000000 \
     00000e00010001000000000000000d00000000000000fffe000001000000550000000000000000000000000000000000000000000000 \
     090048004a0000000000000000000000000000000000d901000000000000d901000000000000d901000000000000d9010a0000000000 \
     00000010000000000000200000000a00000061002e00740078007400",
    "4500008e00010000400600000a0000010a0000029c4a01bd0000079a000006b25018ffff0000000000000062fe534d42400001000000 \
     00000e00010000000000000000000e00000000000000fffe000001000000550000000000000000000000000000000000000000000000 \
     21000201000000001100000000000000220000000000000060000200000001002a00",
    "450000c200010000400600000a0000020a00000101bd9c4a000006b2000008005018ffff0000000000000096fe534d42400001000000 \
     00000e00010001000000000000000e00000000000000fffe000001000000550000000000000000000000000000000000000000000000 \
     090048004e0000000000000000000000000000000000d901000000000000d901000000000000d901000000000000d9010a0000000000 \
     00000010000000000000200000000a0000000000000061002e00740078007400",
    "4500008e00010000400600000a0000010a0000029c4a01bd000008000000074c5018ffff0000000000000062fe534d42400001000000 \
     00000e00010000000000000000000f00000000000000fffe000001000000550000000000000000000000000000000000000000000000 \
     21000301000000001100000000000000220000000000000060000200000001002a00",
    "450000dc00010000400600000a0000020a00000101bd9c4a0000074c000008665018ffff00000000000000b0fe534d42400001000000 \
     00000e00010001000000000000000f00000000000000fffe000001000000550000000000000000000000000000000000000000000000 \
     09004800680000000000000000000000000000000000d901000000000000d901000000000000d901000000000000d9010a0000000000 \
     00000010000000000000200000000a00000000000000040041007e00000000000000000000000000000000000000000061002e007400 \
     78007400",
    "450000a800010000400600000a0000010a0000029c4a01bd00000866000008005018ffff000000000000007cfe534d42400001000000 \
     00000b00010000000000000000001000000000000000fffe000001000000550000000000000000000000000000000000000000000000 \
     3900000017c0110011000000000000002200000000000000780000000400000000000000780000000000000000040000010000000000 \
     000070696e67",
    "450000a000010000400600000a0000020a00000101bd9c4a00000800000008e65018ffff0000000000000074fe534d42400001000000 \
     00000b00010001000000000000001000000000000000fffe000001000000550000000000000000000000000000000000000000000000 \
     3100000017c0110011000000000000002200000000000000700000000000000070000000040000000000000000000000706f6e67",
    "4500009c00010000400600000a0000010a0000029c4a01bd000008e6000008785018ffff0000000000000070fe534d42400001000000 \
     00000a00010000000000000000001100000000000000fffe000001000000550000000000000000000000000000000000000000000000 \
     30000100000000001100000000000000220000000000000000000000000000000a000000000000000200000000000000",
    "4500007000010000400600000a0000020a00000101bd9c4a000008780000095a5018ffff0000000000000044fe534d42400001000000 \
     00000a00010001000000000000001100000000000000fffe000001000000550000000000000000000000000000000000000000000000 \
     04000000",
    "4500008400010000400600000a0000010a0000029c4a01bd0000095a000008c05018ffff0000000000000058fe534d42400001000000 \
     00000700010000000000000000001200000000000000fffe000001000000550000000000000000000000000000000000000000000000 \
     180000000000000011000000000000002200000000000000",
    "4500007000010000400600000a0000020a00000101bd9c4a000008c0000009b65018ffff0000000000000044fe534d42400001000000 \
     00000700010001000000000000001200000000000000fffe000001000000550000000000000000000000000000000000000000000000 \
     04000000",
    "4500008c00010000400600000a0000010a0000029c4a01bd000009b6000009085018ffff0000000000000060fe534d42400001000000 \
     00000f00010000000000000000001300000000000000fffe000001000000550000000000000000000000000000000000000000000000 \
     200001000008000011000000000000002200000000000000ff0f000000000000",
    "4500007500010000400600000a0000020a00000101bd9c4a0000090800000a1a5018ffff0000000000000049fe534d42400001000301 \
     00000f000100030000000000000013000000000000000900000000000000550000000000000000000000000000000000000000000000 \
     090000000000000000",
    "4500007000010000400600000a0000010a0000029c4a01bd00000a1a000009555018ffff0000000000000044fe534d42400001000000 \
     00000c000100020000000000000013000000000000000900000000000000550000000000000000000000000000000000000000000000 \
     04000000",
    "4500008400010000400600000a0000010a0000029c4a01bd00000a62000009555018ffff0000000000000058fe534d42400001000000 \
     00001200010000000000000000001400000000000000fffe000001000000550000000000000000000000000000000000000000000000 \
     180001000000000011000000000000002200000000000000",
    "4500008400010000400600000a0000020a00000101bd9c4a0000095500000abe5018ffff0000000000000058fe534d42400001000000 \
     00001200010001000000000000001400000000000000fffe000001000000550000000000000000000000000000000000000000000000 \
     180001000000000011000000000000002200000000000000",
    "4500007000010000400600000a0000010a0000029c4a01bd00000abe000009b15018ffff0000000000000044fe534d42400001000000 \
     00000d00010000000000000000001500000000000000fffe000000000000000000000000000000000000000000000000000000000000 \
     04000000",
    "4500007000010000400600000a0000020a00000101bd9c4a000009b100000b065018ffff0000000000000044fe534d42400001000000 \
     00000d00010001000000000000001500000000000000fffe000000000000000000000000000000000000000000000000000000000000 \
     04000000",
    "4500008400010000400600000a0000010a0000029c4a01bd00000b06000009f95018ffff0000000000000058fe534d42400001000000 \
     00000600010000000000000000001600000000000000fffe000001000000550000000000000000000000000000000000000000000000 \
     180001000000000011000000000000002200000000000000",
    "450000a800010000400600000a0000020a00000101bd9c4a000009f900000b625018ffff000000000000007cfe534d42400001000000 \
     00000600010001000000000000001600000000000000fffe000001000000550000000000000000000000000000000000000000000000 \
     3c00010000000000000000000000d901000000000000d901000000000000d901000000000000d9010010000000000000d20400000000 \
     000020000000",
    "4500007000010000400600000a0000010a0000029c4a01bd00000b6200000a795018ffff0000000000000044fe534d42400001000000 \
     00000400010000000000000000001700000000000000fffe000001000000550000000000000000000000000000000000000000000000 \
     04000000",
    "4500007000010000400600000a0000020a00000101bd9c4a00000a7900000baa5018ffff0000000000000044fe534d42400001000000 \
     00000400010001000000000000001700000000000000fffe000001000000550000000000000000000000000000000000000000000000 \
     04000000",
    "4500007000010000400600000a0000010a0000029c4a01bd00000baa00000ac15018ffff0000000000000044fe534d42400001000000 \
     00000200010000000000000000001800000000000000fffe000000000000550000000000000000000000000000000000000000000000 \
     04000000",
    "4500007000010000400600000a0000020a00000101bd9c4a00000ac100000bf25018ffff0000000000000044fe534d42400001000000 \
     00000200010001000000000000001800000000000000fffe000000000000550000000000000000000000000000000000000000000000 \
     04000000",
    "4500010400010000400600000a0000010a0000029c4a01bd00000bf200000b095018ffff00000000000000d8fe534d42400001000000 \
     00000500010000000000800000001900000000000000fffe000001000000550000000000000000000000000000000000000000000000 \
     390000000200000000000000000000000000000000000000890012008000000007000000010000004000000078000200000000000000 \
     00007800000000000000fe534d4240000100000000000600010004000000000000001a00000000000000fffe00000100000055000000 \
     00000000000000000000000000000000000000001800000000000000ffffffffffffffffffffffffffffffff",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn responses_know_what_was_asked() {
        let shown = frames(101, SAMPLES);
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
