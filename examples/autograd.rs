//! Tensors, `backward` and `to_vec`: fits a line to points by gradient descent.
//!
//! cargo run --release --example autograd
use selvedge::gpu::{Gpu, GpuOptions};
use selvedge::tensor::{Graph, Result};

fn main() -> Result<()> {
    let graph = Graph::new(&Gpu::open(&GpuOptions::from_env()?)?);

    // Points on y = 3 x - 1, and a line w x + b that is not fitted to them yet.
    let x = graph.tensor([4, 1], &[0.0, 1.0, 2.0, 3.0])?;
    let y = graph.tensor([4, 1], &[-1.0, 2.0, 5.0, 8.0])?;
    let w = graph.tensor([1, 1], &[0.0])?;
    let b = graph.tensor([1], &[0.0])?;

    // These calls record a graph and check shapes; nothing runs yet.
    let error = x.matmul(&w)?.add(&b)?.add(&y.scale(-1.0)?)?;
    let loss = error.mul(&error)?.mean()?;
    let gradients = loss.backward(&[&w, &b])?;
    println!("loss {:?}, gradient of w {:?}", loss.to_vec()?, gradients[0].to_vec()?);

    // Compiled once, run many times.
    let mut step = graph.compile(&[&loss, &gradients[0], &gradients[1]])?;
    for i in 0..=200 {
        step.run()?;
        for (parameter, gradient) in [&w, &b].into_iter().zip(&gradients) {
            parameter.write(&[parameter.to_vec()?[0] - 0.1 * step.read(gradient)?[0]])?;
        }
        if i % 50 == 0 {
            println!("step {i}: loss {:.6}", step.read(&loss)?[0]);
        }
    }
    println!("w = {:.3}, b = {:.3}", w.to_vec()?[0], b.to_vec()?[0]);
    Ok(())
}
