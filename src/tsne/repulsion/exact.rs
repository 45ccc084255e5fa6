use super::pairs::Sources;
use super::{Felt, Repulsion, feel_each};

/// The sum over every pair.
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
        feel_each(points, felt, || (), |(), y| self.0.felt_at(*y));
    }

    fn among(&mut self, sources: &[[f32; D]], felt: &mut Felt<D>) {
        self.place(sources);
        let without_own = |y: &[f32; D]| {
            let (push, potential) = self.0.felt_at(*y);
            (push, potential - 1.0)
        };
        feel_each(sources, felt, || (), |(), y| without_own(y));
    }
}
