//! Where a slice stands in the buffer that a message owns.

/// A part of a buffer, by offset and length, so that a state can hold a buffer and its parts without borrowing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    start: usize,
    len: usize,
}

impl Span {
    /// The span of `part` in `whole`; `part` must be a slice of `whole`, else the span is empty when it is read.
    pub(crate) fn of(whole: &[u8], part: &[u8]) -> Self {
        Self {
            start: part.as_ptr().addr().wrapping_sub(whole.as_ptr().addr()),
            len: part.len(),
        }
    }

    /// The offset of its first byte.
    pub(crate) const fn start(self) -> usize {
        self.start
    }

    /// The bytes of the span in `whole`.
    pub(crate) fn of_buffer(self, whole: &[u8]) -> &[u8] {
        whole
            .get(self.start..self.start.saturating_add(self.len))
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_gives_its_part_back_and_never_reads_outside() {
        let whole = [1, 2, 3, 4, 5];
        let span = Span::of(&whole, &whole[1..3]);
        assert_eq!(span.of_buffer(&whole), [2, 3]);
        assert!(span.of_buffer(&whole[..2]).is_empty());
        assert!(
            Span::of(&whole[2..], &whole[..1])
                .of_buffer(&whole)
                .is_empty()
        );
    }
}
