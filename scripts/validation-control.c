// A program that destroys a Vulkan instance with a device still alive, which validation layers must report: it shows that they are
// loaded and heard. The few declarations stand here, so that no headers are needed: cc validation-control.c -l:libvulkan.so.1
#include <stdint.h>

typedef struct { int type; const void *next; uint32_t flags; const void *application; uint32_t layer_count; const char *const *layers; uint32_t extension_count; const char *const *extensions; } InstanceInfo;
typedef struct { int type; const void *next; uint32_t flags, family, count; const float *priorities; } QueueInfo;
typedef struct { int type; const void *next; uint32_t flags, queue_count; const QueueInfo *queues; uint32_t layer_count; const char *const *layers; uint32_t extension_count; const char *const *extensions; const void *features; } DeviceInfo;
int vkCreateInstance(const InstanceInfo *, const void *, void **);
int vkEnumeratePhysicalDevices(void *, uint32_t *, void **);
int vkCreateDevice(void *, const DeviceInfo *, const void *, void **);
void vkDestroyInstance(void *, const void *);

int main(void) {
  void *instance = 0, *device = 0, *adapters[8];
  uint32_t count = 8;
  float priority = 1;
  InstanceInfo instance_info = {1};
  if (vkCreateInstance(&instance_info, 0, &instance) != 0) return 1;
  if (vkEnumeratePhysicalDevices(instance, &count, adapters) < 0 || count == 0) return 1;
  QueueInfo queue = {2, 0, 0, 0, 1, &priority};
  DeviceInfo device_info = {3, 0, 0, 1, &queue};
  if (vkCreateDevice(adapters[0], &device_info, 0, &device) != 0) return 1;
  vkDestroyInstance(instance, 0);
  return 0;
}
