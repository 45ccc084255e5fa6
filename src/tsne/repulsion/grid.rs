use std::f64::consts::TAU;
use std::sync::Arc;

use rayon::prelude::*;
use realfft::num_complex::Complex;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use rustfft::{Fft, FftPlanner};

use super::{Felt, Repulsion, feel_each};
use crate::tsne::bounds::bounds;

/// A convolution on a grid.
///
/// With cubic B-splines B on a grid of spacing h (Schoenberg 1946), the kernel between any two places is approximately
///
/// ```text
/// K(y - s) ≈ Σ_m Σ_n B(y/h - m) G(m - n) B(s/h - n)
/// ```
///
/// so that the potential of all sources takes three steps: spread every source over the 4 x 4 nodes around it, convolve with
/// G, and interpolate from the 4 x 4 nodes around a point. After an FFT the convolution is a product (on a grid of twice the
/// size, so that nothing wraps around into the result). G is chosen to make the above exact where y and s are nodes: after
/// the FFT it is K sampled on the grid, divided by the transform of the sampled B twice per axis. The push is the gradient
/// of the same splines, -½ ∇φ, so that a single FFT and a single inverse FFT are enough: interpolation with polynomials in
/// separate cells (Linderman et al. 2019), whose gradient jumps, takes four of each.
///
/// What is convolved is K - c, where c is the kernel across the whole grid, and N c is added afterwards: while the map is
/// small, as at first, K is nearly 1 everywhere, and f32 would keep none of the differences that matter.
///
/// What a point feels of itself on the grid is not exactly a potential of 1 and no push, and in a sparse map it is more than
/// it feels of all others. It depends on where the point is between the nodes, and on G at distances of up to 3 nodes, and
/// is subtracted.
pub(in crate::tsne) struct Grid<const D: usize> {
    /// The largest spacing of the nodes.
    widest: f64,
    /// The margin beyond the sources on each side, as a share of their extent.
    room: f64,
    /// The lower corner of the box that the grid covers.
    low: [f32; 2],
    /// Nodes along x and y.
    nodes: [usize; 2],
    transform: Option<Transform>,
    /// Coefficients of the splines, `[y, x]`.
    coefficients: Vec<f32>,
    /// N c.
    constant: f32,
}

/// The largest spacing of the nodes, unless given otherwise. K varies over lengths of about 1; the error grows with the cube
/// of the spacing.
const SPACING: f64 = 0.5;
/// The fewest nodes along the longer side, for small maps.
const FEWEST: f64 = 48.0;
/// The most nodes in all (16 MB of them); a map that needs more gets a wider spacing.
const MOST: usize = 1 << 22;
/// Nodes per spline along an axis.
const ORDER: usize = 4;
/// Extra nodes that keep the kernel's periodic copy away, since the division by B spreads the kink between the two.
const MARGIN: usize = 8;
/// Rows or columns per task.
const LINES: usize = 8;

/// FFTs of one size, and the kernel that is applied between them.
struct Transform {
    spacing: f64,
    /// Nodes along x and y, including those that keep copies of the grid apart.
    size: [usize; 2],
    rows: Arc<dyn RealToComplex<f32>>,
    rows_back: Arc<dyn ComplexToReal<f32>>,
    columns: Arc<dyn Fft<f32>>,
    columns_back: Arc<dyn Fft<f32>>,
    /// G after the FFT, `[x, y]`, with y stored only up to the middle.
    kernel: Vec<f32>,
    /// c.
    constant: f32,
    /// G at distances of 0 to 3 nodes along y and x.
    near: [[f32; ORDER]; ORDER],
}

impl<const D: usize> Grid<D> {
    /// With this much room beyond the sources on each side, as a share of their extent, for other points.
    pub fn new(room: f64) -> Self {
        Self::with_spacing(SPACING, room)
    }

    /// With another maximum spacing of the nodes: a smaller one is more accurate and costs more.
    pub fn with_spacing(widest: f64, room: f64) -> Self {
        debug_assert!(D <= 2, "grids are for maps in the plane");
        Self { widest, room, low: [0.0; 2], nodes: [0; 2], transform: None, coefficients: Vec::new(), constant: 0.0 }
    }

    /// The cell of a place along an axis, and how far into it the place is. Places outside count as at the edge.
    fn cell(&self, spacing: f32, place: f32, axis: usize) -> (usize, f32) {
        let last = self.nodes[axis] - ORDER;
        let cells = ((place - self.low[axis]) / spacing).clamp(0.0, (last + 1) as f32);
        let cell = (cells as usize).min(last);
        (cell, cells - cell as f32)
    }

    /// The sources spread over the nodes, then the FFT of each row: `[y, x]`.
    fn spread(&self, transform: &Transform, sources: &[[f32; D]]) -> Vec<Complex<f32>> {
        let spacing = transform.spacing as f32;
        let [_, rows] = self.nodes;
        // Sorted by row, so that a task finds its own sources and every node always adds them in the same order.
        let row_of = |source: &[f32; D]| self.cell(spacing, planar(source)[1], 1).0;
        let mut starts = vec![0; rows + 1];
        for source in sources {
            starts[row_of(source) + 1] += 1;
        }
        for row in 0..rows {
            starts[row + 1] += starts[row];
        }
        let mut next = starts.clone();
        let mut sorted = vec![[0.0; 2]; sources.len()];
        for source in sources {
            let next = &mut next[row_of(source)];
            sorted[*next] = planar(source);
            *next += 1;
        }

        let [width, _] = transform.size;
        let bins = width / 2 + 1;
        let mut spectrum = vec![Complex::default(); rows * bins];
        let tasks = spectrum.par_chunks_mut(LINES * bins).enumerate();
        tasks.for_each_init(
            || (vec![0.0; LINES * width], transform.rows.make_scratch_vec()),
            |(lines, scratch), (task, spectrum)| {
                lines.fill(0.0);
                let first = task * LINES;
                let end = (first + spectrum.len() / bins).min(rows);
                for source in &sorted[starts[first.saturating_sub(ORDER - 1)]..starts[end]] {
                    let (x, t) = self.cell(spacing, source[0], 0);
                    let (y, u) = self.cell(spacing, source[1], 1);
                    let (along_x, along_y) = (spline(t), spline(u));
                    for (row, b) in (y..).zip(along_y) {
                        if (first..end).contains(&row) {
                            let line = &mut lines[(row - first) * width + x..][..ORDER];
                            for (node, a) in line.iter_mut().zip(along_x) {
                                *node += a * b;
                            }
                        }
                    }
                }
                for (line, spectrum) in lines.chunks_exact_mut(width).zip(spectrum.chunks_exact_mut(bins)) {
                    // Only the lengths could be wrong, and they are those of the plan.
                    let _ = transform.rows.process_with_scratch(line, spectrum, scratch);
                }
            },
        );
        spectrum
    }

    /// Push and potential at a point, without its own contribution if it is a source.
    fn felt_at(&self, transform: &Transform, point: &[f32; D], is_source: bool) -> ([f32; D], f32) {
        let spacing = transform.spacing as f32;
        let [columns, _] = self.nodes;
        let place = planar(point);
        let (x, t) = self.cell(spacing, place[0], 0);
        let (y, u) = self.cell(spacing, place[1], 1);
        let (along_x, along_y) = (spline(t), spline(u));
        let (slope_x, slope_y) = (spline_slope(t), spline_slope(u));
        let (mut potential, mut gradient) = (0.0, [0.0; 2]);
        for (row, (b, slope_b)) in along_y.into_iter().zip(slope_y).enumerate() {
            let line = &self.coefficients[(y + row) * columns + x..][..ORDER];
            let (mut value, mut slope) = (0.0, 0.0);
            for ((node, a), slope_a) in line.iter().zip(along_x).zip(slope_x) {
                value += node * a;
                slope += node * slope_a;
            }
            potential += b * value;
            gradient[0] += b * slope;
            gradient[1] += slope_b * value;
        }
        potential += self.constant;
        if is_source {
            let [along_xx, along_yy] = [along_x, along_y].map(|along| by_distance(along, along));
            potential -= transform.near(along_xx, along_yy) + transform.constant;
            gradient[0] -= transform.near(by_distance(slope_x, along_x), along_yy);
            gradient[1] -= transform.near(along_xx, by_distance(slope_y, along_y));
        }
        (std::array::from_fn(|axis| -0.5 * gradient[axis] / spacing), potential)
    }

    /// The FFT of each column, times the kernel, and the inverse FFT: from `[y, x]` to `[x, y]`.
    fn convolve(&self, transform: &Transform, spectrum: &[Complex<f32>]) -> Vec<Complex<f32>> {
        let [_, rows] = self.nodes;
        let [width, height] = transform.size;
        let (bins, half) = (width / 2 + 1, height / 2 + 1);
        let mut convolved = vec![Complex::default(); bins * rows];
        let tasks = convolved.par_chunks_mut(LINES * rows).enumerate();
        let scratch = transform.columns.get_inplace_scratch_len().max(transform.columns_back.get_inplace_scratch_len());
        tasks.for_each_init(
            || (vec![Complex::default(); LINES * height], vec![Complex::default(); scratch]),
            |(lines, scratch), (task, convolved)| {
                let first = task * LINES;
                let count = convolved.len() / rows;
                // Neighbouring columns share cache lines.
                for y in 0..rows {
                    for (i, value) in spectrum[y * bins + first..][..count].iter().enumerate() {
                        lines[i * height + y] = *value;
                    }
                }
                for (i, (line, out)) in lines.chunks_exact_mut(height).zip(convolved.chunks_exact_mut(rows)).enumerate()
                {
                    line[rows..].fill(Complex::default());
                    transform.columns.process_with_scratch(line, scratch);
                    let kernel = &transform.kernel[(first + i) * half..][..half];
                    let (lower, upper) = line.split_at_mut(half);
                    for (value, kernel) in lower.iter_mut().zip(kernel) {
                        *value *= kernel;
                    }
                    for (value, kernel) in upper.iter_mut().zip(kernel[1..height - half + 1].iter().rev()) {
                        *value *= kernel;
                    }
                    transform.columns_back.process_with_scratch(line, scratch);
                    out.copy_from_slice(&line[..rows]);
                }
            },
        );
        convolved
    }

    /// The inverse FFT of each row: from `[x, y]` to the coefficients `[y, x]`.
    fn gather(&self, transform: &Transform, convolved: &[Complex<f32>]) -> Vec<f32> {
        let [columns, rows] = self.nodes;
        let [width, _] = transform.size;
        let bins = width / 2 + 1;
        let mut coefficients = vec![0.0; rows * columns];
        let tasks = coefficients.par_chunks_mut(LINES * columns).enumerate();
        tasks.for_each_init(
            || {
                let lines = vec![Complex::default(); LINES * bins];
                (lines, vec![0.0; width], transform.rows_back.make_scratch_vec())
            },
            |(lines, values, scratch), (task, out)| {
                let first = task * LINES;
                let count = out.len() / columns;
                for x in 0..bins {
                    for (i, value) in convolved[x * rows + first..][..count].iter().enumerate() {
                        lines[i * bins + x] = *value;
                    }
                }
                for (line, out) in lines.chunks_exact_mut(bins).zip(out.chunks_exact_mut(columns)) {
                    // These are real up to rounding, and must be exactly real.
                    line[0].im = 0.0;
                    line[bins - 1].im = 0.0;
                    let _ = transform.rows_back.process_with_scratch(line, values, scratch);
                    out.copy_from_slice(&values[..columns]);
                }
            },
        );
        coefficients
    }
}

impl<const D: usize> Repulsion<D> for Grid<D> {
    fn place(&mut self, sources: &[[f32; D]]) {
        let (low, high) = bounds(sources);
        let (low, high) = (planar(&low), planar(&high));
        let mut extent = [0, 1].map(|axis| f64::from(high[axis]) - f64::from(low[axis]));
        let room = self.room * extent[0].max(extent[1]);
        self.low = low.map(|low| (f64::from(low) - room) as f32);
        extent = extent.map(|extent| extent + 2.0 * room);
        let mut spacing = spacing(self.widest, extent[0].max(extent[1]));
        let nodes = |spacing: f64| extent.map(|extent| (extent / spacing).floor() + ORDER as f64);
        while nodes(spacing).iter().product::<f64>() > MOST as f64 {
            spacing *= std::f64::consts::SQRT_2;
        }
        self.nodes = nodes(spacing).map(|nodes| nodes as usize);
        let size = self.nodes.map(|nodes| fft_size(2 * nodes + MARGIN));
        let transform = match self.transform.take() {
            Some(old) if old.size == size && old.spacing == spacing => old,
            _ => Transform::new(spacing, size),
        };
        let spectrum = self.spread(&transform, sources);
        let convolved = self.convolve(&transform, &spectrum);
        self.coefficients = self.gather(&transform, &convolved);
        self.constant = sources.len() as f32 * transform.constant;
        self.transform = Some(transform);
    }

    fn feel(&self, points: &[[f32; D]], felt: &mut Felt<D>) {
        let Some(transform) = &self.transform else { return };
        feel_each(points, felt, || (), |(), point| self.felt_at(transform, point, false));
    }

    fn among(&mut self, sources: &[[f32; D]], felt: &mut Felt<D>) {
        self.place(sources);
        let Some(transform) = &self.transform else { return };
        feel_each(sources, felt, || (), |(), point| self.felt_at(transform, point, true));
    }
}

impl Transform {
    fn new(spacing: f64, size: [usize; 2]) -> Self {
        let [width, height] = size;
        let mut real = RealFftPlanner::new();
        let mut complex = FftPlanner::new();
        let squared = |n: usize| (n as f64 * spacing).powi(2);
        let constant = 1.0 / (1.0 + squared(width / 2) + squared(height / 2));
        let kernel = kernel(spacing, size, constant);
        Self {
            near: near_nodes(&kernel, size),
            spacing,
            size,
            rows: real.plan_fft_forward(width),
            rows_back: real.plan_fft_inverse(width),
            columns: complex.plan_fft_forward(height),
            columns_back: complex.plan_fft_inverse(height),
            kernel,
            constant: constant as f32,
        }
    }

    /// Σ G(m - n) over pairs of near nodes, given the weight of each distance along x and y.
    fn near(&self, along_x: [f32; ORDER], along_y: [f32; ORDER]) -> f32 {
        let rows = self.near.iter().zip(along_y);
        rows.map(|(row, b)| b * row.iter().zip(along_x).map(|(g, a)| g * a).sum::<f32>()).sum()
    }
}

/// Products of values at four nodes with others at the same four, summed by the distance between the nodes.
fn by_distance(values: [f32; ORDER], others: [f32; ORDER]) -> [f32; ORDER] {
    let mut sums = [0.0; ORDER];
    for (m, a) in values.into_iter().enumerate() {
        for (n, b) in others.into_iter().enumerate() {
            sums[m.abs_diff(n)] += a * b;
        }
    }
    sums
}

/// G at distances of 0 to 3 nodes along y and x, from its transform `[x, y]`, which is real, even, and already divided by
/// its size.
fn near_nodes(kernel: &[f32], [width, height]: [usize; 2]) -> [[f32; ORDER]; ORDER] {
    let half = height / 2 + 1;
    // What occurs on both sides of the middle counts twice.
    let waves = |size: usize, distance: usize| -> Vec<f64> {
        let wave = |k: usize| (TAU * (k * distance) as f64 / size as f64).cos();
        let sides = |k: usize| if k == 0 || 2 * k == size { 1.0 } else { 2.0 };
        (0..=size / 2).map(|k| sides(k) * wave(k)).collect()
    };
    std::array::from_fn(|dy| {
        let along_y = waves(height, dy);
        let dot = |line: &[f32]| line.iter().zip(&along_y).map(|(g, wave)| f64::from(*g) * wave).sum::<f64>();
        let columns: Vec<f64> = kernel.chunks_exact(half).map(dot).collect();
        std::array::from_fn(|dx| {
            let terms = columns.iter().zip(waves(width, dx));
            terms.map(|(g, wave)| g * wave).sum::<f64>() as f32
        })
    })
}

/// G after the FFT, `[x, y]`, both up to the middle: the kernel is even along both axes, so its transform is real and even.
/// In f64, since the division amplifies errors at the highest frequencies by a factor of 81.
fn kernel(spacing: f64, [width, height]: [usize; 2], constant: f64) -> Vec<f32> {
    let (bins, half) = (width / 2 + 1, height / 2 + 1);
    let mut planner = RealFftPlanner::<f64>::new();
    let (rows, columns) = (planner.plan_fft_forward(width), planner.plan_fft_forward(height));
    let squared = |n: usize, size: usize| (n.min(size - n) as f64 * spacing).powi(2);
    let mut by_row = vec![0.0; half * bins];
    by_row.par_chunks_mut(bins).enumerate().for_each(|(y, out)| {
        let mut line: Vec<f64> =
            (0..width).map(|x| 1.0 / (1.0 + squared(x, width) + squared(y, height)) - constant).collect();
        let mut spectrum = rows.make_output_vec();
        let _ = rows.process(&mut line, &mut spectrum);
        for (out, value) in out.iter_mut().zip(spectrum) {
            *out = value.re;
        }
    });
    // The transform of B at the nodes, where B is 4/6 in the middle and 1/6 on both sides.
    let sampled = |k: usize, size: usize| (4.0 + 2.0 * (TAU * k as f64 / size as f64).cos()) / 6.0;
    let cells = (width * height) as f64;
    let mut kernel = vec![0.0; bins * half];
    kernel.par_chunks_mut(half).enumerate().for_each(|(x, out)| {
        let mut line: Vec<f64> = (0..height).map(|y| by_row[y.min(height - y) * bins + x]).collect();
        let mut spectrum = columns.make_output_vec();
        let _ = columns.process(&mut line, &mut spectrum);
        for (y, (out, value)) in out.iter_mut().zip(spectrum).enumerate() {
            *out = (value.re / (sampled(x, width) * sampled(y, height)).powi(2) / cells) as f32;
        }
    });
    kernel
}

/// A spacing of at most `widest` that gives the map enough nodes, one of few, so that transforms can be kept.
fn spacing(widest: f64, extent: f64) -> f64 {
    let halvings = (2.0 * (widest * FEWEST / extent.max(1e-30)).log2()).ceil().max(0.0);
    widest * (-0.5 * halvings).exp2()
}

/// A size of at least `least` whose FFT is fast, one of few.
fn fft_size(least: usize) -> usize {
    let power = (least.max(16) / 16).ilog2();
    let fast = [16, 18, 20, 24, 30, 32].map(|n| n << power);
    fast.into_iter().find(|n| *n >= least).unwrap_or(32 << power)
}

/// A point in the plane.
fn planar<const D: usize>(point: &[f32; D]) -> [f32; 2] {
    std::array::from_fn(|axis| point.get(axis).copied().unwrap_or(0.0))
}

/// The cubic B-splines at the four nodes around a place, `t` into their middle cell.
fn spline(t: f32) -> [f32; ORDER] {
    let s = 1.0 - t;
    [s * s * s / 6.0, (4.0 + 3.0 * t * t * (t - 2.0)) / 6.0, (4.0 + 3.0 * s * s * (s - 2.0)) / 6.0, t * t * t / 6.0]
}

/// Their derivatives with respect to `t`.
fn spline_slope(t: f32) -> [f32; ORDER] {
    let s = 1.0 - t;
    [-0.5 * s * s, t * (1.5 * t - 2.0), -s * (1.5 * s - 2.0), 0.5 * t * t]
}
