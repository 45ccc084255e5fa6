//! bhtsne on the first N training images: `bhtsne-peer N bh|fft OUT` prints seconds and writes the map as f32.

use std::fs::File;
use std::io::Read;
use std::time::Instant;

const IMAGES: &str = "/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let count: usize = arguments[1].parse()?;
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(File::open(IMAGES)?).read_to_end(&mut bytes)?;
    let values: Vec<f32> = bytes[16..][..784 * count].iter().map(|byte| f32::from(*byte) / 255.0).collect();
    let points: Vec<&[f32]> = values.chunks(784).collect();
    let distance = |a: &&[f32], b: &&[f32]| a.iter().zip(*b).map(|(a, b)| (a - b) * (a - b)).sum::<f32>().sqrt();

    let start = Instant::now();
    let mut tsne = bhtsne::tSNE::<f32, &[f32], 2>::new(&points);
    tsne.perplexity(30.0).epochs(1000);
    if arguments[2] == "bh" {
        tsne.barnes_hut(0.5, distance);
    } else {
        tsne.fit_sne(distance);
    }
    println!("{}", start.elapsed().as_secs_f64());
    let map = tsne.embedding().iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>();
    Ok(std::fs::write(&arguments[3], map)?)
}
