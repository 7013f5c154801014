//! The CSR in DIR: it says what is asked for, in a later run too.

use scep::client::SavedEnrolment;
use scep::{Csr, Limits, UnverifiedCsr};

use crate::device::Device;
use crate::dir::Readers;
use crate::key::Key;
use crate::pem;
use crate::run::{Run, rng};
use crate::stop::{Outcome, Stop};

/// Makes the CSR for a device, with the challenge password that is given, and keeps it.
pub fn write(run: &Run, file: &str, device: &Device, key: &Key) -> Outcome<Csr> {
    let challenge = run.options.challenge.as_ref();
    let csr = device.csr(
        key,
        challenge.map(|challenge| challenge.as_str()),
        &run.provider,
        &mut rng(),
    );
    let csr = csr.map_err(|error| Stop::failed(file, error))?;
    let der = [csr.as_der()];
    run.dir
        .write_pem(file, pem::CERTIFICATE_REQUEST, der, Readers::Owner)?;
    Ok(csr)
}

/// Reads the CSR of an earlier run, if there is one.
pub fn read(run: &Run, file: &str) -> Outcome<Option<Csr>> {
    let Some(der) = run.dir.read_pem(file, pem::CERTIFICATE_REQUEST)? else {
        return Ok(None);
    };
    let csr = UnverifiedCsr::from_der(&der[..], &Limits::REQUEST);
    let csr = csr.map_err(|error| run.dir.damaged(file, error))?;
    let csr = csr.verify(&run.provider, &run.options.policy);
    csr.map(Some).map_err(|error| run.dir.damaged(file, error))
}

/// The CSR of an enrolment that an earlier run began. If the CA has not answered yet, another challenge password may take
/// the place of the one in it.
pub fn again(run: &Run, file: &str, key: &Key, saved: &SavedEnrolment) -> Outcome<Csr> {
    let csr = read(run, file)?.ok_or_else(|| run.dir.missing(file))?;
    let device = asked_for(run, file, &csr)?;
    match &run.options.challenge {
        Some(challenge)
            if !saved.is_pending() && !csr.challenge_password().verify(challenge.as_bytes()) =>
        {
            write(run, file, &device, key)
        }
        _ => Ok(csr),
    }
}

/// For whom a CSR is, which is for whom the user wants a certificate, if the arguments say that.
pub fn asked_for(run: &Run, file: &str, csr: &Csr) -> Outcome<Device> {
    let device = Device::of_csr(csr).map_err(|error| run.dir.damaged(file, error))?;
    match &run.options.device {
        Some(wanted) if *wanted != device => Err(Stop::Usage(format!(
            "{} is for \"{}\" and perhaps other names: leave --subject and --dns out, or choose another --out",
            run.dir.path(file),
            csr.subject(),
        ))),
        _ => Ok(device),
    }
}
