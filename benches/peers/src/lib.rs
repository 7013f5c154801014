//! Enrolments by OpenSSL's CMS: the same operations as this crate's, as somebody would write them on top of OpenSSL.
//!
//! Keys and certificates are read once, as this crate's are. Certificate chains are not validated on either side.

mod cms;

use openssl::asn1::{Asn1Object, Asn1StringRef};
use openssl::cms::{CMSOptions, CmsContentInfo};
use openssl::error::ErrorStack;
use openssl::pkey::{PKey, Private};
use openssl::rand::rand_bytes;
use openssl::stack::Stack;
use openssl::symm::Cipher;
use openssl::x509::{X509, X509Req};

use cms::{Attribute, SignerInfo, add_signer, certificates, finish_signing};

/// A client and a CA.
pub struct OpenSsl {
    ca: X509,
    ca_key: PKey<Private>,
    client: X509,
    client_key: PKey<Private>,
    csr: Vec<u8>,
    issued: X509,
    types: Types,
}

/// A request that was received.
pub struct Request {
    pub csr: X509Req,
    pub transaction_id: Vec<u8>,
    pub sender_nonce: Vec<u8>,
    signer: X509,
}

/// What a client keeps of its request.
pub struct Pending {
    pub transaction_id: Vec<u8>,
    pub sender_nonce: Vec<u8>,
}

/// The types of SCEP's attributes, [RFC 8894, section 3.2](https://www.rfc-editor.org/rfc/rfc8894#section-3.2).
struct Types {
    message_type: Asn1Object,
    pki_status: Asn1Object,
    sender_nonce: Asn1Object,
    recipient_nonce: Asn1Object,
    transaction_id: Asn1Object,
}

const PKCS_REQ: &str = "19";
const CERT_REP: &str = "3";
const SUCCESS: &str = "0";

impl OpenSsl {
    /// Takes keys and certificates in PEM, and a CSR in DER.
    pub fn new(
        ca: &[u8],
        ca_key: &[u8],
        client: &[u8],
        client_key: &[u8],
        csr: &[u8],
        issued: &[u8],
    ) -> Result<Self, ErrorStack> {
        Ok(Self {
            ca: X509::from_pem(ca)?,
            ca_key: PKey::private_key_from_pem(ca_key)?,
            client: X509::from_pem(client)?,
            client_key: PKey::private_key_from_pem(client_key)?,
            csr: csr.to_vec(),
            issued: X509::from_pem(issued)?,
            types: Types::new()?,
        })
    }

    /// A PKCSReq from the ready CSR and signer certificate.
    pub fn client_build(&self) -> Result<(Vec<u8>, Pending), ErrorStack> {
        let envelope = encrypt(&self.csr, &self.ca)?;
        let mut id = [0; 16];
        rand_bytes(&mut id)?;
        let pending = Pending {
            transaction_id: id
                .iter()
                .flat_map(|byte| format!("{byte:02x}").into_bytes())
                .collect(),
            sender_nonce: nonce()?,
        };
        let attributes = [
            Attribute::printable(&self.types.message_type, PKCS_REQ.as_bytes()),
            Attribute::printable(&self.types.transaction_id, &pending.transaction_id),
            Attribute::octets(&self.types.sender_nonce, &pending.sender_nonce),
        ];
        let message = sign(&envelope, &self.client, &self.client_key, &attributes)?;
        Ok((message, pending))
    }

    /// Reads a request, verifies it, opens it, and verifies its CSR.
    pub fn server_receive(&self, message: &[u8]) -> Result<Request, ErrorStack> {
        let mut signed = CmsContentInfo::from_der(message)?;
        let envelope = verify(&mut signed, None, CMSOptions::empty())?;
        let signer = SignerInfo::first(&mut signed)?;
        assert_eq!(signer.string(&self.types.message_type), PKCS_REQ.as_bytes());
        let transaction_id = signer.string(&self.types.transaction_id).to_vec();
        let sender_nonce = signer.string(&self.types.sender_nonce).to_vec();
        let csr = CmsContentInfo::from_der(&envelope)?.decrypt(&self.ca_key, &self.ca)?;
        let csr = X509Req::from_der(&csr)?;
        let public_key = csr.public_key()?;
        assert!(csr.verify(&public_key)?);
        let signer = certificates(&mut signed)?
            .into_iter()
            .next()
            .expect("the signer's certificate comes along");
        Ok(Request {
            csr,
            transaction_id,
            sender_nonce,
            signer,
        })
    }

    /// A SUCCESS around the issued certificate.
    pub fn server_reply(&self, request: &Request) -> Result<Vec<u8>, ErrorStack> {
        let mut issued = Stack::new()?;
        issued.push(self.issued.clone())?;
        let flags = CMSOptions::PARTIAL | CMSOptions::DETACHED | CMSOptions::BINARY;
        let certs_only = CmsContentInfo::sign::<Private>(None, None, Some(&issued), None, flags)?;
        let envelope = encrypt(&certs_only.to_der()?, &request.signer)?;
        let sender_nonce = nonce()?;
        let attributes = [
            Attribute::printable(&self.types.message_type, CERT_REP.as_bytes()),
            Attribute::printable(&self.types.pki_status, SUCCESS.as_bytes()),
            Attribute::printable(&self.types.transaction_id, &request.transaction_id),
            Attribute::octets(&self.types.sender_nonce, &sender_nonce),
            Attribute::octets(&self.types.recipient_nonce, &request.sender_nonce),
        ];
        sign(&envelope, &self.ca, &self.ca_key, &attributes)
    }

    /// All that a server does with a body: receives it and answers SUCCESS.
    pub fn server_turn(&self, message: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        self.server_reply(&self.server_receive(message)?)
    }

    /// Reads a reply, verifies it, opens it, and verifies the issued certificate.
    pub fn client_receive(
        &self,
        message: &[u8],
        transaction_id: &[u8],
        sender_nonce: &[u8],
    ) -> Result<X509, ErrorStack> {
        let mut signed = CmsContentInfo::from_der(message)?;
        let mut ca = Stack::new()?;
        ca.push(self.ca.clone())?;
        let envelope = verify(&mut signed, Some(&ca), CMSOptions::NOINTERN)?;
        let signer = SignerInfo::first(&mut signed)?;
        assert_eq!(signer.string(&self.types.message_type), CERT_REP.as_bytes());
        assert_eq!(signer.string(&self.types.pki_status), SUCCESS.as_bytes());
        assert_eq!(signer.string(&self.types.transaction_id), transaction_id);
        assert_eq!(signer.string(&self.types.recipient_nonce), sender_nonce);
        let payload =
            CmsContentInfo::from_der(&envelope)?.decrypt(&self.client_key, &self.client)?;
        let mut certs_only = CmsContentInfo::from_der(&payload)?;
        let (own, ca_key) = (&self.client_key, self.ca.public_key()?);
        let issued = certificates(&mut certs_only)?
            .into_iter()
            .find(|certificate| certificate.public_key().is_ok_and(|key| key.public_eq(own)))
            .expect("the reply has a certificate with the client's key");
        assert!(issued.verify(&ca_key)?);
        Ok(issued)
    }
}

impl Types {
    fn new() -> Result<Self, ErrorStack> {
        let oid = |last| Asn1Object::from_str(&format!("2.16.840.1.113733.1.9.{last}"));
        Ok(Self {
            message_type: oid(2)?,
            pki_status: oid(3)?,
            sender_nonce: oid(5)?,
            recipient_nonce: oid(6)?,
            transaction_id: oid(7)?,
        })
    }
}

impl SignerInfo<'_> {
    fn string(&self, oid: &Asn1Object) -> &[u8] {
        self.attribute(oid).map_or(&[], Asn1StringRef::as_slice)
    }
}

fn nonce() -> Result<Vec<u8>, ErrorStack> {
    let mut nonce = vec![0; 16];
    rand_bytes(&mut nonce)?;
    Ok(nonce)
}

fn encrypt(payload: &[u8], recipient: &X509) -> Result<Vec<u8>, ErrorStack> {
    let mut recipients = Stack::new()?;
    recipients.push(recipient.clone())?;
    CmsContentInfo::encrypt(
        &recipients,
        payload,
        Cipher::aes_128_cbc(),
        CMSOptions::BINARY,
    )?
    .to_der()
}

fn sign(
    content: &[u8],
    signer: &X509,
    key: &PKey<Private>,
    attributes: &[Attribute<'_>],
) -> Result<Vec<u8>, ErrorStack> {
    let flags = CMSOptions::PARTIAL | CMSOptions::BINARY;
    let mut cms = CmsContentInfo::sign::<Private>(None, None, None, None, flags)?;
    add_signer(&mut cms, signer, key, attributes)?;
    finish_signing(&mut cms, content)?;
    cms.to_der()
}

/// Verifies the one signature, and gives what was signed.
fn verify(
    signed: &mut CmsContentInfo,
    certificates: Option<&Stack<X509>>,
    flags: CMSOptions,
) -> Result<Vec<u8>, ErrorStack> {
    let mut content = Vec::new();
    let flags = flags | CMSOptions::NO_SIGNER_CERT_VERIFY | CMSOptions::BINARY;
    let certificates = certificates.map(|stack| &**stack);
    signed.verify(certificates, None, None, Some(&mut content), flags)?;
    Ok(content)
}
