//! Object identifiers: the type, and those that SCEP messages use.

use core::fmt;

use const_oid::ObjectIdentifier;

/// An object identifier as it stands in a message.
///
/// Unlike [`const_oid::ObjectIdentifier`] it holds arcs of any size, such as the 128-bit ones under `2.25`, so that an
/// error can name whatever a peer sent. Its encoding is at most [`Oid::MAX_LEN`] bytes long.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Oid {
    bytes: [u8; Self::MAX_LEN],
    len: usize,
}

impl Oid {
    /// The longest encoding in bytes, without tag and length.
    pub const MAX_LEN: usize = 39;

    /// Takes the contents octets of an OBJECT IDENTIFIER
    /// ([X.690, section 8.19](https://www.itu.int/rec/T-REC-X.690)), or `None` if they are none or too many.
    #[must_use]
    pub const fn from_bytes(contents: &[u8]) -> Option<Self> {
        let mut bytes = [0; Self::MAX_LEN];
        let mut rest: &mut [u8] = &mut bytes;
        let mut left = contents;
        while let Some((byte, after)) = left.split_first() {
            match rest.split_first_mut() {
                Some((slot, remaining)) => {
                    *slot = *byte;
                    rest = remaining;
                }
                None => return None,
            }
            left = after;
        }
        match contents.last() {
            Some(last) if *last < 0x80 => Some(Self {
                bytes,
                len: contents.len(),
            }),
            _ => None,
        }
    }

    /// The contents octets.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    const fn known(oid: ObjectIdentifier) -> Self {
        match Self::from_bytes(oid.as_bytes()) {
            Some(known) => known,
            None => Self {
                bytes: [0; Self::MAX_LEN],
                len: 0,
            },
        }
    }
}

impl From<ObjectIdentifier> for Oid {
    fn from(oid: ObjectIdentifier) -> Self {
        Self::known(oid)
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = true;
        let mut arc: u128 = 0;
        for byte in self.as_bytes() {
            // An arc of more than 128 bits is no identifier that anybody assigns; its upper bits are not shown.
            arc = (arc << 7) | u128::from(byte & 0x7f);
            if byte & 0x80 != 0 {
                continue;
            }
            if first {
                let (root, second) = match arc {
                    0..40 => (0, arc),
                    40..80 => (1, arc.wrapping_sub(40)),
                    _ => (2, arc.wrapping_sub(80)),
                };
                write!(f, "{root}.{second}")?;
                first = false;
            } else {
                write!(f, ".{arc}")?;
            }
            arc = 0;
        }
        Ok(())
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Oid({self})")
    }
}

macro_rules! oids {
    ($($(#[$doc:meta])* $name:ident = $dotted:literal;)*) => {
        $($(#[$doc])* pub const $name: Oid = Oid::known(ObjectIdentifier::new_unwrap($dotted));)*

        #[cfg(test)]
        pub(crate) const ALL: &[(Oid, &str)] = &[$(($name, $dotted)),*];
    };
}

oids! {
    /// id-data, [RFC 5652, section 4](https://www.rfc-editor.org/rfc/rfc5652#section-4).
    DATA = "1.2.840.113549.1.7.1";
    /// id-signedData, [RFC 5652, section 5.1](https://www.rfc-editor.org/rfc/rfc5652#section-5.1).
    SIGNED_DATA = "1.2.840.113549.1.7.2";
    /// id-envelopedData, [RFC 5652, section 6.1](https://www.rfc-editor.org/rfc/rfc5652#section-6.1).
    ENVELOPED_DATA = "1.2.840.113549.1.7.3";
    /// id-encryptedData, [RFC 5652, section 8](https://www.rfc-editor.org/rfc/rfc5652#section-8).
    ENCRYPTED_DATA = "1.2.840.113549.1.7.6";

    /// id-contentType, [RFC 5652, section 11.1](https://www.rfc-editor.org/rfc/rfc5652#section-11.1).
    CONTENT_TYPE = "1.2.840.113549.1.9.3";
    /// id-messageDigest, [RFC 5652, section 11.2](https://www.rfc-editor.org/rfc/rfc5652#section-11.2).
    MESSAGE_DIGEST = "1.2.840.113549.1.9.4";
    /// id-signingTime, [RFC 5652, section 11.3](https://www.rfc-editor.org/rfc/rfc5652#section-11.3).
    SIGNING_TIME = "1.2.840.113549.1.9.5";
    /// challengePassword, [RFC 2985, section 5.4.1](https://www.rfc-editor.org/rfc/rfc2985#section-5.4.1).
    CHALLENGE_PASSWORD = "1.2.840.113549.1.9.7";
    /// extensionRequest, [RFC 2985, section 5.4.2](https://www.rfc-editor.org/rfc/rfc2985#section-5.4.2).
    EXTENSION_REQUEST = "1.2.840.113549.1.9.14";
    /// Microsoft's twin of extensionRequest.
    MS_CERT_EXTENSIONS = "1.3.6.1.4.1.311.2.1.14";

    /// Microsoft's attribute of a CSR that tells the version of Windows.
    MS_OS_VERSION = "1.3.6.1.4.1.311.13.2.3";
    /// Microsoft's attribute of a CSR that names the key store.
    MS_CSP_INFO = "1.3.6.1.4.1.311.13.2.2";
    /// Microsoft's attribute of a CSR that holds a name and a value.
    MS_NAME_VALUE_PAIR = "1.3.6.1.4.1.311.13.2.1";
    /// Microsoft's attribute of a CSR that tells which program made it.
    MS_CLIENT_INFO = "1.3.6.1.4.1.311.21.20";
    /// Microsoft's attribute of a CSR that holds the certificate to be renewed.
    MS_RENEWAL_CERTIFICATE = "1.3.6.1.4.1.311.13.1";
    /// Microsoft's extension that names a template of version 1.
    MS_TEMPLATE_NAME = "1.3.6.1.4.1.311.20.2";
    /// Microsoft's extension that names a template of version 2 and later.
    MS_TEMPLATE_INFORMATION = "1.3.6.1.4.1.311.21.7";
    /// Microsoft's extension of application policies, a twin of extKeyUsage.
    MS_APPLICATION_POLICIES = "1.3.6.1.4.1.311.21.10";
    /// Microsoft's extension that binds a certificate to an account by its SID.
    MS_NTDS_SECURITY = "1.3.6.1.4.1.311.25.2";
    /// The SID in Microsoft's security extension.
    MS_NTDS_OBJECT_SID = "1.3.6.1.4.1.311.25.2.1";
    /// User principal name, Microsoft's otherName.
    MS_USER_PRINCIPAL_NAME = "1.3.6.1.4.1.311.20.2.3";

    /// messageType, [RFC 8894, section 3.2.1](https://www.rfc-editor.org/rfc/rfc8894#section-3.2.1).
    MESSAGE_TYPE = "2.16.840.1.113733.1.9.2";
    /// pkiStatus.
    PKI_STATUS = "2.16.840.1.113733.1.9.3";
    /// failInfo.
    FAIL_INFO = "2.16.840.1.113733.1.9.4";
    /// senderNonce.
    SENDER_NONCE = "2.16.840.1.113733.1.9.5";
    /// recipientNonce.
    RECIPIENT_NONCE = "2.16.840.1.113733.1.9.6";
    /// transactionID.
    TRANSACTION_ID = "2.16.840.1.113733.1.9.7";
    /// failInfoText.
    FAIL_INFO_TEXT = "1.3.6.1.5.5.7.24.1";
    /// Microsoft's HRESULT of a failed request, a signed decimal number as text.
    MS_SCEP_ERROR = "1.3.6.1.4.1.311.21.33";
    /// Microsoft's message of the SCEP server.
    MS_SCEP_SERVER_MESSAGE = "1.3.6.1.4.1.311.21.38";

    /// md5, [RFC 3370, section 2.2](https://www.rfc-editor.org/rfc/rfc3370#section-2.2).
    MD5 = "1.2.840.113549.2.5";
    /// id-sha1, [RFC 3370, section 2.1](https://www.rfc-editor.org/rfc/rfc3370#section-2.1).
    SHA1 = "1.3.14.3.2.26";
    /// id-sha256, [RFC 5754, section 2.2](https://www.rfc-editor.org/rfc/rfc5754#section-2.2).
    SHA256 = "2.16.840.1.101.3.4.2.1";
    /// id-sha384, [RFC 5754, section 2.3](https://www.rfc-editor.org/rfc/rfc5754#section-2.3).
    SHA384 = "2.16.840.1.101.3.4.2.2";
    /// id-sha512, [RFC 5754, section 2.4](https://www.rfc-editor.org/rfc/rfc5754#section-2.4).
    SHA512 = "2.16.840.1.101.3.4.2.3";

    /// rsaEncryption, [RFC 8017, appendix C](https://www.rfc-editor.org/rfc/rfc8017#appendix-C).
    RSA_ENCRYPTION = "1.2.840.113549.1.1.1";
    /// md5WithRSAEncryption.
    MD5_WITH_RSA = "1.2.840.113549.1.1.4";
    /// sha1WithRSAEncryption.
    SHA1_WITH_RSA = "1.2.840.113549.1.1.5";
    /// id-RSAES-OAEP, [RFC 4055, section 4.1](https://www.rfc-editor.org/rfc/rfc4055#section-4.1).
    RSAES_OAEP = "1.2.840.113549.1.1.7";
    /// id-mgf1.
    MGF1 = "1.2.840.113549.1.1.8";
    /// id-pSpecified.
    P_SPECIFIED = "1.2.840.113549.1.1.9";
    /// id-RSASSA-PSS, [RFC 4055, section 3.1](https://www.rfc-editor.org/rfc/rfc4055#section-3.1).
    RSASSA_PSS = "1.2.840.113549.1.1.10";
    /// sha256WithRSAEncryption.
    SHA256_WITH_RSA = "1.2.840.113549.1.1.11";
    /// sha384WithRSAEncryption.
    SHA384_WITH_RSA = "1.2.840.113549.1.1.12";
    /// sha512WithRSAEncryption.
    SHA512_WITH_RSA = "1.2.840.113549.1.1.13";

    /// id-ecPublicKey, [RFC 5480, section 2.1.1](https://www.rfc-editor.org/rfc/rfc5480#section-2.1.1).
    EC_PUBLIC_KEY = "1.2.840.10045.2.1";
    /// secp256r1, the curve P-256, [RFC 5480, section 2.1.1.1](https://www.rfc-editor.org/rfc/rfc5480#section-2.1.1.1).
    SECP256R1 = "1.2.840.10045.3.1.7";
    /// secp384r1, the curve P-384.
    SECP384R1 = "1.3.132.0.34";
    /// secp521r1, the curve P-521.
    SECP521R1 = "1.3.132.0.35";
    /// ecdsa-with-SHA256, [RFC 5758, section 3.2](https://www.rfc-editor.org/rfc/rfc5758#section-3.2).
    ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2";
    /// ecdsa-with-SHA384.
    ECDSA_WITH_SHA384 = "1.2.840.10045.4.3.3";
    /// ecdsa-with-SHA512.
    ECDSA_WITH_SHA512 = "1.2.840.10045.4.3.4";
    /// id-Ed25519, of keys and of signatures, [RFC 8410, section 3](https://www.rfc-editor.org/rfc/rfc8410#section-3).
    ED25519 = "1.3.101.112";

    /// id-PBKDF2, [RFC 8018, appendix A.2](https://www.rfc-editor.org/rfc/rfc8018#appendix-A.2).
    PBKDF2 = "1.2.840.113549.1.5.12";
    /// id-hmacWithSHA1, [RFC 8018, appendix B.1](https://www.rfc-editor.org/rfc/rfc8018#appendix-B.1).
    HMAC_WITH_SHA1 = "1.2.840.113549.2.7";
    /// id-hmacWithSHA256.
    HMAC_WITH_SHA256 = "1.2.840.113549.2.9";
    /// id-hmacWithSHA384.
    HMAC_WITH_SHA384 = "1.2.840.113549.2.10";
    /// id-hmacWithSHA512.
    HMAC_WITH_SHA512 = "1.2.840.113549.2.11";
    /// id-alg-PWRI-KEK, [RFC 3211, section 2.3](https://www.rfc-editor.org/rfc/rfc3211#section-2.3).
    PWRI_KEK = "1.2.840.113549.1.9.16.3.9";

    /// dhSinglePass-stdDH-sha1kdf-scheme, [RFC 5753, section 7.1.4](https://www.rfc-editor.org/rfc/rfc5753#section-7.1.4).
    ECDH_SHA1_KDF = "1.3.133.16.840.63.0.2";
    /// dhSinglePass-stdDH-sha256kdf-scheme.
    ECDH_SHA256_KDF = "1.3.132.1.11.1";
    /// dhSinglePass-stdDH-sha384kdf-scheme.
    ECDH_SHA384_KDF = "1.3.132.1.11.2";
    /// dhSinglePass-stdDH-sha512kdf-scheme.
    ECDH_SHA512_KDF = "1.3.132.1.11.3";
    /// id-aes128-wrap, [RFC 3565, section 2.3.2](https://www.rfc-editor.org/rfc/rfc3565#section-2.3.2).
    AES128_WRAP = "2.16.840.1.101.3.4.1.5";
    /// id-aes192-wrap.
    AES192_WRAP = "2.16.840.1.101.3.4.1.25";
    /// id-aes256-wrap.
    AES256_WRAP = "2.16.840.1.101.3.4.1.45";

    /// desCBC.
    DES_CBC = "1.3.14.3.2.7";
    /// des-ede3-cbc, [RFC 3370, section 5.1](https://www.rfc-editor.org/rfc/rfc3370#section-5.1).
    DES_EDE3_CBC = "1.2.840.113549.3.7";
    /// id-aes128-CBC, [RFC 3565, section 4.1](https://www.rfc-editor.org/rfc/rfc3565#section-4.1).
    AES128_CBC = "2.16.840.1.101.3.4.1.2";
    /// id-aes192-CBC.
    AES192_CBC = "2.16.840.1.101.3.4.1.22";
    /// id-aes256-CBC.
    AES256_CBC = "2.16.840.1.101.3.4.1.42";

    /// id-ce-subjectKeyIdentifier, [RFC 5280, section 4.2.1.2](https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.2).
    SUBJECT_KEY_IDENTIFIER = "2.5.29.14";
    /// id-ce-keyUsage, [RFC 5280, section 4.2.1.3](https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.3).
    KEY_USAGE = "2.5.29.15";
    /// id-ce-subjectAltName, [RFC 5280, section 4.2.1.6](https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.6).
    SUBJECT_ALT_NAME = "2.5.29.17";
    /// id-ce-basicConstraints, [RFC 5280, section 4.2.1.9](https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.9).
    BASIC_CONSTRAINTS = "2.5.29.19";
    /// id-ce-cRLNumber, [RFC 5280, section 5.2.3](https://www.rfc-editor.org/rfc/rfc5280#section-5.2.3).
    CRL_NUMBER = "2.5.29.20";
    /// id-ce-cRLReasons, the reasonCode of an entry, [RFC 5280, section 5.3.1](https://www.rfc-editor.org/rfc/rfc5280#section-5.3.1).
    CRL_REASONS = "2.5.29.21";
    /// id-ce-invalidityDate, [RFC 5280, section 5.3.2](https://www.rfc-editor.org/rfc/rfc5280#section-5.3.2).
    INVALIDITY_DATE = "2.5.29.24";
    /// id-ce-deltaCRLIndicator, [RFC 5280, section 5.2.4](https://www.rfc-editor.org/rfc/rfc5280#section-5.2.4).
    DELTA_CRL_INDICATOR = "2.5.29.27";
    /// id-ce-issuingDistributionPoint, [RFC 5280, section 5.2.5](https://www.rfc-editor.org/rfc/rfc5280#section-5.2.5).
    ISSUING_DISTRIBUTION_POINT = "2.5.29.28";
    /// id-ce-certificateIssuer, [RFC 5280, section 5.3.3](https://www.rfc-editor.org/rfc/rfc5280#section-5.3.3).
    CERTIFICATE_ISSUER = "2.5.29.29";
    /// id-ce-authorityKeyIdentifier, [RFC 5280, section 5.2.1](https://www.rfc-editor.org/rfc/rfc5280#section-5.2.1).
    AUTHORITY_KEY_IDENTIFIER = "2.5.29.35";
    /// id-ce-extKeyUsage, [RFC 5280, section 4.2.1.12](https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.12).
    EXT_KEY_USAGE = "2.5.29.37";
    /// Certificate Request Agent, a purpose in extKeyUsage: Microsoft's, by which a certificate is an RA's.
    CERTIFICATE_REQUEST_AGENT = "1.3.6.1.4.1.311.20.2.1";
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn every_constant_prints_as_it_was_written() {
        for (oid, dotted) in ALL {
            assert_eq!(oid.to_string(), *dotted);
        }
    }

    #[test]
    fn a_uuid_arc_is_kept_and_printed() {
        let mut contents = [0xff; 20];
        contents[0] = 0x69; // 2.25
        contents[1] = 0x83;
        contents[19] = 0x7f;
        let oid = Oid::from_bytes(&contents).unwrap();
        assert_eq!(oid.to_string(), alloc::format!("2.25.{}", u128::MAX));
    }

    #[test]
    fn no_bytes_too_many_and_an_unfinished_arc_are_refused() {
        assert_eq!(Oid::from_bytes(&[]), None);
        assert_eq!(Oid::from_bytes(&[1; 40]), None);
        assert_eq!(Oid::from_bytes(&[0x2a, 0x86]), None);
        assert!(Oid::from_bytes(&[1; 39]).is_some());
    }
}
