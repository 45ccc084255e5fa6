// The sizes of batch norm, shared by its kernels, and how their threads divide an image batch.
//
// The batch is seen as a matrix of pixels by channels. A thread takes one channel of a run of `chunk` rows; neighbouring
// threads take neighbouring channels, so loads run in order. What is the same for a whole channel is computed once a
// thread, and the channel is found with one remainder a thread rather than one an element.
struct Params {
    rows: u32,
    channels: u32,
    chunk: u32,     // rows in a run
    pieces: u32,    // runs: ceil(rows / chunk)
    epsilon: f32,
}
@group(0) @binding(0) var<uniform> p: Params;

// What thread `number` < pieces * channels takes: channel c of rows start .. end.
struct Run {
    c: u32,
    start: u32,
    end: u32,
}

fn run_of(number: u32) -> Run {
    let start = number / p.channels * p.chunk;
    return Run(number % p.channels, start, min(start + p.chunk, p.rows));
}
