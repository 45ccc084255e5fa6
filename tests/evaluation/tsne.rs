//! t-SNE against a reference in f64 and against scikit-learn (`tests/interop/sklearn_tsne.py`), and on unusual points.

use std::ops::ControlFlow;

use crate::common::tsne::{self as reference, Descent, divergence, finite, heaps, joint, start};
use proptest::prelude::*;
use selvedge::tsne::{
    Initial, Method, Metric, NeighbourSearch, Progress, Tsne, TsneError, knn_accuracy, trustworthiness,
};
use serde::Deserialize;

const METHODS: [Method; 3] = [Method::Exact, Method::BarnesHut, Method::Fft];

/// The largest difference between coordinates, as a fraction of the largest coordinate.
fn apart(found: &[f32], right: &reference::Points) -> f64 {
    let right = right.iter().flatten();
    let largest = right.clone().fold(0.0, |largest: f64, x| largest.max(x.abs()));
    let differences = found.iter().zip(right).map(|(a, b)| (f64::from(*a) - b).abs());
    differences.fold(0.0, f64::max) / largest
}

#[test]
fn the_exact_method_is_the_reference_step_by_step() {
    const COUNT: usize = 61;
    const DIMS: usize = 5;
    // A rate at which points pass each other slowly: otherwise rounding errors grow tenfold every few steps.
    const RATE: f64 = 5.0;
    let (data, _) = heaps(COUNT, DIMS, 1);
    let p = joint(&reference::points(&data, DIMS), 7.0, COUNT - 1);
    for components in 1..=3 {
        let first = start(COUNT, components, 3.0);
        let tsne = |early: usize, late: usize| {
            let tsne = Tsne {
                components,
                perplexity: 7.0,
                method: Method::Exact,
                initial: Initial::Given(first.clone()),
                learning_rate: Some(RATE),
                early_exaggeration: 4.0,
                early_exaggeration_iterations: early,
                iterations: late,
                ..Tsne::default()
            };
            tsne.fit(&data, DIMS).unwrap()
        };
        let mut descent = Descent::from(reference::points(&first, components));
        assert!(apart(tsne(0, 0).positions(), &descent.y) < 1e-6, "the start");
        for step in 1..=40 {
            let (exaggeration, early) = if step <= 15 { (4.0, step) } else { (1.0, 15) };
            let gradient = reference::gradient(&p, &descent.y, exaggeration);
            descent.step(&gradient, RATE);
            let embedding = tsne(early, step - early);
            let off = apart(embedding.positions(), &descent.y);
            assert!(off < 1e-5, "{components} dimensions, step {step}: off by {off:e}");
            let kl = divergence(&p, &descent.y);
            assert!((embedding.kl() / kl - 1.0).abs() < 1e-3, "step {step}: {} {kl}", embedding.kl());
        }
    }
}

/// The gradient that a fit follows, recovered from its first step, which is -rate · 1.2 · gradient.
fn gradient_seen(tsne: Tsne, data: &[f32], dims: usize, y: &[f32], rate: f64) -> Vec<f64> {
    let tsne = Tsne { initial: Initial::Given(y.to_vec()), learning_rate: Some(rate), ..tsne };
    let moved = Tsne { early_exaggeration_iterations: 0, iterations: 1, ..tsne }.fit(data, dims).unwrap();
    let steps = y.iter().zip(moved.positions());
    steps.map(|(before, after)| (f64::from(*before) - f64::from(*after)) / (1.2 * rate)).collect()
}

#[test]
fn every_methods_gradient_passes_finite_differences() {
    const COUNT: usize = 80;
    const DIMS: usize = 9;
    const PERPLEXITY: f64 = 6.0;
    let (data, _) = heaps(COUNT, DIMS, 2);
    for (method, k, gradient_off, kl_off) in
        [(Method::Exact, COUNT - 1, 1e-4, 1e-5), (Method::BarnesHut, 18, 2e-2, 2e-3), (Method::Fft, 18, 1e-2, 1e-3)]
    {
        let p = joint(&reference::points(&data, DIMS), PERPLEXITY, k);
        for components in (1..=3).filter(|components| method != Method::Fft || *components < 3) {
            let first = start(COUNT, components, 12.0);
            let tsne = Tsne { components, perplexity: PERPLEXITY, method, ..Tsne::default() };
            let seen = gradient_seen(tsne.clone(), &data, DIMS, &first, 20.0);
            let mut y = reference::points(&first, components);
            let kl = divergence(&p, &y);
            let own = Tsne { initial: Initial::Given(first), early_exaggeration_iterations: 0, iterations: 0, ..tsne };
            let own = own.fit(&data, DIMS).unwrap().kl();
            assert!((own / kl - 1.0).abs() < kl_off, "{method} {components}: {own} {kl}");
            let (mut off, mut all) = (0.0, 0.0);
            for i in 0..COUNT {
                for axis in 0..components {
                    const EPS: f64 = 1e-5;
                    let at = y[i][axis];
                    y[i][axis] = at + EPS;
                    let more = divergence(&p, &y);
                    y[i][axis] = at - EPS;
                    let slope = (more - divergence(&p, &y)) / (2.0 * EPS);
                    y[i][axis] = at;
                    off += (seen[i * components + axis] - slope).powi(2);
                    all += slope.powi(2);
                }
            }
            let off = f64::sqrt(off / all);
            assert!(off < gradient_off, "{method} in {components} dimensions: off by {off:e}");
        }
    }
}

#[derive(Deserialize)]
struct Golden {
    dims: usize,
    points: Vec<f32>,
    labels: Vec<u16>,
    map: Vec<f32>,
    perplexity: f64,
    kl: f64,
    gradient: Vec<f64>,
    trustworthiness: Vec<(usize, f64)>,
    knn_accuracy: Vec<(usize, f64)>,
}

#[test]
fn scikit_learn_says_the_same() {
    let golden: Golden = serde_json::from_str(include_str!("../golden/tsne.json")).unwrap();
    let Golden { dims, points, labels, map, .. } = &golden;
    let tsne = Tsne { perplexity: golden.perplexity, method: Method::Exact, ..Tsne::default() };
    let own =
        Tsne { initial: Initial::Given(map.clone()), early_exaggeration_iterations: 0, iterations: 0, ..tsne.clone() };
    let own = own.fit(points, *dims).unwrap();
    assert!((own.kl() / golden.kl - 1.0).abs() < 1e-4, "{} {}", own.kl(), golden.kl);
    let seen = gradient_seen(tsne, points, *dims, map, 10.0);
    let square = |values: &mut dyn Iterator<Item = f64>| values.map(|x| x * x).sum::<f64>().sqrt();
    let off = square(&mut seen.iter().zip(&golden.gradient).map(|(a, b)| a - b));
    let all = square(&mut golden.gradient.iter().copied());
    assert!(off < 1e-3 * all, "{off:e} of {all:e}");
    for (k, right) in &golden.trustworthiness {
        let own = trustworthiness(points, *dims, map, 2, *k).unwrap();
        assert!((own - right).abs() < 1e-8, "k = {k}: {own} {right}");
    }
    for (k, right) in &golden.knn_accuracy {
        let own = knn_accuracy(map, 2, labels, *k).unwrap();
        assert!((own - right).abs() < 1e-8, "k = {k}: {own} {right}");
    }
}

/// Enough points for most stages to be split into several tasks.
fn several_tasks() -> (Vec<f32>, usize) {
    let (data, _) = heaps(1300, 12, 3);
    (data, 12)
}

#[test]
fn a_seed_gives_one_map_whatever_the_number_of_threads() {
    let (data, dims) = several_tasks();
    for method in METHODS {
        for initial in [Initial::Pca, Initial::Random] {
            let fit = |threads: usize, seed: u64| {
                let tsne = Tsne {
                    method,
                    initial: initial.clone(),
                    pca: Some(8),
                    threads: Some(threads),
                    seed,
                    ..Tsne::default()
                };
                let map = Tsne { early_exaggeration_iterations: 20, iterations: 20, ..tsne }.fit(&data, dims).unwrap();
                (map.positions().to_vec(), map.kl(), map.transform(&data[..5 * dims], dims).unwrap())
            };
            let one = fit(1, 1);
            for threads in [2, 3, 7] {
                assert!(one == fit(threads, 1), "{method}, {threads} threads");
            }
            assert_ne!(one.0, fit(1, 2).0, "{method}: the seed does nothing");
        }
    }
}

#[test]
fn neighbours_of_many_points_do_not_depend_on_the_number_of_threads() {
    // Enough points for bounds on distances, and for several tasks in the search for directions.
    let (data, _) = heaps(8200, 260, 12);
    for search in [NeighbourSearch::Exact, NeighbourSearch::Approximate] {
        let fit = |threads: usize| {
            let tsne = Tsne {
                neighbours: search,
                threads: Some(threads),
                early_exaggeration_iterations: 5,
                ..Tsne::default()
            };
            Tsne { iterations: 0, ..tsne }.fit(&data, 260).unwrap().positions().to_vec()
        };
        assert!(fit(1) == fit(3), "{search:?}");
    }
}

#[test]
fn maps_do_not_depend_on_the_scale_of_the_data() {
    let (data, _) = heaps(400, 10, 13);
    let tsne = Tsne { pca: Some(6), iterations: 50, ..Tsne::default() };
    let map = tsne.fit(&data, 10).unwrap();
    // Scaling by a power of two loses no digit, and by other factors hardly any.
    for power in [-110, -60, 20, 100] {
        let scaled: Vec<f32> = data.iter().map(|x| x * f32::powi(2.0, power)).collect();
        assert_eq!(tsne.fit(&scaled, 10).unwrap().positions(), map.positions(), "2^{power}");
    }
    let large: Vec<f32> = data.iter().map(|x| 1e37 * x).collect();
    assert!((tsne.fit(&large, 10).unwrap().kl() / map.kl() - 1.0).abs() < 0.05);
    for scale in [1e-30, 1e18, 1e30] {
        let far: Vec<f32> = map.positions().iter().map(|x| scale * x).collect();
        let trusted = [map.positions(), &far].map(|map| trustworthiness(&data, 10, map, 2, 5).unwrap());
        assert!((trusted[0] - trusted[1]).abs() < 1e-6, "{scale}: {trusted:?}");
    }
}

#[test]
fn every_method_and_dimension_finds_the_heaps() {
    let (data, heap) = heaps(600, 20, 4);
    for method in METHODS {
        for components in (1..=3).filter(|components| method != Method::Fft || *components < 3) {
            let tsne = Tsne { components, method, iterations: 250, ..Tsne::default() };
            let map = tsne.fit(&data, 20).unwrap();
            let accuracy = knn_accuracy(map.positions(), components, &heap, 10).unwrap();
            assert!(accuracy > 0.99, "{method} in {components} dimensions: {accuracy}");
            let trusted = trustworthiness(&data, 20, map.positions(), components, 5).unwrap();
            assert!(trusted > 0.75, "{method} in {components} dimensions: {trusted}");
            assert_eq!((map.method(), map.components(), map.iterations()), (method, components, 400));
        }
    }
}

#[test]
fn methods_agree_on_how_good_a_map_is() {
    let (data, dims) = several_tasks();
    let kl = METHODS.map(|method| Tsne { method, ..Tsne::default() }.fit(&data, dims).unwrap().kl());
    // Each ends in its own local minimum, and the exact method uses all pairs of points, not 90 neighbours.
    assert!((kl[2] / kl[1] - 1.0).abs() < 0.03 && (kl[0] / kl[1] - 1.0).abs() < 0.06, "{kl:?}");
}

#[test]
fn the_cosine_metric_does_not_see_lengths() {
    let (mut data, _) = heaps(200, 6, 5);
    let tsne = Tsne { metric: Metric::Cosine, iterations: 100, ..Tsne::default() };
    let map = tsne.fit(&data, 6).unwrap();
    // Scaling by powers of two is exact.
    for (i, row) in data.chunks_exact_mut(6).enumerate() {
        row.iter_mut().for_each(|value| *value *= [1.0, 4.0, 0.125][i % 3]);
    }
    assert_eq!(map.positions(), tsne.fit(&data, 6).unwrap().positions());
    assert_ne!(map.positions(), Tsne { iterations: 100, ..Tsne::default() }.fit(&data, 6).unwrap().positions());
    data[12..18].fill(0.0);
    assert!(matches!(tsne.fit(&data, 6), Err(TsneError::NoDirection { row: 2 })));
}

#[test]
fn new_points_find_their_heap_each_by_itself() {
    let (data, heap) = heaps(1500, 15, 6);
    let (known, new) = data.split_at(1200 * 15);
    for (method, components) in [(Method::Exact, 2), (Method::BarnesHut, 3), (Method::Fft, 2), (Method::Fft, 1)] {
        let map = Tsne { method, components, pca: Some(10), ..Tsne::default() }.fit(known, 15).unwrap();
        let before = map.positions().to_vec();
        let places = map.transform(new, 15).unwrap();
        assert_eq!(map.positions(), before, "the map has changed");
        let squared = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f32>();
        for (place, heap) in places.chunks_exact(components).zip(&heap[1200..]) {
            let known = before.chunks_exact(components).enumerate();
            let nearest = known.min_by(|(_, a), (_, b)| squared(a, place).total_cmp(&squared(b, place)));
            assert_eq!(usize::from(*heap), nearest.unwrap().0 % 3, "{method}");
        }
        // Points that are placed by themselves, or that the map already has.
        let alone = map.transform(&new[15..30], 15).unwrap();
        let together = &places[components..2 * components];
        assert!(squared(&alone, together) < 1e-8, "{method}: {alone:?} {together:?}");
        let again = map.transform(&known[..150], 15).unwrap();
        let extent = before.iter().fold(0.0, |most: f32, x| most.max(x.abs()));
        for (place, own) in again.chunks_exact(components).zip(before.chunks_exact(components)) {
            assert!(squared(place, own).sqrt() < 0.1 * extent, "{method}: {place:?} {own:?}");
        }
        assert!(matches!(map.transform(new, 10), Err(TsneError::OtherDims { expected: 15, found: 10 })));
        assert!(matches!(map.transform(&[f32::NAN; 15], 15), Err(TsneError::NotFinite { row: 0, .. })));
        assert!(map.transform(&[], 15).unwrap().is_empty());
    }
}

#[test]
fn a_fit_tells_how_far_it_is_and_can_be_stopped() {
    let (data, dims) = several_tasks();
    let tsne = Tsne { early_exaggeration_iterations: 30, iterations: 70, ..Tsne::default() };
    let (mut stages, mut last, mut divergences) = (0, 0, Vec::new());
    let whole = tsne.fit_observed(&data, dims, |progress| {
        match progress {
            Progress::Stage { done: 0, .. } => stages += 1,
            Progress::Stage { .. } => {}
            Progress::Iteration { done, of, kl } => {
                assert_eq!((done, of), (last + 1, 100));
                last = done;
                divergences.extend(kl);
            }
        }
        ControlFlow::Continue(())
    });
    assert_eq!((last, divergences.len()), (100, 2));
    assert!(stages >= 2 && divergences[1] < divergences[0], "{divergences:?}");
    let whole = whole.unwrap();
    assert!(whole.seconds().total() > 0.0 && whole.kl() < divergences[1] + 1e-3);

    let stopped = tsne.fit_observed(&data, dims, |progress| match progress {
        Progress::Iteration { done: 12, .. } => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    let stopped = stopped.unwrap();
    let short = Tsne { early_exaggeration_iterations: 12, iterations: 0, ..tsne }.fit(&data, dims).unwrap();
    assert_eq!((stopped.iterations(), stopped.positions()), (12, short.positions()));
}

#[test]
fn a_fit_that_is_stopped_before_its_first_iteration_has_no_map() {
    let (data, dims) = several_tasks();
    let mut stages = Vec::new();
    let observe = |progress| {
        if let Progress::Stage { name, done, of } = progress {
            match stages.last_mut() {
                Some((last, whole, steps)) if *last == name => {
                    *whole = done == of;
                    *steps += 1;
                }
                _ => {
                    assert_eq!(done, 0, "{name} is told of from its beginning");
                    stages.push((name, false, 0));
                }
            }
        }
        ControlFlow::Continue(())
    };
    let tsne = Tsne { pca: Some(dims - 1), iterations: 0, ..Tsne::default() };
    tsne.fit_observed(&data, dims, observe).unwrap();
    // Principal components, neighbours, their weights, and the initial map.
    assert_eq!(stages.len(), 4);
    for (stage, whole, steps) in &stages {
        assert!(*whole && *steps > 3, "{stage}: whole {whole}, {steps} steps");
    }
    for (stage, ..) in &stages {
        let mut told = 0;
        let map = tsne.fit_observed(&data, dims, |progress| match progress {
            Progress::Stage { name, done, .. } if name == *stage && done > 0 => {
                told += 1;
                ControlFlow::Break(())
            }
            Progress::Iteration { .. } => panic!("it went on"),
            _ => ControlFlow::Continue(()),
        });
        assert!(matches!(map, Err(TsneError::Stopped)));
        assert_eq!(told, 1, "nobody is told of anything after a break");
    }
}

#[test]
fn what_cannot_be_mapped_is_refused() {
    let fails = |tsne: Tsne, data: &[f32], dims: usize, part: &str| {
        let message = tsne.fit(data, dims).unwrap_err().to_string();
        assert!(message.contains(part), "'{part}' is not in: {message}");
    };
    let tsne = Tsne::default;
    let (data, _) = heaps(50, 4, 9);
    fails(tsne(), &[], 4, "at least 2 points, not 0");
    fails(tsne(), &[1.0, 2.0], 2, "at least 2 points, not 1");
    fails(tsne(), &data[..7], 4, "7 values are no points of 4");
    fails(tsne(), &data, 0, "0 numbers each");
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut bad = data.clone();
        bad[4 * 7 + 2] = value;
        fails(tsne(), &bad, 4, "number 2 of point 7");
    }
    fails(Tsne { components: 0, ..tsne() }, &data, 4, "1, 2 or 3");
    fails(Tsne { components: 4, ..tsne() }, &data, 4, "1, 2 or 3");
    fails(Tsne { components: 3, method: Method::Fft, ..tsne() }, &data, 4, "barnes-hut");
    for perplexity in [0.5, -1.0, f64::NAN, f64::INFINITY] {
        fails(Tsne { perplexity, ..tsne() }, &data, 4, "perplexity is");
    }
    for exaggeration in [0.0, 1e9, f64::NAN] {
        fails(Tsne { early_exaggeration: exaggeration, ..tsne() }, &data, 4, "exaggeration is");
    }
    fails(Tsne { theta: -0.1, ..tsne() }, &data, 4, "theta is -0.1");
    for rate in [0.0, -3.0, f64::NAN, 1e30] {
        fails(Tsne { learning_rate: Some(rate), ..tsne() }, &data, 4, "learning rate is");
    }
    fails(Tsne { pca: Some(0), ..tsne() }, &data, 4, "PCA");
    fails(Tsne { threads: Some(0), ..tsne() }, &data, 4, "threads is 0");
    fails(Tsne { threads: Some(1 << 40), ..tsne() }, &data, 4, "threads is");
    fails(Tsne { initial: Initial::Given(vec![0.0; 99]), ..tsne() }, &data, 4, "need 100");
    for value in [f32::NAN, f32::INFINITY, 1e19] {
        let mut bad = vec![0.0; 100];
        bad[3] = value;
        let tsne = Tsne { initial: Initial::Given(bad), ..tsne() };
        fails(tsne, &data, 4, "number 3 of the initial map");
    }
    fails(Tsne { method: Method::Exact, ..tsne() }, &vec![0.0; 10_001], 1, "at most 10000");
    fails(Tsne { perplexity: 1e9, ..tsne() }, &vec![0.0; 100_000], 1, "perplexity of at most 447");
    let allowed = Tsne { perplexity: 447.0, iterations: 0, early_exaggeration_iterations: 0, ..tsne() };
    assert!(allowed.check_for(100_000).is_ok());

    let map = start(50, 2, 1.0);
    let quality = |result: Result<f64, TsneError>, part: &str| {
        let message = result.unwrap_err().to_string();
        assert!(message.contains(part), "'{part}' is not in: {message}");
    };
    quality(trustworthiness(&data, 4, &map[..98], 2, 5), "50 points");
    quality(trustworthiness(&data, 4, &map, 2, 0), "neighbours");
    quality(trustworthiness(&data, 4, &map, 2, 25), "neighbours");
    quality(knn_accuracy(&map, 2, &[0; 49], 5), "50 points");
    quality(knn_accuracy(&map, 2, &[0; 50], 41), "neighbours");
    quality(knn_accuracy(&map[..8], 2, &[0; 4], 1), "at least 5");
    quality(knn_accuracy(&[f32::NAN; 100], 2, &[0; 50], 5), "finite");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any points and settings give a finite map or an error, never a panic.
    #[test]
    fn nothing_panics(
        values in prop::collection::vec(prop_oneof![
            4 => -10.0f32..10.0,
            1 => Just(0.0f32),
            1 => prop::num::f32::ANY,
        ], 0..160),
        dims in 0usize..7,
        components in 0usize..5,
        perplexity in prop_oneof![0.0f64..60.0, prop::num::f64::ANY],
        rate in prop::option::of(prop_oneof![0.1f64..1e3, prop::num::f64::ANY]),
        theta in 0.0f64..3.0,
        pca in prop::option::of(0usize..9),
        method in prop::sample::select(vec![Method::Auto, Method::Exact, Method::BarnesHut, Method::Fft]),
        cosine in prop::bool::ANY,
        random in prop::bool::ANY,
    ) {
        let tsne = Tsne {
            components,
            perplexity,
            learning_rate: rate,
            theta,
            pca,
            method,
            metric: if cosine { Metric::Cosine } else { Metric::Euclidean },
            initial: if random { Initial::Random } else { Initial::Pca },
            early_exaggeration_iterations: 10,
            iterations: 10,
            ..Tsne::default()
        };
        if let Ok(map) = tsne.fit(&values, dims) {
            prop_assert!(finite(&map));
        }
    }
}
