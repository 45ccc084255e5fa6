//! Buffers: creating them (with an error instead of a panic), filling them and reading them back.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::memory::Counted;
use super::{Gpu, GpuError, Readback};

/// A range of a buffer, in bytes. Kernels bind slices; the offset is a multiple of [`Gpu::slice_alignment`].
#[derive(Debug, Clone)]
pub struct Slice {
    buffer: Arc<Counted>,
    pub(super) offset: u64,
    pub(super) bytes: u64,
}

impl Slice {
    /// The part of this slice that starts `offset` bytes in and is `bytes` long.
    pub fn part(&self, offset: u64, bytes: u64) -> Slice {
        debug_assert!(offset + bytes <= self.bytes);
        Slice { buffer: Arc::clone(&self.buffer), offset: self.offset + offset, bytes }
    }

    /// Where it begins in its buffer, in bytes.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// All of its buffer.
    pub(crate) fn whole_buffer(&self) -> Slice {
        Slice { buffer: Arc::clone(&self.buffer), offset: 0, bytes: self.buffer.raw.size() }
    }

    /// Length in bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn buffer(&self) -> &wgpu::Buffer {
        &self.buffer.raw
    }

    /// Bytes covered by at least one of the slices.
    pub(crate) fn bytes_covered<'a>(slices: impl Iterator<Item = &'a Slice>) -> u64 {
        let range = |slice: &Slice| (Arc::as_ptr(&slice.buffer) as usize, slice.offset, slice.offset + slice.bytes);
        let mut ranges: Vec<_> = slices.map(range).collect();
        ranges.sort_unstable();
        let (mut covered, mut end) = (0, (0, 0));
        for (buffer, first, last) in ranges {
            let from = if end.0 == buffer { first.max(end.1) } else { first };
            covered += last.saturating_sub(from);
            end = (buffer, last.max(from));
        }
        covered
    }

    /// Whether both are in the same buffer.
    pub(crate) fn shares_buffer(&self, other: &Slice) -> bool {
        Arc::ptr_eq(&self.buffer, &other.buffer)
    }

    pub(crate) fn binding(&self) -> wgpu::BindingResource<'_> {
        wgpu::BindingResource::Buffer(wgpu::BufferBinding {
            buffer: self.buffer(),
            offset: self.offset,
            size: std::num::NonZeroU64::new(self.bytes),
        })
    }
}

impl Gpu {
    /// Offsets of bound slices must be multiples of this many bytes. 256 is what every adapter accepts,
    /// and the constant keeps layouts the same everywhere.
    pub const fn slice_alignment() -> u64 {
        256
    }

    /// Bytes of memory for `elements` words that kernels bind. WebGPU allows no empty binding, nor one shorter than an
    /// element of the shader's array, so memory for zero elements has room for one of the widest: eight floats
    /// (`shaders/gemm/a_wide.wgsl`).
    pub(crate) fn binding_bytes(elements: usize) -> u64 {
        const WIDEST: u64 = 32;
        if elements == 0 { WIDEST } else { (elements as u64).saturating_mul(4) }
    }

    /// A zeroed storage buffer of at least `bytes` bytes; `what` names it in errors.
    ///
    /// # Errors
    /// [`GpuError::TooLarge`] before asking the driver, [`GpuError::OutOfMemory`] when it refuses.
    pub fn storage(&self, what: &str, bytes: u64) -> Result<Slice, GpuError> {
        self.make_buffer(
            what,
            bytes,
            wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST,
        )
    }

    /// A storage buffer filled with `contents`.
    ///
    /// # Errors
    /// As [`Gpu::storage`].
    pub fn storage_with(&self, what: &str, contents: &[u8]) -> Result<Slice, GpuError> {
        let slice = self.storage(what, contents.len() as u64)?;
        self.write(&slice, contents)?;
        Ok(slice)
    }

    /// A uniform buffer filled with `contents`.
    pub(crate) fn uniform_with(&self, what: &str, contents: &[u8]) -> Result<Slice, GpuError> {
        let usage = wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST;
        let slice = self.make_buffer(what, contents.len() as u64, usage)?;
        self.write(&slice, contents)?;
        Ok(slice)
    }

    pub(crate) fn make_buffer(&self, what: &str, bytes: u64, usage: wgpu::BufferUsages) -> Result<Slice, GpuError> {
        let bytes = bytes.max(4).next_multiple_of(4);
        let limit = self.largest_binding();
        if bytes > limit {
            return Err(GpuError::TooLarge { what: what.to_owned(), bytes, limit });
        }
        let buffer = self.guarded(
            || format!("{what} ({bytes} bytes)"),
            || {
                self.device.create_buffer(&wgpu::BufferDescriptor {
                    label: Some(what),
                    size: bytes,
                    usage,
                    mapped_at_creation: false,
                })
            },
        )?;
        self.counters.buffers.fetch_add(1, Ordering::Relaxed);
        Ok(Slice { buffer: Counted::new(buffer, &self.in_use), offset: 0, bytes })
    }

    /// Copies `contents` to the start of `slice`, before all work that is submitted later.
    ///
    /// # Errors
    /// [`GpuError::Invalid`] when it does not fit or its length is not a multiple of four bytes.
    pub fn write(&self, slice: &Slice, contents: &[u8]) -> Result<(), GpuError> {
        if contents.len() as u64 > slice.bytes || !contents.len().is_multiple_of(4) {
            return Err(GpuError::Invalid {
                what: "write to a buffer".to_owned(),
                message: format!("{} bytes do not fit a slice of {} bytes in whole words", contents.len(), slice.bytes),
            });
        }
        self.health()?;
        self.queue.write_buffer(slice.buffer(), slice.offset, contents);
        if !contents.is_empty() {
            self.recording().write(slice, contents);
        }
        Ok(())
    }

    /// Waits for all submitted work and returns the bytes of `slice`.
    ///
    /// # Errors
    /// [`GpuError::Failed`] when the device is lost.
    pub fn read(&self, slice: &Slice) -> Result<Vec<u8>, GpuError> {
        let mut readback = Readback::new(self, slice.clone(), 1)?;
        readback.request(self)?;
        readback.wait(self)
    }
}
