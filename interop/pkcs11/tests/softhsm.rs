//! An RA whose private key is in SoftHSM. Needs Debian's `softhsm2`; `SOFTHSM2_MODULE` names the library if it is elsewhere.

use std::path::PathBuf;
use std::{env, fs, process};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, ObjectClass};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use getrandom::SysRng;
use getrandom::rand_core::UnwrapErr;
use scep::crypto::rustcrypto::RsaKey;
use scep::crypto::{
    CryptoError, DecryptionKey, DigestAlgorithm, KeyTransport, Policy, Provider,
    SignatureAlgorithm, SigningKey, SubstituteSecret,
};
use scep::server::{Authority, Received, Server};
use scep::{
    CaRoles, CertRep, Certificate, CsrBuilder, Limits, PkiMessage, Recipient, RequestBuilder,
    SignerCertificateBuilder, SignerIdentity, SignerTrust, Validity,
};
use scep_interop_pkcs11::{TokenKey, TokenKeyError};
use x509_cert::name::Name;

const ALGORITHM: SignatureAlgorithm = SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha256);
const KEY_ID: &[u8] = b"ra";
const CHALLENGE: &str = "not-a-real-secret";

fn rng() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}

/// One test and not several: a process has one token library, and that one set of tokens.
#[test]
fn a_request_is_opened_and_answered_with_a_key_that_never_leaves_its_token() {
    let directory = token_directory();
    let session = token(&directory);
    let key_of = |id: &[u8]| TokenKey::find(session(), id, SubstituteSecret::new([7; 32]));
    the_private_key_cannot_be_had(&session());
    let nobody = key_of(b"nobody").unwrap_err();
    let found = matches!(nobody, TokenKeyError::Found(ObjectClass::PRIVATE_KEY, 0));
    assert!(found, "{nobody}");
    let key = key_of(KEY_ID).unwrap();
    it_does_what_it_says_and_no_more(&key);
    an_enrolment_ends_in_the_certificate(&key);
    drop(key);
    fs::remove_dir_all(directory).unwrap();
}

/// It is marked so, and the token refuses to tell.
fn the_private_key_cannot_be_had(session: &Session) {
    let template = [
        Attribute::Class(ObjectClass::PRIVATE_KEY),
        Attribute::Id(KEY_ID.to_vec()),
    ];
    let private = session.find_objects(&template).unwrap()[0];
    let marks = [
        AttributeType::AlwaysSensitive,
        AttributeType::NeverExtractable,
    ];
    assert_eq!(
        session.get_attributes(private, &marks).unwrap(),
        [
            Attribute::AlwaysSensitive(true),
            Attribute::NeverExtractable(true)
        ]
    );
    let secrets = [AttributeType::PrivateExponent, AttributeType::Prime1];
    assert_eq!(session.get_attributes(private, &secrets).unwrap(), []);
}

fn it_does_what_it_says_and_no_more(key: &TokenKey) {
    let provider = Provider::rustcrypto();
    for algorithm in key.algorithms() {
        let signature = key.sign(*algorithm, b"scep", &mut rng()).unwrap();
        let verify = |message: &[u8]| {
            let parts = [message];
            let public_key = key.public_key_der();
            provider
                .signatures()
                .verify(*algorithm, public_key, &parts, &signature)
        };
        assert_eq!(verify(b"scep"), Ok(()));
        assert_eq!(verify(b"scer"), Err(CryptoError::Failed));
    }
    let sha1 = SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha1);
    let signed = key.sign(sha1, b"scep", &mut rng());
    assert_eq!(signed, Err(CryptoError::Unsupported));

    let transport = KeyTransport::RsaPkcs1v15;
    let public_key = key.public_key_der();
    let encryption = provider.key_encryption();
    let mut encrypted = encryption
        .encrypt_key(transport, public_key, &[5; 16], &mut rng())
        .unwrap();
    let decrypted = key.decrypt_key(transport, &encrypted, &mut rng()).unwrap();
    assert_eq!(*decrypted, [5; 16]);
    encrypted.pop();
    let decrypted = key.decrypt_key(transport, &encrypted, &mut rng());
    assert_eq!(decrypted, Err(CryptoError::Failed));
}

fn an_enrolment_ends_in_the_certificate(key: &TokenKey) {
    let (provider, policy) = (Provider::rustcrypto(), Policy::default());
    let vector = |name: &str| {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../test-vectors/keys/");
        fs::read_to_string(format!("{path}{name}")).unwrap()
    };
    let certificate = |name: &str| Certificate::from_pem(&vector(name)).unwrap();
    let ca = certificate("ca-jscep.pem");
    let issued = certificate("c2048.issued-by-ca-jscep.pem");
    let signer = certificate("c2048.selfsigned.pem");
    let device_key = RsaKey::from_pem(&vector("c2048.key")).unwrap();

    let subject: Name = "CN=RA in a token".parse().unwrap();
    let validity = Validity {
        not_before: 1_767_225_600,
        not_after: 1_798_761_600,
    };
    let ra = SignerCertificateBuilder::new(&subject, key.public_key_der(), validity)
        .build(ALGORITHM, &provider, &mut rng())
        .unwrap()
        .sign(key, &provider, &mut rng())
        .unwrap();
    let recipient = Recipient::new(&ra, key).unwrap();
    let ra_signer = SignerIdentity::new(&ra, key).unwrap();
    let authority = Authority::with_ra(&ca, recipient, ra_signer, key).unwrap();
    let trust = SignerTrust::new().self_issued();
    let server = Server::new(&provider, &policy, trust, authority);

    let roles = CaRoles::with_ra(&ca, &ra, &ra);
    let subject: Name = "CN=device".parse().unwrap();
    let csr = CsrBuilder::new(&subject, device_key.public_key_der())
        .challenge_password(CHALLENGE)
        .build(ALGORITHM)
        .unwrap()
        .sign(&device_key, &provider, &mut rng())
        .unwrap();
    let identity = SignerIdentity::new(&signer, &device_key).unwrap();
    let (request, pending) = RequestBuilder::pkcs_req(&csr, &identity, &roles)
        .build(&provider, &policy, &mut rng())
        .unwrap()
        .sign(&device_key, &mut rng())
        .unwrap();

    let Received::Request(request) = server.receive(&request, &mut rng()).unwrap() else {
        panic!("refused");
    };
    let challenge = request.csr().unwrap().challenge_password();
    assert!(challenge.verify(CHALLENGE.as_bytes()));
    let reply = server.reply(&request);
    let reply = reply.success(std::slice::from_ref(&issued), &mut rng());

    let reply = PkiMessage::parse(reply.unwrap(), &Limits::REPLY).unwrap();
    let CertRep::Success(sealed) = pending.accept(&reply, &roles, &provider, &policy).unwrap()
    else {
        panic!("not a SUCCESS");
    };
    let recipient = Recipient::new(&signer, &device_key).unwrap();
    let granted = sealed.open(&provider, &recipient, &mut rng()).unwrap();
    assert_eq!(granted.certificate(), Some(&issued));
}

/// A token of its own for this run, with a key pair that was made in it; gives sessions that are logged in.
fn token(directory: &std::path::Path) -> impl Fn() -> Session + use<> {
    let library = env::var("SOFTHSM2_MODULE");
    let library = library.unwrap_or_else(|_| "/usr/lib/softhsm/libsofthsm2.so".to_owned());
    let pkcs11 = Pkcs11::new(&library).unwrap_or_else(|error| panic!("{library}: {error}"));
    pkcs11
        .initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK))
        .unwrap();
    assert!(directory.join("tokens").is_dir());
    let slot = pkcs11.get_slots_with_token().unwrap()[0];
    let (officer, user) = (AuthPin::from("1234"), AuthPin::from("5678"));
    pkcs11.init_token(slot, &officer, "scep").unwrap();
    {
        let session = pkcs11.open_rw_session(slot).unwrap();
        session.login(UserType::So, Some(&officer)).unwrap();
        session.init_pin(&user).unwrap();
    }
    // As long as one session is logged in, all are.
    let first = pkcs11.open_rw_session(slot).unwrap();
    first.login(UserType::User, Some(&user)).unwrap();
    let id = Attribute::Id(KEY_ID.to_vec());
    let public = [
        Attribute::Token(true),
        Attribute::Private(false),
        Attribute::ModulusBits(2048.into()),
        Attribute::PublicExponent(vec![1, 0, 1]),
        Attribute::Verify(true),
        Attribute::Encrypt(true),
        id.clone(),
    ];
    let private = [
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Sign(true),
        Attribute::Decrypt(true),
        id,
    ];
    first
        .generate_key_pair(&Mechanism::RsaPkcsKeyPairGen, &public, &private)
        .unwrap();
    move || {
        let _stays_logged_in = &first;
        pkcs11.open_ro_session(slot).unwrap()
    }
}

/// Where SoftHSM keeps the tokens of this run.
fn token_directory() -> PathBuf {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(process::id().to_string());
    let tokens = directory.join("tokens");
    fs::create_dir_all(&tokens).unwrap();
    let configuration = directory.join("softhsm2.conf");
    let text = format!("directories.tokendir = {}\n", tokens.display());
    fs::write(&configuration, text).unwrap();
    // SAFETY: no other thread of this program reads or writes the environment; it has one test.
    unsafe { env::set_var("SOFTHSM2_CONF", configuration) };
    directory
}
