//! The events that Windows, NDES and the Intune connector write about SCEP.
//!
//! Numbers and meanings of NDES and the connector are those of Microsoft's documentation and of guides to NDES, those of devices
//! are gathered from reports; "possibly" marks what nobody has confirmed.

use core::fmt;

/// An event that tells of an enrolment, by the log that it stands in and its number.
///
/// ```
/// use scep::microsoft::{Event, EventSource};
/// let event = Event::find(EventSource::Ndes, 18).expect("known");
/// assert!(event.meaning().contains("decrypt"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    source: EventSource,
    id: u32,
    meaning: &'static str,
    advice: &'static str,
}

/// The log that an event stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EventSource {
    /// DeviceManagement-Enterprise-Diagnostics-Provider/Admin, on a managed device.
    DeviceManagement,
    /// CertificateServicesClient-CertEnroll, in the application log of a device.
    CertificateEnrolment,
    /// CAPI2/Operational, on devices and servers.
    Capi2,
    /// NetworkDeviceEnrollmentService, in the application log of the NDES host.
    Ndes,
    /// The log of the Intune certificate connector, on the NDES host.
    IntuneConnector,
}

impl Event {
    /// The event of this number in this log, if it is known.
    #[must_use]
    pub fn find(source: EventSource, id: u32) -> Option<&'static Self> {
        EVENTS
            .iter()
            .find(|event| event.source == source && event.id == id)
    }

    /// The events of this number in any log, for somebody who knows the number alone.
    pub fn with_id(id: u32) -> impl Iterator<Item = &'static Self> {
        EVENTS.iter().filter(move |event| event.id == id)
    }

    /// The log that it stands in.
    #[must_use]
    pub const fn source(&self) -> EventSource {
        self.source
    }

    /// Its number.
    #[must_use]
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// What it tells.
    #[must_use]
    pub const fn meaning(&self) -> &'static str {
        self.meaning
    }

    /// What to do about it.
    #[must_use]
    pub const fn advice(&self) -> &'static str {
        self.advice
    }
}

/// The name of the log.
impl fmt::Display for EventSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DeviceManagement => "DeviceManagement-Enterprise-Diagnostics-Provider/Admin",
            Self::CertificateEnrolment => "CertificateServicesClient-CertEnroll",
            Self::Capi2 => "CAPI2/Operational",
            Self::Ndes => "NetworkDeviceEnrollmentService",
            Self::IntuneConnector => "Intune certificate connector",
        })
    }
}

const fn event(source: EventSource, id: u32, meaning: &'static str, advice: &'static str) -> Event {
    Event {
        source,
        id,
        meaning,
        advice,
    }
}

/// In the order of logs and numbers.
const EVENTS: &[Event] = &[
    event(
        EventSource::DeviceManagement,
        32,
        "Possibly: the device could not enrol.",
        "Read the code in the event, and event 307 beside it.",
    ),
    event(
        EventSource::DeviceManagement,
        36,
        "Possibly: the device has made its certification request.",
        "Nothing: the next step is the server's.",
    ),
    event(
        EventSource::DeviceManagement,
        39,
        "Possibly: the device has installed its certificate.",
        "Nothing: the enrolment is done.",
    ),
    event(
        EventSource::DeviceManagement,
        307,
        "Possibly: details of an enrolment that failed.",
        "Read the code in it: it belongs to event 32.",
    ),
    event(
        EventSource::CertificateEnrolment,
        86,
        "An enrolment failed before anything was requested: GetCACaps or GetCACert did not give what Windows needs.",
        "Read the URL in the event. If it ends in microsoftaik.azure.net, it is Microsoft's service for TPMs and not your CA.",
    ),
    event(
        EventSource::Capi2,
        30,
        "Possibly: a chain of certificates was not accepted.",
        "The details of the event name the certificate and the code, such as 0x800B0109 for a root that is not trusted.",
    ),
    event(
        EventSource::Ndes,
        2,
        "NDES could not start.",
        "Read the code in the event; often the RA certificates are expired or their keys cannot be read.",
    ),
    event(
        EventSource::Ndes,
        6,
        "Somebody without permission asked for a challenge password.",
        "Give that account enrol permission on the templates that NDES uses.",
    ),
    event(
        EventSource::Ndes,
        7,
        "NDES cannot return the certificates of the CA.",
        "See whether the CA runs and NDES may ask it.",
    ),
    event(
        EventSource::Ndes,
        10,
        "An RA certificate of NDES is missing or expired.",
        "Renew both RA certificates, let the pool's account read their keys, and restart IIS.",
    ),
    event(
        EventSource::Ndes,
        16,
        "NDES cannot decode a message.",
        "Look at the message with the inspect example; see whether a proxy or a GET changes it.",
    ),
    event(
        EventSource::Ndes,
        17,
        "A message lacks its transactionID, its messageType or its signer's certificate.",
        "Look at the message with the inspect example: the client must send all three.",
    ),
    event(
        EventSource::Ndes,
        18,
        "NDES cannot decrypt a message.",
        "The client encrypted to another certificate than the RA's encryption certificate; let it fetch GetCACert anew.",
    ),
    event(
        EventSource::Ndes,
        28,
        "A renewal was refused.",
        "See whether the subject is that of the old certificate, and whether the old one is valid and of this CA.",
    ),
    event(
        EventSource::Ndes,
        29,
        "The challenge password is missing, wrong, used or expired, or not a PrintableString.",
        "Get a new challenge password, and see that the client sends it as a PrintableString.",
    ),
    event(
        EventSource::Ndes,
        31,
        "The CA refused the request.",
        "Look among the failed requests of the CA for the code of that moment.",
    ),
    event(
        EventSource::IntuneConnector,
        20_500,
        "The connector tells of the verification of a request.",
        "20501 and 20502 beside it tell a failure.",
    ),
    event(
        EventSource::IntuneConnector,
        20_501,
        "The connector could not verify a request.",
        "Read the code in the event: 0x411 says that the challenge has expired, 0x410 that it cannot be read.",
    ),
    event(
        EventSource::IntuneConnector,
        20_502,
        "The connector could not verify a request.",
        "Read the code in the event: 0x411 says that the challenge has expired, 0x410 that it cannot be read.",
    ),
    event(
        EventSource::IntuneConnector,
        20_600,
        "The connector tells of the notification of Intune.",
        "20602 beside it tells a failure.",
    ),
    event(
        EventSource::IntuneConnector,
        20_602,
        "The connector could not notify Intune.",
        "See whether the host reaches Intune, and whether the connector's account is still valid.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_means_another_thing_in_another_log() {
        assert!(Event::find(EventSource::Ndes, 29).is_some_and(|e| e.meaning.contains("password")));
        assert_eq!(Event::find(EventSource::DeviceManagement, 29), None);
        assert_eq!(Event::find(EventSource::Ndes, 30), None);
        let sources: alloc::vec::Vec<_> = Event::with_id(30).map(Event::source).collect();
        assert_eq!(sources, [EventSource::Capi2]);
    }

    #[test]
    fn every_event_stands_in_the_catalogue() {
        let catalogue = include_str!("../../docs/troubleshooting.md");
        for event in EVENTS {
            let Event { source, id, .. } = event;
            let line = alloc::format!("| {source} | {id} | {} | {} |", event.meaning, event.advice);
            assert!(catalogue.contains(&line), "{line}");
        }
    }

    #[test]
    fn every_event_stands_once_and_is_made_of_sentences() {
        for (at, event) in EVENTS.iter().enumerate() {
            assert_eq!(Event::find(event.source, event.id), EVENTS.get(at));
            assert!(event.meaning.ends_with('.') && event.advice.ends_with('.'));
        }
    }
}
