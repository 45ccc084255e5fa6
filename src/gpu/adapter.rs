//! Lists the adapters and chooses one.

use super::{GpuError, quiet_mesa};

/// What a user or the choice of a kernel needs to know about an adapter.
#[derive(Debug, Clone)]
pub struct AdapterSummary {
    /// Its number among the adapters of this machine, from 1; [`GpuOptions::adapter`](super::GpuOptions::adapter) accepts it.
    pub number: usize,
    /// As the driver reports it.
    pub name: String,
    /// The graphics API through which it is accessed.
    pub backend: wgpu::Backend,
    /// Discrete, integrated or virtual GPU, or CPU.
    pub device_type: wgpu::DeviceType,
    /// Driver name and version, as the driver reports them.
    pub driver: String,
    /// Largest range a kernel can bind, in bytes.
    pub max_binding: u64,
    /// Workgroup (shared) memory, in bytes.
    pub workgroup_memory: u32,
    /// Largest number of threads in a workgroup.
    pub max_workgroup_size: u32,
    /// Largest number of storage buffers that one kernel can bind.
    pub storage_buffers: u32,
    /// Lanes in a subgroup, when the adapter has subgroup operations and always uses one size.
    pub subgroup_lanes: Option<u32>,
    /// Whether it can time dispatches.
    pub timestamps: bool,
    /// Whether it has 16-bit floats.
    pub half_floats: bool,
    /// Whether it has 64-bit integers.
    pub wide_integers: bool,
}

impl AdapterSummary {
    fn of(adapter: &wgpu::Adapter, number: usize) -> Self {
        let info = adapter.get_info();
        let limits = adapter.limits();
        let features = adapter.features();
        let one_size = info.subgroup_min_size == info.subgroup_max_size;
        Self {
            number,
            name: info.name,
            backend: info.backend,
            device_type: info.device_type,
            driver: format!("{} {}", info.driver, info.driver_info).trim().to_owned(),
            max_binding: limits.max_storage_buffer_binding_size,
            workgroup_memory: limits.max_compute_workgroup_storage_size,
            max_workgroup_size: limits.max_compute_invocations_per_workgroup,
            storage_buffers: limits.max_storage_buffers_per_shader_stage,
            subgroup_lanes: (features.contains(wgpu::Features::SUBGROUP) && one_size).then_some(info.subgroup_max_size),
            timestamps: features.contains(wgpu::Features::TIMESTAMP_QUERY),
            half_floats: features.contains(wgpu::Features::SHADER_F16),
            wide_integers: features.contains(wgpu::Features::SHADER_INT64),
        }
    }

    /// Whether the "GPU" is software running on the CPU (lavapipe, WARP).
    pub fn is_cpu(&self) -> bool {
        self.device_type == wgpu::DeviceType::Cpu
    }

    /// Higher is better: a discrete GPU, then an integrated one, a virtual one, and the CPU last.
    fn rank(&self) -> u8 {
        match self.device_type {
            wgpu::DeviceType::DiscreteGpu => 4,
            wgpu::DeviceType::IntegratedGpu => 3,
            wgpu::DeviceType::VirtualGpu => 2,
            wgpu::DeviceType::Other => 1,
            wgpu::DeviceType::Cpu => 0,
        }
    }
}

fn adapters() -> Vec<(wgpu::Adapter, AdapterSummary)> {
    quiet_mesa();
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle_from_env());
    pollster::block_on(instance.enumerate_adapters(wgpu::Backends::all()))
        .into_iter()
        .zip(1..)
        .map(|(adapter, number)| {
            let summary = AdapterSummary::of(&adapter, number);
            (adapter, summary)
        })
        .collect()
}

/// All adapters that wgpu finds on this machine, in its order.
pub fn list_adapters() -> Vec<AdapterSummary> {
    adapters().into_iter().map(|(_, summary)| summary).collect()
}

/// The best adapter, or the best whose number is `asked` or whose name contains it; the first of equals.
pub(super) fn choose(asked: Option<&str>) -> Result<(wgpu::Adapter, AdapterSummary), GpuError> {
    let all = adapters();
    if all.is_empty() {
        return Err(GpuError::NoAdapter(no_adapter_message()));
    }
    let names: Vec<String> = all.iter().map(|(_, s)| format!("{} '{}'", s.number, s.name)).collect();
    // Longer numbers are parts of names, such as 4090.
    let number: Option<usize> = asked.filter(|asked| asked.len() <= 2).and_then(|asked| asked.parse().ok());
    let wanted = asked.map(str::to_lowercase);
    let mut best: Option<(wgpu::Adapter, AdapterSummary)> = None;
    for candidate in all {
        let summary = &candidate.1;
        let fits = match (number, &wanted) {
            (Some(number), _) => summary.number == number,
            (None, Some(part)) => summary.name.to_lowercase().contains(part),
            (None, None) => true,
        };
        let better = best.as_ref().is_none_or(|(_, b)| summary.rank() > b.rank());
        if fits && better {
            best = Some(candidate);
        }
    }
    best.ok_or_else(|| GpuError::AdapterNotFound {
        asked: asked.unwrap_or_default().to_owned(),
        found: names.join(", "),
    })
}

fn no_adapter_message() -> String {
    let set: Vec<String> = std::env::vars_os()
        .filter_map(|(name, value)| {
            let name = name.into_string().ok()?;
            (name.starts_with("WGPU_") || name.starts_with("VK_"))
                .then(|| format!("{name}={}", value.to_string_lossy()))
        })
        .collect();
    let set = if set.is_empty() { "none is set".to_owned() } else { set.join(", ") };
    let (tried, remedy) = if cfg!(target_os = "macos") {
        ("Metal", "this needs macOS with Metal; a virtual machine may have none")
    } else if cfg!(target_os = "windows") {
        ("DX12 and Vulkan", "install your graphics card's driver; without a card, Windows' WARP driver is used")
    } else {
        (
            "Vulkan",
            "run ./setup.sh, which installs Mesa's software driver on Debian and Ubuntu \
             (apt-get install libvulkan1 mesa-vulkan-drivers), or install your graphics card's Vulkan driver",
        )
    };
    format!(
        "no GPU adapter found. Tried: {tried}. Found: none. \
         Variables that steer the search (WGPU_*, VK_*): {set}. Remedy: {remedy}"
    )
}
