//! A CA's private key that is somewhere else: an HSM, a TPM, a cloud KMS. It takes orders over a channel, and answers late.

use std::rc::Rc;
use std::time::Duration;

use rsa::pkcs1v15::Signature;
use scep::crypto::rustcrypto::RsaKey;
use scep::crypto::{
    CryptoError, DecryptionKey, DigestAlgorithm, KeyTransport, SignatureAlgorithm, SigningKey,
};
use sha2::Sha256;
use signature::{AsyncSigner, Keypair};
use spki::{AlgorithmIdentifierOwned, DecodePublicKey, DynSignatureAlgorithmIdentifier};
use tokio::sync::{mpsc, oneshot};
use zeroize::Zeroizing;

use crate::{Outcome, rng};

/// What the key can be asked for, and where the answer goes.
enum Order {
    Sign {
        algorithm: SignatureAlgorithm,
        message: Vec<u8>,
        answer: oneshot::Sender<Result<Vec<u8>, CryptoError>>,
    },
    DecryptKey {
        transport: KeyTransport,
        encrypted_key: Vec<u8>,
        answer: oneshot::Sender<Result<Zeroizing<Vec<u8>>, CryptoError>>,
    },
}

/// All that a server has of the key.
#[derive(Clone)]
pub struct RemoteKey {
    orders: mpsc::UnboundedSender<Order>,
    public_key: rsa::pkcs1v15::VerifyingKey<Sha256>,
}

/// Puts a key into the vault, where each answer takes so long. Needs a [`tokio::task::LocalSet`] around it.
pub fn open(key: RsaKey, delay: Duration) -> Outcome<RemoteKey> {
    let public_key = rsa::PublicKey::from_public_key_der(key.public_key_der())?;
    let (orders, mut inbox) = mpsc::unbounded_channel();
    let key = Rc::new(key);
    tokio::task::spawn_local(async move {
        while let Some(order) = inbox.recv().await {
            let key = Rc::clone(&key);
            // Many orders are in flight at once: the delay is a network's, not a queue's.
            tokio::task::spawn_local(async move {
                tokio::time::sleep(delay).await;
                carry_out(order, &key);
            });
        }
    });
    Ok(RemoteKey {
        orders,
        public_key: rsa::pkcs1v15::VerifyingKey::new(public_key),
    })
}

fn carry_out(order: Order, key: &RsaKey) {
    // Whoever asked may have gone: then nobody wants the answer.
    match order {
        Order::Sign {
            algorithm,
            message,
            answer,
        } => {
            let _ = answer.send(key.sign(algorithm, &message, &mut rng()));
        }
        Order::DecryptKey {
            transport,
            encrypted_key,
            answer,
        } => {
            let _ = answer.send(key.decrypt_key(transport, &encrypted_key, &mut rng()));
        }
    }
}

impl RemoteKey {
    pub async fn sign(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        let (answer, arrives) = oneshot::channel();
        let _ = self.orders.send(Order::Sign {
            algorithm,
            message: message.to_vec(),
            answer,
        });
        arrives.await.map_err(|_| CryptoError::Failed)?
    }

    pub async fn decrypt_key(
        &self,
        transport: KeyTransport,
        encrypted_key: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        let (answer, arrives) = oneshot::channel();
        let _ = self.orders.send(Order::DecryptKey {
            transport,
            encrypted_key: encrypted_key.to_vec(),
            answer,
        });
        arrives.await.map_err(|_| CryptoError::Failed)?
    }
}

/// For `x509-cert`, which makes certificates with such a key.
impl AsyncSigner<Signature> for RemoteKey {
    async fn sign_async(&self, message: &[u8]) -> Result<Signature, signature::Error> {
        let algorithm = SignatureAlgorithm::RsaPkcs1v15(DigestAlgorithm::Sha256);
        let signature = self.sign(algorithm, message).await;
        Signature::try_from(&signature.map_err(|_| signature::Error::new())?[..])
    }
}

impl Keypair for RemoteKey {
    type VerifyingKey = rsa::pkcs1v15::VerifyingKey<Sha256>;

    fn verifying_key(&self) -> Self::VerifyingKey {
        self.public_key.clone()
    }
}

impl DynSignatureAlgorithmIdentifier for RemoteKey {
    fn signature_algorithm_identifier(&self) -> spki::Result<AlgorithmIdentifierOwned> {
        self.public_key.signature_algorithm_identifier()
    }
}
