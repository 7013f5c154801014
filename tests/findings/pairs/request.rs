//! What a request and its CSR show.

use scep::crypto::{ContentCipher, DigestAlgorithm, KeyTransport, Policy};
use scep::diagnose::{Diagnosis, Finding, FindingCode, FindingCode::*, Profile};
use scep::{
    CaRoles, Certificate, CsrBuilder, Limits, PkiMessage, RequestBuilder, SignerIdentity,
    UnverifiedCsr, oid,
};

use super::Pair;
use super::ca::{CA, RECIPIENT, SIGNER, ndes};
use crate::common::forge::{NULL, algorithm, dotted, octets, oid_der, printable, sequence, tlv};
use crate::common::issue::{NOW, Template};
use crate::common::made::{BOTH, Made};
use crate::common::{Parties, key, provider, vector};
use crate::requests::{by_issued, enveloped, forged, plain, written};
use crate::{NDES, ca, capabilities, csr_for, of_request, sent, unverified};

/// A request that is encrypted to one of the certificates of GetCACert, or to a stranger's.
fn encrypted_to(recipient: &Certificate<'_>, certificates: &[Certificate<'_>]) -> Vec<Finding> {
    let parties = Parties::new();
    let (signer, roles) = (
        parties.client_signer(),
        CaRoles::with_ra(&parties.ca, recipient, &parties.ca),
    );
    let builder = RequestBuilder::pkcs_req(&parties.csr, &signer, &roles);
    of_request(&sent(parties.send(builder).0), |beside| {
        beside.ca_certificates(certificates)
    })
}

/// A request at a time, by the holder of a certificate that the CA issued.
fn at(now: i64) -> Vec<Finding> {
    of_request(&by_issued(), |beside| beside.now(now))
}

/// A request with a signingTime of [`NOW`], at a time.
fn signed_now(now: i64) -> Vec<Finding> {
    let request = forged(|forge| forge.set(oid::SIGNING_TIME, tlv(0x17, b"261130005320Z")));
    of_request(&request, |beside| beside.now(now))
}

/// A request in SHA-1, or in SHA-256.
fn digested(wrong: bool) -> PkiMessage<'static> {
    let digest = if wrong {
        DigestAlgorithm::Sha1
    } else {
        DigestAlgorithm::Sha256
    };
    written(digest, ContentCipher::Aes128Cbc, KeyTransport::RsaPkcs1v15)
}

/// A first request with this challenge password, beside a list of capabilities.
fn challenged(password: Option<&str>, list: &[u8]) -> Vec<Finding> {
    let parties = Parties::new();
    let csr = csr_for(&parties.client_key, "CN=device", |csr| match password {
        Some(password) => csr.challenge_password(password),
        None => csr,
    });
    let (signer, roles) = (parties.client_signer(), parties.roles());
    let request = parties.send(RequestBuilder::pkcs_req(&csr, &signer, &roles));
    let (csr, list) = (unverified(&csr), capabilities(list));
    of_request(&sent(request.0), |beside| {
        beside.csr(&csr).capabilities(&list)
    })
}

fn of_csr(der: &[u8], policy: Policy) -> Vec<Finding> {
    let csr = UnverifiedCsr::from_der(der, &Limits::REQUEST).unwrap();
    let diagnosis = Diagnosis::new(&provider()).policy(&policy);
    diagnosis.csr(&csr).findings()
}

/// A CSR for a subject, changed.
fn asked(subject: &str, change: impl FnOnce(CsrBuilder<'_>) -> CsrBuilder<'_>) -> Vec<Finding> {
    let key = key(vector!("keys/c2048.key"));
    let csr = csr_for(&key, subject, change);
    of_csr(csr.as_der(), Policy::compatible())
}

/// A PKCSReq that the holder of a certificate on the client's key has signed.
fn signed_by(parties: &Parties, certificate: &Certificate<'_>, subject: &str) -> Vec<Finding> {
    let signer = SignerIdentity::new(certificate, &parties.client_key).unwrap();
    let roles = parties.roles();
    let csr = csr_for(&parties.client_key, subject, |csr| csr);
    let request = parties.send(RequestBuilder::pkcs_req(&csr, &signer, &roles));
    let (csr, certificates) = (unverified(&csr), ca(parties));
    of_request(&sent(request.0), |beside| {
        beside.csr(&csr).ca_certificates(&certificates)
    })
}

const CLIENT: &str = "CN=client-2048,O=Peer Test,C=US";

pub(super) fn pair(code: FindingCode) -> Option<Pair> {
    Some(match code {
        RecipientUnknown => |wrong| {
            let (certificates, stranger) = (ndes(), Parties::new().ca);
            let recipient = if wrong { &stranger } else { &certificates[1] };
            encrypted_to(recipient, &certificates)
        },
        RecipientMayNotDecrypt => |wrong| {
            let certificates = ndes();
            encrypted_to(&certificates[usize::from(!wrong)], &certificates)
        },
        RecipientIsCa => |wrong| {
            let ca = Made { usage: None, ..CA };
            let ra = Made {
                usage: Some(BOTH),
                ..RECIPIENT
            };
            let certificates = [ra.issued_by(&ca), ca.self_signed()];
            encrypted_to(&certificates[usize::from(wrong)], &certificates)
        },
        SenderNonceMissing => |wrong| {
            let request = forged(|forge| {
                if wrong {
                    forge.remove(oid::SENDER_NONCE);
                }
            });
            of_request(&request, |beside| beside)
        },
        SignerNotYetValid => |wrong| {
            let validity = Parties::new().issued.validity().unwrap();
            at(validity.not_before - i64::from(wrong))
        },
        SignerExpired => |wrong| {
            let validity = Parties::new().issued.validity().unwrap();
            at(validity.not_after + i64::from(wrong))
        },
        SignerKeyNotAllowed => |wrong| {
            let smallest = if wrong { 3072 } else { 2048 };
            let policy = Policy::default().with_rsa_modulus_bits(smallest..=8192);
            of_request(&plain(), |beside| beside.policy(&policy))
        },
        SigningTimeAhead => |wrong| signed_now(NOW - 300 - i64::from(wrong)),
        SigningTimePast => |wrong| signed_now(NOW + 300 + i64::from(wrong)),
        ChallengeAbsent => |wrong| challenged((!wrong).then_some("secret"), b"SCEPStandard"),
        ChallengeEmpty => {
            |wrong| challenged(Some(if wrong { "" } else { "secret" }), b"SCEPStandard")
        }
        // What a PrintableString cannot hold is written as a UTF8String.
        ChallengeNotPrintable => |wrong| {
            let password = if wrong { "secret!" } else { "secret" };
            challenged(Some(password), b"SCEPStandard")
        },
        ChallengeTypeRefused => |wrong| {
            let list = if wrong { NDES } else { b"SCEPStandard" };
            challenged(Some("secret!"), list)
        },
        AlgorithmUnknown => |wrong| {
            let cipher = algorithm(dotted("1.2.3.4"), &octets(&[0; 16]));
            let request = enveloped(|envelope| {
                if wrong {
                    envelope.cipher = cipher;
                }
            });
            of_request(&request, |beside| beside)
        },
        AlgorithmNotAllowed => {
            |wrong| of_request(&digested(wrong), |beside| beside.policy(&Policy::strict()))
        }
        AlgorithmNotOffered => |wrong| {
            let list = capabilities(b"SCEPStandard");
            of_request(&digested(wrong), |beside| beside.capabilities(&list))
        },
        AlgorithmWeak => |wrong| {
            let list = capabilities(b"SCEPStandard\nSHA-1");
            of_request(&digested(wrong), |beside| beside.capabilities(&list))
        },
        SignatureInvalid => |wrong| {
            let mut request = plain().as_bytes().to_vec();
            *request.last_mut().unwrap() ^= u8::from(wrong);
            of_request(&sent(request), |beside| beside)
        },
        SignedAttributeMissing => |wrong| {
            let request = forged(|forge| {
                if wrong {
                    forge.remove(oid::MESSAGE_DIGEST);
                }
            });
            of_request(&request, |beside| beside)
        },
        ContentTypeNotData => |wrong| {
            let content_type = if wrong {
                oid::ENVELOPED_DATA
            } else {
                oid::DATA
            };
            let request = forged(|forge| forge.set(oid::CONTENT_TYPE, oid_der(content_type)));
            of_request(&request, |beside| beside)
        },
        SubjectEmpty => |wrong| asked(if wrong { "" } else { "CN=device" }, |csr| csr),
        KeyNotAllowed => |wrong| {
            let smallest = if wrong { 3072 } else { 2048 };
            let policy = Policy::default().with_rsa_modulus_bits(smallest..=8192);
            of_csr(Parties::new().csr.as_der(), policy)
        },
        CsrSignatureInvalid => |wrong| {
            let mut der = Parties::new().csr.as_der().to_vec();
            *der.last_mut().unwrap() ^= u8::from(wrong);
            of_csr(&der, Policy::compatible())
        },
        CsrContentUnreadable => |wrong| {
            let version = if wrong {
                NULL.to_vec()
            } else {
                tlv(0x16, b"10.0.26100.2")
            };
            asked("CN=device", |csr| {
                csr.attribute(oid::MS_OS_VERSION, version)
            })
        },
        SidClaimed => |wrong| {
            let whose = if wrong {
                "microsoft.com"
            } else {
                "example.com"
            };
            let uri = format!("tag:{whose},2022-09-14:sid:S-1-5-21-1-2-3-1104");
            let names = sequence(&[&tlv(0x86, uri.as_bytes())]);
            asked("CN=device", |csr| {
                csr.extension(oid::SUBJECT_ALT_NAME, names)
            })
        },
        TemplateConflict => |wrong| {
            let other = if wrong { "Machine" } else { "Device" };
            asked("CN=device", |csr| {
                csr.microsoft_template_name("Device")
                    .microsoft_name_value("CertificateTemplate", other)
            })
        },
        NotAsConfigured => |wrong| {
            let bits = if wrong { 3072 } else { 2048 };
            let csr = unverified(&Parties::new().csr);
            let diagnosis = Diagnosis::new(&provider()).csr(&csr);
            let profile = Profile::new().rsa_key_bits(bits);
            diagnosis.profile(profile).findings()
        },
        RenewalNotOffered => |wrong| {
            let parties = Parties::new();
            let signer = SignerIdentity::new(&parties.issued, &parties.client_key).unwrap();
            let roles = parties.roles();
            let renewal = RequestBuilder::renewal_req(&parties.csr, &signer, &roles);
            let list: &[u8] = if wrong {
                b"SCEPStandard"
            } else {
                b"SCEPStandard\nRenewal"
            };
            let list = capabilities(list);
            of_request(&sent(parties.send(renewal).0), |beside| {
                beside.capabilities(&list)
            })
        },
        RenewalSelfIssued => |wrong| {
            let message_type = printable(if wrong { "17" } else { "19" });
            let request = forged(|forge| forge.set(oid::MESSAGE_TYPE, message_type));
            of_request(&request, |beside| beside)
        },
        SignerOfAnotherCa => |wrong| {
            let parties = Parties::new();
            let certificate = Template::new(
                parties.client.subject_der(),
                parties.client.public_key_der(),
            );
            // The CA's name on another key, as after it was set up anew.
            let other = key(SIGNER.key);
            let issuer = if wrong { &other } else { &parties.ca_key };
            let certificate = certificate.issue(parties.ca.subject_der(), issuer);
            signed_by(&parties, &certificate, CLIENT)
        },
        RenewalSubjectDiffers => |wrong| {
            let parties = Parties::new();
            let subject = if wrong { "CN=device" } else { CLIENT };
            signed_by(&parties, &parties.issued, subject)
        },
        _ => return None,
    })
}
