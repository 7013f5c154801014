//! What is asked for without a certificate being issued.

use scep::client::{Answer as Answered, Client, Query};
use scep::{BuildError, CaRoles, Granted, IssuerAndSerialNumber, Limits, NextCaCertificates};

use crate::ca::Ca;
use crate::device::Device;
use crate::dir::{CRL_DER, CRL_PEM, NEXT_CA, Readers};
use crate::pem;
use crate::run::{Holder, Run, rng};
use crate::show;
use crate::stop::{Outcome, Stop};
use crate::transaction;

/// Gets a certificate by its serial number, and keeps it.
pub fn get_cert(run: &Run, serial: &[u8]) -> Outcome<()> {
    let step = "GetCert";
    let ca = Ca::meet(run)?;
    let wanted = IssuerAndSerialNumber::new(ca.roles.issuer().subject_der(), serial);
    let granted = ask(run, &ca, step, &holder(run)?, |client| {
        client.get_cert(wanted, &mut rng())
    })?;
    let found = granted.certificate();
    let found = found.ok_or_else(|| Stop::failed(step, "the reply has no certificate"))?;
    let file = format!("cert-{}.pem", show::serial(serial));
    run.write_certificates(&file, [found])?;
    show::step("found", show::certificate(found));
    if granted.issuer().is_none() {
        show::more("another CA issued it, so its signature is not verified");
    }
    show::more(run.dir.path(&file));
    Ok(())
}

/// Gets the CRL that would list the certificate in DIR or, if there is none, the CA's own; and keeps it.
pub fn get_crl(run: &Run) -> Outcome<()> {
    let step = "GetCRL";
    let ca = Ca::meet(run)?;
    let holder = holder(run)?;
    let issuer = ca.roles.issuer();
    let issued = holder.certificate.issuer_der() == issuer.subject_der();
    let serial = if issued { &holder.certificate } else { issuer }.serial();
    let certificate = IssuerAndSerialNumber::new(issuer.subject_der(), serial);
    let granted = ask(run, &ca, step, &holder, |client| {
        client.get_crl(certificate, &mut rng())
    })?;
    let crl = granted.crl();
    let crl = crl.ok_or_else(|| Stop::failed(step, "the reply has no CRL"))?;
    let der = crl.as_der();
    run.dir.write(CRL_DER, der, Readers::Everybody)?;
    run.dir
        .write_pem(CRL_PEM, pem::CRL, [der], Readers::Everybody)?;
    show::step("found", format_args!("the CRL of \"{}\"", crl.issuer()));
    if issued {
        let certificate = format_args!("certificate with serial number {}", show::serial(serial));
        match crl.contains_serial(serial) {
            Ok(true) => show::more(format_args!("the {certificate} is in it: revoked")),
            Ok(false) => show::more(format_args!("the {certificate} is not in it")),
            Err(error) => show::more(format_args!("nothing about the {certificate}: {error}")),
        }
    }
    show::more(format_args!("{} and {CRL_PEM}", run.dir.path(CRL_DER)));
    Ok(())
}

/// Gets the certificates that the CA will have, and keeps them.
pub fn next_ca(run: &Run) -> Outcome<()> {
    let step = "GetNextCACert";
    let ca = Ca::meet(run)?;
    ca.keep(run)?;
    let answer = run.server.get_next_ca_cert();
    let answer = answer.map_err(|error| Stop::failed(step, error))?;
    let body = NextCaCertificates::parse(&answer.body[..], &Limits::REPLY)
        .map_err(|error| Stop::failed(step, answer.is_no("signed set of certificates", error)))?;
    let options = run.options;
    let next = CaRoles::from_next(
        &body,
        &ca.roles,
        run.now,
        &options.rules,
        &run.provider,
        &options.policy,
    );
    let next = next.map_err(|error| Stop::failed(step, error))?;
    run.write_certificates(NEXT_CA, next.chain())?;
    show::step("next", show::certificate(next.issuer()));
    show::more(run.dir.path(NEXT_CA));
    Ok(())
}

/// Who asks: the certificate in DIR or, if there is none, one that is made for this.
fn holder(run: &Run) -> Outcome<Holder> {
    if let Some(holder) = run.holder()? {
        return Ok(holder);
    }
    let key = run.key_or_new()?;
    let device = match &run.options.device {
        Some(device) => device.clone(),
        None => Device::common_name("SCEP client")
            .and_then(|subject| Device::new(subject, Vec::new()))
            .map_err(|error| Stop::failed("signer", error))?,
    };
    let certificate = device.self_signed(&key, run.now, &run.provider, &mut rng());
    let certificate = certificate.map_err(|error| Stop::failed("signer", error))?;
    Ok(Holder { key, certificate })
}

/// Sends a query and reads the answer.
fn ask(
    run: &Run,
    ca: &Ca,
    step: &str,
    holder: &Holder,
    write: impl for<'c> FnOnce(&Client<'c>) -> Result<(Vec<u8>, Query<'c>), BuildError>,
) -> Outcome<Granted> {
    let challenge = run.options.challenge.as_ref();
    let requester = holder.requester(step, challenge.map(|challenge| challenge.as_str()))?;
    let client = ca.client(run, &requester);
    let (message, query) = write(&client).map_err(|error| Stop::failed(step, error))?;
    ca.keep(run)?;
    let answer = ca.send(run, message);
    let answer = answer.map_err(|error| Stop::failed(step, error))?;
    let answered = query.accept(answer.status, &answer.body, &mut rng());
    match answered.map_err(|error| transaction::failed(step, &answer, error))? {
        Answered::Found(granted) => Ok(*granted),
        Answered::Refused(failure) => Err(Stop::Refused(failure)),
    }
}
