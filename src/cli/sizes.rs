//! Sizes on the command line.

/// Sizes such as `512x512x512`.
#[derive(Debug, Clone)]
pub struct Sizes(pub Vec<usize>);

impl std::str::FromStr for Sizes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let sizes: Option<Vec<usize>> =
            text.split(['x', 'X']).map(|size| size.parse().ok().filter(|size| *size > 0)).collect();
        sizes.map(Self).ok_or_else(|| "write sizes above 0 as 512x512x512".to_owned())
    }
}

/// Sizes as [`Sizes`] are written.
pub fn shown(sizes: &[usize]) -> String {
    sizes.iter().map(usize::to_string).collect::<Vec<_>>().join("x")
}
