pub mod gpu;
pub mod gradcheck;
pub mod program;
pub mod tensor;
