// A value that a thread takes at once: four numbers side by side in memory.
//
// Threads: no map of its own.
// Bytes:   16 a value.
// Why:     one load or store for four numbers, where 4 divides the sizes. value_f32.wgsl is for the others.
alias Value = vec4<f32>;
alias Flags = vec4<bool>;  // a yes or no for each number of a Value
