use rayon::prelude::*;

use super::pairs::Sources;
use super::{Felt, Repulsion};
use crate::tsne::morton::{Curve, bounds};

/// Far points together as one.
///
/// The points are sorted along the Morton curve, in which every cell of a quadtree (octree) is a run, so that the tree is
/// made by cutting runs and neighbours lie side by side in memory. A cell counts as one point at its centre of mass when it
/// is narrower than θ times its distance. The question is asked once for the points of a leaf together, of the nearest
/// place in their box, which is stricter than asking each; what was found is then summed for each of them by the same
/// vector code as [`Exact`](super::Exact).
pub(in crate::tsne) struct Tree<const D: usize> {
    theta: f32,
    cells: Cells<D>,
}

/// Points that a leaf may have.
const LEAF: usize = 16;

/// The tree over some points.
#[derive(Default)]
struct Cells<const D: usize> {
    /// As they were given.
    given: Vec<[f32; D]>,
    /// The number that each point of the curve was given with.
    order: Vec<u32>,
    /// Along the curve.
    points: Vec<[f32; D]>,
    /// Depth first: a cell's first child follows it.
    cells: Vec<Cell<D>>,
}

#[derive(Debug, Clone, Copy)]
struct Cell<const D: usize> {
    centre_of_mass: [f32; D],
    /// The square of its side.
    squared_side: f32,
    /// Its points along the curve.
    first: u32,
    end: u32,
    /// The cell to go on with when this one's children are not looked at.
    next: u32,
    is_leaf: bool,
}

impl<const D: usize> Tree<D> {
    pub fn new(theta: f64) -> Self {
        Self {
            theta: theta as f32,
            cells: Cells::default(),
        }
    }

    /// What is seen from a box as a list: far cells and near points.
    fn list(&self, low: [f32; D], high: [f32; D], list: &mut Sources<D>) {
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
            if cell.squared_side < squared_theta * squared {
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
        let others;
        let targets = match points == self.cells.given {
            true => &self.cells,
            false => {
                others = Cells::over(points);
                &others
            }
        };
        let leaves: Vec<&Cell<D>> = targets.cells.iter().filter(|cell| cell.is_leaf).collect();
        let of_leaf = |list: &mut Sources<D>, leaf: &&Cell<D>| {
            let points = &targets.points[leaf.first as usize..leaf.end as usize];
            let (low, high) = bounds(points);
            self.list(low, high, list);
            points.iter().map(|y| list.felt_at(*y)).collect::<Vec<_>>()
        };
        let by_leaf: Vec<_> = leaves.par_iter().map_init(Sources::new, of_leaf).collect();
        for (i, (push, potential)) in targets.order.iter().zip(by_leaf.into_iter().flatten()) {
            felt.push[*i as usize] = push;
            felt.potential[*i as usize] = potential;
        }
    }
}

impl<const D: usize> Cells<D> {
    fn over(points: &[[f32; D]]) -> Self {
        let Curve { codes, side } = Curve::through(points);
        let order: Vec<u32> = codes.iter().map(|(_, i)| *i).collect();
        let mut cells = Self {
            given: points.to_vec(),
            points: order.iter().map(|i| points[*i as usize]).collect(),
            order,
            cells: Vec::with_capacity(points.len() / 2 + 1),
        };
        if !points.is_empty() {
            cells.divide(&codes, 0, side, Curve::<D>::DIGITS);
        }
        cells
    }

    /// Appends the cell of a run that starts at `first`, and all in it. `digits` of the codes are left to cut by.
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
