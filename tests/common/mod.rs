//! A client and a CA on test keys, for the tests of whole messages.
#![allow(dead_code, unused_imports, reason = "each test file uses its own part")]

pub(crate) mod ber;
pub(crate) mod cases;
pub(crate) mod forge;
pub(crate) mod issue;
pub(crate) mod made;
pub(crate) mod verdict;
pub(crate) mod x509;

use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use scep::crypto::{
    ContentCipher, DigestAlgorithm, DigestSet, KeyTransport, Policy, Provider, SignatureAlgorithm,
};
use scep::{
    CaRoles, Certificate, CertsOnly, Crl, Csr, FailInfo, IssuerAndSerialNumber, IssuerAndSubject,
    Limits, NextCaBuilder, PendingRequest, PkiMessage, Recipient, ReplyBuilder, Request,
    RequestBuilder, SignerIdentity, SignerTrust, UnsignedReply, UnverifiedCsr,
};

/// A file of test-vectors/.
macro_rules! vector {
    ($path:literal) => {
        include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/test-vectors/", $path))
    };
}
pub(crate) use vector;

/// The keys of the provider that the tests are run with.
#[cfg(feature = "aws-lc-rs")]
pub(crate) use scep::crypto::aws_lc_rs::RsaKey;
#[cfg(all(feature = "ec", feature = "aws-lc-rs"))]
pub(crate) use scep::crypto::aws_lc_rs::{EcKey, Ed25519Key};
#[cfg(not(feature = "aws-lc-rs"))]
pub(crate) use scep::crypto::rustcrypto::RsaKey;
#[cfg(all(feature = "ec", not(feature = "aws-lc-rs")))]
pub(crate) use scep::crypto::rustcrypto::{EcKey, Ed25519Key};

/// The provider that the tests are run with: the one of aws-lc-rs where it is built in, else the software provider. To
/// run them with each, run them with and without the feature.
pub(crate) const fn provider() -> Provider {
    #[cfg(feature = "aws-lc-rs")]
    return Provider::aws_lc_rs();
    #[cfg(not(feature = "aws-lc-rs"))]
    return Provider::rustcrypto();
}

/// The system's random bytes.
pub(crate) fn rng() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

/// The DER inside a PEM file.
pub(crate) fn pem(text: &[u8]) -> Vec<u8> {
    pem_rfc7468::decode_vec(text).unwrap().1
}

pub(crate) fn certificate(text: &[u8]) -> Certificate<'static> {
    Certificate::from_der(pem(text)).unwrap()
}

pub(crate) fn key(text: &[u8]) -> RsaKey {
    let (label, der) = pem_rfc7468::decode_vec(text).unwrap();
    match label {
        "RSA PRIVATE KEY" => RsaKey::from_pkcs1_der(&der).unwrap(),
        _ => RsaKey::from_pkcs8_der(&der).unwrap(),
    }
}

/// Both sides of an enrolment.
pub(crate) struct Parties {
    pub(crate) provider: Provider,
    pub(crate) policy: Policy,
    pub(crate) ca: Certificate<'static>,
    pub(crate) ca_key: RsaKey,
    /// The client's self-signed certificate, on the key of `csr`.
    pub(crate) client: Certificate<'static>,
    pub(crate) client_key: RsaKey,
    pub(crate) csr: Csr,
    /// What the CA issued for `csr`.
    pub(crate) issued: Certificate<'static>,
}

impl Parties {
    pub(crate) fn new() -> Self {
        let (provider, policy) = (provider(), Policy::default());
        let csr = UnverifiedCsr::from_der(pem(vector!("keys/c2048.csr.pem")), &Limits::REQUEST)
            .unwrap()
            .verify(&provider, &policy)
            .unwrap();
        Self {
            provider,
            policy,
            ca: certificate(vector!("keys/ca-jscep.pem")),
            ca_key: key(vector!("keys/ca-jscep.key")),
            client: certificate(vector!("keys/c2048.selfsigned.pem")),
            client_key: key(vector!("keys/c2048.key")),
            csr,
            issued: certificate(vector!("keys/c2048.issued-by-ca-jscep.pem")),
        }
    }

    pub(crate) fn ca_signer(&self) -> SignerIdentity<'_> {
        SignerIdentity::new(&self.ca, &self.ca_key).unwrap()
    }

    pub(crate) fn client_signer(&self) -> SignerIdentity<'_> {
        SignerIdentity::new(&self.client, &self.client_key).unwrap()
    }

    pub(crate) fn roles(&self) -> CaRoles<'_> {
        CaRoles::new(&self.ca)
    }

    pub(crate) fn ca_recipients(&self) -> [Recipient<'_>; 1] {
        [Recipient::new(&self.ca, &self.ca_key).unwrap()]
    }

    pub(crate) fn client_recipient(&self) -> Recipient<'_> {
        Recipient::new(&self.client, &self.client_key).unwrap()
    }

    /// A PKCSReq, and what its reply is read with.
    pub(crate) fn pkcs_req(&self) -> (Vec<u8>, PendingRequest) {
        self.send(RequestBuilder::pkcs_req(
            &self.csr,
            &self.client_signer(),
            &self.roles(),
        ))
    }

    /// Builds and signs a client's request.
    pub(crate) fn send(&self, builder: RequestBuilder<'_>) -> (Vec<u8>, PendingRequest) {
        builder
            .build(&self.provider, &self.policy, &mut rng())
            .unwrap()
            .sign(&self.client_key, &mut rng())
            .unwrap()
    }

    /// The CA's SUCCESS with the issued certificate.
    pub(crate) fn grant(&self, request: &Request) -> Vec<u8> {
        let signer = self.ca_signer();
        let reply = request.reply(&self.provider, &signer);
        let reply = reply.success(std::slice::from_ref(&self.issued), &mut rng());
        reply.unwrap().sign(&self.ca_key, &mut rng()).unwrap()
    }

    /// A server's road for a request that is right.
    pub(crate) fn receive(&self, bytes: &[u8]) -> Request {
        let message = PkiMessage::parse(bytes, &Limits::REQUEST).unwrap();
        let trust = SignerTrust::new().self_issued().issuer(&self.ca);
        let verified = message
            .verify(&self.provider, &self.policy, &trust)
            .unwrap();
        verified
            .open(&self.provider, &self.ca_recipients(), &mut rng())
            .unwrap()
    }
}

/// A self-signed certificate on a key.
pub(crate) fn self_signed(key: &RsaKey, subject: &str) -> Certificate<'static> {
    use scep::crypto::SigningKey;
    use scep::{SignerCertificateBuilder, Validity};
    let subject: x509_cert::name::Name = subject.parse().unwrap();
    let validity = Validity {
        not_before: 1_767_225_600,
        not_after: 1_798_761_600,
    };
    SignerCertificateBuilder::new(&subject, key.public_key_der(), validity)
        .build(key.algorithms()[0], &provider(), &mut rng())
        .unwrap()
        .sign(key, &provider(), &mut rng())
        .unwrap()
}

/// The policy that allows most.
pub(crate) const fn widest_policy() -> Policy {
    #[cfg(feature = "legacy")]
    return Policy::legacy();
    #[cfg(not(feature = "legacy"))]
    return Policy::compatible();
}

/// SHA-1 and SHA-2.
pub(crate) const DIGESTS: [DigestAlgorithm; 4] = [
    DigestAlgorithm::Sha1,
    DigestAlgorithm::Sha256,
    DigestAlgorithm::Sha384,
    DigestAlgorithm::Sha512,
];

/// The ciphers that every provider has.
pub(crate) const CIPHERS: [ContentCipher; 4] = [
    ContentCipher::TripleDesCbc,
    ContentCipher::Aes128Cbc,
    ContentCipher::Aes192Cbc,
    ContentCipher::Aes256Cbc,
];

/// PKCS #1 v1.5, and OAEP with each pair of hashes.
pub(crate) fn key_transports() -> Vec<KeyTransport> {
    let oaep = DIGESTS.into_iter().flat_map(|digest| {
        DIGESTS
            .into_iter()
            .map(move |mgf_digest| KeyTransport::RsaOaep { digest, mgf_digest })
    });
    std::iter::once(KeyTransport::RsaPkcs1v15)
        .chain(oaep)
        .collect()
}

/// PKCS #1 v1.5 and PSS with each of the digests.
pub(crate) fn signature_algorithms(digests: &[DigestAlgorithm]) -> Vec<SignatureAlgorithm> {
    let both = |digest: &DigestAlgorithm| [SignatureAlgorithm::RsaPkcs1v15(*digest), pss(*digest)];
    digests.iter().flat_map(both).collect()
}

/// PSS as the keys of this crate write it.
pub(crate) const fn pss(digest: DigestAlgorithm) -> SignatureAlgorithm {
    SignatureAlgorithm::RsaPss {
        digest,
        mgf_digest: digest,
        salt_len: digest.output_len(),
    }
}

/// What a message is built with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Algorithms {
    pub(crate) signature: SignatureAlgorithm,
    pub(crate) cipher: ContentCipher,
    pub(crate) transport: KeyTransport,
}

/// What is inside a message that was built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Inside {
    /// Encrypted to the CA.
    ForCa(Vec<u8>),
    /// Encrypted to the client.
    ForClient(Vec<u8>),
    /// Signed and not encrypted.
    Signed(Vec<u8>),
    /// Nothing at all.
    Nothing,
}

/// A message that the crate built.
#[derive(Clone, Debug)]
pub(crate) struct Built {
    pub(crate) name: &'static str,
    pub(crate) bytes: Vec<u8>,
    pub(crate) inside: Inside,
}

impl Parties {
    /// The CRL of the CA.
    pub(crate) fn crl(&self) -> Crl<'static> {
        Crl::from_der(&vector!("server-jscep/crl.der")[..]).unwrap()
    }

    /// One message of every type that has a signature, all with these algorithms.
    pub(crate) fn every_message(&self, algorithms: Algorithms) -> Vec<Built> {
        let one = [algorithms.signature];
        let client = SignerIdentity::remote(&self.client, &one);
        let renewing = SignerIdentity::remote(&self.issued, &one);
        let roles = self.roles();
        let wanted = || IssuerAndSerialNumber::of(&self.issued);
        let send = |builder: RequestBuilder<'_>| {
            self.send(
                builder
                    .digest(algorithms.signature.digest())
                    .content_cipher(algorithms.cipher)
                    .key_transport(algorithms.transport),
            )
        };
        let csr = self.csr.as_der().to_vec();
        let names = IssuerAndSubject::new(self.ca.subject_der(), self.csr.subject_der());
        let (request, pending) = send(RequestBuilder::pkcs_req(&self.csr, &client, &roles));
        let (poll, _) = send(RequestBuilder::cert_poll(&pending, &client, &roles).unwrap());
        let (get_cert, _) = send(RequestBuilder::get_cert(wanted(), &client, &roles));
        let (get_crl, _) = send(RequestBuilder::get_crl(wanted(), &client, &roles));
        let (renewal, _) = send(RequestBuilder::renewal_req(&self.csr, &renewing, &roles));

        let chain = [self.issued.clone(), self.ca.clone()];
        let certificates = Inside::ForClient(CertsOnly::encode(&chain, &[]));
        let crl = Inside::ForClient(CertsOnly::encode(&[], &[self.crl()]));
        let success = self.answer(algorithms, &request, |reply| {
            reply.success(&chain, &mut rng())
        });
        let granted_crl = self.answer(algorithms, &get_crl, |reply| {
            reply.success_crl(&self.crl(), &mut rng())
        });
        let failure = self.answer(algorithms, &request, |reply| {
            let text = Some("the challenge password is wrong: 密码");
            reply.failure(FailInfo::BadRequest, text, &mut rng())
        });
        let waiting = self.answer(algorithms, &request, |reply| reply.pending(&mut rng()));

        let next = certificate(vector!("keys/ca-jscep-next.pem"));
        let next = std::slice::from_ref(&next);
        let only = DigestSet::of(&[algorithms.signature.digest()]);
        let policy = self.policy.with_message_digests(only);
        let ca = SignerIdentity::remote(&self.ca, &one);
        let next_ca = NextCaBuilder::new(next, &ca)
            .build(&self.provider, &policy)
            .unwrap()
            .sign(&self.ca_key, &mut rng())
            .unwrap();
        let next = Inside::Signed(CertsOnly::encode(next, &[]));

        [
            ("PKCSReq", request, Inside::ForCa(csr.clone())),
            ("RenewalReq", renewal, Inside::ForCa(csr)),
            ("CertPoll", poll, Inside::ForCa(names.to_der())),
            ("GetCert", get_cert, Inside::ForCa(wanted().to_der())),
            ("GetCRL", get_crl, Inside::ForCa(wanted().to_der())),
            ("CertRep SUCCESS, certificates", success, certificates),
            ("CertRep SUCCESS, CRL", granted_crl, crl),
            ("CertRep FAILURE", failure, Inside::Nothing),
            ("CertRep PENDING", waiting, Inside::Nothing),
            ("GetNextCACert", next_ca, next),
        ]
        .map(|(name, bytes, inside)| Built {
            name,
            bytes,
            inside,
        })
        .into()
    }

    /// The CA's answer to a request.
    fn answer(
        &self,
        algorithms: Algorithms,
        request: &[u8],
        decide: impl FnOnce(&ReplyBuilder<'_>) -> Result<UnsignedReply, scep::BuildError>,
    ) -> Vec<u8> {
        let one = [algorithms.signature];
        let ca = SignerIdentity::remote(&self.ca, &one);
        let request = self.receive(request);
        let reply = request.reply(&self.provider, &ca);
        let unsigned = decide(&reply).unwrap();
        unsigned.sign(&self.ca_key, &mut rng()).unwrap()
    }
}
