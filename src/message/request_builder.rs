//! Requests, as a client builds them.

use alloc::string::String;
use alloc::vec::Vec;

use signature::rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::payload::{IssuerAndSerialNumber, IssuerAndSubject};
use super::pending::{Expected, PendingRequest, WantedCertificate};
use crate::ca_roles::CaRoles;
use crate::crypto::{
    ContentCipher, DigestAlgorithm, KeyTransport, Policy, Provider, SignatureAlgorithm, SigningKey,
};
use crate::csr::{Challenge, Csr};
use crate::pki_message::SignerIdentity;
use crate::pki_message::build::{Addressee, AttributeSet, Unsigned, WantedDigest, seal};
use crate::{BuildError, MessageType, Nonce, TransactionId};

/// Builds a request: encrypted to the CA's recipient, signed by the client.
///
/// Without further calls it is written in AES-128-CBC with RSAES-PKCS1-v1_5, which every server that was tried reads, or what the
/// policy has in their place ([`Policy::fresh_transport`] and its neighbours), signed by an RSA key in SHA-256 and by
/// a key on a curve with the first of its algorithms, as far as the policy allows it, and, where it starts a transaction, has a random
/// transactionID.
#[derive(Clone, Debug)]
pub struct RequestBuilder<'b> {
    message_type: MessageType,
    payload: Zeroizing<Vec<u8>>,
    expected: Expected,
    signer: &'b SignerIdentity<'b>,
    ca: &'b CaRoles<'b>,
    transaction_id: Option<TransactionId<'static>>,
    digest: WantedDigest,
    cipher: Option<ContentCipher>,
    transport: Option<KeyTransport>,
    challenge: Option<Challenge<Zeroizing<String>>>,
}

/// A request that lacks its signature: sign it at once with [`sign`](Self::sign), or have
/// [`to_be_signed`](Self::to_be_signed) signed elsewhere and bring the signature to [`attach`](Self::attach).
#[derive(Clone)]
pub struct UnsignedRequest {
    unsigned: Unsigned,
    pending: PendingRequest,
}

impl<'b> RequestBuilder<'b> {
    /// PKCSReq, [RFC 8894, section 3.3.1](https://www.rfc-editor.org/rfc/rfc8894#section-3.3.1): asks for a certificate.
    ///
    /// The signer is a self-issued certificate over the CSR's key ([section
    /// 2.3](https://www.rfc-editor.org/rfc/rfc8894#section-2.3)) or, where the CA takes a renewal in this form, the old
    /// certificate.
    #[must_use]
    pub fn pkcs_req(csr: &Csr, signer: &'b SignerIdentity<'b>, ca: &'b CaRoles<'b>) -> Self {
        Self::with_csr(MessageType::PkcsReq, csr, signer, ca)
    }

    /// RenewalReq: asks for a certificate in place of the signer's.
    #[must_use]
    pub fn renewal_req(csr: &Csr, signer: &'b SignerIdentity<'b>, ca: &'b CaRoles<'b>) -> Self {
        Self::with_csr(MessageType::RenewalReq, csr, signer, ca)
    }

    /// CertPoll, [RFC 8894, section 3.3.3](https://www.rfc-editor.org/rfc/rfc8894#section-3.3.3): asks again for what a
    /// pending request asked for, in the same transaction.
    ///
    /// # Errors
    /// [`BuildError::ReplyNotForRequest`] if the pending request did not ask for a new certificate.
    pub fn cert_poll(
        pending: &PendingRequest,
        signer: &'b SignerIdentity<'b>,
        ca: &'b CaRoles<'b>,
    ) -> Result<Self, BuildError> {
        let Expected::Enrolment(wanted) = pending.expected() else {
            return Err(BuildError::ReplyNotForRequest(pending.message_type()));
        };
        let poll = Self::poll_for(wanted, signer, ca);
        Ok(poll.in_transaction(pending.transaction_id()))
    }

    /// The poll of an enrolment.
    pub(crate) fn poll_for(
        wanted: &WantedCertificate,
        signer: &'b SignerIdentity<'b>,
        ca: &'b CaRoles<'b>,
    ) -> Self {
        // The issuer is the CA that is to issue: its subject name.
        let names = IssuerAndSubject::new(ca.issuer().subject_der(), &wanted.subject);
        Self::new(
            MessageType::CertPoll,
            names.to_der(),
            Expected::Enrolment(wanted.clone()),
            signer,
            ca,
        )
    }

    /// Takes the identifier of a transaction that is under way.
    pub(crate) fn in_transaction(mut self, id: &TransactionId<'static>) -> Self {
        self.transaction_id = Some(id.clone());
        self
    }

    /// GetCert, [RFC 8894, section 3.3.4](https://www.rfc-editor.org/rfc/rfc8894#section-3.3.4): asks for a certificate.
    #[must_use]
    pub fn get_cert(
        wanted: IssuerAndSerialNumber,
        signer: &'b SignerIdentity<'b>,
        ca: &'b CaRoles<'b>,
    ) -> Self {
        let payload = wanted.to_der();
        let expected = Expected::Certificate(wanted);
        Self::new(MessageType::GetCert, payload, expected, signer, ca)
    }

    /// GetCRL, [RFC 8894, section 3.3.4](https://www.rfc-editor.org/rfc/rfc8894#section-3.3.4): asks for the CRL that would
    /// list a certificate.
    #[must_use]
    pub fn get_crl(
        certificate: IssuerAndSerialNumber,
        signer: &'b SignerIdentity<'b>,
        ca: &'b CaRoles<'b>,
    ) -> Self {
        let payload = certificate.to_der();
        let expected = Expected::Crl {
            issuer: certificate.issuer_der().to_vec(),
        };
        Self::new(MessageType::GetCrl, payload, expected, signer, ca)
    }

    /// Takes a transactionID, for example one that the CA assigned. A poll keeps that of its transaction.
    #[must_use]
    pub fn transaction_id(mut self, id: TransactionId<'static>) -> Self {
        if self.message_type != MessageType::CertPoll {
            self.transaction_id = Some(id);
        }
        self
    }

    /// Takes this digest and no other. Without it, an RSA key signs in SHA-256 and a key on a curve with the first of its
    /// [algorithms](SigningKey::algorithms), as far as the policy allows it: name none for a key that has a digest of its own, such as
    /// one of Ed25519.
    #[must_use]
    pub const fn digest(mut self, digest: DigestAlgorithm) -> Self {
        self.digest = WantedDigest::Named(digest);
        self
    }

    /// Takes a digest that was negotiated, and another if the policy or the key refuses it.
    pub(crate) const fn prefer_digest(mut self, digest: DigestAlgorithm) -> Self {
        self.digest = WantedDigest::Preferred(digest);
        self
    }

    /// Takes a content cipher.
    #[must_use]
    pub const fn content_cipher(mut self, cipher: ContentCipher) -> Self {
        self.cipher = Some(cipher);
        self
    }

    /// Takes a key transport.
    #[must_use]
    pub const fn key_transport(mut self, transport: KeyTransport) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Takes the challenge password, under which the request is encrypted if the CA's key cannot decrypt
    /// ([RFC 8894, section 3.1](https://www.rfc-editor.org/rfc/rfc8894#section-3.1)). Without it, or if it is empty, that is the one
    /// in the CSR; a poll has none. Where there is none at all, a CA's key on a curve is encrypted to by key agreement.
    ///
    /// Whoever captures such a message can try passwords at it: it is as good as the password is hard to guess.
    #[must_use]
    pub fn challenge(mut self, password: &str) -> Self {
        if !password.is_empty() {
            self.challenge = Some(Challenge(Zeroizing::new(password.into())));
        }
        self
    }

    /// Takes a challenge password where there is none.
    pub(crate) fn or_challenge(self, password: &str) -> Self {
        match self.challenge {
            Some(_) => self,
            None => self.challenge(password),
        }
    }

    /// Encrypts the payload and puts the message together.
    ///
    /// # Errors
    /// Without a challenge password, [`BuildError::NoPassword`] if the CA's key only signs, if the policy has no digest or key wrap for
    /// key agreement, or if the cipher's keys are too short for a key wrap, and [`BuildError::NoKeyAgreement`] if it is on a curve and
    /// its certificate's keyUsage forbids key agreement;
    /// [`BuildError::EmptyPolicy`] if the policy refuses the cipher or key transport, or has nothing to encrypt under a challenge
    /// password that the CA's key needs; [`BuildError::NoAlgorithm`] if it refuses all that the signing key can do, or if
    /// one of them refuses the [digest](Self::digest) that was named; [`BuildError::Recipient`] if the CA's recipient cannot be encrypted to.
    pub fn build(
        self,
        provider: &Provider,
        policy: &Policy,
        rng: &mut dyn CryptoRng,
    ) -> Result<UnsignedRequest, BuildError> {
        let cipher = self.cipher.or_else(|| policy.fresh_cipher());
        let cipher = cipher
            .filter(|cipher| policy.content_ciphers().contains(*cipher))
            .ok_or(BuildError::EmptyPolicy)?;
        let addressee = Addressee {
            certificate: self.ca.recipient(),
            password: self.challenge.as_ref().map(|one| one.0.as_str()),
            cipher,
        };
        let fresh = self.transport.is_none().then(|| policy.fresh_transports());
        let transports = self
            .transport
            .into_iter()
            .chain(fresh.into_iter().flatten());
        let recipient = addressee.envelope_recipient(transports, policy)?;
        let envelope = seal(provider, recipient, cipher, &self.payload, rng)?;
        let transaction_id = self
            .transaction_id
            .unwrap_or_else(|| TransactionId::random(rng));
        let sender_nonce = Nonce::random(rng);
        let unsigned = Unsigned::new(
            provider,
            policy,
            self.signer,
            self.digest,
            &AttributeSet {
                message_type: self.message_type,
                transaction_id: &transaction_id,
                sender_nonce,
                reply: None,
            },
            Some(envelope),
        )?;
        let pending = PendingRequest::new(
            self.message_type,
            transaction_id,
            sender_nonce,
            self.expected,
            self.signer.certificate(),
        );
        Ok(UnsignedRequest { unsigned, pending })
    }

    fn with_csr(
        message_type: MessageType,
        csr: &Csr,
        signer: &'b SignerIdentity<'b>,
        ca: &'b CaRoles<'b>,
    ) -> Self {
        let expected = Expected::Enrolment(WantedCertificate::new(csr, signer.certificate()));
        let builder = Self::new(message_type, csr.as_der().to_vec(), expected, signer, ca);
        Self {
            challenge: csr.challenge_password().secret_text(),
            ..builder
        }
    }

    fn new(
        message_type: MessageType,
        payload: Vec<u8>,
        expected: Expected,
        signer: &'b SignerIdentity<'b>,
        ca: &'b CaRoles<'b>,
    ) -> Self {
        Self {
            message_type,
            payload: Zeroizing::new(payload),
            expected,
            signer,
            ca,
            transaction_id: None,
            digest: WantedDigest::Any,
            cipher: None,
            transport: None,
            challenge: None,
        }
    }
}

impl UnsignedRequest {
    /// Signs the request with the signer's key; gives its bytes, and what is needed to read the reply.
    ///
    /// # Errors
    /// [`BuildError::KeyMismatch`] if the key knows its public key and it is not the signer's;
    /// [`BuildError::WrongSignature`] if it does not know it and its signature is not the signer's, or if one of ECDSA is not in DER;
    /// [`BuildError::Crypto`] if it gives no signature.
    pub fn sign(
        self,
        key: &dyn SigningKey,
        rng: &mut dyn CryptoRng,
    ) -> Result<(Vec<u8>, PendingRequest), BuildError> {
        Ok((self.unsigned.sign(key, rng)?, self.pending))
    }

    /// The bytes to be signed elsewhere, not yet digested.
    #[must_use]
    pub fn to_be_signed(&self) -> &[u8] {
        self.unsigned.to_be_signed()
    }

    /// The algorithm with which they are to be signed.
    #[must_use]
    pub const fn algorithm(&self) -> SignatureAlgorithm {
        self.unsigned.algorithm()
    }

    /// Takes the signature that was made elsewhere; gives the request's bytes, and what is needed to read the reply.
    ///
    /// # Errors
    /// [`BuildError::WrongSignature`] if it is not the signer's over [`to_be_signed`](Self::to_be_signed).
    pub fn attach(
        self,
        signature: &[u8],
        provider: &Provider,
    ) -> Result<(Vec<u8>, PendingRequest), BuildError> {
        Ok((self.unsigned.attach(signature, provider)?, self.pending))
    }
}

impl core::fmt::Debug for UnsignedRequest {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("UnsignedRequest")
            .field("pending", &self.pending)
            .finish_non_exhaustive()
    }
}
