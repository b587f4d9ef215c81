//! The table as a drawing.

use anyhow::{Result, ensure};
use plotters::chart::ChartBuilder;
use plotters::element::{PathElement, Rectangle, Text};
use plotters::prelude::{
    BLACK, Color, IntoDrawingArea, IntoFont, IntoLogRange, RGBColor, SVGBackend, WHITE,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::table::Row;

const WIDTH: u32 = 900;
/// Pixels for each row.
const ROW: u32 = 24;
/// Pixels above and below the rows.
const MARGIN: u32 = 80;
/// Pixels for the names.
const NAMES: u32 = 190;
const FASTER: RGBColor = RGBColor(70, 130, 180);
const SLOWER: RGBColor = RGBColor(190, 80, 60);

/// An SVG drawing of how many times as fast each benchmark is, one bar a row, with its slowest and
/// fastest round as a line. The scale is logarithmic: twice as fast is as long as half as fast.
pub fn draw(title: &str, rows: &[Row]) -> Result<String> {
    ensure!(
        !rows.is_empty(),
        "no benchmark was measured: nothing to draw"
    );
    let ratios = rows.iter().flat_map(|row| row.ratios.iter().copied());
    let (lowest, highest) = ratios.fold((1.0f64, 1.0f64), |(low, high), ratio| {
        (low.min(ratio), high.max(ratio))
    });
    let scale = (lowest * 0.9)..(highest * 1.15);
    let count = rows.len();
    let mut drawing = String::new();
    {
        let size = (WIDTH, MARGIN + ROW * count as u32);
        let area = SVGBackend::with_string(&mut drawing, size).into_drawing_area();
        area.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&area)
            .caption(title, ("sans-serif", 18))
            .margin(10)
            .x_label_area_size(40)
            .y_label_area_size(NAMES)
            .build_cartesian_2d(scale.clone().log_scale().base(2.0), 0.0..count as f64)?;
        chart
            .configure_mesh()
            .disable_y_mesh()
            .max_light_lines(0)
            .disable_y_axis()
            .x_desc("times as fast as the interpreter alone")
            .x_labels(8)
            .x_label_formatter(&|ratio| format!("{ratio:.1}"))
            .label_style(("sans-serif", 14))
            .axis_desc_style(("sans-serif", 14))
            .draw()?;
        let right = Pos::new(HPos::Right, VPos::Center);
        let name = ("sans-serif", 13).into_font().color(&BLACK).pos(right);
        let left = Pos::new(HPos::Left, VPos::Center);
        let number = name.clone().pos(left);
        for (row, from_top) in rows.iter().zip(1..) {
            let middle = (count - from_top) as f64 + 0.5;
            let ratio = row.ratio();
            let colour = if ratio < 1.0 { SLOWER } else { FASTER };
            let (slowest, fastest) = (row.ratios[0], row.ratios[row.ratios.len() - 1]);
            chart.draw_series([Rectangle::new(
                [(1.0, middle - 0.3), (ratio, middle + 0.3)],
                colour.filled(),
            )])?;
            chart.draw_series([PathElement::new(
                [(slowest, middle), (fastest, middle)],
                BLACK,
            )])?;
            let (_, y) = chart.backend_coord(&(1.0, middle));
            area.draw(&Text::new(
                row.name.as_str(),
                (NAMES as i32, y),
                name.clone(),
            ))?;
            let (x, y) = chart.backend_coord(&(ratio.max(fastest).max(1.0), middle));
            area.draw(&Text::new(
                format!("{ratio:.2}"),
                (x + 6, y),
                number.clone(),
            ))?;
        }
        area.present()?;
    }
    Ok(drawing)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::table::Row;
    use super::draw;

    #[test]
    fn draws_a_bar_for_each_row() {
        let rows = [
            Row::of_ratios("twice", [1.5, 2.0, 2.5]),
            Row::of_ratios("slower", [0.8, 0.8, 0.9]),
        ];
        let drawing = draw("Python 3.13.5, default threshold", &rows).expect("it draws");
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bench/plot_expected.svg");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&file, &drawing).expect("the expectation is written");
        }
        let expected = std::fs::read_to_string(&file).expect("there is an expectation");
        assert_eq!(drawing, expected);
    }

    #[test]
    fn refuses_an_empty_table() {
        let error = draw("nothing", &[]).expect_err("nothing to draw");
        assert_eq!(
            error.to_string(),
            "no benchmark was measured: nothing to draw"
        );
    }
}
