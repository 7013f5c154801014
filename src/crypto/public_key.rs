//! What a policy asks of a public key.

use super::{EllipticCurve, KeyTransport, Policy, SignatureScheme};
use crate::algorithm_identifier::{AlgorithmIdentifier, curve_of, write_ec_public_key};
use crate::asn1::{Reader, encode, tag};
use crate::{Item, Layer, Limits, Oid, ParseError, Refused, oid};
use alloc::vec::Vec;

/// Checks a public key, the DER of a SubjectPublicKeyInfo, against the policy.
pub(crate) fn check_public_key(spki: &[u8], policy: &Policy) -> Result<(), Refused> {
    let key = read(spki).map_err(|_| unreadable(spki))?;
    match key.algorithm {
        oid::RSA_ENCRYPTION => check_rsa(&key, policy),
        oid::EC_PUBLIC_KEY => check_ec(&key, policy),
        oid::ED25519
            if policy
                .signature_schemes()
                .contains(SignatureScheme::Ed25519) =>
        {
            match (key.identifier.is_bare(), key.octets.len()) {
                (true, ED25519_LEN) => Ok(()),
                _ => Err(Refused::EcKey),
            }
        }
        other => Err(Refused::PublicKey(other)),
    }
}

/// What a key that cannot be read is refused as: a key of the algorithm that it names.
fn unreadable(spki: &[u8]) -> Refused {
    let mut reader = Reader::new_der(spki, 0, Layer::Message, &Limits::REPLY);
    let mut algorithm = None;
    let _ = reader.nested(tag::SEQUENCE, Item::SubjectPublicKeyInfo, |fields| {
        algorithm = Some(AlgorithmIdentifier::read(fields)?.oid());
        Ok(())
    });
    match algorithm {
        None | Some(oid::RSA_ENCRYPTION) => Refused::RsaKey,
        Some(oid::EC_PUBLIC_KEY | oid::ED25519) => Refused::EcKey,
        Some(other) => Refused::PublicKey(other),
    }
}

/// The curve of an id-ecPublicKey key, if it is one that this crate can name.
pub(crate) fn key_curve(spki: &[u8]) -> Option<EllipticCurve> {
    read(spki).ok()?.curve()
}

/// The SubjectPublicKeyInfo of a point on a curve.
pub(crate) fn ec_public_key(curve: EllipticCurve, point: &[u8]) -> Vec<u8> {
    encode(point.len().saturating_add(32), |out| {
        out.sequence(|key| {
            write_ec_public_key(key, curve);
            key.bit_string(point);
        });
    })
}

fn check_rsa(key: &PublicKey<'_>, policy: &Policy) -> Result<(), Refused> {
    let rsa = key.rsa().ok_or(Refused::RsaKey)?;
    let modulus_bits = bits(rsa.modulus);
    if !policy.rsa_modulus_bits().contains(&modulus_bits) {
        return Err(Refused::RsaModulusBits(modulus_bits));
    }
    let exponent_bits = bits(rsa.exponent);
    if exponent_bits > policy.max_rsa_exponent_bits() {
        return Err(Refused::RsaExponentBits(exponent_bits));
    }
    if !is_odd(rsa.modulus) || !is_odd(rsa.exponent) || rsa.exponent == [1] {
        return Err(Refused::RsaKey);
    }
    Ok(())
}

/// The curve and the length of the point. That the point is on the curve is for the provider to see.
fn check_ec(key: &PublicKey<'_>, policy: &Policy) -> Result<(), Refused> {
    let named = key.identifier.named_curve().ok_or(Refused::EcKey)?;
    let curve = curve_of(named)
        .filter(|curve| policy.curves().contains(*curve))
        .ok_or(Refused::Curve(named))?;
    let len = curve.coordinate_len().saturating_mul(2);
    match key.octets.split_first() {
        Some((&UNCOMPRESSED, coordinates)) if coordinates.len() == len => Ok(()),
        _ => Err(Refused::EcKey),
    }
}

/// The first octet of a point that stands in both coordinates,
/// [RFC 5480, section 2.2](https://www.rfc-editor.org/rfc/rfc5480#section-2.2).
const UNCOMPRESSED: u8 = 4;

/// The length of an Ed25519 public key in bytes.
const ED25519_LEN: usize = 32;

/// Whether two public keys, each the DER of a SubjectPublicKeyInfo, are the same.
pub(crate) fn is_same_key(one: &[u8], other: &[u8]) -> bool {
    one == other || key_identity(one) == key_identity(other)
}

/// What tells a public key, the DER of a SubjectPublicKeyInfo, from every other one.
///
/// The parameters of rsaEncryption are NULL, and some write nothing: a CA may copy a key in the other form.
pub(crate) fn key_identity(spki: &[u8]) -> (Option<Oid>, &[u8]) {
    match read(spki) {
        Ok(key) if key.is_rsa() => (Some(key.algorithm), key.octets),
        _ => (None, spki),
    }
}

/// Whether a content key of `key_len` bytes fits into one block of an RSA key, [RFC 8017, sections 7.1.1 and 7.2.1].
///
/// [RFC 8017, sections 7.1.1 and 7.2.1]: https://www.rfc-editor.org/rfc/rfc8017#section-7.1.1
pub(crate) fn fits_transport(spki: &[u8], transport: KeyTransport, key_len: usize) -> bool {
    let overhead = match transport {
        KeyTransport::RsaPkcs1v15 => 11,
        KeyTransport::RsaOaep { digest, .. } => {
            digest.output_len().saturating_mul(2).saturating_add(2)
        }
    };
    read(spki)
        .ok()
        .and_then(|key| Some(bits(key.rsa()?.modulus).div_ceil(8)))
        .is_some_and(|modulus_len| key_len.saturating_add(overhead) <= modulus_len)
}

/// The RSAPublicKey in an RSA key, and the size of its modulus in bits; `None` if it is no RSA key.
#[cfg(feature = "aws-lc-rs")]
pub(crate) fn rsa_public_key(spki: &[u8]) -> Option<(&[u8], usize)> {
    let key = read(spki).ok()?;
    Some((key.octets, bits(key.rsa()?.modulus)))
}

/// The size of the modulus of an RSA key in bits.
#[cfg(feature = "diagnose")]
pub(crate) fn modulus_bits(spki: &[u8]) -> Option<usize> {
    let key = read(spki).ok()?;
    Some(bits(key.rsa()?.modulus))
}

/// The octets of subjectPublicKey, over which key identifiers are computed.
pub(crate) fn key_octets(spki: &[u8]) -> Option<&[u8]> {
    read(spki).ok().map(|key| key.octets)
}

/// The object identifier of the key's algorithm.
pub(crate) fn key_algorithm(spki: &[u8]) -> Option<Oid> {
    read(spki).ok().map(|key| key.algorithm)
}

struct PublicKey<'a> {
    algorithm: Oid,
    identifier: AlgorithmIdentifier<'a>,
    octets: &'a [u8],
}

/// RSAPublicKey, [RFC 8017, appendix A.1.1](https://www.rfc-editor.org/rfc/rfc8017#appendix-A.1.1), without signs.
struct RsaPublicKey<'a> {
    modulus: &'a [u8],
    exponent: &'a [u8],
}

fn read(spki: &[u8]) -> Result<PublicKey<'_>, ParseError> {
    let mut reader = Reader::new_der(spki, 0, Layer::Message, &Limits::REPLY);
    let key = reader.nested(tag::SEQUENCE, Item::SubjectPublicKeyInfo, |fields| {
        let identifier = AlgorithmIdentifier::read(fields)?;
        Ok(PublicKey {
            algorithm: identifier.oid(),
            identifier,
            octets: crate::signed::read_bit_string(fields, Item::SubjectPublicKeyInfo)?,
        })
    })?;
    reader.finish(Item::SubjectPublicKeyInfo)?;
    Ok(key)
}

impl<'a> PublicKey<'a> {
    /// Whether it is an RSA key: parameters other than NULL make it something that no provider takes.
    fn is_rsa(&self) -> bool {
        self.algorithm == oid::RSA_ENCRYPTION && self.identifier.has_null_or_none()
    }

    fn curve(&self) -> Option<EllipticCurve> {
        match self.algorithm {
            oid::EC_PUBLIC_KEY => self.identifier.named_curve().and_then(curve_of),
            _ => None,
        }
    }

    fn rsa(&self) -> Option<RsaPublicKey<'a>> {
        if !self.is_rsa() {
            return None;
        }
        let mut reader = Reader::new_der(self.octets, 0, Layer::Message, &Limits::REPLY);
        let item = Item::SubjectPublicKeyInfo;
        let (modulus, exponent) = reader
            .nested(tag::SEQUENCE, item, |fields| {
                Ok((
                    fields.expect(tag::INTEGER, item)?.contents,
                    fields.expect(tag::INTEGER, item)?.contents,
                ))
            })
            .ok()?;
        if !reader.at_end() {
            return None;
        }
        Some(RsaPublicKey {
            modulus: magnitude(modulus)?,
            exponent: magnitude(exponent)?,
        })
    }
}

/// The digits of a positive INTEGER without leading zeros.
fn magnitude(contents: &[u8]) -> Option<&[u8]> {
    if contents.first()? & 0x80 != 0 {
        return None;
    }
    let zeros = contents.iter().take_while(|byte| **byte == 0).count();
    contents.get(zeros..).filter(|digits| !digits.is_empty())
}

fn bits(magnitude: &[u8]) -> usize {
    let unused = magnitude.first().map_or(0, |first| first.leading_zeros());
    let unused = usize::try_from(unused).unwrap_or_default();
    magnitude.len().saturating_mul(8).saturating_sub(unused)
}

fn is_odd(magnitude: &[u8]) -> bool {
    magnitude.last().is_some_and(|last| last & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asn1::Writer;
    use alloc::vec;

    fn spki(algorithm: Oid, modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
        let key = encode(0, |w| {
            w.sequence(|w| {
                w.unsigned_integer(modulus);
                w.unsigned_integer(exponent);
            });
        });
        encode(0, |w| {
            w.sequence(|w| {
                w.sequence(|w| {
                    w.oid(algorithm);
                    w.null();
                });
                w.bit_string(&key);
            });
        })
    }

    fn check(modulus: &[u8], exponent: &[u8]) -> Result<(), Refused> {
        let spki = spki(oid::RSA_ENCRYPTION, modulus, exponent);
        check_public_key(&spki, &Policy::strict())
    }

    const F4: &[u8] = &[1, 0, 1];

    /// An odd number of this many bits.
    fn modulus(bits: usize) -> Vec<u8> {
        let mut modulus = vec![0; bits.div_ceil(8)];
        modulus[0] = 1 << ((bits - 1) % 8);
        *modulus.last_mut().unwrap() |= 1;
        modulus
    }

    #[test]
    fn the_modulus_is_held_against_the_policy() {
        for (bits, result) in [
            (1024, Err(Refused::RsaModulusBits(1024))),
            (2047, Err(Refused::RsaModulusBits(2047))),
            (2048, Ok(())),
            (8192, Ok(())),
            (8193, Err(Refused::RsaModulusBits(8193))),
        ] {
            assert_eq!(check(&modulus(bits), F4), result);
        }
    }

    #[test]
    fn the_exponent_is_held_against_the_policy() {
        let (largest, larger) = ([1, 0xff, 0xff, 0xff, 0xff], [2, 0, 0, 0, 1]);
        assert_eq!(check(&modulus(2048), &largest), Ok(()));
        let refused = Err(Refused::RsaExponentBits(34));
        assert_eq!(check(&modulus(2048), &larger), refused);
        let spki = spki(oid::RSA_ENCRYPTION, &modulus(2048), &larger);
        let policy = Policy::strict().with_max_rsa_exponent_bits(34);
        assert_eq!(check_public_key(&spki, &policy), Ok(()));
    }

    #[test]
    fn an_even_modulus_is_refused() {
        assert_eq!(check(&[0x80; 256], F4), Err(Refused::RsaKey));
    }

    #[test]
    fn an_exponent_below_three_or_even_is_refused() {
        assert_eq!(check(&modulus(2048), &[3]), Ok(()));
        for exponent in [&[][..], &[1], &[2], &[1, 0]] {
            assert_eq!(
                check(&modulus(2048), exponent),
                Err(Refused::RsaKey),
                "{exponent:?}"
            );
        }
    }

    #[test]
    fn a_negative_or_absent_modulus_is_refused() {
        assert_eq!(check(&[], F4), Err(Refused::RsaKey));
        let mut negative = spki(oid::RSA_ENCRYPTION, &[0x40; 256], F4);
        let at = negative.windows(2).position(|pair| pair == [0x40, 0x40]);
        negative[at.unwrap()] = 0xc0;
        assert_eq!(
            check_public_key(&negative, &Policy::strict()),
            Err(Refused::RsaKey)
        );
    }

    #[test]
    fn other_algorithms_and_other_bytes_are_told_apart() {
        let other = spki(oid::DATA, &[0x80; 256], F4);
        assert_eq!(
            check_public_key(&other, &Policy::strict()),
            Err(Refused::PublicKey(oid::DATA))
        );
        assert_eq!(
            check_public_key(&[0x30, 0], &Policy::strict()),
            Err(Refused::RsaKey)
        );
        let mut trailing = spki(oid::RSA_ENCRYPTION, &modulus(2048), F4);
        assert_eq!(key_algorithm(&trailing), Some(oid::RSA_ENCRYPTION));
        trailing.push(0);
        assert_eq!(
            check_public_key(&trailing, &Policy::strict()),
            Err(Refused::RsaKey)
        );
    }

    fn ec_spki(parameters: impl FnOnce(&mut Writer), point: &[u8]) -> Vec<u8> {
        encode(0, |w| {
            w.sequence(|w| {
                w.sequence(|w| {
                    w.oid(oid::EC_PUBLIC_KEY);
                    parameters(w);
                });
                w.bit_string(point);
            });
        })
    }

    #[test]
    fn the_curve_is_held_against_the_policy() {
        for (curve, allowed, len) in [
            (oid::SECP256R1, EllipticCurve::P256, 65),
            (oid::SECP384R1, EllipticCurve::P384, 97),
            (oid::SECP521R1, EllipticCurve::P521, 133),
        ] {
            let spki = ec_spki(|w| w.oid(curve), &vec![4; len]);
            assert_eq!(check_public_key(&spki, &Policy::strict()), Ok(()));
            let without = Policy::strict().curves().without(allowed);
            assert_eq!(
                check_public_key(&spki, &Policy::strict().with_curves(without)),
                Err(Refused::Curve(curve))
            );
        }
        let unknown = ec_spki(|w| w.oid(oid::DATA), &[4; 65]);
        assert_eq!(
            check_public_key(&unknown, &Policy::compatible()),
            Err(Refused::Curve(oid::DATA))
        );
    }

    #[test]
    fn an_ec_key_names_its_curve_and_has_a_point_of_its_length() {
        let check = |spki: &[u8]| check_public_key(spki, &Policy::compatible());
        let named = |w: &mut Writer| w.oid(oid::SECP256R1);
        assert_eq!(check(&ec_spki(named, &[4; 65])), Ok(()));
        for point in [&[][..], &[4; 64], &[4; 66], &[2; 33], &[2; 65], &[0]] {
            assert_eq!(
                check(&ec_spki(named, point)),
                Err(Refused::EcKey),
                "{point:?}"
            );
        }
        let explicit = |w: &mut Writer| w.sequence(|w| w.small_integer(1));
        assert_eq!(check(&ec_spki(explicit, &[4; 65])), Err(Refused::EcKey));
        assert_eq!(check(&ec_spki(|_| (), &[4; 65])), Err(Refused::EcKey));
        assert_eq!(check(&ec_spki(|w| w.null(), &[4; 65])), Err(Refused::EcKey));
    }

    #[test]
    fn an_ed25519_key_is_bare_and_32_bytes_long() {
        let spki = |parameters: &[u8], len: usize| {
            encode(0, |w| {
                w.sequence(|w| {
                    w.sequence(|w| {
                        w.oid(oid::ED25519);
                        w.raw(parameters);
                    });
                    w.bit_string(&vec![7; len]);
                });
            })
        };
        let policy = Policy::strict();
        assert_eq!(check_public_key(&spki(&[], 32), &policy), Ok(()));
        for (parameters, len) in [(&[5, 0][..], 32), (&[], 31), (&[], 33)] {
            assert_eq!(
                check_public_key(&spki(parameters, len), &policy),
                Err(Refused::EcKey)
            );
        }
        let without = policy.signature_schemes().without(SignatureScheme::Ed25519);
        assert_eq!(
            check_public_key(&spki(&[], 32), &policy.with_signature_schemes(without)),
            Err(Refused::PublicKey(oid::ED25519))
        );
    }

    #[test]
    fn an_rsa_key_with_other_parameters_is_refused() {
        let mut key = spki(oid::RSA_ENCRYPTION, &modulus(2048), F4);
        let at = key.windows(3).position(|window| window == [5, 0, 3]);
        key[at.unwrap()] = tag::OCTET_STRING;
        assert_eq!(
            check_public_key(&key, &Policy::strict()),
            Err(Refused::RsaKey)
        );
    }

    #[test]
    fn an_rsa_key_is_the_same_with_null_parameters_and_without() {
        let key = spki(oid::RSA_ENCRYPTION, &[0xc5; 256], &[1, 0, 1]);
        let null = [0x05, 0x00, 0x03];
        let at = key.windows(3).position(|window| window == null).unwrap();
        let mut without = key.clone();
        without.drain(at..at + 2);
        // Both lengths around the parameters shrink by two.
        without[3] -= 2;
        without[5] -= 2;
        assert_eq!(
            read(&without).map(|key| key.algorithm),
            Ok(oid::RSA_ENCRYPTION)
        );
        assert!(is_same_key(&key, &without));
        assert!(!is_same_key(
            &key,
            &spki(oid::RSA_ENCRYPTION, &[0xc7; 256], &[1, 0, 1])
        ));
        let mut with_others = key.clone();
        with_others[at] = tag::OCTET_STRING;
        assert!(!is_same_key(&key, &with_others));
        let of_another_kind = |algorithm| spki(algorithm, &[0xc5; 256], &[1, 0, 1]);
        assert!(!is_same_key(&key, &of_another_kind(oid::RSASSA_PSS)));
    }
}
