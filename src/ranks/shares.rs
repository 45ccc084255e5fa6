//! Which images of an epoch each rank takes.

use std::ops::Range;

/// Divides the images of an epoch among ranks. A step's batch is that of all ranks together: the first rank takes its first images, the next
/// rank the following ones, and so on, as one device with so large a batch would take all of them.
///
/// The images at the end of an epoch that do not fill a batch are divided as evenly as can be. If there are fewer than two for each rank
/// they are left out: batch norm over one image teaches nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shares {
    images: usize,
    /// Images of a batch for each rank.
    batch: usize,
    ranks: usize,
}

impl Shares {
    pub fn new(images: usize, batch: usize, ranks: usize) -> Self {
        Self { images, batch, ranks }
    }

    /// The same images among this many ranks.
    pub fn among(&self, ranks: usize) -> Self {
        Self { ranks, ..*self }
    }

    /// Full batches in an epoch.
    pub fn whole_batches(&self) -> usize {
        self.images / (self.batch * self.ranks)
    }

    /// Images in the smaller batch at the end of an epoch, of all ranks; 0 if there is none.
    fn tail(&self) -> usize {
        let tail = self.images % (self.batch * self.ranks);
        if tail < 2 * self.ranks { 0 } else { tail }
    }

    /// Batches in an epoch.
    pub fn batches(&self) -> usize {
        self.whole_batches() + usize::from(self.tail() > 0)
    }

    /// Images of all ranks in the first `batches` batches of an epoch.
    pub fn images_in(&self, batches: usize) -> usize {
        let whole = batches.min(self.whole_batches());
        let tail = if batches > self.whole_batches() { self.tail() } else { 0 };
        whole * self.batch * self.ranks + tail
    }

    /// The sizes of the batches that a rank has, each with that of all ranks together: of the full ones, and of the last if it is smaller.
    pub fn sizes(&self, rank: usize) -> Vec<(usize, usize)> {
        let full = (self.batch, self.batch * self.ranks);
        let last = (self.rows(self.whole_batches(), rank).len(), self.tail());
        [full, last].into_iter().take(1 + usize::from(self.tail() > 0)).collect()
    }

    /// The rows of a batch, of all ranks, that are this rank's. Batches count from 0.
    pub fn rows(&self, batch: usize, rank: usize) -> Range<usize> {
        if batch < self.whole_batches() {
            return rank * self.batch..(rank + 1) * self.batch;
        }
        let (each, more) = (self.tail() / self.ranks, self.tail() % self.ranks);
        let start = |rank: usize| rank * each + rank.min(more);
        start(rank)..start(rank + 1)
    }

    /// The share of each rank in the images of some batches.
    pub fn weights(&self, batches: Range<usize>) -> Vec<f64> {
        let images = |rank| batches.clone().map(|batch| self.rows(batch, rank).len()).sum::<usize>() as f64;
        let images: Vec<f64> = (0..self.ranks).map(images).collect();
        let all: f64 = images.iter().sum();
        images.iter().map(|images| images / all).collect()
    }

    /// The images that a rank visits, batch by batch, if all are visited in this order.
    pub fn of(&self, order: &[u32], rank: usize) -> Vec<u32> {
        let batches = order.chunks(self.batch * self.ranks).take(self.batches()).enumerate();
        batches.flat_map(|(batch, images)| &images[self.rows(batch, rank)]).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_rank_takes_everything_but_a_single_last_image() {
        let order: Vec<u32> = (0..11).rev().collect();
        for (images, batch, sizes) in [(11, 4, vec![(4, 4), (3, 3)]), (9, 4, vec![(4, 4)]), (8, 4, vec![(4, 4)])] {
            let shares = Shares::new(images, batch, 1);
            assert_eq!(shares.sizes(0), sizes);
            assert_eq!(shares.of(&order[..images], 0), order[..images - usize::from(images == 9)]);
            assert_eq!(shares.images_in(shares.batches()), images - usize::from(images == 9));
        }
    }

    #[test]
    fn every_image_is_visited_by_one_rank_in_the_batch_that_one_device_would_have() {
        for (images, batch, ranks) in [(64, 4, 4), (61, 4, 3), (39, 4, 3), (47, 5, 2), (50, 3, 7)] {
            let shares = Shares::new(images, batch, ranks);
            let order: Vec<u32> = (0..images as u32).map(|i| (i * 37) % images as u32).collect();
            let visited: Vec<Vec<u32>> = (0..ranks).map(|rank| shares.of(&order, rank)).collect();
            let mut places = vec![0; ranks];
            for number in 0..shares.batches() {
                let of_batch: Vec<u32> = (0..ranks)
                    .flat_map(|rank| {
                        let from = places[rank];
                        places[rank] += shares.rows(number, rank).len();
                        visited[rank][from..places[rank]].to_vec()
                    })
                    .collect();
                let from = number * batch * ranks;
                assert_eq!(of_batch, order[from..(from + batch * ranks).min(images)]);
            }
            assert!((0..ranks).all(|rank| places[rank] == visited[rank].len()));
            assert!(visited.iter().all(|mine| mine.len() >= 2));
            let left_out = images - visited.iter().map(Vec::len).sum::<usize>();
            assert!(left_out < 2 * ranks && left_out == images - shares.images_in(shares.batches()));
        }
    }
}
