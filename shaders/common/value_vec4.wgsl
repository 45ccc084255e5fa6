// What a thread processes at once: four numbers side by side in memory.
//
// Threads: no thread mapping of its own.
// Bytes:   16 per value.
// Why:     one load or store for four numbers, where 4 divides the sizes. value_f32.wgsl is for other sizes.
alias Value = vec4<f32>;
alias Flags = vec4<bool>;  // a bool for each number of a Value
