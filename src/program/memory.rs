//! Which values can share memory: lifetimes, then greedy reuse, the largest value first.
//!
//! The method is "greedy by size" of Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net
//! Inference" (arXiv 2001.03288): values in falling order of size, each in the first slot whose tenants it
//! never meets. The first tenant is the largest, so a slot never grows.

use super::{BufferId, Place, Recipe};

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
    /// Size of each slot; one buffer a slot.
    slots: Vec<u64>,
    /// Slot of each buffer of the recipe; `None` for fixed and unused ones.
    slot_of: Vec<Option<usize>>,
    without_reuse: u64,
    fixed: u64,
}

impl MemoryPlan {
    pub(super) fn new(recipe: &Recipe) -> Self {
        let lifetimes = lifetimes(recipe);
        let mut order: Vec<(usize, u64, Lifetime)> = Vec::new();
        let mut fixed = 0;
        for (i, place) in recipe.places.iter().enumerate() {
            match (place, lifetimes[i]) {
                (Place::Planned { bytes, .. }, Some(lifetime)) => order.push((i, *bytes, lifetime)),
                (Place::Fixed(slice), Some(_)) => fixed += slice.bytes(),
                _ => {}
            }
        }
        let without_reuse = order.iter().map(|(_, bytes, _)| bytes).sum();
        // The sort is stable, so equal sizes keep program order and the plan is the same every time.
        order.sort_by_key(|(_, bytes, _)| std::cmp::Reverse(*bytes));

        let mut slots: Vec<(u64, Vec<Lifetime>)> = Vec::new();
        let mut slot_of = vec![None; recipe.places.len()];
        for (id, bytes, lifetime) in order {
            let free = slots
                .iter()
                .position(|(_, tenants)| tenants.iter().all(|t| !t.meets(lifetime)));
            let slot = free.unwrap_or_else(|| {
                slots.push((bytes, Vec::new()));
                slots.len() - 1
            });
            slots[slot].1.push(lifetime);
            slot_of[id] = Some(slot);
        }
        Self {
            slots: slots.into_iter().map(|(bytes, _)| bytes).collect(),
            slot_of,
            without_reuse,
            fixed,
        }
    }

    pub(super) fn slot_bytes(&self) -> &[u64] {
        &self.slots
    }

    pub(crate) fn slot_of(&self, id: BufferId) -> Option<usize> {
        self.slot_of[id.0]
    }

    /// Bytes that the program allocates for values which live only within a run.
    pub fn planned_bytes(&self) -> u64 {
        self.slots.iter().sum()
    }

    /// Bytes those values would take without sharing.
    pub fn bytes_without_reuse(&self) -> u64 {
        self.without_reuse
    }

    /// Bytes bound from memory that outlives a run: parameters, states, inputs, gradients.
    pub fn fixed_bytes(&self) -> u64 {
        self.fixed
    }

    /// Number of memory slots, one buffer each.
    pub fn slots(&self) -> usize {
        self.slots.len()
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
    for (place, lifetime) in recipe.places.iter().zip(&mut lifetimes) {
        if let (Place::Planned { keep: true, .. }, Some(lifetime)) = (place, lifetime) {
            lifetime.last = recipe.dispatches.len();
        }
    }
    lifetimes
}

#[cfg(test)]
mod tests {
    use super::super::Dispatch;
    use super::*;
    use crate::gpu::{Access, Kernel, Source};

    /// A chain a -> b -> c -> d of equal sizes needs two slots, three when `a` is kept.
    fn chain(keep_first: bool) -> MemoryPlan {
        let mut recipe = Recipe::default();
        let ids: Vec<BufferId> = (0..4)
            .map(|i| {
                recipe.place(Place::Planned {
                    bytes: 1024,
                    keep: i == 3 || (i == 0 && keep_first),
                })
            })
            .collect();
        let dispatch = |bindings| Dispatch {
            kernel: Kernel::new("test", Source::default()),
            bindings,
            note: String::new(),
        };
        recipe.dispatches.push(dispatch(vec![(ids[0], Access::Write)]));
        for pair in ids.windows(2) {
            recipe
                .dispatches
                .push(dispatch(vec![(pair[0], Access::Read), (pair[1], Access::Write)]));
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
    fn a_kept_value_keeps_its_slot() {
        let plan = chain(true);
        assert_eq!(plan.slots(), 3);
        for later in 1..4 {
            assert_ne!(plan.slot_of(BufferId(0)), plan.slot_of(BufferId(later)));
        }
    }
}
