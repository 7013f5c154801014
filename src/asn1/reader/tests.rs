use super::*;

fn reader(input: &[u8]) -> Reader<'_> {
    Reader::new(input, 0, Layer::Message, &Limits::REQUEST)
}

fn octets(input: &[u8]) -> Result<Vec<u8>, ParseErrorKind> {
    let mut reader = reader(input);
    let string = reader
        .octet_string(tag::OCTET_STRING, Item::EContent, &Limits::REQUEST)
        .map_err(|error| error.kind)?;
    reader.finish(Item::EContent).map_err(|error| error.kind)?;
    assert_eq!(string.to_vec().len(), string.len);
    Ok(string.to_vec())
}

#[test]
fn octet_strings_are_joined_in_every_form() {
    for form in [
        &[0x04, 0x03, 1, 2, 3][..],
        &[0x04, 0x81, 0x03, 1, 2, 3],
        &[0x04, 0x84, 0, 0, 0, 0x03, 1, 2, 3],
        &[0x24, 0x07, 0x04, 0x02, 1, 2, 0x04, 0x01, 3],
        &[0x24, 0x80, 0x04, 0x02, 1, 2, 0x04, 0x01, 3, 0, 0],
        &[
            0x24, 0x80, 0x24, 0x04, 0x04, 0x02, 1, 2, 0x04, 0x01, 3, 0, 0,
        ],
        &[
            0x24, 0x80, 0x24, 0x80, 0x04, 0x02, 1, 2, 0, 0, 0x04, 0x01, 3, 0, 0,
        ],
        &[0x24, 0x81, 0x08, 0x04, 0x81, 0x02, 1, 2, 0x04, 0x01, 3],
        &[
            0x24, 0x80, 0x04, 0x00, 0x04, 0x03, 1, 2, 3, 0x04, 0x00, 0, 0,
        ],
    ] {
        assert_eq!(octets(form), Ok(alloc::vec![1, 2, 3]), "{form:02x?}");
    }
    assert_eq!(octets(&[0x24, 0x80, 0, 0]), Ok(Vec::new()));
    assert_eq!(octets(&[0x24, 0x00]), Ok(Vec::new()));
}

#[test]
fn short_hostile_inputs_are_errors() {
    for input in [
        &[0x3f, 0x80][..],
        &[0x3f, 0x80, 0x80],
        &[0x1f, 0x81, 0x01],
        &[0x30, 0x84],
        &[0x30, 0x82, 0x01],
        &[0x30],
        &[0x04, 0x80],
        &[0x04, 0xff],
        &[0x30, 0x80, 0],
        &[0x30, 0x89, 1, 0, 0, 0, 0, 0, 0, 0, 0],
    ] {
        assert!(reader(input).element(Item::Input).is_err(), "{input:02x?}");
    }
}

#[test]
fn nesting_stops_at_the_limit_in_linear_time() {
    let deep = [0x30, 0x80].repeat(1 << 20);
    assert_eq!(
        reader(&deep).element(Item::Input).unwrap_err().kind,
        ParseErrorKind::LimitExceeded(Limit::Depth)
    );
    let deep = [0x24, 0x80].repeat(1 << 20);
    assert_eq!(
        octets(&deep),
        Err(ParseErrorKind::LimitExceeded(Limit::Depth))
    );
}

#[test]
fn depth_is_counted_exactly() {
    let limits = Limits::REQUEST.with(Limit::Depth, 3);
    let nested = |levels: usize| {
        let mut der = alloc::vec![0x04, 0x01, 7];
        for _ in 0..levels {
            der.splice(..0, [0x24, 0x80]);
            der.extend([0, 0]);
        }
        Reader::new(&der, 0, Layer::Message, &limits)
            .octet_string(tag::OCTET_STRING, Item::EContent, &limits)
            .map(|string| string.to_vec())
            .map_err(|error| error.kind)
    };
    assert_eq!(nested(3), Ok(alloc::vec![7]));
    assert_eq!(nested(4), Err(ParseErrorKind::LimitExceeded(Limit::Depth)));
}

#[test]
fn segments_are_limited() {
    let limits = Limits::REQUEST.with(Limit::Segments, 2);
    let read = |input: &[u8]| {
        Reader::new(input, 0, Layer::Message, &limits)
            .octet_string(tag::OCTET_STRING, Item::EContent, &limits)
            .map(|string| string.to_vec())
            .map_err(|error| error.kind)
    };
    assert_eq!(read(&[0x24, 0x06, 4, 1, 1, 4, 1, 2]), Ok(alloc::vec![1, 2]));
    assert_eq!(
        read(&[0x24, 0x09, 4, 1, 1, 4, 1, 2, 4, 1, 3]),
        Err(ParseErrorKind::LimitExceeded(Limit::Segments))
    );
}

#[test]
fn der_only_refuses_every_ber_form() {
    for input in [
        &[0x30, 0x80, 0, 0][..],
        &[0x30, 0x81, 0],
        &[0x04, 0x82, 0, 1, 7],
    ] {
        let error = Reader::new_der(input, 0, Layer::Message, &Limits::REQUEST)
            .element(Item::Certificate)
            .unwrap_err();
        assert_eq!(error.kind, ParseErrorKind::NotDer, "{input:02x?}");
    }
}

#[test]
fn errors_tell_the_offset_of_the_element() {
    let input = [0x30, 0x06, 0x02, 0x01, 0x05, 0x06, 0x02, 0x2a];
    let error = reader(&input)
        .nested(tag::SEQUENCE, Item::SignedData, |inner| {
            inner.small_integer(Item::SignedData)?;
            inner.oid(Item::ContentType)
        })
        .unwrap_err();
    assert_eq!(
        (error.kind, error.item, error.offset),
        (ParseErrorKind::Truncated, Item::ContentType, 5)
    );
}

fn kind<T>(result: Result<T, ParseError>) -> Result<T, ParseErrorKind> {
    result.map_err(|error| error.kind)
}

#[test]
fn an_identifier_ends_and_fits() {
    let oid = |contents: &[u8]| {
        let mut input = alloc::vec![tag::OID, contents.len() as u8];
        input.extend(contents);
        let mut reader = reader(&input);
        kind(reader.oid(Item::ContentType)).map(<[u8]>::to_vec)
    };
    let invalid = Err(ParseErrorKind::InvalidValue);
    assert_eq!(oid(&[0x2a, 0x7f]), Ok(alloc::vec![0x2a, 0x7f]));
    assert_eq!(oid(&[]), invalid);
    assert_eq!(oid(&[0x2a, 0x80]), invalid);
    assert_eq!(oid(&[0x2a, 0x81]), invalid);
    let longest = [0x2a; Oid::MAX_LEN];
    assert_eq!(oid(&longest), Ok(longest.to_vec()));
    assert_eq!(oid(&[0x2a; Oid::MAX_LEN + 1]), invalid);
}

#[test]
fn a_small_integer_has_one_octet_of_value() {
    let integer = |contents: &[u8]| {
        let mut input = alloc::vec![tag::INTEGER, contents.len() as u8];
        input.extend(contents);
        kind(reader(&input).small_integer(Item::SignedData))
    };
    assert_eq!(integer(&[0x7f]), Ok(0x7f));
    assert_eq!(integer(&[0, 0x80]), Ok(0x80));
    assert_eq!(integer(&[0, 0xff]), Ok(0xff));
    for contents in [&[][..], &[0x80], &[0xff], &[1, 0], &[0, 0, 1]] {
        assert_eq!(integer(contents), Err(ParseErrorKind::InvalidValue));
    }
}

#[test]
fn a_level_that_does_not_end_is_truncated_or_has_more() {
    let leave = |input: &[u8]| {
        let mut reader = reader(input);
        kind(reader.nested(tag::SEQUENCE, Item::SignedData, |_| Ok(())))
    };
    assert_eq!(leave(&[0x30, 0x80, 0, 0]), Ok(()));
    assert_eq!(leave(&[0x30, 0x80]), Err(ParseErrorKind::Truncated));
    assert_eq!(leave(&[0x30, 0x80, 0]), Err(ParseErrorKind::Truncated));
    let more = Err(ParseErrorKind::TrailingData);
    assert_eq!(leave(&[0x30, 0x80, 5, 0]), more);
    assert_eq!(leave(&[0x30, 0x80, 5, 0, 0, 0]), more);
    assert_eq!(leave(&[0x30, 0x01, 5]), more);
    assert_eq!(leave(&[0x30, 0x02, 5, 0]), more);
}

#[test]
fn ber_is_seen_at_every_level() {
    let seen = |input: &[u8]| {
        let mut reader = reader(input);
        let read = reader.nested(tag::SEQUENCE, Item::SignedData, |inner| {
            inner.nested(tag::SEQUENCE, Item::SignedData, |inner| {
                inner.octet_string(tag::OCTET_STRING, Item::EContent, &Limits::REQUEST)
            })?;
            inner.expect(tag::INTEGER, Item::SignedData)
        });
        read.unwrap();
        reader.ber_seen()
    };
    assert!(!seen(&[0x30, 8, 0x30, 3, 4, 1, 7, 2, 1, 5]));
    for ber in [
        &[0x30, 0x81, 8, 0x30, 3, 4, 1, 7, 2, 1, 5][..],
        &[0x30, 10, 0x30, 0x80, 4, 1, 7, 0, 0, 2, 1, 5],
        &[0x30, 9, 0x30, 4, 4, 0x81, 1, 7, 2, 1, 5],
        &[0x30, 10, 0x30, 5, 0x24, 3, 4, 1, 7, 2, 1, 5],
        &[0x30, 9, 0x30, 3, 4, 1, 7, 2, 0x81, 1, 5],
    ] {
        assert!(seen(ber), "{ber:02x?}");
    }
}

#[test]
fn tags_of_more_than_one_octet_are_passed_over() {
    let element = |input: &[u8]| {
        let mut reader = reader(input);
        let element = kind(reader.element(Item::Input))?;
        kind(reader.finish(Item::Input))?;
        Ok((element.tag, element.contents.to_vec()))
    };
    for number in [&[0x01][..], &[0x81, 0x01], &[0xff, 0x80, 0x80, 0x7f]] {
        for (first, tag) in [(0x1f, 0x1f), (0x3f, 0x3f), (0xff, 0xff)] {
            let input = [&[first], number, &[1, 0]].concat();
            assert_eq!(element(&input), Ok((tag, alloc::vec![0])), "{input:02x?}");
        }
    }
    let invalid = Err(ParseErrorKind::InvalidTag);
    assert_eq!(element(&[0x1f, 0x80, 0x80, 0x80, 0x80, 1, 0]), invalid);
    let truncated = Err(ParseErrorKind::Truncated);
    assert_eq!(element(&[0x1f, 0x80, 0x80]), truncated);
    assert_eq!(element(&[0x1f]), truncated);
    // One octet is enough for all others.
    assert_eq!(element(&[0, 1, 7]), Ok((0, alloc::vec![7])));
    assert_eq!(element(&[0x9e, 1, 7]), Ok((0x9e, alloc::vec![7])));
}

#[test]
fn lengths_are_as_they_must_be() {
    let element = |input: &[u8]| {
        let mut reader = reader(input);
        kind(reader.element(Item::Input)).map(|element| element.contents.len())
    };
    let der = |input: &[u8]| {
        let mut reader = Reader::new_der(input, 0, Layer::Message, &Limits::REQUEST);
        kind(reader.element(Item::Input)).map(|element| element.contents.len())
    };
    let with = |header: &[u8], len: usize| [header, &alloc::vec![7; len]].concat();
    // A zero among the digits is not one in front of them.
    for (header, len) in [
        (&[4, 0x7f][..], 127),
        (&[4, 0x81, 0x80], 128),
        (&[4, 0x82, 1, 0], 256),
    ] {
        let input = with(header, len);
        assert_eq!((element(&input), der(&input)), (Ok(len), Ok(len)));
    }
    let longer = Err(ParseErrorKind::NotDer);
    for (header, len) in [
        (&[4, 0x81, 0x7f][..], 127),
        (&[4, 0x81, 0], 0),
        (&[4, 0x82, 0, 0x80], 128),
        (&[4, 0x83, 0, 1, 0], 256),
    ] {
        let input = with(header, len);
        assert_eq!((element(&input), der(&input)), (Ok(len), longer));
    }
    let invalid = Err(ParseErrorKind::InvalidLength);
    assert_eq!(element(&[0x04, 0x80, 0, 0]), invalid);
    assert_eq!(element(&[0x1f, 0x01, 0x80, 0, 0]), invalid);
    assert_eq!(element(&[0x30, 0xff, 0, 0]), invalid);
    assert_eq!(element(&[0x24, 0x80, 0, 0]), Ok(0));
    assert_eq!(element(&[4, 2, 7]), Err(ParseErrorKind::Truncated));
}

#[test]
fn octets_in_one_piece_stay_in_place() {
    let string = |input: &[u8]| {
        let mut reader = reader(input);
        let limits = &Limits::REQUEST;
        let string = reader.octet_string(tag::OCTET_STRING, Item::EContent, limits);
        let string = string.unwrap();
        (
            string.in_place().map(<[u8]>::to_vec),
            matches!(string.to_cow(), Cow::Borrowed(_)),
        )
    };
    assert_eq!(string(&[4, 1, 7]), (Some(alloc::vec![7]), true));
    assert_eq!(string(&[0x24, 3, 4, 1, 7]), (None, false));
    // Segments whose lengths have more than one octet.
    let long = |header: &[u8], len: usize| [header, &alloc::vec![7; len]].concat();
    for segment in [long(&[4, 0x81, 0x80], 128), long(&[4, 0x82, 1, 2], 258)] {
        let input = [&[0x24, 0x80], &segment[..], &[0, 0]].concat();
        let expected = segment.iter().filter(|octet| **octet == 7).count();
        assert_eq!(octets(&input).map(|octets| octets.len()), Ok(expected));
    }
}
