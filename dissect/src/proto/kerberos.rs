//! Kerberos version 5 (RFC 4120), its pre-authentication (RFC 6113, [MS-KILE]) and what of it stands in the clear.

use crate::ber::{self, Element};
use crate::bindings::Binding;
use crate::calendar;
use crate::dissector::{Dissector, Transport};
use crate::field::{FieldId, Names, fields};
use crate::registry::{Framing, ProtoId, Protocol, Sample};
use crate::stop::Parsed;
use crate::tvb::Tvb;
use crate::value::Value;

fields! { Kerberos, "kerberos", "Kerberos";
    RM_RESERVED = field("kerberos.rm.reserved", "Reserved", Boolean, None).names(Names::Flag("Set", "Not set")).mask(0x80000000);
    RM_LENGTH = field("kerberos.rm.length", "Record Length", Uint32, Dec).mask(0x7fffffff);
    ADDR_IP = field("kerberos.addr_ip", "IP Address", Ipv4, None);
    ADDR_IPV6 = field("kerberos.addr_ipv6", "IPv6 Address", Ipv6, None);
    ADDR_NB = field("kerberos.addr_nb", "NetBIOS Address", String, None);
    TICKET = field("kerberos.ticket_element", "ticket", None, None);
    AUTHENTICATOR = field("kerberos.authenticator_element", "authenticator", None, None);
    AS_REQ = field("kerberos.as_req_element", "as-req", None, None);
    AS_REP = field("kerberos.as_rep_element", "as-rep", None, None);
    TGS_REQ = field("kerberos.tgs_req_element", "tgs-req", None, None);
    TGS_REP = field("kerberos.tgs_rep_element", "tgs-rep", None, None);
    AP_REQ = field("kerberos.ap_req_element", "ap-req", None, None);
    AP_REP = field("kerberos.ap_rep_element", "ap-rep", None, None);
    KRB_SAFE = field("kerberos.krb_safe_element", "krb-safe", None, None);
    KRB_PRIV = field("kerberos.krb_priv_element", "krb-priv", None, None);
    KRB_CRED = field("kerberos.krb_cred_element", "krb-cred", None, None);
    KRB_ERROR = field("kerberos.krb_error_element", "krb-error", None, None);
    NAME_TYPE = field("kerberos.name_type", "name-type", Int32, Dec).names(Names::Values(NAME_TYPES));
    NAME_STRING = field("kerberos.name_string", "name-string", Uint32, Dec);
    NAME_PART = field("kerberos.KerberosString", "KerberosString", String, None);
    CNAME_STRING = field("kerberos.cname_string", "cname-string", Uint32, Dec);
    CNAME_PART = field("kerberos.CNameString", "CNameString", String, None);
    SNAME_STRING = field("kerberos.sname_string", "sname-string", Uint32, Dec);
    SNAME_PART = field("kerberos.SNameString", "SNameString", String, None);
    ADDR_TYPE = field("kerberos.addr_type", "addr-type", Int32, Dec).names(Names::Values(ADDRESS_TYPES));
    HOST_ADDRESS = field("kerberos.HostAddress_element", "HostAddress", None, None);
    PADATA_TYPE = field("kerberos.padata_type", "padata-type", Int32, Dec).names(Names::Values(PADATA_TYPES));
    PADATA_VALUE = field("kerberos.padata_value", "padata-value", Bytes, None);
    CKSUMTYPE = field("kerberos.cksumtype", "cksumtype", Int32, Dec).names(Names::Values(CHECKSUMS));
    CHECKSUM = field("kerberos.checksum", "checksum", Bytes, None);
    ETYPE = field("kerberos.etype", "etype", Int32, Dec).names(Names::Values(ENCRYPTIONS));
    KVNO = field("kerberos.kvno", "kvno", Uint32, Dec);
    CIPHER = field("kerberos.cipher", "cipher", Bytes, None);
    TKT_VNO = field("kerberos.tkt_vno", "tkt-vno", Uint32, Dec);
    REALM = field("kerberos.realm", "realm", String, None);
    SNAME = field("kerberos.sname_element", "sname", None, None);
    ENC_PART = field("kerberos.enc_part_element", "enc-part", None, None);
    CREALM = field("kerberos.crealm", "crealm", String, None);
    CNAME = field("kerberos.cname_element", "cname", None, None);
    PVNO = field("kerberos.pvno", "pvno", Uint32, Dec);
    MSG_TYPE = field("kerberos.msg_type", "msg-type", Int32, Dec).names(Names::Values(MESSAGES));
    PADATA = field("kerberos.padata", "padata", Uint32, Dec);
    PA_DATA = field("kerberos.PA_DATA_element", "PA-DATA", None, None);
    REQ_BODY = field("kerberos.req_body_element", "req-body", None, None);
    KDC_OPTIONS = field("kerberos.kdc_options", "kdc-options", Bytes, None);
    FROM = field("kerberos.from", "from", AbsoluteTime, None);
    TILL = field("kerberos.till", "till", AbsoluteTime, None);
    RTIME = field("kerberos.rtime", "rtime", AbsoluteTime, None);
    NONCE = field("kerberos.nonce", "nonce", Uint32, Dec);
    KDC_REQ_BODY_ETYPE = field("kerberos.kdc-req-body.etype", "etype", Uint32, Dec);
    ENCTYPE = field("kerberos.ENCTYPE", "ENCTYPE", Int32, Dec).names(Names::Values(ENCRYPTIONS));
    ADDRESSES = field("kerberos.addresses", "addresses", Uint32, Dec);
    ENC_AUTHORIZATION_DATA = field("kerberos.enc_authorization_data_element", "enc-authorization-data", None, None);
    ADDITIONAL_TICKETS = field("kerberos.additional_tickets", "additional-tickets", Uint32, Dec);
    TICKET_ITEM = field("kerberos.Ticket_element", "Ticket", None, None);
    AP_OPTIONS = field("kerberos.ap_options", "ap-options", Bytes, None);
    CKSUM = field("kerberos.cksum_element", "cksum", None, None);
    CUSEC = field("kerberos.cusec", "cusec", Uint32, Dec);
    CTIME = field("kerberos.ctime", "ctime", AbsoluteTime, None);
    SEQ_NUMBER = field("kerberos.seq_number", "seq-number", Uint32, Dec);
    SAFE_BODY = field("kerberos.safe_body_element", "safe-body", None, None);
    USER_DATA = field("kerberos.user_data", "user-data", Bytes, None);
    TIMESTAMP = field("kerberos.timestamp", "timestamp", AbsoluteTime, None);
    USEC = field("kerberos.usec", "usec", Uint32, Dec);
    S_ADDRESS = field("kerberos.s_address_element", "s-address", None, None);
    R_ADDRESS = field("kerberos.r_address_element", "r-address", None, None);
    TICKETS = field("kerberos.tickets", "tickets", Uint32, Dec);
    STIME = field("kerberos.stime", "stime", AbsoluteTime, None);
    SUSEC = field("kerberos.susec", "susec", Uint32, Dec);
    ERROR_CODE = field("kerberos.error_code", "error-code", Int32, Dec).names(Names::Values(ERRORS));
    E_TEXT = field("kerberos.e_text", "e-text", String, None);
    E_DATA = field("kerberos.e_data", "e-data", Bytes, None);
    E_CHECKSUM = field("kerberos.e_checksum_element", "e-checksum", None, None);
    INFO_SALT = field("kerberos.info_salt", "salt", Bytes, None);
    ETYPE_INFO_ENTRY = field("kerberos.ETYPE_INFO_ENTRY_element", "ETYPE-INFO-ENTRY", None, None);
    INFO2_SALT = field("kerberos.info2_salt", "salt", String, None);
    S2KPARAMS = field("kerberos.s2kparams", "s2kparams", Bytes, None);
    ETYPE_INFO2_ENTRY = field("kerberos.ETYPE_INFO2_ENTRY_element", "ETYPE-INFO2-ENTRY", None, None);
    INCLUDE_PAC = field("kerberos.include_pac", "include-pac", Boolean, None);
    AUTH = field("kerberos.auth", "auth", String, None);
    USER_ID = field("kerberos.user_id_element", "user-id", None, None);
    CHECKSUM_LINE = field("kerberos.checksum_element", "checksum", None, None);
    SUBJECT_CERTIFICATE = field("kerberos.subject_certificate", "subject-certificate", Bytes, None);
    ARMOR_TYPE = field("kerberos.armor_type", "armor-type", Int32, Dec);
    ARMOR_VALUE = field("kerberos.armor_value", "armor-value", Bytes, None);
    ARMORED_DATA = field("kerberos.armored_data_element", "armored-data", None, None);
    ARMOR = field("kerberos.armor_element", "armor", None, None);
    REQ_CHECKSUM = field("kerberos.req_checksum_element", "req-checksum", None, None);
    ENC_FAST_REQ = field("kerberos.enc_fast_req_element", "enc-fast-req", None, None);
    ENC_FAST_REP = field("kerberos.enc_fast_rep_element", "enc-fast-rep", None, None);
    AP_FLAG_RESERVED = field("kerberos.APOptions.reserved", "reserved", Boolean, None).mask(0x80);
    AP_FLAG_USE_SESSION_KEY = field("kerberos.APOptions.use.session.key", "use-session-key", Boolean, None).mask(0x40);
    AP_FLAG_MUTUAL_REQUIRED = field("kerberos.APOptions.mutual.required", "mutual-required", Boolean, None).mask(0x20);
    KDC_FLAG_RESERVED = field("kerberos.KDCOptions.reserved", "reserved", Boolean, None).mask(0x80);
    KDC_FLAG_FORWARDABLE = field("kerberos.KDCOptions.forwardable", "forwardable", Boolean, None).mask(0x40);
    KDC_FLAG_FORWARDED = field("kerberos.KDCOptions.forwarded", "forwarded", Boolean, None).mask(0x20);
    KDC_FLAG_PROXIABLE = field("kerberos.KDCOptions.proxiable", "proxiable", Boolean, None).mask(0x10);
    KDC_FLAG_PROXY = field("kerberos.KDCOptions.proxy", "proxy", Boolean, None).mask(0x8);
    KDC_FLAG_ALLOW_POSTDATE = field("kerberos.KDCOptions.allow.postdate", "allow-postdate", Boolean, None).mask(0x4);
    KDC_FLAG_POSTDATED = field("kerberos.KDCOptions.postdated", "postdated", Boolean, None).mask(0x2);
    KDC_FLAG_UNUSED7 = field("kerberos.KDCOptions.unused7", "unused7", Boolean, None).mask(0x1);
    KDC_FLAG_RENEWABLE = field("kerberos.KDCOptions.renewable", "renewable", Boolean, None).mask(0x80);
    KDC_FLAG_UNUSED9 = field("kerberos.KDCOptions.unused9", "unused9", Boolean, None).mask(0x40);
    KDC_FLAG_UNUSED10 = field("kerberos.KDCOptions.unused10", "unused10", Boolean, None).mask(0x20);
    KDC_FLAG_OPT_HARDWARE_AUTH = field("kerberos.KDCOptions.opt.hardware.auth", "opt-hardware-auth", Boolean, None).mask(0x10);
    KDC_FLAG_UNUSED12 = field("kerberos.KDCOptions.unused12", "unused12", Boolean, None).mask(0x8);
    KDC_FLAG_UNUSED13 = field("kerberos.KDCOptions.unused13", "unused13", Boolean, None).mask(0x4);
    KDC_FLAG_CONSTRAINED_DELEGATION = field("kerberos.KDCOptions.constrained.delegation", "constrained-delegation", Boolean, None).mask(0x2);
    KDC_FLAG_CANONICALIZE = field("kerberos.KDCOptions.canonicalize", "canonicalize", Boolean, None).mask(0x1);
    KDC_FLAG_REQUEST_ANONYMOUS = field("kerberos.KDCOptions.request.anonymous", "request-anonymous", Boolean, None).mask(0x80);
    KDC_FLAG_UNUSED17 = field("kerberos.KDCOptions.unused17", "unused17", Boolean, None).mask(0x40);
    KDC_FLAG_UNUSED18 = field("kerberos.KDCOptions.unused18", "unused18", Boolean, None).mask(0x20);
    KDC_FLAG_UNUSED19 = field("kerberos.KDCOptions.unused19", "unused19", Boolean, None).mask(0x10);
    KDC_FLAG_UNUSED20 = field("kerberos.KDCOptions.unused20", "unused20", Boolean, None).mask(0x8);
    KDC_FLAG_UNUSED21 = field("kerberos.KDCOptions.unused21", "unused21", Boolean, None).mask(0x4);
    KDC_FLAG_UNUSED22 = field("kerberos.KDCOptions.unused22", "unused22", Boolean, None).mask(0x2);
    KDC_FLAG_UNUSED23 = field("kerberos.KDCOptions.unused23", "unused23", Boolean, None).mask(0x1);
    KDC_FLAG_UNUSED24 = field("kerberos.KDCOptions.unused24", "unused24", Boolean, None).mask(0x80);
    KDC_FLAG_UNUSED25 = field("kerberos.KDCOptions.unused25", "unused25", Boolean, None).mask(0x40);
    KDC_FLAG_DISABLE_TRANSITED_CHECK = field("kerberos.KDCOptions.disable.transited.check", "disable-transited-check", Boolean, None).mask(0x20);
    KDC_FLAG_RENEWABLE_OK = field("kerberos.KDCOptions.renewable.ok", "renewable-ok", Boolean, None).mask(0x10);
    KDC_FLAG_ENC_TKT_IN_SKEY = field("kerberos.KDCOptions.enc.tkt.in.skey", "enc-tkt-in-skey", Boolean, None).mask(0x8);
    KDC_FLAG_UNUSED29 = field("kerberos.KDCOptions.unused29", "unused29", Boolean, None).mask(0x4);
    KDC_FLAG_RENEW = field("kerberos.KDCOptions.renew", "renew", Boolean, None).mask(0x2);
    KDC_FLAG_VALIDATE = field("kerberos.KDCOptions.validate", "validate", Boolean, None).mask(0x1);
    PAC_FLAG_CLAIMS = field("kerberos.PAC.OPTIONS.FLAGS.claims", "claims", Boolean, None).mask(0x80);
    PAC_FLAG_BRANCH_AWARE = field("kerberos.PAC.OPTIONS.FLAGS.branch.aware", "branch-aware", Boolean, None).mask(0x40);
    PAC_FLAG_FORWARD_TO_FULL_DC = field("kerberos.PAC.OPTIONS.FLAGS.forward.to.full.dc", "forward-to-full-dc", Boolean, None).mask(0x20);
    PAC_FLAG_RESOURCE_BASED_CONSTRAINED_DELEGATION = field("kerberos.PAC.OPTIONS.FLAGS.resource.based.constrained.delegation", "resource-based-constrained-delegation", Boolean, None).mask(0x10);
    PW_SALT = field("kerberos.pw_salt", "pw-salt", Bytes, None);
    NAME_LINE = field("kerberos.name_element", "name", None, None);
    SUPPORTED_ENTYPES = field("kerberos.supported_entypes", "SupportedEnctypes", Uint32, Hex);
    SUPPORTED_DES_CBC_CRC = field("kerberos.supported_entypes.des-cbc-crc", "des-cbc-crc", Boolean, None).names(Names::Flag("Supported", "Not supported")).mask(0x1);
    SUPPORTED_DES_CBC_MD5 = field("kerberos.supported_entypes.des-cbc-md5", "des-cbc-md5", Boolean, None).names(Names::Flag("Supported", "Not supported")).mask(0x2);
    SUPPORTED_RC4_HMAC = field("kerberos.supported_entypes.rc4-hmac", "rc4-hmac", Boolean, None).names(Names::Flag("Supported", "Not supported")).mask(0x4);
    SUPPORTED_AES128_CTS_HMAC_SHA1_96 = field("kerberos.supported_entypes.aes128-cts-hmac-sha1-96", "aes128-cts-hmac-sha1-96", Boolean, None).names(Names::Flag("Supported", "Not supported")).mask(0x8);
    SUPPORTED_AES256_CTS_HMAC_SHA1_96 = field("kerberos.supported_entypes.aes256-cts-hmac-sha1-96", "aes256-cts-hmac-sha1-96", Boolean, None).names(Names::Flag("Supported", "Not supported")).mask(0x10);
    SUPPORTED_FAST_SUPPORTED = field("kerberos.supported_entypes.fast-supported", "fast-supported", Boolean, None).names(Names::Flag("Supported", "Not supported")).mask(0x10000);
    SUPPORTED_COMPOUND_IDENTITY_SUPPORTED = field("kerberos.supported_entypes.compound-identity-supported", "compound-identity-supported", Boolean, None).names(Names::Flag("Supported", "Not supported")).mask(0x20000);
    SUPPORTED_CLAIMS_SUPPORTED = field("kerberos.supported_entypes.claims-supported", "claims-supported", Boolean, None).names(Names::Flag("Supported", "Not supported")).mask(0x40000);
    SUPPORTED_RESOURCE_SID_COMPRESSION_DISABLED = field("kerberos.supported_entypes.resource-sid-compression-disabled", "resource-sid-compression-disabled", Boolean, None).names(Names::Flag("Supported", "Not supported")).mask(0x80000);
    FLAGS = field("kerberos.flags", "flags", Bytes, None);
    OPTIONS = field("kerberos.options", "options", Bytes, None);
    ADDRESS_UNKNOWN = expert("kerberos.address.unknown", "KRB Address: I don't know how to parse this type of address yet", Warning, Undecoded);
}

const MESSAGES: &[(u64, &str)] = &[
    (10, "krb-as-req"),
    (11, "krb-as-rep"),
    (12, "krb-tgs-req"),
    (13, "krb-tgs-rep"),
    (14, "krb-ap-req"),
    (15, "krb-ap-rep"),
    (16, "krb-tgt-req"),
    (17, "krb-tgt-rep"),
    (20, "krb-safe"),
    (21, "krb-priv"),
    (22, "krb-cred"),
    (30, "krb-error"),
];
const NAME_TYPES: &[(u64, &str)] = &[
    (0, "kRB5-NT-UNKNOWN"),
    (1, "kRB5-NT-PRINCIPAL"),
    (2, "kRB5-NT-SRV-INST"),
    (3, "kRB5-NT-SRV-HST"),
    (4, "kRB5-NT-SRV-XHST"),
    (5, "kRB5-NT-UID"),
    (6, "kRB5-NT-X500-PRINCIPAL"),
    (7, "kRB5-NT-SMTP-NAME"),
    (10, "kRB5-NT-ENTERPRISE-PRINCIPAL"),
    (11, "kRB5-NT-WELLKNOWN"),
    (12, "kRB5-NT-SRV-HST-DOMAIN"),
];
const ADDRESS_TYPES: &[(u64, &str)] = &[
    (2, "iPv4"),
    (5, "cHAOS"),
    (6, "xEROX"),
    (7, "iSO"),
    (12, "dECNET"),
    (16, "aPPLETALK"),
    (20, "nETBIOS"),
    (24, "iPv6"),
];
const PADATA_TYPES: &[(u64, &str)] = &[
    (0, "pA-NONE"),
    (1, "pA-TGS-REQ"),
    (2, "pA-ENC-TIMESTAMP"),
    (3, "pA-PW-SALT"),
    (5, "pA-ENC-UNIX-TIME"),
    (6, "pA-SANDIA-SECUREID"),
    (7, "pA-SESAME"),
    (8, "pA-OSF-DCE"),
    (9, "pA-CYBERSAFE-SECUREID"),
    (10, "pA-AFS3-SALT"),
    (11, "pA-ETYPE-INFO"),
    (12, "pA-SAM-CHALLENGE"),
    (13, "pA-SAM-RESPONSE"),
    (14, "pA-PK-AS-REQ-19"),
    (15, "pA-PK-AS-REP-19"),
    (16, "pA-PK-AS-REQ"),
    (17, "pA-PK-AS-REP"),
    (18, "pA-PK-OCSP-RESPONSE"),
    (19, "pA-ETYPE-INFO2"),
    (20, "pA-USE-SPECIFIED-KVNO"),
    (21, "pA-SAM-REDIRECT"),
    (22, "pA-GET-FROM-TYPED-DATA"),
    (22, "tD-PADATA"),
    (23, "pA-SAM-ETYPE-INFO"),
    (24, "pA-ALT-PRINC"),
    (25, "pA-SERVER-REFERRAL"),
    (30, "pA-SAM-CHALLENGE2"),
    (31, "pA-SAM-RESPONSE2"),
    (41, "pA-EXTRA-TGT"),
    (101, "tD-PKINIT-CMS-CERTIFICATES"),
    (102, "tD-KRB-PRINCIPAL"),
    (103, "tD-KRB-REALM"),
    (104, "tD-TRUSTED-CERTIFIERS"),
    (105, "tD-CERTIFICATE-INDEX"),
    (106, "tD-APP-DEFINED-ERROR"),
    (107, "tD-REQ-NONCE"),
    (108, "tD-REQ-SEQ"),
    (109, "tD-DH-PARAMETERS"),
    (111, "tD-CMS-DIGEST-ALGORITHMS"),
    (112, "tD-CERT-DIGEST-ALGORITHMS"),
    (128, "pA-PAC-REQUEST"),
    (129, "pA-FOR-USER"),
    (130, "pA-FOR-X509-USER"),
    (131, "pA-FOR-CHECK-DUPS"),
    (132, "pA-PK-AS-09-BINDING"),
    (133, "pA-FX-COOKIE"),
    (134, "pA-AUTHENTICATION-SET"),
    (135, "pA-AUTH-SET-SELECTED"),
    (136, "pA-FX-FAST"),
    (137, "pA-FX-ERROR"),
    (138, "pA-ENCRYPTED-CHALLENGE"),
    (141, "pA-OTP-CHALLENGE"),
    (142, "pA-OTP-REQUEST"),
    (143, "pA-OTP-CONFIRM"),
    (144, "pA-OTP-PIN-CHANGE"),
    (145, "pA-EPAK-AS-REQ"),
    (146, "pA-EPAK-AS-REP"),
    (147, "pA-PKINIT-KX"),
    (148, "pA-PKU2U-NAME"),
    (149, "pA-REQ-ENC-PA-REP"),
    (150, "pA-AS-FRESHNESS"),
    (151, "pA-SPAKE"),
    (152, "pA-REDHAT-IDP-OAUTH2"),
    (153, "pA-REDHAT-PASSKEY"),
    (161, "pA-KERB-KEY-LIST-REQ"),
    (162, "pA-KERB-KEY-LIST-REP"),
    (165, "pA-SUPPORTED-ETYPES"),
    (166, "pA-EXTENDED-ERROR"),
    (167, "pA-PAC-OPTIONS"),
];
const ENCRYPTIONS: &[(u64, &str)] = &[
    (0, "eTYPE-NULL"),
    (1, "eTYPE-DES-CBC-CRC"),
    (2, "eTYPE-DES-CBC-MD4"),
    (3, "eTYPE-DES-CBC-MD5"),
    (5, "eTYPE-DES3-CBC-MD5"),
    (7, "eTYPE-OLD-DES3-CBC-SHA1"),
    (8, "eTYPE-SIGN-DSA-GENERATE"),
    (9, "eTYPE-DSA-SHA1"),
    (10, "eTYPE-RSA-MD5"),
    (11, "eTYPE-RSA-SHA1"),
    (12, "eTYPE-RC2-CBC"),
    (13, "eTYPE-RSA"),
    (14, "eTYPE-RSAES-OAEP"),
    (15, "eTYPE-DES-EDE3-CBC"),
    (16, "eTYPE-DES3-CBC-SHA1"),
    (17, "eTYPE-AES128-CTS-HMAC-SHA1-96"),
    (18, "eTYPE-AES256-CTS-HMAC-SHA1-96"),
    (19, "eTYPE-AES128-CTS-HMAC-SHA256-128"),
    (20, "eTYPE-AES256-CTS-HMAC-SHA384-192"),
    (23, "eTYPE-ARCFOUR-HMAC-MD5"),
    (24, "eTYPE-ARCFOUR-HMAC-MD5-56"),
    (25, "eTYPE-CAMELLIA128-CTS-CMAC"),
    (26, "eTYPE-CAMELLIA256-CTS-CMAC"),
    (48, "eTYPE-ENCTYPE-PK-CROSS"),
];
const ERRORS: &[(u64, &str)] = &[
    (0, "eRR-NONE"),
    (1, "eRR-NAME-EXP"),
    (2, "eRR-SERVICE-EXP"),
    (3, "eRR-BAD-PVNO"),
    (4, "eRR-C-OLD-MAST-KVNO"),
    (5, "eRR-S-OLD-MAST-KVNO"),
    (6, "eRR-C-PRINCIPAL-UNKNOWN"),
    (7, "eRR-S-PRINCIPAL-UNKNOWN"),
    (8, "eRR-PRINCIPAL-NOT-UNIQUE"),
    (9, "eRR-NULL-KEY"),
    (10, "eRR-CANNOT-POSTDATE"),
    (11, "eRR-NEVER-VALID"),
    (12, "eRR-POLICY"),
    (13, "eRR-BADOPTION"),
    (14, "eRR-ETYPE-NOSUPP"),
    (15, "eRR-SUMTYPE-NOSUPP"),
    (16, "eRR-PADATA-TYPE-NOSUPP"),
    (17, "eRR-TRTYPE-NOSUPP"),
    (18, "eRR-CLIENT-REVOKED"),
    (19, "eRR-SERVICE-REVOKED"),
    (20, "eRR-TGT-REVOKED"),
    (21, "eRR-CLIENT-NOTYET"),
    (22, "eRR-SERVICE-NOTYET"),
    (23, "eRR-KEY-EXP"),
    (24, "eRR-PREAUTH-FAILED"),
    (25, "eRR-PREAUTH-REQUIRED"),
    (26, "eRR-SERVER-NOMATCH"),
    (27, "eRR-MUST-USE-USER2USER"),
    (28, "eRR-PATH-NOT-ACCEPTED"),
    (29, "eRR-SVC-UNAVAILABLE"),
    (31, "eRR-BAD-INTEGRITY"),
    (32, "eRR-TKT-EXPIRED"),
    (33, "eRR-TKT-NYV"),
    (34, "eRR-REPEAT"),
    (35, "eRR-NOT-US"),
    (36, "eRR-BADMATCH"),
    (37, "eRR-SKEW"),
    (38, "eRR-BADADDR"),
    (39, "eRR-BADVERSION"),
    (40, "eRR-MSG-TYPE"),
    (41, "eRR-MODIFIED"),
    (42, "eRR-BADORDER"),
    (43, "eRR-ILL-CR-TKT"),
    (44, "eRR-BADKEYVER"),
    (45, "eRR-NOKEY"),
    (46, "eRR-MUT-FAIL"),
    (47, "eRR-BADDIRECTION"),
    (48, "eRR-METHOD"),
    (49, "eRR-BADSEQ"),
    (50, "eRR-INAPP-CKSUM"),
    (51, "pATH-NOT-ACCEPTED"),
    (52, "eRR-RESPONSE-TOO-BIG"),
    (60, "eRR-GENERIC"),
    (61, "eRR-FIELD-TOOLONG"),
    (62, "eRROR-CLIENT-NOT-TRUSTED"),
    (63, "eRROR-KDC-NOT-TRUSTED"),
    (64, "eRROR-INVALID-SIG"),
    (65, "eRR-KEY-TOO-WEAK"),
    (66, "eRR-CERTIFICATE-MISMATCH"),
    (67, "eRR-NO-TGT"),
    (68, "eRR-WRONG-REALM"),
    (69, "eRR-USER-TO-USER-REQUIRED"),
    (70, "eRR-CANT-VERIFY-CERTIFICATE"),
    (71, "eRR-INVALID-CERTIFICATE"),
    (72, "eRR-REVOKED-CERTIFICATE"),
    (73, "eRR-REVOCATION-STATUS-UNKNOWN"),
    (74, "eRR-REVOCATION-STATUS-UNAVAILABLE"),
    (75, "eRR-CLIENT-NAME-MISMATCH"),
    (76, "eRR-KDC-NAME-MISMATCH"),
];
const CHECKSUMS: &[(u64, &str)] = &[
    (0, "cKSUMTYPE-NONE"),
    (1, "cKSUMTYPE-CRC32"),
    (2, "cKSUMTYPE-RSA-MD4"),
    (3, "cKSUMTYPE-RSA-MD4-DES"),
    (4, "cKSUMTYPE-DES-MAC"),
    (5, "cKSUMTYPE-DES-MAC-K"),
    (6, "cKSUMTYPE-RSA-MD4-DES-K"),
    (7, "cKSUMTYPE-RSA-MD5"),
    (8, "cKSUMTYPE-RSA-MD5-DES"),
    (9, "cKSUMTYPE-RSA-MD5-DES3"),
    (10, "cKSUMTYPE-SHA1-OTHER"),
    (12, "cKSUMTYPE-HMAC-SHA1-DES3-KD"),
    (13, "cKSUMTYPE-HMAC-SHA1-DES3"),
    (14, "cKSUMTYPE-SHA1"),
    (15, "cKSUMTYPE-HMAC-SHA1-96-AES-128"),
    (16, "cKSUMTYPE-HMAC-SHA1-96-AES-256"),
    (17, "cKSUMTYPE-CMAC-CAMELLIA128"),
    (18, "cKSUMTYPE-CMAC-CAMELLIA256"),
    (19, "cKSUMTYPE-HMAC-SHA256-128-AES128"),
    (20, "cKSUMTYPE-HMAC-SHA384-192-AES256"),
    (32771, "cKSUMTYPE-GSSAPI"),
];

const KDC_FLAGS: &[FieldId] = &[
    KDC_FLAG_RESERVED,
    KDC_FLAG_FORWARDABLE,
    KDC_FLAG_FORWARDED,
    KDC_FLAG_PROXIABLE,
    KDC_FLAG_PROXY,
    KDC_FLAG_ALLOW_POSTDATE,
    KDC_FLAG_POSTDATED,
    KDC_FLAG_UNUSED7,
    KDC_FLAG_RENEWABLE,
    KDC_FLAG_UNUSED9,
    KDC_FLAG_UNUSED10,
    KDC_FLAG_OPT_HARDWARE_AUTH,
    KDC_FLAG_UNUSED12,
    KDC_FLAG_UNUSED13,
    KDC_FLAG_CONSTRAINED_DELEGATION,
    KDC_FLAG_CANONICALIZE,
    KDC_FLAG_REQUEST_ANONYMOUS,
    KDC_FLAG_UNUSED17,
    KDC_FLAG_UNUSED18,
    KDC_FLAG_UNUSED19,
    KDC_FLAG_UNUSED20,
    KDC_FLAG_UNUSED21,
    KDC_FLAG_UNUSED22,
    KDC_FLAG_UNUSED23,
    KDC_FLAG_UNUSED24,
    KDC_FLAG_UNUSED25,
    KDC_FLAG_DISABLE_TRANSITED_CHECK,
    KDC_FLAG_RENEWABLE_OK,
    KDC_FLAG_ENC_TKT_IN_SKEY,
    KDC_FLAG_UNUSED29,
    KDC_FLAG_RENEW,
    KDC_FLAG_VALIDATE,
];
const SUPPORTED_FLAGS: &[FieldId] = &[
    SUPPORTED_DES_CBC_CRC,
    SUPPORTED_DES_CBC_MD5,
    SUPPORTED_RC4_HMAC,
    SUPPORTED_AES128_CTS_HMAC_SHA1_96,
    SUPPORTED_AES256_CTS_HMAC_SHA1_96,
    SUPPORTED_FAST_SUPPORTED,
    SUPPORTED_COMPOUND_IDENTITY_SUPPORTED,
    SUPPORTED_CLAIMS_SUPPORTED,
    SUPPORTED_RESOURCE_SID_COMPRESSION_DISABLED,
];

/// How many items of one list are read.
pub const MAX_ITEMS: usize = 512;
const PORT: u16 = 88;
const RECORD_MARK_LEN: usize = 4;
/// A longer record is none (the reserved bit taken away).
const MAX_RECORD: usize = 1 << 20;

const BIT_STRING: u8 = 0x03;
const BOOLEAN: u8 = 0x01;
const GENERALIZED_TIME: u8 = 0x18;
const AP_REQ_TAG: u8 = 0x6e;
const CREDENTIALS_TAG: u8 = 0x76;
const TICKET_TAG: u8 = 0x61;

pub(crate) static PROTOCOL: Protocol = Protocol {
    accepts: Some(accepts),
    framing: Some(framing),
    is_counted: true,
    samples: &[Sample { link_type: 101, frames: SAMPLES }],
    ..Protocol::new(ProtoId::Kerberos, "KRB5", &[Binding::UdpPort(PORT), Binding::TcpPort(PORT)], dissect)
};

/// What a part of a message is and which fields show it.
#[derive(Clone, Copy)]
enum Kind {
    Unsigned(FieldId),
    Signed(FieldId),
    Text(FieldId),
    Time(FieldId),
    Octets(FieldId),
    Flag(FieldId),
    /// A BIT STRING, and its bits from the first one on.
    Bits(FieldId, &'static [FieldId]),
    /// A SEQUENCE below a line.
    Parts(FieldId, &'static [Part]),
    /// A SEQUENCE OF and its count, each item below a line if there is one.
    List(FieldId, &'static Kind),
    Address(FieldId),
    Ticket(FieldId),
    PaData,
    ErrorCode,
    ErrorData,
    Armor,
}

/// A part by the number of its tag.
struct Part {
    tag: u8,
    is_optional: bool,
    kind: Kind,
}

const fn must(tag: u8, kind: Kind) -> Part {
    Part { tag, is_optional: false, kind }
}

const fn may(tag: u8, kind: Kind) -> Part {
    Part { tag, is_optional: true, kind }
}

const TYPE: Part = must(0, Kind::Signed(NAME_TYPE));
const CLIENT: &[Part] = &[TYPE, must(1, Kind::List(CNAME_STRING, &Kind::Text(CNAME_PART)))];
const SERVER: &[Part] = &[TYPE, must(1, Kind::List(SNAME_STRING, &Kind::Text(SNAME_PART)))];
const PRINCIPAL: &[Part] = &[TYPE, must(1, Kind::List(NAME_STRING, &Kind::Text(NAME_PART)))];
const ENCRYPTED: &[Part] = &[must(0, Kind::Signed(ETYPE)), may(1, Kind::Unsigned(KVNO)), must(2, Kind::Octets(CIPHER))];
const SUM: &[Part] = &[must(0, Kind::Signed(CKSUMTYPE)), must(1, Kind::Octets(CHECKSUM))];
const TICKET_PARTS: &[Part] = &[
    must(0, Kind::Unsigned(TKT_VNO)),
    must(1, Kind::Text(REALM)),
    must(2, Kind::Parts(SNAME, SERVER)),
    must(3, Kind::Parts(ENC_PART, ENCRYPTED)),
];
const REQUEST_BODY: &[Part] = &[
    must(0, Kind::Bits(KDC_OPTIONS, KDC_FLAGS)),
    may(1, Kind::Parts(CNAME, CLIENT)),
    must(2, Kind::Text(REALM)),
    may(3, Kind::Parts(SNAME, SERVER)),
    may(4, Kind::Time(FROM)),
    may(5, Kind::Time(TILL)),
    may(6, Kind::Time(RTIME)),
    must(7, Kind::Unsigned(NONCE)),
    must(8, Kind::List(KDC_REQ_BODY_ETYPE, &Kind::Signed(ENCTYPE))),
    may(9, Kind::List(ADDRESSES, &Kind::Address(HOST_ADDRESS))),
    may(10, Kind::Parts(ENC_AUTHORIZATION_DATA, ENCRYPTED)),
    may(11, Kind::List(ADDITIONAL_TICKETS, &Kind::Ticket(TICKET_ITEM))),
];
const PRE_AUTHENTICATION: Kind = Kind::List(PADATA, &Kind::PaData);
const VERSION: Kind = Kind::Unsigned(PVNO);
const MESSAGE: Kind = Kind::Signed(MSG_TYPE);
const REQUEST: &[Part] =
    &[must(1, VERSION), must(2, MESSAGE), may(3, PRE_AUTHENTICATION), must(4, Kind::Parts(REQ_BODY, REQUEST_BODY))];
const REPLY: &[Part] = &[
    must(0, VERSION),
    must(1, MESSAGE),
    may(2, PRE_AUTHENTICATION),
    must(3, Kind::Text(CREALM)),
    must(4, Kind::Parts(CNAME, CLIENT)),
    must(5, Kind::Ticket(TICKET)),
    must(6, Kind::Parts(ENC_PART, ENCRYPTED)),
];
const AP_REQUEST: &[Part] = &[
    must(0, VERSION),
    must(1, MESSAGE),
    must(2, Kind::Bits(AP_OPTIONS, &[AP_FLAG_RESERVED, AP_FLAG_USE_SESSION_KEY, AP_FLAG_MUTUAL_REQUIRED])),
    must(3, Kind::Ticket(TICKET)),
    must(4, Kind::Parts(AUTHENTICATOR, ENCRYPTED)),
];
const AP_REPLY: &[Part] = &[must(0, VERSION), must(1, MESSAGE), must(2, Kind::Parts(ENC_PART, ENCRYPTED))];
const SAFE: &[Part] = &[
    must(0, VERSION),
    must(1, MESSAGE),
    must(2, Kind::Parts(SAFE_BODY, SAFE_PARTS)),
    must(3, Kind::Parts(CKSUM, SUM)),
];
const SAFE_PARTS: &[Part] = &[
    must(0, Kind::Octets(USER_DATA)),
    may(1, Kind::Time(TIMESTAMP)),
    may(2, Kind::Unsigned(USEC)),
    may(3, Kind::Unsigned(SEQ_NUMBER)),
    must(4, Kind::Address(S_ADDRESS)),
    may(5, Kind::Address(R_ADDRESS)),
];
const PRIVATE: &[Part] = &[must(0, VERSION), must(1, MESSAGE), must(3, Kind::Parts(ENC_PART, ENCRYPTED))];
const CREDENTIALS: &[Part] = &[
    must(0, VERSION),
    must(1, MESSAGE),
    must(2, Kind::List(TICKETS, &Kind::Ticket(TICKET_ITEM))),
    must(3, Kind::Parts(ENC_PART, ENCRYPTED)),
];
const ERROR: &[Part] = &[
    must(0, VERSION),
    must(1, MESSAGE),
    may(2, Kind::Time(CTIME)),
    may(3, Kind::Unsigned(CUSEC)),
    must(4, Kind::Time(STIME)),
    must(5, Kind::Unsigned(SUSEC)),
    must(6, Kind::ErrorCode),
    may(7, Kind::Text(CREALM)),
    may(8, Kind::Parts(CNAME, CLIENT)),
    must(9, Kind::Text(REALM)),
    must(10, Kind::Parts(SNAME, SERVER)),
    may(11, Kind::Text(E_TEXT)),
    may(12, Kind::ErrorData),
    may(13, Kind::Parts(E_CHECKSUM, SUM)),
];
const ETYPE_INFO: &[Part] = &[must(0, Kind::Signed(ETYPE)), may(1, Kind::Octets(INFO_SALT))];
const ETYPE_INFO2: &[Part] =
    &[must(0, Kind::Signed(ETYPE)), may(1, Kind::Text(INFO2_SALT)), may(2, Kind::Octets(S2KPARAMS))];
/// [MS-SFU] 2.2.1 and 2.2.2.
const FOR_USER: &[Part] = &[
    must(0, Kind::Parts(NAME_LINE, PRINCIPAL)),
    must(1, Kind::Text(REALM)),
    must(2, Kind::Parts(CKSUM, SUM)),
    must(3, Kind::Text(AUTH)),
];
const FOR_X509_USER: &[Part] = &[must(0, Kind::Parts(USER_ID, USER)), must(1, Kind::Parts(CHECKSUM_LINE, SUM))];
const USER: &[Part] = &[
    must(0, Kind::Unsigned(NONCE)),
    may(1, Kind::Parts(CNAME, PRINCIPAL)),
    must(2, Kind::Text(CREALM)),
    may(3, Kind::Octets(SUBJECT_CERTIFICATE)),
    may(4, Kind::Octets(OPTIONS)),
];
/// RFC 6113, 5.4.
const FAST_REQUEST: &[Part] = &[
    may(0, Kind::Parts(ARMOR, &[must(0, Kind::Signed(ARMOR_TYPE)), must(1, Kind::Armor)])),
    must(1, Kind::Parts(REQ_CHECKSUM, SUM)),
    must(2, Kind::Parts(ENC_FAST_REQ, ENCRYPTED)),
];
const FAST_REPLY: &[Part] = &[must(0, Kind::Parts(ENC_FAST_REP, ENCRYPTED))];
const PAC_REQUEST: &[Part] = &[must(0, Kind::Flag(INCLUDE_PAC))];
const PAC_OPTIONS: &[Part] = &[must(
    0,
    Kind::Bits(
        FLAGS,
        &[
            PAC_FLAG_CLAIMS,
            PAC_FLAG_BRANCH_AWARE,
            PAC_FLAG_FORWARD_TO_FULL_DC,
            PAC_FLAG_RESOURCE_BASED_CONSTRAINED_DELEGATION,
        ],
    ),
)];

/// The messages by the number of their application tag: name, line and parts.
const APPLICATIONS: &[(u8, &str, FieldId, &[Part])] = &[
    (10, "AS-REQ", AS_REQ, REQUEST),
    (11, "AS-REP", AS_REP, REPLY),
    (12, "TGS-REQ", TGS_REQ, REQUEST),
    (13, "TGS-REP", TGS_REP, REPLY),
    (14, "AP-REQ", AP_REQ, AP_REQUEST),
    (15, "AP-REP", AP_REP, AP_REPLY),
    (20, "KRB-SAFE", KRB_SAFE, SAFE),
    (21, "KRB-PRIV", KRB_PRIV, PRIVATE),
    (22, "KRB-CRED", KRB_CRED, CREDENTIALS),
    (30, "KRB-ERROR", KRB_ERROR, ERROR),
];

fn application(tag: u8) -> Option<&'static (u8, &'static str, FieldId, &'static [Part])> {
    APPLICATIONS.iter().find(|row| row.0 | 0x60 == tag)
}

fn accepts<'a>(d: &Dissector<'a>, tvb: Tvb<'a>) -> bool {
    let at = if d.endpoints.transport == Transport::Udp { 0 } else { RECORD_MARK_LEN };
    // Credentials are delegated within other messages.
    tvb.u8(at).is_ok_and(|tag| application(tag).is_some() && (at != 0 || tag != CREDENTIALS_TAG))
}

/// RFC 4120, 7.2.2: over TCP a length stands before a message.
fn framing(stream: &[u8]) -> Framing {
    match *stream {
        [a, b, c, e, ..] => match u32::from_be_bytes([a & 0x7f, b, c, e]) as usize {
            len @ 1..=MAX_RECORD => Framing::Message(RECORD_MARK_LEN + len),
            _ => Framing::Foreign,
        },
        _ => Framing::More(RECORD_MARK_LEN - stream.len()),
    }
}

fn dissect<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>) -> Parsed {
    if matches!(d.parent(), Some(ProtoId::Udp | ProtoId::Tcp)) {
        d.set_protocol("KRB5");
        d.begin_next(PROTO, tvb);
    } else {
        // Below a negotiation it is no layer of `frame.protocols`, as Wireshark has it.
        d.open(PROTO, tvb, 0, tvb.reported(), Value::Protocol { end: tvb.base.saturating_add(tvb.len() as u32) });
        return message(d, tvb, false);
    }
    let mut body = tvb;
    if d.endpoints.transport != Transport::Udp {
        let mark = tvb.u32(0)?;
        d.flag(RM_RESERVED, tvb, 0, 4, mark.into());
        d.bits(RM_LENGTH, tvb, 0, 4, mark.into());
        body = tvb.from(RECORD_MARK_LEN);
    }
    message(d, body, true)
}

fn message<'a>(d: &mut Dissector<'a>, tvb: Tvb<'a>, is_alone: bool) -> Parsed {
    let whole = Element::read(tvb, 0)?;
    if let Some((number, name, line, parts)) = application(whole.tag) {
        if is_alone {
            d.set_info(|| (*name).to_owned());
        }
        d.open(*line, whole.body, 0, whole.body.reported(), Value::None);
        let body = Element::expect(whole.body, 0, ber::SEQUENCE)?;
        let mut role = Role { is_alone, is_request: matches!(number, 10 | 12), error: None };
        sequence(d, body.body, parts, &mut role)?;
        d.close();
    }
    d.close();
    Ok(())
}

/// What parts need to know of the message around them.
struct Role {
    /// The message is the frame's, and not one in another protocol's.
    is_alone: bool,
    is_request: bool,
    error: Option<i64>,
}

/// Reads the parts of a SEQUENCE. What stands where something else must stand is left out, and what should be there, too.
fn sequence<'a>(d: &mut Dissector<'a>, body: Tvb<'a>, parts: &'static [Part], role: &mut Role) -> Parsed {
    let mut wanted = parts.iter();
    let mut at = 0;
    while at < body.reported() {
        let outer = Element::read(body, at)?;
        at = outer.end;
        for part in wanted.by_ref() {
            if outer.tag == 0xa0 | part.tag {
                show(d, Element::read(outer.body, 0)?, part.kind, role)?;
                break;
            }
            if !part.is_optional {
                break;
            }
        }
    }
    Ok(())
}

/// The items of a SEQUENCE OF.
fn items<'a>(d: &mut Dissector<'a>, body: Tvb<'a>, kind: Kind, role: &mut Role) -> Parsed {
    let mut at = 0;
    for _ in 0..MAX_ITEMS {
        if at >= body.reported() {
            break;
        }
        let item = Element::read(body, at)?;
        show(d, item, kind, role)?;
        at = item.end;
    }
    Ok(())
}

fn count(body: Tvb<'_>) -> u64 {
    let mut at = 0;
    for number in 0..MAX_ITEMS {
        match Element::read(body, at) {
            Ok(item) => at = item.end,
            Err(_) => return number as u64,
        }
    }
    MAX_ITEMS as u64
}

fn show<'a>(d: &mut Dissector<'a>, element: Element<'a>, kind: Kind, role: &mut Role) -> Parsed {
    let (tag, body, len) = (element.tag, element.body, element.body.reported());
    match kind {
        Kind::Unsigned(field) if tag == ber::INTEGER => {
            d.add(field, body, 0, len, Value::Uint((element.int()? as u32).into()));
        }
        Kind::Signed(field) if tag == ber::INTEGER => {
            d.add(field, body, 0, len, Value::Int((element.int()? as i32).into()));
        }
        Kind::ErrorCode if tag == ber::INTEGER => {
            let code = element.int()?;
            role.error = Some(code);
            d.add(ERROR_CODE, body, 0, len, Value::Int(code));
            if role.is_alone {
                d.set_info(|| {
                    let name = u64::try_from(code).ok().and_then(|code| Names::Values(ERROR_NAMES).of(code));
                    format!("KRB Error: {}", name.unwrap_or_else(|| format!("Unknown error code {code:#x}").into()))
                });
            }
        }
        Kind::Armor if tag == ber::OCTET_STRING => {
            d.open(ARMOR_VALUE, body, 0, len, Value::Bytes);
            ap_request(d, body, role)?;
            d.close();
        }
        Kind::Text(field) => {
            d.add(field, body, 0, len, Value::Text);
        }
        Kind::Time(field) if tag == GENERALIZED_TIME => {
            if let Some(time) = time(body.slice(0, len)?) {
                d.add(field, body, 0, len, Value::Time(time));
            }
        }
        Kind::Octets(field) if tag == BIT_STRING => {
            d.bytes(field, body, 1, len.saturating_sub(1));
        }
        Kind::Octets(field) => {
            d.bytes(field, body, 0, len);
        }
        Kind::Flag(field) if tag == BOOLEAN => {
            d.add(field, body, 0, len, Value::Uint((body.u8(0)? != 0).into()));
        }
        Kind::Bits(field, flags) if tag == BIT_STRING => {
            d.open(field, body, 1, len.saturating_sub(1), Value::Bytes);
            for (place, flag) in flags.iter().enumerate() {
                let at = 1 + place / 8;
                if at < len {
                    d.flag(*flag, body, at, 1, body.u8(at)?.into());
                }
            }
            d.close();
        }
        Kind::Parts(line, parts) if tag == ber::SEQUENCE => {
            d.open(line, body, 0, len, Value::None);
            sequence(d, body, parts, role)?;
            d.close();
        }
        Kind::List(field, item) if tag == ber::SEQUENCE => {
            d.open(field, body, 0, len, Value::Uint(count(body)));
            items(d, body, *item, role)?;
            d.close();
        }
        Kind::Address(line) if tag == ber::SEQUENCE => {
            d.open(line, body, 0, len, Value::None);
            address(d, body)?;
            d.close();
        }
        Kind::Ticket(line) if tag == TICKET_TAG => {
            d.open(line, body, 0, len, Value::None);
            sequence(d, Element::expect(body, 0, ber::SEQUENCE)?.body, TICKET_PARTS, role)?;
            d.close();
        }
        Kind::PaData if tag == ber::SEQUENCE => pa_data(d, body, role)?,
        Kind::ErrorData if tag == ber::OCTET_STRING => {
            d.open(E_DATA, body, 0, len, Value::Bytes);
            // RFC 4120, 5.9.1: what pre-authentication there may be.
            if matches!(role.error, Some(14 | 24 | 25 | 52 | 91))
                && let Ok(list) = Element::expect(body, 0, ber::SEQUENCE)
            {
                items(d, list.body, Kind::PaData, role)?;
            }
            d.close();
        }
        _ => {}
    }
    Ok(())
}

/// RFC 4120, 5.2.5 and 7.5.3.
fn address<'a>(d: &mut Dissector<'a>, body: Tvb<'a>) -> Parsed {
    let kind = Element::read(body, 0)?;
    let number = Element::expect(kind.body, 0, ber::INTEGER)?;
    let family = number.int()?;
    d.add(ADDR_TYPE, number.body, 0, number.body.reported(), Value::Int(family));
    let value = Element::read(Element::read(body, kind.end)?.body, 0)?.body;
    let len = value.reported();
    match (family, len) {
        (2, 4) => d.add(ADDR_IP, value, 0, 4, Value::Ipv4(value.array(0)?)),
        (24, 16) => d.add(ADDR_IPV6, value, 0, 16, Value::Ipv6(value.array(0)?)),
        (20, 1..) if d.wants(ADDR_NB) => {
            // The last octet says which service of the host it is.
            let name = value.slice(0, len - 1)?;
            let line =
                d.add(ADDR_NB, value, 0, len, Value::String(String::from_utf8_lossy(name.trim_ascii_end()).into()));
            let service = value.u8(len - 1)?;
            d.append_text(line, || format!("<{service:02x}>"));
            line
        }
        (20, 1..) => return Ok(()),
        _ => {
            d.expert(ADDRESS_UNKNOWN, value, 0, len);
            return Ok(());
        }
    };
    Ok(())
}

/// One offer or proof of who one is (RFC 4120, 5.2.7).
fn pa_data<'a>(d: &mut Dissector<'a>, body: Tvb<'a>, role: &mut Role) -> Parsed {
    d.open(PA_DATA, body, 0, body.reported(), Value::None);
    let kind = Element::read(body, 0)?;
    let number = Element::expect(kind.body, 0, ber::INTEGER)?;
    let method = number.int()?;
    d.open(PADATA_TYPE, number.body, 0, number.body.reported(), Value::Int(method));
    let value = Element::expect(Element::read(body, kind.end)?.body, 0, ber::OCTET_STRING)?.body;
    d.open(PADATA_VALUE, value, 0, value.reported(), Value::Bytes);
    if !value.is_empty() {
        method_value(d, value, method, role)?;
    }
    d.close();
    d.close();
    d.close();
    Ok(())
}

fn method_value<'a>(d: &mut Dissector<'a>, value: Tvb<'a>, method: i64, role: &mut Role) -> Parsed {
    let parts = |d: &mut Dissector<'a>, parts: &'static [Part], role: &mut Role| match value.u8(0)? {
        ber::SEQUENCE => sequence(d, Element::read(value, 0)?.body, parts, role),
        _ => Ok(()),
    };
    match method {
        1 => ap_request(d, value, role)?,
        2 | 138 => parts(d, ENCRYPTED, role)?,
        3 => {
            d.bytes(PW_SALT, value, 0, value.reported());
        }
        11 | 19 if value.u8(0)? == ber::SEQUENCE => {
            let kind = match method {
                11 => Kind::Parts(ETYPE_INFO_ENTRY, ETYPE_INFO),
                _ => Kind::Parts(ETYPE_INFO2_ENTRY, ETYPE_INFO2),
            };
            items(d, Element::read(value, 0)?.body, kind, role)?;
        }
        128 => parts(d, PAC_REQUEST, role)?,
        129 => parts(d, FOR_USER, role)?,
        130 => parts(d, FOR_X509_USER, role)?,
        136 if value.u8(0)? == 0xa0 => {
            let outer = Element::read(value, 0)?;
            d.open(ARMORED_DATA, outer.body, 0, outer.body.reported(), Value::None);
            let inner = Element::expect(outer.body, 0, ber::SEQUENCE)?;
            sequence(d, inner.body, if role.is_request { FAST_REQUEST } else { FAST_REPLY }, role)?;
            d.close();
        }
        165 if value.reported() >= 4 => {
            let types = value.u32_le(0)?.into();
            d.open(SUPPORTED_ENTYPES, value, 0, 4, Value::Uint(types));
            for flag in SUPPORTED_FLAGS {
                d.flag(*flag, value, 0, 4, types);
            }
            d.close();
        }
        167 => parts(d, PAC_OPTIONS, role)?,
        _ => {}
    }
    Ok(())
}

/// A ticket that is shown within another message.
fn ap_request<'a>(d: &mut Dissector<'a>, value: Tvb<'a>, role: &mut Role) -> Parsed {
    if value.u8(0)? == AP_REQ_TAG {
        let whole = Element::read(value, 0)?;
        d.open(AP_REQ, whole.body, 0, whole.body.reported(), Value::None);
        sequence(d, Element::expect(whole.body, 0, ber::SEQUENCE)?.body, AP_REQUEST, role)?;
        d.close();
    }
    Ok(())
}

/// `YYYYMMDDHHMMSSZ` in nanoseconds since the Unix epoch.
fn time(text: &[u8]) -> Option<i64> {
    let number = |at: usize, len: usize| {
        let digits = text.get(at..at + len)?;
        digits.iter().try_fold(0i64, |n, digit| Some(n * 10 + i64::from(char::from(*digit).to_digit(10)?)))
    };
    let days = calendar::days(number(0, 4)?, number(4, 2)?, number(6, 2)?);
    let seconds = days * 86_400 + number(8, 2)? * 3600 + number(10, 2)? * 60 + number(12, 2)?;
    seconds.checked_mul(1_000_000_000)
}

const ERROR_NAMES: &[(u64, &str)] = &[
    (0, "KRB5KDC_ERR_NONE"),
    (1, "KRB5KDC_ERR_NAME_EXP"),
    (2, "KRB5KDC_ERR_SERVICE_EXP"),
    (3, "KRB5KDC_ERR_BAD_PVNO"),
    (4, "KRB5KDC_ERR_C_OLD_MAST_KVNO"),
    (5, "KRB5KDC_ERR_S_OLD_MAST_KVNO"),
    (6, "KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN"),
    (7, "KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN"),
    (8, "KRB5KDC_ERR_PRINCIPAL_NOT_UNIQUE"),
    (9, "KRB5KDC_ERR_NULL_KEY"),
    (10, "KRB5KDC_ERR_CANNOT_POSTDATE"),
    (11, "KRB5KDC_ERR_NEVER_VALID"),
    (12, "KRB5KDC_ERR_POLICY"),
    (13, "KRB5KDC_ERR_BADOPTION"),
    (14, "KRB5KDC_ERR_ETYPE_NOSUPP"),
    (15, "KRB5KDC_ERR_SUMTYPE_NOSUPP"),
    (16, "KRB5KDC_ERR_PADATA_TYPE_NOSUPP"),
    (17, "KRB5KDC_ERR_TRTYPE_NOSUPP"),
    (18, "KRB5KDC_ERR_CLIENT_REVOKED"),
    (19, "KRB5KDC_ERR_SERVICE_REVOKED"),
    (20, "KRB5KDC_ERR_TGT_REVOKED"),
    (21, "KRB5KDC_ERR_CLIENT_NOTYET"),
    (22, "KRB5KDC_ERR_SERVICE_NOTYET"),
    (23, "KRB5KDC_ERR_KEY_EXP"),
    (24, "KRB5KDC_ERR_PREAUTH_FAILED"),
    (25, "KRB5KDC_ERR_PREAUTH_REQUIRED"),
    (26, "KRB5KDC_ERR_SERVER_NOMATCH"),
    (27, "KRB5KDC_ERR_MUST_USE_USER2USER"),
    (28, "KRB5KDC_ERR_PATH_NOT_ACCEPTED"),
    (29, "KRB5KDC_ERR_SVC_UNAVAILABLE"),
    (31, "KRB5KRB_AP_ERR_BAD_INTEGRITY"),
    (32, "KRB5KRB_AP_ERR_TKT_EXPIRED"),
    (33, "KRB5KRB_AP_ERR_TKT_NYV"),
    (34, "KRB5KRB_AP_ERR_REPEAT"),
    (35, "KRB5KRB_AP_ERR_NOT_US"),
    (36, "KRB5KRB_AP_ERR_BADMATCH"),
    (37, "KRB5KRB_AP_ERR_SKEW"),
    (38, "KRB5KRB_AP_ERR_BADADDR"),
    (39, "KRB5KRB_AP_ERR_BADVERSION"),
    (40, "KRB5KRB_AP_ERR_MSG_TYPE"),
    (41, "KRB5KRB_AP_ERR_MODIFIED"),
    (42, "KRB5KRB_AP_ERR_BADORDER"),
    (43, "KRB5KRB_AP_ERR_ILL_CR_TKT"),
    (44, "KRB5KRB_AP_ERR_BADKEYVER"),
    (45, "KRB5KRB_AP_ERR_NOKEY"),
    (46, "KRB5KRB_AP_ERR_MUT_FAIL"),
    (47, "KRB5KRB_AP_ERR_BADDIRECTION"),
    (48, "KRB5KRB_AP_ERR_METHOD"),
    (49, "KRB5KRB_AP_ERR_BADSEQ"),
    (50, "KRB5KRB_AP_ERR_INAPP_CKSUM"),
    (52, "KRB5KRB_ERR_RESPONSE_TOO_BIG"),
    (60, "KRB5KRB_ERR_GENERIC"),
    (61, "KRB5KRB_ERR_FIELD_TOOLONG"),
    (68, "KRB5KDC_ERR_WRONG_REALM"),
];

const SAMPLES: &[&str] = &[
    "4500039b00010000401100000a0000010a00000213880058038700006c82037b30820377a103020105a20302010ca382021e3082021a \
     3075a103020101a26e046c6e6a3068a003020105a10302010ea20703050020000000a34461423040a003020105a1081b0645582e434f \
     4da21b3019a003020102a11230101b066b72627467741b0645582e434f4da3123010a003020112a103020103a2040402aabba40d300b \
     a003020112a2040402aabb301ba103020102a21404123010a003020112a103020103a2040402aabb3011a10402020080a20904073005 \
     a0030101ff3043a10402020081a23b04393037a010300ea00302010aa10730051b03754078a1081b0645582e434f4da20d300ba00302 \
     0110a10404020102a30a1b084b65726265726f73304aa10402020082a2420440303ea02d302ba003020107a10e300ca003020101a105 \
     30031b0175a2081b0645582e434f4da30404023000a40403020020a10d300ba003020110a104040201023081a9a10402020088a281a0 \
     04819da0819a308197a0773075a003020101a16e046c6e6a3068a003020105a10302010ea20703050020000000a34461423040a00302 \
     0105a1081b0645582e434f4da21b3019a003020102a11230101b066b72627467741b0645582e434f4da3123010a003020112a1030201 \
     03a2040402aabba40d300ba003020112a2040402aabba10d300ba003020110a10404020102a20d300ba003020112a2040402aabb300e \
     a104020200a5a20604041f000f003015a104020200a7a20d040b3009a007030500f0000000300da103020103a206040473616c74a482 \
     014730820143a00703050040810010a111300fa003020101a10830061b0475736572a2081b0645582e434f4da31b3019a003020102a1 \
     1230101b066b72627467741b0645582e434f4da411180f32303330313233313233353935395aa511180f323033303132333132333539 \
     35395aa611180f32303330313233313233353935395aa705020301e240a80c300a0201120201170202ff7ba9543052300da003020102 \
     a10604040a0000013019a003020118a1120410000000000000000000000000000000013019a003020114a1120410484f535420202020 \
     2020202020202020300ba003020105a10404020102aa123010a003020112a103020103a2040402aabbab46304461423040a003020105 \
     a1081b0645582e434f4da21b3019a003020102a11230101b066b72627467741b0645582e434f4da3123010a003020112a103020103a2 \
     040402aabb",
    "4500008800010000401100000a0000010a00000213880058007400006e6a3068a003020105a10302010ea20703050020000000a34461 \
     423040a003020105a1081b0645582e434f4da21b3019a003020102a11230101b066b72627467741b0645582e434f4da3123010a00302 \
     0112a103020103a2040402aabba40d300ba003020112a2040402aabb",
    "4500003900010000401100000a0000010a00000213880058002500006f1b3019a003020105a10302010fa20d300ba003020112a20404 \
     02aabb",
    "4500008200010000401100000a0000010a00000213880058006e000074643062a003020105a103020114a2473045a00404026869a111 \
     180f32303330313233313233353935395aa203020101a303020102a40f300da003020102a10604040a000001a50f300da003020102a1 \
     0604040a000002a30d300ba003020110a10404020102",
    "4500003900010000401100000a0000010a0000021388005800250000751b3019a003020105a103020115a30d300ba003020112a20404 \
     02aabb",
    "4500017900010000401100000a0000010a00000213880058016500006a82015930820155a103020105a20302010aa482014730820143 \
     a00703050040810010a111300fa003020101a10830061b0475736572a2081b0645582e434f4da31b3019a003020102a11230101b066b \
     72627467741b0645582e434f4da411180f32303330313233313233353935395aa511180f32303330313233313233353935395aa61118 \
     0f32303330313233313233353935395aa705020301e240a80c300a0201120201170202ff7ba9543052300da003020102a10604040a00 \
     00013019a003020118a1120410000000000000000000000000000000013019a003020114a1120410484f535420202020202020202020 \
     2020300ba003020105a10404020102aa123010a003020112a103020103a2040402aabbab46304461423040a003020105a1081b064558 \
     2e434f4da21b3019a003020102a11230101b066b72627467741b0645582e434f4da3123010a003020112a103020103a2040402aabb",
    "4500010c00010000401100000a0000020a0000010058138800f800006b81ed3081eaa003020105a10302010ba26730653028a1030201 \
     13a221041f301d301ba003020112a10c1b0a45582e434f4d75736572a206040400001000301aa10302010ba2130411300f300da00302 \
     0117a106040473616c74301da10402020088a2150413a011300fa00d300ba003020112a2040402aabba3081b0645582e434f4da41130 \
     0fa003020101a10830061b0475736572a54461423040a003020105a1081b0645582e434f4da21b3019a003020102a11230101b066b72 \
     627467741b0645582e434f4da3123010a003020112a103020103a2040402aabba6123010a003020112a103020103a2040402aabb",
    "450000f700010000401100000a0000020a0000010058138800e300007e81d83081d5a003020105a10302011ea211180f323033303132 \
     33313233353935395aa303020109a411180f32303330313233313233353935395aa50302010aa603020119a7081b0645582e434f4da8 \
     11300fa003020101a10830061b0475736572a9081b0645582e434f4daa1b3019a003020102a11230101b066b72627467741b0645582e \
     434f4dab061b0474657874ac39043730353028a103020113a221041f301d301ba003020112a10c1b0a45582e434f4d75736572a20604 \
     04000010003009a103020102a2020400ad0d300ba003020110a10404020102",
    "4500010c00010000401100000a0000020a0000010058138800f800006d81ed3081eaa003020105a10302010da26730653028a1030201 \
     13a221041f301d301ba003020112a10c1b0a45582e434f4d75736572a206040400001000301aa10302010ba2130411300f300da00302 \
     0117a106040473616c74301da10402020088a2150413a011300fa00d300ba003020112a2040402aabba3081b0645582e434f4da41130 \
     0fa003020101a10830061b0475736572a54461423040a003020105a1081b0645582e434f4da21b3019a003020102a11230101b066b72 \
     627467741b0645582e434f4da3123010a003020112a103020103a2040402aabba6123010a003020112a103020103a2040402aabb",
    "4500018900010000400600000a0000010a0000021389005800000001000000015018ffff000000000000015d6a82015930820155a103 \
     020105a20302010aa482014730820143a00703050040810010a111300fa003020101a10830061b0475736572a2081b0645582e434f4d \
     a31b3019a003020102a11230101b066b72627467741b0645582e434f4da411180f32303330313233313233353935395aa511180f3230 \
     3330313233313233353935395aa611180f32303330313233313233353935395aa705020301e240a80c300a0201120201170202ff7ba9 \
     543052300da003020102a10604040a0000013019a003020118a1120410000000000000000000000000000000013019a003020114a112 \
     0410484f5354202020202020202020202020300ba003020105a10404020102aa123010a003020112a103020103a2040402aabbab4630 \
     4461423040a003020105a1081b0645582e434f4da21b3019a003020102a11230101b066b72627467741b0645582e434f4da3123010a0 \
     03020112a103020103a2040402aabb",
    "4500009100010000400600000a0000010a000002138a005800000001000000015018ffff000000000000006576633061a003020105a1 \
     03020116a246304461423040a003020105a1081b0645582e434f4da21b3019a003020102a11230101b066b72627467741b0645582e43 \
     4f4da3123010a003020112a103020103a2040402aabba30d300ba003020112a2040402aabb",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{frames, values};

    #[test]
    fn names_and_times() {
        let shown = frames(101, SAMPLES);
        assert_eq!(values(&shown[0], "kerberos.addr_nb"), "HOST");
        assert_eq!(values(&shown[7], "kerberos.error_code"), "25");
        assert_eq!(time(b"19700102000000Z"), Some(86_400_000_000_000));
        assert_eq!(time(b"1970"), None);
    }

    #[test]
    fn lists_end_at_the_limit() {
        let octets = [5, 0].repeat(MAX_ITEMS + 9);
        assert_eq!(count(Tvb::new(&octets, octets.len(), 0)), MAX_ITEMS as u64);
    }

    #[test]
    fn records_have_a_length() {
        assert_eq!(framing(&[0, 0, 0, 9]), Framing::Message(13));
        assert_eq!(framing(&[0, 0x20, 0, 0]), Framing::Foreign);
        assert_eq!(framing(&[0]), Framing::More(3));
    }

    #[test]
    fn survives_anything() {
        crate::tests::survives_anything(ProtoId::Kerberos, b"\x7e\x1b\x30\x19\xa0\x03\x02\x01\x05\xa1\x03\x02\x01\x1e\xa6\x03\x02\x01\x19\xac\x08\x04\x06\x30\x04\xa1\x02\x02\0");
    }
}
