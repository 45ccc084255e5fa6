//! t-SNE of unusual points: many equal ones, outliers, points on a line, values that are not numbers.

use crate::common::tsne::{finite, heaps, start};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use selvedge::tsne::{Embedding, Initial, Method, Tsne, knn_accuracy};

const METHODS: [Method; 3] = [Method::Exact, Method::BarnesHut, Method::Fft];

/// Groups of equal points, and random points among them; the group of each point, 255 for none.
fn groups(count: usize, size: usize, others: usize) -> (Vec<f32>, Vec<u16>) {
    const DIMS: usize = 5;
    let mut rng = Pcg64::seed_from_u64(31);
    let mut point = || -> [f32; DIMS] { std::array::from_fn(|_| 10.0 * rng.random::<f32>()) };
    let (mut values, mut group) = (Vec::new(), Vec::new());
    for label in 0..count as u16 {
        values.extend(point().repeat(size));
        group.extend(vec![label; size]);
    }
    for _ in 0..others {
        values.extend(point());
    }
    group.resize(group.len() + others, 255);
    (values, group)
}

/// The mean distance of points from the centre of their group, as a fraction of the smallest distance between centres.
fn looseness(map: &Embedding, group: &[u16], count: usize) -> f64 {
    let of = |label: usize| {
        let own = map.positions().chunks(2).zip(group).filter(move |(_, group)| usize::from(**group) == label);
        own.map(|(place, _)| [0, 1].map(|axis| f64::from(place[axis]))).collect::<Vec<_>>()
    };
    let apart = |a: &[f64; 2], b: &[f64; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
    let middle = |places: &[[f64; 2]]| {
        [0, 1].map(|axis| places.iter().map(|place| place[axis]).sum::<f64>() / places.len() as f64)
    };
    let groups: Vec<Vec<[f64; 2]>> = (0..count).map(of).collect();
    let middles: Vec<[f64; 2]> = groups.iter().map(|places| middle(places)).collect();
    let inside =
        groups.iter().zip(&middles).flat_map(|(places, middle)| places.iter().map(|place| apart(place, middle)));
    let inside: Vec<f64> = inside.collect();
    let nearest = (0..count).flat_map(|a| (0..a).map(move |b| (a, b))).map(|(a, b)| apart(&middles[a], &middles[b]));
    inside.iter().sum::<f64>() / inside.len() as f64 / nearest.fold(f64::INFINITY, f64::min)
}

#[test]
fn groups_of_equal_points_stay_together() {
    for (count, size, others) in
        [(10, 40, 0), (7, 60, 0), (20, 25, 0), (20, 20, 0), (3, 150, 0), (2, 300, 0), (10, 40, 300), (30, 12, 0)]
    {
        let (data, group) = groups(count, size, others);
        let [own, tree] =
            [Method::Auto, Method::BarnesHut].map(|method| Tsne { method, ..Tsne::default() }.fit(&data, 5).unwrap());
        let case = format!("{count} groups of {size} and {others} others, {}", own.method());
        let loose = [looseness(&own, &group, count), looseness(&tree, &group, count)];
        assert!(loose[0] < 1.5 * loose[1] + 0.01, "{case}: {loose:?}");
        assert!(own.kl() < 1.05 * tree.kl() + 0.005, "{case}: {} {}", own.kl(), tree.kl());
    }
    // Ordinary points, points with a few equals and points of which few are crowded still get the grid; the last case does not.
    for (count, size, others, method) in
        [(100, 4, 0, Method::Fft), (2, 20, 400, Method::Fft), (2, 100, 400, Method::BarnesHut)]
    {
        let map = Tsne { iterations: 0, ..Tsne::default() }.fit(&groups(count, size, others).0, 5).unwrap();
        assert_eq!(map.method(), method, "{count} groups of {size} and {others} others");
    }
}

#[test]
fn points_far_out_leave_the_others_their_map() {
    const DIMS: usize = 8;
    let (plain, heap) = heaps(450, DIMS, 21);
    let changed = |change: &dyn Fn(usize, &mut [f32])| {
        let mut data = plain.clone();
        data.chunks_exact_mut(DIMS).enumerate().for_each(|(i, row)| change(i, row));
        data
    };
    let only = |wanted: usize, scale: f32| {
        move |i: usize, row: &mut [f32]| {
            if i == wanted {
                row.iter_mut().for_each(|value| *value *= scale);
            }
        }
    };
    let cases = [
        ("one value", changed(&|i, row| row[3] = if i == 7 { 1e11 } else { row[3] }), 1),
        ("one larger value", changed(&|i, row| row[0] = if i == 449 { -1e14 } else { row[0] }), 1),
        ("one point", changed(&only(100, 1e12)), 1),
        (
            "several scales",
            changed(&|i, row| only(i, if i % 90 == 0 { 10f32.powi(8 + i as i32 / 90) } else { 1.0 })(i, row)),
            5,
        ),
        ("half of them", changed(&|i, row| only(i, if i < 225 { 1e9 } else { 1.0 })(i, row)), 0),
        ("one column", changed(&|_, row| row[5] = 1e11), 0),
        (
            "far from the origin",
            changed(&|i, row| {
                row.iter_mut().for_each(|value| *value += 1e4);
                row[2] = if i == 30 { 3e12 } else { row[2] };
            }),
            1,
        ),
        ("tiny ones", changed(&|i, row| only(i, if i == 5 { 1e-20 } else { 1e-30 })(i, row)), 1),
    ];
    for (case, data, far) in cases {
        for method in [Method::Fft, Method::Exact] {
            for initial in [Initial::Pca, Initial::Random] {
                let tsne = Tsne { method, initial, perplexity: 20.0, iterations: 300, ..Tsne::default() };
                let map = tsne.fit(&data, DIMS).unwrap();
                assert!(finite(&map), "{case}");
                let accuracy = knn_accuracy(map.positions(), 2, &heap, 10).unwrap();
                let least = 0.99 - far as f64 / 450.0;
                assert!(accuracy > least, "{case}, {method}: {accuracy}");
            }
        }
    }
    let beyond = changed(&|i, row| row[1] = if i == 77 { 1e38 } else { row[1] });
    let message = Tsne::default().fit(&beyond, DIMS).unwrap_err().to_string();
    assert!(message.contains("point 77 lies more than 10^12 times"), "{message}");
}

#[test]
fn points_that_are_odd_have_a_sensible_map() {
    let quick = |method| Tsne { method, early_exaggeration_iterations: 50, iterations: 50, ..Tsne::default() };
    for method in METHODS {
        // All points in one place; in two places; constant columns; fewer points than three perplexities; as few as possible.
        assert!(finite(&quick(method).fit(&[2.5; 100 * 4], 4).unwrap()), "{method}");
        let twice: Vec<f32> = (0..120).flat_map(|i| [(i % 2) as f32, 1.0]).collect();
        let map = quick(method).fit(&twice, 2).unwrap();
        assert!(finite(&map), "{method}");
        let (even, odd): (Vec<_>, Vec<_>) = map.positions().chunks(2).enumerate().partition(|(i, _)| i % 2 == 0);
        let mean = |part: &[(usize, &[f32])]| part.iter().map(|(_, y)| y[0]).sum::<f32>() / part.len() as f32;
        assert!((mean(&even) - mean(&odd)).abs() > 0.1, "{method}: both places became one");
        let constant: Vec<f32> =
            heaps(90, 3, 7).0.chunks(3).flat_map(|row| [row[0], 5.0, row[1], 0.0, row[2]]).collect();
        assert!(finite(&quick(method).fit(&constant, 5).unwrap()), "{method}");
        for count in [2, 3, 4, 5, 10, 40] {
            let (data, _) = heaps(count, 3, 8);
            let map = quick(method).fit(&data, 3).unwrap();
            assert!(finite(&map), "{method}, {count} points");
            assert_eq!(map.perplexity(), ((count - 1) as f64 / 3.0).clamp(1.0, 30.0), "{count} points");
        }
    }
    // Only one class.
    assert_eq!(knn_accuracy(&start(60, 2, 1.0), 2, &[4; 60], 10).unwrap(), 1.0);
}
