//! Pictures of arbitrary numbers, and the messages where there is nothing to draw.

use std::path::Path;

use crate::common::process::{selvedge, text, write_data};
use selvedge::data::ImageShape;
use selvedge::eval::{Calibration, ConfusionTable, PrecisionRecall, Predictions};
use selvedge::plot::{
    ConfusionPicture, Curves, Effect, Effects, FeatureSheet, Gallery, Ground, MapPicture, Panel, Picture,
    PrecisionRecallPicture, Raster, RateCurve, ReliabilityPicture, Section, Tile, save_png, svg,
};

/// Numbers that a history, a search or a layer may hold, and that every axis and colour scale must handle.
const EXTREMES: [&[f64]; 9] = [
    &[1e308, -1e308],
    &[f64::MAX, f64::MIN],
    &[5e-324, 0.0],
    &[-0.0, 0.0],
    &[1.0, 1.0, 1.0],
    &[f64::NAN, 1.0, 2.0],
    &[f64::INFINITY, 3.0, f64::NEG_INFINITY],
    &[f64::NAN],
    &[],
];

/// Draws a picture as PNG and as SVG; every number in the SVG must be finite.
fn draw(picture: &impl Picture, folder: &Path) -> String {
    let path = folder.join("picture.png");
    save_png(picture, &path).unwrap();
    let (width, height) = picture.size();
    assert_eq!(image::image_dimensions(&path).unwrap(), (2 * width, 2 * height));
    let svg = svg(picture, Ground::Paper).unwrap();
    for wrong in ["NaN", "inf"] {
        assert!(!svg.contains(wrong), "{wrong} in {svg}");
    }
    svg
}

#[test]
fn every_picture_takes_any_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    for values in EXTREMES {
        let panel = Panel {
            title: "loss",
            rises: false,
            lines: vec![("training", values.iter().copied().map(Some).collect()), ("none", vec![None; 3])],
        };
        draw(&Curves { panels: vec![panel] }, here);
        let effects = [Effect {
            parameter: "rate".to_owned(),
            values: vec![("1".to_owned(), values.to_vec()), ("2".to_owned(), Vec::new())],
        }];
        draw(&Effects { score: "loss", effects: &effects }, here);
        let points: Vec<(f64, f64)> = values.iter().map(|value| (value.abs(), *value)).collect();
        draw(&RateCurve { points: &points, suggestion: 1e-3 }, here);
        let floats: Vec<f32> = values.iter().map(|value| *value as f32).collect();
        let section =
            Section::standardised("layer".to_owned(), [1, floats.len().max(1)], std::slice::from_ref(&floats));
        draw(&FeatureSheet { sections: vec![section] }, here);
        let tile = Tile {
            image: Raster::image(ImageShape::grey(floats.len(), 1), &floats).heated(&floats),
            lines: vec!["<&>\u{1b}".to_owned()],
        };
        draw(&Gallery { title: String::new(), tiles: vec![tile], columns: 0 }, here);
    }
    for places in [vec![], vec![[0.0, 0.0]], vec![[f32::MAX, 1.0], [f32::MIN, 1e-40]]] {
        let labels = vec![0; places.len()];
        let names = vec!["a".to_owned(); 10];
        draw(&MapPicture { title: "", places: &places, labels: &labels, names: &names }, here);
    }
    let none = ConfusionTable { classes: vec![], rows: vec![], columns: vec![], counts: vec![] };
    draw(&ConfusionPicture(&none), here);
}

#[test]
fn precision_and_recall_stay_in_axes_that_are_named() {
    let folder = tempfile::tempdir().unwrap();
    // Images of class 0 rank first and last; class 2 has no images.
    let rows = [[0.9, 0.1, 0.0], [0.5, 0.4, 0.1], [0.2, 0.8, 0.0], [0.1, 0.6, 0.3]];
    let names = ["a", "b", "c"].map(str::to_owned).to_vec();
    let predictions = Predictions::new(rows.concat(), vec![0, 1, 1, 0], names.clone()).unwrap();
    let curves: Vec<PrecisionRecall> = (0..3).map(|class| PrecisionRecall::of_class(&predictions, class)).collect();
    let svg = draw(&PrecisionRecallPicture { names: &names, curves: &curves }, folder.path());
    for (part, times) in [(">recall<", 3), (">precision<", 3), ("a, AP", 1), ("c (no image)", 1)] {
        assert_eq!(svg.matches(part).count(), times, "{part} in {svg}");
    }
    let numbers = |text: &str| text.split([' ', ',']).map(|x| x.parse::<f32>().unwrap()).collect::<Vec<_>>();
    let lines: Vec<&str> = svg.lines().filter(|line| line.contains("stroke-width=\"2\"")).collect();
    assert_eq!(lines.len(), 2, "one line a class with images: {svg}");
    for (panel, line) in lines.iter().enumerate() {
        let places = line.split("points=\"").nth(1).unwrap().split('"').next().unwrap();
        for place in numbers(places).chunks(2) {
            let x = place[0] - 270.0 * panel as f32;
            assert!((58.0..=256.0).contains(&x) && (34.0..=214.0).contains(&place[1]), "{place:?}");
        }
    }
    draw(&ReliabilityPicture(&Calibration::from_predictions(&predictions)), folder.path());
}

/// Overwrites all weights of a file.
fn fill_weights(path: &Path, value: f32) {
    let mut bytes = std::fs::read(path).unwrap();
    let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    for weight in bytes[header..].chunks_exact_mut(4) {
        weight.copy_from_slice(&value.to_le_bytes());
    }
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn numbers_that_left_their_range_are_drawn_or_named() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write_data(here, 300, 40);
    let trained = selvedge(
        here,
        &["train", "cnn", "--data", ".", "--epochs", "1", "--batch-size", "60", "--dense", "16", "--out", "r"],
    );
    assert!(trained.status.success(), "{}", text(&trained.stderr));

    let history = here.join("r/history.csv");
    let headings = std::fs::read_to_string(&history).unwrap().lines().next().unwrap().to_owned();
    std::fs::write(&history, format!("{headings}\n1,1,0.001,1e308,0.2,-1e308,0.1,,,0.1,100,2\n")).unwrap();
    let evaluated = selvedge(here, &["evaluate", "r", "--data", ".", "--out", "e"]);
    assert!(evaluated.status.success(), "{}", text(&evaluated.stderr));
    assert!(std::fs::read_to_string(here.join("e/report.html")).unwrap().contains("1e308"));

    // Products of such weights leave the range of f32.
    fill_weights(&here.join("r/best.safetensors"), 3.4e38);
    for command in [
        vec!["features", "r", "--index", "9", "--out", "f"],
        vec!["tsne", "--of", "r", "--data", ".", "--limit", "60", "--out", "t"],
    ] {
        let output = selvedge(here, &command);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{command:?}: {error}");
        // The features of a black image are no number by Winograd's algorithm alone. It is below the mean, so ReLU makes its first layer zero.
        let by_winograd = command[0] == "tsne" && crate::common::has_winograd(&crate::common::gpu());
        let layer = if by_winograd { "bn1" } else { "conv1" };
        assert!(error.contains(layer) && error.contains("not finite"), "{command:?}: {error}");
        assert!(!here.join(command[command.len() - 1]).exists(), "{command:?} leaves a folder");
    }
}
