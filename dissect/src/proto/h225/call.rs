//! Call signalling: `H323-UserInformation`, the user-user element of messages of Q.931.

use super::*;
use crate::per::{Part, Shape, Told, Walk, optional, part};

static LIST_CRV_SHAPE: Shape = Shape::List(&part(CALL_REFERENCE_VALUE, &Shape::Integer(0, 65_535)));
static CONFERENCE_GOAL_SHAPE: Shape = Shape::Choice(
    &[part(CREATE, &Shape::Null), part(JOIN, &Shape::Null), part(INVITE, &Shape::Null)],
    Some(&[part(CAPABILITY_NEGOTIATION, &Shape::Null), part(CALL_INDEPENDENT_SUPPLEMENTARY_SERVICE, &Shape::Null)]),
);
static Q954_DETAILS_SHAPE: Shape = Shape::Sequence(
    &[part(CONFERENCE_CALLING, &Shape::Boolean), part(THREE_PARTY_SERVICE, &Shape::Boolean)],
    Some(&[]),
);
static QSERIES_OPTIONS_SHAPE: Shape = Shape::Sequence(
    &[
        part(Q932_FULL, &Shape::Boolean),
        part(Q951_FULL, &Shape::Boolean),
        part(Q952_FULL, &Shape::Boolean),
        part(Q953_FULL, &Shape::Boolean),
        part(Q955_FULL, &Shape::Boolean),
        part(Q956_FULL, &Shape::Boolean),
        part(Q957_FULL, &Shape::Boolean),
        part(Q954_INFO, &Q954_DETAILS_SHAPE),
    ],
    Some(&[]),
);
static CALL_TYPE_SHAPE: Shape = Shape::Choice(
    &[
        part(POINT_TO_POINT, &Shape::Null),
        part(ONE_TO_N, &Shape::Null),
        part(N_TO_ONE, &Shape::Null),
        part(N_TO_N, &Shape::Null),
    ],
    Some(&[]),
);
static CALL_IDENTIFIER_SHAPE: Shape = Shape::Sequence(&[part(GUID, &Shape::Guid)], Some(&[]));
static FAST_START_SHAPE: Shape = Shape::List(&part(FAST_START_ITEM, &Shape::Inner(fast_start)));
static SETUP_UUIE_SHAPE: Shape = Shape::Sequence(
    &[
        part(PROTOCOL_IDENTIFIER, &Shape::Custom(identifier)),
        optional(H245_ADDRESS, &Shape::Custom(transport_address)),
        optional(SOURCE_ADDRESS, &Shape::Custom(aliases)),
        part(SOURCE_INFO, &Shape::Custom(endpoint_type)),
        optional(DESTINATION_ADDRESS, &Shape::Custom(aliases)),
        optional(DEST_CALL_SIGNAL_ADDRESS, &Shape::Custom(transport_address)),
        optional(DEST_EXTRA_CALL_INFO, &Shape::Custom(aliases)),
        optional(DEST_EXTRA_CRV, &LIST_CRV_SHAPE),
        part(ACTIVE_MC, &Shape::Boolean),
        part(CONFERENCE_ID, &Shape::Guid),
        part(CONFERENCE_GOAL, &CONFERENCE_GOAL_SHAPE),
        optional(CALL_SERVICES, &QSERIES_OPTIONS_SHAPE),
        part(CALL_TYPE, &CALL_TYPE_SHAPE),
    ],
    Some(&[
        optional(SOURCE_CALL_SIGNAL_ADDRESS, &Shape::Custom(transport_address)),
        optional(REMOTE_EXTENSION_ADDRESS, &Shape::Custom(alias)),
        part(CALL_IDENTIFIER, &CALL_IDENTIFIER_SHAPE),
        optional(PROTO, &Shape::Unread("h245SecurityCapability")),
        optional(PROTO, &Shape::Unread("tokens")),
        optional(PROTO, &Shape::Unread("cryptoTokens")),
        optional(FAST_START, &FAST_START_SHAPE),
        part(MEDIA_WAIT_FOR_CONNECT, &Shape::Boolean),
        part(CAN_OVERLAP_SEND, &Shape::Boolean),
        optional(ENDPOINT_IDENTIFIER, &Shape::Custom(short_text)),
        part(MULTIPLE_CALLS, &Shape::Boolean),
        part(MAINTAIN_CONNECTION, &Shape::Boolean),
    ]),
);
static CALL_PROCEEDING_UUIE_SHAPE: Shape = Shape::Sequence(
    &[
        part(PROTOCOL_IDENTIFIER, &Shape::Custom(identifier)),
        part(DESTINATION_INFO, &Shape::Custom(endpoint_type)),
        optional(H245_ADDRESS, &Shape::Custom(transport_address)),
    ],
    Some(&[
        part(CALL_IDENTIFIER, &CALL_IDENTIFIER_SHAPE),
        optional(PROTO, &Shape::Unread("h245SecurityMode")),
        optional(PROTO, &Shape::Unread("tokens")),
        optional(PROTO, &Shape::Unread("cryptoTokens")),
        optional(FAST_START, &FAST_START_SHAPE),
        part(MULTIPLE_CALLS, &Shape::Boolean),
        part(MAINTAIN_CONNECTION, &Shape::Boolean),
    ]),
);
static CONNECT_UUIE_SHAPE: Shape = Shape::Sequence(
    &[
        part(PROTOCOL_IDENTIFIER, &Shape::Custom(identifier)),
        optional(H245_ADDRESS, &Shape::Custom(transport_address)),
        part(DESTINATION_INFO, &Shape::Custom(endpoint_type)),
        part(CONFERENCE_ID, &Shape::Guid),
    ],
    Some(&[
        part(CALL_IDENTIFIER, &CALL_IDENTIFIER_SHAPE),
        optional(PROTO, &Shape::Unread("h245SecurityMode")),
        optional(PROTO, &Shape::Unread("tokens")),
        optional(PROTO, &Shape::Unread("cryptoTokens")),
        optional(FAST_START, &FAST_START_SHAPE),
        part(MULTIPLE_CALLS, &Shape::Boolean),
        part(MAINTAIN_CONNECTION, &Shape::Boolean),
    ]),
);
static INFORMATION_UUIE_SHAPE: Shape = Shape::Sequence(
    &[part(PROTOCOL_IDENTIFIER, &Shape::Custom(identifier))],
    Some(&[part(CALL_IDENTIFIER, &CALL_IDENTIFIER_SHAPE)]),
);
static RELEASE_COMPLETE_REASON_SHAPE: Shape = Shape::Choice(
    &[
        part(NO_BANDWIDTH, &Shape::Null),
        part(GATEKEEPER_RESOURCES, &Shape::Null),
        part(UNREACHABLE_DESTINATION, &Shape::Null),
        part(DESTINATION_REJECTION, &Shape::Null),
        part(INVALID_REVISION, &Shape::Null),
        part(NO_PERMISSION, &Shape::Null),
        part(UNREACHABLE_GATEKEEPER, &Shape::Null),
        part(GATEWAY_RESOURCES, &Shape::Null),
        part(BAD_FORMAT_ADDRESS, &Shape::Null),
        part(ADAPTIVE_BUSY, &Shape::Null),
        part(IN_CONF, &Shape::Null),
        part(UNDEFINED_REASON, &Shape::Null),
    ],
    Some(&[
        part(FACILITY_CALL_DEFLECTION, &Shape::Null),
        part(SECURITY_DENIED, &Shape::Null),
        part(CALLED_PARTY_NOT_REGISTERED, &Shape::Null),
        part(CALLER_NOT_REGISTERED, &Shape::Null),
        part(NEW_CONNECTION_NEEDED, &Shape::Null),
        part(NON_STANDARD_REASON, &Shape::Custom(non_standard_element)),
        part(REPLACE_WITH_CONFERENCE_INVITE, &Shape::Guid),
    ]),
);
static RELEASE_COMPLETE_UUIE_SHAPE: Shape = Shape::Sequence(
    &[part(PROTOCOL_IDENTIFIER, &Shape::Custom(identifier)), optional(REASON, &RELEASE_COMPLETE_REASON_SHAPE)],
    Some(&[part(CALL_IDENTIFIER, &CALL_IDENTIFIER_SHAPE)]),
);
static FACILITY_REASON_SHAPE: Shape = Shape::Choice(
    &[
        part(ROUTE_CALL_TO_GATEKEEPER, &Shape::Null),
        part(CALL_FORWARDED, &Shape::Null),
        part(ROUTE_CALL_TO_MC, &Shape::Null),
        part(UNDEFINED_REASON, &Shape::Null),
    ],
    Some(&[
        part(CONFERENCE_LIST_CHOICE, &Shape::Null),
        part(START_H245, &Shape::Null),
        part(NO_H245, &Shape::Null),
        part(NEW_TOKENS, &Shape::Null),
        part(PROTO, &Shape::Unread("featureSetUpdate")),
        part(FORWARDED_ELEMENTS, &Shape::Null),
        part(TRANSPORTED_INFORMATION, &Shape::Null),
    ]),
);
static FACILITY_UUIE_SHAPE: Shape = Shape::Sequence(
    &[
        part(PROTOCOL_IDENTIFIER, &Shape::Custom(identifier)),
        optional(ALTERNATIVE_ADDRESS, &Shape::Custom(transport_address)),
        optional(ALTERNATIVE_ALIAS_ADDRESS, &Shape::Custom(aliases)),
        optional(CONFERENCE_ID, &Shape::Guid),
        part(REASON, &FACILITY_REASON_SHAPE),
    ],
    Some(&[
        part(CALL_IDENTIFIER, &CALL_IDENTIFIER_SHAPE),
        optional(DEST_EXTRA_CALL_INFO, &Shape::Custom(aliases)),
        optional(REMOTE_EXTENSION_ADDRESS, &Shape::Custom(alias)),
        optional(PROTO, &Shape::Unread("tokens")),
        optional(PROTO, &Shape::Unread("cryptoTokens")),
        optional(PROTO, &Shape::Unread("conferences")),
        optional(H245_ADDRESS, &Shape::Custom(transport_address)),
        optional(FAST_START, &FAST_START_SHAPE),
        part(MULTIPLE_CALLS, &Shape::Boolean),
        part(MAINTAIN_CONNECTION, &Shape::Boolean),
    ]),
);
static PROGRESS_UUIE_SHAPE: Shape = Shape::Sequence(
    &[
        part(PROTOCOL_IDENTIFIER, &Shape::Custom(identifier)),
        part(DESTINATION_INFO, &Shape::Custom(endpoint_type)),
        optional(H245_ADDRESS, &Shape::Custom(transport_address)),
        part(CALL_IDENTIFIER, &CALL_IDENTIFIER_SHAPE),
        optional(PROTO, &Shape::Unread("h245SecurityMode")),
        optional(PROTO, &Shape::Unread("tokens")),
        optional(PROTO, &Shape::Unread("cryptoTokens")),
        optional(FAST_START, &FAST_START_SHAPE),
    ],
    Some(&[part(MULTIPLE_CALLS, &Shape::Boolean), part(MAINTAIN_CONNECTION, &Shape::Boolean)]),
);
static STATUS_UUIE_SHAPE: Shape = Shape::Sequence(
    &[part(PROTOCOL_IDENTIFIER, &Shape::Custom(identifier)), part(CALL_IDENTIFIER, &CALL_IDENTIFIER_SHAPE)],
    Some(&[]),
);
static H323_MESSAGE_BODY_SHAPE: Shape = Shape::Choice(
    &[
        part(SETUP, &SETUP_UUIE_SHAPE),
        part(CALL_PROCEEDING, &CALL_PROCEEDING_UUIE_SHAPE),
        part(CONNECT, &CONNECT_UUIE_SHAPE),
        part(ALERTING, &CALL_PROCEEDING_UUIE_SHAPE),
        part(INFORMATION, &INFORMATION_UUIE_SHAPE),
        part(RELEASE_COMPLETE, &RELEASE_COMPLETE_UUIE_SHAPE),
        part(FACILITY, &FACILITY_UUIE_SHAPE),
    ],
    Some(&[
        part(PROGRESS, &PROGRESS_UUIE_SHAPE),
        part(EMPTY, &Shape::Null),
        part(STATUS, &STATUS_UUIE_SHAPE),
        part(STATUS_INQUIRY, &STATUS_UUIE_SHAPE),
        part(SETUP_ACKNOWLEDGE, &STATUS_UUIE_SHAPE),
        part(NOTIFY, &STATUS_UUIE_SHAPE),
    ]),
);
static LISTH4501_SHAPE: Shape = Shape::List(&part(PROTO, &Shape::Unread("h4501SupplementaryService_item")));
static H245_CONTROL_SHAPE: Shape = Shape::List(&part(H245_CONTROL_ITEM, &Shape::Inner(control)));
static LIST_NON_STANDARD_SHAPE: Shape =
    Shape::List(&part(NON_STANDARD_PARAMETER, &Shape::Custom(non_standard_element)));
static H323_UU_PDU_SHAPE: Shape = Shape::Sequence(
    &[
        part(H323_MESSAGE_BODY, &H323_MESSAGE_BODY_SHAPE),
        optional(NON_STANDARD_DATA, &Shape::Custom(non_standard_element)),
    ],
    Some(&[
        optional(H4501_SUPPLEMENTARY_SERVICE, &LISTH4501_SHAPE),
        part(H245_TUNNELLING, &Shape::Boolean),
        optional(H245_CONTROL, &H245_CONTROL_SHAPE),
        optional(NON_STANDARD_CONTROL, &LIST_NON_STANDARD_SHAPE),
        optional(PROTO, &Shape::Unread("callLinkage")),
        optional(PROTO, &Shape::Unread("tunnelledSignallingMessage")),
        optional(PROVISIONAL_RESP_TO_H245_TUNNELLING, &Shape::Null),
        optional(PROTO, &Shape::Unread("stimulusControl")),
        optional(PROTO, &Shape::Unread("genericData")),
    ]),
);
static USER_DATA_SHAPE: Shape = Shape::Sequence(
    &[part(PROTOCOL_DISCRIMINATOR, &Shape::Integer(0, 255)), part(USER_INFORMATION, &Shape::Short(1, 131))],
    Some(&[]),
);
static H323_USER_INFORMATION_SHAPE: Shape =
    Shape::Sequence(&[part(H323_UU_PDU, &H323_UU_PDU_SHAPE), optional(USER_DATA, &USER_DATA_SHAPE)], Some(&[]));

static MESSAGE: Part = part(H323_USER_INFORMATION, &H323_USER_INFORMATION_SHAPE);

pub(super) fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    let item = d.begin(PROTO, tvb);
    d.text(item, || "H.225.0 CS".to_owned());
    let name = message_name(tvb)?;
    d.set_info(|| format!("CS: {name} "));
    Walk::new(d).show(&mut Per::new(tvb), &MESSAGE)?;
    d.fence_info();
    d.close();
    Ok(())
}

/// The name of the message, behind the bits that say which components there are.
fn message_name(tvb: Tvb<'_>) -> Result<&'static str, Stop> {
    let mut ahead = Per::new(tvb);
    ahead.bits(4)?;
    let Shape::Choice(root, Some(additions)) = &H323_MESSAGE_BODY_SHAPE else { return Ok("") };
    let (number, _) = ahead.choice(3, root.len() as u64)?;
    let part = root.iter().chain(additions.iter()).nth(number as usize);
    Ok(part.map_or("Unknown", Part::name))
}

/// A message of H.245 in call signalling (8.4).
fn control<'a>(walk: &mut Walk<'_, 'a>, message: Tvb<'a>) -> Parsed {
    walk.d.set_protocol("H.225.0/H.245");
    walk.d.call_within(ProtoId::H245, message);
    Ok(())
}

/// A channel that is proposed together with the call (H.323, 8.1.7).
fn fast_start<'a>(walk: &mut Walk<'_, 'a>, channel: Tvb<'a>) -> Parsed {
    if !walk.told.contains(&(FAST_START_ITEM, Told::Number(1))) {
        walk.told.push((FAST_START_ITEM, Told::Number(1)));
        walk.d.append_info(|| "OpenLogicalChannel ".to_owned());
    }
    h245::fast_start(walk.d, channel)
}

/// `NonStandardParameter` as a component.
fn non_standard_element<'a>(d: &mut Dissector<'a>, per: &mut Per<'a>, field: FieldId) -> Parsed {
    d.open(field, per.tvb, per.octet(), 1, Value::None);
    non_standard(d, per)?;
    d.close();
    Ok(())
}

/// `EndpointIdentifier`.
fn short_text<'a>(d: &mut Dissector<'a>, per: &mut Per<'a>, field: FieldId) -> Parsed {
    text(d, per, field, 7)
}
