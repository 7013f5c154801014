//! A client, a CA and others, on the certificates of test-vectors/ and toy keys.

use std::sync::LazyLock;

use scep::crypto::{DigestAlgorithm, SignatureAlgorithm};
use scep::{Certificate, Crl, Csr, CsrBuilder, SignerIdentity};
use x509_cert::name::Name;

use crate::repair;
use crate::tlv::{self, Node};
use crate::toy::{Counter, PROVIDER, ToyKey};

/// Somebody with a certificate and its key.
pub struct Party {
    pub certificate: Certificate<'static>,
    pub key: ToyKey,
}

/// All of them.
pub struct Parties {
    pub ca: Party,
    /// Signs first requests with a certificate of its own making.
    pub client: Party,
    /// The same client with what the CA issued for its key.
    pub renewing: Party,
    /// And with what it issued for the same key after that.
    pub renewed: Party,
    /// The CA's next generation.
    pub next_ca: Party,
    /// Another end entity of the same CA, on a key of its own.
    pub neighbour: Party,
    /// A certificate that nobody issued, with the names and serial number of the CA's.
    pub impostor: Party,
    /// A CA whose key is on an elliptic curve.
    pub curve_ca: Party,
    /// A client whose key is on another, with a certificate of its own making.
    pub curve_client: Party,
    /// And with what the CA issued for its key.
    pub curve_issued: Party,
    /// The client's CSR, with the challenge password.
    pub csr: Csr,
    /// That of the client with a key on a curve.
    pub curve_csr: Csr,
    pub crl: Crl<'static>,
}

/// The challenge password of the clients.
pub const PASSWORD: &str = "secret";

/// The parties, made once.
pub static PARTIES: LazyLock<Parties> = LazyLock::new(Parties::new);

macro_rules! pem {
    ($name:literal) => {
        include_str!(concat!("../../test-vectors/keys/", $name, ".pem"))
    };
}

impl Party {
    /// Whoever has the key of a certificate.
    pub fn new(der: Vec<u8>) -> Self {
        let certificate = Certificate::from_der(der).expect("a readable certificate");
        Self {
            key: ToyKey::new(certificate.public_key_der()),
            certificate,
        }
    }

    /// Who signs with the key.
    pub fn signer(&self) -> SignerIdentity<'_> {
        SignerIdentity::new(&self.certificate, &self.key).expect("the certificate's own key")
    }
}

impl Parties {
    fn new() -> Self {
        let der = |pem: &str| {
            let certificate = Certificate::from_pem(pem).expect("a readable certificate");
            certificate.as_der().to_vec()
        };
        let ca = Party::new(der(pem!("ca-jscep")));
        let ca_key = ca.certificate.public_key_der();
        let issued = |der: Vec<u8>| repair::signed_by(&der, ca_key);
        let other_key = Party::new(der(pem!("c3072.selfsigned")));
        let other_key = other_key.certificate.public_key_der();
        let client = Party::new(der(pem!("c2048.selfsigned")));
        let renewing = der(pem!("c2048.issued-by-ca-jscep"));
        let renewed = with_field(&renewing, 1, Node::new(0x02, &[0x4d, 2]));
        let neighbour = with_field(&renewing, 1, Node::new(0x02, &[0x4d, 1]));
        let neighbour = with_field(&neighbour, 6, tlv::read(other_key).remove(0));
        let curve_client = Party::new(der(pem!("ec-p384.selfsigned")));
        let curve_key = curve_client.certificate.public_key_der();
        let curve_issued = with_field(&renewing, 1, Node::new(0x02, &[0x4d, 3]));
        let curve_issued = with_field(&curve_issued, 6, tlv::read(curve_key).remove(0));
        let impostor = with_field(ca.certificate.as_der(), 6, tlv::read(other_key).remove(0));
        let crl = include_bytes!("../../test-vectors/server-jscep/crl.der");
        let crl = repair::signed_by(crl, ca_key);
        let subject: Name = "CN=device".parse().expect("a name");
        let csr = |party: &Party, algorithm| {
            CsrBuilder::new(&subject, party.certificate.public_key_der())
                .challenge_password(PASSWORD)
                .build(algorithm)
                .and_then(|csr| csr.sign(&party.key, &PROVIDER, &mut Counter::new(0)))
                .expect("a CSR")
        };
        let rsa = SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha256);
        Self {
            csr: csr(&client, rsa),
            curve_csr: csr(&curve_client, SignatureAlgorithm::EcdsaSha256),
            client,
            curve_ca: Party::new(der(pem!("ca-ec"))),
            curve_issued: Party::new(issued(curve_issued)),
            curve_client,
            renewing: Party::new(issued(renewing)),
            renewed: Party::new(issued(renewed)),
            next_ca: Party::new(der(pem!("ca-jscep-next"))),
            neighbour: Party::new(issued(neighbour)),
            impostor: Party::new(impostor),
            crl: Crl::from_der(crl).expect("a readable CRL"),
            ca,
        }
    }

    /// Those that have a certificate.
    pub fn all(&self) -> [&Party; 10] {
        [
            &self.ca,
            &self.client,
            &self.renewing,
            &self.renewed,
            &self.next_ca,
            &self.neighbour,
            &self.impostor,
            &self.curve_ca,
            &self.curve_client,
            &self.curve_issued,
        ]
    }
}

/// A certificate with another field of its signed part.
fn with_field(der: &[u8], position: usize, field: Node) -> Vec<u8> {
    let mut certificate = tlv::read(der);
    let fields = certificate[0]
        .at_mut(0)
        .and_then(|part| part.at_mut(position));
    *fields.expect("a field of a certificate") = field;
    tlv::write(&certificate)
}
