//! AlgorithmIdentifier, [RFC 5280, section 4.1.1.2], and what its object identifiers and parameters mean.
//!
//! [RFC 5280, section 4.1.1.2]: https://www.rfc-editor.org/rfc/rfc5280#section-4.1.1.2

use crate::asn1::{Reader, Writer, tag};
use crate::crypto::{
    ContentCipher, DigestAlgorithm, EllipticCurve, KeyAgreement, KeyTransport, KeyWrap,
    SignatureAlgorithm,
};
use crate::oid::{self, Oid};
use crate::{Item, Layer, Limits, ParseError, Refused};

/// An AlgorithmIdentifier as it stands in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AlgorithmIdentifier<'a> {
    oid: &'a [u8],
    /// The whole element, if there is one.
    parameters: Option<&'a [u8]>,
}

/// An algorithm that this crate does not know, by its object identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unknown(pub(crate) Oid);

/// What the parameters of an RSAES-OAEP identifier say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Oaep {
    pub(crate) transport: KeyTransport,
    /// Whether maskGenAlgorithm was absent, hence SHA-1 by default.
    pub(crate) mgf_defaulted: bool,
}

impl Oaep {
    /// What to try after the transport that is named: MGF1 with the hash of OAEP, where the message does not say what it was with.
    // Interop: smallstep's pkcs7 uses the OAEP hash for MGF1 too and does not write that down.
    pub(crate) fn retry(&self) -> Option<KeyTransport> {
        match self.transport {
            KeyTransport::RsaOaep { digest, mgf_digest }
                if self.mgf_defaulted && digest != mgf_digest =>
            {
                Some(KeyTransport::RsaOaep {
                    digest,
                    mgf_digest: digest,
                })
            }
            _ => None,
        }
    }
}

/// Why an RSAES-OAEP identifier cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyTransportError {
    Unknown(Oid),
    /// The label is not empty.
    Label,
    Parameters,
}

impl From<KeyTransportError> for Refused {
    fn from(error: KeyTransportError) -> Self {
        match error {
            KeyTransportError::Unknown(oid) => Self::KeyTransport(oid),
            KeyTransportError::Label => Self::OaepLabel,
            KeyTransportError::Parameters => Self::OaepParameters,
        }
    }
}

/// PBKDF2-params, [RFC 8018, appendix A.2](https://www.rfc-editor.org/rfc/rfc8018#appendix-A.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pbkdf2Parameters<'a> {
    pub(crate) salt: &'a [u8],
    pub(crate) iterations: u32,
    /// The length of the derived key, if it is named.
    pub(crate) key_len: Option<u32>,
    /// The object identifier of the pseudorandom function, and the digest that it names.
    pub(crate) prf: (Oid, Option<DigestAlgorithm>),
}

/// What the parameters of a key agreement scheme say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WrapParameters<'a> {
    /// The whole identifier of the key wrap.
    pub(crate) raw: &'a [u8],
    /// The object identifier in it, and the key wrap that it names.
    pub(crate) wrap: (Oid, Option<KeyWrap>),
}

impl<'a> AlgorithmIdentifier<'a> {
    pub(crate) fn read(reader: &mut Reader<'a>) -> Result<Self, ParseError> {
        reader.nested(tag::SEQUENCE, Item::AlgorithmIdentifier, Self::read_fields)
    }

    /// Reads the fields of the SEQUENCE, or of what stands in its place with another tag.
    pub(crate) fn read_fields(reader: &mut Reader<'a>) -> Result<Self, ParseError> {
        let oid = reader.oid(Item::AlgorithmIdentifier)?;
        let parameters = match reader.peek() {
            Some(_) => Some(reader.element(Item::AlgorithmIdentifier)?.raw),
            None => None,
        };
        Ok(Self { oid, parameters })
    }

    pub(crate) fn oid(&self) -> Oid {
        // `Reader::oid` gave the contents, so they fit.
        Oid::from_bytes(self.oid).unwrap_or(oid::DATA)
    }

    /// Whether the parameters are NULL or absent.
    pub(crate) fn has_null_or_none(&self) -> bool {
        self.parameters.is_none_or(|null| null == [tag::NULL, 0])
    }

    /// The digest that this identifier names.
    // Interop: Microsoft's CryptoAPI writes a signature's identifier where a digest's belongs.
    pub(crate) fn digest(&self) -> Result<DigestAlgorithm, Unknown> {
        let oid = self.oid();
        digest_of(oid)
            .or_else(|| rsa_digest_of(oid))
            .ok_or(Unknown(oid))
    }

    /// The signature algorithm that this identifier names, with `digest` where it names none itself.
    ///
    /// In a SignerInfo `digest` is the digestAlgorithm, for rsaEncryption; that another identifier names the same digest is the
    /// caller's to check. In a certificate or CSR it is `None`.
    pub(crate) fn signature(
        &self,
        digest: Option<DigestAlgorithm>,
    ) -> Result<SignatureAlgorithm, Unknown> {
        let oid = self.oid();
        if oid == oid::RSASSA_PSS {
            return self.pss().ok_or(Unknown(oid));
        }
        if let Some(algorithm) = elliptic_signature_of(oid) {
            // They are absent by RFC 5754, section 3.3, and RFC 8410, section 3. NULL says no more, as beside every other identifier.
            let algorithm = self.has_null_or_none().then_some(algorithm);
            return algorithm.ok_or(Unknown(oid));
        }
        let own = rsa_digest_of(oid);
        match (own, digest) {
            (Some(own), _) => Ok(SignatureAlgorithm::RsaPkcs1v15(own)),
            (None, Some(digest)) if oid == oid::RSA_ENCRYPTION => {
                Ok(SignatureAlgorithm::RsaPkcs1v15(digest))
            }
            _ => Err(Unknown(oid)),
        }
    }

    /// The curve that the parameters of an id-ecPublicKey identifier name,
    /// [RFC 5480, section 2.1.1](https://www.rfc-editor.org/rfc/rfc5480#section-2.1.1), by its object identifier.
    pub(crate) fn named_curve(&self) -> Option<Oid> {
        let mut reader = parameter_reader(self.parameters?);
        let curve = reader.oid(Item::AlgorithmIdentifier).ok()?;
        reader.at_end().then_some(Oid::from_bytes(curve)?)
    }

    /// Whether there are no parameters at all.
    pub(crate) const fn is_bare(&self) -> bool {
        self.parameters.is_none()
    }

    /// The content cipher that this identifier names.
    pub(crate) fn cipher(&self) -> Result<ContentCipher, Unknown> {
        let oid = self.oid();
        [
            (oid::AES128_CBC, ContentCipher::Aes128Cbc),
            (oid::AES256_CBC, ContentCipher::Aes256Cbc),
            (oid::DES_EDE3_CBC, ContentCipher::TripleDesCbc),
            (oid::AES192_CBC, ContentCipher::Aes192Cbc),
            (oid::DES_CBC, ContentCipher::DesCbc),
        ]
        .into_iter()
        .find(|(known, _)| *known == oid)
        .map(|(_, cipher)| cipher)
        .ok_or(Unknown(oid))
    }

    /// The initialisation vector that a content cipher has as its parameter.
    pub(crate) fn initialisation_vector(&self) -> Option<&'a [u8]> {
        let mut reader = parameter_reader(self.parameters?);
        let iv = reader
            .expect(tag::OCTET_STRING, Item::InitialisationVector)
            .ok()?;
        reader.at_end().then_some(iv.contents)
    }

    /// The parameters of PBKDF2, if it is that and they can be read.
    pub(crate) fn pbkdf2(&self) -> Option<Pbkdf2Parameters<'a>> {
        if self.oid() != oid::PBKDF2 {
            return None;
        }
        let item = Item::AlgorithmIdentifier;
        let mut reader = parameter_reader(self.parameters?);
        let parameters = reader.nested(tag::SEQUENCE, item, |params| {
            let salt = params.expect(tag::OCTET_STRING, item)?.contents;
            let iterations = read_u32(params)?;
            let key_len = match params.is_next(tag::INTEGER) {
                true => Some(read_u32(params)?),
                false => None,
            };
            let prf = if params.is_next(tag::SEQUENCE) {
                AlgorithmIdentifier::read(params)?.oid()
            } else {
                oid::HMAC_WITH_SHA1
            };
            Ok(Pbkdf2Parameters {
                salt,
                iterations,
                key_len,
                prf: (prf, prf_of(prf)),
            })
        });
        parameters.ok().filter(|_| reader.at_end())
    }

    /// The digest of the key derivation function in a key agreement scheme.
    pub(crate) fn key_agreement_digest(&self) -> Result<DigestAlgorithm, Unknown> {
        let oid = self.oid();
        let mut digests = DigestAlgorithm::ALL.into_iter();
        digests
            .find(|digest| key_agreement_oid(*digest) == Some(oid))
            .ok_or(Unknown(oid))
    }

    /// The key wrap that is the parameter of a key agreement scheme, if it can be read.
    pub(crate) fn key_wrap(&self) -> Option<WrapParameters<'a>> {
        let raw = self.parameters?;
        let mut reader = parameter_reader(raw);
        let id = Self::read(&mut reader).ok()?;
        let oid = id.oid();
        let wrap = KeyWrap::ALL
            .into_iter()
            .find(|wrap| key_wrap_oid(*wrap) == oid)
            // Interop: parameters are absent (RFC 3565, section 2.3.2), and some write NULL.
            .filter(|_| id.has_null_or_none());
        let wrap = (oid, wrap);
        reader.at_end().then_some(WrapParameters { raw, wrap })
    }

    /// The cipher of PWRI-KEK, if it is that: its parameter is another identifier.
    pub(crate) fn pwri_kek(&self) -> Option<AlgorithmIdentifier<'a>> {
        if self.oid() != oid::PWRI_KEK {
            return None;
        }
        let mut reader = parameter_reader(self.parameters?);
        let cipher = AlgorithmIdentifier::read(&mut reader).ok()?;
        reader.at_end().then_some(cipher)
    }

    /// The key transport that this identifier names.
    pub(crate) fn key_transport(&self) -> Result<Oaep, KeyTransportError> {
        let oid = self.oid();
        if oid == oid::RSA_ENCRYPTION {
            return Ok(Oaep {
                transport: KeyTransport::RsaPkcs1v15,
                mgf_defaulted: false,
            });
        }
        if oid == oid::RSAES_OAEP {
            return self.oaep();
        }
        Err(KeyTransportError::Unknown(oid))
    }

    /// RSAES-OAEP-params, [RFC 4055, section 4.1](https://www.rfc-editor.org/rfc/rfc4055#section-4.1). Absent
    /// parameters count as an empty SEQUENCE, as some peers mean them: SHA-1, MGF1 with SHA-1, no label.
    fn oaep(&self) -> Result<Oaep, KeyTransportError> {
        let mut digest = DigestAlgorithm::Sha1;
        let mut mgf_digest = DigestAlgorithm::Sha1;
        let mut mgf_defaulted = true;
        let mut label = Ok(());
        if let Some(parameters) = self.parameters {
            let mut reader = parameter_reader(parameters);
            reader
                .nested(tag::SEQUENCE, Item::AlgorithmIdentifier, |params| {
                    if let Some(hash) = read_digest(params, 0)? {
                        digest = hash;
                    }
                    if let Some(hash) = read_mgf1(params, 1)? {
                        mgf_digest = hash;
                        mgf_defaulted = false;
                    }
                    if params.is_next(tag::context_constructed(2)) {
                        label = params.nested(
                            tag::context_constructed(2),
                            Item::AlgorithmIdentifier,
                            read_empty_label,
                        )?;
                    }
                    Ok(())
                })
                .map_err(|_| KeyTransportError::Parameters)?;
        }
        label.map_err(|()| KeyTransportError::Label)?;
        Ok(Oaep {
            transport: KeyTransport::RsaOaep { digest, mgf_digest },
            mgf_defaulted,
        })
    }

    /// RSASSA-PSS-params, [RFC 4055, section 3.1](https://www.rfc-editor.org/rfc/rfc4055#section-3.1).
    fn pss(&self) -> Option<SignatureAlgorithm> {
        let mut digest = DigestAlgorithm::Sha1;
        let mut mgf_digest = DigestAlgorithm::Sha1;
        let mut salt_len = 20;
        let mut reader = parameter_reader(self.parameters?);
        reader
            .nested(tag::SEQUENCE, Item::AlgorithmIdentifier, |params| {
                if let Some(hash) = read_digest(params, 0)? {
                    digest = hash;
                }
                if let Some(hash) = read_mgf1(params, 1)? {
                    mgf_digest = hash;
                }
                if params.is_next(tag::context_constructed(2)) {
                    salt_len = params.nested(
                        tag::context_constructed(2),
                        Item::AlgorithmIdentifier,
                        |salt| salt.small_integer(Item::AlgorithmIdentifier),
                    )?;
                }
                if params.is_next(tag::context_constructed(3)) {
                    let trailer = tag::context_constructed(3);
                    params.nested(trailer, Item::AlgorithmIdentifier, |trailer| match trailer
                        .small_integer(Item::AlgorithmIdentifier)?
                    {
                        1 => Ok(()),
                        _ => Err(invalid(trailer)),
                    })?;
                }
                Ok(())
            })
            .ok()?;
        Some(SignatureAlgorithm::RsaPss {
            digest,
            mgf_digest,
            salt_len: usize::from(salt_len),
        })
    }
}

/// Writes the identifier of a digest, with NULL, as most peers write and all read it.
pub(crate) fn write_digest(out: &mut Writer, digest: DigestAlgorithm) {
    out.sequence(|id| {
        id.oid(digest_oid(digest));
        id.null();
    });
}

/// Writes the identifier of the digest in a SignerInfo whose signature has this algorithm.
// RFC 5754, section 2, wants no parameters beside SHA-2. Interop: NULL stays with RSA, whose peers are used to it.
pub(crate) fn write_signer_digest(out: &mut Writer, algorithm: SignatureAlgorithm) {
    match algorithm {
        SignatureAlgorithm::RsaPkcs1v15(digest) | SignatureAlgorithm::RsaPss { digest, .. } => {
            write_digest(out, digest);
        }
        elliptic => out.sequence(|id| id.oid(digest_oid(elliptic.digest()))),
    }
}

/// Writes the identifier of a signature in a SignerInfo.
// Interop: strongSwan 5.9.8 takes a reply only if rsaEncryption stands here, which RFC 5754, section 3.2, allows.
pub(crate) fn write_signer_signature(out: &mut Writer, algorithm: SignatureAlgorithm) {
    match algorithm {
        SignatureAlgorithm::RsaPkcs1v15(_) => write_rsa_encryption(out),
        other => write_signature(out, other),
    }
}

/// Writes the identifier of a signature on a certificate or CSR.
pub(crate) fn write_signature(out: &mut Writer, algorithm: SignatureAlgorithm) {
    match algorithm {
        SignatureAlgorithm::RsaPkcs1v15(digest) => out.sequence(|id| {
            id.oid(match digest {
                DigestAlgorithm::Md5 => oid::MD5_WITH_RSA,
                DigestAlgorithm::Sha1 => oid::SHA1_WITH_RSA,
                DigestAlgorithm::Sha256 => oid::SHA256_WITH_RSA,
                DigestAlgorithm::Sha384 => oid::SHA384_WITH_RSA,
                DigestAlgorithm::Sha512 => oid::SHA512_WITH_RSA,
            });
            id.null();
        }),
        SignatureAlgorithm::RsaPss {
            digest,
            mgf_digest,
            salt_len,
        } => out.sequence(|id| {
            id.oid(oid::RSASSA_PSS);
            id.sequence(|params| {
                write_hashes(params, digest, mgf_digest);
                if salt_len != 20 {
                    params.nested(tag::context_constructed(2), |salt| {
                        salt.unsigned_integer(&salt_len.to_be_bytes());
                    });
                }
            });
        }),
        SignatureAlgorithm::EcdsaSha256 => out.sequence(|id| id.oid(oid::ECDSA_WITH_SHA256)),
        SignatureAlgorithm::EcdsaSha384 => out.sequence(|id| id.oid(oid::ECDSA_WITH_SHA384)),
        SignatureAlgorithm::EcdsaSha512 => out.sequence(|id| id.oid(oid::ECDSA_WITH_SHA512)),
        SignatureAlgorithm::Ed25519 => out.sequence(|id| id.oid(oid::ED25519)),
    }
}

/// Writes the identifier of a key transport.
pub(crate) fn write_key_transport(out: &mut Writer, transport: KeyTransport) {
    match transport {
        KeyTransport::RsaPkcs1v15 => write_rsa_encryption(out),
        KeyTransport::RsaOaep { digest, mgf_digest } => out.sequence(|id| {
            id.oid(oid::RSAES_OAEP);
            id.sequence(|params| write_hashes(params, digest, mgf_digest));
        }),
    }
}

/// Writes the fields of the identifier of PBKDF2, whose SEQUENCE has another tag where it stands.
pub(crate) fn write_pbkdf2_fields(
    out: &mut Writer,
    prf: DigestAlgorithm,
    salt: &[u8],
    iterations: u32,
) {
    out.oid(oid::PBKDF2);
    out.sequence(|params| {
        params.octet_string(salt);
        params.unsigned_integer(&iterations.to_be_bytes());
        // DER leaves the default out.
        if let Some(prf) = prf_oid(prf).filter(|prf| *prf != oid::HMAC_WITH_SHA1) {
            params.sequence(|id| {
                id.oid(prf);
                id.null();
            });
        }
    });
}

/// Writes the identifier of PWRI-KEK with its cipher.
pub(crate) fn write_pwri_kek(out: &mut Writer, cipher: ContentCipher, iv: &[u8]) {
    out.sequence(|id| {
        id.oid(oid::PWRI_KEK);
        write_cipher(id, cipher, iv);
    });
}

/// Writes the identifier of a key agreement scheme.
pub(crate) fn write_key_agreement(out: &mut Writer, agreement: KeyAgreement) {
    out.sequence(|id| {
        // A digest without a scheme is in no policy's list.
        id.oid(key_agreement_oid(agreement.kdf_digest).unwrap_or(oid::ECDH_SHA256_KDF));
        write_key_wrap(id, agreement.wrap);
    });
}

/// Writes the identifier of a key wrap.
pub(crate) fn write_key_wrap(out: &mut Writer, wrap: KeyWrap) {
    out.sequence(|id| id.oid(key_wrap_oid(wrap)));
}

/// Writes the identifier of a key on a curve.
pub(crate) fn write_ec_public_key(out: &mut Writer, curve: EllipticCurve) {
    out.sequence(|id| {
        id.oid(oid::EC_PUBLIC_KEY);
        id.oid(curve_oid(curve));
    });
}

/// Writes the identifier of a content cipher with its initialisation vector.
pub(crate) fn write_cipher(out: &mut Writer, cipher: ContentCipher, iv: &[u8]) {
    out.sequence(|id| {
        id.oid(match cipher {
            ContentCipher::DesCbc => oid::DES_CBC,
            ContentCipher::TripleDesCbc => oid::DES_EDE3_CBC,
            ContentCipher::Aes128Cbc => oid::AES128_CBC,
            ContentCipher::Aes192Cbc => oid::AES192_CBC,
            ContentCipher::Aes256Cbc => oid::AES256_CBC,
        });
        id.octet_string(iv);
    });
}

pub(crate) const fn digest_oid(digest: DigestAlgorithm) -> Oid {
    match digest {
        DigestAlgorithm::Md5 => oid::MD5,
        DigestAlgorithm::Sha1 => oid::SHA1,
        DigestAlgorithm::Sha256 => oid::SHA256,
        DigestAlgorithm::Sha384 => oid::SHA384,
        DigestAlgorithm::Sha512 => oid::SHA512,
    }
}

fn write_rsa_encryption(out: &mut Writer) {
    out.sequence(|id| {
        id.oid(oid::RSA_ENCRYPTION);
        id.null();
    });
}

/// The hash and mask generation of OAEP and PSS; what is SHA-1 is the default, which DER leaves out.
fn write_hashes(out: &mut Writer, digest: DigestAlgorithm, mgf_digest: DigestAlgorithm) {
    if digest != DigestAlgorithm::Sha1 {
        out.nested(tag::context_constructed(0), |hash| {
            write_digest(hash, digest)
        });
    }
    if mgf_digest != DigestAlgorithm::Sha1 {
        out.nested(tag::context_constructed(1), |mgf| {
            mgf.sequence(|id| {
                id.oid(oid::MGF1);
                write_digest(id, mgf_digest);
            });
        });
    }
}

fn read_digest(reader: &mut Reader<'_>, number: u8) -> Result<Option<DigestAlgorithm>, ParseError> {
    let tag = tag::context_constructed(number);
    if !reader.is_next(tag) {
        return Ok(None);
    }
    reader.nested(tag, Item::AlgorithmIdentifier, |hash| {
        let id = AlgorithmIdentifier::read(hash)?;
        digest_of(id.oid()).map(Some).ok_or_else(|| invalid(hash))
    })
}

fn read_mgf1(reader: &mut Reader<'_>, number: u8) -> Result<Option<DigestAlgorithm>, ParseError> {
    let tag = tag::context_constructed(number);
    if !reader.is_next(tag) {
        return Ok(None);
    }
    reader.nested(tag, Item::AlgorithmIdentifier, |mgf| {
        let id = AlgorithmIdentifier::read(mgf)?;
        let hash = id
            .parameters
            .filter(|_| id.oid() == oid::MGF1)
            .and_then(|parameters| {
                AlgorithmIdentifier::read(&mut parameter_reader(parameters)).ok()
            })
            .and_then(|hash| digest_of(hash.oid()));
        hash.map(Some).ok_or_else(|| invalid(mgf))
    })
}

/// Reads pSourceAlgorithm; the inner result says whether the label is empty.
fn read_empty_label(reader: &mut Reader<'_>) -> Result<Result<(), ()>, ParseError> {
    let id = AlgorithmIdentifier::read(reader)?;
    let empty = id.oid() == oid::P_SPECIFIED
        && id
            .parameters
            .is_none_or(|label| matches!(label, [tag::OCTET_STRING, 0]));
    Ok(if empty { Ok(()) } else { Err(()) })
}

/// A positive INTEGER of at most 32 bits; what is larger counts as the largest.
fn read_u32(reader: &mut Reader<'_>) -> Result<u32, ParseError> {
    let contents = reader
        .expect(tag::INTEGER, Item::AlgorithmIdentifier)?
        .contents;
    match contents {
        [] | [0x80..=0xff, ..] => Err(invalid(reader)),
        digits => Ok(digits.iter().fold(0, |number: u32, digit| {
            number.saturating_mul(256).saturating_add(u32::from(*digit))
        })),
    }
}

fn prf_of(oid: Oid) -> Option<DigestAlgorithm> {
    DigestAlgorithm::ALL
        .into_iter()
        .find(|digest| prf_oid(*digest) == Some(oid))
}

/// The HMAC of a digest as a pseudorandom function of PBKDF2.
const fn prf_oid(digest: DigestAlgorithm) -> Option<Oid> {
    match digest {
        DigestAlgorithm::Md5 => None,
        DigestAlgorithm::Sha1 => Some(oid::HMAC_WITH_SHA1),
        DigestAlgorithm::Sha256 => Some(oid::HMAC_WITH_SHA256),
        DigestAlgorithm::Sha384 => Some(oid::HMAC_WITH_SHA384),
        DigestAlgorithm::Sha512 => Some(oid::HMAC_WITH_SHA512),
    }
}

const fn key_agreement_oid(kdf_digest: DigestAlgorithm) -> Option<Oid> {
    match kdf_digest {
        DigestAlgorithm::Md5 => None,
        DigestAlgorithm::Sha1 => Some(oid::ECDH_SHA1_KDF),
        DigestAlgorithm::Sha256 => Some(oid::ECDH_SHA256_KDF),
        DigestAlgorithm::Sha384 => Some(oid::ECDH_SHA384_KDF),
        DigestAlgorithm::Sha512 => Some(oid::ECDH_SHA512_KDF),
    }
}

const fn key_wrap_oid(wrap: KeyWrap) -> Oid {
    match wrap {
        KeyWrap::Aes128 => oid::AES128_WRAP,
        KeyWrap::Aes192 => oid::AES192_WRAP,
        KeyWrap::Aes256 => oid::AES256_WRAP,
    }
}

fn parameter_reader(parameters: &[u8]) -> Reader<'_> {
    Reader::new(parameters, 0, Layer::Message, &Limits::REQUEST)
}

fn invalid(reader: &Reader<'_>) -> ParseError {
    reader.error(
        crate::ParseErrorKind::InvalidValue,
        Item::AlgorithmIdentifier,
    )
}

fn digest_of(oid: Oid) -> Option<DigestAlgorithm> {
    DigestAlgorithm::ALL
        .into_iter()
        .find(|digest| digest_oid(*digest) == oid)
}

fn rsa_digest_of(oid: Oid) -> Option<DigestAlgorithm> {
    [
        (oid::SHA256_WITH_RSA, DigestAlgorithm::Sha256),
        (oid::SHA1_WITH_RSA, DigestAlgorithm::Sha1),
        (oid::SHA512_WITH_RSA, DigestAlgorithm::Sha512),
        (oid::SHA384_WITH_RSA, DigestAlgorithm::Sha384),
        (oid::MD5_WITH_RSA, DigestAlgorithm::Md5),
    ]
    .into_iter()
    .find(|(known, _)| *known == oid)
    .map(|(_, digest)| digest)
}

/// The signature algorithms of elliptic curves.
fn elliptic_signature_of(oid: Oid) -> Option<SignatureAlgorithm> {
    [
        (oid::ECDSA_WITH_SHA256, SignatureAlgorithm::EcdsaSha256),
        (oid::ECDSA_WITH_SHA384, SignatureAlgorithm::EcdsaSha384),
        (oid::ECDSA_WITH_SHA512, SignatureAlgorithm::EcdsaSha512),
        (oid::ED25519, SignatureAlgorithm::Ed25519),
    ]
    .into_iter()
    .find(|(known, _)| *known == oid)
    .map(|(_, algorithm)| algorithm)
}

/// The curve of this object identifier.
pub(crate) fn curve_of(oid: Oid) -> Option<EllipticCurve> {
    EllipticCurve::ALL
        .into_iter()
        .find(|curve| curve_oid(*curve) == oid)
}

const fn curve_oid(curve: EllipticCurve) -> Oid {
    match curve {
        EllipticCurve::P256 => oid::SECP256R1,
        EllipticCurve::P384 => oid::SECP384R1,
        EllipticCurve::P521 => oid::SECP521R1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asn1::encode;
    use alloc::vec::Vec;

    fn read(der: &[u8]) -> AlgorithmIdentifier<'_> {
        AlgorithmIdentifier::read(&mut parameter_reader(der)).unwrap()
    }

    #[test]
    fn what_is_written_reads_back() {
        for digest in DigestAlgorithm::ALL {
            let der = encode(0, |w| write_digest(w, digest));
            assert_eq!(read(&der).digest(), Ok(digest));
            for mgf_digest in DigestAlgorithm::ALL {
                for salt_len in [0, 20, 32, 64] {
                    let pss = SignatureAlgorithm::RsaPss {
                        digest,
                        mgf_digest,
                        salt_len,
                    };
                    let der = encode(0, |w| write_signature(w, pss));
                    assert_eq!(read(&der).signature(Some(digest)), Ok(pss));
                }
                let oaep = KeyTransport::RsaOaep { digest, mgf_digest };
                let der = encode(0, |w| write_key_transport(w, oaep));
                assert_eq!(read(&der).key_transport().unwrap().transport, oaep);
            }
            let plain = SignatureAlgorithm::RsaPkcs1v15(digest);
            let der = encode(0, |w| write_signature(w, plain));
            assert_eq!(read(&der).signature(None), Ok(plain));
            let der = encode(0, |w| write_signer_signature(w, plain));
            assert_eq!(read(&der).signature(Some(digest)), Ok(plain));
        }
        for elliptic in [
            SignatureAlgorithm::EcdsaSha256,
            SignatureAlgorithm::EcdsaSha384,
            SignatureAlgorithm::EcdsaSha512,
            SignatureAlgorithm::Ed25519,
        ] {
            for write in [write_signature, write_signer_signature] {
                let der = encode(0, |w| write(w, elliptic));
                assert_eq!(read(&der).signature(None), Ok(elliptic));
                assert!(read(&der).is_bare());
            }
            let der = encode(0, |w| write_signer_digest(w, elliptic));
            assert_eq!(read(&der).digest(), Ok(elliptic.digest()));
            assert!(read(&der).is_bare());
        }
        for cipher in ContentCipher::ALL {
            let iv: Vec<u8> = (0..cipher.block_len()).map(|_| 7).collect();
            let der = encode(0, |w| write_cipher(w, cipher, &iv));
            assert_eq!(read(&der).cipher(), Ok(cipher));
            assert_eq!(read(&der).initialisation_vector(), Some(&iv[..]));
        }
    }

    #[test]
    fn oaep_parameters_may_be_absent_empty_or_explicit() {
        let sha1 = KeyTransport::RsaOaep {
            digest: DigestAlgorithm::Sha1,
            mgf_digest: DigestAlgorithm::Sha1,
        };
        for parameters in [&[][..], &[0x30, 0x00]] {
            let der = encode(0, |w| {
                w.sequence(|id| {
                    id.oid(oid::RSAES_OAEP);
                    id.raw(parameters);
                });
            });
            let oaep = read(&der).key_transport().unwrap();
            assert_eq!((oaep.transport, oaep.mgf_defaulted), (sha1, true));
        }
    }

    #[test]
    fn a_label_is_refused_by_name() {
        let with_label = |label: &[u8]| {
            encode(0, |w| {
                w.sequence(|id| {
                    id.oid(oid::RSAES_OAEP);
                    id.sequence(|params| {
                        params.nested(tag::context_constructed(2), |source| {
                            source.sequence(|p| {
                                p.oid(oid::P_SPECIFIED);
                                p.octet_string(label);
                            });
                        });
                    });
                });
            })
        };
        assert!(read(&with_label(b"")).key_transport().is_ok());
        assert_eq!(
            read(&with_label(b"x")).key_transport(),
            Err(KeyTransportError::Label)
        );
    }

    #[test]
    fn a_signature_on_a_curve_has_no_parameters_or_null() {
        for known in [oid::ECDSA_WITH_SHA256, oid::ED25519] {
            let with = |parameters: &[u8]| {
                let der = encode(0, |w| {
                    w.sequence(|id| {
                        id.oid(known);
                        id.raw(parameters);
                    });
                });
                read(&der).signature(None).map(|_| ())
            };
            for parameters in [&[][..], &[tag::NULL, 0]] {
                assert_eq!(with(parameters), Ok(()));
            }
            for parameters in [&[tag::SEQUENCE, 0][..], &[tag::OCTET_STRING, 0]] {
                assert_eq!(with(parameters), Err(Unknown(known)));
            }
        }
    }

    #[test]
    fn a_signature_keeps_its_own_digest() {
        let der = encode(0, |w| {
            write_signature(w, SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha256));
        });
        assert_eq!(
            read(&der).signature(Some(DigestAlgorithm::Sha1)),
            Ok(SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha256))
        );
    }
}
