// No pooling after batch norm: there is no winner to keep. See winners.wgsl.
//
// Threads: called by apply.wgsl; no thread mapping of its own.
// Bytes:   none.
// Why:     lets one kernel normalise with and without pooling.
#import norm/sizes.wgsl
fn keep_winner(window: u32, winner: Channels) {}
