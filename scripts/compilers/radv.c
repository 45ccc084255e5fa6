/* radv FILE.spv...: lets the first Vulkan device compile each kernel, prints its statistics as lines of JSON, and writes its assembly to
 * FILE.spv.isa. With RADV_FORCE_FAMILY RADV needs no card for that. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vulkan/vulkan.h>

enum { BINDINGS = 12, MOST = 64 };

static void check(VkResult result, const char *what) {
    if (result < 0) {
        fprintf(stderr, "%s: %d\n", what, result);
        exit(1);
    }
}

static VkPhysicalDevice first_adapter(void) {
    VkApplicationInfo app = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO, .apiVersion = VK_API_VERSION_1_3};
    VkInstanceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO, .pApplicationInfo = &app};
    VkInstance instance;
    check(vkCreateInstance(&info, NULL, &instance), "vkCreateInstance");
    uint32_t count = 1;
    VkPhysicalDevice adapter = VK_NULL_HANDLE;
    check(vkEnumeratePhysicalDevices(instance, &count, &adapter), "vkEnumeratePhysicalDevices");
    if (count == 0) {
        fputs("no Vulkan device\n", stderr);
        exit(3);
    }
    VkPhysicalDeviceDriverProperties driver = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES};
    VkPhysicalDeviceProperties2 properties = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, .pNext = &driver};
    vkGetPhysicalDeviceProperties2(adapter, &properties);
    fprintf(stderr, "%s, %s\n", properties.properties.deviceName, driver.driverInfo);
    return adapter;
}

static VkDevice device_of(VkPhysicalDevice adapter) {
    VkPhysicalDevicePipelineExecutablePropertiesFeaturesKHR statistics = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PIPELINE_EXECUTABLE_PROPERTIES_FEATURES_KHR,
        .pipelineExecutableInfo = VK_TRUE,
    };
    VkPhysicalDeviceVulkanMemoryModelFeatures memory = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_MEMORY_MODEL_FEATURES,
        .pNext = &statistics,
        .vulkanMemoryModel = VK_TRUE,
    };
    float priority = 1;
    VkDeviceQueueCreateInfo queue = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
        .queueCount = 1,
        .pQueuePriorities = &priority,
    };
    const char *extension = VK_KHR_PIPELINE_EXECUTABLE_PROPERTIES_EXTENSION_NAME;
    VkDeviceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
        .pNext = &memory,
        .queueCreateInfoCount = 1,
        .pQueueCreateInfos = &queue,
        .enabledExtensionCount = 1,
        .ppEnabledExtensionNames = &extension,
    };
    VkDevice device;
    check(vkCreateDevice(adapter, &info, NULL, &device), "vkCreateDevice");
    return device;
}

/* Binding 0 is the uniform, all others are storage buffers. */
static VkPipelineLayout layout_of(VkDevice device) {
    VkDescriptorSetLayoutBinding bindings[BINDINGS] = {0};
    for (uint32_t i = 0; i < BINDINGS; i++) {
        bindings[i].binding = i;
        bindings[i].descriptorType = i == 0 ? VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER : VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
        bindings[i].descriptorCount = 1;
        bindings[i].stageFlags = VK_SHADER_STAGE_COMPUTE_BIT;
    }
    VkDescriptorSetLayoutCreateInfo set_info = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
        .bindingCount = BINDINGS,
        .pBindings = bindings,
    };
    VkDescriptorSetLayout set;
    check(vkCreateDescriptorSetLayout(device, &set_info, NULL, &set), "vkCreateDescriptorSetLayout");
    VkPipelineLayoutCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
        .setLayoutCount = 1,
        .pSetLayouts = &set,
    };
    VkPipelineLayout layout;
    check(vkCreatePipelineLayout(device, &info, NULL, &layout), "vkCreatePipelineLayout");
    return layout;
}

static VkPipeline compile(VkDevice device, VkPipelineLayout layout, const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(1);
    }
    fseek(file, 0, SEEK_END);
    size_t size = (size_t)ftell(file);
    rewind(file);
    uint32_t *words = malloc(size);
    if (fread(words, 1, size, file) != size) {
        perror(path);
        exit(1);
    }
    fclose(file);
    VkShaderModuleCreateInfo module_info = {
        .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
        .codeSize = size,
        .pCode = words,
    };
    VkShaderModule module;
    check(vkCreateShaderModule(device, &module_info, NULL, &module), path);
    free(words);
    VkComputePipelineCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
        .flags = VK_PIPELINE_CREATE_CAPTURE_STATISTICS_BIT_KHR | VK_PIPELINE_CREATE_CAPTURE_INTERNAL_REPRESENTATIONS_BIT_KHR,
        .layout = layout,
        .stage =
            {
                .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                .stage = VK_SHADER_STAGE_COMPUTE_BIT,
                .module = module,
                .pName = "main",
            },
    };
    VkPipeline pipeline;
    check(vkCreateComputePipelines(device, VK_NULL_HANDLE, 1, &info, NULL, &pipeline), path);
    vkDestroyShaderModule(device, module, NULL);
    return pipeline;
}

static void print_statistics(VkDevice device, const VkPipelineExecutableInfoKHR *of, const char *path) {
    PFN_vkGetPipelineExecutableStatisticsKHR get =
        (PFN_vkGetPipelineExecutableStatisticsKHR)vkGetDeviceProcAddr(device, "vkGetPipelineExecutableStatisticsKHR");
    VkPipelineExecutableStatisticKHR all[MOST] = {0};
    for (int i = 0; i < MOST; i++) {
        all[i].sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_STATISTIC_KHR;
    }
    uint32_t count = MOST;
    check(get(device, of, &count, all), "vkGetPipelineExecutableStatisticsKHR");
    printf("{\"file\": \"%s\"", path);
    for (uint32_t i = 0; i < count; i++) {
        if (all[i].format == VK_PIPELINE_EXECUTABLE_STATISTIC_FORMAT_UINT64_KHR) {
            printf(", \"%s\": %llu", all[i].name, (unsigned long long)all[i].value.u64);
        }
    }
    puts("}");
    fflush(stdout); /* what is known stays known if the driver crashes on the next */
}

static void write_assembly(VkDevice device, const VkPipelineExecutableInfoKHR *of, const char *path) {
    PFN_vkGetPipelineExecutableInternalRepresentationsKHR get = (PFN_vkGetPipelineExecutableInternalRepresentationsKHR)
        vkGetDeviceProcAddr(device, "vkGetPipelineExecutableInternalRepresentationsKHR");
    VkPipelineExecutableInternalRepresentationKHR all[MOST] = {0};
    for (int i = 0; i < MOST; i++) {
        all[i].sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INTERNAL_REPRESENTATION_KHR;
    }
    uint32_t count = MOST;
    check(get(device, of, &count, all), "vkGetPipelineExecutableInternalRepresentationsKHR");
    for (uint32_t i = 0; i < count; i++) {
        all[i].pData = malloc(all[i].dataSize);
    }
    check(get(device, of, &count, all), "vkGetPipelineExecutableInternalRepresentationsKHR");
    char name[4096];
    snprintf(name, sizeof name, "%s.isa", path);
    FILE *file = fopen(name, "w");
    if (!file) {
        perror(name);
        exit(1);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (strstr(all[i].name, "Assembly")) {
            fputs(all[i].pData, file);
        }
        free(all[i].pData);
    }
    fclose(file);
}

int main(int count, char **paths) {
    VkDevice device = device_of(first_adapter());
    VkPipelineLayout layout = layout_of(device);
    for (int i = 1; i < count; i++) {
        VkPipeline pipeline = compile(device, layout, paths[i]);
        VkPipelineExecutableInfoKHR of = {.sType = VK_STRUCTURE_TYPE_PIPELINE_EXECUTABLE_INFO_KHR, .pipeline = pipeline};
        print_statistics(device, &of, paths[i]);
        write_assembly(device, &of, paths[i]);
        vkDestroyPipeline(device, pipeline, NULL);
    }
    return 0;
}
