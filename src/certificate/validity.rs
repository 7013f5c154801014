//! Validity, and the two time types of X.509.

use core::num::Saturating;
use core::ops::RangeInclusive;

use crate::asn1::{Reader, Writer, tag};
use crate::{Item, Layer, Limits};

/// From when to when a certificate is valid, in seconds since the Unix epoch, both ends included
/// ([RFC 5280, section 4.1.2.5](https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.5)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Validity {
    /// The first valid second.
    pub not_before: i64,
    /// The last valid second.
    pub not_after: i64,
}

impl Validity {
    /// Whether a time, in seconds since the Unix epoch, is within; both ends are.
    #[must_use]
    pub fn contains(&self, time: i64) -> bool {
        (self.not_before..=self.not_after).contains(&time)
    }

    /// From one system time to another, in whole seconds; `None` if one is too far from the Unix epoch to count.
    ///
    /// ```
    /// use scep::Validity;
    /// use std::time::{Duration, SystemTime};
    /// let now = SystemTime::now();
    /// let (hour, day) = (Duration::from_secs(3_600), Duration::from_secs(86_400));
    /// assert!(Validity::between(now - hour, now + day).is_some());
    /// ```
    #[cfg(feature = "std")]
    #[cfg_attr(docsrs, doc(cfg(feature = "std")))]
    #[must_use]
    pub fn between(
        not_before: std::time::SystemTime,
        not_after: std::time::SystemTime,
    ) -> Option<Self> {
        let seconds = |time: std::time::SystemTime| {
            time.duration_since(std::time::UNIX_EPOCH).map_or_else(
                |before| {
                    i64::try_from(before.duration().as_secs())
                        .ok()?
                        .checked_neg()
                },
                |after| i64::try_from(after.as_secs()).ok(),
            )
        };
        Some(Self {
            not_before: seconds(not_before)?,
            not_after: seconds(not_after)?,
        })
    }

    /// Reads a Validity, or `None` if a time in it says nothing that can be understood.
    pub(super) fn from_der(der: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(der, 0, Layer::Message, &Limits::REPLY);
        let times = reader.nested(tag::SEQUENCE, Item::Certificate, |times| {
            Ok((
                times.element(Item::Certificate)?,
                times.element(Item::Certificate)?,
            ))
        });
        let (not_before, not_after) = times.ok()?;
        Some(Self {
            not_before: unix_seconds(not_before.tag, not_before.contents)?,
            not_after: unix_seconds(not_after.tag, not_after.contents)?,
        })
    }

    /// Writes a Validity, or gives `None` if it is empty or a year has not four digits.
    pub(crate) fn write(&self, out: &mut Writer) -> Option<()> {
        let not_before = CivilTime::of(self.not_before)?;
        let not_after = CivilTime::of(self.not_after)?;
        if self.not_after < self.not_before {
            return None;
        }
        out.sequence(|times| {
            not_before.write(times);
            not_after.write(times);
        });
        Some(())
    }
}

/// A time as `YYYY-MM-DDThh:mm:ss`, in UTC, if its year is from 0 to 9999.
#[cfg(any(feature = "diagnose", feature = "intune"))]
pub(crate) fn civil_text(unix: i64) -> Option<alloc::string::String> {
    let CivilTime {
        year,
        month,
        day,
        hour,
        minute,
        second,
    } = CivilTime::of(unix)?;
    Some(alloc::format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
    ))
}

/// The seconds since the Unix epoch of a UTCTime or GeneralizedTime, with seconds or without, in UTC or with an offset.
pub(crate) fn unix_seconds(time_tag: u8, contents: &[u8]) -> Option<i64> {
    let mut digits = Digits(contents);
    let year = match time_tag {
        // RFC 5280, section 4.1.2.5.1: from 50 on it is the 20th century.
        tag::UTC_TIME => match digits.pair()? {
            year @ 50.. => Saturating(1900) + Saturating(year),
            year => Saturating(2000) + Saturating(year),
        },
        tag::GENERALIZED_TIME => {
            Saturating(digits.pair()?) * Saturating(100) + Saturating(digits.pair()?)
        }
        _ => return None,
    };
    let civil = CivilTime {
        year: year.0,
        month: digits.pair()?,
        day: digits.pair()?,
        hour: digits.pair()?,
        minute: digits.optional_pair()?,
        second: digits.optional_pair()?,
    };
    if time_tag == tag::GENERALIZED_TIME {
        digits.skip_fraction()?;
    }
    let offset = digits.offset()?;
    Some((Saturating(civil.unix_seconds()?) - Saturating(offset)).0)
}

/// A date and time of day in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct CivilTime {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
}

impl CivilTime {
    /// The time of Unix seconds, if its year is from 0 to 9999.
    fn of(unix: i64) -> Option<Self> {
        if !YEARS_0_TO_9999.contains(&unix) {
            return None;
        }
        let days = unix.div_euclid(DAY);
        let second = unix.rem_euclid(DAY);
        // By the mean length of a year; the year of a day at a turn of the year may be off by one.
        let estimate = days
            .saturating_mul(400)
            .div_euclid(146_097)
            .saturating_add(1970);
        let year = [estimate.saturating_add(1), estimate]
            .into_iter()
            .find(|year| days_before_year(*year) <= days)
            .unwrap_or(estimate.saturating_sub(1));
        let mut day = (Saturating(days) - Saturating(days_before_year(year))).0;
        let mut month = 1;
        for len in month_lengths(year) {
            if day < len {
                break;
            }
            day = day.saturating_sub(len);
            month = i64::saturating_add(month, 1);
        }
        Some(Self {
            year,
            month,
            day: day.saturating_add(1),
            hour: second / 3600,
            minute: second / 60 % 60,
            second: second % 60,
        })
    }

    fn unix_seconds(self) -> Option<i64> {
        let lengths = month_lengths(self.year);
        let month = usize::try_from(self.month).ok()?.checked_sub(1)?;
        let valid = (1..=*lengths.get(month)?).contains(&self.day)
            && self.hour < 24
            && self.minute < 60
            // A leap second is told by 60 and counts as the first of the next minute.
            && self.second <= 60;
        let before: i64 = lengths.iter().take(month).sum();
        let days = Saturating(days_before_year(self.year)) + Saturating(before) - Saturating(1)
            + Saturating(self.day);
        let of_day = Saturating(self.hour) * Saturating(3600)
            + Saturating(self.minute) * Saturating(60)
            + Saturating(self.second);
        valid.then_some((days * Saturating(DAY) + of_day).0)
    }

    /// Writes UTCTime through 2049 and GeneralizedTime after, as RFC 5280, section 4.1.2.5 demands.
    fn write(self, out: &mut Writer) {
        let pairs = [
            self.year / 100,
            self.year % 100,
            self.month,
            self.day,
            self.hour,
            self.minute,
            self.second,
        ];
        let mut text = [b'Z'; 15];
        for (slot, pair) in text.chunks_exact_mut(2).zip(pairs) {
            slot.copy_from_slice(&[digit(pair / 10), digit(pair % 10)]);
        }
        match text {
            [_, _, short @ ..] if (1950..2050).contains(&self.year) => {
                out.tlv(tag::UTC_TIME, &short);
            }
            _ => out.tlv(tag::GENERALIZED_TIME, &text),
        }
    }
}

/// The decimal digits of a time that are not read yet.
struct Digits<'a>(&'a [u8]);

impl Digits<'_> {
    fn pair(&mut self) -> Option<i64> {
        let (pair, rest) = self.0.split_first_chunk::<2>()?;
        self.0 = rest;
        pair.iter().try_fold(0_i64, |value, byte| {
            let digit = byte.is_ascii_digit().then_some(byte & 0x0f)?;
            Some((Saturating(value) * Saturating(10) + Saturating(i64::from(digit))).0)
        })
    }

    /// Two digits, or none, which is zero.
    fn optional_pair(&mut self) -> Option<i64> {
        if self.0.first().is_some_and(u8::is_ascii_digit) {
            self.pair()
        } else {
            Some(0)
        }
    }

    fn skip_fraction(&mut self) -> Option<()> {
        if let [b'.' | b',', fraction @ ..] = self.0 {
            let digits = fraction
                .iter()
                .take_while(|byte| byte.is_ascii_digit())
                .count();
            self.0 = fraction.get(digits..).filter(|_| digits > 0)?;
        }
        Some(())
    }

    /// `Z` or an offset, to the end, in seconds. A local time says nothing.
    fn offset(&mut self) -> Option<i64> {
        let sign = match self.0 {
            b"Z" => return Some(0),
            [b'+', rest @ ..] => {
                self.0 = rest;
                Saturating(1)
            }
            [b'-', rest @ ..] => {
                self.0 = rest;
                Saturating(-1)
            }
            _ => return None,
        };
        let hours = Saturating(self.pair()?) * Saturating(3600);
        let minutes = Saturating(self.pair()?) * Saturating(60);
        self.0.is_empty().then_some((sign * (hours + minutes)).0)
    }
}

const DAY: i64 = 86_400;

const YEARS_0_TO_9999: RangeInclusive<i64> = -62_167_219_200..=253_402_300_799;

/// The days from the Unix epoch to the first of January of a year.
fn days_before_year(year: i64) -> i64 {
    let past = Saturating(year) - Saturating(1);
    let leap_days = |year: Saturating<i64>| {
        Saturating(year.0.div_euclid(4)) - Saturating(year.0.div_euclid(100))
            + Saturating(year.0.div_euclid(400))
    };
    let days =
        (past - Saturating(1969)) * Saturating(365) + leap_days(past) - leap_days(Saturating(1969));
    days.0
}

const fn month_lengths(year: i64) -> [i64; 12] {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let february = if leap { 29 } else { 28 };
    [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
}

fn digit(value: i64) -> u8 {
    u8::try_from(value).map_or(b'0', |value| b'0' | (value & 0x0f))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asn1::encode;
    use alloc::format;

    fn utc(text: &str) -> Option<i64> {
        unix_seconds(tag::UTC_TIME, text.as_bytes())
    }

    fn generalized(text: &str) -> Option<i64> {
        unix_seconds(tag::GENERALIZED_TIME, text.as_bytes())
    }

    #[test]
    fn both_types_are_read() {
        assert_eq!(utc("700101000000Z"), Some(0));
        assert_eq!(utc("691231235959Z"), Some(-1));
        assert_eq!(utc("261123202245Z"), Some(1_795_465_365));
        assert_eq!(generalized("20261123202245Z"), Some(1_795_465_365));
        assert_eq!(utc("491231235959Z"), generalized("20491231235959Z"));
        assert_eq!(utc("500101000000Z"), generalized("19500101000000Z"));
        assert_eq!(generalized("99991231235959Z"), Some(253_402_300_799));
        assert_eq!(generalized("00000101000000Z"), Some(-62_167_219_200));
        assert_eq!(generalized("20000229000000Z"), Some(951_782_400));
    }

    #[test]
    fn seconds_may_be_absent_and_offsets_count() {
        assert_eq!(utc("7001010000Z"), Some(0));
        assert_eq!(generalized("1970010100Z"), Some(0));
        assert_eq!(utc("700101013000+0130"), Some(0));
        assert_eq!(utc("6912312300-0100"), Some(0));
        assert_eq!(generalized("19700101000001.99Z"), Some(1));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "Z",
            "700101000000",
            "70010100000Z",
            "700101000000Zx",
            "700101000000+01",
            "700001000000Z",
            "701301000000Z",
            "700100000000Z",
            "700230000000Z",
            "700101240000Z",
            "700101006000Z",
            "700101000061Z",
            "7001010000a0Z",
            "700101000000.5Z",
        ] {
            assert_eq!(utc(text), None, "{text}");
        }
        assert_eq!(generalized("19000229000000Z"), None);
        assert_eq!(generalized("19700101000000.Z"), None);
        assert_eq!(unix_seconds(tag::UTF8_STRING, b"700101000000Z"), None);
    }

    #[test]
    fn what_is_written_reads_back() {
        for year in 0..=9999 {
            for day in [
                "0101000000",
                "0228235959",
                "0301000000",
                "0717123456",
                "1231235959",
            ] {
                let not_before = generalized(&format!("{year:04}{day}Z")).unwrap();
                let validity = Validity {
                    not_before,
                    not_after: 253_402_300_799,
                };
                let mut der = Writer::with_capacity(0);
                validity.write(&mut der).unwrap();
                assert_eq!(Validity::from_der(&der.into_bytes()), Some(validity));
            }
        }
    }

    #[test]
    fn utc_time_stands_from_1950_through_2049() {
        let tag_of = |time: &str| {
            let civil = CivilTime::of(generalized(time).unwrap()).unwrap();
            encode(0, |w| civil.write(w))[0]
        };
        assert_eq!(tag_of("19491231235959Z"), tag::GENERALIZED_TIME);
        assert_eq!(tag_of("19500101000000Z"), tag::UTC_TIME);
        assert_eq!(tag_of("20491231235959Z"), tag::UTC_TIME);
        assert_eq!(tag_of("20500101000000Z"), tag::GENERALIZED_TIME);
    }

    #[test]
    fn an_empty_validity_and_years_beyond_four_digits_are_not_written() {
        for (not_before, not_after) in [
            (1, 0),
            (0, 253_402_300_800),
            (0, i64::MAX),
            (-62_167_219_201, 0),
            (i64::MIN, 0),
        ] {
            let validity = Validity {
                not_before,
                not_after,
            };
            assert_eq!(validity.write(&mut Writer::with_capacity(0)), None);
        }
    }
}
