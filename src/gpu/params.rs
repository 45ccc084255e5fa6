//! The uniform structs of `shaders/` in Rust, `<folder>::<file>::<Struct>`, translated by the build script.
//!
//! A field's comment is the one beside it in the WGSL.
#![allow(dead_code)] // a struct is translated whether or not a kernel of this crate is launched with it

include!(concat!(env!("OUT_DIR"), "/params.rs"));

#[cfg(test)]
mod tests {
    use std::mem::{offset_of, size_of};

    use super::conv::rows_input_grad;
    use super::norm::sizes;
    use crate::gpu::{Source, find_shader};

    /// Offsets of the named fields of a file's struct according to naga, and its size.
    fn layout(file: &str, name: &str, fields: &[&str]) -> (Vec<usize>, usize) {
        let text = Source::example(find_shader(file).unwrap()).text().unwrap();
        let module = naga::front::wgsl::parse_str(&text).unwrap();
        let mut types = module.types.iter().map(|(_, ty)| ty);
        let params = types.find(|ty| ty.name.as_deref() == Some(name)).unwrap();
        let naga::TypeInner::Struct { members, span } = &params.inner else {
            panic!("{params:?}");
        };
        let offset = |field: &&str| {
            let member = members.iter().find(|m| m.name.as_deref() == Some(field)).unwrap();
            member.offset as usize
        };
        (fields.iter().map(offset).collect(), *span as usize)
    }

    #[test]
    fn structs_have_the_layout_of_wgsl() {
        use rows_input_grad::Params;
        let offsets = vec![offset_of!(Params, product), offset_of!(Params, conv), offset_of!(Params, images)];
        let wgsl = layout("conv/rows_input_grad.wgsl", "Params", &["product", "conv", "images"]);
        assert_eq!((offsets, size_of::<Params>()), wgsl);

        let offsets = vec![offset_of!(sizes::Sizes, n), offset_of!(sizes::Sizes, epsilon)];
        let wgsl = layout("norm/sizes.wgsl", "Sizes", &["n", "epsilon"]);
        assert_eq!((offsets, size_of::<sizes::Sizes>()), wgsl);
    }
}
