use rayon::prelude::*;

use super::pairs::Sources;
use super::{Felt, Repulsion, feel_each};
use crate::tsne::bounds::bounds;
use crate::tsne::morton::Curve;

/// Far points combined into one.
///
/// The points are sorted along the Morton curve, in which every cell of a quadtree (octree) is a contiguous run, so that the
/// tree is built by cutting runs, and neighbours are side by side in memory. A cell counts as one point at its centre of
/// mass if it is narrower than θ times its distance and does not contain the point in question. For the sources, the tree is
/// traversed once per leaf, with distances from the nearest place in the leaf's box, which is stricter than a traversal per
/// point; the resulting list is then summed for each point of the leaf by the same vector code as [`Exact`](super::Exact).
/// For other points, the tree is traversed once per point.
pub(in crate::tsne) struct Tree<const D: usize> {
    theta: f32,
    cells: Cells<D>,
}

/// The most points in a leaf.
const LEAF: usize = 16;

/// The tree over some points.
#[derive(Default)]
struct Cells<const D: usize> {
    /// The original index of each point of the curve.
    order: Vec<u32>,
    /// The points, along the curve.
    points: Vec<[f32; D]>,
    /// In depth-first order: a cell's first child follows it.
    cells: Vec<Cell<D>>,
}

#[derive(Debug, Clone, Copy)]
struct Cell<const D: usize> {
    centre_of_mass: [f32; D],
    /// The square of the cell's side.
    squared_side: f32,
    /// Its points along the curve.
    first: u32,
    end: u32,
    /// The cell to continue with when this one's children are skipped.
    next: u32,
    is_leaf: bool,
}

impl<const D: usize> Tree<D> {
    pub fn new(theta: f64) -> Self {
        Self { theta: theta as f32, cells: Cells::default() }
    }

    /// What is seen from a box, as a list of far cells and near points; `leaf` is the leaf whose points the box holds, if
    /// any.
    fn list(&self, low: [f32; D], high: [f32; D], leaf: Option<&Cell<D>>, list: &mut Sources<D>) {
        list.clear();
        let squared_theta = self.theta * self.theta;
        let mut at = 0;
        while let Some(cell) = self.cells.cells.get(at) {
            let squared: f32 = (0..D)
                .map(|axis| {
                    let place = cell.centre_of_mass[axis];
                    (low[axis] - place).max(place - high[axis]).max(0.0).powi(2)
                })
                .sum();
            let is_around = leaf.is_some_and(|leaf| cell.first <= leaf.first && leaf.end <= cell.end);
            if cell.squared_side < squared_theta * squared && !is_around {
                list.push(cell.centre_of_mass, (cell.end - cell.first) as f32);
                at = cell.next as usize;
            } else if cell.is_leaf {
                for point in &self.cells.points[cell.first as usize..cell.end as usize] {
                    list.push(*point, 1.0);
                }
                at = cell.next as usize;
            } else {
                at += 1;
            }
        }
        list.finish();
    }
}

impl<const D: usize> Repulsion<D> for Tree<D> {
    fn place(&mut self, sources: &[[f32; D]]) {
        self.cells = Cells::over(sources);
    }

    fn feel(&self, points: &[[f32; D]], felt: &mut Felt<D>) {
        feel_each(points, felt, Sources::new, |list, y| {
            self.list(*y, *y, None, list);
            list.felt_at(*y)
        });
    }

    fn among(&mut self, sources: &[[f32; D]], felt: &mut Felt<D>) {
        self.place(sources);
        let Cells { cells, points, order } = &self.cells;
        let leaves: Vec<&Cell<D>> = cells.iter().filter(|cell| cell.is_leaf).collect();
        let of_leaf = |list: &mut Sources<D>, leaf: &&Cell<D>| {
            let points = &points[leaf.first as usize..leaf.end as usize];
            let (low, high) = bounds(points);
            self.list(low, high, Some(leaf), list);
            points.iter().map(|y| list.felt_at(*y)).collect::<Vec<_>>()
        };
        let by_leaf: Vec<_> = leaves.par_iter().map_init(Sources::new, of_leaf).collect();
        for (i, (push, potential)) in order.iter().zip(by_leaf.into_iter().flatten()) {
            felt.push[*i as usize] = push;
            // Without its own contribution of 1: it is one of the near points.
            felt.potential[*i as usize] = potential - 1.0;
        }
    }
}

impl<const D: usize> Cells<D> {
    fn over(points: &[[f32; D]]) -> Self {
        let Curve { codes, side } = Curve::through(points);
        let order: Vec<u32> = codes.iter().map(|(_, i)| *i).collect();
        let mut cells = Self {
            points: order.iter().map(|i| points[*i as usize]).collect(),
            order,
            cells: Vec::with_capacity(points.len() / 2 + 1),
        };
        if !points.is_empty() {
            cells.divide(&codes, 0, side, Curve::<D>::DIGITS);
        }
        cells
    }

    /// Appends the cell of a run that starts at `first`, and all cells in it. `digits` of the codes are left to cut by.
    fn divide(&mut self, run: &[(u64, u32)], first: usize, side: f32, digits: usize) {
        let at = self.cells.len();
        let end = first + run.len();
        let points = &self.points[first..end];
        let centre_of_mass = std::array::from_fn(|axis| {
            let sum: f64 = points.iter().map(|point| f64::from(point[axis])).sum();
            (sum / points.len() as f64) as f32
        });
        let is_leaf = run.len() <= LEAF || digits == 0;
        self.cells.push(Cell {
            centre_of_mass,
            squared_side: side * side,
            first: first as u32,
            end: end as u32,
            next: 0,
            is_leaf,
        });
        if !is_leaf {
            let digits = digits - D;
            let child = |code: u64| (code >> digits) & ((1 << D) - 1);
            let mut rest = run;
            while let Some((code, _)) = rest.first() {
                let this = child(*code);
                let (run, others) = rest.split_at(rest.partition_point(|(code, _)| child(*code) <= this));
                self.divide(run, end - rest.len(), 0.5 * side, digits);
                rest = others;
            }
        }
        self.cells[at].next = self.cells.len() as u32;
    }
}
