//! What messages may use.

use super::{
    CipherSet, ContentCipher, CurveSet, DigestAlgorithm, DigestSet, EllipticCurve, KeyAgreement,
    KeyTransport, KeyWrap, KeyWrapSet, PasswordEncryption, SignatureScheme, SignatureSchemeSet,
    Tolerance, ToleranceSet, TransportScheme, TransportSet, key_wrap,
};
use core::ops::RangeInclusive;

/// What a message may use, as an allow-list for each place in which an algorithm stands.
///
/// Four policies have a name: [`strict`](Self::strict), [`default_policy`](Self::default_policy) (also [`Default`]),
/// [`compatible`](Self::compatible) and, with the feature `legacy`, `legacy`; each allows all that those before it do.
/// A fresh request is written in AES-128 and SHA-256, or a longer digest that suits a key on a longer curve, under all of them: what the weaker
/// ones add is read, and written to answer a peer in what it sent, where the caller names it, and by a client under `compatible` if
/// a server lists nothing better ([`Tolerance::WeakRequests`]).
///
/// ```
/// use scep::crypto::{ContentCipher, Policy};
///
/// let no_triple_des = Policy::default();
/// let no_triple_des = no_triple_des
///     .with_content_ciphers(no_triple_des.content_ciphers().without(ContentCipher::TripleDesCbc));
/// assert!(!no_triple_des.content_ciphers().contains(ContentCipher::TripleDesCbc));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    message_digests: DigestSet,
    csr_digests: DigestSet,
    certificate_digests: DigestSet,
    oaep_digests: DigestSet,
    mgf_digests: DigestSet,
    content_ciphers: CipherSet,
    signature_schemes: SignatureSchemeSet,
    transports: TransportSet,
    min_rsa_modulus_bits: usize,
    max_rsa_modulus_bits: usize,
    max_rsa_exponent_bits: usize,
    curves: CurveSet,
    key_agreement_digests: DigestSet,
    key_wraps: KeyWrapSet,
    password_prfs: DigestSet,
    password_ciphers: CipherSet,
    password_iterations: u32,
    max_password_iterations: u32,
    tolerances: ToleranceSet,
}

impl Default for Policy {
    fn default() -> Self {
        Self::default_policy()
    }
}

/// The named policies.
impl Policy {
    /// AES-CBC and SHA-2 only, RSA from 2048 to 8192 bits, every elliptic curve, no tolerance.
    ///
    /// SHA-1 stays allowed as hash and MGF hash of OAEP, where it is the default of
    /// [RFC 8017, appendix A.2.1](https://www.rfc-editor.org/rfc/rfc8017#appendix-A.2.1), in the HMAC of PBKDF2, where it is that of
    /// [RFC 8018, appendix A.2](https://www.rfc-editor.org/rfc/rfc8018#appendix-A.2), and in key agreement, where some programs
    /// know nothing else: its collisions do no harm there.
    #[must_use]
    pub const fn strict() -> Self {
        Self {
            message_digests: SHA2,
            csr_digests: SHA2,
            certificate_digests: SHA2,
            oaep_digests: SHA1_AND_2,
            mgf_digests: SHA1_AND_2,
            content_ciphers: AES,
            signature_schemes: SignatureSchemeSet::of(&SignatureScheme::ALL),
            transports: TransportSet::of(&TransportScheme::ALL),
            min_rsa_modulus_bits: 2048,
            max_rsa_modulus_bits: 8192,
            max_rsa_exponent_bits: 33,
            curves: CurveSet::of(&EllipticCurve::ALL),
            key_agreement_digests: SHA1_AND_2,
            key_wraps: KeyWrapSet::of(&KeyWrap::ALL),
            password_prfs: SHA1_AND_2,
            password_ciphers: AES,
            password_iterations: 600_000,
            max_password_iterations: 1_200_000,
            tolerances: ToleranceSet::EMPTY,
        }
    }

    /// As [`strict`](Self::strict), and also SHA-1 and 3DES.
    ///
    /// Today's Windows and Apple clients send both, and
    /// [RFC 8894, section 2.9](https://www.rfc-editor.org/rfc/rfc8894#section-2.9) allows them. They are written
    /// in answer to a request that uses them, and where the caller names them.
    #[must_use]
    pub const fn default_policy() -> Self {
        Self::strict()
            .with_message_digests(SHA1_AND_2)
            .with_csr_digests(SHA1_AND_2)
            .with_certificate_digests(SHA1_AND_2)
            .with_content_ciphers(AES.with(ContentCipher::TripleDesCbc))
    }

    /// As [`default_policy`](Self::default_policy), and also RSA from 1024 bits, 3DES to encrypt keys under passwords, and every
    /// [`Tolerance`].
    #[must_use]
    pub const fn compatible() -> Self {
        Self::default_policy()
            .with_rsa_modulus_bits(1024..=8192)
            .with_password_ciphers(AES.with(ContentCipher::TripleDesCbc))
            .with_tolerances(ToleranceSet::of(&Tolerance::ALL))
    }

    /// As [`compatible`](Self::compatible), and also MD5 and single DES.
    ///
    /// Both break a MUST NOT of [RFC 8894, section 2.9](https://www.rfc-editor.org/rfc/rfc8894#section-2.9): an MD5
    /// signature can be forged and single DES be broken by search. This is for devices that know nothing else, on a
    /// network that is trusted by other means.
    #[cfg(feature = "legacy")]
    #[cfg_attr(docsrs, doc(cfg(feature = "legacy")))]
    #[must_use]
    pub const fn legacy() -> Self {
        const WITH_MD5: DigestSet = SHA1_AND_2.with(DigestAlgorithm::Md5);

        let compatible = Self::compatible();
        compatible
            .with_message_digests(WITH_MD5)
            .with_csr_digests(WITH_MD5)
            .with_certificate_digests(WITH_MD5)
            .with_content_ciphers(compatible.content_ciphers.with(ContentCipher::DesCbc))
    }
}

/// What is allowed.
impl Policy {
    /// The digests of the message: its digestAlgorithm, and that of its signature.
    #[must_use]
    pub const fn message_digests(&self) -> DigestSet {
        self.message_digests
    }

    /// The digests of a CSR's self-signature.
    #[must_use]
    pub const fn csr_digests(&self) -> DigestSet {
        self.csr_digests
    }

    /// The digests of the signatures that issuers made on certificates.
    #[must_use]
    pub const fn certificate_digests(&self) -> DigestSet {
        self.certificate_digests
    }

    /// The hashes of OAEP.
    #[must_use]
    pub const fn oaep_digests(&self) -> DigestSet {
        self.oaep_digests
    }

    /// The hashes of MGF1 in OAEP.
    #[must_use]
    pub const fn mgf_digests(&self) -> DigestSet {
        self.mgf_digests
    }

    /// The ciphers of the envelope's content.
    #[must_use]
    pub const fn content_ciphers(&self) -> CipherSet {
        self.content_ciphers
    }

    /// The schemes of signatures, wherever they stand.
    #[must_use]
    pub const fn signature_schemes(&self) -> SignatureSchemeSet {
        self.signature_schemes
    }

    /// The schemes of key transport.
    #[must_use]
    pub const fn transports(&self) -> TransportSet {
        self.transports
    }

    /// The sizes of RSA moduli in bits.
    #[must_use]
    pub const fn rsa_modulus_bits(&self) -> RangeInclusive<usize> {
        RangeInclusive::new(self.min_rsa_modulus_bits, self.max_rsa_modulus_bits)
    }

    /// The most bits of an RSA public exponent: 33 in every named policy, for 2³² + 1 is the largest in use.
    ///
    /// The time of a verification grows with the exponent, and whoever sends a key chooses it.
    #[must_use]
    pub const fn max_rsa_exponent_bits(&self) -> usize {
        self.max_rsa_exponent_bits
    }

    /// The elliptic curves of keys that sign or agree. Ed25519 keys are allowed with their [scheme](Self::signature_schemes).
    #[must_use]
    pub const fn curves(&self) -> CurveSet {
        self.curves
    }

    /// The digests of the key derivation function of key agreement. With none, nothing is encrypted by key agreement.
    ///
    /// It is an extension: [RFC 8894, section 3.1](https://www.rfc-editor.org/rfc/rfc8894#section-3.1) knows keys that decrypt and
    /// challenge passwords, and a renewal or query by a key on a curve has neither.
    #[must_use]
    pub const fn key_agreement_digests(&self) -> DigestSet {
        self.key_agreement_digests
    }

    /// The key wraps of key agreement.
    #[must_use]
    pub const fn key_wraps(&self) -> KeyWrapSet {
        self.key_wraps
    }

    /// The digests in the HMAC of PBKDF2. With none, nothing is encrypted under passwords.
    #[must_use]
    pub const fn password_prfs(&self) -> DigestSet {
        self.password_prfs
    }

    /// The ciphers that encrypt content keys under passwords.
    #[must_use]
    pub const fn password_ciphers(&self) -> CipherSet {
        self.password_ciphers
    }

    /// How many iterations of PBKDF2 are written: 600,000 in every named policy. Whoever captures a message tries passwords
    /// at this cost ([RFC 8894, section 7.3](https://www.rfc-editor.org/rfc/rfc8894#section-7.3)).
    #[must_use]
    pub const fn password_iterations(&self) -> u32 {
        self.password_iterations
    }

    /// How many iterations of PBKDF2 a message may cost, over all passwords that are tried: 1,200,000 in every named policy.
    /// Whoever sends the message chooses the cost of one. A cipher whose key is longer than the digest, such as AES-256 beside SHA-1,
    /// takes them twice, and both count.
    #[must_use]
    pub const fn max_password_iterations(&self) -> u32 {
        self.max_password_iterations
    }

    /// With what a content key is encrypted under a password in a fresh message: the first allowed of SHA-256, SHA-512, SHA-384
    /// and SHA-1, and of AES-128, AES-256, AES-192 and 3DES.
    pub(crate) fn fresh_password_encryption(&self) -> Option<PasswordEncryption> {
        use ContentCipher::{Aes128Cbc, Aes192Cbc, Aes256Cbc, TripleDesCbc};
        use DigestAlgorithm::{Sha1, Sha256, Sha384, Sha512};

        Some(PasswordEncryption {
            prf: [Sha256, Sha512, Sha384, Sha1]
                .into_iter()
                .find(|prf| self.password_prfs.contains(*prf))?,
            iterations: self.password_iterations,
            cipher: [Aes128Cbc, Aes256Cbc, Aes192Cbc, TripleDesCbc]
                .into_iter()
                .find(|cipher| self.password_ciphers.contains(*cipher))?,
        })
    }

    /// The key transport of a fresh message: the first allowed of RSAES-PKCS1-v1_5, which every known server reads, and RSAES-OAEP
    /// with SHA-256, SHA-384, SHA-512 and SHA-1, the same in both places.
    #[must_use]
    pub fn fresh_transport(&self) -> Option<KeyTransport> {
        self.fresh_transports().next()
    }

    /// The same and those after it, for a key that is too short for the first.
    pub(crate) fn fresh_transports(&self) -> impl Iterator<Item = KeyTransport> + use<'_> {
        use DigestAlgorithm::{Sha1, Sha256, Sha384, Sha512};

        let oaep = [Sha256, Sha384, Sha512, Sha1].map(|digest| KeyTransport::RsaOaep {
            digest,
            mgf_digest: digest,
        });
        core::iter::once(KeyTransport::RsaPkcs1v15)
            .chain(oaep)
            .filter(|transport| self.allows_transport(*transport))
    }

    /// With what a content key of `key_len` bytes is encrypted to a key on a curve: the first allowed of SHA-256, which
    /// [RFC 5753, section 8](https://www.rfc-editor.org/rfc/rfc5753#section-8), wants of every program, SHA-384, SHA-512 and SHA-1, and
    /// the shortest allowed key wrap that is no weaker than the key, or else the longest. There is none for a key that AES key wrap
    /// does not encrypt ([RFC 3394, section 2](https://www.rfc-editor.org/rfc/rfc3394#section-2)), such as one of single DES.
    pub(crate) fn fresh_key_agreement(&self, key_len: usize) -> Option<KeyAgreement> {
        use DigestAlgorithm::{Sha1, Sha256, Sha384, Sha512};

        if !key_wrap::can_wrap(key_len) {
            return None;
        }
        let mut wraps = self.key_wraps.iter();
        Some(KeyAgreement {
            kdf_digest: [Sha256, Sha384, Sha512, Sha1]
                .into_iter()
                .find(|digest| self.key_agreement_digests.contains(*digest))?,
            wrap: wraps
                .find(|wrap| wrap.key_len() >= key_len)
                .or_else(|| self.key_wraps.iter().last())?,
        })
    }

    /// Whether a key transport algorithm is allowed, in scheme and hashes.
    #[must_use]
    pub const fn allows_transport(&self, algorithm: KeyTransport) -> bool {
        self.transports.contains(TransportScheme::of(algorithm))
            && match algorithm {
                KeyTransport::RsaPkcs1v15 => true,
                KeyTransport::RsaOaep { digest, mgf_digest } => {
                    self.oaep_digests.contains(digest) && self.mgf_digests.contains(mgf_digest)
                }
            }
    }

    /// Whether a deviation is let pass.
    #[must_use]
    pub const fn tolerates(&self, tolerance: Tolerance) -> bool {
        self.tolerances.contains(tolerance)
    }

    /// The digest of a fresh negotiation: the first allowed of SHA-256, SHA-384, SHA-512, SHA-1 and MD5. What is neither negotiated nor
    /// mirrors another message is signed with what suits the key.
    #[must_use]
    pub const fn fresh_digest(&self) -> Option<DigestAlgorithm> {
        use DigestAlgorithm::{Md5, Sha1, Sha256, Sha384, Sha512};

        let mut preferred: &[DigestAlgorithm] = &[Sha256, Sha384, Sha512, Sha1, Md5];
        while let [first, rest @ ..] = preferred {
            if self.message_digests.contains(*first) {
                return Some(*first);
            }
            preferred = rest;
        }
        None
    }

    /// The cipher of a fresh message: the first allowed of AES-128, AES-256, AES-192, 3DES and DES.
    #[must_use]
    pub const fn fresh_cipher(&self) -> Option<ContentCipher> {
        use ContentCipher::{Aes128Cbc, Aes192Cbc, Aes256Cbc, DesCbc, TripleDesCbc};

        let mut preferred: &[ContentCipher] =
            &[Aes128Cbc, Aes256Cbc, Aes192Cbc, TripleDesCbc, DesCbc];
        while let [first, rest @ ..] = preferred {
            if self.content_ciphers.contains(*first) {
                return Some(*first);
            }
            preferred = rest;
        }
        None
    }
}

/// Changes, each to one list.
impl Policy {
    /// Takes other [`message_digests`](Self::message_digests).
    #[must_use]
    pub const fn with_message_digests(mut self, digests: DigestSet) -> Self {
        self.message_digests = digests;
        self
    }

    /// Takes other [`csr_digests`](Self::csr_digests).
    #[must_use]
    pub const fn with_csr_digests(mut self, digests: DigestSet) -> Self {
        self.csr_digests = digests;
        self
    }

    /// Takes other [`certificate_digests`](Self::certificate_digests).
    #[must_use]
    pub const fn with_certificate_digests(mut self, digests: DigestSet) -> Self {
        self.certificate_digests = digests;
        self
    }

    /// Takes other [`oaep_digests`](Self::oaep_digests).
    #[must_use]
    pub const fn with_oaep_digests(mut self, digests: DigestSet) -> Self {
        self.oaep_digests = digests;
        self
    }

    /// Takes other [`mgf_digests`](Self::mgf_digests).
    #[must_use]
    pub const fn with_mgf_digests(mut self, digests: DigestSet) -> Self {
        self.mgf_digests = digests;
        self
    }

    /// Takes other [`content_ciphers`](Self::content_ciphers).
    #[must_use]
    pub const fn with_content_ciphers(mut self, ciphers: CipherSet) -> Self {
        self.content_ciphers = ciphers;
        self
    }

    /// Takes other [`signature_schemes`](Self::signature_schemes).
    #[must_use]
    pub const fn with_signature_schemes(mut self, schemes: SignatureSchemeSet) -> Self {
        self.signature_schemes = schemes;
        self
    }

    /// Takes other [`transports`](Self::transports).
    #[must_use]
    pub const fn with_transports(mut self, transports: TransportSet) -> Self {
        self.transports = transports;
        self
    }

    /// Takes other [`rsa_modulus_bits`](Self::rsa_modulus_bits).
    #[must_use]
    pub const fn with_rsa_modulus_bits(mut self, bits: RangeInclusive<usize>) -> Self {
        self.min_rsa_modulus_bits = *bits.start();
        self.max_rsa_modulus_bits = *bits.end();
        self
    }

    /// Takes another [`max_rsa_exponent_bits`](Self::max_rsa_exponent_bits).
    #[must_use]
    pub const fn with_max_rsa_exponent_bits(mut self, bits: usize) -> Self {
        self.max_rsa_exponent_bits = bits;
        self
    }

    /// Takes other [`curves`](Self::curves).
    #[must_use]
    pub const fn with_curves(mut self, curves: CurveSet) -> Self {
        self.curves = curves;
        self
    }

    /// Takes other [`key_agreement_digests`](Self::key_agreement_digests).
    #[must_use]
    pub const fn with_key_agreement_digests(mut self, digests: DigestSet) -> Self {
        self.key_agreement_digests = digests;
        self
    }

    /// Takes other [`key_wraps`](Self::key_wraps).
    #[must_use]
    pub const fn with_key_wraps(mut self, wraps: KeyWrapSet) -> Self {
        self.key_wraps = wraps;
        self
    }

    /// Takes other [`password_prfs`](Self::password_prfs).
    #[must_use]
    pub const fn with_password_prfs(mut self, prfs: DigestSet) -> Self {
        self.password_prfs = prfs;
        self
    }

    /// Takes other [`password_ciphers`](Self::password_ciphers).
    #[must_use]
    pub const fn with_password_ciphers(mut self, ciphers: CipherSet) -> Self {
        self.password_ciphers = ciphers;
        self
    }

    /// Takes another number of [`password_iterations`](Self::password_iterations).
    #[must_use]
    pub const fn with_password_iterations(mut self, iterations: u32) -> Self {
        self.password_iterations = iterations;
        self
    }

    /// Takes another number of [`max_password_iterations`](Self::max_password_iterations).
    #[must_use]
    pub const fn with_max_password_iterations(mut self, iterations: u32) -> Self {
        self.max_password_iterations = iterations;
        self
    }

    /// Takes another set of tolerances, see [`tolerates`](Self::tolerates).
    #[must_use]
    pub const fn with_tolerances(mut self, tolerances: ToleranceSet) -> Self {
        self.tolerances = tolerances;
        self
    }
}

const SHA2: DigestSet = DigestSet::of(&[
    DigestAlgorithm::Sha256,
    DigestAlgorithm::Sha384,
    DigestAlgorithm::Sha512,
]);

const SHA1_AND_2: DigestSet = SHA2.with(DigestAlgorithm::Sha1);

const AES: CipherSet = CipherSet::of(&[
    ContentCipher::Aes128Cbc,
    ContentCipher::Aes192Cbc,
    ContentCipher::Aes256Cbc,
]);

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use alloc::vec::Vec;

    fn digest_lists(policy: &Policy) -> [DigestSet; 3] {
        [
            policy.message_digests(),
            policy.csr_digests(),
            policy.certificate_digests(),
        ]
    }

    fn all() -> Vec<Policy> {
        vec![
            Policy::strict(),
            Policy::default(),
            Policy::compatible(),
            #[cfg(feature = "legacy")]
            Policy::legacy(),
        ]
    }

    #[test]
    fn strict_is_aes_and_sha2() {
        let policy = Policy::strict();
        assert_eq!(digest_lists(&policy), [SHA2; 3]);
        assert_eq!(policy.content_ciphers(), AES);
        assert_eq!(policy.rsa_modulus_bits(), 2048..=8192);
        for tolerance in Tolerance::ALL {
            assert!(!policy.tolerates(tolerance));
        }
    }

    #[test]
    fn default_adds_sha1_and_triple_des() {
        let policy = Policy::default();
        assert_eq!(policy, Policy::default_policy());
        assert_eq!(digest_lists(&policy), [SHA1_AND_2; 3]);
        assert_eq!(
            policy.content_ciphers(),
            AES.with(ContentCipher::TripleDesCbc)
        );
        assert_eq!(policy.rsa_modulus_bits(), 2048..=8192);
        for tolerance in Tolerance::ALL {
            assert!(!policy.tolerates(tolerance));
        }
    }

    #[test]
    fn compatible_adds_small_rsa_triple_des_for_keys_and_tolerances_only() {
        let policy = Policy::compatible();
        assert_eq!(policy.rsa_modulus_bits(), 1024..=8192);
        for tolerance in Tolerance::ALL {
            assert!(policy.tolerates(tolerance));
        }
        let without = policy
            .with_rsa_modulus_bits(2048..=8192)
            .with_password_ciphers(AES)
            .with_tolerances(ToleranceSet::EMPTY);
        assert_eq!(without, Policy::default());
    }

    #[cfg(feature = "legacy")]
    #[test]
    fn legacy_adds_md5_and_des_only() {
        let policy = Policy::legacy();
        assert_eq!(
            digest_lists(&policy),
            [SHA1_AND_2.with(DigestAlgorithm::Md5); 3]
        );
        assert_eq!(policy.content_ciphers(), CipherSet::of(&ContentCipher::ALL));
        let without = policy
            .with_message_digests(SHA1_AND_2)
            .with_csr_digests(SHA1_AND_2)
            .with_certificate_digests(SHA1_AND_2)
            .with_content_ciphers(policy.content_ciphers().without(ContentCipher::DesCbc));
        assert_eq!(without, Policy::compatible());
    }

    #[test]
    fn a_fresh_message_is_aes128_and_sha256_under_all() {
        for policy in all() {
            assert_eq!(policy.fresh_digest(), Some(DigestAlgorithm::Sha256));
            assert_eq!(policy.fresh_cipher(), Some(ContentCipher::Aes128Cbc));
        }
    }

    #[test]
    fn oaep_takes_sha1_but_never_md5_under_all() {
        for policy in all() {
            assert_eq!(policy.oaep_digests(), SHA1_AND_2);
            assert_eq!(policy.mgf_digests(), SHA1_AND_2);
            assert!(policy.allows_transport(KeyTransport::RsaPkcs1v15));
            assert!(policy.allows_transport(oaep(DigestAlgorithm::Sha1, DigestAlgorithm::Sha1)));
            assert!(!policy.allows_transport(oaep(DigestAlgorithm::Md5, DigestAlgorithm::Sha1)));
            assert!(!policy.allows_transport(oaep(DigestAlgorithm::Sha1, DigestAlgorithm::Md5)));
        }
    }

    #[test]
    fn fresh_algorithms_go_down_the_preference() {
        let mut policy = Policy::strict()
            .with_message_digests(DigestSet::of(&DigestAlgorithm::ALL))
            .with_content_ciphers(CipherSet::of(&ContentCipher::ALL));
        let mut digests = Vec::new();
        while let Some(digest) = policy.fresh_digest() {
            digests.push(digest.name());
            policy = policy.with_message_digests(policy.message_digests().without(digest));
        }
        assert_eq!(digests, ["sha-256", "sha-384", "sha-512", "sha-1", "md5"]);
        let mut ciphers = Vec::new();
        while let Some(cipher) = policy.fresh_cipher() {
            ciphers.push(cipher);
            policy = policy.with_content_ciphers(policy.content_ciphers().without(cipher));
        }
        assert_eq!(
            ciphers,
            [
                ContentCipher::Aes128Cbc,
                ContentCipher::Aes256Cbc,
                ContentCipher::Aes192Cbc,
                ContentCipher::TripleDesCbc,
                ContentCipher::DesCbc,
            ]
        );
    }

    #[test]
    fn a_change_touches_its_list_only() {
        let base = Policy::default();
        let one = DigestSet::of(&[DigestAlgorithm::Sha512]);
        let oaep_only = TransportSet::of(&[TransportScheme::RsaOaep]);
        let policy = base.with_oaep_digests(one).with_transports(oaep_only);
        assert!(!policy.allows_transport(KeyTransport::RsaPkcs1v15));
        assert!(!policy.allows_transport(oaep(DigestAlgorithm::Sha1, DigestAlgorithm::Sha1)));
        assert!(policy.allows_transport(oaep(DigestAlgorithm::Sha512, DigestAlgorithm::Sha1)));
        assert_eq!(
            policy
                .with_oaep_digests(base.oaep_digests())
                .with_transports(base.transports()),
            base
        );
        assert_ne!(base.with_mgf_digests(one), base);
        assert_ne!(base.with_signature_schemes(SignatureSchemeSet::EMPTY), base);
        assert_eq!(base.with_signature_schemes(base.signature_schemes()), base);
    }

    fn oaep(digest: DigestAlgorithm, mgf_digest: DigestAlgorithm) -> KeyTransport {
        KeyTransport::RsaOaep { digest, mgf_digest }
    }
}
