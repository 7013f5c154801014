//! What a reply shows, beside its request.

use scep::crypto::{DigestAlgorithm, KeyTransport, SignatureAlgorithm};
use scep::diagnose::{Finding, FindingCode, FindingCode::*};
use scep::{FailInfo, RequestBuilder, SignerIdentity, oid};

use super::Pair;
use crate::common::forge::{Forge, octets, printable, tlv};
use crate::common::issue::root;
use crate::common::{Parties, key, vector};
use crate::replies::{PLAIN, Refusal, changed, refused};

/// A refusal with an HRESULT, or with one that has a bit turned.
fn with_code(code: u32, wrong: bool) -> Vec<Finding> {
    let turned = if wrong { 0 } else { 0x4000 };
    let refusal = Refusal {
        code: Some(code ^ turned),
        ..PLAIN
    };
    refusal.findings()
}

fn with_info(info: FailInfo) -> Vec<Finding> {
    Refusal { info, ..PLAIN }.findings()
}

/// A reply of a pair, changed.
fn replied(change: impl FnOnce(&mut Forge)) -> Vec<Finding> {
    changed(&Parties::new(), |_| (), change, &[])
}

pub(super) fn pair(code: FindingCode) -> Option<Pair> {
    Some(match code {
        Refused => |wrong| {
            let status = printable(if wrong { "2" } else { "3" });
            replied(|forge| forge.set(oid::PKI_STATUS, status))
        },
        ChallengeRefused => |wrong| with_code(0x8007_0490, wrong),
        NotDecrypted => |wrong| with_code(0x8009_0005, wrong),
        AlgorithmRefused => |wrong| with_code(0x8009_0008, wrong),
        TemplateRefused => |wrong| with_code(0x8009_4800, wrong),
        SubjectRefused => |wrong| with_code(0x8009_4001, wrong),
        AltNamesRefused => |wrong| with_code(0x8009_480f, wrong),
        KeyRefused => |wrong| with_code(0x8009_4811, wrong),
        CaUnreachable => |wrong| with_code(0x8007_06ba, wrong),
        CrlUnavailable => |wrong| with_code(0x8009_2013, wrong),
        UsageRefused => |wrong| {
            let text = if wrong {
                "KeyUsageMismatch"
            } else {
                "KeyUsageMatch"
            };
            let refusal = Refusal {
                text: Some(text),
                ..PLAIN
            };
            refusal.findings()
        },
        TimeRefused => |wrong| {
            with_info(if wrong {
                FailInfo::BadTime
            } else {
                FailInfo::BadRequest
            })
        },
        OaepRefused => |wrong| {
            let parties = Parties::new();
            let (signer, roles) = (parties.client_signer(), parties.roles());
            let transport = if wrong {
                KeyTransport::RsaOaep {
                    digest: DigestAlgorithm::Sha1,
                    mgf_digest: DigestAlgorithm::Sha1,
                }
            } else {
                KeyTransport::RsaPkcs1v15
            };
            let builder = RequestBuilder::pkcs_req(&parties.csr, &signer, &roles);
            let (request, _) = parties.send(builder.key_transport(transport));
            refused(&parties, &request, FailInfo::BadAlg)
        },
        RenewalRefused => |wrong| {
            let parties = Parties::new();
            let old = if wrong {
                &parties.issued
            } else {
                &parties.client
            };
            let signer = SignerIdentity::new(old, &parties.client_key).unwrap();
            let roles = parties.roles();
            let (request, _) =
                parties.send(RequestBuilder::pkcs_req(&parties.csr, &signer, &roles));
            refused(&parties, &request, FailInfo::BadRequest)
        },
        TransactionIdMismatch => |wrong| {
            replied(|forge| {
                if wrong {
                    forge.set(oid::TRANSACTION_ID, printable("another"));
                }
            })
        },
        NonceMismatch => |wrong| {
            replied(|forge| {
                if wrong {
                    forge.set(oid::RECIPIENT_NONCE, octets(&[0; 16]));
                }
            })
        },
        ReplyWithoutSenderNonce => |wrong| {
            replied(|forge| {
                if wrong {
                    forge.remove(oid::SENDER_NONCE);
                }
            })
        },
        SuccessWithoutContent => |wrong| {
            let status = printable(if wrong { "0" } else { "3" });
            replied(|forge| forge.set(oid::PKI_STATUS, status))
        },
        ReplySignerUnknown => |wrong| {
            let other = [root("Another CA", &key(vector!("keys/cpend.key")))];
            let parties = Parties::new();
            let change = |forge: &mut Forge| {
                if wrong {
                    forge.certificates.clear();
                }
            };
            changed(&parties, |_| (), change, &other)
        },
        ReplyAlgorithmDiffers => |wrong| {
            let digest = if wrong {
                DigestAlgorithm::Sha512
            } else {
                DigestAlgorithm::Sha256
            };
            replied(|forge| forge.set_signature(SignatureAlgorithm::RsaPkcs1v15(digest)))
        },
        ClocksDiffer => |wrong| {
            let set = |time: &'static [u8]| {
                move |forge: &mut Forge| forge.set(oid::SIGNING_TIME, tlv(0x17, time))
            };
            let came = if wrong {
                b"261130120501Z"
            } else {
                b"261130120500Z"
            };
            changed(&Parties::new(), set(b"261130120000Z"), set(came), &[])
        },
        _ => return None,
    })
}
