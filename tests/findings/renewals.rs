//! Requests that are signed with an earlier certificate.

use scep::diagnose::{Diagnosis, Finding, FindingCode::*};
use scep::{
    Capabilities, Certificate, FailInfo, Limits, PkiMessage, RequestBuilder, SignerIdentity,
    UnverifiedCsr, oid,
};

use crate::common::forge::{Forge, printable};
use crate::common::issue::root;
use crate::common::{Parties, key, vector};
use crate::{NDES, ca, capabilities, codes, csr_for, evidence, of_request, sent, unverified};

/// A CSR for the subject of the old certificate.
fn plain(parties: &Parties) -> UnverifiedCsr {
    let subject = "CN=client-2048,O=Peer Test,C=US";
    unverified(&csr_for(&parties.client_key, subject, |csr| csr))
}

/// A RenewalReq by the holder of what the CA issued.
fn renewal(parties: &Parties) -> PkiMessage<'static> {
    let signer = SignerIdentity::new(&parties.issued, &parties.client_key).unwrap();
    let roles = parties.roles();
    let builder = RequestBuilder::renewal_req(&parties.csr, &signer, &roles);
    sent(parties.send(builder).0)
}

fn judged(
    parties: &Parties,
    certificates: &[Certificate<'_>],
    csr: &UnverifiedCsr,
) -> Vec<Finding> {
    of_request(&renewal(parties), |beside| {
        beside.ca_certificates(certificates).csr(csr)
    })
}

#[test]
fn a_renewal_that_is_right_has_no_findings() {
    let parties = Parties::new();
    assert_eq!(judged(&parties, &ca(&parties), &plain(&parties)), []);
}

#[test]
fn the_list_must_have_renewal_for_a_renewal_req() {
    let parties = Parties::new();
    let with = |request: &PkiMessage<'static>, list: Capabilities| {
        codes(&of_request(request, |beside| beside.capabilities(&list)))
    };
    let list = || capabilities(b"SCEPStandard");
    assert_eq!(with(&renewal(&parties), list()), [RenewalNotOffered]);
    let both = capabilities(b"SCEPStandard\nRenewal");
    assert_eq!(with(&renewal(&parties), both), []);
    assert_eq!(with(&sent(parties.pkcs_req().0), list()), []);
    assert_eq!(
        with(&renewal(&parties), Capabilities::UNKNOWN),
        [CapabilitiesUnknown]
    );
}

// Interop: NDES lists Renewal, and means a PKCSReq by it.
#[test]
fn renewal_without_scep_standard_offers_no_renewal_req() {
    let parties = Parties::new();
    let signer = SignerIdentity::new(&parties.issued, &parties.client_key).unwrap();
    let roles = parties.roles();
    let as_pkcs_req = RequestBuilder::pkcs_req(&parties.csr, &signer, &roles);
    let as_pkcs_req = sent(parties.send(as_pkcs_req).0);
    let with = |request: &PkiMessage<'static>, list: &[u8]| {
        let list = capabilities(list);
        of_request(request, |beside| beside.capabilities(&list))
    };
    let findings = with(&renewal(&parties), NDES);
    assert_eq!(codes(&findings), [RenewalNotOffered]);
    assert_eq!(
        findings[0].evidence(),
        "messageType RenewalReq; GetCACaps: POSTPKIOperation, Renewal, SHA-512, SHA-256, SHA-1, DES3"
    );
    assert_eq!(with(&as_pkcs_req, NDES), []);
    let ndes_and_more = [NDES, b"\nSCEPStandard"].concat();
    assert_eq!(with(&renewal(&parties), &ndes_and_more), []);
}

#[test]
fn a_self_issued_certificate_renews_nothing() {
    let parties = Parties::new();
    let typed = |number: &str| {
        let mut forge = Forge::of(&parties.pkcs_req().0);
        forge.set(oid::MESSAGE_TYPE, printable(number));
        of_request(&sent(forge.sign(&parties.client_key)), |beside| beside)
    };
    assert_eq!(typed("19"), []);
    let findings = typed("17");
    assert_eq!(codes(&findings), [RenewalSelfIssued]);
    assert_eq!(findings[0].fail_info(), Some(FailInfo::BadRequest));
}

#[test]
fn a_certificate_of_another_ca_is_told_with_both() {
    let parties = Parties::new();
    let csr = plain(&parties);
    // The same name on another key, as after a renewal, is found out by the signature.
    let other = [root("Another CA", &key(vector!("keys/ca-jscep.key")))];
    let request = renewal(&parties);
    let findings = of_request(&request, |beside| beside.ca_certificates(&other).csr(&csr));
    let evidence = evidence(&findings, SignerOfAnotherCa);
    assert!(
        evidence.contains("issued by \"CN=jscep CA,O=Peer Test,C=US\"")
            && evidence.contains("the CA is \"CN=Another CA\""),
        "{evidence}"
    );
    assert_eq!(judged(&parties, &ca(&parties), &csr), []);
}

#[test]
fn the_subject_of_a_renewal_is_the_old_one() {
    let parties = Parties::new();
    let other = csr_for(&parties.client_key, "CN=device", |csr| csr);
    let findings = judged(&parties, &ca(&parties), &unverified(&other));
    assert_eq!(codes(&findings), [RenewalSubjectDiffers]);
    assert_eq!(
        findings[0].evidence(),
        "subject \"CN=device\" in the CSR, \"CN=client-2048,O=Peer Test,C=US\" in the signer's certificate"
    );
    assert_eq!(judged(&parties, &ca(&parties), &plain(&parties)), []);
}

#[test]
fn a_refused_renewal_lists_what_a_server_looks_at() {
    let parties = Parties::new();
    let csr = plain(&parties);
    let refused = |bytes: &[u8]| {
        let signer = parties.ca_signer();
        let reply = parties
            .receive(bytes)
            .reply(&parties.provider, &signer)
            .failure(FailInfo::BadRequest, None, &mut crate::rng())
            .unwrap()
            .sign(&parties.ca_key, &mut crate::rng())
            .unwrap();
        let request = sent(bytes.to_vec());
        let reply = PkiMessage::parse(reply, &Limits::REPLY).unwrap();
        let diagnosis = Diagnosis::new(&parties.provider)
            .request(&request)
            .reply(&reply);
        diagnosis.csr(&csr).findings()
    };
    let findings = refused(renewal(&parties).as_bytes());
    assert_eq!(codes(&findings), [Refused, RenewalRefused]);
    let evidence = findings[1].evidence();
    for part in [
        "\"CN=client-2048,O=Peer Test,C=US\" serial",
        "issued by \"CN=jscep CA,O=Peer Test,C=US\"",
        "valid until 2036-11-20T20:26:53 UTC",
        "the CSR is for \"CN=client-2048,O=Peer Test,C=US\"",
    ] {
        assert!(evidence.contains(part), "{evidence}");
    }
    let first = refused(&parties.pkcs_req().0);
    assert!(!codes(&first).contains(&RenewalRefused));
}
