//! What an NVIDIA card lacks to be found through Vulkan on Linux, where a container often has half of its driver: CUDA works, and
//! Vulkan sees nothing.

use std::path::Path;

use selvedge::gpu::AdapterSummary;

/// One line for each thing that is missing, if there is a card and no adapter of it. `root` is the root of the file system.
pub fn missing(root: &Path, adapters: &[AdapterSummary]) -> Vec<String> {
    // Older cards have names such as Tesla T4, but their driver says whose it is.
    let is_nvidia = |text: &str| text.to_lowercase().contains("nvidia");
    missing_of(root, adapters.iter().any(|adapter| is_nvidia(&adapter.name) || is_nvidia(&adapter.driver)))
}

fn missing_of(root: &Path, is_found: bool) -> Vec<String> {
    let exists = |path: &str| root.join(path).exists();
    let has_card = exists("proc/driver/nvidia/version") || exists("dev/nvidiactl");
    if is_found || !has_card {
        return Vec::new();
    }
    let has_library = |name: &str| LIBRARIES.iter().any(|folder| root.join(folder).join(name).exists());
    let mut lines = vec!["There is an NVIDIA card, and Vulkan does not see it:".to_owned()];
    if !has_library("libGLX_nvidia.so.0") {
        lines.push(
            "- its Vulkan driver, libGLX_nvidia.so.0, is not here. In a container, start it with \
             NVIDIA_DRIVER_CAPABILITIES=all (or one that has `graphics`); else install NVIDIA's driver"
                .to_owned(),
        );
    }
    if !MANIFESTS.iter().any(|folder| exists(&format!("{folder}/nvidia_icd.json"))) {
        lines.push(
            "- there is no nvidia_icd.json in /usr/share/vulkan/icd.d or /etc/vulkan/icd.d. It may hold \
             {\"file_format_version\": \"1.0.1\", \"ICD\": {\"library_path\": \"libGLX_nvidia.so.0\", \"api_version\": \"1.3\"}}"
                .to_owned(),
        );
    }
    if !has_library("libEGL.so.1") {
        lines.push("- the driver needs libEGL.so.1: apt-get install libegl1".to_owned());
    }
    if lines.len() == 1 {
        lines.push(
            "- its files are all here; VK_LOADER_DEBUG=all tells what the Vulkan loader does with them".to_owned(),
        );
    }
    lines
}

/// Where Linux distributions and NVIDIA's containers have libraries.
const LIBRARIES: [&str; 5] =
    ["usr/lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu", "usr/lib64", "usr/lib", "usr/local/nvidia/lib64"];

/// Where the Vulkan loader looks for drivers.
const MANIFESTS: [&str; 3] = ["usr/share/vulkan/icd.d", "etc/vulkan/icd.d", "usr/local/share/vulkan/icd.d"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_with_half_a_driver_is_told_the_other_half() {
        let folder = tempfile::tempdir().unwrap();
        let make = |path: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        };
        assert!(missing_of(folder.path(), false).is_empty(), "no card, nothing missing");
        make("dev/nvidiactl");
        assert!(missing_of(folder.path(), true).is_empty(), "the card is found");
        let text = missing_of(folder.path(), false).join("\n");
        for part in ["libGLX_nvidia.so.0, is not here", "nvidia_icd.json", "libegl1"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        make("usr/lib/x86_64-linux-gnu/libGLX_nvidia.so.0");
        make("etc/vulkan/icd.d/nvidia_icd.json");
        let text = missing_of(folder.path(), false).join("\n");
        assert!(text.contains("libegl1") && !text.contains("nvidia_icd"), "{text}");
        make("usr/lib64/libEGL.so.1");
        let text = missing_of(folder.path(), false).join("\n");
        assert!(text.contains("VK_LOADER_DEBUG"), "{text}");
    }
}
