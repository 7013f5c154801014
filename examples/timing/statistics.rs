//! Welch's t over two classes of samples.

use std::fmt;

/// What two classes of samples tell of their difference.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Comparison {
    one: Class,
    other: Class,
}

#[derive(Clone, Copy, Debug)]
struct Class {
    count: f64,
    mean: f64,
    /// The variance of the mean.
    variance: f64,
}

impl Comparison {
    /// Drops what is above the 95th percentile of all samples, and compares the rest.
    pub(crate) fn of(one: Vec<f64>, other: Vec<f64>) -> Self {
        let mut all = [&one[..], &other[..]].concat();
        all.sort_by(f64::total_cmp);
        let most = all.get(all.len() * 95 / 100).copied().unwrap_or(f64::MAX);
        Self {
            one: Class::below(most, &one),
            other: Class::below(most, &other),
        }
    }

    /// Welch's t.
    pub(crate) fn t(&self) -> f64 {
        (self.one.mean - self.other.mean) / self.error()
    }

    /// The standard error of the difference of the means.
    fn error(&self) -> f64 {
        (self.one.variance + self.other.variance).sqrt()
    }
}

impl Class {
    fn below(most: f64, samples: &[f64]) -> Self {
        let kept = || samples.iter().filter(|sample| **sample < most);
        let count = kept().count() as f64;
        let mean = kept().sum::<f64>() / count;
        let squares: f64 = kept().map(|sample| (sample - mean).powi(2)).sum();
        Self {
            count,
            mean,
            variance: squares / (count - 1.0) / count,
        }
    }
}

/// The difference with the bounds of 95 % confidence.
impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { one, other } = self;
        write!(
            f,
            "{} and {} samples, {:.0} and {:.0} ns, difference {:.1} ± {:.1} ns, t = {:.2}",
            one.count,
            other.count,
            one.mean,
            other.mean,
            one.mean - other.mean,
            1.96 * self.error(),
            self.t()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comparison(difference: f64) -> Comparison {
        let samples = |from: f64| (0..1000).map(|at| from + f64::from(at % 10)).collect();
        Comparison::of(samples(100.0), samples(100.0 + difference))
    }

    #[test]
    fn equal_samples_do_not_differ() {
        assert_eq!(comparison(0.0).t(), 0.0);
    }

    #[test]
    fn a_difference_has_its_sign() {
        assert!(comparison(3.0).t() < -4.5);
        assert!(comparison(-3.0).t() > 4.5);
    }

    #[test]
    fn outliers_are_dropped() {
        let one = vec![1.0; 100];
        let mut other = one.clone();
        other[0] = 1e9;
        let comparison = Comparison::of([one, vec![2.0; 20]].concat(), other);
        assert_eq!(comparison.other.count, 99.0);
        assert_eq!(comparison.other.mean, 1.0);
    }
}
