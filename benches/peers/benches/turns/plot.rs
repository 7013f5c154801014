//! A plot of the operations by library.

use std::fmt::Write;

use crate::operations::NAMES;

/// The libraries in the order of their bars, and their colours.
const LIBRARIES: [(&str, &str); 3] = [
    ("scep_aws_lc_rs", "#1b6ca8"),
    ("openssl", "#d08a2e"),
    ("scep_rustcrypto", "#8fb8d8"),
];

const WIDTH: f64 = 760.0;
const LEFT: f64 = 130.0;
const BAR: f64 = 16.0;
const GAP: f64 = 18.0;
const TOP: f64 = 50.0;

/// Bars on a linear scale, of times in microseconds by their ids. A bar that would leave the picture is cut and says so.
pub(crate) fn svg(median: impl Fn(&str) -> f64) -> String {
    let time = |operation: &str, library: &str| median(&format!("peers/{operation}/{library}"));
    // RSA in Rust alone takes several times as long: the scale is that of the others.
    let longest = NAMES
        .iter()
        .flat_map(|operation| {
            [
                time(operation, "scep_aws_lc_rs"),
                time(operation, "openssl"),
            ]
        })
        .fold(1.0, f64::max);
    let scale = (WIDTH - LEFT - 110.0) / longest;
    let mut bars = String::new();
    let mut y = TOP;
    for operation in NAMES {
        let middle = y + BAR * 1.5 + 4.0;
        text(&mut bars, LEFT - 8.0, middle, "end", operation);
        for (library, colour) in LIBRARIES {
            let time = time(operation, library);
            let cut = time > longest;
            let width = scale * time.min(longest);
            let _ = writeln!(
                bars,
                r#"<rect x="{LEFT}" y="{y:.1}" width="{width:.1}" height="{}" fill="{colour}"/>"#,
                BAR - 2.0
            );
            let label = format!("{time:.0} µs{}", if cut { " (cut)" } else { "" });
            text(
                &mut bars,
                LEFT + width + 6.0,
                y + BAR - 5.0,
                "start",
                &label,
            );
            y += BAR;
        }
        y += GAP;
    }
    let mut x = LEFT;
    for (library, colour) in LIBRARIES {
        let _ = writeln!(
            bars,
            r#"<rect x="{x}" y="22" width="12" height="12" fill="{colour}"/>"#
        );
        text(&mut bars, x + 17.0, 33.0, "start", library);
        x += 150.0;
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{y:.0}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <title>Median time of an operation by library, RSA-2048, one thread</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{bars}</svg>\n"
    )
}

fn text(out: &mut String, x: f64, y: f64, anchor: &str, text: &str) {
    let _ = writeln!(
        out,
        r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}">{text}</text>"#
    );
}
