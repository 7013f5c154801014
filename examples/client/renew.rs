//! A certificate in place of an old one.
//!
//! All that is new is kept in a folder of its own until the certificate is there. Then the files move, `cert.pem` last: as
//! long as it is in the folder, a later run moves the rest.

use scep::client::SavedEnrolment;

use crate::ca::Ca;
use crate::csr;
use crate::device::Device;
use crate::dir::{CERTIFICATE, CHAIN, CSR, Dir, KEY};
use crate::run::{Holder, Run};
use crate::show;
use crate::stop::{Outcome, Stop};
use crate::transaction::{self, Wish};

const FOLDER: &str = "renewal";
const NEW_KEY: &str = "renewal/key.pem";
const NEW_CSR: &str = "renewal/csr.pem";
const NEW_CHAIN: &str = "renewal/chain.pem";
const NEW_CERTIFICATE: &str = "renewal/cert.pem";
const PENDING: &str = "renewal/pending.der";

/// Which file takes the place of which, in this order.
const MOVES: [(&str, &str); 4] = [
    (KEY, NEW_KEY),
    (CSR, NEW_CSR),
    (CHAIN, NEW_CHAIN),
    (CERTIFICATE, NEW_CERTIFICATE),
];

/// Gets a certificate in place of the one in DIR.
pub fn renew(run: &Run) -> Outcome<()> {
    let missing = || {
        let path = run.dir.path(CERTIFICATE);
        Stop::Usage(format!("--renew: there is no {path}"))
    };
    let old = run.holder()?.ok_or_else(missing)?;
    show::step("renews", show::certificate(&old.certificate));
    let (ca, wish) = match transaction::saved(run, PENDING)? {
        Some(saved) => {
            let wish = go_on(run, old, saved)?;
            (Ca::meet(run)?, wish)
        }
        None => {
            let ca = Ca::meet(run)?;
            (ca, begin(run, old)?)
        }
    };
    let issued = match transaction::run(run, &ca, &wish, PENDING) {
        Err(Stop::Refused(failure)) => {
            clean_up(&run.dir)?;
            return Err(Stop::Refused(failure));
        }
        issued => issued?,
    };
    run.write_certificates(NEW_CHAIN, issued.chain())?;
    run.write_certificates(NEW_CERTIFICATE, [issued.certificate()])?;
    finish(&run.dir)?;
    show::issued(&issued, &run.dir);
    Ok(())
}

/// Puts the new files in the place of the old ones if a new certificate is there; tells whether one was.
pub fn finish(dir: &Dir) -> Outcome<bool> {
    if !dir.contains(NEW_CERTIFICATE) {
        return Ok(false);
    }
    // It would be taken for a renewal under way once the certificate has moved.
    dir.remove(PENDING)?;
    for (old, new) in MOVES {
        dir.replace(old, new)?;
    }
    clean_up(dir)?;
    Ok(true)
}

/// Makes what the request needs, and keeps it beside the old files.
fn begin(run: &Run, old: Holder) -> Outcome<Wish> {
    let device = match &run.options.device {
        Some(device) => device.clone(),
        None => Device::of_certificate(&old.certificate)
            .map_err(|error| run.dir.damaged(CERTIFICATE, error))?,
    };
    let key = run.new_key(NEW_KEY, old.key.kind())?;
    let csr = csr::write(run, NEW_CSR, &device, &key)?;
    Ok(Wish {
        requester: old,
        csr,
        saved: None,
    })
}

/// Finds what an earlier run began.
fn go_on(run: &Run, old: Holder, saved: SavedEnrolment) -> Outcome<Wish> {
    let key = run
        .wanted_key(NEW_KEY)?
        .ok_or_else(|| run.dir.missing(NEW_KEY))?;
    let csr = csr::again(run, NEW_CSR, &key, &saved)?;
    Ok(Wish {
        requester: old,
        csr,
        saved: Some(saved),
    })
}

fn clean_up(dir: &Dir) -> Outcome<()> {
    // Without it the rest means nothing.
    dir.remove(PENDING)?;
    dir.remove_folder(FOLDER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dir::tests::{Temporary, ok};

    fn old_and_new() -> Temporary {
        let dir = Temporary::new();
        for (old, new) in MOVES {
            dir.write(old, b"old");
            dir.write(new, b"new");
        }
        dir.write(PENDING, b"pending");
        dir
    }

    #[test]
    fn nothing_moves_before_the_certificate_is_there() {
        let dir = old_and_new();
        ok(dir.0.remove(NEW_CERTIFICATE));
        assert!(!ok(finish(&dir.0)));
        for (old, _) in MOVES {
            assert_eq!(dir.read(old).unwrap(), b"old");
        }
        assert!(dir.0.contains(PENDING) && dir.0.contains(NEW_KEY));
    }

    #[test]
    fn a_renewal_that_was_killed_while_files_moved_is_finished() {
        for moved in 0..MOVES.len() {
            let dir = old_and_new();
            for (old, new) in &MOVES[..moved] {
                ok(dir.0.replace(old, new));
            }
            assert!(ok(finish(&dir.0)));
            for (old, _) in MOVES {
                assert_eq!(dir.read(old).unwrap(), b"new", "{old} after {moved} moves");
            }
            assert!(!dir.0.contains(FOLDER));
            assert!(!ok(finish(&dir.0)));
        }
    }
}
