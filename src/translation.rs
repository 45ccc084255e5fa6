//! A kernel's text in the languages of Vulkan, Metal and DX12, translated by naga as wgpu does.

use naga::back::{hlsl, msl, spv};
use naga::proc::{BoundsCheckPolicies, BoundsCheckPolicy};
use naga::valid::{Capabilities, ModuleInfo, ValidationFlags, Validator};
use naga::{Module, ShaderStage};

/// Why a text cannot be translated, as the compiler says it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TranslationError(pub String);

/// A text that naga has read and validated, with the numbers of its `override` constants in it.
#[derive(Debug)]
pub struct Translation {
    module: Module,
    info: ModuleInfo,
}

/// Built-in kernels run without bounds checks.
const UNCHECKED: BoundsCheckPolicies = BoundsCheckPolicies {
    index: BoundsCheckPolicy::Unchecked,
    buffer: BoundsCheckPolicy::Unchecked,
    image_load: BoundsCheckPolicy::Unchecked,
    binding_array: BoundsCheckPolicy::Unchecked,
};

impl Translation {
    /// Reads WGSL whose entry point is `main`.
    ///
    /// # Errors
    /// What naga says, with the place in the text.
    pub fn of(text: &str, constants: &[(&str, f64)]) -> Result<Self, TranslationError> {
        let module = naga::front::wgsl::parse_str(text).map_err(|e| TranslationError(e.emit_to_string(text)))?;
        let capabilities = Capabilities::SUBGROUP | Capabilities::SUBGROUP_BARRIER | Capabilities::SHADER_INT64;
        let mut validator = Validator::new(ValidationFlags::all(), capabilities);
        validator.subgroup_stages(naga::valid::ShaderStages::COMPUTE);
        validator.subgroup_operations(naga::valid::SubgroupOperationSet::all());
        let info = validator.validate(&module).map_err(|e| TranslationError(e.emit_to_string(text)))?;
        let constants = constants.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
        let entry = Some((ShaderStage::Compute, "main"));
        let (module, info) = naga::back::pipeline_constants::process_overrides(&module, &info, entry, &constants)
            .map_err(|e| TranslationError(e.to_string()))?;
        Ok(Self { module: module.into_owned(), info: info.into_owned() })
    }

    /// SPIR-V for Vulkan 1.3.
    ///
    /// # Errors
    /// What SPIR-V cannot express.
    pub fn spirv(&self) -> Result<Vec<u32>, TranslationError> {
        let options = spv::Options {
            lang_version: (1, 6),
            bounds_check_policies: UNCHECKED,
            zero_initialize_workgroup_memory: spv::ZeroInitializeWorkgroupMemoryMode::None,
            force_loop_bounding: false,
            ..Default::default()
        };
        spv::write_vec(&self.module, &self.info, &options, None).map_err(|e| TranslationError(e.to_string()))
    }

    /// Metal's shading language.
    ///
    /// # Errors
    /// What Metal cannot express.
    pub fn metal(&self) -> Result<String, TranslationError> {
        let options = msl::Options {
            lang_version: (2, 4),
            bounds_check_policies: UNCHECKED,
            zero_initialize_workgroup_memory: false,
            force_loop_bounding: false,
            fake_missing_bindings: false,
            per_entry_point_map: self.metal_bindings(),
            ..Default::default()
        };
        let written = msl::write_string(&self.module, &self.info, &options, &msl::PipelineOptions::default());
        written.map(|(text, _)| text).map_err(|e| TranslationError(e.to_string()))
    }

    /// Buffers by the numbers of their bindings, as wgpu has them, and after these one with the lengths of all.
    fn metal_bindings(&self) -> msl::EntryPointResourceMap {
        let bound = self.module.global_variables.iter().filter_map(|(_, variable)| {
            let binding = variable.binding?;
            let mutable = matches!(variable.space, naga::AddressSpace::Storage { access } if access.contains(naga::StorageAccess::STORE));
            let buffer = u8::try_from(binding.binding).ok();
            Some((binding, msl::BindTarget { buffer, mutable, ..Default::default() }))
        });
        let resources: msl::BindingMap = bound.collect();
        let sizes_buffer = u8::try_from(resources.len()).ok();
        let of_entry = msl::EntryPointResources { resources, sizes_buffer, ..Default::default() };
        [("main".to_owned(), of_entry)].into()
    }

    /// HLSL for DX12. The text should be one with written-out loops, [`Gpu::unrolled_text_of`](crate::gpu::Gpu::unrolled_text_of).
    ///
    /// # Errors
    /// What HLSL cannot express.
    pub fn hlsl(&self) -> Result<String, TranslationError> {
        let options = hlsl::Options {
            shader_model: hlsl::ShaderModel::V6_0,
            zero_initialize_workgroup_memory: false,
            force_loop_bounding: false,
            restrict_indexing: false,
            ..Default::default()
        };
        let pipeline_options = hlsl::PipelineOptions::default();
        let mut text = String::new();
        let written = hlsl::Writer::new(&mut text, &options, &pipeline_options).write(&self.module, &self.info, None);
        written.map(|_| text).map_err(|e| TranslationError(e.to_string()))
    }
}
