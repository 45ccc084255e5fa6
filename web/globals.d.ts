// WebGPU's constants, which TypeScript's own declarations of the browser lack.
declare const GPUBufferUsage: Record<
  'COPY_SRC' | 'COPY_DST' | 'MAP_READ' | 'QUERY_RESOLVE' | 'STORAGE' | 'UNIFORM',
  GPUBufferUsageFlags
>;
declare const GPUMapMode: Record<'READ', GPUMapModeFlags>;
declare const GPUShaderStage: Record<'COMPUTE', GPUShaderStageFlags>;
