//! What a map costs, stage by stage, as the number of points grows; the cost of each method at sizes around their crossover; and
//! how many of the true neighbours an approximate search finds.
//!
//! cargo bench --bench tsne                   # all
//! cargo bench --bench tsne -- 5000 60000     # only the first table, for these numbers of images

use selvedge::data::{ImageSet, load};
use selvedge::tsne::{Embedding, Method, Tsne, neighbour_recall};

/// The pixels of an image of Fashion-MNIST.
const PIXELS: usize = 28 * 28;

const SIZES: [usize; 7] = [1000, 2000, 5000, 10_000, 20_000, 40_000, 60_000];
/// Sizes around the crossover of the methods.
const CROSSING: [usize; 6] = [250, 500, 1000, 2000, 4000, 8000];

fn main() {
    let images = load(None).expect("run ./setup.sh first").train;
    let mut sizes: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let everything = sizes.is_empty();
    if everything {
        sizes = SIZES.to_vec();
    }
    println!("{} threads; shares of the time in %\n", std::thread::available_parallelism().map_or(1, usize::from));
    println!("| images | seconds | neighbours | affinities | first map | pull | push | the rest | KL |");
    println!("|---|---|---|---|---|---|---|---|---|");
    for size in sizes {
        let map = fit(&images, size, &Tsne::default());
        let seconds = map.seconds();
        let share = |seconds: f64| format!("{:.0}", 100.0 * seconds / map.seconds().total());
        let cells = [
            size.to_string(),
            format!("{:.2}", seconds.total()),
            share(seconds.neighbours),
            share(seconds.affinities),
            share(seconds.initial),
            share(seconds.attraction),
            share(seconds.repulsion),
            share(seconds.preparation + seconds.steps),
            format!("{:.4}", map.kl()),
        ];
        println!("| {} |", cells.join(" | "));
    }
    if everything {
        println!("\nmilliseconds of an iteration's push\n\n| images | exact | barnes-hut | fft |\n|---|---|---|---|");
        for size in CROSSING {
            let cells = [Method::Exact, Method::BarnesHut, Method::Fft].map(|method| {
                let map = fit(&images, size, &Tsne { method, ..Tsne::default() });
                format!("{:.2}", 1e3 * map.seconds().repulsion / map.iterations() as f64)
            });
            println!("| {size} | {} |", cells.join(" | "));
        }
        println!("\n| images | of the 90 nearest an approximate search finds |\n|---|---|");
        for size in [10_000, 60_000] {
            let recall = neighbour_recall(&points(&images, size), PIXELS, 90, 0).expect("images are points");
            println!("| {size} | {recall:.3} |");
        }
    }
}

fn points(images: &ImageSet, count: usize) -> Vec<f32> {
    let pixels = &images.pixels()[..count * PIXELS];
    pixels.iter().map(|byte| f32::from(*byte) / 255.0).collect()
}

fn fit(images: &ImageSet, count: usize, tsne: &Tsne) -> Embedding {
    tsne.fit(&points(images, count), PIXELS).expect("images are points")
}
