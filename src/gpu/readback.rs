//! Reading results without stalling: copy to a mappable buffer now, read it once it has arrived.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use super::{Gpu, GpuError, Slice};

const PENDING: u8 = 0;
const READY: u8 = 1;
const FAILED: u8 = 2;

/// Repeated reading of one slice through a ring of buffers created in advance.
///
/// [`request`](Readback::request) queues a copy of what the slice holds after all work submitted so far;
/// [`poll`](Readback::poll) returns the oldest copy once it has arrived, [`wait`](Readback::wait) waits for it.
#[derive(Debug)]
pub struct Readback {
    source: Slice,
    free: Vec<Slice>,
    in_flight: VecDeque<(Slice, wgpu::SubmissionIndex, Arc<AtomicU8>)>,
}

impl Readback {
    /// A ring for up to `depth` copies in flight at once.
    ///
    /// # Errors
    /// As [`Gpu::storage`].
    pub fn new(gpu: &Gpu, source: Slice, depth: usize) -> Result<Self, GpuError> {
        let usage = wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST;
        let free =
            (0..depth.max(1)).map(|_| gpu.make_buffer("read-back", source.bytes, usage)).collect::<Result<_, _>>()?;
        Ok(Self { source, free, in_flight: VecDeque::new() })
    }

    /// Queues a copy. Returns false, doing nothing, when all buffers of the ring are in flight.
    ///
    /// # Errors
    /// [`GpuError::Failed`] when the device is lost.
    pub fn request(&mut self, gpu: &Gpu) -> Result<bool, GpuError> {
        gpu.health()?;
        let Some(target) = self.free.pop() else {
            return Ok(false);
        };
        let mut encoder = gpu.device().create_command_encoder(&Default::default());
        encoder.copy_buffer_to_buffer(self.source.buffer(), self.source.offset, target.buffer(), 0, self.source.bytes);
        let submission = gpu.queue().submit([encoder.finish()]);
        let state = Arc::new(AtomicU8::new(PENDING));
        let reached = Arc::clone(&state);
        target.buffer().map_async(wgpu::MapMode::Read, .., move |result| {
            reached.store(if result.is_ok() { READY } else { FAILED }, Ordering::Release);
        });
        self.in_flight.push_back((target, submission, state));
        Ok(true)
    }

    /// The oldest copy, if it has arrived.
    ///
    /// # Errors
    /// [`GpuError::Failed`] when the device is lost.
    pub fn poll(&mut self, gpu: &Gpu) -> Result<Option<Vec<u8>>, GpuError> {
        gpu.poll()?;
        match self.in_flight.front() {
            Some((_, _, state)) if state.load(Ordering::Acquire) != PENDING => self.take(gpu, <[u8]>::to_vec).map(Some),
            _ => Ok(None),
        }
    }

    /// Waits for the oldest copy.
    ///
    /// # Errors
    /// [`GpuError::Failed`] when the device is lost, [`GpuError::Invalid`] when none was requested.
    pub fn wait(&mut self, gpu: &Gpu) -> Result<Vec<u8>, GpuError> {
        self.wait_with(gpu, <[u8]>::to_vec)
    }

    /// As [`Readback::wait`], but `use_it` sees the copy where it lies, which may save the time for new memory.
    ///
    /// # Errors
    /// As [`Readback::wait`].
    pub fn wait_with<T>(&mut self, gpu: &Gpu, use_it: impl FnOnce(&[u8]) -> T) -> Result<T, GpuError> {
        if let Some((_, submission, state)) = self.in_flight.front() {
            gpu.wait(Some(submission.clone()))?;
            // Another thread's poll may have taken the callback and be about to run it.
            while state.load(Ordering::Acquire) == PENDING {
                std::thread::yield_now();
                gpu.poll()?;
            }
        }
        self.take(gpu, use_it)
    }

    fn take<T>(&mut self, gpu: &Gpu, use_it: impl FnOnce(&[u8]) -> T) -> Result<T, GpuError> {
        let invalid = |message: String| GpuError::Invalid { what: "read-back".to_owned(), message };
        let Some((buffer, _, state)) = self.in_flight.pop_front() else {
            return Err(invalid("nothing was requested".to_owned()));
        };
        if state.load(Ordering::Acquire) != READY {
            gpu.health()?;
            return Err(invalid("the buffer could not be mapped".to_owned()));
        }
        let result = use_it(&buffer.buffer().get_mapped_range(..).map_err(|e| invalid(e.to_string()))?);
        buffer.buffer().unmap();
        self.free.push(buffer);
        Ok(result)
    }
}
