use rayon::prelude::*;

use super::pairs::Sources;
use super::{Felt, POINTS, Repulsion};

/// Every pair.
pub(in crate::tsne) struct Exact<const D: usize>(Sources<D>);

impl<const D: usize> Exact<D> {
    pub fn new() -> Self {
        Self(Sources::new())
    }
}

impl<const D: usize> Repulsion<D> for Exact<D> {
    fn place(&mut self, sources: &[[f32; D]]) {
        self.0.clear();
        for source in sources {
            self.0.push(*source, 1.0);
        }
        self.0.finish();
    }

    fn feel(&self, points: &[[f32; D]], felt: &mut Felt<D>) {
        let pushes = felt.push.par_chunks_mut(POINTS);
        let potentials = felt.potential.par_chunks_mut(POINTS);
        let points = points.par_chunks(POINTS);
        points
            .zip(pushes)
            .zip(potentials)
            .for_each(|((points, pushes), potentials)| {
                for ((y, push), potential) in points.iter().zip(pushes).zip(potentials) {
                    (*push, *potential) = self.0.felt_at(*y);
                }
            });
    }
}
