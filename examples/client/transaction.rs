//! An enrolment or renewal with the CA: sends the request, and asks again until the CA has decided.

use std::fmt::Display;
use std::thread::sleep;

use scep::client::{Enrolment, Issued, Outcome as Answered, SavedEnrolment};
use scep::{ChallengePassword, Csr, OpenError, TransactionError, VerifyError};

use crate::arguments::Task;
use crate::ca::Ca;
use crate::dir::Readers;
use crate::run::{Holder, Run, rng};
use crate::server::Answer;
use crate::show;
use crate::stop::{Outcome, Stop};

/// What is asked for, by whom.
pub struct Wish {
    pub requester: Holder,
    pub csr: Csr,
    /// How far an earlier run came.
    pub saved: Option<SavedEnrolment>,
}

/// Reads how far an earlier run came, if it was ended before the CA had decided.
pub fn saved(run: &Run, file: &str) -> Outcome<Option<SavedEnrolment>> {
    let Some(bytes) = run.dir.read(file)? else {
        return Ok(None);
    };
    let saved = SavedEnrolment::from_bytes(&bytes);
    saved
        .map(Some)
        .map_err(|error| run.dir.damaged(file, error))
}

/// Gets what is wished, and keeps in a file how far it came: before anything is sent, and whenever the CA answered PENDING.
pub fn run(run: &Run, ca: &Ca, wish: &Wish, file: &str) -> Outcome<Issued> {
    let told = match wish.csr.challenge_password() {
        ChallengePassword::Present(challenge) => Some(challenge.expose_secret()),
        _ => None,
    };
    let challenge = told.as_ref().map(|challenge| challenge.as_str());
    let requester = wish.requester.requester("signing", challenge)?;
    let client = ca.client(run, &requester);
    let enrolment = match (&wish.saved, &run.options.task) {
        (Some(saved), _) => Enrolment::resume(client, saved, Some(&wish.csr))
            .map_err(|error| run.dir.damaged(file, error))?,
        (None, Task::Renew(_)) => client.renew(&wish.csr, &mut rng()),
        (None, _) => client.enrol(&wish.csr, &mut rng()),
    };
    let transaction = Transaction {
        run,
        ca,
        enrolment,
        file,
        polls: 0,
    };
    let id = transaction.enrolment.transaction_id();
    match &wish.saved {
        None => show::step("transaction", id),
        Some(saved) => {
            let polls = saved.polls();
            let since = format_args!("{id}, begun by an earlier run, polls so far: {polls}");
            show::step("transaction", since);
        }
    }
    ca.keep(run)?;
    transaction.save()?;
    transaction.finish()
}

struct Transaction<'t> {
    run: &'t Run<'t>,
    ca: &'t Ca,
    enrolment: Enrolment<'t>,
    file: &'t str,
    /// Those of this run.
    polls: u32,
}

impl Transaction<'_> {
    /// Asks until the CA has decided or no polls are left. The first poll of a run waits for nothing: an earlier run did.
    fn finish(mut self) -> Outcome<Issued> {
        let options = self.run.options;
        loop {
            if self.enrolment.is_pending() {
                if self.polls == options.poll_max {
                    return Err(Stop::Pending);
                }
                self.polls += 1;
            }
            match self.ask()? {
                Some(Answered::Issued(issued)) => return Ok(issued),
                Some(Answered::Refused(failure)) => return Err(Stop::Refused(failure)),
                Some(Answered::Pending) => self.save()?,
                None => {}
            }
            if self.polls < options.poll_max {
                sleep(options.poll_every);
            }
        }
    }

    /// Sends the next request; `None` if nobody answers a poll, which is no reason to give up.
    fn ask(&mut self) -> Outcome<Option<Answered>> {
        let polling = self.enrolment.is_pending();
        let step = self.step();
        let message = self.enrolment.next_request(&mut rng());
        let message = message.map_err(|error| Stop::failed(step, error))?;
        let answer = match self.ca.send(self.run, message) {
            Err(why) if polling => return Ok(self.unanswered(why)),
            answer => answer.map_err(|why| Stop::failed(step, why))?,
        };
        let answered = self
            .enrolment
            .accept(answer.status, &answer.body, &mut rng());
        match answered {
            Ok(answered) => {
                self.show(match &answered {
                    Answered::Issued(_) => "SUCCESS",
                    Answered::Refused(_) => "FAILURE",
                    Answered::Pending => "PENDING",
                });
                Ok(Some(answered))
            }
            // A gateway says that the server is not there just now.
            Err(TransactionError::NotAMessage { error, .. })
                if polling && (502..=504).contains(&answer.status) =>
            {
                Ok(self.unanswered(answer.is_no(PKI_MESSAGE, error)))
            }
            Err(error) => Err(failed(step, &answer, error)),
        }
    }

    fn unanswered(&self, why: String) -> Option<Answered> {
        self.show(why);
        None
    }

    /// What the next request is, or the last one was.
    fn step(&self) -> &'static str {
        match self.run.options.task {
            _ if self.polls > 0 => "CertPoll",
            Task::Renew(_) => "renewal",
            _ => "PKCSReq",
        }
    }

    fn save(&self) -> Outcome<()> {
        let saved = self.enrolment.save();
        let saved = saved.map_err(|error| Stop::failed(self.file, error))?;
        self.run
            .dir
            .write(self.file, &saved.to_bytes(), Readers::Everybody)
    }

    fn show(&self, what: impl Display) {
        if self.polls == 0 {
            show::step(self.step(), what);
        } else {
            let max = self.run.options.poll_max;
            show::step(self.step(), format_args!("{} of {max}: {what}", self.polls));
        }
    }
}

/// The failure of a step whose answer is not accepted.
pub fn failed(step: &str, answer: &Answer, error: TransactionError) -> Stop {
    match error {
        TransactionError::NotAMessage { error, .. } => {
            Stop::failed(step, answer.is_no(PKI_MESSAGE, error))
        }
        TransactionError::Verify(VerifyError::Refused(_))
        | TransactionError::Open(OpenError::Refused(_)) => {
            Stop::failed(step, format_args!("{error} (see --policy)"))
        }
        error => Stop::failed(step, error),
    }
}

const PKI_MESSAGE: &str = "pkiMessage";
