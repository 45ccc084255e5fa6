// Pooling after batch norm: the input (after ReLU, before normalisation) that won each window is kept for the backward pass.
//
// winners  [n, out_h, out_w, groups]
// Threads: called by apply.wgsl for each window; no thread mapping of its own.
// Bytes:   4 per element.
// Why:     gamma's gradient needs exactly these numbers, and comparing with them finds the winner again; an index would need
//          another read.
#import norm/sizes.wgsl
@group(0) @binding(8) var<storage, read_write> winners: array<Channels>;

fn keep_winner(window: u32, winner: Channels) {
    winners[window] = winner;
}
