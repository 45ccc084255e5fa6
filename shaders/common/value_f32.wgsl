// A value that a thread takes at once: one number.
//
// Threads: no map of its own.
// Bytes:   4 a value.
// Why:     sizes that 4 does not divide. value_vec4.wgsl is the other filling of the choice `value`.
alias Value = f32;
alias Flags = bool;  // a yes or no for each number of a Value
