//! Who sent a message, guessed from its shape.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use md5::{Digest, Md5};

use super::ca::hex;
use crate::algorithm_identifier::AlgorithmIdentifier;
use crate::cms::RecipientInfo;
use crate::crypto::public_key::key_octets;
use crate::crypto::{DigestAlgorithm, Provider};
use crate::oid::{self, Oid};
use crate::pki_message::Attributes;
use crate::{Certificate, Encoding, MessageType, PkiMessage, TransactionId};

/// A guess at the program that sent a message, with what it was guessed by.
///
/// Every program can write every shape: the guess is for advice and logs, and never for trust.
///
/// ```
/// # #[cfg(feature = "rustcrypto")] {
/// use scep::crypto::Provider;
/// use scep::diagnose::{Program, Sender};
/// use scep::{Limits, PkiMessage};
///
/// # let bytes = include_bytes!("../../test-vectors/sscep-jscep/default.1.req.der");
/// let request = PkiMessage::parse(&bytes[..], &Limits::REQUEST)?;
/// let sender = Sender::of(&request, &Provider::rustcrypto()).expect("a shape that is known");
/// assert_eq!(sender.program(), Program::Sscep);
/// # }
/// # Ok::<(), scep::ParseError>(())
/// ```
///
/// Shown, it is one line: the program, after "possibly" unless it is likely, and the evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    program: Program,
    certainty: Certainty,
    evidence: Vec<&'static str>,
}

/// A program that speaks SCEP, as far as a message's shape tells it from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Program {
    /// Windows' own client.
    Windows,
    /// The client of iOS, iPadOS and macOS.
    Apple,
    /// jscep, on which agents on Android are built, or another client or server on Bouncy Castle.
    Jscep,
    /// Cisco IOS.
    CiscoIos,
    /// sscep.
    Sscep,
    /// strongSwan's `pki`.
    StrongSwan,
    /// micromdm's client or server, or another program on smallstep's library in Go.
    Micromdm,
    /// NDES, Microsoft's server.
    Ndes,
    /// A program that has OpenSSL's CMS write its messages.
    OpenSsl,
    /// A program on this crate.
    ThisCrate,
}

/// How sure a guess is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Certainty {
    /// Others may write the same shape.
    Possible,
    /// The shape has something that nobody else is known to write.
    Likely,
}

impl Sender {
    /// Guesses who sent a message; `None` if the evidence is thin, or speaks for more than one program.
    ///
    /// A client is told by its requests, a server by its replies, of which most is the same whoever asked.
    #[must_use]
    pub fn of(message: &PkiMessage<'_>, provider: &Provider) -> Option<Self> {
        let shape = Shape::of(message, provider)?;
        let of_side = if message.unverified_message_type() == MessageType::CertRep {
            vec![
                shape.ndes(),
                shape.micromdm_server(),
                shape.this_crate_as_server(),
            ]
        } else {
            vec![
                shape.windows(),
                shape.apple(),
                shape.cisco_ios(),
                shape.sscep(),
                shape.strong_swan(),
                shape.jscep_client(),
                shape.micromdm_client(),
                shape.this_crate_as_client(),
            ]
        };
        let of_either = [shape.bouncy_castle(), shape.open_ssl()];
        let found: Vec<_> = of_side.into_iter().chain(of_either).flatten().collect();
        let best = found.iter().map(Self::certainty).max()?;
        let mut found = found.into_iter().filter(|one| one.certainty == best);
        let first = found.next()?;
        found
            .all(|other| other.program == first.program)
            .then_some(first)
    }

    /// The program.
    #[must_use]
    pub const fn program(&self) -> Program {
        self.program
    }

    /// How sure it is.
    #[must_use]
    pub const fn certainty(&self) -> Certainty {
        self.certainty
    }

    /// What it was guessed by.
    #[must_use]
    pub fn evidence(&self) -> &[&'static str] {
        &self.evidence
    }
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.certainty == Certainty::Possible {
            f.write_str("possibly ")?;
        }
        write!(f, "{} ({})", self.program, self.evidence.join("; "))
    }
}

impl Program {
    /// The name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Windows => "Windows",
            Self::Apple => "Apple's client",
            Self::Jscep => "jscep or another program on Bouncy Castle",
            Self::CiscoIos => "Cisco IOS",
            Self::Sscep => "sscep",
            Self::StrongSwan => "strongSwan",
            Self::Micromdm => "micromdm or another program on smallstep's library",
            Self::Ndes => "NDES",
            Self::OpenSsl => "a program on OpenSSL's CMS",
            Self::ThisCrate => "a program on the crate scep",
        }
    }
}

/// Shows the name.
impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Certainty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
        })
    }
}

/// Something that can be seen of a message, and whether it is so.
type Mark = (bool, &'static str);

/// A guess that stands on all of `needed`; those of `more` that hold are told too.
fn guess(program: Program, certainty: Certainty, needed: &[Mark], more: &[Mark]) -> Option<Sender> {
    let told = needed.iter().chain(more).filter(|(holds, _)| *holds);
    needed.iter().all(|(holds, _)| *holds).then(|| Sender {
        program,
        certainty,
        evidence: told.map(|(_, what)| *what).collect(),
    })
}

/// What there is to be seen of a message.
struct Shape<'m> {
    provider: Provider,
    encoding: Encoding,
    attributes: Attributes<'m>,
    id: TransactionId<'m>,
    certificates: usize,
    signer: Option<Certificate<'m>>,
    digest: AlgorithmIdentifier<'m>,
    signature: AlgorithmIdentifier<'m>,
    envelope: Option<Envelope<'m>>,
}

#[derive(Clone, Copy)]
struct Envelope<'m> {
    cipher: AlgorithmIdentifier<'m>,
    key_transport: AlgorithmIdentifier<'m>,
}

/// CMSAlgorithmProtection, [RFC 6211](https://www.rfc-editor.org/rfc/rfc6211).
const CMS_ALGORITHM_PROTECTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 52];

impl<'m> Shape<'m> {
    fn of(message: &'m PkiMessage<'m>, provider: &Provider) -> Option<Self> {
        let info = message.signer_info()?;
        let attributes = message.unverified_attributes();
        Some(Self {
            provider: *provider,
            encoding: message.encoding(),
            attributes,
            id: attributes.transaction_id(),
            certificates: message.unverified_certificates().count(),
            signer: message
                .unverified_certificates()
                .find(|certificate| info.sid.matches(certificate)),
            digest: info.digest_algorithm,
            signature: info.signature_algorithm,
            envelope: Envelope::of(message),
        })
    }
}

impl<'m> Envelope<'m> {
    fn of(message: &'m PkiMessage<'m>) -> Option<Self> {
        // What is no envelope, such as the stub in a FAILURE of NDES, tells nothing here.
        let envelope = message.envelope().ok()??;
        let mut recipients = envelope.recipients();
        let Some(Ok(RecipientInfo::KeyTrans(ktri))) = recipients.next() else {
            return None;
        };
        Some(Self {
            cipher: envelope.content_cipher,
            key_transport: ktri.key_encryption,
        })
    }
}

/// Clients, by their requests.
impl Shape<'_> {
    // Interop: Windows signs with a key that it throws away; its transactionID is the thumbprint of that certificate.
    fn windows(&self) -> Option<Sender> {
        let der = self.signer.as_ref().map(Certificate::as_der);
        let thumbprint = der.and_then(|der| self.sha1(der));
        guess(
            Program::Windows,
            Certainty::Likely,
            &[(
                self.id_is(Case::Lower, thumbprint.as_deref()),
                "the transactionID is the SHA-1 of the signer's certificate",
            )],
            &[
                (
                    self.is_signer_called("SCEP Protocol Certificate"),
                    "the signer is called SCEP Protocol Certificate",
                ),
                (
                    self.has_key_transport(oid::RSAES_OAEP),
                    "the key is encrypted with RSAES-OAEP",
                ),
            ],
        )
    }

    // Interop: Apple's client signs with a key that it throws away; its transactionID is made from the CSR's.
    fn apple(&self) -> Option<Sender> {
        let of_signer = self.signer_key().is_some_and(|key| {
            let digests = [
                self.sha1(key),
                key_octets(key).and_then(|key| self.sha1(key)),
            ];
            digests
                .iter()
                .any(|digest| self.id_is(Case::Upper, digest.as_deref()))
        });
        guess(
            Program::Apple,
            Certainty::Likely,
            &[
                (
                    self.is_signer_called("MDM SCEP SIGNER"),
                    "the signer is called MDM SCEP SIGNER",
                ),
                (
                    self.has_hex_id(40) && !of_signer,
                    "the transactionID is a SHA-1 in upper case, and not of the signer's key",
                ),
            ],
            &[
                (
                    self.sender_nonce_len() == Some(8),
                    "the senderNonce has 8 bytes",
                ),
                (self.has_cipher(oid::DES_EDE3_CBC), "the cipher is 3DES"),
            ],
        )
    }

    fn cisco_ios(&self) -> Option<Sender> {
        guess(
            Program::CiscoIos,
            Certainty::Possible,
            &[
                (
                    self.digest.oid() == oid::MD5 && has_null(&self.digest),
                    "the digest is MD5",
                ),
                (self.has_cipher(oid::DES_CBC), "the cipher is single DES"),
                (
                    self.has_hex_id(32),
                    "the transactionID has 32 digits in upper case",
                ),
            ],
            &[],
        )
    }

    // Interop: sscep's transactionID is the MD5 of its key, and a constant in queries; what it signs a first request with
    // has the text of that, cut by one, for a serial number.
    fn sscep(&self) -> Option<Sender> {
        let constant = guess(
            Program::Sscep,
            Certainty::Likely,
            &[(
                self.id.as_bytes() == b"SSCEP transactionId",
                "the transactionID is \"SSCEP transactionId\"",
            )],
            &[],
        );
        let of_key = self.signer_key().map(|key| Md5::digest(key).to_vec());
        let serial = self.signer.as_ref().map(Certificate::serial);
        constant.or_else(|| {
            guess(
                Program::Sscep,
                Certainty::Likely,
                &[
                    (
                        self.id_is(Case::Upper, of_key.as_deref()),
                        "the transactionID is the MD5 of the signer's key",
                    ),
                    (
                        serial.is_some_and(|serial| {
                            serial.len() == 32 && serial.get(..31) == self.id.as_bytes().get(..31)
                        }),
                        "the signer's serial number is the text of the transactionID",
                    ),
                ],
                &[],
            )
        })
    }

    // Interop: strongSwan takes the SHA-1 of its key for transactionID and serial number.
    fn strong_swan(&self) -> Option<Sender> {
        let of_key = self.signer_key().and_then(|key| self.sha1(key));
        let is_of_key = (
            self.id_is(Case::Upper, of_key.as_deref()),
            "the transactionID is the SHA-1 of the signer's key in upper case",
        );
        let serial = self.signer.as_ref().map(|signer| match signer.serial() {
            [0, rest @ ..] => rest,
            serial => serial,
        });
        let serial = (
            serial.is_some() && serial == of_key.as_deref(),
            "the signer's serial number is the SHA-1 of its key",
        );
        guess(
            Program::StrongSwan,
            Certainty::Likely,
            &[is_of_key, serial],
            &[],
        )
        .or_else(|| {
            guess(
                Program::StrongSwan,
                Certainty::Possible,
                &[
                    is_of_key,
                    (self.encoding == Encoding::Der, "the message is DER"),
                    (
                        self.signature.oid() != oid::RSA_ENCRYPTION,
                        "the signature's algorithm names its digest",
                    ),
                ],
                &[],
            )
        })
    }

    // Interop: jscep writes the SHA-1 of its key in lower case; agents on Android are said to write it in upper case.
    fn jscep_client(&self) -> Option<Sender> {
        let of_key = self.signer_key().and_then(|key| self.sha1(key));
        let mut cases = [Case::Lower, Case::Upper].into_iter();
        let is_of_key = (
            cases.any(|case| self.id_is(case, of_key.as_deref())),
            "the transactionID is the SHA-1 of the signer's key",
        );
        let certainty = if self.has_algorithm_protection() {
            Certainty::Likely
        } else {
            Certainty::Possible
        };
        let needed = [self.ber(), is_of_key];
        guess(
            Program::Jscep,
            certainty,
            &needed,
            &[self.algorithm_protection()],
        )
    }

    fn micromdm_client(&self) -> Option<Sender> {
        let without = self.envelope.is_some_and(|envelope| {
            envelope.key_transport.is_bare() && envelope.key_transport.oid() == oid::RSA_ENCRYPTION
        });
        let base64_id = (
            self.has_base64_id(),
            "the transactionID is 20 bytes in base64",
        );
        let certainty = if base64_id.0 {
            Certainty::Likely
        } else {
            Certainty::Possible
        };
        let without = (
            without,
            "the algorithm of the encrypted key has no parameters",
        );
        let [digest, signature] = self.without_parameters();
        guess(
            Program::Micromdm,
            certainty,
            &[digest, signature, without],
            &[base64_id],
        )
    }

    fn this_crate_as_client(&self) -> Option<Sender> {
        let id = (
            self.has_hex_id(32),
            "the transactionID has 32 digits in upper case",
        );
        let sha2 = [oid::SHA256, oid::SHA384, oid::SHA512].contains(&self.digest.oid());
        let [der, digest, signature, no_time] = self.written_by_this_crate();
        let needed = [
            der,
            digest,
            signature,
            no_time,
            (sha2, "the digest is SHA-2"),
            id,
        ];
        guess(Program::ThisCrate, Certainty::Possible, &needed, &[])
    }
}

/// Servers, by their replies.
impl Shape<'_> {
    // Interop: NDES sends no certificates: the client has them from GetCACert.
    fn ndes(&self) -> Option<Sender> {
        let attributes = &self.attributes;
        let told =
            attributes.microsoft_error().is_some() || attributes.microsoft_message().is_some();
        guess(
            Program::Ndes,
            Certainty::Likely,
            &[
                (told, "there is a code or text of Microsoft's"),
                (self.certificates == 0, "there are no certificates"),
            ],
            &[],
        )
    }

    // Interop: smallstep's library answers with the client's nonce for a nonce of its own.
    fn micromdm_server(&self) -> Option<Sender> {
        let nonce = self.attributes.sender_nonce();
        let same = nonce.is_some() && nonce == self.attributes.recipient_nonce();
        let [digest, signature] = self.without_parameters();
        let same = (same, "the senderNonce is the client's");
        guess(
            Program::Micromdm,
            Certainty::Likely,
            &[digest, signature, same],
            &[],
        )
    }

    fn this_crate_as_server(&self) -> Option<Sender> {
        let nonce = self.attributes.sender_nonce();
        let own = self.sender_nonce_len() == Some(16) && nonce != self.attributes.recipient_nonce();
        let [der, digest, signature, no_time] = self.written_by_this_crate();
        let needed = [
            der,
            digest,
            signature,
            no_time,
            (own, "the senderNonce has 16 bytes of its own"),
            (self.signer.is_some(), "the signer's certificate is there"),
        ];
        guess(Program::ThisCrate, Certainty::Possible, &needed, &[])
    }
}

/// Libraries, by what they write on either side.
impl Shape<'_> {
    fn bouncy_castle(&self) -> Option<Sender> {
        let needed = [self.ber(), self.algorithm_protection()];
        guess(Program::Jscep, Certainty::Likely, &needed, &[])
    }

    fn open_ssl(&self) -> Option<Sender> {
        let signature = self.signature.oid();
        let plain = signature == oid::RSA_ENCRYPTION && has_null(&self.signature);
        let needed = [
            (
                self.digest.is_bare(),
                "the digest's algorithm has no parameters",
            ),
            (
                plain || signature == oid::RSASSA_PSS,
                "the signature's algorithm is rsaEncryption with NULL, or PSS",
            ),
            (
                self.attributes.signing_time().is_some() && !self.has_algorithm_protection(),
                "there is a signingTime, and no CMSAlgorithmProtection",
            ),
        ];
        guess(Program::OpenSsl, Certainty::Possible, &needed, &[])
    }
}

/// What several have in common.
impl Shape<'_> {
    fn ber(&self) -> Mark {
        (self.encoding == Encoding::Ber, "the message is BER")
    }

    fn algorithm_protection(&self) -> Mark {
        (
            self.has_algorithm_protection(),
            "there is a CMSAlgorithmProtection",
        )
    }

    fn without_parameters(&self) -> [Mark; 2] {
        let names_digest = self.signature.oid() != oid::RSA_ENCRYPTION;
        [
            (
                self.digest.is_bare(),
                "the digest's algorithm has no parameters",
            ),
            (
                self.signature.is_bare() && names_digest,
                "the signature's algorithm names its digest and has no parameters",
            ),
        ]
    }

    fn written_by_this_crate(&self) -> [Mark; 4] {
        let plain = self.signature.oid() == oid::RSA_ENCRYPTION;
        [
            (self.encoding == Encoding::Der, "the message is DER"),
            (
                has_null(&self.digest),
                "the digest's algorithm has NULL for parameters",
            ),
            (
                plain && has_null(&self.signature),
                "the signature's algorithm is rsaEncryption with NULL",
            ),
            (
                self.attributes.signing_time().is_none(),
                "there is no signingTime",
            ),
        ]
    }
}

/// Whether the parameters are there, and NULL.
fn has_null(algorithm: &AlgorithmIdentifier<'_>) -> bool {
    algorithm.has_null_or_none() && !algorithm.is_bare()
}

/// The case of hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Case {
    Lower,
    Upper,
}

/// What is asked of the parts.
impl Shape<'_> {
    fn signer_key(&self) -> Option<&[u8]> {
        self.signer.as_ref().map(Certificate::public_key_der)
    }

    fn sha1(&self, input: &[u8]) -> Option<Vec<u8>> {
        let digest = self
            .provider
            .digests()
            .digest(DigestAlgorithm::Sha1, &[input]);
        Some(digest.ok()?.as_bytes().to_vec())
    }

    /// Whether the transactionID is these bytes in hexadecimal digits.
    fn id_is(&self, case: Case, bytes: Option<&[u8]>) -> bool {
        let Some(bytes) = bytes else { return false };
        let mut upper = String::new();
        hex(&mut upper, bytes);
        let text = match case {
            Case::Lower => upper.to_ascii_lowercase(),
            Case::Upper => upper,
        };
        self.id.as_bytes() == text.as_bytes()
    }

    /// Whether the transactionID is so many hexadecimal digits in upper case.
    fn has_hex_id(&self, digits: usize) -> bool {
        let id = self.id.as_bytes();
        let is_digit = |byte: &u8| matches!(byte, b'0'..=b'9' | b'A'..=b'F');
        id.len() == digits && id.iter().all(is_digit)
    }

    /// Whether the transactionID is the base64 of 20 bytes.
    fn has_base64_id(&self) -> bool {
        let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
        match self.id.as_bytes() {
            [digits @ .., b'='] => digits.len() == 27 && digits.iter().all(is_digit),
            _ => false,
        }
    }

    fn is_signer_called(&self, common_name: &str) -> bool {
        let wanted = format!("CN={common_name}");
        self.signer.as_ref().is_some_and(|signer| {
            let subject = format!("{}", signer.subject());
            subject.split(',').any(|part| part == wanted)
        })
    }

    fn sender_nonce_len(&self) -> Option<usize> {
        Some(self.attributes.sender_nonce()?.as_bytes().len())
    }

    fn has_cipher(&self, cipher: Oid) -> bool {
        self.envelope
            .is_some_and(|envelope| envelope.cipher.oid() == cipher)
    }

    fn has_key_transport(&self, key_transport: Oid) -> bool {
        self.envelope
            .is_some_and(|envelope| envelope.key_transport.oid() == key_transport)
    }

    fn has_algorithm_protection(&self) -> bool {
        let mut unknown = self.attributes.unknown();
        unknown.any(|attribute| attribute.oid().as_bytes() == CMS_ALGORITHM_PROTECTION)
    }
}
