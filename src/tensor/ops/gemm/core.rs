//! Which core computes a product, and the longest sum it can compute.

use crate::gpu::{GemmCore, Variant};
use crate::tensor::{Result, TensorError};

/// The core for an adapter: the one that [`GpuOptions::gemm`](crate::gpu::GpuOptions::gemm) asks for, else chosen by this table:
///
/// | adapter | core | why |
/// |---|---|---|
/// | CPU with subgroups of one size, 4 to 32 lanes | subgroup, with 64-bit loads if there are 64-bit integers | 22 GFLOP/s at 256^3 on lavapipe against 5.4 for tiled and 2.4 for naive; 64-bit loads: 39 against 27 at 1024^3 |
/// | everything else | tiled | uses each loaded number 16 to 128 times; on lavapipe still faster than naive |
///
/// The tile is chosen for each product: `tiled.rs` and `tile.rs` say how.
///
/// # Errors
/// [`TensorError::Parameter`] when the core asked for needs what the adapter lacks.
pub fn gemm_core(variant: Variant) -> Result<GemmCore> {
    let has_subgroups = (4..=32).contains(&variant.lanes);
    match variant.asked_gemm {
        Some(GemmCore::Subgroup) if !has_subgroups => Err(TensorError::Parameter {
            op: "matmul",
            problem:
                "the subgroup core needs subgroups of one fixed size between 4 and 32 lanes, which this adapter lacks"
                    .to_owned(),
        }),
        Some(core) => Ok(core),
        None if variant.is_cpu && has_subgroups => Ok(GemmCore::Subgroup),
        None => Ok(GemmCore::Tiled),
    }
}

/// The maximum number of terms that one workgroup may sum up. lavapipe silently ends the loops of a thread after 65,535
/// iterations in total. The limits are at most half of the longest sum of ones that was measured to be correct there; a GPU
/// loses nothing by them.
pub(super) fn longest_sum(core: GemmCore, checked: bool) -> u32 {
    match core {
        GemmCore::Tiled => 1 << 15,
        GemmCore::Subgroup if checked => 1 << 13,
        GemmCore::Naive | GemmCore::Subgroup => 1 << 17,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_core_can_sum_up_a_part() {
        for (core, checked) in GemmCore::ALL.into_iter().flat_map(|core| [(core, false), (core, true)]) {
            assert!(longest_sum(core, checked) as usize >= super::super::LONGEST_PART, "{core:?} {checked}");
        }
    }

    #[test]
    fn the_table_and_what_is_asked() {
        let variant = |is_cpu, lanes, asked_gemm| Variant {
            asked_gemm,
            is_cpu,
            lanes,
            wide_integers: true,
            barriers_are_cheap: !is_cpu,
            checked: false,
            busy_workgroups: 8,
        };
        let core = |is_cpu, lanes| gemm_core(variant(is_cpu, lanes, None)).unwrap();
        assert_eq!(core(true, 8), GemmCore::Subgroup);
        assert_eq!(core(true, 1), GemmCore::Tiled);
        assert_eq!(core(true, 64), GemmCore::Tiled);
        assert_eq!(core(false, 32), GemmCore::Tiled);
        for asked in GemmCore::ALL {
            assert_eq!(gemm_core(variant(false, 32, Some(asked))).unwrap(), asked);
        }
        let error = gemm_core(variant(false, 1, Some(GemmCore::Subgroup))).unwrap_err();
        assert!(error.to_string().contains("subgroups of one fixed size"), "{error}");
    }
}
