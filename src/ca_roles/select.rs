//! Who is who among certificates that nobody vouches for, seen from one that somebody does.

use alloc::vec::Vec;

use super::pin::CaPin;
use super::{CaRole, CaRoles, RoleReason, RoleRules};
use crate::certificate::{Certificate, CertificateSignatureError};
use crate::crypto::public_key::{check_public_key, key_algorithm};
use crate::crypto::{Policy, Provider, is_same_key};
use crate::message::{CaCertificates, CertsOnly, NextCaCertificates};
use crate::{Refused, RoleError, oid};

/// What certificates are judged by.
pub(super) struct Criteria<'c> {
    pub(super) moment: Moment,
    pub(super) rules: RoleRules,
    pub(super) provider: &'c Provider,
    pub(super) policy: &'c Policy,
}

/// When the roles are wanted, in Unix seconds.
#[derive(Clone, Copy)]
pub(super) enum Moment {
    /// At this time.
    Now(i64),
    /// When the time of the next CA has come, which is after this one.
    ToCome(i64),
}

/// Assigns the roles in an answer to GetCACert under the pinned certificate.
pub(super) fn under_pin(
    answer: &CaCertificates<'_>,
    pin: &CaPin<'_>,
    criteria: &Criteria<'_>,
) -> Result<CaRoles<'static>, RoleError> {
    // One that cannot be read has no role.
    let answered = in_order(answer.certificates().filter_map(Result::ok));
    let pinned = pin.ca.find(&answered, criteria.provider)?;
    let pinned = pinned.ok_or(RoleError::PinNotFound)?;
    if !pinned.may_issue() {
        return Err(RoleError::PinIsNoCa);
    }
    if let Some(error) = Time::of(pinned, criteria.moment).error(CaRole::PinnedCa) {
        return Err(error);
    }
    let mut ras = Vec::new();
    for ra in &pin.ras {
        // Without it, whoever took it out would choose among the others.
        let found = ra.find(&answered, criteria.provider)?;
        ras.push(found.ok_or(RoleError::PinnedRaNotFound)?.clone());
    }
    let certificates = in_order(answered.iter().chain(&ras).cloned());
    let tree = Tree::grow(&[pinned], &certificates, &ras, criteria);
    let is_answered = |member: &Member<'_>| answered.contains(member.certificate);
    if !tree.members.iter().any(is_answered) {
        return Err(tree
            .refused
            .map_or(RoleError::PinNotFound, RoleError::Refused));
    }
    tree.roles(criteria)
}

/// Assigns the roles among certificates that the current CA vouches for.
pub(super) fn next(
    body: &NextCaCertificates<'_>,
    current: &CaRoles<'_>,
    criteria: &Criteria<'_>,
) -> Result<CaRoles<'static>, RoleError> {
    let set = vouched_for(body, current, criteria)?;
    let is_new = |certificate: &Certificate<'_>| !current.chain.contains(certificate);
    let certificates = in_order(set.certificates().filter_map(Result::ok).filter(is_new));
    let issuing: Vec<_> = certificates.iter().filter(|one| one.may_issue()).collect();
    let is_top = |certificate: &&Certificate<'_>| {
        let names_it = |other: &&Certificate<'_>| other.subject_der() == certificate.issuer_der();
        certificate.is_self_issued() || !issuing.iter().any(names_it)
    };
    let tops: Vec<_> = issuing.iter().copied().filter(is_top).collect();
    if tops.is_empty() {
        return Err(RoleError::NoNextCa);
    }
    let tree = Tree::grow(&tops, &certificates, &[], criteria);
    let mut roles = tree.roles(criteria)?;
    // The top may be a new intermediate CA under the old root, or a new root that the old one signed.
    let top = roles.pinned();
    let issued_it = |current: &Certificate<'_>| {
        top.verify_issued_by(current, criteria.provider, criteria.policy)
            .is_ok()
    };
    if !top.is_self_issued()
        && let Some(at) = current.chain.iter().position(issued_it)
    {
        let above = current.chain.iter().skip(at).cloned();
        roles.chain.extend(above.map(Certificate::into_owned));
    }
    Ok(roles)
}

/// What a body says of the next CA, if the current one signed it or an RA that the caller knows, while valid.
fn vouched_for(
    body: &NextCaCertificates<'_>,
    current: &CaRoles<'_>,
    criteria: &Criteria<'_>,
) -> Result<CertsOnly<'static>, RoleError> {
    let (Moment::Now(time) | Moment::ToCome(time)) = criteria.moment;
    let reply_signers = current
        .reply_signers
        .iter()
        .zip(&current.reply_signer_reasons);
    // Whoever has a certificate of the CA's that is marked as an RA's, as help desks have, could put it into the answer to
    // GetCACert: it signs replies, which yield only what the CA issued, but names no next CA.
    let is_known = |reason| matches!(reason, RoleReason::Pinned | RoleReason::NamedByCaller);
    let ras = reply_signers
        .filter(|(_, reason)| is_known(**reason))
        .map(|(signer, _)| (signer, CaRole::ReplySigner));
    let (mut valid, mut others) = (Vec::new(), Vec::new());
    for (signer, role) in core::iter::once((&current.issuer, CaRole::IssuingCa)).chain(ras) {
        match Time::of(signer, Moment::Now(time)).error(role) {
            None => valid.push(signer),
            Some(error) => others.push((signer, error)),
        }
    }
    let verified = |signers: &[_]| body.verify(signers, criteria.provider, criteria.policy);
    verified(&valid).map_err(|error| {
        let is_its = |(signer, _): &(_, _)| verified(&[*signer]).is_ok();
        let of_another_time = others.into_iter().find(is_its);
        of_another_time.map_or(RoleError::Verify(error), |(_, error)| error)
    })
}

/// Each certificate once, in an order that owes nothing to that of the answer.
fn in_order<'c>(certificates: impl Iterator<Item = Certificate<'c>>) -> Vec<Certificate<'c>> {
    let mut certificates: Vec<_> = certificates.collect();
    certificates.sort_unstable_by(|one, other| one.as_der().cmp(other.as_der()));
    certificates.dedup();
    certificates
}

/// Certificates that are trusted in themselves, and all that have a way up to one of them.
struct Tree<'t> {
    members: Vec<Member<'t>>,
    /// What the policy refused on the way.
    refused: Option<Refused>,
}

#[derive(Clone, Copy)]
struct Member<'t> {
    certificate: &'t Certificate<'t>,
    /// Where among the members its issuer stands; nowhere if it is trusted in itself.
    issuer: Option<usize>,
    /// Of the certificate and all above it.
    time: Time,
    /// What entitles it to a role; a CA is entitled as the issuing CA, though only one will be it.
    reason: Option<RoleReason>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Time {
    Valid,
    Expired,
    NotYetValid,
}

impl<'t> Tree<'t> {
    /// Looks down from the trusted certificates for what they issued.
    ///
    /// Each certificate finds its place once, so no way up is longer than the set; it is verified only under the CAs of its
    /// issuer's name, of which nobody on the way can add one.
    fn grow(
        trusted: &[&'t Certificate<'t>],
        certificates: &'t [Certificate<'t>],
        pinned_ras: &[Certificate<'_>],
        criteria: &Criteria<'_>,
    ) -> Self {
        let is_outside = |certificate: &&Certificate<'_>| {
            !trusted
                .iter()
                .any(|trusted| trusted.as_der() == certificate.as_der())
        };
        let mut outside: Vec<_> = certificates.iter().filter(is_outside).collect();
        let mut members: Vec<_> = trusted
            .iter()
            .map(|certificate| Member {
                certificate,
                issuer: None,
                time: Time::of(certificate, criteria.moment),
                reason: Some(RoleReason::IssuingCa),
            })
            .collect();
        let mut refused = None;
        let mut waiting: Vec<usize> = (0..members.len()).collect();
        while let Some((at, issuer)) = next_issuer(&mut waiting, &members) {
            outside.retain(|certificate| {
                let (provider, policy) = (criteria.provider, criteria.policy);
                match certificate.verify_issued_by(issuer.certificate, provider, policy) {
                    Ok(()) => {
                        let own = Time::of(certificate, criteria.moment);
                        let member = Member {
                            certificate,
                            issuer: Some(at),
                            time: if own == Time::Valid { issuer.time } else { own },
                            reason: reason(certificate, pinned_ras, &criteria.rules),
                        };
                        if member.is_ca() {
                            waiting.push(members.len());
                        }
                        members.push(member);
                        return false;
                    }
                    Err(CertificateSignatureError::Refused(found)) => {
                        refused.get_or_insert(found);
                    }
                    Err(_) => {}
                }
                true
            });
        }
        Self { members, refused }
    }

    fn roles(&self, criteria: &Criteria<'_>) -> Result<CaRoles<'static>, RoleError> {
        let ca = self.issuing_ca()?;
        let candidates = Candidates {
            tree: self,
            members: self.candidates(&ca),
            criteria,
        };
        let (recipient, recipient_reason) = candidates.recipient()?;
        let reply_signers = candidates.reply_signers()?;
        let (reply_signers, reply_signer_reasons) = reply_signers
            .into_iter()
            .map(|(certificate, reason)| (certificate.clone().into_owned(), reason))
            .unzip();
        let way_up = core::iter::successors(Some(ca), |member| self.issuer_of(member));
        Ok(CaRoles {
            issuer: ca.certificate.clone().into_owned(),
            chain: way_up
                .map(|member| member.certificate.clone().into_owned())
                .collect(),
            recipient: recipient.clone().into_owned(),
            recipient_reason,
            reply_signers,
            reply_signer_reasons,
        })
    }

    /// The CA that issued the RAs' certificates or, without an RA, the one below which there is no other.
    // Interop: Windows' clients demand that NDES's RA certificates are issued by the CA itself.
    fn issuing_ca(&self) -> Result<Member<'t>, RoleError> {
        let of_ras = self
            .members
            .iter()
            .filter(|member| member.is_ra() && member.time == Time::Valid)
            .filter_map(|ra| self.issuer_of(ra));
        let mut found: Vec<_> = of_ras.collect();
        if found.is_empty() {
            let valid = self.cas().filter(|ca| ca.time == Time::Valid);
            found = valid.filter(|ca| self.is_lowest(ca)).collect();
        }
        if found.is_empty() {
            if self.cas().any(|ca| ca.time == Time::Expired) {
                return Err(RoleError::Expired(CaRole::IssuingCa));
            }
            // CAs that certify one another.
            found = self.cas().collect();
        }
        let count = distinct_cas(&found);
        let is_it = |ca: &Member<'_>| {
            ca.time == Time::Valid && found.first().is_some_and(|found| found.is_same_ca_as(ca))
        };
        match self.cas().filter(is_it).max_by_key(Member::not_before) {
            Some(ca) if count == 1 => Ok(ca),
            _ => Err(RoleError::Ambiguous(CaRole::IssuingCa, count)),
        }
    }

    /// Whether there is no other CA under a CA. One that is not valid yet does not count: its time will come.
    fn is_lowest(&self, ca: &Member<'t>) -> bool {
        !self.cas().any(|other| {
            let issuer = self.issuer_of(&other);
            other.time != Time::NotYetValid
                && !other.is_same_ca_as(ca)
                && issuer.is_some_and(|issuer| issuer.is_same_ca_as(ca))
        })
    }

    /// The issuing CA and what it issued to others than CAs.
    fn candidates(&self, ca: &Member<'t>) -> Vec<Member<'t>> {
        let is_issued = |member: &&Member<'t>| {
            !member.is_ca()
                && self
                    .issuer_of(member)
                    .is_some_and(|issuer| issuer.is_same_ca_as(ca))
        };
        let issued = self.members.iter().filter(is_issued).copied();
        issued.chain(core::iter::once(*ca)).collect()
    }

    fn cas(&self) -> impl Iterator<Item = Member<'t>> {
        self.members.iter().copied().filter(Member::is_ca)
    }

    fn issuer_of(&self, member: &Member<'t>) -> Option<Member<'t>> {
        self.members.get(member.issuer?).copied()
    }
}

/// Takes the next of the CAs that wait for what they issued, and where it stands: the valid first, so that of several
/// certificates of one CA a valid one is found.
fn next_issuer<'t>(
    waiting: &mut Vec<usize>,
    members: &[Member<'t>],
) -> Option<(usize, Member<'t>)> {
    let is_valid = |at: &usize| {
        let member = members.get(*at);
        member.is_some_and(|member| member.time == Time::Valid)
    };
    if waiting.is_empty() {
        return None;
    }
    let at = waiting.remove(waiting.iter().position(is_valid).unwrap_or_default());
    Some((at, *members.get(at)?))
}

/// What entitles a certificate under a trusted one to a role.
fn reason(
    certificate: &Certificate<'_>,
    pinned_ras: &[Certificate<'_>],
    rules: &RoleRules,
) -> Option<RoleReason> {
    let is_agent = |purpose| purpose == oid::CERTIFICATE_REQUEST_AGENT;
    // A certificate without basicConstraints is a CA's only if it is trusted in itself.
    if certificate.is_ca() && certificate.may_issue() {
        Some(RoleReason::IssuingCa)
    } else if pinned_ras.contains(certificate) {
        Some(RoleReason::Pinned)
    } else if certificate.extended_key_usage().any(is_agent) {
        Some(RoleReason::RequestAgent)
    } else if rules.any_leaf_of_ca {
        Some(RoleReason::AnyLeafOfCa)
    } else {
        None
    }
}

/// How many CAs the certificates are of.
fn distinct_cas(cas: &[Member<'_>]) -> usize {
    let is_first = |(at, ca): &(usize, &Member<'_>)| {
        let before = cas.iter().take(*at);
        !before.into_iter().any(|other| other.is_same_ca_as(ca))
    };
    cas.iter().enumerate().filter(is_first).count()
}

impl Member<'_> {
    fn is_ca(&self) -> bool {
        self.reason == Some(RoleReason::IssuingCa)
    }

    fn is_ra(&self) -> bool {
        matches!(
            self.reason,
            Some(RoleReason::Pinned | RoleReason::RequestAgent)
        )
    }

    /// Whether both are certificates of one CA, of which the one may have renewed the other.
    fn is_same_ca_as(&self, other: &Self) -> bool {
        let (one, other) = (self.certificate, other.certificate);
        one.subject_der() == other.subject_der()
            && is_same_key(one.public_key_der(), other.public_key_der())
    }

    fn allows(&self, role: CaRole) -> bool {
        let usage = self.certificate.key_usage();
        usage.is_none_or(|usage| role.is_allowed_by(usage))
    }

    /// Whether a content key can be encrypted to its key.
    fn encrypts(&self) -> bool {
        key_algorithm(self.certificate.public_key_der()) == Some(oid::RSA_ENCRYPTION)
    }

    fn not_before(&self) -> Option<i64> {
        self.certificate
            .validity()
            .map(|validity| validity.not_before)
    }
}

impl Time {
    fn of(certificate: &Certificate<'_>, moment: Moment) -> Self {
        let (Moment::Now(time) | Moment::ToCome(time)) = moment;
        match (certificate.validity(), moment) {
            (Some(validity), _) if validity.not_after < time => Self::Expired,
            (Some(validity), Moment::Now(_)) if time < validity.not_before => Self::NotYetValid,
            (Some(_), _) => Self::Valid,
            // Times that cannot be read are over.
            (None, _) => Self::Expired,
        }
    }

    const fn error(self, role: CaRole) -> Option<RoleError> {
        match self {
            Self::Valid => None,
            Self::Expired => Some(RoleError::Expired(role)),
            Self::NotYetValid => Some(RoleError::NotYetValid(role)),
        }
    }
}

/// The issuing CA and what it issued to others than CAs.
struct Candidates<'t, 'c> {
    tree: &'c Tree<'t>,
    members: Vec<Member<'t>>,
    criteria: &'c Criteria<'c>,
}

type Chosen<'t> = (&'t Certificate<'t>, RoleReason);

impl<'t> Candidates<'t, '_> {
    /// The one recipient: who can be encrypted to before whose key only signs, an RA before the CA, and the newest of several
    /// RAs.
    fn recipient(&self) -> Result<Chosen<'t>, RoleError> {
        use RoleReason::{AnyLeafOfCa, IssuingCa, KeyUsageIgnored, Pinned, RequestAgent};
        let role = CaRole::Recipient;
        for reason in [Pinned, RequestAgent, AnyLeafOfCa, IssuingCa] {
            let encrypting = self.usable(reason).filter(Member::encrypts);
            let allowed = encrypting.filter(|member| member.allows(role));
            if let Some(found) = one_of(allowed.collect(), reason)? {
                return Ok((found, reason));
            }
        }
        if self.criteria.rules.ignoring_key_usage {
            for reason in [Pinned, RequestAgent, IssuingCa] {
                let encrypting = self.usable(reason).filter(Member::encrypts);
                if let Some(found) = one_of(encrypting.collect(), reason)? {
                    return Ok((found, KeyUsageIgnored));
                }
            }
        }
        // Where an RA has a key that decrypts, though not for this, somebody on the way may have taken out the one that is:
        // the challenge would go under itself instead, to be guessed at.
        let mut ras = self.members.iter().filter(|member| member.is_ra());
        if ras.any(Member::encrypts) {
            return Err(self.nobody(role));
        }
        // keyUsage says nothing about a key that nothing is encrypted to.
        for reason in [Pinned, RequestAgent, AnyLeafOfCa, IssuingCa] {
            let signing = self.usable(reason).filter(|member| !member.encrypts());
            if let Some(found) = one_of(signing.collect(), reason)? {
                return Ok((found, reason));
            }
        }
        Err(self.nobody(role))
    }

    /// Every RA and the CA, as far as keyUsage allows it.
    fn reply_signers(&self) -> Result<Vec<Chosen<'t>>, RoleError> {
        use RoleReason::{AnyLeafOfCa, IssuingCa, KeyUsageIgnored, Pinned, RequestAgent};
        let role = CaRole::ReplySigner;
        let chosen = |reason| {
            self.usable(reason).filter_map(move |member| {
                if member.allows(role) {
                    Some((member.certificate, reason))
                } else if self.criteria.rules.ignoring_key_usage {
                    Some((member.certificate, KeyUsageIgnored))
                } else {
                    None
                }
            })
        };
        let mut signers: Vec<_> = [Pinned, RequestAgent]
            .into_iter()
            .flat_map(chosen)
            .collect();
        if signers.is_empty() {
            let leaves = self.usable(AnyLeafOfCa).filter(|leaf| leaf.allows(role));
            let leaves: Vec<_> = leaves.collect();
            if leaves.len() > 1 {
                return Err(RoleError::Ambiguous(role, leaves.len()));
            }
            signers.extend(leaves.iter().map(|leaf| (leaf.certificate, AnyLeafOfCa)));
        }
        signers.extend(chosen(IssuingCa));
        if signers.is_empty() {
            return Err(self.nobody(role));
        }
        Ok(signers)
    }

    /// Who is entitled for this reason, valid, and has a key that the policy allows.
    fn usable(&self, reason: RoleReason) -> impl Iterator<Item = Member<'t>> {
        self.members.iter().copied().filter(move |member| {
            member.reason == Some(reason)
                && member.time == Time::Valid
                && self.refused_key(member).is_none()
        })
    }

    fn refused_key(&self, member: &Member<'_>) -> Option<Refused> {
        check_public_key(member.certificate.public_key_der(), self.criteria.policy).err()
    }

    /// Why nobody has a role: the most telling reason of those that apply.
    fn nobody(&self, role: CaRole) -> RoleError {
        let allowed = || self.members.iter().filter(|member| member.allows(role));
        let entitled = || allowed().filter(|member| member.reason.is_some());
        if let Some(error) = entitled().find_map(|member| member.time.error(role)) {
            return error;
        }
        let refused = entitled().find_map(|member| self.refused_key(member));
        if let Some(refused) = refused.or(self.tree.refused) {
            return RoleError::Refused(refused);
        }
        if allowed().any(|member| member.reason.is_none() && member.time == Time::Valid) {
            return RoleError::NotMarkedAsRa(role);
        }
        if self.tree.cas().any(|ca| ca.time == Time::NotYetValid) {
            return RoleError::NotYetValid(CaRole::IssuingCa);
        }
        RoleError::KeyUsage(role)
    }
}

/// The one recipient among those that are entitled to it for the same reason, if there is any.
fn one_of<'t>(
    mut found: Vec<Member<'t>>,
    reason: RoleReason,
) -> Result<Option<&'t Certificate<'t>>, RoleError> {
    // The newest of an RA's generations. Of certificates like any other, the newest may be the one that was slipped in.
    if reason != RoleReason::AnyLeafOfCa {
        let newest = found.iter().filter_map(Member::not_before).max();
        found.retain(|member| member.not_before() == newest);
    }
    match *found {
        [] => Ok(None),
        [one] => Ok(Some(one.certificate)),
        [..] => Err(RoleError::Ambiguous(CaRole::Recipient, found.len())),
    }
}
