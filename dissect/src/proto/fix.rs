//! FIX, the Financial Information eXchange protocol: tags and values.

use crate::bindings::Binding;
use crate::dissector::Dissector;
use crate::field::{FieldId, fields};
use crate::proto::tcp;
use crate::registry::{Framing, ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Fix, "fix", "Financial Information eXchange Protocol";
    CONTINUATION = field("fix.data", "Continuation Data", Bytes, None);
    FIELD_TAG = field("fix.field.tag", "Field Tag", Uint16, Dec);
    FIELD_VALUE = field("fix.field.value", "Field Value", String, None);
    CHECKSUM_GOOD = field("fix.checksum_good", "Good Checksum", Boolean, None);
    CHECKSUM_BAD = field("fix.checksum_bad", "Bad Checksum", Boolean, None);
    BEGIN_STRING = field("fix.BeginString", "BeginString (8)", String, None);
    BODY_LENGTH = field("fix.BodyLength", "BodyLength (9)", String, None);
    MSG_TYPE = field("fix.MsgType", "MsgType (35)", String, None);
    SENDER_COMP_ID = field("fix.SenderCompID", "SenderCompID (49)", String, None);
    TARGET_COMP_ID = field("fix.TargetCompID", "TargetCompID (56)", String, None);
    MSG_SEQ_NUM = field("fix.MsgSeqNum", "MsgSeqNum (34)", String, None);
    SENDING_TIME = field("fix.SendingTime", "SendingTime (52)", String, None);
    POSS_DUP_FLAG = field("fix.PossDupFlag", "PossDupFlag (43)", String, None);
    POSS_RESEND = field("fix.PossResend", "PossResend (97)", String, None);
    SENDER_SUB_ID = field("fix.SenderSubID", "SenderSubID (50)", String, None);
    TARGET_SUB_ID = field("fix.TargetSubID", "TargetSubID (57)", String, None);
    ON_BEHALF_OF_COMP_ID = field("fix.OnBehalfOfCompID", "OnBehalfOfCompID (115)", String, None);
    DELIVER_TO_COMP_ID = field("fix.DeliverToCompID", "DeliverToCompID (128)", String, None);
    ORIG_SENDING_TIME = field("fix.OrigSendingTime", "OrigSendingTime (122)", String, None);
    HEART_BT_INT = field("fix.HeartBtInt", "HeartBtInt (108)", String, None);
    ENCRYPT_METHOD = field("fix.EncryptMethod", "EncryptMethod (98)", String, None);
    TEST_REQ_ID = field("fix.TestReqID", "TestReqID (112)", String, None);
    BEGIN_SEQ_NO = field("fix.BeginSeqNo", "BeginSeqNo (7)", String, None);
    END_SEQ_NO = field("fix.EndSeqNo", "EndSeqNo (16)", String, None);
    NEW_SEQ_NO = field("fix.NewSeqNo", "NewSeqNo (36)", String, None);
    GAP_FILL_FLAG = field("fix.GapFillFlag", "GapFillFlag (123)", String, None);
    REF_SEQ_NUM = field("fix.RefSeqNum", "RefSeqNum (45)", String, None);
    TEXT = field("fix.Text", "Text (58)", String, None);
    RESET_SEQ_NUM_FLAG = field("fix.ResetSeqNumFlag", "ResetSeqNumFlag (141)", String, None);
    ACCOUNT = field("fix.Account", "Account (1)", String, None);
    AVG_PX = field("fix.AvgPx", "AvgPx (6)", String, None);
    CL_ORD_ID = field("fix.ClOrdID", "ClOrdID (11)", String, None);
    CUM_QTY = field("fix.CumQty", "CumQty (14)", String, None);
    CURRENCY = field("fix.Currency", "Currency (15)", String, None);
    EXEC_ID = field("fix.ExecID", "ExecID (17)", String, None);
    EXEC_INST = field("fix.ExecInst", "ExecInst (18)", String, None);
    EXEC_TRANS_TYPE = field("fix.ExecTransType", "ExecTransType (20)", String, None);
    HANDL_INST = field("fix.HandlInst", "HandlInst (21)", String, None);
    SECURITY_IDSOURCE = field("fix.SecurityIDSource", "SecurityIDSource (22)", String, None);
    LAST_PX = field("fix.LastPx", "LastPx (31)", String, None);
    LAST_QTY = field("fix.LastQty", "LastQty (32)", String, None);
    ORDER_ID = field("fix.OrderID", "OrderID (37)", String, None);
    ORDER_QTY = field("fix.OrderQty", "OrderQty (38)", String, None);
    ORD_STATUS = field("fix.OrdStatus", "OrdStatus (39)", String, None);
    ORD_TYPE = field("fix.OrdType", "OrdType (40)", String, None);
    ORIG_CL_ORD_ID = field("fix.OrigClOrdID", "OrigClOrdID (41)", String, None);
    PRICE = field("fix.Price", "Price (44)", String, None);
    SECURITY_ID = field("fix.SecurityID", "SecurityID (48)", String, None);
    SIDE = field("fix.Side", "Side (54)", String, None);
    SYMBOL = field("fix.Symbol", "Symbol (55)", String, None);
    TIME_IN_FORCE = field("fix.TimeInForce", "TimeInForce (59)", String, None);
    TRANSACT_TIME = field("fix.TransactTime", "TransactTime (60)", String, None);
    SETTL_TYPE = field("fix.SettlType", "SettlType (63)", String, None);
    SETTL_DATE = field("fix.SettlDate", "SettlDate (64)", String, None);
    TRADE_DATE = field("fix.TradeDate", "TradeDate (75)", String, None);
    STOP_PX = field("fix.StopPx", "StopPx (99)", String, None);
    EX_DESTINATION = field("fix.ExDestination", "ExDestination (100)", String, None);
    CXL_REJ_REASON = field("fix.CxlRejReason", "CxlRejReason (102)", String, None);
    ORD_REJ_REASON = field("fix.OrdRejReason", "OrdRejReason (103)", String, None);
    MIN_QTY = field("fix.MinQty", "MinQty (110)", String, None);
    EXPIRE_TIME = field("fix.ExpireTime", "ExpireTime (126)", String, None);
    QUOTE_REQ_ID = field("fix.QuoteReqID", "QuoteReqID (131)", String, None);
    NO_RELATED_SYM = field("fix.NoRelatedSym", "NoRelatedSym (146)", String, None);
    EXEC_TYPE = field("fix.ExecType", "ExecType (150)", String, None);
    LEAVES_QTY = field("fix.LeavesQty", "LeavesQty (151)", String, None);
    SECURITY_TYPE = field("fix.SecurityType", "SecurityType (167)", String, None);
    SECURITY_EXCHANGE = field("fix.SecurityExchange", "SecurityExchange (207)", String, None);
    MDREQ_ID = field("fix.MDReqID", "MDReqID (262)", String, None);
    SUBSCRIPTION_REQUEST_TYPE = field("fix.SubscriptionRequestType", "SubscriptionRequestType (263)", String, None);
    MARKET_DEPTH = field("fix.MarketDepth", "MarketDepth (264)", String, None);
    MDUPDATE_TYPE = field("fix.MDUpdateType", "MDUpdateType (265)", String, None);
    AGGREGATED_BOOK = field("fix.AggregatedBook", "AggregatedBook (266)", String, None);
    NO_MDENTRY_TYPES = field("fix.NoMDEntryTypes", "NoMDEntryTypes (267)", String, None);
    NO_MDENTRIES = field("fix.NoMDEntries", "NoMDEntries (268)", String, None);
    MDENTRY_TYPE = field("fix.MDEntryType", "MDEntryType (269)", String, None);
    MDENTRY_PX = field("fix.MDEntryPx", "MDEntryPx (270)", String, None);
    MDENTRY_SIZE = field("fix.MDEntrySize", "MDEntrySize (271)", String, None);
    MDENTRY_DATE = field("fix.MDEntryDate", "MDEntryDate (272)", String, None);
    MDENTRY_TIME = field("fix.MDEntryTime", "MDEntryTime (273)", String, None);
    REF_TAG_ID = field("fix.RefTagID", "RefTagID (371)", String, None);
    REF_MSG_TYPE = field("fix.RefMsgType", "RefMsgType (372)", String, None);
    SESSION_REJECT_REASON = field("fix.SessionRejectReason", "SessionRejectReason (373)", String, None);
    BUSINESS_REJECT_REF_ID = field("fix.BusinessRejectRefID", "BusinessRejectRefID (379)", String, None);
    BUSINESS_REJECT_REASON = field("fix.BusinessRejectReason", "BusinessRejectReason (380)", String, None);
    MAX_MESSAGE_SIZE = field("fix.MaxMessageSize", "MaxMessageSize (383)", String, None);
    USERNAME = field("fix.Username", "Username (553)", String, None);
    PASSWORD = field("fix.Password", "Password (554)", String, None);
    NEXT_EXPECTED_MSG_SEQ_NUM = field("fix.NextExpectedMsgSeqNum", "NextExpectedMsgSeqNum (789)", String, None);
    APPL_VER_ID = field("fix.ApplVerID", "ApplVerID (1128)", String, None);
    DEFAULT_APPL_VER_ID = field("fix.DefaultApplVerID", "DefaultApplVerID (1137)", String, None);
    CHECK_SUM = field("fix.CheckSum", "CheckSum (10)", String, None);
    BAD_CHECKSUM = expert("fix.checksum_bad.expert", "Bad checksum", Error, Checksum);
}

/// The fields that have rows, by their tag.
const TAGS: &[(u64, FieldId)] = &[
    (8, BEGIN_STRING),
    (9, BODY_LENGTH),
    (35, MSG_TYPE),
    (49, SENDER_COMP_ID),
    (56, TARGET_COMP_ID),
    (34, MSG_SEQ_NUM),
    (52, SENDING_TIME),
    (43, POSS_DUP_FLAG),
    (97, POSS_RESEND),
    (50, SENDER_SUB_ID),
    (57, TARGET_SUB_ID),
    (115, ON_BEHALF_OF_COMP_ID),
    (128, DELIVER_TO_COMP_ID),
    (122, ORIG_SENDING_TIME),
    (108, HEART_BT_INT),
    (98, ENCRYPT_METHOD),
    (112, TEST_REQ_ID),
    (7, BEGIN_SEQ_NO),
    (16, END_SEQ_NO),
    (36, NEW_SEQ_NO),
    (123, GAP_FILL_FLAG),
    (45, REF_SEQ_NUM),
    (58, TEXT),
    (141, RESET_SEQ_NUM_FLAG),
    (1, ACCOUNT),
    (6, AVG_PX),
    (11, CL_ORD_ID),
    (14, CUM_QTY),
    (15, CURRENCY),
    (17, EXEC_ID),
    (18, EXEC_INST),
    (20, EXEC_TRANS_TYPE),
    (21, HANDL_INST),
    (22, SECURITY_IDSOURCE),
    (31, LAST_PX),
    (32, LAST_QTY),
    (37, ORDER_ID),
    (38, ORDER_QTY),
    (39, ORD_STATUS),
    (40, ORD_TYPE),
    (41, ORIG_CL_ORD_ID),
    (44, PRICE),
    (48, SECURITY_ID),
    (54, SIDE),
    (55, SYMBOL),
    (59, TIME_IN_FORCE),
    (60, TRANSACT_TIME),
    (63, SETTL_TYPE),
    (64, SETTL_DATE),
    (75, TRADE_DATE),
    (99, STOP_PX),
    (100, EX_DESTINATION),
    (102, CXL_REJ_REASON),
    (103, ORD_REJ_REASON),
    (110, MIN_QTY),
    (126, EXPIRE_TIME),
    (131, QUOTE_REQ_ID),
    (146, NO_RELATED_SYM),
    (150, EXEC_TYPE),
    (151, LEAVES_QTY),
    (167, SECURITY_TYPE),
    (207, SECURITY_EXCHANGE),
    (262, MDREQ_ID),
    (263, SUBSCRIPTION_REQUEST_TYPE),
    (264, MARKET_DEPTH),
    (265, MDUPDATE_TYPE),
    (266, AGGREGATED_BOOK),
    (267, NO_MDENTRY_TYPES),
    (268, NO_MDENTRIES),
    (269, MDENTRY_TYPE),
    (270, MDENTRY_PX),
    (271, MDENTRY_SIZE),
    (272, MDENTRY_DATE),
    (273, MDENTRY_TIME),
    (371, REF_TAG_ID),
    (372, REF_MSG_TYPE),
    (373, SESSION_REJECT_REASON),
    (379, BUSINESS_REJECT_REF_ID),
    (380, BUSINESS_REJECT_REASON),
    (383, MAX_MESSAGE_SIZE),
    (553, USERNAME),
    (554, PASSWORD),
    (789, NEXT_EXPECTED_MSG_SEQ_NUM),
    (1128, APPL_VER_ID),
    (1137, DEFAULT_APPL_VER_ID),
    (10, CHECK_SUM),
];
/// FIX 5.0, the types of messages (tag 35).
const MESSAGES: &[(&[u8], &str)] = &[
    (b"0", "Heartbeat"),
    (b"1", "TestRequest"),
    (b"2", "ResendRequest"),
    (b"3", "Reject"),
    (b"4", "SequenceReset"),
    (b"5", "Logout"),
    (b"6", "IOI"),
    (b"7", "Advertisement"),
    (b"8", "ExecutionReport"),
    (b"9", "OrderCancelReject"),
    (b"A", "Logon"),
    (b"B", "News"),
    (b"C", "Email"),
    (b"D", "NewOrderSingle"),
    (b"E", "NewOrderList"),
    (b"F", "OrderCancelRequest"),
    (b"G", "OrderCancelReplaceRequest"),
    (b"H", "OrderStatusRequest"),
    (b"J", "AllocationInstruction"),
    (b"K", "ListCancelRequest"),
    (b"L", "ListExecute"),
    (b"M", "ListStatusRequest"),
    (b"N", "ListStatus"),
    (b"P", "AllocationInstructionAck"),
    (b"Q", "DontKnowTrade"),
    (b"R", "QuoteRequest"),
    (b"S", "Quote"),
    (b"T", "SettlementInstructions"),
    (b"V", "MarketDataRequest"),
    (b"W", "MarketDataSnapshotFullRefresh"),
    (b"X", "MarketDataIncrementalRefresh"),
    (b"Y", "MarketDataRequestReject"),
    (b"Z", "QuoteCancel"),
    (b"a", "QuoteStatusRequest"),
    (b"b", "MassQuoteAcknowledgement"),
    (b"c", "SecurityDefinitionRequest"),
    (b"d", "SecurityDefinition"),
    (b"e", "SecurityStatusRequest"),
    (b"f", "SecurityStatus"),
    (b"g", "TradingSessionStatusRequest"),
    (b"h", "TradingSessionStatus"),
    (b"i", "MassQuote"),
    (b"j", "BusinessMessageReject"),
    (b"k", "BidRequest"),
    (b"l", "BidResponse"),
    (b"m", "ListStrikePrice"),
    (b"o", "RegistrationInstructions"),
    (b"p", "RegistrationInstructionsResponse"),
    (b"q", "OrderMassCancelRequest"),
    (b"r", "OrderMassCancelReport"),
    (b"s", "NewOrderCross"),
    (b"t", "CrossOrderCancelReplaceRequest"),
    (b"u", "CrossOrderCancelRequest"),
    (b"v", "SecurityTypeRequest"),
    (b"w", "SecurityTypes"),
    (b"x", "SecurityListRequest"),
    (b"y", "SecurityList"),
    (b"z", "DerivativeSecurityListRequest"),
    (b"AA", "DerivativeSecurityList"),
    (b"AB", "NewOrderMultileg"),
    (b"AC", "MultilegOrderCancelReplace"),
    (b"AD", "TradeCaptureReportRequest"),
    (b"AE", "TradeCaptureReport"),
    (b"AF", "OrderMassStatusRequest"),
    (b"AG", "QuoteRequestReject"),
    (b"AH", "RFQRequest"),
    (b"AI", "QuoteStatusReport"),
    (b"AJ", "QuoteResponse"),
    (b"AK", "Confirmation"),
    (b"AL", "PositionMaintenanceRequest"),
    (b"AM", "PositionMaintenanceReport"),
    (b"AN", "RequestForPositions"),
    (b"AO", "RequestForPositionsAck"),
    (b"AP", "PositionReport"),
    (b"AQ", "TradeCaptureReportRequestAck"),
    (b"AR", "TradeCaptureReportAck"),
    (b"AS", "AllocationReport"),
    (b"AT", "AllocationReportAck"),
    (b"AU", "ConfirmationAck"),
    (b"AV", "SettlementInstructionRequest"),
    (b"AW", "AssignmentReport"),
    (b"AX", "CollateralRequest"),
    (b"AY", "CollateralAssignment"),
    (b"AZ", "CollateralResponse"),
    (b"BA", "CollateralReport"),
    (b"BB", "CollateralInquiry"),
    (b"BC", "NetworkCounterpartySystemStatusRequest"),
    (b"BD", "NetworkCounterpartySystemStatusResponse"),
    (b"BE", "UserRequest"),
    (b"BF", "UserResponse"),
    (b"BG", "CollateralInquiryAck"),
    (b"BH", "ConfirmationRequest"),
];
const BEGINNING: &[u8] = b"8=FIX";
const END_OF_FIELD: u8 = 1;
const CHECKSUM_TAG: u64 = 10;
const TYPE_TAG: u64 = 35;
/// How long the field with the checksum is.
const CHECKSUM_LEN: usize = 7;
/// How far from the beginning the length stands at most, and how long a message may be.
const MAX_HEADER: usize = 64;
const MAX_LENGTH: usize = 1 << 20;
/// How many fields of one message are shown.
const MAX_FIELDS: usize = 2000;

pub(crate) static PROTOCOL: Protocol = Protocol {
    framing: Some(framing),
    samples: &[Sample {
        link_type: 101,
        frames: &[
            "4500020600000000400600000a0000010a000002c3510fa000000001000000015018ffff00000000383d4649582e342e3201393d3435350133353d410134393d310135363d310133343d310135323d310134333d310139373d310135303d310135373d31013131353d31013132383d31013132323d31013130383d310139383d31013131323d3101373d310131363d310133363d31013132333d310134353d310135383d31013134313d3101313d3101363d310131313d310131343d310131353d310131373d310131383d310132303d310132313d310132323d310133313d310133323d310133373d310133383d310133393d310134303d310134313d310134343d310134383d310135343d310135353d310135393d310136303d310136333d310136343d310137353d310139393d31013130303d31013130323d31013130333d31013131303d31013132363d31013133313d31013134363d31013135303d31013135313d31013136373d31013230373d31013236323d31013236333d31013236343d31013236353d31013236363d31013236373d31013236383d31013236393d31013237303d31013237313d31013237323d31013237333d31013337313d31013337323d31013337333d31013337393d31013338303d31013338333d31013535333d31013535343d31013738393d3101313132383d3101313133373d310131303d30303001",
            "4500004a00000000400600000a0000010a000002c3510fa0000001df000000015018ffff00000000383d4649582e342e3201393d31320133353d3001393939393d780131303d30303001",
            "4500002b00000000400600000a0000010a000002c3510fa000000201000000015018ffff00000000353d78",
        ],
    }],
    ..Protocol::new(ProtoId::Fix, "FIX", &[Binding::TcpHeuristic(looks_like)], dissect)
};

fn looks_like(_: &Dissector<'_>, tvb: Tvb<'_>) -> bool {
    tvb.bytes().starts_with(BEGINNING)
}

fn framing(stream: &[u8]) -> Framing {
    if stream.len() < BEGINNING.len() && BEGINNING.starts_with(stream) {
        return Framing::More(BEGINNING.len() - stream.len());
    }
    if !stream.starts_with(BEGINNING) {
        return Framing::Message(stream.len());
    }
    let header = stream.get(..MAX_HEADER).unwrap_or(stream);
    let mut fields = header.split_inclusive(|octet| *octet == END_OF_FIELD);
    let (Some(first), Some(second)) = (fields.next(), fields.next()) else {
        return if stream.len() < MAX_HEADER { Framing::More(1) } else { Framing::Message(stream.len()) };
    };
    if second.last() != Some(&END_OF_FIELD) {
        return if stream.len() < MAX_HEADER { Framing::More(1) } else { Framing::Message(stream.len()) };
    }
    let len = second.strip_prefix(b"9=").and_then(|text| std::str::from_utf8(text.get(..text.len() - 1)?).ok());
    match len.and_then(|len| len.parse::<usize>().ok()) {
        Some(len) if len <= MAX_LENGTH => Framing::Message(first.len() + second.len() + len + CHECKSUM_LEN),
        _ => Framing::Message(stream.len()),
    }
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    d.set_protocol("FIX");
    let (_, is_next) = d.begin_next(PROTO, tvb);
    if !is_next {
        d.set_info(String::new);
    }
    if !tvb.bytes().starts_with(BEGINNING) {
        d.append_info_with(", ", || "[FIX continuation]".to_owned());
        d.bytes(CONTINUATION, tvb, 0, tvb.reported());
        d.close();
        return Ok(());
    }
    tcp::claim(d, ProtoId::Fix);
    let mut at = 0;
    for field in tvb.bytes().split_inclusive(|octet| *octet == END_OF_FIELD).take(MAX_FIELDS) {
        self::field(d, tvb.sub(at, field.len()), tvb.sub(0, at).bytes());
        at += field.len();
    }
    d.close();
    Ok(())
}

fn field<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, before: &[u8]) {
    let octets = tvb.bytes().strip_suffix(&[END_OF_FIELD]).unwrap_or(tvb.bytes());
    let Some(equals) = memchr::memchr(b'=', octets) else { return };
    let value = octets.get(equals + 1..).unwrap_or_default();
    let tag = octets.get(..equals).and_then(|tag| std::str::from_utf8(tag).ok()?.parse::<u64>().ok());
    let Some(tag) = tag else { return };
    let at = equals + 1;
    match TAGS.iter().find(|row| row.0 == tag) {
        Some((_, field)) => {
            d.add(*field, tvb, at, value.len(), Value::Text);
        }
        None => {
            d.open_text(tvb, 0, octets.len(), || format!("{tag}: {}", String::from_utf8_lossy(value)));
            d.add(FIELD_TAG, tvb, 0, equals, Value::Uint(tag));
            d.add(FIELD_VALUE, tvb, at, value.len(), Value::Text);
            d.close();
        }
    }
    if tag == TYPE_TAG {
        let name = MESSAGES.iter().find(|row| row.0 == value).map(|row| row.1);
        d.append_info_with(", ", || {
            name.map_or_else(|| format!("FIX Message ({})", String::from_utf8_lossy(value)), str::to_owned)
        });
    }
    if tag == CHECKSUM_TAG {
        let sum = before.iter().fold(0u8, |sum, octet| sum.wrapping_add(*octet));
        let is_good = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok()) == Some(sum);
        d.within(|d| {
            d.generated(CHECKSUM_GOOD, tvb, at, value.len(), Value::Uint(is_good.into()));
            d.generated(CHECKSUM_BAD, tvb, at, value.len(), Value::Uint((!is_good).into()));
            if !is_good {
                d.within(|d| d.expert(BAD_CHECKSUM, tvb, at, value.len()));
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_says_its_length_in_its_second_field() {
        assert_eq!(framing(b"8=FIX.4.2\x019=5\x0135=0\x0110=000\x01"), Framing::Message(26));
        assert_eq!(framing(b"8=FIX.4.2\x019"), Framing::More(1));
        assert_eq!(framing(b"8=F"), Framing::More(2));
        assert_eq!(framing(b"anything"), Framing::Message(8));
    }
}
