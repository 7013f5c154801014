//! From what a CA says it can do, and what the caller's policy allows, to the algorithms and form of a request.

use core::fmt;

use crate::capabilities::{Capabilities, Capability};
use crate::crypto::{
    ContentCipher, DigestAlgorithm, KeyTransport, Policy, Tolerance, TransportScheme,
};
use crate::http::Method;
use crate::{Cause, MessageType};

/// How a client writes its requests to one CA.
///
/// The answer to GetCACaps is not authenticated: whoever sits on the way can shorten it. So it chooses only among what is
/// safe to write, and what is missing from it never leads to a weaker algorithm by itself. 3DES and SHA-1 are written only
/// to a CA that lists nothing better, and only under a policy with [`Tolerance::WeakRequests`], as
/// [`Policy::compatible`] is; a caller who knows better names an algorithm with [`with_digest`](Self::with_digest) or
/// [`with_content_cipher`](Self::with_content_cipher).
///
/// ```
/// use scep::crypto::{ContentCipher, DigestAlgorithm, Policy};
/// use scep::{Capabilities, Negotiation, RenewalForm, http::Method};
///
/// let capabilities = Capabilities::parse(b"SCEPStandard\nRenewal\nSHA-512");
/// let negotiation = Negotiation::new(&capabilities, &Policy::default())?;
/// assert_eq!(negotiation.digest(), DigestAlgorithm::Sha256);
/// assert_eq!(negotiation.content_cipher(), ContentCipher::Aes128Cbc);
/// assert_eq!(negotiation.method(), Method::Post);
/// assert_eq!(negotiation.renewal(), RenewalForm::RenewalReq);
/// # Ok::<(), scep::NegotiationError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Negotiation {
    digest: DigestAlgorithm,
    cipher: ContentCipher,
    transport: KeyTransport,
    method: Method,
    renewal: RenewalForm,
}

/// In which message a client asks for a certificate in place of an old one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RenewalForm {
    /// A RenewalReq, messageType 17, signed by the old certificate.
    RenewalReq,
    /// A PKCSReq, messageType 19, signed by the old certificate: the form of drafts before RFC 8894.
    PkcsReq,
}

impl RenewalForm {
    /// The messageType.
    #[must_use]
    pub const fn message_type(self) -> MessageType {
        match self {
            Self::RenewalReq => MessageType::RenewalReq,
            Self::PkcsReq => MessageType::PkcsReq,
        }
    }
}

impl Negotiation {
    /// Negotiates.
    ///
    /// | capabilities | digest and cipher | method | renewal |
    /// | --- | --- | --- | --- |
    /// | unknown or none | SHA-256 and AES-128, or the policy's first | GET | PKCSReq |
    /// | a list | the policy's first that is listed or implied | POST if listed or implied | RenewalReq if Renewal and SCEPStandard are listed |
    /// | the list of NDES | as if AES were listed too | POST | PKCSReq |
    ///
    /// # Errors
    /// [`NegotiationError::Digest`] or [`NegotiationError::Cipher`] if the CA lists none that the policy writes;
    /// [`NegotiationError::EmptyPolicy`] if the policy allows none at all or no key transport;
    /// [`NegotiationError::Oaep`] for NDES under a policy that cannot read its replies.
    pub fn new(capabilities: &Capabilities, policy: &Policy) -> Result<Self, NegotiationError> {
        let told = !capabilities.is_unknown() && capabilities.iter().next().is_some();
        let (digest, cipher) = if told {
            let ndes = is_ndes(capabilities);
            // Interop: NDES with AES answers in OAEP, whatever the request's key transport was.
            if ndes && !policy.transports().contains(TransportScheme::RsaOaep) {
                return Err(NegotiationError::Oaep);
            }
            (
                listed_digest(capabilities, policy)?,
                listed_cipher(capabilities, policy, ndes)?,
            )
        } else {
            policy
                .fresh_digest()
                .zip(policy.fresh_cipher())
                .ok_or(NegotiationError::EmptyPolicy)?
        };
        let method = if capabilities.supports(Capability::PostPkiOperation) {
            Method::Post
        } else {
            Method::Get
        };
        let renewal = if offers_renewal_req(capabilities) {
            RenewalForm::RenewalReq
        } else {
            RenewalForm::PkcsReq
        };
        Ok(Self {
            digest,
            cipher,
            transport: policy
                .fresh_transport()
                .ok_or(NegotiationError::EmptyPolicy)?,
            method,
            renewal,
        })
    }

    /// Takes another digest: the caller knows that the CA can do it. A key that cannot do it signs with what suits that key.
    #[must_use]
    pub const fn with_digest(mut self, digest: DigestAlgorithm) -> Self {
        self.digest = digest;
        self
    }

    /// Takes another content cipher: the caller knows that the CA can do it.
    #[must_use]
    pub const fn with_content_cipher(mut self, cipher: ContentCipher) -> Self {
        self.cipher = cipher;
        self
    }

    /// Takes another key transport: the caller knows that the CA can do it.
    #[must_use]
    pub const fn with_key_transport(mut self, transport: KeyTransport) -> Self {
        self.transport = transport;
        self
    }

    /// Takes another HTTP method for messages.
    #[must_use]
    pub const fn with_method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// Takes another form of renewal.
    #[must_use]
    pub const fn with_renewal(mut self, renewal: RenewalForm) -> Self {
        self.renewal = renewal;
        self
    }

    /// The digest of requests.
    #[must_use]
    pub const fn digest(&self) -> DigestAlgorithm {
        self.digest
    }

    /// The content cipher of requests.
    #[must_use]
    pub const fn content_cipher(&self) -> ContentCipher {
        self.cipher
    }

    /// The key transport of requests. No capability tells what a CA can do: it is RSAES-PKCS1-v1_5 unless the policy
    /// refuses that.
    #[must_use]
    pub const fn key_transport(&self) -> KeyTransport {
        self.transport
    }

    /// The HTTP method of messages. A GET may be too long for the server all the same, see
    /// [`ClientRequest`](crate::http::ClientRequest).
    #[must_use]
    pub const fn method(&self) -> Method {
        self.method
    }

    /// The form of renewals.
    #[must_use]
    pub const fn renewal(&self) -> RenewalForm {
        self.renewal
    }
}

/// A CA and a policy have nothing in common.
///
/// Nobody signs what a CA lists. Who knows better than the list what the CA can do negotiates from [`Capabilities::UNKNOWN`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NegotiationError {
    /// The CA lists no digest that the policy writes.
    Digest,
    /// The CA lists no content cipher that the policy writes.
    Cipher,
    /// The policy allows no digest, no content cipher or no key transport.
    EmptyPolicy,
    /// The CA is NDES, which answers in RSAES-OAEP, and the policy does not read that.
    Oaep,
}

impl NegotiationError {
    /// Which of the four causes it is.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        Cause::Policy
    }
}

impl fmt::Display for NegotiationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Digest => {
                "the CA lists no digest that the policy writes: the list was shortened on the way, or the CA is so old that it needs \
                 Tolerance::WeakRequests"
            }
            Self::Cipher => {
                "the CA lists no content cipher that the policy writes: the list was shortened on the way, or the CA is so old that \
                 it needs Tolerance::WeakRequests"
            }
            Self::EmptyPolicy => "the policy allows nothing to write a request with",
            Self::Oaep => "the CA is NDES, which answers in RSAES-OAEP, and the policy refuses that",
        })
    }
}

impl core::error::Error for NegotiationError {}

/// Interop: NDES 2016 to 2022 lists exactly these, and does AES all the same.
pub(crate) fn is_ndes(capabilities: &Capabilities) -> bool {
    const LIST: [Capability<'static>; 6] = [
        Capability::PostPkiOperation,
        Capability::Renewal,
        Capability::Sha512,
        Capability::Sha256,
        Capability::Sha1,
        Capability::Des3,
    ];

    capabilities.iter().count() == LIST.len()
        && LIST.iter().all(|listed| capabilities.lists(*listed))
}

/// Interop: by Renewal alone, NDES and others mean a PKCSReq that is signed by the old certificate.
pub(crate) fn offers_renewal_req(capabilities: &Capabilities) -> bool {
    capabilities.lists(Capability::Renewal) && capabilities.lists(Capability::ScepStandard)
}

fn listed_digest(
    capabilities: &Capabilities,
    policy: &Policy,
) -> Result<DigestAlgorithm, NegotiationError> {
    const PREFERRED: [(DigestAlgorithm, Capability<'static>); 4] = [
        (DigestAlgorithm::Sha256, Capability::Sha256),
        (DigestAlgorithm::Sha512, Capability::Sha512),
        (DigestAlgorithm::Sha384, Capability::Other("SHA-384")),
        (DigestAlgorithm::Sha1, Capability::Sha1),
    ];

    let digests = policy.message_digests();
    if digests.iter().next().is_none() {
        return Err(NegotiationError::EmptyPolicy);
    }
    let weak = policy.tolerates(Tolerance::WeakRequests);
    PREFERRED
        .into_iter()
        .filter(|(digest, _)| digests.contains(*digest))
        .filter(|(digest, _)| weak || *digest != DigestAlgorithm::Sha1)
        .find(|(_, capability)| capabilities.supports(*capability))
        .map(|(digest, _)| digest)
        .ok_or(NegotiationError::Digest)
}

fn listed_cipher(
    capabilities: &Capabilities,
    policy: &Policy,
    ndes: bool,
) -> Result<ContentCipher, NegotiationError> {
    // AES means AES128-CBC by RFC 8894, section 3.5.2; the longer keys are for policies without it.
    const PREFERRED: [(ContentCipher, Capability<'static>); 4] = [
        (ContentCipher::Aes128Cbc, Capability::Aes),
        (ContentCipher::Aes256Cbc, Capability::Aes),
        (ContentCipher::Aes192Cbc, Capability::Aes),
        (ContentCipher::TripleDesCbc, Capability::Des3),
    ];

    let ciphers = policy.content_ciphers();
    if ciphers.iter().next().is_none() {
        return Err(NegotiationError::EmptyPolicy);
    }
    let weak = policy.tolerates(Tolerance::WeakRequests);
    PREFERRED
        .into_iter()
        .filter(|(cipher, _)| ciphers.contains(*cipher))
        .filter(|(cipher, _)| weak || *cipher != ContentCipher::TripleDesCbc)
        .find(|(_, capability)| {
            capabilities.supports(*capability) || (ndes && *capability == Capability::Aes)
        })
        .map(|(cipher, _)| cipher)
        .ok_or(NegotiationError::Cipher)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::{CipherSet, DigestSet, TransportSet};

    const NDES: &[u8] = b"POSTPKIOperation\nRenewal\nSHA-512\nSHA-256\nSHA-1\nDES3\n";

    fn negotiate(body: &[u8], policy: &Policy) -> Result<Negotiation, NegotiationError> {
        Negotiation::new(&Capabilities::parse(body), policy)
    }

    /// Digest and cipher.
    fn algorithms(
        body: &[u8],
        policy: &Policy,
    ) -> Result<(DigestAlgorithm, ContentCipher), NegotiationError> {
        negotiate(body, policy).map(|chosen| (chosen.digest(), chosen.content_cipher()))
    }

    const GOOD: (DigestAlgorithm, ContentCipher) =
        (DigestAlgorithm::Sha256, ContentCipher::Aes128Cbc);

    #[test]
    fn a_ca_of_the_standard_gets_the_standard() {
        for policy in [Policy::strict(), Policy::default(), Policy::compatible()] {
            let chosen = negotiate(b"SCEPStandard\nRenewal", &policy).unwrap();
            assert_eq!((chosen.digest(), chosen.content_cipher()), GOOD);
            assert_eq!(chosen.key_transport(), KeyTransport::RsaPkcs1v15);
            assert_eq!(chosen.method(), Method::Post);
            assert_eq!(chosen.renewal(), RenewalForm::RenewalReq);
        }
    }

    #[test]
    fn silence_lowers_nothing() {
        for policy in [Policy::strict(), Policy::default(), Policy::compatible()] {
            for capabilities in [Capabilities::UNKNOWN, Capabilities::NONE] {
                let chosen = Negotiation::new(&capabilities, &policy).unwrap();
                assert_eq!((chosen.digest(), chosen.content_cipher()), GOOD);
                assert_eq!(chosen.method(), Method::Get);
                assert_eq!(chosen.renewal(), RenewalForm::PkcsReq);
            }
        }
    }

    #[test]
    fn a_weak_list_is_followed_only_under_a_tolerance() {
        let weak = b"SHA-1\nDES3\nPOSTPKIOperation";
        assert_eq!(
            algorithms(weak, &Policy::default()),
            Err(NegotiationError::Digest)
        );
        assert_eq!(
            algorithms(b"SHA-256\nDES3", &Policy::default()),
            Err(NegotiationError::Cipher)
        );
        assert_eq!(
            algorithms(weak, &Policy::compatible()),
            Ok((DigestAlgorithm::Sha1, ContentCipher::TripleDesCbc))
        );
        // The same tolerance changes nothing where the CA can do better.
        assert_eq!(
            algorithms(b"SHA-1\nDES3\nSHA-512\nAES", &Policy::compatible()),
            Ok((DigestAlgorithm::Sha512, ContentCipher::Aes128Cbc))
        );
    }

    #[test]
    fn ndes_does_aes_without_saying_so() {
        let chosen = negotiate(NDES, &Policy::default()).unwrap();
        assert_eq!((chosen.digest(), chosen.content_cipher()), GOOD);
        assert_eq!(chosen.method(), Method::Post);
        assert_eq!(chosen.renewal(), RenewalForm::PkcsReq);
        // One keyword more or less, and it is another server.
        for other in [
            &b"POSTPKIOperation\nRenewal\nSHA-512\nSHA-256\nSHA-1\nDES3\nUpdate"[..],
            b"POSTPKIOperation\nSHA-512\nSHA-256\nSHA-1\nDES3",
            b"POSTPKIOperation\nPOSTPKIOperation\nSHA-512\nSHA-256\nSHA-1\nDES3",
        ] {
            assert_eq!(
                algorithms(other, &Policy::default()),
                Err(NegotiationError::Cipher)
            );
        }
        let no_oaep =
            Policy::default().with_transports(TransportSet::of(&[TransportScheme::RsaPkcs1v15]));
        assert_eq!(algorithms(NDES, &no_oaep), Err(NegotiationError::Oaep));
    }

    #[test]
    fn renewal_by_type_17_takes_both_keywords() {
        let renewal =
            |body: &[u8]| negotiate(body, &Policy::default()).map(|chosen| chosen.renewal());
        assert_eq!(renewal(b"AES\nSHA-256\nRenewal"), Ok(RenewalForm::PkcsReq));
        assert_eq!(renewal(b"SCEPStandard"), Ok(RenewalForm::PkcsReq));
        assert_eq!(
            renewal(b"SCEPStandard\nRenewal"),
            Ok(RenewalForm::RenewalReq)
        );
    }

    #[test]
    fn the_policy_decides_what_is_left() {
        let policy = Policy::default()
            .with_message_digests(DigestSet::of(&[DigestAlgorithm::Sha384]))
            .with_content_ciphers(CipherSet::of(&[ContentCipher::Aes256Cbc]))
            .with_transports(TransportSet::of(&[TransportScheme::RsaOaep]));
        let chosen = negotiate(b"SCEPStandard\nsha-384", &policy).unwrap();
        assert_eq!(chosen.digest(), DigestAlgorithm::Sha384);
        assert_eq!(chosen.content_cipher(), ContentCipher::Aes256Cbc);
        assert_eq!(
            chosen.key_transport(),
            KeyTransport::RsaOaep {
                digest: DigestAlgorithm::Sha256,
                mgf_digest: DigestAlgorithm::Sha256
            }
        );
        assert_eq!(
            algorithms(b"SCEPStandard", &policy),
            Err(NegotiationError::Digest)
        );
        for empty in [
            Policy::default().with_message_digests(DigestSet::EMPTY),
            Policy::default().with_content_ciphers(CipherSet::EMPTY),
            Policy::default().with_transports(TransportSet::EMPTY),
        ] {
            for body in [&b"SCEPStandard"[..], b""] {
                assert_eq!(negotiate(body, &empty), Err(NegotiationError::EmptyPolicy));
            }
        }
    }

    #[test]
    fn the_caller_overrides_each_choice() {
        let chosen = negotiate(b"", &Policy::default())
            .unwrap()
            .with_digest(DigestAlgorithm::Sha512)
            .with_content_cipher(ContentCipher::TripleDesCbc)
            .with_method(Method::Post)
            .with_renewal(RenewalForm::RenewalReq);
        assert_eq!(chosen.digest(), DigestAlgorithm::Sha512);
        assert_eq!(chosen.content_cipher(), ContentCipher::TripleDesCbc);
        assert_eq!(chosen.method(), Method::Post);
        assert_eq!(chosen.renewal().message_type(), MessageType::RenewalReq);
    }
}
