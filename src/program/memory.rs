//! Which values can share memory: lifetimes, then greedy reuse, the largest value first.
//!
//! The method is "greedy by size" of Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net
//! Inference" (arXiv 2001.03288): values in decreasing order of size, each in the first slot whose
//! tenants' lifetimes it does not overlap. The first tenant is the largest, so a slot never grows.

use super::{BufferId, Place, Recipe};
use crate::gpu::{Gpu, GpuError, Slice};

/// The dispatches during which a value must keep its memory, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Lifetime {
    first: usize,
    last: usize,
}

impl Lifetime {
    fn meets(self, other: Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

/// The result of planning a program's memory.
#[derive(Debug)]
pub struct MemoryPlan {
    /// Size of each slot, in decreasing order; one buffer per slot.
    slots: Vec<u64>,
    /// Slot of each buffer of the recipe; `None` for those that are not planned, or unused.
    slot_of: Vec<Option<usize>>,
    without_reuse: u64,
    own: u64,
    fixed: u64,
    /// The largest values, the largest first: bytes, and the dispatch that binds them first.
    largest: Vec<(u64, String)>,
}

/// How many values a message about memory names.
const NAMED: usize = 3;

impl MemoryPlan {
    pub(crate) fn new(recipe: &Recipe) -> Self {
        let lifetimes = lifetimes(recipe);
        let mut order: Vec<(usize, u64, Lifetime)> = Vec::new();
        let mut sizes: Vec<(u64, usize)> = Vec::new();
        let (mut fixed, mut own) = (Vec::new(), 0);
        for (i, place) in recipe.places.iter().enumerate() {
            let Some(lifetime) = lifetimes[i] else { continue };
            match place {
                Place::Planned { bytes } => {
                    order.push((i, *bytes, lifetime));
                    sizes.push((*bytes, lifetime.first));
                }
                Place::Own { bytes } => {
                    own += bytes;
                    sizes.push((*bytes, lifetime.first));
                }
                Place::Fixed(slice) => fixed.push(slice),
                Place::Part { .. } => {}
            }
        }
        let without_reuse = order.iter().map(|(_, bytes, _)| bytes).sum();
        // The sort is stable, so equal sizes keep program order and the plan is the same every time.
        order.sort_by_key(|(_, bytes, _)| std::cmp::Reverse(*bytes));
        sizes.sort_by_key(|(bytes, _)| std::cmp::Reverse(*bytes));
        let named = sizes.iter().take(NAMED);

        let mut slots: Vec<(u64, Vec<Lifetime>)> = Vec::new();
        let mut slot_of = vec![None; recipe.places.len()];
        for (id, bytes, lifetime) in order {
            let free = slots.iter().position(|(_, tenants)| tenants.iter().all(|t| !t.meets(lifetime)));
            let slot = free.unwrap_or_else(|| {
                slots.push((bytes, Vec::new()));
                slots.len() - 1
            });
            slots[slot].1.push(lifetime);
            slot_of[id] = Some(slot);
        }
        Self {
            largest: named
                .map(|(bytes, dispatch)| (*bytes, recipe.dispatches[*dispatch].about.shapes.clone()))
                .collect(),
            slots: slots.into_iter().map(|(bytes, _)| bytes).collect(),
            slot_of,
            without_reuse,
            own,
            // A parameter is bound by itself and as part of the arena of all of them.
            fixed: Slice::bytes_covered(fixed.into_iter()),
        }
    }

    pub(super) fn slot_bytes(&self) -> &[u64] {
        &self.slots
    }

    pub(crate) fn slot_of(&self, id: BufferId) -> Option<usize> {
        self.slot_of[id.0]
    }

    /// Bytes that the program needs for values that live only within a run, and for gradients and outputs.
    pub fn planned_bytes(&self) -> u64 {
        self.slots.iter().sum::<u64>() + self.own
    }

    /// Bytes those values would take without sharing.
    pub fn bytes_without_reuse(&self) -> u64 {
        self.without_reuse + self.own
    }

    /// Bytes bound from memory that exists already: parameters, states, inputs.
    pub fn fixed_bytes(&self) -> u64 {
        self.fixed
    }

    /// Number of memory slots, one buffer each.
    pub fn slots(&self) -> usize {
        self.slots.len()
    }

    /// Whether the program leaves most of the device's memory to others and no buffer is too large to bind.
    pub fn fits_well(&self, gpu: &Gpu) -> bool {
        let largest = self.largest.first().map_or(0, |(bytes, _)| *bytes);
        largest <= gpu.largest_binding() && gpu.memory().is_none_or(|all| self.planned_bytes() <= all / 8)
    }

    /// Compares what must still be allocated for `programs` programs like this one with what the device has left.
    pub(crate) fn check(&self, gpu: &Gpu, shared: &Slots, programs: u64) -> Result<(), GpuError> {
        let missing = shared.missing(&self.slots) + programs * self.own;
        let left = gpu.memory_left();
        let limit = gpu.largest_binding();
        let largest = self.largest.first().map_or(0, |(bytes, _)| *bytes);
        if largest <= limit && left.is_none_or(|left| missing <= left) {
            return Ok(());
        }
        let names = self.largest.iter().map(|(bytes, note)| format!("{} ({note})", mebibytes(*bytes)));
        Err(GpuError::DoesNotFit {
            needed: mebibytes(missing),
            left: left.map_or_else(|| "an unknown amount".to_owned(), mebibytes),
            limit: mebibytes(limit),
            largest: names.collect::<Vec<_>>().join(", "),
        })
    }
}

/// A size for people to read.
fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

/// Memory slots shared by programs that never run at the same time: those of one graph.
#[derive(Debug, Default)]
pub(crate) struct Slots(Vec<Slice>);

impl Slots {
    /// Bytes still to be allocated for slots of these sizes, which are in decreasing order.
    fn missing(&self, sizes: &[u64]) -> u64 {
        let here = self.0.iter().map(Slice::bytes).chain(std::iter::repeat(0));
        let missing = sizes.iter().zip(here).filter(|(wanted, here)| *wanted > here);
        missing.map(|(wanted, _)| wanted).sum()
    }

    /// Slots of at least these sizes, which are in decreasing order.
    pub(super) fn take(&mut self, gpu: &Gpu, sizes: &[u64]) -> Result<Vec<Slice>, GpuError> {
        for (i, bytes) in sizes.iter().enumerate() {
            if self.0.get(i).is_some_and(|slot| slot.bytes() >= *bytes) {
                continue;
            }
            let slot = gpu.storage(&format!("memory slot {i}"), *bytes)?;
            match self.0.get_mut(i) {
                // Programs that hold the smaller one keep it.
                Some(smaller) => *smaller = slot,
                None => self.0.push(slot),
            }
        }
        Ok(self.0[..sizes.len()].to_vec())
    }
}

/// The lifetime of each buffer of the recipe; `None` for those that no dispatch binds.
fn lifetimes(recipe: &Recipe) -> Vec<Option<Lifetime>> {
    let mut lifetimes: Vec<Option<Lifetime>> = vec![None; recipe.places.len()];
    for (now, dispatch) in recipe.dispatches.iter().enumerate() {
        for (BufferId(id), _) in &dispatch.bindings {
            lifetimes[*id].get_or_insert(Lifetime { first: now, last: now }).last = now;
        }
    }
    // Binding a part binds the whole.
    for (i, place) in recipe.places.iter().enumerate() {
        if let (Place::Part { of, .. }, Some(part)) = (place, lifetimes[i]) {
            let whole = lifetimes[of.0].get_or_insert(part);
            whole.first = whole.first.min(part.first);
        }
    }
    lifetimes
}

#[cfg(test)]
mod tests {
    use super::super::{About, Dispatch};
    use super::*;
    use crate::gpu::{Access, GpuOptions, Kernel, Source};

    /// A chain a -> b -> c -> d of equal sizes.
    fn chain(keep_first: bool) -> MemoryPlan {
        let mut recipe = Recipe::default();
        let ids: Vec<BufferId> = (0..4)
            .map(|i| {
                recipe.place(if keep_first && i == 0 {
                    Place::Own { bytes: 1024 }
                } else {
                    Place::Planned { bytes: 1024 }
                })
            })
            .collect();
        let dispatch =
            |bindings| Dispatch { kernel: Kernel::new("test", Source::default()), bindings, about: About::default() };
        recipe.dispatches.push(dispatch(vec![(ids[0], Access::Write)]));
        for pair in ids.windows(2) {
            recipe.dispatches.push(dispatch(vec![(pair[0], Access::Read), (pair[1], Access::Write)]));
        }
        MemoryPlan::new(&recipe)
    }

    #[test]
    fn a_chain_alternates_between_two_slots() {
        let plan = chain(false);
        assert_eq!(plan.slots(), 2);
        assert_eq!(plan.planned_bytes(), 2048);
        assert_eq!(plan.bytes_without_reuse(), 4096);
        assert_eq!(plan.slot_of(BufferId(0)), plan.slot_of(BufferId(2)));
        assert_ne!(plan.slot_of(BufferId(0)), plan.slot_of(BufferId(1)));
    }

    #[test]
    fn what_has_memory_of_its_own_takes_no_slot() {
        let plan = chain(true);
        assert_eq!(plan.slots(), 2);
        assert_eq!(plan.slot_of(BufferId(0)), None);
        assert_eq!(plan.planned_bytes(), 3072);
    }

    #[test]
    fn programs_of_one_graph_share_slots() {
        let gpu = Gpu::open(&GpuOptions::default()).unwrap();
        let mut slots = Slots::default();
        let large = slots.take(&gpu, &[4096, 1024]).unwrap();
        assert_eq!(slots.missing(&[2048, 512, 256]), 256);
        let small = slots.take(&gpu, &[2048, 512, 256]).unwrap();
        assert!(small[0].shares_buffer(&large[0]) && small[1].shares_buffer(&large[1]));
        assert!(!slots.take(&gpu, &[8192]).unwrap()[0].shares_buffer(&large[0]));
    }
}
