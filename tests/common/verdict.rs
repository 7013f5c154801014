//! A good message with one thing changed, and what the crate says of it.

use super::forge::{Envelope, Forge};
use super::{Parties, RsaKey, rng};
use scep::crypto::{
    CipherSet, ContentCipher, DigestAlgorithm, DigestSet, KeyTransport, Policy, SigningKey,
};
use scep::{
    CertRep, CsrBuilder, DecryptError, FailInfo, Item, Layer, Limits, OpenError, ParseErrorKind,
    PkiMessage, Recipient, Refused, Request, SignerMatch, SignerTrust, TransactionError,
    VerifyError,
};

use ContentCipher::{Aes128Cbc, Aes192Cbc, Aes256Cbc, DesCbc, TripleDesCbc};
use DigestAlgorithm::{Md5, Sha1, Sha256, Sha384, Sha512};

/// A 1024-bit key, of no other use.
pub(crate) const SMALL_KEY: &[u8] = b"\
-----BEGIN RSA PRIVATE KEY-----
MIICXAIBAAKBgQClWLHt+VfG/Cp4CkN3/JEIbHme1YBQ0XbexMFS6VIizjgaMLMH
vV4gQsVSdy6RArmC4YGNk0bOc2PTFUJ4meSkCZBX94PRfl5VYdlNS6gfFS85johI
Wu7RwJqdOYcNiA7laRJ2mfK8NPNVicshUpldYQzfLa33bluseWdAzNxYeQIDAQAB
AoGAbkU/rMC8rIUh4Zqeslerdd26Ipaqk7uONjUr5Rqb34B+Y+EUlNXS/1roc/3t
/WG+zK2OFBgjga3s5ipogTvJAhaaz1lFoZJDkQfT++rnd06Poi7r78ozOdOM/BF2
PWK6DjjA7JyHfGIHOJab6oTnFX6P+9hcdyYrAe9xbfECWM0CQQDUbhVeJLm0flBf
LmTU6sQxSudEOMPcdvwAggEWgM5plSiy8nhydsXPG/diPJmwJ7i7Z6lzLxI0aS6W
iJs661fjAkEAx0JtlyJWVovZn7pa3fVmtbhUYkcLPN4W7LGgEHqPN1wxnbkb8/O/
kNFZTkaRVEm331X4s1Gdy1VXxVds7zQk8wJAPA83qVtWycogrRhv16bce1dDFY27
Cnz1eKtI5XTbZwyN6jIVjb844/pzMeoSRbSlTQ7c4L0BN6I5UsQip0DcowJAWn90
EJE6z0HjDCVyQZ7EEEJwqNYFZ5aiqMufm/xd8VHBAxZgeLK6zYYXXnK0bKiyhw+f
zamC1iejnnAvfJCdOwJBAIOD8DoLWAz60xtIH5plSzC21VXH0RteH+aKwyu+51Ms
CXLDvPuRh3tjMJUFfOx4blMaz4CC+Hudto5uLF8hBng=
-----END RSA PRIVATE KEY-----
";

/// Each named policy with the digests, ciphers and least modulus that it should allow.
pub(crate) fn policies() -> Vec<(&'static str, Policy, DigestSet, CipherSet, usize)> {
    let sha2 = DigestSet::of(&[Sha256, Sha384, Sha512]);
    let sha = sha2.with(Sha1);
    let aes = CipherSet::of(&[Aes128Cbc, Aes192Cbc, Aes256Cbc]);
    let ciphers = aes.with(TripleDesCbc);
    vec![
        ("strict", Policy::strict(), sha2, aes, 2048),
        ("default", Policy::default(), sha, ciphers, 2048),
        ("compatible", Policy::compatible(), sha, ciphers, 1024),
        #[cfg(feature = "legacy")]
        (
            "legacy",
            Policy::legacy(),
            sha.with(Md5),
            ciphers.with(DesCbc),
            1024,
        ),
    ]
}

/// A good PKCSReq, taken apart.
pub(crate) fn good(parties: &Parties) -> Forge {
    Forge::of(&parties.pkcs_req().0)
}

/// A PKCSReq with one thing changed, signed.
pub(crate) fn changed(parties: &Parties, change: impl FnOnce(&mut Forge)) -> Vec<u8> {
    let mut forge = good(parties);
    change(&mut forge);
    forge.sign(&parties.client_key)
}

/// The error of reading a message: what, in which item, at which byte.
pub(crate) fn parse_error(bytes: &[u8]) -> (ParseErrorKind, Item, usize) {
    let error = PkiMessage::parse(bytes, &Limits::REQUEST).unwrap_err();
    assert_eq!(error.layer(), Layer::Message);
    assert_eq!(error.fail_info(), FailInfo::BadMessageCheck);
    (error.kind(), error.item(), error.offset())
}

/// Where a part stands that stands once.
pub(crate) fn offset_of(bytes: &[u8], part: &[u8]) -> usize {
    let mut found = bytes.windows(part.len()).enumerate();
    let (offset, _) = found.find(|(_, window)| *window == part).unwrap();
    assert!(found.all(|(_, window)| window != part));
    offset
}

pub(crate) fn verify(
    parties: &Parties,
    policy: &Policy,
    bytes: &[u8],
) -> Result<SignerMatch, VerifyError> {
    let message = PkiMessage::parse(bytes, &Limits::REQUEST).unwrap();
    let trust = SignerTrust::new().self_issued().issuer(&parties.ca);
    message
        .verify(&parties.provider, policy, &trust)
        .map(|verified| verified.signer_match())
}

/// The error of verifying a request, and what a server answers.
pub(crate) fn verify_error(
    parties: &Parties,
    policy: &Policy,
    bytes: &[u8],
) -> (VerifyError, FailInfo) {
    let error = verify(parties, policy, bytes).unwrap_err();
    (error, error.fail_info())
}

pub(crate) fn open(parties: &Parties, policy: &Policy, bytes: &[u8]) -> Result<Request, OpenError> {
    let message = PkiMessage::parse(bytes, &Limits::REQUEST).unwrap();
    let trust = SignerTrust::new().self_issued().issuer(&parties.ca);
    message
        .verify(&parties.provider, policy, &trust)
        .unwrap()
        .open(&parties.provider, &parties.ca_recipients(), &mut rng())
}

/// The error of opening a request, and what a server answers.
pub(crate) fn open_error(
    parties: &Parties,
    policy: &Policy,
    bytes: &[u8],
) -> (OpenError, FailInfo) {
    let error = open(parties, policy, bytes).unwrap_err();
    (error, error.fail_info())
}

/// A message around an envelope.
pub(crate) fn around(parties: &Parties, envelope: &Envelope) -> Vec<u8> {
    changed(parties, |forge| forge.set_content(Some(envelope.to_der())))
}

/// A good envelope around the CSR.
pub(crate) fn envelope(parties: &Parties) -> Envelope {
    let transport = KeyTransport::RsaPkcs1v15;
    Envelope::seal(parties.csr.as_der(), &parties.ca, Aes128Cbc, transport)
}

pub(crate) fn bad_alg(refused: Refused) -> (VerifyError, FailInfo) {
    (VerifyError::Refused(refused), FailInfo::BadAlg)
}

pub(crate) const BAD_CHECK: FailInfo = FailInfo::BadMessageCheck;

/// The one error of an envelope that does not open.
pub(crate) const SEALED: (OpenError, FailInfo) = (OpenError::Decrypt(DecryptError), BAD_CHECK);

/// A CSR of this key.
pub(crate) fn csr_of(parties: &Parties, key: &RsaKey) -> Vec<u8> {
    let subject: x509_cert::name::Name = "CN=device".parse().unwrap();
    let csr = CsrBuilder::new(&subject, key.public_key_der())
        .build(key.algorithms()[0])
        .unwrap()
        .sign(key, &parties.provider, &mut rng())
        .unwrap();
    csr.as_der().to_vec()
}

/// A reply with one thing changed, as the client that waits for it sees it.
pub(crate) fn replied(
    parties: &Parties,
    policy: &Policy,
    change: impl FnOnce(&mut Forge),
) -> Result<&'static str, TransactionError> {
    let (request, pending) = parties.pkcs_req();
    let reply = parties.grant(&parties.receive(&request));
    let mut forge = Forge::of(&reply);
    change(&mut forge);
    let reply = PkiMessage::parse(forge.sign(&parties.ca_key), &Limits::REPLY).unwrap();
    let roles = parties.roles();
    match pending.accept(&reply, &roles, &parties.provider, policy)? {
        CertRep::Success(sealed) => {
            let recipient: Recipient<'_> = parties.client_recipient();
            sealed.open(&parties.provider, &recipient, &mut rng())?;
            Ok("success")
        }
        CertRep::Failure(failure) => {
            assert_eq!(failure.info(), None);
            Ok("failure")
        }
        CertRep::Pending => Ok("pending"),
    }
}
