//! A kernel in the languages of Vulkan, Metal and DX12, as wgpu translates it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use selvedge::gpu::Kernel;
use selvedge::translation::Translation;
use serde_json::json;

/// A text with the numbers of its `override` constants.
#[derive(Debug, Clone)]
pub struct Specialised {
    pub name: String,
    pub text: String,
    /// As DX12 gets it.
    pub unrolled: String,
    pub constants: Vec<(&'static str, f64)>,
}

/// The same in other languages.
pub struct Translations {
    spirv: Vec<u32>,
    metal: String,
    hlsl: String,
}

impl Specialised {
    pub fn of(name: String, kernel: &Kernel) -> Self {
        let source = &kernel.source;
        let (text, unrolled) = (source.text().unwrap(), source.unrolled_text().unwrap());
        Self { name, text, unrolled, constants: kernel.constants.clone() }
    }

    /// What two equal ones have in common.
    pub fn key(&self) -> (String, String) {
        (self.text.clone(), format!("{:?}", self.constants))
    }

    /// Validates it and translates it, without bounds checks, as built-in kernels run on a GPU.
    pub fn translate(&self) -> Translations {
        let name = &self.name;
        let read = |text: &str| Translation::of(text, &self.constants).unwrap_or_else(|e| panic!("{name}: {e}"));
        let whole = read(&self.text);
        let spirv = whole.spirv().unwrap_or_else(|e| panic!("{name} to SPIR-V: {e}"));
        assert_eq!(spirv[0], 0x0723_0203, "{name}: SPIR-V's magic number");
        let metal = whole.metal().unwrap_or_else(|e| panic!("{name} to MSL: {e}"));
        assert!(metal.contains("kernel void"), "{name}");
        let hlsl = read(&self.unrolled).hlsl().unwrap_or_else(|e| panic!("{name} to HLSL: {e}"));
        assert!(hlsl.contains("numthreads"), "{name}");
        // naga 30 defines the zero of a vector once for each function that uses it: write `vec4<f32>(0.0)` instead.
        let zeros: Vec<&str> = hlsl.lines().filter(|line| line.contains(" ZeroValue") && line.ends_with('{')).collect();
        let distinct: BTreeSet<&str> = zeros.iter().copied().collect();
        assert_eq!(
            zeros.len(),
            distinct.len(),
            "{name}: the HLSL defines a function twice, which DX12's compiler refuses"
        );
        Translations { spirv, metal, hlsl }
    }

    /// Writes the text and its translations as files `number.*`, and gives the line that lists them.
    pub fn write(&self, folder: &Path, number: usize, translations: &Translations) -> String {
        let file = |ending| folder.join(format!("{number:03}.{ending}"));
        let write =
            |path: PathBuf, bytes: &[u8]| std::fs::write(&path, bytes).unwrap_or_else(|e| panic!("{path:?}: {e}"));
        write(file("wgsl"), self.text.as_bytes());
        write(file("spv"), &translations.spirv.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<_>>());
        write(file("metal"), translations.metal.as_bytes());
        write(file("hlsl"), translations.hlsl.as_bytes());
        let constants: serde_json::Map<_, _> =
            self.constants.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        json!({ "number": format!("{number:03}"), "name": self.name, "constants": constants }).to_string()
    }
}
