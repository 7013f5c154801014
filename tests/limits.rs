//! Each bound of `Limits`: what is at it is read, one more is refused by its name.
#![cfg(feature = "rustcrypto")]

mod common;

use common::Parties;
use common::forge::{
    Attribute, Envelope, Forge, NULL, Order, certificates_only, crls_only, dotted, explicit,
    inside, octets, oid_der, sequence, tlv,
};
use scep::crypto::{ContentCipher, KeyTransport};
use scep::{
    CaCertificates, CertsOnly, Item, Limit, Limits, NextCaCertificates, ParseError, ParseErrorKind,
    PkiMessage, UnverifiedCsr, oid,
};

/// Holds that `read` takes a count that is at the bound, and names the limit at one more.
fn bounded(limit: Limit, bound: usize, item: Item, read: impl Fn(usize) -> Result<(), ParseError>) {
    assert_eq!(read(bound), Ok(()), "{limit}");
    let error = read(bound + 1).unwrap_err();
    let kind = ParseErrorKind::LimitExceeded(limit);
    assert_eq!((error.kind(), error.item()), (kind, item), "{limit}");
}

fn request() -> Forge {
    Forge::of(&Parties::new().pkcs_req().0)
}

fn parsed(forge: &Forge) -> Result<(), ParseError> {
    let message = forge.assemble(&[forge.signer_info(Order::Listed, &[0; 256])]);
    PkiMessage::parse(message, &Limits::REQUEST).map(drop)
}

#[test]
fn the_defaults_are_those_of_the_table() {
    for (limit, request, reply) in [
        (Limit::InputLen, 2 << 20, 32 << 20),
        (Limit::Depth, 32, 32),
        (Limit::Certificates, 64, 256),
        (Limit::Crls, 16, 16),
        (Limit::Recipients, 16, 16),
        (Limit::Attributes, 64, 64),
        (Limit::AttributeLen, 64 << 10, 64 << 10),
        (Limit::Segments, 65_536, 65_536),
    ] {
        assert_eq!(Limits::REQUEST.bound(limit), request, "{limit}");
        assert_eq!(Limits::REPLY.bound(limit), reply, "{limit}");
        assert_eq!(Limits::REPLY.with(limit, 7).bound(limit), 7, "{limit}");
    }
}

#[test]
fn input() {
    let message = Parties::new().pkcs_req().0;
    let csr = Parties::new().csr.as_der().to_vec();
    let set = certificates_only(Parties::new().ca.as_der());
    let at = |bound| Limits::REQUEST.with(Limit::InputLen, bound);
    // The input is what it is, so the bound moves.
    type Read<'r> = &'r dyn Fn(&Limits) -> Result<(), ParseError>;
    let readers: [(usize, Read<'_>); 5] = [
        (message.len(), &|limits| {
            PkiMessage::parse(&message[..], limits).map(drop)
        }),
        (csr.len(), &|limits| {
            UnverifiedCsr::from_der(&csr[..], limits).map(drop)
        }),
        (set.len(), &|limits| {
            CertsOnly::parse(&set[..], limits).map(drop)
        }),
        (set.len(), &|limits| {
            CaCertificates::parse(&set[..], None, limits).map(drop)
        }),
        (message.len(), &|limits| {
            NextCaCertificates::parse(&message[..], limits).map(drop)
        }),
    ];
    for (len, read) in readers {
        assert_eq!(read(&at(len)), Ok(()));
        let error = read(&at(len - 1)).unwrap_err();
        let kind = ParseErrorKind::LimitExceeded(Limit::InputLen);
        assert_eq!((error.kind(), error.item()), (kind, Item::Input));
    }
}

#[test]
fn depth() {
    // The set of certificates is the fourth level.
    bounded(Limit::Depth, 32, Item::Certificates, |levels| {
        let chain = [[0x30, 0x80].repeat(levels - 4), [0, 0].repeat(levels - 4)];
        let mut forge = request();
        forge.certificates.push(chain.concat());
        parsed(&forge)
    });
}

#[test]
fn certificates_and_crls() {
    let element = sequence(&[]);
    bounded(Limit::Certificates, 64, Item::Certificates, |count| {
        let mut forge = request();
        forge.certificates.resize(count, element.clone());
        parsed(&forge)
    });
    bounded(Limit::Certificates, 256, Item::Certificates, |count| {
        CertsOnly::parse(certificates_only(&element.repeat(count)), &Limits::REPLY).map(drop)
    });
    bounded(Limit::Crls, 16, Item::Crls, |count| {
        CertsOnly::parse(crls_only(&element.repeat(count)), &Limits::REPLY).map(drop)
    });
}

#[test]
fn recipients() {
    let ca = Parties::new().ca;
    let (cipher, transport) = (ContentCipher::Aes128Cbc, KeyTransport::RsaPkcs1v15);
    let envelope = Envelope::seal(b"payload", &ca, cipher, transport);
    bounded(Limit::Recipients, 16, Item::RecipientInfos, |count| {
        let mut envelope = envelope.clone();
        envelope.other_recipients = vec![tlv(0xa1, &[]); count - 1];
        let mut forge = request();
        forge.set_content(Some(envelope.to_der()));
        let message = forge.assemble(&[forge.signer_info(Order::Listed, &[0; 256])]);
        let message = PkiMessage::parse(message, &Limits::REQUEST).unwrap();
        let recipients = message.unverified_recipients()?;
        assert_eq!(recipients.len(), count);
        Ok(())
    });
}

#[test]
fn attributes() {
    let unknown = |values: Vec<Vec<u8>>| Attribute {
        oid: dotted("1.2.3"),
        values,
    };
    bounded(Limit::Attributes, 64, Item::SignedAttributes, |count| {
        let mut forge = request();
        forge
            .attributes()
            .resize(count, unknown(vec![NULL.to_vec()]));
        parsed(&forge)
    });
    bounded(Limit::Attributes, 64, Item::Attribute, |count| {
        let mut forge = request();
        forge.attributes().push(unknown(vec![NULL.to_vec(); count]));
        parsed(&forge)
    });
    bounded(Limit::AttributeLen, 64 << 10, Item::Attribute, |len| {
        let mut forge = request();
        // Before so many octets stand a tag and a length of three.
        let value = octets(&vec![7; len - 4]);
        assert_eq!(value.len(), len);
        forge.attributes().push(unknown(vec![value]));
        parsed(&forge)
    });
}

#[test]
fn segments() {
    let forge = request();
    let message = forge.assemble(&[forge.signer_info(Order::Listed, &[0; 256])]);
    let fields = inside(inside(&message)[1].contents);
    bounded(Limit::Segments, 65_536, Item::EContent, |count| {
        let content = tlv(0x24, &[4, 0].repeat(count));
        let encap = sequence(&[&oid_der(oid::DATA), &explicit(0, &content)]);
        let rest: Vec<u8> = fields[3..]
            .iter()
            .flat_map(|field| field.raw)
            .copied()
            .collect();
        let signed = sequence(&[fields[0].raw, fields[1].raw, &encap, &rest]);
        let message = sequence(&[&oid_der(oid::SIGNED_DATA), &explicit(0, &signed)]);
        PkiMessage::parse(message, &Limits::REQUEST).map(drop)
    });
}
