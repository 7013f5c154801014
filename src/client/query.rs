//! GetCert and GetCRL: one request, one answer.

use alloc::boxed::Box;
use alloc::vec::Vec;

use signature::rand_core::CryptoRng;

use super::Client;
use crate::message::{CertRep, Failure, Granted, PendingRequest, RequestBuilder};
use crate::{BuildError, TransactionError};

/// A GetCert or GetCRL that was written, and what is needed to read its answer.
#[derive(Clone, Debug)]
pub struct Query<'c> {
    client: Client<'c>,
    pending: PendingRequest,
}

/// What a CA answers to a query.
#[derive(Clone, Debug)]
#[must_use]
pub enum Answer {
    /// The certificate or CRL that was asked for.
    Found(Box<Granted>),
    /// The CA refuses: a value, not an error. badCertId says that it knows no such certificate.
    Refused(Failure),
}

impl<'c> Query<'c> {
    pub(super) fn send(
        client: Client<'c>,
        request: RequestBuilder<'_>,
        rng: &mut dyn CryptoRng,
    ) -> Result<(Vec<u8>, Self), BuildError> {
        let requester = client.requester;
        requester.check_opens(requester.challenge_of_signer())?;
        let (message, pending) = client.write(request, None, rng)?;
        Ok((message, Self { client, pending }))
    }

    /// Reads the answer: the HTTP status and body that came.
    ///
    /// # Errors
    /// A [`TransactionError`] that names the check which failed. The query stays at hand: a damaged answer may be
    /// followed by a good one.
    pub fn accept(
        &self,
        status: u16,
        body: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<Answer, TransactionError> {
        let client = &self.client;
        let reply = client.read(status, body)?;
        match self
            .pending
            .accept(&reply, client.ca, &client.provider, &client.policy)?
        {
            CertRep::Success(sealed) => {
                let requester = client.requester;
                let recipient = requester.recipient(requester.challenge());
                let granted = sealed.open(&client.provider, &recipient, rng)?;
                Ok(Answer::Found(Box::new(granted)))
            }
            CertRep::Failure(failure) => Ok(Answer::Refused(failure)),
            CertRep::Pending => Err(TransactionError::UnexpectedPending(
                self.pending.message_type(),
            )),
        }
    }
}
