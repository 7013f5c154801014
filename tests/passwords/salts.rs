//! The salt of a password, and a recipient that does not say how the key is made of it.

use super::*;

const CONTENT_KEY: &[u8; 16] = b"sixteen bytes!!!";
const KEK_IV: &[u8; 16] = &[3; 16];
const FEW: u8 = 9;

/// What opening a request says whose content key is right under the password with this salt, while its recipient names this
/// derivation.
fn open(salt: &[u8], derivation: &[u8], derive: &'static dyn DeriveKey) -> Result<(), Error> {
    let (curves, parties) = (Curves::new(), Parties::new());
    let fields = [
        &small_integer(0)[..],
        derivation,
        &algorithm(oid::PWRI_KEK, &algorithm(oid::AES128_CBC, &octets(KEK_IV))),
        &octets(&wrapped(&curves.provider, salt)),
    ]
    .concat();
    let mut blocks = parties.csr.as_der().to_vec();
    let padding = 16 - blocks.len() % 16;
    blocks.resize(blocks.len() + padding, padding as u8);
    let transport = KeyTransport::RsaPkcs1v15;
    let envelope = Envelope {
        other_recipients: vec![tlv(0xa3, &fields)],
        ..Envelope::encrypt_under(CONTENT_KEY, &blocks, &parties.ca, Aes128Cbc, transport)
    };
    let mut forge = Forge::of(&rsa_pkcs_req(&curves, &parties, &policy()));
    forge.set_content(Some(envelope.to_der()));
    let bytes = forge.sign(&parties.client_key);
    let curves = Curves {
        provider: curves.provider.with_key_derivation(derive),
        ..curves
    };
    let request = curves.open(&bytes, &policy(), &[PASSWORD])?;
    assert_eq!(request.csr().unwrap().as_der(), parties.csr.as_der());
    Ok(())
}

/// The content key under the password (RFC 3211, section 2.3.1): its length, three bytes to check it by and padding around it,
/// encrypted twice.
fn wrapped(provider: &Provider, salt: &[u8]) -> Vec<u8> {
    let mut kek = [0; 16];
    Pbkdf2
        .pbkdf2(
            DigestAlgorithm::Sha256,
            PASSWORD.as_bytes(),
            salt,
            FEW.into(),
            &mut kek,
        )
        .unwrap();
    let mut wrapped = vec![CONTENT_KEY.len() as u8];
    wrapped.extend(CONTENT_KEY[..3].iter().map(|byte| !byte));
    wrapped.extend(CONTENT_KEY);
    wrapped.resize(32, 0);
    let mut iv = KEK_IV.to_vec();
    for _ in 0..2 {
        let ciphers = provider.content_encryption();
        ciphers.encrypt(Aes128Cbc, &kek, &iv, &mut wrapped).unwrap();
        iv = wrapped[16..].to_vec();
    }
    wrapped
}

/// The keyDerivationAlgorithm of a recipient.
fn pbkdf2(salt: &[u8]) -> Vec<u8> {
    let prf = algorithm(oid::HMAC_WITH_SHA256, &NULL);
    let parameters = sequence(&[&octets(salt), &small_integer(FEW), &prf]);
    let derivation = algorithm(oid::PBKDF2, &parameters);
    tlv(0xa0, elements(&derivation)[0].contents)
}

#[test]
fn a_salt_has_eight_to_sixty_four_bytes() {
    for len in [8, 9, 63, 64] {
        let salt = vec![5; len];
        assert_eq!(open(&salt, &pbkdf2(&salt), &Pbkdf2), Ok(()), "{len}");
    }
    for len in [0, 7, 65, 1000] {
        let salt = vec![5; len];
        // Before a password is tried: that would be another error here.
        let error = open(&salt, &pbkdf2(&salt), &Undone);
        assert_eq!(error, Err(refused(Refused::PasswordSalt(len))));
    }
}

#[test]
fn a_recipient_that_names_no_derivation_is_refused() {
    let error = open(&[5; 16], &[], &Undone);
    assert_eq!(error, Err(refused(Refused::NoKeyDerivation)));
}
