// What a thread processes at once: one number.
//
// Threads: no thread mapping of its own.
// Bytes:   4 per value.
// Why:     for sizes that 4 does not divide. value_vec4.wgsl is the other option of the choice `value`.
alias Value = f32;
alias Flags = bool;  // a bool for each number of a Value
