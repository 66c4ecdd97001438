#include "rules/ptx_compiler.h"

namespace diffcheck {

PtxCompiler ptx_compiler_for(const GpuTargets& targets, const Snapshot& snapshot, const Knowledge& knowledge) {
  PtxCompiler compiler;
  const Fact<Version>& driver = snapshot.drivers.nvidia.cuda_version;
  if (driver.is_known()) compiler.driver_cuda = driver.value();
  if (!targets.newest_ptx) return compiler;
  for (const CudaToolkit& toolkit : knowledge.cuda_toolkits) {
    const bool writes_it =
        toolkit.ptx.component(0) == targets.newest_ptx->major && toolkit.ptx.component(1) == targets.newest_ptx->minor;
    if (writes_it && (!compiler.needed_cuda || toolkit.version < *compiler.needed_cuda))
      compiler.needed_cuda = toolkit.version;
  }
  return compiler;
}

}  // namespace diffcheck
