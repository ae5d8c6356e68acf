//! GPRS Tunnelling Protocol: the user plane (3GPP TS 29.281), the control plane of version 1 (TS 29.060) and version 0
//! (GSM 09.60).

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{FieldId, Names, fields};
use crate::registry::{ProtoId, Protocol, Sample};
use crate::stop::{Parsed, Stop};
use crate::transaction::{self, Again, Rules};
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Gtp, "gtp", "GPRS Tunneling Protocol";
    FLAGS = field("gtp.flags", "Flags", Uint8, Hex);
    FLAGS_VERSION = field("gtp.flags.version", "Version", Uint8, Dec).names(Names::Values(VERSIONS)).mask(0xe0);
    FLAGS_PAYLOAD = field("gtp.flags.payload", "Protocol type", Uint8, Dec).names(Names::Values(&[(0, "GTP'"), (1, "GTP")])).mask(0x10);
    FLAGS_RESERVED = field("gtp.flags.reserved", "Reserved", Uint8, Dec).mask(0x8);
    FLAGS_E = field("gtp.flags.e", "Is Next Extension Header present?", Boolean, None).names(Names::Flag("Yes", "No")).mask(0x4);
    FLAGS_S = field("gtp.flags.s", "Is Sequence Number present?", Boolean, None).names(Names::Flag("Yes", "No")).mask(0x2);
    FLAGS_PN = field("gtp.flags.pn", "Is N-PDU number present?", Boolean, None).names(Names::Flag("Yes", "No")).mask(0x1);
    FLAGS_SNN = field("gtp.flags.snn", "Is SNDCP N-PDU included?", Boolean, None).names(Names::Flag("Yes", "No")).mask(0x1);
    MESSAGE = field("gtp.message", "Message Type", Uint8, Hex).names(Names::Values(MESSAGES));
    LENGTH = field("gtp.length", "Length", Uint16, Dec);
    TEID = field("gtp.teid", "TEID", Uint32, HexDec);
    SEQ_NUMBER = field("gtp.seq_number", "Sequence number", Uint16, HexDec);
    NPDU_NUMBER = field("gtp.npdu_number", "N-PDU Number", Uint8, Hex);
    EXT_HDR = field("gtp.ext_hdr", "Extension header", None, None);
    EXT_HDR_NEXT = field("gtp.ext_hdr.next", "Next extension header type", Uint8, Hex).names(Names::Values(EXTENSIONS));
    EXT_HDR_LENGTH = field("gtp.ext_hdr.length", "Extension Header Length", Uint8, Dec);
    EXT_HDR_PDU_SES_CON_PDU_TYPE = field("gtp.ext_hdr.pdu_ses_con.pdu_type", "PDU Type", Uint8, Dec).mask(0xf0);
    EXT_HDR_PDU_SES_CONT_PPP = field("gtp.ext_hdr.pdu_ses_cont.ppp", "Paging Policy Presence (PPP)", Boolean, None).names(Names::Flag("Present", "Not Present")).mask(0x80);
    EXT_HDR_PDU_SES_CONT_RQI = field("gtp.ext_hdr.pdu_ses_cont.rqi", "Reflective QoS Indicator (RQI)", Boolean, None).names(Names::Flag("Present", "Not Present")).mask(0x40);
    EXT_HDR_PDU_SES_CON_QOS_FLOW_ID = field("gtp.ext_hdr.pdu_ses_con.qos_flow_id", "QoS Flow Identifier (QFI)", Uint8, Dec).mask(0x3f);
    EXT_HDR_PDU_SES_CONT_PPI = field("gtp.ext_hdr.pdu_ses_cont.ppi", "Paging Policy Indicator (PPI)", Uint8, Dec).mask(0xe0);
    EXT_HDR_PDCP_SN = field("gtp.ext_hdr.pdcp_sn", "PDCP Sequence Number", Uint16, Dec);
    SPARE_H1 = field("gtp.spare.h1", "Spare", Uint8, Hex).mask(0xf);
    SPARE_B4B0 = field("gtp.spare.b4b0", "Spare", Uint8, Hex).mask(0x1f);
    SPARE_B7B6 = field("gtp.spare.b7b6", "Spare", Uint8, Hex).mask(0xc0);
    FLOW_LABEL = field("gtp.flow_label", "Flow label", Uint16, Hex);
    SNDCP_NUMBER = field("gtp.sndcp_number", "SNDCP N-PDU LLC Number", Uint8, Hex);
    TID = field("gtp.tid", "TID", String, None);
    RESPONSE_IN = field("gtp.response_in", "Response In", FrameNum, None).told_later();
    RESPONSE_TO = field("gtp.response_to", "Response To", FrameNum, None);
    TIME = field("gtp.time", "Time", RelativeTime, None);
    APN = field("gtp.apn", "APN", String, None);
    APN_LENGTH = field("gtp.apn_length", "APN length", Uint16, Dec);
    CAUSE = field("gtp.cause", "Cause", Uint8, Dec).names(Names::Values(CAUSES));
    CHRG_CHAR = field("gtp.chrg_char", "Charging characteristics", Uint16, Dec);
    CHRG_CHAR_S = field("gtp.chrg_char_s", "Spare", Uint16, Dec).mask(0xf000);
    CHRG_CHAR_N = field("gtp.chrg_char_n", "Normal charging", Uint16, Dec).mask(0x800);
    CHRG_CHAR_P = field("gtp.chrg_char_p", "Prepaid charging", Uint16, Dec).mask(0x400);
    CHRG_CHAR_F = field("gtp.chrg_char_f", "Flat rate charging", Uint16, Dec).mask(0x200);
    CHRG_CHAR_H = field("gtp.chrg_char_h", "Hot billing charging", Uint16, Dec).mask(0x100);
    CHRG_CHAR_R = field("gtp.chrg_char_r", "Reserved", Uint16, Dec).mask(0xff);
    CHRG_ID = field("gtp.chrg_id", "Charging ID", Uint32, HexDec);
    CHRG_IPV4 = field("gtp.chrg_ipv4", "CG address IPv4", Ipv4, None);
    CHRG_IPV6 = field("gtp.chrg_ipv6", "CG address IPv6", Ipv6, None);
    EXT_FLOW_LABEL = field("gtp.ext_flow_label", "Flow Label Data I", Uint16, Hex);
    FLOW_SIG = field("gtp.flow_sig", "Flow label Signalling", Uint16, Hex);
    FLOW_II = field("gtp.flow_ii", "Flow Label Data II", Uint16, Dec);
    EXT_ID = field("gtp.ext_id", "Extension identifier", Uint16, Dec);
    EXT_VAL = field("gtp.ext_val", "Extension value", Bytes, None);
    EXT_LENGTH = field("gtp.ext_length", "Length", Uint16, Dec);
    GSN_ADDRESS_LENGTH = field("gtp.gsn_address_length", "GSN address length", Uint16, Dec);
    GSN_IPV4 = field("gtp.gsn_ipv4", "GSN address IPv4", Ipv4, None);
    GSN_IPV6 = field("gtp.gsn_ipv6", "GSN address IPv6", Ipv6, None);
    MAP_CAUSE = field("gtp.map_cause", "MAP cause", Uint8, Dec);
    MS_REASON = field("gtp.ms_reason", "MS not reachable reason", Uint8, Dec);
    MS_VALID = field("gtp.ms_valid", "MS validated", Boolean, None);
    NSAPI = field("gtp.nsapi", "NSAPI", Uint8, Dec).mask(0xf);
    QOS_UMTS_LENGTH = field("gtp.qos_umts_length", "Length", Uint16, Dec);
    QOS_AL_RET_PRIORITY = field("gtp.qos_al_ret_priority", "Allocation/Retention priority", Uint8, Dec);
    QOS_SPARE1 = field("gtp.qos_spare1", "Spare", Uint8, Dec).mask(0xc0);
    QOS_DELAY = field("gtp.qos_delay", "QoS delay", Uint8, Dec).mask(0x38);
    QOS_RELIABILITY = field("gtp.qos_reliability", "QoS reliability", Uint8, Dec).mask(0x7);
    QOS_PEAK = field("gtp.qos_peak", "QoS peak", Uint8, Dec).mask(0xf0);
    QOS_SPARE2 = field("gtp.qos_spare2", "Spare", Uint8, Dec).mask(0x8);
    QOS_PRECEDENCE = field("gtp.qos_precedence", "QoS precedence", Uint8, Dec).mask(0x7);
    QOS_SPARE3 = field("gtp.qos_spare3", "Spare", Uint8, Dec).mask(0xe0);
    QOS_MEAN = field("gtp.qos_mean", "QoS mean", Uint8, Dec).mask(0x1f);
    QOS_TRAF_CLASS = field("gtp.qos_traf_class", "Traffic class", Uint8, Dec).mask(0xe0);
    QOS_DEL_ORDER = field("gtp.qos_del_order", "Delivery order", Uint8, Dec).mask(0x18);
    QOS_DEL_ERR_SDU = field("gtp.qos_del_err_sdu", "Delivery of erroneous SDU", Uint8, Dec).mask(0x7);
    QOS_MAX_SDU_SIZE = field("gtp.qos_max_sdu_size", "Maximum SDU size", Uint8, Dec);
    QOS_MAX_UL = field("gtp.qos_max_ul", "Maximum bit rate for uplink", Uint8, Dec);
    QOS_MAX_DL = field("gtp.qos_max_dl", "Maximum bit rate for downlink", Uint8, Dec);
    QOS_RES_BER = field("gtp.qos_res_ber", "Residual BER", Uint8, Dec).mask(0xf0);
    QOS_SDU_ERR_RATIO = field("gtp.qos_sdu_err_ratio", "SDU Error ratio", Uint8, Dec).mask(0xf);
    QOS_TRANS_DELAY = field("gtp.qos_trans_delay", "Transfer delay", Uint8, Dec).mask(0xfc);
    QOS_TRAF_HANDL_PRIO = field("gtp.qos_traf_handl_prio", "Traffic handling priority", Uint8, Dec).mask(0x3);
    QOS_GUAR_UL = field("gtp.qos_guar_ul", "Guaranteed bit rate for uplink", Uint8, Dec);
    QOS_GUAR_DL = field("gtp.qos_guar_dl", "Guaranteed bit rate for downlink", Uint8, Dec);
    QOS_SPARE4 = field("gtp.qos_spare4", "Spare", Uint8, Dec).mask(0xe0);
    SIG_IND = field("gtp.sig_ind", "Signalling Indication", Boolean, None).names(Names::Flag("Optimised for signalling traffic", "Not optimised for signalling traffic")).mask(0x10);
    SRC_STAT_DESC = field("gtp.src_stat_desc", "Source Statistics Descriptor", Uint8, Dec).mask(0xf);
    PKT_FLOW_ID = field("gtp.pkt_flow_id", "Packet Flow ID", Uint8, Dec);
    PTMSI = field("gtp.ptmsi", "P-TMSI", Uint32, DecHex);
    PTMSI_SIG = field("gtp.ptmsi_sig", "P-TMSI Signature", Uint24, Hex);
    RAB_GTP_DN = field("gtp.rab_gtp_dn", "Downlink GTP-U seq number", Uint16, Dec);
    RAB_GTP_UP = field("gtp.rab_gtp_up", "Uplink GTP-U seq number", Uint16, Dec);
    RAB_PDU_DN = field("gtp.rab_pdu_dn", "Downlink next PDCP-PDU seq number", Uint16, Dec);
    RAB_PDU_UP = field("gtp.rab_pdu_up", "Uplink next PDCP-PDU seq number", Uint16, Dec);
    GEO_LOC_TYPE = field("gtp.geo_loc_type", "Geographic Location Type", Uint8, Dec).names(Names::Values(LOCATIONS));
    CGI_CI = field("gtp.cgi_ci", "Cell ID (CI)", Uint16, Dec);
    SAI_SAC = field("gtp.sai_sac", "Service Area Code (SAC)", Uint16, Dec);
    RAI_RAC = field("gtp.rai_rac", "Routing Area Code (RAC)", Uint8, Dec);
    LAC = field("gtp.lac", "Location Area Code (LAC)", Uint16, Dec);
    RANAP_CAUSE = field("gtp.ranap_cause", "RANAP cause", Uint8, Dec);
    RECOVERY = field("gtp.recovery", "Recovery", Uint8, Dec);
    REORDER = field("gtp.reorder", "Reordering required", Boolean, None);
    RP = field("gtp.rp", "Radio Priority", Uint8, Dec).mask(0x7);
    RP_NSAPI = field("gtp.rp_nsapi", "NSAPI in Radio Priority", Uint8, Dec).mask(0xf0);
    RP_SMS = field("gtp.rp_sms", "Radio Priority SMS", Uint8, Dec);
    RP_SPARE = field("gtp.rp_spare", "Reserved", Uint8, Dec).mask(0x8);
    SEL_MODE = field("gtp.sel_mode", "Selection mode", Uint8, Dec).names(Names::Values(SELECTIONS)).mask(0x3);
    TEAR_IND = field("gtp.tear_ind", "Teardown Indicator", Boolean, None);
    TEID_CP = field("gtp.teid_cp", "TEID Control Plane", Uint32, HexDec);
    TEID_DATA = field("gtp.teid_data", "TEID Data I", Uint32, HexDec);
    TEID_II = field("gtp.teid_ii", "TEID Data II", Uint32, HexDec);
    TLLI = field("gtp.tlli", "TLLI", Uint32, Hex);
    TR_COMM = field("gtp.tr_comm", "Packet transfer command", Uint8, Dec);
    USER_ADDR_PDP_ORG = field("gtp.user_addr_pdp_org", "PDP type organization", Uint8, Dec);
    USER_ADDR_PDP_TYPE = field("gtp.user_addr_pdp_type", "PDP type number", Uint8, Hex).names(Names::Values(ADDRESS_TYPES));
    USER_IPV4 = field("gtp.user_ipv4", "End user address IPv4", Ipv4, None);
    USER_IPV6 = field("gtp.user_ipv6", "End user address IPv6", Ipv6, None);
    EXT_APN_RES = field("gtp.ext_apn_res", "Restriction Type", Uint8, Dec);
    EXT_RAT_TYPE = field("gtp.ext_rat_type", "RAT Type", Uint8, Dec).names(Names::Values(ACCESSES));
    EXT_IMEISV = field("gtp.ext_imeisv", "IMEI(SV)", String, None);
    TIMEZONE = field("gtp.timezone", "Timezone", Uint8, Dec);
    TIMEZONE_DST = field("gtp.timezone_dst", "DST", Uint8, Dec).mask(0x3);
    IE_ID = field("gtp.ie_id", "IE Id", Uint8, Dec).names(Names::Values(ELEMENTS));
    EARP_PRE_EMPTION_CAPABILITY = field("gtp.EARP_pre_emption_Capability", "PCI Pre-emption Capability", Boolean, None).names(Names::Flag("Disabled", "Enabled")).mask(0x40);
    EARP_PRIORITY_LEVEL = field("gtp.EARP_priority_level", "PL Priority Level", Uint8, Dec).mask(0x3c);
    EARP_PRE_EMPTION_PAR_VULNERABILITY = field("gtp.EARP_pre_emption_par_vulnerability", "PVI Pre-emption Vulnerability", Boolean, None).names(Names::Flag("Disabled", "Enabled")).mask(0x1);
    BCM = field("gtp.bcm", "Bearer Control Mode", Uint8, Dec);
    APN_AMBR_UL = field("gtp.apn_ambr_ul", "APN-AMBR for Uplink", Int32, Dec);
    APN_AMBR_DL = field("gtp.apn_ambr_dl", "APN-AMBR for Downlink", Int32, Dec);
    NUM_EXT_HDR_TYPES = field("gtp.num_ext_hdr_types", "Number of Extension Header Types in list (i.e., length)", Uint8, Dec);
    CMN_FLG_DUAL_ADDR_BEARER_FLG = field("gtp.cmn_flg.dual_addr_bearer_flg", "Dual Address Bearer Flag", Boolean, None).mask(0x80);
    CMN_FLG_UPGRD_QOS_SUP = field("gtp.cmn_flg.upgrd_qos_sup", "Upgrade QoS Supported", Boolean, None).mask(0x40);
    CMN_FLG_NRSN = field("gtp.cmn_flg.nrsn", "NRSN bit field", Boolean, None).mask(0x20);
    CMN_FLG_NO_QOS_NEG = field("gtp.cmn_flg.no_qos_neg", "No QoS negotiation", Boolean, None).mask(0x10);
    CMN_FLG_MBS_CNT_INF = field("gtp.cmn_flg.mbs_cnt_inf", "MBMS Counting Information", Boolean, None).mask(0x8);
    CMN_FLG_MBS_RAN_PCD_RDY = field("gtp.cmn_flg.mbs_ran_pcd_rdy", "RAN Procedures Ready", Boolean, None).mask(0x4);
    CMN_FLG_MBS_SRV_TYPE = field("gtp.cmn_flg.mbs_srv_type", "MBMS Service Type", Boolean, None).mask(0x2);
    CMN_FLG_PPC = field("gtp.cmn_flg.ppc", "Prohibit Payload Compression", Boolean, None).mask(0x1);
    EXT_COMM_FLAGS_UASI = field("gtp.ext_comm_flags.uasi", "UASI", Boolean, None).mask(0x80);
    EXT_COMM_FLAGS_BDWI = field("gtp.ext_comm_flags.bdwi", "BDWI", Boolean, None).mask(0x40);
    EXT_COMM_FLAGS_PCRI = field("gtp.ext_comm_flags.pcri", "PCRI", Boolean, None).mask(0x20);
    EXT_COMM_FLAGS_VB = field("gtp.ext_comm_flags.vb", "VB", Boolean, None).mask(0x10);
    EXT_COMM_FLAGS_RETLOC = field("gtp.ext_comm_flags.retloc", "RetLoc", Boolean, None).mask(0x8);
    EXT_COMM_FLAGS_CPSR = field("gtp.ext_comm_flags.cpsr", "CPSR", Boolean, None).mask(0x4);
    EXT_COMM_FLAGS_CCRSI = field("gtp.ext_comm_flags.ccrsi", "CCRSI", Boolean, None).mask(0x2);
    EXT_COMM_FLAGS_UNAUTHENTICATED_IMSI = field("gtp.ext_comm_flags.unauthenticated_imsi", "Unauthenticated IMSI", Boolean, None).mask(0x1);
}

const VERSIONS: &[(u64, &str)] = &[(0, "GTP release 97/98 version"), (1, "GTP release 99 version")];
const MESSAGES: &[(u64, &str)] = &[
    (0, "For future use"),
    (1, "Echo request"),
    (2, "Echo response"),
    (3, "Version not supported"),
    (4, "Node alive request"),
    (5, "Node alive response"),
    (6, "Redirection request"),
    (7, "Redirection response"),
    (16, "Create PDP context request"),
    (17, "Create PDP context response"),
    (18, "Update PDP context request"),
    (19, "Update PDP context response"),
    (20, "Delete PDP context request"),
    (21, "Delete PDP context response"),
    (22, "Initiate PDP Context Activation Request"),
    (23, "Initiate PDP Context Activation Response"),
    (24, "Delete AA PDP Context Request"),
    (25, "Delete AA PDP Context Response"),
    (26, "Error indication"),
    (27, "PDU notification request"),
    (28, "PDU notification response"),
    (29, "PDU notification reject request"),
    (30, "PDU notification reject response"),
    (31, "Supported extension header notification"),
    (32, "Send routing information for GPRS request"),
    (33, "Send routing information for GPRS response"),
    (34, "Failure report request"),
    (35, "Failure report response"),
    (36, "Note MS GPRS present request"),
    (37, "Note MS GPRS present response"),
    (48, "Identification request"),
    (49, "Identification response"),
    (50, "SGSN context request"),
    (51, "SGSN context response"),
    (52, "SGSN context acknowledgement"),
    (53, "Forward relocation request"),
    (54, "Forward relocation response"),
    (55, "Forward relocation complete"),
    (56, "Relocation cancel request"),
    (57, "Relocation cancel response"),
    (58, "Forward SRNS context"),
    (59, "Forward relocation complete acknowledge"),
    (60, "Forward SRNS context acknowledge"),
    (61, "UE Registration Query Request"),
    (62, "UE Registration Query Response"),
    (70, "RAN Information Relay"),
    (96, "MBMS Notification Request"),
    (97, "MBMS Notification Response"),
    (98, "MBMS Notification Reject Request"),
    (99, "MBMS Notification Reject Response"),
    (100, "Create MBMS Context Request"),
    (101, "Create MBMS Context Response"),
    (102, "Update MBMS Context Request"),
    (103, "Update MBMS Context Response"),
    (104, "Delete MBMS Context Request"),
    (105, "Delete MBMS Context Response"),
    (112, "MBMS Registration Request"),
    (113, "MBMS Registration Response"),
    (114, "MBMS De-Registration Request"),
    (115, "MBMS De-Registration Response"),
    (116, "MBMS Session Start Request"),
    (117, "MBMS Session Start Response"),
    (118, "MBMS Session Stop Request"),
    (119, "MBMS Session Stop Response"),
    (120, "MBMS Session Update Request"),
    (121, "MBMS Session Update Response"),
    (128, "MS Info Change Notification Request"),
    (129, "MS Info Change Notification Response"),
    (240, "Data record transfer request"),
    (241, "Data record transfer response"),
    (254, "End Marker"),
    (255, "T-PDU"),
];
const CAUSES: &[(u64, &str)] = &[
    (0, "Request IMSI"),
    (1, "Request IMEI"),
    (2, "Request IMSI and IMEI"),
    (3, "No identity needed"),
    (4, "MS refuses"),
    (5, "MS is not GPRS responding"),
    (6, "Reactivation Requested"),
    (7, "PDP address inactivity timer expires"),
    (59, "System failure"),
    (60, "The transmit buffers are becoming full"),
    (61, "The receive buffers are becoming full"),
    (62, "Another node is about to go down"),
    (63, "This node is about to go down"),
    (128, "Request accepted"),
    (129, "New PDP type due to network preference"),
    (130, "New PDP type due to single address bearer only"),
    (177, "CDR decoding error"),
    (192, "Non-existent"),
    (193, "Invalid message format"),
    (194, "IMSI not known"),
    (195, "MS is GPRS detached"),
    (196, "MS is not GPRS responding"),
    (197, "MS refuses"),
    (198, "Version not supported"),
    (199, "No resource available"),
    (200, "Service not supported"),
    (201, "Mandatory IE incorrect"),
    (202, "Mandatory IE missing"),
    (203, "Optional IE incorrect"),
    (204, "System failure"),
    (205, "Roaming restriction"),
    (206, "P-TMSI signature mismatch"),
    (207, "GPRS connection suspended"),
    (208, "Authentication failure"),
    (209, "User authentication failed"),
    (210, "Context not found"),
    (211, "All PDP dynamic addresses are occupied"),
    (212, "No memory is available"),
    (213, "Relocation failure"),
    (214, "Unknown mandatory extension header"),
    (215, "Semantic error in the TFT operation"),
    (216, "Syntactic error in the TFT operation"),
    (217, "Semantic errors in packet filter(s)"),
    (218, "Syntactic errors in packet filter(s)"),
    (219, "Missing or unknown APN"),
    (220, "Unknown PDP address or PDP type"),
    (221, "PDP context without TFT already activated"),
    (222, "APN access denied - no subscription"),
    (223, "APN Restriction type incompatibility with currently active PDP Contexts"),
    (224, "MS MBMS Capabilities Insufficient"),
    (225, "Invalid Correlation-ID"),
    (226, "MBMS Bearer Context Superseded"),
    (227, "Bearer Control Mode violation"),
    (228, "Collision with network initiated request"),
    (229, "APN Congestion"),
    (230, "Bearer handling not supported"),
    (231, "Target access restricted for the subscriber"),
    (232, "UE is temporarily not reachable due to power saving"),
    (233, "Relocation failure due to NAS message redirection"),
    (252, "Request related to possibly duplicated packets already fulfilled"),
    (253, "Request already fulfilled"),
    (254, "Sequence numbers of released/cancelled packets IE incorrect"),
    (255, "Request not fulfilled"),
];
const SELECTIONS: &[(u64, &str)] = &[
    (0, "MS or network provided APN, subscribed verified"),
    (1, "MS provided APN, subscription not verified"),
    (2, "Network provided APN, subscription not verified"),
    (3, "For future use (Network provided APN, subscription not verified"),
];
const ACCESSES: &[(u64, &str)] = &[
    (0, "Reserved"),
    (1, "UTRAN"),
    (2, "GERAN"),
    (3, "WLAN"),
    (4, "GAN"),
    (5, "HSPA Evolution"),
    (6, "EUTRAN (WB-E-UTRAN)"),
    (7, "Virtual"),
    (8, "EUTRAN-NB-IoT"),
];
const ADDRESS_TYPES: &[(u64, &str)] =
    &[(0, "X.25"), (1, "PPP"), (2, "OSP:IHOSS"), (33, "IPv4"), (87, "IPv6"), (141, "IPv4v6")];
const LOCATIONS: &[(u64, &str)] = &[
    (0, "Cell Global Identification (CGI)"),
    (1, "Service Area Identity (SAI)"),
    (2, "Routing Area Identification (RAI)"),
    (128, "TAI"),
    (129, "ECGI"),
    (130, "TAI & ECGI"),
    (131, "eNodeB ID"),
    (132, "TAI and eNodeB ID"),
    (133, "extended eNodeB ID"),
    (134, "TAI and extended eNodeB ID"),
    (135, "NCGI"),
    (136, "5GS TAI"),
    (137, "5GS TAI and NCGI"),
    (138, "NG-RAN Node ID"),
    (139, "5GS TAI and NG-RAN Node ID"),
];
const EXTENSIONS: &[(u64, &str)] = &[
    (0, "No more extension headers"),
    (1, "MBMS support indication"),
    (2, "MS Info Change Reporting support indication"),
    (3, "Long PDCP PDU Number"),
    (32, "Service Class Indicator"),
    (64, "UDP Port number"),
    (129, "RAN container"),
    (130, "Long PDCP PDU number"),
    (131, "Xw RAN container"),
    (132, "NR RAN container"),
    (133, "PDU Session container"),
    (192, "PDCP PDU number"),
    (193, "Suspend Request"),
    (194, "Suspend Response"),
];
const ELEMENTS: &[(u64, &str)] = &[
    (1, "Cause of operation"),
    (2, "IMSI"),
    (3, "Routing Area Identity"),
    (4, "Temporary Logical Link Identity"),
    (5, "Packet TMSI"),
    (6, "Quality of Service"),
    (8, "Reorder required"),
    (9, "Authentication triplets"),
    (11, "MAP cause"),
    (12, "P-TMSI signature"),
    (13, "MS validated"),
    (14, "Recovery"),
    (15, "Selection mode"),
    (16, "Flow label data I"),
    (17, "Flow label signalling"),
    (18, "Flow label data II"),
    (19, "MS not reachable reason"),
    (20, "NSAPI"),
    (21, "RANAP cause"),
    (22, "RAB context"),
    (23, "Radio Priority for MO SMS"),
    (24, "Radio Priority"),
    (25, "Packet Flow ID"),
    (26, "Charging characteristics"),
    (27, "Trace references"),
    (28, "Trace type"),
    (29, "MS not reachable reason"),
    (126, "Packet transfer command"),
    (127, "Charging ID"),
    (128, "End user address"),
    (129, "MM context"),
    (130, "PDP context"),
    (131, "Access Point Name"),
    (132, "Protocol configuration options"),
    (133, "GSN address"),
    (134, "MS international PSTN/ISDN number"),
    (135, "Quality of service (UMTS)"),
    (136, "Authentication quintuplets"),
    (137, "Traffic Flow Template (TFT)"),
    (138, "Target (RNC) identification"),
    (139, "UTRAN transparent field"),
    (140, "RAB setup information"),
    (141, "Extension Header Types List"),
    (142, "Trigger Id"),
    (143, "OMC Identity"),
    (144, "RAN Transparent Container"),
    (145, "PDP Context Prioritization"),
    (146, "Additional RAB Setup Information"),
    (147, "SGSN Number"),
    (148, "Common Flags"),
    (149, "APN Restriction"),
    (150, "Radio Priority LCS"),
    (151, "RAT Type"),
    (152, "User Location Information"),
    (153, "MS Time Zone"),
    (154, "IMEI(SV)"),
    (155, "CAMEL Charging Information Container"),
    (156, "MBMS UE Context"),
    (157, "Temporary Mobile Group Identity (TMGI)"),
    (158, "RIM Routing Address"),
    (159, "MBMS Protocol Configuration Options"),
    (160, "MBMS Service Area"),
    (161, "Source RNC PDCP context info"),
    (162, "Additional Trace Info"),
    (163, "Hop Counter"),
    (164, "Selected PLMN ID"),
    (165, "MBMS Session Identifier"),
    (166, "MBMS 2G/3G Indicator"),
    (167, "Enhanced NSAPI"),
    (168, "MBMS Session Duration"),
    (169, "Additional MBMS Trace Info"),
    (170, "MBMS Session Identity Repetition Number"),
    (171, "MBMS Time To Data Transfer"),
    (172, "PS Handover Request Context"),
    (173, "BSS Container"),
    (174, "Cell Identification"),
    (175, "PDU Numbers"),
    (176, "BSSGP Cause"),
    (177, "Required MBMS bearer capabilities"),
    (178, "RIM Routing Address Discriminator"),
    (179, "List of set-up PFCs"),
    (180, "  PS Handover XID Parameters"),
    (181, "MS Info Change Reporting Action"),
    (182, "Direct Tunnel Flags"),
    (183, "Correlation-ID"),
    (184, "Bearer Control Mode"),
    (185, "MBMS Flow Identifier"),
    (186, "MBMS IP Multicast Distribution"),
    (187, "MBMS Distribution Acknowledgement"),
    (188, "Reliable INTER RAT HANDOVER INFO"),
    (189, "RFSP Index"),
    (190, "Fully Qualified Domain Name (FQDN)"),
    (191, "Evolved Allocation/Retention Priority I"),
    (192, "Evolved Allocation/Retention Priority II"),
    (193, "Extended Common Flags"),
    (194, "User CSG Information (UCI)"),
    (195, "CSG Information Reporting Action"),
    (196, "CSG ID"),
    (197, "CSG Membership Indication (CMI)"),
    (198, "Aggregate Maximum Bit Rate (AMBR)"),
    (199, "UE Network Capability"),
    (200, "UE-AMBR"),
    (201, "APN-AMBR with NSAPI"),
    (202, "GGSN Back-Off Time"),
    (203, "Signalling Priority Indication"),
    (204, "Signalling Priority Indication with NSAPI"),
    (205, "Higher bitrates than 16 Mbps flag"),
    (206, "Max MBR/APN-AMBR"),
    (207, "Additional MM context for SRVCC"),
    (208, "Additional flags for SRVCC"),
    (209, "STN-SR"),
    (210, "C-MSISDN"),
    (211, "Extended RANAP Cause"),
    (212, "eNodeB ID"),
    (213, "Selection Mode with NSAPI"),
    (214, "ULI Timestamp"),
    (215, "Local Home Network ID (LHN-ID) with NSAPI"),
    (216, "Operator Selection Entity"),
    (217, "UE Usage Type"),
    (218, "Extended Common Flags II"),
    (219, "Node Identifier"),
    (220, "CIoT Optimizations Support Indication"),
    (221, "SCEF PDN Connection"),
    (222, "IOV_updates counter"),
    (223, "Mapped UE Usage Type"),
    (224, "UP Function Selection Indication Flags"),
    (249, "Sequence numbers of released packets IE"),
    (250, "Sequence numbers of canceled packets IE"),
    (251, "Charging Gateway address"),
    (252, "Data record packet"),
    (253, "Requests responded"),
    (254, "Address of recommended node"),
    (255, "Private Extension"),
];
const T_PDU: u8 = 0xff;
const HEADER_LEN: usize = 8;
const OLD_HEADER_LEN: usize = 20;
/// How many extension headers a packet may have.
pub const MAX_EXTENSION_HEADERS: usize = 16;
/// How many information elements of a message are shown.
pub const MAX_ELEMENTS: usize = 256;

const RULES: Rules = Rules {
    proto: ProtoId::Gtp,
    renews: false,
    again: Again::Nothing,
    keeps_orphans: false,
    answers_latest: false,
    in_columns: false,
    fields: &[RESPONSE_IN, RESPONSE_TO, TIME],
};

/// Requests; each one's response has the next number (TS 29.060, 7.1).
const REQUESTS: &[u8] = &[1, 6, 16, 18, 20, 22, 27, 29, 32, 34, 36, 48, 50, 53, 96, 98, 100, 102, 104, 112, 114, 116];

const CHARGING_PORT: u16 = 3386;

pub(crate) static PROTOCOL: Protocol = Protocol {
    calls: &[ProtoId::Ip, ProtoId::Ipv6, ProtoId::Gtpv2, ProtoId::Data],
    accepts: Some(accepts),
    samples: &[
        Sample {
            link_type: 228,
            frames: &[
                "4500002d 00000000 40110000 0a000001 0a000002 08680868 00190000 36ff 0009 00000001 0005 00 85 01 0001 00 45",
                "4500002800010000401100000a0000010a0000020868086800140000310100040000000700010900",
            ],
        },
        Sample { link_type: 101, frames: SAMPLES },
    ],
    ..Protocol::new(
        ProtoId::Gtp,
        "GTP",
        &[Binding::UdpPort(2152), Binding::UdpPort(2123), Binding::UdpPort(CHARGING_PORT)],
        dissect,
    )
};

/// Version 2 is another protocol.
/// Version 2 has a protocol of its own; of the others only messages that there are.
fn accepts<'a>(d: &Dissector<'a>, tvb: Tvb<'a>) -> bool {
    let Ok([flags, message]) = tvb.array(0) else { return false };
    match flags >> 5 {
        0 | 1 => message != 0 && Names::Values(MESSAGES).of(message.into()).is_some(),
        2 => ![d.endpoints.src_port, d.endpoints.dst_port].contains(&CHARGING_PORT),
        _ => false,
    }
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    if tvb.u8(0)? >> 5 == 2 {
        d.call(ProtoId::Gtpv2, tvb);
        return Ok(());
    }
    d.set_protocol("GTP");
    d.set_info(String::new);
    let item = d.begin(PROTO, tvb);
    let flags = tvb.u8(0)?;
    let message = tvb.u8(1)?;
    let is_old = flags >> 5 == 0;
    d.set_info(|| Names::Values(MESSAGES).of(message.into()).unwrap_or("Unknown".into()).into_owned());
    d.open(FLAGS, tvb, 0, 1, Value::Uint(flags.into()));
    d.bits(FLAGS_VERSION, tvb, 0, 1, flags.into());
    d.bits(FLAGS_PAYLOAD, tvb, 0, 1, flags.into());
    if is_old {
        d.add(FLAGS_RESERVED, tvb, 0, 1, Value::Uint(u64::from(flags >> 1 & 7)));
        d.flag(FLAGS_SNN, tvb, 0, 1, flags.into());
    } else {
        d.bits(FLAGS_RESERVED, tvb, 0, 1, flags.into());
        for flag in [FLAGS_E, FLAGS_S, FLAGS_PN] {
            d.flag(flag, tvb, 0, 1, flags.into());
        }
    }
    d.close();
    d.add(MESSAGE, tvb, 1, 1, Value::Uint(message.into()));
    let len = d.uint(LENGTH, tvb, 2, 2)? as usize;
    let (header_len, number) = if is_old {
        (old_header(d, tvb)?, Some(tvb.u16(4)?))
    } else {
        d.uint(TEID, tvb, 4, 4)?;
        let number = if flags & 2 != 0 { Some(tvb.u16(HEADER_LEN)?) } else { None };
        (optional(d, tvb, flags)?, number)
    };
    let fixed = if is_old { OLD_HEADER_LEN } else { HEADER_LEN };
    let payload = tvb.sub(header_len, (fixed + len).saturating_sub(header_len));
    if message != T_PDU {
        elements(d, payload, is_old)?;
        transactions(d, tvb, message, number);
        d.close();
        return Ok(());
    }
    d.set_len(item, header_len);
    d.close();
    match payload.u8(0).unwrap_or_default() >> 4 {
        4 => d.call(ProtoId::Ip, payload),
        6 => d.call(ProtoId::Ipv6, payload),
        _ => d.call(ProtoId::Data, payload),
    }
    d.wrap_protocol("GTP");
    Ok(())
}

fn transactions<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, message: u8, number: Option<u16>) {
    let Some(number) = number else {
        return;
    };
    // A number is its sender's for each kind of message.
    if REQUESTS.contains(&message) {
        transaction::request(d, &RULES, u128::from(message) << 16 | u128::from(number));
    } else if message.checked_sub(1).is_some_and(|request| REQUESTS.contains(&request)) {
        transaction::response(d, &RULES, u128::from(message - 1) << 16 | u128::from(number), true);
    }
    let known = transaction::known(d, ProtoId::Gtp);
    if let Some(frame) = known.response_in {
        d.generated(RESPONSE_IN, tvb, 0, 0, Value::Uint(frame));
    }
    if let Some((frame, after)) = known.response_to {
        d.generated(RESPONSE_TO, tvb, 0, 0, Value::Uint(frame));
        d.generated(TIME, tvb, 0, 0, Value::Time(after));
    }
}

/// GSM 09.60, 6: the header of version 0; answers its length.
fn old_header<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Result<usize, Stop> {
    d.uint(SEQ_NUMBER, tvb, 4, 2)?;
    d.uint(FLOW_LABEL, tvb, 6, 2)?;
    d.uint(SNDCP_NUMBER, tvb, 8, 1)?;
    let octets = tvb.slice(12, 8)?;
    if d.wants(TID) {
        d.add(TID, tvb, 12, 8, Value::String(digits(octets).into()));
    }
    Ok(OLD_HEADER_LEN)
}

/// Decimal digits, two an octet, the lower half first.
fn digits(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len() * 2);
    for half in octets.iter().flat_map(|octet| [octet & 0xf, octet >> 4]) {
        if half == 0xf {
            break;
        }
        text.push(char::from_digit(half.into(), 16).unwrap_or('?'));
    }
    text
}

/// The part that stands there when any of three flags is set (TS 29.281, 5.1); answers the header's length.
fn optional<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, flags: u8) -> Result<usize, Stop> {
    if flags & 0x07 == 0 {
        return Ok(HEADER_LEN);
    }
    if flags & 0x02 != 0 {
        d.uint(SEQ_NUMBER, tvb, HEADER_LEN, 2)?;
    }
    if flags & 0x01 != 0 {
        d.uint(NPDU_NUMBER, tvb, HEADER_LEN + 2, 1)?;
    }
    let mut at = HEADER_LEN + 4;
    let mut next = tvb.u8(HEADER_LEN + 3)?;
    if flags & 0x04 == 0 {
        return Ok(at);
    }
    d.add(EXT_HDR_NEXT, tvb, HEADER_LEN + 3, 1, Value::Uint(next.into()));
    for _ in 0..MAX_EXTENSION_HEADERS {
        if next == 0 {
            return Ok(at);
        }
        // In units of four octets, of which the last one is the next header's type.
        let len = usize::from(tvb.u8(at)?) * 4;
        if len == 0 {
            return Err(Stop::Malformed);
        }
        d.open(EXT_HDR, tvb, at, len, Value::None);
        d.uint(EXT_HDR_LENGTH, tvb, at, 1)?;
        extension(d, tvb, at + 1, next)?;
        next = tvb.u8(at + len - 1)?;
        d.add(EXT_HDR_NEXT, tvb, at + len - 1, 1, Value::Uint(next.into()));
        d.close();
        at += len;
    }
    Err(Stop::Malformed)
}

/// TS 29.281, 5.2.2; the container of a session is TS 38.415's.
fn extension<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, at: usize, kind: u8) -> Parsed {
    match kind {
        0x85 => {
            let (first, second) = (tvb.u8(at)?, tvb.u8(at + 1)?.into());
            let is_up = first >> 4 != 0;
            d.bits(EXT_HDR_PDU_SES_CON_PDU_TYPE, tvb, at, 1, first.into());
            d.bits(SPARE_H1, tvb, at, 1, first.into());
            if is_up {
                d.bits(SPARE_B7B6, tvb, at + 1, 1, second);
            } else {
                d.flag(EXT_HDR_PDU_SES_CONT_PPP, tvb, at + 1, 1, second);
                d.flag(EXT_HDR_PDU_SES_CONT_RQI, tvb, at + 1, 1, second);
            }
            d.bits(EXT_HDR_PDU_SES_CON_QOS_FLOW_ID, tvb, at + 1, 1, second);
            if !is_up && second & 0x80 != 0 {
                let third = tvb.u8(at + 2)?.into();
                d.bits(EXT_HDR_PDU_SES_CONT_PPI, tvb, at + 2, 1, third);
                d.bits(SPARE_B4B0, tvb, at + 2, 1, third);
            }
        }
        0xc0 => {
            d.uint(EXT_HDR_PDCP_SN, tvb, at, 2)?;
        }
        _ => {}
    }
    Ok(())
}

/// How long the value of an element is that says it only by its type (TS 29.060, 7.7), for version 1 and for version 0.
fn fixed_len(kind: u8, is_old: bool) -> Option<usize> {
    Some(match kind {
        1 | 8 | 11 | 13 | 14 | 15 | 19..=21 | 23 | 24 | 29 | 126 => 1,
        2 => 8,
        3 => 6,
        4 | 5 | 127 => 4,
        6 if is_old => 3,
        9 => 28,
        12 => 3,
        16 | 17 if is_old => 2,
        18 if is_old => 3,
        16 | 17 => 4,
        18 => 5,
        22 => 9,
        25..=28 => 2,
        _ => return None,
    })
}

fn elements<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, is_old: bool) -> Parsed {
    let mut at = 0;
    for _ in 0..MAX_ELEMENTS {
        if at >= tvb.reported() {
            break;
        }
        let kind = tvb.u8(at)?;
        if kind < 128 {
            let Some(len) = fixed_len(kind, is_old) else {
                // Of an unknown length nothing that follows can be found.
                break;
            };
            let value = tvb.exact(at + 1, len)?;
            fixed(d, kind, value, is_old)?;
            at += 1 + len;
        } else if kind == 141 {
            // The list of extension headers counts in one octet.
            let len = usize::from(tvb.u8(at + 1)?);
            d.uint(NUM_EXT_HDR_TYPES, tvb, at + 1, 1)?;
            at += 2 + len;
        } else {
            let len = usize::from(tvb.u16(at + 1)?);
            let value = tvb.exact(at + 3, len)?;
            variable(d, tvb.sub(at, 3), kind, value)?;
            at += 3 + len;
        }
    }
    Ok(())
}

/// A number whose low bits are the value.
fn masked<'a>(d: &mut Dissector<'a>, field: FieldId, value: Tvb<'a>, at: usize) -> Parsed {
    d.bits(field, value, at, 1, value.u8(at)?.into());
    Ok(())
}

fn fixed<'a>(d: &mut Dissector<'a>, kind: u8, value: Tvb<'a>, is_old: bool) -> Parsed {
    let whole = |field| (field, value.reported());
    let (field, len) = match kind {
        1 => whole(CAUSE),
        3 => {
            d.uint(LAC, value, 3, 2)?;
            d.uint(RAI_RAC, value, 5, 1)?;
            return Ok(());
        }
        4 => whole(TLLI),
        5 => whole(PTMSI),
        8 | 13 | 19 => {
            let field = match kind {
                8 => REORDER,
                13 => MS_VALID,
                _ => TEAR_IND,
            };
            d.add(field, value, 0, 1, Value::Uint((value.u8(0)? & 1).into()));
            return Ok(());
        }
        11 => whole(MAP_CAUSE),
        12 => whole(PTMSI_SIG),
        14 => whole(RECOVERY),
        15 => return masked(d, SEL_MODE, value, 0),
        16 if is_old => whole(EXT_FLOW_LABEL),
        17 if is_old => whole(FLOW_SIG),
        18 if is_old => {
            masked(d, NSAPI, value, 0)?;
            d.uint(FLOW_II, value, 1, 2)?;
            return Ok(());
        }
        16 => whole(TEID_DATA),
        17 => whole(TEID_CP),
        18 => {
            masked(d, NSAPI, value, 0)?;
            d.uint(TEID_II, value, 1, 4)?;
            return Ok(());
        }
        20 => return masked(d, NSAPI, value, 0),
        21 => whole(RANAP_CAUSE),
        22 => {
            masked(d, NSAPI, value, 0)?;
            for (place, field) in [RAB_GTP_DN, RAB_GTP_UP, RAB_PDU_DN, RAB_PDU_UP].into_iter().enumerate() {
                d.uint(field, value, 1 + 2 * place, 2)?;
            }
            return Ok(());
        }
        23 => whole(RP_SMS),
        24 => {
            for field in [RP, RP_NSAPI, RP_SPARE, RP] {
                masked(d, field, value, 0)?;
            }
            return Ok(());
        }
        25 => {
            d.uint(PKT_FLOW_ID, value, 1, 1)?;
            masked(d, NSAPI, value, 0)?;
            d.uint(PKT_FLOW_ID, value, 1, 1)?;
            return Ok(());
        }
        26 => {
            let word = d.uint(CHRG_CHAR, value, 0, 2)?;
            for field in [CHRG_CHAR_S, CHRG_CHAR_N, CHRG_CHAR_P, CHRG_CHAR_F, CHRG_CHAR_H, CHRG_CHAR_R] {
                d.bits(field, value, 0, 2, word);
            }
            return Ok(());
        }
        29 => whole(MS_REASON),
        126 => whole(TR_COMM),
        127 => whole(CHRG_ID),
        _ => return Ok(()),
    };
    d.uint(field, value, 0, len)?;
    Ok(())
}

fn variable<'a>(d: &mut Dissector<'a>, head: Tvb<'a>, kind: u8, value: Tvb<'a>) -> Parsed {
    let len = value.reported();
    if matches!(kind, 184 | 191 | 193 | 198) {
        d.uint(IE_ID, head, 0, 1)?;
    }
    let length = match kind {
        128 | 130 | 132 | 134 => LENGTH,
        131 => APN_LENGTH,
        133 => GSN_ADDRESS_LENGTH,
        135 => QOS_UMTS_LENGTH,
        148..=255 => EXT_LENGTH,
        _ => return Ok(()),
    };
    d.uint(length, head, 1, 2)?;
    match (kind, len) {
        (128, 2..) => end_user(d, value)?,
        (131, 1..) => apn(d, value)?,
        (133, 4) => drop(d.add(GSN_IPV4, value, 0, 4, Value::Ipv4(value.array(0)?))),
        (133, 16) => drop(d.add(GSN_IPV6, value, 0, 16, Value::Ipv6(value.array(0)?))),
        (135, 4..) => quality(d, value)?,
        (148, 1..) => {
            for flag in [
                CMN_FLG_DUAL_ADDR_BEARER_FLG,
                CMN_FLG_UPGRD_QOS_SUP,
                CMN_FLG_NRSN,
                CMN_FLG_NO_QOS_NEG,
                CMN_FLG_MBS_CNT_INF,
                CMN_FLG_MBS_RAN_PCD_RDY,
                CMN_FLG_MBS_SRV_TYPE,
                CMN_FLG_PPC,
            ] {
                d.flag(flag, value, 0, 1, value.u8(0)?.into());
            }
        }
        (149, 1..) => drop(d.uint(EXT_APN_RES, value, 0, 1)?),
        (151, 1..) => drop(d.uint(EXT_RAT_TYPE, value, 0, 1)?),
        (152, 8..) => {
            // The identity of the network stands between.
            let kind = d.uint(GEO_LOC_TYPE, value, 0, 1)?;
            d.uint(LAC, value, 4, 2)?;
            match kind {
                0 => drop(d.uint(CGI_CI, value, 6, 2)?),
                1 => drop(d.uint(SAI_SAC, value, 6, 2)?),
                2 => drop(d.uint(RAI_RAC, value, 6, 1)?),
                _ => {}
            }
        }
        (153, 2..) => {
            // Quarters of an hour, two digits with their halves swapped and a sign (TS 23.040, 9.2.3.11).
            let zone = value.u8(0)?;
            let quarters = u64::from(zone & 7) * 10 + u64::from(zone >> 4);
            d.add(TIMEZONE, value, 0, 1, Value::Uint(quarters));
            masked(d, TIMEZONE_DST, value, 1)?;
        }
        (154, 1..) if d.wants(EXT_IMEISV) => {
            let text = digits(value.slice(0, len)?);
            d.add(EXT_IMEISV, value, 0, len, Value::String(text.into()));
        }
        (184, 1..) => drop(d.uint(BCM, value, 0, 1)?),
        (191, 1..) => {
            let octet = value.u8(0)?.into();
            d.flag(EARP_PRE_EMPTION_CAPABILITY, value, 0, 1, octet);
            d.bits(EARP_PRIORITY_LEVEL, value, 0, 1, octet);
            d.flag(EARP_PRE_EMPTION_PAR_VULNERABILITY, value, 0, 1, octet);
        }
        (193, 1..) => {
            for flag in [
                EXT_COMM_FLAGS_UASI,
                EXT_COMM_FLAGS_BDWI,
                EXT_COMM_FLAGS_PCRI,
                EXT_COMM_FLAGS_VB,
                EXT_COMM_FLAGS_RETLOC,
                EXT_COMM_FLAGS_CPSR,
                EXT_COMM_FLAGS_CCRSI,
                EXT_COMM_FLAGS_UNAUTHENTICATED_IMSI,
            ] {
                d.flag(flag, value, 0, 1, value.u8(0)?.into());
            }
        }
        (198, 8..) => {
            d.add(APN_AMBR_UL, value, 0, 4, Value::Int((value.u32(0)? as i32).into()));
            d.add(APN_AMBR_DL, value, 4, 4, Value::Int((value.u32(4)? as i32).into()));
        }
        (251, 4) => drop(d.add(CHRG_IPV4, value, 0, 4, Value::Ipv4(value.array(0)?))),
        (251, 16) => drop(d.add(CHRG_IPV6, value, 0, 16, Value::Ipv6(value.array(0)?))),
        (255, 2..) => {
            d.uint(EXT_ID, value, 0, 2)?;
            if len > 2 {
                d.bytes(EXT_VAL, value, 2, len - 2);
            }
        }
        _ => {}
    }
    Ok(())
}

/// TS 29.060, 7.7.27.
fn end_user<'a>(d: &mut Dissector<'a>, value: Tvb<'a>) -> Parsed {
    let organization = value.u8(0)? & 0xf;
    d.add(USER_ADDR_PDP_ORG, value, 0, 1, Value::Uint(organization.into()));
    let kind = d.uint(USER_ADDR_PDP_TYPE, value, 1, 1)?;
    let len = value.reported() - 2;
    match (organization, kind, len) {
        (1, 0x21, 4) => drop(d.add(USER_IPV4, value, 2, 4, Value::Ipv4(value.array(2)?))),
        (1, 0x57, 16) => drop(d.add(USER_IPV6, value, 2, 16, Value::Ipv6(value.array(2)?))),
        (1, 0x8d, 20) => {
            d.add(USER_IPV4, value, 2, 4, Value::Ipv4(value.array(2)?));
            d.add(USER_IPV6, value, 6, 16, Value::Ipv6(value.array(6)?));
        }
        _ => {}
    }
    Ok(())
}

/// The name of an access point as labels of a domain name.
fn apn<'a>(d: &mut Dissector<'a>, value: Tvb<'a>) -> Parsed {
    let octets = value.slice(0, value.reported())?;
    let mut labels = Vec::new();
    let mut rest = octets;
    while let Some((len, more)) = rest.split_first() {
        let (label, next) = more.split_at(usize::from(*len).min(more.len()));
        labels.push(String::from_utf8_lossy(label));
        rest = next;
    }
    d.add(APN, value, 0, octets.len(), Value::String(labels.join(".").into()));
    Ok(())
}

/// TS 24.008, 10.5.6.5, behind a priority.
fn quality<'a>(d: &mut Dissector<'a>, value: Tvb<'a>) -> Parsed {
    d.uint(QOS_AL_RET_PRIORITY, value, 0, 1)?;
    let parts: &[(usize, &[FieldId])] = &[
        (1, &[QOS_SPARE1, QOS_DELAY, QOS_RELIABILITY]),
        (2, &[QOS_PEAK, QOS_SPARE2, QOS_PRECEDENCE]),
        (3, &[QOS_SPARE3, QOS_MEAN]),
        (4, &[QOS_TRAF_CLASS, QOS_DEL_ORDER, QOS_DEL_ERR_SDU]),
        (5, &[QOS_MAX_SDU_SIZE]),
        (6, &[QOS_MAX_UL]),
        (7, &[QOS_MAX_DL]),
        (8, &[QOS_RES_BER, QOS_SDU_ERR_RATIO]),
        (9, &[QOS_TRANS_DELAY, QOS_TRAF_HANDL_PRIO]),
        (10, &[QOS_GUAR_UL]),
        (11, &[QOS_GUAR_DL]),
        (12, &[QOS_SPARE4, SIG_IND, SRC_STAT_DESC]),
    ];
    // What there is of the later octets is there as a whole.
    let last = match value.reported() {
        0..12 => 3,
        12 => 11,
        _ => 12,
    };
    for (at, fields) in parts.iter().filter(|part| part.0 <= last) {
        let octet = value.u8(*at)?;
        for field in *fields {
            match *at {
                5 => drop(d.add(*field, value, 5, 1, Value::Uint(sdu_size(octet)))),
                6 | 7 | 10 | 11 => drop(d.add(*field, value, *at, 1, Value::Uint(bit_rate(octet)))),
                _ => drop(d.bits(*field, value, *at, 1, octet.into())),
            }
        }
    }
    Ok(())
}

fn sdu_size(octet: u8) -> u64 {
    match octet {
        0x97 => 1502,
        0x98 => 1510,
        0x99 => 1520,
        1..=0x96 => u64::from(octet) * 10,
        _ => octet.into(),
    }
}

/// In kbit/s.
fn bit_rate(octet: u8) -> u64 {
    match octet {
        0..=63 => octet.into(),
        64..=127 => 64 + u64::from(octet - 64) * 8,
        128..=254 => 576 + u64::from(octet - 128) * 64,
        255 => 0,
    }
}

const SAMPLES: &[&str] = &[
    "450000cd00010000401100000a0000010a000002084b084b00b90000321000a900000000000500000264000104001010000364f060ff \
     feff0eb00ffd1032f02bf91132f02bf914051a0800800002f121830007066565746573748500040a0000018500100000000000000000 \
     000000000000000186000391685187000c021b421f738c4040744b4040870004021b421f87000e021b421f738c4040744b4040114a94 \
     00014195000102970001029900022301bf000149c1000180c60008000003e8000007d0ff00052aab020103",
    "4500007b00010000401100000a0000020a000001084b084b006700003211005732f02bf900050000018008fe0e181010000085111000 \
     008014057f0623a7c9800006f121c0a8fc82800012f15700000000000000000000000000000002fb00040a000009fb00100000000000 \
     0000000000000000000003b8000101",
    "4500008900010000401100000a0000010a000002084b084b00750000321200650000000100060000040000000705000000080b010c01 \
     02030dff12050000000913ff150316050001000200030004170118521905061d017e019800080164f060000100029800080064f06000 \
     0100039800080264f060000104ff9a000853010203040506078d000185",
    "4500003800010000401100000a0000010a000002086808680024000030ff0014000000014500001c00010000401100000a0000010a00 \
     0002",
    "4500004800010000401100000a0000010a000002086808680034000034ff002400000001000000850100c9c001123440011235004500 \
     001c00010000401100000a0000010a000002",
    "4500004400010000401100000a0000010a000002086808680030000034ff0020000000010000008501100982010135004500001c0001 \
     0000401100000a0000010a000002",
    "4500003200010000401100000a0000010a0000020d3a0d3a001e00001e01000200071234ffffffff64000104001010150e01",
    "4500003a00010000401100000a0000010a0000020d3a0d3a002600001e10000a00080000ffffffff6400010400101015100102110304 \
     12050607",
    "4500002800010000401100000a0000010a000002084b084b00140000320100040000000000090000",
    "4500002a00010000401100000a0000020a000001084b084b001600003202000600000000000900000e01",
    "4500003400010000401100000a0000010a0000020868086800200000321a001000000000000a000010000000058500040a000001",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn sessions_and_their_quality() {
        let shown = frames(101, SAMPLES);
        assert_eq!(values(&shown[0], "gtp.apn"), "eetest");
        assert_eq!(values(&shown[0], "gtp.response_in"), "2");
        assert_eq!((bit_rate(64), bit_rate(254), bit_rate(255)), (64, 8640, 0));
        assert_eq!((sdu_size(0x8c), sdu_size(0x99)), (1400, 1520));
    }

    #[test]
    fn elements_end_at_the_limit() {
        let mut octets = vec![0x30, 1, 3, 0, 0, 0, 0, 0];
        octets.extend([14, 1].repeat(2 * MAX_ELEMENTS));
        octets[2..4].copy_from_slice(&(4 * MAX_ELEMENTS as u16).to_be_bytes());
        let shown = crate::tests::shown_by(ProtoId::Gtp, &octets);
        assert_eq!(shown.iter().filter(|row| row.0 == "gtp.recovery").count(), MAX_ELEMENTS);
    }

    #[test]
    fn survives_anything() {
        crate::tests::survives_anything(ProtoId::Gtp, b"\x32\x10\0\x20\0\0\0\0\0\x05\0\0\x0e\x01\x87\0\x0c\x02\x1b\x42\x1f\x73\x8c\x40\x40\x74\x4b\x40\x40\x80\0\x02\xf1\x21");
    }
}
