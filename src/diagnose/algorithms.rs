//! The algorithms of messages, beside what GetCACaps offers and what a policy allows.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{Diagnosis, Finding, FindingCode};
use crate::crypto::{
    ContentCipher, DigestAlgorithm, KeyTransport, Policy, SignatureAlgorithm, SignatureScheme,
    TransportScheme,
};
use crate::inspect::{self, RecipientKind, RecipientReport};
use crate::{Capabilities, Capability, PkiMessage, Refused, negotiation};

pub(super) fn judge(
    diagnosis: &Diagnosis<'_>,
    request: &PkiMessage<'_>,
    findings: &mut Vec<Finding>,
) {
    let used = Used::of(request);
    let mut push = |code, evidence| findings.push(Finding::new(code, evidence));
    for unknown in &used.unknown {
        push(FindingCode::AlgorithmUnknown, unknown.clone());
    }
    for refused in diagnosis
        .policy
        .iter()
        .flat_map(|policy| used.refused(policy))
    {
        push(FindingCode::AlgorithmNotAllowed, refused);
    }
    if let Some(capabilities) = diagnosis.capabilities {
        let offers = [
            used.digest_offer(capabilities),
            used.cipher_offer(capabilities),
        ];
        for (code, place) in offers.into_iter().flatten() {
            push(code, format!("{place}; {}", listed(capabilities)));
        }
    }
}

/// Whether a reply is written in the algorithms of its request.
pub(super) fn judge_pair(
    request: &PkiMessage<'_>,
    reply: &PkiMessage<'_>,
    findings: &mut Vec<Finding>,
) {
    let (sent, came) = (Used::of(request), Used::of(reply));
    let digests = sent.digest.zip(came.digest).map(|(sent, came)| {
        let names = (sent.name(), came.name());
        (DIGEST, names)
    });
    let ciphers = sent.cipher.zip(came.cipher).map(|(sent, came)| {
        let names = (sent.name(), came.name());
        (CIPHER, names)
    });
    for (place, (sent, came)) in [digests, ciphers].into_iter().flatten() {
        if sent != came {
            let evidence = format!("{place} {sent} in the request, {came} in the reply");
            findings.push(Finding::new(FindingCode::ReplyAlgorithmDiffers, evidence));
        }
    }
}

/// The algorithms of a message, for evidence.
pub(super) fn named(message: &PkiMessage<'_>) -> String {
    let used = Used::of(message);
    let digest = used
        .digest
        .map(|digest| format!("{DIGEST} {}", digest.name()));
    let cipher = used
        .cipher
        .map(|cipher| format!("{CIPHER} {}", cipher.name()));
    let transports = used.transports.iter().map(|one| transport(*one));
    let known = digest.into_iter().chain(cipher).chain(transports);
    let all: Vec<String> = known.chain(used.unknown).collect();
    all.join(", ")
}

/// What GetCACaps lists, for evidence.
pub(super) fn listed(capabilities: &Capabilities) -> String {
    let words: Vec<_> = capabilities
        .iter()
        .map(|one| one.name().to_string())
        .collect();
    format!("GetCACaps: {}", words.join(", "))
}

const DIGEST: &str = "digestAlgorithm";
const CIPHER: &str = "contentEncryptionAlgorithm";

/// What a message is written in.
#[derive(Default)]
struct Used {
    digest: Option<DigestAlgorithm>,
    signature: Option<SignatureAlgorithm>,
    cipher: Option<ContentCipher>,
    transports: Vec<KeyTransport>,
    /// The place and the identifier of what is not known.
    unknown: Vec<String>,
}

impl Used {
    fn of(message: &PkiMessage<'_>) -> Self {
        let mut used = Self::default();
        if let Some(info) = message.signer_info() {
            match info.digest_algorithm.digest() {
                Ok(digest) => used.digest = Some(digest),
                Err(unknown) => used.unknown.push(format!("{DIGEST} {}", unknown.0)),
            }
            match info.signature_algorithm.signature(used.digest) {
                Ok(signature) => used.signature = Some(signature),
                // Without its digest the algorithm says nothing.
                Err(_) if used.digest.is_none() => {}
                Err(unknown) => used
                    .unknown
                    .push(format!("signatureAlgorithm {}", unknown.0)),
            }
        }
        if let Ok(Some(envelope)) = inspect::envelope(message) {
            match envelope.cipher {
                Ok(cipher) => used.cipher = Some(cipher),
                Err(unknown) => used.unknown.push(format!("{CIPHER} {unknown}")),
            }
            used.read_recipients(&envelope.recipients);
        }
        used
    }

    /// One recipient that can be read is enough.
    fn read_recipients(&mut self, recipients: &[RecipientReport<'_>]) {
        let known = |one: &RecipientReport<'_>| one.key_transport?.ok();
        self.transports = recipients.iter().filter_map(known).collect();
        // RFC 8894, section 3.1, has passwords too, and this crate agrees on keys.
        let other = |one: &RecipientReport<'_>| {
            matches!(
                one.kind,
                RecipientKind::Password | RecipientKind::KeyAgreement
            )
        };
        if self.transports.is_empty() && !recipients.iter().any(other) {
            self.unknown
                .extend(recipients.iter().map(unknown_recipient));
        }
    }

    /// What the policy does not allow, and what it does.
    fn refused(&self, policy: &Policy) -> Vec<String> {
        let mut refused = Vec::new();
        let digests = policy.message_digests();
        if let Some(digest) = self.digest.filter(|digest| !digests.contains(*digest)) {
            let allowed = digests.iter().map(DigestAlgorithm::name);
            refused.push(against(format!("{DIGEST} {}", digest.name()), allowed));
        }
        let schemes = policy.signature_schemes();
        let scheme = self.signature.map(SignatureScheme::of);
        if let Some(signature) = self
            .signature
            .filter(|_| scheme.is_some_and(|scheme| !schemes.contains(scheme)))
        {
            let allowed = schemes.iter().map(|scheme| match scheme {
                SignatureScheme::RsaPkcs1v15 => "rsa-pkcs1v15",
                SignatureScheme::RsaPss => "rsa-pss",
                SignatureScheme::Ecdsa => "ecdsa",
                SignatureScheme::Ed25519 => "ed25519",
            });
            refused.push(against(
                format!("signatureAlgorithm {}", signature.name()),
                allowed,
            ));
        }
        let ciphers = policy.content_ciphers();
        if let Some(cipher) = self.cipher.filter(|cipher| !ciphers.contains(*cipher)) {
            let allowed = ciphers.iter().map(ContentCipher::name);
            refused.push(against(format!("{CIPHER} {}", cipher.name()), allowed));
        }
        let any_allowed = self
            .transports
            .iter()
            .any(|one| policy.allows_transport(*one));
        if let Some(first) = self.transports.first().filter(|_| !any_allowed) {
            let allowed = policy.transports().iter().map(|scheme| match scheme {
                TransportScheme::RsaPkcs1v15 => "rsa-pkcs1v15",
                TransportScheme::RsaOaep => "rsa-oaep with some hashes",
            });
            refused.push(against(transport(*first), allowed));
        }
        refused
    }

    /// What GetCACaps says of the digest, unless it says nothing of any.
    fn digest_offer(&self, capabilities: &Capabilities) -> Option<(FindingCode, String)> {
        let digest = self.digest?;
        let strong = supports_any(capabilities, &[Capability::Sha256, Capability::Sha512]);
        let listed = match digest {
            DigestAlgorithm::Md5 => false,
            DigestAlgorithm::Sha1 => capabilities.supports(Capability::Sha1),
            DigestAlgorithm::Sha256 => capabilities.supports(Capability::Sha256),
            DigestAlgorithm::Sha512 => capabilities.supports(Capability::Sha512),
            // RFC 8894 has no word for it.
            DigestAlgorithm::Sha384 => true,
        };
        let weak = matches!(digest, DigestAlgorithm::Md5 | DigestAlgorithm::Sha1);
        let says_something = strong || capabilities.supports(Capability::Sha1);
        let code = offer(listed, weak && strong, says_something)?;
        Some((code, format!("{DIGEST} {}", digest.name())))
    }

    /// What GetCACaps says of the cipher, unless it says nothing of any.
    fn cipher_offer(&self, capabilities: &Capabilities) -> Option<(FindingCode, String)> {
        let cipher = self.cipher?;
        // Interop: NDES reads AES-128 and does not list it.
        let strong = capabilities.supports(Capability::Aes) || negotiation::is_ndes(capabilities);
        let triple = capabilities.supports(Capability::Des3);
        let (listed, weak) = match cipher {
            ContentCipher::DesCbc => (false, true),
            ContentCipher::TripleDesCbc => (triple, true),
            ContentCipher::Aes128Cbc | ContentCipher::Aes192Cbc | ContentCipher::Aes256Cbc => {
                (strong, false)
            }
        };
        let code = offer(listed, weak && strong, strong || triple)?;
        Some((code, format!("{CIPHER} {}", cipher.name())))
    }
}

fn supports_any(capabilities: &Capabilities, wanted: &[Capability<'_>]) -> bool {
    wanted.iter().any(|one| capabilities.supports(*one))
}

/// A list that names no digest, or no cipher, forbids none.
fn offer(listed: bool, could_be_better: bool, says_something: bool) -> Option<FindingCode> {
    match (listed, says_something) {
        (false, true) => Some(FindingCode::AlgorithmNotOffered),
        (true, _) if could_be_better => Some(FindingCode::AlgorithmWeak),
        _ => None,
    }
}

fn against<'n>(used: String, allowed: impl Iterator<Item = &'n str>) -> String {
    let allowed: Vec<_> = allowed.collect();
    match allowed.as_slice() {
        [] => format!("{used}; none is allowed"),
        _ => format!("{used}; allowed: {}", allowed.join(", ")),
    }
}

fn transport(transport: KeyTransport) -> String {
    let name = transport.name();
    match transport {
        KeyTransport::RsaPkcs1v15 => format!("keyEncryptionAlgorithm {name}"),
        KeyTransport::RsaOaep { digest, mgf_digest } => format!(
            "keyEncryptionAlgorithm {name} with {} and MGF1 with {}",
            digest.name(),
            mgf_digest.name()
        ),
    }
}

fn unknown_recipient(recipient: &RecipientReport<'_>) -> String {
    match (recipient.key_transport, recipient.kind) {
        (Some(Err(Refused::KeyTransport(oid))), _) => format!("keyEncryptionAlgorithm {oid}"),
        (Some(Err(refused)), _) => refused.to_string(),
        (_, RecipientKind::KeyEncryptionKey) => "RecipientInfo: a key that both sides have".into(),
        _ => "RecipientInfo: of another kind".into(),
    }
}
