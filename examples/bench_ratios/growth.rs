//! How the time for a byte of hostile input grows with its length.

use crate::figures::Figures;
use crate::targets::Verdict;

/// As many times as much as in the shortest input a byte may take in the longest.
const BOUND: f64 = 1.5;

/// The sizes that each shape is measured in, as the benchmark names them.
const SIZES: [&str; 3] = ["65536", "524288", "2097152"];

/// The figures of one shape.
pub(crate) struct Growth<'f> {
    shape: &'f str,
    /// Milliseconds, and nanoseconds for a byte, by size; `None` if there is no figure.
    times: [Option<(f64, f64)>; SIZES.len()],
}

/// The shapes of which there is a figure of any size.
pub(crate) fn growths(figures: &Figures) -> Vec<Growth<'_>> {
    let shape = |id| -> Option<&str> {
        let (shape, size) = str::rsplit_once(str::strip_prefix(id, "hostile/")?, '/')?;
        SIZES.contains(&size).then_some(shape)
    };
    let mut shapes: Vec<_> = figures.iter().filter_map(|(id, _)| shape(id)).collect();
    shapes.dedup();
    shapes
        .into_iter()
        .map(|shape| Growth {
            shape,
            times: SIZES.map(|size| {
                let figure = figures.get(&format!("hostile/{shape}/{size}"))?;
                let per_byte = figure.median * 1000.0 / figure.bytes?;
                Some((figure.median / 1000.0, per_byte))
            }),
        })
        .collect()
}

impl Growth<'_> {
    /// By what the time for a byte is multiplied from the shortest to the longest.
    fn factor(&self) -> Option<f64> {
        let [Some((_, first)), Some(_), Some((_, last))] = self.times else {
            return None;
        };
        Some(last / first)
    }

    pub(crate) fn verdict(&self) -> Verdict {
        match self.factor() {
            Some(factor) if factor <= BOUND => Verdict::Pass,
            Some(_) => Verdict::Miss,
            None => Verdict::Missing,
        }
    }

    /// A row of the table, in Markdown.
    pub(crate) fn row(&self) -> String {
        let milliseconds = self.times.map(|time| shown(time.map(|time| time.0), " ms"));
        let per_byte = self.times.map(|time| shown(time.map(|time| time.1), ""));
        format!(
            "| {} | {} | {} | {} | {} |",
            self.shape,
            milliseconds.join(" | "),
            per_byte.join(", "),
            shown(self.factor(), ""),
            self.verdict()
        )
    }
}

fn shown(number: Option<f64>, unit: &str) -> String {
    number.map_or_else(|| "missing".into(), |number| format!("{number:.2}{unit}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdicts(figures: &[(&str, f64, f64)]) -> Vec<(String, Verdict)> {
        let figures = Figures::of_lengths(figures);
        let growths = growths(&figures);
        growths
            .iter()
            .map(|growth| (growth.row(), growth.verdict()))
            .collect()
    }

    #[test]
    fn a_shape_may_grow_as_its_bytes_do() {
        let shape = |longest| {
            verdicts(&[
                ("hostile/deep/65536", 10.0, 1000.0),
                ("hostile/deep/524288", 20.0, 2000.0),
                ("hostile/deep/2097152", longest, 4000.0),
            ])
        };
        let row = |longest, per_byte, factor, verdict| {
            format!(
                "| deep | 0.01 ms | 0.02 ms | {longest} ms | 10.00, 10.00, {per_byte} | {factor} | {verdict} |"
            )
        };
        let pass = row("0.06", "15.00", "1.50", Verdict::Pass);
        assert_eq!(shape(60.0), [(pass, Verdict::Pass)]);
        let miss = row("0.06", "15.25", "1.52", Verdict::Miss);
        assert_eq!(shape(61.0), [(miss, Verdict::Miss)]);
    }

    #[test]
    fn a_size_without_a_figure_is_missing() {
        let found = verdicts(&[
            ("hostile/deep/65536", 10.0, 1000.0),
            ("hostile/deep/2097152", 40.0, 4000.0),
            ("hostile/largest RSA key", 10.0, 1000.0),
            ("decode/pkcsreq_der", 10.0, 1000.0),
        ]);
        let row =
            "| deep | 0.01 ms | missing | 0.04 ms | 10.00, missing, 10.00 | missing | missing |";
        assert_eq!(found, [(row.to_owned(), Verdict::Missing)]);
    }
}
