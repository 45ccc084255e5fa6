//! How much memory the device has, and how much of it our buffers use.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{AdapterSummary, Gpu};

/// A device buffer that is counted as memory in use for as long as it lives.
#[derive(Debug)]
pub(super) struct Counted {
    pub raw: wgpu::Buffer,
    in_use: Arc<AtomicU64>,
}

impl Counted {
    pub fn new(raw: wgpu::Buffer, in_use: &Arc<AtomicU64>) -> Arc<Self> {
        in_use.fetch_add(raw.size(), Ordering::Relaxed);
        Arc::new(Self { raw, in_use: Arc::clone(in_use) })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.in_use.fetch_sub(self.raw.size(), Ordering::Relaxed);
    }
}

impl Gpu {
    /// Bytes of memory that all buffers together may take; `None` when the driver does not report it.
    pub fn memory(&self) -> Option<u64> {
        self.memory
    }

    /// Bytes of all buffers that are alive.
    pub fn memory_in_use(&self) -> u64 {
        self.in_use.load(Ordering::Relaxed)
    }

    /// Bytes that buffers may still take; `None` when the driver does not report it.
    pub fn memory_left(&self) -> Option<u64> {
        self.memory.map(|all| all.saturating_sub(self.memory_in_use()))
    }

    /// Whether this many bytes of images had better be sent batch by batch than kept on the device: they do not fit one binding,
    /// would leave less than half of the memory, or are too many for 32-bit offsets; or [`GpuOptions`](super::GpuOptions) ask for it.
    pub fn streams(&self, bytes: u64) -> bool {
        let crowds = self.memory_left().is_some_and(|left| bytes > left / 2);
        self.stream || crowds || bytes > self.largest_binding().min(u64::from(u32::MAX))
    }

    /// Most bytes that a kernel can bind at once; no buffer is larger.
    pub fn largest_binding(&self) -> u64 {
        let limits = self.device.limits();
        limits.max_storage_buffer_binding_size.min(limits.max_buffer_size)
    }
}

/// The memory of an adapter: a GPU's own, or the machine's free memory for an adapter on the CPU.
pub(super) fn of_adapter(adapter: &wgpu::Adapter, summary: &AdapterSummary) -> Option<u64> {
    if summary.is_cpu() { free_memory_of_the_machine() } else { vulkan_heap(adapter) }
}

/// Linux reports how much is available without swapping; elsewhere the driver has the last word.
fn free_memory_of_the_machine() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes * 1024)
}

/// The largest device-local heap.
#[cfg(not(any(target_vendor = "apple", target_family = "wasm")))]
fn vulkan_heap(adapter: &wgpu::Adapter) -> Option<u64> {
    const DEVICE_LOCAL: u32 = 1;
    // SAFETY: the handle is used for one query while `adapter` is alive, and nothing is destroyed through it.
    let raw = unsafe { adapter.as_hal::<wgpu::hal::api::Vulkan>() }?;
    let instance = raw.shared_instance().raw_instance();
    // SAFETY: the physical device belongs to this instance.
    let memory = unsafe { instance.get_physical_device_memory_properties(raw.raw_physical_device()) };
    let heaps = memory.memory_heaps.iter().take(memory.memory_heap_count as usize);
    let local = heaps.filter(|heap| heap.flags.as_raw() & DEVICE_LOCAL != 0);
    local.map(|heap| heap.size).max()
}

#[cfg(any(target_vendor = "apple", target_family = "wasm"))]
fn vulkan_heap(_: &wgpu::Adapter) -> Option<u64> {
    None
}
