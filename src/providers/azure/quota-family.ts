/**
 * The name of the quota that machines of this size count against, e.g. `standardFSv2Family` for `Standard_F8s_v2`: the size's letters before
 * and behind its number of vCPUs, and its version (https://learn.microsoft.com/azure/virtual-machines/vm-naming-conventions). Where Azure's own name
 * is another, the scope is still the same for all sizes of the family, which is what counts.
 */
export function quotaFamily(vmSize: string): string {
  const parts = /^(?:Standard|Basic)_([A-Z]+)\d+(?:-\d+)?([a-z]*)(?:_[A-Z0-9]+)?(?:_(v\d+))?$/.exec(vmSize);
  const [, family = '', features = '', version = ''] = parts ?? [];
  return family === '' ? vmSize : `standard${family}${features.toUpperCase()}${version}Family`;
}
