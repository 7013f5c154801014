//! test-vectors/manifest.json and the files that it lists.
#![allow(dead_code, reason = "each test file uses its own part")]

use scep::crypto::Policy;
use scep::{Certificate, PkiMessage, SignerTrust, inspect};
use serde_json::Value;

use super::common::{RsaKey, certificate, key};

/// One message, and what OpenSSL says of it.
pub(crate) struct Vector {
    pub(crate) file: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) facts: Value,
}

/// All messages of the manifest.
pub(crate) fn vectors() -> Vec<Vector> {
    let manifest: Value = serde_json::from_slice(&read("manifest.json")).unwrap();
    let vectors = manifest.as_array().unwrap().iter().map(|facts| {
        let file = facts["file"].as_str().unwrap().to_owned();
        Vector {
            bytes: read(&file),
            facts: facts.clone(),
            file,
        }
    });
    vectors.collect()
}

/// A file of test-vectors/.
pub(crate) fn read(file: &str) -> Vec<u8> {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/test-vectors/");
    std::fs::read(format!("{directory}{file}")).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The policy that reads every vector, as far as the features go.
pub(crate) const fn widest_policy() -> Policy {
    #[cfg(feature = "legacy")]
    {
        Policy::legacy()
    }
    #[cfg(not(feature = "legacy"))]
    {
        Policy::compatible()
    }
}

/// The parties of the vectors.
pub(crate) struct Keys {
    /// The CAs; the key of each has the same position.
    pub(crate) cas: [Certificate<'static>; 2],
    keys: Vec<(&'static str, RsaKey)>,
    /// The certificate that one of the CAs issued.
    pub(crate) issued: Certificate<'static>,
}

impl Keys {
    pub(crate) fn read() -> Self {
        let names = [
            "ca-jscep",
            "ca-micromdm",
            "c2048",
            "c3072",
            "c4096",
            "cbad",
            "cpend",
        ];
        Self {
            cas: ["ca-jscep", "ca-micromdm"]
                .map(|name| certificate(&read(&format!("keys/{name}.pem")))),
            keys: names
                .map(|name| (name, key(&read(&format!("keys/{name}.key")))))
                .into(),
            issued: certificate(&read("keys/c2048.issued-by-ca-jscep.pem")),
        }
    }

    /// The key that opens a vector, if it has an envelope.
    pub(crate) fn of(&self, vector: &Vector) -> Option<&RsaKey> {
        vector.facts["key"].as_str().map(|name| self.named(name))
    }

    pub(crate) fn named(&self, name: &str) -> &RsaKey {
        let found = self.keys.iter().find(|(known, _)| *known == name);
        &found.unwrap().1
    }

    /// The position of the CA that a request was sent to.
    pub(crate) fn ca_of(&self, vector: &Vector) -> usize {
        usize::from(vector.facts["key"] == "ca-micromdm")
    }

    /// Whose requests the servers took.
    pub(crate) fn trust(&self) -> SignerTrust<'_> {
        let [jscep, micromdm] = &self.cas;
        SignerTrust::new()
            .self_issued()
            .issuer(jscep)
            .issuer(micromdm)
            .certificate(&self.issued)
    }
}

/// Whether a vector is a reply.
pub(crate) fn is_reply(vector: &Vector) -> bool {
    vector.facts["message_type"] == 3
}

/// What a message's attributes say, to be compared.
pub(crate) fn attributes(message: &PkiMessage<'_>) -> String {
    let attributes = message.unverified_attributes();
    format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        attributes.message_type(),
        attributes.transaction_id(),
        attributes.sender_nonce(),
        attributes.recipient_nonce(),
        attributes.pki_status(),
        attributes.fail_info(),
        attributes.fail_info_text(),
        attributes.microsoft_error(),
        attributes.microsoft_message(),
        attributes.signing_time(),
        attributes.unknown().collect::<Vec<_>>(),
    )
}

/// The kind of a payload, as the manifest calls it.
pub(crate) const fn kind(content: &inspect::PayloadContent) -> &'static str {
    match content {
        inspect::PayloadContent::Csr(_) => "pkcs10",
        inspect::PayloadContent::CertsOnly(_) => "certs_only",
        inspect::PayloadContent::IssuerAndSubject(_) => "issuer_and_subject",
        inspect::PayloadContent::IssuerAndSerialNumber(_) => "issuer_and_serial_number",
        _ => "unknown",
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
