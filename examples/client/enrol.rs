//! A first certificate.

use scep::client::SavedEnrolment;

use crate::ca::Ca;
use crate::csr;
use crate::device::Device;
use crate::dir::{CERTIFICATE, CHAIN, CSR, KEY};
use crate::run::{Holder, Run, rng};
use crate::show;
use crate::stop::{Outcome, Stop};
use crate::transaction::{self, Wish};

/// The certificate that signs the request.
const SIGNER: &str = "signer.pem";
const PENDING: &str = "pending.der";

/// Gets a certificate, unless DIR has one that is not expired.
pub fn enrol(run: &Run) -> Outcome<()> {
    if let Some(holder) = run.holder()?
        && !holder.is_expired(run.now)
    {
        return has_one(run, &holder);
    }
    let (ca, wish) = match transaction::saved(run, PENDING)? {
        Some(saved) => {
            let wish = go_on(run, saved)?;
            (Ca::meet(run)?, wish)
        }
        None => {
            let device = run.options.device.as_ref();
            let missing = || Stop::Usage("--subject or --dns is missing".to_owned());
            let device = device.ok_or_else(missing)?;
            let ca = Ca::meet(run)?;
            (ca, begin(run, device)?)
        }
    };
    let issued = match transaction::run(run, &ca, &wish, PENDING) {
        Err(Stop::Refused(failure)) => {
            clean_up(run)?;
            return Err(Stop::Refused(failure));
        }
        issued => issued?,
    };
    run.write_certificates(CHAIN, issued.chain())?;
    // The last: whoever finds it finds all.
    run.write_certificates(CERTIFICATE, [issued.certificate()])?;
    clean_up(run)?;
    show::issued(&issued, &run.dir);
    Ok(())
}

/// Makes what a first request needs, and keeps it.
fn begin(run: &Run, device: &Device) -> Outcome<Wish> {
    let key = run.key_or_new()?;
    let csr = csr::write(run, CSR, device, &key)?;
    let signer = device.self_signed(&key, run.now, &run.provider, &mut rng());
    let certificate = signer.map_err(|error| Stop::failed(SIGNER, error))?;
    run.write_certificates(SIGNER, [&certificate])?;
    Ok(Wish {
        requester: Holder { key, certificate },
        csr,
        saved: None,
    })
}

/// Finds what an earlier run began.
fn go_on(run: &Run, saved: SavedEnrolment) -> Outcome<Wish> {
    let key = run.wanted_key(KEY)?.ok_or_else(|| run.dir.missing(KEY))?;
    let certificate = run.certificate(SIGNER)?;
    let certificate = certificate.ok_or_else(|| run.dir.missing(SIGNER))?;
    let csr = csr::again(run, CSR, &key, &saved)?;
    Ok(Wish {
        requester: Holder { key, certificate },
        csr,
        saved: Some(saved),
    })
}

/// There is nothing to do, unless the certificate is for somebody else.
fn has_one(run: &Run, holder: &Holder) -> Outcome<()> {
    if let Some(csr) = csr::read(run, CSR)? {
        csr::asked_for(run, CSR, &csr)?;
    }
    // A run may have been ended before it came to this.
    clean_up(run)?;
    show::step("has", show::certificate(&holder.certificate));
    show::more(format_args!(
        "in {}; --renew gets another in its place",
        run.dir.path(CERTIFICATE)
    ));
    Ok(())
}

fn clean_up(run: &Run) -> Outcome<()> {
    run.dir.remove(PENDING)?;
    run.dir.remove(SIGNER)
}
