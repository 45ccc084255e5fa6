//! The table of all files under `shaders/`, by name: the one place where a name is turned into text.

/// A file of `shaders/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShaderFile {
    /// Its path in the folder, such as `"pool/max.wgsl"`.
    pub name: &'static str,
    /// Its contents.
    pub text: &'static str,
}

/// All of them, sorted by name. The build script lists them, so that none can be forgotten.
pub const SHADER_FILES: &[ShaderFile] = include!(concat!(env!("OUT_DIR"), "/shaders.rs"));

/// The file with this name.
pub fn find_shader(name: &str) -> Option<&'static ShaderFile> {
    let place = SHADER_FILES.binary_search_by_key(&name, |file| file.name).ok()?;
    Some(&SHADER_FILES[place])
}

/// As [`find_shader`], at compile time: an unknown name does not compile.
pub(crate) const fn shader_file(name: &str) -> &'static ShaderFile {
    let mut i = 0;
    while i < SHADER_FILES.len() {
        if is_equal(SHADER_FILES[i].name.as_bytes(), name.as_bytes()) {
            return &SHADER_FILES[i];
        }
        i += 1;
    }
    panic!("there is no such file in shaders/");
}

const fn is_equal(a: &[u8], b: &[u8]) -> bool {
    let mut i = 0;
    while i < a.len() && i < b.len() && a[i] == b[i] {
        i += 1;
    }
    i == a.len() && i == b.len()
}

/// The named file of `shaders/`, with everything it imports, as a [`Source`](crate::gpu::Source).
macro_rules! shader {
    ($file:literal) => {
        $crate::gpu::Source::built_in(const { $crate::gpu::shader_file($file) })
    };
}
pub(crate) use shader;
